//! Steps that begin and end lesions.

use super::canvas::unlocked;
use super::{Planned, Refusal};
use crate::document::{Document, Edit, Layer, Lesion, LesionKind, Run};
use crate::session::op::LevelChoice;
use crate::space::PatientPoint;
use uuid::Uuid;

/// Longest label.
pub const LABEL_MAX: usize = 100;

/// Whether a label can stand in lists, tables and file names' neighbours.
pub fn check_label(label: &str) -> Result<(), Refusal> {
    let fits = !label.trim().is_empty() && label.chars().count() <= LABEL_MAX && !label.chars().any(char::is_control);
    fits.then_some(()).ok_or(Refusal::BadLabel)
}

pub fn add(
    document: &Document,
    label: &str,
    vertebra: LevelChoice,
    kind: LesionKind,
    at_mm: Option<PatientPoint>,
    id: Option<Uuid>,
) -> Result<Planned, Refusal> {
    check_label(label)?;
    if document.lesion_by_label(label).is_some() {
        return Err(Refusal::LabelTaken(label.to_owned()));
    }
    if let Some(taken) = id.filter(|id| document.lesions.contains_key(id)) {
        return Err(Refusal::IdTaken(taken));
    }
    let value = document.free_label_value().ok_or(Refusal::TooManyLesions)?;
    let (level, pending) = match (vertebra, at_mm) {
        (LevelChoice::Level(level), _) => (level, false),
        (LevelChoice::Auto(_), Some(p)) => (document.nearest_vertebra(p).ok_or(Refusal::NoLabelledVertebra)?.0, false),
        // Until the first voxel says where the lesion is, it stands under the first labelled level.
        (LevelChoice::Auto(_), None) => {
            let labelled = document.vertebrae.iter().find(|(_, v)| v.at_mm.is_some());
            (*labelled.ok_or(Refusal::NoLabelledVertebra)?.0, true)
        }
    };
    let mut lesion = Lesion::new(label.to_owned(), value, level, kind);
    lesion.vertebra_pending = pending;
    let id = id.unwrap_or_else(Uuid::new_v4);
    Ok((vec![Edit::Lesion { id, value: Some(Box::new(lesion)) }], format!("Add lesion {label}")))
}

pub fn delete(document: &Document, label: &str) -> Result<Planned, Refusal> {
    let (id, lesion) = unlocked(document, label)?;
    let mut edits = Vec::new();
    for (image, map) in &document.masks {
        let runs: Vec<Run> = map.runs_of(lesion.label_value).into_iter().map(|r| Run { label: 0, ..r }).collect();
        if !runs.is_empty() {
            edits.push(Edit::Mask { image: image.clone(), layer: Layer::Lesions, runs });
        }
    }
    edits.push(Edit::Lesion { id, value: None });
    Ok((edits, format!("Delete lesion {label}")))
}
