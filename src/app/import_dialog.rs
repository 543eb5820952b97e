//! What another program, or another case, drew and found, into the open case: the reader names the file, sees what of it
//! fits where and what does not, says what it leaves open, and takes it over as one step.

use super::browser::{Browser, Picked};
use super::{App, widgets};
use crate::anatomy::VertebraLevel;
use crate::import::{
    AskScheme, Content, Found, How, LabelNames, Offer, Target, content, levels_of, offered_bodies, offered_lesions,
    read_levels,
};
use crate::session::Op;
use egui::{Align2, Key, ScrollArea, TextEdit, Ui, vec2};
use std::path::{Path, PathBuf};

/// What of a file is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Take {
    Centres,
    Lesions,
    Bodies,
}

impl Take {
    const ALL: [Take; 3] = [Take::Centres, Take::Lesions, Take::Bodies];

    fn word(self) -> &'static str {
        match self {
            Take::Centres => "Centres of vertebrae",
            Take::Lesions => "Lesions",
            Take::Bodies => "Outlines of bodies",
        }
    }
}

/// What an offer was made for.
#[derive(Clone, PartialEq)]
struct Asked {
    take: Take,
    scheme: Option<LabelNames>,
    resample: bool,
    level: Option<VertebraLevel>,
    generation: u64,
}

/// The dialog.
pub struct ImportDialog {
    path: String,
    browser: Browser,
    fresh: bool,
    reading: bool,
    found: Option<Result<Box<Found>, String>>,
    take: Take,
    scheme: Option<LabelNames>,
    resample: bool,
    level: Option<VertebraLevel>,
    /// What fits, until something that it depends on changes.
    offer: Option<(Asked, Result<Offer, AskScheme>)>,
}

/// Whether a dropped file is one to take over rather than images.
pub fn is_to_take_over(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let endings = [".json", ".nii", ".nii.gz", ".nrrd", ".seg.dcm", ".rtstruct.dcm"];
    endings.iter().any(|e| name.ends_with(e))
}

/// Whether a file of this name may hold drawings or levels: a DICOM file may have any ending that is no word, or none.
pub fn may_be_read(name: &str) -> bool {
    let name = name.to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, e)| e);
    let named_so =
        [".json", ".nii", ".nii.gz", ".nrrd", ".dcm", ".dicom", ".dic", ".ima"].iter().any(|e| name.ends_with(e));
    named_so || !ending.chars().any(char::is_alphabetic)
}

impl ImportDialog {
    /// A dialog for a file that is still to be named, or for this one.
    pub fn new(app: &App, path: Option<PathBuf>) -> Self {
        let browser = Browser::new(path.as_deref().or(app.folder_at_hand()), may_be_read);
        let path = path.map(|p| p.display().to_string()).unwrap_or_default();
        ImportDialog {
            path,
            browser,
            fresh: true,
            reading: false,
            found: None,
            take: Take::Centres,
            scheme: None,
            resample: false,
            level: None,
            offer: None,
        }
    }

    /// The file was read in the background.
    pub fn arrived(&mut self, found: Result<Box<Found>, String>) {
        if let Ok(found) = &found {
            self.take = if content(found) == Content::Lesions { Take::Lesions } else { Take::Centres };
        }
        (self.reading, self.found, self.offer) = (false, Some(found), None);
    }

    /// Shows the dialog; gives itself back while it stays open.
    pub fn show(mut self, app: &mut App, ui: &mut Ui) -> Option<Self> {
        let (mut read, mut open, mut take) = (self.fresh && !self.path.is_empty(), true, None);
        egui::Window::new("Import from a file")
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .fixed_size(vec2(620.0, 440.0))
            .show(ui.ctx(), |ui| {
                ui.label(
                    "SEG, RTSTRUCT, NIfTI, NRRD, VerSe centroids, a case or its JSON, a folder of vertebra masks:",
                );
                widgets::muted(
                    ui,
                    "Its path, or a click on it; or drop it on the window. Nothing changes before you take something.",
                );
                let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "File to import"));
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                read |= field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                ui.add_space(6.0);
                if self.found.is_none() && !self.reading {
                    match self.browser.show(ui, 10) {
                        Some(Picked::Folder(folder)) => self.path = folder.display().to_string(),
                        Some(Picked::File(file)) => (self.path, read) = (file.display().to_string(), true),
                        None => {}
                    }
                }
                ScrollArea::vertical().max_height(320.0).auto_shrink([false, true]).show(ui, |ui| {
                    take = self.contents(app, ui);
                });
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
        match take {
            Some(op @ Op::LabelVertebrae { .. }) => drop(app.perform(op)),
            Some(op) => {
                let series = app.series_at_hand();
                if app.perform_taken(&op, &series) {
                    let name = app.step_name(true).unwrap_or_default();
                    app.notices.say(format!("{name} (undo takes it back)"));
                }
            }
            None => return open.then_some(self),
        }
        None
    }

    /// What was found and what of it fits; the step once the reader takes it.
    fn contents(&mut self, app: &App, ui: &mut Ui) -> Option<Op> {
        if self.reading {
            ui.horizontal(|ui| {
                ui.spinner();
                widgets::muted(ui, "Reading the file");
            });
        }
        let what = match self.found.as_ref()? {
            Err(why) => {
                widgets::problem(ui, why);
                return None;
            }
            Ok(found) => found.what,
        };
        ui.horizontal(|ui| {
            ui.label(format!("A {what}. Take"));
            for take in Take::ALL {
                ui.selectable_value(&mut self.take, take, take.word());
            }
        });
        if self.take == Take::Lesions {
            self.lesion_options(ui);
        }
        ui.separator();
        self.look(app);
        let offer = match self.offer.as_ref().map(|o| &o.1)? {
            Ok(offer) => offer,
            Err(ask) => {
                ask_scheme(ui, ask, &mut self.scheme);
                return None;
            }
        };
        let go = offer.op.as_ref().is_some_and(|_| widgets::primary(ui, take_words(self.take)).clicked());
        if offer.op.is_none() {
            widgets::problem(ui, "Nothing of it fits; why stands below.");
        }
        offer.lines.iter().for_each(|line| drop(ui.label(format!("✔ {line}"))));
        offer.notes.iter().for_each(|n| widgets::warning(ui, n));
        offer.op.clone().filter(|_| go)
    }

    fn lesion_options(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.checkbox(&mut self.resample, "also from other grids")
                .on_hover_text("Drawings on a grid of their own are taken at the nearest voxel");
            ui.separator();
            ui.label("Level where the file says none:");
            let text = self.level.map_or("nearest", |l| l.name());
            let response = egui::ComboBox::from_id_salt("level of lesions")
                .selected_text(text)
                .width(80.0)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.level, None, "nearest");
                    for level in VertebraLevel::ALL {
                        ui.selectable_value(&mut self.level, Some(level), level.name());
                    }
                })
                .response;
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Level of lesions"));
        });
    }

    /// Finds out what fits, where that is not known yet.
    fn look(&mut self, app: &App) {
        let Some(Ok(found)) = &self.found else { return };
        let generation = app.reading.as_ref().and_then(|r| r.case.session.as_ref()).map_or(0, |s| s.generation());
        let (take, scheme, resample, level) = (self.take, self.scheme, self.resample, self.level);
        let asked = Asked { take, scheme, resample, level, generation };
        if self.offer.as_ref().is_some_and(|o| o.0 == asked) {
            return;
        }
        let offer = match take {
            Take::Centres => centres(app, found, scheme),
            Take::Lesions => {
                let series: Vec<Target> = app.series_at_hand();
                let how = How { resample, level };
                Ok(offered_lesions(found, &series, app.whole_document(), how, &series))
            }
            Take::Bodies => match &app.reading {
                Some(r) => offered_bodies(found, scheme, (&r.key, &r.geometry), None),
                None => Err(AskScheme::NoImage),
            },
        };
        self.offer = Some((asked, offer));
    }
}

fn take_words(take: Take) -> &'static str {
    match take {
        Take::Centres => "Take these levels",
        Take::Lesions => "Take these lesions",
        Take::Bodies => "Take these outlines",
    }
}

/// The centres of vertebrae that a file holds.
fn centres(app: &App, found: &Found, scheme: Option<LabelNames>) -> Result<Offer, AskScheme> {
    let geometry = app.reading.as_ref().map(|r| r.geometry.clone());
    let levels = levels_of(found, scheme, geometry.as_ref())?;
    let names: Vec<_> = levels.centres.keys().map(|l| l.name()).collect();
    let mut notes = found.notes.clone();
    notes.extend(levels.notes);
    let there = levels.centres.keys().filter(|l| app.document().vertebrae.get(l).is_some_and(|v| v.at_mm.is_some()));
    let there = there.count();
    if there > 0 {
        notes.push(format!("{there} of them are labelled already and will move"));
    }
    let lines = vec![format!("{} levels — {}", names.len(), names.join(" "))];
    let op = Op::LabelVertebrae { centres_mm: levels.centres, source: Some(found.what.to_owned()) };
    Ok(Offer { op: Some(op), lines, notes, ..Offer::default() })
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
        AskScheme::Nothing | AskScheme::NoImage | AskScheme::Twice { .. } => &[],
    };
    ui.horizontal(|ui| {
        for (text, answer) in answers {
            if ui.button(*text).clicked() {
                *scheme = Some(*answer);
            }
        }
    });
}
