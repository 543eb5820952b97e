//! Files of every version of the formats, kept as they were written: they open and mean what they meant; newer ones are
//! refused and stay; fields that are not known here stay too.

use serde_json::Value;
use sha2::{Digest, Sha256};
use spondyl::export::check_case_json;
use spondyl::session::{Access, NoImages, Op, Places, Session, recover};
use std::fs;
use std::path::{Path, PathBuf};

fn kept(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{version}"))
}

/// What a case file of a version says: its script, and the voxels of each lesion.
fn said(path: &Path) -> (String, Vec<(String, usize)>) {
    let session = Session::open(path, Access::Read).expect("it opens").session;
    let document = session.document();
    let voxels = |value| document.masks.values().map(|m| m.voxels_of(value).len()).sum();
    let mut lesions: Vec<(String, usize)> =
        document.lesions.values().map(|l| (l.label.clone(), voxels(l.label_value))).collect();
    lesions.sort();
    (session.script(), lesions)
}

#[test]
fn cases_of_version_1_open_and_go_on() {
    let (script, lesions) = said(&kept(1).join("case.spondyl"));
    assert_eq!(script, fs::read_to_string(kept(1).join("script.jsonl")).expect("kept"));
    let json: Value = serde_json::from_slice(&fs::read(kept(1).join("case.json")).expect("kept")).expect("JSON");
    let sets = json["annotation_sets"][0]["vertebrae"].as_array().expect("levels");
    let counted = sets.iter().flat_map(|v| v["lesions"].as_array().expect("a list")).map(|l| {
        let voxels = l["measurements"]["voxels"].as_u64().unwrap_or_default();
        (l["label"].as_str().unwrap_or_default().to_owned(), voxels as usize)
    });
    let mut counted: Vec<(String, usize)> = counted.collect();
    counted.sort();
    assert!(!lesions.is_empty() && lesions == counted, "{lesions:?} {counted:?}");
    // It goes on, undo reaches back into the old part, and the old part stays byte for byte.
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("case.spondyl");
    fs::copy(kept(1).join("case.spondyl"), &copy).expect("copied");
    let before = fs::read(&copy).expect("read");
    let mut session = Session::open(&copy, Access::Write).expect("it opens").session;
    let steps = session.history().done().len();
    session.undo().expect("undone");
    session
        .perform(&Op::from_line(br#"{"op":"set_spine","variant":{"n_lumbar":6}}"#).expect("a step"), &NoImages)
        .expect("done");
    drop(session);
    assert!(fs::read(&copy).expect("read").starts_with(&before));
    assert_eq!(Session::open(&copy, Access::Read).expect("it opens").session.history().done().len(), steps);
}

#[test]
fn case_json_of_version_1_is_still_sound() {
    let checked = check_case_json(&kept(1).join("case.json")).expect("read");
    assert!(checked.is_sound(), "{:?}", checked.problems);
}

/// The same file under a first line of version 2, with its right hash.
fn of_version_2(case: &str) -> String {
    let (first, rest) = case.split_once('\n').expect("lines");
    let body = first.replacen("\"version\":1", "\"version\":2", 1);
    let body = &body[..body.rfind(",\"hash\"").expect("a hash")];
    let hash: String = Sha256::digest(body.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    format!("{body},\"hash\":\"{hash}\"}}\n{rest}")
}

#[test]
fn newer_files_are_refused_in_a_sentence_and_stay_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = fs::read_to_string(kept(1).join("case.spondyl")).expect("kept");
    let newer = of_version_2(&case);
    let path = folder.path().join("newer.spondyl");
    fs::write(&path, &newer).expect("written");
    for access in [Access::Read, Access::Write] {
        let why = Session::open(&path, access).expect_err("refused").to_string();
        assert!(why.contains("version 2") && why.contains("newer spondyl"), "{why}");
    }
    let why = Session::open_or_create(&path, None, &[]).expect_err("refused").to_string();
    assert!(why.contains("version 2"), "{why}");
    assert!(recover(&path, &folder.path().join("out.spondyl"), &|_| None).is_err());
    assert_eq!(fs::read_to_string(&path).expect("read"), newer);
    let json =
        fs::read_to_string(kept(1).join("case.json")).expect("kept").replacen("spondyl-case/1", "spondyl-case/2", 1);
    let path = folder.path().join("newer.json");
    fs::write(&path, &json).expect("written");
    assert!(!check_case_json(&path).expect("read").is_sound());
    assert_eq!(fs::read_to_string(&path).expect("read"), json);
}

#[test]
fn fields_that_are_not_known_survive() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("case.spondyl");
    // The kept file holds an entry with a field of a program to come.
    let kept = fs::read(kept(1).join("more-fields.spondyl")).expect("kept");
    fs::write(&path, &kept).expect("written");
    let mut session = Session::open(&path, Access::Write).expect("it opens").session;
    session.undo().expect("undone");
    session.save_as(&folder.path().join("copy.spondyl")).expect("saved");
    drop(session);
    recover(&path, &folder.path().join("recovered.spondyl"), &|_| None).expect("recovered");
    for name in ["case", "copy", "recovered"] {
        let text = fs::read_to_string(folder.path().join(format!("{name}.spondyl"))).expect("read");
        assert!(text.contains("\"of_a_program_to_come\":{\"kept\":true}"), "{name}");
    }
}

#[test]
fn the_list_of_recent_cases_names_no_account_and_keeps_what_it_does_not_know() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("zqxkonto").join("spondyl");
    let places = Places::under(&root);
    let case = places.case_path("1.2.3", "r1");
    fs::create_dir_all(case.parent().expect("a folder")).expect("made");
    fs::copy(kept(1).join("case.spondyl"), &case).expect("copied");
    places.remember(&case).expect("remembered");
    let list = root.join("recent.json");
    let text = fs::read_to_string(&list).expect("written");
    assert!(!text.contains("zqxkonto") && text.contains("\"version\": 1"), "{text}");
    assert_eq!(places.recent(), std::slice::from_ref(&case));
    let summary = &places.recent_cases(5)[0];
    assert_eq!((summary.reader.as_str(), summary.torn), ("r1", false));
    fs::write(&list, text.replace("\"version\": 1", "\"version\": 1, \"pinned\": [7]")).expect("written");
    places.remember(&case).expect("remembered");
    assert!(fs::read_to_string(&list).expect("read").contains("\"pinned\""));
    // The list of an earlier program, which had no version and whole paths.
    fs::write(&list, serde_json::json!({"cases": [case]}).to_string()).expect("written");
    assert_eq!(places.recent(), std::slice::from_ref(&case));
    let newer = "{\"version\":9,\"cases\":[]}";
    fs::write(&list, newer).expect("written");
    assert!(places.remember(&case).is_err() && places.recent().is_empty());
    assert_eq!(fs::read_to_string(&list).expect("read"), newer);
}
