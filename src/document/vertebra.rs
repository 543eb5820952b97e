//! One vertebra as a reader sees it, and how the spine was counted.

use super::Presence;
use super::lesion::words;
use crate::anatomy::VertebraLevel;
use crate::space::PatientPoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words! {
    /// State of a level.
    LevelStatus {
        Involved = "involved", Uninvolved = "uninvolved", Indeterminate = "indeterminate", NotAssessed = "not_assessed",
        OutOfField = "out_of_field", PostOperative = "post_operative", Destroyed = "destroyed", Absent = "absent", Fused = "fused",
    } default NotAssessed
}
words! {
    /// How sure the numbering of this level is.
    LevelConfidence { Certain = "certain", Probable = "probable", Uncertain = "uncertain", NotAssessed = "not_assessed", } default NotAssessed
}
words! {
    /// Lumbosacral transition after Castellvi (1984).
    Castellvi {
        None = "none", Ia = "Ia", Ib = "Ib", IIa = "IIa", IIb = "IIb", IIIa = "IIIa", IIIb = "IIIb", IV = "IV", NotAssessed = "not_assessed",
    } default NotAssessed
}

/// Six points on the end plates in the mid-sagittal plane, LPS mm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct HeightPoints {
    pub sup_ant: PatientPoint,
    pub sup_mid: PatientPoint,
    pub sup_post: PatientPoint,
    pub inf_ant: PatientPoint,
    pub inf_mid: PatientPoint,
    pub inf_post: PatientPoint,
}

/// What surgery left behind at a level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PostoperativeState {
    /// The vertebral body was removed.
    pub corpectomy: Presence,
    /// A cage stands in its place.
    pub cage: Presence,
    /// The cage's material, in words.
    pub cage_material: Option<String>,
    /// Bone cement (PMMA).
    pub cement: Presence,
    /// Screws, plates or rods.
    pub screws: Presence,
    /// Loosening, breakage or pull-out.
    pub fixation_failure: Presence,
    /// Cement outside the bone.
    pub cement_leakage: Presence,
    /// How far the cage sank into its neighbour, mm.
    pub subsidence_mm: Option<f64>,
}

/// One vertebra.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Vertebra {
    /// Centre of the body, LPS mm; null for a level that is spoken of but not placed.
    pub at_mm: Option<PatientPoint>,
    /// State of the level.
    pub status: LevelStatus,
    /// How sure the number is.
    pub level_confidence: LevelConfidence,
    /// End-plate points.
    pub heights: Option<HeightPoints>,
    /// A fracture.
    pub fracture: Presence,
    /// A fracture through tumour.
    pub pathological_fracture: Presence,
    /// Spinal cord compressed.
    pub cord_compression: Presence,
    /// CSF still seen around the compressed cord.
    pub csf_visible: Presence,
    /// Bilsky epidural grade as read: `0, 1a, 1b, 1c, 2, 3` (J Neurosurg Spine 2010;13:324).
    pub escc_grade: Option<EsccGrade>,
    /// Pain at this level; whether it is mechanical is for `sins_pain` to say.
    pub pain: Presence,
    /// SINS pain points as answered: 3 mechanical, 1 occasional, 0 none (Fisher 2010, Spine 35:E1221).
    pub sins_pain: Option<u8>,
    /// SINS alignment points as answered: 4, 2 or 0.
    pub sins_alignment: Option<u8>,
    /// SINS posterolateral points as answered: 3, 1 or 0.
    pub sins_posterolateral: Option<u8>,
    /// SINS collapse points as answered, where they are not computed: 3, 2, 1 or 0.
    pub sins_collapse: Option<u8>,
    /// After surgery.
    pub postoperative: PostoperativeState,
    /// The reader's remark; must not identify the patient.
    pub remark: Option<String>,
}

words! {
    /// Bilsky's epidural spinal cord compression grade (J Neurosurg Spine 2010;13:324), T2 axial at the worst level.
    EsccGrade { G0 = "0", G1a = "1a", G1b = "1b", G1c = "1c", G2 = "2", G3 = "3", } default G0
}

impl Vertebra {
    /// Fields that no `set` may change: centres and heights have their own steps.
    pub const FIXED: &[&str] = &["at_mm", "heights"];
}

/// How the spine was counted. Never renamed silently: T13 and L6 are one bone under two readings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SpineNumbering {
    /// The level the count started from.
    pub counted_from: Option<VertebraLevel>,
    /// What the count was anchored on, in words: `C2`, `first rib`, `L5-S1`, `none`.
    pub anchor: Option<String>,
    /// Number of rib-bearing vertebrae, where known.
    pub n_thoracic: Option<u8>,
    /// Number of lumbar vertebrae, where known.
    pub n_lumbar: Option<u8>,
    /// Lumbosacral transition.
    pub castellvi: Castellvi,
    /// Whether the count is ambiguous.
    pub ambiguous: Option<bool>,
}
