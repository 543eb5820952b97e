//! How the spine was counted, and the facts of the case.

use super::more;
use crate::anatomy::VertebraLevel;
use crate::app::{App, ladder};
use crate::document::Castellvi;
use crate::session::{Op, Target};
use egui::Ui;
use serde_json::Map;

/// Landmarks that a count can rest on.
const ANCHORS: [&str; 5] = ["C2 seen", "T1 rib", "T12 rib", "L5-S1", "iliolumbar ligament at L5"];

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
        f.text("Primary site", "primary_site", facts.primary_site.as_deref());
        f.text("Primary histology", "primary_histology", facts.primary_histology.as_deref());
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
    app.set_fields(&Target::Case(true), set);
}
