//! Filling the layers between drawn ones: shape-based interpolation (Raya & Udupa, IEEE TMI 1990;9:32). Shapes that lie
//! beside each other are first brought over each other by their centroids (Herman et al. 1992), so that a lesion that runs
//! obliquely through the layers stays in one piece; shapes that lie over each other stay where they are, for a process
//! that comes into view moves the centroid of a vertebra and not the vertebra.

use super::distance::depth_mm;
use super::region::places_mm;
use super::{Region, Span, merged};
use crate::document::LabelMap;
use crate::space::{Geometry, VoxelIndex};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of the layers beyond the outermost drawn ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// They stay as they are: the shape ends where it was drawn last.
    #[default]
    AsDrawn,
    /// The shape goes on for half of the way to the next drawn layer, closing as an ellipsoid does. Who draws every fifth
    /// layer knows only that it ends before the layer that was left out.
    Rounded,
}

/// Voxels between every two neighbouring layers along `axis` that hold voxels of `label`, with empty layers between
/// them. Each voxel's depth below the outline is interpolated from layer to layer; what is not outside is filled.
pub fn interpolate(map: &LabelMap, label: u16, geometry: &Geometry, axis: usize, ends: Ends) -> Vec<Span> {
    let plane = [(1, 2), (0, 2), (0, 1)][axis];
    let grid = geometry.size();
    let mut layers: Vec<Shape> = (0..grid[axis]).map(|_| Shape::default()).collect();
    for run in map.runs_in_slices(0..grid[2]).into_iter().filter(|r| r.label == label) {
        let mut at = VoxelIndex::from_flat(run.start as usize, grid).0;
        for _ in 0..run.length {
            layers[at[axis]].voxels.push([at[plane.0] as i64, at[plane.1] as i64]);
            // Runs go on into the next row and slice.
            at[0] += 1;
            if at[0] == grid[0] {
                at = if at[1] + 1 == grid[1] { [0, 0, at[2] + 1] } else { [0, at[1] + 1, at[2]] };
            }
        }
    }
    let held: Vec<usize> = (0..layers.len()).filter(|n| !layers[*n].voxels.is_empty()).collect();
    let between = Between { geometry, axis, plane, at_mm: places_mm(geometry, axis, 0..=grid[axis] - 1) };
    let gaps = held.par_windows(2).filter(|pair| pair[1] - pair[0] > 1);
    let fill = |pair: &[usize]| between.fill((pair[0], &layers[pair[0]]), (pair[1], &layers[pair[1]]));
    let mut spans: Vec<Span> = gaps.flat_map_iter(fill).collect();
    if let (Ends::Rounded, [first, second, ..], [.., before, last]) = (ends, &held[..], &held[..]) {
        spans.extend(between.round(&layers[*first], *first, *second));
        spans.extend(between.round(&layers[*last], *last, *before));
    }
    merged(spans)
}

/// The voxels of one layer, by their places along the two axes of its plane, row by row.
#[derive(Default)]
struct Shape {
    voxels: Vec<[i64; 2]>,
}

impl Shape {
    fn centroid(&self) -> [f64; 2] {
        let n = self.voxels.len().max(1) as f64;
        [0, 1].map(|a| self.voxels.iter().map(|p| p[a] as f64).sum::<f64>() / n)
    }

    /// Lowest and highest place along each axis.
    fn bounds(&self) -> [[f64; 2]; 2] {
        let fold = |start: i64, pick: fn(i64, i64) -> i64| {
            self.voxels.iter().fold([start; 2], |b, p| [pick(b[0], p[0]), pick(b[1], p[1])]).map(|v| v as f64)
        };
        [fold(i64::MAX, i64::min), fold(i64::MIN, i64::max)]
    }

    /// Which part of the smaller of two shapes lies over the other.
    fn overlap(&self, other: &Shape) -> f64 {
        let row_by_row = |p: &[i64; 2]| [p[1], p[0]];
        let over = |p: &&[i64; 2]| other.voxels.binary_search_by_key(&row_by_row(p), row_by_row).is_ok();
        let smaller = self.voxels.len().min(other.voxels.len()).max(1);
        self.voxels.iter().filter(over).count() as f64 / smaller as f64
    }

    /// From the other shape's places to this one's: from centroid to centroid, the less of it the more they lie over each
    /// other, nothing from the half on.
    fn way_from(&self, other: &Shape) -> [f64; 2] {
        let share = (1.0 - 2.0 * self.overlap(other)).max(0.0);
        let (to, from) = (self.centroid(), other.centroid());
        [0, 1].map(|n| share * (to[n] - from[n]))
    }
}

struct Between<'a> {
    geometry: &'a Geometry,
    axis: usize,
    /// The axes of a layer's plane.
    plane: (usize, usize),
    /// Where the layers lie along the axis.
    at_mm: Vec<f64>,
}

impl Between<'_> {
    fn fill(&self, (from, a): (usize, &Shape), (to, b): (usize, &Shape)) -> Vec<Span> {
        let way = a.way_from(b);
        let (of_a, of_b) = (a.bounds(), b.bounds());
        // Where either shape can be, at the places of the first one.
        let low = [0, 1].map(|n| of_a[0][n].min(of_b[0][n] + way[n]));
        let high = [0, 1].map(|n| of_a[1][n].max(of_b[1][n] + way[n]));
        let moved = |by: [f64; 2], share: f64| [0, 1].map(|n| by[n] - share * way[n]);
        let fields = [Field::new(self, a, [low, high]), Field::new(self, b, [moved(low, 1.0), moved(high, 1.0)])];
        let at_mm = &self.at_mm;
        let mut out = Vec::new();
        for layer in from + 1..to {
            let share = (at_mm[layer] - at_mm[from]) / (at_mm[to] - at_mm[from]);
            let [low, high] = [moved(low, share).map(f64::floor), moved(high, share).map(f64::ceil)];
            let grid = [self.plane.0, self.plane.1].map(|a| self.geometry.size()[a] as i64 - 1);
            let low = [0, 1].map(|n| (low[n] as i64).clamp(0, grid[n]));
            let high = [0, 1].map(|n| (high[n] as i64).clamp(0, grid[n]));
            let there = [share, share - 1.0].map(|s| way.map(|w| s * w));
            for q in low[1]..=high[1] {
                let [mut first, mut second] = [0, 1].map(|n| fields[n].row([low[0], q], there[n]));
                for p in low[0]..=high[0] {
                    if (1.0 - share as f32) * first.next_depth() + share as f32 * second.next_depth() >= 0.0 {
                        self.push(&mut out, layer, p, q);
                    }
                }
            }
        }
        out
    }

    /// The layers beyond an outermost one, away from its drawn neighbour, for half of the way to that.
    fn round(&self, shape: &Shape, from: usize, neighbour: usize) -> Vec<Span> {
        let half_mm = (self.at_mm[from] - self.at_mm[neighbour]).abs() / 2.0;
        let field = Field::new(self, shape, shape.bounds());
        let deepest = field.depth.iter().copied().fold(0.0, f32::max);
        // Depth is that of a voxel's centre below the nearest centre outside: the outline lies half a step below that.
        let spacing_mm = self.geometry.spacing_mm();
        let outline = 0.5 * spacing_mm[self.plane.0].min(spacing_mm[self.plane.1]) as f32;
        let beyond = |layer: &usize| (self.at_mm[*layer] - self.at_mm[from]).abs() < half_mm * (1.0 - 1e-9);
        let layers: Vec<usize> = if from > neighbour {
            (from + 1..self.at_mm.len()).take_while(beyond).collect()
        } else {
            (0..from).rev().take_while(beyond).collect()
        };
        let mut out = Vec::new();
        for layer in layers {
            let share = (self.at_mm[layer] - self.at_mm[from]) / half_mm;
            // An ellipsoid's section, as far inside the outline as it is smaller.
            let inside = outline + (deepest - outline) * (1.0 - (1.0 - share * share).sqrt()) as f32;
            for [p, q] in &shape.voxels {
                if field.row([*p, *q], [0.0; 2]).next_depth() >= inside {
                    self.push(&mut out, layer, *p, *q);
                }
            }
        }
        out
    }

    fn push(&self, out: &mut Vec<Span>, layer: usize, p: i64, q: i64) {
        let grid = self.geometry.size();
        let mut at = [0; 3];
        (at[self.axis], at[self.plane.0], at[self.plane.1]) = (layer, p as usize, q as usize);
        let flat = (at[0] + grid[0] * (at[1] + grid[1] * at[2])) as u64;
        match out.last_mut() {
            Some(last) if last.end == flat => last.end += 1,
            _ => out.push(Span { start: flat, end: flat + 1 }),
        }
    }
}

/// Depths below one layer's outline, in mm.
struct Field {
    low: [i64; 2],
    size: [usize; 2],
    depth: Vec<f32>,
}

impl Field {
    /// Over a box in the layer, and two voxels around.
    fn new(between: &Between, shape: &Shape, [low, high]: [[f64; 2]; 2]) -> Field {
        let low = low.map(|l| l.floor() as i64 - 2);
        let size = [0, 1].map(|n| (high[n].ceil() as i64 + 3 - low[n]) as usize);
        let spacing = between.geometry.spacing_mm();
        let step_mm = [spacing[between.plane.0], spacing[between.plane.1]];
        let line = |n: usize| (0..size[n]).map(|m| m as f64 * step_mm[n]).collect();
        let mut inside = vec![false; size[0] * size[1]];
        for p in &shape.voxels {
            inside[(p[0] - low[0]) as usize + size[0] * (p[1] - low[1]) as usize] = true;
        }
        let region = Region { low: [0; 3], size: [size[0], size[1], 1], inside, at_mm: [line(0), line(1), vec![0.0]] };
        Field { low, size, depth: depth_mm(&region) }
    }

    /// Depths along a row of the layer from a voxel on, looked up `by` further.
    fn row(&self, from: [i64; 2], by: [f64; 2]) -> Row<'_> {
        let whole = by.map(f64::floor);
        let part = [0, 1].map(|n| (by[n] - whole[n]) as f32);
        let at = [0, 1].map(|n| from[n] + whole[n] as i64 - self.low[n]);
        let line = |row: i64| {
            let row = row.clamp(0, self.size[1] as i64 - 1) as usize;
            &self.depth[row * self.size[0]..(row + 1) * self.size[0]]
        };
        Row { lines: [line(at[1]), line(at[1] + 1)], at: at[0], part }
    }
}

/// See [`Field::row`].
struct Row<'a> {
    lines: [&'a [f32]; 2],
    at: i64,
    part: [f32; 2],
}

impl Row<'_> {
    fn next_depth(&mut self) -> f32 {
        let last = self.lines[0].len() as i64 - 1;
        let [i, j] = [self.at, self.at + 1].map(|at| at.clamp(0, last) as usize);
        self.at += 1;
        let [above, below] = self.lines.map(|l| l[i] + self.part[0] * (l[j] - l[i]));
        above + self.part[1] * (below - above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Run, runs_from_sorted};
    use crate::segment::test_grids::{centers, flat, grids};

    /// Draws the layers of a solid for which `keep` holds; returns the map and all its voxels.
    fn drawn(
        g: &Geometry,
        solid: impl Fn(VoxelIndex, crate::space::DVec3) -> bool,
        keep: impl Fn(VoxelIndex) -> bool,
    ) -> (LabelMap, Vec<u64>) {
        let all: Vec<u64> =
            centers(g).filter(|(at, p)| solid(*at, *p)).map(|(at, _)| at.flat(g.size()) as u64).collect();
        let some: Vec<u64> =
            all.iter().copied().filter(|f| keep(VoxelIndex::from_flat(*f as usize, g.size()))).collect();
        let mut map = LabelMap::new(g.size());
        map.paint(&runs_from_sorted(&some, 1));
        (map, all)
    }

    fn dice(a: &[u64], b: &[u64]) -> f64 {
        2.0 * a.iter().filter(|v| b.contains(v)).count() as f64 / (a.len() + b.len()) as f64
    }

    #[test]
    fn every_third_layer_of_a_ball_gives_the_ball_back() {
        for g in grids() {
            let c = g.center().vec();
            for (axis, every) in [(0, 3), (1, 3), (2, 2)] {
                let kept = |at: VoxelIndex| at.0[axis].is_multiple_of(every);
                let (mut map, all) = drawn(&g, |_, p| (p - c).length() < 7.0, kept);
                let mut got = flat(&interpolate(&map, 1, &g, axis, Ends::AsDrawn));
                assert!(got.iter().all(|f| !kept(VoxelIndex::from_flat(*f as usize, g.size()))), "drawn layers stay");
                got.extend(map.voxels_of(1));
                let first = map
                    .voxels_of(1)
                    .iter()
                    .map(|f| VoxelIndex::from_flat(*f as usize, g.size()).0[axis])
                    .min()
                    .unwrap();
                let last = map
                    .voxels_of(1)
                    .iter()
                    .map(|f| VoxelIndex::from_flat(*f as usize, g.size()).0[axis])
                    .max()
                    .unwrap();
                let want: Vec<u64> = all
                    .into_iter()
                    .filter(|f| (first..=last).contains(&VoxelIndex::from_flat(*f as usize, g.size()).0[axis]))
                    .collect();
                assert!(dice(&got, &want) > 0.9, "axis {axis}: {}", dice(&got, &want));
                map.paint(&[Run { start: 0, length: u32::MAX, label: 0 }]);
                assert!(interpolate(&map, 1, &g, axis, Ends::AsDrawn).is_empty());
            }
        }
    }

    #[test]
    fn shapes_that_do_not_overlap_are_joined_along_the_way() {
        let g = &grids()[0];
        let solid = |at: VoxelIndex, _| (at.0[0] as i64 - 4 - at.0[2] as i64).abs() < 2 && (7..11).contains(&at.0[1]);
        let (map, all) = drawn(g, solid, |at| at.0[2] == 1 || at.0[2] == 9);
        let mut got = flat(&interpolate(&map, 1, g, 2, Ends::AsDrawn));
        got.extend(map.voxels_of(1));
        let want: Vec<u64> =
            all.into_iter().filter(|f| (1..=9).contains(&VoxelIndex::from_flat(*f as usize, g.size()).0[2])).collect();
        assert!(dice(&got, &want) > 0.85, "{}", dice(&got, &want));
    }

    #[test]
    fn rounded_ends_bring_a_ball_nearer_wherever_the_drawn_layers_fall() {
        for g in grids() {
            let c = g.center().vec();
            for axis in 0..2 {
                let layer = |f: &u64| VoxelIndex::from_flat(*f as usize, g.size()).0[axis];
                let mut gained = 0.0;
                for first in 0..5 {
                    let (map, all) = drawn(&g, |_, p| (p - c).length() < 7.0, |at| at.0[axis] % 5 == first);
                    let drawn = map.voxels_of(1);
                    let [as_drawn, rounded] = [Ends::AsDrawn, Ends::Rounded].map(|ends| {
                        let mut got = flat(&interpolate(&map, 1, &g, axis, ends));
                        got.extend(&drawn);
                        got
                    });
                    gained += dice(&rounded, &all) - dice(&as_drawn, &all);
                    let (low, high) = (drawn.iter().map(layer).min().unwrap(), drawn.iter().map(layer).max().unwrap());
                    let near = |f: &u64| (low.saturating_sub(2)..=high + 2).contains(&layer(f));
                    assert!(rounded.iter().all(near), "less than half of five layers");
                    let between = |all: &[u64]| all.iter().filter(|f| (low..=high).contains(&layer(f))).count();
                    assert_eq!(between(&rounded), between(&as_drawn), "nothing else changes");
                }
                assert!(gained / 5.0 > 0.01, "axis {axis}: {}", gained / 5.0);
            }
        }
    }

    #[test]
    fn one_drawn_layer_has_no_ends_to_round() {
        let g = &grids()[0];
        let c = g.center().vec();
        let (map, _) = drawn(g, |_, p| (p - c).length() < 7.0, |at| at.0[2] == 5);
        assert!(interpolate(&map, 1, g, 2, Ends::Rounded).is_empty());
    }

    #[test]
    fn labels_over_whole_rows_and_slices_are_filled_along_every_axis() {
        let g = &grids()[0];
        let size = g.size();
        for axis in 0..3 {
            let kept = |at: VoxelIndex| [2, 3, 6, 7].contains(&at.0[axis]);
            let (map, _) = drawn(g, |_, _| true, kept);
            let got = flat(&interpolate(&map, 1, g, axis, Ends::AsDrawn));
            let want: Vec<u64> =
                centers(g).filter(|(at, _)| [4, 5].contains(&at.0[axis])).map(|(at, _)| at.flat(size) as u64).collect();
            assert_eq!(got, want, "axis {axis}");
        }
    }
}
