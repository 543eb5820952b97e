//! The upper end of the chest: ribs, lung tips, breast bone and collar bones.

use super::math::{ellipsoid, rounded_box, segment};
use super::vertebra::Vertebra;
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// A rib as a chain of left-sided points in patient space.
#[derive(Clone, Debug)]
struct Rib {
    points: Vec<DVec3>,
    /// Corners of a box that holds it.
    low: DVec3,
    high: DVec3,
}

/// The chest's parts, placed against T1-T4.
#[derive(Clone, Debug)]
pub(super) struct Thorax {
    ribs: Vec<Rib>,
    /// Middle of T2's body, from which lung and breast bone are measured.
    base: DVec3,
}

impl Thorax {
    pub(super) fn new(vertebrae: &[Vertebra]) -> Self {
        let ribs = vertebrae.iter().filter(|v| v.level >= VertebraLevel::T1).map(rib).collect();
        let t2 = vertebrae.iter().find(|v| v.level == VertebraLevel::T2);
        Self { ribs, base: t2.map_or(DVec3::ZERO, |v| v.frame.origin) }
    }

    /// Distance to the chest's bones.
    pub(super) fn bone(&self, p: DVec3) -> f64 {
        let q = DVec3::new(p.x.abs(), p.y, p.z);
        if q.z > self.base.z + 45.0 {
            return 50.0;
        }
        let of_rib = |rib: &Rib| {
            if q.cmplt(rib.low).any() || q.cmpgt(rib.high).any() {
                return 9.0;
            }
            let flat = |v: DVec3| v * DVec3::new(1.0, 1.0, 0.75);
            let d =
                rib.points.windows(2).map(|w| segment(flat(q), flat(w[0]), flat(w[1])).0).fold(f64::INFINITY, f64::min);
            d - 3.6
        };
        let ribs = self.ribs.iter().map(of_rib).fold(f64::INFINITY, f64::min);
        let at = q - self.base;
        let manubrium = rounded_box(
            DVec3::new(at.x, at.y + 52.0 - 0.30 * (at.z + 20.0), at.z + 42.0),
            DVec3::new(23.0, 5.0, 23.0),
            4.0,
        );
        let (collar, _) = segment(at, DVec3::new(18.0, -58.0, -16.0), DVec3::new(150.0, -18.0, 14.0));
        ribs.min(manubrium).min(collar - 5.5)
    }

    /// Distance to the lungs.
    pub(super) fn lung(&self, p: DVec3) -> f64 {
        let at = p - self.base;
        ellipsoid(DVec3::new(at.x.abs() - 50.0, at.y + 4.0, at.z + 67.0), DVec3::new(40.0, 50.0, 76.0))
    }
}

fn rib(v: &Vertebra) -> Rib {
    let (y, side) = (v.body.back_wall(), v.body.side_wall());
    let first = v.level == VertebraLevel::T1;
    let local = [
        DVec3::new(side + 1.0, y - 2.0, 0.5 * v.size.height() - 3.0),
        DVec3::new(side + 12.0, y + 5.0, 4.0),
        DVec3::new(side + 22.0, y + 9.0, 0.5),
    ];
    let mut points: Vec<DVec3> = local.iter().map(|q| v.frame.patient_from_local(*q)).collect();
    let neck = points[2];
    // Then around the chest: the first rib short and flat, the others longer and steeper.
    let onward: [[f64; 3]; 4] = if first {
        [[14.0, -6.0, -4.0], [26.0, -28.0, -12.0], [20.0, -52.0, -22.0], [-6.0, -68.0, -30.0]]
    } else {
        [[22.0, 0.0, -9.0], [50.0, -30.0, -26.0], [54.0, -62.0, -46.0], [20.0, -88.0, -66.0]]
    };
    points.extend(onward.iter().map(|o| neck + DVec3::from_array(*o)));
    let around =
        |d: f64, pick: fn(DVec3, DVec3) -> DVec3| points.iter().fold(neck, |a, b| pick(a, *b)) + DVec3::splat(d);
    let (low, high) = (around(-6.0, DVec3::min), around(6.0, DVec3::max));
    Rib { points, low, high }
}
