//! The ladder of levels beside the images, and below it what is current: a lesion's or a level's form.

use super::{App, forms, theme, widgets};
use crate::anatomy::VertebraLevel;
use crate::assess;
use crate::document::Document;
use crate::session::{CommandId, Op};
use crate::space::PatientPoint;
use egui::{Align, Color32, Layout, Panel, RichText, ScrollArea, Sense, Stroke, Ui, vec2};

const RUNG: f32 = 19.0;
/// Less loss of height than this is how bodies differ, not a finding for a rung.
const SLIGHT_PERCENT: f64 = 5.0;

/// The right panel.
pub fn show(app: &mut App, ui: &mut Ui) {
    Panel::right("ladder").default_size(326.0).size_range(326.0..=460.0).show(ui, |ui| {
        if app.reading.is_none() {
            widgets::muted(ui, "Levels and lesions of the open series stand here");
            return;
        }
        widgets::heading(ui, "Levels");
        let room = (ui.available_height() * 0.44).max(150.0);
        ScrollArea::vertical()
            .id_salt("rungs")
            .max_height(room)
            .auto_shrink([false, true])
            .show(ui, |ui| rungs(app, ui));
        checks(app, ui);
        ui.separator();
        ScrollArea::vertical().id_salt("forms").auto_shrink([false, false]).show(ui, |ui| {
            widgets::heading(ui, "Lesions");
            lesions(app, ui);
            forms::lesion(app, ui);
            forms::level(app, ui);
            ui.separator();
            forms::numbering(app, ui);
            forms::case(app, ui);
        });
    });
}

/// The labelled centres, head to feet.
pub fn placed(document: &Document) -> Vec<(VertebraLevel, PatientPoint)> {
    document.vertebrae.iter().filter_map(|(l, v)| Some((*l, v.at_mm?))).collect()
}

fn rungs(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    let document = reading.document();
    let shown: Vec<VertebraLevel> = VertebraLevel::ALL
        .into_iter()
        .filter(|l| document.vertebrae.contains_key(l) || !(l.is_variant() || *l >= VertebraLevel::S2))
        .collect();
    let rows: Vec<Row> = shown.iter().map(|l| Row::of(app, document, *l)).collect();
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut done = None;
    for row in rows {
        let response = rung(ui, &row);
        if response.clicked() {
            app.choose_level(row.level);
        }
        if row.placed {
            response.context_menu(|ui| done = menu(ui, row.level).or(done.take()));
        }
    }
    if let Some(op) = done {
        app.perform(op);
    }
}

/// What can be done to a labelled level: recount from here, or take the label away.
fn menu(ui: &mut Ui, level: VertebraLevel) -> Option<Op> {
    let mut done = None;
    let steps = [(1, "lower"), (-1, "higher")].into_iter().flat_map(|(by, way)| {
        [
            (format!("Count {level} and all below one {way}"), Op::ShiftLevels { by, from: Some(level), to: None }),
            (format!("Count the whole spine one {way}"), Op::ShiftLevels { by, from: None, to: None }),
        ]
    });
    let remove = (format!("Remove {level}"), Op::UnlabelVertebra { level });
    for (text, op) in steps.chain([remove]) {
        if ui
            .button(text)
            .on_hover_text("Lesions and measurements go with their bones; one undo takes it back")
            .clicked()
        {
            done = Some(op);
            ui.close();
        }
    }
    done
}

/// What a rung shows.
struct Row {
    level: VertebraLevel,
    placed: bool,
    current: bool,
    next: bool,
    lesions: Vec<Color32>,
    note: String,
}

impl Row {
    fn of(app: &App, document: &Document, level: VertebraLevel) -> Row {
        let vertebra = document.vertebrae.get(&level);
        let lesions: Vec<_> = document.lesions.values().filter(|l| l.vertebra == level).collect();
        let collapse = assess::collapse(document, level).filter(|c| c.percent >= SLIGHT_PERCENT);
        let collapse = collapse.map(|c| format!("−{:.0} % height", c.percent));
        let sins = assess::sins(document, level).ok().map(|s| match s.total {
            Some(t) => format!("SINS {t}"),
            None => format!("SINS {}–{}", s.total_min, s.total_max),
        });
        let note = [collapse, sins].into_iter().flatten().collect::<Vec<_>>().join("  ");
        Row {
            level,
            placed: vertebra.is_some_and(|v| v.at_mm.is_some()),
            current: app.current_level() == Some(level),
            next: app.desk.tool_id == CommandId::Vertebra && app.desk.next_level == Some(level),
            lesions: lesions.iter().map(|l| theme::lesion_color(l)).collect(),
            note,
        }
    }
}

fn rung(ui: &mut Ui, row: &Row) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), RUNG), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, row.current, row.level.name()));
    let p = ui.painter_at(rect);
    if row.current {
        p.rect_filled(rect, 3.0, Color32::from_rgb(28, 74, 104));
    } else if response.hovered() {
        p.rect_filled(rect, 3.0, theme::RAISED);
    }
    let y = rect.center().y;
    let dot = egui::pos2(rect.left() + 10.0, y);
    let color = if row.placed { theme::TEXT } else { theme::LINE };
    if row.placed {
        p.circle_filled(dot, 4.0, color)
    } else {
        p.circle_stroke(dot, 4.0, Stroke::new(1.2, color))
    };
    if row.next {
        p.circle_stroke(dot, 7.0, Stroke::new(1.5, theme::ACCENT));
    }
    let text = if row.placed { theme::TEXT } else { theme::MUTED };
    let font = egui::FontId::proportional(13.0);
    p.text(egui::pos2(rect.left() + 24.0, y), egui::Align2::LEFT_CENTER, row.level.name(), font, text);
    let mut x = rect.left() + 62.0;
    for c in &row.lesions {
        p.rect_filled(egui::Rect::from_center_size(egui::pos2(x, y), vec2(10.0, 10.0)), 3.0, *c);
        x += 14.0;
    }
    let small = egui::FontId::proportional(11.0);
    let right = egui::pos2(rect.right() - 6.0, y);
    if row.next {
        p.text(right, egui::Align2::RIGHT_CENTER, "next click", small, theme::ACCENT);
    } else if !row.note.is_empty() {
        p.text(right, egui::Align2::RIGHT_CENTER, &row.note, small, theme::MUTED);
    }
    response.on_hover_text("Go to this level; one without a label is labelled next. Right click: recount, remove")
}

fn checks(app: &App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    for finding in assess::chain_findings(reading.document()).iter().take(3) {
        widgets::warning(ui, &finding.message);
    }
}

fn lesions(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    let document = reading.document();
    let mut list: Vec<_> = document.lesions.values().collect();
    list.sort_by_key(|l| (l.vertebra, l.label_value));
    let rows: Vec<(String, Color32, String)> = list
        .iter()
        .map(|l| {
            let ml = reading.volume_mm3(l.label_value) / 1000.0;
            // Painted on another series, or not at all: no volume is told here.
            let volume = if ml > 0.0 { format!("  {ml:.2} ml") } else { String::new() };
            (l.label.clone(), theme::lesion_color(l), format!("{}  {}{volume}", l.vertebra, l.kind.word()))
        })
        .collect();
    if rows.is_empty() {
        widgets::muted(ui, "None yet: take the brush (B) and paint, or drag with grow (G)");
    }
    let mut chosen = None;
    for (label, color, what) in rows {
        let current = app.desk.lesion.as_deref() == Some(label.as_str());
        ui.horizontal(|ui| {
            widgets::swatch(ui, color);
            if ui.selectable_label(current, RichText::new(&label).strong()).clicked() {
                chosen = Some(label.clone());
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| widgets::muted(ui, &what));
        });
    }
    if let Some(label) = chosen {
        app.choose_lesion(&label);
    }
    ui.horizontal(|ui| {
        if ui.button("New lesion").on_hover_text("L").clicked() {
            app.run(CommandId::NewLesion);
        }
        let delete = ui.add_enabled(app.why_not(CommandId::DeleteLesion).is_none(), egui::Button::new("Delete"));
        if delete.on_hover_text("Delete; undo brings it back").clicked() {
            app.run(CommandId::DeleteLesion);
        }
        ui.menu_button("Shape", |ui| {
            use CommandId::*;
            for id in [Interpolate, FillHoles, RemoveIslands, Smooth, Enlarge, Shrink] {
                let why = app.why_not(id);
                let response = ui.add_enabled(why.is_none(), egui::Button::new(id.command().name));
                let response = response.on_hover_text(id.command().hint);
                if why.iter().fold(response, |r, w| r.on_disabled_hover_text(w)).clicked() {
                    app.run(id);
                    ui.close();
                }
            }
        });
    });
    if app.desk.offer.is_some() {
        ui.label(RichText::new("Layers between are shown: Enter keeps, Esc drops").color(theme::ACCENT).small());
    }
}
