//! From rescaled values to grey: windows and VOI LUTs as PS3.3 C.11.2.1 defines them, and MONOCHROME1's inversion.
//!
//! Grey is continuous 0…255 until [`Shade`] rounds it to the nearest level. Values that are not a number are black.

use super::{SliceVoi, VoiFunction, VoiLut, Window};
use std::sync::Arc;

/// Slope of a step, for LINEAR of width 1: steep enough that any value above the threshold is white, small enough for `f32`.
const STEP: f64 = 1e30;

impl Window {
    /// A LINEAR window, as a reader or a preset gives it.
    pub fn linear(width: f64, center: f64) -> Self {
        Self { width, center, function: VoiFunction::Linear, explanation: None }
    }

    /// The window that shows `low` black and `high` white.
    pub fn spanning(low: f64, high: f64) -> Self {
        let width = (high - low).max(0.0);
        if width >= 1.0 {
            return Self::linear(width + 1.0, (low + high) / 2.0 + 0.5);
        }
        let function = VoiFunction::LinearExact;
        Self { width: width.max(1e-6), center: (low + high) / 2.0, function, explanation: None }
    }

    /// Where grey leaves black and what one unit adds, as a fraction of white, for the two linear functions.
    ///
    /// LINEAR (C.11.2.1.2.1) is `((x − (c − 0.5)) / (w − 1) + 0.5)`, LINEAR_EXACT (C.11.2.1.3.2) `((x − c) / w + 0.5)`.
    /// LINEAR asks for a width of at least 1; a narrower one is read as LINEAR_EXACT.
    pub fn ramp(&self) -> (f64, f64) {
        let per_unit = |w: f64| if w > 0.0 { (1.0 / w).min(STEP) } else { STEP };
        if self.function == VoiFunction::Linear && self.width >= 1.0 {
            let w = self.width - 1.0;
            (self.center - 0.5 - w / 2.0, per_unit(w))
        } else {
            (self.center - self.width.max(0.0) / 2.0, per_unit(self.width))
        }
    }

    /// Continuous grey 0…255 of a rescaled value.
    pub fn grey(&self, value: f64) -> f64 {
        let fraction = match self.function {
            // C.11.2.1.3.1
            VoiFunction::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - self.center) / self.width.max(1e-30)).exp()),
            VoiFunction::Linear | VoiFunction::LinearExact => {
                let (low, per_unit) = self.ramp();
                (value - low) * per_unit
            }
        };
        if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) * 255.0 }
    }
}

impl VoiLut {
    /// Continuous grey 0…255 of a rescaled value: the entry of the nearest whole number, C.11.2.1.1.
    pub fn grey(&self, value: f64) -> f64 {
        let last = self.entries.len().saturating_sub(1) as f64;
        let at = (value + 0.5).floor() - f64::from(self.first_mapped);
        let entry = self.entries.get(at.clamp(0.0, last.max(0.0)) as usize).copied().unwrap_or(0);
        if value.is_nan() { 0.0 } else { (f64::from(entry) / self.brightest()).min(1.0) * 255.0 }
    }

    fn brightest(&self) -> f64 {
        f64::from(self.bits.clamp(1, 16)).exp2() - 1.0
    }
}

/// How values become grey: a window or a look-up table.
#[derive(Clone, Debug, PartialEq)]
pub enum Voi {
    /// A window.
    Window(Window),
    /// A VOI LUT.
    Lut(Arc<VoiLut>),
}

impl Voi {
    /// What a slice's own file asks for first: its VOI LUT, else its first window.
    pub fn of_slice(slice: &SliceVoi) -> Option<Voi> {
        let lut = slice.luts.iter().find(|l| !l.entries.is_empty()).cloned().map(Voi::Lut);
        lut.or_else(|| slice.windows.first().cloned().map(Voi::Window))
    }

    /// Continuous grey 0…255 of a rescaled value.
    pub fn grey(&self, value: f64) -> f64 {
        match self {
            Voi::Window(w) => w.grey(value),
            Voi::Lut(l) => l.grey(value),
        }
    }
}

/// The last two steps to the screen: VOI, then inversion where the image is MONOCHROME1.
#[derive(Clone, Debug, PartialEq)]
pub struct Shade {
    /// How values become grey.
    pub voi: Voi,
    /// The smallest value is white.
    pub inverted: bool,
}

impl Shade {
    /// The grey level of a rescaled value; a value that is not a number is outside the image, and black.
    pub fn level(&self, value: f64) -> u8 {
        if value.is_nan() {
            return 0;
        }
        let grey = (self.voi.grey(value) + 0.5) as u8;
        if self.inverted { 255 - grey } else { grey }
    }

    /// Grey levels of a row of values, not-a-number black.
    pub fn row(&self, values: &[f32], out: &mut [u8]) {
        match &self.voi {
            Voi::Window(w) if w.function != VoiFunction::Sigmoid => {
                let (low, per_unit) = w.ramp();
                ramp_row(values, low as f32, (per_unit * 255.0) as f32, self.inverted, out);
            }
            _ => {
                for (v, o) in values.iter().zip(out) {
                    *o = self.level(f64::from(*v));
                }
            }
        }
    }
}

fn ramp_row(values: &[f32], low: f32, per_unit: f32, inverted: bool, out: &mut [u8]) {
    for (&v, o) in values.iter().zip(out) {
        let grey = (((v - low) * per_unit).clamp(0.0, 255.0) + 0.5) as i32;
        let outside = v.is_nan();
        *o = if outside { 0 } else { (if inverted { 255 - grey } else { grey }) as u8 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(function: VoiFunction, width: f64, center: f64) -> Window {
        Window { width, center, function, explanation: None }
    }

    /// The pseudo-code of PS3.3 C.11.2.1.2.1 and C.11.2.1.3.2, word for word, output range 0…255.
    fn standard(function: VoiFunction, w: f64, c: f64, x: f64) -> f64 {
        match function {
            VoiFunction::Linear if x <= c - 0.5 - (w - 1.0) / 2.0 => 0.0,
            VoiFunction::Linear if x > c - 0.5 + (w - 1.0) / 2.0 => 255.0,
            VoiFunction::Linear => ((x - (c - 0.5)) / (w - 1.0) + 0.5) * 255.0,
            VoiFunction::LinearExact if x <= c - w / 2.0 => 0.0,
            VoiFunction::LinearExact if x > c + w / 2.0 => 255.0,
            VoiFunction::LinearExact => ((x - c) / w + 0.5) * 255.0,
            VoiFunction::Sigmoid => 255.0 / (1.0 + (-4.0 * (x - c) / w).exp()),
        }
    }

    #[test]
    fn windows_follow_the_standard_on_both_sides_of_every_edge() {
        for f in [VoiFunction::Linear, VoiFunction::LinearExact, VoiFunction::Sigmoid] {
            for (w, c) in [(1800.0, 400.0), (400.0, 40.0), (12.0, 400.0), (3.5, 401.25), (2.0, 7.0), (1.0, 400.5)] {
                for n in -4000..6000 {
                    let x = f64::from(n) * 0.25;
                    let (got, want) = (window(f, w, c).grey(x), standard(f, w, c, x));
                    assert!((got - want).abs() < 1e-9, "{f:?} {w}/{c} at {x}: {got}, the standard says {want}");
                }
            }
        }
    }

    #[test]
    fn linear_of_width_one_is_a_step_that_includes_its_threshold_in_the_black() {
        let w = Window::linear(1.0, 100.0);
        assert_eq!((w.grey(99.5), w.grey(99.500001), w.grey(98.0)), (0.0, 255.0, 0.0));
    }

    #[test]
    fn a_lut_clamps_at_both_ends_and_uses_its_whole_range() {
        let lut = VoiLut { first_mapped: -10, entries: vec![0, 100, 1023], bits: 10, explanation: None };
        let greys = [-500.0, -10.4, -9.0, -8.5, 900.0].map(|v| lut.grey(v));
        assert_eq!(greys, [0.0, 0.0, 100.0 / 1023.0 * 255.0, 255.0, 255.0]);
        let empty = VoiLut { first_mapped: 0, entries: vec![], bits: 0, explanation: None };
        assert_eq!(empty.grey(3.0), 0.0);
    }

    #[test]
    fn rows_equal_single_levels_and_what_is_no_number_is_black_even_inverted() {
        let values: Vec<f32> = (-700..700).map(|n| n as f32 * 0.5).chain([f32::NAN, f32::MAX, f32::MIN]).collect();
        for f in [VoiFunction::Linear, VoiFunction::LinearExact, VoiFunction::Sigmoid] {
            for (inverted, width) in [(false, 400.0), (true, 80.0), (false, 1.0)] {
                let shade = Shade { voi: Voi::Window(window(f, width, 40.0)), inverted };
                let mut row = vec![9; values.len()];
                shade.row(&values, &mut row);
                for (v, got) in values.iter().zip(row) {
                    assert!(got.abs_diff(shade.level(f64::from(*v))) <= 1, "{f:?} width {width} at {v}");
                    assert!(!v.is_nan() || got == 0);
                }
            }
        }
    }

    #[test]
    fn a_file_s_lut_comes_before_its_windows() {
        let lut = VoiLut { first_mapped: 0, entries: vec![1, 2], bits: 8, explanation: None };
        let both = SliceVoi { windows: vec![Window::linear(400.0, 40.0)], luts: vec![Arc::new(lut)] };
        assert!(matches!(Voi::of_slice(&both), Some(Voi::Lut(_))));
        let window_only = SliceVoi { luts: vec![], ..both };
        assert_eq!(Voi::of_slice(&window_only), Some(Voi::Window(Window::linear(400.0, 40.0))));
        assert_eq!(Voi::of_slice(&SliceVoi::default()), None);
    }

    #[test]
    fn a_spanning_window_ends_at_its_two_values() {
        for (low, high) in [(-100.0, 900.0), (0.0, 1.0), (0.2, 0.4), (5.0, 5.0)] {
            let w = Window::spanning(low, high);
            assert!(w.grey(low) < 128.0 && (high - low < 1e-6 || w.grey(low) < 1e-6), "{low}…{high}");
            assert!(high == low || (w.grey(high) - 255.0).abs() < 1e-6, "{low}…{high}: {}", w.grey(high));
        }
    }
}
