//! The score against its published table, at each cut and with each part missing.

use super::*;
use crate::assess::tests::body;
use VertebraLevel::*;
use uuid::Uuid;

fn case(level: VertebraLevel, vertebra: Vertebra, lesions: &[Lesion]) -> Document {
    let mut doc = Document::default();
    doc.vertebrae.insert(level, vertebra);
    for (n, l) in lesions.iter().enumerate() {
        doc.lesions.insert(Uuid::from_u128(n as u128 + 1), l.clone());
    }
    doc
}

fn lesion(level: VertebraLevel, kind: LesionKind) -> Lesion {
    Lesion::new(format!("{level}-1"), 1, level, kind)
}

/// A level of which everything is answered.
fn complete() -> (Vertebra, Lesion) {
    let v = Vertebra {
        sins_pain: Some(3),
        sins_alignment: Some(4),
        sins_collapse: Some(3),
        sins_posterolateral: Some(3),
        ..Vertebra::default()
    };
    (v, lesion(C2, LesionKind::Lytic))
}

#[test]
fn the_most_is_18_and_the_least_is_0() {
    let (v, l) = complete();
    let s = sins(&case(C2, v, &[l]), C2).expect("scored");
    assert_eq!((s.total, s.category, s.surgical_consult_advised), (Some(18), Some(Category::Unstable), Some(true)));
    let v = Vertebra {
        sins_pain: Some(0),
        sins_alignment: Some(0),
        sins_collapse: Some(0),
        sins_posterolateral: Some(0),
        ..Vertebra::default()
    };
    let s = sins(&case(S3, v, &[lesion(S3, LesionKind::Blastic)]), S3).expect("scored");
    assert_eq!((s.total, s.category, s.surgical_consult_advised), (Some(0), Some(Category::Stable), Some(false)));
}

#[test]
fn categories_turn_at_7_and_13() {
    use Category::*;
    for (total, expected) in
        [(0, Stable), (6, Stable), (7, PotentiallyUnstable), (12, PotentiallyUnstable), (13, Unstable), (18, Unstable)]
    {
        assert_eq!(Category::of(total), expected, "{total}");
    }
}

#[test]
fn location_follows_the_table_and_leaves_variants_open() {
    let expected = |l: VertebraLevel| match l {
        C1 | C2 | C7 | T1 | T2 | T11 | T12 | L1 | L5 | S1 => Some(3),
        T13 | L6 | Co => None,
        l if l < C7 || (l > L1 && l < L5) => Some(2),
        l if l < T11 => Some(1),
        _ => Some(0),
    };
    for l in VertebraLevel::ALL {
        assert_eq!(location(l).points, expected(l), "{l}");
    }
}

#[test]
fn the_motivating_level_is_7_to_17_from_its_text() {
    let v = Vertebra {
        fracture: Presence::Present,
        pathological_fracture: Presence::Present,
        cord_compression: Presence::Present,
        pain: Presence::Present,
        ..Vertebra::default()
    };
    let l = Lesion { extent: Extent::TotalBodyDestruction, sites: vec![Site::Body], ..lesion(C6, LesionKind::Lytic) };
    let s = sins(&case(C6, v, &[l]), C6).expect("scored");
    assert_eq!((s.total, s.total_min, s.total_max), (None, 7, 17));
    assert_eq!(s.categories_possible, [Category::PotentiallyUnstable, Category::Unstable]);
    assert_eq!((s.category, s.surgical_consult_advised), (None, Some(true)));
    let possible = s.components.each().map(|(_, c)| c.possible.clone());
    assert_eq!(possible, [vec![2], vec![1, 3], vec![2], vec![0, 2, 4], vec![2, 3], vec![0, 1, 3]]);
}

#[test]
fn levels_of_which_only_the_lesion_is_known_keep_their_ranges() {
    for (level, min, max) in [(C2, 5, 18), (C3, 4, 17), (T2, 5, 18)] {
        let l = Lesion { extent: Extent::SmallFocal, ..lesion(level, LesionKind::Lytic) };
        let s = sins(&case(level, Vertebra::default(), &[l]), level).expect("scored");
        assert_eq!((s.total, s.total_min, s.total_max), (None, min, max), "{level}");
        assert_eq!((s.categories_possible.len(), s.surgical_consult_advised), (3, None));
    }
}

#[test]
fn one_missing_part_keeps_the_total_open() {
    let (whole, l) = complete();
    let with = |v: Vertebra, l: Lesion| sins(&case(C2, v, &[l]), C2).expect("scored");
    for (v, l, range) in [
        (Vertebra { sins_pain: None, ..whole.clone() }, l.clone(), (15, 18)),
        (whole.clone(), Lesion { kind: LesionKind::Indeterminate, ..l.clone() }, (16, 18)),
        (Vertebra { sins_alignment: None, ..whole.clone() }, l.clone(), (14, 18)),
        (Vertebra { sins_collapse: None, ..whole.clone() }, l.clone(), (15, 18)),
        (Vertebra { sins_posterolateral: None, ..whole.clone() }, l.clone(), (15, 18)),
    ] {
        let s = with(v, l);
        assert_eq!((s.total, (s.total_min, s.total_max)), (None, range));
        assert_eq!(s.category, Some(Category::Unstable), "every possible total is unstable");
    }
    let s = sins(&case(T13, whole, &[lesion(T13, LesionKind::Lytic)]), T13).expect("scored");
    assert_eq!((s.total, s.total_min, s.total_max), (None, 15, 18));
}

#[test]
fn answers_that_the_table_does_not_have_count_as_missing() {
    let v = Vertebra { sins_pain: Some(2), sins_alignment: Some(1), ..Vertebra::default() };
    let s = sins(&case(C4, v, &[lesion(C4, LesionKind::Lytic)]), C4).expect("scored");
    assert_eq!(s.components.pain.possible, [0, 1, 3]);
    assert_eq!(s.components.alignment.possible, [0, 2, 4]);
}

/// C5, C6, C7 with C6 lower by a share of its height.
fn collapsed(percent: f64, edit: impl FnOnce(&mut Vertebra)) -> Component {
    let at = |h: f64, z: f64| Vertebra { heights: Some(body([h; 3], z, 0.0, 0.0)), ..Vertebra::default() };
    let mut c6 = at(20.0 * (1.0 - percent / 100.0), -30.0);
    edit(&mut c6);
    let mut doc = case(C6, c6, &[Lesion { extent: Extent::SubtotalLt50, ..lesion(C6, LesionKind::Lytic) }]);
    doc.vertebrae.insert(C5, at(20.0, 0.0));
    doc.vertebrae.insert(C7, at(20.0, -60.0));
    sins(&doc, C6).expect("scored").components.collapse
}

#[test]
fn collapse_turns_at_its_cuts_and_exactly_half_is_the_readers() {
    let points = |percent| collapsed(percent, |_| ()).points;
    for (percent, expected) in [(0.0, Some(0)), (4.9, Some(0)), (20.0, Some(2)), (49.9, Some(2)), (50.1, Some(3))] {
        assert_eq!(points(percent), expected, "{percent} %");
    }
    let half = collapsed(50.0, |_| ());
    assert_eq!((half.points, half.at_cut, half.possible), (None, true, vec![2, 3]));
    assert_eq!(collapsed(50.0, |v| v.sins_collapse = Some(2)).points, Some(2), "the reader picked");
    assert_eq!(collapsed(12.0, |_| ()).possible, [0, 2]);
    assert_eq!(collapsed(12.0, |v| v.fracture = Presence::Present).points, Some(2));
    assert_eq!(collapsed(12.0, |v| v.fracture = Presence::Absent).points, Some(0));
    assert_eq!(collapsed(30.0, |v| v.fracture = Presence::Absent).possible, [0, 2], "measure and statement disagree");
    assert_eq!(collapsed(70.0, |v| v.fracture = Presence::Absent).possible, [0, 3]);
}

#[test]
fn without_collapse_the_involved_share_counts() {
    for (extent, expected) in [
        (Extent::SubtotalGe50, vec![1]),
        (Extent::WholeVertebra, vec![1]),
        (Extent::SmallFocal, vec![0]),
        (Extent::SubtotalLt50, vec![0]),
        (Extent::Multifocal, vec![0, 1]),
        (Extent::NotAssessed, vec![0, 1]),
    ] {
        let v = Vertebra { fracture: Presence::Absent, ..Vertebra::default() };
        let l = Lesion { extent, ..lesion(C6, LesionKind::Lytic) };
        let s = sins(&case(C6, v, &[l]), C6).expect("scored");
        assert_eq!(s.components.collapse.possible, expected, "{extent:?}");
    }
}

#[test]
fn sites_tell_sides_but_never_freedom() {
    use Site::*;
    for (sites, possible) in [
        (vec![PedicleLeft, FacetInferiorRight], vec![3]),
        (vec![Body, CostovertebralLeft, PedicleLeft], vec![1]),
        (vec![LaminaLeft, SpinousProcess, TransverseProcessRight], vec![0, 1, 3]),
        (vec![], vec![0, 1, 3]),
    ] {
        let l = Lesion { sites, ..lesion(T5, LesionKind::Lytic) };
        let s = sins(&case(T5, Vertebra::default(), &[l]), T5).expect("scored");
        assert_eq!(s.components.posterolateral.possible, possible);
    }
}

#[test]
fn the_worst_of_several_lesions_counts() {
    let points = |kinds: &[LesionKind]| {
        let lesions: Vec<_> = kinds.iter().map(|k| lesion(T5, *k)).collect();
        sins(&case(T5, Vertebra::default(), &lesions), T5).expect("scored").components.bone_lesion.possible
    };
    use LesionKind::*;
    assert_eq!(points(&[Blastic, Lytic]), [2]);
    assert_eq!(points(&[Blastic, Mixed]), [1]);
    assert_eq!(points(&[Lytic, Indeterminate]), [2]);
    assert_eq!(points(&[Mixed, Indeterminate]), [1, 2]);
}

#[test]
fn levels_without_lesion_or_body_have_no_score() {
    assert_eq!(sins(&case(C6, Vertebra::default(), &[]), C6), Err(NotScored::NoLesion));
    let mut v = Vertebra::default();
    v.postoperative.corpectomy = Presence::Present;
    assert_eq!(sins(&case(C6, v, &[lesion(C6, LesionKind::Lytic)]), C6), Err(NotScored::BodyRemoved));
}
