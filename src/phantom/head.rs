//! Where the spine carries the head: C1, the skull base with the foramen magnum, jaw, hyoid bone and teeth.

use super::math::{ellipsoid, rounded_box, segment, smooth_min, smoothstep};
use super::spine::Frame;
use crate::space::DVec3;

/// Distance to C1, in C1's frame (origin in the dens, z up): a ring with lateral masses and transverse processes.
pub(super) fn atlas(q: DVec3) -> f64 {
    let p = DVec3::new(q.x.abs(), q.y, q.z);
    let (rx, ry, centre) = (18.5, 20.5, 11.5);
    let (ex, ey) = (p.x / rx, (p.y - centre) / ry);
    let r = (ex * ex + ey * ey).sqrt().max(0.05);
    let slope = ((ex / rx) * (ex / rx) + (ey / ry) * (ey / ry)).sqrt() / r;
    let radial = (r - 1.0) / slope.max(1e-6);
    let backness = smoothstep(-0.9, 0.4, ey);
    let half_height = 5.2 - 1.9 * backness + 0.6 * smoothstep(0.9, 1.0, ey);
    let ring = rounded_box(DVec3::new(radial, p.z + 1.5 * backness, 0.0), DVec3::new(2.5, half_height, 1.0), 1.9);
    let tubercle = ellipsoid(p - DVec3::new(0.0, -10.6, -0.5), DVec3::new(3.5, 2.4, 4.0));
    let mass_place = DVec3::new(p.x - 16.5, p.y - 1.5, p.z + 0.25 * (p.x - 16.5));
    let mass = rounded_box(mass_place, DVec3::new(6.2, 7.8, 6.6), 2.5);
    let (d, _) = segment(p, DVec3::new(20.0, 3.0, -1.0), DVec3::new(37.0, 5.0, -2.0));
    let wing = (d - 4.0).max(3.0 - segment(p, DVec3::new(26.5, 4.2, -20.0), DVec3::new(26.5, 4.2, 20.0)).0);
    smooth_min(smooth_min(smooth_min(ring, tubercle, 1.5), mass, 2.0), wing, 1.5)
}

/// What lies above C1, given in C1's frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct SkullHit {
    /// Distance to the skull's bone.
    pub(super) bone: f64,
    /// Distance to the inside of the posterior fossa, below 0 inside.
    pub(super) fossa: f64,
}

/// The posterior fossa's shell with its hole, the condyles and the clivus.
pub(super) fn skull(q: DVec3) -> SkullHit {
    let p = DVec3::new(q.x.abs(), q.y, q.z);
    let inner = ellipsoid(q - DVec3::new(0.0, 30.0, 54.0), DVec3::new(58.0, 47.0, 40.0));
    let thickness = 4.5 + 3.5 * smoothstep(48.0, 74.0, q.y) + 2.0 * smoothstep(0.0, -12.0, q.y);
    let shell = (inner - thickness).max(-inner);
    // The foramen magnum: 33 mm front to back between basion and opisthion, 28 mm wide.
    let (hx, hy) = (p.x / 14.0, (q.y - 13.0) / 17.5);
    let hole = ((hx * hx + hy * hy).sqrt() - 1.0) * 14.0;
    let shell = if q.z < 40.0 { shell.max(-hole) } else { shell };
    let condyle = ellipsoid(p - DVec3::new(16.5, 2.5, 12.0), DVec3::new(5.5, 10.0, 6.5));
    let (clivus, t) = segment(DVec3::new(0.0, q.y, q.z), DVec3::new(0.0, -5.5, 15.0), DVec3::new(0.0, -27.0, 46.0));
    let clivus = rounded_box(DVec3::new(p.x, clivus, 0.0), DVec3::new(13.0, 2.6 + 4.5 * t, 4.0), 2.0);
    let mastoid = ellipsoid(p - DVec3::new(46.0, 8.0, 10.0), DVec3::new(11.0, 14.0, 20.0));
    let petrous = ellipsoid(p - DVec3::new(34.0, 2.0, 36.0), DVec3::new(22.0, 12.0, 12.0));
    let base = smooth_min(smooth_min(shell, condyle, 3.0), clivus, 3.0);
    SkullHit { bone: smooth_min(base, mastoid.min(petrous), 3.0), fossa: inner }
}

/// Jaw, teeth, palate and hyoid bone stand in a frame of the face: origin at C3's front wall, z up, never tilted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    frame: Frame,
}

/// Distances to the face's hard parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct FaceHit {
    pub(super) bone: f64,
    pub(super) tooth: f64,
}

impl Face {
    pub(super) fn new(origin: DVec3) -> Self {
        Self { frame: Frame::new(origin, 0.0) }
    }

    /// The face's own coordinates of a patient point.
    pub(super) fn local_from_patient(&self, p: DVec3) -> DVec3 {
        self.frame.local_from_patient(p)
    }

    /// The nearest hard part to a point in the face's frame.
    pub(super) fn hit(q: DVec3) -> FaceHit {
        let p = DVec3::new(q.x.abs(), q.y, q.z);
        FaceHit { bone: mandible(p).min(palate(p)).min(hyoid(p)), tooth: teeth(p) }
    }
}

/// Distance across a horseshoe in the axial plane that opens backward, with half axes `rx`, `ry` around `y = centre`.
fn horseshoe(p: DVec3, centre: f64, rx: f64, ry: f64) -> f64 {
    let (ex, ey) = (p.x / rx, (p.y - centre).min(0.0) / ry);
    let r = (ex * ex + ey * ey).sqrt().max(0.05);
    let slope = ((ex / rx) * (ex / rx) + (ey / ry) * (ey / ry)).sqrt() / r;
    (r - 1.0) / slope.max(1e-6)
}

/// Body, chin and the rami that rise to the joints.
fn mandible(p: DVec3) -> f64 {
    let front = smoothstep(-40.0, -70.0, p.y);
    let lower = p.z - 8.0 + 0.14 * (p.y + 72.0);
    let across = horseshoe(p, -16.0, 42.0, 57.0);
    let body =
        rounded_box(DVec3::new(across, lower, (p.y + 46.0).max(0.0)), DVec3::new(5.0 + 1.2 * front, 13.5, 36.0), 4.5);
    let chin = ellipsoid(p - DVec3::new(0.0, -74.5, -1.0), DVec3::new(11.0, 6.0, 8.0));
    let lean = p.y + 12.0 - 0.30 * (p.z - 30.0);
    let ramus = rounded_box(DVec3::new(p.x - 43.5, lean, p.z - 31.0), DVec3::new(3.4, 15.5, 37.0), 3.2);
    smooth_min(smooth_min(body, chin, 5.0), ramus, 6.0)
}

/// Two rows; between neighbours a narrow gap about every 8 mm.
fn teeth(p: DVec3) -> f64 {
    let along = if p.x < 20.0 { p.x } else { 20.0 - (p.y + 62.0) };
    let gap = smoothstep(0.42, 0.5, ((along / 8.0 + 0.5).fract() - 0.5).abs());
    let row = |z: f64, grow: f64| {
        let across = horseshoe(p, -24.0, 36.0 + grow, 49.0 + grow);
        let place = DVec3::new(across, p.z - z, (p.y + 56.0).max(0.0));
        rounded_box(place, DVec3::new(3.4 - 0.9 * gap, 8.5, 20.0), 1.5)
    };
    row(25.5, 0.0).min(row(38.5, 1.5))
}

/// Hard palate and upper jaw.
fn palate(p: DVec3) -> f64 {
    let plate = rounded_box(p - DVec3::new(0.0, -49.0, 50.0), DVec3::new(24.0, 24.0, 1.7), 1.6);
    let across = horseshoe(p, -24.0, 35.0, 48.0);
    let alveolar = rounded_box(DVec3::new(across, p.z - 46.5, (p.y + 50.0).max(0.0)), DVec3::new(5.0, 6.5, 20.0), 4.5);
    smooth_min(plate, alveolar, 3.0)
}

/// Body in the midline in front of C3/C4, and the greater horns running back.
fn hyoid(p: DVec3) -> f64 {
    let body = ellipsoid(p - DVec3::new(0.0, -35.0, -11.0), DVec3::new(11.0, 3.0, 4.8));
    let (horn, _) = segment(p, DVec3::new(9.0, -33.5, -11.0), DVec3::new(20.0, -11.0, -7.0));
    smooth_min(body, horn - 1.7, 2.0)
}
