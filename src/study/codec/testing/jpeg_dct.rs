//! Sequential DCT-based JPEG (T.81 annexes A and F), 8 and 12 bits.

use std::f64::consts::PI;

use super::{BitWriter, segment};

/// How to encode.
#[derive(Clone, Copy)]
pub struct Options {
    pub precision: u32,
    /// Step of every coefficient.
    pub step: u8,
    /// Horizontal and vertical sampling factors of the first component; the others have 1.
    pub sampling: (usize, usize),
    /// MCUs between restart markers, or 0.
    pub restart_units: usize,
    /// One scan of all components rather than one for each.
    pub interleaved: bool,
    /// The transform that an Adobe marker names.
    pub adobe: Option<u8>,
}

/// Encodes planes of full size; those of later components are thinned by averaging.
pub fn encode(planes: &[Vec<u16>], rows: usize, columns: usize, options: Options) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    if let Some(transform) = options.adobe {
        segment(&mut out, 0xEE, &[b"Adobe".as_slice(), &[0, 100, 0, 0, 0, 0, transform]].concat());
    }
    segment(&mut out, 0xDB, &[vec![0], vec![options.step; 64]].concat());
    let sampling = |c: usize| if c == 0 { options.sampling } else { (1, 1) };
    let mut frame = vec![options.precision as u8];
    frame.extend((rows as u16).to_be_bytes());
    frame.extend((columns as u16).to_be_bytes());
    frame.push(planes.len() as u8);
    (0..planes.len()).for_each(|c| frame.extend([c as u8 + 1, (sampling(c).0 << 4 | sampling(c).1) as u8, 0]));
    segment(&mut out, 0xC1, &frame);
    let (dc, ac) = (dc_table(), ac_table());
    segment(&mut out, 0xC4, &dc.body(0x00));
    segment(&mut out, 0xC4, &ac.body(0x10));
    if options.restart_units > 0 {
        segment(&mut out, 0xDD, &(options.restart_units as u16).to_be_bytes());
    }
    let (h, v) = options.sampling;
    let units = (columns.div_ceil(8 * h), rows.div_ceil(8 * v));
    let blocks: Vec<Blocks> = (0..planes.len())
        .map(|c| {
            let (across, down) = sampling(c);
            Blocks::new(&planes[c], rows, columns, (h / across, v / down), units.0 * across, units.1 * down, options)
        })
        .collect();
    let all: Vec<usize> = (0..planes.len()).collect();
    let scans: Vec<Vec<usize>> =
        if options.interleaved { vec![all] } else { all.into_iter().map(|c| vec![c]).collect() };
    for scan in scans {
        let mut header = vec![scan.len() as u8];
        scan.iter().for_each(|c| header.extend([*c as u8 + 1, 0]));
        header.extend([0, 63, 0]);
        segment(&mut out, 0xDA, &header);
        let mut bits = BitWriter::default();
        let mut predictors = vec![0; planes.len()];
        for (unit, blocks_of_unit) in units_of(&scan, &blocks, units, sampling).into_iter().enumerate() {
            if options.restart_units > 0 && unit > 0 && unit % options.restart_units == 0 {
                bits.restart(unit / options.restart_units - 1);
                predictors.fill(0);
            }
            for (c, block) in blocks_of_unit {
                put_block(&mut bits, &dc, &ac, block, &mut predictors[c]);
            }
        }
        bits.flush();
        out.extend(bits.bytes);
    }
    out.extend([0xFF, 0xD9]);
    out
}

/// The quantised coefficients of a component.
struct Blocks {
    stride: usize,
    /// Blocks with samples of the picture, across and down.
    own: (usize, usize),
    blocks: Vec<[i32; 64]>,
}

impl Blocks {
    fn new(
        plane: &[u16],
        rows: usize,
        columns: usize,
        (across, down): (usize, usize),
        stride: usize,
        height: usize,
        options: Options,
    ) -> Self {
        let (own_columns, own_rows) = (columns.div_ceil(across), rows.div_ceil(down));
        let sample = |y: usize, x: usize| {
            let full = |y: usize, x: usize| f64::from(plane[y.min(rows - 1) * columns + x.min(columns - 1)]);
            let (y, x) = (y.min(own_rows - 1) * down, x.min(own_columns - 1) * across);
            let sum: f64 =
                (0..down).flat_map(|v| (0..across).map(move |u| (v, u))).map(|(v, u)| full(y + v, x + u)).sum();
            sum / (across * down) as f64 - f64::from(1 << (options.precision - 1))
        };
        let blocks = (0..stride * height).map(|i| {
            let (top, left) = (8 * (i / stride), 8 * (i % stride));
            let block: [f64; 64] = std::array::from_fn(|k| sample(top + k / 8, left + k % 8));
            forward(&block).map(|c| (c / f64::from(options.step)).round() as i32)
        });
        let blocks = blocks.collect();
        Blocks { stride, own: (own_columns.div_ceil(8), own_rows.div_ceil(8)), blocks }
    }
}

fn units_of<'a>(
    scan: &[usize],
    blocks: &'a [Blocks],
    units: (usize, usize),
    sampling: impl Fn(usize) -> (usize, usize),
) -> Vec<Vec<(usize, &'a [i32; 64])>> {
    if let [c] = scan {
        let Blocks { stride, own, blocks } = &blocks[*c];
        let cells = (0..own.1).flat_map(|y| (0..own.0).map(move |x| y * stride + x));
        return cells.map(|i| vec![(*c, &blocks[i])]).collect();
    }
    let mut all = Vec::new();
    for (y, x) in (0..units.1).flat_map(|y| (0..units.0).map(move |x| (y, x))) {
        let mut unit = Vec::new();
        for c in scan {
            let (h, v) = sampling(*c);
            for (dy, dx) in (0..v).flat_map(|dy| (0..h).map(move |dx| (dy, dx))) {
                unit.push((*c, &blocks[*c].blocks[(y * v + dy) * blocks[*c].stride + x * h + dx]));
            }
        }
        all.push(unit);
    }
    all
}

/// A.3.3.
fn forward(block: &[f64; 64]) -> [f64; 64] {
    std::array::from_fn(|i| {
        let (v, u) = (i / 8, i % 8);
        let norm = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
        let basis = |x: usize, k: usize| ((2 * x + 1) as f64 * k as f64 * PI / 16.0).cos();
        let sum: f64 = (0..64).map(|k| block[k] * basis(k % 8, u) * basis(k / 8, v)).sum();
        sum * norm(u) * norm(v) / 4.0
    })
}

fn put_block(bits: &mut BitWriter, dc: &Codes, ac: &Codes, block: &[i32; 64], predictor: &mut i32) {
    let category = |v: i32| 32 - v.unsigned_abs().leading_zeros();
    let put_value = |bits: &mut BitWriter, table: &Codes, run: u32, value: i32| {
        let size = category(value);
        table.put(bits, (run << 4 | size) as u8);
        bits.put(if value < 0 { value - 1 } else { value } as u32, size);
    };
    put_value(bits, dc, 0, block[0] - *predictor);
    *predictor = block[0];
    let mut run = 0;
    for i in zigzag().into_iter().skip(1) {
        if block[i] == 0 {
            run += 1;
            continue;
        }
        while run > 15 {
            ac.put(bits, 0xF0);
            run -= 16;
        }
        put_value(bits, ac, run, block[i]);
        run = 0;
    }
    if run > 0 {
        ac.put(bits, 0);
    }
}

/// Figure A.6, by walking the diagonals.
fn zigzag() -> Vec<usize> {
    let mut order: Vec<(usize, usize)> = (0..8).flat_map(|y| (0..8).map(move |x| (y, x))).collect();
    order.sort_by_key(|(y, x)| (y + x, if (y + x) % 2 == 0 { 7 - y } else { *y }));
    order.into_iter().map(|(y, x)| 8 * y + x).collect()
}

/// A Huffman table: numbers of codes by length, and symbols in the order of their codes.
struct Codes {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

/// All 16 categories with five bits.
fn dc_table() -> Codes {
    let mut counts = [0; 16];
    counts[4] = 16;
    Codes { counts, symbols: (0..16).collect() }
}

/// All 256 symbols: the smaller half with 8 and 9 bits, the larger with 11.
fn ac_table() -> Codes {
    let mut counts = [0; 16];
    (counts[7], counts[8], counts[10]) = (64, 64, 128);
    Codes { counts, symbols: (0..=255).collect() }
}

impl Codes {
    fn body(&self, kind: u8) -> Vec<u8> {
        [&[kind], self.counts.as_slice(), &self.symbols].concat()
    }

    fn put(&self, bits: &mut BitWriter, symbol: u8) {
        let wanted = self.symbols.iter().position(|s| *s == symbol).unwrap_or(0);
        let (mut code, mut index) = (0u32, 0);
        for (length, count) in (1..).zip(self.counts) {
            let count = usize::from(count);
            if wanted < index + count {
                bits.put(code + (wanted - index) as u32, length);
                return;
            }
            index += count;
            code = (code + count as u32) << 1;
        }
    }
}
