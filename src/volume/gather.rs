//! Eight pixels at once, where the processor fetches eight pairs of neighbouring voxels by one instruction (AVX2).
//!
//! The steps are those of the loop for one pixel, in the same order and precision, so the values are equal to the bit on
//! every machine; the tests hold the two against each other.

/// A straight line of samples through a grid whose eight neighbours exist everywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// The first position, Q32.32 voxels.
    pub at: [i64; 3],
    /// From one sample to the next.
    pub step: [i64; 3],
    /// Of the grid, voxels.
    pub size: [usize; 3],
    pub slope: f32,
    pub intercept: f32,
}

#[cfg(target_arch = "x86_64")]
impl Line {
    /// Whether the upper neighbours of `count` samples exist too, and every place in the grid fits 31 bits.
    fn lies_in(&self, voxels: usize, count: usize) -> bool {
        let fits = |a: usize| {
            let ends = [self.at[a], self.at[a] + self.step[a] * (count as i64 - 1)];
            // Along a line a coordinate only rises or only falls: what holds at both ends holds between them.
            ends.iter().all(|p| *p >= 0 && ((p >> 32) as usize) + 1 < self.size[a])
        };
        let all = self.size.iter().product::<usize>();
        all <= voxels && all <= i32::MAX as usize && (0..3).all(fits)
    }
}

/// Trilinear values of 16-bit voxels along a line, in eights; gives how many were written, 0 where this cannot be done.
#[cfg(target_arch = "x86_64")]
pub(super) fn eights<const SIGNED: bool>(data: &[u16], line: &Line, out: &mut [f32]) -> usize {
    let count = out.len() & !7;
    if count == 0 || !std::is_x86_feature_detected!("avx2") || !line.lies_in(data.len(), count) {
        return 0;
    }
    // SAFETY: the processor has AVX2, and every sample's neighbours lie in `data`.
    unsafe { x86::eights::<SIGNED>(data, line, &mut out[..count]) };
    count
}

/// Other processors take the pixels one by one.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn eights<const SIGNED: bool>(_: &[u16], _: &Line, _: &mut [f32]) -> usize {
    0
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Line;
    use std::arch::x86_64::*;

    /// # Safety
    /// AVX2 is there, `line.lies_in(data.len(), out.len())`, and `out` holds whole eights.
    #[target_feature(enable = "avx2")]
    pub unsafe fn eights<const SIGNED: bool>(data: &[u16], line: &Line, out: &mut [f32]) {
        let nx = line.size[0];
        let nxy = nx * line.size[1];
        // Pixels 0, 1, 4, 5 and 2, 3, 6, 7: so taken apart into halves, all eight lie in their order.
        let spread = |a: usize| {
            let p = |n: i64| line.at[a] + line.step[a] * n;
            [_mm256_setr_epi64x(p(0), p(1), p(4), p(5)), _mm256_setr_epi64x(p(2), p(3), p(6), p(7))]
        };
        let mut at = [spread(0), spread(1), spread(2)];
        let turn = line.step.map(|s| _mm256_set1_epi64x(8 * s));
        let (row, layer) = (_mm256_set1_epi32(nx as i32), _mm256_set1_epi32(nxy as i32));
        let (slope, intercept) = (_mm256_set1_ps(line.slope), _mm256_set1_ps(line.intercept));
        for eight in out.chunks_exact_mut(8) {
            let [x, y, z] = [whole(at[0]), whole(at[1]), whole(at[2])];
            let place = _mm256_add_epi32(_mm256_add_epi32(x, _mm256_mullo_epi32(y, row)), _mm256_mullo_epi32(z, layer));
            // SAFETY: both voxels of every pair lie in `data`, as the caller says.
            let pairs =
                |from: usize| unsafe { _mm256_i32gather_epi32::<2>(data.as_ptr().add(from).cast::<i32>(), place) };
            let t = [part(at[0]), part(at[1]), part(at[2])];
            let along = |from: usize| {
                let [low, high] = both::<SIGNED>(pairs(from));
                mix(low, high, t[0])
            };
            let below = mix(along(0), along(nx), t[1]);
            let above = mix(along(nxy), along(nxy + nx), t[1]);
            let value = _mm256_add_ps(_mm256_mul_ps(mix(below, above, t[2]), slope), intercept);
            // SAFETY: eight floats.
            unsafe { _mm256_storeu_ps(eight.as_mut_ptr(), value) };
            for (a, t) in at.iter_mut().zip(turn) {
                *a = [_mm256_add_epi64(a[0], t), _mm256_add_epi64(a[1], t)];
            }
        }
    }

    /// The whole voxels of eight positions.
    #[target_feature(enable = "avx2")]
    fn whole(at: [__m256i; 2]) -> __m256i {
        let [a, b] = at.map(|p| _mm256_castsi256_ps(p));
        _mm256_castps_si256(_mm256_shuffle_ps::<0b11_01_11_01>(a, b))
    }

    /// What eight positions are beyond whole voxels: 24 bits, all that an `f32` holds of a fraction.
    #[target_feature(enable = "avx2")]
    fn part(at: [__m256i; 2]) -> __m256 {
        let [a, b] = at.map(|p| _mm256_castsi256_ps(p));
        let low = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(a, b));
        _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32::<8>(low)), _mm256_set1_ps(1.0 / 16_777_216.0))
    }

    /// The lower and the upper voxels of eight pairs.
    #[target_feature(enable = "avx2")]
    fn both<const SIGNED: bool>(pairs: __m256i) -> [__m256; 2] {
        let (low, high) = if SIGNED {
            (_mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(pairs)), _mm256_srai_epi32::<16>(pairs))
        } else {
            (_mm256_and_si256(pairs, _mm256_set1_epi32(0xffff)), _mm256_srli_epi32::<16>(pairs))
        };
        [_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)]
    }

    #[target_feature(enable = "avx2")]
    fn mix(a: __m256, b: __m256, t: __m256) -> __m256 {
        _mm256_add_ps(a, _mm256_mul_ps(_mm256_sub_ps(b, a), t))
    }
}
