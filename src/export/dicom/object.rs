//! What every DICOM object of ours begins with: patient, study, series, equipment, and UIDs that follow from the content.
//!
//! The patient's identity is never in a case, so the attributes that the standard wants but lets be empty (type 2) are
//! empty; the StudyInstanceUID leads a PACS to the study. UIDs are version 5 UUIDs under 2.25 (PS3.5 B.2): the series
//! follows from the case, the instance from every byte of its content. The same content exported again is the same
//! instance; what was changed is a new one.

use super::element::{Element, line, sequence, text};
use crate::export::{Case, CaseFile, ImageRecord};
use dicom::core::VR;
use dicom::dictionary_std::{tags, uids};
use dicom::object::{FileMetaTableBuilder, InMemDicomObject};
use uuid::Uuid;

/// Namespace of the UIDs derived here.
const NAMESPACE: Uuid = Uuid::from_u128(0x7370_6f6e_6479_4c00_8065_7870_6f72_7401);
/// Implementation Class UID (0002,0012).
const IMPLEMENTATION: &str = "2.25.153393612203171297433612331208327004161";
/// Coding scheme of the concepts that no public scheme has.
pub const OWN_SCHEME: &str = "99SPONDYL";

/// A UID that follows from a name.
pub(super) fn uid_of(name: &[u8]) -> String {
    format!("2.25.{}", Uuid::new_v5(&NAMESPACE, name).as_u128())
}

/// SeriesNumber (0020,0011) of the segmentations of bodies, which share their modality with those of lesions.
pub(super) const BODIES_NUMBER: u32 = 7104;

/// What kind of object it is.
#[derive(Clone, Copy)]
pub(super) struct Sort {
    /// SOPClassUID (0008,0016).
    pub class: &'static str,
    /// Modality (0008,0060).
    pub modality: &'static str,
    /// SeriesNumber (0020,0011): far from those of scanners.
    pub series_number: u32,
    /// SeriesDescription (0008,103E), before the reader's pseudonym.
    pub description: &'static str,
    /// Tags of content date and time.
    pub dated: [dicom::core::Tag; 2],
}

/// A DICOM file.
pub struct DicomFile {
    /// SOPInstanceUID (0008,0018).
    pub uid: String,
    /// SeriesInstanceUID (0020,000E).
    pub series_uid: String,
    /// The file, byte for byte.
    pub bytes: Vec<u8>,
}

/// Date and time as DA and TM.
fn date_time(utc: &str) -> [String; 2] {
    let digits: String = utc.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    match digits.len() {
        14.. => [part(0, 8), part(8, 14)],
        _ => ["19700101".to_owned(), "000000".to_owned()],
    }
}

/// Patient, General Study, General Series, General Equipment and SOP Common modules (PS3.3 C.7, C.12.1), of an object that
/// was made from `image`.
pub(super) fn common(case: &Case, file: &CaseFile, image: &ImageRecord, sort: Sort) -> Vec<Element> {
    let [date, time] = date_time(case.utc);
    // One modality may have several series of ours: each by its number, the first one by the modality alone.
    let which = if sort.series_number == BODIES_NUMBER { " bodies" } else { "" };
    let series = format!("{}{which} {} {} {}", sort.modality, case.id, case.reader, image.id.0);
    let own = |tag, value: &str| text(tag, VR::LO, value);
    vec![
        text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
        text(tags::SOP_CLASS_UID, VR::UI, sort.class),
        text(tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, "+0000"),
        coding_scheme(),
        text(tags::PATIENT_NAME, VR::PN, ""),
        own(tags::PATIENT_ID, ""),
        text(tags::PATIENT_BIRTH_DATE, VR::DA, ""),
        text(tags::PATIENT_SEX, VR::CS, file.subject.sex.as_deref().unwrap_or_default()),
        text(tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES"),
        own(
            tags::DEIDENTIFICATION_METHOD,
            match case.deidentified {
                None => "Patient attributes are never read; UIDs are kept",
                Some(_) => "Patient attributes are never read; UIDs are replaced",
            },
        ),
        text(tags::STUDY_INSTANCE_UID, VR::UI, &image.study_instance_uid),
        text(tags::STUDY_DATE, VR::DA, ""),
        text(tags::STUDY_TIME, VR::TM, ""),
        text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, ""),
        text(tags::STUDY_ID, VR::SH, ""),
        text(tags::ACCESSION_NUMBER, VR::SH, ""),
        text(tags::MODALITY, VR::CS, sort.modality),
        text(tags::SERIES_INSTANCE_UID, VR::UI, &uid_of(series.as_bytes())),
        text(tags::SERIES_NUMBER, VR::IS, &sort.series_number.to_string()),
        own(tags::SERIES_DESCRIPTION, &line(&format!("{}, {}", sort.description, case.reader), 64)),
        own(tags::MANUFACTURER, "spondyl"),
        own(tags::MANUFACTURER_MODEL_NAME, "spondyl"),
        own(tags::DEVICE_SERIAL_NUMBER, &case.id.to_string()),
        own(tags::SOFTWARE_VERSIONS, env!("CARGO_PKG_VERSION")),
        text(tags::INSTANCE_NUMBER, VR::IS, "1"),
        text(sort.dated[0], VR::DA, &date),
        text(sort.dated[1], VR::TM, &time),
    ]
}

/// Declares the program's own codes (0008,0110).
fn coding_scheme() -> Element {
    let item = vec![
        text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, OWN_SCHEME),
        text(tags::CODING_SCHEME_NAME, VR::ST, "spondyl: findings of spinal lesions without a code in public schemes"),
        text(tags::CODING_SCHEME_VERSION, VR::SH, env!("CARGO_PKG_VERSION")),
        text(tags::CODING_SCHEME_RESPONSIBLE_ORGANIZATION, VR::ST, "spondyl"),
    ];
    sequence(tags::CODING_SCHEME_IDENTIFICATION_SEQUENCE, vec![item])
}

/// The object as a file, under the UID that follows from its content.
///
/// # Errors
/// What the encoder says.
pub(super) fn encode(elements: Vec<Element>, class: &str) -> Result<DicomFile, String> {
    let mut object = InMemDicomObject::from_element_iter(elements);
    let series_uid = object.element(tags::SERIES_INSTANCE_UID).ok().and_then(|e| e.to_str().ok().map(String::from));
    let series_uid = series_uid.unwrap_or_default();
    let syntax = dicom::encoding::transfer_syntax::TransferSyntaxIndex::get(
        &dicom::transfer_syntax::TransferSyntaxRegistry,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
    );
    let syntax = syntax.ok_or("the encoder knows no Explicit VR Little Endian")?;
    let mut content = Vec::new();
    object.write_dataset_with_ts(&mut content, syntax).map_err(|e| e.to_string())?;
    let uid = uid_of(&content);
    drop(content);
    object.put(text(tags::SOP_INSTANCE_UID, VR::UI, &uid));
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(&uid)
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .implementation_class_uid(IMPLEMENTATION)
        .implementation_version_name("SPONDYL");
    let mut bytes = Vec::new();
    let file = object.with_meta(meta).map_err(|e| e.to_string())?;
    file.write_all(&mut bytes).map_err(|e| e.to_string())?;
    Ok(DicomFile { uid, series_uid, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_become_dates_and_times() {
        assert_eq!(date_time("2026-03-04T05:06:07.089Z"), ["20260304", "050607"]);
        assert_eq!(date_time(""), ["19700101", "000000"]);
    }
}
