//! Writes synthetic images as valid single-frame DICOM files, through the `dicom` crate.
//!
//! Every byte follows from the arguments: no clock, no random numbers, UIDs derived from names. The patient in the files
//! is fictitious and the same everywhere.
//!
//! ```no_run
//! use spondyl::{phantom::dicom_write::write_ct_series, space::{DVec3, Geometry, PatientPoint}};
//! let grid = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 2.0], [64, 48, 10])?;
//! let hu: Vec<i16> = vec![-1000; 64 * 48 * 10];
//! let files = write_ct_series(std::path::Path::new("series"), &grid, &hu, "air")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod rle;
mod series;
mod uid;

pub use series::{Element, Encoding, Images, PixelFormat, Series, Study, encode_slice, file_name, write_series};
pub use uid::uid_of;

use crate::space::Geometry;
use std::path::{Path, PathBuf};

/// Why a series could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The samples do not fill the grid.
    #[error("{found} samples do not fill a grid of {expected} voxels")]
    SampleCount {
        /// Samples given.
        found: usize,
        /// Voxels of the grid.
        expected: usize,
    },
    /// The picture has more rows or columns than Rows (0028,0010) and Columns (0028,0011) can hold.
    #[error("a picture of {0} x {1} pixels is larger than DICOM's 65535 rows and columns")]
    TooLarge(usize, usize),
    /// The DICOM writer refused the elements.
    #[error("the elements could not be encoded: {0}")]
    Encoding(String),
    /// The file or its folder could not be written.
    #[error("{path} could not be written: {cause}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
}

impl WriteError {
    /// Wraps what went wrong at a path.
    pub fn at(path: &Path, cause: impl std::fmt::Display) -> Self {
        Self::File { path: path.to_owned(), cause: cause.to_string() }
    }
}

/// Writes Hounsfield units on any regular or uneven grid as a CT series: one uncompressed file a slice
/// (`slice-0001.dcm`, …) in `folder`, which is made if missing. `hu` runs columns fastest, then rows, then slices.
///
/// `name` is the series' description, and the seed of its UIDs: another name gives another series in another study and
/// frame of reference, the same name the same bytes.
///
/// # Errors
/// [`WriteError`] when the samples do not fill the grid or a file cannot be written.
pub fn write_ct_series(folder: &Path, geometry: &Geometry, hu: &[i16], name: &str) -> Result<Vec<PathBuf>, WriteError> {
    let [columns, rows, slices] = geometry.size();
    let expected = columns * rows * slices;
    if hu.len() != expected {
        return Err(WriteError::SampleCount { found: hu.len(), expected });
    }
    let series = Series::ct(Study::named(name), name, 1);
    let one = |slice: usize| {
        let voxels = &hu[columns * rows * slice..columns * rows * (slice + 1)];
        voxels.iter().map(|v| v.cast_unsigned()).collect()
    };
    let format = PixelFormat { signed: true, bits_stored: 16, rescale: Some((1.0, 0.0)) };
    write_series(folder, &series, &Images { geometry, frame: &one, format, encoding: Encoding::Plain })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{DVec3, PatientPoint};
    use dicom::dictionary_std::tags;

    fn tilted() -> Geometry {
        let origin = PatientPoint::new(-31.25, 10.0, 400.0).unwrap();
        let steps = [DVec3::Y * 0.5, DVec3::new(0.1, 0.0, -0.7), DVec3::X * 1.5];
        Geometry::regular(origin, steps, [5, 4, 3]).unwrap()
    }

    #[test]
    fn a_series_reads_back_with_its_values_and_places() {
        let folder = tempfile::tempdir().unwrap();
        let hu: Vec<i16> = (0..60).map(|n| n * 37 - 1024).collect();
        let files = write_ct_series(folder.path(), &tilted(), &hu, "ramp").unwrap();
        assert_eq!(files.len(), 3);
        for (k, file) in files.iter().enumerate() {
            let object = dicom::object::open_file(file).unwrap();
            let stored: Vec<u16> = object.element(tags::PIXEL_DATA).unwrap().to_multi_int().unwrap();
            assert!(stored.iter().map(|v| v.cast_signed()).eq(hu[20 * k..20 * (k + 1)].iter().copied()));
            let place = object.element(tags::IMAGE_POSITION_PATIENT).unwrap().to_multi_float64().unwrap();
            let expected = DVec3::new(-31.25 + 1.5 * k as f64, 10.0, 400.0);
            assert!((DVec3::from_slice(&place) - expected).length() < 1e-9, "slice {k} lies at {place:?}");
        }
    }

    #[test]
    fn the_same_name_gives_the_same_bytes() {
        let hu = vec![40_i16; 60];
        let bytes = |name: &str| {
            let folder = tempfile::tempdir().unwrap();
            let files = write_ct_series(folder.path(), &tilted(), &hu, name).unwrap();
            std::fs::read(&files[1]).unwrap()
        };
        assert_eq!(bytes("a"), bytes("a"));
        assert_ne!(bytes("a"), bytes("b"), "another name is another series");
    }

    #[test]
    fn samples_must_fill_the_grid() {
        let error = write_ct_series(Path::new("never-made"), &tilted(), &[0; 59], "short").unwrap_err();
        assert!(error.to_string().contains("59 samples"), "{error}");
        assert!(!Path::new("never-made").exists());
    }
}
