//! Saving the whole case to another place, unsaved steps included: for a disk that is full or gone, or a copy that the
//! reader wants to have. The old file stays as it is.

use super::{App, widgets};
use egui::{Align2, Key, TextEdit, Ui, vec2};
use std::path::PathBuf;

/// The dialog.
pub struct SaveElsewhere {
    path: String,
    fresh: bool,
}

impl SaveElsewhere {
    /// Proposes a name in the home folder; `None` without a case.
    pub fn new(app: &App) -> Option<Self> {
        let session = app.reading.as_ref()?.case.session.as_ref()?;
        let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("."));
        let name = session.path().file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let path = (1..).map(|n| home.join(format!("{name}-{n}.spondyl"))).find(|p| !p.exists())?;
        Some(SaveElsewhere { path: path.display().to_string(), fresh: true })
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let why = app.reading.as_ref()?.case.session.as_ref()?.unsaved();
        let (mut go, mut open) = (false, true);
        egui::Window::new("Save the case elsewhere")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(560.0, 150.0))
            .show(ui.ctx(), |ui| {
                if let Some(why) = &why {
                    widgets::problem(ui, &format!("Not saved: {why}"));
                    ui.add_space(6.0);
                }
                ui.label("New file, where everything goes on from now:");
                let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Case file"));
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                go = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                widgets::muted(ui, "Outside the usual place it is found again by the list of recent cases.");
                ui.add_space(6.0);
                ui.horizontal(|ui| {
                    let named = !self.path.trim().is_empty();
                    go |= ui.add_enabled_ui(named, |ui| widgets::primary(ui, "Save there").clicked()).inner;
                    open = !ui.button("Cancel").clicked();
                });
            });
        if go && app.save_elsewhere(PathBuf::from(self.path.trim())) {
            return None;
        }
        open.then_some(self)
    }
}

impl App {
    /// Whether it is saved there now.
    fn save_elsewhere(&mut self, path: PathBuf) -> bool {
        let Some(case) = self.reading.as_mut().map(|r| &mut r.case) else { return false };
        let Some(session) = &mut case.session else { return false };
        if let Err(e) = session.save_as(&path) {
            self.notices.fail(e.to_string());
            return false;
        }
        self.notices.forget("Not saved");
        self.notices.say(format!("Saved; the case goes on in {}", path.display()));
        case.path = Some(path.clone());
        if self.worklist.is_none() {
            self.remember(&path);
        }
        true
    }

    /// Tries again to save what could not be saved.
    pub(super) fn retry_saving(&mut self) {
        let Some(session) = self.reading.as_mut().and_then(|r| r.case.session.as_mut()) else { return };
        if session.retry_saving() {
            self.notices.forget("Not saved");
        } else {
            self.notices.fail("Trying again makes no sense after this failure: save elsewhere");
        }
    }
}
