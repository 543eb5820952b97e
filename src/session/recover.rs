//! Recovering a damaged case: whatever lines are whole are applied again, in the order of their numbers, and written to
//! a new file with a new chain. What is gone, and what hangs on it, is said line by line; the damaged file is only read.

use super::journal::{Entry, Header, SOFTWARE, Sound, What, read, salvage, seal};
use super::place::place_new;
use super::state::State;
use super::{SessionError, time};
use crate::document::{Document, Edit, ImageIdentity, ImageKey, Layer, LesionId, runs_from_sorted};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::SystemTime;

/// What came of a recovery.
#[derive(Debug)]
pub struct Recovery {
    /// Steps in the new file, undone ones included.
    pub steps: usize,
    /// What is lost: sentences. Empty when the old file was sound.
    pub lost: Vec<String>,
    /// What was done besides: sentences.
    pub notes: Vec<String>,
    /// What the new file says.
    pub document: Document,
}

/// Writes what can be saved of the case at `from` to the new file `to`. `known` names series whose own entry is lost, as
/// they are in the original images.
///
/// # Errors
/// [`SessionError::Hopeless`], [`SessionError::Exists`], or what the system says. No new file is there then, and the old
/// one is as it was in any case.
pub fn recover(
    from: &Path,
    to: &Path,
    known: &dyn Fn(&ImageKey) -> Option<ImageIdentity>,
) -> Result<Recovery, SessionError> {
    let bytes = std::fs::read(from).map_err(super::open::not_opened(from))?;
    let found = salvage(&bytes).map_err(|why| SessionError::Hopeless { path: from.to_owned(), why })?;
    let mut again =
        Again::begin(&found.header, found.header_line, known).map_err(|e| SessionError::io(to, "written")(e.into()))?;
    (again.lost, again.notes) = (found.lost, found.notes);
    for sound in found.entries {
        again.take(sound);
    }
    again.finish(&found.header).map_err(|e| SessionError::io(to, "written")(std::io::Error::other(e)))?;
    place_new(to, &again.text)?;
    let steps = again.state.history.done().len() + again.state.history.undone().len();
    Ok(Recovery { steps, lost: again.lost, notes: again.notes, document: again.state.document })
}

/// The case as it grows again.
struct Again<'a> {
    known: &'a dyn Fn(&ImageKey) -> Option<ImageIdentity>,
    state: State,
    text: Vec<u8>,
    last_hash: String,
    last_seq: u64,
    /// Numbers of steps in the old file and in the new one.
    numbers: BTreeMap<u64, u64>,
    lost: Vec<String>,
    notes: Vec<String>,
}

impl<'a> Again<'a> {
    /// A whole first line stays as it is, byte for byte; so do the lines that follow it unbroken.
    fn begin(
        header: &Header,
        line: Option<&[u8]>,
        known: &'a dyn Fn(&ImageKey) -> Option<ImageIdentity>,
    ) -> Result<Self, serde_json::Error> {
        let (sealed, hash) = seal(header)?;
        let (text, last_hash) = match line.and_then(|l| Some((l, read_hash(l)?))) {
            Some((line, hash)) => ([line, b"\n"].concat(), hash),
            None => (sealed, hash),
        };
        let state = State { reader: header.reader.clone(), ..State::default() };
        let (lost, notes) = (Vec::new(), Vec::new());
        Ok(Again { known, state, text, last_hash, last_seq: 0, numbers: BTreeMap::new(), lost, notes })
    }

    fn take(&mut self, sound: Sound) {
        let (line, seq) = (sound.line, sound.entry.seq);
        let name = sound.entry.name.clone().map_or_else(String::new, |n| format!(", \"{n}\","));
        if let Err(why) = self.replay(sound) {
            self.lost.push(format!("line {line}: entry {seq}{name} {why}"));
        }
    }

    fn replay(&mut self, sound: Sound) -> Result<(), String> {
        // Behind an unbroken chain nothing is missing: the entry means what it means in a sound file.
        let unbroken = sound.entry.prev == self.last_hash && sound.entry.seq == self.last_seq + 1;
        match sound.entry.what {
            What::Undo => self.turn_back_to(&sound)?,
            What::Redo => {
                let next = self.state.history.to_redo().map(|g| g.seq);
                if next != sound.entry.of {
                    return Err("brings back a step that is lost or stands".to_owned());
                }
            }
            _ => {
                for key in self.unknown_images(&sound.entry.edits) {
                    self.bring(&key)?;
                }
                if !unbroken {
                    would_hold(&self.state.document, &sound.entry.edits)?;
                }
            }
        }
        let (bytes, mut entry) = (sound.bytes, sound.entry);
        let more = if unbroken { Vec::new() } else { left_over(&self.state.document, &entry.edits) };
        let completed = !more.is_empty();
        entry.edits.extend(more);
        let edits = completed.then(|| serde_json::to_value(&entry.edits)).transpose().map_err(|e| e.to_string())?;
        let (seq, of) = (entry.seq, entry.of);
        self.state.replay(entry)?;
        let of_now = of.and_then(|n| self.numbers.get(&n).copied());
        self.numbers.insert(seq, self.last_seq + 1);
        if unbroken && of == of_now && !completed {
            self.text.extend_from_slice(bytes);
            self.text.push(b'\n');
            self.last_hash = read_hash(bytes).unwrap_or_default();
            self.last_seq = seq;
            return Ok(());
        }
        let mut fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        fields.remove("hash");
        if let Some(of) = of_now {
            fields.insert("of".to_owned(), of.into());
        }
        if let Some(edits) = edits {
            fields.insert("edits".to_owned(), edits);
        }
        self.append(fields)
    }

    /// The steps above the one that an undo names were taken back by entries that are gone.
    fn turn_back_to(&mut self, undo: &Sound) -> Result<(), String> {
        let of = undo.entry.of;
        if !self.state.history.done().iter().any(|g| Some(g.seq) == of) {
            return Err("takes back a step that is lost or was taken back already".to_owned());
        }
        while self.state.history.to_undo().is_some_and(|g| Some(g.seq) != of) {
            let Some(turned) = self.state.undo() else { break };
            let seq = turned.map_err(|e| e.to_string())?;
            let now = self.numbers.get(&seq).copied().unwrap_or_default();
            self.notes.push(format!("entry {seq} was taken back again, as line {} tells that it had been", undo.line));
            let entry = Entry { of: Some(now), ..self.blank(What::Undo, undo.entry.utc.clone()) };
            self.append_entry(&entry)?;
        }
        Ok(())
    }

    fn unknown_images(&self, edits: &[Edit]) -> Vec<ImageKey> {
        let named = edits.iter().filter_map(|e| match e {
            Edit::Mask { image, .. } => Some(image),
            Edit::Measurement { value: Some(m), .. } => Some(&m.image),
            _ => None,
        });
        named.filter(|k| !self.state.document.images.contains_key(*k)).cloned().collect()
    }

    /// A series whose own entry is lost comes back from the original images.
    fn bring(&mut self, key: &ImageKey) -> Result<(), String> {
        let identity = (self.known)(key).ok_or_else(|| {
            format!("is drawn on series {}, whose entry is lost; with --images PATH it comes back", key.0)
        })?;
        let edits = vec![Edit::Image { key: key.clone(), value: Some(Box::new(identity)) }];
        self.state.apply(edits.clone()).map_err(|e| e.to_string())?;
        let entry = Entry { edits, ..self.blank(What::Image, time::utc(SystemTime::now())) };
        self.notes.push(format!("series {} was taken from the images", key.0));
        self.append_entry(&entry)
    }

    fn blank(&self, what: What, utc: String) -> Entry {
        Entry {
            seq: 0,
            utc,
            what,
            reader: None,
            software: None,
            name: None,
            op: None,
            edits: Vec::new(),
            of: None,
            active_ms: None,
            note: None,
            prev: String::new(),
        }
    }

    fn append_entry(&mut self, entry: &Entry) -> Result<(), String> {
        match serde_json::to_value(entry).map_err(|e| e.to_string())? {
            Value::Object(fields) => self.append(fields),
            _ => Err("an entry is an object".to_owned()),
        }
    }

    /// Writes a line with the next number and a new link of the chain; fields that this version does not know stay.
    fn append(&mut self, mut fields: Map<String, Value>) -> Result<(), String> {
        self.last_seq += 1;
        fields.insert("seq".to_owned(), self.last_seq.into());
        fields.insert("prev".to_owned(), std::mem::take(&mut self.last_hash).into());
        let (line, hash) = seal(&InOrder(&fields)).map_err(|e| e.to_string())?;
        self.text.extend_from_slice(&line);
        self.last_hash = hash;
        Ok(())
    }

    /// Notes in the new file what is lost, and makes sure that it reads back as what it should be.
    fn finish(&mut self, header: &Header) -> Result<(), String> {
        if !self.lost.is_empty() {
            let note = format!("recovered from a damaged file; lost: {}", self.lost.join("; "));
            let (software, utc) = (Some(SOFTWARE.to_owned()), time::utc(SystemTime::now()));
            self.append_entry(&Entry { software, note: Some(note), ..self.blank(What::Time, utc) })?;
        }
        let contents = read(&self.text).map_err(|e| e.to_string())?;
        let mut again = State { reader: header.reader.clone(), ..State::default() };
        contents.entries.into_iter().try_for_each(|e| again.replay(e))?;
        let same = again.document == self.state.document && contents.torn_line.is_none();
        if same { Ok(()) } else { Err("what was recovered does not read back as the same case".to_owned()) }
    }
}

/// Whether a document stays one after these edits, also where entries before them are gone.
fn would_hold(doc: &Document, edits: &[Edit]) -> Result<(), String> {
    let mut lesions: BTreeMap<LesionId, (u16, &str)> =
        doc.lesions.iter().map(|(id, l)| (*id, (l.label_value, l.label.as_str()))).collect();
    for edit in edits {
        match edit {
            Edit::Lesion { id, value: Some(l) } => drop(lesions.insert(*id, (l.label_value, &l.label))),
            Edit::Lesion { id, value: None } if lesions.remove(id).is_none() => {
                return Err("deletes a lesion that is lost".to_owned());
            }
            _ => {}
        }
    }
    let values: BTreeSet<u16> = lesions.values().map(|l| l.0).collect();
    let names: BTreeSet<&str> = lesions.values().map(|l| l.1).collect();
    if values.len() < lesions.len() || names.len() < lesions.len() {
        return Err("names a lesion as another one whose change is lost".to_owned());
    }
    let painted = edits.iter().flat_map(|e| match e {
        Edit::Mask { layer: Layer::Lesions, runs, .. } => runs.as_slice(),
        _ => &[],
    });
    match painted.into_iter().all(|r| r.label == 0 || values.contains(&r.label)) {
        true => Ok(()),
        false => Err("paints a lesion that is lost".to_owned()),
    }
}

/// Voxels of deleted lesions that their deletion did not know of, because the entry that erased them is gone.
fn left_over(doc: &Document, edits: &[Edit]) -> Vec<Edit> {
    let deleted = edits.iter().filter_map(|e| match e {
        Edit::Lesion { id, value: None } => doc.lesions.get(id).map(|l| l.label_value),
        _ => None,
    });
    let mut out = Vec::new();
    for value in deleted {
        for (image, map) in &doc.masks {
            let runs = edits.iter().filter_map(|e| match e {
                Edit::Mask { image: of, layer: Layer::Lesions, runs } if of == image => Some(runs),
                _ => None,
            });
            let mut covered: Vec<(u64, u64)> =
                runs.flatten().map(|r| (r.start, r.start.saturating_add(r.length.into()))).collect();
            covered.sort_unstable();
            let is_covered = |v: u64| {
                let n = covered.partition_point(|(start, _)| *start <= v);
                n > 0 && v < covered[n - 1].1
            };
            let rest: Vec<u64> = map.voxels_of(value).into_iter().filter(|v| !is_covered(*v)).collect();
            if !rest.is_empty() {
                let runs = runs_from_sorted(&rest, 0);
                out.push(Edit::Mask { image: image.clone(), layer: Layer::Lesions, runs });
            }
        }
    }
    out
}

/// An entry's fields with `seq` first, as every line of a case begins.
struct InOrder<'a>(&'a Map<String, Value>);

impl serde::Serialize for InOrder<'_> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(
            self.0
                .get("seq")
                .map(|v| ("seq", v))
                .into_iter()
                .chain(self.0.iter().filter(|(k, _)| *k != "seq").map(|(k, v)| (k.as_str(), v))),
        )
    }
}

/// The hash at the end of a verified line.
fn read_hash(line: &[u8]) -> Option<String> {
    let tail = line.get(line.len().checked_sub(66)?..line.len() - 2)?;
    std::str::from_utf8(tail).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests;
