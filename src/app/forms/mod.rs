//! Forms of the current lesion, the current level, the numbering and the case. Each change is one step of the script:
//! undone, journaled and replayed like a stroke.

mod case;
mod lesion;
mod level;
mod measurements;

pub use case::{ANCHORS, case, numbering};
pub use lesion::lesion;
pub use level::level;
pub use measurements::measurements;

use super::{App, theme, widgets};
use crate::document::{Evidence, Presence};
use crate::session::{Op, Target};
use egui::{CollapsingHeader, DragValue, Grid, RichText, TextEdit, Ui};
use serde_json::{Value, json};

const PRESENCES: [Presence; 4] = [Presence::Present, Presence::Absent, Presence::Indeterminate, Presence::NotAssessed];

fn presence_word(p: Presence) -> &'static str {
    match p {
        Presence::Present => "present",
        Presence::Absent => "absent",
        Presence::Indeterminate => "indeterminate",
        Presence::NotAssessed => "not assessed",
    }
}

/// Fields of a record as labelled rows; what the reader changed is gathered as the script spells it.
pub struct Form<'a> {
    ui: &'a mut Ui,
    set: Vec<(String, Value)>,
}

/// Shows rows in two columns; returns what was changed.
pub fn form(ui: &mut Ui, name: &str, rows: impl FnOnce(&mut Form<'_>)) -> Vec<(String, Value)> {
    let grid = Grid::new(name).num_columns(2).spacing([10.0, 3.0]);
    grid.show(ui, |ui| {
        let mut form = Form { ui, set: Vec::new() };
        rows(&mut form);
        form.set
    })
    .inner
}

/// Rows that are needed less often, behind a heading that stays as the reader left it.
fn more(ui: &mut Ui, name: &str, rows: impl FnOnce(&mut Form<'_>)) -> Vec<(String, Value)> {
    let header = CollapsingHeader::new(RichText::new(name).color(theme::MUTED)).id_salt(name);
    header.show(ui, |ui| form(ui, name, rows)).body_returned.unwrap_or_default()
}

impl Form<'_> {
    pub fn row(&mut self, name: &str, field: impl FnOnce(&mut Ui)) {
        self.ui.label(RichText::new(name).color(theme::MUTED));
        field(self.ui);
        self.ui.end_row();
    }

    fn changed(&mut self, field: &str, value: Value) {
        self.set.push((field.to_owned(), value));
    }

    /// One of several words.
    fn choice<T: Copy + PartialEq + serde::Serialize>(
        &mut self,
        name: &str,
        field: &str,
        mut value: T,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) {
        let mut changed = false;
        self.row(name, |ui| changed = widgets::choose(ui, name, &mut value, all, word));
        if changed {
            self.changed(field, json!(value));
        }
    }

    /// One of several words, or none yet.
    fn open_choice<T: Copy + PartialEq + serde::Serialize>(
        &mut self,
        name: &str,
        field: &str,
        value: Option<T>,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) {
        let options: Vec<Option<T>> = std::iter::once(None).chain(all.iter().copied().map(Some)).collect();
        self.choice(name, field, value, &options, |v| v.map_or("not assessed", &word));
    }

    /// Present, absent, indeterminate, not assessed: one click each.
    fn presence(&mut self, name: &str, field: &str, value: Presence) {
        let short = |p: Presence| match p {
            Presence::Present => "yes",
            Presence::Absent => "no",
            Presence::Indeterminate => "?",
            Presence::NotAssessed => "–",
        };
        let chosen = self.one_of(name, value, &PRESENCES, short, presence_word);
        chosen.into_iter().for_each(|p| self.changed(field, json!(p)));
    }

    /// Points of a score by their words; the chosen one once more takes the answer back.
    fn points(&mut self, name: &str, field: &str, value: Option<u8>, table: &[(u8, &'static str)]) {
        let word = |p: Option<u8>| table.iter().find(|(q, _)| Some(*q) == p).map_or("", |(_, w)| *w);
        let all: Vec<Option<u8>> = table.iter().map(|(p, _)| Some(*p)).collect();
        let mut chosen = None;
        self.row(name, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                ui.spacing_mut().button_padding.x = 4.0;
                for one in &all {
                    let points = one.unwrap_or_default();
                    let text = RichText::new(format!("{} {points}", word(*one))).small();
                    let response = ui.selectable_label(value == *one, text);
                    let label = format!("{name}: {} ({points})", word(*one));
                    response
                        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, value == *one, &label));
                    if response.clicked() {
                        chosen = Some(if value == *one { None } else { *one });
                    }
                }
            });
        });
        chosen.into_iter().for_each(|p| self.changed(field, json!(p)));
    }

    /// One of a few, side by side; what was clicked, if it is another.
    fn one_of<T: Copy + PartialEq>(
        &mut self,
        name: &str,
        value: T,
        all: &[T],
        short: impl Fn(T) -> &'static str,
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let mut chosen = None;
        self.row(name, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                for one in all {
                    let response = ui.selectable_label(value == *one, short(*one)).on_hover_text(word(*one));
                    let label = format!("{name}: {}", word(*one));
                    response
                        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, value == *one, &label));
                    if response.clicked() && value != *one {
                        chosen = Some(*one);
                    }
                }
            });
        });
        chosen
    }

    /// Several words, separated by commas.
    fn list(&mut self, name: &str, field: &str, value: &[String]) {
        if let Some(text) = self.typed(name, &value.join(", ")) {
            let words: Vec<&str> = text.split(',').map(str::trim).filter(|w| !w.is_empty()).collect();
            self.changed(field, json!(words));
        }
    }

    /// A line of text; empty is nothing.
    pub fn text(&mut self, name: &str, field: &str, value: Option<&str>) {
        let before = value.unwrap_or_default();
        if let Some(text) = self.typed(name, before) {
            self.changed(field, if text.is_empty() { Value::Null } else { json!(text) });
        }
    }

    /// Text while it is typed; given back once, when the field is left and the text is another.
    fn typed(&mut self, name: &str, before: &str) -> Option<String> {
        let mut done = None;
        self.row(name, |ui| done = text_field(ui, name, before, 150.0));
        done
    }

    /// A number that may be open; dragged or typed, and kept once the hand is off it.
    pub fn number(&mut self, name: &str, field: &str, value: Option<f64>, suffix: &str, most: f64, whole: bool) {
        let mut done = None;
        self.row(name, |ui| done = number_field(ui, name, value, suffix, [0.0, most], whole));
        done.into_iter().for_each(|v| self.changed(field, v));
    }

    /// Any number of words, each on or off.
    fn several<T: Copy + PartialEq + serde::Serialize>(
        &mut self,
        name: &str,
        field: &str,
        value: &[T],
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) {
        let mut now = value.to_vec();
        self.row(name, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = egui::vec2(3.0, 2.0);
                ui.set_max_width(210.0);
                for one in all {
                    let on = now.contains(one);
                    let text = RichText::new(widgets::plain(word(*one))).small();
                    if ui.selectable_label(on, text).clicked() {
                        if on { now.retain(|s| s != one) } else { now.push(*one) }
                    }
                }
            });
        });
        if now != value {
            now.sort_by_key(|s| all.iter().position(|a| a == s));
            self.changed(field, json!(now));
        }
    }
}

/// A line of text; what was typed, once, when the field is left and the text is another.
pub fn text_field(ui: &mut Ui, name: &str, before: &str, width: f32) -> Option<String> {
    let id = ui.scope_id().with(("typing", name, before));
    let mut text = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| before.to_owned());
    let response = ui.add(TextEdit::singleline(&mut text).desired_width(width));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
    if response.lost_focus() {
        ui.data_mut(|d| d.remove::<String>(id));
        return Some(text.trim().to_owned()).filter(|t| t != before);
    }
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, text));
    }
    None
}

/// A number within a range that may be open; dragged or typed, and given once the hand is off it; null takes it back.
pub fn number_field(
    ui: &mut Ui,
    name: &str,
    value: Option<f64>,
    suffix: &str,
    [least, most]: [f64; 2],
    whole: bool,
) -> Option<Value> {
    let id = ui.scope_id().with(("number", name));
    // What is open lies below the range, so that the least number can be typed too.
    let mut now = ui.data(|d| d.get_temp::<f64>(id)).or(value).unwrap_or(least - 1.0);
    let mut done = None;
    ui.horizontal(|ui| {
        let known = value.is_some() || ui.data(|d| d.get_temp::<f64>(id)).is_some();
        let drag = DragValue::new(&mut now).range(least..=most).speed((most - least) / 400.0).suffix(suffix);
        let drag = drag.max_decimals(if whole { 0 } else { 1 }).clamp_existing_to_range(false);
        let drag = if known { drag } else { drag.custom_formatter(|_, _| "–".to_owned()) };
        let response = ui.add(drag);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name));
        let held = response.dragged() || response.has_focus();
        if response.changed() && held {
            ui.data_mut(|d| d.insert_temp(id, now));
        }
        let kept = ui.data(|d| d.get_temp::<f64>(id));
        if let Some(kept) = kept.or(response.changed().then_some(now)).filter(|_| !held) {
            ui.data_mut(|d| d.remove::<f64>(id));
            let kept = if whole { kept.round() } else { kept };
            done = (Some(kept) != value).then(|| if whole { json!(kept as i64) } else { json!(kept) });
        }
        if value.is_some() && ui.small_button("×").on_hover_text("Not known").clicked() {
            done = Some(Value::Null);
        }
    });
    done
}

/// What a record's statements rest on; a new entry names the series that is shown.
fn evidence(app: &App, ui: &mut Ui, name: &str, before: &[Evidence]) -> Vec<(String, Value)> {
    let image = app.reading.as_ref().filter(|r| app.document().images.contains_key(&r.key)).map(|r| r.key.clone());
    let header = CollapsingHeader::new(RichText::new(format!("Evidence ({})", before.len())).color(theme::MUTED));
    let mut after = None;
    header.id_salt(name).show(ui, |ui| {
        for (n, e) in before.iter().enumerate() {
            ui.horizontal_wrapped(|ui| {
                widgets::muted(ui, &e.finding);
                if ui.small_button("×").on_hover_text("Remove").clicked() {
                    after = Some(before.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, e)| e.clone()).collect());
                }
            });
        }
        let added = form(ui, name, |f| {
            if let Some(finding) = f.typed("Seen here", "").filter(|t| !t.is_empty()) {
                f.changed("evidence", json!(finding));
            }
        });
        if let Some((_, Value::String(finding))) = added.into_iter().next() {
            let mut all: Vec<Evidence> = before.to_vec();
            all.push(Evidence { image: image.clone(), finding });
            after = Some(all);
        }
    });
    after.map(|all: Vec<Evidence>| ("evidence".to_owned(), json!(all))).into_iter().collect()
}

impl App {
    /// Carries out the changes of a form, each as its own step.
    fn set_fields(&mut self, target: &Target, set: Vec<(String, Value)>) {
        for (field, value) in set {
            self.perform(Op::Set { target: target.clone(), field, value });
        }
    }
}
