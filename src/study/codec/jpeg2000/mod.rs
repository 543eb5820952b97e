//! JPEG 2000 (ITU-T T.800) and High-Throughput JPEG 2000 (T.814): codestreams of one or many tiles, every progression order,
//! both wavelets, every code-block style.

mod block;
mod codestream;
mod ht;
mod ht_bits;
mod ht_tables;
mod mq;
mod packets;
mod tag_tree;
mod tile;
mod wavelet;

use std::ops::Range;

use super::{CodecError, Colour, Decoded, FrameLayout, Sample};
use block::{BlockDecoder, BlockKind, CodedSegment};
use codestream::{Codestream, Coding, ComponentCoding, Size, TileParts, style};
use ht::{HtBlock, HtDecoder};
use tile::{Band, Block, Tile, TileComponent};

/// A rectangle of samples; the right and lower edges are outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rect {
    x0: u32,
    y0: u32,
    x1: u32,
    y1: u32,
}

impl Rect {
    fn width(&self) -> usize {
        self.x1.saturating_sub(self.x0) as usize
    }

    fn height(&self) -> usize {
        self.y1.saturating_sub(self.y0) as usize
    }

    /// The same area at a resolution `levels` coarser (B-14).
    fn reduced(&self, levels: u32) -> Rect {
        let reduced = |v: u32| u64::from(v).div_ceil(1 << levels) as u32;
        Rect { x0: reduced(self.x0), y0: reduced(self.y0), x1: reduced(self.x1), y1: reduced(self.y1) }
    }
}

/// Decodes a frame.
pub(super) fn decode<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) -> Result<Decoded, CodecError> {
    let data = codestream::without_boxes(data)?;
    let codestream = Codestream::parse(data, layout)?;
    if codestream.tiles.iter().all(|tile| tile.parts.is_empty()) {
        return Err(CodecError::damaged("the JPEG 2000 stream ends before its first tile"));
    }
    out.fill(S::default());
    let mut decoders = Decoders::default();
    let (mut sound, mut missing, mut colour_transform) = (true, 0, false);
    for (index, parts) in codestream.tiles.iter().enumerate() {
        missing += usize::from(parts.parts.is_empty());
        colour_transform |= parts.coding.colour_transform;
        sound &= decode_tile(data, &codestream.size, index as u32, parts, layout, &mut decoders, out);
    }
    let damage = match (missing, codestream.truncated || !sound) {
        (1.., _) => Some(format!("{missing} of {} tiles of the JPEG 2000 stream are missing", codestream.tiles.len())),
        (0, true) => Some("the JPEG 2000 stream breaks off; the picture is coarser than it should be".to_owned()),
        (0, false) => None,
    };
    let colour = if colour_transform && layout.samples_per_pixel == 3 { Colour::Rgb } else { Colour::AsHeader };
    Ok(Decoded { pixels: layout.pixels(), damage, colour })
}

/// What decoding blocks needs again and again.
#[derive(Default)]
struct Decoders {
    block: BlockDecoder,
    high_throughput: HtDecoder,
    bytes: Vec<u8>,
    row: Vec<i32>,
}

/// The samples of one component of a tile.
enum Plane {
    Integers(Vec<i32>),
    Floats(Vec<f32>),
}

/// Decodes a tile into its place; false when some of it was missing or wrong.
fn decode_tile<S: Sample>(
    data: &[u8],
    size: &Size,
    index: u32,
    parts: &TileParts,
    layout: &FrameLayout,
    decoders: &mut Decoders,
    out: &mut [S],
) -> bool {
    let joined: Vec<u8>;
    let data = match parts.parts.as_slice() {
        [] => return true,
        [one] => data.get(one.clone()).unwrap_or_default(),
        many => {
            joined = many.iter().flat_map(|part| data.get(part.clone()).unwrap_or_default()).copied().collect();
            &joined
        }
    };
    let mut tile = Tile::new(size, &parts.coding, index);
    let mut sound = packets::read(&mut tile, &parts.coding, data);
    let mut planes = Vec::new();
    for (component, coding) in tile.components.iter().zip(&parts.coding.components) {
        let (plane, complete) = decode_component(component, tile.rect, coding, data, decoders);
        sound &= complete;
        planes.push(plane);
    }
    undo_colour_transform(&mut planes, &parts.coding);
    for (c, plane) in planes.iter().enumerate() {
        let Some((precision, signed)) = size.components.get(c) else { continue };
        let (left, top) = ((tile.rect.x0 - size.picture.x0) as usize, (tile.rect.y0 - size.picture.y0) as usize);
        let width = tile.rect.width();
        let rows = out.chunks_exact_mut(layout.columns * layout.samples_per_pixel).skip(top).take(tile.rect.height());
        // Clamped to what the precision can hold, then the DC level shift (annex G.1).
        let half = 1 << (precision - 1);
        let shift = if *signed { 0 } else { half };
        let level = |value: i32| S::from_low((value.clamp(-half, half - 1) + shift) as u64);
        for (y, row) in rows.enumerate() {
            if let (Plane::Integers(values), 1) = (plane, layout.samples_per_pixel) {
                let values = &values[y * width..(y + 1) * width];
                row[left..].iter_mut().zip(values).for_each(|(sample, value)| *sample = level(*value));
                continue;
            }
            let samples = row[left * layout.samples_per_pixel + c..].iter_mut().step_by(layout.samples_per_pixel);
            match plane {
                Plane::Integers(values) => {
                    let values = &values[y * width..(y + 1) * width];
                    samples.zip(values).for_each(|(sample, value)| *sample = level(*value));
                }
                Plane::Floats(values) => {
                    let values = &values[y * width..(y + 1) * width];
                    samples.zip(values).for_each(|(sample, value)| *sample = level(value.round_ties_even() as i32));
                }
            }
        }
    }
    sound
}

/// Decodes the blocks of a component and undoes its wavelet transform; false when a block was wrong.
fn decode_component(
    component: &TileComponent,
    rect: Rect,
    coding: &ComponentCoding,
    data: &[u8],
    decoders: &mut Decoders,
) -> (Plane, bool) {
    let stride = rect.width();
    let mut plane = match coding.reversible {
        true => Plane::Integers(vec![0; stride * rect.height()]),
        false => Plane::Floats(vec![0.0; stride * rect.height()]),
    };
    let mut sound = true;
    for resolution in &component.resolutions {
        for precinct in &resolution.precincts {
            for (band, grid) in resolution.bands.iter().zip(&precinct.bands) {
                for block in grid.blocks.iter().filter(|block| block.segments.iter().any(|s| s.ready > 0)) {
                    sound &= decode_block(block, band, coding, data, decoders, &mut plane, stride);
                }
            }
        }
        if resolution.bands.len() > 1 {
            match &mut plane {
                Plane::Integers(samples) => wavelet::reversible(samples, stride, resolution.rect),
                Plane::Floats(samples) => wavelet::irreversible(samples, stride, resolution.rect),
            }
        }
    }
    (plane, sound)
}

/// Decodes one block and puts its coefficients into the plane; false when it makes no sense.
fn decode_block(
    block: &Block,
    band: &Band,
    coding: &ComponentCoding,
    data: &[u8],
    decoders: &mut Decoders,
    plane: &mut Plane,
    stride: usize,
) -> bool {
    let Some(planes) = (band.planes + coding.region_shift).checked_sub(block.zero_planes).filter(|n| *n <= 30) else {
        return false;
    };
    // The pieces of each segment, joined.
    decoders.bytes.clear();
    let mut ends = Vec::with_capacity(block.segments.len());
    for index in 0..block.segments.len() {
        for (_, range) in block.pieces.iter().filter(|(segment, _)| *segment == index) {
            decoders.bytes.extend(data.get(range.clone()).unwrap_or_default());
        }
        ends.push(decoders.bytes.len());
    }
    let mut start = 0;
    let segments: Vec<CodedSegment> = block
        .segments
        .iter()
        .zip(ends)
        .map(|(segment, end)| {
            let data = &decoders.bytes[start..end];
            start = end;
            CodedSegment { data, passes: segment.ready }
        })
        .collect();
    let (width, height) = (block.rect.width(), block.rect.height());
    let left = band.at.0 + (block.rect.x0 - band.rect.x0) as usize;
    let top = band.at.1 + (block.rect.y0 - band.rect.y0) as usize;
    decoders.row.resize(width, 0);
    if coding.style & style::HIGH_THROUGHPUT != 0 {
        let kind = HtBlock { width, height, planes, zero_planes: block.zero_planes };
        if !decoders.high_throughput.decode(kind, coding.style & style::CAUSAL != 0, &segments) {
            return false;
        }
    } else {
        let kind = BlockKind { width, height, orientation: band.orientation, planes, style: coding.style };
        decoders.block.decode(kind, &segments);
    }
    for y in 0..height {
        match coding.style & style::HIGH_THROUGHPUT {
            0 => decoders.block.copy_row(y, &mut decoders.row),
            _ => decoders.high_throughput.copy_row(y, &mut decoders.row),
        }
        let at = (top + y) * stride + left;
        put_row(&mut decoders.row, plane, at..at + width, band, coding);
    }
    true
}

/// Puts a row of coefficients, which come as twice their value, into the plane.
fn put_row(row: &mut [i32], plane: &mut Plane, at: Range<usize>, band: &Band, coding: &ComponentCoding) {
    if coding.region_shift > 0 {
        // Those above the shift are the region of interest, and come down again (annex H.1).
        let lifted = row.iter_mut().filter(|twice| twice.unsigned_abs() >> 1 >> coding.region_shift != 0);
        lifted.for_each(|twice| *twice /= 1 << coding.region_shift);
    }
    match plane {
        Plane::Integers(samples) => samples[at].iter_mut().zip(row).for_each(|(sample, twice)| *sample = *twice / 2),
        Plane::Floats(samples) => {
            let half_step = band.step / 2.0;
            samples[at].iter_mut().zip(row).for_each(|(sample, twice)| *sample = *twice as f32 * half_step);
        }
    }
}

/// Undoes the multiple component transform of the first three components (annex G.2, G.3).
fn undo_colour_transform(planes: &mut [Plane], coding: &Coding) {
    if !coding.colour_transform {
        return;
    }
    match planes {
        [Plane::Integers(y), Plane::Integers(u), Plane::Integers(v), ..] => {
            for ((y, u), v) in y.iter_mut().zip(u).zip(v) {
                let green = y.wrapping_sub(u.wrapping_add(*v) >> 2);
                (*y, *u, *v) = (v.wrapping_add(green), green, u.wrapping_add(green));
            }
        }
        [Plane::Floats(y), Plane::Floats(cb), Plane::Floats(cr), ..] => {
            for ((y, cb), cr) in y.iter_mut().zip(cb).zip(cr) {
                let (red, blue) = (*y + 1.402 * *cr, *y + 1.772 * *cb);
                (*y, *cb, *cr) = (red, *y - 0.344_136_28 * *cb - 0.714_136_3 * *cr, blue);
            }
        }
        _ => {}
    }
}
