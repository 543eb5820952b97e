//! Where the pixel spacing of a picture comes from: a radiograph's millimetres are not the patient's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Origin of the pixel spacing, PS3.3 10.7.1.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpacingOrigin {
    /// The images lie in the patient: PixelSpacing (0028,0030) is the patient's.
    #[default]
    Patient,
    /// ImagerPixelSpacing (0018,1164), or a PixelSpacing equal to it: at the detector, larger than the patient's.
    Imager,
    /// PixelSpacing corrected for an assumed magnification: PixelSpacingCalibrationType (0028,0A02) is GEOMETRY.
    Geometry,
    /// PixelSpacing found from an object of known size: PixelSpacingCalibrationType is FIDUCIAL.
    Fiducial,
    /// PixelSpacing of a projection, whose file does not say where it comes from.
    Unstated,
    /// No spacing at all.
    Unknown,
}

impl SpacingOrigin {
    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            SpacingOrigin::Patient => "in the patient",
            SpacingOrigin::Imager => "at the detector",
            SpacingOrigin::Geometry => "corrected for magnification",
            SpacingOrigin::Fiducial => "calibrated by an object",
            SpacingOrigin::Unstated => "of unstated origin",
            SpacingOrigin::Unknown => "no spacing known",
        }
    }

    /// From what a projection's file says; `None` for an attribute that is missing.
    pub fn of_projection(pixel: Option<[f64; 2]>, imager: Option<[f64; 2]>, calibration: &str) -> Self {
        let same = |a: [f64; 2], b: [f64; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * b.abs());
        match (pixel, imager, calibration) {
            (None, None, _) => SpacingOrigin::Unknown,
            (Some(_), _, "GEOMETRY") => SpacingOrigin::Geometry,
            (Some(_), _, "FIDUCIAL") => SpacingOrigin::Fiducial,
            (None, Some(_), _) => SpacingOrigin::Imager,
            (Some(p), Some(i), _) if same(p, i) => SpacingOrigin::Imager,
            (Some(_), _, _) => SpacingOrigin::Unstated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_follows_the_standard() {
        let of = SpacingOrigin::of_projection;
        let (a, b) = (Some([0.139, 0.139]), Some([0.12, 0.12]));
        assert_eq!(of(None, None, ""), SpacingOrigin::Unknown);
        assert_eq!(of(None, a, "GEOMETRY"), SpacingOrigin::Imager, "nothing was calibrated");
        assert_eq!(of(a, a, ""), SpacingOrigin::Imager);
        assert_eq!(of(b, a, ""), SpacingOrigin::Unstated);
        assert_eq!(of(b, a, "GEOMETRY"), SpacingOrigin::Geometry);
        assert_eq!(of(a, a, "FIDUCIAL"), SpacingOrigin::Fiducial);
    }
}
