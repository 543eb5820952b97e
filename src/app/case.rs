//! The reader's case file: found again when its images are opened, made with the first step, and never in the image
//! folder.

use super::App;
use super::case_file::Case;
use crate::document::ImageIdentity;
use crate::session::{Access, Opened, Places, Session, is_open};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the case file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

impl App {
    pub(super) fn places(&self) -> Option<Places> {
        if self.keeps_nothing {
            return None;
        }
        self.cases_in.as_deref().map(Places::under).or_else(Places::of_user)
    }

    /// Goes on with the case of the active images, if this reader has one; images of a study of the open case belong to
    /// it, and with `join` those of any other study, such as a later one of the same patient. The case that was open stays
    /// open beside it.
    pub(super) fn resume_case(&mut self, join: bool) {
        if self.worklist.is_some() {
            return self.resume_item();
        }
        let Some(reading) = &mut self.reading else { return };
        if join && reading.case.session.is_some() {
            let study = reading.series.study_instance_uid.clone();
            reading.case.joined.push(study.clone());
            self.begin_timepoint(study);
        }
        let Some(reading) = &mut self.reading else { return };
        if reading.case_is_at_hand() {
            return;
        }
        self.desk.lesion = None;
        if reading.change_case() {
            return;
        }
        let identity = reading.identity().clone();
        let found = self.find_case(&identity);
        let case = found.map_or_else(Case::default, |path| self.open_case(path));
        if let Some(reading) = &mut self.reading {
            reading.case = case;
        }
        if !super::ladder::placed(self.document()).is_empty() {
            self.number_on();
        }
    }

    /// Puts a case on the list of recent ones.
    pub(super) fn remember(&self, path: &Path) {
        // The list is a convenience: without it the case is still found by its images.
        let _ = self.places().map(|p| p.remember(path));
    }

    /// Sees what others do to the case file meanwhile: a case that is only read is shown as it is now, and goes on here
    /// when it is free; one that is written has to be saved elsewhere.
    pub(super) fn follow_disk(&mut self) {
        let Some(reading) = self.reading.as_mut().filter(|r| r.looked.elapsed() >= LOOK_EVERY) else { return };
        reading.looked = Instant::now();
        let Some(session) = &reading.case.session else { return };
        let changed = session.changed_on_disk();
        if !session.is_read_only() {
            if let Some(what) = changed {
                self.notices.fail(format!("{what}. What is drawn from now on cannot be saved there: save elsewhere."));
            }
            return;
        }
        let path = session.path().to_owned();
        let free = !is_open(&path);
        if !free && changed.is_none() {
            return;
        }
        let access = if free { Access::Write } else { Access::Read };
        let Ok(opened) = Session::open(&path, access) else { return }; // what is shown stays
        let mut case = Case::of(opened.session, path.clone());
        case.joined = std::mem::take(&mut reading.case.joined);
        case.read_only = reading.case.read_only.take().filter(|_| !free);
        reading.case = case;
        if free {
            self.notices.forget(&path.display().to_string());
            self.notices.say("The case is free again and goes on here");
        } else {
            self.notices.say("The other program went on with the case; it is shown as it is now");
        }
        if let (Some(screen), Some(reading)) = (&mut self.screen, &self.reading) {
            reading.in_panes().into_iter().for_each(|n| screen.show_series(reading, n));
        }
    }

    fn find_case(&self, identity: &ImageIdentity) -> Option<PathBuf> {
        let places = self.places()?;
        let mine = places.find_cases(std::slice::from_ref(identity)).into_iter().find(|c| c.reader == self.reader);
        let usual = places.case_path(&identity.study_instance_uid, &self.reader);
        mine.map(|c| c.path).or_else(|| usual.is_file().then_some(usual))
    }

    /// Opens a case file to go on with it; where another program has it, to read it.
    fn open_case(&mut self, path: PathBuf) -> Case {
        let mut read_only = None;
        let opened = Session::open(&path, Access::Write).or_else(|e| {
            self.notices.fail(format!("{e}. It is shown, and cannot be changed here."));
            read_only = Some(e.to_string());
            Session::open(&path, Access::Read)
        });
        self.remember(&path);
        match opened {
            Ok(Opened { session, notices }) => {
                notices.into_iter().for_each(|n| self.notices.say(n));
                let d = session.document();
                let (levels, lesions) = (d.vertebrae.len(), d.lesions.len());
                self.notices.say(format!("Your case goes on: {levels} levels, {lesions} lesions"));
                let mut case = Case::of(session, path);
                case.read_only = read_only;
                case
            }
            Err(e) => {
                self.notices.fail(e.to_string());
                Case::default()
            }
        }
    }

    /// There is a case to write into after this.
    ///
    /// # Errors
    /// A sentence when it cannot be made.
    pub(super) fn ensure_case(&mut self) -> Result<(), String> {
        let Some(reading) = &self.reading else { return Err("open images first".to_owned()) };
        if reading.case.session.is_some() {
            return Ok(());
        }
        if self.worklist.is_some() {
            return Err("this item's case could not be opened, so nothing can be recorded for it".to_owned());
        }
        let identity = reading.identity().clone();
        let places = self.places().ok_or("no place for case files is known: set XDG_DATA_HOME or HOME")?;
        let path = places.case_path(&identity.study_instance_uid, &self.reader);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
        }
        let images = std::slice::from_ref(&identity);
        let opened = Session::open_or_create(&path, Some(&self.reader), images).map_err(|e| e.to_string())?;
        opened.notices.into_iter().for_each(|n| self.notices.say(n));
        self.remember(&path);
        if let Some(reading) = &mut self.reading {
            reading.case = Case::of(opened.session, path);
        }
        Ok(())
    }
}
