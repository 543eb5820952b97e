//! Choosing whose reading to hold against the open one: other readers' cases of these images are offered, any other file is
//! named.

use super::super::browser::{Browser, Picked};
use super::super::import_dialog::may_be_read;
use super::super::{App, widgets};
use super::Comparison;
use crate::import::another;
use crate::session::CaseSummary;
use egui::{Align2, Key, RichText, ScrollArea, TextEdit, Ui, vec2};
use std::path::PathBuf;

/// The dialog.
pub struct CompareDialog {
    path: String,
    browser: Browser,
    fresh: bool,
    reading: bool,
    failed: Option<String>,
    /// Cases of these images that other readers keep on this computer.
    known: Vec<CaseSummary>,
}

impl CompareDialog {
    /// A dialog for a file that is still to be named, or for this one.
    pub fn new(app: &App, path: Option<PathBuf>) -> Self {
        let own = app.reading.as_ref().and_then(|r| r.case.path.clone());
        let images: Vec<_> = app.series_at_hand().into_iter().map(|t| t.identity).collect();
        let known = app.places().map(|p| p.find_cases(&images)).unwrap_or_default();
        let known: Vec<_> = known.into_iter().filter(|c| Some(&c.path) != own.as_ref()).collect();
        let offers = |name: &str| may_be_read(name) || name.to_lowercase().ends_with(".spondyl");
        let browser = Browser::new(path.as_deref().or(app.folder_at_hand()), offers);
        let path = path.map(|p| p.display().to_string()).unwrap_or_default();
        CompareDialog { path, browser, fresh: true, reading: false, failed: None, known }
    }

    /// The file could not be read.
    pub fn failed(&mut self, why: String) {
        (self.reading, self.failed) = (false, Some(why));
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let (mut read, mut open, mut chosen) = (self.fresh && !self.path.is_empty(), true, None);
        egui::Window::new("Compare with another reader")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(600.0, 420.0))
            .show(ui.ctx(), |ui| {
                if !self.known.is_empty() {
                    widgets::heading(ui, "Cases of these images");
                    ScrollArea::vertical().max_height(130.0).show(ui, |ui| {
                        for case in &self.known {
                            let when = case.last_utc.get(..16).unwrap_or(&case.last_utc).replace('T', " ");
                            let text = format!("{:<28} {} steps, last {when}", case.reader, case.gestures);
                            let button = egui::Button::new(RichText::new(text).monospace()).frame(false);
                            if ui.add(button).on_hover_text(case.path.display().to_string()).clicked() {
                                chosen = Some(case.path.clone());
                            }
                        }
                    });
                    ui.add_space(8.0);
                }
                ui.label("A case (*.spondyl), its JSON, or drawings (SEG, RTSTRUCT, NIfTI, NRRD) of these images:");
                let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Another reader's file"));
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                read |= field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                match self.browser.show(ui, 6) {
                    Some(Picked::Folder(folder)) => self.path = folder.display().to_string(),
                    Some(Picked::File(file)) => chosen = Some(file),
                    None => {}
                }
                widgets::muted(ui, "It is read and never changed. Several readers: open one after the other.");
                if let Some(why) = &self.failed {
                    widgets::problem(ui, why);
                }
                ui.add_space(6.0);
                ui.horizontal(|ui| {
                    let named = !self.path.trim().is_empty() && !self.reading;
                    read |= ui.add_enabled_ui(named, |ui| widgets::primary(ui, "Compare").clicked()).inner;
                    open = !ui.button("Cancel").clicked();
                    if self.reading {
                        ui.spinner();
                    }
                });
            });
        let named = (read && !self.path.trim().is_empty()).then(|| PathBuf::from(self.path.trim()));
        if let Some(path) = chosen.or(named).filter(|_| !self.reading) {
            (self.reading, self.failed) = (true, None);
            let at_hand = app.series_at_hand();
            app.inbox.compare(move || match another(&path, &at_hand) {
                Ok(said) => Ok(Box::new(Comparison { path, said })),
                Err(e) => Err(e.to_string()),
            });
        }
        open.then_some(self)
    }
}
