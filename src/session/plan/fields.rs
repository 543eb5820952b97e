//! Steps that set one field: of a vertebra, a lesion, the case, or the numbering.

use super::{Planned, Refusal, lesion, lesions::check_label, levels::counted, measure, timepoints};
use crate::document::{Answer, CaseFacts, Document, Edit, FieldError, Lesion, SpineNumbering, Vertebra, with_field};
use crate::session::op::Target;
use serde_json::{Map, Value};

pub fn set_spine(document: &Document, variant: &Map<String, Value>) -> Result<Planned, Refusal> {
    let mut spine: SpineNumbering = document.spine.clone();
    for (field, value) in variant {
        spine = with_field(&spine, field, value, &[])?;
    }
    Ok((vec![Edit::Spine { value: spine }], "Set numbering".to_owned()))
}

pub fn set(document: &Document, target: &Target, field: &str, value: &Value) -> Result<Planned, Refusal> {
    match target {
        Target::Vertebra(level) => {
            let before = document.vertebrae.get(level).cloned().unwrap_or_default();
            let after = with_field(&before, field, value, Vertebra::FIXED)?;
            within(field, value, VERTEBRA_RANGES)?;
            let edit = Edit::Vertebra { level: *level, value: Some(Box::new(after)) };
            Ok((
                counted(document, *level).into_iter().chain([edit]).collect(),
                format!("Set {} of {level}", spoken(field)),
            ))
        }
        Target::Lesion(label) => set_lesion(document, label, field, value),
        Target::Measurement(label) => measure::set(document, label, field, value),
        Target::Timepoint(timepoint) => timepoints::set(document, timepoint, field, value),
        Target::Case(true) => {
            let after = match (field.strip_prefix("answers."), field, value) {
                (Some(question), ..) => answered(&document.case, question, value)?,
                (None, "finished", Value::Bool(finished)) => CaseFacts { finished: *finished, ..document.case.clone() },
                (None, "finished", _) => return Err(refused(field, value, "true or false")),
                _ => with_field(&document.case, field, value, &["answers"])?,
            };
            within(field, value, CASE_RANGES)?;
            check_case(&after, field, value)?;
            if field == "sex" && !matches!(after.sex.as_deref(), None | Some("M" | "F" | "O")) {
                return Err(refused(field, value, "one of \"M\", \"F\", \"O\" or null"));
            }
            let name = match (field.strip_prefix("answers."), after.finished) {
                (Some(question), _) => format!("Answer {question}"),
                (None, true) if field == "finished" => "Finish the reading".to_owned(),
                (None, false) if field == "finished" => "Reopen the reading".to_owned(),
                _ => format!("Set {} of the case", spoken(field)),
            };
            Ok((vec![Edit::Case { value: Box::new(after) }], name))
        }
        Target::Case(false) => {
            Err(Refusal::Nonsense("the case as a whole is meant by {\"case\": true}, not false".to_owned()))
        }
    }
}

fn set_lesion(document: &Document, label: &str, field: &str, value: &Value) -> Result<Planned, Refusal> {
    let (id, before) = lesion(document, label)?;
    let mut after = match (field, value) {
        ("locked", Value::Bool(locked)) => Lesion { locked: *locked, ..before.clone() },
        ("locked", _) => return Err(refused(field, value, "true or false")),
        _ => with_field(before, field, value, Lesion::FIXED)?,
    };
    within(field, value, LESION_RANGES)?;
    if after.wbb_zones.iter().any(|z| !(1..=12).contains(z)) {
        return Err(refused(field, value, "zones from 1 to 12"));
    }
    match field {
        "label" => {
            check_label(&after.label)?;
            if after.label != label && document.lesion_by_label(&after.label).is_some() {
                return Err(Refusal::LabelTaken(after.label));
            }
        }
        "vertebra" => after.vertebra_pending = false,
        _ => {}
    }
    let name = match (field, after.locked) {
        ("locked", true) => format!("Lock {label}"),
        ("locked", false) => format!("Unlock {label}"),
        _ => format!("Set {} of {label}", spoken(field)),
    };
    let edit = Edit::Lesion { id, value: Some(Box::new(after)) };
    Ok((vec![edit], name))
}

/// Longest id of a question, and longest answer in words.
const QUESTION_MAX: usize = 64;
const ANSWER_MAX: usize = 4000;

/// The facts with a question answered; `null` takes the answer back.
fn answered(before: &CaseFacts, question: &str, value: &Value) -> Result<CaseFacts, Refusal> {
    let field = format!("answers.{question}");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if question.is_empty() || question.len() > QUESTION_MAX || !question.chars().all(plain) {
        return Err(refused(&field, value, "a question's id of 1 to 64 letters, digits, - and _"));
    }
    let mut after = before.clone();
    let answer = match value {
        Value::Null => None,
        Value::Bool(yes) => Some(Answer::Yes(*yes)),
        Value::Number(n) => Some(Answer::Number(n.as_f64().ok_or_else(|| refused(&field, value, "a finite number"))?)),
        Value::String(words) if words.len() <= ANSWER_MAX => Some(Answer::Words(words.clone())),
        _ => return Err(refused(&field, value, "true, false, a number, a text of at most 4000 bytes, or null")),
    };
    match answer {
        Some(answer) => after.answers.insert(question.to_owned(), answer),
        None => after.answers.remove(question),
    };
    Ok(after)
}

/// `cortical_breach` as a person says it.
pub(super) fn spoken(field: &str) -> String {
    field.replace(['_', '.'], " ")
}

/// Numbers that a field may hold: by name, low, high (closed), and the only values allowed where it is a score.
type Range = (&'static str, f64, f64, &'static [f64]);

/// SINS points after Fisher 2010 (Spine 35:E1221).
const VERTEBRA_RANGES: &[Range] = &[
    ("sins_pain", 0.0, 3.0, &[0.0, 1.0, 3.0]),
    ("sins_alignment", 0.0, 4.0, &[0.0, 2.0, 4.0]),
    ("sins_posterolateral", 0.0, 3.0, &[0.0, 1.0, 3.0]),
    ("sins_collapse", 0.0, 3.0, &[0.0, 1.0, 2.0, 3.0]),
    ("postoperative.subsidence_mm", 0.0, 200.0, &[]),
];
const CASE_RANGES: &[Range] = &[
    ("age_years", 0.0, 150.0, &[]),
    ("tomita_surgical_type", 1.0, 7.0, &[]),
    ("pain.score_nrs", 0.0, 10.0, &[]),
    ("pain.duration_months", 0.0, 1200.0, &[]),
    ("treatment.radiotherapy.total_dose_gy", 0.0, 500.0, &[]),
    ("treatment.radiotherapy.fractions", 0.0, 500.0, &[]),
    ("treatment.radiotherapy.weeks", 0.0, 100.0, &[]),
];
const LESION_RANGES: &[Range] = &[("soft_tissue_long_axis_mm", 0.0, 1000.0, &[])];

/// What the types of the case's fields do not say.
fn check_case(after: &CaseFacts, field: &str, value: &Value) -> Result<(), Refusal> {
    let digits = |t: &str| (6..=18).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    if after.primary_sct.as_deref().is_some_and(|t| !digits(t)) {
        return Err(refused(field, value, "the 6 to 18 digits of a SNOMED CT concept, or null"));
    }
    let asia = after.neurology.asia_impairment_scale.as_deref();
    if !matches!(asia, None | Some("A" | "B" | "C" | "D" | "E")) {
        return Err(refused(field, value, "one of \"A\" to \"E\", or null"));
    }
    if after.age_conflicts.iter().any(|c| !(0.0..=150.0).contains(&c.value)) {
        return Err(refused(field, value, "ages of 0 to 150 years"));
    }
    Ok(())
}

fn within(field: &str, value: &Value, ranges: &[Range]) -> Result<(), Refusal> {
    let (Some(number), Some((_, low, high, only))) = (value.as_f64(), ranges.iter().find(|r| r.0 == field)) else {
        return Ok(());
    };
    if !only.is_empty() && !only.contains(&number) {
        let words: Vec<String> = only.iter().map(f64::to_string).collect();
        return Err(refused(field, value, &format!("one of {} or null", words.join(", "))));
    }
    if !(low..=high).contains(&&number) {
        return Err(refused(field, value, &format!("{low} to {high}, or null")));
    }
    Ok(())
}

fn refused(field: &str, value: &Value, expected: &str) -> Refusal {
    let why = format!("expected {expected}");
    Refusal::Field(FieldError::Refused { field: field.to_owned(), value: value.to_string(), why })
}
