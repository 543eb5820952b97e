//! Pointer and wheel over a pane, turned into patient space: the one input path of window, tests and tools.

use super::App;
use crate::session::CommandId;
use crate::space::{DVec2, PatientPoint, Plane};
use crate::tool::{Event as ToolEvent, Phase};
use crate::view::PanePoint;
use egui::{Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, Response, Ui, Vec2};

/// Touchpads report points; this many are one slice.
const POINTS_PER_SLICE: f32 = 24.0;

/// What the pointer is over.
#[derive(Clone, Copy, Debug)]
pub struct Hover {
    /// The pane.
    pub plane: Plane,
    /// The patient point under the pointer.
    pub at: PatientPoint,
}

/// A button that went down over a pane: its moves belong to that pane until it is released.
#[derive(Clone, Copy, Debug)]
pub struct Capture {
    plane: Plane,
    button: PointerButton,
    start: Pos2,
    last: Pos2,
}

impl Capture {
    /// The pane, and where the drag began and is now.
    pub fn box_on(&self, plane: Plane) -> Option<(Pos2, Pos2)> {
        (self.plane == plane && self.button == PointerButton::Primary).then_some((self.start, self.last))
    }
}

fn local(p: Pos2, rect: Rect) -> PanePoint {
    PanePoint(DVec2::new(f64::from(p.x - rect.left()), f64::from(p.y - rect.top())))
}

/// Takes this frame's events that concern a pane.
pub fn handle(app: &mut App, ui: &Ui, plane: Plane, rect: Rect, response: &Response) {
    let over = response.contains_pointer();
    for event in ui.input(|i| i.events.clone()) {
        match event {
            Event::PointerButton { pos, button, pressed: true, modifiers } if over && rect.contains(pos) => {
                press(app, plane, rect, pos, button, modifiers);
            }
            Event::PointerMoved(pos) => moved(app, ui, plane, rect, pos, over),
            Event::PointerButton { pos, button, pressed: false, modifiers } => {
                released(app, plane, rect, pos, button, modifiers);
            }
            Event::MouseWheel { unit, delta, modifiers, .. } if over => {
                wheel(app, ui, plane, rect, unit, delta, modifiers)
            }
            _ => {}
        }
    }
    if response.double_clicked() {
        double_click(app, ui, plane, rect);
    }
    if let Some(pos) = ui.input(|i| i.pointer.latest_pos()).filter(|p| over && rect.contains(*p)) {
        app.hovered = Some(Hover { plane, at: app.patient_at(plane, rect, pos) });
        if app.desk.tool.is_some() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
        }
    }
}

fn press(app: &mut App, plane: Plane, rect: Rect, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    let Some(reading) = &mut app.reading else { return };
    reading.viewer.active = plane;
    app.capture = Some(Capture { plane, button, start: pos, last: pos });
    if button != PointerButton::Primary {
        return;
    }
    if app.desk.draws() && !app.ready_to_draw(plane, rect, pos) {
        app.capture = None;
        return;
    }
    point(app, plane, rect, pos, Phase::Press, modifiers.alt);
}

fn moved(app: &mut App, ui: &Ui, plane: Plane, rect: Rect, pos: Pos2, over: bool) {
    let alt = ui.input(|i| i.modifiers.alt);
    let Some(capture) = &mut app.capture else {
        if over && rect.contains(pos) && app.desk.tool.is_some() {
            point(app, plane, rect, pos, Phase::Hover, alt);
        }
        return;
    };
    if capture.plane != plane {
        return;
    }
    let delta = pos - capture.last;
    capture.last = pos;
    let delta = DVec2::new(f64::from(delta.x), f64::from(delta.y));
    match capture.button {
        PointerButton::Primary => point(app, plane, rect, pos, Phase::Drag, alt),
        PointerButton::Secondary => app.with_viewer(|v| v.drag_window(delta)),
        PointerButton::Middle => app.with_viewer(|v| v.pane_mut(plane).pan_by(delta)),
        _ => {}
    }
}

fn released(app: &mut App, plane: Plane, rect: Rect, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    let Some(capture) = app.capture.filter(|c| c.plane == plane && c.button == button) else { return };
    app.capture = None;
    if button != PointerButton::Primary {
        return;
    }
    if app.desk.tool_id == CommandId::WindowBox {
        app.window_from_box(plane, rect, capture.start, pos);
    } else {
        point(app, plane, rect, pos, Phase::Release, modifiers.alt);
    }
}

/// One pointer event for the active tool, or the crosshair while none is active.
fn point(app: &mut App, plane: Plane, rect: Rect, pos: Pos2, phase: Phase, alt: bool) {
    let at = app.patient_at(plane, rect, pos);
    if app.desk.tool.is_some() {
        app.tool_event(ToolEvent::Pointer { phase, at, plane, alt });
    } else if app.desk.tool_id == CommandId::Navigate && phase != Phase::Hover {
        app.with_viewer(|v| v.cursor = at);
    }
}

fn double_click(app: &mut App, ui: &Ui, plane: Plane, rect: Rect) {
    if app.desk.tool_id == CommandId::Navigate {
        app.with_viewer(|v| v.maximise(plane));
    } else if let Some(pos) = ui.input(|i| i.pointer.latest_pos()) {
        point(app, plane, rect, pos, Phase::DoubleClick, false);
    }
}

fn wheel(app: &mut App, ui: &Ui, plane: Plane, rect: Rect, unit: MouseWheelUnit, delta: Vec2, modifiers: Modifiers) {
    let amount = if delta.y.abs() >= delta.x.abs() { delta.y } else { delta.x };
    let notches = match unit {
        MouseWheelUnit::Point => amount / POINTS_PER_SLICE,
        MouseWheelUnit::Line => amount,
        MouseWheelUnit::Page => amount * 10.0,
    };
    if modifiers.command {
        let pos = ui.input(|i| i.pointer.latest_pos()).unwrap_or(rect.center());
        let size = DVec2::new(f64::from(rect.width()), f64::from(rect.height()));
        let factor = 1.15f64.powf(f64::from(notches));
        return app.with_viewer(|v| v.pane_mut(plane).zoom_at(local(pos, rect), size, factor));
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
        app.scroll(plane, whole as i64);
    }
}

/// A short right click.
pub fn context_menu(app: &mut App, response: &Response, plane: Plane) {
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
                app.with_viewer(|v| v.active = plane);
                app.run(id);
                ui.close();
            }
        }
    });
}

impl App {
    /// The patient point under a screen position.
    pub(super) fn patient_at(&self, plane: Plane, rect: Rect, pos: Pos2) -> PatientPoint {
        let Some(r) = &self.reading else { return PatientPoint::ORIGIN };
        let size = DVec2::new(f64::from(rect.width()), f64::from(rect.height()));
        r.viewer.pane(plane).patient_from_pane(local(pos, rect), size, r.viewer.cursor)
    }
}
