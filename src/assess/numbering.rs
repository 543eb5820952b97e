//! What is odd about a document's numbering of the spine: the chain of its labelled centres, and its anchor.

use crate::anatomy::{ChainFinding, VertebraLevel, chain_checks};
use crate::document::{Document, LevelStatus, SpineNumbering};

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
    let gone = |s| matches!(s, LevelStatus::Absent | LevelStatus::Fused | LevelStatus::OutOfField);
    let without_centre: Vec<_> = doc.vertebrae.iter().filter(|(_, v)| gone(v.status)).map(|(l, _)| *l).collect();
    chain_checks(&placed, &without_centre, is_anchored(&doc.spine))
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
        doc.vertebrae.insert(C6, Vertebra { status: LevelStatus::Absent, ..Vertebra::default() });
        assert_eq!(codes(&doc), [ChainCode::NoAnchor]);
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
}
