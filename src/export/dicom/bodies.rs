//! Outlines of vertebral bodies as a DICOM Segmentation: binary, one segment a level, on the grid of their series. Not as
//! a label map (Label Map Segmentation Storage, Supplement 243), one object for all: highdicom and dcmqi read that, but
//! dciodvfy as distributions have it knows no such object, so nobody independent could say whether ours is as it should be.

use super::element::{Element, code, line, public, text};
use super::object::{BODIES_NUMBER, DicomFile, Sort};
use super::seg::{Sheets, encoded, slices_of};
use crate::anatomy::VertebraLevel;
use crate::export::{Case, CaseFile};
use dicom::core::VR;
use dicom::dictionary_std::{tags, uids};

const SORT: Sort = Sort {
    class: uids::SEGMENTATION_STORAGE,
    modality: "SEG",
    series_number: BODIES_NUMBER,
    description: "Vertebral bodies",
    dated: [tags::CONTENT_DATE, tags::CONTENT_TIME],
};

/// A file for each series that bodies were outlined on.
///
/// # Errors
/// A sentence when a grid is larger than a DICOM image can be.
pub fn body_segmentations(case: &Case, file: &CaseFile) -> Result<Vec<DicomFile>, String> {
    let mut files = Vec::new();
    for (key, map) in &case.doc.bodies {
        let (Some(identity), Some(image)) = (case.doc.images.get(key), file.images.iter().find(|i| i.id == *key))
        else {
            continue;
        };
        let outlined = VertebraLevel::ALL.into_iter().filter(|l| map.holds(l.label_value()));
        let sheets: Vec<Sheets> = outlined
            .map(|level| Sheets {
                item: item(level),
                slices: slices_of(&map.voxels_of(level.label_value()), image.grid.size),
            })
            .collect();
        files.push(encoded(case, file, (image, identity), (SORT, "BODIES"), &sheets)?);
    }
    Ok(files)
}

/// Segment Description macro (PS3.3 C.8.20.4), without the number, under a name that is read back as a level: the body of
/// the vertebra by its own code where SNOMED CT has one, else any vertebral body; the vertebra is the anatomic region.
fn item(level: VertebraLevel) -> Vec<Element> {
    let codes = level.codes();
    let body = match codes.sct_body {
        Some(sct) => public("SCT", &sct.to_string(), &format!("Body of {level} vertebra")),
        None => public("SCT", "3572006", "Vertebral body"),
    };
    let region = match (codes.sct, level.code_meaning()) {
        (Some(sct), Some(meaning)) => public("SCT", &sct.to_string(), &meaning),
        _ => public("SCT", "51282000", "Vertebra"),
    };
    vec![
        text(tags::SEGMENT_LABEL, VR::LO, &line(&format!("{level} vertebra"), 64)),
        text(tags::SEGMENT_DESCRIPTION, VR::ST, &format!("Outline of the body of {level}")),
        text(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, "SEMIAUTOMATIC"),
        text(tags::SEGMENT_ALGORITHM_NAME, VR::LO, "spondyl, kept by a reader"),
        code(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, &public("SCT", "91723000", "Anatomical Structure")),
        code(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, &body),
        code(tags::ANATOMIC_REGION_SEQUENCE, &region),
    ]
}
