//! A lesion in the case JSON: the reader's attributes under the names that `set` takes, figures, and geometry.

use super::Code;
use crate::anatomy::VertebraLevel;
use crate::assess::BoneReference;
use crate::document::{
    CortexPart, Evidence, Extent, Histology, ImageKey, LesionKind, Margin, MrSignals, Nature, Presence, RecistRole,
    Site, SoftTissue, WbbLayer,
};
use crate::export::MaskRuns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One lesion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LesionRecord {
    /// Its identity for ever, in every export.
    pub id: Uuid,
    /// The same identity as a DICOM UID (PS3.5 B.2), for TrackingUniqueIdentifier (0062,0021).
    pub tracking_uid: String,
    /// The script's handle or the reader's name.
    pub label: String,
    /// Its value in the exported label map, 1…n.
    pub label_value: u16,
    /// The level it was assigned to, under which it stands.
    pub vertebra: VertebraLevel,
    /// Other levels that hold at least 5 % of its voxels.
    pub also_in: Vec<VertebraLevel>,
    /// What it does to bone.
    #[serde(rename = "type")]
    pub kind: LesionKind,
    /// The type as a code; SNOMED CT has none for it, so it is the program's own.
    pub type_code: Code,
    /// How much of the vertebra.
    pub extent: Extent,
    /// Parts involved; empty when not assessed.
    pub sites: Vec<Site>,
    /// Margin (Lodwick 1980).
    pub margin: Margin,
    /// Cortex broken.
    pub cortical_breach: Presence,
    /// Soft tissue beyond the bone.
    pub soft_tissue_component: Presence,
    /// Long axis of the soft-tissue component.
    pub soft_tissue_long_axis_mm: Option<f64>,
    /// Where the cortex is broken; empty when not assessed.
    #[serde(default)]
    pub cortical_breach_at: Vec<CortexPart>,
    /// Where the soft tissue lies; empty when not assessed.
    #[serde(default)]
    pub soft_tissue_at: Vec<SoftTissue>,
    /// Radial zones of Weinstein, Boriani and Biagini, 1…12; empty when not assessed.
    #[serde(default)]
    pub wbb_zones: Vec<u8>,
    /// Their layers; empty when not assessed.
    #[serde(default)]
    pub wbb_layers: Vec<WbbLayer>,
    /// Signals on MR.
    pub mr: MrSignals,
    /// What it is thought to be.
    pub nature: Nature,
    /// The nature as a code, where there is one.
    pub nature_code: Option<Code>,
    /// Tissue.
    pub histology: Histology,
    /// The tissue's diagnosis as a code (SNOMED CT), where it is that of the primary tumour.
    #[serde(default)]
    pub histology_code: Option<Code>,
    /// Role in RECIST 1.1.
    pub recist_role: RecistRole,
    /// Whether it is measurable by RECIST 1.1; null while that is open.
    #[serde(default)]
    pub recist_measurable: Option<bool>,
    /// Why.
    #[serde(default)]
    pub recist_reason: Option<String>,
    /// Spongy bone of the nearest sound levels, which the values are held against; null where none is in the image.
    #[serde(default)]
    pub bone_reference: Option<BoneReference>,
    /// Mean of the lesion minus that of the reference; negative where bone is lost.
    #[serde(default)]
    pub contrast_to_bone: Option<f64>,
    /// What the statements rest on.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// The reader's colour, sRGB.
    pub color: Option<[u8; 3]>,
    /// The reader's remark.
    pub remark: Option<String>,
    /// The reader whose version it is, where it was taken over from another reader.
    #[serde(default)]
    pub taken_from: Option<String>,
    /// Figures on the series with most of its voxels.
    pub measurements: LesionMeasurements,
    /// Outlines and mask on that series.
    pub geometry: LesionGeometry,
    /// The same for further series that it was drawn on.
    pub on_other_images: Vec<LesionOnImage>,
}

impl LesionRecord {
    /// Where it lies on each series, the one with most voxels first.
    pub fn on_images(&self) -> impl Iterator<Item = (&LesionGeometry, &LesionMeasurements)> {
        let others = self.on_other_images.iter().map(|o| (&o.geometry, &o.measurements));
        std::iter::once((&self.geometry, &self.measurements)).chain(others)
    }

    /// Where it lies on a series; `None` where it has no voxels there.
    pub fn on_image(&self, image: &ImageKey) -> Option<&LesionGeometry> {
        self.on_images().map(|(geometry, _)| geometry).find(|g| g.image.as_ref() == Some(image))
    }
}

/// Figures of a mask. Values are in the series' unit; null where the images were not at hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LesionMeasurements {
    /// Voxels times |determinant of the grid's steps|.
    pub volume_mm3: f64,
    /// Number of voxels.
    pub voxels: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation, n − 1.
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// 5th percentile, by linear interpolation.
    pub p5: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// Largest distance between voxel centres within one acquired slice.
    pub long_axis_mm: Option<f64>,
    /// Largest extent at right angles to it in that slice.
    pub short_axis_mm: Option<f64>,
}

/// Where a lesion lies on a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LesionGeometry {
    /// The series; null for a lesion without voxels.
    pub image: Option<ImageKey>,
    /// Closed outlines along voxel edges, slice by slice; by the even-odd rule they hold the mask's voxel centres.
    pub contours: Vec<Contour>,
    /// The mask on the series' grid; null for a lesion without voxels.
    pub mask: Option<MaskRuns>,
}

/// One closed outline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contour {
    /// SOPInstanceUID (0008,0018) of the slice.
    pub sop_instance_uid: String,
    /// Frame from 1; null where the instance has a single frame.
    pub frame: Option<u32>,
    /// Slice of the grid, from 0.
    pub slice: u64,
    /// Whether it bounds a hole.
    pub hole: bool,
    /// Corners; the last joins the first.
    pub points_lps_mm: Vec<[f64; 3]>,
}

/// A lesion on a further series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LesionOnImage {
    /// Figures there.
    pub measurements: LesionMeasurements,
    /// Outlines and mask there.
    pub geometry: LesionGeometry,
}
