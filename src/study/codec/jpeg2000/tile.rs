//! The parts of a tile (T.800 annex B): components, resolution levels, subbands, precincts, code-blocks.

use std::ops::Range;

use super::Rect;
use super::codestream::{Coding, ComponentCoding, Size};
use super::packets::Place;
use super::tag_tree::TagTree;

/// One tile.
pub(super) struct Tile {
    pub rect: Rect,
    pub components: Vec<TileComponent>,
}

/// One component of a tile.
pub(super) struct TileComponent {
    /// From the coarsest on.
    pub resolutions: Vec<Resolution>,
}

/// One resolution level.
pub(super) struct Resolution {
    pub rect: Rect,
    /// Exponents of the precincts' width and height, and how many there are across.
    precinct: (u32, u32),
    across: usize,
    pub bands: Vec<Band>,
    pub precincts: Vec<Precinct>,
}

/// One subband.
pub(super) struct Band {
    pub rect: Rect,
    /// Where it begins in the buffer of the component's coefficients.
    pub at: (usize, usize),
    /// 0 LL, 1 HL, 2 LH, 3 HH.
    pub orientation: usize,
    /// Magnitude bits, Mb (E-2).
    pub planes: u32,
    /// What a coefficient of 1 stands for (E-3); 1 for reversible coding.
    pub step: f32,
}

/// The code-blocks that lie in one precinct, by subband.
pub(super) struct Precinct {
    pub bands: Vec<BlockGrid>,
    pub layers_read: u32,
}

/// The code-blocks of one subband in one precinct.
pub(super) struct BlockGrid {
    pub columns: usize,
    pub blocks: Vec<Block>,
    pub inclusion: TagTree,
    pub zero_planes: TagTree,
}

/// A code-block, and where its bytes are.
pub(super) struct Block {
    /// In the subband.
    pub rect: Rect,
    pub included: bool,
    /// Magnitude bits that are all zero.
    pub zero_planes: u32,
    /// Lblock.
    pub length_bits: u32,
    pub segments: Vec<Segment>,
    /// Which segment goes on with which bytes of the tile.
    pub pieces: Vec<(usize, Range<usize>)>,
}

/// Passes between two terminations of the coder.
pub(super) struct Segment {
    /// Those that packet headers have told of.
    pub passes: u32,
    /// Those of which the bytes are there.
    pub ready: u32,
    pub most: u32,
}

impl Tile {
    /// Lays out a tile.
    pub fn new(size: &Size, coding: &Coding, index: u32) -> Self {
        let rect = size.tile_rect(index);
        let components = coding.components.iter().zip(&size.components).map(|(coding, (precision, _))| {
            let levels = 0..=coding.levels;
            TileComponent {
                resolutions: levels.map(|level| Resolution::new(rect, coding, *precision, level)).collect(),
            }
        });
        Tile { rect, components: components.collect() }
    }

    pub fn precinct_mut(&mut self, place: Place) -> Option<&mut Precinct> {
        let component = self.components.get_mut(place.component)?;
        component.resolutions.get_mut(place.resolution)?.precincts.get_mut(place.precinct)
    }

    /// Row and column on the reference grid where a precinct comes in the orders by position (B.12.1.3).
    pub fn precinct_corner(&self, component: usize, resolution: usize, precinct: usize) -> (u64, u64) {
        let component = &self.components[component];
        let r = &component.resolutions[resolution];
        let level = (component.resolutions.len() - 1 - resolution) as u32;
        // The first one begins with the tile, unless its own edge lies in it.
        let along = |index: usize, exponent: u32, first: u32, tile: u32| match index {
            0 if first & ((1 << exponent) - 1) != 0 => u64::from(tile),
            index => (u64::from(first >> exponent) + index as u64) << (exponent + level),
        };
        (
            along(precinct / r.across, r.precinct.1, r.rect.y0, self.rect.y0),
            along(precinct % r.across, r.precinct.0, r.rect.x0, self.rect.x0),
        )
    }
}

impl Resolution {
    fn new(tile: Rect, coding: &ComponentCoding, precision: u32, resolution: u32) -> Self {
        let rect = tile.reduced(coding.levels - resolution);
        let (width, height) = coding.precincts[resolution as usize];
        let count = |from: u32, to: u32, exponent: u32| match to > from {
            true => (to.div_ceil(1 << exponent) - (from >> exponent)) as usize,
            false => 0,
        };
        let (across, down) = (count(rect.x0, rect.x1, width), count(rect.y0, rect.y1, height));
        let (across, down) = if across * down == 0 { (0, 0) } else { (across, down) };
        let bands: Vec<Band> = match resolution {
            0 => vec![Band::new(tile, coding, precision, resolution, 0)],
            _ => (1..=3).map(|orientation| Band::new(tile, coding, precision, resolution, orientation)).collect(),
        };
        let precinct = |index: usize| {
            let (column, row) = ((index % across) as u32, (index / across) as u32);
            // Precincts of finer levels have half their size in each subband.
            let halved = u32::from(resolution > 0);
            let (width, height) = (width - halved, height - halved);
            let corner = ((rect.x0 >> (width + halved)) + column, (rect.y0 >> (height + halved)) + row);
            let grid = |band: &Band| BlockGrid::new(band, corner, (width, height), coding.block);
            Precinct { bands: bands.iter().map(grid).collect(), layers_read: 0 }
        };
        let precincts = (0..across * down).map(precinct).collect();
        Resolution { rect, precinct: (width, height), across, bands, precincts }
    }
}

impl Band {
    fn new(tile: Rect, coding: &ComponentCoding, precision: u32, resolution: u32, orientation: usize) -> Self {
        let levels = coding.levels - resolution + u32::from(resolution > 0);
        let (right, below) = (orientation as u32 & 1, orientation as u32 >> 1);
        let along = |v: u32, high: u32| {
            let offset = if high == 1 { 1u64 << (levels - 1) } else { 0 };
            u64::from(v).saturating_sub(offset).div_ceil(1 << levels) as u32
        };
        let rect = Rect {
            x0: along(tile.x0, right),
            y0: along(tile.y0, below),
            x1: along(tile.x1, right),
            y1: along(tile.y1, below),
        };
        let coarser = tile.reduced(coding.levels - resolution + 1);
        let at = (coarser.width() * right as usize, coarser.height() * below as usize);
        let index = if resolution == 0 { 0 } else { 3 * resolution as usize - 3 + orientation };
        let (exponent, mantissa) = match (coding.derived, coding.steps.as_slice()) {
            // E-5.
            (true, [(exponent, mantissa), ..]) => ((exponent + levels).saturating_sub(coding.levels), *mantissa),
            (_, steps) => steps.get(index).copied().unwrap_or((0, 0)),
        };
        let gain = right + below;
        let step = match coding.reversible {
            true => 1.0,
            false => (1.0 + mantissa as f32 / 2048.0) * 2f32.powi((precision + gain) as i32 - exponent as i32),
        };
        Band { rect, at, orientation, planes: (coding.guard_bits + exponent).saturating_sub(1), step }
    }
}

impl BlockGrid {
    /// The blocks of a band inside the precinct at `corner` (counted in precincts of `2^size` samples).
    fn new(band: &Band, corner: (u32, u32), size: (u32, u32), block: (u32, u32)) -> Self {
        let edge = |at: u32, exponent: u32| (u64::from(at) << exponent).min(u64::from(u32::MAX)) as u32;
        let inside = Rect {
            x0: edge(corner.0, size.0).max(band.rect.x0),
            y0: edge(corner.1, size.1).max(band.rect.y0),
            x1: edge(corner.0 + 1, size.0).min(band.rect.x1),
            y1: edge(corner.1 + 1, size.1).min(band.rect.y1),
        };
        let (width, height) = (block.0.min(size.0), block.1.min(size.1));
        let empty = inside.x0 >= inside.x1 || inside.y0 >= inside.y1;
        let (mut columns, mut blocks) = (0, Vec::new());
        if !empty {
            let (first, last) = (
                (inside.x0 >> width, inside.y0 >> height),
                (inside.x1.div_ceil(1 << width), inside.y1.div_ceil(1 << height)),
            );
            columns = (last.0 - first.0) as usize;
            for (row, column) in (first.1..last.1).flat_map(|row| (first.0..last.0).map(move |column| (row, column))) {
                blocks.push(Block::new(Rect {
                    x0: (column << width).max(inside.x0),
                    y0: (row << height).max(inside.y0),
                    x1: ((column + 1) << width).min(inside.x1),
                    y1: ((row + 1) << height).min(inside.y1),
                }));
            }
        }
        let rows = blocks.len().checked_div(columns).unwrap_or(0);
        BlockGrid { columns, blocks, inclusion: TagTree::new(columns, rows), zero_planes: TagTree::new(columns, rows) }
    }
}

impl Block {
    fn new(rect: Rect) -> Self {
        Block { rect, included: false, zero_planes: 0, length_bits: 3, segments: Vec::new(), pieces: Vec::new() }
    }
}
