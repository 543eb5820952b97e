//! The reference renderer: values on any plane through a volume, on the processor, and the picture that they make.
//!
//! The GPU's passes must agree with this (`render`'s tests compare them); the numbers that a reader sees under the cursor
//! come from the volume itself, never from a picture.

use super::plane::{Interpolation, Projection, Slab, SliceView};
use super::sampling::{Lines, Sample, Source};
use super::walk::{Layers, Walk};
use super::{Samples, Shade, Volume};
use rayon::prelude::*;
use std::ops::Range;

/// Rescaled values of every pixel of `view`, row by row; not-a-number outside the volume.
pub fn reslice(volume: &Volume, view: &SliceView) -> Vec<f32> {
    let mut values = vec![f32::NAN; view.plane.size[0] * view.plane.size[1]];
    rows(volume, view, &mut values, |row, out| out.copy_from_slice(row));
    values
}

/// Rescaled values of a picture whose rows each have a view of their own, one pixel high and all of one width: the
/// straightened picture of a curved surface. Not-a-number outside the volume.
pub fn reslice_rows(volume: &Volume, views: &[SliceView]) -> Vec<f32> {
    let width = views.first().map_or(0, |v| v.plane.size[0]);
    let mut values = vec![f32::NAN; width * views.len()];
    if width > 0 {
        values.par_chunks_mut(width).zip(views).for_each(|(out, view)| {
            rows(volume, view, out, |row, out| out.copy_from_slice(row));
        });
    }
    values
}

/// The grey picture of `view`, row by row: values are projected first, then shaded. Black outside the volume.
pub fn picture(volume: &Volume, view: &SliceView, shade: &Shade) -> Vec<u8> {
    let mut grey = vec![0; view.plane.size[0] * view.plane.size[1]];
    rows(volume, view, &mut grey, |row, out| shade.row(row, out));
    grey
}

fn rows<T: Send>(volume: &Volume, view: &SliceView, out: &mut [T], sink: impl Fn(&[f32], &mut [T]) + Sync) {
    match &volume.samples {
        Samples::U8(data) => rows_of(data, volume, view, out, sink),
        Samples::I16(data) => rows_of(data, volume, view, out, sink),
        Samples::U16(data) => rows_of(data, volume, view, out, sink),
        Samples::F32(data) => rows_of(data, volume, view, out, sink),
    }
}

fn rows_of<S: Sample, T: Send>(
    data: &[S],
    volume: &Volume,
    view: &SliceView,
    out: &mut [T],
    sink: impl Fn(&[f32], &mut [T]) + Sync,
) {
    let size = volume.size();
    let width = view.plane.size[0];
    let walk = Walk::new(&volume.geometry, view);
    if width == 0 || size.contains(&0) || data.len() < size.iter().product() {
        return;
    }
    let source = Source { data, size, rescales: &volume.rescales, layers: Layers::of(&volume.geometry) };
    let tiler = Tiler { source, walk, slab: view.slab, nearest: view.interpolation == Interpolation::Nearest };
    let [tile_width, tile_height] = tiler.tile();
    let bands = out.par_chunks_mut(width * tile_height).enumerate();
    bands.for_each_init(Scratch::default, |scratch, (band, out)| {
        for u in (0..width).step_by(tile_width) {
            let columns = u..(u + tile_width).min(width);
            tiler.values(columns.clone(), band * tile_height, out.len() / width, scratch);
            for (row, out) in scratch.rows.chunks_exact(columns.len()).zip(out.chunks_exact_mut(width)) {
                sink(row, &mut out[columns.clone()]);
            }
        }
    });
}

struct Tiler<'a, S> {
    source: Source<'a, S>,
    walk: Walk,
    slab: Option<Slab>,
    nearest: bool,
}

/// A thread's memory for a tile, row by row.
#[derive(Default)]
struct Scratch {
    rows: Vec<f32>,
    folded: Vec<f32>,
    counts: Vec<f32>,
    lines: Lines,
}

impl<S: Sample> Tiler<'_, S> {
    /// Columns and rows that are sampled together, so that what neighbouring rows and posts use again is still in the
    /// nearest cache. Rows along a grid axis share whole lines of voxels; others should leave a tile soon.
    fn tile(&self) -> [usize; 2] {
        if self.along_axis() { [256, 32] } else { [16, 64] }
    }

    fn along_axis(&self) -> bool {
        self.walk.right.iter().filter(|s| **s != 0).count() == 1
    }

    /// The grid axis along which rows follow each other, other than the one along which they run.
    fn across(&self) -> usize {
        let along = (0..3).find(|a| self.walk.right[*a] != 0).unwrap_or(0);
        let others = (0..3).filter(|a| *a != along);
        others.max_by_key(|a| self.walk.down[*a].unsigned_abs()).unwrap_or(0)
    }

    /// The values of a tile, in `scratch.rows`.
    fn values(&self, columns: Range<usize>, first_row: usize, rows: usize, scratch: &mut Scratch) {
        let width = columns.len();
        let Scratch { rows: out, folded, counts, lines } = scratch;
        lines.outer = self.across();
        [&mut *out, &mut *folded, &mut *counts].into_iter().for_each(|v| v.resize(width * rows, f32::NAN));
        let along_axis = self.along_axis();
        let mut sample = |post: u32, out: &mut [f32]| {
            let (right, bottom) = (columns.end - 1, first_row + rows - 1);
            let corners = [(columns.start, first_row), (right, first_row), (columns.start, bottom), (right, bottom)];
            let corners = corners.map(|(u, v)| self.walk.at(u, v, post));
            let amid = !self.nearest && !along_axis && self.source.surrounds(&corners);
            let mut at = corners[0];
            for row in out.chunks_exact_mut(width) {
                if amid {
                    self.source.amid(at, self.walk.right, row);
                } else {
                    self.source.row(at, self.walk.right, self.nearest, row, lines);
                }
                at.iter_mut().zip(self.walk.down).for_each(|(a, d)| *a += d);
            }
        };
        match (self.walk.posts, self.slab) {
            (0, _) => out.fill(f32::NAN),
            (1, _) | (_, None) => sample(0, out),
            (posts, Some(slab)) => {
                start_fold(slab.projection, folded, counts);
                for post in 0..posts {
                    sample(post, out);
                    fold(slab.projection, out, folded, counts);
                }
                end_fold(slab.projection, folded, counts, out);
            }
        }
    }
}

fn start_fold(projection: Projection, folded: &mut [f32], counts: &mut [f32]) {
    folded.fill(match projection {
        Projection::Max => f32::NEG_INFINITY,
        Projection::Min => f32::INFINITY,
        Projection::Mean => 0.0,
    });
    counts.fill(0.0);
}

/// Takes one post's values in; those outside the volume (not a number) are left out.
fn fold(projection: Projection, row: &[f32], folded: &mut [f32], counts: &mut [f32]) {
    let values = row.iter().zip(folded.iter_mut());
    match projection {
        Projection::Max => values.for_each(|(v, f)| *f = if *v > *f { *v } else { *f }),
        Projection::Min => values.for_each(|(v, f)| *f = if *v < *f { *v } else { *f }),
        Projection::Mean => {
            for ((v, f), n) in values.zip(counts) {
                let inside = !v.is_nan();
                *f += if inside { *v } else { 0.0 };
                *n += if inside { 1.0 } else { 0.0 };
            }
        }
    }
}

fn end_fold(projection: Projection, folded: &[f32], counts: &[f32], row: &mut [f32]) {
    for ((o, f), n) in row.iter_mut().zip(folded).zip(counts) {
        *o = match projection {
            Projection::Mean => f / n,
            _ if f.is_finite() => *f,
            _ => f32::NAN,
        };
    }
}

#[cfg(test)]
mod tests;
