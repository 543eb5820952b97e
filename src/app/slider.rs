//! The slider at the right of each picture: where the pane stands in its stack, with ticks where levels and lesions lie.

use super::reading::Reading;
use super::{App, theme};
use egui::{Color32, Rect, Sense, Stroke, Ui, pos2, vec2};

/// Width of the slider, logical points.
pub const WIDTH: f32 = 12.0;

/// The slider.
pub fn show(app: &mut App, ui: &mut Ui, pane: usize, rect: Rect) {
    let response = ui.interact(rect, ui.scope_id().with("slider"), Sense::click_and_drag());
    let Some(reading) = &app.reading else { return };
    let sight = reading.viewer.sight(pane);
    let (at, count) = sight.position(&reading.shown_in(pane).geometry);
    let name = format!("Slice of pane {}", pane + 1);
    response.widget_info(|| egui::WidgetInfo::slider(true, at as f64, &name));
    let painter = ui.painter_at(rect);
    let track = rect.shrink2(vec2(0.0, 5.0));
    let y_of = |n: i64| track.top() + track.height() * ((n - 1) as f32 / (count.max(2) - 1) as f32).clamp(0.0, 1.0);
    for (n, color) in ticks(reading, pane) {
        let y = y_of(n);
        painter.line_segment([pos2(rect.left() + 1.0, y), pos2(rect.right() - 1.0, y)], Stroke::new(1.5, color));
    }
    let thumb = Rect::from_center_size(pos2(rect.center().x, y_of(at)), vec2(rect.width() - 2.0, 7.0));
    let color = if response.hovered() || response.dragged() { theme::ACCENT } else { theme::MUTED };
    painter.rect_filled(thumb, 2.0, color);
    if let Some(pos) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
        let share = ((pos.y - track.top()) / track.height()).clamp(0.0, 1.0);
        let want = 1 + (share * (count.max(1) - 1) as f32).round() as i64;
        if want != at {
            app.scroll(pane, want - at);
        }
    }
    response.on_hover_text(format!("Slice {at} of {count}; ticks are levels and lesions"));
}

/// Layers of levels (in the text's colour) and of lesions (in their own).
fn ticks(reading: &Reading, pane: usize) -> Vec<(i64, Color32)> {
    let sight = reading.viewer.sight(pane);
    let shown = reading.shown(sight.shown);
    if sight.is_curved() || !reading.levels_lie_in(sight.shown) {
        return vec![];
    }
    let document = reading.document_of(sight.shown);
    let layer = |p| sight.position_of(&shown.geometry, p).0;
    let levels = super::ladder::placed(document).into_iter().map(|(_, p)| (layer(p), theme::LINE));
    let color = |label: u16| document.lesions.values().find(|l| l.label_value == label).map(theme::lesion_color);
    let places = reading.lesion_places(sight.shown);
    let lesions: Vec<_> = places.iter().filter_map(|(label, p)| Some((layer(*p), color(*label)?))).collect();
    levels.chain(lesions).collect()
}
