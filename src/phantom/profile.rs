//! Lines that run along the neck: front and back of the column, canal, sac, cord, airway and skin, each as a function of
//! height, tabulated once.
//!
//! Soft parts are given against a level coordinate `s`: 1 in the middle of C1, 2 of C2 … 8 of T1, 11 of T4. So they
//! follow the spine whatever its pose.

use super::math::{bell, lerp, through};
use super::spine::{Frame, State};
use super::vertebra::Vertebra;
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// Everything that depends on height alone, in mm; `y` values are patient coordinates, others distances.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Profile {
    /// Level coordinate.
    pub(super) s: f64,
    /// y of the bodies' centres and front walls.
    pub(super) body: f64,
    pub(super) front: f64,
    /// y of the canal's centre line and its slope dy/dz; half depth and half width of the bony canal.
    pub(super) canal: f64,
    pub(super) canal_slope: f64,
    pub(super) canal_depth: f64,
    pub(super) canal_width: f64,
    /// Dural sac and cord: shift back from the canal's centre, half depth, half width.
    pub(super) sac: [f64; 3],
    pub(super) cord: [f64; 3],
    /// Airway: distances of its back and front wall before the column, half width.
    pub(super) airway: [f64; 3],
    /// Skin: y in front and behind, half width.
    pub(super) skin: [f64; 3],
    /// How much the cord is squeezed, 0..1.
    pub(super) squeeze: f64,
}

#[rustfmt::skip]
const SAC_HALF_DEPTH: &[(f64, f64)] = &[(0.2, 15.0), (1.0, 9.5), (2.0, 7.6), (3.0, 6.4), (4.0, 6.1), (6.0, 6.0), (8.0, 6.3), (11.0, 6.3)];
#[rustfmt::skip]
const SAC_HALF_WIDTH: &[(f64, f64)] = &[(0.2, 14.0), (1.0, 12.5), (2.0, 10.5), (3.0, 9.6), (6.0, 9.6), (8.0, 8.4), (11.0, 7.8)];
#[rustfmt::skip]
const CORD_HALF_DEPTH: &[(f64, f64)] = &[(-1.0, 8.5), (0.2, 6.4), (1.0, 4.5), (2.0, 4.1), (4.0, 3.8), (6.0, 3.8), (8.0, 3.4), (11.0, 3.2)];
#[rustfmt::skip]
const CORD_HALF_WIDTH: &[(f64, f64)] = &[(-1.0, 12.0), (0.2, 7.8), (1.0, 6.0), (2.0, 5.8), (4.0, 6.3), (5.5, 6.8), (7.0, 6.2), (8.5, 5.0), (11.0, 4.4)];
#[rustfmt::skip]
const AIRWAY_BACK: &[(f64, f64)] = &[(0.0, 10.0), (0.5, 6.5), (1.0, 4.5), (2.0, 4.0), (3.0, 4.5), (4.0, 5.5), (4.6, 8.0), (5.2, 13.0), (6.0, 14.5), (7.0, 15.0), (8.0, 15.5), (9.0, 15.0), (11.0, 13.0)];
#[rustfmt::skip]
const AIRWAY_FRONT: &[(f64, f64)] = &[(0.0, 11.0), (0.35, 22.0), (1.0, 23.0), (1.7, 19.0), (2.3, 16.5), (3.0, 20.0), (3.5, 23.5), (4.0, 23.0), (4.6, 25.0), (5.2, 27.0), (6.0, 30.0), (7.0, 31.0), (8.0, 31.5), (9.0, 31.0), (11.0, 29.0)];
#[rustfmt::skip]
const AIRWAY_HALF_WIDTH: &[(f64, f64)] = &[(0.0, 8.0), (0.5, 12.0), (1.0, 12.0), (2.0, 13.0), (3.0, 14.0), (3.6, 13.0), (4.2, 9.0), (4.8, 5.0), (5.05, 2.6), (5.3, 4.5), (6.0, 7.8), (11.0, 8.8)];
#[rustfmt::skip]
const SKIN_FRONT: &[(f64, f64)] = &[(1.0, 44.0), (3.0, 48.0), (4.0, 50.0), (5.0, 52.0), (6.0, 51.0), (7.0, 51.0), (8.0, 52.0), (9.0, 57.0), (10.0, 68.0), (11.0, 78.0)];
#[rustfmt::skip]
const SKIN_BACK: &[(f64, f64)] = &[(-0.5, 74.0), (1.0, 66.0), (2.0, 61.5), (3.0, 59.5), (4.0, 60.0), (5.0, 62.0), (6.0, 66.0), (7.0, 71.0), (8.0, 75.5), (9.0, 77.0), (10.0, 76.0), (11.0, 74.0)];
#[rustfmt::skip]
const SKIN_HALF_WIDTH: &[(f64, f64)] = &[(1.0, 60.0), (3.0, 57.0), (5.0, 57.0), (6.0, 60.0), (7.0, 70.0), (7.7, 92.0), (8.5, 140.0), (9.5, 170.0), (11.0, 180.0)];

/// The table.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    bottom: f64,
    rows: Vec<Profile>,
}

const STEP_MM: f64 = 0.5;

impl Profiles {
    pub(super) fn new(vertebrae: &[Vertebra], atlas: &Frame, state: State) -> Self {
        let knots = Knots::new(vertebrae, atlas);
        let (bottom, top) = (knots.level.first().map_or(0.0, |k| k.0) - 30.0, atlas.origin.z + 90.0);
        let count = ((top - bottom) / STEP_MM) as usize + 2;
        let collapsed = vertebrae.iter().find(|v| v.level == VertebraLevel::C6 && state == State::Presenting);
        let mut rows: Vec<Profile> = (0..count)
            .map(|n| {
                let z = bottom + n as f64 * STEP_MM;
                let push = collapsed.map_or(0.0, |c6| bell((z - c6.frame.origin.z - 0.5) / 17.0));
                knots.profile(z, push)
            })
            .collect();
        for n in 1..rows.len() {
            rows[n].canal_slope = (rows[n].canal - rows[n - 1].canal) / STEP_MM;
        }
        Self { bottom, rows }
    }

    /// The profile at height `z`, blended between table rows.
    pub(super) fn at(&self, z: f64) -> Profile {
        let t = ((z - self.bottom) / STEP_MM).clamp(0.0, (self.rows.len() - 2) as f64);
        let (n, f) = (t as usize, t - t.floor());
        let (a, b) = (&self.rows[n], &self.rows[n + 1]);
        let three = |x: [f64; 3], y: [f64; 3]| std::array::from_fn(|n| lerp(x[n], y[n], f));
        Profile {
            s: lerp(a.s, b.s, f),
            body: lerp(a.body, b.body, f),
            front: lerp(a.front, b.front, f),
            canal: lerp(a.canal, b.canal, f),
            canal_slope: lerp(a.canal_slope, b.canal_slope, f),
            canal_depth: lerp(a.canal_depth, b.canal_depth, f),
            canal_width: lerp(a.canal_width, b.canal_width, f),
            sac: three(a.sac, b.sac),
            cord: three(a.cord, b.cord),
            airway: three(a.airway, b.airway),
            skin: three(a.skin, b.skin),
            squeeze: lerp(a.squeeze, b.squeeze, f),
        }
    }
}

/// Knots (z, value) of the lines, ascending in z.
struct Knots {
    level: Vec<(f64, f64)>,
    body: Vec<(f64, f64)>,
    front: Vec<(f64, f64)>,
    canal: Vec<(f64, f64)>,
    canal_depth: Vec<(f64, f64)>,
    canal_width: Vec<(f64, f64)>,
}

impl Knots {
    fn new(vertebrae: &[Vertebra], atlas: &Frame) -> Self {
        let point = |v: &Vertebra, y: f64| v.frame.patient_from_local(DVec3::new(0.0, y, 0.0));
        let mut k = Knots {
            level: vec![],
            body: vec![],
            front: vec![],
            canal: vec![],
            canal_depth: vec![],
            canal_width: vec![],
        };
        for (n, v) in vertebrae.iter().enumerate().rev() {
            let back = v.body.back_wall();
            let (front, canal) = (point(v, -back), point(v, back + 0.5 * v.size.canal_depth));
            k.level.push((v.frame.origin.z, n as f64 + 2.0));
            k.body.push((v.frame.origin.z, v.frame.origin.y));
            k.front.push((front.z, front.y));
            k.canal.push((canal.z, canal.y));
            k.canal_depth.push((canal.z, 0.5 * v.size.canal_depth));
            k.canal_width.push((canal.z, v.size.canal_half_width));
        }
        let up = |y: f64, z: f64| atlas.patient_from_local(DVec3::new(0.0, y, z));
        k.level.extend([(atlas.origin.z, 1.0), (atlas.origin.z + 16.0, 0.0), (atlas.origin.z + 32.0, -1.0)]);
        k.body.extend([(up(1.0, 0.0).z, up(1.0, 0.0).y), (up(1.0, 30.0).z, up(1.0, 30.0).y)]);
        let arch = up(-12.5, 0.0);
        k.front.extend([(arch.z, arch.y), (arch.z + 16.0, arch.y + 2.0), (arch.z + 40.0, arch.y - 8.0)]);
        for (y, z) in [(14.5, -1.0), (13.5, 15.0), (9.0, 34.0), (2.0, 60.0)] {
            k.canal.push((up(y, z).z, up(y, z).y));
        }
        k.canal_depth.extend([(atlas.origin.z, 11.0), (atlas.origin.z + 16.0, 16.0)]);
        k.canal_width.extend([(atlas.origin.z, 13.5), (atlas.origin.z + 16.0, 14.0)]);
        k
    }

    /// `push` (0..1): how far the tumour's swelling in the canal displaces the sac here.
    fn profile(&self, z: f64, push: f64) -> Profile {
        let s = through(&self.level, z);
        let (body, front) = (through(&self.body, z), through(&self.front, z));
        let sac_half = through(SAC_HALF_DEPTH, s);
        let shove = 6.3 * push;
        let sac = [0.5 * shove + 0.3 * push, sac_half - 0.5 * shove, through(SAC_HALF_WIDTH, s) + 0.8 * push];
        let cord_half = through(CORD_HALF_DEPTH, s) * (1.0 - 0.42 * push);
        let cord_shift = lerp(if s < 1.5 { 0.0 } else { -0.3 }, sac[0] + 0.25, push);
        let cord = [cord_shift, cord_half, through(CORD_HALF_WIDTH, s) + 0.7 * push];
        Profile {
            s,
            body,
            front,
            canal: through(&self.canal, z),
            canal_slope: 0.0,
            canal_depth: through(&self.canal_depth, z),
            canal_width: through(&self.canal_width, z),
            sac,
            cord,
            airway: [AIRWAY_BACK, AIRWAY_FRONT, AIRWAY_HALF_WIDTH].map(|t| through(t, s)),
            skin: [body - through(SKIN_FRONT, s), body + through(SKIN_BACK, s), through(SKIN_HALF_WIDTH, s)],
            squeeze: push,
        }
    }
}
