//! `spondyl recover`: what can be saved of a damaged case file, in a new file, and in words what cannot.

use super::{Failure, Outcome, write_out};
use crate::session;
use crate::study::{self, visible};
use clap::Args;
use std::fmt::Write;
use std::path::PathBuf;

/// Save what is intact of a damaged case file to a new file.
///
/// Every line that is as it was written is applied again, in the order of the entries' numbers; each one that is lost is
/// listed. The damaged file is only read, and the new one is there whole or not at all. Exit code 0 when a new file was
/// written, also when something was lost; 1 when nothing could be saved.
///
/// Example: spondyl recover case.spondyl -o recovered.spondyl
#[derive(Args)]
pub struct RecoverArgs {
    /// The damaged case file.
    #[arg(value_name = "FILE.spondyl")]
    case: PathBuf,
    /// The new file; must not be there yet.
    #[arg(short, long, value_name = "NEW.spondyl")]
    output: PathBuf,
    /// The images that the case was drawn on, in case the entry that names them is lost; may be given several times.
    #[arg(long, value_name = "PATH")]
    images: Vec<PathBuf>,
}

/// Recovers a case.
///
/// # Errors
/// A sentence when nothing could be saved or written.
pub fn run(args: RecoverArgs) -> Outcome {
    let scan = (!args.images.is_empty()).then(|| study::scan(&args.images, &()));
    let known = |key: &crate::document::ImageKey| {
        let scan = scan.as_ref()?;
        scan.series.iter().find(|s| scan.key_of(s) == *key).map(|s| s.identity())
    };
    let done = session::recover(&args.case, &args.output, &known)?;
    let [from, to] = [&args.case, &args.output].map(|p| visible(&p.display().to_string()).into_owned());
    let mut text = String::new();
    let (levels, lesions) = (done.document.vertebrae.len(), done.document.lesions.len());
    let lost = match done.lost.len() {
        0 => "nothing is lost".to_owned(),
        1 => "1 thing is lost".to_owned(),
        n => format!("{n} things are lost"),
    };
    // Writing into a String does not fail.
    let _ =
        writeln!(text, "{from} recovered to {to}: {} steps, {levels} levels, {lesions} lesions; {lost}", done.steps);
    for sentence in &done.lost {
        let _ = writeln!(text, "lost: {}", visible(sentence));
    }
    for sentence in &done.notes {
        let _ = writeln!(text, "note: {}", visible(sentence));
    }
    write_out(&text).map_err(|e| match e {
        Failure::Closed => Failure::Closed,
        _ => Failure::Failed(format!("{to} was written, but what is lost could not be listed")),
    })
}
