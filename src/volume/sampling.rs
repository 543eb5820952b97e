//! The inner loops of the reslice: values along one line of samples through a grid, generic over the sample type.
//!
//! Values are interpolated after rescaling, columns first, then rows, then slices, in `f32`; positions are the fixed
//! point of [`super::walk`].

use super::walk::{HALF, Layers, ONE};
use super::{Rescale, Rescales};
use std::ops::Range;

/// A stored sample.
pub(super) trait Sample: Copy + Send + Sync {
    fn float(self) -> f32;
}

macro_rules! samples {
    ($($t:ty),*) => { $(impl Sample for $t {
        #[inline(always)]
        fn float(self) -> f32 { self as f32 }
    })* };
}
samples!(u8, i16, u16, f32);

/// Samples with what is needed to find and scale them.
pub(super) struct Source<'a, S> {
    pub data: &'a [S],
    pub size: [usize; 3],
    pub rescales: &'a Rescales,
    pub layers: Option<Layers>,
}

/// Where an axis is constant along a line, its two neighbours and the weight of the second.
struct Fixed {
    low: usize,
    high: usize,
    part: f32,
}

#[inline(always)]
fn part(p: i64) -> f32 {
    // 24 bits: all that an `f32` holds of a fraction, and exact.
    ((p as u32) >> 8) as f32 * (1.0 / 16_777_216.0)
}

#[inline(always)]
fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

impl<S: Sample> Source<'_, S> {
    /// Writes the values along `at + u step` to `out`; outside the volume, not-a-number. `line` is scratch memory.
    pub fn row(&self, at: [i64; 3], step: [i64; 3], nearest: bool, out: &mut [f32], line: &mut Vec<f32>) {
        if let Some(layers) = &self.layers {
            for (u, o) in out.iter_mut().enumerate() {
                let p = std::array::from_fn(|a| at[a] + step[a] * u as i64);
                *o = self.uneven(layers, p, nearest);
            }
            return;
        }
        // Inside: -0.5 <= position < n - 0.5 on every axis.
        let inside = self.span(at, step, out.len(), |n| (-HALF, n * ONE - HALF));
        out[..inside.start].fill(f32::NAN);
        out[inside.end..].fill(f32::NAN);
        if inside.is_empty() {
            return;
        }
        if nearest {
            for u in inside {
                let p: [i64; 3] = std::array::from_fn(|a| at[a] + step[a] * u as i64 + HALF);
                let k = (p[2] >> 32) as usize;
                out[u] = self.rescaled(k, self.stored((p[0] >> 32) as usize, (p[1] >> 32) as usize, k));
            }
        } else if let Some(axis) = along_one_axis(step, inside.len(), self.size) {
            self.linear_along(axis, at, step, inside, out, line);
        } else {
            self.linear(at, step, inside, out);
        }
    }

    /// The part of a line whose positions lie in `bounds(size)`, low closed, high open, on every axis.
    fn span(&self, at: [i64; 3], step: [i64; 3], len: usize, bounds: impl Fn(i64) -> (i64, i64)) -> Range<usize> {
        let (mut start, mut end) = (0, len as i64);
        for a in 0..3 {
            let (low, high) = bounds(self.size[a] as i64);
            let ceil = |x: i64, d: i64| -((-x).div_euclid(d));
            let (from, to) = match step[a] {
                0 if at[a] >= low && at[a] < high => (0, i64::MAX),
                0 => (0, 0),
                d if d > 0 => (ceil(low - at[a], d), ceil(high - at[a], d)),
                d => ((at[a] - high).div_euclid(-d) + 1, (at[a] - low).div_euclid(-d) + 1),
            };
            start = start.max(from);
            end = end.min(to);
        }
        let end = end.clamp(0, len as i64) as usize;
        (start.clamp(0, len as i64) as usize).min(end)..end
    }

    #[inline(always)]
    fn stored(&self, i: usize, j: usize, k: usize) -> f32 {
        self.data[i + self.size[0] * (j + self.size[1] * k)].float()
    }

    #[inline(always)]
    fn rescaled(&self, k: usize, stored: f32) -> f32 {
        let (slope, intercept) = of_slice(self.rescales, k);
        stored * slope + intercept
    }

    /// Trilinear on a line in any direction; positions must be inside.
    fn linear(&self, at: [i64; 3], step: [i64; 3], inside: Range<usize>, out: &mut [f32]) {
        // Where all eight neighbours exist nothing is clamped.
        let inner = self.span(at, step, out.len(), |n| (0, (n - 1) * ONE));
        let inner = inner.start.max(inside.start)..inner.end.min(inside.end);
        let inner = if inner.is_empty() { inside.end..inside.end } else { inner };
        let clamped = |out: &mut [f32], span: Range<usize>| {
            for u in span {
                out[u] = self.clamped(std::array::from_fn(|a| at[a] + step[a] * u as i64));
            }
        };
        clamped(out, inside.start..inner.start);
        match self.rescales {
            Rescales::Uniform(r) => self.inner(at, step, inner.clone(), &mut out[inner.clone()], *r),
            Rescales::PerSlice(_) => clamped(out, inner.clone()),
        }
        clamped(out, inner.end..inside.end);
    }

    #[inline(never)]
    fn inner(&self, at: [i64; 3], step: [i64; 3], span: Range<usize>, out: &mut [f32], r: Rescale) {
        let (nx, nxy) = (self.size[0], self.size[0] * self.size[1]);
        let (slope, intercept) = (r.slope as f32, r.intercept as f32);
        let mut p: [i64; 3] = std::array::from_fn(|a| at[a] + step[a] * span.start as i64);
        for o in out {
            let base = (p[0] >> 32) as usize + nx * (p[1] >> 32) as usize + nxy * (p[2] >> 32) as usize;
            let pair = |from: usize| {
                let two = &self.data[from..from + 2];
                (two[0].float(), two[1].float())
            };
            let quad = [pair(base), pair(base + nx), pair(base + nxy), pair(base + nxy + nx)];
            let (tx, ty, tz) = (part(p[0]), part(p[1]), part(p[2]));
            let x = quad.map(|(a, b)| mix(a, b, tx));
            *o = mix(mix(x[0], x[1], ty), mix(x[2], x[3], ty), tz) * slope + intercept;
            for a in 0..3 {
                p[a] += step[a];
            }
        }
    }

    /// Trilinear anywhere inside, clamped in the outer half voxel, each slice with its own rescale.
    fn clamped(&self, p: [i64; 3]) -> f32 {
        let [x, y, z] = std::array::from_fn(|a| self.neighbours(a, p[a]));
        let slice = |k: usize| self.rescaled(k, self.bilinear(&x, &y, k));
        mix(slice(z.low), slice(z.high), z.part)
    }

    fn bilinear(&self, x: &Fixed, y: &Fixed, k: usize) -> f32 {
        let row = |j: usize| mix(self.stored(x.low, j, k), self.stored(x.high, j, k), x.part);
        mix(row(y.low), row(y.high), y.part)
    }

    fn neighbours(&self, axis: usize, p: i64) -> Fixed {
        let last = self.size[axis] as i64 - 1;
        let low = p >> 32;
        Fixed { low: low.clamp(0, last) as usize, high: (low + 1).clamp(0, last) as usize, part: part(p) }
    }

    /// Trilinear along a grid axis: the voxels' own line first, then between its entries.
    fn linear_along(
        &self,
        axis: usize,
        at: [i64; 3],
        step: [i64; 3],
        inside: Range<usize>,
        out: &mut [f32],
        line: &mut Vec<f32>,
    ) {
        let position = |u: usize| at[axis] + step[axis] * u as i64;
        let last = self.size[axis] as i64 - 1;
        let (a, b) = (position(inside.start) >> 32, position(inside.end - 1) >> 32);
        let first = a.min(b).clamp(0, last);
        let count = ((a.max(b) + 1).clamp(0, last) - first + 1) as usize;
        self.axis_line(axis, at, first as usize, count, line);
        // One more entry than neighbours: the last one's upper neighbour is itself.
        let end = line[count - 1];
        line.push(end);
        for u in inside {
            let p = position(u);
            let whole = (p >> 32) - first;
            let (low, t) = if whole < 0 { (0, 0.0) } else { (whole as usize, part(p)) };
            let two = &line[low..low + 2];
            out[u] = mix(two[0], two[1], t);
        }
    }

    /// Values at the voxel centres `first .. first + count` along `axis`, interpolated across the two others.
    fn axis_line(&self, axis: usize, at: [i64; 3], first: usize, count: usize, line: &mut Vec<f32>) {
        let strides = [1, self.size[0], self.size[0] * self.size[1]];
        let across: [usize; 2] = [[1, 2], [0, 2], [0, 1]][axis];
        let [b, c] = across.map(|a| self.neighbours(a, at[a]));
        let start = |bi: usize, ci: usize| bi * strides[across[0]] + ci * strides[across[1]] + first * strides[axis];
        let from = [start(b.low, c.low), start(b.high, c.low), start(b.low, c.high), start(b.high, c.high)];
        let stride = strides[axis];
        line.clear();
        let [s0, s1, s2, s3] = from.map(|f| self.data[f..].iter().step_by(stride).take(count));
        let four = s0.zip(s1).zip(s2).zip(s3);
        let cross = |a: S, b1: S, c1: S, d: S| (mix(a.float(), b1.float(), b.part), mix(c1.float(), d.float(), b.part));
        match self.rescales {
            Rescales::Uniform(r) => {
                let (slope, intercept) = (r.slope as f32, r.intercept as f32);
                line.extend(four.map(|(((v0, v1), v2), v3)| {
                    let (low, high) = cross(*v0, *v1, *v2, *v3);
                    mix(low, high, c.part) * slope + intercept
                }));
            }
            // Across k each side has its own slice; along k each entry has.
            Rescales::PerSlice(_) if axis == 2 => {
                line.extend(four.enumerate().map(|(n, (((v0, v1), v2), v3))| {
                    let (low, high) = cross(*v0, *v1, *v2, *v3);
                    self.rescaled(first + n, mix(low, high, c.part))
                }));
            }
            Rescales::PerSlice(_) => line.extend(four.map(|(((v0, v1), v2), v3)| {
                let (low, high) = cross(*v0, *v1, *v2, *v3);
                mix(self.rescaled(c.low, low), self.rescaled(c.high, high), c.part)
            })),
        }
    }

    /// A value in an uneven stack.
    fn uneven(&self, layers: &Layers, p: [i64; 3], nearest: bool) -> f32 {
        let found = layers.find(p[2]);
        let [x, y] = [p[0] - found.drift[0], p[1] - found.drift[1]];
        let inside = |p: i64, n: usize| p >= -HALF && p < n as i64 * ONE - HALF;
        if !(found.inside && inside(x, self.size[0]) && inside(y, self.size[1])) {
            return f32::NAN;
        }
        if nearest {
            let k = found.nearest;
            return self.rescaled(k, self.stored(((x + HALF) >> 32) as usize, ((y + HALF) >> 32) as usize, k));
        }
        let (x, y) = (self.neighbours(0, x), self.neighbours(1, y));
        let slice = |k: usize| self.rescaled(k, self.bilinear(&x, &y, k));
        mix(slice(found.below), slice((found.below + 1).min(self.size[2] - 1)), found.part.clamp(0.0, 1.0))
    }
}

/// Slope and intercept of a slice in the precision of the loops.
#[inline(always)]
fn of_slice(rescales: &Rescales, k: usize) -> (f32, f32) {
    let r = rescales.of_slice(k);
    (r.slope as f32, r.intercept as f32)
}

/// The one axis along which a step goes, where building that axis' line first is cheaper than eight neighbours a pixel.
fn along_one_axis(step: [i64; 3], pixels: usize, size: [usize; 3]) -> Option<usize> {
    let moving = |a: &usize| step[*a] != 0;
    let axis = (0..3).find(moving)?;
    let alone = (0..3).filter(moving).count() == 1;
    let voxels = ((step[axis].unsigned_abs() >> 32) as usize + 1) * pixels;
    (alone && voxels.min(size[axis]) <= 2 * pixels).then_some(axis)
}
