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
                coder = Coder::new(&self.parameters);
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
struct Coder<'a> {
    parameters: &'a Parameters,
    /// Class of a gradient, from -MAXVAL on.
    classes: Vec<i8>,
    contexts: [Context; 365],
    run_contexts: [RunContext; 2],
    /// 2 NEAR + 1.
    step: i32,
    /// Zeros after which a code is not Golomb's.
    most_zeros: u32,
}

impl<'a> Coder<'a> {
    fn new(parameters: &'a Parameters) -> Self {
        let range = parameters.range;
        Coder {
            parameters,
            classes: parameters.gradient_classes(),
            contexts: [Context::new(range); 365],
            run_contexts: [RunContext::new(range, 0), RunContext::new(range, 1)],
            step: 2 * parameters.near + 1,
            most_zeros: parameters.limit - parameters.error_bits - 1,
        }
    }

    #[inline(always)]
    fn class(&self, gradient: i32) -> i32 {
        let at = (gradient + self.parameters.maximum) as usize;
        i32::from(self.classes.get(at).copied().unwrap_or(0))
    }

    /// A line of one component. `MASKED`: lossless, and MAXVAL + 1 is a power of two.
    fn line<const MASKED: bool>(&mut self, source: &mut Bits, lines: &mut Lines) {
        let mut bits = *source;
        let Lines { above, line, run_index } = lines;
        let columns = line.len() - 2;
        let mut x = 1;
        let mut left = line[0];
        // The class of the gradient before the current one is that of the last sample's next one.
        let mut class_before = self.class(above[1] - above[0]);
        while x <= columns {
            let [corner, top, next] = [above[x - 1], above[x], above[x + 1]];
            let class_next = self.class(next - top);
            let context = 81 * class_next + 9 * class_before + self.class(corner - left);
            if context != 0 {
                left = self.regular::<MASKED>(&mut bits, context, [left, top, corner]);
                line[x] = left;
                class_before = class_next;
                x += 1;
                continue;
            }
            let run = self.run(&mut bits, run_index, columns + 1 - x);
            line[x..x + run].fill(left);
            x += run;
            if x > columns {
                break;
            }
            left = self.run_end::<MASKED>(&mut bits, *run_index, left, above[x]);
            *run_index = run_index.saturating_sub(1);
            line[x] = left;
            class_before = self.class(above[x + 1] - above[x]);
            x += 1;
        }
        *source = bits;
    }

    /// A line of all components, sample by sample. A run ends all of them together.
    fn pixels<const MASKED: bool>(&mut self, bits: &mut Bits, lines: &mut [Lines]) {
        let columns = lines.first().map_or(0, |l| l.line.len() - 2);
        let mut contexts = vec![0; lines.len()];
        let mut x = 1;
        while x <= columns {
            for (context, Lines { above, line, .. }) in contexts.iter_mut().zip(&*lines) {
                *context = 81 * self.class(above[x + 1] - above[x])
                    + 9 * self.class(above[x] - above[x - 1])
                    + self.class(above[x - 1] - line[x - 1]);
            }
            if contexts.iter().any(|context| *context != 0) {
                for (context, Lines { above, line, .. }) in contexts.iter().zip(&mut *lines) {
                    line[x] = self.regular::<MASKED>(bits, *context, [line[x - 1], above[x], above[x - 1]]);
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
                    let error = self.run_error(bits, run_index, 0);
                    let error = if above[x] < line[x - 1] { -error } else { error };
                    line[x] = self.reconstruct::<MASKED>(above[x], error);
                }
                run_index = run_index.saturating_sub(1);
                x += 1;
            }
            lines[0].run_index = run_index;
        }
    }

    /// A sample outside runs (A.4 to A.6) from its neighbours left, above, and between them.
    #[inline(always)]
    fn regular<const MASKED: bool>(&mut self, bits: &mut Bits, context: i32, neighbours: [i32; 3]) -> i32 {
        let [left, top, corner] = neighbours;
        let sign = context >> 31;
        let Some(context) = self.contexts.get_mut(context.unsigned_abs() as usize) else { return 0 };
        let median = left.min(top).max(left.max(top).min(left + top - corner));
        let predicted = (median + ((context.correction ^ sign) - sign)).clamp(0, self.parameters.maximum);
        let code = bits.golomb(context.k, self.most_zeros, self.parameters.error_bits);
        let error = ((code >> 1) as i32 ^ -((code & 1) as i32)) ^ context.negate;
        context.update(error, if MASKED { 1 } else { self.step }, self.parameters.reset);
        self.reconstruct::<MASKED>(predicted, (error ^ sign) - sign)
    }

    /// The sample at an error from its prediction (A.4.5, A.5.1), modulo RANGE.
    #[inline(always)]
    fn reconstruct<const MASKED: bool>(&self, predicted: i32, error: i32) -> i32 {
        let Parameters { maximum, near, range, .. } = *self.parameters;
        if MASKED {
            return predicted.wrapping_add(error) & maximum;
        }
        let mut value = predicted.wrapping_add(error.wrapping_mul(self.step));
        if value < -near {
            value = value.wrapping_add(range * self.step);
        } else if value > maximum + near {
            value = value.wrapping_sub(range * self.step);
        }
        value.clamp(0, maximum)
    }

    /// The length of a run (A.7.1), at most `most`.
    fn run(&self, bits: &mut Bits, run_index: &mut usize, most: usize) -> usize {
        let mut run = 0;
        while run < most && bits.take(1) == 1 {
            let whole = 1 << RUN_ORDERS[*run_index & 31];
            run += whole;
            if run <= most {
                *run_index = (*run_index + 1).min(31);
            }
        }
        if run < most {
            run += bits.take(RUN_ORDERS[*run_index & 31]) as usize;
        }
        run.min(most)
    }

    /// The sample that ends a run (A.7.2).
    fn run_end<const MASKED: bool>(&mut self, bits: &mut Bits, run_index: usize, left: i32, top: i32) -> i32 {
        if (left - top).abs() <= self.parameters.near {
            let error = self.run_error(bits, run_index, 1);
            return self.reconstruct::<MASKED>(left, error);
        }
        let error = self.run_error(bits, run_index, 0);
        self.reconstruct::<MASKED>(top, if top < left { -error } else { error })
    }

    fn run_error(&mut self, bits: &mut Bits, run_index: usize, kind: usize) -> i32 {
        let context = &mut self.run_contexts[kind];
        let k = context.k();
        let most_zeros = self.most_zeros.saturating_sub(RUN_ORDERS[run_index & 31] + 1);
        let code = bits.golomb(k, most_zeros, self.parameters.error_bits);
        context.error(code, k, self.parameters.reset)
    }
}
