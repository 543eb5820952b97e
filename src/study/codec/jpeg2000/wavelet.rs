//! The inverse wavelet transforms (T.800 annex F): the reversible 5-3 filter on integers, the irreversible 9-7 on floats.
//!
//! Coefficients lie as the subbands do: low ones left and above, high ones right and below. A level is undone by lifting:
//! steps in which all samples at even places take something from their neighbours at odd places, or the reverse.

use super::Rect;

/// Columns that the vertical pass works on at a time.
const LANES: usize = 16;

/// Undoes one level of the reversible transform on the upper left of `samples`, which has rows of `stride`.
pub(super) fn reversible(samples: &mut [i32], stride: usize, rect: Rect) {
    let undo = |low: &mut [i32], high: &mut [i32], odd: bool| {
        if low.is_empty() && high.len() == 1 {
            high[0] >>= 1;
            return;
        }
        lift(low, high, even_first(odd), even_step);
        lift(high, low, odd_first(odd), odd_step);
    };
    let undo_lanes = |low: &mut [[i32; LANES]], high: &mut [[i32; LANES]], odd: bool| {
        if low.is_empty() && high.len() == 1 {
            high[0] = high[0].map(|v| v >> 1);
            return;
        }
        lift(low, high, even_first(odd), |e, l, r| lanes(|i| even_step(e[i], l[i], r[i])));
        lift(high, low, odd_first(odd), |o, l, r| lanes(|i| odd_step(o[i], l[i], r[i])));
    };
    undo_level(samples, stride, rect, undo, undo_lanes);
}

/// The steps of the 5-3 filter (F.3.8.2). Coefficients of a damaged stream may be anything, and wrap.
#[inline(always)]
fn even_step(even: i32, left: i32, right: i32) -> i32 {
    even.wrapping_sub(left.wrapping_add(right).wrapping_add(2) >> 2)
}

#[inline(always)]
fn odd_step(odd: i32, left: i32, right: i32) -> i32 {
    odd.wrapping_add(left.wrapping_add(right) >> 1)
}

/// Undoes one level of the irreversible transform.
pub(super) fn irreversible(samples: &mut [f32], stride: usize, rect: Rect) {
    const ALPHA: f32 = -1.586_134_3;
    const BETA: f32 = -0.052_980_117;
    const GAMMA: f32 = 0.882_911_1;
    const DELTA: f32 = 0.443_506_85;
    const K: f32 = 1.230_174_1;
    let undo = |low: &mut [f32], high: &mut [f32], odd: bool| {
        if low.len() + high.len() == 1 {
            high.iter_mut().for_each(|v| *v /= 2.0);
            return;
        }
        low.iter_mut().for_each(|v| *v *= K);
        high.iter_mut().for_each(|v| *v *= 1.0 / K);
        for (even_step, odd_step) in [(DELTA, GAMMA), (BETA, ALPHA)] {
            lift(low, high, even_first(odd), |e, l, r| e - even_step * (l + r));
            lift(high, low, odd_first(odd), |o, l, r| o - odd_step * (l + r));
        }
    };
    let undo_lanes = |low: &mut [[f32; LANES]], high: &mut [[f32; LANES]], odd: bool| {
        if low.len() + high.len() == 1 {
            high.iter_mut().for_each(|v| *v = v.map(|v| v / 2.0));
            return;
        }
        low.iter_mut().for_each(|v| *v = v.map(|v| v * K));
        high.iter_mut().for_each(|v| *v = v.map(|v| v * (1.0 / K)));
        for (even_step, odd_step) in [(DELTA, GAMMA), (BETA, ALPHA)] {
            lift(low, high, even_first(odd), |e, l, r| lanes(|i| e[i] - even_step * (l[i] + r[i])));
            lift(high, low, odd_first(odd), |o, l, r| lanes(|i| o[i] - odd_step * (l[i] + r[i])));
        }
    };
    undo_level(samples, stride, rect, undo, undo_lanes);
}

#[inline(always)]
fn lanes<T>(value: impl FnMut(usize) -> T) -> [T; LANES] {
    std::array::from_fn(value)
}

/// Where the left neighbour of the first even sample is among the odd ones; `odd`: the signal begins at an odd place.
fn even_first(odd: bool) -> isize {
    if odd { 0 } else { -1 }
}

/// Where the left neighbour of the first odd sample is among the even ones.
fn odd_first(odd: bool) -> isize {
    if odd { -1 } else { 0 }
}

/// One lifting step. `first` is where the left neighbour of the first target is in `source`; beyond its ends the signal
/// is mirrored.
#[inline(always)]
fn lift<T: Copy>(target: &mut [T], source: &[T], first: isize, step: impl Fn(T, T, T) -> T) {
    let Some(last) = source.len().checked_sub(1) else { return };
    let (before, target) = match (first, target) {
        (-1, [before, rest @ ..]) => (Some(before), rest),
        (_, target) => (None, target),
    };
    if let Some(before) = before {
        *before = step(*before, source[0], source[0]);
    }
    // All that have both neighbours, then at most one without its right one.
    let inner = target.len().min(last);
    for (value, pair) in target[..inner].iter_mut().zip(source.windows(2)) {
        *value = step(*value, pair[0], pair[1]);
    }
    for value in &mut target[inner..] {
        *value = step(*value, source[last], source[last]);
    }
}

/// Undoes one level: rows, then columns.
fn undo_level<T: Copy + Default>(
    samples: &mut [T],
    stride: usize,
    rect: Rect,
    undo: impl Fn(&mut [T], &mut [T], bool),
    undo_lanes: impl Fn(&mut [[T; LANES]], &mut [[T; LANES]], bool),
) {
    let (width, height) = (rect.width(), rect.height());
    if width == 0 || height == 0 {
        return;
    }
    let odd = rect.x0 & 1 == 1;
    let low = (rect.x1.div_ceil(2) - rect.x0.div_ceil(2)) as usize;
    let mut row_copy = vec![T::default(); width];
    for row in samples.chunks_mut(stride).take(height) {
        let row = &mut row[..width];
        row_copy.copy_from_slice(row);
        let (low, high) = row_copy.split_at_mut(low);
        undo(low, high, odd);
        interleave(low, high, odd, |at, value| row[at] = value);
    }

    let odd = rect.y0 & 1 == 1;
    let low = (rect.y1.div_ceil(2) - rect.y0.div_ceil(2)) as usize;
    let mut columns = vec![[T::default(); LANES]; height];
    for left in (0..width).step_by(LANES) {
        let n = LANES.min(width - left);
        for (lanes, row) in columns.iter_mut().zip(samples.chunks(stride)) {
            match row[left..].first_chunk::<LANES>() {
                Some(whole) if n == LANES => *lanes = *whole,
                _ => lanes[..n].copy_from_slice(&row[left..left + n]),
            }
        }
        let (low, high) = columns.split_at_mut(low);
        undo_lanes(low, high, odd);
        interleave(low, high, odd, |at, lanes| {
            let row = &mut samples[at * stride + left..];
            match row.first_chunk_mut::<LANES>() {
                Some(whole) if n == LANES => *whole = lanes,
                _ => row[..n].copy_from_slice(&lanes[..n]),
            }
        });
    }
}

/// Puts low and high samples at their places: low ones at the even places of the signal.
#[inline(always)]
fn interleave<T: Copy>(low: &[T], high: &[T], odd: bool, mut put: impl FnMut(usize, T)) {
    for (i, value) in low.iter().enumerate() {
        put(2 * i + usize::from(odd), *value);
    }
    for (i, value) in high.iter().enumerate() {
        put(2 * i + usize::from(!odd), *value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Undoing one level of one row by the formulas of F.3.8, with their mirrored indices.
    fn by_the_book(low: &[f64], high: &[f64], start: usize, reversible: bool) -> Vec<f64> {
        let n = low.len() + high.len();
        let mut x = vec![0.0; n];
        low.iter().enumerate().for_each(|(i, v)| x[2 * i + start % 2] = *v);
        high.iter().enumerate().for_each(|(i, v)| x[2 * i + 1 - start % 2] = *v);
        if n == 1 {
            return if start.is_multiple_of(2) {
                x
            } else {
                vec![if reversible { (x[0] / 2.0).floor() } else { x[0] / 2.0 }]
            };
        }
        let mirrored = |x: &[f64], i: isize| {
            let period = 2 * (n as isize - 1);
            let i = i.rem_euclid(period);
            x[i.min(period - i) as usize]
        };
        let mut step = |odd: usize, f: &dyn Fn(f64, f64) -> f64| {
            let before = x.clone();
            for i in (0..n).filter(|i| (i + start) % 2 == odd) {
                x[i] = f(before[i], mirrored(&before, i as isize - 1) + mirrored(&before, i as isize + 1));
            }
        };
        if reversible {
            step(0, &|v, around| v - ((around + 2.0) / 4.0).floor());
            step(1, &|v, around| v + (around / 2.0).floor());
        } else {
            step(0, &|v, _| v * 1.230174104914001);
            step(1, &|v, _| v / 1.230174104914001);
            step(0, &|v, around| v - 0.443506852043971 * around);
            step(1, &|v, around| v - 0.882911075530934 * around);
            step(0, &|v, around| v + 0.052980118572961 * around);
            step(1, &|v, around| v + 1.586134342059924 * around);
        }
        x
    }

    /// Found by fuzzing: coefficients at the ends of their range.
    #[test]
    fn coefficients_that_no_picture_has_wrap() {
        for (low, high) in [(i32::MAX, i32::MAX), (i32::MIN, i32::MIN), (i32::MAX, i32::MIN), (i32::MIN, i32::MAX)] {
            let even = i64::from(low) - (i64::from(high.wrapping_add(high).wrapping_add(2)) >> 2);
            let rect = Rect { x0: 0, x1: 2, y0: 0, y1: 1 };
            let mut samples = [low, high];
            reversible(&mut samples, 2, rect);
            assert_eq!(samples[0], even as i32);
            assert_eq!(samples[1], high.wrapping_add(samples[0].wrapping_add(samples[0]) >> 1));
        }
    }

    #[test]
    fn levels_follow_the_book() {
        for (start, n) in (0..2usize).flat_map(|start| (1..20).map(move |n| (start, n))) {
            let values: Vec<i32> = (0..n as i32).map(|i| (i * 37 + 11) % 101 - 50).collect();
            let low = (start + n).div_ceil(2) - start.div_ceil(2);
            let floats: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let (start32, end) = (start as u32, (start + n) as u32);
            let row = Rect { x0: start32, x1: end, y0: 0, y1: 1 };
            let column = Rect { x0: 0, x1: 1, y0: start32, y1: end };
            for (rect, stride) in [(row, n), (column, 1)] {
                let mut samples = values.clone();
                reversible(&mut samples, stride, rect);
                let expected = by_the_book(&floats[..low], &floats[low..], start, true);
                assert_eq!(samples.iter().map(|v| f64::from(*v)).collect::<Vec<_>>(), expected, "{rect:?}");
                let mut samples: Vec<f32> = values.iter().map(|v| *v as f32).collect();
                irreversible(&mut samples, stride, rect);
                let expected = by_the_book(&floats[..low], &floats[low..], start, false);
                assert!(samples.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-3), "{rect:?}");
            }
        }
    }
}
