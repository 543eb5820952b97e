//! The header of NIfTI-1: byte order, sizes, type of samples, affine, names in extensions.

use crate::space::{DMat3, DVec3, Geometry, PatientPoint};
use std::collections::BTreeMap;

/// Bytes of the header itself.
pub const HEADER: usize = 348;
/// Voxels of a grid that is still read: more than any series, and gone through in seconds.
const VOXELS_MAX: u64 = 1 << 32;

/// Whether bytes begin as an uncompressed NIfTI-1 file does.
pub fn is_nifti(bytes: &[u8]) -> bool {
    bytes.get(344..348).is_some_and(|m| m == b"n+1\0" || m == b"ni1\0")
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Sample {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Sample {
    /// Bytes of one sample.
    pub fn bytes(self) -> usize {
        match self {
            Sample::U8 | Sample::I8 => 1,
            Sample::U16 | Sample::I16 => 2,
            Sample::U32 | Sample::I32 | Sample::F32 => 4,
            Sample::U64 | Sample::I64 | Sample::F64 => 8,
        }
    }

    fn of_code(code: i16) -> Option<Sample> {
        Some(match code {
            2 => Sample::U8,
            4 => Sample::I16,
            8 => Sample::I32,
            16 => Sample::F32,
            64 => Sample::F64,
            256 => Sample::I8,
            512 => Sample::U16,
            768 => Sample::U32,
            1024 => Sample::I64,
            1280 => Sample::U64,
            _ => return None,
        })
    }

    /// The value of a sample's bytes.
    pub fn value(self, bytes: &[u8], big: bool) -> f64 {
        let mut le = [0u8; 8];
        for (n, b) in bytes.iter().take(8).enumerate() {
            le[if big { bytes.len() - 1 - n } else { n }] = *b;
        }
        let [a, b, c, d, ..] = le;
        match self {
            Sample::U8 => f64::from(a),
            Sample::I8 => f64::from(a.cast_signed()),
            Sample::U16 => f64::from(u16::from_le_bytes([a, b])),
            Sample::I16 => f64::from(i16::from_le_bytes([a, b])),
            Sample::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
            Sample::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
            Sample::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
            Sample::U64 => u64::from_le_bytes(le) as f64,
            Sample::I64 => i64::from_le_bytes(le) as f64,
            Sample::F64 => f64::from_le_bytes(le),
        }
    }
}

/// What the header says.
#[derive(Clone, Debug)]
pub struct Header {
    /// Bytes run from the highest.
    pub big: bool,
    /// Columns, rows, slices.
    pub size: [usize; 3],
    /// How samples are stored.
    pub sample: Sample,
    /// Stored to true value: slope and intercept.
    pub scale: (f64, f64),
    /// Where samples begin.
    pub offset: usize,
    /// The grid in LPS.
    pub geometry: Geometry,
}

/// Reads the header.
///
/// # Errors
/// A sentence with the field, what was found and what was expected.
pub fn header(h: &[u8]) -> Result<Header, String> {
    if h.len() < HEADER {
        return Err(format!("{} bytes; a NIfTI header has {HEADER}", h.len()));
    }
    let big = match (i32::from_le_bytes([h[0], h[1], h[2], h[3]]), i32::from_be_bytes([h[0], h[1], h[2], h[3]])) {
        (348, _) => false,
        (_, 348) => true,
        (540, _) | (_, 540) => return Err("NIfTI-2; NIfTI-1 was expected: convert it".to_owned()),
        (found, _) => return Err(format!("sizeof_hdr is {found}; a NIfTI-1 file begins with 348")),
    };
    match &h[344..348] {
        b"n+1\0" => {}
        b"ni1\0" => return Err("header and samples are in two files; give a single .nii or .nii.gz".to_owned()),
        other => return Err(format!("magic is {other:?}; expected n+1")),
    }
    let short = |at: usize| Sample::I16.value(&h[at..at + 2], big) as i16;
    let float = |at: usize| Sample::F32.value(&h[at..at + 4], big);
    let dim: [i16; 8] = std::array::from_fn(|n| short(40 + 2 * n));
    let beyond = (4..8).any(|n| dim[0] >= n as i16 && dim[n] > 1);
    if !(3..=7).contains(&dim[0]) || beyond || dim[1..4].iter().any(|n| *n < 1) {
        return Err(format!("dim is {dim:?}; a label map has three axes of at least one voxel"));
    }
    let size = [dim[1] as usize, dim[2] as usize, dim[3] as usize];
    if size.iter().map(|n| *n as u64).product::<u64>() > VOXELS_MAX {
        return Err(format!("{} x {} x {} voxels; at most {VOXELS_MAX} are read", size[0], size[1], size[2]));
    }
    let code = short(70);
    let sample = Sample::of_code(code).ok_or_else(|| format!("datatype is {code}; a label map holds whole numbers"))?;
    let scale = match (float(112), float(116)) {
        (slope, inter) if slope.is_finite() && inter.is_finite() && slope != 0.0 => (slope, inter),
        _ => (1.0, 0.0),
    };
    let offset = float(108);
    if !(HEADER as f64..1e7).contains(&offset) {
        return Err(format!("vox_offset is {offset}; expected at least 352"));
    }
    let geometry = affine(&float, &short, size)?;
    Ok(Header { big, size, sample, scale, offset: offset as usize, geometry })
}

/// The grid: sform where it is set, else qform (method 2), else refused: without either the patient is not to be found.
fn affine(float: &dyn Fn(usize) -> f64, short: &dyn Fn(usize) -> i16, size: [usize; 3]) -> Result<Geometry, String> {
    let (steps, offset) = if short(254) > 0 {
        let row = |r: usize| [0, 1, 2, 3].map(|c| float(280 + 16 * r + 4 * c));
        let [x, y, z] = [row(0), row(1), row(2)];
        ([0, 1, 2].map(|c| DVec3::new(x[c], y[c], z[c])), DVec3::new(x[3], y[3], z[3]))
    } else if short(252) > 0 {
        let [b, c, d] = [256, 260, 264].map(float);
        let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
        let r = DMat3::from_quat(glam::DQuat::from_xyzw(b, c, d, a).normalize());
        let flip = if float(76) < 0.0 { -1.0 } else { 1.0 };
        let steps = [r.x_axis * float(80), r.y_axis * float(84), r.z_axis * float(88) * flip];
        (steps, DVec3::from_array([268, 272, 276].map(float)))
    } else {
        return Err("neither sform nor qform is set, so its place in the patient is not known".to_owned());
    };
    let lps = |v: DVec3| DVec3::new(-v.x, -v.y, v.z);
    let origin = PatientPoint::from_vec(lps(offset)).ok_or("the affine holds a number that is not finite")?;
    Geometry::regular(origin, steps.map(lps), size).map_err(|e| format!("the affine makes no grid: {e}"))
}

/// Names of labels from a label table in a header extension, as TotalSegmentator writes it:
/// `<Label Key="27" …><![CDATA[vertebrae_L5]]></Label>`.
pub fn names_in(extension: &[u8]) -> BTreeMap<u32, String> {
    let text = String::from_utf8_lossy(extension);
    let mut names = BTreeMap::new();
    for part in text.split("<Label ").skip(1) {
        let key = part.split("Key=\"").nth(1).and_then(|k| k.split('"').next()).and_then(|k| k.parse().ok());
        let name = part.split_once('>').and_then(|(_, rest)| rest.split("</Label>").next());
        let plain = |n: &str| n.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>").trim().to_owned();
        if let Some((key, name)) = key.zip(name) {
            names.insert(key, plain(name));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_every_type_and_order() {
        assert_eq!(Sample::U16.value(&[1, 2], false), 513.0);
        assert_eq!(Sample::U16.value(&[1, 2], true), 258.0);
        assert_eq!(Sample::I8.value(&[0xFF], false), -1.0);
        assert_eq!(Sample::F32.value(&2.5f32.to_be_bytes(), true), 2.5);
        assert_eq!(Sample::I64.value(&(-7i64).to_le_bytes(), false), -7.0);
    }

    #[test]
    fn names_come_from_label_tables() {
        let text = br#"<?xml?><CaretExtension><LabelTable><Label Key="0" Red="0"><![CDATA[???]]></Label>
            <Label Key="27" Red="0.1"><![CDATA[vertebrae_L5]]></Label><Label Key="x">no</Label></LabelTable>"#;
        let names = names_in(text);
        assert_eq!(names.get(&27).map(String::as_str), Some("vertebrae_L5"));
        assert_eq!(names.len(), 2);
        assert!(names_in(b"\xFF<Label Key=\"").is_empty());
    }

    #[test]
    fn bad_headers_are_sentences() {
        assert!(header(&[0; 10]).is_err_and(|e| e.contains("348")));
        let mut h = [0u8; HEADER];
        assert!(header(&h).is_err_and(|e| e.contains("sizeof_hdr")));
        h[..4].copy_from_slice(&348i32.to_le_bytes());
        h[344..348].copy_from_slice(b"n+1\0");
        assert!(header(&h).is_err_and(|e| e.contains("dim")));
    }
}
