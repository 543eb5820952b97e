//! Keys to commands, as the command table and the reader's settings say.

use super::{App, by_keys};
use crate::session::CommandId;
use egui::{Context, Event, FocusDirection, Key, Modifiers, Popup, Ui};

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

    /// In the order in which they were pressed.
    fn run_matching(&mut self, ui: &Ui, allowed: impl Fn(Modifiers) -> bool) {
        let events = ui.input(|i| i.events.clone());
        let mut taken = vec![];
        for event in &events {
            let asked = self.command_of(ui.ctx(), event, &allowed);
            taken.push(asked.is_some());
            match asked {
                Some(CommandId::ToControls) => by_keys::turn_to_controls(ui.ctx()),
                Some(id) => self.run(id),
                None => {}
            }
            if asked == Some(CommandId::NextPane) {
                ui.ctx().memory_mut(|m| m.move_focus(FocusDirection::None)); // not to a control as well
            }
        }
        let mut taken = taken.into_iter();
        ui.input_mut(|i| i.events.retain(|_| !taken.next().unwrap_or_default()));
    }

    fn command_of(&self, ctx: &Context, event: &Event, allowed: impl Fn(Modifiers) -> bool) -> Option<CommandId> {
        let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
        let (focused, popup) = (ctx.memory(|m| m.focused().is_some()), Popup::is_any_open(ctx));
        if (focused || popup) && by_keys::belongs_to_control(*key, *modifiers) || popup && *key == Key::Escape {
            return None;
        }
        // A dialog has the keyboard; only Escape and its own fields work then.
        let dialog = self.dialog.is_open();
        let mut rows = self.settings.keys.rows().iter().filter(|row| !dialog || row.0 == CommandId::Cancel);
        let means = |text: &String| parse(text).is_some_and(|(m, k)| k == *key && allowed(m) && are(*modifiers, m, k));
        rows.find(|row| row.1.iter().any(means)).map(|row| row.0)
    }

    /// The key of a command as it is shown; empty where it has none.
    pub(super) fn key_of(&self, id: CommandId) -> &str {
        self.settings.keys.of(id).first().map_or("", String::as_str)
    }
}

/// Whether exactly these modifiers are down; signs such as `?` and `[` may need Shift on some keyboards.
fn are(down: Modifiers, wanted: Modifiers, key: Key) -> bool {
    let sign = matches!(key, Key::Questionmark | Key::OpenBracket | Key::CloseBracket);
    if sign { !down.command && !down.alt } else { down.matches_exact(wanted) }
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
