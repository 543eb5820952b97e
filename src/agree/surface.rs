//! The surface of a mask, in the two ways that published distances are defined on: border voxels and surface elements.
//!
//! Masks are ascending flat indices of their grid; everything here walks them in order, so memory and time follow the
//! mask and never the grid.

use super::surfel_table::triangles;
use crate::space::{DMat3, DVec3, Geometry, VoxelPoint};

/// Centres (mm, from the grid's origin) of the voxels that have a face neighbour outside the mask; the grid is bordered by
/// outside. This is the surface of MedPy's `hd`, `hd95` and `assd` (mask XOR its erosion by faces).
pub fn border_points(flat: &[u64], geometry: &Geometry) -> Vec<DVec3> {
    let size = geometry.size().map(|n| n as u64);
    let steps = [1, size[0], size[0] * size[1]];
    let mut behind = steps.map(|_| Follower { rest: flat });
    let mut ahead = steps.map(|_| Follower { rest: flat });
    let mut points = Vec::new();
    for f in flat {
        let at = [f % size[0], f / size[0] % size[1], f / (size[0] * size[1])];
        let inner = (0..3).all(|a| {
            let low = f.checked_sub(steps[a]).is_some_and(|g| behind[a].reaches(g)) && at[a] > 0;
            let high = ahead[a].reaches(f + steps[a]) && at[a] + 1 < size[a];
            low && high
        });
        if !inner {
            points.push(place(geometry, at.map(|c| c as f64)));
        }
    }
    points
}

/// Patient position of a continuous voxel position, from the grid's origin: small numbers keep their last bits.
fn place(geometry: &Geometry, at: [f64; 3]) -> DVec3 {
    let [a, b, c] = geometry.steps();
    if geometry.is_regular() {
        return a * at[0] + b * at[1] + c * at[2];
    }
    geometry.patient_from_voxel(VoxelPoint(DVec3::from_array(at))).vec() - geometry.origin().vec()
}

/// A place in a sorted list that only moves forwards.
struct Follower<'a> {
    rest: &'a [u64],
}

impl Follower<'_> {
    /// Whether the list holds `wanted`; later questions must not be smaller.
    fn reaches(&mut self, wanted: u64) -> bool {
        let skip = self.rest.iter().position(|f| *f >= wanted).unwrap_or(self.rest.len());
        self.rest = &self.rest[skip..];
        self.rest.first() == Some(&wanted)
    }
}

/// One surface element: where it lies (mm, from the grid's origin) and its area, mm².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surfel {
    /// The corner that eight voxels share.
    pub at: DVec3,
    /// Sum of the areas of its triangles.
    pub area: f64,
}

/// Surface elements after Nikolov (2018): one at every corner of the grid where voxels inside and outside meet, weighted
/// by the area that marching cubes give it; on a sheared or uneven grid the triangles are those of the true cell.
pub fn surfels(flat: &[u64], geometry: &Geometry) -> Vec<Surfel> {
    let size = geometry.size().map(|n| n as u64);
    // Corner (i, j, k) lies before voxel (i, j, k); there is one more of them than voxels along every axis.
    let corners = [size[0] + 1, size[1] + 1, size[2] + 1];
    let corner = |f: u64, d: [u64; 3]| {
        let at = [f % size[0] + d[0], f / size[0] % size[1] + d[1], f / (size[0] * size[1]) + d[2]];
        at[0] + corners[0] * (at[1] + corners[1] * at[2])
    };
    // A voxel is the one with the highest indices at its own corner (bit 0), with the lowest at the opposite one (bit 7).
    let mut lists: [_; 8] = std::array::from_fn(|n| {
        let d = [n as u64 >> 2 & 1, n as u64 >> 1 & 1, n as u64 & 1];
        (flat.iter().map(move |f| corner(*f, d)).peekable(), 1u8 << n)
    });
    let mut areas = Areas::new(geometry);
    let mut found = Vec::new();
    while let Some(next) = lists.iter_mut().filter_map(|(l, _)| l.peek().copied()).min() {
        let code =
            lists.iter_mut().fold(0, |code, (l, bit)| if l.next_if_eq(&next).is_some() { code | *bit } else { code });
        if code != u8::MAX {
            let at = [next % corners[0], next / corners[0] % corners[1], next / (corners[0] * corners[1])];
            let area = areas.of(code, at[2]);
            found.push(Surfel { at: place(geometry, at.map(|c| c as f64 - 0.5)), area });
        }
    }
    found
}

/// Areas of the 256 codes for the cell at hand; on an uneven stack every gap has its own.
struct Areas<'a> {
    geometry: &'a Geometry,
    gap: Option<u64>,
    of_code: [f64; 256],
}

impl<'a> Areas<'a> {
    fn new(geometry: &'a Geometry) -> Self {
        Areas { geometry, gap: None, of_code: [0.0; 256] }
    }

    fn of(&mut self, code: u8, k: u64) -> f64 {
        let gap = if self.geometry.is_regular() { 0 } else { k };
        if self.gap != Some(gap) {
            self.gap = Some(gap);
            let [a, b, mut c] = self.geometry.steps();
            if !self.geometry.is_regular() {
                let z = |k: f64| place(self.geometry, [0.0, 0.0, k]);
                let last = self.geometry.size()[2].saturating_sub(1) as f64;
                // Beyond the first and last slice the nearest gap goes on.
                let from = (k as f64 - 1.0).clamp(0.0, (last - 1.0).max(0.0));
                c = z(from + 1.0) - z(from);
            }
            // An area vector turns with the cofactors of the steps: rows b × c, c × a, a × b.
            let turn = DMat3::from_cols(b.cross(c), c.cross(a), a.cross(b));
            self.of_code = std::array::from_fn(|code| triangles(code as u8).map(|t| (turn * t).length()).sum());
        }
        self.of_code[usize::from(code)]
    }
}

/// Flat indices of the voxels of a box, for tests and their benches.
#[cfg(test)]
pub fn voxels_where(size: [usize; 3], inside: impl Fn([usize; 3]) -> bool) -> Vec<u64> {
    let all = 0..size[0] * size[1] * size[2];
    all.filter(|f| inside(crate::space::VoxelIndex::from_flat(*f, size).0)).map(|f| f as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::PatientPoint;

    fn grid(steps: [DVec3; 3], size: [usize; 3]) -> Geometry {
        Geometry::regular(PatientPoint::new(7.0, 8.0, 9.0).expect("finite"), steps, size).expect("spans space")
    }

    #[test]
    fn the_border_is_the_mask_without_its_inside() {
        let size = [6, 7, 8];
        let g = grid([DVec3::X * 0.5, DVec3::Y, DVec3::new(0.0, 0.4, 2.0)], size);
        let block = voxels_where(size, |[i, j, k]| (1..5).contains(&i) && (1..6).contains(&j) && (2..8).contains(&k));
        // The block touches the last slice, and outside the grid is outside the mask.
        assert_eq!(border_points(&block, &g).len(), 4 * 5 * 6 - 2 * 3 * 4);
        assert_eq!(border_points(&[0], &g), [DVec3::ZERO]);
        // Rows next to each other in memory are not neighbours across the grid's edge.
        let row = voxels_where(size, |[_, j, k]| j == 3 && k == 3);
        assert_eq!(border_points(&row, &g).len(), 6);
        assert!(border_points(&[], &g).is_empty());
    }

    #[test]
    fn a_box_has_the_area_of_its_faces_away_from_its_edges() {
        let size = [40, 40, 40];
        let g = grid([DVec3::X * 0.5, DVec3::Y * 0.8, DVec3::Z * 2.0], size);
        let block = voxels_where(size, |at| at.iter().all(|c| (4..34).contains(c)));
        let area: f64 = surfels(&block, &g).iter().map(|s| s.area).sum();
        let faces = 2.0 * 900.0 * (0.5 * 0.8 + 0.8 * 2.0 + 0.5 * 2.0);
        assert!(area < faces && area > 0.93 * faces, "{area} of {faces}: cut corners lose a little");
        let one = surfels(&[0], &grid([DVec3::X, DVec3::Y, DVec3::Z], [3, 3, 3]));
        assert_eq!((one.len(), one[0].at), (8, DVec3::splat(-0.5)));
    }

    #[test]
    fn uneven_slices_give_each_gap_its_own_area() {
        let at = |z: f64| PatientPoint::new(0.0, 0.0, z).expect("finite");
        let uneven = |z: [f64; 4]| {
            Geometry::uneven(z.map(at).to_vec(), [DVec3::X, DVec3::Y, DVec3::Z * 2.0], [30, 30]).expect("ascending")
        };
        let area = |g: &Geometry| -> f64 {
            let block = voxels_where(g.size(), |[i, j, _]| (2..28).contains(&i) && (2..28).contains(&j));
            surfels(&block, g).iter().map(|s| s.area).sum()
        };
        let even = Geometry::regular(at(0.0), [DVec3::X, DVec3::Y, DVec3::Z * 2.0], [30, 30, 4]).expect("spans space");
        assert!((area(&uneven([0.0, 2.0, 4.0, 6.0])) - area(&even)).abs() < 1e-9);
        assert!(area(&uneven([0.0, 2.0, 9.0, 11.0])) > area(&even) + 4.0 * 26.0 * 4.0);
    }
}
