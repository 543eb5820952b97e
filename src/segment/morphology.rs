//! Shape operations on a lesion's mask, all in millimetres: fill holes, remove islands, smooth, grow and shrink.
//! Each takes a [`Region`] (with enough margin for what grows) and returns the same box with other members.

use super::distance::distance_mm;
use super::{Region, blur};

/// Adds the hollows that cannot be reached from outside through faces.
#[must_use]
pub fn fill_holes(region: &Region) -> Region {
    let hollow = region.with(region.inside.iter().map(|i| !i).collect());
    let (piece, counts) = hollow.pieces();
    let mut open = vec![false; counts.len() + 1];
    for (n, number) in piece.iter().enumerate() {
        let at = region.at(n);
        open[*number as usize] |= (0..3).any(|a| at[a] == 0 || at[a] + 1 == region.size[a]);
    }
    open[0] = false;
    region.with(piece.iter().map(|number| !open[*number as usize]).collect())
}

/// Keeps the pieces of at least `at_least` voxels, and the largest one in any case.
#[must_use]
pub fn remove_islands(region: &Region, at_least: usize) -> Region {
    let (piece, counts) = region.pieces();
    let largest = counts.iter().copied().max().unwrap_or(0);
    let keep = |number: u32| number > 0 && counts[number as usize - 1] >= at_least.min(largest);
    region.with(piece.iter().map(|number| keep(*number)).collect())
}

/// Smooths the surface: the members become those of which, seen through a Gaussian of `sigma_mm`, about half is inside.
/// Half alone would shrink what is round, so the cut is lowered (down to 0.35) until there are as many voxels as before.
/// Thinner parts than about the Gaussian's width vanish.
#[must_use]
pub fn smooth(region: &Region, sigma_mm: f64) -> Region {
    let mut share: Vec<f32> = region.inside.iter().map(|i| if *i { 1.0 } else { 0.0 }).collect();
    blur::gaussian(&mut share, region, sigma_mm);
    let mut falling = share.clone();
    falling.sort_unstable_by(|a, b| b.total_cmp(a));
    let last = region.count().checked_sub(1).and_then(|n| falling.get(n).copied());
    let cut = last.unwrap_or(0.5).clamp(0.35, 0.5);
    region.with(share.iter().map(|s| *s >= cut).collect())
}

/// Grows (or, with a negative number, shrinks) the surface by a distance between voxel centres.
#[must_use]
pub fn resize(region: &Region, by_mm: f64) -> Region {
    const HAIR_MM: f64 = 1e-4;
    let reach = (by_mm.abs() + HAIR_MM) as f32;
    if by_mm >= 0.0 {
        let distance = distance_mm(region, |n| region.inside[n]);
        return region.with(distance.iter().map(|d| *d <= reach).collect());
    }
    let distance = distance_mm(region, |n| !region.inside[n]);
    region.with(distance.iter().map(|d| *d > reach).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::test_grids::grids;

    fn ball(radius_mm: f64) -> Region {
        let mut region = Region::empty(&grids()[0], [0, 0, 0], [21, 18, 10]);
        let place = |r: &Region, n: usize| {
            let at = r.at(n);
            [0, 1, 2].map(|a| r.at_mm[a][at[a]])
        };
        let center = place(&region, region.flat([11, 9, 5]));
        for n in 0..region.inside.len() {
            let p = place(&region, n);
            region.inside[n] = (0..3).map(|a| (p[a] - center[a]).powi(2)).sum::<f64>() <= radius_mm * radius_mm;
        }
        region
    }

    #[test]
    fn growing_and_shrinking_a_ball_gives_the_ball_of_that_radius() {
        let dab = ball(0.1);
        assert_eq!(dab.count(), 1);
        assert_eq!(resize(&dab, 6.0), ball(6.0));
        let smaller = resize(&ball(8.0), -3.0);
        assert!(smaller.inside.iter().zip(&ball(8.0).inside).all(|(s, b)| *b || !*s));
        let want = ball(5.0).count() as f64;
        assert!((smaller.count() as f64 / want - 1.0).abs() < 0.35, "{} for {want}", smaller.count());
        assert_eq!(resize(&dab, -1.0).count(), 0);
    }

    #[test]
    fn holes_are_filled_and_bays_are_not() {
        let whole = ball(7.0);
        let mut hollow = whole.clone();
        let (hole, bay) = (whole.flat([11, 9, 5]), whole.flat([11, 9, 3]));
        hollow.inside[hole] = false;
        assert_eq!(fill_holes(&hollow), whole);
        for k in 0..4 {
            let n = whole.flat([11, 9, k]);
            hollow.inside[n] = false;
        }
        assert!(!fill_holes(&hollow).inside[bay]);
    }

    #[test]
    fn islands_go_and_the_largest_piece_stays() {
        let mut two = ball(4.0);
        let main = two.count();
        let corner = two.flat([0, 0, 0]);
        two.inside[corner] = true;
        assert_eq!(remove_islands(&two, 5).count(), main);
        assert_eq!(remove_islands(&two, 1).count(), main + 1);
        assert_eq!(remove_islands(&two, 1_000_000).count(), main, "something always stays");
        assert_eq!(remove_islands(&two.with(vec![false; two.inside.len()]), 3).count(), 0);
    }

    #[test]
    fn smoothing_takes_specks_and_keeps_the_size() {
        let mut rough = ball(7.0);
        let before = rough.count() as f64;
        let corner = rough.flat([1, 1, 1]);
        rough.inside[corner] = true;
        let smoothed = smooth(&rough, 1.5);
        assert!(!smoothed.inside[corner]);
        assert!((smoothed.count() as f64 / before - 1.0).abs() < 0.02, "{} of {before}", smoothed.count());
    }
}
