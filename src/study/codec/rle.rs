//! RLE Lossless: PackBits by byte plane (PS3.5 annex G).
//!
//! A frame has a header of 64 bytes, then one segment for each byte of a sample, most significant first, component after
//! component. Runs may cross rows. Many writers pad segments, end them early, or let the last run overshoot; all that is
//! tolerated as long as every sample is there.

use super::{CodecError, Decoded, FrameLayout, Sample};

const HEADER: usize = 64;

/// Decodes a frame; after a segment that ends early the pixels behind are zero.
pub(super) fn decode<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) -> Result<Decoded, CodecError> {
    if layout.bits_allocated == 1 {
        return decode_bits(data, layout, out);
    }
    let width = size_of::<S>();
    let segments = Segments::parse(data, width * layout.samples_per_pixel)?;
    let pixels = layout.pixels();
    let mut planes = vec![0u8; pixels * width];
    let (mut complete, mut surplus) = (pixels, 0);
    for component in 0..layout.samples_per_pixel {
        for (byte, plane) in planes.chunks_exact_mut(pixels.max(1)).enumerate() {
            let (unpacked, left) = unpack(segments.get(component * width + byte), plane);
            (complete, surplus) = (complete.min(unpacked), surplus.max(left));
        }
        merge(&planes, pixels, &mut out[component..], layout.samples_per_pixel);
    }
    if complete == pixels {
        let damage = (surplus > 0).then(|| {
            format!("a run-length segment goes on for {surplus} bytes after the frame is full, longer than it can be")
        });
        return Ok(Decoded { damage, ..Decoded::whole(layout) });
    }
    out[complete * layout.samples_per_pixel..].fill(S::default());
    Ok(Decoded::partial(layout, complete, "a segment of the run-length encoded frame ends early"))
}

/// Samples of one bit are packed into bytes first, then encoded as one segment.
fn decode_bits<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) -> Result<Decoded, CodecError> {
    let mut packed = vec![0u8; layout.bytes()];
    let (n, _) = unpack(Segments::parse(data, 1)?.get(0), &mut packed);
    Ok(super::native::decode(&packed[..n], layout, false, out))
}

/// The segment table of a frame.
struct Segments<'a> {
    data: &'a [u8],
    /// Where each segment starts; the last one runs to the end of the data.
    offsets: Vec<usize>,
}

impl<'a> Segments<'a> {
    fn parse(data: &'a [u8], expected: usize) -> Result<Self, CodecError> {
        let word = |i: usize| data.get(4 * i..4 * i + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
        let (Some(count), Some(_)) = (word(0), word(HEADER / 4 - 1)) else {
            return Err(CodecError::damaged("it is shorter than the 64 bytes of a run-length header"));
        };
        if count != expected {
            return Err(CodecError::Disagrees {
                found: format!("{count} run-length segments"),
                expected: format!(
                    "BitsAllocated (0028,0100) and SamplesPerPixel (0028,0002) that need {expected} of them"
                ),
            });
        }
        let offsets: Vec<usize> = (1..=count).filter_map(word).collect();
        if offsets.len() != count || offsets.first().is_some_and(|first| *first < HEADER) || !offsets.is_sorted() {
            return Err(CodecError::damaged("the offsets of its run-length segments are not in order from 64 on"));
        }
        Ok(Segments { data, offsets })
    }

    /// Segment `i`; empty where the data has ended before.
    fn get(&self, i: usize) -> &'a [u8] {
        let end = self.offsets.get(i + 1).copied().unwrap_or(self.data.len()).min(self.data.len());
        let start = self.offsets.get(i).copied().unwrap_or(end);
        self.data.get(start..end).unwrap_or_default()
    }
}

/// PackBits (PS3.5 G.3.2): fills `plane` and says how many bytes it could (the rest is zero), and how many bytes of the
/// segment were left over, apart from padding.
fn unpack(mut segment: &[u8], plane: &mut [u8]) -> (usize, usize) {
    const PADDING: usize = 2;
    let total = plane.len();
    let mut rest = plane;
    while let [control, tail @ ..] = segment {
        if rest.is_empty() {
            break;
        }
        let taken = match *control {
            control @ 0..=127 => {
                let n = usize::from(control) + 1;
                let literal = &tail[..n.min(tail.len())];
                let copied = literal.len().min(rest.len());
                rest[..copied].copy_from_slice(&literal[..copied]);
                segment = &tail[literal.len()..];
                copied
            }
            128 => {
                segment = tail;
                0
            }
            control => {
                let Some((value, tail)) = tail.split_first() else { break };
                let n = (257 - usize::from(control)).min(rest.len());
                rest[..n].fill(*value);
                segment = tail;
                n
            }
        };
        rest = &mut rest[taken..];
    }
    let missing = rest.len();
    rest.fill(0);
    let padding = segment.len() <= PADDING || segment.iter().all(|byte| *byte == 0);
    (total - missing, if padding { 0 } else { segment.len() })
}

/// Puts the byte planes of one component, most significant first, together into every `step`-th word of `out`.
fn merge<S: Sample>(planes: &[u8], pixels: usize, out: &mut [S], step: usize) {
    match size_of::<S>() {
        2 if step == 1 => {
            let (high, low) = planes.split_at(pixels);
            for ((word, high), low) in out.iter_mut().zip(high).zip(low) {
                *word = S::from_low(u64::from(*high) << 8 | u64::from(*low));
            }
        }
        width => {
            for (pixel, word) in out.iter_mut().step_by(step).enumerate().take(pixels) {
                let value = (0..width).fold(0, |v, byte| v << 8 | u64::from(planes[byte * pixels + pixel]));
                *word = S::from_low(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Frame, decode_frame, syntax};
    use super::*;

    /// A frame of the given segments, each already in PackBits.
    fn frame(segments: &[&[u8]]) -> Vec<u8> {
        let mut header = [0u32; 16];
        header[0] = segments.len() as u32;
        let mut at = HEADER;
        for (offset, segment) in header[1..].iter_mut().zip(segments) {
            *offset = at as u32;
            at += segment.len();
        }
        header.iter().flat_map(|w| w.to_le_bytes()).chain(segments.concat()).collect()
    }

    fn decode(data: &[u8], layout: &FrameLayout) -> Result<(Frame, Decoded), CodecError> {
        decode_frame(syntax("1.2.840.10008.1.2.5").unwrap(), data, layout)
    }

    /// The example of PackBits in Apple's technical note 1023.
    #[test]
    fn packbits_example() {
        let packed = [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        let mut plane = [0; 24];
        assert_eq!(unpack(&packed, &mut plane), (24, 0));
        let mut expected = vec![0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22];
        expected.resize(24, 0xAA);
        assert_eq!(plane[..], expected);
    }

    #[test]
    fn words_and_colours() {
        let grey = FrameLayout::grey(1, 3, 16);
        let data = frame(&[&[2, 1, 2, 3, 128], &[254, 9]]);
        assert_eq!(decode(&data, &grey).unwrap(), (Frame::U16(vec![0x109, 0x209, 0x309]), Decoded::whole(&grey)));
        let rgb = FrameLayout { samples_per_pixel: 3, ..FrameLayout::grey(1, 2, 8) };
        let data = frame(&[&[1, 1, 2], &[1, 3, 4], &[255, 5]]);
        assert_eq!(decode(&data, &rgb).unwrap().0, Frame::U8(vec![1, 3, 5, 2, 4, 5]));
        let wide = FrameLayout::grey(1, 2, 32);
        let data = frame(&[&[255, 1], &[255, 2], &[255, 3], &[1, 4, 5]]);
        assert_eq!(decode(&data, &wide).unwrap().0, Frame::U32(vec![0x1020304, 0x1020305]));
        let bits = FrameLayout::grey(1, 10, 1);
        assert_eq!(
            decode(&frame(&[&[1, 0b101, 0b10]]), &bits).unwrap().0,
            Frame::U8(vec![1, 0, 1, 0, 0, 0, 0, 0, 0, 1])
        );
    }

    #[test]
    fn a_frame_that_breaks_off_keeps_its_beginning() {
        let grey = FrameLayout::grey(2, 2, 16);
        let data = frame(&[&[253, 1], &[2, 7, 8, 9]]);
        let (pixels, decoded) = decode(&data, &grey).unwrap();
        assert_eq!((pixels, decoded.pixels), (Frame::U16(vec![0x107, 0x108, 0x109, 0]), 3));
        for cut in 0..data.len() {
            match decode(&data[..cut], &grey) {
                Ok((_, decoded)) => assert!(cut >= HEADER && decoded.damage.is_some(), "{cut}"),
                Err(_) => assert!(cut < HEADER, "{cut}"),
            }
        }
    }

    #[test]
    fn segments_that_go_on_are_said_but_padding_is_not() {
        let grey = FrameLayout::grey(1, 2, 8);
        let damage = |segment: &[u8]| decode(&frame(&[segment]), &grey).unwrap().1.damage;
        assert_eq!(damage(&[1, 5, 6, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(damage(&[129, 5, 128]), None);
        assert!(damage(&[1, 5, 6, 129, 7, 129, 8]).unwrap().contains("4 bytes after the frame is full"));
    }

    #[test]
    fn wrong_tables_are_refused() {
        let grey = FrameLayout::grey(2, 2, 16);
        assert!(matches!(decode(&frame(&[&[253, 1]]), &grey), Err(CodecError::Disagrees { .. })));
        let mut data = frame(&[&[253, 1], &[253, 1]]);
        data[8] = 10;
        assert!(matches!(decode(&data, &grey), Err(CodecError::Damaged { .. })));
        data[8..12].fill(255);
        assert!(decode(&data, &grey).unwrap().1.damage.is_some());
    }
}
