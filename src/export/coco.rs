//! Lesions slice by slice as COCO (cocodataset.org/#format-data): masks as uncompressed run lengths down the columns, for
//! programs that learn from pictures. An image is a slice of its series, named by its SOPInstanceUID.

use super::case::{CaseFile, ImageRecord, LesionRecord};
use super::made::mark_of;
use super::{Case, json_text};
use crate::document::LesionKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The file.
///
/// # Errors
/// A sentence for a mask that does not fit its grid, or what the encoder says.
pub fn coco(case: &Case, file: &CaseFile) -> Result<Vec<u8>, String> {
    let categories: Vec<Value> = (1..)
        .zip(LesionKind::ALL)
        .map(|(id, kind)| json!({ "id": id, "name": kind.word(), "supercategory": "lesion" }))
        .collect();
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for image in &file.images {
        let mut here: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
        for l in file.annotation_sets.iter().flat_map(|s| &s.vertebrae).flat_map(|v| &v.lesions) {
            slices_of(l, image, &mut here)?;
        }
        for (slice, found) in here {
            let id = images.len() + 1;
            images.push(image_entry(image, slice, id));
            for mut annotation in found {
                annotation["id"] = json!(annotations.len() + 1);
                annotation["image_id"] = json!(id);
                annotations.push(annotation);
            }
        }
    }
    let info = json!({ "description": format!("spondyl {}", mark_of(case)), "version": env!("CARGO_PKG_VERSION") });
    let all =
        json!({ "info": info, "licenses": [], "categories": categories, "images": images, "annotations": annotations });
    json_text(&all).map_err(|e| e.to_string())
}

fn image_entry(image: &ImageRecord, slice: u64, id: usize) -> Value {
    let source = image.instances.get(slice as usize);
    let uid = source.map(|s| s.sop_instance_uid.as_str()).unwrap_or_default();
    json!({
        "id": id, "width": image.grid.size[0], "height": image.grid.size[1], "file_name": format!("{uid}.dcm"),
        "series_instance_uid": image.series_instance_uid, "sop_instance_uid": uid,
        "frame": source.and_then(|s| s.frame), "slice": slice,
    })
}

/// Adds a lesion's annotations on a series by slice.
fn slices_of(l: &LesionRecord, image: &ImageRecord, out: &mut BTreeMap<u64, Vec<Value>>) -> Result<(), String> {
    let Some(mask) = l.on_image(&image.id).and_then(|on| on.mask.as_ref()) else { return Ok(()) };
    let [w, h, _] = image.grid.size;
    let flat = mask.voxels(image.grid.size).map_err(|e| format!("lesion {}: {e}", l.label))?;
    let category = LesionKind::ALL.iter().position(|k| *k == l.kind).map_or(0, |n| n + 1);
    for layer in flat.chunk_by(|a, b| a / (w * h) == b / (w * h)) {
        let at = |f: &u64| (f % w, f / w % h);
        let mut down: Vec<u64> = layer.iter().map(at).map(|(i, j)| j + h * i).collect();
        down.sort_unstable();
        let (xs, ys) = (layer.iter().map(|f| at(f).0), layer.iter().map(|f| at(f).1));
        let span = |values: &mut dyn Iterator<Item = u64>| {
            let (low, high) = values.fold((u64::MAX, 0), |(l, h), v| (l.min(v), h.max(v)));
            (low, high + 1 - low)
        };
        let ((x, width), (y, height)) = (span(&mut { xs }), span(&mut { ys }));
        out.entry(layer[0] / (w * h)).or_default().push(json!({
            "category_id": category, "iscrowd": 0, "area": layer.len(), "bbox": [x, y, width, height],
            "segmentation": { "size": [h, w], "counts": counts(&down, w * h) },
            "attributes": { "lesion": l.id, "label": l.label, "level": l.vertebra },
        }));
    }
    Ok(())
}

/// Lengths of runs outside, inside, outside, … over all pixels.
fn counts(set: &[u64], pixels: u64) -> Vec<u64> {
    let (mut counts, mut end) = (Vec::new(), 0);
    for run in set.chunk_by(|a, b| a + 1 == *b) {
        counts.extend([run[0] - end, run.len() as u64]);
        end = run[0] + run.len() as u64;
    }
    if end < pixels {
        counts.push(pixels - end);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::sample;

    #[test]
    fn runs_cover_every_pixel_down_the_columns() {
        assert_eq!(counts(&[0, 1, 4], 6), [0, 2, 2, 1, 1]);
        assert_eq!(counts(&[2, 3], 4), [2, 2]);
        let s = sample();
        let file: Value = serde_json::from_slice(&coco(&s.case(), &s.file).expect("encoded")).expect("JSON");
        let all = file["annotations"].as_array().expect("a list");
        assert_eq!((all.len(), file["images"].as_array().map(Vec::len)), (2, Some(2)));
        for a in all {
            let counts: Vec<u64> = serde_json::from_value(a["segmentation"]["counts"].clone()).expect("numbers");
            assert_eq!(counts.iter().sum::<u64>(), 24 * 20);
            assert_eq!(Some(counts.iter().skip(1).step_by(2).sum::<u64>()), a["area"].as_u64());
        }
        // Lesion b: three columns, two rows from (4, 4).
        let b = all.iter().find(|a| a["attributes"]["label"] == "b").expect("there");
        assert_eq!(b["bbox"], json!([4, 4, 3, 2]));
        assert_eq!(b["segmentation"]["counts"], json!([4 * 20 + 4, 2, 18, 2, 18, 2, 24 * 20 - 6 * 20 - 6]));
    }
}
