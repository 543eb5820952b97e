//! The report, read with the DICOM reader of another library.

use super::super::segmentations;
use super::*;
use crate::export::tests::sample;
use dicom::object::InMemDicomObject;

/// Every content item below an item, with the code of its name.
fn walk(item: &InMemDicomObject, out: &mut Vec<(String, InMemDicomObject)>) {
    let Ok(content) = item.element(tags::CONTENT_SEQUENCE) else { return };
    for child in content.items().expect("items") {
        let name = child.element(tags::CONCEPT_NAME_CODE_SEQUENCE).expect("named").items().expect("items");
        let value = name[0].element(tags::CODE_VALUE).expect("a code").to_str().expect("text").trim_end().to_owned();
        out.push((value, child.clone()));
        walk(child, out);
    }
}

fn value(item: &InMemDicomObject) -> f64 {
    let measured = item.element(tags::MEASURED_VALUE_SEQUENCE).expect("measured").items().expect("items");
    measured[0].element(tags::NUMERIC_VALUE).expect("a number").to_float64().expect("a number")
}

#[test]
fn the_report_says_what_the_case_says() {
    let s = sample();
    let segs = segmentations(&s.case(), &s.file).expect("encoded");
    let made = report(&s.case(), &s.file, &segs).expect("encoded");
    let object = dicom::object::from_reader(&made.bytes[..]).expect("a DICOM file");
    let mut items = Vec::new();
    walk(&object, &mut items);
    let numbers = |code: &str| -> Vec<f64> {
        items
            .iter()
            .filter(|(c, i)| c == code && i.element(tags::MEASURED_VALUE_SEQUENCE).is_ok())
            .map(|(_, i)| value(i))
            .collect()
    };
    let records: Vec<_> = s.file.annotation_sets[0].vertebrae.iter().flat_map(|v| &v.lesions).collect();
    assert_eq!(numbers("118565006"), records.iter().map(|l| l.measurements.volume_mm3).collect::<Vec<_>>());
    let sums: Vec<f64> = records.iter().map(|l| l.measurements.voxels as f64).collect();
    assert_eq!(numbers("VOXELS"), sums);
    let v = &s.file.annotation_sets[0].vertebrae;
    let collapse: Vec<f64> = v.iter().filter_map(|v| v.fracture.collapse_percent).collect();
    assert_eq!(numbers("COLLAPSE"), collapse);
    let least: Vec<f64> = v.iter().filter_map(|v| v.sins.as_ref()).map(|s| f64::from(s.total_min)).collect();
    assert_eq!(numbers("SINS_TOTAL_MIN"), least, "an open part makes a range, never a sum with zeros");
    assert_eq!(items.iter().filter(|(c, _)| c == "125007").count(), 2 + 3);
}
