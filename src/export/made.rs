//! Formats that are made in memory: from the case file to the bytes of one or several files.

use super::case::CaseFile;
use super::parquet::parquet;
use super::tables::{Table, tables};
use super::{Case, Format, coco, dicom, markups, page, stl, verse};
use crate::agree::escaped;

/// A file that is made, and not yet written.
pub struct Made {
    /// Its name; empty for the name that the format gives.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// What every export of the same case by the same reader holds at this place.
    pub mark: String,
}

impl Made {
    /// A file of a name.
    pub fn at(name: impl Into<String>, bytes: Vec<u8>, mark: impl Into<String>) -> Made {
        Made { name: name.into(), bytes, mark: mark.into() }
    }
}

/// The mark of formats that hold text: the case and the reader.
pub fn mark_of(case: &Case) -> String {
    format!("{} by {}", case.id, serde_json::Value::from(case.reader).to_string().trim_matches('"'))
}

/// The files of a format.
///
/// # Errors
/// A sentence when the case cannot be put into it.
pub fn made(format: Format, case: &Case, file: &CaseFile) -> Result<Vec<Made>, String> {
    match format {
        Format::Json | Format::Nifti | Format::Script => Ok(Vec::new()), // written as they are
        Format::Csv => {
            let one = |t: Table| Ok(Made::at(format!("{}.csv", t.name), t.csv().map_err(|e| e.to_string())?, ""));
            tables(file).into_iter().map(one).collect()
        }
        Format::Parquet => {
            let mark = mark_of(case);
            let one = |t: Table| Made::at(format!("{}.parquet", t.name), parquet(&t, &mark), mark.clone());
            Ok(tables(file).into_iter().map(one).collect())
        }
        Format::Seg => {
            let segs = dicom::segmentations(case, file)?;
            some(segs.into_iter().map(|s| s.file).collect())
        }
        Format::Bodies => match dicom::body_segmentations(case, file)? {
            none if none.is_empty() => Err("no vertebral body is outlined (O outlines one)".to_owned()),
            files => some(files),
        },
        Format::Sr => some(vec![dicom::report(case, file, &dicom::segmentations(case, file)?)?]),
        Format::Rtstruct => some(dicom::structure_sets(case, file)?),
        Format::Markups => Ok(vec![Made::at("", markups::markups(case, file)?, mark_of(case))]),
        Format::Coco => Ok(vec![Made::at("", coco::coco(case, file)?, mark_of(case))]),
        Format::Stl => stl::surfaces(case, file),
        Format::Html => Ok(vec![Made::at("", page::page(case, file), escaped(&mark_of(case)))]),
        Format::Verse => Ok(vec![Made::at("", verse::centroids(case, file)?, mark_of(case))]),
    }
}

fn some(files: Vec<dicom::DicomFile>) -> Result<Vec<Made>, String> {
    match files.is_empty() {
        true => Err("no lesion has voxels, so there is nothing to put into such a file".to_owned()),
        false => Ok(files.into_iter().map(|f| Made::at("", f.bytes, f.series_uid)).collect()),
    }
}
