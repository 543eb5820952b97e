//! Header values with their complaints: every attribute is read through here, so that a bad one is always said.

use super::attribute::{self, Attribute};
use super::dataset::{BadValue, Dataset, trim};
use super::issue::{Issue, Unusable};
use super::privacy::may_be_quoted;
use super::text::{CharacterSets, visible};
use super::voi::Luts;
use crate::volume::{FindingCode, Severity, VoiLut};
use std::sync::Arc;

/// A data set being read, and what was odd about it.
pub struct Facts<'d> {
    /// The elements.
    pub set: &'d Dataset<'d>,
    /// How text is written.
    text: CharacterSets,
    /// Look-up tables of all files.
    pub luts: &'d Luts,
    /// The modality LUT of the file.
    pub modality_lut: Option<Arc<VoiLut>>,
    /// Complaints so far.
    pub issues: Vec<Issue>,
}

impl<'d> Facts<'d> {
    /// Starts reading a data set.
    pub fn new(set: &'d Dataset<'d>, luts: &'d Luts) -> Self {
        let text = set.get(attribute::CHARACTER_SET).map(|v| CharacterSets::new(v.texts())).unwrap_or_default();
        let mut facts = Self { set, text, luts, modality_lut: None, issues: Vec::new() };
        for unknown in &facts.text.unknown {
            // Defined terms are such as ISO_IR 100, ISO 2022 IR 87, GB18030.
            let term = unknown.starts_with("ISO") && unknown.len() <= 16 || may_be_quoted(unknown);
            let what = if term { format!("\"{unknown}\", which is") } else { "a text that is".to_owned() };
            let message =
                format!("{} is {what} not known; letters outside ASCII may be lost", attribute::CHARACTER_SET);
            facts.issues.push(Issue { code: FindingCode::UnknownCharset, severity: Severity::Note, message });
        }
        facts
    }

    /// The numbers of an attribute in the data set `of`, when there are exactly `N` and `fit` likes them. Otherwise there
    /// is a complaint (unless the attribute is missing or blank) that says what was expected and what is done instead.
    pub fn numbers<const N: usize>(
        &mut self,
        of: &Dataset,
        attribute: Attribute,
        fit: impl Fn(&[f64; N]) -> bool,
        expected: &str,
        instead: &str,
    ) -> Option<[f64; N]> {
        match numbers(of, attribute, fit) {
            Ok(found) => found,
            Err(bad) => {
                self.issues.push(Issue::value(&bad, expected, instead));
                None
            }
        }
    }

    /// The first value of a code, without a complaint; empty when missing.
    pub fn code(&self, attribute: Attribute) -> String {
        self.set.get(attribute).map(|v| v.code()).unwrap_or_default()
    }

    /// Text for people, decoded, control characters made visible.
    pub fn text(&self, of: &Dataset, attribute: Attribute) -> Option<String> {
        self.decode(of.get(attribute)?.bytes())
    }

    /// Bytes of text, decoded, without padding, control characters made visible; `None` when nothing is left.
    pub fn decode(&self, bytes: &[u8]) -> Option<String> {
        let text = self.text.decode(trim(bytes));
        Some(visible(text.trim()).into_owned()).filter(|t| !t.is_empty())
    }

    /// Whether stored or rescaled values can be negative.
    pub fn has_negative_values(&self) -> bool {
        let first = |attribute| numbers::<1>(self.set, attribute, |_| true).ok().flatten().map_or(0.0, |[n]| n);
        first(attribute::PIXEL_REPRESENTATION) == 1.0 || first(attribute::RESCALE_INTERCEPT) < 0.0
    }
}

/// Exactly `N` numbers that `fit` likes; `None` when missing or blank.
pub fn numbers<const N: usize>(
    of: &Dataset,
    attribute: Attribute,
    fit: impl Fn(&[f64; N]) -> bool,
) -> Result<Option<[f64; N]>, BadValue> {
    let Some(value) = of.get(attribute) else { return Ok(None) };
    let Some(numbers) = value.numbers()? else { return Ok(None) };
    let exact = <[f64; N]>::try_from(numbers.as_slice()).ok().filter(|n| fit(n));
    exact.map(Some).ok_or_else(|| {
        let shown: Vec<String> = numbers.iter().take(8).map(f64::to_string).collect();
        let more = if numbers.len() > 8 { "\\…" } else { "" };
        BadValue { attribute, found: shown.join("\\") + more }
    })
}

/// A whole number in a range; `None` when missing or blank.
///
/// # Errors
/// [`Unusable`] when it is something else.
pub fn whole(
    of: &Dataset,
    attribute: Attribute,
    range: std::ops::RangeInclusive<u32>,
) -> Result<Option<u32>, Unusable> {
    let (low, high) = (f64::from(*range.start()), f64::from(*range.end()));
    let fit = |[n]: &[f64; 1]| n.fract() == 0.0 && (low..=high).contains(n);
    let number = numbers(of, attribute, fit);
    let expected = || format!("a whole number from {low} to {high}");
    number.map(|n| n.map(|[n]| n as u32)).map_err(|bad| Unusable::value(&bad, &expected()))
}

/// A whole number that must be there.
///
/// # Errors
/// [`Unusable`] when it is missing or something else.
pub fn needed(of: &Dataset, attribute: Attribute, range: std::ops::RangeInclusive<u32>) -> Result<u32, Unusable> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    whole(of, attribute, range)?.ok_or_else(|| Unusable::missing(attribute, &expected))
}
