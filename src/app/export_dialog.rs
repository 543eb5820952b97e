//! Exporting the open case: which formats, where to. The work runs in the background on a copy of the document.

use super::jobs::Arrival;
use super::{App, theme, widgets};
use crate::document::{Document, ImageKey};
use crate::export::{Case, ExportError, Format, UidKey, Words, Written, export};
use crate::session::line_of_script;
use crate::volume::{FindingCode, Volume};
use egui::{Align2, Key, Label, RichText, TextEdit, Ui, vec2};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// The dialog.
#[derive(Clone)]
pub struct ExportDialog {
    folder: String,
    chosen: Vec<(Format, bool)>,
    deidentify: bool,
    fresh: bool,
    /// What lies there of somebody else, and may be replaced only when the reader says so.
    foreign: Option<String>,
}

impl ExportDialog {
    /// A dialog that proposes a folder beside the reader's documents; `None` when nothing is open.
    pub fn new(app: &App) -> Option<Self> {
        let reading = app.reading.as_ref()?;
        let uid = &reading.series.study_instance_uid;
        let short: String = uid.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
        let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("."));
        let folder = home.join("spondyl-export").join(short.trim_matches('.'));
        let usual = [Format::Json, Format::Nifti, Format::Csv];
        let chosen = Format::all().map(|f| (f, usual.contains(&f))).collect();
        let folder = folder.display().to_string();
        Some(ExportDialog { folder, chosen, deidentify: false, fresh: true, foreign: None })
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let (mut go, mut open) = (false, true);
        egui::Window::new("Export this case")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(760.0, 260.0))
            .show(ui.ctx(), |ui| {
                ui.label("Folder (made when it is not there):");
                let field = ui.add(TextEdit::singleline(&mut self.folder).desired_width(f32::INFINITY));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Export folder"));
                if field.changed() {
                    self.foreign = None;
                }
                if let Some(what) = &self.foreign {
                    widgets::problem(ui, what);
                }
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                go = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                ui.add_space(6.0);
                egui::Grid::new("formats").num_columns(2).spacing(vec2(18.0, 4.0)).show(ui, |ui| {
                    for (format, on) in &mut self.chosen {
                        ui.checkbox(on, format.file_name()).on_hover_text(format.what());
                        // Wider text would make the window wider than its title.
                        ui.scope(|ui| {
                            ui.set_max_width(370.0);
                            ui.add(Label::new(RichText::new(format.what()).color(theme::MUTED).small()).wrap());
                        });
                        ui.end_row();
                    }
                });
                ui.checkbox(&mut self.deidentify, "Replace UIDs, leave free text out").on_hover_text(
                    "Every UID becomes another one, always the same; uid-key.json in spondyl's data directory tells which was which. \
                     What was typed freely is left out; primary site, histology, diagnosis, labels and pseudonyms stay",
                );
                ui.add_space(6.0);
                if burned_in(app) {
                    widgets::warning(ui, "BurnedInAnnotation (0028,0301) is YES: the images themselves may show who the patient is");
                }
                widgets::muted(ui, "No patient name, ID or study date is written. Research use only, not for diagnosis.");
                ui.add_space(6.0);
                ui.horizontal(|ui| {
                    let any = self.chosen.iter().any(|(_, c)| *c) && !self.folder.trim().is_empty();
                    let word = if self.foreign.is_some() { "Replace it" } else { "Export" };
                    go |= ui.add_enabled_ui(any, |ui| widgets::primary(ui, word).clicked()).inner;
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
        let mut work = Work {
            dialog: self.clone(),
            document: session.document().clone(),
            volumes: reading.volumes().collect(),
            id: session.header().case_id,
            reader: session.header().reader.clone(),
            active_seconds: session.active_time().as_secs_f64(),
            script: session.script(),
            utc: session.changed_utc().to_owned(),
            key: app.places().map(|p| p.root().join("uid-key.json")),
        };
        app.inbox.export(move || work.run());
    }
}

/// Whether the files say that their pixels name the patient.
fn burned_in(app: &App) -> bool {
    let found =
        |i: &crate::document::ImageIdentity| i.findings.iter().any(|f| f.code == FindingCode::BurnedInAnnotation);
    app.reading.as_ref().is_some_and(|r| found(r.identity()) || r.document().images.values().any(found))
}

/// A copy of what is exported.
struct Work {
    dialog: ExportDialog,
    document: Document,
    volumes: BTreeMap<ImageKey, Arc<Volume>>,
    id: Uuid,
    reader: String,
    active_seconds: f64,
    script: String,
    utc: String,
    key: Option<PathBuf>,
}

impl Work {
    fn run(&mut self) -> Arrival {
        let folder = PathBuf::from(self.dialog.folder.trim());
        match self.write(&folder) {
            Ok(written) => match written.problems.first() {
                Some(e) => Arrival::Exported(Err(e.to_string())),
                None => {
                    let notes: String = written.notes.iter().map(|n| format!(". {n}")).collect();
                    let said = format!("{} ({} files){notes}", folder.display(), written.files.len());
                    Arrival::Exported(Ok(said))
                }
            },
            Err(ExportError::Foreign { path, what }) => {
                let foreign = Some(format!("{path} is not an export of this case by this reader ({what})."));
                Arrival::ExportAsks(Box::new(ExportDialog { foreign, ..self.dialog.clone() }))
            }
            Err(e) => Arrival::Exported(Err(e.to_string())),
        }
    }

    fn write(&mut self, folder: &Path) -> Result<Written, ExportError> {
        let formats: Vec<Format> = self.dialog.chosen.iter().filter(|(_, c)| *c).map(|(f, _)| *f).collect();
        if self.dialog.deidentify {
            self.deidentify(folder)?;
        }
        let case = Case {
            id: self.id,
            doc: &self.document,
            reader: &self.reader,
            active_seconds: self.active_seconds,
            volumes: &self.volumes,
            script: &self.script,
            utc: &self.utc,
            deidentified: self.dialog.deidentify.then_some(Words::LeftOut),
        };
        export(&case, &formats, folder, self.dialog.foreign.is_some())
    }

    fn deidentify(&mut self, folder: &Path) -> Result<(), ExportError> {
        let nowhere =
            || ExportError::Unfit("no place for the key of the UIDs is known: set XDG_DATA_HOME or HOME".to_owned());
        let mut key = UidKey::open(&self.key.clone().ok_or_else(nowhere)?)?;
        if key.lies_in(folder) {
            return Err(ExportError::Unfit(
                "the key of the UIDs would lie in the export; choose another folder".to_owned(),
            ));
        }
        self.document = key.document(&self.document, Words::LeftOut);
        self.script = key.script(&self.script, |line| line_of_script(line, Words::LeftOut));
        self.utc = String::new();
        self.volumes = std::mem::take(&mut self.volumes).into_iter().map(|(k, v)| (key.key(&k), v)).collect();
        key.save()
    }
}
