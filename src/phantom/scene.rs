//! The whole phantom: which tissue lies at a point of the patient.

use super::head::{self, Face};
use super::implant::Implants;
use super::lesion::{self, Destruction};
use super::math::{noise, noise3, segment, smoothstep};
use super::neck;
use super::profile::{Profile, Profiles};
use super::spine::{self, Frame, State};
use super::thorax::Thorax;
use super::tissue::Tissue;
use super::vertebra::{BoneHit, Vertebra};
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// What lies at a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matter {
    pub(super) tissue: Tissue,
    /// Mean CT value, HU; spongy bone differs from level to level.
    pub(super) hu: f64,
    /// Label of the lesion (1 to 8) that the point belongs to, 0 for none.
    pub(super) lesion: u8,
}

impl Matter {
    fn of(tissue: Tissue) -> Self {
        Self { tissue, hu: tissue.look().hu, lesion: 0 }
    }
}

/// The phantom in one state.
#[derive(Clone, Debug)]
pub struct Phantom {
    pub(super) vertebrae: Vec<Vertebra>,
    pub(super) atlas: Frame,
    face: Face,
    thorax: Thorax,
    profiles: Profiles,
    destruction: Option<Destruction>,
    implants: Option<Implants>,
    /// Foramina transversaria, left side, head to feet: the vertebral arteries run through them.
    arteries: Vec<DVec3>,
    /// Left nerve roots: from the canal through the foramen to the side of the neck.
    roots: Vec<[DVec3; 3]>,
}

/// A vertebra near a point: index in the chain, the point in its frame, what the bone says.
type Near = (usize, DVec3, BoneHit);

/// The few vertebrae near a point, head to feet, without a trip to the allocator.
#[derive(Default)]
struct Nearby {
    items: [Near; 5],
    count: usize,
}

impl Nearby {
    fn as_slice(&self) -> &[Near] {
        &self.items[..self.count]
    }
}

impl Phantom {
    /// Builds the phantom.
    pub fn new(state: State) -> Self {
        let links = spine::chain(state);
        let vertebrae = Vertebra::of_chain(&links, state);
        let axis = &links[0];
        let atlas = spine::atlas_frame(axis);
        let c3 = &vertebrae[1];
        let face = Face::new(c3.frame.patient_from_local(DVec3::new(0.0, -c3.body.back_wall(), 0.0)));
        let profiles = Profiles::new(&vertebrae, &atlas, state);
        let destruction = Destruction::of(&vertebrae, state);
        let implants = if state == State::Operated { Implants::new(&vertebrae) } else { None };
        let pierced = vertebrae.iter().filter(|v| v.level <= VertebraLevel::C6);
        let arteries = pierced.map(|v| v.frame.patient_from_local(v.foramen())).collect();
        let roots = vertebrae.iter().skip(1).map(nerve_root).collect();
        Self {
            arteries,
            roots,
            thorax: Thorax::new(&vertebrae),
            vertebrae,
            atlas,
            face,
            profiles,
            destruction,
            implants,
        }
    }

    /// A slow wobble of everything, under a millimetre, so that nothing is perfectly symmetric or smooth.
    fn wobble(p: DVec3) -> DVec3 {
        noise3(1, p * 0.065) * DVec3::new(0.9, 0.6, 0.6)
    }

    /// Where a point of the ideal model lies in the patient: the inverse of the wobble, by iteration.
    pub(super) fn patient_from_model(m: DVec3) -> DVec3 {
        (0..12).fold(m, |p, _| m - Self::wobble(p))
    }

    /// The vertebra of a level.
    pub(super) fn vertebra(&self, level: VertebraLevel) -> Option<&Vertebra> {
        self.vertebrae.iter().find(|v| v.level == level)
    }

    /// Front and back of the free canal and of the cord in the midline at a vertebra's middle, in the patient. Where the
    /// tumour fills the canal, what is left to the sac is free.
    pub(super) fn midline_diameters(&self, v: &Vertebra) -> [[DVec3; 2]; 2] {
        let z = v.frame.origin.z;
        let here = self.profiles.at(z);
        let free = if here.squeeze > 0.3 { [here.sac[0], here.sac[1]] } else { [0.0, here.canal_depth] };
        let ends = |[shift, half]: [f64; 2]| {
            [-half, half].map(|d| Self::patient_from_model(DVec3::new(0.0, here.canal + shift + d, z)))
        };
        [ends(free), ends([here.cord[0], here.cord[1]])]
    }

    /// Distance to the skin, with what it took to know: the profile, the point in the face's and C1's frame.
    fn skin(&self, p: DVec3) -> (f64, Profile, DVec3, DVec3) {
        let profile = self.profiles.at(p.z);
        let (face, atlas) = (self.face.local_from_patient(p), self.atlas.local_from_patient(p));
        (neck::skin_distance(p, &profile, face, atlas), profile, face, atlas)
    }

    /// The tissue at a patient point.
    pub(super) fn matter(&self, patient: DVec3) -> Matter {
        let (skin, ..) = self.skin(patient);
        if skin > 3.0 {
            return Matter::of(Tissue::Air);
        }
        let p = patient + Self::wobble(patient);
        let (skin, profile, face, atlas) = self.skin(p);
        if skin > 0.0 {
            return Matter::of(Tissue::Air);
        }
        if let Some(tissue) = self.implants.as_ref().and_then(|i| i.at(p)) {
            return Matter::of(tissue);
        }
        let across = self.across_canal(p);
        if let Some(tissue) = canal(p, &across) {
            return Matter::of(tissue);
        }
        if let Some(matter) = self.spine(p, patient) {
            return matter;
        }
        if let Some(tissue) = self.hard_parts(p, atlas, face) {
            return Matter::of(tissue);
        }
        if let Some(tissue) = self.around_canal(p, &across) {
            return Matter::of(tissue);
        }
        if self.thorax.lung(p) < 0.0 && skin < -8.0 {
            return Matter::of(Tissue::Lung);
        }
        let soft = neck::throat(p, &profile, face).filter(|_| skin < -2.0);
        Matter::of(soft.unwrap_or_else(|| neck::filling(p, &profile, face, -skin)))
    }

    /// Position across the canal at right angles to its run: (backward from its centre line, the profile there).
    fn across_canal(&self, p: DVec3) -> (f64, Profile) {
        let first = self.profiles.at(p.z);
        let off = p.y - first.canal;
        let m = first.canal_slope;
        let there = self.profiles.at(p.z + off * m / (1.0 + m * m));
        let slant = (1.0 + there.canal_slope * there.canal_slope).sqrt();
        // Along the normal of the centre line through the corrected height.
        (off / slant, there)
    }

    /// Vertebrae, discs, tumour.
    fn spine(&self, p: DVec3, patient: DVec3) -> Option<Matter> {
        let nearby = self.near_vertebrae(p);
        let near = nearby.as_slice();
        let best = near.iter().min_by(|a, b| a.2.distance.total_cmp(&b.2.distance));
        let tumour = self.tumour(p);
        if let Some((n, q, hit)) = best.filter(|b| b.2.distance < 0.0) {
            let v = &self.vertebrae[*n];
            if v.level == VertebraLevel::C6 && tumour.is_some() {
                return tumour;
            }
            if !self.is_taken_out(v.level, *q) {
                return Some(bone(v, *q, *hit, patient));
            }
        }
        if near.iter().any(|(n, q, _)| self.is_taken_out(self.vertebrae[*n].level, *q)) {
            // Scar around the cage.
            return Some(Matter::of(Tissue::Ligament));
        }
        if let Some(disc) = self.disc(near) {
            return Some(Matter::of(disc));
        }
        if tumour.is_some() {
            return tumour;
        }
        let close = near.iter().filter(|(_, _, hit)| hit.distance < 1.1).count();
        (close >= 2).then(|| Matter::of(Tissue::Cartilage))
    }

    fn is_taken_out(&self, level: VertebraLevel, q: DVec3) -> bool {
        self.implants.as_ref().is_some_and(|i| i.takes_out(level, q))
    }

    fn near_vertebrae(&self, p: DVec3) -> Nearby {
        let mut nearby = Nearby::default();
        if p.x.abs() > 42.0 {
            return nearby;
        }
        for (n, v) in self.vertebrae.iter().enumerate() {
            let q = v.frame.local_from_patient(p);
            if v.may_touch(q) && nearby.count < nearby.items.len() {
                nearby.items[nearby.count] = (n, q, v.hit(q));
                nearby.count += 1;
            }
        }
        nearby
    }

    fn tumour(&self, p: DVec3) -> Option<Matter> {
        let destruction = self.destruction.as_ref()?;
        let v = self.vertebra(VertebraLevel::C6)?;
        let q = v.frame.local_from_patient(p);
        let lesion = lesion::label_of(VertebraLevel::C6);
        (destruction.distance(q) < 0.0).then(|| Matter { lesion, ..Matter::of(destruction.inside(q)) })
    }

    /// Between two bodies: below one plate, above the next, inside both walls.
    fn disc(&self, near: &[Near]) -> Option<Tissue> {
        near.windows(2).find_map(|pair| {
            let ((a, above, _), (b, below, _)) = (pair[0], pair[1]);
            if b != a + 1 {
                return None;
            }
            let (upper, lower) = (&self.vertebrae[a].body, &self.vertebrae[b].body);
            if above.z > upper.lower_plate(above.x, above.y) + 0.6
                || below.z < lower.upper_plate(below.x, below.y) - 0.6
            {
                return None;
            }
            let wall =
                upper.wall(DVec3::new(above.x, above.y, -5.0)).max(lower.wall(DVec3::new(below.x, below.y, 5.0)));
            let bulge = 0.6;
            if wall > bulge {
                return None;
            }
            Some(if wall < -3.6 { Tissue::Nucleus } else { Tissue::Annulus })
        })
    }

    /// C1, skull, jaw, ribs, breast bone.
    fn hard_parts(&self, p: DVec3, atlas: DVec3, face: DVec3) -> Option<Tissue> {
        let shell = |d: f64, cortex: f64| if d > -cortex { Tissue::Cortical } else { Tissue::Spongy };
        if atlas.z > -14.0 {
            let d = if atlas.z < 14.0 { head::atlas(atlas) } else { 9.0 };
            if d < 0.0 {
                return Some(shell(d, 1.1));
            }
            let skull = head::skull(atlas);
            if skull.bone < 0.0 {
                return Some(shell(skull.bone, 1.6));
            }
            if skull.fossa < -1.5 {
                // The cerebellum, above the great cistern.
                let brain = skull.fossa < -4.5 && atlas.y > 20.0 && atlas.z > 24.0 - 0.25 * (atlas.y - 20.0);
                return Some(if brain { Tissue::Brain } else { Tissue::Csf });
            }
        }
        if face.y < 12.0 && face.z > -26.0 {
            let hit = Face::hit(face);
            if hit.tooth < 0.0 {
                return Some(Tissue::Tooth);
            }
            if hit.bone < 0.0 {
                return Some(shell(hit.bone, 1.7));
            }
        }
        let chest = self.thorax.bone(p);
        (chest < 0.0).then(|| shell(chest, 0.9))
    }

    /// Epidural fat, the yellow ligament, the long ligaments on the column, the vertebral arteries.
    fn around_canal(&self, p: DVec3, (back, profile): &(f64, Profile)) -> Option<Tissue> {
        if p.x.abs() > 28.0 {
            return None;
        }
        if self.is_root(p) {
            return Some(Tissue::Cord);
        }
        if (0.6..11.5).contains(&profile.s) {
            let inside = neck::oval(p.x, *back, profile.canal_width, profile.canal_depth + 0.4);
            if inside < 0.0 {
                let flavum = *back > profile.canal_depth - 2.2 && p.x.abs() < 9.0 && profile.s > 2.0;
                return Some(if flavum { Tissue::Ligament } else { Tissue::Fat });
            }
            if inside < 3.0 && *back > 3.0 && p.x.abs() < 10.0 && profile.s > 2.2 {
                return Some(Tissue::Ligament);
            }
        }
        let before = profile.front - p.y;
        if before > -1.5 && before < 1.1 && p.x.abs() < 9.0 && profile.s > 0.8 {
            return Some(Tissue::Ligament);
        }
        self.vertebral_artery(p)
    }

    fn is_root(&self, p: DVec3) -> bool {
        let q = DVec3::new(p.x.abs(), p.y, p.z);
        let near = |r: &[DVec3; 3]| {
            (q.z - r[1].z).abs() < 12.0 && (segment(q, r[0], r[1]).0 < 1.5 || segment(q, r[1], r[2]).0 < 1.9)
        };
        q.x > 4.0 && self.roots.iter().any(near)
    }

    fn vertebral_artery(&self, p: DVec3) -> Option<Tissue> {
        let q = DVec3::new(p.x.abs(), p.y, p.z);
        if q.x < 9.0 {
            return None;
        }
        let d = self.arteries.windows(2).map(|w| segment(q, w[0], w[1]).0).fold(f64::INFINITY, f64::min);
        (d < 1.9).then_some(Tissue::Artery)
    }
}

/// What a vertebra's bone is at a point inside it: a focus, cortex, the vein's canal, or spongy bone.
fn bone(v: &Vertebra, q: DVec3, hit: BoneHit, patient: DVec3) -> Matter {
    if lesion::focus_distance(v.level, q).is_some_and(|d| d < 0.0) {
        return Matter { lesion: lesion::label_of(v.level), ..Matter::of(Tissue::Tumour) };
    }
    if hit.distance > -hit.cortex * (1.0 + 0.25 * noise(0x0C, patient * 0.4)) {
        return Matter::of(Tissue::Cortical);
    }
    // The basivertebral vein enters through the middle of the back wall.
    let depth = v.body.back_wall() - q.y;
    let half_height = 0.9 + 0.12 * (5.0 - depth).max(0.0);
    let in_canal = depth < 7.0 && q.z.abs() < half_height && q.x.abs() < 1.2 + 0.35 * depth;
    if v.level >= VertebraLevel::C3 && hit.body < 0.0 && in_canal {
        return Matter::of(Tissue::VeinCanal);
    }
    // Denser towards the shell, where the plates carry load.
    let rim = 70.0 * smoothstep(-3.0, -0.8, hit.distance);
    Matter { hu: v.size.spongy_hu + rim, ..Matter::of(Tissue::Spongy) }
}

/// Cord and spinal fluid.
fn canal(p: DVec3, (back, profile): &(f64, Profile)) -> Option<Tissue> {
    if p.x.abs() > 18.0 || back.abs() > 18.0 {
        return None;
    }
    let oval = |o: [f64; 3]| neck::oval(p.x, back - o[0], o[2], o[1]);
    // Above the foramen magnum the brain stem goes on, without a sac.
    let sac = if profile.s < -0.2 { -1.0 } else { oval(profile.sac) };
    if sac > 0.25 {
        return None;
    }
    if oval(profile.cord) < 0.0 {
        let core = [profile.cord[0], profile.cord[1] * 0.6, profile.cord[2] * 0.55];
        let bright = profile.squeeze > 0.35 && oval(core) < 0.0;
        return Some(if bright { Tissue::Myelopathy } else { Tissue::Cord });
    }
    (profile.s > -0.2).then_some(if sac < -0.35 { Tissue::Csf } else { Tissue::Ligament })
}

/// The root that leaves above a vertebra, left side.
fn nerve_root(v: &Vertebra) -> [DVec3; 3] {
    let (back, top) = (v.body.back_wall(), 0.5 * v.size.height());
    let points = [[4.0, back + 6.0, top + 3.0], [13.5, back + 2.5, top + 1.5], [27.0, back - 1.0, top - 6.0]];
    points.map(|q| v.frame.patient_from_local(DVec3::from_array(q)))
}
