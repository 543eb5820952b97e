//! Label maps: which voxel belongs to which lesion, on the source series' grid, stored as sparse bricks so that memory
//! follows what was painted and never the volume's size.

use crate::space::VoxelIndex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Edge of a brick in voxels.
const BRICK: usize = 16;
const BRICK_VOXELS: usize = BRICK * BRICK * BRICK;

/// A run of voxels along the grid (columns fastest) that get, or had, one label. JSON: `[start, length, label]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u32, u16)", into = "(u64, u32, u16)")]
pub struct Run {
    /// Flat index of the first voxel.
    pub start: u64,
    /// Number of voxels; the run may go on over the end of a row.
    pub length: u32,
    /// 0 is no lesion.
    pub label: u16,
}

impl From<(u64, u32, u16)> for Run {
    fn from((start, length, label): (u64, u32, u16)) -> Self {
        Run { start, length, label }
    }
}

impl From<Run> for (u64, u32, u16) {
    fn from(r: Run) -> Self {
        (r.start, r.length, r.label)
    }
}

/// Labels of one grid.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMap {
    size: [usize; 3],
    bricks: BTreeMap<[u32; 3], Brick>,
}

#[derive(Clone, PartialEq)]
struct Brick {
    labels: Box<[u16; BRICK_VOXELS]>,
    painted: u32,
}

impl std::fmt::Debug for Brick {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Brick({} painted)", self.painted)
    }
}

impl LabelMap {
    /// An empty map over a grid of (columns, rows, slices).
    pub fn new(size: [usize; 3]) -> Self {
        LabelMap { size, bricks: BTreeMap::new() }
    }

    /// (columns, rows, slices).
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Number of voxels of the grid.
    pub fn voxels(&self) -> u64 {
        self.size.iter().map(|n| *n as u64).product()
    }

    /// Whether nothing is painted.
    pub fn is_empty(&self) -> bool {
        self.bricks.is_empty()
    }

    fn split(at: VoxelIndex) -> ([u32; 3], usize) {
        let brick = at.0.map(|n| (n / BRICK) as u32);
        let [i, j, k] = at.0.map(|n| n % BRICK);
        (brick, i + BRICK * (j + BRICK * k))
    }

    /// The label of a voxel, 0 for none and outside the grid.
    pub fn get(&self, at: VoxelIndex) -> u16 {
        let (brick, n) = Self::split(at);
        self.bricks.get(&brick).map_or(0, |b| b.labels[n])
    }

    /// Looks voxels up one after the other, quicker where they are neighbours.
    pub fn reader(&self) -> LabelReader<'_> {
        LabelReader { map: self, last: None }
    }

    /// Sets `count` voxels from `at` on, all of one row of one brick; `was` is told what they were, part by part.
    fn set(&mut self, at: VoxelIndex, count: usize, label: u16, mut was: impl FnMut(usize, u16)) {
        let (key, n) = Self::split(at);
        if label == 0 && !self.bricks.contains_key(&key) {
            return was(count, 0);
        }
        let empty = || Brick { labels: Box::new([0; BRICK_VOXELS]), painted: 0 };
        let brick = self.bricks.entry(key).or_insert_with(empty);
        let labels = &mut brick.labels[n..n + count];
        for same in labels.chunk_by(|a, b| a == b) {
            was(same.len(), same[0]);
            let painted = same.len() as u32;
            brick.painted = brick.painted + painted * u32::from(label != 0) - painted * u32::from(same[0] != 0);
        }
        labels.fill(label);
        if brick.painted == 0 {
            self.bricks.remove(&key);
        }
    }

    /// Paints runs; returns the runs that put everything back. Runs beyond the grid are cut.
    pub fn paint(&mut self, runs: &[Run]) -> Vec<Run> {
        let mut back: Vec<Run> = Vec::with_capacity(runs.len());
        let end = self.voxels();
        for run in runs {
            let mut flat = run.start;
            let run_end = run.start.saturating_add(u64::from(run.length)).min(end);
            while flat < run_end {
                let at = VoxelIndex::from_flat(flat as usize, self.size);
                let [in_brick, in_row] = [BRICK - at.0[0] % BRICK, self.size[0] - at.0[0]];
                let count = in_brick.min(in_row).min((run_end - flat) as usize);
                self.set(at, count, run.label, |count, old| {
                    match back.last_mut() {
                        Some(r) if r.label == old && r.start + u64::from(r.length) == flat => r.length += count as u32,
                        _ => back.push(Run { start: flat, length: count as u32, label: old }),
                    }
                    flat += count as u64;
                });
            }
        }
        back.reverse(); // overlapping runs undo in the opposite order
        back
    }

    /// Flat indices of every voxel with this label, ascending.
    pub fn voxels_of(&self, label: u16) -> Vec<u64> {
        let mine = self.painted().filter(|(_, l)| *l == label);
        let mut out: Vec<u64> = mine.map(|(at, _)| at.flat(self.size) as u64).collect();
        out.sort_unstable();
        out
    }

    /// Whether any voxel has this label.
    pub fn holds(&self, label: u16) -> bool {
        self.bricks.values().any(|b| b.labels.contains(&label))
    }

    /// Every painted voxel with its label, brick by brick.
    pub fn painted(&self) -> impl Iterator<Item = (VoxelIndex, u16)> + '_ {
        self.bricks.iter().flat_map(|(key, brick)| {
            let base = key.map(|n| n as usize * BRICK);
            brick.labels.iter().enumerate().filter(|(_, l)| **l != 0).map(move |(n, l)| {
                let at = [base[0] + n % BRICK, base[1] + n / BRICK % BRICK, base[2] + n / (BRICK * BRICK)];
                (VoxelIndex(at), *l)
            })
        })
    }

    /// Runs of all labels in some slices, ascending.
    pub fn runs_in_slices(&self, slices: Range<usize>) -> Vec<Run> {
        let mut bricks: Vec<([u32; 3], &Brick)> = self.bricks.iter().map(|(key, brick)| (*key, brick)).collect();
        let layers = slices.start / BRICK..slices.end.div_ceil(BRICK);
        bricks.retain(|([.., k], _)| layers.contains(&(*k as usize)));
        bricks.sort_unstable_by_key(|([i, j, k], _)| [*k, *j, *i]);
        let mut runs: Vec<Run> = Vec::new();
        for layer_bricks in bricks.chunk_by(|(a, _), (b, _)| a[2] == b[2]) {
            let first = layer_bricks[0].0[2] as usize * BRICK;
            for k in (first..first + BRICK).filter(|k| slices.contains(k)) {
                for row_bricks in layer_bricks.chunk_by(|(a, _), (b, _)| a[1] == b[1]) {
                    self.add_rows(row_bricks, k, &mut runs);
                }
            }
        }
        runs
    }

    /// Appends the runs of one slice in bricks that lie beside each other.
    fn add_rows(&self, bricks: &[([u32; 3], &Brick)], k: usize, runs: &mut Vec<Run>) {
        for row in 0..BRICK {
            for ([i, j, _], brick) in bricks {
                let in_brick = BRICK * (row + BRICK * (k % BRICK));
                let labels = &brick.labels[in_brick..in_brick + BRICK];
                let mut at = VoxelIndex([*i as usize * BRICK, *j as usize * BRICK + row, k]).flat(self.size) as u64;
                for same in labels.chunk_by(|a, b| a == b) {
                    let (start, length, label) = (at, same.len() as u32, same[0]);
                    at += u64::from(length);
                    match runs.last_mut() {
                        _ if label == 0 => {}
                        Some(r) if r.label == label && r.start + u64::from(r.length) == start => r.length += length,
                        _ => runs.push(Run { start, length, label }),
                    }
                }
            }
        }
    }

    /// Runs of one label, ascending.
    pub fn runs_of(&self, label: u16) -> Vec<Run> {
        runs_from_sorted(&self.voxels_of(label), label)
    }
}

/// Looks labels up, remembering the brick it was in.
pub struct LabelReader<'a> {
    map: &'a LabelMap,
    last: Option<([u32; 3], Option<&'a Brick>)>,
}

impl LabelReader<'_> {
    /// The label of a voxel, 0 for none and outside the grid.
    pub fn get(&mut self, at: VoxelIndex) -> u16 {
        let (key, n) = LabelMap::split(at);
        let brick = match self.last {
            Some((k, brick)) if k == key => brick,
            _ => self.map.bricks.get(&key),
        };
        self.last = Some((key, brick));
        brick.map_or(0, |b| b.labels[n])
    }
}

/// Joins ascending flat indices to runs of one label.
pub fn runs_from_sorted(flat: &[u64], label: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &f in flat {
        match runs.last_mut() {
            Some(r) if r.start + u64::from(r.length) == f && r.length < u32::MAX => r.length += 1,
            _ => runs.push(Run { start: f, length: 1, label }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painting_and_its_inverse_restore_every_voxel() {
        let mut map = LabelMap::new([40, 30, 20]);
        let empty = map.clone();
        let first = map.paint(&[Run { start: 10, length: 100, label: 1 }, Run { start: 12_000, length: 3, label: 2 }]);
        let before = map.clone();
        let second = map.paint(&[Run { start: 50, length: 100, label: 3 }, Run { start: 60, length: 5, label: 0 }]);
        assert_eq!(map.voxels_of(3).len(), 95);
        map.paint(&second);
        assert_eq!(map, before);
        map.paint(&first);
        assert_eq!(map, empty);
        assert!(map.is_empty(), "bricks without paint are given back");
    }

    #[test]
    fn runs_beyond_the_grid_are_cut() {
        let mut map = LabelMap::new([4, 4, 4]);
        map.paint(&[Run { start: 60, length: u32::MAX, label: 1 }, Run { start: u64::MAX, length: 9, label: 1 }]);
        assert_eq!(map.voxels_of(1), [60, 61, 62, 63]);
    }

    #[test]
    fn runs_join_neighbours() {
        let mut map = LabelMap::new([50, 10, 3]);
        map.paint(&[Run { start: 3, length: 60, label: 4 }]);
        assert_eq!(map.runs_of(4), [Run { start: 3, length: 60, label: 4 }]);
    }

    #[test]
    fn runs_in_slices_are_those_of_every_label_in_order() {
        let mut map = LabelMap::new([40, 30, 20]);
        let run = |start, length, label| Run { start, length, label };
        map.paint(&[run(10, 100, 1), run(50, 9, 2), run(18_000, 3000, 3), run(23_999, 1, 4), run(19_000, 1, 0)]);
        let expected = [
            run(10, 40, 1),
            run(50, 9, 2),
            run(59, 51, 1),
            run(18_000, 1000, 3),
            run(19_001, 1999, 3),
            run(23_999, 1, 4),
        ];
        assert_eq!(map.runs_in_slices(0..20), expected);
        let by_slice: Vec<Run> = (0..20).flat_map(|k| map.runs_in_slices(k..k + 1)).collect();
        let voxels = |runs: &[Run]| -> Vec<(u64, u16)> {
            runs.iter().flat_map(|r| (r.start..r.start + u64::from(r.length)).map(|v| (v, r.label))).collect()
        };
        assert_eq!(voxels(&by_slice), voxels(&expected));
        assert_eq!(map.runs_in_slices(3..15), []);
    }
}
