//! Steps that give voxels another owner or another layer: merge, split, copy to another slice.

use super::canvas::{Canvas, center_of, unlocked};
use super::lesions::check_label;
use super::{Planned, Refusal};
use crate::document::{Document, Edit, ImageKey, Layer, Lesion, Run, runs_from_sorted};
use crate::segment::{Region, Span, merged};
use crate::session::{Op, Over};
use crate::space::{PatientPoint, VoxelIndex};
use uuid::Uuid;

/// A point this far from every voxel of a lesion means none of its pieces, mm.
const NEAR_MM: f64 = 5.0;

/// All voxels of `label` become those of `into`, on every series.
pub fn merge(document: &Document, label: &str, into: &str) -> Result<Planned, Refusal> {
    let ((id, goes), (_, stays)) = (unlocked(document, label)?, unlocked(document, into)?);
    if goes.label_value == stays.label_value {
        return Err(Refusal::Nonsense(format!("lesion \"{label}\" cannot be merged with itself")));
    }
    let mut edits = Vec::new();
    for (image, map) in &document.masks {
        let runs: Vec<Run> =
            map.runs_of(goes.label_value).into_iter().map(|r| Run { label: stays.label_value, ..r }).collect();
        if !runs.is_empty() {
            edits.push(Edit::Mask { image: image.clone(), layer: Layer::Lesions, runs });
        }
    }
    edits.push(Edit::Lesion { id, value: None });
    Ok((edits, format!("Merge {label} into {into}")))
}

/// The piece at a point becomes a lesion of its own, under the vertebra nearest to it.
pub fn split(
    document: &Document,
    label: &str,
    at: PatientPoint,
    new: &str,
    image: &ImageKey,
) -> Result<Planned, Refusal> {
    check_label(new)?;
    if document.lesion_by_label(new).is_some() {
        return Err(Refusal::LabelTaken(new.to_owned()));
    }
    let value = document.free_label_value().ok_or(Refusal::TooManyLesions)?;
    let (_, whole) = unlocked(document, label)?;
    let canvas = Canvas::new(document, label, None, image)?;
    let region = canvas.map().and_then(|m| Region::of_label(m, whole.label_value, canvas.geometry, [0; 3]));
    let Some(region) = region else {
        return Err(Refusal::Nonsense(format!("lesion \"{label}\" has no voxels on this series")));
    };
    let (piece, counts) = region.pieces();
    if counts.len() < 2 {
        return Err(Refusal::Nonsense(format!("lesion \"{label}\" is in one piece here: there is none to split off")));
    }
    let far = |n: usize| {
        let place = region.at(n);
        let voxel = VoxelIndex(std::array::from_fn(|a| place[a] + region.low[a]));
        canvas.geometry.patient_from_voxel(voxel.center()).distance_mm(at)
    };
    let members = (0..piece.len()).filter(|n| piece[*n] != 0).map(|n| (far(n), piece[n]));
    let nearest = members.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(mm, _)| *mm <= NEAR_MM);
    let Some((_, mine)) = nearest else {
        return Err(Refusal::Nonsense(format!("no piece of lesion \"{label}\" lies within {NEAR_MM} mm of the point")));
    };
    let part = region.with(piece.iter().map(|p| *p == mine).collect());
    let spans = part.spans(canvas.geometry.size());
    let voxels: Vec<u64> = spans.iter().flat_map(|s| s.start..s.end).collect();
    let runs = runs_from_sorted(&voxels, value);
    let level = center_of(&runs, canvas.geometry).and_then(|p| document.nearest_vertebra(p)).map(|(l, _)| l);
    let lesion = Lesion::new(new.to_owned(), value, level.unwrap_or(whole.vertebra), whole.kind);
    let edits = vec![Edit::Lesion { id: Uuid::new_v4(), value: Some(Box::new(lesion)) }, canvas.edit(runs)];
    Ok((edits, format!("Split {new} from {label}")))
}

/// What the layer at a point holds is painted again some layers further, where no other lesion is.
pub fn copy_slice(op: &Op, document: &Document, image: &ImageKey) -> Result<Planned, Refusal> {
    let Op::CopySlice { lesion, body, plane, at_mm, by, .. } = op else { return Ok((Vec::new(), String::new())) };
    let canvas = Canvas::new(document, lesion, *body, image)?;
    let size = canvas.geometry.size();
    let axis = canvas.geometry.layer_axis(*plane);
    let from = canvas.geometry.voxel_from_patient(*at_mm).0[axis].round();
    let onto = from + f64::from(*by);
    if *by == 0 || !(0.0..size[axis] as f64).contains(&onto) {
        return Err(Refusal::Nonsense(format!("there is no layer {by:+} from here to copy to")));
    }
    let voxels = canvas.map().map_or_else(Vec::new, |m| m.voxels_of(canvas.label_value));
    let here = voxels.into_iter().map(|f| VoxelIndex::from_flat(f as usize, size).0);
    let moved = here.filter(|at| at[axis] as f64 == from).map(|mut at| {
        at[axis] = onto as usize;
        let start = VoxelIndex(at).flat(size) as u64;
        Span { start, end: start + 1 }
    });
    let spans = merged(moved.collect());
    if spans.is_empty() {
        return Err(Refusal::Nonsense(format!("{} has no voxels in this layer", canvas.name)));
    }
    Ok((canvas.paint(&spans, &Over::Free, |_| true)?, format!("Copy slice of {}", canvas.name)))
}
