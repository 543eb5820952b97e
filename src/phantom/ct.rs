//! The sagittal CT series: partial volume, the scanner's blur, correlated noise, whole Hounsfield units.

use super::lesion::{self, LESIONS};
use super::math::{gaussian, noise};
use super::picture::{Subsamples, blur, subsample, voxel_mean};
use super::scene::{Matter, Phantom};
use super::tissue::Tissue;
use crate::space::{DVec3, Geometry, GeometryError, PatientPoint, VoxelIndex, VoxelPoint};
use rayon::prelude::*;

/// Standard deviation of the noise in the finished picture, HU.
const NOISE_HU: f64 = 15.0;
const SUBSAMPLES: Subsamples = [2, 2, 6];

/// The grid of the CT series: sagittal slices, 0.6 mm pixels, 1.5 mm apart. Columns run backward, rows down, slices to
/// the patient's right.
///
/// # Errors
/// Never in practice: the numbers are constants.
pub fn ct_geometry() -> Result<Geometry, GeometryError> {
    let steps = [DVec3::Y * 0.6, DVec3::NEG_Z * 0.6, DVec3::NEG_X * 1.5];
    let first = PatientPoint::ORIGIN.moved(DVec3::new(0.75 + 1.5 * 21.0, -88.0, 117.0));
    Geometry::regular(first, steps, [288, 352, 44])
}

/// CT value of the matter at a point, with its texture.
fn textured_hu(matter: Matter, p: DVec3) -> f64 {
    let strength = matter.tissue.look().texture_hu;
    if strength == 0.0 {
        return matter.hu;
    }
    let grain = match matter.tissue {
        // Trabeculae: finer across than along the load.
        Tissue::Spongy => 0.9 * noise(0x7B, p * DVec3::new(1.05, 1.05, 0.62)) + 0.5 * noise(0x7C, p * 0.36),
        Tissue::Muscle | Tissue::Tongue => noise(0x7D, p * DVec3::new(0.5, 0.5, 0.14)),
        _ => noise(0x7E, p * 0.45),
    };
    matter.hu + strength * grain
}

impl Phantom {
    /// One slice of a CT series in HU, columns fastest. Every slice can be made alone.
    pub fn ct_slice(&self, geometry: &Geometry, slice: usize) -> Vec<i16> {
        let [columns, rows, _] = geometry.size();
        let value = |flat: usize| {
            voxel_mean([flat % columns, flat / columns, slice], SUBSAMPLES, |at| {
                let p = geometry.patient_from_voxel(VoxelPoint(at)).vec();
                let matter = self.matter(p);
                (matter.tissue, textured_hu(matter, p))
            })
        };
        let mut hu: Vec<f64> = (0..columns * rows).into_par_iter().map(value).collect();
        blur(&mut hu, columns, 0.15);
        let grain = |n: usize| gaussian(0xC7, (n % columns) as i64, (n / columns) as i64, slice as i64);
        let mut grain: Vec<f64> = (0..columns * rows).map(grain).collect();
        // Smoothed along and across with [0.2, 0.6, 0.2], which leaves 0.44 of the spread.
        blur(&mut grain, columns, 0.2);
        let add = |(v, g): (&f64, &f64)| (v + NOISE_HU / 0.44 * g).round().clamp(-1024.0, 3071.0) as i16;
        hu.iter().zip(&grain).map(add).collect()
    }

    /// The voxels of each lesion (in the order of [`LESIONS`]) on a grid: those that it fills by half or more. Flat
    /// indices, ascending.
    pub fn lesion_voxels(&self, geometry: &Geometry) -> Vec<Vec<usize>> {
        (0..LESIONS.len()).map(|n| self.voxels_of_lesion(geometry, n)).collect()
    }

    fn voxels_of_lesion(&self, geometry: &Geometry, index: usize) -> Vec<usize> {
        let level = LESIONS[index].level;
        let Some(v) = self.vertebra(level) else { return Vec::new() };
        let middle = v.frame.patient_from_local(lesion::middle(level));
        let count = SUBSAMPLES.iter().product::<usize>();
        let size = geometry.size();
        let filled = |flat: &usize| {
            let voxel = VoxelIndex::from_flat(*flat, size);
            if geometry.patient_from_voxel(voxel.center()).vec().distance(middle) > lesion::reach_mm(level) {
                return false;
            }
            let inside = |n: &usize| {
                let p = geometry.patient_from_voxel(VoxelPoint(subsample(voxel.0, SUBSAMPLES, *n)));
                usize::from(self.matter(p.vec()).lesion) == index + 1
            };
            2 * (0..count).filter(inside).count() >= count
        };
        (0..size.iter().product::<usize>()).into_par_iter().filter(filled).collect()
    }
}
