//! Processor milliseconds for the three pictures that a reader asks for all day, 1024 × 1024 from 512 × 512 × 400: a sagittal
//! layer, an oblique plane, a 20 mm maximum slab. Every picture is a new plane, as in scrolling.
//!
//! `cargo bench --bench reslice -- [FOLDER]` takes the first series of a folder, else a volume of its own. Each line is
//! JSON: title, name, wall milliseconds of each picture, processor milliseconds of all threads (mean), by the reference
//! renderer and by the adapter that is there, read back included.

use spondyl::render::{Gpu, Offscreen, Sampling, SliceParams, VolumeTexture};
use spondyl::space::{DVec3, Geometry, PatientPoint};
use spondyl::volume::{
    Kind, Projection, Rescale, Rescales, Samples, Shade, Slab, SlicePlane, SliceView, Voi, Volume, Window, picture,
};
use std::sync::Arc;

mod timing;

const SIZE: [usize; 3] = [512, 512, 400];
const PIXELS: [usize; 2] = [1024, 1024];

/// The view of the n-th picture of a job.
type View<'a> = &'a (dyn Fn(usize) -> SliceView + Sync);

fn main() {
    let folder = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let volume = folder.map_or_else(synthetic, |f| loaded(&f).expect("a series of images"));
    let shade = Shade { voi: Voi::Window(Window::linear(2000.0, 350.0)), inverted: false };
    let center = volume.geometry.center();
    let (turn, tip) = (12f64.to_radians(), 25f64.to_radians());
    let across = DVec3::new(-turn.sin() * tip.cos(), turn.cos() * tip.cos(), tip.sin());
    let down = DVec3::new(turn.sin() * tip.sin(), -turn.cos() * tip.sin(), tip.cos());
    let normal = across.cross(down);
    let sagittal = |n: usize| {
        let through = center.moved(DVec3::X * ((n * 5 % 200) as f64 - 100.0));
        SliceView::thin(SlicePlane::new(through, DVec3::Y, DVec3::NEG_Z, 0.39, PIXELS))
    };
    let oblique = |n: usize| {
        let through = center.moved(normal * ((n % 40) as f64 * 0.5 - 10.0));
        SliceView::thin(SlicePlane::new(through, across, down, 0.35, PIXELS))
    };
    let slab = Some(Slab { thickness_mm: 20.0, projection: Projection::Max });
    let thick = |n: usize| SliceView { slab, ..oblique(n) };
    let jobs: [(&str, usize, View); 3] =
        [("render sagittal", 40, &sagittal), ("render oblique", 40, &oblique), ("render slab", 10, &thick)];
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one");
    for (name, runs, view) in jobs {
        let mut frame = |n| drop(std::hint::black_box(picture(&volume, &view(n), &shade)));
        timing::row(name, "cpu", runs, &mut frame);
        timing::row(name, "cpu 1 thread", runs, |n| alone.install(|| picture(&volume, &view(n), &shade)));
    }
    let Ok(gpu) = Gpu::headless() else { return };
    let adapter = gpu.facts().name.clone();
    let volume = Arc::new(volume);
    let texture = VolumeTexture::of_volume(&gpu, &volume).expect("200 MiB fit");
    // On a software adapter the window has the processor sample.
    let samplings = [("sampled by the adapter", Sampling::from(&texture)), ("by the processor", (&volume).into())];
    let mut offscreen = Offscreen::new(&gpu);
    for (how, sampling) in samplings {
        let mut drawn = |view: SliceView, shade: Shade| {
            let params = SliceParams::new(view, shade);
            offscreen.render(&gpu, sampling, None, &params).expect("draws");
        };
        let name = format!("{adapter}, {how}");
        for (title, runs, view) in jobs {
            timing::row(title, &name, runs, |n| drawn(view(n), shade.clone()));
        }
        let dragged = |n: usize| {
            let voi = Voi::Window(Window::linear(1000.0 + n as f64, 350.0));
            Shade { voi, inverted: false }
        };
        let viewer = "VTK viewer";
        timing::row(viewer, &format!("scroll, {how}"), 40, |n| drawn(sagittal(n), shade.clone()));
        timing::row(viewer, &format!("window drag, {how}"), 40, |n| drawn(sagittal(0), dragged(n)));
        timing::row(viewer, &format!("window drag, oblique, {how}"), 40, |n| drawn(oblique(0), dragged(n)));
        // A large sagittal pane with an axial and a coronal one beside it, all three at a new place in every frame.
        timing::row("three linked panes, 1600 x 1000", &name, 20, |n| {
            let through = center.moved(DVec3::splat((n % 40) as f64 - 20.0));
            let axes = [(DVec3::Y, DVec3::NEG_Z, [1000, 1000]), (DVec3::X, DVec3::Y, [600, 500])];
            for (right, down, size) in axes.into_iter().chain([(DVec3::X, DVec3::NEG_Z, [600, 500])]) {
                drawn(SliceView::thin(SlicePlane::new(through, right, down, 0.4, size)), shade.clone());
            }
        });
    }
}

/// The first series of a folder, in memory as the window holds it.
fn loaded(folder: &str) -> Result<Volume, Box<dyn std::error::Error>> {
    let scan = spondyl::study::scan(&[folder.into()], &());
    let series = scan.series.first().ok_or("no series")?;
    Ok(spondyl::study::assemble(series, &())?.volume)
}

/// A volume with structure at every scale; spacing 0.7 × 0.7 × 1.0 mm, so a 20 mm slab at the finest spacing has 29 posts.
fn synthetic() -> Volume {
    let steps = [DVec3::X * 0.7, DVec3::Y * 0.7, DVec3::Z];
    let geometry = Geometry::regular(PatientPoint::ORIGIN, steps, SIZE).expect("three steps at right angles");
    let value = |n: usize| (((n as u32).wrapping_mul(2_654_435_761) >> 22) as i16) + ((n / 4096 % 977) as i16) - 500;
    Volume {
        geometry,
        kind: Kind::Volume,
        samples: Samples::I16((0..SIZE.iter().product()).map(value).collect()),
        rescales: Rescales::Uniform(Rescale { slope: 1.0, intercept: 0.0 }),
        units: "HU".to_owned(),
        inverted: false,
        voi: Vec::new(),
        padding: None,
    }
}
