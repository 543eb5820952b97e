//! That nothing typed freely stays, and that the script without it gives the case without it.

use super::*;
use crate::document::{Answer, Document, ImageIdentity, ImageKey};
use crate::export::UidKey;
use crate::export::words::leave_out;
use crate::session::{Images, Session};
use crate::volume::Volume;
use std::path::Path;
use std::sync::Arc;

const NAMED: &str = "Mrs Doe, 3 May";

/// One series without pixels.
struct Series(ImageKey, ImageIdentity);

impl Images for Series {
    fn volume(&self, _: &ImageKey) -> Option<Arc<Volume>> {
        None
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        (*key == self.0).then(|| self.1.clone())
    }

    fn primary(&self) -> Option<ImageKey> {
        Some(self.0.clone())
    }
}

/// Steps that say the name in every field that takes words, among them the only steps of a timepoint and of a level.
fn steps() -> Vec<Value> {
    let set = |target: Value, field: &str, value: Value| json!({"op": "set", "target": target, "field": field, "value": value});
    let words = |target: Value, fields: &[&str]| -> Vec<Value> {
        fields.iter().map(|f| set(target.clone(), f, json!(NAMED))).collect()
    };
    let (case, lesion, level) = (json!({"case": true}), json!({"lesion": "a"}), json!({"vertebra": "C6"}));
    let evidence = || json!([{"image": null, "finding": NAMED}]);
    let mut steps = vec![
        json!({"op": "label_vertebrae", "centres_mm": {"C6": [1.0, 2.0, 3.0]}, "source": NAMED}),
        json!({"op": "add_lesion", "lesion": "a", "vertebra": "C6", "kind": "lytic"}),
        json!({"op": "set_spine", "variant": {"anchor": NAMED, "n_lumbar": 5}}),
        set(case.clone(), "age_conflicts", json!([{"value": 61.0, "where": NAMED}])),
        set(case.clone(), "other_metastases", json!([NAMED])),
        set(case.clone(), "answers.q2", json!(3)),
        set(case.clone(), "finished", json!(true)),
        set(case.clone(), "treatment", json!({"surgery": NAMED, "radiotherapy": {"total_dose_gy": 30.0}})),
        set(lesion.clone(), "histology.ihc", json!({NAMED: "positive"})),
        set(lesion.clone(), "histology.diagnosis", json!("myeloma")),
        set(lesion.clone(), "locked", json!(true)),
        set(lesion.clone(), "evidence", evidence()),
        set(level.clone(), "evidence", evidence()),
        set(level.clone(), "postoperative", json!({"cage": "present", "cage_material": NAMED})),
        json!({"op": "take_over", "source": NAMED, "about": NAMED, "steps": [set(level.clone(), "remark", json!(NAMED))]}),
    ];
    steps.extend(words(json!({"vertebra": "L5"}), &["remark"]));
    steps.extend(words(json!({"timepoint": "later"}), &["label", "outcome"]));
    let there = set(level.clone(), "remark", json!(NAMED));
    steps.push(json!({"op": "at", "timepoint": "later", "step": there}));
    let of_case = [
        "remark",
        "primary_status",
        "radiosensitivity",
        "pain.site",
        "pain.palpation",
        "neurology.deficit",
        "treatment.surgery",
        "treatment.chemotherapy",
        "answers.q1",
    ];
    steps.extend(words(case, &of_case));
    steps.extend(words(lesion, &["remark", "mr.reference", "histology.method", "taken_from"]));
    steps.extend(words(level, &["remark", "postoperative.procedure", "postoperative.cage_material"]));
    steps.push(json!({"op": "undo"}));
    steps
}

/// The document that lines of script make, and the script that the session keeps of them.
fn replayed(path: &Path, series: &Series, lines: &[String]) -> (Document, String) {
    let mut session = Session::open_or_create(path, Some("r1"), std::slice::from_ref(&series.1)).unwrap().session;
    for line in lines {
        match Op::from_line(line.as_bytes()).unwrap() {
            Op::Undo {} => drop(session.undo().unwrap()),
            op => drop(session.perform(&op, series).unwrap_or_else(|e| panic!("{line}: {e}"))),
        }
    }
    (session.document().clone(), session.script())
}

#[test]
fn the_script_without_words_gives_exactly_the_case_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let (known, key) = crate::document::test_documents::with_grid([6, 6, 6]);
    let series = Series(key.clone(), known.images[&key].clone());
    let lines: Vec<String> = steps().iter().map(Value::to_string).collect();
    let (doc, script) = replayed(&folder.path().join("one.spondyl"), &series, &lines);
    assert!(format!("{doc:?}").matches(NAMED).count() > 20, "{doc:?}");

    let kept = script.lines().count();
    let mut uids = UidKey::open(&folder.path().join("key.json")).unwrap();
    let (mut doc, script) =
        (uids.document(&doc, Words::LeftOut), uids.script(&script, |l| line_of_script(l, Words::LeftOut)));
    for text in [format!("{doc:?}"), script.clone()] {
        assert!(!text.contains("Doe") && !text.contains("May"), "{text}");
    }
    let (key, identity) = uids.document(&known, Words::LeftOut).images.pop_first().unwrap();
    let series = Series(key, identity);
    let lines: Vec<String> = script.lines().map(str::to_owned).collect();
    assert_eq!((lines.len(), kept), (kept, steps().len() - 2), "no step is dropped");
    let (mut again, _) = replayed(&folder.path().join("two.spondyl"), &series, &lines);
    for d in [&mut doc, &mut again] {
        d.lesions = std::mem::take(&mut d.lesions).into_values().map(|l| (uuid::Uuid::nil(), l)).collect();
    }
    assert_eq!(again, doc);
    assert!(doc.timepoints.len() == 1 && doc.followups.len() == 1 && doc.vertebrae.len() == 2, "{doc:?}");
}

#[test]
fn what_is_coded_stays() {
    let mut doc = crate::export::tests::sample().doc;
    doc.spine.anchor = Some("T1 rib".to_owned());
    doc.case.primary_site = Some("kidney".to_owned());
    doc.case.primary_sct = Some("254915003".to_owned());
    doc.case.neurology.asia_impairment_scale = Some("D".to_owned());
    doc.case.answers.insert("q2".to_owned(), Answer::Number(3.0));
    let before = doc.clone();
    leave_out(&mut doc);
    assert_eq!(doc, before);
}

#[test]
fn a_step_that_only_says_a_sentence_sets_nothing_instead() {
    let set =
        |field: &str, value: Value| json!({"op": "set", "target": {"case": true}, "field": field, "value": value});
    let without = |step: Value| json!(step_without(serde_json::from_value(step).unwrap()));
    for (field, said, left) in [
        ("remark", json!(NAMED), Value::Null),
        ("answers.q1", json!(NAMED), Value::Null),
        ("other_metastases", json!([NAMED]), json!([])),
        ("answers.q1", json!(2), json!(2)),
        ("primary_site", json!("kidney"), json!("kidney")),
        ("finished", json!(true), json!(true)),
    ] {
        assert_eq!(without(set(field, said)), set(field, left), "{field}");
    }
    let pain = without(set("pain", json!({"palpation": NAMED, "score_nrs": 4})));
    assert_eq!((&pain["value"]["palpation"], &pain["value"]["score_nrs"]), (&Value::Null, &json!(4)));
    let anchor = |text: &str| json!({"op": "set_spine", "variant": {"anchor": text}});
    assert_eq!(without(anchor("T1 rib")), anchor("T1 rib"));
    assert_eq!(without(anchor(NAMED))["variant"]["anchor"], Value::Null);
}
