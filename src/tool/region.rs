//! Regions and points: drag a rectangle or an ellipse from corner to corner, an outline by hand; a click reads a point.

use super::{Event, Outcome, Phase, Preview, Scene, Tool, measure, thinned};
use crate::assess;
use crate::document::MeasurementShape;
use crate::space::{DVec3, PatientPoint};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// From corner to corner.
    Rectangle,
    /// Within the rectangle from corner to corner.
    Ellipse,
    /// Along the pointer's way.
    Freehand,
}

/// Smaller regions are slips, mm².
const SMALLEST_MM2: f64 = 0.25;
/// Points of a freehand outline lie at least this far apart, mm.
const STEP_MM: f64 = 0.3;

struct Drawing {
    /// Right and down of the picture where it was begun.
    axes: [DVec3; 2],
    way: Vec<PatientPoint>,
}

/// See the module.
pub struct RegionTool {
    kind: RegionKind,
    drawing: Option<Drawing>,
}

impl RegionTool {
    /// A tool that draws regions of a kind.
    pub fn new(kind: RegionKind) -> Self {
        RegionTool { kind, drawing: None }
    }

    fn shape(&self) -> Option<MeasurementShape> {
        let d = self.drawing.as_ref()?;
        let (first, last) = (*d.way.first()?, *d.way.last()?);
        // On a bent surface the pointer leaves the plane in which it began.
        let flat = |p: &PatientPoint| {
            let off = p.vec() - first.vec();
            first.moved(d.axes.iter().map(|a| *a * off.dot(*a)).sum())
        };
        let [right, down] = d.axes.map(|a| a * (last.vec() - first.vec()).dot(a));
        let corners_mm = [first, first.moved(right), first.moved(right + down), first.moved(down)];
        let shape = match self.kind {
            RegionKind::Rectangle => MeasurementShape::Rectangle { corners_mm },
            RegionKind::Ellipse => MeasurementShape::Ellipse { corners_mm },
            RegionKind::Freehand => {
                MeasurementShape::Freehand { points_mm: thinned(&d.way, STEP_MM).iter().map(flat).collect() }
            }
        };
        let enough = shape.points().len() > 2 && assess::measure(&shape).is_some_and(|mm2| mm2 >= SMALLEST_MM2);
        enough.then_some(shape)
    }

    fn name(&self) -> &'static str {
        match self.kind {
            RegionKind::Rectangle => "Rectangle",
            RegionKind::Ellipse => "Ellipse",
            RegionKind::Freehand => "Outline",
        }
    }
}

impl Tool for RegionTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        match (&mut self.drawing, event) {
            (None, Event::Pointer { phase: Phase::Press, at, axes, .. }) => {
                self.drawing = Some(Drawing { axes, way: vec![at] });
                Outcome::Preview
            }
            (Some(d), Event::Pointer { phase: Phase::Drag, at, .. }) => {
                d.way.push(at);
                Outcome::Preview
            }
            (Some(d), Event::Pointer { phase: Phase::Release, at, .. }) => {
                d.way.push(at);
                let shape = self.shape();
                self.drawing = None;
                shape.map_or(Outcome::Preview, |shape| Outcome::Commit(measure(scene, self.name(), shape)))
            }
            (Some(_), Event::Cancel) => {
                self.drawing = None;
                Outcome::Preview
            }
            _ => Outcome::Idle,
        }
    }

    fn preview(&self, scene: &Scene<'_>) -> Vec<Preview> {
        let Some(shape) = self.shape() else { return vec![] };
        let (scale, unit) = scene.length_scale();
        let area = assess::measure(&shape).unwrap_or_default() * scale * scale;
        let text = format!("{area:.0} {unit}²");
        let mark = self.drawing.as_ref().and_then(|d| d.way.last()).map(|at| Preview::Mark { at: *at, text });
        std::iter::once(Preview::Line { points: shape.outline(), closed: true }).chain(mark).collect()
    }

    fn hint(&self, _: &Scene<'_>) -> String {
        match self.kind {
            RegionKind::Freehand => "Draw around the region; it closes itself",
            _ => "Drag from corner to corner; mean, deviation and range come from the volume",
        }
        .to_owned()
    }
}

/// A click keeps the value at a point.
#[derive(Default)]
pub struct PointTool;

impl Tool for PointTool {
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome {
        match event {
            Event::Pointer { phase: Phase::Press, at, .. } => {
                Outcome::Commit(measure(scene, "Point", MeasurementShape::Point { at_mm: at }))
            }
            _ => Outcome::Idle,
        }
    }

    fn preview(&self, _: &Scene<'_>) -> Vec<Preview> {
        vec![]
    }

    fn hint(&self, _: &Scene<'_>) -> String {
        "Click where the value is to be kept".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, pointer, run};
    use super::*;
    use crate::document::Document;
    use crate::session::Op;

    fn drag(points: &[PatientPoint]) -> Vec<Event> {
        let last = points.len() - 1;
        let phase = |n| if n == 0 { Phase::Press } else { Phase::Drag };
        let mut events: Vec<Event> = points.iter().enumerate().map(|(n, p)| pointer(phase(n), *p, false)).collect();
        events.push(pointer(Phase::Release, points[last], false));
        events
    }

    fn drawn(kind: RegionKind, points: &[PatientPoint]) -> Option<MeasurementShape> {
        let ops = run(&mut RegionTool::new(kind), &Document::default(), None, None, &drag(points));
        ops.into_iter().find_map(|op| if let Op::Measure { shape, .. } = op { Some(shape) } else { None })
    }

    #[test]
    fn corner_to_corner_in_the_picture_s_own_directions() {
        let shape = drawn(RegionKind::Rectangle, &[at(1.0, 2.0, 30.0), at(1.0, 12.0, 25.0)]).expect("a rectangle");
        let corners = [at(1.0, 2.0, 30.0), at(1.0, 12.0, 30.0), at(1.0, 12.0, 25.0), at(1.0, 2.0, 25.0)];
        assert_eq!(shape.points(), corners);
        assert_eq!(assess::measure(&shape), Some(50.0));
        let round = drawn(RegionKind::Ellipse, &[at(1.0, 2.0, 30.0), at(1.0, 12.0, 25.0)]).expect("an ellipse");
        assert!((assess::measure(&round).expect("an area") - 50.0 * std::f64::consts::FRAC_PI_4).abs() < 1e-9);
    }

    #[test]
    fn slips_make_nothing_and_outlines_stay_flat() {
        assert_eq!(drawn(RegionKind::Ellipse, &[at(0.0, 0.0, 0.0), at(0.0, 0.1, 0.1)]), None);
        let way = [at(0.0, 0.0, 0.0), at(0.4, 9.0, 0.0), at(0.9, 9.0, 9.0), at(0.2, 0.0, 9.0)];
        let shape = drawn(RegionKind::Freehand, &way).expect("an outline");
        assert!(shape.points().iter().all(|p| p.vec().x == 0.0));
    }
}
