//! What a site or a reader settles in `settings.toml`: the mouse, keys, hanging rules, the adapter. `docs/settings.md`
//! says all of it. What is wrong in the file is said; the rest of it holds.

use super::hanging::Hanging;
use super::keys;
use crate::session::{COMMANDS, CommandId};
use crate::volume::ColorMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the mouse buttons do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mouse {
    /// Left: the tool. Right: window. Middle: pan.
    #[default]
    Tools,
    /// Left: window while no tool is chosen, else the tool. Right: zoom. Middle: pan.
    Pacs,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the mouse buttons do.
    pub mouse: Mouse,
    /// The adapter that draws, by a part of its name, `gpu` or `cpu`.
    pub adapter: Option<String>,
    /// Whether the folders opened last stand on the start page.
    pub remember_folders: bool,
    /// Slices of a cine loop in a second.
    pub cine_per_second: f64,
    /// Colours of a series that is laid over another, at first.
    pub overlay_colors: ColorMap,
    /// Keys of commands.
    pub keys: Keymap,
    /// How studies are hung up.
    pub hanging: Vec<Hanging>,
    /// What is wrong in the file, a sentence each.
    pub problems: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            mouse: Mouse::Tools,
            adapter: None,
            remember_folders: false,
            cine_per_second: 12.0,
            overlay_colors: ColorMap::default(),
            keys: Keymap::default(),
            hanging: vec![],
            problems: vec![],
        }
    }
}

impl Settings {
    /// The file of the user: `$SPONDYL_SETTINGS`, else `spondyl/settings.toml` below `$XDG_CONFIG_HOME`, `~/.config` or
    /// `%APPDATA%`.
    pub fn path_of_user() -> Option<PathBuf> {
        let named =
            |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|p| !p.as_os_str().is_empty());
        let folder = || {
            let home = named("HOME").map(|home| home.join(".config"));
            Some(named("XDG_CONFIG_HOME").or_else(|| named("APPDATA")).or(home)?.join("spondyl/settings.toml"))
        };
        named("SPONDYL_SETTINGS").or_else(folder)
    }

    /// Reads a file; one that is not there settles nothing.
    pub fn read(path: &Path) -> Settings {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let mut settings = Settings::of_text(&text);
                settings.problems.iter_mut().for_each(|p| *p = format!("{}: {p}", path.display()));
                settings
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Settings::default(),
            Err(e) => {
                let problems = vec![format!("{} could not be read: {e}; nothing in it holds", path.display())];
                Settings { problems, ..Settings::default() }
            }
        }
    }

    /// Of a text in TOML.
    pub fn of_text(text: &str) -> Settings {
        let mut settings = Settings::default();
        let mut table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(e) => {
                settings.problems.push(format!("this is not TOML, and nothing in it holds: {}", e.to_string().trim()));
                return settings;
            }
        };
        let problems = &mut settings.problems;
        if let Some(mouse) = take(&mut table, "mouse", "\"tools\" or \"pacs\"", problems) {
            settings.mouse = mouse;
        }
        settings.adapter = take(&mut table, "adapter", "a part of the adapter's name, \"gpu\" or \"cpu\"", problems);
        if let Some(remember) = take(&mut table, "remember_folders", "true or false", problems) {
            settings.remember_folders = remember;
        }
        if let Some(speed) = take::<f64>(&mut table, "cine_per_second", "a number such as 12.0", problems) {
            settings.cine_per_second = speed.clamp(1.0, 60.0);
        }
        let maps = "\"warm\", \"viridis\", \"magma\" or \"cividis\"";
        if let Some(map) = take(&mut table, "overlay_colors", maps, problems) {
            settings.overlay_colors = map;
        }
        let keys: Option<BTreeMap<String, Keys>> =
            take(&mut table, "keys", "a table of commands, each with a key or a list of keys", problems);
        settings.keys = Keymap::changed(keys.unwrap_or_default(), problems);
        let rules: Option<Vec<toml::Value>> = take(&mut table, "hanging", "a list of [[hanging]] rules", problems);
        for (n, rule) in rules.into_iter().flatten().enumerate() {
            match rule.try_into::<Hanging>().map_err(|e| e.to_string()).and_then(Hanging::checked) {
                Ok(rule) => settings.hanging.push(rule),
                Err(e) => problems.push(format!("hanging rule {} does not hold: {}", n + 1, e.trim())),
            }
        }
        problems.extend(table.keys().map(|key| format!("\"{key}\" is no setting; docs/settings.md lists them")));
        settings
    }
}

/// One setting; a value that does not fit is said and left out.
fn take<T: DeserializeOwned>(
    table: &mut toml::Table,
    name: &str,
    expected: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    let value = table.remove(name)?;
    let found = value.to_string();
    match value.try_into() {
        Ok(value) => Some(value),
        Err(_) => {
            problems.push(format!("{name} = {found} does not hold: expected {expected}"));
            None
        }
    }
}

/// A key, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Several(Vec<String>),
}

/// Which keys run which command: those of the command table, where the reader says nothing else.
#[derive(Clone, Debug)]
pub struct Keymap(Vec<(CommandId, Vec<String>)>);

impl Default for Keymap {
    fn default() -> Self {
        Keymap(COMMANDS.iter().map(|c| (c.id, c.keys.iter().map(|k| (*k).to_owned()).collect())).collect())
    }
}

impl Keymap {
    /// Keys of a command; the first is shown.
    pub fn of(&self, id: CommandId) -> &[String] {
        self.0.iter().find(|row| row.0 == id).map_or(&[], |row| &row.1)
    }

    /// All commands with their keys, in the table's order.
    pub fn rows(&self) -> &[(CommandId, Vec<String>)] {
        &self.0
    }

    /// The table's keys with the reader's in their place. A key that two commands would have is said: the reader's
    /// choice wins over the table, else the command that stands first.
    fn changed(changes: BTreeMap<String, Keys>, problems: &mut Vec<String>) -> Keymap {
        let mut map = Keymap::default();
        let mut chosen = vec![];
        for (name, keys) in changes {
            let Some(command) = COMMANDS.iter().find(|c| word_of(c.name) == word_of(&name)) else {
                problems
                    .push(format!("[keys] \"{name}\" is no command; the key page (F1) and docs/settings.md list them"));
                continue;
            };
            let keys = match keys {
                Keys::One(key) => vec![key],
                Keys::Several(keys) => keys,
            };
            let (good, bad): (Vec<_>, Vec<_>) = keys.into_iter().partition(|k| keys::parse(k).is_some());
            problems.extend(bad.iter().map(|k| {
                format!("[keys] {name} = \"{k}\" is no key; write it as in \"Ctrl+Shift+Z\", \"F5\" or \"PageUp\"")
            }));
            if let Some(row) = map.0.iter_mut().find(|row| row.0 == command.id) {
                row.1 = good;
                chosen.push(command.id);
            }
        }
        map.settle(&chosen, problems);
        map
    }

    fn settle(&mut self, chosen: &[CommandId], problems: &mut Vec<String>) {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|n| !chosen.contains(&self.0[*n].0));
        let mut taken: Vec<(String, CommandId)> = vec![];
        for n in order {
            let id = self.0[n].0;
            self.0[n].1.retain(|key| match taken.iter().find(|t| keys::parse(&t.0) == keys::parse(key)) {
                Some((_, first)) if *first != id => {
                    let (name, first) = (id.command().name, first.command().name);
                    problems.push(format!(
                        "[keys] {key} is asked for by \"{first}\" and by \"{name}\"; it runs \"{first}\""
                    ));
                    false
                }
                Some(_) => false,
                None => {
                    taken.push((key.clone(), id));
                    true
                }
            });
        }
    }
}

/// A command's name as the file spells it: `layout-two-series`.
pub fn word_of(name: &str) -> String {
    let letters: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_has_a_word_of_its_own() {
        let words: BTreeSet<String> = COMMANDS.iter().map(|c| word_of(c.name)).collect();
        assert_eq!(words.len(), COMMANDS.len());
        assert_eq!(word_of("Layout: two series"), "layout-two-series");
        assert_eq!(word_of("Open folder…"), "open-folder");
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_holds() {
        let s = Settings::of_text(
            "mouse = \"pacs\"\ncolour = 3\ncine_per_second = \"fast\"\n\
             [keys]\nbrush = \"Ctrl+B\"\ngrow = [\"B\", \"Hyper+Q\"]\nfly = \"F\"\n\
             [[hanging]]\nlayout = \"9x9\"\n[[hanging]]\nlayout = \"2-series\"\npane = [{modality = \"CT\"}, {modality = \"MR\"}]\n",
        );
        assert_eq!((s.mouse, s.hanging.len()), (Mouse::Pacs, 1));
        assert_eq!(s.keys.of(CommandId::Brush), ["Ctrl+B"]);
        assert_eq!(s.keys.of(CommandId::Grow), ["B"]);
        for part in ["\"colour\"", "cine_per_second", "Hyper+Q", "\"fly\"", "hanging rule 1"] {
            assert_eq!(s.problems.iter().filter(|p| p.contains(part)).count(), 1, "{part}: {:?}", s.problems);
        }
        assert_eq!(s.problems.len(), 5, "{:?}", s.problems);
        assert!(Settings::of_text("mouse = ").problems[0].contains("not TOML"));
    }

    #[test]
    fn a_key_that_two_commands_want_is_said_and_the_reader_s_choice_wins() {
        let s = Settings::of_text("[keys]\ngrow = \"B\"\n");
        assert_eq!(s.keys.of(CommandId::Grow), ["B"]);
        assert!(s.keys.of(CommandId::Brush).is_empty());
        assert!(s.problems[0].contains("it runs \"Grow\""), "{:?}", s.problems);
        assert!(Settings::of_text("").problems.is_empty(), "the table itself has no conflict");
    }

    #[test]
    fn the_documentation_s_example_holds_and_lists_every_command() {
        let text = include_str!("../../docs/settings.md");
        let example: String =
            text.split("```toml").skip(1).filter_map(|t| t.split("```").next()).collect::<Vec<_>>().join("\n");
        let s = Settings::of_text(&example);
        assert_eq!(s.problems, Vec::<String>::new());
        assert!(s.hanging.len() >= 2);
        for c in COMMANDS {
            assert!(text.contains(&format!("`{}`", word_of(c.name))), "{} is not in docs/settings.md", c.name);
        }
    }
}
