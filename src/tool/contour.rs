//! The contour: drag draws freehand, clicks set corners; Enter, a double click or a click on the first corner closes.
//! Alt at the start subtracts.

use super::{Event, Outcome, Phase, Preview, SNAP_MM, Scene, Tool, thinned};
use crate::segment::DrawPlane;
use crate::session::{ContourMode, Op};
use crate::space::PatientPoint;

/// Freehand points nearer than this are joined, mm.
const SAMPLE_MM: f64 = 0.15;

#[derive(Default)]
enum State {
    #[default]
    Idle,
    /// The button is down after the corners set so far: a drag or a click will follow.
    Pressed {
        corners: Vec<PatientPoint>,
        trail: Vec<PatientPoint>,
        plane: DrawPlane,
        subtract: bool,
    },
    Polygon {
        corners: Vec<PatientPoint>,
        hover: PatientPoint,
        plane: DrawPlane,
        subtract: bool,
    },
}

/// See the module.
#[derive(Default)]
pub struct ContourTool(State);

impl Tool for ContourTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        let state = std::mem::take(&mut self.0);
        let (next, outcome) = step(state, event, scene);
        self.0 = next;
        outcome
    }

    fn preview(&self, _: &Scene<'_>) -> Vec<Preview> {
        match &self.0 {
            State::Idle => vec![],
            State::Pressed { corners, trail, .. } => {
                let points = corners.iter().chain(trail).copied().collect();
                vec![Preview::Line { points, closed: false }]
            }
            State::Polygon { corners, hover, .. } => {
                let points = corners.iter().chain([hover]).copied().collect();
                vec![Preview::Line { points, closed: corners.len() > 1 }]
            }
        }
    }

    fn hint(&self, scene: &Scene<'_>) -> String {
        let who = scene.lesion.unwrap_or("a new lesion");
        match &self.0 {
            State::Polygon { .. } => "Click more corners; Enter or double click closes, Esc drops".to_owned(),
            State::Pressed { .. } => "Drag around the lesion; release closes the outline".to_owned(),
            State::Idle => format!("Drag around {who}, or click corners; Alt subtracts"),
        }
    }
}

fn step(state: State, event: Event, scene: &Scene<'_>) -> (State, Outcome) {
    match (state, event) {
        (State::Idle, Event::Pointer { phase: Phase::Press, at, plane, alt, .. }) => {
            (State::Pressed { corners: vec![], trail: vec![at], plane, subtract: alt }, Outcome::Preview)
        }
        (State::Polygon { corners, plane, subtract, .. }, Event::Pointer { phase: Phase::Press, at, .. }) => {
            (State::Pressed { corners, trail: vec![at], plane, subtract }, Outcome::Preview)
        }
        (
            State::Pressed { corners, mut trail, plane, subtract },
            Event::Pointer { phase: Phase::Drag, at, plane: here, .. },
        ) => {
            if here == plane {
                trail.push(at);
            }
            (State::Pressed { corners, trail, plane, subtract }, Outcome::Preview)
        }
        (State::Pressed { corners, trail, plane, subtract }, Event::Pointer { phase: Phase::Release, at, .. }) => {
            released(corners, trail, at, plane, subtract, scene)
        }
        (
            State::Polygon { corners, plane, subtract, .. },
            Event::Accept | Event::Pointer { phase: Phase::DoubleClick, .. },
        ) => (State::Idle, closed(&corners, plane, subtract, scene)),
        (
            State::Polygon { corners, plane, subtract, .. },
            Event::Pointer { phase: Phase::Hover | Phase::Drag, at, plane: here, .. },
        ) if here == plane => (State::Polygon { corners, hover: at, plane, subtract }, Outcome::Preview),
        (_, Event::Cancel) => (State::Idle, Outcome::Preview),
        (state, _) => (state, Outcome::Idle),
    }
}

/// A release after hardly any movement was a click: a corner. After a drag it ends a freehand outline.
fn released(
    mut corners: Vec<PatientPoint>,
    trail: Vec<PatientPoint>,
    at: PatientPoint,
    plane: DrawPlane,
    subtract: bool,
    scene: &Scene<'_>,
) -> (State, Outcome) {
    let travelled: f64 = trail.windows(2).map(|w| w[0].distance_mm(w[1])).sum();
    if travelled >= 2.0 * SNAP_MM {
        corners.extend(thinned(&trail, SAMPLE_MM));
        return (State::Idle, closed(&corners, plane, subtract, scene));
    }
    if corners.len() > 2 && corners[0].distance_mm(at) < SNAP_MM {
        return (State::Idle, closed(&corners, plane, subtract, scene));
    }
    if corners.last().is_none_or(|c| c.distance_mm(at) > 1e-6) {
        corners.push(at);
    }
    (State::Polygon { corners, hover: at, plane, subtract }, Outcome::Preview)
}

fn closed(points: &[PatientPoint], plane: DrawPlane, subtract: bool, scene: &Scene<'_>) -> Outcome {
    let (Some(lesion), true) = (scene.lesion, points.len() >= 3) else { return Outcome::Preview };
    Outcome::Commit(Op::Contour {
        lesion: lesion.to_owned(),
        image: Some(scene.image.clone()),
        plane,
        points_mm: points.to_vec(),
        mode: if subtract { ContourMode::Subtract } else { ContourMode::Add },
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::Document;

    fn click(p: PatientPoint) -> [Event; 2] {
        [pointer(Phase::Press, p, false), pointer(Phase::Release, p, false)]
    }

    #[test]
    fn clicks_make_a_polygon_that_enter_closes() {
        let corners = [at(0.0, 0.0, 0.0), at(0.0, 9.0, 0.0), at(0.0, 9.0, 9.0)];
        let mut events: Vec<Event> = corners.iter().flat_map(|c| click(*c)).collect();
        events.push(Event::Accept);
        let done = run(&mut ContourTool::default(), &Document::default(), Some("a"), None, &events);
        let [Op::Contour { points_mm, mode, .. }] = &done[..] else { panic!("{done:?}") };
        assert_eq!((points_mm.as_slice(), *mode), (corners.as_slice(), ContourMode::Add));
    }

    #[test]
    fn clicking_the_first_corner_closes() {
        let corners = [at(0.0, 0.0, 0.0), at(0.0, 9.0, 0.0), at(0.0, 9.0, 9.0), at(0.0, 0.1, 0.0)];
        let events: Vec<Event> = corners.iter().flat_map(|c| click(*c)).collect();
        assert_eq!(run(&mut ContourTool::default(), &Document::default(), Some("a"), None, &events).len(), 1);
    }

    #[test]
    fn a_drag_draws_freehand_and_alt_subtracts() {
        let around = [(0.0, 0.0), (5.0, 0.0), (5.0, 5.0), (0.0, 5.0)].map(|(y, z)| at(0.0, y, z));
        let mut events = vec![pointer(Phase::Press, around[0], true)];
        events.extend(around.iter().map(|p| pointer(Phase::Drag, *p, true)));
        events.push(pointer(Phase::Release, around[3], true));
        let done = run(&mut ContourTool::default(), &Document::default(), Some("a"), None, &events);
        assert!(matches!(&done[..], [Op::Contour { mode: ContourMode::Subtract, .. }]), "{done:?}");
    }

    #[test]
    fn escape_and_too_few_corners_leave_nothing() {
        let mut events: Vec<Event> = [at(0.0, 0.0, 0.0), at(0.0, 9.0, 0.0)].iter().flat_map(|c| click(*c)).collect();
        events.push(Event::Accept);
        events.extend(click(at(0.0, 1.0, 1.0)));
        events.push(Event::Cancel);
        events.push(Event::Accept);
        assert!(run(&mut ContourTool::default(), &Document::default(), Some("a"), None, &events).is_empty());
    }
}
