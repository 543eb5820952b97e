//! [`Op`]: everything a reader can do to a document, as one line of script. The window's tools, the command line and
//! files all speak it. Coordinates are LPS millimetres; `lesion` is the lesion's label, the handle of scripts.

use super::over::Over;
use crate::anatomy::VertebraLevel;
use crate::document::{BodyOrigin, HeightPoints, ImageKey, LesionKind, MeasureRole, TimepointKey};
use crate::export::MaskRuns;
use crate::segment::{DrawPlane, Ends, Tip};
use crate::space::{PatientPoint, Plane};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Op {
    /// Places (or moves) the centre of a vertebra.
    LabelVertebra {
        /// Which vertebra.
        level: VertebraLevel,
        /// Centre of its body.
        at_mm: PatientPoint,
    },
    /// Places (or moves) the centres of several vertebrae at once, as another program found them.
    LabelVertebrae {
        /// Centres of bodies.
        centres_mm: BTreeMap<VertebraLevel, PatientPoint>,
        /// Where they come from, in words: `VerSe centroids`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
    /// Takes a vertebra's centre and everything said of it away.
    UnlabelVertebra {
        /// Which vertebra.
        level: VertebraLevel,
    },
    /// Renames a chain of levels at once; lesions and measurements go with their bones.
    ShiftLevels {
        /// Levels towards the feet; negative towards the head.
        by: i32,
        /// Only this level and those below it; every level when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<VertebraLevel>,
        /// Only this level and those above it; every level when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<VertebraLevel>,
    },
    /// A step about levels (label, unlabel, heights, set of a vertebra) at a timepoint other than the first.
    At {
        /// Its handle.
        timepoint: TimepointKey,
        /// The series it was read on, which comes into the case with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
        /// The step.
        step: Box<Op>,
    },
    /// Takes a timepoint away, with what was said of its levels; its images stay.
    RemoveTimepoint {
        /// Its handle.
        timepoint: TimepointKey,
    },
    /// Says how the spine was counted.
    SetSpine {
        /// Fields of the numbering that change; the others stay.
        variant: Map<String, Value>,
    },
    /// Begins a lesion, still without voxels.
    AddLesion {
        /// Its label: the handle of later steps.
        lesion: String,
        /// Its level, or `auto`: the labelled vertebra nearest to `at_mm`, else to the lesion's first voxels.
        vertebra: LevelChoice,
        /// What it does to bone.
        kind: LesionKind,
        /// Where it was begun, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_mm: Option<PatientPoint>,
        /// Its identity, where it comes from a file that gives one; else it gets a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
    },
    /// Takes a lesion and its voxels away.
    DeleteLesion {
        /// Which lesion.
        lesion: String,
    },
    /// Gives all voxels of a lesion to another one, and takes the emptied lesion away.
    MergeLesions {
        /// The lesion that goes.
        lesion: String,
        /// The lesion that stays.
        into: String,
    },
    /// Makes one piece of a lesion a lesion of its own, of the same type.
    SplitLesion {
        /// Which lesion.
        lesion: String,
        /// A point in the piece, or near it.
        at_mm: PatientPoint,
        /// Label of the new lesion.
        new: String,
        /// The series drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Draws what one layer holds again in another layer.
    CopySlice {
        /// Which lesion; empty when a body is named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        lesion: String,
        /// The body of this level instead of a lesion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<VertebraLevel>,
        /// The plane of the layers.
        plane: Plane,
        /// A point in the layer that is copied.
        at_mm: PatientPoint,
        /// How many layers further, in the direction of growing indices; not 0.
        by: i32,
        /// The series drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Outlines the body of a vertebra from its labelled centre, or from its end plates where they are marked.
    OutlineBody {
        /// Which vertebra.
        level: VertebraLevel,
        /// The two sides of the body at half height, where the reader marked them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sides_mm: Option<[PatientPoint; 2]>,
        /// The series drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// A brush stroke.
    Brush {
        /// Which lesion; empty when a body is named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        lesion: String,
        /// The body of this level instead of a lesion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<VertebraLevel>,
        /// The stroke's plane.
        plane: DrawPlane,
        /// The brush's way; one point is a dab.
        path_mm: Vec<PatientPoint>,
        /// Radius.
        radius_mm: f64,
        /// Flat or ball.
        tip: Tip,
        /// Add voxels or take them away.
        mode: BrushMode,
        /// Only voxels whose rescaled value lies in this closed range.
        #[serde(default)]
        range: Option<[f64; 2]>,
        /// Which voxels painting may take.
        #[serde(default, skip_serializing_if = "Over::is_usual")]
        over: Over,
        /// The series drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// A closed outline, filled by the even-odd rule.
    Contour {
        /// Which lesion; empty when a body is named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        lesion: String,
        /// The body of this level instead of a lesion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<VertebraLevel>,
        /// The outline's plane.
        plane: DrawPlane,
        /// Its corners; it closes itself.
        points_mm: Vec<PatientPoint>,
        /// Add voxels or take them away.
        mode: ContourMode,
        /// Which voxels adding may take.
        #[serde(default, skip_serializing_if = "Over::is_usual")]
        over: Over,
        /// The series drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// One click: a lesion about a seed, told from its surroundings by brightness, within a reach.
    Grow {
        /// Which lesion.
        lesion: String,
        /// A point inside it.
        seed_mm: PatientPoint,
        /// No voxel further from the seed than this.
        reach_mm: f64,
        /// Which voxels it may take.
        #[serde(default, skip_serializing_if = "Over::is_usual")]
        over: Over,
        /// The series looked at; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Voxels as a file gives them, on the grid of their series: added to a lesion, or all that a body's outline then has.
    Mask {
        /// Which lesion; empty when a body is named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        lesion: String,
        /// The body of this level instead of a lesion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<VertebraLevel>,
        /// Box and runs; voxels of other lesions stay theirs.
        mask: MaskRuns,
        /// Where a body's outline comes from, where the file or the other reader says it; a file when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<BodyOrigin>,
        /// The series; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Fills the layers between drawn ones.
    Interpolate {
        /// Which lesion; empty when a body is named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        lesion: String,
        /// The body of this level instead of a lesion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<VertebraLevel>,
        /// The plane it was drawn in.
        plane: Plane,
        /// Only the layer through this point; all layers when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_mm: Option<PatientPoint>,
        /// Whether layers beyond the outermost drawn ones are filled too.
        #[serde(default, skip_serializing_if = "is_default")]
        ends: Ends,
        /// The series drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Changes a lesion's shape as a whole.
    Refine {
        /// Which lesion; empty when a body is named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        lesion: String,
        /// The body of this level instead of a lesion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<VertebraLevel>,
        /// How.
        action: Refinement,
        /// The series drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Six end-plate points of a vertebra.
    Heights {
        /// Which vertebra.
        level: VertebraLevel,
        /// The points.
        points_mm: HeightPoints,
    },
    /// Sets one field of a vertebra, a lesion, a measurement, a timepoint or the case.
    Set {
        /// Of what.
        target: Target,
        /// The field, as files spell it; a dot reaches into a nested record.
        field: String,
        /// Its new value.
        value: Value,
    },
    /// Stores a length, an angle, a point or a region.
    Measure {
        /// Its label: the handle of later steps.
        measurement: String,
        /// The points.
        shape: crate::document::MeasurementShape,
        /// The vertebra it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<VertebraLevel>,
        /// What it stands for: a diameter of the canal or of the cord.
        #[serde(default, skip_serializing_if = "is_default")]
        role: MeasureRole,
        /// The series it was drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Says how long something on a projection is: its lengths are in these millimetres from then on.
    Calibrate {
        /// The ends of what is known.
        points_mm: [PatientPoint; 2],
        /// How long it is in truth, mm.
        length_mm: f64,
        /// The series it was drawn on; the session's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<ImageKey>,
    },
    /// Takes a measurement away.
    Unmeasure {
        /// Which measurement.
        measurement: String,
    },
    /// Steps that come from elsewhere, as one: the drawings of a file, or what another reader says. All of them or none.
    TakeOver {
        /// Whose they are, or what kind of file they are of.
        source: String,
        /// What was decided between readers; absent where a file is taken over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
        /// The steps; none where the case stays as it is.
        steps: Vec<Op>,
    },
    /// Takes the last step back.
    Undo {},
    /// Does again what was taken back last.
    Redo {},
}

/// Paint or erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrushMode {
    /// Voxels of no lesion become this one's.
    Paint,
    /// Voxels of this lesion become free.
    Erase,
}

/// Add or subtract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContourMode {
    /// Voxels of no lesion become this one's.
    Add,
    /// Voxels of this lesion become free.
    Subtract,
}

/// A change of a lesion's shape.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Refinement {
    /// Adds hollows that are closed on all sides.
    FillHoles {},
    /// Takes pieces away that are smaller than this; the largest stays in any case.
    RemoveIslands {
        /// Volume in mm³.
        below_mm3: f64,
    },
    /// Smooths the surface.
    Smooth {
        /// Standard deviation of the Gaussian, mm.
        sigma_mm: f64,
    },
    /// Moves the surface outwards, or with a negative number inwards.
    Resize {
        /// By how much, mm.
        by_mm: f64,
    },
}

/// A level, or the nearest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum LevelChoice {
    /// The nearest labelled vertebra.
    Auto(Auto),
    /// This one, whatever is nearest.
    Level(VertebraLevel),
}

/// The word `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Auto {
    Auto,
}

impl<'de> Deserialize<'de> for LevelChoice {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        if word == "auto" {
            return Ok(LevelChoice::Auto(Auto::Auto));
        }
        let level = VertebraLevel::deserialize(Value::String(word)).map_err(de::Error::custom)?;
        Ok(LevelChoice::Level(level))
    }
}

/// Whose field a [`Op::Set`] sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A vertebra's; it need not have been placed.
    Vertebra(VertebraLevel),
    /// A lesion's.
    Lesion(String),
    /// The case's: `{"case": true}`.
    Case(bool),
    /// A measurement's.
    Measurement(String),
    /// A timepoint's; it begins with its first field.
    Timepoint(TimepointKey),
}

/// What a file need not say.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Why a line is not a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a step: {0}")]
pub struct NotAStep(String);

impl Op {
    /// Reads one line of script.
    ///
    /// # Errors
    /// [`NotAStep`] for anything that is not JSON, not a known step, or holds a number that is not finite.
    pub fn from_line(line: &[u8]) -> Result<Op, NotAStep> {
        serde_json::from_slice(line).map_err(|e| NotAStep(e.to_string()))
    }

    /// The lesion that the step is about.
    pub fn lesion(&self) -> Option<&str> {
        match self {
            Op::AddLesion { lesion, .. }
            | Op::DeleteLesion { lesion }
            | Op::Brush { lesion, .. }
            | Op::Contour { lesion, .. }
            | Op::Grow { lesion, .. }
            | Op::Mask { lesion, .. }
            | Op::Interpolate { lesion, .. }
            | Op::Refine { lesion, .. }
            | Op::Set { target: Target::Lesion(lesion), .. } => Some(lesion),
            _ => None,
        }
    }

    /// The series that the step is drawn on: `None` when the step has none, `Some(None)` when it names none.
    pub fn image(&self) -> Option<Option<&ImageKey>> {
        match self {
            Op::Brush { image, .. }
            | Op::Contour { image, .. }
            | Op::Grow { image, .. }
            | Op::Mask { image, .. }
            | Op::Interpolate { image, .. }
            | Op::Refine { image, .. }
            | Op::Calibrate { image, .. }
            | Op::SplitLesion { image, .. }
            | Op::CopySlice { image, .. }
            | Op::OutlineBody { image, .. }
            | Op::Measure { image, .. } => Some(image.as_ref()),
            Op::At { image: Some(image), .. } => Some(Some(image)),
            _ => None,
        }
    }

    /// The same step with its series named, or left to the session.
    #[must_use]
    pub(super) fn on_image(mut self, key: Option<ImageKey>) -> Op {
        match &mut self {
            Op::Brush { image, .. }
            | Op::Contour { image, .. }
            | Op::Grow { image, .. }
            | Op::Mask { image, .. }
            | Op::Interpolate { image, .. }
            | Op::Refine { image, .. }
            | Op::Calibrate { image, .. }
            | Op::SplitLesion { image, .. }
            | Op::CopySlice { image, .. }
            | Op::OutlineBody { image, .. }
            | Op::Measure { image, .. } => *image = key,
            _ => {}
        }
        self
    }
}

/// The JSON Schema of one line of script.
pub fn script_schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Op);
    schema.insert("title".to_owned(), "One step of a spondyl script (JSON Lines)".into());
    schema
}

#[cfg(test)]
#[path = "op_tests.rs"]
mod tests;
