//! How the spine was counted, and the facts of the case.

use super::{Form, more};
use crate::anatomy::VertebraLevel;
use crate::app::{App, ladder};
use crate::document::{AgeConflict, CaseFacts, Castellvi, SpineNumbering, Transition};
use crate::session::{Op, Target};
use egui::Ui;
use serde_json::Map;

/// Landmarks that a count can rest on.
pub const ANCHORS: [&str; 5] = SpineNumbering::ANCHORS;

/// How the spine was counted, with the whole count moved by one level where it was wrong.
pub fn numbering(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    let spine = reading.document().spine.clone();
    let counted = !ladder::placed(reading.document()).is_empty();
    let anchor = spine.anchor.as_deref();
    let listed = anchor.and_then(|a| ANCHORS.iter().position(|b| *b == a));
    let thoracic = |n: u8| match n {
        11 => "11",
        12 => "12",
        13 => "13",
        _ => "another number",
    };
    let lumbar = |n: u8| match n {
        4 => "4",
        5 => "5",
        6 => "6",
        _ => "another number",
    };
    let mut shift = None;
    let set = more(ui, "Counting", |f| {
        f.open_choice("Counted from", "counted_from", spine.counted_from, &VertebraLevel::ALL, VertebraLevel::name);
        let mut options: Vec<&str> = vec!["none"];
        options.extend(ANCHORS);
        let before = listed.map_or(0, |n| n + 1);
        let mut at = before;
        let all: Vec<usize> = (0..options.len()).collect();
        f.row("Anchor", |ui| {
            crate::app::widgets::choose(ui, "Anchor", &mut at, &all, |n| {
                ["none", ANCHORS[0], ANCHORS[1], ANCHORS[2], ANCHORS[3], ANCHORS[4]][n]
            });
        });
        if at != before {
            f.changed("anchor", if at == 0 { serde_json::Value::Null } else { serde_json::json!(options[at]) });
        }
        f.text("Other anchor", "anchor", anchor.filter(|_| listed.is_none()));
        f.open_choice("Thoracic", "n_thoracic", spine.n_thoracic, &[11, 12, 13], thoracic);
        f.open_choice("Lumbar", "n_lumbar", spine.n_lumbar, &[4, 5, 6], lumbar);
        f.choice("Transition", "transition", spine.transition, Transition::ALL, Transition::word);
        f.choice("Castellvi", "castellvi", spine.castellvi, Castellvi::ALL, Castellvi::word);
        let word = |b: bool| if b { "ambiguous" } else { "clear" };
        f.open_choice("Numbering is", "ambiguous", spine.ambiguous, &[true, false], word);
        f.row("All labels", |ui| {
            ui.add_enabled_ui(counted, |ui| {
                ui.horizontal(|ui| {
                    if ui.button("one up").on_hover_text("C6 becomes C5: lesions and measurements go along").clicked() {
                        shift = Some(-1);
                    }
                    if ui.button("one down").on_hover_text("C6 becomes C7: lesions and measurements go along").clicked()
                    {
                        shift = Some(1);
                    }
                });
            });
        });
    });
    for (field, value) in set {
        app.perform(Op::SetSpine { variant: Map::from_iter([(field, value)]) });
    }
    if let Some(by) = shift {
        app.perform(Op::ShiftLevels { by, from: None, to: None });
    }
}

/// The patient and the primary tumour; no names, no dates.
pub fn case(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    let facts = reading.document().case.clone();
    let sex = facts.sex.as_deref().and_then(|s| ["F", "M", "O"].iter().position(|w| *w == s));
    let set = more(ui, "Patient and primary tumour", |f| {
        const SEXES: [&str; 3] = ["F", "M", "O"];
        let mut now = sex.map_or(0, |n| n + 1);
        f.row("Sex", |ui| {
            let word = |n: usize| ["not known", "female", "male", "other"][n.min(3)];
            crate::app::widgets::choose(ui, "Sex", &mut now, &[0, 1, 2, 3], word);
        });
        if now != sex.map_or(0, |n| n + 1) {
            f.changed("sex", now.checked_sub(1).map_or(serde_json::Value::Null, |n| serde_json::json!(SEXES[n])));
        }
        f.number("Age", "age_years", facts.age_years, " years", 120.0, false);
        ages(f, &facts.age_conflicts);
        f.text("Primary site", "primary_site", facts.primary_site.as_deref());
        f.text("Primary histology", "primary_histology", facts.primary_histology.as_deref());
        f.text("SNOMED CT", "primary_sct", facts.primary_sct.as_deref());
        f.text("What became of it", "primary_status", facts.primary_status.as_deref());
        f.list("Other metastases", "other_metastases", &facts.other_metastases);
        f.text("Radiosensitivity", "radiosensitivity", facts.radiosensitivity.as_deref());
        let tomita = |n: u8| ["", "1", "2", "3", "4", "5", "6", "7"][usize::from(n.min(7))];
        f.open_choice(
            "Tomita type",
            "tomita_surgical_type",
            facts.tomita_surgical_type,
            &[1, 2, 3, 4, 5, 6, 7],
            tomita,
        );
        f.text("Remark", "remark", facts.remark.as_deref());
    });
    let mut set = set;
    set.extend(more(ui, "Complaints and neurology", |f| complaints(f, &facts)));
    set.extend(more(ui, "Treatment", |f| treatment(f, &facts)));
    app.set_fields(&Target::Case(true), set);
}

/// Ages that other sources give, as `42 abstract; 45 report`.
fn ages(f: &mut Form<'_>, before: &[AgeConflict]) {
    let text: Vec<_> = before.iter().map(|a| format!("{} {}", a.value, a.place)).collect();
    if let Some(text) = f.typed("Also given as", &text.join("; ")) {
        let one = |part: &str| {
            let (years, place) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
            Some(serde_json::json!({"value": years.parse::<f64>().ok()?, "where": place.trim()}))
        };
        let ages: Vec<_> = text.split(';').filter_map(one).collect();
        f.changed("age_conflicts", serde_json::json!(ages));
    }
}

fn complaints(f: &mut Form<'_>, facts: &CaseFacts) {
    let (pain, n) = (&facts.pain, &facts.neurology);
    let yes = |b: bool| if b { "yes" } else { "no" };
    f.text("Pain", "pain.site", pain.site.as_deref());
    f.open_choice("Mechanical", "pain.mechanical", pain.mechanical, &[true, false], yes);
    let stubborn = pain.unresponsive_to_analgesics;
    f.open_choice("Despite analgesics", "pain.unresponsive_to_analgesics", stubborn, &[true, false], yes);
    f.text("On palpation", "pain.palpation", pain.palpation.as_deref());
    f.number("Scale", "pain.score_nrs", pain.score_nrs.map(f64::from), " of 10", 10.0, true);
    f.number("Since", "pain.duration_months", pain.duration_months, " months", 240.0, false);
    f.text("Deficit", "neurology.deficit", n.deficit.as_deref());
    let asia = n.asia_impairment_scale.as_deref().and_then(|a| ASIA.into_iter().find(|b| *b == a));
    f.open_choice("ASIA", "neurology.asia_impairment_scale", asia, &ASIA, |a| a);
    f.presence("Myelopathy", "neurology.myelopathy", n.myelopathy);
}

const ASIA: [&str; 5] = ["A", "B", "C", "D", "E"];

fn treatment(f: &mut Form<'_>, facts: &CaseFacts) {
    let (t, r) = (&facts.treatment, &facts.treatment.radiotherapy);
    f.text("Surgery", "treatment.surgery", t.surgery.as_deref());
    f.text("Drugs", "treatment.chemotherapy", t.chemotherapy.as_deref());
    f.number("Radiation", "treatment.radiotherapy.total_dose_gy", r.total_dose_gy, " Gy", 120.0, false);
    f.number("Fractions", "treatment.radiotherapy.fractions", r.fractions.map(f64::from), "", 60.0, true);
    f.number("Over", "treatment.radiotherapy.weeks", r.weeks, " weeks", 20.0, false);
}
