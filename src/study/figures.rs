//! Figures of a volume's rescaled values: smallest, largest, mean, and the digest by which others can compare theirs.

use super::info::VoxelFigures;
use super::series::hex;
use crate::volume::{Rescale, Samples, SliceSamples, Volume};
use sha2::{Digest, Sha256};

/// Figures of all values after the modality transform.
pub fn figures(volume: &Volume) -> VoxelFigures {
    let [columns, rows, slices] = volume.size();
    let (mut digest, mut bytes) = (Sha256::new(), Vec::new());
    let mut all = Sums::default();
    for k in 0..slices {
        let samples = slice(&volume.samples, columns * rows, k);
        let rescale = volume.rescales.of_slice(k);
        bytes.clear();
        each(samples, rescale, |value| bytes.extend_from_slice(&(value as f32).to_le_bytes()));
        digest.update(&bytes);
        all.add(sums(samples, rescale));
    }
    VoxelFigures {
        min: all.min,
        max: all.max,
        mean: if all.count > 0 { all.sum / all.count as f64 } else { 0.0 },
        sha256: hex(&digest.finalize()),
    }
}

/// Sum, smallest and largest of rescaled values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sums {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The smallest; 0 when there are none.
    pub min: f64,
    /// The largest; 0 when there are none.
    pub max: f64,
}

impl Default for Sums {
    fn default() -> Self {
        Self { count: 0, sum: 0.0, min: 0.0, max: 0.0 }
    }
}

impl Sums {
    /// Adds others.
    pub fn add(&mut self, other: Sums) {
        let (min, max) = (self.min.min(other.min), self.max.max(other.max));
        let sum = self.sum + other.sum;
        *self = match (self.count, other.count) {
            (0, _) => other,
            (_, 0) => *self,
            (a, b) => Sums { count: a + b, sum, min, max },
        };
    }
}

/// Sums of one slice. Whole numbers are summed exactly.
pub fn sums(samples: SliceSamples, rescale: Rescale) -> Sums {
    macro_rules! whole {
        ($values:expr, $number:ty, $total:ty) => {{
            let mut total = 0;
            let (mut low, mut high) = (<$number>::MAX, <$number>::MIN);
            // Sums of a few thousand fit 32 bits, which the processor adds many at a time.
            for piece in $values.chunks(4096) {
                let mut sum: $total = 0;
                for &v in piece {
                    sum += <$total>::from(v);
                    low = low.min(v);
                    high = high.max(v);
                }
                total += i64::from(sum);
            }
            (total as f64, f64::from(low), f64::from(high), $values.len())
        }};
    }
    let (sum, low, high, count) = match samples {
        SliceSamples::U8(v) => whole!(v, u8, u32),
        SliceSamples::I16(v) => whole!(v, i16, i32),
        SliceSamples::U16(v) => whole!(v, u16, u32),
        SliceSamples::F32(v) => {
            let sum = v.iter().map(|&x| f64::from(x)).sum();
            let low = v.iter().copied().fold(f32::INFINITY, f32::min);
            let high = v.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            (sum, f64::from(low), f64::from(high), v.len())
        }
    };
    if count == 0 {
        return Sums::default();
    }
    let (a, b) = (rescale.apply(low), rescale.apply(high));
    let sum = sum * rescale.slope + count as f64 * rescale.intercept;
    Sums { count: count as u64, sum, min: a.min(b), max: a.max(b) }
}

fn slice(samples: &Samples, length: usize, k: usize) -> SliceSamples<'_> {
    let range = k * length..(k + 1) * length;
    match samples {
        Samples::U8(v) => SliceSamples::U8(&v[range]),
        Samples::I16(v) => SliceSamples::I16(&v[range]),
        Samples::U16(v) => SliceSamples::U16(&v[range]),
        Samples::F32(v) => SliceSamples::F32(&v[range]),
    }
}

fn each(samples: SliceSamples, rescale: Rescale, mut take: impl FnMut(f64)) {
    match samples {
        SliceSamples::U8(v) => v.iter().for_each(|&s| take(rescale.apply(f64::from(s)))),
        SliceSamples::I16(v) => v.iter().for_each(|&s| take(rescale.apply(f64::from(s)))),
        SliceSamples::U16(v) => v.iter().for_each(|&s| take(rescale.apply(f64::from(s)))),
        SliceSamples::F32(v) => v.iter().for_each(|&s| take(rescale.apply(f64::from(s)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_and_follow_a_negative_slope() {
        let values: Vec<i16> = (0..10_000).map(|n| (n * 7 % 4001 - 1024) as i16).collect();
        let rescale = Rescale { slope: -2.0, intercept: 5.0 };
        let expected: f64 = values.iter().map(|&v| rescale.apply(f64::from(v))).sum();
        let got = sums(SliceSamples::I16(&values), rescale);
        let (low, high) = (values.iter().min().unwrap(), values.iter().max().unwrap());
        assert_eq!((got.sum, got.count), (expected, 10_000));
        assert_eq!((got.min, got.max), (rescale.apply(f64::from(*high)), rescale.apply(f64::from(*low))));
    }

    #[test]
    fn nothing_adds_nothing() {
        let mut all = Sums::default();
        all.add(sums(SliceSamples::F32(&[-3.0, -1.0]), Rescale::IDENTITY));
        all.add(sums(SliceSamples::U8(&[]), Rescale::IDENTITY));
        assert_eq!(all, Sums { count: 2, sum: -4.0, min: -3.0, max: -1.0 });
    }
}
