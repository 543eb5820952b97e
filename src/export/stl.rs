//! The surface of each lesion as binary STL, LPS millimetres: half way between voxels inside and outside.
//!
//! Marching tetrahedra (Doi and Koide 1991, IEICE Trans. E74:214) over the cells between voxel centres, each cut into six
//! that share a diagonal, so that neighbours meet in the same edges and the surface is closed. Facets face outwards.

use super::case::CaseFile;
use super::made::{Made, mark_of};
use super::{Case, MaskRuns};
use crate::space::{DVec3, Geometry, VoxelPoint};

/// Corners of a cell: bit 0 one column further, bit 1 one row, bit 2 one slice. Six tetrahedra about the diagonal 0–7.
const TETRAHEDRA: [[usize; 4]; 6] =
    [[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]];

/// A triangle, its corners turning left seen from outside.
type Facet = [DVec3; 3];

/// One file a lesion, named by its value in the label map; of a lesion on several series the one with most voxels.
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
    match made.is_empty() {
        true => Err("no lesion has voxels, so there is no surface".to_owned()),
        false => Ok(made),
    }
}

/// The surface of a mask in the patient.
pub(super) fn surface(mask: &MaskRuns, geometry: &Geometry) -> Result<Vec<Facet>, String> {
    let flat = mask.voxels(geometry.size().map(|n| n as u64))?;
    let [w, h, _] = geometry.size().map(|n| n as u64);
    // One voxel of room all round, so that the surface closes at the box.
    let low = mask.origin_ijk.map(|n| n as i64 - 1);
    let size = mask.size_ijk.map(|n| n as usize + 2);
    let mut inside = vec![false; size[0] * size[1] * size[2]];
    let at = |v: [usize; 3]| v[0] + size[0] * (v[1] + size[1] * v[2]);
    for f in flat {
        let v = [f % w, f / w % h, f / (w * h)];
        inside[at(std::array::from_fn(|a| (v[a] as i64 - low[a]) as usize))] = true;
    }
    let place = |v: [usize; 3]| {
        let v: [f64; 3] = std::array::from_fn(|a| (v[a] as i64 + low[a]) as f64);
        geometry.patient_from_voxel(VoxelPoint(DVec3::from_array(v))).vec()
    };
    let mut facets = Vec::new();
    for k in 0..size[2] - 1 {
        for j in 0..size[1] - 1 {
            for i in 0..size[0] - 1 {
                let corners: [[usize; 3]; 8] = std::array::from_fn(|c| [i + (c & 1), j + (c >> 1 & 1), k + (c >> 2)]);
                let set = corners.map(|c| inside[at(c)]);
                if set.iter().all(|s| *s) || set.iter().all(|s| !s) {
                    continue;
                }
                let points = corners.map(place);
                TETRAHEDRA.iter().for_each(|t| cut(t.map(|c| (points[c], set[c])), &mut facets));
            }
        }
    }
    Ok(facets)
}

/// The facets of a tetrahedron: none, one that cuts off a corner, or two across.
fn cut(corners: [(DVec3, bool); 4], out: &mut Vec<Facet>) {
    let of = |side: bool| corners.iter().filter(move |(_, s)| *s == side).map(|(p, _)| *p).collect::<Vec<DVec3>>();
    let (inner, outer) = (of(true), of(false));
    let half = |a: DVec3, b: DVec3| (a + b) / 2.0;
    let outwards = |points: &[DVec3]| points.iter().sum::<DVec3>() / points.len() as f64;
    let mut add = |[a, b, c]: Facet| {
        let turned = (b - a).cross(c - a).dot(outwards(&outer) - outwards(&inner)) < 0.0;
        out.push(if turned { [a, c, b] } else { [a, b, c] });
    };
    match (&inner[..], &outer[..]) {
        ([p], [a, b, c]) | ([a, b, c], [p]) => add([half(*p, *a), half(*p, *b), half(*p, *c)]),
        ([p, q], [a, b]) => {
            add([half(*p, *a), half(*p, *b), half(*q, *b)]);
            add([half(*p, *a), half(*q, *b), half(*q, *a)]);
        }
        _ => {}
    }
}

fn binary(facets: &[Facet], mark: &str) -> Vec<u8> {
    let mut bytes = format!("spondyl {mark}").into_bytes();
    bytes.resize(80, b' ');
    bytes.extend((facets.len() as u32).to_le_bytes());
    for f in facets {
        let normal = (f[1] - f[0]).cross(f[2] - f[0]).normalize_or_zero();
        for v in [normal, f[0], f[1], f[2]] {
            v.to_array().iter().for_each(|c| bytes.extend((*c as f32).to_le_bytes()));
        }
        bytes.extend([0, 0]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::PatientPoint;
    use std::collections::BTreeMap;

    fn grid() -> Geometry {
        let steps = [DVec3::new(0.5, 0.0, 0.1), DVec3::new(0.0, 0.8, 0.0), DVec3::new(0.3, 0.2, 1.5)];
        Geometry::regular(PatientPoint::new(-20.0, 7.0, 300.0).expect("finite"), steps, [24, 20, 24])
            .expect("spans space")
    }

    fn volume(facets: &[Facet]) -> f64 {
        facets.iter().map(|f| f[0].dot(f[1].cross(f[2])) / 6.0).sum()
    }

    /// Every edge is walked as often one way as the other.
    fn closed(facets: &[Facet]) -> bool {
        let key = |p: DVec3| p.to_array().map(|c| (c * 1e6).round() as i64);
        let mut edges: BTreeMap<_, i64> = BTreeMap::new();
        for f in facets {
            for n in 0..3 {
                let (a, b) = (key(f[n]), key(f[(n + 1) % 3]));
                *edges.entry(if a < b { (a, b) } else { (b, a) }).or_default() += if a < b { 1 } else { -1 };
            }
        }
        edges.values().all(|n| *n == 0)
    }

    #[test]
    fn a_ball_is_closed_and_as_large_as_its_voxels() {
        let g = grid();
        let inside = |f: &u64| {
            let v = DVec3::new((f % 24) as f64 - 11.5, (f / 24 % 20) as f64 - 9.5, (f / 480) as f64 - 11.5);
            v.length() < 7.0
        };
        let flat: Vec<u64> = (0..24 * 20 * 24).filter(inside).collect();
        let mask = MaskRuns::of_voxels(&flat, g.size()).expect("painted");
        let facets = surface(&mask, &g).expect("fits");
        let voxels = flat.len() as f64 * g.voxel_volume_mm3().expect("regular");
        assert!(closed(&facets));
        assert!((volume(&facets) / voxels - 1.0).abs() < 0.02, "{} of {voxels}", volume(&facets));
    }

    #[test]
    fn whatever_the_mask_the_surface_is_closed_and_faces_outwards() {
        let g = grid();
        let mut seed = 3u64;
        for density in [10, 50, 90] {
            let flat: Vec<u64> = (0..24 * 20 * 24)
                .filter(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (seed >> 33) % 100 < density
                })
                .collect();
            let facets = surface(&MaskRuns::of_voxels(&flat, g.size()).expect("painted"), &g).expect("fits");
            assert!(closed(&facets) && volume(&facets) > 0.0);
        }
    }

    #[test]
    fn a_file_says_how_many_facets_follow() {
        let bytes = binary(&[[DVec3::ZERO, DVec3::X, DVec3::Y]], "x");
        assert_eq!((bytes.len(), &bytes[80..84]), (84 + 50, &[1, 0, 0, 0][..]));
        assert_eq!(f32::from_le_bytes([bytes[92], bytes[93], bytes[94], bytes[95]]), 1.0, "the normal is +z");
    }
}
