//! The list of differences below the images: who is compared, what they differ about, the gravest first, and the decisions.

use super::super::{App, theme, widgets};
use super::{Agreement, COLORS, Side, outlines};
use crate::agree::{Difference, Severity};
use crate::session::CommandId;
use egui::{Color32, Panel, RichText, ScrollArea, Sense, Ui, vec2};

/// Height of a row.
const ROW: f32 = 24.0;
/// Widths of the columns before the reasons, logical points.
const COLUMNS: [f32; 4] = [84.0, 46.0, 190.0, 52.0];

/// The panel; nothing without a comparison.
pub fn show(app: &mut App, ui: &mut Ui) {
    if app.agreement.is_none() || app.reading.is_none() {
        return;
    }
    app.refresh_differences();
    // Both go back below, whatever happens in between.
    let (Some(mut agreement), Some(reading)) = (app.agreement.take(), app.reading.take()) else { return };
    let mut asked = None;
    Panel::bottom("agreement").resizable(true).default_size(220.0).size_range(144.0..=420.0).show(ui, |ui| {
        widgets::region(ui, "Readers compared");
        ui.add_space(4.0);
        let decided = agreement.decided(reading.case.session.as_ref());
        ui.horizontal(|ui| {
            widgets::heading(ui, "Agreement");
            ui.add_space(6.0);
            for n in 0..2 {
                side(ui, &mut agreement, &reading, n);
            }
            ui.checkbox(&mut agreement.own_shown, "this case")
                .on_hover_text("What the open case holds, in its colours");
        });
        // A row of its own: beside the readers there is no room for it in a small window.
        ui.horizontal(|ui| {
            let rows = agreement.listed.as_ref().map_or(&[][..], |l| &l.differences);
            let settled = rows.iter().filter(|d| decided.contains_key(&d.name)).count();
            let settled = if agreement.settles { format!(", {settled} settled") } else { String::new() };
            let differences = if rows.len() == 1 { "difference" } else { "differences" };
            ui.label(RichText::new(format!("{} {differences}{settled}", rows.len())).strong());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                for (id, text) in [
                    (CommandId::EndComparison, "End"),
                    (CommandId::Adjudicate, "Settle in a third case"),
                    (CommandId::CompareReaders, "Another…"),
                ] {
                    if ui.button(text).on_hover_text(id.command().hint).clicked() {
                        asked = Some(Asked::Run(id));
                    }
                }
            });
        });
        ui.separator();
        let rows = agreement.listed.as_ref().map_or(&[][..], |l| &l.differences);
        if rows.is_empty() {
            widgets::muted(ui, "The two do not differ in anything that is compared.");
        }
        let names = agreement.sides.map(|s| agreement.reader(s, &reading).to_owned());
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (n, d) in rows.iter().enumerate() {
                let current = agreement.at == Some(n);
                let state = decided.get(&d.name).map(String::as_str);
                let done = ui.push_id(n, |ui| row(ui, d, current, state, &names, agreement.sides)).inner;
                asked = done.map(|a| if matches!(a, Asked::Go(_)) { Asked::Go(n) } else { a }).or(asked.take());
            }
        });
    });
    (app.agreement, app.reading) = (Some(agreement), Some(reading));
    match asked {
        Some(Asked::Run(id)) => app.run(id),
        Some(Asked::Go(n)) => app.go_to_difference(n),
        None => {}
    }
}

/// What the reader wants.
enum Asked {
    Run(CommandId),
    Go(usize),
}

/// One side: its line, whose it is, and whether it is shown.
fn side(ui: &mut Ui, agreement: &mut Agreement, reading: &super::Reading, n: usize) {
    let (rect, _) = ui.allocate_exact_size(vec2(26.0, 14.0), Sense::hover());
    outlines::sample(ui.painter(), n, rect);
    let mut all: Vec<Side> = vec![Side::Own];
    all.extend((0..agreement.others.len()).map(Side::Other));
    let name = |s: Side| match s {
        Side::Own => format!("{} (this case)", agreement.reader(s, reading)),
        Side::Other(_) => agreement.reader(s, reading).to_owned(),
    };
    let (mut chosen, names): (Side, Vec<String>) = (agreement.sides[n], all.iter().map(|s| name(*s)).collect());
    let at = all.iter().position(|s| *s == chosen).unwrap_or(0);
    let text = RichText::new(&names[at]).color(COLORS[n]);
    let which = ["first reader", "second reader"][n];
    let response = egui::ComboBox::from_id_salt(which)
        .selected_text(text)
        .width(130.0)
        .show_ui(ui, |ui| {
            for (s, name) in all.iter().zip(&names).filter(|(s, _)| **s != agreement.sides[1 - n]) {
                ui.selectable_value(&mut chosen, *s, name);
            }
        })
        .response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, which));
    if chosen != agreement.sides[n] {
        let mut sides = agreement.sides;
        sides[n] = chosen;
        agreement.look_at(sides);
    }
    ui.checkbox(&mut agreement.shown[n], "").on_hover_text("Outlines over the images");
    ui.add_space(8.0);
}

fn severity_color(s: Severity) -> Color32 {
    match s {
        Severity::Numbering => theme::ERROR,
        Severity::Lesion | Severity::Level => theme::WARNING,
        Severity::Shape | Severity::Grade => theme::TEXT,
        Severity::Detail => theme::MUTED,
    }
}

/// One difference; what the reader asks for by clicking it.
fn row(
    ui: &mut Ui,
    d: &Difference,
    current: bool,
    decided: Option<&str>,
    names: &[String; 2],
    sides: [Side; 2],
) -> Option<Asked> {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let label = format!("{}: {}", d.name, d.reasons.join("; "));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, current, &label));
    if current {
        ui.painter().rect_filled(rect, 3.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 3.0, theme::RAISED);
    }
    let mut asked = response.clicked().then_some(Asked::Go(0));
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(6.0, 1.0))));
    ui.spacing_mut().interact_size.y = ROW - 4.0;
    ui.spacing_mut().button_padding.y = 1.0;
    ui.horizontal_centered(|ui| {
        let cell = |ui: &mut Ui, width: f32, text: RichText| {
            let label = egui::Label::new(text).truncate().selectable(false);
            ui.allocate_ui_with_layout(
                vec2(width, ROW - 2.0),
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| {
                    ui.set_min_width(width);
                    ui.add(label);
                },
            );
        };
        cell(ui, COLUMNS[0], RichText::new(d.severity.word()).color(severity_color(d.severity)));
        cell(ui, COLUMNS[1], RichText::new(d.level.name()).strong());
        cell(ui, COLUMNS[2], RichText::new(&d.name));
        cell(ui, COLUMNS[3], RichText::new(d.dice.map_or(String::new(), |v| format!("{v:.2}"))).monospace());
        let buttons = if current { 330.0 } else { 150.0 };
        let room = (ui.available_width() - buttons).max(60.0);
        cell(ui, room, RichText::new(whose(d, names)).color(theme::TEXT));
        if let Some(who) = decided {
            let text = if who == "left" { "left as it is".to_owned() } else { format!("as {who}") };
            ui.label(RichText::new(format!("✔ {text}")).color(theme::MUTED).small());
        }
        if current {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Leave").on_hover_text(CommandId::LeaveDifference.command().hint).clicked() {
                    asked = Some(Asked::Run(CommandId::LeaveDifference));
                }
                for (n, id) in [(1, CommandId::TakeSecond), (0, CommandId::TakeFirst)] {
                    let short: String = names[n].chars().take(14).collect();
                    let text = RichText::new(format!("as {short}")).color(COLORS[n]);
                    let button = ui.add_enabled(sides[n] != Side::Own, egui::Button::new(text));
                    let button = button.on_hover_text(id.command().hint);
                    if button.on_disabled_hover_text("The open case says this already").clicked() {
                        asked = Some(Asked::Run(id));
                    }
                }
            });
        }
    });
    asked
}

/// What differs, with the name of who has a lesion alone.
fn whose(d: &Difference, names: &[String; 2]) -> String {
    let alone = match &d.subject {
        crate::agree::Subject::Lesion { a: Some(_), b: None } => Some(&names[0]),
        crate::agree::Subject::Lesion { a: None, b: Some(_) } => Some(&names[1]),
        _ => None,
    };
    match alone {
        Some(who) => format!("only {who}: {}", d.reasons.join("; ")),
        None => d.reasons.join("; "),
    }
}
