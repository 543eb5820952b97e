//! Keeps patients out of messages: exports often name folders by the patient's number or name.

use super::attribute::{PATIENT_ID, PATIENT_NAME};
use super::dataset::{Dataset, trim};
use super::text::visible;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Names and numbers of patients met during a scan, letters and digits only.
#[derive(Debug, Default)]
pub struct Identities(Mutex<BTreeSet<String>>);

impl Identities {
    /// Remembers the patient of a data set.
    pub fn meet(&self, set: &Dataset) {
        let words = [PATIENT_ID, PATIENT_NAME]
            .into_iter()
            .filter_map(|a| Some(plain(&String::from_utf8_lossy(set.get(a)?.bytes()))));
        let words: Vec<String> = words.filter(|w| w.len() >= SHORTEST).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for word in words {
            if !known.contains(&word) {
                known.insert(word);
            }
        }
    }

    /// A path for people, in which folders that name a patient are replaced by `…`. The first `given` bytes, which the
    /// user typed, and the file's own name stay.
    pub fn hide(&self, path: &str, given: usize) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let names_patient = |folder: &str| {
            let folder = plain(folder);
            known.iter().any(|word| *word == folder || (word.len() >= LONG && folder.contains(word.as_str())))
        };
        let (typed, below) = path.split_at_checked(given).unwrap_or((path, ""));
        let mut parts: Vec<&str> = below.split('/').collect();
        let folders = parts.len().saturating_sub(1);
        parts[..folders].iter_mut().filter(|folder| names_patient(folder)).for_each(|folder| *folder = "…");
        format!("{typed}{}", parts.join("/"))
    }
}

/// Shorter words say nothing of a patient.
const SHORTEST: usize = 3;
/// Words of this length are looked for inside names of folders.
const LONG: usize = 6;

fn plain(text: &str) -> String {
    let text = visible(std::str::from_utf8(trim(text.as_bytes())).unwrap_or_default()).to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric()).collect()
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
        met.meet(&set);
        assert_eq!(met.hide("/cd/77654033/CT2/17106", 3), "/cd/…/CT2/17106");
        assert_eq!(met.hide("/cd/DOE_PETER_2001/a.dcm", 3), "/cd/…/a.dcm");
        assert_eq!(met.hide("/77654033/CT2/17106", 9), "/77654033/CT2/17106");
        assert_eq!(met.hide("/cd/images/77654033.dcm", 3), "/cd/images/77654033.dcm");
    }
}
