//! Steps that draw: brush and contour.

use super::{Planned, Refusal, lesion};
use crate::document::{Document, Edit, ImageKey, Lesion, LesionId, Run};
use crate::segment::{DrawPlane, Sheet, Span, Stroke, Tip, contour_spans, own_runs, paint_runs};
use crate::session::op::{BrushMode, ContourMode};
use crate::session::{Images, Op};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use crate::volume::Volume;
use std::sync::Arc;

/// Largest brush; larger than any patient is a slip of the pen.
const RADIUS_MAX_MM: f64 = 500.0;

pub fn plan(op: &Op, document: &Document, images: &dyn Images) -> Result<Planned, Refusal> {
    match op {
        Op::Brush { lesion: label, plane, path_mm, radius_mm, tip, mode, range, image } => {
            let canvas = Canvas::new(document, label, image.as_ref())?;
            let spans = brush_spans(canvas.geometry, *plane, path_mm, *radius_mm, *tip)?;
            let values = range.map(|r| Values::new(r, canvas.image, images)).transpose()?;
            let adds = *mode == BrushMode::Paint;
            let name = if adds { "Brush" } else { "Erase" };
            Ok((canvas.draw(document, &spans, adds, values.as_ref()), format!("{name} {label}")))
        }
        Op::Contour { lesion: label, plane, points_mm, mode, image } => {
            let canvas = Canvas::new(document, label, image.as_ref())?;
            if points_mm.len() < 3 {
                return Err(Refusal::Nonsense(format!(
                    "points_mm holds {} points; an outline needs at least three",
                    points_mm.len()
                )));
            }
            let sheet = Sheet::of(canvas.geometry, *plane, points_mm).ok_or_else(no_plane)?;
            let spans = contour_spans(canvas.geometry, &sheet, points_mm);
            let adds = *mode == ContourMode::Add;
            let name = if adds { "Contour" } else { "Cut" };
            Ok((canvas.draw(document, &spans, adds, None), format!("{name} {label}")))
        }
        _ => Ok((Vec::new(), String::new())),
    }
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
    fn new(document: &'d Document, label: &str, image: Option<&ImageKey>) -> Result<Self, Refusal> {
        let (id, lesion) = lesion(document, label)?;
        let key = image.ok_or(Refusal::NoImage)?;
        let (image, identity) = document.images.get_key_value(key).ok_or_else(|| Refusal::UnknownImage(key.clone()))?;
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
