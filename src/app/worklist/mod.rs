//! A reading study in the window: the reader's worklist, the item that is open, what is hidden, and what an item needs to be
//! finished. The case of an item lies in the study's folder; every series of its images belongs to that one case.

mod blind;
mod panel;
mod questions;
mod who;

pub use panel::{landing, show};
pub use questions::{counted, questions};
pub use who::{Unanswered, WhoReads};

use super::case_file::Case;
use super::desk::Page;
use super::dialogs::Dialog;
use super::{App, series_panel};
use crate::document::{CaseFacts, TimepointKey};
use crate::session::{Access, CommandId, Op, Opened, Session, SessionError, Target};
use crate::study::Scan;
use crate::trial::{
    FILE, ItemState, Progress, Trial, make_reader_folder, progress, reading_path, shown_timepoints, state_of,
};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An open reading study.
pub struct Worklist {
    folder: PathBuf,
    trial: Trial,
    reader: String,
    /// The reader's items; empty until the files have been looked at.
    items: Vec<Progress>,
    current: Option<usize>,
    /// StudyInstanceUIDs of the open item's images, by timepoint in the order shown.
    studies: Vec<BTreeSet<String>>,
}

impl Worklist {
    /// What an item is called on the screen.
    fn name_of(&self, n: usize) -> String {
        let Some(p) = self.items.get(n) else { return String::new() };
        match self.trial.blind.patient {
            true => p.item.id.clone(),
            false => format!("{} ({})", self.trial.cases[p.item.case].id, p.item.id),
        }
    }

    fn path(&self) -> Option<PathBuf> {
        let item = &self.items.get(self.current?)?.item;
        Some(reading_path(&self.folder, &self.reader, &item.id))
    }

    /// The next item that is not finished, after the open one and then from the start.
    fn next(&self) -> Option<usize> {
        let from = self.current.map_or(0, |n| n + 1);
        let open = |n: &usize| {
            Some(*n) != self.current && matches!(self.items[*n].state, ItemState::NotStarted | ItemState::InProgress)
        };
        (from..self.items.len()).chain(0..from.min(self.items.len())).find(open)
    }

    fn finished(&self) -> usize {
        self.items.iter().filter(|p| p.state == ItemState::Finished).count()
    }
}

/// The folder of a reading study, where a path is one: the folder, or its `study.toml`.
pub fn study_folder(path: &Path) -> Option<PathBuf> {
    let named = path.file_name().is_some_and(|n| n == FILE) && path.is_file();
    match named {
        true => Some(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()),
        false => path.join(FILE).is_file().then(|| path.to_owned()),
    }
}

impl App {
    /// Opens a reading study; asks who reads where that is not said.
    pub fn open_study(&mut self, folder: &Path, reader: Option<&str>) {
        let trial = match Trial::read(folder) {
            Ok(trial) => trial,
            Err(e) => return self.notices.fail(e.to_string()),
        };
        let Some(reader) = reader else {
            self.dialog = Dialog::WhoReads(WhoReads::new(folder, trial));
            return;
        };
        let known = trial.reader(reader).map(str::to_owned);
        match known.and_then(|reader| make_reader_folder(folder, &reader).map(|()| reader)) {
            Err(why) => self.notices.fail(why),
            Ok(reader) => self.begin_study(folder.to_owned(), trial, reader),
        }
    }

    fn begin_study(&mut self, folder: PathBuf, trial: Trial, reader: String) {
        self.leave_case();
        self.dialog = Dialog::None;
        self.library = series_panel::Library::default();
        self.reader.clone_from(&reader);
        self.title = Some(format!("{} — Spondyl (research use only, not for diagnosis)", trial.title));
        let (in_folder, of, who) = (folder.clone(), trial.clone(), reader.clone());
        self.inbox.worklist(move || progress(&in_folder, &of, &who));
        self.worklist = Some(Worklist { folder, trial, reader, items: vec![], current: None, studies: vec![] });
    }

    /// The files of the study have been looked at.
    pub(super) fn worklist_read(&mut self, items: Vec<Progress>) {
        let odd = items.iter().filter_map(|p| match &p.state {
            ItemState::Odd(why) => {
                Some(format!("Item {}: {why}. It is left as it is; the others can be read.", p.item.id))
            }
            _ => None,
        });
        odd.for_each(|why| self.notices.fail(why));
        if let Some(w) = &mut self.worklist {
            w.items = items;
        }
    }

    /// Why a command makes no sense while a reading study is open, or without one.
    pub(super) fn why_not_in_study(&self, id: CommandId) -> Option<String> {
        use CommandId::*;
        let Some(w) = &self.worklist else {
            return matches!(id, NextItem | FinishItem).then(|| "no reading study is open".to_owned());
        };
        let why = match id {
            OpenFolder | OpenSample => "a reading study is open; close the window to open other images",
            Import | CompareReaders if w.trial.blind.readers => {
                "this study keeps its readers apart; nothing is taken over from files"
            }
            Adjudicate => "the readings of a study stay in its folder; settle differences outside of it",
            Export => "the data of a reading study are written by `spondyl study export`",
            Changes if w.trial.blind.timepoint => "this study does not tell which timepoint is the earlier one",
            SaveElsewhere if self.unsaved().is_none() => "the readings of a study stay in its folder",
            NextItem if w.items.is_empty() => "the worklist is still being read",
            NextItem if w.next().is_none() => "no other item is left to read",
            FinishItem if self.item_facts().is_none() => "open an item of the worklist first",
            _ => return None,
        };
        Some(why.to_owned())
    }

    fn unsaved(&self) -> Option<String> {
        self.reading.as_ref()?.case.session.as_ref()?.unsaved()
    }

    /// What the open item's case says.
    fn item_facts(&self) -> Option<&CaseFacts> {
        self.worklist.as_ref()?.current?;
        Some(&self.reading.as_ref()?.case.session.as_ref()?.document().case)
    }

    /// Opens the next item that is not finished.
    pub(super) fn next_item(&mut self) {
        self.settle_item();
        if let Some(n) = self.worklist.as_ref().and_then(Worklist::next) {
            self.open_item(n);
        }
    }

    /// Notes in the list how far the open item is.
    pub(super) fn settle_item(&mut self) {
        let session = self.reading.as_ref().and_then(|r| r.case.session.as_ref());
        let (Some(w), Some(session)) = (&mut self.worklist, session) else { return };
        let Some(p) = w.current.and_then(|n| w.items.get_mut(n)) else { return };
        (p.state, p.open) = state_of(&w.trial, &session.document().case);
        p.active_seconds = session.active_time().as_secs_f64();
    }

    /// Opens an item: its images are looked through, and its case goes on.
    pub(super) fn open_item(&mut self, n: usize) {
        self.settle_item();
        let Some(w) = &mut self.worklist else { return };
        let Some(p) = w.items.get(n) else { return };
        let case = &w.trial.cases[p.item.case];
        let images = |t: usize| if t == 0 { &case.images } else { &case.timepoints[t - 1].images };
        let paths: Vec<PathBuf> =
            shown_timepoints(&w.trial, case).iter().map(|(t, _)| w.folder.join(images(*t))).collect();
        if paths.iter().any(|p| !p.exists()) {
            let what =
                format!("The images of item {} are not in the study's folder: tell who runs the study", p.item.id);
            return self.notices.fail(what);
        }
        w.current = Some(n);
        self.leave_case();
        self.library.begin(&[]);
        self.inbox.scan(paths);
    }

    /// The item's images were found: what is hidden goes, and the series that the study names opens.
    pub(super) fn item_scanned(&mut self, scan: Scan) {
        let Some(w) = &mut self.worklist else { return };
        let Some(case) = w.current.and_then(|n| w.items.get(n)).map(|p| &w.trial.cases[p.item.case]) else { return };
        let (scan, studies) = blind::in_order(scan, &w.folder, case, &shown_timepoints(&w.trial, case));
        w.studies = studies;
        let named = case.series.is_some() || case.description.is_some();
        let chosen = blind::chosen(&scan, case);
        let scan = blind::blinded(scan, w.trial.blind, &w.studies);
        if scan.series.is_empty() {
            self.notices.fail("No images were found for this item: tell who runs the study");
        } else if named && chosen.is_none() {
            self.notices
                .fail("The series that the study names is not among the images of this item, or not alone in fitting");
        }
        self.library.fill(scan);
        match chosen {
            Some(n) => self.open_series(n, false),
            None if self.hang() => {}
            None => self.library.best().into_iter().for_each(|n| self.open_series(n, false)),
        }
        self.desk.page = Page::Questions;
        self.inbox.thumbnails(self.library.series().to_vec(), series_panel::THUMBNAIL);
    }

    /// The case of the open item: made when it is opened for the first time, so that reading time counts from then on.
    pub(super) fn resume_item(&mut self) {
        let (Some(w), Some(reading)) = (&self.worklist, &self.reading) else { return };
        let Some(path) = w.path() else { return };
        if reading.case.session.is_some() {
            return;
        }
        let images = [reading.identity().clone()];
        let mut read_only = None;
        let opened = Session::open_or_create(&path, Some(&w.reader), &images).or_else(|e| match e {
            SessionError::Locked { .. } => {
                read_only = Some(e.to_string());
                Session::open(&path, Access::Read)
            }
            other => Err(other),
        });
        let Opened { session, notices } = match opened {
            Ok(opened) => opened,
            Err(e) => return self.notices.fail(format!("{e}. Nothing can be recorded for this item.")),
        };
        read_only.iter().for_each(|why| self.notices.fail(format!("{why}. It is shown, and cannot be changed here.")));
        notices.into_iter().for_each(|n| self.notices.say(n));
        let mut case = Case::of(session, path);
        case.read_only = read_only;
        case.joined = w.studies.iter().flatten().cloned().collect();
        if let Some(reading) = &mut self.reading {
            reading.case = case;
        }
        self.begin_timepoints();
        if !super::ladder::placed(self.document()).is_empty() {
            self.number_on();
        }
    }

    /// Says which studies belong to which timepoint, in a case that does not know it yet.
    fn begin_timepoints(&mut self) {
        let Some(w) = &self.worklist else { return };
        let Some(case) = w.current.and_then(|n| w.items.get(n)).map(|p| &w.trial.cases[p.item.case]) else { return };
        let read_only = self.reading.as_ref().and_then(|r| r.case.session.as_ref()).is_none_or(Session::is_read_only);
        if case.timepoints.is_empty() || read_only {
            return;
        }
        let mut ops = Vec::new();
        for (n, (which, handle)) in shown_timepoints(&w.trial, case).into_iter().enumerate() {
            let key = TimepointKey(handle);
            if self.whole_document().timepoints.contains_key(&key) {
                continue;
            }
            let mut set = |field: &str, value| {
                ops.push(Op::Set { target: Target::Timepoint(key.clone()), field: field.to_owned(), value });
            };
            if n == 0 {
                set("first", json!(true));
            }
            set("studies", json!(w.studies.get(n).cloned().unwrap_or_default()));
            let days = which.checked_sub(1).and_then(|t| case.timepoints[t].days).filter(|_| !w.trial.blind.timepoint);
            days.into_iter().for_each(|days| set("relative_days", json!(days)));
        }
        for op in ops {
            self.perform(op);
        }
    }

    /// Declares the open item finished, or open again; says what is missing.
    pub(super) fn finish_item(&mut self) {
        let (Some(w), Some(facts)) = (&self.worklist, self.item_facts()) else { return };
        let (state, open) = state_of(&w.trial, facts);
        let finish = state != ItemState::Finished;
        if finish && !open.is_empty() {
            let asked = w.trial.questions.iter().filter(|q| open.contains(&q.id)).map(|q| q.ask.clone()).collect();
            self.dialog = Dialog::Unanswered(Unanswered::new(asked));
            return;
        }
        let value = json!(finish);
        if !self.perform(Op::Set { target: Target::Case(true), field: "finished".to_owned(), value }) {
            return;
        }
        self.settle_item();
        let Some(w) = &self.worklist else { return };
        let text = match (finish, w.next()) {
            (false, _) => "The item is open again".to_owned(),
            (true, Some(_)) => format!("Finished. The next item: {}", self.key_of(CommandId::NextItem)),
            (true, None) => "Finished, and with it the whole worklist. Thank you.".to_owned(),
        };
        self.notices.say(text);
    }

    /// How the window is called while an item is open.
    pub(super) fn item_title(&self) -> Option<String> {
        let w = self.worklist.as_ref()?;
        let n = w.current?;
        Some(format!("{} of {}: {} — {} — Spondyl", n + 1, w.items.len(), w.name_of(n), w.trial.title))
    }
}
