//! One file a tool. A tool is a private state machine: pointer events come in patient space with the plane they lie on,
//! and out come a preview and, at the end of a gesture, the script steps that the session carries out. A tool changes
//! nothing itself and knows neither zoom nor pixels.

mod angle;
mod brush;
mod contour;
mod grow;
mod heights;
mod length;
mod region;
mod sides;
mod vertebra;

pub use angle::AngleTool;
pub use brush::BrushTool;
pub use contour::ContourTool;
pub use grow::GrowTool;
pub use heights::HeightsTool;
pub use length::LengthTool;
pub use region::{PointTool, RegionKind, RegionTool};
pub use sides::SidesTool;
pub use vertebra::VertebraTool;

use crate::anatomy::VertebraLevel;
use crate::document::{Document, ImageIdentity, ImageKey, MeasureRole, MeasurementShape};
use crate::segment::{DrawPlane, Tip};
use crate::session::{Op, Over};
use crate::space::{DVec3, PatientPoint};

/// What the pointer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Phase {
    Hover,
    Press,
    Drag,
    Release,
    DoubleClick,
}

/// What happens to a tool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The pointer, on a pane's plane.
    Pointer {
        /// What it does.
        phase: Phase,
        /// Where, on the shown plane.
        at: PatientPoint,
        /// The pane's plane: a named one, or the one it was turned to.
        plane: DrawPlane,
        /// Right and down of the picture there: unit vectors, LPS.
        axes: [DVec3; 2],
        /// Alt is held: erase, subtract, remove.
        alt: bool,
    },
    /// Enter.
    Accept,
    /// Escape, or the tool is put away.
    Cancel,
}

/// What a tool may look at.
pub struct Scene<'a> {
    /// The document.
    pub document: &'a Document,
    /// The series shown.
    pub image: &'a ImageKey,
    /// What is known of it before anything was drawn on it.
    pub identity: Option<&'a ImageIdentity>,
    /// Handle of the current lesion.
    pub lesion: Option<&'a str>,
    /// The level whose body's outline is drawn instead of the lesion.
    pub body: Option<VertebraLevel>,
    /// The level that the next click labels.
    pub next_level: Option<VertebraLevel>,
    /// The reader's choices.
    pub settings: &'a Settings,
}

impl Scene<'_> {
    /// By what lengths on the series shown are multiplied, and their unit.
    fn length_scale(&self) -> (f64, &'static str) {
        self.document.images.get(self.image).or(self.identity).map_or((1.0, "mm"), ImageIdentity::length_scale)
    }

    /// What is drawn into, as steps name it: a lesion, or with an empty handle the body of a level.
    fn target(&self) -> Option<(String, Option<VertebraLevel>)> {
        match self.body {
            Some(level) => Some((String::new(), Some(level))),
            None => self.lesion.map(|l| (l.to_owned(), None)),
        }
    }

    /// What is drawn into, in words.
    fn who(&self) -> String {
        match (self.body, self.lesion) {
            (Some(level), _) => format!("the body of {level}"),
            (None, Some(lesion)) => lesion.to_owned(),
            (None, None) => "a new lesion".to_owned(),
        }
    }
}

/// The reader's choices for drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Brush radius, mm.
    pub radius_mm: f64,
    /// Disc or sphere.
    pub tip: Tip,
    /// Values that may be painted, in the image's units, closed at both ends.
    pub range: Option<[f64; 2]>,
    /// Which voxels painting may take.
    pub over: Over,
    /// Outlines stay open for editing until they are accepted.
    pub adjust: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { radius_mm: 4.0, tip: Tip::Disc, range: None, over: Over::Free, adjust: false }
    }
}

/// What came of an event.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // it lives for one event
pub enum Outcome {
    /// Nothing changed.
    Idle,
    /// The preview changed.
    Preview,
    /// The gesture is complete.
    Commit(Op),
}

/// What a tool draws over the pane before anything is committed, in patient space.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// The brush's tip.
    Tip {
        /// Its middle.
        at: PatientPoint,
        /// Its radius, mm.
        radius_mm: f64,
        /// Whether it erases.
        erase: bool,
    },
    /// A line through points.
    Line {
        /// The points.
        points: Vec<PatientPoint>,
        /// Whether the last joins the first.
        closed: bool,
    },
    /// A point that waits to be taken, drawn in every pane that shows it.
    Offer {
        /// Where.
        at: PatientPoint,
        /// The word.
        text: String,
    },
    /// A point that can be dragged.
    Handle {
        /// Where.
        at: PatientPoint,
    },
    /// A point with a word beside it.
    Mark {
        /// Where.
        at: PatientPoint,
        /// The word.
        text: String,
    },
}

/// A tool.
pub trait Tool {
    /// One event; the tool moves to its next state.
    fn event(&mut self, event: Event, scene: &Scene<'_>) -> Outcome;

    /// What to draw over the pane.
    fn preview(&self, scene: &Scene<'_>) -> Vec<Preview>;

    /// What the reader can do now, for the status line.
    fn hint(&self, scene: &Scene<'_>) -> String;

    /// The step so far, while a gesture is under way: painted live before it is committed.
    fn pending(&self, _scene: &Scene<'_>) -> Option<Op> {
        None
    }
}

/// The step that keeps a measurement, under the first free name: `Length 1`, `Length 2`, ….
fn measure(scene: &Scene<'_>, kind: &str, shape: MeasurementShape) -> Op {
    let taken = |label: &str| scene.document.measurements.values().any(|m| m.label == label);
    let measurement = (1..).map(|n| format!("{kind} {n}")).find(|l| !taken(l)).unwrap_or_default();
    Op::Measure { measurement, shape, level: None, role: MeasureRole::Free, image: Some(scene.image.clone()) }
}

/// A point less than this from the first corner closes a polygon; a drag shorter than this is a click. Millimetres.
const SNAP_MM: f64 = 1.5;

/// Removes points closer than `step_mm` to the one before; keeps the ends.
fn thinned(points: &[PatientPoint], step_mm: f64) -> Vec<PatientPoint> {
    let mut out: Vec<PatientPoint> = Vec::new();
    for p in points {
        if out.last().is_none_or(|q| q.distance_mm(*p) >= step_mm) {
            out.push(*p);
        }
    }
    if let (Some(last), Some(kept)) = (points.last(), out.last())
        && last != kept
    {
        out.push(*last);
    }
    out
}

#[cfg(test)]
mod machines;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A point by its coordinates.
    pub fn at(x: f64, y: f64, z: f64) -> PatientPoint {
        PatientPoint::new(x, y, z).unwrap()
    }

    /// A pointer event on the sagittal pane.
    pub fn pointer(phase: Phase, p: PatientPoint, alt: bool) -> Event {
        let plane = DrawPlane::Named(crate::space::Plane::Sagittal);
        Event::Pointer { phase, at: p, plane, axes: [DVec3::Y, -DVec3::Z], alt }
    }

    /// Runs events against a scene; returns what was committed.
    pub fn run(
        tool: &mut dyn Tool,
        document: &Document,
        lesion: Option<&str>,
        next: Option<VertebraLevel>,
        events: &[Event],
    ) -> Vec<Op> {
        let (image, settings) = (ImageKey("1.2.3".into()), Settings::default());
        let scene = Scene {
            document,
            image: &image,
            identity: None,
            lesion,
            body: None,
            next_level: next,
            settings: &settings,
        };
        let outcomes = events.iter().map(|e| tool.event(*e, &scene));
        outcomes.filter_map(|o| if let Outcome::Commit(op) = o { Some(op) } else { None }).collect()
    }

    #[test]
    fn thinning_keeps_the_ends() {
        let p: Vec<_> = (0..20).map(|n| at(f64::from(n) * 0.1, 0.0, 0.0)).collect();
        let t = thinned(&p, 0.5);
        assert_eq!((t.first(), t.last()), (p.first(), p.last()));
        assert!(t.len() < 7);
    }
}
