//! What is painted on a series as the screen numbers it: lesions over bodies, in boxes and blocks that are uploaded.

use crate::document::{Document, ImageKey, LabelMap, Layer, Run};
use crate::render::BODY_LABELS;
use crate::space::VoxelIndex;
use std::collections::BTreeMap;

/// A box of this many voxels is uploaded as it is; a larger one only where something is painted.
pub(super) const WHOLE_BOX: usize = 1 << 20;
/// Edge of the blocks in which a whole label map is uploaded.
const BLOCK: usize = 32;

pub(super) type Box3 = ([usize; 3], [usize; 3]);

/// What is painted on a series, as the screen numbers it: lesions over bodies.
#[derive(Clone, Copy)]
pub(super) struct Painted<'a> {
    lesions: Option<&'a LabelMap>,
    bodies: Option<&'a LabelMap>,
}

impl<'a> Painted<'a> {
    pub(super) fn of(document: &'a Document, key: &ImageKey) -> Self {
        Painted { lesions: document.masks.get(key), bodies: document.bodies.get(key) }
    }

    fn get(&self, at: VoxelIndex) -> u16 {
        let lesion = self.lesions.map_or(0, |m| m.get(at));
        if lesion != 0 { lesion } else { self.bodies.map_or(0, |m| on_screen(Layer::Bodies, m.get(at))) }
    }

    /// Labels of a box, columns fastest, with `over` laid on top: a body never over a lesion.
    pub(super) fn values(&self, origin: [usize; 3], size: [usize; 3], over: &[(Layer, VoxelIndex, u16)]) -> Vec<u16> {
        let mut out = vec![0u16; size.iter().product()];
        if self.lesions.is_some() || self.bodies.is_some() {
            for (n, v) in out.iter_mut().enumerate() {
                let at = VoxelIndex::from_flat(n, size).0;
                *v = self.get(VoxelIndex(std::array::from_fn(|a| origin[a] + at[a])));
            }
        }
        for (layer, at, label) in over {
            let inside: [usize; 3] = std::array::from_fn(|a| at.0[a].wrapping_sub(origin[a]));
            if (0..3).any(|a| inside[a] >= size[a]) {
                continue;
            }
            let now = &mut out[VoxelIndex(inside).flat(size)];
            let under = *layer == Layer::Bodies && (1..=BODY_LABELS).contains(now);
            if !under {
                *now = on_screen(*layer, *label);
            }
        }
        out
    }

    /// Blocks that hold paint, whole.
    pub(super) fn blocks(&self) -> Vec<([usize; 3], [usize; 3], Vec<u16>)> {
        let mut blocks: BTreeMap<[usize; 3], Vec<u16>> = BTreeMap::new();
        let bodies = self.bodies.into_iter().flat_map(|m| m.painted()).map(|(at, l)| (at, on_screen(Layer::Bodies, l)));
        for (at, label) in bodies.chain(self.lesions.into_iter().flat_map(|m| m.painted())) {
            let block = blocks.entry(at.0.map(|n| n / BLOCK)).or_insert_with(|| vec![0; BLOCK * BLOCK * BLOCK]);
            block[VoxelIndex(at.0.map(|n| n % BLOCK)).flat([BLOCK; 3])] = label;
        }
        blocks.into_iter().map(|(b, v)| (b.map(|n| n * BLOCK), [BLOCK; 3], v)).collect()
    }
}

/// A label's value on the screen.
fn on_screen(layer: Layer, label: u16) -> u16 {
    match layer {
        Layer::Bodies if label != 0 => BODY_LABELS + label,
        _ => label,
    }
}

/// Every voxel of runs.
pub(super) fn with_grid(layer: Layer, runs: &[Run], grid: [usize; 3]) -> Vec<(Layer, VoxelIndex, u16)> {
    let voxels = |r: &Run| (r.start..r.start + u64::from(r.length)).map(move |f| f as usize);
    runs.iter().flat_map(|r| voxels(r).map(move |f| (layer, VoxelIndex::from_flat(f, grid), r.label))).collect()
}

pub(super) fn bounds(runs: &[Run], grid: [usize; 3]) -> Option<Box3> {
    let ends = runs.iter().filter(|r| r.length > 0).flat_map(|r| {
        let [first, last] = [r.start as usize, (r.start + u64::from(r.length) - 1) as usize];
        let row = |f: usize| VoxelIndex::from_flat(f, grid).0;
        // A run that goes over the end of a row touches both sides of the grid.
        let whole = row(first)[1..] != row(last)[1..];
        let mut ends = [row(first), row(last)];
        if whole {
            ends[0][0] = 0;
            ends[1][0] = grid[0] - 1;
            if row(first)[2] != row(last)[2] {
                ends[0][1] = 0;
                ends[1][1] = grid[1] - 1;
            }
        }
        ends
    });
    ends.fold(None, |b, p| union(b, Some((p, p))))
}

pub(super) fn union(a: Option<Box3>, b: Option<Box3>) -> Option<Box3> {
    match (a, b) {
        (Some((a0, a1)), Some((b0, b1))) => {
            Some((std::array::from_fn(|n| a0[n].min(b0[n])), std::array::from_fn(|n| a1[n].max(b1[n]))))
        }
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_of_labels_shows_the_map_and_what_is_pending() {
        let grid = [40, 20, 10];
        let mut map = LabelMap::new(grid);
        map.paint(&[Run { start: VoxelIndex([5, 5, 5]).flat(grid) as u64, length: 3, label: 2 }]);
        let run = Run { start: VoxelIndex([7, 5, 5]).flat(grid) as u64, length: 2, label: 3 };
        let over = with_grid(Layer::Lesions, &[run], grid);
        let painted = Painted { lesions: Some(&map), bodies: None };
        let v = painted.values([4, 5, 5], [8, 1, 1], &over);
        assert_eq!(v, [0, 2, 2, 3, 3, 0, 0, 0]);
        let mut bodies = LabelMap::new(grid);
        bodies.paint(&[Run { start: VoxelIndex([4, 5, 5]).flat(grid) as u64, length: 3, label: 20 }]);
        let painted = Painted { lesions: Some(&map), bodies: Some(&bodies) };
        let over = with_grid(Layer::Bodies, &[Run { start: run.start - 1, length: 3, label: 9 }], grid);
        assert_eq!(
            painted.values([4, 5, 5], [6, 1, 1], &over),
            [65_520, 2, 2, 2, 65_509, 0],
            "a body lies under lesions"
        );
        assert_eq!(bounds(&[run], grid), Some(([7, 5, 5], [8, 5, 5])));
        let blocks = Painted { lesions: Some(&map), bodies: None }.blocks();
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].2.iter().filter(|l| **l == 2).count(), 3);
    }
}
