//! Exports without the identities of images: every UID is replaced by another one, always by the same, and a key file
//! that stays with the reader tells which was which. Free text is left out unless asked for; labels, terms and pseudonyms stay.

use super::file::{ExportError, write_whole};
use super::words::{Words, leave_out};
use crate::document::{Document, ImageIdentity, ImageKey, TimepointKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What a key file begins with.
const FORMAT: &str = "spondyl-uid-key";
/// Version of key files.
const VERSION: u32 = 1;

/// UIDs and what stands for them. Its file belongs to those who may know the patients, and to nobody else.
#[derive(Debug)]
pub struct UidKey {
    path: PathBuf,
    stored: Stored,
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format: String,
    version: u32,
    /// Random, and never told: without it nobody finds a UID by trying all that there are.
    secret: String,
    /// Original UID to the one in its place.
    uids: BTreeMap<String, String>,
    /// What a later version wrote besides; it stays.
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl UidKey {
    /// Opens a key file, or begins one that is written by [`UidKey::save`].
    ///
    /// # Errors
    /// [`ExportError::Unfit`] for a file that is no key of this version or an older one; it is then left as it is.
    pub fn open(path: &Path) -> Result<UidKey, ExportError> {
        let unfit = |what: String| ExportError::Unfit(format!("the key file {}: {what}", path.display()));
        let stored = match fs::read(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Stored {
                format: FORMAT.to_owned(),
                version: VERSION,
                secret: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
                uids: BTreeMap::new(),
                more: Map::new(),
            },
            Err(e) => return Err(ExportError::io(path, "reading the key file")(e)),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| unfit(format!("it is not one ({e})")))?,
        };
        if stored.format != FORMAT {
            return Err(unfit(format!("it is not one; expected \"format\": \"{FORMAT}\"")));
        }
        if stored.version > VERSION {
            let found = stored.version;
            return Err(unfit(format!("it has version {found}, and this program knows versions up to {VERSION}")));
        }
        Ok(UidKey { path: path.to_owned(), stored, changed: false })
    }

    /// Whether the key lies where an export goes: whoever gets the one would get the other.
    pub fn lies_in(&self, folder: &Path) -> bool {
        let whole = |p: &Path| fs::canonicalize(p).or_else(|_| std::path::absolute(p)).unwrap_or_else(|_| p.to_owned());
        let parent = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        whole(parent).starts_with(whole(folder))
    }

    /// Writes what is new. Before any export that uses it: nothing is replaced by what nobody could tell again.
    ///
    /// # Errors
    /// What the system says; the old key is then as it was.
    pub fn save(&mut self) -> Result<(), ExportError> {
        if !self.changed {
            return Ok(());
        }
        if let Some(folder) = self.path.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(ExportError::io(folder, "making the folder"))?;
        }
        let text = serde_json::to_vec_pretty(&self.stored).map_err(|e| ExportError::Unfit(e.to_string()))?;
        write_whole(&self.path, &text)?;
        self.changed = false;
        Ok(())
    }

    /// The UID in the place of another (a random-looking one under 2.25, PS3.5 B.2); well-known UIDs of the standard
    /// (under 1.2.840.10008) and empty ones stay.
    pub fn uid(&mut self, original: &str) -> String {
        if original.is_empty() || original.starts_with("1.2.840.10008.") {
            return original.to_owned();
        }
        if let Some(known) = self.stored.uids.get(original) {
            return known.clone();
        }
        let replaced = format!("2.25.{}", self.number(original));
        self.stored.uids.insert(original.to_owned(), replaced.clone());
        self.changed = true;
        replaced
    }

    fn number(&self, text: &str) -> u128 {
        let digest = Sha256::digest(format!("{}\n{text}", self.stored.secret).as_bytes());
        digest.iter().take(16).fold(0, |n, b| n << 8 | u128::from(*b))
    }

    /// A series' name, with its UID replaced.
    pub fn key(&mut self, key: &ImageKey) -> ImageKey {
        match key.0.split_once('#') {
            Some((uid, n)) => ImageKey(format!("{}#{n}", self.uid(uid))),
            None => ImageKey(self.uid(&key.0)),
        }
    }

    /// A document whose UIDs are replaced and whose sentences are left out, or stay.
    pub fn document(&mut self, doc: &Document, words: Words) -> Document {
        let mut out = doc.clone();
        out.images = doc.images.iter().map(|(key, i)| (self.key(key), self.identity(i))).collect();
        out.masks = doc.masks.iter().map(|(key, map)| (self.key(key), map.clone())).collect();
        out.bodies = doc.bodies.iter().map(|(key, map)| (self.key(key), map.clone())).collect();
        let origins = doc.body_origins.iter().map(|((key, level), o)| ((self.key(key), *level), *o));
        out.body_origins = origins.collect();
        out.measurements.values_mut().for_each(|m| m.image = self.key(&m.image));
        let later = doc.followups.iter().map(|(t, levels)| (self.timepoint(t), levels.clone()));
        out.followups = later.collect();
        out.timepoints = doc.timepoints.iter().map(|(t, p)| (self.timepoint(t), p.clone())).collect();
        let studies = out.timepoints.values_mut().flat_map(|t| &mut t.studies);
        studies.for_each(|uid| *uid = self.uid(uid));
        if words == Words::LeftOut {
            leave_out(&mut out);
        }
        out
    }

    /// A timepoint's name, which may be the UID of its study.
    fn timepoint(&mut self, key: &TimepointKey) -> TimepointKey {
        if looks_like_uid(&key.0) { TimepointKey(self.uid(&key.0)) } else { key.clone() }
    }

    fn identity(&mut self, image: &ImageIdentity) -> ImageIdentity {
        let mut out = image.clone();
        for uid in [&mut out.study_instance_uid, &mut out.series_instance_uid] {
            *uid = self.uid(uid);
        }
        out.frame_of_reference_uid = out.frame_of_reference_uid.map(|uid| self.uid(&uid));
        out.slices.iter_mut().for_each(|s| s.sop_instance_uid = self.uid(&s.sop_instance_uid));
        // A digest of the UIDs would tell them to whoever has a list of them.
        let digest = Sha256::digest(format!("{}\n{}", self.stored.secret, image.fingerprint).as_bytes());
        out.fingerprint = digest.iter().map(|b| format!("{b:02x}")).collect();
        out.findings.iter_mut().for_each(|f| f.message = self.text(&f.message));
        out
    }

    /// A sentence in which every UID of the key is replaced.
    fn text(&self, text: &str) -> String {
        let mut uids: Vec<_> = self.stored.uids.iter().collect();
        uids.sort_by_key(|(uid, _)| std::cmp::Reverse(uid.len())); // one may begin as another does
        uids.into_iter().fold(text.to_owned(), |t, (from, to)| t.replace(from.as_str(), to))
    }

    /// Lines of a script whose series are replaced; `step` reads one, and may leave something out.
    pub fn script(&mut self, script: &str, step: impl Fn(&str) -> Option<Value>) -> String {
        let mut out = String::new();
        for mut step in script.lines().filter_map(step).filter(Value::is_object) {
            self.replace_in(&mut step);
            out += &format!("{step}\n");
        }
        out
    }

    /// Every UID and series name anywhere in a step.
    fn replace_in(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if looks_like_uid(text.split('#').next().unwrap_or_default()) => {
                *text = self.key(&ImageKey(std::mem::take(text))).0;
            }
            Value::Array(all) => all.iter_mut().for_each(|v| self.replace_in(v)),
            Value::Object(all) => all.values_mut().for_each(|v| self.replace_in(v)),
            _ => {}
        }
    }
}

/// Digits with at least two dots between them: no number and no word of a script looks so.
fn looks_like_uid(text: &str) -> bool {
    text.bytes().all(|b| b == b'.' || b.is_ascii_digit()) && text.bytes().filter(|b| *b == b'.').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::super::{Case, Format, export, json_text};
    use super::*;
    use crate::session::line_of_script;

    #[test]
    fn every_layer_of_masks_follows_its_series() {
        let folder = tempfile::tempdir().unwrap();
        let mut doc = sample().doc;
        doc.bodies = doc.masks.clone();
        let mut key = UidKey::open(&folder.path().join("key.json")).unwrap();
        let out = key.document(&doc, Words::LeftOut);
        let series: Vec<_> = out.images.keys().collect();
        assert!(series.iter().all(|k| !doc.images.contains_key(k)));
        assert_eq!((out.masks.keys().collect::<Vec<_>>(), out.bodies.keys().collect()), (series.clone(), series));
    }

    #[test]
    fn uids_are_replaced_always_by_the_same_and_the_key_tells_them_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("apart").join("key.json");
        let mut sample = sample();
        sample.doc.case.remark = Some("Doe was here".to_owned());
        sample.doc.case.answers.insert("q".to_owned(), crate::document::Answer::Words("as Doe says".to_owned()));
        sample.script +=
            "{\"op\":\"set\",\"target\":{\"case\":true},\"field\":\"answers.q\",\"value\":\"as Doe says\"}\n";
        let mut key = UidKey::open(&path).unwrap();
        let (doc, script) = (
            key.document(&sample.doc, Words::LeftOut),
            key.script(&sample.script, |l| line_of_script(l, Words::LeftOut)),
        );
        key.save().unwrap();
        let volumes = sample.volumes.iter().map(|(k, v)| (key.key(k), v.clone())).collect();
        let case =
            Case { doc: &doc, volumes: &volumes, script: &script, deidentified: Some(Words::LeftOut), ..sample.case() };
        let out = folder.path().join("out");
        assert!(key.lies_in(folder.path()) && !key.lies_in(&out));
        let formats = [Format::Json, Format::Csv, Format::Nifti, Format::Script];
        assert!(export(&case, &formats, &out, false).unwrap().problems.is_empty());
        for file in fs::read_dir(&out).unwrap().map(|f| f.unwrap().path()) {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            for told in ["1.2.3.4", "1.2.3.9", "\"1.2.3\"", "f00d", "Doe"] {
                assert!(!text.contains(told), "{} tells {told}", file.display());
            }
        }
        let kept =
            (key.document(&sample.doc, Words::Kept), key.script(&sample.script, |l| line_of_script(l, Words::Kept)));
        assert!(kept.0.case.remark.is_some() && kept.0.case.answers.len() == 1 && kept.1.contains("Doe says"));
        // The figures are the same as with the UIDs of the images.
        let figures = |case: &Case| String::from_utf8(json_text(&super::super::case_file(case)).unwrap()).unwrap();
        let lines = |t: &str| t.lines().filter(|l| l.contains("volume_mm3")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&figures(&case)), lines(&figures(&sample.case())));
        // Opened again, the key gives the same; a newer one is refused and stays.
        let mut again = UidKey::open(&path).unwrap();
        assert_eq!(again.uid("1.2.3.4"), key.uid("1.2.3.4"));
        assert_eq!(again.uid("1.2.840.10008.5.1.4.1.1.2"), "1.2.840.10008.5.1.4.1.1.2");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"1.2.3.4\"") && text.contains(&key.uid("1.2.3.4")));
        let newer = text.replace("\"version\": 1", "\"version\": 2, \"more\": [1]");
        fs::write(&path, &newer).unwrap();
        assert!(UidKey::open(&path).unwrap_err().to_string().contains("version 2"));
        assert_eq!(fs::read_to_string(&path).unwrap(), newer);
        let with_more = newer.replace("\"version\": 2", "\"version\": 1");
        fs::write(&path, with_more).unwrap();
        let mut kept = UidKey::open(&path).unwrap();
        kept.uid("9.9.9");
        kept.save().unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("\"more\""), "what is not known here stays");
    }
}
