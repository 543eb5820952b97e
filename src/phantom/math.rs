//! Arithmetic that gives the same bits on every machine: only `+ - * / sqrt` and integers, never the system's `sin`,
//! `exp` or `powf`, whose last digits differ between platforms. Hashes, noise and smooth blends are built on it.

use crate::space::DVec3;

/// Sine and cosine by Taylor series; for the phantom's tilts (under half a turn) exact to the last digits.
pub(super) fn sin_cos_degrees(degrees: f64) -> (f64, f64) {
    let x = degrees * (std::f64::consts::PI / 180.0);
    let (mut sin, mut cos, mut term) = (0.0, 0.0, 1.0);
    for n in 0..32_u32 {
        match n % 4 {
            0 => cos += term,
            1 => sin += term,
            2 => cos -= term,
            _ => sin -= term,
        }
        term *= x / f64::from(n + 1);
    }
    (sin, cos)
}

/// e^x by scaling and squaring of a Taylor series.
pub(super) fn exp(x: f64) -> f64 {
    let small = x / 256.0;
    let series = (1..12).rev().fold(1.0, |sum, n| 1.0 + sum * small / f64::from(n));
    (0..8).fold(series, |e, _| e * e)
}

/// Natural logarithm of a positive, normal number: its exponent, and the area-tangent series of its mantissa.
pub(super) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i64 - 1023;
    let mantissa = f64::from_bits(bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000);
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..20).rev().fold(0.0, |sum, n| sum * t * t + 1.0 / f64::from(2 * n + 1));
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * t * series
}

/// 0 below `from`, 1 above `to`, a cubic between.
pub(super) fn smoothstep(from: f64, to: f64, x: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A bell of height 1: `(1 - x²)³` inside |x| < 1, else 0.
pub(super) fn bell(x: f64) -> f64 {
    let t = (1.0 - x * x).max(0.0);
    t * t * t
}

/// Linear blend.
pub(super) fn lerp(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

/// Minimum with a rounded seam of radius about `k` (polynomial smooth minimum, I. Quilez).
pub(super) fn smooth_min(a: f64, b: f64, k: f64) -> f64 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// Maximum with a rounded seam.
pub(super) fn smooth_max(a: f64, b: f64, k: f64) -> f64 {
    -smooth_min(-a, -b, k)
}

/// Spreads the bits of one lattice coordinate; `axis` keeps equal coordinates of different axes apart.
fn spread(coordinate: i64, axis: u32) -> u64 {
    (coordinate as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(21 * axis)
}

/// The finaliser of splitmix64.
fn mix(mut h: u64) -> u64 {
    h = (h ^ (h >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    h ^ (h >> 31)
}

/// A well mixed 64-bit hash of a seed and three lattice coordinates.
pub(super) fn hash(seed: u64, i: i64, j: i64, k: i64) -> u64 {
    mix(spread_seed(seed).wrapping_add(spread(i, 0)).wrapping_add(spread(j, 1)).wrapping_add(spread(k, 2)))
}

fn spread_seed(seed: u64) -> u64 {
    seed.wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// Nearly normal, mean 0, standard deviation 1: the sum of four 16-bit uniforms (Irwin-Hall), never beyond 3.5.
pub(super) fn gaussian(seed: u64, i: i64, j: i64, k: i64) -> f64 {
    let h = hash(seed, i, j, k);
    let sum: u64 = (0..4).map(|n| h >> (16 * n) & 0xFFFF).sum();
    // Variance of one uniform on 0..65536 is 65536² / 12; of four, a third of 65536².
    (sum as f64 - 2.0 * 65_535.0) / (65_536.0 * 0.577_350_269_189_625_8)
}

/// Three smooth noises in -1..1 from one set of hashed lattice values, blended with a cubic fade. One lattice cell is
/// one unit.
pub(super) fn noise3(seed: u64, p: DVec3) -> DVec3 {
    let (base, fade) = lattice(p);
    let value = |h: u64| {
        let part = |shift: u32| (h >> shift & 0x1F_FFFF) as f64;
        DVec3::new(part(0), part(21), part(42)) * (2.0 / 2_097_152.0) - DVec3::ONE
    };
    corners(seed, base, fade, value, |a, b, t| a + (b - a) * t)
}

/// Smooth noise in -1..1, as [`noise3`] but one number.
pub(super) fn noise(seed: u64, p: DVec3) -> f64 {
    let (base, fade) = lattice(p);
    corners(seed, base, fade, |h| (h >> 40) as f64 * (2.0 / 16_777_216.0) - 1.0, lerp)
}

/// The lattice cell of a point, and its faded place inside.
fn lattice(p: DVec3) -> ([i64; 3], DVec3) {
    // Truncation and a step down is `floor` without a call into the system's library.
    let base = p.to_array().map(|v| v as i64 - i64::from(v < (v as i64) as f64));
    let f = p - DVec3::new(base[0] as f64, base[1] as f64, base[2] as f64);
    (base, f * f * (DVec3::splat(3.0) - f * 2.0))
}

/// Blends what `value` makes of the hashes of a cell's eight corners.
fn corners<T: Copy>(
    seed: u64,
    [i, j, k]: [i64; 3],
    fade: DVec3,
    value: impl Fn(u64) -> T,
    blend: impl Fn(T, T, f64) -> T,
) -> T {
    let x = [spread(i, 0), spread(i + 1, 0)];
    let y = [spread(j, 1), spread(j + 1, 1)];
    let z = [spread(k, 2), spread(k + 1, 2)];
    let seed = spread_seed(seed);
    let at = |a: usize, b: usize, c: usize| value(mix(seed.wrapping_add(x[a]).wrapping_add(y[b]).wrapping_add(z[c])));
    let row = |b: usize, c: usize| blend(at(0, b, c), at(1, b, c), fade.x);
    let layer = |c: usize| blend(row(0, c), row(1, c), fade.y);
    blend(layer(0), layer(1), fade.z)
}

/// Distance from `p` to the segment `a`-`b`, and how far along it (0..1) the nearest point lies.
pub(super) fn segment(p: DVec3, a: DVec3, b: DVec3) -> (f64, f64) {
    let (ap, ab) = (p - a, b - a);
    let t = (ap.dot(ab) / ab.dot(ab)).clamp(0.0, 1.0);
    ((ap - ab * t).length(), t)
}

/// Distance to an axis-parallel box of half size `half` around the origin, with edges rounded by `round`.
pub(super) fn rounded_box(p: DVec3, half: DVec3, round: f64) -> f64 {
    let q = p.abs() - half + DVec3::splat(round);
    q.max(DVec3::ZERO).length() + q.max_element().min(0.0) - round
}

/// Approximate distance to an axis-parallel ellipsoid around the origin, exact on its surface.
pub(super) fn ellipsoid(p: DVec3, radii: DVec3) -> f64 {
    let scaled = p / radii;
    let k0 = scaled.length();
    let k1 = (scaled / radii).length();
    if k1 < 1e-12 { -radii.min_element() } else { k0 * (k0 - 1.0) / k1 }
}

/// A smooth function given at ascending knots (Catmull-Rom between them, constant beyond the ends).
pub(super) fn through(knots: &[(f64, f64)], x: f64) -> f64 {
    let (Some(first), Some(last)) = (knots.first(), knots.last()) else { return 0.0 };
    if x <= first.0 {
        return first.1;
    }
    if x >= last.0 {
        return last.1;
    }
    let next = knots.partition_point(|k| k.0 <= x).min(knots.len() - 1);
    let (a, b) = (knots[next - 1], knots[next]);
    let slope = |n: usize| {
        let (from, to) = (knots[n.saturating_sub(1)], knots[(n + 1).min(knots.len() - 1)]);
        (to.1 - from.1) / (to.0 - from.0)
    };
    let (width, t) = (b.0 - a.0, (x - a.0) / (b.0 - a.0));
    let (m0, m1) = (slope(next - 1) * width, slope(next) * width);
    let (t2, t3) = (t * t, t * t * t);
    (2.0 * t3 - 3.0 * t2 + 1.0) * a.1 + (t3 - 2.0 * t2 + t) * m0 + (3.0 * t2 - 2.0 * t3) * b.1 + (t3 - t2) * m1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_functions_agree_with_the_systems() {
        for degrees in [-179.0_f64, -30.0, 0.0, 12.5, 90.0, 120.0] {
            let (sin, cos) = sin_cos_degrees(degrees);
            assert!((sin - degrees.to_radians().sin()).abs() < 1e-12);
            assert!((cos - degrees.to_radians().cos()).abs() < 1e-12);
        }
        for x in [-20.0_f64, -1.0, 0.0, 0.3, 5.0] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "e^{x}");
            assert!((ln(exp(x)) - x).abs() < 1e-12, "ln(e^{x})");
        }
    }

    #[test]
    fn noise_is_centred_and_its_spread_is_known() {
        let many: Vec<f64> = (0..40_000).map(|n| gaussian(7, n, n / 3, -n)).collect();
        let mean = many.iter().sum::<f64>() / many.len() as f64;
        let sd = (many.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / many.len() as f64).sqrt();
        assert!(mean.abs() < 0.02 && (sd - 1.0).abs() < 0.02, "mean {mean}, sd {sd}");
    }

    #[test]
    fn curves_pass_through_their_knots() {
        let knots = [(0.0, 1.0), (2.0, 5.0), (3.0, 4.0)];
        assert!(knots.iter().all(|k| (through(&knots, k.0) - k.1).abs() < 1e-12));
        assert_eq!((through(&knots, -9.0), through(&knots, 9.0)), (1.0, 4.0));
    }
}
