//! The reference renderer: values on any plane through a volume, on the processor, and the picture that they make.
//!
//! The GPU's passes must agree with this (`render`'s tests compare them); the numbers that a reader sees under the cursor
//! come from the volume itself, never from a picture.

use super::plane::{Interpolation, Projection, SliceView};
use super::sampling::{Sample, Source};
use super::walk::{Layers, Walk};
use super::{Samples, Shade, Volume};
use rayon::prelude::*;

/// Rescaled values of every pixel of `view`, row by row; not-a-number outside the volume.
pub fn reslice(volume: &Volume, view: &SliceView) -> Vec<f32> {
    let mut values = vec![f32::NAN; view.plane.size[0] * view.plane.size[1]];
    rows(volume, view, &mut values, |row, out| out.copy_from_slice(row));
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
    let scratch = || (vec![0f32; width], vec![0f32; width], vec![0f32; width], Vec::new());
    out.par_chunks_mut(width).with_min_len(8).enumerate().for_each_init(
        scratch,
        |(row, folded, counts, line), (v, out)| {
            let sample = |post: u32, row: &mut [f32], line: &mut Vec<f32>| {
                source.row(walk.at(0, v, post), walk.right, view.interpolation == Interpolation::Nearest, row, line);
            };
            match (walk.posts, view.slab) {
                (0, _) => row.fill(f32::NAN),
                (1, _) | (_, None) => sample(0, row, line),
                (posts, Some(slab)) => {
                    start_fold(slab.projection, folded, counts);
                    for post in 0..posts {
                        sample(post, row, line);
                        fold(slab.projection, row, folded, counts);
                    }
                    end_fold(slab.projection, folded, counts, row);
                }
            }
            sink(row, out);
        },
    );
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
