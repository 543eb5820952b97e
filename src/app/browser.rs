//! Walking through folders inside the window: works on every desktop, also without a file portal. Reading folders happens
//! on a thread, so that a slow network drive cannot stop the window.

use super::widgets;
use egui::{ScrollArea, Ui};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

/// No more than this of a folder is listed.
const MOST: usize = 5_000;

/// What a folder holds.
struct Listing {
    folders: Vec<String>,
    offered: Vec<String>,
    files: usize,
}

/// The list.
pub struct Browser {
    shown: PathBuf,
    /// Which files are listed, by name.
    offers: fn(&str) -> bool,
    listing: Option<Result<Listing, String>>,
    coming: Option<Receiver<Result<Listing, String>>>,
}

/// What was clicked.
pub enum Picked {
    /// A folder, which is shown now.
    Folder(PathBuf),
    /// A file.
    File(PathBuf),
}

impl Browser {
    /// Starts at `at` or the folder it lies in, or at the home folder.
    pub fn new(at: Option<&Path>, offers: fn(&str) -> bool) -> Self {
        let home = std::env::home_dir().filter(|h| h.is_dir());
        let folder = at.and_then(|p| if p.is_file() { p.parent() } else { Some(p) }).map(Path::to_path_buf);
        let shown = folder.or(home).unwrap_or_else(|| PathBuf::from("/"));
        let mut browser = Browser { shown: PathBuf::new(), offers, listing: None, coming: None };
        browser.go(shown);
        browser
    }

    /// The folder that is shown.
    pub fn folder(&self) -> &Path {
        &self.shown
    }

    /// How many files and folders it holds, once that is known.
    pub fn counts(&self) -> Option<[usize; 2]> {
        self.listing.as_ref().and_then(|l| l.as_ref().ok()).map(|l| [l.files, l.folders.len()])
    }

    fn go(&mut self, to: PathBuf) {
        let (tx, rx) = channel();
        let (path, offers) = (to.clone(), self.offers);
        std::thread::spawn(move || {
            let _ = tx.send(list(&path, offers)); // the dialog may have moved on
        });
        (self.shown, self.coming, self.listing) = (to, Some(rx), None);
    }

    /// The list, so many rows high.
    pub fn show(&mut self, ui: &mut Ui, rows: u8) -> Option<Picked> {
        let [row, gap] = [ui.spacing().interact_size.y, ui.spacing().item_spacing.y];
        let height = f32::from(rows) * (row + gap) - gap;
        if let Some(rx) = &self.coming {
            match rx.try_recv() {
                Ok(l) => (self.listing, self.coming) = (Some(l), None),
                Err(_) => ui.ctx().request_repaint_after(std::time::Duration::from_millis(30)),
            }
        }
        let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, false]);
        let picked = scroll.show(ui, |ui| self.rows(ui)).inner;
        if let Some(Picked::Folder(to)) = &picked {
            self.go(to.clone());
        }
        picked
    }

    fn rows(&self, ui: &mut Ui) -> Option<Picked> {
        let mut picked = None;
        if let Some(up) = self.shown.parent()
            && ui.selectable_label(false, "..  one folder up").clicked()
        {
            picked = Some(Picked::Folder(up.to_path_buf()));
        }
        match &self.listing {
            None => widgets::muted(ui, "Reading…"),
            Some(Err(why)) => widgets::problem(ui, why),
            Some(Ok(l)) => {
                for name in &l.folders {
                    if ui.selectable_label(false, format!("📁  {name}")).clicked() {
                        picked = Some(Picked::Folder(self.shown.join(name)));
                    }
                }
                for name in &l.offered {
                    if ui.selectable_label(false, format!("📄  {name}")).clicked() {
                        picked = Some(Picked::File(self.shown.join(name)));
                    }
                }
            }
        }
        picked
    }
}

fn list(path: &Path, offers: fn(&str) -> bool) -> Result<Listing, String> {
    let entries = std::fs::read_dir(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    let mut l = Listing { folders: vec![], offered: vec![], files: 0 };
    for entry in entries.flatten().take(MOST) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            if !name.starts_with('.') {
                l.folders.push(name);
            }
            continue;
        }
        l.files += 1;
        if offers(&name) && !name.starts_with('.') {
            l.offered.push(name);
        }
    }
    l.folders.sort_by_key(|n| n.to_lowercase());
    l.offered.sort_by_key(|n| n.to_lowercase());
    Ok(l)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_first_and_only_what_is_asked_for_is_offered() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.json", "A.JSON", "c.txt", ".hidden.json"] {
            std::fs::write(folder.path().join(name), "x").expect("written");
        }
        std::fs::create_dir(folder.path().join("z")).expect("made");
        std::fs::create_dir(folder.path().join(".git")).expect("made");
        let l = list(folder.path(), |n| n.to_lowercase().ends_with(".json")).expect("read");
        assert_eq!((l.folders, l.offered, l.files), (vec!["z".into()], vec!["A.JSON".into(), "b.json".into()], 4));
        assert!(list(&folder.path().join("nowhere"), |_| true).is_err_and(|why| why.contains("nowhere")));
    }

    #[test]
    fn a_file_starts_in_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.json");
        std::fs::write(&file, "{}").expect("written");
        assert_eq!(Browser::new(Some(&file), |_| true).folder(), folder.path());
    }
}
