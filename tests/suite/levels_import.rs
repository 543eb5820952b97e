//! Centres from other programs through the executable, and what is asked where a file leaves something open.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn spondyl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("the executable runs")
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

struct Run {
    folder: tempfile::TempDir,
}

impl Run {
    fn import(&self, file: &Path, images: &Path, more: &[&str]) -> Result<Vec<Value>, String> {
        let case = self.folder.path().join("case.spondyl").display().to_string();
        let (file, images) = (file.display().to_string(), images.display().to_string());
        let mut words = vec!["import", &file, "--images", &images, "--case", &case, "--reader", "r1"];
        words.extend(more);
        let out = spondyl(&words);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        match out.status.success() {
            true => Ok(text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()),
            false => Err(String::from_utf8_lossy(&out.stderr).into_owned()),
        }
    }
}

/// The sample's centres as VerSe would keep them: voxels of an image whose axes run backwards and to the right.
fn centroids(label_of: impl Fn(usize) -> u64) -> (Value, Vec<[f64; 3]>) {
    let truth: Value =
        serde_json::from_slice(&fs::read(sample().join("truth/truth.json")).expect("there")).expect("JSON");
    let g = &truth["geometry"];
    let number = |v: &Value| v.as_f64().expect("a number");
    let origin: Vec<f64> = g["origin_mm"].as_array().expect("three").iter().map(number).collect();
    let mut list = vec![json!({"direction": ["A", "I", "R"]})];
    let mut centres = Vec::new();
    for (n, level) in truth["levels"].as_array().expect("levels").iter().enumerate() {
        let c: Vec<f64> = level["centre_mm"].as_array().expect("three").iter().map(number).collect();
        // The grid: columns 0.6 mm backward, rows 0.6 mm to the feet, slices 1.5 mm to the right.
        let voxel = [(c[1] - origin[1]) / 0.6, (origin[2] - c[2]) / 0.6, (origin[0] - c[0]) / 1.5];
        list.push(json!({"label": label_of(n), "X": 287.0 - voxel[0], "Y": voxel[1], "Z": voxel[2]}));
        centres.push([c[0], c[1], c[2]]);
    }
    (Value::Array(list), centres)
}

#[test]
fn verse_centroids_come_to_their_places_as_one_step() {
    let run = Run { folder: tempfile::tempdir().expect("a folder") };
    let (list, centres) = centroids(|n| n as u64 + 2);
    let file = run.folder.path().join("sub_ctd.json");
    fs::write(&file, list.to_string()).expect("written");
    let levels = run.import(&file, &sample().join("ct-sagittal"), &[]).expect("read");
    let names: Vec<&str> = levels.iter().filter_map(|l| l["level"].as_str()).collect();
    assert_eq!(names, ["C2", "C3", "C4", "C5", "C6", "C7", "T1", "T2"]);
    for (level, centre) in levels.iter().zip(&centres) {
        for axis in 0..3 {
            let at = level["at_mm"][axis].as_f64().expect("a number");
            assert!((at - centre[axis]).abs() < 1e-6, "{level} beside {centre:?}");
        }
    }
    let edits: std::collections::BTreeSet<_> = levels.iter().map(|l| l["edit"].as_u64()).collect();
    assert_eq!(edits.len(), 1, "one step");
}

#[test]
fn label_25_is_asked_for_and_answered() {
    let run = Run { folder: tempfile::tempdir().expect("a folder") };
    let (list, _) = centroids(|n| if n == 7 { 25 } else { n as u64 + 17 });
    let file = run.folder.path().join("sub_ctd.json");
    fs::write(&file, list.to_string()).expect("written");
    let images = sample().join("ct-sagittal");
    let why = run.import(&file, &images, &[]).expect_err("asked");
    assert!(why.contains("L6") && why.contains("S1") && why.contains("--label-25"), "{why}");
    assert!(!run.folder.path().join("case.spondyl").exists(), "nothing was begun");
    let levels = run.import(&file, &images, &["--label-25", "S1"]).expect("answered");
    assert_eq!(levels.last().expect("levels")["level"], "S1");
}

/// A real label map with its CT, where the data are beside the repository: its own table names the structures, each whole
/// vertebra's centre is a body's height from the next, and the one that the image cuts is said.
#[test]
fn a_segmentation_names_its_levels_itself() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/spine-ct-lumbar-totalseg");
    if !data.is_dir() {
        return;
    }
    let run = Run { folder: tempfile::tempdir().expect("a folder") };
    let (mask, images) = (data.join("nifti/totalseg.nii.gz"), data.join("dicom-axial"));
    let levels = run.import(&mask, &images, &[]).expect("named");
    let names: Vec<&str> = levels.iter().filter_map(|l| l["level"].as_str()).collect();
    assert_eq!(names, ["T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1"]);
    let z: Vec<f64> = levels.iter().skip(1).filter_map(|l| l["at_mm"][2].as_f64()).collect();
    assert!(z.windows(2).all(|w| (15.0..50.0).contains(&(w[0] - w[1]))), "{z:?}");
}
