//! One export: which files, where, and each of them written, read back and put in place.

use super::case::{CaseFile, case_file};
use super::file::{ExportError, write_verified, write_whole};
use super::made::{Made, made};
use super::nifti::LabelImage;
use super::owner::{may_replace, nifti_description};
use super::{Case, Format, json_text};
use crate::anatomy::{Region, VertebraLevel};
use crate::document::{ImageIdentity, ImageKey, LabelMap};
use crate::volume::Kind;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The label map of the vertebral bodies in a folder; values are VerSe's.
const BODIES: &str = "bodies.nii.gz";

/// A file to be written.
struct Planned<'a> {
    path: PathBuf,
    format: Format,
    content: Content<'a>,
}

enum Content<'a> {
    Case(Rc<CaseFile>),
    Labels(LabelImage<'a>),
    Bytes(Made),
}

/// What came of an export.
#[derive(Debug, Default)]
pub struct Written {
    /// Files that are whole and in place.
    pub files: Vec<PathBuf>,
    /// Why others are not there.
    pub problems: Vec<ExportError>,
    /// What a format could not tell apart, in sentences.
    pub notes: Vec<String>,
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
    let bodies = body_values();
    let mut written = Written::default();
    let planned = plan(case, formats, to, [&values, &bodies], &mut written.problems)?;
    if !force {
        planned.iter().try_for_each(|p| may_replace(&p.path, p.format, p.mark(), case))?;
    }
    if planned.iter().any(|p| matches!(&p.content, Content::Labels(l) if l.intent == "BODIES")) {
        written.notes.extend(merged_bodies(case, &bodies));
    }
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

/// The value of each level's body in exports.
fn body_values() -> BTreeMap<u16, u16> {
    VertebraLevel::ALL.into_iter().filter_map(|l| Some((l.label_value(), body_value(l)?))).collect()
}

/// The value of a level's body in exports: VerSe's, which has one, 26, for the whole sacrum.
pub(super) fn body_value(level: VertebraLevel) -> Option<u16> {
    const SACRUM: u8 = 26;
    let sacral = (level.region() == Region::Sacral).then_some(SACRUM);
    level.codes().verse_id.or(sacral).map(u16::from)
}

/// Bodies that share a value in the label map, in a sentence: VerSe has one for the whole sacrum.
fn merged_bodies(case: &Case, values: &BTreeMap<u16, u16>) -> Option<String> {
    let outlined = |l: &VertebraLevel| case.doc.bodies.values().any(|m| m.holds(l.label_value()));
    let mut by_value: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for level in VertebraLevel::ALL.into_iter().filter(outlined) {
        let value = values.get(&level.label_value()).copied().unwrap_or_default();
        by_value.entry(value).or_default().push(level.name());
    }
    let merged = by_value.into_iter().filter(|(_, levels)| levels.len() > 1);
    let told: Vec<String> = merged.map(|(value, levels)| format!("{} are all {value}", levels.join(", "))).collect();
    (!told.is_empty()).then(|| {
        format!(
            "{BODIES}: {}, as VerSe numbers the sacrum; the formats bodies and stl keep them apart",
            told.join("; ")
        )
    })
}

fn plan<'a>(
    case: &Case<'a>,
    formats: &[Format],
    to: &Path,
    [values, bodies]: [&'a BTreeMap<u16, u16>; 2],
    problems: &mut Vec<ExportError>,
) -> Result<Vec<Planned<'a>>, ExportError> {
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    let as_file = is_file(&formats, to)?;
    if !as_file {
        fs::create_dir_all(to).map_err(ExportError::io(to, "making the folder"))?;
    }
    let kept = [Format::Nifti, Format::Script];
    let file = formats.iter().any(|f| !kept.contains(f)).then(|| Rc::new(case_file(case)));
    let mut planned = Vec::new();
    for format in formats {
        let path = if as_file { to.to_owned() } else { to.join(format.file_name()) };
        let mut add = |path, content| planned.push(Planned { path, format, content });
        match (format, &file) {
            (Format::Json, Some(file)) => add(path, Content::Case(file.clone())),
            (Format::Nifti, _) => {
                for (n, (key, map)) in label_images(case)?.into_iter().enumerate() {
                    let Some(image) = case.doc.images.get(key) else { continue };
                    let description = nifti_description(case, image);
                    let labels = LabelImage { key, image, map, values, description, intent: "LESIONS" };
                    add(numbered(&path, format, n), Content::Labels(labels));
                }
                // A single file is the lesions'; the bodies' outlines go beside it into a folder.
                for (n, (key, map)) in case.doc.bodies.iter().filter(|_| !as_file).enumerate() {
                    let Some(image) = case.doc.images.get(key) else { continue };
                    let (description, map) = (nifti_description(case, image), Some(map));
                    let labels = LabelImage { key, image, map, values: bodies, description, intent: "BODIES" };
                    add(numbered(&to.join(BODIES), format, n), Content::Labels(labels));
                }
            }
            (Format::Script, _) => add(path, Content::Bytes(Made::at("", case.script.as_bytes().to_vec(), ""))),
            (_, Some(file)) => match made(format, case, file) {
                Ok(files) => files.into_iter().enumerate().for_each(|(n, f)| {
                    let path = if f.name.is_empty() { numbered(&path, format, n) } else { to.join(&f.name) };
                    add(path, Content::Bytes(f));
                }),
                Err(e) => problems.push(ExportError::Unfit(format!("{}: {e}", format.name()))),
            },
            _ => {}
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
    if one.ending().is_some_and(|e| text.to_lowercase().ends_with(e)) {
        return Ok(true);
    }
    let wanted = match one.ending() {
        None => format!("{} go into a folder", one.file_name()),
        Some(ending) => format!("a file of this format ends with {ending}"),
    };
    Err(ExportError::Unfit(format!("{text}: {wanted}; for a folder of this name, end it with a separator: {text}/")))
}

/// `lesions.nii.gz` to `lesions-2.nii.gz`, for the second series of a case.
fn numbered(path: &Path, format: Format, n: usize) -> PathBuf {
    if n == 0 {
        return path.to_owned();
    }
    let name = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
    // In a folder the number stands before everything that tells the format: `lesions-2.seg.dcm`.
    let own = format.file_name();
    let stem =
        if name == own { own.find('.').unwrap_or(own.len()) } else { name.len() - format.ending().map_or(0, str::len) };
    let (stem, ending) = name.split_at_checked(stem).unwrap_or((&name, ""));
    path.with_file_name(format!("{stem}-{}{ending}", n + 1))
}

/// The series that were painted on, most voxels first.
pub(super) fn painted_images<'a>(case: &Case<'a>) -> Vec<(&'a ImageKey, &'a ImageIdentity)> {
    painted_maps(case).into_iter().filter_map(|(key, _)| Some((key, case.doc.images.get(key)?))).collect()
}

fn painted_maps<'a>(case: &Case<'a>) -> Vec<(&'a ImageKey, &'a LabelMap)> {
    let mut painted: Vec<_> = case.doc.masks.iter().map(|(key, map)| (map.painted().count(), key, map)).collect();
    painted.sort_by_key(|(n, ..)| std::cmp::Reverse(*n));
    painted.into_iter().map(|(_, key, map)| (key, map)).collect()
}

/// The series that get a label map: those that were painted on, most voxels first; where nothing was painted, the first
/// series in space.
fn label_images<'a>(case: &Case<'a>) -> Result<Vec<(&'a ImageKey, Option<&'a LabelMap>)>, ExportError> {
    let painted = painted_maps(case);
    if !painted.is_empty() {
        return Ok(painted.into_iter().map(|(key, map)| (key, Some(map))).collect());
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
    /// What an earlier export of the same case by the same reader holds at the same place.
    fn mark(&self) -> &str {
        match &self.content {
            Content::Bytes(made) => &made.mark,
            _ => "",
        }
    }

    fn write(&self) -> Result<(), ExportError> {
        let unfit = |e: serde_json::Error| ExportError::Unfit(format!("{}: {e}", self.path.display()));
        match &self.content {
            Content::Labels(labels) => labels.write(&self.path),
            Content::Bytes(made) => write_whole(&self.path, &made.bytes),
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
