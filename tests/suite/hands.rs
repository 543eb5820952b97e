//! What a reader's hands do beside the plain stroke: a second button, wheel and right drag with every tool in the hand, the
//! range of the bone, tools on MR, drawing along the straightened spine, grow while it is dragged, a figure copied.

use super::window::{click, drag, harness, key, on_screen, settle, spine};
use egui::{Key, Modifiers, PointerButton, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use spondyl::app::{App, Figure, Settings};
use spondyl::document::{Document, MeasurementShape};
use spondyl::phantom::dicom_write::{Encoding, Images, PixelFormat, Series, Study, write_ct_series, write_series};
use spondyl::segment::grow;
use spondyl::session::{Access, Op, Session};
use spondyl::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use spondyl::study;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with one CT, opened.
fn ct(folder: &Path) -> Harness<'static, App> {
    let (g, hu, _) = spine();
    write_ct_series(&folder.join("ct"), &g, &hu, "hands").expect("files");
    harness(&folder.join("ct"), &folder.join("cases"))
}

fn voxels(d: &Document) -> Vec<VoxelIndex> {
    d.masks.values().flat_map(|m| m.painted()).map(|(at, _)| at).collect()
}

fn button(h: &mut Harness<'_, App>, pos: Pos2, button: PointerButton, pressed: bool) {
    h.event(egui::Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
    h.step();
}

fn wheel(h: &mut Harness<'_, App>, notches: f32) {
    h.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: vec2(0.0, notches),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    h.run_steps(2);
}

fn label_all(h: &mut Harness<'_, App>, g: &Geometry, centers: &[PatientPoint]) {
    key(h, Key::V);
    h.get_by_label("C5").click();
    h.run_steps(2);
    for c in centers {
        let at = on_screen(h, g, *c);
        click(h, at);
    }
}

/// The series in the window, its levels labelled: its folder, the window, the grid, the levels' centres.
fn labelled() -> (TempDir, Harness<'static, App>, Geometry, Vec<PatientPoint>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = ct(folder.path());
    let (g, _, centers) = spine();
    label_all(&mut h, &g, &centers);
    (folder, h, g, centers)
}

#[test]
fn the_range_of_the_bone_paints_its_hole_and_not_the_bone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = ct(folder.path());
    let (g, hu, centers) = spine();
    label_all(&mut h, &g, &centers);
    key(&mut h, Key::B);
    let at = on_screen(&h, &g, centers[1]);
    h.hover_at(at);
    h.step();
    h.key_press_modifiers(Modifiers::SHIFT, Key::S);
    h.run_steps(2);
    // 50 HU in the hole, 350 in the bone: the cut lies at 65 % of the way.
    assert!(h.query_by_label_contains("Painting values from -120 to 245 HU").is_some());
    let to = on_screen(&h, &g, centers[1].moved(DVec3::Y * 7.0));
    drag(&mut h, at, to);
    let painted = voxels(h.state().document());
    let value = |v: &VoxelIndex| hu[v.flat(g.size())];
    assert!(painted.len() > 20 && painted.iter().all(|v| value(v) == 50), "{} voxels", painted.len());
    // Far from any bone there is no such range, and the reader is told.
    let nowhere = h.get_by_label("Sagittal view").rect().left_top() + vec2(3.0, 3.0);
    h.hover_at(nowhere);
    h.step();
    h.key_press_modifiers(Modifiers::SHIFT, Key::S);
    h.run_steps(2);
    assert!(h.query_by_label_contains("There is no bone around the pointer").is_some());
}

#[test]
fn a_second_button_takes_no_stroke_away() {
    let (_folder, mut h, g, centers) = labelled();
    key(&mut h, Key::B);
    let window = h.state().window();
    let at = |z: f64| centers[1].moved(DVec3::new(0.0, 0.0, z));
    let path: Vec<Pos2> = [10.0, 5.0, 0.0, -5.0, -10.0].map(|z| on_screen(&h, &g, at(z))).to_vec();
    h.hover_at(path[0]);
    h.step();
    button(&mut h, path[0], PointerButton::Primary, true);
    h.hover_at(path[1]);
    h.step();
    for second in [PointerButton::Secondary, PointerButton::Middle] {
        button(&mut h, path[1], second, true);
        h.hover_at(path[2]);
        h.step();
        button(&mut h, path[2], second, false);
    }
    h.hover_at(path[4]);
    h.step();
    assert_eq!(voxels(h.state().document()).len(), 0, "the stroke is still under way");
    button(&mut h, path[4], PointerButton::Primary, false);
    h.run_steps(2);
    let painted = voxels(h.state().document());
    for z in [9.0, 0.0, -9.0] {
        let here = g.voxel_from_patient(at(z)).nearest(g.size()).expect("inside");
        assert!(painted.contains(&here), "painted at {z} mm");
    }
    assert_eq!(h.state().window(), window, "and nothing was windowed or panned");
    assert_eq!(on_screen(&h, &g, centers[1]), path[2]);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(2);
    assert!(voxels(h.state().document()).is_empty(), "one stroke, one step");
}

#[test]
fn wheel_and_right_drag_do_what_they_always_do_with_every_tool() {
    let (_folder, mut h, _, _) = labelled();
    let (none, shift) = (Modifiers::NONE, Modifiers::SHIFT);
    let tools = [
        (none, Key::N),
        (none, Key::V),
        (none, Key::B),
        (none, Key::G),
        (none, Key::C),
        (none, Key::M),
        (none, Key::A),
        (shift, Key::A),
        (none, Key::P),
        (none, Key::Q),
        (none, Key::E),
        (none, Key::D),
        (none, Key::H),
        (shift, Key::O),
        (none, Key::W),
    ];
    let document = h.state().document().clone();
    let at = h.get_by_label("Sagittal view").rect().center() + vec2(40.0, 30.0);
    for (modifiers, tool) in tools {
        h.key_press_modifiers(modifiers, tool);
        h.run_steps(2);
        h.hover_at(at);
        h.step();
        let (cursor, window) = (h.state().cursor().expect("open"), h.state().window().expect("open"));
        wheel(&mut h, -2.0);
        let on = h.state().cursor().expect("open");
        assert!(((on.vec() - cursor.vec()).x.abs() - 2.0).abs() < 1e-6, "{tool:?}: two slices on");
        wheel(&mut h, 2.0);
        button(&mut h, at, PointerButton::Secondary, true);
        for n in 1..=6 {
            h.hover_at(at + vec2(8.0, 5.0) * n as f32);
            h.step();
        }
        button(&mut h, at + vec2(48.0, 30.0), PointerButton::Secondary, false);
        h.run_steps(2);
        let now = h.state().window().expect("open");
        assert!(now.0 > window.0 && now.1 != window.1, "{tool:?}: {now:?} after {window:?}");
        assert!((h.state().cursor().expect("open").vec() - cursor.vec()).length() < 1e-6, "{tool:?}");
        assert_eq!(h.state().document(), &document, "{tool:?} draws nothing");
        key(&mut h, Key::Num1);
    }
}

/// What grow shows at the end of a drag is kept, and nothing else; on the way nothing is.
#[test]
fn grow_keeps_what_belongs_to_the_place_of_its_release() {
    let (folder, mut h, g, centers) = labelled();
    key(&mut h, Key::G);
    let (from, to) = (on_screen(&h, &g, centers[1]), on_screen(&h, &g, centers[1].moved(DVec3::Y * 6.0)));
    h.hover_at(from);
    h.step();
    h.drag_at(from);
    h.step();
    for n in 1..=9 {
        h.hover_at(from + (to - from) * (0.1 * n as f32));
        h.step();
        assert!(voxels(h.state().document()).is_empty());
    }
    h.drop_at(to);
    h.step();
    settle(&mut h);
    h.state_mut().close();
    let case = case_file(&folder.path().join("cases"));
    let session = Session::open(&case, Access::Read).expect("a case").session;
    let script = session.script();
    let grown: Vec<Op> =
        script.lines().filter(|l| l.contains("\"grow\"")).filter_map(|l| Op::from_line(l.as_bytes()).ok()).collect();
    let [Op::Grow { seed_mm, reach_mm, .. }] = grown.as_slice() else { panic!("{script}") };
    assert!(seed_mm.distance_mm(centers[1]) < 0.8 && (reach_mm - 6.0).abs() < 0.8, "{seed_mm:?} {reach_mm}");
    let scan = study::scan(&[folder.path().join("ct")], &());
    let volume = study::assemble(&scan.series[0], &()).expect("pixels").volume;
    let want: BTreeSet<u64> =
        grow(&volume, *seed_mm, *reach_mm).expect("inside").iter().flat_map(|s| s.start..s.end).collect();
    let kept: BTreeSet<u64> = voxels(session.document()).iter().map(|v| v.flat(g.size()) as u64).collect();
    assert_eq!(kept, want);
}

/// Whatever is done before the answer is there comes after it.
#[test]
fn an_undo_right_after_the_release_takes_the_grown_lesion_back() {
    let (_folder, mut h, g, centers) = labelled();
    key(&mut h, Key::G);
    let (from, to) = (on_screen(&h, &g, centers[1]), on_screen(&h, &g, centers[1].moved(DVec3::Y * 6.0)));
    h.hover_at(from);
    h.step();
    h.drag_at(from);
    h.hover_at(to);
    h.drop_at(to);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(3);
    settle(&mut h);
    assert!(voxels(h.state().document()).is_empty());
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run_steps(3);
    assert!(voxels(h.state().document()).len() > 50, "and redo brings it");
}

fn case_file(folder: &Path) -> PathBuf {
    let mut open = vec![folder.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).expect("a folder").flatten() {
            match entry.path() {
                p if p.is_dir() => open.push(p),
                p if p.extension().is_some_and(|e| e == "spondyl") => return p,
                _ => {}
            }
        }
    }
    panic!("no case below {}", folder.display())
}

/// A sagittal MR, marrow bright, lesions dark, in no unit.
fn mr(folder: &Path) -> (Geometry, Vec<u16>, Vec<PatientPoint>) {
    let (g, hu, centers) = spine();
    let signal = |v: &i16| match v {
        50 => 180u16,
        350 => 640,
        _ => 300,
    };
    let values: Vec<u16> =
        hu.iter().enumerate().map(|(n, v)| signal(v) + (n as u16).wrapping_mul(40_503) % 30).collect();
    let [columns, rows, _] = g.size();
    let series = Series {
        sop_class: "1.2.840.10008.5.1.4.1.1.4",
        modality: "MR",
        elements: vec![],
        ..Series::ct(Study::named("mr"), "sag T1", 1)
    };
    let frame = |k: usize| values[columns * rows * k..columns * rows * (k + 1)].to_vec();
    let format = PixelFormat { signed: false, bits_stored: 12, rescale: None };
    write_series(folder, &series, &Images { geometry: &g, frame: &frame, format, encoding: Encoding::Plain })
        .expect("files");
    (g, values, centers)
}

#[test]
fn tools_work_on_mr_in_its_own_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let (g, values, centers) = mr(&folder.path().join("mr"));
    let mut h = harness(&folder.path().join("mr"), &folder.path().join("cases"));
    label_all(&mut h, &g, &centers);
    let c6 = centers[1];
    let at = on_screen(&h, &g, c6);

    // The range comes from the images; that of bone is one of CT, and that is said.
    key(&mut h, Key::B);
    h.hover_at(at);
    h.step();
    h.key_press_modifiers(Modifiers::SHIFT, Key::S);
    h.run_steps(2);
    assert!(h.query_by_label_contains("Bone has a level of its own on CT only").is_some());
    (0..4).for_each(|_| key(&mut h, Key::OpenBracket));
    key(&mut h, Key::S);
    (0..8).for_each(|_| key(&mut h, Key::CloseBracket));
    drag(&mut h, at, at + vec2(3.0, 0.0));
    let painted = voxels(h.state().document());
    let value = |v: &VoxelIndex| values[v.flat(g.size())];
    assert!(painted.len() > 25 && painted.iter().all(|v| value(v) < 230), "{} voxels", painted.len());

    // Grow finds the dark lesion in bright marrow.
    key(&mut h, Key::L);
    key(&mut h, Key::G);
    let c7 = centers[2];
    let (from, to) = (on_screen(&h, &g, c7), on_screen(&h, &g, c7.moved(DVec3::Y * 5.0)));
    drag(&mut h, from, to);
    settle(&mut h);
    let near = |v: &VoxelIndex| g.patient_from_voxel(v.center()).distance_mm(c7);
    let grown: Vec<VoxelIndex> = voxels(h.state().document()).into_iter().filter(|v| near(v) < 12.0).collect();
    let truth = (0..values.len()).map(|n| VoxelIndex::from_flat(n, g.size())).filter(|v| near(v) < 4.0).count();
    let hit = grown.iter().filter(|v| near(v) < 4.0).count();
    let dice = 2.0 * hit as f64 / (grown.len() + truth) as f64;
    assert!(dice > 0.8, "Dice {dice:.3}");

    // A region's mean has no unit, a length is in millimetres.
    key(&mut h, Key::E);
    drag(&mut h, at - vec2(8.0, 8.0), at + vec2(8.0, 8.0));
    key(&mut h, Key::M);
    let (a, b) = (on_screen(&h, &g, centers[0]), on_screen(&h, &g, centers[2]));
    drag(&mut h, a, b);
    let region = h.query_all_by_label_contains("Measurement Ellipse 1: mean").count();
    assert_eq!(region, 1);
    assert!(h.query_by_label_contains(" HU").is_none(), "nothing on MR is in Hounsfield units");
    let lengths: Vec<f64> = h.state().document().measurements.values().filter_map(|m| length(&m.shape)).collect();
    assert!(matches!(lengths[..], [mm] if (mm - 60.0).abs() < 1.5), "{lengths:?}");
}

fn length(shape: &MeasurementShape) -> Option<f64> {
    match shape {
        MeasurementShape::Length { points_mm: [a, b] } => Some(a.distance_mm(*b)),
        _ => None,
    }
}

/// A spine bent to and fro, a hole in each body.
fn bent() -> (Geometry, Vec<i16>, Vec<PatientPoint>) {
    let size = [36, 72, 76];
    let origin = PatientPoint::new(-18.0, -36.0, 100.0).expect("finite");
    let g = Geometry::regular(origin, [DVec3::X, DVec3::Y, DVec3::Z * 1.5], size).expect("spans space");
    let at = |y: f64, z: f64| PatientPoint::new(0.0, y, z).expect("finite");
    let centers = vec![at(-9.0, 187.0), at(7.0, 157.0), at(-9.0, 127.0)];
    let value = |n: usize| {
        let p = g.patient_from_voxel(VoxelIndex::from_flat(n, size).center());
        match centers.iter().map(|c| p.distance_mm(*c)).fold(f64::MAX, f64::min) {
            d if d < 4.0 => 50,
            d if d < 12.0 => 350,
            _ => 20,
        }
    };
    let hu = (0..size.iter().product::<usize>()).map(value).collect();
    (g, hu, centers)
}

#[test]
fn what_is_drawn_along_the_straightened_spine_lies_where_it_was_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let (g, hu, centers) = bent();
    write_ct_series(&folder.path().join("ct"), &g, &hu, "bent").expect("files");
    let mut h = harness(&folder.path().join("ct"), &folder.path().join("cases"));
    label_all(&mut h, &g, &centers);
    key(&mut h, Key::N);
    let at = on_screen(&h, &g, centers[1]);
    click(&mut h, at);
    key(&mut h, Key::U);
    h.run_steps(3);
    let pane = h.get_by_label("Along the spine view").rect().min.to_vec2();
    let on = |h: &Harness<'_, App>, p: PatientPoint| h.state().pane_position(0, p).expect("a pane") + pane;
    // It really is straightened: the three centres, which lie to and fro, stand below each other.
    let xs: Vec<f32> = centers.iter().map(|c| on(&h, *c).x).collect();
    assert!(xs.iter().all(|x| (x - xs[0]).abs() < 1.0), "{xs:?}");

    // A brush stroke from the hole of C6 to the back.
    key(&mut h, Key::B);
    let ends = [centers[1], centers[1].moved(DVec3::Y * 6.0)];
    let (a, b) = (on(&h, ends[0]), on(&h, ends[1]));
    drag(&mut h, a, b);
    let painted = voxels(h.state().document());
    let off = |p: PatientPoint| {
        let t = ((p.vec() - ends[0].vec()).dot(DVec3::Y) / 6.0).clamp(0.0, 1.0);
        p.distance_mm(ends[0].moved(DVec3::Y * (6.0 * t)))
    };
    let place = |v: &VoxelIndex| g.patient_from_voxel(v.center());
    assert!(painted.len() > 40, "{} voxels", painted.len());
    for v in &painted {
        assert!(off(place(v)) < 4.0 + 1.0, "{:?} is {} mm off the stroke", place(v), off(place(v)));
        assert!(place(v).vec().x.abs() < 1.0, "in the layer that was drawn on");
    }
    let middle: DVec3 = painted.iter().map(|v| place(v).vec()).sum::<DVec3>() / painted.len() as f64;
    assert!(middle.distance(centers[1].vec() + DVec3::Y * 3.0) < 1.0, "{middle}");

    // A contour about the hole of C7, and grow in that of C5.
    key(&mut h, Key::L);
    key(&mut h, Key::C);
    let c7 = on(&h, centers[2]);
    for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
        let mm = (on(&h, centers[1].moved(DVec3::Y)).x - on(&h, centers[1]).x) * 5.0;
        click(&mut h, c7 + vec2(x, y) * mm);
    }
    key(&mut h, Key::Enter);
    key(&mut h, Key::L);
    key(&mut h, Key::G);
    let c5 = on(&h, centers[0]);
    let reach = on(&h, centers[1].moved(DVec3::Y * 5.5)) - on(&h, centers[1]);
    drag(&mut h, c5, c5 + reach);
    settle(&mut h);
    let document = h.state().document();
    assert_eq!(document.lesions.len(), 3);
    for (level, c) in [("C5", centers[0]), ("C7", centers[2])] {
        let lesion = document.lesions.values().find(|l| l.vertebra.name() == level).expect("under its level");
        let mine: Vec<DVec3> = document
            .masks
            .values()
            .flat_map(|m| m.painted())
            .filter(|(_, l)| *l == lesion.label_value)
            .map(|(v, _)| place(&v).vec())
            .collect();
        let middle = mine.iter().copied().sum::<DVec3>() / mine.len().max(1) as f64;
        assert!(mine.len() > 30 && middle.distance(c.vec()) < 1.5, "{level}: {} voxels about {middle}", mine.len());
    }
}

#[test]
fn a_rule_puts_the_prior_beside_the_current_study() {
    let folder = tempfile::tempdir().expect("a folder");
    let (g, hu, _) = spine();
    let [columns, rows, _] = g.size();
    for (name, date) in [("now", "20240301"), ("before", "20230215"), ("long ago", "20191231")] {
        let series = Series::ct(Study { date: date.to_owned(), ..Study::named(name) }, name, 1);
        let frame = |k: usize| {
            let voxels = &hu[columns * rows * k..columns * rows * (k + 1)];
            voxels.iter().map(|v| v.cast_unsigned()).collect()
        };
        let format = PixelFormat { signed: true, bits_stored: 16, rescale: Some((1.0, 0.0)) };
        let images = Images { geometry: &g, frame: &frame, format, encoding: Encoding::Plain };
        write_series(&folder.path().join("ct").join(name), &series, &images).expect("files");
    }
    let hung = |rule: &str| {
        let mut h = harness(&folder.path().join("ct"), &folder.path().join("cases"));
        h.state_mut().use_settings(Settings::of_text(rule));
        h.state_mut().open_paths(vec![folder.path().join("ct")]);
        settle(&mut h);
        h.state().pane_series()
    };
    let rule = |a: &str, b: &str| {
        format!("[[hanging]]\nlayout = \"2-series\"\npane = [{{modality = \"CT\", prior = {a}}}, {{prior = {b}}}]")
    };
    let [current, prior] = &hung(&rule("false", "true"))[..] else { panic!("two panes") };
    assert_eq!(current, "now");
    assert!(["before", "long ago"].contains(&prior.as_str()), "{prior}");
    let [prior, current] = &hung(&rule("true", "false"))[..] else { panic!("two panes") };
    assert!(current == "now" && prior != "now", "{prior} beside {current}");
    let two = hung(&rule("false", "false"));
    assert_eq!(two.len(), 3, "there is one current study only: the usual layout");
}

/// As far as it can be seen without a system clipboard: what the window hands to it.
#[test]
fn a_copied_figure_is_the_pane_s_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut h = ct(folder.path());
    h.key_press_modifiers(Modifiers::COMMAND, Key::P);
    h.run_steps(3);
    h.get_by_label("Active pane").click();
    h.run_steps(2);
    h.get_by_label("1×").click();
    h.run_steps(2);
    h.get_by_label("Copy").click();
    let mut copied = None;
    for _ in 0..4 {
        h.step();
        for command in &h.output().platform_output.commands {
            if let egui::OutputCommand::CopyImage(image) = command {
                copied = Some(image.clone());
            }
        }
    }
    let copied = copied.expect("a picture for the clipboard");
    let figure = Figure { one_pane: true, scale: 1, overlays: true, descriptions: false };
    let want = h.state().figure(figure).expect("drawn");
    assert_eq!(copied.size, [want.width() as usize, want.height() as usize]);
    let same = copied.pixels.iter().zip(want.pixels()).filter(|(a, b)| a.to_array()[..3] == b.0[..3]).count();
    assert!(same as f64 > 0.999 * copied.pixels.len() as f64, "{same} of {}", copied.pixels.len());
}

/// Two visits of one patient: the distance of their dates is one click away, and no date is kept.
#[test]
fn days_between_two_studies_come_from_their_dates_and_no_date_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let (g, hu, centers) = spine();
    let [columns, rows, _] = g.size();
    for (name, date) in [("first visit", "20230215"), ("second visit", "20240301")] {
        let series = Series::ct(Study { date: date.to_owned(), ..Study::named(name) }, name, 1);
        let frame = |k: usize| {
            let voxels = &hu[columns * rows * k..columns * rows * (k + 1)];
            voxels.iter().map(|v| v.cast_unsigned()).collect()
        };
        let format = PixelFormat { signed: true, bits_stored: 16, rescale: Some((1.0, 0.0)) };
        let images = Images { geometry: &g, frame: &frame, format, encoding: Encoding::Plain };
        write_series(&folder.path().join("ct").join(name), &series, &images).expect("files");
    }
    let mut h = harness(&folder.path().join("ct"), &folder.path().join("cases"));
    h.get_by_label("Series first visit").click();
    settle(&mut h);
    label_all(&mut h, &g, &centers);
    h.get_by_label("Series second visit").click_secondary();
    h.run_steps(2);
    h.get_by_label("Open within this case").click();
    settle(&mut h);
    h.get_by_label("Case").click();
    h.run_steps(3);
    h.get_by_label("Timepoints").click();
    h.run_steps(8);
    h.get_by_label("380 days, from the studies' dates").click_accesskit(); // it may lie below the fold
    h.run_steps(3);
    let days: Vec<_> = h.state().document().timepoints.values().map(|t| t.relative_days).collect();
    assert_eq!(days, [Some(380)]);
    assert!(h.query_by_label("380 days, from the studies' dates").is_none(), "nothing is left to take");
    settle(&mut h);
    h.state_mut().close();
    let case = std::fs::read(case_file(&folder.path().join("cases"))).expect("a case");
    for date in [b"20230215", b"20240301"] {
        assert!(!case.windows(8).any(|w| w == date), "no date in the case file");
    }
}

#[test]
fn a_radiograph_is_shown_once_and_the_planes_come_back_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let mut h = harness(&sample, &folder.path().join("cases"));
    assert_eq!(h.state().pane_series(), ["CT sagittal bone"; 3]);
    h.get_by_label("Series Lateral cervical spine").click();
    settle(&mut h);
    assert_eq!(h.state().pane_series(), ["Lateral cervical spine"]);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    h.run_steps(3);
    assert_eq!(h.state().pane_series().len(), 1, "a radiograph has no planes");
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    h.run_steps(3);
    h.get_by_label("Series CT sagittal bone").click();
    settle(&mut h);
    assert_eq!(h.state().pane_series(), ["CT sagittal bone"; 3]);
}

#[test]
fn layers_between_are_offered_and_a_second_press_rounds_off_the_ends() {
    let (_folder, mut h, g, centers) = labelled();
    let hole = on_screen(&h, &g, centers[1]);
    key(&mut h, Key::B);
    for notches in [2.0, -4.0] {
        h.hover_at(hole);
        h.run_steps(2);
        wheel(&mut h, notches);
        drag(&mut h, hole, hole + vec2(4.0, 0.0));
    }
    let layers = |h: &Harness<'_, App>| voxels(h.state().document()).iter().map(|at| at.0[0]).collect::<BTreeSet<_>>();
    let (drawn, before) = (layers(&h), voxels(h.state().document()).len());
    let (low, high) = (*drawn.first().expect("drawn"), *drawn.last().expect("drawn"));
    assert!(drawn.len() == 2 && high - low == 4, "two slices, three between: {drawn:?}");

    key(&mut h, Key::K);
    assert!(h.query_by_label_contains("Layers between are shown").is_some());
    key(&mut h, Key::K);
    assert!(h.query_by_label_contains("Layers between and rounded ends are shown").is_some());
    h.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    h.run_steps(2);
    assert!(h.query_by_label_contains("kept with all layers").is_some(), "one layer alone cannot have them");
    assert_eq!(voxels(h.state().document()).len(), before);
    key(&mut h, Key::K);
    assert!(h.query_by_label_contains("Layers between are shown").is_some(), "and without them again");
    key(&mut h, Key::K);
    key(&mut h, Key::Enter);
    h.run_steps(2);
    assert_eq!(layers(&h), (low - 1..=high + 1).collect(), "a layer beyond either end: less than half of four");

    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(2);
    assert_eq!(layers(&h), drawn, "one step");
    key(&mut h, Key::K);
    key(&mut h, Key::Enter);
    h.run_steps(2);
    assert_eq!(layers(&h), (low..=high).collect(), "as drawn without the second press");
}
