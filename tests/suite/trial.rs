//! Reading studies through the executable and the window: two readers with scripts of their own, hidden repeats, a broken
//! file, the data set, and agreement between and within readers.

use super::window::{key, settle};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use serde_json::{Value, json};
use spondyl::app::App;
use spondyl::document::Answer;
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::session::{Access, Session};
use spondyl::trial::{Trial, reading_path, worklist};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const STUDY: &str = r#"
title = "Two readers"
seed = 7
readers = ["anna", "berta"]
repeats = 1

[[cases]]
id = "case-1"
images = "images/Mueller-Hans-1"
[[cases]]
id = "case-2"
images = "images/Meier-Otto-2"
[[cases]]
id = "case-3"
images = "images/Huber-Anton-3"

[[questions]]
id = "sure"
ask = "How sure are you?"
choices = ["unsure", "sure"]
[[questions]]
id = "count"
ask = "How many lesions?"
number = [0, 20]
whole = true
[[questions]]
id = "tomita"
ask = "Tomita type"
number = [1, 7]
whole = true
field = "tomita_surgical_type"
required = false
"#;

fn spondyl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("the executable runs")
}

fn done(args: &[&str]) -> String {
    let output = spondyl(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

struct Bench {
    folder: tempfile::TempDir,
    trial: Trial,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("temporary folder");
        let root = folder.path().join("study");
        let (g, hu, _) = super::window::spine();
        for name in ["Mueller-Hans-1", "Meier-Otto-2", "Huber-Anton-3"] {
            write_ct_series(&root.join("images").join(name), &g, &hu, name).expect("written");
        }
        fs::write(root.join("study.toml"), STUDY).expect("written");
        let trial = Trial::read(&root).expect("a study");
        Bench { folder, trial }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("study")
    }

    fn text(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    fn path_of(&self, reader: &str, case: usize, repeat: u32) -> PathBuf {
        let items = worklist(&self.trial, reader);
        let item = items.iter().find(|i| i.case == case && i.repeat == repeat).expect("an item");
        reading_path(&self.root(), reader, &item.id)
    }

    /// A reading by script: a ball about the middle body, and the answers.
    fn read(&self, reader: &str, case: usize, repeat: u32, radius_mm: f64, finish: bool) {
        let path = self.path_of(reader, case, repeat);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let mut steps = vec![
            json!({"op": "label_vertebra", "level": "C5", "at_mm": [0.0, 0.0, 175.0]}),
            json!({"op": "label_vertebra", "level": "C6", "at_mm": [0.0, 0.0, 145.0]}),
            json!({"op": "add_lesion", "lesion": "a", "vertebra": "C6", "kind": "lytic"}),
            json!({"op": "brush", "lesion": "a", "plane": "axial", "path_mm": [[0.0, 0.0, 145.0]],
                "radius_mm": radius_mm, "tip": "sphere", "mode": "paint", "range": null}),
        ];
        let set =
            |field: &str, value: Value| json!({"op": "set", "target": {"case": true}, "field": field, "value": value});
        steps.push(set("answers.sure", json!("sure")));
        steps.push(set("answers.count", json!(case)));
        steps.push(set("tomita_surgical_type", json!(3)));
        steps.extend(finish.then(|| set("finished", json!(true))));
        let script: String = steps.iter().map(|s| format!("{s}\n")).collect();
        let at = self.text("steps.jsonl");
        fs::write(&at, script).expect("written");
        let images = self.root().join(&self.trial.cases[case].images);
        let [images, path] = [&images, &path].map(|p| p.to_str().expect("UTF-8"));
        done(&["annotate", images, "--case", path, "--reader", reader, "--script", &at, "--quiet"]);
    }

    fn status(&self) -> Value {
        serde_json::from_str(&done(&["study", "status", &self.text("study"), "--json"])).expect("JSON")
    }
}

/// Which case comes twice: the same for both readers.
fn repeated(trial: &Trial) -> usize {
    worklist(trial, "anna").iter().find(|i| i.repeat == 1).expect("a repeat").case
}

#[test]
fn two_readers_from_study_toml_to_the_agreement() {
    let bench = Bench::new();
    let twice = repeated(&bench.trial);
    for case in 0..3 {
        bench.read("anna", case, 0, 5.0, true);
        bench.read("berta", case, 0, 6.0, case != (twice + 1) % 3);
    }
    bench.read("anna", twice, 1, 4.0, true);
    let status = bench.status();
    let row = |n: usize, key: &str| status["readers"][n][key].as_u64();
    assert_eq!([row(0, "items"), row(0, "finished"), row(0, "not_started")], [Some(4), Some(4), Some(0)]);
    assert_eq!([row(1, "finished"), row(1, "in_progress"), row(1, "not_started")], [Some(2), Some(1), Some(1)]);
    assert_eq!(status["odd_files"], json!([]));
    assert!(done(&["study", "status", &bench.text("study")]).contains("berta"));

    let out = bench.text("agreement");
    let printed = done(&["study", "compare", &bench.text("study"), "--out", &out, "--bootstrap", "0", "--json"]);
    let between: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(between["readers"], json!(["anna", "berta"]));
    assert_eq!(between["cases"].as_array().map(Vec::len), Some(2), "both have finished two");
    let names: Vec<&Value> = between["cases"].as_array().expect("a list").iter().map(|c| &c["case"]).collect();
    assert!(names.iter().all(|n| n.as_str().is_some_and(|n| n.starts_with("case-"))), "{names:?}");
    // Balls of 5 and 6 mm about one point on a grid of 1 x 1 x 1.5 mm, counted here.
    let count = |r: f64| {
        let (mut n, near) =
            (0u64, |x: i32, y: i32, k: i32| f64::from(x * x + y * y) + (1.5 * f64::from(k)).powi(2) <= r * r);
        (-9..=9).for_each(|x| (-9..=9).for_each(|y| (-9..=9).for_each(|k| n += u64::from(near(x, y, k)))));
        n
    };
    let overlap = |c: &Value| (c["whole"]["voxels_a"].as_u64(), c["whole"]["voxels_b"].as_u64());
    assert_eq!(overlap(&between["cases"][0]), (Some(count(5.0)), Some(count(6.0))));
    let within: Value =
        serde_json::from_slice(&fs::read(format!("{out}/within/anna/agreement.json")).expect("there")).expect("JSON");
    assert_eq!(within["readers"], json!(["anna", "anna (again)"]));
    assert_eq!(overlap(&within["cases"][0]), (Some(count(5.0)), Some(count(4.0))));
    assert!(!Path::new(&format!("{out}/within/berta")).exists(), "berta has read nothing twice");
    for name in ["agreement.html", "agreement_lesions.csv", "answers.json", "answers.csv", "answers.html"] {
        let both = ["between", "within/anna"].map(|part| Path::new(&out).join(part).join(name).is_file());
        assert_eq!(both, [true, true], "{name}");
    }
    let again = done(&["study", "compare", &bench.text("study"), "--out", &out, "--bootstrap", "0", "--json"]);
    assert_eq!(again, printed, "the same files, the same bytes");
}

#[test]
fn the_data_set_is_tidy_and_a_broken_file_costs_only_itself() {
    let bench = Bench::new();
    let twice = repeated(&bench.trial);
    (0..3).for_each(|case| bench.read("anna", case, 0, 5.0, true));
    bench.read("anna", twice, 1, 4.0, true);
    bench.read("berta", 0, 0, 6.0, true);
    bench.read("berta", 1, 0, 6.0, true);
    // One flipped byte, a case of somebody else, a file that is no item.
    let broken = bench.path_of("berta", 0, 0);
    let mut bytes = fs::read(&broken).expect("there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&broken, bytes).expect("written");
    fs::copy(bench.path_of("anna", 2, 0), bench.path_of("berta", 2, 0)).expect("copied");
    fs::write(bench.root().join("readings/berta/notes.txt"), "x").expect("written");
    let status = bench.status();
    assert_eq!((status["readers"][1]["odd"].as_u64(), status["readers"][1]["finished"].as_u64()), (Some(2), Some(1)));
    let odd = status["odd_files"].to_string();
    assert!(odd.contains("notes.txt") && odd.contains("case of reader anna") && odd.contains("line"), "{odd}");

    let out = bench.text("data");
    let output = spondyl(&["study", "export", &bench.text("study"), "--out", &out, "--format", "json,nifti"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("notes.txt"), "{said}");
    let rows = |name: &str| -> Vec<Vec<String>> {
        let mut table = csv::Reader::from_path(Path::new(&out).join(name)).expect("a table");
        table.records().map(|r| r.expect("a row").iter().map(str::to_owned).collect()).collect()
    };
    let readings = rows("readings.csv");
    assert_eq!(readings.len(), 8, "each item of each reader");
    assert_eq!(readings.iter().filter(|r| r[5] == "odd").count(), 2);
    let second: Vec<_> = rows("lesions.csv").into_iter().filter(|r| r[2] == "1").collect();
    assert_eq!(second.len(), 1);
    assert_eq!((second[0][0].as_str(), second[0][1].clone()), ("anna", format!("case-{}", twice + 1)));
    let answers = rows("answers.csv");
    assert_eq!(answers.iter().filter(|r| r[0] == "anna").count(), 4 * 3);
    let count = answers.iter().find(|r| r[1] == "case-3" && r[3] == "count").expect("answered");
    assert_eq!((count[4].as_str(), count[5].as_str()), ("2", "2.0"));
    assert!(answers.iter().any(|r| r[3] == "tomita" && r[4] == "3"), "answered in the case's own field");
    let case: Value =
        serde_json::from_slice(&fs::read(format!("{out}/cases/case-3/anna/case.json")).expect("there")).expect("JSON");
    assert_eq!(case["reading"], json!({"finished": true, "answers": {"sure": "sure", "count": 2.0}}));
    done(&["check", &format!("{out}/cases/case-3/anna/case.json")]);
    // Taken over from the JSON, answers come along; that the reading is finished is for its reader to say.
    let (images, taken) = (bench.root().join(&bench.trial.cases[2].images), bench.text("taken.spondyl"));
    let json = format!("{out}/cases/case-3/anna/case.json");
    done(&["import", &json, "--images", images.to_str().expect("UTF-8"), "--case", &taken, "--reader", "carla"]);
    let facts = Session::open(Path::new(&taken), Access::Read).expect("intact").session.document().case.clone();
    assert_eq!((facts.answers.len(), facts.tomita_surgical_type, facts.finished), (2, Some(3), false));
    assert!(Path::new(&out).join(format!("cases/case-{}/anna/again/lesions.nii.gz", twice + 1)).is_file());
    for name in ["readings", "answers", "lesions", "vertebrae", "measurements"] {
        assert!(fs::read(Path::new(&out).join(format!("{name}.parquet"))).expect("there").starts_with(b"PAR1"));
    }
    // Again into the same folder, not into another's, and never among the readings.
    done(&["study", "export", &bench.text("study"), "--out", &out]);
    let other = spondyl(&["study", "export", &bench.text("study"), "--out", &bench.text("study")]);
    assert!(String::from_utf8_lossy(&other.stderr).contains("something other"));
    let among = spondyl(&["study", "compare", &bench.text("study"), "--out", &bench.text("study/readings/anna")]);
    assert!(String::from_utf8_lossy(&among.stderr).contains("among the readings"));
    let compared = spondyl(&["study", "compare", &bench.text("study"), "--out", &bench.text("agreement")]);
    assert!(compared.status.success(), "{}", String::from_utf8_lossy(&compared.stderr));
    let page = fs::read_to_string(bench.text("agreement/between/agreement.html")).expect("there");
    assert!(page.contains("Not compared") && page.contains("berta"), "what is odd stands on the page");
}

#[test]
fn a_bad_study_is_a_sentence_with_its_line() {
    let bench = Bench::new();
    fs::write(bench.root().join("study.toml"), STUDY.replace("seed = 7", "seed = \"seven\"")).expect("written");
    for words in [vec!["status"], vec!["open", "--reader", "anna"], vec!["export", "--out", "x"]] {
        let study = bench.text("study");
        let args: Vec<&str> = [vec!["study", words[0], &study], words[1..].to_vec()].concat();
        let output = spondyl(&args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("study.toml, line 3: seed: found \"seven\"; expected a whole number"), "{said}");
        assert_eq!(output.status.code(), Some(1));
    }
    fs::write(bench.root().join("study.toml"), STUDY).expect("written");
    let nobody = spondyl(&["study", "open", &bench.text("study"), "--reader", "carla"]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("its readers are anna, berta"));
}

/// The window on the worklist of a reader.
fn open(bench: &Bench, reader: &str) -> Harness<'static, App> {
    let mut h = super::window::harness(&bench.root(), &bench.folder.path().join("user"));
    assert!(h.query_by_label("anna").is_some() && h.query_by_label("berta").is_some(), "who reads is asked");
    h.get_by_label(reader).click();
    settle(&mut h);
    h
}

fn command(h: &mut Harness<'_, App>, key: Key) {
    h.key_press_modifiers(Modifiers::COMMAND, key);
    settle(h);
}

fn shown(h: &Harness<'_, App>, part: &str) -> bool {
    h.query_all_by_label_contains(part).next().is_some()
}

#[test]
fn a_reader_works_through_the_worklist_in_the_window() {
    let bench = Bench::new();
    let mut h = open(&bench, "anna");
    let items = worklist(&bench.trial, "anna");
    assert!(shown(&h, &format!("Item 1: {}, not started", items[0].id)));
    command(&mut h, Key::N);
    assert!(shown(&h, &format!("Item 1: {}, in progress", items[0].id)), "the first item is open");
    for hidden in ["Mueller", "Meier", "Huber", "case-"] {
        assert!(!shown(&h, hidden), "{hidden} is hidden");
    }
    assert_eq!(h.state().library_names(), ["CT series 1"]);
    // Not finished while questions are open: they are listed.
    command(&mut h, Key::Enter);
    assert!(shown(&h, "Not finished yet") && shown(&h, "How many lesions?"));
    h.get_by_label("Answer them").click();
    h.run_steps(3);
    h.get_by_label("How sure are you?: sure").click();
    h.run_steps(3);
    assert_eq!(h.state().document().case.answers.get("sure"), Some(&Answer::Words("sure".to_owned())));
    h.get_by_role_and_label(egui::Role::SpinButton, "How many lesions?").click();
    h.run_steps(2);
    h.event(egui::Event::Text("0".to_owned()));
    h.run_steps(2);
    key(&mut h, Key::Enter);
    h.run_steps(2);
    assert_eq!(h.state().document().case.answers.get("count"), Some(&Answer::Number(0.0)), "none is an answer too");
    // An answer is a step like any other.
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    assert!(!h.state().document().case.answers.contains_key("count"));
    h.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    h.run_steps(3);
    command(&mut h, Key::Enter);
    assert!(h.state().document().case.finished && shown(&h, &format!("Item 1: {}, finished", items[0].id)));
    command(&mut h, Key::N);
    assert!(shown(&h, &format!("Item 2: {}, in progress", items[1].id)));
    assert!(!h.state().document().case.finished && h.state().document().case.answers.is_empty(), "a case of its own");
    // Nothing is taken from others, nothing else is opened, nothing is exported from here.
    for (key, why) in
        [(Key::L, "keeps its readers apart"), (Key::O, "a reading study is open"), (Key::E, "study export")]
    {
        command(&mut h, key);
        assert!(shown(&h, why), "{why}");
    }
    // A second window on the same worklist can look at what the first has open.
    let mut second = open(&bench, "anna");
    command(&mut second, Key::N);
    assert!(shown(&second, "It is shown, and cannot be changed here"), "one writer at a time");
    second.state_mut().close();
    drop(second);
    h.state_mut().close();
    drop(h);
    let case = Session::open(&reading_path(&bench.root(), "anna", &items[0].id), Access::Read).expect("intact").session;
    assert_eq!((case.header().reader.as_str(), case.document().case.finished), ("anna", true));
    let outside: Vec<_> = walk(&bench.folder.path().join("user"))
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "spondyl"))
        .collect();
    assert_eq!(outside, Vec::<PathBuf>::new(), "cases lie in the study alone");
    let status = bench.status();
    assert_eq!(
        (status["readers"][0]["finished"].as_u64(), status["readers"][0]["in_progress"].as_u64()),
        (Some(1), Some(1))
    );
    assert!(status["readers"][0]["active_minutes"].as_f64().is_some());
    // Another day, and another reader.
    let mut h = open(&bench, "anna");
    command(&mut h, Key::N);
    assert!(shown(&h, &format!("Item 2: {}, in progress", items[1].id)), "goes on where it was left");
    h.state_mut().close();
    drop(h);
    let mut h = open(&bench, "berta");
    assert!(!shown(&h, "finished, ") && !shown(&h, "in progress"), "berta has begun nothing");
    command(&mut h, Key::N);
    assert!(h.state().document().case.answers.is_empty());
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|e| e.path());
    entries.flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}

/// A gzipped NIfTI: datatype and samples as numbers.
fn nifti(path: &Path) -> (i16, Vec<f64>) {
    use std::io::Read;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(path).expect("there")).read_to_end(&mut bytes).expect("gzip");
    let kind = i16::from_le_bytes([bytes[70], bytes[71]]);
    let value = |c: &[u8]| {
        if kind == 4 {
            f64::from(i16::from_le_bytes([c[0], c[1]]))
        } else {
            f64::from(u16::from_le_bytes([c[0], c[1]]))
        }
    };
    (kind, bytes[352..].chunks_exact(2).map(value).collect())
}

#[test]
fn a_cohort_holds_images_and_labels_as_learners_want_them() {
    let bench = Bench::new();
    let (_, hu, _) = super::window::spine();
    for (case, folder) in [(0, "a/one"), (1, "a/two"), (2, "broken")] {
        bench.read("anna", case, 0, 5.0, true);
        let to = bench.folder.path().join("cases").join(format!("{folder}.spondyl"));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        let mut bytes = fs::read(bench.path_of("anna", case, 0)).expect("there");
        if folder == "broken" {
            bytes[40] ^= 1;
        }
        fs::write(&to, bytes).expect("written");
        let images = bench.folder.path().join("images").join(folder);
        fs::create_dir_all(&images).expect("made");
        for file in walk(&bench.root().join(&bench.trial.cases[case].images)) {
            fs::copy(&file, images.join(file.file_name().expect("a name"))).expect("copied");
        }
    }
    let (cases, images) = (bench.text("cases"), bench.text("images"));
    for (style, image) in [("nnunet", "imagesTr/a_one_0000.nii.gz"), ("decathlon", "imagesTr/a_one.nii.gz")] {
        let out = bench.text(&format!("Dataset501_{style}"));
        let output = spondyl(&["cohort", &cases, "--images", &images, "--style", style, "--out", &out]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains("broken") && said.contains("left out"), "{said}");
        let (kind, values) = nifti(&Path::new(&out).join(image));
        assert_eq!(kind, 4, "int16");
        assert!(values.iter().copied().eq(hu.iter().map(|v| f64::from(*v))), "the values, voxel for voxel");
        let (kind, labels) = nifti(&Path::new(&out).join("labelsTr/a_two.nii.gz"));
        assert_eq!(
            (kind, labels.iter().filter(|l| **l == 1.0).count(), labels.iter().filter(|l| **l > 1.0).count()),
            (512, 343, 0)
        );
        let dataset: Value =
            serde_json::from_slice(&fs::read(Path::new(&out).join("dataset.json")).expect("there")).expect("JSON");
        assert_eq!(dataset["numTraining"], 2);
        match style {
            "nnunet" => {
                assert_eq!(dataset["channel_names"], json!({"0": "CT"}));
                assert_eq!(dataset["labels"], json!({"background": 0, "lesion": 1}));
            }
            _ => assert_eq!(
                dataset["training"][0],
                json!({"image": "./imagesTr/a_one.nii.gz", "label": "./labelsTr/a_one.nii.gz"})
            ),
        }
        let again = spondyl(&["cohort", &cases, "--images", &images, "--style", style, "--out", &out]);
        assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
    }
}

#[test]
fn which_study_is_the_earlier_one_is_not_told() {
    let bench = Bench::new();
    let text = "title = \"t\"\nseed = 3\nreaders = [\"anna\", \"berta\"]\n[[cases]]\nid = \"c\"\nimages = \"images/Mueller-Hans-1\"\n\
        timepoint = \"preop\"\ntimepoints = [{ id = \"fu12m\", images = \"images/Meier-Otto-2\", days = 365 }]\n\
        [blind]\ntimepoint = true\n";
    fs::write(bench.root().join("study.toml"), text).expect("written");
    let trial = Trial::read(&bench.root()).expect("a study");
    let mut h = open(&bench, "anna");
    command(&mut h, Key::N);
    assert_eq!(h.state().library_names(), ["Study A, series 1", "Study B, series 2"]);
    let timepoints = h.state().document().timepoints.clone();
    let keys: Vec<(&str, bool)> = timepoints.iter().map(|(k, t)| (k.0.as_str(), t.first)).collect();
    assert_eq!(keys, [("study-a", true), ("study-b", false)]);
    assert!(timepoints.values().all(|t| t.relative_days.is_none() && t.studies.len() == 1), "{timepoints:?}");
    command(&mut h, Key::T);
    assert!(shown(&h, "does not tell which timepoint"));
    // The second study belongs to the same case.
    let case = h.state().document().timepoints.len();
    h.get_by_label("Series Study B, series 2").click();
    settle(&mut h);
    assert_eq!(h.state().document().timepoints.len(), case);
    h.state_mut().close();
    drop(h);
    // The data set knows the names again.
    let item = &worklist(&trial, "anna")[0];
    let path = reading_path(&bench.root(), "anna", &item.id);
    fs::write(bench.text("s.jsonl"), "{\"op\":\"at\",\"timepoint\":\"study-b\",\"step\":{\"op\":\"label_vertebra\",\"level\":\"C6\",\"at_mm\":[0,0,145]}}\n")
        .expect("written");
    let images = bench.root().join("images/Mueller-Hans-1");
    let [images, path, script] =
        [images.to_str().expect("UTF-8"), path.to_str().expect("UTF-8"), &bench.text("s.jsonl")];
    done(&["annotate", images, "--case", path, "--reader", "anna", "--script", script, "--quiet"]);
    let out = bench.text("data");
    done(&["study", "export", &bench.text("study"), "--out", &out, "--without-images"]);
    let mut table = csv::Reader::from_path(Path::new(&out).join("vertebrae.csv")).expect("a table");
    let at = table.headers().expect("a head").iter().position(|c| c == "timepoint").expect("a column");
    let named: Vec<String> = table.records().map(|r| r.expect("a row")[at].to_owned()).collect();
    let second = spondyl::trial::shown_timepoints(&trial, &trial.cases[0])[1].0;
    assert_eq!(named, [["preop", "fu12m"][second]]);
}
