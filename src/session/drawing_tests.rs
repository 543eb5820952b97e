//! Drawing steps through a session: what changes hands, what is refused, and that undo restores every voxel.

use super::tests::OneSeries;
use super::*;
use crate::anatomy::VertebraLevel;
use crate::document::LabelMap;
use crate::space::VoxelIndex;
use serde_json::json;

struct Desk {
    session: Session,
    _folder: tempfile::TempDir,
}

impl Desk {
    /// Two labelled levels and lesions `a` and `b`, each a dab 6 mm apart on one slice.
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case.spondyl");
        let opened = Session::open_or_create(&path, Some("someone"), &[OneSeries::identity()]).unwrap();
        let mut desk = Desk { session: opened.session, _folder: folder };
        for step in [
            json!({"op": "label_vertebra", "level": "L2", "at_mm": [0.0, 0.0, 60.0]}),
            json!({"op": "label_vertebra", "level": "L3", "at_mm": [0.0, 0.0, 44.0]}),
            json!({"op": "add_lesion", "lesion": "a", "vertebra": "L3", "kind": "lytic"}),
            json!({"op": "add_lesion", "lesion": "b", "vertebra": "L3", "kind": "blastic"}),
            dab("a", [-3.0, 0.0, 48.8], 2.5),
            dab("b", [3.0, 0.0, 48.8], 2.5),
        ] {
            desk.step(step).unwrap();
        }
        desk
    }

    fn step(&mut self, step: serde_json::Value) -> Result<(), String> {
        let op: Op = serde_json::from_value(step).unwrap();
        self.session.perform(&op, &OneSeries::new()).map(drop).map_err(|e| e.to_string())
    }

    fn voxels(&self, lesion: &str) -> Vec<u64> {
        let d = self.session.document();
        let Some((_, l)) = d.lesion_by_label(lesion) else { return Vec::new() };
        d.masks.values().flat_map(|m| m.voxels_of(l.label_value)).collect()
    }

    fn body(&self, level: VertebraLevel) -> Vec<u64> {
        self.session.document().bodies.values().flat_map(|m| m.voxels_of(level.label_value())).collect()
    }

    /// Undo and redo of the last step give the very same documents.
    fn turns_back(&mut self, before: &crate::document::Document) {
        let after = self.session.document().clone();
        self.session.undo().unwrap();
        assert!(self.session.document() == before, "undo gives what was before");
        self.session.redo().unwrap();
        assert!(*self.session.document() == after, "redo gives what was after");
    }
}

fn dab(lesion: &str, at: [f64; 3], radius_mm: f64) -> serde_json::Value {
    json!({"op": "brush", "lesion": lesion, "plane": "axial", "path_mm": [at], "radius_mm": radius_mm, "tip": "disc", "mode": "paint"})
}

fn with(mut step: serde_json::Value, field: &str, value: serde_json::Value) -> serde_json::Value {
    step[field] = value;
    step
}

#[test]
fn painting_takes_what_its_choice_allows() {
    let mut d = Desk::new();
    let (a, b) = (d.voxels("a"), d.voxels("b"));
    assert!(a.len() > 10 && b.len() > 10);
    let wide = dab("a", [0.0, 0.0, 48.8], 9.0);
    let before = d.session.document().clone();
    d.step(wide.clone()).unwrap();
    assert_eq!(d.voxels("b"), b, "others are painted around");
    let free = d.voxels("a").len();
    d.session.undo().unwrap();

    d.step(with(wide.clone(), "over", json!({"from": "b"}))).unwrap();
    assert!(d.voxels("b").is_empty());
    let mut both = [a.clone(), b.clone()].concat();
    both.sort_unstable();
    assert_eq!(d.voxels("a"), both, "exactly the voxels of b changed hands");
    d.turns_back(&before);
    d.session.undo().unwrap();

    d.step(with(wide.clone(), "over", json!("all"))).unwrap();
    assert_eq!((d.voxels("a").len(), d.voxels("b").len()), (free + b.len(), 0));
    d.session.undo().unwrap();

    let outline = json!({"op": "brush", "body": "L3", "plane": "axial", "path_mm": [[0.0, 4.0, 48.8]], "radius_mm": 4.0, "tip": "disc", "mode": "paint"});
    d.step(outline).unwrap();
    let body = d.body(VertebraLevel::L3);
    d.step(with(wide.clone(), "over", json!("inside_body"))).unwrap();
    assert!(d.voxels("a").iter().all(|v| a.contains(v) || body.contains(v)));
    d.session.undo().unwrap();
    d.step(with(wide, "over", json!("outside_body"))).unwrap();
    assert!(d.voxels("a").iter().all(|v| a.contains(v) || !body.contains(v)));
    assert_eq!(
        d.voxels("a").len() + b.len() + body.iter().filter(|v| !a.contains(v) && !b.contains(v)).count(),
        free + b.len()
    );
}

#[test]
fn a_locked_lesion_keeps_its_voxels_and_says_so() {
    let mut d = Desk::new();
    let b = d.voxels("b");
    d.step(json!({"op": "set", "target": {"lesion": "b"}, "field": "locked", "value": true})).unwrap();
    for refused in [
        dab("b", [0.0, 0.0, 48.8], 3.0),
        with(dab("b", [3.0, 0.0, 48.8], 3.0), "mode", json!("erase")),
        json!({"op": "delete_lesion", "lesion": "b"}),
        json!({"op": "merge_lesions", "lesion": "b", "into": "a"}),
        json!({"op": "merge_lesions", "lesion": "a", "into": "b"}),
        json!({"op": "refine", "lesion": "b", "action": {"resize": {"by_mm": 2.0}}}),
        json!({"op": "grow", "lesion": "b", "seed_mm": [3.0, 0.0, 48.8], "reach_mm": 5.0}),
        with(dab("a", [3.0, 0.0, 48.8], 3.0), "over", json!({"from": "b"})),
    ] {
        let why = d.step(refused.clone()).unwrap_err();
        assert!(why.contains("\"b\" is locked; unlock it"), "{refused}: {why}");
    }
    d.step(with(dab("a", [3.0, 0.0, 48.8], 9.0), "over", json!("all"))).unwrap();
    assert_eq!(d.voxels("b"), b, "painting over all leaves what is locked");
    d.step(json!({"op": "set", "target": {"lesion": "b"}, "field": "margin", "value": "permeative_3"})).unwrap();
    let why = d.step(json!({"op": "set", "target": {"lesion": "b"}, "field": "locked", "value": "yes"})).unwrap_err();
    assert!(why.contains("true or false"), "{why}");
    d.step(json!({"op": "set", "target": {"lesion": "b"}, "field": "locked", "value": false})).unwrap();
    d.step(json!({"op": "delete_lesion", "lesion": "b"})).unwrap();
}

#[test]
fn merged_lesions_are_one_and_a_piece_can_be_split_off_again() {
    let mut d = Desk::new();
    let (a, b) = (d.voxels("a"), d.voxels("b"));
    let before = d.session.document().clone();
    d.step(json!({"op": "merge_lesions", "lesion": "b", "into": "a"})).unwrap();
    assert_eq!(d.voxels("a").len(), a.len() + b.len());
    assert!(d.session.document().lesion_by_label("b").is_none());
    d.turns_back(&before);
    let merged = d.session.document().clone();
    d.step(json!({"op": "split_lesion", "lesion": "a", "at_mm": [3.0, 0.5, 48.8], "new": "c"})).unwrap();
    assert_eq!((d.voxels("a"), d.voxels("c")), (a, b));
    let (_, c) = d.session.document().lesion_by_label("c").unwrap();
    assert_eq!((c.kind, c.vertebra), (crate::document::LesionKind::Lytic, VertebraLevel::L3));
    d.turns_back(&merged);
    for (step, why) in [
        (json!({"op": "split_lesion", "lesion": "a", "at_mm": [-3.0, 0.0, 48.8], "new": "e"}), "in one piece"),
        (json!({"op": "split_lesion", "lesion": "a", "at_mm": [-3.0, 0.0, 48.8], "new": "c"}), "already called"),
        (json!({"op": "merge_lesions", "lesion": "a", "into": "a"}), "with itself"),
        (json!({"op": "merge_lesions", "lesion": "x", "into": "a"}), "no lesion \"x\""),
    ] {
        let said = d.step(step).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_slice_is_copied_and_layers_between_are_kept_one_by_one() {
    let mut d = Desk::new();
    let a = d.voxels("a");
    let layer = (24 * 20) as u64;
    d.step(json!({"op": "copy_slice", "lesion": "a", "plane": "axial", "at_mm": [0.0, 0.0, 48.8], "by": 1})).unwrap();
    let want: Vec<u64> = a.iter().copied().chain(a.iter().map(|v| v + layer)).collect();
    assert_eq!(d.voxels("a"), want);
    for (by, z, why) in [(0, 48.8, "no layer"), (20, 48.8, "no layer"), (1, 58.0, "no voxels in this layer")] {
        let step = json!({"op": "copy_slice", "lesion": "a", "plane": "axial", "at_mm": [0.0, 0.0, z], "by": by});
        let said = d.step(step).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
    d.session.undo().unwrap();
    d.step(json!({"op": "copy_slice", "lesion": "a", "plane": "axial", "at_mm": [0.0, 0.0, 48.8], "by": 3})).unwrap();
    let before = d.voxels("a").len();
    d.step(json!({"op": "interpolate", "lesion": "a", "plane": "axial", "at_mm": [0.0, 0.0, 51.0]})).unwrap();
    assert_eq!(d.voxels("a").len(), before + a.len(), "one layer of the two between");
    d.step(json!({"op": "interpolate", "lesion": "a", "plane": "axial"})).unwrap();
    assert_eq!(d.voxels("a").len(), before + 2 * a.len());
    let rounded = json!({"op": "interpolate", "lesion": "a", "plane": "axial", "ends": "rounded"});
    d.session.undo().unwrap();
    d.session.undo().unwrap();
    d.step(rounded).unwrap();
    assert!(d.voxels("a").len() > before + 2 * a.len(), "a layer beyond each end, smaller than the drawn one");
    assert!(d.voxels("a").len() <= before + 4 * a.len());
}

#[test]
fn bodies_have_a_layer_of_their_own_that_follows_their_bone() {
    let mut d = Desk::new();
    let a = d.voxels("a");
    let brush = json!({"op": "brush", "body": "L3", "plane": "axial", "path_mm": [[0.0, 0.0, 48.8]], "radius_mm": 8.0, "tip": "sphere", "mode": "paint"});
    let before = d.session.document().clone();
    d.step(brush.clone()).unwrap();
    let body = d.body(VertebraLevel::L3);
    assert!(a.iter().all(|v| body.contains(v)) && d.voxels("a") == a, "a voxel may belong to both");
    d.turns_back(&before);
    d.step(json!({"op": "refine", "body": "L3", "action": {"resize": {"by_mm": -1.2}}})).unwrap();
    assert!(d.body(VertebraLevel::L3).len() < body.len());
    d.session.undo().unwrap();

    let placed = d.session.document().clone();
    d.step(json!({"op": "shift_levels", "by": -1})).unwrap();
    assert_eq!((d.body(VertebraLevel::L2), d.body(VertebraLevel::L3).len()), (body.clone(), 0));
    d.turns_back(&placed);
    d.step(json!({"op": "shift_levels", "by": 1})).unwrap();
    assert_eq!(d.body(VertebraLevel::L3), body);
    d.step(json!({"op": "unlabel_vertebra", "level": "L3"})).unwrap();
    assert!(d.session.document().bodies.is_empty());

    let both = with(brush.clone(), "lesion", json!("a"));
    assert!(d.step(both).unwrap_err().contains("one of the two"));
    assert!(d.step(with(brush, "over", json!({"from": "a"}))).unwrap_err().contains("cannot take voxels"));
    assert!(d.step(json!({"op": "outline_body", "level": "T5"})).unwrap_err().contains("T5 is not labelled"));
}

#[test]
fn a_case_with_bodies_reads_back_the_same_and_old_entries_have_none() {
    let mut d = Desk::new();
    d.step(json!({"op": "brush", "body": "L3", "plane": "axial", "path_mm": [[0.0, 0.0, 48.8]], "radius_mm": 5.0, "tip": "disc", "mode": "paint"})).unwrap();
    d.step(json!({"op": "merge_lesions", "lesion": "b", "into": "a"})).unwrap();
    let Desk { session, _folder: folder } = d;
    let document = session.document().clone();
    drop(session);
    let again = Session::open(&folder.path().join("case.spondyl"), Access::Read).unwrap();
    assert!(*again.session.document() == document);
    let old: crate::document::Edit =
        serde_json::from_value(json!({"mask": {"image": "1.2.3.4", "runs": [[5, 2, 1]]}})).unwrap();
    assert!(matches!(old, crate::document::Edit::Mask { layer: crate::document::Layer::Lesions, .. }));
    let text = serde_json::to_value(&old).unwrap();
    assert_eq!(text, json!({"mask": {"image": "1.2.3.4", "runs": [[5, 2, 1]]}}), "what is usual is not written");
    let map: &LabelMap = document.bodies.values().next().unwrap();
    assert!(map.holds(VertebraLevel::L3.label_value()) && map.get(VoxelIndex([0, 0, 0])) == 0);
}
