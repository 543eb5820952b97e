//! What is open: the series in the panes, how they hang together, and the reader's cases. The series of the active pane
//! is the one that tools draw on, and the case of its study the one they draw into.

use super::case_file::Case;
use super::gpu::Screen;
use super::notices::Notices;
use super::shown::Shown;
use super::viewer::Viewer;
use crate::assess::{BoneReference, ValueStats, bone_reference, is_in_frame, stats_of_voxels};
use crate::document::{Document, ImageIdentity, ImageKey, Lesion};
use crate::session::{Images, Session};
use crate::space::{DVec3, PatientPoint, VoxelPoint};
use crate::study::Series;
use crate::view::{Layout, Link, Sight, rigid_fit};
use crate::volume::{Kind, Volume};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

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
    /// Another program writes to it: who, and since when.
    ReadOnly(String),
}

/// See the module. Dereferences to the series of the active pane.
pub struct Reading {
    /// Every series that is or was in a pane; never empty, and a series keeps its number.
    shown: Vec<Shown>,
    /// The panes.
    pub viewer: Viewer,
    /// The reader's case of the active pane's study.
    pub case: Case,
    /// Cases of other studies that are open beside it.
    parked: Vec<Case>,
    /// When the case file was last looked at.
    pub looked: Instant,
    figures: RefCell<Figures>,
    places: RefCell<HashMap<usize, (u64, Places)>>,
    measured: super::measured::Kept,
    /// What grow answered last.
    pub grown: Option<super::growing::Grown>,
}

/// Middles of lesions on a series, by their label value.
type Places = Rc<Vec<(u16, PatientPoint)>>;

/// Figures of lesions, kept until the document or the series changes.
#[derive(Default)]
struct Figures {
    of: (u64, usize),
    by_label: HashMap<u16, (f64, Option<ValueStats>, Option<BoneReference>)>,
}

/// What the reader has said before saying anything.
static NOTHING: LazyLock<Document> = LazyLock::new(Document::default);

/// The document of a reader who said nothing yet.
pub fn nothing() -> &'static Document {
    &NOTHING
}

impl Deref for Reading {
    type Target = Shown;
    fn deref(&self) -> &Shown {
        &self.shown[self.active_number()]
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut Shown {
        let n = self.active_number();
        &mut self.shown[n]
    }
}

impl Reading {
    /// Starts to read a series.
    pub fn begin(index: usize, series: Arc<Series>, key: ImageKey, layout: Layout) -> Self {
        let shown = vec![Shown::new(index, series, key)];
        let layout = if shown[0].series.kind == Kind::Projection { Layout::One } else { layout };
        let viewer = Viewer::new(shown[0].planes(0, layout), layout);
        Reading {
            shown,
            viewer,
            case: Case::default(),
            parked: vec![],
            looked: Instant::now(),
            figures: RefCell::default(),
            places: RefCell::default(),
            measured: super::measured::Kept::default(),
            grown: None,
        }
    }

    /// Whether everything said is on disk.
    pub fn is_saved(&self) -> bool {
        self.cases().all(|c| c.session.as_ref().is_none_or(Session::is_saved))
    }

    fn cases(&self) -> impl Iterator<Item = &Case> {
        std::iter::once(&self.case).chain(&self.parked)
    }

    /// Number of the active pane's series.
    pub fn active_number(&self) -> usize {
        self.viewer.active_sight().shown.min(self.shown.len() - 1)
    }

    /// The series with a number.
    pub fn shown(&self, number: usize) -> &Shown {
        &self.shown[number.min(self.shown.len() - 1)]
    }

    /// The series with a number, to change it.
    pub fn shown_mut(&mut self, number: usize) -> Option<&mut Shown> {
        self.shown.get_mut(number)
    }

    /// The series of a pane.
    pub fn shown_in(&self, pane: usize) -> &Shown {
        self.shown(self.viewer.sight(pane).shown)
    }

    /// Number of a series of the library, if it is open.
    pub fn number_of(&self, index: usize) -> Option<usize> {
        self.shown.iter().position(|s| s.index == index)
    }

    /// The open series that documents know by a key, with its number.
    pub fn with_key(&self, key: &ImageKey) -> Option<(usize, &Shown)> {
        self.shown.iter().enumerate().find(|(_, s)| s.key == *key)
    }

    /// The volumes in memory, by their names in documents.
    pub fn volumes(&self) -> impl Iterator<Item = (ImageKey, Arc<Volume>)> {
        self.shown.iter().filter_map(|s| Some((s.key.clone(), s.volume.clone()?)))
    }

    /// What the picture of a pane is called.
    pub fn name_of_aim(&self, pane: usize) -> String {
        let located = self.shown_in(pane).is_located();
        if located { self.viewer.sight(pane).name() } else { "Picture".to_owned() }
    }

    /// The figures of a measurement.
    pub fn figures_of(&self, id: uuid::Uuid, m: &crate::document::Measurement) -> crate::assess::Measured {
        self.measured.of(self, id, m)
    }

    /// Opens one more series; gives its number.
    pub fn add(&mut self, index: usize, series: Arc<Series>, key: ImageKey) -> usize {
        self.number_of(index).unwrap_or_else(|| {
            self.shown.push(Shown::new(index, series, key));
            self.shown.len() - 1
        })
    }

    /// Numbers of the series in the panes, each once.
    pub fn in_panes(&self) -> Vec<usize> {
        let of = |s: &Sight| [Some(s.shown), s.overlay.map(|o| o.0)];
        let mut numbers: Vec<usize> = self.viewer.sights().iter().flat_map(of).flatten().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Numbers of series that no pane shows any more.
    pub fn idle(&self) -> Vec<usize> {
        let used = self.in_panes();
        (0..self.shown.len()).filter(|n| !used.contains(n)).collect()
    }

    /// The reader's document; empty while nothing was said.
    pub fn document(&self) -> &Document {
        self.case.document_at(&self.series.study_instance_uid)
    }

    /// The document that speaks of a series; that of another study may be open beside the active one.
    pub fn document_of(&self, number: usize) -> &Document {
        let study = &self.shown(number).series.study_instance_uid;
        if *study == self.series.study_instance_uid {
            return self.document();
        }
        match self.cases().find(|c| c.knows_study(study)) {
            Some(case) => case.document_at(study),
            None => nothing(),
        }
    }

    /// The session that speaks of a series.
    fn session_of(&self, number: usize) -> Option<&Session> {
        let study = &self.shown(number).series.study_instance_uid;
        let own = (*study == self.series.study_instance_uid).then_some(&self.case);
        own.or_else(|| self.cases().find(|c| c.knows_study(study)))?.session.as_ref()
    }

    /// Whether the labelled centres of its document lie in a series' frame of reference.
    pub fn levels_lie_in(&self, number: usize) -> bool {
        let document = self.document_of(number);
        let study = &self.shown(number).series.study_instance_uid;
        if let Some(timepoint) = document.later_timepoint_of_study(study) {
            // Labels of a later timepoint lie in its own images: in the frame of the first of them.
            let own = document.images.iter().find(|(_, i)| document.later_timepoint_of(i) == Some(timepoint));
            let identity = self.shown(number).identity();
            let frame = |i: &ImageIdentity| i.frame_of_reference_uid.clone().filter(|_| i.kind != Kind::Projection);
            return own.is_none_or(|(key, i)| {
                *key == self.shown(number).key || (frame(i).is_some() && frame(i) == frame(identity))
            });
        }
        if !document.images.is_empty() {
            return is_in_frame(document, self.shown(number).identity());
        }
        // Nothing was drawn yet: the labels are of the series that the case was begun on.
        let begun = self.session_of(number).and_then(|s| s.header().images.first()).map(|i| &i.series_instance_uid);
        let begun = self.shown.iter().find(|s| Some(&s.series.series_instance_uid) == begun);
        begun.is_none_or(|b| b.series.frame_of_reference_uid == self.shown(number).series.frame_of_reference_uid)
    }

    /// Whether the open case is the one of the active series' study.
    pub fn case_is_at_hand(&self) -> bool {
        self.case.knows_study(&self.series.study_instance_uid)
    }

    /// Puts the open case aside and takes up the one of the active study, if it is open; false where it is not.
    pub fn change_case(&mut self) -> bool {
        let before = std::mem::take(&mut self.case);
        if before.session.is_some() {
            self.parked.push(before);
        }
        let study = self.series.study_instance_uid.clone();
        let at = self.parked.iter().position(|c| c.knows_study(&study));
        at.map(|n| self.case = self.parked.swap_remove(n)).is_some()
    }

    /// How two series hang together.
    pub fn link(&self, a: usize, b: usize) -> Link {
        if a == b {
            return Link::Same;
        }
        let (from, to) = (self.shown(a), self.shown(b));
        if !(from.is_located() && to.is_located()) {
            return Link::Apart;
        }
        let frame = |s: &Shown| s.series.frame_of_reference_uid.clone();
        if !frame(from).is_empty() && frame(from) == frame(to) {
            return Link::Same;
        }
        if !(self.levels_lie_in(a) && self.levels_lie_in(b)) {
            return Link::Apart;
        }
        let (here, there) = (self.document_of(a), self.document_of(b));
        if std::ptr::eq(here, there) {
            return Link::Apart;
        }
        let centre = |level| there.vertebrae.get(level).and_then(|v| v.at_mm);
        let pairs: Vec<_> = here.vertebrae.iter().filter_map(|(l, v)| Some((v.at_mm?, centre(l)?))).collect();
        rigid_fit(&pairs).map_or(Link::Apart, Link::Fitted)
    }

    /// The crosshair of the active pane.
    pub fn cursor(&self) -> PatientPoint {
        self.viewer.active_sight().cursor
    }

    /// Moves the crosshair of a pane, and of those that follow it.
    pub fn set_cursor(&mut self, pane: usize, p: PatientPoint) {
        let from = self.viewer.sight(pane).clone();
        let places: Vec<Option<PatientPoint>> = (0..self.viewer.sights().len())
            .map(|n| match self.viewer.sight(n) {
                _ if n == pane => Some(p),
                to if from.linked && to.linked => self.link(from.shown, to.shown).map(p),
                _ => None,
            })
            .collect();
        for (sight, place) in self.viewer.sights_mut().iter_mut().zip(places) {
            if let Some(p) = place {
                sight.cursor = p;
            }
        }
        if let Some(s) = self.shown.get_mut(from.shown) {
            s.cursor = p;
        }
    }

    /// Moves the crosshair by layers of a pane.
    pub fn scroll(&mut self, pane: usize, by: i64) {
        let to = self.viewer.sight(pane).scrolled(&self.shown_in(pane).geometry, by);
        self.set_cursor(pane, to);
    }

    /// First or last layer of the active pane.
    pub fn go_to_end(&mut self, last: bool) {
        let pane = self.viewer.active();
        let (at, count) = self.viewer.sight(pane).position(&self.shown_in(pane).geometry);
        self.scroll(pane, if last { count as i64 - at } else { 1 - at });
    }

    /// Moves the crosshair to a point of the active series; each pane that would show it outside of its middle part is
    /// panned.
    pub fn go_to(&mut self, p: PatientPoint) {
        let pane = self.viewer.active();
        self.set_cursor(pane, p);
        for sight in self.viewer.sights_mut() {
            let cursor = sight.cursor;
            sight.bring_into_view(cursor);
        }
    }

    /// Changes zoom or middle of a pane; panes that follow it get the same.
    pub fn look(&mut self, pane: usize, change: impl FnOnce(&mut Sight)) {
        change(self.viewer.sight_mut(pane));
        let from = self.viewer.sight(pane).shown;
        let links: Vec<Link> = self.viewer.sights().iter().map(|s| self.link(from, s.shown)).collect();
        let numbers: Vec<usize> = self.viewer.sights().iter().map(|s| s.shown).collect();
        let map = |_: &Sight, to: &Sight, p| {
            let n = numbers.iter().position(|s| *s == to.shown)?;
            links[n].map(p)
        };
        self.viewer.spread_zoom(pane, map);
    }

    /// Puts a series into panes: into the active one alone, or into all that show the active series.
    pub fn show_in_panes(&mut self, number: usize, only: Option<usize>) {
        let before = self.active_number();
        let targets: Vec<usize> = match only {
            Some(pane) => vec![pane],
            None => (0..self.viewer.sights().len()).filter(|n| self.viewer.sight(*n).shown == before).collect(),
        };
        for pane in targets {
            let old = self.viewer.sight(pane).clone();
            let link = self.link(old.shown, number);
            let shown = self.shown(number);
            let mut fresh = if only.is_some() { shown.side_sight(number) } else { shown.sight(number, old.plane()) };
            if let Some(p) = link.map(old.cursor).filter(|_| old.linked) {
                fresh.cursor = p;
            }
            (fresh.linked, fresh.zoom_linked) = (old.linked, old.zoom_linked);
            *self.viewer.sight_mut(pane) = Sight { size: old.size, unfitted: true, ..fresh };
        }
    }

    /// Whether a series has planes to choose among; a projection is one picture.
    pub fn has_planes(&self, number: usize) -> bool {
        self.shown(number).series.kind != Kind::Projection
    }

    /// Another layout: planes of the active series, or the given series side by side.
    pub fn arrange(&mut self, layout: Layout, beside: &[usize]) {
        let number = self.active_number();
        let sights = match layout.compares() {
            true => beside.iter().map(|n| self.shown(*n).side_sight(*n)).collect(),
            false => self.shown(number).planes(number, layout),
        };
        if !sights.is_empty() {
            let cursor = self.cursor();
            self.viewer.arrange(sights, layout);
            let pane = self.viewer.sights().iter().position(|s| s.shown == number).unwrap_or(0);
            self.viewer.activate(pane);
            if self.viewer.sight(pane).shown == number {
                self.set_cursor(pane, cursor);
            }
        }
    }

    /// Where the reader's work stands.
    pub fn case_state(&self) -> CaseState {
        match (&self.case.session, &self.case.path) {
            (Some(s), path) => match s.unsaved() {
                Some(why) => CaseState::Unsaved(why),
                None if s.is_read_only() => CaseState::ReadOnly(self.case.read_only.clone().unwrap_or_default()),
                None if !s.is_saved() => CaseState::Saving,
                None => CaseState::Saved(path.as_ref().map(|p| p.display().to_string()).unwrap_or_default()),
            },
            _ => CaseState::Untouched,
        }
    }

    /// Brings the screen's labels up to date with the document, and says what the journal reports.
    pub fn keep_up(&mut self, mut screen: Option<&mut Screen>, notices: &mut Notices) {
        self.case.refresh();
        self.parked.iter_mut().for_each(Case::refresh);
        let Some(session) = &mut self.case.session else { return };
        if let Some(why) = session.unsaved() {
            notices.fail(format!("Not saved: {why}"));
        }
        let dirty = session.take_dirty();
        let Some(screen) = &mut screen else { return };
        for (number, s) in self.shown.iter().enumerate() {
            for (_, (min, max)) in dirty.iter().filter(|(key, _)| *key == s.key) {
                screen.update_labels(session.document(), (number, &s.key), *min, *max);
            }
            if s.series.study_instance_uid == self.shown[self.viewer.active_sight().shown].series.study_instance_uid {
                screen.set_colors(number, session.document());
            }
        }
    }

    /// Where the lesions painted on a series lie: the means of their voxels, kept until the document changes.
    pub fn lesion_places(&self, number: usize) -> Places {
        let document = self.document_of(number);
        let generation = self.session_of(number).map_or(0, Session::generation);
        let mut kept = self.places.borrow_mut();
        if let Some((_, places)) = kept.get(&number).filter(|k| k.0 == generation) {
            return places.clone();
        }
        let shown = self.shown(number);
        let mut sums: HashMap<u16, (DVec3, f64)> = HashMap::new();
        for (at, label) in document.masks.get(&shown.key).iter().flat_map(|m| m.painted()) {
            let sum = sums.entry(label).or_default();
            *sum = (sum.0 + at.center().0, sum.1 + 1.0);
        }
        let middle = |(sum, n): (DVec3, f64)| shown.geometry.patient_from_voxel(VoxelPoint(sum / n));
        let places: Places = Rc::new(sums.into_iter().map(|(label, sum)| (label, middle(sum))).collect());
        kept.insert(number, (generation, places.clone()));
        places
    }

    fn with_figures<T>(
        &self,
        label_value: u16,
        take: impl FnOnce(&(f64, Option<ValueStats>, Option<BoneReference>)) -> T,
    ) -> Option<T> {
        let session = self.case.session.as_ref()?;
        let mut figures = self.figures.borrow_mut();
        let of = (session.generation() * 2 + u64::from(self.volume.is_some()), self.active_number());
        if figures.of != of {
            *figures = Figures { of, by_label: HashMap::new() };
        }
        let entry = figures.by_label.entry(label_value).or_insert_with(|| {
            let map = session.document().masks.get(&self.key);
            let flat = map.map_or_else(Vec::new, |m| m.voxels_of(label_value));
            let stats = stats_of_voxels(&flat, &self.geometry, self.volume.as_deref());
            let level = session.document().lesions.values().find(|l| l.label_value == label_value).map(|l| l.vertebra);
            let bone = level.zip(self.volume.as_deref());
            let bone = bone.and_then(|(level, volume)| bone_reference(self.document(), &self.key, volume, level));
            (stats.volume_mm3, stats.values, bone)
        });
        Some(take(entry))
    }

    /// Volume of a lesion on this series, mm³.
    pub fn volume_mm3(&self, label_value: u16) -> f64 {
        self.with_figures(label_value, |f| f.0).unwrap_or_default()
    }

    /// Values under a lesion, in a sentence.
    pub fn value_text(&self, lesion: &Lesion) -> Option<String> {
        self.with_figures(lesion.label_value, |(mm3, values, bone)| {
            let v = values.as_ref()?;
            let unit = self.units();
            let bone = bone.as_ref().map(|b| {
                let levels: Vec<_> = b.levels.iter().map(|l| l.name()).collect();
                format!("\n{:+.0} {unit} against the bone of {} ({:.0})", v.mean - b.mean, levels.join(" and "), b.mean)
            });
            Some(format!(
                "{mm3:.0} mm³, mean {:.0} ± {:.0} {unit}, {:.0} to {:.0}{}",
                v.mean,
                v.sd.unwrap_or_default(),
                v.min,
                v.max,
                bone.unwrap_or_default()
            ))
        })?
    }
}

impl Images for Reading {
    fn volume(&self, key: &ImageKey) -> Option<Arc<Volume>> {
        self.shown.iter().find(|s| s.key == *key).and_then(|s| s.volume.clone())
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        self.shown.iter().find(|s| s.key == *key).map(|s| s.identity().clone())
    }

    fn primary(&self) -> Option<ImageKey> {
        Some(self.key.clone())
    }

    fn grown(&self, image: &ImageKey, seed: PatientPoint, reach_mm: f64) -> Option<Vec<crate::segment::Span>> {
        self.last_grown(image, seed, reach_mm)
    }
}
