//! Uncompressed frames, alone or deflated (PS3.5 A.4.11 and A.4.13), and bit-packed samples.

use flate2::{Decompress, FlushDecompress, Status};

use super::{CodecError, Decoded, FrameLayout, Sample};

/// Copies a frame of uncompressed samples; what is missing at the end stays zero.
pub(super) fn decode<S: Sample>(data: &[u8], layout: &FrameLayout, big_endian: bool, out: &mut [S]) -> Decoded {
    if layout.bits_allocated == 1 {
        unpack_into(data, out);
    } else if layout.planar && layout.samples_per_pixel > 1 {
        copy_planes(data, layout, out);
    } else {
        copy_words(data, out);
    }
    if big_endian {
        out.iter_mut().for_each(|s| *s = s.swapped());
    }
    if data.len() >= layout.bytes() {
        return Decoded::whole(layout);
    }
    let samples = match layout.bits_allocated {
        1 => data.len() * 8,
        _ => data.len() / size_of::<S>(),
    };
    let pixels = match layout.planar {
        false => samples / layout.samples_per_pixel.max(1),
        true => samples.saturating_sub(layout.pixels() * layout.samples_per_pixel.saturating_sub(1)),
    };
    let why = format!("the frame should have {} bytes and has {}", layout.bytes(), data.len());
    Decoded::partial(layout, pixels, &why)
}

/// Inflates a frame (raw deflate, RFC 1951) and copies its samples. Never inflates more than the frame holds.
pub(super) fn decode_deflated<S: Sample>(
    data: &[u8],
    layout: &FrameLayout,
    out: &mut [S],
) -> Result<Decoded, CodecError> {
    let mut inflated = vec![0; layout.bytes()];
    let mut inflate = Decompress::new(false);
    let mut broken = false;
    while (inflate.total_out() as usize) < inflated.len() {
        let (from, to) = (inflate.total_in() as usize, inflate.total_out() as usize);
        match inflate.decompress(&data[from..], &mut inflated[to..], FlushDecompress::Finish) {
            Ok(Status::StreamEnd) => break,
            Ok(_) if inflate.total_out() as usize > to => {}
            Ok(_) => break,
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    let n = inflate.total_out() as usize;
    if broken && n == 0 {
        return Err(CodecError::damaged("it is not a deflate stream"));
    }
    inflated.truncate(n);
    Ok(decode(&inflated, layout, false, out))
}

fn copy_words<S: Sample>(data: &[u8], out: &mut [S]) {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(out);
    let n = bytes.len().min(data.len()) / size_of::<S>() * size_of::<S>();
    bytes[..n].copy_from_slice(&data[..n]);
    bytes[n..].fill(0);
    if cfg!(target_endian = "big") {
        out.iter_mut().for_each(|s| *s = s.swapped());
    }
}

/// All samples of the first component, then all of the second, …: PlanarConfiguration 1.
fn copy_planes<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) {
    out.fill(S::default());
    let plane_bytes = (layout.pixels() * size_of::<S>()).max(1);
    for (component, plane) in data.chunks(plane_bytes).take(layout.samples_per_pixel).enumerate() {
        let of_component = out[component..].iter_mut().step_by(layout.samples_per_pixel);
        for (sample, bytes) in of_component.zip(plane.chunks_exact(size_of::<S>())) {
            *sample = S::from_le(bytes);
        }
    }
}

/// Samples of one bit, the least significant bit of a byte first (PS3.5 section 8.1.1), one output byte each, from bit
/// `first_bit` of `data` on: frames of native 1-bit pixel data follow each other without padding. Returns how many there
/// were; the others are zero.
pub fn unpack_bits(data: &[u8], first_bit: usize, out: &mut [u8]) -> usize {
    let available = (data.len() * 8).saturating_sub(first_bit).min(out.len());
    let data = data.get(first_bit / 8..).unwrap_or_default();
    let skip = first_bit % 8;
    if skip == 0 {
        unpack_into(data, out);
        return available;
    }
    for (i, sample) in out.iter_mut().enumerate() {
        let bit = i + skip;
        *sample = data.get(bit / 8).map_or(0, |byte| byte >> (bit % 8) & 1);
    }
    available
}

fn unpack_into<S: Sample>(data: &[u8], out: &mut [S]) {
    for (i, eight) in out.chunks_mut(8).enumerate() {
        let byte = data.get(i).copied().unwrap_or(0);
        for (bit, sample) in eight.iter_mut().enumerate() {
            *sample = S::from_low(u64::from(byte >> bit & 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::{Frame, decode_frame, syntax};
    use super::*;

    fn layout(rows: usize, columns: usize, samples_per_pixel: usize, bits: u16, planar: bool) -> FrameLayout {
        FrameLayout { rows, columns, samples_per_pixel, bits_allocated: bits, planar, ybr: false }
    }

    #[test]
    fn words_in_both_byte_orders_and_widths() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        let little = syntax("1.2.840.10008.1.2.1.98").unwrap();
        let big = syntax("1.2.840.10008.1.2.2").unwrap();
        let of = |s, bits, columns| decode_frame(s, &bytes, &layout(1, columns, 1, bits, false)).unwrap().0;
        assert_eq!(of(little, 16, 4), Frame::U16(vec![0x201, 0x403, 0x605, 0x807]));
        assert_eq!(of(big, 16, 4), Frame::U16(vec![0x102, 0x304, 0x506, 0x708]));
        assert_eq!(of(big, 32, 2), Frame::U32(vec![0x1020304, 0x5060708]));
        assert_eq!(of(little, 64, 1), Frame::U64(vec![0x807060504030201]));
    }

    #[test]
    fn planes_become_pixels() {
        let mut out = [0u8; 6];
        let decoded = decode(&[1, 2, 3, 4, 5, 6], &layout(1, 2, 3, 8, true), false, &mut out);
        assert_eq!((out, decoded.damage), ([1, 3, 5, 2, 4, 6], None));
        let decoded = decode(&[1, 2, 3, 4, 5], &layout(1, 2, 3, 8, true), false, &mut out);
        assert_eq!((out, decoded.pixels), ([1, 3, 5, 2, 4, 0], 1));
    }

    #[test]
    fn a_short_frame_says_how_far_it_goes() {
        let mut out = [7u16; 4];
        let decoded = decode(&[1, 0, 2, 0, 9], &layout(2, 2, 1, 16, false), false, &mut out);
        assert_eq!((out, decoded.pixels), ([1, 2, 0, 0], 2));
        assert!(decoded.damage.unwrap().contains("8 bytes and has 5"));
    }

    #[test]
    fn bits_run_on_across_frames() {
        let bits: Vec<u8> = (0..40).map(|i| u8::from(i % 3 == 0)).collect();
        let packed: Vec<u8> =
            bits.chunks(8).map(|c| c.iter().enumerate().fold(0, |byte, (i, bit)| byte | bit << i)).collect();
        for first in 0..20 {
            let mut out = [9; 13];
            assert_eq!(unpack_bits(&packed, first, &mut out), 13);
            assert_eq!(out[..], bits[first..first + 13]);
        }
        let mut out = [9; 13];
        assert_eq!(unpack_bits(&packed, 35, &mut out), 5);
        assert_eq!(unpack_bits(&packed, 400, &mut out), 0);
    }

    #[test]
    fn deflated_frames_stop_at_the_size_of_the_frame() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![5; 10_000_000]).unwrap();
        let bomb = encoder.finish().unwrap();
        let mut out = [0u8; 100];
        let decoded = decode_deflated(&bomb, &layout(10, 10, 1, 8, false), &mut out).unwrap();
        assert_eq!((out, decoded.damage), ([5; 100], None));
        let decoded =
            decode_deflated(&bomb[..bomb.len() / 2], &layout(4000, 4000, 1, 8, false), &mut vec![0u8; 16_000_000]);
        assert!(decoded.unwrap().damage.is_some());
        assert!(decode_deflated(&[0xff; 40], &layout(10, 10, 1, 8, false), &mut out).is_err());
    }
}
