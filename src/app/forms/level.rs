//! The form of the current level: state, fracture, canal, what was done to it, and the scores with their open questions.

use super::{Form, form, more};
use crate::anatomy::VertebraLevel;
use crate::app::{App, widgets};
use crate::assess;
use crate::document::{Document, EsccGrade, LevelConfidence, LevelStatus, Vertebra};
use crate::session::Target;
use egui::{RichText, Ui};

/// The level at the crosshair.
pub fn level(app: &mut App, ui: &mut Ui) {
    let Some(level) = app.current_level() else { return };
    let Some(reading) = &app.reading else { return };
    let document = reading.document();
    let Some(v) = document.vertebrae.get(&level).cloned() else { return };
    ui.add_space(6.0);
    widgets::heading(ui, &format!("{level}"));
    let mut set = form(ui, "level form", |f| {
        f.choice("State", "status", v.status, LevelStatus::ALL, LevelStatus::word);
        f.choice("Count is", "level_confidence", v.level_confidence, LevelConfidence::ALL, LevelConfidence::word);
        f.presence("Fracture", "fracture", v.fracture);
        f.presence("Through tumour", "pathological_fracture", v.pathological_fracture);
        f.presence("Cord compressed", "cord_compression", v.cord_compression);
        f.presence("CSF seen", "csf_visible", v.csf_visible);
        f.open_choice("ESCC (Bilsky)", "escc_grade", v.escc_grade, EsccGrade::ALL, EsccGrade::word);
        sins_answers(f, &v);
    });
    figures(ui, document, level);
    set.extend(more(ui, "After surgery", |f| postoperative(f, &v)));
    set.extend(more(ui, "More of this level", |f| {
        f.presence("Painful", "pain", v.pain);
        f.text("Remark", "remark", v.remark.as_deref());
    }));
    app.set_fields(&Target::Vertebra(level), set);
}

/// What only a reader can answer of SINS (Fisher 2010).
fn sins_answers(f: &mut Form<'_>, v: &Vertebra) {
    let pain = |p: u8| ["pain-free (0)", "occasional (1)", "", "mechanical (3)"][usize::from(p.min(3))];
    let alignment = |p: u8| ["normal (0)", "", "new deformity (2)", "", "translation (4)"][usize::from(p.min(4))];
    let sides = |p: u8| ["none (0)", "one side (1)", "", "both sides (3)"][usize::from(p.min(3))];
    f.open_choice("Pain", "sins_pain", v.sins_pain, &[3, 1, 0], pain);
    f.open_choice("Alignment", "sins_alignment", v.sins_alignment, &[4, 2, 0], alignment);
    f.open_choice("Posterolateral", "sins_posterolateral", v.sins_posterolateral, &[3, 1, 0], sides);
}

fn postoperative(f: &mut Form<'_>, v: &Vertebra) {
    let p = &v.postoperative;
    f.presence("Corpectomy", "postoperative.corpectomy", p.corpectomy);
    f.presence("Cage", "postoperative.cage", p.cage);
    f.text("Cage material", "postoperative.cage_material", p.cage_material.as_deref());
    f.presence("Cement", "postoperative.cement", p.cement);
    f.presence("Screws", "postoperative.screws", p.screws);
    f.presence("Fixation failed", "postoperative.fixation_failure", p.fixation_failure);
    f.presence("Cement leaked", "postoperative.cement_leakage", p.cement_leakage);
    f.number("Subsidence", "postoperative.subsidence_mm", p.subsidence_mm, " mm", 50.0, false);
}

/// A figure, with how it comes about under the pointer.
fn figure(ui: &mut Ui, text: &str, how: &str) {
    let color = crate::app::theme::MUTED;
    ui.label(RichText::new(text).color(color).small()).on_hover_text(how);
}

const HEIGHTS: &str = "Distances in space between the end-plate points: front, middle, back (six-point morphometry, \
                       Genant 1993, J Bone Miner Res 8:1137).";
const COLLAPSE: &str = "100 · (1 − height / reference height), the largest of front, middle and back. The reference is \
                        the mean of the nearest sound levels above and below, one of them, or the body's own back \
                        height; the text says which.";
const GENANT: &str = "Loss of the most reduced height: grade 1 from 20 %, 2 from 25 %, 3 from 40 % (Genant 1993, J Bone \
                      Miner Res 8:1137). Defined for T4 to L4; elsewhere it is an extrapolation.";
const KYPHOSIS: &str = "Angle between the upper end plate of the level above and the lower end plate of the level below, \
                        seen from the side; positive is kyphosis (Cobb's construction over three levels).";
const TRANSLATION: &str = "Offset of the back wall of the level above along this level's upper end plate; positive when \
                           the upper body lies in front.";
const SINS: &str = "Spinal Instability Neoplastic Score: six parts, 0 to 18; 0–6 stable, 7–12 potentially unstable, 13–18 \
                    unstable, from 7 a surgeon should be asked (Fisher 2010, Spine 35:E1221). A part that is open keeps \
                    its possible points: the score is then a range.";
const ESCC: &str = "Epidural spinal cord compression (Bilsky 2010, J Neurosurg Spine 13:324), defined on axial T2. The \
                    program never grades; it says what the recorded facts leave open.";

fn figures(ui: &mut Ui, document: &Document, level: VertebraLevel) {
    if let Some(points) = document.vertebrae.get(&level).and_then(|v| v.heights) {
        let h = assess::heights(&points);
        figure(
            ui,
            &format!("Heights {:.1} / {:.1} / {:.1} mm (front, middle, back)", h.ha_mm, h.hm_mm, h.hp_mm),
            HEIGHTS,
        );
    }
    if let Some(c) = assess::collapse(document, level) {
        let levels: Vec<_> = c.reference_levels.iter().map(|l| l.name()).collect();
        let against = if levels.is_empty() { "own posterior height".to_owned() } else { levels.join(", ") };
        figure(ui, &format!("Collapse {:.0} % against {against}", c.percent), COLLAPSE);
        let g = assess::genant(level, &c);
        let beyond = if g.extrapolated { ", extrapolated" } else { "" };
        figure(ui, &format!("Genant grade {}{beyond}", g.grade), GENANT);
    }
    if let Some(deg) = assess::segmental_kyphosis_deg(document, level) {
        figure(ui, &format!("Segmental kyphosis {deg:.0}°"), KYPHOSIS);
    }
    if let Some(mm) = assess::translation_mm(document, level) {
        figure(ui, &format!("Translation {mm:+.1} mm"), TRANSLATION);
    }
    let escc = assess::escc(document, level);
    if let Some(possible) = escc.possible {
        let words: Vec<_> = possible.iter().map(|g| g.word()).collect();
        let surrogate = if escc.surrogate_without_mr { ", a surrogate without T2" } else { "" };
        figure(ui, &format!("ESCC {} — {}{surrogate}", words.join(" or "), escc.basis), ESCC);
    }
    let Ok(s) = assess::sins(document, level) else { return };
    let total = s.total.map_or_else(|| format!("{}–{}", s.total_min, s.total_max), |t| t.to_string());
    ui.label(RichText::new(format!("SINS {total} of 18")).strong()).on_hover_text(SINS);
    for (name, c) in s.components.each() {
        let points = c
            .points
            .map_or_else(|| c.possible.iter().map(u8::to_string).collect::<Vec<_>>().join(" or "), |p| p.to_string());
        figure(ui, &format!("{}: {points} — {}", widgets::plain(name), c.basis), SINS);
    }
}
