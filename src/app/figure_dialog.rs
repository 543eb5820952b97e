//! Asking what a figure is to hold, and where it goes: a PNG file, or the clipboard.

use super::figure::Figure;
use super::{App, widgets};
use crate::volume::FindingCode;
use egui::{Align2, TextEdit, Ui, vec2};
use image::RgbaImage;
use std::path::{Path, PathBuf};

/// The dialog.
pub struct FigureDialog {
    figure: Figure,
    file: String,
}

impl FigureDialog {
    /// Proposes the layout at twice the screen's size, in a file that is not there yet.
    pub fn new() -> Self {
        let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("."));
        let name = |n: u32| home.join(format!("spondyl-figure-{n}.png"));
        let file = (1..1000).map(name).find(|p| !p.exists()).unwrap_or_else(|| name(1000));
        FigureDialog { figure: Figure::default(), file: file.display().to_string() }
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let (mut save, mut copy, mut open) = (false, false, true);
        let warning = burned_in(app, self.figure.one_pane);
        egui::Window::new("Figure")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(520.0, 260.0))
            .show(ui.ctx(), |ui| {
                ui.horizontal(|ui| {
                    ui.selectable_value(&mut self.figure.one_pane, false, "All panes");
                    ui.selectable_value(&mut self.figure.one_pane, true, "Active pane");
                    ui.separator();
                    for scale in 1..=4 {
                        ui.selectable_value(&mut self.figure.scale, scale, format!("{scale}×"))
                            .on_hover_text("Pixels for each pixel of the screen");
                    }
                });
                ui.checkbox(&mut self.figure.overlays, "Lesions, levels and measurements");
                ui.checkbox(&mut self.figure.descriptions, "Series description")
                    .on_hover_text("Some sites write names of patients into it");
                widgets::muted(
                    ui,
                    "Scale bar, window and position stand in every figure; a patient's name never does.",
                );
                if let Some(text) = &warning {
                    widgets::warning(ui, text);
                }
                ui.add_space(6.0);
                ui.label("File");
                let field = ui.add(TextEdit::singleline(&mut self.file).desired_width(f32::INFINITY));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Figure file"));
                ui.add_space(6.0);
                ui.horizontal(|ui| {
                    let named = !self.file.trim().is_empty();
                    save = ui.add_enabled_ui(named, |ui| widgets::primary(ui, "Save PNG").clicked()).inner;
                    copy = ui.button("Copy").on_hover_text("To the clipboard").clicked();
                    open = !ui.button("Cancel").clicked();
                });
            });
        if !(save || copy) {
            return open.then_some(self);
        }
        let drawn = app.figure(self.figure);
        match drawn.and_then(|picture| if save { write(&picture, Path::new(self.file.trim())) } else { Ok(picture) }) {
            Ok(picture) if copy => {
                let size = [picture.width() as usize, picture.height() as usize];
                ui.ctx().copy_image(egui::ColorImage::from_rgba_unmultiplied(size, picture.as_raw()));
                app.notices.say("The figure is in the clipboard");
                None
            }
            Ok(_) => {
                app.notices.say(format!("Figure saved: {}", self.file.trim()));
                None
            }
            Err(why) => {
                app.notices.fail(why);
                Some(self)
            }
        }
    }
}

/// A warning where the pixels themselves may show the patient's name.
fn burned_in(app: &App, one_pane: bool) -> Option<String> {
    let reading = app.reading.as_ref()?;
    let active = reading.viewer.active();
    let panes = reading.viewer.visible().into_iter().map(|p| p.0).filter(|n| !one_pane || *n == active);
    let burned = |n: usize| reading.shown_in(n).findings().iter().any(|f| f.code == FindingCode::BurnedInAnnotation);
    panes.into_iter().any(burned).then(|| {
        "BurnedInAnnotation (0028,0301): the images themselves may show who the patient is. Look before you pass it on."
            .to_owned()
    })
}

/// Writes a PNG; never over another file.
fn write(picture: &RgbaImage, path: &Path) -> Result<RgbaImage, String> {
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(|e| e.to_string())?;
    let mut file = std::fs::File::create_new(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{} is there already; choose another name", path.display()),
        _ => format!("{} could not be written: {e}", path.display()),
    })?;
    std::io::Write::write_all(&mut file, png.get_ref())
        .map_err(|e| format!("{} could not be written: {e}", path.display()))?;
    Ok(picture.clone())
}
