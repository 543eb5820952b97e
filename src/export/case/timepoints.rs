//! Timepoints in the case JSON, and what changed from one to the next.

use crate::assess::{LevelChange, changes};
use crate::document::{Document, TimepointKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A timepoint. No dates: distances from the first one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimepointRecord {
    /// Its handle.
    pub id: TimepointKey,
    /// What it is, in words.
    pub label: Option<String>,
    /// Whether it is the one that others are counted from.
    pub first: bool,
    /// Days after the first timepoint.
    pub relative_days: Option<i32>,
    /// Months after the first timepoint, where days are not known.
    pub relative_months: Option<f64>,
    /// StudyInstanceUID (0020,000D) of its studies.
    pub studies: Vec<String>,
    /// How the patient was then, in words.
    pub outcome: Option<String>,
}

/// What changed from one timepoint to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    /// The earlier timepoint; null for a first one without a record.
    pub from: Option<TimepointKey>,
    /// The later one.
    pub to: TimepointKey,
    /// Level by level, head to feet.
    pub levels: Vec<LevelChange>,
}

/// The case's timepoints in their order.
pub fn timepoint_records(doc: &Document) -> Vec<TimepointRecord> {
    let record = |id: TimepointKey| {
        let t = doc.timepoints.get(&id)?.clone();
        let (relative_days, relative_months) = (t.relative_days, t.relative_months);
        let (label, first, studies, outcome) = (t.label, t.first, t.studies, t.outcome);
        Some(TimepointRecord { id, label, first, relative_days, relative_months, studies, outcome })
    };
    doc.timepoints_in_order().into_iter().flatten().filter_map(record).collect()
}

/// Timepoints of which something can be shown: the first, and later ones with levels or images. `None` is the first.
pub fn spoken_of(doc: &Document) -> Vec<Option<TimepointKey>> {
    let shown = |t: &Option<TimepointKey>| match t {
        Some(key) if doc.is_later(key) => {
            let levels = doc.followups.get(key).is_some_and(|f| !f.is_empty());
            levels || doc.images.values().any(|i| doc.later_timepoint_of(i) == Some(key))
        }
        _ => true,
    };
    doc.timepoints_in_order().into_iter().filter(shown).collect()
}

/// What changed from each timepoint to the next.
pub fn change_records(doc: &Document) -> Vec<ChangeRecord> {
    let shown = spoken_of(doc);
    let pairs = shown.windows(2).filter_map(|pair| {
        let to = pair[1].clone()?;
        let mut levels = changes(doc, pair[0].as_ref(), Some(&to));
        levels.iter_mut().for_each(rounded);
        Some(ChangeRecord { from: pair[0].clone(), to, levels })
    });
    pairs.collect()
}

/// Figures without noise of the last bits.
fn rounded(change: &mut LevelChange) {
    for s in [&mut change.before, &mut change.after] {
        for figure in [&mut s.volume_mm3, &mut s.collapse_percent, &mut s.segmental_kyphosis_deg] {
            *figure = figure.map(super::build::figure);
        }
    }
    for figure in [&mut change.volume_change_mm3, &mut change.volume_change_percent, &mut change.collapse_change_points]
    {
        *figure = figure.map(super::build::figure);
    }
}
