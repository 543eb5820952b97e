//! The window without a pointing device: keys move a pointer of their own over the active pane and press and release it,
//! for every tool alike; and the keyboard goes from the images to the controls and back.

use super::{App, pane_input, theme};
use crate::session::{CommandId, PointerKey};
use crate::tool::Event as ToolEvent;
use egui::{FocusDirection, Id, Key, LayerId, Modifiers, Order, Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, vec2};

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
    fn hand_over(&mut self) -> Option<(Hand, Rect)> {
        self.keep_hand_in_place();
        let reading = self.reading.as_ref()?;
        let pane = reading.viewer.active();
        let rect = self.pane_rects.iter().find(|(n, _)| *n == pane)?.1;
        let sight = reading.viewer.sight(pane);
        let crosshair = pane_input::local_to(sight.pane_from_patient(sight.cursor), rect);
        Some((self.hand.unwrap_or(Hand { pane, at: rect.clamp(crosshair), down: false }), rect))
    }

    /// The pointer of the keys goes where its picture is no longer under it, or another pane has the keys.
    pub(super) fn keep_hand_in_place(&mut self) {
        let Some(hand) = self.hand else { return };
        let active = self.reading.as_ref().map(|r| r.viewer.active());
        let over = |(pane, rect): &(usize, Rect)| *pane == hand.pane && rect.contains(hand.at);
        if active != Some(hand.pane) || !self.pane_rects.iter().any(over) {
            self.drop_hand();
        }
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
            if self.capture.is_none() {
                self.hand = Some(Hand { down: false, ..hand }); // refused, and said why
            }
        } else {
            pane_input::released(self, hand.pane, rect, hand.at, egui::PointerButton::Primary, Modifiers::NONE);
        }
    }

    /// The pointer of the keys goes; what it was drawing is dropped, as by Escape.
    pub(super) fn drop_hand(&mut self) {
        if self.hand.take().is_some_and(|h| h.down) {
            self.capture = None;
            self.tool_event(ToolEvent::Cancel);
        }
    }

    /// Whether what is being drawn is held by the keys: the mouse has no part in it.
    pub(super) fn hand_is_down(&self) -> bool {
        self.hand.is_some_and(|h| h.down)
    }
}

/// A command that goes on while its key is held; others are done once for each press.
pub fn repeats(id: CommandId) -> bool {
    use CommandId::*;
    let slices = matches!(id, SliceBack | SliceForward | TenBack | TenForward | LevelUp | LevelDown);
    let sizes = matches!(id, BrushSmaller | BrushLarger | SlabThicker | SlabThinner);
    let steps = matches!(id, Undo | Redo | NextLesion | NextMeasurement | NextDifference | PreviousDifference);
    slices || sizes || steps || matches!(id, MovePointer(_))
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
    match ctx.memory(|m| m.focused()) {
        Some(_) => back_to_images(ctx),
        None => ctx.memory_mut(|m| m.move_focus(FocusDirection::Next)),
    }
}

/// A ring around the control that has the keyboard; a text field has its own cursor.
pub fn ring(ctx: &egui::Context) {
    if ctx.text_edit_focused() {
        return;
    }
    let Some(control) = ctx.memory(|m| m.focused()).and_then(|id| ctx.read_response(id)) else { return };
    let layer = LayerId::new(Order::Foreground, Id::unique("keyboard"));
    let (rect, stroke) = (control.rect.expand(1.5), Stroke::new(2.0, theme::TEXT));
    ctx.layer_painter(layer).rect_stroke(rect, 5.0, stroke, StrokeKind::Outside);
}

/// The images have the keyboard again.
pub fn back_to_images(ctx: &egui::Context) {
    ctx.memory_mut(|m| m.focused().into_iter().for_each(|id: Id| m.surrender_focus(id)));
}

/// The pointer of the keys, as it is seen.
pub fn paint(hand: &Hand, painter: &Painter) {
    let stroke = Stroke::new(if hand.down { 3.0 } else { 1.5 }, theme::ACCENT);
    painter.circle_stroke(hand.at, 9.0, stroke);
    for way in [vec2(3.0, 0.0), vec2(0.0, 3.0)] {
        painter.line_segment([hand.at - way, hand.at + way], stroke);
    }
}
