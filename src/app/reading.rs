//! The open series: its volume as it fills, how it is looked at, and the reader's case.

use super::gpu::Screen;
use super::jobs::SliceArrival;
use super::notices::Notices;
use super::viewer::{Layout, Viewer};
use crate::assess::{ValueStats, stats_of_voxels};
use crate::document::{Document, ImageIdentity, ImageKey, Lesion};
use crate::session::{Images, Session};
use crate::space::{Geometry, PatientPoint, Plane};
use crate::study::Series;
use crate::volume::{Distribution, Finding, Kind, Volume, Window, auto_window, auto_window_of};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// What the reader said so far, and where it is kept.
#[derive(Default)]
pub struct Case {
    /// Open as soon as there is something to keep.
    pub session: Option<Session>,
    /// Its file.
    pub path: Option<PathBuf>,
}

/// Whether the reader's work is on disk.
pub enum CaseState {
    /// Nothing was said yet.
    Untouched,
    /// All on disk, in this file.
    Saved(String),
    /// A step is on its way to the disk.
    Saving,
    /// A step could not be written.
    Unsaved(String),
}

/// See the module.
pub struct Reading {
    /// Place in the library.
    pub index: usize,
    /// The series.
    pub series: Arc<Series>,
    /// Its name in documents.
    pub key: ImageKey,
    /// Its grid.
    pub geometry: Geometry,
    /// All of it, once loaded.
    pub volume: Option<Arc<Volume>>,
    /// How it is looked at.
    pub viewer: Viewer,
    /// The reader's case.
    pub case: Case,
    /// The window came from the file or a preset; else the first slices decide.
    window_is_given: bool,
    extra_findings: Vec<Finding>,
    figures: RefCell<Figures>,
}

/// Figures of lesions, kept until the document changes.
#[derive(Default)]
struct Figures {
    generation: u64,
    by_label: HashMap<u16, (f64, Option<ValueStats>)>,
}

/// What the reader has said before saying anything.
static NOTHING: LazyLock<Document> = LazyLock::new(Document::default);

/// The document of a reader who said nothing yet.
pub fn nothing() -> &'static Document {
    &NOTHING
}

impl Reading {
    /// Whether everything said is on disk.
    pub fn is_saved(&self) -> bool {
        self.case.session.as_ref().is_none_or(Session::is_saved)
    }

    /// Starts to read a series; `case` is the one that was open on the series before.
    ///
    /// # Errors
    /// A sentence when the series cannot be shown.
    pub fn begin(index: usize, series: Arc<Series>, key: ImageKey, case: Option<Case>) -> Result<Self, String> {
        let geometry = series.geometry.clone();
        let (window, window_is_given) = first_window(&series);
        let main = if series.kind == Kind::Projection { Plane::nearest(geometry.normal()).0 } else { Plane::Sagittal };
        let mut viewer = Viewer::new(&geometry, main, window);
        if series.kind == Kind::Projection {
            viewer.layout = Layout::Single(main); // there is nothing to cut across
        }
        Ok(Reading {
            index,
            key,
            geometry,
            volume: None,
            viewer,
            case: case.unwrap_or_default(),
            window_is_given,
            extra_findings: vec![],
            figures: RefCell::default(),
            series,
        })
    }

    /// Gives the case away, for the next series of the same patient.
    pub fn into_case(self) -> Option<Case> {
        Some(self.case)
    }

    /// The reader's document; empty while nothing was said.
    pub fn document(&self) -> &Document {
        self.case.session.as_ref().map_or(&*NOTHING, Session::document)
    }

    /// Unit of the values.
    pub fn units(&self) -> &str {
        &self.series.units
    }

    /// Whether the images lie in the patient; a projection has neither planes nor sides that could be told.
    pub fn is_located(&self) -> bool {
        self.series.is_located()
    }

    /// Whether lengths are millimetres.
    pub fn in_millimetres(&self) -> bool {
        self.series.spacing_mm[0].is_some()
    }

    /// What is odd about the series, also found while loading.
    pub fn findings(&self) -> &[Finding] {
        if self.extra_findings.is_empty() { &self.series.findings } else { &self.extra_findings }
    }

    /// The first slice sets the window where the file gives none.
    pub fn slice_arrived(&mut self, slice: &SliceArrival) {
        if !self.window_is_given {
            let r = slice.rescale;
            let values = Distribution::of_samples(&slice.samples, r, None);
            if let Some(w) = auto_window(&values) {
                self.viewer.window = w;
                self.window_is_given = true;
            }
        }
    }

    /// MONOCHROME1: the smallest value is white.
    pub fn is_inverted(&self) -> bool {
        self.volume.as_ref().is_some_and(|v| v.inverted)
    }

    /// The whole series is in memory.
    pub fn loaded(&mut self, volume: Arc<Volume>, findings: Vec<Finding>) {
        if self.series.modality != "CT" && first_window(&self.series).1.eq(&false) {
            self.viewer.window = auto_window_of(&volume).unwrap_or(self.viewer.window.clone());
        }
        if !findings.is_empty() {
            self.extra_findings = self.series.findings.iter().cloned().chain(findings).collect();
        }
        self.volume = Some(volume);
    }

    /// Value and unit at a point, from the volume itself.
    pub fn value_at(&self, p: PatientPoint) -> Option<String> {
        let volume = self.volume.as_ref()?;
        let at = self.geometry.voxel_from_patient(p).nearest(volume.size())?;
        let value = volume.value(at);
        let digits = usize::from(value.fract() != 0.0) * 2;
        let unit = if volume.units == "US" { "" } else { &volume.units };
        Some(format!("{value:.digits$} {unit}"))
    }

    /// Corner text: modality and description, never the patient.
    pub fn corner_text(&self) -> String {
        format!("{}  {}", self.series.modality, self.series.description)
    }

    /// Where the reader's work stands.
    pub fn case_state(&self) -> CaseState {
        match (&self.case.session, &self.case.path) {
            (Some(s), path) => match s.unsaved() {
                Some(why) => CaseState::Unsaved(why),
                None if !s.is_saved() => CaseState::Saving,
                None => CaseState::Saved(path.as_ref().map(|p| p.display().to_string()).unwrap_or_default()),
            },
            _ => CaseState::Untouched,
        }
    }

    /// Brings the screen's labels up to date with the document, and says what the journal reports.
    pub fn keep_up(&mut self, screen: Option<&mut Screen>, notices: &mut Notices) {
        let Some(session) = &mut self.case.session else { return };
        if let Some(why) = session.unsaved() {
            notices.fail(format!("Not saved: {why}"));
        }
        let dirty = session.take_dirty();
        if let Some(screen) = screen {
            for (_, (min, max)) in dirty.into_iter().filter(|(key, _)| *key == self.key) {
                screen.update_labels(session.document(), &self.key, min, max);
            }
            screen.set_colors(session.document());
        }
    }

    fn with_figures<T>(&self, label_value: u16, take: impl FnOnce(&(f64, Option<ValueStats>)) -> T) -> Option<T> {
        let session = self.case.session.as_ref()?;
        let mut figures = self.figures.borrow_mut();
        let generation = session.generation() * 2 + u64::from(self.volume.is_some());
        if figures.generation != generation {
            *figures = Figures { generation, by_label: HashMap::new() };
        }
        let entry = figures.by_label.entry(label_value).or_insert_with(|| {
            let map = session.document().masks.get(&self.key);
            let flat = map.map_or_else(Vec::new, |m| m.voxels_of(label_value));
            let stats = stats_of_voxels(&flat, &self.geometry, self.volume.as_deref());
            (stats.volume_mm3, stats.values)
        });
        Some(take(entry))
    }

    /// Volume of a lesion on this series, mm³.
    pub fn volume_mm3(&self, label_value: u16) -> f64 {
        self.with_figures(label_value, |f| f.0).unwrap_or_default()
    }

    /// Values under a lesion, in a sentence.
    pub fn value_text(&self, lesion: &Lesion) -> Option<String> {
        self.with_figures(lesion.label_value, |(mm3, values)| {
            let v = values.as_ref()?;
            let unit = self.units();
            Some(format!(
                "{mm3:.0} mm³, mean {:.0} ± {:.0} {unit}, {:.0} to {:.0}",
                v.mean,
                v.sd.unwrap_or_default(),
                v.min,
                v.max
            ))
        })?
    }
}

impl Images for Reading {
    fn volume(&self, key: &ImageKey) -> Option<Arc<Volume>> {
        self.volume.clone().filter(|_| *key == self.key)
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        (*key == self.key).then(|| self.series.identity())
    }

    fn primary(&self) -> Option<ImageKey> {
        Some(self.key.clone())
    }
}

/// The window before any pixel is known: spine bone for CT, else the file's, else a guess that the first slice mends.
fn first_window(series: &Series) -> (Window, bool) {
    if series.modality == "CT" && series.units == "HU" {
        return (crate::volume::CT_PRESETS[0].window(), true);
    }
    match series.windows().first() {
        Some(w) => (w.clone(), true),
        None => (Window::linear(400.0, 200.0), false),
    }
}
