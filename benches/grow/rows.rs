//! What grow's network sees of lesions whose truth is known, to train it (see `train.py`).

use super::{Lesion, Random, Voxels};
use serde_json::json;
use spondyl::segment::grow_evidence;
use spondyl::volume::Volume;
use std::error::Error;
use std::io::Write;

/// Of each reader a line of JSON, and then of each voxel within the reach what is known of it, and whether it belongs to
/// the lesion (1), to nothing (0) or to another lesion (-1), as little-endian `f32`.
pub fn write(
    out: &mut impl Write,
    volume: &Volume,
    truth: &[u8],
    lesion: &Lesion,
    wanted: &Voxels,
) -> Result<(), Box<dyn Error>> {
    let mut random = Random(lesion.label * 6_700_417 + 3);
    for _ in 0..super::READERS / 4 {
        let (at, reach) = lesion.reader(&mut random)?;
        let rows = grow_evidence(volume, at, reach).unwrap_or_default();
        let facts = json!({"kind": lesion.kind, "part": lesion.part, "rows": rows.len()});
        writeln!(out, "{facts}")?;
        for (voxel, known) in rows {
            let other = truth.get(voxel as usize).is_some_and(|l| *l > 0);
            let belongs = if wanted.contains(&voxel) { 1.0f32 } else { -f32::from(u8::from(other)) };
            for number in known.iter().chain([&belongs]) {
                out.write_all(&number.to_le_bytes())?;
            }
        }
    }
    Ok(())
}
