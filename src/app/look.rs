//! Commands and gestures that change how the images are looked at: series into panes, layouts, crosshair, window.

use super::{App, series_panel};
use crate::session::CommandId;
use crate::space::{DVec2, DVec3, PatientPoint, Plane};
use crate::view::{Layout, Sight};

impl App {
    /// Shows a series of the library: in one pane, else in those that show the active series. The first series opens the
    /// window's layout. With `join` its study comes into the open case.
    pub(super) fn show_series_in(&mut self, index: usize, pane: Option<usize>, join: bool) {
        let Some((series, key)) = self.library.get(index) else { return };
        self.finish_grow();
        let mut fresh = true;
        match &mut self.reading {
            None => self.reading = Some(super::reading::Reading::begin(index, series, key, self.layout)),
            Some(reading) => {
                fresh = reading.number_of(index).is_none_or(|n| !reading.in_panes().contains(&n));
                let number = reading.add(index, series, key);
                let alone = pane.is_none() && !reading.viewer.layout().compares();
                let was_projection = !reading.has_planes(reading.active_number());
                reading.show_in_panes(number, pane);
                pane.into_iter().for_each(|p| reading.viewer.activate(p));
                // A projection is one picture: it is shown once, as large as there is room; planes come back after it.
                match reading.has_planes(number) {
                    false if alone => reading.arrange(Layout::One, &[]),
                    true if alone && was_projection => reading.arrange(self.layout, &[]),
                    _ => {}
                }
            }
        }
        self.case_of_active(join);
        if fresh {
            self.load_shown(index);
        }
        self.release_idle();
    }

    /// Loads a series that came into a pane, where it is not in memory, and gives it its textures.
    pub(super) fn load_shown(&mut self, index: usize) {
        let Some(reading) = &self.reading else { return };
        let Some(number) = reading.number_of(index) else { return };
        let shown = reading.shown(number);
        if shown.volume.is_none() && !self.inbox.is_loading(index) {
            self.inbox.load(index, shown.series.clone());
        }
        // After the case: what was painted before is on the screen with the first slice.
        if let Some(screen) = &mut self.screen {
            screen.show_series(reading, number);
        }
    }

    /// Pixels of series that no pane shows any more go.
    pub(super) fn release_idle(&mut self) {
        let Some(reading) = &mut self.reading else { return };
        for number in reading.idle() {
            let Some(shown) = reading.shown_mut(number) else { continue };
            shown.volume = None;
            self.inbox.stop_loading(shown.index);
            if let Some(screen) = &mut self.screen {
                screen.forget_series(number);
            }
        }
    }

    /// The case of the active pane's study is the open one, and the window is called after its series.
    pub(super) fn case_of_active(&mut self, join: bool) {
        let Some(reading) = &self.reading else { return };
        let title = self.item_title().unwrap_or_else(|| series_panel::name_of(&reading.series) + " — Spondyl");
        self.title = Some(title + " (research use only, not for diagnosis)");
        if !reading.case_is_at_hand() {
            self.resume_case(join);
        }
    }

    /// Gives the keys to a pane; the case of its study comes with it.
    pub(super) fn activate(&mut self, pane: usize) {
        let Some(reading) = &mut self.reading else { return };
        if reading.viewer.active() == pane {
            return;
        }
        self.finish_grow();
        let Some(reading) = &mut self.reading else { return };
        reading.viewer.activate(pane);
        self.case_of_active(false);
    }

    /// One pane alone, or the layout again.
    pub(super) fn maximise(&mut self, pane: usize) {
        self.activate(pane);
        if let Some(r) = &mut self.reading {
            r.viewer.maximise(pane);
        }
    }

    /// Another layout.
    pub(super) fn run_layout(&mut self, id: CommandId) {
        self.arrange(match id {
            CommandId::LayoutOne => Layout::One,
            CommandId::LayoutFour => Layout::Four,
            CommandId::LayoutBeside(n) => Layout::Beside(n),
            _ => Layout::OneAndTwo,
        });
    }

    /// Shows a layout, and remembers it; side by side come the active series and those most like it.
    pub(super) fn arrange(&mut self, layout: Layout) {
        self.layout = layout;
        self.remember_window(None);
        let Some(reading) = &self.reading else { return };
        let series = self.library.comparable(reading.index);
        self.show_layout(layout, &series);
    }

    /// Shows a layout; side by side come the series given, as far as there is room.
    pub(super) fn show_layout(&mut self, layout: Layout, series: &[usize]) {
        let Some(reading) = &mut self.reading else { return };
        let mut beside = vec![];
        let mut fresh = vec![];
        if layout.compares() {
            for &index in series.iter().take(layout.panes()) {
                let Some((series, key)) = self.library.get(index) else { continue };
                if reading.number_of(index).is_none_or(|n| !reading.in_panes().contains(&n)) {
                    fresh.push(index);
                }
                beside.push(reading.add(index, series, key));
            }
        }
        let planes = reading.has_planes(reading.active_number());
        if !planes && !layout.compares() && layout != Layout::One {
            self.notices.say("A radiograph is one picture: it is shown once");
        }
        let layout = match beside.len() {
            n @ 2..=4 if layout.compares() => Layout::Beside(n as u8),
            _ if layout.compares() || !planes => Layout::One,
            _ => layout,
        };
        reading.arrange(layout, &beside);
        fresh.into_iter().for_each(|index| self.load_shown(index));
        self.release_idle();
        self.case_of_active(false);
    }

    /// The pane that keys go to.
    pub(super) fn active_pane(&self) -> usize {
        self.reading.as_ref().map_or(0, |r| r.viewer.active())
    }

    /// Changes zoom or middle of a pane, and of those that follow it.
    pub(super) fn look(&mut self, pane: usize, change: impl FnOnce(&mut Sight)) {
        if let Some(r) = &mut self.reading {
            r.look(pane, change);
        }
    }

    /// Moves the crosshair of a pane, and of those that follow it.
    pub(super) fn set_cursor(&mut self, pane: usize, at: PatientPoint) {
        if let Some(r) = &mut self.reading {
            r.set_cursor(pane, at);
        }
    }

    /// Moves the crosshair to a point of the active series and shows it everywhere.
    pub(super) fn go_to(&mut self, at: PatientPoint) {
        if let Some(r) = &mut self.reading {
            r.go_to(at);
        }
    }

    pub(super) fn scroll(&mut self, pane: usize, by: i64) {
        let Some(r) = &mut self.reading else { return };
        let slice_of = |r: &super::reading::Reading| {
            let shown = r.shown_in(pane);
            let z = shown.geometry.voxel_from_patient(r.viewer.sight(pane).cursor).0.z;
            z.round().clamp(0.0, shown.geometry.size()[2].saturating_sub(1) as f64) as usize
        };
        let before = slice_of(r);
        r.scroll(pane, by);
        let after = slice_of(r);
        if r.shown_in(pane).volume.is_none() {
            self.inbox.prefer(r.shown_in(pane).index, after, after >= before);
        }
    }

    /// Right drag over a pane.
    pub(super) fn drag_window(&mut self, pane: usize, points: DVec2) {
        let Some(r) = &mut self.reading else { return };
        let number = r.viewer.sight(pane).shown;
        if let Some(shown) = r.shown_mut(number) {
            shown.drag_window(points);
        }
    }

    /// Along the spine, or the sagittal plane again.
    pub(super) fn toggle_spine(&mut self, pane: usize) {
        let curved = self.reading.as_ref().is_some_and(|r| r.viewer.sight(pane).is_curved());
        match curved {
            true => self.aim_pane(pane, Plane::Sagittal),
            false => self.aim_along_spine(pane),
        }
    }

    /// The axis of the vertebra at the crosshair, towards the head: the mean of its end plates' normals where its six
    /// points are set, else the direction of the chain of centres there.
    pub(super) fn level_axis(&self) -> Option<DVec3> {
        let level = self.current_level()?;
        let document = self.document();
        if let Some(h) = document.vertebrae.get(&level).and_then(|v| v.heights) {
            let side = |a: PatientPoint, b: PatientPoint| (b.vec() - a.vec()).normalize_or_zero();
            let forward = side(h.sup_post, h.sup_ant) + side(h.inf_post, h.inf_ant);
            let up = side(h.inf_mid, h.sup_mid);
            let forward = forward.normalize_or_zero();
            let axis = (up - forward * up.dot(forward)).normalize_or_zero();
            return (axis != DVec3::ZERO).then_some(axis);
        }
        let chain = super::ladder::placed(document);
        let at = chain.iter().position(|(l, _)| *l == level)?;
        let (above, below) = (chain.get(at.saturating_sub(1))?.1, chain.get((at + 1).min(chain.len() - 1))?.1);
        let axis = (above.vec() - below.vec()).normalize_or_zero();
        (axis != DVec3::ZERO).then_some(axis)
    }

    /// Right, down of a pane's picture, LPS.
    pub fn pane_directions(&self, pane: usize) -> Option<[DVec3; 2]> {
        let frame = self.reading.as_ref()?.viewer.sights().get(pane)?.pane.frame;
        Some([frame.right, frame.down])
    }

    /// A pane's crosshair, in its series' frame of reference.
    pub fn pane_cursor(&self, pane: usize) -> Option<PatientPoint> {
        Some(self.reading.as_ref()?.viewer.sights().get(pane)?.cursor)
    }

    /// Width and centre of the active series' window.
    pub fn window(&self) -> Option<(f64, f64)> {
        self.reading.as_ref().map(|r| r.window()).map(|w| (w.width, w.center))
    }

    /// Names of all series that were opened.
    pub fn library_names(&self) -> Vec<String> {
        self.library.series().iter().map(|s| series_panel::name_of(s)).collect()
    }

    /// Names of the series in the panes.
    pub fn pane_series(&self) -> Vec<String> {
        let name = |r: &super::reading::Reading, n: usize| series_panel::name_of(&r.shown_in(n).series);
        self.reading.iter().flat_map(|r| (0..r.viewer.sights().len()).map(|n| name(r, n))).collect()
    }

    /// Where a pane's picture shows a point, logical points from its upper left corner.
    pub fn pane_position(&self, pane: usize, p: PatientPoint) -> Option<egui::Pos2> {
        let at = self.reading.as_ref()?.viewer.sights().get(pane)?.pane_from_patient(p).0;
        Some(egui::pos2(at.x as f32, at.y as f32))
    }
}
