//! The components of a DCT-based picture: their coefficients, their samples, and their way to full size.

use super::idct;
use super::segments::{Component, FrameHeader, Headers};
use crate::study::codec::{CodecError, FrameLayout};

/// All components.
pub(super) struct Picture {
    pub planes: Vec<Plane>,
    /// MCUs of an interleaved scan, across and down.
    pub units: (usize, usize),
    /// The largest sampling factors.
    pub sampling: (usize, usize),
    precision: u32,
}

/// One component.
pub(super) struct Plane {
    /// Sampling factors, horizontal and vertical.
    pub sampling: (usize, usize),
    /// Blocks that hold samples of the picture, across and down.
    pub own_blocks: (usize, usize),
    /// Rows of blocks whose DC coefficients are known.
    pub block_rows_done: usize,
    /// Samples of the picture, across and down.
    size: (usize, usize),
    /// Blocks in a row, with the padding to whole MCUs.
    stride: usize,
    coefficients: Vec<i16>,
    component: Component,
    quantisation: Option<[u16; 64]>,
}

impl Picture {
    pub fn new(frame: &FrameHeader, layout: &FrameLayout) -> Self {
        let largest = |of: fn(&Component) -> usize| frame.components.iter().map(of).max().unwrap_or(1);
        let sampling = (largest(|c| c.sampling.0), largest(|c| c.sampling.1));
        let units = (layout.columns.div_ceil(8 * sampling.0), layout.rows.div_ceil(8 * sampling.1));
        let plane = |component: &Component| {
            let (across, down) = component.sampling;
            let size = ((layout.columns * across).div_ceil(sampling.0), (layout.rows * down).div_ceil(sampling.1));
            let stride = units.0 * across;
            Plane {
                sampling: component.sampling,
                own_blocks: (size.0.div_ceil(8), size.1.div_ceil(8)),
                block_rows_done: 0,
                size,
                stride,
                coefficients: vec![0; 64 * stride * units.1 * down],
                component: *component,
                quantisation: None,
            }
        };
        Picture { planes: frame.components.iter().map(plane).collect(), units, sampling, precision: frame.precision }
    }

    /// Rows of the picture for which every component has samples.
    pub fn rows_done(&self, layout: &FrameLayout) -> usize {
        let rows = |plane: &Plane| plane.block_rows_done * 8 * self.sampling.1 / plane.sampling.1;
        self.planes.iter().map(rows).min().unwrap_or(0).min(layout.rows)
    }

    /// The samples of one component at full size: `columns` in a row.
    pub fn samples(&self, index: usize, layout: &FrameLayout) -> Vec<u16> {
        let plane = &self.planes[index];
        let samples = plane.samples(self.precision);
        let (across, down) = (self.sampling.0 / plane.sampling.0, self.sampling.1 / plane.sampling.1);
        let divides =
            self.sampling.0.is_multiple_of(plane.sampling.0) && self.sampling.1.is_multiple_of(plane.sampling.1);
        match (across, down) {
            (1, 1) if divides => samples,
            (2, 1) if divides && plane.size.0 > 2 => {
                rows_of(&samples, plane.size.0).flat_map(|row| widen(row, layout.columns, [1, 2], 2)).collect()
            }
            (2, 2) if divides && plane.size.0 > 2 => double(&samples, plane.size, layout),
            _ => self.repeat(&samples, plane, layout),
        }
    }

    /// Full size by repeating samples.
    fn repeat(&self, samples: &[u16], plane: &Plane, layout: &FrameLayout) -> Vec<u16> {
        let nearest = |at: usize, of: usize, own: usize, largest: usize| (at * own / largest).min(of.saturating_sub(1));
        let columns: Vec<usize> =
            (0..layout.columns).map(|x| nearest(x, plane.size.0, plane.sampling.0, self.sampling.0)).collect();
        let mut out = Vec::with_capacity(layout.pixels());
        for y in 0..layout.rows {
            let y = nearest(y, plane.size.1, plane.sampling.1, self.sampling.1);
            let row = &samples[y * plane.size.0..(y + 1) * plane.size.0];
            out.extend(columns.iter().map(|x| row[*x]));
        }
        out
    }
}

impl Plane {
    /// Keeps the quantisation table that is in force at the component's first scan.
    pub fn latch_quantisation(&mut self, headers: &Headers) -> Result<(), CodecError> {
        if self.quantisation.is_none() {
            let table = headers.quantisation[self.component.quantisation];
            self.quantisation = Some(table.ok_or_else(|| CodecError::damaged("a quantisation table is missing"))?);
        }
        Ok(())
    }

    /// The coefficients of a block in the order of rows and columns.
    #[inline(always)]
    pub fn block(&mut self, column: usize, row: usize) -> &mut [i16] {
        let at = 64 * (row * self.stride + column);
        &mut self.coefficients[at..at + 64]
    }

    /// The samples of the picture, without padding.
    fn samples(&self, precision: u32) -> Vec<u16> {
        let quantisation = self.quantisation.unwrap_or([1; 64]);
        let mut samples = vec![0; self.size.0 * self.size.1];
        let width = 8 * self.own_blocks.0;
        let mut band = vec![0; 8 * width];
        for (blocks, rows) in self
            .coefficients
            .chunks_exact(64 * self.stride)
            .zip(samples.chunks_mut(8 * self.size.0))
            .take(self.own_blocks.1)
        {
            for (column, block) in blocks.chunks_exact(64).take(self.own_blocks.0).enumerate() {
                idct::block(block, &quantisation, precision, &mut band[8 * column..], width);
            }
            for (row, decoded) in rows.chunks_exact_mut(self.size.0).zip(band.chunks_exact(width)) {
                row.copy_from_slice(&decoded[..self.size.0]);
            }
        }
        samples
    }
}

fn rows_of(samples: &[u16], columns: usize) -> impl Iterator<Item = &[u16]> {
    samples.chunks_exact(columns)
}

/// Twice as wide by a triangle filter: new samples lie a quarter of the way between old ones. `rounding` is added before
/// the division by `2^shift`, for left and right samples. As most readers do it, so that colours agree.
fn widen(row: &[u16], columns: usize, rounding: [u32; 2], shift: u32) -> Vec<u16> {
    let at = |i: usize| row.get(i).or(row.last()).map_or(0, |v| u32::from(*v));
    let outer = |i: usize, rounding: u32| (at(i) * 4 + rounding * u32::from(shift > 2)) >> shift;
    let mut wide = Vec::with_capacity(columns + 1);
    for i in 0..row.len() {
        let left = if i == 0 { outer(0, 8) } else { (3 * at(i) + at(i - 1) + rounding[0]) >> shift };
        let right = if i + 1 == row.len() { outer(i, 7) } else { (3 * at(i) + at(i + 1) + rounding[1]) >> shift };
        wide.extend([left as u16, right as u16]);
    }
    wide.truncate(columns);
    wide
}

/// Twice as wide and high by the same filter in both directions, rounded once.
fn double(samples: &[u16], size: (usize, usize), layout: &FrameLayout) -> Vec<u16> {
    let row = |y: usize| &samples[y * size.0..(y + 1) * size.0];
    let mut out = Vec::with_capacity(layout.pixels());
    for y in 0..layout.rows {
        let near = (y / 2).min(size.1 - 1);
        let far = if y % 2 == 0 { near.saturating_sub(1) } else { (near + 1).min(size.1 - 1) };
        let blend: Vec<u16> = row(near).iter().zip(row(far)).map(|(near, far)| 3 * near + far).collect();
        out.extend(widen(&blend, layout.columns, [8, 7], 4));
    }
    out
}
