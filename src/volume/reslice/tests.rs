//! The reslice against the formula, evaluated in `f64` through the geometry's own conversion, one point at a time.

use super::*;
use crate::space::{DVec3, Geometry, PatientPoint, Plane, VoxelIndex};
use crate::volume::plane::{Slab, SlicePlane};
use crate::volume::test_volumes::{i16s, planes, point, regular, sheared, turned, uneven, volume};
use crate::volume::{Rescale, Rescales, Voi, Window};

/// The value at one point, as the contract words it; `None` outside, `Err` too near to a decision to be judged.
fn value_at(v: &Volume, p: DVec3, nearest: bool) -> Result<Option<f64>, ()> {
    let at = v.geometry.voxel_from_patient(point(p)).0.to_array();
    let size = v.size();
    let beyond = (0..3).map(|a| (-0.5 - at[a]).max(at[a] - size[a] as f64 + 0.5)).fold(f64::MIN, f64::max);
    let tie = at.iter().any(|x| (x - x.floor() - 0.5).abs() < 1e-5);
    if beyond.abs() < 1e-5 || nearest && tie {
        return Err(());
    }
    if beyond > 0.0 {
        return Ok(None);
    }
    let clamped: [f64; 3] = std::array::from_fn(|a| at[a].clamp(0.0, size[a] as f64 - 1.0));
    if nearest {
        return Ok(Some(v.value(VoxelIndex(clamped.map(|x| (x + 0.5).floor() as usize)))));
    }
    let mut sum = 0.0;
    for corner in 0..8usize {
        let (mut weight, mut index) = (1.0, [0; 3]);
        for a in 0..3 {
            let (low, part) = (clamped[a].floor(), clamped[a] - clamped[a].floor());
            let up = corner >> a & 1 == 1;
            weight *= if up { part } else { 1.0 - part };
            index[a] = (low as usize + usize::from(up)).min(size[a] - 1);
        }
        sum += weight * v.value(VoxelIndex(index));
    }
    Ok(Some(sum))
}

/// Compares a whole picture with the formula; returns how many pixels were judged inside and outside.
fn check(v: &Volume, view: &SliceView, name: &str) -> (usize, usize) {
    let got = reslice(v, view);
    let finest_mm = v.geometry.spacing_mm().into_iter().fold(f64::MAX, f64::min);
    let posts = view.slab.map_or(1, |s| (s.thickness_mm / finest_mm + 1e-9).floor() as i32 + 1);
    let (mut inside, mut outside) = (0, 0);
    for (n, got) in got.iter().enumerate() {
        let (u, w) = (n % view.plane.size[0], n / view.plane.size[0]);
        let on_plane = view.plane.point_mm(u as f64 + 0.5, w as f64 + 0.5);
        let offsets = (0..posts).map(|post| (f64::from(post) - f64::from(posts - 1) / 2.0) * finest_mm);
        let samples: Result<Vec<_>, ()> = offsets
            .map(|mm| value_at(v, on_plane + view.plane.normal() * mm, view.interpolation == Interpolation::Nearest))
            .collect();
        let Ok(samples) = samples else { continue };
        let samples: Vec<f64> = samples.into_iter().flatten().collect();
        let want = match view.slab.map(|s| s.projection) {
            _ if samples.is_empty() => {
                outside += 1;
                assert!(got.is_nan(), "{name}: pixel {u}, {w} is outside, but shows {got}");
                continue;
            }
            None => samples[0],
            Some(Projection::Max) => samples.iter().copied().fold(f64::MIN, f64::max),
            Some(Projection::Min) => samples.iter().copied().fold(f64::MAX, f64::min),
            Some(Projection::Mean) => samples.iter().sum::<f64>() / samples.len() as f64,
        };
        inside += 1;
        assert!((f64::from(*got) - want).abs() < 0.02, "{name}: pixel {u}, {w} is {got}, the formula says {want}");
    }
    (inside, outside)
}

#[test]
fn every_plane_through_every_grid_follows_the_formula() {
    let each = |g: &Geometry| Rescales::PerSlice((0..g.size()[2]).map(|k| rescale(1.0 + k as f64 * 0.25)).collect());
    let (mut inside, mut outside) = (0, 0);
    for (name, g) in [("regular", regular()), ("sheared", sheared()), ("turned", turned()), ("uneven", uneven())] {
        for rescales in [Rescales::Uniform(rescale(0.5)), each(&g)] {
            let v = volume(g.clone(), rescales, i16s);
            for (plane_name, plane) in planes(&g) {
                for interpolation in [Interpolation::Linear, Interpolation::Nearest] {
                    let view = SliceView { interpolation, ..SliceView::thin(plane) };
                    let (i, o) = check(&v, &view, &format!("{name} {plane_name} {interpolation:?}"));
                    inside += i;
                    outside += o;
                }
            }
        }
    }
    assert!(inside > 100_000 && outside > 10_000, "{inside} pixels inside, {outside} outside");
}

fn rescale(slope: f64) -> Rescale {
    Rescale { slope, intercept: -30.0 }
}

#[test]
fn slabs_project_what_lies_inside() {
    for (name, g) in [("regular", regular()), ("sheared", sheared()), ("uneven", uneven())] {
        let v = volume(g.clone(), Rescales::Uniform(rescale(-1.5)), i16s);
        for (plane_name, plane) in planes(&g) {
            for projection in [Projection::Max, Projection::Min, Projection::Mean] {
                let view = SliceView { slab: Some(Slab { thickness_mm: 4.3, projection }), ..SliceView::thin(plane) };
                check(&v, &view, &format!("{name} {plane_name} {projection:?}"));
            }
        }
    }
}

#[test]
fn all_sample_types_and_single_slices_are_read() {
    let flat = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], [20, 15, 1]).expect("spans");
    let makers: [fn(Vec<i32>) -> Samples; 4] = [
        |v| Samples::U8(v.into_iter().map(|x| x as u8).collect()),
        i16s,
        |v| Samples::U16(v.into_iter().map(|x| (x * 250) as u16).collect()),
        |v| Samples::F32(v.into_iter().map(|x| x as f32 * 0.37).collect()),
    ];
    for make in makers {
        for g in [regular(), flat.clone()] {
            let v = volume(g.clone(), Rescales::Uniform(Rescale::IDENTITY), make);
            for (name, plane) in planes(&g) {
                check(&v, &SliceView::thin(plane), &name);
            }
        }
    }
}

#[test]
fn a_frame_picture_is_the_stored_frame() {
    for g in [regular(), turned(), uneven()] {
        let v = volume(g.clone(), Rescales::Uniform(rescale(2.0)), i16s);
        for k in [0, 3, g.size()[2] - 1] {
            let got = reslice(&v, &SliceView::frame(&g, k));
            let [nx, ny, _] = g.size();
            let want = (0..nx * ny).map(|n| v.value(VoxelIndex([n % nx, n / nx, k])) as f32);
            assert!(got.iter().copied().eq(want), "slice {k}");
        }
    }
}

#[test]
fn a_picture_is_the_shaded_reslice() {
    let v = volume(regular(), Rescales::Uniform(Rescale::IDENTITY), i16s);
    let view = SliceView::thin(SlicePlane::anatomical(&v.geometry, Plane::Coronal, [90, 90]));
    let shade = Shade { voi: Voi::Window(Window::linear(900.0, 100.0)), inverted: true };
    let want: Vec<u8> = reslice(&v, &view).iter().map(|x| shade.level(f64::from(*x))).collect();
    let got = picture(&v, &view, &shade);
    assert!(got.iter().zip(&want).all(|(a, b)| a.abs_diff(*b) <= 1));
    assert!(want.contains(&0) && want.iter().any(|g| *g > 200));
}

#[test]
fn nothing_to_show_is_black_not_a_panic() {
    let v = volume(regular(), Rescales::Uniform(Rescale::IDENTITY), i16s);
    let far = SlicePlane::new(point(DVec3::splat(1e15)), DVec3::X, DVec3::Y, 1.0, [7, 5]);
    assert!(reslice(&v, &SliceView::thin(far)).iter().all(|x| x.is_nan()));
    let coarse = SlicePlane::new(v.geometry.center(), DVec3::X, DVec3::Y, 1e200, [7, 5]);
    assert!(reslice(&v, &SliceView::thin(coarse)).iter().all(|x| x.is_nan()));
    let empty = SlicePlane::new(v.geometry.center(), DVec3::X, DVec3::Y, 1.0, [0, 0]);
    assert!(reslice(&v, &SliceView::thin(empty)).is_empty());
    let short = Volume { samples: Samples::I16(vec![1, 2, 3]), ..v };
    let plane = SlicePlane::new(short.geometry.center(), DVec3::X, DVec3::Y, 1.0, [9, 9]);
    assert!(reslice(&short, &SliceView::thin(plane)).iter().all(|x| x.is_nan()), "fewer samples than the grid says");
}
