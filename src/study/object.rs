//! A whole DICOM object in memory: segmentations and structure sets, whose meaning lies in their attributes.

use super::dataset::Dataset;
use super::element::{Encoding, Header};
use std::io::Read;
use std::path::Path;

const IMPLICIT_LE: &str = "1.2.840.10008.1.2";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const EXPLICIT_BE: &str = "1.2.840.10008.1.2.2";
/// A deflated object that grows beyond this is not followed.
const LONGEST_INFLATED: u64 = 1 << 30;
/// A file longer than this is no segmentation.
const LONGEST: u64 = 4 << 30;

/// A DICOM file with its data set.
#[derive(Debug)]
pub struct DicomObject {
    bytes: Vec<u8>,
    start: usize,
    encoding: Encoding,
    /// TransferSyntaxUID (0002,0010).
    pub syntax_uid: String,
}

impl DicomObject {
    /// Reads a file.
    ///
    /// # Errors
    /// A sentence: what is missing, or what the system says.
    pub fn read(path: &Path) -> Result<DicomObject, String> {
        let cannot = |e: std::io::Error| format!("cannot be read: {e}");
        let file = std::fs::File::open(path).map_err(cannot)?;
        let mut bytes = Vec::new();
        file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > LONGEST {
            return Err(format!("more than {LONGEST} bytes; an object of that size is not read"));
        }
        DicomObject::of_bytes(bytes)
    }

    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// As [`DicomObject::read`].
    pub fn of_bytes(bytes: Vec<u8>) -> Result<DicomObject, String> {
        if bytes.get(128..132) != Some(b"DICM") {
            return Err("not a DICOM file: there is no DICM after 128 bytes of preamble".to_owned());
        }
        let (syntax_uid, start) = file_meta(&bytes)?;
        let encoding = Encoding { explicit: syntax_uid != IMPLICIT_LE, big_endian: syntax_uid == EXPLICIT_BE };
        if syntax_uid != DEFLATED {
            return Ok(DicomObject { bytes, start, encoding, syntax_uid });
        }
        let mut inflated = Vec::new();
        let inflate = flate2::read::DeflateDecoder::new(&bytes[start..]);
        let read = inflate.take(LONGEST_INFLATED + 1).read_to_end(&mut inflated);
        read.map_err(|e| format!("the deflated data set cannot be read: {e}"))?;
        if inflated.len() as u64 > LONGEST_INFLATED {
            return Err(format!("the deflated data set holds more than {LONGEST_INFLATED} bytes"));
        }
        Ok(DicomObject { bytes: inflated, start: 0, encoding, syntax_uid })
    }

    /// Its attributes; what comes after a broken element is left out.
    pub fn dataset(&self) -> Dataset<'_> {
        Dataset::parse(self.bytes.get(self.start..).unwrap_or_default(), self.encoding)
    }
}

/// The transfer syntax and where the data set begins.
fn file_meta(bytes: &[u8]) -> Result<(String, usize), String> {
    let (mut at, mut syntax) = (132, String::new());
    while let Some(header) = bytes.get(at..).and_then(|b| Header::read(b, Encoding::EXPLICIT)) {
        if header.tag >> 16 != 2 {
            break;
        }
        let start = at + header.size;
        let end = header.length.and_then(|l| start.checked_add(l as usize)).filter(|end| *end <= bytes.len());
        let end = end.ok_or("the File Meta Information (0002,0000) breaks off")?;
        if header.tag == super::attribute::TRANSFER_SYNTAX.tag {
            syntax = String::from_utf8_lossy(super::dataset::trim(&bytes[start..end])).into_owned();
        }
        at = end;
    }
    match syntax.is_empty() {
        true => Err("TransferSyntaxUID (0002,0010) is missing".to_owned()),
        false => Ok((syntax, at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_a_sentence() {
        assert!(DicomObject::of_bytes(vec![0; 200]).is_err_and(|e| e.contains("DICM")));
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM");
        assert!(DicomObject::of_bytes(bytes.clone()).is_err_and(|e| e.contains("TransferSyntaxUID")));
        bytes.extend([2, 0, 0x10, 0, b'U', b'I', 0xFF, 0xFF, b'1']);
        assert!(DicomObject::of_bytes(bytes).is_err_and(|e| e.contains("breaks off")));
    }
}
