//! The contour: drag draws freehand, clicks set corners; Enter, a double click or a click on the first corner closes.
//! Alt at the start subtracts. Where the reader asked for it, the closed outline stays open for editing: points are dragged,
//! added on a side, taken away with Alt, and Enter keeps it.

use super::{Event, Outcome, Phase, Preview, SNAP_MM, Scene, Tool, thinned};
use crate::segment::DrawPlane;
use crate::session::{ContourMode, Op};
use crate::space::PatientPoint;

/// Freehand points nearer than this are joined, mm.
const SAMPLE_MM: f64 = 0.15;
/// A freehand outline is given as few points as stay within this of it, mm.
const HANDLE_MM: f64 = 0.5;

#[derive(Default)]
enum State {
    #[default]
    Idle,
    /// The button is down after the corners set so far: a drag or a click will follow.
    Pressed { outline: Outline, trail: Vec<PatientPoint> },
    /// Corners are being set.
    Polygon { outline: Outline, hover: PatientPoint },
    /// The outline is closed and open for editing; `held` is the corner under the button.
    Adjust { outline: Outline, held: Option<usize> },
}

/// Corners on one plane.
#[derive(Clone)]
struct Outline {
    corners: Vec<PatientPoint>,
    plane: DrawPlane,
    subtract: bool,
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
        let line = |points: Vec<PatientPoint>, closed| vec![Preview::Line { points, closed }];
        match &self.0 {
            State::Idle => vec![],
            State::Pressed { outline, trail } => line(outline.corners.iter().chain(trail).copied().collect(), false),
            State::Polygon { outline, hover } => {
                line(outline.corners.iter().chain([hover]).copied().collect(), outline.corners.len() > 1)
            }
            State::Adjust { outline, .. } => {
                let mut out = line(outline.corners.clone(), true);
                out.extend(outline.corners.iter().map(|at| Preview::Handle { at: *at }));
                out
            }
        }
    }

    fn hint(&self, scene: &Scene<'_>) -> String {
        match &self.0 {
            State::Polygon { .. } => "Click more corners; Enter or double click closes, Esc drops".to_owned(),
            State::Pressed { .. } => "Drag around the lesion; release closes the outline".to_owned(),
            State::Adjust { .. } => {
                "Drag points, click the line for one more, Alt takes one away; Enter keeps the outline, Esc drops it"
                    .to_owned()
            }
            State::Idle => {
                format!("Drag around {}, or click corners; Alt subtracts, Shift+E edits points first", scene.who())
            }
        }
    }

    fn pending(&self, scene: &Scene<'_>) -> Option<Op> {
        match &self.0 {
            State::Adjust { outline, .. } => outline.op(scene),
            _ => None,
        }
    }
}

impl Outline {
    fn op(&self, scene: &Scene<'_>) -> Option<Op> {
        let (lesion, body) = scene.target().filter(|_| self.corners.len() >= 3)?;
        Some(Op::Contour {
            lesion,
            body,
            over: scene.settings.over.clone(),
            image: Some(scene.image.clone()),
            plane: self.plane,
            points_mm: self.corners.clone(),
            mode: if self.subtract { ContourMode::Subtract } else { ContourMode::Add },
        })
    }

    /// Closes: the step itself, or first the points for editing.
    fn closed(mut self, freehand: bool, scene: &Scene<'_>) -> (State, Outcome) {
        if !scene.settings.adjust || self.corners.len() < 3 {
            let outcome = self.op(scene).map_or(Outcome::Preview, Outcome::Commit);
            return (State::Idle, outcome);
        }
        if freehand {
            self.corners = simplified(&self.corners, HANDLE_MM);
        }
        (State::Adjust { outline: self, held: None }, Outcome::Preview)
    }

    /// The corner at a point.
    fn corner_at(&self, at: PatientPoint) -> Option<usize> {
        let far = |n: &usize| self.corners[*n].distance_mm(at);
        let nearest = (0..self.corners.len()).min_by(|a, b| far(a).total_cmp(&far(b)));
        nearest.filter(|n| far(n) < SNAP_MM)
    }

    /// The side at a point, by the corner it ends in.
    fn side_at(&self, at: PatientPoint) -> Option<usize> {
        let n = self.corners.len();
        let far = |k: &usize| off_side_mm(self.corners[(k + n - 1) % n], self.corners[*k], at);
        (0..n).min_by(|a, b| far(a).total_cmp(&far(b))).filter(|k| far(k) < SNAP_MM)
    }
}

fn step(state: State, event: Event, scene: &Scene<'_>) -> (State, Outcome) {
    match (state, event) {
        (State::Idle, Event::Pointer { phase: Phase::Press, at, plane, alt, .. }) => {
            let outline = Outline { corners: vec![], plane, subtract: alt };
            (State::Pressed { outline, trail: vec![at] }, Outcome::Preview)
        }
        (State::Polygon { outline, .. }, Event::Pointer { phase: Phase::Press, at, .. }) => {
            (State::Pressed { outline, trail: vec![at] }, Outcome::Preview)
        }
        (State::Pressed { outline, mut trail }, Event::Pointer { phase: Phase::Drag, at, plane, .. }) => {
            if plane == outline.plane {
                trail.push(at);
            }
            (State::Pressed { outline, trail }, Outcome::Preview)
        }
        (State::Pressed { outline, trail }, Event::Pointer { phase: Phase::Release, at, .. }) => {
            released(outline, trail, at, scene)
        }
        (State::Polygon { outline, .. }, Event::Accept | Event::Pointer { phase: Phase::DoubleClick, .. }) => {
            outline.closed(false, scene)
        }
        (State::Polygon { outline, .. }, Event::Pointer { phase: Phase::Hover | Phase::Drag, at, plane, .. })
            if plane == outline.plane =>
        {
            (State::Polygon { outline, hover: at }, Outcome::Preview)
        }
        (State::Adjust { outline, .. }, Event::Accept) => {
            (State::Idle, outline.op(scene).map_or(Outcome::Preview, Outcome::Commit))
        }
        (State::Adjust { outline, held }, Event::Pointer { phase, at, plane, alt, .. }) => {
            adjusted(outline, held, phase, at, alt, plane)
        }
        (_, Event::Cancel) => (State::Idle, Outcome::Preview),
        (state, _) => (state, Outcome::Idle),
    }
}

/// A point is taken up, moved, added on a side, or taken away.
fn adjusted(
    mut outline: Outline,
    held: Option<usize>,
    phase: Phase,
    at: PatientPoint,
    alt: bool,
    plane: DrawPlane,
) -> (State, Outcome) {
    if plane != outline.plane {
        return (State::Adjust { outline, held: None }, Outcome::Idle);
    }
    let (corner, side) = (outline.corner_at(at), outline.side_at(at));
    let held = match (phase, held) {
        (Phase::Press, _) if alt => {
            if let Some(n) = corner.filter(|_| outline.corners.len() > 3) {
                outline.corners.remove(n);
            }
            None
        }
        (Phase::Press, _) => corner.or_else(|| {
            outline.corners.insert(side?, at);
            side
        }),
        (Phase::Drag | Phase::Release, Some(n)) => {
            outline.corners[n] = at;
            (phase == Phase::Drag).then_some(n)
        }
        (_, held) => held,
    };
    (State::Adjust { outline, held }, Outcome::Preview)
}

/// Distance of a point from the side between two corners, mm.
fn off_side_mm(a: PatientPoint, b: PatientPoint, at: PatientPoint) -> f64 {
    let (side, to) = (b.vec() - a.vec(), at.vec() - a.vec());
    let share = (to.dot(side) / side.length_squared().max(1e-12)).clamp(0.0, 1.0);
    (to - side * share).length()
}

/// The points from which the line is nowhere further than `mm` (Douglas & Peucker 1973).
fn simplified(points: &[PatientPoint], mm: f64) -> Vec<PatientPoint> {
    let [first, .., last] = points else { return points.to_vec() };
    let far = |n: &usize| off_side_mm(*first, *last, points[*n]);
    let worst = (1..points.len() - 1).max_by(|a, b| far(a).total_cmp(&far(b)));
    match worst.filter(|n| far(n) > mm) {
        None => vec![*first, *last],
        Some(n) => {
            let mut out = simplified(&points[..=n], mm);
            out.pop();
            out.extend(simplified(&points[n..], mm));
            out
        }
    }
}

/// A release after hardly any movement was a click: a corner. After a drag it ends a freehand outline.
fn released(mut outline: Outline, trail: Vec<PatientPoint>, at: PatientPoint, scene: &Scene<'_>) -> (State, Outcome) {
    let travelled: f64 = trail.windows(2).map(|w| w[0].distance_mm(w[1])).sum();
    if travelled >= 2.0 * SNAP_MM {
        outline.corners.extend(thinned(&trail, SAMPLE_MM));
        return outline.closed(true, scene);
    }
    let corners = &mut outline.corners;
    if corners.len() > 2 && corners[0].distance_mm(at) < SNAP_MM {
        return outline.closed(false, scene);
    }
    if corners.last().is_none_or(|c| c.distance_mm(at) > 1e-6) {
        corners.push(at);
    }
    (State::Polygon { outline, hover: at }, Outcome::Preview)
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

    #[test]
    fn points_are_edited_before_the_outline_is_kept() {
        let (document, image) = (Document::default(), crate::document::ImageKey("1.2.3".into()));
        let settings = crate::tool::Settings { adjust: true, ..Default::default() };
        let scene = Scene {
            document: &document,
            image: &image,
            identity: None,
            lesion: Some("a"),
            body: None,
            next_level: None,
            settings: &settings,
        };
        let corners = [at(0.0, 0.0, 0.0), at(0.0, 20.0, 0.0), at(0.0, 20.0, 20.0), at(0.0, 0.0, 20.0)];
        let mut tool = ContourTool::default();
        let mut send = |events: &[Event]| {
            let outcomes: Vec<_> = events.iter().map(|e| tool.event(*e, &scene)).collect();
            (outcomes.into_iter().find(|o| matches!(o, Outcome::Commit(_))), tool.preview(&scene).len())
        };
        let mut drawn: Vec<Event> = corners.iter().flat_map(|c| click(*c)).collect();
        drawn.push(Event::Accept);
        assert_eq!(send(&drawn), (None, 5), "an outline and its four points wait");
        let moved = at(0.0, -6.0, -5.0);
        send(&[
            pointer(Phase::Press, at(0.0, 0.5, 0.5), false),
            pointer(Phase::Drag, at(0.0, -3.0, -3.0), false),
            pointer(Phase::Release, moved, false),
        ]);
        let added = at(0.0, 10.0, 20.5);
        assert_eq!(send(&click(added)).1, 6, "one more point on a side");
        assert_eq!(send(&[pointer(Phase::Press, corners[1], true)]).1, 5, "Alt takes one away");
        let (done, left) = send(&[Event::Accept]);
        let Some(Outcome::Commit(Op::Contour { points_mm, .. })) = done else { panic!("{done:?}") };
        assert_eq!(points_mm, [moved, corners[2], added, corners[3]]);
        assert_eq!(left, 0);
    }

    #[test]
    fn a_freehand_line_keeps_its_shape_with_few_points() {
        let circle: Vec<_> = (0..=200)
            .map(|n| (f64::from(n) * std::f64::consts::TAU / 201.0).sin_cos())
            .map(|(s, c)| at(0.0, 15.0 * c, 15.0 * s))
            .collect();
        let few = simplified(&circle, 0.5);
        assert!((8..30).contains(&few.len()), "{}", few.len());
        let off = |p: &PatientPoint| few.windows(2).map(|w| off_side_mm(w[0], w[1], *p)).fold(f64::INFINITY, f64::min);
        assert!(circle.iter().all(|p| off(p) <= 0.5 + 1e-9));
    }
}
