//! Files of every shape: what they begin with, how they are written, what they hold; and where they lie.

use crate::dicom_files::*;
use spondyl::study::{Scan, Series, SkipCode, assemble, scan};
use spondyl::volume::{FindingCode, Kind};
use std::path::Path;

/// What a scan finds in a folder.
pub fn scan_of(folder: &Path) -> Scan {
    scan(&[folder.to_owned()], &())
}

/// What a scan finds in one file, each series loaded while it exists.
pub fn scan_bytes(bytes: &[u8]) -> Scan {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "one.dcm", bytes);
    let scan = scan_of(folder.path());
    scan.series.iter().for_each(|s| drop(assemble(s, &())));
    scan
}

/// The rescaled values of the only series of a file, loaded while it exists, and what was said of it.
pub fn values(bytes: &[u8]) -> (Vec<f64>, Vec<FindingCode>) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "one.dcm", bytes);
    let scan = scan_of(folder.path());
    let [series] = scan.series.as_slice() else { panic!("{:?}", scan.skipped) };
    let loaded = assemble(series, &()).expect("memory");
    let (v, [columns, rows, _]) = (loaded.volume, series.size());
    let rescaled = |n| v.rescales.of_slice(n / (columns * rows)).apply(v.samples.get(n));
    let codes = series.findings.iter().chain(&loaded.findings).map(|f| f.code);
    ((0..v.samples.len()).map(rescaled).collect(), codes.filter(|c| *c != FindingCode::SingleSlice).collect())
}

/// The values of [`slice`].
pub fn expected() -> Vec<f64> {
    VALUES.iter().map(|v| f64::from(*v)).collect()
}

#[test]
fn every_way_to_write_a_data_set_gives_the_same_values() {
    for syntax in [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED] {
        assert_eq!(values(&slice(1).file(syntax)), (expected(), vec![]), "{syntax}");
    }
}

#[test]
fn what_the_data_is_counts_more_than_what_the_syntax_says() {
    for (declared, truly) in [
        (IMPLICIT_LE, EXPLICIT_LE),
        (EXPLICIT_LE, IMPLICIT_LE),
        (EXPLICIT_LE, EXPLICIT_BE),
        (IMPLICIT_LE, EXPLICIT_BE),
        ("", EXPLICIT_LE),
        ("", IMPLICIT_LE),
    ] {
        let said = values(&slice(1).file_saying(declared, truly));
        assert_eq!(said, (expected(), vec![FindingCode::BadValue]), "{declared} for {truly}");
    }
}

#[test]
fn files_without_preamble_or_meta_information_open() {
    let file = slice(1).file(EXPLICIT_LE);
    for bytes in [&file[128..], &file[132..]] {
        assert_eq!(values(bytes).0, expected());
    }
    for syntax in [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE] {
        assert_eq!(values(&slice(1).data_set(syntax)).0, expected(), "{syntax}");
    }
    let mut wrong_group_length = file.clone();
    wrong_group_length[140..144].copy_from_slice(&9999u32.to_le_bytes());
    assert_eq!(values(&wrong_group_length).0, expected());
    let mut with_padding = file.clone();
    with_padding.extend([0; 64]);
    assert_eq!(values(&with_padding).0, expected());
}

#[test]
fn public_attributes_stored_as_unknown_are_read_as_the_standard_defines_them() {
    let scaled = slice(1).text(0x0028_1053, b"DS", "2").text(0x0028_1052, b"DS", "-7");
    let doubled: Vec<f64> = VALUES.iter().map(|v| 2.0 * f64::from(*v) - 7.0).collect();
    assert_eq!(values(&scaled.clone().stored_unknown().file(EXPLICIT_LE)), (doubled, vec![]));
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "u.dcm", &scaled.stored_unknown().file(EXPLICIT_LE));
    let scan = scan_of(folder.path());
    assert_eq!(scan.series[0].geometry.origin().vec().z, 2.0);
}

#[test]
fn lies_about_sizes_allocate_nothing() {
    type Change = fn(Dicom) -> Dicom;
    let lies: [(Change, &str); 9] = [
        (|d| d.us(0x0028_0010, 65535).us(0x0028_0011, 65535), "Rows (0028,0010)"),
        (|d| d.us(0x0028_0010, 0), "Rows (0028,0010)"),
        (|d| d.without(0x0028_0011), "Columns (0028,0011)"),
        (|d| d.put(0x0028_0010, b"US", Value::Bytes(vec![])), "Rows (0028,0010)"),
        (|d| d.us(0x0028_0100, 12), "BitsAllocated (0028,0100)"),
        (|d| d.us(0x0028_0101, 24), "BitsStored (0028,0101)"),
        (|d| d.us(0x0028_0103, 7), "PixelRepresentation (0028,0103)"),
        (|d| d.us(0x0028_0002, 3), "SamplesPerPixel (0028,0002)"),
        (|d| d.without(0x7FE0_0010), "PixelData (7FE0,0010)"),
    ];
    for (lie, named) in lies {
        let scan = scan_bytes(&lie(slice(1)).file(EXPLICIT_LE));
        assert_eq!((scan.series.len(), scan.skipped.len()), (0, 1), "{named}");
        assert!(scan.skipped[0].reason.contains(named), "{}", scan.skipped[0].reason);
    }
}

#[test]
fn a_number_that_is_none_is_never_used() {
    let bad = ["1,5\\1,5", "abc\\def", "0\\0", "-1\\1", "NaN\\NaN", "inf\\inf", "1.5", "1e300\\1e300", "1e-300\\1"];
    for spacing in bad {
        let scan = scan_bytes(&slice(1).text(0x0028_0030, b"DS", spacing).file(EXPLICIT_LE));
        let series = &scan.series[0];
        assert_eq!((series.kind, series.spacing_mm), (Kind::Projection, [None; 3]), "{spacing}");
        let complaint = &series.findings.iter().find(|f| f.code == FindingCode::BadValue).expect("said").message;
        assert!(complaint.contains("PixelSpacing (0028,0030)") && complaint.contains("expected"), "{complaint}");
    }
    for (slope, intercept) in [("NaN", "0"), ("1", "1e400"), ("0", "0"), ("x", "0")] {
        let image = slice(1).text(0x0028_1053, b"DS", slope).text(0x0028_1052, b"DS", intercept);
        assert_eq!(values(&image.file(EXPLICIT_LE)), (expected(), vec![FindingCode::BadValue]), "{slope} {intercept}");
    }
}

#[test]
fn nesting_and_lengths_are_followed_without_recursion_or_trust() {
    let open = |tag: u32| [(tag >> 16) as u16, tag as u16].map(u16::to_le_bytes).concat();
    let sequence = |length: u32| [open(0x0040_A730), b"SQ\0\0".to_vec(), length.to_le_bytes().to_vec()].concat();
    let item = |tag: u32, length: u32| [open(tag), length.to_le_bytes().to_vec()].concat();
    let level = [sequence(u32::MAX), item(0xFFFE_E000, u32::MAX)].concat();
    let end = [item(0xFFFE_E00D, 0), item(0xFFFE_E0DD, 0)].concat();
    let with = |insert: Vec<u8>| {
        let file = slice(1).file(EXPLICIT_LE);
        let pixels = file.windows(4).rposition(|w| w == [0xE0, 0x7F, 0x10, 0]).expect("pixel data");
        scan_bytes(&[file[..pixels].to_vec(), insert, file[pixels..].to_vec()].concat())
    };
    assert_eq!(with([level.repeat(60), end.repeat(60)].concat()).series.len(), 1);
    assert_eq!(with([sequence(800_000), item(0xFFFE_E000, 0).repeat(100_000)].concat()).series.len(), 1);
    let strange = [item(0xFFFE_E00D, 0).repeat(3), item(0xFFFE_E000, 0), item(0xFFFE_E0DD, 0)].concat();
    assert_eq!(with([sequence(u32::MAX), strange].concat()).series.len(), 1);
    let refused = [
        ([level.repeat(3000), end.repeat(3000)].concat(), "nested deeper than 64 levels"),
        (level.repeat(100_000), "nested deeper than 64 levels"),
        (level.clone(), "the file ends inside"),
        ([sequence(16), item(0xFFFE_E000, 4000), vec![0; 8]].concat(), "a length of 4000 bytes"),
        ([open(0x0009_1010), b"UN\0\0".to_vec(), 0x7FFF_FFFEu32.to_le_bytes().to_vec()].concat(), "bytes are left"),
        ([open(0x0020_4000), b"UT\0\0".to_vec(), [255; 4].to_vec(), b"hello ".to_vec()].concat(), "undefined length"),
    ];
    for (insert, said) in refused {
        let scan = with(insert);
        assert_eq!((scan.series.len(), scan.skipped.len()), (0, 1), "{said}");
        assert!(scan.skipped[0].reason.contains(said), "{} lacks {said}", scan.skipped[0].reason);
    }
}

#[test]
fn a_deflate_bomb_is_not_inflated() {
    let mut image = slice(1).file(EXPLICIT_LE);
    image.truncate(132);
    let start = slice(1).without(0x7FE0_0010).file(EXPLICIT_LE);
    let meta_end = start.windows(4).position(|w| w == [8, 0, 8, 0]).expect("the data set");
    let mut deflate = flate2::write::DeflateEncoder::new(start[..meta_end].to_vec(), flate2::Compression::best());
    use std::io::Write;
    deflate.write_all(&start[meta_end..]).expect("memory");
    deflate.write_all(&[0x29, 0x50, 0x10, 0x10, b'O', b'B', 0, 0, 0, 0, 0, 0x20]).expect("memory");
    (0..512).for_each(|_| deflate.write_all(&vec![0; 1 << 20]).expect("memory"));
    let bomb = deflate.finish().expect("memory");
    let bomb = replaced(&bomb, b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99");
    let scan = scan_bytes(&bomb);
    assert_eq!((scan.series.len(), scan.skipped.len()), (0, 1));
    assert!(scan.skipped[0].reason.contains("longer than"), "{}", scan.skipped[0].reason);
}

/// The transfer syntax in the meta information replaced by a longer one, with the lengths that it needs.
fn replaced(file: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = file.windows(from.len()).position(|w| w == from).expect("the syntax");
    let mut out = [&file[..at], to, &file[at + from.len()..]].concat();
    let more = (to.len() - from.len()) as u8;
    out[140] += more;
    out[at - 2] += more;
    out
}

#[test]
fn other_objects_and_other_files_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let report =
        slice(1).without(0x7FE0_0010).without(0x0028_0010).text(0x0008_0016, b"UI", "1.2.840.10008.5.1.4.1.1.88.33");
    report.save(folder.path(), "report");
    slice(2).text(0x0008_0016, b"UI", "1.2.840.10008.5.1.4.1.1.66.4").save(folder.path(), "seg");
    write(folder.path(), "notes.txt", b"no image");
    write(folder.path(), "empty.dcm", b"");
    let scan = scan_of(folder.path());
    let told: Vec<_> = scan.skipped.iter().map(|s| (s.path.rsplit('/').next().unwrap_or_default(), s.code)).collect();
    let expected = [
        ("empty.dcm", SkipCode::NotDicom),
        ("notes.txt", SkipCode::NotDicom),
        ("report", SkipCode::NotAnImage),
        ("seg", SkipCode::NotAnImage),
    ];
    assert_eq!((scan.series.len(), told), (0, expected.to_vec()));
    assert!(
        scan.skipped[2].reason.contains("SOPClassUID (0008,0016)")
            && scan.skipped[2].reason.contains("structured report")
    );
}

#[test]
fn the_same_image_counts_once_and_one_uid_for_two_images_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    (1..4).for_each(|n| drop(slice(n).save(folder.path(), &format!("{n}"))));
    slice(2).save(folder.path(), "again");
    let scan = scan_of(folder.path());
    assert_eq!((scan.series[0].size()[2], scan.skipped[0].code), (3, SkipCode::Duplicate));
    let told = &scan.skipped[0];
    assert!(told.path.ends_with("again") && told.reason.contains("/2,"), "{told:?}");
    std::fs::remove_file(folder.path().join("again")).expect("there");
    slice(4).text(0x0008_0018, b"UI", &uid_of(2)).save(folder.path(), "4");
    let scan = scan_of(folder.path());
    assert_eq!(scan.series[0].size()[2], 4);
    assert!(scan.series[0].findings.iter().any(|f| f.code == FindingCode::DuplicateInstance));
}

fn uid_of(number: usize) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    slice(number).save(folder.path(), "x");
    scan_of(folder.path()).series[0].frames[0].sop_instance_uid().to_owned()
}

fn zip_of(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

#[test]
fn archives_open_like_folders() {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<(String, Vec<u8>)> = (1..4).map(|n| (format!("ct/{n}"), slice(n).file(EXPLICIT_LE))).collect();
    let mut files: Vec<(&str, Vec<u8>)> = files.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    let multi = enhanced(3, |n| at(n as f64)).text(0x0020_000E, b"UI", "2.25.5").text(0x0008_0018, b"UI", "2.25.6");
    files.push(("../outside", multi.file(EXPLICIT_LE)));
    let path = write(folder.path(), "study.zip", &zip_of(&files));
    let scan = scan(std::slice::from_ref(&path), &());
    let sizes: Vec<usize> = scan.series.iter().map(|s: &Series| s.size()[2]).collect();
    assert_eq!(sizes, [3, 3], "{:?}", scan.skipped);
    for series in &scan.series {
        let volume = assemble(series, &()).expect("memory");
        assert_eq!(volume.findings, []);
    }
    let nested = write(folder.path(), "nested.zip", &zip_of(&[("inner.zip", zip_of(&files))]));
    let scan = spondyl::study::scan(&[nested], &());
    assert_eq!((scan.series.len(), scan.skipped.len()), (0, 1));
    let cut = std::fs::read(&path).expect("there");
    let cut = write(folder.path(), "cut.zip", &cut[..cut.len() / 2]);
    let scan = spondyl::study::scan(&[cut], &());
    assert_eq!((scan.series.len(), scan.skipped[0].code), (0, SkipCode::Unreadable));
}

#[test]
fn a_dicomdir_names_files_of_its_own_folder_only() {
    let folder = tempfile::tempdir().expect("a folder");
    slice(9).save(folder.path(), "outside.dcm");
    let inside = folder.path().join("cd");
    slice(1).save(&inside, "IMAGES/IM1");
    slice(2).save(&inside, "images/im2");
    slice(3).save(&inside, "IMAGES/NOTLISTED");
    let record = |id: &str| Dicom::default().text(0x0004_1500, b"CS", id);
    let ids = ["IMAGES\\IM1", "IMAGES\\IM2", "IMAGES\\IM3", "..\\outside.dcm", "/etc/hosts", "C:\\X"];
    let listed = Dicom::default().put(0x0004_1220, b"SQ", Value::Items(ids.map(record).to_vec()));
    let directory = listed.save(&inside, "DICOMDIR");
    let only_listed = scan(&[directory], &());
    assert_eq!(only_listed.series[0].size()[2], 2, "the two that are listed and there");
    let reasons: Vec<&str> = only_listed.skipped.iter().map(|s| s.reason.as_str()).collect();
    assert!(reasons.iter().any(|r| r.contains("IMAGES/IM3") && r.contains("missing")), "{reasons:?}");
    assert!(reasons.iter().any(|r| r.starts_with("3 of 6") && r.contains("outside its folder")), "{reasons:?}");
    assert_eq!(scan_of(&inside).series[0].size()[2], 3, "the folder is searched all the same");
}

#[cfg(unix)]
#[test]
fn links_loops_and_names_of_any_bytes() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("f");
    slice(1).save(&inside, "sub/one");
    for (n, name) in [b"\x1b[31mred".as_slice(), b"\xff\xfe", b"new\nline", b" "].into_iter().enumerate() {
        let path = inside.join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(path, slice(n + 2).file(EXPLICIT_LE)).expect("a new file");
    }
    for (link, target) in [("self", "."), ("sub/up", ".."), ("a", "b"), ("b", "a"), ("zero", "/dev/zero")] {
        symlink(target, inside.join(link)).expect("a new link");
    }
    let elsewhere = slice(9).save(folder.path(), "elsewhere");
    symlink(elsewhere, inside.join("linked")).expect("a new link");
    let scan = scan_of(&inside);
    assert_eq!(scan.series[0].size()[2], 6, "{:?}", scan.skipped);
    let codes: Vec<SkipCode> = scan.skipped.iter().map(|s| s.code).collect();
    assert_eq!(codes, [SkipCode::Unreadable, SkipCode::Unreadable, SkipCode::NotAFile]);
    let control = |text: &str| text.chars().any(char::is_control);
    assert!(scan.series[0].files().iter().all(|f| !control(f)));
}

#[test]
fn folders_that_name_the_patient_are_not_told() {
    let folder = tempfile::tempdir().expect("a folder");
    slice(1).save(folder.path(), "SYN-0001/ct/one");
    slice(2).without(0x0028_0010).save(folder.path(), "nobody_real/two");
    let scan = scan_of(folder.path());
    let told = format!("{:?} {:?}", scan.series[0].findings, scan.skipped);
    assert!(!told.contains("SYN-0001") && !told.contains("nobody_real"), "{told}");
    assert!(told.contains("…/ct/one") && told.contains("…/two"), "{told}");
    assert!(scan_of(&folder.path().join("SYN-0001")).series[0].files()[0].ends_with("SYN-0001/ct/one"), "as typed");
}

#[test]
fn loading_can_be_watched_and_stopped() {
    use spondyl::study::{LoadObserver, StudyError};
    use spondyl::volume::{Rescale, SliceSamples};
    use std::sync::Mutex;
    struct Watch(Mutex<Vec<usize>>, usize);
    impl LoadObserver for Watch {
        fn slice_ready(&self, k: usize, stored: SliceSamples<'_>, _: Rescale) {
            assert_eq!(stored, SliceSamples::I16(&VALUES));
            self.0.lock().expect("no panic").push(k);
        }
        fn cancelled(&self) -> bool {
            self.0.lock().expect("no panic").len() >= self.1
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    (1..=9).for_each(|n| drop(slice(n).save(folder.path(), &n.to_string())));
    let scan = scan_of(folder.path());
    let all = Watch(Mutex::default(), usize::MAX);
    assemble(&scan.series[0], &all).expect("memory");
    let mut seen = all.0.into_inner().expect("no panic");
    assert!(seen[..2].contains(&4), "the middle comes first: {seen:?}");
    seen.sort_unstable();
    assert_eq!(seen, (0..9).collect::<Vec<_>>());
    let stopped = assemble(&scan.series[0], &Watch(Mutex::default(), 3));
    assert!(matches!(stopped, Err(StudyError::Cancelled)));
}

/// Thousands of damaged files, from a fixed seed: nothing panics, nothing hangs, nothing is made up of thin air.
#[test]
fn damage_of_any_kind_costs_no_more_than_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let rle =
        [[2u8, 0, 0, 0, 64, 0, 0, 0, 78].as_slice(), &[0; 55], &[11], &[3; 12], &[0, 11], &[4; 12], &[0]].concat();
    let seeds = [
        slice(1).file(EXPLICIT_LE),
        slice(1).file(IMPLICIT_LE),
        slice(1).file(EXPLICIT_BE),
        slice(1).file(DEFLATED),
        enhanced(3, |n| at(n as f64)).file(EXPLICIT_LE),
        enhanced(2, |n| at(n as f64))
            .put(0x7FE0_0010, b"OB", Value::Fragments(vec![], vec![rle.clone(), rle]))
            .file(RLE),
    ];
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    // More rounds than a test should take: SPONDYL_FUZZ_ROUNDS=1000000.
    let rounds = std::env::var("SPONDYL_FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3000);
    for round in 0..rounds {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..=random(4) {
            let (at, with) = (random(bytes.len()), random(256) as u8);
            match random(5) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, with),
                2 => drop(bytes.splice(at..(at + random(12)).min(bytes.len()), [255; 4])),
                _ => bytes[at] = with,
            }
            if bytes.is_empty() {
                break;
            }
        }
        let path = write(folder.path(), "damaged.dcm", &bytes);
        let scan = scan(&[path], &());
        for series in &scan.series {
            let [columns, rows, frames] = series.size();
            assert!(columns * rows * frames <= 64 << 20, "{:?} from {} bytes", series.size(), bytes.len());
            drop(assemble(series, &()));
        }
    }
}

#[cfg(unix)]
#[test]
fn pipes_sockets_and_devices_are_named_and_never_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    write(folder.path(), "one.dcm", &slice(1).file(EXPLICIT_LE));
    // Reading a pipe that nobody writes into would wait for ever.
    let made = std::process::Command::new("mkfifo").arg(at("pipe.dcm")).status().expect("mkfifo is there");
    assert!(made.success());
    let _listening = std::os::unix::net::UnixListener::bind(at("socket.dcm")).expect("a socket");
    std::os::unix::fs::symlink("/dev/zero", at("endless.dcm")).expect("a link");
    std::os::unix::fs::symlink(at("pipe.dcm"), at("link.dcm")).expect("a link");
    std::os::unix::fs::symlink(folder.path(), at("loop")).expect("a link");
    let found = scan_of(folder.path());
    assert_eq!(found.series.len(), 1, "{:?}", found.skipped);
    let said = |name: &str, what: &str| {
        found.skipped.iter().any(|s| s.path.ends_with(name) && s.code == SkipCode::NotAFile && s.reason.contains(what))
    };
    assert!(said("pipe.dcm", "FIFO") && said("link.dcm", "FIFO"), "{:?}", found.skipped);
    assert!(said("socket.dcm", "socket") && said("endless.dcm", "device"), "{:?}", found.skipped);
    for one in ["pipe.dcm", "socket.dcm", "endless.dcm"] {
        assert!(scan(&[at(one)], &()).series.is_empty(), "{one} by itself");
    }
}
