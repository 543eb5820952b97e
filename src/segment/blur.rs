//! Gaussian smoothing of a box of values with a width in millimetres, whatever the spacing: a sampled kernel along each
//! axis, renormalised where it leaves the box.

use super::Region;
use rayon::prelude::*;

/// Kernels reach this many standard deviations.
const REACH: f64 = 3.0;

/// Smooths `values` (laid out as the region's box) in place; a width of 0 leaves them.
pub fn gaussian(values: &mut Vec<f32>, region: &Region, sigma_mm: f64) {
    if sigma_mm <= 0.0 || values.is_empty() {
        return;
    }
    for axis in 0..3 {
        if region.size[axis] > 1 {
            *values = along(values, region, axis, sigma_mm);
        }
    }
}

/// Weights of the neighbours of each place along an axis: first neighbour, and the weights from there.
fn kernels(at_mm: &[f64], sigma_mm: f64) -> Vec<(usize, Vec<f32>)> {
    let weigh = |center: f64| {
        let first = at_mm.partition_point(|x| *x < center - REACH * sigma_mm);
        let raw: Vec<f64> = at_mm[first..]
            .iter()
            .take_while(|x| **x <= center + REACH * sigma_mm)
            .map(|x| (-0.5 * ((x - center) / sigma_mm).powi(2)).exp())
            .collect();
        let sum: f64 = raw.iter().sum();
        (first, raw.iter().map(|w| (w / sum) as f32).collect())
    };
    at_mm.iter().map(|c| weigh(*c)).collect()
}

fn along(values: &[f32], region: &Region, axis: usize, sigma_mm: f64) -> Vec<f32> {
    let kernels = kernels(&region.at_mm[axis], sigma_mm);
    let [nx, ny, _] = region.size;
    let stride = [1, nx, nx * ny][axis];
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut(nx).enumerate().for_each(|(row, line)| {
        let start = row * nx;
        if axis == 0 {
            for (i, (first, weights)) in kernels.iter().enumerate() {
                line[i] = weights.iter().zip(&values[start + first..]).map(|(w, v)| w * v).sum();
            }
            return;
        }
        // A whole row at a time, so that memory is walked in order.
        let place = if axis == 1 { row % ny } else { row / ny };
        let (first, weights) = &kernels[place];
        let base = start - place * stride + first * stride;
        for (n, weight) in weights.iter().enumerate() {
            let from = &values[base + n * stride..base + n * stride + nx];
            line.iter_mut().zip(from).for_each(|(l, v)| *l += weight * v);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::test_grids::grids;

    #[test]
    fn a_flat_field_stays_flat_and_a_spike_spreads_by_the_gaussian() {
        for g in grids() {
            let region = Region::empty(&g, [0, 0, 0], [14, 14, 6]);
            let mut flat = vec![3.0; region.inside.len()];
            gaussian(&mut flat, &region, 2.0);
            assert!(flat.iter().all(|v| (v - 3.0).abs() < 1e-4));
        }
        let region = Region::empty(&grids()[0], [0, 0, 0], [20, 18, 10]);
        let center = region.flat([10, 9, 5]);
        let mut spike = vec![0.0; region.inside.len()];
        spike[center] = 1.0;
        gaussian(&mut spike, &region, 1.8);
        let ratio = spike[region.flat([12, 9, 5])] / spike[center];
        assert!((ratio - (-0.5f32).exp()).abs() < 1e-3, "two columns are 1.8 mm, one standard deviation: {ratio}");
        let before = spike.clone();
        gaussian(&mut spike, &region, 0.0);
        assert_eq!(spike, before);
    }
}
