//! Choosing images to open: type or paste a path, or walk by clicks.

use super::browser::{Browser, Picked};
use super::widgets;
use egui::{Align2, Key, TextEdit, Ui, vec2};
use std::path::{Path, PathBuf};

/// The dialog.
pub struct Chooser {
    text: String,
    browser: Browser,
    focus: bool,
}

/// What the reader decided.
pub enum Choice {
    /// Open this.
    Open(PathBuf),
    /// Nothing.
    Close,
}

impl Chooser {
    /// Starts at `at`, or at the home folder.
    pub fn new(at: Option<&Path>) -> Self {
        let browser = Browser::new(at, |name| name.to_ascii_lowercase().ends_with(".zip"));
        Chooser { text: browser.folder().display().to_string(), browser, focus: true }
    }

    /// Shows the dialog; a choice ends it.
    pub fn show(&mut self, ui: &mut Ui) -> Option<Choice> {
        let mut choice = None;
        egui::Window::new("Open images")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(620.0, 460.0))
            .show(ui.ctx(), |ui| choice = self.contents(ui));
        choice
    }

    fn contents(&mut self, ui: &mut Ui) -> Option<Choice> {
        let mut choice = None;
        ui.label("Folder, DICOM file, DICOMDIR or zip:");
        let field = ui.add(TextEdit::singleline(&mut self.text).desired_width(f32::INFINITY));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Path"));
        if std::mem::take(&mut self.focus) {
            field.request_focus();
        }
        let typed = PathBuf::from(self.text.trim());
        if field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
            choice = Some(Choice::Open(typed.clone()));
        }
        ui.add_space(4.0);
        if let Some(Picked::Folder(path) | Picked::File(path)) = self.browser.show(ui, 11) {
            self.text = path.display().to_string();
        }
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            if widgets::primary(ui, "Open this folder").clicked() {
                choice = Some(Choice::Open(typed));
            }
            if ui.button("Cancel").clicked() {
                choice = Some(Choice::Close);
            }
            if let Some([files, folders]) = self.browser.counts() {
                widgets::muted(ui, &format!("{files} files, {folders} folders here"));
            }
        });
        choice
    }
}
