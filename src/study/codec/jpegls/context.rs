//! What JPEG-LS learns while it codes: one [`Context`] for each kind of neighbourhood, two [`RunContext`]s for the ends of
//! runs (T.87 A.2.1, A.6, A.7).

/// Statistics of the prediction errors in one kind of neighbourhood. `k` and `negate` follow from the others; they are
/// kept because the next sample waits for them while it does not wait for the update.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// A: sum of magnitudes.
    magnitudes: u32,
    /// B: sum of errors, within one period of the bias.
    errors: i32,
    /// N: how many there were.
    count: i32,
    /// C: what is added to the prediction.
    pub correction: i16,
    /// The Golomb parameter: the least with `N << k >= A`.
    pub k: u8,
    /// -1 if the signs of errors are swapped in a code of `k` = 0, else 0.
    pub negate: i8,
}

impl Context {
    pub fn new(range: i32) -> Self {
        let magnitudes = initial_magnitudes(range);
        Context { magnitudes, errors: 0, count: 1, correction: 0, k: golomb_parameter(1, magnitudes) as u8, negate: 0 }
    }

    /// Takes an error into account (A.6.1, A.6.2). `step` is 2 NEAR + 1.
    #[inline(always)]
    pub fn update(&mut self, error: i32, step: i32, reset: i32) {
        let mut errors = self.errors.wrapping_add(error.wrapping_mul(step));
        let mut magnitudes = self.magnitudes.wrapping_add(error.unsigned_abs());
        let mut count = self.count;
        if count == reset {
            magnitudes >>= 1;
            errors >>= 1;
            count >>= 1;
        }
        count += 1;
        // Without branches, for which way it goes is anyone's guess: at most one of the two is 1.
        let (too_low, too_high) = (i32::from(errors <= -count), i32::from(errors > 0));
        let shift = too_high - too_low;
        errors = (errors - shift * count).max(1 - count).min(0);
        self.correction = (i32::from(self.correction) + shift).clamp(-128, 127) as i16;
        (self.errors, self.magnitudes, self.count) = (errors, magnitudes, count);
        let k = golomb_parameter(count as u32, magnitudes);
        self.k = k as u8;
        self.negate = if step == 1 && k == 0 { ((2 * errors + count - 1) >> 31) as i8 } else { 0 };
    }
}

/// Statistics of the samples that end runs: those like the sample above (type 1), or not (type 0).
#[derive(Clone, Copy, Debug)]
pub(super) struct RunContext {
    magnitudes: u32,
    count: i32,
    negatives: i32,
    kind: u32,
}

impl RunContext {
    pub fn new(range: i32, kind: u32) -> Self {
        RunContext { magnitudes: initial_magnitudes(range), count: 1, negatives: 0, kind }
    }

    /// The Golomb parameter (A.7.2).
    pub fn k(&self) -> u32 {
        let half = if self.kind == 1 { self.count as u32 >> 1 } else { 0 };
        golomb_parameter(self.count as u32, self.magnitudes.wrapping_add(half))
    }

    /// The error that a code stands for (A.7.2.2), which is then taken into account.
    pub fn error(&mut self, code: u32, k: u32, reset: i32) -> i32 {
        let folded = code + self.kind;
        let odd = folded & 1;
        let magnitude = folded.div_ceil(2) as i32;
        let negative = (k != 0 || 2 * self.negatives >= self.count) == (odd == 1);
        let error = if negative { -magnitude } else { magnitude };
        self.negatives += i32::from(error < 0);
        self.magnitudes = self.magnitudes.wrapping_add((code + 1 - self.kind) >> 1);
        if self.count == reset {
            self.magnitudes >>= 1;
            self.count >>= 1;
            self.negatives >>= 1;
        }
        self.count += 1;
        error
    }
}

fn initial_magnitudes(range: i32) -> u32 {
    ((range as u32 + 32) / 64).max(2)
}

/// The least k with `count << k >= magnitudes`.
#[inline(always)]
fn golomb_parameter(count: u32, magnitudes: u32) -> u32 {
    let k = count.leading_zeros().saturating_sub(magnitudes.leading_zeros());
    (k + u32::from(count << k < magnitudes)).min(24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golomb_parameter_is_the_least() {
        for count in 1..70u32 {
            for magnitudes in 0..5000u32 {
                let least = (0..).find(|k| count << k >= magnitudes).unwrap();
                assert_eq!(golomb_parameter(count, magnitudes), least, "{count} {magnitudes}");
            }
        }
    }

    /// The update as the pseudo-code of A.6 has it, with its loops and branches.
    #[test]
    fn update_follows_the_standard() {
        let (mut context, mut a, mut b, mut c, mut n) = (Context::new(4096), 64i32, 0i32, 0i32, 1i32);
        let mut seed = 3u32;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let error = (seed >> 20) as i32 % 90 - 47;
            context.update(error, 1, 64);
            b += error;
            a += error.abs();
            if n == 64 {
                a >>= 1;
                b = if b >= 0 { b >> 1 } else { -((1 - b) >> 1) };
                n >>= 1;
            }
            n += 1;
            if b <= -n {
                b += n;
                c -= i32::from(c > -128);
                if b <= -n {
                    b = -n + 1;
                }
            } else if b > 0 {
                b -= n;
                c += i32::from(c < 127);
                if b > 0 {
                    b = 0;
                }
            }
            assert_eq!(
                (context.magnitudes as i32, context.errors, i32::from(context.correction), context.count),
                (a, b, c, n)
            );
            assert_eq!(context.negate, if context.k == 0 && 2 * b <= -n { -1 } else { 0 });
        }
    }
}
