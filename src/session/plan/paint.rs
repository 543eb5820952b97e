//! Steps that draw: brush, contour, grow, interpolation, and changes of a lesion's shape.

use super::{Planned, Refusal, lesion};
use crate::document::{Document, Edit, ImageKey, Lesion, LesionId, Run};
use crate::segment::{
    DrawPlane, REACH_MAX_MM, Region, Sheet, Span, Stroke, Tip, contour_spans, fill_holes, grow, interpolate, own_runs,
    paint_runs, remove_islands, resize, smooth,
};
use crate::session::op::{BrushMode, ContourMode, Refinement};
use crate::session::{Images, Op};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use crate::volume::Volume;
use std::sync::Arc;

/// Largest brush; larger than any patient is a slip of the pen.
const RADIUS_MAX_MM: f64 = 500.0;
/// Furthest that a surface is moved or smoothed at once.
const REFINE_MAX_MM: f64 = 50.0;

pub fn plan(op: &Op, document: &Document, images: &dyn Images, image: &ImageKey) -> Result<Planned, Refusal> {
    match op {
        Op::Brush { lesion: label, plane, path_mm, radius_mm, tip, mode, range, .. } => {
            let canvas = Canvas::new(document, label, image)?;
            let spans = brush_spans(canvas.geometry, *plane, path_mm, *radius_mm, *tip)?;
            let values = range.map(|r| Values::new(r, image, images)).transpose()?;
            let adds = *mode == BrushMode::Paint;
            let name = if adds { "Brush" } else { "Erase" };
            Ok((canvas.draw(document, &spans, adds, values.as_ref()), format!("{name} {label}")))
        }
        Op::Contour { lesion: label, plane, points_mm, mode, .. } => {
            let canvas = Canvas::new(document, label, image)?;
            let spans = outline_spans(canvas.geometry, *plane, points_mm)?;
            let adds = *mode == ContourMode::Add;
            let name = if adds { "Contour" } else { "Cut" };
            Ok((canvas.draw(document, &spans, adds, None), format!("{name} {label}")))
        }
        Op::Grow { lesion: label, seed_mm, reach_mm, .. } => {
            let canvas = Canvas::new(document, label, image)?;
            let spans = grown_spans(*seed_mm, *reach_mm, image, images)?;
            Ok((canvas.draw(document, &spans, true, None), format!("Grow {label}")))
        }
        Op::Mask { lesion: label, mask, .. } => {
            let canvas = Canvas::new(document, label, image)?;
            let flat = mask.voxels(canvas.geometry.size().map(|n| n as u64)).map_err(Refusal::Nonsense)?;
            let joined = flat.chunk_by(|a, b| a + 1 == *b);
            let spans: Vec<Span> = joined.map(|s| Span { start: s[0], end: s[0] + s.len() as u64 }).collect();
            Ok((canvas.draw(document, &spans, true, None), format!("Take over {label}")))
        }
        Op::Interpolate { lesion: label, plane, .. } => {
            let canvas = Canvas::new(document, label, image)?;
            let axis = canvas.geometry.layer_axis(*plane);
            let drawn = document.masks.get(image);
            let spans = drawn.map(|m| interpolate(m, canvas.lesion.label_value, canvas.geometry, axis));
            Ok((canvas.draw(document, &spans.unwrap_or_default(), true, None), format!("Interpolate {label}")))
        }
        Op::Refine { lesion: label, action, .. } => {
            let canvas = Canvas::new(document, label, image)?;
            let (edits, name) = canvas.refine(document, *action)?;
            Ok((edits, format!("{name} {label}")))
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

/// What a lesion is drawn on.
struct Canvas<'d> {
    id: LesionId,
    lesion: &'d Lesion,
    image: &'d ImageKey,
    geometry: &'d Geometry,
}

impl<'d> Canvas<'d> {
    fn new(document: &'d Document, label: &str, image: &'d ImageKey) -> Result<Self, Refusal> {
        let (id, lesion) = lesion(document, label)?;
        let identity = document.images.get(image).ok_or_else(|| Refusal::UnknownImage(image.clone()))?;
        Ok(Canvas { id, lesion, image, geometry: &identity.geometry })
    }

    /// The edits: the mask's runs and, when these are a lesion's first voxels and its level was left open, its level.
    fn draw(&self, document: &Document, spans: &[Span], adds: bool, values: Option<&Values>) -> Vec<Edit> {
        let keep = |at: VoxelIndex| values.is_none_or(|v| v.hold(at));
        let change = if adds { paint_runs } else { own_runs };
        let size = self.geometry.size();
        let runs = change(spans, document.masks.get(self.image), size, self.lesion.label_value, keep);
        let settled = (adds && self.lesion.vertebra_pending)
            .then(|| center_of(&runs, self.geometry))
            .flatten()
            .and_then(|p| document.nearest_vertebra(p))
            .map(|(level, _)| Lesion { vertebra: level, vertebra_pending: false, ..self.lesion.clone() });
        let level = settled.map(|l| Edit::Lesion { id: self.id, value: Some(Box::new(l)) });
        std::iter::once(Edit::Mask { image: self.image.clone(), runs }).chain(level).collect()
    }

    /// A change of the lesion's shape: what it loses and what it gains, other lesions left alone.
    fn refine(&self, document: &Document, action: Refinement) -> Result<(Vec<Edit>, &'static str), Refusal> {
        let spacing = self.geometry.spacing_mm();
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
        let (label, size) = (self.lesion.label_value, self.geometry.size());
        let map = document.masks.get(self.image);
        let Some(old) = map.and_then(|m| Region::of_label(m, label, self.geometry, voxels(margin))) else {
            return Ok((vec![Edit::Mask { image: self.image.clone(), runs: Vec::new() }], name));
        };
        let new = match action {
            Refinement::FillHoles {} => fill_holes(&old),
            Refinement::RemoveIslands { below_mm3 } => {
                let voxel_mm3 = self.geometry.slice_voxel_volume_mm3(old.low[2]);
                remove_islands(&old, (below_mm3.max(0.0) / voxel_mm3).ceil() as usize)
            }
            Refinement::Smooth { sigma_mm } => smooth(&old, sigma_mm),
            Refinement::Resize { by_mm } => resize(&old, by_mm),
        };
        let lost = old.with(old.inside.iter().zip(&new.inside).map(|(o, n)| *o && !n).collect());
        let mut runs = own_runs(&lost.spans(size), map, size, label, |_| true);
        runs.extend(paint_runs(&new.spans(size), map, size, label, |_| true));
        Ok((vec![Edit::Mask { image: self.image.clone(), runs }], name))
    }
}

/// Mean of the voxel centres, LPS mm; `None` without voxels.
fn center_of(runs: &[Run], geometry: &Geometry) -> Option<PatientPoint> {
    let voxels = runs.iter().flat_map(|r| r.start..r.start + u64::from(r.length));
    let (sum, n) = voxels.fold((DVec3::ZERO, 0u64), |(sum, n), flat| {
        let at = VoxelIndex::from_flat(flat as usize, geometry.size()).center();
        (sum + geometry.patient_from_voxel(at).vec(), n + 1)
    });
    (n > 0).then(|| PatientPoint::from_vec(sum / n as f64)).flatten()
}
