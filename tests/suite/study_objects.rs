//! Objects of every kind: enhanced and legacy converted multi-frames, their dimensions, PET, angiography, secondary
//! capture; lists of files; and what is no image.

use crate::dicom_files::*;
use crate::study_files::{scan_bytes, scan_of};
use spondyl::study::{Scan, SkipCode, assemble, scan};
use spondyl::volume::{FindingCode, Kind};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

fn class(set: Dicom, last: &str) -> Dicom {
    set.text(0x0008_0016, b"UI", &format!("1.2.840.10008.5.1.4.1.1.{last}"))
}

fn item(sequence: u32, set: Dicom) -> (u32, Value) {
    (sequence, Value::Items(vec![set]))
}

fn group(set: Dicom, (sequence, value): (u32, Value)) -> Dicom {
    set.put(sequence, b"SQ", value)
}

fn described(scan: &Scan) -> Vec<(&str, usize)> {
    scan.series.iter().map(|s| (s.description.as_str(), s.size()[2])).collect()
}

/// Enhanced MR: two of everything at each of three positions, told apart by one attribute in a group of its own.
#[test]
fn what_divides_an_enhanced_object_is_named() {
    type Own = fn(usize) -> (u32, Value);
    let cases: [(&str, Own); 5] = [
        ("StackID 1", |n| item(0x0020_9111, Dicom::default().text(0x0020_9056, b"SH", &(n + 1).to_string()))),
        ("TemporalPositionIndex 1", |n| {
            item(0x0020_9111, Dicom::default().put(0x0020_9128, b"UL", Value::Longs(vec![n as u32 + 1])))
        }),
        ("EffectiveEchoTime 30", |n| {
            let time = 30.0 + 60.0 * n as f64;
            item(0x0018_9114, Dicom::default().put(0x0018_9082, b"FD", Value::Bytes(time.to_le_bytes().to_vec())))
        }),
        ("DiffusionBValue 0", |n| {
            let b = 800.0 * n as f64;
            item(0x0018_9117, Dicom::default().put(0x0018_9087, b"FD", Value::Bytes(b.to_le_bytes().to_vec())))
        }),
        ("DimensionIndexValues 1", |n| {
            item(0x0020_9111, Dicom::default().put(0x0020_9157, b"UL", Value::Longs(vec![n as u32 + 1])))
        }),
    ];
    for (named, own) in cases {
        let frames = enhanced(6, |n| group(at((n / 2) as f64 * 4.0), own(n % 2)));
        let scan = scan_bytes(&class(frames, "4.1").text(0x0008_0060, b"CS", "MR").file(EXPLICIT_LE));
        let [first, second] = scan.series.as_slice() else { panic!("{named}: {:?}", described(&scan)) };
        assert_eq!(first.description, format!("f, {named}"));
        for series in [first, second] {
            assert_eq!((series.kind, series.size()[2], series.spacing_mm[2]), (Kind::Volume, 3, Some(4.0)), "{named}");
        }
        let numbers: Vec<_> = second.frames.iter().filter_map(|f| f.frame_number()).collect();
        assert_eq!(numbers, [2, 4, 6], "{named}");
    }
}

/// Legacy Converted Enhanced CT (PS3.3 A.70): what single files said stands in groups for "unassigned" attributes.
#[test]
fn legacy_converted_objects_are_read_frame_by_frame() {
    let own = |n: usize| {
        let unassigned = Dicom::default()
            .text(0x0020_0013, b"IS", &(n + 1).to_string())
            .text(0x0020_0012, b"IS", &(n % 2 + 1).to_string())
            .text(0x0018_0050, b"DS", "1");
        let window = Dicom::default().text(0x0028_1050, b"DS", &(40 + n).to_string()).text(0x0028_1051, b"DS", "400");
        let rescale = Dicom::default().text(0x0028_1052, b"DS", &(-1000 - n as i32).to_string());
        let rescale = rescale.text(0x0028_1053, b"DS", "1").text(0x0028_1054, b"LO", "HU");
        let groups = group(at((n / 2) as f64 * 2.5), item(0x0020_9172, unassigned));
        group(group(groups, item(0x0028_9132, window)), item(0x0028_9145, rescale))
    };
    let file = class(enhanced(8, own), "2.2").file(EXPLICIT_LE);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "legacy", &file);
    let scan = scan_of(folder.path());
    assert_eq!(described(&scan), [("f, AcquisitionNumber 1", 4), ("f, AcquisitionNumber 2", 4)]);
    for (first, series) in scan.series.iter().enumerate() {
        assert_eq!((series.kind, series.spacing_mm), (Kind::Volume, [Some(0.75), Some(0.5), Some(2.5)]));
        assert!(series.findings.iter().all(|f| f.code == FindingCode::MixedRescale), "{:?}", series.findings);
        let volume = assemble(series, &()).expect("memory").volume;
        for k in 0..4 {
            let n = 2 * k + first;
            let here = volume.rescales.of_slice(k).apply(volume.samples.get(12 * k));
            assert_eq!(here, f64::from(VALUES[0]) + n as f64 - 1000.0 - n as f64, "frame {n}");
            let window = &volume.slice_voi(k).expect("one a frame").windows[0];
            assert_eq!((window.center, window.width), (40.0 + n as f64, 400.0));
        }
    }
}

#[test]
fn pet_has_the_rescale_of_each_slice() {
    let folder = tempfile::tempdir().expect("a folder");
    for n in 1..=3 {
        let slope = 0.5 * n as f64;
        class(slice(n), "128")
            .text(0x0008_0060, b"CS", "PT")
            .text(0x0054_1001, b"CS", "BQML")
            .text(0x0028_1053, b"DS", &slope.to_string())
            .save(folder.path(), &n.to_string());
    }
    let scan = scan_of(folder.path());
    let [series] = scan.series.as_slice() else { panic!("one series") };
    assert_eq!((series.kind, series.units.as_str()), (Kind::Volume, "BQML"));
    let volume = assemble(series, &()).expect("memory").volume;
    for k in 0..3 {
        let value = volume.rescales.of_slice(k).apply(volume.samples.get(12 * k + 7));
        assert_eq!(value, 2000.0 * 0.5 * (k + 1) as f64);
    }
    assert!(series.findings.iter().any(|f| f.code == FindingCode::MixedRescale));
}

#[test]
fn pictures_without_a_place_are_shown_as_such() {
    let unplaced = |set: Dicom| set.without(0x0020_0032).without(0x0020_0037);
    for (last, modality) in [("12.1", "XA"), ("12.2", "RF"), ("1", "CR"), ("1.1", "DX"), ("7", "OT")] {
        let bare = unplaced(class(slice(1), last)).text(0x0008_0060, b"CS", modality).without(0x0028_0030);
        let scan = scan_bytes(&bare.text(0x0018_1164, b"DS", "0.2\\0.3").file(EXPLICIT_LE));
        let [series] = scan.series.as_slice() else { panic!("{modality}: {:?}", scan.skipped) };
        assert_eq!((series.kind, series.spacing_mm), (Kind::Projection, [Some(0.3), Some(0.2), None]), "{modality}");
    }
    // Multi-frame secondary capture: its frames are pictures of one size, in the file's order.
    let frames = unplaced(class(enhanced(3, |_| Dicom::default()), "7.3")).without(0x5200_9229).without(0x5200_9230);
    let scan = scan_bytes(&frames.text(0x0008_0060, b"CS", "OT").file(EXPLICIT_LE));
    let [series] = scan.series.as_slice() else { panic!("{:?}", scan.skipped) };
    assert_eq!((series.kind, series.size()), (Kind::Projection, [4, 3, 3]));
    let numbers: Vec<_> = series.frames.iter().filter_map(|f| f.frame_number()).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[test]
fn what_is_no_image_is_listed_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let kinds = [
        ("88.67", "structured report"),
        ("88.59", "key object selection"),
        ("104.1", "PDF document"),
        ("11.1", "presentation state"),
        ("9.1.1", "waveform"),
        ("66.1", "spatial registration"),
        ("66", "raw data"),
        ("67", "real world value mapping"),
        ("481.3", "radiotherapy structure set"),
        ("481.5", "radiotherapy plan"),
    ];
    for (n, (last, _)) in kinds.iter().enumerate() {
        let set = class(slice(n + 1), last).without(0x7FE0_0010).without(0x0028_0010).without(0x0028_0011);
        set.save(folder.path(), &format!("{n:02}"));
    }
    slice(20).text(0x0008_0016, b"UI", CT).save(folder.path(), "image");
    let scan = scan_of(folder.path());
    assert_eq!((scan.series.len(), scan.skipped.len()), (1, kinds.len()));
    for (skipped, (last, name)) in scan.skipped.iter().zip(kinds) {
        let class = format!("SOPClassUID (0008,0016) is 1.2.840.10008.5.1.4.1.1.{last} ({name})");
        assert!(skipped.code == SkipCode::NotAnImage && skipped.reason.starts_with(&class), "{}", skipped.reason);
    }
}

/// A list of files is believed in any encoding, and only about its own folder.
#[test]
fn lists_of_files_are_read_in_every_encoding() {
    for syntax in [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE] {
        let folder = tempfile::tempdir().expect("a folder");
        (1..=3).for_each(|n| drop(slice(n).save(folder.path(), &format!("CT/{n}"))));
        let record = |n: usize| Dicom::default().text(0x0004_1500, b"CS", &format!("CT\\{n}"));
        for records in [Value::Items((1..=4).map(record).collect()), Value::OpenItems((1..=4).map(record).collect())] {
            let listed = Dicom::default().text(0x0004_1130, b"CS", "SET").put(0x0004_1220, b"SQ", records);
            let directory = write(folder.path(), "DICOMDIR", &listed.file(syntax));
            let scan = scan(&[directory], &());
            assert_eq!(scan.series[0].size()[2], 3, "{syntax}");
            let [missing] = scan.skipped.as_slice() else { panic!("{syntax}: {:?}", scan.skipped) };
            assert!(missing.reason.contains("1 of 4") && missing.reason.contains("CT/4"), "{}", missing.reason);
            assert!(missing.reason.contains("ReferencedFileID (0004,1500)"), "{}", missing.reason);
        }
    }
}

/// Several folders at once, as they are dropped on the window: one list, each file once.
#[test]
fn several_folders_make_one_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    (1..=2).for_each(|n| drop(slice(n).save(&one, &n.to_string())));
    (3..=4).for_each(|n| drop(slice(n).save(&two, &n.to_string())));
    let found = scan(&[two.clone(), one.clone(), two.join("3")], &());
    assert_eq!(found.series.len(), 1);
    assert_eq!((found.series[0].size()[2], found.series[0].kind), (4, Kind::Volume));
    assert_eq!(found.skipped.iter().map(|s| s.code).collect::<Vec<_>>(), [SkipCode::Duplicate]);
}
