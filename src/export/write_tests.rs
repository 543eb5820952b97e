//! Whole exports into folders and files.

use super::*;
use crate::export::tests::{Sample, sample};
use crate::export::{CaseFile, check_case_json};
use tempfile::tempdir;

const ALL: [Format; 4] = [Format::Json, Format::Nifti, Format::Csv, Format::Script];

fn names(dir: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(dir).expect("listed").map(|e| e.expect("entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

#[test]
fn all_formats_go_into_one_folder_and_are_the_same_every_time() {
    let (s, dir) = (sample(), tempdir().expect("temporary folder"));
    let (one, two) = (dir.path().join("one"), dir.path().join("deep/two"));
    for to in [&one, &two] {
        let written = export(&s.case(), &ALL, to, false).expect("exported");
        assert!(written.problems.is_empty(), "{:?}", written.problems);
    }
    let expected = ["case.json", "lesions.csv", "lesions.nii.gz", "measurements.csv", "script.jsonl", "vertebrae.csv"];
    assert_eq!(names(&one), expected);
    for name in expected {
        assert_eq!(fs::read(one.join(name)).expect("there"), fs::read(two.join(name)).expect("there"), "{name}");
    }
    let checked = check_case_json(&one.join("case.json")).expect("readable");
    assert_eq!((&checked.problems[..], checked.levels, checked.lesions), (&[][..], 3, 2));
}

#[test]
fn one_format_may_go_into_a_named_file() {
    let (s, dir) = (sample(), tempdir().expect("temporary folder"));
    for (format, name) in [(Format::Json, "a.json"), (Format::Nifti, "b.nii.gz"), (Format::Script, "c.jsonl")] {
        let written = export(&s.case(), &[format], &dir.path().join(name), false).expect("exported");
        assert_eq!(written.files, [dir.path().join(name)]);
    }
    assert_eq!(names(dir.path()), ["a.json", "b.nii.gz", "c.jsonl"]);
    for (format, name) in [(Format::Json, "a.txt"), (Format::Nifti, "b.json"), (Format::Csv, "lesions.csv")] {
        let e = export(&s.case(), &[format], &dir.path().join(name), false).expect_err("not its name").to_string();
        assert!(e.contains(name) && e.contains("folder"), "{e}");
    }
    assert_eq!(names(dir.path()), ["a.json", "b.nii.gz", "c.jsonl"]);
    export(&s.case(), &[Format::Json], &dir.path().join("v1.2/"), false).expect("a folder by its separator");
    fs::remove_dir_all(dir.path().join("v1.2")).expect("there");
    let folder = dir.path().join("tables");
    export(&s.case(), &[Format::Csv], &folder, false).expect("exported");
    assert_eq!(names(&folder), ["lesions.csv", "measurements.csv", "vertebrae.csv"]);
}

#[test]
fn label_values_have_no_holes_and_agree_between_formats() {
    let s = sample();
    assert_eq!(export_values(&s.case()), BTreeMap::from([(1, 1), (3, 2)]));
    let set = &s.file.annotation_sets[0];
    let values: Vec<_> =
        set.vertebrae.iter().flat_map(|v| &v.lesions).map(|l| (l.label.as_str(), l.label_value)).collect();
    assert_eq!(values, [("b", 1), ("a", 2)]);
}

#[test]
fn files_of_another_reader_or_case_stay_unless_forced() {
    let (s, dir) = (sample(), tempdir().expect("temporary folder"));
    export(&s.case(), &ALL, dir.path(), false).expect("exported");
    export(&s.case(), &ALL, dir.path(), false).expect("the same case may be exported again");
    let before = fs::read(dir.path().join("case.json")).expect("there");
    let other_reader = Case { reader: "reader-2", ..s.case() };
    let other_case = Case { id: uuid::Uuid::from_u128(5), ..s.case() };
    for (case, formats) in [
        (other_reader, &ALL[..1]),
        (other_reader, &ALL[2..3]),
        (other_case, &ALL[..1]),
        (other_case, &ALL[1..2]),
        (other_case, &ALL[2..3]),
    ] {
        let e = export(&case, formats, dir.path(), false).expect_err("kept").to_string();
        assert!(e.contains("--force"), "{e}");
    }
    assert_eq!(fs::read(dir.path().join("case.json")).expect("there"), before);
    export(&other_reader, &ALL, dir.path(), true).expect("forced");
    assert_ne!(fs::read(dir.path().join("case.json")).expect("there"), before);
    fs::write(dir.path().join("case.json"), "my notes").expect("written");
    assert!(export(&s.case(), &ALL[..1], dir.path(), false).is_err());
}

#[test]
fn every_format_is_the_same_every_time_and_is_not_taken_from_another_reader() {
    let (mut s, dir) = (sample(), tempdir().expect("temporary folder"));
    outline(&mut s, &[VertebraLevel::C6]);
    let every: Vec<Format> = Format::all().collect();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    for to in [&one, &two] {
        let written = export(&s.case(), &every, to, false).expect("exported");
        assert!(written.problems.is_empty(), "{:?}", written.problems);
        assert_eq!(names(to).len(), written.files.len());
    }
    for name in names(&one) {
        assert_eq!(fs::read(one.join(&name)).expect("there"), fs::read(two.join(&name)).expect("there"), "{name}");
    }
    export(&s.case(), &every, &one, false).expect("the same case may be exported again");
    for format in every.into_iter().filter(|f| !matches!(f, Format::Nifti | Format::Script)) {
        for case in [Case { reader: "reader-2", ..s.case() }, Case { id: uuid::Uuid::from_u128(5), ..s.case() }] {
            let refused = export(&case, &[format], &one, false);
            assert!(matches!(refused, Err(ExportError::Foreign { .. })), "{}: {}", format.name(), case.reader);
        }
    }
}

#[test]
fn a_case_without_drawings_says_which_formats_need_them() {
    let (mut s, dir) = (sample(), tempdir().expect("temporary folder"));
    s.doc.lesions.clear();
    s.doc.masks.clear();
    let every: Vec<Format> = Format::all().collect();
    let written = export(&s.case(), &every, dir.path(), false).expect("the rest is written");
    let told: Vec<String> = written.problems.iter().map(|p| p.to_string()).collect();
    assert_eq!(
        told.iter().filter_map(|t| t.split(':').next()).collect::<Vec<_>>(),
        ["seg", "bodies", "rtstruct", "stl"]
    );
    assert!(names(dir.path()).contains(&"report.sr.dcm".to_owned()), "levels are reported without lesions");
}

#[test]
fn what_cannot_be_held_is_said_and_the_rest_is_written() {
    let (mut s, dir) = (sample(), tempdir().expect("temporary folder"));
    let key = ImageKey("1.2.3.4".to_owned());
    let image = s.doc.images.get_mut(&key).expect("known");
    let old = image.geometry.clone();
    let at = |k: usize| old.origin().moved(old.steps()[2] * (k as f64 + if k > 8 { 1.0 } else { 0.0 }));
    let origins = (0..16).map(at).collect();
    image.geometry = crate::space::Geometry::uneven(origins, old.steps(), [24, 20]).expect("ascending");
    let Sample { doc, volumes, script, .. } = &s;
    let case = Case { doc, volumes, script, ..s.case() };
    let written = export(&case, &ALL, dir.path(), false).expect("the rest is written");
    assert_eq!(written.problems.len(), 1);
    assert!(written.problems[0].to_string().contains("evenly"));
    assert!(!names(dir.path()).iter().any(|n| n.contains("nii")), "absent, not half");
    assert!(check_case_json(&dir.path().join("case.json")).expect("readable").is_sound());
}

#[test]
fn an_empty_case_has_no_grid_and_a_case_without_lesions_an_empty_map() {
    let (mut s, dir) = (sample(), tempdir().expect("temporary folder"));
    s.doc.lesions.clear();
    s.doc.masks.clear();
    let written = export(&s.case(), &[Format::Nifti], dir.path(), false).expect("an empty map");
    assert_eq!((written.files.len(), written.problems.len()), (1, 0));
    s.doc.images.clear();
    assert!(matches!(export(&s.case(), &[Format::Nifti], dir.path(), false), Err(ExportError::Unfit(_))));
}

#[test]
fn nothing_in_the_json_is_lost_on_the_way_back() {
    let s = sample();
    let text = json_text(&s.file).expect("encoded");
    assert_eq!(serde_json::from_slice::<CaseFile>(&text).expect("read back"), s.file);
}

#[test]
fn every_format_says_what_is_odd_about_the_images() {
    let mut s = sample();
    let tilt = crate::volume::Finding {
        code: crate::volume::FindingCode::GantryTilt,
        severity: crate::volume::Severity::Warning,
        message: "tilted".to_owned(),
        files: vec!["a.dcm".to_owned()],
        value_mm: None,
    };
    s.doc.images.values_mut().for_each(|i| i.findings = vec![tilt.clone(), tilt.clone()]);
    let folder = tempfile::tempdir().expect("a folder");
    let formats = [Format::Json, Format::Nifti, Format::Csv, Format::Seg, Format::Sr, Format::Rtstruct, Format::Html];
    let written = export(&s.case(), &formats, folder.path(), false).expect("written");
    assert!(written.problems.is_empty(), "{:?}", written.problems);
    assert!(written.files.len() >= 9, "{:?}", written.files);
    for path in &written.files {
        let mut bytes = std::fs::read(path).expect("readable");
        if path.extension().is_some_and(|e| e == "gz") {
            let mut plain = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut plain).expect("gzip");
            bytes = plain;
        }
        let word: &[u8] = if path.extension().is_some_and(|e| e == "html") { b"tilted" } else { b"gantry-tilt" };
        assert!(bytes.windows(word.len()).any(|w| w == word), "{} does not say it", path.display());
    }
}

/// A few voxels for the body of each level.
fn outline(s: &mut Sample, levels: &[VertebraLevel]) {
    let key = s.doc.images.keys().next().expect("a series").clone();
    for (n, level) in levels.iter().enumerate() {
        let start = 24 * (5 + 2 * n as u64) + 24 * 20 * 4;
        let runs = vec![crate::document::Run { start, length: 6, label: level.label_value() }];
        let edit = crate::document::Edit::Mask { image: key.clone(), layer: crate::document::Layer::Bodies, runs };
        s.doc.apply(edit).expect("known image");
    }
}

#[test]
fn outlined_bodies_go_into_every_format_that_holds_them_and_merged_numbers_are_said() {
    let (mut s, dir) = (sample(), tempdir().expect("temporary folder"));
    outline(&mut s, &[VertebraLevel::C6, VertebraLevel::S1, VertebraLevel::S2]);
    let formats = [Format::Nifti, Format::Bodies, Format::Stl];
    let written = export(&s.case(), &formats, dir.path(), false).expect("exported");
    assert!(written.problems.is_empty(), "{:?}", written.problems);
    assert_eq!(written.notes.len(), 1);
    assert!(written.notes[0].contains("S1, S2 are all 26"), "{:?}", written.notes);
    let all = names(dir.path());
    for name in ["bodies.nii.gz", "bodies.seg.dcm", "body-C6.stl", "body-S1.stl", "body-S2.stl", "lesion-1.stl"] {
        assert!(all.contains(&name.to_owned()), "{name} in {all:?}");
    }
    // Read back by this program's own reader of segmentations: levels by their codes, voxels as outlined.
    let object = dicom::object::open_file(dir.path().join("bodies.seg.dcm")).expect("a DICOM file");
    let segments =
        object.element(dicom::dictionary_std::tags::SEGMENT_SEQUENCE).expect("there").items().expect("items");
    assert_eq!(segments.len(), 3);
    let none = export(&sample().case(), &[Format::Bodies], &dir.path().join("none"), false).expect("looked at");
    assert!(none.problems[0].to_string().contains("outlined"), "{:?}", none.problems);
}
