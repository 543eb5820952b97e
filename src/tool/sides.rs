//! The sides of a body: drag from its one side to the other; with the six height points that makes an outline.

use super::{Event, LengthTool, Outcome, Preview, Scene, Tool};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, MeasurementShape};
use crate::session::Op;
use crate::space::PatientPoint;

/// See the module.
#[derive(Default)]
pub struct SidesTool(LengthTool);

impl Tool for SidesTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        match self.0.event(event, scene) {
            Outcome::Commit(Op::Measure { shape: MeasurementShape::Length { points_mm }, .. }) => {
                let [a, b] = points_mm;
                let middle = a.moved(0.5 * (b.vec() - a.vec()));
                level_at(scene.document, middle).map_or(Outcome::Preview, |level| {
                    let image = Some(scene.image.clone());
                    Outcome::Commit(Op::OutlineBody { level, sides_mm: Some(points_mm), image })
                })
            }
            other => other,
        }
    }

    fn preview(&self, scene: &Scene<'_>) -> Vec<Preview> {
        self.0.preview(scene)
    }

    fn hint(&self, scene: &Scene<'_>) -> String {
        match scene.document.vertebrae.values().any(|v| v.heights.is_some()) {
            true => "Drag from the one side of the body to the other, at half its height".to_owned(),
            false => "Mark the six height points of the body first (H), then drag from side to side".to_owned(),
        }
    }
}

/// The level whose end plates lie about a point, else the one whose centre is nearest.
fn level_at(document: &Document, at: PatientPoint) -> Option<VertebraLevel> {
    let far = |p: &crate::document::HeightPoints| {
        let all = [p.sup_ant, p.sup_mid, p.sup_post, p.inf_ant, p.inf_mid, p.inf_post];
        let middle = all.iter().map(|q| q.vec()).sum::<crate::space::DVec3>() / 6.0;
        middle.distance(at.vec())
    };
    let marked = document.vertebrae.iter().filter_map(|(l, v)| Some((*l, far(v.heights.as_ref()?))));
    let nearest = marked.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(l, _)| l);
    nearest.or_else(|| document.nearest_vertebra(at).map(|(l, _)| l))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::{HeightPoints, Vertebra};
    use crate::tool::Phase;

    #[test]
    fn a_line_from_side_to_side_outlines_the_body_it_crosses() {
        let mut document = Document::default();
        for (level, z) in [(VertebraLevel::L2, 40.0), (VertebraLevel::L3, 5.0)] {
            let plate = |dz: f64| [-15.0, 0.0, 15.0].map(|y| at(0.0, y, z + dz));
            let ([sup_ant, sup_mid, sup_post], [inf_ant, inf_mid, inf_post]) = (plate(12.0), plate(-12.0));
            let heights = Some(HeightPoints { sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post });
            document.vertebrae.insert(level, Vertebra { heights, ..Vertebra::default() });
        }
        let (a, b) = (at(-22.0, 0.0, 3.0), at(22.0, 0.0, 3.0));
        let drag = [pointer(Phase::Press, a, false), pointer(Phase::Drag, b, false), pointer(Phase::Release, b, false)];
        let done = run(&mut SidesTool::default(), &document, None, None, &drag);
        let [Op::OutlineBody { level: VertebraLevel::L3, sides_mm, .. }] = &done[..] else { panic!("{done:?}") };
        assert_eq!(*sides_mm, Some([a, b]));
        assert!(run(&mut SidesTool::default(), &Document::default(), None, None, &drag).is_empty());
    }
}
