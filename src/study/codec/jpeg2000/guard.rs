//! A look at the markers of a JPEG 2000 codestream (T.800 annex A) before it is decoded.
//!
//! A few bytes there can ask for gigabytes: tiles or precincts of one sample, thousands of layers. The limits lie far
//! above what any scanner or archive writes.

use super::super::error::StreamShape;
use super::super::{CodecError, FrameLayout};

/// What the markers say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// The data ends before the tile parts do.
    pub truncated: bool,
    /// A multiple component transform (RCT or ICT) makes the samples red, green, blue.
    pub colour_transform: bool,
}

const SIZ: u16 = 0xFF51;
const COD: u16 = 0xFF52;
const COC: u16 = 0xFF53;
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;

/// The codestream itself, taken out of its JP2 boxes (T.800 annex I) where it has any.
pub(super) fn codestream(data: &[u8]) -> Result<&[u8], CodecError> {
    let mut boxes = data;
    loop {
        if boxes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
            return Ok(boxes);
        }
        let missing = || CodecError::damaged("it holds no JPEG 2000 codestream (FF 4F FF 51)");
        let (length, kind) = (be32(boxes, 0).ok_or_else(missing)? as usize, boxes.get(4..8).ok_or_else(missing)?);
        if kind == b"jp2c" {
            boxes = if length == 1 { boxes.get(16..) } else { boxes.get(8..) }.ok_or_else(missing)?;
            if !boxes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
                return Err(missing());
            }
        } else {
            boxes = boxes.get(length.max(8)..).ok_or_else(missing)?;
        }
    }
}

impl Survey {
    /// Reads the main header and the headers of all tile parts.
    pub fn new(codestream: &[u8], layout: &FrameLayout) -> Result<Self, CodecError> {
        let mut survey = Survey { truncated: true, colour_transform: false };
        let mut size = None;
        let mut pos = 2;
        while let Some(marker) = be16(codestream, pos) {
            if marker == EOC {
                survey.truncated = false;
                break;
            }
            let Some(body) = be16(codestream, pos + 2).and_then(|n| codestream.get(pos + 4..pos + 2 + usize::from(n)))
            else {
                break;
            };
            match (marker, &size) {
                (SIZ, _) => size = Some(TileSize::parse(body, layout)?),
                (COD | COC, Some(size)) => survey.coding_style(marker, body, size, layout)?,
                (SOT, Some(size)) => {
                    let (next, complete) = survey.tile_part(codestream, pos, size, layout)?;
                    if !complete {
                        break;
                    }
                    pos = next;
                    continue;
                }
                (_, None) => return Err(CodecError::damaged("the JPEG 2000 stream does not begin with its size")),
                _ => {}
            }
            pos += 4 + body.len();
        }
        size.map(|_| survey).ok_or_else(|| CodecError::damaged("the JPEG 2000 stream ends before its size"))
    }

    /// The header of the tile part at `at`; gives where the part ends, and whether the data goes that far.
    fn tile_part(
        &mut self,
        codestream: &[u8],
        at: usize,
        size: &TileSize,
        layout: &FrameLayout,
    ) -> Result<(usize, bool), CodecError> {
        let Some(length) = be32(codestream, at + 6) else { return Ok((at, false)) };
        let mut pos = at + 12;
        while let (Some(marker), Some(n)) = (be16(codestream, pos), be16(codestream, pos + 2)) {
            if marker == SOD {
                break;
            }
            let Some(body) = codestream.get(pos + 4..pos + 2 + usize::from(n)) else { return Ok((pos, false)) };
            if marker == COD || marker == COC {
                self.coding_style(marker, body, size, layout)?;
            }
            pos += 4 + body.len();
        }
        // A length of 0 reaches to the end of the codestream; the decoder looks for that.
        let end = if length == 0 { codestream.len() } else { at.saturating_add(length as usize) };
        if length == 0 {
            self.truncated = false;
        }
        Ok((end, length >= 14 && end <= codestream.len()))
    }

    /// Checks a COD or COC segment (A.6.1, A.6.2) for its numbers of precincts and packets.
    fn coding_style(
        &mut self,
        marker: u16,
        body: &[u8],
        size: &TileSize,
        layout: &FrameLayout,
    ) -> Result<(), CodecError> {
        let damaged = || CodecError::damaged("a coding style segment of the JPEG 2000 stream is too short");
        let (style, layers, parameters) = match (marker, body) {
            (COD, [style, _, layers_high, layers_low, transform, parameters @ ..]) => {
                self.colour_transform |= *transform != 0;
                (*style, usize::from(*layers_high) << 8 | usize::from(*layers_low), parameters)
            }
            (COC, [_, style, parameters @ ..]) if size.components < 257 => (*style, 1, parameters),
            (COC, [_, _, style, parameters @ ..]) => (*style, 1, parameters),
            _ => return Err(damaged()),
        };
        let [levels, _, _, _, _, precincts @ ..] = parameters else { return Err(damaged()) };
        let levels = u32::from(*levels);
        if levels > 32 {
            return Err(CodecError::damaged(format!("the JPEG 2000 stream has {levels} levels, and 32 are the most")));
        }
        let mut per_component = 0;
        for level in 0..=levels {
            let exponents = if style & 1 == 1 { *precincts.get(level as usize).ok_or_else(damaged)? } else { 0xFF };
            let count = |samples: usize, exponent: u8| {
                let samples = samples.div_ceil(1usize << (levels - level).min(40));
                // A precinct that starts off the grid can add one more.
                samples.div_ceil(1 << exponent) + usize::from(exponent < 15)
            };
            per_component += count(size.columns, exponents & 15) * count(size.rows, exponents >> 4);
        }
        let precincts = per_component.saturating_mul(size.tiles).saturating_mul(size.components);
        let packets = precincts.saturating_mul(layers);
        if precincts > 4096 + size.components * (32 * size.tiles + layout.pixels() / 32) || packets > 1 << 22 {
            return Err(CodecError::unsupported(format!(
                "a JPEG 2000 stream of {precincts} precincts and {packets} packets in {} tiles",
                size.tiles
            )));
        }
        Ok(())
    }
}

/// The tiles of a picture, from SIZ (A.5.1).
#[derive(Debug)]
struct TileSize {
    /// Samples of a tile, not more than the picture has.
    columns: usize,
    rows: usize,
    tiles: usize,
    components: usize,
}

impl TileSize {
    fn parse(body: &[u8], layout: &FrameLayout) -> Result<Self, CodecError> {
        let damaged = || CodecError::damaged("the size segment of the JPEG 2000 stream is invalid");
        let word = |i: usize| be32(body, 2 + 4 * i).map(|v| v as usize).ok_or_else(damaged);
        let (columns, rows) = (word(0)?.checked_sub(word(2)?), word(1)?.checked_sub(word(3)?));
        let (columns, rows) = (columns.ok_or_else(damaged)?, rows.ok_or_else(damaged)?);
        let components: Vec<&[u8]> = body.get(36..).ok_or_else(damaged)?.chunks_exact(3).collect();
        if Some(components.len()) != be16(body, 34).map(usize::from) {
            return Err(damaged());
        }
        let precision = components.iter().map(|c| u32::from(c[0] & 0x7F) + 1).max().unwrap_or(0);
        StreamShape { columns, rows, components: components.len(), precision }.check(layout)?;
        if components.iter().any(|c| c[1] != 1 || c[2] != 1) {
            return Err(CodecError::unsupported("JPEG 2000 with subsampled components"));
        }
        let tiles = |extent: usize, tile: usize, origin: usize| {
            if tile == 0 { Err(damaged()) } else { Ok(extent.saturating_sub(origin).div_ceil(tile)) }
        };
        let (across, down) = (tiles(word(0)?, word(4)?, word(6)?)?, tiles(word(1)?, word(5)?, word(7)?)?);
        let count = across.saturating_mul(down);
        if count > 64 + layout.pixels() / 4096 {
            return Err(CodecError::unsupported(format!("a JPEG 2000 picture of {count} tiles")));
        }
        let (columns, rows) = (columns.min(word(4)?), rows.min(word(5)?));
        Ok(TileSize { columns, rows, tiles: count, components: components.len() })
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}
