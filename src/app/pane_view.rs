//! The panes side by side: each a picture drawn on the GPU with its overlays, and the place where gestures begin.

use super::viewer::Layout;
use super::{App, overlay, pane_input, theme, widgets};
use crate::space::{DVec2, Plane};
use egui::{Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};

/// Between panes, logical points.
const GAP: f32 = 3.0;

/// All panes of the layout.
pub fn show(app: &mut App, ui: &mut Ui) {
    let area = ui.max_rect();
    let Some(reading) = &app.reading else {
        return empty(app, ui);
    };
    let layout = reading.viewer.layout;
    app.hovered = None;
    for (plane, rect) in tiles(layout, area) {
        ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt(plane), |ui| one(app, ui, plane, rect));
    }
}

fn empty(app: &App, ui: &mut Ui) {
    ui.centered_and_justified(|ui| {
        if app.library.is_busy() {
            ui.label("Looking through the files…");
        } else {
            widgets::muted(ui, "Choose a series on the left");
        }
    });
}

/// Where each pane lies.
fn tiles(layout: Layout, area: Rect) -> Vec<(Plane, Rect)> {
    let planes = layout.planes();
    let (Some(main), rest) = (planes.first().copied(), &planes[1.min(planes.len())..]) else { return vec![] };
    if rest.is_empty() {
        return vec![(main, area)];
    }
    let split = area.left() + (area.width() * 0.6).round();
    let mut out = vec![(main, Rect::from_min_max(area.min, pos2(split - GAP, area.bottom())))];
    let height = (area.height() - GAP * (rest.len() - 1) as f32) / rest.len() as f32;
    for (n, plane) in rest.iter().enumerate() {
        let top = area.top() + n as f32 * (height + GAP);
        out.push((*plane, Rect::from_min_size(pos2(split, top), vec2(area.right() - split, height))));
    }
    out
}

fn one(app: &mut App, ui: &mut Ui, plane: Plane, rect: Rect) {
    let response = ui.interact(rect, ui.scope_id().with("pane"), Sense::click_and_drag());
    let name = format!("{} view", capitalised(plane.name()));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let size = DVec2::new(f64::from(rect.width()), f64::from(rect.height()));
    if let Some(r) = &mut app.reading {
        let geometry = r.geometry.clone();
        r.viewer.resized(plane, size, &geometry);
    }
    pane_input::handle(app, ui, plane, rect, &response);
    paint(app, ui, plane, rect);
    pane_input::context_menu(app, &response, plane);
}

fn paint(app: &App, ui: &Ui, plane: Plane, rect: Rect) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, egui::Color32::BLACK);
    let Some(reading) = &app.reading else { return };
    if let Some(screen) = &app.screen {
        painter.add(screen.pane(reading, plane, rect, ui.ctx().pixels_per_point(), app.hide_overlays));
    }
    overlay::paint(app, reading, plane, rect, &painter);
    let active = reading.viewer.active == plane;
    let color = if active { theme::ACCENT.gamma_multiply(0.7) } else { theme::LINE };
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, color), StrokeKind::Inside);
}

/// `sagittal` is "Sagittal".
pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_tile_the_area_without_overlap() {
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(900.0, 700.0));
        let t = tiles(Layout::OneAndTwo(Plane::Sagittal), area);
        assert_eq!(t.len(), 3);
        assert_eq!(t[0].0, Plane::Sagittal);
        for (n, (_, a)) in t.iter().enumerate() {
            assert!(area.contains_rect(*a));
            assert!(t[n + 1..].iter().all(|(_, b)| !a.intersects(*b)));
        }
        assert!(t[0].1.area() > 2.0 * t[1].1.area());
    }
}
