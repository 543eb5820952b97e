//! Keeps patients out of messages and files: of text in headers only what stands in a list of known words goes on, and
//! folders named by the patient's number or name are not told.

use super::attribute::{PATIENT_ID, PATIENT_NAME};
use super::dataset::Dataset;
use sha2::{Digest, Sha256};
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

/// Whether a text is a UID (PS3.5 9.1): at most 64 digits and dots.
pub fn is_uid(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b == b'.' || b.is_ascii_digit())
}

/// A UID as it is; of any other text a UID that its digest gives (PS3.5 B.2), always the same one: what stands in the
/// place of a UID may be a name.
pub fn kept_uid(text: String) -> String {
    if is_uid(&text) {
        return text;
    }
    let digest = Sha256::digest(text.as_bytes());
    let number = digest.iter().take(16).fold(0u128, |n, b| n << 8 | u128::from(*b));
    format!("2.25.{number}")
}

/// RescaleType, Units and Modality LUT Type as the standard defines them (PS3.3 C.7.6.16.2.9, C.8.9.1.1.3, C.11.1.1.2).
const UNITS: [&str; 33] = [
    "HU",
    "US",
    "OD",
    "MGML",
    "Z_EFF",
    "ED",
    "EDW",
    "HU_MOD",
    "PCT",
    "CNTS",
    "NONE",
    "CM2",
    "CM2ML",
    "PCNT",
    "CPS",
    "BQML",
    "MGMINML",
    "UMOLMINML",
    "MLMING",
    "MLG",
    "1CM",
    "UMOLML",
    "PROPCNTS",
    "PROPCPS",
    "MLMINML",
    "MLML",
    "GML",
    "STDDEV",
    "SUV",
    "mm2/s",
    "um2/s",
    "ms",
    "s",
];

/// A unit that is known; `US` (unspecified) for any other text.
pub fn kept_units(text: &str) -> String {
    UNITS.iter().find(|u| u.eq_ignore_ascii_case(text)).map_or("US", |u| *u).to_owned()
}

/// Modalities of images (PS3.3 C.7.3.1.1.1).
const MODALITIES: [&str; 33] = [
    "CT",
    "MR",
    "PT",
    "NM",
    "CR",
    "DX",
    "RG",
    "RF",
    "XA",
    "XC",
    "US",
    "MG",
    "OT",
    "SC",
    "ES",
    "GM",
    "SM",
    "IO",
    "PX",
    "IVUS",
    "OP",
    "OPT",
    "BMD",
    "BDUS",
    "EPS",
    "LS",
    "TG",
    "RTIMAGE",
    "RTDOSE",
    "SEG",
    "DG",
    "CTPROTOCOL",
    "ST",
];

/// A modality that is known, for files; `OT` (other) for any other text.
pub fn kept_modality(text: &str) -> String {
    let known = MODALITIES.iter().find(|m| **m == text);
    if text.is_empty() { String::new() } else { known.map_or("OT", |m| *m).to_owned() }
}

/// Whether a value may be quoted: the letters of numbers, dates, codes of an enumeration; a few of any, which name nobody.
pub fn may_be_quoted(value: &str) -> bool {
    value.chars().count() <= 3 || value.chars().all(|c| c.is_ascii_digit() || " +-.,:/\\eE".contains(c))
}

#[cfg(test)]
mod tests {
    use super::super::attribute::Attribute;
    use super::super::element::{Encoding, Header};
    use super::*;

    #[test]
    fn what_is_no_uid_becomes_one_and_unknown_words_are_left_out() {
        assert_eq!(kept_uid("1.2.840.10008".to_owned()), "1.2.840.10008");
        let (a, b) = (kept_uid("Doe^Peter".to_owned()), kept_uid("Doe^Paul".to_owned()));
        assert!(a != b && [&a, &b].iter().all(|u| is_uid(u) && u.starts_with("2.25.")), "{a} {b}");
        assert_eq!(a, kept_uid("Doe^Peter".to_owned()));
        assert_eq!([kept_units("hu"), kept_units("Doe")], ["HU", "US"]);
        assert_eq!([kept_modality("MR"), kept_modality("DOE"), kept_modality("")], ["MR", "OT", ""]);
        assert!(may_be_quoted("0.5\\-1,5e3") && may_be_quoted("nan") && !may_be_quoted("Doe^Peter"));
    }

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
