//! Levels from another program's file: the reader names the file, sees what was found in it, says what its numbers mean
//! where it does not name its structures, and takes the centres over as one step.

use super::{App, widgets};
use crate::anatomy::VertebraLevel;
use crate::import::{AskScheme, Found, FoundLevels, LabelNames, levels_of, read_levels};
use crate::session::Op;
use egui::{Align2, Key, TextEdit, Ui, vec2};
use std::path::{Path, PathBuf};

/// The dialog.
pub struct ImportDialog {
    path: String,
    fresh: bool,
    reading: bool,
    found: Option<Result<Box<Found>, String>>,
    scheme: Option<LabelNames>,
}

/// Whether a dropped file is one of levels rather than of images.
pub fn is_of_levels(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    [".json", ".nii", ".nii.gz"].iter().any(|e| name.ends_with(e))
}

impl ImportDialog {
    /// A dialog for a file that is still to be named, or for this one.
    pub fn new(path: Option<PathBuf>) -> Self {
        let path = path.map(|p| p.display().to_string()).unwrap_or_default();
        ImportDialog { path, fresh: true, reading: false, found: None, scheme: None }
    }

    /// The file was read in the background.
    pub fn arrived(&mut self, found: Result<Box<Found>, String>) {
        self.reading = false;
        self.found = Some(found);
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let (mut read, mut take, mut open) = (self.fresh && !self.path.is_empty(), None, true);
        egui::Window::new("Levels from a file")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(560.0, 300.0))
            .show(ui.ctx(), |ui| {
                ui.label("VerSe centroids (JSON), vertebra masks (NIfTI, or a folder of them), or a case:");
                widgets::muted(
                    ui,
                    "Their path; or drop the file on the window. Nothing changes before you take the levels.",
                );
                let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Levels file"));
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                read |= field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                ui.add_space(6.0);
                take = self.contents(app, ui);
                ui.add_space(6.0);
                ui.horizontal(|ui| {
                    let named = !self.reading && !self.path.trim().is_empty();
                    read |= ui.add_enabled(named, egui::Button::new("Read")).clicked();
                    open = !ui.button("Cancel").clicked();
                });
            });
        if read && !self.path.trim().is_empty() {
            let path = PathBuf::from(self.path.trim());
            self.reading = true;
            app.inbox.read_levels(move || read_levels(&path).map(Box::new).map_err(|e| e.to_string()));
        }
        if let Some((levels, source)) = take {
            app.perform(Op::LabelVertebrae { centres_mm: levels.centres, source: Some(source) });
            return None;
        }
        open.then_some(self)
    }

    /// What was found; the centres once the reader takes them.
    fn contents(&mut self, app: &App, ui: &mut Ui) -> Option<(FoundLevels, String)> {
        if self.reading {
            ui.horizontal(|ui| {
                ui.spinner();
                widgets::muted(ui, "Reading the file");
            });
        }
        let found = match self.found.as_ref()? {
            Err(why) => {
                widgets::problem(ui, why);
                return None;
            }
            Ok(found) => found,
        };
        let geometry = app.reading.as_ref().map(|r| r.geometry.clone());
        let levels = match levels_of(found, self.scheme, geometry.as_ref()) {
            Ok(levels) => levels,
            Err(ask) => {
                ask_scheme(ui, &ask, &mut self.scheme);
                return None;
            }
        };
        let names: Vec<_> = levels.centres.keys().map(|l| l.name()).collect();
        ui.label(format!("{}: {} levels — {}", found.what, names.len(), names.join(" ")));
        found.notes.iter().chain(&levels.notes).for_each(|n| widgets::warning(ui, n));
        let there =
            levels.centres.keys().filter(|l| app.document().vertebrae.get(l).is_some_and(|v| v.at_mm.is_some()));
        let there = there.count();
        if there > 0 {
            widgets::warning(ui, &format!("{there} of them are labelled already and will move"));
        }
        let source = found.what.to_owned();
        widgets::primary(ui, "Take these levels").clicked().then_some((levels, source))
    }
}

/// What the file leaves open, with the answers as buttons.
fn ask_scheme(ui: &mut Ui, ask: &AskScheme, scheme: &mut Option<LabelNames>) {
    let mut sentence = ask.to_string();
    if let Some(first) = sentence.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    widgets::warning(ui, &sentence);
    let answers: &[(&str, LabelNames)] = match ask {
        AskScheme::Numbers(_) => &[
            ("VerSe: 1 is C1, 20 is L1", LabelNames::Verse { id_25: None }),
            ("TotalSegmentator: 27 is L5, 50 is C1", LabelNames::TotalSegmentator),
        ],
        AskScheme::Label25 => &[
            ("25 is L6", LabelNames::Verse { id_25: Some(VertebraLevel::L6) }),
            ("25 is S1", LabelNames::Verse { id_25: Some(VertebraLevel::S1) }),
        ],
        AskScheme::Nothing | AskScheme::NoImage => &[],
    };
    ui.horizontal(|ui| {
        for (text, answer) in answers {
            if ui.button(*text).clicked() {
                *scheme = Some(*answer);
            }
        }
    });
}
