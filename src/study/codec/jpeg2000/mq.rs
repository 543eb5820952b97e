//! The MQ arithmetic decoder (T.800 annex C) and the raw bits that may stand in for it (D.6).

/// Number of contexts of a code-block, 19, made a power of two so that an index is masked rather than checked.
pub(super) const CONTEXTS: usize = 32;

/// A context's probability state: Qe in the upper half, then the numbers of the states after a more and a less probable
/// symbol. A state's number is twice its row in table C.2, plus the more probable symbol; the state after a more probable
/// symbol expects the same one, so that its lowest bit is the symbol.
pub(super) type State = u32;

/// The states by number. The contexts hold states rather than numbers: one look-up less on the way to each decision.
static STATES: [State; 128] = states();

#[rustfmt::skip]
const TABLE_C2: [(u32, u32, u32, u32); 47] = [
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0x0AC1, 4, 12, 0), (0x0521, 5, 29, 0), (0x0221, 38, 33, 0),
    (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0), (0x3801, 10, 14, 0), (0x3001, 11, 17, 0),
    (0x2401, 12, 18, 0), (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1), (0x5401, 16, 14, 0),
    (0x5101, 17, 15, 0), (0x4801, 18, 16, 0), (0x3801, 19, 17, 0), (0x3401, 20, 18, 0), (0x3001, 21, 19, 0),
    (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0), (0x1C01, 25, 22, 0), (0x1801, 26, 23, 0),
    (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0), (0x0AC1, 31, 28, 0),
    (0x09C1, 32, 29, 0), (0x08A1, 33, 30, 0), (0x0521, 34, 31, 0), (0x0441, 35, 32, 0), (0x02A1, 36, 33, 0),
    (0x0221, 37, 34, 0), (0x0141, 38, 35, 0), (0x0111, 39, 36, 0), (0x0085, 40, 37, 0), (0x0049, 41, 38, 0),
    (0x0025, 42, 39, 0), (0x0015, 43, 40, 0), (0x0009, 44, 41, 0), (0x0005, 45, 42, 0), (0x0001, 45, 43, 0),
    (0x5601, 46, 46, 0),
];

const fn states() -> [State; 128] {
    let mut states = [0; 128];
    let mut row = 0;
    while row < TABLE_C2.len() {
        let (qe, more, less, switch) = TABLE_C2[row];
        let mut symbol = 0;
        while symbol < 2 {
            states[2 * row + symbol as usize] = qe << 16 | (2 * more + symbol) << 8 | (2 * less + (symbol ^ switch));
            symbol += 1;
        }
        row += 1;
    }
    states
}

/// The states that contexts begin with (table D.7).
pub(super) fn fresh_contexts() -> [State; CONTEXTS] {
    let mut contexts = [STATES[0]; CONTEXTS];
    contexts[0] = STATES[2 * 4];
    contexts[17] = STATES[2 * 3];
    contexts[18] = STATES[2 * 46];
    contexts
}

/// The decoder over one segment of a code-block. It is small and copied into local variables by those who read many bits.
#[derive(Clone, Copy)]
pub(super) struct Mq<'a> {
    data: &'a [u8],
    pos: usize,
    c: u32,
    a: u32,
    /// Shifts until the next byte.
    count: u32,
    /// Bytes that stood in for missing ones.
    padding: u32,
}

impl<'a> Mq<'a> {
    /// INITDEC.
    pub fn new(data: &'a [u8]) -> Self {
        let first = u32::from(data.first().copied().unwrap_or(0xFF));
        let mut mq = Mq { data, pos: 0, c: first << 16, a: 0x8000, count: 0, padding: 0 };
        mq.byte_in();
        mq.c <<= 7;
        mq.count -= 7;
        mq
    }

    /// BYTEIN. Behind its end a segment goes on with ones.
    #[inline(always)]
    fn byte_in(&mut self) {
        let at = |i: usize| u32::from(self.data.get(i).copied().unwrap_or(0xFF));
        let next = at(self.pos + 1);
        if at(self.pos) != 0xFF {
            self.pos += 1;
            self.c += next << 8;
            self.count = 8;
        } else if next <= 0x8F {
            self.pos += 1;
            self.c += next << 9;
            self.count = 7;
        } else {
            self.c += 0xFF00;
            self.count = 8;
            self.padding += 1;
        }
    }

    /// DECODE: the next binary decision in a context. Which way it goes is anyone's guess, so there is no branch on it.
    #[inline(always)]
    pub fn decide(&mut self, context: &mut State) -> u32 {
        let state = *context;
        let qe = state >> 16;
        let rest = self.a - qe;
        // Whether the interval is the less probable symbol's, then whether the symbol is: the smaller interval's, by name
        // or after an exchange.
        let below = u32::from(self.c >> 16 < qe);
        let mask = below.wrapping_neg();
        self.c -= (qe << 16) & !mask;
        self.a = (qe & mask) | (rest & !mask);
        let less = below ^ u32::from(rest < qe);
        if self.a & 0x8000 == 0 {
            *context = STATES[(state >> (8 - 8 * less) & 127) as usize];
            self.renormalise();
        }
        (state >> 8 & 1) ^ less
    }

    /// RENORMD, several shifts at a time.
    #[inline(always)]
    fn renormalise(&mut self) {
        loop {
            if self.count == 0 {
                self.byte_in();
            }
            let shifts = (self.a.leading_zeros() - 16).min(self.count);
            self.a <<= shifts;
            self.c <<= shifts;
            self.count -= shifts;
            if self.a & 0x8000 != 0 {
                break;
            }
        }
    }

    /// Whether the segment's bytes are long used up; what would be decoded now says nothing. Writers may leave out a few
    /// bytes at the end that decode the same.
    pub fn exhausted(&self) -> bool {
        self.padding > 16
    }
}

/// Raw bits of a segment: a zero bit is stuffed after a byte 0xFF.
#[derive(Clone, Copy)]
pub(super) struct RawBits<'a> {
    data: &'a [u8],
    pos: usize,
    current: u8,
    left: u32,
}

impl<'a> RawBits<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        RawBits { data, pos: 0, current: 0, left: 0 }
    }

    pub fn bit(&mut self) -> u32 {
        if self.left == 0 {
            self.left = if self.current == 0xFF { 7 } else { 8 };
            self.current = self.data.get(self.pos).copied().unwrap_or(0xFF);
            self.pos += 1;
        }
        self.left -= 1;
        u32::from(self.current >> self.left & 1)
    }

    /// Whether the segment's bytes are used up.
    pub fn exhausted(&self) -> bool {
        self.pos > self.data.len() + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test sequence of T.88 annex H.2 (JBIG2 shares the coder), one context.
    #[test]
    fn standard_test_sequence() {
        let coded = [
            0x84, 0xC7, 0x3B, 0xFC, 0xE1, 0xA1, 0x43, 0x04, 0x02, 0x20, 0x00, 0x00, 0x41, 0x0D, 0xBB, 0x86, 0xF4, 0x31,
            0x7F, 0xFF, 0x88, 0xFF, 0x37, 0x47, 0x1A, 0xDB, 0x6A, 0xDF, 0xFF, 0xAC,
        ];
        let plain = [
            0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xC0, 0x03, 0x52, 0x87, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x82, 0xC0,
            0x20, 0x00, 0xFC, 0xD7, 0x9E, 0xF6, 0xBF, 0x7F, 0xED, 0x90, 0x4F, 0x46, 0xA3, 0xBF,
        ];
        let (mut mq, mut context) = (Mq::new(&coded), STATES[0]);
        for byte in plain {
            let got = (0..8).fold(0, |v, _| v << 1 | mq.decide(&mut context));
            assert_eq!(got, byte);
        }
    }
}
