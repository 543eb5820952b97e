//! Where cases live when the reader does not choose: one file a study and reader in the user's data directory, and a
//! list of the cases opened last. No name of a patient, and no path of images, stands in any of it; the window alone
//! keeps the folders opened last, in its own `window.toml`, where the settings let it.

use super::summary::{CaseSummary, summary};
use crate::document::ImageIdentity;
use crate::export::write_whole;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How many cases the list of recent ones keeps.
const RECENT_MAX: usize = 30;

/// The folder that holds a user's cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    root: PathBuf,
}

/// Version of the list of recent cases.
const RECENT_VERSION: u32 = 1;

/// The list of recent cases as it is stored: below the folder of cases or the home folder without naming either, so that
/// the account's name does not stand in it.
#[derive(Serialize, Deserialize)]
struct Recent {
    #[serde(default = "first_version")]
    version: u32,
    cases: Vec<PathBuf>,
    /// What a later version wrote besides; it stays.
    #[serde(flatten)]
    more: Map<String, Value>,
}

fn first_version() -> u32 {
    1
}

impl Places {
    /// The user's own: `$XDG_DATA_HOME/spondyl`, `~/.local/share/spondyl`, on Windows `%APPDATA%\spondyl`. `None` when the
    /// system names no such folder.
    pub fn of_user() -> Option<Places> {
        let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|p| p.is_absolute());
        let data = named("XDG_DATA_HOME")
            .or_else(|| named("APPDATA"))
            .or_else(|| named("HOME").map(|home| home.join(".local/share")))?;
        Some(Places::under(&data.join("spondyl")))
    }

    /// Cases under a given folder.
    pub fn under(root: &Path) -> Places {
        Places { root: root.to_owned() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the case of a study and a reader lives: `cases/<digest of the StudyInstanceUID>/<reader>.spondyl`.
    pub fn case_path(&self, study_instance_uid: &str, reader: &str) -> PathBuf {
        self.study_folder(study_instance_uid).join(format!("{}.spondyl", file_name_of(reader)))
    }

    fn study_folder(&self, study_instance_uid: &str) -> PathBuf {
        let digest = Sha256::digest(study_instance_uid.as_bytes());
        let short: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        self.root.join("cases").join(short)
    }

    /// Every case that knows one of these images, the one written last first: those in the default place of their
    /// studies, and recent ones elsewhere. Files that cannot be read are left out.
    pub fn find_cases(&self, images: &[ImageIdentity]) -> Vec<CaseSummary> {
        let mut files: Vec<PathBuf> = images
            .iter()
            .filter_map(|i| fs::read_dir(self.study_folder(&i.study_instance_uid)).ok())
            .flat_map(|entries| entries.filter_map(Result::ok).map(|e| e.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "spondyl"))
            .chain(self.recent())
            .collect();
        files.sort();
        files.dedup();
        let knows = |c: &CaseSummary| images.iter().any(|i| c.fingerprints.contains(&i.fingerprint));
        let mut found: Vec<_> = files.iter().filter_map(|p| summary(p)).filter(knows).collect();
        found.sort_by(|a, b| b.last_utc.cmp(&a.last_utc).then_with(|| a.path.cmp(&b.path)));
        found
    }

    /// The cases opened last, newest first; those that are gone are left out.
    pub fn recent(&self) -> Vec<PathBuf> {
        let stored = self.stored().map(|r| r.cases).unwrap_or_default();
        stored.iter().map(|p| self.whole(p)).filter(|p| p.is_file()).collect()
    }

    /// The cases opened last, as a list shows them, newest first; `most` of them.
    pub fn recent_cases(&self, most: usize) -> Vec<CaseSummary> {
        self.recent().iter().take(most).filter_map(|p| summary(p)).collect()
    }

    /// Puts a case at the head of the list.
    ///
    /// # Errors
    /// What the system says; the list is then as it was.
    pub fn remember(&self, case: &Path) -> io::Result<()> {
        let case = self.short(&std::path::absolute(case)?);
        let mut recent = self.stored()?;
        recent.cases.retain(|p| *p != case);
        recent.cases.insert(0, case);
        recent.cases.truncate(RECENT_MAX);
        fs::create_dir_all(&self.root)?;
        let text = serde_json::to_vec_pretty(&recent)?;
        write_whole(&self.root.join("recent.json"), &text).map_err(io::Error::other)
    }

    /// The stored list; an unreadable one counts as empty, one of a later version is an error, so that it stays.
    fn stored(&self) -> io::Result<Recent> {
        let bytes = fs::read(self.root.join("recent.json")).unwrap_or_default();
        let empty = Recent { version: RECENT_VERSION, cases: Vec::new(), more: Map::new() };
        let recent: Recent = serde_json::from_slice(&bytes).unwrap_or(empty);
        match recent.version {
            ..=RECENT_VERSION => Ok(Recent { version: RECENT_VERSION, ..recent }),
            newer => Err(io::Error::other(format!("recent.json is of version {newer}, newer than this program's"))),
        }
    }

    fn short(&self, path: &Path) -> PathBuf {
        let below = |root: &Path| path.strip_prefix(root).ok().map(Path::to_owned);
        let home = || below(&std::env::home_dir().filter(|h| h.is_absolute())?).map(|p| Path::new("~").join(p));
        below(&self.root).or_else(home).unwrap_or_else(|| path.to_owned())
    }

    fn whole(&self, stored: &Path) -> PathBuf {
        match (stored.strip_prefix("~"), std::env::home_dir()) {
            (Ok(below), Some(home)) => home.join(below),
            _ => self.root.join(stored), // an absolute path stays one
        }
    }
}

/// A pseudonym as a file name: letters, digits, `-` and `_` stay; where anything else was, a digest keeps names apart.
fn file_name_of(reader: &str) -> String {
    let plain: String =
        reader.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect();
    if plain == reader && !plain.is_empty() {
        return plain;
    }
    let digest: String = Sha256::digest(reader.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect();
    format!("{plain}-{digest}")
}
