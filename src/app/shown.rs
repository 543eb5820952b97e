//! One open series: its headers, its volume as it fills, and its window, which it keeps while other series are looked at.

use super::jobs::SliceArrival;
use crate::document::{ImageIdentity, ImageKey};
use crate::space::{DVec2, Geometry, PatientPoint, Plane};
use crate::study::Series;
use crate::view::{Layout, Sight, Stack};
use crate::volume::{
    CT_PRESETS, Distribution, Finding, Kind, Voi, VoiFunction, VoiLut, Volume, Window, auto_window, auto_window_of,
};
use std::cell::OnceCell;
use std::sync::Arc;

/// See the module.
pub struct Shown {
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
    /// Grey window or table.
    pub voi: Voi,
    /// White on black, black on white.
    pub inverted: bool,
    /// Where the crosshair was when it was last looked at.
    pub cursor: PatientPoint,
    identity: ImageIdentity,
    /// The window came from the file or a preset; else the first slices decide.
    window_is_given: bool,
    /// Found when it is first asked for: it counts every voxel.
    auto_window: OnceCell<Option<Window>>,
    extra_findings: Vec<Finding>,
}

impl Shown {
    /// A series of the library, before its pixels are there.
    pub fn new(index: usize, series: Arc<Series>, key: ImageKey) -> Self {
        let geometry = series.geometry.clone();
        let (voi, window_is_given) = first_window(&series);
        let middle = Plane::ALL.into_iter().fold(geometry.center(), |c, p| {
            let stack = Stack::of(&geometry, p);
            stack.moved_to(&geometry, c, stack.index(&geometry, c))
        });
        let identity = series.identity();
        Shown {
            index,
            key,
            geometry,
            volume: None,
            voi,
            inverted: false,
            cursor: middle,
            identity,
            window_is_given,
            auto_window: OnceCell::new(),
            extra_findings: vec![],
            series,
        }
    }

    /// The planes of it that a layout shows; the fourth is the acquired one.
    pub fn planes(&self, number: usize, layout: Layout) -> Vec<Sight> {
        let planes = [Plane::Sagittal, Plane::Axial, Plane::Coronal];
        let native = || {
            let mut sight = self.sight(number, Plane::Sagittal);
            sight.aim_native(&self.geometry, self.is_located());
            sight
        };
        let sights = planes.map(|p| self.sight(number, p)).into_iter().chain([native()]);
        sights.take(layout.panes()).collect()
    }

    /// A look at it in an anatomical plane; pictures that lie nowhere are shown as they are stored.
    pub fn sight(&self, number: usize, plane: Plane) -> Sight {
        let mut sight = Sight::new(number, plane, &self.geometry, self.cursor);
        if !self.is_located() {
            sight.aim_native(&self.geometry, false);
        }
        sight
    }

    /// A look at it as one of several series side by side: sagittal, or as acquired where the slices are too thick.
    pub fn side_sight(&self, number: usize) -> Sight {
        const ALMOST_ISOTROPIC: f64 = 2.5;
        let spacing = self.geometry.spacing_mm();
        let mut sight = self.sight(number, Plane::Sagittal);
        if spacing[2] > ALMOST_ISOTROPIC * spacing[0].max(spacing[1]) {
            sight.aim_native(&self.geometry, self.is_located());
        }
        sight.zoom_linked = true;
        sight
    }

    /// What a document keeps of it.
    pub fn identity(&self) -> &ImageIdentity {
        &self.identity
    }

    /// Unit of the values.
    pub fn units(&self) -> &str {
        &self.series.units
    }

    /// Whether the images lie in the patient; a projection has neither planes nor sides that could be told.
    pub fn is_located(&self) -> bool {
        self.series.is_located()
    }

    /// What is odd about the series, also found while loading.
    pub fn findings(&self) -> &[Finding] {
        if self.extra_findings.is_empty() { &self.series.findings } else { &self.extra_findings }
    }

    /// Corner text: modality (once) and description, never the patient.
    pub fn corner_text(&self) -> String {
        let (modality, description) = (&self.series.modality, self.series.description.trim());
        match description.split_whitespace().next() {
            Some(first) if first.eq_ignore_ascii_case(modality) => description.to_owned(),
            _ => format!("{modality}  {description}"),
        }
    }

    /// MONOCHROME1: the smallest value is white.
    pub fn is_inverted(&self) -> bool {
        self.volume.as_ref().is_some_and(|v| v.inverted)
    }

    /// The window; of a look-up table, the one over the values that it tells apart.
    pub fn window(&self) -> Window {
        match &self.voi {
            Voi::Window(w) => w.clone(),
            Voi::Lut(lut) => {
                let first = f64::from(lut.first_mapped);
                Window::spanning(first, first + lut.entries.len().max(2) as f64 - 1.0)
            }
        }
    }

    /// Shows values through a window from now on.
    pub fn set_window(&mut self, window: Window) {
        self.window_is_given = true;
        self.voi = Voi::Window(window);
    }

    /// The same window as a sigmoid (PS3.3 C.11.2.1.3), or linear again.
    pub fn toggle_sigmoid(&mut self) {
        let window = self.window();
        let function = match window.function {
            VoiFunction::Sigmoid => VoiFunction::Linear,
            _ => VoiFunction::Sigmoid,
        };
        self.set_window(Window { function, width: window.width.max(1.0), ..window });
    }

    /// The look-up tables of the file, each once.
    pub fn luts(&self) -> Vec<Arc<VoiLut>> {
        let mut out: Vec<Arc<VoiLut>> = vec![];
        for lut in self.series.frames.iter().flat_map(|f| f.voi().luts.clone()) {
            if !lut.entries.is_empty() && !out.contains(&lut) {
                out.push(lut);
            }
        }
        out
    }

    /// Right drag: to the right widens, down raises the centre, scaled to the window's own size.
    pub fn drag_window(&mut self, points: DVec2) {
        let mut w = self.window();
        let scale = (w.width / 400.0).max(1e-6);
        w.width = (w.width + points.x * scale * 1.5).max(scale.min(1.0));
        w.center += points.y * scale * 1.5;
        w.explanation = None;
        self.set_window(w);
    }

    /// The first slice sets the window where the file gives none.
    pub fn slice_arrived(&mut self, slice: &SliceArrival) {
        if !self.window_is_given {
            let values = Distribution::of_samples(&slice.samples, slice.rescale, None);
            if let Some(w) = auto_window(&values) {
                self.set_window(w);
            }
        }
    }

    /// The automatic window over all values; none before they are there.
    pub fn auto_window(&self) -> Option<Window> {
        let volume = self.volume.as_ref()?;
        self.auto_window.get_or_init(|| auto_window_of(volume)).clone()
    }

    /// The whole series is in memory.
    pub fn loaded(&mut self, volume: Arc<Volume>, findings: Vec<Finding>) {
        (self.volume, self.auto_window) = (Some(volume), OnceCell::new());
        let chosen = self.series.modality == "CT" || first_window(&self.series).1;
        if !chosen && let Some(w) = self.auto_window() {
            self.voi = Voi::Window(w);
        }
        if !findings.is_empty() {
            self.extra_findings = self.series.findings.iter().cloned().chain(findings).collect();
        }
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
}

/// The window before any pixel is known: spine bone for CT, else the file's table or window, else a guess that the first
/// slice mends.
fn first_window(series: &Series) -> (Voi, bool) {
    if series.modality == "CT" && series.units == "HU" {
        return (Voi::Window(CT_PRESETS[0].window()), true);
    }
    let of_file = series.frames.first().and_then(|f| Voi::of_slice(f.voi()));
    match of_file {
        Some(voi) if series.kind == Kind::Projection || matches!(voi, Voi::Window(_)) => (voi, true),
        _ => match series.windows().first() {
            Some(w) => (Voi::Window(w.clone()), true),
            None => (Voi::Window(Window::linear(400.0, 200.0)), false),
        },
    }
}
