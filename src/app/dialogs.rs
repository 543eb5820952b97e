//! What opens over the images: choosing a folder, exporting, all keys, the command palette. One at a time; Esc closes.

use super::agreement::CompareDialog;
use super::changes::ChangesDialog;
use super::chooser::Chooser;
use super::export_dialog::ExportDialog;
use super::figure_dialog::FigureDialog;
use super::history_panel::HistoryPanel;
use super::import_dialog::ImportDialog;
use super::known_length::KnownLength;
use super::save_elsewhere::SaveElsewhere;
use super::settings::Mouse;
use super::worklist::{Unanswered, WhoReads};
use super::{App, explain, theme, widgets};
use crate::session::{COMMANDS, Command, CommandId, Group};
use egui::{Align2, Grid, Key, Label, RichText, ScrollArea, TextEdit, Ui, vec2};

/// The open dialog.
pub enum Dialog {
    /// None.
    None,
    /// Choose images.
    Open(Chooser),
    /// Export the case.
    Export(ExportDialog),
    /// What others drew, from a file.
    Import(Box<ImportDialog>),
    /// Another reader's file.
    Compare(CompareDialog),
    /// Changes between timepoints.
    Changes(ChangesDialog),
    /// How figures come about.
    Explain,
    /// Who did what and when.
    History(Box<HistoryPanel>),
    /// Save the case to another file.
    SaveElsewhere(SaveElsewhere),
    /// How long a line on a radiograph is.
    KnownLength(KnownLength),
    /// A figure.
    Figure(FigureDialog),
    /// Who reads, of a reading study.
    WhoReads(WhoReads),
    /// What an item of a reading study still needs.
    Unanswered(Unanswered),
    /// All keys.
    Keys,
    /// Find a command by a few letters.
    Palette {
        /// What was typed.
        text: String,
        /// The row that Enter runs.
        at: usize,
        /// It was just opened.
        fresh: bool,
    },
}

impl Dialog {
    /// Whether something is open.
    pub fn is_open(&self) -> bool {
        !matches!(self, Dialog::None)
    }

    /// An empty palette.
    pub fn palette() -> Self {
        Dialog::Palette { text: String::new(), at: 0, fresh: true }
    }
}

/// Shows the open dialog.
pub fn show(app: &mut App, ui: &mut Ui) {
    match std::mem::replace(&mut app.dialog, Dialog::None) {
        Dialog::None => {}
        Dialog::Open(mut chooser) => match chooser.show(ui) {
            Some(choice) => app.chosen(choice),
            None => app.dialog = Dialog::Open(chooser),
        },
        Dialog::Export(dialog) => app.dialog = dialog.show(app, ui).map_or(Dialog::None, Dialog::Export),
        Dialog::Import(dialog) => {
            app.dialog = dialog.show(app, ui).map_or(Dialog::None, |d| Dialog::Import(Box::new(d)));
        }
        Dialog::Compare(dialog) => app.dialog = dialog.show(app, ui).map_or(Dialog::None, Dialog::Compare),
        Dialog::Changes(dialog) => app.dialog = dialog.show(app, ui).map_or(Dialog::None, Dialog::Changes),
        Dialog::Explain => {
            if explain::show(app, ui) {
                app.dialog = Dialog::Explain;
            }
        }
        Dialog::History(panel) => {
            app.dialog = panel.show(app, ui).map_or(Dialog::None, |p| Dialog::History(Box::new(p)));
        }
        Dialog::SaveElsewhere(dialog) => {
            app.dialog = dialog.show(app, ui).map_or(Dialog::None, Dialog::SaveElsewhere);
        }
        Dialog::Figure(dialog) => {
            if let Some(dialog) = dialog.show(app, ui) {
                app.dialog = Dialog::Figure(dialog);
            }
        }
        Dialog::KnownLength(asked) => {
            if let Some(asked) = asked.show(app, ui) {
                app.dialog = Dialog::KnownLength(asked);
            }
        }
        Dialog::WhoReads(asked) => {
            // Who reads opens the study, which may open a dialog of its own.
            if let Some(asked) = asked.show(app, ui) {
                app.dialog = Dialog::WhoReads(asked);
            }
        }
        Dialog::Unanswered(told) => app.dialog = told.show(app, ui).map_or(Dialog::None, Dialog::Unanswered),
        Dialog::Keys => {
            if keys(app, ui) {
                app.dialog = Dialog::Keys;
            }
        }
        Dialog::Palette { text, at, fresh } => palette(app, ui, text, at, fresh),
    }
}

/// The key page; false when it was closed.
fn keys(app: &App, ui: &mut Ui) -> bool {
    let mut open = true;
    egui::Window::new("All keys")
        .collapsible(false)
        .resizable(false)
        .open(&mut open)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .fixed_size(vec2(920.0, 560.0))
        .show(ui.ctx(), |ui| {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                for group in Group::ALL {
                    widgets::heading(ui, group.name());
                    Grid::new(group.name()).num_columns(3).min_col_width(172.0).spacing([12.0, 4.0]).show(ui, |ui| {
                        for c in COMMANDS.iter().filter(|c| c.group == group) {
                            ui.label(
                                RichText::new(app.settings.keys.of(c.id).join("  ")).monospace().color(theme::ACCENT),
                            );
                            ui.label(c.name);
                            ui.scope(|ui| {
                                ui.set_max_width(500.0);
                                ui.add(Label::new(RichText::new(c.hint).color(theme::MUTED)).wrap());
                            });
                            ui.end_row();
                        }
                    });
                }
                widgets::heading(ui, "Mouse");
                for (what, does) in mouse_help(app.settings.mouse) {
                    ui.label(RichText::new(format!("{what:<14}{does}")).monospace().color(theme::MUTED));
                }
            });
        });
    open
}

/// What the mouse does.
fn mouse_help(mouse: Mouse) -> [(&'static str, &'static str); 6] {
    let [left, right] = match mouse {
        Mouse::Tools => [
            ("left", "the active tool; Navigate moves the crosshair"),
            ("right drag", "window: across is width, down is centre; short click opens the menu"),
        ],
        Mouse::Pacs => [
            ("left", "the active tool; with Navigate a drag is the window, a click moves the crosshair"),
            ("right drag", "zoom: up is closer; short click opens the menu"),
        ],
    };
    [
        left,
        right,
        ("middle drag", "pan"),
        ("wheel", "slices, also while a tool is active; Shift: brush size; Ctrl: zoom"),
        ("double click", "one pane fills the window, and back"),
        ("handles", "the ends of a plane's line turn that plane; Shift turns all"),
    ]
}

/// Commands whose name holds all the letters typed, in order; those that begin with them first.
fn found(text: &str) -> Vec<&'static Command> {
    let wanted = text.to_lowercase();
    let holds = |c: &Command| {
        let name = c.name.to_lowercase();
        let mut letters = name.chars();
        wanted.chars().filter(|w| !w.is_whitespace()).all(|w| letters.any(|l| l == w))
    };
    let mut rows: Vec<_> = COMMANDS.iter().filter(|c| holds(c) && c.id != CommandId::Palette).collect();
    rows.sort_by_key(|c| !c.name.to_lowercase().contains(&wanted));
    rows.truncate(12);
    rows
}

fn palette(app: &mut App, ui: &mut Ui, mut text: String, mut at: usize, fresh: bool) {
    let mut run = None;
    let mut open = true;
    egui::Window::new("Find a command")
        .title_bar(false)
        .resizable(false)
        .anchor(Align2::CENTER_TOP, vec2(0.0, 90.0))
        .fixed_size(vec2(520.0, 380.0))
        .show(ui.ctx(), |ui| {
            let field =
                ui.add(TextEdit::singleline(&mut text).hint_text("Find a command").desired_width(f32::INFINITY));
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a command"));
            if fresh {
                field.request_focus();
            }
            if field.changed() {
                at = 0;
            }
            let rows = found(&text);
            let (up, down, enter) =
                ui.input(|i| (i.key_pressed(Key::ArrowUp), i.key_pressed(Key::ArrowDown), i.key_pressed(Key::Enter)));
            at = (at + usize::from(down)).saturating_sub(usize::from(up)).min(rows.len().saturating_sub(1));
            for (n, c) in rows.iter().enumerate() {
                let why = app.why_not(c.id);
                let key = app.key_of(c.id);
                let label = RichText::new(format!("{:<22} {key:>14}", c.name)).monospace();
                let response = ui.add_enabled(why.is_none(), egui::Button::selectable(n == at, label));
                let response = response.on_hover_text(c.hint);
                let response = why.iter().fold(response, |r, w| r.on_disabled_hover_text(w));
                if response.clicked() || (enter && n == at && why.is_none()) {
                    run = Some(c.id);
                }
            }
            open = !(enter && rows.is_empty());
        });
    match run {
        Some(id) => app.run(id),
        None if open => app.dialog = Dialog::Palette { text, at, fresh: false },
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_a_command() {
        assert_eq!(found("brush").first().map(|c| c.name), Some("Brush"));
        assert!(found("expo").iter().any(|c| c.id == CommandId::Export));
        assert!(found("qqzz").is_empty());
    }
}
