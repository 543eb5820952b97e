//! The bits of a JPEG-LS scan: after a byte 0xFF one zero bit is stuffed (T.87 A.1), and a marker ends the scan.

use super::super::jpeg::{has_ff, next_marker};

/// A 64-bit reservoir over the bytes of a scan. At its end zeros follow for ever; [`Bits::overrun`] tells that they were
/// used. It is small and copied into local variables by those who read many bits.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte to load; at the end of the scan, its marker.
    pos: usize,
    /// Loaded bits, the next one on top. Below the `count` valid bits there may be some of the byte at `pos`.
    word: u64,
    count: u32,
    /// The last byte was 0xFF, so the next has seven bits.
    after_ff: bool,
    /// Zero bits that stood in for missing ones.
    padding: u64,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8], pos: usize) -> Self {
        Bits { data, pos, word: 0, count: 0, after_ff: false, padding: 0 }
    }

    /// Loads bits, so that there are at least 56.
    #[inline(always)]
    fn refill(&mut self) {
        if let Some(eight) = self.data.get(self.pos..).and_then(|d| d.first_chunk::<8>()) {
            let next = u64::from_be_bytes(*eight);
            if !has_ff(next) && !self.after_ff {
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
            let byte = self.data.get(self.pos).copied();
            let (byte, length) = match byte {
                Some(byte) if self.after_ff && byte < 0x80 => (byte << 1, 7),
                Some(byte) if !(self.after_ff || byte == 0xFF && self.marker_follows()) => (byte, 8),
                _ => {
                    self.padding += u64::from(56 - self.count);
                    self.count = 56;
                    break;
                }
            };
            self.after_ff = length == 8 && byte == 0xFF;
            self.pos += 1;
            self.word |= u64::from(byte) << 56 >> self.count;
            self.count += length;
        }
        self
    }

    /// Whether the 0xFF at the current place begins a marker, or the data ends with it.
    fn marker_follows(&self) -> bool {
        self.data.get(self.pos + 1).is_none_or(|next| *next >= 0x80)
    }

    /// Loads bits if there are fewer than `n` (at most 56).
    #[inline(always)]
    pub fn want(&mut self, n: u32) {
        if self.count < n {
            self.refill();
        }
    }

    #[inline(always)]
    fn skip(&mut self, n: u32) {
        self.word <<= n;
        self.count -= n;
    }

    /// Takes `n` bits, 0 to 32.
    #[inline(always)]
    pub fn take(&mut self, n: u32) -> u32 {
        self.want(32);
        let value = (self.word >> 1 >> (63 - n)) as u32;
        self.skip(n);
        value
    }

    /// A Golomb code of parameter `k` limited in length (A.5.3): after `most_zeros` zeros and a one follow `bits` bits.
    #[inline(always)]
    pub fn golomb(&mut self, k: u32, most_zeros: u32, bits: u32) -> u32 {
        self.want(32);
        let zeros = self.word.leading_zeros();
        let length = zeros + 1 + k;
        if length <= 32 && zeros < most_zeros {
            let low = (self.word << (zeros + 1)) >> 1 >> (63 - k);
            self.skip(length);
            return zeros << k | low as u32;
        }
        let (value, after) = self.long_golomb(k, most_zeros, bits);
        *self = after;
        value
    }

    #[cold]
    #[inline(never)]
    fn long_golomb(mut self, k: u32, most_zeros: u32, bits: u32) -> (u32, Self) {
        let mut zeros = 0;
        while zeros < most_zeros && self.take(1) == 0 {
            zeros += 1;
        }
        if zeros < most_zeros {
            return (zeros << k | self.take(k), self);
        }
        self.take(1);
        (self.take(bits) + 1, self)
    }

    /// Whether more bits were used than the scan has.
    pub fn overrun(&self) -> bool {
        self.padding > u64::from(self.count)
    }

    /// Drops what is left before the next marker and steps over it if it is a restart marker: its number. Nothing when
    /// another marker or the end of the data follows.
    pub fn restart(&mut self) -> Option<u8> {
        let mut from = self.pos;
        loop {
            let (at, marker) = next_marker(self.data, from)?;
            match marker {
                0xD0..=0xD7 => {
                    *self = Bits::new(self.data, at + 2);
                    return Some(marker - 0xD0);
                }
                0x80.. => return None,
                _ => from = at + 1,
            }
        }
    }

    /// Where the scan ends.
    pub fn position(&self) -> usize {
        self.pos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bits_and_markers() {
        let data = [0x0F, 0xFF, 0x55, 0x80, 0xFF, 0x7F, 0x01, 0xFF, 0xD2, 0x99, 0xFF, 0x00, 0xFF, 0xD9];
        let mut bits = Bits::new(&data, 0);
        assert_eq!((bits.take(16), bits.take(7), bits.take(8)), (0x0FFF, 0x55, 0x80));
        assert_eq!((bits.take(15), bits.take(8), bits.overrun()), (0x7FFF, 1, false));
        assert_eq!((bits.take(1), bits.overrun()), (0, true));
        assert_eq!(bits.restart(), Some(2));
        assert_eq!((bits.take(16), bits.take(7), bits.overrun()), (0x99FF, 0, false));
        assert_eq!(bits.restart(), None);
    }

    #[test]
    fn golomb_codes() {
        // 001 01 | 1 11 | 000000 1 1010 with at most six zeros.
        let data = [0b0010_1111, 0b0000_0011, 0b0100_0000];
        let mut bits = Bits::new(&data, 0);
        assert_eq!((bits.golomb(2, 6, 4), bits.golomb(2, 6, 4), bits.golomb(2, 6, 4)), (9, 3, 11));
    }
}
