//! The pixels of one frame, from the file into the memory of its slice.

use super::codec::{self, Decoded, SamplesMut};
use super::fragment::Fragments;
use super::instance::Instance;
use super::issue::Unusable;
use super::layout::{Photometric, PixelLayout, SampleKind};
use super::quiet::quietly;
use super::series::{FrameRef, Series};
use super::source::Content;
use super::stream::{FileStream, Inflate, Window};
use super::unpack::{self, Bits, Slot};
use crate::volume::{FindingCode, Rescale};
use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

/// Why a slice is not, or not wholly, what was stored.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its kind.
    pub code: FindingCode,
    /// Whether samples are missing; otherwise all are there, but doubtful.
    pub missing: bool,
    /// The end of a sentence about the pixel data.
    pub why: String,
}

impl Failure {
    fn undecodable(why: impl ToString) -> Self {
        Self { code: FindingCode::UndecodableFrame, missing: true, why: why.to_string() }
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Self::undecodable(format!("the file cannot be read: {e}"))
    }
}

impl From<Unusable> for Failure {
    fn from(why: Unusable) -> Self {
        Self::undecodable(why.reason)
    }
}

/// Files of several frames, which stay open while the series loads; files of one frame are opened in their turn.
pub struct OpenFiles<'s>(HashMap<&'s str, OnceLock<Result<Arc<Content>, Unusable>>>);

impl<'s> OpenFiles<'s> {
    /// Of a series; nothing is opened yet.
    pub fn of(series: &'s Series) -> Self {
        let several = series.frames.iter().filter(|f| f.instance.frames.len() > 1);
        OpenFiles(several.map(|f| (f.file(), OnceLock::new())).collect())
    }

    fn content(&self, frame: &FrameRef) -> Result<Arc<Content>, Unusable> {
        let open = || content(&frame.instance).map(Arc::new);
        match self.0.get(frame.file()) {
            Some(shared) => shared.get_or_init(open).clone(),
            None => open(),
        }
    }
}

/// The bytes in which the positions of an instance count. What is inflated is bounded by what its frames need.
///
/// # Errors
/// When the file cannot be read.
pub fn content(instance: &Instance) -> Result<Content, Unusable> {
    const SLACK: u64 = 1 << 20;
    let layout = &instance.layout;
    let last_fragment = instance.fragments.as_ref().and_then(|(f, _)| f.list.last());
    let frames = layout.stored_frame_bytes().saturating_mul(layout.frames as u64);
    let needed = match last_fragment {
        Some(last) => last.at + u64::from(last.length),
        // A compressed frame is rarely larger than an uncompressed one.
        None => layout.element.offset.saturating_add(frames.saturating_mul(2)).saturating_add(SLACK),
    };
    let Some(start) = instance.deflated_at else { return instance.source.open(needed) };
    instance.source.stream(|stream| {
        stream.skip(start)?;
        let mut bytes = Vec::new();
        // What breaks off is kept as far as it goes.
        let _ = Inflate::new(stream, needed).read_to_end(&mut bytes);
        Ok(Content::Memory(bytes))
    })
}

/// Memory that a thread uses for one frame after the other.
#[derive(Default)]
pub struct Scratch {
    raw: Vec<u8>,
}

/// Decodes a frame into its slice.
///
/// # Errors
/// [`Failure`] when all or a part of it could not be had; what is missing is then filled with padding.
pub fn slice(frame: &FrameRef, files: &OpenFiles, slot: &mut Slot, scratch: &mut Scratch) -> Result<(), Failure> {
    let attempt = || {
        let content = files.content(frame)?;
        decode(frame, &content, slot, scratch)
    };
    let outcome = quietly(|| catch_unwind(AssertUnwindSafe(attempt)));
    let decoded = outcome.unwrap_or_else(|_| Err(Failure::undecodable("the decoder broke off with an internal error")));
    let whole = frame.instance.layout.frame.pixels();
    let (good, failure) = match decoded {
        Ok(Decoded { damage: None, .. }) => return Ok(()),
        Ok(Decoded { pixels, damage: Some(why), .. }) => {
            let missing = pixels < whole;
            let code = if missing { FindingCode::TruncatedPixelData } else { FindingCode::UndecodableFrame };
            (pixels, Failure { code, missing, why })
        }
        Err(failure) => (0, failure),
    };
    slot.fill_from(good, filling(frame));
    Err(failure)
}

/// The value that stands for no data: the padding value, else what is nearest to air.
fn filling(frame: &FrameRef) -> f64 {
    const AIR_HU: f64 = -1024.0;
    let (instance, facts) = (&frame.instance, frame.facts());
    if let Some((value, _)) = instance.padding {
        return f64::from(value);
    }
    let hounsfield = &*instance.modality == "CT" && facts.modality_lut.is_none();
    let Rescale { slope, intercept } = facts.rescale;
    let stored = if hounsfield { ((AIR_HU - intercept) / slope).round() } else { 0.0 };
    let lowest = if instance.layout.signed { -(2f64.powi(i32::from(instance.layout.bits_stored) - 1)) } else { 0.0 };
    if instance.layout.kind == SampleKind::Integer { stored.max(lowest) } else { 0.0 }
}

fn decode(frame: &FrameRef, content: &Content, slot: &mut Slot, scratch: &mut Scratch) -> Result<Decoded, Failure> {
    let instance = &frame.instance;
    let number = frame.facts().number as usize;
    if !instance.layout.syntax.encapsulated {
        return uncompressed(frame, number, content, slot, scratch);
    }
    let damage = fragments(instance, number, content, &mut scratch.raw)?;
    let mut decoded = decoded(frame, &scratch.raw, slot)?;
    decoded.damage = decoded.damage.or(damage);
    Ok(decoded)
}

/// Gathers the fragments of a frame; gives back what is wrong with them.
fn fragments(
    instance: &Instance,
    number: usize,
    content: &Content,
    raw: &mut Vec<u8>,
) -> Result<Option<String>, Failure> {
    let own;
    let (fragments, range): (&Fragments, Range<usize>) = match &instance.fragments {
        Some((fragments, ranges)) => {
            let range = ranges.get(number).cloned();
            (fragments, range.ok_or_else(|| Failure::undecodable("no fragment belongs to it"))?)
        }
        None => {
            own = follow(content, instance.layout.element.offset)?;
            let all = 0..own.list.len();
            (&own, all)
        }
    };
    let list = fragments.list.get(range).unwrap_or_default();
    if list.is_empty() {
        return Err(Failure::undecodable("it holds no fragments"));
    }
    raw.clear();
    for fragment in list {
        let start = raw.len();
        raw.resize(start + fragment.length as usize, 0);
        let there = content.read_at(&mut raw[start..], fragment.at)?;
        raw.truncate(start + there);
    }
    Ok(if instance.fragments.is_none() { fragments.damage.clone() } else { None })
}

fn follow(content: &Content, at: u64) -> io::Result<Fragments> {
    match content {
        Content::Memory(bytes) => Fragments::read(&mut bytes.as_slice(), at),
        Content::File(file, length) => {
            let mut stream = FileStream::new(file, *length);
            let mut window = Window::new(&mut stream, Vec::new());
            super::element::Peek::forget_before(&mut window, at);
            Fragments::read(&mut window, at)
        }
    }
}

/// Decodes an assembled frame straight into the slice where the words are the same, else by way of its own memory.
fn decoded(frame: &FrameRef, raw: &[u8], slot: &mut Slot) -> Result<Decoded, Failure> {
    let layout = &frame.instance.layout;
    let bits = Bits::of(layout);
    let decode = |out| codec::decode_into(layout.syntax, raw, &layout.frame, out).map_err(Failure::undecodable);
    if is_plain(frame) {
        match (layout.frame.bits_allocated, &mut *slot) {
            (1 | 8, Slot::U8(out)) => {
                let decoded = decode(SamplesMut::U8(out))?;
                bits.settle8(out);
                return Ok(decoded);
            }
            (16, slot) => {
                if let Some(out) = slot.words() {
                    let decoded = decode(SamplesMut::U16(out))?;
                    bits.settle16(out);
                    return Ok(decoded);
                }
            }
            _ => {}
        }
    }
    let (words, decoded) = codec::decode_frame(layout.syntax, raw, &layout.frame).map_err(Failure::undecodable)?;
    let facts = frame.facts();
    unpack::write(&words, layout, decoded.colour, facts.modality_lut.as_deref(), facts.rescale, slot);
    Ok(decoded)
}

/// Whether stored words, settled, are the volume's samples.
fn is_plain(frame: &FrameRef) -> bool {
    let layout = &frame.instance.layout;
    layout.kind == SampleKind::Integer && layout.frame.samples_per_pixel == 1 && frame.facts().modality_lut.is_none()
}

fn uncompressed(
    frame: &FrameRef,
    number: usize,
    content: &Content,
    slot: &mut Slot,
    scratch: &mut Scratch,
) -> Result<Decoded, Failure> {
    let layout = &frame.instance.layout;
    let (at, length) = place(layout, number);
    let little = !layout.syntax.big_endian() && cfg!(target_endian = "little");
    if little
        && layout.frame.bits_allocated == 16
        && is_plain(frame)
        && let Some(out) = slot.words()
    {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(out);
        let length = length.min(bytes.len());
        let there = content.read_at(&mut bytes[..length], at)?;
        Bits::of(layout).settle16(out);
        return Ok(short(layout, there / 2, there));
    }
    scratch.raw.resize(length, 0);
    let there = content.read_at(&mut scratch.raw, at)?;
    scratch.raw.truncate(there);
    match (layout.frame.bits_allocated, layout.photometric) {
        (1, _) => Ok(single_bits(frame, number, &scratch.raw, slot)),
        (8, Photometric::Ybr422) => {
            // Two luminances, then the two colour differences they share (PS3.3 C.7.6.3.1.2).
            let luminances: Vec<u8> = scratch.raw.chunks(4).flat_map(|four| four.iter().take(2)).copied().collect();
            let one = PixelLayout {
                frame: codec::FrameLayout::grey(layout.frame.rows, layout.frame.columns, 8),
                ..layout.clone()
            };
            let pixels = luminances.len();
            unpack::write(&codec::Frame::U8(luminances), &one, codec::Colour::AsHeader, None, Rescale::IDENTITY, slot);
            Ok(short(layout, pixels, there))
        }
        (8, _) if layout.syntax.big_endian() && layout.element.vr == Some(*b"OW") => {
            // Bytes stored as words: their order is that of the words.
            scratch.raw.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.swap(0, 1));
            decoded(frame, &scratch.raw, slot)
        }
        _ => decoded(frame, &scratch.raw, slot),
    }
}

/// Where an uncompressed frame lies, and how many of its bytes are meant to be there.
fn place(layout: &PixelLayout, number: usize) -> (u64, usize) {
    let bits = match layout.frame.bits_allocated {
        1 => layout.frame.samples() as u64,
        _ => layout.stored_frame_bytes() * 8,
    };
    let (first, end) = (number as u64 * bits / 8, ((number as u64 + 1) * bits).div_ceil(8));
    let end = layout.element.length.map_or(end, |length| end.min(length)).max(first);
    (layout.element.offset + first, (end - first) as usize)
}

/// Frames of one bit a sample follow each other without padding (PS3.5 8.1.1).
fn single_bits(frame: &FrameRef, number: usize, raw: &[u8], slot: &mut Slot) -> Decoded {
    let layout = &frame.instance.layout;
    let first_bit = number * layout.frame.samples() % 8;
    let mut samples = vec![0; layout.frame.samples()];
    let there = codec::unpack_bits(raw, first_bit, &mut samples);
    let facts = frame.facts();
    let words = codec::Frame::U8(samples);
    unpack::write(&words, layout, codec::Colour::AsHeader, facts.modality_lut.as_deref(), facts.rescale, slot);
    short(layout, there, raw.len())
}

fn short(layout: &PixelLayout, pixels: usize, bytes: usize) -> Decoded {
    let whole = layout.frame.pixels();
    let needed = layout.stored_frame_bytes();
    let damage = (pixels < whole).then(|| format!("the frame is truncated: it has {bytes} of {needed} bytes"));
    Decoded { pixels: pixels.min(whole), damage, colour: codec::Colour::AsHeader }
}
