//! Where things are: points in the patient and in the voxel grid, and the one type that converts between them.
//!
//! Everything is in DICOM patient coordinates (LPS: +x left, +y posterior, +z superior), millimetres, `f64`.
//! Only [`Geometry`] (and, for the screen, `view::Pane`) convert; functions are named so that names cancel:
//! `patient_from_voxel`, `voxel_from_patient`. A point is always finite.

mod geometry;
mod grid_map;
mod point;

pub use geometry::{Geometry, GeometryError};
pub use grid_map::GridMap;
pub use point::{PatientPoint, VoxelIndex, VoxelPoint};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use glam::{DMat3, DVec2, DVec3};

/// The three anatomical planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Plane {
    /// Normal along the patient's left-right axis.
    Sagittal,
    /// Normal along the patient's front-back axis.
    Coronal,
    /// Normal along the patient's feet-head axis.
    Axial,
}

impl Plane {
    /// All planes, in the order of the axes of their normals (x, y, z).
    pub const ALL: [Plane; 3] = [Plane::Sagittal, Plane::Coronal, Plane::Axial];

    /// Unit normal in LPS.
    pub fn normal(self) -> DVec3 {
        match self {
            Plane::Sagittal => DVec3::X,
            Plane::Coronal => DVec3::Y,
            Plane::Axial => DVec3::Z,
        }
    }

    /// The screen's (right, down) directions in LPS: axial and coronal show the patient's right on the left,
    /// sagittal shows anterior on the left; superior (or anterior) is up.
    pub fn right_down(self) -> (DVec3, DVec3) {
        match self {
            Plane::Axial => (DVec3::X, DVec3::Y),
            Plane::Sagittal => (DVec3::Y, DVec3::NEG_Z),
            Plane::Coronal => (DVec3::X, DVec3::NEG_Z),
        }
    }

    /// The plane's name as the contract and the screen spell it.
    pub fn name(self) -> &'static str {
        match self {
            Plane::Sagittal => "sagittal",
            Plane::Coronal => "coronal",
            Plane::Axial => "axial",
        }
    }

    /// The plane whose normal is nearest to `normal`, and the angle between them in degrees.
    pub fn nearest(normal: DVec3) -> (Plane, f64) {
        let n = normal.normalize_or_zero();
        let best = Plane::ALL
            .into_iter()
            .max_by(|a, b| n.dot(a.normal()).abs().total_cmp(&n.dot(b.normal()).abs()))
            .unwrap_or(Plane::Axial);
        (best, n.dot(best.normal()).abs().clamp(-1.0, 1.0).acos().to_degrees())
    }
}
