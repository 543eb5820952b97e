//! The images themselves as NIfTI-1, values rescaled, on the same grid as the label maps: what learners want beside them.

use super::file::ExportError;
use super::nifti::{Sample, header, write_slices};
use crate::document::ImageKey;
use crate::volume::Volume;
use std::path::Path;

/// Writes a volume: int16 where every value is a whole number that fits, else float32.
///
/// # Errors
/// [`ExportError::Unfit`] for grids that NIfTI cannot hold, [`ExportError::Io`] and [`ExportError::ReadBack`] from the disk.
pub fn write_image(path: &Path, key: &ImageKey, volume: &Volume, description: &str) -> Result<(), ExportError> {
    let fits = |v: f64| v.fract() == 0.0 && (f64::from(i16::MIN)..=f64::from(i16::MAX)).contains(&v);
    let [columns, rows, slices] = volume.size();
    let at = |k: usize| (0..rows).flat_map(move |j| (0..columns).map(move |i| crate::space::VoxelIndex([i, j, k])));
    let whole = (0..slices).all(|k| at(k).all(|v| fits(volume.value(v))));
    let sample = if whole { Sample::Int16 } else { Sample::Float32 };
    let head = header(&volume.geometry, key, sample, description, "IMAGE").map_err(ExportError::Unfit)?;
    let slice = |k: usize| -> Vec<u8> {
        let values = at(k).map(|v| volume.value(v));
        match sample {
            Sample::Float32 => values.flat_map(|v| (v as f32).to_le_bytes()).collect(),
            _ => values.flat_map(|v| (v as i16).to_le_bytes()).collect(),
        }
    };
    write_slices(path, &head, slices, slice)
}
