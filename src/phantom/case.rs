//! The sample case: its series as DICOM files, its truth and its script.

use super::ct::ct_geometry;
use super::dicom_write::{Encoding, Images, PixelFormat, Series, WriteError, encode_slice, file_name};
use super::headers;
use super::mr::{Weighting, mr_geometry};
use super::radiograph::Radiograph;
use super::scene::Phantom;
use super::spine::State;
use super::truth::Truth;
use crate::space::{DVec3, Geometry, GeometryError, PatientPoint};
use std::path::Path;

/// One series of the sample, which becomes one folder.
pub struct SampleSeries {
    /// The folder's name.
    pub folder: &'static str,
    /// Study, series and modality.
    pub series: Series,
    /// The grid.
    pub geometry: Geometry,
    pixels: Pixels,
}

#[derive(Clone, Copy)]
enum Pixels {
    Ct,
    Mr(Weighting),
    Radiograph,
}

/// The sample case, before and after the operation.
pub struct SampleCase {
    /// Before the operation: what CT and MR see.
    pub presenting: Phantom,
    /// Twelve months after it: what the radiograph sees.
    pub operated: Phantom,
    /// CT, T1, T2, radiograph.
    pub series: Vec<SampleSeries>,
}

/// CT values are stored without sign, as most scanners do.
const CT_INTERCEPT: i16 = -1024;

impl SampleCase {
    /// Builds the phantom in both states; pictures are made when they are asked for.
    ///
    /// # Errors
    /// Never in practice: the grids are constants.
    pub fn new() -> Result<Self, GeometryError> {
        let Radiograph { size: [width, height], pitch_mm, .. } = Radiograph::SAMPLE;
        let steps = [DVec3::X * pitch_mm, DVec3::Y * pitch_mm, DVec3::Z];
        let detector = Geometry::regular(PatientPoint::ORIGIN, steps, [width, height, 1])?;
        let (ct, mr) = (ct_geometry()?, mr_geometry()?);
        let one = |folder, series, geometry: &Geometry, pixels| {
            let geometry = geometry.clone();
            SampleSeries { folder, series, geometry, pixels }
        };
        let series = vec![
            one("ct-sagittal", headers::ct(), &ct, Pixels::Ct),
            one("mr-t1", headers::mr(Weighting::T1), &mr, Pixels::Mr(Weighting::T1)),
            one("mr-t2", headers::mr(Weighting::T2), &mr, Pixels::Mr(Weighting::T2)),
            one("radiograph-12-months", headers::radiograph(), &detector, Pixels::Radiograph),
        ];
        Ok(Self { presenting: Phantom::new(State::Presenting), operated: Phantom::new(State::Operated), series })
    }

    /// The file of one slice of a series, byte for byte.
    ///
    /// # Errors
    /// [`WriteError`] when it cannot be encoded.
    pub fn file(&self, series: &SampleSeries, slice: usize) -> Result<Vec<u8>, WriteError> {
        let frame = |slice: usize| match series.pixels {
            Pixels::Ct => {
                let stored = |hu: i16| hu.saturating_sub(CT_INTERCEPT).clamp(0, 4095).cast_unsigned();
                self.presenting.ct_slice(&series.geometry, slice).into_iter().map(stored).collect()
            }
            Pixels::Mr(weighting) => self.presenting.mr_slice(&series.geometry, weighting, slice),
            Pixels::Radiograph => Radiograph::SAMPLE.picture(&self.operated),
        };
        let rescale = match series.pixels {
            Pixels::Ct => Some((1.0, f64::from(CT_INTERCEPT))),
            Pixels::Mr(_) => None,
            Pixels::Radiograph => Some((1.0, 0.0)),
        };
        let format = PixelFormat { signed: false, bits_stored: 12, rescale };
        let images = Images { geometry: &series.geometry, frame: &frame, format, encoding: Encoding::Rle };
        encode_slice(&series.series, &images, slice)
    }

    /// The truth, and the script that a careful reader would have left.
    ///
    /// # Errors
    /// Never in practice: the grids are constants.
    pub fn truth(&self) -> Result<Truth, GeometryError> {
        Truth::of(self, &ct_geometry()?)
    }

    /// Writes everything below `out`: a folder for each series, `truth/truth.json` and `case.script.jsonl`. Tells
    /// `progress` what comes next.
    ///
    /// # Errors
    /// [`WriteError`] when a file cannot be written.
    pub fn write(&self, out: &Path, progress: &mut dyn FnMut(&str)) -> Result<(), WriteError> {
        for series in &self.series {
            progress(series.folder);
            let folder = out.join(series.folder);
            std::fs::create_dir_all(&folder).map_err(|e| WriteError::at(&folder, e))?;
            for slice in 0..series.geometry.size()[2] {
                write_file(&folder.join(file_name(slice)), &self.file(series, slice)?)?;
            }
        }
        progress("truth");
        let refused = |e: &dyn std::fmt::Display| WriteError::Encoding(e.to_string());
        let truth = self.truth().map_err(|e| refused(&e))?;
        let folder = out.join("truth");
        std::fs::create_dir_all(&folder).map_err(|e| WriteError::at(&folder, e))?;
        write_file(&folder.join("truth.json"), truth.to_json().map_err(|e| refused(&e))?.as_bytes())?;
        let script = truth.script().map_err(|e| refused(&e))?;
        write_file(&out.join("case.script.jsonl"), script.as_bytes())
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    std::fs::write(path, bytes).map_err(|e| WriteError::at(path, e))
}
