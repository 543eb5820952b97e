//! A cohort for learners: images and label maps of many cases as NIfTI, with the `dataset.json` of nnU-Net v2
//! (documentation/dataset_format.md of its repository) or of the Medical Segmentation Decathlon, which MONAI reads
//! (`load_decathlon_datalist`).

use super::file::{ExportError, write_whole};
use super::json_text;
use super::nifti::LabelImage;
use super::nifti_image::write_image;
use crate::document::{Document, ImageKey, LesionKind};
use crate::volume::{Kind, Volume};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Whose layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CohortStyle {
    /// nnU-Net v2: `imagesTr/case_0000.nii.gz`, `labelsTr/case.nii.gz`.
    NnUnet,
    /// Medical Segmentation Decathlon: `imagesTr/case.nii.gz`, `labelsTr/case.nii.gz`, listed in dataset.json.
    Decathlon,
}

/// What the labels stand for. Learners want classes: the numbers of single lesions mean nothing over several cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CohortLabels {
    /// 1: lesion.
    Lesion,
    /// 1: lytic, 2: blastic, 3: mixed, 4: indeterminate.
    Type,
}

impl CohortLabels {
    fn of(self, kind: LesionKind) -> u16 {
        match self {
            CohortLabels::Lesion => 1,
            CohortLabels::Type => 1 + LesionKind::ALL.iter().position(|k| *k == kind).unwrap_or(0) as u16,
        }
    }

    fn names(self) -> Vec<&'static str> {
        match self {
            CohortLabels::Lesion => vec!["background", "lesion"],
            CohortLabels::Type => {
                std::iter::once("background").chain(LesionKind::ALL.iter().map(|k| k.word())).collect()
            }
        }
    }
}

/// A cohort while it is written.
pub struct Cohort<'a> {
    /// Where.
    pub folder: &'a Path,
    /// In whose layout.
    pub style: CohortStyle,
    /// With which labels.
    pub labels: CohortLabels,
    /// Modality of all cases, from the first on.
    modality: Option<String>,
    cases: Vec<String>,
}

/// The series of a case that learners get: the one with most painted voxels, without any the first that is a volume.
pub fn cohort_image(doc: &Document) -> Option<&ImageKey> {
    let painted = doc.masks.iter().max_by_key(|(_, map)| map.painted().count()).map(|(key, _)| key);
    painted.or_else(|| doc.images.iter().find(|(_, i)| i.kind == Kind::Volume).map(|(key, _)| key))
}

impl<'a> Cohort<'a> {
    /// Begins one; its folders are made.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(folder: &'a Path, style: CohortStyle, labels: CohortLabels) -> Result<Cohort<'a>, ExportError> {
        for part in ["imagesTr", "labelsTr"].map(|part| folder.join(part)) {
            std::fs::create_dir_all(&part).map_err(ExportError::io(&part, "making the folder"))?;
        }
        Ok(Cohort { folder, style, labels, modality: None, cases: Vec::new() })
    }

    /// Adds a case: the series `key` of its document, with its pixels.
    ///
    /// # Errors
    /// [`ExportError::Unfit`] for another modality than that of the cases before and for grids that NIfTI cannot hold;
    /// what the disk says. The case is then not in the cohort.
    pub fn add(&mut self, name: &str, doc: &Document, key: &ImageKey, volume: &Volume) -> Result<(), ExportError> {
        let unfit = |what: String| ExportError::Unfit(what);
        let image = doc.images.get(key).ok_or_else(|| unfit(format!("the case does not know series {}", key.0)))?;
        if let Some(first) = self.modality.as_ref().filter(|m| **m != image.modality) {
            return Err(unfit(format!(
                "its images are {}, those of the cases before {first}; a cohort has one modality",
                image.modality
            )));
        }
        let values: BTreeMap<u16, u16> =
            doc.lesions.values().map(|l| (l.label_value, self.labels.of(l.kind))).collect();
        let channel = if self.style == CohortStyle::NnUnet { "_0000" } else { "" };
        let description = format!("spondyl {name}");
        let pictures = self.folder.join("imagesTr").join(format!("{name}{channel}.nii.gz"));
        write_image(&pictures, key, volume, &description)?;
        let labels =
            LabelImage { key, image, map: doc.masks.get(key), values: &values, description, intent: "LESIONS" };
        labels.write(&self.folder.join("labelsTr").join(format!("{name}.nii.gz")))?;
        self.modality = Some(image.modality.clone());
        self.cases.push(name.to_owned());
        Ok(())
    }

    /// How many cases it has.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Writes `dataset.json`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(&self, name: &str) -> Result<(), ExportError> {
        let modality = self.modality.as_deref().unwrap_or("CT");
        let description = "lesions of the spine, drawn with spondyl; research use only, not for diagnosis";
        let names = self.labels.names();
        let dataset = match self.style {
            CohortStyle::NnUnet => {
                let labels: Map<String, Value> =
                    names.iter().enumerate().map(|(n, l)| ((*l).to_owned(), json!(n))).collect();
                json!({
                    "name": name, "description": description, "channel_names": {"0": modality}, "labels": labels,
                    "numTraining": self.cases.len(), "file_ending": ".nii.gz",
                })
            }
            CohortStyle::Decathlon => {
                let labels: Map<String, Value> =
                    names.iter().enumerate().map(|(n, l)| (n.to_string(), json!(l))).collect();
                let entry = |c: &String| {
                    json!({
                        "image": format!("./imagesTr/{c}.nii.gz"), "label": format!("./labelsTr/{c}.nii.gz"),
                    })
                };
                json!({
                    "name": name, "description": description, "tensorImageSize": "3D", "modality": {"0": modality},
                    "labels": labels, "numTraining": self.cases.len(), "numTest": 0,
                    "training": self.cases.iter().map(entry).collect::<Vec<_>>(), "test": [],
                })
            }
        };
        let text = json_text(&dataset).map_err(|e| ExportError::Unfit(format!("dataset.json: {e}")))?;
        write_whole(&self.folder.join("dataset.json"), &text)
    }
}
