//! Pointer and wheel over a pane, turned into patient space: the one input path of window, tests and tools.

use super::scout::{self, Handle};
use super::settings::Mouse;
use super::{App, by_keys};
use crate::segment::DrawPlane;
use crate::session::CommandId;
use crate::space::{DVec2, PatientPoint};
use crate::tool::{Event as ToolEvent, Phase};
use crate::view::PanePoint;
use egui::{Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, Response, Ui, Vec2};

/// Touchpads report points; this many are one slice.
const POINTS_PER_SLICE: f32 = 24.0;

/// A press that goes less far than this is a click, logical points.
const CLICK_REACH: f32 = 4.0;

/// What a button that is held does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Tool,
    Window,
    Pan,
    Zoom,
    Nothing,
}

/// What the pointer is over.
#[derive(Clone, Copy, Debug)]
pub struct Hover {
    /// The pane.
    pub pane: usize,
    /// The patient point under the pointer.
    pub at: PatientPoint,
}

/// A button that went down over a pane: its moves belong to that pane until it is released.
#[derive(Clone, Copy, Debug)]
pub struct Capture {
    pane: usize,
    button: PointerButton,
    start: Pos2,
    last: Pos2,
    /// The end of a line by which a plane is turned.
    handle: Option<Handle>,
}

impl Capture {
    /// The pane, and where the drag began and is now.
    pub fn box_on(&self, pane: usize) -> Option<(Pos2, Pos2)> {
        (self.pane == pane && self.button == PointerButton::Primary).then_some((self.start, self.last))
    }
}

/// A position within a pane's picture.
pub fn local(p: Pos2, rect: Rect) -> PanePoint {
    PanePoint(DVec2::new(f64::from(p.x - rect.left()), f64::from(p.y - rect.top())))
}

/// The inverse of [`local`].
pub fn local_to(p: PanePoint, rect: Rect) -> Pos2 {
    egui::pos2(rect.left() + p.0.x as f32, rect.top() + p.0.y as f32)
}

/// Takes this frame's events that concern a pane.
pub fn handle(app: &mut App, ui: &Ui, pane: usize, rect: Rect, response: &Response) {
    let over = response.contains_pointer();
    for event in ui.input(|i| i.events.clone()) {
        // The mouse over a picture takes over from the pointer of the keys; elsewhere it has no part in what they draw.
        let mouse = matches!(event, Event::PointerMoved(_) | Event::PointerButton { .. });
        if mouse && over {
            app.drop_hand();
        }
        match event {
            _ if mouse && app.hand_is_down() => {}
            Event::PointerButton { pos, button, pressed: true, modifiers } if over && rect.contains(pos) => {
                by_keys::back_to_images(ui.ctx());
                press(app, pane, rect, pos, button, modifiers);
            }
            Event::PointerMoved(pos) => moved_to(app, pane, rect, pos, ui.input(|i| i.modifiers), over),
            Event::PointerButton { pos, button, pressed: false, modifiers } => {
                released(app, pane, rect, pos, button, modifiers);
            }
            Event::MouseWheel { unit, delta, modifiers, .. } if over => {
                wheel(app, ui, pane, rect, unit, delta, modifiers)
            }
            _ => {}
        }
    }
    if response.double_clicked() {
        double_click(app, ui, pane, rect);
    }
    if let Some(hand) = app.hand {
        if hand.pane == pane {
            app.hovered = Some(Hover { pane, at: app.patient_at(pane, rect, hand.at) });
        }
    } else if let Some(pos) = ui.input(|i| i.pointer.latest_pos()).filter(|p| over && rect.contains(*p)) {
        app.hovered = Some(Hover { pane, at: app.patient_at(pane, rect, pos) });
        let turns = app.desk.tool_id == CommandId::Navigate
            && app.reading.as_ref().is_some_and(|r| scout::handle_at(r, pane, rect, pos).is_some());
        if app.desk.tool.is_some() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
        } else if turns {
            ui.ctx().set_cursor_icon(egui::CursorIcon::Grab);
        }
    }
}

/// A button goes down over a pane.
pub(super) fn press(app: &mut App, pane: usize, rect: Rect, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    // A second button never takes a gesture away from the first: a stroke goes on until its own button is up.
    if app.capture.is_some() {
        return;
    }
    app.activate(pane);
    let Some(reading) = &app.reading else { return };
    let turns = button == PointerButton::Primary && app.desk.tool_id == CommandId::Navigate;
    let handle = if turns { scout::handle_at(reading, pane, rect, pos) } else { None };
    app.capture = Some(Capture { pane, button, start: pos, last: pos, handle });
    if app.does(button) != Does::Tool || handle.is_some() {
        return;
    }
    if app.desk.draws() && !app.ready_to_draw(pane, rect, pos) {
        app.capture = None;
        return;
    }
    point(app, pane, rect, pos, Phase::Press, modifiers.alt);
}

/// The pointer moved, over the pane or while the pane holds its button.
pub(super) fn moved_to(app: &mut App, pane: usize, rect: Rect, pos: Pos2, modifiers: Modifiers, over: bool) {
    let Some(capture) = &mut app.capture else {
        if over && rect.contains(pos) && app.desk.tool.is_some() {
            point(app, pane, rect, pos, Phase::Hover, modifiers.alt);
        }
        return;
    };
    if capture.pane != pane {
        return;
    }
    let before = std::mem::replace(&mut capture.last, pos);
    let (delta, handle, capture_button) = (pos - before, capture.handle, capture.button);
    let delta = DVec2::new(f64::from(delta.x), f64::from(delta.y));
    let start = capture.start;
    match (app.does(capture_button), handle) {
        (Does::Tool, Some(handle)) => app.turn_plane(pane, rect, handle, before, pos, modifiers.shift),
        (Does::Tool, None) => point(app, pane, rect, pos, Phase::Drag, modifiers.alt),
        (Does::Window, _) => app.drag_window(pane, delta),
        (Does::Pan, _) => app.look(pane, |s| s.pane.pan_by(delta)),
        (Does::Zoom, _) => app.look(pane, |s| s.pane.zoom_at(local(start, rect), s.size, (-delta.y / 150.0).exp())),
        (Does::Nothing, _) => {}
    }
}

/// The button that went down over a pane is up.
pub(super) fn released(app: &mut App, pane: usize, rect: Rect, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    let Some(capture) = app.capture.filter(|c| c.pane == pane && c.button == button) else { return };
    app.capture = None;
    if button != PointerButton::Primary || capture.handle.is_some() {
        return;
    }
    if app.does(button) == Does::Window {
        if capture.start.distance(pos) < CLICK_REACH {
            point(app, pane, rect, pos, Phase::Press, modifiers.alt);
        }
    } else if app.desk.tool_id == CommandId::WindowBox {
        app.window_from_box(pane, rect, capture.start, pos);
    } else {
        point(app, pane, rect, pos, Phase::Release, modifiers.alt);
    }
}

/// One pointer event for the active tool, or the crosshair while none is active.
fn point(app: &mut App, pane: usize, rect: Rect, pos: Pos2, phase: Phase, alt: bool) {
    let at = app.patient_at(pane, rect, pos);
    if app.desk.tool.is_some() {
        let Some(plane) = app.draw_plane(pane, at) else { return };
        let axes = app.reading.as_ref().map(|r| r.viewer.sight(pane).directions_at(at));
        let axes = axes.map_or([crate::space::DVec3::X, crate::space::DVec3::Y], |[right, down, _]| [right, down]);
        app.tool_event(ToolEvent::Pointer { phase, at, plane, axes, alt });
    } else if app.desk.tool_id == CommandId::Navigate && phase != Phase::Hover {
        app.set_cursor(pane, at);
    }
}

fn double_click(app: &mut App, ui: &Ui, pane: usize, rect: Rect) {
    if app.desk.tool_id == CommandId::Navigate {
        app.maximise(pane);
    } else if let Some(pos) = ui.input(|i| i.pointer.latest_pos()) {
        point(app, pane, rect, pos, Phase::DoubleClick, false);
    }
}

fn wheel(app: &mut App, ui: &Ui, pane: usize, rect: Rect, unit: MouseWheelUnit, delta: Vec2, modifiers: Modifiers) {
    let amount = if delta.y.abs() >= delta.x.abs() { delta.y } else { delta.x };
    let notches = match unit {
        MouseWheelUnit::Point => amount / POINTS_PER_SLICE,
        MouseWheelUnit::Line => amount,
        MouseWheelUnit::Page => amount * 10.0,
    };
    if modifiers.command {
        let pos = ui.input(|i| i.pointer.latest_pos()).unwrap_or(rect.center());
        let factor = 1.15f64.powf(f64::from(notches));
        return app.look(pane, |s| s.pane.zoom_at(local(pos, rect), s.size, factor));
    }
    if modifiers.shift {
        return app.resize_brush(f64::from(notches) * 0.5);
    }
    // Whole slices at once; a touchpad's fractions add up.
    let id = ui.scope_id().with("wheel");
    let sum = ui.data(|d| d.get_temp::<f32>(id)).unwrap_or_default() - notches;
    let whole = sum.trunc();
    ui.data_mut(|d| d.insert_temp(id, sum - whole));
    if whole != 0.0 {
        app.scroll(pane, whole as i64);
    }
}

/// A short right click.
pub fn context_menu(app: &mut App, response: &Response, pane: usize) {
    response.context_menu(|ui| {
        for id in [
            CommandId::MaximisePane,
            CommandId::FitViews,
            CommandId::Invert,
            CommandId::WindowPreset(1),
            CommandId::WindowPreset(4),
            CommandId::WindowPreset(7),
            CommandId::WindowFull,
        ] {
            let c = id.command();
            let name = if matches!(id, CommandId::WindowPreset(_)) { c.hint } else { c.name };
            if ui.button(name).clicked() {
                app.activate(pane);
                app.run(id);
                ui.close();
            }
        }
    });
}

impl App {
    /// What a button does, after the mouse profile. While a plane is turned by its handle the left button is the tool.
    fn does(&self, button: PointerButton) -> Does {
        let turns = self.capture.is_some_and(|c| c.handle.is_some());
        let idle = self.desk.tool_id == CommandId::Navigate && !turns;
        match (button, self.settings.mouse) {
            (PointerButton::Primary, Mouse::Pacs) if idle => Does::Window,
            (PointerButton::Primary, _) => Does::Tool,
            (PointerButton::Secondary, Mouse::Tools) => Does::Window,
            (PointerButton::Secondary, Mouse::Pacs) => Does::Zoom,
            (PointerButton::Middle, _) => Does::Pan,
            _ => Does::Nothing,
        }
    }

    /// The patient point under a screen position.
    pub(super) fn patient_at(&self, pane: usize, rect: Rect, pos: Pos2) -> PatientPoint {
        let Some(r) = &self.reading else { return PatientPoint::ORIGIN };
        r.viewer.sight(pane).patient_from_pane(local(pos, rect))
    }

    /// The plane that a tool draws on: the anatomical one whose layers the pane shows, else the turned or curved surface
    /// itself at a point.
    fn draw_plane(&self, pane: usize, at: PatientPoint) -> Option<DrawPlane> {
        let sight = self.reading.as_ref()?.viewer.sight(pane);
        if !(sight.is_turned() || sight.is_curved()) {
            return Some(DrawPlane::Named(sight.plane()));
        }
        // A plane keeps its name for a whole gesture; a curved surface has one at every place.
        let origin_mm = if sight.is_turned() { sight.cursor } else { at };
        let [right, down, _] = sight.directions_at(origin_mm);
        Some(DrawPlane::Oblique { origin_mm, right: right.to_array(), down: down.to_array() })
    }
}
