//! How long is the line just drawn on a radiograph? The answer is the scale of everything measured on it.

use super::{App, widgets};
use crate::session::Op;
use crate::space::PatientPoint;
use egui::{Align2, Key, TextEdit, Ui, vec2};

/// The question.
pub struct KnownLength {
    /// The line.
    pub points_mm: [PatientPoint; 2],
    /// What was typed.
    pub text: String,
    /// It was just opened.
    pub fresh: bool,
}

impl KnownLength {
    /// Asks about a line.
    pub fn of(points_mm: [PatientPoint; 2]) -> Self {
        KnownLength { points_mm, text: String::new(), fresh: true }
    }

    /// Shows the question; gives it back while it is open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let mut open = true;
        let mut done = false;
        egui::Window::new("Known length")
            .collapsible(false)
            .resizable(false)
            .open(&mut open)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(ui.ctx(), |ui| {
                ui.label("How long is this line in truth, in millimetres?");
                widgets::muted(
                    ui,
                    "Lengths on this picture follow it. They stay projections: right at its depth only.",
                );
                let field = ui.add(TextEdit::singleline(&mut self.text).desired_width(120.0).hint_text("25"));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "True length in mm"));
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                done = widgets::primary(ui, "Set the scale").clicked() || ui.input(|i| i.key_pressed(Key::Enter));
            });
        if !done {
            return open.then_some(self);
        }
        match self.text.trim().trim_end_matches("mm").trim().replace(',', ".").parse() {
            Ok(length_mm) => {
                let image = app.reading.as_ref().map(|r| r.key.clone());
                app.perform(Op::Calibrate { points_mm: self.points_mm, length_mm, image });
                None
            }
            Err(_) => {
                app.notices.fail(format!("\"{}\" is not a number of millimetres", self.text.trim()));
                Some(self)
            }
        }
    }
}
