//! Through the executable: drawings leave in every format that is read, and come back into a new case voxel for voxel; what
//! does not fit is said and changes nothing.

use serde_json::{Value, json};
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::space::{DVec3, Geometry, PatientPoint};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const SIZE: [usize; 3] = [41, 37, 12];

fn grid() -> Geometry {
    let origin = PatientPoint::new(-14.0, -8.0, 100.0).expect("finite");
    let steps = [DVec3::X * 0.8, DVec3::Y * 0.9, DVec3::new(0.0, 0.6, 2.4)];
    Geometry::regular(origin, steps, SIZE).expect("spans space")
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().expect("temporary folder") };
        write_ct_series(&bench.path("series"), &grid(), &vec![40; SIZE.iter().product()], "exchange").expect("written");
        let other = Geometry::regular(grid().origin(), [DVec3::X, DVec3::Y, DVec3::Z * 3.0], [20, 20, 9]);
        let other = other.expect("spans space");
        write_ct_series(&bench.path("other"), &other, &[40; 20 * 20 * 9], "elsewhere").expect("written");
        let ball = |lesion: &str, at: [f64; 3], mode: &str, radius: f64| {
            json!({"op": "brush", "lesion": lesion, "plane": "axial", "path_mm": [at], "radius_mm": radius,
                   "tip": "sphere", "mode": mode, "range": null})
        };
        let steps = [
            json!({"op": "label_vertebra", "level": "C6", "at_mm": [2.0, 9.0, 117.0]}),
            json!({"op": "add_lesion", "lesion": "a", "vertebra": "C6", "kind": "lytic"}),
            ball("a", [2.0, 9.0, 113.0], "paint", 6.3),
            ball("a", [2.0, 9.0, 113.0], "erase", 2.0),
            json!({"op": "add_lesion", "lesion": "b", "vertebra": "C7", "kind": "mixed"}),
            ball("b", [10.0, 16.0, 108.0], "paint", 3.1),
        ];
        let script: String = steps.iter().map(|s| format!("{s}\n")).collect();
        fs::write(bench.path("steps.jsonl"), script).expect("written");
        let made =
            bench.run(&["annotate", "series", "--case", "a.spondyl", "--reader", "r", "--script", "steps.jsonl"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_spondyl");
        Command::new(program).current_dir(self.folder.path()).args(args).output().expect("the executable runs")
    }

    fn export(&self, case: &str, formats: &str, to: &str) {
        // A folder that is there takes also a single format in as a file of its usual name.
        fs::create_dir_all(self.path(to)).expect("made");
        let done = self.run(&["export", case, "--images", "series", "--format", formats, "-o", to]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Lesions of a case by label: mask, level, id.
    fn lesions(&self, folder: &str) -> Vec<(String, Value, String, String)> {
        let text = fs::read(self.path(folder).join("case.json")).expect("exported");
        let case: Value = serde_json::from_slice(&text).expect("JSON");
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let mut all = Vec::new();
        for v in case["annotation_sets"][0]["vertebrae"].as_array().into_iter().flatten() {
            for l in v["lesions"].as_array().into_iter().flatten() {
                all.push((text(&l["label"]), l["geometry"]["mask"].clone(), text(&v["level"]), text(&l["id"])));
            }
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

#[test]
fn drawings_come_back_from_every_format_that_is_read() {
    let bench = Bench::new();
    bench.export("a.spondyl", "json,seg,rtstruct,nifti", "out");
    let before = bench.lesions("out");
    assert_eq!(before.len(), 2);
    for file in ["case.json", "lesions.seg.dcm", "lesions.rtstruct.dcm"] {
        let (case, back, file) = (format!("{file}.spondyl"), format!("back-{file}"), format!("out/{file}"));
        let done = bench.run(&["import", &file, "--images", "series", "--case", &case, "--reader", "r"]);
        assert!(done.status.success(), "{file}: {}", String::from_utf8_lossy(&done.stderr));
        bench.export(&case, "json", &back);
        assert_eq!(bench.lesions(&back), before, "{file}");
    }
    // A label map keeps neither names nor levels: they are asked for, or said.
    let asked =
        bench.run(&["import", "out/lesions.nii.gz", "--images", "series", "--case", "n.spondyl", "--reader", "r"]);
    let why = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(!asked.status.success() && why.contains("--lesions"), "{why}");
    let level = ["--level", "C6"];
    let words = ["import", "out/lesions.nii.gz", "--images", "series", "--case", "n.spondyl", "--reader", "r"];
    assert!(bench.run(&[&words[..], &level].concat()).status.success());
    bench.export("n.spondyl", "json", "back-nifti");
    let masks = |all: Vec<(String, Value, String, String)>| all.into_iter().map(|l| l.1).collect::<Vec<_>>();
    assert_eq!(masks(bench.lesions("back-nifti")), masks(before));
}

#[test]
fn what_belongs_to_other_images_is_said_and_leaves_the_case_as_it_was() {
    let bench = Bench::new();
    bench.export("a.spondyl", "seg", "out");
    let words = ["import", "out/lesions.seg.dcm", "--images", "other", "--case", "o.spondyl", "--reader", "r"];
    let refused = bench.run(&words);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("resampling"), "{why}");
    // Another frame of reference: not even resampled.
    let refused = bench.run(&[&words[..], &["--resample"]].concat());
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("frame of reference"), "{why}");
    assert!(!bench.path("o.spondyl").exists(), "where nothing fits no case is begun");
    // Twice the same: the second time it is there already.
    let again = ["import", "out/lesions.seg.dcm", "--images", "series", "--case", "a.spondyl", "--reader", "r"];
    let refused = bench.run(&again);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("already"), "{why}");
    bench.export("a.spondyl", "json", "same");
    assert_eq!(bench.lesions("same").len(), 2);
}

#[test]
fn the_python_loader_is_printed() {
    let printed = Bench::new().run(&["schema", "--python"]);
    let text = String::from_utf8(printed.stdout).expect("UTF-8");
    assert!(text.contains("def load(path)") && text.lines().count() <= 30);
}
