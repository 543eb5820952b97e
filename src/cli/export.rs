//! `spondyl export`: a case file as JSON, NIfTI, tables or script.

use super::{Failure, Outcome, say, write_out};
use crate::export::{Case, Format, export};
use crate::session::{Access, Opened, Session};
use crate::study::visible;

use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Write a case in formats that other programs read.
///
/// Each file is written whole or not at all, read back and compared. Several formats go into one folder: case.json,
/// lesions.nii.gz, lesions.csv, vertebrae.csv, measurements.csv, script.jsonl. An export of another case or another
/// reader that lies there already is kept, unless --force is given.
///
/// Example: spondyl export case.spondyl --images scans/ --format json,nifti,csv -o export/
#[derive(Args)]
pub struct ExportArgs {
    /// The case file.
    #[arg(value_name = "FILE.spondyl")]
    case: PathBuf,
    /// Formats, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    format: Vec<FormatName>,
    /// A folder, or for one format a file whose name ends in .json, .nii.gz or .jsonl.
    #[arg(short, long, value_name = "DIR|FILE")]
    output: PathBuf,
    /// Replace files of another case or reader.
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    /// Everything, with the schema that `spondyl schema case` prints.
    Json,
    /// Label map of the lesions on the grid of their series.
    Nifti,
    /// Tables of lesions, vertebrae and measurements.
    Csv,
    /// The steps, to be replayed with `spondyl annotate`.
    Script,
}

/// Exports a case.
///
/// # Errors
/// When the case cannot be read or a file cannot be written; whatever could be is there.
pub fn run(args: ExportArgs) -> Outcome {
    let Opened { session, notices } = Session::open(&args.case, Access::Read)?;
    notices.iter().for_each(|n| say(n));
    let volumes = BTreeMap::new();
    let script = session.script();
    let case = Case {
        id: session.header().case_id,
        doc: session.document(),
        reader: &session.header().reader,
        active_seconds: session.active_time().as_secs_f64(),
        volumes: &volumes,
        script: &script,
    };
    let formats: Vec<Format> = args.format.iter().map(|f| f.format()).collect();
    let written = export(&case, &formats, &args.output, args.force)?;
    for file in &written.files {
        write_out(&format!("{}\n", visible(&file.display().to_string())))?;
    }
    match written.problems.split_last() {
        None => Ok(()),
        Some((last, others)) => {
            others.iter().for_each(|p| say(&format!("spondyl: {p}")));
            Err(Failure::Failed(last.to_string()))
        }
    }
}

impl FormatName {
    fn format(self) -> Format {
        match self {
            FormatName::Json => Format::Json,
            FormatName::Nifti => Format::Nifti,
            FormatName::Csv => Format::Csv,
            FormatName::Script => Format::Script,
        }
    }
}
