//! Orientation letters at a pane's edges, from its true directions.

use crate::space::DVec3;

/// Letters for a direction in the patient: one where it runs along an axis, two where it is oblique by more than 20°.
pub fn orientation_letters(direction: DVec3) -> String {
    const LETTERS: [(char, char); 3] = [('L', 'R'), ('P', 'A'), ('S', 'I')];
    let mut axes: Vec<usize> = vec![0, 1, 2];
    axes.sort_by(|a, b| direction[*b].abs().total_cmp(&direction[*a].abs()));
    let sine_of_20_degrees = 0.342;
    axes.iter()
        .take(2)
        .enumerate()
        .filter(|(n, a)| *n == 0 || direction[**a].abs() > sine_of_20_degrees)
        .map(|(_, a)| if direction[*a] >= 0.0 { LETTERS[*a].0 } else { LETTERS[*a].1 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_follow_lps() {
        assert_eq!(orientation_letters(DVec3::X), "L");
        assert_eq!(orientation_letters(DVec3::NEG_Y), "A");
        assert_eq!(orientation_letters(DVec3::NEG_Z), "I");
        assert_eq!(orientation_letters(DVec3::new(0.1, 0.9, -0.43).normalize()), "PI");
    }
}
