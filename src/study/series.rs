//! What a scan finds: series of frames in space, without their pixels.

use super::info::{Orientation, Skipped};
use super::instance::Instance;
use crate::space::{Geometry, Plane};
use crate::volume::{Finding, Kind, Rescale, SliceVoi, SpacingOrigin, Window};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;

/// Everything found under the paths given.
#[derive(Debug, Default)]
pub struct Scan {
    /// Image series in a fixed order; [`Series::index`] is the place in this list.
    pub series: Vec<Series>,
    /// Files that are not shown as images, and why.
    pub skipped: Vec<Skipped>,
}

/// One frame of one file.
#[derive(Clone, Debug)]
pub struct FrameRef {
    /// The file.
    pub instance: Arc<Instance>,
    /// Its place among the file's frames, from 0.
    pub frame: usize,
}

impl FrameRef {
    pub(super) fn facts(&self) -> &super::frame::FrameFacts {
        &self.instance.frames[self.frame]
    }

    /// The file, for people.
    pub fn file(&self) -> &str {
        &self.instance.source.shown
    }

    /// SOPInstanceUID (0008,0018) of the file; empty when it has none.
    pub fn sop_instance_uid(&self) -> &str {
        &self.instance.sop_instance
    }

    /// The frame's number from 1 in a file of several frames; `None` in a file of one.
    pub fn frame_number(&self) -> Option<u32> {
        (self.instance.frames.len() > 1).then(|| self.facts().number + 1)
    }

    /// From stored values to units; the identity where a modality LUT does that.
    pub fn rescale(&self) -> Rescale {
        if self.facts().modality_lut.is_some() { Rescale::IDENTITY } else { self.facts().rescale }
    }

    /// How the frame wants to be seen.
    pub fn voi(&self) -> &Arc<SliceVoi> {
        &self.facts().voi
    }
}

/// One regular grid, stack or set of pictures: a whole series, or the part of one that belongs together.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its place in the scan's list.
    pub index: usize,
    /// StudyInstanceUID (0020,000D).
    pub study_instance_uid: String,
    /// SeriesInstanceUID (0020,000E).
    pub series_instance_uid: String,
    /// FrameOfReferenceUID (0020,0052).
    pub frame_of_reference_uid: String,
    /// Modality (0008,0060).
    pub modality: String,
    /// SeriesDescription (0008,103E), and what sets this part apart.
    pub description: String,
    /// SeriesNumber (0020,0011).
    pub series_number: Option<i64>,
    /// StudyDate (0008,0020), to tell earlier studies from later ones; it is never written anywhere.
    pub study_date: String,
    /// What the positions allow.
    pub kind: Kind,
    /// The grid; of a [`Kind::Projection`] its own plane, not the patient's.
    pub geometry: Geometry,
    /// Lengths of the steps in millimetres, where they are known.
    pub spacing_mm: [Option<f64>; 3],
    /// Where the spacing of the pixels comes from.
    pub spacing_origin: SpacingOrigin,
    /// Unit of the rescaled values; `US`: unspecified.
    pub units: String,
    /// The frames in slice order.
    pub frames: Vec<FrameRef>,
    /// What is odd.
    pub findings: Vec<Finding>,
}

impl Series {
    /// (columns, rows, frames).
    pub fn size(&self) -> [usize; 3] {
        self.geometry.size()
    }

    /// StudyDate (0008,0020) as a day counted from 1970-01-01; `None` without a date, or where it is none of the calendar.
    pub fn study_day(&self) -> Option<i64> {
        day_number(&self.study_date)
    }

    /// Whether the grid lies in the patient.
    pub fn is_located(&self) -> bool {
        self.kind != Kind::Projection
    }

    /// The plane of the acquired slices; nothing without positions.
    pub fn orientation(&self) -> Option<Orientation> {
        const OBLIQUE_DEG: f64 = 20.0;
        let (plane, off_deg) = Plane::nearest(self.geometry.normal());
        let named = match plane {
            _ if off_deg >= OBLIQUE_DEG => Orientation::Oblique,
            Plane::Axial => Orientation::Axial,
            Plane::Sagittal => Orientation::Sagittal,
            Plane::Coronal => Orientation::Coronal,
        };
        self.is_located().then_some(named)
    }

    /// Where rows and columns of pictures without a place go in the patient, as PatientOrientation (0020,0020) says it:
    /// letters of the directions to the right and down.
    pub fn stored_sides(&self) -> Option<&[Box<str>; 2]> {
        self.frames.first()?.facts().sides.as_ref()
    }

    /// Whether both are of one patient, by PatientID (0010,0020), or PatientName (0010,0010) where there is none; files
    /// that name nobody are of nobody's.
    pub fn has_patient_of(&self, other: &Series) -> bool {
        let of = |s: &Series| s.frames.first().and_then(|f| f.instance.patient);
        of(self).is_some_and(|patient| of(other) == Some(patient))
    }

    /// Positions of all slices along the normal in millimetres, where they are not regular.
    pub fn slice_positions_mm(&self) -> Option<Vec<f64>> {
        let normal = self.geometry.normal();
        Some(self.geometry.slice_origins()?.iter().map(|o| o.vec().dot(normal)).collect())
    }

    /// The distinct windows of all frames in slice order.
    pub fn windows(&self) -> Vec<Window> {
        let mut seen = HashSet::new();
        let key = |w: &Window| (w.width.to_bits(), w.center.to_bits(), w.function, w.explanation.clone());
        let all = self.frames.iter().flat_map(|f| &f.voi().windows);
        all.filter(|w| seen.insert(key(w))).cloned().collect()
    }

    /// The distinct files of the frames, in slice order.
    pub fn files(&self) -> Vec<&str> {
        files_of(&self.frames)
    }

    /// A digest of which images these are and where they lie: SOPInstanceUID and frame number of every slice, and the
    /// grid. It needs no pixels, and does not depend on file names.
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(b"spondyl-image/1\n");
        for frame in &self.frames {
            let number = frame.frame_number().unwrap_or(0);
            digest.update(format!("{}#{number}\n", frame.sop_instance_uid()));
        }
        let [columns, rows, slices] = self.size();
        digest.update(format!("{columns} {rows} {slices}\n"));
        let steps = self.geometry.steps();
        let origins = self.geometry.slice_origins().unwrap_or_default().iter().map(|o| o.vec());
        for vector in [self.geometry.origin().vec()].into_iter().chain(steps).chain(origins) {
            vector.to_array().iter().for_each(|c| digest.update((c + 0.0).to_le_bytes()));
        }
        hex(&digest.finalize())
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The distinct files of frames, in their order.
pub(super) fn files_of(frames: &[FrameRef]) -> Vec<&str> {
    let mut seen = HashSet::new();
    frames.iter().filter(|f| seen.insert(Arc::as_ptr(&f.instance))).map(FrameRef::file).collect()
}

/// The day of a date of eight digits (DA, PS3.5 6.2), counted from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level
/// date algorithms").
fn day_number(date: &str) -> Option<i64> {
    let date = date.trim();
    if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |part: std::ops::Range<usize>| date.get(part)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let last = last.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=*last).contains(&day) {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_days_and_what_is_no_date_does_not() {
        for (date, day) in [
            ("19700101", 0),
            ("19691231", -1),
            ("20000229", 11_016),
            ("20240301", 19_783),
            ("21000301", 47_541),
            (" 20000229 ", 11_016),
        ] {
            assert_eq!(day_number(date), Some(day), "{date}");
        }
        for none in ["", "2000022", "20000230", "21000229", "20001301", "20000001", "2000-2-1", "20000100"] {
            assert_eq!(day_number(none), None, "{none}");
        }
    }
}
