//! The case JSON: everything that one reader says of one study, with the figures that follow from it, for programs.
//!
//! The types here write the file, read it back, and make its published schema. Lengths are millimetres in DICOM patient
//! coordinates (LPS), angles degrees; a missing value is `null`, "not assessed" is a word; nothing identifies the
//! patient.

mod body;
mod build;
mod lesion;
mod schema;
mod timepoints;
mod vertebra;

pub use body::BodyRecord;
pub use build::case_file;
pub use lesion::{Contour, LesionGeometry, LesionMeasurements, LesionRecord};
pub use schema::case_schema;
pub use timepoints::{ChangeRecord, TimepointRecord};
pub use vertebra::{Code, VertebraRecord};

use crate::anatomy::{ChainFinding, VertebraLevel};
use crate::document::{
    AgeConflict, Answer, Castellvi, ImageKey, MeasureRole, Neurology, PainFacts, SliceIdentity, TimepointKey,
    Transition, Treatment,
};
use crate::volume::{Finding, Kind, finding_codes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Name and version of the format. A new major number means that old readers must refuse it.
pub const SCHEMA_NAME: &str = "spondyl-case/1";

/// The format's name, as the only value of the `schema` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SchemaName {
    /// Version 1.
    #[serde(rename = "spondyl-case/1")]
    V1,
}

/// What the program's files are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IntendedUse {
    /// Nothing in the file is a diagnosis.
    #[default]
    #[serde(rename = "research use only, not for diagnosis")]
    Research,
}

impl IntendedUse {
    /// It stands in every file that is written; files of before it was there are as good without it.
    fn is_elsewhere(&self) -> bool {
        false
    }
}

/// One case: images, readers, and what they said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Format and version.
    pub schema: SchemaName,
    /// Identity of the case; the same in every export of the same case file.
    pub case_id: Uuid,
    /// What wrote the file.
    pub software: Software,
    /// What the file is for.
    #[serde(default, skip_serializing_if = "IntendedUse::is_elsewhere")]
    pub intended_use: IntendedUse,
    /// What was done about the patient's identity.
    pub deidentification: Deidentification,
    /// What the numbers mean.
    pub coordinate_system: CoordinateSystem,
    /// The patient, without identity.
    pub subject: Subject,
    /// The primary tumour.
    pub primary_tumour: PrimaryTumour,
    /// Statements about the patient as a whole.
    pub clinical: Clinical,
    /// How the vertebrae were counted.
    pub spine_numbering: Numbering,
    /// The series that annotations refer to.
    pub images: Vec<ImageRecord>,
    /// Timepoints, in their order.
    #[serde(default)]
    pub timepoints: Vec<TimepointRecord>,
    /// Who read them.
    pub readers: Vec<Reader>,
    /// One set for each reader and timepoint, the first timepoint first.
    pub annotation_sets: Vec<AnnotationSet>,
    /// What changed from each timepoint to the next, level by level.
    #[serde(default)]
    pub changes: Vec<ChangeRecord>,
    /// What was done.
    #[serde(default)]
    pub treatment: Treatment,
    /// What was recorded for a reading study; left out where the case is of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<StudyReading>,
}

/// A case as one item of a reading study.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyReading {
    /// The reader declared the reading finished.
    pub finished: bool,
    /// Answers to the study's questions, by the question's id.
    pub answers: BTreeMap<String, Answer>,
}

/// Name and version of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// `spondyl`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was done about the patient's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deidentification {
    /// Whether name, ID, birth date, dates, institution or physicians are in this file. UIDs are kept: they link the case
    /// to its images.
    pub identifiers_written: bool,
    /// How this was brought about.
    pub method: String,
}

/// What the numbers mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoordinateSystem {
    /// Axes of all points.
    pub frame: String,
    /// Unit of lengths.
    pub length_unit: String,
    /// Unit of angles.
    pub angle_unit: String,
    /// Unit of volumes.
    pub volume_unit: String,
    /// The frame of reference that all images share; null when they differ or none is given.
    pub frame_of_reference_uid: Option<String>,
}

/// The patient, without identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// `M`, `F` or `O`.
    pub sex: Option<String>,
    /// Age at the first study.
    pub age_years: Option<f64>,
    /// Ages that other sources give.
    #[serde(default)]
    pub age_conflicts: Vec<AgeConflict>,
}

/// The primary tumour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrimaryTumour {
    /// Where it arose.
    pub site: Option<String>,
    /// Its histology, in words.
    pub histology: Option<String>,
    /// The histology as a code (SNOMED CT), where the reader gave one.
    #[serde(default)]
    pub code: Option<Code>,
    /// What was done about it.
    #[serde(default)]
    pub status: Option<String>,
    /// Metastases outside of the spine.
    #[serde(default)]
    pub other_metastases: Vec<String>,
    /// How well it answers to radiation (NOMS, Laufer 2013).
    #[serde(default)]
    pub radiosensitivity: Option<String>,
}

/// Statements about the patient as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clinical {
    /// Tomita surgical type 1–7 (Tomita 2001, Spine 26:298); of the patient, not of a level.
    pub tomita_surgical_type: Option<u8>,
    /// Complaints.
    #[serde(default)]
    pub pain: PainFacts,
    /// The nervous system.
    #[serde(default)]
    pub neurology: Neurology,
    /// The reader's remark on the case.
    pub remark: Option<String>,
}

/// How the vertebrae were counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Numbering {
    /// Names in use.
    pub scheme: String,
    /// The level that the count started from.
    pub counted_from: Option<VertebraLevel>,
    /// What the count was anchored on.
    pub anchor: Option<String>,
    /// Number of rib-bearing vertebrae.
    pub n_thoracic: Option<u8>,
    /// Number of lumbar vertebrae.
    pub n_lumbar: Option<u8>,
    /// A bone between two regions, and which way it was counted.
    #[serde(default)]
    pub transition: Transition,
    /// Lumbosacral transition (Castellvi 1984).
    pub lstv_castellvi: Castellvi,
    /// Whether the count is ambiguous.
    pub ambiguous: Option<bool>,
    /// What looks wrong in the chain of centres.
    pub findings: Vec<ChainFinding>,
}

/// A series, by identity and grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageRecord {
    /// Its name in this file: the SeriesInstanceUID, with `#n` where one series holds several volumes.
    pub id: ImageKey,
    /// StudyInstanceUID (0020,000D).
    pub study_instance_uid: String,
    /// SeriesInstanceUID (0020,000E).
    pub series_instance_uid: String,
    /// FrameOfReferenceUID (0020,0052).
    pub frame_of_reference_uid: Option<String>,
    /// The timepoint it belongs to; null where the case tells none apart.
    #[serde(default)]
    pub timepoint: Option<TimepointKey>,
    /// SOPClassUID (0008,0016).
    pub sop_class_uid: String,
    /// Modality (0008,0060).
    pub modality: String,
    /// Regular volume, stack, or projection.
    pub kind: Kind,
    /// Unit of the values: `HU`, `US`, ….
    pub units: String,
    /// Where the spacing of the pixels comes from.
    #[serde(default)]
    pub spacing_origin: crate::volume::SpacingOrigin,
    /// The known length that the reader drew on a projection; lengths measured there follow it.
    #[serde(default)]
    pub calibration: Option<crate::document::Calibration>,
    /// The grid that masks live on.
    pub grid: Grid,
    /// Digest of identities and geometry.
    pub fingerprint: String,
    /// What is odd about the series.
    pub findings: Vec<Finding>,
    /// The source of each slice, in the grid's order.
    pub instances: Vec<SliceIdentity>,
}

impl ImageRecord {
    /// What is odd about the series in one line of codes; `None` where nothing is.
    pub fn findings_line(&self) -> Option<String> {
        let codes = finding_codes(&self.findings);
        (!codes.is_empty()).then(|| format!("Images: {}", codes.join(", ")))
    }
}

/// A voxel grid: `origin + i·dx·d0 + j·dy·d1 + k·dz·d2` is the centre of voxel (i, j, k).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Columns, rows, slices.
    pub size: [u64; 3],
    /// Lengths of the steps to the next column, row, slice (of an uneven stack: the mean), mm.
    pub spacing_mm: [f64; 3],
    /// Centre of the first voxel.
    pub origin_mm: [f64; 3],
    /// Unit vectors of the steps.
    pub direction: [[f64; 3]; 3],
    /// Centres of each slice's first voxel where they are not evenly spaced; null on a regular grid.
    pub slice_origins_mm: Option<Vec<[f64; 3]>>,
}

/// A reader, by pseudonym.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// The pseudonym.
    pub id: String,
}

/// How far an annotation set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetStatus {
    /// Nobody has signed it: whatever this program exports.
    Draft,
}

/// What one reader said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnotationSet {
    /// The reader's pseudonym.
    pub reader: String,
    /// The timepoint it speaks of; null where the case tells none apart.
    #[serde(default)]
    pub timepoint: Option<TimepointKey>,
    /// Time that the reader was active on the case, s.
    pub active_seconds: f64,
    /// Draft.
    pub status: SetStatus,
    /// The series it refers to.
    pub images: Vec<ImageKey>,
    /// Levels that were labelled, spoken of, or hold a lesion, head to feet.
    pub vertebrae: Vec<VertebraRecord>,
    /// Distances, angles, points and regions that the reader drew.
    pub measurements: Vec<DrawnMeasurement>,
}

/// What a drawn measurement measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasurementKind {
    /// A distance between two points, mm.
    Length,
    /// An angle between two directed lines (four points), degrees.
    Angle,
    /// Cobb's angle between two end plates (four points), 0…90 degrees.
    Cobb,
    /// The value at a point.
    Point,
    /// A rectangle (four corners), mm².
    Rectangle,
    /// An ellipse (the corners of the rectangle around it), mm².
    Ellipse,
    /// A freehand outline, mm².
    Freehand,
}

/// A measurement that the reader drew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawnMeasurement {
    /// Its identity.
    pub id: Uuid,
    /// The reader's name for it.
    pub label: String,
    /// What it measures.
    pub kind: MeasurementKind,
    /// The vertebra it belongs to.
    pub level: Option<VertebraLevel>,
    /// What it stands for.
    #[serde(default)]
    pub role: MeasureRole,
    /// Length, angle, area, or the value at the point; null where it cannot be known.
    pub value: Option<f64>,
    /// `mm`, `deg`, `mm2`, the unit of the images' values; `px`, `px2` on pictures without spacing.
    pub unit: String,
    /// It was drawn on a projection (a radiograph): foreshortened and magnified.
    #[serde(default)]
    pub projected: bool,
    /// Values of the images under a region; null for others, and where the images were not at hand.
    #[serde(default)]
    pub region: Option<RegionValues>,
    /// The series it was drawn on.
    pub image: ImageKey,
    /// The ends of its line or lines, its point, or its corners.
    pub points_lps_mm: Vec<[f64; 3]>,
}

/// Values of the voxels under a region, in the unit of the images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionValues {
    /// How many voxels: those of the region's layer whose centres lie inside.
    pub voxels: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n − 1; null for a single voxel.
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}
