//! `spondyl info`: what lies under paths, as a table or as JSON.

use super::output::{Failure, Outcome, say, write_out};
use super::series::nothing;
use crate::study::{
    self, InfoDocument, LoadObserver, Orientation, Scan, SeriesInfo, SkipCode, Skipped, Sums, VoxelFigures, figures,
    sums,
};
use crate::volume::{Finding, Kind, Rescale, Severity, SliceSamples};
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// List the image series under files, folders, DICOMDIRs or zip archives, and what is odd about them.
///
/// Example: spondyl info ct-folder --json --voxels
#[derive(Args)]
pub struct InfoArgs {
    /// Files, folders (searched recursively), DICOMDIRs or zip archives.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print JSON (its schema: `spondyl schema info`).
    #[arg(long)]
    json: bool,
    /// Decode every image and give minimum, maximum, mean and SHA-256 of the values after the modality transform.
    #[arg(long)]
    voxels: bool,
    /// Load every volume as the window would, and print times, sums and peak memory as one JSON line on standard error.
    #[arg(long)]
    stats: bool,
}

/// Prints what was found.
///
/// # Errors
/// When nothing could be read, or standard output cannot be written.
pub fn run(args: InfoArgs) -> Outcome {
    let started = Instant::now();
    let scan = study::scan(&args.paths, &());
    let mut stats = Stats::new(started, &scan);
    let mut document = InfoDocument::of(&scan);
    if args.voxels || args.stats {
        for (series, info) in scan.series.iter().zip(&mut document.series) {
            load(series, info, args.voxels, &mut stats);
        }
    }
    stats.load_s = stats.loading_from.elapsed().as_secs_f64();
    let shown = if args.json { serde_json::to_string_pretty(&document)? + "\n" } else { table(&document) };
    write_out(&shown)?;
    if args.stats {
        say(&stats.line()?);
    }
    if scan.series.is_empty() { Err(Failure::Failed(nothing(&scan))) } else { Ok(()) }
}

fn load(series: &study::Series, info: &mut SeriesInfo, hashed: bool, stats: &mut Stats) {
    match study::assemble(series, stats) {
        Ok(assembled) => {
            info.findings.extend(assembled.findings);
            info.voxels = hashed.then(|| figures(&assembled.volume));
        }
        Err(e) => say(&format!("spondyl: {e}")),
    }
}

/// Times and sums of loading.
struct Stats {
    loading_from: Instant,
    scan_s: f64,
    load_s: f64,
    first_slice_s: OnceLock<f64>,
    files: usize,
    series: usize,
    sums: Mutex<Sums>,
}

impl Stats {
    fn new(started: Instant, scan: &Scan) -> Self {
        Self {
            loading_from: Instant::now(),
            scan_s: started.elapsed().as_secs_f64(),
            load_s: 0.0,
            first_slice_s: OnceLock::new(),
            files: scan.series.iter().map(|s| s.files().len()).sum::<usize>() + scan.skipped.len(),
            series: scan.series.len(),
            sums: Mutex::default(),
        }
    }

    fn line(&self) -> Result<String, serde_json::Error> {
        let sums = *self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_string(&serde_json::json!({
            "scan_s": self.scan_s,
            "first_slice_s": self.first_slice_s.get().copied().unwrap_or(0.0),
            "load_s": self.load_s,
            "files": self.files,
            "series": self.series,
            "voxels": sums.count,
            "value_sum": sums.sum,
            "peak_rss_bytes": peak_rss_bytes(),
        }))
    }
}

impl LoadObserver for Stats {
    fn slice_ready(&self, _k: usize, stored: SliceSamples<'_>, rescale: Rescale) {
        self.first_slice_s.get_or_init(|| self.loading_from.elapsed().as_secs_f64());
        let of_slice = sums(stored, rescale);
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).add(of_slice);
    }
}

/// The most memory that this process held, where the system tells; else 0.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

/// The document for people.
fn table(document: &InfoDocument) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    for series in &document.series {
        let _ = write_series(&mut out, series);
    }
    let _ = write_skipped(&mut out, &document.skipped);
    out
}

fn write_series(out: &mut String, s: &SeriesInfo) -> std::fmt::Result {
    let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "-".to_owned());
    let number = s.series_number.map(|n| format!("series {n}: ")).unwrap_or_default();
    writeln!(out, "[{}] {} {number}{}", s.index, text(&s.modality), text(&s.description))?;
    writeln!(out, "    {}", shape(s))?;
    let uid = text(&s.series_instance_uid);
    let files = if s.files == 1 { "1 file".to_owned() } else { format!("{} files", s.files) };
    let units = s
        .units
        .as_deref()
        .filter(|u| *u != "US")
        .map_or("values without unit".to_owned(), |u| format!("values in {u}"));
    writeln!(out, "    {files}, {units}, {uid}")?;
    if let Some(v) = &s.voxels {
        let VoxelFigures { min, max, mean, sha256 } = v;
        writeln!(out, "    values {min} to {max}, mean {mean:.4}, SHA-256 {sha256}")?;
    }
    for finding in &s.findings {
        write_finding(out, finding)?;
    }
    writeln!(out)
}

/// Kind, plane, size and spacing in one line.
fn shape(s: &SeriesInfo) -> String {
    let kind = match s.kind {
        Kind::Volume => "volume",
        Kind::Stack => "stack of uneven slices",
        Kind::Projection => "pictures without position",
    };
    let plane = match s.orientation {
        Some(Orientation::Axial) => "axial ",
        Some(Orientation::Sagittal) => "sagittal ",
        Some(Orientation::Coronal) => "coronal ",
        Some(Orientation::Oblique) => "oblique ",
        None => "",
    };
    let [columns, rows, slices] = s.size;
    let length = |mm: Option<f64>| mm.map_or("?".to_owned(), |mm| format!("{}", (mm * 1e4).round() / 1e4));
    let [x, y, z] = s.spacing_mm.map(length);
    format!("{plane}{kind}, {columns} x {rows} x {slices}, spacing {x} x {y} x {z} mm")
}

fn write_finding(out: &mut String, finding: &Finding) -> std::fmt::Result {
    let mark = match finding.severity {
        Severity::Note => "note",
        Severity::Warning => "WARNING",
        Severity::Error => "ERROR",
    };
    let more = match finding.files.as_slice() {
        [] => String::new(),
        [one] => format!(" ({one})"),
        [one, two] => format!(" ({one}, {two})"),
        [one, .., last] => format!(" ({} files: {one} … {last})", finding.files.len()),
    };
    writeln!(out, "    {mark}: {}{more}", finding.message)
}

/// Files that are not shown: those of one kind together when there are many.
fn write_skipped(out: &mut String, skipped: &[Skipped]) -> std::fmt::Result {
    const SHOWN: usize = 10;
    let mut kinds: BTreeMap<SkipCode, Vec<&Skipped>> = BTreeMap::new();
    skipped.iter().for_each(|s| kinds.entry(s.code).or_default().push(s));
    for skipped in kinds.values() {
        for s in skipped.iter().take(SHOWN) {
            writeln!(out, "not shown: {}: {}", s.path, s.reason)?;
        }
        if skipped.len() > SHOWN {
            writeln!(out, "not shown: {} more files for such a reason", skipped.len() - SHOWN)?;
        }
    }
    Ok(())
}
