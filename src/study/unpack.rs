//! From decoded words to the samples of a volume: BitsStored and HighBit (DICOM PS3.5 8.1.1), sign, look-up table,
//! brightness of colours.

use super::codec::{Colour, Frame};
use super::layout::{Photometric, PixelLayout, SampleKind};
use super::series::FrameRef;
use super::voi::RED_GREEN_BLUE;
use crate::volume::{Rescale, Samples, SliceSamples, VoiLut};

/// Which of the bits of a word are the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Bits below the value.
    shift: u32,
    /// Bits of the value.
    stored: u32,
    /// The highest of them is a sign.
    signed: bool,
}

impl Bits {
    /// Of uncompressed samples; compressed ones come with their value in the low bits.
    pub fn of(layout: &PixelLayout) -> Bits {
        let stored = u32::from(layout.bits_stored);
        let shift = if layout.syntax.encapsulated { 0 } else { u32::from(layout.high_bit) + 1 - stored };
        Bits { shift, stored, signed: layout.signed }
    }

    /// The value in a word.
    pub fn value(self, word: u64) -> i64 {
        let above = 64 - self.shift - self.stored;
        if self.signed {
            (word << above) as i64 >> (64 - self.stored)
        } else {
            (word << above >> (64 - self.stored)) as i64
        }
    }

    /// Leaves in each 16-bit word its value alone.
    pub fn settle16(self, words: &mut [u16]) {
        let above = 16 - self.shift - self.stored;
        let below = 16 - self.stored;
        match (self.stored, self.signed) {
            (16, _) => {}
            (_, true) => words.iter_mut().for_each(|w| *w = (((*w << above) as i16) >> below) as u16),
            (_, false) => words.iter_mut().for_each(|w| *w = (*w << above) >> below),
        }
    }

    /// Leaves in each byte its value alone.
    pub fn settle8(self, words: &mut [u8]) {
        let above = 8u32.saturating_sub(self.shift + self.stored);
        let below = 8u32.saturating_sub(self.stored);
        if below > 0 {
            words.iter_mut().for_each(|w| *w = (*w << above) >> below);
        }
    }

    fn range(self) -> (i64, i64) {
        if self.signed { (-1 << (self.stored - 1), (1 << (self.stored - 1)) - 1) } else { (0, (1 << self.stored) - 1) }
    }
}

/// The type that holds the samples of all frames exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Bytes.
    U8,
    /// Signed words.
    I16,
    /// Unsigned words.
    U16,
    /// Rescaled floats.
    F32,
}

impl Target {
    /// The narrowest type for the frames of a series.
    pub fn of(frames: &[FrameRef]) -> Target {
        let (mut low, mut high) = (0, 0);
        for frame in frames {
            let layout = &frame.instance.layout;
            if layout.kind != SampleKind::Integer {
                return Target::F32;
            }
            let (least, most) = match &frame.facts().modality_lut {
                Some(lut) => (0, lut.entries.iter().copied().max().map_or(0, i64::from)),
                None => Bits::of(layout).range(),
            };
            (low, high) = (least.min(low), most.max(high));
        }
        match (low, high) {
            (0.., ..=255) => Target::U8,
            (0.., ..=65535) => Target::U16,
            (-32768.., ..=32767) => Target::I16,
            _ => Target::F32,
        }
    }

    /// Bytes of a sample.
    pub fn bytes(self) -> usize {
        match self {
            Target::U8 => 1,
            Target::I16 | Target::U16 => 2,
            Target::F32 => 4,
        }
    }

    /// Memory for `n` samples, untouched until it is written; `None` when it cannot be had.
    pub fn memory(self, n: usize) -> Option<Samples> {
        fn zeroed<T: bytemuck::Pod>(n: usize) -> Option<Vec<T>> {
            let mut memory: Vec<T> = bytemuck::try_zeroed_slice_box(n).ok().map(Vec::from)?;
            prefer_large_pages(bytemuck::cast_slice_mut(&mut memory));
            Some(memory)
        }
        Some(match self {
            Target::U8 => Samples::U8(zeroed(n)?),
            Target::I16 => Samples::I16(zeroed(n)?),
            Target::U16 => Samples::U16(zeroed(n)?),
            Target::F32 => Samples::F32(zeroed(n)?),
        })
    }
}

/// Asks the system to back memory that is not yet touched with large pages: 512 times fewer faults while slices arrive.
#[cfg(target_os = "linux")]
fn prefer_large_pages(memory: &mut [u8]) {
    const LARGE_PAGE: usize = 2 << 20;
    let skipped = memory.as_ptr().align_offset(LARGE_PAGE);
    let whole = memory.len().saturating_sub(skipped) / LARGE_PAGE * LARGE_PAGE;
    if let Some(pages) = memory.get_mut(skipped..skipped + whole).filter(|pages| !pages.is_empty()) {
        // SAFETY: the range lies inside memory that is borrowed exclusively, and MADV_HUGEPAGE changes neither its
        // contents nor its validity. Advice that is refused changes nothing, so the result does not matter.
        unsafe { libc::madvise(pages.as_mut_ptr().cast(), pages.len(), libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn prefer_large_pages(_memory: &mut [u8]) {}

/// The memory of one slice.
#[derive(Debug)]
pub enum Slot<'a> {
    /// Bytes.
    U8(&'a mut [u8]),
    /// Signed words.
    I16(&'a mut [i16]),
    /// Unsigned words.
    U16(&'a mut [u16]),
    /// Rescaled floats.
    F32(&'a mut [f32]),
}

impl<'a> Slot<'a> {
    /// The slices of a volume's memory.
    pub fn all(samples: &'a mut Samples, slice: usize) -> Vec<Slot<'a>> {
        let slice = slice.max(1);
        match samples {
            Samples::U8(v) => v.chunks_mut(slice).map(Slot::U8).collect(),
            Samples::I16(v) => v.chunks_mut(slice).map(Slot::I16).collect(),
            Samples::U16(v) => v.chunks_mut(slice).map(Slot::U16).collect(),
            Samples::F32(v) => v.chunks_mut(slice).map(Slot::F32).collect(),
        }
    }

    /// To be read.
    pub fn samples(&self) -> SliceSamples<'_> {
        match self {
            Slot::U8(v) => SliceSamples::U8(v),
            Slot::I16(v) => SliceSamples::I16(v),
            Slot::U16(v) => SliceSamples::U16(v),
            Slot::F32(v) => SliceSamples::F32(v),
        }
    }

    /// Memory that decoders of 16-bit words can write to; whole numbers only.
    pub fn words(&mut self) -> Option<&mut [u16]> {
        match self {
            Slot::I16(v) => Some(bytemuck::cast_slice_mut(v)),
            Slot::U16(v) => Some(v),
            _ => None,
        }
    }

    /// Fills the samples from `start` on with the value that stands for no data.
    pub fn fill_from(&mut self, start: usize, filling: f64) {
        match self {
            Slot::U8(v) => v.get_mut(start..).unwrap_or_default().fill(filling as u8),
            Slot::I16(v) => v.get_mut(start..).unwrap_or_default().fill(filling as i16),
            Slot::U16(v) => v.get_mut(start..).unwrap_or_default().fill(filling as u16),
            Slot::F32(v) => v.get_mut(start..).unwrap_or_default().fill(filling as f32),
        }
    }

    /// Writes values one by one: stored ones, which floats hold rescaled.
    fn write(&mut self, values: impl Iterator<Item = f64>, rescale: Rescale) {
        match self {
            Slot::U8(v) => v.iter_mut().zip(values).for_each(|(s, x)| *s = x as u8),
            Slot::I16(v) => v.iter_mut().zip(values).for_each(|(s, x)| *s = x as i16),
            Slot::U16(v) => v.iter_mut().zip(values).for_each(|(s, x)| *s = x as u16),
            Slot::F32(v) => v.iter_mut().zip(values).for_each(|(s, x)| *s = rescale.apply(x) as f32),
        }
    }
}

/// Writes a decoded frame of any kind into a slice.
pub fn write(
    frame: &Frame,
    layout: &PixelLayout,
    colour: Colour,
    lut: Option<&VoiLut>,
    rescale: Rescale,
    slot: &mut Slot,
) {
    match frame {
        Frame::U8(v) => write_words(v.iter().map(|&w| u64::from(w)), layout, colour, lut, rescale, slot),
        Frame::U16(v) => write_words(v.iter().map(|&w| u64::from(w)), layout, colour, lut, rescale, slot),
        Frame::U32(v) => write_words(v.iter().map(|&w| u64::from(w)), layout, colour, lut, rescale, slot),
        Frame::U64(v) => write_words(v.iter().copied(), layout, colour, lut, rescale, slot),
    }
}

fn write_words(
    words: impl Iterator<Item = u64>,
    layout: &PixelLayout,
    colour: Colour,
    lut: Option<&VoiLut>,
    rescale: Rescale,
    slot: &mut Slot,
) {
    match layout.kind {
        SampleKind::Float => return slot.write(words.map(|w| f64::from(f32::from_bits(w as u32))), rescale),
        SampleKind::Double => return slot.write(words.map(f64::from_bits), rescale),
        SampleKind::Integer => {}
    }
    let bits = Bits::of(layout);
    let values = words.map(move |w| bits.value(w));
    match (lut, layout.frame.samples_per_pixel) {
        (Some(lut), 1) => slot.write(values.map(|v| f64::from(looked_up(lut, v))), rescale),
        (_, 1) => slot.write(values.map(|v| v as f64), rescale),
        (_, n) => {
            let luminance = colour == Colour::AsHeader && layout.photometric != Photometric::Rgb;
            slot.write(Brightness { values, n, luminance }, rescale);
        }
    }
}

/// The table's entry for a value; values beyond its ends take the first or last (PS3.3 C.11.1.1.1).
fn looked_up(lut: &VoiLut, value: i64) -> u16 {
    let last = lut.entries.len().saturating_sub(1) as i64;
    let at = (value - i64::from(lut.first_mapped)).clamp(0, last);
    lut.entries.get(at as usize).copied().unwrap_or(0)
}

/// One value for each pixel of several samples: luminance as stored, or the brightness of red, green and blue.
struct Brightness<I> {
    values: I,
    n: usize,
    luminance: bool,
}

impl<I: Iterator<Item = i64>> Iterator for Brightness<I> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let first = self.values.next()?;
        let mut sum = first as f64 * RED_GREEN_BLUE[0];
        for n in 1..self.n {
            sum += self.values.next()? as f64 * RED_GREEN_BLUE.get(n).copied().unwrap_or(0.0);
        }
        Some(if self.luminance { first as f64 } else { sum.round() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_of_their_bits() {
        let low12 = Bits { shift: 0, stored: 12, signed: true };
        let high12 = Bits { shift: 4, stored: 12, signed: false };
        assert_eq!((low12.value(0xF800), low12.value(0x0FFF), low12.value(0x7FF)), (-2048, -1, 2047));
        assert_eq!((high12.value(0xABC7), low12.range(), high12.range()), (0xABC, (-2048, 2047), (0, 4095)));
        for bits in
            [low12, high12, Bits { shift: 2, stored: 12, signed: true }, Bits { shift: 0, stored: 16, signed: true }]
        {
            for word in (0..=u16::MAX).step_by(7) {
                let mut settled = [word];
                bits.settle16(&mut settled);
                assert_eq!(settled[0], bits.value(word.into()) as u16, "{bits:?} {word:#x}");
            }
        }
        let mut bytes = [0b1010_1100u8];
        Bits { shift: 0, stored: 6, signed: false }.settle8(&mut bytes);
        assert_eq!(bytes, [0b10_1100]);
    }

    #[test]
    fn tables_hold_their_ends() {
        let lut = VoiLut { first_mapped: -2, entries: vec![5, 6, 7], bits: 8, explanation: None };
        assert_eq!([-9, -2, -1, 0, 9].map(|v| looked_up(&lut, v)), [5, 5, 6, 7, 7]);
    }
}
