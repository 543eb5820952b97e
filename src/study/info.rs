//! The document that `info --json` prints: plain data, so that its JSON Schema comes from the same types.

use super::series::{Scan, Series};
use crate::volume::{Finding, Kind, Window};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// What was found under the paths given.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "spondyl info", rename = "InfoDocument")]
pub struct InfoDocument {
    /// Name and version of this format.
    pub schema: InfoSchema,
    /// Image series, each one regular grid, stack or set of pictures, in a fixed order.
    pub series: Vec<SeriesInfo>,
    /// Files that are not shown as images, and why.
    pub skipped: Vec<Skipped>,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum InfoSchema {
    /// The first version.
    #[serde(rename = "spondyl-info/1")]
    V1,
}

/// The anatomical plane in which the slices were acquired; `oblique` from 20 degrees off the nearest plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Orientation {
    Axial,
    Sagittal,
    Coronal,
    Oblique,
}

/// One image series (or one part of a series that had to be split).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesInfo {
    /// Its number in this list; `--series` takes it.
    pub index: usize,
    /// StudyInstanceUID (0020,000D).
    pub study_instance_uid: Option<String>,
    /// SeriesInstanceUID (0020,000E).
    pub series_instance_uid: Option<String>,
    /// FrameOfReferenceUID (0020,0052).
    pub frame_of_reference_uid: Option<String>,
    /// Modality (0008,0060).
    pub modality: Option<String>,
    /// SeriesDescription (0008,103E), and what sets this part apart where a series was split.
    pub description: Option<String>,
    /// SeriesNumber (0020,0011).
    pub series_number: Option<i64>,
    /// What the positions allow.
    pub kind: Kind,
    /// The plane of the acquired slices; null without positions.
    pub orientation: Option<Orientation>,
    /// Columns, rows, frames.
    pub size: [usize; 3],
    /// Lengths of the steps to the next column, row and slice in millimetres; null where unknown.
    pub spacing_mm: [Option<f64>; 3],
    /// Centre of the first voxel in LPS millimetres; null without positions.
    pub origin_mm: Option<[f64; 3]>,
    /// LPS unit vectors of the steps to the next column, row and slice; null without positions.
    pub direction: Option<[[f64; 3]; 3]>,
    /// Positions of all slices along the slice normal in millimetres, where they are not regular.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice_positions_mm: Option<Vec<f64>>,
    /// Unit of the rescaled values: `HU`, `US` (unspecified), ….
    pub units: Option<String>,
    /// TransferSyntaxUIDs (0002,0010) of the files.
    pub transfer_syntaxes: Vec<String>,
    /// How many files the frames come from.
    pub files: usize,
    /// How many frames there are.
    pub frames: usize,
    /// The distinct windows stored in the files, in slice order.
    pub windows: Vec<Window>,
    /// What is odd.
    pub findings: Vec<Finding>,
    /// Figures of the rescaled values, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voxels: Option<VoxelFigures>,
}

/// Figures of all values after the modality transform.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoxelFigures {
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean value.
    pub mean: f64,
    /// SHA-256 of the values as little-endian 32-bit floats, columns fastest, then rows, then slices.
    pub sha256: String,
}

/// A file that is not shown as an image.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The path as the user gave it, or below a folder that the user gave.
    pub path: String,
    /// A sentence: what it is, found and expected.
    pub reason: String,
    /// The kind of reason; a stable word for programs.
    pub code: SkipCode,
}

/// Why a file is not shown as an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SkipCode {
    /// It holds a DICOM object without pixels to show here: structured report, segmentation, contours, directory, ….
    NotAnImage,
    /// It is not a DICOM file.
    NotDicom,
    /// It is an archive; its files are looked at.
    Archive,
    /// It is not a regular file: a device, pipe, socket, or a link to one.
    NotAFile,
    /// It cannot be read.
    Unreadable,
    /// It ends too early to be of use.
    Truncated,
    /// A header value that is needed is missing or makes no sense.
    BadValue,
    /// Its encoding is one that cannot be decoded here.
    UnsupportedSyntax,
    /// The same instance was already read from another file.
    Duplicate,
    /// Something that it refers to is missing or lies outside its folder.
    BadReference,
}

impl InfoDocument {
    /// What a scan found.
    pub fn of(scan: &Scan) -> Self {
        Self {
            schema: InfoSchema::V1,
            series: scan.series.iter().map(SeriesInfo::of).collect(),
            skipped: scan.skipped.clone(),
        }
    }
}

impl SeriesInfo {
    fn of(series: &Series) -> Self {
        let filled = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        let syntaxes: BTreeSet<&str> = series.frames.iter().map(|f| &*f.instance.syntax_uid).collect();
        Self {
            index: series.index,
            study_instance_uid: filled(&series.study_instance_uid),
            series_instance_uid: filled(&series.series_instance_uid),
            frame_of_reference_uid: filled(&series.frame_of_reference_uid),
            modality: filled(&series.modality),
            description: filled(&series.description),
            series_number: series.series_number,
            kind: series.kind,
            orientation: series.orientation(),
            size: series.size(),
            spacing_mm: series.spacing_mm,
            origin_mm: series.is_located().then(|| series.geometry.origin().vec().to_array()),
            direction: series.is_located().then(|| series.geometry.directions().map(|d| d.to_array())),
            slice_positions_mm: series.slice_positions_mm(),
            units: filled(&series.units),
            transfer_syntaxes: syntaxes.into_iter().map(str::to_owned).collect(),
            files: series.files().len(),
            frames: series.frames.len(),
            windows: series.windows(),
            findings: series.findings.clone(),
            voxels: None,
        }
    }
}

/// The JSON Schema (draft 2020-12) of [`InfoDocument`] as it is printed.
pub fn info_schema() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<InfoDocument>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_demands_every_field_and_refuses_others() {
        let schema = info_schema().to_value();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], serde_json::json!(["schema", "series", "skipped"]));
        let series = &schema["$defs"]["SeriesInfo"];
        assert_eq!(series["additionalProperties"], false);
        let required = series["required"].as_array().unwrap();
        assert!(required.iter().any(|r| r == "origin_mm") && !required.iter().any(|r| r == "voxels"));
    }
}
