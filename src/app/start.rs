//! The start page: what to do first, taught by the page itself.

use super::{App, theme, widgets};
use crate::session::CommandId;
use egui::{Align, Layout, RichText, Ui, vec2};

/// The page.
pub fn show(app: &mut App, ui: &mut Ui) {
    let height = ui.available_height();
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        let listed = app.recent.as_ref().map_or(0, |r| r.cases.len()) + app.remembered.folders().len();
        ui.add_space((height * if listed > 0 { 0.14 } else { 0.26 }).max(30.0));
        ui.label(RichText::new("Spondyl").size(34.0).color(theme::TEXT).strong());
        ui.label(RichText::new("Lytic lesions of the spine, vertebra by vertebra").color(theme::MUTED));
        ui.add_space(28.0);
        if ui.add_sized(vec2(300.0, 38.0), egui::Button::new("Open a folder of images…")).clicked() {
            app.run(CommandId::OpenFolder);
        }
        ui.add_space(4.0);
        let why_not = app.why_not(CommandId::OpenSample);
        let sample =
            ui.add_enabled(why_not.is_none(), egui::Button::new("Open the sample case").min_size(vec2(300.0, 38.0)));
        let sample = if let Some(why) = &why_not { sample.on_disabled_hover_text(why) } else { sample };
        if sample.clicked() {
            app.run(CommandId::OpenSample);
        }
        ui.add_space(16.0);
        widgets::muted(
            ui,
            "or drop a folder, a file, a DICOMDIR, a zip or the folder of a reading study anywhere on this window",
        );
        super::recent::show(app, ui);
        recent_folders(app, ui);
        ui.add_space(22.0);
        for (id, what) in [
            (CommandId::Vertebra, "label the vertebrae: one click each"),
            (CommandId::Brush, "paint a lesion; grow takes one from a single drag"),
            (CommandId::Export, "export JSON, NIfTI masks and tables"),
            (CommandId::Keys, "all keys"),
        ] {
            // One column of keys, one of words.
            ui.allocate_ui_with_layout(vec2(380.0, 18.0), Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(380.0);
                ui.allocate_ui_with_layout(vec2(60.0, 18.0), Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_width(60.0);
                    ui.label(RichText::new(app.key_of(id)).monospace().color(theme::MUTED));
                });
                ui.add_space(10.0);
                ui.label(RichText::new(what).color(theme::MUTED));
            });
        }
        ui.add_space(22.0);
        widgets::muted(ui, "Research use only, not for diagnosis. Nothing leaves this computer.");
    });
}

/// The folders opened last.
fn recent_folders(app: &mut App, ui: &mut Ui) {
    let folders = app.remembered.folders();
    if folders.is_empty() {
        return;
    }
    ui.add_space(18.0);
    widgets::heading(ui, "Opened last");
    let mut open = None;
    for folder in folders {
        let name =
            folder.file_name().map_or_else(|| folder.display().to_string(), |n| n.to_string_lossy().into_owned());
        let button = egui::Button::new(name).frame(false).truncate();
        if ui.add_sized(vec2(300.0, 22.0), button).on_hover_text(folder.display().to_string()).clicked() {
            open = Some(folder);
        }
    }
    open.into_iter().for_each(|folder| app.open_paths(vec![folder]));
}
