//! What the GPU draws against the reference in `volume`, on whatever adapter is there (software Vulkan in CI).

use super::*;
use crate::render::{SampleFormat, VolumeTexture};
use crate::space::{DVec3, Geometry, PatientPoint, Plane, VoxelIndex};
use crate::volume::test_volumes::{i16s, planes, regular, sheared, turned, uneven, volume};
use crate::volume::{
    Interpolation, LabelStyle, Labels, Projection, Rescale, Rescales, Samples, Shade, Slab, SlicePlane, SliceView, Voi,
    VoiFunction, VoiLut, Volume, Window, overlay, picture,
};
use std::sync::Arc;

fn gpu() -> Gpu {
    let gpu =
        Gpu::headless().expect("the tests draw with software Vulkan where there is no other: mesa-vulkan-drivers");
    println!("{:?}", gpu.facts());
    gpu
}

fn window(width: f64, center: f64) -> Shade {
    Shade { voi: Voi::Window(Window::linear(width, center)), inverted: false }
}

fn scale(slope: f64) -> Rescales {
    Rescales::Uniform(Rescale { slope, intercept: -30.0 })
}

/// The product's promise: within 1 grey level on 99.9 % of the pixels and 2 everywhere.
#[track_caller]
fn same(gpu: &[[u8; 4]], cpu: &[u8], name: &str) {
    assert_eq!(gpu.len(), cpu.len());
    let off: Vec<u8> = gpu.iter().zip(cpu).map(|(g, c)| g[0].abs_diff(*c)).collect();
    let beyond = off.iter().filter(|d| **d > 1).count();
    let worst = off.iter().max().copied().unwrap_or(0);
    assert!(worst <= 2 && beyond * 1000 <= off.len(), "{name}: {beyond} of {} pixels off, worst {worst}", off.len());
    assert!(gpu.iter().all(|p| p[0] == p[1] && p[1] == p[2] && p[3] == 255), "{name}: grey");
}

fn check(gpu: &Gpu, offscreen: &mut Offscreen, v: &Volume, views: &[(String, SliceView)], shade: &Shade, name: &str) {
    let texture = VolumeTexture::of_volume(gpu, v).expect("uploads");
    let memory = Arc::new(v.clone());
    for (view_name, view) in views {
        let params = SliceParams::new(*view, shade.clone());
        let reference = picture(v, view, shade);
        // Sampled by the adapter, and by the processor as for a software adapter.
        for (by, sampling) in [("adapter", Sampling::from(&texture)), ("processor", Sampling::from(&memory))] {
            let got = offscreen.render(gpu, sampling, None, &params).expect("renders");
            same(&got, &reference, &format!("{name}, {view_name}, sampled by the {by}"));
        }
    }
}

fn thin(g: &Geometry, interpolation: Interpolation) -> Vec<(String, SliceView)> {
    let view =
        |(name, plane)| (format!("{name} {interpolation:?}"), SliceView { interpolation, ..SliceView::thin(plane) });
    planes(g).into_iter().map(view).collect()
}

#[test]
fn the_gpu_draws_what_the_reference_draws_on_every_grid() {
    let (gpu, shade) = (gpu(), window(700.0, -200.0));
    let mut offscreen = Offscreen::new(&gpu);
    let each = |g: &Geometry| {
        let scale = |k: usize| Rescale { slope: 0.5 + k as f64 * 0.07, intercept: -30.0 };
        Rescales::PerSlice((0..g.size()[2]).map(scale).collect())
    };
    for (name, g) in [("regular", regular()), ("sheared", sheared()), ("turned", turned()), ("uneven", uneven())] {
        for rescales in [scale(0.5), each(&g)] {
            let v = volume(g.clone(), rescales, i16s);
            for interpolation in [Interpolation::Linear, Interpolation::Nearest] {
                check(&gpu, &mut offscreen, &v, &thin(&g, interpolation), &shade, name);
            }
        }
    }
}

#[test]
fn slabs_are_projected_alike() {
    let (gpu, shade) = (gpu(), window(600.0, 300.0));
    let mut offscreen = Offscreen::new(&gpu);
    for (name, g) in [("regular", regular()), ("sheared", sheared()), ("uneven", uneven())] {
        let v = volume(g.clone(), scale(-0.7), i16s);
        for projection in [Projection::Max, Projection::Min, Projection::Mean] {
            let slab = Some(Slab { thickness_mm: 4.3, projection });
            let views = thin(&g, Interpolation::Linear);
            let views: Vec<_> = views.into_iter().map(|(n, v)| (n, SliceView { slab, ..v })).collect();
            check(&gpu, &mut offscreen, &v, &views, &shade, &format!("{name} {projection:?}"));
        }
    }
}

#[test]
fn ties_between_voxels_and_the_outer_faces_are_decided_alike() {
    let gpu = gpu();
    let mut offscreen = Offscreen::new(&gpu);
    let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], [16, 12, 9]).expect("spans space");
    let v = volume(g, scale(1.0), i16s);
    // Every pixel centre lies on a face between voxels, or on the outer face.
    for (right, down) in [(DVec3::X, DVec3::Y), (DVec3::NEG_Y, DVec3::NEG_Z), (DVec3::Z, DVec3::X)] {
        let center = PatientPoint::new(7.5, 5.5, 3.5).expect("finite");
        let plane = SlicePlane::new(center, right, down, 0.5, [37, 33]);
        for interpolation in [Interpolation::Nearest, Interpolation::Linear] {
            let view = SliceView { interpolation, ..SliceView::thin(plane) };
            check(&gpu, &mut offscreen, &v, &[("ties".to_owned(), view)], &window(90.0, -700.0), "ties");
        }
    }
}

#[test]
fn every_window_function_table_and_sample_type_comes_out_alike() {
    let gpu = gpu();
    let mut offscreen = Offscreen::new(&gpu);
    let g = regular();
    let makers: [fn(Vec<i32>) -> Samples; 4] = [
        |v| Samples::U8(v.into_iter().map(|x| x as u8).collect()),
        i16s,
        |v| Samples::U16(v.into_iter().map(|x| (x * 250) as u16).collect()),
        |v| Samples::F32(v.into_iter().map(|x| x as f32 * 0.37).collect()),
    ];
    let entries = (0..500u32).map(|n| (n * n / 61) as u16).collect();
    let lut = VoiLut { first_mapped: -20, entries, bits: 12, explanation: None };
    let function = |function, width| Voi::Window(Window { width, center: 41.5, function, explanation: None });
    let vois = [
        function(VoiFunction::Linear, 90.0),
        function(VoiFunction::Linear, 1.0),
        function(VoiFunction::LinearExact, 77.0),
        function(VoiFunction::Sigmoid, 50.0),
        Voi::Lut(Arc::new(lut)),
    ];
    for make in makers {
        let v = volume(g.clone(), Rescales::Uniform(Rescale::IDENTITY), make);
        for voi in &vois {
            for inverted in [false, true] {
                let shade = Shade { voi: voi.clone(), inverted };
                let views: Vec<_> = [0, 7, 12].map(|k| (format!("frame {k}"), SliceView::frame(&g, k))).into();
                check(&gpu, &mut offscreen, &v, &views, &shade, &format!("{voi:?}"));
            }
        }
    }
}

#[test]
fn slices_that_are_not_loaded_are_black_and_appear_when_they_come() {
    let gpu = gpu();
    let mut offscreen = Offscreen::new(&gpu);
    let v = volume(regular(), scale(1.0), i16s);
    let shade = window(600.0, -900.0);
    let texture = VolumeTexture::new(&gpu, &v.geometry, SampleFormat::I16, &v.rescales).expect("fits");
    let frame = |k| SliceParams::new(SliceView::frame(&v.geometry, k), shade.clone());
    let mut drawn = |k| offscreen.render(&gpu, &texture, None, &frame(k)).expect("renders");
    assert!(drawn(4).iter().all(|p| p[0] == 0));
    texture.upload(&gpu, &v, 4..6).expect("uploads");
    same(&drawn(4), &picture(&v, &SliceView::frame(&v.geometry, 4), &shade), "slice 4");
    assert!(drawn(6).iter().all(|p| p[0] == 0));
    texture.upload(&gpu, &v, 0..13).expect("uploads");
    same(&drawn(6), &picture(&v, &SliceView::frame(&v.geometry, 6), &shade), "slice 6");
}

#[test]
fn dragging_a_window_does_not_reslice() {
    let gpu = gpu();
    let mut offscreen = Offscreen::new(&gpu);
    let v = volume(regular(), scale(1.0), i16s);
    let texture = VolumeTexture::of_volume(&gpu, &v).expect("uploads");
    let view = SliceView::thin(SlicePlane::anatomical(&v.geometry, Plane::Sagittal, [60, 50]));
    for width in 0..5 {
        let shade = window(300.0 + f64::from(width) * 50.0, 0.0);
        let got = offscreen.render(&gpu, &texture, None, &SliceParams::new(view, shade.clone())).expect("renders");
        same(&got, &picture(&v, &view, &shade), "dragged");
    }
    assert_eq!(offscreen.reslice_count(), 1);
    let moved = SliceView::thin(SlicePlane::anatomical(&v.geometry, Plane::Axial, [60, 50]));
    offscreen.render(&gpu, &texture, None, &SliceParams::new(moved, window(300.0, 0.0))).expect("renders");
    assert_eq!(offscreen.reslice_count(), 2);
}

/// Two touching lesions, one of them across several bricks, in a grid of more than one brick.
fn labelled(geometry: &Geometry) -> (Vec<u16>, [usize; 3]) {
    let size = geometry.size();
    let label = |n: usize| {
        let VoxelIndex([i, j, k]) = VoxelIndex::from_flat(n, size);
        let [x, y, z] = [i, j, k].map(|n| n as f64);
        let [cx, cy, cz] = size.map(|n| n as f64 / 2.0);
        let ball = ((x - cx) / cx).powi(2) + ((y - cy) / cy).powi(2) + ((z - cz) / cz).powi(2);
        if ball > 0.4 {
            0
        } else if i * 2 > size[0] {
            300
        } else {
            2
        }
    };
    ((0..size.iter().product()).map(label).collect(), size)
}

fn colors() -> Vec<[u8; 4]> {
    (1..=300).map(|l: u16| if l == 300 { [20, 200, 90, 255] } else { [240, 60, (l * 40) as u8, 200] }).collect()
}

#[track_caller]
fn same_colors(gpu: &[[u8; 4]], cpu: &[[u8; 4]], name: &str) {
    assert_eq!(gpu.len(), cpu.len());
    let worst = |(a, b): (&[u8; 4], &[u8; 4])| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    let off = gpu.iter().zip(cpu).filter(|p| worst(*p) > 1).count();
    assert!(off * 1000 <= gpu.len(), "{name}: {off} of {} pixels differ", gpu.len());
    assert!(cpu.iter().any(|p| p[0] != p[1]), "{name}: labels are to be seen");
}

#[test]
fn labels_are_filled_and_outlined_as_in_the_reference() {
    let gpu = gpu();
    let mut offscreen = Offscreen::new(&gpu);
    let big = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 1.5], [70, 40, 36]);
    for g in [big.expect("spans space"), sheared(), uneven()] {
        let v = volume(g.clone(), scale(1.0), i16s);
        let texture = VolumeTexture::of_volume(&gpu, &v).expect("uploads");
        let (values, size) = labelled(&g);
        let mut labels = LabelTexture::new(&gpu, &g).expect("fits");
        labels.set_colors(&gpu, &colors());
        labels.update_region(&gpu, [0; 3], size, &values).expect("uploads");
        let label_at = |at: VoxelIndex| values[at.flat(size)];
        let color_of = |l: u16| colors()[usize::from(l) - 1];
        let reference = Labels { geometry: &g, label_at: &label_at, color_of: &color_of };
        let shade = window(900.0, -300.0);
        for style in [LabelStyle::default(), LabelStyle { fill_opacity: 0.6, outline_opacity: 0.0, outline_px: 0.0 }] {
            for (name, plane) in planes(&g) {
                let view = SliceView::thin(plane);
                let params = SliceParams { labels: style, ..SliceParams::new(view, shade.clone()) };
                let got = offscreen.render(&gpu, &texture, Some(&labels), &params).expect("renders");
                let want = overlay(&picture(&v, &view, &shade), plane, &reference, &style);
                if want.iter().any(|p| p[0] != p[1]) {
                    same_colors(&got, &want, &name);
                }
            }
        }
    }
}

#[test]
fn strokes_change_their_own_box_and_memory_follows_what_is_painted() {
    let gpu = gpu();
    let mut offscreen = Offscreen::new(&gpu);
    let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], [512, 512, 400]).expect("spans");
    let texture = VolumeTexture::new(&gpu, &g, SampleFormat::U8, &scale(1.0)).expect("fits");
    let mut labels = LabelTexture::new(&gpu, &g).expect("fits");
    labels.set_colors(&gpu, &[[255, 0, 0, 255]]);
    labels.update_region(&gpu, [0; 3], [400, 400, 2], &vec![0; 320_000]).expect("uploads");
    assert!(labels.is_empty(), "zeros on nothing cost nothing");
    // A box across a corner where eight bricks meet; then a hole; then more bricks than the atlas began with.
    labels.update_region(&gpu, [250, 250, 250], [12, 12, 12], &[1; 1728]).expect("uploads");
    labels.update_region(&gpu, [254, 254, 256], [4, 4, 1], &[0; 16]).expect("uploads");
    for n in 0..90 {
        labels.update_region(&gpu, [n % 10 * 40, n / 10 * 40, 300], [3, 3, 3], &[1; 27]).expect("uploads");
    }
    assert!(labels.memory_bytes() < 16 << 20, "{} bytes", labels.memory_bytes());
    let style = LabelStyle { fill_opacity: 1.0, outline_opacity: 0.0, outline_px: 0.0 };
    let mut painted = |labels: &LabelTexture, k| {
        let params = SliceParams { labels: style, ..SliceParams::new(SliceView::frame(&g, k), window(255.0, 128.0)) };
        let got = offscreen.render(&gpu, &texture, Some(labels), &params).expect("renders");
        got.iter().enumerate().filter(|p| p.1[0] == 255).map(|p| (p.0 % 512, p.0 / 512)).collect::<Vec<_>>()
    };
    assert_eq!(painted(&labels, 255).len(), 144);
    let holed = painted(&labels, 256);
    assert!(holed.len() == 128 && !holed.contains(&(255, 255)) && holed.contains(&(253, 255)));
    assert_eq!((painted(&labels, 249).len(), painted(&labels, 301).len()), (0, 90 * 9));
    labels.clear(&gpu);
    assert_eq!(painted(&labels, 255).len(), 0);
    labels.update_region(&gpu, [1, 2, 255], [1, 1, 1], &[1]).expect("uploads");
    assert_eq!(painted(&labels, 255), [(1, 2)], "a slot used again holds nothing of before");
}

#[test]
fn coarse_pictures_cover_the_same_place() {
    let gpu = gpu();
    let mut offscreen = Offscreen::new(&gpu);
    let v = volume(regular(), scale(1.0), i16s);
    let texture = VolumeTexture::of_volume(&gpu, &v).expect("uploads");
    let shade = window(3000.0, 0.0);
    let view = SliceView::thin(SlicePlane::anatomical(&v.geometry, Plane::Coronal, [301, 203]));
    let params = SliceParams { halvings: 1, ..SliceParams::new(view, shade.clone()) };
    let coarse = offscreen.render(&gpu, &texture, None, &params).expect("renders");
    let fine = picture(&v, &view, &shade);
    let mean = coarse.iter().zip(&fine).map(|(a, b)| f64::from(a[0].abs_diff(*b))).sum::<f64>() / fine.len() as f64;
    assert!(mean < 3.0, "mean difference {mean}");
}

#[test]
fn a_picture_beyond_the_adapter_is_a_sentence() {
    let gpu = gpu();
    let v = volume(regular(), scale(1.0), i16s);
    let texture = VolumeTexture::of_volume(&gpu, &v).expect("uploads");
    let view = SliceView::thin(SlicePlane::anatomical(&v.geometry, Plane::Axial, [1 << 20, 4]));
    let e = Offscreen::new(&gpu).render(&gpu, &texture, None, &SliceParams::new(view, window(9.0, 1.0)));
    assert!(e.is_err_and(|e| e.to_string().contains("1048576")), "and no panic");
}

#[test]
fn a_volume_beyond_the_adapter_is_drawn_coarser_and_says_so() {
    let gpu = gpu();
    let longest = gpu.device.limits().max_texture_dimension_3d as usize;
    let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X * 0.1, DVec3::Y, DVec3::Z], [longest + 10, 20, 2]);
    let g = g.expect("spans space");
    let n: usize = g.size().iter().product();
    let samples = (0..n).map(|n| (n % (longest + 10) / 20) as i16).collect();
    let v = Volume { samples: Samples::I16(samples), ..volume(g.clone(), scale(1.0), i16s) };
    let texture = VolumeTexture::of_volume(&gpu, &v).expect("fits when halved");
    assert!(texture.notice().is_some_and(|n| n.contains("cannot hold")));
    let view = SliceView::thin(SlicePlane::anatomical(&g, Plane::Axial, [400, 30]));
    let shade = window(400.0, 80.0);
    let got =
        Offscreen::new(&gpu).render(&gpu, &texture, None, &SliceParams::new(view, shade.clone())).expect("renders");
    let want = picture(&v, &view, &shade);
    let off = got.iter().zip(&want).filter(|(a, b)| a[0].abs_diff(**b) > 3).count();
    assert!(off * 50 < want.len(), "{off} of {} pixels", want.len());
}
