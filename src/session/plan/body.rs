//! The step that outlines a vertebral body, and what steps on bodies say of where an outline comes from.

use super::canvas::Canvas;
use super::{Planned, Refusal};
use crate::anatomy::VertebraLevel;
use crate::document::{BodyOrigin, BodySource, Document, Edit, ImageKey, Vertebra};
use crate::segment::{BodyShape, body_spans};
use crate::session::{Images, Op};
use crate::space::PatientPoint;
use crate::volume::Kind;

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

/// The note at the vertebra of where the outline comes from that a step leaves; `None` where nothing new is to be said.
pub fn origin(op: &Op, document: &Document) -> Option<Edit> {
    let (level, source) = match op {
        Op::OutlineBody { level, .. } => (*level, Some(outlined_from(document, *level))),
        Op::Mask { body, .. } => ((*body)?, Some(BodySource::File)),
        Op::Brush { body, .. }
        | Op::Contour { body, .. }
        | Op::Interpolate { body, .. }
        | Op::CopySlice { body, .. }
        | Op::Refine { body, .. } => ((*body)?, None),
        _ => return None,
    };
    let before = document.vertebrae.get(&level)?;
    let after = match source {
        Some(source) => BodyOrigin { source, corrected: false },
        None if document.body_of(level).is_none() => BodyOrigin { source: BodySource::Hand, corrected: false },
        None => before.body_origin.map(|o| BodyOrigin { corrected: o.source != BodySource::Hand, ..o })?,
    };
    let value = Some(Box::new(Vertebra { body_origin: Some(after), ..before.clone() }));
    (before.body_origin != Some(after)).then_some(Edit::Vertebra { level, value })
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
