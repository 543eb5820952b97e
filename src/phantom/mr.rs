//! Sagittal T1- and T2-weighted MR series: thick slices, a surface coil's fall-off, Rician noise.

use super::math::{gaussian, noise};
use super::picture::{Subsamples, blur, voxel_mean};
use super::scene::Phantom;
use super::tissue::Tissue;
use crate::space::{DVec3, Geometry, GeometryError, PatientPoint, VoxelPoint};
use rayon::prelude::*;

/// How the MR is weighted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// Fat bright, fluid dark.
    T1,
    /// Fluid bright.
    T2,
}

/// Noise of each of the two receiver channels, in units of signal.
const NOISE: f64 = 9.0;
/// Of the 3.3 mm from slice to slice, 3 mm are excited.
const SUBSAMPLES: Subsamples = [2, 2, 8];
const SLICE_FILL: f64 = 3.0 / 3.3;

/// The grid of both MR series: sagittal, 0.75 mm pixels, 3.3 mm from slice to slice.
///
/// # Errors
/// Never in practice: the numbers are constants.
pub fn mr_geometry() -> Result<Geometry, GeometryError> {
    let steps = [DVec3::Y * 0.75, DVec3::NEG_Z * 0.75, DVec3::NEG_X * 3.3];
    let first = PatientPoint::ORIGIN.moved(DVec3::new(3.3 * 7.0, -93.5, 121.0));
    Geometry::regular(first, steps, [256, 288, 15])
}

impl Phantom {
    /// One slice of an MR series, columns fastest, 12 bits. Every slice can be made alone.
    pub fn mr_slice(&self, geometry: &Geometry, weighting: Weighting, slice: usize) -> Vec<u16> {
        let [columns, rows, _] = geometry.size();
        let value = |flat: usize| {
            voxel_mean([flat % columns, flat / columns, slice], SUBSAMPLES, |mut at| {
                at.z = slice as f64 + (at.z - slice as f64) * SLICE_FILL;
                self.signal(geometry.patient_from_voxel(VoxelPoint(at)).vec(), weighting)
            })
        };
        let mut signal: Vec<f64> = (0..columns * rows).into_par_iter().map(value).collect();
        blur(&mut signal, columns, 0.13);
        let seed = if weighting == Weighting::T1 { 0x71 } else { 0x72 };
        let magnitude = |(n, s): (usize, f64)| {
            let (i, j, k) = ((n % columns) as i64, (n / columns) as i64, slice as i64);
            let (real, imaginary) = (s + NOISE * gaussian(seed, i, j, k), NOISE * gaussian(seed + 16, i, j, k));
            (real * real + imaginary * imaginary).sqrt().round().min(4095.0) as u16
        };
        signal.into_iter().enumerate().map(magnitude).collect()
    }

    fn signal(&self, p: DVec3, weighting: Weighting) -> (Tissue, f64) {
        let matter = self.matter(p);
        let look = matter.tissue.look();
        let mean = if weighting == Weighting::T1 { look.t1 } else { look.t2 };
        let grain = match matter.tissue {
            Tissue::Muscle | Tissue::Tongue => noise(0x81, p * DVec3::new(0.4, 0.4, 0.12)),
            _ => noise(0x82, p * 0.24),
        };
        (matter.tissue, mean * (1.0 + look.texture_mr * grain) * coil(p))
    }
}

/// Sensitivity of a coil behind the neck: strongest near it, weaker in front and at the ends.
fn coil(p: DVec3) -> f64 {
    let depth = (p.y - 60.0) / 150.0;
    let along = (p.z - 15.0) / 190.0;
    1.22 / (1.0 + 0.9 * depth * depth + 1.1 * along * along)
}
