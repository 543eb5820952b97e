//! Which images a document speaks of: identity and grid, without pixels and without the patient.

use crate::space::{Geometry, PatientPoint};
use crate::volume::{Finding, FindingCode, Kind, SpacingOrigin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names a volume: its SeriesInstanceUID, with `#n` behind it where one series holds several volumes (n from 1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ImageKey(pub String);

/// One slice's source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SliceIdentity {
    /// SOPInstanceUID (0008,0018).
    pub sop_instance_uid: String,
    /// Frame number from 1; null where the instance has a single frame.
    pub frame: Option<u32>,
}

/// A series (or one volume of it) as the document knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageIdentity {
    /// StudyInstanceUID (0020,000D).
    pub study_instance_uid: String,
    /// SeriesInstanceUID (0020,000E).
    pub series_instance_uid: String,
    /// FrameOfReferenceUID (0020,0052), where there is one.
    pub frame_of_reference_uid: Option<String>,
    /// SOPClassUID (0008,0016).
    pub sop_class_uid: String,
    /// Modality (0008,0060).
    pub modality: String,
    /// What the positions allow.
    pub kind: Kind,
    /// Where the spacing of its pixels comes from.
    #[serde(default)]
    pub spacing_origin: SpacingOrigin,
    /// A known length that the reader drew on a picture without a place in the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// The grid that masks live on.
    pub geometry: Geometry,
    /// Unit of the values.
    pub units: String,
    /// The source of each slice, in the grid's order.
    pub slices: Vec<SliceIdentity>,
    /// Digest of identities and geometry, to recognise the images again.
    pub fingerprint: String,
    /// What is odd about the series; goes into every export. File names are left out here.
    pub findings: Vec<Finding>,
}

/// A length that the reader knows, drawn on a projection: the scale of what is measured there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// Its ends, in the picture's own millimetres (pixels where it has none).
    pub points_mm: [PatientPoint; 2],
    /// How long it is in truth, mm.
    pub length_mm: f64,
}

impl ImageIdentity {
    /// By what lengths drawn on it are multiplied, and their unit: `mm`, or `px` where no spacing is known.
    pub fn length_scale(&self) -> (f64, &'static str) {
        let unknown = self.spacing_origin == SpacingOrigin::Unknown
            || (self.kind == Kind::Projection && self.findings.iter().any(|f| f.code == FindingCode::NoSpacing));
        match &self.calibration {
            Some(c) => (c.length_mm / c.points_mm[0].distance_mm(c.points_mm[1]), "mm"),
            None if unknown => (1.0, "px"),
            None => (1.0, "mm"),
        }
    }

    /// Whether what is measured on it is a projection's: foreshortened and magnified.
    pub fn is_projected(&self) -> bool {
        self.kind == Kind::Projection
    }
}
