//! What can be undone and redone, and what the history panel shows.

use crate::document::Edit;
use serde_json::Value;

/// A gesture as the history knows it.
#[derive(Clone, Debug)]
pub struct Gesture {
    /// Its entry's number.
    pub seq: u64,
    /// When it was made (UTC, by the computer's clock).
    pub utc: String,
    /// Who made it.
    pub reader: String,
    /// Such as `Brush C6-L1`.
    pub name: String,
    /// Its line of script.
    pub op: Value,
    /// What takes it back or, once it was undone, brings it again.
    pub(super) edits: Vec<Edit>,
}

/// Two stacks: what was done, and what was undone since.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Gesture>,
    undone: Vec<Gesture>,
}

impl History {
    /// A new gesture; what was undone before is forgotten.
    pub(super) fn push(&mut self, gesture: Gesture) {
        self.undone.clear();
        self.done.push(gesture);
    }

    /// The gesture that undo takes back.
    pub fn to_undo(&self) -> Option<&Gesture> {
        self.done.last()
    }

    /// The gesture that redo brings again.
    pub fn to_redo(&self) -> Option<&Gesture> {
        self.undone.last()
    }

    /// Gestures that stand, oldest first.
    pub fn done(&self) -> &[Gesture] {
        &self.done
    }

    /// Gestures that were taken back, the next one to redo last.
    pub fn undone(&self) -> &[Gesture] {
        &self.undone
    }

    /// Takes the newest standing gesture, to be put back with [`History::was_undone`].
    pub(super) fn take_done(&mut self) -> Option<Gesture> {
        self.done.pop()
    }

    pub(super) fn take_undone(&mut self) -> Option<Gesture> {
        self.undone.pop()
    }

    pub(super) fn was_undone(&mut self, gesture: Gesture) {
        self.undone.push(gesture);
    }

    pub(super) fn was_redone(&mut self, gesture: Gesture) {
        self.done.push(gesture);
    }
}
