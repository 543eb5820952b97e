//! Steps about stored measurements.

use super::{Planned, Refusal, lesions::check_label};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, ImageKey, MeasureRole, Measurement, MeasurementShape, with_field};
use serde_json::Value;
use uuid::Uuid;

fn find(document: &Document, label: &str) -> Option<Uuid> {
    document.measurements.iter().find(|(_, m)| m.label == label).map(|(id, _)| *id)
}

pub fn add(
    document: &Document,
    label: &str,
    shape: &MeasurementShape,
    (level, role): (Option<VertebraLevel>, MeasureRole),
    image: ImageKey,
) -> Result<Planned, Refusal> {
    check_label(label)?;
    if find(document, label).is_some() {
        return Err(Refusal::MeasurementTaken(label.to_owned()));
    }
    check_role(shape, role)?;
    let value = Measurement { label: label.to_owned(), shape: shape.clone(), image, level, role };
    let id = Uuid::new_v4();
    Ok((vec![Edit::Measurement { id, value: Some(Box::new(value)) }], format!("Measure {label}")))
}

pub fn delete(document: &Document, label: &str) -> Result<Planned, Refusal> {
    let id = find(document, label).ok_or_else(|| Refusal::NoSuchMeasurement(label.to_owned()))?;
    Ok((vec![Edit::Measurement { id, value: None }], format!("Remove measurement {label}")))
}

/// A diameter is a distance.
fn check_role(shape: &MeasurementShape, role: MeasureRole) -> Result<(), Refusal> {
    match (shape, role) {
        (MeasurementShape::Length { .. }, _) | (_, MeasureRole::Free) => Ok(()),
        _ => Err(Refusal::Nonsense(format!("an angle is no {}: only a length is", role.word().replace('_', " ")))),
    }
}

/// Sets a measurement's name, level or role.
pub fn set(document: &Document, label: &str, field: &str, value: &Value) -> Result<Planned, Refusal> {
    let id = find(document, label).ok_or_else(|| Refusal::NoSuchMeasurement(label.to_owned()))?;
    let after = with_field(&document.measurements[&id], field, value, Measurement::FIXED)?;
    if field == "label" {
        check_label(&after.label)?;
        if after.label != label && find(document, &after.label).is_some() {
            return Err(Refusal::MeasurementTaken(after.label));
        }
    }
    check_role(&after.shape, after.role)?;
    Ok((vec![Edit::Measurement { id, value: Some(Box::new(after)) }], format!("Set {field} of {label}")))
}
