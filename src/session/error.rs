//! Why a case cannot be opened, changed or saved: sentences for the person at the screen.

use super::journal::{Damage, Hopeless, why};
use super::plan::Refusal;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong with a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The step makes no sense here; nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case was opened for reading only.
    #[error("{} is open for reading only", .0.display())]
    ReadOnly(PathBuf),
    /// Another program writes to it.
    #[error("{} is in use{who}; it can be read meanwhile, and written once the other program has closed it", .path.display())]
    Locked {
        /// The case file.
        path: PathBuf,
        /// ` by reader-1, who opened it on … (UTC)`, where the file tells.
        who: String,
    },
    /// A file is already there.
    #[error("{} already exists and was left as it is; choose another name", .0.display())]
    Exists(PathBuf),
    /// The file is no intact case.
    #[error("{}: {damage}{}", .path.display(), way_out(.path, .damage))]
    Damaged {
        /// The case file.
        path: PathBuf,
        /// Where and how.
        damage: Damage,
    },
    /// Nothing of the file can be saved.
    #[error("{} cannot be recovered: {why}", .path.display())]
    Hopeless {
        /// The case file.
        path: PathBuf,
        /// Why.
        why: Hopeless,
    },
    /// The system refused.
    #[error("{} cannot be {doing}: {}", .path.display(), why(.source))]
    Io {
        /// The file.
        path: PathBuf,
        /// `opened`, `created`, ….
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// What was done is on the screen and not on the disk.
    #[error("{} is not saved: {reason}", .path.display())]
    Unsaved {
        /// The case file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The case belongs to another reader.
    #[error("{} is the case of reader {theirs}, not of {ours}; give each reader a case file of their own", .path.display())]
    AnotherReader {
        /// The case file.
        path: PathBuf,
        /// Whose it is.
        theirs: String,
        /// Who asked.
        ours: String,
    },
    /// The same series, but not the same images.
    #[error("series {series} is not as it was when {} was made: its slices or its geometry differ. Open the original images, or begin a new case", .path.display())]
    OtherImages {
        /// The case file.
        path: PathBuf,
        /// SeriesInstanceUID.
        series: String,
    },
    /// A pseudonym that cannot be one.
    #[error("a reader's pseudonym needs 1 to 64 characters, none of them a control character")]
    BadReader,
}

/// What can be done about damage.
fn way_out(path: &Path, damage: &Damage) -> String {
    match damage {
        Damage::Line { .. } => format!("; `spondyl recover {} -o NEW.spondyl` saves what is intact", path.display()),
        _ => String::new(),
    }
}

impl SessionError {
    /// An input or output error while `doing` something with a file.
    pub(super) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> SessionError {
        move |source| SessionError::Io { path: path.to_owned(), doing, source }
    }
}
