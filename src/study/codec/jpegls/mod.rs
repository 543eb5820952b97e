//! JPEG-LS (ITU-T T.87 = ISO 14495-1), lossless and near-lossless, 2 to 16 bits, every interleave mode.

mod bits;
mod context;
mod parameters;
mod scan;

use super::error::StreamShape;
use super::jpeg::next_marker;
use super::{CodecError, Decoded, FrameLayout, Sample};
use parameters::{Parameters, Presets};
use scan::{Interleave, Scan};

/// Decodes a frame: one scan of all components, or one for each.
pub(super) fn decode<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) -> Result<Decoded, CodecError> {
    let mut headers = Headers::new(data, layout)?;
    let mut rows_of = vec![0; layout.samples_per_pixel];
    let mut damage = None;
    out.fill(S::default());
    while rows_of.iter().any(|rows| *rows < layout.rows) {
        let scan = match headers.next_scan() {
            Ok(Some(scan)) => scan,
            Ok(None) => break,
            Err(error) if rows_of.iter().all(|rows| *rows == 0) => return Err(error),
            Err(error) => {
                damage = Some(error.to_string());
                break;
            }
        };
        let (rows, end) = scan.decode(data, layout, out);
        scan.components.iter().for_each(|index| rows_of[*index] = rows);
        headers.pos = end;
        if rows < layout.rows {
            break;
        }
    }
    let rows = rows_of.into_iter().min().unwrap_or(0);
    if rows == layout.rows {
        return Ok(Decoded::whole(layout));
    }
    let pixels = rows * layout.columns;
    out[pixels * layout.samples_per_pixel..].fill(S::default());
    Ok(Decoded::partial(layout, pixels, damage.as_deref().unwrap_or("the JPEG-LS stream breaks off")))
}

/// The marker segments (T.87 annex C).
struct Headers<'a> {
    data: &'a [u8],
    layout: &'a FrameLayout,
    pos: usize,
    /// Precision and component identifiers of the frame header.
    frame: Option<(u32, Vec<u8>)>,
    presets: Presets,
    /// Lines between restart markers; 0 when there are none.
    restart_interval: usize,
}

fn short() -> CodecError {
    CodecError::damaged("a JPEG-LS marker segment is too short")
}

impl<'a> Headers<'a> {
    fn new(data: &'a [u8], layout: &'a FrameLayout) -> Result<Self, CodecError> {
        if !data.starts_with(&[0xFF, 0xD8]) {
            return Err(CodecError::damaged("it does not begin as JPEG-LS (FF D8)"));
        }
        Ok(Headers { data, layout, pos: 2, frame: None, presets: Presets::default(), restart_interval: 0 })
    }

    /// Reads on to the next scan; nothing when the stream ends first.
    fn next_scan(&mut self) -> Result<Option<Scan>, CodecError> {
        while let Some((at, marker)) = next_marker(self.data, self.pos) {
            self.pos = at + 2;
            // Behind a scan there may be restart markers; bytes below 80 are data.
            if marker < 0x80 || matches!(marker, 0xD0..=0xD8) {
                continue;
            }
            if marker == 0xD9 {
                break;
            }
            let length = self.data.get(self.pos..).and_then(|d| d.first_chunk()).ok_or_else(short)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let body = self.data.get(self.pos + 2..self.pos + length).ok_or_else(short)?;
            self.pos += length;
            match marker {
                0xF7 => self.start_frame(body)?,
                0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                    return Err(CodecError::unsupported("ordinary JPEG in a file that is labelled as JPEG-LS"));
                }
                0xF8 => self.presets.read(body)?,
                0xDD => self.restart_interval = body.iter().fold(0, |n: usize, byte| n << 8 | usize::from(*byte)),
                0xE8 if body.starts_with(b"mrfx") && body.get(4) != Some(&0) => {
                    return Err(CodecError::unsupported("JPEG-LS with a colour transform"));
                }
                0xDA => return self.scan(body).map(Some),
                _ => {}
            }
        }
        Ok(None)
    }

    fn start_frame(&mut self, body: &[u8]) -> Result<(), CodecError> {
        let [precision, rows_high, rows_low, columns_high, columns_low, count, components @ ..] = body else {
            return Err(short());
        };
        let ids: Vec<u8> = components.chunks_exact(3).take(usize::from(*count)).map(|c| c[0]).collect();
        let precision = u32::from(*precision);
        StreamShape {
            columns: usize::from(*columns_high) << 8 | usize::from(*columns_low),
            rows: usize::from(*rows_high) << 8 | usize::from(*rows_low),
            components: ids.len(),
            precision,
        }
        .check(self.layout)?;
        if !(2..=16).contains(&precision) {
            return Err(CodecError::damaged(format!("JPEG-LS samples of {precision} bits do not exist")));
        }
        if components.chunks_exact(3).any(|c| c[1] != 0x11) {
            return Err(CodecError::unsupported("JPEG-LS with subsampled components"));
        }
        self.frame = Some((precision, ids));
        Ok(())
    }

    fn scan(&self, body: &[u8]) -> Result<Scan, CodecError> {
        let Some((precision, ids)) = &self.frame else {
            return Err(CodecError::damaged("a JPEG-LS scan comes before the frame header"));
        };
        let (count, rest) = body.split_first().ok_or_else(short)?;
        let (selectors, rest) = rest.split_at_checked(2 * usize::from(*count)).ok_or_else(short)?;
        let [near, interleave, transform, ..] = rest else { return Err(short()) };
        let mut components = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let index = ids.iter().position(|id| *id == selector[0]).filter(|index| !components.contains(index));
            components.push(
                index
                    .ok_or_else(|| CodecError::damaged("a JPEG-LS scan names a component that is not in the frame"))?,
            );
            if selector[1] != 0 {
                return Err(CodecError::unsupported("JPEG-LS with a mapping table"));
            }
        }
        let interleave = match (interleave, components.len()) {
            (0..=2, 1) => Interleave::None,
            (1, 2..) => Interleave::Line,
            (2, 2..) => Interleave::Sample,
            _ => return Err(CodecError::damaged("a JPEG-LS scan has no such interleave mode")),
        };
        if *transform != 0 {
            return Err(CodecError::unsupported("JPEG-LS with a point transform"));
        }
        let parameters = Parameters::new(*precision, u32::from(*near), &self.presets)?;
        Ok(Scan { components, interleave, parameters, restart_interval: self.restart_interval, data_at: self.pos })
    }
}
