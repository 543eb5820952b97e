//! What one of our own files says besides drawings, as steps: numbering, fields of levels, lesions and the case, heights,
//! measurements. Only what differs from a record of which nothing is known becomes a step.

use super::onto::{Steps, Target};
use crate::document::{
    CaseFacts, Document, Lesion, MeasurementShape, SpineNumbering, Timepoint, TimepointKey, Vertebra,
};
use crate::export::{CaseFile, DrawnMeasurement, LesionRecord, VertebraRecord};
use crate::session::{Op, Target as Whose};
use crate::space::PatientPoint;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

pub(super) fn fields(of: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(), // records are objects
    }
}

/// Adds the steps of a case file.
pub fn add(case: &CaseFile, targets: &[Target], document: &Document, out: &mut Steps) {
    let mut spine = fields(&case.spine_numbering);
    if let Some(castellvi) = spine.remove("lstv_castellvi") {
        spine.insert("castellvi".to_owned(), castellvi);
    }
    let said = differing(&fields(&SpineNumbering::default()), &spine, &[]);
    if !said.is_empty() {
        out.ops.push(Op::SetSpine { variant: said });
    }
    for t in &case.timepoints {
        set_all(out, &fields(&Timepoint::default()), &fields(t), &[], || Whose::Timepoint(t.id.clone()));
    }
    let mut described = BTreeSet::new();
    for set in &case.annotation_sets {
        let first = |id: &TimepointKey| case.timepoints.iter().any(|t| t.id == *id && t.first);
        let later = set.timepoint.as_ref().filter(|id| !first(id));
        for v in &set.vertebrae {
            level(v, later, out);
            v.lesions.iter().filter(|l| described.insert(l.id)).for_each(|l| lesion(l, out));
        }
    }
    let mut drawn = BTreeSet::new();
    for m in case.annotation_sets.iter().flat_map(|s| &s.measurements).filter(|m| drawn.insert(m.id)) {
        measure(m, targets, document, out);
    }
    set_all(out, &fields(&CaseFacts::default()), &case_facts(case), &[], || Whose::Case(true));
    // Answers come along; that a reading is finished is for its reader to say.
    for (question, answer) in case.reading.iter().flat_map(|r| &r.answers) {
        let value = serde_json::json!(answer);
        out.ops.push(Op::Set { target: Whose::Case(true), field: format!("answers.{question}"), value });
    }
}

/// What is said of a level; at a later timepoint its centre too, which belongs to the images of then.
fn level(v: &VertebraRecord, later: Option<&TimepointKey>, out: &mut Steps) {
    let start = out.ops.len();
    let centre = v.centroid_mm.filter(|_| later.is_some()).and_then(|p| PatientPoint::try_from(p).ok());
    out.ops.extend(centre.map(|at_mm| Op::LabelVertebra { level: v.level, at_mm }));
    let mut record = fields(v);
    record.insert("fracture".to_owned(), serde_json::json!(v.fracture.present));
    set_all(out, &fields(&Vertebra::default()), &record, Vertebra::FIXED, || Whose::Vertebra(v.level));
    let points = v.morphometry.landmarks_lps_mm;
    out.ops.extend(points.map(|points_mm| Op::Heights { level: v.level, points_mm }));
    if let Some(timepoint) = later {
        let at = |step| Op::At { timepoint: timepoint.clone(), step: Box::new(step), image: None };
        let there: Vec<Op> = out.ops.split_off(start).into_iter().map(at).collect();
        out.ops.extend(there);
    }
}

fn lesion(l: &LesionRecord, out: &mut Steps) {
    let added = out.ops.iter().any(|op| matches!(op, Op::AddLesion { lesion, .. } if *lesion == l.label));
    if added {
        let blank = Lesion::new(l.label.clone(), 0, l.vertebra, l.kind);
        set_all(out, &fields(&blank), &fields(l), Lesion::FIXED, || Whose::Lesion(l.label.clone()));
    }
}

/// Fields of a record that are not as in one of which nothing is known.
pub(super) fn differing(blank: &Map<String, Value>, record: &Map<String, Value>, fixed: &[&str]) -> Map<String, Value> {
    let said = blank.iter().filter(|(field, _)| !fixed.contains(&field.as_str()));
    let said = said.filter_map(|(field, nothing)| {
        let value = record.get(field)?;
        (value != nothing).then(|| (field.clone(), value.clone()))
    });
    said.collect()
}

pub(super) fn set_all(
    out: &mut Steps,
    blank: &Map<String, Value>,
    record: &Map<String, Value>,
    fixed: &[&str],
    target: impl Fn() -> Whose,
) {
    for (field, value) in differing(blank, record, fixed) {
        out.ops.push(Op::Set { target: target(), field, value });
    }
}

/// Facts of the case under the names that `set` takes.
fn case_facts(case: &CaseFile) -> Map<String, Value> {
    let mut facts = fields(&case.subject);
    facts.extend(fields(&case.clinical));
    for (field, value) in fields(&case.primary_tumour) {
        facts.insert(format!("primary_{field}"), value.clone());
        facts.insert(field, value);
    }
    facts.extend(serde_json::to_value(&case.treatment).ok().map(|t| ("treatment".to_owned(), t)));
    facts
}

fn measure(m: &DrawnMeasurement, targets: &[Target], document: &Document, out: &mut Steps) {
    let taken = document.measurements.values().any(|known| known.label == m.label);
    let at_hand = targets.iter().any(|t| t.key == m.image);
    let points: Vec<PatientPoint> = m.points_lps_mm.iter().filter_map(|p| PatientPoint::try_from(*p).ok()).collect();
    let shape = match points[..] {
        [a, b] => Some(MeasurementShape::Length { points_mm: [a, b] }),
        [a, b, c, d] => Some(MeasurementShape::Angle { a_mm: [a, b], b_mm: [c, d] }),
        _ => None,
    };
    match shape.filter(|_| at_hand && !taken) {
        Some(shape) => {
            let (measurement, image) = (m.label.clone(), Some(m.image.clone()));
            out.ops.push(Op::Measure { measurement, shape, level: m.level, role: m.role, image });
        }
        None if taken => out.notes.push(format!("measurement {:?} is in the case already; left out", m.label)),
        None => out.notes.push(format!(
            "measurement {:?} was drawn on series {}, which is not at hand; left out",
            m.label, m.image.0
        )),
    }
}
