//! The bar above the images: tools, what the active tool can be set to, the window, undo and export.

use super::shape::over_words;
use super::{App, theme, widgets};
use crate::segment::Tip;
use crate::session::{CommandId, Over};
use egui::{DragValue, Panel, RichText, Ui};

const TOOLS: [CommandId; 6] = [
    CommandId::Navigate,
    CommandId::Vertebra,
    CommandId::Brush,
    CommandId::Grow,
    CommandId::Contour,
    CommandId::Heights,
];

/// Tools that measure, in their own menu.
const MEASURES: [CommandId; 8] = [
    CommandId::Length,
    CommandId::Angle,
    CommandId::Cobb,
    CommandId::PointValue,
    CommandId::Rectangle,
    CommandId::Ellipse,
    CommandId::Outline,
    CommandId::KnownLength,
];

/// In narrower windows undo and export have a row of their own, logical points.
const ROOM_FOR_ONE_ROW: f32 = 980.0;

/// The bar.
pub fn show(app: &mut App, ui: &mut Ui) {
    Panel::top("toolbar").resizable(false).show(ui, |ui| {
        widgets::region(ui, "Tools");
        ui.add_space(3.0);
        let wide = ui.available_width() > ROOM_FOR_ONE_ROW;
        ui.horizontal(|ui| {
            command(app, ui, CommandId::OpenFolder, "Open…");
            ui.separator();
            for id in TOOLS {
                tool(app, ui, id);
            }
            measures(app, ui);
            ui.separator();
            layouts(app, ui);
            if wide {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| steps(app, ui));
            }
        });
        if !wide {
            ui.horizontal(|ui| ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| steps(app, ui)));
        }
        ui.horizontal(|ui| {
            options(app, ui);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| window(app, ui));
        });
        ui.add_space(2.0);
    });
}

/// Undo, redo, export and the key page, from the right.
fn steps(app: &mut App, ui: &mut Ui) {
    command(app, ui, CommandId::Keys, "?");
    command(app, ui, CommandId::Export, "Export…");
    ui.separator();
    command(app, ui, CommandId::Redo, "Redo");
    command(app, ui, CommandId::Undo, "Undo");
}

/// Short names for the bar; the table's names are for menus.
fn short(id: CommandId) -> &'static str {
    match id {
        CommandId::Navigate => "Navigate",
        CommandId::Vertebra => "Vertebra",
        CommandId::Brush => "Brush",
        CommandId::Grow => "Grow",
        CommandId::Contour => "Contour",
        CommandId::Heights => "Heights",
        CommandId::Length => "Length",
        CommandId::Angle => "Angle",
        CommandId::PointValue => "Point",
        CommandId::KnownLength => "Known length",
        _ => id.command().name,
    }
}

fn tip(app: &App, id: CommandId) -> String {
    let c = id.command();
    let key = Some(app.key_of(id)).filter(|k| !k.is_empty()).map_or(String::new(), |k| format!("  [{k}]"));
    let why = app.why_not(id).map(|w| format!("\nNot now: {w}")).unwrap_or_default();
    format!("{}{key}\n{}{why}", c.name, c.hint)
}

fn tool(app: &mut App, ui: &mut Ui, id: CommandId) {
    let enabled = app.why_not(id).is_none();
    let text = format!("{} {}", short(id), app.key_of(id));
    let tip = tip(app, id);
    let clicked = ui
        .add_enabled_ui(enabled, |ui| {
            widgets::toggle(ui, app.desk.tool_id == id, text.trim(), &tip).on_disabled_hover_text(&tip).clicked()
        })
        .inner;
    if clicked {
        app.run(id);
    }
}

/// The measuring tools in a menu, called after the one that is in the hand.
fn measures(app: &mut App, ui: &mut Ui) {
    let now = app.desk.tool_id;
    let held = MEASURES.contains(&now);
    let name = if held { format!("{} ⏷", short(now)) } else { "Measure ⏷".to_owned() };
    let text = RichText::new(name).color(if held { theme::ON_ACCENT } else { theme::TEXT });
    let button = egui::Button::new(text).fill(if held { theme::ACCENT } else { theme::RAISED });
    let mut chosen = None;
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        for id in MEASURES {
            let (why, c) = (app.why_not(id), id.command());
            let button = egui::Button::selectable(now == id, c.name);
            let button = button.shortcut_text(app.key_of(id).to_owned());
            let response = ui.add_enabled(why.is_none(), button).on_hover_text(c.hint);
            if why.iter().fold(response, |r, w| r.on_disabled_hover_text(w)).clicked() {
                chosen = Some(id);
                ui.close();
            }
        }
    });
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Measure"));
    response.on_hover_text("Lengths, angles, points and regions");
    if let Some(id) = chosen {
        app.run(id);
    }
}

fn command(app: &mut App, ui: &mut Ui, id: CommandId, text: &str) {
    let enabled = app.why_not(id).is_none();
    let tip = match id {
        CommandId::Undo => app.step_name(true).map(|n| format!("Undo {n}")),
        CommandId::Redo => app.step_name(false).map(|n| format!("Redo {n}")),
        _ => None,
    }
    .unwrap_or_else(|| tip(app, id));
    let response = ui.add_enabled(enabled, egui::Button::new(text)).on_hover_text(&tip).on_disabled_hover_text(&tip);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, id.command().name));
    if response.clicked() {
        app.run(id);
    }
}

/// The layouts in a menu.
fn layouts(app: &mut App, ui: &mut Ui) {
    use CommandId::*;
    let Some(now) = app.reading.as_ref().map(|r| r.viewer.layout()) else { return };
    let mut chosen = None;
    let menu = ui.menu_button("Layout", |ui| {
        let all = [LayoutOne, LayoutOneAndTwo, LayoutFour, LayoutBeside(2), LayoutBeside(3), LayoutBeside(4)];
        for (id, layout) in all.into_iter().zip(crate::view::Layout::ALL) {
            let (why, c) = (app.why_not(id), id.command());
            let name = c.name.trim_start_matches("Layout: ");
            let response = ui.add_enabled(why.is_none(), egui::Button::selectable(now == layout, name));
            let response = response.on_hover_text(c.hint);
            if why.iter().fold(response, |r, w| r.on_disabled_hover_text(w)).clicked() {
                chosen = Some(id);
                ui.close();
            }
        }
    });
    menu.response.on_hover_text("How the panes share the window");
    if let Some(id) = chosen {
        app.run(id);
    }
}

/// What the active tool can be set to.
fn options(app: &mut App, ui: &mut Ui) {
    match app.desk.tool_id {
        CommandId::Brush => brush_options(app, ui),
        CommandId::Contour => {
            ui.checkbox(&mut app.desk.settings.adjust, "edit points first")
                .on_hover_text("A closed outline stays open for editing; Enter keeps it (Shift+E)");
            target_options(app, ui);
        }
        CommandId::Grow => over_options(app, ui),
        CommandId::Vertebra => {
            let next = app.desk.next_level.map_or("choose a level in the ladder".to_owned(), |l| l.to_string());
            ui.label(RichText::new(format!("Next: {next}")).color(theme::ACCENT).strong());
            let before = app.desk.direction;
            let mut d = before;
            ui.selectable_value(&mut d, super::desk::Direction::Down, "towards the feet");
            ui.selectable_value(&mut d, super::desk::Direction::Up, "towards the head");
            if d != before {
                app.run(CommandId::OtherDirection);
            }
            command(app, ui, CommandId::SkipLevel, "Skip");
            ui.separator();
            command(app, ui, CommandId::Import, "From a file…");
        }
        _ => {}
    }
}

fn brush_options(app: &mut App, ui: &mut Ui) {
    let units = app.reading.as_ref().map_or(String::new(), |r| r.units().to_owned());
    let desk = &mut app.desk;
    let radius =
        DragValue::new(&mut desk.settings.radius_mm).range(0.3..=60.0).speed(0.1).suffix(" mm").max_decimals(1);
    ui.label("Radius");
    ui.add(radius).on_hover_text("Brush radius; Shift+wheel or [ ] over the image");
    ui.selectable_value(&mut desk.settings.tip, Tip::Disc, "disc").on_hover_text("This slice only (X)");
    ui.selectable_value(&mut desk.settings.tip, Tip::Sphere, "sphere").on_hover_text("In all directions (X)");
    ui.separator();
    let mut on = desk.settings.range.is_some();
    ui.checkbox(&mut on, "only values").on_hover_text("Paint only voxels whose value lies in the range (R)");
    let [lo, hi] = &mut desk.range;
    ui.add_enabled(on, DragValue::new(lo).speed(2.0)).on_hover_text("Least value painted");
    ui.label("to");
    ui.add_enabled(on, DragValue::new(hi).speed(2.0).suffix(format!(" {units}")))
        .on_hover_text("Largest value painted");
    desk.settings.range = on.then(|| [desk.range[0].min(desk.range[1]), desk.range[0].max(desk.range[1])]);
    let from_here = "S over the image takes the range from under the tip, Shift+S from the bone around it";
    ui.label(RichText::new("S").color(theme::MUTED)).on_hover_text(from_here);
    target_options(app, ui);
}

/// What is drawn: the lesion or a body; and what painting may take.
fn target_options(app: &mut App, ui: &mut Ui) {
    ui.separator();
    if let Some(level) = app.desk.body {
        let text = RichText::new(format!("Drawing the body of {level}")).color(theme::ACCENT).strong();
        if ui.button(text).on_hover_text("Back to the lesion (Shift+B)").clicked() {
            app.desk.body = None;
        }
        return;
    }
    over_options(app, ui);
}

/// What painting may take.
fn over_options(app: &mut App, ui: &mut Ui) {
    let document = app.reading.as_ref().map(super::reading::Reading::document);
    let mut choices = vec![Over::Free, Over::All];
    if document.is_some_and(|d| !d.bodies.is_empty()) {
        choices.extend([Over::InsideBody, Over::OutsideBody]);
    }
    let others = document.into_iter().flat_map(|d| d.lesions.values()).map(|l| l.label.clone());
    choices.extend(others.filter(|l| Some(l) != app.desk.lesion.as_ref()).map(Over::From));
    let over = &mut app.desk.settings.over;
    egui::ComboBox::from_id_salt("over")
        .selected_text(over_words(over))
        .show_ui(ui, |ui| {
            for choice in choices {
                let words = over_words(&choice);
                ui.selectable_value(over, choice, words);
            }
        })
        .response
        .on_hover_text("What painting may take (Shift+Q)");
}

/// Window width and centre with the presets.
fn window(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &mut app.reading else { return };
    let mut w = reading.window();
    let before = w.clone();
    ui.add(DragValue::new(&mut w.center).speed(2.0).prefix("L ").max_decimals(1)).on_hover_text("Window centre");
    ui.add(DragValue::new(&mut w.width).speed(4.0).range(1e-6..=1e9).prefix("W ").max_decimals(1))
        .on_hover_text("Window width; right drag over the image");
    if w != before {
        reading.set_window(crate::volume::Window { explanation: None, ..w });
    }
    let (mut chosen, mut table) = (None, None);
    let tables = reading.luts();
    ui.menu_button("Window", |ui| {
        for (id, name) in app.window_choices() {
            if ui.button(format!("{}  {name}", app.key_of(id))).clicked() {
                chosen = Some(id);
                ui.close();
            }
        }
        let sigmoid = w.function == crate::volume::VoiFunction::Sigmoid;
        let button = egui::Button::selectable(sigmoid, "Sigmoid").wrap_mode(egui::TextWrapMode::Extend);
        if ui.add(button).on_hover_text(CommandId::Sigmoid.command().hint).clicked() {
            chosen = Some(CommandId::Sigmoid);
            ui.close();
        }
        for (n, lut) in tables.iter().enumerate() {
            let name = lut.explanation.clone().unwrap_or_else(|| format!("table {}", n + 1));
            if ui.button(format!("   {name}, of the file")).clicked() {
                table = Some(lut.clone());
                ui.close();
            }
        }
    });
    if let (Some(lut), Some(reading)) = (table, &mut app.reading) {
        reading.voi = crate::volume::Voi::Lut(lut);
    }
    if let Some(id) = chosen {
        app.run(id);
    }
}
