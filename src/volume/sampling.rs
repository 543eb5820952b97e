//! The inner loops of the reslice: values along one line of samples through a grid, generic over the sample type.
//!
//! Values are interpolated after rescaling, columns first, then rows, then slices, in `f32`; positions are the fixed
//! point of [`super::walk`].

use super::gather::{self, Line};
use super::walk::{HALF, Layers, ONE};
use super::{Rescale, Rescales};
use std::ops::Range;

/// A stored sample.
pub(super) trait Sample: Copy + Send + Sync {
    fn float(self) -> f32;

    /// Both of four pairs, the lower ones first. Whole numbers of 16 bits are taken apart four at a time.
    #[inline(always)]
    fn pairs(four: [[Self; 2]; 4]) -> ([f32; 4], [f32; 4]) {
        (four.map(|p| p[0].float()), four.map(|p| p[1].float()))
    }

    /// Values along a line, many at once; how many were written.
    #[inline(always)]
    fn many(_: &[Self], _: &Line, _: &mut [f32]) -> usize {
        0
    }
}

/// A pair as the processor loads it: the lower sample in the lower half.
#[inline(always)]
fn joined(pair: [u16; 2]) -> u32 {
    u32::from(pair[0]) | u32::from(pair[1]) << 16
}

impl Sample for i16 {
    #[inline(always)]
    fn float(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn pairs(four: [[Self; 2]; 4]) -> ([f32; 4], [f32; 4]) {
        let four = four.map(|p| joined(p.map(|s| s as u16)) as i32);
        (four.map(|p| ((p << 16) >> 16) as f32), four.map(|p| (p >> 16) as f32))
    }

    fn many(data: &[Self], line: &Line, out: &mut [f32]) -> usize {
        gather::eights::<true>(bytemuck::cast_slice(data), line, out)
    }
}

impl Sample for u16 {
    #[inline(always)]
    fn float(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn pairs(four: [[Self; 2]; 4]) -> ([f32; 4], [f32; 4]) {
        let four = four.map(joined);
        (four.map(|p| (p & 0xffff) as i32 as f32), four.map(|p| (p >> 16) as i32 as f32))
    }

    fn many(data: &[Self], line: &Line, out: &mut [f32]) -> usize {
        gather::eights::<false>(data, line, out)
    }
}

impl Sample for u8 {
    #[inline(always)]
    fn float(self) -> f32 {
        f32::from(self)
    }
}

impl Sample for f32 {
    #[inline(always)]
    fn float(self) -> f32 {
        self
    }
}

/// Samples with what is needed to find and scale them.
pub(super) struct Source<'a, S> {
    pub data: &'a [S],
    pub size: [usize; 3],
    pub rescales: &'a Rescales,
    pub layers: Option<Layers>,
}

/// Lines of voxels that neighbouring rows share, so that a row that moves by a third of a voxel loads nothing anew.
#[derive(Default)]
pub(super) struct Lines {
    /// The axis across which rows move on.
    pub outer: usize,
    kept: Kept,
    mixed: Vec<f32>,
}

type Kept = [(Option<LineKey>, Vec<f32>); 2];

/// What a kept line is of.
#[derive(PartialEq)]
struct LineKey {
    axis: usize,
    outer: usize,
    inner: (usize, u32),
    voxels: Range<usize>,
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
    /// Writes the values along `at + u step` to `out`; outside the volume, not-a-number.
    pub fn row(&self, at: [i64; 3], step: [i64; 3], nearest: bool, out: &mut [f32], lines: &mut Lines) {
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
            self.linear_along(axis, at, step, inside, out, lines);
        } else {
            self.linear(at, step, inside, out);
        }
    }

    /// Whether all eight neighbours exist everywhere in a tile, and share one rescale: then [`Source::amid`] will do.
    pub fn surrounds(&self, corners: &[[i64; 3]; 4]) -> bool {
        let within = |c: &[i64; 3]| (0..3).all(|a| c[a] >= 0 && c[a] < (self.size[a] as i64 - 1) * ONE);
        self.layers.is_none() && matches!(self.rescales, Rescales::Uniform(_)) && corners.iter().all(within)
    }

    /// Trilinear values along a line in a tile that the volume [`Source::surrounds`].
    pub fn amid(&self, at: [i64; 3], step: [i64; 3], out: &mut [f32]) {
        self.inner(at, step, out, self.rescales.of_slice(0));
    }

    /// The part of a line whose positions lie in `bounds(size)`, low closed, high open, on every axis.
    fn span(&self, at: [i64; 3], step: [i64; 3], len: usize, bounds: impl Fn(i64) -> (i64, i64)) -> Range<usize> {
        let (mut start, mut end) = (0, len as i64);
        // A line is in the box where both its ends are; the divisions below are for those that cross a face.
        let far = |a: usize| at[a] + step[a] * (end - 1);
        let holds = |a: usize| {
            let (low, high) = bounds(self.size[a] as i64);
            (low..high).contains(&at[a]) && (low..high).contains(&far(a))
        };
        if len > 0 && (0..3).all(holds) {
            return 0..len;
        }
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
        let inner = if inner.is_empty() { inside.end..inside.end } else { inner };
        let clamped = |out: &mut [f32], span: Range<usize>| {
            for u in span {
                out[u] = self.clamped(std::array::from_fn(|a| at[a] + step[a] * u as i64));
            }
        };
        clamped(out, inside.start..inner.start);
        match self.rescales {
            Rescales::Uniform(r) => {
                let first = std::array::from_fn(|a| at[a] + step[a] * inner.start as i64);
                self.inner(first, step, &mut out[inner.clone()], *r);
            }
            Rescales::PerSlice(_) => clamped(out, inner.clone()),
        }
        clamped(out, inner.end..inside.end);
    }

    fn inner(&self, at: [i64; 3], step: [i64; 3], out: &mut [f32], r: Rescale) {
        let mut line = Line { at, step, size: self.size, slope: r.slope as f32, intercept: r.intercept as f32 };
        let done = S::many(self.data, &line, out);
        line.at = std::array::from_fn(|a| at[a] + step[a] * done as i64);
        self.one_by_one(&line, &mut out[done..]);
    }

    #[inline(never)]
    fn one_by_one(&self, line: &Line, out: &mut [f32]) {
        let Line { at: mut p, step, slope, intercept, .. } = *line;
        let (nx, nxy) = (self.size[0], self.size[0] * self.size[1]);
        // One check finds all four pairs inside: the rest of the comparisons do not change along the line.
        let reach = nxy + nx + 2;
        // The fractions once more, side by side for the vector unit; they wrap as the low halves of `p` do.
        let low = |p: [i64; 3]| [p[0] as u32, p[1] as u32, p[2] as u32, 0];
        let (mut fraction, turn) = (low(p), low(step));
        for o in out {
            let base = (p[0] >> 32) as usize + nx * (p[1] >> 32) as usize + nxy * (p[2] >> 32) as usize;
            let Some(near) = self.data.get(base..).and_then(|d| d.get(..reach)) else { return };
            let pair = |from: usize| [near[from], near[from + 1]];
            let (low, high) = S::pairs([pair(0), pair(nx), pair(nxy), pair(nxy + nx)]);
            let t = fraction.map(|f| (f >> 8) as i32 as f32 * (1.0 / 16_777_216.0));
            let x: [f32; 4] = std::array::from_fn(|n| mix(low[n], high[n], t[0]));
            *o = mix(mix(x[0], x[1], t[1]), mix(x[2], x[3], t[1]), t[2]) * slope + intercept;
            p.iter_mut().zip(step).for_each(|(p, s)| *p += s);
            fraction.iter_mut().zip(turn).for_each(|(f, t)| *f = f.wrapping_add(t));
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
        lines: &mut Lines,
    ) {
        let position = |u: usize| at[axis] + step[axis] * u as i64;
        let last = self.size[axis] as i64 - 1;
        let (a, b) = (position(inside.start) >> 32, position(inside.end - 1) >> 32);
        let first = a.min(b).clamp(0, last);
        let count = ((a.max(b) + 1).clamp(0, last) - first + 1) as usize;
        let line = self.axis_line(axis, at, first as usize..first as usize + count, lines);
        let mut p = position(inside.start) - (first << 32);
        for o in &mut out[inside] {
            let low = (p >> 32).max(0) as usize;
            let two = &line[low..low + 2];
            *o = mix(two[0], two[1], if p < 0 { 0.0 } else { part(p) });
            p += step[axis];
        }
    }

    /// Values at voxel centres along `axis`, interpolated across the two others, and the last of them once more.
    fn axis_line<'l>(&self, axis: usize, at: [i64; 3], voxels: Range<usize>, lines: &'l mut Lines) -> &'l [f32] {
        let outer = lines.outer;
        let inner = 3 - axis - outer;
        let (b, c) = (self.neighbours(inner, at[inner]), self.neighbours(outer, at[outer]));
        let key = |c: usize| LineKey { axis, outer: c, inner: (b.low, b.part.to_bits()), voxels: voxels.clone() };
        let (low, high) = (key(c.low), key(c.high));
        let kept = |key: &LineKey, kept: &Kept| kept.iter().position(|l| l.0.as_ref() == Some(key));
        let make = |key: LineKey, slot: usize, kept: &mut Kept| {
            self.cross(axis, (inner, &b), (outer, key.outer), voxels.clone(), &mut kept[slot].1);
            kept[slot].0 = Some(key);
            slot
        };
        // A line that is missing takes the place of the one that is not the other neighbour.
        let at_high = kept(&high, &lines.kept);
        let low =
            kept(&low, &lines.kept).unwrap_or_else(|| make(low, usize::from(at_high == Some(0)), &mut lines.kept));
        let high = match at_high {
            _ if c.part == 0.0 => low,
            Some(slot) => slot,
            None => make(high, 1 - low, &mut lines.kept),
        };
        let (low, high) = (&lines.kept[low].1, &lines.kept[high].1);
        lines.mixed.clear();
        lines.mixed.extend(low.iter().zip(high).map(|(a, b)| mix(*a, *b, c.part)));
        lines.mixed.extend_from_within(lines.mixed.len() - 1..);
        &lines.mixed
    }

    /// Rescaled values along `axis` at one voxel of the outer axis, interpolated across the inner one.
    fn cross(
        &self,
        axis: usize,
        (inner, b): (usize, &Fixed),
        (outer, c): (usize, usize),
        voxels: Range<usize>,
        line: &mut Vec<f32>,
    ) {
        let strides = [1, self.size[0], self.size[0] * self.size[1]];
        let stride = strides[axis];
        let from = |bi: usize| bi * strides[inner] + c * strides[outer] + voxels.start * stride;
        let along = |bi: usize| self.data[from(bi)..].iter().step_by(stride).take(voxels.len());
        let slice = |n: usize, bi: usize| match (axis, inner) {
            (2, _) => voxels.start + n,
            (_, 2) => bi,
            _ => c,
        };
        let each = |n: usize, bi: usize, stored: &S| self.rescaled(slice(n, bi), stored.float());
        line.clear();
        match (self.rescales, b.part == 0.0) {
            (Rescales::Uniform(r), true) => {
                let (slope, intercept) = (r.slope as f32, r.intercept as f32);
                line.extend(along(b.low).map(|v| v.float() * slope + intercept));
            }
            (Rescales::Uniform(r), false) => {
                let (slope, intercept) = (r.slope as f32, r.intercept as f32);
                let both = along(b.low).zip(along(b.high));
                line.extend(both.map(|(v, w)| mix(v.float(), w.float(), b.part) * slope + intercept));
            }
            (Rescales::PerSlice(_), _) => {
                let both = along(b.low).zip(along(b.high)).enumerate();
                line.extend(both.map(|(n, (v, w))| mix(each(n, b.low, v), each(n, b.high, w), b.part)));
            }
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
pub(super) fn along_one_axis(step: [i64; 3], pixels: usize, size: [usize; 3]) -> Option<usize> {
    let moving = |a: &usize| step[*a] != 0;
    let axis = (0..3).find(moving)?;
    let alone = (0..3).filter(moving).count() == 1;
    let voxels = ((step[axis].unsigned_abs() >> 32) as usize + 1) * pixels;
    (alone && voxels.min(size[axis]) <= 2 * pixels).then_some(axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same numbers from both loops, to the bit, on lines in any direction that touch the grid's last cells.
    fn loops_agree<S: Sample>(value: impl Fn(u32) -> S) {
        let size = [37, 29, 23];
        let mut seed = 1u32;
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 8
        };
        let data: Vec<S> = (0..size.iter().product()).map(|_| value(random())).collect();
        let rescales = Rescales::Uniform(Rescale { slope: 1.0, intercept: 0.0 });
        let source = Source { data: &data, size, rescales: &rescales, layers: None };
        for n in 0..200 {
            let count = 1 + random() as usize % 70;
            let end = |a: usize, r: u32| i64::from(r) * ((size[a] as i64 - 1) * ONE - 1) / i64::from(u32::MAX >> 8);
            let at: [i64; 3] = std::array::from_fn(|a| end(a, random()));
            let to: [i64; 3] = std::array::from_fn(|a| end(a, random()));
            let step = std::array::from_fn(|a| (to[a] - at[a]) / count as i64);
            let line = Line { at, step, size, slope: 0.7, intercept: -31.0 };
            let (mut one, mut many) = (vec![0.0; count], vec![0.0; count]);
            source.one_by_one(&line, &mut one);
            let r = Rescale { slope: f64::from(0.7f32), intercept: -31.0 };
            source.inner(at, step, &mut many, r);
            let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&one), bits(&many), "line {n}: {line:?}");
        }
    }

    #[test]
    fn eight_pixels_at_once_are_the_same_as_one_by_one() {
        loops_agree(|r| r as i16);
        loops_agree(|r| r as u16);
        loops_agree(|r| r as u8);
        loops_agree(|r| r as f32);
    }

    #[test]
    fn a_line_that_leaves_the_grid_is_not_taken_at_once() {
        let line = |step: i64| Line { at: [0, 0, 0], step: [step, 0, 0], size: [9, 2, 2], slope: 1.0, intercept: 0.0 };
        let data = vec![1u16; 36];
        let mut out = [0.0; 8];
        assert_eq!(gather::eights::<false>(&data, &line(2 * ONE), &mut out), 0, "beyond the last voxel");
        assert_eq!(gather::eights::<false>(&data[..35], &line(ONE), &mut out), 0, "fewer voxels than the grid");
        assert_eq!(gather::eights::<false>(&data, &line(-ONE), &mut out), 0, "before the first");
    }
}
