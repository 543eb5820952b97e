//! The brush against its own rule, voxel by voxel, on straight, sheared, oblique and uneven grids.

use super::*;
use crate::segment::DrawPlane;
use crate::segment::test_grids::{Dice, centers, flat, grids};
use crate::space::Plane;

fn distance_to_path(p: DVec3, path: &[DVec3]) -> f64 {
    let mut best = (p - path[0]).length();
    for w in path.windows(2) {
        let d = w[1] - w[0];
        let t = if d.length_squared() > 0.0 { ((p - w[0]).dot(d) / d.length_squared()).clamp(0.0, 1.0) } else { 0.0 };
        best = best.min((p - (w[0] + d * t)).length());
    }
    best
}

/// The rule in the plainest words: every voxel of the grid is asked.
fn by_rule(g: &Geometry, sheet: Option<Sheet>, path: &[PatientPoint], radius: f64) -> (Vec<u64>, Vec<u64>) {
    let on = |p: DVec3| match sheet {
        Some(Sheet::Layer { normal, origin, .. } | Sheet::Slab { normal, origin, .. }) => {
            p - normal * (p - origin).dot(normal)
        }
        None => p,
    };
    let path: Vec<DVec3> = path.iter().map(|p| on(p.vec())).collect();
    let (mut inside, mut unsure) = (Vec::new(), Vec::new());
    for (at, p) in centers(g) {
        let (member, edge) = match sheet {
            None => (true, false),
            Some(Sheet::Layer { axis, index, .. }) => (at.0[axis] as i64 == index, false),
            Some(Sheet::Slab { normal, origin, half_mm }) => {
                let off = (p - origin).dot(normal);
                (off > -half_mm && off <= half_mm, (off.abs() - half_mm).abs() < 1e-6)
            }
        };
        let d = distance_to_path(on(p), &path);
        if member && d <= radius {
            inside.push(at.flat(g.size()) as u64);
        }
        if edge || (d - radius).abs() < 1e-6 {
            unsure.push(at.flat(g.size()) as u64);
        }
    }
    (inside, unsure)
}

#[test]
fn strokes_cover_exactly_the_voxels_of_the_rule() {
    let mut dice = Dice(7);
    let mut covered = 0;
    for g in grids() {
        for n in 0..40 {
            let path: Vec<PatientPoint> = (0..1 + n % 4).map(|_| dice.point_in(&g)).collect();
            let radius = dice.between(0.3, 9.0);
            let plane = match n % 5 {
                0 => None,
                4 => Some(DrawPlane::Oblique {
                    origin_mm: path[0],
                    right: dice.direction().to_array(),
                    down: dice.direction().to_array(),
                }),
                p => Some(DrawPlane::Named(Plane::ALL[p - 1])),
            };
            let sheet = plane.and_then(|p| Sheet::of(&g, p, &path));
            let stroke = match sheet {
                Some(s) => Stroke::disc(&g, s, radius),
                None => Stroke::sphere(&g, radius),
            };
            let (want, unsure) = by_rule(&g, sheet, &path, radius);
            let got = flat(&stroke.path(&path));
            let wrong: Vec<_> =
                got.iter().filter(|v| !want.contains(v)).chain(want.iter().filter(|v| !got.contains(v))).collect();
            assert!(wrong.iter().all(|v| unsure.contains(v)), "{plane:?} radius {radius}: {wrong:?}");
            covered += want.len();
        }
    }
    assert!(covered > 10_000, "the test painted only {covered} voxels");
}

#[test]
fn a_stroke_is_the_union_of_its_pieces() {
    let g = &grids()[1];
    let mut dice = Dice(3);
    let path: Vec<PatientPoint> = (0..6).map(|_| dice.point_in(g)).collect();
    let stroke = Stroke::sphere(g, 4.0);
    let pieces = path.windows(2).flat_map(|w| stroke.piece(w[0], w[1])).collect();
    assert_eq!(stroke.path(&path), crate::segment::merged(pieces));
    assert!(stroke.path(&[]).is_empty());
}
