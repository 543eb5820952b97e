//! What each command does here, and why one is not available.

use super::changes::ChangesDialog;
use super::desk::Direction;
use super::dialogs::Dialog;
use super::export_dialog::ExportDialog;
use super::figure_dialog::FigureDialog;
use super::import_dialog::ImportDialog;
use super::known_length::KnownLength;
use super::pane_strip::next_projection;
use super::reading::Reading;
use super::save_elsewhere::SaveElsewhere as SaveDialog;
use super::{App, sample_folder, theme};
use crate::document::{Extent, LesionKind, MeasurementShape};
use crate::segment::Tip;
use crate::session::{CommandId, Op};
use crate::study::{Assembled, Scan};
use crate::tool::{Event as ToolEvent, Outcome};
use crate::view::SLAB_MAX_MM;
use crate::volume::{CT_PRESETS, Distribution, Window, auto_window, full_window};
use egui::{Pos2, Rect};
use std::sync::Arc;

/// By how much keys change a slab, mm.
const SLAB_STEP_MM: f64 = 5.0;

impl App {
    /// Why a command cannot run now; `None` when it can.
    pub(super) fn why_not(&self, id: CommandId) -> Option<String> {
        use CommandId::*;
        if let Some(why) = self.why_not_in_study(id) {
            return Some(why);
        }
        let open = || self.reading.is_none().then(|| "open images first".to_owned());
        let loaded = || {
            let loading = self.reading.as_ref().is_some_and(|r| r.volume.is_none());
            open().or_else(|| loading.then(|| "the images are still loading".to_owned()))
        };
        match id {
            OpenFolder | Quit | Palette | Keys | Accept | AcceptLayer | Cancel | SidePanels | ToControls | NextItem
            | FinishItem => None,
            SkipLevel | OtherDirection => {
                let away = self.desk.tool_id != Vertebra;
                open().or_else(|| away.then(|| "take up the vertebra tool first (V)".to_owned()))
            }
            OpenSample => sample_folder().is_none().then(|| "the sample data are not beside the program".to_owned()),
            Undo => self.step_name(true).is_none().then(|| "there is nothing to undo".to_owned()),
            Redo => self.step_name(false).is_none().then(|| "there is nothing to redo".to_owned()),
            Interpolate | FillHoles | RemoveIslands | Smooth | Enlarge | Shrink | CopySlice | CopySliceBack => {
                loaded().or_else(|| self.desk.target().is_none().then(|| "no lesion is current".to_owned()))
            }
            OutlineBody | EditBody => loaded().or_else(|| {
                self.current_level().is_none().then(|| "no labelled vertebra is at the crosshair (V)".to_owned())
            }),
            DeleteLesion | LesionType | LesionExtent | MergeLesions | SplitLesion | LockLesion => {
                open().or_else(|| self.desk.lesion.is_none().then(|| "no lesion is current".to_owned()))
            }
            NextLesion => open().or_else(|| self.no_lesions().then(|| "there is no lesion yet".to_owned())),
            Export => open().or_else(|| {
                let nothing = self.reading.as_ref().is_some_and(|r| r.case.session.is_none());
                nothing.then(|| "nothing was annotated yet".to_owned())
            }),
            History | SaveElsewhere => open().or_else(|| {
                let nothing = self.reading.as_ref().is_some_and(|r| r.case.session.is_none());
                nothing.then(|| "nothing was annotated yet".to_owned())
            }),
            CompareReaders | NextDifference | PreviousDifference | TakeFirst | TakeSecond | LeaveDifference
            | Adjudicate | EndComparison => self.why_not_compare(id),
            Brush | Grow | Contour | WindowBox | SampleRange | BoneRange => loaded(),
            NextMeasurement => open()
                .or_else(|| self.document().measurements.is_empty().then(|| "nothing was measured yet".to_owned())),
            DeleteMeasurement => {
                open().or_else(|| self.desk.measurement.is_none().then(|| "no measurement is current".to_owned()))
            }
            KnownLength => open().or_else(|| {
                let located = self.reading.as_ref().is_some_and(|r| r.is_located());
                located.then(|| "these images lie in the patient: their millimetres are known".to_owned())
            }),
            AlongSpine => open().or_else(|| {
                let active = self.reading.as_ref().map_or(0, |r| r.viewer.active());
                self.why_no_curve(active).map(str::to_owned)
            }),
            LayoutBeside(n) => open().or_else(|| {
                let few = self.library.series().len() < 2;
                few.then(|| format!("{n} panes side by side need more than one series"))
            }),
            Heights | BodySides | LevelUp | LevelDown => open().or_else(|| {
                let none = self.reading.as_ref().is_some_and(|r| super::ladder::placed(r.document()).is_empty());
                none.then(|| "no vertebra is labelled yet (V)".to_owned())
            }),
            _ => open(),
        }
    }

    fn no_lesions(&self) -> bool {
        self.reading.as_ref().is_none_or(|r| r.document().lesions.is_empty())
    }

    /// Runs a command, or says why it cannot.
    pub(super) fn run(&mut self, id: CommandId) {
        self.finish_grow();
        if let Some(why) = self.why_not(id) {
            self.notices.say(format!("{}: {why}", id.command().name));
            return;
        }
        use CommandId::*;
        match id {
            OpenFolder => self.choose_folder(),
            OpenSample => self.open_paths(sample_folder().into_iter().collect()),
            Export => self.dialog = ExportDialog::new(self).map_or(Dialog::None, Dialog::Export),
            History => self.dialog = Dialog::History(Box::default()),
            SaveElsewhere => self.dialog = SaveDialog::new(self).map_or(Dialog::None, Dialog::SaveElsewhere),
            Figure => self.dialog = Dialog::Figure(FigureDialog::new()),
            NextItem => self.next_item(),
            FinishItem => self.finish_item(),
            Quit => self.quit = true,
            Import => self.dialog = Dialog::Import(Box::new(ImportDialog::new(self, None))),
            Changes => self.dialog = Dialog::Changes(ChangesDialog::new(self.whole_document())),
            Explain => self.dialog = Dialog::Explain,
            Keys => self.dialog = Dialog::Keys,
            Palette => self.dialog = Dialog::palette(),
            Navigate | Vertebra | Brush | Grow | Contour | Length | Angle | Cobb | PointValue | Rectangle | Ellipse
            | Outline | KnownLength | Heights | BodySides | WindowBox => self.take_up(id),
            Cine => self.toggle_cine(),
            SidePanels => self.hide_panels = !self.hide_panels,
            Accept => self.accept(),
            AcceptLayer => self.accept_layer(),
            Cancel => self.cancel(),
            HideOverlays | ToControls => {} // held, not pressed; the keyboard's own
            _ if self.run_compare(id) || self.run_by_keys(id) || self.run_edit(id) => {}
            _ => self.run_view(id),
        }
    }

    /// Commands that change the document or the brush; false for others.
    fn run_edit(&mut self, id: CommandId) -> bool {
        use CommandId::*;
        match id {
            Undo => self.undo_or_redo(true),
            Redo => self.undo_or_redo(false),
            NewLesion => self.begin_with_next_stroke(),
            DeleteLesion => self.delete_lesion(),
            NextLesion => self.next_lesion(),
            LesionType => self.turn_over("type", LesionKind::ALL, |l| l.kind, LesionKind::word),
            LesionExtent => self.turn_over("extent", Extent::ALL, |l| l.extent, Extent::word),
            NextMeasurement => self.next_measurement(),
            DeleteMeasurement => self.delete_measurement(),
            BrushSmaller => self.resize_brush(-0.5),
            BrushLarger => self.resize_brush(0.5),
            BrushTip => {
                let tip = &mut self.desk.settings.tip;
                *tip = if *tip == Tip::Disc { Tip::Sphere } else { Tip::Disc };
            }
            BrushRange => {
                let range = self.desk.range;
                let settings = &mut self.desk.settings;
                settings.range = if settings.range.is_some() { None } else { Some(range) };
            }
            SampleRange => self.sample_range(),
            SkipLevel => self.skip_level(),
            OtherDirection => self.turn_round(),
            BoneRange => self.bone_range(),
            PaintOver => self.cycle_over(),
            AdjustOutline => {
                let on = !self.desk.settings.adjust;
                self.desk.settings.adjust = on;
                let how = if on { "stay open for editing; Enter keeps them" } else { "are kept at once" };
                self.notices.say(format!("Outlines {how}"));
            }
            _ => return self.run_shape(id),
        }
        true
    }

    /// Commands that change how the images are looked at.
    fn run_view(&mut self, id: CommandId) {
        use CommandId::*;
        let window = match id {
            WindowPreset(n) => self.window_of(n),
            WindowFull => self.loaded_values().and_then(|v| full_window(&v)),
            _ => None,
        };
        let levels = match id {
            LevelUp => self.neighbour(Direction::Up),
            LevelDown => self.neighbour(Direction::Down),
            _ => None,
        };
        let by = match id {
            SliceBack => -1,
            SliceForward => 1,
            TenBack => -10,
            TenForward => 10,
            _ => 0,
        };
        if by != 0 {
            return self.scroll(self.active_pane(), by);
        }
        let Some(r) = &mut self.reading else { return };
        let active = r.viewer.active();
        match id {
            NextPane => {
                r.viewer.next_pane();
                let next = r.viewer.active();
                self.activate(next);
            }
            MaximisePane => self.maximise(active),
            FitViews => r.viewer.fit_all(),
            RotatePicture => self.with_sight(active, |s| s.turn_picture(1, false)),
            MirrorPicture => self.with_sight(active, |s| s.turn_picture(0, true)),
            Invert => r.inverted = !r.inverted,
            Sigmoid => r.toggle_sigmoid(),
            FirstSlice => r.go_to_end(false),
            LastSlice => r.go_to_end(true),
            LevelUp | LevelDown => levels.into_iter().for_each(|p| r.go_to(p)),
            LayoutOne | LayoutOneAndTwo | LayoutFour | LayoutBeside(_) => self.run_layout(id),
            StraightenPlanes => self.straighten_planes(),
            AlignToLevel => self.align_to_level(),
            NativePlane => self.aim_native(active),
            AlongSpine => self.toggle_spine(active),
            SlabThicker => self.with_sight(active, |s| s.slab_mm = (s.slab_mm + SLAB_STEP_MM).min(SLAB_MAX_MM)),
            SlabThinner => self.with_sight(active, |s| s.slab_mm = (s.slab_mm - SLAB_STEP_MM).max(0.0)),
            SlabProjection => self.with_sight(active, |s| s.projection = next_projection(s.projection)),
            LinkPane => self.with_sight(active, |s| s.linked = !s.linked),
            LinkZoom => self.with_sight(active, |s| s.zoom_linked = !s.zoom_linked),
            _ => window.into_iter().for_each(|w| r.set_window(w)),
        }
    }

    /// The windows that can be chosen now, with their names.
    pub(super) fn window_choices(&self) -> Vec<(CommandId, String)> {
        let mut out: Vec<_> = (1..=9)
            .filter_map(|n| {
                let w = self.window_of(n)?;
                let name = w.explanation.clone().unwrap_or_else(|| "from the file".to_owned());
                Some((CommandId::WindowPreset(n), format!("{name}  {:.0} / {:.0}", w.width, w.center)))
            })
            .collect();
        out.push((CommandId::WindowFull, "Full range".to_owned()));
        out
    }

    /// Preset `n`: 1…6 are HU windows (1 is automatic without HU), 7 automatic, 8 and 9 the file's own.
    fn window_of(&self, n: u8) -> Option<Window> {
        let reading = self.reading.as_ref()?;
        let hu = reading.units() == "HU";
        match n {
            1..=6 if hu => CT_PRESETS.get(usize::from(n - 1)).map(|p| p.window()),
            1 | 7 => reading.auto_window(),
            8 | 9 => reading.series.windows().get(usize::from(n - 8)).cloned(),
            _ => None,
        }
    }

    fn loaded_values(&self) -> Option<Distribution> {
        let volume = self.reading.as_ref()?.volume.as_ref()?;
        Some(Distribution::of_slices(volume, 0..volume.size()[2]))
    }

    /// Window from the values inside a dragged box.
    pub(super) fn window_from_box(&mut self, pane: usize, rect: Rect, a: Pos2, b: Pos2) {
        const N: usize = 96;
        let share = |n: usize| n as f32 / (N - 1) as f32;
        let at = |n: usize| egui::pos2(a.x + (b.x - a.x) * share(n % N), a.y + (b.y - a.y) * share(n / N));
        let points: Vec<_> = (0..N * N).map(|n| self.patient_at(pane, rect, at(n))).collect();
        let Some(r) = &mut self.reading else { return };
        let Some(volume) = r.volume.clone() else { return };
        let values = points
            .into_iter()
            .filter_map(|p| r.geometry.voxel_from_patient(p).nearest(volume.size()).map(|at| volume.value(at)));
        if let Some(w) = auto_window(&Distribution::of_values(values)) {
            r.set_window(w);
        }
        self.take_up(CommandId::Navigate);
    }

    pub(super) fn take_up(&mut self, id: CommandId) {
        self.drop_hand();
        self.withdraw_offer();
        self.tool_event(ToolEvent::Cancel);
        self.desk.take_up(id);
        if id == CommandId::Vertebra && self.desk.next_level.is_none() {
            self.number_on();
        }
    }

    fn cancel(&mut self) {
        self.drop_hand();
        if self.dialog.is_open() {
            self.dialog = Dialog::None;
        } else if self.desk.offer.is_some() {
            self.withdraw_offer();
        } else {
            self.tool_event(ToolEvent::Cancel);
        }
    }

    /// One event for the active tool; what it commits is performed.
    pub(super) fn tool_event(&mut self, event: ToolEvent) {
        let (Some(mut tool), Some(reading)) = (self.desk.tool.take(), &self.reading) else { return };
        let outcome = tool.event(event, &self.desk.scene(reading));
        let pending = tool.pending(&self.desk.scene(reading));
        self.desk.tool = Some(tool);
        match outcome {
            Outcome::Commit(op) => {
                self.keep_step(op);
            }
            Outcome::Preview => self.show_pending(pending),
            Outcome::Idle => {}
        }
    }

    pub(super) fn commit(&mut self, op: Op) {
        if let Op::Measure { measurement, shape, .. } = &op {
            if let (CommandId::KnownLength, MeasurementShape::Length { points_mm }) = (self.desk.tool_id, shape) {
                self.dialog = Dialog::KnownLength(KnownLength::of(*points_mm));
                return;
            }
            self.desk.measurement = Some(measurement.clone());
        }
        let labelled = if let Op::LabelVertebra { level, .. } = &op { Some(*level) } else { None };
        if self.perform(op)
            && let Some(level) = labelled
            && self.desk.next_level == Some(level)
        {
            self.advance_from(level);
        }
    }

    /// Carries out a step; false, with a notice, when it was refused.
    pub(super) fn perform(&mut self, op: Op) -> bool {
        self.finish_grow();
        let op = self.at_timepoint(op);
        match self.with_case(|reading| {
            let mut session = reading.case.session.take();
            let result =
                session.as_mut().map_or(Ok(()), |s| s.perform(&op, reading).map(drop).map_err(|e| e.to_string()));
            reading.case.session = session;
            reading.case.refresh();
            result
        }) {
            Ok(()) => true,
            Err(why) => {
                self.notices.fail(why);
                false
            }
        }
    }

    /// Runs `work` on the reading, whose case is opened first where it is not.
    pub(super) fn with_case(&mut self, work: impl FnOnce(&mut Reading) -> Result<(), String>) -> Result<(), String> {
        self.ensure_case()?;
        self.reading.as_mut().map_or(Err("open images first".to_owned()), work)
    }

    fn undo_or_redo(&mut self, undo: bool) {
        self.finish_grow();
        let Some(session) = self.reading.as_mut().and_then(|r| r.case.session.as_mut()) else { return };
        let name = if undo { session.undo_name() } else { session.redo_name() }.map(str::to_owned);
        let result = if undo { session.undo() } else { session.redo() };
        match result {
            Ok(_) => {
                let what = if undo { "Undone" } else { "Redone" };
                self.notices.say(format!("{what}: {}", name.unwrap_or_default()));
            }
            Err(e) => self.notices.fail(e.to_string()),
        }
        self.reading.iter_mut().for_each(|r| r.case.refresh());
    }

    /// Name of the step that undo or redo would take.
    pub(super) fn step_name(&self, undo: bool) -> Option<String> {
        let session = self.reading.as_ref()?.case.session.as_ref()?;
        if undo { session.undo_name() } else { session.redo_name() }.map(str::to_owned)
    }

    pub(super) fn resize_brush(&mut self, by_mm: f64) {
        let r = &mut self.desk.settings.radius_mm;
        *r = (*r + by_mm).clamp(0.3, 60.0);
    }

    /// A scan came back: the most useful series opens at once.
    pub(super) fn scanned(&mut self, scan: Scan) {
        if self.worklist.is_some() {
            return self.item_scanned(scan);
        }
        if scan.series.is_empty() {
            let why = scan.skipped.first().map_or(String::new(), |s| format!(" {}: {}", s.path, s.reason));
            self.notices.fail(format!("No images were found there.{why}"));
        }
        self.library.fill(scan);
        if !self.hang() {
            self.library.best().into_iter().for_each(|n| self.open_series(n, false));
            if let (Some(reading), true) = (&self.reading, self.layout.compares()) {
                let series = self.library.comparable(reading.index);
                self.show_layout(self.layout, &series);
            }
        }
        self.inbox.thumbnails(self.library.series().to_vec(), super::series_panel::THUMBNAIL);
    }

    /// A series is in memory.
    pub(super) fn loaded(&mut self, index: usize, loaded: Result<Assembled, String>) {
        let number = self.reading.as_ref().and_then(|r| r.number_of(index));
        let shown = self.reading.as_mut().zip(number).and_then(|(r, n)| r.shown_mut(n));
        match (loaded, shown) {
            (Ok(a), Some(shown)) => shown.loaded(Arc::new(a.volume), a.findings),
            // What the files are called may be hidden.
            (Err(_), _) if self.worklist.is_some() => {
                self.notices.fail("A series of this item cannot be shown: tell who runs the study");
            }
            (Err(why), _) => self.notices.fail(why),
            _ => {}
        }
    }
}

/// The colours of all lesions by label value, for the screen.
pub fn label_colors(document: &crate::document::Document) -> Vec<(u16, [u8; 3])> {
    let color = |l: &crate::document::Lesion| {
        let c = theme::lesion_color(l);
        (l.label_value, [c.r(), c.g(), c.b()])
    };
    document.lesions.values().map(color).collect()
}
