//! Outlines of vertebral bodies: one click against masks by others, and a segmentation taken over through the executable.

use spondyl::anatomy::VertebraLevel;
use spondyl::import::{self, LabelNames, levels_in, on_grid};
use spondyl::segment::{BodyShape, body_spans};
use spondyl::space::{Geometry, PatientPoint, VoxelIndex};
use spondyl::study;
use spondyl::volume::Volume;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Scans with vertebra masks, where they lie beside the repository.
fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    path.is_dir().then_some(path)
}

fn volume(folder: &Path) -> Volume {
    let scan = study::scan(&[folder.join("dicom-axial")], &());
    study::assemble(&scan.series[0], &()).expect("whole").volume
}

/// Bodies by level on the scan's grid: whole vertebrae cut down to what another map marks as body.
fn bodies(
    grid: &Geometry,
    vertebrae: &Path,
    names: LabelNames,
    parts: &Path,
    labels: &[u32],
) -> BTreeMap<VertebraLevel, BTreeSet<u64>> {
    let (whole, part) = (import::read(vertebrae).expect("readable"), import::read(parts).expect("readable"));
    let on = |found: &import::Found, n: usize| {
        let (g, flat) = &found.masks[n].masks[0];
        on_grid(&found.grids[*g].geometry, flat, grid)
    };
    let wanted = (0..part.masks.len()).filter(|n| part.masks[*n].value.is_some_and(|v| labels.contains(&v)));
    let marked: BTreeSet<u64> = wanted.flat_map(|n| on(&part, n)).collect();
    let levels = levels_in(&whole, Some(names)).expect("clear");
    levels.into_iter().map(|(l, n)| (l, on(&whole, n).into_iter().filter(|v| marked.contains(v)).collect())).collect()
}

fn center(grid: &Geometry, voxels: &BTreeSet<u64>) -> PatientPoint {
    let at = |f: &u64| grid.patient_from_voxel(VoxelIndex::from_flat(*f as usize, grid.size()).center()).vec();
    PatientPoint::from_vec(voxels.iter().map(at).sum::<spondyl::space::DVec3>() / voxels.len() as f64).expect("finite")
}

/// Dice of the body from one click at the mask's middle, its neighbours being labelled.
fn one_click(scan: &Volume, all: &BTreeMap<VertebraLevel, BTreeSet<u64>>, level: VertebraLevel) -> f64 {
    let grid = &scan.geometry;
    let beside = |by: i32| {
        let l = level.shifted(by)?;
        Some((l, center(grid, all.get(&l).filter(|v| !v.is_empty())?)))
    };
    let shape = BodyShape::usual(level, center(grid, &all[&level]), beside(-1), beside(1));
    let got: Vec<u64> = body_spans(grid, &shape, Some(scan)).iter().flat_map(|s| s.start..s.end).collect();
    let both = got.iter().filter(|v| all[&level].contains(v)).count();
    2.0 * both as f64 / (got.len() + all[&level].len()) as f64
}

#[test]
fn one_click_agrees_with_masks_of_real_bodies() {
    use VertebraLevel::{L1, L2, L3, L4, L5, T12};
    let verse = LabelNames::Verse { id_25: None };
    let cases = [
        (
            "spine-ct-lumbar-tptbox",
            verse,
            "sub-ct_seg-vert_label-22_msk",
            "sub-ct_seg-subreg_label-22_msk",
            vec![49, 50],
            vec![L3],
        ),
        (
            "spine-ct-lumbar-totalseg",
            LabelNames::TotalSegmentator,
            "totalseg",
            "totalseg_vertebrae_body",
            vec![1],
            vec![T12, L1, L2, L3, L4, L5],
        ),
    ];
    for (folder, names, vertebrae, parts, labels, levels) in cases {
        let Some(folder) = data(folder) else { continue };
        let scan = volume(&folder);
        let file = |name: &str| folder.join("nifti").join(format!("{name}.nii.gz"));
        let all = bodies(&scan.geometry, &file(vertebrae), names, &file(parts), &labels);
        for level in levels {
            let dice = one_click(&scan, &all, level);
            println!("{}: {level} {dice:.3}", folder.display());
            assert!(dice > 0.85, "{}: {level} has a Dice of {dice}", folder.display());
        }
    }
}

#[test]
fn a_segmentation_is_taken_over_and_exported_with_the_same_voxels() {
    let Some(folder) = data("spine-ct-lumbar-totalseg") else { return };
    let out = tempfile::tempdir().expect("a folder");
    let (case, mask, part) = (
        out.path().join("c.spondyl"),
        folder.join("nifti/totalseg.nii.gz"),
        folder.join("nifti/totalseg_vertebrae_body.nii.gz"),
    );
    let spondyl = |args: &[&str]| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_spondyl")).args(args).output().expect("runs");
        (
            done.status.code(),
            String::from_utf8_lossy(&done.stdout).into_owned(),
            String::from_utf8_lossy(&done.stderr).into_owned(),
        )
    };
    let path = |p: &Path| p.to_str().expect("UTF-8").to_owned();
    let images = path(&folder.join("dicom-axial"));
    let base = ["bodies", &path(&mask), "--images", &images, "--case", &path(&case), "--reader", "r"];
    let (code, said, why) = spondyl(&[&base[..], &["--names", "totalsegmentator", "--within", &path(&part)]].concat());
    assert_eq!(code, Some(0), "{why}");
    assert!(said.contains("L3: "), "{said}");
    let (code, _, why) =
        spondyl(&["export", &path(&case), "--images", &images, "--format", "json,nifti", "-o", &path(out.path())]);
    assert_eq!(code, Some(0), "{why}");
    let text = std::fs::read(out.path().join("case.json")).expect("written");
    let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let vertebrae = json["annotation_sets"][0]["vertebrae"].as_array().expect("a list").clone();
    let l3 = vertebrae.iter().find(|v| v["level"] == "L3").expect("there");
    assert!(
        l3["body"]["volume_mm3"].as_f64().is_some_and(|v| (30_000.0..70_000.0).contains(&v)),
        "{}",
        l3["body"]["volume_mm3"]
    );
    let grid = volume(&folder).geometry;
    let want = bodies(&grid, &mask, LabelNames::TotalSegmentator, &part, &[1]);
    let found = import::read(&out.path().join("bodies.nii.gz")).expect("readable");
    for (n, mask) in found.masks.iter().enumerate() {
        let verse = LabelNames::Verse { id_25: None };
        let level = match mask.value {
            Some(26) => VertebraLevel::S1,
            value => verse.level(value.expect("a number")).expect("clear").expect("a vertebra"),
        };
        let (g, flat) = &found.masks[n].masks[0];
        let got: BTreeSet<u64> = on_grid(&found.grids[*g].geometry, flat, &grid).into_iter().collect();
        assert_eq!(got, want[&level], "{level}");
    }
    assert_eq!(found.masks.len(), want.values().filter(|v| !v.is_empty()).count());
}
