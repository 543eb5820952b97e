//! Huffman tables (ITU-T T.81 annex C and F.2.2.3) as look-up tables.

use super::bits::Bits;
use crate::study::codec::CodecError;

/// Bits that the symbol table looks at.
const LOOK: u32 = 9;
/// Bits that the table of whole differences looks at: 16 KiB, half of a small first-level cache.
pub(super) const WIDE: u32 = 12;

/// One table of a DHT segment.
#[derive(Clone)]
pub(super) struct Huffman {
    /// For the next [`LOOK`] bits: symbol and code length, or length 0 for longer codes.
    short: Vec<(u8, u8)>,
    /// For each code length, the first code behind those of that length, left-justified in 16 bits.
    limit: [u32; 17],
    /// For each code length, what to subtract from a code to get the index of its symbol.
    offset: [i32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    /// A table from the numbers of codes of 1 to 16 bits, and the symbols in the order of their codes.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, CodecError> {
        let mut table =
            Huffman { short: vec![(0, 0); 1 << LOOK], limit: [0; 17], offset: [0; 17], symbols: symbols.to_vec() };
        let (mut code, mut index) = (0u32, 0usize);
        for (length, count) in (1u32..).zip(counts) {
            table.offset[length as usize] = index as i32 - code as i32;
            for symbol in symbols.iter().skip(index).take(usize::from(*count)) {
                if code >> length != 0 {
                    return Err(CodecError::damaged("a Huffman table has more codes than fit"));
                }
                if length <= LOOK {
                    let first = (code << (LOOK - length)) as usize;
                    table.short[first..first + (1 << (LOOK - length))].fill((*symbol, length as u8));
                }
                code += 1;
                index += 1;
            }
            table.limit[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// Decodes one symbol. A code that no symbol has gives 0; only damaged streams have such.
    #[inline(always)]
    pub fn symbol(&self, bits: &mut Bits) -> u8 {
        bits.want(16);
        let (symbol, length) = self.short[bits.peek(LOOK) as usize];
        if length > 0 {
            bits.skip(u32::from(length));
            return symbol;
        }
        self.long_symbol(bits)
    }

    #[cold]
    fn long_symbol(&self, bits: &mut Bits) -> u8 {
        let next = bits.peek(16);
        for length in LOOK + 1..=16 {
            if next < self.limit[length as usize] {
                bits.skip(length);
                let index = (next >> (16 - length)) as i32 + self.offset[length as usize];
                return self.symbols.get(index as usize).copied().unwrap_or(0);
            }
        }
        bits.skip(16);
        0
    }

    /// The table of whole differences that the lossless process wants.
    pub fn differences(&self) -> Differences<'_> {
        let mut wide = Box::new([0u32; 1 << WIDE]);
        for (next, entry) in wide.iter_mut().enumerate() {
            let (category, length) = self.short[next >> (WIDE - LOOK)];
            let (category, length) = (u32::from(category & 31), u32::from(length));
            let extra = if category < 16 { category } else { 0 };
            if length > 0 && category <= 16 && length + extra <= WIDE {
                let low = (next as u32 >> (WIDE - length - extra)) & ((1 << extra) - 1);
                *entry = (extend(low, category) as u32) << 16 | (length + extra);
            }
        }
        Differences { wide, table: self }
    }
}

/// The difference of a category from its additional bits (T.81 F.2.2.1 EXTEND, H.1.2.2 for category 16).
#[inline(always)]
pub(super) fn extend(low: u32, category: u32) -> i32 {
    match category {
        0 => 0,
        16 => 32768,
        _ if low < 1 << (category - 1) => low as i32 - (1 << category) + 1,
        _ => low as i32,
    }
}

/// Category and additional bits of a difference in one look-up.
pub(super) struct Differences<'a> {
    /// For the next [`WIDE`] bits: the difference in the upper half, the bits it takes in the lower; 0 when it takes more.
    wide: Box<[u32; 1 << WIDE]>,
    table: &'a Huffman,
}

impl Differences<'_> {
    /// The next difference, modulo 2^16. Wants [`WIDE`] bits loaded, and takes no more than that unless it reloads.
    #[inline(always)]
    pub fn next(&self, bits: &mut Bits) -> u16 {
        let entry = self.wide[bits.peek(WIDE) as usize & ((1 << WIDE) - 1)];
        if entry != 0 {
            bits.skip(entry & 0xFF);
            return (entry >> 16) as u16;
        }
        let (difference, after) = self.long(*bits);
        *bits = after;
        difference
    }

    #[inline(never)]
    fn long<'b>(&self, mut bits: Bits<'b>) -> (u16, Bits<'b>) {
        let category = u32::from(self.table.symbol(&mut bits)).min(16);
        let low = if category < 16 { bits.take(category) } else { 0 };
        bits.refill();
        (extend(low, category) as u16, bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The luminance DC table of T.81 table K.3, and all its codes.
    #[test]
    fn annex_k_codes() {
        let table =
            Huffman::new(&[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
                .unwrap();
        let codes: [(u32, u32); 12] = [
            (0b00, 2),
            (0b010, 3),
            (0b011, 3),
            (0b100, 3),
            (0b101, 3),
            (0b110, 3),
            (0b1110, 4),
            (0b11110, 5),
            (0b111110, 6),
            (0b1111110, 7),
            (0b11111110, 8),
            (0b111111110, 9),
        ];
        for (symbol, (code, length)) in codes.into_iter().enumerate() {
            let word = (code << (32 - length)).to_be_bytes();
            assert_eq!(usize::from(table.symbol(&mut Bits::new(&word, 0))), symbol);
            let differences = table.differences();
            let mut bits = Bits::new(&word, 0);
            bits.refill();
            let lowest = if symbol == 0 { 0 } else { 1 - (1i32 << symbol) };
            assert_eq!(differences.next(&mut bits) as i16, lowest as i16);
        }
    }

    #[test]
    fn long_codes_and_codes_without_a_symbol() {
        let mut counts = [1; 16];
        counts[15] = 2;
        let symbols: Vec<u8> = (0..17).collect();
        let table = Huffman::new(&counts, &symbols).unwrap();
        assert_eq!(table.symbol(&mut Bits::new(&[0xFE, 0xFE, 0, 0], 0)), 15 - 8);
        assert_eq!(table.symbol(&mut Bits::new(&[0xFF, 0x00, 0xFB, 0, 0], 0)), 13);
        assert!(Huffman::new(&[3; 16], &[0; 48]).is_err());
        let sparse = Huffman::new(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[7]).unwrap();
        assert_eq!(sparse.symbol(&mut Bits::new(&[0xAA; 4], 0)), 0);
    }

    #[test]
    fn differences_extend() {
        assert_eq!(
            [extend(0, 1), extend(1, 1), extend(0, 3), extend(3, 3), extend(4, 3), extend(7, 3)],
            [-1, 1, -7, -4, 4, 7]
        );
        assert_eq!(extend(0, 16), 32768);
    }
}
