//! Code-blocks of ordinary JPEG 2000 (T.800 annex D): bit planes in three passes each, by context-driven binary decisions.
//!
//! Samples go in stripes of four rows, column by column. One word holds all that the four samples of a column need to know:
//! which of the 18 samples in and around the column are significant, and for its own four: sign, whether their magnitude
//! was refined before, and whether this plane has visited them.

use super::codestream::style;
use super::mq::{CONTEXTS, Mq, RawBits, State, fresh_contexts};

/// Significance of three columns by six rows, the row above the stripe first: bit `3 (row + 1) + column + 1`.
const AROUND: u32 = 0x3FFFF;
/// The neighbourhood of the first sample of a column: eight neighbours, without itself.
const NEIGHBOURS: u32 = 0b111_101_111;
const SELF: u32 = 1 << 4;
const SIGN: u32 = 1 << 18;
const REFINED: u32 = 1 << 22;
const VISITED: u32 = 1 << 26;
const ALL_VISITED: u32 = 0xF * VISITED;

/// Contexts of table D.7.
const RUN_LENGTH: usize = 17;
const UNIFORM: usize = 18;

/// Decodes code-blocks; its buffers are used again.
#[derive(Default)]
pub(super) struct BlockDecoder {
    /// A word for each column of each stripe, with a border.
    flags: Vec<u32>,
    /// Magnitudes times two, with the sign in the top bit; four samples of a column after each other.
    samples: Vec<u32>,
    width: usize,
    height: usize,
    orientation: usize,
    causal: bool,
    /// Set bits of the current plane: 1 and 1/2, times two.
    one: u32,
    half: u32,
}

/// The bytes and passes between two terminations.
pub(super) struct CodedSegment<'a> {
    pub data: &'a [u8],
    pub passes: u32,
}

/// What a block is coded with.
#[derive(Clone, Copy)]
pub(super) struct BlockKind {
    pub width: usize,
    pub height: usize,
    /// 0 LL, 1 HL, 2 LH, 3 HH.
    pub orientation: usize,
    /// Magnitude bits that may be set, at most 30.
    pub planes: u32,
    /// Code-block style.
    pub style: u8,
}

/// Where binary decisions come from: a pass is written once for both.
trait Decisions {
    fn decide(&mut self, contexts: &mut [State; CONTEXTS], context: usize) -> u32;
    /// The sign from its context and whether that expects the opposite.
    fn sign(&mut self, contexts: &mut [State; CONTEXTS], context: usize, flip: u32) -> u32;
}

impl Decisions for Mq<'_> {
    #[inline(always)]
    fn decide(&mut self, contexts: &mut [State; CONTEXTS], context: usize) -> u32 {
        Mq::decide(self, &mut contexts[context % CONTEXTS])
    }

    #[inline(always)]
    fn sign(&mut self, contexts: &mut [State; CONTEXTS], context: usize, flip: u32) -> u32 {
        Mq::decide(self, &mut contexts[context % CONTEXTS]) ^ flip
    }
}

impl Decisions for RawBits<'_> {
    fn decide(&mut self, _: &mut [State; CONTEXTS], _: usize) -> u32 {
        self.bit()
    }

    fn sign(&mut self, _: &mut [State; CONTEXTS], _: usize, _: u32) -> u32 {
        self.bit()
    }
}

impl BlockDecoder {
    /// Decodes a block.
    pub fn decode(&mut self, kind: BlockKind, segments: &[CodedSegment]) {
        let stripes = kind.height.div_ceil(4);
        self.flags.clear();
        self.flags.resize((kind.width + 2) * (stripes + 2), 0);
        self.samples.clear();
        self.samples.resize(4 * kind.width * stripes, 0);
        (self.width, self.height) = (kind.width, kind.height);
        self.orientation = kind.orientation & 3;
        self.causal = kind.style & style::CAUSAL != 0;
        let mut contexts = fresh_contexts();
        // Pass 0 is the cleanup of the highest plane, then three passes follow for each plane.
        let mut pass = 0u32;
        for segment in segments {
            let raw = kind.style & style::BYPASS != 0 && pass >= 10 && (pass - 10) % 3 != 2;
            let (mut mq, mut bits) = (Mq::new(segment.data), RawBits::new(segment.data));
            for _ in 0..segment.passes {
                let Some(plane) = kind.planes.checked_sub(1 + pass.div_ceil(3)) else { return };
                if if raw { bits.exhausted() } else { mq.exhausted() } {
                    return;
                }
                (self.one, self.half) = (2 << plane, 1 << plane);
                match ((pass + 2) % 3, raw) {
                    (0, false) => self.propagate(&mut mq, &mut contexts),
                    (0, true) => self.propagate(&mut bits, &mut contexts),
                    (1, false) => self.refine(&mut mq, &mut contexts),
                    (1, true) => self.refine(&mut bits, &mut contexts),
                    _ => {
                        self.clean_up(&mut mq, &mut contexts);
                        if kind.style & style::SEGMENT_SYMBOLS != 0 {
                            for _ in 0..4 {
                                mq.decide(&mut contexts[UNIFORM]);
                            }
                        }
                    }
                }
                if kind.style & style::RESET != 0 {
                    contexts = fresh_contexts();
                }
                pass += 1;
            }
        }
    }

    /// Copies a row: twice the magnitudes, signed.
    pub fn copy_row(&self, row: usize, out: &mut [i32]) {
        let first = 4 * self.width * (row / 4) + row % 4;
        let samples = self.samples.get(first..).unwrap_or_default().iter().step_by(4);
        out.iter_mut().zip(samples).for_each(|(out, sample)| *out = signed(*sample));
    }

    /// Significance propagation (D.3.1): samples with significant neighbours.
    fn propagate<D: Decisions + Copy>(&mut self, decisions: &mut D, contexts: &mut [State; CONTEXTS]) {
        let mut local = *decisions;
        let zero_coding = &ZERO_CODING[self.orientation & 3];
        let found = self.one | self.half;
        for stripe in 0..self.height.div_ceil(4) {
            let rows = (self.height - 4 * stripe).min(4);
            let samples = self.samples[4 * stripe * self.width..].as_chunks_mut::<4>().0;
            let mut stripe = Stripe::of(&mut self.flags, self.width, stripe, self.causal);
            for (x, samples) in samples.iter_mut().enumerate().take(self.width) {
                let mut own = stripe.own[x + 1];
                if own & AROUND == 0 {
                    continue;
                }
                for (row, sample) in samples.iter_mut().enumerate().take(rows) {
                    let around = own >> (3 * row);
                    if around & SELF != 0 || around & NEIGHBOURS == 0 {
                        continue;
                    }
                    let context = usize::from(zero_coding[(around & 0x1FF) as usize]);
                    if local.decide(contexts, context) == 1 {
                        let negative;
                        (own, negative) = stripe.becomes_significant(&mut local, contexts, x, own, row);
                        *sample = negative << 31 | found;
                    }
                    own |= VISITED << row;
                }
                stripe.own[x + 1] = own;
            }
        }
        *decisions = local;
    }

    /// Magnitude refinement (D.3.3): samples that were significant before this plane.
    fn refine<D: Decisions + Copy>(&mut self, decisions: &mut D, contexts: &mut [State; CONTEXTS]) {
        let mut local = *decisions;
        let stride = self.width + 2;
        let half = self.half;
        for stripe in 0..self.height.div_ceil(4) {
            let line = &mut self.flags[(stripe + 1) * stride + 1..][..self.width];
            let samples = &mut self.samples[4 * stripe * self.width..][..4 * self.width];
            for (flags, samples) in line.iter_mut().zip(samples.as_chunks_mut::<4>().0) {
                let mut own = *flags;
                if own & (SELF | SELF << 3 | SELF << 6 | SELF << 9) == 0 {
                    continue;
                }
                for (row, sample) in samples.iter_mut().enumerate() {
                    let around = own >> (3 * row);
                    if around & SELF == 0 || own & VISITED << row != 0 {
                        continue;
                    }
                    let fresh = 14 + usize::from(around & NEIGHBOURS != 0);
                    let context = if own & REFINED << row != 0 { 16 } else { fresh };
                    let set = local.decide(contexts, context);
                    // Half a plane up or down.
                    *sample = sample.wrapping_add((half ^ set.wrapping_sub(1)).wrapping_sub(set.wrapping_sub(1)));
                    own |= REFINED << row;
                }
                *flags = own;
            }
        }
        *decisions = local;
    }

    /// Cleanup (D.3.4): all other samples, columns of four zeros in one decision.
    fn clean_up(&mut self, mq: &mut Mq, contexts: &mut [State; CONTEXTS]) {
        let mut local = *mq;
        let zero_coding = &ZERO_CODING[self.orientation & 3];
        let found = self.one | self.half;
        for stripe in 0..self.height.div_ceil(4) {
            let rows = (self.height - 4 * stripe).min(4);
            let samples = self.samples[4 * stripe * self.width..].as_chunks_mut::<4>().0;
            let mut stripe = Stripe::of(&mut self.flags, self.width, stripe, self.causal);
            for (x, samples) in samples.iter_mut().enumerate().take(self.width) {
                let mut own = stripe.own[x + 1];
                let mut first = 0;
                if rows == 4 && own & (AROUND | ALL_VISITED) == 0 {
                    if local.decide(&mut contexts[RUN_LENGTH]) == 0 {
                        continue;
                    }
                    let row =
                        (local.decide(&mut contexts[UNIFORM]) << 1 | local.decide(&mut contexts[UNIFORM])) as usize;
                    let negative;
                    (own, negative) = stripe.becomes_significant(&mut local, contexts, x, own, row);
                    samples[row & 3] = negative << 31 | found;
                    first = row + 1;
                }
                for (row, sample) in samples.iter_mut().enumerate().take(rows).skip(first) {
                    let around = own >> (3 * row);
                    if around & SELF == 0 && own & VISITED << row == 0 {
                        let context = usize::from(zero_coding[(around & 0x1FF) as usize]) % CONTEXTS;
                        if local.decide(&mut contexts[context]) == 1 {
                            let negative;
                            (own, negative) = stripe.becomes_significant(&mut local, contexts, x, own, row);
                            *sample = negative << 31 | found;
                        }
                    }
                }
                stripe.own[x + 1] = own & !ALL_VISITED;
            }
        }
        *mq = local;
    }
}

/// The words of a stripe and of those above and below, each with a border of one column.
struct Stripe<'a> {
    above: &'a mut [u32],
    own: &'a mut [u32],
    below: &'a mut [u32],
    causal: bool,
}

impl<'a> Stripe<'a> {
    fn of(flags: &'a mut [u32], width: usize, stripe: usize, causal: bool) -> Self {
        let (above, rest) = flags[stripe * (width + 2)..].split_at_mut(width + 2);
        let (own, below) = rest.split_at_mut(width + 2);
        Stripe { above, own, below: &mut below[..width + 2], causal }
    }

    /// Reads the sign (D.3.2) of a sample in column `x` whose word is `own`, and tells the neighbours. Returns the word as
    /// it then is, and whether the sample is negative.
    #[inline(always)]
    fn becomes_significant<D: Decisions>(
        &mut self,
        decisions: &mut D,
        contexts: &mut [State; CONTEXTS],
        x: usize,
        own: u32,
        row: usize,
    ) -> (u32, u32) {
        let around = own >> (3 * row);
        let sign = SIGN << row;
        let (left, right) = (self.own[x], self.own[x + 2]);
        let above = if row > 0 { own & (sign >> 1) } else { self.above[x + 1] & SIGN << 3 };
        let below = if row < 3 { own & (sign << 1) } else { self.below[x + 1] & SIGN };
        // 0 for an insignificant neighbour, else 1 or -1.
        let term = |bit: u32, negative: u32| (around >> bit & 1) as i32 * (1 - 2 * i32::from(negative != 0));
        let horizontal = (term(3, left & sign) + term(5, right & sign)).clamp(-1, 1);
        let vertical = (term(1, above) + term(7, below)).clamp(-1, 1);
        // Table D.3: the signs of both sums reversed give the same context and the opposite sign.
        let combined = 3 * horizontal + vertical;
        let context = 9 + combined.unsigned_abs() as usize;
        let negative = decisions.sign(contexts, context, u32::from(combined < 0));

        let shift = 3 * row;
        self.own[x] = left | SELF << 1 << shift;
        self.own[x + 2] = right | SELF >> 1 << shift;
        if row == 0 && !self.causal {
            self.above[x] |= 1 << 17;
            self.above[x + 1] |= 1 << 16;
            self.above[x + 2] |= 1 << 15;
        }
        if row == 3 {
            self.below[x] |= 1 << 2;
            self.below[x + 1] |= 1 << 1;
            self.below[x + 2] |= 1;
        }
        (own | SELF << shift | (negative * sign), negative)
    }
}

/// A number from its magnitude and, in the top bit, its sign.
#[inline(always)]
pub(super) fn signed(sample: u32) -> i32 {
    let magnitude = (sample & 0x7FFF_FFFF) as i32;
    if sample >> 31 == 1 { -magnitude } else { magnitude }
}

/// Contexts of zero coding (table D.1) by the neighbourhood's nine bits, for each orientation.
static ZERO_CODING: [[u8; 512]; 4] = [zero_coding(0), zero_coding(1), zero_coding(2), zero_coding(3)];

const fn zero_coding(orientation: usize) -> [u8; 512] {
    let mut contexts = [0; 512];
    let mut around = 0;
    while around < 512 {
        let (mut h, mut v) = ((around >> 3 & 1) + (around >> 5 & 1), (around >> 1 & 1) + (around >> 7 & 1));
        let d = (around & 1) + (around >> 2 & 1) + (around >> 6 & 1) + (around >> 8 & 1);
        if orientation == 1 {
            (h, v) = (v, h);
        }
        contexts[around] = match (orientation, h, v, d) {
            (3, _, _, 3..) => 8,
            (3, h, v, 2) => {
                if h + v >= 1 {
                    7
                } else {
                    6
                }
            }
            (3, h, v, 1) => {
                if h + v >= 2 {
                    5
                } else {
                    3 + (h + v) as u8
                }
            }
            (3, h, v, _) => {
                if h + v >= 2 {
                    2
                } else {
                    (h + v) as u8
                }
            }
            (_, 2, _, _) => 8,
            (_, 1, 1.., _) => 7,
            (_, 1, _, 1..) => 6,
            (_, 1, _, _) => 5,
            (_, _, 2, _) => 4,
            (_, _, 1, _) => 3,
            (_, _, _, 2..) => 2,
            (_, _, _, d) => d as u8,
        };
        around += 1;
    }
    contexts
}
