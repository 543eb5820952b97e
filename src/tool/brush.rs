//! The brush: press and drag paints the current lesion with a disc or a sphere, swept without gaps; Alt erases.

use super::{Event, Outcome, Phase, Preview, Scene, Tool, thinned};
use crate::segment::DrawPlane;
use crate::session::{BrushMode, Op};
use crate::space::PatientPoint;

/// Points nearer than this share of the radius add nothing to the sweep that a reader could see.
const SAMPLE_SHARE: f64 = 0.05;

#[derive(Default)]
enum State {
    #[default]
    Away,
    Hover {
        at: PatientPoint,
        erase: bool,
    },
    Painting {
        path: Vec<PatientPoint>,
        plane: DrawPlane,
        erase: bool,
    },
}

/// See the module.
#[derive(Default)]
pub struct BrushTool(State);

impl Tool for BrushTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        let state = std::mem::take(&mut self.0);
        let (next, outcome) = match (state, event) {
            (State::Painting { mut path, plane, erase }, Event::Pointer { phase: Phase::Drag, at, .. }) => {
                path.push(at);
                (State::Painting { path, plane, erase }, Outcome::Preview)
            }
            (State::Painting { mut path, plane, erase }, Event::Pointer { phase: Phase::Release, at, .. }) => {
                path.push(at);
                let op = stroke(&path, plane, erase, scene);
                (State::Hover { at, erase }, op.map_or(Outcome::Preview, Outcome::Commit))
            }
            (painting @ State::Painting { .. }, Event::Pointer { .. } | Event::Accept) => (painting, Outcome::Idle),
            (_, Event::Pointer { phase: Phase::Press, at, plane, alt, .. }) => {
                (State::Painting { path: vec![at], plane, erase: alt }, Outcome::Preview)
            }
            (_, Event::Pointer { at, alt, .. }) => (State::Hover { at, erase: alt }, Outcome::Preview),
            (_, Event::Cancel) => (State::Away, Outcome::Preview),
            (state, Event::Accept) => (state, Outcome::Idle),
        };
        self.0 = next;
        outcome
    }

    fn preview(&self, scene: &Scene<'_>) -> Vec<Preview> {
        let radius_mm = scene.settings.radius_mm;
        match &self.0 {
            State::Away => vec![],
            State::Hover { at, erase } => vec![Preview::Tip { at: *at, radius_mm, erase: *erase }],
            State::Painting { path, erase, .. } => {
                path.last().map(|at| Preview::Tip { at: *at, radius_mm, erase: *erase }).into_iter().collect()
            }
        }
    }

    fn hint(&self, scene: &Scene<'_>) -> String {
        let who = scene.who();
        match &self.0 {
            State::Painting { erase: true, .. } => format!("Erasing {who}; release to keep, Esc to drop"),
            State::Painting { .. } => format!("Painting {who}; release to keep, Esc to drop"),
            _ => {
                format!("Drag to paint {who}, Alt erases; Shift+wheel or [ ] sizes the tip, X disc or sphere, R range")
            }
        }
    }

    fn pending(&self, scene: &Scene<'_>) -> Option<Op> {
        match &self.0 {
            State::Painting { path, plane, erase } => stroke(path, *plane, *erase, scene),
            _ => None,
        }
    }
}

fn stroke(path: &[PatientPoint], plane: DrawPlane, erase: bool, scene: &Scene<'_>) -> Option<Op> {
    let (s, (lesion, body)) = (scene.settings, scene.target()?);
    Some(Op::Brush {
        lesion,
        body,
        over: s.over.clone(),
        image: Some(scene.image.clone()),
        plane,
        path_mm: thinned(path, s.radius_mm * SAMPLE_SHARE),
        radius_mm: s.radius_mm,
        tip: s.tip,
        mode: if erase { BrushMode::Erase } else { BrushMode::Paint },
        range: s.range,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::Document;

    #[test]
    fn a_drag_is_one_stroke_along_its_points() {
        let path = [at(0.0, 0.0, 0.0), at(0.0, 5.0, 0.0), at(0.0, 9.0, 3.0)];
        let events = [
            pointer(Phase::Hover, path[0], false),
            pointer(Phase::Press, path[0], false),
            pointer(Phase::Drag, path[1], false),
            pointer(Phase::Release, path[2], false),
        ];
        let done = run(&mut BrushTool::default(), &Document::default(), Some("a"), None, &events);
        let [Op::Brush { path_mm, mode, .. }] = &done[..] else { panic!("{done:?}") };
        assert_eq!((path_mm.as_slice(), *mode), (path.as_slice(), BrushMode::Paint));
    }

    #[test]
    fn alt_erases_and_escape_drops() {
        let p = at(0.0, 0.0, 0.0);
        let erase = [pointer(Phase::Press, p, true), pointer(Phase::Release, p, true)];
        let done = run(&mut BrushTool::default(), &Document::default(), Some("a"), None, &erase);
        assert!(matches!(&done[..], [Op::Brush { mode: BrushMode::Erase, .. }]));
        let drop = [pointer(Phase::Press, p, false), Event::Cancel, pointer(Phase::Release, p, false)];
        assert!(run(&mut BrushTool::default(), &Document::default(), Some("a"), None, &drop).is_empty());
    }
}
