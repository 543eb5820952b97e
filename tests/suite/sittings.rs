//! Sittings at the window that end badly, meet another program, or want to be looked back at.

use super::window::{click, harness, key, on_screen, settle, spine};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use spondyl::app::App;
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::session::{Access, Ending, NoImages, Op, Places, Session};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

struct Bench {
    _folder: tempfile::TempDir,
    images: PathBuf,
    cases: PathBuf,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let (images, cases) = (folder.path().join("ct"), folder.path().join("cases"));
        let (g, hu, _) = spine();
        write_ct_series(&images, &g, &hu, "sittings").expect("files");
        fs::create_dir_all(&cases).expect("made");
        Bench { _folder: folder, images, cases }
    }

    /// Three labelled levels.
    fn labelled(&self) -> Harness<'static, App> {
        let mut h = harness(&self.images, &self.cases);
        let (g, _, centers) = spine();
        key(&mut h, Key::V);
        h.get_by_label("C5").click();
        h.run_steps(2);
        for c in &centers {
            let at = on_screen(&h, &g, *c);
            click(&mut h, at);
        }
        settle(&mut h);
        h
    }

    fn case(&self) -> PathBuf {
        Places::under(&self.cases).recent().into_iter().next().expect("a case")
    }
}

fn start_page(cases: &Path) -> Harness<'static, App> {
    let mut app = App::new(&egui::Context::default());
    app.keep_cases_in(cases.to_path_buf());
    let mut h =
        Harness::builder().with_size(egui::vec2(1024.0, 760.0)).build_ui_state(|ui, app: &mut App| app.show(ui), app);
    let ctx = h.ctx.clone();
    h.state_mut().adopt_context(&ctx);
    h.step();
    settle(&mut h);
    h
}

#[test]
fn after_a_crash_the_start_page_says_what_happened_and_offers_the_case() {
    let bench = Bench::new();
    let h = bench.labelled();
    let case = bench.case();
    let as_killed = fs::read(&case).expect("read");
    drop(h); // closes the case as it should be
    assert_eq!(Places::under(&bench.cases).recent_cases(1)[0].ending, Ending::Closed);
    let h = start_page(&bench.cases);
    h.get_by_label_contains("reader reader   3 steps");
    assert!(h.query_by_label_contains("cut off").is_none());
    fs::write(&case, &as_killed[..as_killed.len() - 9]).expect("written");
    let mut h = start_page(&bench.cases);
    h.get_by_label_contains("The last sitting was cut off");
    h.get_by_label_contains("it was never shown as saved");
    h.get_by_label("What was done").click();
    h.run_steps(3);
    h.get_by_label("Label C5");
}

#[test]
fn the_history_tells_what_was_done_and_leads_back() {
    let bench = Bench::new();
    let mut h = bench.labelled();
    h.key_press_modifiers(Modifiers::COMMAND, Key::H);
    h.run_steps(3);
    let row = h.get_by_label("Label C6").rect();
    h.hover_at(row.center());
    h.run_steps(3);
    h.get_by_label("Go back to here").click();
    h.run_steps(3);
    assert_eq!(h.state().document().vertebrae.len(), 2, "C7 is taken back");
    h.get_by_label("Label C7 — taken back");
    h.get_by_label("Undo: Label C7");
    key(&mut h, Key::Escape);
}

#[test]
fn a_case_that_another_program_has_is_shown_followed_and_goes_on_when_it_is_free() {
    let bench = Bench::new();
    drop(bench.labelled());
    let path = bench.case();
    let mut other = Session::open(&path, Access::Write).expect("free").session;
    let mut h = harness(&bench.images, &bench.cases);
    h.get_by_label("READ ONLY");
    assert_eq!(h.state().document().vertebrae.len(), 3);
    let step = Op::from_line(br#"{"op":"unlabel_vertebra","level":"C7"}"#).expect("a step");
    let n = other.perform(&step, &NoImages).expect("done");
    other.wait_durable(n).expect("written");
    std::thread::sleep(Duration::from_millis(2100));
    h.run_steps(3);
    assert_eq!(h.state().document().vertebrae.len(), 2, "what the other did is shown");
    drop(other);
    std::thread::sleep(Duration::from_millis(2100));
    h.run_steps(3);
    settle(&mut h);
    h.get_by_label("saved");
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    assert_eq!(h.state().document().vertebrae.len(), 3, "it can be changed again");
}

#[test]
fn the_whole_case_is_saved_elsewhere_and_goes_on_there() {
    let bench = Bench::new();
    let mut h = bench.labelled();
    let (old, new) = (bench.case(), bench.cases.join("elsewhere.spondyl"));
    let before = fs::read(&old).expect("read");
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    h.run_steps(3);
    h.get_by_label("Case file").focus();
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.step();
    h.get_by_label("Case file").type_text(&new.display().to_string());
    h.run_steps(2);
    h.get_by_label("Save there").click();
    h.run_steps(3);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(2);
    settle(&mut h);
    assert_eq!(fs::read(&old).expect("read"), before);
    assert_eq!(Session::open(&new, Access::Read).expect("whole").session.document().vertebrae.len(), 2);
    assert_eq!(bench.case(), new, "it is the newest of the recent cases");
}

#[test]
fn an_export_over_somebody_elses_file_asks_first() {
    let bench = Bench::new();
    let mut h = bench.labelled();
    let out = bench.cases.join("out");
    fs::create_dir_all(&out).expect("made");
    fs::write(out.join("case.json"), "{\"of\":\"somebody else\"}").expect("written");
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_steps(3);
    h.get_by_label("Export folder").focus();
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.step();
    h.get_by_label("Export folder").type_text(&out.display().to_string());
    h.run_steps(2);
    // Only labels: there is no series to make a label map of.
    h.get_by_label("lesions.nii.gz").click();
    h.get_by_label("Replace UIDs, leave free text out").click();
    h.get_by_label("Export").click();
    h.run_steps(2);
    settle(&mut h);
    h.get_by_label_contains("is not an export of this case by this reader");
    assert_eq!(fs::read_to_string(out.join("case.json")).expect("there"), "{\"of\":\"somebody else\"}");
    h.get_by_label("Replace it").click();
    h.run_steps(2);
    settle(&mut h);
    let json = fs::read_to_string(out.join("case.json")).expect("there");
    assert!(json.contains("spondyl-case/1") && json.contains("UIDs are replaced"));
    assert!(json.contains("research use only, not for diagnosis"));
    assert!(bench.cases.join("uid-key.json").is_file(), "the key lies with the cases");
}
