//! Figures of a set of values: mean, standard deviation (n − 1), percentiles by linear interpolation, histogram; and the
//! exact distribution of a whole volume, which the automatic window reads.

use super::{Rescale, Rescales, Samples, Volume};
use rayon::prelude::*;
use std::ops::Range;

/// Figures of some values, in the values' unit.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[allow(missing_docs)]
pub struct Statistics {
    /// How many values.
    pub count: usize,
    pub mean: f64,
    /// Standard deviation with n − 1; 0 of a single value.
    pub sd: f64,
    pub min: f64,
    pub max: f64,
    pub p5: f64,
    pub p50: f64,
    pub p95: f64,
}

impl Statistics {
    /// Figures of `values`, which are sorted on the way; `None` of no values. Values must be numbers.
    pub fn of(values: &mut [f64]) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
        let sd = if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
        let [p5, p50, p95] = [5.0, 50.0, 95.0].map(|p| percentile(values, p));
        Some(Self { count: values.len(), mean, sd, min, max, p5, p50, p95 })
    }
}

/// The `percent`-th percentile of ascending values: position `percent / 100 × (n − 1)`, linear between neighbours (the
/// default of numpy). Not a number when there are none.
pub fn percentile(ascending: &[f64], percent: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else { return f64::NAN };
    let at = (percent / 100.0).clamp(0.0, 1.0) * last as f64;
    let low = at.floor() as usize;
    let (a, b) = (ascending[low], ascending[(low + 1).min(last)]);
    a + (b - a) * (at - low as f64)
}

/// Counts of values in equal bins over `range`; the last bin holds the upper end, values outside are not counted.
pub fn histogram(values: impl IntoIterator<Item = f64>, range: Range<f64>, bins: usize) -> Vec<u64> {
    let mut counts = vec![0; bins];
    let width = (range.end - range.start) / bins as f64;
    for v in values {
        if v >= range.start && v <= range.end && width > 0.0 {
            let bin = (((v - range.start) / width) as usize).min(bins - 1);
            counts[bin] += 1;
        }
    }
    counts
}

/// How often each value of a volume occurs, ascending; the stored "no data" values are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Values with their counts, ascending by value.
    counted: Vec<(f64, u64)>,
    total: u64,
}

/// Floats have no table of possible values: this many are drawn at even distances.
const DRAWN: usize = 1 << 21;

impl Distribution {
    /// Of the slices `slices` of a volume, in rescaled units: exact for integer samples, drawn at even distances for floats.
    pub fn of_slices(volume: &Volume, slices: Range<usize>) -> Self {
        let [nx, ny, nz] = volume.size();
        let slices = slices.start.min(nz)..slices.end.min(nz);
        let counted = match &volume.rescales {
            Rescales::Uniform(r) => {
                let samples = slices.start * nx * ny..slices.end * nx * ny;
                let stored = count(&volume.samples, samples, volume.padding);
                stored.into_iter().map(|(v, n)| (r.apply(v), n)).collect()
            }
            Rescales::PerSlice(_) => slices
                .into_par_iter()
                .flat_map_iter(|k| {
                    let r = volume.rescales.of_slice(k);
                    let stored = count(&volume.samples, k * nx * ny..(k + 1) * nx * ny, volume.padding);
                    stored.into_iter().map(move |(v, n)| (r.apply(v), n))
                })
                .collect(),
        };
        Self::new(counted)
    }

    /// Of values, each counted once.
    pub fn of_values(values: impl IntoIterator<Item = f64>) -> Self {
        Self::new(values.into_iter().map(|v| (v, 1)).collect())
    }

    /// Of stored samples under one rescale: a slice that has just been decoded.
    pub fn of_samples(samples: &Samples, rescale: Rescale, padding: Option<(i32, i32)>) -> Self {
        let stored = count(samples, 0..samples.len(), padding);
        Self::new(stored.into_iter().map(|(v, n)| (rescale.apply(v), n)).collect())
    }

    fn new(mut counted: Vec<(f64, u64)>) -> Self {
        counted.retain(|(v, _)| v.is_finite());
        counted.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total = counted.iter().map(|c| c.1).sum();
        Self { counted, total }
    }

    /// Smallest and largest value; `None` when there is none.
    pub fn range(&self) -> Option<(f64, f64)> {
        Some((self.counted.first()?.0, self.counted.last()?.0))
    }

    /// Values with how often they occur, ascending.
    pub fn counted(&self) -> &[(f64, u64)] {
        &self.counted
    }

    /// The percentile as [`percentile`] defines it.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let at = (percent / 100.0).clamp(0.0, 1.0) * self.total.checked_sub(1)? as f64;
        let low = at.floor() as u64;
        let (a, b) = (self.nth(low)?, self.nth(low + 1).or_else(|| self.nth(low))?);
        Some(a + (b - a) * (at - low as f64))
    }

    fn nth(&self, n: u64) -> Option<f64> {
        let mut before = 0;
        let holds = |c: &&(f64, u64)| {
            before += c.1;
            before > n
        };
        self.counted.iter().find(holds).map(|c| c.0)
    }
}

/// Stored values with their counts.
fn count(samples: &Samples, range: Range<usize>, padding: Option<(i32, i32)>) -> Vec<(f64, u64)> {
    let padded = |v: f64| padding.is_some_and(|(a, b)| v >= f64::from(a) && v <= f64::from(b));
    let table = match samples {
        Samples::U8(v) => tally(v.get(range).unwrap_or(&[]), 0, usize::from),
        Samples::U16(v) => tally(v.get(range).unwrap_or(&[]), 0, usize::from),
        Samples::I16(v) => tally(v.get(range).unwrap_or(&[]), -32768, |s| (i32::from(s) + 32768) as usize),
        Samples::F32(v) => {
            let v = v.get(range).unwrap_or(&[]);
            v.iter().step_by(v.len() / DRAWN + 1).map(|s| (f64::from(*s), 1)).collect()
        }
    };
    table.into_iter().filter(|c| !padded(c.0)).collect()
}

fn tally<S: Copy + Sync>(samples: &[S], first: i32, bin: impl Fn(S) -> usize + Sync) -> Vec<(f64, u64)> {
    let part = |chunk: &[S]| {
        let mut counts = vec![0u64; 1 << 16];
        chunk.iter().for_each(|s| counts[bin(*s) & 0xffff] += 1);
        counts
    };
    let add = |mut a: Vec<u64>, b: Vec<u64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    let counts = samples.par_chunks(1 << 22).map(part).reduce(|| vec![0; 1 << 16], add);
    let value = |(at, n): (usize, u64)| (f64::from(first + at as i32), n);
    counts.into_iter().enumerate().filter(|c| c.1 > 0).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{DVec3, Geometry, PatientPoint};
    use crate::volume::{Kind, Rescale};

    fn volume(samples: Samples, size: [usize; 3], rescales: Rescales) -> Volume {
        let geometry =
            Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], size).expect("spans space");
        let (kind, units, voi) = (Kind::Volume, "HU".to_owned(), vec![]);
        Volume { geometry, kind, samples, rescales, units, inverted: false, voi, padding: None }
    }

    #[test]
    fn figures_of_a_handful_by_hand() {
        let s = Statistics::of(&mut [4.0, 1.0, 2.0, 10.0]).expect("four values");
        assert_eq!((s.count, s.mean, s.min, s.max, s.p50), (4, 4.25, 1.0, 10.0, 3.0));
        assert!((s.sd - (48.75f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((s.p5 - 1.15).abs() < 1e-12 && (s.p95 - 9.1).abs() < 1e-12, "as numpy.percentile: {s:?}");
        assert_eq!(Statistics::of(&mut [7.0]).map(|s| (s.sd, s.p5, s.p95)), Some((0.0, 7.0, 7.0)));
        assert_eq!(Statistics::of(&mut []), None);
    }

    #[test]
    fn histogram_counts_the_upper_end_and_nothing_outside() {
        assert_eq!(histogram([-1.0, 0.0, 0.5, 1.0, 1.9, 2.0, 2.1], 0.0..2.0, 2), [2, 3]);
    }

    #[test]
    fn a_distribution_has_the_percentiles_of_its_sorted_values() {
        let stored: Vec<i16> = (0..6000).map(|n| (n * 7919 % 4001) as i16 - 900).collect();
        let r = Rescale { slope: 0.5, intercept: -3.0 };
        let d = |padding| {
            let mut v = volume(Samples::I16(stored.clone()), [30, 20, 10], Rescales::Uniform(r));
            v.padding = padding;
            Distribution::of_slices(&v, 2..7)
        };
        let mut kept: Vec<f64> = stored[1200..4200].iter().map(|s| r.apply(f64::from(*s))).collect();
        kept.sort_by(f64::total_cmp);
        for p in [0.0, 0.5, 33.3, 99.5, 100.0] {
            let got = d(None).percentile(p).expect("values");
            assert!((got - percentile(&kept, p)).abs() < 1e-9, "{p} %: {got}");
        }
        assert!(d(Some((-900, -100))).range().expect("values").0 > r.apply(-101.0), "padding is left out");
    }

    #[test]
    fn slices_with_their_own_rescale_are_told_apart_and_floats_are_drawn() {
        let each = Rescales::PerSlice(vec![Rescale::IDENTITY, Rescale { slope: 10.0, intercept: 1.0 }]);
        let v = volume(Samples::U8(vec![1, 2, 1, 2]), [2, 1, 2], each);
        assert_eq!(Distribution::of_slices(&v, 0..2).counted(), [(1.0, 1), (2.0, 1), (11.0, 1), (21.0, 1)]);
        let v = volume(Samples::F32(vec![0.5, f32::NAN, -2.0, 1.0]), [2, 2, 1], Rescales::Uniform(Rescale::IDENTITY));
        assert_eq!(Distribution::of_slices(&v, 0..9).range(), Some((-2.0, 1.0)));
    }
}
