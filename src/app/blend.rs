//! A second series laid over a pane's, how much of it, and in which colours: in the same frame of reference at the same coordinates, in
//! another by the fit of the labelled levels.

use super::{App, series_panel};
use crate::view::Link;
use crate::volume::{Blend, ColorMap, SliceView};
use egui::{Color32, Rect, Sense, Slider, Ui, pos2, vec2};

/// How much of the second series is seen at first.
const AT_FIRST: f32 = 0.5;

impl super::reading::Reading {
    /// Why a series cannot lie over that of a pane; `None` where it can.
    pub fn why_no_overlay(&self, pane: usize, over: usize) -> Option<&'static str> {
        let sight = self.viewer.sight(pane);
        match self.link(sight.shown, over) {
            _ if sight.shown == over => Some("it is the series of this pane"),
            _ if sight.is_curved() => Some("not along the spine: choose a plane first"),
            Link::Apart => Some("the series have no common frame of reference: label the same levels on both"),
            _ => None,
        }
    }

    /// What is sampled of the second series of a pane, and its number and blend; `None` without one.
    pub fn overlay_view(&self, pane: usize, view: &SliceView) -> Option<(usize, Blend, SliceView)> {
        let sight = self.viewer.sight(pane);
        let (over, blend) = sight.overlay?;
        let link = self.link(sight.shown, over);
        if self.why_no_overlay(pane, over).is_some() {
            return None;
        }
        let mut view = *view;
        view.plane.center = link.map(view.plane.center)?;
        view.plane.right_mm = link.turn(view.plane.right_mm);
        view.plane.down_mm = link.turn(view.plane.down_mm);
        Some((over, blend, view))
    }
}

impl App {
    /// Lays a series of the library over a pane's, or takes it away.
    pub(super) fn lay_over(&mut self, pane: usize, index: Option<usize>) {
        let Some(index) = index else {
            self.with_sight(pane, |s| s.overlay = None);
            return self.release_idle();
        };
        let Some((series, key)) = self.library.get(index) else { return };
        let Some(reading) = &mut self.reading else { return };
        let fresh = reading.number_of(index).is_none_or(|n| !reading.in_panes().contains(&n));
        let number = reading.add(index, series, key);
        if let Some(why) = reading.why_no_overlay(pane, number) {
            self.release_idle();
            return self.notices.say(format!("It cannot be laid over: {why}"));
        }
        reading.viewer.sight_mut(pane).overlay =
            Some((number, Blend { share: AT_FIRST, map: self.settings.overlay_colors }));
        if fresh {
            self.load_shown(index);
        }
        self.release_idle();
    }
}

impl App {
    /// Lays the series of a name over a pane's, as its menu does.
    pub fn lay_over_by_name(&mut self, pane: usize, name: &str) {
        let index = self.library_names().iter().position(|n| n == name);
        self.lay_over(pane, index);
    }
}

/// The choice of a second series in a pane's menu; what was chosen.
pub fn menu(app: &App, ui: &mut Ui, pane: usize) -> Option<Option<usize>> {
    let reading = app.reading.as_ref()?;
    let sight = reading.viewer.sight(pane);
    let over = sight.overlay.map(|o| reading.shown(o.0).index);
    let mut chosen = None;
    ui.menu_button("Lay over…", |ui| {
        if ui.selectable_label(over.is_none(), "Nothing").clicked() {
            chosen = Some(None);
            ui.close();
        }
        for (index, series) in app.library.series().iter().enumerate() {
            if index == reading.shown_in(pane).index {
                continue;
            }
            if ui.selectable_label(over == Some(index), series_panel::name_of(series)).clicked() {
                chosen = Some(Some(index));
                ui.close();
            }
        }
    });
    chosen
}

/// How much of the second series is seen.
pub fn slider(app: &mut App, ui: &mut Ui, pane: usize) {
    let Some(reading) = &mut app.reading else { return };
    let Some((_, Blend { share, map })) = &mut reading.viewer.sight_mut(pane).overlay else { return };
    ui.spacing_mut().slider_width = 70.0;
    let response = ui.add(Slider::new(share, 0.0..=1.0).show_value(false));
    let (value, name) = (f64::from(*share), format!("Blend of pane {}", pane + 1));
    response.widget_info(|| egui::WidgetInfo::slider(true, value, &name));
    response.on_hover_text(format!("{:.0} % of the series laid over", value * 100.0));
    let (now, mut chosen) = (*map, *map);
    let button = ui.menu_button(format!("{} ⏷", now.name()), |ui| {
        for one in ColorMap::ALL {
            ui.horizontal(|ui| {
                gradient(ui, one);
                if ui.selectable_label(one == now, one.name()).clicked() {
                    chosen = one;
                    ui.close();
                }
            });
        }
    });
    button.response.on_hover_text("Colours of the series laid over");
    *map = chosen;
}

/// A map from its darkest to its brightest colour.
fn gradient(ui: &mut Ui, map: ColorMap) {
    let (rect, _) = ui.allocate_exact_size(vec2(72.0, 12.0), Sense::hover());
    let steps = map.nodes();
    let width = rect.width() / steps.len() as f32;
    for (n, rgb) in steps.into_iter().enumerate() {
        let [r, g, b] = rgb.map(|v| (v * 255.0).round() as u8);
        let left = pos2(rect.left() + n as f32 * width, rect.top());
        let step = Rect::from_min_size(left, vec2(width + 0.5, rect.height()));
        ui.painter().rect_filled(step, 0.0, Color32::from_rgb(r, g, b));
    }
}
