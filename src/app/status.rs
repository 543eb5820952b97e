//! The line at the bottom: the tool's hint, the value under the pointer, what is being saved, background work.

use super::reading::CaseState;
use super::{App, theme, widgets};
use crate::session::CommandId;
use egui::{Align, Label, Layout, Panel, ProgressBar, RichText, Ui};

/// The line.
pub fn show(app: &mut App, ui: &mut Ui) {
    Panel::bottom("status").resizable(false).exact_size(26.0).show(ui, |ui| {
        widgets::region(ui, "Status");
        ui.horizontal_centered(|ui| {
            let hint = hint(app);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if app.reading.is_some() {
                    ui.label(RichText::new("Research use only").color(theme::MUTED)).on_hover_text("Not for diagnosis");
                    ui.separator();
                }
                saving(app, ui);
                ui.separator();
                work(app, ui);
                under_pointer(app, ui);
                // What is left of the line, cut where that is too little.
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let text = RichText::new(&hint).color(theme::MUTED);
                    ui.add(Label::new(text).truncate());
                });
            });
        });
    });
}

fn hint(app: &App) -> String {
    let Some(reading) = &app.reading else {
        return "Research use only, not for diagnosis".to_owned();
    };
    match &app.desk.tool {
        Some(tool) => tool.hint(&app.desk.scene(reading)),
        None => app.desk.tool_id.command().hint.to_owned(),
    }
}

fn under_pointer(app: &App, ui: &mut Ui) {
    let (Some(reading), Some(hover)) = (&app.reading, app.hovered) else { return };
    let [x, y, z] = <[f64; 3]>::from(hover.at).map(|mm| (mm * 10.0).round() / 10.0 + 0.0);
    let shown = reading.shown_in(hover.pane);
    let value = shown.value_at(hover.at);
    let value = value.map_or(String::new(), |v| format!("{v}   "));
    let place = if shown.is_located() { format!("{x:.1}, {y:.1}, {z:.1} mm") } else { String::new() };
    ui.label(RichText::new(format!("{value}{place}")).monospace());
    ui.separator();
}

/// Whether everything drawn is on disk.
fn saving(app: &mut App, ui: &mut Ui) {
    let state = app.reading.as_ref().map_or(CaseState::Untouched, |r| r.case_state());
    let failed = matches!(state, CaseState::Unsaved(_));
    let (text, color, why) = match state {
        CaseState::Untouched => ("nothing to save", theme::MUTED, String::new()),
        CaseState::Saved(path) => ("saved", theme::MUTED, path),
        CaseState::Saving => ("saving…", theme::WARNING, String::new()),
        CaseState::Unsaved(why) => ("NOT SAVED", theme::ERROR, why),
        CaseState::ReadOnly(who) => ("READ ONLY", theme::WARNING, who),
    };
    if failed {
        // From the right: the reason stands in the notice above, what can be done about it here.
        if ui.small_button("Save elsewhere…").clicked() {
            app.run(CommandId::SaveElsewhere);
        }
        if ui.small_button("Try again").clicked() {
            app.retry_saving();
        }
    }
    let response = ui.label(RichText::new(text).color(color));
    if !why.is_empty() {
        response.on_hover_text(why);
    }
}

/// Scanning, loading, exporting: progress, and a way to stop.
fn work(app: &mut App, ui: &mut Ui) {
    let Some(work) = app.inbox.work() else {
        if let Some(screen) = app.screen.as_ref().filter(|s| s.is_software()) {
            ui.label(RichText::new("software rendering").color(theme::MUTED)).on_hover_text(screen.adapter_name());
            ui.separator();
        }
        return;
    };
    if ui.small_button("Stop").on_hover_text("Cancel the background work").clicked() {
        app.inbox.cancel_all();
        app.library.stopped();
    }
    if let Some(share) = work.share {
        ui.add(ProgressBar::new(share).desired_width(110.0));
    } else {
        ui.spinner();
    }
    ui.label(RichText::new(work.text).color(theme::MUTED));
    ui.separator();
}
