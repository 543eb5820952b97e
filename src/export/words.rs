//! What a person types freely, which may name a person or a date: left out of exports without identities, unless asked for.
//!
//! What stays of words: handles (labels of lesions and measurements, names of timepoints, ids of questions), the reader's
//! pseudonym, words that the program offers, and three terms for a disease: primary site, primary histology, diagnosis.
//! Every record is taken apart field by field, so that a new one does not compile before it is decided on.

use crate::document::{
    AgeConflict, Answer, CaseFacts, Document, Evidence, Histology, Lesion, Measurement, MrSignals, Neurology,
    PainFacts, PostoperativeState, SpineNumbering, Timepoint, Treatment, Vertebra,
};

/// Whether what was typed freely goes into an export without identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// It is left out.
    LeftOut,
    /// It stays: somebody has read it.
    Kept,
}

/// Takes everything that was typed freely out of a document.
pub fn leave_out(doc: &mut Document) {
    let Document {
        images: _, // identity and geometry; findings are the program's own sentences
        spine,
        vertebrae,
        lesions,
        masks: _,
        bodies: _,
        body_origins: _,
        measurements,
        case,
        timepoints,
        followups,
    } = doc;
    of_spine(spine);
    vertebrae.values_mut().chain(followups.values_mut().flat_map(|f| f.values_mut())).for_each(of_vertebra);
    lesions.values_mut().for_each(of_lesion);
    measurements.values_mut().for_each(of_measurement);
    of_case(case);
    timepoints.values_mut().for_each(of_timepoint);
}

pub(crate) fn of_spine(spine: &mut SpineNumbering) {
    let SpineNumbering {
        anchor,
        counted_from: _,
        n_thoracic: _,
        n_lumbar: _,
        transition: _,
        castellvi: _,
        ambiguous: _,
    } = spine;
    *anchor = anchor.take().filter(|a| SpineNumbering::ANCHORS.contains(&a.as_str()));
}

pub(crate) fn of_vertebra(v: &mut Vertebra) {
    #[rustfmt::skip]
    let Vertebra {
        postoperative, evidence, remark,
        at_mm: _, status: _, level_confidence: _, heights: _, fracture: _, pathological_fracture: _, epidural_tumour: _,
        sac_deformed: _, cord_touched: _, cord_compression: _, csf_visible: _, escc_grade: _, escc_image: _, pain: _,
        sins_pain: _, sins_alignment: _, sins_posterolateral: _, sins_collapse: _,
    } = v;
    of_surgery(postoperative);
    of_evidence(evidence);
    *remark = None;
}

fn of_surgery(after: &mut PostoperativeState) {
    #[rustfmt::skip]
    let PostoperativeState {
        cage_material, procedure,
        corpectomy: _, cage: _, cement: _, screws: _, fixation_failure: _, cement_leakage: _, leakage_at: _,
        subsidence_mm: _, plate_or_rods: _, recurrence: _,
    } = after;
    (*cage_material, *procedure) = (None, None);
}

/// A finding is a sentence, and without it the record says nothing.
fn of_evidence(evidence: &mut Vec<Evidence>) {
    evidence.clear();
}

pub(crate) fn of_lesion(lesion: &mut Lesion) {
    #[rustfmt::skip]
    let Lesion {
        evidence, mr, histology, remark, taken_from,
        label: _, label_value: _, vertebra: _, vertebra_pending: _, kind: _, color: _, extent: _, sites: _, margin: _,
        cortical_breach: _, soft_tissue_component: _, soft_tissue_long_axis_mm: _, cortical_breach_at: _,
        soft_tissue_at: _, wbb_zones: _, wbb_layers: _, nature: _, recist_role: _, locked: _,
    } = lesion;
    of_evidence(evidence);
    let MrSignals { reference, t1_vs_normal_marrow: _, t2: _, stir: _, dwi: _, enhancement: _ } = mr;
    *reference = None;
    let Histology { method, ihc, confirmed: _, diagnosis: _ } = histology;
    *method = None;
    ihc.clear();
    (*remark, *taken_from) = (None, None);
}

fn of_measurement(m: &mut Measurement) {
    let Measurement { label: _, shape: _, image: _, level: _, role: _ } = m;
}

pub(crate) fn of_timepoint(t: &mut Timepoint) {
    let Timepoint { label, outcome, first: _, relative_days: _, relative_months: _, studies: _ } = t;
    (*label, *outcome) = (None, None);
}

pub(crate) fn of_case(case: &mut CaseFacts) {
    #[rustfmt::skip]
    let CaseFacts {
        age_conflicts, primary_status, other_metastases, radiosensitivity, pain, neurology, treatment, remark, answers,
        sex: _, age_years: _, primary_site: _, primary_histology: _, primary_sct: _, tomita_surgical_type: _, finished: _,
    } = case;
    age_conflicts.iter_mut().for_each(|AgeConflict { place, value: _ }| place.clear());
    age_conflicts.clear();
    (*primary_status, *radiosensitivity, *remark) = (None, None, None);
    other_metastases.clear();
    let PainFacts { site, palpation, mechanical: _, unresponsive_to_analgesics: _, score_nrs: _, duration_months: _ } =
        pain;
    (*site, *palpation) = (None, None);
    let Neurology { deficit, asia_impairment_scale: _, myelopathy: _ } = neurology;
    *deficit = None;
    let Treatment { surgery, chemotherapy, radiotherapy: _ } = treatment;
    (*surgery, *chemotherapy) = (None, None);
    // The document does not know a choice from a sentence: only the study does.
    answers.retain(|_, answer| !matches!(answer, Answer::Words(_)));
}
