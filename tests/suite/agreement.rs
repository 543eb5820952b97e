//! Readers held against each other in the window: both files are read and never touched, the list leads to what they differ
//! about, and a third case takes either version, undoably and with whose it is.

use crate::window::{harness, key, settle, spine};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use serde_json::{Value, json};
use spondyl::anatomy::VertebraLevel;
use spondyl::app::App;
use spondyl::document::{Document, Lesion, LesionId};
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::session::{Access, Session};
use spondyl::space::DVec3;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A reader's case, made by the command line.
fn case_of(folder: &Path, reader: &str, steps: &[Value]) -> PathBuf {
    let (case, script) = (folder.join(format!("{reader}.spondyl")), folder.join(format!("{reader}.jsonl")));
    std::fs::write(&script, steps.iter().map(|s| format!("{s}\n")).collect::<String>()).expect("written");
    let done = Command::new(env!("CARGO_BIN_EXE_spondyl"))
        .current_dir(folder)
        .args(["annotate", "ct", "--reader", reader, "--case"])
        .args([&case, Path::new("--script"), &script])
        .output()
        .expect("runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    case
}

fn ball(lesion: &str, at: [f64; 3], radius_mm: f64) -> Value {
    json!({"op": "brush", "lesion": lesion, "plane": "axial", "path_mm": [at], "radius_mm": radius_mm, "tip": "sphere",
           "mode": "paint", "range": null})
}

fn add(lesion: &str, vertebra: &str, kind: &str) -> Value {
    json!({"op": "add_lesion", "lesion": lesion, "vertebra": vertebra, "kind": kind})
}

fn label(level: &str, at_mm: [f64; 3]) -> Value {
    json!({"op": "label_vertebra", "level": level, "at_mm": at_mm})
}

/// Two readers who agree on C6 in part, on C7 not at all, and place C5 at different bones.
fn two_readers(folder: &Path) -> [PathBuf; 2] {
    let one = case_of(
        folder,
        "one",
        &[
            label("C5", [0.0, 0.0, 175.0]),
            label("C6", [0.0, 0.0, 145.0]),
            label("C7", [0.0, 0.0, 115.0]),
            add("big", "C6", "lytic"),
            ball("big", [0.0, 0.0, 145.0], 5.0),
            add("mine", "C7", "lytic"),
            ball("mine", [0.0, 0.0, 115.0], 4.0),
        ],
    );
    let two = case_of(
        folder,
        "two",
        &[
            label("C5", [0.0, 0.0, 160.0]),
            label("C6", [0.0, 0.0, 145.0]),
            label("C7", [0.0, 0.0, 115.0]),
            add("big", "C6", "mixed"),
            ball("big", [0.0, 4.0, 145.0], 5.0),
            json!({"op": "set", "target": {"lesion": "big"}, "field": "extent", "value": "subtotal_lt_50"}),
            json!({"op": "set", "target": {"vertebra": "C6"}, "field": "sins_pain", "value": 3}),
        ],
    );
    [one, two]
}

fn read(path: &Path) -> Document {
    Session::open(path, Access::Read).expect("opens").session.document().clone()
}

fn lesion<'a>(d: &'a Document, label: &str) -> (LesionId, &'a Lesion) {
    d.lesion_by_label(label).expect("there")
}

/// Voxels of a lesion on the only series.
fn voxels(d: &Document, label: &str) -> Vec<u64> {
    d.masks.values().next().map(|m| m.voxels_of(lesion(d, label).1.label_value)).unwrap_or_default()
}

fn compare_with(h: &mut Harness<'_, App>, path: &Path) {
    h.key_press_modifiers(Modifiers::COMMAND, Key::R);
    h.run_steps(3);
    h.get_by_label("Another reader's file").type_text(&path.display().to_string());
    h.run_steps(2);
    h.get_by_label("Compare").click();
    h.run_steps(2);
    settle(h);
}

fn with_alt(h: &mut Harness<'_, App>, key: Key) {
    h.key_press_modifiers(Modifiers::ALT, key);
    h.run_steps(3);
    settle(h);
}

/// A folder, and in it that of the images and that for cases.
fn with_images() -> (tempfile::TempDir, [PathBuf; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = ["ct", "cases"].map(|name| folder.path().join(name));
    let (g, hu, _) = spine();
    write_ct_series(&inside[0], &g, &hu, "agreement").expect("files");
    (folder, inside)
}

#[test]
fn differences_are_gone_through_and_settled_in_a_third_case() {
    let (folder, [images, cases]) = with_images();
    let files = two_readers(folder.path());
    let before = files.clone().map(|f| std::fs::read(f).expect("there"));
    let [one, two] = files.clone().map(|f| read(&f));

    let mut h = harness(&images, &cases);
    files.iter().for_each(|f| compare_with(&mut h, f));
    h.get_by_label_contains("4 differences");
    assert!(h.state().document().lesions.is_empty(), "looking changes nothing");

    // The gravest first: C5 lies at two places, then the lesion of one reader, the shape, the score.
    let mut places = Vec::new();
    for _ in 0..4 {
        key(&mut h, Key::Period);
        places.push(h.state().cursor().expect("open").vec());
    }
    assert!((places[0].z - 175.0).abs() < 1.0 && (places[1].z - 115.0).abs() < 2.0, "{places:?}");
    // Within what one of the two balls alone holds.
    let within = |y: f64| (places[2] - DVec3::new(0.0, y, 145.0)).length() <= 5.0;
    assert!(within(0.0) != within(4.0), "{places:?}");
    key(&mut h, Key::Comma);
    assert!(h.query_all_by_label_contains("Dice 0.4").count() > 0);

    // The third case begins as the first reader has it.
    h.get_by_label("Settle in a third case").click();
    h.run_steps(3);
    settle(&mut h);
    let d = h.state().document().clone();
    assert_eq!((d.lesions.len(), d.vertebrae.len()), (2, 3));
    assert_eq!(lesion(&d, "big").0, lesion(&one, "big").0, "a lesion keeps its identity");
    assert_eq!(voxels(&d, "big"), voxels(&one, "big"));
    assert_eq!(lesion(&d, "mine").1.taken_from.as_deref(), Some("one"));

    // The current difference is the shape: the second reader's, with all that is said of it.
    with_alt(&mut h, Key::Num2);
    let d = h.state().document().clone();
    let (id, big) = lesion(&d, "big");
    assert_eq!((id, voxels(&d, "big")), (lesion(&two, "big").0, voxels(&two, "big")));
    assert_eq!((big.kind, big.extent), (lesion(&two, "big").1.kind, lesion(&two, "big").1.extent));
    assert_eq!(big.taken_from.as_deref(), Some("two"));
    h.get_by_label_contains("1 settled");

    // One undo takes the decision back, one redo brings it again.
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    assert_eq!(voxels(h.state().document(), "big"), voxels(&one, "big"));
    h.get_by_label_contains("0 settled");
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run_steps(3);
    assert_eq!(*h.state().document(), d);

    // The lesion that the second reader does not have goes; the score comes; C5 is left.
    key(&mut h, Key::Comma);
    with_alt(&mut h, Key::Num2);
    assert!(h.state().document().lesion_by_label("mine").is_none());
    key(&mut h, Key::Comma);
    with_alt(&mut h, Key::Num0);
    key(&mut h, Key::Comma);
    with_alt(&mut h, Key::Num2);
    let d = h.state().document().clone();
    assert_eq!(d.vertebrae[&VertebraLevel::C6].sins_pain, Some(3));
    assert_eq!(d.vertebrae[&VertebraLevel::C5].at_mm, one.vertebrae[&VertebraLevel::C5].at_mm);
    h.get_by_label_contains("4 settled");

    // Nothing of the readers' files was touched, and the third case replays to what was on the screen.
    h.state_mut().close();
    drop(h);
    assert_eq!(files.map(|f| std::fs::read(f).expect("there")), before);
    let third = walk(&cases).into_iter().find(|p| p.ends_with("reader-adjudication.spondyl")).expect("a third case");
    let session = Session::open(&third, Access::Read).expect("opens").session;
    assert_eq!(*session.document(), d);
    let names: Vec<_> = session.history().done().iter().map(|g| g.name.clone()).collect();
    assert_eq!(
        names[1..],
        ["Take big as two has it", "Take mine as two has it", "Leave C5", "Take C6 as two has it"],
        "{names:?}"
    );
}

#[test]
fn ones_own_case_takes_the_others_version_and_a_file_of_other_images_is_refused() {
    let (folder, [images, cases]) = with_images();
    let [one, two] = two_readers(folder.path());
    // The reader's own case is that of `one`, by the name that the window goes by.
    let own = case_of(
        folder.path(),
        "reader",
        &[label("C6", [0.0, 0.0, 145.0]), add("big", "C6", "lytic"), ball("big", [0.0, 0.0, 145.0], 5.0)],
    );
    let study = Session::open(&own, Access::Read).expect("opens").session.header().images[0].study_instance_uid.clone();
    let place = spondyl::session::Places::under(&cases).case_path(&study, "reader");
    std::fs::create_dir_all(place.parent().expect("a folder")).expect("made");
    std::fs::copy(&own, &place).expect("copied");

    let mut h = harness(&images, &cases);
    assert_eq!(h.state().document().lesions.len(), 1);
    compare_with(&mut h, &two);
    // C5 and C7 are labelled by one alone; the list counts them as details, after shape and score.
    key(&mut h, Key::Period);
    with_alt(&mut h, Key::Num2);
    assert_eq!(voxels(h.state().document(), "big"), voxels(&read(&two), "big"));
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    assert_eq!(*h.state().document(), read(&place));

    // Drawings of another program are compared as well; a file that is not there says so.
    let out = folder.path().join("out");
    let done = Command::new(env!("CARGO_BIN_EXE_spondyl"))
        .args([Path::new("export"), &one, Path::new("--format"), Path::new("seg"), Path::new("-o"), &out])
        .output()
        .expect("runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    compare_with(&mut h, &out.join("lesions.seg.dcm"));
    h.get_by_label_contains(" differences");
    compare_with(&mut h, &folder.path().join("nothing.spondyl"));
    h.get_by_label_contains("there is no such file");
    key(&mut h, Key::Escape);

    // A case of other images is refused, and nothing changes.
    let elsewhere = folder.path().join("elsewhere");
    let (g, _, _) = spine();
    let far = spondyl::space::Geometry::regular(g.origin(), g.steps(), [20, 20, 9]).expect("spans space");
    write_ct_series(&elsewhere.join("ct"), &far, &[40; 20 * 20 * 9], "elsewhere").expect("files");
    compare_with(&mut h, &case_of(&elsewhere, "far", &[label("C6", [0.0, 0.0, 105.0])]));
    h.get_by_label_contains("drawn on other images");
    assert_eq!(*h.state().document(), read(&place));
}

#[test]
fn a_segmentation_is_shown_and_then_taken_over_as_one_step() {
    let (folder, [images, cases]) = with_images();
    let out = folder.path().join("out");
    let [one, _] = two_readers(folder.path());
    let done = Command::new(env!("CARGO_BIN_EXE_spondyl"))
        .args([Path::new("export"), &one, Path::new("--format"), Path::new("seg"), Path::new("-o"), &out])
        .output()
        .expect("runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let mut h = harness(&images, &cases);
    let read_in = |h: &mut Harness<'_, App>, file: &Path| {
        h.key_press_modifiers(Modifiers::COMMAND, Key::L);
        h.run_steps(3);
        h.get_by_label("File to import").type_text(&file.display().to_string());
        h.run_steps(2);
        h.get_by_label("Read").click();
        h.run_steps(2);
        settle(h);
    };
    read_in(&mut h, &out.join("lesions.seg.dcm"));
    h.get_by_label_contains("big at C6");
    assert!(walk(&cases).iter().all(|p| p.extension().is_none_or(|e| e != "spondyl")), "nothing is written before");
    h.get_by_label("Take these lesions").click();
    h.run_steps(3);
    settle(&mut h);
    let d = h.state().document().clone();
    assert_eq!((d.lesions.len(), voxels(&d, "big")), (2, voxels(&read(&one), "big")));
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    assert!(h.state().document().lesions.is_empty(), "one step, one undo");
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run_steps(3);
    // A second time nothing of it fits, and that is said.
    read_in(&mut h, &out.join("lesions.seg.dcm"));
    h.get_by_label_contains("Nothing of it fits");
    assert!(h.query_by_label("Take these lesions").is_none());
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|e| e.path());
    entries.flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}
