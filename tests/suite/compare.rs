//! Two readers' files through the executable: what `compare` prints, held against counting.

use serde_json::{Value, json};
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const SIZE: [usize; 3] = [40, 36, 14];

fn grid() -> Geometry {
    let origin = PatientPoint::new(-14.0, -8.0, 100.0).expect("finite");
    Geometry::regular(origin, [DVec3::X * 0.8, DVec3::Y * 0.9, DVec3::new(0.0, 0.6, 2.4)], SIZE).expect("spans space")
}

fn ball(centre: [f64; 3], radius_mm: f64) -> BTreeSet<usize> {
    let centre = DVec3::from_array(centre);
    let near = |f: &usize| {
        let at = VoxelIndex::from_flat(*f, SIZE).center();
        grid().patient_from_voxel(at).vec().distance(centre) <= radius_mm
    };
    (0..SIZE.iter().product::<usize>()).filter(near).collect()
}

fn spondyl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("the executable runs")
}

fn done(args: &[&str]) -> Vec<u8> {
    let output = spondyl(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().expect("temporary folder") };
        let samples = vec![40i16; SIZE.iter().product()];
        write_ct_series(&bench.path("series"), &grid(), &samples, "compare-test").expect("written");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    /// A case in which each of `balls` is a lesion at a level.
    fn read(&self, case: &str, reader: &str, balls: &[(&str, &str, [f64; 3], f64)], levels: &[&str]) {
        let mut steps = Vec::new();
        for (n, level) in levels.iter().enumerate() {
            steps.push(json!({"op": "label_vertebra", "level": level, "at_mm": [0.0, 8.0, 130.0 - 12.0 * n as f64]}));
        }
        for (label, level, centre, radius) in balls {
            steps.push(json!({"op": "add_lesion", "lesion": label, "vertebra": level, "kind": "lytic"}));
            steps.push(json!({"op": "brush", "lesion": label, "plane": "axial", "path_mm": [centre],
                "radius_mm": radius, "tip": "sphere", "mode": "paint", "range": null}));
        }
        let script: String = steps.iter().map(|s| format!("{s}\n")).collect();
        fs::create_dir_all(self.path(case).parent().expect("a folder")).expect("made");
        fs::write(self.path("steps.jsonl"), script).expect("written");
        let [images, case, script] = ["series", case, "steps.jsonl"].map(|n| self.text(n));
        done(&["annotate", &images, "--case", &case, "--reader", reader, "--script", &script]);
    }
}

fn near(found: &Value, expected: f64) {
    let value = found.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() < 1e-9, "{found} is not {expected}");
}

const A: (&str, &str, [f64; 3], f64) = ("a", "C6", [0.0, 8.0, 118.0], 6.0);
const MOVED: (&str, &str, [f64; 3], f64) = ("mine", "C6", [1.5, 8.0, 118.0], 6.5);
const ELSEWHERE: (&str, &str, [f64; 3], f64) = ("b", "C7", [8.0, 14.0, 106.0], 3.0);

#[test]
fn two_readers_are_compared_as_counting_says() {
    let bench = Bench::new();
    bench.read("one.spondyl", "reader-1", &[A], &["C5", "C6", "C7"]);
    bench.read("two.spondyl", "reader-2", &[MOVED, ELSEWHERE], &["C5", "C6", "C7"]);
    let [one, two, out] = ["one.spondyl", "two.spondyl", "out"].map(|n| bench.text(n));
    let printed = done(&["compare", &one, &two, "--json", "-o", &out, "--tau-mm", "0.5,3"]);
    let c: Value = serde_json::from_slice(&printed).expect("JSON");

    let (a, b) = (ball(A.2, A.3), ball(MOVED.2, MOVED.3));
    let both = a.intersection(&b).count() as f64;
    let case = &c["cases"][0];
    let o = &case["matches"][0]["overlap"];
    assert_eq!((o["voxels_a"].as_u64(), o["voxels_b"].as_u64()), (Some(a.len() as u64), Some(b.len() as u64)));
    near(&o["dice"], 2.0 * both / (a.len() + b.len()) as f64);
    near(&o["iou"], both / a.union(&b).count() as f64);
    near(&o["volume_a_mm3"], a.len() as f64 * 0.8 * 0.9 * 2.4);
    assert_eq!(o["surface_dice"][1]["tau_mm"], 3.0);
    near(&o["surface_dice"][1]["value"], 1.0);
    assert_eq!((&case["only_a"], &case["only_b"][0]["label"]), (&json!([]), &json!("b")));
    let d = &c["pairs"][0]["detection"][0];
    assert_eq!((&d["tp"], &d["fp"], &d["fn"]), (&json!(1), &json!(1), &json!(0)));
    near(&d["f1"], 2.0 / 3.0);
    // C5: both absent, C6: both present, C7: only the second.
    let presence = &c["presence"];
    assert_eq!(presence["items"], 3);
    near(&presence["pairs"][0]["agreement"], 2.0 / 3.0);
    near(&presence["pairs"][0]["positive_agreement"], 2.0 / 3.0);
    assert_eq!(fs::read(bench.path("out/agreement.json")).expect("there"), printed);

    let page = fs::read_to_string(bench.path("out/agreement.html")).expect("there");
    assert!(page.starts_with("<!doctype html>") && !page.contains("<script") && !page.contains("http"), "offline");
    let lesions = fs::read_to_string(bench.path("out/agreement_lesions.csv")).expect("there");
    assert_eq!(lesions.lines().count(), 3, "{lesions}");
    assert!(
        fs::read_to_string(bench.path("out/agreement_levels.csv")).expect("there").contains("case,C7,lesion_present")
    );
    let again = done(&["compare", &one, &two, "--json", "--tau-mm", "0.5,3"]);
    assert_eq!(again, printed, "the same files, the same bytes");
}

#[test]
fn a_case_agrees_with_its_own_exports() {
    let bench = Bench::new();
    bench.read("one.spondyl", "reader-1", &[A, ELSEWHERE], &["C6", "C7"]);
    let [case, images, to] = ["one.spondyl", "series", "export"].map(|n| bench.text(n));
    done(&["export", &case, "--images", &images, "--format", "json,nifti", "-o", &to]);
    let [json, nifti] = ["export/case.json", "export/lesions.nii.gz"].map(|n| bench.text(n));
    let printed = done(&["compare", &case, &json, &nifti, "--reference", "--json"]);
    let c: Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!(c["readers"], json!(["reader-1", "reader-1 (2)", "lesions"]));
    assert_eq!(c["pairs"].as_array().map(Vec::len), Some(2));
    for pair in c["cases"].as_array().expect("a list") {
        near(&pair["whole"]["dice"], 1.0);
        near(&pair["whole"]["hd_mm"], 0.0);
        assert_eq!(pair["matches"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn folders_are_paired_by_name_and_one_bad_file_costs_only_its_case() {
    let bench = Bench::new();
    for (case, ball) in [("x", A), ("y", ELSEWHERE)] {
        bench.read(&format!("r1/{case}.spondyl"), "reader-1", &[ball], &["C6", "C7"]);
        bench.read(&format!("r2/{case}.spondyl"), "reader-2", &[ball], &["C6", "C7"]);
    }
    fs::write(bench.path("r1/z.json"), "{").expect("written");
    fs::copy(bench.path("r2/y.spondyl"), bench.path("r2/z.spondyl")).expect("copied");
    fs::write(bench.path("r2/alone.json"), "{}").expect("written");
    let [one, two] = ["r1", "r2"].map(|n| bench.text(n));
    let printed = done(&["compare", &one, &two, "--json"]);
    let c: Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!((&c["pairs"][0]["cases"], &c["readers"]), (&json!(2), &json!(["reader-1", "reader-2"])));
    near(&c["pairs"][0]["lesions"]["dice"]["value"], 1.0);
    let notes = c["notes"].to_string();
    assert!(notes.contains("alone") && notes.contains("z.json"), "{notes}");
}

#[test]
fn what_cannot_be_compared_is_refused_in_a_sentence() {
    let bench = Bench::new();
    bench.read("one.spondyl", "reader-1", &[A], &["C6"]);
    let one = bench.text("one.spondyl");
    for (other, why) in [("none.json", "no such file"), ("series/slice-0001.dcm", "expected a segmentation")] {
        let output = spondyl(&["compare", &one, &bench.text(other)]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(why), "{said}");
    }
    assert_eq!(spondyl(&["compare", &one]).status.code(), Some(2));
    assert_eq!(spondyl(&["compare", &one, &one, "--tau-mm", "-1"]).status.code(), Some(2));
}
