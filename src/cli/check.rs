//! `spondyl check`: is a file what it should be? Every problem with its JSON pointer; a sound file in one line.

use super::{Failure, Outcome, say, write_out};
use crate::export::check_case_json;
use crate::session::{Access, Opened, Session};
use crate::study::visible;

use clap::Args;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Validate a case JSON (schema and rules) or a case file (every line of its chain).
///
/// Nothing is changed. A sound file is said in one line; otherwise every problem is listed with its JSON pointer, and the
/// exit code is 1.
///
/// Example: spondyl check export/case.json
#[derive(Args)]
pub struct CheckArgs {
    /// A case JSON, or a case file (*.spondyl).
    #[arg(value_name = "FILE.json|FILE.spondyl")]
    file: PathBuf,
}

/// Checks a file.
///
/// # Errors
/// When it cannot be read or is not sound.
pub fn run(args: CheckArgs) -> Outcome {
    let is_journal = args.file.extension().is_some_and(|e| e.eq_ignore_ascii_case("spondyl"));
    if is_journal { journal(&args.file) } else { case_json(&args.file) }
}

fn journal(path: &Path) -> Outcome {
    let Opened { session, notices } = Session::open(path, Access::Read)?;
    notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    let (doc, steps) = (session.document(), session.history().done().len());
    let (levels, lesions) = (doc.vertebrae.len(), doc.lesions.len());
    let name = path.display().to_string();
    write_out(&format!("{}: a sound case file: {steps} steps, {levels} levels, {lesions} lesions\n", visible(&name)))
}

fn case_json(path: &Path) -> Outcome {
    let name = visible(&path.display().to_string()).into_owned();
    let checked = check_case_json(path).map_err(|e| Failure::Failed(format!("{name} cannot be read: {e}")))?;
    if checked.is_sound() {
        let (levels, lesions) = (checked.levels, checked.lesions);
        return write_out(&format!("{name}: a sound case JSON: {levels} levels, {lesions} lesions\n"));
    }
    let mut text = String::new();
    for p in &checked.problems {
        let place = if p.pointer.is_empty() { "the file" } else { &p.pointer };
        // Writing into a String does not fail.
        let _ = writeln!(text, "{name}: {}: {}", visible(place), visible(&p.message));
    }
    write_out(&text)?;
    let many = checked.problems.len() + checked.more;
    let listed =
        if checked.more > 0 { format!(", the first {} listed", checked.problems.len()) } else { String::new() };
    let plural = if many == 1 { "" } else { "s" };
    Err(Failure::Failed(format!("{name}: not a sound case JSON: {many} problem{plural}{listed}")))
}
