//! The bundled sample case as a parametric physical phantom, its DICOM files and its truth.
//!
//! Nothing here is a patient: a cervico-thoracic spine is described by distances to surfaces, sampled into CT, MR and a
//! radiograph, and written as DICOM beside the truth it was made from. [`dicom_write`] also serves tests that need a
//! series of their own.

pub mod dicom_write;
