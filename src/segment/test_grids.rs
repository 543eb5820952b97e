//! Grids and a small random source for the tests of this room.

use super::Span;
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex};

/// Straight, tilted (sheared), oblique, and uneven grids of a few thousand voxels.
pub fn grids() -> Vec<Geometry> {
    let at = |x, y, z| PatientPoint::new(x, y, z).unwrap();
    let straight = [DVec3::X * 0.9, DVec3::Y * 1.1, DVec3::Z * 2.2];
    let tilted = [DVec3::X * 0.8, DVec3::Y * 0.7, DVec3::new(0.0, 0.71, 2.4)];
    let turn = glam::DMat3::from_axis_angle(DVec3::new(0.3, 0.8, -0.4).normalize(), 0.6);
    let oblique = [turn * (DVec3::Y * 0.8), turn * (DVec3::NEG_Z * 0.8), turn * (DVec3::NEG_X * 3.3)];
    let heights = [0.0, 2.0, 5.0, 6.0, 9.5, 11.0, 15.0];
    let starts = heights.iter().map(|z| at(0.1 * z, -3.0, *z)).collect();
    vec![
        Geometry::regular(at(-10.0, -12.0, 40.0), straight, [22, 19, 11]).unwrap(),
        Geometry::regular(at(-10.0, 4.0, 100.0), tilted, [20, 21, 10]).unwrap(),
        Geometry::regular(at(3.0, -4.0, 5.0), oblique, [21, 18, 7]).unwrap(),
        Geometry::uneven(starts, [DVec3::X, DVec3::Y * 1.2, DVec3::new(0.25, 0.0, 2.5)], [18, 17]).unwrap(),
    ]
}

/// Every voxel with its centre, LPS mm.
pub fn centers(g: &Geometry) -> impl Iterator<Item = (VoxelIndex, DVec3)> + '_ {
    let n: usize = g.size().iter().product();
    (0..n).map(|f| {
        let at = VoxelIndex::from_flat(f, g.size());
        (at, g.patient_from_voxel(at.center()).vec())
    })
}

/// Flat indices of spans.
pub fn flat(spans: &[Span]) -> Vec<u64> {
    spans.iter().flat_map(|s| s.start..s.end).collect()
}

/// A repeatable random source (SplitMix64, Steele 2014).
pub struct Dice(pub u64);

impl Dice {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A point within the grid, or a little outside it.
    pub fn point_in(&mut self, g: &Geometry) -> PatientPoint {
        let size = g.size().map(|n| n as f64);
        let v = DVec3::from_array(size.map(|n| self.between(-2.0, n + 1.0)));
        g.patient_from_voxel(crate::space::VoxelPoint(v))
    }

    /// A direction.
    pub fn direction(&mut self) -> DVec3 {
        DVec3::new(self.between(-1.0, 1.0), self.between(-1.0, 1.0), self.between(-1.0, 1.0))
    }
}
