//! What the surgeon left: a titanium mesh cage filled with cement in place of C6, a plate with four screws, cement in C5
//! and C7 along the screw tracts.

use super::math::{ellipsoid, noise, rounded_box, segment};
use super::spine::Frame;
use super::tissue::Tissue;
use super::vertebra::Vertebra;
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// Implants in patient space.
#[derive(Clone, Debug)]
pub(super) struct Implants {
    /// Cage: frame at its middle, half height.
    cage: Frame,
    cage_half: f64,
    /// Screws as head-to-tip pairs, and the two vertebrae that hold cement.
    screws: Vec<[DVec3; 2]>,
    cemented: [Vertebra; 2],
    /// The plate's ends, in front of C5 and C7.
    plate: [DVec3; 2],
}

const CAGE_RADIUS: f64 = 6.6;
const STRUT: f64 = 0.55;

impl Implants {
    /// `None` without C5 and C7 to hold them.
    pub(super) fn new(vertebrae: &[Vertebra]) -> Option<Self> {
        let of = |level| vertebrae.iter().find(|v| v.level == level);
        let (upper, lower) = (of(VertebraLevel::C5)?, of(VertebraLevel::C7)?);
        let top = upper.frame.patient_from_local(DVec3::new(0.0, -0.5, upper.body.lower_plate(0.0, -0.5) + 1.0));
        let bottom = lower.frame.patient_from_local(DVec3::new(0.0, -0.5, lower.body.upper_plate(0.0, -0.5) - 1.0));
        let tilt = 0.5 * (upper.size.tilt + lower.size.tilt);
        let plate_end =
            |v: &Vertebra, z: f64| v.frame.patient_from_local(DVec3::new(0.0, -v.body.back_wall() - 1.5, z));
        let screw = |v: &Vertebra, x: f64, rise: f64| {
            let at = |y: f64, x: f64, z: f64| v.frame.patient_from_local(DVec3::new(x, y, z));
            [at(-v.body.back_wall() - 2.4, x, -0.4 * rise), at(v.body.back_wall() - 4.5, 0.75 * x, rise)]
        };
        let screws =
            [(upper, 2.2), (lower, -1.2)].into_iter().flat_map(|(v, rise)| [5.5, -5.5].map(|x| screw(v, x, rise)));
        Some(Self {
            cage: Frame::new(0.5 * (top + bottom), tilt),
            cage_half: 0.5 * top.distance(bottom),
            screws: screws.collect(),
            plate: [plate_end(upper, 4.0), plate_end(lower, -4.0)],
            cemented: [upper.clone(), lower.clone()],
        })
    }

    /// The implant at a point, if one is there.
    pub(super) fn at(&self, p: DVec3) -> Option<Tissue> {
        if p.distance(self.cage.origin) > self.cage_half + 24.0 {
            return None;
        }
        if self.is_metal(p) {
            return Some(Tissue::Titanium);
        }
        self.is_cement(p).then_some(Tissue::Cement)
    }

    fn is_metal(&self, p: DVec3) -> bool {
        let q = self.cage.local_from_patient(p);
        let r = (q.x * q.x + q.y * q.y).sqrt();
        if q.z.abs() < self.cage_half && (r - CAGE_RADIUS).abs() < STRUT && self.is_strut(q) {
            return true;
        }
        self.is_plate(p) || self.screws.iter().any(|s| is_screw(p, s))
    }

    /// A lattice of diamonds between two end rings. The angle runs in diamond units, from a triangle wave instead of an
    /// arc tangent.
    fn is_strut(&self, q: DVec3) -> bool {
        if self.cage_half - q.z.abs() < 1.0 {
            return true;
        }
        let (ax, ay) = (q.x.abs(), q.y.abs());
        let quarter = ay / (ax + ay).max(1e-9);
        let turn = if q.x >= 0.0 { quarter } else { 2.0 - quarter };
        let turn = if q.y >= 0.0 { turn } else { 4.0 - turn };
        let (along, height) = (turn * 2.5, q.z / 4.4);
        let near = |v: f64| (v - (v + 0.5).floor()).abs() < 0.14;
        near(along + height) || near(along - height)
    }

    fn is_plate(&self, p: DVec3) -> bool {
        let (d, t) = segment(DVec3::new(0.0, p.y, p.z), self.plate[0], self.plate[1]);
        let waist = 8.0 - 2.0 * (1.0 - (2.0 * t - 1.0) * (2.0 * t - 1.0));
        rounded_box(DVec3::new(p.x, d, 0.0), DVec3::new(waist, 1.0, 1.0), 0.6) < 0.0
    }

    fn is_cement(&self, p: DVec3) -> bool {
        let q = self.cage.local_from_patient(p);
        if q.z.abs() < self.cage_half - 1.2 && (q.x * q.x + q.y * q.y).sqrt() < CAGE_RADIUS - STRUT - 0.2 {
            return noise(0xCE, q * 0.35) < 0.72;
        }
        self.cemented.iter().any(|v| {
            let q = v.frame.local_from_patient(p);
            if q.length() > 14.0 {
                return false;
            }
            let bolus = ellipsoid(q - DVec3::new(0.5, -0.6, 0.2), DVec3::new(7.0, 5.8, 4.8));
            bolus + 1.6 * noise(0xCE + v.level as u64, q * 0.3) + 0.7 * noise(0xCF, q * 0.8) < 0.0
                && v.body.distance(q) < -1.3
        })
    }

    /// The trough through C6's body (the side walls stay), and C6's front.
    pub(super) fn takes_out(&self, level: VertebraLevel, q: DVec3) -> bool {
        level == VertebraLevel::C6 && q.x.abs() < 8.4 && q.y.abs() < 8.6 && q.z.abs() < 10.6
    }
}

/// Shaft of 2 mm radius with a thread, and a head.
fn is_screw(p: DVec3, [head, tip]: &[DVec3; 2]) -> bool {
    let (d, t) = segment(p, *head, *tip);
    let length = head.distance(*tip);
    let thread = ((t * length / 1.25).fract() - 0.5).abs() * 0.9;
    let radius = if t * length < 2.2 { 2.9 } else { 1.45 + thread * (1.0 - 0.5 * t) };
    d < radius
}
