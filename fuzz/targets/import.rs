//! Files of other programs, of any bytes: a case JSON, a label map, a packed label map, and whatever else is read. The
//! first byte says what the file is called; it is only read, and what is found in it fits together.
#![no_main]

mod common;

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use spondyl::export::check_case_json;
use spondyl::import;
use std::fs;
use std::io::Write;

fn packed(data: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(data).expect("memory");
    out.finish().expect("memory")
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let (name, bytes) = match kind % 4 {
        0 => ("one.json", data.to_vec()),
        1 => ("one.nii", data.to_vec()),
        2 => ("one.nii.gz", packed(data)),
        _ => ("one", data.to_vec()),
    };
    let path = common::folder().join(name);
    fs::write(&path, &bytes).expect("memory");
    match import::read(&path) {
        Err(e) => assert!(!e.what.is_empty()),
        Ok(found) => {
            for mask in &found.masks {
                for (grid, voxels) in &mask.masks {
                    let size = found.grids[*grid].geometry.size();
                    let count = size.iter().product::<usize>() as u64;
                    assert!(voxels.windows(2).all(|w| w[0] < w[1]), "ascending, each once");
                    assert!(voxels.last().is_none_or(|v| *v < count), "inside of the grid");
                }
            }
        }
    }
    if name == "one.json" {
        let checked = check_case_json(&path).expect("it can be read");
        assert!(checked.is_sound() || checked.problems.iter().all(|p| !p.message.is_empty()));
    }
    assert!(fs::read(&path).expect("there") == bytes, "only read");
});
