//! `spondyl annotate`: replays a script on images, step by step, into a case file. Each step is answered on standard
//! output once it is safely on the disk, so that another program can drive it interactively.

use super::{Failure, Outcome, say, write_out};
use crate::app::stop;
use crate::session::{Op, ScannedImages, Session, SessionError};
use crate::study;
use clap::Args;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest line of a script; a longer one is refused without being held in memory.
const LINE_MAX: u64 = 64 << 20;

/// Replay steps (JSON Lines) on images into a case file.
///
/// Each line is answered with one line of JSON: {"step":1,"ok":true,"edit":4} once the step is on the disk, or
/// {"step":1,"ok":false,"error":"…"} when it is refused and has changed nothing. `spondyl schema script` describes the
/// steps.
///
/// Example: spondyl annotate scans/ct --case reader-1.spondyl --reader reader-1 --script steps.jsonl
#[derive(Args)]
pub struct AnnotateArgs {
    /// Images: files, folders, a DICOMDIR, or a zip of such.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The case file; made when it is not there yet, else continued.
    #[arg(long, value_name = "FILE.spondyl")]
    case: PathBuf,
    /// The series that steps are drawn on: its UID, a unique end of it, or its number in the list of `info`. May be left
    /// out where there is only one.
    #[arg(long, value_name = "UID|N")]
    series: Option<String>,
    /// Pseudonym of the reader (no name); of an existing case it must be the case's own.
    #[arg(long, value_name = "ID")]
    reader: Option<String>,
    /// The script; `-` reads steps from standard input as they come.
    #[arg(long, value_name = "FILE.jsonl|-")]
    script: PathBuf,
    /// Go on after a refused step, and let refusals leave the exit code at 0.
    #[arg(long)]
    keep_going: bool,
    /// Do not answer accepted steps on standard output.
    #[arg(long)]
    quiet: bool,
}

/// Replays the script.
///
/// # Errors
/// A sentence when images, script or case cannot be opened, when a step was refused, or when a step could not be saved.
pub fn run(args: AnnotateArgs) -> Outcome {
    let images = images_of(&args.paths, args.series.as_deref())?;
    let mut script = open_script(&args.script)?;
    let (key, identity) = images.primary_identity().ok_or_else(|| Failure::Failed("the series is gone".to_owned()))?;
    let opened = Session::open_or_create(&args.case, args.reader.as_deref(), std::slice::from_ref(&identity))?;
    opened.notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    let mut session = opened.session;
    session.add_image(&key, identity)?;
    let refused = replay(&mut session, &images, script.as_mut(), &args)?;
    match refused {
        Some((step, why)) if !args.keep_going => Err(Failure::Failed(format!("step {step} was refused: {why}"))),
        _ => Ok(()),
    }
}

fn images_of(paths: &[PathBuf], series: Option<&str>) -> Result<ScannedImages, Failure> {
    let scan = study::scan(paths, &());
    let chosen = super::series::choose(&scan, series)?;
    Ok(ScannedImages::new(scan, chosen))
}

fn open_script(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let opened = File::open(path)
        .map_err(|e| Failure::Failed(format!("the script {} cannot be opened: {e}", path.display())))?;
    Ok(Box::new(BufReader::new(opened)))
}

/// Runs steps until the script ends or, without `keep_going`, a step is refused. The first refusal, if there was one.
fn replay(
    session: &mut Session,
    images: &ScannedImages,
    script: &mut dyn BufRead,
    args: &AnnotateArgs,
) -> Result<Option<(usize, String)>, Failure> {
    let (mut step, mut first_refusal) = (0, None);
    while let Some(line) = next_line(script)? {
        step += 1;
        match stop::undisturbed(|| run_line(session, images, &line)) {
            Ok(_) if args.quiet => {}
            Ok(edit) => write_out(&format!("{}\n", serde_json::json!({"step": step, "ok": true, "edit": edit})))?,
            Err(e) => {
                let error = e.to_string();
                write_out(&format!("{}\n", serde_json::json!({"step": step, "ok": false, "error": error})))?;
                if let Stop::Unsaved(e) = e {
                    return Err(Failure::Failed(e.to_string()));
                }
                first_refusal.get_or_insert((step, error));
                if !args.keep_going {
                    break;
                }
            }
        }
    }
    Ok(first_refusal)
}

/// Why a step is not done.
#[derive(Debug, thiserror::Error)]
enum Stop {
    /// It makes no sense; the next one may.
    #[error("{0}")]
    Refused(String),
    /// It cannot be saved, and nothing after it can.
    #[error(transparent)]
    Unsaved(SessionError),
}

fn run_line(session: &mut Session, images: &ScannedImages, line: &Line) -> Result<u64, Stop> {
    let refused = |e: &dyn std::fmt::Display| Stop::Refused(e.to_string());
    let Line::Whole(bytes) = line else {
        return Err(Stop::Refused(format!("the line is longer than {} MiB", LINE_MAX >> 20)));
    };
    let op = Op::from_line(bytes).map_err(|e| refused(&e))?;
    let edit = session.perform(&op, images).map_err(|e| refused(&e))?;
    session.wait_durable(edit).map_err(Stop::Unsaved)?;
    Ok(edit)
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// The next line that is not blank; `None` at the end.
fn next_line(script: &mut dyn BufRead) -> Result<Option<Line>, Failure> {
    loop {
        let mut line = Vec::new();
        script.take(LINE_MAX + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.len() as u64 > LINE_MAX && line.last() != Some(&b'\n') {
            skip_line(script)?;
            return Ok(Some(Line::TooLong));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(Line::Whole(line)));
        }
    }
}

fn skip_line(script: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = script.fill_buf()?;
        let end = buffer.iter().position(|b| *b == b'\n');
        let (used, done) = (end.map_or(buffer.len(), |n| n + 1), end.is_some() || buffer.is_empty());
        script.consume(used);
        if done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_no_steps_and_the_last_needs_no_newline() {
        let mut text: &[u8] = b"{}\n\n  \r\n{\"a\":1}";
        let mut lines = Vec::new();
        while let Some(Line::Whole(line)) = next_line(&mut text).expect("memory") {
            lines.push(String::from_utf8(line).expect("text"));
        }
        assert_eq!(lines, ["{}\n", "{\"a\":1}"]);
    }
}
