//! Sampled images in space: [`Volume`] (samples + grid + units), how values become grey (VOI), the CPU reslice that is
//! the reference for every picture, and statistics. Volumes are immutable and shared behind `Arc`.

mod colormap;
mod finding;
mod gather;
mod overlay;
mod plane;
mod preset;
mod reslice;
mod samples;
mod sampling;
mod spacing;
mod statistics;
#[cfg(test)]
pub(crate) mod test_volumes;
mod voi;
mod walk;

pub use colormap::{Blend, ColorMap, NODES};
pub use finding::{Finding, FindingCode, Severity, finding_codes};
pub use overlay::{LabelStyle, Labels, overlay};
pub use plane::{Interpolation, Projection, Slab, SlicePlane, SliceView};
pub use preset::{CT_PRESETS, Preset, auto_window, auto_window_of, full_window};
pub use reslice::{picture, reslice, reslice_rows};
pub use samples::{Rescale, Rescales, Samples, SliceSamples};
pub use spacing::SpacingOrigin;
pub use statistics::{Distribution, Statistics, histogram, percentile};
pub use voi::{Shade, Voi};
pub use walk::{HALF, Layer, Layers, ONE, Walk};

use crate::space::{Geometry, VoxelIndex};
use std::sync::Arc;

/// What a series' positions allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A regular grid (also sheared).
    Volume,
    /// Positions are known but not regular; shown at true positions.
    Stack,
    /// A picture without positions: CR, DX, secondary capture. Its grid is the picture's own, not the patient's.
    Projection,
}

/// A window stored in the files or chosen by a reader, PS3.3 C.11.2.1.2.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Window {
    /// Window width, in rescaled units; at least 1 for LINEAR, above 0 otherwise.
    pub width: f64,
    /// Window center, in rescaled units.
    pub center: f64,
    /// How values between become grey.
    pub function: VoiFunction,
    /// Window Center & Width Explanation, where the file has one.
    pub explanation: Option<String>,
}

/// VOI LUT Function (0028,1056).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum VoiFunction {
    #[default]
    Linear,
    LinearExact,
    Sigmoid,
}

/// A look-up table: from rescaled values to output grey (VOI LUT, PS3.3 C.11.2.1.1), or from stored values to units
/// (modality LUT, C.11.1.1.1).
#[derive(Clone, Debug, PartialEq)]
pub struct VoiLut {
    /// The value that the first entry stands for; smaller values take the first entry, larger ones the last.
    pub first_mapped: i32,
    /// Output values; a value beyond the last takes the last.
    pub entries: Vec<u16>,
    /// Bits of an output value: the brightest possible is `2^bits - 1`.
    pub bits: u8,
    /// LUT Explanation, where the file has one.
    pub explanation: Option<String>,
}

/// How one slice (frame) of a series wants to be seen, from its own file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SliceVoi {
    /// Windows in the file's order.
    pub windows: Vec<Window>,
    /// The VOI LUTs; they come before windows.
    pub luts: Vec<Arc<VoiLut>>,
}

/// An image in memory. Shape: `geometry.size()` = (columns, rows, slices); samples run columns fastest, then rows, then slices.
#[derive(Clone, Debug)]
pub struct Volume {
    /// The grid. Of a [`Kind::Projection`] it is the picture's own plane, with pixel spacing where known, else 1 mm.
    pub geometry: Geometry,
    /// What the positions allow.
    pub kind: Kind,
    /// Stored samples.
    pub samples: Samples,
    /// From stored samples to units, for all slices or each.
    pub rescales: Rescales,
    /// Unit of the rescaled values: `HU`, `US` (unspecified), ….
    pub units: String,
    /// MONOCHROME1: the smallest value is shown white.
    pub inverted: bool,
    /// Windows and VOI LUTs of each slice; one entry for all when they agree.
    pub voi: Vec<SliceVoi>,
    /// The stored value(s) that stand for "no data", as a closed range, when the file names one.
    pub padding: Option<(i32, i32)>,
}

impl Volume {
    /// Rescaled value of one voxel, `f64` arithmetic: stored × slope + intercept (PS3.3 C.11.1).
    pub fn value(&self, at: VoxelIndex) -> f64 {
        self.rescales.of_slice(at.0[2]).apply(self.samples.get(at.flat(self.geometry.size())))
    }

    /// (columns, rows, slices).
    pub fn size(&self) -> [usize; 3] {
        self.geometry.size()
    }

    /// The windows and LUTs of slice `k`.
    pub fn slice_voi(&self, k: usize) -> Option<&SliceVoi> {
        if self.voi.len() == 1 { self.voi.first() } else { self.voi.get(k) }
    }
}
