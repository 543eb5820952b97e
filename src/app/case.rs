//! The reader's case file: found again when its images are opened, made with the first step, and never in the image
//! folder.

use super::App;
use super::case_file::Case;
use crate::document::ImageIdentity;
use crate::session::{Access, Opened, Places, Session};
use std::path::PathBuf;

impl App {
    fn places(&self) -> Option<Places> {
        self.cases_in.as_deref().map(Places::under).or_else(Places::of_user)
    }

    /// Goes on with the case of the active images, if this reader has one; images of a study of the open case belong to
    /// it, and with `join` those of any other study, such as a later one of the same patient. The case that was open stays
    /// open beside it.
    pub(super) fn resume_case(&mut self, join: bool) {
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

    fn find_case(&self, identity: &ImageIdentity) -> Option<PathBuf> {
        let places = self.places()?;
        let mine = places.find_cases(std::slice::from_ref(identity)).into_iter().find(|c| c.reader == self.reader);
        let usual = places.case_path(&identity.study_instance_uid, &self.reader);
        mine.map(|c| c.path).or_else(|| usual.is_file().then_some(usual))
    }

    /// Opens a case file to go on with it; where another program has it, to read it.
    fn open_case(&mut self, path: PathBuf) -> Case {
        let opened = Session::open(&path, Access::Write).or_else(|e| {
            self.notices.fail(format!("{e}. It is shown, and cannot be changed here."));
            Session::open(&path, Access::Read)
        });
        match opened {
            Ok(Opened { session, notices }) => {
                notices.into_iter().for_each(|n| self.notices.say(n));
                let d = session.document();
                let (levels, lesions) = (d.vertebrae.len(), d.lesions.len());
                self.notices.say(format!("Your case goes on: {levels} levels, {lesions} lesions"));
                Case::of(session, path)
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
        let identity = reading.identity().clone();
        let places = self.places().ok_or("no place for case files is known: set XDG_DATA_HOME or HOME")?;
        let path = places.case_path(&identity.study_instance_uid, &self.reader);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
        }
        let images = std::slice::from_ref(&identity);
        let opened = Session::open_or_create(&path, Some(&self.reader), images).map_err(|e| e.to_string())?;
        opened.notices.into_iter().for_each(|n| self.notices.say(n));
        // The list of recent cases is a convenience: without it the case is still found by its images.
        let _ = places.remember(&path);
        if let Some(reading) = &mut self.reading {
            reading.case = Case::of(opened.session, path);
        }
        Ok(())
    }
}
