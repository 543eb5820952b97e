//! What the CT part of the sample case costs a reader: every pointer gesture and key goes in where the real window puts
//! them, and is counted. Eight levels, eight lesions held against the phantom's truth, heights, and the score.

use super::window::{click, harness, key};
use egui::{Key, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use spondyl::anatomy::VertebraLevel;
use spondyl::app::App;
use spondyl::assess;
use spondyl::phantom::{LesionTruth, SampleCase};
use spondyl::session::Op;
use spondyl::space::PatientPoint;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Distance of the CT's slices.
const SLICE_MM: f64 = 1.5;

/// Outlines of C6's lesion as a hand drew them for the sample's script, in slices that are spread over the lesion.
fn outlines_of_c6(n: usize) -> Vec<Vec<PatientPoint>> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample-data/case.script.jsonl");
    let script = std::fs::read_to_string(script).expect("there");
    let outline = |line: &str| match Op::from_line(line.as_bytes()).expect("a step") {
        Op::Contour { lesion, mut points_mm, .. } if lesion == "c6" => {
            points_mm.push(points_mm[0]);
            Some(points_mm)
        }
        _ => None,
    };
    let mut all: Vec<Vec<PatientPoint>> = script.lines().filter_map(outline).collect();
    all.sort_by(|a, b| b[0].vec().x.total_cmp(&a[0].vec().x));
    all.dedup_by(|b, a| (a[0].vec().x - b[0].vec().x).abs() < 0.1 && a.len() >= b.len());
    let last = all.len() - 1;
    (0..n).map(|i| all[(1.0 + i as f64 * (last as f64 - 2.0) / (n as f64 - 1.0)).round() as usize].clone()).collect()
}

/// A reader who counts.
struct Reader<'a> {
    window: Harness<'a, App>,
    gestures: usize,
    keys: usize,
}

impl Reader<'_> {
    fn at(&self, p: PatientPoint) -> Pos2 {
        let pane = self.window.get_by_label("Sagittal view").rect();
        pane.min + self.window.state().pane_position(0, p).expect("a pane").to_vec2()
    }

    fn click(&mut self, p: PatientPoint) {
        let at = self.at(p);
        click(&mut self.window, at);
        self.gestures += 1;
    }

    /// One drag along points.
    fn drag(&mut self, points: &[PatientPoint]) {
        let way: Vec<Pos2> = points.iter().map(|p| self.at(*p)).collect();
        let (first, last) = (way[0], way[way.len() - 1]);
        self.window.hover_at(first);
        self.window.step();
        self.window.drag_at(first);
        self.window.step();
        for pair in way.windows(2) {
            for n in 1..=4 {
                self.window.hover_at(pair[0] + (pair[1] - pair[0]) * (n as f32 / 4.0));
                self.window.step();
            }
        }
        self.window.drop_at(last);
        self.window.run_steps(2);
        self.gestures += 1;
    }

    /// To the slice of a point with the wheel, in one go.
    fn wheel_to(&mut self, p: PatientPoint) {
        let at = self.at(p);
        self.window.hover_at(at);
        self.window.step();
        let mut way = 1.0;
        for _ in 0..60 {
            let off = |r: &Self| (p.vec().x - r.window.state().pane_cursor(0).expect("open").vec().x).abs();
            let before = off(self);
            if before <= 0.5 * SLICE_MM + 1e-6 {
                break;
            }
            self.window.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Line,
                delta: egui::vec2(0.0, way),
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Wheel,
                modifiers: egui::Modifiers::NONE,
            });
            self.window.run_steps(2);
            if off(self) > before {
                way = -way;
            }
        }
        self.gestures += 1;
    }

    fn press(&mut self, k: Key) {
        key(&mut self.window, k);
        self.keys += 1;
    }

    /// Something of the panels.
    fn choose(&mut self, label: &str) {
        let at = self.window.get_by_role_and_label(egui::Role::Button, label).rect().center();
        click(&mut self.window, at);
        self.gestures += 1;
    }

    /// To the slice of a point, by the arrow keys over the pane.
    fn scroll_to(&mut self, p: PatientPoint) {
        for _ in 0..40 {
            let off = p.vec().x - self.window.state().pane_cursor(0).expect("open").vec().x;
            if off.abs() <= 0.5 * SLICE_MM + 1e-6 {
                break;
            }
            let before = off.abs();
            self.press(Key::ArrowDown);
            let after = (p.vec().x - self.window.state().pane_cursor(0).expect("open").vec().x).abs();
            if after > before {
                self.keys -= 1; // a reader sees which way it goes
                self.press(Key::ArrowUp);
                self.keys -= 1;
                self.press(Key::ArrowUp);
            }
        }
    }
}

fn dice(reader: &Reader<'_>, lesion: &LesionTruth, size: [usize; 3]) -> f64 {
    let document = reader.window.state().document();
    let drawn = document.lesions.values().find(|l| l.vertebra == lesion.level).expect("drawn");
    let drawn: BTreeSet<u64> = document.masks.values().flat_map(|m| m.voxels_of(drawn.label_value)).collect();
    let real: BTreeSet<u64> = lesion.mask.voxels().into_iter().map(|v| v.flat(size) as u64).collect();
    2.0 * drawn.intersection(&real).count() as f64 / (drawn.len() + real.len()) as f64
}

#[test]
fn the_ct_part_of_the_sample_case_takes_few_gestures() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample-data/ct-sagittal");
    let truth = SampleCase::new().and_then(|case| case.truth()).expect("constant grids");
    let mut r = Reader { window: harness(&images, &folder.path().join("cases")), gestures: 0, keys: 0 };

    // Numbering begins with C2: a click for each level.
    r.press(Key::V);
    for level in &truth.levels {
        r.click(level.centre_mm);
    }
    let named: Vec<VertebraLevel> = r.window.state().document().vertebrae.keys().copied().collect();
    assert_eq!(named, truth.levels.iter().map(|l| l.level).collect::<Vec<_>>(), "one click a level");

    // A drag for each small lesion, from its middle to its edge, in the order in which scrolling meets them.
    r.press(Key::G);
    let mut small: Vec<&LesionTruth> = truth.lesions.iter().filter(|l| l.level != VertebraLevel::C6).collect();
    small.sort_by(|a, b| a.centroid_mm.vec().x.total_cmp(&b.centroid_mm.vec().x));
    for (n, lesion) in small.into_iter().enumerate() {
        if n > 0 {
            r.press(Key::L);
        }
        r.scroll_to(lesion.centroid_mm);
        let g = &truth.geometry;
        let voxels = lesion.mask.voxels();
        let edge = voxels.iter().map(|v| g.patient_from_voxel(v.center()).distance_mm(lesion.centroid_mm));
        let reach = edge.fold(0.0, f64::max) + 0.5;
        r.drag(&[lesion.centroid_mm, lesion.centroid_mm.moved([0.0, -reach, 0.0].into())]);
    }
    // The mass of C6 has no edge of its own in soft tissue: seven outlines, and the layers between them.
    r.press(Key::L);
    r.press(Key::C);
    for outline in outlines_of_c6(7) {
        r.wheel_to(outline[0]);
        r.drag(&outline);
    }
    r.press(Key::K);
    r.press(Key::Enter);
    let mut least = 1.0f64;
    for lesion in &truth.lesions {
        let dice = dice(&r, lesion, truth.geometry.size());
        println!("{}: Dice {dice:.3}", lesion.label);
        least = least.min(dice);
    }

    // Six points on C6 and on the two levels that it is held against.
    r.press(Key::H);
    for level in
        truth.levels.iter().filter(|l| matches!(l.level, VertebraLevel::C5 | VertebraLevel::C6 | VertebraLevel::C7))
    {
        let p = level.height_points_mm;
        for p in [p.sup_ant, p.sup_mid, p.sup_post, p.inf_ant, p.inf_mid, p.inf_post] {
            r.click(p);
        }
    }
    // What only the reader can answer of C6.
    r.choose("C6");
    r.choose("Pain: mechanical (3)");
    r.choose("Alignment: new bend (2)");
    r.choose("Posterolateral: one side (1)");

    let document = r.window.state().document();
    let score = assess::sins(document, VertebraLevel::C6).expect("scored");
    assert_eq!(score.total, Some(2 + 3 + 2 + 2 + 3 + 1), "{score:?}");
    assert!(document.lesions.values().all(|l| l.kind.word() == "lytic"));
    println!("{} pointer gestures, {} keys; least Dice {least:.3}", r.gestures, r.keys);
    assert!(r.gestures <= 60 && r.keys <= 40, "{} gestures, {} keys", r.gestures, r.keys);
    assert!(least >= 0.85, "least Dice {least:.3}");
}
