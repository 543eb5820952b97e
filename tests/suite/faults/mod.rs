//! The program on a machine that fails: killed, or refused, at every system call by which an edit, a new case, an export
//! and a recovery reach the disk. `strace` injects the faults; nothing of the program knows of them.

mod trace;

pub use trace::strace_is_there;

use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::session::{Access, Session};
use spondyl::space::{DVec3, Geometry, PatientPoint};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use trace::{Fault, Trace, run_traced};

const ERRORS: [&str; 4] = ["ENOSPC", "EIO", "EACCES", "EMFILE"];

const BASE: &str = r#"{"op":"label_vertebra","level":"C6","at_mm":[4,4,4]}
{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}
{"op":"brush","lesion":"a","plane":"axial","path_mm":[[9,9,4]],"radius_mm":4,"tip":"sphere","mode":"paint","range":null}
"#;
const MORE: &str = r#"{"op":"brush","lesion":"a","plane":"axial","path_mm":[[12,9,6]],"radius_mm":3,"tip":"disc","mode":"paint","range":null}
{"op":"undo"}
{"op":"set","target":{"lesion":"a"},"field":"margin","value":"permeative_3"}
"#;

/// A series and a case of three steps; each attempt works on a copy of its own.
struct Bench {
    folder: tempfile::TempDir,
    /// The case before the work under test.
    before: Vec<u8>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let size = [24, 20, 5];
        let steps = [DVec3::X, DVec3::Y, DVec3::Z * 2.0];
        let geometry = Geometry::regular(PatientPoint::ORIGIN, steps, size).expect("three steps at right angles");
        let hu: Vec<i16> = (0..size.iter().product()).map(|n: usize| (n * 31 % 900) as i16 - 1024).collect();
        write_ct_series(&folder.path().join("images"), &geometry, &hu, "faults").expect("the series");
        fs::write(folder.path().join("base.jsonl"), BASE).expect("written");
        fs::write(folder.path().join("more.jsonl"), MORE).expect("written");
        let bench = Bench { folder, before: Vec::new() };
        let made = run_traced(&bench.annotate(&bench.at("made.spondyl"), "base.jsonl"), None, &bench.at("log"));
        assert!(made.0.status.success(), "{}", text(&made.0.stderr));
        let before = fs::read(bench.at("made.spondyl")).expect("there");
        Bench { before, ..bench }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn annotate(&self, case: &Path, script: &str) -> Vec<String> {
        let [images, case, script] =
            [self.at("images"), case.to_owned(), self.at(script)].map(|p| p.display().to_string());
        ["annotate", &images, "--case", &case, "--script", &script].map(str::to_owned).to_vec()
    }

    /// A fresh folder for one attempt.
    fn attempt(&self, name: &str) -> PathBuf {
        let folder = self.at("attempt").join(name);
        fs::create_dir_all(&folder).expect("made");
        folder
    }

    /// Does `work` once undisturbed, then once for each fault at each of its calls on files of the attempt.
    ///
    /// `prepare` fills an attempt's folder and gives the arguments; `judge` looks at what came of it.
    fn everywhere(
        &self,
        what: &str,
        prepare: impl Fn(&Path) -> Vec<String> + Sync,
        judge: impl Fn(&Path, &Output, Option<&Fault>) -> Result<(), String> + Sync,
    ) -> Trace {
        let folder = self.attempt(&format!("{what}-clean"));
        let (output, trace) = run_traced(&prepare(&folder), None, &folder.with_extension("log"));
        assert!(output.status.success(), "{what}: {}", text(&output.stderr));
        judge(&folder, &output, None).unwrap_or_else(|e| panic!("{what}, undisturbed: {e}"));
        let mut faults = Vec::new();
        for (call, n) in trace.points(&folder) {
            faults.extend(ERRORS.map(|e| Fault::error(&call, n, e)));
            faults.push(Fault::kill(&call, n));
        }
        assert!(faults.len() > 20, "{what}: {faults:?}");
        let next = std::sync::atomic::AtomicUsize::new(0);
        let one = |fault: &Fault, number: usize| -> Result<bool, String> {
            let folder = self.attempt(&format!("{what}-{number}"));
            let (mut output, trace) = run_traced(&prepare(&folder), Some(fault), &folder.with_extension("log"));
            if trace.voice_was_struck() && output.stderr.is_empty() {
                output.stderr = b"spondyl: (what it said went where the fault was)".to_vec();
            }
            let struck = trace.was_injected() || output.status.code().is_none();
            let mut verdict = judge(&folder, &output, Some(fault));
            let must_be_said = ["write", "fsync", "fdatasync"].contains(&fault.call.as_str());
            if must_be_said && !fault.is_kill() && trace.was_injected() && output.status.success() {
                verdict = verdict.and(Err("it did not say that the disk failed".to_owned()));
            }
            fs::remove_dir_all(&folder).expect("removed");
            let said = format!("{fault:?}: {:?}, {}", output.status.code(), text(&output.stderr));
            verdict.map(|()| struck).map_err(|e| format!("{said}: {e}"))
        };
        let work = || {
            let (mut struck, mut bad) = (0, Vec::new());
            loop {
                let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(fault) = faults.get(number) else { return (struck, bad) };
                match one(fault, number) {
                    Ok(hit) => struck += usize::from(hit),
                    Err(e) => bad.push(e),
                }
            }
        };
        let results = std::thread::scope(|s| {
            let threads: Vec<_> = (0..3).map(|_| s.spawn(work)).collect();
            threads.into_iter().map(|t| t.join().expect("no panic")).collect::<Vec<_>>()
        });
        let struck: usize = results.iter().map(|r| r.0).sum();
        let bad: Vec<String> = results.into_iter().flat_map(|r| r.1).collect();
        assert!(bad.is_empty(), "{what}: {} of {} faults: {bad:#?}", bad.len(), faults.len());
        assert!(struck * 10 > faults.len() * 8, "{what}: only {struck} of {} faults took place", faults.len());
        eprintln!("{what}: {struck} faults at {} calls", trace.points(&folder).len());
        trace
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A failure is a sentence and exit code 1; a kill is a kill; a fault that costs nothing may pass.
fn said(output: &Output, fault: Option<&Fault>) -> Result<bool, String> {
    let words = text(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(true),
        Some(1) if words.starts_with("spondyl: ") && words.len() > 20 => Ok(false),
        None if fault.is_some_and(Fault::is_kill) => Ok(false),
        code => Err(format!("ended with {code:?} and said {words:?}")),
    }
}

fn answered(output: &Output) -> usize {
    text(&output.stdout).lines().filter(|l| l.contains("\"ok\":true") && l.ends_with('}')).count()
}

/// Gestures of a case, undone ones included, and entries that took steps back.
fn entries(case: &Path) -> Result<usize, String> {
    let opened = Session::open(case, Access::Read).map_err(|e| e.to_string())?;
    let history = opened.session.history();
    Ok(history.done().len() + 2 * history.undone().len())
}

#[test]
fn an_edit_survives_every_fault() {
    if !strace_is_there() {
        return;
    }
    let bench = Bench::new();
    let case = |folder: &Path| folder.join("c.spondyl");
    let trace = bench.everywhere(
        "edit",
        |folder| {
            fs::write(case(folder), &bench.before).expect("written");
            bench.annotate(&case(folder), "more.jsonl")
        },
        |folder, output, fault| {
            let done = said(output, fault)?;
            let now = fs::read(case(folder)).map_err(|e| e.to_string())?;
            if !now.starts_with(&bench.before) {
                return Err("what was in the file is not there any more".to_owned());
            }
            let answers = answered(output);
            if done != (answers == 3) && !fault.is_some_and(Fault::is_kill) {
                return Err(format!("{answers} of 3 steps were answered"));
            }
            // Steps 1, 2 (undo) and 3: of one gesture and its undoing, the third forgets both.
            let there = entries(&case(folder))?;
            let expected = [3, 4, 5, 4][answers];
            let later = [4, 5, 4, 4][answers];
            if there == expected || there == later {
                Ok(())
            } else {
                Err(format!("{answers} steps were answered, the file holds {there}"))
            }
        },
    );
    trace.assert_order("c.spondyl", &["write", "fdatasync", "stdout"]);
}

#[test]
fn a_new_case_survives_every_fault() {
    if !strace_is_there() {
        return;
    }
    let bench = Bench::new();
    let case = |folder: &Path| folder.join("new.spondyl");
    let trace = bench.everywhere(
        "new",
        |folder| bench.annotate(&case(folder), "base.jsonl"),
        |folder, output, fault| {
            said(output, fault)?;
            let answers = answered(output);
            if answers > 0 && entries(&case(folder))? < answers {
                return Err(format!("{answers} steps were answered, the file holds {}", entries(&case(folder))?));
            }
            // Whatever is there, the same name can be used again.
            let log = folder.join("again.log");
            let again = run_traced(&bench.annotate(&case(folder), "more.jsonl"), None, &log).0;
            let nothing_to_draw_on = answers < 2;
            if again.status.success() || (nothing_to_draw_on && text(&again.stderr).contains("step 1 was refused")) {
                Ok(())
            } else {
                Err(format!("afterwards: {}", text(&again.stderr)))
            }
        },
    );
    trace.assert_order("new.spondyl", &["write", "fsync", "folder", "stdout"]);
}

#[test]
fn an_export_survives_every_fault() {
    if !strace_is_there() {
        return;
    }
    let bench = Bench::new();
    let (old, new) = (bench.at("old.spondyl"), bench.at("later.spondyl"));
    for case in [&old, &new] {
        fs::write(case, &bench.before).expect("written");
    }
    let more = run_traced(&bench.annotate(&new, "more.jsonl"), None, &bench.at("log")).0;
    assert!(more.status.success());
    let export = |case: &Path, folder: &Path| {
        let [case, images, out] = [case, &bench.at("images"), &folder.join("out")].map(|p| p.display().to_string());
        ["export", &case, "--images", &images, "--format", "json,nifti,csv,script", "-o", &out]
            .map(str::to_owned)
            .to_vec()
    };
    let files = |folder: &Path| -> BTreeMap<String, Vec<u8>> {
        let list = fs::read_dir(folder.join("out")).into_iter().flatten().map(|e| e.expect("listed").path());
        list.map(|p| (p.file_name().expect("named").to_string_lossy().into_owned(), fs::read(p).expect("read")))
            .collect()
    };
    let made = |case: &Path, name: &str| {
        let folder = bench.attempt(name);
        assert!(run_traced(&export(case, &folder), None, &bench.at("log")).0.status.success());
        files(&folder)
    };
    let (before, after) = (made(&old, "old"), made(&new, "new"));
    assert!(before.len() >= 6 && before.keys().eq(after.keys()) && before != after);
    let trace = bench.everywhere(
        "export",
        |folder| {
            fs::create_dir_all(folder.join("out")).expect("made");
            before.iter().for_each(|(name, bytes)| fs::write(folder.join("out").join(name), bytes).expect("written"));
            export(&new, folder)
        },
        |folder, output, fault| {
            let done = said(output, fault)?;
            let now = files(folder);
            for (name, bytes) in &after {
                let there = now.get(name).ok_or(format!("{name} is gone"))?;
                if there != bytes && (done || there != &before[name]) {
                    return Err(format!("{name} is neither the old file nor the new one"));
                }
                if text(&output.stdout).contains(&format!("/{name}\n")) && there != bytes {
                    return Err(format!("{name} was said to be there"));
                }
            }
            let strangers: Vec<_> = now.keys().filter(|n| !after.contains_key(*n)).collect();
            let may_stay = fault.is_some_and(|f| f.is_kill() || f.call.starts_with("unlink"));
            if strangers.is_empty() || may_stay { Ok(()) } else { Err(format!("{strangers:?} were left")) }
        },
    );
    for name in after.keys() {
        trace.assert_order(name, &["write", "fsync", "rename", "folder", "stdout"]);
    }
}

#[test]
fn a_recovery_survives_every_fault() {
    if !strace_is_there() {
        return;
    }
    let bench = Bench::new();
    let mut damaged = bench.before.clone();
    let middle = damaged.len() - 700;
    damaged[middle] ^= 2;
    let (from, to) = (|f: &Path| f.join("c.spondyl"), |f: &Path| f.join("rescued.spondyl"));
    let trace = bench.everywhere(
        "recovery",
        |folder| {
            fs::write(from(folder), &damaged).expect("written");
            let [from, to] = [from(folder), to(folder)].map(|p| p.display().to_string());
            ["recover", &from, "-o", &to].map(str::to_owned).to_vec()
        },
        |folder, output, fault| {
            let done = said(output, fault)?;
            if fs::read(from(folder)).map_err(|e| e.to_string())? != damaged {
                return Err("the damaged file was changed".to_owned());
            }
            match (to(folder).exists(), done) {
                (true, _) => entries(&to(folder)).map(drop),
                (false, true) => Err("the new file is not there".to_owned()),
                (false, false) => Ok(()),
            }
        },
    );
    trace.assert_order("rescued.spondyl", &["write", "fsync", "rename", "folder", "stdout"]);
}
