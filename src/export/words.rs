//! What a reader says in sentences, which may name a person: left out of exports without identities, unless asked for.
//! Terms (site, histology, diagnosis), labels and pseudonyms are no sentences; they stay.

use crate::document::{Answer, CaseFacts, Document, Vertebra};
use serde_json::Value;

/// Whether sentences go into an export without identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// They are left out.
    LeftOut,
    /// They stay: somebody has read them.
    Kept,
}

/// Fields that hold sentences, as steps name them; those of a record by the record's last name.
const FIELDS: [&str; 9] =
    ["remark", "evidence", "palpation", "deficit", "surgery", "chemotherapy", "procedure", "outcome", "age_conflicts"];

/// Takes every sentence out of a document.
pub fn leave_out(doc: &mut Document) {
    leave_out_of_case(&mut doc.case);
    for l in doc.lesions.values_mut() {
        l.remark = None;
        l.evidence.clear();
    }
    let levels = doc.vertebrae.values_mut().chain(doc.followups.values_mut().flat_map(|f| f.values_mut()));
    for Vertebra { remark, evidence, postoperative, .. } in levels {
        *remark = None;
        evidence.clear();
        postoperative.procedure = None;
    }
    doc.timepoints.values_mut().for_each(|t| t.outcome = None);
}

fn leave_out_of_case(case: &mut CaseFacts) {
    case.remark = None;
    case.pain.palpation = None;
    case.neurology.deficit = None;
    (case.treatment.surgery, case.treatment.chemotherapy) = (None, None);
    case.age_conflicts.clear();
    // The document does not know a choice from a sentence: only the study does.
    case.answers.retain(|_, answer| !matches!(answer, Answer::Words(_)));
}

/// A step without sentences, also where it is within another step; `None` where it does nothing but say one.
pub fn step_without(mut step: Value) -> Option<Value> {
    if step.get("op").is_some_and(|op| op == "set") {
        let field = step.get("field").and_then(Value::as_str).unwrap_or_default();
        let answers = field.starts_with("answers.") && step.get("value").is_some_and(Value::is_string);
        if answers || field.rsplit('.').next().is_some_and(|last| FIELDS.contains(&last)) {
            return None;
        }
    }
    if let Some(inner) = step.get_mut("step") {
        *inner = step_without(inner.take())?;
    }
    if let Some(Value::Array(steps)) = step.get_mut("steps") {
        *steps = std::mem::take(steps).into_iter().filter_map(step_without).collect();
    }
    remove_fields(&mut step);
    Some(step)
}

/// Removes the fields wherever a step sets a whole record.
fn remove_fields(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(remove_fields),
        Value::Object(all) => {
            all.retain(|name, _| !FIELDS.contains(&name.as_str()));
            all.values_mut().for_each(remove_fields);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::sample;
    use serde_json::json;

    const NAMED: &str = "Mrs Doe says";

    #[test]
    fn a_sentence_in_any_field_of_words_is_left_out_of_the_document() {
        let mut doc = sample().doc;
        let said = || Some(NAMED.to_owned());
        doc.case.remark = said();
        doc.case.pain.palpation = said();
        doc.case.neurology.deficit = said();
        doc.case.treatment.surgery = said();
        doc.case.treatment.chemotherapy = said();
        doc.case.age_conflicts.push(crate::document::AgeConflict { value: 61.0, place: NAMED.to_owned() });
        doc.case.answers.insert("q1".to_owned(), Answer::Words(NAMED.to_owned()));
        doc.case.answers.insert("q2".to_owned(), Answer::Number(3.0));
        let finding = crate::document::Evidence { image: None, finding: NAMED.to_owned() };
        for l in doc.lesions.values_mut() {
            (l.remark, l.evidence) = (said(), vec![finding.clone()]);
        }
        for v in doc.vertebrae.values_mut() {
            (v.remark, v.evidence, v.postoperative.procedure) = (said(), vec![finding.clone()], said());
        }
        let timepoint = crate::document::TimepointKey("later".to_owned());
        doc.followups.insert(timepoint.clone(), doc.vertebrae.clone());
        doc.timepoints.insert(timepoint, crate::document::Timepoint { outcome: said(), ..Default::default() });
        assert!(format!("{doc:?}").matches(NAMED).count() > 15);
        leave_out(&mut doc);
        assert!(!format!("{doc:?}").contains(NAMED), "{doc:?}");
        assert_eq!(doc.case.answers.len(), 1, "numbers stay");
    }

    #[test]
    fn steps_lose_their_sentences_and_nothing_else() {
        let set =
            |field: &str, value: Value| json!({"op": "set", "target": {"case": true}, "field": field, "value": value});
        for gone in ["remark", "pain.palpation", "treatment.surgery", "answers.q1", "evidence", "neurology.deficit"] {
            assert_eq!(step_without(set(gone, json!(NAMED))), None, "{gone}");
        }
        for stays in [set("answers.q1", json!(2)), set("margin", json!("permeative_3")), json!({"op": "undo"})] {
            assert_eq!(step_without(stays.clone()), Some(stays));
        }
        let record = set("pain", json!({"palpation": NAMED, "score_nrs": 4}));
        assert_eq!(step_without(record), Some(set("pain", json!({"score_nrs": 4}))));
        let group = json!({"op": "group", "steps": [set("remark", json!(NAMED)), {"op": "redo"}]});
        assert_eq!(step_without(group), Some(json!({"op": "group", "steps": [{"op": "redo"}]})));
    }
}
