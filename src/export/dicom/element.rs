//! Elements of a DICOM object as values: text, numbers, codes, sequences.

use crate::export::case::Code;
use dicom::core::value::DataSetSequence;
use dicom::core::{DataElement, PrimitiveValue, Tag, VR};
use dicom::dictionary_std::tags;
use dicom::object::InMemDicomObject;
use dicom::object::mem::InMemElement;

/// One attribute, possibly a sequence.
pub type Element = InMemElement;

/// An element whose value is text.
pub fn text(tag: Tag, vr: VR, value: &str) -> Element {
    DataElement::new(tag, vr, PrimitiveValue::from(value))
}

/// A sequence with these items.
pub fn sequence(tag: Tag, items: Vec<Vec<Element>>) -> Element {
    let items: Vec<InMemDicomObject> = items.into_iter().map(InMemDicomObject::from_element_iter).collect();
    DataElement::new(tag, VR::SQ, DataSetSequence::from(items))
}

/// An unsigned 16-bit number.
pub(super) fn short(tag: Tag, value: u16) -> Element {
    DataElement::new(tag, VR::US, PrimitiveValue::from(value))
}

/// Decimal strings, joined by backslashes.
pub(super) fn decimals(tag: Tag, values: &[f64]) -> Element {
    text(tag, VR::DS, &decimal_strings(values))
}

/// A sequence of one code. Meanings are LO: 64 characters.
pub(super) fn code(tag: Tag, code: &Code) -> Element {
    sequence(tag, vec![code_item(code)])
}

/// The items of a code (PS3.3 8.8); values of more than 16 characters have an attribute of their own.
pub(super) fn code_item(code: &Code) -> Vec<Element> {
    let value = match code.value.len() {
        ..=16 => text(tags::CODE_VALUE, VR::SH, &code.value),
        _ => text(tags::LONG_CODE_VALUE, VR::UC, &code.value),
    };
    vec![
        value,
        text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, &code.scheme),
        text(tags::CODE_MEANING, VR::LO, &line(&code.meaning, 64)),
    ]
}

/// A code of a public scheme.
pub(super) fn public(scheme: &str, value: &str, meaning: &str) -> Code {
    Code { scheme: scheme.to_owned(), value: value.to_owned(), meaning: meaning.to_owned() }
}

/// A reference to an instance.
pub(super) fn reference(class: &str, instance: &str) -> Vec<Element> {
    vec![text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, class), text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, instance)]
}

/// A reader's words as one value of at most `most` characters: what DICOM takes for a separator or a control is a space.
pub(super) fn line(words: &str, most: usize) -> String {
    let plain = |c: char| if c.is_control() || matches!(c, '\\' | '^' | '=') { ' ' } else { c };
    words.chars().map(plain).take(most).collect::<String>().trim().to_owned()
}

/// A pseudonym as a person's name: a family name without the others (PS3.5 6.2.1).
pub(super) fn pseudonym(reader: &str) -> String {
    format!("{}^", line(reader, 63))
}

/// Numbers as DS: at most 16 characters each (PS3.5 6.2), as many decimals as fit, without trailing zeros.
pub fn decimal_strings(values: &[f64]) -> String {
    let one = |value: &f64| {
        let fits = (0..=12).rev().map(|decimals| format!("{value:.decimals$}")).find(|s| s.len() <= 16);
        let s = fits.unwrap_or_else(|| format!("{value:.8e}"));
        let s = if s.contains('.') && !s.contains('e') { s.trim_end_matches('0').trim_end_matches('.') } else { &s };
        if s == "-0" { "0".to_owned() } else { s.to_owned() }
    };
    values.iter().map(one).collect::<Vec<_>>().join("\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_strings_fit_in_sixteen_characters_and_keep_their_value() {
        assert_eq!(decimal_strings(&[1.5, -0.0, 100.0, -1.0 / 3.0]), "1.5\\0\\100\\-0.333333333333");
        for v in [123_456.789_012_3, -1e-7, 3.0e20, std::f64::consts::FRAC_1_SQRT_2] {
            let s = decimal_strings(&[v]);
            assert!(s.len() <= 16, "{s}");
            assert!((s.parse::<f64>().unwrap() - v).abs() <= 1e-8 * v.abs().max(1e-4), "{v} became {s}");
        }
    }

    #[test]
    fn separators_in_a_readers_words_are_spaces() {
        assert_eq!(line("a\\b^c\n", 64), "a b c");
        assert_eq!(line(&"ä".repeat(70), 64).chars().count(), 64);
    }
}
