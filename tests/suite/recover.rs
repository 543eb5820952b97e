//! `spondyl check` names the first bad entry of a case, `spondyl recover` saves the rest and says what is gone.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn spondyl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("the executable runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The sample's CT, and a case of the first steps of its script.
fn case(folder: &Path) -> (PathBuf, PathBuf) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let (images, case) = (sample.join("ct-sagittal"), folder.join("case.spondyl"));
    let script = fs::read_to_string(sample.join("case.script.jsonl")).expect("there");
    let steps: String = script.lines().take(16).map(|l| format!("{l}\n")).collect();
    fs::write(folder.join("steps.jsonl"), steps).expect("written");
    let [i, c, s] = [&images, &case, &folder.join("steps.jsonl")].map(|p| p.display().to_string());
    let done = spondyl(&["annotate", &i, "--case", &c, "--reader", "reader-1", "--script", &s, "--quiet"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    (images, case)
}

#[test]
fn a_damaged_case_is_named_saved_and_nothing_is_hidden() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, path) = case(folder.path());
    let whole = fs::read(&path).expect("there");
    let mut lines: Vec<Vec<u8>> = whole.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let image = lines.iter().position(|l| text(l).contains("\"what\":\"image\"")).expect("the series");
    let last = lines.len() - 2;
    for n in [image, last] {
        let middle = lines[n].len() / 2;
        lines[n][middle] ^= 1;
    }
    let damaged = lines.concat();
    fs::write(&path, &damaged).expect("written");
    let [from, to, again, images] =
        [path.clone(), folder.path().join("new.spondyl"), folder.path().join("again.spondyl"), images]
            .map(|p| p.display().to_string());

    let checked = spondyl(&["check", &from]);
    assert_eq!(checked.status.code(), Some(1));
    let said = text(&checked.stderr);
    assert!(said.contains(&format!("line {} is damaged", image + 1)) && said.contains("spondyl recover"), "{said}");

    // The entry of the series is gone; the images bring it back.
    let done = spondyl(&["recover", &from, "-o", &to, "--images", &images]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let said = text(&done.stdout);
    for n in [image, last] {
        assert!(said.contains(&format!("lost: line {}: its checksum", n + 1)), "{said}");
    }
    assert!(said.contains("note: series") && said.contains("was taken from the images"), "{said}");
    assert!(spondyl(&["check", &to]).status.success());
    let out = folder.path().join("out.json").display().to_string();
    let exported = spondyl(&["export", &to, "--images", &images, "--format", "json", "-o", &out]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let json: Value = serde_json::from_slice(&fs::read(&out).expect("there")).expect("JSON");
    assert!(json["annotation_sets"][0]["vertebrae"].as_array().is_some_and(|v| !v.is_empty()));

    assert_eq!(fs::read(&path).expect("there"), damaged, "the damaged file is as it was");
    assert_eq!(spondyl(&["recover", &from, "-o", &to]).status.code(), Some(1), "nothing is overwritten");
    assert_eq!(spondyl(&["recover", &from]).status.code(), Some(2), "the new file must be named");

    // What is sound is copied byte for byte.
    let copied = spondyl(&["recover", &to, "-o", &again]);
    assert!(text(&copied.stdout).contains("nothing is lost"), "{}", text(&copied.stdout));
    assert_eq!(fs::read(&to).expect("there"), fs::read(&again).expect("there"));
}
