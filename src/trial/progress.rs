//! How far a study is, from the files alone: `readings/<reader>/<item>.spondyl` below its folder.

use super::definition::Trial;
use super::order::{Item, worklist};
use crate::document::CaseFacts;
use crate::session::journal::Damage;
use crate::session::{Access, Session, SessionError};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Folder of all readings below the study's.
pub const READINGS: &str = "readings";

/// How far an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// There is no file.
    NotStarted,
    /// It was opened.
    InProgress,
    /// The reader declared it finished, and no required answer is missing.
    Finished,
    /// Its file cannot be taken: why.
    Odd(String),
}

impl ItemState {
    /// As tables and JSON have it.
    pub fn word(&self) -> &'static str {
        match self {
            ItemState::NotStarted => "not_started",
            ItemState::InProgress => "in_progress",
            ItemState::Finished => "finished",
            ItemState::Odd(_) => "odd",
        }
    }
}

/// An item and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The item.
    pub item: Item,
    /// How far it is.
    pub state: ItemState,
    /// Time that the reader was active on it, s.
    pub active_seconds: f64,
    /// Ids of required questions without an answer; only of a file that is there.
    pub open: Vec<String>,
}

/// Where an item's reading lies.
pub fn reading_path(folder: &Path, reader: &str, item: &str) -> PathBuf {
    folder.join(READINGS).join(reader).join(format!("{item}.spondyl"))
}

/// Makes the folder of a reader, and sees that it lies in the study's.
///
/// # Errors
/// A sentence when it cannot be made, or when a link leads out of the study.
pub fn make_reader_folder(folder: &Path, reader: &str) -> Result<(), String> {
    let own = folder.join(READINGS).join(reader);
    let failed = |e: io::Error| format!("{} cannot be made: {e}", own.display());
    std::fs::create_dir_all(&own).map_err(failed)?;
    let (own_real, real) = (own.canonicalize().map_err(failed)?, folder.canonicalize().map_err(failed)?);
    match own_real.starts_with(&real) {
        true => Ok(()),
        false => {
            Err(format!("{} is a link that leads out of the study's folder; put a plain folder there", own.display()))
        }
    }
}

/// How far a case is, from what it says.
pub fn state_of(trial: &Trial, facts: &CaseFacts) -> (ItemState, Vec<String>) {
    let open: Vec<String> = trial.questions.iter().filter(|q| q.is_open(facts)).map(|q| q.id.clone()).collect();
    let finished = facts.finished && open.is_empty();
    (if finished { ItemState::Finished } else { ItemState::InProgress }, open)
}

/// A reader's items in their order, each with how far it is.
pub fn progress(folder: &Path, trial: &Trial, reader: &str) -> Vec<Progress> {
    worklist(trial, reader).into_iter().map(|item| of_item(folder, trial, reader, item)).collect()
}

fn of_item(folder: &Path, trial: &Trial, reader: &str, item: Item) -> Progress {
    let path = reading_path(folder, reader, &item.id);
    let mut found = Progress { item, state: ItemState::NotStarted, active_seconds: 0.0, open: Vec::new() };
    if !path.exists() {
        return found;
    }
    match Session::open(&path, Access::Read) {
        // Cut off while it was made: opening the item makes it anew.
        Err(SessionError::Damaged { damage: Damage::Unborn, .. }) => {}
        Err(e) => found.state = ItemState::Odd(e.to_string()),
        Ok(opened) => {
            let session = opened.session;
            found.active_seconds = session.active_time().as_secs_f64();
            let theirs = &session.header().reader;
            (found.state, found.open) = match theirs == reader {
                true => state_of(trial, &session.document().case),
                false => (ItemState::Odd(format!("{} is a case of reader {theirs}", path.display())), Vec::new()),
            };
        }
    }
    found
}

/// What lies among the readings and belongs to no item of no reader, each with a sentence why.
pub fn strays(folder: &Path, trial: &Trial) -> Vec<(PathBuf, String)> {
    let mut out = Vec::new();
    for (path, is_folder) in below(&folder.join(READINGS)) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !is_folder || !trial.readers.contains(&name) {
            out.push((path, format!("{name:?} is no reader of the study")));
            continue;
        }
        let items: BTreeSet<String> = worklist(trial, &name).into_iter().map(|i| i.id + ".spondyl").collect();
        for (path, _) in below(&path) {
            let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if !items.contains(&file) {
                out.push((
                    path,
                    format!("{file:?} is no item of {name}'s worklist; seed, cases or repeats may have changed"),
                ));
            }
        }
    }
    out
}

fn below(folder: &Path) -> Vec<(PathBuf, bool)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut all: Vec<_> = entries.map(|e| (e.path(), e.path().is_dir())).collect();
    all.sort();
    all
}
