//! What the CT part of the sample case costs a reader: every pointer gesture and key goes in where the real window puts
//! them, and is counted. Eight levels, eight lesions held against the phantom's truth, heights, and the score.

use super::window::{click, drag, harness, key};
use egui::{Key, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use spondyl::anatomy::VertebraLevel;
use spondyl::app::App;
use spondyl::assess;
use spondyl::phantom::{LesionTruth, SampleCase};
use spondyl::space::PatientPoint;
use std::collections::BTreeSet;
use std::path::PathBuf;

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

    fn drag(&mut self, from: PatientPoint, to: PatientPoint) {
        let (a, b) = (self.at(from), self.at(to));
        drag(&mut self.window, a, b);
        self.gestures += 1;
    }

    fn press(&mut self, k: Key) {
        key(&mut self.window, k);
        self.keys += 1;
    }

    /// Something of the panels.
    fn choose(&mut self, label: &str) {
        let at = self.window.get_by_label(label).rect().center();
        click(&mut self.window, at);
        self.gestures += 1;
    }

    /// To the slice of a point, by the arrow keys over the pane.
    fn scroll_to(&mut self, p: PatientPoint) {
        const SLICE_MM: f64 = 1.5;
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

    // A drag for each lesion, from its middle to its edge.
    r.press(Key::G);
    for (n, lesion) in truth.lesions.iter().enumerate() {
        if n > 0 {
            r.press(Key::L);
        }
        r.scroll_to(lesion.centroid_mm);
        let g = &truth.geometry;
        let voxels = lesion.mask.voxels();
        let edge = voxels.iter().map(|v| g.patient_from_voxel(v.center()).distance_mm(lesion.centroid_mm));
        let reach = edge.fold(0.0, f64::max) + 0.5;
        r.drag(lesion.centroid_mm, lesion.centroid_mm.moved([0.0, -reach, 0.0].into()));
    }
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
