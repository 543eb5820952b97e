//! Steps about stored measurements, and about the scale of pictures that lie nowhere in the patient.

use super::{Planned, Refusal, fields::spoken, lesions::check_label};
use crate::anatomy::VertebraLevel;
use crate::document::{Calibration, Document, Edit, ImageKey, MeasureRole, Measurement, MeasurementShape, with_field};
use crate::space::PatientPoint;
use serde_json::Value;
use uuid::Uuid;

/// Corners of a freehand outline.
const OUTLINE_MAX: usize = 20_000;
/// Lengths that can be known of something on a radiograph, mm.
const KNOWN_MM: std::ops::RangeInclusive<f64> = 0.1..=2000.0;

fn find<'d>(document: &'d Document, label: &str) -> Option<(Uuid, &'d Measurement)> {
    document.measurements.iter().find(|(_, m)| m.label == label).map(|(id, m)| (*id, m))
}

fn found<'d>(document: &'d Document, label: &str) -> Result<(Uuid, &'d Measurement), Refusal> {
    find(document, label).ok_or_else(|| Refusal::NoSuchMeasurement(label.to_owned()))
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
    if let MeasurementShape::Freehand { points_mm } = shape
        && !(3..=OUTLINE_MAX).contains(&points_mm.len())
    {
        let n = points_mm.len();
        return Err(Refusal::Nonsense(format!("an outline has 3 to {OUTLINE_MAX} points; this one has {n}")));
    }
    let value = Measurement { label: label.to_owned(), shape: shape.clone(), image, level, role };
    let id = Uuid::new_v4();
    Ok((vec![Edit::Measurement { id, value: Some(Box::new(value)) }], format!("Measure {label}")))
}

pub fn delete(document: &Document, label: &str) -> Result<Planned, Refusal> {
    let (id, _) = found(document, label)?;
    Ok((vec![Edit::Measurement { id, value: None }], format!("Remove measurement {label}")))
}

/// A diameter is a distance.
fn check_role(shape: &MeasurementShape, role: MeasureRole) -> Result<(), Refusal> {
    match (shape, role) {
        (MeasurementShape::Length { .. }, _) | (_, MeasureRole::Free) => Ok(()),
        _ => Err(Refusal::Nonsense(format!("this is no {}: only a length is", role.word().replace('_', " ")))),
    }
}

/// Sets the name, the level or the role of a measurement.
pub fn set(document: &Document, label: &str, field: &str, value: &Value) -> Result<Planned, Refusal> {
    let (id, before) = found(document, label)?;
    let after = with_field(before, field, value, Measurement::FIXED)?;
    check_label(&after.label)?;
    if after.label != label && find(document, &after.label).is_some() {
        return Err(Refusal::MeasurementTaken(after.label));
    }
    check_role(&after.shape, after.role)?;
    let edit = Edit::Measurement { id, value: Some(Box::new(after)) };
    Ok((vec![edit], format!("Set {} of {label}", spoken(field))))
}

/// A known length on a projection sets the scale of everything measured on it.
pub fn calibrate(
    document: &Document,
    points_mm: [PatientPoint; 2],
    length_mm: f64,
    image: &ImageKey,
) -> Result<Planned, Refusal> {
    let mut identity = document.images.get(image).cloned().ok_or_else(|| Refusal::UnknownImage(image.clone()))?;
    if !identity.is_projected() {
        let why = "these images lie in the patient: their millimetres are known and need no calibration";
        return Err(Refusal::Nonsense(why.to_owned()));
    }
    if !KNOWN_MM.contains(&length_mm) || points_mm[0].distance_mm(points_mm[1]) < 1e-6 {
        let (low, high) = (KNOWN_MM.start(), KNOWN_MM.end());
        let why = format!("a known length is a line that is {low} to {high} mm long in truth; found {length_mm} mm");
        return Err(Refusal::Nonsense(why));
    }
    identity.calibration = Some(Calibration { points_mm, length_mm });
    let edit = Edit::Image { key: image.clone(), value: Some(Box::new(identity)) };
    Ok((vec![edit], format!("Calibrate to {length_mm} mm")))
}
