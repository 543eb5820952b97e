//! Figures of two masks on one grid: overlap, volumes, and distances between their surfaces.
//!
//! Two empty masks agree in saying nothing: overlap and distances are undefined, not perfect. Of one empty mask the
//! overlap is 0 and distances are undefined, not infinite.

use super::bootstrap::quantile;
use super::nearest::Nearest;
use super::surface::{Surfel, border_points, surfels};
use crate::space::{DVec3, Geometry};
use serde::Serialize;

/// Surface Dice at one tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SurfaceDice {
    /// Tolerance, mm.
    pub tau_mm: f64,
    /// Share of both surfaces' area within it; absent when both masks are empty.
    pub value: Option<f64>,
}

/// How alike two masks are. The names are explained by [`super::definitions`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Overlap {
    pub voxels_a: u64,
    pub voxels_b: u64,
    pub voxels_both: u64,
    pub volume_a_mm3: f64,
    pub volume_b_mm3: f64,
    pub volume_difference_ml: f64,
    pub volume_difference_percent: Option<f64>,
    pub dice: Option<f64>,
    pub iou: Option<f64>,
    pub hd_mm: Option<f64>,
    pub hd95_mm: Option<f64>,
    pub assd_mm: Option<f64>,
    pub hd95_surface_mm: Option<f64>,
    pub mean_a_to_b_surface_mm: Option<f64>,
    pub mean_b_to_a_surface_mm: Option<f64>,
    pub surface_dice: Vec<SurfaceDice>,
}

/// Number of voxels that two ascending lists share.
pub fn shared(a: &[u64], b: &[u64]) -> u64 {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        n += u64::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    n
}

fn volume_mm3(flat: &[u64], geometry: &Geometry) -> f64 {
    let [columns, rows, _] = geometry.size();
    let slice = |f: &u64| (*f as usize) / (columns * rows);
    flat.chunk_by(|a, b| slice(a) == slice(b))
        .map(|layer| layer.len() as f64 * geometry.slice_voxel_volume_mm3(slice(&layer[0])))
        .sum()
}

/// Compares two masks, ascending flat indices of one grid.
pub fn overlap(a: &[u64], b: &[u64], geometry: &Geometry, tau_mm: &[f64]) -> Overlap {
    let (na, nb, both) = (a.len() as u64, b.len() as u64, shared(a, b));
    let (va, vb) = (volume_mm3(a, geometry), volume_mm3(b, geometry));
    let any = na + nb > 0;
    let border = hausdorff(a, b, geometry);
    let surface = Surfaces::between(a, b, geometry);
    Overlap {
        voxels_a: na,
        voxels_b: nb,
        voxels_both: both,
        volume_a_mm3: va,
        volume_b_mm3: vb,
        volume_difference_ml: (vb - va) / 1000.0,
        volume_difference_percent: any.then(|| 200.0 * (vb - va) / (va + vb)),
        dice: any.then(|| 2.0 * both as f64 / (na + nb) as f64),
        iou: any.then(|| both as f64 / (na + nb - both) as f64),
        hd_mm: border.map(|d| d.hd_mm),
        hd95_mm: border.map(|d| d.hd95_mm),
        assd_mm: border.map(|d| d.assd_mm),
        hd95_surface_mm: surface.as_ref().map(|s| s.a.quantile(0.95).max(s.b.quantile(0.95))),
        mean_a_to_b_surface_mm: surface.as_ref().map(|s| s.a.mean()),
        mean_b_to_a_surface_mm: surface.as_ref().map(|s| s.b.mean()),
        surface_dice: tau_mm
            .iter()
            .map(|tau| SurfaceDice {
                tau_mm: *tau,
                value: surface.as_ref().map(|s| s.dice(*tau)).or(any.then_some(0.0)),
            })
            .collect(),
    }
}

/// Distances between the border voxels of two masks, each to the nearest of the other mask, pooled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hausdorff {
    /// The largest.
    pub hd_mm: f64,
    /// The 95th percentile, interpolated.
    pub hd95_mm: f64,
    /// The mean.
    pub assd_mm: f64,
}

/// The distances between the borders of two masks, ascending flat indices of one grid; `None` where one is empty.
pub fn hausdorff(a: &[u64], b: &[u64], geometry: &Geometry) -> Option<Hausdorff> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let (a, b) = rayon::join(|| border_points(a, geometry), || border_points(b, geometry));
    let (mut all, back) = both_ways(a, b);
    all.extend(back);
    all.sort_unstable_by(f64::total_cmp);
    Some(Hausdorff {
        hd_mm: all.last().copied().unwrap_or(0.0),
        hd95_mm: quantile(&all, 0.95),
        assd_mm: all.iter().sum::<f64>() / all.len() as f64,
    })
}

/// Distances from each of `a` to the nearest of `b`, and the other way.
fn both_ways(a: Vec<DVec3>, b: Vec<DVec3>) -> (Vec<f64>, Vec<f64>) {
    rayon::join(|| Nearest::new(b.clone()).distances(&a), || Nearest::new(a.clone()).distances(&b))
}

/// Surface elements of one mask: distance to the other surface and area, by ascending distance.
struct Side(Vec<(f64, f64)>);

/// Both masks' surface elements.
struct Surfaces {
    a: Side,
    b: Side,
}

impl Surfaces {
    fn between(a: &[u64], b: &[u64], geometry: &Geometry) -> Option<Surfaces> {
        if a.is_empty() || b.is_empty() {
            return None;
        }
        let (a, b) = rayon::join(|| surfels(a, geometry), || surfels(b, geometry));
        let points = |s: &[Surfel]| s.iter().map(|s| s.at).collect();
        let (to_b, to_a) = both_ways(points(&a), points(&b));
        Some(Surfaces { a: Side::new(to_b, &a), b: Side::new(to_a, &b) })
    }

    /// Area of both surfaces within `tau` of the other, over the area of both.
    fn dice(&self, tau: f64) -> f64 {
        // Coordinates carry rounding; a surface exactly at the tolerance is within it.
        const ROUNDING_MM: f64 = 1e-9;
        let within =
            |s: &Side| s.0.iter().take_while(|(d, _)| *d <= tau + ROUNDING_MM).map(|(_, area)| area).sum::<f64>();
        (within(&self.a) + within(&self.b)) / (self.a.area() + self.b.area())
    }
}

impl Side {
    fn new(distances: Vec<f64>, surfels: &[Surfel]) -> Side {
        let mut all: Vec<(f64, f64)> = distances.into_iter().zip(surfels.iter().map(|s| s.area)).collect();
        all.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then(x.1.total_cmp(&y.1)));
        Side(all)
    }

    fn area(&self) -> f64 {
        self.0.iter().map(|(_, area)| area).sum()
    }

    fn mean(&self) -> f64 {
        self.0.iter().map(|(d, area)| d * area).sum::<f64>() / self.area()
    }

    /// The first distance at which this share of the area is reached.
    fn quantile(&self, share: f64) -> f64 {
        let (all, mut reached) = (self.area(), 0.0);
        let at = self.0.iter().position(|(_, area)| {
            reached += area;
            reached / all >= share
        });
        at.or(self.0.len().checked_sub(1)).map_or(0.0, |n| self.0[n].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agree::surface::voxels_where;
    use crate::space::PatientPoint;

    fn grid(steps: [DVec3; 3], size: [usize; 3]) -> Geometry {
        Geometry::regular(PatientPoint::new(-100.0, 50.0, 900.0).expect("finite"), steps, size).expect("spans space")
    }

    fn ball(g: &Geometry, centre: [f64; 3], radius_mm: f64) -> Vec<u64> {
        let s = g.spacing_mm();
        voxels_where(g.size(), |at| {
            (0..3).map(|a| ((at[a] as f64 - centre[a]) * s[a]).powi(2)).sum::<f64>() <= radius_mm * radius_mm
        })
    }

    fn near(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|g| (g - want).abs() < 1e-6), "{got:?} is not {want}");
    }

    /// Golden values of MedPy 0.5.2, surface-distance 0.1 and SimpleITK 2.5.7 on two balls.
    #[test]
    fn two_balls_measure_as_the_reference_packages_say() {
        let g = grid([DVec3::X * 0.5, DVec3::Y * 0.8, DVec3::Z * 2.0], [64, 48, 24]);
        let (a, b) = (ball(&g, [32.0, 24.0, 12.0], 9.0), ball(&g, [34.0, 25.0, 12.0], 8.0));
        let o = overlap(&a, &b, &g, &[1.0, 2.0]);
        assert_eq!((o.voxels_a, o.voxels_b), (3867, 2633));
        near(Some(o.volume_a_mm3), 3093.6);
        near(Some(o.volume_b_mm3), 2106.4);
        near(o.dice, 0.805_230_769_230_769_2);
        near(o.iou, 0.673_963_430_337_368);
        near(o.hd_mm, 2.561_249_694_973_139_6);
        near(o.hd95_mm, 2.154_065_922_853_802);
        near(o.assd_mm, 1.015_057_089_087_276);
        near(o.hd95_surface_mm, 2.154_065_922_853_802);
        near(o.mean_a_to_b_surface_mm, 0.889_569_137_529_894_4);
        near(o.mean_b_to_a_surface_mm, 0.661_674_462_505_325_8);
        near(o.surface_dice[0].value, 0.654_134_650_306_383_3);
        near(o.surface_dice[1].value, 0.951_049_984_164_688_4);
        near(Some(o.volume_difference_ml), -0.9872);
        near(o.volume_difference_percent, 100.0 * -987.2 / 2600.0);
    }

    #[test]
    fn a_turned_grid_changes_nothing_and_shear_is_measured_as_it_is() {
        let q = glam::DQuat::from_rotation_z(0.7) * glam::DQuat::from_rotation_x(0.3);
        let straight = [DVec3::X * 0.5, DVec3::Y * 0.8, DVec3::Z * 2.0];
        let (g, turned) = (grid(straight, [40, 30, 14]), grid(straight.map(|v| q * v), [40, 30, 14]));
        let (a, b) = (ball(&g, [20.0, 15.0, 7.0], 6.0), ball(&g, [22.0, 15.0, 7.0], 5.0));
        let (o, t) = (overlap(&a, &b, &g, &[1.0]), overlap(&a, &b, &turned, &[1.0]));
        near(o.assd_mm, t.assd_mm.expect("both"));
        near(o.surface_dice[0].value, t.surface_dice[0].value.expect("both"));
        // Two single voxels one slice apart: their distance is the length of the sheared step.
        let sheared = grid([DVec3::X, DVec3::Y, DVec3::new(0.0, 1.5, 2.0)], [5, 5, 3]);
        near(overlap(&[12], &[37], &sheared, &[]).hd_mm, 2.5);
    }

    #[test]
    fn empty_masks_are_undefined_or_zero_never_infinite() {
        let g = grid([DVec3::X, DVec3::Y, DVec3::Z], [5, 5, 5]);
        let none = overlap(&[], &[], &g, &[1.0]);
        assert_eq!((none.dice, none.iou, none.hd_mm, none.surface_dice[0].value), (None, None, None, None));
        let one = overlap(&[3], &[], &g, &[1.0]);
        assert_eq!((one.dice, one.iou, one.hd95_mm, one.assd_mm), (Some(0.0), Some(0.0), None, None));
        assert_eq!((one.surface_dice[0].value, one.volume_difference_percent), (Some(0.0), Some(-200.0)));
        let same = overlap(&[3, 4], &[3, 4], &g, &[0.0]);
        assert_eq!((same.dice, same.hd_mm, same.surface_dice[0].value), (Some(1.0), Some(0.0), Some(1.0)));
    }
}
