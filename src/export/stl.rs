//! The surface of each lesion and of each outlined body as binary STL, LPS millimetres.

use super::case::CaseFile;
use super::made::{Made, mark_of};
use super::surface::{Facet, surface};
use super::{Case, MaskRuns};
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// One file a lesion, named by its value in the label map; of a lesion on several series the one with most voxels. One file
/// an outlined body, named by its level.
///
/// # Errors
/// A sentence when no lesion has voxels.
pub fn surfaces(case: &Case, file: &CaseFile) -> Result<Vec<Made>, String> {
    let mut made: Vec<Made> = Vec::new();
    for l in file.annotation_sets.iter().flat_map(|s| &s.vertebrae).flat_map(|v| &v.lesions) {
        let name = format!("lesion-{}.stl", l.label_value);
        let (Some(image), Some(mask)) = (&l.geometry.image, &l.geometry.mask) else { continue };
        let Some(identity) = case.doc.images.get(image).filter(|_| made.iter().all(|m| m.name != name)) else {
            continue;
        };
        let facets = surface(mask, &identity.geometry).map_err(|e| format!("lesion {}: {e}", l.label))?;
        let mark: String = mark_of(case).chars().filter(char::is_ascii).take(72).collect();
        made.push(Made::at(name, binary(&facets, &mark), mark));
    }
    for (key, map) in &case.doc.bodies {
        let Some(identity) = case.doc.images.get(key) else { continue };
        for level in VertebraLevel::ALL.into_iter().filter(|l| map.holds(l.label_value())) {
            let name = format!("body-{level}.stl");
            let voxels = map.voxels_of(level.label_value());
            let mask = MaskRuns::of_voxels(&voxels, identity.geometry.size());
            let Some(mask) = mask.filter(|_| made.iter().all(|m| m.name != name)) else { continue };
            let facets = surface(&mask, &identity.geometry).map_err(|e| format!("body of {level}: {e}"))?;
            let mark: String = mark_of(case).chars().filter(char::is_ascii).take(72).collect();
            made.push(Made::at(name, binary(&facets, &mark), mark));
        }
    }
    match made.is_empty() {
        true => Err("no lesion has voxels and no body is outlined, so there is no surface".to_owned()),
        false => Ok(made),
    }
}

fn binary(facets: &[Facet], mark: &str) -> Vec<u8> {
    let mut bytes = format!("spondyl {mark}").into_bytes();
    bytes.resize(80, b' ');
    bytes.extend((facets.len() as u32).to_le_bytes());
    for f in facets {
        let [a, b, c] = f.map(|c| DVec3::from_array(c.map(f64::from)));
        let normal = (b - a).cross(c - a).normalize_or_zero().as_vec3().to_array();
        for v in [normal, f[0], f[1], f[2]] {
            v.iter().for_each(|c| bytes.extend(c.to_le_bytes()));
        }
        bytes.extend([0, 0]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_how_many_facets_follow() {
        let bytes = binary(&[[[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], "x");
        assert_eq!((bytes.len(), &bytes[80..84]), (84 + 50, &[1, 0, 0, 0][..]));
        assert_eq!(f32::from_le_bytes([bytes[92], bytes[93], bytes[94], bytes[95]]), 1.0, "the normal is +z");
    }
}
