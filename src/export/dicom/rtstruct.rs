//! Lesions as an RT Structure Set (PS3.3 A.19): one region a lesion, its outlines along voxel edges on every slice.
//!
//! The format has no holes: a hole is joined to the outline round it by a channel of no width, there and back, so that by
//! the even-odd rule the points inside are exactly the mask's voxel centres.

use super::element::{Element, decimals, line, pseudonym, reference, sequence, text};
use super::object::{DicomFile, Sort, common, encode};
use crate::document::ImageKey;
use crate::export::case::Contour;
use crate::export::{Case, CaseFile, ImageRecord, LesionRecord};
use dicom::core::VR;
use dicom::dictionary_std::{tags, uids};

const SORT: Sort = Sort {
    class: uids::RT_STRUCTURE_SET_STORAGE,
    modality: "RTSTRUCT",
    series_number: 7103,
    description: "Outlines of lesions",
    dated: [tags::STRUCTURE_SET_DATE, tags::STRUCTURE_SET_TIME],
};

/// The structure sets of all series that were painted on, most voxels first.
///
/// # Errors
/// A sentence for a series without a frame of reference, without which contours have no place.
pub fn structure_sets(case: &Case, file: &CaseFile) -> Result<Vec<DicomFile>, String> {
    let painted = crate::export::write::painted_images(case);
    let one = |key: &ImageKey| {
        let image = file.images.iter().find(|i| i.id == *key).ok_or("the case does not know the series")?;
        structure_set(case, file, image)
    };
    painted.into_iter().map(|(key, _)| one(key)).collect()
}

fn structure_set(case: &Case, file: &CaseFile, image: &ImageRecord) -> Result<DicomFile, String> {
    let frame = image.frame_of_reference_uid.as_deref().ok_or_else(|| {
        format!(
            "series {} has no FrameOfReferenceUID (0020,0052), and contours lie in a frame of reference",
            image.id.0
        )
    })?;
    let mut regions: Vec<(&LesionRecord, &[Contour])> = Vec::new();
    for l in file.annotation_sets.iter().flat_map(|s| &s.vertebrae).flat_map(|v| &v.lesions) {
        regions.extend(l.on_image(&image.id).map(|on| (l, on.contours.as_slice())));
    }
    regions.sort_by_key(|(l, _)| l.label_value);
    let numbered = || regions.iter().zip(1..);
    let mut elements = common(case, file, image, SORT);
    elements.extend(image.findings_line().map(|found| text(tags::STRUCTURE_SET_DESCRIPTION, VR::ST, &found)));
    elements.extend([
        text(tags::OPERATORS_NAME, VR::PN, &pseudonym(case.reader)),
        text(tags::STRUCTURE_SET_LABEL, VR::SH, "LESIONS"),
        text(tags::STRUCTURE_SET_NAME, VR::LO, "Lesions of the spine"),
        referenced_frame(image, frame),
        sequence(tags::STRUCTURE_SET_ROI_SEQUENCE, numbered().map(|((l, _), n)| region(l, n, frame)).collect()),
        sequence(
            tags::ROI_CONTOUR_SEQUENCE,
            numbered().map(|((l, contours), n)| outlines(l, contours, n, image)).collect(),
        ),
        sequence(tags::RTROI_OBSERVATIONS_SEQUENCE, numbered().map(|(_, n)| observation(n)).collect()),
        text(tags::FRAME_OF_REFERENCE_UID, VR::UI, frame),
        text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, ""),
    ]);
    encode(elements, SORT.class).map_err(|e| format!("series {}: {e}", image.id.0))
}

/// Referenced Frame of Reference Sequence: the study, the series and its images.
fn referenced_frame(image: &ImageRecord, frame: &str) -> Element {
    let mut instances: Vec<&str> = image.instances.iter().map(|s| s.sop_instance_uid.as_str()).collect();
    instances.dedup();
    let images = instances.into_iter().map(|uid| reference(&image.sop_class_uid, uid)).collect();
    let series = vec![
        text(tags::SERIES_INSTANCE_UID, VR::UI, &image.series_instance_uid),
        sequence(tags::CONTOUR_IMAGE_SEQUENCE, images),
    ];
    // Detached Study Management, as this attribute's definition asks for (PS3.3 C.8.8.5).
    let mut study = reference("1.2.840.10008.3.1.2.3.1", &image.study_instance_uid);
    study.push(sequence(tags::RT_REFERENCED_SERIES_SEQUENCE, vec![series]));
    let item = vec![
        text(tags::FRAME_OF_REFERENCE_UID, VR::UI, frame),
        sequence(tags::RT_REFERENCED_STUDY_SEQUENCE, vec![study]),
    ];
    sequence(tags::REFERENCED_FRAME_OF_REFERENCE_SEQUENCE, vec![item])
}

fn whole(tag: dicom::core::Tag, value: usize) -> Element {
    text(tag, VR::IS, &value.to_string())
}

fn region(l: &LesionRecord, number: usize, frame: &str) -> Vec<Element> {
    vec![
        whole(tags::ROI_NUMBER, number),
        text(tags::REFERENCED_FRAME_OF_REFERENCE_UID, VR::UI, frame),
        text(tags::ROI_NAME, VR::LO, &line(&l.label, 64)),
        text(tags::ROI_DESCRIPTION, VR::ST, &format!("{}; {}; {}", l.id, l.vertebra, l.kind.word())),
        text(tags::ROI_GENERATION_ALGORITHM, VR::CS, "SEMIAUTOMATIC"),
    ]
}

fn observation(number: usize) -> Vec<Element> {
    vec![
        whole(tags::OBSERVATION_NUMBER, number),
        whole(tags::REFERENCED_ROI_NUMBER, number),
        text(tags::RTROI_INTERPRETED_TYPE, VR::CS, ""),
        text(tags::ROI_INTERPRETER, VR::PN, ""),
    ]
}

fn outlines(l: &LesionRecord, contours: &[Contour], number: usize, image: &ImageRecord) -> Vec<Element> {
    let slices = contours.chunk_by(|a, b| a.slice == b.slice);
    let items = slices.flat_map(|slice| joined(slice).into_iter().map(|ring| outline(&slice[0], &ring, image)));
    let mut item = vec![sequence(tags::CONTOUR_SEQUENCE, items.collect()), whole(tags::REFERENCED_ROI_NUMBER, number)];
    let color = l.color.unwrap_or([230, 75, 60]);
    item.push(text(tags::ROI_DISPLAY_COLOR, VR::IS, &color.map(|c| c.to_string()).join("\\")));
    item
}

fn outline(of: &Contour, points: &[[f64; 3]], image: &ImageRecord) -> Vec<Element> {
    let mut source = reference(&image.sop_class_uid, &of.sop_instance_uid);
    source.extend(of.frame.map(|f| whole(tags::REFERENCED_FRAME_NUMBER, f as usize)));
    vec![
        sequence(tags::CONTOUR_IMAGE_SEQUENCE, vec![source]),
        text(tags::CONTOUR_GEOMETRIC_TYPE, VR::CS, "CLOSED_PLANAR"),
        whole(tags::NUMBER_OF_CONTOUR_POINTS, points.len()),
        decimals(tags::CONTOUR_DATA, points.as_flattened()),
    ]
}

/// The outer rings of a slice, each with the holes that lie nearest to it.
fn joined(rings: &[Contour]) -> Vec<Vec<[f64; 3]>> {
    let mut outer: Vec<Vec<[f64; 3]>> = rings.iter().filter(|r| !r.hole).map(|r| r.points_lps_mm.clone()).collect();
    let away = |a: &[f64; 3], b: &[f64; 3]| (0..3).map(|n| (a[n] - b[n]).powi(2)).sum::<f64>();
    for hole in rings.iter().filter(|r| r.hole).map(|r| &r.points_lps_mm) {
        let mut best: Option<(f64, usize, usize, usize)> = None;
        for (n, ring) in outer.iter().enumerate() {
            for (i, p) in ring.iter().enumerate() {
                for (j, q) in hole.iter().enumerate() {
                    let d = away(p, q);
                    if best.is_none_or(|(least, ..)| d < least) {
                        best = Some((d, n, i, j));
                    }
                }
            }
        }
        let Some((_, n, i, j)) = best else { continue };
        let corner = outer[n][i];
        let round = hole.iter().cycle().skip(j).take(hole.len() + 1).copied();
        let channel: Vec<[f64; 3]> = round.chain([corner]).collect();
        outer[n].splice(i + 1..i + 1, channel);
    }
    outer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_reached_by_a_channel_there_and_back() {
        let ring = |points: &[[f64; 2]], hole| Contour {
            sop_instance_uid: "1".to_owned(),
            frame: None,
            slice: 0,
            hole,
            points_lps_mm: points.iter().map(|p| [p[0], p[1], 5.0]).collect(),
        };
        let square = |a: f64, b: f64| [[a, a], [b, a], [b, b], [a, b]];
        let made = joined(&[ring(&square(0.0, 9.0), false), ring(&square(2.0, 4.0), true)]);
        assert_eq!(made.len(), 1);
        let xy: Vec<[f64; 2]> = made[0].iter().map(|p| [p[0], p[1]]).collect();
        let expected =
            [[0., 0.], [2., 2.], [4., 2.], [4., 4.], [2., 4.], [2., 2.], [0., 0.], [9., 0.], [9., 9.], [0., 9.]];
        assert_eq!(xy, expected);
        // The area by the shoelace formula, the channel counted twice in opposite ways.
        let area: f64 =
            (0..xy.len()).map(|n| (xy[n], xy[(n + 1) % xy.len()])).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
        assert_eq!(area / 2.0, 81.0 + 4.0, "rings here turn the same way; even-odd takes the hole out");
    }
}
