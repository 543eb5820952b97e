//! The ladder of levels beside the images, and below it what is current: a lesion's or a level's form.

use super::desk::Page;
use super::figures::Rung;
use super::{App, forms, theme, timepoints, widgets, worklist};
use crate::anatomy::{ChainCode, VertebraLevel};
use crate::document::{Document, LevelStatus};
use crate::segment::Ends;
use crate::session::{CommandId, Op, Target};
use crate::space::PatientPoint;
use egui::{Align, Color32, Layout, Painter, Panel, Pos2, RichText, ScrollArea, Sense, Stroke, Ui, vec2};

const RUNG: f32 = 18.0;
/// Height of the list of lesions: five of them, the others by the wheel.
const LESIONS_SHOWN: f32 = 100.0;
/// Findings of the chain that are shown at once.
const CHECKS_SHOWN: usize = 3;

/// The right panel.
pub fn show(app: &mut App, ui: &mut Ui) {
    app.update_standing(ui.input(|i| i.time));
    Panel::right("ladder").default_size(326.0).size_range(326.0..=460.0).show(ui, |ui| {
        widgets::region(ui, "Levels and records");
        if app.reading.is_none() {
            widgets::muted(ui, "Levels and lesions of the open series stand here");
            return;
        }
        heading(app, ui);
        // While nothing is drawn the forms are short, and the lower levels are looked for.
        let drawn = app.reading.as_ref().is_some_and(|r| !r.document().lesions.is_empty());
        let room = (ui.available_height() * if drawn { 0.40 } else { 0.60 }).max(150.0);
        ScrollArea::vertical()
            .id_salt("rungs")
            .max_height(room)
            .auto_shrink([false, true])
            .show(ui, |ui| rungs(app, ui));
        checks(app, ui);
        ui.separator();
        ScrollArea::vertical().id_salt("forms").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 20.0;
            ui.spacing_mut().button_padding.y = 2.0;
            ui.spacing_mut().item_spacing.y = 3.0;
            widgets::heading(ui, "Lesions");
            lesions(app, ui);
            forms::measurements(app, ui);
            pages(app, ui);
            match app.desk.page {
                Page::Questions if worklist::counted(app).is_some() => worklist::questions(app, ui),
                Page::Lesion => forms::lesion(app, ui),
                Page::Level | Page::Questions => forms::level(app, ui),
                Page::Case => {
                    forms::numbering(app, ui);
                    if app.why_not_in_study(CommandId::Changes).is_none() {
                        timepoints::show(app, ui);
                    }
                    forms::case(app, ui);
                }
            }
        });
    });
}

/// Which forms are shown: what the reader works on comes up by itself.
fn pages(app: &mut App, ui: &mut Ui) {
    ui.add_space(3.0);
    ui.horizontal(|ui| {
        let lesion = app.desk.lesion.clone().map_or("Lesion".to_owned(), |l| format!("Lesion {l}"));
        let level = app.current_level().map_or("Level".to_owned(), |l| format!("Level {l}"));
        let asked = worklist::counted(app).map(|text| (Page::Questions, text));
        let forms = [(Page::Lesion, lesion), (Page::Level, level), (Page::Case, "Case".to_owned())];
        for (page, text) in asked.into_iter().chain(forms) {
            if ui.selectable_label(app.desk.page == page, RichText::new(text).strong()).clicked() {
                app.desk.page = page;
            }
        }
    });
    ui.separator();
}

/// The labelled centres, head to feet.
pub fn placed(document: &Document) -> Vec<(VertebraLevel, PatientPoint)> {
    document.vertebrae.iter().filter_map(|(l, v)| Some((*l, v.at_mm?))).collect()
}

fn heading(app: &App, ui: &mut Ui) {
    ui.horizontal(|ui| {
        widgets::heading(ui, "Levels");
        if let Some(t) = app.timepoint() {
            let name = timepoints::name_of(app.whole_document(), Some(&t));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(name).color(theme::ACCENT).small()).truncate());
            });
        }
    });
}

fn rungs(app: &mut App, ui: &mut Ui) {
    let current = app.current_level();
    let next = app.desk.next_level.filter(|_| app.desk.tool_id == CommandId::Vertebra);
    let moved = ui.data_mut(|d| {
        let id = ui.scope_id().with("current rung");
        let before = d.get_temp::<Option<VertebraLevel>>(id).flatten();
        d.insert_temp(id, current);
        before != current
    });
    ui.spacing_mut().item_spacing.y = 0.0;
    let (mut done, mut chosen) = (None, None);
    for row in &app.standing.rungs {
        let response = rung(ui, row, current == Some(row.level), next == Some(row.level));
        if moved && current == Some(row.level) {
            response.scroll_to_me(None);
        }
        if response.clicked() {
            chosen = Some(row.level);
        }
        response.context_menu(|ui| done = menu(ui, row).or(done.take()));
    }
    if let Some(level) = chosen {
        app.choose_level(level);
    }
    if let Some(op) = done {
        app.perform(op);
    }
}

/// What can be done to a level: say what became of it, recount from here, take the label away.
fn menu(ui: &mut Ui, row: &Rung) -> Option<Op> {
    let level = row.level;
    let mut done = None;
    let mut offer = |ui: &mut Ui, text: String, tip: &str, op: Op| {
        if ui.button(text).on_hover_text(tip).clicked() {
            done = Some(op);
            ui.close();
        }
    };
    if row.placed {
        let tip = "Lesions and measurements go with their bones; one undo takes it back";
        for (by, way) in [(1, "lower"), (-1, "higher")] {
            let shift = |from, to| Op::ShiftLevels { by, from, to };
            offer(ui, format!("Count {level} and all below one {way}"), tip, shift(Some(level), None));
            offer(ui, format!("Count {level} and all above one {way}"), tip, shift(None, Some(level)));
            offer(ui, format!("Count the whole spine one {way}"), tip, shift(None, None));
        }
        ui.separator();
    }
    for (text, status) in [
        ("destroyed, still counted", LevelStatus::Destroyed),
        ("absent after corpectomy", LevelStatus::Absent),
        ("fused with its neighbour", LevelStatus::Fused),
        ("not in view", LevelStatus::OutOfField),
        ("operated", LevelStatus::PostOperative),
        ("not stated", LevelStatus::NotAssessed),
    ] {
        if status != row.status {
            let value = serde_json::json!(status);
            let op = Op::Set { target: Target::Vertebra(level), field: "status".to_owned(), value };
            offer(ui, format!("{level} is {text}"), "Such a level leaves no gap in the count", op);
        }
    }
    if row.placed {
        ui.separator();
        let tip = "The label and what was said of the level; one undo brings it back";
        offer(ui, format!("Remove {level}"), tip, Op::UnlabelVertebra { level });
    }
    done
}

fn rung(ui: &mut Ui, row: &Rung, current: bool, next: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), RUNG), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, current, row.level.name()));
    let p = ui.painter_at(rect);
    if current {
        p.rect_filled(rect, 3.0, Color32::from_rgb(28, 74, 104));
    } else if response.hovered() {
        p.rect_filled(rect, 3.0, theme::RAISED);
    }
    let y = rect.center().y;
    let dot = egui::pos2(rect.left() + 10.0, y);
    mark(&p, dot, row);
    if next {
        p.circle_stroke(dot, 7.0, Stroke::new(1.5, theme::ACCENT));
    }
    let text = if row.placed { theme::TEXT } else { theme::MUTED };
    let font = egui::FontId::proportional(13.0);
    p.text(egui::pos2(rect.left() + 24.0, y), egui::Align2::LEFT_CENTER, row.level.name(), font, text);
    let mut x = rect.left() + 60.0;
    for c in &row.lesions {
        p.rect_filled(egui::Rect::from_center_size(egui::pos2(x, y), vec2(10.0, 10.0)), 3.0, *c);
        x += 14.0;
    }
    let small = egui::FontId::proportional(11.0);
    let mut right = egui::pos2(rect.right() - 6.0, y);
    if next {
        p.text(right, egui::Align2::RIGHT_CENTER, "next click", small, theme::ACCENT);
    } else {
        // An open ring: something is still to be said of this level.
        if !row.missing.is_empty() {
            p.circle_stroke(right - vec2(3.0, 0.0), 3.0, Stroke::new(1.4, theme::WARNING));
        }
        right.x -= 14.0;
        p.text(right, egui::Align2::RIGHT_CENTER, &row.note, small, theme::MUTED);
    }
    response.on_hover_text(hover(row))
}

fn hover(row: &Rung) -> String {
    let open = match row.missing.as_slice() {
        [] => String::new(),
        missing => format!("Still open: {}\n", missing.join(", ")),
    };
    format!("{open}Go to this level; one without a label is labelled next. Right click: state, recount, remove")
}

/// A level's sign: a disc where it is labelled, a ring where not, crossed out where there is nothing to label.
fn mark(p: &Painter, at: Pos2, row: &Rung) {
    let color = match (row.doubtful, row.placed) {
        (true, _) => theme::WARNING,
        (false, true) => theme::TEXT,
        (false, false) => theme::LINE,
    };
    let gone = matches!(row.status, LevelStatus::Absent | LevelStatus::OutOfField);
    if row.placed {
        p.circle_filled(at, 4.0, color);
    } else {
        p.circle_stroke(at, 4.0, Stroke::new(1.2, color));
    }
    if gone || row.status == LevelStatus::Destroyed {
        let stroke = Stroke::new(1.4, if row.placed { theme::ERROR } else { theme::MUTED });
        p.line_segment([at + vec2(-5.0, 5.0), at + vec2(5.0, -5.0)], stroke);
    }
    if row.operated || row.status == LevelStatus::PostOperative {
        p.rect_stroke(
            egui::Rect::from_center_size(at, vec2(12.0, 12.0)),
            2.0,
            Stroke::new(1.2, theme::ACCENT),
            egui::StrokeKind::Middle,
        );
    }
}

/// The checks of the chain, always in sight: what looks wrong, or that nothing does.
fn checks(app: &mut App, ui: &mut Ui) {
    let findings = &app.standing.findings;
    for finding in findings.iter().take(CHECKS_SHOWN) {
        widgets::warning(ui, &finding.message);
    }
    let mut anchor = None;
    if findings.iter().any(|f| f.code == ChainCode::NoAnchor) {
        ui.horizontal(|ui| {
            widgets::muted(ui, "Counted from");
            for seen in forms::ANCHORS.into_iter().filter(|a| a.len() < 10) {
                if ui.small_button(seen).on_hover_text("The count rests on it").clicked() {
                    anchor = Some(seen);
                }
            }
        });
    }
    if let Some(seen) = anchor {
        let variant = serde_json::Map::from_iter([("anchor".to_owned(), serde_json::json!(seen))]);
        app.perform(Op::SetSpine { variant });
        return;
    }
    if let Some(rest) = findings.get(CHECKS_SHOWN..).filter(|r| !r.is_empty()) {
        let all: Vec<_> = rest.iter().map(|f| f.message.as_str()).collect();
        let more = ui.label(RichText::new(format!("⚠ and {} more", rest.len())).color(theme::WARNING).small());
        more.on_hover_text(all.join("\n"));
    }
    let counted = app.standing.rungs.iter().filter(|r| r.placed).count();
    if findings.is_empty() && counted > 0 {
        let spine = &app.document().spine;
        let anchor = spine.anchor.clone().or(spine.counted_from.map(|l| l.to_string())).unwrap_or_default();
        widgets::muted(
            ui,
            &format!("{counted} levels checked: no gap, in order, usual distances; counted from {anchor}"),
        );
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
            let locked = if l.locked { "locked  " } else { "" };
            (l.label.clone(), theme::lesion_color(l), format!("{locked}{}  {}{volume}", l.vertebra, l.kind.word()))
        })
        .collect();
    if rows.is_empty() {
        widgets::muted(ui, "None yet: take the brush (B) and paint, or drag with grow (G)");
    }
    let mut chosen = None;
    let list = ScrollArea::vertical().id_salt("lesion list").max_height(LESIONS_SHOWN).auto_shrink([false, true]);
    list.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.spacing_mut().interact_size.y = 18.0;
        ui.spacing_mut().button_padding.y = 0.0;
        lesion_rows(app, ui, rows, &mut chosen);
    });
    if let Some(label) = chosen {
        app.choose_lesion(&label);
    }
    lesion_buttons(app, ui);
}

fn lesion_rows(app: &App, ui: &mut Ui, rows: Vec<(String, Color32, String)>, chosen: &mut Option<String>) {
    for (label, color, what) in rows {
        let current = app.desk.lesion.as_deref() == Some(label.as_str());
        ui.horizontal(|ui| {
            widgets::swatch(ui, color);
            if ui.selectable_label(current, RichText::new(&label).strong()).clicked() {
                *chosen = Some(label.clone());
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| widgets::muted(ui, &what));
        });
    }
}

fn lesion_buttons(app: &mut App, ui: &mut Ui) {
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
            for id in [
                Interpolate,
                CopySlice,
                CopySliceBack,
                FillHoles,
                RemoveIslands,
                Smooth,
                Enlarge,
                Shrink,
                MergeLesions,
                SplitLesion,
                LockLesion,
                OutlineBody,
                BodySides,
                EditBody,
            ] {
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
        let rounded = matches!(app.desk.offer, Some(Op::Interpolate { ends: Ends::Rounded, .. }));
        let said = match rounded {
            false => {
                "Layers between are shown: Enter keeps all, Shift+Enter this slice, Esc drops; K rounds off the ends"
            }
            true => "Layers between and rounded ends are shown: Enter keeps all, Esc drops; K leaves the ends away",
        };
        ui.label(RichText::new(said).color(theme::ACCENT).small());
    }
}
