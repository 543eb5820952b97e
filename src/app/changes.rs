//! What changed at each level from one timepoint to the next, as a table over the images.

use super::{App, theme, timepoints, widgets};
use crate::assess::{LevelChange, LevelSummary, changes};
use crate::document::{Document, TimepointKey};
use egui::{Align2, Grid, RichText, ScrollArea, Ui, vec2};

/// Width of the column that is wrapped, logical points.
const AFTER_SURGERY: f32 = 190.0;

/// The open table: which timepoints are compared.
pub struct ChangesDialog {
    from: usize,
    to: usize,
    /// The table and what it was made of.
    table: Option<(u64, usize, usize, Vec<LevelChange>)>,
}

impl ChangesDialog {
    /// The first timepoint against the last one that something is said of.
    pub fn new(document: &Document) -> Self {
        let order = document.timepoints_in_order();
        let spoken = |t: &Option<TimepointKey>| {
            t.as_ref().is_some_and(|key| {
                let levels = document.followups.get(key).is_some_and(|f| !f.is_empty());
                levels || document.images.values().any(|i| document.later_timepoint_of(i) == Some(key))
            })
        };
        let last = order.iter().rposition(spoken).unwrap_or(order.len().saturating_sub(1));
        ChangesDialog { from: 0, to: last, table: None }
    }

    /// Shows the table; gives itself back while it stays open.
    pub fn show(mut self, app: &App, ui: &mut Ui) -> Option<Self> {
        let document = app.whole_document();
        let order = document.timepoints_in_order();
        let generation = app.reading.as_ref().and_then(|r| r.case.session.as_ref()).map_or(0, |s| s.generation());
        if self.table.as_ref().is_none_or(|t| (t.0, t.1, t.2) != (generation, self.from, self.to)) {
            let at = |n: usize| order.get(n).cloned().flatten();
            let found = changes(document, at(self.from).as_ref(), at(self.to).as_ref());
            self.table = Some((generation, self.from, self.to, found));
        }
        let mut open = true;
        egui::Window::new("Changes between timepoints")
            .collapsible(false)
            .open(&mut open)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(900.0, 460.0))
            .show(ui.ctx(), |ui| {
                if order.len() < 2 {
                    widgets::muted(
                        ui,
                        "The case has one timepoint. A later study joins it by right click on its series.",
                    );
                    return;
                }
                ui.horizontal(|ui| {
                    choose(ui, document, &order, "From", &mut self.from);
                    choose(ui, document, &order, "to", &mut self.to);
                });
                ui.separator();
                ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
                    table(ui, self.table.as_ref().map_or(&[], |t| &t.3));
                });
            });
        open.then_some(self)
    }
}

fn choose(ui: &mut Ui, document: &Document, order: &[Option<TimepointKey>], name: &str, at: &mut usize) {
    ui.label(name);
    let word = |n: usize| timepoints::name_of(document, order.get(n).and_then(Option::as_ref));
    egui::ComboBox::from_id_salt(name).selected_text(word(*at)).width(220.0).show_ui(ui, |ui| {
        for n in 0..order.len() {
            ui.selectable_value(at, n, word(n));
        }
    });
}

fn table(ui: &mut Ui, rows: &[LevelChange]) {
    Grid::new("changes").num_columns(7).striped(true).spacing([16.0, 5.0]).show(ui, |ui| {
        for head in ["Level", "State", "Lesions", "Volume", "Loss of height", "SINS", "After surgery"] {
            ui.label(RichText::new(head).color(theme::MUTED).small().strong());
        }
        ui.end_row();
        for row in rows {
            ui.label(RichText::new(row.level.name()).strong());
            both(ui, row, |s| widgets::plain(s.status.word()));
            both(ui, row, |s| s.lesions_in_words.clone());
            figure(
                ui,
                row,
                |s| s.volume_mm3.map(|v| v / 1000.0),
                "ml",
                2,
                row.volume_change_percent.map(|p| format!("{p:+.0} %")),
            );
            let points = row.collapse_change_points.map(|p| format!("{p:+.0} points"));
            figure(ui, row, |s| s.collapse_percent, "%", 0, points);
            both(ui, row, |s| match s.sins_range {
                Some([a, b]) if a == b => a.to_string(),
                Some([a, b]) => format!("{a}–{b}"),
                None => "–".to_owned(),
            });
            ui.scope(|ui| {
                ui.set_max_width(AFTER_SURGERY);
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Wrap);
                both(ui, row, |s| if s.after_surgery.is_empty() { "–".to_owned() } else { s.after_surgery.join(", ") });
            });
            ui.end_row();
        }
    });
}

/// Before and after in one cell; what stayed the same steps back.
fn both(ui: &mut Ui, row: &LevelChange, text: impl Fn(&LevelSummary) -> String) {
    let (before, after) = (text(&row.before), text(&row.after));
    let same = before == after;
    let shown = if same { before } else { format!("{before}, then {after}") };
    ui.label(RichText::new(shown).color(if same { theme::MUTED } else { theme::TEXT }));
}

fn figure(
    ui: &mut Ui,
    row: &LevelChange,
    of: impl Fn(&LevelSummary) -> Option<f64>,
    unit: &str,
    decimals: usize,
    change: Option<String>,
) {
    let text = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.decimals$} {unit}"));
    let (shown, known) = match (of(&row.before), of(&row.after)) {
        (None, None) => ("–".to_owned(), false),
        (Some(a), Some(b)) => (format!("{a:.decimals$} to {b:.decimals$} {unit}"), true),
        (a, b) => (format!("{}, then {}", text(a), text(b)), true),
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(shown).color(if known { theme::TEXT } else { theme::MUTED }));
        if let Some(change) = change {
            ui.label(RichText::new(change).color(theme::ACCENT));
        }
    });
}
