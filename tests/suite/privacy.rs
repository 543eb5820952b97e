//! Canaries: a series with a word planted in every text attribute of the dictionary, in private elements, in names of
//! files and folders; then everything that the program writes or says is searched for them.

use super::dicom_files::{Dicom, Value, ct_slice};
use super::window;
use dicom::core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom::core::{Tag, VR};
use dicom::dictionary_std::StandardDataDictionary;
use egui_kittest::kittest::Queryable;
use flate2::read::GzDecoder;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Stands in every text; what is found of it anywhere is a leak.
const CANARY: &str = "ZQXKanari";
/// The patient's birth date and the dates and times of the study.
const DATE: &str = "19470311";
const TIME: &str = "031415.926";
/// Two texts that `info` and the window show, as they say what the series is; no file may hold them.
const SHOWN: &str = "ZQXGezeigt";
const ACCOUNT: &str = "zqxkonto";
/// SeriesDescription and WindowCenterWidthExplanation.
const SHOWN_TAGS: [u32; 2] = [0x0008_103E, 0x0028_1055];

/// Groups whose text attributes are all planted.
const GROUPS: [u16; 17] = [
    0x0008, 0x0010, 0x0012, 0x0014, 0x0018, 0x0020, 0x0022, 0x0028, 0x0032, 0x0038, 0x0040, 0x0042, 0x0044, 0x0050,
    0x0054, 0x0088, 0x0400,
];

fn planted(mut file: Dicom) -> (Dicom, usize) {
    let mut count = 0;
    for group in GROUPS {
        for element in 0..=0xFFFF {
            let Some(entry) = StandardDataDictionary.by_tag(Tag(group, element)) else { continue };
            let tag = u32::from(group) << 16 | u32::from(element);
            let VirtualVr::Exact(vr) = entry.vr() else { continue };
            let (vr, text): (&'static [u8; 2], _) = match vr {
                VR::PN => (b"PN", format!("{CANARY}^Hans")),
                VR::LO => (b"LO", format!("{CANARY} {element:04X}")),
                VR::SH => (b"SH", format!("{CANARY}{element:04X}")),
                VR::ST => (b"ST", format!("{CANARY} {element:04X}")),
                VR::LT => (b"LT", format!("{CANARY} {element:04X}")),
                VR::AE => (b"AE", format!("{CANARY}{element:04X}")),
                VR::DA => (b"DA", DATE.to_owned()),
                VR::TM => (b"TM", TIME.to_owned()),
                VR::DT => (b"DT", format!("{DATE}{TIME}")),
                VR::AS => (b"AS", "077Y".to_owned()),
                _ => continue,
            };
            let text = if SHOWN_TAGS.contains(&tag) { SHOWN.to_owned() } else { text };
            file = file.text(tag, vr, &text);
            count += 1;
        }
    }
    for (tag, vr) in [(0x0009_0010, b"LO"), (0x0009_1001, b"LO"), (0x0019_0010, b"LO"), (0x0029_1010, b"UN")] {
        file = file.put(tag, vr, Value::Bytes(format!("{CANARY} privat").into_bytes()));
    }
    // A name where a number or a UID belongs, which messages quote and files keep.
    let file = file.text(0x0018_0050, b"DS", &format!("{CANARY}^x")).text(0x0020_0052, b"UI", &format!("{CANARY}.1"));
    (file.text(0x0028_0301, b"CS", "YES"), count)
}

/// The series, below folders of the patient's name and number.
fn series(folder: &Path) -> PathBuf {
    let images = folder.join("images");
    let mut planted_in_all = 0;
    for n in 0..6 {
        let values: Vec<i16> = (0..24 * 20).map(|v| (v * 37 + n * 11) as i16 % 900).collect();
        let (file, count) = planted(ct_slice("privacy", n as usize + 1, [0.0, 0.0, 2.0 * f64::from(n)], 24, &values));
        file.save(&images.join(format!("{CANARY}^Hans")).join(format!("{CANARY}0020")), &format!("{n}.dcm"));
        planted_in_all += count;
    }
    assert!(planted_in_all > 6 * 500, "only {planted_in_all} attributes were planted");
    images
}

struct Bench {
    folder: tempfile::TempDir,
    said: Vec<(String, Vec<u8>)>,
}

impl Bench {
    fn run(&mut self, args: &[&str]) -> Output {
        let home = self.folder.path().join(ACCOUNT);
        fs::create_dir_all(&home).expect("made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_spondyl"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("HOME", &home)
            .env("USER", ACCOUNT)
            .env("LOGNAME", ACCOUNT);
        let output = command.env_remove("XDG_DATA_HOME").output().expect("the executable runs");
        self.said.push((format!("what `{}` said", args.join(" ")), [&output.stdout[..], &output.stderr].concat()));
        output
    }

    fn done(&mut self, args: &[&str]) -> Output {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

/// Every file below a folder, packed ones also unpacked.
fn files_below(folder: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    for path in fs::read_dir(folder).expect("listed").map(|e| e.expect("readable").path()) {
        if path.is_dir() {
            files_below(&path, out);
            continue;
        }
        let bytes = fs::read(&path).expect("read");
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut unpacked = Vec::new();
            GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).expect("unpacks");
            out.push((format!("{} (unpacked)", path.display()), unpacked));
        }
        out.push((
            path.display().to_string(),
            [path.file_name().expect("named").as_encoded_bytes(), b"\n", &bytes].concat(),
        ));
    }
}

fn leaks(what: &[(String, Vec<u8>)], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, bytes) in what {
        let small = bytes.to_ascii_lowercase();
        for word in words {
            let word = word.to_lowercase();
            if let Some(at) = small.windows(word.len()).position(|w| w == word.as_bytes()) {
                let around = &bytes[at.saturating_sub(60)..(at + 40).min(bytes.len())];
                found.push(format!("{word} in {name}: …{}…", String::from_utf8_lossy(around)));
            }
        }
    }
    found
}

const STEPS: &str = r#"{"op":"label_vertebra","level":"C6","at_mm":[4,4,4]}
{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}
{"op":"brush","lesion":"a","plane":"axial","path_mm":[[5,6,4]],"radius_mm":3,"tip":"sphere","mode":"paint","range":null}
{"op":"undo"}
{"op":"redo"}
{"op":"grow","lesion":"a","seed_mm":[5,6,6],"reach_mm":4}
{"op":"measure","measurement":"m","shape":{"kind":"length","points_mm":[[1,1,2],[5,6,2]]},"level":"C6"}
"#;

#[test]
fn no_canary_comes_out_of_any_output() {
    let mut bench = Bench { folder: tempfile::tempdir().expect("a folder"), said: Vec::new() };
    let folder = bench.folder.path().to_owned();
    let images = series(&folder);
    fs::create_dir_all(folder.join("made")).expect("made");
    fs::write(folder.join("steps.jsonl"), STEPS).expect("written");
    fs::write(folder.join("bad.jsonl"), "{\"op\":\"delete_lesion\",\"lesion\":\"none\"}\n").expect("written");

    let info = bench.done(&["info", "images"]);
    let shown = String::from_utf8_lossy(&info.stdout).into_owned();
    assert!(shown.contains("24 x 20 x 6") && shown.contains("BurnedInAnnotation (0028,0301) is YES"), "{shown}");
    bench.done(&["info", "images", "--json", "--voxels", "--stats"]);
    bench.done(&["annotate", "images", "--case", "made/c.spondyl", "--reader", "r1", "--script", "steps.jsonl"]);
    assert!(!bench.run(&["annotate", "images", "--case", "made/c.spondyl", "--script", "bad.jsonl"]).status.success());
    assert!(
        !bench
            .run(&["annotate", "images", "--case", "made/c.spondyl", "--reader", "r2", "--script", "steps.jsonl"])
            .status
            .success()
    );
    let all = "json,nifti,csv,script,seg,sr,rtstruct,markups,verse,parquet,coco,stl,html";
    bench.done(&["export", "made/c.spondyl", "--images", "images", "--format", all, "-o", "made/out"]);
    let sent = bench.done(&[
        "export",
        "made/c.spondyl",
        "--images",
        "images",
        "--format",
        all,
        "-o",
        "made/sent",
        "--deidentify",
    ]);
    assert!(String::from_utf8_lossy(&sent.stderr).contains("BurnedInAnnotation"), "burned-in text is warned about");
    bench.done(&[
        "render",
        "images",
        "-o",
        "made/a.png",
        "--plane",
        "axial",
        "--renderer",
        "cpu",
        "--case",
        "made/c.spondyl",
    ]);
    bench.done(&["check", "made/c.spondyl"]);
    bench.done(&["check", "made/out/case.json"]);
    bench.done(&["history", "made/c.spondyl"]);
    bench.done(&["history", "made/c.spondyl", "--json"]);
    bench.done(&["recover", "made/c.spondyl", "-o", "made/again.spondyl"]);
    // Damage of every kind, and what is said of it.
    let mut case = fs::read(folder.join("made/c.spondyl")).expect("read");
    let middle = case.len() / 2;
    case[middle] ^= 1;
    fs::write(folder.join("damaged.spondyl"), case).expect("written");
    assert!(!bench.run(&["check", "damaged.spondyl"]).status.success());
    bench.run(&["recover", "damaged.spondyl", "-o", "made/rescued.spondyl"]);
    let one = images.join(format!("{CANARY}^Hans/{CANARY}0020/0.dcm"));
    let bytes = fs::read(&one).expect("read");
    for (name, cut) in [("header", 700), ("text", 5000), ("pixels", bytes.len() - 50)] {
        fs::create_dir_all(folder.join("cut").join(name)).expect("made");
        fs::write(folder.join("cut").join(name).join("x.dcm"), &bytes[..cut]).expect("written");
    }
    bench.run(&["info", "cut"]);
    bench.run(&["info", "cut", "--json"]);
    bench.run(&["render", "cut", "-o", "made/cut.png", "--renderer", "cpu"]);

    let mut written = Vec::new();
    files_below(&folder.join("made"), &mut written);
    files_below(&folder.join(ACCOUNT), &mut written);
    assert!(written.len() > 15, "{}", written.len());
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().len() > 4 { host.trim().to_owned() } else { CANARY.to_owned() };
    let place = folder.file_name().expect("named").to_string_lossy().into_owned();
    let words = [CANARY, DATE, TIME, "077Y", SHOWN, ACCOUNT, &host, &place];
    let found = leaks(&written, &words);
    assert!(found.is_empty(), "written: {found:#?}");
    // The screen may say what the series is called, and the folder that was typed.
    let found = leaks(&bench.said, &[CANARY, DATE, TIME, "077Y", &host]);
    assert!(found.is_empty(), "said: {found:#?}");
    let shown_by: Vec<_> = leaks(&bench.said, &[SHOWN]);
    assert!(shown_by.iter().all(|l| l.contains("what `info")), "{shown_by:#?}");
    // What was sent shares no UID with what was kept.
    let read = |name: &str| fs::read_to_string(folder.join("made").join(name).join("case.json")).expect("read");
    // Lesions keep the names that the program gave them.
    let own = |t: &str| t.strip_prefix("2.25.").and_then(|n| n.parse().ok()).map(uuid::Uuid::from_u128);
    let uids = |text: &str| -> Vec<String> {
        let others = text.split('"').filter(|t| t.starts_with("2.25."));
        let others = others.filter(|t| own(t).is_none_or(|id| !text.contains(&format!("\"{id}\""))));
        others.map(str::to_owned).collect()
    };
    let (kept, sent) = (uids(&read("out")), uids(&read("sent")));
    assert!(kept.len() > 6 && kept.len() == sent.len() && kept.iter().all(|u| !sent.contains(u)));
    assert!(folder.join(ACCOUNT).join(".local/share/spondyl/uid-key.json").is_file(), "the key lies apart");
}

#[test]
fn the_window_shows_no_canary() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = series(folder.path());
    let mut h = window::harness(&images, &folder.path().join("cases"));
    h.run_steps(3);
    assert!(h.query_by_label("Sagittal view").is_some(), "the series is open");
    for word in [CANARY, DATE, "077Y"] {
        let shown: Vec<String> = h.query_all_by_label_contains(word).map(|n| format!("{n:?}")).collect();
        assert!(shown.is_empty(), "{word}: {shown:?}");
    }
    let mut kept = Vec::new();
    fs::create_dir_all(folder.path().join("cases")).expect("made");
    files_below(&folder.path().join("cases"), &mut kept);
    assert!(leaks(&kept, &[CANARY, DATE, SHOWN]).is_empty());
}

#[test]
fn a_report_of_a_fault_says_where_and_nothing_private() {
    const CHILD: &str = "SPONDYL_TEST_FAULT";
    if let Some(root) = std::env::var_os(CHILD) {
        spondyl::app::report::install(Some(PathBuf::from(root)));
        let name = format!("{CANARY} at {}", std::env::temp_dir().display());
        panic!("cannot read {name}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let me = std::env::current_exe().expect("known");
    let test = "privacy::a_report_of_a_fault_says_where_and_nothing_private";
    let output =
        Command::new(me).args(["--exact", test, "--nocapture"]).env(CHILD, folder.path()).output().expect("runs again");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("a fault in the program itself (privacy.rs:") && said.contains("reports/fault-"), "{said}");
    let report = spondyl::app::report::newest(folder.path()).expect("written");
    let text = fs::read_to_string(report).expect("read");
    assert!(text.starts_with("spondyl-fault-report 1\n") && text.contains("place: privacy.rs:"), "{text}");
    let temp = std::env::temp_dir().display().to_string();
    for word in [CANARY, &temp, &folder.path().display().to_string()] {
        assert!(
            !text.contains(word) && !said.replace(test, "").contains(&format!("{word} ")),
            "{word}: {text}\n{said}"
        );
    }
}

#[test]
fn no_network_connection_is_opened() {
    if !super::faults::strace_is_there() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let images = series(folder.path()).display().to_string();
    fs::write(folder.path().join("steps.jsonl"), STEPS).expect("written");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (case, steps, log) = (at("c.spondyl"), at("steps.jsonl"), at("log"));
    let runs: [&[&str]; 4] = [
        &["info", &images],
        &["annotate", &images, "--case", &case, "--script", &steps],
        &["export", &case, "--images", &images, "--format", "json,nifti,csv", "-o", &at("out")],
        &["render", &images, "-o", &at("a.png"), "--renderer", "cpu"],
    ];
    for args in runs {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", "trace=network", "-o", &log, env!("CARGO_BIN_EXE_spondyl")]).args(args);
        assert!(strace.output().expect("strace runs").status.success(), "{args:?}");
        let calls = fs::read_to_string(&log).expect("written");
        let opened: Vec<&str> = calls.lines().filter(|l| l.contains("AF_INET") || l.contains("connect(")).collect();
        assert!(opened.is_empty(), "{args:?}: {opened:?}");
    }
}
