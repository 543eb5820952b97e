//! What a reader measured: points and outlines in patient space. Figures are never stored; they are computed from these
//! and the images.

use super::ImageKey;
use super::lesion::words;
use crate::anatomy::VertebraLevel;
use crate::space::PatientPoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stored measurement of the reader's, in patient space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// The reader's name for it.
    pub label: String,
    /// What it measures.
    pub shape: MeasurementShape,
    /// The series it was drawn on.
    pub image: ImageKey,
    /// The vertebra it belongs to, where it was given one.
    pub level: Option<VertebraLevel>,
    /// What it measures, where figures follow from it.
    #[serde(default)]
    pub role: MeasureRole,
}

impl Measurement {
    /// Fields that no `set` may change: where it lies is drawn.
    pub const FIXED: &[&str] = &["shape", "image"];
}

words! {
    /// What a drawn distance stands for.
    MeasureRole {
        Free = "free", CanalAp = "canal_ap", CordAp = "cord_ap", CordTransverse = "cord_transverse",
    } default Free
}

/// The geometry of a measurement, LPS millimetres.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MeasurementShape {
    /// A distance between two points.
    Length {
        /// The ends.
        points_mm: [PatientPoint; 2],
    },
    /// The angle between two directed lines, each by its two ends; 0…180 degrees.
    Angle {
        /// The first line.
        a_mm: [PatientPoint; 2],
        /// The second line.
        b_mm: [PatientPoint; 2],
    },
    /// Cobb's angle: the smaller one between two lines along end plates, whichever way they were drawn; 0…90 degrees.
    Cobb {
        /// The first end plate.
        a_mm: [PatientPoint; 2],
        /// The second end plate.
        b_mm: [PatientPoint; 2],
    },
    /// The value at a point.
    Point {
        /// Where.
        at_mm: PatientPoint,
    },
    /// A rectangle.
    Rectangle {
        /// Its corners, in order around it.
        corners_mm: [PatientPoint; 4],
    },
    /// An ellipse.
    Ellipse {
        /// Corners of the rectangle that it touches from within, in order around it.
        corners_mm: [PatientPoint; 4],
    },
    /// A freehand outline.
    Freehand {
        /// Its corners; it closes itself.
        points_mm: Vec<PatientPoint>,
    },
}

impl MeasurementShape {
    /// Its points in order.
    pub fn points(&self) -> Vec<PatientPoint> {
        match self {
            MeasurementShape::Length { points_mm } => points_mm.to_vec(),
            MeasurementShape::Angle { a_mm, b_mm } | MeasurementShape::Cobb { a_mm, b_mm } => {
                a_mm.iter().chain(b_mm).copied().collect()
            }
            MeasurementShape::Point { at_mm } => vec![*at_mm],
            MeasurementShape::Rectangle { corners_mm } | MeasurementShape::Ellipse { corners_mm } => {
                corners_mm.to_vec()
            }
            MeasurementShape::Freehand { points_mm } => points_mm.clone(),
        }
    }

    /// The middle of its points.
    pub fn middle(&self) -> Option<PatientPoint> {
        let points = self.points();
        let sum: crate::space::DVec3 = points.iter().map(|p| p.vec()).sum();
        PatientPoint::from_vec(sum / points.len() as f64)
    }

    /// Whether it encloses an area.
    pub fn is_region(&self) -> bool {
        use MeasurementShape::{Ellipse, Freehand, Rectangle};
        matches!(self, Rectangle { .. } | Ellipse { .. } | Freehand { .. })
    }

    /// Whether it asks for values of the images.
    pub fn reads_values(&self) -> bool {
        self.is_region() || matches!(self, MeasurementShape::Point { .. })
    }

    /// Its outline as a closed polygon; an ellipse in steps of three degrees.
    pub fn outline(&self) -> Vec<PatientPoint> {
        let MeasurementShape::Ellipse { corners_mm: [a, b, c, d] } = self else { return self.points() };
        let middle = (a.vec() + b.vec() + c.vec() + d.vec()) / 4.0;
        let (u, v) = ((b.vec() - a.vec()) / 2.0, (d.vec() - a.vec()) / 2.0);
        let at = |n: i32| {
            let (sin, cos) = f64::from(n * 3).to_radians().sin_cos();
            PatientPoint::from_vec(middle + u * cos + v * sin)
        };
        (0..120).filter_map(at).collect()
    }
}
