//! DICOM objects for the PACS and for other programs: segmentation, structured report, structure set.

mod bodies;
mod content;
mod element;
mod object;
mod rtstruct;
mod seg;
mod sr;
mod vertebra;

pub use bodies::body_segmentations;
pub use element::{Element, decimal_strings, sequence, text};
pub use object::DicomFile;
pub use rtstruct::structure_sets;
pub use seg::{Segmentation, segmentations};
pub use sr::report;
