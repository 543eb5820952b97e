//! The window as a reader uses it, without a display: pointer and key events go in where the real window puts them,
//! and what comes out is checked in the case file's document, after a restart too, and in the export.

use egui::{Key, Modifiers, Pos2, pos2};
use egui_kittest::kittest::Queryable;
use egui_kittest::wgpu::{WgpuTestRenderer, create_render_state};
use egui_kittest::{Harness, Node};
use spondyl::anatomy::VertebraLevel;
use spondyl::app::App;
use spondyl::document::Document;
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::render::device_descriptor;
use spondyl::space::{DVec2, DVec3, Geometry, PatientPoint, Plane};
use spondyl::view::Pane;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Three bodies of bone, each with a dark hole, in soft tissue.
pub fn spine() -> (Geometry, Vec<i16>, Vec<PatientPoint>) {
    let size = [40, 48, 60];
    let origin = PatientPoint::new(-20.0, -24.0, 100.0).expect("finite");
    let g = Geometry::regular(origin, [DVec3::X, DVec3::Y, DVec3::Z * 1.5], size).expect("spans space");
    let centers: Vec<PatientPoint> =
        [175.0, 145.0, 115.0].map(|z| PatientPoint::new(0.0, 0.0, z).expect("finite")).to_vec();
    let mut hu = Vec::new();
    for k in 0..size[2] {
        for j in 0..size[1] {
            for i in 0..size[0] {
                let p = DVec3::new(i as f64 - 20.0, j as f64 - 24.0, 100.0 + 1.5 * k as f64);
                let near = centers.iter().map(|c| (p - c.vec()).length()).fold(f64::MAX, f64::min);
                hu.push(if near < 4.0 {
                    50
                } else if near < 12.0 {
                    350
                } else {
                    20
                });
            }
        }
    }
    (g, hu, centers)
}

/// Seconds of a frame in which two clicks are two clicks.
pub const SLOW: f32 = 0.25;

pub fn harness<'a>(images: &Path, cases: &Path) -> Harness<'a, App> {
    harness_stepping(images, cases, SLOW)
}

pub fn harness_stepping<'a>(images: &Path, cases: &Path, seconds: f32) -> Harness<'a, App> {
    let mut setup = egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(device_descriptor);
    let state = create_render_state(setup.into(), egui_wgpu::RendererOptions::PREDICTABLE);
    let mut app = App::new(&egui::Context::default());
    app.keep_cases_in(cases.to_path_buf());
    app.attach_gpu(&state);
    let mut h = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_os(egui::os::OperatingSystem::Nix)
        .with_max_steps(200)
        .with_step_dt(seconds)
        .renderer(WgpuTestRenderer::from_render_state(state))
        .build_ui_state(|ui, app: &mut App| app.show(ui), app);
    let ctx = h.ctx.clone();
    h.state_mut().adopt_context(&ctx);
    h.state_mut().open_paths(vec![images.to_path_buf()]);
    settle(&mut h);
    h
}

/// Steps until no background work is left.
pub fn settle(h: &mut Harness<'_, App>) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        h.step();
        if !h.state().is_working() {
            break;
        }
        assert!(Instant::now() < end, "background work did not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    h.run_steps(3);
}

/// Where a patient point lies on the sagittal pane, which shows the whole series.
pub fn on_screen(h: &Harness<'_, App>, g: &Geometry, p: PatientPoint) -> Pos2 {
    let rect = h.get_by_label("Sagittal view").rect();
    let size = DVec2::new(f64::from(rect.width()), f64::from(rect.height()));
    let at = Pane::fitted(Plane::Sagittal, g, size).pane_from_patient(p, size).0;
    pos2(rect.left() + at.x as f32, rect.top() + at.y as f32)
}

pub fn click(h: &mut Harness<'_, App>, at: Pos2) {
    h.hover_at(at);
    h.step();
    h.drag_at(at);
    h.step();
    h.drop_at(at);
    h.run_steps(2);
}

pub fn drag(h: &mut Harness<'_, App>, from: Pos2, to: Pos2) {
    h.drag_at(from);
    h.step();
    for n in 1..=12 {
        h.hover_at(from + (to - from) * (n as f32 / 12.0));
        h.step();
    }
    h.drop_at(to);
    h.run_steps(2);
}

pub fn key(h: &mut Harness<'_, App>, key: Key) {
    h.key_press(key);
    h.run_steps(2);
}

fn painted(d: &Document) -> usize {
    d.masks.values().map(|m| m.painted().count()).sum()
}

#[test]
fn keys_of_one_slow_frame_all_count_in_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/ct-sagittal");
    let mut h = harness(&images, &folder.path().join("cases"));
    let at = |h: &Harness<'_, App>| h.state().pane_cursor(0).expect("open").vec().x;
    let start = at(&h);
    key(&mut h, Key::ArrowDown);
    let step = at(&h) - start;
    assert!(step.abs() > 1.0, "a slice: {step}");
    let before = at(&h);
    let press =
        |key| egui::Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE };
    h.input_mut().events = [Key::ArrowDown, Key::ArrowDown, Key::ArrowUp, Key::ArrowDown].map(press).to_vec();
    h.step();
    assert!((at(&h) - before - 2.0 * step).abs() < 1e-6, "three down, one up");
}

#[test]
fn a_reader_labels_paints_undoes_exports_and_finds_it_all_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, cases, out) = (folder.path().join("ct"), folder.path().join("cases"), folder.path().join("out"));
    let (g, hu, centers) = spine();
    write_ct_series(&images, &g, &hu, "window test").expect("files");
    let mut h = harness(&images, &cases);

    // Numbering: from C5 down, one click each.
    key(&mut h, Key::V);
    h.get_by_label("C5").click();
    h.run_steps(2);
    for c in &centers {
        let at = on_screen(&h, &g, *c);
        click(&mut h, at);
    }
    let levels: Vec<_> = h.state().document().vertebrae.iter().map(|(l, v)| (*l, v.at_mm)).collect();
    assert_eq!(
        levels.iter().map(|l| l.0).collect::<Vec<_>>(),
        [VertebraLevel::C5, VertebraLevel::C6, VertebraLevel::C7]
    );
    for ((_, at), want) in levels.iter().zip(&centers) {
        assert!(at.expect("placed").distance_mm(*want) < 1.5, "a click lands where it was made");
    }

    // A stroke with a value range takes the dark hole and not the bone; the lesion comes by itself, under C6.
    key(&mut h, Key::B);
    key(&mut h, Key::R);
    let c6 = centers[1];
    let (from, to) = (on_screen(&h, &g, c6.moved(DVec3::Y * -3.0)), on_screen(&h, &g, c6.moved(DVec3::Y * 3.0)));
    drag(&mut h, from, to);
    let first = painted(h.state().document());
    let lesion = h.state().document().lesions.values().next().cloned().expect("a lesion");
    assert_eq!(lesion.vertebra, VertebraLevel::C6);
    assert!((25..=60).contains(&first), "{first} voxels of a hole of 4 mm radius in one 1 × 1.5 mm layer");

    // Undo and redo, by key.
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(2);
    assert_eq!(painted(h.state().document()), 0);
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run_steps(2);
    assert_eq!(painted(h.state().document()), first);

    // A contour around the same place adds.
    key(&mut h, Key::C);
    for (y, z) in [(-6.0, -6.0), (6.0, -6.0), (6.0, 6.0), (-6.0, 6.0)] {
        let at = on_screen(&h, &g, c6.moved(DVec3::new(0.0, y, z)));
        click(&mut h, at);
    }
    key(&mut h, Key::Enter);
    let second = painted(h.state().document());
    assert!(second > first, "{second} after {first}");

    // The wheel goes through slices while a tool is active.
    let before = h.state().cursor().expect("open");
    let over = on_screen(&h, &g, c6);
    h.hover_at(over);
    h.step();
    h.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, -1.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    h.run_steps(2);
    assert!((h.state().cursor().expect("open").vec().x - before.vec().x).abs() > 0.9);

    export_to(&mut h, &out);
    let case: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("case.json")).expect("exported")).expect("JSON");
    let vertebrae = case["annotation_sets"][0]["vertebrae"].as_array().expect("levels").len();
    assert_eq!(vertebrae, 3);
    assert!(out.join("lesions.nii.gz").is_file() && out.join("lesions.csv").is_file());

    // Closed and opened again: the same document, and the undo history with it.
    let document = h.state().document().clone();
    h.state_mut().close();
    drop(h);
    let mut h = harness(&images, &cases);
    assert_eq!(*h.state().document(), document);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(2);
    assert_eq!(painted(h.state().document()), first);
}

fn export_to(h: &mut Harness<'_, App>, out: &Path) {
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_steps(3);
    let field: Node<'_> = h.get_by_label("Export folder");
    field.focus();
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.step();
    h.get_by_label("Export folder").type_text(&out.display().to_string());
    h.run_steps(2);
    h.get_by_label("Export").click();
    h.run_steps(2);
    settle(h);
}

#[test]
fn the_start_page_and_the_key_page_show_without_images() {
    let mut app = App::new(&egui::Context::default());
    app.keep_cases_in(std::env::temp_dir());
    let mut h =
        Harness::builder().with_size(egui::vec2(1024.0, 700.0)).build_ui_state(|ui, app: &mut App| app.show(ui), app);
    h.run_steps(3);
    h.get_by_label_contains("Open a folder of images");
    key(&mut h, Key::F1);
    h.get_by_label("FILE");
    key(&mut h, Key::Escape);
    assert!(h.query_by_label("FILE").is_none(), "Esc closes the page");
}

#[test]
fn levels_by_enter_recounted_as_one_step_and_layers_between_are_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, cases) = (folder.path().join("ct"), folder.path().join("cases"));
    let (g, hu, centers) = spine();
    write_ct_series(&images, &g, &hu, "window test").expect("files");
    let mut h = harness(&images, &cases);

    // Two clicks give the chain its way; Enter takes the third where it is suggested.
    key(&mut h, Key::V);
    h.get_by_label("C5").click();
    h.run_steps(2);
    for c in &centers[..2] {
        let at = on_screen(&h, &g, *c);
        click(&mut h, at);
    }
    key(&mut h, Key::Enter);
    let c7 = h.state().document().vertebrae.get(&VertebraLevel::C7).and_then(|v| v.at_mm).expect("suggested and taken");
    assert!(c7.distance_mm(centers[2]) < 6.0, "{c7:?} beside {:?}", centers[2]);

    // A range from under the brush: the dark hole of about 50 HU.
    let c6 = centers[1];
    key(&mut h, Key::B);
    let over = on_screen(&h, &g, c6);
    h.hover_at(over);
    h.step();
    for _ in 0..4 {
        key(&mut h, Key::OpenBracket);
    }
    key(&mut h, Key::S);
    drag(&mut h, over, over + egui::vec2(3.0, 0.0));
    let one = painted(h.state().document());
    assert!(one > 0);

    // Two layers on, a second stroke; the layer between is offered, dropped by Esc, kept by Enter.
    for _ in 0..2 {
        key(&mut h, Key::ArrowDown);
    }
    drag(&mut h, over, over + egui::vec2(3.0, 0.0));
    let two = painted(h.state().document());
    assert!(two > one);
    key(&mut h, Key::K);
    assert_eq!(painted(h.state().document()), two, "an offer changes nothing");
    key(&mut h, Key::Escape);
    key(&mut h, Key::Enter);
    assert_eq!(painted(h.state().document()), two, "what was dropped is not kept");
    key(&mut h, Key::K);
    key(&mut h, Key::Enter);
    let three = painted(h.state().document());
    assert!(three > two, "{three} after {two}");

    // The count was one level off: the lesion goes with its bone, and one undo brings all back.
    let before = h.state().document().clone();
    h.get_by_label("C5").click_secondary();
    h.run_steps(2);
    h.get_by_label("Count the whole spine one lower").click();
    h.run_steps(2);
    let levels: Vec<_> = h.state().document().vertebrae.keys().copied().collect();
    assert_eq!(levels, [VertebraLevel::C6, VertebraLevel::C7, VertebraLevel::T1]);
    let lesion = h.state().document().lesions.values().next().expect("a lesion").vertebra;
    assert_eq!(lesion, VertebraLevel::C7);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(2);
    assert_eq!(*h.state().document(), before);
}

/// A folder let go over the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("a folder".to_owned())
    }
}

#[test]
fn several_folders_dropped_on_the_window_open_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let (g, hu, _) = spine();
    let names = ["one", "two", "three"];
    for name in names {
        write_ct_series(&folder.path().join(name), &g, &hu, name).expect("files");
    }
    let mut h = harness(&folder.path().join("nothing here yet"), &folder.path().join("cases"));
    let dropped = names.map(|n| Arc::new(Dropped(folder.path().join(n))) as egui::DroppedFileHandle);
    h.input_mut().dropped_files.extend(dropped);
    h.run_steps(1);
    settle(&mut h);
    for name in names {
        assert!(h.query_by_label(&format!("Series {name}")).is_some(), "{name} is listed");
    }
    assert!(h.state().cursor().is_some(), "and one of them is shown");
}

#[test]
fn a_later_study_of_the_same_patient_joins_the_case_at_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, cases) = (folder.path().join("ct"), folder.path().join("cases"));
    let (g, hu, centers) = spine();
    write_ct_series(&images.join("before"), &g, &hu, "before surgery").expect("files");
    write_ct_series(&images.join("after"), &g, &hu, "after surgery").expect("files");
    let mut h = harness(&images, &cases);
    let paint = |h: &mut Harness<'_, App>, at: PatientPoint| {
        let at = on_screen(h, &g, at);
        key(h, Key::V);
        click(h, at);
        key(h, Key::B);
        drag(h, at, at + egui::vec2(4.0, 0.0));
    };
    let open = |h: &mut Harness<'_, App>, name: &str, within: bool| {
        let name = format!("Series {name}");
        let series = h.get_by_label(&name);
        if within {
            series.click_secondary();
            h.run_steps(2);
            h.get_by_label("Open within this case").click();
        } else {
            series.click();
        }
        settle(h);
    };
    open(&mut h, "before surgery", false);
    key(&mut h, Key::V);
    h.get_by_label("C5").click();
    h.run_steps(2);
    paint(&mut h, centers[0]);
    let first = painted(h.state().document());
    assert!(first > 0);

    // A plain click leaves the case of the other study; within the case it stays, and both studies are in it.
    open(&mut h, "after surgery", false);
    assert_eq!(painted(h.state().document()), 0);
    open(&mut h, "before surgery", false);
    assert_eq!(painted(h.state().document()), first, "found again");
    open(&mut h, "after surgery", true);
    assert_eq!(painted(h.state().document()), first, "still there");
    paint(&mut h, centers[1]);
    let document = h.state().document();
    assert!(painted(document) > first);
    let studies: std::collections::BTreeSet<_> = document.images.values().map(|i| &i.study_instance_uid).collect();
    assert_eq!(studies.len(), 2, "each image keeps its study");

    // The later study is a timepoint with a level of its own, and the table of changes tells the two apart.
    let later: Vec<_> = document.followups.values().flat_map(|f| f.keys().copied()).collect();
    assert_eq!((document.timepoints.len(), &later), (1, &document.vertebrae.keys().copied().collect()));
    h.key_press_modifiers(Modifiers::COMMAND, Key::T);
    h.run_steps(3);
    h.get_by_label_contains("later-1");
    h.get_by_label("Changes between timepoints");
    key(&mut h, Key::Escape);
    open(&mut h, "before surgery", false);
    let first = h.state().document().vertebrae.get(&VertebraLevel::C5).and_then(|v| v.at_mm).expect("still labelled");
    assert!(first.distance_mm(centers[0]) < 1.5, "the first study's label stayed where it was");
}
