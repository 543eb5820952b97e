//! The command line: one file a subcommand.
//!
//! Each file holds its arguments (`clap::Args`) and `run(args) -> Outcome`; here they are only listed. Exit codes: 0 done,
//! 1 it could not be done (one sentence on standard error), 2 wrong usage. Arguments that may start with a minus sign
//! (coordinates, windows) carry `allow_hyphen_values`.

mod annotate;
mod check;
mod export;
mod info;
mod output;
mod schema;
mod series;
mod values;

pub use output::{Failure, Outcome, say, write_out};
pub use values::{Numbers, Pair, Triple};

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Annotate osteolytic lesions of the spine on CT and MRI, vertebra by vertebra.
#[derive(Parser)]
#[command(name = "spondyl", version, bin_name = "spondyl", arg_required_else_help = true, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Annotate(annotate::AnnotateArgs),
    Info(info::InfoArgs),
    Export(export::ExportArgs),
    Check(check::CheckArgs),
    Schema(schema::SchemaArgs),
}

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let code = if e.use_stderr() { 2 } else { 0 };
            // Nowhere is left to complain to when the terminal itself is gone.
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    output::report(output::guarded(|| match cli.command {
        Command::Annotate(args) => annotate::run(args),
        Command::Info(args) => info::run(args),
        Command::Export(args) => export::run(args),
        Command::Check(args) => check::run(args),
        Command::Schema(args) => schema::run(args),
    }))
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
