//! Questions of a reading study: what each reader records for each case, and what is still missing.

use super::definition::name;
use super::written::{Keys, TrialError};
use crate::document::{Answer, CaseFacts, FieldError, with_field};
use serde_json::Value;

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its id in tables and files.
    pub id: String,
    /// What the reader is asked.
    pub ask: String,
    /// What can be answered.
    pub kind: AnswerKind,
    /// The reading cannot be finished without an answer.
    pub required: bool,
    /// The field of the case that holds the answer (as scripts spell it); the answers' own place where absent.
    pub field: Option<String>,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerKind {
    /// One of these.
    Choice {
        /// The answers.
        choices: Vec<String>,
        /// Whether their order means something: agreement then weighs how far answers lie apart.
        ordered: bool,
    },
    /// A number within a range, with its unit.
    Number {
        /// The least.
        least: f64,
        /// The largest.
        most: f64,
        /// No fractions.
        whole: bool,
        /// Unit; empty for a count or a score.
        unit: String,
    },
    /// Yes or no.
    YesNo,
    /// Words.
    Text,
}

/// A question of its table.
pub(super) fn question(keys: &mut Keys<'_>) -> Result<Question, TrialError> {
    let id = name(keys, "id")?;
    let ask = keys.needed("ask", "the question as the reader sees it")?;
    let choices = keys.texts("choices", "a list of answers, such as [\"unsure\", \"sure\"]")?;
    let number = keys.interval("number")?;
    let (yes_no, text) = (keys.flag("yes_no", false)?, keys.flag("text", false)?);
    let ordered = keys.flag("ordered", false)?;
    let (whole, unit) = (keys.flag("whole", false)?, keys.text("unit", "a unit, such as \"mm\"")?.unwrap_or_default());
    let kind = match (choices, number, yes_no, text) {
        (Some(choices), None, false, false) if choices.len() > 1 => {
            AnswerKind::Choice { choices: choices.into_iter().map(|(_, c)| c).collect(), ordered }
        }
        (None, Some([least, most]), false, false) => AnswerKind::Number { least, most, whole, unit },
        (None, None, true, false) => AnswerKind::YesNo,
        (None, None, false, true) => AnswerKind::Text,
        _ => {
            return Err(keys.wrong_here(
                "id",
                format!("{id:?} without one kind of answer"),
                "one of choices (two or more), number = [least, most], yes_no = true, text = true",
            ));
        }
    };
    let required = keys.flag("required", true)?;
    let field = keys.text("field", "a field of the case, such as \"tomita_surgical_type\"")?;
    if let Some(field) = &field {
        fits(keys, field, &kind)?;
    }
    Ok(Question { id, ask, kind, required, field })
}

/// Sees that a field of the case is there and can hold the answers.
fn fits(keys: &Keys<'_>, field: &str, kind: &AnswerKind) -> Result<(), TrialError> {
    let samples: Vec<Value> = match kind {
        AnswerKind::Choice { choices, .. } => choices.iter().map(|c| Value::from(c.as_str())).collect(),
        AnswerKind::Number { least, most, whole: true, .. } => [*least, *most].map(|n| Value::from(n as i64)).to_vec(),
        AnswerKind::Number { least, most, .. } => [*least, *most].map(Value::from).to_vec(),
        AnswerKind::YesNo => vec![Value::Bool(true)],
        AnswerKind::Text => vec![Value::from("words")],
    };
    for sample in samples {
        let expected = match with_field(&CaseFacts::default(), field, &sample, &["answers", "finished"]) {
            Ok(_) => continue,
            Err(FieldError::Unknown { known, .. }) => format!("a field of the case: {known}"),
            Err(FieldError::Refused { why, .. }) => format!("a field that can hold {sample} ({why})"),
        };
        return Err(keys.wrong_here("field", format!("{field:?}"), expected));
    }
    Ok(())
}

impl Question {
    /// The field that a step sets to answer it.
    pub fn field(&self) -> String {
        self.field.clone().unwrap_or_else(|| format!("answers.{}", self.id))
    }

    /// What the reader answered; nothing for "not assessed".
    pub fn answer(&self, facts: &CaseFacts) -> Option<Answer> {
        let Some(field) = &self.field else { return facts.answers.get(&self.id).cloned() };
        let whole = serde_json::to_value(facts).ok()?;
        let value = field.split('.').try_fold(&whole, |at, part| at.get(part))?;
        match value {
            Value::Bool(yes) => Some(Answer::Yes(*yes)),
            Value::Number(n) => n.as_f64().map(Answer::Number),
            Value::String(s) if s.is_empty() || s == "not_assessed" => None,
            Value::String(s) => Some(Answer::Words(s.clone())),
            Value::Array(items) if !items.is_empty() => {
                let words: Vec<String> =
                    items.iter().map(|i| i.as_str().map_or(i.to_string(), str::to_owned)).collect();
                Some(Answer::Words(words.join("; ")))
            }
            _ => None,
        }
    }

    /// Whether an answer is one of those that the question allows.
    pub fn allows(&self, answer: &Answer) -> bool {
        match (&self.kind, answer) {
            (AnswerKind::Choice { choices, .. }, Answer::Words(w)) => choices.contains(w),
            (AnswerKind::Number { least, most, whole, .. }, Answer::Number(n)) => {
                (*least..=*most).contains(n) && (!whole || n.fract() == 0.0)
            }
            (AnswerKind::YesNo, Answer::Yes(_)) => true,
            (AnswerKind::Text, Answer::Words(w)) => !w.trim().is_empty(),
            _ => false,
        }
    }

    /// Whether it still wants an answer: it is required and has none that it allows.
    pub fn is_open(&self, facts: &CaseFacts) -> bool {
        self.required && !self.answer(facts).is_some_and(|a| self.allows(&a))
    }
}
