//! How figures come about: every figure of the level at the crosshair with its value, what it was made of, its formula and
//! who published it.

use super::{App, theme, widgets};
use egui::{Align2, RichText, ScrollArea, Ui, vec2};

/// Shows the page; false when it was closed.
pub fn show(app: &App, ui: &mut Ui) -> bool {
    let mut open = true;
    let level = app.current_level();
    egui::Window::new("How figures come about")
        .collapsible(false)
        .resizable(false)
        .open(&mut open)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .fixed_size(vec2(720.0, 520.0))
        .show(ui.ctx(), |ui| {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                let Some(level) = level else {
                    widgets::muted(ui, "No level is at the crosshair: click one in the ladder");
                    return;
                };
                widgets::heading(ui, level.name());
                if app.standing.figures.is_empty() {
                    widgets::muted(
                        ui,
                        "Nothing was measured or scored here yet: six-point heights (H), a lesion, an answer",
                    );
                }
                for f in &app.standing.figures {
                    ui.add_space(5.0);
                    ui.horizontal_wrapped(|ui| {
                        ui.label(RichText::new(f.name).strong());
                        ui.label(RichText::new(&f.text).color(theme::ACCENT));
                    });
                    ui.label(RichText::new(&f.inputs).small());
                    widgets::muted(ui, f.formula);
                    widgets::muted(ui, f.source);
                }
            });
        });
    open
}
