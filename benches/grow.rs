//! How well one-click grow draws lesions whose truth is known, and how well readers who use it agree: 23 virtual lesions in
//! real CT, 12 simulated readers each. A reader's seed is the lesion's deepest point moved within 40 % of the inscribed
//! radius, the reach its largest radius times 0.95 … 1.35.
//!
//! `cargo bench --bench grow -- CASE_DIR…`, where each folder holds `dicom-axial/`, `truth-axial.nii.gz` and `truth.json`.
//! One JSON line: mean Dice to the truth, its 10th percentile, mean Dice between readers of the same lesion, milliseconds.

use flate2::read::GzDecoder;
use serde_json::Value;
use spondyl::segment::grow;
use spondyl::space::{DVec3, PatientPoint};
use spondyl::study;
use spondyl::volume::Volume;
use std::collections::HashSet;
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

const READERS: u64 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let cases: Vec<PathBuf> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).map(PathBuf::from).collect();
    let (mut to_truth, mut between, mut ms) = (Vec::new(), Vec::new(), Vec::new());
    for case in &cases {
        let scan = study::scan(&[case.join("dicom-axial")], &());
        let series = scan.series.first().ok_or("no series")?;
        let volume = study::assemble(series, &())?.volume;
        let truth = labels(&case.join("truth-axial.nii.gz"), &volume)?;
        let facts: Value = serde_json::from_slice(&std::fs::read(case.join("truth.json"))?)?;
        for lesion in facts["lesions"].as_array().ok_or("no lesions")? {
            let wanted: HashSet<u64> = voxels(&truth, lesion["label"].as_u64().unwrap_or(0));
            let drawn = readers(lesion, &volume, &mut ms)?;
            let own: Vec<f64> = drawn.iter().map(|d| dice(d, &wanted)).collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            eprintln!("{} {}: {mean:.3}", case.display(), lesion["name"]);
            to_truth.extend(own);
            let pairs = (0..drawn.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
            let agreed: Vec<f64> = pairs.map(|(a, b)| dice(&drawn[a], &drawn[b])).collect();
            between.push(agreed.iter().sum::<f64>() / agreed.len() as f64);
        }
    }
    if to_truth.is_empty() {
        println!("usage: cargo bench --bench grow -- CASE_DIR…");
        return Ok(());
    }
    to_truth.sort_by(f64::total_cmp);
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    println!(
        r#"{{"lesions":{},"mean_dice":{:.4},"p10_dice":{:.4},"between_readers":{:.4},"ms":{:.2}}}"#,
        between.len(),
        mean(&to_truth),
        to_truth[to_truth.len() / 10],
        mean(&between),
        mean(&ms)
    );
    Ok(())
}

/// What the simulated readers draw.
fn readers(lesion: &Value, volume: &Volume, ms: &mut Vec<f64>) -> Result<Vec<HashSet<u64>>, Box<dyn Error>> {
    let number = |v: &Value| v.as_f64().ok_or("not a number");
    let seed = &lesion["seed_mm"];
    let seed = DVec3::new(number(&seed[0])?, number(&seed[1])?, number(&seed[2])?);
    let (inscribed, largest) = (number(&lesion["inscribed_radius_mm"])?, number(&lesion["max_radius_mm"])?);
    let mut random = Random(lesion["label"].as_u64().unwrap_or(0) * 7919);
    let mut drawn = Vec::new();
    for _ in 0..READERS {
        let way = random.in_ball() * 0.4 * inscribed;
        let reach = largest * (0.95 + 0.4 * random.unit());
        let at = PatientPoint::from_vec(seed + way).ok_or("not finite")?;
        let start = Instant::now();
        let spans = grow(volume, at, reach).unwrap_or_default();
        ms.push(start.elapsed().as_secs_f64() * 1e3);
        drawn.push(spans.iter().flat_map(|s| s.start..s.end).collect());
    }
    Ok(drawn)
}

fn dice(a: &HashSet<u64>, b: &HashSet<u64>) -> f64 {
    2.0 * a.intersection(b).count() as f64 / (a.len() + b.len()).max(1) as f64
}

fn voxels(truth: &[u8], label: u64) -> HashSet<u64> {
    truth.iter().enumerate().filter(|(_, l)| u64::from(**l) == label).map(|(n, _)| n as u64).collect()
}

/// Labels of a NIfTI file of bytes or 16-bit numbers on the volume's own grid.
fn labels(path: &Path, volume: &Volume) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut bytes)?;
    let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let size = [42, 44, 46].map(|at| short(at) as usize);
    if size != volume.size() {
        return Err(format!("the truth's grid is {size:?}, the series' {:?}", volume.size()).into());
    }
    let start = f32::from_le_bytes(bytes[108..112].try_into()?) as usize;
    let width = usize::from(short(72)) / 8;
    Ok(bytes[start..].chunks_exact(width).map(|v| v[0]).collect())
}

/// A repeatable random source (SplitMix64, Steele 2014).
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn in_ball(&mut self) -> DVec3 {
        loop {
            let v = DVec3::new(self.unit(), self.unit(), self.unit()) * 2.0 - 1.0;
            if v.length() <= 1.0 {
                return v;
            }
        }
    }
}
