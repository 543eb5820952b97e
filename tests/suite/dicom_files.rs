//! Writes DICOM files byte by byte, the valid and the wrong ones, so that tests know exactly what stands in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub const IMPLICIT_LE: &str = "1.2.840.10008.1.2";
pub const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";
pub const EXPLICIT_BE: &str = "1.2.840.10008.1.2.2";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const RLE: &str = "1.2.840.10008.1.2.5";

/// A value before it is encoded.
#[derive(Clone)]
pub enum Value {
    Text(String),
    Words(Vec<u16>),
    Longs(Vec<u32>),
    Bytes(Vec<u8>),
    /// Items of a sequence, with a defined length.
    Items(Vec<Dicom>),
    /// Items of undefined length in a sequence of undefined length.
    OpenItems(Vec<Dicom>),
    /// Compressed frames: the offset table, then fragments.
    Fragments(Vec<u8>, Vec<Vec<u8>>),
}

/// A data set to be written.
#[derive(Clone, Default)]
pub struct Dicom {
    elements: BTreeMap<u32, (&'static [u8; 2], Value)>,
}

/// How elements are written.
#[derive(Clone, Copy)]
struct Style {
    explicit: bool,
    big_endian: bool,
}

impl Style {
    fn of(syntax: &str) -> Style {
        Style { explicit: syntax != IMPLICIT_LE, big_endian: syntax == EXPLICIT_BE }
    }

    fn u16(self, n: u16) -> [u8; 2] {
        if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    fn u32(self, n: u32) -> [u8; 4] {
        if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    fn tag(self, tag: u32) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.u16((tag >> 16) as u16), self.u16(tag as u16));
        [a, b, c, d]
    }

    fn element(self, tag: u32, vr: &[u8; 2], value: &Value, out: &mut Vec<u8>) {
        let (mut bytes, undefined) = self.value(value);
        if bytes.len() % 2 == 1 {
            bytes.push(if matches!(value, Value::Text(_)) && vr != b"UI" { b' ' } else { 0 });
        }
        let length = if undefined { u32::MAX } else { bytes.len() as u32 };
        out.extend(self.tag(tag));
        if self.explicit {
            out.extend(vr);
            if [b"OB", b"OW", b"OF", b"OD", b"OV", b"SQ", b"UN", b"UT"].contains(&vr) {
                out.extend([0, 0]);
                out.extend(self.u32(length));
            } else {
                out.extend(self.u16(u16::try_from(length).expect("short values only")));
            }
        } else {
            out.extend(self.u32(length));
        }
        out.extend(bytes);
    }

    fn item(self, tag: u32, length: u32) -> Vec<u8> {
        [self.tag(tag).as_slice(), &self.u32(length)].concat()
    }

    fn value(self, value: &Value) -> (Vec<u8>, bool) {
        match value {
            Value::Text(text) => (text.as_bytes().to_vec(), false),
            Value::Words(words) => (words.iter().flat_map(|w| self.u16(*w)).collect(), false),
            Value::Longs(longs) => (longs.iter().flat_map(|w| self.u32(*w)).collect(), false),
            Value::Bytes(bytes) => (bytes.clone(), false),
            Value::Items(items) => {
                let one = |set: &Dicom| {
                    let body = self.elements(set);
                    [self.item(0xFFFE_E000, body.len() as u32), body].concat()
                };
                (items.iter().flat_map(one).collect(), false)
            }
            Value::OpenItems(items) => {
                let one = |set: &Dicom| {
                    [self.item(0xFFFE_E000, u32::MAX), self.elements(set), self.item(0xFFFE_E00D, 0)].concat()
                };
                let body: Vec<u8> = items.iter().flat_map(one).collect();
                ([body, self.item(0xFFFE_E0DD, 0)].concat(), true)
            }
            Value::Fragments(table, fragments) => {
                let all = std::iter::once(table).chain(fragments);
                let body: Vec<u8> =
                    all.flat_map(|f| [self.item(0xFFFE_E000, f.len() as u32), f.clone()].concat()).collect();
                ([body, self.item(0xFFFE_E0DD, 0)].concat(), true)
            }
        }
    }

    fn elements(self, set: &Dicom) -> Vec<u8> {
        let mut out = Vec::new();
        set.elements.iter().for_each(|(tag, (vr, value))| self.element(*tag, vr, value, &mut out));
        out
    }
}

impl Dicom {
    /// Puts an element, or another in its place.
    pub fn put(mut self, tag: u32, vr: &'static [u8; 2], value: Value) -> Self {
        self.elements.insert(tag, (vr, value));
        self
    }

    pub fn text(self, tag: u32, vr: &'static [u8; 2], text: &str) -> Self {
        self.put(tag, vr, Value::Text(text.to_owned()))
    }

    pub fn us(self, tag: u32, number: u16) -> Self {
        self.put(tag, b"US", Value::Words(vec![number]))
    }

    pub fn without(mut self, tag: u32) -> Self {
        self.elements.remove(&tag);
        self
    }

    /// Every element's value representation replaced by `UN`, as programs do that do not know them.
    pub fn stored_unknown(mut self) -> Self {
        self.elements.values_mut().for_each(|(vr, _)| *vr = b"UN");
        self
    }

    /// The data set alone.
    pub fn data_set(&self, syntax: &str) -> Vec<u8> {
        Style::of(syntax).elements(self)
    }

    /// A whole file whose meta information says `declared`, its data written in `syntax`.
    pub fn file_saying(&self, declared: &str, syntax: &str) -> Vec<u8> {
        let style = Style::of(EXPLICIT_LE);
        let mut meta = Vec::new();
        style.element(0x0002_0001, b"OB", &Value::Bytes(vec![0, 1]), &mut meta);
        if !declared.is_empty() {
            style.element(0x0002_0010, b"UI", &Value::Text(declared.to_owned()), &mut meta);
        }
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        style.element(0x0002_0000, b"UL", &Value::Longs(vec![meta.len() as u32]), &mut file);
        file.extend(meta);
        let body = self.data_set(syntax);
        if syntax == DEFLATED {
            use std::io::Write;
            let mut deflate = flate2::write::DeflateEncoder::new(&mut file, flate2::Compression::fast());
            deflate.write_all(&body).expect("memory");
            deflate.finish().expect("memory");
        } else {
            file.extend(body);
        }
        file
    }

    /// A whole file.
    pub fn file(&self, syntax: &str) -> Vec<u8> {
        self.file_saying(syntax, syntax)
    }

    /// Writes a whole file in explicit little endian.
    pub fn save(&self, folder: &Path, name: &str) -> PathBuf {
        write(folder, name, &self.file(EXPLICIT_LE))
    }
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
    std::fs::write(&path, bytes).expect("a new file");
    path
}

/// Numbers as a decimal string of several values.
pub fn decimals(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join("\\")
}

/// One CT slice of `columns` x `rows` signed 16-bit values in HU, in a series of its name.
pub fn ct_slice(series: &str, number: usize, position: [f64; 3], columns: usize, values: &[i16]) -> Dicom {
    let number_of =
        |text: &str| text.bytes().fold(17u64, |n, b| n.wrapping_mul(131).wrapping_add(b.into())) % 1_000_000;
    let words = values.iter().map(|v| *v as u16).collect();
    Dicom::default()
        .text(0x0008_0008, b"CS", "ORIGINAL\\PRIMARY\\AXIAL")
        .text(0x0008_0016, b"UI", "1.2.840.10008.5.1.4.1.1.2")
        .text(0x0008_0018, b"UI", &format!("2.25.{}.{number}", number_of(series)))
        .text(0x0008_0060, b"CS", "CT")
        .text(0x0008_103E, b"LO", series)
        .text(0x0010_0010, b"PN", "Nobody^Real")
        .text(0x0010_0020, b"LO", "SYN-0001")
        .text(0x0020_000D, b"UI", "2.25.7")
        .text(0x0020_000E, b"UI", &format!("2.25.{}", number_of(series)))
        .text(0x0020_0013, b"IS", &number.to_string())
        .text(0x0020_0032, b"DS", &decimals(&position))
        .text(0x0020_0037, b"DS", "1\\0\\0\\0\\1\\0")
        .text(0x0020_0052, b"UI", "2.25.8")
        .us(0x0028_0002, 1)
        .text(0x0028_0004, b"CS", "MONOCHROME2")
        .us(0x0028_0010, (values.len() / columns) as u16)
        .us(0x0028_0011, columns as u16)
        .text(0x0028_0030, b"DS", "0.5\\0.75")
        .us(0x0028_0100, 16)
        .us(0x0028_0101, 16)
        .us(0x0028_0102, 15)
        .us(0x0028_0103, 1)
        .text(0x0028_1052, b"DS", "0")
        .text(0x0028_1053, b"DS", "1")
        .put(0x7FE0_0010, b"OW", Value::Words(words))
}

/// The values of a [`slice`].
pub const VALUES: [i16; 12] = [-1024, -1000, -5, 0, 1, 40, 400, 2000, 3071, 7, 8, 9];

/// One of a series of 4 x 3 slices, 2 mm apart.
pub fn slice(number: usize) -> Dicom {
    ct_slice("f", number, [0.0, 0.0, 2.0 * number as f64], 4, &VALUES)
}

/// A multi-frame object of [`slice`]s: per-frame positions, shared orientation and spacing.
pub fn enhanced(frames: usize, own: impl Fn(usize) -> Dicom) -> Dicom {
    let one = |tag, set: Dicom| Dicom::default().put(tag, b"SQ", Value::OpenItems(vec![set]));
    let shared = one(0x0020_9116, Dicom::default().text(0x0020_0037, b"DS", "1\\0\\0\\0\\1\\0"))
        .put(0x0028_9110, b"SQ", Value::Items(vec![Dicom::default().text(0x0028_0030, b"DS", "0.5\\0.75")]))
        .put(
            0x0028_9145,
            b"SQ",
            Value::Items(vec![Dicom::default().text(0x0028_1052, b"DS", "7").text(0x0028_1053, b"DS", "2")]),
        );
    let pixels: Vec<u16> = (0..frames).flat_map(|n| VALUES.map(|v| (v + n as i16) as u16)).collect();
    slice(1)
        .text(0x0008_0016, b"UI", "1.2.840.10008.5.1.4.1.1.2.1")
        .without(0x0020_0032)
        .without(0x0020_0037)
        .without(0x0028_0030)
        .text(0x0028_0008, b"IS", &frames.to_string())
        .put(0x5200_9229, b"SQ", Value::Items(vec![shared]))
        .put(0x5200_9230, b"SQ", Value::OpenItems((0..frames).map(own).collect()))
        .put(0x7FE0_0010, b"OW", Value::Words(pixels))
}

/// The functional groups of a frame at a height.
pub fn at(z: f64) -> Dicom {
    let position = Dicom::default().text(0x0020_0032, b"DS", &decimals(&[0.0, 0.0, z]));
    Dicom::default().put(0x0020_9113, b"SQ", Value::Items(vec![position]))
}
