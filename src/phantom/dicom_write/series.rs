//! A series of single-frame files: what the study, the series and the pixels are, and how that becomes elements.

use super::{WriteError, rle, uid_of};
pub use crate::export::dicom::Element;
use crate::export::dicom::{decimal_strings, text};
use crate::space::{Geometry, VoxelIndex};
use dicom::core::value::PixelFragmentSequence;
use dicom::core::{DataElement, PrimitiveValue, Tag, VR};
use dicom::dictionary_std::{tags, uids};
use dicom::object::{FileMetaTableBuilder, InMemDicomObject};
use std::path::{Path, PathBuf};

/// Implementation Class UID (0002,0012) of everything this room writes.
const IMPLEMENTATION: &str = "2.25.153393612203171297433612331208327004161";

/// What the files of one visit share.
#[derive(Clone, Debug)]
pub struct Study {
    /// Seed of the StudyInstanceUID (0020,000D).
    pub name: String,
    /// StudyDescription (0008,1030).
    pub description: String,
    /// StudyDate (0008,0020) as YYYYMMDD.
    pub date: String,
    /// PatientAge (0010,1010) as nnnY.
    pub age: String,
    /// Seed of the FrameOfReferenceUID (0020,0052).
    pub frame_of_reference: String,
}

impl Study {
    /// A study on its own, known by its name.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: name.to_owned(),
            date: "20200101".to_owned(),
            age: "045Y".to_owned(),
            frame_of_reference: name.to_owned(),
        }
    }

    /// StudyInstanceUID (0020,000D).
    pub fn uid(&self) -> String {
        uid_of(&format!("study {}", self.name))
    }

    /// FrameOfReferenceUID (0020,0052).
    pub fn frame_of_reference_uid(&self) -> String {
        uid_of(&format!("frame of reference {}", self.frame_of_reference))
    }
}

/// What the files of one series share.
#[derive(Clone, Debug)]
pub struct Series {
    /// The visit.
    pub study: Study,
    /// SOPClassUID (0008,0016).
    pub sop_class: &'static str,
    /// Modality (0008,0060).
    pub modality: &'static str,
    /// SeriesDescription (0008,103E), and with the study's name the seed of the series' UIDs.
    pub description: String,
    /// SeriesNumber (0020,0011).
    pub number: i32,
    /// Whether its pictures lie in the patient: Image Plane and Frame of Reference modules.
    pub in_patient: bool,
    /// The attributes of the modality; they replace those that every series gets.
    pub elements: Vec<Element>,
}

impl Series {
    /// A CT series (PS3.3 A.3) of a phantom.
    pub fn ct(study: Study, description: &str, number: i32) -> Self {
        let elements = vec![
            text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL"),
            text(tags::KVP, VR::DS, "120"),
            text(tags::ACQUISITION_NUMBER, VR::IS, "1"),
            text(tags::PATIENT_POSITION, VR::CS, "HFS"),
            text(tags::RESCALE_TYPE, VR::LO, "HU"),
        ];
        let (sop_class, description) = (uids::CT_IMAGE_STORAGE, description.to_owned());
        Self { study, sop_class, modality: "CT", description, number, in_patient: true, elements }
    }

    /// SeriesInstanceUID (0020,000E).
    pub fn uid(&self) -> String {
        uid_of(&format!("series {} of {}", self.description, self.study.name))
    }

    /// SOPInstanceUID (0008,0018) of the n-th slice along the slice axis, counted from 0.
    pub fn instance_uid(&self, slice: usize) -> String {
        uid_of(&format!("slice {slice} of {} of {}", self.description, self.study.name))
    }
}

/// How stored samples are to be understood.
#[derive(Clone, Copy, Debug)]
pub struct PixelFormat {
    /// PixelRepresentation (0028,0103).
    pub signed: bool,
    /// BitsStored (0028,0101); 16 are always allocated.
    pub bits_stored: u16,
    /// RescaleSlope (0028,1053) and RescaleIntercept (0028,1052), where the modality has them.
    pub rescale: Option<(f64, f64)>,
}

/// How pixel data lie in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Explicit VR Little Endian, 1.2.840.10008.1.2.1.
    Plain,
    /// RLE Lossless, 1.2.840.10008.1.2.5.
    Rle,
}

/// The pictures of a series; slices become files.
#[derive(Clone, Copy)]
pub struct Images<'a> {
    /// Their grid. Of a projection only its size counts.
    pub geometry: &'a Geometry,
    /// Stored bit patterns of a slice, columns fastest.
    pub frame: &'a dyn Fn(usize) -> Vec<u16>,
    /// Their meaning.
    pub format: PixelFormat,
    /// Their encoding.
    pub encoding: Encoding,
}

/// Writes one file a slice, `slice-0001.dcm` and on, and returns their paths in slice order.
///
/// # Errors
/// [`WriteError`] when a frame does not fill the grid or a file cannot be written.
pub fn write_series(folder: &Path, series: &Series, images: &Images) -> Result<Vec<PathBuf>, WriteError> {
    std::fs::create_dir_all(folder).map_err(|e| WriteError::at(folder, e))?;
    let write = |slice: usize| {
        let path = folder.join(file_name(slice));
        let bytes = encode_slice(series, images, slice)?;
        std::fs::write(&path, bytes).map_err(|e| WriteError::at(&path, e))?;
        Ok(path)
    };
    (0..images.geometry.size()[2]).map(write).collect()
}

/// Name of the file of the n-th slice, counted from 0.
pub fn file_name(slice: usize) -> String {
    format!("slice-{:04}.dcm", slice + 1)
}

/// The file of one slice, byte for byte.
///
/// # Errors
/// [`WriteError`] when the frame does not fill the grid, or the grid is larger than DICOM allows.
pub fn encode_slice(series: &Series, images: &Images, slice: usize) -> Result<Vec<u8>, WriteError> {
    let [columns, rows, _] = images.geometry.size();
    if columns > usize::from(u16::MAX) || rows > usize::from(u16::MAX) {
        return Err(WriteError::TooLarge(rows, columns));
    }
    let frame = (images.frame)(slice);
    if frame.len() != columns * rows {
        return Err(WriteError::SampleCount { found: frame.len(), expected: columns * rows });
    }
    let mut object = InMemDicomObject::new_empty();
    put_identity(&mut object, series, slice);
    if series.in_patient {
        put_plane(&mut object, series, images.geometry, slice);
    }
    put_pixel_description(&mut object, images);
    for element in &series.elements {
        object.put(element.clone());
    }
    let syntax = put_pixels(&mut object, &frame, columns, images.encoding);
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(series.sop_class)
        .media_storage_sop_instance_uid(series.instance_uid(slice))
        .transfer_syntax(syntax)
        .implementation_class_uid(IMPLEMENTATION)
        .implementation_version_name("SPONDYL_PHANTOM");
    let mut bytes = Vec::new();
    let file = object.with_meta(meta).map_err(|e| WriteError::Encoding(e.to_string()))?;
    file.write_all(&mut bytes).map_err(|e| WriteError::Encoding(e.to_string()))?;
    Ok(bytes)
}

fn put(object: &mut InMemDicomObject, tag: Tag, vr: VR, value: &str) {
    object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
}

/// Patient, General Study, General Series, General Equipment, General Image and SOP Common modules. The patient is
/// fictitious; the files say that they are de-identified because nobody stands behind them.
fn put_identity(object: &mut InMemDicomObject, series: &Series, slice: usize) {
    let study = &series.study;
    let mut put = |tag, vr, value: &str| put(object, tag, vr, value);
    put(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192");
    put(tags::SOP_CLASS_UID, VR::UI, series.sop_class);
    put(tags::SOP_INSTANCE_UID, VR::UI, &series.instance_uid(slice));
    put(tags::STUDY_DATE, VR::DA, &study.date);
    put(tags::CONTENT_DATE, VR::DA, &study.date);
    put(tags::STUDY_TIME, VR::TM, "120000");
    put(tags::CONTENT_TIME, VR::TM, "120000");
    put(tags::ACCESSION_NUMBER, VR::SH, "");
    put(tags::MODALITY, VR::CS, series.modality);
    put(tags::MANUFACTURER, VR::LO, "spondyl phantom");
    put(tags::REFERRING_PHYSICIAN_NAME, VR::PN, "");
    put(tags::STUDY_DESCRIPTION, VR::LO, &study.description);
    put(tags::SERIES_DESCRIPTION, VR::LO, &series.description);
    put(tags::MANUFACTURER_MODEL_NAME, VR::LO, "synthetic");
    put(tags::PATIENT_NAME, VR::PN, "Phantom^Spondyl");
    put(tags::PATIENT_ID, VR::LO, "SPONDYL-SAMPLE");
    put(tags::PATIENT_BIRTH_DATE, VR::DA, "");
    put(tags::PATIENT_SEX, VR::CS, "M");
    put(tags::PATIENT_AGE, VR::AS, &study.age);
    put(tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES");
    put(tags::DEIDENTIFICATION_METHOD, VR::LO, "Synthetic phantom, no patient");
    put(tags::STUDY_INSTANCE_UID, VR::UI, &study.uid());
    put(tags::SERIES_INSTANCE_UID, VR::UI, &series.uid());
    put(tags::STUDY_ID, VR::SH, "1");
    put(tags::BODY_PART_EXAMINED, VR::CS, "CTSPINE");
    put(tags::SERIES_NUMBER, VR::IS, &series.number.to_string());
    put(tags::INSTANCE_NUMBER, VR::IS, &(slice + 1).to_string());
    put(tags::BURNED_IN_ANNOTATION, VR::CS, "NO");
    put(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00");
}

/// Frame of Reference and Image Plane modules (PS3.3 C.7.4.1, C.7.6.2).
fn put_plane(object: &mut InMemDicomObject, series: &Series, geometry: &Geometry, slice: usize) {
    let [column_step, row_step, slice_step] = geometry.steps();
    let spacing = geometry.spacing_mm();
    let origin = geometry.patient_from_voxel(VoxelIndex([0, 0, slice]).center()).vec();
    let (right, down) = (column_step.normalize(), row_step.normalize());
    let thickness = slice_step.dot(geometry.normal()).abs();
    let mut numbers = |tag, values: &[f64]| put(object, tag, VR::DS, &decimal_strings(values));
    numbers(tags::IMAGE_POSITION_PATIENT, &origin.to_array());
    numbers(tags::IMAGE_ORIENTATION_PATIENT, &[right.x, right.y, right.z, down.x, down.y, down.z]);
    numbers(tags::PIXEL_SPACING, &[spacing[1], spacing[0]]);
    numbers(tags::SLICE_THICKNESS, &[thickness]);
    put(object, tags::FRAME_OF_REFERENCE_UID, VR::UI, &series.study.frame_of_reference_uid());
    put(object, tags::POSITION_REFERENCE_INDICATOR, VR::LO, "");
}

/// Image Pixel module without the pixels (PS3.3 C.7.6.3), and the rescale where there is one.
fn put_pixel_description(object: &mut InMemDicomObject, images: &Images) {
    let [columns, rows, _] = images.geometry.size();
    let format = images.format;
    put(object, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    let mut number = |tag, value: u16| object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    number(tags::SAMPLES_PER_PIXEL, 1);
    number(tags::ROWS, rows as u16);
    number(tags::COLUMNS, columns as u16);
    number(tags::BITS_ALLOCATED, 16);
    number(tags::BITS_STORED, format.bits_stored);
    number(tags::HIGH_BIT, format.bits_stored - 1);
    number(tags::PIXEL_REPRESENTATION, u16::from(format.signed));
    if let Some((slope, intercept)) = format.rescale {
        put(object, tags::RESCALE_SLOPE, VR::DS, &decimal_strings(&[slope]));
        put(object, tags::RESCALE_INTERCEPT, VR::DS, &decimal_strings(&[intercept]));
    }
}

/// Puts the pixels and returns the transfer syntax that they need.
fn put_pixels(object: &mut InMemDicomObject, frame: &[u16], columns: usize, encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Plain => {
            object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(frame.into())));
            uids::EXPLICIT_VR_LITTLE_ENDIAN
        }
        Encoding::Rle => {
            let fragment = rle::encode_frame_u16(frame, columns);
            let value = PixelFragmentSequence::new(vec![0], vec![fragment]);
            object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, value));
            uids::RLE_LOSSLESS
        }
    }
}
