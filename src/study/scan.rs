//! From paths to series: find files, read their headers in parallel, put together what belongs together.

use super::attribute as a;
use super::dicomdir;
use super::group::{self, Part};
use super::header;
use super::info::{SkipCode, Skipped};
use super::instance::{self, Instance};
use super::issue::{Issue, Unusable};
use super::judge;
use super::privacy::{Identities, kept_units};
use super::series::{FrameRef, Scan, Series};
use super::source::{self, Source};
use super::voi::Luts;
use crate::volume::{Finding, FindingCode, Severity};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What scanning tells about its progress; all do nothing unless overridden.
pub trait ScanObserver: Sync {
    /// So many of so many files have been looked at.
    fn progress(&self, _done: usize, _total: usize) {}
    /// Whether to stop; what was found so far is then returned.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
impl ScanObserver for () {}

/// Scans files, folders, DICOMDIRs and zip archives. Only headers are read.
pub fn scan(paths: &[PathBuf], observer: &dyn ScanObserver) -> Scan {
    let found = source::find(paths);
    let mut read = Read { skipped: found.skipped, ..Read::default() };
    // A DICOMDIR that was named itself stands for the files that it lists.
    let named = |source: &Source| dicomdir::is_named_so(&source.path) && paths.contains(&source.path);
    let mut files = Vec::new();
    for source in found.files {
        match if named(&source) { dicomdir::files_listed(&source) } else { None } {
            Some(mut listed) => {
                files.append(&mut listed);
                read.directories.push(source);
            }
            None => files.push(source),
        }
    }
    read.all(files, observer);
    // An archive inside an archive comes up while its outer one is read; it is then said, and not opened.
    while let Some(archive) = read.archives.pop() {
        match source::archive(&archive) {
            Ok(entries) => read.all(entries, observer),
            Err(why) => read.skip(archive, why),
        }
    }
    let (instances, mut skipped) = read.without_identities();
    let instances = distinct(instances, &mut skipped);
    let mut series = assemble(instances);
    series.iter_mut().enumerate().for_each(|(index, s)| s.index = index);
    skipped.sort_by(|x, y| (&x.path, x.code).cmp(&(&y.path, y.code)));
    Scan { series, skipped }
}

/// What came of reading headers.
#[derive(Default)]
struct Read {
    luts: Luts,
    identities: Identities,
    instances: Vec<Instance>,
    archives: Vec<Source>,
    directories: Vec<Source>,
    /// With how much of the path the user gave.
    skipped: Vec<(Skipped, usize)>,
}

enum Outcome {
    Image(Box<Instance>),
    Archive(Source),
    Directory(Source, Unusable),
    Skipped(Source, Unusable),
}

impl Read {
    /// Reads headers in parallel.
    fn all(&mut self, files: Vec<Source>, observer: &dyn ScanObserver) {
        let total = files.len();
        let done = AtomicUsize::new(0);
        let one = |memory: &mut Vec<u8>, source: Source| {
            if observer.cancelled() {
                return None;
            }
            let outcome = self.look_at(source, memory);
            observer.progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Some(outcome)
        };
        let outcomes: Vec<Option<Outcome>> = files.into_par_iter().map_init(Vec::new, one).collect();
        for outcome in outcomes.into_iter().flatten() {
            match outcome {
                Outcome::Image(instance) => self.instances.push(*instance),
                Outcome::Archive(source) => self.archives.push(source),
                Outcome::Skipped(source, why) => self.skip(source, why),
                Outcome::Directory(source, why) => {
                    self.directories.push(source.clone());
                    self.skip(source, why);
                }
            }
        }
    }

    fn look_at(&self, mut source: Source, memory: &mut Vec<u8>) -> Outcome {
        let header = match source.stream(|stream| header::read(stream, memory)) {
            Ok(header) => header,
            Err(why) if why.code == SkipCode::Archive => return Outcome::Archive(source),
            Err(why) => return Outcome::Skipped(source, why),
        };
        source.shown = self.identities.meet(&header.dataset, &source.shown, source.given);
        let directory = header.dataset.has(a::DIRECTORY_RECORDS);
        match instance::read(&source, header, &self.luts) {
            Ok(instance) => Outcome::Image(Box::new(instance)),
            Err(why) if directory => Outcome::Directory(source, why),
            Err(why) => Outcome::Skipped(source, why),
        }
    }

    fn skip(&mut self, source: Source, why: Unusable) {
        self.skipped.push((Skipped { path: source.shown, reason: why.reason, code: why.code }, source.given));
    }

    /// The images and what was left out, with paths that name no patient.
    fn without_identities(self) -> (Vec<Instance>, Vec<Skipped>) {
        let identities = self.identities;
        let complaints =
            |d: &Source| dicomdir::complaints(d, &identities).into_iter().map(|c| (c, d.given)).collect::<Vec<_>>();
        let of_directories: Vec<_> = self.directories.iter().flat_map(complaints).collect();
        let all = self.skipped.into_iter().chain(of_directories);
        let skipped = all.map(|(s, given)| Skipped { path: identities.hide(&s.path, given), ..s }).collect();
        let mut instances = self.instances;
        instances.iter_mut().for_each(|i| i.source.shown = identities.hide(&i.source.shown, i.source.given));
        (instances, skipped)
    }
}

/// Leaves out files that hold an instance which another file holds already; says where one UID stands for two images.
fn distinct(instances: Vec<Instance>, skipped: &mut Vec<Skipped>) -> Vec<Instance> {
    let mut known: HashMap<Box<str>, usize> = HashMap::new();
    let mut kept: Vec<Instance> = Vec::new();
    for mut instance in instances {
        let uid = instance.sop_instance.clone();
        let Some(&first) = known.get(&uid).filter(|_| !uid.is_empty()) else {
            known.insert(uid, kept.len());
            kept.push(instance);
            continue;
        };
        let name = kept[first].source.shown.clone();
        if kept[first].is_same_image(&instance) {
            let reason = format!("duplicate: {} is the same as in {name}, which is shown", a::SOP_INSTANCE);
            skipped.push(Skipped { path: instance.source.shown, reason, code: SkipCode::Duplicate });
        } else {
            let conflict = |other: &str| Issue {
                code: FindingCode::DuplicateInstance,
                severity: Severity::Warning,
                message: format!(
                    "{} conflict: {other} has the same UID but is another image; both are shown",
                    a::SOP_INSTANCE
                ),
            };
            instance.issues.push(conflict(&name));
            kept[first].issues.push(conflict(&instance.source.shown));
            kept.push(instance);
        }
    }
    kept
}

/// Puts together series, in the order of study, series number and UID.
fn assemble(instances: Vec<Instance>) -> Vec<Series> {
    // A series number that changes inside a series does not divide it.
    let mut groups: BTreeMap<_, (i64, Vec<Arc<Instance>>)> = BTreeMap::new();
    for instance in instances.into_iter().map(Arc::new) {
        let folder = if instance.series.is_empty() { instance.source.folder() } else { PathBuf::new() };
        let number = instance.series_number.unwrap_or(i64::MAX);
        let key = (instance.study.clone(), instance.series.clone(), folder, instance.patient);
        let (lowest, files) = groups.entry(key).or_insert((number, Vec::new()));
        *lowest = number.min(*lowest);
        files.push(instance);
    }
    let mut order: Vec<_> = groups.into_iter().collect();
    order.sort_by(|(x, (nx, _)), (y, (ny, _))| (&x.0, nx, &x.1, &x.2, x.3).cmp(&(&y.0, ny, &y.1, &y.2, y.3)));
    let shared_uids = shared_series_uids(&order.iter().map(|(_, (_, files))| files.as_slice()).collect::<Vec<_>>());
    let mut out = Vec::new();
    for (_, (_, files)) in order {
        let twice = shared_uids.get(&files[0].series).cloned();
        let frames =
            files.iter().flat_map(|i| (0..i.frames.len()).map(|frame| FrameRef { instance: i.clone(), frame }));
        for part in group::divide(frames.collect()) {
            out.extend(series(part, twice.as_ref()));
        }
    }
    out
}

/// Findings for SeriesInstanceUIDs that stand in several studies or for several patients.
fn shared_series_uids(groups: &[&[Arc<Instance>]]) -> HashMap<Box<str>, Finding> {
    let mut by_uid: HashMap<Box<str>, Vec<&[Arc<Instance>]>> = HashMap::new();
    for group in groups.iter().filter(|g| !g[0].series.is_empty()) {
        by_uid.entry(group[0].series.clone()).or_default().push(group);
    }
    by_uid.retain(|_, groups| groups.len() > 1);
    let finding = |groups: Vec<&[Arc<Instance>]>| {
        let same_study = groups.iter().all(|g| g[0].study == groups[0][0].study);
        let (code, what) = if same_study {
            (FindingCode::MixedPatient, format!("{} or {} differ", a::PATIENT_ID, a::PATIENT_NAME))
        } else {
            (FindingCode::MixedStudy, format!("{} differs", a::STUDY_INSTANCE))
        };
        let message =
            format!("{} is used twice, but {what}: the images are listed apart, never merged", a::SERIES_INSTANCE);
        let files = groups.iter().map(|g| g[0].source.shown.clone()).collect();
        Finding { code, severity: Severity::Warning, message, files, value_mm: None }
    };
    by_uid.into_iter().map(|(uid, groups)| (uid, finding(groups))).collect()
}

/// One entry of the list; nothing when no grid can be made at all.
fn series(part: Part, twice: Option<&Finding>) -> Option<Series> {
    let judged = judge::judge(&part.frames, &part.positions).or_else(|_| judge::judge(&part.frames, &[])).ok()?;
    let first = &part.frames[0].instance;
    let text = |t: &str| t.to_owned();
    let mut description = first.description.clone().unwrap_or_default();
    if let Some(distinction) = &part.distinction {
        let dash = if description.is_empty() { "" } else { ", " };
        description = format!("{description}{dash}{distinction}");
    }
    let spacing_origin = match judged.kind {
        crate::volume::Kind::Projection => part.frames[0].facts().spacing_origin,
        _ => crate::volume::SpacingOrigin::Patient,
    };
    let mut findings = part.findings;
    findings.extend(twice.cloned());
    findings.extend(judged.findings);
    findings.extend(of_files(&part.frames));
    if judged.kind == crate::volume::Kind::Projection {
        findings.extend(without_place(&part.frames));
    }
    findings.extend(mixed_rescale(&part.frames));
    findings.sort_by(|x, y| {
        (std::cmp::Reverse(x.severity), x.code, &x.message).cmp(&(std::cmp::Reverse(y.severity), y.code, &y.message))
    });
    Some(Series {
        index: 0,
        study_instance_uid: text(&first.study),
        series_instance_uid: text(&first.series),
        frame_of_reference_uid: text(&first.frame_of_reference),
        modality: text(&first.modality),
        description,
        series_number: first.series_number,
        study_date: text(&first.study_date),
        kind: judged.kind,
        geometry: judged.geometry,
        spacing_mm: judged.spacing_mm,
        spacing_origin,
        units: units(&part.frames[0]),
        frames: part.frames,
        findings,
    })
}

/// RescaleType, else Hounsfield units for CT, else unspecified (`US`, PS3.3 C.11.1.1.2).
fn units(frame: &FrameRef) -> String {
    let said = frame.facts().units.as_deref();
    kept_units(said.unwrap_or(if &*frame.instance.modality == "CT" { "HU" } else { "US" }))
}

/// The same issue in many files is one finding that lists them.
fn of_files(frames: &[FrameRef]) -> Vec<Finding> {
    let mut seen = std::collections::HashSet::new();
    let mut files: BTreeMap<&Issue, Vec<String>> = BTreeMap::new();
    for frame in frames.iter().filter(|f| seen.insert(Arc::as_ptr(&f.instance))) {
        for issue in &frame.instance.issues {
            files.entry(issue).or_default().push(frame.file().to_owned());
        }
    }
    let finding = |(issue, files): (&Issue, Vec<String>)| Finding {
        code: issue.code,
        severity: issue.severity,
        message: issue.message.clone(),
        files,
        value_mm: None,
    };
    files.into_iter().map(finding).collect()
}

/// Why pictures have no place in the patient, or no scale.
fn without_place(frames: &[FrameRef]) -> Vec<Finding> {
    let facts = frames[0].facts();
    let expected = matches!(&*frames[0].instance.modality, "CT" | "MR" | "PT" | "NM");
    let severity = if expected { Severity::Warning } else { Severity::Note };
    let files: Vec<String> = super::series::files_of(frames).into_iter().map(str::to_owned).collect();
    let missing = [
        (
            facts.position_mm.is_none(),
            FindingCode::NoPosition,
            a::IMAGE_POSITION,
            "the images are shown one by one, without planes",
        ),
        (
            facts.orientation.is_none(),
            FindingCode::NoPosition,
            a::IMAGE_ORIENTATION,
            "the images are shown one by one, without planes",
        ),
        (
            facts.spacing_mm.is_none(),
            FindingCode::NoSpacing,
            a::PIXEL_SPACING,
            "no length can be measured in millimetres",
        ),
    ];
    let finding = |(_, code, attribute, so): (bool, FindingCode, a::Attribute, &str)| Finding {
        code,
        severity,
        message: format!("{attribute} is missing or unusable: {so}"),
        files: files.clone(),
        value_mm: None,
    };
    missing.into_iter().filter(|m| m.0).map(finding).collect()
}

fn mixed_rescale(frames: &[FrameRef]) -> Option<Finding> {
    let other = frames.iter().find(|f| f.rescale() != frames[0].rescale())?;
    let [a0, b0] = [&frames[0], other].map(|f| format!("{} / {}", f.rescale().slope, f.rescale().intercept));
    Some(Finding {
        code: FindingCode::MixedRescale,
        severity: Severity::Note,
        message: format!(
            "{} / {} differ from image to image ({a0}, {b0}, …); each has its own applied",
            a::RESCALE_SLOPE,
            a::RESCALE_INTERCEPT
        ),
        files: vec![frames[0].file().to_owned(), other.file().to_owned()],
        value_mm: None,
    })
}
