//! Steps about levels: label, unlabel, shift, heights.

use super::{Planned, Refusal};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, HeightPoints, ImageKey, Layer, Measurement, Run, SpineNumbering, Vertebra};
use crate::space::PatientPoint;
use std::collections::{BTreeMap, BTreeSet};

fn replaced(level: VertebraLevel, value: Vertebra) -> Edit {
    Edit::Vertebra { level, value: Some(Box::new(value)) }
}

fn known(document: &Document, level: VertebraLevel) -> Vertebra {
    document.vertebrae.get(&level).cloned().unwrap_or_default()
}

/// Naming T13 or L6 (or T12, L5 in a spine counted without them) says that the spine has that bone: its count follows, so
/// that the chain of levels is the same before and after a shift.
pub fn counted(document: &Document, level: VertebraLevel) -> Option<Edit> {
    use VertebraLevel::{L5, L6, T12, T13};
    if document.spine.has(level) {
        return None;
    }
    let mut value = document.spine.clone();
    match level {
        T12 => value.n_thoracic = Some(12),
        T13 => value.n_thoracic = Some(13),
        L5 => value.n_lumbar = Some(5),
        L6 => value.n_lumbar = Some(6),
        _ => return None,
    }
    Some(Edit::Spine { value })
}

pub fn label(document: &Document, level: VertebraLevel, at_mm: PatientPoint) -> Planned {
    let before = known(document, level);
    let verb = if before.at_mm.is_some() { "Move" } else { "Label" };
    let edits = counted(document, level).into_iter();
    let edits = edits.chain([replaced(level, Vertebra { at_mm: Some(at_mm), ..before })]);
    (edits.collect(), format!("{verb} {level}"))
}

pub fn label_several(
    document: &Document,
    centres_mm: &BTreeMap<VertebraLevel, PatientPoint>,
    source: Option<&str>,
) -> Result<Planned, Refusal> {
    if centres_mm.is_empty() {
        return Err(Refusal::Nonsense("label_vertebrae names no vertebra".to_owned()));
    }
    let mut spine = Document { spine: document.spine.clone(), ..Document::default() };
    let mut edits = Vec::new();
    for (level, at_mm) in centres_mm {
        if let Some(Edit::Spine { value }) = counted(&spine, *level) {
            spine.spine = value;
        }
        edits.push(replaced(*level, Vertebra { at_mm: Some(*at_mm), ..known(document, *level) }));
    }
    if spine.spine != document.spine {
        edits.push(Edit::Spine { value: spine.spine });
    }
    let from = source.map(|s| format!(" from {s}")).unwrap_or_default();
    Ok((edits, format!("Label {} levels{from}", centres_mm.len())))
}

pub fn unlabel(document: &Document, level: VertebraLevel) -> Result<Planned, Refusal> {
    if !document.vertebrae.contains_key(&level) {
        return Err(Refusal::NotLabelled(level));
    }
    let mut edits = vec![Edit::Vertebra { level, value: None }];
    edits.extend(relabelled(document, |l| (l == level).then_some(0)));
    let noted = document.body_origins.keys().filter(|(_, l)| *l == level);
    edits.extend(noted.map(|(image, _)| Edit::BodyOrigin { image: image.clone(), level, value: None }));
    Ok((edits, format!("Remove label {level}")))
}

pub fn heights(document: &Document, level: VertebraLevel, points: HeightPoints) -> Planned {
    let value = Vertebra { heights: Some(points), ..known(document, level) };
    let edits = counted(document, level).into_iter().chain([replaced(level, value)]);
    (edits.collect(), format!("Heights {level}"))
}

/// Gives outlined bodies another label (0 takes them away): `to` answers for the levels that change.
fn relabelled(document: &Document, to: impl Fn(VertebraLevel) -> Option<u16>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (image, map) in &document.bodies {
        let changing = VertebraLevel::ALL.into_iter().filter_map(|l| Some((l, to(l)?)));
        let runs: Vec<Run> = changing
            .flat_map(|(l, label)| map.runs_of(l.label_value()).into_iter().map(move |r| Run { label, ..r }))
            .collect();
        if !runs.is_empty() {
            edits.push(Edit::Mask { image: image.clone(), layer: Layer::Bodies, runs });
        }
    }
    edits
}

/// Which bones get other names, and which.
struct Renaming {
    by: i32,
    from: Option<VertebraLevel>,
    to: Option<VertebraLevel>,
    /// This spine's own chain: the levels it was counted with, and those that the case speaks of.
    chain: Vec<VertebraLevel>,
    used: BTreeSet<VertebraLevel>,
}

impl Renaming {
    fn moves(&self, l: VertebraLevel) -> bool {
        self.from.is_none_or(|f| l >= f) && self.to.is_none_or(|t| l <= t)
    }

    fn of(&self, l: VertebraLevel) -> Result<VertebraLevel, Refusal> {
        if !self.moves(l) {
            return Ok(l);
        }
        let at = self.chain.iter().position(|c| *c == l).map_or(0, |p| p as i64) + i64::from(self.by);
        let onto = usize::try_from(at).ok().and_then(|at| self.chain.get(at).copied());
        let onto = onto.ok_or(Refusal::OffTheSpine { level: l, by: self.by })?;
        // A bone that stays is neither taken the level of nor passed: the order of bones is not for a count to change.
        let in_the_way =
            |u: &&VertebraLevel| !self.moves(**u) && ((**u < l && onto <= **u) || (**u > l && onto >= **u));
        match self.used.iter().find(in_the_way) {
            Some(stays) => Err(Refusal::LevelTaken { level: l, onto: *stays }),
            None => Ok(onto),
        }
    }

    /// The edits that give a set of levels their new names.
    fn levels(
        &self,
        levels: &BTreeMap<VertebraLevel, Vertebra>,
        edit: impl Fn(VertebraLevel, Option<Box<Vertebra>>) -> Edit,
    ) -> Result<Vec<Edit>, Refusal> {
        let (mut edits, mut gone, mut arrived) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (level, vertebra) in levels.iter().filter(|(l, _)| self.moves(**l)) {
            let onto = self.of(*level)?;
            gone.insert(*level);
            arrived.insert(onto);
            edits.push(edit(onto, Some(Box::new(vertebra.clone()))));
        }
        edits.extend(gone.difference(&arrived).map(|l| edit(*l, None)));
        Ok(edits)
    }
}

/// Every level that the case speaks of.
fn used(document: &Document) -> BTreeSet<VertebraLevel> {
    let levels = document.vertebrae.keys().chain(document.followups.values().flat_map(BTreeMap::keys)).copied();
    let lesions = document.lesions.values().map(|l| l.vertebra);
    let outlined = VertebraLevel::ALL.into_iter().filter(|l| document.body_of(*l).is_some());
    let measured = document.measurements.values().filter_map(|m| m.level);
    levels.chain(lesions).chain(measured).chain(outlined).collect()
}

/// Renames every bone from `from` downwards to `to` by `by` places in this spine's own chain, at every timepoint; lesions,
/// findings and measurements go with their bones.
pub fn shift(
    document: &Document,
    by: i32,
    from: Option<VertebraLevel>,
    to: Option<VertebraLevel>,
) -> Result<Planned, Refusal> {
    let used = used(document);
    let chain = VertebraLevel::ALL.into_iter().filter(|l| document.spine.has(*l) || used.contains(l)).collect();
    let renaming = Renaming { by, from, to, chain, used };
    let mut edits = renaming.levels(&document.vertebrae, |level, value| Edit::Vertebra { level, value })?;
    for (timepoint, levels) in &document.followups {
        let edit = |level, value| Edit::Followup { timepoint: timepoint.clone(), level, value };
        edits.extend(renaming.levels(levels, edit)?);
    }
    for (id, lesion) in document.lesions.iter().filter(|(_, l)| renaming.moves(l.vertebra)) {
        let mut moved = lesion.clone();
        moved.vertebra = renaming.of(lesion.vertebra)?;
        edits.push(Edit::Lesion { id: *id, value: Some(Box::new(moved)) });
    }
    for (id, m) in &document.measurements {
        if let Some(level) = m.level.filter(|l| renaming.moves(*l)) {
            let moved = Measurement { level: Some(renaming.of(level)?), ..m.clone() };
            edits.push(Edit::Measurement { id: *id, value: Some(Box::new(moved)) });
        }
    }
    let mut bodies = BTreeMap::new();
    for level in renaming.used.iter().filter(|l| renaming.moves(**l) && document.body_of(**l).is_some()) {
        bodies.insert(*level, renaming.of(*level)?.label_value());
    }
    edits.extend(relabelled(document, |l| bodies.get(&l).copied()));
    edits.extend(moved_origins(document, &renaming)?);
    if let Some(level) = document.spine.counted_from.filter(|l| renaming.moves(*l)) {
        let spine = SpineNumbering { counted_from: Some(renaming.of(level)?), ..document.spine.clone() };
        edits.push(Edit::Spine { value: spine });
    }
    Ok((edits, format!("Shift levels by {by:+}")))
}

/// Where outlines come from goes with them: first every note that moves is taken away, then it is put where its bone is.
fn moved_origins(document: &Document, renaming: &Renaming) -> Result<Vec<Edit>, Refusal> {
    let moving = || document.body_origins.iter().filter(|((_, level), _)| renaming.moves(*level));
    let gone = |image: &ImageKey, level| Edit::BodyOrigin { image: image.clone(), level, value: None };
    let mut edits: Vec<Edit> = moving().map(|((image, level), _)| gone(image, *level)).collect();
    for ((image, level), origin) in moving() {
        edits.push(Edit::BodyOrigin { image: image.clone(), level: renaming.of(*level)?, value: Some(*origin) });
    }
    Ok(edits)
}
