//! SIGTERM and SIGINT end the program between two steps: every answered step is in the file, no line is torn, nothing
//! temporary is left.
#![cfg(unix)]

use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::session::{Access, Session};
use spondyl::space::{DVec3, Geometry, PatientPoint};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

#[test]
fn told_to_end_it_finishes_the_step_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = folder.path().join("images");
    let geometry = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 2.0], [24, 20, 5]);
    write_ct_series(&images, &geometry.expect("spans space"), &[7; 24 * 20 * 5], "signals").expect("the series");
    let cases = folder.path().join("cases");
    fs::create_dir_all(&cases).expect("made");
    for (round, signal) in ["TERM", "INT", "TERM", "INT", "TERM"].iter().enumerate() {
        let case = cases.join(format!("{round}.spondyl"));
        let mut program = Command::new(env!("CARGO_BIN_EXE_spondyl"))
            .arg("annotate")
            .arg(&images)
            .arg("--case")
            .arg(&case)
            .args(["--script", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = program.stdin.take().expect("piped");
        for n in 0..200 {
            let step = format!(r#"{{"op":"label_vertebra","level":"C6","at_mm":[{n},1,1]}}"#);
            writeln!(input, "{step}").expect("it reads");
        }
        let mut answers = BufReader::new(program.stdout.take().expect("piped")).lines();
        let mut answered = answers.by_ref().take(3 + round).count();
        let killed = Command::new("kill").args([&format!("-{signal}"), &program.id().to_string()]).status();
        assert!(killed.expect("kill runs").success());
        answered += answers.filter(|a| a.as_ref().is_ok_and(|a| a.contains("\"ok\":true"))).count();
        let code = program.wait().expect("it ends").code();
        drop(input);
        let expected = if *signal == "TERM" { 143 } else { 130 };
        assert_eq!(code, Some(expected), "{signal}");
        let opened = Session::open(&case, Access::Read).expect("an intact case");
        assert!(opened.notices.is_empty(), "{:?}", opened.notices);
        let there = opened.session.history().done().len();
        assert!((answered..=answered + 1).contains(&there), "{answered} answered, {there} there");
    }
    assert_eq!(fs::read_dir(&cases).expect("listed").count(), 5, "nothing temporary is left");
}
