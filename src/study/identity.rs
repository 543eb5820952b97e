//! How documents name series: keys, identities, and single slices for small pictures.

use super::privacy::kept_modality;
use super::series::{Scan, Series};
use crate::document::{ImageIdentity, ImageKey, SliceIdentity};
use crate::space::{Geometry, VoxelIndex};
use crate::volume::Finding;

impl Scan {
    /// The name of a series in documents: its SeriesInstanceUID; where one series holds several volumes, `#n` stands
    /// behind it, n from 1 in the order of the list.
    pub fn key_of(&self, series: &Series) -> ImageKey {
        let same = |s: &&Series| s.series_instance_uid == series.series_instance_uid;
        let uid = &series.series_instance_uid;
        match self.series.iter().filter(same).count() {
            0 | 1 => ImageKey(uid.clone()),
            _ => {
                let n = self.series.iter().filter(same).take_while(|s| s.index != series.index).count();
                ImageKey(format!("{uid}#{}", n + 1))
            }
        }
    }
}

impl Series {
    /// What a document keeps of the series: identity and grid, no pixels, no file names.
    pub fn identity(&self) -> ImageIdentity {
        let slice = |f: &super::FrameRef| SliceIdentity {
            sop_instance_uid: f.sop_instance_uid().to_owned(),
            frame: f.frame_number(),
        };
        let frame_of_reference = &self.frame_of_reference_uid;
        ImageIdentity {
            study_instance_uid: self.study_instance_uid.clone(),
            series_instance_uid: self.series_instance_uid.clone(),
            frame_of_reference_uid: (!frame_of_reference.is_empty()).then(|| frame_of_reference.clone()),
            sop_class_uid: self.frames.first().map(|f| f.instance.sop_class.to_string()).unwrap_or_default(),
            modality: kept_modality(&self.modality),
            kind: self.kind,
            spacing_origin: self.spacing_origin,
            calibration: None,
            geometry: self.geometry.clone(),
            units: self.units.clone(),
            slices: self.frames.iter().map(slice).collect(),
            fingerprint: self.fingerprint(),
            findings: self.findings.iter().map(without_files).collect(),
        }
    }

    /// Slice `k` alone, as a series of one frame; `None` when there is no such slice.
    pub fn slice(&self, k: usize) -> Option<Series> {
        let frame = self.frames.get(k)?.clone();
        let [columns, rows, _] = self.size();
        let origin = self.geometry.patient_from_voxel(VoxelIndex([0, 0, k]).center());
        let geometry = Geometry::regular(origin, self.geometry.steps(), [columns, rows, 1]).ok()?;
        Some(Series { frames: vec![frame], geometry, findings: vec![], ..self.clone() })
    }
}

/// A finding that names no file: names of files and folders may be those of patients.
fn without_files(finding: &Finding) -> Finding {
    let mut names: Vec<&str> = finding.files.iter().map(String::as_str).filter(|n| !n.is_empty()).collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let message = names.iter().fold(finding.message.clone(), |m, name| m.replace(name, "a file"));
    Finding { message, files: Vec::new(), ..finding.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{FindingCode, Severity};

    #[test]
    fn findings_lose_their_file_names() {
        let found = Finding {
            code: FindingCode::DuplicatePosition,
            severity: Severity::Note,
            message: "Doe/1.dcm and Doe/11.dcm lie in the same place".to_owned(),
            files: vec!["Doe/1.dcm".to_owned(), "Doe/11.dcm".to_owned()],
            value_mm: Some(0.0),
        };
        let kept = without_files(&found);
        assert_eq!(kept.message, "a file and a file lie in the same place");
        assert!(kept.files.is_empty() && kept.value_mm == Some(0.0));
    }
}
