//! Whose file already lies where an export is to go: an export of the same case by the same reader may be replaced, any
//! other file is kept unless it is to be forced.

use super::nifti;
use super::{Case, ExportError, Format};
use crate::document::ImageIdentity;
use crate::volume::finding_codes;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// What the NIfTI says of where it comes from.
fn nifti_mark(case: &Case) -> String {
    format!("spondyl {}", case.id)
}

/// The same, and what is odd about the series; the header has room for 79 bytes.
pub fn nifti_description(case: &Case, image: &ImageIdentity) -> String {
    let found = finding_codes(&image.findings).join(" ");
    let mark = nifti_mark(case);
    if found.is_empty() { mark } else { format!("{mark} {found}") }
}

/// Refuses to replace a file that is not an earlier export of this case. `mark` is what such an export holds, of formats
/// that are not looked into further.
///
/// # Errors
/// [`ExportError::Foreign`] with what the file is instead; [`ExportError::Io`] when it cannot be looked at.
pub fn may_replace(path: &Path, format: Format, mark: &str, case: &Case) -> Result<(), ExportError> {
    if !path.try_exists().map_err(ExportError::io(path, "looking for an earlier export"))? {
        return Ok(());
    }
    let what = match format {
        Format::Json => foreign_json(path, case),
        Format::Csv => foreign_table(path, case),
        Format::Nifti => nifti::description_of(path).map(|d| match d {
            Some(d) if d.starts_with(&nifti_mark(case)) => None,
            Some(_) => Some("a label map of something else".to_owned()),
            None => Some("not a NIfTI label map".to_owned()),
        }),
        Format::Script => foreign_script(path, case),
        _ => unmarked(path, mark),
    };
    match what.map_err(ExportError::io(path, "looking at the earlier export"))? {
        None => Ok(()),
        Some(what) => Err(ExportError::Foreign { path: path.display().to_string(), what }),
    }
}

type Foreign = std::io::Result<Option<String>>;

fn foreign_json(path: &Path, case: &Case) -> Foreign {
    #[derive(Deserialize)]
    struct Owner {
        case_id: uuid::Uuid,
        readers: Vec<Reader>,
    }
    #[derive(Deserialize)]
    struct Reader {
        id: String,
    }
    let found: Result<Owner, _> = serde_json::from_reader(BufReader::new(File::open(path)?));
    Ok(match found {
        Ok(o) if o.case_id != case.id => Some("another case".to_owned()),
        Ok(o) if o.readers.iter().all(|r| r.id != case.reader) => Some("another reader's".to_owned()),
        Ok(_) => None,
        Err(_) => Some("not a case JSON".to_owned()),
    })
}

/// Looks for the mark within the first megabyte.
fn unmarked(path: &Path, mark: &str) -> Foreign {
    let mut start = Vec::new();
    File::open(path)?.take(1 << 20).read_to_end(&mut start)?;
    let found = start.windows(mark.len().max(1)).any(|w| w == mark.as_bytes());
    Ok((!found && !mark.is_empty()).then(|| "of another case or reader, or of another program".to_owned()))
}

/// Tables name their reader in every row, and their case or their series.
fn foreign_table(path: &Path, case: &Case) -> Foreign {
    let mut table = csv::Reader::from_reader(File::open(path)?);
    let Ok(columns) = table.headers().cloned() else { return Ok(Some("not a table".to_owned())) };
    if columns.iter().all(|c| c != "reader") {
        return Ok(Some("another table".to_owned()));
    }
    for row in table.into_records() {
        let Ok(row) = row else { return Ok(Some("not a table".to_owned())) };
        let of = |column: &str| columns.iter().zip(&row).find(|(c, _)| *c == column).map(|(_, cell)| cell);
        let known = |uid: &str| case.doc.images.values().any(|i| i.series_instance_uid == uid);
        if of("reader").is_some_and(|r| r.trim_start_matches('\'') != case.reader.trim_start_matches('\'')) {
            return Ok(Some("another reader's".to_owned()));
        }
        let other_case = of("case_id").is_some_and(|id| id != case.id.to_string());
        if other_case || of("series_instance_uid").is_some_and(|uid| !uid.is_empty() && !known(uid)) {
            return Ok(Some("another case".to_owned()));
        }
    }
    Ok(None)
}

/// A script says nothing of its case; the same case begins with the same step.
fn foreign_script(path: &Path, case: &Case) -> Foreign {
    let Some(expected) = case.script.lines().next() else {
        return Ok(Some("a script, where this case has no steps".to_owned()));
    };
    let mut first = Vec::new();
    BufReader::new(File::open(path)?).take(expected.len() as u64 + 1).read_until(b'\n', &mut first)?;
    let same = first.strip_suffix(b"\n").unwrap_or(&first) == expected.as_bytes();
    Ok((!same && !first.is_empty()).then(|| "another script".to_owned()))
}
