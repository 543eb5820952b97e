//! Six-point heights: three clicks on the upper end plate, three on the lower, each from front to back.

use super::{Event, Outcome, Phase, Preview, Scene, Tool};
use crate::anatomy::VertebraLevel;
use crate::document::HeightPoints;
use crate::session::Op;
use crate::space::PatientPoint;

const NAMES: [&str; 6] = ["upper front", "upper middle", "upper back", "lower front", "lower middle", "lower back"];

/// See the module.
#[derive(Default)]
pub struct HeightsTool {
    points: Vec<PatientPoint>,
    hover: Option<PatientPoint>,
}

/// The labelled vertebra nearest to the middle of the points.
fn level(points: &[PatientPoint], scene: &Scene<'_>) -> Option<VertebraLevel> {
    let first = points.first()?;
    let sum = points.iter().fold(crate::space::DVec3::ZERO, |s, p| s + p.vec() - first.vec());
    let middle = first.moved(sum / points.len() as f64);
    scene.document.nearest_vertebra(middle).map(|(l, _)| l)
}

impl Tool for HeightsTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        match event {
            Event::Pointer { phase: Phase::Release, at, .. } => {
                self.points.push(at);
                let Ok(p) = <[PatientPoint; 6]>::try_from(self.points.as_slice()) else { return Outcome::Preview };
                let level = level(&self.points, scene);
                self.points.clear();
                let [sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post] = p;
                let points_mm = HeightPoints { sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post };
                level.map_or(Outcome::Preview, |level| Outcome::Commit(Op::Heights { level, points_mm }))
            }
            Event::Pointer { phase: Phase::Hover | Phase::Drag, at, .. } => {
                self.hover = Some(at);
                Outcome::Preview
            }
            Event::Cancel => {
                self.points.pop();
                Outcome::Preview
            }
            _ => Outcome::Idle,
        }
    }

    fn preview(&self, _: &Scene<'_>) -> Vec<Preview> {
        let plates = self.points.chunks(3).map(|c| Preview::Line { points: c.to_vec(), closed: false });
        let next = NAMES.get(self.points.len()).zip(self.hover);
        let mark = next.map(|(name, at)| Preview::Mark { at, text: (*name).to_owned() });
        plates.chain(mark).collect()
    }

    fn hint(&self, scene: &Scene<'_>) -> String {
        if scene.document.vertebrae.values().all(|v| v.at_mm.is_none()) {
            return "Label the vertebrae first (V): heights belong to a level".to_owned();
        }
        let name = NAMES.get(self.points.len()).unwrap_or(&NAMES[0]);
        format!("Click the {name} of the body ({} of 6); Esc takes the last point back", self.points.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::{Document, Vertebra};

    #[test]
    fn six_clicks_are_the_heights_of_the_nearest_level() {
        let mut d = Document::default();
        for (l, z) in [(VertebraLevel::C5, 20.0), (VertebraLevel::C6, 0.0)] {
            d.vertebrae.insert(l, Vertebra { at_mm: Some(at(0.0, 0.0, z)), ..Vertebra::default() });
        }
        let p: Vec<_> = [5.0, -5.0].iter().flat_map(|z| [-7.0, 0.0, 7.0].map(|y| at(0.0, y, *z))).collect();
        let mut events: Vec<Event> = p.iter().map(|p| pointer(Phase::Release, *p, false)).collect();
        events.insert(1, pointer(Phase::Release, at(0.0, 99.0, 0.0), false));
        events.insert(2, Event::Cancel);
        let done = run(&mut HeightsTool::default(), &d, None, None, &events);
        let [Op::Heights { level, points_mm }] = &done[..] else { panic!("{done:?}") };
        assert_eq!((*level, points_mm.inf_post), (VertebraLevel::C6, p[5]));
    }
}
