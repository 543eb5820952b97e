//! Steps about levels: label, unlabel, shift, heights.

use super::{Planned, Refusal};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, HeightPoints, Vertebra};
use crate::space::PatientPoint;
use std::collections::BTreeSet;

fn replaced(level: VertebraLevel, value: Vertebra) -> Edit {
    Edit::Vertebra { level, value: Some(Box::new(value)) }
}

fn known(document: &Document, level: VertebraLevel) -> Vertebra {
    document.vertebrae.get(&level).cloned().unwrap_or_default()
}

pub fn label(document: &Document, level: VertebraLevel, at_mm: PatientPoint) -> Planned {
    let before = known(document, level);
    let verb = if before.at_mm.is_some() { "Move" } else { "Label" };
    (vec![replaced(level, Vertebra { at_mm: Some(at_mm), ..before })], format!("{verb} {level}"))
}

pub fn unlabel(document: &Document, level: VertebraLevel) -> Result<Planned, Refusal> {
    if !document.vertebrae.contains_key(&level) {
        return Err(Refusal::NotLabelled(level));
    }
    Ok((vec![Edit::Vertebra { level, value: None }], format!("Remove label {level}")))
}

pub fn heights(document: &Document, level: VertebraLevel, points: HeightPoints) -> Planned {
    let value = Vertebra { heights: Some(points), ..known(document, level) };
    (vec![replaced(level, value)], format!("Heights {level}"))
}

/// Renames every bone from `from` downwards by `by` places in this spine's own chain: the usual levels and those of T13
/// and L6 that the case speaks of.
pub fn shift(document: &Document, by: i32, from: Option<VertebraLevel>) -> Result<Planned, Refusal> {
    let used: BTreeSet<VertebraLevel> = document
        .vertebrae
        .keys()
        .copied()
        .chain(document.lesions.values().map(|l| l.vertebra))
        .chain(document.measurements.values().filter_map(|m| m.level))
        .collect();
    let chain: Vec<_> = VertebraLevel::ALL.into_iter().filter(|l| !l.is_variant() || used.contains(l)).collect();
    let moves = |l: VertebraLevel| from.is_none_or(|f| l >= f);
    let to = |l: VertebraLevel| -> Result<VertebraLevel, Refusal> {
        if !moves(l) {
            return Ok(l);
        }
        let at = chain.iter().position(|c| *c == l).map_or(0, |p| p as i64) + i64::from(by);
        let onto = usize::try_from(at).ok().and_then(|at| chain.get(at).copied());
        let onto = onto.ok_or(Refusal::OffTheSpine { level: l, by })?;
        if used.contains(&onto) && !moves(onto) {
            return Err(Refusal::LevelTaken { level: l, onto });
        }
        Ok(onto)
    };
    let mut edits = Vec::new();
    let mut gone: BTreeSet<VertebraLevel> = BTreeSet::new();
    let mut arrived = BTreeSet::new();
    for (level, vertebra) in document.vertebrae.iter().filter(|(l, _)| moves(**l)) {
        let onto = to(*level)?;
        gone.insert(*level);
        arrived.insert(onto);
        edits.push(replaced(onto, vertebra.clone()));
    }
    edits.extend(gone.difference(&arrived).map(|l| Edit::Vertebra { level: *l, value: None }));
    for (id, lesion) in document.lesions.iter().filter(|(_, l)| moves(l.vertebra)) {
        let mut moved = lesion.clone();
        moved.vertebra = to(lesion.vertebra)?;
        edits.push(Edit::Lesion { id: *id, value: Some(Box::new(moved)) });
    }
    for (id, m) in &document.measurements {
        if let Some(level) = m.level.filter(|l| moves(*l)) {
            let moved = crate::document::Measurement { level: Some(to(level)?), ..m.clone() };
            edits.push(Edit::Measurement { id: *id, value: Some(Box::new(moved)) });
        }
    }
    if let Some(level) = document.spine.counted_from.filter(|l| moves(*l)) {
        let spine = crate::document::SpineNumbering { counted_from: Some(to(level)?), ..document.spine.clone() };
        edits.push(Edit::Spine { value: spine });
    }
    Ok((edits, format!("Shift levels by {by:+}")))
}
