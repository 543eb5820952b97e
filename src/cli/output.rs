//! What a subcommand answers with, and how that becomes text and an exit code.

use crate::study::visible;
use std::error::Error;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Why a subcommand did not do what was asked.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// It could not be done: exit code 1, with this sentence.
    Failed(String),
    /// It was asked for in a way that makes no sense: exit code 2, with this sentence.
    Usage(String),
    /// Everything to say has been said already: exit code 1.
    Said,
    /// The reader of standard output has gone away; nobody is left to tell.
    Closed,
}

/// What a subcommand returns.
pub type Outcome = Result<(), Failure>;

impl<E: Error + 'static> From<E> for Failure {
    fn from(e: E) -> Self {
        let closed =
            (&e as &dyn Error).downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
        if closed { Failure::Closed } else { Failure::Failed(e.to_string()) }
    }
}

/// Writes a result to standard output.
///
/// # Errors
/// [`Failure::Closed`] when nobody reads it any more, [`Failure::Failed`] when it cannot be written.
pub fn write_out(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes one line of diagnostics to standard error, control characters escaped.
pub fn say(line: &str) {
    // A diagnostic that cannot be written has nowhere else to go.
    let _ = writeln!(io::stderr().lock(), "{}", visible(line));
}

/// Runs a subcommand so that a fault in the program becomes a sentence and exit code 1, never an abort.
pub(super) fn guarded(run: impl FnOnce() -> Outcome) -> Outcome {
    // What it was has been said, without private data, by the report of the fault.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(Failure::Failed(
            "a fault in spondyl itself stopped the command; please send its makers the report".to_owned(),
        ))
    })
}

/// The exit code of an outcome; says its sentence.
pub(super) fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Said) => ExitCode::from(1),
        Err(Failure::Failed(why)) => {
            say(&format!("spondyl: {why}"));
            ExitCode::from(1)
        }
        Err(Failure::Usage(why)) => {
            say(&format!("spondyl: {why}"));
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_failure_and_other_errors_are_sentences() {
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)), Failure::Closed);
        assert_eq!(Failure::from(std::fmt::Error), Failure::Failed(std::fmt::Error.to_string()));
    }
}
