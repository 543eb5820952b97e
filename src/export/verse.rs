//! Vertebra centres as VerSe has them (Sekuboyina 2021): a list whose first entry says where the axes of the image run, the
//! others a label and its place in voxels. The image is the label map that `nifti` writes.

use super::case::{CaseFile, ImageRecord};
use super::made::mark_of;
use super::{Case, json_text};
use crate::space::DVec3;
use serde_json::{Value, json};

/// The file, on the grid of the first series that the centres lie on.
///
/// # Errors
/// A sentence when no centre lies on a series, or what the encoder says.
pub fn centroids(case: &Case, file: &CaseFile) -> Result<Vec<u8>, String> {
    let painted = super::write::painted_images(case);
    let vertebrae = || file.annotation_sets.iter().flat_map(|s| &s.vertebrae);
    let holds = |image: &ImageRecord| vertebrae().any(|v| v.centroid_voxel.iter().any(|c| c.image == image.id));
    let first = painted.iter().find_map(|(key, _)| file.images.iter().find(|i| i.id == **key && holds(i)));
    let image = first.or_else(|| file.images.iter().find(|i| holds(i)));
    let image = image.ok_or("no vertebra is labelled on a series, so there are no centres in voxels")?;
    let mut list = vec![json!({ "direction": axes(image), "spondyl": mark_of(case), "series": image.id.0 })];
    let mut centres: Vec<(u8, Value)> = Vec::new();
    for v in vertebrae() {
        let Some(label) = v.verse_id else { continue };
        let Some(at) = v.centroid_voxel.iter().find(|c| c.image == image.id) else { continue };
        centres.push((label, json!({ "label": label, "X": at.ijk[0], "Y": at.ijk[1], "Z": at.ijk[2] })));
    }
    centres.sort_by_key(|(label, _)| *label);
    centres.dedup_by_key(|(label, _)| *label);
    list.extend(centres.into_iter().map(|(_, centre)| centre));
    json_text(&list).map_err(|e| e.to_string())
}

/// The letter that each axis runs to: of its largest component.
fn axes(image: &ImageRecord) -> [&'static str; 3] {
    let letter = |direction: [f64; 3]| {
        let d = DVec3::from_array(direction);
        let size = d.abs();
        match () {
            () if size.x >= size.y && size.x >= size.z => {
                if d.x > 0.0 {
                    "L"
                } else {
                    "R"
                }
            }
            () if size.y >= size.z => {
                if d.y > 0.0 {
                    "P"
                } else {
                    "A"
                }
            }
            () => {
                if d.z > 0.0 {
                    "S"
                } else {
                    "I"
                }
            }
        }
    };
    image.grid.direction.map(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::sample;

    #[test]
    fn centres_are_voxels_of_the_label_map() {
        let s = sample();
        let list: Value = serde_json::from_slice(&centroids(&s.case(), &s.file).expect("encoded")).expect("JSON");
        assert_eq!(list[0]["direction"], json!(["L", "P", "S"]));
        let labels: Vec<_> = (1..4).map(|n| list[n]["label"].as_u64()).collect();
        assert_eq!(labels, [Some(5), Some(6), Some(7)]);
        // C6 lies 18 mm above the first slice: 7.2 slices, and 16 mm behind the first row less the tilt.
        let z = list[2]["Z"].as_f64().expect("a number");
        let y = list[2]["Y"].as_f64().expect("a number");
        assert!((z - 7.2).abs() < 1e-3 && (y - (16.0 - 7.2 * 0.5) / 0.9).abs() < 1e-3, "{z} {y}");
    }
}
