//! Values of what a reader drew: distances and angles in space.

use crate::document::MeasurementShape;
use crate::space::PatientPoint;

/// The value of a drawn shape (mm, or degrees from 0 to 180; `None` where a line has no length) and its points in order.
pub fn measure(shape: &MeasurementShape) -> (Option<f64>, Vec<PatientPoint>) {
    match shape {
        MeasurementShape::Length { points_mm } => (Some(points_mm[0].distance_mm(points_mm[1])), points_mm.to_vec()),
        MeasurementShape::Angle { a_mm, b_mm } => {
            let line = |p: &[PatientPoint; 2]| p[1].vec() - p[0].vec();
            let angle = line(a_mm).angle_between(line(b_mm)).to_degrees();
            (angle.is_finite().then_some(angle), a_mm.iter().chain(b_mm).copied().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: f64, y: f64, z: f64) -> PatientPoint {
        PatientPoint::new(x, y, z).expect("finite")
    }

    #[test]
    fn lengths_and_angles_are_taken_in_space() {
        let length = MeasurementShape::Length { points_mm: [p(1.0, 2.0, 3.0), p(4.0, 6.0, 15.0)] };
        assert_eq!(measure(&length).0, Some(13.0));
        let a_mm = [PatientPoint::ORIGIN, p(0.0, 3.0, 0.0)];
        let angle = |b_mm| measure(&MeasurementShape::Angle { a_mm, b_mm });
        let (value, points) = angle([p(9.0, 9.0, 9.0), p(9.0, 8.0, 10.0)]);
        assert!((value.expect("lines have length") - 135.0).abs() < 1e-9);
        assert_eq!(points.len(), 4);
        assert_eq!(angle([p(1.0, 1.0, 1.0); 2]).0, None, "a line without length has no direction");
    }
}
