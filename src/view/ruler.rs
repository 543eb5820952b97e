//! The scale bar: a round number of millimetres that is about a fifth of the pane.

/// A bar of `length_mm`, `points` logical points long on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBar {
    /// What it stands for.
    pub length_mm: f64,
    /// How long it is drawn.
    pub points: f64,
}

/// The largest of 1, 2, 5 × 10ⁿ mm that fits into a quarter of `extent_points`.
pub fn scale_bar(mm_per_point: f64, extent_points: f64) -> ScaleBar {
    let room_mm = (mm_per_point * extent_points * 0.25).max(1e-6);
    let decade = 10f64.powf(room_mm.log10().floor());
    let length_mm = [5.0, 2.0, 1.0].into_iter().map(|f| f * decade).find(|l| *l <= room_mm).unwrap_or(decade);
    ScaleBar { length_mm, points: length_mm / mm_per_point }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_round_and_fit() {
        for (mm, points, want) in [(0.5, 600.0, 50.0), (0.1, 400.0, 10.0), (1.3, 300.0, 50.0), (0.02, 500.0, 2.0)] {
            let bar = scale_bar(mm, points);
            assert_eq!(bar.length_mm, want);
            assert!((bar.points * mm - want).abs() < 1e-9);
        }
    }
}
