//! The strip above each picture: what the pane is aimed at, its slab, and what it follows.

use super::{App, blend, series_panel, theme};
use crate::space::Plane;
use crate::view::{Curve, Link, SLAB_MAX_MM, Sight};
use crate::volume::{Interpolation, Projection};
use egui::{DragValue, Rect, RichText, Sense, Stroke, Ui, UiBuilder, vec2};
use std::sync::Arc;

/// Height of the strip, logical points.
pub const HEIGHT: f32 = 22.0;
/// Narrower strips leave the series' name away.
const ROOM_FOR_NAME: f32 = 300.0;

/// The strip.
pub fn show(app: &mut App, ui: &mut Ui, pane: usize, rect: Rect) {
    ui.painter_at(rect).rect_filled(rect, 0.0, theme::PANEL);
    let inner = rect.shrink2(vec2(4.0, 1.0));
    ui.scope_builder(UiBuilder::new().max_rect(inner).id_salt("strip"), |ui| {
        ui.set_clip_rect(rect);
        ui.spacing_mut().interact_size.y = 18.0;
        ui.spacing_mut().button_padding = vec2(5.0, 0.0);
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.horizontal_centered(|ui| {
            aim(app, ui, pane);
            slab(app, ui, pane);
            blend::slider(app, ui, pane);
            links(app, ui, pane);
            if rect.width() > ROOM_FOR_NAME {
                title(app, ui, pane);
            }
        });
    });
}

/// What a choice in a menu does.
type Change = Box<dyn FnOnce(&mut App)>;

/// What the pane shows, in a menu.
fn aim(app: &mut App, ui: &mut Ui, pane: usize) {
    let Some(reading) = &app.reading else { return };
    let sight = reading.viewer.sight(pane);
    let located = reading.shown(sight.shown).is_located();
    let name = RichText::new(format!("{} ⏷", reading.name_of_aim(pane))).small().color(theme::TEXT);
    let mut chosen: Option<Change> = None;
    let menu = ui.menu_button(name, |ui| {
        for plane in [Plane::Sagittal, Plane::Axial, Plane::Coronal] {
            let button = ui.add_enabled(located, egui::Button::new(widget_name(plane)));
            if button.on_disabled_hover_text("A projection has one plane").clicked() {
                chosen = Some(Box::new(move |app| app.aim_pane(pane, plane)));
            }
        }
        if ui.button("As acquired").clicked() {
            chosen = Some(Box::new(move |app| app.aim_native(pane)));
        }
        let why = app.why_no_curve(pane);
        let button = ui.add_enabled(why.is_none(), egui::Button::new("Along the spine"));
        if button.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
            chosen = Some(Box::new(move |app| app.aim_along_spine(pane)));
        }
        ui.separator();
        let mut nearest = sight.interpolation == Interpolation::Nearest;
        if ui
            .checkbox(&mut nearest, "Voxels as they are")
            .on_hover_text("The nearest voxel instead of values between")
            .changed()
        {
            let interpolation = if nearest { Interpolation::Nearest } else { Interpolation::Linear };
            chosen = Some(Box::new(move |app| app.with_sight(pane, |s| s.interpolation = interpolation)));
        }
        if let Some(over) = blend::menu(app, ui, pane) {
            chosen = Some(Box::new(move |app| app.lay_over(pane, over)));
        }
        ui.separator();
        super::widgets::muted(ui, "Show here instead");
        for index in 0..app.library.series().len() {
            let name = series_panel::name_of(&app.library.series()[index]);
            let current = reading.shown_in(pane).index == index;
            if ui.selectable_label(current, name).clicked() {
                chosen = Some(Box::new(move |app| app.show_series_in(index, Some(pane), false)));
            }
        }
    });
    menu.response.on_hover_text("Plane and series of this pane");
    if let Some(change) = chosen {
        change(app);
    }
}

fn widget_name(plane: Plane) -> &'static str {
    match plane {
        Plane::Sagittal => "Sagittal",
        Plane::Coronal => "Coronal",
        Plane::Axial => "Axial",
    }
}

fn slab(app: &mut App, ui: &mut Ui, pane: usize) {
    let Some(reading) = &mut app.reading else { return };
    if !reading.shown_in(pane).is_located() {
        return;
    }
    let sight = reading.viewer.sight_mut(pane);
    let thickness = DragValue::new(&mut sight.slab_mm).range(0.0..=SLAB_MAX_MM).speed(0.25).max_decimals(1);
    let thickness =
        thickness.custom_formatter(|mm, _| if mm > 0.0 { format!("{mm:.1} mm") } else { "thin".to_owned() });
    let thickness = thickness.custom_parser(|text| text.trim().trim_end_matches("mm").trim().parse().ok());
    let response = ui.add(thickness).on_hover_text("Thickness of the slab: drag, or click and type; 0 to 50 mm");
    let name = format!("Slab of pane {}", pane + 1);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, &name));
    if sight.slab_mm > 0.0 {
        let word = projection_word(sight.projection);
        let response = ui.small_button(word).on_hover_text("Largest, smallest or mean value in the slab");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{name} shows {word}")));
        if response.clicked() {
            sight.projection = next_projection(sight.projection);
        }
    }
}

/// What is shown of a slab, as radiologists write it.
pub fn projection_word(projection: Projection) -> &'static str {
    match projection {
        Projection::Max => "MIP",
        Projection::Min => "MinIP",
        Projection::Mean => "mean",
    }
}

/// Largest, mean, smallest, and round again.
pub fn next_projection(projection: Projection) -> Projection {
    match projection {
        Projection::Max => Projection::Mean,
        Projection::Mean => Projection::Min,
        Projection::Min => Projection::Max,
    }
}

/// Whether the pane follows the others, and by what.
fn links(app: &mut App, ui: &mut Ui, pane: usize) {
    let Some(reading) = &app.reading else { return };
    if reading.viewer.sights().len() < 2 {
        return;
    }
    let sight = reading.viewer.sight(pane);
    let (linked, zoom) = (sight.linked, sight.zoom_linked);
    let state = link_state(reading, pane);
    let cross = toggle(ui, linked, Sign::Cross, &format!("Crosshair and slice of pane {}", pane + 1), &state);
    let tip = "Zoom and pan follow the other panes";
    let size = toggle(ui, zoom, Sign::Lens, &format!("Zoom and pan of pane {}", pane + 1), tip);
    if cross {
        app.with_sight(pane, |s| s.linked = !s.linked);
    }
    if size {
        app.with_sight(pane, |s| s.zoom_linked = !s.zoom_linked);
    }
}

#[derive(Clone, Copy)]
enum Sign {
    Cross,
    Lens,
}

/// A small sign that is on or off.
fn toggle(ui: &mut Ui, on: bool, sign: Sign, name: &str, tip: &str) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, name));
    let color = if on { theme::ACCENT } else { theme::MUTED };
    let stroke = Stroke::new(1.3, color);
    let (p, c) = (ui.painter(), rect.center());
    if response.hovered() || response.has_focus() {
        p.rect_filled(rect, 3.0, theme::RAISED);
    }
    match sign {
        Sign::Cross => [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)].into_iter().for_each(|d| {
            p.line_segment([c + d * 2.0, c + d * 6.5], stroke);
        }),
        Sign::Lens => {
            p.circle_stroke(c - vec2(1.5, 1.5), 4.0, stroke);
            p.line_segment([c + vec2(1.5, 1.5), c + vec2(5.5, 5.5)], stroke);
        }
    }
    if !on {
        p.line_segment([c + vec2(-6.5, 6.5), c + vec2(6.5, -6.5)], stroke);
    }
    response.on_hover_text(tip).clicked()
}

/// How the pane hangs together with the active one, in a sentence.
fn link_state(reading: &super::reading::Reading, pane: usize) -> String {
    let active = reading.viewer.active_sight();
    let sight = reading.viewer.sight(pane);
    if !sight.linked {
        return "The crosshair of this pane stands alone; click to link it".to_owned();
    }
    match reading.link(active.shown, sight.shown) {
        Link::Same => "Linked: one frame of reference".to_owned(),
        Link::Fitted(fit) => fit_text(&fit),
        Link::Apart => "Another frame of reference: label vertebrae on both series to link them".to_owned(),
    }
}

fn fit_text(fit: &crate::view::Fit) -> String {
    let levels = if fit.pairs == 1 { "1 common level".to_owned() } else { format!("{} common levels", fit.pairs) };
    format!("Linked by {levels}, {:.1} mm apart after the fit", fit.residual_mm)
}

/// The series, and on what its link rests where that is no common frame of reference.
fn title(app: &App, ui: &mut Ui, pane: usize) {
    let Some(reading) = &app.reading else { return };
    let active = reading.viewer.active_sight().shown;
    let number = reading.viewer.sight(pane).shown;
    let text = match reading.link(active, number) {
        Link::Fitted(fit) => format!("by {} levels, ±{:.1} mm", fit.pairs, fit.residual_mm),
        Link::Apart => "not linked".to_owned(),
        Link::Same => String::new(),
    };
    ui.label(RichText::new(text).small().color(theme::WARNING));
}

impl App {
    /// Changes how one pane looks.
    pub(super) fn with_sight(&mut self, pane: usize, change: impl FnOnce(&mut Sight)) {
        if let Some(r) = &mut self.reading {
            change(r.viewer.sight_mut(pane));
        }
    }

    /// Aims a pane at an anatomical plane.
    pub(super) fn aim_pane(&mut self, pane: usize, plane: Plane) {
        self.with_sight(pane, |s| s.aim_at(plane));
    }

    /// Aims a pane at its slices as acquired.
    pub(super) fn aim_native(&mut self, pane: usize) {
        let Some(r) = &mut self.reading else { return };
        let (geometry, located) = (r.shown_in(pane).geometry.clone(), r.shown_in(pane).is_located());
        r.viewer.sight_mut(pane).aim_native(&geometry, located);
    }

    /// Why there is no picture along the spine; `None` when there is.
    pub(super) fn why_no_curve(&self, pane: usize) -> Option<&'static str> {
        let reading = self.reading.as_ref()?;
        match self.spine_curve(pane) {
            _ if reading.shown_in(pane).volume.is_none() => Some("the images are still loading"),
            None => Some("label at least two vertebrae of this series first (V)"),
            Some(_) => None,
        }
    }

    /// The curve through the labelled centres in the frame of a pane's series.
    pub(super) fn spine_curve(&self, pane: usize) -> Option<Curve> {
        let reading = self.reading.as_ref()?;
        let number = reading.viewer.sight(pane).shown;
        if !reading.levels_lie_in(number) || !reading.shown(number).is_located() {
            return None;
        }
        let centres: Vec<_> = super::ladder::placed(reading.document_of(number)).into_iter().map(|(_, p)| p).collect();
        Curve::through(&centres)
    }

    /// Aims a pane along the spine.
    pub(super) fn aim_along_spine(&mut self, pane: usize) {
        if let Some(curve) = self.spine_curve(pane) {
            self.with_sight(pane, |s| s.aim_along(Arc::new(curve)));
        }
    }
}
