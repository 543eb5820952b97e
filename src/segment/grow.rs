//! One-click grow: a seed and a reach become a lesion.
//!
//! Two passes. First GrowCut (Vezhnevets & Konouchine, GraphiCon 2005): lesion and background grow against each other from
//! markers (a core about the seed; everything outside the reach, and what is clearly bone), each voxel going to the side
//! whose path to it crosses the smaller steps in brightness. It is computed as two shortest-path searches. In the second pass
//! a small network ([`network`]) weighs for each voxel what tells lesion from surroundings ([`evidence`]). Then the part that
//! hangs together with the seed is kept, and hollows are filled.
//!
//! Far reaches into fine grids are worked out on blocks of voxels, at most [`WORK_VOXELS`] of them, so that an answer comes
//! while the reader drags; its surface is then laid through the fine grid between the blocks' middles.

use super::morphology::fill_holes;
use super::{Region, Span, blur};
use crate::space::{Geometry, PatientPoint, VoxelIndex};
use crate::volume::Volume;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Largest reach; beyond it the search would no longer answer while the reader drags.
pub const REACH_MAX_MM: f64 = 60.0;

/// The cut lies above the middle between lesion and bone: rims of small lesions are blurred upwards.
pub const BONE_SHARE: f64 = 0.65;

/// More voxels than this are not searched one by one.
const WORK_VOXELS: usize = 80_000;

/// How far around the seed is looked at, in reaches: bone's level is taken a little beyond the reach too.
const AROUND: f64 = 1.25;

mod blocks;
mod evidence;
mod network;
mod wide;

use blocks::Blocks;
pub use evidence::COUNT as EVIDENCE;
use network::Networks;

/// The lesion about `seed` that stays within `reach_mm` of it, as spans of the volume's grid: at least the seed's voxel.
/// `None` when the seed lies outside the grid.
pub fn grow(volume: &Volume, seed: PatientPoint, reach_mm: f64) -> Option<Vec<Span>> {
    let reach_mm = reach_mm.min(REACH_MAX_MM);
    let field = Field::cut_out(volume, seed, reach_mm)?;
    let against = field.weighed();
    let second = field.tidied(against.iter().map(|a| *a < 0.0).collect());
    let answer = field.blocks.in_full(&volume.geometry, &second, against, seed, reach_mm);
    Some(answer.spans(volume.size()))
}

/// What grow's network sees, to train it: the flat index of each voxel within the reach (of a block, its middle), and what
/// is known of it.
#[doc(hidden)]
pub fn grow_evidence(volume: &Volume, seed: PatientPoint, reach_mm: f64) -> Option<Vec<(u64, [f32; EVIDENCE])>> {
    let field = Field::cut_out(volume, seed, reach_mm.min(REACH_MAX_MM))?;
    let evidence::Evidence { cells, rows } = evidence::gather(&field, &field.first_answer());
    let middle = |n: u32| field.blocks.middle(field.region.at(n as usize)).nearest(volume.size());
    let flat = |n: u32| middle(n).map_or(0, |at| at.flat(volume.size()) as u64);
    Some(cells.into_iter().map(flat).zip(rows).collect())
}

/// The levels of soft tissue and of bone about a point of a CT, within 15 mm, in HU: low quantile near the point, and the
/// median of what is clearly brighter. `None` outside the grid, and where there is no bone.
pub fn bone_levels(volume: &Volume, at: PatientPoint) -> Option<[f64; 2]> {
    const WITHIN_MM: f64 = 15.0;
    const BRIGHTER: f32 = 80.0;
    let field = Field::cut_out(volume, at, WITHIN_MM)?;
    let picture = field.smoothed(0.7);
    let soft = quantile((0..picture.len()).filter(|n| field.is_near(*n, 4.0)).map(|n| picture[n]).collect(), 0.2);
    let bright = |n: &usize| field.in_reach(*n) && picture[*n] > soft.clamp(0.0, 90.0) + BRIGHTER;
    let bone: Vec<f32> = (0..picture.len()).filter(bright).map(|n| picture[n]).collect();
    (bone.len() > 10).then(|| [f64::from(soft.clamp(0.0, 90.0)), f64::from(median(bone))])
}

/// The part of the volume that grow looks at; where it says voxel it means a block of them.
struct Field {
    blocks: Blocks,
    region: Region,
    /// Values in which the lesion is dark against its surroundings, in the order of Hounsfield units.
    values: Vec<f32>,
    /// Distance of each voxel centre from the seed, mm.
    far: Vec<f32>,
    seed: usize,
    reach: f32,
    /// Longest step of the grid, mm.
    coarsest: f32,
    /// Volume of a voxel about here, mm³.
    voxel_mm3: f64,
}

impl Field {
    fn cut_out(volume: &Volume, seed: PatientPoint, reach_mm: f64) -> Option<Field> {
        let g = &volume.geometry;
        let at = g.voxel_from_patient(seed).nearest(g.size())?;
        let (low, high) = box_about(g, seed, AROUND * reach_mm, at);
        let blocks = Blocks::within(g, low, high, WORK_VOXELS);
        let region = blocks.region(g);
        let values = blocks.means(volume);
        let distance = |n: usize| g.patient_from_voxel(blocks.middle(region.at(n))).distance_mm(seed) as f32;
        let far = (0..values.len()).map(distance).collect();
        let seed = region.flat(blocks.holding(at));
        let coarsest = (0..3).map(|a| g.spacing_mm()[a] * blocks.step[a] as f64).fold(0.0, f64::max) as f32;
        let voxel_mm3 = g.slice_voxel_volume_mm3(at.0[2]) * blocks.step.iter().product::<usize>() as f64;
        let mut field = Field { blocks, region, values, far, seed, reach: reach_mm as f32, coarsest, voxel_mm3 };
        if volume.units != "HU" {
            field.turn_dark();
        }
        Some(field)
    }

    /// Images without a common scale (MR): the lesion's side of its surroundings is found here, and the gap between them
    /// is brought to that of a lesion in bone on CT.
    fn turn_dark(&mut self) {
        const GAP: f32 = 150.0;
        let inner = median(self.values_where(|f, n| f.is_near(n, 1.5)));
        let outer = median(self.values_where(|f, n| f.far[n] > 0.8 * f.reach && f.far[n] <= AROUND as f32 * f.reach));
        let gap = outer - inner;
        let scale = if gap.abs() > f32::EPSILON { GAP / gap } else { 1.0 };
        self.values.iter_mut().for_each(|v| *v = (*v - inner) * scale);
    }

    /// Within `mm` of the seed, at least the seed and its eight neighbours in the slice.
    fn is_near(&self, n: usize, mm: f32) -> bool {
        let (a, b) = (self.region.at(n), self.region.at(self.seed));
        let beside = a[2] == b[2] && a[0].abs_diff(b[0]) <= 1 && a[1].abs_diff(b[1]) <= 1;
        (self.far[n] <= mm || beside) && self.far[n] <= self.reach + self.coarsest
    }

    fn in_reach(&self, n: usize) -> bool {
        self.far[n] <= self.reach || n == self.seed
    }

    fn values_where(&self, keep: impl Fn(&Field, usize) -> bool) -> Vec<f32> {
        (0..self.values.len()).filter(|n| keep(self, *n)).map(|n| self.values[n]).collect()
    }

    fn smoothed(&self, sigma_mm: f64) -> Vec<f32> {
        let mut values = self.values.clone();
        blur::gaussian(&mut values, &self.region, sigma_mm);
        values
    }

    /// The level of bone about here: the middle of what is clearly brighter than the lesion.
    fn bone_level(&self, picture: &[f32], lesion: f32) -> f32 {
        const BRIGHTER: f32 = 40.0;
        const USUAL: f32 = 120.0;
        let brighter: Vec<f32> = (0..picture.len())
            .filter(|n| self.far[*n] <= AROUND as f32 * self.reach && picture[*n] > lesion + BRIGHTER)
            .map(|n| picture[n])
            .collect();
        if brighter.len() > 10 { median(brighter) } else { lesion + USUAL }
    }

    /// GrowCut from markers.
    fn first_answer(&self) -> First {
        const CORE: f32 = 0.3;
        const BRIGHT: f32 = 0.7;
        let picture = self.smoothed(0.7);
        let near: Vec<f32> = (0..picture.len()).filter(|n| self.is_near(*n, 1.5)).map(|n| picture[n]).collect();
        let lesion = median(near);
        let bone = self.bone_level(&picture, lesion);
        let bright = lesion + BRIGHT * (bone - lesion);
        let marker = |n: usize| match () {
            () if n == self.seed => Side::Lesion,
            () if !self.in_reach(n) || picture[n] > bright => Side::Background,
            () if self.is_near(n, CORE * self.reach) => Side::Lesion,
            () => Side::Open,
        };
        let markers: Vec<Side> = (0..picture.len()).map(marker).collect();
        let steps: Vec<f32> = picture.iter().map(|v| v.clamp(-150.0, 500.0)).collect();
        let of = |side: Side| self.strengths(&steps, &markers, side);
        let (own, against) = rayon::join(|| of(Side::Lesion), || of(Side::Background));
        let belongs = |n: usize| markers[n] == Side::Lesion || (markers[n] == Side::Open && own[n] > against[n]);
        let region = self.tidied((0..picture.len()).map(belongs).collect());
        First { region, picture, own, against }
    }

    /// The strength of the strongest path from the markers of one side to each voxel within the reach: the product of
    /// `1 - |difference| / SCALE` over its steps. As it only falls along a path, a search in falling order (Dijkstra)
    /// settles each voxel once. Ties go to the lower place, so the answer is always the same.
    fn strengths(&self, picture: &[f32], markers: &[Side], side: Side) -> Vec<f32> {
        const SCALE: f32 = 400.0;
        /// Strengths as whole numbers order exactly.
        const ONE: f32 = (1 << 24) as f32;
        let mut strength: Vec<u32> = markers.iter().map(|m| if *m == side { ONE as u32 } else { 0 }).collect();
        let mut open: BinaryHeap<(u32, Reverse<u32>)> = BinaryHeap::new();
        for n in (0..markers.len()).filter(|n| markers[*n] == side) {
            if self.region.neighbours(n).any(|m| markers[m] != side && self.in_reach(m)) {
                open.push((ONE as u32, Reverse(n as u32)));
            }
        }
        while let Some((force, Reverse(n))) = open.pop() {
            let n = n as usize;
            if force < strength[n] {
                continue;
            }
            for m in self.region.neighbours(n).filter(|m| self.in_reach(*m)) {
                let passing = (1.0 - (picture[m] - picture[n]).abs() / SCALE).max(0.0);
                let arriving = (force as f32 * passing) as u32;
                if arriving > strength[m] {
                    strength[m] = arriving;
                    open.push((arriving, Reverse(m as u32)));
                }
            }
        }
        strength.into_iter().map(|s| s as f32 / ONE).collect()
    }

    /// What speaks against each voxel's being lesion, less what speaks for it: below zero it is. Beyond the reach nothing is.
    fn weighed(&self) -> Vec<f32> {
        /// Odds to sums between whose blocks a surface can be laid.
        const SCALE: f32 = 0.25;
        let networks = Networks::trained();
        let evidence::Evidence { cells, rows } = evidence::gather(self, &self.first_answer());
        let odds: Vec<f32> = rows.par_iter().with_min_len(512).map(|r| networks.log_odds(r)).collect();
        let mut against = vec![1.0; self.values.len()];
        for (n, odds) in cells.iter().map(|n| *n as usize).zip(odds) {
            against[n] = -SCALE * odds;
            if self.is_near(n, 0.5) {
                against[n] = against[n].min(-0.1);
            }
        }
        against
    }

    /// The part within the reach that hangs together with the seed, without hollows; the seed's voxel at least.
    fn tidied(&self, mut inside: Vec<bool>) -> Region {
        inside.iter_mut().enumerate().for_each(|(n, i)| *i &= self.in_reach(n));
        inside[self.seed] = true;
        fill_holes(&self.region.with(inside).piece_at(self.seed))
    }
}

/// First and last voxel of the box that holds every centre within `reach` of a point, and the voxel `at`.
fn box_about(g: &Geometry, center: PatientPoint, reach: f64, at: VoxelIndex) -> ([usize; 3], [usize; 3]) {
    let middle = g.voxel_from_patient(center).0;
    // Distance across the layers of an axis is never more than the distance itself.
    let steps = g.steps();
    let normals = g.layer_normals();
    let size = g.size();
    let (mut low, mut high) = (at.0, at.0);
    for a in 0..3 {
        let mut step = steps[a].dot(normals[a]).abs();
        if let (2, Some(o)) = (a, g.slice_origins()) {
            let gaps = o.windows(2).map(|w| (w[1].vec() - w[0].vec()).dot(normals[2]).abs());
            step = gaps.fold(f64::INFINITY, f64::min);
        }
        let voxels = reach / step;
        low[a] = ((middle[a] - voxels).floor().max(0.0) as usize).min(at.0[a]);
        high[a] = ((middle[a] + voxels).ceil().max(0.0) as usize).clamp(at.0[a], size[a] - 1);
    }
    (low, high)
}

/// Who holds a voxel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Open,
    Lesion,
    Background,
}

/// What the first pass found.
struct First {
    region: Region,
    /// The values it looked at, a little smoothed.
    picture: Vec<f32>,
    /// How strongly each voxel is bound to the core, and to the background; 0…1.
    own: Vec<f32>,
    against: Vec<f32>,
}

fn median(values: Vec<f32>) -> f32 {
    quantile(values, 0.5)
}

/// Quantile by linear interpolation; 0 of nothing.
fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let at = share * (values.len() - 1) as f32;
    let (_, low, above) = values.select_nth_unstable_by(at as usize, f32::total_cmp);
    let low = *low;
    let next = above.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
    low + at.fract() * (next - low)
}

#[cfg(test)]
mod tests;
