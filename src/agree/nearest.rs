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
    pub fn distances(&self, from: &[DVec3]) -> Vec<f64> {
        from.par_iter()
            .with_min_len(256)
            .map(|p| {
                let mut best = f64::INFINITY;
                search(&self.points, 0, *p, &mut best);
                best.sqrt()
            })
            .collect()
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
        }
    }
}
