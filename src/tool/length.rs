//! A length: press at one end, release at the other.

use super::{Event, Outcome, Phase, Preview, Scene, Tool, measure};
use crate::document::MeasurementShape;
use crate::space::PatientPoint;

/// Shorter drags are slips, mm.
const SHORTEST_MM: f64 = 0.5;

/// See the module.
#[derive(Default)]
pub struct LengthTool(Option<[PatientPoint; 2]>);

impl Tool for LengthTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        match (self.0, event) {
            (None, Event::Pointer { phase: Phase::Press, at, .. }) => {
                self.0 = Some([at, at]);
                Outcome::Preview
            }
            (Some([a, _]), Event::Pointer { phase: Phase::Drag, at, .. }) => {
                self.0 = Some([a, at]);
                Outcome::Preview
            }
            (Some([a, _]), Event::Pointer { phase: Phase::Release, at, .. }) => {
                self.0 = None;
                if a.distance_mm(at) < SHORTEST_MM {
                    return Outcome::Preview;
                }
                Outcome::Commit(measure(scene, "Length", MeasurementShape::Length { points_mm: [a, at] }))
            }
            (Some(_), Event::Cancel) => {
                self.0 = None;
                Outcome::Preview
            }
            _ => Outcome::Idle,
        }
    }

    fn preview(&self, scene: &Scene<'_>) -> Vec<Preview> {
        let Some([a, b]) = self.0 else { return vec![] };
        let (scale, unit) = scene.length_scale();
        let text = format!("{:.1} {unit}", a.distance_mm(b) * scale);
        vec![Preview::Line { points: vec![a, b], closed: false }, Preview::Mark { at: b, text }]
    }

    fn hint(&self, _: &Scene<'_>) -> String {
        "Drag from one end to the other".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::Document;

    #[test]
    fn a_drag_is_a_length_and_a_slip_is_nothing() {
        let (a, b) = (at(0.0, 0.0, 0.0), at(0.0, 3.0, 4.0));
        let drag = [pointer(Phase::Press, a, false), pointer(Phase::Drag, b, false), pointer(Phase::Release, b, false)];
        assert_eq!(run(&mut LengthTool::default(), &Document::default(), None, None, &drag).len(), 1);
        let slip = [pointer(Phase::Press, a, false), pointer(Phase::Release, a, false)];
        assert!(run(&mut LengthTool::default(), &Document::default(), None, None, &slip).is_empty());
    }
}
