//! One export: which files, where, and each of them written, read back and put in place.

use super::case::{CaseFile, case_file};
use super::file::{ExportError, write_verified, write_whole};
use super::nifti::LabelImage;
use super::owner::{may_replace, nifti_description};
use super::tables::tables;
use super::{Case, json_text};
use crate::document::{ImageKey, LabelMap};
use crate::volume::Kind;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A file format for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The case JSON.
    Json,
    /// Label maps.
    Nifti,
    /// Tables.
    Csv,
    /// The steps that lead to the document.
    Script,
}

impl Format {
    /// What a file of this format ends with.
    fn ending(self) -> &'static str {
        match self {
            Format::Json => ".json",
            Format::Nifti => ".nii.gz",
            Format::Csv => ".csv",
            Format::Script => ".jsonl",
        }
    }

    /// Its name in a folder.
    fn file_name(self) -> &'static str {
        match self {
            Format::Json => "case.json",
            Format::Nifti => "lesions.nii.gz",
            Format::Csv => "",
            Format::Script => "script.jsonl",
        }
    }
}

/// A file to be written.
struct Planned<'a> {
    path: PathBuf,
    format: Format,
    content: Content<'a>,
}

enum Content<'a> {
    Case(Rc<CaseFile>),
    Bytes(Vec<u8>),
    Labels(LabelImage<'a>),
}

/// What came of an export.
#[derive(Debug, Default)]
pub struct Written {
    /// Files that are whole and in place.
    pub files: Vec<PathBuf>,
    /// Why others are not there.
    pub problems: Vec<ExportError>,
}

/// Exports a case in `formats` to `to`: a folder (made when it is not there), or, for one format of one file, a file
/// whose name ends as the format does.
///
/// # Errors
/// Before anything is written: [`ExportError::Foreign`] when a file there is not an earlier export of the same case by
/// the same reader and `force` is not set, [`ExportError::Unfit`] and [`ExportError::Io`] when there is no place.
/// Files that cannot be written are [`Written::problems`]; the others are there.
pub fn export(case: &Case, formats: &[Format], to: &Path, force: bool) -> Result<Written, ExportError> {
    let values = export_values(case);
    let planned = plan(case, formats, to, &values)?;
    if !force {
        planned.iter().try_for_each(|p| may_replace(&p.path, p.format, case))?;
    }
    let mut written = Written::default();
    for p in planned {
        match p.write() {
            Ok(()) => written.files.push(p.path),
            Err(e) => written.problems.push(e),
        }
    }
    Ok(written)
}

/// The label of each lesion in the document to its value in exports: 1…n in the same order, without holes.
pub fn export_values(case: &Case) -> BTreeMap<u16, u16> {
    let mut labels: Vec<u16> = case.doc.lesions.values().map(|l| l.label_value).collect();
    labels.sort_unstable();
    labels.into_iter().zip(1..).collect()
}

fn plan<'a>(
    case: &Case<'a>,
    formats: &[Format],
    to: &Path,
    values: &'a BTreeMap<u16, u16>,
) -> Result<Vec<Planned<'a>>, ExportError> {
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    let as_file = is_file(&formats, to)?;
    if !as_file {
        fs::create_dir_all(to).map_err(ExportError::io(to, "making the folder"))?;
    }
    let file = formats.iter().any(|f| matches!(f, Format::Json | Format::Csv)).then(|| Rc::new(case_file(case)));
    let mut planned = Vec::new();
    for format in formats {
        let path = if as_file { to.to_owned() } else { to.join(format.file_name()) };
        let mut add = |path, content| planned.push(Planned { path, format, content });
        match format {
            Format::Json => file.iter().for_each(|file| add(path.clone(), Content::Case(file.clone()))),
            Format::Script => {
                add(path, Content::Bytes(case.script.as_bytes().to_vec()));
            }
            Format::Csv => {
                if let Some(file) = &file {
                    let made = tables(file).map_err(|e| ExportError::Unfit(format!("the tables: {e}")))?;
                    made.into_iter().for_each(|(name, bytes)| add(to.join(name), Content::Bytes(bytes)));
                }
            }
            Format::Nifti => {
                for (n, (key, map)) in label_images(case)?.into_iter().enumerate() {
                    let Some(image) = case.doc.images.get(key) else { continue };
                    let description = nifti_description(case);
                    let content = Content::Labels(LabelImage { key, image, map, values, description });
                    add(if n == 0 { path.clone() } else { numbered(&path, n + 1) }, content);
                }
            }
        }
    }
    Ok(planned)
}

/// Whether `to` names a file: one format of one file, and a name that ends as it does.
///
/// # Errors
/// [`ExportError::Unfit`] for the name of a file of another kind: a folder of that name is not what was meant.
fn is_file(formats: &[Format], to: &Path) -> Result<bool, ExportError> {
    let text = to.to_string_lossy();
    let [one] = formats else { return Ok(false) };
    if to.is_dir() || text.ends_with(std::path::is_separator) || to.extension().is_none() {
        return Ok(false);
    }
    if *one != Format::Csv && text.to_lowercase().ends_with(one.ending()) {
        return Ok(true);
    }
    let wanted = match one {
        Format::Csv => "the three tables go into a folder".to_owned(),
        one => format!("a file of this format ends with {}", one.ending()),
    };
    Err(ExportError::Unfit(format!("{text}: {wanted}; for a folder of this name, end it with a separator: {text}/")))
}

/// `lesions.nii.gz` to `lesions-2.nii.gz`, for the second series of a case.
fn numbered(path: &Path, n: usize) -> PathBuf {
    let name = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.get(..name.len().saturating_sub(Format::Nifti.ending().len())).unwrap_or(&name);
    path.with_file_name(format!("{stem}-{n}{}", Format::Nifti.ending()))
}

/// The series that get a label map: those that were painted on, most voxels first; where nothing was painted, the first
/// series in space.
fn label_images<'a>(case: &Case<'a>) -> Result<Vec<(&'a ImageKey, Option<&'a LabelMap>)>, ExportError> {
    let mut painted: Vec<_> = case.doc.masks.iter().map(|(key, map)| (map.painted().count(), key, map)).collect();
    painted.sort_by_key(|(n, ..)| std::cmp::Reverse(*n));
    if !painted.is_empty() {
        return Ok(painted.into_iter().map(|(_, key, map)| (key, Some(map))).collect());
    }
    let in_space = case.doc.images.iter().find(|(_, i)| i.kind != Kind::Projection);
    match in_space {
        Some((key, _)) => Ok(vec![(key, None)]),
        None => {
            Err(ExportError::Unfit("the case knows no series in space, so there is no grid for a label map".to_owned()))
        }
    }
}

impl Planned<'_> {
    fn write(&self) -> Result<(), ExportError> {
        let unfit = |e: serde_json::Error| ExportError::Unfit(format!("{}: {e}", self.path.display()));
        match &self.content {
            Content::Labels(labels) => labels.write(&self.path),
            Content::Bytes(bytes) => write_whole(&self.path, bytes),
            Content::Case(case) => {
                let text = json_text(&**case).map_err(unfit)?;
                write_verified(&self.path, |out| out.write_all(&text), |back| same_case(back, case, text.len()))
            }
        }
    }
}

/// Reads a case JSON back: every number must come back as the very same.
fn same_case(back: &mut dyn Read, case: &CaseFile, length: usize) -> Result<(), String> {
    let mut text = Vec::with_capacity(length);
    back.read_to_end(&mut text).map_err(|e| e.to_string())?;
    let found: CaseFile = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    if found == *case { Ok(()) } else { Err("the case is not the same".to_owned()) }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
