//! Where two readers of the same images say different things: lesion by lesion and level by level, the gravest first. It
//! is the list that readers settle their differences by; the figures of how far they agree are the other files' matter.

use super::matching::{Criterion, assign, touching};
use super::overlap::shared;
use super::reading::Grid;
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Followup, ImageKey, Lesion, LesionId, TimepointKey};
use crate::space::{DVec3, PatientPoint, VoxelIndex};
use levels::levels;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

mod levels;

/// A smaller Dice is a disagreement about shape. Readers reach 0.7 on large lytic lesions and about 0.5 on small ones
/// (Ataei 2021, PMC8580934).
pub const DICE_LOW: f64 = 0.7;
/// Centres of one level farther apart are not the same place, mm; half the height of a small body.
pub const CENTRES_APART_MM: f64 = 10.0;

/// How grave a difference is; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// One level lies at two places: all that is said of it may be of another bone.
    Numbering,
    /// A lesion that one reader has.
    Lesion,
    /// A lesion under two levels, or a level that one calls involved.
    Level,
    /// One lesion in two shapes.
    Shape,
    /// Types, grades and scores.
    Grade,
    /// Everything else.
    Detail,
}

impl Severity {
    /// The word that lists show.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Numbering => "numbering",
            Severity::Lesion => "lesion",
            Severity::Level => "level",
            Severity::Shape => "shape",
            Severity::Grade => "grade",
            Severity::Detail => "detail",
        }
    }
}

/// What readers differ about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A lesion; of the two at least one is there.
    Lesion {
        /// The first reader's.
        a: Option<LesionId>,
        /// The second reader's.
        b: Option<LesionId>,
    },
    /// What is said of a level.
    Level {
        /// When; the first timepoint where absent.
        timepoint: Option<TimepointKey>,
        /// Which.
        level: VertebraLevel,
    },
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// About what.
    pub subject: Subject,
    /// What people call it: both readers' names for a lesion, or the level.
    pub name: String,
    /// The level it stands under.
    pub level: VertebraLevel,
    /// Where to look: in the middle of what one of the two has alone. The series whose coordinates these are.
    pub at: Option<(Option<ImageKey>, PatientPoint)>,
    /// Overlap of a lesion that both drew.
    pub dice: Option<f64>,
    /// How grave.
    pub severity: Severity,
    /// What differs, in words: `type: lytic | mixed`, the first reader's before the bar.
    pub reasons: Vec<String>,
    /// Orders differences of one severity; larger first.
    weight: f64,
}

/// All differences of two readers of the same images, the gravest first.
pub fn differences(a: &Document, b: &Document) -> Vec<Difference> {
    let mut out = lesions(a, b);
    let timepoints: BTreeSet<Option<&TimepointKey>> =
        a.followups.keys().chain(b.followups.keys()).map(Some).chain([None]).collect();
    let nothing = Followup::default();
    for timepoint in timepoints {
        let of = |d: &'_ Document| match timepoint {
            None => d.vertebrae.clone(),
            Some(t) => d.followups.get(t).unwrap_or(&nothing).clone(),
        };
        // A file of drawings alone says nothing of levels: that is no difference.
        if !a.vertebrae.is_empty() && !b.vertebrae.is_empty() {
            out.extend(levels(timepoint, &of(a), &of(b)));
        }
    }
    out.sort_by(|x, y| {
        x.severity
            .cmp(&y.severity)
            .then(y.weight.total_cmp(&x.weight))
            .then(x.level.cmp(&y.level))
            .then(x.name.cmp(&y.name))
    });
    out
}

/// What one reader painted, with one number for every voxel of all images: those of both readers' images that coincide
/// have the same number.
#[derive(Default)]
struct Painted {
    /// Voxels of each lesion, ascending.
    flat: BTreeMap<LesionId, Vec<u64>>,
    /// Where the numbers of an image begin.
    starts: Vec<(u64, ImageKey, [usize; 3])>,
}

impl Painted {
    /// `b`'s voxels are counted on `a`'s images where they coincide; what lies beyond them stays apart.
    fn of_both(a: &Document, b: &Document) -> (Painted, Painted) {
        let (mut ours, mut theirs, mut next) = (Painted::default(), Painted::default(), 0u64);
        let mut theirs_placed = BTreeSet::new();
        for (key, image) in &a.images {
            let grid = grid_of(key, a);
            ours.take(a, key, next, |flat| flat);
            ours.starts.push((next, key.clone(), image.geometry.size()));
            let same =
                |k: &&ImageKey| grid.as_ref().zip(grid_of(k, b)).is_some_and(|(g, o)| g.from_other(&o).is_some());
            let own = b.images.keys().find(|k| *k == key).filter(same);
            for other in own.or_else(|| b.images.keys().filter(|k| !a.images.contains_key(*k)).find(same)).into_iter() {
                let map = grid.as_ref().zip(grid_of(other, b)).and_then(|(g, o)| g.from_other(&o));
                if let Some(map) = map.filter(|_| theirs_placed.insert(other.clone())) {
                    theirs.take(b, other, next, |flat| map.flat(&flat).0);
                }
            }
            next += image.geometry.size().iter().map(|n| *n as u64).product::<u64>();
        }
        for (key, image) in b.images.iter().filter(|(k, _)| !theirs_placed.contains(*k)) {
            theirs.take(b, key, next, |flat| flat);
            theirs.starts.push((next, key.clone(), image.geometry.size()));
            next += image.geometry.size().iter().map(|n| *n as u64).product::<u64>();
        }
        for p in [&mut ours, &mut theirs] {
            p.flat.values_mut().for_each(|f| f.sort_unstable());
        }
        (ours, theirs)
    }

    fn take(&mut self, d: &Document, key: &ImageKey, start: u64, place: impl Fn(Vec<u64>) -> Vec<u64>) {
        let Some(map) = d.masks.get(key) else { return };
        for (id, lesion) in &d.lesions {
            let voxels = map.voxels_of(lesion.label_value);
            if !voxels.is_empty() {
                self.flat.entry(*id).or_default().extend(place(voxels).into_iter().map(|f| f + start));
            }
        }
    }

    fn of(&self, id: LesionId) -> &[u64] {
        self.flat.get(&id).map_or(&[], Vec::as_slice)
    }
}

fn grid_of(key: &ImageKey, d: &Document) -> Option<Grid> {
    let image = d.images.get(key)?;
    Some(Grid {
        image: Some(key.clone()),
        frame: image.frame_of_reference_uid.clone(),
        geometry: image.geometry.clone(),
    })
}

/// The voxel nearest to the middle of these, which may lie outside of them; on the image that holds most of them.
fn middle(flat: &[u64], places: &[&Painted], a: &Document, b: &Document) -> Option<(Option<ImageKey>, PatientPoint)> {
    let starts: Vec<_> = places.iter().flat_map(|p| &p.starts).collect();
    let image_of = |f: u64| starts.iter().filter(|s| s.0 <= f).max_by_key(|s| s.0);
    let groups = flat.chunk_by(|x, y| image_of(*x).map(|s| s.0) == image_of(*y).map(|s| s.0));
    let most = groups.max_by_key(|g| g.len())?;
    let (start, key, size) = image_of(*most.first()?)?;
    let geometry = &a.images.get(key).or_else(|| b.images.get(key))?.geometry;
    let at = |f: &u64| geometry.patient_from_voxel(VoxelIndex::from_flat((f - start) as usize, *size).center());
    let mean = most.iter().map(|f| at(f).vec()).sum::<DVec3>() / most.len() as f64;
    let nearest = most.iter().map(at).min_by(|p, q| (p.vec() - mean).length().total_cmp(&(q.vec() - mean).length()))?;
    Some((Some(key.clone()), nearest))
}

fn lesions(a: &Document, b: &Document) -> Vec<Difference> {
    let (ours, theirs) = Painted::of_both(a, b);
    let (ia, ib): (Vec<LesionId>, Vec<LesionId>) =
        (a.lesions.keys().copied().collect(), b.lesions.keys().copied().collect());
    let masks = |ids: &[LesionId], p: &'_ Painted| ids.iter().map(|id| p.of(*id).to_vec()).collect::<Vec<_>>();
    let (ma, mb) = (masks(&ia, &ours), masks(&ib, &theirs));
    let (ra, rb): (Vec<&[u64]>, Vec<&[u64]>) =
        (ma.iter().map(Vec::as_slice).collect(), mb.iter().map(Vec::as_slice).collect());
    let mut pairs: Vec<(LesionId, LesionId)> =
        assign(&touching(&ra, &rb), Criterion::AnyOverlap).iter().map(|(i, j, _)| (ia[*i], ib[*j])).collect();
    // A lesion that went through both hands keeps its identity, also where no voxel of it is common any more.
    let free = |id: &LesionId, pairs: &[(LesionId, LesionId)]| pairs.iter().all(|p| p.0 != *id && p.1 != *id);
    let kept: Vec<_> =
        ia.iter().filter(|id| b.lesions.contains_key(*id) && free(id, &pairs)).map(|id| (*id, *id)).collect();
    pairs.extend(kept);
    let mut out = Vec::new();
    for (x, y) in &pairs {
        let both = Both { a: (&a.lesions[x], ours.of(*x)), b: (&b.lesions[y], theirs.of(*y)) };
        out.extend(both.difference((*x, *y), &|flat| middle(flat, &[&ours, &theirs], a, b)));
    }
    let alone = |id: &LesionId, l: &Lesion, first: bool, flat: &[u64]| Difference {
        subject: if first {
            Subject::Lesion { a: Some(*id), b: None }
        } else {
            Subject::Lesion { a: None, b: Some(*id) }
        },
        name: l.label.clone(),
        level: l.vertebra,
        at: middle(flat, &[&ours, &theirs], a, b),
        dice: None,
        severity: Severity::Lesion,
        reasons: vec![format!("{}{}", l.kind.word(), if flat.is_empty() { ", no voxels" } else { "" })],
        weight: flat.len() as f64,
    };
    out.extend(
        ia.iter()
            .filter(|id| !pairs.iter().any(|p| p.0 == **id))
            .map(|id| alone(id, &a.lesions[id], true, ours.of(*id))),
    );
    out.extend(
        ib.iter()
            .filter(|id| !pairs.iter().any(|p| p.1 == **id))
            .map(|id| alone(id, &b.lesions[id], false, theirs.of(*id))),
    );
    out
}

/// A lesion that both have.
struct Both<'a> {
    a: (&'a Lesion, &'a [u64]),
    b: (&'a Lesion, &'a [u64]),
}

/// A field of a lesion that is no statement about it, or stands for itself.
const SILENT: &[&str] =
    &["label", "label_value", "vertebra", "vertebra_pending", "color", "locked", "taken_from", "remark", "evidence"];

type Middle<'a> = &'a dyn Fn(&[u64]) -> Option<(Option<ImageKey>, PatientPoint)>;

impl Both<'_> {
    fn difference(&self, ids: (LesionId, LesionId), middle: Middle) -> Option<Difference> {
        let ((a, fa), (b, fb)) = (self.a, self.b);
        let drawn = fa.len() + fb.len();
        let dice = (drawn > 0).then(|| 2.0 * shared(fa, fb) as f64 / drawn as f64);
        let (mut reasons, mut severity, mut weight) = (Vec::new(), Severity::Detail, 0.0);
        let mut say = |s: Severity, what: String| {
            severity = severity.min(s);
            weight += 1.0;
            reasons.push(what);
        };
        if a.vertebra != b.vertebra {
            say(Severity::Level, format!("level: {} | {}", a.vertebra, b.vertebra));
        }
        if let Some(dice) = dice.filter(|d| *d < DICE_LOW) {
            say(Severity::Shape, format!("Dice {dice:.2}"));
        }
        for (field, x, y) in differing(a, b, SILENT) {
            let grave = ["type", "extent", "soft_tissue_component", "cortical_breach"].contains(&field.as_str());
            say(if grave { Severity::Grade } else { Severity::Detail }, told(&field, &x, &y));
        }
        if reasons.is_empty() {
            return None;
        }
        if severity == Severity::Shape {
            weight = 1.0 - dice.unwrap_or_default();
        }
        let apart: Vec<u64> = only(fa, fb);
        let at = middle(if apart.is_empty() { fa } else { &apart });
        let name = if a.label == b.label { a.label.clone() } else { format!("{} | {}", a.label, b.label) };
        let subject = Subject::Lesion { a: Some(ids.0), b: Some(ids.1) };
        Some(Difference { subject, name, level: a.vertebra, at, dice, severity, reasons, weight })
    }
}

/// What only one of two ascending lists holds.
fn only(a: &[u64], b: &[u64]) -> Vec<u64> {
    let lacks = |x: &u64, of: &[u64]| of.binary_search(x).is_err();
    let mut out: Vec<u64> = a.iter().filter(|x| lacks(x, b)).chain(b.iter().filter(|x| lacks(x, a))).copied().collect();
    out.sort_unstable();
    out
}

/// The fields in which two records differ, nested ones by their dotted names.
fn differing<T: serde::Serialize>(a: &T, b: &T, silent: &[&str]) -> Vec<(String, Value, Value)> {
    fn walk(name: String, a: &Value, b: &Value, out: &mut Vec<(String, Value, Value)>) {
        match (a, b) {
            (Value::Object(x), Value::Object(y)) => {
                let keys: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
                for key in keys {
                    let of = |m: &serde_json::Map<String, Value>| m.get(key).cloned().unwrap_or_default();
                    let below = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    walk(below, &of(x), &of(y), out);
                }
            }
            _ if a == b => {}
            _ => out.push((name, a.clone(), b.clone())),
        }
    }
    let value = |r: &T| serde_json::to_value(r).unwrap_or_default(); // plain data always becomes JSON
    let mut out = Vec::new();
    walk(String::new(), &value(a), &value(b), &mut out);
    out.retain(|(field, ..)| !silent.contains(&field.split('.').next().unwrap_or_default()));
    out
}

/// `sins pain: 3 | 1`.
fn told(field: &str, a: &Value, b: &Value) -> String {
    fn word(v: &Value) -> String {
        match v {
            Value::Null => "–".to_owned(),
            Value::String(s) => s.replace('_', " "),
            Value::Array(all) if all.is_empty() => "–".to_owned(),
            Value::Array(all) => all.iter().map(word).collect::<Vec<_>>().join(", "),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            other => other.to_string(),
        }
    }
    format!("{}: {} | {}", field.replace(['_', '.'], " "), word(a), word(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::test_documents::with_grid;
    use crate::document::{Edit, Layer, LesionKind, LevelStatus, Vertebra, runs_from_sorted};
    use VertebraLevel::{C5, C6, C7};

    /// A reader's document: centres of levels, and lesions as (name, level, kind, first column, columns).
    fn reader(levels: &[(VertebraLevel, f64)], lesions: &[(&str, VertebraLevel, LesionKind, u64, u64)]) -> Document {
        let (mut d, key) = with_grid([20, 20, 20]);
        for (level, z) in levels {
            let v = Vertebra { at_mm: PatientPoint::new(5.0, 5.0, *z), ..Vertebra::default() };
            d.vertebrae.insert(*level, v);
        }
        for (n, (name, level, kind, first, columns)) in lesions.iter().enumerate() {
            let value = n as u16 + 1;
            let row = 400 * (3 + n as u64) + 20 * 7;
            let voxels: Vec<u64> = (row + first..row + first + columns).collect();
            let runs = runs_from_sorted(&voxels, value);
            d.lesions.insert(LesionId::new_v4(), Lesion::new((*name).to_owned(), value, *level, *kind));
            d.apply(Edit::Mask { image: key.clone(), layer: Layer::Lesions, runs }).expect("fits");
        }
        d
    }

    #[test]
    fn the_gravest_comes_first_and_what_is_alike_is_not_listed() {
        use LesionKind::{Lytic, Mixed};
        let a = reader(
            &[(C5, 18.0), (C6, 10.0), (C7, 2.0)],
            &[
                ("same", C6, Lytic, 0, 8),
                ("moved", C6, Lytic, 0, 8),
                ("typed", C6, Lytic, 2, 8),
                ("alone", C7, Lytic, 1, 5),
            ],
        );
        let b = reader(
            &[(C5, 6.0), (C6, 10.5), (C7, 2.0)],
            &[("one", C6, Lytic, 0, 8), ("two", C6, Lytic, 6, 8), ("three", C6, Mixed, 2, 8)],
        );
        let list = differences(&a, &b);
        let told: Vec<_> = list.iter().map(|d| (d.severity, d.name.as_str())).collect();
        assert_eq!(
            told,
            [
                (Severity::Numbering, "C5"),
                (Severity::Lesion, "alone"),
                (Severity::Shape, "moved | two"),
                (Severity::Grade, "typed | three"),
            ]
        );
        assert_eq!(list[0].reasons, ["centres 12 mm apart"]);
        assert_eq!((list[2].dice, list[3].dice), (Some(0.25), Some(1.0)));
        assert_eq!(list[3].reasons, ["type: lytic | mixed"]);
        // Looked at where one reader alone has voxels: columns 0 to 5 and 8 to 13 of 0 to 13.
        let at = list[2].at.as_ref().expect("a place").1.vec();
        assert!([5.0, 8.0].contains(&at.x), "{at:?}");
        let turned = differences(&b, &a);
        assert_eq!(
            turned.iter().map(|d| d.severity).collect::<Vec<_>>(),
            list.iter().map(|d| d.severity).collect::<Vec<_>>()
        );
        assert!(differences(&a, &a).is_empty());
    }

    #[test]
    fn drawings_without_levels_say_nothing_of_levels() {
        let a = reader(&[(C5, 18.0), (C6, 10.0)], &[("a", C6, LesionKind::Lytic, 0, 8)]);
        let b = reader(&[], &[("a", C6, LesionKind::Lytic, 0, 8)]);
        assert!(differences(&a, &b).is_empty());
    }

    #[test]
    fn a_level_that_one_calls_involved_and_a_score_are_told_apart() {
        let a = reader(&[(C5, 18.0), (C6, 10.0)], &[]);
        let mut b = a.clone();
        let v = b.vertebrae.get_mut(&C5).expect("there");
        (v.status, v.escc_grade) = (LevelStatus::Involved, Some(crate::document::EsccGrade::G2));
        b.vertebrae.get_mut(&C6).expect("there").sins_pain = Some(3);
        let list = differences(&a, &b);
        assert_eq!(
            list.iter().map(|d| (d.severity, d.level)).collect::<Vec<_>>(),
            [(Severity::Level, C5), (Severity::Grade, C6)]
        );
        assert_eq!(list[1].reasons, ["sins pain: – | 3"]);
    }
    #[test]
    fn how_a_body_was_outlined_is_no_difference_that_a_reader_could_settle() {
        use crate::document::{BodyOrigin, BodySource};
        let a = reader(&[(C5, 18.0)], &[]);
        let mut b = a.clone();
        let origin = BodyOrigin { source: BodySource::OneClick, corrected: true };
        let image = b.images.keys().next().expect("one").clone();
        b.body_origins.insert((image, C5), origin);
        assert!(differences(&a, &b).is_empty());
    }
}
