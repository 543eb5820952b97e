//! Label maps as NIfTI-1, compressed or not: read slice by slice, so memory follows what is painted.

use super::nifti_header::{HEADER, header, names_in};
use super::{Found, FoundMask, ImportError, level_named};
use crate::agree::Grid;
use crate::export::VOXELS_MAX;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Different labels of one file; a picture that is no label map has more.
const LABELS_MAX: usize = 65_535;

/// Reads a label map.
pub fn read(path: &Path) -> Result<Found, ImportError> {
    let fail = |what: String| ImportError::new(path, what);
    let file = File::open(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
    let compressed = super::first_bytes(path)?.starts_with(&[0x1f, 0x8b]);
    let file = BufReader::new(file);
    let mut stream: Box<dyn Read> = if compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    read_from(&mut *stream).map_err(fail)
}

fn read_from(stream: &mut dyn Read) -> Result<Found, String> {
    let mut bytes = [0; HEADER];
    stream.read_exact(&mut bytes).map_err(|e| format!("the header cannot be read: {e}"))?;
    let h = header(&bytes)?;
    let mut extension = Vec::new();
    stream
        .take((h.offset - HEADER) as u64)
        .read_to_end(&mut extension)
        .map_err(|e| format!("the header's extension cannot be read: {e}"))?;
    let names = names_in(&extension);

    let row = h.size[0] * h.size[1];
    let mut slice = vec![0; row * h.sample.bytes()];
    let mut by_label: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut painted = 0;
    for k in 0..h.size[2] {
        stream.read_exact(&mut slice).map_err(|e| format!("slice {k} of {} cannot be read: {e}", h.size[2]))?;
        for (n, sample) in slice.chunks_exact(h.sample.bytes()).enumerate() {
            if sample.iter().all(|b| *b == 0) && h.scale.1 == 0.0 {
                continue;
            }
            let value = h.sample.value(sample, h.big) * h.scale.0 + h.scale.1;
            if value == 0.0 {
                continue;
            }
            let label = whole(value)
                .ok_or_else(|| format!("slice {k} holds {value}; labels are whole numbers from 0 to {}", u32::MAX))?;
            painted += 1;
            by_label.entry(label).or_default().push((n + k * row) as u64);
            if painted > VOXELS_MAX || by_label.len() > LABELS_MAX {
                return Err(format!(
                    "more than {VOXELS_MAX} voxels are painted or there are more than {LABELS_MAX} labels: is it an image?"
                ));
            }
        }
    }
    let mask = |(value, flat): (u32, Vec<u64>)| {
        let name = names.get(&value).cloned().unwrap_or_default();
        FoundMask {
            level: level_named(&name),
            name,
            value: Some(value),
            masks: vec![(0, flat)],
            ..FoundMask::default()
        }
    };
    let grids = vec![Grid { image: None, frame: None, geometry: h.geometry }];
    Ok(Found { what: "NIfTI label map", grids, masks: by_label.into_iter().map(mask).collect(), ..Found::default() })
}

fn whole(value: f64) -> Option<u32> {
    (value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value)).then_some(value as u32)
}
