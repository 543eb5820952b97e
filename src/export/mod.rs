//! Files for others: one file a format, written whole or not at all, and read back before they count as written.

mod case;
mod check;
mod coco;
mod cohort;
mod contours;
mod deflate;
mod deidentify;
pub mod dicom;
mod figure;
mod file;
mod format;
mod gzip;
mod huffman;
mod layout;
mod made;
mod markups;
mod mask;
mod nifti;
mod nifti_image;
mod owner;
mod page;
mod parquet;
mod stl;
mod surface;
mod tables;
mod verse;
pub(crate) mod words;
mod write;

pub use case::{
    AnnotationSet, BodyRecord, CaseFile, DrawnMeasurement, Grid, ImageRecord, LesionRecord, MeasurementKind,
    SCHEMA_NAME, StudyReading, VertebraRecord, case_file, case_schema,
};
pub use check::{Checked, Problem, check_case_json, read_case_json};
pub use cohort::{Cohort, CohortLabels, CohortStyle, cohort_image};
pub use contours::{Ring, rings};
pub use deidentify::UidKey;
pub use file::{ExportError, Temporary, remove_temporaries, sync_folder, write_whole};
pub use format::Format;
pub use layout::json_text;
pub use mask::{MaskRuns, VOXELS_MAX};
pub use parquet::parquet;
pub use surface::{Facet, surface};
pub use tables::{Table, tables};
pub use words::Words;
pub use write::{Written, export};

use crate::document::{Document, ImageKey};
use crate::volume::Volume;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What is exported: a document, whose it is, and the images at hand.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Identity of the case.
    pub id: Uuid,
    /// What the reader says.
    pub doc: &'a Document,
    /// The reader's pseudonym.
    pub reader: &'a str,
    /// Time that the reader was active, s.
    pub active_seconds: f64,
    /// The images; value statistics of a series that is not here are absent.
    pub volumes: &'a BTreeMap<ImageKey, Arc<Volume>>,
    /// The steps that lead to the document, as JSON Lines.
    pub script: &'a str,
    /// Whether its UIDs stand for others ([`UidKey`]), and then what became of sentences.
    pub deidentified: Option<Words>,
    /// When the document got to where it is, RFC 3339: of the last step that stands, else of the case's birth.
    pub utc: &'a str,
}

#[cfg(test)]
pub(crate) mod tests {
    //! A small case that the tests of this room share.
    use super::*;
    use crate::anatomy::VertebraLevel::{self, *};
    use crate::document::{
        Edit, HeightPoints, ImageIdentity, Lesion, LesionKind, Margin, Measurement, MeasurementShape, Run,
        SliceIdentity, Vertebra,
    };
    use crate::space::{DVec3, Geometry, PatientPoint};
    use crate::volume::{Kind, Rescale, Rescales, Samples, SliceVoi};

    pub struct Sample {
        pub doc: Document,
        pub volumes: BTreeMap<ImageKey, Arc<Volume>>,
        pub script: String,
        pub file: CaseFile,
    }

    impl Sample {
        pub fn case(&self) -> Case<'_> {
            case_of(&self.doc, &self.volumes, &self.script)
        }
    }

    /// The case JSON of a document, without pixels.
    pub fn file_of(doc: &Document) -> CaseFile {
        case_file(&case_of(doc, &BTreeMap::new(), ""))
    }

    fn case_of<'a>(doc: &'a Document, volumes: &'a BTreeMap<ImageKey, Arc<Volume>>, script: &'a str) -> Case<'a> {
        Case {
            id: Uuid::from_u128(0xCA5E),
            doc,
            reader: "reader-1",
            active_seconds: 12.5,
            volumes,
            script,
            deidentified: None,
            utc: "2026-03-04T05:06:07.089Z",
        }
    }

    pub fn identity(geometry: Geometry) -> ImageIdentity {
        let slices = 1..=geometry.size()[2];
        ImageIdentity {
            spacing_origin: Default::default(),
            calibration: None,
            study_instance_uid: "1.2.3".to_owned(),
            series_instance_uid: "1.2.3.4".to_owned(),
            frame_of_reference_uid: Some("1.2.3.9".to_owned()),
            sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            modality: "CT".to_owned(),
            kind: Kind::Volume,
            units: "HU".to_owned(),
            slices: slices.map(|n| SliceIdentity { sop_instance_uid: format!("1.2.3.4.{n}"), frame: None }).collect(),
            geometry,
            fingerprint: "f00d".to_owned(),
            findings: Vec::new(),
        }
    }

    fn p(x: f64, y: f64, z: f64) -> PatientPoint {
        PatientPoint::new(x, y, z).expect("finite")
    }

    fn vertebra(z: f64, height: f64) -> Vertebra {
        let at = |y: f64, h: f64| p(10.0, y, z + h);
        let h = 0.5 * height;
        let heights = HeightPoints {
            sup_ant: at(2.0, h),
            sup_mid: at(8.0, h),
            sup_post: at(14.0, h),
            inf_ant: at(2.0, -h),
            inf_mid: at(8.0, -h),
            inf_post: at(14.0, -h),
        };
        Vertebra { at_mm: Some(p(10.0, 8.0, z)), heights: Some(heights), ..Vertebra::default() }
    }

    fn lesion(label: &str, value: u16, level: VertebraLevel) -> Lesion {
        Lesion { margin: Margin::Permeative3, ..Lesion::new(label.to_owned(), value, level, LesionKind::Lytic) }
    }

    /// C5, C6 and C7 on a tilted CT; lesion `b` (label 1) in C5 and `a` (label 3) in C6 with a hole in one slice.
    pub fn sample() -> Sample {
        let steps = [DVec3::X * 0.9, DVec3::Y * 0.9, DVec3::new(0.0, 0.5, 2.5)];
        let geometry = Geometry::regular(p(-5.0, -8.0, 100.0), steps, [24, 20, 16]).expect("spans space");
        let (mut doc, key) = (Document::default(), ImageKey("1.2.3.4".to_owned()));
        let volume = Volume {
            geometry: geometry.clone(),
            kind: Kind::Volume,
            samples: Samples::I16((0..24 * 20 * 16).map(|n| (n * 37 % 1000) as i16).collect()),
            rescales: Rescales::Uniform(Rescale { slope: 1.0, intercept: -200.0 }),
            units: "HU".to_owned(),
            inverted: false,
            voi: vec![SliceVoi::default()],
            padding: None,
        };
        doc.images.insert(key.clone(), identity(geometry));
        for (level, z, height) in [(C5, 134.0, 12.0), (C6, 118.0, 5.0), (C7, 102.0, 12.0)] {
            doc.vertebrae.insert(level, vertebra(z, height));
        }
        doc.lesions.insert(Uuid::from_u128(2), lesion("b", 1, C5));
        doc.lesions.insert(Uuid::from_u128(1), lesion("a", 3, C6));
        let at = |i: u64, j: u64, k: u64| i + 24 * (j + 20 * k);
        let run = |start, length, label| Run { start, length, label };
        let mut runs = vec![run(at(4, 4, 13), 3, 1), run(at(4, 5, 13), 3, 1)];
        runs.extend((6..11).map(|j| run(at(8, j, 7), 5, 3)));
        runs.push(run(at(10, 8, 7), 1, 0));
        doc.apply(Edit::Mask { image: key.clone(), layer: crate::document::Layer::Lesions, runs })
            .expect("known image");
        let shape = MeasurementShape::Length { points_mm: [p(0.0, 0.0, 100.0), p(3.0, 4.0, 100.0)] };
        let role = crate::document::MeasureRole::CanalAp;
        let drawn = Measurement { label: "canal".to_owned(), shape, image: key.clone(), level: Some(C6), role };
        doc.measurements.insert(Uuid::from_u128(7), drawn);
        let volumes = BTreeMap::from([(key, Arc::new(volume))]);
        let script = "{\"op\":\"undo\"}\n{\"op\":\"redo\"}\n".to_owned();
        let file = case_file(&case_of(&doc, &volumes, &script));
        Sample { doc, volumes, script, file }
    }
}
