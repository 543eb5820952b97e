//! Epidural spinal cord compression after Bilsky (J Neurosurg Spine 2010;13:324): 0 bone only; 1a epidural, sac not
//! deformed; 1b sac deformed, cord not touched; 1c cord touched, not compressed; 2 cord compressed, CSF seen; 3 no CSF.
//!
//! The scale is a path of five questions, and each answer leaves fewer grades. It is defined on axial T2-weighted MR for
//! levels with cord; read on anything else it is a surrogate, and below the conus an extrapolation.

use crate::anatomy::VertebraLevel;
use crate::document::{Document, EsccGrade, EsccImage, Presence, Vertebra};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The grade as read, or what is left of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Escc {
    /// The grade that the reader gave, else the one to which the answers lead.
    pub grade: Option<EsccGrade>,
    /// Grades that the recorded facts leave open; null when nothing was recorded, empty when they contradict each other.
    pub possible: Option<Vec<EsccGrade>>,
    /// What `possible` rests on.
    pub basis: String,
    /// Graded on something else than axial T2-weighted MR: a surrogate.
    pub surrogate_without_mr: bool,
    /// The level lies below the conus, where there is no cord: the scale is an extrapolation to the cauda equina.
    pub cauda_equina: bool,
}

/// One question of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EsccQuestion {
    /// The field of the vertebra that holds the answer.
    pub field: &'static str,
    /// The question.
    pub text: &'static str,
    /// The answer so far.
    pub answer: Presence,
}

/// The questions that lead on, in order, up to the first that is open; the path ends where one grade is left.
pub fn escc_path(vertebra: &Vertebra) -> Vec<EsccQuestion> {
    let all = [
        ("epidural_tumour", "Tumour in the epidural space?", vertebra.epidural_tumour),
        ("sac_deformed", "Thecal sac deformed?", vertebra.sac_deformed),
        ("cord_touched", "Cord touched?", vertebra.cord_touched),
        ("cord_compression", "Cord compressed?", vertebra.cord_compression),
        ("csf_visible", "CSF still seen around it?", vertebra.csf_visible),
    ];
    let mut path = Vec::new();
    for (field, text, answer) in all {
        path.push(EsccQuestion { field, text, answer });
        if answer != Presence::Present {
            break;
        }
    }
    path
}

/// The grades that the answers leave; `None` when nothing that bears on them was answered.
fn left(v: &Vertebra) -> Option<Vec<EsccGrade>> {
    use EsccGrade::{G0, G1a, G1b, G1c, G2, G3};
    let compressed = v.cord_compression == Presence::Present;
    let csf = if compressed { v.csf_visible } else { Presence::NotAssessed };
    let rules: [(Presence, &[EsccGrade], &[EsccGrade]); 5] = [
        (v.epidural_tumour, &[G1a, G1b, G1c, G2, G3], &[G0]),
        (v.sac_deformed, &[G1b, G1c, G2, G3], &[G0, G1a]),
        (v.cord_touched, &[G1c, G2, G3], &[G0, G1a, G1b]),
        (v.cord_compression, &[G2, G3], &[G0, G1a, G1b, G1c]),
        (csf, &[G2], &[G3]),
    ];
    let answered = |p: &Presence| matches!(p, Presence::Present | Presence::Absent);
    let allowed = |g: &EsccGrade| {
        rules.iter().filter(|(p, _, _)| answered(p)).all(|(p, yes, no)| match p {
            Presence::Present => yes.contains(g),
            _ => no.contains(g),
        })
    };
    let any = rules.iter().any(|(p, _, _)| answered(p));
    any.then(|| EsccGrade::ALL.iter().copied().filter(allowed).collect())
}

fn basis(v: &Vertebra, left: Option<&[EsccGrade]>) -> String {
    let cause = match v.epidural_tumour {
        Presence::Present => "",
        _ => "; if by epidural tumour and not by bone alone",
    };
    match (left, v.cord_compression, v.csf_visible) {
        (None, _, _) => "nothing recorded".to_owned(),
        (Some([]), _, _) => "the answers contradict each other".to_owned(),
        (_, Presence::Present, Presence::Present) => format!("cord compressed, CSF visible{cause}"),
        (_, Presence::Present, Presence::Absent) => format!("cord compressed, no CSF visible{cause}"),
        (_, Presence::Present, _) => format!("cord compressed, CSF not stated{cause}"),
        (_, Presence::Absent, _) => "cord not compressed".to_owned(),
        _ => "by the questions answered so far".to_owned(),
    }
}

/// What is known of epidural compression at a level.
pub fn escc(doc: &Document, level: VertebraLevel) -> Escc {
    let v = doc.vertebrae.get(&level).cloned().unwrap_or_default();
    let left = left(&v);
    // Compression by retropulsed bone alone is none of the scale's: without epidural tumour the facts grade nothing.
    let one = left.as_deref().filter(|l| l.len() == 1).map(|l| l[0]);
    let led_to = one.filter(|g| *g == EsccGrade::G0 || v.epidural_tumour == Presence::Present);
    let (possible, basis) = match v.escc_grade {
        Some(g) => (Some(vec![g]), "graded by the reader".to_owned()),
        None => (left.clone(), basis(&v, left.as_deref())),
    };
    let grade = v.escc_grade.or(led_to);
    let mr = doc.images.values().any(|i| i.modality == "MR");
    let surrogate = match v.escc_image {
        EsccImage::T2Axial => false,
        EsccImage::OtherMr | EsccImage::Ct => true,
        EsccImage::NotStated => !mr && !doc.images.is_empty(),
    };
    Escc {
        grade,
        possible,
        basis,
        surrogate_without_mr: grade.is_some() && surrogate,
        cauda_equina: level >= VertebraLevel::L2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::tests::doc_with_grid;

    fn of(v: Vertebra) -> Escc {
        let mut doc = Document::default();
        doc.vertebrae.insert(VertebraLevel::C6, v);
        escc(&doc, VertebraLevel::C6)
    }

    #[test]
    fn facts_narrow_the_grade_and_never_give_it_without_epidural_tumour() {
        use EsccGrade::{G0, G1a, G1b, G1c, G2, G3};
        use Presence::{Absent, NotAssessed, Present};
        for (cord, csf, expected) in [
            (Present, NotAssessed, Some(vec![G2, G3])),
            (Present, Present, Some(vec![G2])),
            (Present, Absent, Some(vec![G3])),
            (Absent, Present, Some(vec![G0, G1a, G1b, G1c])),
            (NotAssessed, Present, None),
        ] {
            let e = of(Vertebra { cord_compression: cord, csf_visible: csf, ..Vertebra::default() });
            assert_eq!((e.possible, e.grade), (expected, None), "{cord:?} {csf:?}");
        }
    }

    #[test]
    fn five_questions_lead_to_the_published_grades() {
        use Presence::{Absent, NotAssessed, Present};
        for (answers, grade, asked) in [
            ([Absent, NotAssessed, NotAssessed, NotAssessed, NotAssessed], Some("0"), 1),
            ([Present, Absent, NotAssessed, NotAssessed, NotAssessed], Some("1a"), 2),
            ([Present, Present, Absent, NotAssessed, NotAssessed], Some("1b"), 3),
            ([Present, Present, Present, Absent, NotAssessed], Some("1c"), 4),
            ([Present, Present, Present, Present, Present], Some("2"), 5),
            ([Present, Present, Present, Present, Absent], Some("3"), 5),
            ([Present, NotAssessed, NotAssessed, NotAssessed, NotAssessed], None, 2),
            ([Present, Absent, NotAssessed, Present, NotAssessed], None, 2),
        ] {
            let [epidural_tumour, sac_deformed, cord_touched, cord_compression, csf_visible] = answers;
            let v = Vertebra {
                epidural_tumour,
                sac_deformed,
                cord_touched,
                cord_compression,
                csf_visible,
                ..Vertebra::default()
            };
            assert_eq!(escc_path(&v).len(), asked, "{answers:?}");
            let e = of(v);
            assert_eq!(e.grade.map(EsccGrade::word), grade, "{answers:?}");
            if answers == [Present, Absent, NotAssessed, Present, NotAssessed] {
                assert_eq!((e.possible, e.basis.contains("contradict")), (Some(vec![]), true));
            }
        }
    }

    #[test]
    fn only_axial_t2_is_no_surrogate_and_below_the_conus_it_is_marked() {
        let (mut doc, key) = doc_with_grid([2, 2, 2]);
        let v = Vertebra { escc_grade: Some(EsccGrade::G1b), ..Vertebra::default() };
        doc.vertebrae.insert(VertebraLevel::L3, v);
        let e = escc(&doc, VertebraLevel::L3);
        assert_eq!((e.possible, e.surrogate_without_mr, e.cauda_equina), (Some(vec![EsccGrade::G1b]), true, true));
        doc.images.get_mut(&key).expect("known").modality = "MR".to_owned();
        assert!(!escc(&doc, VertebraLevel::L3).surrogate_without_mr);
        for (image, surrogate) in [(EsccImage::Ct, true), (EsccImage::OtherMr, true), (EsccImage::T2Axial, false)] {
            doc.vertebrae.get_mut(&VertebraLevel::L3).expect("there").escc_image = image;
            assert_eq!(escc(&doc, VertebraLevel::L3).surrogate_without_mr, surrogate, "{image:?}");
        }
        assert!(!escc(&doc, VertebraLevel::L1).cauda_equina);
    }
}
