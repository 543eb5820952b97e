//! What the window remembers between starts: its layout, and the folders opened last, which stand on the start page. A
//! file of the user's own beside the cases; nothing of it goes into a case or an export.

use super::App;
use crate::view::Layout;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE: &str = "window.toml";
const FOLDERS_MAX: usize = 6;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    layout: String,
    folders: Vec<PathBuf>,
}

impl Remembered {
    fn read(root: &Path) -> Remembered {
        let text = std::fs::read_to_string(root.join(FILE)).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    fn write(&self, root: &Path) -> std::io::Result<()> {
        let text = toml::to_string(self).map_err(std::io::Error::other)?;
        std::fs::create_dir_all(root)?;
        let part = root.join(format!("{FILE}.{}.part", std::process::id()));
        std::fs::write(&part, text)?;
        std::fs::rename(&part, root.join(FILE))
    }

    /// The folders opened last, newest first, as far as they are there.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.folders.iter().filter(|f| f.exists()).cloned().collect()
    }

    fn opened(&mut self, path: &Path) {
        let Ok(path) = std::path::absolute(path) else { return };
        self.folders.retain(|f| *f != path);
        self.folders.insert(0, path);
        self.folders.truncate(FOLDERS_MAX);
    }
}

impl App {
    /// Takes up what was remembered.
    pub fn recall(&mut self) {
        let Some(places) = self.places() else { return };
        self.remembered = Remembered::read(places.root());
        if let Some(layout) = Layout::of_word(&self.remembered.layout) {
            self.layout = layout;
        }
    }

    /// Remembers the layout, and the folder just opened.
    pub(super) fn remember_window(&mut self, opened: Option<&Path>) {
        let before = self.remembered.clone();
        self.remembered.layout = self.layout.word().to_owned();
        if self.settings.remember_folders {
            opened.into_iter().for_each(|path| self.remembered.opened(path));
        } else {
            self.remembered.folders.clear();
        }
        if self.remembered != before
            && let Some(places) = self.places()
        {
            // A convenience: without it the next start is as the first one.
            let _ = self.remembered.write(places.root());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_damage_is_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut r = Remembered { layout: "2x2".to_owned(), folders: vec![] };
        (0..9).for_each(|n| r.opened(&folder.path().join(n.to_string())));
        r.opened(folder.path());
        assert_eq!(r.folders.len(), FOLDERS_MAX);
        r.write(folder.path()).expect("written");
        assert_eq!(Remembered::read(folder.path()), r);
        assert_eq!(r.folders(), [folder.path()], "the others are not there");
        std::fs::write(folder.path().join(FILE), "layout = [").expect("written");
        assert_eq!(Remembered::read(folder.path()), Remembered::default());
    }
}
