//! An open case: the session that keeps it, its file, and the document as it stands at each of its timepoints.

use super::reading::nothing;
use crate::document::{Document, TimepointKey};
use crate::session::Session;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the reader said so far, and where it is kept.
#[derive(Default)]
pub struct Case {
    /// Open as soon as there is something to keep.
    pub session: Option<Session>,
    /// Its file.
    pub path: Option<PathBuf>,
    /// Studies that the reader took into it, before anything was drawn on them.
    pub joined: Vec<String>,
    /// Why it can only be read: who has it, and since when.
    pub read_only: Option<String>,
    /// The document with the levels of each later timepoint, for the generation of the session it was made of.
    views: (u64, BTreeMap<TimepointKey, Document>),
}

impl Case {
    /// Whether images of a study stand in it.
    pub fn knows_study(&self, uid: &str) -> bool {
        let drawn_on = self.session.iter().flat_map(|s| s.document().images.values()).map(|i| &i.study_instance_uid);
        let begun_on = self.session.iter().flat_map(|s| &s.header().images).map(|i| &i.study_instance_uid);
        drawn_on.chain(begun_on).chain(&self.joined).any(|study| study == uid)
    }

    /// What is said of a study: at a later timepoint its own levels stand in the place of the first one's.
    pub fn document_at(&self, study: &str) -> &Document {
        let Some(session) = &self.session else { return nothing() };
        let later = session.document().later_timepoint_of_study(study);
        later.and_then(|t| self.views.1.get(t)).unwrap_or(session.document())
    }

    /// Brings the later timepoints up to date after a step.
    pub fn refresh(&mut self) {
        let Some(session) = &self.session else { return };
        let document = session.document();
        let later: Vec<&TimepointKey> = document.timepoints.keys().filter(|t| document.is_later(t)).collect();
        if later.is_empty() || (self.views.0 == session.generation() && !self.views.1.is_empty()) {
            return;
        }
        let views = later.into_iter().map(|t| (t.clone(), document.with_levels_of(t))).collect();
        self.views = (session.generation(), views);
    }

    /// A case of a file.
    pub fn of(session: Session, path: PathBuf) -> Case {
        let mut case = Case { session: Some(session), path: Some(path), ..Case::default() };
        case.refresh();
        case
    }
}
