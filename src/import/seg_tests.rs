//! What our own segmentation writes comes back voxel for voxel; what cannot be read is said.

use super::*;
use crate::export::Format;
use crate::export::tests::{Sample, sample};

fn exported(s: &Sample, format: Format) -> Found {
    let dir = tempfile::tempdir().expect("temporary folder");
    let written = crate::export::export(&s.case(), &[format], dir.path(), false).expect("exported");
    assert!(written.problems.is_empty(), "{:?}", written.problems);
    super::super::read(&written.files[0]).expect("read back")
}

#[test]
fn our_own_objects_come_back_voxel_for_voxel_with_their_identities() {
    let s = sample();
    let image = s.doc.images.values().next().expect("one");
    let target = Grid { image: None, frame: Some("1.2.3.9".to_owned()), geometry: image.geometry.clone() };
    let map = s.doc.masks.values().next().expect("painted");
    for format in [Format::Seg, Format::Rtstruct] {
        let found = exported(&s, format);
        assert_eq!(found.masks.len(), 2, "{format:?}");
        for mask in &found.masks {
            let lesion = &s.doc.lesions[&mask.id.expect("an identity")];
            let mut flat: Vec<u64> = Vec::new();
            for (grid, voxels) in &mask.masks {
                let to = target.from_other(&found.grids[*grid]).expect("the same voxels");
                flat.extend(to.flat(voxels).0);
            }
            flat.extend(mask.outlines.iter().flat_map(|o| o.voxels(&target).0));
            assert_eq!(flat, map.voxels_of(lesion.label_value), "{format:?} {}", lesion.label);
            assert_eq!(
                (mask.name.as_str(), mask.level, mask.kind),
                (lesion.label.as_str(), Some(lesion.vertebra), Some(lesion.kind)),
                "{format:?}"
            );
        }
    }
}

#[test]
fn slices_that_are_not_evenly_spaced_come_back_too() {
    let mut s = sample();
    let key = s.doc.images.keys().next().expect("one").clone();
    let image = s.doc.images.get_mut(&key).expect("known");
    let old = image.geometry.clone();
    let at = |k: usize| old.origin().moved(old.steps()[2] * (k as f64 + 0.37 * (k * k % 5) as f64 / 5.0));
    image.geometry = Geometry::uneven((0..16).map(at).collect(), old.steps(), [24, 20]).expect("ascending");
    let target = Grid { image: None, frame: None, geometry: image.geometry.clone() };
    // Several slices, so that there are gaps to be uneven.
    let runs = (2..12).map(|k| crate::document::Run { start: 24 * 20 * k + 30, length: 7, label: 3 }).collect();
    s.doc
        .apply(crate::document::Edit::Mask { image: key, layer: crate::document::Layer::Lesions, runs })
        .expect("known");
    let found = exported(&s, Format::Seg);
    assert!(found.grids.len() > 1, "a grid for each slice");
    for mask in &found.masks {
        let mut flat: Vec<u64> = Vec::new();
        for (grid, voxels) in &mask.masks {
            flat.extend(target.from_other(&found.grids[*grid]).expect("a slice of the series").flat(voxels).0);
        }
        flat.sort_unstable();
        let lesion = &s.doc.lesions[&mask.id.expect("an identity")];
        assert_eq!(flat, s.doc.masks.values().next().expect("painted").voxels_of(lesion.label_value));
    }
}

#[test]
fn cut_files_are_sentences_and_never_more() {
    let s = sample();
    let case_file = crate::export::case_file(&s.case());
    let made = crate::export::dicom::segmentations(&s.case(), &case_file).expect("encoded");
    let bytes = &made[0].file.bytes;
    for cut in (0..bytes.len()).step_by(97) {
        if let Ok(object) = DicomObject::of_bytes(bytes[..cut].to_vec()) {
            assert!(found(&object).is_err(), "cut at {cut} of {}", bytes.len());
        }
    }
}
