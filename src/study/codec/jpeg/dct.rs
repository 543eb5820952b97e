//! DCT-based JPEG: all scans gather coefficients, then the picture is made of them once.

use super::planes::Picture;
use super::scan;
use super::segments::{FrameHeader, Headers, Process, ScanHeader};
use crate::study::codec::{CodecError, Colour, Decoded, FrameLayout, Sample};

/// No writer makes more scans than this; a stream that has them is made to keep readers busy.
const MOST_SCANS: usize = 1000;

/// Decodes all scans and writes the picture.
pub(super) fn decode<S: Sample>(
    mut headers: Headers,
    first: ScanHeader,
    layout: &FrameLayout,
    out: &mut [S],
) -> Result<Decoded, CodecError> {
    let mut picture = Picture::new(headers.frame()?, layout);
    let (end, mut complete) = scan::decode(&mut picture, &headers, &first)?;
    headers.resume(end);
    let mut damage = None;
    let mut scans = 1;
    while complete {
        scans += 1;
        if scans > MOST_SCANS {
            damage = Some(format!("the JPEG stream has more than {MOST_SCANS} scans"));
            break;
        }
        match next(&mut picture, &mut headers, layout) {
            Ok(Some(sufficed)) => complete = sufficed,
            Ok(None) => {
                // Without its end marker a progressive stream may lack its last scans.
                complete = headers.ended || headers.frame()?.process == Process::Sequential;
                break;
            }
            Err(error) => {
                damage = Some(error.to_string());
                break;
            }
        }
    }
    let frame = headers.frame()?;
    let rows = picture.rows_done(layout);
    let colour = write(&picture, &headers, frame, layout, rows, out);
    let why = damage.as_deref().unwrap_or("the JPEG stream breaks off");
    let mut decoded = match rows == layout.rows {
        true => Decoded::whole(layout),
        false => Decoded::partial(layout, rows * layout.columns, why),
    };
    if decoded.damage.is_none() && (!complete || damage.is_some()) {
        let loss =
            if frame.process == Process::Progressive { "; the picture is coarser than it should be" } else { "" };
        decoded.damage = Some(format!("{why}{loss}"));
    }
    decoded.colour = colour;
    Ok(decoded)
}

/// Decodes the next scan and says whether its bytes sufficed; nothing when there is none.
fn next(picture: &mut Picture, headers: &mut Headers, layout: &FrameLayout) -> Result<Option<bool>, CodecError> {
    let Some(header) = headers.next_scan(layout)? else { return Ok(None) };
    let (end, sufficed) = scan::decode(picture, headers, &header)?;
    headers.resume(end);
    Ok(Some(sufficed))
}

/// Writes the first `rows` rows, interleaved by pixel, and says in which colours.
fn write<S: Sample>(
    picture: &Picture,
    headers: &Headers,
    frame: &FrameHeader,
    layout: &FrameLayout,
    rows: usize,
    out: &mut [S],
) -> Colour {
    let n = rows * layout.columns;
    let planes: Vec<Vec<u16>> = (0..picture.planes.len()).map(|index| picture.samples(index, layout)).collect();
    let pixels = out.chunks_exact_mut(layout.samples_per_pixel.max(1)).take(n);
    let transform = Transform::of(headers, frame, layout);
    match (planes.as_slice(), transform) {
        ([luminance, blue, red], Transform::YcbcrToRgb) => {
            for (pixel, ((y, cb), cr)) in pixels.zip(luminance.iter().zip(blue).zip(red)) {
                pixel.copy_from_slice(&rgb_from_ycbcr([*y, *cb, *cr], frame.precision).map(S::from_low));
            }
        }
        _ => {
            for (i, pixel) in pixels.enumerate() {
                for (sample, plane) in pixel.iter_mut().zip(&planes) {
                    *sample = S::from_low(u64::from(plane[i]));
                }
            }
        }
    }
    if transform == Transform::None { Colour::AsHeader } else { Colour::Rgb }
}

/// What happens to the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transform {
    /// They are what the header says.
    None,
    /// The stream says RGB though the header says YBR.
    AlreadyRgb,
    YcbcrToRgb,
}

impl Transform {
    /// An Adobe marker decides, then component letters, then PhotometricInterpretation: a JFIF marker says nothing, since
    /// many writers put one in front of RGB.
    fn of(headers: &Headers, frame: &FrameHeader, layout: &FrameLayout) -> Self {
        let ids: Vec<u8> = frame.components.iter().map(|c| c.id).collect();
        let is_rgb = ids == *b"RGB" || headers.adobe_transform == Some(0);
        match (ids.len(), headers.adobe_transform) {
            (3, Some(1)) => Transform::YcbcrToRgb,
            (3, _) if is_rgb && layout.ybr => Transform::AlreadyRgb,
            (3, _) if !is_rgb && layout.ybr => Transform::YcbcrToRgb,
            _ => Transform::None,
        }
    }
}

/// ITU-R BT.601 full range, as JFIF and PS3.3 C.7.6.3.1.2 have it, in 16-bit fixed point.
fn rgb_from_ycbcr(pixel: [u16; 3], precision: u32) -> [u64; 3] {
    let (middle, largest) = (1i64 << (precision - 1), (1i64 << precision) - 1);
    let [y, cb, cr] = pixel.map(i64::from);
    let (cb, cr) = (cb - middle, cr - middle);
    let half = 1 << 15;
    [y + ((91881 * cr + half) >> 16), y + ((-22554 * cb - 46802 * cr + half) >> 16), y + ((116130 * cb + half) >> 16)]
        .map(|v| v.clamp(0, largest) as u64)
}
