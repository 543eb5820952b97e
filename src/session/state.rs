//! A document with its history: the part of a session that replay and live work share.

use super::history::{Gesture, History};
use super::journal::{Entry, What};
use crate::document::{Document, Edit, EditError, ImageKey};
use crate::space::VoxelIndex;
use std::collections::BTreeMap;

/// A box of voxels, both corners included.
pub type VoxelBox = ([usize; 3], [usize; 3]);

/// Document, history, and what changed since somebody looked.
#[derive(Debug, Default)]
pub struct State {
    pub document: Document,
    pub history: History,
    /// Grows with every change of the document.
    pub generation: u64,
    pub dirty: BTreeMap<ImageKey, VoxelBox>,
    /// The reader of the present stretch of entries.
    pub reader: String,
    /// Active reading time of the stretches before, and of the present one, milliseconds.
    pub active_ms: (u64, u64),
}

impl State {
    /// Applies edits in order; all or none. Returns the edits that take them back, in the order to apply them.
    pub fn apply(&mut self, edits: Vec<Edit>) -> Result<Vec<Edit>, EditError> {
        let mut back = Vec::with_capacity(edits.len());
        for edit in edits {
            self.mark(&edit);
            match self.document.apply(edit) {
                Ok(inverse) => back.push(inverse),
                Err(e) => {
                    for inverse in back.into_iter().rev() {
                        // An inverse always fits: it names only what its edit has just touched.
                        self.document.apply(inverse)?;
                    }
                    return Err(e);
                }
            }
        }
        back.reverse();
        self.generation += 1;
        Ok(back)
    }

    /// Widens the dirty box of the image by the edit's voxels.
    fn mark(&mut self, edit: &Edit) {
        let Edit::Mask { image, runs, .. } = edit else { return };
        let Some(size) = self.document.images.get(image).map(|i| i.geometry.size()) else { return };
        for run in runs.iter().filter(|r| r.length > 0) {
            let last = run.start + u64::from(run.length) - 1;
            let [a, b] = [run.start, last].map(|f| VoxelIndex::from_flat(f as usize, size).0);
            // A run that goes on over the end of a row or slice covers whole rows or slices in between.
            let rows = a[2] == b[2];
            let low = [if rows && a[1] == b[1] { a[0] } else { 0 }, if rows { a[1] } else { 0 }, a[2]];
            let high = [
                if rows && a[1] == b[1] { b[0] } else { size[0] - 1 },
                if rows { b[1] } else { size[1] - 1 },
                b[2].min(size[2] - 1),
            ];
            self.dirty
                .entry(image.clone())
                .and_modify(|d| {
                    *d = (std::array::from_fn(|n| d.0[n].min(low[n])), std::array::from_fn(|n| d.1[n].max(high[n])));
                })
                .or_insert((low, high));
        }
    }

    /// Takes the newest gesture back; its number.
    pub fn undo(&mut self) -> Option<Result<u64, EditError>> {
        let gesture = self.history.take_done()?;
        let seq = gesture.seq;
        Some(self.turn(gesture).map(|turned| {
            self.history.was_undone(turned);
            seq
        }))
    }

    /// Brings back the gesture that was undone last; its number.
    pub fn redo(&mut self) -> Option<Result<u64, EditError>> {
        let gesture = self.history.take_undone()?;
        let seq = gesture.seq;
        Some(self.turn(gesture).map(|turned| {
            self.history.was_redone(turned);
            seq
        }))
    }

    fn turn(&mut self, gesture: Gesture) -> Result<Gesture, EditError> {
        let edits = self.apply(gesture.edits)?;
        Ok(Gesture { edits, ..gesture })
    }

    /// Replays one entry of a journal.
    ///
    /// # Errors
    /// A sentence, when the entry does not fit what came before it.
    pub fn replay(&mut self, entry: Entry) -> Result<(), String> {
        let name_of = |what: &str, of: Option<u64>| {
            format!("it {what} entry {}, which is not next in line", of.map_or("?".to_owned(), |n| n.to_string()))
        };
        match entry.what {
            What::Open => {
                self.reader = entry.reader.unwrap_or_default();
                self.active_ms = (self.active_ms.0 + self.active_ms.1, 0);
            }
            What::Time => {}
            What::Image => {
                self.apply(entry.edits).map_err(|e| e.to_string())?;
            }
            What::Step => {
                let op = entry.op.ok_or("it is a step without its intent")?;
                let edits = self.apply(entry.edits).map_err(|e| e.to_string())?;
                let (seq, utc, name) = (entry.seq, entry.utc, entry.name.unwrap_or_default());
                self.history.push(Gesture { seq, utc, reader: self.reader.clone(), name, op, edits });
            }
            What::Undo => match self.undo() {
                Some(Ok(seq)) if Some(seq) == entry.of => {}
                Some(Err(e)) => return Err(e.to_string()),
                _ => return Err(name_of("undoes", entry.of)),
            },
            What::Redo => match self.redo() {
                Some(Ok(seq)) if Some(seq) == entry.of => {}
                Some(Err(e)) => return Err(e.to_string()),
                _ => return Err(name_of("redoes", entry.of)),
            },
        }
        self.active_ms.1 = entry.active_ms.unwrap_or(self.active_ms.1);
        Ok(())
    }
}
