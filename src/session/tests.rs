//! A session against a model in the plainest form: a list of documents, and a finger on one of them.

mod disk;

use super::*;
use crate::anatomy::VertebraLevel;
use crate::document::SliceIdentity;
use crate::space::{DVec3, Geometry, PatientPoint};
use crate::volume::{Kind, Rescale, Rescales, Samples, Volume};
use std::sync::Arc;

/// One synthetic series.
pub struct OneSeries(pub Arc<Volume>);

impl OneSeries {
    pub fn new() -> OneSeries {
        let origin = PatientPoint::new(-10.0, -12.0, 40.0).unwrap();
        let size = [24, 20, 10];
        let steps = [DVec3::X * 0.9, DVec3::Y * 1.1, DVec3::Z * 2.2];
        let samples = (0..size.iter().product::<usize>()).map(|n| (n * 7919 % 251) as u8).collect();
        OneSeries(Arc::new(Volume {
            geometry: Geometry::regular(origin, steps, size).unwrap(),
            kind: Kind::Volume,
            samples: Samples::U8(samples),
            rescales: Rescales::Uniform(Rescale { slope: 1.0, intercept: -100.0 }),
            units: "HU".to_owned(),
            inverted: false,
            voi: Vec::new(),
            padding: None,
        }))
    }

    pub fn identity() -> ImageIdentity {
        let series = OneSeries::new();
        ImageIdentity {
            spacing_origin: Default::default(),
            calibration: None,
            study_instance_uid: "1.2.3".to_owned(),
            series_instance_uid: "1.2.3.4".to_owned(),
            frame_of_reference_uid: None,
            sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            modality: "CT".to_owned(),
            kind: Kind::Volume,
            geometry: series.0.geometry.clone(),
            units: "HU".to_owned(),
            slices: (0..10).map(|n| SliceIdentity { sop_instance_uid: format!("1.2.3.4.{n}"), frame: None }).collect(),
            fingerprint: "f".repeat(64),
            findings: Vec::new(),
        }
    }
}

impl Images for OneSeries {
    fn volume(&self, _: &ImageKey) -> Option<Arc<Volume>> {
        Some(self.0.clone())
    }

    fn identity(&self, _: &ImageKey) -> Option<ImageIdentity> {
        Some(OneSeries::identity())
    }

    fn primary(&self) -> Option<ImageKey> {
        Some(ImageKey("1.2.3.4".to_owned()))
    }
}

/// A repeatable random source (SplitMix64, Steele 2014).
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn point(&mut self) -> [f64; 3] {
        [
            self.below(240) as f64 / 10.0 - 11.0,
            self.below(220) as f64 / 10.0 - 12.0,
            self.below(220) as f64 / 10.0 + 39.0,
        ]
    }

    /// A step that may or may not make sense.
    pub fn op(&mut self) -> Op {
        let level = VertebraLevel::ALL[self.below(4) as usize + 3];
        let lesion = ["a", "b", "c"][self.below(3) as usize];
        let (p, q) = (self.point(), self.point());
        let plane = ["sagittal", "axial", "coronal"][self.below(3) as usize];
        let paint = self.below(4) > 0;
        let json = match self.below(25) {
            0 => serde_json::json!({"op": "label_vertebra", "level": level, "at_mm": p}),
            1 => serde_json::json!({"op": "unlabel_vertebra", "level": level}),
            2 => serde_json::json!({"op": "add_lesion", "lesion": lesion, "vertebra": "auto", "kind": "lytic"}),
            3 => serde_json::json!({"op": "add_lesion", "lesion": lesion, "vertebra": level, "kind": "mixed"}),
            4 => serde_json::json!({"op": "delete_lesion", "lesion": lesion}),
            5 => {
                serde_json::json!({"op": "set", "target": {"lesion": lesion}, "field": "margin", "value": "permeative_3"})
            }
            6 => {
                serde_json::json!({"op": "set", "target": {"vertebra": level}, "field": "sins_pain", "value": self.below(5)})
            }
            7 => serde_json::json!({"op": "set", "target": {"lesion": lesion}, "field": "label", "value": "c"}),
            8 => serde_json::json!({"op": "shift_levels", "by": self.below(3) as i64 - 1}),
            9 => {
                serde_json::json!({"op": "contour", "lesion": lesion, "plane": plane, "points_mm": [p, q, self.point(), self.point()], "mode": if paint { "add" } else { "subtract" }})
            }
            10 => serde_json::json!({"op": "set_spine", "variant": {"n_lumbar": 4 + self.below(3)}}),
            11 => {
                serde_json::json!({"op": "measure", "measurement": lesion, "shape": {"kind": "length", "points_mm": [p, q]}, "level": level})
            }
            12 => {
                serde_json::json!({"op": "set", "target": {"timepoint": (["t", "u"][self.below(2) as usize])}, "field": "relative_days", "value": self.below(400)})
            }
            13 => {
                serde_json::json!({"op": "at", "timepoint": "t", "step": {"op": "label_vertebra", "level": level, "at_mm": p}})
            }
            14 => {
                serde_json::json!({"op": "at", "timepoint": "t", "image": "1.2.3.4", "step": {"op": "set", "target": {"vertebra": level}, "field": "status", "value": "post_operative"}})
            }
            15 => serde_json::json!({"op": "remove_timepoint", "timepoint": "t"}),
            16 => serde_json::json!({"op": "label_vertebrae", "centres_mm": {"C5": p, "T13": q}}),
            17 => serde_json::json!({"op": "shift_levels", "by": self.below(3) as i64 - 1, "to": level}),
            18 => {
                serde_json::json!({"op": "set", "target": {"measurement": lesion}, "field": "role", "value": "canal_ap"})
            }
            _ => {
                serde_json::json!({"op": "brush", "lesion": lesion, "plane": plane, "path_mm": [p, q], "radius_mm": 1.0 + self.below(50) as f64 / 10.0,
                "tip": if self.below(2) == 0 { "disc" } else { "sphere" }, "mode": if paint { "paint" } else { "erase" },
                "range": if self.below(3) == 0 { serde_json::json!([-50, 80]) } else { serde_json::Value::Null }})
            }
        };
        serde_json::from_value(json).unwrap()
    }
}

struct Model {
    states: Vec<(Document, String)>,
    at: usize,
}

impl Model {
    fn check(&self, session: &Session) {
        assert!(*session.document() == self.states[self.at].0, "the document is not the model's");
        assert_eq!(session.undo_name(), (self.at > 0).then(|| self.states[self.at].1.as_str()));
        assert_eq!(session.redo_name(), self.states.get(self.at + 1).map(|s| s.1.as_str()));
    }
}

pub(super) fn start(folder: &Path) -> Session {
    let identity = OneSeries::identity();
    let mut session = Session::create(&folder.join("c.spondyl"), Header::new("reader-1", [&identity])).unwrap().session;
    session.add_image(&ImageKey("1.2.3.4".to_owned()), identity).unwrap();
    session
}
/// A folder in memory where the system has one: thousands of sessions wait for no disk.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn random_sessions_with_undo_redo_and_reopening_equal_their_model() {
    let images = OneSeries::new();
    let (mut refused, mut made) = (0, 0);
    for seed in 0..1000 {
        let folder = scratch();
        let mut session = start(folder.path());
        let mut dice = Dice(seed);
        let mut model = Model { states: vec![(session.document().clone(), String::new())], at: 0 };
        for _ in 0..40 {
            match dice.below(12) {
                0 | 1 => assert_eq!(
                    session.undo().is_ok(),
                    model.at > 0 && {
                        model.at -= 1;
                        true
                    }
                ),
                2 => assert_eq!(
                    session.redo().is_ok(),
                    model.at + 1 < model.states.len() && {
                        model.at += 1;
                        true
                    }
                ),
                3 => {
                    let path = session.path().to_owned();
                    drop(session);
                    model.check(&Session::open(&path, Access::Read).unwrap().session);
                    session = Session::open(&path, Access::Write).unwrap().session;
                }
                _ => {
                    let op = dice.op();
                    if session.perform(&op, &images).is_err() {
                        refused += 1;
                    } else {
                        made += 1;
                        model.states.truncate(model.at + 1);
                        let name = session.undo_name().unwrap().to_owned();
                        model.states.push((session.document().clone(), name));
                        model.at += 1;
                    }
                }
            }
            model.check(&session);
        }
        // The script alone rebuilds what stands, up to the lesions' identities.
        let again = scratch();
        let mut second = start(again.path());
        for line in session.script().lines() {
            second.perform(&Op::from_line(line.as_bytes()).unwrap(), &images).unwrap();
        }
        assert_eq!(said(second.document()), said(session.document()), "seed {seed}");
    }
    assert!(refused > 2000 && made > 10_000, "{refused} refused, {made} made");
}

/// What a document says, without identities.
fn said(d: &Document) -> Vec<String> {
    let mut out: Vec<String> = d.vertebrae.iter().map(|v| format!("{v:?}")).collect();
    for l in d.lesions.values() {
        let voxels: Vec<_> = d.masks.values().flat_map(|m| m.voxels_of(l.label_value)).collect();
        out.push(format!("{} {} {:?} {:?} {voxels:?}", l.label, l.vertebra, l.kind, l.margin));
    }
    out.extend(d.measurements.values().map(|m| format!("{m:?}")));
    out.push(format!("{:?}", d.spine));
    out.push(format!("{:?} {:?}", d.timepoints, d.followups));
    out.sort();
    out
}

#[test]
fn one_changed_byte_anywhere_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path());
    let mut dice = Dice(5);
    while session.history().done().len() < 6 {
        let _ = session.perform(&dice.op(), &OneSeries::new());
    }
    let path = session.path().to_owned();
    drop(session);
    let whole = std::fs::read(path).unwrap();
    let entries = journal::read(&whole).unwrap().entries.len();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        match journal::read(&changed) {
            Err(_) => {}
            Ok(c) => assert!(c.torn_line.is_some() && at == whole.len() - 1, "byte {at} changed unnoticed"),
        }
    }
    // Cut anywhere, the file is what it was some lines earlier, and says that a line was cut.
    let header = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    for cut in 0..whole.len() {
        match journal::read(&whole[..cut]) {
            Err(e) => assert!(cut < header && e == journal::Damage::Unborn, "cut at {cut}: {e}"),
            Ok(c) => assert!(c.entries.len() < entries && c.torn_line.is_some() == (whole[cut - 1] != b'\n')),
        }
    }
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path());
    let n = session.perform(&Op::SetSpine { variant: Default::default() }, &NoImages).unwrap();
    session.wait_durable(n).unwrap();
    let refused = Session::open(session.path(), Access::Write).unwrap_err().to_string();
    assert!(refused.contains("in use") && refused.contains("reader-1"), "{refused}");
    let mut reading = Session::open(session.path(), Access::Read).unwrap().session;
    assert!(reading.document() == session.document());
    assert!(matches!(reading.undo(), Err(SessionError::ReadOnly(_))));
    assert!(matches!(Session::create(session.path(), Header::new("x", [])), Err(SessionError::Exists(_))));
}

#[test]
fn files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let newer = r#"{"format":"spondyl-journal","version":2,"what":"we cannot know","hash":"?"}"#.to_owned() + "\n";
    for text in ["hello", "", "{\"format\":\"other\"}\n", newer.as_str()] {
        let path = folder.path().join("x.spondyl");
        std::fs::write(&path, text).unwrap();
        let opened = Session::open(&path, Access::Write);
        assert!(opened.is_err(), "{text}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        if !text.is_empty() {
            assert!(Session::open_or_create(&path, None, &[]).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}

#[test]
fn a_file_torn_while_it_was_made_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let whole = {
        let s = start(folder.path());
        s.journal.text.clone()
    };
    let header = whole.iter().position(|b| *b == b'\n').unwrap();
    for cut in [0, 1, 10, header / 2, header] {
        let path = folder.path().join(format!("{cut}.spondyl"));
        std::fs::write(&path, &whole[..cut]).unwrap();
        let mut session = Session::open_or_create(&path, Some("reader-1"), &[]).unwrap().session;
        let n = session.perform(&Op::SetSpine { variant: Default::default() }, &NoImages).unwrap();
        session.wait_durable(n).unwrap();
        drop(session);
        assert_eq!(Session::open(&path, Access::Read).unwrap().session.history().done().len(), 1);
        let other = Session::open_or_create(&path, Some("reader-2"), &[]).unwrap_err().to_string();
        assert!(other.contains("reader-1") && other.contains("reader-2"), "{other}");
    }
}

#[test]
fn saving_elsewhere_takes_the_whole_case_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path());
    let images = OneSeries::new();
    let mut dice = Dice(9);
    while session.history().done().len() < 5 {
        let _ = session.perform(&dice.op(), &images);
    }
    let old = session.path().to_owned();
    session.save_as(&folder.path().join("d.spondyl")).unwrap();
    let before = std::fs::read(&old).unwrap();
    let n = session.undo().unwrap();
    session.wait_durable(n).unwrap();
    assert_eq!(std::fs::read(&old).unwrap(), before, "the old file stays as it was");
    let copy = Session::open(session.path(), Access::Read).unwrap().session;
    assert!(copy.document() == session.document());
    assert!(matches!(session.save_as(&old), Err(SessionError::Exists(_))));
}

#[test]
fn a_file_that_changes_behind_the_sessions_back_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path());
    let n = session.perform(&Op::SetSpine { variant: Default::default() }, &NoImages).unwrap();
    session.wait_durable(n).unwrap();
    let copy = std::fs::read(session.path()).unwrap();
    std::fs::remove_file(session.path()).unwrap();
    std::fs::write(session.path(), &copy).unwrap();
    let n = session.perform(&Op::SetSpine { variant: Default::default() }, &NoImages).unwrap();
    assert!(session.wait_durable(n).unwrap_err().to_string().contains("replaced"));
    assert!(session.unsaved().is_some() && !session.is_saved() && !session.retry_saving());
    session.save_as(&folder.path().join("rescued.spondyl")).unwrap();
    assert!(session.is_saved() && session.unsaved().is_none());
    assert_eq!(std::fs::read(folder.path().join("c.spondyl")).unwrap(), copy);
}

#[test]
fn an_open_level_is_settled_by_the_first_voxels() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path());
    let images = OneSeries::new();
    let mut run = |line: &str| session.perform(&Op::from_line(line.as_bytes()).unwrap(), &images).map(|_| ());
    assert!(
        run(r#"{"op":"add_lesion","lesion":"x","vertebra":"auto","kind":"lytic"}"#).is_err(),
        "nothing is labelled"
    );
    run(r#"{"op":"label_vertebra","level":"C5","at_mm":[0,0,60]}"#).unwrap();
    run(r#"{"op":"label_vertebra","level":"C6","at_mm":[0,0,42]}"#).unwrap();
    run(r#"{"op":"add_lesion","lesion":"x","vertebra":"auto","kind":"lytic"}"#).unwrap();
    run(r#"{"op":"brush","lesion":"x","plane":"axial","path_mm":[[0,0,500]],"radius_mm":3,"tip":"disc","mode":"paint","range":null}"#).unwrap();
    run(r#"{"op":"brush","lesion":"x","plane":"axial","path_mm":[[0,0,44]],"radius_mm":3,"tip":"disc","mode":"paint","range":null}"#).unwrap();
    run(r#"{"op":"brush","lesion":"x","plane":"axial","path_mm":[[0,0,60]],"radius_mm":9,"tip":"disc","mode":"paint","range":null}"#).unwrap();
    let level = |s: &Session| s.document().lesion_by_label("x").map(|(_, l)| (l.vertebra, l.vertebra_pending));
    assert_eq!(level(&session), Some((VertebraLevel::C6, false)));
    session.undo().unwrap();
    session.undo().unwrap();
    assert_eq!(level(&session), Some((VertebraLevel::C5, true)), "undo opens the question again");
}

#[test]
fn dirty_boxes_hold_every_changed_voxel() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path());
    let images = OneSeries::new();
    let mut dice = Dice(21);
    let key = ImageKey("1.2.3.4".to_owned());
    let mut boxes = 0;
    for _ in 0..200 {
        let before = session.document().masks.get(&key).cloned();
        let generation = session.generation();
        if session.perform(&dice.op(), &images).is_err() {
            assert_eq!(session.generation(), generation, "a refused step changes nothing");
            continue;
        }
        let dirty = session.take_dirty();
        let size = images.0.geometry.size();
        let after = session.document().masks.get(&key);
        for flat in 0..size.iter().product() {
            let at = crate::space::VoxelIndex::from_flat(flat, size);
            if before.as_ref().map_or(0, |m| m.get(at)) != after.map_or(0, |m| m.get(at)) {
                let (low, high) = dirty[0].1;
                assert!((0..3).all(|a| low[a] <= at.0[a] && at.0[a] <= high[a]), "{at:?} outside {low:?}..{high:?}");
                boxes += 1;
            }
        }
    }
    assert!(boxes > 1000);
}

#[test]
fn shifting_moves_bones_with_what_was_said_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path());
    let mut run = |line: &str| session.perform(&Op::from_line(line.as_bytes()).unwrap(), &NoImages).map(|_| ());
    for level in ["T12", "T13", "L1"] {
        run(&format!(r#"{{"op":"label_vertebra","level":"{level}","at_mm":[0,0,0]}}"#)).unwrap();
    }
    run(r#"{"op":"add_lesion","lesion":"x","vertebra":"T13","kind":"lytic"}"#).unwrap();
    run(r#"{"op":"shift_levels","by":-1}"#).unwrap();
    assert!(run(r#"{"op":"shift_levels","by":-40}"#).is_err());
    assert!(run(r#"{"op":"shift_levels","by":-1,"from":"T12"}"#).is_err(), "T11 stays and is in use");
    let levels: Vec<&str> = session.document().vertebrae.keys().map(|l| l.name()).collect();
    assert_eq!(levels, ["T11", "T12", "T13"], "T13 is part of this spine's chain");
    assert_eq!(session.document().lesion_by_label("x").unwrap().1.vertebra.name(), "T12");
}
