//! Centres of vertebrae out of what a file says: names count before numbers, numbers only in a scheme that was named, and a
//! mask's centre is the middle of the deepest part of the bone, which is the body.

use super::{CentreName, Found, FoundMask, ImportError, LabelNames, Place, VerseVoxel, level_named};
use crate::anatomy::VertebraLevel;
use crate::segment::{Region, depth_mm};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex, VoxelPoint};
use std::collections::BTreeMap;
use std::path::Path;

/// Voxels within this share of the greatest depth make up the middle of the body: arches and processes are thinner.
const DEEP: f32 = 0.7;
/// A box larger than this is not searched for its depth; a vertebra's is far smaller.
const BOX_MAX: usize = 1 << 26;

/// Centres that a file gives, and what could not be taken from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundLevels {
    /// Centres of bodies.
    pub centres: BTreeMap<VertebraLevel, PatientPoint>,
    /// What was left out, in sentences.
    pub notes: Vec<String>,
}

/// Why a file's numbers cannot be read yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskScheme {
    /// The file holds numbers and no names.
    #[error("the file numbers its structures ({}) and does not name them; say what the numbers mean: VerSe or TotalSegmentator", list(.0))]
    Numbers(Vec<u32>),
    /// Number 25.
    #[error("label 25 is L6 in VerSe and CTSpine1K and S1 in other public code; say which")]
    Label25,
    /// Two structures are one vertebra.
    #[error("labels {first} and {second} are both {level}")]
    Twice {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// What both are.
        level: VertebraLevel,
    },
    /// Nothing there is a vertebra.
    #[error("no vertebra was found in it")]
    Nothing,
    /// Positions in voxels of an image that is not at hand.
    #[error("its positions are voxels of an image; open that image first")]
    NoImage,
}

fn list(numbers: &[u32]) -> String {
    let shown: Vec<String> = numbers.iter().take(8).map(u32::to_string).collect();
    let more = if numbers.len() > 8 { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The centres in a file. `scheme` says what numbers mean; VerSe's own list of centroids needs none, except for 25. `image`
/// is the grid that positions in voxels belong to.
///
/// # Errors
/// [`AskScheme`]: what the reader has to say first.
pub fn levels_of(
    found: &Found,
    scheme: Option<LabelNames>,
    image: Option<&Geometry>,
) -> Result<FoundLevels, AskScheme> {
    let mut out = FoundLevels::default();
    let centroids = found.centres.iter().any(|(_, p)| matches!(p, Place::Voxel(_)));
    let scheme = scheme.or(centroids.then_some(LabelNames::Verse { id_25: None }));
    for (name, place) in &found.centres {
        let level = match name {
            CentreName::Level(level) => Some(*level),
            CentreName::Number(n) => {
                scheme.ok_or_else(|| AskScheme::Numbers(vec![*n]))?.level(*n).map_err(|_| AskScheme::Label25)?
            }
        };
        let at = match place {
            Place::Patient(p) => Some(*p),
            Place::Voxel(voxel) => in_patient(voxel, image.ok_or(AskScheme::NoImage)?),
        };
        match (level, at) {
            (Some(level), Some(at)) => drop(out.centres.insert(level, at)),
            _ => out.notes.push(format!("{name:?} is no vertebra of this scheme or lies nowhere; left out")),
        }
    }
    if found.case.is_none() {
        from_masks(found, scheme, &mut out)?;
    }
    if out.centres.is_empty() { Err(AskScheme::Nothing) } else { Ok(out) }
}

fn from_masks(found: &Found, scheme: Option<LabelNames>, out: &mut FoundLevels) -> Result<(), AskScheme> {
    let named = found.masks.iter().any(|m| m.level.is_some());
    let numbered: Vec<u32> = found.masks.iter().filter(|m| m.name.is_empty()).filter_map(|m| m.value).collect();
    if !named && scheme.is_none() && !numbered.is_empty() {
        return Err(AskScheme::Numbers(numbered));
    }
    for mask in &found.masks {
        let by_number = || match (scheme, mask.value) {
            (Some(scheme), Some(n)) if mask.name.is_empty() => scheme.level(n).map_err(|_| AskScheme::Label25),
            _ => Ok(None),
        };
        let level = mask.level.map_or_else(by_number, |l| Ok(Some(l)))?;
        match level.map(|l| (l, centre_of(mask, found))) {
            Some((level, Some((at, cut)))) => {
                out.centres.insert(level, at);
                if cut {
                    out.notes.push(format!("the image cuts through {level}: its centre is that of the part in view"));
                }
            }
            Some((level, None)) => out.notes.push(format!("{level} has no voxels; left out")),
            None => {}
        }
    }
    Ok(())
}

/// Reads a file of levels, or a folder with a mask for each structure as TotalSegmentator writes them: there the file's
/// name is the structure's.
///
/// # Errors
/// [`ImportError`] with the file and the reason.
pub fn read_levels(path: &Path) -> Result<Found, ImportError> {
    if !path.is_dir() {
        return super::read(path).map(|found| named_after(found, path));
    }
    let mut all = Found { what: "folder of masks", ..Found::default() };
    for (name, file) in super::files_below(path)? {
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        if level_named(last).is_none() {
            continue;
        }
        let found = named_after(super::read(&file)?, &file);
        let before = all.grids.len();
        all.grids.extend(found.grids);
        all.masks.extend(found.masks.into_iter().map(|mut m| {
            m.masks.iter_mut().for_each(|(grid, _)| *grid += before);
            m
        }));
    }
    match all.masks.is_empty() {
        true => Err(ImportError::new(path, "no mask in it is named after a vertebra, such as vertebrae_C6.nii.gz")),
        false => Ok(all),
    }
}

/// A file with one structure and no name in it is named by the file.
fn named_after(mut found: Found, path: &Path) -> Found {
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    if let ([mask], Some(level)) = (found.masks.as_mut_slice(), level_named(stem))
        && mask.name.is_empty()
        && found.case.is_none()
    {
        (mask.name, mask.level) = (stem.to_owned(), Some(level));
    }
    found
}

/// A position in an image whose axes run as letters say, in the patient: each of its axes is the grid's nearest one.
fn in_patient(voxel: &VerseVoxel, grid: &Geometry) -> Option<PatientPoint> {
    let towards = |c: char| match c {
        'L' => DVec3::X,
        'R' => DVec3::NEG_X,
        'P' => DVec3::Y,
        'A' => DVec3::NEG_Y,
        'S' => DVec3::Z,
        _ => DVec3::NEG_Z,
    };
    let directions = grid.directions();
    let mut at = [f64::NAN; 3];
    for (axis, letter) in voxel.axes.iter().enumerate() {
        let along = |g: &usize| directions[*g].dot(towards(*letter));
        let own = (0..3).max_by(|a, b| along(a).abs().total_cmp(&along(b).abs()))?;
        let last = grid.size()[own] as f64 - 1.0;
        at[own] = if along(&own) >= 0.0 { voxel.at[axis] } else { last - voxel.at[axis] };
    }
    at.iter().all(|c| c.is_finite()).then(|| grid.patient_from_voxel(VoxelPoint(DVec3::from_array(at))))
}

/// The middle of the deepest part of a mask, and whether the mask reaches the image's first or last slice, row or column.
fn centre_of(mask: &FoundMask, found: &Found) -> Option<(PatientPoint, bool)> {
    let (grid, flat) = mask.masks.first()?;
    let geometry = &found.grids.get(*grid)?.geometry;
    let at = |f: &u64| VoxelIndex::from_flat(*f as usize, geometry.size()).0;
    let (low, high) = flat.iter().fold(([usize::MAX; 3], [0; 3]), |(low, high), f| {
        let v = at(f);
        (std::array::from_fn(|a| v[a].min(low[a])), std::array::from_fn(|a| v[a].max(high[a])))
    });
    if flat.is_empty() {
        return None;
    }
    let cut = (0..3).any(|a| low[a] == 0 || high[a] + 1 == geometry.size()[a]);
    let size: usize = (0..3).map(|a| high[a] + 1 - low[a]).product();
    if size > BOX_MAX {
        let all = mean(flat.iter().map(|f| geometry.patient_from_voxel(VoxelIndex(at(f)).center())));
        return all.map(|at| (at, cut));
    }
    let mut region = Region::empty(geometry, low, high);
    for f in flat {
        let v = at(f);
        let n = region.flat(std::array::from_fn(|a| v[a] - low[a]));
        region.inside[n] = true;
    }
    let depth = depth_mm(&region);
    let deepest = depth.iter().copied().fold(0.0f32, f32::max);
    let deep = depth.iter().enumerate().filter(|(_, d)| **d >= DEEP * deepest && **d > 0.0);
    let middle = mean(deep.map(|(n, _)| {
        let v = region.at(n);
        geometry.patient_from_voxel(VoxelIndex(std::array::from_fn(|a| v[a] + low[a])).center())
    }));
    middle.map(|at| (at, cut))
}

fn mean(points: impl Iterator<Item = PatientPoint>) -> Option<PatientPoint> {
    let (sum, n) = points.fold((DVec3::ZERO, 0.0), |(sum, n), p| (sum + p.vec(), n + 1.0));
    if n > 0.0 { PatientPoint::from_vec(sum / n) } else { None }
}

#[cfg(test)]
mod tests {
    use super::VertebraLevel::*;
    use super::*;
    use crate::agree::Grid;

    /// A sagittal grid as scanners write it: columns run backwards, rows to the feet, slices to the left.
    fn sagittal() -> Geometry {
        let origin = PatientPoint::new(-30.0, -50.0, 120.0).expect("finite");
        Geometry::regular(origin, [DVec3::Y * 0.8, DVec3::NEG_Z * 0.8, DVec3::X * 3.0], [100, 120, 20]).expect("a grid")
    }

    #[test]
    fn voxels_of_any_axis_order_come_to_the_same_place() {
        let grid = sagittal();
        let p = PatientPoint::new(3.0, -10.0, 88.0).expect("finite");
        let [i, j, k] = grid.voxel_from_patient(p).0.to_array();
        for (axes, at) in [
            (['P', 'I', 'L'], [i, j, k]),
            (['A', 'I', 'R'], [99.0 - i, j, 19.0 - k]),
            (['L', 'P', 'S'], [k, i, 119.0 - j]),
        ] {
            let found = in_patient(&VerseVoxel { axes, at }, &grid).expect("in the grid");
            assert!(found.distance_mm(p) < 1e-9, "{axes:?}: {found:?}");
        }
    }

    /// A body with an arch behind it, in the middle of the grid; the body's centre is at column 40.
    fn vertebra(name: &str, value: u32) -> Found {
        let geometry = sagittal();
        let mut flat = Vec::new();
        for k in 5..15u64 {
            for j in 50..70u64 {
                let columns = if (8..12).contains(&k) && (56..62).contains(&j) { 30..90u64 } else { 30..51 };
                flat.extend(columns.map(|i| i + 100 * (j + 120 * k)));
            }
        }
        let grids = vec![Grid { image: None, frame: None, geometry }];
        let level = super::super::level_named(name);
        let masks = vec![FoundMask {
            name: name.to_owned(),
            value: Some(value),
            level,
            masks: vec![(0, flat)],
            ..FoundMask::default()
        }];
        Found { grids, masks, ..Found::default() }
    }

    #[test]
    fn a_masks_centre_is_that_of_the_body_and_names_count_before_numbers() {
        let found = vertebra("vertebrae_C6", 45);
        let verse = LabelNames::Verse { id_25: None };
        for scheme in [None, Some(verse), Some(LabelNames::TotalSegmentator)] {
            let levels = levels_of(&found, scheme, None).expect("named");
            let centre = levels.centres[&C6];
            let [i, j, k] = sagittal().voxel_from_patient(centre).0.to_array();
            assert!((i - 40.0).abs() < 2.5 && (j - 59.5).abs() < 1.5 && (k - 9.5).abs() < 0.6, "{i} {j} {k}");
        }
        let numbers = vertebra("", 45);
        assert_eq!(levels_of(&numbers, None, None), Err(AskScheme::Numbers(vec![45])));
        let of = |n, scheme| {
            levels_of(&vertebra("", n), Some(scheme), None).map(|l| l.centres.into_keys().collect::<Vec<_>>())
        };
        assert_eq!(of(45, LabelNames::TotalSegmentator), Ok(vec![C6]));
        assert_eq!((of(6, verse), of(28, verse)), (Ok(vec![C6]), Ok(vec![T13])));
        assert_eq!(of(25, verse), Err(AskScheme::Label25));
        assert_eq!(of(25, LabelNames::Verse { id_25: Some(L6) }), Ok(vec![L6]));
        assert_eq!(of(99, verse), Err(AskScheme::Nothing));
    }

    #[test]
    fn a_lone_structure_is_named_by_its_file() {
        let named = named_after(vertebra("", 1), Path::new("/seg/vertebrae_T9.nii.gz"));
        assert_eq!((named.masks[0].level, named.masks[0].name.as_str()), (Some(T9), "vertebrae_T9"));
        assert_eq!(named_after(vertebra("", 1), Path::new("lesions.nii.gz")).masks[0].level, None);
        let folder = tempfile::tempdir().expect("a folder");
        let why = read_levels(folder.path()).expect_err("empty").to_string();
        assert!(why.contains("vertebrae_C6"), "{why}");
    }

    #[test]
    fn verse_centroids_need_their_image_and_no_scheme() {
        let place = Place::Voxel(VerseVoxel { axes: ['P', 'I', 'L'], at: [10.0, 20.0, 5.0] });
        let found = |n| Found { centres: vec![(CentreName::Number(n), place)], ..Found::default() };
        assert_eq!(levels_of(&found(6), None, None), Err(AskScheme::NoImage));
        let levels = levels_of(&found(6), None, Some(&sagittal())).expect("placed");
        assert_eq!(levels.centres.keys().copied().collect::<Vec<_>>(), [C6]);
        assert_eq!(levels_of(&found(25), None, Some(&sagittal())), Err(AskScheme::Label25));
    }
}
