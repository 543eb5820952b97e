//! Numbering by clicks: each click labels the level at hand; dragging a label moves it; Alt and click removes it.

use super::{Event, Outcome, Phase, Preview, Scene, Tool};
use crate::anatomy::{VertebraLevel, suggest_next};
use crate::session::Op;
use crate::space::PatientPoint;

/// A press this near to a label takes hold of it, mm.
const GRAB_MM: f64 = 5.0;
/// A label that is moved less than this stays where it is, mm.
const MOVED_MM: f64 = 1.0;

#[derive(Default)]
enum State {
    #[default]
    Away,
    Hover(PatientPoint),
    Placing(PatientPoint),
    Moving {
        level: VertebraLevel,
        from: PatientPoint,
        at: PatientPoint,
    },
}

/// See the module.
#[derive(Default)]
pub struct VertebraTool(State);

fn grabbed(scene: &Scene<'_>, at: PatientPoint) -> Option<VertebraLevel> {
    scene.document.nearest_vertebra(at).filter(|(_, mm)| *mm < GRAB_MM).map(|(l, _)| l)
}

/// Where the next level should lie, from the chain's own spacing and direction.
fn suggested(scene: &Scene<'_>) -> Option<(VertebraLevel, PatientPoint)> {
    let placed: Vec<_> = scene.document.vertebrae.iter().filter_map(|(l, v)| Some((*l, v.at_mm?))).collect();
    scene.next_level.and_then(|level| Some((level, suggest_next(&placed, level)?)))
}

impl Tool for VertebraTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        let state = std::mem::take(&mut self.0);
        let (next, outcome) = match (state, event) {
            (_, Event::Pointer { phase: Phase::Press, at, alt: true, .. }) => {
                let op = grabbed(scene, at).map(|level| Op::UnlabelVertebra { level });
                (State::Hover(at), op.map_or(Outcome::Idle, Outcome::Commit))
            }
            (_, Event::Pointer { phase: Phase::Press, at, .. }) => match grabbed(scene, at) {
                Some(level) => (State::Moving { level, from: at, at }, Outcome::Preview),
                None => (State::Placing(at), Outcome::Preview),
            },
            (State::Moving { level, from, .. }, Event::Pointer { phase: Phase::Drag, at, .. }) => {
                (State::Moving { level, from, at }, Outcome::Preview)
            }
            (State::Moving { level, from, .. }, Event::Pointer { phase: Phase::Release, at, .. }) => {
                let moved = from.distance_mm(at) >= MOVED_MM;
                let op = Op::LabelVertebra { level, at_mm: at };
                (State::Hover(at), if moved { Outcome::Commit(op) } else { Outcome::Preview })
            }
            (State::Placing(_), Event::Pointer { phase: Phase::Drag, at, .. }) => {
                (State::Placing(at), Outcome::Preview)
            }
            (State::Placing(_), Event::Pointer { phase: Phase::Release, at, .. }) => {
                let op = scene.next_level.map(|level| Op::LabelVertebra { level, at_mm: at });
                (State::Hover(at), op.map_or(Outcome::Idle, Outcome::Commit))
            }
            (_, Event::Pointer { at, .. }) => (State::Hover(at), Outcome::Preview),
            (_, Event::Cancel) => (State::Away, Outcome::Preview),
            (state @ (State::Placing(_) | State::Moving { .. }), Event::Accept) => (state, Outcome::Idle),
            (state, Event::Accept) => {
                let op = suggested(scene).map(|(level, at_mm)| Op::LabelVertebra { level, at_mm });
                (state, op.map_or(Outcome::Idle, Outcome::Commit))
            }
        };
        self.0 = next;
        outcome
    }

    fn preview(&self, scene: &Scene<'_>) -> Vec<Preview> {
        let next = |at: &PatientPoint| scene.next_level.map(|l| Preview::Mark { at: *at, text: l.to_string() });
        let mark = match &self.0 {
            State::Away => None,
            State::Hover(at) if grabbed(scene, *at).is_some() => None,
            State::Hover(at) | State::Placing(at) => next(at),
            State::Moving { level, at, .. } => Some(Preview::Mark { at: *at, text: level.to_string() }),
        };
        let offer = suggested(scene).map(|(level, at)| Preview::Offer { at, text: format!("{level} (Enter)") });
        mark.into_iter().chain(offer).collect()
    }

    fn hint(&self, scene: &Scene<'_>) -> String {
        match scene.next_level {
            Some(l) => {
                let enter = if suggested(scene).is_some() { ", or Enter where it is suggested" } else { "" };
                format!("Click the centre of {l}{enter}; drag a label to move it, Alt+click removes it")
            }
            None => "Choose a start level in the ladder, then click each body's centre".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::{Document, Vertebra};
    use VertebraLevel::{C5, C6};

    fn with_c5() -> Document {
        let mut d = Document::default();
        d.vertebrae.insert(C5, Vertebra { at_mm: Some(at(0.0, 0.0, 20.0)), ..Vertebra::default() });
        d
    }

    #[test]
    fn a_click_labels_the_level_at_hand() {
        let p = at(0.0, 1.0, 2.0);
        let events = [pointer(Phase::Press, p, false), pointer(Phase::Release, p, false)];
        let done = run(&mut VertebraTool::default(), &with_c5(), None, Some(C6), &events);
        assert_eq!(done, [Op::LabelVertebra { level: C6, at_mm: p }]);
    }

    #[test]
    fn enter_takes_the_suggestion_and_does_nothing_without_one() {
        let done = run(&mut VertebraTool::default(), &with_c5(), None, Some(C6), &[Event::Accept]);
        let [Op::LabelVertebra { level: C6, at_mm }] = done[..] else { panic!("{done:?}") };
        assert!(at_mm.vec().z < 20.0, "C6 lies below C5");
        assert!(run(&mut VertebraTool::default(), &with_c5(), None, Some(C5), &[Event::Accept]).is_empty());
        assert!(run(&mut VertebraTool::default(), &Document::default(), None, Some(C5), &[Event::Accept]).is_empty());
    }

    #[test]
    fn dragging_a_label_moves_it_and_alt_removes_it() {
        let (from, to) = (at(0.0, 1.0, 20.0), at(0.0, 6.0, 24.0));
        let drag =
            [pointer(Phase::Press, from, false), pointer(Phase::Drag, to, false), pointer(Phase::Release, to, false)];
        let done = run(&mut VertebraTool::default(), &with_c5(), None, Some(C6), &drag);
        assert_eq!(done, [Op::LabelVertebra { level: C5, at_mm: to }]);
        let still = [pointer(Phase::Press, from, false), pointer(Phase::Release, from, false)];
        assert!(
            run(&mut VertebraTool::default(), &with_c5(), None, Some(C6), &still).is_empty(),
            "a click selects only"
        );
        let remove = [pointer(Phase::Press, from, true)];
        let done = run(&mut VertebraTool::default(), &with_c5(), None, Some(C6), &remove);
        assert_eq!(done, [Op::UnlabelVertebra { level: C5 }]);
    }
}
