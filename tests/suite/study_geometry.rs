//! Geometry phantoms: the values of each voxel are a known function of where it lies in the patient, so that a volume is
//! right when, and only when, the value at a point is the function of that point.

use crate::dicom_files::{Dicom, ct_slice, decimals};
use spondyl::space::{DVec3, VoxelIndex};
use spondyl::study::{Orientation, Scan, Series, assemble, scan};
use spondyl::volume::{FindingCode, Kind};
use std::path::Path;

const COLUMNS: usize = 6;
const ROWS: usize = 5;
/// Between columns, between rows (the writer's PixelSpacing).
const IN_PLANE_MM: [f64; 2] = [0.75, 0.5];

/// A value that tells the place: different along every axis, whole, and small enough for 16 bits.
fn value_at(p: DVec3) -> i16 {
    (p.x * 100.0 + p.y * 10.0 + p.z * 4.0).round() as i16
}

/// One acquisition: directions of row and column, and where slices lie.
struct Phantom {
    row: DVec3,
    column: DVec3,
    positions: Vec<DVec3>,
}

impl Phantom {
    /// Slices along the normal, `gap` apart, moved sideways by `shear` from slice to slice.
    fn stack(row: DVec3, column: DVec3, places: &[f64], shear: DVec3) -> Phantom {
        let normal = row.cross(column);
        let positions = places.iter().map(|&at| DVec3::new(-7.0, 3.0, 20.0) + normal * at + shear * at).collect();
        Phantom { row, column, positions }
    }

    fn axial(places: &[f64]) -> Phantom {
        Phantom::stack(DVec3::X, DVec3::Y, places, DVec3::ZERO)
    }

    fn slice(&self, series: &str, k: usize) -> Dicom {
        let at = self.positions[k];
        let voxel = |n: usize| {
            let (i, j) = ((n % COLUMNS) as f64, (n / COLUMNS) as f64);
            value_at(at + self.row * IN_PLANE_MM[0] * i + self.column * IN_PLANE_MM[1] * j)
        };
        let values: Vec<i16> = (0..COLUMNS * ROWS).map(voxel).collect();
        let orientation = [self.row.to_array(), self.column.to_array()].concat();
        ct_slice(series, k + 1, at.to_array(), COLUMNS, &values).text(0x0020_0037, b"DS", &decimals(&orientation))
    }

    fn write(&self, folder: &Path, series: &str) {
        (0..self.positions.len()).for_each(|k| drop(self.slice(series, k).save(folder, &format!("{series}/{k:03}"))));
    }

    fn scanned(&self) -> Scan {
        let folder = tempfile::tempdir().expect("a folder");
        self.write(folder.path(), "p");
        let scan = scan(&[folder.path().to_owned()], &());
        // Values are checked while the files exist.
        scan.series.iter().for_each(check_values);
        scan
    }

    fn series(&self) -> Series {
        let mut scan = self.scanned();
        assert_eq!((scan.series.len(), scan.skipped.len()), (1, 0), "{:?}", scan.skipped);
        scan.series.remove(0)
    }
}

/// Every voxel holds the value of its place.
fn check_values(series: &Series) {
    let volume = assemble(series, &()).expect("memory").volume;
    let [columns, rows, slices] = volume.size();
    for (i, j, k) in (0..columns * rows * slices).map(|n| (n % columns, n / columns % rows, n / columns / rows)) {
        let at = VoxelIndex([i, j, k]);
        let place = volume.geometry.patient_from_voxel(at.center()).vec();
        assert_eq!(volume.value(at), f64::from(value_at(place)), "voxel {at:?} at {place}");
    }
    let [x, y, z] = volume.geometry.steps();
    assert!(x.cross(y).dot(z) > 0.0, "the grid is right-handed");
}

fn codes(series: &Series) -> Vec<FindingCode> {
    series.findings.iter().map(|f| f.code).collect()
}

fn even(count: usize, gap: f64) -> Vec<f64> {
    (0..count).map(|k| k as f64 * gap).collect()
}

#[test]
fn the_eight_patient_positions_keep_their_places() {
    // Directions of row and column in LPS for head first and feet first, on back, belly and each side.
    let (l, p) = (DVec3::X, DVec3::Y);
    let directions = [(l, p), (-l, -p), (-l, p), (l, -p), (p, -l), (-p, l), (p, l), (-p, -l)];
    for (row, column) in directions {
        let series = Phantom::stack(row, column, &even(4, 2.0), DVec3::ZERO).series();
        assert_eq!((series.kind, series.orientation()), (Kind::Volume, Some(Orientation::Axial)));
        assert_eq!(codes(&series), [], "{row} {column}");
        let [_, _, step] = series.geometry.directions();
        assert!((step - row.cross(column)).length() < 1e-12);
    }
}

#[test]
fn sagittal_coronal_and_oblique_acquisitions() {
    let (l, p, s) = (DVec3::X, DVec3::Y, DVec3::Z);
    let leaning = (l * 0.8 + s * 0.6, p);
    let cases = [
        ((p, -s), Orientation::Sagittal),
        ((-p, -s), Orientation::Sagittal),
        ((l, -s), Orientation::Coronal),
        ((l, p), Orientation::Axial),
        (leaning, Orientation::Oblique),
    ];
    for ((row, column), orientation) in cases {
        let series = Phantom::stack(row, column, &even(5, 3.0), DVec3::ZERO).series();
        assert_eq!((series.kind, series.orientation()), (Kind::Volume, Some(orientation)), "{row} {column}");
        let spacing = series.spacing_mm.map(|mm| mm.expect("known"));
        assert!((DVec3::from_array(spacing) - DVec3::new(0.75, 0.5, 3.0)).length() < 1e-9);
    }
}

#[test]
fn a_tilted_gantry_gives_a_sheared_volume_and_is_said() {
    for degrees in [-20.0f64, -0.2, 0.2, 20.0] {
        let shear = DVec3::Y * degrees.to_radians().tan();
        let series = Phantom::stack(DVec3::X, DVec3::Y, &even(6, 2.5), shear).series();
        assert_eq!((series.kind, codes(&series)), (Kind::Volume, vec![FindingCode::GantryTilt]), "{degrees}");
        let moved = series.findings[0].value_mm.expect("a length");
        assert!((moved - 2.5 * shear.length()).abs() < 1e-6, "{degrees}: {moved}");
    }
    let straight = Phantom::stack(DVec3::X, DVec3::Y, &even(6, 2.5), DVec3::Y * 0.015f64.to_radians().tan()).series();
    assert_eq!(codes(&straight), []);
}

#[test]
fn missing_slices_keep_their_gap_and_are_named() {
    for (missing, sentence) in [(vec![2.0], "1 slice is missing"), (vec![2.0, 3.0, 4.0], "3 slices are missing")] {
        let places: Vec<f64> = even(8, 1.0).into_iter().filter(|z| !missing.contains(z)).map(|z| z * 3.0).collect();
        let series = Phantom::axial(&places).series();
        assert_eq!((series.kind, codes(&series)), (Kind::Stack, vec![FindingCode::MissingSlices]));
        let finding = &series.findings[0];
        assert!(finding.message.starts_with(sentence), "{}", finding.message);
        assert!(finding.message.contains("between 23.000 and"), "{}", finding.message);
        assert!(finding.files[0].ends_with("001") && finding.files[1].ends_with("002"), "{:?}", finding.files);
        assert_eq!(finding.value_mm, Some(3.0 * (missing.len() as f64 + 1.0)));
    }
}

#[test]
fn uneven_slices_lie_where_they_were_measured() {
    let series = Phantom::axial(&[0.0, 3.0, 6.0, 9.4, 12.0, 15.0]).series();
    assert_eq!((series.kind, codes(&series)), (Kind::Stack, vec![FindingCode::UnevenSpacing]));
    let positions = series.slice_positions_mm().expect("uneven");
    assert!((positions[3] - positions[0] - 9.4).abs() < 1e-9);
    let noisy = Phantom::axial(&[0.0, 3.0001, 5.9999, 9.0, 12.0]).scanned();
    assert_eq!((noisy.series[0].kind, codes(&noisy.series[0])), (Kind::Volume, vec![]));
}

#[test]
fn neither_names_nor_numbers_nor_thickness_decide_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let phantom = Phantom::axial(&even(6, 2.0));
    for (n, k) in [3, 0, 5, 1, 4, 2].into_iter().enumerate() {
        let lying = phantom
            .slice("p", k)
            .text(0x0020_0013, b"IS", &format!("{}", 100 - 7 * k))
            .text(0x0020_1041, b"DS", &format!("{}", -40.0 * n as f64))
            .text(0x0018_0050, b"DS", if k % 2 == 0 { "5" } else { "1.25" })
            .text(0x0018_1120, b"DS", "15");
        lying.save(folder.path(), &format!("{n}.dcm"));
    }
    let scan = scan(&[folder.path().to_owned()], &());
    let [series] = scan.series.as_slice() else { panic!("one series") };
    assert_eq!((series.kind, codes(series), series.spacing_mm[2]), (Kind::Volume, vec![], Some(2.0)));
    check_values(series);
}

#[test]
fn interleaved_time_points_are_divided_by_what_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let phantom = Phantom::axial(&even(4, 2.0));
    for (n, (k, time)) in (0..4).flat_map(|k| [(k, 1), (k, 2), (k, 3)]).enumerate() {
        let image = phantom
            .slice("p", k)
            .text(0x0008_0018, b"UI", &format!("2.25.99.{n}"))
            .text(0x0020_0013, b"IS", &n.to_string())
            .text(0x0020_0100, b"IS", &time.to_string());
        image.save(folder.path(), &format!("{n:02}"));
    }
    let found = scan(&[folder.path().to_owned()], &());
    let named: Vec<&str> = found.series.iter().map(|s| s.description.as_str()).collect();
    let expected: Vec<String> = (1..=3).map(|t| format!("p, TemporalPositionIdentifier {t}")).collect();
    assert_eq!(named, expected);
    for series in &found.series {
        assert_eq!((series.size()[2], series.kind, codes(series)), (4, Kind::Volume, vec![]));
        check_values(series);
    }
}

#[test]
fn repeated_positions_without_a_reason_are_divided_by_number_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let phantom = Phantom::axial(&even(3, 2.0));
    for n in 0..6 {
        let image = phantom.slice("p", n % 3).text(0x0008_0018, b"UI", &format!("2.25.99.{n}"));
        image.text(0x0020_0013, b"IS", &(n + 1).to_string()).save(folder.path(), &n.to_string());
    }
    let found = scan(&[folder.path().to_owned()], &());
    assert_eq!(found.series.len(), 2);
    assert!(found.series.iter().all(|s| s.kind == Kind::Volume && codes(s) == [FindingCode::DuplicatePosition]));
    // One twin alone cannot be divided: both are shown, at one place, and both files are named.
    std::fs::remove_file(folder.path().join("4")).expect("there");
    std::fs::remove_file(folder.path().join("5")).expect("there");
    let found = scan(&[folder.path().to_owned()], &());
    let [series] = found.series.as_slice() else { panic!("one series") };
    assert_eq!((series.kind, codes(series)), (Kind::Stack, vec![FindingCode::DuplicatePosition]));
    let named: Vec<&str> = series.findings[0].files.iter().map(|f| &f[f.len() - 1..]).collect();
    assert_eq!(named, ["0", "3"]);
    check_values(series);
}

/// Positions nearer than a micrometre are one, in whichever order rounding put them; every slice is seen where it lies.
#[test]
fn positions_that_differ_by_rounding_alone_are_one() {
    use spondyl::volume::{SliceView, reslice};
    for places in
        [vec![0.0, 2.0, 2.000_4, 2.0], vec![1e-320, 0.0, 0.0, 3.0], vec![5.0; 3], vec![0.000_45, 0.0, -0.000_45]]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let phantom = Phantom::axial(&places);
        for k in 0..places.len() {
            // No number divides them, so that all are shown.
            phantom.slice("p", k).text(0x0020_0013, b"IS", "1").save(folder.path(), &k.to_string());
        }
        let found = scan(&[folder.path().to_owned()], &());
        let [series] = found.series.as_slice() else { panic!("{places:?}: one series") };
        assert_eq!(series.kind, Kind::Stack, "{places:?}");
        assert!(codes(series).contains(&FindingCode::DuplicatePosition), "{places:?}");
        let at = series.slice_positions_mm().expect("uneven");
        assert!(at.windows(2).all(|w| w[1] - w[0] > -1e-3), "{at:?}");
        let volume = assemble(series, &()).expect("memory").volume;
        for (k, z) in at.iter().enumerate() {
            let seen = reslice(&volume, &SliceView::frame(&volume.geometry, k));
            let place = volume.geometry.patient_from_voxel(VoxelIndex([2, 2, k]).center()).vec();
            assert!((seen[2 * COLUMNS + 2] - f32::from(value_at(place))).abs() <= 1.0, "{places:?} slice {k} at {z}");
        }
    }
}

#[test]
fn mixed_series_are_listed_apart_and_never_merged() {
    type Change = fn(Dicom) -> Dicom;
    let changes: [(Change, FindingCode); 5] = [
        (|d| d.text(0x0020_0052, b"UI", "2.25.9"), FindingCode::MixedFrameOfReference),
        (|d| d.text(0x0028_0030, b"DS", "0.5\\0.8"), FindingCode::MixedSpacing),
        (|d| d.text(0x0020_0037, b"DS", "1\\0\\0\\0\\0.8\\0.6"), FindingCode::MixedOrientation),
        (|d| d.text(0x0010_0020, b"LO", "SYN-0002"), FindingCode::MixedPatient),
        (|d| d.text(0x0020_000D, b"UI", "2.25.77"), FindingCode::MixedStudy),
    ];
    for (change, code) in changes {
        let folder = tempfile::tempdir().expect("a folder");
        let phantom = Phantom::axial(&even(6, 2.0));
        for k in 0..6 {
            let image = phantom.slice("p", k);
            if k < 3 { image } else { change(image) }.save(folder.path(), &k.to_string());
        }
        let found = scan(&[folder.path().to_owned()], &());
        let sizes: Vec<usize> = found.series.iter().map(|s| s.size()[2]).collect();
        assert_eq!(sizes, [3, 3], "{code:?}");
        assert!(found.series.iter().all(|s| codes(s).contains(&code)), "{code:?}");
    }
}

#[test]
fn images_without_a_place_or_a_scale_claim_none() {
    for (tag, code) in [
        (0x0020_0032, FindingCode::NoPosition),
        (0x0020_0037, FindingCode::NoPosition),
        (0x0028_0030, FindingCode::NoSpacing),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let phantom = Phantom::axial(&even(3, 2.0));
        (0..3).for_each(|k| drop(phantom.slice("p", k).without(tag).save(folder.path(), &k.to_string())));
        let found = scan(&[folder.path().to_owned()], &());
        let [series] = found.series.as_slice() else { panic!("one series") };
        assert_eq!((series.kind, codes(series)), (Kind::Projection, vec![code]));
        assert_eq!((series.orientation(), series.spacing_mm[2]), (None, None));
        assert_eq!(series.spacing_mm[0].is_none(), code == FindingCode::NoSpacing);
    }
}

#[test]
fn a_fingerprint_follows_the_images_and_their_places_not_their_files() {
    let places = even(4, 2.0);
    let fingerprint = |places: &[f64]| Phantom::axial(places).series().fingerprint();
    assert_eq!(fingerprint(&places), fingerprint(&places));
    assert_ne!(fingerprint(&places), fingerprint(&places[..3]));
    assert_ne!(fingerprint(&places), fingerprint(&even(4, 2.1)));
}
