//! The bundled sample case as a parametric physical phantom, its DICOM files and its truth.
//!
//! Nothing here is a patient: a cervico-thoracic spine is described by distances to surfaces, sampled into CT, MR and a
//! radiograph, and written as DICOM beside the truth it was made from. [`dicom_write`] also serves tests that need a
//! series of their own.

mod body;
mod case;
mod ct;
pub mod dicom_write;
mod head;
mod headers;
mod implant;
mod lesion;
mod math;
mod mr;
mod neck;
mod outline;
mod picture;
mod profile;
mod radiograph;
mod report;
mod scene;
mod script;
mod spine;
mod thorax;
mod tissue;
mod truth;
mod vertebra;

#[cfg(test)]
mod tests;

pub use case::{SampleCase, SampleSeries};
pub use ct::ct_geometry;
pub use lesion::{LESIONS, LesionName};
pub use mr::{Weighting, mr_geometry};
pub use radiograph::Radiograph;
pub use scene::Phantom;
pub use spine::State;
pub use truth::{LesionTruth, LevelTruth, Mask, ProjectedLevel, Truth};
