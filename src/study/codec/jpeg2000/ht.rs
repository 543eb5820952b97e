//! High-throughput code-blocks (T.814): one cleanup pass that codes quads of samples with short tables, and up to two passes
//! that add one more bit plane.

use super::block::{CodedSegment, signed};
use super::ht_bits::{Backward, Forward, Mel};
use super::ht_tables::{FIRST_ROW, OTHER_ROWS, QuadCode};

/// The block to decode.
#[derive(Clone, Copy)]
pub(super) struct HtBlock {
    pub width: usize,
    pub height: usize,
    /// Magnitude bits that may be set, and those above that are not.
    pub planes: u32,
    pub zero_planes: u32,
}

/// Decodes high-throughput code-blocks; its buffers are used again.
#[derive(Default)]
pub(super) struct HtDecoder {
    width: usize,
    height: usize,
    /// Twice the magnitudes with a centre bit, and the sign in the top bit; whole quads, row by row.
    samples: Vec<u32>,
    stride: usize,
    /// Codes and magnitude bounds U of the quads of a row.
    quads: Vec<(QuadCode, u32)>,
    /// Exponents of the lower samples of the quad row above, from column -1 on; 0 for insignificant ones.
    exponents: Vec<u8>,
    /// Significance with a border of one: 1 since the cleanup pass, 2 since the significance propagation pass.
    significance: Vec<u8>,
}

impl HtDecoder {
    /// Decodes a block; false when it makes no sense. `causal`: samples do not look at the stripe below.
    pub fn decode(&mut self, block: HtBlock, causal: bool, segments: &[CodedSegment]) -> bool {
        let HtBlock { width, height, planes, zero_planes } = block;
        (self.width, self.height, self.stride) = (width, height, width.next_multiple_of(4));
        self.samples.clear();
        self.samples.resize(self.stride * height.next_multiple_of(2), 0);
        let Some((cleanup, refinement)) = segments.split_first() else { return true };
        if planes == 0 || planes + zero_planes > 30 || cleanup.passes != 1 {
            return false;
        }
        if !self.clean_up(cleanup.data, planes, zero_planes) {
            return false;
        }
        match refinement {
            [] => true,
            [segment] if segment.data.is_empty() || planes == 1 => true,
            [segment] if segment.passes <= 2 => {
                self.propagate(segment.data, planes, causal);
                if segment.passes == 2 {
                    self.refine(segment.data, planes);
                }
                true
            }
            _ => false,
        }
    }

    /// Copies a row: twice the magnitudes, signed.
    pub fn copy_row(&self, row: usize, out: &mut [i32]) {
        let samples = &self.samples[row * self.stride..];
        out.iter_mut().zip(samples).for_each(|(out, sample)| *out = signed(*sample));
    }

    /// The cleanup pass (clause 7.3).
    fn clean_up(&mut self, data: &[u8], planes: u32, zero_planes: u32) -> bool {
        let [.., before_last, last] = data else { return false };
        let suffix = usize::from(*last) << 4 | usize::from(before_last & 15);
        if suffix < 2 || suffix > data.len() || suffix > 4079 {
            return false;
        }
        let (prefix, suffix) = data.split_at(data.len() - suffix);
        let suffix = &suffix[..suffix.len() - 1];
        let (mut mel, mut vlc, mut magnitudes) =
            (Mel::new(suffix), Backward::from_half(suffix), Forward::new(prefix, 0xFF));
        self.exponents.clear();
        self.exponents.resize(self.stride + 2, 0);
        self.quads.resize(self.stride / 2, (QuadCode::NONE, 0));
        for row in 0..self.height.div_ceil(2) {
            self.read_codes(row, &mut mel, &mut vlc);
            if !self.codes_are_possible(row, zero_planes) {
                return false;
            }
            self.read_magnitudes(row, planes, &mut magnitudes);
        }
        true
    }

    /// Codes and bounds of a row of quads, by pairs.
    fn read_codes(&mut self, row: usize, mel: &mut Mel, source: &mut Backward) {
        let mut vlc = *source;
        let table = if row == 0 { &FIRST_ROW } else { &OTHER_ROWS };
        let quads = self.width.div_ceil(2);
        let mut context = 0;
        for (pair, codes) in self.quads.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let mut largest = [0; 2];
            for (i, (code, _)) in codes.iter_mut().enumerate() {
                let quad = 2 * pair + i;
                *code = QuadCode::NONE;
                if quad >= quads {
                    continue;
                }
                if row > 0 {
                    // Columns to the upper left, above left, above right, and to the upper right.
                    let above: [u8; 4] = self.exponents[2 * quad..].first_chunk().copied().unwrap_or_default();
                    context |= u32::from(above[0] | above[1] != 0) | u32::from(above[2] | above[3] != 0) << 2;
                    largest[i] = above.into_iter().max().unwrap_or(0);
                }
                if context != 0 || mel.event() {
                    *code = table[(context << 7 | vlc.peek() & 127) as usize & 1023];
                    vlc.skip(code.length());
                }
                let significant = code.significant();
                context = match row {
                    0 => significant & 1 | significant >> 1,
                    _ => u32::from(significant & 12 != 0) << 1,
                };
            }
            let offsets = [codes[0].0.has_bound(), codes[1].0.has_bound()];
            let both = row == 0 && offsets == [true, true];
            let (bounds, bits) = match both {
                true => first_row_bounds(vlc.peek(), mel.event()),
                false => bounds(vlc.peek(), offsets),
            };
            vlc.skip(bits);
            for ((code, bound), (u, largest)) in codes.iter_mut().zip(bounds.into_iter().zip(largest)) {
                // Kappa: with more than one significant sample the row above sets a floor.
                let several = code.significant() & code.significant().wrapping_sub(1) != 0;
                *bound = u + if several { u32::from(largest.max(2)) - 1 } else { 1 };
            }
        }
        *source = vlc;
    }

    /// Whether no sample outside the block is significant and all magnitudes fit.
    fn codes_are_possible(&self, row: usize, zero_planes: u32) -> bool {
        let outside_row = if 2 * row + 1 >= self.height { 0b1010 } else { 0 };
        let last = self.width / 2;
        self.quads[..self.width.div_ceil(2)].iter().enumerate().all(|(quad, (code, bound))| {
            let outside_column = if self.width % 2 == 1 && quad == last { 0b1100 } else { 0 };
            code.significant() & (outside_row | outside_column) == 0 && *bound <= zero_planes + 2
        })
    }

    /// Magnitudes and signs of a row of quads.
    fn read_magnitudes(&mut self, row: usize, planes: u32, source: &mut Forward) {
        let mut bits = *source;
        let (upper, lower) = self.samples[2 * row * self.stride..][..2 * self.stride].split_at_mut(self.stride);
        let pairs = upper.as_chunks_mut::<2>().0.iter_mut().zip(lower.as_chunks_mut::<2>().0);
        let exponents = self.exponents[1..].as_chunks_mut::<2>().0;
        for (((upper, lower), exponents), (code, bound)) in pairs.zip(exponents).zip(&self.quads) {
            // Four short magnitudes come out of one refill; without branches, for which are significant is anyone's guess.
            let short = *bound <= Forward::MANY / 4;
            if short {
                bits.refill_to_many();
            }
            let mut read = |n: u32| {
                let significant = (code.significant() >> n & 1).wrapping_neg();
                let next = if short { bits.loaded() } else { bits.peek() };
                let length = (bound - (code.known() >> n & 1)) & significant;
                bits.skip(length);
                // Twice the magnitude less one, with the sign in place of the lowest bit, which then marks the centre.
                let value = next & ((1 << length) - 1) | (code.known_bits() >> n & 1) << length | 1;
                let sample = next << 31 | value.wrapping_add(2) << (planes - 1);
                (sample & significant, (32 - value.leading_zeros()) & significant)
            };
            let (upper_left, lower_left) = (read(0), read(1));
            let (upper_right, lower_right) = (read(2), read(3));
            *upper = [upper_left.0, upper_right.0];
            *lower = [lower_left.0, lower_right.0];
            *exponents = [lower_left.1 as u8, lower_right.1 as u8];
        }
        *source = bits;
    }

    /// The significance propagation pass (clause 7.4): one bit for each insignificant sample with a significant neighbour.
    /// Signs follow behind every four columns of a stripe.
    fn propagate(&mut self, data: &[u8], planes: u32, causal: bool) {
        let mut bits = Forward::new(data, 0);
        let stride = self.width + 2;
        self.significance.clear();
        self.significance.resize(stride * (self.height + 2), 0);
        for (y, line) in self.significance.chunks_exact_mut(stride).skip(1).take(self.height).enumerate() {
            let samples = &self.samples[y * self.stride..];
            line[1..].iter_mut().zip(samples).take(self.width).for_each(|(s, sample)| *s = u8::from(*sample != 0));
        }
        for top in (0..self.height).step_by(4) {
            let bottom = (top + 4).min(self.height);
            for left in (0..self.width).step_by(4) {
                let right = (left + 4).min(self.width);
                let mut fresh = Vec::new();
                for (x, y) in (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
                    let at = (y + 1) * stride + x + 1;
                    let around = |at: usize| self.significance[at - 1..=at + 1].iter().fold(0, |a, s| a | s);
                    let below = if causal && y + 1 == top + 4 { 0 } else { around(at + stride) };
                    if self.significance[at] != 0 || around(at - stride) | around(at) | below == 0 {
                        continue;
                    }
                    let bit = bits.peek() & 1;
                    bits.skip(1);
                    if bit == 1 {
                        self.significance[at] = 2;
                        fresh.push(y * self.stride + x);
                    }
                }
                for sample in fresh {
                    self.samples[sample] = bits.peek() << 31 | 3 << (planes - 2);
                    bits.skip(1);
                }
            }
        }
    }

    /// The magnitude refinement pass (clause 7.5): one bit for each sample that is significant since the cleanup pass.
    fn refine(&mut self, data: &[u8], planes: u32) {
        let mut bits = Backward::new(data);
        let stride = self.width + 2;
        for top in (0..self.height).step_by(4) {
            let bottom = (top + 4).min(self.height);
            for (x, y) in (0..self.width).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
                if self.significance[(y + 1) * stride + x + 1] != 1 {
                    continue;
                }
                let bit = bits.peek() & 1;
                bits.skip(1);
                // The centre bit becomes the magnitude's, and a new centre comes below.
                let sample = &mut self.samples[y * self.stride + x];
                *sample = (*sample ^ (1 - bit) << (planes - 1)) | 1 << (planes - 2);
            }
        }
    }
}

/// A bound's prefix in the next three bits: its length, the length of the suffix, the value without suffix (table 3).
const fn prefix(bits: u32) -> (u32, u32, u32) {
    match bits & 7 {
        0b000 => (3, 5, 5),
        0b100 => (3, 1, 3),
        0b010 | 0b110 => (2, 0, 2),
        _ => (1, 0, 1),
    }
}

/// [`prefix`] of the next three bits, behind eight entries for a quad that has no bound.
static PREFIXES: [(u32, u32, u32); 16] = {
    let mut prefixes = [(0, 0, 0); 16];
    let mut bits = 0;
    while bits < 8 {
        prefixes[8 + bits] = prefix(bits as u32);
        bits += 1;
    }
    prefixes
};

/// The bounds u of a pair of quads, of those that have one, and the bits taken.
#[inline(always)]
fn bounds(bits: u32, has: [bool; 2]) -> ([u32; 2], u32) {
    let entry = |bits: u32, has: bool| PREFIXES[8 * usize::from(has) + (bits & 7) as usize];
    let low = |at: u32, n: u32| bits >> at & ((1 << n) - 1);
    let (length, first_suffix, first) = entry(bits, has[0]);
    let (second_length, second_suffix, second) = entry(bits >> length, has[1]);
    let prefixes = length + second_length;
    let taken = prefixes + first_suffix + second_suffix;
    ([first + low(prefixes, first_suffix), second + low(prefixes + first_suffix, second_suffix)], taken)
}

/// The bounds u of a pair of quads of the first row that both have one: an event says whether both are above 2.
fn first_row_bounds(bits: u32, large: bool) -> ([u32; 2], u32) {
    if large {
        let ([first, second], taken) = bounds(bits, [true, true]);
        return ([first + 2, second + 2], taken);
    }
    let (length, suffix, value) = prefix(bits);
    if length < 3 {
        return bounds(bits, [true, true]);
    }
    // The first is above 2, so the second is 1 or 2, which one bit says.
    let rest = bits >> length;
    let second = 1 + (rest & 1);
    ([value + (rest >> 1 & ((1 << suffix) - 1)), second], length + 1 + suffix)
}
