//! What one reader says, as steps of another case: a single difference settled their way, or all of it. A lesion keeps its
//! identity and names whose version it is.

use super::Steps;
use super::onto::Target;
use super::records::{differing, fields, set_all};
use crate::agree::{Difference, Grid, Subject};
use crate::anatomy::VertebraLevel;
use crate::document::{
    Document, ImageIdentity, ImageKey, Lesion, LesionId, Measurement, Timepoint, TimepointKey, Vertebra,
};
use crate::export::MaskRuns;
use crate::session::{LevelChoice, Op, Target as Whose};
use crate::space::VoxelIndex;

/// What a reader says.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// The reader's pseudonym.
    pub reader: &'a str,
    /// All they say.
    pub document: &'a Document,
}

/// The step after which an open case says what a reader says about a difference. Where they have no such lesion, or say
/// nothing of the level, it goes. The notes tell what does not fit.
pub fn taking(difference: &Difference, version: Version, open: &Document, at_hand: &[Target]) -> (Op, Vec<String>) {
    let mut out = Steps::default();
    match &difference.subject {
        Subject::Lesion { a, b } => {
            let known: Vec<LesionId> = [*a, *b].into_iter().flatten().collect();
            let mut after = open.clone();
            for id in known.iter().filter_map(|id| Some((*id, open.lesions.get(id)?))) {
                out.ops.push(Op::DeleteLesion { lesion: id.1.label.clone() });
                after.lesions.remove(&id.0);
            }
            if let Some((id, l)) = known.iter().find_map(|id| Some((*id, version.document.lesions.get(id)?))) {
                lesion(id, l, version, &after, at_hand, &mut out);
            }
        }
        Subject::Level { timepoint, level: of } => {
            level(timepoint.as_ref(), *of, version.document, open, &mut out);
        }
    }
    let about = Some(difference.name.chars().take(100).collect());
    (Op::TakeOver { source: version.reader.to_owned(), about, steps: out.ops }, out.notes)
}

/// The step that begins a case with everything a reader says.
pub fn whole(version: Version, open: &Document, at_hand: &[Target]) -> (Op, Vec<String>) {
    let (d, mut out) = (version.document, Steps::default());
    let spine = differing(&fields(&open.spine), &fields(&d.spine), &[]);
    if !spine.is_empty() {
        out.ops.push(Op::SetSpine { variant: spine });
    }
    for (t, known) in d.timepoints.iter().filter(|(t, _)| !open.timepoints.contains_key(*t)) {
        set_all(&mut out, &fields(&Timepoint::default()), &fields(known), &[], || Whose::Timepoint(t.clone()));
    }
    for level_of in d.vertebrae.keys() {
        level(None, *level_of, d, open, &mut out);
    }
    for (timepoint, levels) in &d.followups {
        levels.keys().for_each(|l| level(Some(timepoint), *l, d, open, &mut out));
    }
    let mut labels: Vec<_> = d.lesions.iter().collect();
    labels.sort_by_key(|(_, l)| l.label_value);
    labels.into_iter().for_each(|(id, l)| lesion(*id, l, version, open, at_hand, &mut out));
    bodies(d, open, at_hand, &mut out);
    d.measurements.values().for_each(|m| measure(m, open, at_hand, &mut out));
    set_all(&mut out, &fields(&open.case), &fields(&d.case), &[], || Whose::Case(true));
    (Op::TakeOver { source: version.reader.to_owned(), about: None, steps: out.ops }, out.notes)
}

/// Fields of a lesion that are its reader's own affair.
const OWN: &[&str] = &["label", "label_value", "vertebra", "vertebra_pending", "type", "locked", "taken_from", "color"];

fn lesion(id: LesionId, l: &Lesion, version: Version, open: &Document, at_hand: &[Target], out: &mut Steps) {
    let taken = |label: &str| {
        let added = out.ops.iter().any(|op| matches!(op, Op::AddLesion { lesion, .. } if lesion == label));
        added || open.lesion_by_label(label).is_some()
    };
    let numbered = (1..).map(|n| match n {
        1 => l.label.clone(),
        2 => format!("{} ({})", l.label, version.reader),
        n => format!("{} ({n})", l.label),
    });
    let label = numbered.take(10_000).find(|name| !taken(name)).unwrap_or_else(|| id.to_string());
    let vertebra = LevelChoice::Level(l.vertebra);
    out.ops.push(Op::AddLesion { lesion: label.clone(), vertebra, kind: l.kind, at_mm: None, id: Some(id) });
    out.lesions += 1;
    let blank = Lesion::new(label.clone(), 0, l.vertebra, l.kind);
    set_all(out, &fields(&blank), &fields(l), OWN, || Whose::Lesion(label.clone()));
    let value = serde_json::json!(l.taken_from.as_deref().unwrap_or(version.reader));
    out.ops.push(Op::Set { target: Whose::Lesion(label.clone()), field: "taken_from".to_owned(), value });
    for (key, map) in &version.document.masks {
        let flat = map.voxels_of(l.label_value);
        let Some((key, geometry_size, flat)) = placed(key, flat, version.document, open, at_hand, &label, out) else {
            continue;
        };
        if let Some(mine) = open.masks.get(&key) {
            let mut labels = mine.reader();
            let held = |f: &&u64| {
                let now = labels.get(VoxelIndex::from_flat(**f as usize, geometry_size));
                now != 0 && open.lesions.values().any(|o| o.label_value == now)
            };
            let lost = flat.iter().filter(held).count();
            if lost > 0 {
                out.notes.push(format!(
                    "{label}: {lost} of {} voxels belong to another lesion and stay with it",
                    flat.len()
                ));
            }
        }
        let runs = MaskRuns::of_voxels(&flat, geometry_size);
        out.ops.extend(runs.map(|mask| Op::Mask {
            lesion: label.clone(),
            body: None,
            mask,
            origin: None,
            image: Some(key),
        }));
    }
}

/// Voxels on the open case's series: by its own key where that is the same grid, else on the one whose voxels coincide.
fn placed(
    key: &ImageKey,
    flat: Vec<u64>,
    theirs: &Document,
    open: &Document,
    at_hand: &[Target],
    name: &str,
    out: &mut Steps,
) -> Option<(ImageKey, [usize; 3], Vec<u64>)> {
    if flat.is_empty() {
        return None;
    }
    let grid = |key: &ImageKey, i: &ImageIdentity| Grid {
        image: Some(key.clone()),
        frame: i.frame_of_reference_uid.clone(),
        geometry: i.geometry.clone(),
    };
    let from = grid(key, theirs.images.get(key)?);
    let known = open.images.iter().chain(at_hand.iter().map(|t| (&t.key, &t.identity)));
    let mut fitting: Vec<_> =
        known.filter_map(|(k, i)| Some((k, i.geometry.size(), grid(k, i).from_other(&from)?))).collect();
    fitting.sort_by_key(|(k, ..)| *k != key);
    let Some((own, size, map)) = fitting.into_iter().next() else {
        out.notes.push(format!("{name}: it was drawn on series {}, which is not at hand; left out there", key.0));
        return None;
    };
    Some((own.clone(), size, map.flat(&flat).0))
}

fn level(timepoint: Option<&TimepointKey>, of: VertebraLevel, theirs: &Document, open: &Document, out: &mut Steps) {
    fn at<'d>(d: &'d Document, timepoint: Option<&TimepointKey>, of: VertebraLevel) -> Option<&'d Vertebra> {
        match timepoint {
            None => d.vertebrae.get(&of),
            Some(t) => d.followups.get(t)?.get(&of),
        }
    }
    let start = out.ops.len();
    let before = at(open, timepoint, of);
    match at(theirs, timepoint, of) {
        None => out.ops.extend(before.map(|_| Op::UnlabelVertebra { level: of })),
        Some(v) => {
            let nothing = Vertebra::default();
            let before = before.unwrap_or(&nothing);
            let moved = v.at_mm.filter(|p| before.at_mm != Some(*p));
            out.ops.extend(moved.map(|at_mm| Op::LabelVertebra { level: of, at_mm }));
            set_all(out, &fields(before), &fields(v), Vertebra::FIXED, || Whose::Vertebra(of));
            let marked = v.heights.filter(|h| before.heights != Some(*h));
            out.ops.extend(marked.map(|points_mm| Op::Heights { level: of, points_mm }));
        }
    }
    let Some(t) = timepoint else { return };
    let there: Vec<Op> = out.ops.split_off(start);
    if !there.is_empty() && !open.timepoints.contains_key(t) {
        let known = theirs.timepoints.get(t).cloned().unwrap_or_default();
        let said = |op: &Op| matches!(op, Op::Set { target: Whose::Timepoint(k), .. } if k == t);
        if !out.ops.iter().any(said) {
            set_all(out, &fields(&Timepoint::default()), &fields(&known), &[], || Whose::Timepoint(t.clone()));
        }
    }
    out.ops.extend(there.into_iter().map(|step| Op::At { timepoint: t.clone(), image: None, step: Box::new(step) }));
}

fn bodies(theirs: &Document, open: &Document, at_hand: &[Target], out: &mut Steps) {
    for (key, map) in &theirs.bodies {
        for body in VertebraLevel::ALL.into_iter().filter(|l| map.holds(l.label_value())) {
            let name = format!("body of {body}");
            let origin = theirs.body_origin(key, body);
            let flat = map.voxels_of(body.label_value());
            let Some((key, size, flat)) = placed(key, flat, theirs, open, at_hand, &name, out) else { continue };
            let runs = MaskRuns::of_voxels(&flat, size);
            let op = |mask| Op::Mask { lesion: String::new(), body: Some(body), mask, origin, image: Some(key) };
            out.ops.extend(runs.map(op));
        }
    }
}

fn measure(m: &Measurement, open: &Document, at_hand: &[Target], out: &mut Steps) {
    let there = open.images.contains_key(&m.image) || at_hand.iter().any(|t| t.key == m.image);
    if !there {
        return out
            .notes
            .push(format!("{}: it was drawn on series {}, which is not at hand; left out", m.label, m.image.0));
    }
    out.ops.push(Op::Measure {
        measurement: m.label.clone(),
        shape: m.shape.clone(),
        level: m.level,
        role: m.role,
        image: Some(m.image.clone()),
    });
}
