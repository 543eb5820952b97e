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
    /// Runs what the keys of this frame ask for, in the order in which they were pressed.
    pub(super) fn run_keys(&mut self, ui: &Ui) {
        let busy = Busy::of(ui.ctx(), self.control_has_keys);
        let space = parse(self.key_of(CommandId::HideOverlays));
        self.hide_overlays = !busy.typing && !busy.control && space.is_some_and(|(_, k)| ui.input(|i| i.key_down(k)));
        let events = ui.input(|i| i.events.clone());
        let mut taken = vec![];
        for event in &events {
            let asked = self.command_of(event, &busy);
            taken.push(asked.is_some());
            match asked.filter(|id| by_keys::repeats(*id) || !matches!(event, Event::Key { repeat: true, .. })) {
                Some(CommandId::ToControls) => by_keys::turn_to_controls(ui.ctx()),
                Some(id) => {
                    Popup::close_all(ui.ctx());
                    self.run(id);
                }
                None => {}
            }
            if asked == Some(CommandId::NextPane) {
                ui.ctx().memory_mut(|m| m.move_focus(FocusDirection::None)); // not to a control as well
            }
        }
        let mut taken = taken.into_iter();
        ui.input_mut(|i| i.events.retain(|_| !taken.next().unwrap_or_default()));
    }

    fn command_of(&self, event: &Event, busy: &Busy) -> Option<CommandId> {
        let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
        // A dialog has the keyboard; only Escape and its own fields work then.
        let dialog = self.dialog.is_open();
        if busy.wants(*key, *modifiers) || *key == Key::Escape && (busy.menu || busy.leaves && !dialog) {
            return None;
        }
        let reading = self.reading.is_some();
        let counts =
            |id: CommandId| if dialog { id == CommandId::Cancel } else { reading || id != CommandId::NextPane };
        let mut rows = self.settings.keys.rows().iter().filter(|row| counts(row.0));
        let means = |text: &String| parse(text).is_some_and(|(m, k)| k == *key && are(*modifiers, m, k));
        rows.find(|row| row.1.iter().any(means)).map(|row| row.0)
    }

    /// The key of a command as it is shown; empty where it has none.
    pub(super) fn key_of(&self, id: CommandId) -> &str {
        self.settings.keys.of(id).first().map_or("", String::as_str)
    }
}

/// What else wants the keys of this frame.
struct Busy {
    /// A text field.
    typing: bool,
    /// A button, a slider, a menu's row.
    control: bool,
    /// An open menu.
    menu: bool,
    /// A control had the keyboard; Escape takes it away, and does nothing else.
    leaves: bool,
}

impl Busy {
    fn of(ctx: &Context, control_had_keys: bool) -> Self {
        let (menu, focused) = (Popup::is_any_open(ctx), ctx.memory(|m| m.focused().is_some()));
        Busy { typing: ctx.text_edit_focused(), control: focused || menu, menu, leaves: control_had_keys }
    }

    /// In a text field only keys with Ctrl, and those that no text is written with, are commands.
    fn wants(&self, key: Key, modifiers: Modifiers) -> bool {
        let writes = !modifiers.command && !(Key::F1..=Key::F12).contains(&key);
        self.typing && writes || self.control && by_keys::belongs_to_control(key, modifiers)
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
