//! From a folder of files to series and volumes: scan, read headers, group, judge geometry, decode pixels, assemble.

pub mod codec;
mod info;

pub use info::{InfoDocument, InfoSchema, Orientation, SeriesInfo, SkipCode, SkippedInfo, VoxelFigures, info_schema};
