//! `spondyl schema`: the JSON Schemas (draft 2020-12) of the files and answers, made from the types that write them.

use super::{Outcome, write_out};
use crate::export::case_schema;
use crate::session::op::script_schema;
use crate::study::info_schema;
use clap::{Args, ValueEnum};

/// Print the JSON Schema of what the program writes.
///
/// Example: spondyl schema info > info.schema.json
#[derive(Args)]
pub struct SchemaArgs {
    /// Which document.
    #[arg(value_enum)]
    of: Document,
}

#[derive(Clone, Copy, ValueEnum)]
enum Document {
    /// The case JSON that `export --format json` writes.
    Case,
    /// One line of a script, as `annotate` replays it.
    Script,
    /// What `info --json` prints.
    Info,
}

/// Prints the schema.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: SchemaArgs) -> Outcome {
    let schema = match args.of {
        Document::Case => case_schema(),
        Document::Script => script_schema(),
        Document::Info => info_schema(),
    };
    write_out(&(serde_json::to_string_pretty(&schema)? + "\n"))
}
