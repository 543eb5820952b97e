//! The form of the current level: state, fracture, canal, what was done to it, and the figures with their open questions.

use super::{Form, form, more};
use crate::app::figures::Figure;
use crate::app::{App, theme, widgets};
use crate::assess;
use crate::document::{EsccGrade, EsccImage, LeakPlace, LevelConfidence, LevelStatus, Presence, Vertebra};
use crate::session::{CommandId, Target};
use egui::{RichText, Ui};

/// Seconds for which a figure that changed says what it was.
const SAID_FOR_S: f64 = 6.0;

/// The level at the crosshair.
pub fn level(app: &mut App, ui: &mut Ui) {
    let Some(level) = app.current_level() else {
        return widgets::muted(ui, "No level is at the crosshair: choose one in the ladder");
    };
    let v = app.document().vertebrae.get(&level).cloned().unwrap_or_default();
    let mut set = form(ui, "level form", |f| {
        f.choice("State", "status", v.status, LevelStatus::ALL, LevelStatus::word);
        f.choice("Count is", "level_confidence", v.level_confidence, LevelConfidence::ALL, LevelConfidence::word);
        f.presence("Fracture", "fracture", v.fracture);
        if v.fracture == Presence::Present || v.pathological_fracture != Presence::NotAssessed {
            f.presence("Through tumour", "pathological_fracture", v.pathological_fracture);
        }
        sins_answers(f, &v);
    });
    set.extend(epidural(ui, &v));
    figures(app, ui);
    set.extend(more(ui, "After surgery", |f| postoperative(f, &v)));
    set.extend(more(ui, "More of this level", |f| {
        f.presence("Painful", "pain", v.pain);
        f.text("Remark", "remark", v.remark.as_deref());
    }));
    set.extend(super::evidence(app, ui, "level evidence", &v.evidence));
    app.set_fields(&Target::Vertebra(level), set);
}

/// What only a reader can answer of SINS (Fisher 2010).
fn sins_answers(f: &mut Form<'_>, v: &Vertebra) {
    f.points("Pain", "sins_pain", v.sins_pain, &[(3, "mechanical"), (1, "occasional"), (0, "none")]);
    f.points("Alignment", "sins_alignment", v.sins_alignment, &[(4, "translated"), (2, "new bend"), (0, "normal")]);
    let sides = [(3, "both sides"), (1, "one side"), (0, "none")];
    f.points("Posterolateral", "sins_posterolateral", v.sins_posterolateral, &sides);
    if v.sins_collapse.is_some() || v.heights.is_none() {
        let collapse = [(3, "> 50 %"), (2, "< 50 %"), (1, "> half"), (0, "none")];
        f.points("Collapse", "sins_collapse", v.sins_collapse, &collapse);
    }
}

/// Bilsky's scale as a path: the next question stands where the answers so far lead.
fn epidural(ui: &mut Ui, v: &Vertebra) -> Vec<(String, serde_json::Value)> {
    let path = assess::escc_path(v);
    let told = path.iter().any(|q| q.answer != Presence::NotAssessed) || v.escc_grade.is_some();
    more(ui, "Epidural compression (ESCC)", |f| {
        for q in &path {
            f.presence(q.text, q.field, q.answer);
        }
        // An answer further down may be there already, from a report that names only the end of the path.
        let asked = |field: &str| path.iter().any(|q| q.field == field);
        for (name, field, answer) in [
            ("Cord compressed", "cord_compression", v.cord_compression),
            ("CSF still seen", "csf_visible", v.csf_visible),
        ] {
            if !asked(field) {
                f.presence(name, field, answer);
            }
        }
        if told {
            f.choice("Read on", "escc_image", v.escc_image, EsccImage::ALL, EsccImage::word);
            f.open_choice("Grade as read", "escc_grade", v.escc_grade, EsccGrade::ALL, EsccGrade::word);
        }
    })
}

fn postoperative(f: &mut Form<'_>, v: &Vertebra) {
    let p = &v.postoperative;
    f.presence("Corpectomy", "postoperative.corpectomy", p.corpectomy);
    f.presence("Cage", "postoperative.cage", p.cage);
    if p.cage == Presence::Present {
        f.text("Cage material", "postoperative.cage_material", p.cage_material.as_deref());
        f.number("Subsidence", "postoperative.subsidence_mm", p.subsidence_mm, " mm", 50.0, false);
    }
    f.presence("Cement", "postoperative.cement", p.cement);
    f.presence("Screws", "postoperative.screws", p.screws);
    f.presence("Plate or rods", "postoperative.plate_or_rods", p.plate_or_rods);
    f.presence("Fixation failed", "postoperative.fixation_failure", p.fixation_failure);
    f.presence("Cement leaked", "postoperative.cement_leakage", p.cement_leakage);
    if p.cement_leakage == Presence::Present {
        f.several("Leaked into", "postoperative.leakage_at", &p.leakage_at, LeakPlace::ALL, LeakPlace::word);
    }
    f.presence("Recurrence", "postoperative.recurrence", p.recurrence);
    f.text("Procedure", "postoperative.procedure", p.procedure.as_deref());
}

/// The level's figures; how one comes about stands under the pointer and on its own page.
fn figures(app: &mut App, ui: &mut Ui) {
    if app.standing.figures.is_empty() {
        return;
    }
    let now = ui.input(|i| i.time);
    let mut recent = false;
    ui.add_space(3.0);
    for f in &app.standing.figures {
        let changed = app.standing.changed.get(f.name).filter(|(_, at)| now - at < SAID_FOR_S);
        recent |= changed.is_some();
        line(ui, f, changed.map(|(before, _)| before.as_str()));
    }
    if recent {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(SAID_FOR_S));
    }
    if ui.small_button("How these come about").on_hover_text("Shift+F1").clicked() {
        app.run(CommandId::Explain);
    }
}

fn line(ui: &mut Ui, f: &Figure, before: Option<&str>) {
    let part = f.name.starts_with('·');
    let color = if f.name == "SINS" { theme::TEXT } else { theme::MUTED };
    let mut text = format!("{}  {}", f.name, f.text);
    if part {
        text += &format!(" — {}", f.inputs);
    }
    let label = match before {
        Some(before) => RichText::new(format!("{text}   (was {before})")).color(theme::ACCENT).small(),
        None => RichText::new(text).color(color).small(),
    };
    ui.label(label).on_hover_text(format!("{}\n{}\n{}", f.inputs, f.formula, f.source));
}
