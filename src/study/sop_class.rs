//! Names of SOP classes that lie beside images (DICOM PS3.6 annex A), for the list of files that are not shown.

/// What every storage class of the standard begins with.
const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";

/// The media storage directory.
pub const DIRECTORY: &str = "1.2.840.10008.1.3.10";

/// Storage classes that hold no image of a patient, by what follows [`STORAGE`]; a name ends in `.` where all that begin
/// so are meant.
const NOT_IMAGES: [(&str, &str); 34] = [
    ("9.1.1", "waveform"),
    ("9.1.2", "waveform"),
    ("9.1.3", "waveform"),
    ("9.2.1", "waveform"),
    ("9.3.1", "waveform"),
    ("9.4.", "waveform"),
    ("9.5.1", "waveform"),
    ("9.6.", "waveform"),
    ("11.", "presentation state"),
    ("66", "raw data"),
    ("66.1", "spatial registration"),
    ("66.2", "spatial fiducials"),
    ("66.3", "deformable registration"),
    ("66.4", "segmentation"),
    ("66.5", "surface segmentation"),
    ("66.6", "tractography results"),
    ("66.7", "label map segmentation"),
    ("66.8", "height map segmentation"),
    ("67", "real world value mapping"),
    ("68.", "surface scan"),
    ("78.", "ophthalmic measurements"),
    ("88.59", "key object selection"),
    ("88.", "structured report"),
    ("90.1", "content assessment results"),
    ("104.1", "PDF document"),
    ("104.2", "CDA document"),
    ("104.", "encapsulated model"),
    ("481.3", "radiotherapy structure set"),
    ("481.4", "radiotherapy treatment record"),
    ("481.5", "radiotherapy plan"),
    ("481.6", "radiotherapy treatment record"),
    ("481.7", "radiotherapy treatment record"),
    ("481.8", "radiotherapy plan"),
    ("481.9", "radiotherapy treatment record"),
];

/// What an object is that is no image; `None` for image classes and unknown ones.
pub fn not_an_image(uid: &str) -> Option<&'static str> {
    if uid == DIRECTORY {
        return Some("media directory");
    }
    let class = uid.strip_prefix(STORAGE)?;
    let fits = |(known, _): &&(&str, &str)| class == *known || (known.ends_with('.') && class.starts_with(known));
    NOT_IMAGES.iter().find(fits).map(|(_, name)| *name)
}

/// Whether a class of the standard stores images.
pub fn is_image(uid: &str) -> bool {
    uid.starts_with(STORAGE) && not_an_image(uid).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names() {
        assert_eq!(not_an_image("1.2.840.10008.5.1.4.1.1.88.33"), Some("structured report"));
        assert_eq!(not_an_image("1.2.840.10008.5.1.4.1.1.66.4"), Some("segmentation"));
        assert_eq!(not_an_image("1.2.840.10008.5.1.4.1.1.88.59"), Some("key object selection"));
        assert!(is_image("1.2.840.10008.5.1.4.1.1.2.1") && !is_image("1.2.3"));
    }
}
