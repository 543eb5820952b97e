//! What steps on bodies note of where outlines come from: for each series, only where voxels change, and not of nothing.

use crate::anatomy::VertebraLevel::{self, L2, L3};
use crate::document::test_documents::with_grid;
use crate::document::{BodyOrigin, BodySource, Document, ImageKey, Vertebra};
use crate::session::{NoImages, Op, plan};
use crate::space::PatientPoint;
use serde_json::{Value, json};

const FILE: BodyOrigin = BodyOrigin { source: BodySource::File, corrected: false };
const HAND: BodyOrigin = BodyOrigin { source: BodySource::Hand, corrected: false };
const CORRECTED: BodyOrigin = BodyOrigin { source: BodySource::File, corrected: true };

/// L3 on a CT and an MR of the same grid.
struct Case {
    doc: Document,
    ct: ImageKey,
    mr: ImageKey,
}

impl Case {
    fn new() -> Case {
        let (mut doc, ct) = with_grid([20, 20, 20]);
        let mr = ImageKey("1.2.3.5".to_owned());
        doc.images.insert(mr.clone(), doc.images[&ct].clone());
        for (level, z) in [(L2, 15.0), (L3, 5.0)] {
            let at_mm = PatientPoint::new(10.0, 10.0, z);
            doc.vertebrae.insert(level, Vertebra { at_mm, ..Vertebra::default() });
        }
        Case { doc, ct, mr }
    }

    fn step(&mut self, image: &ImageKey, mut step: Value) {
        step["image"] = json!(image);
        self.plain(step);
    }

    fn plain(&mut self, step: Value) {
        let op: Op = serde_json::from_value(step).unwrap();
        let before = self.doc.clone();
        let planned = plan(&op, &self.doc, &NoImages).unwrap();
        let mut back: Vec<_> = planned.edits.into_iter().map(|e| self.doc.apply(e).unwrap()).collect();
        let mut undone = self.doc.clone();
        back.drain(..).rev().for_each(|e| drop(undone.apply(e).unwrap()));
        assert!(undone == before, "undo gives what was before");
    }

    fn origins(&self, level: VertebraLevel) -> [Option<BodyOrigin>; 2] {
        [&self.ct, &self.mr].map(|image| self.doc.body_origin(image, level))
    }
}

fn mask(level: &str) -> Value {
    json!({"op": "mask", "body": level, "mask": {"origin_ijk": [8, 8, 4], "size_ijk": [4, 4, 1], "runs": [0, 16]}})
}

fn brush(level: &str, x: f64, radius_mm: f64, mode: &str) -> Value {
    json!({"op": "brush", "body": level, "plane": "axial", "path_mm": [[x, 10.0, 4.0]], "radius_mm": radius_mm, "tip": "disc", "mode": mode})
}

#[test]
fn an_outline_on_one_series_says_nothing_of_another() {
    let mut c = Case::new();
    let (ct, mr) = (c.ct.clone(), c.mr.clone());
    c.step(&ct, mask("L3"));
    assert_eq!(c.origins(L3), [Some(FILE), None]);
    c.step(&mr, brush("L3", 10.0, 3.0, "paint"));
    assert_eq!(c.origins(L3), [Some(FILE), Some(HAND)]);
    c.step(&mr, brush("L3", 14.0, 3.0, "paint"));
    assert_eq!(c.origins(L3), [Some(FILE), Some(HAND)], "a stroke on the MR corrects nothing on the CT");
    let mut file = crate::export::tests::file_of(&c.doc);
    let record = file.annotation_sets.remove(0).vertebrae.into_iter().find(|v| v.level == L3);
    let written = record.unwrap().body.unwrap();
    assert_eq!((written.image, written.origin), (ct.clone(), Some(FILE)));
    c.step(&ct, brush("L3", 14.0, 3.0, "paint"));
    assert_eq!(c.origins(L3), [Some(CORRECTED), Some(HAND)]);
    c.plain(json!({"op": "shift_levels", "by": 1}));
    assert_eq!((c.origins(L3), c.origins(VertebraLevel::L4)), ([None, None], [Some(CORRECTED), Some(HAND)]));
    c.plain(json!({"op": "unlabel_vertebra", "level": "L4"}));
    assert!(c.doc.body_origins.is_empty());
}

#[test]
fn only_what_changes_voxels_is_noted() {
    let mut c = Case::new();
    let ct = c.ct.clone();
    c.step(&ct, brush("L3", 10.0, 3.0, "erase"));
    assert_eq!(c.origins(L3), [None, None], "nothing was there to erase");
    c.step(&ct, mask("L3"));
    c.step(&ct, brush("L3", 10.0, 1.0, "paint"));
    assert_eq!(c.origins(L3), [Some(FILE), None], "every voxel was painted already");
    c.step(&ct, brush("L3", 10.0, 1.0, "erase"));
    assert_eq!(c.origins(L3), [Some(CORRECTED), None]);
    c.step(&ct, brush("L3", 10.0, 15.0, "erase"));
    assert_eq!(c.origins(L3), [None, None], "of nothing there is no origin");
    c.step(&ct, brush("L3", 10.0, 3.0, "paint"));
    assert_eq!(c.origins(L3), [Some(HAND), None]);
}

#[test]
fn a_neighbour_that_loses_voxels_is_corrected() {
    let mut c = Case::new();
    let ct = c.ct.clone();
    c.step(&ct, mask("L3"));
    let over = |mut step: Value| {
        step["over"] = json!("all");
        step
    };
    c.step(&ct, over(brush("L2", 8.0, 1.0, "paint")));
    assert_eq!((c.origins(L2)[0], c.origins(L3)[0]), (Some(HAND), Some(CORRECTED)));
    c.step(&ct, over(brush("L2", 10.0, 15.0, "paint")));
    assert_eq!((c.origins(L2)[0], c.origins(L3)[0]), (Some(HAND), None));
}

#[test]
fn an_origin_that_is_said_with_a_mask_is_kept() {
    let mut c = Case::new();
    let ct = c.ct.clone();
    let mut step = mask("L3");
    step["origin"] = json!({"source": "end_plates", "corrected": true});
    c.step(&ct, step);
    let said = BodyOrigin { source: BodySource::EndPlates, corrected: true };
    assert_eq!(c.origins(L3), [Some(said), None]);
    let lesion = json!({"op": "mask", "lesion": "a", "origin": {"source": "hand", "corrected": false}, "image": ct,
        "mask": {"origin_ijk": [8, 8, 4], "size_ijk": [4, 4, 1], "runs": [0, 16]}});
    let refused = plan(&serde_json::from_value(lesion).unwrap(), &c.doc, &NoImages).unwrap_err();
    assert!(refused.to_string().contains("a lesion has none"), "{refused}");
}
