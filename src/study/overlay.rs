//! Overlay planes (DICOM PS3.3 C.9.2, PS3.5 8.1.2): drawings and text of one bit a pixel that a scanner or a viewer laid
//! over an image, in the groups 6000 to 601E. They are shown over the slice and are never part of its values.

use super::attribute::{self as a, TagNumber};
use super::dataset::Dataset;
use super::decode;
use super::element::{Encoding, Header};
use super::issue::Issue;
use super::layout::PixelLayout;
use super::series::FrameRef;
use super::source::Content;
use crate::volume::{FindingCode, Severity};
use std::ops::RangeInclusive;

/// The groups of overlay planes; only even ones.
const GROUPS: RangeInclusive<u32> = 0x6000..=0x601E;
/// A value longer than this describes no plane.
const LONGEST_FACT: u64 = 256;

/// What a header says of its overlay planes, while it is read.
#[derive(Debug, Default)]
pub struct Headers(Vec<PlaneHeader>);

#[derive(Debug)]
struct PlaneHeader {
    group: u32,
    facts: Dataset<'static>,
    data: Option<(u64, u64, bool)>,
}

/// Whether an element belongs to an overlay plane.
pub fn is_of_plane(tag: TagNumber) -> bool {
    GROUPS.contains(&(tag >> 16)) && (tag >> 16).is_multiple_of(2)
}

/// Whether an element's value is to be given to [`Headers::note`]; OverlayData stays in the file.
pub fn is_wanted(tag: TagNumber, length: u64) -> bool {
    tag & 0xFFFF != a::OVERLAY_DATA.tag & 0xFFFF && length <= LONGEST_FACT
}

impl Headers {
    /// Takes an element of a plane into account: its value where it [`is_wanted`], else where it lies.
    pub fn note(&mut self, header: &Header, encoding: Encoding, (start, end): (u64, u64), value: &[u8]) {
        let group = header.tag >> 16;
        if self.0.last().is_none_or(|plane| plane.group != group) {
            self.0.push(PlaneHeader { group, facts: Dataset::new(encoding), data: None });
        }
        let Some(plane) = self.0.last_mut() else { return };
        // The repeating groups are read as their first.
        let tag = a::OVERLAY_DATA.tag & 0xFFFF_0000 | header.tag & 0xFFFF;
        if tag == a::OVERLAY_DATA.tag {
            let swapped = encoding.big_endian && header.vr == Some(*b"OW");
            plane.data = Some((start, end - start, swapped));
        } else if value.len() as u64 == end - start {
            plane.facts.push(&Header { tag, ..*header }, encoding, value);
        }
    }

    /// The planes that can be shown over frames stored in `layout`, and what is odd about the others.
    pub fn planes(self, layout: &PixelLayout, issues: &mut Vec<Issue>) -> Vec<OverlayPlane> {
        let mut planes = Vec::new();
        for header in self.0 {
            match header.plane(layout) {
                Ok(plane) => planes.push(plane),
                Err(why) => issues.push(Issue::bad(Severity::Note, format!("{why}; the overlay is left out"))),
            }
        }
        for plane in &planes {
            let [columns, rows] = plane.size;
            let message = format!(
                "OverlayData ({:04X},3000) is a drawing of {columns} x {rows} pixels over the image: it is shown over the \
                 acquired slices, and is no part of the values",
                plane.group
            );
            issues.push(Issue { code: FindingCode::OverlayPlane, severity: Severity::Note, message });
        }
        planes
    }
}

impl PlaneHeader {
    fn plane(&self, layout: &PixelLayout) -> Result<OverlayPlane, String> {
        let named = |attribute: a::Attribute| {
            format!("{} ({:04X},{:04X})", attribute.keyword, self.group, attribute.tag & 0xFFFF)
        };
        let numbers =
            |attribute| self.facts.get(attribute).and_then(|v| v.numbers().ok().flatten()).unwrap_or_default();
        let whole = |attribute| numbers(attribute).first().copied().filter(|n| n.fract() == 0.0 && *n >= 0.0);
        let bits = whole(a::OVERLAY_BITS_ALLOCATED).unwrap_or(1.0);
        let position = whole(a::OVERLAY_BIT_POSITION).unwrap_or(0.0);
        let own = [layout.frame.columns, layout.frame.rows];
        let side = |attribute| match whole(attribute) {
            Some(n) if (1.0..=65535.0).contains(&n) => Ok(n as usize),
            Some(n) => Err(format!("{} is {n}; expected 1 to 65535", named(attribute))),
            None => Err(format!("{} is missing; expected 1 to 65535", named(attribute))),
        };
        let (size, place) = match self.data {
            Some((at, length, swapped)) => {
                let size = [side(a::OVERLAY_COLUMNS)?, side(a::OVERLAY_ROWS)?];
                let needed = (size[0] * size[1]).div_ceil(8) as u64;
                if length < needed {
                    let found = format!("{} has {length} bytes; expected {needed}", named(a::OVERLAY_DATA));
                    return Err(format!("{found} for {} x {} bits", size[0], size[1]));
                }
                (size, Place::Apart { at, length, swapped })
            }
            None if bits == f64::from(layout.frame.bits_allocated)
                && position < bits
                && !layout.syntax.encapsulated
                && layout.frame.samples_per_pixel == 1 =>
            {
                (own, Place::Embedded { bit: position as u32 })
            }
            None => return Err(format!("{} is missing; expected one bit a pixel", named(a::OVERLAY_DATA))),
        };
        // Row and column of its first pixel, the image's first is 1, 1.
        let origin = match numbers(a::OVERLAY_ORIGIN).as_slice() {
            [row, column] => [*column as i64 - 1, *row as i64 - 1],
            _ => [0, 0],
        };
        let frames = whole(a::OVERLAY_FRAMES).map(|n| n as usize);
        let first = whole(a::OVERLAY_FIRST_FRAME).map_or(0, |n| (n as usize).saturating_sub(1));
        Ok(OverlayPlane { group: self.group, size, origin, frames: frames.map(|n| (first, n)), place })
    }
}

/// One overlay plane of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlayPlane {
    group: u32,
    size: [usize; 2],
    origin: [i64; 2],
    /// First frame and number of frames that it has bits for; `None`: one plane for all frames.
    frames: Option<(usize, usize)>,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// OverlayData; `swapped`: words with their high byte first.
    Apart { at: u64, length: u64, swapped: bool },
    /// A bit of the pixels that is none of their value's (retired, but still met).
    Embedded { bit: u32 },
}

/// A drawing over one slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// Columns and rows.
    pub size: [usize; 2],
    /// Column and row of the image, from 0, where its first pixel lies.
    pub origin: [i64; 2],
    /// One bit a pixel, rows from the top, the first in the lowest bit.
    bits: Vec<u8>,
}

impl Overlay {
    /// Whether it marks a pixel of the image; outside of it, nothing.
    pub fn marks(&self, column: i64, row: i64) -> bool {
        let (x, y) = (column - self.origin[0], row - self.origin[1]);
        let inside = (0..self.size[0] as i64).contains(&x) && (0..self.size[1] as i64).contains(&y);
        let at = if inside { y as usize * self.size[0] + x as usize } else { return false };
        self.bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }
}

impl FrameRef {
    /// Whether its file lays drawings over its slices.
    pub fn has_overlays(&self) -> bool {
        !self.instance.overlays.is_empty()
    }

    /// The drawings over this frame, read now; none where the file cannot be read any more.
    pub fn overlays(&self) -> Vec<Overlay> {
        let planes = &self.instance.overlays;
        let Some(content) = Some(planes).filter(|p| !p.is_empty()).and_then(|_| decode::content(&self.instance).ok())
        else {
            return Vec::new();
        };
        let number = self.facts().number as usize;
        planes.iter().filter_map(|plane| plane.read(&content, &self.instance.layout, number)).collect()
    }
}

impl OverlayPlane {
    /// Its drawing over frame `number`, from 0; `None` where it has none, or where the file cannot be read.
    fn read(&self, content: &Content, layout: &PixelLayout, number: usize) -> Option<Overlay> {
        let count = self.size[0] * self.size[1];
        let bits = match self.place {
            Place::Apart { at, length, swapped } => {
                let frame = match self.frames {
                    Some((first, n)) => number.checked_sub(first).filter(|frame| *frame < n)?,
                    None => 0,
                };
                // Frames follow each other bit by bit.
                let first = frame as u64 * count as u64;
                let (from, to) = (first / 16 * 2, (first + count as u64).div_ceil(16) * 2);
                let mut bytes = vec![0; (to - from) as usize];
                if from >= length || content.read_at(&mut bytes, at + from).ok()? == 0 {
                    return None;
                }
                if swapped {
                    bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.swap(0, 1));
                }
                shifted(&bytes, (first % 16) as usize, count)
            }
            Place::Embedded { bit } => {
                let width = usize::from(layout.frame.bits_allocated) / 8;
                let mut bytes = vec![0; count * width];
                content
                    .read_at(&mut bytes, layout.element.offset + number as u64 * layout.stored_frame_bytes())
                    .ok()?;
                let byte = bit as usize / 8;
                let byte = if layout.syntax.big_endian() { width.checked_sub(1 + byte)? } else { byte };
                let mut bits = vec![0u8; count.div_ceil(8)];
                for (n, word) in bytes.chunks_exact(width.max(1)).enumerate() {
                    bits[n / 8] |= (word.get(byte)? >> (bit % 8) & 1) << (n % 8);
                }
                bits
            }
        };
        Some(Overlay { size: self.size, origin: self.origin, bits }).filter(|o| o.bits.iter().any(|b| *b != 0))
    }
}

/// `count` bits from bit `first` on, packed anew.
fn shifted(bytes: &[u8], first: usize, count: usize) -> Vec<u8> {
    let bit = |n: usize| bytes.get(n / 8).map_or(0, |byte| byte >> (n % 8) & 1);
    (0..count.div_ceil(8))
        .map(|n| (0..8).filter(|i| 8 * n + i < count).fold(0, |byte, i| byte | bit(first + 8 * n + i) << i))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_keep_their_places() {
        let overlay = Overlay { size: [3, 2], origin: [-1, 4], bits: vec![0b10_0101] };
        let marked: Vec<(i64, i64)> =
            (-3..4).flat_map(|x| (0..9).map(move |y| (x, y))).filter(|&(x, y)| overlay.marks(x, y)).collect();
        assert_eq!(marked, [(-1, 4), (1, 4), (1, 5)]);
        assert_eq!(shifted(&[0b1010_0000, 0b0000_0111], 5, 6), [0b11_1101]);
    }

    #[test]
    fn only_even_groups_from_6000_to_601e() {
        assert!(is_of_plane(0x6000_3000) && is_of_plane(0x601E_0010));
        assert!(!is_of_plane(0x6001_0010) && !is_of_plane(0x6020_0010) && !is_of_plane(0x7FE0_0010));
        assert!(is_wanted(0x6002_0010, 2) && !is_wanted(0x6002_3000, 2) && !is_wanted(0x6002_4000, 4096));
    }
}
