//! Grow: press inside the lesion, drag to how far it may reach; the answer is shown live and kept on release.

use super::{Event, Outcome, Phase, Preview, Scene, Tool};
use crate::segment::REACH_MAX_MM;
use crate::session::Op;
use crate::space::PatientPoint;

/// The least reach that makes sense, mm.
const LEAST_REACH_MM: f64 = 1.5;

/// See the module.
#[derive(Default)]
pub struct GrowTool(Option<[PatientPoint; 2]>);

impl Tool for GrowTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        match (self.0, event) {
            (None, Event::Pointer { phase: Phase::Press, at, .. }) => {
                self.0 = Some([at, at]);
                Outcome::Preview
            }
            (Some([seed, _]), Event::Pointer { phase: Phase::Drag, at, .. }) => {
                self.0 = Some([seed, at]);
                Outcome::Preview
            }
            (Some([seed, _]), Event::Pointer { phase: Phase::Release, at, .. }) => {
                self.0 = None;
                step(seed, at, scene).map_or(Outcome::Preview, Outcome::Commit)
            }
            (Some(_), Event::Cancel) => {
                self.0 = None;
                Outcome::Preview
            }
            _ => Outcome::Idle,
        }
    }

    fn preview(&self, _: &Scene<'_>) -> Vec<Preview> {
        let Some([seed, at]) = self.0 else { return vec![] };
        let reach = reach_mm(seed, at);
        vec![
            Preview::Tip { at: seed, radius_mm: reach, erase: false },
            Preview::Mark { at, text: format!("reach {reach:.0} mm") },
        ]
    }

    fn hint(&self, scene: &Scene<'_>) -> String {
        let who = scene.lesion.unwrap_or("a new lesion");
        format!("Press in the middle of {who} and drag to its far edge; release keeps what is shown, Esc drops it")
    }

    fn pending(&self, scene: &Scene<'_>) -> Option<Op> {
        self.0.and_then(|[seed, at]| step(seed, at, scene))
    }
}

/// A drag that goes further means as far as grow goes.
fn reach_mm(seed: PatientPoint, at: PatientPoint) -> f64 {
    seed.distance_mm(at).min(REACH_MAX_MM)
}

fn step(seed: PatientPoint, at: PatientPoint, scene: &Scene<'_>) -> Option<Op> {
    let reach_mm = reach_mm(seed, at);
    (reach_mm >= LEAST_REACH_MM).then_some(())?;
    Some(Op::Grow {
        lesion: scene.lesion?.to_owned(),
        image: Some(scene.image.clone()),
        seed_mm: seed,
        reach_mm,
        over: scene.settings.over.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::Document;

    #[test]
    fn seed_and_reach_come_from_one_drag() {
        let (a, b) = (at(0.0, 0.0, 0.0), at(0.0, 6.0, 8.0));
        let drag = [pointer(Phase::Press, a, false), pointer(Phase::Drag, b, false), pointer(Phase::Release, b, false)];
        let done = run(&mut GrowTool::default(), &Document::default(), Some("a"), None, &drag);
        assert!(matches!(&done[..], [Op::Grow { reach_mm, .. }] if *reach_mm == 10.0), "{done:?}");
        let click = [pointer(Phase::Press, a, false), pointer(Phase::Release, a, false)];
        assert!(run(&mut GrowTool::default(), &Document::default(), Some("a"), None, &click).is_empty());
    }
}
