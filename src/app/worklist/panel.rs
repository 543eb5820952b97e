//! The worklist: what there is to read, how far each item is, and the two buttons that lead through it.

use super::{Worklist, state_of};
use crate::app::{App, theme, widgets};
use crate::session::CommandId;
use crate::trial::ItemState;
use egui::{Align, Color32, Layout, RichText, ScrollArea, Sense, Ui, vec2};

/// Height of a row.
const ROW: f32 = 19.0;
/// Height of the list beside images: seven items, the others by the wheel.
const LIST: f32 = 7.0 * ROW;

/// The worklist at the top of the left panel; nothing without a study.
pub fn show(app: &mut App, ui: &mut Ui) {
    if app.worklist.is_none() {
        return;
    }
    widgets::heading(ui, "Worklist");
    heading(app, ui);
    list(app, ui, LIST);
    ui.add_space(3.0);
    buttons(app, ui);
    ui.separator();
}

/// The worklist where no images are open.
pub fn landing(app: &mut App, ui: &mut Ui) {
    let height = ui.available_height();
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space((height * 0.12).max(24.0));
        let Some(w) = &app.worklist else { return };
        let (title, count) = (w.trial.title.clone(), w.items.len());
        ui.label(RichText::new(title).size(26.0).color(theme::TEXT).strong());
        ui.add_space(4.0);
        ui.scope(|ui| {
            ui.set_max_width(420.0);
            heading(app, ui);
            ui.add_space(8.0);
            list(app, ui, (count as f32 * ROW).clamp(ROW, (height * 0.4).max(LIST)));
        });
        ui.add_space(14.0);
        let why = app.why_not(CommandId::NextItem);
        let text = format!("Read the next item   {}", app.key_of(CommandId::NextItem));
        let clicked = ui.add_enabled_ui(why.is_none(), |ui| widgets::primary(ui, &text).clicked()).inner;
        why.iter().for_each(|why| widgets::muted(ui, why));
        if clicked {
            app.run(CommandId::NextItem);
        }
        ui.add_space(10.0);
        widgets::muted(
            ui,
            "Each step is on disk at once; time counts only while you read. Research use only, not for diagnosis.",
        );
    });
}

fn heading(app: &App, ui: &mut Ui) {
    let Some(w) = &app.worklist else { return };
    let (done, all) = (w.finished(), w.items.len());
    let seconds: f64 = (0..all).map(|n| active_seconds(app, w, n)).sum();
    let text = match all {
        0 => format!("{}   reading the files…", w.reader),
        _ => format!("{}   {done} of {all} finished   {:.0} min", w.reader, (seconds / 60.0).floor()),
    };
    widgets::muted(ui, &text);
    let share = if all == 0 { 0.0 } else { done as f32 / all as f32 };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, theme::LINE);
    ui.painter().rect_filled(rect.with_max_x(rect.left() + rect.width() * share), 2.0, theme::ACCENT);
}

/// Time on an item; of the open one as it is now.
fn active_seconds(app: &App, w: &Worklist, n: usize) -> f64 {
    let session = app.reading.as_ref().and_then(|r| r.case.session.as_ref()).filter(|_| w.current == Some(n));
    session.map_or(w.items[n].active_seconds, |s| s.active_time().as_secs_f64())
}

fn list(app: &mut App, ui: &mut Ui, height: f32) {
    let Some(w) = &app.worklist else { return };
    let mut open = None;
    let scroll = ScrollArea::vertical().id_salt("worklist").max_height(height).auto_shrink([false, true]);
    scroll.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for n in 0..w.items.len() {
            let current = w.current == Some(n);
            let response = row(app, w, ui, n);
            let came = ui.data_mut(|d| {
                let id = ui.scope_id().with("open item");
                let before = d.get_temp::<Option<usize>>(id).flatten();
                d.insert_temp(id, w.current);
                before != w.current
            });
            if current && came {
                response.scroll_to_me(Some(Align::Center));
            }
            if response.clicked() && !current {
                open = Some(n);
            }
        }
    });
    if let Some(n) = open {
        app.open_item(n);
    }
}

fn row(app: &App, w: &Worklist, ui: &mut Ui, n: usize) -> egui::Response {
    let p = &w.items[n];
    let current = w.current == Some(n);
    let live = app.item_facts().filter(|_| current).map(|facts| state_of(&w.trial, facts).0);
    let state = live.as_ref().unwrap_or(&p.state);
    let (word, color) = match state {
        ItemState::NotStarted => ("not started", theme::MUTED),
        ItemState::InProgress => ("in progress", theme::ACCENT),
        ItemState::Finished => ("finished", theme::MUTED),
        ItemState::Odd(_) => ("cannot be read", theme::ERROR),
    };
    let shut = matches!(state, ItemState::Odd(_)) || (*state == ItemState::Finished && !w.trial.revisit);
    let sense = if shut { Sense::hover() } else { Sense::click() };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), sense);
    let name = w.name_of(n);
    let label = format!("Item {}: {name}, {word}", n + 1);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, !shut, current, &label));
    let ground = match (current, response.hovered() && !shut) {
        (true, _) => theme::SELECTED,
        (false, true) => theme::RAISED,
        _ => Color32::TRANSPARENT,
    };
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3.0, ground);
    let font = egui::FontId::proportional(12.0);
    let text = |x: f32, anchor, text: String, color| {
        painter.text(egui::pos2(x, rect.center().y), anchor, text, font.clone(), color)
    };
    let faded = if *state == ItemState::Finished && !current { theme::MUTED } else { theme::TEXT };
    text(rect.left() + 24.0, egui::Align2::RIGHT_CENTER, format!("{}", n + 1), theme::MUTED);
    text(rect.left() + 32.0, egui::Align2::LEFT_CENTER, name, faded);
    let seconds = active_seconds(app, w, n).floor() as u64;
    let time = if seconds == 0 { String::new() } else { format!("{}:{:02}", seconds / 60, seconds % 60) };
    text(rect.right() - 6.0, egui::Align2::RIGHT_CENTER, time, theme::MUTED);
    text(rect.right() - 48.0, egui::Align2::RIGHT_CENTER, word.to_owned(), color);
    match state {
        ItemState::Odd(why) => response.on_hover_text(why),
        _ if shut => response.on_hover_text("In this study a finished item is not opened again"),
        _ => response,
    }
}

fn buttons(app: &mut App, ui: &mut Ui) {
    let facts = app.item_facts();
    let finished =
        app.worklist.as_ref().zip(facts).is_some_and(|(w, f)| state_of(&w.trial, f).0 == ItemState::Finished);
    let mut run = None;
    ui.horizontal(|ui| {
        let texts = [
            (CommandId::FinishItem, if finished { "Reopen" } else { "Finish" }, !finished),
            (CommandId::NextItem, "Next item", finished),
        ];
        for (id, text, first) in texts {
            let why = app.why_not(id);
            let tip = format!("{}  [{}]\n{}", id.command().name, app.key_of(id), id.command().hint);
            let tip = why.iter().fold(tip, |tip, why| format!("{tip}\nNot now: {why}"));
            let response = ui.add_enabled_ui(why.is_none(), |ui| match first {
                true => widgets::primary(ui, text),
                false => ui.button(text),
            });
            let response = response.inner.on_hover_text(&tip).on_disabled_hover_text(&tip);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, why.is_none(), id.command().name));
            if response.clicked() {
                run = Some(id);
            }
        }
    });
    run.into_iter().for_each(|id| app.run(id));
}
