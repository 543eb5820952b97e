//! Which levels a lesion lies in: each voxel belongs to the vertebra whose centre is nearest.

use crate::anatomy::VertebraLevel;
use crate::document::{Document, ImageIdentity, ImageKey, Lesion, LesionId};
use crate::space::VoxelIndex;
use crate::volume::Kind;
use std::collections::BTreeMap;

/// Share of a lesion's voxels from which a level counts as reached; a few voxels across a disc are the brush's, not the
/// lesion's.
const REACHED: f64 = 0.05;

/// The levels of a lesion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelSpan {
    /// The level it was assigned to.
    pub level: VertebraLevel,
    /// Other levels that hold at least 5 % of its voxels, head to feet.
    pub also_in: Vec<VertebraLevel>,
}

/// The series on which a lesion has most of its voxels (the first of equals), `None` for an unpainted lesion.
pub fn main_image(doc: &Document, label_value: u16) -> Option<&ImageKey> {
    let painted =
        |key: &ImageKey| doc.masks.get(key).map_or(0, |m| m.painted().filter(|(_, l)| *l == label_value).count());
    let counted = doc.masks.keys().map(|key| (painted(key), key)).filter(|(n, _)| *n > 0);
    counted.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, key)| key)
}

/// Whether the centres of vertebrae can be compared with places on a series: it lies in the patient and, where the series
/// of the case do not share a frame of reference, in that of the series with most painted voxels (else of the first).
pub fn is_in_frame(doc: &Document, image: &ImageIdentity) -> bool {
    let located = || doc.images.iter().filter(|(_, i)| i.kind != Kind::Projection);
    let painted = |key: &ImageKey| doc.masks.get(key).map_or(0, |m| m.painted().count());
    let frame = |i: &ImageIdentity| i.frame_of_reference_uid.clone();
    let main = match located().next() {
        Some((_, first)) if located().all(|(_, i)| frame(i) == frame(first)) => Some(first),
        _ => located().rev().max_by_key(|(key, _)| painted(key)).map(|(_, i)| i),
    };
    image.kind != Kind::Projection && main.is_some_and(|m| frame(m) == frame(image))
}

/// The levels of a lesion, over its voxels at `flat` on the grid of `image`.
pub fn span_of_voxels(doc: &Document, lesion: &Lesion, image: &ImageIdentity, flat: &[u64]) -> LevelSpan {
    if !is_in_frame(doc, image) {
        return LevelSpan { level: lesion.vertebra, also_in: Vec::new() };
    }
    let geometry = &image.geometry;
    let centres: Vec<_> = doc.vertebrae.iter().filter_map(|(l, v)| Some((*l, v.at_mm?.vec()))).collect();
    let mut counts: BTreeMap<VertebraLevel, usize> = BTreeMap::new();
    for f in flat {
        let p = geometry.patient_from_voxel(VoxelIndex::from_flat(*f as usize, geometry.size()).center()).vec();
        let nearest = centres.iter().min_by(|a, b| p.distance_squared(a.1).total_cmp(&p.distance_squared(b.1)));
        if let Some((level, _)) = nearest {
            *counts.entry(*level).or_default() += 1;
        }
    }
    let reached = |n: usize| n as f64 >= REACHED * flat.len() as f64;
    let also_in = counts.into_iter().filter(|(l, n)| *l != lesion.vertebra && reached(*n)).map(|(l, _)| l).collect();
    LevelSpan { level: lesion.vertebra, also_in }
}

/// The levels of a lesion; `None` when the document does not know it.
pub fn lesion_span(doc: &Document, id: LesionId) -> Option<LevelSpan> {
    let lesion = doc.lesions.get(&id)?;
    let painted = main_image(doc, lesion.label_value).and_then(|key| {
        Some(span_of_voxels(doc, lesion, doc.images.get(key)?, &doc.masks.get(key)?.voxels_of(lesion.label_value)))
    });
    Some(painted.unwrap_or(LevelSpan { level: lesion.vertebra, also_in: Vec::new() }))
}

/// The lesions that lie in a level, those that only reach into it included, by label value.
pub fn lesions_at(doc: &Document, level: VertebraLevel) -> Vec<&Lesion> {
    let here = |id: &LesionId| lesion_span(doc, *id).is_some_and(|s| s.level == level || s.also_in.contains(&level));
    let mut found: Vec<&Lesion> = doc.lesions.iter().filter(|(id, _)| here(id)).map(|(_, l)| l).collect();
    found.sort_by_key(|l| l.label_value);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::tests::doc_with_grid;
    use crate::document::{Edit, Layer, LesionKind, Run, Vertebra};
    use crate::space::PatientPoint;
    use uuid::Uuid;

    #[test]
    fn a_lesion_over_two_levels_names_the_other() {
        let (mut doc, key) = doc_with_grid([10, 10, 40]);
        for (level, z) in [(VertebraLevel::C6, 30.0), (VertebraLevel::C7, 10.0)] {
            let at_mm = PatientPoint::new(5.0, 5.0, z);
            doc.vertebrae.insert(level, Vertebra { at_mm, ..Vertebra::default() });
        }
        let id = Uuid::from_u128(1);
        doc.lesions.insert(id, Lesion::new("a".to_owned(), 1, VertebraLevel::C6, LesionKind::Lytic));
        assert_eq!(lesion_span(&doc, id).expect("known").also_in, []);
        // Slices 21 to 30 are nearer to C6; one voxel row of slice 19 is too little to count for C7.
        let paint = |start: u64, length| Edit::Mask {
            image: key.clone(),
            layer: Layer::Lesions,
            runs: vec![Run { start, length, label: 1 }],
        };
        doc.apply(paint(2100, 1000)).expect("known image");
        doc.apply(paint(1900, 10)).expect("known image");
        assert_eq!(lesion_span(&doc, id).expect("known").also_in, []);
        doc.apply(paint(1500, 300)).expect("known image");
        assert_eq!(lesion_span(&doc, id).expect("known").also_in, [VertebraLevel::C7]);
        assert_eq!(lesions_at(&doc, VertebraLevel::C7).len(), 1);
        assert_eq!(lesions_at(&doc, VertebraLevel::C5).len(), 0);
        assert_eq!(main_image(&doc, 1), Some(&key));

        // Another modality with its own frame of reference: places on it say nothing of centres here.
        let mut other = doc.images[&key].clone();
        other.frame_of_reference_uid = Some("1.2.99".to_owned());
        doc.images.insert(ImageKey("1.0".to_owned()), other);
        assert!(is_in_frame(&doc, &doc.images[&key]));
        assert!(!is_in_frame(&doc, &doc.images[&ImageKey("1.0".to_owned())]));
        assert_eq!(lesion_span(&doc, id).expect("known").also_in, [VertebraLevel::C7]);
    }
}
