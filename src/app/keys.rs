//! Keys to commands, as the command table and the reader's settings say.

use super::App;
use crate::session::CommandId;
use egui::{Key, Modifiers, Ui};

/// Parses `Ctrl+Shift+Z`. Letters and signs are named as on the key.
pub fn parse(text: &str) -> Option<(Modifiers, Key)> {
    let mut modifiers = Modifiers::NONE;
    let mut rest = text;
    for (name, m) in [("Ctrl+", Modifiers::COMMAND), ("Shift+", Modifiers::SHIFT), ("Alt+", Modifiers::ALT)] {
        if let Some(r) = rest.strip_prefix(name) {
            modifiers |= m;
            rest = r;
        }
    }
    Key::from_name(rest).map(|k| (modifiers, k))
}

impl App {
    /// Runs what the keys of this frame ask for. While a text field has the keyboard, only keys with Ctrl count.
    pub(super) fn run_keys(&mut self, ui: &Ui) {
        let typing = ui.ctx().text_edit_focused();
        let space = parse(self.key_of(CommandId::HideOverlays));
        self.hide_overlays = !typing && space.is_some_and(|(_, k)| ui.input(|i| i.key_down(k)));
        if typing {
            return self.run_matching(ui, |m| m.command);
        }
        self.run_matching(ui, |_| true);
    }

    fn run_matching(&mut self, ui: &Ui, allowed: impl Fn(Modifiers) -> bool) {
        // A dialog has the keyboard; only Escape and its own fields work then.
        let dialog = self.dialog.is_open();
        let mut asked = vec![];
        for (id, keys) in self.settings.keys.rows().iter().filter(|row| !dialog || row.0 == CommandId::Cancel) {
            for (modifiers, key) in keys.iter().filter_map(|k| parse(k)) {
                if allowed(modifiers) && ui.input_mut(|i| pressed(i, modifiers, key)) {
                    asked.push(*id);
                }
            }
        }
        asked.into_iter().for_each(|id| self.run(id));
    }

    /// The key of a command as it is shown; empty where it has none.
    pub(super) fn key_of(&self, id: CommandId) -> &str {
        self.settings.keys.of(id).first().map_or("", String::as_str)
    }
}

/// Whether exactly this key was pressed; signs such as `?` and `[` may need Shift on some keyboards.
fn pressed(input: &mut egui::InputState, modifiers: Modifiers, key: Key) -> bool {
    let sign = matches!(key, Key::Questionmark | Key::OpenBracket | Key::CloseBracket);
    let hit = |e: &egui::Event| match e {
        egui::Event::Key { key: k, pressed: true, modifiers: m, .. } => {
            *k == key && if sign { !m.command && !m.alt } else { m.matches_exact(modifiers) }
        }
        _ => false,
    };
    let before = input.events.len();
    input.events.retain(|e| !hit(e));
    input.events.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::COMMANDS;

    #[test]
    fn every_key_of_the_table_exists() {
        for c in COMMANDS {
            for k in c.keys {
                assert!(parse(k).is_some(), "{k} of {}", c.name);
            }
        }
    }
}
