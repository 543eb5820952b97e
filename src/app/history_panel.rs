//! The history: who did what and when, with what it was before and after; newest first, and a way back to any step.

use super::{App, theme, widgets};
use crate::session::{Audit, AuditRow, Session, What};
use egui::{Align2, RichText, ScrollArea, Ui, vec2};
use std::path::PathBuf;

/// Height of a row.
const ROW: f32 = 38.0;

/// The open history.
#[derive(Default)]
pub struct HistoryPanel {
    audit: Audit,
    /// The case that it follows.
    of: PathBuf,
    /// A case that is only looked at, from the list of recent ones.
    looked_at: Option<Box<Session>>,
}

impl HistoryPanel {
    /// The history of a case that is not open.
    pub fn of_case(session: Session) -> Self {
        HistoryPanel { looked_at: Some(Box::new(session)), ..HistoryPanel::default() }
    }

    /// Shows the panel; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let at_hand = app.reading.as_ref().and_then(|r| r.case.session.as_ref());
        let session = self.looked_at.as_deref().or(at_hand)?;
        if self.of != session.path() {
            (self.audit, self.of) = (Audit::default(), session.path().to_owned());
        }
        self.audit.follow(session);
        let (reader, active) = (session.header().reader.clone(), session.active_time().as_secs());
        let may_turn = self.looked_at.is_none() && !session.is_read_only();
        let (mut open, mut back_to) = (true, None);
        egui::Window::new("History of this case")
            .collapsible(false)
            .resizable(false)
            .open(&mut open)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(760.0, 560.0))
            .show(ui.ctx(), |ui| {
                let count = self.audit.rows().iter().filter(|r| r.what == What::Step).count();
                widgets::muted(
                    ui,
                    &format!("reader {reader} · {count} steps · read for {} min {} s", active / 60, active % 60),
                );
                ui.add_space(4.0);
                let rows = self.audit.rows();
                ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, ROW, rows.len(), |ui, range| {
                    for row in rows.iter().rev().skip(range.start).take(range.len()) {
                        ui.push_id(row.seq, |ui| {
                            let stands = row.what == What::Step && self.audit.stands(row.seq);
                            if entry(ui, row, stands, may_turn) {
                                back_to = Some(row.seq);
                            }
                        });
                    }
                });
            });
        if let Some(seq) = back_to {
            app.go_back_to(seq);
        }
        open.then_some(self)
    }
}

/// One row of two lines; true when the reader wants to go back to it.
fn entry(ui: &mut Ui, row: &AuditRow, stands: bool, may_turn: bool) -> bool {
    let mut go = false;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), egui::Sense::hover());
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    ui.spacing_mut().item_spacing.y = 1.0;
    ui.spacing_mut().interact_size.y = 0.0; // the two lines of an entry stand close together
    let (name, color) = match row.what {
        What::Open => ("Opened the case".to_owned(), theme::MUTED),
        What::Image => ("A series came into the case".to_owned(), theme::MUTED),
        What::Step if stands => (row.name.clone(), theme::TEXT),
        What::Step => (format!("{} — taken back", row.name), theme::MUTED),
        What::Undo => (format!("Undo: {}", row.name), theme::MUTED),
        What::Redo => (format!("Redo: {}", row.name), theme::MUTED),
        What::Time => (row.note.clone().map_or("Read".to_owned(), |n| capital(&n)), theme::MUTED),
    };
    ui.horizontal(|ui| {
        let when = row.utc.get(..19).unwrap_or(&row.utc).replace('T', "  ");
        ui.label(RichText::new(when).monospace().small().color(theme::MUTED)).on_hover_text("UTC, by this computer");
        ui.label(RichText::new(name).color(color));
        if stands && may_turn && response.contains_pointer() {
            let tip = "Takes back everything after this step; redo brings it again";
            go = ui.small_button("Go back to here").on_hover_text(tip).clicked();
        }
    });
    let told: Vec<String> = row.changes.iter().map(change).collect();
    let text = told.join("   ");
    ui.horizontal(|ui| {
        ui.add_space(124.0);
        let label = egui::Label::new(RichText::new(&text).small().color(theme::MUTED)).truncate();
        ui.add(label).on_hover_text(told.join("\n"));
    });
    go
}

fn change(c: &crate::session::Change) -> String {
    let of = if c.field.is_empty() { c.of.clone() } else { format!("{} {}", c.of, widgets::plain(&c.field)) };
    match (&c.before, &c.after) {
        (None, Some(after)) => format!("{of}: {after}"),
        (Some(before), after) => format!("{of}: {before}, now {}", after.as_deref().unwrap_or("none")),
        (None, None) => of,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

impl App {
    /// Takes back all that was done after a step.
    fn go_back_to(&mut self, seq: u64) {
        let Some(session) = self.reading.as_mut().and_then(|r| r.case.session.as_mut()) else { return };
        while session.history().done().iter().any(|g| g.seq == seq)
            && session.history().to_undo().is_some_and(|g| g.seq != seq)
        {
            if let Err(e) = session.undo() {
                return self.notices.fail(e.to_string());
            }
        }
    }
}
