//! Panes as a reader uses them, without a display: layouts, planes turned by their handles, slabs, links between series,
//! a series dropped into a pane, and the spine straightened.

use super::window::{SLOW, click, drag, harness_stepping, key, on_screen, settle, spine};
use egui::{Key, Modifiers, Pos2, Rect, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use spondyl::app::App;
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::space::{DVec3, PatientPoint};
use std::path::Path;

fn opened<'a>(folder: &Path, series: &[&str]) -> Harness<'a, App> {
    opened_stepping(folder, series, SLOW)
}

/// Frames that last `seconds` each: a double click needs quick ones.
fn opened_stepping<'a>(folder: &Path, series: &[&str], seconds: f32) -> Harness<'a, App> {
    let (g, hu, _) = spine();
    for name in series {
        write_ct_series(&folder.join("images").join(name), &g, &hu, name).expect("files");
    }
    harness_stepping(&folder.join("images"), &folder.join("cases"), seconds)
}

fn rect_of(h: &Harness<'_, App>, name: &str) -> Rect {
    h.get_by_label(name).rect()
}

fn command(h: &mut Harness<'_, App>, k: Key) {
    h.key_press_modifiers(Modifiers::COMMAND, k);
    h.run_steps(3);
}

fn double_click(h: &mut Harness<'_, App>, name: &str) {
    let at = rect_of(h, name).center();
    h.hover_at(at);
    h.run_steps(40); // what was clicked before is long ago
    for _ in 0..2 {
        h.drag_at(at);
        h.drop_at(at);
    }
    h.run_steps(3);
}

fn shown(h: &Harness<'_, App>, name: &str) -> bool {
    h.query_by_label(name).is_some()
}

#[test]
fn layouts_by_key_maximise_by_double_click_and_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = opened_stepping(folder.path(), &["ct"], 0.02);
    assert!(["Sagittal view", "Axial view", "Coronal view"].iter().all(|n| shown(&h, n)), "one and two");
    command(&mut h, Key::Num1);
    assert!(shown(&h, "Sagittal view") && !shown(&h, "Axial view"));
    let wide = rect_of(&h, "Sagittal view").width();
    command(&mut h, Key::Num3);
    assert!(shown(&h, "Axial, acquired view") && shown(&h, "Coronal view"));
    assert!(rect_of(&h, "Sagittal view").width() < 0.6 * wide);

    double_click(&mut h, "Coronal view");
    assert!(shown(&h, "Coronal view") && !shown(&h, "Sagittal view"), "one pane alone");
    double_click(&mut h, "Coronal view");
    assert!(shown(&h, "Sagittal view") && shown(&h, "Axial view"), "and back");
}

#[test]
fn handles_turn_the_other_plane_and_a_key_straightens_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = opened(folder.path(), &["ct"]);
    let pane = rect_of(&h, "Sagittal view");
    // The axial pane's line lies across the sagittal picture; its right handle is dragged down by a quarter turn's third.
    let center = on_screen(&h, &spine().0, h.state().cursor().expect("open"));
    let far = pane.width().min(pane.height()) * 0.36;
    let from = center + egui::vec2(far, 0.0);
    let to = center + far * egui::Vec2::angled(30f32.to_radians());
    h.hover_at(from);
    h.run_steps(2);
    drag(&mut h, from, to);
    assert!(shown(&h, "Axial, turned view"));
    let frame = h.state().pane_directions(1).expect("a pane");
    let normal = frame[0].cross(frame[1]);
    assert!((normal.angle_between(DVec3::Z).to_degrees() - 30.0).abs() < 0.5, "{normal}");
    assert!(normal.x.abs() < 1e-6, "turned about the sagittal pane's own axis");

    // Turned once more in the coronal pane: oblique in both.
    let pane = rect_of(&h, "Coronal view");
    let far = pane.width().min(pane.height()) * 0.36;
    let center = pane.center();
    h.hover_at(center);
    h.run_steps(2);
    let (a, b) = (center + egui::vec2(far, 0.0), center + far * egui::Vec2::angled(20f32.to_radians()));
    drag(&mut h, a, b);
    let frame = h.state().pane_directions(1).expect("a pane");
    let normal = frame[0].cross(frame[1]);
    assert!(normal.x.abs() > 0.1 && normal.y.abs() > 0.1, "{normal}");
    key(&mut h, Key::Z);
    assert!(shown(&h, "Axial view"));
}

#[test]
fn a_slab_is_thickened_by_key_and_shown_in_its_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = opened(folder.path(), &["ct"]);
    for _ in 0..3 {
        h.key_press_modifiers(Modifiers::SHIFT, Key::ArrowUp);
        h.run_steps(2);
    }
    assert!(shown(&h, "Slab of pane 1 shows MIP"));
    h.key_press_modifiers(Modifiers::SHIFT, Key::P);
    h.run_steps(2);
    assert!(shown(&h, "Slab of pane 1 shows mean"));
    for _ in 0..3 {
        h.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
        h.run_steps(2);
    }
    assert!(!shown(&h, "Slab of pane 1 shows mean"), "the plane alone");
}

#[test]
fn a_series_is_dropped_into_a_pane_and_two_are_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = opened(folder.path(), &["before", "after"]);
    let second = if shown(&h, "Series before") { "Series before" } else { "Series after" };
    let from = rect_of(&h, second).center();
    let to = rect_of(&h, "Coronal view").center();
    drag(&mut h, from, to);
    settle(&mut h);
    let panes: Vec<String> = h.state().pane_series();
    assert_eq!(panes.len(), 3);
    assert!(panes.iter().any(|p| p == "before") && panes.iter().any(|p| p == "after"), "{panes:?}");

    command(&mut h, Key::Num4);
    settle(&mut h);
    let panes = h.state().pane_series();
    assert_eq!(panes.len(), 2);
    assert_ne!(panes[0], panes[1]);
}

/// Two studies without a common frame of reference: no link, until vertebrae are labelled on both.
#[test]
fn series_of_other_frames_link_by_their_labels_and_not_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = opened(folder.path(), &["before", "after"]);
    command(&mut h, Key::Num4);
    settle(&mut h);
    let cursor = |h: &Harness<'_, App>, pane: usize| h.state().pane_cursor(pane).expect("a pane");
    let panes: Vec<Rect> =
        (1..=2).map(|n| rect_of(&h, &format!("Sagittal view {n}, {}", h.state().pane_series()[n - 1]))).collect();
    let place = |r: Rect, share: f32| pos2(r.center().x, r.top() + r.height() * share);
    let still = cursor(&h, 1);
    let at = place(panes[0], 0.3);
    click(&mut h, at);
    assert!(cursor(&h, 1).distance_mm(still) < 1e-9, "no false link");

    for pane in &panes {
        key(&mut h, Key::N);
        let at = place(*pane, 0.9);
        click(&mut h, at);
        key(&mut h, Key::V);
        h.get_by_label("C5").click();
        h.run_steps(2);
        for share in [0.3, 0.5, 0.7] {
            let at = place(*pane, share);
            click(&mut h, at);
        }
    }
    key(&mut h, Key::N);
    let at = place(panes[0], 0.42);
    click(&mut h, at);
    let (a, b) = (cursor(&h, 0), cursor(&h, 1));
    assert!(a.distance_mm(b) < 2.0, "the same place of the same bones: {a:?} and {b:?}");
    assert!(b.distance_mm(still) > 5.0);
    // Switched off for one pane, it stands alone.
    h.get_by_label("Crosshair and slice of pane 2").click();
    h.run_steps(2);
    let at = place(panes[0], 0.6);
    click(&mut h, at);
    assert!(cursor(&h, 1).distance_mm(b) < 1e-9);
}

#[test]
fn the_straightened_spine_is_drawn_on_in_true_patient_space() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = opened(folder.path(), &["ct"]);
    let (g, _, centers) = spine();
    key(&mut h, Key::V);
    h.get_by_label("C5").click();
    h.run_steps(2);
    for c in &centers {
        let at = on_screen(&h, &g, *c);
        click(&mut h, at);
    }
    key(&mut h, Key::N);
    let at = rect_of(&h, "Sagittal view").center();
    click(&mut h, at);
    key(&mut h, Key::U);
    h.run_steps(3);
    assert!(shown(&h, "Along the spine view"));
    // A length drawn between two level marks is the distance of the bodies.
    let on = |h: &Harness<'_, App>, p: PatientPoint| -> Pos2 { h.state().pane_position(0, p).expect("a pane") };
    let pane = rect_of(&h, "Along the spine view").min;
    let (from, to) = (on(&h, centers[0]) + pane.to_vec2(), on(&h, centers[2]) + pane.to_vec2());
    key(&mut h, Key::M);
    drag(&mut h, from, to);
    let drawn = h.state().document().measurements.values().next().expect("drawn").shape.clone();
    let spondyl::document::MeasurementShape::Length { points_mm } = drawn else { panic!("a length") };
    assert!(points_mm[0].distance_mm(centers[0]) < 1.5 && points_mm[1].distance_mm(centers[2]) < 1.5, "{points_mm:?}");
}
