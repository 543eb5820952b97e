//! What makes the window a place to read in all day: settings, keys and mouse of the reader's choice, hanging rules, what
//! is remembered, figures, a second series laid over, cine, names of all controls, small windows, a device that is lost.

use super::window::{click, drag, harness, key, settle, spine};
use egui::{Key, Modifiers, PointerButton, Pos2, Rect, accesskit::Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::wgpu::create_render_state;
use spondyl::app::{App, Figure, Settings};
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::render::device_descriptor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn new(series: &[&str]) -> Room {
        let room = Room { folder: tempfile::tempdir().expect("a folder") };
        let (g, hu, _) = spine();
        for name in series {
            write_ct_series(&room.images().join(name), &g, &hu, name).expect("files");
        }
        room
    }

    fn images(&self) -> PathBuf {
        self.folder.path().join("images")
    }

    fn cases(&self) -> PathBuf {
        self.folder.path().join("cases")
    }

    fn open(&self) -> Harness<'static, App> {
        harness(&self.images(), &self.cases())
    }

    fn open_with(&self, settings: &str) -> Harness<'static, App> {
        let mut h = self.open();
        h.state_mut().use_settings(Settings::of_text(settings));
        h.state_mut().open_paths(vec![self.images()]);
        settle(&mut h);
        h
    }
}

fn shown(h: &Harness<'_, App>, name: &str) -> bool {
    h.query_by_label(name).is_some()
}

fn rect_of(h: &Harness<'_, App>, name: &str) -> Rect {
    h.get_by_label(name).rect()
}

fn drag_with(h: &mut Harness<'_, App>, button: PointerButton, from: Pos2, to: Pos2) {
    let event = |pos, pressed| egui::Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
    h.hover_at(from);
    h.step();
    h.event(event(from, true));
    h.step();
    for n in 1..=8 {
        h.hover_at(from + (to - from) * (n as f32 / 8.0));
        h.step();
    }
    h.event(event(to, false));
    h.run_steps(2);
}

fn window_of(h: &Harness<'_, App>) -> (f64, f64) {
    h.state().window().expect("open")
}

#[test]
fn keys_are_remapped_and_conflicts_are_said() {
    let room = Room::new(&["ct"]);
    let mut h = room.open_with("[keys]\nmaximise-pane = \"F5\"\ngrow = \"B\"\n");
    assert!(h.query_by_label_contains("it runs \"Grow\"").is_some(), "the conflict is said");
    key(&mut h, Key::F5);
    assert!(!shown(&h, "Axial view"), "one pane alone");
    key(&mut h, Key::F11);
    assert!(!shown(&h, "Axial view"), "the old key does nothing");
    key(&mut h, Key::F5);
    assert!(shown(&h, "Axial view"));
    key(&mut h, Key::B);
    assert!(h.query_by_label_contains("Press in the middle of a new lesion").is_some(), "grow is in the hand");
}

#[test]
fn the_mouse_of_a_pacs_windows_with_the_left_button_and_zooms_with_the_right() {
    let room = Room::new(&["ct"]);
    let mut h = room.open_with("mouse = \"pacs\"");
    let at = rect_of(&h, "Sagittal view").center() + vec2(30.0, 40.0);
    let (before, cursor) = (window_of(&h), h.state().cursor().expect("open"));
    drag(&mut h, at, at + vec2(60.0, 0.0));
    assert!(window_of(&h).0 > before.0 && window_of(&h).1 == before.1, "{:?} after {before:?}", window_of(&h));
    assert_eq!(h.state().cursor(), Some(cursor), "a drag moves no crosshair");
    click(&mut h, at);
    assert!(h.state().cursor().expect("open").distance_mm(cursor) > 1.0, "a click does");
    let zoom = h.state().pane_position(0, cursor).expect("a pane");
    drag_with(&mut h, PointerButton::Secondary, at, at - vec2(0.0, 80.0));
    assert_ne!(h.state().pane_position(0, cursor), Some(zoom), "closer");
    // A tool that was chosen has the left button again.
    key(&mut h, Key::M);
    let before = window_of(&h);
    drag(&mut h, at, at + vec2(60.0, 0.0));
    assert_eq!(window_of(&h), before);
    assert_eq!(h.state().document().measurements.len(), 1);
}

#[test]
fn the_layout_and_the_folders_opened_last_are_remembered() {
    let room = Room::new(&["ct"]);
    let mut h = room.open();
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    h.run_steps(3);
    assert!(shown(&h, "Axial, acquired view"));
    h.state_mut().close();
    let again = room.open();
    assert!(shown(&again, "Axial, acquired view"), "two by two again");

    // Names of folders may be names of patients: they are kept only where the settings say so.
    let start_page = |settings: &str| {
        let mut app = App::new(&egui::Context::default());
        app.keep_cases_in(room.cases());
        app.use_settings(Settings::of_text(settings));
        Harness::builder().with_size(vec2(1024.0, 700.0)).build_ui_state(|ui, app: &mut App| app.show(ui), app)
    };
    let mut start = start_page("");
    start.run_steps(3);
    assert!(!shown(&start, "images"), "not without being told");
    room.open_with("remember_folders = true").state_mut().close();
    let mut start = start_page("remember_folders = true");
    start.run_steps(3);
    start.get_by_label("images").click();
    start.run_steps(2);
    assert!(start.state().is_working() || shown(&start, "Series ct"), "the folder is opened");
}

#[test]
fn hanging_rules_put_series_beside_each_other() {
    let room = Room::new(&["neck bone", "neck soft"]);
    let rule = "[[hanging]]\nlayout = \"2-series\"\npane = [\
                {description = \"*SOFT\", plane = \"axial\", window = \"soft-tissue\"}, {modality = \"CT\"}]";
    let h = room.open_with(rule);
    assert_eq!(h.state().pane_series(), ["neck soft", "neck bone"]);
    assert!(h.query_by_label_contains("Axial view 1").is_some());
    assert_eq!(window_of(&h), (400.0, 40.0));
    let none = room.open_with("[[hanging]]\nlayout = \"1\"\npane = [{modality = \"MR\"}]");
    assert_eq!(none.state().pane_series().len(), 3, "no MR is there: the usual layout");
}

fn differing(a: &image::RgbaImage, b: &image::RgbaImage) -> f64 {
    let far = |p: &image::Rgba<u8>, q: &image::Rgba<u8>| (0..3).any(|n| p.0[n].abs_diff(q.0[n]) > 24);
    a.pixels().zip(b.pixels()).filter(|(p, q)| far(p, q)).count() as f64 / (a.width() * a.height()) as f64
}

#[test]
fn figures_are_the_panes_larger_and_with_or_without_overlays() {
    let room = Room::new(&["ct"]);
    let mut h = room.open();
    let pane = rect_of(&h, "Sagittal view");
    let one = Figure { one_pane: true, scale: 1, overlays: true, descriptions: false };
    let plain = h.state().figure(one).expect("drawn");
    assert_eq!([plain.width(), plain.height()], [pane.width(), pane.height()].map(|n| n.round() as u32));
    let large = h.state().figure(Figure { scale: 3, ..one }).expect("drawn");
    assert_eq!([large.width(), large.height()], [plain.width() * 3, plain.height() * 3]);
    // The same picture, finer: bone and hole are where they were.
    let small = image::imageops::resize(&large, plain.width(), plain.height(), image::imageops::FilterType::Triangle);
    assert!(differing(&plain, &small) < 0.06, "{}", differing(&plain, &small));
    assert!(plain.pixels().filter(|p| p.0[0] > 110).count() > 1000, "bone is bright");

    key(&mut h, Key::M);
    drag(&mut h, pane.center() - vec2(90.0, 60.0), pane.center() + vec2(90.0, 60.0));
    let drawn = h.state().figure(one).expect("drawn");
    let bare = h.state().figure(Figure { overlays: false, ..one }).expect("drawn");
    assert!(differing(&plain, &drawn) > 0.0005, "the line and its length");
    assert!(differing(&plain, &bare) < 1e-6, "nothing but the picture and its caption");
    let all = h.state().figure(Figure { one_pane: false, scale: 1, ..one }).expect("drawn");
    assert!(all.width() > plain.width());

    h.key_press_modifiers(Modifiers::COMMAND, Key::P);
    h.run_steps(3);
    let file = room.folder.path().join("figure.png");
    h.get_by_label("Figure file").focus();
    h.run_steps(2);
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.event(egui::Event::Text(file.display().to_string()));
    h.run_steps(2);
    h.get_by_label("Save PNG").click();
    h.run_steps(3);
    let saved = image::open(&file).expect("a PNG").to_rgba8();
    assert_eq!([saved.width(), saved.height()], [all.width() * 2, all.height() * 2]);
}

#[test]
fn the_command_line_draws_a_layout_as_the_window_does() {
    let room = Room::new(&["ct"]);
    let out = room.folder.path().join("layout.png");
    let (images, file) = (room.images().display().to_string(), out.display().to_string());
    let args = ["render", &images, "-o", &file, "--layout", "1+2", "--size", "900x600", "--scale", "2"];
    let run = Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("the executable runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let picture = image::open(&out).expect("a PNG").to_rgba8();
    assert_eq!([picture.width(), picture.height()], [1800, 1200]);
    // Bone is bright in all three panes.
    for (x, y) in [(0, 0), (1090, 0), (1090, 610)] {
        let pane = image::imageops::crop_imm(&picture, x, y, 700, 580).to_image();
        assert!(pane.pixels().filter(|p| p.0[0] > 110).count() > 2000, "pane at {x}, {y}");
    }
}

#[test]
fn a_second_series_lies_over_only_where_the_two_hang_together() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let room = Room::new(&[]);
    let mut h = harness(&sample, &room.cases());
    let one = Figure { one_pane: true, scale: 1, overlays: false, descriptions: false };
    let names: Vec<String> = h.state().library_names();
    let base = h.state().pane_series().first().cloned().expect("a series");
    let plain = h.state().figure(one).expect("drawn");
    let reddish = |f: &image::RgbaImage| f.pixels().filter(|p| p.0[0] > p.0[2].saturating_add(40)).count();
    assert_eq!(reddish(&plain), 0, "grey");
    let mut laid = 0;
    for over in names.iter().filter(|n| **n != base) {
        h.state_mut().lay_over_by_name(0, "nothing");
        h.state_mut().lay_over_by_name(0, over);
        settle(&mut h);
        match shown(&h, "Blend of pane 1") {
            true => {
                laid += 1;
                assert!(reddish(&h.state().figure(one).expect("drawn")) > 500, "{over} is seen over {base}");
            }
            false => assert_eq!(h.state().figure(one).expect("drawn"), plain, "no false overlay of {over}"),
        }
    }
    assert!(laid < names.len() - 1, "the radiograph lies nowhere");
}

#[test]
fn cine_goes_round_and_stops() {
    let room = Room::new(&["ct"]);
    let mut h = room.open();
    let start = h.state().cursor().expect("open");
    h.key_press_modifiers(Modifiers::SHIFT, Key::C);
    h.run_steps(4);
    let on = h.state().cursor().expect("open");
    assert!(on.vec().x != start.vec().x, "slices go by");
    h.key_press_modifiers(Modifiers::SHIFT, Key::C);
    h.run_steps(3);
    let stopped = h.state().cursor();
    h.run_steps(5);
    assert_eq!(h.state().cursor(), stopped);
}

/// Controls that can be used must say what they are.
fn unnamed(h: &Harness<'_, App>) -> Vec<String> {
    let controls = [
        Role::Button,
        Role::CheckBox,
        Role::ComboBox,
        Role::Slider,
        Role::SpinButton,
        Role::TextInput,
        Role::RadioButton,
        Role::Link,
        Role::Image,
    ];
    let mut out = vec![];
    for node in h.root().children_recursive() {
        let n = node.accesskit_node();
        let named = n.label().is_some_and(|l| !l.trim().is_empty());
        if controls.contains(&n.role()) && !named {
            out.push(format!("{:?} at {:?}", n.role(), node.rect()));
        }
    }
    out
}

#[test]
fn every_control_has_a_name_and_stays_in_a_small_window() {
    let room = Room::new(&["ct"]);
    let mut h = room.open();
    h.set_size(vec2(1024.0, 700.0));
    h.run_steps(3);
    let screen = Rect::from_min_size(Pos2::ZERO, vec2(1024.0, 700.0));
    for k in [Key::N, Key::B, Key::V, Key::H, Key::E] {
        key(&mut h, k);
        assert_eq!(unnamed(&h), Vec::<String>::new(), "with {k:?}");
        for node in h.root().children_recursive().filter(|n| n.accesskit_node().role() == Role::Button) {
            let rect = node.rect();
            // Rows of lists that are scrolled lie below; nothing of the bar above may leave the window.
            assert!(rect.top() > 100.0 || screen.contains_rect(rect), "{:?} with {k:?}", node);
        }
    }
    let pane = rect_of(&h, "Sagittal view").center();
    drag(&mut h, pane, pane + vec2(50.0, 50.0));
    key(&mut h, Key::F1);
    assert_eq!(unnamed(&h), Vec::<String>::new(), "the key page");
    key(&mut h, Key::Escape);
    for k in [Key::K, Key::P, Key::E, Key::O] {
        h.key_press_modifiers(Modifiers::COMMAND, k);
        h.run_steps(3);
        assert_eq!(unnamed(&h), Vec::<String>::new(), "dialog of Ctrl+{k:?}");
        key(&mut h, Key::Escape);
    }
}

#[test]
fn a_lost_device_is_replaced_and_nothing_is_lost_with_it() {
    let room = Room::new(&["ct"]);
    let mut h = room.open();
    let one = Figure { one_pane: true, scale: 1, overlays: true, descriptions: false };
    let at = rect_of(&h, "Sagittal view").center();
    key(&mut h, Key::V);
    click(&mut h, at);
    key(&mut h, Key::B);
    drag(&mut h, at, at + vec2(40.0, 0.0));
    settle(&mut h);
    h.hover_at(Pos2::new(2.0, 2.0));
    h.run_steps(2);
    let (before, document) = (h.state().figure(one).expect("drawn"), h.state().document().clone());
    h.state_mut().lose_gpu();
    assert!(h.state().gpu_is_lost());
    h.state_mut().detach_gpu();
    assert!(h.state().figure(one).is_err(), "said, not drawn from a device that is gone");
    let mut setup = egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(device_descriptor);
    let state = create_render_state(setup.into(), egui_wgpu::RendererOptions::PREDICTABLE);
    h.state_mut().attach_gpu(&state);
    assert_eq!(h.state().document(), &document);
    let after = h.state().figure(one).expect("drawn again");
    assert!(differing(&before, &after) < 0.001, "{}", differing(&before, &after));
}

/// What the window shows is what the processor's reference draws, seen with a tolerance. The pictures of a failure are
/// kept.
#[test]
fn the_window_s_picture_is_the_reference_s() {
    let room = Room::new(&["ct"]);
    let h = room.open();
    let bare = Figure { one_pane: true, scale: 1, overlays: false, descriptions: false };
    let drawn = h.state().figure(bare).expect("drawn");
    // Scale and middle of the pane, from where two points lie in it.
    let at = h.state().cursor().expect("open");
    let [p, q] =
        [at, at.moved(spondyl::space::DVec3::Y * 10.0)].map(|p| h.state().pane_position(0, p).expect("a pane"));
    let mm = 10.0 / f64::from(q.x - p.x);
    let size = [drawn.width(), drawn.height()].map(f64::from);
    let (right, down) = (size[0] / 2.0 - f64::from(p.x), size[1] / 2.0 - f64::from(p.y));
    let [x, y, z] = [at.vec().x, at.vec().y + right * mm, at.vec().z - down * mm];
    let file = room.folder.path().join("reference.png");
    let words = [
        "render".to_owned(),
        room.images().display().to_string(),
        "-o".to_owned(),
        file.display().to_string(),
        "--plane=sagittal".to_owned(),
        "--renderer=cpu".to_owned(),
        "--preset=spine-bone".to_owned(),
        format!("--center-mm={x},{y},{z}"),
        format!("--fov-mm={}", size[0] * mm),
        format!("--size={}x{}", drawn.width(), drawn.height()),
    ];
    let run = Command::new(env!("CARGO_BIN_EXE_spondyl")).args(&words).output().expect("the executable runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let reference = image::open(&file).expect("a PNG").to_rgba8();
    // Letters, scale bar and corner texts lie along the edges.
    let inner = |p: &image::RgbaImage| {
        let [w, h] = [p.width(), p.height()];
        image::imageops::crop_imm(p, w / 8, h / 8, w * 3 / 4, h * 3 / 4).to_image()
    };
    let off = differing(&inner(&drawn), &inner(&reference));
    if off >= 0.005 {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
        drawn.save(kept.join("window-drawn.png")).expect("kept");
        reference.save(kept.join("window-reference.png")).expect("kept");
        panic!("{:.2} % of the pixels differ; both pictures are in {}", off * 100.0, kept.display());
    }
}
