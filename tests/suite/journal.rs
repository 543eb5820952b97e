//! The case file under a program that is killed at any moment, and under two programs at once: what was answered is there.

use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::session::{Access, Session};
use spondyl::space::{DVec3, Geometry, PatientPoint};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const STEPS: usize = 12;

/// A small CT series.
fn series(folder: &Path) -> PathBuf {
    let size = [32, 28, 6];
    let steps = [DVec3::X, DVec3::Y, DVec3::Z * 2.0];
    let geometry = Geometry::regular(PatientPoint::ORIGIN, steps, size).expect("three steps at right angles");
    let hu: Vec<i16> = (0..size.iter().product()).map(|n: usize| (n * 31 % 900) as i16 - 1024).collect();
    let images_folder = folder.join("images");
    write_ct_series(&images_folder, &geometry, &hu, "journal").expect("the series");
    images_folder
}

fn annotate(images: &Path, case: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_spondyl"))
        .arg("annotate")
        .arg(images)
        .arg("--case")
        .arg(case)
        .args(["--script", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Step `n`: a dab, each at another place.
fn step(n: usize) -> String {
    let (x, y, z) = (n % 30, n / 30 % 26, n % 6 * 2);
    let at = format!("[{x}.0,{y}.0,{z}.0]");
    format!(
        r#"{{"op":"brush","lesion":"a","plane":"axial","path_mm":[{at}],"radius_mm":1.5,"tip":"disc","mode":"paint","range":null}}"#
    )
}

/// Steps whose entries stand in the file.
fn steps_in(case: &Path) -> usize {
    Session::open(case, Access::Read).expect("an intact case").session.history().done().len()
}

#[test]
fn whenever_the_program_is_killed_every_answered_step_is_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, case) = (series(folder.path()), folder.path().join("c.spondyl"));
    let mut done = begin(&images, &case);
    for round in 0..15 {
        let mut program = annotate(&images, &case);
        let mut input = program.stdin.take().expect("piped");
        for n in 0..STEPS {
            // The program may be gone before it has read everything; that is the point.
            let _ = writeln!(input, "{}", step(done + n));
        }
        let mut answers = BufReader::new(program.stdout.take().expect("piped")).lines();
        let mut answered = answers.by_ref().take(round % (STEPS + 1)).filter(ok).count();
        std::thread::sleep(Duration::from_micros(200 * (round as u64 % 4)));
        program.kill().expect("it can be killed");
        program.wait().expect("it ends");
        answered += answers.filter(ok).count();
        let there = steps_in(&case);
        assert!(
            there >= done + answered,
            "round {round}: {answered} steps were answered, the file gained {}",
            there - done
        );
        assert!(there <= done + STEPS);
        done = there;
    }
    assert!(done > 15, "only {done} steps came through");
}

fn ok(answer: &std::io::Result<String>) -> bool {
    answer.as_ref().is_ok_and(|a| a.contains("\"ok\":true") && a.ends_with('}'))
}

/// The first session: a lesion. How many steps the file then holds.
fn begin(images: &Path, case: &Path) -> usize {
    let mut program = annotate(images, case);
    let mut input = program.stdin.take().expect("piped");
    writeln!(input, r#"{{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}}"#).expect("it reads");
    drop(input);
    let ended = program.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    1
}

#[test]
fn of_two_programs_on_one_file_one_waits_and_no_step_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, case) = (series(folder.path()), folder.path().join("c.spondyl"));
    begin(&images, &case);
    let work = |first: usize| {
        for batch in 0..10 {
            let steps: Vec<String> = (0..20).map(|n| step(first + 20 * batch + n)).collect();
            // Refused while the other has the file: again, as a person would.
            while !replayed(&images, &case, &steps) {
                std::thread::sleep(Duration::from_millis(3));
            }
        }
    };
    std::thread::scope(|s| {
        s.spawn(|| work(0));
        s.spawn(|| work(400));
    });
    assert_eq!(steps_in(&case), 1 + 2 * 10 * 20);
}

/// Whether the program took the steps; when it did not, it said that the file is in use.
fn replayed(images: &Path, case: &Path, steps: &[String]) -> bool {
    let mut program = annotate(images, case);
    let mut input = program.stdin.take().expect("piped");
    // A program that is refused the file does not read its steps.
    let _ = writeln!(input, "{}", steps.join("\n"));
    drop(input);
    let ended = program.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() || said.contains("in use"), "{said}");
    ended.status.success()
}

#[test]
fn each_step_is_answered_before_the_next_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, case) = (series(folder.path()), folder.path().join("c.spondyl"));
    begin(&images, &case);
    let mut program = annotate(&images, &case);
    let mut input = program.stdin.take().expect("piped");
    let mut answers = BufReader::new(program.stdout.take().expect("piped")).lines();
    for n in 0..3 {
        writeln!(input, "{}", step(n)).expect("it reads");
        assert!(ok(&answers.next().expect("an answer")));
        assert_eq!(steps_in(&case), 2 + n, "what is answered is in the file, also for another program");
    }
    writeln!(input, r#"{{"op":"redo"}}"#).expect("it reads");
    let refused = answers.next().expect("an answer").expect("text");
    assert!(refused.contains(r#""ok":false"#) && refused.contains("nothing to redo"), "{refused}");
    assert_eq!(program.wait().expect("it ends").code(), Some(1), "a refused step ends the script");
}
