//! Reading what others wrote: our own case files, label maps, centroids and segmentations. A reader finds out what a file
//! says and on which grid; nothing here decides where it belongs, and what it cannot read is a sentence.

mod another;
mod bodies;
mod case;
mod centroids;
mod coded;
mod dicom;
mod labels;
mod levels;
mod nifti;
mod nifti_header;
mod nrrd;
mod offer;
mod onto;
mod reading;
mod records;
mod rtstruct;
mod seg;
mod take;
mod tried;

pub use another::{Another, another};
pub use bodies::{levels_in, on_grid};
pub use labels::{LabelNames, level_named};
pub use levels::{AskScheme, FoundLevels, levels_of, read_levels};
pub use offer::{Content, Offer, content, offered_bodies, offered_lesions};
pub use onto::{How, Steps, Target, steps};
pub use reading::{reader_name, reading_of};
pub use rtstruct::Outlines;
pub use take::{Version, taking, whole};
pub use tried::{Tried, tried};

use crate::agree::Grid;
use crate::anatomy::VertebraLevel;
use crate::document::LesionKind;
use crate::export::CaseFile;
use crate::space::PatientPoint;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct ImportError {
    /// The file.
    pub path: String,
    /// What is wrong, what was expected, what to do.
    pub what: String,
}

impl ImportError {
    /// A sentence about a file.
    pub fn new(path: &Path, what: impl Into<String>) -> ImportError {
        ImportError { path: path.display().to_string(), what: what.into() }
    }
}

/// One structure or lesion of a file.
#[derive(Clone, Debug, Default)]
pub struct FoundMask {
    /// Its name in the file; empty where the file gives none.
    pub name: String,
    /// Its number in the file.
    pub value: Option<u32>,
    /// Its level, where the file says so.
    pub level: Option<VertebraLevel>,
    /// What it does to bone, where the file says so.
    pub kind: Option<LesionKind>,
    /// Its identity, where the file keeps one.
    pub id: Option<Uuid>,
    /// Voxels: index into [`Found::grids`], ascending flat indices.
    pub masks: Vec<(usize, Vec<u64>)>,
    /// Outlines in the patient, where the file holds no voxels.
    pub outlines: Option<Outlines>,
}

/// Where a centre lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// In the patient.
    Patient(PatientPoint),
    /// In voxels of an image that the file does not hold.
    Voxel(VerseVoxel),
}

/// A voxel position in an image whose axes run as three letters say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerseVoxel {
    /// Where each axis runs to: `L`, `R`, `P`, `A`, `S` or `I`.
    pub axes: [char; 3],
    /// The position.
    pub at: [f64; 3],
}

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What kind of file it is, in words.
    pub what: &'static str,
    /// The reader, where the file names one.
    pub reader: Option<String>,
    /// Grids that masks lie on.
    pub grids: Vec<Grid>,
    /// Masks.
    pub masks: Vec<FoundMask>,
    /// Centres of vertebrae, by name, or by number where there is no name.
    pub centres: Vec<(CentreName, Place)>,
    /// The whole case, where it is one of ours.
    pub case: Option<Box<CaseFile>>,
    /// What could not be taken over, in sentences.
    pub notes: Vec<String>,
}

/// Whose centre it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CentreName {
    /// A vertebra.
    Level(VertebraLevel),
    /// A number of a scheme that is still to be named.
    Number(u32),
}

/// Reads a file by what is in it.
///
/// # Errors
/// [`ImportError`] with what was found and expected.
pub fn read(path: &Path) -> Result<Found, ImportError> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("spondyl")) {
        return case::journal(path);
    }
    match first_bytes(path)?.as_slice() {
        [0x1f, 0x8b, ..] => nifti::read(path),
        bytes if nifti_header::is_nifti(bytes) => nifti::read(path),
        bytes if nrrd::is_nrrd(bytes) => nrrd::read(path),
        bytes if bytes.get(128..132) == Some(b"DICM") => dicom::read(path),
        bytes if centroids::is_list(bytes) => centroids::read(path),
        bytes if is_json(bytes) => case::json(path),
        _ => Err(ImportError::new(
            path,
            "not a format that can be read here: expected a case file (*.spondyl), a case JSON, VerSe centroids, a DICOM \
             segmentation or structure set, a NIfTI label map, or an NRRD segmentation",
        )),
    }
}

fn first_bytes(path: &Path) -> Result<Vec<u8>, ImportError> {
    let system = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => ImportError::new(path, "there is no such file"),
        _ => ImportError::new(path, format!("cannot be read: {e}")),
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|f| f.take(352).read_to_end(&mut bytes)).map_err(system)?;
    Ok(bytes)
}

fn is_json(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Files below a folder that look as if they could be read, by their path below it without the endings.
///
/// # Errors
/// What the system says of the folder.
pub fn files_below(folder: &Path) -> Result<Vec<(String, PathBuf)>, ImportError> {
    const ENDINGS: [&str; 8] = [".spondyl", ".case.json", ".json", ".nii.gz", ".nii", ".seg.dcm", ".seg.nrrd", ".nrrd"];
    let mut out = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        let entries = std::fs::read_dir(&dir).map_err(|e| ImportError::new(&dir, format!("cannot be read: {e}")))?;
        for entry in entries.filter_map(Result::ok) {
            let (path, kind) = (entry.path(), entry.file_type());
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            let ending = ENDINGS.into_iter().find(|e| name.to_lowercase().ends_with(e));
            match (kind.is_ok_and(|k| k.is_dir()), ending) {
                (true, _) => open.push(path),
                (false, Some(ending)) => out.push((name[..name.len() - ending.len()].to_owned(), path)),
                _ => {}
            }
        }
    }
    out.sort();
    Ok(out)
}
