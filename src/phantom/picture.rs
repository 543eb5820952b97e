//! What the modalities share: jittered samples inside voxels, and blurring of pictures.

use super::math::hash;
use super::tissue::Tissue;
use crate::space::DVec3;

/// How many samples a voxel gets along columns, rows and slices.
pub(super) type Subsamples = [usize; 3];

/// Every so many samples of a voxel one is a probe.
const PROBE_STRIDE: usize = 5;

/// The `n`-th sample point of a voxel in voxel coordinates, jittered by a hash so that edges do not alias. Across the
/// slice the jitter is small: thin plates that lie in the slice would otherwise come out speckled.
pub(super) fn subsample(voxel: [usize; 3], counts: Subsamples, n: usize) -> DVec3 {
    let [a, b, _] = counts;
    let cell = [n % a, n / a % b, n / (a * b)];
    let h = hash(0x5AB5, voxel[0] as i64, voxel[1] as i64, (voxel[2] * 64 + n) as i64);
    let at = |axis: usize, strength: f64| {
        let jitter = 0.5 + strength * ((h >> (16 * axis) & 0xFFFF) as f64 / 65_536.0 - 0.5);
        (cell[axis] as f64 + jitter) / counts[axis] as f64 - 0.5 + voxel[axis] as f64
    };
    DVec3::new(at(0, 1.0), at(1, 1.0), at(2, 0.3))
}

/// Mean value over a voxel. Only where the probes meet different tissues are the other samples taken too. `sample` gives
/// the tissue and the value at a point in voxel coordinates.
pub(super) fn voxel_mean(voxel: [usize; 3], counts: Subsamples, sample: impl Fn(DVec3) -> (Tissue, f64)) -> f64 {
    let total = counts.iter().product::<usize>();
    let at = |n: usize| sample(subsample(voxel, counts, n));
    let (first, mut sum) = at(0);
    let (mut taken, mut uniform) = (1, true);
    for n in (PROBE_STRIDE..total).step_by(PROBE_STRIDE) {
        let (tissue, value) = at(n);
        sum += value;
        taken += 1;
        uniform &= tissue == first;
    }
    if !uniform {
        for n in (0..total).filter(|n| n % PROBE_STRIDE != 0) {
            sum += at(n).1;
            taken += 1;
        }
    }
    sum / f64::from(taken)
}

/// Smooths a picture in place with `[w, 1 - 2w, w]` along columns, then rows; the outer pixels repeat.
pub(super) fn blur(picture: &mut [f64], columns: usize, w: f64) {
    let rows = picture.len() / columns.max(1);
    let smooth = |picture: &mut [f64], start: usize, stride: usize, n: usize| {
        let mut before = picture[start];
        for i in 0..n {
            let at = start + i * stride;
            let here = picture[at];
            let after = if i + 1 < n { picture[at + stride] } else { here };
            picture[at] = here * (1.0 - 2.0 * w) + w * (before + after);
            before = here;
        }
    };
    (0..rows).for_each(|r| smooth(picture, r * columns, 1, columns));
    (0..columns).for_each(|c| smooth(picture, c, columns, rows));
}

/// Mean over a square of `2 radius + 1` pixels, cut off at the picture's edges.
pub(super) fn box_mean(picture: &[f64], columns: usize, radius: usize) -> Vec<f64> {
    let rows = picture.len() / columns.max(1);
    let run = |from: &[f64], start: usize, stride: usize, n: usize, to: &mut [f64]| {
        let mut sums = vec![0.0; n + 1];
        (0..n).for_each(|i| sums[i + 1] = sums[i] + from[start + i * stride]);
        for i in 0..n {
            let (low, high) = (i.saturating_sub(radius), (i + radius + 1).min(n));
            to[start + i * stride] = (sums[high] - sums[low]) / (high - low) as f64;
        }
    };
    let mut along = vec![0.0; picture.len()];
    (0..rows).for_each(|r| run(picture, r * columns, 1, columns, &mut along));
    let mut both = vec![0.0; picture.len()];
    (0..columns).for_each(|c| run(&along, c, columns, rows, &mut both));
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_sum_away_from_edges() {
        let mut picture = vec![0.0; 49];
        picture[24] = 1.0;
        let mean = box_mean(&picture, 7, 1);
        blur(&mut picture, 7, 0.2);
        assert!((picture.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((picture[24] - 0.36).abs() < 1e-12);
        assert!((mean[24] - 1.0 / 9.0).abs() < 1e-12 && mean[0] == 0.0);
    }

    #[test]
    fn mixed_voxels_take_every_sample() {
        let seen = std::cell::Cell::new(0);
        let mean = |border: f64| {
            seen.set(0);
            voxel_mean([0, 0, 0], [2, 2, 6], |p| {
                seen.set(seen.get() + 1);
                if p.z < border { (Tissue::Fat, -100.0) } else { (Tissue::Cord, 50.0) }
            })
        };
        assert_eq!((mean(-9.0), seen.get()), (50.0, 5));
        assert_eq!((mean(0.0), seen.get()), (-25.0, 24));
    }

    #[test]
    fn subsamples_fill_their_own_cell_of_the_voxel() {
        for n in 0..12 {
            let p = subsample([5, 6, 7], [2, 2, 3], n) - DVec3::new(5.0, 6.0, 7.0);
            assert!(p.abs().max_element() <= 0.5);
            assert_eq!(p.x >= 0.0, n % 2 == 1, "sample {n} lies at {p}");
        }
    }
}
