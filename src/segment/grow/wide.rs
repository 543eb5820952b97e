//! Very smooth fields, held on as few places as they need.

use crate::segment::{Region, blur};

/// A field blurred so wide that whole blocks of voxels share a place.
#[derive(Clone)]
pub(super) struct Wide {
    places: Region,
    /// Voxels a block along each axis.
    step: [usize; 3],
    values: Vec<f32>,
}

impl Wide {
    /// `values` of the region's box through a Gaussian; blocks are at most half of its width long.
    pub fn blurred(values: &[f32], region: &Region, sigma_mm: f64) -> Wide {
        let spacing = mean_spacing_mm(region);
        let step = [0, 1, 2].map(|a| ((0.5 * sigma_mm / spacing[a]) as usize).clamp(1, 16));
        let [nx, ny, nz] = region.size;
        let size = [0, 1, 2].map(|a| region.size[a].div_ceil(step[a]));
        let middle = |block: &[f64]| block.iter().sum::<f64>() / block.len() as f64;
        let at_mm = [0, 1, 2].map(|a| region.at_mm[a].chunks(step[a]).map(middle).collect());
        let places = Region { low: [0; 3], size, inside: Vec::new(), at_mm };
        let mut values_of = vec![0.0f32; size.iter().product()];
        for (row, line) in values.chunks_exact(nx).enumerate().take(ny * nz) {
            let first = places.flat([0, row % ny / step[1], row / ny / step[2]]);
            for (sum, block) in values_of[first..first + size[0]].iter_mut().zip(line.chunks(step[0])) {
                *sum += block.iter().sum::<f32>();
            }
        }
        let members = |a: usize, n: usize| (region.size[a] - n * step[a]).min(step[a]);
        for (n, value) in values_of.iter_mut().enumerate() {
            let at = places.at(n);
            *value /= (0..3).map(|a| members(a, at[a])).product::<usize>() as f32;
        }
        blur::gaussian(&mut values_of, &places, sigma_mm);
        Wide { places, step, values: values_of }
    }

    /// The same blurred once more.
    pub fn wider(&self, sigma_mm: f64) -> Wide {
        let mut wider = self.clone();
        blur::gaussian(&mut wider.values, &self.places, sigma_mm);
        wider
    }

    /// The value at a voxel of the region's box.
    pub fn at(&self, voxel: [usize; 3]) -> f32 {
        let place = |a: usize| (voxel[a] as f32 + 0.5) / self.step[a] as f32 - 0.5;
        between(&self.places, &self.values, [place(0), place(1), place(2)])
    }
}

/// Mean distance of neighbouring columns, rows and slices of a box, mm; 1 where there is but one.
pub(super) fn mean_spacing_mm(region: &Region) -> [f64; 3] {
    [0, 1, 2].map(|a| match region.at_mm[a].as_slice() {
        [first, .., last] => (last - first).abs() / (region.size[a] - 1) as f64,
        _ => 1.0,
    })
}

/// The value at a place between voxels (in voxels of the box), linear; beyond the box that of its edge.
pub(super) fn between(region: &Region, values: &[f32], place: [f32; 3]) -> f32 {
    let (mut low, mut part, mut step) = ([0; 3], [0.0; 3], [0; 3]);
    let mut stride = 1;
    for a in 0..3 {
        let last = region.size[a] - 1;
        let x = place[a].clamp(0.0, last as f32);
        low[a] = (x as usize).min(last.saturating_sub(1));
        part[a] = x - low[a] as f32;
        step[a] = if last > 0 { stride } else { 0 };
        stride *= region.size[a];
    }
    let base = region.flat(low);
    let mix = |share: f32, a: f32, b: f32| a + share * (b - a);
    let line = |n: usize| mix(part[0], values[n], values[n + step[0]]);
    let face = |n: usize| mix(part[1], line(n), line(n + step[1]));
    mix(part[2], face(base), face(base + step[2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::test_grids::grids;

    #[test]
    fn on_blocks_a_wide_blur_is_what_it_is_voxel_by_voxel() {
        for g in grids() {
            let region = Region::empty(&g, [0, 0, 0], g.size().map(|n| n - 1));
            let values: Vec<f32> = (0..region.inside.len())
                .map(|n| {
                    let at = region.at(n);
                    (at[0] as f32 * 0.4).sin() + (at[1] as f32 * 0.3).cos() + 0.1 * at[2] as f32
                })
                .collect();
            let mut exact = values.clone();
            blur::gaussian(&mut exact, &region, 5.0);
            let wide = Wide::blurred(&values, &region, 5.0);
            assert!(wide.values.len() * 3 <= values.len(), "{:?} of {:?}", wide.places.size, region.size);
            for (n, want) in exact.iter().enumerate() {
                let got = wide.at(region.at(n));
                assert!((got - want).abs() < 0.2, "{got} for {want} at {:?}", region.at(n));
            }
        }
    }

    #[test]
    fn between_voxels_values_are_linear_and_beyond_the_box_they_stay() {
        let region = Region::empty(&grids()[0], [0, 0, 0], [4, 3, 0]);
        let values: Vec<f32> = (0..region.inside.len()).map(|n| region.at(n)[0] as f32).collect();
        assert_eq!(between(&region, &values, [1.25, 0.5, 0.0]), 1.25);
        assert_eq!(between(&region, &values, [-3.0, 9.0, 2.0]), 0.0);
        assert_eq!(between(&region, &values, [7.0, 1.0, 0.0]), 4.0);
    }
}
