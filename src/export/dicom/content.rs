//! Content items of a structured report (PS3.3 C.17.3): containers, codes, numbers, text, references.

use super::element::{Element, code, decimals, pseudonym, public, reference, sequence, short, text};
use super::object::OWN_SCHEME;
use crate::export::case::Code;
use dicom::core::{DataElement, PrimitiveValue, VR};
use dicom::dictionary_std::tags;

/// One content item.
pub type Item = Vec<Element>;

/// A concept of DICOM's own terminology.
pub fn dcm(value: &str, meaning: &str) -> Code {
    public("DCM", value, meaning)
}

/// A concept of SNOMED CT.
pub fn sct(value: &str, meaning: &str) -> Code {
    public("SCT", value, meaning)
}

/// A concept of the program's own; the value is the name that files use, in capitals.
pub fn own(value: &str, meaning: &str) -> Code {
    public(OWN_SCHEME, value, meaning)
}

/// A unit of the Unified Code for Units of Measure.
pub fn ucum(value: &str, meaning: &str) -> Code {
    public("UCUM", value, meaning)
}

fn item(relation: &str, kind: &str, name: &Code, rest: impl IntoIterator<Item = Element>) -> Item {
    let mut elements = vec![
        text(tags::RELATIONSHIP_TYPE, VR::CS, relation),
        text(tags::VALUE_TYPE, VR::CS, kind),
        code(tags::CONCEPT_NAME_CODE_SEQUENCE, name),
    ];
    elements.extend(rest);
    elements
}

/// A container whose items follow a template of PS3.16.
pub fn container(relation: &str, name: &Code, template: Option<&str>, items: Vec<Item>) -> Item {
    let template = template.map(|id| {
        let item = vec![text(tags::MAPPING_RESOURCE, VR::CS, "DCMR"), text(tags::TEMPLATE_IDENTIFIER, VR::CS, id)];
        sequence(tags::CONTENT_TEMPLATE_SEQUENCE, vec![item])
    });
    let mut rest = vec![text(tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE")];
    rest.extend(template);
    rest.push(sequence(tags::CONTENT_SEQUENCE, items));
    item(relation, "CONTAINER", name, rest)
}

/// A coded value.
pub fn coded(relation: &str, name: &Code, value: &Code) -> Item {
    item(relation, "CODE", name, [code(tags::CONCEPT_CODE_SEQUENCE, value)])
}

/// Words.
pub fn words(relation: &str, name: &Code, value: &str) -> Item {
    // UT may hold backslashes and line ends; other controls mean nothing to a reader of the report.
    let plain: String = value.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    item(relation, "TEXT", name, [text(tags::TEXT_VALUE, VR::UT, &plain)])
}

/// A UID.
pub fn uid(relation: &str, name: &Code, value: &str) -> Item {
    item(relation, "UIDREF", name, [text(tags::UID, VR::UI, value)])
}

/// A person's name.
pub fn person(relation: &str, name: &Code, value: &str) -> Item {
    item(relation, "PNAME", name, [text(tags::PERSON_NAME, VR::PN, &pseudonym(value))])
}

/// A number with its unit, and what it depends on. Where 16 characters do not hold it, the exact value stands beside.
pub fn number(name: &Code, value: f64, unit: &Code, about: Vec<Item>) -> Item {
    let as_text = super::element::decimal_strings(&[value]);
    let mut measured = vec![decimals(tags::NUMERIC_VALUE, &[value]), code(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, unit)];
    if as_text.parse() != Ok(value) {
        measured.push(DataElement::new(tags::FLOATING_POINT_VALUE, VR::FD, PrimitiveValue::from(value)));
    }
    let mut rest = vec![sequence(tags::MEASURED_VALUE_SEQUENCE, vec![measured])];
    if !about.is_empty() {
        rest.push(sequence(tags::CONTENT_SEQUENCE, about));
    }
    item("CONTAINS", "NUM", name, rest)
}

/// A segment of a segmentation.
pub fn segment(name: &Code, class: &str, instance: &str, number: u16) -> Item {
    let mut referenced = reference(class, instance);
    referenced.push(short(tags::REFERENCED_SEGMENT_NUMBER, number));
    item("CONTAINS", "IMAGE", name, [sequence(tags::REFERENCED_SOP_SEQUENCE, vec![referenced])])
}
