//! From a folder of files to series and volumes: scan, read headers, group, judge geometry, decode pixels, assemble.
//!
//! [`scan`] reads headers only and says what is odd; [`assemble`] decodes the frames of one [`Series`] into a volume.
//! Everything that comes from a file is a claim: lengths are held against what the file holds, numbers are parsed
//! strictly, nesting is followed without recursion, and a decoder that fails costs one frame.

mod attribute;
pub mod codec;
mod dataset;
mod decode;
mod dicomdir;
mod element;
mod facts;
mod figures;
mod fragment;
mod frame;
mod group;
mod header;
mod identity;
mod info;
mod instance;
mod issue;
mod judge;
mod layout;
mod load;
mod object;
mod overlay;
mod privacy;
mod quiet;
mod scan;
mod series;
mod sop_class;
mod source;
mod stream;
mod text;
mod unpack;
mod voi;

pub use attribute::Attribute;
pub use dataset::Dataset;
pub use figures::{Sums, figures, sums};
pub use info::{InfoDocument, InfoSchema, Orientation, SeriesInfo, SkipCode, Skipped, VoxelFigures, info_schema};
pub use load::{Assembled, LoadObserver, StudyError, assemble};
pub use object::DicomObject;
pub use overlay::Overlay;
pub use scan::{ScanObserver, scan};
pub use series::{FrameRef, Scan, Series};
pub use text::visible;
