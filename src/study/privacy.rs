//! Keeps patients out of messages: exports often name folders by the patient's number or name.

use super::attribute::{PATIENT_ID, PATIENT_NAME};
use super::dataset::Dataset;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Names and numbers of the patients met during a scan, letters and digits only.
#[derive(Debug, Default)]
pub struct Identities(Mutex<HashSet<String>>);

impl Identities {
    /// Remembers the patient of a data set, and hides it in the path of its own file, also inside longer names.
    pub fn meet(&self, set: &Dataset, path: &str, given: usize) -> String {
        let word = |a| Some(plain(&String::from_utf8_lossy(set.get(a)?.bytes())));
        let words = [PATIENT_ID, PATIENT_NAME].into_iter().filter_map(word);
        let words: Vec<String> = words.filter(|w| w.len() >= SHORTEST).collect();
        let hidden = hide(path, given, |folder| {
            words.iter().any(|word| *word == folder || (word.len() >= LONG && folder.contains(word.as_str())))
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(words);
        hidden
    }

    /// A path for people, in which folders named by any patient that was met are replaced by `…`. The first `given` bytes,
    /// which the user typed, and the file's own name stay.
    pub fn hide(&self, path: &str, given: usize) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hide(path, given, |folder| known.contains(folder))
    }
}

/// Shorter words say nothing of a patient.
const SHORTEST: usize = 3;
/// Words of this length are looked for inside names of folders.
const LONG: usize = 6;

fn hide(path: &str, given: usize, names_patient: impl Fn(&str) -> bool) -> String {
    let (typed, below) = path.split_at_checked(given).unwrap_or((path, ""));
    let mut parts: Vec<&str> = below.split('/').collect();
    let folders = parts.len().saturating_sub(1);
    parts[..folders].iter_mut().filter(|folder| names_patient(&plain(folder))).for_each(|folder| *folder = "…");
    format!("{typed}{}", parts.join("/"))
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::super::attribute::Attribute;
    use super::super::element::{Encoding, Header};
    use super::*;

    #[test]
    fn folders_that_name_a_patient_are_hidden_but_not_what_was_typed() {
        let mut set = Dataset::new(Encoding::EXPLICIT);
        let mut put = |a: Attribute, value: &[u8]| {
            set.push(&Header { tag: a.tag, vr: Some(a.vr), length: None, size: 8 }, Encoding::EXPLICIT, value);
        };
        put(PATIENT_ID, b"77654033 ");
        put(PATIENT_NAME, b"Doe^Peter");
        let met = Identities::default();
        assert_eq!(met.meet(&set, "/cd/DOE_PETER_2001/a.dcm", 3), "/cd/…/a.dcm");
        assert_eq!(met.meet(&set, "/cd/images/77654033.dcm", 3), "/cd/images/77654033.dcm");
        assert_eq!(met.meet(&set, "/77654033/CT2/17106", 9), "/77654033/CT2/17106");
        assert_eq!(met.hide("/cd/77654033/CT2/17106", 3), "/cd/…/CT2/17106");
        assert_eq!(met.hide("/cd/a/b", 300), "/cd/a/b");
    }
}
