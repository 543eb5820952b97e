//! The small network that weighs the evidence for each voxel.
//!
//! Trained (`benches/grow/train.py`) on random virtual lesions (`benches/grow/lesions.py`) in three CTs: a torso of 0.98 × 0.98
//! × 3.27 mm, lumbar spines of 3 mm and of 1.5 mm, the torso and the latter also resampled to finer grids and to thicker
//! slices, the latter also without its noise and with sharp lesions; 1,061 lesions. And on 807 lesions in boxes of made bone
//! (`benches/grow/boxes.py`), sharp, fine and with little noise: without these it drew such scans too large or too small.
//! Three simulated readers each. None overlaps a lesion on which figures are reported, but two of the scans are the same as
//! there. Loss: one less Dice of each lesion, and cross-entropy. A patient left out of training is drawn a little too small:
//! therefore 0.35 are added to the log odds. The answer is the mean of three networks that differ in their random start. The
//! lesions are made, not real, as are the readers.

use super::evidence::COUNT;

/// Sizes of the two hidden layers.
const FIRST: usize = 20;
const SECOND: usize = 12;

/// Numbers of one network: weights and offsets layer by layer, weights by input, then by output.
const NUMBERS: usize = COUNT * FIRST + FIRST + FIRST * SECOND + SECOND + SECOND + 1;

/// Little-endian `f32`.
static TRAINED: &[u8] = include_bytes!("network.bin");

/// The networks, laid out for the search.
pub(super) struct Networks(Vec<f32>);

impl Networks {
    pub fn trained() -> Networks {
        Networks(TRAINED.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }

    /// How likely a voxel is to be lesion, as the logarithm of its odds: above zero it is. Sums are always taken in the same
    /// order, so that every machine gives the same answer.
    pub fn log_odds(&self, evidence: &[f32; COUNT]) -> f32 {
        let networks = self.0.chunks_exact(NUMBERS);
        let count = networks.len().max(1) as f32;
        networks.map(|n| one(n, evidence)).sum::<f32>() / count
    }
}

fn one(numbers: &[f32], evidence: &[f32; COUNT]) -> f32 {
    let (first, rest) = numbers.split_at(COUNT * FIRST + FIRST);
    let (second, last) = rest.split_at(FIRST * SECOND + SECOND);
    let hidden: [f32; FIRST] = layer(first, evidence);
    let hidden: [f32; SECOND] = layer(second, &hidden);
    let (weights, offset) = last.split_at(SECOND);
    weights.iter().zip(&hidden).fold(offset[0], |sum, (w, x)| sum + w * x)
}

/// A layer of rectified sums.
fn layer<const IN: usize, const OUT: usize>(numbers: &[f32], inputs: &[f32; IN]) -> [f32; OUT] {
    let (weights, offsets) = numbers.split_at(IN * OUT);
    let mut out: [f32; OUT] = std::array::from_fn(|n| offsets[n]);
    for (input, weights) in inputs.iter().zip(weights.chunks_exact(OUT)) {
        out.iter_mut().zip(weights).for_each(|(sum, w)| *sum += w * input);
    }
    out.map(|sum| sum.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trained_numbers_are_whole_networks_and_finite() {
        let networks = Networks::trained();
        assert!(!networks.0.is_empty() && networks.0.len().is_multiple_of(NUMBERS), "{}", networks.0.len());
        assert!(networks.0.iter().all(|n| n.is_finite()));
        assert!(TRAINED.len() < 100_000);
    }

    #[test]
    fn a_layer_is_offsets_and_weighted_inputs_and_never_below_zero() {
        let numbers = [1.0, -1.0, 2.0, 0.5, /* offsets */ 0.25, -3.0];
        assert_eq!(layer::<2, 2>(&numbers, &[3.0, 1.0]), [5.25, 0.0]);
    }
}
