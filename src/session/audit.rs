//! The audit trail: every entry of a journal as people read it: who, when, what, before and after. It replays the journal
//! beside the session, entry by entry, and goes on where it stopped when more was done.

use super::Session;
use super::journal::{Entry, What, record};
use super::state::State;
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, ImageKey, Layer, Run};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One entry of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Number of the entry: the order, whatever the clock says.
    pub seq: u64,
    /// When, by the computer's clock (UTC).
    pub utc: String,
    /// Whose sitting it was.
    pub reader: String,
    /// `open`, `image`, `step`, `undo`, `redo`, `time`.
    pub what: What,
    /// The gesture's name; of an undo or redo that of the gesture it turned.
    pub name: String,
    /// The gesture that an undo or redo turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// What it changed.
    pub changes: Vec<Change>,
    /// Active reading time since the sitting began, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_ms: Option<u64>,
    /// What the journal notes besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One value that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Of what: a level, a lesion's label, a measurement's label, `numbering`, `case`, a series.
    pub of: String,
    /// Which field, as files spell it; empty for the thing as a whole.
    pub field: String,
    /// Its value before; null where there was none.
    pub before: Option<String>,
    /// Its value after; null where there is none.
    pub after: Option<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Audit {
    state: State,
    /// Bytes of the journal that have been read.
    read: usize,
    rows: Vec<AuditRow>,
    /// Voxels of each lesion on each series.
    voxels: BTreeMap<(ImageKey, Layer, u16), i64>,
    stands: BTreeSet<u64>,
}

impl Audit {
    /// Reads what the session's journal holds beyond what was read before.
    pub fn follow(&mut self, session: &Session) {
        let text = session.journal.text.get(self.read..).unwrap_or_default();
        if text.is_empty() {
            return;
        }
        if self.read == 0 {
            self.state.reader = session.header.reader.clone();
        }
        for line in text.split_inclusive(|b| *b == b'\n') {
            // The header is no entry; every other line has been replayed or written by the session itself.
            if let Ok(entry) = record::<Entry>(line, session.header.version) {
                self.take(entry);
            }
        }
        self.read += text.len();
        self.stands = self.state.history.done().iter().map(|g| g.seq).collect();
    }

    /// The entries, oldest first.
    pub fn rows(&self) -> &[AuditRow] {
        &self.rows
    }

    /// Whether a gesture is part of the document as it is now.
    pub fn stands(&self, seq: u64) -> bool {
        self.stands.contains(&seq)
    }

    fn take(&mut self, entry: Entry) {
        let history = &self.state.history;
        let turned = match entry.what {
            What::Undo => history.to_undo(),
            What::Redo => history.to_redo(),
            _ => None,
        };
        let edits = turned.map_or(&entry.edits, |g| &g.edits).clone();
        let mut row = AuditRow {
            seq: entry.seq,
            utc: entry.utc.clone(),
            reader: entry.reader.clone().unwrap_or_else(|| self.state.reader.clone()),
            what: entry.what,
            name: turned.map(|g| g.name.clone()).or(entry.name.clone()).unwrap_or_default(),
            of: entry.of,
            changes: Vec::new(),
            active_ms: entry.active_ms,
            note: entry.note.clone(),
        };
        let named = Names::of(&self.state.document, &edits);
        if self.state.replay(entry).is_err() {
            return; // the session replayed it: this does not happen
        }
        let back = match row.what {
            What::Step | What::Redo => self.state.history.to_undo(),
            What::Undo => self.state.history.to_redo(),
            _ => None,
        };
        // Edits and those that take them back stand in opposite order.
        let back: Vec<&Edit> = back.iter().flat_map(|g| g.edits.iter().rev()).collect();
        let mut changes = Vec::new();
        for (n, edit) in edits.iter().enumerate() {
            changes.extend(changes_of(edit, back.get(n).copied(), &named, &mut self.voxels));
        }
        row.changes = changes;
        self.rows.push(row);
    }
}

/// What things are called, before or after the edits.
struct Names {
    lesions: BTreeMap<u16, String>,
}

impl Names {
    fn of(before: &Document, edits: &[Edit]) -> Names {
        let fresh = edits.iter().filter_map(|e| match e {
            Edit::Lesion { value: Some(l), .. } => Some(&**l),
            _ => None,
        });
        let lesions = before.lesions.values().chain(fresh).map(|l| (l.label_value, l.label.clone()));
        Names { lesions: lesions.collect() }
    }

    fn lesion(&self, value: u16) -> String {
        self.lesions.get(&value).cloned().unwrap_or_else(|| format!("lesion {value}"))
    }
}

fn changes_of(
    edit: &Edit,
    back: Option<&Edit>,
    named: &Names,
    voxels: &mut BTreeMap<(ImageKey, Layer, u16), i64>,
) -> Vec<Change> {
    let old = |of: fn(&Edit) -> Value| back.map_or(Value::Null, of);
    match edit {
        Edit::Image { key, value } => {
            let about = value.as_ref().map(|i| format!("{} {:?}", i.modality, i.geometry.size()));
            vec![Change { of: format!("series {}", key.0), field: String::new(), before: None, after: about }]
        }
        Edit::Spine { .. } => differences("numbering", &old(value_of), &value_of(edit)),
        Edit::Case { .. } => differences("case", &old(value_of), &value_of(edit)),
        Edit::Vertebra { level, .. } => differences(level.name(), &old(value_of), &value_of(edit)),
        Edit::Timepoint { key, .. } => differences(&format!("timepoint {}", key.0), &old(value_of), &value_of(edit)),
        Edit::Followup { timepoint, level, .. } => {
            differences(&format!("{level} at {}", timepoint.0), &old(value_of), &value_of(edit))
        }
        Edit::Lesion { .. } | Edit::Measurement { .. } => {
            let (before, after) = (old(value_of), value_of(edit));
            let name = [&before, &after].into_iter().find_map(|v| v.get("label")?.as_str().map(str::to_owned));
            differences(&name.unwrap_or_default(), &before, &after)
        }
        Edit::BodyOrigin { level, .. } => differences(&format!("body of {level}"), &old(value_of), &value_of(edit)),
        Edit::Mask { image, layer, runs } => {
            let before = match back {
                Some(Edit::Mask { runs, .. }) => runs.as_slice(),
                _ => &[],
            };
            painted(image, *layer, before, runs, named, voxels)
        }
    }
}

/// The record that an edit puts in place.
fn value_of(edit: &Edit) -> Value {
    let value = match edit {
        Edit::Spine { value } => serde_json::to_value(value),
        Edit::Case { value } => serde_json::to_value(value),
        Edit::Vertebra { value, .. } | Edit::Followup { value, .. } => serde_json::to_value(value),
        Edit::BodyOrigin { value, .. } => serde_json::to_value(value),
        Edit::Timepoint { value, .. } => serde_json::to_value(value),
        Edit::Lesion { value, .. } => serde_json::to_value(value),
        Edit::Measurement { value, .. } => serde_json::to_value(value),
        Edit::Image { .. } | Edit::Mask { .. } => Ok(Value::Null),
    };
    value.unwrap_or_default() // plain data always becomes JSON
}

/// How many voxels a lesion or a body had and has. `before` and `after` cover the same voxels.
fn painted(
    image: &ImageKey,
    layer: Layer,
    before: &[Run],
    after: &[Run],
    named: &Names,
    voxels: &mut BTreeMap<(ImageKey, Layer, u16), i64>,
) -> Vec<Change> {
    let name = |label: u16| match layer {
        Layer::Lesions => named.lesion(label),
        Layer::Bodies => VertebraLevel::of_label_value(label).map_or_else(String::new, |l| format!("body of {l}")),
    };
    let mut change: BTreeMap<u16, i64> = BTreeMap::new();
    for (runs, sign) in [(before, -1), (after, 1)] {
        runs.iter().for_each(|r| *change.entry(r.label).or_default() += sign * i64::from(r.length));
    }
    let changed = change.into_iter().filter(|(label, by)| *label != 0 && *by != 0);
    let rows = changed.map(|(label, by)| {
        let count = voxels.entry((image.clone(), layer, label)).or_default();
        let was = *count;
        *count += by;
        let text = |n: i64| (n != 0).then(|| format!("{n} voxels"));
        Change { of: name(label), field: "mask".to_owned(), before: text(was), after: text(*count) }
    });
    rows.collect()
}

/// The fields in which two records differ; a record that is new tells only what says something.
fn differences(of: &str, before: &Value, after: &Value) -> Vec<Change> {
    let mut out = Vec::new();
    let whole = |before: Option<&str>, after: Option<&str>| Change {
        of: of.to_owned(),
        field: String::new(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    match (before.is_null(), after.is_null()) {
        (true, true) => return out,
        (true, false) => {
            // Its name and its number in label maps are told by what it is called.
            let rest: Value = after.as_object().map_or(Value::Null, |fields| {
                let told = fields.iter().filter(|(key, _)| !["label", "label_value", "image"].contains(&key.as_str()));
                told.map(|(key, value)| (key.clone(), value.clone())).collect()
            });
            out.push(whole(None, Some("added")));
            compare(of, "", before, &rest, &mut out);
            return out;
        }
        (false, true) => out.push(whole(Some("there"), None)),
        (false, false) => {}
    }
    compare(of, "", before, after, &mut out);
    out
}

fn compare(of: &str, field: &str, before: &Value, after: &Value, out: &mut Vec<Change>) {
    let nothing = Value::Null;
    if let (Value::Object(_) | Value::Null, Value::Object(_) | Value::Null) = (before, after)
        && !(before.is_null() && after.is_null())
    {
        let keys = |v: &Value| v.as_object().into_iter().flat_map(|m| m.keys().cloned()).collect::<Vec<_>>();
        let all: BTreeSet<String> = keys(before).into_iter().chain(keys(after)).collect();
        for key in all {
            let name = if field.is_empty() { key.clone() } else { format!("{field}.{key}") };
            let of_key = |v: &'_ Value| v.get(&key).cloned().unwrap_or_default();
            compare(of, &name, &of_key(before), &of_key(after), out);
        }
        return;
    }
    let (old, new) = (told(before), told(after));
    let silent = *after == nothing && old.is_none() || *before == nothing && new.is_none();
    if before != after && !silent {
        out.push(Change { of: of.to_owned(), field: field.to_owned(), before: old, after: new });
    }
}

/// A value as people read it; nothing for one that says nothing.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(s) if s.is_empty() || s == "not_assessed" => None,
        Value::String(s) => Some(s.clone()),
        Value::Array(a) if a.is_empty() => None,
        Value::Array(a) => {
            let parts: Vec<String> = a.iter().map(|v| told(v).unwrap_or_else(|| v.to_string())).collect();
            Some(if a.iter().all(Value::is_number) { format!("({})", parts.join(", ")) } else { parts.join("; ") })
        }
        Value::Number(n) => Some(n.as_f64().filter(|_| n.is_f64()).map_or(n.to_string(), |f| {
            let rounded = (f * 100.0).round() / 100.0;
            rounded.to_string()
        })),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Dice, OneSeries, start};
    use super::super::{Access, Op};
    use super::*;

    #[test]
    fn it_tells_who_when_what_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = start(folder.path());
        let mut run =
            |line: &str| session.perform(&Op::from_line(line.as_bytes()).unwrap(), &OneSeries::new()).unwrap();
        run(r#"{"op":"label_vertebra","level":"C6","at_mm":[0,0,50]}"#);
        run(r#"{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}"#);
        run(r#"{"op":"set","target":{"lesion":"a"},"field":"type","value":"mixed"}"#);
        run(
            r#"{"op":"brush","lesion":"a","plane":"axial","path_mm":[[0,0,50]],"radius_mm":3,"tip":"disc","mode":"paint","range":null}"#,
        );
        session.undo().unwrap();
        let mut audit = Audit::default();
        audit.follow(&session);
        session.redo().unwrap();
        audit.follow(&session);
        let rows = audit.rows();
        assert!(rows.iter().enumerate().all(|(n, r)| r.seq == n as u64 + 1 && r.reader == "reader-1"));
        let change = |row: &AuditRow, field: &str| {
            let c = row.changes.iter().find(|c| c.field == field).unwrap();
            (c.of.clone(), c.before.clone().unwrap_or_default(), c.after.clone().unwrap_or_default())
        };
        let of = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        let steps: Vec<&AuditRow> = rows.iter().filter(|r| r.what == What::Step).collect();
        assert_eq!(change(steps[0], "at_mm"), of("C6", "", "(0, 0, 50)"));
        assert_eq!(change(steps[1], "type"), of("a", "", "lytic"));
        assert_eq!(change(steps[2], "type"), of("a", "lytic", "mixed"));
        let (_, none, some) = change(steps[3], "mask");
        assert!(none.is_empty() && some.ends_with(" voxels"), "{some}");
        let [.., undo, redo] = rows else { panic!("two more") };
        assert_eq!((undo.what, undo.of, change(undo, "mask")), (What::Undo, Some(steps[3].seq), of("a", &some, "")));
        assert_eq!(
            (redo.what, redo.name == steps[3].name, change(redo, "mask")),
            (What::Redo, true, of("a", "", &some))
        );
        assert!(audit.stands(steps[3].seq) && !audit.stands(undo.seq));
    }

    #[test]
    fn it_counts_what_is_painted_whatever_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, mut dice) = (start(folder.path()), Dice(77));
        for _ in 0..300 {
            let done = match dice.below(6) {
                0 => session.undo().is_ok(),
                1 => session.redo().is_ok(),
                _ => session.perform(&dice.op(), &OneSeries::new()).is_ok(),
            };
            let _ = done;
        }
        let mut audit = Audit::default();
        audit.follow(&session);
        for l in session.document().lesions.values() {
            for (key, map) in &session.document().masks {
                let counted =
                    audit.voxels.get(&(key.clone(), Layer::Lesions, l.label_value)).copied().unwrap_or_default();
                assert_eq!(counted, map.voxels_of(l.label_value).len() as i64);
            }
        }
        let path = session.path().to_owned();
        drop(session);
        let mut again = Audit::default();
        again.follow(&Session::open(&path, Access::Read).unwrap().session);
        assert_eq!(again.rows()[..audit.rows().len()], *audit.rows(), "the same after reopening");
    }
}
