//! Outlines of a mask along its voxel edges, slice by slice of the acquisition.
//!
//! A closed ring runs round every group of voxels that share edges (touching corners do not join), and round every hole.
//! By the even-odd rule the rings of a slice hold exactly the voxel centres of the mask.

use crate::space::{DVec3, Geometry, PatientPoint, VoxelPoint};

/// One closed ring.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Slice of the grid.
    pub slice: usize,
    /// Corners in patient space; the last joins the first.
    pub points: Vec<PatientPoint>,
    /// Whether it bounds a hole.
    pub hole: bool,
}

/// Rings of the voxels at `flat` (ascending flat indices of the grid), slice by slice.
pub fn rings(flat: &[u64], geometry: &Geometry) -> Vec<Ring> {
    let [columns, rows, _] = geometry.size().map(|n| n as u64);
    let slice_of = |f: u64| f / (columns * rows);
    let layers = flat.chunk_by(|a, b| slice_of(*a) == slice_of(*b));
    layers.flat_map(|layer| slice_rings(layer, columns, slice_of(layer[0]) as usize, rows, geometry)).collect()
}

fn slice_rings(layer: &[u64], columns: u64, slice: usize, rows: u64, geometry: &Geometry) -> Vec<Ring> {
    let cells = || layer.iter().map(|f| [(f % columns) as usize, (f / columns % rows) as usize]);
    let low = cells().fold([usize::MAX; 2], |low, c| [low[0].min(c[0]), low[1].min(c[1])]);
    let high = cells().fold([0; 2], |high, c| [high[0].max(c[0]), high[1].max(c[1])]);
    let size = [high[0] - low[0] + 1, high[1] - low[1] + 1];
    let mut edges = Edges::around(size, cells().map(|c| [c[0] - low[0], c[1] - low[1]]));
    let mut rings = Vec::new();
    while let Some(corners) = edges.next_ring() {
        // Twice the signed area: rings round voxels turn one way, rings round holes the other.
        let area: i64 = (0..corners.len())
            .map(|n| (corners[n], corners[(n + 1) % corners.len()]))
            .map(|(a, b)| a[0] as i64 * b[1] as i64 - b[0] as i64 * a[1] as i64)
            .sum();
        let in_patient = |c: &[usize; 2]| {
            // Corner (0, 0) of a voxel lies half a voxel before its centre.
            let at = DVec3::new((c[0] + low[0]) as f64 - 0.5, (c[1] + low[1]) as f64 - 0.5, slice as f64);
            geometry.patient_from_voxel(VoxelPoint(at))
        };
        rings.push(Ring { slice, points: corners.iter().map(in_patient).collect(), hole: area < 0 });
    }
    rings
}

/// Directed edges between voxels inside and outside, with the inside on the right: at every corner of the box the set of
/// directions that leave it, as bits 0 east, 1 south, 2 west, 3 north (rows count southwards).
struct Edges {
    size: [usize; 2],
    leaving: Vec<u8>,
    searched: usize,
}

impl Edges {
    fn around(size: [usize; 2], cells: impl Iterator<Item = [usize; 2]>) -> Self {
        let mut filled = vec![false; size[0] * size[1]];
        for [i, j] in cells {
            filled[i + size[0] * j] = true;
        }
        let inside = |i: usize, j: usize| i < size[0] && j < size[1] && filled[i + size[0] * j];
        let width = size[0] + 1;
        let mut leaving = vec![0u8; width * (size[1] + 1)];
        for (at, _) in filled.iter().enumerate().filter(|(_, f)| **f) {
            let (i, j) = (at % size[0], at / size[0]);
            let mut edge = |x: usize, y: usize, direction: u8| leaving[x + width * y] |= 1 << direction;
            if !inside(i, j.wrapping_sub(1)) {
                edge(i, j, 0);
            }
            if !inside(i + 1, j) {
                edge(i + 1, j, 1);
            }
            if !inside(i, j + 1) {
                edge(i + 1, j + 1, 2);
            }
            if !inside(i.wrapping_sub(1), j) {
                edge(i, j + 1, 3);
            }
        }
        Edges { size, leaving, searched: 0 }
    }

    /// The corners of the next ring, in order; every ring has an eastward edge, and the first of them starts at a corner.
    fn next_ring(&mut self) -> Option<Vec<[usize; 2]>> {
        let width = self.size[0] + 1;
        let start = self.searched + self.leaving[self.searched..].iter().position(|d| d & 1 != 0)?;
        self.searched = start;
        let (mut at, mut direction) = (start, 0u8);
        let mut corners = Vec::new();
        let mut last = None;
        loop {
            if last != Some(direction) {
                corners.push([at % width, at / width]);
            }
            last = Some(direction);
            self.leaving[at] &= !(1 << direction);
            at = match direction {
                0 => at + 1,
                1 => at + width,
                2 => at - 1,
                _ => at - width,
            };
            if at == start && self.leaving[at] & 1 == 0 {
                return Some(corners);
            }
            // Right first: where two voxels touch at a corner only, the ring stays with its own.
            let open = |turn: &u8| self.leaving[at] >> ((direction + turn) % 4) & 1 != 0;
            match [1, 0, 3].iter().find(|t| open(t)) {
                Some(turn) => direction = (direction + turn) % 4,
                None => return Some(corners), // cannot be: in every corner as many edges end as begin
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Geometry {
        let steps = [DVec3::new(0.5, 0.0, 0.1), DVec3::new(0.0, 0.8, 0.0), DVec3::new(0.3, 0.2, 3.0)];
        Geometry::regular(PatientPoint::new(-20.0, 7.0, 300.0).expect("finite"), steps, [24, 20, 4])
            .expect("spans space")
    }

    fn flat(slice: u64, rows: &[&str]) -> Vec<u64> {
        let row = |(j, r): (usize, &&str)| -> Vec<u64> {
            let filled = r.bytes().enumerate().filter(|(_, b)| *b == b'#');
            filled.map(|(i, _)| i as u64 + 24 * (j as u64 + 20 * slice)).collect()
        };
        rows.iter().enumerate().flat_map(row).collect()
    }

    /// Voxel centres of the slice that lie inside by the even-odd rule.
    fn filled(rings: &[Ring], g: &Geometry, slice: usize) -> Vec<u64> {
        let polygons: Vec<Vec<DVec3>> = rings
            .iter()
            .filter(|r| r.slice == slice)
            .map(|r| r.points.iter().map(|p| g.voxel_from_patient(*p).0).collect())
            .collect();
        let inside = |x: f64, y: f64| {
            let crosses = |p: &Vec<DVec3>| {
                let n = p.len();
                (0..n)
                    .map(|i| (p[i], p[(i + 1) % n]))
                    .filter(|(a, b)| (a.y > y) != (b.y > y) && x < a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
                    .count()
            };
            polygons.iter().map(crosses).sum::<usize>() % 2 == 1
        };
        let [w, h, _] = g.size();
        let all = (0..h).flat_map(|j| (0..w).map(move |i| (i, j)));
        all.filter(|(i, j)| inside(*i as f64, *j as f64)).map(|(i, j)| (i + w * (j + h * slice)) as u64).collect()
    }

    #[test]
    fn a_block_has_four_corners_on_its_edges() {
        let g = grid();
        let r = rings(&flat(2, &["....", ".###", ".###"]), &g);
        assert_eq!((r.len(), r[0].points.len(), r[0].hole, r[0].slice), (1, 4, false, 2));
        let corner = g.voxel_from_patient(r[0].points[0]).0;
        assert!((corner - DVec3::new(0.5, 0.5, 2.0)).length() < 1e-9, "{corner}");
    }

    #[test]
    fn holes_are_rings_of_their_own_and_corners_do_not_join() {
        let r = rings(&flat(0, &["#####", "#.#.#", "#####"]), &grid());
        assert_eq!(r.iter().map(|r| r.hole).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(rings(&flat(0, &["#.", ".#"]), &grid()).len(), 2);
        // A hole whose corners touch is one for each of its cells' groups, and every voxel stays where it is.
        let touching = flat(0, &["####", "#.##", "##.#", "####"]);
        assert_eq!(filled(&rings(&touching, &grid()), &grid(), 0), touching);
    }

    #[test]
    fn rings_hold_exactly_the_mask_whatever_its_shape() {
        let g = grid();
        let mut seed = 11u64;
        for density in [20, 50, 80, 100] {
            let mask: Vec<u64> = (0..24 * 20 * 4)
                .filter(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (seed >> 33) % 100 < density
                })
                .collect();
            let r = rings(&mask, &g);
            let back: Vec<u64> = (0..4).flat_map(|k| filled(&r, &g, k)).collect();
            assert_eq!(back, mask);
            assert!(r.iter().all(|r| r.points.len() >= 4));
        }
    }
}
