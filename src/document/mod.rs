//! What one reader says of one study: spine numbering, levels, lesions, masks, measurements. Plain serde data: no
//! pixels, no view state. Only `session::Session` changes a [`Document`], and only through [`Edit`]s.

mod case;
mod edit;
mod field;
mod image;
mod label_map;
mod lesion;
mod measurement;
mod timepoint;
mod vertebra;

pub use case::{AgeConflict, Answer, CaseFacts, Neurology, PainFacts, Radiotherapy, Treatment};
pub use edit::{Edit, EditError, Layer};
pub use field::{FieldError, with_field};
pub use image::{Calibration, ImageIdentity, ImageKey, SliceIdentity};
pub use label_map::{LabelMap, LabelReader, Run, runs_from_sorted};
pub use lesion::{
    CortexPart, Enhancement, Evidence, Extent, Histology, Lesion, LesionId, LesionKind, Margin, MrSignal, MrSignals,
    Nature, RecistRole, Site, SoftTissue, WbbLayer,
};
pub use measurement::{MeasureRole, Measurement, MeasurementShape};
pub use timepoint::{Followup, Timepoint, TimepointKey};
pub use vertebra::{
    BodyOrigin, BodySource, Castellvi, EsccGrade, EsccImage, HeightPoints, LeakPlace, LevelConfidence, LevelStatus,
    PostoperativeState, SpineNumbering, Transition, Vertebra,
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
    /// Outlines of vertebral bodies, apart from the lesions: one label map for each series they were drawn on, whose labels
    /// are levels ([`VertebraLevel::label_value`]). A voxel may belong to a body and to a lesion.
    pub bodies: BTreeMap<ImageKey, LabelMap>,
    /// Where the outlines of bodies come from: by series and level, as the outlines are.
    pub body_origins: BTreeMap<(ImageKey, VertebraLevel), BodyOrigin>,
    /// Lengths, angles, regions.
    pub measurements: BTreeMap<Uuid, Measurement>,
    /// Statements about the case.
    pub case: CaseFacts,
    /// The timepoints that the reader spoke of.
    pub timepoints: BTreeMap<TimepointKey, Timepoint>,
    /// Levels at later timepoints; those of the first are in `vertebrae`.
    pub followups: BTreeMap<TimepointKey, Followup>,
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

    /// The label maps of a layer, by series.
    pub fn layer(&self, layer: Layer) -> &BTreeMap<ImageKey, LabelMap> {
        match layer {
            Layer::Lesions => &self.masks,
            Layer::Bodies => &self.bodies,
        }
    }

    /// The series on which the body of a level is outlined, and its map.
    pub fn body_of(&self, level: VertebraLevel) -> Option<(&ImageKey, &LabelMap)> {
        self.bodies.iter().find(|(_, m)| m.holds(level.label_value()))
    }

    /// Where the outline of a body on a series comes from.
    pub fn body_origin(&self, image: &ImageKey, level: VertebraLevel) -> Option<BodyOrigin> {
        self.body_origins.get(&(image.clone(), level)).copied()
    }

    /// The labelled vertebra whose centre is nearest to `p`, and the distance in mm.
    pub fn nearest_vertebra(&self, p: PatientPoint) -> Option<(VertebraLevel, f64)> {
        let distance = |v: &Vertebra| v.at_mm.map(|c| c.distance_mm(p));
        self.vertebrae.iter().filter_map(|(l, v)| Some((*l, distance(v)?))).min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

#[cfg(test)]
pub(crate) mod test_documents {
    //! Documents that tests of several rooms share.
    use super::{Document, ImageIdentity, ImageKey};
    use crate::space::{DVec3, Geometry, PatientPoint};
    use crate::volume::Kind;

    /// A document that knows one CT series with a grid of 1 mm voxels.
    pub fn with_grid(size: [usize; 3]) -> (Document, ImageKey) {
        let geometry = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], size);
        let identity = ImageIdentity {
            spacing_origin: Default::default(),
            calibration: None,
            study_instance_uid: "1.2.3".to_owned(),
            series_instance_uid: "1.2.3.4".to_owned(),
            frame_of_reference_uid: None,
            sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            modality: "CT".to_owned(),
            kind: Kind::Volume,
            geometry: geometry.expect("spans space"),
            units: "HU".to_owned(),
            slices: Vec::new(),
            fingerprint: String::new(),
            findings: Vec::new(),
        };
        let (mut doc, key) = (Document::default(), ImageKey("1.2.3.4".to_owned()));
        doc.images.insert(key.clone(), identity);
        (doc, key)
    }
}
