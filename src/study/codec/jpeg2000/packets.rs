//! Packets (T.800 annex B): the order in which they come, and their headers, which say what bytes belong to which block.

use super::codestream::{Coding, OrderChange, style};
use super::tile::{Block, Precinct, Segment, Tile};

/// Reads all packets of a tile from its bytes. Says whether nothing was missing or wrong.
pub(super) fn read(tile: &mut Tile, coding: &Coding, data: &[u8]) -> bool {
    let mut pos = 0;
    let whole = OrderChange {
        resolutions: 0..33,
        components: 0..tile.components.len() as u32,
        layers: coding.layers,
        progression: coding.progression,
    };
    let changes = if coding.order_changes.is_empty() { std::slice::from_ref(&whole) } else { &coding.order_changes };
    for change in changes {
        for place in order(tile, change, coding.layers) {
            let Some(precinct) = tile.precinct_mut(place) else { continue };
            // A packet comes once; later volumes go on behind the layers that are there.
            if precinct.layers_read > place.layer {
                continue;
            }
            let Some(next) = read_packet(precinct, place, coding, data, pos) else { return false };
            pos = next;
        }
    }
    true
}

/// Which packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub component: usize,
    pub resolution: usize,
    pub precinct: usize,
    pub layer: u32,
}

/// The packets of a volume in their order (B.12.1).
fn order(tile: &Tile, change: &OrderChange, all_layers: u32) -> Vec<Place> {
    let layers = change.layers.min(all_layers);
    // Where each precinct begins on the reference grid decides the orders by position.
    let mut precincts: Vec<((u64, u64), Place)> = Vec::new();
    for (component, c) in tile.components.iter().enumerate() {
        for (resolution, r) in c.resolutions.iter().enumerate() {
            if change.components.contains(&(component as u32)) && change.resolutions.contains(&(resolution as u32)) {
                let places = (0..r.precincts.len()).map(|precinct| Place { component, resolution, precinct, layer: 0 });
                precincts
                    .extend(places.map(|place| (tile.precinct_corner(component, resolution, place.precinct), place)));
            }
        }
    }
    match change.progression {
        0 | 1 => precincts.sort_by_key(|(_, p)| (p.resolution, p.component, p.precinct)),
        2 => precincts.sort_by_key(|(at, p)| (p.resolution, *at, p.component, p.precinct)),
        3 => precincts.sort_by_key(|(at, p)| (*at, p.component, p.resolution, p.precinct)),
        _ => precincts.sort_by_key(|(at, p)| (p.component, *at, p.resolution, p.precinct)),
    }
    let places = precincts.into_iter().map(|(_, place)| place);
    match change.progression {
        0 => {
            let places: Vec<Place> = places.collect();
            (0..layers).flat_map(|layer| places.iter().map(move |place| Place { layer, ..*place })).collect()
        }
        1 => {
            let mut places: Vec<Place> =
                places.flat_map(|place| (0..layers).map(move |layer| Place { layer, ..place })).collect();
            places.sort_by_key(|p| (p.resolution, p.layer));
            places
        }
        _ => places.flat_map(|place| (0..layers).map(move |layer| Place { layer, ..place })).collect(),
    }
}

/// Reads one packet from `pos` on and gives where it ends; nothing when the data end or make no sense.
fn read_packet(precinct: &mut Precinct, place: Place, coding: &Coding, data: &[u8], pos: usize) -> Option<usize> {
    let (sop, eph) = coding.packet_markers;
    let pos = if sop && data.get(pos..)?.starts_with(&[0xFF, 0x91]) { pos + 6 } else { pos };
    let mut bits = HeaderBits::new(data.get(pos..)?);
    let style = coding.components.get(place.component)?.style;
    precinct.layers_read = place.layer + 1;
    let mut pieces = Vec::new();
    if bits.bit() == 1 {
        for (band, grid) in precinct.bands.iter_mut().enumerate() {
            for index in 0..grid.blocks.len() {
                let (column, row) = (index % grid.columns, index / grid.columns);
                let block = &mut grid.blocks[index];
                let included = match block.included {
                    true => bits.bit() == 1,
                    false => grid.inclusion.is_below(&mut bits, column, row, place.layer + 1),
                };
                if !included {
                    continue;
                }
                if !block.included {
                    block.included = true;
                    block.zero_planes = (1..=80).find(|n| grid.zero_planes.is_below(&mut bits, column, row, *n))? - 1;
                }
                read_lengths(block, &mut bits, style, |piece| pieces.push((band, index, piece)))?;
            }
        }
    }
    let mut at = pos + bits.finish()?;
    if eph && data.get(at..)?.starts_with(&[0xFF, 0x92]) {
        at += 2;
    }
    for (band, index, piece) in pieces {
        let end = at + piece.length;
        if end > data.len() {
            return None;
        }
        let block = &mut precinct.bands[band].blocks[index];
        block.segments[piece.segment].ready += piece.passes;
        if piece.length > 0 {
            block.pieces.push((piece.segment, at..end));
        }
        at = end;
    }
    Some(at)
}

/// What a packet header says of one block's part in the packet.
struct Piece {
    segment: usize,
    passes: u32,
    length: usize,
}

/// Passes and lengths of one block in one packet (B.10.6, B.10.7).
fn read_lengths(block: &mut Block, bits: &mut HeaderBits, style: u8, mut found: impl FnMut(Piece)) -> Option<()> {
    let mut passes = bits.passes();
    block.length_bits += bits.ones();
    if block.length_bits > 32 {
        return None;
    }
    while passes > 0 {
        if block.segments.last().is_none_or(|last| last.passes >= last.most) {
            block.segments.push(Segment { passes: 0, ready: 0, most: most_passes(block, style) });
        }
        let index = block.segments.len() - 1;
        let segment = &mut block.segments[index];
        let taken = passes.min(segment.most - segment.passes);
        let length = bits.bits((block.length_bits + taken.ilog2()).min(32)) as usize;
        segment.passes += taken;
        passes -= taken;
        found(Piece { segment: index, passes: taken, length });
    }
    (block.segments.len() < 200 && !bits.overrun).then_some(())
}

/// How many passes the next segment of a block can have: where the coder is terminated (D.4, table D.9; T.814 for high
/// throughput: the cleanup pass, then the two others).
fn most_passes(block: &Block, style: u8) -> u32 {
    let last = block.segments.last().map(|s| s.most);
    match last {
        _ if style & style::TERMINATE != 0 => 1,
        None if style & style::HIGH_THROUGHPUT != 0 => 1,
        None if style & style::BYPASS != 0 => 10,
        Some(1 | 10) if style & style::BYPASS != 0 => 2,
        Some(_) if style & style::BYPASS != 0 => 1,
        _ => 200,
    }
}

/// The bits of packet headers: after a byte 0xFF one zero bit is stuffed (B.10.1).
pub(super) struct HeaderBits<'a> {
    data: &'a [u8],
    pos: usize,
    current: u8,
    left: u32,
    /// More bits were read than there are.
    pub overrun: bool,
}

impl<'a> HeaderBits<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        HeaderBits { data, pos: 0, current: 0, left: 0, overrun: false }
    }

    pub fn bit(&mut self) -> u32 {
        if self.left == 0 {
            self.left = if self.current == 0xFF { 7 } else { 8 };
            self.overrun |= self.pos >= self.data.len();
            // Ones end every loop that reads bits: trees, commas.
            self.current = self.data.get(self.pos).copied().unwrap_or(0x7F);
            self.pos += 1;
        }
        self.left -= 1;
        u32::from(self.current >> self.left & 1)
    }

    fn bits(&mut self, n: u32) -> u32 {
        (0..n).fold(0, |value, _| value << 1 | self.bit())
    }

    /// Ones before a zero.
    fn ones(&mut self) -> u32 {
        (0..64).find(|_| self.bit() == 0).unwrap_or(64)
    }

    /// The number of coding passes, table B.4.
    fn passes(&mut self) -> u32 {
        if self.bit() == 0 {
            return 1;
        }
        if self.bit() == 0 {
            return 2;
        }
        match self.bits(2) {
            3 => match self.bits(5) {
                31 => 37 + self.bits(7),
                n => 6 + n,
            },
            n => 3 + n,
        }
    }

    /// Ends a header on a byte and gives its length; nothing when the data were too short.
    fn finish(mut self) -> Option<usize> {
        if self.current == 0xFF {
            self.pos += 1;
        }
        (!self.overrun && self.pos <= self.data.len()).then_some(self.pos)
    }
}
