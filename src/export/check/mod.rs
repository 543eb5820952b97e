//! Is a case JSON sound? Its text, its schema, and the rules that no schema can say; every problem with its JSON pointer.
//!
//! The file may come from anywhere: memory and recursion are bounded, and nothing is changed.

mod json;
mod rules;
mod shape;

use super::case::{CaseFile, SCHEMA_NAME, case_schema};
use serde_json::Value;
use std::io;
use std::path::Path;

/// Problems listed at most; a file with more is broken from the ground up.
const LISTED: usize = 1000;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON pointer (RFC 6901); empty for the file as a whole.
    pub pointer: String,
    /// What was found and what was expected.
    pub message: String,
}

/// What a look at a file found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Problems in the order of the file, 1,000 at most.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
    /// Levels in a sound file.
    pub levels: usize,
    /// Lesions in a sound file.
    pub lesions: usize,
}

impl Checked {
    fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        if self.problems.len() < LISTED {
            self.problems.push(Problem { pointer: pointer.into(), message: message.into() });
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Looks at a case JSON.
///
/// # Errors
/// When the file cannot be read.
pub fn check_case_json(path: &Path) -> io::Result<Checked> {
    Ok(match json::read(path)? {
        Err(why) => {
            let mut checked = Checked::default();
            checked.add("", why);
            checked
        }
        Ok(value) => check_value(&value),
    })
}

/// Reads a case JSON that is sound.
///
/// # Errors
/// A sentence: the system's, or the first problem of a file that is not sound.
pub fn read_case_json(path: &Path) -> Result<CaseFile, String> {
    let value = json::read(path).map_err(|e| format!("cannot be read: {e}"))??;
    let checked = check_value(&value);
    if let Some(p) = checked.problems.first() {
        let place = if p.pointer.is_empty() { "the file" } else { &p.pointer };
        return Err(format!("not a sound case JSON: {place}: {}; `spondyl check` lists every problem", p.message));
    }
    serde_json::from_value(value).map_err(|e| e.to_string())
}

fn check_value(value: &Value) -> Checked {
    let mut checked = Checked::default();
    if let Some(why) = other_version(value) {
        checked.add("/schema", why);
        return checked;
    }
    shape::check(&case_schema().to_value(), value, &mut checked);
    match serde_path_to_error::deserialize::<_, CaseFile>(value) {
        Ok(case) => {
            rules::check(&case, &mut checked);
            checked.levels = case.annotation_sets.iter().map(|s| s.vertebrae.len()).sum();
            checked.lesions = case.annotation_sets.iter().flat_map(|s| &s.vertebrae).map(|v| v.lesions.len()).sum();
        }
        Err(e) if checked.is_sound() => checked.add(pointer_of(e.path()), e.inner().to_string()),
        Err(_) => {}
    }
    checked
}

/// Why a file of another version cannot be judged; `None` for files of this version and for what is no case at all.
fn other_version(value: &Value) -> Option<String> {
    let found = value.get("schema")?.as_str()?;
    let version = |name: &str| name.strip_prefix("spondyl-case/")?.split('.').next()?.parse::<u64>().ok();
    let (found_version, own) = (version(found)?, version(SCHEMA_NAME)?);
    match found_version {
        v if v > own => Some(format!(
            "the schema is \"{}\", written by a newer version of spondyl; this one reads up to \"{SCHEMA_NAME}\". \
             Nothing was changed; use the newer version",
            shape::shown(found)
        )),
        v if v < own => Some(format!("the schema is \"{}\"; expected \"{SCHEMA_NAME}\"", shape::shown(found))),
        _ => None,
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => shape::step(key),
            Segment::Enum { variant } => shape::step(variant),
            Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
