//! The surface of a mask in the patient: half way between voxels inside and outside, as triangles that face outwards.
//!
//! Marching cubes (Lorensen & Cline, SIGGRAPH 1987) over the cells between voxel centres. Its table is made from one rule
//! for a cell's faces: walking round a face, each run of corners inside is cut off by a line of its own. As both cells at a
//! face see the same corners they draw the same lines, so the surface is closed whatever the mask.

use super::MaskRuns;
use crate::space::{DVec3, Geometry, VoxelPoint};
use rayon::prelude::*;
use std::sync::LazyLock;

/// A triangle, LPS mm, its corners turning left seen from outside.
pub type Facet = [[f32; 3]; 3];

/// The triangles of each of the 256 ways in which the corners of a cell can be inside, corner `i + 2 j + 4 k` as bit of
/// that number. A triangle's corners are middles of edges, as half steps from the cell's first corner.
static TABLE: LazyLock<Vec<Vec<[[u8; 3]; 3]>>> = LazyLock::new(|| (0..=255).map(triangles).collect());

/// The surface of a mask in the patient.
///
/// # Errors
/// A sentence when the runs do not fit the grid.
pub fn surface(mask: &MaskRuns, geometry: &Geometry) -> Result<Vec<Facet>, String> {
    let flat = mask.voxels(geometry.size().map(|n| n as u64))?;
    let grid = Bits::new(mask, &flat, geometry.size());
    let [_, rows, slices] = grid.size;
    let low = grid.low.map(|n| n as f64);
    // Patient positions of voxel (0, 0) of each slice and half way between slices.
    let slice = |k: usize| geometry.patient_from_voxel(VoxelPoint(DVec3::new(low[0], low[1], low[2] + k as f64))).vec();
    let at: Vec<DVec3> = (0..slices).map(slice).collect();
    let halves: Vec<DVec3> = (0..2 * slices - 1).map(|h| (at[h / 2] + at[h.div_ceil(2)]) / 2.0).collect();
    let [right, down, _] = geometry.steps().map(|s| s / 2.0);
    let mirrored = right.cross(down).dot(at[slices - 1] - at[0]) < 0.0;
    // The same half steps give the same bits, whichever cell asks: corners that triangles share are equal.
    let place = |h: [usize; 3]| (halves[h[2]] + right * h[0] as f64 + down * h[1] as f64).as_vec3().to_array();
    let layer = |k: usize| {
        let mut facets = Vec::new();
        for j in 0..rows - 1 {
            grid.cells_at_the_border(j, k, |i, corners| {
                for t in &TABLE[usize::from(corners)] {
                    let [a, b, c] = t.map(|e| {
                        place([2 * i + usize::from(e[0]), 2 * j + usize::from(e[1]), 2 * k + usize::from(e[2])])
                    });
                    facets.push(if mirrored { [a, c, b] } else { [a, b, c] });
                }
            });
        }
        facets
    };
    let layers: Vec<Vec<Facet>> = (0..slices - 1).into_par_iter().map(layer).collect();
    Ok(layers.concat())
}

/// The box of a mask with one voxel of room all round, so that the surface closes in it; a bit a voxel, rows in words.
struct Bits {
    /// The first voxel of the box in the grid; −1 where the mask touches the grid's border.
    low: [i64; 3],
    size: [usize; 3],
    words_a_row: usize,
    words: Vec<u64>,
}

impl Bits {
    fn new(mask: &MaskRuns, flat: &[u64], grid: [usize; 3]) -> Bits {
        let low = mask.origin_ijk.map(|n| n as i64 - 1);
        let size = mask.size_ijk.map(|n| n as usize + 2);
        let words_a_row = size[0].div_ceil(64);
        let mut words = vec![0u64; words_a_row * size[1] * size[2]];
        let [columns, rows, _] = grid.map(|n| n as u64);
        for f in flat {
            let at = [f % columns, f / columns % rows, f / (columns * rows)];
            let [i, j, k]: [usize; 3] = std::array::from_fn(|a| (at[a] as i64 - low[a]) as usize);
            words[(j + size[1] * k) * words_a_row + i / 64] |= 1 << (i % 64);
        }
        Bits { low, size, words_a_row, words }
    }

    fn row(&self, j: usize, k: usize) -> &[u64] {
        let start = (j + self.size[1] * k) * self.words_a_row;
        &self.words[start..start + self.words_a_row]
    }

    /// The cells of a row whose corners are neither all inside nor all outside: place and corners of each.
    fn cells_at_the_border(&self, j: usize, k: usize, mut each: impl FnMut(usize, u8)) {
        let rows = [self.row(j, k), self.row(j + 1, k), self.row(j, k + 1), self.row(j + 1, k + 1)];
        for word in 0..self.words_a_row {
            let here = rows.map(|r| r[word]);
            if here == [0; 4] && rows.iter().all(|r| r.get(word + 1).is_none_or(|w| w & 1 == 0)) {
                continue;
            }
            // Each row, and the same row one voxel on.
            let next = rows.map(|r| r[word] >> 1 | r.get(word + 1).unwrap_or(&0) << 63);
            let any = here.iter().chain(&next).fold(0, |a, b| a | b);
            let all = here.iter().chain(&next).fold(u64::MAX, |a, b| a & b);
            let mut open = any & !all;
            while open != 0 {
                let bit = open.trailing_zeros() as usize;
                open &= open - 1;
                let i = 64 * word + bit;
                if i + 1 < self.size[0] {
                    let of = |w: u64, n: usize| ((w >> bit & 1) as u8) << n;
                    each(i, (0..4).fold(0, |c, n| c | of(here[n], 2 * n) | of(next[n], 2 * n + 1)));
                }
            }
        }
    }
}

/// The triangles of a cell with these corners inside.
fn triangles(corners: u8) -> Vec<[[u8; 3]; 3]> {
    let inside = |c: usize| corners >> c & 1 == 1;
    // Where the line that comes in at an edge leaves the face: edges are told by their two corners.
    let mut lines: Vec<([usize; 2], [usize; 2])> = Vec::new();
    for face in faces() {
        for n in (0..4).filter(|n| inside(face[*n]) && !inside(face[(n + 3) % 4])) {
            let last = (n..n + 4).take_while(|m| inside(face[m % 4])).last().unwrap_or(n);
            lines.push((edge(face[(n + 3) % 4], face[n]), edge(face[last % 4], face[(last + 1) % 4])));
        }
    }
    let mut out = Vec::new();
    while let Some((first, mut end)) = lines.pop() {
        let mut ring = vec![first];
        while end != first {
            let Some(next) = lines.iter().position(|(from, _)| *from == end) else { break };
            ring.push(end);
            end = lines.swap_remove(next).1;
        }
        out.extend(ring.windows(2).skip(1).map(|pair| [ring[0], pair[0], pair[1]].map(middle)));
    }
    out
}

fn edge(a: usize, b: usize) -> [usize; 2] {
    [a.min(b), a.max(b)]
}

/// The middle of an edge, in half steps.
fn middle([a, b]: [usize; 2]) -> [u8; 3] {
    std::array::from_fn(|axis| ((a >> axis & 1) + (b >> axis & 1)) as u8)
}

/// The corners of each face, turning left seen from outside of the cell.
fn faces() -> [[usize; 4]; 6] {
    std::array::from_fn(|n| {
        let (axis, far) = (n / 2, n % 2);
        let (u, v) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3));
        let base = far << axis;
        let mut face = [base, base + u, base + u + v, base + v];
        if far == 0 {
            face.reverse();
        }
        face
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::PatientPoint;
    use std::collections::BTreeMap;

    fn grids() -> [Geometry; 2] {
        let steps = [DVec3::new(0.5, 0.0, 0.1), DVec3::new(0.0, 0.8, 0.0), DVec3::new(0.3, 0.2, 1.5)];
        let origin = PatientPoint::new(-20.0, 7.0, 300.0).expect("finite");
        // The second one counts its slices the other way: its axes are left-handed.
        let mirrored = [steps[0], steps[1], -steps[2]];
        [steps, mirrored].map(|s| Geometry::regular(origin, s, [24, 20, 24]).expect("spans space"))
    }

    fn volume(facets: &[Facet]) -> f64 {
        let corner = |c: [f32; 3]| DVec3::from_array(c.map(f64::from)) - DVec3::new(-20.0, 7.0, 300.0);
        facets.iter().map(|f| f.map(corner)).map(|[a, b, c]| a.dot(b.cross(c)) / 6.0).sum()
    }

    /// Every edge is walked as often one way as the other, with corners equal to the last bit.
    fn closed(facets: &[Facet]) -> bool {
        let mut edges: BTreeMap<_, i64> = BTreeMap::new();
        for f in facets.iter().map(|f| f.map(|c| c.map(f32::to_bits))) {
            for n in 0..3 {
                let (a, b) = (f[n], f[(n + 1) % 3]);
                *edges.entry(if a < b { (a, b) } else { (b, a) }).or_default() += if a < b { 1 } else { -1 };
            }
        }
        edges.values().all(|n| *n == 0)
    }

    fn of_voxels(g: &Geometry, inside: impl FnMut(&u64) -> bool) -> (Vec<u64>, Vec<Facet>) {
        let flat: Vec<u64> = (0..24 * 20 * 24).filter(inside).collect();
        let mask = MaskRuns::of_voxels(&flat, g.size()).expect("painted");
        let facets = surface(&mask, g).expect("fits");
        (flat, facets)
    }

    #[test]
    fn a_ball_is_closed_and_as_large_as_its_voxels() {
        for g in grids() {
            let (flat, facets) = of_voxels(&g, |f| {
                let v = DVec3::new((f % 24) as f64 - 11.5, (f / 24 % 20) as f64 - 9.5, (f / 480) as f64 - 11.5);
                v.length() < 7.0
            });
            let voxels = flat.len() as f64 * g.voxel_volume_mm3().expect("regular");
            assert!(closed(&facets));
            assert!((volume(&facets) / voxels - 1.0).abs() < 0.02, "{} of {voxels}", volume(&facets));
        }
    }

    #[test]
    fn whatever_the_mask_the_surface_is_closed_and_faces_outwards() {
        let mut seed = 3u64;
        for (g, density) in grids().iter().flat_map(|g| [(g, 10), (g, 50), (g, 90)]) {
            let (_, facets) = of_voxels(g, |_| {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (seed >> 33) % 100 < density
            });
            assert!(closed(&facets) && volume(&facets) > 0.0);
        }
    }

    #[test]
    fn one_voxel_is_an_octahedron_and_a_whole_grid_a_box() {
        for g in grids() {
            let one = 5 + 24 * (6 + 20 * 7);
            let (_, facets) = of_voxels(&g, |f| *f == one);
            assert_eq!(facets.len(), 8);
            let voxel = g.voxel_volume_mm3().expect("regular");
            assert!((volume(&facets) - voxel / 6.0).abs() < 1e-3, "{}", volume(&facets));
            let (flat, facets) = of_voxels(&g, |_| true);
            assert!(closed(&facets));
            assert!((volume(&facets) / (flat.len() as f64 * voxel) - 1.0).abs() < 0.01);
        }
    }
}
