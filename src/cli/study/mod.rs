//! `spondyl study`: reading studies, from the folder with their `study.toml`. `docs/studies.md` explains them.

mod compare;
mod export;
mod status;

use super::{Failure, Outcome};
use crate::app;
use crate::trial::{Progress, ReaderProgress, Trial, progress, strays};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// Reading studies: several readers, a worklist each, questions, blinding, agreement.
///
/// A study is a folder with a study.toml (docs/studies.md). Each reader's case files lie below it, in
/// readings/READER/ITEM.spondyl; nothing is written outside of it.
#[derive(Args)]
pub struct StudyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Open(OpenArgs),
    Status(status::StatusArgs),
    Export(export::ExportArgs),
    Compare(compare::CompareArgs),
}

/// Open the window on a reader's worklist.
///
/// Example: spondyl study open study/ --reader reader-1
#[derive(Args)]
struct OpenArgs {
    /// The folder of the study.
    folder: PathBuf,
    /// Who reads: one of the study's pseudonyms. Without it the window asks.
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
    /// The graphics adapter of the window: a part of its name, "gpu" for any card, "cpu" for the software renderer.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// The settings of the window (docs/settings.md), instead of the user's own.
    #[arg(long, value_name = "FILE.toml")]
    settings: Option<PathBuf>,
}

/// Runs a subcommand.
///
/// # Errors
/// A sentence when the study cannot be read, or the subcommand's own.
pub fn run(args: StudyArgs) -> Outcome {
    match args.command {
        Command::Open(args) => open(args),
        Command::Status(args) => status::run(args),
        Command::Export(args) => export::run(args),
        Command::Compare(args) => compare::run(args),
    }
}

fn open(args: OpenArgs) -> Outcome {
    let trial = Trial::read(&args.folder)?;
    let reader = args.reader.as_deref().map(|r| trial.reader(r).map(str::to_owned)).transpose();
    let reader = reader.map_err(Failure::Usage)?;
    let OpenArgs { folder, adapter, settings, .. } = args;
    let options = app::Options { study: Some((folder, reader)), adapter, settings, ..Default::default() };
    app::run(options).map_err(Failure::from)
}

/// Every reader's items, and sentences on the files that cannot be taken.
fn look(folder: &Path, trial: &Trial) -> (Vec<ReaderProgress>, Vec<String>) {
    let all: Vec<ReaderProgress> = trial.readers.iter().map(|r| (r.clone(), progress(folder, trial, r))).collect();
    let odd = |(reader, items): &ReaderProgress| {
        let said = |p: &Progress| match &p.state {
            crate::trial::ItemState::Odd(why) => Some(format!("{reader}, item {}: {why}", p.item.id)),
            _ => None,
        };
        items.iter().filter_map(said).collect::<Vec<_>>()
    };
    let mut notes: Vec<String> = all.iter().flat_map(odd).collect();
    notes.extend(strays(folder, trial).into_iter().map(|(path, why)| format!("{}: {why}", path.display())));
    (all, notes)
}

/// An output folder that does not lie among the readings.
///
/// # Errors
/// A sentence when it does, or when it cannot be made.
fn output_folder(folder: &Path, out: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(out)
        .map_err(|e| Failure::Failed(format!("{}: the folder cannot be made: {e}", out.display())))?;
    let whole = |p: &Path| p.canonicalize().unwrap_or_else(|_| p.to_owned());
    let among = whole(out).starts_with(whole(&folder.join(crate::trial::READINGS)));
    match among {
        true => Err(Failure::Failed(format!("{} lies among the readings; choose another folder", out.display()))),
        false => Ok(()),
    }
}
