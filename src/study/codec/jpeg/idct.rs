//! The inverse DCT of an 8 x 8 block: the accurate integer method of the Independent JPEG Group (Loeffler, Ligtenberg,
//! Moschytz 1989, with 13-bit constants), so that values equal those of most other readers to the last bit.

const BITS: u32 = 13;

/// Dequantises and transforms a block, and writes its samples, clamped to the precision, into rows `stride` apart.
pub(super) fn block(coefficients: &[i16], quantisation: &[u16; 64], precision: u32, out: &mut [u16], stride: usize) {
    // Fraction bits kept between the passes: as many as 32-bit arithmetic has room for.
    let kept = if precision == 8 { 2 } else { 1 };
    let mut work = [0i64; 64];
    for ((work, coefficient), step) in work.iter_mut().zip(coefficients).zip(quantisation) {
        *work = i64::from(*coefficient) * i64::from(*step);
    }
    for column in 0..8 {
        let input: [i64; 8] = std::array::from_fn(|i| work[8 * i + column]);
        if input[1..] == [0; 7] {
            (0..8).for_each(|i| work[8 * i + column] = input[0] << kept);
            continue;
        }
        for (i, value) in transform(input).into_iter().enumerate() {
            work[8 * i + column] = descale(value, BITS - kept);
        }
    }
    let (middle, largest) = (1i64 << (precision - 1), (1i64 << precision) - 1);
    for (row, samples) in work.as_chunks::<8>().0.iter().zip(out.chunks_mut(stride)) {
        for (value, sample) in transform(*row).into_iter().zip(samples) {
            *sample = (descale(value, BITS + kept + 3) + middle).clamp(0, largest) as u16;
        }
    }
}

#[inline(always)]
fn descale(value: i64, bits: u32) -> i64 {
    (value + (1 << (bits - 1))) >> bits
}

/// One dimension; the result is scaled by 2^13 times the square root of 8.
#[inline(always)]
fn transform(c: [i64; 8]) -> [i64; 8] {
    let z = (c[2] + c[6]) * 4433;
    let (even2, even3) = (z - c[6] * 15137, z + c[2] * 6270);
    let (even0, even1) = ((c[0] + c[4]) << BITS, (c[0] - c[4]) << BITS);
    let even = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];

    let z5 = (c[7] + c[3] + c[5] + c[1]) * 9633;
    let (z1, z2) = ((c[7] + c[1]) * -7373, (c[5] + c[3]) * -20995);
    let (z3, z4) = ((c[7] + c[3]) * -16069 + z5, (c[5] + c[1]) * -3196 + z5);
    let odd = [c[1] * 12299 + z1 + z4, c[3] * 25172 + z2 + z3, c[5] * 16819 + z2 + z4, c[7] * 2446 + z1 + z3];

    std::array::from_fn(|i| if i < 4 { even[i] + odd[i] } else { even[7 - i] - odd[7 - i] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition in T.81 A.3.3, in floating point.
    #[test]
    fn equals_the_definition() {
        let mut seed = 1u64;
        for precision in [8, 12] {
            for _ in 0..300 {
                let scale = 1i64 << (precision - 3);
                let coefficients: [i16; 64] = std::array::from_fn(|i| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    if seed >> 60 > 4 { 0 } else { ((seed >> 33) as i64 % scale * if i == 0 { 3 } else { 1 }) as i16 }
                });
                let steps = std::array::from_fn(|i| 1 + i as u16 % 3);
                let mut got = [0; 64];
                block(&coefficients, &steps, precision, &mut got, 8);
                for (at, got) in got.iter().enumerate() {
                    let (y, x) = (at / 8, at % 8);
                    let sum: f64 = (0..64)
                        .map(|i| {
                            let (v, u) = (i / 8, i % 8);
                            let basis = |x: usize, u: usize| {
                                let norm = if u == 0 { 0.5f64.sqrt() } else { 1.0 };
                                norm * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos()
                            };
                            f64::from(coefficients[i]) * f64::from(steps[i]) * basis(x, u) * basis(y, v) / 4.0
                        })
                        .sum();
                    let expected = (sum + f64::from(1 << (precision - 1))).clamp(0.0, f64::from((1 << precision) - 1));
                    assert!((f64::from(*got) - expected).abs() < 0.75, "{got} for {expected} at {precision} bits");
                }
            }
        }
    }
}
