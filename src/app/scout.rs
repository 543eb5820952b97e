//! Where the other panes cut through this one: a line each, with handles that turn the other pane's plane about the
//! crosshair. Turning in two panes one after the other makes a plane oblique in both.

use super::App;
use super::pane_input::{local, local_to};
use super::reading::Reading;
use crate::space::{DVec2, Plane};
use crate::view::{Aim, Link};
use egui::{Color32, Painter, Pos2, Rect, Stroke, Vec2, vec2};

/// How near the pointer takes a handle, logical points.
const REACH: f32 = 9.0;
/// Where a handle sits, as a share of the picture's smaller side.
const AT_SHARE: f32 = 0.36;
/// Around the crosshair nothing is drawn, logical points.
const GAP: f32 = 14.0;

/// The plane of another pane, seen edge on.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// That pane.
    pub of: usize,
    /// Where its crosshair lies here.
    at: Pos2,
    /// Along the line, of length 1.
    along: Vec2,
    /// Half of its slab across the line, points.
    half_slab: f32,
    color: Color32,
}

impl Line {
    /// The two handles.
    fn handles(&self, rect: Rect) -> [Pos2; 2] {
        let far = rect.width().min(rect.height()) * AT_SHARE;
        [self.at + self.along * far, self.at - self.along * far]
    }
}

/// A handle that is held: the pane that turns, and where the pointer was.
#[derive(Clone, Copy, Debug)]
pub struct Handle {
    of: usize,
}

/// The colour of a plane's lines; told apart also by colour-blind readers, and each line has a direction of its own.
fn color_of(plane: Plane) -> Color32 {
    match plane {
        Plane::Sagittal => Color32::from_rgb(222, 158, 84),
        Plane::Coronal => Color32::from_rgb(112, 190, 160),
        Plane::Axial => Color32::from_rgb(186, 160, 226),
    }
}

/// The lines of the panes to be seen in a pane's picture.
pub fn lines(reading: &Reading, pane: usize, rect: Rect) -> Vec<Line> {
    let here = reading.viewer.sight(pane);
    if here.is_curved() {
        return vec![];
    }
    let frame = here.pane.frame;
    let line = |n: usize| {
        let there = reading.viewer.sight(n);
        let link = reading.link(there.shown, here.shown);
        if n == pane || there.is_curved() || !there.linked || !here.linked || link == Link::Apart {
            return None;
        }
        let normal = link.turn(there.pane.frame.normal());
        let cut = frame.normal().cross(normal);
        const ALMOST_PARALLEL: f64 = 0.2;
        let along = DVec2::new(cut.dot(frame.right), cut.dot(frame.down));
        if cut.length() < ALMOST_PARALLEL || along.length() < 1e-9 {
            return None;
        }
        let along = along.normalize();
        let at = local_to(here.pane_from_patient(link.map(there.cursor)?), rect);
        let half_slab = (there.slab_mm / 2.0 / here.pane.mm_per_point) as f32;
        let along = vec2(along.x as f32, along.y as f32);
        Some(Line { of: n, at, along, half_slab, color: color_of(there.plane()) })
    };
    reading.viewer.visible().into_iter().filter_map(|(n, _)| line(n)).collect()
}

/// Draws the lines; the handles too while the pointer is over the picture.
pub fn paint(reading: &Reading, pane: usize, rect: Rect, painter: &Painter, with_handles: bool) {
    let far = rect.width() + rect.height();
    for line in lines(reading, pane, rect) {
        let stroke = Stroke::new(1.0, line.color.gamma_multiply(0.75));
        for side in [1.0, -1.0] {
            let along = line.along * side;
            painter.line_segment([line.at + along * GAP, line.at + along * far], stroke);
            if line.half_slab > 2.0 {
                let off = vec2(-line.along.y, line.along.x) * line.half_slab * side;
                let thin = Stroke::new(1.0, line.color.gamma_multiply(0.35));
                painter.line_segment([line.at + off - line.along * far, line.at + off + line.along * far], thin);
            }
        }
        if with_handles {
            for p in line.handles(rect) {
                painter.circle(p, 5.0, Color32::from_black_alpha(140), Stroke::new(1.6, line.color));
            }
        }
    }
}

/// The handle under the pointer.
pub fn handle_at(reading: &Reading, pane: usize, rect: Rect, pos: Pos2) -> Option<Handle> {
    let near = |l: &Line| l.handles(rect).iter().any(|h| h.distance(pos) <= REACH);
    lines(reading, pane, rect).into_iter().find(near).map(|l| Handle { of: l.of })
}

impl App {
    /// Turns the plane that a handle belongs to as the pointer goes from one place to the next; with `all`, every plane
    /// whose line is to be seen here, so that they keep their angles.
    pub(super) fn turn_plane(&mut self, pane: usize, rect: Rect, handle: Handle, from: Pos2, to: Pos2, all: bool) {
        let Some(reading) = &mut self.reading else { return };
        let here = reading.viewer.sight(pane).clone();
        let middle = here.pane_from_patient(here.cursor).0;
        let angle = |p: Pos2| {
            let d = local(p, rect).0 - middle;
            d.y.atan2(d.x)
        };
        let by = angle(to) - angle(from);
        let axis = here.pane.frame.normal();
        for line in lines(reading, pane, rect).into_iter().filter(|l| all || l.of == handle.of) {
            let there = reading.viewer.sight(line.of).clone();
            let axis = reading.link(here.shown, there.shown).turn(axis);
            reading.viewer.sight_mut(line.of).turn(there.pane.frame.turned(axis, by));
        }
    }

    /// Every turned, rotated or mirrored pane looks as it did at first.
    pub(super) fn straighten_planes(&mut self) {
        let panes = self.reading.as_ref().map_or(0, |r| r.viewer.sights().len());
        for pane in 0..panes {
            let Some(reading) = &self.reading else { return };
            let sight = reading.viewer.sight(pane);
            match sight.aim {
                Aim::Curved(_) => {}
                Aim::Native => self.aim_native(pane),
                Aim::Plane | Aim::Turned => self.aim_pane(pane, sight.plane()),
            }
        }
    }

    /// Turns panes to the vertebra at the crosshair: an axial pane into its plane, the others along its axis. The active
    /// pane alone, or all others where it is sagittal, which shows the vertebra from the side already.
    pub(super) fn align_to_level(&mut self) {
        let Some(axis) = self.level_axis() else {
            return self
                .notices
                .say("No axis of a vertebra is known here: label its neighbours, or set its six points (H)");
        };
        let Some(reading) = &mut self.reading else { return };
        let active = reading.viewer.active();
        let number = reading.active_number();
        let from_the_side = reading.viewer.sight(active).plane() == Plane::Sagittal;
        let chosen = |n: usize| if from_the_side { n != active } else { n == active };
        for (n, sight) in reading.viewer.sights_mut().iter_mut().enumerate() {
            if sight.shown != number || sight.is_curved() || !chosen(n) {
                continue;
            }
            let frame = crate::view::Frame::of(sight.plane());
            let normal = match sight.plane() {
                Plane::Axial => axis,
                plane => plane.normal() - axis * axis.dot(plane.normal()),
            };
            let normal = if normal.dot(frame.normal()) < 0.0 { -normal } else { normal };
            sight.turn(frame.facing(normal));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme;

    #[test]
    fn lines_can_be_told_from_the_accent_and_from_each_other() {
        let colors = Plane::ALL.map(color_of);
        for (n, a) in colors.iter().enumerate() {
            for b in colors[n + 1..].iter().chain([&theme::ACCENT]) {
                let off: i32 =
                    a.to_array().iter().zip(b.to_array()).map(|(x, y)| (i32::from(*x) - i32::from(y)).abs()).sum();
                assert!(off > 60, "{a:?} beside {b:?}");
            }
        }
    }
}
