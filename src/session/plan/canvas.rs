//! What a drawing step draws on: a lesion's voxels on one series, or the outline of a vertebral body.

use super::{Refusal, lesion};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, ImageKey, LabelMap, Layer, Lesion, LesionId, Run, runs_from_sorted};
use crate::segment::{Span, own_runs, paint_runs};
use crate::session::Over;
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use std::collections::BTreeSet;

/// See the module.
pub struct Canvas<'d> {
    document: &'d Document,
    image: &'d ImageKey,
    layer: Layer,
    lesion: Option<(LesionId, &'d Lesion)>,
    /// The value painted.
    pub label_value: u16,
    /// The grid.
    pub geometry: &'d Geometry,
    /// What the undo menu calls it.
    pub name: String,
}

impl<'d> Canvas<'d> {
    /// The lesion with this label, or the body of this level: one of the two is named.
    pub fn new(
        document: &'d Document,
        label: &str,
        body: Option<VertebraLevel>,
        image: &'d ImageKey,
    ) -> Result<Self, Refusal> {
        let identity = document.images.get(image).ok_or_else(|| Refusal::UnknownImage(image.clone()))?;
        let geometry = &identity.geometry;
        match body {
            Some(level) if label.is_empty() => {
                let (layer, name) = (Layer::Bodies, format!("body of {level}"));
                Ok(Canvas { document, image, layer, lesion: None, label_value: level.label_value(), geometry, name })
            }
            Some(level) => Err(Refusal::Nonsense(format!(
                "the step names lesion \"{label}\" and the body of {level}; expected one of the two"
            ))),
            None => {
                let found = unlocked(document, label)?;
                let (layer, label_value, name) = (Layer::Lesions, found.1.label_value, label.to_owned());
                Ok(Canvas { document, image, layer, lesion: Some(found), label_value, geometry, name })
            }
        }
    }

    /// What is painted on the series in this layer.
    pub fn map(&self) -> Option<&'d LabelMap> {
        self.document.layer(self.layer).get(self.image)
    }

    /// A change of the layer.
    pub fn edit(&self, runs: Vec<Run>) -> Edit {
        Edit::Mask { image: self.image.clone(), layer: self.layer, runs }
    }

    /// The edits that take voxels away, where `keep` holds.
    pub fn erase(&self, spans: &[Span], keep: impl Fn(VoxelIndex) -> bool) -> Vec<Edit> {
        vec![self.edit(own_runs(spans, self.map(), self.geometry.size(), self.label_value, keep))]
    }

    /// The edits that add voxels, where `keep` holds and `over` allows it; and, when these are a lesion's first voxels and
    /// its level was left open, its level.
    pub fn paint(&self, spans: &[Span], over: &Over, keep: impl Fn(VoxelIndex) -> bool) -> Result<Vec<Edit>, Refusal> {
        let may_take = self.may_take(over)?;
        let may = |now: u16, at: VoxelIndex| may_take(now, at) && keep(at);
        let runs = paint_runs(spans, self.map(), self.geometry.size(), self.label_value, may);
        let settled = self
            .lesion
            .filter(|(_, l)| l.vertebra_pending)
            .and_then(|found| Some((found, center_of(&runs, self.geometry)?)))
            .and_then(|(found, p)| Some((found, self.document.nearest_vertebra(p)?.0)))
            .map(|((id, l), vertebra)| {
                let lesion = Lesion { vertebra, vertebra_pending: false, ..l.clone() };
                Edit::Lesion { id, value: Some(Box::new(lesion)) }
            });
        Ok(std::iter::once(self.edit(runs)).chain(settled).collect())
    }

    /// The change after which these spans are all that is drawn; voxels of others stay theirs.
    pub fn replaced(&self, spans: &[Span]) -> Edit {
        let (size, map, label) = (self.geometry.size(), self.map(), self.label_value);
        let inside = |f: u64| {
            let n = spans.partition_point(|s| s.end <= f);
            spans.get(n).is_some_and(|s| s.start <= f)
        };
        let had = map.map_or_else(Vec::new, |m| m.voxels_of(label));
        let lost: Vec<u64> = had.into_iter().filter(|f| !inside(*f)).collect();
        let mut runs = runs_from_sorted(&lost, 0);
        runs.extend(paint_runs(spans, map, size, label, |now, _| now == 0));
        self.edit(runs)
    }

    /// Whether painting may take a voxel that now carries a label.
    fn may_take(&self, over: &Over) -> Result<impl Fn(u16, VoxelIndex) -> bool + use<'d>, Refusal> {
        let bodies = self.document.bodies.get(self.image);
        let outlined = move |at: VoxelIndex| bodies.is_some_and(|b| b.get(at) != 0);
        let locked: BTreeSet<u16> = match self.layer {
            Layer::Lesions => self.document.lesions.values().filter(|l| l.locked).map(|l| l.label_value).collect(),
            Layer::Bodies => BTreeSet::new(),
        };
        let from = match over {
            Over::From(_) if self.layer == Layer::Bodies => {
                return Err(Refusal::Nonsense("a body's outline cannot take voxels from a lesion".to_owned()));
            }
            Over::From(other) => unlocked(self.document, other)?.1.label_value,
            _ => 0,
        };
        let over = over.clone();
        Ok(move |now: u16, at: VoxelIndex| match over {
            Over::All => !locked.contains(&now),
            Over::Free | Over::From(_) => now == from,
            Over::InsideBody => now == 0 && outlined(at),
            Over::OutsideBody => now == 0 && !outlined(at),
        })
    }
}

/// The lesion with this label, whose voxels may be changed.
pub fn unlocked<'d>(document: &'d Document, label: &str) -> Result<(LesionId, &'d Lesion), Refusal> {
    let found = lesion(document, label)?;
    if found.1.locked { Err(Refusal::Locked(label.to_owned())) } else { Ok(found) }
}

/// Mean of the voxel centres, LPS mm; `None` without voxels.
pub fn center_of(runs: &[Run], geometry: &Geometry) -> Option<PatientPoint> {
    let voxels = runs.iter().flat_map(|r| r.start..r.start + u64::from(r.length));
    let (sum, n) = voxels.fold((DVec3::ZERO, 0u64), |(sum, n), flat| {
        let at = VoxelIndex::from_flat(flat as usize, geometry.size()).center();
        (sum + geometry.patient_from_voxel(at).vec(), n + 1)
    });
    (n > 0).then(|| PatientPoint::from_vec(sum / n as f64)).flatten()
}
