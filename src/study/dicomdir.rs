//! DICOMDIR: the list of files on a medium (DICOM PS3.10 section 8). It is only believed about files inside its folder;
//! a folder that holds one is searched all the same.

use super::attribute as a;
use super::header;
use super::info::{SkipCode, Skipped};
use super::privacy::Identities;
use super::source::Source;
use super::text::visible;
use std::path::{Path, PathBuf};

/// Whether a file is named like one.
pub fn is_named_so(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"))
}

/// Records beyond these are not looked at.
const MOST_RECORDS: usize = 200_000;

/// What a DICOMDIR refers to.
#[derive(Default)]
struct References {
    present: Vec<PathBuf>,
    missing: Vec<String>,
    outside: Vec<String>,
}

/// The files that a DICOMDIR lists and that are there; `None` when it is no DICOMDIR.
pub fn files_listed(source: &Source) -> Option<Vec<Source>> {
    let mut files: Vec<PathBuf> = references(source)?.present;
    files.sort();
    files.dedup();
    let given = source.folder().as_os_str().len();
    Some(files.into_iter().map(|file| Source::file(file, given)).collect())
}

/// Says which listed files are missing or lie outside the folder.
pub fn complaints(source: &Source, identities: &Identities) -> Vec<Skipped> {
    let Some(references) = references(source) else { return Vec::new() };
    let all = references.present.len() + references.missing.len() + references.outside.len();
    let kinds = [
        (&references.missing, "are missing in its folder"),
        (&references.outside, "would lie outside its folder; they were not opened"),
    ];
    let complaint = |(names, what): (&Vec<String>, &str)| {
        let shown: Vec<String> = names.iter().take(5).map(|name| identities.hide(name, 0)).collect();
        let more = if names.len() > 5 { ", …" } else { "" };
        let count = format!("{} of {all} files named by {}", names.len(), a::REFERENCED_FILE_ID);
        let reason = format!("{count} {what}: {}{more}", shown.join(", "));
        Skipped { path: source.shown.clone(), reason, code: SkipCode::BadReference }
    };
    kinds.into_iter().filter(|(names, _)| !names.is_empty()).map(complaint).collect()
}

fn references(source: &Source) -> Option<References> {
    let header = source.stream(|stream| header::read(stream, &mut Vec::new())).ok()?;
    if !header.dataset.has(a::DIRECTORY_RECORDS) {
        return None;
    }
    let folder = source.path.parent()?.to_owned();
    let real_folder = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder }.canonicalize().ok();
    let mut found = References::default();
    for record in header.dataset.items(a::DIRECTORY_RECORDS).take(MOST_RECORDS) {
        let Some(id) = record.get(a::REFERENCED_FILE_ID) else { continue };
        let parts: Vec<String> = id.texts().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        let shown = visible(&parts.join("/")).into_owned();
        let plain =
            |part: &String| !part.is_empty() && part != "." && part != ".." && !part.contains(['/', '\\', ':', '\0']);
        if !parts.iter().all(plain) {
            found.outside.push(shown);
            continue;
        }
        let spelled =
            |spell: fn(&str) -> String| parts.iter().fold(folder.clone(), |path, part| path.join(spell(part)));
        let candidates = [spelled(str::to_owned), spelled(str::to_lowercase)];
        match candidates.into_iter().find(|path| path.is_file()) {
            Some(path) if path.canonicalize().ok().zip(real_folder.as_ref()).is_some_and(|(p, f)| p.starts_with(f)) => {
                found.present.push(path);
            }
            Some(_) => found.outside.push(shown),
            None => found.missing.push(shown),
        }
    }
    Some(found)
}
