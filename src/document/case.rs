//! Statements about the case as a whole: patient, primary tumour, complaints, treatment. No names, no dates.

use super::Presence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An age that another source gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgeConflict {
    /// Years.
    pub value: f64,
    /// The source, in words.
    #[serde(rename = "where")]
    pub place: String,
}

/// What the patient complains of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PainFacts {
    /// Where, in words.
    pub site: Option<String>,
    /// Whether it is mechanical; null when not known. Points of a level are set at the level (`sins_pain`).
    pub mechanical: Option<bool>,
    /// Analgesics do not help.
    pub unresponsive_to_analgesics: Option<bool>,
    /// On palpation, in words.
    pub palpation: Option<String>,
    /// Numeric rating scale, 0…10.
    pub score_nrs: Option<u8>,
    /// For how long, months.
    pub duration_months: Option<f64>,
}

/// The nervous system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Neurology {
    /// The deficit, in words.
    pub deficit: Option<String>,
    /// ASIA impairment scale, `A`…`E`.
    pub asia_impairment_scale: Option<String>,
    /// Signs of myelopathy.
    pub myelopathy: Presence,
}

/// Radiation that was given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Radiotherapy {
    /// Total dose, Gy.
    pub total_dose_gy: Option<f64>,
    /// Fractions.
    pub fractions: Option<u16>,
    /// Over how many weeks.
    pub weeks: Option<f64>,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Treatment {
    /// The operation, in words.
    pub surgery: Option<String>,
    /// Drugs, in words.
    pub chemotherapy: Option<String>,
    /// Radiation.
    pub radiotherapy: Radiotherapy,
}

/// An answer to a question of a reading study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// Yes or no.
    Yes(bool),
    /// A number, in the question's unit.
    Number(f64),
    /// One of the question's choices, or words.
    Words(String),
}

/// Statements about the case as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CaseFacts {
    /// `M`, `F` or `O`; null when not recorded.
    pub sex: Option<String>,
    /// Age in years at the first study; null when not recorded.
    pub age_years: Option<f64>,
    /// Ages that other sources give: kept, not settled.
    pub age_conflicts: Vec<AgeConflict>,
    /// Where the primary tumour arose.
    pub primary_site: Option<String>,
    /// Histology of the primary, in words.
    pub primary_histology: Option<String>,
    /// SNOMED CT concept of that histology, as the reader gives it.
    pub primary_sct: Option<String>,
    /// What was done about the primary, in words.
    pub primary_status: Option<String>,
    /// Metastases outside of the spine, in words.
    pub other_metastases: Vec<String>,
    /// How well it answers to radiation (NOMS, Laufer 2013), in words.
    pub radiosensitivity: Option<String>,
    /// Pain.
    pub pain: PainFacts,
    /// Neurology.
    pub neurology: Neurology,
    /// Treatment.
    pub treatment: Treatment,
    /// Tomita surgical type 1…7 (Tomita 2001), of the patient, not of a level.
    pub tomita_surgical_type: Option<u8>,
    /// A free remark; must not identify the patient.
    pub remark: Option<String>,
    /// Answers to the questions of a reading study, by the question's id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Answer>,
    /// The reader declared the reading finished.
    #[serde(skip_serializing_if = "is_not")]
    pub finished: bool,
}

/// Files leave out what is not so.
fn is_not(said: &bool) -> bool {
    !said
}
