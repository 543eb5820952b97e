//! The bundled sample: it is what the generator writes, it reads without complaint, and its script finds the truth.

use spondyl::anatomy::VertebraLevel;
use spondyl::document::{Document, ImageIdentity, ImageKey};
use spondyl::phantom::{LESIONS, SampleCase, Truth, dicom_write::file_name};
use spondyl::session::{Header, Images, Op, Session};
use spondyl::space::VoxelIndex;
use spondyl::study::{self, Scan};
use spondyl::volume::{Kind, Severity, Volume};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The CT of the sample, as a script's images.
struct Ct {
    key: ImageKey,
    identity: ImageIdentity,
    volume: Arc<Volume>,
}

impl Images for Ct {
    fn volume(&self, key: &ImageKey) -> Option<Arc<Volume>> {
        (*key == self.key).then(|| self.volume.clone())
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        (*key == self.key).then(|| self.identity.clone())
    }

    fn primary(&self) -> Option<ImageKey> {
        Some(self.key.clone())
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

fn scan() -> Scan {
    study::scan(&[folder()], &())
}

fn ct() -> Ct {
    let scan = scan();
    let series = scan.series.iter().find(|s| s.modality == "CT").expect("the sample has a CT");
    let volume = Arc::new(study::assemble(series, &()).expect("memory for 9 MiB").volume);
    Ct { key: scan.key_of(series), identity: series.identity(), volume }
}

fn case() -> &'static SampleCase {
    static CASE: OnceLock<SampleCase> = OnceLock::new();
    CASE.get_or_init(|| SampleCase::new().expect("constant grids"))
}

fn truth() -> &'static Truth {
    static TRUTH: OnceLock<Truth> = OnceLock::new();
    TRUTH.get_or_init(|| case().truth().expect("constant grids"))
}

fn dice(a: &BTreeSet<u64>, b: &BTreeSet<u64>) -> f64 {
    2.0 * a.intersection(b).count() as f64 / (a.len() + b.len()) as f64
}

/// A new case on the CT, and the script's steps performed in it.
fn replay(ct: &Ct, script: &str) -> Document {
    let folder = tempfile::tempdir().expect("a folder");
    let header = Header::new("reader-1", [&ct.identity]);
    let mut session = Session::create(&folder.path().join("sample.spondyl"), header).expect("a new case").session;
    for line in script.lines() {
        let op = Op::from_line(line.as_bytes()).unwrap_or_else(|e| panic!("{e}: {line}"));
        session.perform(&op, ct).unwrap_or_else(|e| panic!("{e}: {line}"));
    }
    session.document().clone()
}

fn script() -> String {
    std::fs::read_to_string(folder().join("case.script.jsonl")).expect("the sample has a script")
}

#[test]
fn the_bundled_files_are_what_the_generator_writes() {
    for (series, slices) in case().series.iter().zip([&[2, 21][..], &[7], &[3], &[]]) {
        for slice in slices {
            let path = folder().join(series.folder).join(file_name(*slice));
            let bundled = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let made = case().file(series, *slice).expect("encodes");
            assert!(made == bundled, "{} is not what make_sample_data writes now", path.display());
        }
        let files = std::fs::read_dir(folder().join(series.folder)).expect("a folder").count();
        assert_eq!(files, series.geometry.size()[2], "{}", series.folder);
    }
    let text = std::fs::read_to_string(folder().join("truth/truth.json")).expect("the truth");
    assert_eq!(text, truth().to_json().expect("plain"));
    assert_eq!(script(), truth().script().expect("plain"));
}

#[test]
fn the_sample_reads_without_complaint() {
    let scan = scan();
    let skipped: Vec<&str> = scan.skipped.iter().map(|s| s.path.as_str()).collect();
    assert!(skipped.iter().all(|p| !p.ends_with(".dcm")), "{skipped:?}");
    let found: Vec<_> = scan.series.iter().map(|s| (s.modality.as_str(), s.kind, s.size())).collect();
    let expected = case().series.iter().map(|s| {
        let kind = if s.series.in_patient { Kind::Volume } else { Kind::Projection };
        (s.series.modality, kind, s.geometry.size())
    });
    assert_eq!(found.len(), 4);
    for series in expected {
        assert!(found.contains(&series), "{series:?} is missing in {found:?}");
    }
    for series in &scan.series {
        assert!(series.findings.iter().all(|f| f.severity == Severity::Note), "{:?}", series.findings);
    }
    let frames: BTreeSet<&str> =
        scan.series.iter().filter(|s| s.is_located()).map(|s| s.frame_of_reference_uid.as_str()).collect();
    assert_eq!(frames.len(), 1, "CT and MR share a frame of reference");
    let studies: BTreeSet<&str> = scan.series.iter().map(|s| s.study_instance_uid.as_str()).collect();
    assert_eq!(studies.len(), 2, "the radiograph is a later study");
}

#[test]
fn the_script_names_eight_levels_and_finds_every_lesion() {
    let ct = ct();
    let document = replay(&ct, &script());
    let named: Vec<VertebraLevel> = document.vertebrae.keys().copied().collect();
    assert_eq!(named, LESIONS.map(|l| l.level));
    let map = document.masks.get(&ct.key).expect("the CT was painted on");
    for lesion in &truth().lesions {
        let (_, drawn) = document.lesion_by_label(lesion.label).expect("drawn");
        assert_eq!(drawn.vertebra, lesion.level);
        let nearest = document.nearest_vertebra(lesion.centroid_mm).expect("levels are placed").0;
        assert_eq!(nearest, lesion.level, "{} is nearest to its own level", lesion.label);
        let drawn: BTreeSet<u64> = map.voxels_of(drawn.label_value).into_iter().collect();
        let size = ct.volume.size();
        let real: BTreeSet<u64> = lesion.mask.voxels().into_iter().map(|v| v.flat(size) as u64).collect();
        let dice = dice(&drawn, &real);
        println!("{}: {} voxels, {:.0} mm³, Dice {dice:.3}", lesion.label, lesion.voxels, lesion.volume_mm3);
        assert!(dice >= 0.85, "{}: Dice {dice:.3}", lesion.label);
    }
}

#[test]
fn values_in_the_ct_are_those_of_the_tissues() {
    let ct = ct();
    let mean = |voxels: &[VoxelIndex]| voxels.iter().map(|v| ct.volume.value(*v)).sum::<f64>() / voxels.len() as f64;
    for lesion in &truth().lesions {
        let value = mean(&lesion.mask.voxels());
        assert!((30.0..190.0).contains(&value), "{}: {value:.0} HU", lesion.label);
    }
    for level in &truth().levels {
        // Spongy bone to the right of the middle, where no focus lies: more than a lesion, less than cortex.
        if matches!(level.level, VertebraLevel::C6 | VertebraLevel::C3 | VertebraLevel::T1) {
            continue;
        }
        let at = ct.volume.geometry.voxel_from_patient(level.centre_mm.moved([-5.0, 0.0, 0.0].into()));
        let [i, j, k] = at.nearest(ct.volume.size()).expect("inside").0;
        let around: Vec<VoxelIndex> = (0..25).map(|n| VoxelIndex([i + n % 5 - 2, j + n / 5 - 2, k])).collect();
        let value = mean(&around);
        assert!((190.0..420.0).contains(&value), "{}: {value:.0} HU", level.level);
    }
}

#[test]
fn c6_has_lost_more_than_half_of_every_height() {
    let levels = &truth().levels;
    assert!(levels.windows(2).all(|w| w[0].level < w[1].level && w[0].centre_mm.vec().z > w[1].centre_mm.vec().z));
    let heights = |l| levels.iter().find(|t| t.level == l).expect("a level").heights_mm;
    let (above, c6, below) = (heights(VertebraLevel::C5), heights(VertebraLevel::C6), heights(VertebraLevel::C7));
    for n in 0..3 {
        let loss = 1.0 - c6[n] / (0.5 * (above[n] + below[n]));
        assert!(loss > 0.5, "height {n}: {:.0} % lost", 100.0 * loss);
    }
}
