//! One vertebra as a distance: body, pedicles, articular pillars, laminae, spinous and transverse processes, ribs.

use super::body::Body;
use super::math::{lerp, rounded_box, segment, sin_cos_degrees, smooth_min, smoothstep};
use super::spine::{Dimensions, Frame, Link, State};
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// A vertebra of the chain in its own frame.
#[derive(Clone, Debug)]
pub(super) struct Vertebra {
    pub(super) level: VertebraLevel,
    pub(super) size: Dimensions,
    pub(super) frame: Frame,
    pub(super) body: Body,
    /// Articular pillar: its middle (left side), how far it reaches up and down, and its facets' slope.
    pillar: Pillar,
}

#[derive(Clone, Copy, Debug)]
struct Pillar {
    middle: DVec3,
    half: DVec3,
    up: f64,
    down: f64,
    shear: f64,
}

/// What a vertebra says about a point in its own frame.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BoneHit {
    /// Distance to the surface, below 0 inside.
    pub(super) distance: f64,
    /// Thickness of the cortex here.
    pub(super) cortex: f64,
    /// Distance to the surface of the body alone.
    pub(super) body: f64,
}

/// Joint space between two facets.
const FACET_GAP: f64 = 1.7;
/// Distance given to parts that are not worth computing.
const FAR: f64 = 9.0;

impl Vertebra {
    /// Builds the chain's vertebrae; pillars are made to reach each other.
    pub(super) fn of_chain(links: &[Link], state: State) -> Vec<Self> {
        let middles: Vec<DVec3> = links.iter().map(|l| pillar_middle(l.level, &l.size)).collect();
        let place = |n: usize| links[n].frame.patient_from_local(middles[n]);
        let build = |n: usize| {
            let (link, at) = (&links[n], place(n));
            let up = Frame::patient_from_local(&link.frame, DVec3::Z) - link.frame.origin;
            let reach = |other: Option<usize>| {
                other
                    .filter(|o| *o < links.len())
                    .map_or(9.0, |o| 0.5 * (place(o) - at).dot(up).abs() - 0.5 * FACET_GAP)
            };
            let pillar = Pillar {
                middle: middles[n],
                half: pillar_half(link.level),
                up: reach(n.checked_sub(1)),
                down: reach(Some(n + 1)),
                shear: tangent(link.size.facet_slope),
            };
            let collapsed = state == State::Presenting && link.level == VertebraLevel::C6;
            let body = Body::new(link.level, &link.size, collapsed);
            Self { level: link.level, size: link.size, frame: link.frame, body, pillar }
        };
        (0..links.len()).map(build).collect()
    }

    fn is_thoracic(&self) -> bool {
        self.level >= VertebraLevel::T1
    }

    /// Whether a point (own frame) can be near this vertebra's bone or disc at all.
    pub(super) fn may_touch(&self, q: DVec3) -> bool {
        let (half, back) = (0.5 * self.size.height(), self.body.back_wall());
        let top = if self.level == VertebraLevel::C2 { 31.0 } else { half + if q.y > back { 9.0 } else { 8.0 } };
        let bottom = half + if q.y > back + 18.0 { 26.0 } else { 10.0 };
        q.z < top && q.z > -bottom && q.y > -back - 3.5 && q.y < 60.0
    }

    /// The nearest bone of this vertebra.
    pub(super) fn hit(&self, q: DVec3) -> BoneHit {
        // Parts that are too far away to matter count as 9 mm off.
        let back = q.y - self.body.back_wall();
        let body = if back > 8.0 { FAR } else { self.body_distance(q) };
        let arch = if back < -5.0 && q.x.abs() < self.body.side_wall() - 5.0 { FAR } else { self.arch(q) };
        let distance = smooth_min(body, arch, 1.8);
        let cortex = if body < arch { self.body_cortex(q) } else { 0.95 };
        BoneHit { distance, cortex, body }
    }

    /// End plates are thicker than the walls.
    fn body_cortex(&self, q: DVec3) -> f64 {
        let plate = (self.body.upper_plate(q.x, q.y) - q.z).min(q.z - self.body.lower_plate(q.x, q.y));
        lerp(0.95, 0.62, smoothstep(0.5, 2.0, plate))
    }

    fn body_distance(&self, q: DVec3) -> f64 {
        let body = self.body.distance(q);
        if self.level == VertebraLevel::C2 { smooth_min(body, dens_and_shoulders(q), 3.0) } else { body }
    }

    /// Everything behind and beside the body. Both sides are alike, so only `|x|` counts.
    fn arch(&self, q: DVec3) -> f64 {
        let p = DVec3::new(q.x.abs(), q.y, q.z);
        let back = p.y - self.body.back_wall();
        let side = p.x - self.body.side_wall();
        let only = |near: bool, part: fn(&Self, DVec3) -> f64| if near { part(self, p) } else { FAR };
        let beside = p.x > self.size.canal_half_width - 5.0 && back < 24.0;
        let pedicle = only(beside && back < 14.0, Self::pedicle);
        let pillar = only(beside, Self::pillar);
        let lamina = only(back > 4.0 && p.x < 22.0 && back < 30.0, Self::lamina);
        let spinous = only(p.x < 9.0 && back > self.size.canal_depth - 3.0, Self::spinous);
        let transverse = only(side > -5.0 && back < 24.0, Self::transverse);
        let d = smooth_min(smooth_min(pedicle, pillar, 2.0), smooth_min(lamina, spinous, 2.5), 2.0);
        smooth_min(d, transverse, 1.5)
    }

    fn pedicle(&self, p: DVec3) -> f64 {
        let y = self.body.back_wall();
        let thoracic = self.is_thoracic();
        let (height, radius) = if thoracic { (3.0, 3.6) } else { (1.0, 2.7) };
        let from = DVec3::new(self.body.side_wall() - 3.5, y - 2.0, height);
        let to = DVec3::new(self.pillar.middle.x - 1.0, y + 6.0, height);
        let squeezed = |v: DVec3| DVec3::new(v.x, v.y, v.z * 0.8);
        segment(squeezed(p), squeezed(from), squeezed(to)).0 - radius
    }

    fn pillar(&self, p: DVec3) -> f64 {
        let Pillar { middle, half, up, down, shear } = self.pillar;
        let mut q = p - middle;
        // Sheared so that the facets face up and backward; their normal's length corrects the distance.
        q.z += q.y * shear;
        let (centre, half_height) = (0.5 * (up - down), 0.5 * (up + down));
        let d = rounded_box(DVec3::new(q.x, q.y, q.z - centre), DVec3::new(half.x, half.y, half_height), 2.4);
        d / (1.0 + 0.35 * shear * shear).sqrt()
    }

    fn lamina(&self, p: DVec3) -> f64 {
        let inner = self.body.back_wall() + self.size.canal_depth;
        let thoracic = self.is_thoracic();
        let (half_height, drop) = if thoracic { (7.5, -5.0) } else { (5.2, -3.2) };
        let half_height = if self.level == VertebraLevel::C2 { 6.5 } else { half_height };
        let from = DVec3::new(self.size.canal_half_width + 1.5, inner - 4.0, 0.0);
        let to = DVec3::new(0.0, inner + 2.6, 0.0);
        // Shingled: the lower edge lies further back.
        let lean = 0.28 * (p.z - drop);
        let flat = DVec3::new(p.x, p.y + lean, 0.0);
        let (along, _) = segment(flat, from, to);
        rounded_box(DVec3::new(along, p.z - drop, 0.0), DVec3::new(1.9, half_height, 1.0), 1.2)
    }

    fn spinous(&self, p: DVec3) -> f64 {
        let start = self.spinous_root();
        let tip = self.spinous_tip();
        let flat = |v: DVec3| DVec3::new(0.0, v.y, v.z);
        let (_, t) = segment(flat(p), start, tip);
        let on = start.lerp(tip, t);
        let axis = (tip - start).normalize();
        let across = DVec3::new(0.0, -axis.z, axis.y);
        let split = if self.is_bifid() { 3.6 * smoothstep(0.55, 1.0, t) } else { 0.0 };
        let bulb = smoothstep(0.72, 1.0, t);
        let (half_height, half_thick) = if self.is_thoracic() {
            (lerp(5.2, 3.4, t) + 0.8 * bulb, lerp(2.4, 1.8, t) + 1.2 * bulb)
        } else {
            (lerp(5.0, 3.3, t) + 1.2 * bulb, lerp(2.4, 1.9, t) + if self.is_bifid() { 0.4 } else { 1.8 } * bulb)
        };
        let off = p - on;
        let local = DVec3::new(p.x - split, off.dot(axis), off.dot(across) + 0.3 * split);
        rounded_box(local, DVec3::new(half_thick, 1.8, half_height), 1.7)
    }

    fn is_bifid(&self) -> bool {
        self.level <= VertebraLevel::C6
    }

    fn spinous_root(&self) -> DVec3 {
        let drop = if self.is_thoracic() { -6.5 } else { -4.0 };
        DVec3::new(0.0, self.body.back_wall() + self.size.canal_depth + 3.2, drop)
    }

    /// Where the spinous process ends, own frame.
    pub(super) fn spinous_tip(&self) -> DVec3 {
        let (sin, cos) = sin_cos_degrees(self.size.spinous_slope);
        self.spinous_root() + DVec3::new(0.0, cos, -sin) * self.size.spinous_length
    }

    fn transverse(&self, p: DVec3) -> f64 {
        let y = self.body.back_wall();
        if self.level >= VertebraLevel::C7 {
            let (reach, back, rise, radius) = match self.level {
                VertebraLevel::C7 => (31.0, y + 3.5, 0.0, 3.4),
                VertebraLevel::T1 => (36.0, y + 11.0, 4.0, 4.3),
                VertebraLevel::T2 => (33.0, y + 13.0, 4.0, 4.2),
                _ => (31.0, y + 15.0, 4.0, 4.1),
            };
            let (d, t) = segment(p, DVec3::new(14.0, y + 6.0, 1.5), DVec3::new(reach, back, rise));
            return d - radius + 0.8 * t;
        }
        let side = self.body.side_wall();
        let front_tubercle = DVec3::new(side + 9.0, 0.5, -2.6);
        let back_tubercle = DVec3::new(side + 11.0, 5.6, -3.0);
        let front = segment(p, DVec3::new(side - 1.5, 0.6, -0.5), front_tubercle).0 - 1.9;
        let back = segment(p, DVec3::new(self.pillar.middle.x, y + 4.5, 0.0), back_tubercle).0 - 2.1;
        let bar = segment(p, front_tubercle, back_tubercle).0 - 1.8;
        let ring = smooth_min(smooth_min(front, back, 1.5), bar, 1.5);
        ring.max(2.7 - self.artery_distance(p))
    }

    /// Distance to the axis of the vertebral artery's foramen (C2-C6).
    fn artery_distance(&self, p: DVec3) -> f64 {
        let (dx, dy) = (p.x - self.foramen().x, p.y - self.foramen().y);
        (dx * dx + dy * dy).sqrt()
    }

    /// Middle of the left foramen transversarium, own frame.
    pub(super) fn foramen(&self) -> DVec3 {
        DVec3::new(self.body.side_wall() + 4.4, 3.6, -1.0)
    }
}

fn tangent(degrees: f64) -> f64 {
    let (sin, cos) = sin_cos_degrees(degrees);
    sin / cos
}

fn pillar_middle(level: VertebraLevel, size: &Dimensions) -> DVec3 {
    let y = 0.5 * size.depth;
    match level {
        l if l >= VertebraLevel::T2 => DVec3::new(size.canal_half_width + 4.0, y + 11.0, 0.0),
        VertebraLevel::T1 => DVec3::new(size.canal_half_width + 4.6, y + 10.0, 0.0),
        VertebraLevel::C2 => DVec3::new(17.0, y + 7.0, -3.0),
        _ => DVec3::new(size.canal_half_width + 5.4, y + 8.2, -0.5),
    }
}

fn pillar_half(level: VertebraLevel) -> DVec3 {
    match level {
        l if l >= VertebraLevel::T1 => DVec3::new(4.6, 3.6, 0.0),
        VertebraLevel::C7 => DVec3::new(5.2, 4.6, 0.0),
        _ => DVec3::new(5.7, 5.7, 0.0),
    }
}

/// C2 above its body: the dens with its waist, and the shoulders that carry C1.
fn dens_and_shoulders(q: DVec3) -> f64 {
    let p = DVec3::new(q.x.abs(), q.y, q.z);
    let (d, t) = segment(p, DVec3::new(0.0, -1.2, 8.0), DVec3::new(0.0, 0.6, 23.6));
    let dens = d - (5.3 - 0.8 * smoothstep(0.0, 0.3, t) + 0.7 * smoothstep(0.3, 0.65, t));
    // Facets slope down to the side.
    let s = DVec3::new(p.x - 12.5, p.y - 1.5, p.z - 6.0 + 0.42 * (p.x - 12.5));
    let shoulder = rounded_box(s, DVec3::new(7.8, 8.0, 4.2), 2.6);
    smooth_min(dens, shoulder, 2.5)
}
