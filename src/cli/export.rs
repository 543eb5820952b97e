//! `spondyl export`: a case file as JSON, NIfTI, tables or script.

use super::{Failure, Outcome, say, write_out};
use crate::document::{Document, ImageKey, Measurement};
use crate::export::{Case, Format, UidKey, Words, export};
use crate::session::{Access, Opened, Places, Session, line_of_script};
use crate::study::{self, Series, visible};
use crate::volume::{FindingCode, Volume};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Write a case in formats that other programs read.
///
/// Each file is written whole or not at all, read back and compared. Several formats go into one folder: case.json,
/// lesions.nii.gz (with outlined bodies also bodies.nii.gz, in VerSe's numbers), lesions.csv, vertebrae.csv, measurements.csv, script.jsonl. An export of another case or another
/// reader that lies there already is kept, unless --force is given.
///
/// Example: spondyl export case.spondyl --images scans/ --format json,nifti,csv -o export/
/// Example: spondyl export case.spondyl --format json -o to-send/ --deidentify --key-file kept/uid-key.json
#[derive(Args)]
pub struct ExportArgs {
    /// The case file.
    #[arg(value_name = "FILE.spondyl")]
    case: PathBuf,
    /// The images that the case was drawn on: a file, folder, DICOMDIR or zip; may be given several times. Without them
    /// the statistics of values under the lesions are left out.
    #[arg(long, value_name = "PATH")]
    images: Vec<PathBuf>,
    /// Formats, separated by commas.
    #[arg(long, value_parser = format_parser(), value_delimiter = ',', required = true)]
    format: Vec<Format>,
    /// A folder, or for one format a file whose name ends in .json, .nii.gz or .jsonl.
    #[arg(short, long, value_name = "DIR|FILE")]
    output: PathBuf,
    /// Replace files of another case or reader.
    #[arg(long)]
    force: bool,
    /// Replace every UID by another one (always the same for the same), and leave out what was typed freely: remarks,
    /// evidence, worded answers, operations, outcomes and all other words. Which UID was which stands in the key file.
    /// These words stay, so look at them: primary site, primary histology and diagnosis; labels of lesions and
    /// measurements; names of timepoints; the reader's pseudonym.
    #[arg(long)]
    deidentify: bool,
    /// With --deidentify: keep what was typed; somebody has read it and knows that it names nobody.
    #[arg(long, requires = "deidentify")]
    keep_text: bool,
    /// The key file of --deidentify; it must not lie where the export goes. By default uid-key.json in the user's data
    /// directory.
    #[arg(long, value_name = "FILE", requires = "deidentify")]
    key_file: Option<PathBuf>,
}

pub(super) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = Format::all().map(|f| PossibleValue::new(f.name()).help(f.what()));
    PossibleValuesParser::new(names).map(|name| Format::named(&name).unwrap_or(Format::Json))
}

/// Exports a case.
///
/// # Errors
/// When the case cannot be read or a file cannot be written; whatever could be is there.
pub fn run(args: ExportArgs) -> Outcome {
    let Opened { session, notices } = Session::open(&args.case, Access::Read)?;
    notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    let mut volumes = load(&args.images, session.document())?;
    let mut script = session.script();
    let mut replaced = None;
    let words = args.deidentify.then_some(if args.keep_text { Words::Kept } else { Words::LeftOut });
    if let Some(words) = words {
        let mut key = open_key(args.key_file.as_deref(), &args.output)?;
        replaced = Some(key.document(session.document(), words));
        script = key.script(&script, |line| line_of_script(line, words));
        volumes = volumes.into_iter().map(|(k, v)| (key.key(&k), v)).collect();
        key.save()?;
    }
    let case = Case {
        id: session.header().case_id,
        doc: replaced.as_ref().unwrap_or(session.document()),
        reader: &session.header().reader,
        active_seconds: session.active_time().as_secs_f64(),
        volumes: &volumes,
        script: &script,
        utc: if args.deidentify { "" } else { session.changed_utc() },
        deidentified: words,
    };
    for image in case.doc.images.values() {
        let told = image.findings.iter().filter(|f| f.code == FindingCode::BurnedInAnnotation);
        told.for_each(|f| say(&format!("spondyl: warning: series {}: {}", image.series_instance_uid, f.message)));
    }
    let written = export(&case, &args.format, &args.output, args.force)?;
    for file in &written.files {
        write_out(&format!("{}\n", visible(&file.display().to_string())))?;
    }
    written.notes.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    match written.problems.split_last() {
        None => Ok(()),
        Some((last, others)) => {
            others.iter().for_each(|p| say(&format!("spondyl: {p}")));
            Err(Failure::Failed(last.to_string()))
        }
    }
}

/// The key of the UIDs that are replaced.
///
/// # Errors
/// When it is no key, or lies where the export goes.
fn open_key(path: Option<&Path>, output: &Path) -> Result<UidKey, Failure> {
    let usual = || Places::of_user().map(|p| p.root().join("uid-key.json"));
    let path = path.map(Path::to_owned).or_else(usual).ok_or_else(|| {
        Failure::Failed("no place for the key file is known: give --key-file, or set XDG_DATA_HOME or HOME".to_owned())
    })?;
    let key = UidKey::open(&path)?;
    let folder = if output.is_dir() { output } else { output.parent().unwrap_or(output) };
    if key.lies_in(output) || (folder != output && path.parent() == Some(folder)) {
        return Err(Failure::Failed(format!(
            "the key file {} would lie where the export goes: whoever gets the one gets the other; choose another place",
            path.display()
        )));
    }
    Ok(key)
}

/// The volumes that lesions were drawn on, or values read from, from files under `paths`.
///
/// # Errors
/// When a series there is not as it was when the case was made, or none of the case's series is there.
pub(super) fn load(paths: &[PathBuf], doc: &Document) -> Result<BTreeMap<ImageKey, Arc<Volume>>, Failure> {
    let mut volumes = BTreeMap::new();
    if paths.is_empty() || doc.images.is_empty() {
        return Ok(volumes);
    }
    let scan = study::scan(paths, &());
    let found: BTreeMap<ImageKey, &Series> = scan.series.iter().map(|s| (scan.key_of(s), s)).collect();
    if !doc.images.keys().any(|key| found.contains_key(key)) {
        let wanted = doc.images.keys().map(|k| k.0.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Failure::Failed(format!(
            "none of the case's series is under --images; expected SeriesInstanceUID (0020,000E) {wanted}"
        )));
    }
    for (key, known) in &doc.images {
        let Some(series) = found.get(key) else {
            say(&format!("spondyl: series {} is not under --images; the values of its lesions are left out", key.0));
            continue;
        };
        if series.fingerprint() != known.fingerprint {
            return Err(Failure::Failed(format!(
                "series {} under --images is not as it was when the case was made: its slices or its geometry differ; \
                 give the original images",
                key.0
            )));
        }
        let read = |m: &Measurement| m.image == *key && m.shape.reads_values();
        if doc.masks.contains_key(key) || doc.measurements.values().any(read) {
            let assembled = study::assemble(series, &())?;
            assembled.findings.iter().for_each(|f| say(&format!("spondyl: {}", f.message)));
            volumes.insert(key.clone(), Arc::new(assembled.volume));
        }
    }
    Ok(volumes)
}
