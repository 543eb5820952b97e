//! Deflate (RFC 1951) for label maps: long stretches of one value become matches straight away, without the voxels ever
//! being made. A general compressor looks at half a gigabyte of zeros to say the same, in more bytes.
//!
//! A stretch is a match with the word before it; where the row above holds the same edges, or the same some voxels aside,
//! it is a match with that row. A part is one block with Huffman codes of its own (3.2.7), then an empty stored block, so
//! that it ends on a byte and parts can stand behind each other.

use super::huffman::{BitWriter, Code};

/// Equal 16-bit words (little-endian) one after the other. Neighbouring stretches differ in value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub words: usize,
    pub value: u16,
}

/// Words of the longest match, 258 bytes.
const MATCH_WORDS: usize = 129;
/// Furthest match in words: 32,768 bytes.
const WINDOW_WORDS: usize = 16_384;
/// Columns that an edge may lie aside of the edge above it.
const ASIDE: usize = 3;
const END_OF_BLOCK: usize = 256;

/// Shortest length of each length code from 257 on, and its extra bits (3.2.5).
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

#[derive(Clone, Copy, Debug)]
enum Token {
    Literal(u8),
    /// Lengths and distances in bytes.
    Match {
        length: u16,
        distance: u16,
    },
}

/// Compresses the words of an image of so many columns.
pub fn deflate(stretches: &[Stretch], columns: usize) -> Vec<u8> {
    let tokens = Tokens::of(stretches, columns);
    let mut literals = [0u32; 286];
    let mut distances = [0u32; 30];
    literals[END_OF_BLOCK] = 1;
    for token in &tokens {
        match *token {
            Token::Literal(byte) => literals[usize::from(byte)] += 1,
            Token::Match { length, distance } => {
                literals[length_code(length).symbol] += 1;
                distances[distance_code(distance).symbol] += 1;
            }
        }
    }
    let (literals, distances) = (Code::of(&literals, 15), Code::of(&distances, 15));
    let mut out = BitWriter::default();
    out.bits(0b100, 3); // not the last block; dynamic Huffman codes
    super::huffman::write_codes(&mut out, &literals, &distances);
    for token in tokens {
        match token {
            Token::Literal(byte) => out.symbol(&literals, usize::from(byte)),
            Token::Match { length, distance } => {
                for (code, part) in [(&literals, length_code(length)), (&distances, distance_code(distance))] {
                    out.symbol(code, part.symbol);
                    out.bits(part.extra, part.extra_bits);
                }
            }
        }
    }
    out.symbol(&literals, END_OF_BLOCK);
    out.flush()
}

/// A length or a distance as symbol and extra bits.
struct Coded {
    symbol: usize,
    extra: u32,
    extra_bits: u8,
}

fn length_code(length: u16) -> Coded {
    let code = LENGTHS.partition_point(|(shortest, _)| *shortest <= length) - 1;
    let (shortest, extra_bits) = LENGTHS[code];
    Coded { symbol: 257 + code, extra: u32::from(length - shortest), extra_bits }
}

/// Two codes for each power of two (3.2.5).
fn distance_code(distance: u16) -> Coded {
    let d = u32::from(distance) - 1;
    if d < 4 {
        return Coded { symbol: d as usize, extra: 0, extra_bits: 0 };
    }
    let extra_bits = d.ilog2() - 1;
    let upper = d >> extra_bits & 1;
    let symbol = (2 * (extra_bits + 1) + upper) as usize;
    Coded { symbol, extra: d & ((1 << extra_bits) - 1), extra_bits: extra_bits as u8 }
}

/// A place among stretches: which one, and where it begins.
#[derive(Clone, Copy)]
struct Place {
    n: usize,
    start: usize,
}

impl Place {
    /// Goes to the stretch that holds a word.
    fn seek(&mut self, stretches: &[Stretch], word: usize) {
        while word < self.start {
            self.n -= 1;
            self.start -= stretches[self.n].words;
        }
        while word >= self.start + stretches[self.n].words {
            self.start += stretches[self.n].words;
            self.n += 1;
        }
    }

    fn end(&self, stretches: &[Stretch]) -> usize {
        self.start + stretches[self.n].words
    }
}

struct Tokens<'a> {
    stretches: &'a [Stretch],
    tokens: Vec<Token>,
    /// Distances in words that are looked at, the row above first, each with the place last seen there.
    above: Vec<(usize, Place)>,
}

impl Tokens<'_> {
    fn of(stretches: &[Stretch], columns: usize) -> Vec<Token> {
        let begin = Place { n: 0, start: 0 };
        let aside = (1..=ASIDE).flat_map(|n| [columns.saturating_sub(n), columns + n]);
        let distances = std::iter::once(columns).chain(aside).filter(|d| (2..=WINDOW_WORDS).contains(d));
        let above = distances.map(|d| (d, begin)).collect();
        let mut tokens = Tokens { stretches, tokens: Vec::new(), above };
        tokens.walk(stretches.iter().map(|s| s.words).sum());
        tokens.tokens
    }

    fn walk(&mut self, words: usize) {
        let mut here = Place { n: 0, start: 0 };
        let mut word = 0;
        while word < words {
            here.seek(self.stretches, word);
            let left = here.end(self.stretches) - word;
            let goes_on = word > here.start;
            if goes_on && left > MATCH_WORDS + 1 {
                // Far from the next edge; the last words before it may go with the row above.
                let whole = ((left - 2) / MATCH_WORDS).max(1) * MATCH_WORDS;
                self.go_on(here, whole);
                word += whole;
                continue;
            }
            let (reach, distance) = self.furthest_above(here, word);
            // A match with the word before reaches the edge as well: the row above has to lead over it.
            if reach >= (left + usize::from(goes_on)).min(MATCH_WORDS) && reach > 1 {
                self.repeat(reach, 2 * distance);
                word += reach;
            } else if goes_on && left > 1 {
                self.go_on(here, left);
                word += left;
            } else {
                self.tokens.extend(self.stretches[here.n].value.to_le_bytes().map(Token::Literal));
                word += 1;
            }
        }
    }

    /// More words of the same stretch. Equal bytes are the byte before: decoders are much quicker at that than at pairs.
    fn go_on(&mut self, here: Place, words: usize) {
        let [low, high] = self.stretches[here.n].value.to_le_bytes();
        self.repeat(words, if low == high { 1 } else { 2 });
    }

    /// Matches of so many words, a distance in bytes before them. None is left with a length of two bytes.
    fn repeat(&mut self, words: usize, distance: usize) {
        let mut left = 2 * words;
        while left > 0 {
            let length = if left == 2 * MATCH_WORDS + 2 { left - 4 } else { left.min(2 * MATCH_WORDS) };
            self.tokens.push(Token::Match { length: length as u16, distance: distance as u16 });
            left -= length;
        }
    }

    /// How many words from here on are like those above, at most those of a match, and at which distance.
    fn furthest_above(&mut self, here: Place, word: usize) -> (usize, usize) {
        let mut best = (0, 0);
        for (distance, place) in self.above.iter_mut().filter(|(distance, _)| *distance <= word) {
            place.seek(self.stretches, word - *distance);
            let reach = alike(self.stretches, here, *place, word, *distance);
            if reach > best.0 {
                best = (reach, *distance);
            }
        }
        best
    }
}

/// Number of words from `word` on that equal those `distance` before them, at most those of a match.
fn alike(stretches: &[Stretch], mut here: Place, mut there: Place, word: usize, distance: usize) -> usize {
    let mut reached = word;
    while reached < word + MATCH_WORDS && stretches[here.n].value == stretches[there.n].value {
        let (end, end_there) = (here.end(stretches), there.end(stretches) + distance);
        reached = end.min(end_there);
        if reached == end {
            here = Place { n: here.n + 1, start: end };
        }
        if reached == end_there {
            there = Place { n: there.n + 1, start: end_there - distance };
        }
        if here.n == stretches.len() {
            break;
        }
    }
    (reached - word).min(MATCH_WORDS)
}

/// The bytes of stretches, as they are read.
pub struct StretchBytes<'a> {
    stretches: &'a [Stretch],
    /// Words of the first stretch that were given already.
    given: usize,
}

impl<'a> StretchBytes<'a> {
    pub fn new(stretches: &'a [Stretch]) -> Self {
        StretchBytes { stretches, given: 0 }
    }

    /// Fills a buffer of an even number of bytes as far as there are words; returns the number of bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while let Some(first) = self.stretches.first().filter(|_| filled < buffer.len()) {
            let words = (first.words - self.given).min((buffer.len() - filled) / 2);
            let bytes = &mut buffer[filled..filled + 2 * words];
            match first.value.to_le_bytes() {
                [low, high] if low == high => bytes.fill(low),
                pair => bytes.as_chunks_mut().0.fill(pair),
            }
            filled += 2 * words;
            self.given += words;
            if self.given == first.words {
                (self.stretches, self.given) = (&self.stretches[1..], 0);
            }
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::DeflateDecoder;
    use std::io::Read;

    /// Joins neighbours of one value.
    fn stretches(words: &[u16]) -> Vec<Stretch> {
        words.chunk_by(|a, b| a == b).map(|same| Stretch { words: same.len(), value: same[0] }).collect()
    }

    /// What another decoder makes of it, and the compressed size.
    fn there_and_back(words: &[u16], columns: usize) -> usize {
        let packed = deflate(&stretches(words), columns);
        let closed = [&packed[..], &[3, 0]].concat();
        let mut back = Vec::new();
        DeflateDecoder::new(&closed[..]).read_to_end(&mut back).expect("a sound stream");
        let expected: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        assert!(back == expected, "{} words of {columns} columns", words.len());
        let mut made = vec![0; expected.len() + 2];
        assert_eq!(StretchBytes::new(&stretches(words)).fill(&mut made), expected.len());
        assert!(made[..expected.len()] == expected);
        packed.len()
    }

    #[test]
    fn noise_of_every_width_and_density_comes_back() {
        let mut seed = 7u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        for columns in [1, 2, 3, 4, 5, 41, 129, 512, 16_382, 16_390, 40_000] {
            for longest in [1, 3, 60, 300, 5000] {
                let values = [2, 300, 65_536][next(3) as usize];
                let mut words = Vec::new();
                while words.len() < 20_000 {
                    let (count, value) = (1 + next(longest), next(values) as u16);
                    words.extend(std::iter::repeat_n(value, count as usize));
                }
                there_and_back(&words, columns);
            }
        }
    }

    #[test]
    fn blank_parts_of_every_length_are_as_small_as_deflate_can_say_them() {
        for words in (1..700).chain([129 * 1000, 1 << 20]) {
            // 258 bytes in two bits, a header, a flush.
            assert!(there_and_back(&vec![0; words], 512) < 2 * words / 1032 + 40, "{words}");
        }
        assert!(deflate(&[], 4).len() < 40);
    }

    #[test]
    fn a_disc_takes_fewer_bytes_than_from_a_general_compressor() {
        let inside = |n: usize| (n % 512).abs_diff(250).pow(2) + (n / 512 % 512).abs_diff(240).pow(2) < 70 * 70;
        let words: Vec<u16> = (0..512 * 512 * 4).map(|n| u16::from(inside(n)) * 18).collect();
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let mut general = flate2::read::DeflateEncoder::new(&bytes[..], flate2::Compression::new(6));
        let general = general.read_to_end(&mut Vec::new()).expect("memory");
        let ours = there_and_back(&words, 512);
        assert!(ours <= general, "{ours} bytes, {general} of a general compressor");
    }
}
