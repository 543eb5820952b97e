//! Small volumes on every kind of grid, and planes through them, for the tests of both renderers.

use super::{Kind, Rescales, Samples, SlicePlane, SliceVoi, Volume};
use crate::space::{DVec3, Geometry, PatientPoint, Plane, VoxelIndex};

/// A lively volume: no flip, swap or shift leaves it as it is.
pub(crate) fn volume(geometry: Geometry, rescales: Rescales, samples: fn(Vec<i32>) -> Samples) -> Volume {
    let [nx, ny, nz] = geometry.size();
    let value = |n: usize| {
        let VoxelIndex([i, j, k]) = VoxelIndex::from_flat(n, [nx, ny, nz]);
        ((i * 7 + j * 3 + k * 11) % 97 + i * i / 4 + j * 2 + k * 5) as i32 % 256
    };
    let samples = samples((0..nx * ny * nz).map(value).collect());
    let (kind, units, voi) = (Kind::Volume, "HU".to_owned(), vec![SliceVoi::default()]);
    Volume { geometry, kind, samples, rescales, units, inverted: false, voi, padding: None }
}

pub(crate) fn i16s(v: Vec<i32>) -> Samples {
    Samples::I16(v.into_iter().map(|x| (x * 9 - 1000) as i16).collect())
}

pub(crate) fn point(p: DVec3) -> PatientPoint {
    PatientPoint::from_vec(p).expect("finite")
}

pub(crate) fn regular() -> Geometry {
    Geometry::regular(
        point(DVec3::new(-9.0, 4.0, 50.0)),
        [DVec3::X * 0.7, DVec3::Y * 0.9, DVec3::Z * 2.5],
        [31, 27, 13],
    )
    .expect("spans space")
}

pub(crate) fn sheared() -> Geometry {
    let steps = [DVec3::X * 0.8, DVec3::Y * 0.8, DVec3::new(0.0, 0.71, 2.4)];
    Geometry::regular(point(DVec3::new(3.0, -8.0, 1.0)), steps, [29, 33, 12]).expect("spans space")
}

pub(crate) fn turned() -> Geometry {
    let right = DVec3::new(0.12, 0.97, -0.2).normalize();
    let normal = right.cross(DVec3::new(0.15, -0.2, -1.0)).normalize();
    let steps = [right * 0.9, normal.cross(right) * 0.7, normal * 3.0];
    Geometry::regular(point(DVec3::new(40.0, 2.0, -60.0)), steps, [24, 30, 11]).expect("spans space")
}

pub(crate) fn uneven() -> Geometry {
    let z = [0.0, 1.0, 2.5, 6.0, 6.5, 9.0, 14.0];
    let origins = z.map(|z| point(DVec3::new(-7.0 + 0.05 * z, 2.0 - 0.11 * z, 30.0 + z))).to_vec();
    Geometry::uneven(origins, [DVec3::X * 0.6, DVec3::Y * 0.6, DVec3::Z * 2.0], [26, 22]).expect("ascending")
}

pub(crate) fn planes(g: &Geometry) -> Vec<(String, SlicePlane)> {
    let center = g.center().moved(DVec3::new(0.37, -0.61, 0.23));
    let mut all: Vec<_> = Plane::ALL
        .into_iter()
        .flat_map(|plane| {
            let (right, down) = plane.right_down();
            [(0.9, [61, 53]), (0.13, [70, 40])]
                .map(|(mm, size)| (format!("{plane:?} {mm}"), SlicePlane::new(center, right, down, mm, size)))
        })
        .collect();
    let right = DVec3::new(0.8, 0.5, 0.3).normalize();
    let down = right.cross(DVec3::new(0.1, -0.6, 0.7)).normalize();
    all.push(("oblique".to_owned(), SlicePlane::new(center, right, down, 0.61, [80, 64])));
    all.push(("mirrored".to_owned(), SlicePlane::new(center, -right, DVec3::NEG_Y, 0.7, [50, 50])));
    all
}
