//! The script of an export without identities: every step, without what was typed freely ([`crate::export::words`]).

use super::{Op, Target};
use crate::anatomy::VertebraLevel;
use crate::document::{CaseFacts, Lesion, LesionKind, SpineNumbering, Timepoint, Vertebra, with_field};
use crate::export::Words;
use crate::export::words::{of_case, of_lesion, of_spine, of_timepoint, of_vertebra};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A line of a script, with what was typed freely or without it; `None` where it is no step.
pub fn line_of_script(line: &str, words: Words) -> Option<Value> {
    match words {
        Words::LeftOut => Op::from_line(line.as_bytes()).ok().map(step_without).map(|op| json!(op)),
        Words::Kept => serde_json::from_str(line).ok(),
    }
}

/// A step without what was typed freely. It stays a step also where nothing is left of it: a timepoint begins with its
/// first field, a level with the first thing said of it, and undo counts steps.
fn step_without(step: Op) -> Op {
    match step {
        Op::Set { target, field, value } => {
            let value = value_without(&target, &field, value);
            Op::Set { target, field, value }
        }
        Op::SetSpine { variant } => {
            let blank = SpineNumbering::default();
            let said = |(field, value): (String, Value)| {
                let value = field_without(&blank, &field, value, of_spine);
                (field, value)
            };
            Op::SetSpine { variant: variant.into_iter().map(said).collect::<Map<_, _>>() }
        }
        Op::LabelVertebrae { centres_mm, source: _ } => Op::LabelVertebrae { centres_mm, source: None },
        Op::TakeOver { source: _, about: _, steps } => {
            let steps = steps.into_iter().map(step_without).collect();
            Op::TakeOver { source: String::new(), about: None, steps }
        }
        Op::At { timepoint, image, step } => Op::At { timepoint, image, step: Box::new(step_without(*step)) },
        // Handles, places and figures.
        Op::LabelVertebra { .. }
        | Op::UnlabelVertebra { .. }
        | Op::ShiftLevels { .. }
        | Op::RemoveTimepoint { .. }
        | Op::AddLesion { .. }
        | Op::DeleteLesion { .. }
        | Op::MergeLesions { .. }
        | Op::SplitLesion { .. }
        | Op::CopySlice { .. }
        | Op::OutlineBody { .. }
        | Op::Brush { .. }
        | Op::Contour { .. }
        | Op::Grow { .. }
        | Op::Mask { .. }
        | Op::Interpolate { .. }
        | Op::Refine { .. }
        | Op::Heights { .. }
        | Op::Measure { .. }
        | Op::Calibrate { .. }
        | Op::Unmeasure { .. }
        | Op::Undo {}
        | Op::Redo {} => step,
    }
}

/// What a step sets, without what was typed freely.
fn value_without(target: &Target, field: &str, value: Value) -> Value {
    match target {
        Target::Vertebra(_) => field_without(&Vertebra::default(), field, value, of_vertebra),
        // Files leave these out while they are not so: they cannot be set as other fields are.
        Target::Lesion(_) if field == "locked" => value,
        Target::Case(_) if field == "finished" => value,
        Target::Lesion(_) => {
            let blank = Lesion::new(String::new(), 1, VertebraLevel::C1, LesionKind::default());
            field_without(&blank, field, value, of_lesion)
        }
        Target::Case(_) if field.starts_with("answers.") => match value {
            Value::String(_) => Value::Null,
            other => other,
        },
        Target::Case(_) => field_without(&CaseFacts::default(), field, value, of_case),
        Target::Measurement(_) => match field {
            "label" | "level" | "role" => value,
            _ => Value::Null,
        },
        Target::Timepoint(_) => field_without(&Timepoint::default(), field, value, of_timepoint),
    }
}

/// The value of a field once its record is without what was typed freely; null where the field cannot hold it.
fn field_without<T: Serialize + DeserializeOwned>(
    blank: &T,
    field: &str,
    value: Value,
    leave_out: impl Fn(&mut T),
) -> Value {
    let Ok(mut record) = with_field(blank, field, &value, &[]) else { return Value::Null };
    leave_out(&mut record);
    let whole = serde_json::to_value(&record).unwrap_or_default(); // plain data always becomes JSON
    let left = field.split('.').try_fold(&whole, |at, part| at.get(part)).cloned().unwrap_or_default();
    // A record that was given in part stays so: its other fields are not said.
    if left == value { value } else { left }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
