//! Settling differences: the case of a third reader, begun from either side, into which one side's version of a difference
//! is taken. Each decision is a step of the journal with whose version it is; undo takes it back.

use super::super::App;
use super::super::case_file::Case;
use super::super::shown::Shown;
use super::{Comparison, Side};
use crate::document::ImageIdentity;
use crate::document::ImageKey;
use crate::import::{Another, Target, Version, taking, whole};
use crate::session::{Images, Op, Session};
use crate::volume::Volume;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The open images, and the identities of those that no pane shows.
struct AtHand<'a> {
    reading: &'a dyn Images,
    series: &'a Vec<Target>,
}

impl Images for AtHand<'_> {
    fn volume(&self, key: &ImageKey) -> Option<Arc<Volume>> {
        self.reading.volume(key)
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        self.reading.identity(key).or_else(|| self.series.identity(key))
    }

    fn primary(&self) -> Option<ImageKey> {
        self.reading.primary()
    }
}

impl App {
    /// The located series that are at hand, opened or not.
    pub(in super::super) fn series_at_hand(&self) -> Vec<Target> {
        let all = (0..self.library.series().len()).filter_map(|n| self.library.get(n));
        let located = all.filter(|(s, _)| s.is_located());
        located.map(|(s, key)| Target { key, identity: s.identity() }).collect()
    }

    /// Carries out steps that come from elsewhere as one; false, with a notice, when they were refused.
    pub(in super::super) fn perform_taken(&mut self, op: &Op, series: &Vec<Target>) -> bool {
        let result = self.with_case(|reading| {
            let mut session = reading.case.session.take();
            let images = AtHand { reading, series };
            let result =
                session.as_mut().map_or(Ok(()), |s| s.perform(op, &images).map(drop).map_err(|e| e.to_string()));
            reading.case.session = session;
            reading.case.refresh();
            result
        });
        result.map_err(|why| self.notices.fail(why)).is_ok()
    }

    /// Takes a side's version of the current difference into the open case.
    pub(super) fn take_side(&mut self, side: usize) {
        self.refresh_differences();
        let series = self.series_at_hand();
        let (Some(agreement), Some(reading)) = (&self.agreement, &self.reading) else { return };
        let Some(which) = agreement.sides.get(side).copied() else { return };
        if which == Side::Own {
            return self.notices.say("That is what this case says already; nothing was changed");
        }
        let found = agreement.at.and_then(|n| agreement.listed.as_ref()?.differences.get(n));
        let Some(difference) = found else { return };
        let version =
            Version { reader: agreement.reader(which, reading), document: agreement.document(which, reading) };
        let open = agreement.document(Side::Own, reading);
        let (op, notes) = taking(difference, version, open, &series);
        self.decide(op, notes, &series);
    }

    /// Notes that the current difference stays as the open case has it.
    pub(super) fn leave_difference(&mut self) {
        self.refresh_differences();
        let Some(agreement) = &self.agreement else { return };
        let found = agreement.at.and_then(|n| agreement.listed.as_ref()?.differences.get(n));
        let Some(about) = found.map(|d| d.name.chars().take(100).collect()) else { return };
        let op = Op::TakeOver { source: "this case".to_owned(), about: Some(about), steps: Vec::new() };
        self.decide(op, Vec::new(), &Vec::new());
    }

    fn decide(&mut self, op: Op, notes: Vec<String>, series: &Vec<Target>) {
        if self.perform_taken(&op, series) {
            let name = self.step_name(true).unwrap_or_default();
            self.notices.say(format!("{name} (undo takes it back)"));
        }
        notes.into_iter().for_each(|n| self.notices.say(n));
        self.desk.lesion = None;
        self.refresh_differences();
    }

    /// Begins, or goes on with, the case in which differences are settled; a new one begins as the first side.
    pub(super) fn adjudicate(&mut self) {
        if let Err(why) = self.open_adjudication() {
            self.notices.fail(why);
        }
    }

    fn open_adjudication(&mut self) -> Result<(), String> {
        let (series, places) = (self.series_at_hand(), self.places());
        let (Some(agreement), Some(reading)) = (&mut self.agreement, &mut self.reading) else { return Ok(()) };
        let shown: &Shown = reading;
        let identity = shown.identity().clone();
        let places = places.ok_or("no place for case files is known: set XDG_DATA_HOME or HOME")?;
        let name: String = format!("{}-adjudication", self.reader).chars().take(64).collect();
        let path = places.case_path(&identity.study_instance_uid, &name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
        }
        let opened = Session::open_or_create(&path, Some(&name), std::slice::from_ref(&identity));
        let session = opened.map_err(|e| e.to_string())?.session;
        // The reader's own case, where it is compared, goes on as a file that is only read.
        if let (true, Some(own)) = (agreement.sides.contains(&Side::Own), &reading.case.session) {
            let (document, reader) = (own.document().clone(), own.header().reader.clone());
            let said = Another { reader, document, notes: Vec::new() };
            agreement.others.push(Comparison { path: own.path().to_owned(), said });
            let moved = Side::Other(agreement.others.len() - 1);
            agreement.look_at(agreement.sides.map(|s| if s == Side::Own { moved } else { s }));
        }
        (agreement.settles, agreement.own_shown) = (true, true);
        let fresh = session.document().lesions.is_empty() && session.document().vertebrae.is_empty();
        let joined = std::mem::take(&mut reading.case.joined);
        reading.case = Case::of(session, path.clone());
        reading.case.joined = joined;
        let first = agreement.sides[0];
        let whose = agreement.reader(first, reading).to_owned();
        let version = Version { reader: &whose, document: agreement.document(first, reading) };
        let begin = fresh.then(|| whole(version, reading.document(), &series));
        self.desk.lesion = None;
        self.remember(&path);
        self.redraw_labels();
        match begin {
            Some((op, notes)) => {
                if self.perform_taken(&op, &series) {
                    self.notices.say(format!("A case of its own settles the differences; it begins as {whose} has it"));
                }
                notes.into_iter().for_each(|n| self.notices.say(n));
            }
            None => self.notices.say("The case that settles the differences goes on"),
        }
        self.refresh_differences();
        Ok(())
    }

    /// Puts the comparison away; the reader's own case comes back where another was open.
    pub(super) fn end_comparison(&mut self) {
        let settled = self.agreement.take().is_some_and(|a| a.settles);
        if settled {
            if let Some(reading) = &mut self.reading {
                reading.case = Case::default();
            }
            self.desk.lesion = None;
            self.resume_case(false);
        }
        self.redraw_labels();
    }

    /// Labels of every pane anew: another document is open.
    fn redraw_labels(&mut self) {
        if let (Some(screen), Some(reading)) = (&mut self.screen, &self.reading) {
            reading.in_panes().into_iter().for_each(|n| screen.show_series(reading, n));
        }
    }
}

impl super::Agreement {
    /// What was decided about each difference in the open case: whose version, by the difference's name.
    pub(super) fn decided(&self, session: Option<&Session>) -> BTreeMap<String, String> {
        let of = |op: &serde_json::Value| {
            let word = |field: &str| op.get(field).and_then(serde_json::Value::as_str).map(str::to_owned);
            let left = op.get("steps").and_then(serde_json::Value::as_array).is_some_and(Vec::is_empty);
            let source = if left { "left".to_owned() } else { word("source")? };
            (op.get("op")? == "take_over").then_some(())?;
            Some((word("about")?, source))
        };
        session.into_iter().flat_map(|s| s.history().done()).filter_map(|g| of(&g.op)).collect()
    }
}
