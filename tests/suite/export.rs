//! From files to exports through the executable: a tilted synthetic series, a script, and every format held against what
//! the formulas say.

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SIZE: [usize; 3] = [40, 36, 14];
const CENTRE: [f64; 3] = [2.0, 9.0, 117.0];
const RADIUS_MM: f64 = 7.3;

fn grid() -> Geometry {
    let origin = PatientPoint::new(-14.0, -8.0, 100.0).expect("finite");
    let steps = [DVec3::X * 0.8, DVec3::Y * 0.9, DVec3::new(0.0, 0.6, 2.4)];
    Geometry::regular(origin, steps, SIZE).expect("spans space")
}

fn hu(at: [usize; 3]) -> i16 {
    (at[0] * 13 + at[1] * 7) as i16 - 50 * at[2] as i16
}

fn voxels() -> impl Iterator<Item = [usize; 3]> {
    (0..SIZE[0] * SIZE[1] * SIZE[2]).map(|f| VoxelIndex::from_flat(f, SIZE).0)
}

/// The voxels of a sphere brush, by the rule of the voxel centres.
fn painted() -> Vec<[usize; 3]> {
    let centre = DVec3::from_array(CENTRE);
    let inside =
        |at: &[usize; 3]| grid().patient_from_voxel(VoxelIndex(*at).center()).vec().distance(centre) <= RADIUS_MM;
    voxels().filter(inside).collect()
}

fn spondyl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("the executable runs")
}

fn done(args: &[&str]) -> Output {
    let output = spondyl(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A folder with the series and a case in which C6 holds a lesion `a` of one sphere.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().expect("temporary folder") };
        let samples: Vec<i16> = voxels().map(hu).collect();
        write_ct_series(&bench.path("series"), &grid(), &samples, "export-test").expect("written");
        let heights = json!({
            "sup_ant": [2, 4, 120], "sup_mid": [2, 9, 119], "sup_post": [2, 14, 121],
            "inf_ant": [2, 4, 114], "inf_mid": [2, 9, 114], "inf_post": [2, 14, 112],
        });
        let steps = [
            json!({"op": "label_vertebra", "level": "C6", "at_mm": CENTRE}),
            json!({"op": "add_lesion", "lesion": "gone", "vertebra": "C6", "kind": "mixed"}),
            json!({"op": "add_lesion", "lesion": "a", "vertebra": "C6", "kind": "lytic"}),
            json!({"op": "brush", "lesion": "a", "plane": "axial", "path_mm": [CENTRE], "radius_mm": RADIUS_MM,
                   "tip": "sphere", "mode": "paint", "range": null}),
            json!({"op": "heights", "level": "C6", "points_mm": heights}),
            json!({"op": "set", "target": {"lesion": "a"}, "field": "margin", "value": "permeative_3"}),
            json!({"op": "set", "target": {"vertebra": "C6"}, "field": "cord_compression", "value": "present"}),
            json!({"op": "delete_lesion", "lesion": "gone"}),
        ];
        let script: String = steps.iter().map(|s| format!("{s}\n")).collect();
        fs::write(bench.path("steps.jsonl"), script).expect("written");
        bench.annotate("case.spondyl", "reader-1", "steps.jsonl");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    fn annotate(&self, case: &str, reader: &str, script: &str) {
        let [images, case, script] = ["series", case, script].map(|n| self.text(n));
        done(&["annotate", &images, "--case", &case, "--reader", reader, "--script", &script]);
    }

    fn export(&self, case: &str, formats: &str, to: &str) -> Output {
        let [case, images, to] = [case, "series", to].map(|n| self.text(n));
        spondyl(&["export", &case, "--images", &images, "--format", formats, "-o", &to])
    }
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("there")).expect("JSON")
}

/// Flat indices of a mask's runs: skip, fill, skip, fill over its box.
fn voxels_of(mask: &Value) -> Vec<usize> {
    let three = |v: &Value| -> [usize; 3] {
        let n: Vec<usize> = v.as_array().expect("a list").iter().map(|n| n.as_u64().expect("whole") as usize).collect();
        n.try_into().expect("three")
    };
    let (origin, size) = (three(&mask["origin_ijk"]), three(&mask["size_ijk"]));
    let (mut flat, mut at, mut fill) = (Vec::new(), 0, false);
    for run in mask["runs"].as_array().expect("a list") {
        let run = run.as_u64().expect("whole") as usize;
        let cells = (at..at + run).filter(|_| fill).map(|n| VoxelIndex::from_flat(n, size).0);
        flat.extend(cells.map(|c| VoxelIndex(std::array::from_fn(|a| origin[a] + c[a])).flat(SIZE)));
        (at, fill) = (at + run, !fill);
    }
    flat
}

#[test]
fn every_format_says_what_was_painted() {
    let bench = Bench::new();
    assert!(bench.export("case.spondyl", "json,nifti,csv,script", "out").status.success());
    let expected = painted();
    let flat: Vec<usize> = expected.iter().map(|at| VoxelIndex(*at).flat(SIZE)).collect();

    let case = json_of(&bench.path("out/case.json"));
    let vertebra = &case["annotation_sets"][0]["vertebrae"][0];
    let lesion = &vertebra["lesions"][0];
    assert_eq!(
        (&lesion["label"], &lesion["label_value"], &lesion["margin"]),
        (&json!("a"), &json!(1), &json!("permeative_3"))
    );
    assert_eq!(voxels_of(&lesion["geometry"]["mask"]), flat);
    let figure = |name: &str| lesion["measurements"][name].as_f64().expect("a number");
    let values: Vec<f64> = expected.iter().map(|at| f64::from(hu(*at))).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    for (name, value) in [("mean", mean), ("sd", sd), ("volume_mm3", n * 0.8 * 0.9 * 2.4), ("voxels", n)] {
        assert!((figure(name) - value).abs() < 1e-5, "{name}: {} against {value}", figure(name));
    }
    assert_eq!(vertebra["morphometry"]["ha_mm"], json!(6.0));
    assert_eq!(vertebra["epidural"]["escc_possible"], json!(["2", "3"]));
    let (min, max) = (&vertebra["sins"]["total_min"], &vertebra["sins"]["total_max"]);
    assert_eq!(
        (min, max, &vertebra["sins"]["total"]),
        (&json!(6), &json!(16), &Value::Null),
        "collapse of a third is 2"
    );

    let mut nifti = Vec::new();
    let file = fs::File::open(bench.path("out/lesions.nii.gz")).expect("there");
    GzDecoder::new(file).read_to_end(&mut nifti).expect("gzip");
    let labels = nifti[352..].chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    assert!(labels.enumerate().filter(|(_, v)| *v == 1).map(|(f, _)| f).eq(flat));

    let mut rows = csv::Reader::from_path(bench.path("out/lesions.csv")).expect("there");
    let row: BTreeMap<String, String> = rows.deserialize().next().expect("one row").expect("well formed");
    assert_eq!(row["volume_mm3"].parse().ok(), lesion["measurements"]["volume_mm3"].as_f64());
    assert_eq!((row["level"].as_str(), row["reader"].as_str()), ("C6", "reader-1"));
}

#[test]
fn exports_are_sound_the_same_every_time_and_rebuild_the_case() {
    let bench = Bench::new();
    assert!(bench.export("case.spondyl", "json,nifti,csv", "one").status.success());
    assert!(bench.export("case.spondyl", "json,nifti,csv", "two").status.success());
    for name in ["case.json", "lesions.nii.gz", "lesions.csv", "vertebrae.csv", "measurements.csv"] {
        let bytes = |folder: &str| fs::read(bench.path(folder).join(name)).expect("there");
        assert_eq!(bytes("one"), bytes("two"), "{name}");
    }
    done(&["check", &bench.text("one/case.json")]);
    done(&["check", &bench.text("case.spondyl")]);

    for _ in 0..2 {
        assert!(bench.export("case.spondyl", "script", "script.jsonl").status.success(), "again over its own");
    }
    fs::write(
        bench.path("mine.jsonl"),
        "{\"op\":\"undo\"}
",
    )
    .expect("written");
    assert_eq!(bench.export("case.spondyl", "script", "mine.jsonl").status.code(), Some(1), "another script stays");
    bench.annotate("again.spondyl", "reader-1", "script.jsonl");
    assert!(bench.export("again.spondyl", "json", "again.json").status.success());
    let said = |name: &str| {
        let lesion = json_of(&bench.path(name))["annotation_sets"][0]["vertebrae"][0]["lesions"][0].clone();
        (lesion["geometry"]["mask"].clone(), lesion["margin"].clone(), lesion["type"].clone())
    };
    assert_eq!(said("one/case.json"), said("again.json"));
}

#[test]
fn what_belongs_to_another_reader_stays_and_damage_is_named_by_its_pointer() {
    let bench = Bench::new();
    assert!(bench.export("case.spondyl", "json", "out").status.success());
    let before = fs::read(bench.path("out/case.json")).expect("there");
    bench.annotate("other.spondyl", "reader-2", "steps.jsonl");
    let refused = bench.export("other.spondyl", "json", "out");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"));
    assert_eq!(fs::read(bench.path("out/case.json")).expect("there"), before);

    let mut broken = json_of(&bench.path("out/case.json"));
    broken["annotation_sets"][0]["vertebrae"][0]["level"] = json!("C99");
    fs::write(bench.path("broken.json"), broken.to_string()).expect("written");
    let checked = spondyl(&["check", &bench.text("broken.json")]);
    assert_eq!(checked.status.code(), Some(1));
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(text.contains("/annotation_sets/0/vertebrae/0/level: is \"C99\""), "{text}");
}

#[test]
fn other_images_are_refused() {
    let bench = Bench::new();
    let samples: Vec<i16> = voxels().map(hu).collect();
    write_ct_series(&bench.path("other"), &grid(), &samples, "another series").expect("written");
    let [case, images, to] = ["case.spondyl", "other", "out"].map(|n| bench.text(n));
    let refused = spondyl(&["export", &case, "--images", &images, "--format", "json", "-o", &to]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("SeriesInstanceUID (0020,000E)"));
    assert!(!bench.path("out").exists(), "nothing is written");
}
