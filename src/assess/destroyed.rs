//! How much of a vertebral body a lesion has destroyed: the lesion's voxels inside the body's outline over the body's volume
//! as it was. A body that is collapsed, destroyed or operated on is not what it was: then the reference is the mean volume of the nearest
//! sound bodies above and below that are outlined, and the answer says which.

use super::heights::{collapse, is_sound, reaches};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, ImageKey, LabelMap, Vertebra};
use crate::space::Geometry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The volume that destruction is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyReference {
    /// The body's own outline.
    OwnBody,
    /// The mean of the nearest sound outlined bodies above and below.
    BothNeighbours,
    /// One sound outlined body.
    OneNeighbour,
    /// The body's own outline although it is collapsed or destroyed: no sound neighbour is outlined. It overstates.
    OwnBodyThoughDeformed,
}

/// The destroyed part of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Destroyed {
    /// Lesion inside the body over the reference volume, 0…1.
    pub fraction: f64,
    /// Lesion inside the body, mm³.
    pub lesion_mm3: f64,
    /// The reference volume, mm³.
    pub reference_mm3: f64,
    /// What it is.
    pub reference: BodyReference,
    /// The levels it was taken from, head to feet.
    pub reference_levels: Vec<VertebraLevel>,
}

/// Loss of height from which a body is no longer what it was (a deformity after Genant 1993).
const DEFORMED_PERCENT: f64 = 20.0;
/// How far away a level may be to lend its volume.
const REFERENCE_REACH: usize = 3;

/// Volume of a body's outline, mm³, and of the lesions in it; `None` while it is not outlined.
pub fn body_volumes(doc: &Document, level: VertebraLevel) -> Option<(f64, f64)> {
    let (key, map) = doc.body_of(level)?;
    let geometry = &doc.images.get(key)?.geometry;
    Some(volumes(map, level, doc.masks.get(key), geometry))
}

fn volumes(map: &LabelMap, level: VertebraLevel, lesions: Option<&LabelMap>, geometry: &Geometry) -> (f64, f64) {
    let mut lesions = lesions.map(LabelMap::reader);
    let one = geometry.voxel_volume_mm3();
    let mine = map.painted().filter(|(_, l)| *l == level.label_value());
    mine.fold((0.0, 0.0), |(body, lesion), (at, _)| {
        let mm3 = one.unwrap_or_else(|| geometry.slice_voxel_volume_mm3(at.0[2]));
        let hit = lesions.as_mut().is_some_and(|l| l.get(at) != 0);
        (body + mm3, if hit { lesion + mm3 } else { lesion })
    })
}

/// The series on which the body of a level is outlined.
pub fn body_image(doc: &Document, level: VertebraLevel) -> Option<&ImageKey> {
    doc.body_of(level).map(|(key, _)| key)
}

/// The destroyed part of a body; `None` while the body is not outlined, or nothing was drawn as a lesion.
pub fn destroyed(doc: &Document, level: VertebraLevel) -> Option<Destroyed> {
    let (own_mm3, lesion_mm3) = body_volumes(doc, level)?;
    if doc.masks.is_empty() || own_mm3 <= 0.0 {
        return None;
    }
    let deformed = collapse(doc, level).is_some_and(|c| reaches(c.percent, DEFORMED_PERCENT));
    let sound = doc.vertebrae.get(&level).is_none_or(is_sound) && !deformed;
    let neighbours = if sound { Vec::new() } else { sound_neighbours(doc, level) };
    let mean = neighbours.iter().map(|(_, mm3)| mm3).sum::<f64>() / neighbours.len().max(1) as f64;
    let (reference, reference_mm3) = match neighbours.len() {
        0 if sound => (BodyReference::OwnBody, own_mm3),
        0 => (BodyReference::OwnBodyThoughDeformed, own_mm3),
        1 => (BodyReference::OneNeighbour, mean),
        _ => (BodyReference::BothNeighbours, mean),
    };
    let reference_levels = match neighbours.is_empty() {
        true => vec![level],
        false => neighbours.iter().map(|(l, _)| *l).collect(),
    };
    let fraction = (lesion_mm3 / reference_mm3).min(1.0);
    Some(Destroyed { fraction, lesion_mm3, reference_mm3, reference, reference_levels })
}

/// The nearest outlined sound body above and below, with its volume.
fn sound_neighbours(doc: &Document, level: VertebraLevel) -> Vec<(VertebraLevel, f64)> {
    let take = |(l, v): (&VertebraLevel, &Vertebra)| {
        let near = (*l as usize).abs_diff(level as usize) <= REFERENCE_REACH;
        let deformed = || collapse(doc, *l).is_some_and(|c| reaches(c.percent, DEFORMED_PERCENT));
        (near && is_sound(v) && !deformed()).then(|| Some((*l, body_volumes(doc, *l)?.0))).flatten()
    };
    let above = doc.vertebrae.range(..level).rev().find_map(take);
    let below = doc.vertebrae.range(level..).filter(|(l, _)| **l != level).find_map(take);
    above.into_iter().chain(below).collect()
}

impl Destroyed {
    /// What it is measured against, in words.
    pub fn against(&self) -> String {
        let levels = self.reference_levels.iter().map(|l| l.name()).collect::<Vec<_>>().join(" and ");
        match self.reference {
            BodyReference::OwnBody => "of its own outline".to_owned(),
            BodyReference::OwnBodyThoughDeformed => {
                "of what is left of it, no sound neighbour being outlined".to_owned()
            }
            _ => format!("against the mean volume of {levels}"),
        }
    }

    /// In words: `62 % of the body destroyed, against L2 and L4`.
    pub fn words(&self) -> String {
        format!("{:.0} % of the body destroyed, {}", 100.0 * self.fraction, self.against())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::tests::doc_with_grid;
    use crate::document::{Edit, Layer, Lesion, LesionKind, LevelStatus, Presence, Run};
    use VertebraLevel::{L2, L3, L4};
    use uuid::Uuid;

    /// Three bodies of 1000, 800 and 1200 voxels of 1 mm³, and a lesion over the first `lesion` voxels of L3's and 50 beside.
    fn doc(lesion: u32) -> Document {
        let (mut doc, key) = doc_with_grid([100, 10, 10]);
        for level in [L2, L3, L4] {
            doc.vertebrae.insert(level, Vertebra::default());
        }
        let run = |start, length, label| Run { start, length, label };
        let runs =
            vec![run(0, 1000, L2.label_value()), run(2000, 800, L3.label_value()), run(4000, 1200, L4.label_value())];
        doc.apply(Edit::Mask { image: key.clone(), layer: Layer::Bodies, runs }).expect("known");
        doc.lesions.insert(Uuid::from_u128(1), Lesion::new("a".to_owned(), 1, L3, LesionKind::Lytic));
        let runs = vec![run(2000, lesion, 1), run(7000, 50, 1)];
        doc.apply(Edit::Mask { image: key, layer: Layer::Lesions, runs }).expect("known");
        doc
    }

    #[test]
    fn a_sound_body_is_its_own_reference_and_what_lies_outside_does_not_count() {
        let d = destroyed(&doc(200), L3).expect("outlined");
        assert_eq!((d.lesion_mm3, d.reference_mm3, d.reference), (200.0, 800.0, BodyReference::OwnBody));
        assert_eq!((d.fraction, &d.reference_levels[..]), (0.25, &[L3][..]));
        assert_eq!(destroyed(&doc(200), L2).expect("outlined").fraction, 0.0);
        assert_eq!(destroyed(&doc(200), VertebraLevel::L5), None);
    }

    #[test]
    fn a_deformed_body_is_measured_against_its_neighbours() {
        let mut d = doc(660);
        d.vertebrae.get_mut(&L3).expect("there").status = LevelStatus::Destroyed;
        let both = destroyed(&d, L3).expect("outlined");
        assert_eq!((both.reference, both.reference_mm3, both.fraction), (BodyReference::BothNeighbours, 1100.0, 0.6));
        assert_eq!(both.reference_levels, [L2, L4]);
        assert!(both.words().contains("60 %") && both.words().contains("L2 and L4"), "{}", both.words());
        d.vertebrae.get_mut(&L4).expect("there").fracture = Presence::Present;
        let one = destroyed(&d, L3).expect("outlined");
        assert_eq!((one.reference, one.reference_mm3), (BodyReference::OneNeighbour, 1000.0));
        d.vertebrae.get_mut(&L2).expect("there").status = LevelStatus::Fused;
        let none = destroyed(&d, L3).expect("outlined");
        assert_eq!((none.reference, none.reference_mm3), (BodyReference::OwnBodyThoughDeformed, 800.0));
    }
}
