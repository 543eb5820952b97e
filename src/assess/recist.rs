//! Whether a bone lesion is measurable by RECIST 1.1 (Eisenhauer 2009, Eur J Cancer 45:228; bone lesions as put by Costelloe
//! 2010, J Cancer 1:80): a lytic or mixed one only by a soft-tissue component of at least 10 mm, a blastic one never.

use crate::document::{Lesion, LesionKind, Presence};

/// Length of the soft-tissue component from which a lytic lesion is measurable, mm.
const MEASURABLE_MM: f64 = 10.0;

/// Whether the lesion is measurable (`None` while that is open), and why.
pub fn measurable(lesion: &Lesion) -> (Option<bool>, &'static str) {
    let axis = lesion.soft_tissue_long_axis_mm;
    match (lesion.kind, lesion.soft_tissue_component, axis) {
        (LesionKind::Blastic, _, _) => (Some(false), "a blastic bone lesion is never measurable"),
        (LesionKind::Indeterminate, _, _) => (None, "the type of the lesion is indeterminate"),
        (_, Presence::Absent, _) => {
            (Some(false), "a lytic or mixed lesion without soft-tissue component is not measurable")
        }
        (_, _, Some(mm)) if mm >= MEASURABLE_MM => (Some(true), "soft-tissue component of at least 10 mm"),
        (_, _, Some(_)) => (Some(false), "soft-tissue component under 10 mm"),
        (_, Presence::Present, None) => (None, "the soft-tissue component was not measured: measurable from 10 mm"),
        _ => (None, "soft-tissue component not stated: measurable only by one of at least 10 mm"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::VertebraLevel;

    #[test]
    fn only_soft_tissue_of_ten_millimetres_makes_a_lytic_lesion_measurable() {
        use LesionKind::{Blastic, Indeterminate, Lytic, Mixed};
        use Presence::{Absent, NotAssessed, Present};
        for (kind, soft, axis, expected) in [
            (Lytic, Present, Some(10.0), Some(true)),
            (Mixed, Present, Some(9.9), Some(false)),
            (Lytic, Present, None, None),
            (Lytic, NotAssessed, None, None),
            (Lytic, Absent, None, Some(false)),
            (Blastic, Present, Some(30.0), Some(false)),
            (Indeterminate, Present, Some(30.0), None),
        ] {
            let l = Lesion {
                soft_tissue_component: soft,
                soft_tissue_long_axis_mm: axis,
                ..Lesion::new("a".to_owned(), 1, VertebraLevel::C6, kind)
            };
            assert_eq!(measurable(&l).0, expected, "{kind:?} {soft:?} {axis:?}");
        }
    }
}
