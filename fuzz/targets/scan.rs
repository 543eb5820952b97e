//! One file of any bytes: a DICOM file, a DICOMDIR, an archive, or nothing of these.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // DICOMDIRs are known by their name, archives by their first bytes.
    let (directory, data) = match data.split_first() {
        Some((b'D', rest)) => (true, rest),
        _ => (false, data),
    };
    let path = common::folder().join(if directory { "DICOMDIR" } else { "one" });
    std::fs::write(&path, data).expect("memory");
    let found = spondyl::study::scan(std::slice::from_ref(&path), &());
    common::examine(&found);
    std::fs::remove_file(&path).expect("what was written");
});
