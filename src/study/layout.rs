//! How the pixels of a file are stored (DICOM PS3.3 C.7.6.3), checked against what the file holds before anything is
//! allocated by it.

use super::attribute as a;
use super::codec::{self, FrameLayout, Syntax};
use super::facts::{Facts, needed, whole};
use super::header::{FileHeader, PixelElement};
use super::info::SkipCode;
use super::issue::{Issue, Unusable};
use super::voi::palette_brightness;
use crate::volume::{FindingCode, Severity};

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// Whole numbers: BitsStored bits, the highest at HighBit, of BitsAllocated.
    Integer,
    /// 32-bit floats, FloatPixelData (7FE0,0008).
    Float,
    /// 64-bit floats, DoubleFloatPixelData (7FE0,0009).
    Double,
}

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Photometric {
    /// Smallest value white.
    Monochrome1,
    /// Smallest value black.
    Monochrome2,
    /// Indices of colours.
    Palette,
    /// Red, green, blue.
    Rgb,
    /// Luminance and two colour differences.
    Ybr,
    /// The same, two neighbouring pixels sharing their colour differences.
    Ybr422,
}

/// How the pixels of a file are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelLayout {
    /// Rows, columns, samples and bits of a frame.
    pub frame: FrameLayout,
    /// What a sample is.
    pub kind: SampleKind,
    /// What samples mean.
    pub photometric: Photometric,
    /// BitsStored (0028,0101).
    pub bits_stored: u16,
    /// HighBit (0028,0102).
    pub high_bit: u16,
    /// PixelRepresentation (0028,0103): two's complement.
    pub signed: bool,
    /// Where the pixels are.
    pub element: PixelElement,
    /// How frames are compressed.
    pub syntax: &'static Syntax,
    /// How many frames have at least some of their data.
    pub frames: usize,
    /// Where the data ends, when that is known.
    pub end: Option<u64>,
}

impl PixelLayout {
    /// Bytes that uncompressed frames take in the file.
    pub fn stored_frame_bytes(&self) -> u64 {
        let samples = match self.photometric {
            Photometric::Ybr422 if !self.syntax.encapsulated => self.frame.pixels() as u64 * 2,
            _ => self.frame.samples() as u64,
        };
        (samples * u64::from(self.frame.bits_allocated)).div_ceil(8)
    }

    /// Bytes of the pixel element that are really there; unknown for sources that end only when read.
    pub fn available(&self) -> Option<u64> {
        let there = self.end.map(|end| end.saturating_sub(self.element.offset));
        match (self.element.length, there) {
            (Some(length), Some(there)) => Some(length.min(there)),
            (length, there) => length.or(there),
        }
    }
}

/// A decoded frame may always be this large …
const SMALL: u64 = 64 << 20;
/// … and otherwise this many times larger than what holds it: deflate, the densest general coding, stays below.
const DENSEST: u64 = 1100;

/// More frames than any object has; each takes memory of its own while scanning.
const MOST_FRAMES: u64 = 100_000;

/// Reads how pixels are stored. `frames` counts only frames that have data.
///
/// # Errors
/// [`Unusable`] when the pixels cannot be shown.
pub fn read(facts: &mut Facts, header: &FileHeader) -> Result<PixelLayout, Unusable> {
    let set = facts.set;
    let element = header.pixels.ok_or_else(|| Unusable::missing(a::PIXEL_DATA, "the pixels of the image"))?;
    let rows = needed(set, a::ROWS, 1..=65535)? as usize;
    let columns = needed(set, a::COLUMNS, 1..=65535)? as usize;
    let kind = match element.tag {
        t if t == a::FLOAT_PIXELS.tag => SampleKind::Float,
        t if t == a::DOUBLE_PIXELS.tag => SampleKind::Double,
        _ => SampleKind::Integer,
    };
    let samples_per_pixel = whole(set, a::SAMPLES_PER_PIXEL, 1..=4)?.unwrap_or(1) as usize;
    let photometric = photometric(facts, samples_per_pixel)?;
    let (bits_allocated, bits_stored, high_bit, signed) = bits(facts, kind)?;
    let planar = whole(set, a::PLANAR, 0..=1)? == Some(1);
    let ybr = matches!(photometric, Photometric::Ybr | Photometric::Ybr422);
    let mut layout = PixelLayout {
        frame: FrameLayout { rows, columns, samples_per_pixel, bits_allocated, planar, ybr },
        kind,
        photometric,
        bits_stored,
        high_bit,
        signed,
        element,
        syntax: pixel_syntax(facts, header, element)?,
        frames: 1,
        end: header.end,
    };
    count_frames(facts, &mut layout)?;
    Ok(layout)
}

fn photometric(facts: &mut Facts, samples_per_pixel: usize) -> Result<Photometric, Unusable> {
    let code = facts.code(a::PHOTOMETRIC);
    let known = match code.as_str() {
        "MONOCHROME1" => Some(Photometric::Monochrome1),
        "MONOCHROME2" => Some(Photometric::Monochrome2),
        "PALETTE COLOR" => Some(Photometric::Palette),
        "RGB" => Some(Photometric::Rgb),
        "YBR_FULL_422" | "YBR_PARTIAL_422" => Some(Photometric::Ybr422),
        "YBR_FULL" | "YBR_ICT" | "YBR_RCT" | "YBR_PARTIAL_420" | "XYB" => Some(Photometric::Ybr),
        _ => None,
    };
    if known.is_none() {
        let what = if code.is_empty() { "missing".to_owned() } else { format!("\"{code}\"") };
        let taken = if samples_per_pixel == 1 { "MONOCHROME2" } else { "RGB" };
        let message =
            format!("{} is {what}; expected MONOCHROME1, MONOCHROME2, RGB, …; {taken} was assumed", a::PHOTOMETRIC);
        facts.issues.push(Issue::bad(Severity::Warning, message));
    }
    let photometric = known.unwrap_or(if samples_per_pixel == 1 { Photometric::Monochrome2 } else { Photometric::Rgb });
    let colour = matches!(photometric, Photometric::Rgb | Photometric::Ybr | Photometric::Ybr422);
    if colour != (samples_per_pixel >= 3) || samples_per_pixel == 2 {
        let reason = format!("{} is {samples_per_pixel}, but {} is {code}", a::SAMPLES_PER_PIXEL, a::PHOTOMETRIC);
        return Err(Unusable::new(
            SkipCode::BadValue,
            format!("{reason}; expected 1 for grey and 3 for colour images"),
        ));
    }
    if photometric == Photometric::Palette && palette_brightness(facts.set).is_none() {
        let message = format!(
            "{} is PALETTE COLOR, but {} is missing or cannot be read; indices are shown as grey",
            a::PHOTOMETRIC,
            a::RED_PALETTE
        );
        facts.issues.push(Issue::bad(Severity::Warning, message));
    }
    Ok(photometric)
}

/// BitsAllocated, BitsStored, HighBit, and whether values are signed.
fn bits(facts: &mut Facts, kind: SampleKind) -> Result<(u16, u16, u16, bool), Unusable> {
    let set = facts.set;
    let allocated = needed(set, a::BITS_ALLOCATED, 1..=65535)? as u16;
    let (allowed, words): (&[u16], _) = match kind {
        SampleKind::Integer => (&[1, 8, 16, 32], "1, 8, 16 or 32"),
        SampleKind::Float => (&[32], "32"),
        SampleKind::Double => (&[64], "64"),
    };
    if !allowed.contains(&allocated) {
        let reason = format!("{} is {allocated}; expected {words}", a::BITS_ALLOCATED);
        return Err(Unusable::new(SkipCode::BadValue, reason));
    }
    if kind != SampleKind::Integer {
        return Ok((allocated, allocated, allocated - 1, true));
    }
    let stored = match whole(set, a::BITS_STORED, 0..=65535)? {
        Some(stored) if (1..=u32::from(allocated)).contains(&stored) => stored as u16,
        Some(stored) => {
            let reason =
                format!("{} is {stored}; expected 1 to {}, which is {allocated}", a::BITS_STORED, a::BITS_ALLOCATED);
            return Err(Unusable::new(SkipCode::BadValue, reason));
        }
        None => {
            let message = format!("{} is missing; {} {allocated} was taken", a::BITS_STORED, a::BITS_ALLOCATED);
            facts.issues.push(Issue::bad(Severity::Note, message));
            allocated
        }
    };
    let high = match whole(set, a::HIGH_BIT, 0..=65535)? {
        Some(high) if high + 1 == u32::from(stored) => stored - 1,
        Some(high) if (u32::from(stored)..u32::from(allocated)).contains(&high) => {
            let message =
                format!("{} is {high} with {} {stored}: the values sit in the upper bits", a::HIGH_BIT, a::BITS_STORED);
            facts.issues.push(Issue::bad(Severity::Note, message));
            high as u16
        }
        Some(high) => {
            let expected = stored - 1;
            let message = format!("{} is {high}; expected {expected}, which was taken", a::HIGH_BIT);
            facts.issues.push(Issue::bad(Severity::Warning, message));
            stored - 1
        }
        None => stored - 1,
    };
    let signed = match whole(set, a::PIXEL_REPRESENTATION, 0..=1)? {
        Some(signed) => signed == 1,
        None => {
            let message = format!("{} is missing; expected 0 or 1; 0, unsigned, was assumed", a::PIXEL_REPRESENTATION);
            facts.issues.push(Issue::bad(Severity::Warning, message));
            false
        }
    };
    Ok((allocated, stored, high, signed))
}

/// The syntax of the pixels; the one that the element shows where TransferSyntaxUID says something else.
fn pixel_syntax(facts: &mut Facts, header: &FileHeader, element: PixelElement) -> Result<&'static Syntax, Unusable> {
    let uid = &header.syntax_uid;
    let unsupported = |what: String| {
        let reason =
            format!("{} is {what}, which cannot be decoded; convert the images to another", a::TRANSFER_SYNTAX);
        Unusable::new(SkipCode::UnsupportedSyntax, reason)
    };
    let syntax = codec::syntax(uid).ok_or_else(|| unsupported(format!("{uid}, an unknown transfer syntax")))?;
    if !syntax.decodable() {
        return Err(unsupported(format!("{uid} ({})", syntax.name)));
    }
    match (syntax.encapsulated, element.length) {
        (true, None) | (false, Some(_)) => Ok(syntax),
        (true, Some(_)) => {
            let message = format!(
                "{} is {uid} ({}), but {} holds no fragments; it was read as uncompressed",
                a::TRANSFER_SYNTAX,
                syntax.name,
                a::PIXEL_DATA
            );
            facts.issues.push(Issue::bad(Severity::Warning, message));
            codec::syntax("1.2.840.10008.1.2.1").ok_or_else(|| unsupported(uid.clone()))
        }
        (false, None) => {
            let reason = format!(
                "{} holds fragments, but {} is {uid} ({}), which has none: how they are compressed is not known",
                a::PIXEL_DATA,
                a::TRANSFER_SYNTAX,
                syntax.name
            );
            Err(Unusable::new(SkipCode::BadValue, reason))
        }
    }
}

/// Sets how many frames are there, and refuses sizes that what is there cannot fill.
fn count_frames(facts: &mut Facts, layout: &mut PixelLayout) -> Result<(), Unusable> {
    let said = facts.numbers(
        facts.set,
        a::NUMBER_OF_FRAMES,
        |&[n]| n >= 1.0 && n.fract() == 0.0 && n <= f64::from(u32::MAX),
        "a whole number from 1 on",
        "one frame was read",
    );
    let said = said.map_or(1, |[n]| n as u64);
    let frame_bytes = layout.stored_frame_bytes();
    let available = layout.available();
    if available == Some(0) {
        let reason = format!("the file is truncated: it ends where {} begins", a::PIXEL_DATA);
        return Err(Unusable::truncated(reason));
    }
    let size = || {
        let f = &layout.frame;
        let claim = format!("{} {} x {} {} of {} bits", a::ROWS, f.rows, a::COLUMNS, f.columns, f.bits_allocated);
        format!("{claim} make frames of {frame_bytes} bytes")
    };
    if available.is_some_and(|held| frame_bytes > SMALL.max(held.saturating_mul(DENSEST))) {
        let held = available.unwrap_or(0);
        let reason = format!("{}, but {} holds only {held} bytes", size(), a::PIXEL_DATA);
        return Err(Unusable::new(SkipCode::BadValue, reason));
    }
    let mut frames = said;
    let too_many = || {
        let reason = format!("{} is {said}; expected at most {MOST_FRAMES} in one file", a::NUMBER_OF_FRAMES);
        Unusable::new(SkipCode::BadValue, reason)
    };
    if let (false, Some(held)) = (layout.syntax.encapsulated, available) {
        let promised = layout.element.length.unwrap_or(0);
        frames = said.min(held.div_ceil(frame_bytes).max(1));
        let needed = said.saturating_mul(frame_bytes);
        let message = if frames < said {
            Some((
                Severity::Error,
                format!("{} is {said}, but {} holds only {frames}", a::NUMBER_OF_FRAMES, a::PIXEL_DATA),
            ))
        } else if held < needed {
            let cut = if promised > held { "the file is truncated" } else { "the pixel data is too short" };
            let found = format!("{} has {held} of {needed} bytes, {}", a::PIXEL_DATA, size());
            Some((Severity::Error, format!("{cut}: {found}; what is missing is shown as padding")))
        } else {
            None
        };
        if let Some((severity, message)) = message {
            facts.issues.push(Issue { code: FindingCode::TruncatedPixelData, severity, message });
        } else if held > needed + (needed & 1) + 1 {
            let message = format!("{} has {held} bytes, longer than the {needed} that its frames need", a::PIXEL_DATA);
            facts.issues.push(Issue::bad(Severity::Note, message));
        }
    }
    if !layout.syntax.encapsulated && frames > MOST_FRAMES {
        return Err(too_many());
    }
    layout.frames = frames.min(MOST_FRAMES) as usize;
    Ok(())
}
