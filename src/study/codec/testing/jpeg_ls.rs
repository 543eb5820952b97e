//! JPEG-LS (T.87 annex A), step by step as the standard has it.

use super::{BitWriter, segment};

/// How to encode.
#[derive(Clone, Copy)]
pub struct Options {
    pub precision: u32,
    pub near: i32,
    /// ILV: 0 a scan for each component, 1 a line of each, 2 a sample of each.
    pub interleave: u8,
    /// MAXVAL, T1, T2, T3, RESET of an LSE segment.
    pub presets: Option<[i32; 5]>,
    /// Lines between restart markers, or 0.
    pub restart_lines: usize,
}

/// Encodes samples that are interleaved by pixel. Gives the stream and what a decoder must make of it.
pub fn encode(
    samples: &[u16],
    rows: usize,
    columns: usize,
    components: usize,
    options: Options,
) -> (Vec<u8>, Vec<u16>) {
    let mut out = headers(rows, columns, components, options);
    let all: Vec<usize> = (0..components).collect();
    let scans: Vec<Vec<usize>> =
        if options.interleave > 0 { vec![all] } else { all.into_iter().map(|c| vec![c]).collect() };
    let mut decoded = vec![0; samples.len()];
    for scan in scans {
        let mut header = vec![scan.len() as u8];
        scan.iter().for_each(|c| header.extend([*c as u8 + 1, 0]));
        header.extend([options.near as u8, options.interleave, 0]);
        segment(&mut out, 0xDA, &header);
        let mut coder = Coder::new(options);
        let mut planes = vec![vec![vec![0i32; columns]; rows]; scan.len()];
        for (plane, c) in planes.iter_mut().zip(&scan) {
            for (i, value) in samples.iter().skip(*c).step_by(components).enumerate() {
                plane[i / columns][i % columns] = i32::from(*value);
            }
        }
        let mut first = 0;
        for y in 0..rows {
            if options.restart_lines > 0 && y > 0 && y % options.restart_lines == 0 {
                coder.bits.restart(y / options.restart_lines - 1);
                let bits = std::mem::take(&mut coder.bits);
                coder = Coder { bits, ..Coder::new(options) };
                first = y;
            }
            if options.interleave == 2 {
                coder.line(&mut planes, y, first, 0);
            } else {
                planes.iter_mut().enumerate().for_each(|(i, p)| coder.line(std::slice::from_mut(p), y, first, i));
            }
        }
        coder.bits.flush();
        out.extend(coder.bits.bytes);
        for (plane, c) in planes.iter().zip(&scan) {
            for (i, value) in decoded.iter_mut().skip(*c).step_by(components).enumerate() {
                *value = plane[i / columns][i % columns] as u16;
            }
        }
    }
    out.extend([0xFF, 0xD9]);
    (out, decoded)
}

/// Everything before the first scan.
fn headers(rows: usize, columns: usize, components: usize, options: Options) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    let mut frame = vec![options.precision as u8];
    frame.extend((rows as u16).to_be_bytes());
    frame.extend((columns as u16).to_be_bytes());
    frame.push(components as u8);
    (0..components).for_each(|c| frame.extend([c as u8 + 1, 0x11, 0]));
    segment(&mut out, 0xF7, &frame);
    if let Some(presets) = options.presets {
        let mut body = vec![1];
        presets.iter().for_each(|v| body.extend((*v as u16).to_be_bytes()));
        segment(&mut out, 0xF8, &body);
    }
    if options.restart_lines > 0 {
        segment(&mut out, 0xDD, &(options.restart_lines as u16).to_be_bytes());
    }
    out
}

const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

struct Coder {
    bits: BitWriter,
    near: i32,
    maximum: i32,
    thresholds: [i32; 3],
    reset: i32,
    range: i32,
    error_bits: u32,
    limit: u32,
    a: [i32; 367],
    b: [i32; 365],
    c: [i32; 365],
    n: [i32; 367],
    negatives: [i32; 2],
    run_index: [usize; 4],
}

impl Coder {
    fn new(options: Options) -> Self {
        let near = options.near;
        let log2 = |v: i32| (0..).find(|bits| 1i64 << bits >= i64::from(v)).unwrap_or(0);
        let presets = options.presets.unwrap_or([0; 5]);
        let or = |preset: i32, default: i32| if preset == 0 { default } else { preset };
        let maximum = or(presets[0], (1 << options.precision) - 1);
        let clamp = |i: i32, j: i32| if i > maximum || i < j { j } else { i };
        let [mut t1, mut t2, mut t3] = [3, 7, 21];
        if maximum >= 128 {
            let factor = (maximum.min(4095) + 128) / 256;
            t1 = clamp(factor * (t1 - 2) + 2 + 3 * near, near + 1);
            t2 = clamp(factor * (t2 - 3) + 3 + 5 * near, t1);
            t3 = clamp(factor * (t3 - 4) + 4 + 7 * near, t2);
        } else {
            let factor = 256 / (maximum + 1);
            t1 = clamp((t1 / factor + 3 * near).max(2), near + 1);
            t2 = clamp((t2 / factor + 5 * near).max(3), t1);
            t3 = clamp((t3 / factor + 7 * near).max(4), t2);
        }
        let range = (maximum + 2 * near) / (2 * near + 1) + 1;
        let sample_bits = log2(maximum + 1).max(2);
        Coder {
            bits: BitWriter { stuff_bits: true, ..BitWriter::default() },
            near,
            maximum,
            thresholds: [or(presets[1], t1), or(presets[2], t2), or(presets[3], t3)],
            reset: or(presets[4], 64),
            range,
            error_bits: log2(range),
            limit: 2 * (sample_bits + sample_bits.max(8)),
            a: [((range + 32) / 64).max(2); 367],
            b: [0; 365],
            c: [0; 365],
            n: [1; 367],
            negatives: [0; 2],
            run_index: [0; 4],
        }
    }

    /// Codes line `y` of planes whose samples follow each other, and replaces them by what is decoded. Lines before
    /// `first` are forgotten.
    fn line(&mut self, planes: &mut [Vec<Vec<i32>>], y: usize, first: usize, run_index: usize) {
        let columns = planes[0][0].len();
        let mut x = 0;
        while x < columns {
            let around: Vec<[i32; 4]> = planes.iter().map(|plane| neighbours(plane, y, x, first)).collect();
            let contexts: Vec<i32> = around
                .iter()
                .map(|[a, b, c, d]| 81 * self.quantise(d - b) + 9 * self.quantise(b - c) + self.quantise(c - a))
                .collect();
            if contexts.iter().any(|q| *q != 0) {
                for ((plane, q), around) in planes.iter_mut().zip(contexts).zip(around) {
                    plane[y][x] = self.regular(plane[y][x], q, around);
                }
                x += 1;
                continue;
            }
            let start = x;
            while x < columns && planes.iter().zip(&around).all(|(p, a)| (p[y][x] - a[0]).abs() <= self.near) {
                planes.iter_mut().zip(&around).for_each(|(p, a)| p[y][x] = a[0]);
                x += 1;
            }
            self.run(x - start, x == columns, run_index);
            if x == columns {
                break;
            }
            let many = planes.len() > 1;
            for plane in planes.iter_mut() {
                let [a, b, ..] = neighbours(plane, y, x, first);
                let alike = !many && (a - b).abs() <= self.near;
                plane[y][x] = self.run_end(plane[y][x], a, b, alike, J[self.run_index[run_index]]);
            }
            self.run_index[run_index] = self.run_index[run_index].saturating_sub(1);
            x += 1;
        }
    }

    fn quantise(&self, d: i32) -> i32 {
        let [t1, t2, t3] = self.thresholds;
        let class = match d.abs() {
            g if g <= self.near => 0,
            g if g < t1 => 1,
            g if g < t2 => 2,
            g if g < t3 => 3,
            _ => 4,
        };
        class * d.signum()
    }

    fn golomb(&mut self, value: i32, k: u32, limit: u32) {
        let high = value as u32 >> k;
        let most = limit - self.error_bits - 1;
        if high < most {
            self.bits.put(0, high);
            self.bits.put(1, 1);
            self.bits.put(value as u32, k);
        } else {
            self.bits.put(0, most);
            self.bits.put(1, 1);
            self.bits.put(value as u32 - 1, self.error_bits);
        }
    }

    fn parameter(&self, n: i32, a: i32) -> u32 {
        (0..).find(|k| i64::from(n) << k >= i64::from(a)).unwrap_or(0)
    }

    fn quantise_error(&self, error: i32) -> i32 {
        let step = 2 * self.near + 1;
        if error > 0 { (error + self.near) / step } else { -((self.near - error) / step) }
    }

    fn modulo(&self, error: i32) -> i32 {
        let error = if error < 0 { error + self.range } else { error };
        if error >= (self.range + 1) / 2 { error - self.range } else { error }
    }

    fn regular(&mut self, value: i32, q: i32, [a, b, c, _]: [i32; 4]) -> i32 {
        let (sign, i) = (if q < 0 { -1 } else { 1 }, q.unsigned_abs() as usize);
        let median = if c >= a.max(b) {
            a.min(b)
        } else if c <= a.min(b) {
            a.max(b)
        } else {
            a + b - c
        };
        let predicted = (median + sign * self.c[i]).clamp(0, self.maximum);
        let quantised = self.quantise_error(sign * (value - predicted));
        let decoded = (predicted + sign * quantised * (2 * self.near + 1)).clamp(0, self.maximum);
        let error = self.modulo(quantised);
        let k = self.parameter(self.n[i], self.a[i]);
        let swapped = self.near == 0 && k == 0 && 2 * self.b[i] <= -self.n[i];
        let mapped = match (error >= 0, swapped) {
            (true, false) => 2 * error,
            (false, false) => -2 * error - 1,
            (true, true) => 2 * error + 1,
            (false, true) => -2 * (error + 1),
        };
        self.golomb(mapped, k, self.limit);
        self.b[i] += error * (2 * self.near + 1);
        self.a[i] += error.abs();
        if self.n[i] == self.reset {
            self.a[i] >>= 1;
            self.b[i] = if self.b[i] >= 0 { self.b[i] >> 1 } else { -((1 - self.b[i]) >> 1) };
            self.n[i] >>= 1;
        }
        self.n[i] += 1;
        if self.b[i] <= -self.n[i] {
            self.b[i] = (self.b[i] + self.n[i]).max(1 - self.n[i]);
            self.c[i] = (self.c[i] - 1).max(-128);
        } else if self.b[i] > 0 {
            self.b[i] = (self.b[i] - self.n[i]).min(0);
            self.c[i] = (self.c[i] + 1).min(127);
        }
        decoded
    }

    fn run(&mut self, mut length: usize, at_end: bool, run_index: usize) {
        let index = &mut self.run_index[run_index];
        while length >= 1 << J[*index] {
            self.bits.put(1, 1);
            length -= 1 << J[*index];
            *index = (*index + 1).min(31);
        }
        if !at_end {
            self.bits.put(0, 1);
            self.bits.put(length as u32, J[*index]);
        } else if length > 0 {
            self.bits.put(1, 1);
        }
    }

    fn run_end(&mut self, value: i32, a: i32, b: i32, alike: bool, order: u32) -> i32 {
        let predicted = if alike { a } else { b };
        let sign = if !alike && a > b { -1 } else { 1 };
        let quantised = self.quantise_error(sign * (value - predicted));
        let decoded = (predicted + sign * quantised * (2 * self.near + 1)).clamp(0, self.maximum);
        let error = self.modulo(quantised);
        let (kind, i) = (i32::from(alike), 365 + usize::from(alike));
        let k = self.parameter(self.n[i], self.a[i] + if alike { self.n[i] >> 1 } else { 0 });
        let mostly_positive = 2 * self.negatives[i - 365] < self.n[i];
        let map = i32::from(match error.signum() {
            1 => k == 0 && mostly_positive,
            -1 => k != 0 || !mostly_positive,
            _ => false,
        });
        let mapped = 2 * error.abs() - kind - map;
        self.golomb(mapped, k, self.limit - order - 1);
        self.negatives[i - 365] += i32::from(error < 0);
        self.a[i] += (mapped + 1 - kind) >> 1;
        if self.n[i] == self.reset {
            self.a[i] >>= 1;
            self.n[i] >>= 1;
            self.negatives[i - 365] >>= 1;
        }
        self.n[i] += 1;
        decoded
    }
}

/// Ra, Rb, Rc, Rd of A.2.1.
fn neighbours(plane: &[Vec<i32>], y: usize, x: usize, first: usize) -> [i32; 4] {
    let columns = plane[0].len();
    let above = |x: usize| if y > first { plane[y - 1][x] } else { 0 };
    let a = if x > 0 { plane[y][x - 1] } else { above(0) };
    let c = match (x, y) {
        (1.., _) => above(x - 1),
        (0, y) if y >= first + 2 => plane[y - 2][0],
        _ => 0,
    };
    [a, above(x), c, above((x + 1).min(columns - 1))]
}
