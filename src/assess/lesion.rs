//! Figures of one lesion's mask: size, axes, and the values beneath it. The cost follows the lesion, not the volume.

use super::diameter::axes_mm;
use crate::document::{Document, ImageKey, LabelMap, LesionId};
use crate::space::{Geometry, VoxelIndex};
use crate::volume::Volume;
use std::collections::BTreeMap;

/// Values under a mask, in the volume's units (HU of CT; on MR they have no unit).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueStats {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n − 1; `None` for a single voxel.
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// 5th percentile, by linear interpolation between order statistics.
    pub p5: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// Figures of a lesion on one series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LesionStats {
    /// Number of voxels.
    pub voxels: u64,
    /// Sum of the voxels' volumes (|determinant|; half gaps on uneven stacks), mm³.
    pub volume_mm3: f64,
    /// Largest distance of voxel centres within one acquired layer, mm; `None` when empty.
    pub long_axis_mm: Option<f64>,
    /// Extent at right angles to the long axis in the same layer, mm; `None` when empty.
    pub short_axis_mm: Option<f64>,
    /// Values; `None` when empty or when no volume of this grid was at hand.
    pub values: Option<ValueStats>,
}

/// Figures of a lesion as painted on `image`; all zero or absent where it has no voxels. `None` when the document knows
/// neither the lesion nor the image.
pub fn lesion_stats(doc: &Document, id: LesionId, image: &ImageKey, volume: Option<&Volume>) -> Option<LesionStats> {
    let (lesion, identity) = (doc.lesions.get(&id)?, doc.images.get(image)?);
    let flat = doc.masks.get(image).map_or_else(Vec::new, |m| m.voxels_of(lesion.label_value));
    Some(stats_of_voxels(&flat, &identity.geometry, volume))
}

/// Figures of the voxels at `flat` (ascending flat indices). A volume whose size is not the grid's is left out.
pub fn stats_of_voxels(flat: &[u64], geometry: &Geometry, volume: Option<&Volume>) -> LesionStats {
    let slice_voxels = (geometry.size()[0] * geometry.size()[1]) as u64;
    let slices = flat.chunk_by(|a, b| a / slice_voxels == b / slice_voxels);
    let volume_mm3 = match geometry.voxel_volume_mm3() {
        Some(one) => flat.len() as f64 * one,
        None => slices
            .map(|s| s.len() as f64 * geometry.slice_voxel_volume_mm3((s[0] / slice_voxels) as usize))
            .sum::<f64>(),
    };
    let axes = axes_mm(flat, geometry);
    let values = volume.filter(|v| v.size() == geometry.size()).and_then(|v| {
        let at = |f: &u64| v.value(VoxelIndex::from_flat(*f as usize, geometry.size()));
        value_stats(flat.iter().map(at).collect())
    });
    LesionStats {
        voxels: flat.len() as u64,
        volume_mm3,
        long_axis_mm: axes.map(|a| a.0),
        short_axis_mm: axes.map(|a| a.1),
        values,
    }
}

/// Statistics of values; `None` without any, or where one is not a finite number.
fn value_stats(mut values: Vec<f64>) -> Option<ValueStats> {
    let n = values.len();
    if n == 0 || !values.iter().all(|v| v.is_finite()) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    let p = [0.0, 0.05, 0.5, 0.95, 1.0].map(|share| quantile(&mut values, share));
    let sd = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
    Some(ValueStats { mean, sd, min: p[0], p5: p[1], p50: p[2], p95: p[3], max: p[4] })
}

/// The quantile at `share` (0…1) by linear interpolation at rank `share (n − 1)` (type 7 of Hyndman and Fan 1996);
/// reorders `values`, which may not be empty.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let rank = share * (values.len() - 1) as f64;
    let (_, low, above) = values.select_nth_unstable_by(rank.floor() as usize, f64::total_cmp);
    let low = *low;
    let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    low + rank.fract() * (next - low)
}

/// The voxels of every label of a map in one pass: label to ascending flat indices.
pub fn voxels_by_label(map: &LabelMap) -> BTreeMap<u16, Vec<u64>> {
    let mut by_label: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
    for (at, label) in map.painted() {
        by_label.entry(label).or_default().push(at.flat(map.size()) as u64);
    }
    for flat in by_label.values_mut() {
        flat.sort_unstable();
    }
    by_label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Run;
    use crate::space::{DVec3, PatientPoint};
    use crate::volume::{Kind, Rescale, Rescales, Samples, SliceVoi};

    fn geometry() -> Geometry {
        let steps = [DVec3::X * 0.8, DVec3::Y * 0.8, DVec3::new(0.0, 0.4, 2.0)];
        Geometry::regular(PatientPoint::ORIGIN, steps, [10, 10, 4]).expect("spans space")
    }

    fn volume() -> Volume {
        Volume {
            geometry: geometry(),
            kind: Kind::Volume,
            samples: Samples::I16((0..400).collect()),
            rescales: Rescales::Uniform(Rescale { slope: 2.0, intercept: -100.0 }),
            units: "HU".to_owned(),
            inverted: false,
            voi: vec![SliceVoi::default()],
            padding: None,
        }
    }

    #[test]
    fn figures_are_those_of_the_formulas() {
        let s = stats_of_voxels(&[0, 1, 2, 3, 100], &geometry(), Some(&volume()));
        let v = s.values.expect("painted");
        // Values −100, −98, −96, −94, 100.
        assert_eq!((s.voxels, v.min, v.max, v.p50), (5, -100.0, 100.0, -96.0));
        assert!((v.mean + 57.6).abs() < 1e-12);
        assert!((v.sd.expect("several") - 7766.8f64.sqrt()).abs() < 1e-9, "n - 1: {:?}", v.sd);
        assert!((v.p5 + 99.6).abs() < 1e-12 && (v.p95 - 61.2).abs() < 1e-12);
        assert!((s.volume_mm3 - 5.0 * 0.8 * 0.8 * 2.0).abs() < 1e-12, "shear does not change volume");
        assert_eq!(s.long_axis_mm.map(|a| (a * 1e6).round() / 1e6), Some(2.4));
    }

    #[test]
    fn one_voxel_has_no_deviation_and_none_has_no_values() {
        let one = stats_of_voxels(&[7], &geometry(), Some(&volume())).values.expect("painted");
        assert_eq!((one.mean, one.sd, one.p5, one.p95), (-86.0, None, -86.0, -86.0));
        let none = stats_of_voxels(&[], &geometry(), Some(&volume()));
        assert_eq!(none, LesionStats::default());
    }

    #[test]
    fn uneven_stacks_sum_their_own_slice_thicknesses() {
        let at = |z: f64| PatientPoint::new(0.0, 0.0, z).expect("finite");
        let steps = [DVec3::X, DVec3::Y, DVec3::Z * 3.0];
        let g = Geometry::uneven(vec![at(0.0), at(2.0), at(8.0)], steps, [5, 5]).expect("ascending");
        let s = stats_of_voxels(&[0, 30, 31, 60], &g, None);
        assert!((s.volume_mm3 - (2.0 + 4.0 + 4.0 + 6.0)).abs() < 1e-12, "{}", s.volume_mm3);
        assert_eq!(s.values, None);
    }

    #[test]
    fn labels_are_told_apart_in_one_pass() {
        let mut map = LabelMap::new([40, 20, 20]);
        map.paint(&[Run { start: 30, length: 40, label: 2 }, Run { start: 9000, length: 2, label: 7 }]);
        let by = voxels_by_label(&map);
        assert_eq!(by.keys().copied().collect::<Vec<_>>(), [2, 7]);
        assert_eq!(by[&2], (30..70).collect::<Vec<u64>>());
        assert_eq!(by[&7], map.voxels_of(7));
    }
}
