//! Long and short axis of a mask: the largest distance between voxel centres within one layer of the acquisition plane,
//! and the largest extent at right angles to it in that layer.

use crate::space::{DVec3, Geometry};

/// Long and short axis in mm of the voxels at `flat` (ascending flat indices of the grid); `None` without voxels. Equal
/// axes of several layers or pairs are decided for the first, so that the same mask always gives the same figures.
pub fn axes_mm(flat: &[u64], geometry: &Geometry) -> Option<(f64, f64)> {
    let [columns, rows, _] = geometry.size().map(|n| n as u64);
    let slice_of = |f: u64| f / (columns * rows);
    let mut best: Option<(f64, f64)> = None;
    for layer in flat.chunk_by(|a, b| slice_of(*a) == slice_of(*b)) {
        let hull = hull(&row_ends(layer, columns, rows));
        let (long, short) = axes_of_hull(&hull, geometry);
        if best.is_none_or(|b| long > b.0 + 1e-9) {
            best = Some((long, short));
        }
    }
    best
}

/// First and last painted column of each row: all that a convex hull can need.
fn row_ends(layer: &[u64], columns: u64, rows: u64) -> Vec<[i64; 2]> {
    let row_of = |f: u64| f / columns;
    let ends = layer.chunk_by(|a, b| row_of(*a) == row_of(*b)).flat_map(|row| {
        let j = (row_of(row[0]) % rows) as i64;
        let (first, last) = (row[0] % columns, row[row.len() - 1] % columns);
        [first, last].map(|i| [i as i64, j])
    });
    let mut ends: Vec<[i64; 2]> = ends.collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// Convex hull of sorted points (Andrew's monotone chain) in exact whole numbers; a linear map of the grid into the
/// patient keeps it the hull.
fn hull(points: &[[i64; 2]]) -> Vec<[i64; 2]> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let turn = |a: [i64; 2], b: [i64; 2], c: [i64; 2]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    let chain = |points: &mut dyn Iterator<Item = &[i64; 2]>| {
        let mut chain: Vec<[i64; 2]> = Vec::new();
        for &p in points {
            while chain.len() >= 2 && turn(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0 {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop(); // the first point of the other chain
        chain
    };
    let mut all = chain(&mut points.iter());
    all.extend(chain(&mut points.iter().rev()));
    all
}

fn axes_of_hull(hull: &[[i64; 2]], geometry: &Geometry) -> (f64, f64) {
    let [column, row, _] = geometry.steps();
    let points: Vec<DVec3> = hull.iter().map(|p| column * p[0] as f64 + row * p[1] as f64).collect();
    let mut long = DVec3::ZERO;
    for (n, a) in points.iter().enumerate() {
        for b in &points[n + 1..] {
            if (*b - *a).length() > long.length() + 1e-9 {
                long = *b - *a;
            }
        }
    }
    let across = geometry.normal().cross(long).normalize_or_zero();
    let along = |p: &DVec3| p.dot(across);
    let (min, max) = points.iter().map(along).fold((f64::MAX, f64::MIN), |(lo, hi), d| (lo.min(d), hi.max(d)));
    (long.length(), (max - min).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::PatientPoint;

    fn grid(steps: [DVec3; 3]) -> Geometry {
        Geometry::regular(PatientPoint::ORIGIN, steps, [40, 30, 5]).expect("spans space")
    }

    fn flat(points: &[[u64; 3]]) -> Vec<u64> {
        let mut f: Vec<u64> = points.iter().map(|[i, j, k]| i + 40 * (j + 30 * k)).collect();
        f.sort_unstable();
        f
    }

    #[test]
    fn a_rectangle_has_its_diagonal_and_the_corners_distance_from_it() {
        let g = grid([DVec3::X, DVec3::Y, DVec3::Z * 3.0]);
        let rectangle: Vec<_> = (0..9).flat_map(|i| (0..13).map(move |j| [5 + i, 4 + j, 2])).collect();
        let (long, short) = axes_mm(&flat(&rectangle), &g).expect("painted");
        let diagonal = 8f64.hypot(12.0);
        assert!((long - diagonal).abs() < 1e-9);
        assert!((short - 2.0 * 8.0 * 12.0 / diagonal).abs() < 1e-9, "{short}");
    }

    #[test]
    fn the_longest_layer_counts_and_spacing_is_in_mm() {
        let g = grid([DVec3::X * 0.5, DVec3::Y * 2.0, DVec3::new(0.0, 1.0, 3.0)]);
        let (long, short) =
            axes_mm(&flat(&[[0, 0, 0], [20, 0, 0], [3, 3, 1], [3, 10, 1], [4, 6, 1]]), &g).expect("painted");
        assert!((long - 14.0).abs() < 1e-9 && (short - 0.5).abs() < 1e-9, "{long} {short}");
    }

    #[test]
    fn one_voxel_has_no_extent_and_none_has_no_axes() {
        let g = grid([DVec3::X, DVec3::Y, DVec3::Z]);
        assert_eq!(axes_mm(&flat(&[[7, 7, 1]]), &g), Some((0.0, 0.0)));
        assert_eq!(axes_mm(&[], &g), None);
    }

    #[test]
    fn every_pair_agrees_with_the_hull_on_ragged_masks() {
        let g = grid([DVec3::X * 0.7, DVec3::Y * 1.1, DVec3::Z]);
        let mut seed = 7u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % n
        };
        for _ in 0..50 {
            let points: Vec<_> = (0..30).map(|_| [next(40), next(30), 0]).collect();
            let at = |p: &[u64; 3]| DVec3::new(p[0] as f64 * 0.7, p[1] as f64 * 1.1, 0.0);
            let brute =
                points.iter().flat_map(|a| points.iter().map(move |b| (at(a) - at(b)).length())).fold(0.0, f64::max);
            let (long, short) = axes_mm(&flat(&points), &g).expect("painted");
            assert!((long - brute).abs() < 1e-9 && short <= long + 1e-9);
        }
    }
}
