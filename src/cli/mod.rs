//! The command line: one file a subcommand.
//!
//! Each file holds its arguments (`clap::Args`) and `run(args) -> Outcome`; here they are only listed. Exit codes: 0 done,
//! 1 it could not be done (one sentence on standard error), 2 wrong usage. Arguments that may start with a minus sign
//! (coordinates, windows) carry `allow_hyphen_values`.

mod annotate;
mod bodies;
mod check;
mod cohort;
mod compare;
mod demo;
mod export;
mod history;
mod import;
mod info;
mod onto;
mod output;
mod recover;
mod render;
mod schema;
mod series;
mod study;
mod values;

pub use output::{Failure, Outcome, say, write_out};
pub use values::{Numbers, Pair, Triple};

use crate::app::{report, stop};
use crate::session::Places;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Annotate osteolytic lesions of the spine on CT and MRI, vertebra by vertebra.
#[derive(Parser)]
#[command(
    name = "spondyl",
    version,
    bin_name = "spondyl",
    args_conflicts_with_subcommands = true,
    max_term_width = 120
)]
#[command(override_usage = "spondyl [PATH]...\n       spondyl <COMMAND>")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Folders, files, DICOMDIRs or zips to open in the window; without any, the start page.
    paths: Vec<PathBuf>,
    /// The graphics adapter of the window: a part of its name, "gpu" for any card, "cpu" for the software renderer.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// The settings of the window (docs/settings.md), instead of the user's own.
    #[arg(long, value_name = "FILE.toml")]
    settings: Option<PathBuf>,
    /// Gives the graphics device up after so many seconds, as a driver's fault would.
    #[arg(long, value_name = "SECONDS", hide = true)]
    lose_device_after: Option<f64>,
}

#[derive(Subcommand)]
enum Command {
    Annotate(annotate::AnnotateArgs),
    Bodies(bodies::BodiesArgs),
    Demo(demo::DemoArgs),
    Import(import::ImportArgs),
    Info(info::InfoArgs),
    Render(render::RenderArgs),
    Export(export::ExportArgs),
    History(history::HistoryArgs),
    Check(check::CheckArgs),
    Recover(recover::RecoverArgs),
    Cohort(cohort::CohortArgs),
    Compare(compare::CompareArgs),
    Schema(schema::SchemaArgs),
    Study(study::StudyArgs),
}

/// Opens the window.
fn open(cli: Cli) -> Outcome {
    if let Some(missing) = cli.paths.iter().chain(&cli.settings).find(|p| !p.exists()) {
        return Err(Failure::Failed(format!("{}: there is no such file or folder", missing.display())));
    }
    let lose_device_after = cli.lose_device_after.and_then(|s| std::time::Duration::try_from_secs_f64(s).ok());
    let Cli { paths, settings, adapter, .. } = cli;
    crate::app::run(crate::app::Options { paths, study: None, settings, adapter, lose_device_after })
        .map_err(Failure::from)
}

impl Cli {
    fn run(self) -> Outcome {
        match self.command {
            None => open(self),
            Some(Command::Annotate(args)) => annotate::run(args),
            Some(Command::Bodies(args)) => bodies::run(args),
            Some(Command::Check(args)) => check::run(args),
            Some(Command::Cohort(args)) => cohort::run(args),
            Some(Command::Compare(args)) => compare::run(args),
            Some(Command::Demo(args)) => demo::run(args),
            Some(Command::Export(args)) => export::run(args),
            Some(Command::History(args)) => history::run(args),
            Some(Command::Import(args)) => import::run(args),
            Some(Command::Info(args)) => info::run(args),
            Some(Command::Recover(args)) => recover::run(args),
            Some(Command::Render(args)) => render::run(args),
            Some(Command::Schema(args)) => schema::run(args),
            Some(Command::Study(args)) => study::run(args),
        }
    }
}

/// Runs a command line given as words: how one command builds on others.
fn run_words(words: &[&str]) -> Outcome {
    let all = std::iter::once("spondyl").chain(words.iter().copied());
    Cli::try_parse_from(all).map_err(|e| Failure::Usage(e.to_string()))?.run()
}

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    report::install(Places::of_user().map(|p| p.root().to_owned()));
    stop::listen();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let code = if e.use_stderr() { 2 } else { 0 };
            // Nowhere is left to complain to when the terminal itself is gone.
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    output::report(output::guarded(|| cli.run()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_table_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
