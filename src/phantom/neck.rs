//! Soft parts of the neck: skin, fat, muscles, vessels, throat, larynx, windpipe and gullet.

use super::math::{ellipsoid, lerp, noise, rounded_box, segment, smooth_max, smooth_min, smoothstep};
use super::profile::Profile;
use super::tissue::Tissue;
use crate::space::DVec3;

/// Distance to the skin, below 0 inside the patient. `face` is the point in the face's frame, `atlas` in C1's.
pub(super) fn skin_distance(p: DVec3, profile: &Profile, face: DVec3, atlas: DVec3) -> f64 {
    let [front, back, half_width] = profile.skin;
    let neck = oval(p.x, p.y - 0.5 * (front + back), half_width, 0.5 * (back - front));
    let cranium = ellipsoid(atlas - DVec3::new(0.0, -4.0, 72.0), DVec3::new(76.0, 92.0, 82.0));
    let neck = smooth_min(neck, cranium, 18.0);
    if face.y > 14.0 || face.z < -30.0 {
        return neck;
    }
    let jaw = oval(face.x, face.y + 14.0, 52.0, 70.0);
    let underside = -10.0 - 0.05 * (face.y + 80.0) - face.z;
    let jaw = smooth_max(jaw, underside.max(face.y - 4.0), 8.0);
    let lips = ellipsoid(face - DVec3::new(0.0, -80.0, 31.0), DVec3::new(24.0, 9.5, 13.0));
    let nose = ellipsoid(face - DVec3::new(0.0, -84.0, 58.0), DVec3::new(14.0, 18.0, 13.0));
    let face = smooth_min(smooth_min(jaw, lips, 4.0), nose, 4.0);
    smooth_min(neck, face, 9.0)
}

/// Approximate distance to an ellipse with half axes `a` (x) and `b` (y).
pub(super) fn oval(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let (ex, ey) = (x / a, y / b);
    let r = (ex * ex + ey * ey).sqrt();
    if r < 1e-6 {
        return -a.min(b);
    }
    let slope = ((ex / a) * (ex / a) + (ey / b) * (ey / b)).sqrt() / r;
    (r - 1.0) / slope
}

/// Throat, larynx, windpipe and gullet, and the bed they lie in. `None` outside of them.
pub(super) fn throat(p: DVec3, profile: &Profile, face: DVec3) -> Option<Tissue> {
    let s = profile.s;
    let [back, front, half_width] = profile.airway;
    let before = profile.front - p.y;
    if !(-2.0..=60.0).contains(&before) || p.x.abs() > 32.0 {
        return None;
    }
    let air = oval(p.x, before - 0.5 * (back + front), half_width, 0.5 * (front - back));
    if let Some(mouth) = mouth(face, air) {
        return Some(mouth);
    }
    if air < 0.0 && s > 0.0 {
        return Some(if epiglottis(face) { Tissue::Cartilage } else { Tissue::Air });
    }
    if let Some(larynx) = larynx(p, profile, before, air) {
        return Some(larynx);
    }
    let wall = if s > 3.5 { 1.6 } else { 2.2 };
    if air < wall && s > -0.3 {
        let ring = s > 6.1 && before > back + 3.0 && (p.z * 0.23 + 100.0).fract() < 0.62;
        return Some(if ring { Tissue::Cartilage } else { Tissue::Mucosa });
    }
    gullet(p, profile, before)
}

/// Tongue, soft palate, cavities of mouth and nose, in the face's frame.
fn mouth(q: DVec3, air: f64) -> Option<Tissue> {
    let x = q.x.abs();
    let (palate, along) =
        segment(DVec3::new(0.0, q.y, q.z), DVec3::new(0.0, -25.0, 50.0), DVec3::new(0.0, -11.5, 29.0));
    if palate < lerp(3.6, 2.4, along) && x < lerp(17.0, 5.0, along) {
        return Some(Tissue::Muscle);
    }
    let tongue = ellipsoid(q - DVec3::new(0.0, -42.0, 20.0), DVec3::new(24.0, 32.0, 25.0));
    let root = ellipsoid(q - DVec3::new(0.0, -32.0, 2.0), DVec3::new(17.0, 16.0, 20.0));
    let tongue = smooth_min(tongue, root, 8.0);
    if tongue < 0.0 && (air > 0.0 || q.z > 14.0 && q.y < -17.0) {
        return Some(Tissue::Tongue);
    }
    let in_arch = q.y < -16.0 && q.y > -70.0 && x < 26.0;
    if in_arch && q.z > 27.0 && q.z < 48.5 && tongue < 1.8 {
        return Some(Tissue::Air);
    }
    // Nasal cavity: septum in the middle, turbinates at the sides.
    if q.z > 51.5 && q.z < 88.0 && q.y < -22.0 && q.y > -78.0 && x < 15.0 {
        let turbinate = ellipsoid(DVec3::new(x - 9.0, q.y + 48.0, q.z - 60.0), DVec3::new(3.2, 19.0, 4.5))
            .min(ellipsoid(DVec3::new(x - 8.0, q.y + 46.0, q.z - 73.0), DVec3::new(2.8, 16.0, 4.0)));
        return Some(if x < 1.3 || turbinate < 0.0 { Tissue::Mucosa } else { Tissue::Air });
    }
    None
}

/// The leaf behind the tongue's root.
fn epiglottis(q: DVec3) -> bool {
    let (d, t) = segment(DVec3::new(0.0, q.y, q.z), DVec3::new(0.0, -23.5, -17.0), DVec3::new(0.0, -15.5, 4.0));
    d < 1.1 && q.x.abs() < lerp(4.0, 9.5, smoothstep(0.0, 0.6, t))
}

/// Thyroid and cricoid cartilage with patchy ossification.
fn larynx(p: DVec3, profile: &Profile, before: f64, air: f64) -> Option<Tissue> {
    let s = profile.s;
    let x = p.x.abs();
    let ossified = |soft: Tissue| {
        if noise(0x1A, p * 0.16) + 0.5 * noise(0x1B, p * 0.5) > 0.18 { Tissue::Spongy } else { soft }
    };
    let taper = |middle: f64, half: f64| {
        let t = (s - middle) / half;
        1.0 - t * t * t * t
    };
    let shield = taper(4.75, 0.52);
    if shield > 0.0 && before < 42.0 {
        // Two plates that meet in front like a ship's bow.
        let bow = 37.0 - 1.15 * x - 3.0 * (s - 4.7).abs();
        if (before - bow).abs() < 2.3 * shield && x < 22.0 && !(x < 3.0 && s < 4.5) {
            return Some(ossified(Tissue::Cartilage));
        }
    }
    // The cricoid is a signet ring: high behind, low in front.
    let height = smoothstep(26.0, 15.0, before);
    let ring = taper(lerp(5.92, 5.68, height), lerp(0.22, 0.46, height));
    if ring > 0.0 && (air - 2.4).abs() < 1.7 * ring {
        return Some(ossified(Tissue::Cartilage));
    }
    if (4.3..5.3).contains(&s) && air < 5.0 && before < 36.0 && x < 15.0 {
        let arytenoid = s > 4.85 && before < 17.0 && (x - 4.5).abs() < 2.2 && air < 3.4;
        return Some(if arytenoid { ossified(Tissue::Cartilage) } else { Tissue::Mucosa });
    }
    None
}

/// Gullet, thyroid gland, longus colli, and the thin fat planes between them.
fn gullet(p: DVec3, profile: &Profile, before: f64) -> Option<Tissue> {
    let s = profile.s;
    if s > 5.5 {
        let centre = lerp(8.2, 6.5, smoothstep(7.0, 10.0, s));
        let d = oval(p.x - 1.8, before - centre, 8.0, 4.0);
        if d < 0.0 {
            let lumen = oval(p.x - 1.8, before - centre - 0.2, 3.4, 0.9) < 0.0 && noise(0x0E, p * 0.06) > 0.25;
            return Some(if lumen { Tissue::Air } else { Tissue::Muscle });
        }
    }
    let t = (s - 6.6) / 1.05;
    if t * t < 0.98 {
        let round = (1.0 - t * t).sqrt();
        let lobe = oval(p.x.abs() - 16.5, before - 20.0, 6.5 * round, 9.0 * round);
        let isthmus = (s - 6.55).abs() < 0.35 && p.x.abs() < 15.0 && (before - 34.5 + 0.012 * p.x * p.x).abs() < 1.8;
        if lobe < 0.0 || isthmus {
            return Some(Tissue::Thyroid);
        }
    }
    let thickness = lerp(2.6, 3.9, smoothstep(1.0, 5.0, s));
    let longus = oval(p.x.abs() - 7.5, before - thickness * 0.9, 7.0, thickness * 0.8);
    if longus < 0.0 && s > 0.3 {
        return Some(Tissue::Muscle);
    }
    None
}

/// Vessels, muscles and fat between the throat and the skin. `depth` is the distance below the skin.
pub(super) fn filling(p: DVec3, profile: &Profile, face: DVec3, depth: f64) -> Tissue {
    let s = profile.s;
    let behind = p.y - profile.body;
    let x = p.x.abs();
    let cover =
        lerp(3.5, 6.0, smoothstep(0.0, 40.0, behind)) + 4.0 * smoothstep(6.0, 8.5, s) * smoothstep(20.0, 60.0, behind);
    if depth < 1.6 {
        return Tissue::Skin;
    }
    if depth < cover + 0.8 * noise(0x5C, p * 0.05) {
        return Tissue::Fat;
    }
    if behind > 3.0 - 0.12 * x {
        return back_muscles(p, profile, behind, depth - cover);
    }
    front_parts(p, profile, face, depth - cover)
}

/// Trapezius, splenius, semispinalis and the deep short muscles, parted by fat; the nuchal ligament between the sides.
fn back_muscles(p: DVec3, profile: &Profile, behind: f64, depth: f64) -> Tissue {
    let x = p.x.abs();
    let wobble = 3.2 * noise(0x31, p * 0.035);
    // The nuchal ligament: a wavy sheet of fat in the middle with a fibrous band, denser between the spinous processes.
    let off = (p.x - 0.8 * noise(0x36, DVec3::new(0.0, p.y, p.z) * 0.07)).abs();
    let septum = 0.8 + 0.5 * noise(0x32, DVec3::new(0.0, p.y, p.z) * 0.09) + 1.6 * smoothstep(2.6, 0.5, profile.s);
    if behind > 22.0 && off < septum {
        let band = noise(0x33, DVec3::new(p.x * 0.5, (p.y + 0.6 * p.z) * 0.35, (p.z - 0.6 * p.y) * 0.06));
        let dense = lerp(-0.35, 0.35, smoothstep(30.0, 44.0, behind));
        return if band > dense { Tissue::Ligament } else { Tissue::Fat };
    }
    // Fascial planes: they wander, thin out and vanish.
    let plane = |at: f64, thickness: f64, seed: u64| {
        let here = thickness * (0.45 + 0.9 * noise(seed, p * DVec3::new(0.07, 0.07, 0.025)));
        (depth - at - wobble).abs() < 0.5 * here
    };
    let side = 0.22 * x - 0.10 * (behind - 30.0);
    if plane(5.0 + 0.3 * side, 1.8, 0x34) || plane(12.0 + side, 1.7, 0x37) || plane(22.0 + 1.6 * side, 2.2, 0x38) {
        return Tissue::Fat;
    }
    // The short muscles lie in a bay of fat beside the spinous processes.
    let bay = ellipsoid(DVec3::new(x - 9.0, depth - 23.0 - wobble, 0.0), DVec3::new(5.0, 1.4, 1.0));
    if bay < 0.0 && noise(0x39, p * 0.05) > -0.2 {
        return Tissue::Fat;
    }
    // Fat between the short muscles of the upper neck, and streaks everywhere.
    let streak = noise(0x35, DVec3::new(p.x * 0.16, p.y * 0.16, p.z * 0.035));
    let limit = lerp(0.80, 0.48, smoothstep(3.5, 1.0, profile.s) * smoothstep(18.0, 30.0, depth));
    if streak > limit { Tissue::Fat } else { Tissue::Muscle }
}

/// In front of the column: vessels and muscles in a bed of fat.
fn front_parts(p: DVec3, profile: &Profile, face: DVec3, depth: f64) -> Tissue {
    let s = profile.s;
    let before = profile.front - p.y;
    let x = p.x.abs();
    let inward = smoothstep(7.0, 9.5, s);
    let carotid = oval(x - lerp(25.0, 17.0, inward), before - lerp(9.0, 17.0, smoothstep(5.0, 9.0, s)), 3.2, 3.2);
    if carotid < 0.0 {
        return Tissue::Artery;
    }
    let jugular = oval(x - lerp(31.0, 25.0, inward), before - lerp(5.0, 17.0, smoothstep(5.0, 9.0, s)), 5.2, 4.0);
    if jugular < 0.0 {
        return Tissue::Vein;
    }
    let t = ((s - 0.5) / 9.0).clamp(0.0, 1.0);
    let sternomastoid = oval(x - lerp(50.0, 14.0, t * t), before - lerp(-12.0, 34.0, t), 10.0, 6.0);
    let scalene =
        if s > 3.0 { oval(x - lerp(24.0, 34.0, smoothstep(4.0, 9.0, s)), before + 4.0, 7.0, 7.0) } else { 1.0 };
    let strap = if s > 3.9 && s < 9.5 && x > 1.5 && x < 17.0 { (depth - 2.2).abs() - 1.4 } else { 1.0 };
    let pterygoid = ellipsoid(DVec3::new(x - 34.0, face.y + 12.0, face.z - 36.0), DVec3::new(6.0, 13.0, 26.0));
    let submandibular = ellipsoid(DVec3::new(x - 28.0, face.y + 26.0, face.z + 1.0), DVec3::new(7.0, 13.0, 11.0));
    if submandibular < 0.0 {
        return Tissue::Mucosa;
    }
    let (floor, _) =
        segment(DVec3::new(0.0, face.y, face.z), DVec3::new(0.0, -36.0, -8.0), DVec3::new(0.0, -68.0, 0.0));
    let floor = rounded_box(DVec3::new(x, floor, 0.0), DVec3::new(13.0, 5.0, 4.0), 3.0);
    let muscle = sternomastoid.min(scalene).min(strap).min(pterygoid).min(floor);
    if muscle < 0.6 * noise(0x41, p * 0.11) { Tissue::Muscle } else { Tissue::Fat }
}
