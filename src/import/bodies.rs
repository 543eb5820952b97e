//! Outlines of vertebral bodies from a segmentation: which level each structure is, and its voxels on a series' own grid.

use super::{AskScheme, Found, LabelNames};
use crate::anatomy::VertebraLevel;
use crate::document::{LabelMap, runs_from_sorted};
use crate::space::{Geometry, VoxelIndex, VoxelPoint};
use std::collections::BTreeMap;

/// The structures of a file that are vertebrae: level, and index into [`Found::masks`]. A structure is what its name says;
/// one without a name is what its number means in the scheme that was named. Structures that are no vertebra are left out.
///
/// # Errors
/// [`AskScheme`] when a number has no name and no scheme was named, when a number is ambiguous, or when two structures are
/// one level.
pub fn levels_in(found: &Found, names: Option<LabelNames>) -> Result<BTreeMap<VertebraLevel, usize>, AskScheme> {
    let unnamed = |m: &&super::FoundMask| m.level.is_none() && m.name.is_empty();
    let numbers: Vec<u32> = found.masks.iter().filter(unnamed).filter_map(|m| m.value).collect();
    if names.is_none() && !numbers.is_empty() {
        return Err(AskScheme::Numbers(numbers));
    }
    let mut levels = BTreeMap::new();
    for (n, mask) in found.masks.iter().enumerate() {
        let level = match (mask.level, mask.value, names) {
            (Some(level), ..) => Some(level),
            (None, _, _) if !mask.name.is_empty() => None,
            (None, Some(value), Some(names)) => names.level(value).map_err(|_| AskScheme::Label25)?,
            (None, ..) => None,
        };
        let Some(level) = level else { continue };
        if let Some(before) = levels.insert(level, n) {
            let label = |n: usize| found.masks[n].value.map_or_else(|| found.masks[n].name.clone(), |v| v.to_string());
            return Err(AskScheme::Twice { first: label(before), second: label(n), level });
        }
    }
    Ok(levels)
}

/// A mask of one grid seen on another: the voxels of `to` whose nearest voxel of `from` belongs, ascending.
pub fn on_grid(from: &Geometry, flat: &[u64], to: &Geometry) -> Vec<u64> {
    let mut map = LabelMap::new(from.size());
    map.paint(&runs_from_sorted(flat, 1));
    let Some((low, high)) = box_on(from, flat, to) else { return Vec::new() };
    let mut reader = map.reader();
    let mut out = Vec::new();
    for k in low[2]..=high[2] {
        for j in low[1]..=high[1] {
            for i in low[0]..=high[0] {
                let at = VoxelIndex([i, j, k]);
                let there = from.voxel_from_patient(to.patient_from_voxel(at.center())).nearest(from.size());
                if there.is_some_and(|v| reader.get(v) == 1) {
                    out.push(at.flat(to.size()) as u64);
                }
            }
        }
    }
    out
}

/// First and last voxel of a box of `to` that holds every voxel of a mask on `from`; `None` when they do not meet.
fn box_on(from: &Geometry, flat: &[u64], to: &Geometry) -> Option<([usize; 3], [usize; 3])> {
    let at = |f: &u64| VoxelIndex::from_flat(*f as usize, from.size()).0;
    let first = at(flat.first()?);
    let (low, high) = flat.iter().map(at).fold((first, first), |(l, h), v| {
        (std::array::from_fn(|a| v[a].min(l[a])), std::array::from_fn(|a| v[a].max(h[a])))
    });
    let corner = |n: usize| {
        let along = |a: usize| if n >> a & 1 == 0 { low[a] as f64 - 1.0 } else { high[a] as f64 + 1.0 };
        to.voxel_from_patient(from.patient_from_voxel(VoxelPoint(std::array::from_fn(along).into()))).0
    };
    let size = to.size();
    let mut found = ([0; 3], [0; 3]);
    for (a, length) in size.into_iter().enumerate() {
        let (least, most) =
            (0..8).map(|n| corner(n)[a]).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if most < 0.0 || least > (length - 1) as f64 {
            return None;
        }
        found.0[a] = least.floor().max(0.0) as usize;
        found.1[a] = (most.ceil() as usize).min(length - 1);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::FoundMask;
    use crate::space::{DVec3, PatientPoint};
    use VertebraLevel::{L3, L6, S1};

    fn found(masks: Vec<(u32, &str)>) -> Found {
        let mask = |(value, name): (u32, &str)| FoundMask {
            name: name.to_owned(),
            value: Some(value),
            level: crate::import::level_named(name),
            ..FoundMask::default()
        };
        Found { masks: masks.into_iter().map(mask).collect(), ..Found::default() }
    }

    #[test]
    fn names_come_first_and_what_is_ambiguous_is_refused() {
        let verse = Some(LabelNames::Verse { id_25: None });
        let named = found(vec![(7, "vertebrae_L3"), (8, "liver")]);
        assert_eq!(levels_in(&named, None), Ok(BTreeMap::from([(L3, 0)])));
        assert_eq!(levels_in(&found(vec![(22, "")]), verse), Ok(BTreeMap::from([(L3, 0)])));
        assert!(levels_in(&found(vec![(22, "")]), None).is_err_and(|e| e == AskScheme::Numbers(vec![22])));
        assert!(levels_in(&found(vec![(25, "")]), verse).is_err_and(|e| e == AskScheme::Label25));
        for level in [L6, S1] {
            let said = Some(LabelNames::Verse { id_25: Some(level) });
            assert_eq!(levels_in(&found(vec![(25, "")]), said), Ok(BTreeMap::from([(level, 0)])));
        }
        assert!(
            levels_in(&found(vec![(1, "L3"), (2, "vertebrae_L3")]), None)
                .is_err_and(|e| e.to_string().contains("both L3"))
        );
    }

    #[test]
    fn a_mask_keeps_its_place_and_volume_on_another_grid() {
        let fine = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], [40, 40, 40]).unwrap();
        // Axes turned round and coarser, as another program may store the same scan.
        let origin = PatientPoint::new(39.0, 0.0, 39.0).unwrap();
        let steps = [DVec3::NEG_Z * 1.5, DVec3::NEG_X * 1.5, DVec3::Y * 1.5];
        let coarse = Geometry::regular(origin, steps, [27, 27, 27]).unwrap();
        let inside = |g: &Geometry, f: u64| {
            let p = g.patient_from_voxel(VoxelIndex::from_flat(f as usize, g.size()).center()).vec();
            p.distance(DVec3::new(20.0, 15.0, 22.0)) <= 9.0
        };
        let all = |g: &Geometry| (0..g.size().iter().product::<usize>() as u64).filter(|f| inside(g, *f)).collect();
        let (ball, want): (Vec<u64>, Vec<u64>) = (all(&coarse), all(&fine));
        let got = on_grid(&coarse, &ball, &fine);
        let both = got.iter().filter(|f| want.binary_search(f).is_ok()).count();
        assert!(2.0 * both as f64 / (got.len() + want.len()) as f64 > 0.93);
        assert_eq!(on_grid(&fine, &want, &fine), want);
        let far = Geometry::regular(PatientPoint::new(500.0, 0.0, 0.0).unwrap(), fine.steps(), [9, 9, 9]).unwrap();
        assert!(on_grid(&fine, &want, &far).is_empty());
    }
}
