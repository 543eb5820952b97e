//! The decoders against encoders that were written apart from them, against streams of other writers, and against damage.

use super::testing::{Random, jpeg_dct, jpeg_lossless, jpeg_ls, picture};
use super::*;

const JPEG: &str = "1.2.840.10008.1.2.4.57";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
const HTJ2K: &str = "1.2.840.10008.1.2.4.201";
const JPEG_XL: &str = "1.2.840.10008.1.2.4.110";

macro_rules! stream {
    ($name:literal) => {
        include_bytes!(concat!("testing/streams/", $name)).as_slice()
    };
}

fn layout(rows: usize, columns: usize, samples_per_pixel: usize, bits_allocated: u16) -> FrameLayout {
    FrameLayout { samples_per_pixel, ..FrameLayout::grey(rows, columns, bits_allocated) }
}

fn decode(uid: &str, data: &[u8], layout: &FrameLayout) -> Result<(Vec<u16>, Decoded), CodecError> {
    let (frame, decoded) = decode_frame(syntax(uid).unwrap(), data, layout)?;
    let samples = match frame {
        Frame::U8(v) => v.into_iter().map(u16::from).collect(),
        Frame::U16(v) => v,
        other => panic!("{other:?}"),
    };
    Ok((samples, decoded))
}

#[track_caller]
fn check(uid: &str, data: &[u8], layout: &FrameLayout, expected: &[u16], what: &str) {
    let (samples, decoded) = decode(uid, data, layout).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(decoded.damage, None, "{what}");
    let wrong = samples.iter().zip(expected).position(|(a, b)| a != b);
    assert!(wrong.is_none() && samples.len() == expected.len(), "{what}: sample {wrong:?} differs");
}

#[test]
fn lossless_jpeg_of_every_kind() {
    for precision in [2, 7, 8, 12, 16] {
        let bits = if precision > 8 { 16 } else { 8 };
        for (components, interleaved) in [(1, true), (3, true), (3, false)] {
            let samples = picture(13, 17, components, precision, 9);
            for (predictor, restart_rows) in (1..=7).flat_map(|p| [(p, 0), (p, 2)]) {
                let options =
                    jpeg_lossless::Options { precision, predictor, point_transform: 0, restart_rows, interleaved };
                let data = jpeg_lossless::encode(&samples, 13, 17, components, options);
                let what = format!(
                    "{precision} bits, predictor {predictor}, {components} components, restarts {restart_rows}"
                );
                check(JPEG, &data, &layout(13, 17, components, bits), &samples, &what);
                check(JPEG, &data, &layout(13, 17, components, 16), &samples, &what);
            }
        }
        let point_transform = precision / 3;
        let samples = picture(9, 30, 1, precision, 100);
        let thinned: Vec<u16> = samples.iter().map(|v| v >> point_transform << point_transform).collect();
        let options =
            jpeg_lossless::Options { precision, predictor: 4, point_transform, restart_rows: 0, interleaved: true };
        let data = jpeg_lossless::encode(&samples, 9, 30, 1, options);
        check(JPEG, &data, &layout(9, 30, 1, bits), &thinned, &format!("{precision} bits, point transform"));
    }
}

#[test]
fn jpeg_ls_of_every_kind() {
    let presets = [None, Some([0, 0, 0, 0, 17]), Some([0, 0, 0, 0, 0])];
    for precision in [2, 4, 8, 10, 12, 16] {
        let bits = if precision > 8 { 16 } else { 8 };
        for (components, interleave) in [(1, 0), (3, 0), (3, 1), (3, 2)] {
            for (noise, near, restart_lines) in [(0, 0, 0), (9, 0, 5), (2, 1, 0), (60, 3, 4), (5000, 0, 0), (400, 7, 0)]
            {
                if near > (1 << precision) / 4 {
                    continue;
                }
                for presets in presets {
                    let samples = picture(21, 26, components, precision, noise);
                    let options = jpeg_ls::Options { precision, near, interleave, presets, restart_lines };
                    let (data, expected) = jpeg_ls::encode(&samples, 21, 26, components, options);
                    let what = format!("{precision} bits, near {near}, ILV {interleave}, noise {noise}, {presets:?}");
                    let off = samples.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
                    assert!(off <= Some(near as u16), "{what}: the encoder is off by {off:?}");
                    check(JPEG_LS, &data, &layout(21, 26, components, bits), &expected, &what);
                }
            }
        }
    }
}

#[test]
fn jpeg_ls_with_a_maximum_and_thresholds_of_its_own() {
    let samples: Vec<u16> = picture(30, 20, 1, 12, 40).into_iter().map(|v| v % 1001).collect();
    for presets in [[1000, 0, 0, 0, 0], [1000, 5, 9, 33, 100], [4095, 100, 200, 4000, 64]] {
        for near in [0, 2] {
            let options =
                jpeg_ls::Options { precision: 12, near, interleave: 0, presets: Some(presets), restart_lines: 0 };
            let (data, expected) = jpeg_ls::encode(&samples, 30, 20, 1, options);
            check(JPEG_LS, &data, &layout(30, 20, 1, 16), &expected, &format!("{presets:?} near {near}"));
        }
    }
}

#[test]
fn dct_jpeg_is_within_rounding_of_the_picture() {
    for (precision, bits) in [(8, 8), (12, 16)] {
        for (rows, columns, restart_units) in [(16, 16, 0), (19, 37, 2), (8, 9, 0), (1, 1, 0)] {
            let samples = picture(rows, columns, 1, precision, 5);
            let options = jpeg_dct::Options {
                precision,
                step: 1,
                sampling: (1, 1),
                restart_units,
                interleaved: true,
                adobe: None,
            };
            for sampling in [(1, 1), (2, 2)] {
                let options = jpeg_dct::Options { sampling, ..options };
                let data = jpeg_dct::encode(std::slice::from_ref(&samples), rows, columns, options);
                let (got, decoded) = decode(JPEG, &data, &layout(rows, columns, 1, bits)).unwrap();
                let off = got.iter().zip(&samples).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                assert!(off <= 2 && decoded.damage.is_none(), "{precision} bits, {rows} x {columns}: off by {off}");
            }
        }
    }
}

#[test]
fn subsampled_colours_come_back_and_say_what_they_are() {
    let (rows, columns) = (37, 45);
    let slope = |down: usize, across: usize| -> Vec<u16> {
        (0..rows * columns).map(|i| (60 + i / columns * down + i % columns * across) as u16).collect()
    };
    let planes = [slope(2, 1), slope(1, 1), slope(0, 2)];
    for sampling in [(1, 1), (2, 1), (2, 2), (1, 2), (4, 1)] {
        for (interleaved, restart_units) in [(true, 0), (true, 3), (false, 0)] {
            let options =
                jpeg_dct::Options { precision: 8, step: 1, sampling, restart_units, interleaved, adobe: None };
            let data = jpeg_dct::encode(&planes, rows, columns, options);
            let (got, decoded) = decode(JPEG, &data, &layout(rows, columns, 3, 8)).unwrap();
            assert_eq!((decoded.damage, decoded.colour), (None, Colour::AsHeader));
            let wrong = got.chunks(3).enumerate().find(|(i, p)| (0..3).any(|c| p[c].abs_diff(planes[c][*i]) > 5));
            assert_eq!(wrong, None, "sampling {sampling:?}, interleaved {interleaved}");
        }
    }
}

#[test]
fn a_colour_marker_comes_before_the_header() {
    let planes = [vec![76; 64], vec![85; 64], vec![255; 64]];
    let options =
        jpeg_dct::Options { precision: 8, step: 1, sampling: (1, 1), restart_units: 0, interleaved: true, adobe: None };
    let (red, raw) = ([254, 0, 0], [76, 85, 255]);
    for (adobe, ybr, pixel, colour) in [
        (None, true, red, Colour::Rgb),
        (None, false, raw, Colour::AsHeader),
        (Some(1), false, red, Colour::Rgb),
        (Some(0), true, raw, Colour::Rgb),
        (Some(0), false, raw, Colour::AsHeader),
    ] {
        let data = jpeg_dct::encode(&planes, 8, 8, jpeg_dct::Options { adobe, ..options });
        let (got, decoded) = decode(JPEG, &data, &FrameLayout { ybr, ..layout(8, 8, 3, 8) }).unwrap();
        assert_eq!((&got[..3], decoded.colour), (pixel.as_slice(), colour), "Adobe {adobe:?}, header YBR {ybr}");
    }
}

/// Formulas of the streams: see `testing/streams/README.md`.
fn grey() -> Vec<u16> {
    (0..480u16).map(|i| (i / 24, i % 24)).map(|(y, x)| (7 * y * y + 3 * x * x + y * x) % 4096).collect()
}

fn rgb() -> Vec<u16> {
    (0..480u16).map(|i| (i / 24, i % 24)).flat_map(|(y, x)| [9 * y, 7 * x, y * x].map(|v| v % 256)).collect()
}

#[test]
fn streams_of_other_writers() {
    let grey16 = layout(20, 24, 1, 16);
    check(JPEG_2000, stream!("12bit.j2k"), &grey16, &grey(), "JPEG 2000");
    check(JPEG_2000, stream!("12bit.jp2"), &grey16, &grey(), "JPEG 2000 in boxes");
    check(HTJ2K, stream!("12bit.jph"), &grey16, &grey(), "HTJ2K");
    check(JPEG_XL, stream!("12bit.jxl"), &grey16, &grey(), "JPEG XL keeps 12 bits as 12 bits");
    let wide: Vec<u16> = grey().into_iter().map(|v| 16 * v + 3).collect();
    check(JPEG_XL, stream!("16bit.jxl"), &grey16, &wide, "JPEG XL of 16 bits");
    let signed: Vec<u16> = grey().into_iter().map(|v| v.wrapping_sub(2048)).collect();
    check(JPEG_2000, stream!("signed.j2k"), &grey16, &signed, "signed samples are extended to the word");
    let libjpeg: Vec<u16> = stream!("progressive.grey").iter().map(|v| u16::from(*v)).collect();
    check(JPEG, stream!("progressive.jpg"), &layout(20, 24, 1, 8), &libjpeg, "progressive JPEG");
    for (uid, data) in [(JPEG_2000, stream!("rgb.j2k")), (JPEG_XL, stream!("rgb.jxl"))] {
        check(uid, data, &layout(20, 24, 3, 8), &rgb(), "colours");
        assert_eq!(decode(uid, data, &layout(20, 24, 3, 8)).unwrap().1.colour, Colour::Rgb);
    }
}

/// Every code-block style, progression order and layout of tiles that OpenJPEG can write.
#[test]
fn jpeg_2000_of_every_kind() {
    let samples = picture(40, 52, 1, 12, 30);
    let grey = layout(40, 52, 1, 16);
    for (name, data) in [
        ("all block styles at once", stream!("modes.j2k")),
        ("tiles, precincts, layers, packet markers", stream!("tiles.j2k")),
        ("off the origin, raw bits", stream!("offset.j2k")),
        ("a change of progression", stream!("order.j2k")),
        ("a region of interest", stream!("region.j2k")),
    ] {
        check(JPEG_2000, data, &grey, &samples, name);
    }
    let (floats, decoded) = decode(JPEG_2000, stream!("float.j2k"), &grey).unwrap();
    let off = floats.iter().zip(&samples).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(off <= 1 && decoded.damage.is_none(), "the 9-7 filter is off by {off}");
    let refined: Vec<u16> = stream!("refined.words").chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
    check(HTJ2K, stream!("refined.jph"), &layout(13, 21, 1, 16), &refined, "refinement passes of HTJ2K");
    let large = picture(128, 128, 1, 12, 30);
    for (uid, data) in
        [(JPEG_2000, stream!("large.j2k")), (HTJ2K, stream!("large.jph")), (JPEG_XL, stream!("large.jxl"))]
    {
        check(uid, data, &layout(128, 128, 1, 16), &large, "several blocks");
    }
}

/// One stream of every kind, with its layout and the samples that it decodes to.
fn samples_of_all_kinds() -> Vec<(&'static str, &'static str, Vec<u8>, FrameLayout)> {
    let mut all = Vec::new();
    let lossless = |components: usize, restart_rows| {
        let options =
            jpeg_lossless::Options { precision: 12, predictor: 1, point_transform: 0, restart_rows, interleaved: true };
        jpeg_lossless::encode(&picture(24, 20, components, 12, 30), 24, 20, components, options)
    };
    all.push(("lossless JPEG", JPEG, lossless(1, 0), layout(24, 20, 1, 16)));
    all.push(("lossless JPEG with restarts", JPEG, lossless(3, 4), layout(24, 20, 3, 16)));
    let ls = |components: usize, near, interleave, restart_lines| {
        let options = jpeg_ls::Options { precision: 12, near, interleave, presets: Some([0; 5]), restart_lines };
        jpeg_ls::encode(&picture(24, 20, components, 12, 30), 24, 20, components, options).0
    };
    all.push(("JPEG-LS", JPEG_LS, ls(1, 0, 0, 0), layout(24, 20, 1, 16)));
    all.push(("JPEG-LS by line", JPEG_LS, ls(3, 2, 1, 5), layout(24, 20, 3, 16)));
    all.push(("JPEG-LS by sample", JPEG_LS, ls(3, 0, 2, 0), layout(24, 20, 3, 16)));
    let dct = |sampling, restart_units, interleaved| {
        let options = jpeg_dct::Options { precision: 8, step: 3, sampling, restart_units, interleaved, adobe: Some(1) };
        let planes: Vec<Vec<u16>> = (0..3).map(|c| picture(24, 20, 1, 8, 10 + c)).collect();
        jpeg_dct::encode(&planes, 24, 20, options)
    };
    all.push(("DCT JPEG", JPEG, dct((2, 2), 1, true), layout(24, 20, 3, 8)));
    all.push(("DCT JPEG by component", JPEG, dct((2, 1), 0, false), layout(24, 20, 3, 8)));
    all.push(("progressive JPEG", JPEG, stream!("progressive.jpg").to_vec(), layout(20, 24, 1, 8)));
    all.push(("JPEG 2000", JPEG_2000, stream!("12bit.jp2").to_vec(), layout(20, 24, 1, 16)));
    all.push(("JPEG 2000 colours", JPEG_2000, stream!("rgb.j2k").to_vec(), layout(20, 24, 3, 8)));
    for data in [stream!("modes.j2k"), stream!("tiles.j2k"), stream!("offset.j2k"), stream!("float.j2k")] {
        all.push(("JPEG 2000 of many kinds", JPEG_2000, data.to_vec(), layout(40, 52, 1, 16)));
    }
    all.push(("HTJ2K with refinement", HTJ2K, stream!("refined.jph").to_vec(), layout(13, 21, 1, 16)));
    all.push(("HTJ2K", HTJ2K, stream!("12bit.jph").to_vec(), layout(20, 24, 1, 16)));
    all.push(("JPEG XL", JPEG_XL, stream!("12bit.jxl").to_vec(), layout(20, 24, 1, 16)));
    all.push(("JPEG XL colours", JPEG_XL, stream!("rgb.jxl").to_vec(), layout(20, 24, 3, 8)));
    all
}

#[test]
fn a_stream_that_breaks_off_keeps_its_beginning_and_says_so() {
    for (name, uid, data, layout) in samples_of_all_kinds() {
        let (whole, _) = decode(uid, &data, &layout).unwrap();
        let by_rows = uid == JPEG_LS || name.starts_with("lossless");
        let (mut most, mut silent) = (0, Vec::new());
        for cut in 0..data.len() - 3 {
            match decode(uid, &data[..cut], &layout) {
                Ok((samples, decoded)) => {
                    let known = decoded.pixels * layout.samples_per_pixel;
                    if decoded.damage.is_none() {
                        silent.push(cut);
                    }
                    if by_rows && decoded.damage.is_some() {
                        assert_eq!(samples[..known], whole[..known], "{name} cut at {cut}");
                        assert!(samples[known..].iter().all(|v| *v == 0), "{name} cut at {cut}");
                        assert!(decoded.pixels >= most, "{name} cut at {cut}");
                        most = decoded.pixels;
                    }
                }
                Err(CodecError::Disagrees { found, .. }) => panic!("{name} cut at {cut}: {found}"),
                Err(_) => {}
            }
        }
        // The last bytes may hold nothing but padding and the end marker.
        assert!(silent.iter().all(|cut| cut + 40 > data.len()), "{name} is silent when cut at {silent:?}");
        assert!(!by_rows || most >= 20 * layout.columns, "{name} keeps {most} pixels at most");
    }
}

#[test]
fn damaged_streams_neither_panic_nor_hang() {
    let mut random = Random(42);
    let start = std::time::Instant::now();
    for (name, uid, data, layout) in samples_of_all_kinds() {
        for round in 0..1500 {
            let mut bad = data.clone();
            for _ in 0..1 + random.below(6) {
                let at = if round % 2 == 0 { random.below(bad.len()) } else { random.below(bad.len().min(120)) };
                bad[at] = match random.below(3) {
                    0 => 0xFF,
                    1 => 0,
                    _ => random.below(256) as u8,
                };
            }
            if random.below(4) == 0 {
                bad.truncate(random.below(bad.len()));
            }
            let ours = uid != JPEG_XL;
            if let Err(error) = decode(uid, &bad, &layout) {
                assert!(!ours || !error.to_string().contains("internal error"), "{name} round {round}: {error}");
            }
        }
    }
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

#[test]
fn a_stream_that_is_another_picture_is_refused() {
    for (name, uid, data, right) in samples_of_all_kinds() {
        let wrong = [
            FrameLayout { rows: right.rows + 1, ..right },
            FrameLayout { columns: right.columns - 1, ..right },
            FrameLayout { samples_per_pixel: 4 - right.samples_per_pixel, ..right },
        ];
        for wrong in wrong {
            assert!(matches!(decode(uid, &data, &wrong), Err(CodecError::Disagrees { .. })), "{name}: {wrong:?}");
        }
        if right.bits_allocated == 16 {
            let narrow = FrameLayout { bits_allocated: 8, ..right };
            assert!(matches!(decode(uid, &data, &narrow), Err(CodecError::Disagrees { .. })), "{name}");
        }
    }
    for (uid, label) in [(JPEG, "DICM"), (JPEG_LS, ""), (JPEG_2000, "\0\0\0\0"), (JPEG_XL, "xxxx")] {
        assert!(decode(uid, label.as_bytes(), &layout(4, 4, 1, 16)).is_err());
    }
    assert!(
        decode("1.2.840.10008.1.2.4.102", &[0; 100], &layout(4, 4, 1, 8)).unwrap_err().to_string().contains("H.264")
    );
}

/// A few bytes of a JPEG 2000 header that would cost gigabytes.
#[test]
fn greedy_jpeg_2000_headers_are_refused() {
    let at = |marker: u8| {
        let data = stream!("12bit.j2k");
        data.windows(2).position(|w| w == [0xFF, marker]).unwrap()
    };
    let with = |place: usize, bytes: &[u8]| {
        let mut data = stream!("12bit.j2k").to_vec();
        data[place..place + bytes.len()].copy_from_slice(bytes);
        decode(JPEG_2000, &data, &layout(20, 24, 1, 16))
    };
    let (size, style) = (at(0x51), at(0x52));
    let tile_of_one_sample = [0, 0, 0, 1, 0, 0, 0, 1];
    assert!(matches!(with(size + 4 + 18, &tile_of_one_sample), Err(CodecError::Unsupported { .. })));
    assert!(matches!(with(size + 4 + 18, &[0; 8]), Err(CodecError::Damaged { .. })));
    assert!(matches!(with(size + 4 + 36 + 1, &[2]), Err(CodecError::Unsupported { .. })));
    assert!(matches!(with(style + 4 + 5, &[33]), Err(CodecError::Damaged { .. })));
    // Precincts of two samples need their sizes in a longer segment.
    let mut data = stream!("12bit.j2k").to_vec();
    let levels = usize::from(data[style + 9]);
    data[style + 3] += levels as u8 + 1;
    data[style + 4] |= 1;
    data.splice(style + 14..style + 14, vec![0x11; levels + 1]);
    data[style + 6..style + 8].copy_from_slice(&[0xFF, 0xFF]);
    let error = decode(JPEG_2000, &data, &layout(20, 24, 1, 16)).unwrap_err();
    assert!(matches!(&error, CodecError::Unsupported { what } if what.contains("packets")), "{error}");
}
