//! A mask as a tight bounding box and run lengths: skip, fill, skip, fill, … over the box, columns fastest, then rows,
//! then slices; it ends with a fill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mask on the grid of its series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaskRuns {
    /// Columns, rows and slices of the box.
    pub size_ijk: [u64; 3],
    /// First column, row and slice of the box.
    pub origin_ijk: [u64; 3],
    /// Lengths of runs over the box: skip, fill, skip, fill, …; the first may be 0, the last is a fill.
    pub runs: Vec<u64>,
}

impl MaskRuns {
    /// The voxels at `flat` (ascending flat indices of a grid of `size`); `None` when there are none.
    pub fn of_voxels(flat: &[u64], size: [usize; 3]) -> Option<MaskRuns> {
        let [w, h, _] = size.map(|n| n as u64);
        let ijk = |f: &u64| [f % w, f / w % h, f / (w * h)];
        let first = ijk(flat.first()?);
        let (low, high) = flat.iter().map(ijk).fold((first, first), |(low, high), at| {
            (std::array::from_fn(|a| low[a].min(at[a])), std::array::from_fn(|a| high[a].max(at[a])))
        });
        let size_ijk: [u64; 3] = std::array::from_fn(|a| high[a] - low[a] + 1);
        let in_box =
            |at: [u64; 3]| (at[0] - low[0]) + size_ijk[0] * ((at[1] - low[1]) + size_ijk[1] * (at[2] - low[2]));
        let (mut runs, mut end) = (Vec::new(), 0);
        for at in flat.iter().map(|f| in_box(ijk(f))) {
            match runs.last_mut() {
                Some(fill) if at == end => *fill += 1,
                _ => runs.extend([at - end, 1]),
            }
            end = at + 1;
        }
        Some(MaskRuns { size_ijk, origin_ijk: low, runs })
    }

    /// The number of voxels, after a look at whether the mask fits a grid of `size`.
    ///
    /// # Errors
    /// A sentence when the box does not lie in the grid, or the runs do not fit the box or do not end with a fill.
    pub fn count_in(&self, size: [u64; 3]) -> Result<u64, String> {
        let fits = |a: usize| {
            self.size_ijk[a] > 0 && self.origin_ijk[a].checked_add(self.size_ijk[a]).is_some_and(|end| end <= size[a])
        };
        let (origin, side) = (self.origin_ijk, self.size_ijk);
        if !(0..3).all(fits) {
            return Err(format!("the box {origin:?} + {side:?} does not lie in the grid of {size:?} voxels"));
        }
        if self.runs.is_empty() || !self.runs.len().is_multiple_of(2) {
            return Err(format!("{} runs; they alternate skip and fill and end with a fill", self.runs.len()));
        }
        let checked = |numbers: &[u64]| numbers.iter().try_fold(0u64, |sum, r| sum.checked_add(*r));
        let voxels = side.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
        if voxels.zip(checked(&self.runs)).is_none_or(|(voxels, reached)| reached > voxels) {
            return Err(format!("the runs reach beyond the box of {side:?} voxels"));
        }
        if self.runs.iter().skip(1).any(|r| *r == 0) {
            return Err("a run of length 0 that is not the first".to_owned());
        }
        Ok(self.runs.iter().skip(1).step_by(2).sum())
    }

    /// The voxels as ascending flat indices of a grid of `size`.
    ///
    /// # Errors
    /// As [`MaskRuns::count_in`], and when there are more than [`VOXELS_MAX`].
    pub fn voxels(&self, size: [u64; 3]) -> Result<Vec<u64>, String> {
        let count = self.count_in(size)?;
        if count > VOXELS_MAX {
            return Err(format!("{count} voxels; at most {VOXELS_MAX} are read"));
        }
        let ([bw, bh, _], [oi, oj, ok]) = (self.size_ijk, self.origin_ijk);
        let (mut flat, mut at) = (Vec::with_capacity(count as usize), 0);
        for pair in self.runs.chunks_exact(2) {
            let start = at + pair[0];
            at = start + pair[1];
            flat.extend(
                (start..at).map(|n| oi + n % bw + size[0] * (oj + n / bw % bh + size[1] * (ok + n / (bw * bh)))),
            );
        }
        Ok(flat)
    }
}

/// Voxels that one mask is read with at most: 64 Mi, over 4 l of the finest CT. Run lengths cost a few bytes, voxels do not.
pub const VOXELS_MAX: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_alternate_and_lead_back_to_the_voxels() {
        let size = [6usize, 5, 4];
        let flat: Vec<u64> = [[2, 1, 1], [3, 1, 1], [2, 2, 1], [4, 3, 2]].map(|[i, j, k]| i + 6 * (j + 5 * k)).to_vec();
        let m = MaskRuns::of_voxels(&flat, size).expect("painted");
        assert_eq!((m.origin_ijk, m.size_ijk), ([2, 1, 1], [3, 3, 2]));
        assert_eq!(m.runs, [0, 2, 1, 1, 13, 1]);
        assert_eq!(m.count_in([6, 5, 4]), Ok(4));
        assert_eq!(m.voxels([6, 5, 4]).expect("fits"), flat);
        assert_eq!(MaskRuns::of_voxels(&[], size), None);
    }

    #[test]
    fn masks_that_do_not_fit_are_refused() {
        let good = MaskRuns { size_ijk: [2, 2, 1], origin_ijk: [1, 1, 0], runs: vec![1, 3] };
        assert_eq!(good.count_in([4, 4, 2]), Ok(3));
        for (what, m) in [
            ("grid", MaskRuns { origin_ijk: [3, 1, 0], ..good.clone() }),
            ("grid", MaskRuns { origin_ijk: [u64::MAX, 1, 0], ..good.clone() }),
            ("grid", MaskRuns { size_ijk: [0, 2, 1], ..good.clone() }),
            ("end with a fill", MaskRuns { runs: vec![1, 2, 1], ..good.clone() }),
            ("beyond", MaskRuns { runs: vec![1, 9], ..good.clone() }),
            ("beyond", MaskRuns { runs: vec![1, u64::MAX], ..good.clone() }),
            ("length 0", MaskRuns { runs: vec![0, 1, 0, 1], ..good.clone() }),
        ] {
            let e = m.count_in([4, 4, 2]).expect_err(what);
            assert!(e.contains(what), "{e}");
        }
    }
}
