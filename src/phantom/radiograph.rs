//! The lateral radiograph: attenuation summed along rays from a focal spot to a flat detector, logarithm, quantum noise,
//! the mild equalisation that radiography systems apply.

use super::math::{exp, gaussian, hash, lerp, ln};
use super::picture::{blur, box_mean};
use super::scene::Phantom;
use crate::space::DVec3;
use rayon::prelude::*;

/// The X-ray set-up: the left shoulder at the detector, the beam from right to left.
#[derive(Clone, Copy, Debug)]
pub struct Radiograph {
    /// Pixels across and down.
    pub size: [usize; 2],
    /// Pixel pitch on the detector, ImagerPixelSpacing (0018,1164), mm.
    pub pitch_mm: f64,
    /// DistanceSourceToDetector (0018,1110), mm.
    pub source_to_detector_mm: f64,
    /// DistanceSourceToPatient (0018,1111), to the mid-sagittal plane, mm.
    pub source_to_patient_mm: f64,
    /// The point of the mid-sagittal plane in the picture's middle: y and z.
    pub centre: [f64; 2],
}

/// Half the width that is sampled finely; beyond it only shoulders, jaw and ribs remain.
const FINE_HALF_WIDTH: f64 = 50.0;
const FINE_STEP: f64 = 1.25;
const COARSE_REACH: f64 = 190.0;
const COARSE_STEP: f64 = 5.0;
/// The coarse part is sampled at every fourth pixel.
const COARSE_PIXELS: usize = 4;
/// Photons that reach a pixel of the bare detector.
const PHOTONS: f64 = 50_000.0;
/// Scattered radiation as a share of the bare beam.
const SCATTER: f64 = 0.004;

impl Radiograph {
    /// The set-up of the sample.
    pub const SAMPLE: Radiograph = Radiograph {
        size: [720, 880],
        pitch_mm: 0.28,
        source_to_detector_mm: 1800.0,
        source_to_patient_mm: 1550.0,
        centre: [-2.0, 14.0],
    };

    /// Point at depth `x` of the ray to a pixel; columns run backward, rows down.
    fn on_ray(&self, column: f64, row: f64, x: f64) -> DVec3 {
        let shrink = (self.source_to_patient_mm + x) / self.source_to_detector_mm;
        let across = (column - 0.5 * (self.size[0] as f64 - 1.0)) * self.pitch_mm;
        let down = (row - 0.5 * (self.size[1] as f64 - 1.0)) * self.pitch_mm;
        DVec3::new(x, self.centre[0] + across * shrink, self.centre[1] - down * shrink)
    }

    /// (column, row) of the pixel centre that a patient point falls on.
    pub fn pixel_from_patient(&self, p: DVec3) -> [f64; 2] {
        let shrink = (self.source_to_patient_mm + p.x) / self.source_to_detector_mm * self.pitch_mm;
        let middle = |n: usize| 0.5 * (n as f64 - 1.0);
        [(p.y - self.centre[0]) / shrink + middle(self.size[0]), (self.centre[1] - p.z) / shrink + middle(self.size[1])]
    }

    /// The finished picture, 12 bits, bone bright, columns fastest.
    pub fn picture(&self, phantom: &Phantom) -> Vec<u16> {
        let columns = self.size[0];
        let mut sums = self.line_integrals(phantom);
        // Focal spot and detector blur.
        blur(&mut sums, columns, 0.12);
        let dose = |(n, sum): (usize, &f64)| {
            let reaching = exp(-sum) + SCATTER;
            let noise = gaussian(0xD0, (n % columns) as i64, (n / columns) as i64, 0) / (PHOTONS * reaching).sqrt();
            -ln(reaching * (1.0 + noise).max(0.05))
        };
        let log: Vec<f64> = sums.par_iter().enumerate().map(dose).collect();
        let broad = box_mean(&box_mean(&log, columns, 45), columns, 45);
        let grey = |(v, b): (&f64, &f64)| (200.0 + 900.0 * (v - 0.62 * b)).round().clamp(0.0, 4095.0) as u16;
        log.iter().zip(&broad).map(grey).collect()
    }

    /// Attenuation summed along each pixel's ray, nepers.
    fn line_integrals(&self, phantom: &Phantom) -> Vec<f64> {
        let coarse = self.coarse(phantom);
        let columns = self.size[0];
        let one = |n: usize| {
            let (column, row) = (n % columns, n / columns);
            coarse.at(column, row) + self.fine(phantom, column, row)
        };
        (0..columns * self.size[1]).into_par_iter().map(one).collect()
    }

    fn fine(&self, phantom: &Phantom, column: usize, row: usize) -> f64 {
        let steps = (2.0 * FINE_HALF_WIDTH / FINE_STEP) as usize;
        let jitter = (hash(0xAF, column as i64, row as i64, 0) >> 40) as f64 / 16_777_216.0;
        let at = |n: usize| self.on_ray(column as f64, row as f64, -FINE_HALF_WIDTH + (n as f64 + jitter) * FINE_STEP);
        (0..steps).map(|n| phantom.attenuation(at(n)) * FINE_STEP).sum()
    }

    /// The outer parts of the patient on a quarter of the pixels.
    fn coarse(&self, phantom: &Phantom) -> Coarse {
        let size = self.size.map(|n| n.div_ceil(COARSE_PIXELS) + 1);
        let steps = ((COARSE_REACH - FINE_HALF_WIDTH) / COARSE_STEP) as usize;
        let one = |n: usize| {
            let (column, row) = ((n % size[0] * COARSE_PIXELS) as f64, (n / size[0] * COARSE_PIXELS) as f64);
            let jitter = (hash(0xA0, n as i64, 0, 0) >> 40) as f64 / 16_777_216.0;
            let depth = |k: usize| FINE_HALF_WIDTH + (k as f64 + jitter) * COARSE_STEP;
            let both = |x: f64| [x, -x].map(|x| phantom.attenuation(self.on_ray(column, row, x))).iter().sum::<f64>();
            (0..steps).map(|k| both(depth(k)) * COARSE_STEP).sum()
        };
        let mut sums: Vec<f64> = (0..size[0] * size[1]).into_par_iter().map(one).collect();
        (0..2).for_each(|_| blur(&mut sums, size[0], 0.25));
        Coarse { columns: size[0], sums }
    }
}

/// Sums on a coarse grid, read with bilinear blending.
struct Coarse {
    columns: usize,
    sums: Vec<f64>,
}

impl Coarse {
    fn at(&self, column: usize, row: usize) -> f64 {
        let (c, r) = (column / COARSE_PIXELS, row / COARSE_PIXELS);
        let part = |n: usize| (n % COARSE_PIXELS) as f64 / COARSE_PIXELS as f64;
        let value = |c: usize, r: usize| self.sums[r * self.columns + c];
        let line = |r: usize| lerp(value(c, r), value(c + 1, r), part(column));
        lerp(line(r), line(r + 1), part(row))
    }
}

impl Phantom {
    /// Linear attenuation at a point, 1/mm.
    fn attenuation(&self, p: DVec3) -> f64 {
        let matter = self.matter(p);
        matter.tissue.attenuation_per_mm(matter.hu)
    }
}
