//! Steps that draw: brush, contour, grow, interpolation, and changes of a shape.

use super::canvas::Canvas;
use super::{Planned, Refusal};
use crate::document::{Document, Edit, ImageKey};
use crate::segment::{
    DrawPlane, REACH_MAX_MM, Region, Sheet, Span, Stroke, Tip, contour_spans, fill_holes, grow, interpolate, own_runs,
    paint_runs, remove_islands, resize, smooth,
};
use crate::session::op::{BrushMode, ContourMode, Refinement};
use crate::session::{Images, Op, Over};
use crate::space::{Geometry, PatientPoint, VoxelIndex};
use crate::volume::Volume;
use std::sync::Arc;

/// Largest brush; larger than any patient is a slip of the pen.
const RADIUS_MAX_MM: f64 = 500.0;
/// Furthest that a surface is moved or smoothed at once.
const REFINE_MAX_MM: f64 = 50.0;

pub fn plan(op: &Op, document: &Document, images: &dyn Images, image: &ImageKey) -> Result<Planned, Refusal> {
    match op {
        Op::Brush { lesion, body, plane, path_mm, radius_mm, tip, mode, range, over, .. } => {
            let canvas = Canvas::new(document, lesion, *body, image)?;
            let spans = brush_spans(canvas.geometry, *plane, path_mm, *radius_mm, *tip)?;
            let values = range.map(|r| Values::new(r, image, images)).transpose()?;
            let keep = |at: VoxelIndex| values.as_ref().is_none_or(|v| v.hold(at));
            Ok(match mode {
                BrushMode::Paint => (canvas.paint(&spans, over, keep)?, format!("Brush {}", canvas.name)),
                BrushMode::Erase => (canvas.erase(&spans, keep), format!("Erase {}", canvas.name)),
            })
        }
        Op::Contour { lesion, body, plane, points_mm, mode, over, .. } => {
            let canvas = Canvas::new(document, lesion, *body, image)?;
            let spans = outline_spans(canvas.geometry, *plane, points_mm)?;
            Ok(match mode {
                ContourMode::Add => (canvas.paint(&spans, over, |_| true)?, format!("Contour {}", canvas.name)),
                ContourMode::Subtract => (canvas.erase(&spans, |_| true), format!("Cut {}", canvas.name)),
            })
        }
        Op::Grow { lesion, seed_mm, reach_mm, over, .. } => {
            let canvas = Canvas::new(document, lesion, None, image)?;
            let spans = grown_spans(*seed_mm, *reach_mm, image, images)?;
            Ok((canvas.paint(&spans, over, |_| true)?, format!("Grow {}", canvas.name)))
        }
        Op::Mask { body: None, origin: Some(_), .. } => {
            Err(Refusal::Nonsense("an origin is said of a body's outline; a lesion has none".to_owned()))
        }
        Op::Mask { lesion, body, mask, .. } => {
            let canvas = Canvas::new(document, lesion, *body, image)?;
            let flat = mask.voxels(canvas.geometry.size().map(|n| n as u64)).map_err(Refusal::Nonsense)?;
            let joined = flat.chunk_by(|a, b| a + 1 == *b);
            let spans: Vec<Span> = joined.map(|s| Span { start: s[0], end: s[0] + s.len() as u64 }).collect();
            let edits = match body {
                Some(_) => vec![canvas.replaced(&spans)],
                None => canvas.paint(&spans, &Over::Free, |_| true)?,
            };
            Ok((edits, format!("Take over {}", canvas.name)))
        }
        Op::Interpolate { lesion, body, plane, at_mm, ends, .. } => {
            let canvas = Canvas::new(document, lesion, *body, image)?;
            let axis = canvas.geometry.layer_axis(*plane);
            let spans = canvas.map().map(|m| interpolate(m, canvas.label_value, canvas.geometry, axis, *ends));
            let layer = at_mm.map(|p| canvas.geometry.voxel_from_patient(p).0[axis].round());
            let keep = |at: VoxelIndex| layer.is_none_or(|l| at.0[axis] as f64 == l);
            let edits = canvas.paint(&spans.unwrap_or_default(), &Over::Free, keep)?;
            Ok((edits, format!("Interpolate {}", canvas.name)))
        }
        Op::Refine { lesion, body, action, .. } => {
            let canvas = Canvas::new(document, lesion, *body, image)?;
            let (edits, name) = refine(&canvas, *action)?;
            Ok((edits, format!("{name} {}", canvas.name)))
        }
        _ => Ok((Vec::new(), String::new())),
    }
}

fn outline_spans(geometry: &Geometry, plane: DrawPlane, points: &[PatientPoint]) -> Result<Vec<Span>, Refusal> {
    if points.len() < 3 {
        let found = points.len();
        return Err(Refusal::Nonsense(format!("points_mm holds {found} points; an outline needs at least three")));
    }
    let sheet = Sheet::of(geometry, plane, points).ok_or_else(no_plane)?;
    Ok(contour_spans(geometry, &sheet, points))
}

fn grown_spans(seed: PatientPoint, reach_mm: f64, image: &ImageKey, images: &dyn Images) -> Result<Vec<Span>, Refusal> {
    if !(reach_mm > 0.0 && reach_mm <= REACH_MAX_MM) {
        let expected = format!("expected above 0 and at most {REACH_MAX_MM}");
        return Err(Refusal::Nonsense(format!("reach_mm is {reach_mm}; {expected}")));
    }
    if let Some(spans) = images.grown(image, seed, reach_mm) {
        return Ok(spans);
    }
    let volume = images.volume(image).ok_or_else(|| Refusal::NoPixels(image.clone()))?;
    grow(&volume, seed, reach_mm).ok_or_else(|| Refusal::Nonsense("seed_mm lies outside the images".to_owned()))
}

fn no_plane() -> Refusal {
    Refusal::Nonsense("the plane's directions \"right\" and \"down\" do not span a plane".to_owned())
}

fn brush_spans(
    geometry: &Geometry,
    plane: DrawPlane,
    path: &[PatientPoint],
    radius_mm: f64,
    tip: Tip,
) -> Result<Vec<Span>, Refusal> {
    if path.is_empty() {
        return Err(Refusal::Nonsense("path_mm holds no point; a stroke needs at least one".to_owned()));
    }
    if !(radius_mm > 0.0 && radius_mm <= RADIUS_MAX_MM) {
        return Err(Refusal::Nonsense(format!(
            "radius_mm is {radius_mm}; expected above 0 and at most {RADIUS_MAX_MM}"
        )));
    }
    let stroke = match tip {
        Tip::Sphere => Stroke::sphere(geometry, radius_mm),
        Tip::Disc => Stroke::disc(geometry, Sheet::of(geometry, plane, path).ok_or_else(no_plane)?, radius_mm),
    };
    Ok(stroke.path(path))
}

/// A closed range of rescaled values, and the pixels to ask.
struct Values {
    low: f64,
    high: f64,
    volume: Arc<Volume>,
}

impl Values {
    fn new([low, high]: [f64; 2], image: &ImageKey, images: &dyn Images) -> Result<Self, Refusal> {
        if low > high {
            return Err(Refusal::Nonsense(format!("range is [{low}, {high}]; expected the lower value first")));
        }
        let volume = images.volume(image).ok_or_else(|| Refusal::NoPixels(image.clone()))?;
        Ok(Values { low, high, volume })
    }

    fn hold(&self, at: VoxelIndex) -> bool {
        let value = self.volume.value(at);
        self.low <= value && value <= self.high
    }
}

/// A change of a shape: what it loses and what it gains, others left alone.
fn refine(canvas: &Canvas<'_>, action: Refinement) -> Result<(Vec<Edit>, &'static str), Refusal> {
    let geometry = canvas.geometry;
    let spacing = geometry.spacing_mm();
    let voxels = |mm: f64| spacing.map(|s| (mm.max(0.0) / s).ceil() as usize + 1);
    let within = |mm: f64, what: &str| match mm.abs() <= REFINE_MAX_MM {
        true => Ok(mm),
        false => Err(Refusal::Nonsense(format!("{what} is {mm}; expected at most {REFINE_MAX_MM}"))),
    };
    let (margin, name) = match action {
        Refinement::FillHoles {} => (0.0, "Fill holes of"),
        Refinement::RemoveIslands { .. } => (0.0, "Remove islands of"),
        Refinement::Smooth { sigma_mm } => (3.0 * within(sigma_mm, "sigma_mm")?, "Smooth"),
        Refinement::Resize { by_mm } => (within(by_mm, "by_mm")?, if by_mm < 0.0 { "Shrink" } else { "Grow out" }),
    };
    let (label, size, map) = (canvas.label_value, geometry.size(), canvas.map());
    let Some(old) = map.and_then(|m| Region::of_label(m, label, geometry, voxels(margin))) else {
        return Ok((vec![canvas.edit(Vec::new())], name));
    };
    let new = match action {
        Refinement::FillHoles {} => fill_holes(&old),
        Refinement::RemoveIslands { below_mm3 } => {
            let voxel_mm3 = geometry.slice_voxel_volume_mm3(old.low[2]);
            remove_islands(&old, (below_mm3.max(0.0) / voxel_mm3).ceil() as usize)
        }
        Refinement::Smooth { sigma_mm } => smooth(&old, sigma_mm),
        Refinement::Resize { by_mm } => resize(&old, by_mm),
    };
    let lost = old.with(old.inside.iter().zip(&new.inside).map(|(o, n)| *o && !n).collect());
    let mut runs = own_runs(&lost.spans(size), map, size, label, |_| true);
    runs.extend(paint_runs(&new.spans(size), map, size, label, |now, _| now == 0));
    Ok((vec![canvas.edit(runs)], name))
}
