//! Two grids whose voxels coincide, whatever the order and direction in which each counts them: label maps come back from
//! other programs flipped, permuted or cropped, and are still the same voxels.

use super::{DVec3, Geometry, VoxelPoint};

/// Takes voxels of one grid to the same voxels of another: a signed permutation of the axes and a shift by whole voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridMap {
    /// For each axis of the target: the source's axis, and whether it runs the other way.
    axes: [(usize, bool); 3],
    /// Target index of source voxel (0, 0, 0).
    shift: [i64; 3],
    from: [usize; 3],
    to: [usize; 3],
}

/// Largest distance, in voxels, at which centres coincide: formats that keep 32-bit numbers round.
const TOGETHER: f64 = 0.05;

impl GridMap {
    /// The map from voxels of `from` to those of `to`; `None` when their centres do not coincide. Unevenly spaced stacks
    /// coincide only slice by slice in the same order; a single slice may lie anywhere in them.
    pub fn between(from: &Geometry, to: &Geometry) -> Option<GridMap> {
        let single = from.size()[2] == 1;
        if !single && (!from.is_regular() || !to.is_regular()) {
            let same = from.size() == to.size() && from.is_regular() == to.is_regular() && slices_coincide(from, to);
            let axes = [(0, false), (1, false), (2, false)];
            return same.then(|| GridMap { axes, shift: [0; 3], from: from.size(), to: to.size() });
        }
        let at = |v: DVec3| to.voxel_from_patient(from.patient_from_voxel(VoxelPoint(v))).0;
        let origin = at(DVec3::ZERO);
        let steps = [DVec3::X, DVec3::Y, DVec3::Z].map(|axis| at(axis) - origin);
        let mut axes = [(usize::MAX, false); 3];
        for (source, step) in steps.iter().enumerate().take(if single { 2 } else { 3 }) {
            let target = (0..3).find(|t| step[*t].abs() > 0.5)?;
            axes[target] = (source, step[target] < 0.0);
        }
        // A single slice has no step of its own to be judged by: the target's stands in.
        if let Some(left) = axes.iter().position(|a| a.0 == usize::MAX).filter(|_| single) {
            axes[left] = (2, false);
        }
        if axes.iter().any(|a| a.0 == usize::MAX) {
            return None;
        }
        let shift = origin.to_array().map(|c| c.round() as i64);
        let map = GridMap { axes, shift, from: from.size(), to: to.size() };
        let last = from.size().map(|n| n.saturating_sub(1) as f64);
        let corners = (0..8).map(|c| DVec3::from_array([0, 1, 2].map(|a| if c >> a & 1 == 1 { last[a] } else { 0.0 })));
        let coincide = |v: DVec3| {
            let exact = map.at(v.to_array().map(|c| c as i64));
            (at(v) - DVec3::from_array(exact.map(|c| c as f64))).abs().max_element() <= TOGETHER
        };
        (origin.abs().max_element() < 1e9 && corners.into_iter().all(coincide)).then_some(map)
    }

    fn at(&self, v: [i64; 3]) -> [i64; 3] {
        std::array::from_fn(|t| {
            let (source, back) = self.axes[t];
            self.shift[t] + if back { -v[source] } else { v[source] }
        })
    }

    /// Whether every voxel keeps its index.
    pub fn is_identity(&self) -> bool {
        self.from == self.to && self.shift == [0; 3] && self.axes == [(0, false), (1, false), (2, false)]
    }

    /// Flat indices of the same voxels in the target, ascending, and how many voxels lie beyond it.
    pub fn flat(&self, flat: &[u64]) -> (Vec<u64>, u64) {
        if self.is_identity() {
            return (flat.to_vec(), 0);
        }
        let [w, h, _] = self.from.map(|n| n as u64);
        let place = |f: &u64| {
            let to = self.at([(f % w) as i64, (f / w % h) as i64, (f / (w * h)) as i64]);
            let inside = (0..3).all(|a| (0..self.to[a] as i64).contains(&to[a]));
            let [i, j, k] = to.map(|c| c as u64);
            inside.then(|| i + self.to[0] as u64 * (j + self.to[1] as u64 * k))
        };
        let mut out: Vec<u64> = flat.iter().filter_map(place).collect();
        out.sort_unstable();
        let beyond = flat.len() as u64 - out.len() as u64;
        (out, beyond)
    }
}

fn slices_coincide(a: &Geometry, b: &Geometry) -> bool {
    let (sa, sb) = (a.steps(), b.steps());
    let size = a.size().map(|n| n as f64);
    let in_plane = (0..2).all(|n| (sa[n] - sb[n]).length() * size[n] <= TOGETHER * sa[n].length());
    let start = |g: &Geometry, k: usize| g.patient_from_voxel(VoxelPoint(DVec3::new(0.0, 0.0, k as f64)));
    in_plane && (0..a.size()[2]).all(|k| start(a, k).distance_mm(start(b, k)) <= TOGETHER * sa[0].length())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{PatientPoint, VoxelIndex};

    fn grid(origin: DVec3, steps: [DVec3; 3], size: [usize; 3]) -> Geometry {
        Geometry::regular(PatientPoint::from_vec(origin).expect("finite"), steps, size).expect("spans space")
    }

    #[test]
    fn flipped_permuted_and_cropped_grids_hold_the_same_voxels() {
        let q = glam::DQuat::from_rotation_z(0.4) * glam::DQuat::from_rotation_x(0.2);
        let [a, b, c] = [DVec3::X * 0.5, DVec3::Y * 0.7, DVec3::new(0.0, 0.3, 2.0)].map(|v| q * v);
        let g = grid(DVec3::new(10.0, -20.0, 300.0), [a, b, c], [6, 5, 4]);
        let corner = |v: DVec3| g.patient_from_voxel(VoxelPoint(v)).vec();
        // Columns run back, then slices, then rows; cropped by one slice at the start.
        let other = grid(corner(DVec3::new(5.0, 0.0, 1.0)), [-a, c, b], [6, 3, 5]);
        let map = GridMap::between(&other, &g).expect("same lattice");
        for f in 0..90 {
            let from = VoxelIndex::from_flat(f, other.size());
            let (to, beyond) = map.flat(&[f as u64]);
            let to = VoxelIndex::from_flat(to[0] as usize, g.size());
            let apart = other.patient_from_voxel(from.center()).distance_mm(g.patient_from_voxel(to.center()));
            assert!(apart < 1e-9 && beyond == 0);
        }
        let back = GridMap::between(&g, &other).expect("same lattice");
        assert_eq!(back.flat(&[0]).1, 1, "the first slice is not in the crop");
        assert!(GridMap::between(&g, &g).expect("itself").is_identity());
    }

    #[test]
    fn rounded_numbers_coincide_and_half_a_voxel_does_not() {
        let steps = [DVec3::X * 0.5, DVec3::Y * 0.7, DVec3::Z * 2.0];
        let g = grid(DVec3::new(10.0, -20.0, 300.0), steps, [60, 50, 40]);
        let rounded = grid(DVec3::new(10.00001, -20.0, 300.0001), steps.map(|s| s * 1.000_000_1), [60, 50, 40]);
        assert!(GridMap::between(&rounded, &g).is_some_and(|m| m.is_identity()));
        assert_eq!(GridMap::between(&grid(DVec3::new(10.25, -20.0, 300.0), steps, [60, 50, 40]), &g), None);
        let finer = grid(DVec3::new(10.0, -20.0, 300.0), [steps[0] * 0.5, steps[1], steps[2]], [60, 50, 40]);
        assert_eq!(GridMap::between(&finer, &g), None);
        let turned = steps.map(|s| glam::DQuat::from_rotation_z(0.1) * s);
        assert_eq!(GridMap::between(&grid(DVec3::new(10.0, -20.0, 300.0), turned, [60, 50, 40]), &g), None);
    }

    #[test]
    fn uneven_stacks_coincide_slice_by_slice() {
        let at = |z: f64| PatientPoint::new(0.0, 0.0, z).expect("finite");
        let uneven = |z: [f64; 3]| {
            Geometry::uneven(z.map(at).to_vec(), [DVec3::X, DVec3::Y, DVec3::Z], [5, 5]).expect("ascending")
        };
        assert!(GridMap::between(&uneven([0.0, 1.0, 5.0]), &uneven([0.0, 1.0, 5.0])).is_some());
        assert_eq!(GridMap::between(&uneven([0.0, 1.0, 5.0]), &uneven([0.0, 1.5, 5.0])), None);
    }
}
