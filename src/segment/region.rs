//! A dense box of yes-or-no voxels cut out of a grid: what the algorithms that look at shapes work on.

use super::Span;
use crate::document::LabelMap;
use crate::space::Geometry;
use std::ops::RangeInclusive;

/// Positions of columns, rows or slices along their axis, mm, from any zero. Slices of an uneven stack are unevenly spaced.
pub fn places_mm(geometry: &Geometry, axis: usize, of: RangeInclusive<usize>) -> Vec<f64> {
    match geometry.slice_origins() {
        Some(o) if axis == 2 => o[of].iter().map(|p| p.vec().dot(geometry.normal())).collect(),
        _ => (0..=of.end() - of.start()).map(|n| n as f64 * geometry.spacing_mm()[axis]).collect(),
    }
}

/// A box of voxels, columns fastest, then rows, then slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Index of the box's first voxel in the grid.
    pub low: [usize; 3],
    /// Its extent in voxels.
    pub size: [usize; 3],
    /// Which voxels belong.
    pub inside: Vec<bool>,
    /// Positions of the columns, rows and slices along their axes, mm. Slices of an uneven stack are unevenly spaced.
    pub at_mm: [Vec<f64>; 3],
}

impl Region {
    /// An empty region over a box of the grid, from `low` up to and with `high`.
    pub fn empty(geometry: &Geometry, low: [usize; 3], high: [usize; 3]) -> Region {
        let size: [usize; 3] = std::array::from_fn(|a| high[a] + 1 - low[a]);
        let at_mm = std::array::from_fn(|a| places_mm(geometry, a, low[a]..=high[a]));
        Region { low, size, inside: vec![false; size.iter().product()], at_mm }
    }

    /// The voxels of one label with `margin` voxels around them (as far as the grid goes); `None` when it has none.
    pub fn of_label(map: &LabelMap, label: u16, geometry: &Geometry, margin: [usize; 3]) -> Option<Region> {
        let voxels = map.painted().filter(|(_, l)| *l == label).map(|(at, _)| at.0);
        let (low, high) = voxels.fold(([usize::MAX; 3], [0; 3]), |(low, high), at| {
            (std::array::from_fn(|a| at[a].min(low[a])), std::array::from_fn(|a| at[a].max(high[a])))
        });
        if low[0] == usize::MAX {
            return None;
        }
        let grid = geometry.size();
        let low = std::array::from_fn(|a| low[a].saturating_sub(margin[a]));
        let high = std::array::from_fn(|a| (high[a] + margin[a]).min(grid[a] - 1));
        let mut region = Region::empty(geometry, low, high);
        for (at, _) in map.painted().filter(|(_, l)| *l == label) {
            let n = region.flat(std::array::from_fn(|a| at.0[a] - low[a]));
            region.inside[n] = true;
        }
        Some(region)
    }

    /// Place of a voxel of the box, given from the box's corner.
    pub fn flat(&self, at: [usize; 3]) -> usize {
        at[0] + self.size[0] * (at[1] + self.size[1] * at[2])
    }

    /// The inverse of [`Region::flat`].
    pub fn at(&self, flat: usize) -> [usize; 3] {
        [flat % self.size[0], flat / self.size[0] % self.size[1], flat / (self.size[0] * self.size[1])]
    }

    /// The region's voxels as spans of a grid of `grid` voxels, ascending.
    pub fn spans(&self, grid: [usize; 3]) -> Vec<Span> {
        let mut out: Vec<Span> = Vec::new();
        for (n, _) in self.inside.iter().enumerate().filter(|(_, inside)| **inside) {
            let at = self.at(n);
            let [i, j, k]: [u64; 3] = std::array::from_fn(|a| (at[a] + self.low[a]) as u64);
            let flat = i + grid[0] as u64 * (j + grid[1] as u64 * k);
            match out.last_mut() {
                Some(last) if last.end == flat => last.end += 1,
                _ => out.push(Span { start: flat, end: flat + 1 }),
            }
        }
        out
    }

    /// Flat places of the up to six neighbours that share a face.
    pub fn neighbours(&self, flat: usize) -> impl Iterator<Item = usize> + use<> {
        let (at, size) = (self.at(flat), self.size);
        let stride = [1, size[0], size[0] * size[1]];
        (0..3).flat_map(move |a| {
            let before = (at[a] > 0).then(|| flat - stride[a]);
            let after = (at[a] + 1 < size[a]).then(|| flat + stride[a]);
            before.into_iter().chain(after)
        })
    }

    /// The same box with other members.
    #[must_use]
    pub fn with(&self, inside: Vec<bool>) -> Region {
        Region { low: self.low, size: self.size, inside, at_mm: self.at_mm.clone() }
    }

    /// How many voxels belong.
    pub fn count(&self) -> usize {
        self.inside.iter().filter(|inside| **inside).count()
    }

    /// The piece that hangs together with the voxel at `seed` by faces; nothing where that one does not belong.
    #[must_use]
    pub fn piece_at(&self, seed: usize) -> Region {
        let [width, rows, _] = self.size;
        let mut piece = vec![false; self.inside.len()];
        // Runs along the rows: each is claimed whole, then looks at the four rows beside it.
        let mut open = vec![seed];
        while let Some(n) = open.pop() {
            if !self.inside[n] || piece[n] {
                continue;
            }
            let row = n / width * width;
            let before = self.inside[row..n].iter().rev().take_while(|i| **i).count();
            let after = self.inside[n..row + width].iter().take_while(|i| **i).count();
            let run = n - before..n + after;
            piece[run.clone()].fill(true);
            let [_, j, k] = self.at(n);
            let plane = width * rows;
            let beside = [
                (j > 0).then(|| run.start - width),
                (j + 1 < rows).then(|| run.start + width),
                (k > 0).then(|| run.start - plane),
                (k + 1 < self.size[2]).then(|| run.start + plane),
            ];
            for start in beside.into_iter().flatten() {
                let row = start..start + run.len();
                let mut last = false;
                for (n, (inside, claimed)) in self.inside[row.clone()].iter().zip(&piece[row]).enumerate() {
                    let free = *inside && !claimed;
                    if free && !last {
                        open.push(start + n);
                    }
                    last = free;
                }
            }
        }
        self.with(piece)
    }

    /// Numbers the pieces that hang together by faces, from 1; 0 is outside. With the voxel count of each piece.
    pub fn pieces(&self) -> (Vec<u32>, Vec<usize>) {
        let mut piece = vec![0u32; self.inside.len()];
        let mut counts = Vec::new();
        let mut open = Vec::new();
        for start in 0..self.inside.len() {
            if !self.inside[start] || piece[start] != 0 {
                continue;
            }
            counts.push(0);
            let number = counts.len() as u32;
            piece[start] = number;
            open.push(start);
            while let Some(n) = open.pop() {
                counts[number as usize - 1] += 1;
                for next in self.neighbours(n) {
                    if self.inside[next] && piece[next] == 0 {
                        piece[next] = number;
                        open.push(next);
                    }
                }
            }
        }
        (piece, counts)
    }
}
