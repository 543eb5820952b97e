//! Distances from points to the nearest of other points: a balanced k-d tree (Bentley 1975) in one array. It needs no
//! grid, so sheared and unevenly spaced series get true distances, and two masks far apart cost no more than near ones.

use crate::space::DVec3;
use rayon::prelude::*;

/// Points below a leaf.
const LEAF: usize = 12;

/// A set of points to ask for the nearest of.
pub struct Nearest {
    /// In tree order: the middle of every range splits it along the axis of its level.
    points: Vec<DVec3>,
}

impl Nearest {
    /// Takes the points; their order is of no meaning.
    pub fn new(mut points: Vec<DVec3>) -> Self {
        arrange(&mut points, 0);
        Nearest { points }
    }

    /// The distance from each of `from` to the nearest point, in the same order; infinite when there are no points.
    /// Quickest when neighbours in the list are neighbours in space: no distance is larger than the last one and the way
    /// between the two, and most of the tree is farther away than that.
    pub fn distances(&self, from: &[DVec3]) -> Vec<f64> {
        const CHUNK: usize = 1024;
        /// More than rounding, so that the nearest point itself is always below the bound.
        const SLACK: f64 = 1e-6;
        let mut distances = vec![f64::INFINITY; from.len()];
        distances.par_chunks_mut(CHUNK).zip(from.par_chunks(CHUNK)).for_each(|(distances, from)| {
            let mut last: Option<(DVec3, f64)> = None;
            for (distance, p) in distances.iter_mut().zip(from) {
                let bound = last.map_or(f64::INFINITY, |(q, d)| d + q.distance(*p) + SLACK);
                let mut best = bound * bound;
                search(&self.points, 0, *p, &mut best);
                *distance = best.sqrt();
                last = Some((*p, *distance));
            }
        });
        distances
    }
}

fn arrange(points: &mut [DVec3], axis: usize) {
    if points.len() <= LEAF {
        return;
    }
    let middle = points.len() / 2;
    points.select_nth_unstable_by(middle, |a, b| a[axis].total_cmp(&b[axis]));
    let (low, high) = points.split_at_mut(middle);
    let next = (axis + 1) % 3;
    if low.len() > 20_000 {
        rayon::join(|| arrange(low, next), || arrange(&mut high[1..], next));
    } else {
        arrange(low, next);
        arrange(&mut high[1..], next);
    }
}

/// Lowers `best` (a squared distance) to that of the nearest of `points`.
fn search(points: &[DVec3], axis: usize, from: DVec3, best: &mut f64) {
    if points.len() <= LEAF {
        for p in points {
            *best = best.min(p.distance_squared(from));
        }
        return;
    }
    let middle = points.len() / 2;
    let split = points[middle];
    *best = best.min(split.distance_squared(from));
    let (low, high) = (&points[..middle], &points[middle + 1..]);
    let across = from[axis] - split[axis];
    let (near, far) = if across < 0.0 { (low, high) } else { (high, low) };
    let next = (axis + 1) % 3;
    search(near, next, from, best);
    if across * across < *best {
        search(far, next, from, best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agree::bootstrap::Dice;

    #[test]
    fn distances_equal_the_brute_force() {
        let mut dice = Dice::new(5);
        let mut cloud = |n: usize| -> Vec<DVec3> {
            (0..n).map(|_| DVec3::from_array([0, 1, 2].map(|_| dice.below(40) as f64 * 0.37))).collect()
        };
        for n in [0, 1, 11, 13, 700] {
            let (points, from) = (cloud(n), cloud(150));
            let got = Nearest::new(points.clone()).distances(&from);
            for (p, d) in from.iter().zip(got) {
                let want = points.iter().map(|q| q.distance(*p)).fold(f64::INFINITY, f64::min);
                assert!(d == want || (d - want).abs() < 1e-12, "{d} is not {want}");
            }
            // Points close behind each other, some of them in the set: bounds hold to the last bit.
            let line: Vec<DVec3> = (0..3000).map(|n| DVec3::new(0.37, 0.37, 0.37) * (n as f64 / 75.0)).collect();
            for (p, d) in line.iter().zip(Nearest::new(points.clone()).distances(&line)) {
                let want = points.iter().map(|q| q.distance(*p)).fold(f64::INFINITY, f64::min);
                assert!(d == want || (d - want).abs() < 1e-12, "{d} is not {want}");
            }
        }
    }
}
