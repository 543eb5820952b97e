//! Six-point heights of vertebral bodies and what follows from them: ratios, collapse against neighbours, the Genant
//! grade, segmental kyphosis, translation. Formulas: Genant 1993 (J Bone Miner Res 8:1137), White and Panjabi 1990.

use crate::anatomy::VertebraLevel;
use crate::document::{Document, HeightPoints, LevelStatus, Presence, Vertebra};
use crate::space::{DVec2, PatientPoint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Heights of a body: distances between end-plate points in space, mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heights {
    /// Anterior.
    pub ha_mm: f64,
    /// Middle.
    pub hm_mm: f64,
    /// Posterior.
    pub hp_mm: f64,
}

impl Heights {
    /// Anterior to posterior height; below 1 is a wedge. `None` when the posterior height is zero.
    pub fn wedge_ratio(&self) -> Option<f64> {
        (self.hp_mm > 0.0).then(|| self.ha_mm / self.hp_mm)
    }

    /// Middle to posterior height; below 1 is biconcave. `None` when the posterior height is zero.
    pub fn biconcave_ratio(&self) -> Option<f64> {
        (self.hp_mm > 0.0).then(|| self.hm_mm / self.hp_mm)
    }

    fn each(&self) -> [f64; 3] {
        [self.ha_mm, self.hm_mm, self.hp_mm]
    }
}

/// Distances between the end plates.
pub fn heights(points: &HeightPoints) -> Heights {
    Heights {
        ha_mm: points.sup_ant.distance_mm(points.inf_ant),
        hm_mm: points.sup_mid.distance_mm(points.inf_mid),
        hp_mm: points.sup_post.distance_mm(points.inf_post),
    }
}

/// What the heights were compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CollapseReference {
    /// The mean of the same heights of the nearest sound level above and below.
    BothNeighbours,
    /// One sound level.
    OneNeighbour,
    /// The body's own posterior height: no sound level was measured.
    OwnPosteriorHeight,
}

/// Loss of height.
#[derive(Clone, Debug, PartialEq)]
pub struct Collapse {
    /// `100 · max(1 − H/H_reference)` over anterior, middle, posterior; not below 0.
    pub percent: f64,
    /// Each loss in percent: anterior, middle, posterior; negative where higher than the reference.
    pub losses_percent: [f64; 3],
    /// The reference heights, mm.
    pub reference_mm: [f64; 3],
    /// What kind of reference.
    pub reference: CollapseReference,
    /// The levels it was taken from, head to feet.
    pub reference_levels: Vec<VertebraLevel>,
}

/// How far away a level may be to lend its height: beyond three levels bodies differ by more than readers do.
const REFERENCE_REACH: usize = 3;

/// Whether a level's heights can stand for what a fractured one was.
pub(super) fn is_sound(v: &Vertebra) -> bool {
    let broken = v.fracture == Presence::Present || v.pathological_fracture == Presence::Present;
    let gone = matches!(
        v.status,
        LevelStatus::Destroyed | LevelStatus::PostOperative | LevelStatus::Absent | LevelStatus::Fused
    );
    !broken && !gone
}

/// C1 has no body, that of C2 carries the dens, and the sacrum is one bone: their heights compare with nobody else's.
fn is_comparable(level: VertebraLevel) -> bool {
    level > VertebraLevel::C2 && level < VertebraLevel::S1
}

fn sound_neighbours(doc: &Document, level: VertebraLevel) -> [Option<(VertebraLevel, Heights)>; 2] {
    let near = |l: VertebraLevel| {
        is_comparable(level) && is_comparable(l) && (l as usize).abs_diff(level as usize) <= REFERENCE_REACH
    };
    let take = |(l, v): (&VertebraLevel, &Vertebra)| {
        let lends = is_sound(v) && near(*l);
        v.heights.filter(|_| lends).map(|points| (*l, heights(&points)))
    };
    [
        doc.vertebrae.range(..level).rev().find_map(take),
        doc.vertebrae.range(level..).filter(|(l, _)| **l != level).find_map(take),
    ]
}

/// Loss of height of a body against its sound neighbours; `None` without heights, or when a reference is zero.
pub fn collapse(doc: &Document, level: VertebraLevel) -> Option<Collapse> {
    let own = heights(&doc.vertebrae.get(&level)?.heights?);
    let neighbours: Vec<_> = sound_neighbours(doc, level).into_iter().flatten().collect();
    let reference_levels: Vec<_> = neighbours.iter().map(|(l, _)| *l).collect();
    let (reference, reference_mm) = match neighbours[..] {
        [] => (CollapseReference::OwnPosteriorHeight, [own.hp_mm; 3]),
        [(_, one)] => (CollapseReference::OneNeighbour, one.each()),
        [(_, above), (_, below), ..] => {
            let mean = |n: usize| 0.5 * (above.each()[n] + below.each()[n]);
            (CollapseReference::BothNeighbours, std::array::from_fn(mean))
        }
    };
    if reference_mm.iter().any(|h| *h < 1e-6) {
        return None;
    }
    let losses_percent: [f64; 3] = std::array::from_fn(|n| 100.0 * (1.0 - own.each()[n] / reference_mm[n]));
    let percent = losses_percent.iter().copied().fold(0.0, f64::max);
    Some(Collapse { percent, losses_percent, reference_mm, reference, reference_levels })
}

/// Shape of a deformity, by the height that lost most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum GenantShape {
    Wedge,
    Biconcave,
    Crush,
}

/// Semiquantitative grade of Genant 1993.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Genant {
    /// 0 below 20 % loss; 1 from 20; 2 from 25; 3 from 40. In print the grades share 25 and 40; here the higher has them.
    pub grade: u8,
    /// Shape; null for grade 0.
    pub shape: Option<GenantShape>,
    /// Outside T4–L4, for which the scale was made.
    pub extrapolated: bool,
}

/// The grade that a loss of height amounts to.
pub fn genant(level: VertebraLevel, collapse: &Collapse) -> Genant {
    let loss = collapse.percent;
    let grade = [20.0, 25.0, 40.0].iter().filter(|cut| reaches(loss, **cut)).count() as u8;
    let [a, m, p] = collapse.losses_percent;
    let shape = match () {
        () if p >= a && p >= m => GenantShape::Crush,
        () if a >= m => GenantShape::Wedge,
        () => GenantShape::Biconcave,
    };
    let extrapolated = !(VertebraLevel::T4..=VertebraLevel::L4).contains(&level);
    Genant { grade, shape: (grade > 0).then_some(shape), extrapolated }
}

/// At or above a cut, the rounding of the last bits aside.
pub(super) fn reaches(percent: f64, cut: f64) -> bool {
    percent >= cut - 1e-9
}

/// The measured level next to this one: directly above (`step` −1) or below (+1), T13 and L6 counted where they are.
fn adjacent(doc: &Document, level: VertebraLevel, step: i32) -> Option<&HeightPoints> {
    let next = |l: &VertebraLevel| level.shifted(step) == Some(*l) || l.shifted(-step) == Some(level);
    let measured = |l: &VertebraLevel| doc.vertebrae.get(l).and_then(|v| v.heights.as_ref());
    let mut candidates: Vec<_> = doc.vertebrae.keys().copied().filter(next).collect();
    candidates.sort_by_key(|l| (*l as i32 - level as i32).abs());
    candidates.iter().find_map(measured)
}

/// A line in the sagittal plane: (posterior, superior). Points on a lateral radiograph lie in its own plane, where rows run
/// to the feet and z tells nothing; which way is posterior is seen from the body's own end plate.
fn sagittal(body: &HeightPoints, from: PatientPoint, to: PatientPoint) -> DVec2 {
    let d = to.vec() - from.vec();
    let flat = [body.sup_mid, body.sup_post, body.inf_ant, body.inf_mid, body.inf_post];
    let on_picture = flat.iter().all(|p| p.vec().z == body.sup_ant.vec().z);
    match on_picture {
        true => DVec2::new(d.x * (body.sup_post.vec().x - body.sup_ant.vec().x).signum(), -d.y),
        false => DVec2::new(d.y, d.z),
    }
}

/// Segmental kyphosis in degrees: from the superior end plate of the level above to the inferior end plate of the level
/// below, projected on the sagittal plane; positive is kyphosis. `None` unless both neighbours were measured.
pub fn segmental_kyphosis_deg(doc: &Document, level: VertebraLevel) -> Option<f64> {
    let (above, below) = (adjacent(doc, level, -1)?, adjacent(doc, level, 1)?);
    let top = sagittal(above, above.sup_ant, above.sup_post);
    let bottom = sagittal(below, below.inf_ant, below.inf_post);
    (top.length() > 0.0 && bottom.length() > 0.0).then(|| bottom.angle_to(top).to_degrees())
}

/// Translation in mm of the level above on this one: the offset of the posterior walls along this level's superior end
/// plate, positive when the upper body lies in front (anterolisthesis). `None` unless both were measured.
pub fn translation_mm(doc: &Document, level: VertebraLevel) -> Option<f64> {
    let (above, own) = (adjacent(doc, level, -1)?, doc.vertebrae.get(&level)?.heights.as_ref()?);
    let plate = sagittal(own, own.sup_ant, own.sup_post);
    let offset = sagittal(own, above.inf_post, own.sup_post);
    (plate.length() > 0.0).then(|| offset.dot(plate.normalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::tests::body;
    use VertebraLevel::*;

    fn doc(levels: &[(VertebraLevel, [f64; 3])]) -> Document {
        let mut doc = Document::default();
        for (n, (level, h)) in levels.iter().enumerate() {
            let heights = Some(body(*h, -30.0 * n as f64, 0.0, 0.0));
            doc.vertebrae.insert(*level, Vertebra { heights, ..Vertebra::default() });
        }
        doc
    }

    #[test]
    fn the_worked_example_collapses_by_58_percent() {
        let d = doc(&[(C5, [11.0, 12.5, 12.0]), (C6, [6.0, 5.0, 9.0]), (C7, [13.0, 11.5, 12.0])]);
        let c = collapse(&d, C6).expect("measured");
        assert_eq!((c.reference, &c.reference_levels[..]), (CollapseReference::BothNeighbours, &[C5, C7][..]));
        for (loss, expected) in c.losses_percent.iter().zip([50.0, 100.0 * 7.0 / 12.0, 25.0]) {
            assert!((loss - expected).abs() < 1e-9);
        }
        assert!((c.percent - 58.333333333).abs() < 1e-6);
        let g = genant(C6, &c);
        assert_eq!((g.grade, g.shape, g.extrapolated), (3, Some(GenantShape::Biconcave), true));
    }

    #[test]
    fn fractured_destroyed_and_distant_levels_lend_no_height() {
        let mut d = doc(&[(T6, [20.0; 3]), (T10, [20.0; 3]), (T11, [22.0; 3]), (T12, [11.0; 3]), (L1, [24.0; 3])]);
        let levels = |d: &Document| collapse(d, T12).expect("measured").reference_levels;
        assert_eq!(levels(&d), [T11, L1]);
        d.vertebrae.get_mut(&T11).expect("there").fracture = Presence::Present;
        assert_eq!(levels(&d), [T10, L1]);
        d.vertebrae.get_mut(&T10).expect("there").status = LevelStatus::Destroyed;
        let c = collapse(&d, T12).expect("measured");
        assert_eq!(
            (c.reference, &c.reference_levels[..]),
            (CollapseReference::OneNeighbour, &[L1][..]),
            "T6 is too far"
        );
        d.vertebrae.remove(&L1);
        let c = collapse(&d, T12).expect("measured");
        assert_eq!((c.reference, c.percent), (CollapseReference::OwnPosteriorHeight, 0.0));
        assert_eq!(collapse(&d, L3), None);
    }

    #[test]
    fn the_axis_and_the_sacrum_compare_with_nobody() {
        let d = doc(&[(C2, [20.0, 20.0, 22.0]), (C3, [12.0; 3]), (C4, [12.0; 3]), (L5, [27.0; 3]), (S1, [15.0; 3])]);
        let of = |level| collapse(&d, level).expect("measured");
        assert_eq!((of(C3).percent, &of(C3).reference_levels[..]), (0.0, &[C4][..]));
        assert_eq!(of(C2).reference, CollapseReference::OwnPosteriorHeight);
        assert_eq!((of(L5).reference, of(S1).reference), (of(C2).reference, of(C2).reference));
    }

    #[test]
    fn genant_grades_turn_at_their_cuts() {
        let graded = |level, loss: f64| {
            let d = doc(&[(T7, [20.0; 3]), (T8, [20.0 * (1.0 - loss / 100.0), 20.0, 20.0]), (T9, [20.0; 3])]);
            genant(level, &collapse(&d, T8).expect("measured"))
        };
        for (loss, grade) in
            [(0.0, 0), (19.9, 0), (20.0, 1), (24.9, 1), (25.0, 2), (39.9, 2), (40.0, 3), (40.1, 3), (90.0, 3)]
        {
            assert_eq!(graded(T8, loss).grade, grade, "{loss} %");
        }
        assert_eq!(graded(T8, 30.0).shape, Some(GenantShape::Wedge));
        assert_eq!(graded(T8, 3.0).shape, None);
        for (level, extrapolated) in [(T3, true), (T4, false), (L4, false), (L5, true), (C6, true)] {
            assert_eq!(graded(level, 30.0).extrapolated, extrapolated, "{level}");
        }
    }

    #[test]
    fn kyphosis_is_positive_when_the_front_is_lower() {
        let mut d = doc(&[(T11, [20.0; 3]), (T12, [10.0, 15.0, 20.0]), (L1, [20.0; 3])]);
        assert!(segmental_kyphosis_deg(&d, T12).expect("three levels").abs() < 1e-9);
        // The upper level tips forward by 10°, the lower level backward by 5°.
        d.vertebrae.get_mut(&T11).expect("there").heights = Some(body([20.0; 3], 0.0, 10.0, 0.0));
        d.vertebrae.get_mut(&L1).expect("there").heights = Some(body([20.0; 3], -60.0, -5.0, 0.0));
        let angle = segmental_kyphosis_deg(&d, T12).expect("three levels");
        assert!((angle - 15.0).abs() < 1e-6, "{angle}");
        d.vertebrae.remove(&L1);
        assert_eq!(segmental_kyphosis_deg(&d, T12), None);
    }

    #[test]
    fn a_lateral_radiograph_gives_the_same_angles_in_its_own_plane() {
        let mut d = doc(&[(C5, [20.0; 3]), (C6, [10.0, 15.0, 20.0]), (C7, [20.0; 3])]);
        d.vertebrae.get_mut(&C5).expect("there").heights = Some(body([20.0; 3], 0.0, 10.0, -3.0));
        let (kyphosis, shift) = (segmental_kyphosis_deg(&d, C6), translation_mm(&d, C6));
        // Columns run backward or forward, rows to the feet.
        for forward in [1.0, -1.0] {
            let seen = |p: PatientPoint| PatientPoint::new(forward * p.vec().y, -p.vec().z, 0.0).expect("finite");
            let mut flat = d.clone();
            for v in flat.vertebrae.values_mut() {
                v.heights = v.heights.map(|h| HeightPoints {
                    sup_ant: seen(h.sup_ant),
                    sup_mid: seen(h.sup_mid),
                    sup_post: seen(h.sup_post),
                    inf_ant: seen(h.inf_ant),
                    inf_mid: seen(h.inf_mid),
                    inf_post: seen(h.inf_post),
                });
            }
            let close = |a: Option<f64>, b: Option<f64>| (a.expect("both") - b.expect("both")).abs() < 1e-9;
            assert!(close(segmental_kyphosis_deg(&flat, C6), kyphosis) && close(translation_mm(&flat, C6), shift));
        }
    }

    #[test]
    fn translation_is_positive_to_the_front_and_sees_variants() {
        let mut d = doc(&[(T12, [20.0; 3]), (L1, [20.0; 3])]);
        d.vertebrae.get_mut(&T12).expect("there").heights = Some(body([20.0; 3], 0.0, 0.0, -4.5));
        assert!((translation_mm(&d, L1).expect("two levels") - 4.5).abs() < 1e-9);
        let t13 = Vertebra { heights: Some(body([20.0; 3], -15.0, 0.0, 2.0)), ..Vertebra::default() };
        d.vertebrae.insert(T13, t13);
        assert!((translation_mm(&d, L1).expect("T13 is next") + 2.0).abs() < 1e-9);
        assert_eq!(translation_mm(&d, T12), None);
    }
}
