//! What is odd about a document's numbering of the spine: the chain of its labelled centres, and its anchor.

use crate::anatomy::{ChainFinding, VertebraLevel, chain_checks};
use crate::document::{Document, Extent, LevelStatus, Presence, SpineNumbering};

/// Whether the count started from a level that cannot be mistaken: C2, the first rib, L5–S1. `counted_from` alone names
/// a level; the reader states what was seen in `anchor`.
pub fn is_anchored(spine: &SpineNumbering) -> bool {
    use VertebraLevel::{C2, L5, S1, T1};
    let stated =
        spine.anchor.as_deref().is_some_and(|a| !a.trim().is_empty() && !a.trim().eq_ignore_ascii_case("none"));
    stated || matches!(spine.counted_from, Some(C2 | T1 | L5 | S1))
}

/// What looks wrong in the chain of labelled centres.
pub fn chain_findings(doc: &Document) -> Vec<ChainFinding> {
    let placed: Vec<_> = doc.vertebrae.iter().filter_map(|(l, v)| Some((*l, v.at_mm?))).collect();
    let gone = |s| {
        use LevelStatus::{Absent, Destroyed, Fused, OutOfField, PostOperative};
        matches!(s, Absent | Fused | OutOfField | Destroyed | PostOperative)
    };
    let without_centre = VertebraLevel::ALL.into_iter().filter(|l| {
        let said =
            doc.vertebrae.get(l).is_some_and(|v| gone(v.status) || v.postoperative.corpectomy == Presence::Present);
        said || !doc.spine.has(*l)
    });
    let without_centre: Vec<_> = without_centre.collect();
    chain_checks(&placed, &without_centre, is_anchored(&doc.spine))
}

/// What a reader has still to say of a level that holds a lesion or is not sound, in words for the ladder: answers that a
/// score waits for, and what lesions lack.
pub fn missing(doc: &Document, level: VertebraLevel) -> Vec<&'static str> {
    let v = doc.vertebrae.get(&level).cloned().unwrap_or_default();
    let lesions: Vec<_> = doc.lesions.values().filter(|l| l.vertebra == level).collect();
    let painted = |label| doc.masks.values().any(|m| m.painted().any(|(_, l)| l == label));
    let mut out = Vec::new();
    if lesions.iter().any(|l| !painted(l.label_value)) {
        out.push("a lesion without outline");
    }
    if lesions.iter().any(|l| l.extent == Extent::NotAssessed) {
        out.push("extent");
    }
    if let Ok(score) = super::sins(doc, level) {
        let open = score.components.each().into_iter().filter(|(_, c)| c.points.is_none());
        out.extend(open.map(|(name, _)| match name {
            "pain" => "SINS pain",
            "alignment" => "SINS alignment",
            "collapse" => "SINS collapse",
            "posterolateral" => "SINS posterolateral",
            "bone_lesion" => "lesion type",
            _ => "SINS location",
        }));
    }
    let compressed = v.cord_compression == Presence::Present && super::escc(doc, level).grade.is_none();
    if compressed {
        out.push("ESCC");
    }
    if v.fracture == Presence::Present && v.heights.is_none() && v.status != LevelStatus::Absent {
        out.push("heights");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::{ChainCode, VertebraLevel::*};
    use crate::document::Vertebra;
    use crate::space::PatientPoint;

    #[test]
    fn a_removed_body_leaves_no_gap_and_an_anchor_silences_its_finding() {
        let mut doc = Document::default();
        for (level, z) in [(C4, 54.0), (C5, 36.0), (C7, 0.0)] {
            let at_mm = PatientPoint::new(0.0, 0.0, z);
            doc.vertebrae.insert(level, Vertebra { at_mm, ..Vertebra::default() });
        }
        let codes = |doc: &Document| chain_findings(doc).iter().map(|f| f.code).collect::<Vec<_>>();
        assert_eq!(codes(&doc), [ChainCode::Gap, ChainCode::NoAnchor]);
        use LevelStatus::{Absent, Destroyed, Fused, OutOfField, PostOperative};
        for status in [Fused, OutOfField, Destroyed, PostOperative, Absent] {
            doc.vertebrae.insert(C6, Vertebra { status, ..Vertebra::default() });
            assert_eq!(codes(&doc), [ChainCode::NoAnchor], "{status:?}");
        }
        for (anchor, counted_from, anchored) in [
            (Some("C2"), None, true),
            (Some("none"), None, false),
            (Some(" "), Some(C4), false),
            (None, Some(C2), true),
            (None, None, false),
        ] {
            doc.spine.anchor = anchor.map(str::to_owned);
            doc.spine.counted_from = counted_from;
            assert_eq!(codes(&doc).is_empty(), anchored, "{anchor:?} {counted_from:?}");
        }
    }

    #[test]
    fn a_spine_counted_with_eleven_ribs_has_no_gap_at_t12() {
        let mut doc = Document::default();
        for (level, z) in [(T10, 54.0), (T11, 26.0), (L1, -4.0)] {
            let at_mm = PatientPoint::new(0.0, 0.0, z);
            doc.vertebrae.insert(level, Vertebra { at_mm, ..Vertebra::default() });
        }
        doc.spine.anchor = Some("C2".to_owned());
        assert_eq!(chain_findings(&doc)[0].code, ChainCode::Gap);
        doc.spine.n_thoracic = Some(11);
        assert_eq!(chain_findings(&doc), []);
    }

    #[test]
    fn what_a_level_lacks_is_named_until_it_is_said() {
        use crate::document::{Lesion, LesionKind};
        let mut doc = Document::default();
        assert_eq!(missing(&doc, C6), [""; 0]);
        doc.lesions.insert(uuid::Uuid::from_u128(1), Lesion::new("a".to_owned(), 1, C6, LesionKind::Lytic));
        let lacks = missing(&doc, C6);
        for word in ["a lesion without outline", "extent", "SINS pain", "SINS alignment"] {
            assert!(lacks.contains(&word), "{lacks:?}");
        }
        let v = Vertebra { sins_pain: Some(3), fracture: Presence::Present, ..Vertebra::default() };
        doc.vertebrae.insert(C6, v);
        let lacks = missing(&doc, C6);
        assert!(!lacks.contains(&"SINS pain") && lacks.contains(&"heights"), "{lacks:?}");
    }
}
