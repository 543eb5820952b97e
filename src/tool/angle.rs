//! An angle between two lines, each dragged: end plates for Cobb's angle, or any other pair.

use super::{Event, Outcome, Phase, Preview, Scene, Tool, measure};
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
pub struct AngleTool(State);

/// Angle between two directed lines, degrees 0…180.
fn degrees(a: Line, b: Line) -> f64 {
    (a[1].vec() - a[0].vec()).angle_between(b[1].vec() - b[0].vec()).to_degrees()
}

impl Tool for AngleTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        let (next, outcome) = match (self.0, event) {
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
                let shape = MeasurementShape::Angle { a_mm: l, b_mm: [a, at] };
                (State::Idle, Outcome::Commit(measure(scene, "Angle", shape)))
            }
            (_, Event::Cancel) => (State::Idle, Outcome::Preview),
            (state, _) => (state, Outcome::Idle),
        };
        self.0 = next;
        outcome
    }

    fn preview(&self, _: &Scene<'_>) -> Vec<Preview> {
        let line = |l: Line| Preview::Line { points: l.to_vec(), closed: false };
        match self.0 {
            State::Idle => vec![],
            State::First(l) | State::Between(l) => vec![line(l)],
            State::Second(l, m) => {
                vec![line(l), line(m), Preview::Mark { at: m[1], text: format!("{:.1}°", degrees(l, m)) }]
            }
        }
    }

    fn hint(&self, _: &Scene<'_>) -> String {
        match self.0 {
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

    #[test]
    fn two_drags_make_an_angle() {
        let lines = [[at(0.0, 0.0, 0.0), at(0.0, 9.0, 0.0)], [at(0.0, 0.0, 9.0), at(0.0, 9.0, 18.0)]];
        let events: Vec<Event> = lines
            .iter()
            .flat_map(|l| {
                let phases = [(Phase::Press, l[0]), (Phase::Drag, l[1]), (Phase::Release, l[1])];
                phases.map(|(phase, p)| pointer(phase, p, false))
            })
            .collect();
        assert_eq!(run(&mut AngleTool::default(), &Document::default(), None, None, &events).len(), 1);
        assert!((degrees(lines[0], lines[1]) - 45.0).abs() < 1e-9);
    }
}
