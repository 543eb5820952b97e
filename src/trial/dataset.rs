//! One tidy data set of a whole study: the tables of all readings below each other, with who read which case for which time,
//! and the answers. The tables know nothing of what readers were not told: cases and timepoints have their own names.

use super::definition::{Trial, TrialCase};
use super::order::shown_timepoints;
use super::progress::{ItemState, Progress};
use super::question::AnswerKind;
use crate::document::{Answer, CaseFacts};
use crate::export::{CaseFile, Table, tables};
use serde::Serialize;
use serde_json::{Value, json};

/// Columns that stand first in every table.
const LEAD: [&str; 3] = ["reader", "case", "repeat"];
/// Columns that name a timepoint.
const TIMEPOINTS: [&str; 3] = ["timepoint", "from", "to"];

/// The data set while it is put together.
#[derive(Default)]
pub struct Dataset {
    tables: Vec<Table>,
    readings: Vec<Vec<Value>>,
    answers: Vec<Vec<Value>>,
}

impl Dataset {
    /// Adds an item: how far it is, and, where its file can be read, what it says.
    pub fn add(
        &mut self,
        trial: &Trial,
        reader: &str,
        (place, p): (usize, &Progress),
        said: Option<&(CaseFile, CaseFacts)>,
    ) {
        let case = &trial.cases[p.item.case];
        let lead = vec![json!(reader), json!(case.id), json!(p.item.repeat)];
        let why = if let ItemState::Odd(why) = &p.state { json!(why) } else { Value::Null };
        let rest = [json!(p.item.id), json!(place + 1), json!(p.state.word()), json!(p.active_seconds), why];
        self.readings.push(lead.iter().cloned().chain(rest).collect());
        let Some((file, facts)) = said else { return };
        let names = named(trial, case);
        for table in tables(file) {
            self.add_rows(table, &lead, &names);
        }
        self.answer(trial, &lead, facts);
    }

    fn add_rows(&mut self, table: Table, lead: &[Value], names: &[(String, String)]) {
        let kept: Vec<usize> = (0..table.columns.len()).filter(|n| !LEAD.contains(&table.columns[*n])).collect();
        let columns: Vec<&'static str> = LEAD.into_iter().chain(kept.iter().map(|n| table.columns[*n])).collect();
        let cell = |row: &[Value], n: usize| {
            let value = row.get(n).cloned().unwrap_or_default();
            let shown = value.as_str().filter(|_| TIMEPOINTS.contains(&table.columns[n]));
            let real = shown.and_then(|s| names.iter().find(|(letter, _)| letter == s));
            real.map_or(value.clone(), |(_, name)| json!(name))
        };
        let rows = table.rows.iter().map(|row| {
            let rest = kept.iter().map(|n| cell(row, *n));
            lead.iter().cloned().chain(rest).collect::<Vec<_>>()
        });
        let rows: Vec<_> = rows.collect();
        match self.tables.iter_mut().find(|t| t.name == table.name) {
            Some(all) => all.rows.extend(rows),
            None => self.tables.push(Table { name: table.name, columns, rows }),
        }
    }

    fn answer(&mut self, trial: &Trial, lead: &[Value], facts: &CaseFacts) {
        for q in &trial.questions {
            let Some(answer) = q.answer(facts) else { continue };
            let (text, number) = match &answer {
                Answer::Yes(yes) => (json!(if *yes { "yes" } else { "no" }), json!(u8::from(*yes))),
                Answer::Number(n) => (json!(n.to_string()), json!(n)),
                Answer::Words(words) => {
                    // Choices count from 0 in the order of the file.
                    let place = if let AnswerKind::Choice { choices, .. } = &q.kind {
                        choices.iter().position(|c| c == words)
                    } else {
                        None
                    };
                    (json!(words), json!(place))
                }
            };
            self.answers.push(lead.iter().cloned().chain([json!(q.id), text, number]).collect());
        }
    }

    /// All tables, `readings` first.
    pub fn tables(self) -> Vec<Table> {
        let columns = |rest: &[&'static str]| LEAD.into_iter().chain(rest.iter().copied()).collect::<Vec<_>>();
        let of_readings = columns(&["item", "position", "state", "active_seconds", "problem"]);
        let own = [
            Table { name: "readings", columns: of_readings, rows: self.readings },
            Table { name: "answers", columns: columns(&["question", "answer", "value"]), rows: self.answers },
        ];
        own.into_iter().chain(self.tables).collect()
    }
}

/// Handles that readers saw, with the timepoints' own names.
fn named(trial: &Trial, case: &TrialCase) -> Vec<(String, String)> {
    let own = |t: usize| if t == 0 { case.timepoint.clone() } else { case.timepoints[t - 1].id.clone() };
    shown_timepoints(trial, case).into_iter().map(|(t, shown)| (shown, own(t))).collect()
}

/// What a data set is of: `study.json` beside its tables.
#[derive(Serialize)]
pub struct Codebook<'a> {
    schema: &'static str,
    title: &'a str,
    seed: u64,
    readers: &'a [String],
    cases: Vec<&'a str>,
    repeats: usize,
    repeat_gap: usize,
    questions: Vec<Value>,
    /// What could not be taken.
    notes: &'a [String],
}

/// The codebook of a study.
pub fn codebook<'a>(trial: &'a Trial, notes: &'a [String]) -> Codebook<'a> {
    let question = |q: &super::Question| {
        let kind = match &q.kind {
            AnswerKind::Choice { choices, ordered } => json!({"choices": choices, "ordered": ordered}),
            AnswerKind::Number { least, most, whole, unit } => {
                json!({"number": [least, most], "whole": whole, "unit": unit})
            }
            AnswerKind::YesNo => json!({"yes_no": true}),
            AnswerKind::Text => json!({"text": true}),
        };
        json!({"id": q.id, "ask": q.ask, "kind": kind, "required": q.required, "field": q.field})
    };
    Codebook {
        schema: "spondyl-study-export/1",
        title: &trial.title,
        seed: trial.seed,
        readers: &trial.readers,
        cases: trial.cases.iter().map(|c| c.id.as_str()).collect(),
        repeats: trial.repeats,
        repeat_gap: trial.repeat_gap,
        questions: trial.questions.iter().map(question).collect(),
        notes,
    }
}
