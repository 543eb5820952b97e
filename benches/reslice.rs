//! Processor milliseconds for the three pictures that a reader asks for all day, 1024 × 1024 from 512 × 512 × 400: a sagittal
//! layer, an oblique plane, a 20 mm maximum slab. Every picture is a new plane, as in scrolling.
//!
//! `cargo bench --bench reslice`; each line is JSON: title, name, wall milliseconds of each picture, processor milliseconds
//! of all threads (mean), by the reference renderer and by the adapter that is there, read back included.

use spondyl::render::{Gpu, Offscreen, SliceParams, VolumeTexture};
use spondyl::space::{DVec3, Geometry, PatientPoint};
use spondyl::volume::{
    Kind, Projection, Rescale, Rescales, Samples, Shade, Slab, SlicePlane, SliceView, Voi, Volume, Window, picture,
};

mod timing;

const SIZE: [usize; 3] = [512, 512, 400];
const PIXELS: [usize; 2] = [1024, 1024];

/// The view of the n-th picture of a job.
type View<'a> = &'a (dyn Fn(usize) -> SliceView + Sync);

fn main() {
    let volume = volume();
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
    let texture = VolumeTexture::of_volume(&gpu, &volume).expect("200 MiB fit");
    let mut offscreen = Offscreen::new(&gpu);
    let mut drawn = |view: SliceView, shade: Shade| {
        let params = SliceParams::new(view, shade);
        offscreen.render(&gpu, &texture, None, &params).expect("draws");
    };
    for (name, runs, view) in jobs {
        timing::row(name, &gpu.facts().name, runs, |n| drawn(view(n), shade.clone()));
    }
    let viewer = "VTK viewer";
    timing::row(viewer, "scroll", 40, |n| drawn(sagittal(n), shade.clone()));
    timing::row(viewer, "window drag", 40, |n| {
        let voi = Voi::Window(Window::linear(1000.0 + n as f64, 350.0));
        drawn(sagittal(0), Shade { voi, inverted: false });
    });
    timing::row(viewer, "window drag, oblique", 40, |n| {
        let voi = Voi::Window(Window::linear(1000.0 + n as f64, 350.0));
        drawn(oblique(0), Shade { voi, inverted: false });
    });
}

/// A volume with structure at every scale; spacing 0.7 × 0.7 × 1.0 mm, so a 20 mm slab at the finest spacing has 29 posts.
fn volume() -> Volume {
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
