//! What is sampled for a picture: a plane through the patient cut into pixels, how values are interpolated, and the slab.

use crate::space::{DVec3, Geometry, PatientPoint, Plane, VoxelIndex, VoxelPoint};

/// A picture's plane. Pixel (u, v) of W × H shows the point
/// `center + (u + 0.5 − W/2) right_mm + (v + 0.5 − H/2) down_mm`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlicePlane {
    /// The middle of the picture.
    pub center: PatientPoint,
    /// One pixel to the right, LPS mm.
    pub right_mm: DVec3,
    /// One pixel down, LPS mm.
    pub down_mm: DVec3,
    /// Columns and rows of the picture.
    pub size: [usize; 2],
}

impl SlicePlane {
    /// A plane of square pixels; `right` and `down` are unit vectors.
    pub fn new(center: PatientPoint, right: DVec3, down: DVec3, mm_per_pixel: f64, size: [usize; 2]) -> Self {
        Self { center, right_mm: right * mm_per_pixel, down_mm: down * mm_per_pixel, size }
    }

    /// The stored frame of slice `k`, one pixel a voxel.
    pub fn frame(geometry: &Geometry, k: usize) -> Self {
        let [nx, ny, _] = geometry.size();
        let [right_mm, down_mm, _] = geometry.steps();
        let first = geometry.patient_from_voxel(VoxelIndex([0, 0, k]).center());
        let middle = right_mm * ((nx as f64 - 1.0) / 2.0) + down_mm * ((ny as f64 - 1.0) / 2.0);
        Self { center: first.moved(middle), right_mm, down_mm, size: [nx, ny] }
    }

    /// The whole layer of `geometry` that a plane with these unit directions through `through` cuts, fitted into a picture
    /// of `size` with its aspect kept and its middle at the layer's.
    pub fn fitted(geometry: &Geometry, through: PatientPoint, right: DVec3, down: DVec3, size: [usize; 2]) -> Self {
        let (low, high) = bounds_mm(geometry, right, down);
        let [wide, tall] = [high.0 - low.0, high.1 - low.1];
        let mm_per_pixel = (wide / size[0].max(1) as f64).max(tall / size[1].max(1) as f64).max(f64::MIN_POSITIVE);
        let to = (low.0 + wide / 2.0 - through.vec().dot(right), low.1 + tall / 2.0 - through.vec().dot(down));
        Self::new(through.moved(right * to.0 + down * to.1), right, down, mm_per_pixel, size)
    }

    /// The whole volume's middle layer in an anatomical plane, fitted into `size`.
    pub fn anatomical(geometry: &Geometry, plane: Plane, size: [usize; 2]) -> Self {
        let (right, down) = plane.right_down();
        Self::fitted(geometry, geometry.center(), right, down, size)
    }

    /// Unit normal, `right × down`.
    pub fn normal(&self) -> DVec3 {
        self.right_mm.cross(self.down_mm).normalize_or_zero()
    }

    /// The point that a position in the picture shows, in pixels from its upper left corner (pixel centres at halves).
    pub fn point_mm(&self, u: f64, v: f64) -> DVec3 {
        let [w, h] = self.size.map(|n| n as f64 / 2.0);
        self.center.vec() + self.right_mm * (u - w) + self.down_mm * (v - h)
    }
}

/// Least and greatest coordinates along `right` and `down`, mm, of the volume's outermost voxel faces.
fn bounds_mm(geometry: &Geometry, right: DVec3, down: DVec3) -> ((f64, f64), (f64, f64)) {
    let size = geometry.size();
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for corner in 0..8usize {
        let at = |axis: usize| if corner >> axis & 1 == 1 { size[axis] as f64 - 0.5 } else { -0.5 };
        let p = geometry.patient_from_voxel(VoxelPoint(DVec3::new(at(0), at(1), at(2)))).vec();
        let (x, y) = (p.dot(right), p.dot(down));
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    (low, high)
}

/// How a value between voxel centres comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Interpolation {
    /// Trilinear between the centres of the eight voxels around, clamped in the outer half voxel.
    #[default]
    Linear,
    /// The value of the voxel whose cell holds the point.
    Nearest,
}

/// What becomes of the values along a slab's normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Projection {
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The mean.
    Mean,
}

/// A thick slice centred on the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slab {
    /// Thickness, mm.
    pub thickness_mm: f64,
    /// What is shown of the values in it.
    pub projection: Projection,
}

/// Everything that decides a picture's values, before any window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SliceView {
    /// Where.
    pub plane: SlicePlane,
    /// How values between voxels come about.
    pub interpolation: Interpolation,
    /// A thick slice, if any.
    pub slab: Option<Slab>,
}

impl SliceView {
    /// The plane alone, linearly interpolated.
    pub fn thin(plane: SlicePlane) -> Self {
        Self { plane, interpolation: Interpolation::Linear, slab: None }
    }

    /// A stored frame as it is.
    pub fn frame(geometry: &Geometry, k: usize) -> Self {
        Self { plane: SlicePlane::frame(geometry, k), interpolation: Interpolation::Nearest, slab: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Geometry {
        let origin = PatientPoint::new(-20.0, 5.0, 90.0).expect("finite");
        Geometry::regular(origin, [DVec3::X * 0.5, DVec3::Y * 0.75, DVec3::new(0.0, 0.8, 3.0)], [40, 30, 12])
            .expect("spans space")
    }

    #[test]
    fn a_frame_s_pixels_are_its_voxels() {
        let g = grid();
        let frame = SlicePlane::frame(&g, 7);
        for [i, j] in [[0, 0], [39, 29], [13, 4]] {
            let want = g.patient_from_voxel(VoxelIndex([i, j, 7]).center()).vec();
            assert!((frame.point_mm(i as f64 + 0.5, j as f64 + 0.5) - want).length() < 1e-9);
        }
    }

    #[test]
    fn a_fitted_plane_holds_the_whole_volume_and_passes_through_its_point() {
        let g = grid();
        for plane in Plane::ALL {
            for size in [[300, 100], [64, 200]] {
                let p = SlicePlane::anatomical(&g, plane, size);
                assert!((p.center.vec() - g.center().vec()).dot(p.normal()).abs() < 1e-9);
                let mm = p.right_mm.length();
                let mut tightest = f64::MAX;
                for c in g.corners() {
                    let away = (c.vec() - p.center.vec()) / mm;
                    let (x, y) = (away.dot(p.right_mm) / mm, away.dot(p.down_mm) / mm);
                    let left = (size[0] as f64 / 2.0 - x.abs()).min(size[1] as f64 / 2.0 - y.abs());
                    assert!(left > 0.0, "{plane:?} {size:?}");
                    tightest = tightest.min(left * mm);
                }
                assert!(tightest < 2.0, "no wider than it must be: {tightest} mm left");
            }
        }
    }
}
