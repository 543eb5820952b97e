//! Pixel decoders: one frame's bytes in, its stored samples out.
//!
//! A frame is described by its header ([`FrameLayout`]), never by its codestream: memory is bounded by the layout, and a
//! codestream that describes another picture is refused. Samples come interleaved by pixel as they were stored, before
//! masking and sign extension by BitsStored and HighBit. A stream that breaks off gives what was decoded and says why it
//! is not all ([`Decoded::damage`]). Nothing here panics on bad input: a panic in a decoder becomes an error.

mod error;
mod jpeg;
mod jpeg2000;
mod jpegls;
mod jpegxl;
mod native;
mod rle;
mod syntax;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use error::CodecError;
pub use native::unpack_bits;
use syntax::Codec;
pub use syntax::{Syntax, syntax};

/// What the header says about one frame. The caller has checked that it fits memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLayout {
    /// Rows (0028,0010).
    pub rows: usize,
    /// Columns (0028,0011).
    pub columns: usize,
    /// SamplesPerPixel (0028,0002).
    pub samples_per_pixel: usize,
    /// BitsAllocated (0028,0100): 1, 8, 16, 32 or 64.
    pub bits_allocated: u16,
    /// PlanarConfiguration (0028,0006) is 1. Only uncompressed and deflated frames look at it; frames come out
    /// interleaved by pixel whatever it says.
    pub planar: bool,
    /// PhotometricInterpretation (0028,0004) begins with `YBR`. Only DCT-based JPEG without a colour marker looks at it.
    pub ybr: bool,
}

impl FrameLayout {
    /// A frame of one sample a pixel.
    pub fn grey(rows: usize, columns: usize, bits_allocated: u16) -> Self {
        FrameLayout { rows, columns, samples_per_pixel: 1, bits_allocated, planar: false, ybr: false }
    }

    /// Pixels of the frame.
    pub fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    /// Samples of the frame.
    pub fn samples(&self) -> usize {
        self.pixels() * self.samples_per_pixel
    }

    /// Bytes of an uncompressed frame.
    pub fn bytes(&self) -> usize {
        match self.bits_allocated {
            1 => self.samples().div_ceil(8),
            bits => self.samples() * usize::from(bits / 8),
        }
    }
}

/// Where the samples go: exactly [`FrameLayout::samples`] words, as wide as BitsAllocated says; 1-bit samples take a byte
/// each. Signed memory can be lent with `bytemuck::cast_slice_mut`.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum SamplesMut<'a> {
    U8(&'a mut [u8]),
    U16(&'a mut [u16]),
    U32(&'a mut [u32]),
    U64(&'a mut [u64]),
}

/// One decoded frame in memory of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Frame {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
}

/// Which colours the samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// What PhotometricInterpretation (0028,0004) says; grey frames always.
    AsHeader,
    /// Red, green, blue: the codestream carried a colour transform, and the decoder has undone it.
    Rgb,
}

/// What came of decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Leading pixels, row by row, that were decoded; the samples after them are zero.
    pub pixels: usize,
    /// Why the frame is incomplete or doubtful, as a sentence without its full stop; nothing for a sound frame.
    pub damage: Option<String>,
    /// Which colours the samples are.
    pub colour: Colour,
}

impl Decoded {
    fn whole(layout: &FrameLayout) -> Self {
        Decoded { pixels: layout.pixels(), damage: None, colour: Colour::AsHeader }
    }

    /// A frame that breaks off after `pixels` pixels.
    fn partial(layout: &FrameLayout, pixels: usize, why: &str) -> Self {
        let pixels = pixels.min(layout.pixels());
        let damage = format!("{why}; {pixels} of its {} pixels could be decoded", layout.pixels());
        Decoded { pixels, damage: Some(damage), colour: Colour::AsHeader }
    }
}

/// Decodes one frame, already assembled from its fragments, into memory of its own.
pub fn decode_frame(syntax: &Syntax, data: &[u8], layout: &FrameLayout) -> Result<(Frame, Decoded), CodecError> {
    let n = layout.samples();
    let mut frame = match layout.bits_allocated {
        1 | 8 => Frame::U8(vec![0; n]),
        16 => Frame::U16(vec![0; n]),
        32 => Frame::U32(vec![0; n]),
        64 => Frame::U64(vec![0; n]),
        other => return Err(unsupported_bits(other)),
    };
    let out = match &mut frame {
        Frame::U8(v) => SamplesMut::U8(v),
        Frame::U16(v) => SamplesMut::U16(v),
        Frame::U32(v) => SamplesMut::U32(v),
        Frame::U64(v) => SamplesMut::U64(v),
    };
    let decoded = decode_into(syntax, data, layout, out)?;
    Ok((frame, decoded))
}

/// Decodes one frame, already assembled from its fragments, into `out`. After an error `out` holds nothing of use.
pub fn decode_into(syntax: &Syntax, data: &[u8], layout: &FrameLayout, out: SamplesMut) -> Result<Decoded, CodecError> {
    let decode = || match (out, layout.bits_allocated) {
        (SamplesMut::U8(out), 1 | 8) => decode_words(syntax, data, layout, out),
        (SamplesMut::U16(out), 16) => decode_words(syntax, data, layout, out),
        (SamplesMut::U32(out), 32) => decode_words(syntax, data, layout, out),
        (SamplesMut::U64(out), 64) => decode_words(syntax, data, layout, out),
        (_, other) => Err(unsupported_bits(other)),
    };
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        Err(CodecError::damaged(format!("the {} decoder broke off with an internal error", syntax.name)))
    })
}

fn unsupported_bits(bits: u16) -> CodecError {
    CodecError::unsupported(format!("BitsAllocated (0028,0100) {bits} (1, 8, 16, 32 and 64 are)"))
}

fn decode_words<S: Sample>(
    syntax: &Syntax,
    data: &[u8],
    layout: &FrameLayout,
    out: &mut [S],
) -> Result<Decoded, CodecError> {
    assert_eq!(out.len(), layout.samples(), "the memory for a frame must have its size");
    if out.is_empty() {
        return Ok(Decoded::whole(layout));
    }
    match syntax.codec {
        Codec::Uncompressed { big_endian } => Ok(native::decode(data, layout, big_endian, out)),
        Codec::Deflated => native::decode_deflated(data, layout, out),
        Codec::Rle => rle::decode(data, layout, out),
        Codec::Jpeg => jpeg::decode(data, layout, out),
        Codec::Jpeg2000 => jpeg2000::decode(data, layout, out),
        Codec::JpegLs => jpegls::decode(data, layout, out),
        Codec::JpegXl => jpegxl::decode(data, layout, out),
        Codec::None => Err(CodecError::unsupported(syntax.name)),
    }
}

/// A word that samples are stored in.
trait Sample: Copy + Default + bytemuck::Pod {
    /// The lowest bits of `value`.
    fn from_low(value: u64) -> Self;
    /// One sample from its bytes, least significant first; missing bytes are zero.
    fn from_le(bytes: &[u8]) -> Self;
    /// The same sample with its bytes in reverse order.
    fn swapped(self) -> Self;
}

macro_rules! sample {
    ($($word:ty),*) => {$(
        impl Sample for $word {
            #[inline(always)]
            fn from_low(value: u64) -> Self {
                value as $word
            }

            #[inline(always)]
            fn from_le(bytes: &[u8]) -> Self {
                let mut word = [0; size_of::<$word>()];
                let n = bytes.len().min(word.len());
                word[..n].copy_from_slice(&bytes[..n]);
                <$word>::from_le_bytes(word)
            }

            #[inline(always)]
            fn swapped(self) -> Self {
                self.swap_bytes()
            }
        }
    )*};
}
sample!(u8, u16, u32, u64);
