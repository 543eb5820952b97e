//! One vertebra as a reader sees it, and how the spine was counted.

use super::lesion::words;
use super::{Evidence, Presence};
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

words! {
    /// Where cement went outside of the bone.
    LeakPlace { Canal = "canal", Disc = "disc", Vein = "vein", Paravertebral = "paravertebral", } default Canal
}
words! {
    /// A vertebra between two regions.
    Transition {
        None = "none", SacralisedL5 = "sacralised_L5", LumbarisedS1 = "lumbarised_S1", ThoracolumbarRib = "lumbar_rib",
        CervicalRib = "cervical_rib", NotAssessed = "not_assessed",
    } default NotAssessed
}
words! {
    /// What epidural compression was read on; the scale is defined on axial T2-weighted MR.
    EsccImage { T2Axial = "t2_axial", OtherMr = "other_mr", Ct = "ct", NotStated = "not_stated", } default NotStated
}

/// What surgery left behind at a level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PostoperativeState {
    /// The vertebral body was removed.
    pub corpectomy: Presence,
    /// A cage stands in its place.
    pub cage: Presence,
    /// The cage's material, in words.
    pub cage_material: Option<String>,
    /// Bone cement (PMMA).
    pub cement: Presence,
    /// Screws.
    pub screws: Presence,
    /// Loosening, breakage or pull-out.
    pub fixation_failure: Presence,
    /// Cement outside the bone.
    pub cement_leakage: Presence,
    /// Where the cement went; empty when there is no leak or nobody looked.
    pub leakage_at: Vec<LeakPlace>,
    /// How far the cage sank into its neighbour, mm.
    pub subsidence_mm: Option<f64>,
    /// Plates or rods.
    pub plate_or_rods: Presence,
    /// Tumour has come back here.
    pub recurrence: Presence,
    /// What was done, in words.
    pub procedure: Option<String>,
}

words! {
    /// Where the outline of a body comes from.
    BodySource {
        OneClick = "one_click", OneClickAndNeighbours = "one_click_and_neighbours", EndPlates = "end_plates", File = "file",
        Hand = "hand",
    } default Hand
}

/// Where the outline of a body comes from, and whether it was changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyOrigin {
    /// Its labelled centre alone, the neighbours' centres too, its six end-plate points, a file, or the reader's hand.
    pub source: BodySource,
    /// The reader has painted on it since.
    pub corrected: bool,
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
    /// Tumour in the epidural space: the first question of Bilsky's scale.
    #[serde(default)]
    pub epidural_tumour: Presence,
    /// The thecal sac is deformed: the second question.
    #[serde(default)]
    pub sac_deformed: Presence,
    /// The cord is touched: the third question.
    #[serde(default)]
    pub cord_touched: Presence,
    /// Spinal cord compressed.
    pub cord_compression: Presence,
    /// CSF still seen around the compressed cord.
    pub csf_visible: Presence,
    /// Bilsky epidural grade as read: `0, 1a, 1b, 1c, 2, 3` (J Neurosurg Spine 2010;13:324).
    pub escc_grade: Option<EsccGrade>,
    /// What the epidural findings were read on.
    #[serde(default)]
    pub escc_image: EsccImage,
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
    /// What the statements rest on.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
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
    /// A bone between two regions, and which way it was counted.
    pub transition: Transition,
    /// Lumbosacral transition.
    pub castellvi: Castellvi,
    /// Whether the count is ambiguous.
    pub ambiguous: Option<bool>,
}

impl SpineNumbering {
    /// What a count is usually anchored on; any other anchor is in the reader's own words.
    pub const ANCHORS: [&str; 5] = ["C2 seen", "T1 rib", "T12 rib", "L5-S1", "iliolumbar ligament at L5"];

    /// The levels of this spine, head to feet: T13 and L6 only where they were counted, T12 and L5 not where there are
    /// eleven rib-bearing or four lumbar vertebrae.
    pub fn levels(&self) -> Vec<VertebraLevel> {
        VertebraLevel::ALL.into_iter().filter(|l| self.has(*l)).collect()
    }

    /// Whether this spine has a level.
    pub fn has(&self, level: VertebraLevel) -> bool {
        match level {
            VertebraLevel::T12 => self.n_thoracic.is_none_or(|n| n >= 12),
            VertebraLevel::T13 => self.n_thoracic.is_some_and(|n| n >= 13),
            VertebraLevel::L5 => self.n_lumbar.is_none_or(|n| n >= 5),
            VertebraLevel::L6 => self.n_lumbar.is_some_and(|n| n >= 6),
            _ => true,
        }
    }

    /// The level `by` steps towards the feet (negative: the head) in this spine; `None` beyond its ends. A level that the
    /// spine has not counted moves from the place where its bone would be.
    pub fn step(&self, from: VertebraLevel, by: i32) -> Option<VertebraLevel> {
        let own: Vec<_> = VertebraLevel::ALL.into_iter().filter(|l| self.has(*l) || *l == from).collect();
        let at = own.iter().position(|l| *l == from)? as i64 + i64::from(by);
        usize::try_from(at).ok().and_then(|at| own.get(at).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::VertebraLevel::*;
    use super::*;

    #[test]
    fn a_spine_has_the_levels_that_were_counted() {
        let of = |n_thoracic, n_lumbar| SpineNumbering { n_thoracic, n_lumbar, ..SpineNumbering::default() };
        for (spine, from, next) in [
            (of(None, None), T12, L1),
            (of(Some(13), None), T12, T13),
            (of(Some(11), None), T11, L1),
            (of(None, Some(6)), L5, L6),
            (of(None, Some(4)), L4, S1),
            (of(None, None), T13, L1),
        ] {
            assert_eq!(spine.step(from, 1), Some(next), "{spine:?}");
            assert_eq!(spine.step(next, -1), Some(if spine.has(from) { from } else { T12 }));
        }
        assert_eq!((of(None, None).levels().len(), of(Some(13), Some(6)).levels().len()), (30, 32));
        assert_eq!((of(None, None).step(C1, -1), of(None, None).step(Co, 1)), (None, None));
    }
}
