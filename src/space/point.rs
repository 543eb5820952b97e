//! Typed coordinates. A [`PatientPoint`] cannot hold NaN or infinity, whatever made it.

use glam::DVec3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A point in the patient: LPS millimetres, always finite. JSON: `[x, y, z]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "[f64; 3]", try_from = "[f64; 3]")]
#[schemars(with = "[f64; 3]")]
pub struct PatientPoint(DVec3);

impl PatientPoint {
    /// The origin of the frame of reference.
    pub const ORIGIN: PatientPoint = PatientPoint(DVec3::ZERO);

    /// A point from LPS millimetres; `None` when a coordinate is not finite.
    pub fn new(x: f64, y: f64, z: f64) -> Option<Self> {
        Self::from_vec(DVec3::new(x, y, z))
    }

    /// A point from an LPS vector in millimetres; `None` when it is not finite.
    pub fn from_vec(v: DVec3) -> Option<Self> {
        v.is_finite().then_some(Self(v))
    }

    /// As a vector from the frame's origin, millimetres.
    pub fn vec(self) -> DVec3 {
        self.0
    }

    /// The point moved by `d_mm`; a move that is not finite leaves it where it was.
    #[must_use]
    pub fn moved(self, d_mm: DVec3) -> Self {
        Self::from_vec(self.0 + d_mm).unwrap_or(self)
    }

    /// Distance in millimetres.
    pub fn distance_mm(self, other: Self) -> f64 {
        self.0.distance(other.0)
    }
}

impl From<PatientPoint> for [f64; 3] {
    fn from(p: PatientPoint) -> Self {
        p.0.to_array()
    }
}

impl TryFrom<[f64; 3]> for PatientPoint {
    type Error = String;
    fn try_from(a: [f64; 3]) -> Result<Self, String> {
        Self::from_vec(DVec3::from_array(a))
            .ok_or_else(|| "a point needs three finite numbers, in millimetres".to_owned())
    }
}

/// A continuous position in a voxel grid: (column, row, slice); voxel centres lie at whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoxelPoint(pub DVec3);

impl VoxelPoint {
    /// The voxel whose cell holds this point, `None` outside a grid of `size` voxels.
    pub fn nearest(self, size: [usize; 3]) -> Option<VoxelIndex> {
        let r = (self.0 + 0.5).floor();
        let inside = (0..3).all(|a| r[a] >= 0.0 && r[a] < size[a] as f64);
        inside.then_some(VoxelIndex([r.x as usize, r.y as usize, r.z as usize]))
    }
}

/// One voxel: (column, row, slice).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct VoxelIndex(pub [usize; 3]);

impl VoxelIndex {
    /// The voxel's centre.
    pub fn center(self) -> VoxelPoint {
        VoxelPoint(DVec3::new(self.0[0] as f64, self.0[1] as f64, self.0[2] as f64))
    }

    /// Flat index in a grid of `size`: columns fastest, then rows, then slices.
    pub fn flat(self, size: [usize; 3]) -> usize {
        self.0[0] + size[0] * (self.0[1] + size[1] * self.0[2])
    }

    /// The inverse of [`VoxelIndex::flat`].
    pub fn from_flat(flat: usize, size: [usize; 3]) -> Self {
        Self([flat % size[0], flat / size[0] % size[1], flat / (size[0] * size[1])])
    }
}
