//! Blocks of voxels: a box of a fine grid seen coarser, and back.

use crate::segment::{Region, fill_holes};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex, VoxelPoint};
use crate::volume::Volume;
use rayon::prelude::*;

/// How a box of a grid is cut into blocks; the last ones along an axis may be smaller.
pub(super) struct Blocks {
    /// First voxel of the box.
    low: [usize; 3],
    /// Last one.
    high: [usize; 3],
    /// Voxels a block along each axis.
    pub step: [usize; 3],
}

impl Blocks {
    /// Single voxels where they are few enough; else the finest axes are taken together until `most` blocks do.
    pub fn within(g: &Geometry, low: [usize; 3], high: [usize; 3], most: usize) -> Blocks {
        let spacing = g.spacing_mm();
        let mut blocks = Blocks { low, high, step: [1; 3] };
        while blocks.size().iter().product::<usize>() > most {
            let edge = |a: usize| spacing[a] * blocks.step[a] as f64;
            let finest = (0..3).filter(|a| blocks.size()[*a] > 1).min_by(|a, b| edge(*a).total_cmp(&edge(*b)));
            let Some(axis) = finest else { break };
            blocks.step[axis] += 1;
        }
        blocks
    }

    fn size(&self) -> [usize; 3] {
        std::array::from_fn(|a| (self.high[a] + 1 - self.low[a]).div_ceil(self.step[a]))
    }

    /// First and last voxel of a block along an axis.
    fn ends(&self, axis: usize, n: usize) -> [usize; 2] {
        let first = self.low[axis] + n * self.step[axis];
        [first, (first + self.step[axis] - 1).min(self.high[axis])]
    }

    /// The block that holds a voxel.
    pub fn holding(&self, at: VoxelIndex) -> [usize; 3] {
        std::array::from_fn(|a| (at.0[a] - self.low[a]) / self.step[a])
    }

    /// The middle of a block, in voxels.
    pub fn middle(&self, block: [usize; 3]) -> VoxelPoint {
        let ends = |a: usize| self.ends(a, block[a]);
        VoxelPoint(DVec3::from_array([0, 1, 2].map(|a| (ends(a)[0] + ends(a)[1]) as f64 / 2.0)))
    }

    /// The blocks as a region without members.
    pub fn region(&self, g: &Geometry) -> Region {
        let fine = Region::empty(g, self.low, self.high);
        let size = self.size();
        let at_mm = std::array::from_fn(|a| {
            let middle = |n: usize| {
                let [first, last] = self.ends(a, n).map(|v| fine.at_mm[a][v - self.low[a]]);
                (first + last) / 2.0
            };
            (0..size[a]).map(middle).collect()
        });
        Region { low: self.low, size, inside: vec![false; size.iter().product()], at_mm }
    }

    /// The mean value of each block.
    pub fn means(&self, volume: &Volume) -> Vec<f32> {
        let size = self.size();
        let mut out = vec![0.0; size.iter().product()];
        out.par_chunks_mut(size[0]).enumerate().for_each(|(row, line)| {
            let ([j0, j1], [k0, k1]) = (self.ends(1, row % size[1]), self.ends(2, row / size[1]));
            for (i, mean) in line.iter_mut().enumerate() {
                let [i0, i1] = self.ends(0, i);
                let mut sum = 0.0;
                for k in k0..=k1 {
                    for j in j0..=j1 {
                        sum += (i0..=i1).map(|i| volume.value(VoxelIndex([i, j, k]))).sum::<f64>();
                    }
                }
                *mean = (sum / ((i1 + 1 - i0) * (j1 + 1 - j0) * (k1 + 1 - k0)) as f64) as f32;
            }
        });
        out
    }

    /// An answer on blocks on the grid itself: what the blocks' sums, `against` lesion where above zero, leave below zero
    /// between their middles. Holds the seed's voxel, and nothing beyond the reach of it.
    pub fn in_full(
        &self,
        g: &Geometry,
        answer: &Region,
        mut against: Vec<f32>,
        seed: PatientPoint,
        reach_mm: f64,
    ) -> Region {
        if self.step == [1; 3] {
            return answer.clone();
        }
        // What was filled or dropped after the sums is told to them.
        const FIRMLY: f32 = 0.5;
        for (sum, inside) in against.iter_mut().zip(&answer.inside) {
            *sum = if *inside { sum.min(-0.01) } else { sum.max(0.01) }.clamp(-FIRMLY, FIRMLY);
        }
        let Some((low, high)) = self.voxels_about(answer) else { return answer.clone() };
        let mut fine = Region::empty(g, low, high);
        let size = fine.size;
        let places: [Vec<(usize, f32)>; 3] =
            std::array::from_fn(|a| (0..size[a]).map(|n| self.between(a, low[a] + n)).collect());
        fine.inside.par_chunks_mut(size[0]).enumerate().for_each(|(row, line)| {
            let (j, k) = (row % size[1], row / size[1]);
            for (i, inside) in line.iter_mut().enumerate() {
                let at = VoxelIndex([low[0] + i, low[1] + j, low[2] + k]);
                *inside = interpolated(answer, &against, [places[0][i], places[1][j], places[2][k]]) < 0.0
                    && g.patient_from_voxel(at.center()).distance_mm(seed) <= reach_mm;
            }
        });
        let Some(own) = g.voxel_from_patient(seed).nearest(g.size()) else { return fine };
        let own = fine.flat(std::array::from_fn(|a| own.0[a] - low[a]));
        fine.inside[own] = true;
        fill_holes(&fine.piece_at(own))
    }

    /// The voxels of the blocks that belong to a region, and of those beside them.
    fn voxels_about(&self, region: &Region) -> Option<([usize; 3], [usize; 3])> {
        let members = (0..region.inside.len()).filter(|n| region.inside[*n]).map(|n| region.at(n));
        let ends = members.fold(None, |ends: Option<([usize; 3], [usize; 3])>, at| {
            let (low, high) = ends.unwrap_or((at, at));
            Some((std::array::from_fn(|a| low[a].min(at[a])), std::array::from_fn(|a| high[a].max(at[a]))))
        });
        let (low, high) = ends?;
        let first = |a: usize| self.ends(a, low[a].saturating_sub(1))[0];
        let last = |a: usize| self.ends(a, (high[a] + 1).min(region.size[a] - 1))[1];
        Some((std::array::from_fn(first), std::array::from_fn(last)))
    }

    /// Between which blocks' middles a voxel lies along an axis: the lower one, and the share of the upper one.
    fn between(&self, axis: usize, voxel: usize) -> (usize, f32) {
        let size = self.size()[axis];
        let middle = |n: usize| self.ends(axis, n).iter().sum::<usize>() as f64 / 2.0;
        let own = (voxel - self.low[axis]) / self.step[axis];
        let lower = if (voxel as f64) < middle(own) { own.saturating_sub(1) } else { own };
        if lower + 1 >= size || (voxel as f64) < middle(lower) {
            return (lower, 0.0);
        }
        (lower, ((voxel as f64 - middle(lower)) / (middle(lower + 1) - middle(lower))) as f32)
    }
}

/// The value between eight middles.
fn interpolated(region: &Region, values: &[f32], at: [(usize, f32); 3]) -> f32 {
    let corner = |c: usize| {
        let up = |a: usize| (c >> a) & 1 == 1;
        let weight = (0..3).map(|a| if up(a) { at[a].1 } else { 1.0 - at[a].1 }).product::<f32>();
        let place = |a: usize| (at[a].0 + usize::from(up(a))).min(region.size[a] - 1);
        weight * values[region.flat([place(0), place(1), place(2)])]
    };
    (0..8).map(corner).sum()
}
