//! What is known of each voxel within the reach, besides its value, when the first answer is there: the evidence that
//! [`super::network`] weighs.
//!
//! Brightness at several scales and of the voxels beside it, between the levels of lesion and bone measured here; the depth
//! below the first answer's surface, and the distance from its middle in units of its own size, which no reader's seed or
//! reach moves; the reader's reach; the brightest place on the way from the seed and from the middle, for nobody sees through
//! a wall; what comes further out on the same ray; how much bone and how much fat or air stands around, and how far the next
//! bone is; and how strongly the voxel is bound to the core and to the background.

use super::super::{Region, blur, distance::depth_mm, distance::distance_mm};
use super::wide::{Wide, between, mean_spacing_mm};
use super::{Field, First, median, quantile};
use rayon::prelude::*;

/// Numbers a voxel.
pub const COUNT: usize = 25;

/// The voxels within the reach (places in the field's box, ascending), and what is known of each.
pub(super) struct Evidence {
    pub cells: Vec<u32>,
    pub rows: Vec<[f32; COUNT]>,
}

/// Shares of this far from lesion to bone are bone, and of this far the other way fat or air.
const BONE: f32 = 0.55;
const FAT: f32 = -0.45;

pub(super) fn gather(field: &Field, first: &First) -> Evidence {
    let cells: Vec<u32> = (0..field.values.len() as u32).filter(|n| field.in_reach(*n as usize)).collect();
    let scene = Scene::of(field, first);
    let rows = cells.par_iter().with_min_len(512).map(|n| scene.row(*n as usize)).collect();
    Evidence { cells, rows }
}

/// Everything that the rows are read from.
struct Scene<'a> {
    field: &'a Field,
    first: &'a First,
    levels: Levels,
    shape: Shape,
    /// Blurred by 1.5 and by 3 mm in all.
    smooth: Vec<f32>,
    smoother: Wide,
    /// Brightest values on the way from the seed, and from the first answer's middle.
    from_seed: Vec<f32>,
    off_middle: Vec<f32>,
    /// Shares of bone within about 2.5, 5 and 9 mm, of fat and air within 3.
    bone: [Wide; 3],
    fat: Wide,
    to_bone_mm: Vec<f32>,
    /// Local levels of lesion and bone: weighted values, and weights.
    low: [Wide; 2],
    high: [Wide; 2],
    spacing_mm: [f64; 3],
    /// The axis of the longest step.
    coarse: usize,
}

impl Scene<'_> {
    fn of<'a>(field: &'a Field, first: &'a First) -> Scene<'a> {
        /// Local levels are means over about this distance, mm.
        const LOCAL_MM: f64 = 5.0;
        let region = &field.region;
        let mut smooth = first.picture.clone();
        blur::gaussian(&mut smooth, region, 1.33);
        let shape = Shape::of(field, &first.region);
        let levels = Levels::of(field, first, &shape.depth_mm);
        let shares = |holds: &dyn Fn(f32) -> bool| -> Vec<f32> {
            first.picture.iter().map(|v| if holds(levels.share(*v)) { 1.0 } else { 0.0 }).collect()
        };
        let bony = shares(&|s| s > BONE);
        let bone = Wide::blurred(&bony, region, 5.0);
        let rim = levels.near_seed + 0.6 * (levels.bone - levels.near_seed).max(50.0);
        let inner: Vec<f32> = shape.depth_mm.iter().map(|d| d.clamp(0.0, 3.0).powi(2)).collect();
        let is_ring = |n: usize| !first.region.inside[n] && field.values[n] > rim && shape.depth_mm[n] > -5.0;
        let ring: Vec<f32> = (0..inner.len()).map(|n| if is_ring(n) { 1.0 } else { 0.0 }).collect();
        let local = |weights: &[f32], sigma_mm: f64| {
            let sums: Vec<f32> = weights.iter().zip(&field.values).map(|(w, v)| w * v).collect();
            [Wide::blurred(&sums, region, sigma_mm), Wide::blurred(weights, region, sigma_mm)]
        };
        let spacing_mm = mean_spacing_mm(region);
        Scene {
            from_seed: brightest_on_the_way(region, &first.picture, region.at(field.seed)),
            off_middle: brightest_on_the_way(region, &first.picture, shape.middle_voxel(region)),
            smoother: Wide::blurred(&smooth, region, 2.6),
            fat: Wide::blurred(&shares(&|s| s < FAT), region, 3.0),
            to_bone_mm: distance_mm(region, |n| bony[n] > 0.0),
            bone: [Wide::blurred(&bony, region, 2.5), bone.clone(), bone.wider(7.5)],
            low: local(&inner, LOCAL_MM),
            high: local(&ring, 0.75 * LOCAL_MM),
            coarse: (0..3).max_by(|a, b| spacing_mm[*a].total_cmp(&spacing_mm[*b])).unwrap_or(2),
            field,
            first,
            levels,
            shape,
            smooth,
            spacing_mm,
        }
    }

    fn row(&self, n: usize) -> [f32; COUNT] {
        let (field, first) = (self.field, self.first);
        let at = field.region.at(n);
        let share = |value: f32| self.levels.share(value).clamp(-2.0, 3.0);
        let local = |[sums, weights]: &[Wide; 2], otherwise: f32| {
            let weight = weights.at(at);
            if weight > 1e-3 { sums.at(at) / weight } else { otherwise }
        };
        let low = local(&self.low, self.levels.near_seed);
        let gap = local(&self.high, self.levels.bone) - low;
        let [along, across] = self.beside(n).map(share);
        let (far, outwards) = self.shape.off_middle(place_mm(&field.region, at));
        let further = |mm: f64| share(self.on_the_ray(at, outwards, mm));
        let out = [1.5, 3.0, 4.5, 6.0].map(further);
        let depth = self.shape.depth_mm[n];
        let radius = self.shape.radius_mm;
        [
            ((field.values[n] - low) / gap.max(50.0)).clamp(-2.0, 3.0),
            (gap / self.levels.gap()).clamp(0.0, 3.0),
            share(field.values[n]),
            share(first.picture[n]),
            share(self.smooth[n]),
            share(self.smoother.at(at)),
            along,
            across,
            depth.clamp(-6.0, 6.0) / 3.0,
            (depth / radius).clamp(-1.5, 1.5),
            (far / radius).min(3.0),
            (field.far[n] / field.reach).min(1.1),
            share(self.from_seed[n]),
            share(self.off_middle[n]),
            further(-2.0),
            out[0],
            (out[1] + out[2]) / 2.0,
            out.into_iter().fold(-2.0, f32::max),
            self.bone[0].at(at),
            self.bone[1].at(at),
            self.bone[2].at(at),
            self.to_bone_mm[n].min(8.0) / 4.0,
            self.fat.at(at),
            first.own[n],
            first.against[n],
        ]
    }

    /// Mean values beside a voxel: along the finer axes, and along the coarsest.
    fn beside(&self, n: usize) -> [f32; 2] {
        let region = &self.field.region;
        let at = region.at(n);
        let sum = |a: usize| {
            let stride = region.size[..a].iter().product::<usize>();
            let lower = if at[a] > 0 { n - stride } else { n };
            let upper = if at[a] + 1 < region.size[a] { n + stride } else { n };
            self.field.values[lower] + self.field.values[upper]
        };
        [(sum((self.coarse + 1) % 3) + sum((self.coarse + 2) % 3)) / 4.0, sum(self.coarse) / 2.0]
    }

    /// The value so far outwards (or, below zero, inwards) from a voxel.
    fn on_the_ray(&self, at: [usize; 3], outwards: [f64; 3], mm: f64) -> f32 {
        let place = |a: usize| (at[a] as f64 + mm * outwards[a] / self.spacing_mm[a]) as f32;
        between(&self.field.region, &self.first.picture, [place(0), place(1), place(2)])
    }
}

/// The levels of the lesion and of bone.
struct Levels {
    /// Low quantile about the seed.
    near_seed: f32,
    /// Median of the first answer's depth.
    lesion: f32,
    bone: f32,
}

impl Levels {
    fn of(field: &Field, first: &First, depth_mm: &[f32]) -> Levels {
        let near_seed = quantile(field.values_where(|f, n| f.is_near(n, 1.5)), 0.2);
        let deepest = depth_mm.iter().copied().fold(0.0, f32::max);
        let is_deep = |n: usize| first.region.inside[n] && depth_mm[n] >= (0.6 * deepest).min(1.5);
        let lesion = median(field.values_where(|_, n| is_deep(n)));
        Levels { near_seed, lesion, bone: field.bone_level(&field.values, near_seed) }
    }

    fn gap(&self) -> f32 {
        (self.bone - self.lesion).max(50.0)
    }

    /// 0 is the lesion's level, 1 that of bone.
    fn share(&self, value: f32) -> f32 {
        (value - self.lesion) / self.gap()
    }
}

/// The first answer's shape.
struct Shape {
    /// Depth below its surface, negative outside.
    depth_mm: Vec<f32>,
    middle_mm: [f64; 3],
    /// Radius of a ball of its volume.
    radius_mm: f32,
}

impl Shape {
    fn of(field: &Field, answer: &Region) -> Shape {
        let members = || (0..answer.inside.len()).filter(|n| answer.inside[*n]);
        let count = members().count().max(1) as f64;
        let sum = members().map(|n| place_mm(answer, answer.at(n)));
        let sum = sum.fold([0.0; 3], |s, p| [0, 1, 2].map(|a| s[a] + p[a]));
        let radius = (3.0 * count * field.voxel_mm3 / (4.0 * std::f64::consts::PI)).cbrt();
        Shape { depth_mm: depth_mm(answer), middle_mm: sum.map(|s| s / count), radius_mm: radius.max(1.0) as f32 }
    }

    fn middle_voxel(&self, region: &Region) -> [usize; 3] {
        [0, 1, 2].map(|a| {
            let off = |n: &usize| (region.at_mm[a][*n] - self.middle_mm[a]).abs();
            (0..region.size[a]).min_by(|m, n| off(m).total_cmp(&off(n))).unwrap_or(0)
        })
    }

    /// Distance of a place from the middle in mm, and the direction.
    fn off_middle(&self, place: [f64; 3]) -> (f32, [f64; 3]) {
        let off = [0, 1, 2].map(|a| place[a] - self.middle_mm[a]);
        let far = off.iter().map(|o| o * o).sum::<f64>().sqrt().max(1e-3);
        (far as f32, off.map(|o| o / far))
    }
}

fn place_mm(region: &Region, at: [usize; 3]) -> [f64; 3] {
    [0, 1, 2].map(|a| region.at_mm[a][at[a]])
}

/// The brightest value on the straight way from one voxel to each other, both included. A voxel's way leads over that
/// neighbour of it which is one step nearer along every axis on which it is more than half as far as on its farthest; so
/// voxels are taken outwards.
fn brightest_on_the_way(region: &Region, picture: &[f32], from: [usize; 3]) -> Vec<f32> {
    let outwards = |a: usize| (from[a]..region.size[a]).chain((0..from[a]).rev());
    let mut brightest = picture.to_vec();
    for k in outwards(2) {
        for j in outwards(1) {
            for i in outwards(0) {
                let at = [i, j, k];
                let far = [0, 1, 2].map(|a| at[a].abs_diff(from[a]));
                let farthest = far[0].max(far[1]).max(far[2]);
                let before = [0, 1, 2].map(|a| match at[a] {
                    n if 2 * far[a] <= farthest => n,
                    n if n > from[a] => n - 1,
                    n => n + 1,
                });
                if farthest > 0 {
                    let n = region.flat(at);
                    brightest[n] = brightest[n].max(brightest[region.flat(before)]);
                }
            }
        }
    }
    brightest
}
