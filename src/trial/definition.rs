//! `study.toml`: which cases are read by whom, what each reader must record, what is hidden, in which order.

use super::question::{Question, question};
use super::written::{Keys, TrialError, Written, read};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The file's name in the folder of a study.
pub const FILE: &str = "study.toml";
/// Longest pseudonym and longest id.
const NAME_MAX: usize = 40;
/// A study.toml is written by hand.
const FILE_MAX_BYTES: u64 = 16 << 20;

/// A reading study.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What it is called.
    pub title: String,
    /// Seed of the readers' orders.
    pub seed: u64,
    /// Pseudonyms of the readers.
    pub readers: Vec<String>,
    /// The cases, in the file's order.
    pub cases: Vec<TrialCase>,
    /// What each reader records for each case.
    pub questions: Vec<Question>,
    /// What is hidden.
    pub blind: Blind,
    /// How many cases each reader reads twice without being told.
    pub repeats: usize,
    /// How many other items lie at least between the two readings of a case.
    pub repeat_gap: usize,
    /// Whether finished items can be opened again in the window.
    pub revisit: bool,
}

/// A case of a reading study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialCase {
    /// Its id in tables and comparisons; readers do not see it.
    pub id: String,
    /// Folder or file of its images, below the study's folder.
    pub images: PathBuf,
    /// What the timepoint of these images is called, where the case has several.
    pub timepoint: String,
    /// The series that is opened: its SeriesInstanceUID (0020,000E), or a unique end of it.
    pub series: Option<String>,
    /// The same by a pattern for SeriesDescription (0008,103E); `*` stands for anything.
    pub description: Option<String>,
    /// Other timepoints.
    pub timepoints: Vec<TrialTimepoint>,
}

/// Another timepoint of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialTimepoint {
    /// Its handle.
    pub id: String,
    /// Its images.
    pub images: PathBuf,
    /// Days after the case's own images; negative before them.
    pub days: Option<i32>,
}

/// What readers are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blind {
    /// Whose images they are: ids of cases, folders, dates.
    pub patient: bool,
    /// What series are called (0008,103E): sites write names and dates into it.
    pub descriptions: bool,
    /// What other readers said.
    pub readers: bool,
    /// Which timepoint is the earlier one.
    pub timepoint: bool,
}

impl Trial {
    /// Reads the `study.toml` of a folder.
    ///
    /// # Errors
    /// [`TrialError`]: a sentence with the line, the key, what was found and what was expected.
    pub fn read(folder: &Path) -> Result<Trial, TrialError> {
        let path = folder.join(FILE);
        let unread = |why: String| TrialError::Unread { path: path.clone(), why };
        let size = std::fs::metadata(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => unread("there is no such file; a study is a folder with one".to_owned()),
            _ => unread(format!("cannot be read: {e}")),
        })?;
        if size.len() > FILE_MAX_BYTES {
            return Err(unread("is larger than 16 MiB, so it is no list of cases and questions".to_owned()));
        }
        let text = std::fs::read_to_string(&path).map_err(|e| unread(format!("cannot be read: {e}")))?;
        Trial::of_text(&path, &text)
    }

    /// Of a text; `path` is what messages call it.
    ///
    /// # Errors
    /// As [`Trial::read`].
    pub fn of_text(path: &Path, text: &str) -> Result<Trial, TrialError> {
        let mut top = read(path, text)?;
        let title = top.needed("title", "what the study is called")?;
        let seed = top.whole("seed", [0, i64::MAX], "a whole number from 0 on")?;
        let seed = seed.ok_or_else(|| top.wrong_here("seed", "nothing", "a whole number from 0 on"))? as u64;
        let readers = readers(&mut top)?;
        let cases = cases(&mut top)?;
        let mut ids = BTreeSet::new();
        let mut questions = Vec::new();
        for mut keys in top.tables("questions", "[[questions]] with id, ask and the kind of answer")? {
            let q = question(&mut keys)?;
            if !ids.insert(q.id.clone()) {
                return Err(keys.wrong_here("id", format!("{:?} for the second time", q.id), "an id of its own"));
            }
            keys.done()?;
            questions.push(q);
        }
        let blind = blind(top.table("blind")?)?;
        let (repeats, repeat_gap) = repeats(&mut top, cases.len())?;
        let revisit = top.flag("revisit", repeats == 0)?;
        top.done()?;
        Ok(Trial { title, seed, readers, cases, questions, blind, repeats, repeat_gap, revisit })
    }

    /// The reader of a pseudonym, as the file spells it.
    ///
    /// # Errors
    /// A sentence that lists the readers.
    pub fn reader(&self, name: &str) -> Result<&str, String> {
        let known = self.readers.iter().find(|r| *r == name);
        known.map(String::as_str).ok_or_else(|| {
            format!("{name:?} is no reader of {:?}; its readers are {}", self.title, self.readers.join(", "))
        })
    }
}

/// Whether a name can be that of a file on every system.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.len() <= NAME_MAX && text.chars().all(plain)
}

pub(super) const NAME_EXPECTED: &str = "1 to 40 letters, digits, - or _";

/// A key whose value is a name.
pub(super) fn name(keys: &mut Keys<'_>, key: &'static str) -> Result<String, TrialError> {
    let text = keys.needed(key, NAME_EXPECTED)?;
    if is_name(&text) { Ok(text) } else { Err(keys.wrong_here(key, format!("{text:?}"), NAME_EXPECTED)) }
}

fn readers(top: &mut Keys<'_>) -> Result<Vec<String>, TrialError> {
    let expected = "a list of pseudonyms, such as [\"reader-1\", \"reader-2\"]";
    let listed = top.texts("readers", expected)?.unwrap_or_default();
    if listed.is_empty() {
        return Err(top.wrong_here("readers", "nobody", expected));
    }
    let mut folders = BTreeSet::new();
    for (line, reader) in &listed {
        let here = Written { line: *line, text: format!("{reader:?}"), kind: super::written::Kind::Other };
        if !is_name(reader) {
            return Err(top.wrong("readers", &here, format!("pseudonyms of {NAME_EXPECTED}")));
        }
        if !folders.insert(reader.to_lowercase()) {
            // Some systems do not tell the folders `Anna` and `anna` apart.
            return Err(top.wrong("readers", &here, "pseudonyms that differ in more than capital letters"));
        }
    }
    Ok(listed.into_iter().map(|(_, r)| r).collect())
}

fn cases(top: &mut Keys<'_>) -> Result<Vec<TrialCase>, TrialError> {
    let mut out: Vec<TrialCase> = Vec::new();
    for mut keys in top.tables("cases", "[[cases]] with id and images")? {
        let id = name(&mut keys, "id")?;
        if out.iter().any(|c| c.id == id) {
            return Err(keys.wrong_here("id", format!("{id:?} for the second time"), "an id of its own"));
        }
        let images = inside(&mut keys)?;
        let series = keys.text("series", "a SeriesInstanceUID (0020,000E) or a unique end of it")?;
        let description = keys.text("description", "a pattern for SeriesDescription (0008,103E), such as \"*sag*\"")?;
        let mut timepoints: Vec<TrialTimepoint> = Vec::new();
        let listed = keys.tables("timepoints", "a list of tables with id, images and perhaps days")?;
        let timepoint = match keys.take("timepoint") {
            Some(Written { kind: super::written::Kind::Text(t), .. }) if is_name(&t) => t,
            Some(other) => return Err(keys.wrong("timepoint", &other, NAME_EXPECTED)),
            None => "first".to_owned(),
        };
        for mut t in listed {
            let id = name(&mut t, "id")?;
            if id == timepoint || timepoints.iter().any(|known| known.id == id) {
                return Err(t.wrong_here("id", format!("{id:?} for the second time"), "an id of its own"));
            }
            let images = inside(&mut t)?;
            let days = t.whole("days", [-40_000, 40_000], "days after the case's own images, or before them: -180")?;
            t.done()?;
            timepoints.push(TrialTimepoint { id, images, days: days.map(|d| d as i32) });
        }
        keys.done()?;
        out.push(TrialCase { id, images, timepoint, series, description, timepoints });
    }
    if out.is_empty() { Err(top.wrong_here("cases", "nothing", "[[cases]] with id and images")) } else { Ok(out) }
}

/// A path that stays below the study's folder.
fn inside(keys: &mut Keys<'_>) -> Result<PathBuf, TrialError> {
    let expected = "a folder or file of images below the study's folder, as a relative path";
    let text = keys.needed("images", expected)?;
    let path = PathBuf::from(&text);
    let stays = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if !stays || text.contains('\\') {
        return Err(keys.wrong_here("images", format!("{text:?}"), format!("{expected}, with / and without ..")));
    }
    Ok(path)
}

fn blind(mut keys: Keys<'_>) -> Result<Blind, TrialError> {
    let patient = keys.flag("patient", true)?;
    let blind = Blind {
        patient,
        descriptions: keys.flag("descriptions", patient)?,
        readers: keys.flag("readers", true)?,
        timepoint: keys.flag("timepoint", false)?,
    };
    keys.done()?;
    Ok(blind)
}

fn repeats(top: &mut Keys<'_>, cases: usize) -> Result<(usize, usize), TrialError> {
    let most = cases as i64;
    let gap = top.whole("repeat_gap", [1, most.max(1)], "how many other items lie at least between, from 1 on")?;
    let gap = gap.unwrap_or(1) as usize;
    let expected = format!("a whole number from 0 to the number of cases ({cases})");
    let repeats = top.whole("repeats", [0, most], &expected)?.unwrap_or(0) as usize;
    if repeats > 0 && cases < 2 * gap {
        let found = format!("{repeats} with {cases} cases");
        return Err(top.wrong_here("repeats", found, format!("at least {} cases for a gap of {gap}", 2 * gap)));
    }
    Ok((repeats, gap))
}
