//! Epidural spinal cord compression after Bilsky (J Neurosurg Spine 2010;13:324): 0 bone only; 1a epidural, sac not
//! deformed; 1b sac deformed, cord not touched; 1c cord touched, not compressed; 2 cord compressed, CSF seen; 3 no CSF.
//! Defined on axial T2-weighted MR for levels with cord; the program never grades, it says what the facts leave open.

use crate::anatomy::VertebraLevel;
use crate::document::{Document, EsccGrade, Presence};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The grade as read, or what is left of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Escc {
    /// The grade that the reader gave.
    pub grade: Option<EsccGrade>,
    /// Grades that the recorded facts leave open; null when nothing was recorded.
    pub possible: Option<Vec<EsccGrade>>,
    /// What `possible` rests on.
    pub basis: String,
    /// A grade given without any MR series in the case: a surrogate, since the scale is defined on T2.
    pub surrogate_without_mr: bool,
    /// The level lies below the conus, where there is no cord: the scale is an extrapolation to the cauda equina.
    pub cauda_equina: bool,
}

/// What is known of epidural compression at a level.
pub fn escc(doc: &Document, level: VertebraLevel) -> Escc {
    use EsccGrade::{G0, G1a, G1b, G1c, G2, G3};
    let vertebra = doc.vertebrae.get(&level).cloned().unwrap_or_default();
    let (possible, basis) = match (vertebra.escc_grade, vertebra.cord_compression, vertebra.csf_visible) {
        (Some(g), _, _) => (Some(vec![g]), "graded by the reader"),
        (None, Presence::Present, Presence::Present) => {
            (Some(vec![G2]), "cord compressed, CSF visible; if by epidural tumour and not by bone alone")
        }
        (None, Presence::Present, Presence::Absent) => {
            (Some(vec![G3]), "cord compressed, no CSF visible; if by epidural tumour and not by bone alone")
        }
        (None, Presence::Present, _) => {
            (Some(vec![G2, G3]), "cord compressed, CSF not stated; if by epidural tumour and not by bone alone")
        }
        (None, Presence::Absent, _) => (Some(vec![G0, G1a, G1b, G1c]), "cord not compressed"),
        (None, _, _) => (None, "nothing recorded"),
    };
    let mr = doc.images.values().any(|i| i.modality == "MR");
    Escc {
        grade: vertebra.escc_grade,
        possible,
        basis: basis.to_owned(),
        surrogate_without_mr: vertebra.escc_grade.is_some() && !mr && !doc.images.is_empty(),
        cauda_equina: level >= VertebraLevel::L2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::tests::doc_with_grid;
    use crate::document::Vertebra;

    #[test]
    fn facts_narrow_the_grade_and_never_give_it() {
        use EsccGrade::{G0, G1a, G1b, G1c, G2, G3};
        use Presence::{Absent, NotAssessed, Present};
        for (cord, csf, expected) in [
            (Present, NotAssessed, Some(vec![G2, G3])),
            (Present, Present, Some(vec![G2])),
            (Present, Absent, Some(vec![G3])),
            (Absent, Present, Some(vec![G0, G1a, G1b, G1c])),
            (NotAssessed, Present, None),
        ] {
            let mut doc = Document::default();
            let v = Vertebra { cord_compression: cord, csf_visible: csf, ..Vertebra::default() };
            doc.vertebrae.insert(VertebraLevel::C6, v);
            let e = escc(&doc, VertebraLevel::C6);
            assert_eq!((e.possible, e.grade), (expected, None), "{cord:?} {csf:?}");
        }
    }

    #[test]
    fn a_grade_from_ct_alone_is_a_surrogate_and_below_the_conus_it_is_marked() {
        let (mut doc, key) = doc_with_grid([2, 2, 2]);
        let v = Vertebra { escc_grade: Some(EsccGrade::G1b), ..Vertebra::default() };
        doc.vertebrae.insert(VertebraLevel::L3, v);
        let e = escc(&doc, VertebraLevel::L3);
        assert_eq!((e.possible, e.surrogate_without_mr, e.cauda_equina), (Some(vec![EsccGrade::G1b]), true, true));
        doc.images.get_mut(&key).expect("known").modality = "MR".to_owned();
        assert!(!escc(&doc, VertebraLevel::L3).surrogate_without_mr);
        assert!(!escc(&doc, VertebraLevel::L1).cauda_equina);
    }
}
