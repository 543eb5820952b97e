//! The lines of a JPEG-LS scan: prediction, contexts, runs (T.87 annex A).

use super::bits::Bits;
use super::context::{Context, RunContext};
use super::parameters::Parameters;
use crate::study::codec::{FrameLayout, Sample};

/// How the components of a scan follow each other (ILV).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interleave {
    /// There is one component.
    None,
    /// A line of each.
    Line,
    /// A sample of each.
    Sample,
}

/// A scan that is ready to be decoded.
pub(super) struct Scan {
    /// Indices of the scan's components in the frame.
    pub components: Vec<usize>,
    pub interleave: Interleave,
    pub parameters: Parameters,
    /// Lines between restart markers; 0 when there are none.
    pub restart_interval: usize,
    /// Where the coded bytes begin.
    pub data_at: usize,
}

/// The orders of run lengths, J (A.2.1).
#[rustfmt::skip]
const RUN_ORDERS: [u32; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
];

/// One component's line above and current line. Sample `x` is at `x + 1`: the places around are its neighbours beyond the
/// edges (A.2.1).
#[derive(Clone)]
struct Lines {
    above: Vec<i32>,
    line: Vec<i32>,
    run_index: usize,
}

impl Lines {
    fn new(columns: usize) -> Self {
        Lines { above: vec![0; columns + 2], line: vec![0; columns + 2], run_index: 0 }
    }

    /// Makes the current line the one above and sets the edges of both.
    fn advance(&mut self) {
        std::mem::swap(&mut self.above, &mut self.line);
        let last = self.above.len() - 1;
        self.above[last] = self.above[last - 1];
        self.line[0] = self.above[1];
    }
}

impl Scan {
    /// Decodes the scan into its components' samples. Says how many rows are whole, and where the scan ends.
    pub fn decode<S: Sample>(&self, data: &[u8], layout: &FrameLayout, out: &mut [S]) -> (usize, usize) {
        let mut bits = Bits::new(data, self.data_at);
        let mut coder = Coder::new(&self.parameters);
        let mut lines = vec![Lines::new(layout.columns); self.components.len()];
        let samples = layout.samples_per_pixel;
        for (row, pixels) in out.chunks_exact_mut(layout.columns * samples).enumerate() {
            if self.restart_interval > 0 && row > 0 && row % self.restart_interval == 0 {
                if bits.restart() != Some(((row / self.restart_interval - 1) % 8) as u8) {
                    return (row, bits.position());
                }
                coder.forget();
                lines.fill(Lines::new(layout.columns));
            }
            lines.iter_mut().for_each(Lines::advance);
            let masked = self.parameters.near == 0 && (self.parameters.maximum + 1).count_ones() == 1;
            match (self.interleave, masked) {
                (Interleave::Sample, true) => coder.pixels::<true>(&mut bits, &mut lines),
                (Interleave::Sample, false) => coder.pixels::<false>(&mut bits, &mut lines),
                (_, true) => lines.iter_mut().for_each(|lines| coder.line::<true>(&mut bits, lines)),
                (_, false) => lines.iter_mut().for_each(|lines| coder.line::<false>(&mut bits, lines)),
            }
            if bits.overrun() {
                return (row, bits.position());
            }
            for (index, lines) in self.components.iter().zip(&lines) {
                for (sample, value) in pixels[*index..].iter_mut().step_by(samples).zip(&lines.line[1..]) {
                    *sample = S::from_low(*value as u64);
                }
            }
        }
        (layout.rows, bits.position())
    }
}

/// Everything that changes while a scan is decoded, but for its lines and bits.
struct Coder {
    rules: Rules,
    /// Class of a gradient, -4 to 4, at its lowest 17 bits.
    classes: Box<[i8; 1 << 17]>,
    /// By the class of neighbourhood, 0 to 364; a power of two, so that an index is masked rather than checked.
    contexts: [Context; 512],
    run_contexts: [RunContext; 2],
}

/// The numbers that every sample needs; copied into registers.
#[derive(Clone, Copy)]
struct Rules {
    maximum: i32,
    near: i32,
    range: i32,
    reset: i32,
    /// 2 NEAR + 1.
    step: i32,
    /// Zeros after which a code is not Golomb's.
    most_zeros: u32,
    error_bits: u32,
}

impl Coder {
    fn new(parameters: &Parameters) -> Self {
        let Parameters { maximum, near, range, reset, error_bits, limit, .. } = *parameters;
        let rules =
            Rules { maximum, near, range, reset, step: 2 * near + 1, most_zeros: limit - error_bits - 1, error_bits };
        let mut coder = Coder {
            rules,
            classes: parameters.gradient_classes(),
            contexts: [Context::new(range); 512],
            run_contexts: [RunContext::new(range, 0), RunContext::new(range, 1)],
        };
        coder.forget();
        coder
    }

    /// Begins anew, as after a restart marker.
    fn forget(&mut self) {
        let range = self.rules.range;
        self.contexts.fill(Context::new(range));
        self.run_contexts = [RunContext::new(range, 0), RunContext::new(range, 1)];
    }

    /// A line of one component. `MASKED`: lossless, and MAXVAL + 1 is a power of two.
    fn line<const MASKED: bool>(&mut self, source: &mut Bits, lines: &mut Lines) {
        let (mut bits, rules) = (*source, self.rules);
        let columns = lines.line.len() - 2;
        let (above, line) = (&lines.above[..columns + 2], &mut lines.line[..columns + 2]);
        let mut x = 1;
        let (mut left, mut corner, mut top) = (line[0], above[0], above[1]);
        // The class of the gradient before the current one is that of the last sample's next one.
        let mut class_before = class(&self.classes, top - corner);
        while x <= columns {
            let next = above[x + 1];
            let class_next = class(&self.classes, next - top);
            let signed = 81 * class_next + 9 * class_before + class(&self.classes, corner - left);
            if signed != 0 {
                let context = &mut self.contexts[signed.unsigned_abs() as usize & 511];
                left = regular::<MASKED>(rules, context, &mut bits, signed >> 31, [left, top, corner]);
                line[x] = left;
                (corner, top, class_before) = (top, next, class_next);
                x += 1;
                continue;
            }
            let run = self.run(&mut bits, &mut lines.run_index, columns + 1 - x);
            line[x..x + run].fill(left);
            x += run;
            if x > columns {
                break;
            }
            top = above[x];
            left = self.run_end::<MASKED>(&mut bits, lines.run_index, left, top);
            lines.run_index = lines.run_index.saturating_sub(1);
            line[x] = left;
            x += 1;
            (corner, top) = (top, above[x]);
            class_before = class(&self.classes, top - corner);
        }
        *source = bits;
    }

    /// A line of all components, sample by sample. A run ends all of them together.
    fn pixels<const MASKED: bool>(&mut self, bits: &mut Bits, lines: &mut [Lines]) {
        let columns = lines.first().map_or(0, |l| l.line.len() - 2);
        let mut contexts = vec![0; lines.len()];
        let mut x = 1;
        while x <= columns {
            for (signed, Lines { above, line, .. }) in contexts.iter_mut().zip(&*lines) {
                *signed = 81 * class(&self.classes, above[x + 1] - above[x])
                    + 9 * class(&self.classes, above[x] - above[x - 1])
                    + class(&self.classes, above[x - 1] - line[x - 1]);
            }
            if contexts.iter().any(|signed| *signed != 0) {
                for (signed, Lines { above, line, .. }) in contexts.iter().zip(&mut *lines) {
                    let context = &mut self.contexts[signed.unsigned_abs() as usize & 511];
                    let neighbours = [line[x - 1], above[x], above[x - 1]];
                    line[x] = regular::<MASKED>(self.rules, context, bits, signed >> 31, neighbours);
                }
                x += 1;
                continue;
            }
            let mut run_index = lines.first().map_or(0, |l| l.run_index);
            let run = self.run(bits, &mut run_index, columns + 1 - x);
            for Lines { line, .. } in &mut *lines {
                let left = line[x - 1];
                line[x..x + run].fill(left);
            }
            x += run;
            if x <= columns {
                for Lines { above, line, .. } in &mut *lines {
                    line[x] = self.run_end_unlike::<MASKED>(bits, run_index, line[x - 1], above[x]);
                }
                run_index = run_index.saturating_sub(1);
                x += 1;
            }
            lines[0].run_index = run_index;
        }
    }

    /// The length of a run (A.7.1), at most `most`.
    #[inline(always)]
    fn run(&self, bits: &mut Bits, run_index: &mut usize, most: usize) -> usize {
        let (run, index, after) = run_length(*bits, *run_index, most);
        (*bits, *run_index) = (after, index);
        run
    }

    /// The sample that ends a run (A.7.2).
    #[inline(always)]
    fn run_end<const MASKED: bool>(&mut self, bits: &mut Bits, run_index: usize, left: i32, top: i32) -> i32 {
        if (left - top).abs() > self.rules.near {
            return self.run_end_unlike::<MASKED>(bits, run_index, left, top);
        }
        let (error, after) = run_error(*bits, &mut self.run_contexts[1], self.rules, run_index);
        *bits = after;
        reconstruct::<MASKED>(self.rules, left, error)
    }

    /// The sample that ends a run and differs from the one above.
    #[inline(always)]
    fn run_end_unlike<const MASKED: bool>(&mut self, bits: &mut Bits, run_index: usize, left: i32, top: i32) -> i32 {
        let (error, after) = run_error(*bits, &mut self.run_contexts[0], self.rules, run_index);
        *bits = after;
        reconstruct::<MASKED>(self.rules, top, if top < left { -error } else { error })
    }
}

#[inline(always)]
fn class(classes: &[i8; 1 << 17], gradient: i32) -> i32 {
    i32::from(classes[gradient as usize & 0x1FFFF])
}

/// A sample outside runs (A.4 to A.6) from its neighbours left, above, and between them. `sign` is -1 or 0.
#[inline(always)]
fn regular<const MASKED: bool>(
    rules: Rules,
    context: &mut Context,
    bits: &mut Bits,
    sign: i32,
    neighbours: [i32; 3],
) -> i32 {
    let [left, top, corner] = neighbours;
    let median = left.min(top).max(left.max(top).min(left + top - corner));
    let predicted = (median + ((i32::from(context.correction) ^ sign) - sign)).max(0).min(rules.maximum);
    let code = bits.golomb(u32::from(context.k), rules.most_zeros, rules.error_bits);
    let error = ((code >> 1) as i32 ^ -((code & 1) as i32)) ^ i32::from(context.negate);
    context.update(error, if MASKED { 1 } else { rules.step }, rules.reset);
    reconstruct::<MASKED>(rules, predicted, (error ^ sign) - sign)
}

/// The sample at an error from its prediction (A.4.5, A.5.1), modulo RANGE.
#[inline(always)]
fn reconstruct<const MASKED: bool>(rules: Rules, predicted: i32, error: i32) -> i32 {
    let Rules { maximum, near, range, step, .. } = rules;
    if MASKED {
        return predicted.wrapping_add(error) & maximum;
    }
    let mut value = predicted.wrapping_add(error.wrapping_mul(step));
    if value < -near {
        value = value.wrapping_add(range * step);
    } else if value > maximum + near {
        value = value.wrapping_sub(range * step);
    }
    value.clamp(0, maximum)
}

/// Reads the length of a run, at most `most`. By value, so that the bits can live in the caller's registers.
#[inline(never)]
fn run_length(mut bits: Bits, mut run_index: usize, most: usize) -> (usize, usize, Bits) {
    let mut run = 0;
    while run < most && bits.take(1) == 1 {
        run += 1 << RUN_ORDERS[run_index & 31];
        if run <= most {
            run_index = (run_index + 1).min(31);
        }
    }
    if run < most {
        run += bits.take(RUN_ORDERS[run_index & 31]) as usize;
    }
    (run.min(most), run_index, bits)
}

/// Reads the error of a sample that ends a run.
#[inline(never)]
fn run_error<'a>(mut bits: Bits<'a>, context: &mut RunContext, rules: Rules, run_index: usize) -> (i32, Bits<'a>) {
    let k = context.k();
    let most_zeros = rules.most_zeros.saturating_sub(RUN_ORDERS[run_index & 31] + 1);
    let code = bits.golomb(k, most_zeros, rules.error_bits);
    (context.error(code, k, rules.reset), bits)
}
