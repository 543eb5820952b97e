//! The step that outlines a vertebral body, and what steps on bodies say of where an outline comes from.

use super::canvas::Canvas;
use super::{Planned, Refusal};
use crate::anatomy::VertebraLevel;
use crate::document::{BodyOrigin, BodySource, Document, Edit, ImageKey, LabelMap, Layer, Run};
use crate::segment::{BodyShape, body_spans};
use crate::session::{Images, Op};
use crate::space::{PatientPoint, VoxelIndex};
use crate::volume::Kind;
use std::collections::BTreeMap;

/// A labelled neighbour further away than this many levels tells nothing of a body's size.
const NEIGHBOUR_LEVELS: usize = 1;

/// Outlines the body anew: from its six end-plate points where they are marked (fitted to the bone on CT), else from its
/// labelled centre on CT. Other bodies keep their voxels.
pub fn outline(
    document: &Document,
    images: &dyn Images,
    level: VertebraLevel,
    sides: Option<[PatientPoint; 2]>,
    image: &ImageKey,
) -> Result<Planned, Refusal> {
    let canvas = Canvas::new(document, "", Some(level), image)?;
    let vertebra = document.vertebrae.get(&level).ok_or(Refusal::NotLabelled(level))?;
    let identity = document.images.get(image).ok_or_else(|| Refusal::UnknownImage(image.clone()))?;
    if identity.kind == Kind::Projection {
        return Err(Refusal::Nonsense("a body cannot be outlined on a radiograph: it has no depth".to_owned()));
    }
    let volume = images.volume(image);
    let ct = volume.as_deref().filter(|v| v.units == "HU");
    let shape = match (vertebra.heights, vertebra.at_mm) {
        (Some(points), _) => BodyShape::of_plates(level, &points, sides)
            .ok_or_else(|| Refusal::Nonsense(format!("the height points of {level} do not enclose a body")))?,
        (None, _) if sides.is_some() => {
            return Err(Refusal::Nonsense(format!("the six height points of {level} are needed with its two sides")));
        }
        (None, Some(center)) if ct.is_some() => usual(document, level, center),
        (None, Some(_)) if volume.is_none() => return Err(Refusal::NoPixels(image.clone())),
        (None, Some(_)) => {
            return Err(Refusal::Nonsense(format!(
                "one click outlines a body on CT only; on this series mark the six height points of {level} first (H)"
            )));
        }
        (None, None) => return Err(Refusal::NotLabelled(level)),
    };
    let spans = body_spans(canvas.geometry, &shape, ct);
    if spans.is_empty() {
        return Err(Refusal::Nonsense(format!("the body of {level} lies outside this series")));
    }
    Ok((vec![canvas.replaced(&spans)], format!("Outline {}", canvas.name)))
}

/// The notes of where outlines come from that a drawing step leaves. A step that changes no voxel notes nothing, and an
/// outline of which nothing is left has no note.
pub fn origins(op: &Op, document: &Document, edits: &[Edit]) -> Vec<Edit> {
    let (drawn, source) = match op {
        Op::OutlineBody { level, .. } => (*level, Some(drawn_by(outlined_from(document, *level)))),
        Op::Mask { body: Some(level), origin, .. } => (*level, Some(origin.unwrap_or(drawn_by(BodySource::File)))),
        Op::Brush { body: Some(level), .. }
        | Op::Contour { body: Some(level), .. }
        | Op::Interpolate { body: Some(level), .. }
        | Op::CopySlice { body: Some(level), .. }
        | Op::Refine { body: Some(level), .. } => (*level, None),
        _ => return Vec::new(),
    };
    let mut notes = Vec::new();
    for edit in edits {
        let Edit::Mask { image, layer: Layer::Bodies, runs } = edit else { continue };
        for (level, [had, has]) in changed(document, image, runs) {
            let before = document.body_origin(image, level);
            let value = match (has, source, had) {
                (0, ..) => None,
                (_, Some(source), _) if level == drawn => Some(source),
                (_, _, 0) => Some(drawn_by(BodySource::Hand)),
                _ => before.map(|o| BodyOrigin { corrected: o.corrected || o.source != BodySource::Hand, ..o }),
            };
            if value != before {
                notes.push(Edit::BodyOrigin { image: image.clone(), level, value });
            }
        }
    }
    notes
}

fn drawn_by(source: BodySource) -> BodyOrigin {
    BodyOrigin { source, corrected: false }
}

/// The bodies that runs change on a series, each with the number of its voxels before and after.
fn changed(document: &Document, image: &ImageKey, runs: &[Run]) -> BTreeMap<VertebraLevel, [u64; 2]> {
    let map = document.bodies.get(image);
    let Some(size) = document.images.get(image).map(|i| i.geometry.size()) else { return BTreeMap::new() };
    let mut labels = map.map(LabelMap::reader);
    let mut moved: BTreeMap<u16, [u64; 2]> = BTreeMap::new(); // lost and gained
    for run in runs {
        for flat in run.start..run.start + u64::from(run.length) {
            let now = labels.as_mut().map_or(0, |l| l.get(VoxelIndex::from_flat(flat as usize, size)));
            if now != run.label {
                moved.entry(now).or_default()[0] += 1;
                moved.entry(run.label).or_default()[1] += 1;
            }
        }
    }
    let of = |level: VertebraLevel| {
        let [lost, gained] = *moved.get(&level.label_value())?;
        let had = map.map_or(0, |m| m.voxels_of(level.label_value()).len() as u64);
        Some((level, [had, had + gained - lost]))
    };
    VertebraLevel::ALL.into_iter().filter_map(of).collect()
}

/// What [`outline`] goes by.
fn outlined_from(document: &Document, level: VertebraLevel) -> BodySource {
    match document.vertebrae.get(&level).and_then(|v| v.heights) {
        Some(_) => BodySource::EndPlates,
        None if neighbours(document, level) == [None, None] => BodySource::OneClick,
        None => BodySource::OneClickAndNeighbours,
    }
}

/// The usual shape of a level, sized by its labelled neighbours.
fn usual(document: &Document, level: VertebraLevel, center: PatientPoint) -> BodyShape {
    let [above, below] = neighbours(document, level);
    BodyShape::usual(level, center, above, below)
}

/// The labelled neighbours above and below, with their centres.
fn neighbours(document: &Document, level: VertebraLevel) -> [Option<(VertebraLevel, PatientPoint)>; 2] {
    let placed = |l: VertebraLevel| {
        let near = (l as usize).abs_diff(level as usize) <= NEIGHBOUR_LEVELS || level.shifted(1) == Some(l);
        let near = near || l.shifted(1) == Some(level);
        document.vertebrae.get(&l).and_then(|v| v.at_mm).filter(|_| near).map(|p| (l, p))
    };
    let above = document.vertebrae.range(..level).rev().find_map(|(l, _)| placed(*l));
    let below = document.vertebrae.range(level..).filter(|(l, _)| **l != level).find_map(|(l, _)| placed(*l));
    [above, below]
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
