//! Measuring as a reader does it: regions and points whose values are the volume's, listed, renamed, removed and taken
//! back; the scale of a radiograph by a known length; and the same through the executable, held against the formulas.

use super::window::{click, drag, harness, key, on_screen, settle, spine};
use egui::{Event, Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use serde_json::{Value, json};
use spondyl::app::App;
use spondyl::document::MeasurementShape;
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::space::{DVec3, VoxelIndex};
use std::path::Path;
use std::process::Command;

fn typed(h: &mut Harness<'_, App>, text: &str) {
    h.event(Event::Text(text.to_owned()));
    h.run_steps(2);
}

fn shapes(h: &Harness<'_, App>) -> Vec<(String, MeasurementShape)> {
    h.state().document().measurements.values().map(|m| (m.label.clone(), m.shape.clone())).collect()
}

#[test]
fn an_ellipse_reads_the_volume_is_renamed_removed_and_brought_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, cases) = (folder.path().join("ct"), folder.path().join("cases"));
    let (g, hu, centers) = spine();
    write_ct_series(&images, &g, &hu, "measure test").expect("files");
    let mut h = harness(&images, &cases);
    // Well within the dark hole of the middle body: 50 HU and nothing else.
    let at = on_screen(&h, &g, centers[1]);
    let zoom = on_screen(&h, &g, centers[1].moved(DVec3::Y)).x - at.x;
    key(&mut h, Key::E);
    drag(&mut h, at - vec2(2.0, 2.0) * zoom, at + vec2(2.0, 2.0) * zoom);
    h.get_by_label("Measurement Ellipse 1: mean 50 ± 0 HU");
    let (_, shape) = shapes(&h).pop().expect("drawn");
    let area = spondyl::assess::measure(&shape).expect("an area");
    assert!((area - std::f64::consts::PI * 4.0).abs() < 0.6, "{area}");

    // A rectangle over hole and bone: count and mean are those of the voxels whose centres lie inside.
    key(&mut h, Key::Q);
    drag(&mut h, at - vec2(8.0, 8.0) * zoom, at + vec2(8.0, 8.0) * zoom);
    let (_, shape) = shapes(&h).into_iter().find(|s| s.0 == "Rectangle 1").expect("drawn");
    let corners = shape.points();
    let k = g.voxel_from_patient(corners[0]).0.x.round();
    let (low, high) = corners.iter().fold((DVec3::MAX, DVec3::MIN), |(l, h), p| (l.min(p.vec()), h.max(p.vec())));
    let inside = |flat: &usize| {
        let index = VoxelIndex::from_flat(*flat, g.size());
        let p = g.patient_from_voxel(index.center()).vec();
        index.0[0] as f64 == k && p.y > low.y && p.y < high.y && p.z > low.z && p.z < high.z
    };
    let values: Vec<f64> = (0..hu.len()).filter(inside).map(|n| f64::from(hu[n])).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt();
    h.get_by_label(&format!("Measurement Rectangle 1: mean {mean:.0} ± {sd:.0} HU"));

    key(&mut h, Key::P);
    click(&mut h, at);
    h.get_by_label("Measurement Point 1: 50 HU");

    // Renamed in its form, removed, and taken back; all of it again after a restart.
    h.get_by_role_and_label(egui::accesskit::Role::TextInput, "Name").focus();
    h.run_steps(2);
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    typed(&mut h, "hole");
    key(&mut h, Key::Enter);
    h.run_steps(2);
    h.get_by_label("Measurement hole: 50 HU");
    h.get_by_label("Delete measurement").click();
    h.run_steps(3);
    assert!(h.query_by_label("Measurement hole: 50 HU").is_none());
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    h.get_by_label("Measurement hole: 50 HU").click();
    settle(&mut h);
    let before = h.state().document().clone();
    h.state_mut().close();
    let again = harness(&images, &cases);
    assert_eq!(again.state().document(), &before);
    again.get_by_label("Measurement Ellipse 1: mean 50 ± 0 HU");
}

#[test]
fn cobb_s_angle_does_not_ask_which_way_the_lines_were_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let (g, hu, centers) = spine();
    write_ct_series(&folder.path().join("ct"), &g, &hu, "cobb test").expect("files");
    let mut h = harness(&folder.path().join("ct"), &folder.path().join("cases"));
    let at = on_screen(&h, &g, centers[1]);
    h.key_press_modifiers(Modifiers::SHIFT, Key::A);
    h.run_steps(2);
    drag(&mut h, at - vec2(80.0, 0.0), at + vec2(80.0, 0.0));
    drag(&mut h, at + vec2(60.0, 60.0), at);
    h.get_by_label("Measurement Cobb 1: 45.0°");
}

#[test]
fn a_radiograph_turns_with_its_letters_and_is_scaled_by_a_known_length() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/radiograph-12-months");
    let mut h = harness(&sample, &folder.path().join("cases"));
    let view = |h: &Harness<'_, App>| h.get_by_label_contains(" view").rect();
    let before = h.state().pane_directions(0).expect("a pane");
    h.key_press_modifiers(Modifiers::SHIFT, Key::R);
    h.run_steps(2);
    assert_eq!(h.state().pane_directions(0), Some([-before[1], before[0]]), "what was above is on the right");
    h.key_press_modifiers(Modifiers::SHIFT, Key::H);
    h.run_steps(2);
    assert_eq!(h.state().pane_directions(0), Some([before[1], before[0]]));
    key(&mut h, Key::Z);
    assert_eq!(h.state().pane_directions(0), Some(before));

    let rect = view(&h);
    let (from, to) = (rect.center() - vec2(100.0, 0.0), rect.center() + vec2(100.0, 0.0));
    key(&mut h, Key::M);
    drag(&mut h, from, to);
    let label = |h: &Harness<'_, App>| {
        h.get_by_label_contains("Measurement Length 1").accesskit_node().label().unwrap_or_default()
    };
    assert!(label(&h).ends_with(" mm"), "at the detector: {}", label(&h));
    // The same line is known to be 40 mm long.
    h.key_press_modifiers(Modifiers::COMMAND, Key::K);
    h.run_steps(2);
    typed(&mut h, "known length");
    key(&mut h, Key::Enter);
    drag(&mut h, from, to);
    typed(&mut h, "40");
    key(&mut h, Key::Enter);
    h.run_steps(3);
    assert_eq!(label(&h), "Measurement Length 1: 40.0 mm");
    let image = h.state().document().images.values().next().expect("the radiograph").clone();
    assert_eq!(image.calibration.map(|c| c.length_mm), Some(40.0));
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    assert_ne!(label(&h), "Measurement Length 1: 40.0 mm", "undone");
}

fn done(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("the executable runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_script_measures_and_every_export_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (g, hu, _) = spine();
    write_ct_series(&folder.path().join("ct"), &g, &hu, "script test").expect("files");
    let square = json!([[0.0, -3.2, 144.4], [0.0, 6.3, 144.4], [0.0, 6.3, 138.2], [0.0, -3.2, 138.2]]);
    let steps = [
        json!({"op": "measure", "measurement": "roi", "shape": {"kind": "rectangle", "corners_mm": square}}),
        json!({"op": "measure", "measurement": "p", "shape": {"kind": "point", "at_mm": [0, 0, 145]}}),
        json!({"op": "measure", "measurement": "cobb", "shape":
            {"kind": "cobb", "a_mm": [[0, 0, 0], [0, 5, 0]], "b_mm": [[0, 5, 5], [0, 0, 0]]}}),
        json!({"op": "set", "target": {"measurement": "roi"}, "field": "label", "value": "region"}),
        json!({"op": "calibrate", "points_mm": [[0, 0, 0], [0, 5, 0]], "length_mm": 4}),
    ];
    let script: String = steps.iter().map(|s| format!("{s}\n")).collect();
    std::fs::write(path("steps.jsonl"), script).expect("written");
    let annotate = ["annotate", &path("ct"), "--case", &path("a.spondyl"), "--script", &path("steps.jsonl")];
    let output = Command::new(env!("CARGO_BIN_EXE_spondyl")).args(annotate).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "a CT needs no calibration: {said}");
    assert!(said.lines().last().is_some_and(|l| l.contains("lie in the patient")), "{said}");

    done(&["export", &path("a.spondyl"), "--images", &path("ct"), "--format", "json,csv", "-o", &path("out")]);
    done(&["check", &path("out/case.json")]);
    let case: Value = serde_json::from_slice(&std::fs::read(path("out/case.json")).expect("there")).expect("JSON");
    let drawn = case["annotation_sets"][0]["measurements"].as_array().expect("a list").clone();
    let of = |label: &str| drawn.iter().find(|m| m["label"] == label).cloned().expect("there");
    let inside = |flat: &usize| {
        let p = g.patient_from_voxel(VoxelIndex::from_flat(*flat, g.size()).center()).vec();
        p.x == 0.0 && p.y > -3.2 && p.y < 6.3 && p.z > 138.2 && p.z < 144.4
    };
    let values: Vec<f64> = (0..hu.len()).filter(inside).map(|n| f64::from(hu[n])).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let roi = of("region");
    assert_eq!((roi["kind"].as_str(), roi["unit"].as_str()), (Some("rectangle"), Some("mm2")));
    assert!((roi["value"].as_f64().expect("an area") - 9.5 * 6.2).abs() < 1e-6);
    assert_eq!(roi["region"]["voxels"].as_u64(), Some(values.len() as u64));
    assert!((roi["region"]["mean"].as_f64().expect("a mean") - mean).abs() < 1e-6);
    assert_eq!((of("p")["value"].as_f64(), of("p")["unit"].as_str()), (Some(50.0), Some("HU")));
    assert!((of("cobb")["value"].as_f64().expect("degrees") - 45.0).abs() < 1e-6);

    let table = std::fs::read_to_string(path("out/measurements.csv")).expect("there");
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').collect()).collect();
    let row = |kind: &str| rows.iter().find(|r| r[2] == kind).unwrap_or_else(|| panic!("{kind} in {table}"));
    assert_eq!(row("rectangle_area")[4].parse::<f64>().ok(), roi["value"].as_f64());
    assert_eq!(row("rectangle_voxels")[4].parse::<f64>().ok(), Some(values.len() as f64));
    assert_eq!((row("rectangle_mean")[5], row("point")[5], row("cobb")[5]), ("HU", "HU", "deg"));
}
