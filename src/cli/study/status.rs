//! `spondyl study status`: how far each reader is, from the files alone.

use super::look;
use crate::cli::{Outcome, say, write_out};
use crate::export::json_text;
use crate::trial::{ItemState, Progress, ReaderProgress, Trial};
use clap::Args;
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// How far each reader is.
///
/// With --json also every item with its case: for those who run the study, not for its readers.
///
/// Example: spondyl study status study/
#[derive(Args)]
pub struct StatusArgs {
    /// The folder of the study.
    folder: PathBuf,
    /// Print everything as JSON (schema `spondyl-study-status/1`).
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Status<'a> {
    schema: &'static str,
    title: &'a str,
    seed: u64,
    readers: Vec<ReaderStatus<'a>>,
    /// Files that cannot be taken, and why.
    odd_files: &'a [String],
}

#[derive(Serialize)]
struct ReaderStatus<'a> {
    reader: &'a str,
    items: usize,
    not_started: usize,
    in_progress: usize,
    finished: usize,
    odd: usize,
    active_minutes: f64,
    worklist: Vec<ItemStatus<'a>>,
}

#[derive(Serialize)]
struct ItemStatus<'a> {
    item: &'a str,
    case: &'a str,
    repeat: u32,
    state: &'static str,
    active_seconds: f64,
    open_questions: &'a [String],
}

/// Prints the status.
///
/// # Errors
/// A sentence when there is no study.
pub fn run(args: StatusArgs) -> Outcome {
    let trial = Trial::read(&args.folder)?;
    let (all, notes) = look(&args.folder, &trial);
    let readers = all.iter().map(|r| of_reader(&trial, r)).collect();
    let status =
        Status { schema: "spondyl-study-status/1", title: &trial.title, seed: trial.seed, readers, odd_files: &notes };
    if args.json {
        return write_out(&String::from_utf8_lossy(&json_text(&status)?));
    }
    write_out(&table(&status))?;
    notes.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    Ok(())
}

fn of_reader<'a>(trial: &'a Trial, (reader, items): &'a ReaderProgress) -> ReaderStatus<'a> {
    let count = |wanted: fn(&ItemState) -> bool| items.iter().filter(|p| wanted(&p.state)).count();
    let item = |p: &'a Progress| ItemStatus {
        item: &p.item.id,
        case: &trial.cases[p.item.case].id,
        repeat: p.item.repeat,
        state: p.state.word(),
        active_seconds: p.active_seconds,
        open_questions: &p.open,
    };
    let minutes = items.iter().map(|p| p.active_seconds).sum::<f64>() / 60.0;
    ReaderStatus {
        reader,
        items: items.len(),
        not_started: count(|s| *s == ItemState::NotStarted),
        in_progress: count(|s| *s == ItemState::InProgress),
        finished: count(|s| *s == ItemState::Finished),
        odd: count(|s| matches!(s, ItemState::Odd(_))),
        active_minutes: (minutes * 100.0).round() / 100.0,
        worklist: items.iter().map(item).collect(),
    }
}

fn table(status: &Status<'_>) -> String {
    let mut out = format!("{}\n\n", crate::study::visible(status.title));
    let width = status.readers.iter().map(|r| r.reader.len()).max().unwrap_or(0).max(6);
    // Writing into a String does not fail.
    let _ = writeln!(
        out,
        "{:<width$}  {:>5}  {:>8}  {:>11}  {:>11}  {:>3}  {:>14}",
        "reader", "items", "finished", "in progress", "not started", "odd", "active minutes"
    );
    for r in &status.readers {
        let _ = writeln!(
            out,
            "{:<width$}  {:>5}  {:>8}  {:>11}  {:>11}  {:>3}  {:>14.1}",
            r.reader, r.items, r.finished, r.in_progress, r.not_started, r.odd, r.active_minutes
        );
    }
    out
}
