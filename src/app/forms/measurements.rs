//! What was drawn as a distance or an angle: its value, the level it belongs to, and what it stands for.

use crate::anatomy::VertebraLevel;
use crate::app::{App, theme, widgets};
use crate::assess;
use crate::document::{MeasureRole, Measurement, MeasurementShape};
use crate::session::{Op, Target};
use egui::{CollapsingHeader, RichText, Ui};
use serde_json::json;

/// The list; empty while nothing was measured.
pub fn measurements(app: &mut App, ui: &mut Ui) {
    let list = app.standing.measurements.clone();
    if list.is_empty() {
        return;
    }
    let near = app.current_level();
    let mut ops = Vec::new();
    let title = RichText::new(format!("Measurements ({})", list.len())).color(theme::MUTED);
    CollapsingHeader::new(title).id_salt("measurements").default_open(list.len() <= 2).show(ui, |ui| {
        for m in &list {
            one(ui, m, near, &mut ops);
        }
    });
    for op in ops {
        app.perform(op);
    }
}

fn one(ui: &mut Ui, m: &Measurement, near: Option<VertebraLevel>, ops: &mut Vec<Op>) {
    let length = matches!(m.shape, MeasurementShape::Length { .. });
    let value =
        assess::measure(&m.shape).0.map_or("–".to_owned(), |v| format!("{v:.1}{}", if length { " mm" } else { "°" }));
    let set =
        |field: &str, value| Op::Set { target: Target::Measurement(m.label.clone()), field: field.to_owned(), value };
    ui.horizontal(|ui| {
        ui.label(RichText::new(&m.label).strong());
        ui.label(value);
        if ui.small_button("×").on_hover_text("Remove; undo brings it back").clicked() {
            ops.push(Op::Unmeasure { measurement: m.label.clone() });
        }
    });
    ui.horizontal(|ui| {
        let mut level = m.level;
        let all: Vec<Option<VertebraLevel>> = std::iter::once(None).chain(VertebraLevel::ALL.map(Some)).collect();
        let name = format!("level of {}", m.label);
        ui.scope(|ui| {
            ui.set_max_width(110.0);
            if widgets::choose(ui, &name, &mut level, &all, |l| l.map_or("no level", VertebraLevel::name)) {
                ops.push(set("level", json!(level)));
            }
        });
        if length {
            let mut role = m.role;
            if widgets::choose(ui, &format!("role of {}", m.label), &mut role, MeasureRole::ALL, role_word) {
                // A diameter belongs to the level at the crosshair unless it has one.
                if m.level.is_none() && role != MeasureRole::Free {
                    ops.extend(near.map(|l| set("level", json!(l))));
                }
                ops.push(set("role", json!(role)));
            }
        }
    });
}

fn role_word(role: MeasureRole) -> &'static str {
    match role {
        MeasureRole::Free => "a distance",
        MeasureRole::CanalAp => "canal, front to back",
        MeasureRole::CordAp => "cord, front to back",
        MeasureRole::CordTransverse => "cord, side to side",
    }
}
