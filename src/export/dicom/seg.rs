//! Lesions as a DICOM Segmentation (PS3.3 A.51): binary, one segment a lesion, on the grid of its series.
//!
//! One file a series that was painted on. Frames without voxels are left out; every frame names the slice that it was
//! drawn on. Bits run on from frame to frame without padding (PS3.5 8.1.1), the first voxel in the lowest bit.

use super::element::{Element, code, code_item, decimals, line, pseudonym, public, reference, sequence, short, text};
use super::object::{DicomFile, Sort, common, encode, uid_of};
use crate::document::{ImageIdentity, ImageKey, LesionId};
use crate::export::case::Code;
use crate::export::{Case, CaseFile, ImageRecord, LesionRecord, MaskRuns};
use crate::space::{DVec3, VoxelPoint};
use dicom::core::{DataElement, PrimitiveValue, Tag, VR};
use dicom::dictionary_std::{tags, uids};
use std::collections::BTreeMap;

const SORT: Sort = Sort {
    class: uids::SEGMENTATION_STORAGE,
    modality: "SEG",
    series_number: 7101,
    description: "Lesions",
    dated: [tags::CONTENT_DATE, tags::CONTENT_TIME],
};

/// The segmentation of one series.
pub struct Segmentation {
    /// Its file.
    pub file: DicomFile,
    /// The series.
    pub image: ImageKey,
    /// SegmentNumber (0062,0004) of each lesion that has voxels there.
    pub segments: BTreeMap<LesionId, u16>,
}

/// One segment: what it is, without its number, and its voxels, slice by slice.
pub(super) struct Sheets {
    pub item: Vec<Element>,
    pub slices: Vec<(usize, Vec<u64>)>,
}

/// Flat indices slice by slice, as indices of the slice.
pub(super) fn slices_of(flat: &[u64], size: [u64; 3]) -> Vec<(usize, Vec<u64>)> {
    let layer = size[0] * size[1];
    let slices = flat.chunk_by(|a, b| a / layer == b / layer);
    slices.map(|s| ((s[0] / layer) as usize, s.iter().map(|f| f % layer).collect())).collect()
}

/// The segmentations of all series that were painted on, most voxels first.
///
/// # Errors
/// A sentence when a grid is larger than a DICOM image can be.
pub fn segmentations(case: &Case, file: &CaseFile) -> Result<Vec<Segmentation>, String> {
    let painted = crate::export::write::painted_images(case);
    painted.into_iter().map(|(key, identity)| segmentation(case, file, key, identity)).collect()
}

fn segmentation(
    case: &Case,
    file: &CaseFile,
    key: &ImageKey,
    identity: &ImageIdentity,
) -> Result<Segmentation, String> {
    let image = file.images.iter().find(|i| i.id == *key).ok_or("the case does not know the series")?;
    let lesions = lesions_on(file, image);
    let mut segments = Vec::new();
    for (l, level, mask) in &lesions {
        let slices = slices_of(&mask.voxels(image.grid.size)?, image.grid.size);
        segments.push(Sheets { item: segment_item(l, level), slices });
    }
    let numbers = lesions.iter().zip(1..).map(|((l, ..), n)| (l.id, n)).collect();
    let file = encoded(case, file, (image, identity), (SORT, "LESIONS"), &segments)?;
    Ok(Segmentation { file, image: key.clone(), segments: numbers })
}

/// The file of a series' segments, numbered in their order.
///
/// # Errors
/// A sentence when the grid or the number of segments is larger than DICOM can hold.
pub(super) fn encoded(
    case: &Case,
    file: &CaseFile,
    (image, identity): (&ImageRecord, &ImageIdentity),
    (sort, label): (Sort, &str),
    segments: &[Sheets],
) -> Result<DicomFile, String> {
    let key = &image.id;
    if segments.len() > usize::from(u16::MAX) {
        return Err(format!("{} segments; a segmentation numbers at most 65,535", segments.len()));
    }
    let [columns, rows, _] = identity.geometry.size();
    let size =
        |n: usize| u16::try_from(n).map_err(|_| format!("series {}: {n} rows or columns; DICOM has 65535", key.0));
    let mut elements = common(case, file, image, sort);
    let frames: usize = segments.iter().map(|s| s.slices.len()).sum();
    let numbered = |(s, n): (&Sheets, u16)| std::iter::once(short(tags::SEGMENT_NUMBER, n)).chain(s.item.clone());
    elements.extend([
        text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY"),
        short(tags::SAMPLES_PER_PIXEL, 1),
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        text(tags::NUMBER_OF_FRAMES, VR::IS, &frames.to_string()),
        short(tags::ROWS, size(rows)?),
        short(tags::COLUMNS, size(columns)?),
        short(tags::BITS_ALLOCATED, 1),
        short(tags::BITS_STORED, 1),
        short(tags::HIGH_BIT, 0),
        short(tags::PIXEL_REPRESENTATION, 0),
        text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00"),
        text(tags::BURNED_IN_ANNOTATION, VR::CS, "NO"),
        text(tags::SEGMENTATION_TYPE, VR::CS, "BINARY"),
        text(tags::SEGMENTS_OVERLAP, VR::CS, "NO"),
        text(tags::CONTENT_LABEL, VR::CS, label),
        text(tags::CONTENT_DESCRIPTION, VR::LO, &format!("{} of the spine", sort.description)),
        text(tags::CONTENT_CREATOR_NAME, VR::PN, &pseudonym(case.reader)),
        referenced_series(image),
        sequence(tags::SEGMENT_SEQUENCE, segments.iter().zip(1..).map(|s| numbered(s).collect()).collect()),
        sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared_groups(identity)]),
        sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frame_groups(segments, image, identity)),
        DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(packed(segments, columns * rows).into())),
    ]);
    let organization = match label {
        "LESIONS" => format!("dimensions {} {}", case.id, key.0),
        other => format!("dimensions {other} {} {}", case.id, key.0),
    };
    elements.extend(dimensions(&uid_of(organization.as_bytes())));
    elements.extend(image.findings_line().map(|found| text(tags::IMAGE_COMMENTS, VR::LT, &found)));
    if let Some(frame) = &identity.frame_of_reference_uid {
        elements.push(text(tags::FRAME_OF_REFERENCE_UID, VR::UI, frame));
        elements.push(text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, ""));
    }
    encode(elements, sort.class).map_err(|e| format!("series {}: {e}", key.0))
}

/// Lesions with voxels on a series in the order of their label values, so that numbers here ascend as those do; each with
/// its level's code and its mask.
fn lesions_on<'a>(file: &'a CaseFile, image: &ImageRecord) -> Vec<(&'a LesionRecord, Code, &'a MaskRuns)> {
    let levels = file.annotation_sets.iter().flat_map(|s| &s.vertebrae);
    let mut lesions: Vec<_> = levels
        .flat_map(|v| v.lesions.iter().map(move |l| (l, v)))
        .filter_map(|(l, v)| Some((l, site_code(v), l.on_image(&image.id)?.mask.as_ref()?)))
        .collect();
    lesions.sort_by_key(|(l, ..)| l.label_value);
    lesions
}

/// The level's code, or that of any vertebra where the level has none.
pub(super) fn site_code(v: &crate::export::VertebraRecord) -> Code {
    v.code.clone().unwrap_or_else(|| public("SCT", "51282000", "Vertebra"))
}

fn referenced_series(image: &ImageRecord) -> Element {
    let mut instances: Vec<&str> = Vec::new();
    for slice in &image.instances {
        if instances.last() != Some(&slice.sop_instance_uid.as_str()) {
            instances.push(&slice.sop_instance_uid);
        }
    }
    let instances = instances.into_iter().map(|uid| reference(&image.sop_class_uid, uid)).collect();
    let series = vec![
        text(tags::SERIES_INSTANCE_UID, VR::UI, &image.series_instance_uid),
        sequence(tags::REFERENCED_INSTANCE_SEQUENCE, instances),
    ];
    sequence(tags::REFERENCED_SERIES_SEQUENCE, vec![series])
}

/// Segment Description macro (PS3.3 C.8.20.4), without the number. The type is what the reader thinks it is, else just a lesion;
/// lytic, blastic or mixed qualifies it.
fn segment_item(l: &LesionRecord, level: &Code) -> Vec<Element> {
    let kind = l.nature_code.clone().unwrap_or_else(|| public("SCT", "52988006", "Lesion"));
    let category = public("SCT", "49755003", "Morphologically Abnormal Structure");
    let mut property = code_item(&kind);
    property.push(code(tags::SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE, &l.type_code));
    let levels: Vec<String> =
        std::iter::once(l.vertebra).chain(l.also_in.iter().copied()).map(|v| v.to_string()).collect();
    let description = format!("{}; {}; {}", l.label, levels.join(", "), l.type_code.meaning);
    vec![
        text(tags::SEGMENT_LABEL, VR::LO, &line(&l.label, 64)),
        text(tags::SEGMENT_DESCRIPTION, VR::ST, &line(&description, 1024)),
        text(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, "SEMIAUTOMATIC"),
        text(tags::SEGMENT_ALGORITHM_NAME, VR::LO, "spondyl, drawn by a reader"),
        code(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, &category),
        sequence(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, vec![property]),
        code(tags::ANATOMIC_REGION_SEQUENCE, level),
        text(tags::TRACKING_ID, VR::UT, &l.id.to_string()),
        text(tags::TRACKING_UID, VR::UI, &l.tracking_uid),
    ]
}

fn dimensions(organization: &str) -> [Element; 2] {
    let tag_value = |tag, value: Tag| DataElement::new(tag, VR::AT, PrimitiveValue::Tags([value].as_slice().into()));
    let item = |pointer, group, label: &str| {
        vec![
            text(tags::DIMENSION_ORGANIZATION_UID, VR::UI, organization),
            tag_value(tags::DIMENSION_INDEX_POINTER, pointer),
            tag_value(tags::FUNCTIONAL_GROUP_POINTER, group),
            text(tags::DIMENSION_DESCRIPTION_LABEL, VR::LO, label),
        ]
    };
    let organizations = vec![vec![text(tags::DIMENSION_ORGANIZATION_UID, VR::UI, organization)]];
    [
        sequence(tags::DIMENSION_ORGANIZATION_SEQUENCE, organizations),
        sequence(
            tags::DIMENSION_INDEX_SEQUENCE,
            vec![
                item(tags::REFERENCED_SEGMENT_NUMBER, tags::SEGMENT_IDENTIFICATION_SEQUENCE, "Segment"),
                item(tags::IMAGE_POSITION_PATIENT, tags::PLANE_POSITION_SEQUENCE, "Position"),
            ],
        ),
    ]
}

fn shared_groups(identity: &ImageIdentity) -> Vec<Element> {
    let g = &identity.geometry;
    let [right, down, _] = g.directions();
    let [dx, dy, _] = g.spacing_mm();
    let gap = g.steps()[2].dot(g.normal()).abs();
    let mut measures = vec![decimals(tags::SLICE_THICKNESS, &[gap]), decimals(tags::PIXEL_SPACING, &[dy, dx])];
    if g.is_regular() {
        measures.push(decimals(tags::SPACING_BETWEEN_SLICES, &[gap]));
    }
    let orientation = [right.to_array(), down.to_array()].concat();
    vec![
        sequence(tags::PLANE_ORIENTATION_SEQUENCE, vec![vec![decimals(tags::IMAGE_ORIENTATION_PATIENT, &orientation)]]),
        sequence(tags::PIXEL_MEASURES_SEQUENCE, vec![measures]),
    ]
}

fn frame_groups(segments: &[Sheets], image: &ImageRecord, identity: &ImageIdentity) -> Vec<Vec<Element>> {
    // The second dimension counts the positions that occur, in their order.
    let mut positions: Vec<usize> = segments.iter().flat_map(|s| s.slices.iter().map(|(k, _)| *k)).collect();
    positions.sort_unstable();
    positions.dedup();
    let place = |k: usize| positions.partition_point(|p| *p < k) as u32 + 1;
    let frames = segments.iter().zip(1u16..).flat_map(|(s, n)| s.slices.iter().map(move |(k, _)| (n, *k)));
    frames.map(|(number, k)| frame_item(number, k, place(k), image, identity)).collect()
}

fn frame_item(number: u16, k: usize, place: u32, image: &ImageRecord, identity: &ImageIdentity) -> Vec<Element> {
    let origin = identity.geometry.patient_from_voxel(VoxelPoint(DVec3::new(0.0, 0.0, k as f64))).vec();
    let derivation = public("DCM", "113076", "Segmentation");
    let purpose = public("DCM", "121322", "Source image for image processing operation");
    let source = image.instances.get(k).map(|slice| {
        let mut item = reference(&image.sop_class_uid, &slice.sop_instance_uid);
        item.extend(slice.frame.map(|f| text(tags::REFERENCED_FRAME_NUMBER, VR::IS, &f.to_string())));
        item.push(code(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, &purpose));
        item.push(text(tags::SPATIAL_LOCATIONS_PRESERVED, VR::CS, "YES"));
        item
    });
    let derived = vec![
        code(tags::DERIVATION_CODE_SEQUENCE, &derivation),
        sequence(tags::SOURCE_IMAGE_SEQUENCE, source.into_iter().collect()),
    ];
    let values = PrimitiveValue::U32([u32::from(number), place].as_slice().into());
    vec![
        sequence(tags::DERIVATION_IMAGE_SEQUENCE, vec![derived]),
        sequence(
            tags::FRAME_CONTENT_SEQUENCE,
            vec![vec![DataElement::new(tags::DIMENSION_INDEX_VALUES, VR::UL, values)]],
        ),
        sequence(tags::PLANE_POSITION_SEQUENCE, vec![vec![decimals(tags::IMAGE_POSITION_PATIENT, &origin.to_array())]]),
        sequence(tags::SEGMENT_IDENTIFICATION_SEQUENCE, vec![vec![short(tags::REFERENCED_SEGMENT_NUMBER, number)]]),
    ]
}

/// The frames as one run of bits, filled to an even number of bytes.
fn packed(segments: &[Sheets], layer: usize) -> Vec<u8> {
    let frames = segments.iter().flat_map(|s| &s.slices);
    let bits = layer * frames.clone().count();
    let mut bytes = vec![0u8; bits.div_ceil(8).next_multiple_of(2)];
    for (n, (_, pixels)) in frames.enumerate() {
        for pixel in pixels {
            let bit = n * layer + *pixel as usize;
            bytes[bit / 8] |= 1 << (bit % 8);
        }
    }
    bytes
}

#[cfg(test)]
#[path = "seg_tests.rs"]
mod tests;
