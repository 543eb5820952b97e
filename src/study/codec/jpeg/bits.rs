//! The entropy-coded bytes of a JPEG scan as bits: a 64-bit reservoir that skips stuffed zeros and stops at markers.

/// Bits of one entropy-coded segment. At its end zeros follow for ever; [`Bits::overrun`] tells that they were used. It is
/// small and copied into local variables by those who read many bits.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte to load; at the end of the segment, its marker.
    pos: usize,
    /// Loaded bits, the next one on top. Below the `count` valid bits there may be some of the byte at `pos`.
    word: u64,
    count: u32,
    /// Zero bits that stood in for missing ones.
    padding: u64,
}

/// Whether any of the eight bytes is 0xFF: the low seven bits are all ones (so that adding one carries) and so is the top.
#[inline(always)]
pub(in super::super) fn has_ff(word: u64) -> bool {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    ((word & LOW) + 0x0101_0101_0101_0101) & word & !LOW != 0
}

impl<'a> Bits<'a> {
    /// Bits of `data` from byte `pos` on.
    pub fn new(data: &'a [u8], pos: usize) -> Self {
        Bits { data, pos, word: 0, count: 0, padding: 0 }
    }

    /// Loads bits, so that there are at least 56.
    #[inline(always)]
    pub fn refill(&mut self) {
        if let Some(eight) = self.data.get(self.pos..).and_then(|d| d.first_chunk::<8>()) {
            let next = u64::from_be_bytes(*eight);
            if !has_ff(next) {
                self.word |= next >> (self.count & 63);
                let bytes = (63 - self.count) >> 3;
                self.pos += bytes as usize;
                self.count += bytes * 8;
                return;
            }
        }
        *self = self.refilled_slowly();
    }

    /// By value, so that the fast path can live in registers.
    #[cold]
    #[inline(never)]
    fn refilled_slowly(mut self) -> Self {
        while self.count < 56 {
            let byte = match (self.data.get(self.pos), self.data.get(self.pos + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.pos += 2;
                    0xFF
                }
                (Some(0xFF), _) | (None, _) => {
                    self.padding += u64::from(56 - self.count);
                    self.count = 56;
                    return self;
                }
                (Some(byte), _) => {
                    self.pos += 1;
                    *byte
                }
            };
            self.word |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// Loads bits if there are fewer than `n` (at most 56).
    #[inline(always)]
    pub fn want(&mut self, n: u32) {
        if self.count < n {
            self.refill();
        }
    }

    /// The next `n` bits (1 to 32) without taking them. There must be as many.
    #[inline(always)]
    pub fn peek(&self, n: u32) -> u32 {
        (self.word >> (64 - n)) as u32
    }

    /// Takes `n` bits (0 to 32). There must be as many.
    #[inline(always)]
    pub fn skip(&mut self, n: u32) {
        self.word <<= n;
        self.count = self.count.wrapping_sub(n);
    }

    /// Takes `n` bits (0 to 16), loading them if need be.
    #[inline(always)]
    pub fn take(&mut self, n: u32) -> u32 {
        self.want(16);
        let value = (self.word >> 1 >> (63 - n)) as u32;
        self.skip(n);
        value
    }

    /// Whether more bits were used than the segment has.
    pub fn overrun(&self) -> bool {
        self.padding > u64::from(self.count)
    }

    /// Drops what is left of the segment and steps over the restart marker at its end. Returns the marker's number, or
    /// nothing when another marker or the end of the data follows.
    pub fn restart(&mut self) -> Option<u8> {
        let (at, marker) = next_marker(self.data, self.pos)?;
        if !(0xD0..=0xD7).contains(&marker) {
            return None;
        }
        *self = Bits::new(self.data, at + 2);
        Some(marker - 0xD0)
    }

    /// Where the segment ends.
    pub fn position(&self) -> usize {
        self.pos
    }
}

/// The next marker at or behind `pos`: where its last 0xFF is, and its code. Stuffed and fill bytes are passed over.
pub(in super::super) fn next_marker(data: &[u8], pos: usize) -> Option<(usize, u8)> {
    let rest = data.get(pos..)?;
    rest.windows(2).position(|w| w[0] == 0xFF && w[1] != 0 && w[1] != 0xFF).map(|i| (pos + i, rest[i + 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bytes_markers_and_the_end() {
        let data = [0x12, 0xFF, 0x00, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0, 0x11, 0xFF, 0xD3, 0xAB];
        let mut bits = Bits::new(&data, 0);
        let bytes: Vec<u32> = (0..10).map(|_| bits.take(8)).collect();
        assert_eq!(bytes, [0x12, 0xFF, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0, 0x11]);
        assert!(!bits.overrun());
        assert_eq!(bits.take(4), 0);
        assert!(bits.overrun());
        assert_eq!(bits.restart(), Some(3));
        assert_eq!((bits.take(3), bits.take(5), bits.overrun()), (5, 11, false));
        assert_eq!(bits.restart(), None);
    }

    #[test]
    fn every_split_reads_the_same_bits() {
        let data: Vec<u8> = (0..200u32).map(|i| (i * 37 % 255) as u8).collect();
        for step in 1..=16 {
            let mut bits = Bits::new(&data, 0);
            let mut at = 0;
            while at + step <= 8 * data.len() as u32 {
                let expected = (0..step).fold(0, |v, i| {
                    let bit = (at + i) as usize;
                    v << 1 | u32::from(data[bit / 8] >> (7 - bit % 8) & 1)
                });
                assert_eq!(bits.take(step), expected, "{step} bits at {at}");
                at += step;
            }
            assert!(!bits.overrun());
        }
    }

    #[test]
    fn finds_ff_in_every_byte() {
        for at in 0..8 {
            assert!(
                has_ff(0xFF << (8 * at))
                    && !has_ff(0x7F << (8 * at))
                    && !has_ff(!(0xFF << (8 * at)) & !0x0101_0101_0101_0101)
            );
        }
    }
}
