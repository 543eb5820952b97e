//! The lesions: seven small lytic foci and the destroyed C6 with its soft-tissue mass.

use super::math::{ellipsoid, noise, rounded_box, smooth_min};
use super::spine::State;
use super::tissue::Tissue;
use super::vertebra::Vertebra;
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// A lesion of the case: its level, and its handle in the script and the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LesionName {
    /// The vertebra that holds it.
    pub level: VertebraLevel,
    /// `c2`, …, `t2`.
    pub handle: &'static str,
}

/// The case's lesions from head to feet; label n stands at index n - 1.
pub const LESIONS: [LesionName; 8] = {
    use VertebraLevel::{C2, C3, C4, C5, C6, C7, T1, T2};
    const fn name(level: VertebraLevel, handle: &'static str) -> LesionName {
        LesionName { level, handle }
    }
    [
        name(C2, "c2"),
        name(C3, "c3"),
        name(C4, "c4"),
        name(C5, "c5"),
        name(C6, "c6"),
        name(C7, "c7"),
        name(T1, "t1"),
        name(T2, "t2"),
    ]
};

/// The label of a level's lesion, 1 to 8; 0 for levels without one.
pub(super) fn label_of(level: VertebraLevel) -> u8 {
    LESIONS.iter().position(|l| l.level == level).map_or(0, |n| n as u8 + 1)
}

/// A focus in its vertebra's frame: centre, radii.
#[derive(Clone, Copy, Debug)]
struct Focus {
    centre: DVec3,
    radii: DVec3,
}

/// Foci of 5 to 8 mm; C4's touches the back wall, C5's the lower and C7's and T2's the upper end plate.
const fn focus(level: VertebraLevel) -> Option<Focus> {
    let (c, r) = match level {
        VertebraLevel::C2 => ([1.8, 1.6, -2.0], [3.5, 3.3, 3.6]),
        VertebraLevel::C3 => ([-2.6, -2.6, 1.2], [3.1, 2.8, 2.9]),
        VertebraLevel::C4 => ([1.2, 4.4, -0.4], [3.6, 3.1, 3.3]),
        VertebraLevel::C5 => ([-1.4, -0.4, -2.8], [4.0, 3.8, 3.1]),
        VertebraLevel::C7 => ([2.4, -2.6, 3.2], [4.2, 4.0, 3.6]),
        VertebraLevel::T1 => ([-3.2, 1.2, -0.8], [3.8, 3.6, 3.8]),
        VertebraLevel::T2 => ([1.4, -1.8, 4.6], [3.6, 3.6, 3.3]),
        _ => return None,
    };
    Some(Focus { centre: DVec3::from_array(c), radii: DVec3::from_array(r) })
}

/// Radius around the lesion's middle that surely holds it, mm.
pub(super) fn reach_mm(level: VertebraLevel) -> f64 {
    if level == VertebraLevel::C6 { 30.0 } else { 7.0 }
}

/// The lesion's middle in its vertebra's frame.
pub(super) fn middle(level: VertebraLevel) -> DVec3 {
    focus(level).map_or(DVec3::new(0.0, 2.0, 0.0), |f| f.centre)
}

/// Distance to a small focus (below 0 inside) from a point in the vertebra's frame; its edge is irregular.
pub(super) fn focus_distance(level: VertebraLevel, q: DVec3) -> Option<f64> {
    let f = focus(level)?;
    let d = ellipsoid(q - f.centre, f.radii);
    if d > 3.0 {
        return Some(d);
    }
    let seed = 0xF0C5 + level as u64;
    Some(d + 0.75 * noise(seed, q * 0.42) + 0.3 * noise(seed + 64, q * 0.95))
}

/// The destroyed C6: distance to the tumour and, inside it, what remains of bone.
#[derive(Clone, Debug)]
pub(super) struct Destruction {
    vertebra: Vertebra,
}

impl Destruction {
    /// `None` once C6 has been taken out.
    pub(super) fn of(vertebrae: &[Vertebra], state: State) -> Option<Self> {
        let c6 = vertebrae.iter().find(|v| v.level == VertebraLevel::C6)?;
        (state == State::Presenting).then(|| Self { vertebra: c6.clone() })
    }

    /// Distance to the tumour in C6's frame: the whole body, an epidural mass, a thinner prevertebral one, the left
    /// pedicle with the foramen beside it.
    pub(super) fn distance(&self, q: DVec3) -> f64 {
        if q.length() > 34.0 {
            return 10.0;
        }
        let back = self.vertebra.body.back_wall();
        let body = self.vertebra.body.distance(q) - 0.6;
        let epidural = ellipsoid(q - DVec3::new(1.5, back + 1.6, 0.3), DVec3::new(11.0, 6.8, 10.5));
        let front = ellipsoid(q - DVec3::new(-1.0, -back - 0.5, 0.0), DVec3::new(10.5, 5.2, 9.5));
        let pedicle = ellipsoid(q - DVec3::new(13.5, back + 2.2, 0.5), DVec3::new(7.5, 6.2, 5.6));
        let mass = smooth_min(smooth_min(body, epidural, 3.0), smooth_min(front, pedicle, 3.0), 3.0);
        mass + 0.9 * noise(0xC6, q * 0.22) + 0.4 * noise(0xC7, q * 0.6)
    }

    /// What lies at a point inside the tumour: broken end plates, the back wall pushed into the canal, shards.
    pub(super) fn inside(&self, q: DVec3) -> Tissue {
        let body = &self.vertebra.body;
        let back = body.back_wall();
        let depth = body.distance(q);
        let plate = depth > -0.8 && depth < 0.35 && noise(0xB0, q * 0.33) + 0.35 * noise(0xB1, q * 0.9) > 0.08;
        // The back wall's upper half, tilted into the canal.
        let wall_place = q - DVec3::new(-0.8, back + 2.9 + 0.30 * q.z, 0.6);
        let wall = rounded_box(wall_place, DVec3::new(5.5, 0.75, 3.6), 0.5) < 0.25 * noise(0xB4, q * 0.8);
        let shard = depth < -0.4 && noise(0xB2, q * DVec3::new(0.40, 0.5, 0.75)) > 0.60;
        if plate || wall || shard { Tissue::Fragment } else { Tissue::Tumour }
    }
}
