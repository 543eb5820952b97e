//! Filling the layers between drawn ones: shape-based interpolation (Raya & Udupa, IEEE TMI 1990;9:32), with the shapes
//! brought over each other by their centroids first (Herman et al. 1992), so that a lesion that runs obliquely through the
//! layers stays in one piece.

use super::distance::depth_mm;
use super::{Region, Span, merged};
use crate::document::LabelMap;
use crate::space::Geometry;

/// Voxels between every two neighbouring layers along `axis` that hold voxels of `label`, with empty layers between
/// them. Each voxel's depth below the outline is interpolated from layer to layer; what is not outside is filled.
pub fn interpolate(map: &LabelMap, label: u16, geometry: &Geometry, axis: usize) -> Vec<Span> {
    let Some(drawn) = Region::of_label(map, label, geometry, [0; 3]) else { return Vec::new() };
    let (u, v) = [(1, 2), (0, 2), (0, 1)][axis];
    let mut layers: Vec<Option<Shape>> = (0..drawn.size[axis]).map(|_| None).collect();
    for n in (0..drawn.inside.len()).filter(|n| drawn.inside[*n]) {
        let at = drawn.at(n);
        layers[at[axis]]
            .get_or_insert_default()
            .voxels
            .push([(at[u] + drawn.low[u]) as f64, (at[v] + drawn.low[v]) as f64]);
    }
    let mut spans = Vec::new();
    let mut last: Option<(usize, Shape)> = None;
    for (n, shape) in layers.into_iter().enumerate().filter_map(|(n, s)| Some((n, s?))) {
        if let Some((before, a)) = last.take().filter(|(before, _)| n - before > 1) {
            let between = Between { geometry, axis, plane: (u, v), region: &drawn };
            spans.extend(between.fill((before, &a), (n, &shape)));
        }
        last = Some((n, shape));
    }
    merged(spans)
}

/// The voxels of one layer, by their places along the two axes of its plane.
#[derive(Default)]
struct Shape {
    voxels: Vec<[f64; 2]>,
}

impl Shape {
    fn centroid(&self) -> [f64; 2] {
        let n = self.voxels.len().max(1) as f64;
        [0, 1].map(|a| self.voxels.iter().map(|p| p[a]).sum::<f64>() / n)
    }

    /// Lowest and highest place along each axis.
    fn bounds(&self) -> [[f64; 2]; 2] {
        let fold = |start: f64, pick: fn(f64, f64) -> f64| {
            self.voxels.iter().fold([start; 2], |b, p| [pick(b[0], p[0]), pick(b[1], p[1])])
        };
        [fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max)]
    }
}

struct Between<'a> {
    geometry: &'a Geometry,
    axis: usize,
    /// The axes of a layer's plane.
    plane: (usize, usize),
    /// Where layers are counted from.
    region: &'a Region,
}

impl Between<'_> {
    fn fill(&self, (from, a): (usize, &Shape), (to, b): (usize, &Shape)) -> Vec<Span> {
        let (ca, cb) = (a.centroid(), b.centroid());
        let (field_a, field_b) = (Field::new(self, a), Field::new(self, b));
        let grid = self.geometry.size();
        let (u, v) = self.plane;
        let at_mm = &self.region.at_mm[self.axis];
        let mut out = Vec::new();
        for layer in from + 1..to {
            let share = (at_mm[layer] - at_mm[from]) / (at_mm[to] - at_mm[from]);
            let center = [0, 1].map(|n| ca[n] + share * (cb[n] - ca[n]));
            // Where both shapes, moved to the common centre, can be at all.
            let bounds = [(a, ca), (b, cb)].map(|(s, c)| s.bounds().map(|e| [0, 1].map(|n| e[n] - c[n] + center[n])));
            let low = [0, 1].map(|n| bounds[0][0][n].min(bounds[1][0][n]).floor().max(0.0) as usize);
            let high = [(0, u), (1, v)].map(|(n, axis)| {
                (bounds[0][1][n].max(bounds[1][1][n]).ceil() as usize).min(grid[axis].saturating_sub(1))
            });
            for q in low[1]..=high[1] {
                for p in low[0]..=high[0] {
                    let there = [p as f64 - center[0], q as f64 - center[1]];
                    let depth = |f: &Field, c: [f64; 2]| f.depth([there[0] + c[0], there[1] + c[1]]);
                    if (1.0 - share) * depth(&field_a, ca) + share * depth(&field_b, cb) >= 0.0 {
                        let mut at = [0; 3];
                        (at[self.axis], at[u], at[v]) = (layer + self.region.low[self.axis], p, q);
                        let flat = (at[0] + grid[0] * (at[1] + grid[1] * at[2])) as u64;
                        out.push(Span { start: flat, end: flat + 1 });
                    }
                }
            }
        }
        out
    }
}

/// Depths below one layer's outline, in mm.
struct Field {
    low: [f64; 2],
    size: [usize; 2],
    depth: Vec<f32>,
    step_mm: [f64; 2],
}

impl Field {
    fn new(between: &Between, shape: &Shape) -> Field {
        let [low, high] = shape.bounds();
        // Two voxels of margin; further out the depth follows from the distance to the box.
        let size = [0, 1].map(|n| (high[n] - low[n]) as usize + 5);
        let low = low.map(|l| l - 2.0);
        let spacing = between.geometry.spacing_mm();
        let step_mm = [spacing[between.plane.0], spacing[between.plane.1]];
        let line = |n: usize| (0..size[n]).map(|m| m as f64 * step_mm[n]).collect();
        let mut inside = vec![false; size[0] * size[1]];
        for p in &shape.voxels {
            inside[(p[0] - low[0]) as usize + size[0] * (p[1] - low[1]) as usize] = true;
        }
        let region = Region { low: [0; 3], size: [size[0], size[1], 1], inside, at_mm: [line(0), line(1), vec![0.0]] };
        Field { low, size, depth: depth_mm(&region), step_mm }
    }

    /// Depth at a continuous place of the layer.
    fn depth(&self, at: [f64; 2]) -> f64 {
        let within: [f64; 2] = std::array::from_fn(|n| (at[n] - self.low[n]).clamp(0.0, self.size[n] as f64 - 1.0));
        let beyond: f64 = (0..2).map(|n| ((at[n] - self.low[n] - within[n]) * self.step_mm[n]).powi(2)).sum();
        let cell = [0, 1].map(|n| (within[n] as usize).min(self.size[n] - 2));
        let part = [0, 1].map(|n| within[n] - cell[n] as f64);
        let value = |i: usize, j: usize| f64::from(self.depth[cell[0] + i + self.size[0] * (cell[1] + j)]);
        let row = |j: usize| value(0, j) + part[0] * (value(1, j) - value(0, j));
        row(0) + part[1] * (row(1) - row(0)) - beyond.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Run, runs_from_sorted};
    use crate::segment::test_grids::{centers, flat, grids};
    use crate::space::VoxelIndex;

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
                let mut got = flat(&interpolate(&map, 1, &g, axis));
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
                assert!(interpolate(&map, 1, &g, axis).is_empty());
            }
        }
    }

    #[test]
    fn shapes_that_do_not_overlap_are_joined_along_the_way() {
        let g = &grids()[0];
        let solid = |at: VoxelIndex, _| (at.0[0] as i64 - 4 - at.0[2] as i64).abs() < 2 && (7..11).contains(&at.0[1]);
        let (map, all) = drawn(g, solid, |at| at.0[2] == 1 || at.0[2] == 9);
        let mut got = flat(&interpolate(&map, 1, g, 2));
        got.extend(map.voxels_of(1));
        let want: Vec<u64> =
            all.into_iter().filter(|f| (1..=9).contains(&VoxelIndex::from_flat(*f as usize, g.size()).0[2])).collect();
        assert!(dice(&got, &want) > 0.85, "{}", dice(&got, &want));
    }
}
