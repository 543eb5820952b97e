//! Two small dialogs of a reading study: who reads, and what an item still needs.

use crate::app::{App, theme, widgets};
use crate::trial::Trial;
use egui::{Align2, RichText, ScrollArea, Ui, vec2};
use std::path::{Path, PathBuf};

/// Asks who reads.
pub struct WhoReads {
    folder: PathBuf,
    trial: Trial,
}

impl WhoReads {
    /// For a study.
    pub fn new(folder: &Path, trial: Trial) -> WhoReads {
        WhoReads { folder: folder.to_owned(), trial }
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let (mut chosen, mut open) = (None, true);
        egui::Window::new("Who reads?")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(360.0, 300.0))
            .show(ui.ctx(), |ui| {
                ui.label(RichText::new(&self.trial.title).strong());
                widgets::muted(ui, "Each reader has a worklist of their own.");
                ui.add_space(8.0);
                ScrollArea::vertical().max_height(220.0).auto_shrink([false, true]).show(ui, |ui| {
                    for reader in &self.trial.readers {
                        if ui.add_sized(vec2(ui.available_width(), 28.0), egui::Button::new(reader)).clicked() {
                            chosen = Some(reader.clone());
                        }
                    }
                });
                ui.add_space(8.0);
                open = !ui.button("Cancel").clicked();
            });
        if let Some(reader) = chosen {
            app.open_study(&self.folder, Some(&reader));
            return None;
        }
        open.then_some(self)
    }
}

/// Says which questions an item still needs an answer to.
pub struct Unanswered {
    asked: Vec<String>,
}

impl Unanswered {
    /// Of the questions as they are asked.
    pub fn new(asked: Vec<String>) -> Unanswered {
        Unanswered { asked }
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let mut open = true;
        egui::Window::new("Not finished yet")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(400.0, 240.0))
            .show(ui.ctx(), |ui| {
                ui.label(if self.asked.len() == 1 {
                    "One question needs an answer:"
                } else {
                    "These questions need an answer:"
                });
                ui.add_space(4.0);
                for ask in &self.asked {
                    ui.label(RichText::new(format!("•  {ask}")).color(theme::TEXT));
                }
                ui.add_space(8.0);
                let answer = widgets::primary(ui, "Answer them");
                if answer.clicked() {
                    app.desk.page = crate::app::desk::Page::Questions;
                    app.hide_panels = false;
                    open = false;
                }
            });
        open.then_some(self)
    }
}
