//! A vertebra in the case JSON: numbering and codes, the reader's statements under the names that `set` takes, and what
//! follows from them.

use super::LesionRecord;
use super::body::BodyRecord;
use crate::anatomy::VertebraLevel;
use crate::assess::{Canal, CollapseReference, GenantShape, NotScored, Sins};
use crate::document::{
    EsccGrade, EsccImage, Evidence, HeightPoints, ImageKey, LevelConfidence, LevelStatus, PostoperativeState, Presence,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A coded concept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Coding scheme designator: `SCT`, `SRT`, `FMA`, or the program's own `99SPONDYL`.
    pub scheme: String,
    /// Code value.
    pub value: String,
    /// Code meaning.
    pub meaning: String,
}

/// A structure of another program's label map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Its value there.
    pub id: u8,
    /// Its name there.
    pub name: String,
}

/// A centre in voxel coordinates of a series; whole numbers are voxel centres.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CentreOnGrid {
    /// The series.
    pub image: ImageKey,
    /// Column, row, slice.
    pub ijk: [f64; 3],
}

/// One vertebra.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VertebraRecord {
    /// Its name.
    pub level: VertebraLevel,
    /// The whole vertebra (SNOMED CT; DICOM CID 7603); null where there is no code.
    pub code: Option<Code>,
    /// The same in older DICOM objects (SRT).
    pub code_srt: Option<Code>,
    /// The vertebral body alone (SNOMED CT).
    pub body_code: Option<Code>,
    /// Foundational Model of Anatomy.
    pub fma: Option<Code>,
    /// Value in VerSe label maps.
    pub verse_id: Option<u8>,
    /// Structure of TotalSegmentator v2, task `total`.
    pub totalsegmentator: Option<Structure>,
    /// State of the level.
    pub status: LevelStatus,
    /// How sure the number is.
    pub level_confidence: LevelConfidence,
    /// Centre of the body; null for a level that is spoken of but not placed.
    pub centroid_mm: Option<[f64; 3]>,
    /// The centre on each series in the centres' frame of reference.
    pub centroid_voxel: Vec<CentreOnGrid>,
    /// Lesions assigned to this level.
    pub lesions: Vec<LesionRecord>,
    /// Fracture and loss of height.
    pub fracture: FractureRecord,
    /// Heights and angles.
    pub morphometry: Morphometry,
    /// The body's outline and how much of it is destroyed; absent while it is not outlined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyRecord>,
    /// Epidural compression.
    pub epidural: EpiduralRecord,
    /// Spinal Instability Neoplastic Score (Fisher 2010); null where it makes no sense.
    pub sins: Option<Sins>,
    /// Why there is no score.
    pub sins_not_scored: Option<NotScored>,
    /// Diameters of canal and cord.
    #[serde(default)]
    pub canal: Canal,
    /// What the statements rest on.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// After surgery.
    pub postoperative: PostoperativeState,
    /// As recorded: a fracture through tumour.
    pub pathological_fracture: Presence,
    /// As recorded: spinal cord compressed.
    pub cord_compression: Presence,
    /// As recorded: CSF seen around the cord.
    pub csf_visible: Presence,
    /// As recorded: Bilsky grade.
    pub escc_grade: Option<EsccGrade>,
    /// As recorded: pain at this level.
    pub pain: Presence,
    /// As answered: SINS pain points.
    pub sins_pain: Option<u8>,
    /// As answered: SINS alignment points.
    pub sins_alignment: Option<u8>,
    /// As answered: SINS posterolateral points.
    pub sins_posterolateral: Option<u8>,
    /// As answered: SINS collapse points.
    pub sins_collapse: Option<u8>,
    /// The reader's remark.
    pub remark: Option<String>,
}

/// Fracture and loss of height.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FractureRecord {
    /// As recorded.
    pub present: Presence,
    /// As recorded: through tumour.
    pub pathological: Presence,
    /// `100 · max(1 − H/H_reference)` over anterior, middle and posterior height, not below 0.
    pub collapse_percent: Option<f64>,
    /// Genant grade 0–3 of that loss (Genant 1993): from 20, 25, 40 %.
    pub genant_grade: Option<u8>,
    /// Shape of the deformity.
    pub genant_shape: Option<GenantShape>,
    /// Whether the grade is an extrapolation: the scale was made for T4–L4.
    pub genant_extrapolated: Option<bool>,
}

/// Heights and angles from end-plate points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Morphometry {
    /// Anterior height.
    pub ha_mm: Option<f64>,
    /// Middle height.
    pub hm_mm: Option<f64>,
    /// Posterior height.
    pub hp_mm: Option<f64>,
    /// Anterior to posterior height.
    pub wedge_ratio: Option<f64>,
    /// Middle to posterior height.
    pub biconcave_ratio: Option<f64>,
    /// What the heights were compared with.
    pub reference: Option<CollapseReference>,
    /// The levels that the reference was taken from.
    pub reference_levels: Vec<VertebraLevel>,
    /// Reference heights: anterior, middle, posterior.
    pub reference_mm: Option<[f64; 3]>,
    /// Superior end plate of the level above to inferior end plate of the level below, in the sagittal plane; + kyphosis.
    pub segmental_kyphosis_deg: Option<f64>,
    /// Offset of the level above along this level's superior end plate; + forwards.
    pub translation_mm: Option<f64>,
    /// The six end-plate points.
    pub landmarks_lps_mm: Option<HeightPoints>,
}

/// Epidural compression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EpiduralRecord {
    /// Bilsky grade as read (J Neurosurg Spine 2010;13:324).
    pub escc_grade: Option<EsccGrade>,
    /// Grades that the recorded facts leave open; null when nothing was recorded.
    pub escc_possible: Option<Vec<EsccGrade>>,
    /// What that rests on.
    pub basis: String,
    /// Graded without MR: a surrogate.
    pub surrogate_without_mr: bool,
    /// Below the conus: the scale is an extrapolation.
    pub cauda_equina: bool,
    /// As recorded: the five questions of the path.
    #[serde(default)]
    pub epidural_tumour: Presence,
    /// As recorded.
    #[serde(default)]
    pub sac_deformed: Presence,
    /// As recorded.
    #[serde(default)]
    pub cord_touched: Presence,
    /// As recorded.
    pub cord_compression: Presence,
    /// As recorded.
    pub csf_visible: Presence,
    /// What it was read on.
    #[serde(default)]
    pub read_on: EsccImage,
    /// Spinal cord compression (SNOMED CT), where it is present.
    pub code: Option<Code>,
}
