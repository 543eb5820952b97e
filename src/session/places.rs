//! Where cases live when the reader does not choose: one file a study and reader in the user's data directory, and a
//! list of the cases opened last. No name of a patient, and no path of images, stands in any of it.

use super::journal::{self, What};
use crate::document::ImageIdentity;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How many cases the list of recent ones keeps.
const RECENT_MAX: usize = 30;

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
    /// The last writer did not come to an end: its last line is cut short.
    pub torn: bool,
}

/// The folder that holds a user's cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    root: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct Recent {
    cases: Vec<PathBuf>,
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
        self.stored().cases.into_iter().filter(|p| p.is_file()).collect()
    }

    /// Puts a case at the head of the list.
    ///
    /// # Errors
    /// What the system says; the list is then as it was.
    pub fn remember(&self, case: &Path) -> std::io::Result<()> {
        let case = std::path::absolute(case)?;
        let mut recent = self.stored();
        recent.cases.retain(|p| *p != case);
        recent.cases.insert(0, case);
        recent.cases.truncate(RECENT_MAX);
        fs::create_dir_all(&self.root)?;
        let whole = self.root.join("recent.json");
        let part = self.root.join(format!("recent.json.{}.part", std::process::id()));
        let mut file = fs::File::create(&part)?;
        file.write_all(&serde_json::to_vec_pretty(&recent)?)?;
        file.sync_all()?;
        fs::rename(&part, &whole)
    }

    fn stored(&self) -> Recent {
        let bytes = fs::read(self.root.join("recent.json")).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
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

/// What a list shows of a case file; `None` for anything that is not an intact one.
pub fn summary(path: &Path) -> Option<CaseSummary> {
    let bytes = fs::read(path).ok()?;
    let contents = journal::read(&bytes).ok()?;
    let last_utc = contents.entries.last().map_or(contents.header.utc, |e| e.utc.clone());
    let mut fingerprints: Vec<String> = contents.header.images.into_iter().map(|i| i.fingerprint).collect();
    for edit in contents.entries.iter().filter(|e| e.what == What::Image).flat_map(|e| &e.edits) {
        if let crate::document::Edit::Image { value: Some(image), .. } = edit {
            fingerprints.push(image.fingerprint.clone());
        }
    }
    fingerprints.sort();
    fingerprints.dedup();
    Some(CaseSummary {
        path: path.to_owned(),
        reader: contents.header.reader,
        last_utc,
        gestures: contents.entries.iter().filter(|e| e.what == What::Step).count(),
        fingerprints,
        torn: contents.torn_line.is_some(),
    })
}
