//! Encoders for tests and benches: written straight from the standards' pseudo-code, slow, and apart from the decoders, so
//! that a misreading of a standard does not cancel out. They use nothing of the crate.

pub mod jpeg_dct;
pub mod jpeg_lossless;
pub mod jpeg_ls;

/// Bits into bytes, with the stuffing of JPEG (a zero byte after 0xFF) or of JPEG-LS (a zero bit after 0xFF).
#[derive(Default)]
pub struct BitWriter {
    pub bytes: Vec<u8>,
    current: u32,
    filled: u32,
    /// JPEG-LS.
    pub stuff_bits: bool,
}

impl BitWriter {
    /// The lowest `n` bits of `value`, the highest of them first.
    pub fn put(&mut self, value: u32, n: u32) {
        for i in (0..n).rev() {
            self.current = self.current << 1 | (value.checked_shr(i).unwrap_or(0) & 1);
            self.filled += 1;
            let room = if self.stuff_bits && self.bytes.last() == Some(&0xFF) { 7 } else { 8 };
            if self.filled == room {
                self.bytes.push(self.current as u8);
                if !self.stuff_bits && self.current == 0xFF {
                    self.bytes.push(0);
                }
                (self.current, self.filled) = (0, 0);
            }
        }
    }

    /// Fills the last byte: with ones in JPEG, zeros in JPEG-LS.
    pub fn flush(&mut self) {
        while self.filled > 0 {
            self.put(u32::from(!self.stuff_bits), 1);
        }
        if self.stuff_bits && self.bytes.last() == Some(&0xFF) {
            self.bytes.push(0);
        }
    }

    /// Ends the segment with a restart marker.
    pub fn restart(&mut self, number: usize) {
        self.flush();
        self.bytes.extend([0xFF, 0xD0 + (number % 8) as u8]);
    }
}

/// A marker segment.
pub fn segment(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    out.extend([0xFF, marker]);
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend(body);
}

/// A linear congruential generator, so that tests repeat.
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

/// A picture with what pictures have: flat parts, slopes, edges, noise, and both ends of the range. Interleaved by pixel.
pub fn picture(rows: usize, columns: usize, components: usize, precision: u32, noise: usize) -> Vec<u16> {
    let mut random = Random(rows as u64 * 31 + columns as u64 + u64::from(precision));
    let largest = (1usize << precision) - 1;
    let mut samples = Vec::new();
    for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
        for c in 0..components {
            let (dy, dx) = (2 * y.abs_diff(rows / 2), 2 * x.abs_diff(columns / 2));
            let value = match dy * dy * columns / rows.max(1) + dx * dx * rows / columns.max(1) {
                d if d > rows * columns * 7 / 10 => 0,
                _ if y < rows / 4 && x < columns / 4 => largest,
                d => {
                    (largest / 2 + c * largest / 9 + d * largest / (4 * rows * columns) + random.below(noise + 1))
                        % (largest + 1)
                }
            };
            samples.push(value as u16);
        }
    }
    samples
}
