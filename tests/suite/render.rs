//! `spondyl render` as a user runs it: both renderers draw the same picture, options that make no sense are refused, and
//! the masks of a case come out in color.

use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::space::{DVec3, Geometry, PatientPoint};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SIZE: [usize; 3] = [48, 56, 20];

/// A tilted series whose value at every voxel is known.
fn series(folder: &Path) -> PathBuf {
    let steps = [DVec3::X * 0.8, DVec3::Y * 0.7, DVec3::new(0.0, 0.5, 2.0)];
    let origin = PatientPoint::new(-19.0, -20.0, 300.0).expect("finite");
    let geometry = Geometry::regular(origin, steps, SIZE).expect("spans space");
    let hu: Vec<i16> = (0..SIZE.iter().product()).map(|n: usize| value([n % 48, n / 48 % 56, n / 2688])).collect();
    let images = folder.join("images");
    write_ct_series(&images, &geometry, &hu, "render test").expect("writes");
    images
}

fn value([i, j, k]: [usize; 3]) -> i16 {
    ((i * 37 + j * 11 + k * 29) % 400 + i * 9 + k * 20) as i16 - 300
}

fn spondyl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("runs")
}

fn render(images: &Path, out: &Path, more: &[&str]) -> image::DynamicImage {
    let (images, name) = (images.display().to_string(), out.display().to_string());
    let done = spondyl(&[&["render", &images, "-o", &name][..], more].concat());
    assert!(done.status.success(), "{more:?}: {}", String::from_utf8_lossy(&done.stderr));
    image::open(out).expect("a picture")
}

#[test]
fn both_renderers_write_the_same_grey_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = series(folder.path());
    let out = folder.path().join("out.png");
    for view in [
        &["--plane", "sagittal", "--size", "121x90"][..],
        &["--plane", "coronal", "--center-mm=-1.5,2.25,315", "--fov-mm", "33", "--size", "64x80"],
        &["--plane", "axial", "--index", "7", "--interpolate", "nearest", "--size", "99x99"],
        &["--plane", "sagittal", "--slab-mm", "6", "--project", "mean", "--size", "80x80"],
        &["--plane", "native", "--at-mm", "0,0,320", "--size", "90x60", "--preset", "auto"],
    ] {
        let by = |renderer| render(&images, &out, &[view, &["--renderer", renderer][..]].concat());
        let (cpu, gpu) = (by("cpu"), by("gpu"));
        assert_eq!(cpu.color(), image::ColorType::L8, "{view:?}");
        let off: Vec<u8> = cpu.as_bytes().iter().zip(gpu.as_bytes()).map(|(a, b)| a.abs_diff(*b)).collect();
        let beyond = off.iter().filter(|d| **d > 1).count();
        assert!(off.iter().all(|d| *d <= 2) && beyond * 1000 <= off.len(), "{view:?}: {beyond} pixels differ");
        assert!(cpu.as_bytes().iter().any(|g| *g > 60), "{view:?}: something is to be seen");
    }
}

#[test]
fn native_size_is_the_stored_frame_through_the_window() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = series(folder.path());
    let grey = |hu: i16| (((f64::from(hu) - 99.5) / 799.0 + 0.5) * 255.0).clamp(0.0, 255.0);
    for renderer in ["cpu", "gpu"] {
        let more =
            ["--plane", "native", "--native-size", "--index", "13", "--window", "800,100", "--renderer", renderer];
        let picture = render(&images, &folder.path().join("native.png"), &more).to_luma8();
        assert_eq!(picture.dimensions(), (48, 56));
        for (x, y, p) in picture.enumerate_pixels() {
            let want = grey(value([x as usize, y as usize, 13]));
            assert!((f64::from(p.0[0]) - want).abs() <= 0.51, "{renderer} ({x}, {y}): {} for {want}", p.0[0]);
        }
    }
}

#[test]
fn the_masks_of_a_case_are_laid_over_in_color_unless_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = series(folder.path());
    let case = folder.path().join("case.spondyl").display().to_string();
    let script = [
        r#"{"op":"label_vertebra","level":"C6","at_mm":[0,0,318]}"#,
        r#"{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}"#,
        r#"{"op":"brush","lesion":"a","plane":"sagittal","path_mm":[[0,0,318]],"radius_mm":6,"tip":"sphere","mode":"paint","range":null}"#,
    ];
    let mut annotate = Command::new(env!("CARGO_BIN_EXE_spondyl"))
        .args(["annotate", &images.display().to_string(), "--case", &case, "--script", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("runs");
    let mut input = annotate.stdin.take().expect("piped");
    input.write_all((script.join("\n") + "\n").as_bytes()).expect("takes the script");
    drop(input);
    assert!(annotate.wait().expect("ends").success());

    let out = folder.path().join("out.png");
    let view = ["--center-mm", "0,0,318", "--fov-mm", "30", "--size", "150x150", "--case", &case];
    let by = |renderer| render(&images, &out, &[&view[..], &["--renderer", renderer]].concat());
    let (cpu, gpu) = (by("cpu").to_rgb8(), by("gpu").to_rgb8());
    let colored = cpu.pixels().filter(|p| p.0[0] != p.0[2]).count() as f64;
    // A sphere of 6 mm cut in the middle, at 0.2 mm a pixel.
    let disc = std::f64::consts::PI * 30.0 * 30.0;
    assert!((colored / disc - 1.0).abs() < 0.1, "{colored} pixels of about {disc}");
    let differ = cpu.pixels().zip(gpu.pixels()).filter(|(a, b)| (0..3).any(|c| a.0[c].abs_diff(b.0[c]) > 2)).count();
    assert!(differ * 1000 <= 22_500, "{differ} pixels differ");
    let plain = render(&images, &out, &[&view[..], &["--no-overlays", "--renderer", "cpu"]].concat());
    assert_eq!(plain.color(), image::ColorType::L8);
}

#[test]
fn what_makes_no_sense_and_what_is_not_there_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = series(folder.path()).display().to_string();
    let out = folder.path().join("out.png").display().to_string();
    for (code, more, word) in [
        (2, &["--window", "0.5,40"][..], "at least 1"),
        (2, &["--plane", "axial", "--native-size"], "native"),
        (2, &["--preset", "nonsense"], "spine-bone"),
        (2, &["--fov-mm", "30"], "--center-mm"),
        (2, &["--size", "0x9"], "WxH"),
        (2, &["--at-mm", "1,2,nan"], "finite"),
        (1, &["--plane", "axial", "--index", "20"], "0 to 19"),
        (1, &["--series", "9.9.9"], "9.9.9"),
        (1, &["--case", "nowhere.spondyl"], "nowhere.spondyl"),
        (1, &["--plane", "native", "--native-size", "--at-mm", "900,0,0"], "outside"),
    ] {
        let done = spondyl(&[&["render", &images, "-o", &out, "--renderer", "cpu"][..], more].concat());
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{more:?}: {said}");
        assert!(said.contains(word) && !said.contains("panicked"), "{more:?}: {said}");
    }
    let nowhere = folder.path().join("no/such/folder.png").display().to_string();
    let done = spondyl(&["render", &images, "-o", &nowhere, "--renderer", "cpu"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("folder.png"));
}
