//! What one reader says of one study: spine numbering, levels, lesions, masks, measurements. Plain serde data: no
//! pixels, no view state. Only `session::Session` changes a [`Document`], and only through [`Edit`]s.

mod edit;
mod field;
mod image;
mod label_map;
mod lesion;
mod vertebra;

pub use edit::{Edit, EditError};
pub use field::{FieldError, with_field};
pub use image::{ImageIdentity, ImageKey, SliceIdentity};
pub use label_map::{LabelMap, LabelReader, Run, runs_from_sorted};
pub use lesion::{
    Enhancement, Extent, Histology, Lesion, LesionId, LesionKind, Margin, MrSignal, MrSignals, Nature, RecistRole, Site,
};
pub use vertebra::{
    Castellvi, EsccGrade, HeightPoints, LevelConfidence, LevelStatus, PostoperativeState, SpineNumbering, Vertebra,
};

use crate::anatomy::VertebraLevel;
use crate::space::PatientPoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Whether something was seen. "Absent" is not the same as "not looked at".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Presence {
    Present,
    Absent,
    Indeterminate,
    #[default]
    NotAssessed,
}

/// A stored measurement of the reader's, in patient space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// The reader's name for it.
    pub label: String,
    /// What it measures.
    pub shape: MeasurementShape,
    /// The series it was drawn on.
    pub image: ImageKey,
    /// The vertebra it belongs to, where it was given one.
    pub level: Option<VertebraLevel>,
}

/// The geometry of a measurement, LPS millimetres.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MeasurementShape {
    /// A distance between two points.
    Length {
        /// The ends.
        points_mm: [PatientPoint; 2],
    },
    /// The angle between two lines (also Cobb's), each by its two ends; 0…180 degrees.
    Angle {
        /// The first line.
        a_mm: [PatientPoint; 2],
        /// The second line.
        b_mm: [PatientPoint; 2],
    },
}

/// Statements about the case as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseFacts {
    /// `M`, `F` or `O`; null when not recorded.
    pub sex: Option<String>,
    /// Age in years at the first study; null when not recorded.
    pub age_years: Option<f64>,
    /// Where the primary tumour arose.
    pub primary_site: Option<String>,
    /// Histology of the primary, in words.
    pub primary_histology: Option<String>,
    /// Tomita surgical type 1…7 (Tomita 2001), of the patient, not of a level.
    pub tomita_surgical_type: Option<u8>,
    /// A free remark; must not identify the patient.
    pub remark: Option<String>,
}

/// What one reader says of one study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The series that annotations refer to.
    pub images: BTreeMap<ImageKey, ImageIdentity>,
    /// How the spine was counted.
    pub spine: SpineNumbering,
    /// Vertebrae that were labelled or spoken of, head to feet.
    pub vertebrae: BTreeMap<VertebraLevel, Vertebra>,
    /// Lesions by their identity.
    pub lesions: BTreeMap<LesionId, Lesion>,
    /// Masks: one label map for each series that was painted on. A voxel belongs to at most one lesion.
    pub masks: BTreeMap<ImageKey, LabelMap>,
    /// Lengths, angles, regions.
    pub measurements: BTreeMap<Uuid, Measurement>,
    /// Statements about the case.
    pub case: CaseFacts,
}

impl Document {
    /// The lesion with this label (the script's handle, the reader's name).
    pub fn lesion_by_label(&self, label: &str) -> Option<(LesionId, &Lesion)> {
        self.lesions.iter().find(|(_, l)| l.label == label).map(|(id, l)| (*id, l))
    }

    /// The smallest label value from 1 that no lesion has; `None` when all 65,535 are taken.
    pub fn free_label_value(&self) -> Option<u16> {
        let taken: BTreeSet<u16> = self.lesions.values().map(|l| l.label_value).collect();
        (1..=u16::MAX).find(|v| !taken.contains(v))
    }

    /// The labelled vertebra whose centre is nearest to `p`, and the distance in mm.
    pub fn nearest_vertebra(&self, p: PatientPoint) -> Option<(VertebraLevel, f64)> {
        let distance = |v: &Vertebra| v.at_mm.map(|c| c.distance_mm(p));
        self.vertebrae.iter().filter_map(|(l, v)| Some((*l, distance(v)?))).min_by(|a, b| a.1.total_cmp(&b.1))
    }
}
