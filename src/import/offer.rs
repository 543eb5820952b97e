//! What a file offers to the open case, found out before anything is written: one step that takes all of it that fits, what
//! it brings, line by line, and a sentence for everything that does not fit.

use super::bodies::{levels_in, on_grid};
use super::onto::{How, Target, steps};
use super::{AskScheme, Found, FoundMask, LabelNames, level_named, tried};
use crate::document::{Document, ImageKey};
use crate::export::MaskRuns;
use crate::session::{Images, Op};
use crate::space::Geometry;
use std::collections::{BTreeMap, BTreeSet};

/// What a file speaks of, as far as it says so itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Vertebrae: their centres, or masks that are named after them.
    Vertebrae,
    /// Lesions, or a whole case.
    Lesions,
    /// Numbers without names: the two look alike.
    Unsaid,
}

/// What a file speaks of.
pub fn content(found: &Found) -> Content {
    let vertebra = |m: &FoundMask| m.kind.is_none() && level_named(&m.name).is_some();
    let unnamed = |m: &FoundMask| m.name.is_empty();
    match found.case.is_some() {
        true => Content::Lesions,
        false if found.masks.iter().all(vertebra) => Content::Vertebrae,
        false if found.masks.iter().all(unnamed) => Content::Unsaid,
        false => Content::Lesions,
    }
}

/// What can be taken over.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// The step; nothing where nothing fits.
    pub op: Option<Op>,
    /// What it brings, a line each.
    pub lines: Vec<String>,
    /// What does not fit, in sentences.
    pub notes: Vec<String>,
    /// Lesions that it begins.
    pub lesions: usize,
    /// Steps that it is made of.
    pub steps: usize,
    /// The document after it.
    pub document: Document,
}

/// What a file's lesions, and of our own files everything else, would bring to a document.
pub fn offered_lesions(found: &Found, targets: &[Target], document: &Document, how: How, images: &dyn Images) -> Offer {
    let wanted = steps(found, targets, document, how);
    let done = tried(wanted.ops, document, images);
    let mut notes = wanted.notes;
    notes.extend(done.refused);
    let begun = |op: &&Op| matches!(op, Op::AddLesion { .. });
    Offer {
        lines: lines(&done.ops, &done.document),
        notes,
        lesions: done.ops.iter().filter(begun).count(),
        steps: done.ops.len(),
        document: done.document,
        op: as_one(found, done.ops),
    }
}

fn as_one(found: &Found, steps: Vec<Op>) -> Option<Op> {
    (!steps.is_empty()).then(|| Op::TakeOver { source: found.what.to_owned(), about: None, steps })
}

/// A line for each lesion that gets voxels or is begun, and one for the rest.
fn lines(ops: &[Op], after: &Document) -> Vec<String> {
    let mut voxels: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
    let mut order = Vec::new();
    for op in ops {
        let Some(name) = op.lesion().filter(|l| !l.is_empty()) else { continue };
        if !order.contains(&name) {
            order.push(name);
        }
        if let Op::Mask { mask, image, .. } = op {
            let entry = voxels.entry(name).or_default();
            entry.0 += mask.runs.iter().skip(1).step_by(2).sum::<u64>();
            entry.1.extend(image.as_ref().map(|k| k.0.as_str()));
        }
    }
    let of_lesion = |name: &&str| {
        let level = after.lesion_by_label(name).map_or(String::new(), |(_, l)| format!(" at {}", l.vertebra));
        match voxels.get(name) {
            Some((n, on)) if on.len() > 1 => format!("{name}{level}: {n} voxels on {} series", on.len()),
            Some((n, _)) => format!("{name}{level}: {n} voxels"),
            None => format!("{name}{level}: without voxels"),
        }
    };
    let mut out: Vec<String> = order.iter().map(of_lesion).collect();
    let levels = ops.iter().filter(|op| matches!(op, Op::LabelVertebra { .. })).count();
    if levels > 0 {
        out.push(format!("{levels} levels"));
    }
    let others = ops.iter().filter(|op| op.lesion().is_none() && !matches!(op, Op::LabelVertebra { .. })).count();
    if others > 0 {
        out.push(format!("{others} statements about levels and the case"));
    }
    out
}

/// The outlines of vertebral bodies that a file would bring onto a series' grid, each in the place of what was outlined
/// there; `within` cuts them down.
///
/// # Errors
/// [`AskScheme`]: what has to be said first.
pub fn offered_bodies(
    found: &Found,
    names: Option<LabelNames>,
    (key, grid): (&ImageKey, &Geometry),
    within: Option<&BTreeSet<u64>>,
) -> Result<Offer, AskScheme> {
    let (mut out, mut ops) = (Offer::default(), Vec::new());
    for (level, n) in levels_in(found, names)? {
        let mut voxels = Vec::new();
        for (g, flat) in &found.masks[n].masks {
            let from = found.grids.get(*g);
            voxels.extend(from.map_or_else(Vec::new, |from| on_grid(&from.geometry, flat, grid)));
        }
        voxels.retain(|v| within.is_none_or(|w| w.contains(v)));
        voxels.sort_unstable();
        voxels.dedup();
        match MaskRuns::of_voxels(&voxels, grid.size()) {
            Some(mask) => {
                out.lines.push(format!("{level}: {} voxels", voxels.len()));
                ops.push(Op::Mask {
                    lesion: String::new(),
                    body: Some(level),
                    mask,
                    origin: None,
                    image: Some(key.clone()),
                });
            }
            None => out.notes.push(format!("{level} does not lie on the series; left out")),
        }
    }
    out.steps = ops.len();
    out.op = as_one(found, ops);
    Ok(out)
}
