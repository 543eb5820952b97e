//! `spondyl study compare`: how far the readers of a study agree with each other, and, apart, each with themselves.

use super::{look, output_folder};
use crate::agree::{Agreement, CaseReadings, Options, agreement};
use crate::cli::compare::{FigureArgs, deliver, read_or_note, write_files};
use crate::cli::{Failure, Outcome, say};
use crate::export::{json_text, write_whole};
use crate::import::reading_of;
use crate::session::{Access, Session};
use crate::trial::{
    AnswerAgreement, AnsweredCase, ItemState, Lineup, ReaderProgress, Trial, answer_agreement, between_readers,
    reading_path, within_reader,
};
use clap::Args;
use std::path::{Path, PathBuf};

/// Agreement between the readers of a study, and of each reader with the own second reading.
///
/// Only finished readings are compared. Into DIR/between/ go the files that `spondyl compare` writes, over the first
/// readings of each case; into DIR/within/READER/ those of a reader's two readings of the cases that came twice.
///
/// Example: spondyl study compare study/ --out agreement/
#[derive(Args)]
pub struct CompareArgs {
    /// The folder of the study.
    folder: PathBuf,
    /// Where the files go; made when it is not there.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    figures: FigureArgs,
    /// Print the comparison between readers as JSON (schema `spondyl-agreement/1`).
    #[arg(long)]
    json: bool,
}

/// Compares.
///
/// # Errors
/// When there is no study, nothing is finished by two readers nor twice by one, or the output cannot be written.
pub fn run(args: CompareArgs) -> Outcome {
    let options = args.figures.options()?;
    let trial = Trial::read(&args.folder)?;
    let (all, notes) = look(&args.folder, &trial);
    output_folder(&args.folder, &args.out)?;
    let mut said = notes.clone();
    let between = between_readers(&trial, &all);
    let readers: Vec<(String, String)> = trial.readers.iter().map(|r| (r.clone(), r.clone())).collect();
    let mut done = 0;
    let (mut first, answers) = compared(&args, &readers, &between, &options, notes);
    first.notes.extend(unfinished(&all));
    if first.case_names.is_empty() {
        said.extend(first.notes.iter().cloned());
        said.push("no case is finished by two readers, so nothing is compared between readers".to_owned());
    } else {
        let to = args.out.join("between");
        deliver(&first, args.json, Some(&to))?;
        write_answers(&answer_agreement(&trial, &first.readers, &answers), &to)?;
        said.clear(); // the comparison says them
        done += 1;
    }
    for (reader, items) in &all {
        let columns = [(reader.clone(), reader.clone()), (format!("{reader} (again)"), reader.clone())];
        let (again, answers) = compared(&args, &columns, &within_reader(&trial, items), &options, Vec::new());
        if !again.case_names.is_empty() {
            let to = args.out.join("within").join(reader);
            write_files(&again, &to)?;
            write_answers(&answer_agreement(&trial, &again.readers, &answers), &to)?;
            said.extend(again.notes.iter().map(|n| format!("{reader}: {n}")));
            done += 1;
        }
    }
    said.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    match done {
        0 => Err(Failure::Failed(
            "nothing is finished by two readers, nor twice by one: there is nothing to compare".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn write_answers(answers: &AnswerAgreement, folder: &Path) -> Outcome {
    if !answers.questions.is_empty() {
        write_whole(&folder.join("answers.json"), &json_text(answers)?)?;
        write_whole(&folder.join("answers.csv"), &answers.csv()?)?;
        write_whole(&folder.join("answers.html"), answers.page().as_bytes())?;
    }
    Ok(())
}

/// Who has read how much of what is compared.
fn unfinished(all: &[ReaderProgress]) -> Vec<String> {
    let note = |(reader, items): &ReaderProgress| {
        let open = items.iter().filter(|p| matches!(p.state, ItemState::NotStarted | ItemState::InProgress)).count();
        (open > 0).then(|| format!("{reader} has not finished {open} of {} items; they are left out", items.len()))
    };
    all.iter().filter_map(note).collect()
}

/// Holds columns against each other: a name and whose files they are. A file that cannot be read costs its case.
fn compared(
    args: &CompareArgs,
    columns: &[(String, String)],
    rows: &[Lineup],
    options: &Options,
    mut notes: Vec<String>,
) -> (Agreement, Vec<AnsweredCase>) {
    let (mut cases, mut answered) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|r| r.items.iter().flatten().count() > 1) {
        let (mut readings, mut facts) = (Vec::new(), Vec::new());
        for ((_, reader), item) in columns.iter().zip(&row.items) {
            let path = item.as_ref().map(|item| reading_path(&args.folder, reader, item));
            let found = path.as_ref().and_then(|p| read_or_note(p, &mut notes));
            readings.push(found.map(|f| reading_of(&f)));
            let opened = path.and_then(|p| Session::open(&p, Access::Read).ok());
            facts.push(opened.map(|o| o.session.document().case.clone()));
        }
        cases.push(CaseReadings { name: row.case.clone(), readings });
        answered.push((row.case.clone(), facts));
    }
    let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let mut agreed = agreement(&names, &cases, options);
    notes.append(&mut agreed.notes);
    agreed.notes = notes;
    (agreed, answered)
}
