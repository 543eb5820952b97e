//! The second pass of grow: for every voxel the evidence for and against its being lesion, added up.
//!
//! Brightness between the levels of lesion and bone measured here; the depth below the first answer's surface; the distance
//! from that answer's middle in units of its own size, which no reader's seed or reach moves; the reader's reach; the
//! brightest place on the way from the seed, for nobody sees through a wall; how much bone stands around; and how much more
//! strongly the voxel is bound to the background than to the core. Each is cut off, so that none can outvote the rest.

use super::super::{blur, distance::depth_mm};
use super::{Field, First, median, quantile};

/// A voxel is lesion where the sum of these is below zero. Each line: weight, the value at which it says nothing, and over
/// which distance it turns.
mod weight {
    /// Brightness: 0 is the lesion's level, 1 that of bone. The cut lies above the middle: rims are blurred upwards.
    pub const BRIGHTNESS: [f32; 3] = [1.0, 0.544, 0.05];
    /// Depth below the first surface, mm.
    pub const DEPTH: [f32; 3] = [0.4, 0.829, 3.387];
    /// Distance from the first answer's middle, in radii of a ball of its volume.
    pub const MIDDLE: [f32; 3] = [0.403, 1.114, 0.127];
    /// Distance from the seed, in reaches.
    pub const REACH: [f32; 3] = [0.447, 0.324, 0.05];
    /// The brightest place on the way from the seed.
    pub const WAY: [f32; 3] = [0.403, 0.529, 0.3];
    /// Share of bone within about 5 mm.
    pub const AROUND: [f32; 3] = [0.476, 0.435, 0.15];
    /// Bond to the background less bond to the core.
    pub const BOND: [f32; 3] = [0.203, 0.0, 0.2];
}

fn says([weight, zero, width]: [f32; 3], value: f32, at_most: f32) -> f32 {
    weight * ((value - zero) / width).clamp(-at_most, at_most)
}

/// What speaks against each voxel's being lesion, less what speaks for it: below zero it is.
pub(super) fn weigh(field: &Field, first: &First) -> Vec<f32> {
    /// Local levels are means over about this distance, mm.
    const LOCAL_MM: f64 = 5.0;
    let picture = &field.values;
    let count = picture.len();
    let near: Vec<f32> = (0..count).filter(|n| field.is_near(*n, 1.5)).map(|n| picture[n]).collect();
    let lesion = quantile(near, 0.2);
    let bone = field.bone_level(picture, lesion, 1.2);
    let depth = depth_mm(&first.region);
    let inner = depth.iter().map(|d| d.clamp(0.0, 3.0).powi(2)).collect();
    let low = field.local_mean(picture, inner, LOCAL_MM, lesion);
    let rim = lesion + 0.6 * (bone - lesion).max(50.0);
    let is_ring = |n: usize| !first.region.inside[n] && picture[n] > rim && depth[n] > -5.0;
    let ring = (0..count).map(|n| if is_ring(n) { 1.0 } else { 0.0 }).collect();
    let high = field.local_mean(picture, ring, 0.75 * LOCAL_MM, bone);

    let levels = Levels::of(picture, first, &depth, bone);
    let from_middle = middle_distances(field, first);
    let way = brightest_on_the_way(field, &first.picture);
    let mut around: Vec<f32> = first.picture.iter().map(|v| if levels.share(*v) > 0.55 { 1.0 } else { 0.0 }).collect();
    blur::gaussian(&mut around, &field.region, LOCAL_MM);
    let sum = |n: usize| {
        let share = ((picture[n] - low[n]) / (high[n] - low[n]).max(50.0)).clamp(-1.5, 2.5);
        let sum = says(weight::BRIGHTNESS, share, 1.0) - says(weight::DEPTH, depth[n].clamp(-6.0, 6.0), 2.0)
            + says(weight::MIDDLE, from_middle[n], 2.0)
            + says(weight::REACH, field.far[n] / field.reach, 2.0)
            + says(weight::WAY, levels.share(way[n]).clamp(-1.0, 2.5), 1.0)
            - says(weight::AROUND, around[n], 1.0)
            + says(weight::BOND, first.against[n] - first.own[n], 1.0);
        if field.in_reach(n) && field.is_near(n, 0.5) { sum.min(-0.1) } else { sum }
    };
    (0..count).map(sum).collect()
}

/// The levels of the lesion as a whole and of bone.
struct Levels {
    lesion: f32,
    gap: f32,
}

impl Levels {
    fn of(picture: &[f32], first: &First, depth: &[f32], bone: f32) -> Levels {
        let deepest = depth.iter().copied().fold(0.0, f32::max);
        let deep = |n: &usize| first.region.inside[*n] && depth[*n] >= (0.6 * deepest).min(1.5);
        let lesion = median((0..picture.len()).filter(deep).map(|n| picture[n]).collect());
        Levels { lesion, gap: (bone - lesion).max(50.0) }
    }

    fn share(&self, value: f32) -> f32 {
        (value - self.lesion) / self.gap
    }
}

/// Distance of each voxel from the middle of the first answer, in radii of a ball of the answer's volume.
fn middle_distances(field: &Field, first: &First) -> Vec<f32> {
    let region = &first.region;
    let place = |n: usize| {
        let at = region.at(n);
        [0, 1, 2].map(|a| region.at_mm[a][at[a]])
    };
    let members: Vec<usize> = (0..region.inside.len()).filter(|n| region.inside[*n]).collect();
    let sum = members.iter().map(|n| place(*n)).fold([0.0; 3], |s, p| [0, 1, 2].map(|a| s[a] + p[a]));
    let middle = sum.map(|s| s / members.len().max(1) as f64);
    let radius = (3.0 * members.len() as f64 * field.voxel_mm3 / (4.0 * std::f64::consts::PI)).cbrt().max(1.0);
    let far = |n: usize| {
        let p = place(n);
        ((0..3).map(|a| (p[a] - middle[a]).powi(2)).sum::<f64>().sqrt() / radius) as f32
    };
    (0..region.inside.len()).map(far).collect()
}

/// The brightest value on the straight way from the seed to each voxel, both included. A voxel's way leads over its
/// neighbour towards the seed, which lies on the next smaller cube about it; so cubes are taken from the inside out.
fn brightest_on_the_way(field: &Field, picture: &[f32]) -> Vec<f32> {
    let region = &field.region;
    let seed = region.at(field.seed).map(|c| c as i64);
    let offset = |n: usize| {
        let at = region.at(n);
        [0, 1, 2].map(|a| at[a] as i64 - seed[a])
    };
    let ring = |n: usize| offset(n).into_iter().map(i64::abs).max().unwrap_or(0) as usize;
    let mut rings: Vec<Vec<u32>> = Vec::new();
    for n in 0..picture.len() {
        let r = ring(n);
        if rings.len() <= r {
            rings.resize(r + 1, Vec::new());
        }
        rings[r].push(n as u32);
    }
    let mut brightest = picture.to_vec();
    for (r, members) in rings.iter().enumerate().skip(1) {
        for n in members.iter().map(|n| *n as usize) {
            let d = offset(n);
            let share = (r - 1) as f64 / r as f64;
            let before = [0, 1, 2].map(|a| (seed[a] + (d[a] as f64 * share).round() as i64) as usize);
            brightest[n] = brightest[n].max(brightest[region.flat(before)]);
        }
    }
    brightest
}
