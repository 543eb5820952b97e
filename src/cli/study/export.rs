//! `spondyl study export`: one tidy data set of all readings, and each case's own files.

use super::{look, output_folder};
use crate::cli::{Failure, Outcome, say, write_out};
use crate::document::CaseFacts;
use crate::export::{Case, CaseFile, Format, case_file, export, json_text, parquet, write_whole};
use crate::session::{Access, Opened, Session};
use crate::study::visible;
use crate::trial::{Dataset, ItemState, Progress, Trial, codebook, reading_path};
use clap::Args;
use std::path::{Path, PathBuf};

/// The codebook of the data set; also the mark of a folder that may be written to again.
const CODEBOOK: &str = "study.json";

/// Write all readings of a study as one data set.
///
/// Into DIR go study.json (the codebook), readings, answers, lesions, vertebrae and measurements as CSV and Parquet, each row
/// with reader, case and repeat (0: first reading, 1: the hidden second one), and in cases/CASE/READER/ (READER/again/
/// for the second reading) the case in the formats asked for. A file that cannot be read is reported and costs only itself.
///
/// Example: spondyl study export study/ --out data/
#[derive(Args)]
pub struct ExportArgs {
    /// The folder of the study.
    folder: PathBuf,
    /// Where the files go; made when it is not there.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Formats of each case, separated by commas, as `spondyl export` has them.
    #[arg(long, value_parser = crate::cli::export::format_parser(), value_delimiter = ',', default_value = "json")]
    format: Vec<Format>,
    /// Do not read the images: statistics of values under the lesions are left out.
    #[arg(long)]
    without_images: bool,
    /// Write into a folder that holds something else.
    #[arg(long)]
    force: bool,
}

/// Exports.
///
/// # Errors
/// When there is no study, or a table cannot be written.
pub fn run(args: ExportArgs) -> Outcome {
    let trial = Trial::read(&args.folder)?;
    output_folder(&args.folder, &args.out)?;
    own_folder(&args.out, &trial, args.force)?;
    let (all, mut notes) = look(&args.folder, &trial);
    let mut data = Dataset::default();
    for (reader, items) in &all {
        for (place, p) in items.iter().enumerate() {
            let there = matches!(p.state, ItemState::InProgress | ItemState::Finished);
            let file = there.then(|| one(&args, &trial, reader, p, &mut notes)).flatten();
            data.add(&trial, reader, (place, p), file.as_ref());
        }
    }
    write_whole(&args.out.join(CODEBOOK), &json_text(&codebook(&trial, &notes))?)?;
    let mark = format!("study {}", visible(&trial.title));
    for table in data.tables() {
        for (ending, bytes) in [("csv", table.csv()?), ("parquet", parquet(&table, &mark))] {
            let path = args.out.join(format!("{}.{ending}", table.name));
            write_whole(&path, &bytes)?;
            write_out(&format!("{}\n", visible(&path.display().to_string())))?;
        }
    }
    notes.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    Ok(())
}

/// A folder that is empty, or holds an earlier export of the same study.
///
/// # Errors
/// A sentence for any other, unless it is to be forced.
fn own_folder(out: &Path, trial: &Trial, force: bool) -> Result<(), Failure> {
    let empty = std::fs::read_dir(out)?.next().is_none();
    let earlier: Option<serde_json::Value> =
        std::fs::read(out.join(CODEBOOK)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let same = earlier.is_some_and(|e| e["title"] == trial.title.as_str() && e["seed"] == trial.seed);
    match empty || same || force {
        true => Ok(()),
        false => Err(Failure::Failed(format!(
            "{} holds something other than an export of this study; choose an empty folder, or --force",
            out.display()
        ))),
    }
}

/// Exports one reading; what goes wrong is noted.
fn one(
    args: &ExportArgs,
    trial: &Trial,
    reader: &str,
    p: &Progress,
    notes: &mut Vec<String>,
) -> Option<(CaseFile, CaseFacts)> {
    let case = &trial.cases[p.item.case];
    let mut note = |what: String| notes.push(format!("{reader}, case {}: {what}", case.id));
    let Opened { session, notices } = Session::open(&reading_path(&args.folder, reader, &p.item.id), Access::Read)
        .map_err(|e| note(e.to_string()))
        .ok()?;
    notices.into_iter().for_each(&mut note);
    let images = std::iter::once(&case.images).chain(case.timepoints.iter().map(|t| &t.images));
    let paths: Vec<PathBuf> = images.map(|i| args.folder.join(i)).filter(|_| !args.without_images).collect();
    let volumes = crate::cli::export::load(&paths, session.document()).unwrap_or_else(|e| {
        note(format!("statistics of values are left out: {}", why(e)));
        Default::default()
    });
    let script = session.script();
    let whole = Case {
        id: session.header().case_id,
        doc: session.document(),
        reader: &session.header().reader,
        active_seconds: session.active_time().as_secs_f64(),
        volumes: &volumes,
        script: &script,
        utc: session.changed_utc(),
        deidentified: None,
    };
    let first = args.out.join("cases").join(&case.id).join(reader);
    let to = if p.item.repeat == 0 { first } else { first.join("again") };
    match export(&whole, &args.format, &to, args.force) {
        Ok(written) => written.problems.iter().for_each(|e| note(e.to_string())),
        Err(e) => note(e.to_string()),
    }
    Some((case_file(&whole), session.document().case.clone()))
}

fn why(failure: Failure) -> String {
    match failure {
        Failure::Failed(why) | Failure::Usage(why) => why,
        Failure::Said | Failure::Closed => "they cannot be read".to_owned(),
    }
}
