//! Two readers on one case: their masks as wholes, lesion by lesion, and which lesions are whose.

use super::matching::{Criterion, Detection, assign, touching};
use super::overlap::{Overlap, overlap};
use super::reading::{LesionReading, Reading};
use crate::anatomy::VertebraLevel;
use serde::Serialize;

/// A lesion by the names that readers know it by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LesionName {
    /// The reader's name for it.
    pub label: String,
    /// Its level.
    pub level: Option<VertebraLevel>,
}

impl LesionName {
    fn of(l: &LesionReading) -> LesionName {
        LesionName { label: l.label.clone(), level: l.level }
    }
}

/// Two lesions that share voxels and belong together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// The first reader's lesion.
    pub a: LesionName,
    /// The second reader's.
    pub b: LesionName,
    /// How alike they are.
    pub overlap: Overlap,
    /// Indices into the readers' lists.
    #[serde(skip)]
    pub index: [usize; 2],
}

/// Two readers on one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CasePair {
    /// The case.
    pub case: String,
    /// The first reader.
    pub a: String,
    /// The second reader.
    pub b: String,
    /// All lesions of each as one mask; absent where the readers share no grid.
    pub whole: Option<Overlap>,
    /// Lesions of both, one to one at any overlap.
    pub matches: Vec<Match>,
    /// Lesions of the first alone.
    pub only_a: Vec<LesionName>,
    /// Lesions of the second alone.
    pub only_b: Vec<LesionName>,
    /// Found, missed, added, by criterion.
    pub detection: Vec<Detection>,
}

/// The names of a comparison.
pub struct Who<'a> {
    pub case: &'a str,
    pub a: &'a str,
    pub b: &'a str,
}

/// Compares two readings; notes are sentences on what could not be compared.
pub fn compare(who: &Who, a: &Reading, b: &Reading, tau_mm: &[f64], notes: &mut Vec<String>) -> CasePair {
    let mut pair = CasePair {
        case: who.case.to_owned(),
        a: who.a.to_owned(),
        b: who.b.to_owned(),
        whole: None,
        matches: Vec::new(),
        only_a: Vec::new(),
        only_b: Vec::new(),
        detection: Vec::new(),
    };
    let drawn = |r: &Reading| r.lesions.iter().any(|l| l.masks.iter().any(|(_, m)| !m.is_empty()));
    let Some((ga, gb, to_a)) = a.common_grid(b) else {
        if drawn(a) || drawn(b) {
            notes.push(format!(
                "case {}: {} and {} have no grid in common ({}; {}), so their masks are not compared",
                who.case,
                who.a,
                who.b,
                grids(a),
                grids(b)
            ));
        }
        return pair;
    };
    for (reader, r, g) in [(who.a, a, ga), (who.b, b, gb)] {
        let elsewhere = r.lesions.iter().filter(|l| l.on(g).is_empty()).count();
        if elsewhere > 0 {
            let plural = if elsewhere == 1 { "a lesion has" } else { "some lesions have" };
            notes.push(format!(
                "case {}: {plural} no voxels on the common grid in {reader}'s reading ({elsewhere}); \
                 without voxels a lesion cannot be matched and is counted neither as found nor as missed",
                who.case
            ));
        }
    }
    let geometry = &a.grids[ga].geometry;
    let with_voxels = |r: &Reading, g: usize| -> Vec<usize> {
        (0..r.lesions.len()).filter(|n| !r.lesions[*n].on(g).is_empty()).collect()
    };
    let (ia, ib) = (with_voxels(a, ga), with_voxels(b, gb));
    let mapped: Vec<(Vec<u64>, u64)> = ib.iter().map(|n| to_a.flat(b.lesions[*n].on(gb))).collect();
    let beyond: u64 = mapped.iter().map(|(_, n)| n).sum();
    if beyond > 0 {
        notes.push(format!(
            "case {}: {beyond} voxels of {} lie beyond the grid of {} and are not compared",
            who.case, who.b, who.a
        ));
    }
    let ma: Vec<&[u64]> = ia.iter().map(|n| a.lesions[*n].on(ga)).collect();
    let mb: Vec<&[u64]> = mapped.iter().map(|(flat, _)| flat.as_slice()).collect();
    let pairs = touching(&ma, &mb);
    let matched = assign(&pairs, Criterion::AnyOverlap);
    pair.whole = Some(overlap(&union(&ma), &union(&mb), geometry, tau_mm));
    pair.matches = matched
        .iter()
        .map(|(i, j, _)| Match {
            a: LesionName::of(&a.lesions[ia[*i]]),
            b: LesionName::of(&b.lesions[ib[*j]]),
            overlap: overlap(ma[*i], mb[*j], geometry, tau_mm),
            index: [ia[*i], ib[*j]],
        })
        .collect();
    let alone = |index: &[usize], r: &Reading, taken: &dyn Fn(usize) -> bool| -> Vec<LesionName> {
        let free = index.iter().enumerate().filter(|(n, _)| !taken(*n));
        free.map(|(_, l)| LesionName::of(&r.lesions[*l])).collect()
    };
    pair.only_a = alone(&ia, a, &|n| matched.iter().any(|m| m.0 == n));
    pair.only_b = alone(&ib, b, &|n| matched.iter().any(|m| m.1 == n));
    pair.detection = Criterion::ALL
        .into_iter()
        .map(|c| {
            let tp = assign(&pairs, c).len();
            Detection::new(c, tp, ib.len() - tp, ia.len() - tp)
        })
        .collect();
    pair
}

fn union(masks: &[&[u64]]) -> Vec<u64> {
    let mut all = masks.concat();
    all.sort_unstable();
    all.dedup();
    all
}

fn grids(r: &Reading) -> String {
    let one = |g: &super::Grid| {
        let [i, j, k] = g.geometry.size();
        let o = g.geometry.origin().vec();
        format!("{i} x {j} x {k} voxels from ({:.1}, {:.1}, {:.1}) mm", o.x, o.y, o.z)
    };
    if r.grids.is_empty() { "no grid".to_owned() } else { r.grids.iter().map(one).collect::<Vec<_>>().join(", ") }
}
