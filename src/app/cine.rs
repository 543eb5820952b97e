//! Cine: the active pane's slices go by of themselves, round and round.

use super::App;
use egui::Ui;
use std::time::Duration;

/// A running loop.
#[derive(Clone, Copy, Debug)]
pub struct Cine {
    pane: usize,
    /// Seconds of the window's clock at which the next slice is due.
    due: Option<f64>,
}

impl App {
    /// Starts or stops.
    pub(super) fn toggle_cine(&mut self) {
        let pane = self.active_pane();
        self.cine = if self.cine.is_some() { None } else { Some(Cine { pane, due: None }) };
    }

    /// Shows the slice that is due now; wakes the window for the next one.
    pub(super) fn run_cine(&mut self, ui: &Ui) {
        let (Some(mut cine), Some(reading)) = (self.cine, &self.reading) else { return };
        if cine.pane >= reading.viewer.sights().len() || self.dialog.is_open() {
            self.cine = None;
            return;
        }
        let now = ui.input(|i| i.time);
        let step = 1.0 / self.settings.cine_per_second;
        let due = cine.due.unwrap_or(now + step);
        cine.due = Some(due);
        if now >= due {
            // Late frames skip slices, so that the speed is what was asked for.
            let by = 1 + ((now - due) / step).min(100.0) as i64;
            cine.due = Some(due + by as f64 * step);
            self.step_round(cine.pane, by);
        }
        self.cine = Some(cine);
        let wait = cine.due.map_or(step, |due| due - now).max(0.001);
        ui.ctx().request_repaint_after(Duration::from_secs_f64(wait));
    }

    /// Slices on, and from the last to the first.
    fn step_round(&mut self, pane: usize, by: i64) {
        let Some(reading) = &mut self.reading else { return };
        let (at, count) = reading.viewer.sight(pane).position(&reading.shown_in(pane).geometry);
        let count = count.max(1) as i64;
        reading.scroll(pane, (at - 1 + by).rem_euclid(count) - (at - 1));
    }
}
