//! What the sample's DICOM headers say: two studies, four series, and the attributes that each modality asks for.

use super::dicom_write::{Element, Series, Study};
use super::mr::Weighting;
use super::radiograph::Radiograph;
use crate::export::dicom::{decimal_strings, sequence, text};
use dicom::core::VR;
use dicom::dictionary_std::{tags, uids};

/// CT and MR before the operation, in one frame of reference.
pub(super) fn first_study() -> Study {
    Study {
        name: "sample before treatment".to_owned(),
        description: "Cervical spine before treatment".to_owned(),
        date: "20190304".to_owned(),
        age: "045Y".to_owned(),
        frame_of_reference: "sample".to_owned(),
    }
}

/// The radiograph twelve months after the operation.
pub(super) fn follow_up_study() -> Study {
    Study {
        name: "sample after 12 months".to_owned(),
        description: "Cervical spine 12 months after surgery".to_owned(),
        date: "20200316".to_owned(),
        age: "046Y".to_owned(),
        frame_of_reference: "sample radiograph".to_owned(),
    }
}

/// The sagittal CT series.
pub(super) fn ct() -> Series {
    let mut series = Series::ct(first_study(), "CT sagittal bone", 2);
    series.elements.extend([
        text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\REFORMATTED"),
        text(tags::CONVOLUTION_KERNEL, VR::SH, "BONE"),
    ]);
    series.elements.extend(windows(&[(1800, 400, "BONE"), (400, 40, "SOFT TISSUE")]));
    series
}

/// A sagittal MR series: fast spin echo at 1.5 T.
pub(super) fn mr(weighting: Weighting) -> Series {
    let (description, number, repetition, echo, train, window) = match weighting {
        Weighting::T1 => ("MR sagittal T1", 3, "620", "11", "3", (900, 450, "T1")),
        Weighting::T2 => ("MR sagittal T2", 4, "3800", "105", "17", (900, 450, "T2")),
    };
    let mut elements = vec![
        text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\OTHER"),
        text(tags::SCANNING_SEQUENCE, VR::CS, "SE"),
        text(tags::SEQUENCE_VARIANT, VR::CS, "SK"),
        text(tags::SCAN_OPTIONS, VR::CS, ""),
        text(tags::MR_ACQUISITION_TYPE, VR::CS, "2D"),
        text(tags::SLICE_THICKNESS, VR::DS, "3"),
        text(tags::SPACING_BETWEEN_SLICES, VR::DS, "3.3"),
        text(tags::REPETITION_TIME, VR::DS, repetition),
        text(tags::ECHO_TIME, VR::DS, echo),
        text(tags::ECHO_TRAIN_LENGTH, VR::IS, train),
        text(tags::MAGNETIC_FIELD_STRENGTH, VR::DS, "1.5"),
        text(tags::PATIENT_POSITION, VR::CS, "HFS"),
    ];
    elements.extend(windows(&[window]));
    Series {
        study: first_study(),
        sop_class: uids::MR_IMAGE_STORAGE,
        modality: "MR",
        description: description.to_owned(),
        number,
        in_patient: true,
        elements,
    }
}

/// The lateral radiograph: digital X-ray for presentation (PS3.3 A.26).
pub(super) fn radiograph() -> Series {
    let setup = Radiograph::SAMPLE;
    let magnification = setup.source_to_detector_mm / setup.source_to_patient_mm;
    let number = |tag, value: f64| text(tag, VR::DS, &decimal_strings(&[value]));
    let mut elements = vec![
        text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY"),
        text(tags::ACQUISITION_DATE, VR::DA, &follow_up_study().date),
        text(tags::ACQUISITION_TIME, VR::TM, "120000"),
        text(tags::PRESENTATION_INTENT_TYPE, VR::CS, "FOR PRESENTATION"),
        text(tags::BODY_PART_EXAMINED, VR::CS, "CSPINE"),
        text(tags::IMAGE_LATERALITY, VR::CS, "U"),
        sequence(tags::ANATOMIC_REGION_SEQUENCE, vec![code("122494005", "SCT", "Cervical spine")]),
        text(tags::VIEW_POSITION, VR::CS, "LL"),
        sequence(tags::VIEW_CODE_SEQUENCE, vec![view()]),
        text(tags::PATIENT_ORIENTATION, VR::CS, "P\\F"),
        text(tags::POSITIONER_TYPE, VR::CS, "NONE"),
        text(tags::DETECTOR_TYPE, VR::CS, "DIRECT"),
        text(tags::KVP, VR::DS, "70"),
        number(tags::DISTANCE_SOURCE_TO_DETECTOR, setup.source_to_detector_mm),
        number(tags::DISTANCE_SOURCE_TO_PATIENT, setup.source_to_patient_mm),
        number(tags::ESTIMATED_RADIOGRAPHIC_MAGNIFICATION_FACTOR, magnification),
        text(tags::IMAGER_PIXEL_SPACING, VR::DS, &decimal_strings(&[setup.pitch_mm; 2])),
        text(tags::PIXEL_INTENSITY_RELATIONSHIP, VR::CS, "LOG"),
        text(tags::RESCALE_TYPE, VR::LO, "US"),
        sequence(tags::ACQUISITION_CONTEXT_SEQUENCE, vec![]),
        text(tags::PRESENTATION_LUT_SHAPE, VR::CS, "IDENTITY"),
    ];
    elements.push(dicom::core::DataElement::new(
        tags::PIXEL_INTENSITY_RELATIONSHIP_SIGN,
        VR::SS,
        dicom::core::PrimitiveValue::from(1_i16),
    ));
    elements.extend(windows(&[(2400, 1250, "NORMAL")]));
    Series {
        study: follow_up_study(),
        sop_class: uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
        modality: "DX",
        description: "Lateral cervical spine".to_owned(),
        number: 1,
        in_patient: false,
        elements,
    }
}

fn view() -> Vec<Element> {
    let mut item = code("399067008", "SCT", "lateral projection");
    item.push(sequence(tags::VIEW_MODIFIER_CODE_SEQUENCE, vec![]));
    item
}

fn code(value: &str, scheme: &str, meaning: &str) -> Vec<Element> {
    vec![
        text(tags::CODE_VALUE, VR::SH, value),
        text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme),
        text(tags::CODE_MEANING, VR::LO, meaning),
    ]
}

/// Window Width, Center and Explanation (PS3.3 C.11.2.1.2), as (width, centre, explanation).
fn windows(all: &[(i32, i32, &str)]) -> [Element; 3] {
    let joined = |part: fn(&(i32, i32, &str)) -> String| all.iter().map(part).collect::<Vec<_>>().join("\\");
    [
        text(tags::WINDOW_WIDTH, VR::DS, &joined(|w| w.0.to_string())),
        text(tags::WINDOW_CENTER, VR::DS, &joined(|w| w.1.to_string())),
        text(tags::WINDOW_CENTER_WIDTH_EXPLANATION, VR::LO, &joined(|w| w.2.to_owned())),
    ]
}
