//! The grid of a series in the patient: regular (also sheared by gantry tilt) or with known, uneven slice positions.

use super::{PatientPoint, Plane, VoxelPoint};
use glam::{DMat3, DVec3};
use serde::{Deserialize, Serialize};

/// Why a grid cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GeometryError {
    /// The steps do not span space, or a number is not finite.
    #[error("the grid's directions and spacings do not span a volume")]
    Degenerate,
    /// Slice origins are missing, not finite, or not ascending along the slice normal.
    #[error("the slice positions are not ascending along the slice normal")]
    Positions,
}

/// A voxel grid in patient space.
///
/// Regular: voxel (i, j, k) has its centre at `origin + i step_i + j step_j + k step_k` (PS3.3 C.7.6.2.1.1); `step_k`
/// need not be at right angles to the slices (gantry tilt). Uneven: slice k starts at `slice_origins[k]`, and a
/// continuous k between two slices lies on the straight line between their origins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Geometry {
    origin: PatientPoint,
    steps: [DVec3; 3],
    size: [usize; 3],
    slice_origins: Option<Vec<PatientPoint>>,
    /// Inverse of the matrix whose columns are the steps.
    inverse: DMat3,
}

#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    origin_mm: PatientPoint,
    steps_mm: [[f64; 3]; 3],
    size: [usize; 3],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slice_origins_mm: Option<Vec<PatientPoint>>,
}

impl TryFrom<Stored> for Geometry {
    type Error = GeometryError;
    fn try_from(s: Stored) -> Result<Self, GeometryError> {
        match s.slice_origins_mm {
            None => Geometry::regular(s.origin_mm, s.steps_mm.map(DVec3::from_array), s.size),
            Some(o) => Geometry::uneven(o, s.steps_mm.map(DVec3::from_array), [s.size[0], s.size[1]]),
        }
    }
}

impl From<Geometry> for Stored {
    fn from(g: Geometry) -> Self {
        Stored {
            origin_mm: g.origin,
            steps_mm: g.steps.map(|s| s.to_array()),
            size: g.size,
            slice_origins_mm: g.slice_origins,
        }
    }
}

impl Geometry {
    /// A regular grid: `origin` is the centre of voxel (0, 0, 0), `steps` the vectors (mm) to the next column, row, slice.
    ///
    /// # Errors
    /// [`GeometryError::Degenerate`] when the steps do not span space or a number is not finite.
    pub fn regular(origin: PatientPoint, steps: [DVec3; 3], size: [usize; 3]) -> Result<Self, GeometryError> {
        let m = DMat3::from_cols(steps[0], steps[1], steps[2]);
        let scale = steps[0].length() * steps[1].length() * steps[2].length();
        let det = m.determinant();
        if !(det.is_finite() && scale.is_finite() && det.abs() > 1e-9 * scale && scale > 0.0) {
            return Err(GeometryError::Degenerate);
        }
        Ok(Self { origin, steps, size, slice_origins: None, inverse: m.inverse() })
    }

    /// A stack of parallel slices at known positions. `steps[0]`, `steps[1]` are the in-plane steps (mm); `steps[2]` is the
    /// mean step, and is used only as a direction and for sizes. `slice_origins` are the centres of each slice's first voxel;
    /// slices may share a position.
    ///
    /// # Errors
    /// [`GeometryError`] when the grid is degenerate or positions descend along the normal.
    pub fn uneven(
        slice_origins: Vec<PatientPoint>,
        steps: [DVec3; 3],
        columns_rows: [usize; 2],
    ) -> Result<Self, GeometryError> {
        let first = *slice_origins.first().ok_or(GeometryError::Positions)?;
        let normal = steps[0].cross(steps[1]).normalize_or_zero();
        const SAME_MM: f64 = 1e-3;
        if slice_origins.len() < 2
            || !slice_origins.windows(2).all(|w| (w[1].vec() - w[0].vec()).dot(normal) > -SAME_MM)
        {
            return Err(GeometryError::Positions);
        }
        let g = Self::regular(first, steps, [columns_rows[0], columns_rows[1], slice_origins.len()])?;
        Ok(Self { slice_origins: Some(slice_origins), ..g })
    }

    /// (columns, rows, slices).
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Centre of the first voxel.
    pub fn origin(&self) -> PatientPoint {
        self.origin
    }

    /// Steps in mm to the next column, row and slice (the mean slice step of an uneven stack).
    pub fn steps(&self) -> [DVec3; 3] {
        self.steps
    }

    /// Lengths of the steps, mm.
    pub fn spacing_mm(&self) -> [f64; 3] {
        self.steps.map(|s| s.length())
    }

    /// Unit vectors of the steps.
    pub fn directions(&self) -> [DVec3; 3] {
        self.steps.map(|s| s.normalize())
    }

    /// The origins of all slices where they are not evenly spaced.
    pub fn slice_origins(&self) -> Option<&[PatientPoint]> {
        self.slice_origins.as_deref()
    }

    /// Whether every slice lies one `steps()[2]` after the one before.
    pub fn is_regular(&self) -> bool {
        self.slice_origins.is_none()
    }

    /// Unit normal of the acquired slices: cross(column step, row step), PS3.3 C.7.6.2.1.1.
    pub fn normal(&self) -> DVec3 {
        self.steps[0].cross(self.steps[1]).normalize()
    }

    /// Unit normals of the layers i = const, j = const, k = const; on a sheared grid these are not the step directions.
    pub fn layer_normals(&self) -> [DVec3; 3] {
        let [a, b, c] = self.steps;
        [b.cross(c).normalize(), c.cross(a).normalize(), a.cross(b).normalize()]
    }

    /// The grid axis whose layers are nearest to an anatomical plane.
    pub fn layer_axis(&self, plane: Plane) -> usize {
        let n = self.layer_normals();
        let along = |a: usize| n[a].dot(plane.normal()).abs();
        (0..3).fold(0, |best, a| if along(a) > along(best) { a } else { best })
    }

    /// Volume of one voxel in mm³: |determinant of the steps|; `None` on an uneven stack, where it varies.
    pub fn voxel_volume_mm3(&self) -> Option<f64> {
        self.is_regular().then(|| DMat3::from_cols(self.steps[0], self.steps[1], self.steps[2]).determinant().abs())
    }

    /// Volume of a voxel of slice `k` in mm³; on an uneven stack the slice reaches half way to its neighbours.
    pub fn slice_voxel_volume_mm3(&self, k: usize) -> f64 {
        let Some(o) = &self.slice_origins else {
            return DMat3::from_cols(self.steps[0], self.steps[1], self.steps[2]).determinant().abs();
        };
        let at = |k: usize| o[k].vec().dot(self.normal());
        let last = o.len() - 1;
        let k = k.min(last);
        let gap = |k: usize| at(k + 1) - at(k);
        let thickness = match k {
            0 => gap(0),
            k if k == last => gap(last - 1),
            k => 0.5 * (gap(k - 1) + gap(k)),
        };
        self.steps[0].cross(self.steps[1]).length() * thickness
    }

    /// Patient position of a continuous voxel position. Beyond the first and last slice the last gap goes on.
    pub fn patient_from_voxel(&self, v: VoxelPoint) -> PatientPoint {
        let start = match &self.slice_origins {
            None => self.origin.vec() + self.steps[2] * v.0.z,
            Some(o) => {
                let k = (v.0.z.floor().max(0.0) as usize).min(o.len() - 2);
                o[k].vec().lerp(o[k + 1].vec(), v.0.z - k as f64)
            }
        };
        PatientPoint::from_vec(start + self.steps[0] * v.0.x + self.steps[1] * v.0.y).unwrap_or(self.origin)
    }

    /// Continuous voxel position of a point in the patient.
    pub fn voxel_from_patient(&self, p: PatientPoint) -> VoxelPoint {
        let Some(o) = &self.slice_origins else {
            return VoxelPoint(self.inverse * (p.vec() - self.origin.vec()));
        };
        let n = self.normal();
        let d = p.vec().dot(n);
        let next = o.partition_point(|s| s.vec().dot(n) <= d).clamp(1, o.len() - 1);
        let (a, b) = (o[next - 1].vec(), o[next].vec());
        // Between slices that share a position nothing tells how far it is: the mean step stands in.
        const TOUCHING_MM: f64 = 1e-6;
        let (from, k, across) = match (b - a).dot(n) > TOUCHING_MM {
            true => (a, next - 1, b - a),
            false if d > b.dot(n) => (b, next, self.steps[2]),
            false => (a, next - 1, self.steps[2]),
        };
        let t = (d - from.dot(n)) / across.dot(n);
        let in_plane = self.inverse_in_plane(p.vec() - (from + across * t));
        VoxelPoint(DVec3::new(in_plane.0, in_plane.1, k as f64 + t))
    }

    /// Coefficients of a vector that lies in the slice plane, along the in-plane steps.
    fn inverse_in_plane(&self, v: DVec3) -> (f64, f64) {
        let [a, b, _] = self.steps;
        let (aa, ab, bb) = (a.dot(a), a.dot(b), b.dot(b));
        let det = aa * bb - ab * ab;
        ((v.dot(a) * bb - v.dot(b) * ab) / det, (v.dot(b) * aa - v.dot(a) * ab) / det)
    }

    /// The matrix (steps as columns) and its inverse for a regular grid or, of an uneven stack, its mean grid.
    pub fn voxel_from_patient_matrix(&self) -> DMat3 {
        self.inverse
    }

    /// Patient positions of the eight outermost voxel centres.
    pub fn corners(&self) -> [PatientPoint; 8] {
        let m = self.size.map(|n| n.saturating_sub(1) as f64);
        std::array::from_fn(|c| {
            let bit = |b: usize| if c >> b & 1 == 1 { 1.0 } else { 0.0 };
            self.patient_from_voxel(VoxelPoint(DVec3::new(bit(0) * m[0], bit(1) * m[1], bit(2) * m[2])))
        })
    }

    /// The middle of the grid.
    pub fn center(&self) -> PatientPoint {
        let m = self.size.map(|n| n.saturating_sub(1) as f64 / 2.0);
        self.patient_from_voxel(VoxelPoint(DVec3::from_array(m)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tilted() -> Geometry {
        let origin = PatientPoint::new(-10.0, 4.0, 100.0).expect("finite");
        Geometry::regular(origin, [DVec3::X * 0.8, DVec3::Y * 0.7, DVec3::new(0.0, 0.71, 2.4)], [30, 20, 10])
            .expect("spans space")
    }

    #[test]
    fn there_and_back_is_identity_on_sheared_and_uneven_grids() {
        let g = tilted();
        let o = (0..5)
            .map(|k| PatientPoint::new(0.1 * k as f64, 1.0, (k * k) as f64 + k as f64).expect("finite"))
            .collect();
        let u = Geometry::uneven(o, [DVec3::X, DVec3::Y * 2.0, DVec3::Z * 5.0], [9, 9]).expect("ascending");
        for g in [g, u] {
            for v in [DVec3::ZERO, DVec3::new(3.25, 7.5, 2.75), DVec3::new(-1.0, 4.0, 3.9), DVec3::new(2.0, 2.0, 5.5)] {
                let back = g.voxel_from_patient(g.patient_from_voxel(VoxelPoint(v))).0;
                assert!((back - v).length() < 1e-9, "{v} came back as {back}");
            }
        }
    }

    #[test]
    fn layers_of_a_tilted_grid_follow_the_normal_not_the_step() {
        let g = tilted();
        assert_eq!(g.layer_axis(Plane::Axial), 2);
        assert!((g.layer_normals()[2] - DVec3::Z).length() < 1e-12);
        let volume = g.voxel_volume_mm3().expect("regular");
        assert!((volume - 0.8 * 0.7 * 2.4).abs() < 1e-12, "shear does not change the volume");
    }

    #[test]
    fn degenerate_grids_are_refused() {
        let o = PatientPoint::ORIGIN;
        assert!(Geometry::regular(o, [DVec3::X, DVec3::X, DVec3::Z], [2, 2, 2]).is_err());
        assert!(Geometry::regular(o, [DVec3::X, DVec3::Y, DVec3::new(0.0, 0.0, f64::NAN)], [2, 2, 2]).is_err());
        let down = o.moved(DVec3::NEG_Z);
        assert!(Geometry::uneven(vec![o, down], [DVec3::X, DVec3::Y, DVec3::Z], [2, 2]).is_err());
    }

    #[test]
    fn slices_may_share_a_position() {
        let o = PatientPoint::ORIGIN;
        let up = o.moved(DVec3::Z * 3.0);
        let g = Geometry::uneven(vec![o, o, up, up], [DVec3::X, DVec3::Y, DVec3::Z], [4, 4]).expect("ascending");
        let middle = g.voxel_from_patient(o.moved(DVec3::new(1.0, 2.0, 1.5))).0;
        assert!((middle - DVec3::new(1.0, 2.0, 1.5)).length() < 1e-9, "{middle}");
        let beyond = g.voxel_from_patient(up.moved(DVec3::Z)).0;
        assert!(beyond.is_finite() && beyond.z > 3.0, "{beyond}");
    }
}
