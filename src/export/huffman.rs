//! Huffman codes and the bits of a deflate stream (RFC 1951, 3.2.2 and 3.2.7).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The order in which lengths of the code length code are written (3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A canonical Huffman code: bits of each symbol (0 where it does not occur) and its word, first bit lowest.
pub struct Code {
    lengths: Vec<u8>,
    words: Vec<u16>,
}

impl Code {
    /// The code for symbols that occur so often, none longer than `longest` bits. A single symbol gets one bit.
    pub fn of(counts: &[u32], longest: u8) -> Code {
        let mut counts = counts.to_vec();
        if counts.iter().all(|c| *c == 0) {
            counts[0] = 1; // decoders want one code even where none is used
        }
        loop {
            let lengths = lengths(&counts);
            if lengths.iter().all(|l| *l <= longest) {
                let words = words(&lengths);
                return Code { lengths, words };
            }
            // Flatter counts give a flatter tree.
            counts.iter_mut().filter(|c| **c > 0).for_each(|c| *c = c.div_ceil(2) + 1);
        }
    }

    /// Lengths up to the last symbol that occurs, at least `least` of them.
    fn used(&self, least: usize) -> &[u8] {
        let last = self.lengths.iter().rposition(|l| *l > 0).map_or(0, |n| n + 1);
        &self.lengths[..last.max(least)]
    }
}

/// Depth of each symbol in the tree that joins the two rarest until one is left.
fn lengths(counts: &[u32]) -> Vec<u8> {
    let leaves = counts.len();
    let occurring = counts.iter().enumerate().filter(|(_, c)| **c > 0);
    let mut heap: BinaryHeap<_> = occurring.map(|(n, c)| Reverse((u64::from(*c), n))).collect();
    let mut parents = vec![0; leaves];
    while let Some(Reverse((count_a, a))) = heap.pop() {
        let Some(Reverse((count_b, b))) = heap.pop() else { break };
        let joined = parents.len();
        (parents[a], parents[b]) = (joined, joined);
        parents.push(0);
        heap.push(Reverse((count_a + count_b, joined)));
    }
    // Parents come after their children, so one pass from the root down knows every depth.
    let mut depths = vec![0u8; parents.len()];
    for n in (0..parents.len()).rev().filter(|n| parents[*n] > 0) {
        depths[n] = depths[parents[n]].saturating_add(1);
    }
    let single = parents.len() == leaves;
    depths.truncate(leaves);
    if single {
        depths.iter_mut().zip(counts).filter(|(_, c)| **c > 0).for_each(|(d, _)| *d = 1);
    }
    depths
}

/// Canonical words (3.2.2), turned so that the first bit is the lowest.
fn words(lengths: &[u8]) -> Vec<u16> {
    let mut next = 0u32;
    let mut words = vec![0; lengths.len()];
    for bits in 1..=15 {
        next <<= 1;
        for n in (0..lengths.len()).filter(|n| lengths[*n] == bits) {
            words[n] = (next as u16).reverse_bits() >> (16 - bits);
            next += 1;
        }
    }
    words
}

/// Bits on their way out, lowest first.
#[derive(Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    count: u8,
}

impl BitWriter {
    pub fn bits(&mut self, value: u32, count: u8) {
        self.pending |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes.extend((self.pending as u32).to_le_bytes());
            self.pending >>= 32;
            self.count -= 32;
        }
    }

    pub fn symbol(&mut self, code: &Code, symbol: usize) {
        self.bits(u32::from(code.words[symbol]), code.lengths[symbol]);
    }

    /// Ends on a byte with an empty stored block (3.2.4).
    pub fn flush(mut self) -> Vec<u8> {
        self.bits(0, 3);
        let whole = usize::from(self.count.div_ceil(8));
        self.bytes.extend(&self.pending.to_le_bytes()[..whole]);
        self.bytes.extend([0, 0, 0xff, 0xff]);
        self.bytes
    }
}

/// Writes both codes of a block: their lengths, runs of equal ones shortened, in a Huffman code of their own.
pub fn write_codes(out: &mut BitWriter, literals: &Code, distances: &Code) {
    let (literals, distances) = (literals.used(257), distances.used(1));
    let all = [literals, distances].concat();
    let shortened: Vec<(usize, u32, u8)> = all.chunk_by(|a, b| a == b).flat_map(shorten).collect();
    let mut counts = [0u32; 19];
    shortened.iter().for_each(|(symbol, ..)| counts[*symbol] += 1);
    let code = Code::of(&counts, 7);
    let written = ORDER.iter().rposition(|n| code.lengths[*n] > 0).map_or(4, |n| (n + 1).max(4));
    out.bits(literals.len() as u32 - 257, 5);
    out.bits(distances.len() as u32 - 1, 5);
    out.bits(written as u32 - 4, 4);
    ORDER[..written].iter().for_each(|n| out.bits(u32::from(code.lengths[*n]), 3));
    for (symbol, extra, extra_bits) in shortened {
        out.symbol(&code, symbol);
        out.bits(extra, extra_bits);
    }
}

/// Equal lengths as symbols with extra bits: 16 repeats the length before, 17 and 18 are runs of zeros.
fn shorten(same: &[u8]) -> Vec<(usize, u32, u8)> {
    let length = usize::from(same[0]);
    let mut left = same.len();
    let mut out = Vec::new();
    if length > 0 {
        out.push((length, 0, 0));
        left -= 1;
    }
    while left > 0 {
        let (symbol, run, extra_bits) = match (length, left) {
            (_, ..3) => {
                out.push((length, 0, 0));
                left -= 1;
                continue;
            }
            (0, 11..) => (18, left.min(138), 7),
            (0, _) => (17, left, 3),
            _ => (16, left.min(6), 2),
        };
        out.push((symbol, run as u32 - if symbol == 18 { 11 } else { 3 }, extra_bits));
        left -= run;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_complete_prefix_codes_of_the_allowed_length() {
        let fibonacci = std::iter::successors(Some((1u32, 1u32)), |(a, b)| Some((*b, a + b)));
        let steep: Vec<u32> = fibonacci.map(|(a, _)| a).take(40).collect();
        for (counts, longest) in [(steep.clone(), 15), (steep[..19].to_vec(), 7), (vec![5, 0, 1, 9], 15)] {
            let code = Code::of(&counts, longest);
            let taken: u32 = code.lengths.iter().filter(|l| **l > 0).map(|l| 1 << (15 - l)).sum();
            assert_eq!(taken, 1 << 15, "Kraft: every word is taken");
            assert!(code.lengths.iter().zip(&counts).all(|(l, c)| (*l > 0) == (*c > 0) && *l <= longest));
        }
        assert_eq!(Code::of(&[0, 0, 3], 15).lengths, [0, 0, 1]);
        assert_eq!(Code::of(&[0, 0], 15).lengths, [1, 0]);
    }

    #[test]
    fn the_example_of_the_standard() {
        // 3.2.2: lengths (3, 3, 3, 3, 3, 2, 4, 4) of A to H.
        let words = words(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let turned = |word: u16, bits: u32| word.reverse_bits() >> (16 - bits);
        assert_eq!(turned(words[5], 2), 0b00);
        assert_eq!((turned(words[0], 3), turned(words[4], 3)), (0b010, 0b110));
        assert_eq!((turned(words[6], 4), turned(words[7], 4)), (0b1110, 0b1111));
    }
}
