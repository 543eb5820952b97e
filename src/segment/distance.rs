//! Exact Euclidean distances on a box of voxels with any spacing: the lower envelope of parabolas, one axis after the
//! other (Felzenszwalb & Huttenlocher, Theory of Computing 2012;8:415), here with uneven positions along an axis.

use super::Region;
use rayon::prelude::*;

/// For every voxel of the box the distance in mm to the nearest voxel centre for which `target` holds; infinite where
/// there is none at all.
pub fn distance_mm(region: &Region, target: impl Fn(usize) -> bool + Sync) -> Vec<f32> {
    /// Fewer voxels are not worth handing to another thread.
    const SHARE: usize = 1 << 15;
    let [nx, ny, nz] = region.size;
    let few = |voxels: usize| SHARE.div_ceil(voxels.max(1));
    let each = (0..nx * ny * nz).into_par_iter().with_min_len(SHARE);
    let mut squared: Vec<f32> = each.map(|n| if target(n) { 0.0 } else { f32::INFINITY }).collect();
    squared.par_chunks_mut(nx).with_min_len(few(nx)).for_each(|row| to_nearest(&region.at_mm[0], row));
    squared.par_chunks_mut(nx * ny).with_min_len(few(nx * ny)).for_each_init(Envelope::default, |envelope, slice| {
        (0..nx).for_each(|i| envelope.sweep(&region.at_mm[1], slice, i, nx));
    });
    // Along the slices lines are strided through the whole box: each is gathered, swept and put back.
    let plane = nx * ny;
    if nz == 1 {
        squared.iter_mut().for_each(|s| *s = s.sqrt());
        return squared;
    }
    let lines: Vec<Vec<f32>> = (0..plane)
        .into_par_iter()
        .with_min_len(few(nz))
        .map_init(Envelope::default, |envelope, n| {
            let mut line: Vec<f32> = (0..nz).map(|k| squared[n + plane * k]).collect();
            envelope.sweep(&region.at_mm[2], &mut line, 0, 1);
            line
        })
        .collect();
    squared.par_chunks_mut(plane).enumerate().for_each(|(k, slice)| {
        slice.iter_mut().zip(&lines).for_each(|(s, line)| *s = line[k].sqrt());
    });
    squared
}

/// Depth below the surface of a region in mm: distance to the nearest voxel outside for voxels inside, the negative
/// distance to the nearest one inside for the others. The box counts as bordered by outside.
pub fn depth_mm(region: &Region) -> Vec<f32> {
    let to_outside = distance_mm(region, |n| !region.inside[n]);
    let to_inside = distance_mm(region, |n| region.inside[n]);
    let step = |a: usize| region.at_mm[a].windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
    let steps: [f64; 3] = std::array::from_fn(step);
    let to_border = |n: usize| {
        let at = region.at(n);
        let near = (0..3).filter(|a| steps[*a].is_finite()).map(|a| {
            let line = &region.at_mm[a];
            (line[at[a]] - line[0]).min(line[line.len() - 1] - line[at[a]]) + steps[a]
        });
        near.fold(f64::INFINITY, f64::min) as f32
    };
    (0..region.inside.len())
        .map(|n| if region.inside[n] { to_outside[n].min(to_border(n)) } else { -to_inside[n] })
        .collect()
}

/// Along the first axis there are only zeros to measure from: squared distances to the nearest one of a line.
fn to_nearest(x: &[f64], line: &mut [f32]) {
    let mut seen: Option<f64> = None;
    for (value, x) in line.iter_mut().zip(x) {
        seen = if *value == 0.0 { Some(*x) } else { seen };
        *value = seen.map_or(f32::INFINITY, |s| ((x - s) * (x - s)) as f32);
    }
    let mut seen: Option<f64> = None;
    for (value, x) in line.iter_mut().zip(x).rev() {
        seen = if *value == 0.0 { Some(*x) } else { seen };
        *value = seen.map_or(*value, |s| value.min(((x - s) * (x - s)) as f32));
    }
}

/// Working memory of one line.
#[derive(Default)]
struct Envelope {
    /// Places of the parabolas that make up the lower envelope.
    at: Vec<usize>,
    /// From where on each of them is the lowest.
    from: Vec<f64>,
    values: Vec<f32>,
}

impl Envelope {
    /// Replaces squared distances along one line (`start`, `start + stride`, …) by those that also may move along it.
    fn sweep(&mut self, x: &[f64], line: &mut [f32], start: usize, stride: usize) {
        self.values.clear();
        self.values.extend((0..x.len()).map(|n| line[start + n * stride]));
        self.at.clear();
        self.from.clear();
        let f = &self.values;
        for q in (0..x.len()).filter(|q| f[*q].is_finite()) {
            let key = |n: usize| f64::from(f[n]) + x[n] * x[n];
            let mut from = f64::NEG_INFINITY;
            while let (Some(&v), Some(&begin)) = (self.at.last(), self.from.last()) {
                from = (key(q) - key(v)) / (2.0 * (x[q] - x[v]));
                if from > begin {
                    break;
                }
                self.at.pop();
                self.from.pop();
                from = f64::NEG_INFINITY;
            }
            self.at.push(q);
            self.from.push(from);
        }
        if self.at.is_empty() {
            return;
        }
        let mut lowest = 0;
        for (n, position) in x.iter().enumerate() {
            while lowest + 1 < self.at.len() && self.from[lowest + 1] < *position {
                lowest += 1;
            }
            let v = self.at[lowest];
            let d = position - x[v];
            line[start + n * stride] = (d * d + f64::from(f[v])) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::test_grids::{Dice, grids};

    #[test]
    fn distances_equal_the_brute_force_on_even_and_uneven_grids() {
        let mut dice = Dice(4);
        for g in grids() {
            let region = Region::empty(&g, [2, 3, 1], [13, 12, 6]);
            let targets: Vec<bool> = (0..region.inside.len()).map(|_| dice.next().is_multiple_of(40)).collect();
            let got = distance_mm(&region, |n| targets[n]);
            let place = |n: usize| {
                let at = region.at(n);
                [0, 1, 2].map(|a| region.at_mm[a][at[a]])
            };
            for (n, distance) in got.iter().enumerate() {
                let p = place(n);
                let to = |m: usize| (0..3).map(|a| (place(m)[a] - p[a]).powi(2)).sum::<f64>().sqrt();
                let want = (0..targets.len()).filter(|m| targets[*m]).map(to).fold(f64::INFINITY, f64::min);
                assert!((f64::from(*distance) - want).abs() < 1e-4, "{distance} is not {want}");
            }
        }
    }

    #[test]
    fn depth_is_positive_inside_and_negative_outside() {
        let g = &grids()[0];
        let mut region = Region::empty(g, [0, 0, 0], [9, 9, 9]);
        assert!(distance_mm(&region, |_| false).iter().all(|d| d.is_infinite()));
        for n in 0..region.inside.len() {
            region.inside[n] = region.at(n).iter().all(|c| (3..7).contains(c));
        }
        let depth = depth_mm(&region);
        for (n, d) in depth.iter().enumerate() {
            assert_eq!(region.inside[n], *d > 0.0);
        }
        assert!((depth[region.flat([2, 5, 5])] + 0.9).abs() < 1e-6);
        assert!(region.with(vec![true; 1000]).count() == 1000);
    }
}
