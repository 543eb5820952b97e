//! Steps at a later timepoint, and about timepoints themselves.

use super::{Planned, Refusal, fields, levels};
use crate::document::{Document, Edit, TimepointKey, Vertebra, with_field};
use crate::session::op::{Op, Target};
use serde_json::Value;

/// Plans a step about levels as one about the levels of a later timepoint; at the first one it is the plain step.
pub fn at(document: &Document, timepoint: &TimepointKey, step: &Op) -> Result<Planned, Refusal> {
    let Some(known) = document.timepoints.get(timepoint) else {
        return Err(Refusal::NoSuchTimepoint(timepoint.0.clone()));
    };
    // The same lesions and images, other levels: what is planned is read off and put where it belongs.
    let view = document.with_levels_of(timepoint);
    let (edits, name) = match step {
        Op::LabelVertebra { level, at_mm } => levels::label(&view, *level, *at_mm),
        Op::LabelVertebrae { centres_mm, source } => levels::label_several(&view, centres_mm, source.as_deref())?,
        Op::UnlabelVertebra { level } => levels::unlabel(&view, *level)?,
        Op::Heights { level, points_mm } => levels::heights(&view, *level, *points_mm),
        Op::Set { target: target @ Target::Vertebra(_), field, value } => fields::set(&view, target, field, value)?,
        _ => {
            return Err(Refusal::Nonsense(
                "a step at a timepoint is one about levels: label_vertebra, unlabel_vertebra, heights, or set of a \
                 vertebra"
                    .to_owned(),
            ));
        }
    };
    if !document.is_later(timepoint) {
        return Ok((edits, name));
    }
    let there = |edit| match edit {
        Edit::Vertebra { level, value } => Edit::Followup { timepoint: timepoint.clone(), level, value },
        other => other,
    };
    let when = known.label.as_deref().unwrap_or(&timepoint.0);
    Ok((edits.into_iter().map(there).collect(), format!("{name} ({when})")))
}

/// Sets a field of a timepoint, which begins with its first field.
pub fn set(document: &Document, timepoint: &TimepointKey, field: &str, value: &Value) -> Result<Planned, Refusal> {
    super::lesions::check_label(&timepoint.0)?;
    let before = document.timepoints.get(timepoint).cloned().unwrap_or_default();
    let after = with_field(&before, field, value, &[])?;
    let clashes = |other: &crate::document::Timepoint| {
        let shared = after.studies.iter().find(|s| other.studies.contains(s));
        (after.first && other.first) || shared.is_some()
    };
    if let Some((other, _)) = document.timepoints.iter().find(|(k, t)| *k != timepoint && clashes(t)) {
        return Err(Refusal::Nonsense(format!(
            "timepoint \"{}\" is the first one or holds the study already; a study belongs to one timepoint, and one \
             timepoint is the first",
            other.0
        )));
    }
    let has_levels = document.followups.get(timepoint).is_some_and(|f| !f.is_empty());
    if after.first && has_levels {
        return Err(Refusal::Nonsense(format!(
            "timepoint \"{}\" has levels of its own and cannot become the first one; take them away first",
            timepoint.0
        )));
    }
    let edit = Edit::Timepoint { key: timepoint.clone(), value: Some(Box::new(after)) };
    Ok((vec![edit], format!("Set {} of timepoint {}", field.replace('_', " "), timepoint.0)))
}

/// Takes a timepoint away, with what was said of its levels.
pub fn remove(document: &Document, timepoint: &TimepointKey) -> Result<Planned, Refusal> {
    if !document.timepoints.contains_key(timepoint) {
        return Err(Refusal::NoSuchTimepoint(timepoint.0.clone()));
    }
    let levels = document.followups.get(timepoint).into_iter().flat_map(|f| f.keys().copied());
    let gone = |level| Edit::Followup { timepoint: timepoint.clone(), level, value: None::<Box<Vertebra>> };
    let mut edits: Vec<Edit> = levels.map(gone).collect();
    edits.push(Edit::Timepoint { key: timepoint.clone(), value: None });
    Ok((edits, format!("Remove timepoint {}", timepoint.0)))
}
