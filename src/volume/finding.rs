//! What is odd about a series: a code, how bad it is, the files, and a sentence that says why it matters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Measurements or pictures may mislead if it is ignored.
    Warning,
    /// Part of the series cannot be used.
    Error,
}

/// The kind of a finding; stable words for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum FindingCode {
    MissingSlices,
    UnevenSpacing,
    GantryTilt,
    DuplicatePosition,
    MixedSize,
    MixedOrientation,
    MixedRescale,
    LocalizerExcluded,
    NoSpacing,
    NoPosition,
    BadValue,
    TruncatedPixelData,
    UndecodableFrame,
    LossyCompressed,
    BurnedInAnnotation,
    UnknownCharset,
    PixelPadding,
    SidewaysShift,
    SingleSlice,
    MixedSpacing,
    MixedFrameOfReference,
    MixedStudy,
    MixedPatient,
    DuplicateInstance,
    ColourAsGrey,
    OverlayPlane,
}

impl FindingCode {
    /// The code as files spell it.
    pub fn word(self) -> String {
        // A unit variant is always a JSON string.
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// The different codes among findings, in their order; empty where nothing is odd.
pub fn finding_codes(findings: &[Finding]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for word in findings.iter().map(|f| f.code.word()) {
        if !codes.contains(&word) {
            codes.push(word);
        }
    }
    codes
}

/// One finding. The message names attributes by keyword and tag, what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// Its kind.
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// A sentence for the reader.
    pub message: String,
    /// The files concerned, as the user gave them; never empty in a scan's result.
    pub files: Vec<String>,
    /// The length that the finding is about (gap, deviation), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_mm: Option<f64>,
}
