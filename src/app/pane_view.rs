//! The panes side by side: each a picture drawn on the GPU with its overlays, a strip of its own controls above, a slider
//! through its slices beside, and the place where gestures begin.

use super::gpu::Look;
use super::{App, overlay, pane_input, pane_strip, slider, theme, widgets};
use crate::space::DVec2;
use crate::view::Share;
use egui::{Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};

/// Between panes, logical points.
const GAP: f32 = 3.0;

/// All panes of the layout.
pub fn show(app: &mut App, ui: &mut Ui) {
    let area = ui.max_rect();
    let Some(reading) = &app.reading else {
        return empty(app, ui);
    };
    app.hovered = None;
    app.pane_rects.clear();
    let panes = reading.viewer.visible();
    ground(ui, area, &panes);
    for (pane, share) in panes {
        let rect = part(area, share);
        ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt(("pane", pane)), |ui| one(app, ui, pane, rect));
    }
    app.keep_hand_in_place();
}

/// The background, but for what pictures cover: on a software adapter a pixel of it costs more than a picture's own.
fn ground(ui: &Ui, area: Rect, panes: &[(usize, Share)]) {
    let fill = |rect: Rect| {
        ui.painter().rect_filled(rect, 0.0, theme::BACKGROUND);
    };
    let covered: f32 = panes.iter().map(|(_, s)| s.width * s.height).sum();
    if covered < 0.999 {
        return fill(area);
    }
    // A point over each edge: none is left out between two panes, and the pictures come on top.
    let bands = panes.iter().flat_map(|(_, s)| around(place(area, *s).expand(1.0), picture_of(part(area, *s))));
    bands.map(|b| b.intersect(area)).filter(|b| b.is_positive()).for_each(fill);
}

fn empty(app: &App, ui: &mut Ui) {
    ui.painter().rect_filled(ui.max_rect(), 0.0, theme::BACKGROUND);
    ui.centered_and_justified(|ui| {
        if app.library.is_busy() {
            ui.label("Looking through the files…");
        } else {
            widgets::muted(ui, "Choose a series on the left");
        }
    });
}

/// A pane's part of the area.
fn place(area: Rect, share: Share) -> Rect {
    let at = |x: f32, y: f32| pos2(area.left() + x * area.width(), area.top() + y * area.height());
    Rect::from_min_max(at(share.left, share.top), at(share.left + share.width, share.top + share.height))
}

/// A pane's part of the area with half a gap at each inner side.
pub(super) fn part(area: Rect, share: Share) -> Rect {
    let whole = place(area, share);
    let inner = |edge: f32| if edge > 0.001 { GAP / 2.0 } else { 0.0 };
    Rect::from_min_max(
        (whole.min + vec2(inner(share.left), inner(share.top))).round(),
        (whole.max - vec2(inner(1.0 - share.left - share.width), inner(1.0 - share.top - share.height))).round(),
    )
}

/// The picture of a pane that lies at `rect`: below its strip, left of its slider.
fn picture_of(rect: Rect) -> Rect {
    Rect::from_min_max(
        pos2(rect.left(), rect.top() + pane_strip::HEIGHT),
        pos2(rect.right() - slider::WIDTH, rect.bottom()),
    )
}

/// What of `whole` lies around a part of it: above, below, left, right; some may be empty.
fn around(whole: Rect, part: Rect) -> [Rect; 4] {
    let across = |top, bottom| Rect::from_min_max(pos2(whole.left(), top), pos2(whole.right(), bottom));
    let beside = |left, right| Rect::from_min_max(pos2(left, part.top()), pos2(right, part.bottom()));
    [
        across(whole.top(), part.top()),
        across(part.bottom(), whole.bottom()),
        beside(whole.left(), part.left()),
        beside(part.right(), whole.right()),
    ]
}

/// What an assistive technology calls a pane: its plane, and its series where there are several.
pub fn name_of(app: &App, pane: usize) -> String {
    let Some(reading) = &app.reading else { return String::new() };
    let (shown, name) = (reading.viewer.sight(pane).shown, reading.name_of_aim(pane));
    let others = || (0..reading.viewer.sights().len()).filter(|n| *n != pane);
    let several = others().any(|n| reading.viewer.sight(n).shown != shown);
    let twin = others().any(|n| reading.name_of_aim(n) == name);
    match several || twin {
        true => {
            format!("{name} view {}, {}", pane + 1, super::series_panel::name_of(&reading.shown_in(pane).series))
        }
        false => format!("{name} view"),
    }
}

fn one(app: &mut App, ui: &mut Ui, pane: usize, rect: Rect) {
    let (strip, below) = rect.split_top_bottom_at_y(rect.top() + pane_strip::HEIGHT);
    let image = picture_of(rect);
    let side = below.with_min_x(image.right());
    let response = ui.interact(image, ui.scope_id().with("pane"), Sense::click_and_drag());
    let name = name_of(app, pane);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let size = DVec2::new(f64::from(image.width()), f64::from(image.height()));
    if let Some(r) = &mut app.reading {
        let geometry = r.shown_in(pane).geometry.clone();
        r.viewer.sight_mut(pane).resized(size, &geometry);
    }
    app.pane_rects.push((pane, image));
    pane_input::handle(app, ui, pane, image, &response);
    paint(app, ui, pane, image);
    pane_input::context_menu(app, &response, pane);
    if let Some(index) = response.dnd_release_payload::<usize>() {
        app.show_series_in(*index, Some(pane), false);
    } else if response.dnd_hover_payload::<usize>().is_some() {
        let painter = ui.painter_at(image);
        painter.rect_stroke(image.shrink(2.0), 0.0, Stroke::new(3.0, theme::ACCENT), StrokeKind::Inside);
    }
    slider::show(app, ui, pane, side);
    pane_strip::show(app, ui, pane, strip);
    frame(app, ui, pane, rect);
}

fn paint(app: &App, ui: &Ui, pane: usize, rect: Rect) {
    let painter = ui.painter_at(rect);
    let Some(reading) = &app.reading else { return };
    if let Some(screen) = &app.screen {
        let bare = app.hide_overlays || app.agreement.as_ref().is_some_and(|a| a.hides_own());
        let look = Look { bare, hurried: app.capture.is_some() && !app.desk.draws(), ..Look::default() };
        painter.add(screen.pane(reading, pane, rect, ui.ctx().pixels_per_point(), look));
    }
    let what = overlay::What { annotations: !app.hide_overlays, guides: !app.hide_overlays, descriptions: true };
    overlay::paint(app, reading, pane, rect, &painter, what);
}

fn frame(app: &App, ui: &Ui, pane: usize, rect: Rect) {
    let active = app.reading.as_ref().is_some_and(|r| r.viewer.active() == pane && r.viewer.visible().len() > 1);
    let color = if active { theme::ACCENT.gamma_multiply(0.7) } else { theme::LINE };
    ui.painter_at(rect).rect_stroke(rect, 0.0, Stroke::new(1.0, color), StrokeKind::Inside);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Layout;

    #[test]
    fn panes_lie_in_the_area_with_a_gap_between() {
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(900.0, 700.0));
        for layout in Layout::ALL {
            let rects: Vec<_> = layout.shares().into_iter().map(|s| part(area, s)).collect();
            for (n, a) in rects.iter().enumerate() {
                assert!(area.contains_rect(*a));
                assert!(rects[n + 1..].iter().all(|b| !a.intersects(*b)), "{layout:?}");
            }
        }
    }
}
