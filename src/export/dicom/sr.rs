//! A case as a structured report: TID 1500 Measurement Report (PS3.16) in a Comprehensive 3D SR (PS3.3 A.35.13).
//!
//! Each lesion is a group of TID 1411 for every series that it was drawn on, referring to its segment there; each vertebra
//! of which something was said is a group of TID 1501. What was not answered is absent, never a zero. Concepts that no
//! public scheme has are the program's own, `99SPONDYL`, declared in the file.

use super::content::{Item, coded, container, dcm, number, own, person, sct, segment, ucum, uid, words};
use super::element::{Element, reference, sequence, text};
use super::object::{DicomFile, Sort, common, encode, uid_of};
use super::seg::{Segmentation, site_code};
use super::vertebra::findings;
use crate::export::case::{Code, LesionMeasurements};
use crate::export::{Case, CaseFile, DrawnMeasurement, ImageRecord, LesionRecord, VertebraRecord};
use dicom::core::VR;
use dicom::dictionary_std::{tags, uids};
use std::collections::{BTreeMap, BTreeSet};

const SORT: Sort = Sort {
    class: uids::COMPREHENSIVE3_DSR_STORAGE,
    modality: "SR",
    series_number: 7102,
    description: "Lesions and vertebrae",
    dated: [tags::CONTENT_DATE, tags::CONTENT_TIME],
};

/// The report of a case whose segmentations are `segs`.
///
/// # Errors
/// A sentence when the case knows no images, or what the encoder says.
pub fn report(case: &Case, file: &CaseFile, segs: &[Segmentation]) -> Result<DicomFile, String> {
    let first = segs.first().map(|s| &s.image);
    let image = file.images.iter().find(|i| first.is_none_or(|key| i.id == *key));
    let image = image.ok_or("the case knows no images, so there is no study to report on")?;
    let mut elements = common(case, file, image, SORT);
    elements.extend([
        text(tags::COMPLETION_FLAG, VR::CS, "PARTIAL"),
        text(tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED"),
        text(tags::PRELIMINARY_FLAG, VR::CS, "PRELIMINARY"),
        sequence(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, Vec::new()),
        sequence(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, Vec::new()),
        evidence(file, segs),
    ]);
    let title = dcm("126000", "Imaging Measurement Report");
    let root = container("CONTAINS", &title, Some("1500"), content(case, file, segs));
    elements.extend(root.into_iter().filter(|e| e.header().tag != tags::RELATIONSHIP_TYPE));
    encode(elements, SORT.class)
}

/// Current Requested Procedure Evidence Sequence: the images and their segmentations, study by study, series by series.
fn evidence(file: &CaseFile, segs: &[Segmentation]) -> Element {
    let mut studies: BTreeMap<&str, Vec<Vec<Element>>> = BTreeMap::new();
    let series = |uid: &str, instances: Vec<Vec<Element>>| {
        vec![sequence(tags::REFERENCED_SOP_SEQUENCE, instances), text(tags::SERIES_INSTANCE_UID, VR::UI, uid)]
    };
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for image in &file.images {
        let fresh = image.instances.iter().filter(|s| known.insert(&s.sop_instance_uid));
        let instances: Vec<_> = fresh.map(|s| reference(&image.sop_class_uid, &s.sop_instance_uid)).collect();
        let study = studies.entry(&image.study_instance_uid).or_default();
        if !instances.is_empty() {
            study.push(series(&image.series_instance_uid, instances));
        }
    }
    for seg in segs {
        let Some(image) = file.images.iter().find(|i| i.id == seg.image) else { continue };
        let referenced = reference(uids::SEGMENTATION_STORAGE, &seg.file.uid);
        studies.entry(&image.study_instance_uid).or_default().push(series(&seg.file.series_uid, vec![referenced]));
    }
    let study = |(uid, series): (&str, Vec<Vec<Element>>)| {
        vec![sequence(tags::REFERENCED_SERIES_SEQUENCE, series), text(tags::STUDY_INSTANCE_UID, VR::UI, uid)]
    };
    sequence(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, studies.into_iter().map(study).collect())
}

/// Language, observers, procedure (TID 1204, 1001, 121058) and the measurements.
fn content(case: &Case, file: &CaseFile, segs: &[Segmentation]) -> Vec<Item> {
    let observer = dcm("121005", "Observer Type");
    let mut items = vec![
        coded(
            "HAS CONCEPT MOD",
            &dcm("121049", "Language of Content Item and Descendants"),
            &super::element::public("RFC5646", "en-US", "English (United States)"),
        ),
        coded("HAS OBS CONTEXT", &observer, &dcm("121006", "Person")),
        person("HAS OBS CONTEXT", &dcm("121008", "Person Observer Name"), case.reader),
        coded("HAS OBS CONTEXT", &observer, &dcm("121007", "Device")),
        uid("HAS OBS CONTEXT", &dcm("121012", "Device Observer UID"), &uid_of(b"spondyl")),
        words("HAS OBS CONTEXT", &dcm("121013", "Device Observer Name"), "spondyl"),
        words("HAS OBS CONTEXT", &dcm("121015", "Device Observer Model Name"), env!("CARGO_PKG_VERSION")),
    ];
    let modalities: BTreeSet<&str> = file.images.iter().map(|i| i.modality.as_str()).collect();
    for modality in modalities {
        let procedure = match modality {
            "CT" => sct("77477000", "Computed tomography"),
            "MR" => sct("113091000", "Magnetic resonance imaging"),
            _ => sct("363679005", "Imaging procedure"),
        };
        items.push(coded("HAS CONCEPT MOD", &dcm("121058", "Procedure reported"), &procedure));
    }
    let vertebrae = || file.annotation_sets.iter().flat_map(|s| &s.vertebrae);
    let mut groups = Vec::new();
    for v in vertebrae() {
        groups.extend(v.lesions.iter().flat_map(|l| lesion_groups(file, segs, v, l)));
    }
    for set in &file.annotation_sets {
        let when = set.timepoint.as_ref().filter(|_| file.annotation_sets.len() > 1).map(|t| t.0.as_str());
        groups.extend(set.vertebrae.iter().filter_map(|v| vertebra_group(case, &set.measurements, v, when)));
    }
    items.push(container("CONTAINS", &dcm("126010", "Imaging Measurements"), None, groups));
    items
}

fn group(template: &str, tracking: &str, tracking_uid: &str, rest: Vec<Item>) -> Item {
    let mut items = vec![
        words("HAS OBS CONTEXT", &dcm("112039", "Tracking Identifier"), tracking),
        uid("HAS OBS CONTEXT", &dcm("112040", "Tracking Unique Identifier"), tracking_uid),
    ];
    items.extend(rest);
    container("CONTAINS", &dcm("125007", "Measurement Group"), Some(template), items)
}

fn lesion_groups(file: &CaseFile, segs: &[Segmentation], v: &VertebraRecord, l: &LesionRecord) -> Vec<Item> {
    let on = l.on_images();
    let places = on.filter_map(|(geometry, measurements)| {
        let key = geometry.image.as_ref()?;
        let image = file.images.iter().find(|i| i.id == *key)?;
        let seg = segs.iter().find(|s| s.image == *key)?;
        let number = *seg.segments.get(&l.id)?;
        let mut items = lesion_facts(v, l);
        let name = dcm("121191", "Referenced Segment");
        items.push(segment(&name, uids::SEGMENTATION_STORAGE, &seg.file.uid, number));
        let source = dcm("121232", "Source series for segmentation");
        items.push(uid("CONTAINS", &source, &image.series_instance_uid));
        items.extend(image.findings_line().map(|found| words("CONTAINS", &dcm("121106", "Comment"), &found)));
        items.extend(figures(measurements, image));
        Some(group("1411", &l.id.to_string(), &l.tracking_uid, items))
    });
    places.collect()
}

fn lesion_facts(v: &VertebraRecord, l: &LesionRecord) -> Vec<Item> {
    let finding = l.nature_code.clone().unwrap_or_else(|| sct("52988006", "Lesion"));
    let mut items = vec![
        coded(
            "CONTAINS",
            &sct("276214006", "Finding category"),
            &sct("49755003", "Morphologically Abnormal Structure"),
        ),
        coded("CONTAINS", &dcm("121071", "Finding"), &finding),
        coded("HAS CONCEPT MOD", &sct("363698007", "Finding Site"), &site_code(v)),
        coded("CONTAINS", &own("LESION_TYPE", "Type of bone lesion"), &l.type_code),
    ];
    let said = [
        ("EXTENT", "Extent in the vertebra", l.extent.word()),
        ("MARGIN", "Margin after Lodwick 1980", l.margin.word()),
        ("CORTICAL_BREACH", "Breach of the cortex", word(&l.cortical_breach)),
        ("SOFT_TISSUE", "Soft-tissue component", word(&l.soft_tissue_component)),
        ("NATURE", "Presumed nature", l.nature.word()),
        ("RECIST_ROLE", "Role in RECIST 1.1", l.recist_role.word()),
    ];
    items.extend(said.into_iter().filter_map(|(value, meaning, word)| evaluation(value, meaning, word)));
    items.extend(l.sites.iter().map(|s| coded("CONTAINS", &own("SITE", "Part of the vertebra"), &answer(s.word()))));
    items.push(words("CONTAINS", &dcm("121106", "Comment"), &format!("{}: {}", l.vertebra, l.label)));
    items.extend(l.remark.iter().map(|r| words("CONTAINS", &dcm("121106", "Comment"), r)));
    items
}

/// The word that files use for a state of presence.
pub(super) fn word(p: &crate::document::Presence) -> &'static str {
    use crate::document::Presence::*;
    match p {
        Present => "present",
        Absent => "absent",
        Indeterminate => "indeterminate",
        NotAssessed => "not_assessed",
    }
}

/// A qualitative evaluation, unless nobody looked.
pub(super) fn evaluation(value: &str, meaning: &str, word: &str) -> Option<Item> {
    (word != "not_assessed").then(|| coded("CONTAINS", &own(value, meaning), &answer(word)))
}

/// The code of a word that files use: public for the states of presence, else the program's own.
pub(super) fn answer(word: &str) -> Code {
    match word {
        "present" => sct("52101004", "Present"),
        "absent" => sct("2667000", "Absent"),
        "indeterminate" => sct("82334004", "Indeterminate"),
        _ => own(&word.to_uppercase(), &word.replace('_', " ")),
    }
}

/// Volume, axes, and the values under the mask.
fn figures(m: &LesionMeasurements, image: &ImageRecord) -> Vec<Item> {
    let mm = ucum("mm", "millimeter");
    let method = coded(
        "HAS CONCEPT MOD",
        &sct("370129005", "Measurement Method"),
        &super::element::public("IBSI", "YEKZ", "Volume from Voxel Summation"),
    );
    let mut items = vec![
        number(&sct("118565006", "Volume"), m.volume_mm3, &ucum("mm3", "cubic millimeter"), vec![method]),
        number(&own("VOXELS", "Number of voxels"), m.voxels as f64, &ucum("{voxels}", "voxels"), Vec::new()),
    ];
    let axes = [(sct("103339001", "Long Axis"), m.long_axis_mm), (sct("103340004", "Short Axis"), m.short_axis_mm)];
    items.extend(axes.into_iter().filter_map(|(name, value)| Some(number(&name, value?, &mm, Vec::new()))));
    let (name, unit) = match (image.units.as_str(), image.modality.as_str()) {
        ("HU", _) => (dcm("112031", "Attenuation Coefficient"), ucum("[hnsf'U]", "Hounsfield unit")),
        (_, "MR") => (dcm("110852", "MR signal intensity"), ucum("1", "no units")),
        _ => (own("PIXEL_VALUE", "Rescaled pixel value"), ucum("1", "no units")),
    };
    let derivation = dcm("121401", "Derivation");
    let values = [
        (m.mean, sct("373098007", "Mean")),
        (m.sd, sct("386136009", "Standard Deviation")),
        (m.min, sct("255605001", "Minimum")),
        (m.max, sct("56851009", "Maximum")),
        (m.p5, sct("371888009", "Fifth percentile")),
        (m.p50, sct("373099004", "Median")),
        (m.p95, sct("371889001", "Ninety-fifth percentile")),
    ];
    let derived = |(value, how): (Option<f64>, Code)| {
        Some(number(&name, value?, &unit, vec![coded("HAS CONCEPT MOD", &derivation, &how)]))
    };
    items.extend(values.into_iter().filter_map(derived));
    items
}

/// What is said of a vertebra, at a timepoint where the case tells several apart.
fn vertebra_group(case: &Case, drawn: &[DrawnMeasurement], v: &VertebraRecord, when: Option<&str>) -> Option<Item> {
    let said = findings(drawn, v);
    if said.is_empty() {
        return None;
    }
    let mut items = vec![
        coded("CONTAINS", &dcm("121071", "Finding"), &own("VERTEBRA", "State of a vertebra")),
        coded("HAS CONCEPT MOD", &sct("363698007", "Finding Site"), &site_code(v)),
    ];
    items.extend(said);
    let name = when.map_or_else(|| v.level.name().to_owned(), |when| format!("{} {when}", v.level));
    let tracking = uid_of(format!("vertebra {} {name}", case.id).as_bytes());
    Some(group("1501", &name, &tracking, items))
}

#[cfg(test)]
#[path = "sr_tests.rs"]
mod tests;
