//! What lists show of a case file, and how its last sitting ended.

use super::journal::{self, CLOSED, What};
use crate::document::Edit;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// How the last sitting at a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    Closed,
    /// Another window or program has it open now.
    Open,
    /// The program was cut off: killed, or the power failed.
    CutOff,
}

/// A case file, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSummary {
    /// The file.
    pub path: PathBuf,
    /// The reader's pseudonym.
    pub reader: String,
    /// Time of its last entry (UTC).
    pub last_utc: String,
    /// How many gestures its journal holds, undone ones included.
    pub gestures: usize,
    /// Fingerprints of the images that the case knows.
    pub fingerprints: Vec<String>,
    /// Modalities of the series that were drawn on, each once.
    pub modalities: Vec<String>,
    /// The last writer did not come to an end: its last line is cut short.
    pub torn: bool,
    /// How the last sitting ended.
    pub ending: Ending,
}

/// What a list shows of a case file; `None` for anything that is not an intact one.
pub fn summary(path: &Path) -> Option<CaseSummary> {
    let bytes = fs::read(path).ok()?;
    let contents = journal::read(&bytes).ok()?;
    let (entries, torn) = (contents.entries, contents.torn_line.is_some());
    let last_utc = entries.last().map_or(contents.header.utc, |e| e.utc.clone());
    let mut fingerprints: Vec<String> = contents.header.images.into_iter().map(|i| i.fingerprint).collect();
    let mut modalities = Vec::new();
    for edit in entries.iter().filter(|e| e.what == What::Image).flat_map(|e| &e.edits) {
        if let Edit::Image { value: Some(image), .. } = edit {
            fingerprints.push(image.fingerprint.clone());
            modalities.push(image.modality.clone());
        }
    }
    for list in [&mut fingerprints, &mut modalities] {
        list.sort();
        list.dedup();
    }
    // Only a window counts reading time, and a window ends its sitting with a note.
    let begun = entries.iter().rposition(|e| e.what == What::Open).unwrap_or(0);
    let at_window = entries[begun..].iter().any(|e| e.active_ms.is_some());
    let closed = entries.last().is_some_and(|e| e.note.as_deref() == Some(CLOSED));
    let ending = match is_open(path) {
        true => Ending::Open,
        false if torn || (at_window && !closed) => Ending::CutOff,
        false => Ending::Closed,
    };
    Some(CaseSummary {
        path: path.to_owned(),
        reader: contents.header.reader,
        last_utc,
        gestures: entries.iter().filter(|e| e.what == What::Step).count(),
        fingerprints,
        modalities,
        torn,
        ending,
    })
}

/// Whether a writer holds the file.
pub fn is_open(path: &Path) -> bool {
    File::open(path).is_ok_and(|f| matches!(f.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
