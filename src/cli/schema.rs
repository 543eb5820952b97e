//! `spondyl schema`: the JSON Schemas (draft 2020-12) of the files and answers, made from the types that write them; and a
//! loader of the case JSON for Python.

use super::{Outcome, write_out};
use crate::export::case_schema;
use crate::session::op::script_schema;
use crate::study::info_schema;
use clap::{Args, ValueEnum};

/// Print the JSON Schema of what the program writes.
///
/// Example: spondyl schema info > info.schema.json
/// Example: spondyl schema --python > load.py
#[derive(Args)]
pub struct SchemaArgs {
    /// Which document.
    #[arg(value_enum, required_unless_present = "python")]
    of: Option<Document>,
    /// Print a Python module instead that loads a case JSON: lesions with their masks as numpy arrays.
    #[arg(long, conflicts_with = "of")]
    python: bool,
}

/// The module; it needs nothing but numpy.
const PYTHON: &str = include_str!("load.py");

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
    let Some(of) = args.of.filter(|_| !args.python) else { return write_out(PYTHON) };
    let schema = match of {
        Document::Case => case_schema(),
        Document::Script => script_schema(),
        Document::Info => info_schema(),
    };
    write_out(&(serde_json::to_string_pretty(&schema)? + "\n"))
}
