//! DICOM objects that carry drawings: told apart by their SOPClassUID.

use super::{Found, ImportError, rtstruct, seg};
use crate::study::{Attribute, DicomObject};
use std::path::Path;

const SOP_CLASS: Attribute = Attribute { tag: 0x0008_0016, keyword: "SOPClassUID", vr: *b"UI" };

/// Reads a segmentation or a structure set.
pub fn read(path: &Path) -> Result<Found, ImportError> {
    let object = DicomObject::read(path).map_err(|what| ImportError::new(path, what))?;
    let class = object.dataset().get(SOP_CLASS).map(|v| v.code()).unwrap_or_default();
    match class.as_str() {
        seg::CLASS | seg::LABEL_MAP_CLASS => seg::read(path, &object),
        rtstruct::CLASS => rtstruct::read(path, &object),
        other => Err(ImportError::new(
            path,
            format!(
                "{SOP_CLASS} is {other}; expected a segmentation ({}) or a structure set ({})",
                seg::CLASS,
                rtstruct::CLASS
            ),
        )),
    }
}
