//! The bundled sample case as a parametric physical phantom, its DICOM files and its truth.
