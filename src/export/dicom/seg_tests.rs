//! The segmentation, read with the DICOM reader of another library.

use super::*;
use crate::export::tests::sample;
use dicom::object::from_reader;

fn read(bytes: &[u8]) -> dicom::object::DefaultDicomObject {
    from_reader(bytes).expect("a DICOM file")
}

fn int(object: &dicom::object::InMemDicomObject, tag: Tag) -> usize {
    object.element(tag).expect("there").to_int().expect("a number")
}

#[test]
fn every_bit_is_a_voxel_of_its_lesion() {
    let s = sample();
    let made = segmentations(&s.case(), &s.file).expect("encoded");
    let object = read(&made[0].file.bytes);
    let (frames, layer) = (int(&object, tags::NUMBER_OF_FRAMES), 24 * 20);
    let bytes = object.element(tags::PIXEL_DATA).expect("there").to_bytes().expect("bytes").into_owned();
    assert_eq!(bytes.len(), (frames * layer).div_ceil(8).next_multiple_of(2));
    let groups = object.element(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).expect("there").items().expect("items");
    let mut found: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
    for (n, group) in groups.iter().enumerate() {
        let first = |tag| group.element(tag).expect("there").items().expect("items")[0].clone();
        let number = int(&first(tags::SEGMENT_IDENTIFICATION_SEQUENCE), tags::REFERENCED_SEGMENT_NUMBER) as u16;
        let source = first(tags::DERIVATION_IMAGE_SEQUENCE);
        let source = &source.element(tags::SOURCE_IMAGE_SEQUENCE).expect("there").items().expect("items")[0];
        let uid =
            source.element(tags::REFERENCED_SOP_INSTANCE_UID).expect("there").to_str().expect("text").into_owned();
        let slice: usize = uid.trim_end_matches('\0').rsplit('.').next().and_then(|n| n.parse().ok()).expect("n");
        let bits = (0..layer).filter(|p| bytes[(n * layer + p) / 8] >> ((n * layer + p) % 8) & 1 == 1);
        found.entry(number).or_default().extend(bits.map(|p| (p + layer * (slice - 1)) as u64));
    }
    let map = s.doc.masks.values().next().expect("painted");
    assert_eq!(found.values().collect::<Vec<_>>(), [&map.voxels_of(1), &map.voxels_of(3)]);
}

#[test]
fn segments_carry_the_identity_and_codes_of_their_lesions() {
    let s = sample();
    let made = segmentations(&s.case(), &s.file).expect("encoded");
    let object = read(&made[0].file.bytes);
    let segments = object.element(tags::SEGMENT_SEQUENCE).expect("there").items().expect("items");
    let records: Vec<_> = s.file.annotation_sets[0].vertebrae.iter().flat_map(|v| &v.lesions).collect();
    assert_eq!(segments.len(), records.len());
    for (segment, l) in segments.iter().zip(records) {
        let words =
            |tag| segment.element(tag).expect("there").to_str().expect("text").trim_end_matches('\0').to_owned();
        assert_eq!((words(tags::TRACKING_ID), words(tags::TRACKING_UID)), (l.id.to_string(), l.tracking_uid.clone()));
        assert_eq!(words(tags::SEGMENT_LABEL), l.label);
    }
}

#[test]
fn what_is_unchanged_keeps_its_uid_and_what_changed_gets_another() {
    let mut s = sample();
    let uids = |s: &crate::export::tests::Sample| {
        let made = segmentations(&s.case(), &crate::export::case_file(&s.case())).expect("encoded");
        (made[0].file.uid.clone(), made[0].file.series_uid.clone())
    };
    let before = uids(&s);
    assert_eq!(uids(&s), before);
    let key = s.doc.images.keys().next().expect("one").clone();
    let run = crate::document::Run { start: 5, length: 1, label: 1 };
    s.doc
        .apply(crate::document::Edit::Mask { image: key, layer: crate::document::Layer::Lesions, runs: vec![run] })
        .expect("known");
    let after = uids(&s);
    assert!(after.0 != before.0 && after.1 == before.1, "a new instance of the same series");
}
