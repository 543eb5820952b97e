//! From a reader's intent to its effect: [`plan`] turns an [`Op`] into a [`Step`] without touching the document.
//!
//! A step that changes nothing (a stroke beside the grid) is still a step: the reader did it, and undo takes it back.

mod body;
mod canvas;
mod fields;
mod lesions;
mod levels;
mod measure;
mod paint;
mod pieces;
mod taken;
mod timepoints;

use super::{Images, Op};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, FieldError, ImageKey, Lesion, LesionId};

/// One gesture: what was meant, what it changes, and its name for the undo menu.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The intent, complete enough to be replayed on its own (its series named where the case holds several).
    pub op: Op,
    /// The effect.
    pub edits: Vec<Edit>,
    /// Such as `Brush C6-L1`.
    pub name: String,
}

/// Why a step is refused; nothing has changed then.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No lesion has this label.
    #[error("there is no lesion \"{0}\"; add it first")]
    NoSuchLesion(String),
    /// The label is in use.
    #[error("a lesion is already called \"{0}\"; choose another label")]
    LabelTaken(String),
    /// The identity is in use.
    #[error("lesion {0} is in the case already")]
    IdTaken(LesionId),
    /// The label cannot be shown in lists and files.
    #[error("a label needs 1 to {max} characters, none of them a control character", max = lesions::LABEL_MAX)]
    BadLabel,
    /// All label values are in use.
    #[error("the case already holds 65,535 lesions, as many as a label map can tell apart")]
    TooManyLesions,
    /// `auto` without a labelled vertebra.
    #[error("no vertebra is labelled yet, so the nearest cannot be found: label one, or name the lesion's level")]
    NoLabelledVertebra,
    /// Nothing is known of this level.
    #[error("{0} is not labelled")]
    NotLabelled(VertebraLevel),
    /// A shift beyond the ends of the spine.
    #[error("{level} cannot move {by} levels towards the {end}: the spine ends there", by = .by.abs(), end = if *.by > 0 { "feet" } else { "head" })]
    OffTheSpine {
        /// The level that cannot follow.
        level: VertebraLevel,
        /// By how much it was to move, towards the feet.
        by: i32,
    },
    /// A partial shift onto a level that stays.
    #[error("{level} would take or pass {onto}, which stays; shift more levels with it, or unlabel {onto} first")]
    LevelTaken {
        /// The level that would move.
        level: VertebraLevel,
        /// Where it would go.
        onto: VertebraLevel,
    },
    /// No series to draw on.
    #[error("there are no images to draw on: open the series that the step belongs to")]
    NoImage,
    /// A series that is not at hand.
    #[error("series {key} is not among the open images; open it first", key = .0.0)]
    UnknownImage(ImageKey),
    /// The pixels are needed and not there.
    #[error("the pixels of series {key} are not loaded, and the step needs their values", key = .0.0)]
    NoPixels(ImageKey),
    /// A number or list that makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// A field that cannot be set so.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// No such measurement.
    #[error("there is no measurement \"{0}\"")]
    NoSuchMeasurement(String),
    /// The measurement's label is in use.
    #[error("a measurement is already called \"{0}\"; choose another label")]
    MeasurementTaken(String),
    /// No such timepoint.
    #[error("there is no timepoint \"{0}\"; set one of its fields first, such as its label")]
    NoSuchTimepoint(String),
    /// The lesion's voxels are protected.
    #[error("lesion \"{0}\" is locked; unlock it to change its voxels")]
    Locked(String),
    /// Nothing to undo.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// Nothing to redo.
    #[error("there is nothing to redo")]
    NothingToRedo,
}

/// Works out what `op` does to `document`. Undo and redo are the session's own and have no plan.
///
/// # Errors
/// [`Refusal`], a sentence for the reader.
pub fn plan(op: &Op, document: &Document, images: &dyn Images) -> Result<Step, Refusal> {
    if let Op::TakeOver { source, about, steps } = op {
        return taken::plan(source, about.as_deref(), steps, document, images);
    }
    let image = op.image().map(|named| drawn_on(named, document, images)).transpose()?;
    let (mut edits, name) = match op {
        Op::LabelVertebra { level, at_mm } => levels::label(document, *level, *at_mm),
        Op::LabelVertebrae { centres_mm, source } => levels::label_several(document, centres_mm, source.as_deref())?,
        Op::UnlabelVertebra { level } => levels::unlabel(document, *level)?,
        Op::ShiftLevels { by, from, to } => levels::shift(document, *by, *from, *to)?,
        Op::At { timepoint, step, .. } => timepoints::at(document, timepoint, step)?,
        Op::RemoveTimepoint { timepoint } => timepoints::remove(document, timepoint)?,
        Op::Heights { level, points_mm } => levels::heights(document, *level, *points_mm),
        Op::SetSpine { variant } => fields::set_spine(document, variant)?,
        Op::Set { target, field, value } => fields::set(document, target, field, value)?,
        Op::AddLesion { lesion, vertebra, kind, at_mm, id } => {
            lesions::add(document, lesion, *vertebra, *kind, *at_mm, *id)?
        }
        Op::DeleteLesion { lesion } => lesions::delete(document, lesion)?,
        Op::Brush { .. }
        | Op::Contour { .. }
        | Op::Grow { .. }
        | Op::Mask { .. }
        | Op::Interpolate { .. }
        | Op::Refine { .. } => paint::plan(op, document, images, image.as_ref().ok_or(Refusal::NoImage)?)?,
        Op::MergeLesions { lesion, into } => pieces::merge(document, lesion, into)?,
        Op::SplitLesion { lesion, at_mm, new, .. } => {
            pieces::split(document, lesion, *at_mm, new, image.as_ref().ok_or(Refusal::NoImage)?)?
        }
        Op::CopySlice { .. } => pieces::copy_slice(op, document, image.as_ref().ok_or(Refusal::NoImage)?)?,
        Op::OutlineBody { level, sides_mm, .. } => {
            body::outline(document, images, *level, *sides_mm, image.as_ref().ok_or(Refusal::NoImage)?)?
        }
        Op::Measure { measurement, shape, level, role, .. } => {
            measure::add(document, measurement, shape, (*level, *role), image.clone().ok_or(Refusal::NoImage)?)?
        }
        Op::Calibrate { points_mm, length_mm, .. } => {
            measure::calibrate(document, *points_mm, *length_mm, image.as_ref().ok_or(Refusal::NoImage)?)?
        }
        Op::Unmeasure { measurement } => measure::delete(document, measurement)?,
        Op::TakeOver { .. } => return Err(Refusal::Nonsense("one step taken over cannot hold another".to_owned())),
        Op::Undo {} => return Err(Refusal::NothingToUndo),
        Op::Redo {} => return Err(Refusal::NothingToRedo),
    };
    let origins = body::origins(op, document, &edits);
    edits.extend(origins);
    // In a case of several series a script has to say which one it means.
    let op = op.clone().on_image(image.filter(|_| document.images.len() > 1));
    Ok(Step { op, edits, name })
}

/// The series a step is drawn on: the one it names, by its key or its plain SeriesInstanceUID, else the primary one.
pub(super) fn drawn_on(
    named: Option<&ImageKey>,
    document: &Document,
    images: &dyn Images,
) -> Result<ImageKey, Refusal> {
    let only = || match document.images.len() {
        1 => document.images.keys().next().cloned(),
        _ => None,
    };
    let key = named.cloned().or_else(|| images.primary()).or_else(only).ok_or(Refusal::NoImage)?;
    if document.images.contains_key(&key) { Ok(key) } else { Err(Refusal::UnknownImage(key)) }
}

/// The lesion with this label.
fn lesion<'d>(document: &'d Document, label: &str) -> Result<(LesionId, &'d Lesion), Refusal> {
    document.lesion_by_label(label).ok_or_else(|| Refusal::NoSuchLesion(label.to_owned()))
}

/// A record's edit and the step's name.
type Planned = (Vec<Edit>, String);
