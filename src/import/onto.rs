//! From what a file says to the steps that take it over: each drawing goes onto the series whose voxels are the file's, by
//! frame of reference and grid. What fits none or several, or is there already, is a sentence and no step.

use super::{CentreName, Found, FoundMask, Place, level_named, records, rtstruct};
use crate::agree::Grid;
use crate::anatomy::VertebraLevel;
use crate::document::{Document, ImageIdentity, ImageKey, Lesion, LesionKind};
use crate::export::{BodyRecord, MaskRuns};
use crate::session::op::Auto;
use crate::session::{Images, LevelChoice, Op};
use crate::space::{DVec3, Geometry, VoxelIndex, VoxelPoint};
use crate::volume::Volume;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A series that drawings may go onto.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its key.
    pub key: ImageKey,
    /// Its identity and grid.
    pub identity: ImageIdentity,
}

/// Series without their pixels: enough for the steps that files give.
impl Images for Vec<Target> {
    fn volume(&self, _: &ImageKey) -> Option<Arc<Volume>> {
        None
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        self.iter().find(|t| t.key == *key).map(|t| t.identity.clone())
    }

    fn primary(&self) -> Option<ImageKey> {
        self.first().map(|t| t.key.clone())
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Whether drawings on other grids are taken at the nearest voxel; else they are left out.
    pub resample: bool,
    /// The level of lesions of which the file does not say it.
    pub level: Option<VertebraLevel>,
}

/// The steps that take a file over.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// Steps in order; those of one lesion follow its `add_lesion`.
    pub ops: Vec<Op>,
    /// What does not fit, in sentences.
    pub notes: Vec<String>,
    /// Lesions among them.
    pub lesions: usize,
}

/// The steps that take over what a file says: centres, lesions with their voxels, and of our own files everything.
pub fn steps(found: &Found, targets: &[Target], document: &Document, how: How) -> Steps {
    let mut out = Steps { notes: found.notes.clone(), ..Steps::default() };
    for (name, place) in &found.centres {
        match (name, place) {
            (CentreName::Level(level), Place::Patient(at_mm)) => {
                out.ops.push(Op::LabelVertebra { level: *level, at_mm: *at_mm });
            }
            _ => out.notes.push("centres in voxels or without names are not lesions; left out".to_owned()),
        }
    }
    let grids: Vec<(ImageKey, Grid)> = targets.iter().map(|t| (t.key.clone(), grid_of(t))).collect();
    let mut work = Work { found, grids: &grids, document, how, taken: BTreeMap::new(), out };
    for mask in &found.masks {
        work.mask(mask);
    }
    if let Some(case) = &found.case {
        let records = case.annotation_sets.iter().flat_map(|s| &s.vertebrae);
        records.filter_map(|v| Some((v.level, v.body.as_ref()?))).for_each(|(level, body)| work.body(level, body));
    }
    let mut out = work.out;
    if let Some(case) = &found.case {
        records::add(case, targets, document, &mut out);
    }
    out.notes.dedup();
    out
}

fn grid_of(t: &Target) -> Grid {
    Grid {
        image: Some(t.key.clone()),
        frame: t.identity.frame_of_reference_uid.clone(),
        geometry: t.identity.geometry.clone(),
    }
}

/// The name of a structure, as a lesion can have it.
fn label_of(mask: &FoundMask) -> String {
    let plain: String = mask.name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    match (plain.trim(), mask.value) {
        ("", Some(value)) => format!("label {value}"),
        ("", None) => "imported".to_owned(),
        (name, _) => name.to_owned(),
    }
}

struct Work<'a> {
    found: &'a Found,
    grids: &'a [(ImageKey, Grid)],
    document: &'a Document,
    how: How,
    /// Voxels that lesions of this file have taken.
    taken: BTreeMap<ImageKey, HashSet<u64>>,
    out: Steps,
}

impl Work<'_> {
    fn note(&mut self, label: &str, what: impl std::fmt::Display) {
        self.out.notes.push(format!("{label}: {what}"));
    }

    fn mask(&mut self, mask: &FoundMask) {
        let label = label_of(mask);
        if let Some(level) = level_named(&mask.name).filter(|_| mask.kind.is_none() && self.found.case.is_none()) {
            return self.note(&label, format!("is the vertebra {level}, not a lesion; left out"));
        }
        let said = self.out.notes.len();
        let placed = self.placed(mask, &label);
        if let Some(known) = self.known(mask, &label) {
            return self.more_of(&known, &label, placed, said);
        }
        let voxels: usize = placed.values().map(Vec::len).sum();
        let drawn = !mask.masks.is_empty() || mask.outlines.is_some();
        if voxels == 0 && drawn {
            return self.note(&label, "none of its voxels came onto a series; left out");
        }
        let label = self.free_label(label);
        let level = mask.level.or(self.how.level);
        if level.is_none() && !self.anything_labelled() {
            return self.note(
                &label,
                "the file does not say its level, and no vertebra is labelled: label one, or give the level; left out",
            );
        }
        let vertebra = level.map_or(LevelChoice::Auto(Auto::Auto), LevelChoice::Level);
        let kind = mask.kind.unwrap_or(LesionKind::Indeterminate);
        let id = mask.id;
        self.out.ops.push(Op::AddLesion { lesion: label.clone(), vertebra, kind, at_mm: None, id });
        self.out.lesions += 1;
        self.paint(&label, placed);
    }

    /// The outline of a body in one of our own files, with where it comes from; an outline that is there stays.
    fn body(&mut self, level: VertebraLevel, body: &BodyRecord) {
        let name = format!("body of {level}");
        let Some(from) = self.found.grids.iter().find(|g| g.image.as_ref() == Some(&body.image)) else {
            return self.note(&name, "its series is not among the file's; left out");
        };
        let mut fitting: Vec<_> =
            self.grids.iter().filter_map(|(k, g)| Some((k, g.geometry.size(), g.from_other(from)?))).collect();
        fitting.sort_by_key(|(k, ..)| **k != body.image);
        let Some((key, size, map)) = fitting.into_iter().next() else {
            return self.note(&name, "its grid is that of none of the series; left out");
        };
        if self.document.bodies.get(key).is_some_and(|m| m.holds(level.label_value())) {
            return self.note(&name, "it is outlined in the case already; left out");
        }
        let flat = match body.mask.voxels(from.geometry.size().map(|n| n as u64)) {
            Ok(flat) => map.flat(&flat).0,
            Err(e) => return self.note(&name, e),
        };
        let (image, origin) = (Some(key.clone()), body.origin);
        let op = |mask| Op::Mask { lesion: String::new(), body: Some(level), mask, origin, image };
        self.out.ops.extend(MaskRuns::of_voxels(&flat, size).map(op));
    }

    fn paint(&mut self, label: &str, placed: BTreeMap<ImageKey, Vec<u64>>) {
        for (key, flat) in placed {
            let size = self.grids.iter().find(|(k, _)| *k == key).map(|(_, g)| g.geometry.size());
            let runs = size.and_then(|size| MaskRuns::of_voxels(&flat, size));
            let op = |mask| Op::Mask { lesion: label.to_owned(), body: None, mask, origin: None, image: Some(key) };
            self.out.ops.extend(runs.map(op));
        }
    }

    /// The lesion of the case that a structure is: by its identity, else by its name where the levels do not differ.
    fn known(&self, mask: &FoundMask, label: &str) -> Option<Lesion> {
        let by_id = mask.id.and_then(|id| self.document.lesions.get(&id));
        let by_name = || {
            let (id, l) = self.document.lesion_by_label(label)?;
            let other = mask.id.is_some_and(|own| own != id) || mask.level.is_some_and(|level| level != l.vertebra);
            (!other).then_some(l)
        };
        by_id.or_else(by_name).cloned()
    }

    /// A lesion that is there gets the voxels on series where it has none yet; what it has stays as it is. Where nothing is
    /// left, what was said of its places, the notes from `said` on, says nothing.
    fn more_of(&mut self, known: &Lesion, label: &str, mut placed: BTreeMap<ImageKey, Vec<u64>>, said: usize) {
        let drawn = |key: &ImageKey| self.document.masks.get(key).is_some_and(|m| m.holds(known.label_value));
        placed.retain(|key, flat| !flat.is_empty() && !drawn(key));
        if placed.is_empty() {
            self.out.notes.truncate(said);
            return self.note(label, "a lesion of this name or identity is in the case already; left out");
        }
        let on: Vec<&str> = placed.keys().map(|k| k.0.as_str()).collect();
        let what = format!("is in the case already; its voxels on series {} are added to it", on.join(", "));
        self.note(label, what);
        self.paint(&known.label, placed);
    }

    /// The name, numbered where another lesion of the case or of this file has it.
    fn free_label(&mut self, label: String) -> String {
        let added =
            |name: &str| self.out.ops.iter().any(|op| matches!(op, Op::AddLesion { lesion, .. } if lesion == name));
        let taken = |name: &str| added(name) || self.document.lesion_by_label(name).is_some();
        let short: String = label.chars().take(90).collect();
        let names = (1..10_000).map(|n| if n == 1 { label.clone() } else { format!("{short} ({n})") });
        let free = names.into_iter().find(|name| !taken(name)).unwrap_or_else(|| label.clone());
        if free != label {
            self.note(&label, format!("another lesion has this name; it becomes {free:?}"));
        }
        free
    }

    fn anything_labelled(&self) -> bool {
        let here = self.document.vertebrae.values().any(|v| v.at_mm.is_some());
        here || self.out.ops.iter().any(|op| matches!(op, Op::LabelVertebra { .. }))
    }

    /// Its voxels by series, ascending, without those that belong to another lesion.
    fn placed(&mut self, mask: &FoundMask, label: &str) -> BTreeMap<ImageKey, Vec<u64>> {
        let mut all: BTreeMap<ImageKey, Vec<u64>> = BTreeMap::new();
        for (n, flat) in &mask.masks {
            let grid = &self.found.grids[*n];
            match self.onto(grid, flat) {
                Ok((key, flat, 0)) => all.entry(key).or_default().extend(flat),
                Ok((key, flat, beyond)) => {
                    all.entry(key).or_default().extend(flat);
                    self.note(label, format!("{beyond} voxels lie beyond the series"));
                }
                Err(why) => self.note(label, why),
            }
        }
        if let Some(outlines) = &mask.outlines {
            match self.outlined(outlines) {
                Ok((key, flat, beside)) => {
                    if beside > 0 {
                        self.note(label, format!("{beside} outlines lie between the slices of series {}", key.0));
                    }
                    all.entry(key).or_default().extend(flat);
                }
                Err(why) => self.note(label, why),
            }
        }
        for (key, flat) in &mut all {
            let before = flat.len();
            let taken = self.taken.entry(key.clone()).or_default();
            let size = self.grids.iter().find(|(k, _)| k == key).map_or([0; 3], |(_, g)| g.geometry.size());
            let mut labels = self.document.masks.get(key).map(|m| m.reader());
            let mut free =
                |f: &u64| labels.as_mut().is_none_or(|l| l.get(VoxelIndex::from_flat(*f as usize, size)) == 0);
            flat.sort_unstable();
            flat.dedup();
            let unique = flat.len();
            flat.retain(|f| free(f) && taken.insert(*f));
            if flat.len() < unique {
                let lost = unique - flat.len();
                self.out
                    .notes
                    .push(format!("{label}: {lost} of {before} voxels belong to another lesion and stay with it"));
            }
        }
        all
    }

    /// The series that a grid belongs to, the voxels there, and how many lie beyond it.
    fn onto(&self, grid: &Grid, flat: &[u64]) -> Result<(ImageKey, Vec<u64>, u64), String> {
        let fits: Vec<_> =
            self.grids.iter().filter_map(|(key, target)| Some((key, target.from_other(grid)?))).collect();
        let own = fits.iter().position(|(key, _)| names(grid.image.as_ref(), key));
        match (own, fits.as_slice()) {
            (Some(n), _) => {
                let (flat, beyond) = fits[n].1.flat(flat);
                Ok((fits[n].0.clone(), flat, beyond))
            }
            (None, [(key, map)]) => {
                let (flat, beyond) = map.flat(flat);
                Ok(((*key).clone(), flat, beyond))
            }
            (None, []) if self.how.resample => self.resampled(grid, flat),
            (None, []) => Err(format!(
                "its grid ({}) is that of none of the series; resampling takes it at the nearest voxel",
                described(&grid.geometry)
            )),
            (None, several) => Err(format!(
                "its grid is that of {} series ({}); name the series",
                several.len(),
                several.iter().map(|(k, _)| k.0.as_str()).collect::<Vec<_>>().join(", ")
            )),
        }
    }

    /// The only series in the grid's frame of reference, or the one that it names.
    fn only(&self, image: Option<&ImageKey>, frame: Option<&String>) -> Result<&(ImageKey, Grid), String> {
        if let Some(own) = self.grids.iter().find(|(key, _)| names(image, key)) {
            return Ok(own);
        }
        let same = |g: &&(ImageKey, Grid)| frame.zip(g.1.frame.as_ref()).is_none_or(|(a, b)| a == b);
        let fits: Vec<&(ImageKey, Grid)> = self.grids.iter().filter(same).collect();
        match fits[..] {
            [one] => Ok(one),
            [] => Err("none of the series lies in its frame of reference".to_owned()),
            _ => Err(format!("{} series lie in its frame of reference; name the series", fits.len())),
        }
    }

    fn outlined(&self, outlines: &rtstruct::Outlines) -> Result<(ImageKey, Vec<u64>, usize), String> {
        let (key, grid) = self.only(outlines.image.as_ref(), outlines.frame.as_ref())?;
        if !outlines.first_point().is_some_and(|p| rtstruct::holds(&grid.geometry, p)) {
            return Err(format!("its outlines lie outside series {}", key.0));
        }
        let (flat, beside) = outlines.voxels(grid);
        Ok((key.clone(), flat, beside))
    }

    /// The voxels of the only series there whose centres lie in set voxels.
    fn resampled(&self, grid: &Grid, flat: &[u64]) -> Result<(ImageKey, Vec<u64>, u64), String> {
        let (key, target) = self.only(grid.image.as_ref(), grid.frame.as_ref())?;
        let size = grid.geometry.size();
        let set: HashSet<u64> = flat.iter().copied().collect();
        let (low, high) = reach(flat, &grid.geometry, &target.geometry);
        let mut out = Vec::new();
        for k in low[2]..high[2] {
            for j in low[1]..high[1] {
                for i in low[0]..high[0] {
                    let p = target.geometry.patient_from_voxel(VoxelIndex([i, j, k]).center());
                    let v = grid.geometry.voxel_from_patient(p).0.round();
                    if (0..3).any(|a| v[a] < 0.0 || v[a] >= size[a] as f64) {
                        continue;
                    }
                    let at = v.x as u64 + size[0] as u64 * (v.y as u64 + size[1] as u64 * v.z as u64);
                    if set.contains(&at) {
                        let [w, h, _] = target.geometry.size();
                        out.push((i + w * (j + h * k)) as u64);
                    }
                }
            }
        }
        Ok((key.clone(), out, 0))
    }
}

/// Whether a file's name for a series is this one: the key, or the SeriesInstanceUID before `#`.
fn names(file: Option<&ImageKey>, key: &ImageKey) -> bool {
    file.is_some_and(|f| f == key || key.0.split('#').next() == Some(f.0.as_str()))
}

fn described(g: &Geometry) -> String {
    let ([w, h, d], [x, y, z]) = (g.size(), g.spacing_mm());
    format!("{w} x {h} x {d} voxels of {x:.3} x {y:.3} x {z:.3} mm")
}

/// The box of target voxels that the set ones can reach: from, and one beyond to.
fn reach(flat: &[u64], from: &Geometry, to: &Geometry) -> ([usize; 3], [usize; 3]) {
    let (mut low, mut high) = ([f64::MAX; 3], [f64::MIN; 3]);
    let (mut first, mut last) = ([usize::MAX; 3], [0usize; 3]);
    for f in flat {
        let at = VoxelIndex::from_flat(*f as usize, from.size()).0;
        first = std::array::from_fn(|a| first[a].min(at[a]));
        last = std::array::from_fn(|a| last[a].max(at[a]));
    }
    for corner in 0..8 {
        let side = |a: usize| if corner >> a & 1 == 1 { last[a] as f64 + 0.5 } else { first[a] as f64 - 0.5 };
        let p = from.patient_from_voxel(VoxelPoint(DVec3::new(side(0), side(1), side(2))));
        let v = to.voxel_from_patient(p).0;
        low = std::array::from_fn(|a| low[a].min(v[a]));
        high = std::array::from_fn(|a| high[a].max(v[a]));
    }
    let size = to.size();
    let bound = |v: f64, a: usize| (v.max(0.0) as usize).min(size[a]);
    (std::array::from_fn(|a| bound(low[a].floor(), a)), std::array::from_fn(|a| bound(high[a].ceil() + 1.0, a)))
}

#[cfg(test)]
#[path = "onto_tests.rs"]
mod tests;
