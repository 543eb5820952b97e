//! Data elements as bytes (DICOM PS3.5 section 7): their headers, and where a value of undefined length ends.
//!
//! Nothing here allocates or recurses by a number in the file: lengths are only added to positions, nesting is followed
//! by a small fixed stack.

use super::attribute::{TagNumber, tag_name};
use std::io;

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Whether each element carries its value representation.
    pub explicit: bool,
    /// Whether numbers are stored most significant byte first.
    pub big_endian: bool,
}

impl Encoding {
    /// Implicit VR Little Endian; also how the content of an `UN` of undefined length is written (PS3.5 6.2.2).
    pub const IMPLICIT: Encoding = Encoding { explicit: false, big_endian: false };
    /// Explicit VR Little Endian.
    pub const EXPLICIT: Encoding = Encoding { explicit: true, big_endian: false };

    fn u16(self, b: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
    }

    fn u32(self, b: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) }
    }
}

/// The item that begins each entry of a sequence.
pub const ITEM: TagNumber = 0xFFFE_E000;
/// Ends an item of undefined length.
pub const ITEM_END: TagNumber = 0xFFFE_E00D;
/// Ends a sequence of undefined length.
pub const SEQUENCE_END: TagNumber = 0xFFFE_E0DD;
/// The longest possible element header.
pub const MAX_HEADER: usize = 12;
/// How deep sequences may be nested; images of any kind need fewer than ten levels.
pub const MAX_DEPTH: usize = 64;

/// The header of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its tag.
    pub tag: TagNumber,
    /// The value representation that the file gives.
    pub vr: Option<[u8; 2]>,
    /// Length of the value in bytes; `None`: undefined, it ends with a delimiter.
    pub length: Option<u32>,
    /// Bytes of the header itself.
    pub size: usize,
}

impl Header {
    /// Reads a header; `None` when the bytes end inside it.
    pub fn read(b: &[u8], encoding: Encoding) -> Option<Header> {
        let u16_at = |at: usize| Some(encoding.u16([*b.get(at)?, *b.get(at + 1)?]));
        let u32_at = |at: usize| Some(encoding.u32([*b.get(at)?, *b.get(at + 1)?, *b.get(at + 2)?, *b.get(at + 3)?]));
        let tag = TagNumber::from(u16_at(0)?) << 16 | TagNumber::from(u16_at(2)?);
        let defined = |length: u32| (length != u32::MAX).then_some(length);
        let vr = [*b.get(4)?, *b.get(5)?];
        if !encoding.explicit || tag >> 16 == 0xFFFE || !is_vr(vr) {
            // An element without a value representation inside an explicit data set is read as an implicit one.
            return Some(Header { tag, vr: None, length: defined(u32_at(4)?), size: 8 });
        }
        if has_long_length(vr, [*b.get(6)?, *b.get(7)?]) {
            return Some(Header { tag, vr: Some(vr), length: defined(u32_at(8)?), size: 12 });
        }
        Some(Header { tag, vr: Some(vr), length: Some(u32::from(u16_at(6)?)), size: 8 })
    }

    /// How the value is written when it holds a sequence.
    pub fn nested(&self, encoding: Encoding) -> Encoding {
        if self.vr == Some(*b"UN") && self.length.is_none() { Encoding::IMPLICIT } else { encoding }
    }
}

/// Whether two bytes can be a value representation.
pub fn is_vr(vr: [u8; 2]) -> bool {
    vr.iter().all(u8::is_ascii_uppercase)
}

/// Whether the length takes four bytes after two reserved ones (PS3.5 table 7.1-1). Representations that came after the
/// standard's list must use that form.
fn has_long_length(vr: [u8; 2], after: [u8; 2]) -> bool {
    const LONG: [&[u8; 2]; 13] =
        [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];
    const SHORT: [&[u8; 2]; 21] = [
        b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
        b"ST", b"TM", b"UI", b"UL", b"US",
    ];
    LONG.contains(&&vr) || (!SHORT.contains(&&vr) && after == [0, 0])
}

/// Why the structure of a data set cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The bytes end where an element, or the end of one, should be.
    #[error("the file ends inside {}, at byte {at}", tag_name(*.tag))]
    CutOff {
        /// The element that is cut off.
        tag: TagNumber,
        /// Where the bytes end.
        at: u64,
    },
    /// A length that reaches beyond what holds the element.
    #[error("the length of {} is {length} bytes, but only {left} bytes are left", tag_name(*.tag))]
    TooLong {
        /// The element.
        tag: TagNumber,
        /// Its length.
        length: u64,
        /// Bytes that are there.
        left: u64,
    },
    /// An item that reaches beyond its sequence.
    #[error("an item of the sequence {} has a length of {length} bytes, but only {left} bytes are left in it", tag_name(*.tag))]
    ItemTooLong {
        /// The sequence.
        tag: TagNumber,
        /// The item's length.
        length: u64,
        /// Bytes left in the sequence.
        left: u64,
    },
    /// Something stands where only items may.
    #[error("the sequence {} holds {} where an item should begin", tag_name(*.sequence), tag_name(*.found))]
    NoItem {
        /// The sequence.
        sequence: TagNumber,
        /// What was found.
        found: TagNumber,
    },
    /// An element that has no items has no end.
    #[error("{} has an undefined length, which only sequences and compressed pixel data may have", tag_name(*.tag))]
    NoLength {
        /// The element.
        tag: TagNumber,
    },
    /// Sequences inside sequences, too many.
    #[error("the sequence {} is nested deeper than {MAX_DEPTH} levels", tag_name(*.tag))]
    TooDeep {
        /// The outermost sequence.
        tag: TagNumber,
    },
    /// More header than can be of use.
    #[error("the header is longer than {limit} bytes; PixelData (7FE0,0010) was expected before that")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The bytes cannot be had.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Bytes by position: a window over a file, or memory.
pub trait Peek {
    /// Up to `n` bytes from `at` on; fewer only where the data ends.
    fn peek(&mut self, at: u64, n: usize) -> io::Result<&[u8]>;
    /// Where the data ends, when that is known without reading on.
    fn end(&self) -> Option<u64>;
    /// Promises that nothing before `at` is needed any more.
    fn forget_before(&mut self, _at: u64) {}
}

impl Peek for &[u8] {
    fn peek(&mut self, at: u64, n: usize) -> io::Result<&[u8]> {
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(self.len());
        Ok(&self[from..from.saturating_add(n).min(self.len())])
    }

    fn end(&self) -> Option<u64> {
        Some(self.len() as u64)
    }
}

/// Data that is only passed by: nothing before the place last looked at is kept.
pub struct PassingBy<'a, P>(pub &'a mut P);

impl<P: Peek> Peek for PassingBy<'_, P> {
    fn peek(&mut self, at: u64, n: usize) -> io::Result<&[u8]> {
        self.0.forget_before(at);
        self.0.peek(at, n)
    }

    fn end(&self) -> Option<u64> {
        self.0.end()
    }
}

/// The header at `at`; `None` exactly at the end of the data.
pub fn header_at(
    data: &mut impl Peek,
    at: u64,
    encoding: Encoding,
    within: TagNumber,
) -> Result<Option<Header>, Broken> {
    let bytes = data.peek(at, MAX_HEADER)?;
    match Header::read(bytes, encoding) {
        Some(header) => Ok(Some(header)),
        None if bytes.is_empty() => Ok(None),
        None => {
            let end = at + bytes.len() as u64;
            Err(Broken::CutOff { tag: partial_tag(bytes, encoding).unwrap_or(within), at: end })
        }
    }
}

fn partial_tag(bytes: &[u8], e: Encoding) -> Option<TagNumber> {
    let b: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    Some(TagNumber::from(e.u16([b[0], b[1]])) << 16 | TagNumber::from(e.u16([b[2], b[3]])))
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Sequence,
    Item,
}

/// Where a sequence (or `UN`) of undefined length ends whose value begins at `at`: the position after its delimiter.
///
/// # Errors
/// [`Broken`] where the structure cannot be followed.
pub fn end_of_sequence(data: &mut impl Peek, sequence: &Header, at: u64, encoding: Encoding) -> Result<u64, Broken> {
    let tag = sequence.tag;
    let mut stack = [(Level::Sequence, encoding); 2 * MAX_DEPTH];
    stack[0].1 = sequence.nested(encoding);
    let (mut depth, mut at) = (1, at);
    let mut first = true;
    while depth > 0 {
        let (level, encoding) = stack[depth - 1];
        let Some(header) = header_at(data, at, encoding, tag)? else {
            return Err(Broken::CutOff { tag, at });
        };
        at += header.size as u64;
        match (header.tag, level) {
            (SEQUENCE_END, Level::Sequence) => depth -= 1,
            (SEQUENCE_END, Level::Item) => depth -= 2,
            (ITEM_END, Level::Item) => depth -= 1,
            (ITEM_END, Level::Sequence) => {} // a delimiter with nothing to end
            (ITEM, Level::Sequence) => match header.length {
                Some(length) => at += u64::from(length),
                None if depth < stack.len() => {
                    stack[depth] = (Level::Item, encoding);
                    depth += 1;
                }
                None => return Err(Broken::TooDeep { tag }),
            },
            (_, Level::Sequence) if first && depth == 1 => return Err(Broken::NoLength { tag }),
            (found, Level::Sequence) => return Err(Broken::NoItem { sequence: tag, found }),
            (_, Level::Item) => match header.length {
                Some(length) => at += u64::from(length),
                None if depth < stack.len() => {
                    stack[depth] = (Level::Sequence, header.nested(encoding));
                    depth += 1;
                }
                None => return Err(Broken::TooDeep { tag }),
            },
        }
        first = false;
        if data.end().is_some_and(|end| at > end) {
            return Err(Broken::CutOff { tag, at: data.end().unwrap_or(at) });
        }
    }
    Ok(at)
}

/// Checks that the items of a sequence of defined length, from `at` to `end`, fill it and do not reach beyond it.
///
/// # Errors
/// [`Broken`] where they do not.
pub fn check_items(data: &mut impl Peek, tag: TagNumber, at: u64, end: u64, encoding: Encoding) -> Result<(), Broken> {
    let mut at = at;
    while at < end {
        let Some(header) = header_at(data, at, encoding, tag)? else { return Err(Broken::CutOff { tag, at }) };
        at += header.size as u64;
        match (header.tag, header.length) {
            (ITEM, Some(length)) if at + u64::from(length) > end => {
                return Err(Broken::ItemTooLong { tag, length: length.into(), left: end.saturating_sub(at) });
            }
            (ITEM, Some(length)) => at += u64::from(length),
            // An item of undefined length ends like the only item of a sequence that ends there.
            (ITEM, None) => at = end_of_item(data, tag, at, encoding)?,
            (ITEM_END | SEQUENCE_END, _) => {}
            (found, _) => return Err(Broken::NoItem { sequence: tag, found }),
        }
    }
    Ok(())
}

/// Where an item of undefined length ends whose first element is at `at`: the position after its delimiter.
///
/// # Errors
/// [`Broken`] where the structure cannot be followed.
pub fn end_of_item(data: &mut impl Peek, sequence: TagNumber, at: u64, encoding: Encoding) -> Result<u64, Broken> {
    let mut at = at;
    loop {
        let Some(header) = header_at(data, at, encoding, sequence)? else {
            return Err(Broken::CutOff { tag: sequence, at });
        };
        at += header.size as u64;
        match (header.tag, header.length) {
            (ITEM_END, _) => return Ok(at),
            (SEQUENCE_END, _) => return Ok(at - header.size as u64),
            (_, Some(length)) => at += u64::from(length),
            (_, None) => at = end_of_sequence(data, &header, at, encoding)?,
        }
        if data.end().is_some_and(|end| at > end) {
            return Err(Broken::CutOff { tag: sequence, at: data.end().unwrap_or(at) });
        }
    }
}
