//! Forms of the current lesion and level. Each change is one step of the script: undone, journaled and replayed like a
//! stroke.

use super::{App, theme, widgets};
use crate::anatomy::VertebraLevel;
use crate::assess;
use crate::document::{EsccGrade, Extent, Lesion, LesionKind, LevelStatus, Margin, Presence, Vertebra};
use crate::session::{Op, Target};
use egui::{Color32, Grid, RichText, TextEdit, Ui};
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

/// One labelled row of a form.
fn row(ui: &mut Ui, name: &str, field: impl FnOnce(&mut Ui)) {
    ui.label(RichText::new(name).color(theme::MUTED));
    field(ui);
    ui.end_row();
}

fn choice<T: Copy + PartialEq + serde::Serialize>(
    ui: &mut Ui,
    name: &str,
    mut value: T,
    all: &[T],
    word: impl Fn(T) -> &'static str,
) -> Option<Value> {
    let mut changed = None;
    row(ui, name, |ui| {
        if widgets::choose(ui, name, &mut value, all, word) {
            changed = Some(json!(value));
        }
    });
    changed
}

/// The current lesion.
pub fn lesion(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    let Some(lesion) = app.desk.current(reading.document()).map(|(_, l)| l.clone()) else { return };
    ui.add_space(4.0);
    let mut set: Vec<(&str, Value)> = Vec::new();
    Grid::new("lesion form").num_columns(2).spacing([10.0, 4.0]).show(ui, |ui| {
        if let Some(v) = name(ui, &lesion) {
            set.push(("label", v));
        }
        if let Some(v) = kind(ui, &lesion) {
            set.push(("type", v));
        }
        let level = choice(ui, "Level", lesion.vertebra, &VertebraLevel::ALL, VertebraLevel::name);
        let extent = choice(ui, "Extent", lesion.extent, Extent::ALL, Extent::word);
        let margin = choice(ui, "Margin", lesion.margin, Margin::ALL, Margin::word);
        let breach = choice(ui, "Cortex broken", lesion.cortical_breach, &PRESENCES, presence_word);
        let soft = choice(ui, "Soft tissue", lesion.soft_tissue_component, &PRESENCES, presence_word);
        let fields = ["vertebra", "extent", "margin", "cortical_breach", "soft_tissue_component"];
        set.extend(fields.into_iter().zip([level, extent, margin, breach, soft]).filter_map(|(f, v)| Some((f, v?))));
        if let Some(v) = colour(ui, &lesion) {
            set.push(("color", v));
        }
    });
    if let Some(text) = reading.value_text(&lesion) {
        widgets::muted(ui, &text);
    }
    for (field, value) in set {
        let renamed = (field == "label").then(|| value.as_str().map(str::to_owned)).flatten();
        let target = Target::Lesion(lesion.label.clone());
        if app.perform(Op::Set { target, field: field.to_owned(), value })
            && let Some(label) = renamed
        {
            app.desk.lesion = Some(label);
        }
    }
}

fn name(ui: &mut Ui, lesion: &Lesion) -> Option<Value> {
    let id = ui.scope_id().with(("name of", lesion.label_value));
    let mut text = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| lesion.label.clone());
    let mut done = None;
    row(ui, "Name", |ui| {
        let field = ui.add(TextEdit::singleline(&mut text).desired_width(150.0));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Lesion name"));
        if field.lost_focus() {
            ui.data_mut(|d| d.remove::<String>(id));
            let text = text.trim();
            if !text.is_empty() && text != lesion.label {
                done = Some(json!(text));
            }
        } else if field.has_focus() {
            ui.data_mut(|d| d.insert_temp(id, text.clone()));
        }
    });
    done
}

fn kind(ui: &mut Ui, lesion: &Lesion) -> Option<Value> {
    let mut chosen = None;
    row(ui, "Type", |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            for k in LesionKind::ALL {
                let short = if *k == LesionKind::Indeterminate { "?" } else { k.word() };
                if ui.selectable_label(lesion.kind == *k, short).on_hover_text(k.word()).clicked() && lesion.kind != *k
                {
                    chosen = Some(json!(k));
                }
            }
        });
    });
    chosen
}

fn colour(ui: &mut Ui, lesion: &Lesion) -> Option<Value> {
    let mut chosen = None;
    row(ui, "Colour", |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            for (n, [r, g, b]) in theme::LESION_COLORS.into_iter().enumerate() {
                let (rect, response) = ui.allocate_exact_size(egui::vec2(16.0, 16.0), egui::Sense::click());
                response.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Lesion colour {}", n + 1))
                });
                let color = Color32::from_rgb(r, g, b);
                ui.painter().rect_filled(rect, 3.0, color);
                if theme::lesion_color(lesion) == color {
                    let stroke = egui::Stroke::new(1.5, Color32::WHITE);
                    ui.painter().rect_stroke(rect, 3.0, stroke, egui::StrokeKind::Outside);
                }
                if response.clicked() {
                    chosen = Some(json!([r, g, b]));
                }
            }
        });
    });
    chosen
}

/// The current level: state, fracture, canal, and the score with its open questions.
pub fn level(app: &mut App, ui: &mut Ui) {
    let Some(level) = app.current_level() else { return };
    let Some(reading) = &app.reading else { return };
    let document = reading.document();
    let Some(v) = document.vertebrae.get(&level).cloned() else { return };
    ui.add_space(6.0);
    widgets::heading(ui, &format!("{level}"));
    let mut set: Vec<(&str, Value)> = Vec::new();
    Grid::new("level form").num_columns(2).spacing([10.0, 4.0]).show(ui, |ui| {
        let status = choice(ui, "State", v.status, LevelStatus::ALL, LevelStatus::word);
        let fracture = choice(ui, "Fracture", v.fracture, &PRESENCES, presence_word);
        let through = choice(ui, "Through tumour", v.pathological_fracture, &PRESENCES, presence_word);
        let cord = choice(ui, "Cord compressed", v.cord_compression, &PRESENCES, presence_word);
        let fields = ["status", "fracture", "pathological_fracture", "cord_compression"];
        set.extend(fields.into_iter().zip([status, fracture, through, cord]).filter_map(|(f, v)| Some((f, v?))));
        if let Some(g) = graded(ui, "ESCC (Bilsky)", v.escc_grade, EsccGrade::ALL, EsccGrade::word) {
            set.push(("escc_grade", g));
        }
        set.extend(sins_answers(ui, &v));
    });
    figures(ui, document, level);
    for (field, value) in set {
        app.perform(Op::Set { target: Target::Vertebra(level), field: field.to_owned(), value });
    }
}

/// A grade that may be open.
fn graded<T: Copy + PartialEq + serde::Serialize>(
    ui: &mut Ui,
    name: &str,
    value: Option<T>,
    all: &[T],
    word: impl Fn(T) -> &'static str,
) -> Option<Value> {
    let options: Vec<Option<T>> = std::iter::once(None).chain(all.iter().copied().map(Some)).collect();
    choice(ui, name, value, &options, |v| v.map_or("not assessed", &word))
}

/// What only a reader can answer of SINS (Fisher 2010).
fn sins_answers(ui: &mut Ui, v: &Vertebra) -> Vec<(&'static str, Value)> {
    let pain = |p: u8| ["pain-free (0)", "occasional (1)", "", "mechanical (3)"][usize::from(p.min(3))];
    let alignment = |p: u8| ["normal (0)", "", "new deformity (2)", "", "translation (4)"][usize::from(p.min(4))];
    let sides = |p: u8| ["none (0)", "one side (1)", "", "both sides (3)"][usize::from(p.min(3))];
    let answers = [
        ("sins_pain", graded(ui, "Pain", v.sins_pain, &[3, 1, 0], pain)),
        ("sins_alignment", graded(ui, "Alignment", v.sins_alignment, &[4, 2, 0], alignment)),
        ("sins_posterolateral", graded(ui, "Posterolateral", v.sins_posterolateral, &[3, 1, 0], sides)),
    ];
    answers.into_iter().filter_map(|(f, v)| Some((f, v?))).collect()
}

fn figures(ui: &mut Ui, document: &crate::document::Document, level: VertebraLevel) {
    if let Some(points) = document.vertebrae.get(&level).and_then(|v| v.heights) {
        let h = assess::heights(&points);
        widgets::muted(
            ui,
            &format!("Heights {:.1} / {:.1} / {:.1} mm (front, middle, back)", h.ha_mm, h.hm_mm, h.hp_mm),
        );
    }
    if let Some(c) = assess::collapse(document, level) {
        let levels: Vec<_> = c.reference_levels.iter().map(|l| l.name()).collect();
        let against = if levels.is_empty() { "own posterior height".to_owned() } else { levels.join(", ") };
        widgets::muted(ui, &format!("Collapse {:.0} % against {against}", c.percent));
    }
    let Ok(s) = assess::sins(document, level) else { return };
    let total = s.total.map_or_else(|| format!("{}–{}", s.total_min, s.total_max), |t| t.to_string());
    ui.label(RichText::new(format!("SINS {total} of 18")).strong());
    for (name, c) in s.components.each() {
        let points = c
            .points
            .map_or_else(|| c.possible.iter().map(u8::to_string).collect::<Vec<_>>().join(" or "), |p| p.to_string());
        widgets::muted(ui, &format!("{}: {points} — {}", widgets::plain(name), c.basis));
    }
}
