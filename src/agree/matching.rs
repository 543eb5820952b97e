//! Which lesion of one reader is which of the other's: the one-to-one assignment with the largest sum of IoU among pairs
//! that meet a criterion (Kuhn 1955, Munkres 1957).

use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// From what overlap two lesions count as the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Criterion {
    /// A shared voxel.
    AnyOverlap,
    /// An IoU of at least this.
    Iou(f64),
}

impl Criterion {
    /// The criteria that every comparison reports.
    pub const ALL: [Criterion; 3] = [Criterion::AnyOverlap, Criterion::Iou(0.1), Criterion::Iou(0.5)];

    /// `any_overlap`, `iou_0.1`, ….
    pub fn name(self) -> String {
        match self {
            Criterion::AnyOverlap => "any_overlap".to_owned(),
            Criterion::Iou(t) => format!("iou_{t}"),
        }
    }

    fn holds(self, iou: f64) -> bool {
        match self {
            Criterion::AnyOverlap => iou > 0.0,
            Criterion::Iou(t) => iou >= t,
        }
    }
}

impl Serialize for Criterion {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name())
    }
}

/// A lesion of `a`, one of `b`, and their IoU (above 0).
pub type Touching = (usize, usize, f64);

/// Every pair of masks that share a voxel. Masks are ascending flat indices of one grid.
pub fn touching(a: &[&[u64]], b: &[&[u64]]) -> Vec<Touching> {
    let (x, y) = (labelled(a), labelled(b));
    let mut both = BTreeMap::<(usize, usize), u64>::new();
    let mut j = 0;
    for (at, i) in &x {
        j += y[j..].iter().take_while(|(other, _)| other < at).count();
        for (_, k) in y[j..].iter().take_while(|(other, _)| other == at) {
            *both.entry((*i, *k)).or_default() += 1;
        }
    }
    let iou = |i: usize, j: usize, n: u64| n as f64 / (a[i].len() as u64 + b[j].len() as u64 - n) as f64;
    both.into_iter().map(|((i, j), n)| (i, j, iou(i, j, n))).collect()
}

/// The voxels of all masks in order, each with its mask's index.
fn labelled(masks: &[&[u64]]) -> Vec<(u64, usize)> {
    let mut all: Vec<(u64, usize)> =
        masks.iter().enumerate().flat_map(|(n, m)| m.iter().map(move |f| (*f, n))).collect();
    all.sort_unstable();
    all
}

/// The best one-to-one pairs of those that meet the criterion, by the first index.
pub fn assign(pairs: &[Touching], criterion: Criterion) -> Vec<Touching> {
    let allowed: Vec<Touching> = pairs.iter().copied().filter(|p| criterion.holds(p.2)).collect();
    let mut out = Vec::new();
    for group in groups(&allowed) {
        out.extend(best_of(&group));
    }
    out.sort_by_key(|p| (p.0, p.1));
    out
}

/// Pairs that hang together through a shared lesion; groups are small, and the assignment is cubic.
fn groups(pairs: &[Touching]) -> Vec<Vec<Touching>> {
    let rows = pairs.iter().map(|p| p.0 + 1).max().unwrap_or(0);
    let nodes = rows + pairs.iter().map(|p| p.1 + 1).max().unwrap_or(0);
    let mut parent: Vec<usize> = (0..nodes).collect();
    fn root(parent: &mut [usize], mut n: usize) -> usize {
        while parent[n] != n {
            parent[n] = parent[parent[n]];
            n = parent[n];
        }
        n
    }
    for p in pairs {
        let (a, b) = (root(&mut parent, p.0), root(&mut parent, rows + p.1));
        parent[a] = b;
    }
    let mut by_root = BTreeMap::<usize, Vec<Touching>>::new();
    for p in pairs {
        by_root.entry(root(&mut parent, p.0)).or_default().push(*p);
    }
    by_root.into_values().collect()
}

/// Lesions of one group above which pairs are taken greedily, best first: such a tangle is no reading of lesions.
const EXACT_MAX: usize = 200;

fn best_of(group: &[Touching]) -> Vec<Touching> {
    let index = |of: fn(&Touching) -> usize| {
        let mut all: Vec<usize> = group.iter().map(of).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (rows, columns) = (index(|p| p.0), index(|p| p.1));
    if rows.len().max(columns.len()) > EXACT_MAX {
        return greedy(group);
    }
    let n = rows.len().max(columns.len());
    let mut gain = vec![vec![0.0; n]; n];
    for (i, j, iou) in group {
        if let (Ok(r), Ok(c)) = (rows.binary_search(i), columns.binary_search(j)) {
            gain[r][c] = *iou;
        }
    }
    let of_column = hungarian(&gain);
    let pair = |(c, r): (usize, &usize)| {
        let iou = *gain.get(*r)?.get(c)?;
        (iou > 0.0).then(|| Some((*rows.get(*r)?, *columns.get(c)?, iou))).flatten()
    };
    of_column.iter().enumerate().filter_map(pair).collect()
}

fn greedy(group: &[Touching]) -> Vec<Touching> {
    let mut sorted = group.to_vec();
    sorted.sort_by(|p, q| q.2.total_cmp(&p.2).then((p.0, p.1).cmp(&(q.0, q.1))));
    let (mut rows, mut columns) = (BTreeSet::new(), BTreeSet::new());
    sorted.retain(|p| !rows.contains(&p.0) && !columns.contains(&p.1) && rows.insert(p.0) && columns.insert(p.1));
    sorted
}

/// For each column of a square matrix the row that it goes to, with the largest sum: shortest augmenting paths with
/// potentials (Jonker and Volgenant 1987).
fn hungarian(gain: &[Vec<f64>]) -> Vec<usize> {
    let n = gain.len();
    let (mut u, mut v) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    // Row of each column, from 1; column 0 is where a row waits for its place.
    let mut row_of = vec![0usize; n + 1];
    let mut way = vec![0usize; n + 1];
    for i in 1..=n {
        row_of[0] = i;
        let mut j0 = 0;
        let (mut least, mut used) = (vec![f64::INFINITY; n + 1], vec![false; n + 1]);
        loop {
            used[j0] = true;
            let i0 = row_of[j0];
            let (mut delta, mut j1) = (f64::INFINITY, 0);
            for j in (1..=n).filter(|j| !used[*j]) {
                let reduced = -gain[i0 - 1][j - 1] - u[i0] - v[j];
                if reduced < least[j] {
                    (least[j], way[j]) = (reduced, j0);
                }
                if least[j] < delta {
                    (delta, j1) = (least[j], j);
                }
            }
            for j in 0..=n {
                if used[j] {
                    u[row_of[j]] += delta;
                    v[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            j0 = j1;
            if row_of[j0] == 0 {
                break;
            }
        }
        while j0 != 0 {
            let j1 = way[j0];
            row_of[j0] = row_of[j1];
            j0 = j1;
        }
    }
    row_of.iter().skip(1).map(|r| r - 1).collect()
}

/// Lesions found, missed and added.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Detection {
    /// From what overlap on.
    pub criterion: Criterion,
    /// Lesions of both.
    pub tp: usize,
    /// Lesions of the second reader alone.
    pub fp: usize,
    /// Lesions of the first alone.
    #[serde(rename = "fn")]
    pub fn_: usize,
    /// TP / (TP + FN).
    pub sensitivity: Option<f64>,
    /// TP / (TP + FP).
    pub precision: Option<f64>,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: Option<f64>,
}

impl Detection {
    /// From counts; shares of nothing are absent.
    pub fn new(criterion: Criterion, tp: usize, fp: usize, fn_: usize) -> Detection {
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let (sensitivity, precision) = (share(tp, tp + fn_), share(tp, tp + fp));
        Detection { criterion, tp, fp, fn_, sensitivity, precision, f1: share(2 * tp, 2 * tp + fp + fn_) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agree::bootstrap::Dice;

    #[test]
    fn the_best_sum_wins_over_the_best_pair() {
        // Greedy would take (0, 0) and leave 0.1 for the rest; the best sum is 0.8 + 0.7.
        let pairs = [(0, 0, 0.9), (0, 1, 0.8), (1, 0, 0.7), (1, 1, 0.1)];
        assert_eq!(assign(&pairs, Criterion::AnyOverlap), [(0, 1, 0.8), (1, 0, 0.7)]);
        assert_eq!(assign(&pairs, Criterion::Iou(0.85)), [(0, 0, 0.9)]);
        assert!(assign(&[], Criterion::AnyOverlap).is_empty());
    }

    /// The best sum over all ways to pair, by trying them.
    fn brute(pairs: &[Touching], used: &mut Vec<usize>, from: usize) -> f64 {
        let Some(row) = pairs.iter().map(|p| p.0).filter(|r| *r >= from).min() else { return 0.0 };
        let mut best = brute(pairs, used, row + 1);
        for p in pairs.iter().filter(|p| p.0 == row) {
            if !used.contains(&p.1) {
                used.push(p.1);
                best = best.max(p.2 + brute(pairs, used, row + 1));
                used.pop();
            }
        }
        best
    }

    #[test]
    fn assignments_equal_the_brute_force() {
        let mut dice = Dice::new(9);
        for _ in 0..200 {
            let pairs: Vec<Touching> = (0..5)
                .flat_map(|i| (0..6).map(move |j| (i, j)))
                .map(|(i, j)| (i, j, dice.below(300)))
                .filter(|p| p.2 > 99)
                .map(|(i, j, n)| (i, j, n as f64 / 300.0))
                .collect();
            let got = assign(&pairs, Criterion::AnyOverlap);
            let sum: f64 = got.iter().map(|p| p.2).sum();
            assert!((sum - brute(&pairs, &mut Vec::new(), 0)).abs() < 1e-9);
            let mut columns: Vec<usize> = got.iter().map(|p| p.1).collect();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), got.len(), "one to one");
        }
    }

    #[test]
    fn touching_masks_and_their_counts() {
        let (a, b): ([&[u64]; 3], [&[u64]; 2]) = ([&[1, 2, 3], &[10, 11], &[]], [&[3, 4], &[20]]);
        assert_eq!(touching(&a, &b), [(0, 0, 0.25)]);
        let d = Detection::new(Criterion::Iou(0.1), 1, 1, 2);
        assert_eq!((d.sensitivity, d.precision, d.f1), (Some(1.0 / 3.0), Some(0.5), Some(0.4)));
        assert_eq!(Detection::new(Criterion::AnyOverlap, 0, 0, 0).f1, None);
    }
}
