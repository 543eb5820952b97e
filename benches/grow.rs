//! How well one-click grow draws lesions whose truth is known, and how well readers who use it agree: 23 virtual lesions in
//! real CT, 12 simulated readers each. A reader's seed is the lesion's deepest point moved within 40 % of the inscribed
//! radius, the reach its largest radius times 0.95 … 1.35.
//!
//! Then each makes one corrective gesture (see `grow/corrected.rs`). With `--rows FILE` nothing is measured: what grow's
//! network sees of the lesions is written for `grow/train.py`.
//!
//! `cargo bench --bench grow -- CASE_DIR…`, where each folder holds `dicom-axial/`, `truth-axial.nii.gz` and `truth.json`;
//! without folders those of `../shared/data/virtual-lesions` are taken, where they are. One JSON line for all and one for
//! each kind of lesion: mean Dice to the truth and its 10th percentile, after grow and after the corrective gesture, mean
//! Dice between readers of the same lesion, milliseconds, and which gestures were made.

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use spondyl::segment::grow;
use spondyl::space::{DVec3, PatientPoint};
use spondyl::study;
use spondyl::volume::Volume;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[path = "grow/corrected.rs"]
mod corrected;
#[path = "grow/rows.rs"]
mod rows;

const READERS: u64 = 12;

type Voxels = BTreeSet<u64>;

/// What came of the lesions of a kind.
#[derive(Default)]
struct Tally {
    lesions: usize,
    grown: Vec<f64>,
    corrected: Vec<f64>,
    between: Vec<f64>,
    ms: Vec<f64>,
    gestures: BTreeMap<&'static str, usize>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut cases: Vec<PathBuf> = Vec::new();
    let mut rows_to = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rows" => rows_to = arguments.next().map(std::fs::File::create).transpose()?.map(std::io::BufWriter::new),
            a if a.starts_with("--") => {}
            a => cases.push(PathBuf::from(a)),
        }
    }
    if cases.is_empty() {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/virtual-lesions");
        cases = ["torso-ge", "lumbar-3mm"].map(|c| shared.join(c)).into_iter().filter(|c| c.is_dir()).collect();
    }
    if cases.is_empty() {
        println!("usage: cargo bench --bench grow -- [--rows FILE] CASE_DIR…");
        return Ok(());
    }
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for case in &cases {
        let scan = study::scan(&[case.join("dicom-axial")], &());
        let series = scan.series.first().ok_or("no series")?;
        let volume = study::assemble(series, &())?.volume;
        let truth = labels(&case.join("truth-axial.nii.gz"), &volume)?;
        let facts: Value = serde_json::from_slice(&std::fs::read(case.join("truth.json"))?)?;
        for lesion in facts["lesions"].as_array().ok_or("no lesions")? {
            let lesion = Lesion::of(lesion)?;
            let wanted = voxels(&truth, lesion.label);
            if let Some(out) = &mut rows_to {
                rows::write(out, &volume, &truth, &lesion, &wanted)?;
                continue;
            }
            let mut ms = Vec::new();
            let drawn = readers(&lesion, &volume, &mut ms)?;
            let mut random = Random(lesion.label * 104_729 + 1);
            let after: Vec<_> = drawn.iter().map(|d| corrected::best(&volume, d, &wanted, &mut random)).collect();
            let means = [
                mean(&drawn.iter().map(|d| dice(d, &wanted)).collect::<Vec<_>>()),
                mean(&after.iter().map(|(_, d)| dice(d, &wanted)).collect::<Vec<_>>()),
            ];
            let (name, kind) = (&lesion.name, lesion.kind.clone());
            eprintln!("{} {name} ({kind}): {:.3}, corrected {:.3}", case.display(), means[0], means[1]);
            for name in [kind, "all".to_owned()] {
                let tally = tallies.entry(name).or_default();
                tally.lesions += 1;
                tally.grown.extend(drawn.iter().map(|d| dice(d, &wanted)));
                tally.corrected.extend(after.iter().map(|(_, d)| dice(d, &wanted)));
                tally.ms.extend(&ms);
                after.iter().for_each(|(gesture, _)| *tally.gestures.entry(gesture).or_default() += 1);
                let pairs = (0..drawn.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
                tally.between.push(mean(&pairs.map(|(a, b)| dice(&drawn[a], &drawn[b])).collect::<Vec<_>>()));
            }
        }
    }
    for (kind, t) in tallies {
        let line = json!({"kind": kind, "lesions": t.lesions, "mean_dice": rounded(mean(&t.grown)),
            "p10_dice": rounded(p10(t.grown)), "corrected_mean_dice": rounded(mean(&t.corrected)),
            "corrected_p10_dice": rounded(p10(t.corrected)), "between_readers": rounded(mean(&t.between)),
            "ms": rounded(mean(&t.ms)), "gestures": t.gestures});
        println!("{line}");
    }
    Ok(())
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len().max(1) as f64
}

fn p10(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v.get(v.len() / 10).copied().unwrap_or_default()
}

fn rounded(v: f64) -> f64 {
    (v * 1e4).round() / 1e4
}

/// A lesion whose truth is known.
struct Lesion {
    label: u64,
    name: String,
    kind: String,
    part: String,
    /// Its deepest point, and how deep that is.
    seed: DVec3,
    inscribed_mm: f64,
    /// From there to its farthest voxel.
    largest_mm: f64,
}

impl Lesion {
    fn of(facts: &Value) -> Result<Lesion, Box<dyn Error>> {
        let number = |v: &Value| v.as_f64().ok_or("not a number");
        let text = |key: &str| facts[key].as_str().unwrap_or("unknown").to_owned();
        let seed = &facts["seed_mm"];
        Ok(Lesion {
            label: facts["label"].as_u64().ok_or("no label")?,
            name: text("name"),
            kind: text("kind"),
            part: text("part"),
            seed: DVec3::new(number(&seed[0])?, number(&seed[1])?, number(&seed[2])?),
            inscribed_mm: number(&facts["inscribed_radius_mm"])?,
            largest_mm: number(&facts["max_radius_mm"])?,
        })
    }

    /// A simulated reader's seed and reach.
    fn reader(&self, random: &mut Random) -> Result<(PatientPoint, f64), Box<dyn Error>> {
        let way = random.in_ball() * 0.4 * self.inscribed_mm;
        let reach = self.largest_mm * (0.95 + 0.4 * random.unit());
        Ok((PatientPoint::from_vec(self.seed + way).ok_or("not finite")?, reach))
    }
}

/// What the simulated readers draw.
fn readers(lesion: &Lesion, volume: &Volume, ms: &mut Vec<f64>) -> Result<Vec<Voxels>, Box<dyn Error>> {
    let mut random = Random(lesion.label * 7919);
    let mut drawn = Vec::new();
    for _ in 0..READERS {
        let (at, reach) = lesion.reader(&mut random)?;
        let start = Instant::now();
        let spans = grow(volume, at, reach).unwrap_or_default();
        ms.push(start.elapsed().as_secs_f64() * 1e3);
        drawn.push(spans.iter().flat_map(|s| s.start..s.end).collect());
    }
    Ok(drawn)
}

fn dice(a: &Voxels, b: &Voxels) -> f64 {
    2.0 * a.intersection(b).count() as f64 / (a.len() + b.len()).max(1) as f64
}

fn voxels(truth: &[u8], label: u64) -> Voxels {
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
