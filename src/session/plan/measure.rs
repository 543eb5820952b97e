//! Steps about stored measurements.

use super::{Planned, Refusal, lesions::check_label};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, ImageKey, Measurement, MeasurementShape};
use uuid::Uuid;

fn find(document: &Document, label: &str) -> Option<Uuid> {
    document.measurements.iter().find(|(_, m)| m.label == label).map(|(id, _)| *id)
}

pub fn add(
    document: &Document,
    label: &str,
    shape: &MeasurementShape,
    level: Option<VertebraLevel>,
    image: ImageKey,
) -> Result<Planned, Refusal> {
    check_label(label)?;
    if find(document, label).is_some() {
        return Err(Refusal::MeasurementTaken(label.to_owned()));
    }
    let value = Measurement { label: label.to_owned(), shape: shape.clone(), image, level };
    let id = Uuid::new_v4();
    Ok((vec![Edit::Measurement { id, value: Some(Box::new(value)) }], format!("Measure {label}")))
}

pub fn delete(document: &Document, label: &str) -> Result<Planned, Refusal> {
    let id = find(document, label).ok_or_else(|| Refusal::NoSuchMeasurement(label.to_owned()))?;
    Ok((vec![Edit::Measurement { id, value: None }], format!("Remove measurement {label}")))
}
