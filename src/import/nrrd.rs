//! Segmentations of 3D Slicer (`*.seg.nrrd`) and plain NRRD label maps: a text header, then the voxels, raw or gzip.
//!
//! Slicer keeps overlapping segments in layers, a first axis of the array; `SegmentN_Layer` and `SegmentN_LabelValue` say
//! where a segment is. Format: the NRRD definition of Teem (teem.sourceforge.net/nrrd/format.html).

use super::nifti_header::Sample;
use super::{Found, FoundMask, ImportError, level_named};
use crate::agree::Grid;
use crate::export::VOXELS_MAX;
use crate::space::{DVec3, Geometry, PatientPoint};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Voxels of an array that is still read.
const ARRAY_MAX: u64 = 1 << 32;
/// A header longer than this is none.
const HEADER_MAX: u64 = 8 << 20;

/// Whether bytes begin as an NRRD does.
pub fn is_nrrd(bytes: &[u8]) -> bool {
    bytes.starts_with(b"NRRD000")
}

/// Reads a segmentation or label map.
pub fn read(path: &Path) -> Result<Found, ImportError> {
    let file = File::open(path).map_err(|e| ImportError::new(path, format!("cannot be read: {e}")))?;
    read_from(BufReader::new(file)).map_err(|what| ImportError::new(path, what))
}

/// The fields and key/values of the header, by lower-case name.
struct Header(BTreeMap<String, String>);

impl Header {
    fn read(stream: &mut impl BufRead) -> Result<Header, String> {
        let (mut fields, mut line, mut used) = (BTreeMap::new(), Vec::new(), 0u64);
        loop {
            line.clear();
            let n = stream.by_ref().take(HEADER_MAX).read_until(b'\n', &mut line);
            used += n.map_err(|e| format!("the header cannot be read: {e}"))? as u64;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if text.is_empty() || used > HEADER_MAX {
                break;
            }
            if let Some((name, value)) = text.split_once(':').filter(|_| !text.starts_with('#')) {
                let value = value.strip_prefix('=').unwrap_or(value);
                fields.insert(name.trim().to_lowercase(), value.trim().to_owned());
            }
        }
        match used > HEADER_MAX || line.is_empty() {
            true => Err("its header does not end; an empty line was expected".to_owned()),
            false => Ok(Header(fields)),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn need(&self, name: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("the field {name:?} is missing"))
    }
}

fn read_from(mut stream: impl BufRead) -> Result<Found, String> {
    let header = Header::read(&mut stream)?;
    if header.get("data file").or(header.get("datafile")).is_some() {
        return Err("its voxels are in another file; give a single .nrrd or .seg.nrrd".to_owned());
    }
    let array = Array::of(&header)?;
    let encoding = header.need("encoding")?;
    let mut data: Box<dyn Read> = match encoding {
        "raw" => Box::new(stream),
        "gzip" | "gz" => Box::new(MultiGzDecoder::new(stream)),
        other => return Err(format!("encoding is {other:?}; expected raw or gzip")),
    };
    let values = array.values(&mut *data)?;
    Ok(found(&header, array, values))
}

/// How the voxels are stored.
struct Array {
    /// Layers of overlapping segments; 1 where there is no such axis.
    layers: usize,
    size: [usize; 3],
    sample: Sample,
    big: bool,
    geometry: Geometry,
}

impl Array {
    fn of(header: &Header) -> Result<Array, String> {
        let sizes: Vec<usize> = words(header.need("sizes")?)?;
        let (layers, size) = match sizes[..] {
            [x, y, z] => (1, [x, y, z]),
            [n, x, y, z] => (n, [x, y, z]),
            _ => {
                return Err(format!(
                    "sizes is {sizes:?}; a segmentation has three axes, or four with its layers first"
                ));
            }
        };
        let all =
            sizes.iter().try_fold(1u64, |all, n| all.checked_mul(*n as u64)).filter(|n| (1..=ARRAY_MAX).contains(n));
        all.ok_or_else(|| format!("sizes is {sizes:?}; from 1 to {ARRAY_MAX} voxels are read"))?;
        let kind = header.need("type")?;
        let sample = sample(kind).ok_or_else(|| format!("type is {kind:?}; a label map holds whole numbers"))?;
        Ok(Array { layers, size, sample, big: header.get("endian") == Some("big"), geometry: geometry(header, size)? })
    }

    /// Voxels of each layer and value.
    fn values(&self, data: &mut dyn Read) -> Result<BTreeMap<(usize, u32), Vec<u64>>, String> {
        let mut values: BTreeMap<(usize, u32), Vec<u64>> = BTreeMap::new();
        let [w, h, d] = self.size;
        let mut row = vec![0; w * self.layers * self.sample.bytes()];
        let mut painted = 0u64;
        for r in 0..h * d {
            data.read_exact(&mut row).map_err(|e| format!("the voxels break off at row {r} of {}: {e}", h * d))?;
            for (n, bytes) in
                row.chunks_exact(self.sample.bytes()).enumerate().filter(|(_, b)| b.iter().any(|b| *b != 0))
            {
                let value = self.sample.value(bytes, self.big);
                if value.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&value) {
                    return Err(format!("a voxel is {value}; labels are whole numbers from 0 on"));
                }
                painted += 1;
                if painted > VOXELS_MAX {
                    return Err(format!("more than {VOXELS_MAX} voxels are set: is it an image?"));
                }
                let at = (n / self.layers + w * r) as u64;
                values.entry((n % self.layers, value as u32)).or_default().push(at);
            }
        }
        Ok(values)
    }
}

fn words<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, String> {
    let all: Result<Vec<T>, _> = text.split_whitespace().map(str::parse).collect();
    all.map_err(|_| format!("{text:?} is no list of numbers"))
}

fn sample(kind: &str) -> Option<Sample> {
    Some(match kind {
        "unsigned char" | "uchar" | "uint8" | "uint8_t" => Sample::U8,
        "signed char" | "int8" | "int8_t" => Sample::I8,
        "short" | "signed short" | "short int" | "int16" | "int16_t" => Sample::I16,
        "unsigned short" | "ushort" | "unsigned short int" | "uint16" | "uint16_t" => Sample::U16,
        "int" | "signed int" | "int32" | "int32_t" => Sample::I32,
        "unsigned int" | "uint" | "uint32" | "uint32_t" => Sample::U32,
        "float" => Sample::F32,
        "double" => Sample::F64,
        _ => return None,
    })
}

fn vector(text: &str) -> Option<DVec3> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let numbers: Vec<f64> = inner.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
    let [x, y, z] = numbers[..] else { return None };
    Some(DVec3::new(x, y, z))
}

fn geometry(header: &Header, size: [usize; 3]) -> Result<Geometry, String> {
    let space = header.need("space")?;
    let flip = match space.to_lowercase().as_str() {
        "left-posterior-superior" | "lps" => DVec3::ONE,
        "right-anterior-superior" | "ras" => DVec3::new(-1.0, -1.0, 1.0),
        "left-anterior-superior" | "las" => DVec3::new(1.0, -1.0, 1.0),
        other => {
            return Err(format!("space is {other:?}; expected left-posterior-superior or right-anterior-superior"));
        }
    };
    let text = header.need("space directions")?;
    let steps: Vec<DVec3> = text.split_whitespace().filter_map(vector).collect();
    let [a, b, c] = steps[..] else { return Err(format!("space directions is {text:?}; expected three vectors")) };
    let origin = header.need("space origin")?;
    let origin = vector(origin).ok_or_else(|| format!("space origin is {origin:?}; expected one vector"))?;
    let origin = PatientPoint::from_vec(origin * flip).ok_or("space origin is not finite")?;
    Geometry::regular(origin, [a * flip, b * flip, c * flip], size).map_err(|e| format!("its axes make no grid: {e}"))
}

fn found(header: &Header, array: Array, mut values: BTreeMap<(usize, u32), Vec<u64>>) -> Found {
    let grids = vec![Grid { image: None, frame: None, geometry: array.geometry }];
    let mut out = Found { what: "NRRD segmentation", grids, ..Found::default() };
    for n in 0.. {
        let field = |what: &str| header.get(&format!("segment{n}_{what}"));
        let Some(name) = field("name") else { break };
        let number = |what: &str, otherwise: usize| field(what).and_then(|v| v.parse().ok()).unwrap_or(otherwise);
        let (layer, value) = (number("layer", 0), number("labelvalue", n + 1) as u32);
        match values.remove(&(layer, value)) {
            Some(flat) => out.masks.push(mask(name, value, flat)),
            None => out.notes.push(format!("segment {name:?} has no voxels; left out")),
        }
    }
    // A label map without names, or values that no segment speaks of.
    out.masks.extend(values.into_iter().map(|((_, value), flat)| mask("", value, flat)));
    out
}

fn mask(name: &str, value: u32, flat: Vec<u64>) -> FoundMask {
    let level = level_named(name);
    FoundMask { name: name.to_owned(), value: Some(value), level, masks: vec![(0, flat)], ..FoundMask::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(sizes: &str, extra: &str, voxels: &[u8]) -> Vec<u8> {
        let mut bytes = format!(
            "NRRD0005\n# a comment\ntype: unsigned char\ndimension: 3\nspace: left-posterior-superior\nsizes: {sizes}\n\
             space directions: {}(1,0,0) (0,2,0) (0,0.5,3)\nendian: little\nencoding: raw\nspace origin: (-5,6,7)\n{extra}\n",
            if sizes.split(' ').count() == 4 { "none " } else { "" },
        )
        .into_bytes();
        bytes.extend(voxels);
        bytes
    }

    #[test]
    fn segments_are_found_by_layer_and_value() {
        // Two layers over 2 x 1 x 2 voxels, layers fastest.
        let extra = "Segment0_Name:=C6\nSegment0_LabelValue:=1\nSegment0_Layer:=0\nSegment1_Name:=lesion\nSegment1_LabelValue:=1\nSegment1_Layer:=1\n";
        let found = read_from(&file("2 2 1 2", extra, &[1, 0, 1, 1, 0, 1, 0, 0])[..]).expect("read");
        let all: Vec<_> = found.masks.iter().map(|m| (m.name.as_str(), m.masks[0].1.clone())).collect();
        assert_eq!(all, [("C6", vec![0, 1]), ("lesion", vec![1, 2])]);
        assert_eq!(found.masks[0].level, Some(crate::anatomy::VertebraLevel::C6));
        let g = &found.grids[0].geometry;
        assert_eq!((g.origin().vec(), g.steps()[2]), (DVec3::new(-5.0, 6.0, 7.0), DVec3::new(0.0, 0.5, 3.0)));
    }

    #[test]
    fn a_label_map_without_names_keeps_its_numbers() {
        let found = read_from(&file("2 1 2", "", &[0, 7, 7, 3])[..]).expect("read");
        let all: Vec<_> = found.masks.iter().map(|m| (m.value, m.masks[0].1.clone())).collect();
        assert_eq!(all, [(Some(3), vec![3]), (Some(7), vec![1, 2])]);
    }

    #[test]
    fn what_cannot_be_read_is_a_sentence() {
        for (bytes, why) in [
            (file("2 1 2", "", &[0, 7]), "break off"),
            (file("99999999 99999999 9", "", &[]), "voxels are read"),
            (file("2 2", "", &[]), "three axes"),
            (b"NRRD0004\ntype: float\n\n".to_vec(), "missing"),
            (b"NRRD0004\ntype: float\n".to_vec(), "does not end"),
        ] {
            let e = read_from(&bytes[..]).expect_err(why);
            assert!(e.contains(why), "{e}");
        }
    }
}
