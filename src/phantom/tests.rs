//! The phantom against anatomy: what must lie where, before and after the operation.

use super::math::hash;
use super::scene::Phantom;
use super::spine::State;
use super::tissue::Tissue;
use super::{LESIONS, Radiograph, Weighting, ct_geometry};
use crate::anatomy::VertebraLevel;
use crate::space::{DVec3, Geometry, PatientPoint};

/// A point of a level's own frame in the patient.
fn place(phantom: &Phantom, level: VertebraLevel, x: f64, y: f64, z: f64) -> DVec3 {
    let v = phantom.vertebra(level).unwrap();
    Phantom::patient_from_model(v.frame.patient_from_local(DVec3::new(x, y, z)))
}

fn tissue(phantom: &Phantom, level: VertebraLevel, x: f64, y: f64, z: f64) -> Tissue {
    phantom.matter(place(phantom, level, x, y, z)).tissue
}

#[test]
fn each_level_has_its_parts_where_they_belong() {
    let phantom = Phantom::new(State::Presenting);
    for level in LESIONS.map(|l| l.level).into_iter().filter(|l| *l != VertebraLevel::C6) {
        let v = phantom.vertebra(level).unwrap();
        let (back, side) = (v.body.back_wall(), v.body.side_wall());
        let at = |x, y, z| tissue(&phantom, level, x, y, z);
        assert_eq!(at(-0.6 * side, 0.0, 0.0), Tissue::Spongy, "{level} body");
        // The wall is where a ray from before the body meets it: its depth differs from level to level.
        let wall = (-15..30).any(|n| at(-0.5 * side, -back + 0.1 * f64::from(n), 2.0) == Tissue::Cortical);
        assert!(wall, "{level} front wall");
        assert_eq!(at(0.0, back + 0.5 * v.size.canal_depth, 0.0), Tissue::Cord, "{level} cord");
        let tip = v.spinous_tip();
        assert!(
            matches!(at(0.0, tip.y - 9.0, tip.z + 2.5), Tissue::Cortical | Tissue::Spongy),
            "{level} spinous process"
        );
        let below = v.body.lower_plate(0.0, 0.0) - 0.5 * v.size.disc_below;
        if level != VertebraLevel::C5 {
            assert_eq!(at(0.0, 0.0, below), Tissue::Nucleus, "{level} disc below");
        }
    }
}

#[test]
fn every_focus_is_tumour_in_its_own_vertebra() {
    let phantom = Phantom::new(State::Presenting);
    for (n, name) in LESIONS.iter().enumerate() {
        let middle = super::lesion::middle(name.level);
        let matter = phantom.matter(place(&phantom, name.level, middle.x, middle.y, middle.z));
        assert_eq!(usize::from(matter.lesion), n + 1, "{}: {:?}", name.level, matter.tissue);
    }
}

#[test]
fn the_tumour_takes_the_body_of_c6_and_squeezes_the_cord() {
    let phantom = Phantom::new(State::Presenting);
    let cord_depth = |level| {
        let back = phantom.vertebra(level).unwrap().body.back_wall();
        let is_cord = |n: &i32| {
            matches!(tissue(&phantom, level, 0.0, back + f64::from(*n) * 0.1, 0.0), Tissue::Cord | Tissue::Myelopathy)
        };
        (0..200).filter(is_cord).count() as f64 * 0.1
    };
    let (c4, c6) = (cord_depth(VertebraLevel::C4), cord_depth(VertebraLevel::C6));
    assert!(c6 < 0.7 * c4 && c6 > 2.0, "cord {c6:.1} mm at C6, {c4:.1} mm at C4");
    let left = |x: f64| tissue(&phantom, VertebraLevel::C6, x, 0.0, 0.0);
    assert!((-8..9).all(|x| matches!(left(f64::from(x)), Tissue::Tumour | Tissue::Fragment)));
}

#[test]
fn nothing_of_the_operation_lies_in_the_canal_and_the_lesions_voxels_are_gone() {
    let phantom = Phantom::new(State::Operated);
    let mut seen = [0; 2];
    for n in 0..60_000 {
        let h = hash(5, n, 0, 0);
        let part = |shift: u32| (h >> shift & 0xFFFF) as f64 / 65_536.0;
        let level = [VertebraLevel::C5, VertebraLevel::C6, VertebraLevel::C7][n as usize % 3];
        let back = phantom.vertebra(level).unwrap().body.back_wall();
        let (x, y, z) = (24.0 * part(0) - 12.0, 34.0 * part(16) - 12.0, 24.0 * part(32) - 12.0);
        let matter = phantom.matter(place(&phantom, level, x, y, z));
        assert_ne!(matter.lesion, 5, "no tumour is left at C6");
        match matter.tissue {
            Tissue::Cement => seen[0] += 1,
            Tissue::Titanium => seen[1] += 1,
            _ => continue,
        }
        assert!(y < back - 1.0, "{:?} at {level}, {:.1} mm behind the back wall", matter.tissue, y - back);
    }
    assert!(seen[0] > 1000 && seen[1] > 200, "{seen:?}");
}

#[test]
fn pictures_do_not_depend_on_how_many_threads_made_them() {
    let fine = ct_geometry().unwrap();
    let steps = [DVec3::Y * 3.0, DVec3::NEG_Z * 3.0, DVec3::NEG_X * 1.5];
    let coarse = Geometry::regular(fine.origin(), steps, [58, 70, 44]).unwrap();
    let phantom = Phantom::new(State::Presenting);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = one.install(|| (phantom.ct_slice(&coarse, 21), phantom.mr_slice(&coarse, Weighting::T2, 21)));
    assert_eq!(alone, (phantom.ct_slice(&coarse, 21), phantom.mr_slice(&coarse, Weighting::T2, 21)));
    assert!(alone.0.iter().all(|v| *v >= -1024), "nothing is below the scale");
    assert!(alone.0.iter().any(|v| *v < -900), "there is air around the neck");
}

#[test]
fn the_radiograph_shows_the_cage() {
    let small = Radiograph { size: [90, 110], pitch_mm: 2.24, ..Radiograph::SAMPLE };
    let phantom = Phantom::new(State::Operated);
    let picture = small.picture(&phantom);
    let grey = |p: DVec3| {
        let [column, row] = small.pixel_from_patient(p);
        f64::from(picture[row.round() as usize * 90 + column.round() as usize])
    };
    let cage = grey(place(&phantom, VertebraLevel::C6, 0.0, 0.0, 0.0));
    let c4 = grey(place(&phantom, VertebraLevel::C4, 0.0, 0.0, 0.0));
    let throat = grey(place(&phantom, VertebraLevel::C4, 0.0, -22.0, 0.0));
    assert!(cage > c4 + 300.0 && c4 > throat + 50.0, "cage {cage}, C4 {c4}, throat {throat}");
}

#[test]
fn rays_and_pixels_agree() {
    let middle = Radiograph::SAMPLE.pixel_from_patient(DVec3::new(
        0.0,
        Radiograph::SAMPLE.centre[0],
        Radiograph::SAMPLE.centre[1],
    ));
    assert_eq!(middle, [359.5, 439.5]);
    let high = Radiograph::SAMPLE.pixel_from_patient(PatientPoint::new(0.0, 0.0, 50.0).unwrap().vec());
    assert!(high[1] < middle[1] && high[0] > middle[0], "up is up, backward is right");
}
