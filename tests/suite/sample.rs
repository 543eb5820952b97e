//! The bundled sample: it is what the generator writes, it reads without complaint, and its script finds the truth.

use serde_json::{Value, json};
use spondyl::anatomy::VertebraLevel;
use spondyl::document::{Document, ImageKey};
use spondyl::export::{Case, case_file};
use spondyl::phantom::{LESIONS, SampleCase, Truth, dicom_write::file_name};
use spondyl::session::{Header, Op, ScannedImages, Session};
use spondyl::space::VoxelIndex;
use spondyl::study::{self, Scan};
use spondyl::volume::{Kind, Severity, Volume};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The CT of the sample.
struct Ct {
    key: ImageKey,
    volume: Arc<Volume>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

fn scan() -> Scan {
    study::scan(&[folder()], &())
}

fn ct() -> Ct {
    let scan = scan();
    let series = scan.series.iter().find(|s| s.modality == "CT").expect("the sample has a CT");
    let volume = Arc::new(study::assemble(series, &()).expect("memory for 9 MiB").volume);
    Ct { key: scan.key_of(series), volume }
}

fn case() -> &'static SampleCase {
    static CASE: OnceLock<SampleCase> = OnceLock::new();
    CASE.get_or_init(|| SampleCase::new().expect("constant grids"))
}

fn truth() -> &'static Truth {
    static TRUTH: OnceLock<Truth> = OnceLock::new();
    TRUTH.get_or_init(|| case().truth().expect("constant grids"))
}

fn dice(a: &BTreeSet<u64>, b: &BTreeSet<u64>) -> f64 {
    2.0 * a.intersection(b).count() as f64 / (a.len() + b.len()) as f64
}

/// A new case on the CT, and steps of the script performed in it.
fn replay(steps: &[&str]) -> Document {
    let folder = tempfile::tempdir().expect("a folder");
    let scan = scan();
    let at = scan.series.iter().position(|s| s.modality == "CT").expect("a CT");
    let images = ScannedImages::new(scan, at);
    let (key, identity) = images.primary_identity().expect("there");
    let header = Header::new("reader-1", [&identity]);
    let mut session = Session::create(&folder.path().join("sample.spondyl"), header).expect("a new case").session;
    session.add_image(&key, identity).expect("added");
    for line in steps {
        let op = Op::from_line(line.as_bytes()).unwrap_or_else(|e| panic!("{e}: {line}"));
        session.perform(&op, &images).unwrap_or_else(|e| panic!("{e}: {line}"));
    }
    session.document().clone()
}

/// The case JSON of a document.
fn exported(doc: &Document) -> Value {
    let (volumes, id) = (BTreeMap::new(), uuid::Uuid::from_u128(1));
    let (script, utc) = ("", "");
    let case =
        Case { id, doc, reader: "reader-1", active_seconds: 0.0, volumes: &volumes, script, utc, deidentified: None };
    serde_json::to_value(case_file(&case)).expect("plain data")
}

fn script() -> String {
    std::fs::read_to_string(folder().join("case.script.jsonl")).expect("the sample has a script")
}

#[test]
fn the_bundled_files_are_what_the_generator_writes() {
    for (series, slices) in case().series.iter().zip([&[2, 21][..], &[7], &[3], &[]]) {
        for slice in slices {
            let path = folder().join(series.folder).join(file_name(*slice));
            let bundled = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let made = case().file(series, *slice).expect("encodes");
            assert!(made == bundled, "{} is not what make_sample_data writes now", path.display());
        }
        let files = std::fs::read_dir(folder().join(series.folder)).expect("a folder").count();
        assert_eq!(files, series.geometry.size()[2], "{}", series.folder);
    }
    let text = std::fs::read_to_string(folder().join("truth/truth.json")).expect("the truth");
    assert_eq!(text, truth().to_json().expect("plain"));
    assert_eq!(script(), truth().script().expect("plain"));
}

#[test]
fn the_sample_reads_without_complaint() {
    let scan = scan();
    let skipped: Vec<&str> = scan.skipped.iter().map(|s| s.path.as_str()).collect();
    assert!(skipped.iter().all(|p| !p.ends_with(".dcm")), "{skipped:?}");
    let found: Vec<_> = scan.series.iter().map(|s| (s.modality.as_str(), s.kind, s.size())).collect();
    let expected = case().series.iter().map(|s| {
        let kind = if s.series.in_patient { Kind::Volume } else { Kind::Projection };
        (s.series.modality, kind, s.geometry.size())
    });
    assert_eq!(found.len(), 4);
    for series in expected {
        assert!(found.contains(&series), "{series:?} is missing in {found:?}");
    }
    for series in &scan.series {
        assert!(series.findings.iter().all(|f| f.severity == Severity::Note), "{:?}", series.findings);
    }
    let frames: BTreeSet<&str> =
        scan.series.iter().filter(|s| s.is_located()).map(|s| s.frame_of_reference_uid.as_str()).collect();
    assert_eq!(frames.len(), 1, "CT and MR share a frame of reference");
    let studies: BTreeSet<&str> = scan.series.iter().map(|s| s.study_instance_uid.as_str()).collect();
    assert_eq!(studies.len(), 2, "the radiograph is a later study");
}

#[test]
fn the_script_names_eight_levels_and_finds_every_lesion() {
    let ct = ct();
    let script = script();
    let document = replay(&script.lines().collect::<Vec<_>>());
    let named: Vec<VertebraLevel> = document.vertebrae.keys().copied().collect();
    assert_eq!(named, LESIONS.map(|l| l.level));
    let map = document.masks.get(&ct.key).expect("the CT was painted on");
    for lesion in &truth().lesions {
        let (_, drawn) = document.lesion_by_label(lesion.label).expect("drawn");
        assert_eq!(drawn.vertebra, lesion.level);
        let nearest = document.nearest_vertebra(lesion.centroid_mm).expect("levels are placed").0;
        assert_eq!(nearest, lesion.level, "{} is nearest to its own level", lesion.label);
        let drawn: BTreeSet<u64> = map.voxels_of(drawn.label_value).into_iter().collect();
        let size = ct.volume.size();
        let real: BTreeSet<u64> = lesion.mask.voxels().into_iter().map(|v| v.flat(size) as u64).collect();
        let dice = dice(&drawn, &real);
        println!("{}: {} voxels, {:.0} mm³, Dice {dice:.3}", lesion.label, lesion.voxels, lesion.volume_mm3);
        assert!(dice >= 0.85, "{}: Dice {dice:.3}", lesion.label);
    }
}

#[test]
fn values_in_the_ct_are_those_of_the_tissues() {
    let ct = ct();
    let mean = |voxels: &[VoxelIndex]| voxels.iter().map(|v| ct.volume.value(*v)).sum::<f64>() / voxels.len() as f64;
    for lesion in &truth().lesions {
        let value = mean(&lesion.mask.voxels());
        assert!((30.0..190.0).contains(&value), "{}: {value:.0} HU", lesion.label);
    }
    for level in &truth().levels {
        // Spongy bone to the right of the middle, where no focus lies: more than a lesion, less than cortex.
        if matches!(level.level, VertebraLevel::C6 | VertebraLevel::C3 | VertebraLevel::T1) {
            continue;
        }
        let at = ct.volume.geometry.voxel_from_patient(level.centre_mm.moved([-5.0, 0.0, 0.0].into()));
        let [i, j, k] = at.nearest(ct.volume.size()).expect("inside").0;
        let around: Vec<VoxelIndex> = (0..25).map(|n| VoxelIndex([i + n % 5 - 2, j + n / 5 - 2, k])).collect();
        let value = mean(&around);
        assert!((190.0..420.0).contains(&value), "{}: {value:.0} HU", level.level);
    }
}

#[test]
fn c6_has_lost_more_than_half_of_every_height() {
    let levels = &truth().levels;
    assert!(levels.windows(2).all(|w| w[0].level < w[1].level && w[0].centre_mm.vec().z > w[1].centre_mm.vec().z));
    let heights = |l| levels.iter().find(|t| t.level == l).expect("a level").heights_mm;
    let (above, c6, below) = (heights(VertebraLevel::C5), heights(VertebraLevel::C6), heights(VertebraLevel::C7));
    for n in 0..3 {
        let loss = 1.0 - c6[n] / (0.5 * (above[n] + below[n]));
        assert!(loss > 0.5, "height {n}: {:.0} % lost", 100.0 * loss);
    }
}

/// Steps of the report: everything before the first measurement on the images.
fn reported(script: &str) -> Vec<&str> {
    script.lines().take_while(|l| !l.contains(r#""op":"measure""#)).collect()
}

/// The set of a timepoint.
fn set<'v>(case: &'v Value, timepoint: &str) -> &'v Value {
    let sets = case["annotation_sets"].as_array().expect("sets");
    sets.iter().find(|s| s["timepoint"] == timepoint).unwrap_or_else(|| panic!("no set of {timepoint}"))
}

fn vertebra<'v>(set: &'v Value, level: &str) -> &'v Value {
    let all = set["vertebrae"].as_array().expect("levels");
    all.iter().find(|v| v["level"] == level).unwrap_or_else(|| panic!("no {level}"))
}

#[track_caller]
fn holds(of: &Value, facts: &[(&str, Value)]) {
    for (pointer, fact) in facts {
        let found = of.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer}"));
        assert_eq!(found, fact, "{pointer}");
    }
}

#[test]
fn the_report_alone_gives_every_fact_of_the_case_and_a_score_that_is_a_range() {
    let script = script();
    let case = exported(&replay(&reported(&script)));
    holds(
        &case,
        &[
            ("/subject/sex", json!("M")),
            ("/subject/age_years", json!(45.0)),
            ("/subject/age_conflicts/0", json!({"value": 42.0, "where": "abstract"})),
            ("/subject/age_conflicts/1/value", json!(45.0)),
            ("/primary_tumour/site", json!("left thigh")),
            ("/primary_tumour/code", json!({"scheme": "SCT", "value": "1163022006", "meaning": "Leiomyosarcoma"})),
            ("/primary_tumour/status", json!("resected 8 months before admission")),
            ("/primary_tumour/other_metastases", json!(["lung"])),
            ("/primary_tumour/radiosensitivity", json!("radioresistant (sarcoma)")),
            ("/clinical/tomita_surgical_type", json!(7)),
            ("/clinical/pain/duration_months", json!(5.0)),
            ("/clinical/pain/site", json!("neck, radiating to left arm")),
            ("/clinical/pain/mechanical", Value::Null),
            ("/clinical/pain/unresponsive_to_analgesics", json!(true)),
            ("/clinical/pain/palpation", json!("severe at C6 spinous process")),
            ("/clinical/pain/score_nrs", Value::Null),
            ("/clinical/neurology/deficit", json!("mild hypoesthesia, ulnar side of left upper extremity")),
            ("/clinical/neurology/asia_impairment_scale", Value::Null),
            ("/clinical/neurology/myelopathy", json!("not_assessed")),
            ("/timepoints/0/id", json!("preop")),
            ("/timepoints/1/id", json!("fu12m")),
            ("/timepoints/1/relative_months", json!(12.0)),
            ("/timepoints/2/id", json!("fu13m")),
            ("/timepoints/2/relative_months", json!(13.0)),
            ("/timepoints/2/outcome", json!("mild numbness of the left hand")),
            ("/treatment/chemotherapy", json!("adriamycin 25 mg/m2 days 1-3, six courses every 28 days")),
            ("/treatment/radiotherapy", json!({"total_dose_gy": 50.0, "fractions": 25, "weeks": 5.0})),
            ("/spine_numbering/lstv_castellvi", json!("not_assessed")),
        ],
    );
    let surgery = case["treatment"]["surgery"].as_str().expect("told");
    for part in ["corpectomy", "titanium mesh cage filled with PMMA", "C5 and C7 through screw tract", "screws"] {
        assert!(surgery.contains(part), "{part}");
    }
    let before = set(&case, "preop");
    for (level, verse, sct, location, range) in [
        ("C2", 2, "39976000", 3, (5, 18)),
        ("C3", 3, "113205007", 2, (4, 17)),
        ("C4", 4, "5329002", 2, (4, 17)),
        ("C5", 5, "36978003", 2, (4, 17)),
        ("C6", 6, "36054005", 2, (7, 17)),
        ("C7", 7, "87391001", 3, (5, 18)),
        ("T1", 8, "64864005", 3, (5, 18)),
        ("T2", 9, "53733008", 3, (5, 18)),
    ] {
        let v = vertebra(before, level);
        let extent = if level == "C6" { "total_body_destruction" } else { "small_focal" };
        holds(
            v,
            &[
                ("/verse_id", json!(verse)),
                ("/code/value", json!(sct)),
                ("/status", json!("involved")),
                ("/lesions/0/type", json!("lytic")),
                ("/lesions/0/type_code/value", json!("LYTIC")),
                ("/lesions/0/nature", json!("metastasis")),
                ("/lesions/0/nature_code/value", json!("14799000")),
                ("/lesions/0/extent", json!(extent)),
                ("/lesions/0/margin", json!("not_assessed")),
                ("/lesions/0/cortical_breach", json!("not_assessed")),
                ("/lesions/0/soft_tissue_component", json!("not_assessed")),
                ("/lesions/0/mr/t1_vs_normal_marrow", json!("hypointense")),
                ("/lesions/0/mr/t2", json!("hyperintense")),
                ("/lesions/0/mr/stir", json!("not_assessed")),
                ("/lesions/0/recist_role", json!("non_target")),
                ("/lesions/0/recist_measurable", Value::Null),
                ("/sins/components/location/points", json!(location)),
                ("/sins/components/bone_lesion/points", json!(2)),
                ("/sins/components/alignment/possible", json!([0, 2, 4])),
                ("/sins/components/posterolateral/possible", json!([0, 1, 3])),
                ("/sins/total", Value::Null),
                ("/sins/total_min", json!(range.0)),
                ("/sins/total_max", json!(range.1)),
            ],
        );
        assert_eq!(v["lesions"].as_array().map(Vec::len), Some(1), "{level}");
        assert_eq!(v["lesions"][0]["evidence"].as_array().map(Vec::len), Some(2), "{level}");
        assert!(v["lesions"][0]["geometry"]["mask"].is_object(), "{level} is drawn");
    }
    holds(
        vertebra(before, "C6"),
        &[
            ("/fracture/present", json!("present")),
            ("/fracture/pathological", json!("present")),
            ("/fracture/collapse_percent", Value::Null),
            ("/cord_compression", json!("present")),
            ("/csf_visible", json!("not_assessed")),
            ("/epidural/escc_grade", Value::Null),
            ("/epidural/escc_possible", json!(["2", "3"])),
            ("/epidural/code/value", json!("71286001")),
            ("/lesions/0/sites", json!(["body"])),
            ("/lesions/0/histology/confirmed", json!(true)),
            ("/lesions/0/histology_code/value", json!("1163022006")),
            (
                "/lesions/0/histology/ihc",
                json!({"desmin": "positive", "SMA": "positive", "S-100": "negative", "CD34": "negative", "CD56": "negative"}),
            ),
            ("/sins/components/pain/possible", json!([1, 3])),
            ("/sins/components/collapse/possible", json!([2, 3])),
            ("/sins/categories_possible", json!(["potentially_unstable", "unstable"])),
            ("/sins/surgical_consult_advised", json!(true)),
        ],
    );
    after_a_year(&case);
}

/// The radiograph: cage and cement in place of C6, cement and screws in C5 and C7, no failure, no leak.
fn after_a_year(case: &Value) {
    let later = set(case, "fu12m");
    let images: Vec<&Value> =
        case["images"].as_array().expect("images").iter().filter(|i| i["timepoint"] == "fu12m").collect();
    assert_eq!((images.len(), &images[0]["modality"]), (1, &json!("DX")));
    for level in ["C5", "C6", "C7"] {
        let v = vertebra(later, level);
        holds(
            v,
            &[
                ("/status", json!("post_operative")),
                ("/postoperative/cement", json!("present")),
                ("/postoperative/fixation_failure", json!("absent")),
                ("/postoperative/cement_leakage", json!("absent")),
                ("/postoperative/subsidence_mm", Value::Null),
                ("/evidence/0/image", images[0]["id"].clone()),
            ],
        );
        assert_eq!(v["lesions"], json!([]), "{level}");
        let removed = if level == "C6" { "present" } else { "absent" };
        assert_eq!(v["postoperative"]["corpectomy"], removed, "{level}");
    }
    holds(
        vertebra(later, "C6"),
        &[
            ("/postoperative/cage", json!("present")),
            ("/postoperative/cage_material", json!("titanium mesh")),
            ("/sins_not_scored", json!("body_removed")),
        ],
    );
    let change = &case["changes"][0];
    assert_eq!((&change["from"], &change["to"]), (&json!("preop"), &json!("fu12m")));
    let c6 = change["levels"].as_array().expect("levels").iter().find(|c| c["level"] == "C6").expect("C6");
    let gone = ["corpectomy", "cage", "cement", "plate or rods", "no fixation failure", "no cement leakage"];
    assert_eq!(c6["after"]["after_surgery"], json!(gone));
    assert_eq!((&c6["before"]["lesions"], &c6["after"]["lesions"]), (&json!(1), &json!(0)));
}

#[test]
fn the_images_complete_the_score_up_to_the_pain_that_cannot_be_drawn() {
    let script = script();
    let steps: Vec<&str> = script.lines().collect();
    let case = exported(&replay(&steps));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("case.json");
    std::fs::write(&path, case.to_string()).expect("written");
    let checked = spondyl::export::check_case_json(&path).expect("read");
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let c6 = vertebra(set(&case, "preop"), "C6");
    let points = |part: &str| c6["sins"]["components"][part]["possible"].clone();
    assert_eq!(points("collapse"), json!([3]), "from the end plates of C5, C6, C7");
    assert_eq!(
        (points("posterolateral"), points("alignment"), points("pain")),
        (json!([1]), json!([2]), json!([1, 3]))
    );
    holds(
        c6,
        &[
            ("/sins/total_min", json!(11)),
            ("/sins/total_max", json!(13)),
            ("/sins/components/collapse/from_heights", json!(["C6", "C5", "C7"])),
            ("/sins/components/posterolateral/from_lesions", json!(["c6"])),
            ("/status", json!("destroyed")),
            ("/fracture/genant_extrapolated", json!(true)),
            ("/epidural/escc_grade", json!("2")),
            ("/epidural/surrogate_without_mr", json!(true)),
            ("/canal/canal_reference_levels", json!(["C5", "C7"])),
            ("/lesions/0/recist_measurable", json!(true)),
        ],
    );
    let truth = truth();
    let diameter = |l, of: fn(&spondyl::phantom::LevelTruth) -> [spondyl::space::PatientPoint; 2]| {
        let [a, b] = of(truth.levels.iter().find(|t| t.level == l).expect("a level"));
        a.distance_mm(b)
    };
    use VertebraLevel::{C5, C6, C7};
    for (figure, of) in [
        ("canal_compromise_percent", (|t| t.canal_ap_mm) as fn(&spondyl::phantom::LevelTruth) -> _),
        ("cord_compression_percent", |t| t.cord_ap_mm),
    ] {
        let expected = 100.0 * (1.0 - diameter(C6, of) / (0.5 * (diameter(C5, of) + diameter(C7, of))));
        let found = c6["canal"][figure].as_f64().expect("drawn");
        assert!(expected > 20.0 && (found - expected).abs() < 2.0, "{figure}: {found} beside {expected}");
    }
    // The radiograph's heights, magnified alike, keep their proportions.
    let later = vertebra(set(&case, "fu12m"), "C5");
    let ratio = later["morphometry"]["wedge_ratio"].as_f64().expect("measured");
    assert!((0.7..1.3).contains(&ratio), "{ratio}");
}
