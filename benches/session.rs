//! What a reader waits for while drawing: one brush sample, the end of a stroke until it is on the disk, a click of grow;
//! and what the next morning waits for: reopening a case of 10,000 edits.
//!
//! `cargo bench --bench session`; each line is JSON: name and milliseconds (median of the runs, and the slowest).

use spondyl::document::{ImageIdentity, ImageKey};
use spondyl::segment::{DrawPlane, Sheet, Stroke, grow};
use spondyl::session::{Access, Header, Images, Op, Session};
use spondyl::space::{DVec3, Geometry, PatientPoint, Plane};
use spondyl::volume::{Kind, Rescale, Rescales, Samples, Volume};
use std::sync::Arc;
use std::time::Instant;

const SIZE: [usize; 3] = [512, 512, 400];
const EDITS: usize = 10_000;

/// One series, held in memory.
struct Scan {
    volume: Arc<Volume>,
    key: ImageKey,
}

impl Images for Scan {
    fn volume(&self, _: &ImageKey) -> Option<Arc<Volume>> {
        Some(self.volume.clone())
    }

    fn identity(&self, _: &ImageKey) -> Option<ImageIdentity> {
        Some(ImageIdentity {
            spacing_origin: Default::default(),
            calibration: None,
            study_instance_uid: "1.2.3".to_owned(),
            series_instance_uid: self.key.0.clone(),
            frame_of_reference_uid: None,
            sop_class_uid: String::new(),
            modality: "CT".to_owned(),
            kind: Kind::Volume,
            geometry: self.volume.geometry.clone(),
            units: "HU".to_owned(),
            slices: Vec::new(),
            fingerprint: "0".repeat(64),
            findings: Vec::new(),
        })
    }

    fn primary(&self) -> Option<ImageKey> {
        Some(self.key.clone())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scan = Scan { volume: Arc::new(volume()), key: ImageKey("1.2.3.4".to_owned()) };
    brush_samples(&scan.volume.geometry);
    let center = scan.volume.geometry.center();
    time("grow, reach 12 mm", 9, |_| grow(&scan.volume, center, 12.0));
    // What each update of the preview waits for; beside the window, which goes on meanwhile.
    time("grow preview, reach 25 mm", 9, |n| grow(&scan.volume, center, 25.0 - 0.1 * n as f64));
    time("grow preview, reach 60 mm", 5, |_| grow(&scan.volume, center, 60.0));
    let folder = std::env::temp_dir().join(format!("spondyl-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("case.spondyl");
    let result = strokes(&scan, &path);
    std::fs::remove_dir_all(&folder)?;
    result
}

/// One sample of a 10 mm brush: what a pointer event costs.
fn brush_samples(geometry: &Geometry) {
    let at = |n: usize| geometry.center().moved(DVec3::new(0.3, 0.5, 0.7) * n as f64);
    let sphere = Stroke::sphere(geometry, 10.0);
    time("brush sample, sphere 10 mm", 50, |n| sphere.piece(at(n), at(n + 1)));
    let layer = Sheet::of(geometry, DrawPlane::Named(Plane::Sagittal), &[geometry.center()]);
    let oblique = DrawPlane::Oblique { origin_mm: geometry.center(), right: [0.8, 0.6, 0.1], down: [0.1, -0.2, -1.0] };
    for (name, sheet) in
        [("layer", layer), ("oblique plane", Sheet::of(geometry, oblique, &[geometry.center()]))].into_iter()
    {
        let Some(sheet) = sheet else { continue };
        let disc = Stroke::disc(geometry, sheet, 10.0);
        time(&format!("brush sample, disc 10 mm in a {name}"), 50, |n| disc.piece(at(n), at(n + 1)));
    }
}

fn strokes(scan: &Scan, path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut session = Session::create(path, Header::new("bench", []))?.session;
    session.perform(&Op::from_line(br#"{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}"#)?, scan)?;
    let start = Instant::now();
    let mut planned = Vec::with_capacity(EDITS);
    let mut last = 0;
    for n in 0..EDITS {
        let op = stroke(n, scan.volume.geometry.center())?;
        let before = Instant::now();
        last = session.perform(&op, scan)?;
        planned.push(before.elapsed().as_secs_f64() * 1e3);
    }
    session.wait_durable(last)?;
    let all = start.elapsed().as_secs_f64();
    report("stroke end until it is on the screen", planned);
    println!(r#"{{"name":"{EDITS} strokes until all are on the disk","s":{all:.2}}}"#);
    let mut durable = Vec::new();
    for n in 0..50 {
        let op = stroke(n, scan.volume.geometry.center())?;
        let before = Instant::now();
        let edit = session.perform(&op, scan)?;
        session.wait_durable(edit)?;
        durable.push(before.elapsed().as_secs_f64() * 1e3);
    }
    report("stroke end until it is on the disk", durable);
    drop(session);
    let mib = std::fs::metadata(path)?.len() as f64 / f64::from(1 << 20);
    println!(r#"{{"name":"case file of {EDITS} strokes","mib":{mib:.1}}}"#);
    time(&format!("reopen {EDITS} edits"), 5, |_| Session::open(path, Access::Read).map(|o| o.session.generation()));
    Ok(())
}

/// A stroke of 12 points, 3 mm wide, somewhere near the middle; every fourth erases.
fn stroke(n: usize, center: PatientPoint) -> Result<Op, Box<dyn std::error::Error>> {
    let base = center.vec() + DVec3::new((n * 7 % 60) as f64, (n * 13 % 60) as f64, (n * 29 % 90) as f64) - 40.0;
    let path: Vec<[f64; 3]> = (0..12).map(|m| (base + DVec3::new(0.4, 0.6, 0.1) * m as f64).to_array()).collect();
    let mode = if n % 4 == 3 { "erase" } else { "paint" };
    let json = serde_json::json!({"op": "brush", "lesion": "a", "plane": "sagittal", "path_mm": path, "radius_mm": 3.0,
        "tip": "disc", "mode": mode, "range": null});
    Ok(serde_json::from_value(json)?)
}

/// Bone with structure at every scale and a dark ball in its middle; 0.5 × 0.5 × 0.7 mm.
fn volume() -> Volume {
    let steps = [DVec3::X * 0.5, DVec3::Y * 0.5, DVec3::Z * 0.7];
    let geometry = Geometry::regular(PatientPoint::ORIGIN, steps, SIZE).expect("three steps at right angles");
    let center = geometry.center().vec();
    let value = |n: usize| {
        let at = spondyl::space::VoxelIndex::from_flat(n, SIZE).center();
        let noise = (((n as u32).wrapping_mul(2_654_435_761) >> 26) as i16) - 32;
        let dark = geometry.patient_from_voxel(at).vec().distance(center) < 9.0;
        if dark { 60 + noise } else { 220 + noise }
    };
    let samples = (0..SIZE.iter().product()).map(value).collect();
    Volume {
        kind: Kind::Volume,
        samples: Samples::I16(samples),
        rescales: Rescales::Uniform(Rescale { slope: 1.0, intercept: 0.0 }),
        units: "HU".to_owned(),
        inverted: false,
        voi: Vec::new(),
        padding: None,
        geometry,
    }
}

fn time<T>(name: &str, runs: usize, work: impl Fn(usize) -> T) {
    std::hint::black_box(work(0));
    let wall = (1..=runs).map(|n| {
        let start = Instant::now();
        std::hint::black_box(work(n));
        start.elapsed().as_secs_f64() * 1e3
    });
    report(name, wall.collect());
}

fn report(name: &str, mut ms: Vec<f64>) {
    ms.sort_by(f64::total_cmp);
    let (median, slowest) = (ms[ms.len() / 2], ms[ms.len() - 1]);
    println!(r#"{{"name":"{name}","median_ms":{median:.3},"slowest_ms":{slowest:.3}}}"#);
}
