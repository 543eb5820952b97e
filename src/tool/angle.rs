//! An angle between two lines, each dragged: end plates for Cobb's angle, or any other pair.

use super::{Event, Outcome, Phase, Preview, Scene, Tool, measure};
use crate::assess;
use crate::document::MeasurementShape;
use crate::space::PatientPoint;

type Line = [PatientPoint; 2];

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Idle,
    First(Line),
    Between(Line),
    Second(Line, Line),
}

/// See the module.
#[derive(Default)]
pub struct AngleTool {
    state: State,
    cobb: bool,
}

impl AngleTool {
    /// For Cobb's angle: the smaller one, whichever way the lines are drawn.
    pub fn cobb() -> Self {
        AngleTool { cobb: true, ..Self::default() }
    }

    fn shape(&self, a_mm: Line, b_mm: Line) -> MeasurementShape {
        match self.cobb {
            true => MeasurementShape::Cobb { a_mm, b_mm },
            false => MeasurementShape::Angle { a_mm, b_mm },
        }
    }
}

impl Tool for AngleTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        let (next, outcome) = match (self.state, event) {
            (State::Idle, Event::Pointer { phase: Phase::Press, at, .. }) => (State::First([at, at]), Outcome::Preview),
            (State::First([a, _]), Event::Pointer { phase: Phase::Drag, at, .. }) => {
                (State::First([a, at]), Outcome::Preview)
            }
            (State::First([a, _]), Event::Pointer { phase: Phase::Release, at, .. }) => {
                (if a == at { State::Idle } else { State::Between([a, at]) }, Outcome::Preview)
            }
            (State::Between(l), Event::Pointer { phase: Phase::Press, at, .. }) => {
                (State::Second(l, [at, at]), Outcome::Preview)
            }
            (State::Second(l, [a, _]), Event::Pointer { phase: Phase::Drag, at, .. }) => {
                (State::Second(l, [a, at]), Outcome::Preview)
            }
            (State::Second(l, [a, _]), Event::Pointer { phase: Phase::Release, at, .. }) if a == at => {
                (State::Between(l), Outcome::Preview)
            }
            (State::Second(l, [a, _]), Event::Pointer { phase: Phase::Release, at, .. }) => {
                let name = if self.cobb { "Cobb" } else { "Angle" };
                (State::Idle, Outcome::Commit(measure(scene, name, self.shape(l, [a, at]))))
            }
            (_, Event::Cancel) => (State::Idle, Outcome::Preview),
            (state, _) => (state, Outcome::Idle),
        };
        self.state = next;
        outcome
    }

    fn preview(&self, _: &Scene<'_>) -> Vec<Preview> {
        let line = |l: Line| Preview::Line { points: l.to_vec(), closed: false };
        match self.state {
            State::Idle => vec![],
            State::First(l) | State::Between(l) => vec![line(l)],
            State::Second(l, m) => {
                let text = assess::measure(&self.shape(l, m)).map_or(String::new(), |deg| format!("{deg:.1}°"));
                vec![line(l), line(m), Preview::Mark { at: m[1], text }]
            }
        }
    }

    fn hint(&self, _: &Scene<'_>) -> String {
        match self.state {
            State::Idle | State::First(_) if self.cobb => "Drag along the first end plate".to_owned(),
            _ if self.cobb => "Drag along the other end plate; Esc starts anew".to_owned(),
            State::Idle | State::First(_) => "Drag along the first line, front to back".to_owned(),
            _ => "Drag along the second line in the same direction; Esc starts anew".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::Document;
    use crate::session::Op;

    #[test]
    fn two_drags_make_an_angle() {
        let lines = [[at(0.0, 0.0, 0.0), at(0.0, 9.0, 0.0)], [at(0.0, 9.0, 18.0), at(0.0, 0.0, 9.0)]];
        let events: Vec<Event> = lines
            .iter()
            .flat_map(|l| {
                let phases = [(Phase::Press, l[0]), (Phase::Drag, l[1]), (Phase::Release, l[1])];
                phases.map(|(phase, p)| pointer(phase, p, false))
            })
            .collect();
        let shapes = [AngleTool::default(), AngleTool::cobb()].map(|mut tool| {
            let ops = run(&mut tool, &Document::default(), None, None, &events);
            let Some(Op::Measure { shape, .. }) = ops.into_iter().next() else { panic!("a measurement") };
            shape
        });
        let degrees = shapes.map(|s| assess::measure(&s).expect("lines have length"));
        assert!((degrees[0] - 135.0).abs() < 1e-9 && (degrees[1] - 45.0).abs() < 1e-9, "{degrees:?}");
    }
}
