//! The form of the current lesion.

use super::{Form, form, more};
use crate::anatomy::VertebraLevel;
use crate::app::{App, theme, widgets};
use crate::assess;
use crate::document::{
    CortexPart, Enhancement, Extent, Lesion, LesionKind, Margin, MrSignal, Nature, Presence, RecistRole, Site,
    SoftTissue, WbbLayer,
};
use crate::session::Target;
use egui::{Color32, Ui};
use serde_json::{Value, json};

/// The current lesion.
pub fn lesion(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    let Some(lesion) = app.desk.current(reading.document()).map(|(_, l)| l.clone()) else {
        return widgets::muted(ui, "No lesion is current: choose one above, or draw one");
    };
    let figures = reading.value_text(&lesion);
    ui.add_space(4.0);
    let mut renamed = None;
    let mut set = form(ui, "lesion form", |f| {
        renamed = f.typed("Name", &lesion.label).filter(|n| !n.is_empty());
        kind(f, &lesion);
        f.choice("Level", "vertebra", lesion.vertebra, &VertebraLevel::ALL, VertebraLevel::name);
        f.choice("Extent", "extent", lesion.extent, Extent::ALL, Extent::word);
        f.choice("Margin", "margin", lesion.margin, Margin::ALL, Margin::word);
        f.presence("Cortex broken", "cortical_breach", lesion.cortical_breach);
        if lesion.cortical_breach == Presence::Present {
            f.several("Broken at", "cortical_breach_at", &lesion.cortical_breach_at, CortexPart::ALL, CortexPart::word);
        }
        f.presence("Soft tissue", "soft_tissue_component", lesion.soft_tissue_component);
        if lesion.soft_tissue_component == Presence::Present {
            f.several("It lies", "soft_tissue_at", &lesion.soft_tissue_at, SoftTissue::ALL, SoftTissue::word);
            let axis = lesion.soft_tissue_long_axis_mm;
            f.number("Its long axis", "soft_tissue_long_axis_mm", axis, " mm", 400.0, false);
        }
        colour(f, &lesion);
    });
    figures.iter().for_each(|text| widgets::muted(ui, text));
    set.extend(more(ui, "Parts of the vertebra", |f| {
        f.several("Sites", "sites", &lesion.sites, Site::ALL, Site::word);
    }));
    set.extend(more(ui, "Zones (Weinstein, Boriani, Biagini)", |f| wbb(f, &lesion)));
    set.extend(more(ui, "MR signal", |f| mr(f, &lesion)));
    set.extend(more(ui, "Nature and histology", |f| nature(f, &lesion)));
    set.extend(super::evidence(app, ui, "lesion evidence", &lesion.evidence));
    app.set_fields(&Target::Lesion(lesion.label.clone()), set);
    if let Some(name) = renamed {
        app.set_fields(&Target::Lesion(lesion.label), vec![("label".to_owned(), json!(name))]);
        if app.document().lesion_by_label(&name).is_some() {
            app.desk.lesion = Some(name);
        }
    }
}

fn wbb(f: &mut Form<'_>, lesion: &Lesion) {
    const ZONES: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
    let all: Vec<u8> = (1..=12).collect();
    f.several("Zones", "wbb_zones", &lesion.wbb_zones, &all, |z| ZONES[usize::from(z - 1).min(11)]);
    f.several("Layers", "wbb_layers", &lesion.wbb_layers, WbbLayer::ALL, WbbLayer::word);
    f.row("", |ui| {
        let how = "Zones run from the middle of the spinous process over the patient's left: body 4 to 9, left pedicle 4, \
                   right pedicle 9 (Boriani 1997, Spine 22:1036)";
        ui.label(egui::RichText::new(how).color(theme::MUTED).small());
    });
}

fn mr(f: &mut Form<'_>, lesion: &Lesion) {
    let mr = &lesion.mr;
    f.choice("T1", "mr.t1_vs_normal_marrow", mr.t1_vs_normal_marrow, MrSignal::ALL, MrSignal::word);
    f.choice("T2", "mr.t2", mr.t2, MrSignal::ALL, MrSignal::word);
    f.choice("DWI", "mr.dwi", mr.dwi, MrSignal::ALL, MrSignal::word);
    f.choice("STIR", "mr.stir", mr.stir, MrSignal::ALL, MrSignal::word);
    f.choice("Enhancement", "mr.enhancement", mr.enhancement, Enhancement::ALL, Enhancement::word);
    f.text("Against", "mr.reference", mr.reference.as_deref());
}

fn nature(f: &mut Form<'_>, lesion: &Lesion) {
    let h = &lesion.histology;
    f.choice("Nature", "nature", lesion.nature, Nature::ALL, Nature::word);
    let yes = |b: bool| if b { "yes" } else { "no" };
    f.open_choice("Confirmed", "histology.confirmed", h.confirmed, &[true, false], yes);
    f.text("Method", "histology.method", h.method.as_deref());
    f.text("Diagnosis", "histology.diagnosis", h.diagnosis.as_deref());
    stains(f, lesion);
    f.choice("RECIST", "recist_role", lesion.recist_role, RecistRole::ALL, RecistRole::word);
    let (measurable, why) = assess::measurable(lesion);
    let word = measurable.map_or("open", |yes| if yes { "measurable" } else { "not measurable" });
    f.row("", |ui| {
        ui.label(egui::RichText::new(format!("{word}: {why}")).color(theme::MUTED).small());
    });
    f.text("Remark", "remark", lesion.remark.as_deref());
}

/// Stains as pathologists write them: `desmin +, S100 -`.
fn stains(f: &mut Form<'_>, lesion: &Lesion) {
    let before = lesion.histology.ihc.iter().map(|(s, r)| match r.as_str() {
        "positive" => format!("{s} +"),
        "negative" => format!("{s} -"),
        other => format!("{s} {other}"),
    });
    let before = before.collect::<Vec<_>>().join(", ");
    if let Some(text) = f.typed("Stains (desmin +)", &before) {
        f.changed("histology.ihc", stains_of(&text));
    }
}

fn stains_of(text: &str) -> Value {
    let one = |part: &str| {
        let (stain, result) = part.trim().rsplit_once(char::is_whitespace)?;
        let result = match result {
            "+" => "positive",
            "-" | "−" => "negative",
            other => other,
        };
        Some((stain.trim().to_owned(), json!(result)))
    };
    Value::Object(text.split(',').filter_map(one).collect())
}

fn kind(f: &mut Form<'_>, lesion: &Lesion) {
    let mut chosen = None;
    f.row("Type", |ui| {
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
    chosen.into_iter().for_each(|v| f.changed("type", v));
}

fn colour(f: &mut Form<'_>, lesion: &Lesion) {
    let mut chosen = None;
    f.row("Colour", |ui| {
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
    chosen.into_iter().for_each(|v| f.changed("color", v));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stains_are_read_as_they_are_written() {
        let read = stains_of("desmin +, smooth muscle actin +, S100 -, Ki-67 30%");
        let want = json!({"desmin": "positive", "smooth muscle actin": "positive", "S100": "negative", "Ki-67": "30%"});
        assert_eq!(read, want);
        assert_eq!(stains_of(""), json!({}));
    }
}
