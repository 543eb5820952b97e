//! Choosing a folder inside the window: works on every desktop, also without a file portal. Type or paste a path, or
//! walk by clicks. Reading folders happens on a thread, so that a slow network drive cannot stop the window.

use super::widgets;
use egui::{Align2, Key, ScrollArea, TextEdit, Ui, vec2};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

/// What a folder holds, as far as choosing needs it.
struct Listing {
    folders: Vec<String>,
    archives: Vec<String>,
    files: usize,
}

/// The dialog.
pub struct Chooser {
    text: String,
    shown: PathBuf,
    listing: Option<Result<Listing, String>>,
    coming: Option<Receiver<Result<Listing, String>>>,
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
        let home = std::env::home_dir().filter(|h| h.is_dir());
        let start = at.map(Path::to_path_buf).or(home).unwrap_or_else(|| PathBuf::from("/"));
        let mut c = Chooser { text: String::new(), shown: PathBuf::new(), listing: None, coming: None, focus: true };
        c.go(start);
        c
    }

    fn go(&mut self, to: PathBuf) {
        self.text = to.display().to_string();
        let (tx, rx) = channel();
        let path = to.clone();
        std::thread::spawn(move || {
            let _ = tx.send(list(&path)); // the dialog may have moved on
        });
        self.shown = to;
        self.coming = Some(rx);
        self.listing = None;
    }

    /// Shows the dialog; a choice ends it.
    pub fn show(&mut self, ui: &mut Ui) -> Option<Choice> {
        if let Some(rx) = &self.coming {
            match rx.try_recv() {
                Ok(l) => {
                    self.listing = Some(l);
                    self.coming = None;
                }
                Err(_) => ui.ctx().request_repaint_after(std::time::Duration::from_millis(30)),
            }
        }
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
        if let Some(to) = self.browse(ui) {
            self.go(to);
        }
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            if widgets::primary(ui, "Open this folder").clicked() {
                choice = Some(Choice::Open(typed));
            }
            if ui.button("Cancel").clicked() {
                choice = Some(Choice::Close);
            }
            if let Some(Ok(l)) = &self.listing {
                widgets::muted(ui, &format!("{} files, {} folders here", l.files, l.folders.len()));
            }
        });
        choice
    }

    /// The list of folders; returns where to go.
    fn browse(&self, ui: &mut Ui) -> Option<PathBuf> {
        let mut to = None;
        ScrollArea::vertical().max_height(320.0).min_scrolled_height(320.0).auto_shrink([false, false]).show(
            ui,
            |ui| {
                if let Some(up) = self.shown.parent()
                    && ui.selectable_label(false, "..  one folder up").clicked()
                {
                    to = Some(up.to_path_buf());
                }
                match &self.listing {
                    None => widgets::muted(ui, "Reading…"),
                    Some(Err(why)) => widgets::problem(ui, why),
                    Some(Ok(l)) => {
                        for name in l.folders.iter().chain(&l.archives) {
                            if ui.selectable_label(false, format!("📁  {name}")).clicked() {
                                to = Some(self.shown.join(name));
                            }
                        }
                    }
                }
            },
        );
        to
    }
}

fn list(path: &Path) -> Result<Listing, String> {
    const MOST: usize = 5_000;
    if path.is_file() {
        return Ok(Listing { folders: vec![], archives: vec![], files: 1 });
    }
    let entries = std::fs::read_dir(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    let mut l = Listing { folders: vec![], archives: vec![], files: 0 };
    for entry in entries.flatten().take(MOST) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            if !name.starts_with('.') {
                l.folders.push(name);
            }
        } else {
            if name.to_ascii_lowercase().ends_with(".zip") {
                l.archives.push(name);
            }
            l.files += 1;
        }
    }
    l.folders.sort_by_key(|n| n.to_lowercase());
    l.archives.sort();
    Ok(l)
}
