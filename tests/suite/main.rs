//! The integration tests, one binary: each module goes through the library or the executable as a user would.

mod architecture;
mod bodies;
mod compare;
mod dicom_files;
mod effort;
mod exchange;
mod export;
mod faults;
mod formats;
mod journal;
mod levels_import;
mod measure;
mod panes;
mod privacy;
mod reading_room;
mod readme;
mod recover;
mod render;
mod sample;
mod signals;
mod sittings;
mod study_files;
mod study_geometry;
mod study_objects;
mod study_pixels;
mod window;
