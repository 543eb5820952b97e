//! The markers of a JPEG 2000 codestream (T.800 annex A): what the picture is, how each tile is coded, where its bytes are.
//!
//! A few bytes there can ask for gigabytes: tiles or precincts of one sample, thousands of layers. The limits here lie far
//! above what any scanner or archive writes.

use std::ops::Range;

use super::super::error::StreamShape;
use super::super::{CodecError, FrameLayout};
use super::Rect;

const SIZ: u16 = 0xFF51;
const COD: u16 = 0xFF52;
const COC: u16 = 0xFF53;
const RGN: u16 = 0xFF5E;
const QCD: u16 = 0xFF5C;
const QCC: u16 = 0xFF5D;
const POC: u16 = 0xFF5F;
const PPM: u16 = 0xFF60;
const PPT: u16 = 0xFF61;
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;

/// A codestream, but for its packets.
pub(super) struct Codestream {
    pub size: Size,
    /// All tiles, row by row.
    pub tiles: Vec<TileParts>,
    /// The data ends before the codestream does.
    pub truncated: bool,
}

/// SIZ (A.5.1).
#[derive(Clone, Debug)]
pub(super) struct Size {
    /// The picture on the reference grid.
    pub picture: Rect,
    /// One tile, and the corner of the first.
    tile: (u32, u32),
    tile_origin: (u32, u32),
    /// Tiles across and down.
    pub tiles: (u32, u32),
    /// Bits and signedness of each component.
    pub components: Vec<(u32, bool)>,
}

/// The bytes of a tile, and how to read them.
#[derive(Clone)]
pub(super) struct TileParts {
    pub parts: Vec<Range<usize>>,
    pub coding: Coding,
}

/// How a tile is coded.
#[derive(Clone, Debug, Default)]
pub(super) struct Coding {
    pub progression: u8,
    pub layers: u32,
    /// A multiple component transform (RCT or ICT) is to be undone.
    pub colour_transform: bool,
    /// Whether SOP markers may stand before packets, and EPH markers behind their headers.
    pub packet_markers: (bool, bool),
    /// Changes of progression order; empty when there are none.
    pub order_changes: Vec<OrderChange>,
    /// The changes are the main header's, and a tile's own would replace them.
    order_inherited: bool,
    pub components: Vec<ComponentCoding>,
}

/// A progression order change (A.6.6): the volume of packets that follow in its order.
#[derive(Clone, Debug)]
pub(super) struct OrderChange {
    pub resolutions: Range<u32>,
    pub components: Range<u32>,
    pub layers: u32,
    pub progression: u8,
}

/// How a component of a tile is coded (A.6.1, A.6.4).
#[derive(Clone, Debug, Default)]
pub(super) struct ComponentCoding {
    pub levels: u32,
    /// Exponents of the width and height of a code-block.
    pub block: (u32, u32),
    /// Code-block style, table A.19.
    pub style: u8,
    pub reversible: bool,
    /// Exponents of the width and height of the precincts of each resolution level.
    pub precincts: Vec<(u32, u32)>,
    pub guard_bits: u32,
    /// Exponent and mantissa of the steps of each subband.
    pub steps: Vec<(u32, u32)>,
    /// There is one step; those of other subbands are derived from it.
    pub derived: bool,
    /// Bits by which a region of interest is lifted (A.6.3).
    pub region_shift: u32,
    own_coding: bool,
    own_steps: bool,
}

/// Code-block styles.
pub(super) mod style {
    pub const BYPASS: u8 = 0x01;
    pub const RESET: u8 = 0x02;
    pub const TERMINATE: u8 = 0x04;
    pub const CAUSAL: u8 = 0x08;
    pub const SEGMENT_SYMBOLS: u8 = 0x20;
    pub const HIGH_THROUGHPUT: u8 = 0x40;
    pub const MIXED: u8 = 0x80;
}

/// The codestream itself, taken out of its JP2 boxes (T.800 annex I) where it has any.
pub(super) fn without_boxes(data: &[u8]) -> Result<&[u8], CodecError> {
    const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
    let missing = || CodecError::damaged("it holds no JPEG 2000 codestream (FF 4F FF 51)");
    let mut boxes = data;
    while !boxes.starts_with(&START) {
        let length = be32(boxes, 0).ok_or_else(missing)? as usize;
        let header = if length == 1 { 16 } else { 8 };
        boxes = match boxes.get(4..8).ok_or_else(missing)? {
            b"jp2c" => boxes.get(header..).filter(|inside| inside.starts_with(&START)).ok_or_else(missing)?,
            _ => boxes.get(length.max(8)..).ok_or_else(missing)?,
        };
    }
    Ok(boxes)
}

impl Codestream {
    /// Reads the main header and the headers of all tile parts.
    pub fn parse(data: &[u8], layout: &FrameLayout) -> Result<Self, CodecError> {
        let mut reader = Reader { data, layout, pos: 2 };
        let Some((SIZ, body)) = reader.segment() else {
            return Err(CodecError::damaged("the JPEG 2000 stream does not begin with its size"));
        };
        let size = Size::parse(body, layout)?;
        let mut coding =
            Coding { components: vec![ComponentCoding::default(); size.components.len()], ..Default::default() };
        while let Some((marker, body)) = reader.segment() {
            coding.read(marker, body, reader.layout, &size)?;
        }
        if coding.layers == 0 || coding.components.iter().any(|c| c.steps.is_empty()) {
            return Err(CodecError::damaged("the JPEG 2000 stream ends before it says how it is coded"));
        }
        coding.pass_on();
        let count = (size.tiles.0 * size.tiles.1) as usize;
        let mut tiles = vec![TileParts { parts: Vec::new(), coding }; count];
        let truncated = !reader.tile_parts(&size, &mut tiles)?;
        Ok(Codestream { size, tiles, truncated })
    }
}

struct Reader<'a> {
    data: &'a [u8],
    layout: &'a FrameLayout,
    pos: usize,
}

impl<'a> Reader<'a> {
    /// The next marker segment, unless a tile part, its data or the end comes next.
    fn segment(&mut self) -> Option<(u16, &'a [u8])> {
        let marker = be16(self.data, self.pos).filter(|m| !matches!(*m, SOT | SOD | EOC))?;
        let length = usize::from(be16(self.data, self.pos + 2)?);
        let body = self.data.get(self.pos + 4..self.pos + 2 + length)?;
        self.pos += 2 + length;
        Some((marker, body))
    }

    /// Reads all tile parts (A.4.2); false when the data ends before them.
    fn tile_parts(&mut self, size: &Size, tiles: &mut [TileParts]) -> Result<bool, CodecError> {
        while be16(self.data, self.pos) == Some(SOT) {
            let start = self.pos;
            let (Some(index), Some(length)) = (be16(self.data, start + 4), be32(self.data, start + 6)) else {
                return Ok(false);
            };
            let Some(tile) = tiles.get_mut(usize::from(index)) else {
                return Err(CodecError::damaged(format!("the JPEG 2000 stream has no tile {index}")));
            };
            self.pos += 12;
            while let Some((marker, body)) = self.segment() {
                tile.coding.read(marker, body, self.layout, size)?;
            }
            if be16(self.data, self.pos) != Some(SOD) {
                return Ok(false);
            }
            // A length of 0 reaches to the end of the codestream.
            let open = length == 0;
            let end = if open { self.data.len() } else { start.saturating_add(length as usize) };
            tile.parts.push(self.pos + 2..end.min(self.data.len()));
            if open || end > self.data.len() {
                let unpadded = self.data.strip_suffix(&[0]).unwrap_or(self.data);
                return Ok(open && unpadded.ends_with(&EOC.to_be_bytes()));
            }
            self.pos = end.max(self.pos + 2);
        }
        let ended = be16(self.data, self.pos) == Some(EOC);
        Ok(ended || tiles.iter().all(|tile| !tile.parts.is_empty()))
    }
}

impl Size {
    fn parse(body: &[u8], layout: &FrameLayout) -> Result<Self, CodecError> {
        let damaged = || CodecError::damaged("the size segment of the JPEG 2000 stream is invalid");
        let word = |i: usize| be32(body, 2 + 4 * i).ok_or_else(damaged);
        let picture = Rect { x0: word(2)?, y0: word(3)?, x1: word(0)?, y1: word(1)? };
        let (tile, tile_origin) = ((word(4)?, word(5)?), (word(6)?, word(7)?));
        let depths: Vec<&[u8]> = body.get(36..).ok_or_else(damaged)?.chunks_exact(3).collect();
        let sound = Some(depths.len()) == be16(body, 34).map(usize::from)
            && picture.x0 <= picture.x1
            && picture.y0 <= picture.y1
            && picture.x1 < 1 << 31
            && picture.y1 < 1 << 31
            && tile_origin.0 <= picture.x0
            && tile_origin.1 <= picture.y0
            && u64::from(tile_origin.0) + u64::from(tile.0) > u64::from(picture.x0)
            && u64::from(tile_origin.1) + u64::from(tile.1) > u64::from(picture.y0);
        if !sound {
            return Err(damaged());
        }
        StreamShape {
            columns: picture.width(),
            rows: picture.height(),
            components: depths.len(),
            precision: depths.iter().map(|c| u32::from(c[0] & 0x7F) + 1).max().unwrap_or(0),
        }
        .check(layout)?;
        if depths.iter().any(|c| c[1] != 1 || c[2] != 1) {
            return Err(CodecError::unsupported("JPEG 2000 with subsampled components"));
        }
        if depths.iter().any(|c| c[0] & 0x7F >= 24) {
            return Err(CodecError::unsupported("JPEG 2000 with samples of more than 24 bits"));
        }
        let tiles = ((picture.x1 - tile_origin.0).div_ceil(tile.0), (picture.y1 - tile_origin.1).div_ceil(tile.1));
        let count = u64::from(tiles.0) * u64::from(tiles.1);
        if count > 64 + layout.pixels() as u64 / 4096 {
            return Err(CodecError::unsupported(format!("a JPEG 2000 picture of {count} tiles")));
        }
        let components = depths.iter().map(|c| (u32::from(c[0] & 0x7F) + 1, c[0] & 0x80 != 0)).collect();
        Ok(Size { picture, tile, tile_origin, tiles, components })
    }

    /// Where a tile lies on the reference grid (B.3).
    pub fn tile_rect(&self, index: u32) -> Rect {
        let along =
            |i: u32, tile: u32, origin: u32| (u64::from(origin) + u64::from(i) * u64::from(tile)).min(1 << 31) as u32;
        let (p, q) = (index % self.tiles.0, index / self.tiles.0);
        Rect {
            x0: along(p, self.tile.0, self.tile_origin.0).max(self.picture.x0),
            y0: along(q, self.tile.1, self.tile_origin.1).max(self.picture.y0),
            x1: along(p + 1, self.tile.0, self.tile_origin.0).min(self.picture.x1),
            y1: along(q + 1, self.tile.1, self.tile_origin.1).min(self.picture.y1),
        }
    }
}

fn short() -> CodecError {
    CodecError::damaged("a marker segment of the JPEG 2000 stream is too short")
}

impl Coding {
    /// Makes this the default of the tiles: whatever a tile says of its own comes before it (A.6).
    fn pass_on(&mut self) {
        self.order_inherited = true;
        for component in &mut self.components {
            (component.own_coding, component.own_steps) = (false, false);
        }
    }

    /// Takes a marker segment into account; unknown ones say nothing about the samples.
    fn read(&mut self, marker: u16, body: &[u8], layout: &FrameLayout, size: &Size) -> Result<(), CodecError> {
        match marker {
            COD => {
                let [flags, progression, high, low, transform, parameters @ ..] = body else { return Err(short()) };
                self.progression = *progression;
                self.layers = u32::from(*high) << 8 | u32::from(*low);
                self.colour_transform = *transform != 0;
                self.packet_markers = (flags & 2 != 0, flags & 4 != 0);
                for component in self.components.iter_mut().filter(|c| !c.own_coding) {
                    component.read_coding(flags & 1 != 0, parameters)?;
                }
            }
            COC => {
                let (component, rest) = self.component(body)?;
                let (flags, parameters) = rest.split_first().ok_or_else(short)?;
                component.own_coding = true;
                component.read_coding(flags & 1 != 0, parameters)?;
            }
            QCD => {
                for component in self.components.iter_mut().filter(|c| !c.own_steps) {
                    component.read_steps(body)?;
                }
            }
            QCC => {
                let (component, rest) = self.component(body)?;
                component.own_steps = true;
                component.read_steps(rest)?;
            }
            RGN => {
                let (component, rest) = self.component(body)?;
                let [0, shift @ 0..=30, ..] = rest else {
                    return Err(CodecError::damaged("the JPEG 2000 stream has an unknown region of interest"));
                };
                component.region_shift = u32::from(*shift);
            }
            POC => self.read_order_changes(body)?,
            PPM | PPT => return Err(CodecError::unsupported("JPEG 2000 with packed packet headers")),
            _ => return Ok(()),
        }
        self.check_effort(layout, size)
    }

    /// The component that a segment is about, and what the segment says behind its number.
    fn component<'a>(&mut self, body: &'a [u8]) -> Result<(&mut ComponentCoding, &'a [u8]), CodecError> {
        let wide = self.components.len() > 256;
        let (index, rest) = match (wide, body) {
            (false, [index, rest @ ..]) => (usize::from(*index), rest),
            (true, [high, low, rest @ ..]) => (usize::from(*high) << 8 | usize::from(*low), rest),
            _ => return Err(short()),
        };
        let component = self.components.get_mut(index);
        Ok((component.ok_or_else(|| CodecError::damaged("the JPEG 2000 stream has no such component"))?, rest))
    }

    fn read_order_changes(&mut self, body: &[u8]) -> Result<(), CodecError> {
        if std::mem::take(&mut self.order_inherited) {
            self.order_changes.clear();
        }
        let wide = self.components.len() > 256;
        for change in body.chunks_exact(if wide { 9 } else { 7 }) {
            let component = |at: usize| match wide {
                false => u32::from(change[at]),
                true => u32::from(change[at]) << 8 | u32::from(change[at + 1]),
            };
            let after = if wide { 3 } else { 2 };
            // An end of 0 stands for 256 where it has one byte.
            let last = match component(after + 3) {
                0 => 256,
                last => last,
            };
            self.order_changes.push(OrderChange {
                resolutions: u32::from(change[0])..u32::from(change[after + 2]),
                components: component(1)..last,
                layers: u32::from(change[after]) << 8 | u32::from(change[after + 1]),
                progression: change[change.len() - 1],
            });
        }
        if self.order_changes.len() > 256 {
            return Err(CodecError::unsupported("JPEG 2000 with more than 256 changes of progression"));
        }
        Ok(())
    }

    /// Counts precincts and packets before anything is made of them.
    fn check_effort(&self, layout: &FrameLayout, size: &Size) -> Result<(), CodecError> {
        let mut precincts = 0u64;
        for component in &self.components {
            for (level, (width, height)) in component.precincts.iter().enumerate() {
                let count = |samples: u32, exponent: u32| {
                    let samples = u64::from(samples).div_ceil(1 << (component.levels - level as u32).min(40));
                    // A precinct that starts off the grid can add one more.
                    samples.div_ceil(1 << exponent) + u64::from(exponent < 15)
                };
                let columns = (size.picture.width() as u32).min(size.tile.0);
                let rows = (size.picture.height() as u32).min(size.tile.1);
                precincts += count(columns, *width) * count(rows, *height);
            }
        }
        let tiles = u64::from(size.tiles.0 * size.tiles.1);
        let (precincts, each) = (precincts * tiles, layout.samples() as u64 / 256 + 40 * tiles);
        let packets = precincts * u64::from(self.layers) * (1 + self.order_changes.len() as u64);
        if precincts > 4096 + each * self.components.len() as u64 || packets > 1 << 20 {
            return Err(CodecError::unsupported(format!(
                "a JPEG 2000 stream of {precincts} precincts and {packets} packets in {tiles} tiles"
            )));
        }
        Ok(())
    }
}

impl ComponentCoding {
    fn read_coding(&mut self, has_precincts: bool, parameters: &[u8]) -> Result<(), CodecError> {
        let [levels, width, height, style, transform, precincts @ ..] = parameters else { return Err(short()) };
        self.levels = u32::from(*levels);
        self.block = (u32::from(width & 15) + 2, u32::from(height & 15) + 2);
        if self.levels > 32 || self.block.0 > 10 || self.block.1 > 10 || self.block.0 + self.block.1 > 12 {
            return Err(CodecError::damaged(format!(
                "the JPEG 2000 stream has {} levels and code-blocks of 2^{} x 2^{} samples",
                self.levels, self.block.0, self.block.1
            )));
        }
        if style & style::HIGH_THROUGHPUT != 0 && style & style::MIXED != 0 {
            return Err(CodecError::unsupported("JPEG 2000 that mixes ordinary and high-throughput code-blocks"));
        }
        self.style = *style;
        self.reversible = *transform == 1;
        let exponents = |level: usize| match has_precincts {
            true => precincts.get(level).map(|size| (u32::from(size & 15), u32::from(size >> 4))).ok_or_else(short),
            false => Ok((15, 15)),
        };
        self.precincts = (0..=usize::from(*levels)).map(exponents).collect::<Result<_, _>>()?;
        if self.precincts.iter().skip(1).any(|(width, height)| *width == 0 || *height == 0) {
            return Err(CodecError::damaged("the JPEG 2000 stream has precincts of no samples"));
        }
        Ok(())
    }

    fn read_steps(&mut self, body: &[u8]) -> Result<(), CodecError> {
        let (kind, values) = body.split_first().ok_or_else(short)?;
        self.guard_bits = u32::from(kind >> 5);
        self.derived = kind & 31 == 1;
        self.steps = match kind & 31 {
            0 => values.iter().map(|v| (u32::from(v >> 3), 0)).collect(),
            1 | 2 => values
                .chunks_exact(2)
                .map(|v| (u32::from(v[0] >> 3), u32::from(v[0] & 7) << 8 | u32::from(v[1])))
                .collect(),
            _ => return Err(CodecError::damaged("the JPEG 2000 stream has an unknown quantisation")),
        };
        if self.steps.is_empty() { Err(short()) } else { Ok(()) }
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}
