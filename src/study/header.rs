//! The header of one file: everything up to the pixels, whatever the file begins with.
//!
//! Recognised starts: preamble and `DICM`, `DICM` alone, file meta information alone, a bare data set. What the data
//! really is (explicit or implicit, byte order) counts more than what TransferSyntaxUID says of it.

use super::attribute::{self as a, TagNumber, attribute};
use super::codec;
use super::dataset::Dataset;
use super::element::{self, Broken, Encoding, Header, MAX_HEADER, PassingBy, Peek, header_at};
use super::fragment::Fragments;
use super::info::SkipCode;
use super::issue::{Issue, Unusable};
use super::overlay;
use super::stream::{Inflate, Sequential, Stream, Window};
use crate::volume::Severity;

const IMPLICIT_LE: &str = "1.2.840.10008.1.2";
const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const EXPLICIT_BE: &str = "1.2.840.10008.1.2.2";
/// Implicit, its pixels most significant byte first.
const GE_PRIVATE: &str = "1.2.840.113619.5.2";

/// A header longer than this is no header: the largest (functional groups of some ten thousand frames) stay below.
const LONGEST: u64 = 64 << 20;
/// A deflated data set that grows beyond this is not followed.
const LONGEST_INFLATED: u64 = 4 << 30;
/// A single value longer than this is cut: no attribute that is read here needs more.
const LONGEST_VALUE: u64 = 1 << 20;

/// Where the pixels are, in the (inflated) data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelElement {
    /// Which of the three pixel attributes it is.
    pub tag: TagNumber,
    /// Its value representation.
    pub vr: Option<[u8; 2]>,
    /// Where the value begins.
    pub offset: u64,
    /// Its length in bytes; `None`: fragments.
    pub length: Option<u64>,
}

/// What was read of one file.
#[derive(Debug)]
pub struct FileHeader {
    /// The attributes that are of use.
    pub dataset: Dataset<'static>,
    /// The file meta information.
    pub meta: Dataset<'static>,
    /// The transfer syntax that the data is really in.
    pub syntax_uid: String,
    /// Where the data set begins inside the file, when the data set is deflated; positions count from there.
    pub deflated_at: Option<u64>,
    /// The pixels, when there are any.
    pub pixels: Option<PixelElement>,
    /// The fragments of compressed pixels, where there may be several frames of them.
    pub fragments: Option<Fragments>,
    /// The overlay planes.
    pub overlays: overlay::Headers,
    /// Where the data ends, when that is known.
    pub end: Option<u64>,
    /// What is odd about the file as a file.
    pub issues: Vec<Issue>,
}

/// Reads the header of a file. `memory` is working memory that is used again.
///
/// # Errors
/// [`Unusable`]: it is not DICOM, or breaks off before it is of use.
pub fn read(stream: &mut dyn Stream, memory: &mut Vec<u8>) -> Result<FileHeader, Unusable> {
    let mut issues = Vec::new();
    let mut window = Window::new(stream, std::mem::take(memory));
    let opening = opening(&mut window, &mut issues)?;
    let declared = opening.declared.clone();
    let found = if declared == DEFLATED {
        window.forget_before(opening.dataset_at);
        inflated(window, memory, &opening, &mut issues)?
    } else {
        let encoding = true_encoding(&mut window, opening.dataset_at, &declared, &mut issues)?;
        let found = walk(&mut window, opening.dataset_at, encoding, &declared)?;
        *memory = window.into_memory();
        found
    };
    issues.extend(found.complaint);
    Ok(FileHeader {
        dataset: found.dataset,
        meta: opening.meta,
        syntax_uid: true_syntax(&declared, found.encoding),
        deflated_at: (declared == DEFLATED).then_some(opening.dataset_at),
        pixels: found.pixels,
        fragments: found.fragments,
        overlays: found.overlays,
        end: found.end,
        issues,
    })
}

/// The file up to its data set.
struct Opening {
    meta: Dataset<'static>,
    declared: String,
    dataset_at: u64,
}

fn opening(window: &mut Window, issues: &mut Vec<Issue>) -> Result<Opening, Unusable> {
    let start = window.peek(0, 132 + MAX_HEADER)?;
    let meta_at = match start {
        [] => return Err(Unusable::not_dicom("it is empty (0 bytes)")),
        s if s.get(128..132) == Some(b"DICM") => 132,
        s if s.starts_with(b"DICM") => 4,
        s if s.starts_with(&[2, 0]) && starts_explicit(s) => 0,
        s if starts_data_set(s) => {
            issues.push(Issue::odd(
                "the file begins with a data set: the preamble, DICM and the File Meta Information with \
                 TransferSyntaxUID (0002,0010) are missing; the encoding was found from the data",
            ));
            return Ok(Opening { meta: Dataset::new(Encoding::EXPLICIT), declared: String::new(), dataset_at: 0 });
        }
        s => return Err(not_dicom(s)),
    };
    if meta_at != 132 {
        issues.push(Issue::odd("the 128 bytes of preamble before the File Meta Information (0002,0000) are missing"));
    } else if let Some(what) = executable(start) {
        issues.push(Issue::odd(&format!("the preamble is the start of {what}; it is not needed and not looked at")));
    }
    let (meta, dataset_at) = file_meta(window, meta_at, issues)?;
    let declared = meta.get(a::TRANSFER_SYNTAX).map(|v| v.code()).unwrap_or_default();
    if declared.is_empty() {
        let missing = format!("{} is missing; the encoding was found from the data", a::TRANSFER_SYNTAX);
        issues.push(Issue::bad(Severity::Warning, missing));
    }
    Ok(Opening { meta, declared, dataset_at })
}

fn not_dicom(start: &[u8]) -> Unusable {
    let what = match start {
        [0x1F, 0x8B, ..] | [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => "it is compressed, ",
        [b'P', b'K', 3, 4, ..] => return Unusable::new(SkipCode::Archive, "it is a zip archive"),
        s if s.len() < 132 => "it is too short, ",
        _ => "",
    };
    Unusable::not_dicom(&format!(
        "{what}not a DICOM file: there is no DICM after 128 bytes of preamble, and no data set"
    ))
}

fn executable(preamble: &[u8]) -> Option<&'static str> {
    match preamble {
        [b'M', b'Z', ..] => Some("a Windows executable (MZ)"),
        [0x7F, b'E', b'L', b'F', ..] => Some("an executable (ELF)"),
        [b'#', b'!', ..] => Some("a script"),
        [0xCF | 0xCE, 0xFA, 0xED, 0xFE, ..] | [0xCA, 0xFE, 0xBA, 0xBE, ..] => Some("an executable (Mach-O)"),
        _ => None,
    }
}

fn starts_explicit(start: &[u8]) -> bool {
    matches!(start.get(4..6), Some(&[x, y]) if element::is_vr([x, y]))
}

/// Whether bytes look like the first element of a data set: group 0008 (or 0004 of a DICOMDIR) in either byte order,
/// with a value representation or a small length.
fn starts_data_set(start: &[u8]) -> bool {
    let Some(&[g0, g1, e0, e1, l0, l1, l2, l3]) = start.first_chunk::<8>() else { return false };
    let small_length = |l: u32| l <= 1024;
    match [g0, g1] {
        [8 | 4, 0] => starts_explicit(start) || (e1 < 0x30 && small_length(u32::from_le_bytes([l0, l1, l2, l3]))),
        [0, 8 | 4] => starts_explicit(start) || (e0 < 0x30 && small_length(u32::from_be_bytes([l0, l1, l2, l3]))),
        _ => false,
    }
}

/// Reads the File Meta Information (PS3.10 section 7.1), always explicit little endian. Its end is where group 0002 ends;
/// the group length only helps where the elements cannot be followed.
fn file_meta(window: &mut Window, at: u64, issues: &mut Vec<Issue>) -> Result<(Dataset<'static>, u64), Unusable> {
    let mut meta = Dataset::new(Encoding::EXPLICIT);
    let mut at = at;
    let mut promised_end = None;
    let cut_off = |at: u64| {
        Unusable::truncated(format!("the file ends at byte {at}, inside the File Meta Information (0002,0000)"))
    };
    loop {
        let bytes = window.peek(at, MAX_HEADER)?;
        let here = bytes.len();
        let Some(header) = Header::read(bytes, Encoding::EXPLICIT) else { return Err(cut_off(at + here as u64)) };
        if header.tag >> 16 != 2 {
            break;
        }
        let start = at + header.size as u64;
        let length = header.length.map_or(u64::MAX, u64::from);
        let end = start.saturating_add(length);
        if window.end().is_some_and(|file_end| end > file_end) || length > LONGEST_VALUE {
            // The group length, where it leads to a data set, leads past the damage.
            let beyond = promised_end.filter(|&p| p > at && window.peek(p, 8).is_ok_and(starts_data_set));
            let Some(beyond) = beyond else {
                let why =
                    format!("the length of {} is {length} bytes, more than the file holds", a::tag_name(header.tag));
                return Err(Unusable::truncated(format!("{why}, inside the File Meta Information")));
            };
            let why = format!(
                "{} in the File Meta Information has an impossible length of {length}",
                a::tag_name(header.tag)
            );
            issues.push(Issue::bad(Severity::Warning, why));
            return Ok((meta, beyond));
        }
        let value = window.peek(start, length as usize)?;
        if (value.len() as u64) < length {
            return Err(cut_off(start + value.len() as u64));
        }
        if header.tag == a::GROUP_LENGTH.tag {
            promised_end = value.first_chunk().map(|b| end + u64::from(u32::from_le_bytes(*b)));
        }
        meta.push(&header, Encoding::EXPLICIT, value);
        at = end;
    }
    if promised_end.is_some_and(|p| p != at) {
        let why =
            format!("{} does not lead to the end of the File Meta Information; it was not relied on", a::GROUP_LENGTH);
        issues.push(Issue::bad(Severity::Note, why));
    }
    Ok((meta, at))
}

/// How the data set at `at` is really written, with a complaint where TransferSyntaxUID says something else.
fn true_encoding(window: &mut Window, at: u64, declared: &str, issues: &mut Vec<Issue>) -> Result<Encoding, Unusable> {
    let said =
        Encoding { explicit: declared != IMPLICIT_LE && declared != GE_PRIVATE, big_endian: declared == EXPLICIT_BE };
    let bytes = window.peek(at, 8)?;
    let is = match bytes {
        [] => return Err(Unusable::truncated(format!("the file ends at byte {at}, after the File Meta Information"))),
        b if b.len() < 8 => said,
        b => Encoding { explicit: starts_explicit(b), big_endian: b[0] == 0 && b[1] != 0 },
    };
    if is != said && !declared.is_empty() {
        let is_written = match (is.explicit, is.big_endian) {
            (true, false) => "with explicit VR, little endian",
            (true, true) => "with explicit VR, big endian",
            (false, false) => "with implicit VR, little endian",
            (false, true) => "with implicit VR, big endian",
        };
        issues.push(Issue::bad(
            Severity::Warning,
            format!("{} is {declared}, but the data set is written {is_written}; it was read so", a::TRANSFER_SYNTAX),
        ));
    }
    Ok(is)
}

/// The syntax that describes data found to be written in `encoding`.
fn true_syntax(declared: &str, encoding: Encoding) -> String {
    let native = codec::syntax(declared).is_some_and(|s| !s.encapsulated);
    let fits = match declared {
        IMPLICIT_LE => !encoding.explicit && !encoding.big_endian,
        EXPLICIT_BE => encoding.explicit && encoding.big_endian,
        EXPLICIT_LE => encoding.explicit && !encoding.big_endian,
        _ => true,
    };
    if !declared.is_empty() && (fits || !native) {
        return declared.to_owned();
    }
    match (encoding.explicit, encoding.big_endian) {
        (_, true) => EXPLICIT_BE,
        (true, false) => EXPLICIT_LE,
        (false, false) => IMPLICIT_LE,
    }
    .to_owned()
}

fn inflated(
    mut window: Window,
    memory: &mut Vec<u8>,
    opening: &Opening,
    issues: &mut Vec<Issue>,
) -> Result<Found, Unusable> {
    let mut rest = Rest { at: opening.dataset_at, window: &mut window };
    let mut inflated = Sequential(Inflate::new(&mut rest, LONGEST_INFLATED));
    let mut inner = Window::new(&mut inflated, Vec::new());
    let encoding = true_encoding(&mut inner, 0, EXPLICIT_LE, issues)?;
    let found = walk(&mut inner, 0, encoding, DEFLATED);
    *memory = window.into_memory();
    found
}

/// What a window still has from a position on, as a stream.
struct Rest<'a, 'w> {
    window: &'a mut Window<'w>,
    at: u64,
}

impl Stream for Rest<'_, '_> {
    fn read(&mut self, into: &mut Vec<u8>, n: usize) -> std::io::Result<()> {
        let bytes = self.window.peek(self.at, n)?;
        into.extend_from_slice(bytes);
        self.at += bytes.len() as u64;
        self.window.forget_before(self.at);
        Ok(())
    }

    fn skip(&mut self, n: u64) -> std::io::Result<u64> {
        self.at += n;
        Ok(n)
    }

    fn length(&self) -> Option<u64> {
        None
    }
}

struct Found {
    dataset: Dataset<'static>,
    encoding: Encoding,
    pixels: Option<PixelElement>,
    fragments: Option<Fragments>,
    overlays: overlay::Headers,
    end: Option<u64>,
    complaint: Option<Issue>,
}

/// Walks the elements of the outermost level up to the pixels, keeping those that are read here.
fn walk(window: &mut Window, start: u64, encoding: Encoding, declared: &str) -> Result<Found, Unusable> {
    let mut found = Found {
        dataset: Dataset::new(encoding),
        encoding,
        pixels: None,
        fragments: None,
        overlays: overlay::Headers::default(),
        end: None,
        complaint: None,
    };
    let mut at = start;
    let mut last = 0;
    while let Some(header) = header_at(window, at, encoding, last)? {
        let value_at = at + header.size as u64;
        if matches!(header.tag, t if t == a::PIXEL_DATA.tag || t == a::FLOAT_PIXELS.tag || t == a::DOUBLE_PIXELS.tag) {
            // Some programs give compressed pixels a length, which only uncompressed ones have.
            let compressed = codec::syntax(declared).is_some_and(|s| s.encapsulated);
            let has_items = compressed && window.peek(value_at, 4)? == [0xFE, 0xFF, 0x00, 0xE0];
            let length = header.length.map(u64::from).filter(|_| !has_items);
            found.pixels = Some(PixelElement { tag: header.tag, vr: header.vr, offset: value_at, length });
            found.fragments = measure(window, &found.dataset, value_at, length)?;
            break;
        }
        if header.tag < 0x0004_0000 && last != 0 {
            // Zeros or text after the last element: padding that some programs leave.
            let where_ = format!("after {}, byte {at}, there is no further element", a::tag_name(last));
            found.complaint =
                Some(Issue::bad(Severity::Warning, format!("{where_}; the rest of the file was left out")));
            break;
        }
        let end = match header.length {
            Some(length) => value_at + u64::from(length),
            None if attribute(header.tag).is_some() => element::end_of_sequence(window, &header, value_at, encoding)?,
            None => element::end_of_sequence(&mut PassingBy(window), &header, value_at, encoding)?,
        };
        if let Some(file_end) = window.end().filter(|&file_end| end > file_end) {
            let left = file_end.saturating_sub(value_at);
            return Err(Broken::TooLong { tag: header.tag, length: end - value_at, left }.into());
        }
        if end - start > LONGEST && window.end().is_none() {
            return Err(Broken::TooLarge { limit: LONGEST }.into());
        }
        if overlay::is_of_plane(header.tag) {
            let wanted = overlay::is_wanted(header.tag, end - value_at);
            let value = if wanted { window.peek(value_at, (end - value_at) as usize)? } else { &[] };
            found.overlays.note(&header, encoding, (value_at, end), value);
        } else {
            keep(window, &mut found.dataset, &header, value_at, end, encoding)?;
        }
        window.forget_before(end);
        (at, last) = (end, header.tag);
    }
    found.end = window.end();
    Ok(found)
}

/// Finds out what nothing but the data itself can tell, where memory depends on it: where the frames of a compressed file
/// of several begin, and where the pixels of an inflated file end. A single frame is left for when it is decoded.
fn measure(window: &mut Window, set: &Dataset, at: u64, length: Option<u64>) -> Result<Option<Fragments>, Unusable> {
    const SMALL: u64 = 64 << 20;
    let one_frame = set.get(a::NUMBER_OF_FRAMES).is_none_or(|v| matches!(v.numbers(), Ok(Some(n)) if n == [1.0]));
    window.forget_before(at);
    match length {
        None if !one_frame => Ok(Some(Fragments::read(window, at)?)),
        Some(length) if window.end().is_none() && (!one_frame || length > SMALL) => {
            let end = at.saturating_add(length);
            window.forget_before(end);
            window.peek(end, 1)?;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// Keeps a value that is of use; looks at the items of every sequence.
fn keep(
    window: &mut Window,
    dataset: &mut Dataset<'static>,
    header: &Header,
    value_at: u64,
    end: u64,
    encoding: Encoding,
) -> Result<(), Unusable> {
    let wanted = attribute(header.tag);
    let sequence = header.vr == Some(*b"SQ") || (header.vr.is_none() && wanted.is_some_and(|w| &w.vr == b"SQ"));
    let Some(wanted) = wanted else {
        if sequence && header.length.is_some() {
            element::check_items(&mut PassingBy(window), header.tag, value_at, end, encoding)?;
        }
        return Ok(());
    };
    if sequence && header.length.is_some() {
        element::check_items(window, header.tag, value_at, end, encoding)?;
    }
    let longest = if &wanted.vr == b"SQ" { LONGEST } else { LONGEST_VALUE };
    let length = end - value_at;
    if length > LONGEST {
        return Err(Broken::TooLarge { limit: LONGEST }.into());
    }
    let value = window.peek(value_at, length.min(longest) as usize)?;
    dataset.push(header, encoding, value);
    Ok(())
}
