//! A series of up to twelve small files whose positions, orientations, spacings and identities say anything, near the
//! truth or far from it.
#![no_main]

mod common;
#[allow(dead_code)]
#[path = "../../tests/suite/dicom_files.rs"]
mod dicom_files;

use arbitrary::{Arbitrary, Result, Unstructured};
use dicom_files::{Dicom, EXPLICIT_LE, ct_slice};
use libfuzzer_sys::fuzz_target;

/// A number text: regular steps with a disturbance, or what no number is.
fn number(u: &mut Unstructured, regular: f64) -> Result<String> {
    Ok(match u.int_in_range(0..=9)? {
        0..=4 => regular.to_string(),
        5 => (regular + f64::from(i8::arbitrary(u)?) * 1e-3).to_string(),
        6 => (regular + f64::from(i8::arbitrary(u)?)).to_string(),
        7 => f64::arbitrary(u)?.to_string(),
        8 => format!("{regular:.2}").replace('.', ","),
        _ => ["", " ", "nan", "-inf", "1e400", "1e-320", "0", "-0", "1.5.2", "\\"][u.int_in_range(0..=9)?].to_owned(),
    })
}

fn numbers(u: &mut Unstructured, regular: &[f64]) -> Result<String> {
    let texts: Result<Vec<String>> = regular.iter().map(|n| number(u, *n)).collect();
    Ok(texts?.join("\\"))
}

const DIRECTIONS: [[f64; 6]; 5] = [
    [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0, -1.0],
    [1.0, 0.0, 0.0, 0.0, 0.0, -1.0],
    [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0],
    [0.8, 0.6, 0.0, -0.6, 0.8, 0.0],
];

fn slice(u: &mut Unstructured, number: usize, directions: &[f64; 6], step: [f64; 3]) -> Result<Dicom> {
    let at = step.map(|c| c * number as f64);
    let side = if u.ratio(1, 12)? { 3 } else { 2 };
    let values: Vec<i16> = (0..side * 2).collect();
    let mut dicom = ct_slice("fuzzed", number + 1, at, side as usize, &values)
        .text(0x0020_0032, b"DS", &numbers(u, &at)?)
        .text(0x0020_0037, b"DS", &numbers(u, directions)?);
    if u.ratio(1, 3)? {
        dicom = dicom.text(0x0028_0030, b"DS", &numbers(u, &[0.5, 0.75])?);
    }
    if u.ratio(1, 6)? {
        dicom = dicom.text(0x0018_1120, b"DS", &numbers(u, &[15.0])?).text(0x0018_5100, b"CS", "FFDL");
    }
    if u.ratio(1, 6)? {
        dicom = dicom.text(0x0020_0013, b"IS", &numbers(u, &[1.0])?).text(0x0020_0012, b"IS", &numbers(u, &[2.0])?);
    }
    for (attribute, vr) in [(0x0020_0052u32, b"UI"), (0x0020_000D, b"UI"), (0x0010_0020, b"LO"), (0x0008_0008, b"CS")] {
        if u.ratio(1, 16)? {
            dicom = if bool::arbitrary(u)? { dicom.without(attribute) } else { dicom.text(attribute, vr, "2.25.99") };
        }
    }
    Ok(dicom)
}

fn series(u: &mut Unstructured) -> Result<Vec<Vec<u8>>> {
    let directions = *u.choose(&DIRECTIONS)?;
    let step = [[0.0, 0.0, 2.0], [2.0, 0.0, 0.0], [0.0, -3.0, 0.0], [0.0, 0.5, 1.5]][u.int_in_range(0..=3)?];
    let files = u.int_in_range(1..=12)?;
    (0..files).map(|n| Ok(slice(u, n, &directions, step)?.file(EXPLICIT_LE))).collect()
}

fuzz_target!(|data: &[u8]| {
    let Ok(files) = series(&mut Unstructured::new(data)) else { return };
    let folder = common::folder().join("series");
    std::fs::create_dir_all(&folder).expect("memory");
    for (n, bytes) in files.iter().enumerate() {
        std::fs::write(folder.join(n.to_string()), bytes).expect("memory");
    }
    let found = spondyl::study::scan(std::slice::from_ref(&folder), &());
    common::examine(&found);
    let shown: usize = found.series.iter().map(|s| s.frames.len()).sum();
    assert_eq!(shown + found.skipped.len(), files.len(), "every file is shown or named");
    std::fs::remove_dir_all(&folder).expect("what was written");
});
