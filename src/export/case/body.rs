//! The outline of a vertebral body in the case JSON.

use super::build::{contours, figure};
use super::lesion::Contour;
use crate::anatomy::VertebraLevel;
use crate::assess::{self, BodyReference};
use crate::document::{BodyOrigin, Document, ImageKey};
use crate::export::MaskRuns;
use crate::export::write::body_value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The outline of a vertebral body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyRecord {
    /// The series whose grid it lies on.
    pub image: ImageKey,
    /// Where it comes from; null where that was not noted.
    #[serde(default)]
    pub origin: Option<BodyOrigin>,
    /// Its value in the exported label map of the bodies (`bodies.nii.gz`), VerSe's, which has one for the whole sacrum;
    /// null for a level that VerSe does not count.
    #[serde(default)]
    pub label_value: Option<u16>,
    /// Its volume, mm³.
    pub volume_mm3: f64,
    /// Number of its voxels.
    #[serde(default)]
    pub voxels: u64,
    /// Its outlines in each slice.
    #[serde(default)]
    pub contours: Vec<Contour>,
    /// Its voxels.
    pub mask: MaskRuns,
    /// How much of it is destroyed; null where no lesion was drawn.
    pub destroyed: Option<DestroyedRecord>,
}

/// The destroyed part of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestroyedRecord {
    /// Lesion inside the outline over the reference volume, 0…1.
    pub fraction: f64,
    /// Lesion inside the outline, mm³.
    pub lesion_mm3: f64,
    /// The reference volume, mm³.
    pub reference_mm3: f64,
    /// What the reference is.
    pub reference: BodyReference,
    /// The levels it was taken from.
    pub reference_levels: Vec<VertebraLevel>,
}

/// The record of a level whose body is outlined.
pub fn body(doc: &Document, level: VertebraLevel) -> Option<BodyRecord> {
    let (image, map) = doc.body_of(level)?;
    let flat = map.voxels_of(level.label_value());
    let mask = MaskRuns::of_voxels(&flat, map.size())?;
    let (volume, _) = assess::body_volumes(doc, level)?;
    let destroyed = assess::destroyed(doc, level).map(|d| DestroyedRecord {
        fraction: figure(d.fraction),
        lesion_mm3: figure(d.lesion_mm3),
        reference_mm3: figure(d.reference_mm3),
        reference: d.reference,
        reference_levels: d.reference_levels,
    });
    Some(BodyRecord {
        image: image.clone(),
        origin: doc.body_origin(image, level),
        label_value: body_value(level),
        volume_mm3: figure(volume),
        voxels: flat.len() as u64,
        contours: doc.images.get(image).map_or_else(Vec::new, |identity| contours(identity, &flat)),
        mask,
        destroyed,
    })
}
