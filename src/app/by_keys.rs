//! The window without a pointing device: keys move a pointer of their own over the active pane and press and release it,
//! for every tool alike; and the keyboard goes from the images to the controls and back.

use super::{App, pane_input, theme};
use crate::session::{CommandId, PointerKey};
use crate::space::DVec2;
use egui::{FocusDirection, Id, Key, Modifiers, Painter, Pos2, Rect, Stroke, Vec2, vec2};

/// One step of the pointer, logical points.
const STEP: f32 = 4.0;

/// The pointer that keys move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hand {
    /// The pane it is over.
    pub pane: usize,
    /// Where, in the window.
    pub at: Pos2,
    down: bool,
}

impl App {
    /// Commands of the keyboard itself; false for others.
    pub(super) fn run_by_keys(&mut self, id: CommandId) -> bool {
        match id {
            CommandId::MovePointer(to) => self.move_hand(to),
            CommandId::PressPointer => self.press_hand(),
            _ => return false,
        }
        true
    }

    /// The pointer of the keys, which begins at the crosshair; the picture it is over.
    fn hand_over(&self) -> Option<(Hand, Rect)> {
        let reading = self.reading.as_ref()?;
        let pane = reading.viewer.active();
        let rect = self.pane_rects.iter().find(|(n, _)| *n == pane)?.1;
        let crosshair = || {
            let sight = reading.viewer.sight(pane);
            pane_input::local_to(sight.pane_from_patient(sight.cursor), rect)
        };
        let kept = self.hand.filter(|h| h.pane == pane && rect.contains(h.at));
        Some((kept.unwrap_or_else(|| Hand { pane, at: rect.clamp(crosshair()), down: false }), rect))
    }

    fn move_hand(&mut self, to: PointerKey) {
        let Some((mut hand, rect)) = self.hand_over() else { return };
        let by: Vec2 = match to {
            PointerKey::Left => vec2(-STEP, 0.0),
            PointerKey::Right => vec2(STEP, 0.0),
            PointerKey::Up => vec2(0.0, -STEP),
            PointerKey::Down => vec2(0.0, STEP),
        };
        hand.at = rect.shrink(1.0).clamp(hand.at + by);
        self.hand = Some(hand);
        pane_input::moved_to(self, hand.pane, rect, hand.at, Modifiers::NONE, true);
    }

    fn press_hand(&mut self) {
        let Some((mut hand, rect)) = self.hand_over() else { return };
        hand.down = !hand.down;
        self.hand = Some(hand);
        if hand.down {
            pane_input::press(self, hand.pane, rect, hand.at, egui::PointerButton::Primary, Modifiers::NONE);
            self.hand = self.hand.filter(|_| self.capture.is_some());
        } else {
            pane_input::released(self, hand.pane, rect, hand.at, egui::PointerButton::Primary, Modifiers::NONE);
        }
    }

    /// The pointer of the keys goes; what it held is let go of without a release.
    pub(super) fn drop_hand(&mut self) {
        if self.hand.take().is_some_and(|h| h.down) {
            self.capture = None;
        }
    }
}

/// A key that a control with the keyboard wants for itself.
pub fn belongs_to_control(key: Key, modifiers: Modifiers) -> bool {
    use Key::*;
    let plain = !modifiers.command && !modifiers.alt;
    plain
        && matches!(
            key,
            Tab | Enter | Space | ArrowLeft | ArrowRight | ArrowUp | ArrowDown | Home | End | PageUp | PageDown
        )
}

/// The keyboard goes to the controls, or from them back to the images.
pub fn turn_to_controls(ctx: &egui::Context) {
    ctx.memory_mut(|m| match m.focused() {
        Some(id) => m.surrender_focus(id),
        None => m.move_focus(FocusDirection::Next),
    });
}

/// The images have the keyboard again.
pub fn back_to_images(ctx: &egui::Context) {
    ctx.memory_mut(|m| m.focused().into_iter().for_each(|id: Id| m.surrender_focus(id)));
}

/// The pointer of the keys, as it is seen.
pub fn paint(hand: &Hand, painter: &Painter) {
    let stroke = Stroke::new(if hand.down { 3.0 } else { 1.5 }, theme::ACCENT);
    painter.circle_stroke(hand.at, 9.0, stroke);
    for way in [DVec2::X, DVec2::Y] {
        let way = vec2(way.x as f32, way.y as f32);
        painter.line_segment([hand.at - way * 3.0, hand.at + way * 3.0], stroke);
    }
}
