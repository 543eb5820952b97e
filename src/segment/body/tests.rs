//! Bodies made with known voxels.

use super::*;
use crate::segment::test_grids::{Dice, flat};
use crate::volume::{Kind, Rescale, Rescales, Samples};

const CENTER: [f64; 3] = [40.0, 36.0, 45.0];

/// A bright rounded box with a pedicle on each side and two neighbours above and below, in noisy soft tissue.
fn made(half_mm: [f64; 3]) -> (Volume, Vec<u64>) {
    let size = [80, 80, 45];
    let steps = [DVec3::X, DVec3::Y, DVec3::Z * 2.0];
    let geometry = Geometry::regular(PatientPoint::ORIGIN, steps, size).unwrap();
    let mut dice = Dice(3);
    let mut truth = Vec::new();
    let samples = (0..size.iter().product::<usize>())
        .map(|n| {
            let p = geometry.patient_from_voxel(VoxelIndex::from_flat(n, size).center()).vec();
            let d = p - DVec3::from_array(CENTER);
            let within = |d: DVec3| {
                let [a, b, c] = half_mm;
                ((d.x / a).powi(4) + (d.y / b).powi(4)).sqrt() <= 1.0 && d.z.abs() <= c
            };
            let beside = [-1.0, 1.0].iter().any(|s| within(d - DVec3::Z * 34.0 * *s));
            let pedicle = d.y > 0.0 && d.y < 34.0 && (d.x.abs() - 12.0).abs() < 4.0 && d.z.abs() < 6.0;
            if within(d) {
                truth.push(n as u64);
            }
            let clean = if within(d) || beside || pedicle { 220.0 } else { 45.0 };
            (clean + dice.between(-30.0, 30.0)) as i16
        })
        .collect();
    let volume = Volume {
        geometry,
        kind: Kind::Volume,
        samples: Samples::I16(samples),
        rescales: Rescales::Uniform(Rescale::IDENTITY),
        units: "HU".to_owned(),
        inverted: false,
        voi: Vec::new(),
        padding: None,
    };
    (volume, truth)
}

fn dice(a: &[u64], b: &[u64]) -> f64 {
    2.0 * a.iter().filter(|v| b.binary_search(v).is_ok()).count() as f64 / (a.len() + b.len()) as f64
}

fn at(d: [f64; 3]) -> PatientPoint {
    PatientPoint::new(CENTER[0] + d[0], CENTER[1] + d[1], CENTER[2] + d[2]).unwrap()
}

#[test]
fn one_click_finds_the_body_whatever_its_size_and_passes_over_the_pedicles() {
    use VertebraLevel::{L2, L3, L4};
    for half in [[22.0, 16.0, 12.0], [25.0, 19.0, 13.0], [19.0, 14.0, 11.0]] {
        let (volume, truth) = made(half);
        for off in [[0.0; 3], [2.0, -2.0, 1.5]] {
            let neighbours = (Some((L2, at([0.0, 0.0, 34.0]))), Some((L4, at([0.0, 0.0, -34.0]))));
            let shape = BodyShape::usual(L3, at(off), neighbours.0, neighbours.1);
            let got = flat(&body_spans(&volume.geometry, &shape, Some(&volume)));
            let found = dice(&got, &truth);
            assert!(found > 0.9, "half sizes {half:?}, click off by {off:?}: Dice {found}");
        }
    }
}

#[test]
fn six_points_and_two_sides_make_a_body_without_any_picture() {
    let (volume, truth) = made([22.0, 16.0, 12.0]);
    let p = HeightPoints {
        sup_ant: at([0.0, -16.0, 12.0]),
        sup_mid: at([0.0, 0.0, 12.0]),
        sup_post: at([0.0, 16.0, 12.0]),
        inf_ant: at([0.0, -16.0, -12.0]),
        inf_mid: at([0.0, 0.0, -12.0]),
        inf_post: at([0.0, 16.0, -12.0]),
    };
    let sides = Some([at([-22.0, 0.0, 0.0]), at([22.0, 0.0, 0.0])]);
    let shape = BodyShape::of_plates(VertebraLevel::L3, &p, sides).unwrap();
    let got = flat(&body_spans(&volume.geometry, &shape, None));
    assert!(dice(&got, &truth) > 0.93, "{}", dice(&got, &truth));
    let upside_down = HeightPoints { sup_ant: p.inf_ant, inf_ant: p.sup_ant, ..p };
    assert!(BodyShape::of_plates(VertebraLevel::L3, &upside_down, sides).is_none());
    let line = HeightPoints { sup_ant: p.sup_mid, sup_post: p.sup_mid, inf_ant: p.inf_mid, inf_post: p.inf_mid, ..p };
    assert!(BodyShape::of_plates(VertebraLevel::L3, &line, None).is_none());
}

#[test]
fn a_body_at_the_edge_of_the_grid_stays_inside_it() {
    let (volume, _) = made([22.0, 16.0, 12.0]);
    let corner = PatientPoint::new(1.0, 1.0, 1.0).unwrap();
    let shape = BodyShape::usual(VertebraLevel::L3, corner, None, None);
    let end = volume.size().iter().product::<usize>() as u64;
    assert!(body_spans(&volume.geometry, &shape, Some(&volume)).iter().all(|s| s.start < s.end && s.end <= end));
}
