//! Pixels of every layout: bits, signs, look-up tables, frames and fragments, colours, drawings over them.

use crate::dicom_files::*;
use crate::study_files::{expected, scan_bytes, scan_of, values};
use spondyl::study::assemble;
use spondyl::volume::{FindingCode, Kind, Samples};

#[test]
fn bits_stored_high_bit_and_sign_are_honoured() {
    let words = |w: Vec<u16>| Value::Words(w);
    let twelve = |high: u16, signed: u16| slice(1).us(0x0028_0101, 12).us(0x0028_0102, high).us(0x0028_0103, signed);
    let raw: Vec<u16> = (0..12).map(|n| n * 341).collect();
    let unsigned: Vec<f64> = raw.iter().map(|w| f64::from(*w)).collect();
    let signed: Vec<f64> =
        raw.iter().map(|&w| f64::from(if w > 2047 { i32::from(w) - 4096 } else { w.into() })).collect();
    let dirty: Vec<u16> = raw.iter().map(|w| w | 0xA000).collect();
    let raised: Vec<u16> = raw.iter().map(|w| w << 4 | 0xB).collect();
    for syntax in [EXPLICIT_LE, EXPLICIT_BE] {
        let of = |d: Dicom, w: &Vec<u16>| values(&d.put(0x7FE0_0010, b"OW", words(w.clone())).file(syntax)).0;
        assert_eq!(of(twelve(11, 0), &dirty), unsigned);
        assert_eq!(of(twelve(11, 1), &dirty), signed);
        assert_eq!(of(twelve(15, 0), &raised), unsigned);
        assert_eq!(of(twelve(15, 1), &raised), signed);
    }
}

#[test]
fn samples_are_held_in_the_narrowest_exact_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let held = |change: fn(Dicom) -> Dicom| {
        write(folder.path(), "one.dcm", &change(slice(1)).file(EXPLICIT_LE));
        assemble(&scan_of(folder.path()).series[0], &()).expect("memory").volume.samples
    };
    assert!(matches!(held(|d| d), Samples::I16(_)));
    assert!(matches!(held(|d| d.us(0x0028_0103, 0)), Samples::U16(_)));
    let bytes = |d: Dicom| d.us(0x0028_0100, 8).us(0x0028_0101, 8).us(0x0028_0102, 7).us(0x0028_0103, 0);
    let eight = bytes(slice(1)).put(0x7FE0_0010, b"OB", Value::Bytes((0..12).collect()));
    write(folder.path(), "one.dcm", &eight.file(EXPLICIT_LE));
    let volume = assemble(&scan_of(folder.path()).series[0], &()).expect("memory").volume;
    assert_eq!(volume.samples, Samples::U8((0..12).collect()));
    let floats: Vec<u8> = (0..12).flat_map(|n| (n as f32 / 3.0).to_le_bytes()).collect();
    let float = slice(1).without(0x7FE0_0010).us(0x0028_0100, 32).put(0x7FE0_0008, b"OF", Value::Bytes(floats));
    write(folder.path(), "one.dcm", &float.file(EXPLICIT_LE));
    let volume = assemble(&scan_of(folder.path()).series[0], &()).expect("memory").volume;
    assert_eq!(volume.samples, Samples::F32((0..12).map(|n| n as f32 / 3.0).collect()));
}

#[test]
fn a_modality_lut_stands_in_for_the_rescale() {
    let lut = Dicom::default()
        .put(0x0028_3002, b"US", Value::Words(vec![4, 2, 16]))
        .text(0x0028_3004, b"LO", "OD")
        .put(0x0028_3006, b"OW", Value::Words(vec![1000, 2000, 3000, 60000]));
    let words = vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 65535];
    let image = slice(1).us(0x0028_0103, 0).put(0x0028_3000, b"SQ", Value::Items(vec![lut])).put(
        0x7FE0_0010,
        b"OW",
        Value::Words(words),
    );
    let expected = [1000, 1000, 1000, 2000, 3000, 60000].map(f64::from);
    let (got, _) = values(&image.file(EXPLICIT_LE));
    assert_eq!(got[..6], expected);
    assert!(got[6..].iter().all(|v| *v == 60000.0));
}

#[test]
fn functional_groups_are_resolved_for_each_frame() {
    let own_rescale = |set: Dicom| {
        let rescale = Dicom::default().text(0x0028_1052, b"DS", "1").text(0x0028_1053, b"DS", "3");
        set.put(0x0028_9145, b"SQ", Value::Items(vec![rescale]))
    };
    // Stored from the head down; frame 2 of 3 alone has a rescale of its own.
    let file = enhanced(3, |n| if n == 1 { own_rescale(at(5.0)) } else { at(10.0 - 5.0 * n as f64) }).file(EXPLICIT_LE);
    let (got, said) = values(&file);
    let of = |n: i16, slope: f64, intercept: f64| VALUES.map(|v| f64::from(v + n) * slope + intercept);
    assert_eq!(got, [of(2, 2.0, 7.0), of(1, 3.0, 1.0), of(0, 2.0, 7.0)].concat());
    assert_eq!(said, [FindingCode::MixedRescale]);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "e.dcm", &file);
    let scan = scan_of(folder.path());
    let series = &scan.series[0];
    let numbers: Vec<_> = series.frames.iter().map(|f| f.frame_number()).collect();
    assert_eq!((series.kind, series.files().len(), numbers), (Kind::Volume, 1, vec![Some(3), Some(2), Some(1)]));
}

#[test]
fn frames_that_are_not_there_are_said_and_not_made_up() {
    let groups_missing = enhanced(3, |n| at(n as f64)).text(0x0028_0008, b"IS", "5");
    let (got, said) = values(&groups_missing.file(EXPLICIT_LE));
    assert_eq!((got.len(), said), (36, vec![FindingCode::TruncatedPixelData]));
    for frames in ["2147483647", "-3", "six", "1.5"] {
        let claims = scan_bytes(&slice(1).text(0x0028_0008, b"IS", frames).file(EXPLICIT_LE));
        let message = &claims.series[0].findings[0].message;
        assert!(message.contains("NumberOfFrames (0028,0008)"), "{message}");
    }
}

#[test]
fn a_truncated_frame_keeps_what_is_there_and_is_filled_with_air() {
    let file = slice(1).file(EXPLICIT_LE);
    let (got, said) = values(&file[..file.len() - 9]);
    assert_eq!(got[..7], expected()[..7]);
    assert_eq!((&got[7..], said), ([-1024.0; 5].as_slice(), vec![FindingCode::TruncatedPixelData]));
}

#[test]
fn compressed_frames_are_put_together_with_and_without_tables() {
    // PackBits by hand: each of the two byte planes of a 4 x 3 frame is one literal run.
    let rle = |n: i16| {
        let words = VALUES.map(|v| (v + n) as u16);
        let plane = |shift: u32| [vec![11u8], words.map(|w| (w >> shift) as u8).to_vec(), vec![0]].concat();
        let mut header = [0u32; 16];
        header[..3].copy_from_slice(&[2, 64, 78]);
        [header.iter().flat_map(|w| w.to_le_bytes()).collect(), plane(8), plane(0)].concat()
    };
    let halves = |frame: Vec<u8>| [frame[..50].to_vec(), frame[50..].to_vec()];
    let frames: Vec<Vec<u8>> = (0..3).map(rle).collect();
    let split: Vec<Vec<u8>> = frames.iter().cloned().flat_map(halves).collect();
    let table = |places: &[u32]| places.iter().flat_map(|p| p.to_le_bytes()).collect::<Vec<u8>>();
    let whole = frames[0].len() as u32 + 8;
    let cases = [
        (vec![], frames.clone(), None),
        (table(&[0, whole, 2 * whole]), frames.clone(), None),
        (table(&[0, whole + 8, 2 * whole + 16]), split.clone(), None),
        (table(&[0, 5, 0xFFFF_FFF0]), frames.clone(), Some(FindingCode::BadValue)),
        (vec![], split, None),
    ];
    let all: Vec<f64> = (0..3).flat_map(|n| VALUES.map(|v| f64::from(v + n) * 2.0 + 7.0)).collect();
    for (table, fragments, code) in cases {
        let pixels = Value::Fragments(table.clone(), fragments);
        let image = enhanced(3, |n| at(n as f64)).put(0x7FE0_0010, b"OB", pixels);
        assert_eq!(values(&image.file(RLE)), (all.clone(), code.into_iter().collect()), "{table:?}");
    }
    let two = Value::Fragments(vec![], frames[..2].to_vec());
    let (got, said) = values(&enhanced(3, |n| at(n as f64)).put(0x7FE0_0010, b"OB", two).file(RLE));
    assert_eq!((got.len(), said), (24, vec![FindingCode::TruncatedPixelData]));
}

#[test]
fn words_of_thirty_two_bits_and_doubles_are_exact() {
    let numbers: [i32; 12] = [0, 1, -1, 70_000, -70_000, 1 << 23, -(1 << 23), 40, 65_535, 65_536, -32_769, 9];
    let longs = Value::Longs(numbers.map(|n| n as u32).to_vec());
    for (signed, syntax) in [(1, EXPLICIT_LE), (1, EXPLICIT_BE), (1, IMPLICIT_LE), (0, EXPLICIT_BE), (0, EXPLICIT_LE)] {
        let image = slice(1).us(0x0028_0100, 32).us(0x0028_0101, 32).us(0x0028_0102, 31).us(0x0028_0103, signed);
        let got = values(&image.put(0x7FE0_0010, b"OW", longs.clone()).file(syntax)).0;
        let of = |n: i32| if signed == 1 { f64::from(n) } else { f64::from(n as u32) };
        assert_eq!(got, numbers.map(|n| f64::from(of(n) as f32)), "{syntax} {signed}");
    }
    let doubles: Vec<u8> = (0..12).flat_map(|n| (f64::from(n) * 0.25 - 1.0).to_le_bytes()).collect();
    let double = slice(1).without(0x7FE0_0010).us(0x0028_0100, 64).put(0x7FE0_0009, b"OD", Value::Bytes(doubles));
    assert_eq!(values(&double.file(EXPLICIT_LE)).0, (0..12).map(|n| f64::from(n) * 0.25 - 1.0).collect::<Vec<_>>());
}

fn bytes_of(stored: u16, bytes: &[u8]) -> Dicom {
    let image = slice(1).us(0x0028_0100, 8).us(0x0028_0101, stored).us(0x0028_0102, stored - 1).us(0x0028_0103, 0);
    image.put(0x7FE0_0010, b"OB", Value::Bytes(bytes.to_vec()))
}

#[test]
fn bits_above_the_stored_ones_are_left_out() {
    let clean: Vec<u8> = (0..12).map(|n| n * 5).collect();
    let dirty: Vec<u8> = clean.iter().map(|b| b | 0xC0).collect();
    let expected: Vec<f64> = clean.iter().map(|b| f64::from(*b)).collect();
    assert_eq!(values(&bytes_of(6, &dirty).file(EXPLICIT_LE)).0, expected);
    let signed = bytes_of(6, &[0x3F; 12]).us(0x0028_0103, 1).file(EXPLICIT_LE);
    assert_eq!(values(&signed).0, [-1.0; 12]);
}

/// Colours are shown as pictures, by their brightness (ITU-R BT.601).
#[test]
fn colours_have_the_same_brightness_however_they_are_stored() {
    let pixels: Vec<[u8; 3]> = (0..12u8).map(|n| [n * 20, 255 - n * 11, n * 7]).collect();
    let luminance = |[r, g, b]: [u8; 3]| 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    let expected: Vec<f64> = pixels.iter().map(|p| luminance(*p).round()).collect();
    let colour = |planar: u16, bytes: Vec<u8>| {
        let image = bytes_of(8, &bytes).us(0x0028_0002, 3).us(0x0028_0006, planar);
        image.text(0x0028_0004, b"CS", "RGB").without(0x0028_1052).without(0x0028_1053)
    };
    let planes: Vec<u8> = (0..3).flat_map(|c| pixels.iter().map(move |p| p[c])).collect();
    for (planar, bytes) in [(0, pixels.concat()), (1, planes)] {
        let (got, said) = values(&colour(planar, bytes).file(EXPLICIT_LE));
        assert_eq!((got, said), (expected.clone(), vec![FindingCode::ColourAsGrey]), "planar {planar}");
    }
    // Two luminances, then the colour differences that they share (PS3.3 C.7.6.3.1.2); and one of each for every pixel.
    let halved: Vec<u8> = (0..6).flat_map(|n| [20 * n, 20 * n + 10, 100, 200]).collect();
    let shared = colour(0, halved).text(0x0028_0004, b"CS", "YBR_FULL_422").file(EXPLICIT_LE);
    assert_eq!(values(&shared).0, (0..12).map(|n| f64::from(n * 10)).collect::<Vec<_>>());
    let full: Vec<u8> = (0..12).flat_map(|n| [n * 10, 100, 200]).collect();
    let full = colour(0, full).text(0x0028_0004, b"CS", "YBR_FULL").file(EXPLICIT_LE);
    assert_eq!(values(&full).0, (0..12).map(|n| f64::from(n * 10)).collect::<Vec<_>>());
}

#[test]
fn a_palette_gives_the_brightness_of_its_colours() {
    let table = |scale: u16| Value::Words((0..4u16).map(|n| (n * 60 + 5) * scale).collect());
    let indices: Vec<u8> = (0..12).collect();
    for (bits, scale) in [(8, 1), (16, 257)] {
        let mut image = bytes_of(8, &indices).text(0x0028_0004, b"CS", "PALETTE COLOR");
        for channel in 0..3u32 {
            let descriptor = Value::Words(vec![4, 2, bits]);
            image = image.put(0x0028_1101 + channel, b"US", descriptor).put(0x0028_1201 + channel, b"OW", table(scale));
        }
        // Indices up to the first mapped take its entry, those beyond the last the last.
        let expected = [5, 5, 5, 65, 125, 185, 185, 185, 185, 185, 185, 185].map(f64::from);
        assert_eq!(values(&image.file(EXPLICIT_LE)).0, expected, "{bits} bits");
    }
}

#[test]
fn frames_of_single_bits_follow_each_other_without_gaps() {
    let bits: Vec<bool> = (0..36).map(|n| n % 5 == 0 || n % 7 == 3).collect();
    let packed: Vec<u8> =
        bits.chunks(8).map(|c| c.iter().enumerate().fold(0, |b, (i, on)| b | u8::from(*on) << i)).collect();
    let image = enhanced(3, |n| at(n as f64))
        .us(0x0028_0100, 1)
        .us(0x0028_0101, 1)
        .us(0x0028_0102, 0)
        .us(0x0028_0103, 0)
        .without(0x5200_9229)
        .put(0x7FE0_0010, b"OB", Value::Bytes(packed));
    let one = |set: Dicom| Value::Items(vec![set]);
    let shared = Dicom::default()
        .put(0x0020_9116, b"SQ", one(Dicom::default().text(0x0020_0037, b"DS", "1\\0\\0\\0\\1\\0")))
        .put(0x0028_9110, b"SQ", one(Dicom::default().text(0x0028_0030, b"DS", "0.5\\0.75")));
    let (got, _) = values(&image.put(0x5200_9229, b"SQ", one(shared)).file(EXPLICIT_LE));
    assert_eq!(got, bits.iter().map(|on| f64::from(u8::from(*on))).collect::<Vec<_>>());
}

/// A blank radiograph is rightly a hundred times smaller than its pixels.
#[test]
fn a_large_blank_frame_is_no_bomb() {
    const SIDE: usize = 3000;
    let plane = |value: u8| [129u8, value].repeat((SIDE * SIDE).div_ceil(128));
    let (high, low) = (plane(1), plane(0x40));
    let mut header = [0u32; 16];
    header[..3].copy_from_slice(&[2, 64, 64 + high.len() as u32]);
    let rle = [header.iter().flat_map(|w| w.to_le_bytes()).collect(), high, low].concat();
    let image = slice(1).us(0x0028_0010, SIDE as u16).us(0x0028_0011, SIDE as u16);
    let file = image.put(0x7FE0_0010, b"OB", Value::Fragments(vec![], vec![rle])).file(RLE);
    assert!(2 * SIDE * SIDE > 60 * file.len());
    let (got, said) = values(&file);
    assert!(got.len() == SIDE * SIDE && got.iter().all(|v| *v == 320.0) && said.is_empty(), "{said:?}");
}

/// One frame of RLE whose words are those of a [`slice`] and a number more.
fn run_lengths(more: i16) -> Vec<u8> {
    let words = VALUES.map(|v| (v + more) as u16);
    let plane = |shift: u32| [vec![11u8], words.map(|w| (w >> shift) as u8).to_vec(), vec![0]].concat();
    let mut header = [0u32; 16];
    header[..3].copy_from_slice(&[2, 64, 78]);
    [header.iter().flat_map(|w| w.to_le_bytes()).collect(), plane(8), plane(0)].concat()
}

#[test]
fn fragments_are_found_by_an_extended_table_and_joined_without_one() {
    let frames: Vec<Vec<u8>> = (0..3).map(run_lengths).collect();
    let split: Vec<Vec<u8>> =
        frames.iter().flat_map(|f| [f[..30].to_vec(), f[30..60].to_vec(), f[60..].to_vec()]).collect();
    let whole = frames[0].len() as u64 + 24;
    let table = |numbers: [u64; 3]| Value::Bytes(numbers.iter().flat_map(|n| n.to_le_bytes()).collect());
    let image = enhanced(3, |n| at(n as f64)).put(0x7FE0_0010, b"OB", Value::Fragments(vec![], split.clone()));
    let image = image.put(0x7FE0_0001, b"OV", table([0, whole, 2 * whole]));
    let image = image.put(0x7FE0_0002, b"OV", table([frames[0].len() as u64; 3]));
    let all: Vec<f64> = (0..3).flat_map(|n| VALUES.map(|v| f64::from(v + n) * 2.0 + 7.0)).collect();
    assert_eq!(values(&image.file(RLE)), (all, vec![]));
    // One frame has all fragments, whatever the table says.
    for table in [vec![], vec![0; 4], vec![9; 12]] {
        let single = slice(1).put(0x7FE0_0010, b"OB", Value::Fragments(table, split[..3].to_vec()));
        assert_eq!(values(&single.file(RLE)).0, expected());
    }
}

#[test]
fn missing_descriptions_of_samples_are_assumed_and_said() {
    for (tag, named) in [
        (0x0028_0101, "BitsStored (0028,0101)"),
        (0x0028_0004, "PhotometricInterpretation (0028,0004)"),
        (0x0028_0103, "PixelRepresentation (0028,0103)"),
    ] {
        let scan = scan_bytes(&slice(1).without(tag).file(EXPLICIT_LE));
        let [series] = scan.series.as_slice() else { panic!("{named}: {:?}", scan.skipped) };
        let said = series.findings.iter().find(|f| f.message.contains(named));
        assert!(said.is_some_and(|f| f.code == FindingCode::BadValue && f.message.contains("missing")), "{named}");
    }
    assert_eq!(values(&slice(1).without(0x0028_0102).file(EXPLICIT_LE)), (expected(), vec![]), "HighBit follows");
}

#[test]
fn what_follows_the_pixels_is_left_out() {
    let file = slice(1).file(EXPLICIT_LE);
    let trailing = Dicom::default().put(0xFFFC_FFFC, b"OB", Value::Bytes(vec![0; 64])).data_set(EXPLICIT_LE);
    for more in [trailing, b"some text behind the end".to_vec(), vec![0xFF; 40]] {
        assert_eq!(values(&[file.clone(), more].concat()).0, expected());
    }
}

/// A program that did not know a sequence passed it on as `UN` of undefined length, which is implicit then (PS3.5 6.2.2).
#[test]
fn sequences_stored_as_unknown_are_implicit_inside() {
    let implicit = Dicom::default().put(0x0028_3010, b"SQ", Value::OpenItems(vec![lut()])).data_set(IMPLICIT_LE);
    let unknown = [&implicit[..4], b"UN\0\0", &implicit[4..]].concat();
    let file = slice(1).us(0x0028_0103, 0).file(EXPLICIT_LE);
    let pixels = file.windows(4).rposition(|w| w == [0xE0, 0x7F, 0x10, 0]).expect("pixel data");
    let scan = scan_bytes(&[&file[..pixels], &unknown, &file[pixels..]].concat());
    let [series] = scan.series.as_slice() else { panic!("{:?}", scan.skipped) };
    let luts = &series.frames[0].voi().luts;
    assert_eq!((luts.len(), luts[0].entries.as_slice()), (1, [0u16, 10, 200, 255].as_slice()));
}

fn lut() -> Dicom {
    Dicom::default().put(0x0028_3002, b"US", Value::Words(vec![4, 0, 8])).text(0x0028_3003, b"LO", "bone").put(
        0x0028_3006,
        b"OW",
        Value::Words(vec![0, 10, 200, 255]),
    )
}

#[test]
fn windows_tables_and_their_explanations_are_kept() {
    use spondyl::volume::VoiFunction;
    let image = slice(1)
        .text(0x0028_1050, b"DS", "40\\300\\0.5")
        .text(0x0028_1051, b"DS", "400\\1500\\0.5")
        .text(0x0028_1055, b"LO", "soft\\bone\\narrow")
        .put(0x0028_3010, b"SQ", Value::Items(vec![lut()]));
    for (function, expected) in
        [("", VoiFunction::Linear), ("LINEAR_EXACT", VoiFunction::LinearExact), ("SIGMOID", VoiFunction::Sigmoid)]
    {
        let scan = scan_bytes(&image.clone().text(0x0028_1056, b"CS", function).file(EXPLICIT_LE));
        let windows = scan.series[0].windows();
        let told: Vec<_> =
            windows.iter().map(|w| (w.center, w.width, w.explanation.as_deref().unwrap_or(""))).collect();
        assert_eq!(told, [(40.0, 400.0, "soft"), (300.0, 1500.0, "bone"), (0.5, 0.5, "narrow")]);
        assert_eq!(windows[1].function, expected);
        let luts = &scan.series[0].frames[0].voi().luts;
        assert_eq!((luts.len(), luts[0].explanation.as_deref(), luts[0].bits), (1, Some("bone"), 8));
    }
}

#[test]
fn padding_and_the_brightness_of_small_values_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let signed = slice(1).text(0x0028_0004, b"CS", "MONOCHROME1").put(0x0028_0120, b"SS", Value::Words(vec![0xFC00]));
    signed.put(0x0028_0121, b"SS", Value::Words(vec![0xFC18])).save(folder.path(), "p");
    let scan = scan_of(folder.path());
    assert!(scan.series[0].findings.iter().any(|f| f.code == FindingCode::PixelPadding));
    let volume = assemble(&scan.series[0], &()).expect("memory").volume;
    assert_eq!((volume.padding, volume.inverted), (Some((-1024, -1000)), true));
}

/// Drawings over an image: apart, in a bit of the pixels, for some frames only; and such as make no sense.
#[test]
fn overlay_planes_are_found_and_are_no_part_of_the_values() {
    let marked = |column: i64, row: i64| column == row;
    let packed = |columns: usize, rows: usize| -> Vec<u8> {
        let bits = (0..columns * rows).map(|n| marked((n % columns) as i64, (n / columns) as i64));
        let mut bytes = vec![0u8; (columns * rows).div_ceil(16) * 2];
        bits.enumerate().for_each(|(n, on)| bytes[n / 8] |= u8::from(on) << (n % 8));
        bytes
    };
    let apart = |set: Dicom, group: u32, data: Value| {
        let at = |element: u32| group << 16 | element;
        set.us(at(0x10), 3)
            .us(at(0x11), 4)
            .text(at(0x40), b"CS", "G")
            .put(at(0x50), b"SS", Value::Words(vec![1, 2]))
            .us(at(0x100), 1)
            .us(at(0x102), 0)
            .put(at(0x3000), b"OW", data)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let words = |bytes: &[u8]| Value::Words(bytes.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect());
    for syntax in [EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED] {
        let image = apart(apart(slice(1), 0x6000, words(&packed(4, 3))), 0x6002, Value::Words(vec![0]));
        let file = image.file(syntax);
        assert_eq!(values(&file), (expected(), vec![FindingCode::OverlayPlane, FindingCode::OverlayPlane]), "{syntax}");
        write(folder.path(), "one", &file);
        let scan = scan_of(folder.path());
        let [overlay] = scan.series[0].frames[0].overlays().try_into().expect("the other one is empty");
        for (x, y) in (-1..6).flat_map(|x| (-1..5).map(move |y| (x, y))) {
            // Its first pixel lies at the second column of the first row.
            let inside = (1..5).contains(&x) && (0..3).contains(&y);
            assert_eq!(overlay.marks(x, y), inside && marked(x - 1, y), "{syntax} {x} {y}");
        }
    }
    let raw: Vec<u16> =
        (0..12u16).map(|n| (n * 9) | (u16::from(marked(i64::from(n % 4), i64::from(n / 4))) << 14)).collect();
    for syntax in [EXPLICIT_LE, EXPLICIT_BE] {
        let embedded = slice(1).us(0x0028_0101, 12).us(0x0028_0102, 11).us(0x0028_0103, 0);
        let embedded = embedded.us(0x6000_0010, 3).us(0x6000_0011, 4).us(0x6000_0100, 16).us(0x6000_0102, 14);
        write(folder.path(), "one", &embedded.put(0x7FE0_0010, b"OW", Value::Words(raw.clone())).file(syntax));
        let scan = scan_of(folder.path());
        let [overlay] = scan.series[0].frames[0].overlays().try_into().expect("one");
        assert!((0..12).all(|n| overlay.marks(n % 4, n / 4) == marked(n % 4, n / 4)), "{syntax}");
        let volume = assemble(&scan.series[0], &()).expect("memory").volume;
        assert_eq!(volume.samples, Samples::U16((0..12).map(|n| n * 9).collect()));
    }
    // Two frames of drawings, over the second and third frame of the image.
    let both = [packed(4, 3)[..1].to_vec(), vec![packed(4, 3)[1] & 0xF | 0xF0, 0xFF]].concat();
    let frames = apart(enhanced(3, |n| at(n as f64)), 0x6000, Value::Bytes([both, vec![0]].concat()));
    write(folder.path(), "one", &frames.text(0x6000_0015, b"IS", "2").us(0x6000_0051, 2).file(EXPLICIT_LE));
    let scan = scan_of(folder.path());
    let over: Vec<usize> = scan.series[0].frames.iter().map(|f| f.overlays().len()).collect();
    assert_eq!(over, [0, 1, 1]);
    assert!((0..12).all(|n| scan.series[0].frames[2].overlays()[0].marks(n % 4 + 1, n / 4)));
    for broken in [
        apart(slice(1), 0x6000, Value::Words(vec![])),
        apart(slice(1), 0x6000, words(&packed(4, 3))).us(0x6000_0010, 60_000),
        apart(slice(1), 0x6000, words(&packed(4, 3))).without(0x6000_0011),
    ] {
        let scan = scan_bytes(&broken.file(EXPLICIT_LE));
        let said = &scan.series[0].findings[0].message;
        assert!(said.contains("(6000,") && said.contains("expected") && said.contains("left out"), "{said}");
        assert!(scan.series[0].frames[0].overlays().is_empty());
    }
}
