//! The window by keys alone, and keys beside the mouse: what one began the other never finishes wrongly.

use super::window::{click, drag, harness, key};
use egui::{Key, Modifiers, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use spondyl::app::App;
use spondyl::document::MeasurementShape;
use spondyl::space::PatientPoint;
use std::path::Path;

fn window(folder: &Path) -> Harness<'static, App> {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/ct-sagittal");
    harness(&images, &folder.join("cases"))
}

fn alt(h: &mut Harness<'_, App>, k: Key) {
    h.key_press_modifiers(Modifiers::ALT, k);
    h.run_steps(2);
}

fn pane(h: &Harness<'_, App>) -> egui::Rect {
    h.get_by_label("Sagittal view").rect()
}

fn lengths(h: &Harness<'_, App>) -> Vec<[PatientPoint; 2]> {
    let shapes = h.state().document().measurements.values().map(|m| m.shape.clone());
    let points = |s| if let MeasurementShape::Length { points_mm } = s { Some(points_mm) } else { None };
    shapes.filter_map(points).collect()
}

#[test]
fn a_length_by_keys_is_as_long_as_the_way_of_their_pointer() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = window(folder.path());
    let start = h.state().pane_cursor(0).expect("open");
    key(&mut h, Key::M);
    alt(&mut h, Key::Enter);
    for _ in 0..10 {
        alt(&mut h, Key::ArrowRight);
    }
    alt(&mut h, Key::Enter);
    let [[a, b]] = lengths(&h)[..] else { panic!("one length") };
    let [at, to] = [a, b].map(|p| h.state().pane_position(0, p).expect("a pane"));
    assert!(a.distance_mm(start) < 0.5, "it begins at the crosshair");
    assert!((to - at - vec2(40.0, 0.0)).length() < 0.6, "ten steps of four points: {:?}", to - at);
}

#[test]
fn the_mouse_over_the_picture_drops_what_the_keys_were_drawing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = window(folder.path());
    key(&mut h, Key::M);
    alt(&mut h, Key::Enter);
    alt(&mut h, Key::ArrowRight);
    let (from, to) = (pane(&h).center() + vec2(50.0, 80.0), pane(&h).center() + vec2(90.0, 80.0));
    drag(&mut h, from, to);
    let [[a, b]] = lengths(&h)[..] else { panic!("one length") };
    let on_screen = |p| pane(&h).min + h.state().pane_position(0, p).expect("a pane").to_vec2();
    assert!(on_screen(a).distance(from) < 1.5 && on_screen(b).distance(to) < 1.5, "the mouse's own way");
}

#[test]
fn another_pane_or_tool_ends_what_the_keys_began_and_the_next_press_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = window(folder.path());
    key(&mut h, Key::M);
    for other in [Key::Tab, Key::F11, Key::M] {
        alt(&mut h, Key::Enter);
        key(&mut h, other);
        let before = lengths(&h).len();
        alt(&mut h, Key::Enter);
        for _ in 0..5 {
            alt(&mut h, Key::ArrowDown);
        }
        alt(&mut h, Key::Enter);
        assert_eq!(lengths(&h).len(), before + 1, "after {other:?}");
    }
}

#[test]
fn a_mouse_outside_the_pictures_has_no_part_in_what_the_keys_draw() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = window(folder.path());
    key(&mut h, Key::M);
    alt(&mut h, Key::Enter);
    for _ in 0..3 {
        alt(&mut h, Key::ArrowRight);
    }
    click(&mut h, Pos2::new(600.0, 6.0)); // beside the buttons of the bar
    alt(&mut h, Key::Enter);
    let [[a, b]] = lengths(&h)[..] else { panic!("one length") };
    let [at, to] = [a, b].map(|p| h.state().pane_position(0, p).expect("a pane"));
    assert!((to - at - vec2(12.0, 0.0)).length() < 0.6, "{:?}", to - at);
}

/// A contour of three corners, still open.
fn three_corners(h: &mut Harness<'_, App>) {
    let middle = pane(h).center();
    key(h, Key::V);
    click(h, middle);
    key(h, Key::C);
    for corner in [vec2(0.0, 0.0), vec2(60.0, 0.0), vec2(60.0, 60.0)] {
        click(h, middle + corner);
    }
}

fn painted(h: &Harness<'_, App>) -> usize {
    h.state().document().masks.values().map(|m| m.painted().count()).sum()
}

#[test]
fn escape_leaves_a_control_and_the_drawing_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = window(folder.path());
    three_corners(&mut h);
    key(&mut h, Key::F6);
    assert!(h.ctx.memory(|m| m.focused().is_some()), "a control has the keyboard");
    key(&mut h, Key::Escape);
    assert!(h.ctx.memory(|m| m.focused().is_none()), "the images have it again");
    key(&mut h, Key::Enter);
    assert!(painted(&h) > 0, "Enter closed the outline");
}

#[test]
fn escape_closes_a_menu_and_the_drawing_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = window(folder.path());
    three_corners(&mut h);
    h.get_by_role_and_label(egui::Role::Button, "Measure").click();
    h.run_steps(3);
    assert!(h.query_by_label("Measure length M").is_some(), "the menu is open");
    key(&mut h, Key::Escape);
    assert!(h.query_by_label("Measure length M").is_none(), "the menu is closed");
    key(&mut h, Key::Enter);
    assert!(painted(&h) > 0, "Enter closed the outline");
}

#[test]
fn a_key_that_is_held_presses_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = window(folder.path());
    key(&mut h, Key::V);
    let held = |pressed| egui::Event::Key {
        key: Key::Enter,
        physical_key: None,
        pressed,
        repeat: false, // egui finds out for itself
        modifiers: Modifiers::ALT,
    };
    h.input_mut().events = [true, true, true, true, false].map(held).to_vec();
    h.step();
    assert!(h.state().document().vertebrae.is_empty(), "pressed, and not released again and again");
    alt(&mut h, Key::Enter);
    assert_eq!(h.state().document().vertebrae.len(), 1);
}
