//! Lossless JPEG (T.81 annex H).

use super::{BitWriter, segment};

/// How to encode.
#[derive(Clone, Copy)]
pub struct Options {
    pub precision: u32,
    pub predictor: u8,
    pub point_transform: u32,
    /// Rows between restart markers, or 0.
    pub restart_rows: usize,
    /// One scan of all components rather than one for each.
    pub interleaved: bool,
}

/// Encodes samples that are interleaved by pixel.
pub fn encode(samples: &[u16], rows: usize, columns: usize, components: usize, options: Options) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    let mut frame = vec![options.precision as u8];
    frame.extend((rows as u16).to_be_bytes());
    frame.extend((columns as u16).to_be_bytes());
    frame.push(components as u8);
    (0..components).for_each(|c| frame.extend([c as u8 + 1, 0x11, 0]));
    segment(&mut out, 0xC3, &frame);
    if options.restart_rows > 0 {
        segment(&mut out, 0xDD, &((options.restart_rows * columns) as u16).to_be_bytes());
    }
    let all: Vec<usize> = (0..components).collect();
    let scans: Vec<Vec<usize>> =
        if options.interleaved { vec![all] } else { all.into_iter().map(|c| vec![c]).collect() };
    for scan in scans {
        let differences = differences(samples, rows, columns, components, &scan, options);
        let table = Table::new(&differences);
        segment(&mut out, 0xC4, &table.body());
        let mut header = vec![scan.len() as u8];
        scan.iter().for_each(|c| header.extend([*c as u8 + 1, 0]));
        header.extend([options.predictor, 0, options.point_transform as u8]);
        segment(&mut out, 0xDA, &header);
        let mut bits = BitWriter::default();
        for (row, line) in differences.chunks(columns * scan.len()).enumerate() {
            if options.restart_rows > 0 && row > 0 && row % options.restart_rows == 0 {
                bits.restart(row / options.restart_rows - 1);
            }
            line.iter().for_each(|difference| table.put(&mut bits, *difference));
        }
        bits.flush();
        out.extend(bits.bytes);
    }
    out.extend([0xFF, 0xD9]);
    out
}

fn differences(
    samples: &[u16],
    rows: usize,
    columns: usize,
    components: usize,
    scan: &[usize],
    options: Options,
) -> Vec<i32> {
    let mut out = Vec::new();
    for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
        for c in scan {
            let at =
                |y: usize, x: usize| i32::from(samples[(y * columns + x) * components + c] >> options.point_transform);
            let first_row = y == 0 || (options.restart_rows > 0 && y % options.restart_rows == 0);
            let predicted = match (first_row, x) {
                (true, 0) => 1 << (options.precision - options.point_transform - 1),
                (true, _) => at(y, x - 1),
                (false, 0) => at(y - 1, x),
                (false, _) => {
                    let (a, b, c) = (at(y, x - 1), at(y - 1, x), at(y - 1, x - 1));
                    match options.predictor {
                        1 => a,
                        2 => b,
                        3 => c,
                        4 => a + b - c,
                        5 => a + ((b - c) >> 1),
                        6 => b + ((a - c) >> 1),
                        _ => (a + b) / 2,
                    }
                }
            };
            // Modulo 2^16, from -32767 to 32768.
            let difference = (at(y, x) - predicted) & 0xFFFF;
            out.push(if difference > 32768 { difference - 65536 } else { difference });
        }
    }
    out
}

/// A Huffman table in which frequent categories have short codes.
struct Table {
    counts: [u8; 16],
    /// Categories in the order of their codes.
    symbols: Vec<u8>,
    /// Code and length of each category.
    codes: [(u32, u32); 17],
}

fn category(difference: i32) -> u32 {
    32 - difference.unsigned_abs().leading_zeros()
}

impl Table {
    fn new(differences: &[i32]) -> Self {
        let mut frequency = [0usize; 17];
        differences.iter().for_each(|d| frequency[category(*d) as usize] += 1);
        let mut symbols: Vec<u8> = (0..17).collect();
        symbols.sort_by_key(|s| std::cmp::Reverse(frequency[usize::from(*s)]));
        let lengths = [2u32, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16];
        let (mut counts, mut codes) = ([0u8; 16], [(0, 0); 17]);
        let (mut code, mut length) = (0u32, 0);
        for (symbol, wanted) in symbols.iter().zip(lengths) {
            code <<= wanted - length;
            length = wanted;
            codes[usize::from(*symbol)] = (code, length);
            counts[length as usize - 1] += 1;
            code += 1;
        }
        Table { counts, symbols, codes }
    }

    fn body(&self) -> Vec<u8> {
        let mut body = vec![0];
        body.extend(self.counts);
        body.extend(&self.symbols);
        body
    }

    fn put(&self, bits: &mut BitWriter, difference: i32) {
        let category = category(difference);
        let (code, length) = self.codes[category as usize];
        bits.put(code, length);
        if category < 16 {
            bits.put(if difference < 0 { difference - 1 } else { difference } as u32, category);
        }
    }
}
