//! What the patient's own bone measures near a lesion: no single HU value tells lytic from sound bone over all ages and
//! levels, so a lesion is held against the neighbouring levels of the same spine.

use super::heights::is_sound;
use crate::anatomy::VertebraLevel;
use crate::document::{Document, ImageKey};
use crate::space::{DVec3, VoxelIndex};
use crate::volume::Volume;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Radius of the ball about a body's centre that is taken for its spongy bone, mm.
const BALL_MM: f64 = 5.0;
/// Fewer voxels than this tell nothing of a level.
const VOXELS_LEAST: usize = 20;

/// Spongy bone of neighbouring levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoneReference {
    /// The nearest sound levels above and below that lent it; lesions there are left out.
    pub levels: Vec<VertebraLevel>,
    /// Mean of their means, in the series' unit.
    pub mean: f64,
}

/// Mean of the spongy bone at a level, lesions left out.
fn spongy(doc: &Document, image: &ImageKey, volume: &Volume, level: VertebraLevel) -> Option<f64> {
    let v = doc.vertebrae.get(&level).filter(|v| is_sound(v))?;
    let (centre, g, mask) = (v.at_mm?, &volume.geometry, doc.masks.get(image));
    let middle = g.voxel_from_patient(centre).nearest(volume.size())?;
    let reach = g.spacing_mm().map(|s| if s > 0.0 { (BALL_MM / s).ceil().min(64.0) as i64 } else { 0 });
    let (mut sum, mut n) = (0.0, 0usize);
    for (k, j, i) in (-reach[2]..=reach[2])
        .flat_map(|k| (-reach[1]..=reach[1]).flat_map(move |j| (-reach[0]..=reach[0]).map(move |i| (k, j, i))))
    {
        let at: [i64; 3] = [i, j, k];
        let to: [i64; 3] = std::array::from_fn(|a| middle.0[a] as i64 + at[a]);
        if (0..3).any(|a| to[a] < 0 || to[a] >= volume.size()[a] as i64) {
            continue;
        }
        let index = VoxelIndex(to.map(|c| c as usize));
        let away: DVec3 = g.patient_from_voxel(index.center()).vec() - centre.vec();
        let free = mask.is_none_or(|m| m.get(index) == 0);
        if away.length() <= BALL_MM && free {
            sum += volume.value(index);
            n += 1;
        }
    }
    (n >= VOXELS_LEAST).then(|| sum / n as f64)
}

/// The bone that a lesion at `level` is held against; `None` where no neighbouring level is sound and in the image.
pub fn bone_reference(
    doc: &Document,
    image: &ImageKey,
    volume: &Volume,
    level: VertebraLevel,
) -> Option<BoneReference> {
    if volume.units != "HU" || !super::is_in_frame(doc, doc.images.get(image)?) {
        return None;
    }
    let known = |l: &VertebraLevel| Some((*l, spongy(doc, image, volume, *l)?));
    let above = VertebraLevel::ALL[..level as usize].iter().rev().find_map(known);
    let below = VertebraLevel::ALL[level as usize + 1..].iter().find_map(known);
    let found: Vec<_> = above.into_iter().chain(below).collect();
    let mean = found.iter().map(|f| f.1).sum::<f64>() / found.len() as f64;
    (!found.is_empty()).then(|| BoneReference { levels: found.iter().map(|f| f.0).collect(), mean })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::tests::doc_with_grid;
    use crate::document::{Edit, Lesion, LesionKind, Presence, Run, Vertebra};
    use crate::space::PatientPoint;
    use crate::volume::{Kind, Rescale, Rescales, Samples, SliceVoi};
    use VertebraLevel::*;

    #[test]
    fn neighbours_lend_their_spongy_bone_without_lesions_and_fractured_ones_nothing() {
        let (mut doc, key) = doc_with_grid([20, 20, 80]);
        // 200 in the upper third, 400 in the lower, a dark slab in each that is a lesion.
        let value = |n: usize| match n / 400 {
            9..=11 | 69..=71 => 0,
            0..40 => 400,
            _ => 200,
        };
        let volume = Volume {
            geometry: doc.images[&key].geometry.clone(),
            kind: Kind::Volume,
            samples: Samples::I16((0..32_000).map(value).collect()),
            rescales: Rescales::Uniform(Rescale { slope: 1.0, intercept: 0.0 }),
            units: "HU".to_owned(),
            inverted: false,
            voi: vec![SliceVoi::default()],
            padding: None,
        };
        for (level, z) in [(C5, 70.0), (C6, 40.0), (C7, 10.0)] {
            let at_mm = PatientPoint::new(10.0, 10.0, z);
            doc.vertebrae.insert(level, Vertebra { at_mm, ..Vertebra::default() });
        }
        doc.lesions.insert(uuid::Uuid::from_u128(1), Lesion::new("a".to_owned(), 1, C5, LesionKind::Lytic));
        let runs = [9u64, 69].map(|k| Run { start: k * 400, length: 1200, label: 1 }).to_vec();
        doc.apply(Edit::Mask { image: key.clone(), layer: crate::document::Layer::Lesions, runs }).expect("known");
        let found = bone_reference(&doc, &key, &volume, C6).expect("two neighbours");
        assert_eq!((found.levels, found.mean), (vec![C5, C7], 300.0));
        doc.vertebrae.get_mut(&C5).expect("there").fracture = Presence::Present;
        let found = bone_reference(&doc, &key, &volume, C6).expect("one neighbour");
        assert_eq!((found.levels, found.mean), (vec![C7], 400.0));
        assert_eq!(bone_reference(&doc, &key, &Volume { units: "US".to_owned(), ..volume }, C6), None);
    }
}
