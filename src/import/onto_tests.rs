//! Taking files over: our own come back as they were, foreign grids only where they fit or when resampling was asked for.

use super::super::read;
use super::*;
use crate::agree::Grid;
use crate::document::{BodyOrigin, BodySource, Edit, Layer, runs_from_sorted};
use crate::export::tests::{Sample, identity, sample};
use crate::export::{CaseFile, Format, case_file};
use crate::session::{NoImages, plan};
use crate::space::PatientPoint;

fn targets(s: &Sample) -> Vec<Target> {
    s.doc.images.iter().map(|(key, identity)| Target { key: key.clone(), identity: identity.clone() }).collect()
}

/// A document with the sample's images only, after the steps.
fn replayed(s: &Sample, steps: &Steps) -> Document {
    let mut doc = Document::default();
    doc.images = s.doc.images.clone();
    for op in &steps.ops {
        let step = plan(op, &doc, &NoImages).unwrap_or_else(|e| panic!("{op:?}: {e}"));
        step.edits.into_iter().for_each(|e| drop(doc.apply(e).expect("fits")));
    }
    doc
}

fn exported(s: &Sample, format: Format) -> Found {
    let dir = tempfile::tempdir().expect("temporary folder");
    let written = crate::export::export(&s.case(), &[format], dir.path(), false).expect("exported");
    read(&written.files[0]).expect("read back")
}

#[test]
fn our_json_comes_back_with_everything_that_it_says() {
    let s = sample();
    let steps = steps(&exported(&s, Format::Json), &targets(&s), &Document::default(), How::default());
    assert_eq!((steps.lesions, steps.notes.len()), (2, 0), "{:?}", steps.notes);
    let doc = replayed(&s, &steps);
    let again = case_file(&crate::export::Case { doc: &doc, ..s.case() });
    let without_ids = |file: &CaseFile| {
        let mut file = file.clone();
        file.annotation_sets[0].measurements.iter_mut().for_each(|m| m.id = uuid::Uuid::nil());
        file
    };
    assert_eq!(without_ids(&again), without_ids(&s.file));
}

#[test]
fn an_outline_keeps_where_it_comes_from_through_json_and_another_readers_hands() {
    let mut s = sample();
    let (image, map) = s.doc.masks.first_key_value().map(|(k, m)| (k.clone(), m.clone())).expect("drawn");
    let (level, origin) = (VertebraLevel::C6, BodyOrigin { source: BodySource::EndPlates, corrected: true });
    let runs = runs_from_sorted(&map.voxels_of(3), level.label_value());
    s.doc.apply(Edit::Mask { image: image.clone(), layer: Layer::Bodies, runs }).expect("fits");
    s.doc.body_origins.insert((image.clone(), level), origin);
    s.file = case_file(&s.case());
    let steps = steps(&exported(&s, Format::Json), &targets(&s), &Document::default(), How::default());
    let again = replayed(&s, &steps);
    assert_eq!((&again.bodies, &again.body_origins), (&s.doc.bodies, &s.doc.body_origins), "{:?}", steps.notes);

    let version = crate::import::Version { reader: "r2", document: &s.doc };
    let open = Document { images: s.doc.images.clone(), ..Document::default() };
    let (op, _) = crate::import::whole(version, &open, &targets(&s));
    let taken = replayed(&s, &Steps { ops: vec![op], ..Steps::default() });
    assert_eq!((taken.bodies, taken.body_origins), (again.bodies, again.body_origins));
}

#[test]
fn a_segmentation_a_structure_set_and_a_label_map_come_back_voxel_for_voxel() {
    let s = sample();
    let labelled = Document { vertebrae: s.doc.vertebrae.clone(), ..Document::default() };
    for format in [Format::Seg, Format::Rtstruct, Format::Nifti] {
        let steps = steps(
            &exported(&s, format),
            &targets(&s),
            &labelled,
            How { level: Some(VertebraLevel::C6), ..How::default() },
        );
        assert_eq!((steps.lesions, &steps.notes), (2, &Vec::new()), "{format:?}");
        let doc = replayed(&s, &steps);
        let of = |doc: &Document, n: usize| {
            let mut labels: Vec<u16> = doc.lesions.values().map(|l| l.label_value).collect();
            labels.sort_unstable();
            doc.masks.values().next().expect("painted").voxels_of(labels[n])
        };
        assert_eq!([of(&doc, 0), of(&doc, 1)], [of(&s.doc, 0), of(&s.doc, 1)], "{format:?}");
    }
}

#[test]
fn what_is_there_already_and_what_is_taken_is_said() {
    let s = sample();
    let found = exported(&s, Format::Seg);
    let again = steps(&found, &targets(&s), &s.doc, How::default());
    assert_eq!((again.lesions, again.notes.len()), (0, 2));
    let mut other = found.clone();
    other.masks.iter_mut().for_each(|m| (m.name.push('x'), m.id = None).0);
    let over = steps(&other, &targets(&s), &s.doc, How::default());
    assert_eq!(over.lesions, 0);
    assert!(over.notes.iter().any(|n| n.contains("belong to another lesion")), "{:?}", over.notes);
}

#[test]
fn another_grid_is_refused_unless_resampling_was_asked_for() {
    let grid = |mm: f64, n: usize| {
        Geometry::regular(PatientPoint::ORIGIN, [DVec3::X * mm, DVec3::Y * mm, DVec3::Z * mm], [n; 3]).expect("grid")
    };
    let fine = Grid { image: None, frame: None, geometry: grid(1.0, 40) };
    let flat: Vec<u64> =
        (0..40u64.pow(3)).filter(|f| [f % 40, f / 40 % 40, f / 1600].iter().all(|c| (10..30).contains(c))).collect();
    let mask = FoundMask { name: "cube".to_owned(), masks: vec![(0, flat)], ..FoundMask::default() };
    let found = Found { grids: vec![fine], masks: vec![mask], ..Found::default() };
    let target = |n: usize| Target { key: ImageKey(format!("1.{n}")), identity: identity(grid(2.0, 20)) };
    let level = Some(VertebraLevel::C6);
    let run = |targets: &[Target], resample| steps(&found, targets, &Document::default(), How { resample, level });
    let refused = run(&[target(1)], false);
    assert!(refused.ops.is_empty() && refused.notes[0].contains("resampling"), "{:?}", refused.notes);
    assert!(run(&[target(1), target(2)], true).notes[0].contains("name the series"));
    let taken = run(&[target(1)], true);
    let Some(Op::Mask { mask, .. }) = taken.ops.last() else { panic!("{:?}", taken.notes) };
    // Centres at even millimetres from 10 to 28: ten on each axis.
    assert_eq!((mask.origin_ijk, mask.size_ijk), ([5; 3], [10; 3]));
    assert_eq!(mask.count_in([20; 3]), Ok(1000));
}

#[test]
fn a_lesion_that_is_there_gets_the_voxels_of_another_series_and_a_namesake_gets_a_number() {
    let s = sample();
    // A second series of the same frame of reference, on a grid of its own, which the case does not hold yet.
    let steps_mm = [DVec3::Y * 0.7, DVec3::NEG_Z * 0.7, DVec3::X * 2.0];
    let geometry = Geometry::regular(PatientPoint::ORIGIN, steps_mm, [30, 30, 9]).expect("grid");
    let key = ImageKey("1.2.3.5".to_owned());
    let second = Target { key: key.clone(), identity: identity(geometry.clone()) };
    let known = s.doc.lesion_by_label("a").expect("there");
    let mask = |id, level| FoundMask {
        name: "a".to_owned(),
        id,
        level,
        masks: vec![(0, vec![5, 6, 7])],
        ..FoundMask::default()
    };
    let grid = Grid { image: Some(key.clone()), frame: None, geometry };
    let run = |m: FoundMask| {
        let found = Found { grids: vec![grid.clone()], masks: vec![m], ..Found::default() };
        let mut at_hand = targets(&s);
        at_hand.push(second.clone());
        steps(&found, &at_hand, &s.doc, How::default())
    };
    for m in [mask(Some(known.0), None), mask(None, Some(known.1.vertebra))] {
        let taken = run(m);
        let [Op::Mask { lesion, image, .. }] = &taken.ops[..] else { panic!("{:?}", taken.ops) };
        assert_eq!((lesion.as_str(), image.as_ref(), taken.lesions), ("a", Some(&key), 0));
        assert!(taken.notes[0].contains("added to it"), "{:?}", taken.notes);
    }
    let other = run(mask(None, Some(VertebraLevel::T4)));
    assert_eq!(other.ops[0].lesion(), Some("a (2)"));
    assert!(other.notes[0].contains("becomes"), "{:?}", other.notes);
}
