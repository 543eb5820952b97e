//! DICOM objects that carry drawings: told apart by their SOPClassUID.

use super::{Found, ImportError, rtstruct, seg};
use crate::study::{Attribute, DicomObject};
use std::path::Path;

/// An attribute that these objects have and images have not.
pub(super) const fn at(tag: u32, keyword: &'static str, vr: &[u8; 2]) -> Attribute {
    Attribute { tag, keyword, vr: *vr }
}

const SOP_CLASS: Attribute = at(0x0008_0016, "SOPClassUID", b"UI");
/// The series that an object was drawn on.
pub(super) const SERIES: Attribute = at(0x0020_000E, "SeriesInstanceUID", b"UI");

/// Reads a segmentation or a structure set.
pub fn read(path: &Path) -> Result<Found, ImportError> {
    let object = DicomObject::read(path).map_err(|what| ImportError::new(path, what))?;
    let class = object.dataset().get(SOP_CLASS).map(|v| v.code()).unwrap_or_default();
    let found = match class.as_str() {
        seg::CLASS | seg::LABEL_MAP_CLASS => seg::found(&object),
        rtstruct::CLASS => rtstruct::found(&object.dataset()),
        other => Err(format!(
            "{SOP_CLASS} is {other}; expected a segmentation ({}) or a structure set ({})",
            seg::CLASS,
            rtstruct::CLASS
        )),
    };
    found.map_err(|what| ImportError::new(path, what))
}
