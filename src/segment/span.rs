//! Runs of voxels that a gesture covers, and what they change in a label map.

use crate::document::{LabelMap, Run};
use crate::space::VoxelIndex;

/// Voxels by flat index (columns fastest, then rows, then slices): `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Span {
    pub start: u64,
    pub end: u64,
}

/// The same voxels, each once, ascending, in as few spans as possible.
pub fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for s in spans {
        match out.last_mut() {
            Some(last) if s.start <= last.end => last.end = last.end.max(s.end),
            _ if s.start < s.end => out.push(s),
            _ => {}
        }
    }
    out
}

/// What painting `label` over `spans` changes: voxels that carry another label (0 is none), where `keep`, which is given
/// that label and the place, holds. `spans` must be [`merged`]; `map` is `None` while nothing is painted on the series.
pub fn paint_runs(
    spans: &[Span],
    map: Option<&LabelMap>,
    size: [usize; 3],
    label: u16,
    keep: impl Fn(u16, VoxelIndex) -> bool,
) -> Vec<Run> {
    changed(spans, map, size, label, |now, at| now != label && keep(now, at))
}

/// What erasing `label` within `spans` changes: only voxels of that very lesion for which `keep` holds.
pub fn own_runs(
    spans: &[Span],
    map: Option<&LabelMap>,
    size: [usize; 3],
    label: u16,
    keep: impl Fn(VoxelIndex) -> bool,
) -> Vec<Run> {
    changed(spans, map, size, 0, |now, at| now == label && keep(at))
}

fn changed(
    spans: &[Span],
    map: Option<&LabelMap>,
    size: [usize; 3],
    to: u16,
    keep: impl Fn(u16, VoxelIndex) -> bool,
) -> Vec<Run> {
    let mut labels = map.map(LabelMap::reader);
    let mut runs: Vec<Run> = Vec::new();
    for span in spans {
        let mut row = 0..0;
        let mut at = VoxelIndex([0; 3]);
        for flat in span.start..span.end {
            if row.contains(&flat) {
                at.0[0] += 1;
            } else {
                at = VoxelIndex::from_flat(flat as usize, size);
                row = flat..flat + (size[0] - at.0[0]) as u64;
            }
            let now = labels.as_mut().map_or(0, |l| l.get(at));
            if !keep(now, at) {
                continue;
            }
            match runs.last_mut() {
                Some(r) if r.start + u64::from(r.length) == flat && r.length < u32::MAX => r.length += 1,
                _ => runs.push(Run { start: flat, length: 1, label: to }),
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_joins_touching_and_overlapping_spans() {
        let s = |start, end| Span { start, end };
        assert_eq!(merged(vec![s(9, 12), s(1, 4), s(4, 6), s(3, 5), s(20, 20)]), [s(1, 6), s(9, 12)]);
    }

    #[test]
    fn painting_leaves_other_lesions_and_erasing_touches_only_its_own() {
        let size = [10, 1, 1];
        let mut map = LabelMap::new(size);
        map.paint(&[Run { start: 2, length: 2, label: 1 }, Run { start: 6, length: 2, label: 2 }]);
        let all = [Span { start: 0, end: 10 }];
        let run = |start, length, label| Run { start, length, label };
        let painted = paint_runs(&all, Some(&map), size, 1, |now, _| now == 0);
        assert_eq!(painted, [run(0, 2, 1), run(4, 2, 1), run(8, 2, 1)]);
        assert_eq!(own_runs(&all, Some(&map), size, 1, |at| at.0[0] != 2), [run(3, 1, 0)]);
        assert_eq!(paint_runs(&all, None, size, 3, |_, _| true), [run(0, 10, 3)]);
        let taken = paint_runs(&all, Some(&map), size, 1, |now, _| now == 2);
        assert_eq!(taken, [run(6, 2, 1)], "voxels of one lesion become another's");
    }
}
