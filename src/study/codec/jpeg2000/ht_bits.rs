//! The four bit streams of a high-throughput code-block (T.814 clause 7.1): two that grow forward and two that grow backward
//! from the end of their segment, all with the first bit in the lowest place, and the run coder MEL.

use super::super::jpeg::has_ff;

/// Forward bits (MagSgn, SigProp): the byte behind 0xFF has seven bits.
#[derive(Clone, Copy)]
pub(super) struct Forward<'a> {
    data: &'a [u8],
    pos: usize,
    /// Loaded bits, the next one lowest. Above the `count` valid bits there may be some of the byte at `pos`.
    word: u64,
    count: u32,
    after_ff: bool,
    /// What follows behind the end.
    fill: u8,
}

impl<'a> Forward<'a> {
    pub fn new(data: &'a [u8], fill: u8) -> Self {
        Forward { data, pos: 0, word: 0, count: 0, after_ff: false, fill }
    }

    /// At least 32 bits, the next one lowest.
    #[inline(always)]
    pub fn peek(&mut self) -> u32 {
        if self.count < 32 {
            self.refill();
        }
        self.word as u32
    }

    /// Bits that [`Forward::refill_to_many`] loads at least.
    pub const MANY: u32 = 56;

    /// Loads so many bits that [`Forward::loaded`] and [`Forward::skip`] can take [`Forward::MANY`].
    #[inline(always)]
    pub fn refill_to_many(&mut self) {
        if self.count < Self::MANY {
            self.refill();
        }
    }

    /// Bits that were loaded before, the next one lowest.
    #[inline(always)]
    pub fn loaded(&self) -> u32 {
        self.word as u32
    }

    #[inline(always)]
    pub fn skip(&mut self, n: u32) {
        self.word >>= n;
        self.count -= n;
    }

    #[inline(always)]
    fn refill(&mut self) {
        if let Some(eight) = self.data.get(self.pos..).and_then(|d| d.first_chunk::<8>()) {
            let next = u64::from_le_bytes(*eight);
            if !has_ff(next) && !self.after_ff {
                self.word |= next << self.count;
                let bytes = (63 - self.count) >> 3;
                self.pos += bytes as usize;
                self.count += 8 * bytes;
                return;
            }
        }
        *self = self.refilled_slowly();
    }

    /// By value, so that the fast path can live in registers.
    #[cold]
    #[inline(never)]
    fn refilled_slowly(mut self) -> Self {
        while self.count <= 56 {
            let byte = self.data.get(self.pos).copied().unwrap_or(self.fill);
            self.pos += 1;
            self.word |= u64::from(byte) << self.count;
            self.count += 8 - u32::from(self.after_ff);
            self.after_ff = byte == 0xFF;
        }
        self
    }
}

/// Backward bits (VLC, MagRef): a byte of 0x7F in its low seven bits has seven bits when the byte before it in reading order
/// is above 0x8F. Zeros follow behind the end.
#[derive(Clone, Copy)]
pub(super) struct Backward<'a> {
    /// What is left; the last byte is the next.
    data: &'a [u8],
    word: u64,
    count: u32,
    after_large: bool,
}

impl<'a> Backward<'a> {
    /// The MagRef stream, which ends at the end of its segment.
    pub fn new(data: &'a [u8]) -> Self {
        Backward { data, word: 0, count: 0, after_large: true }
    }

    /// The VLC stream: `data` ends with the byte of which only the upper half belongs to it.
    pub fn from_half(data: &'a [u8]) -> Self {
        let Some((last, rest)) = data.split_last() else { return Backward::new(data) };
        let half = u64::from(last >> 4);
        let count = 4 - u32::from(half & 7 == 7);
        Backward { data: rest, word: half, count, after_large: last | 0xF > 0x8F }
    }

    /// At least 32 bits, the next one lowest.
    #[inline(always)]
    pub fn peek(&mut self) -> u32 {
        if self.count < 32 {
            self.refill();
        }
        self.word as u32
    }

    #[inline(always)]
    pub fn skip(&mut self, n: u32) {
        self.word >>= n;
        self.count -= n;
    }

    #[inline(always)]
    fn refill(&mut self) {
        if let Some(eight) = self.data.last_chunk::<8>() {
            let next = u64::from_be_bytes(*eight);
            const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
            let all_ones_below = ((next & LOW) + 0x0101_0101_0101_0101) & !LOW;
            if all_ones_below == 0 {
                self.word |= next << self.count;
                let bytes = (63 - self.count) >> 3;
                self.count += 8 * bytes;
                let left = self.data.len() - bytes as usize;
                self.after_large = self.data[left] > 0x8F;
                self.data = &self.data[..left];
                return;
            }
        }
        *self = self.refilled_slowly();
    }

    #[cold]
    #[inline(never)]
    fn refilled_slowly(mut self) -> Self {
        while self.count <= 56 {
            let (byte, rest) = self.data.split_last().map_or((0, self.data), |(byte, rest)| (*byte, rest));
            self.data = rest;
            self.word |= u64::from(byte) << self.count;
            self.count += 8 - u32::from(self.after_large && byte & 0x7F == 0x7F);
            self.after_large = byte > 0x8F;
        }
        self
    }
}

/// The adaptive run-length coder (T.814 clause 7.3.3) over bits that grow forward, the first one in the highest place.
pub(super) struct Mel<'a> {
    data: &'a [u8],
    pos: usize,
    current: u8,
    left: u32,
    /// MEL_k.
    state: usize,
    /// Events of 0 to come, and whether an event of 1 follows them.
    zeros: u32,
    one_follows: bool,
}

const RUN_EXPONENTS: [u32; 13] = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5];

impl<'a> Mel<'a> {
    /// `data` ends with the byte that is shared with VLC, of which the lower half belongs to neither and counts as ones.
    pub fn new(data: &'a [u8]) -> Self {
        Mel { data, pos: 0, current: 0, left: 0, state: 0, zeros: 0, one_follows: false }
    }

    fn bit(&mut self) -> u32 {
        if self.left == 0 {
            self.left = if self.current == 0xFF { 7 } else { 8 };
            self.current = match self.data.get(self.pos..) {
                Some([last]) => last | 0xF,
                Some([byte, ..]) => *byte,
                _ => 0xFF,
            };
            self.pos += 1;
        }
        self.left -= 1;
        u32::from(self.current >> self.left & 1)
    }

    /// The next event.
    pub fn event(&mut self) -> bool {
        if self.zeros == 0 && !self.one_follows {
            let exponent = RUN_EXPONENTS[self.state.min(12)];
            if self.bit() == 1 {
                self.zeros = 1 << exponent;
                self.state = (self.state + 1).min(12);
            } else {
                self.zeros = (0..exponent).fold(0, |run, _| run << 1 | self.bit());
                self.one_follows = true;
                self.state = self.state.saturating_sub(1);
            }
        }
        if self.zeros > 0 {
            self.zeros -= 1;
            return false;
        }
        self.one_follows = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bits_are_left_out() {
        let mut forward = Forward::new(&[0x12, 0xFF, 0x35, 0x81], 0);
        assert_eq!(forward.peek(), 0x0035_FF12 | 0x81 << 23);
        let mut backward = Backward::new(&[0x21, 0x7F, 0x90, 0x43, 0xFF]);
        // FF comes first and has seven bits, then 43, 90, and 7F with seven.
        assert_eq!(backward.peek() & 0x3FFF_FFFF, 0x7F | 0x43 << 7 | 0x90 << 15 | 0x7F << 23);
    }

    #[test]
    fn long_streams_read_the_same_by_either_path() {
        let data: Vec<u8> = (0..300u32).map(|i| if i % 23 == 0 { 0xFF } else { (i * 41 % 127) as u8 }).collect();
        for step in 1..=25 {
            let mut fast = Forward::new(&data, 0);
            let mut slow = Forward::new(&data, 0).refilled_slowly();
            let mut back = Backward::new(&data);
            let mut back_slow = Backward::new(&data).refilled_slowly();
            for _ in 0..2000 / step {
                let mask = (1 << step) - 1;
                assert_eq!(fast.peek() & mask, slow.peek() & mask);
                assert_eq!(back.peek() & mask, back_slow.peek() & mask);
                fast.skip(step);
                back.skip(step);
                slow.skip(step);
                back_slow.skip(step);
                (slow, back_slow) = (slow.refilled_slowly(), back_slow.refilled_slowly());
            }
        }
    }

    #[test]
    fn runs() {
        // 1 1 1: three runs of one zero; 0 + 1 bit: a run of one zero, then a one; …
        let mut mel = Mel::new(&[0b1110_1000, 0xFF]);
        let events: Vec<bool> = (0..6).map(|_| mel.event()).collect();
        assert_eq!(events, [false, false, false, false, true, true]);
    }
}
