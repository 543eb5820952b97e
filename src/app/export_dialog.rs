//! Exporting the open case: which formats, where to. The work runs in the background on a copy of the document.

use super::{App, widgets};
use crate::export::{Case, Format, export};
use egui::{Align2, Key, TextEdit, Ui, vec2};
use std::collections::BTreeMap;
use std::path::PathBuf;

const FORMATS: [(Format, &str, &str); 4] = [
    (Format::Json, "case.json", "everything said and measured, with contours and masks"),
    (Format::Nifti, "lesions.nii.gz", "label map on the series' own grid"),
    (Format::Csv, "lesions.csv, vertebrae.csv, measurements.csv", "tidy tables"),
    (Format::Script, "script.jsonl", "the steps, to replay with `spondyl annotate`"),
];

/// The dialog.
pub struct ExportDialog {
    folder: String,
    chosen: [bool; 4],
    fresh: bool,
}

impl ExportDialog {
    /// A dialog that proposes a folder beside the reader's documents; `None` when nothing is open.
    pub fn new(app: &App) -> Option<Self> {
        let reading = app.reading.as_ref()?;
        let uid = &reading.series.study_instance_uid;
        let short: String = uid.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
        let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("."));
        let folder = home.join("spondyl-export").join(short.trim_matches('.'));
        Some(ExportDialog { folder: folder.display().to_string(), chosen: [true, true, true, false], fresh: true })
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let (mut go, mut open) = (false, true);
        egui::Window::new("Export this case")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(560.0, 260.0))
            .show(ui.ctx(), |ui| {
                ui.label("Folder (made when it is not there):");
                let field = ui.add(TextEdit::singleline(&mut self.folder).desired_width(f32::INFINITY));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Export folder"));
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                go = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                ui.add_space(6.0);
                for ((_, name, what), on) in FORMATS.iter().zip(&mut self.chosen) {
                    ui.checkbox(on, *name).on_hover_text(*what);
                }
                ui.add_space(6.0);
                widgets::muted(ui, "No patient name, ID or date is written. Research use only, not for diagnosis.");
                ui.add_space(6.0);
                ui.horizontal(|ui| {
                    let any = self.chosen.iter().any(|c| *c) && !self.folder.trim().is_empty();
                    go |= ui.add_enabled_ui(any, |ui| widgets::primary(ui, "Export").clicked()).inner;
                    open = !ui.button("Cancel").clicked();
                });
            });
        if go {
            self.start(app);
            return None;
        }
        open.then_some(self)
    }

    fn start(&self, app: &mut App) {
        let Some(reading) = &app.reading else { return };
        let Some(session) = &reading.case.session else { return };
        let formats: Vec<Format> = FORMATS.iter().zip(self.chosen).filter(|(_, c)| *c).map(|((f, ..), _)| *f).collect();
        let folder = PathBuf::from(self.folder.trim());
        let document = session.document().clone();
        let volumes: BTreeMap<_, _> = reading.volume.iter().map(|v| (reading.key.clone(), v.clone())).collect();
        let (id, reader) = (session.header().case_id, session.header().reader.clone());
        let active_seconds = session.active_time().as_secs_f64();
        let script = session.script();
        app.inbox.export(move || {
            let case = Case { id, doc: &document, reader: &reader, active_seconds, volumes: &volumes, script: &script };
            let written = export(&case, &formats, &folder, false).map_err(|e| e.to_string())?;
            match written.problems.first() {
                Some(e) => Err(e.to_string()),
                None => Ok(format!("{} ({} files)", folder.display(), written.files.len())),
            }
        });
    }
}
