//! What the header says of each frame: a frame's own functional group first, then the shared one, then the outermost
//! level (DICOM PS3.3 C.7.6.16). A single-frame file is one frame.

use super::attribute::{self as a, Attribute};
use super::dataset::{BadValue, Dataset};
use super::facts::{Facts, numbers};
use super::issue::Issue;
use super::voi;
use crate::volume::{Rescale, Severity, SliceVoi, SpacingOrigin, VoiLut};
use std::sync::Arc;

/// Values that may set apart images which share their positions, in the order in which they are tried.
const SPLITTERS: [Attribute; 18] = [
    a::STACK_ID,
    a::TEMPORAL_INDEX,
    a::TEMPORAL_POSITION,
    a::ACQUISITION_NUMBER,
    a::FRAME_ACQUISITION_NUMBER,
    a::ECHO_TIME,
    a::EFFECTIVE_ECHO_TIME,
    a::ECHO_NUMBERS,
    a::DIFFUSION_B_VALUE,
    a::DIFFUSION_ORIENTATION,
    a::CARDIAC_DELAY,
    a::TRIGGER_TIME,
    a::REPETITION_TIME,
    a::INVERSION_TIME,
    a::FLIP_ANGLE,
    a::IMAGE_TYPE,
    a::ACQUISITION_TIME,
    a::CONTENT_TIME,
];

/// One value that may set a frame apart: its place in the order of trying, its attribute, and the value as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Distinction {
    /// Where it stands in the order of trying.
    pub rank: u16,
    /// The attribute.
    pub attribute: Attribute,
    /// Its value.
    pub value: Box<str>,
}

/// Where and how one frame lies, and what its values mean.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameFacts {
    /// Its number in the file, from 0.
    pub number: u32,
    /// ImagePositionPatient (0020,0032): centre of the first voxel, LPS mm.
    pub position_mm: Option<[f64; 3]>,
    /// ImageOrientationPatient (0020,0037): directions of increasing column and row.
    pub orientation: Option<[f64; 6]>,
    /// PixelSpacing (0028,0030): between rows, between columns.
    pub spacing_mm: Option<[f64; 2]>,
    /// Where that comes from, of a picture without a place.
    pub spacing_origin: SpacingOrigin,
    /// PatientOrientation (0020,0020): where rows and columns go, in letters.
    pub sides: Option<[Box<str>; 2]>,
    /// SpacingBetweenSlices (0018,0088), else SliceThickness (0018,0050).
    pub slice_spacing_mm: Option<f64>,
    /// From stored values to units.
    pub rescale: Rescale,
    /// RescaleType (0028,1054) or what else names the unit.
    pub units: Option<Box<str>>,
    /// The modality LUT, which then stands in for the rescale.
    pub modality_lut: Option<Arc<VoiLut>>,
    /// How it wants to be seen.
    pub voi: Arc<SliceVoi>,
    /// What may set it apart from frames at the same position.
    pub distinctions: Vec<Distinction>,
}

/// Smallest and largest believable PixelSpacing, mm.
const PIXEL_MM: std::ops::RangeInclusive<f64> = 1e-4..=1e3;
/// Largest believable coordinate, mm.
const FAR_MM: f64 = 1e6;

/// The facts of the first `count` frames.
pub fn read(facts: &mut Facts, count: usize) -> Vec<FrameFacts> {
    let set = facts.set;
    let grouped = set.has(a::SHARED_GROUPS) || set.has(a::PER_FRAME_GROUPS);
    let shared = set.item(a::SHARED_GROUPS);
    let mut root = Groups { own: None, shared: shared.as_ref(), root: set, single: count == 1, complaints: Vec::new() };
    let mut frames = Vec::new();
    if !grouped {
        let frame = root.frame(facts, 0);
        frames.extend((0..count as u32).map(|number| FrameFacts { number, ..frame.clone() }));
    } else {
        let mut items = set.items(a::PER_FRAME_GROUPS);
        for number in 0..count as u32 {
            let own = items.next();
            let mut groups = Groups { own: own.as_ref(), complaints: std::mem::take(&mut root.complaints), ..root };
            frames.push(groups.frame(facts, number));
            root.complaints = groups.complaints;
        }
        few_groups(facts, count);
    }
    let mut complaints = root.complaints;
    complaints.sort_by(|x, y| x.0.attribute.cmp(&y.0.attribute).then_with(|| x.0.found.cmp(&y.0.found)));
    complaints.dedup_by(|x, y| x.0 == y.0);
    facts.issues.extend(complaints.into_iter().map(|(bad, expected, instead)| Issue::value(&bad, expected, instead)));
    missing_positions(facts, grouped && count > 1, &frames);
    frames
}

/// Says when there are fewer groups than frames.
fn few_groups(facts: &mut Facts, count: usize) {
    let groups = facts.set.items(a::PER_FRAME_GROUPS).take(count).count();
    if groups < count && (facts.set.has(a::PER_FRAME_GROUPS) || count > 1) {
        let message = format!(
            "{} has {groups} items, but {} is {count}; the other frames have no position of their own",
            a::PER_FRAME_GROUPS,
            a::NUMBER_OF_FRAMES
        );
        facts.issues.push(Issue::bad(Severity::Warning, message));
    }
}

/// Says which frames lack a position when others have one.
fn missing_positions(facts: &mut Facts, grouped: bool, frames: &[FrameFacts]) {
    let without: Vec<String> =
        frames.iter().filter(|f| f.position_mm.is_none()).map(|f| (f.number + 1).to_string()).collect();
    if grouped && !without.is_empty() && without.len() < frames.len() {
        let named = without.iter().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if without.len() > 12 { ", …" } else { "" };
        let message = format!(
            "{} in {} is missing for frame {named}{more}; expected a position for each frame",
            a::IMAGE_POSITION,
            a::PLANE_POSITION
        );
        facts.issues.push(Issue::bad(Severity::Warning, message));
    }
}

type Complaint = (BadValue, &'static str, &'static str);

/// The places where a frame's values may stand.
struct Groups<'g> {
    own: Option<&'g Dataset<'g>>,
    shared: Option<&'g Dataset<'g>>,
    root: &'g Dataset<'g>,
    /// A file of one frame: its outermost level speaks of that frame.
    single: bool,
    complaints: Vec<Complaint>,
}

impl Groups<'_> {
    fn frame(&mut self, facts: &Facts, number: u32) -> FrameFacts {
        let grouped = self.own.is_some() || self.shared.is_some();
        let pixel = self.spacing(a::PIXEL_SPACING);
        let imager = if grouped { None } else { self.spacing(a::IMAGER_PIXEL_SPACING) };
        let calibration = facts.code(a::SPACING_CALIBRATION);
        FrameFacts {
            number,
            position_mm: self.position(),
            orientation: self.orientation(),
            spacing_mm: pixel.or(imager),
            spacing_origin: SpacingOrigin::of_projection(pixel, imager, &calibration),
            sides: sides(facts),
            slice_spacing_mm: self.slice_spacing(),
            rescale: self.rescale(),
            units: self.units(facts).map(String::into_boxed_str),
            modality_lut: facts.modality_lut.clone(),
            voi: self.voi(facts),
            distinctions: self.distinctions(),
        }
    }

    /// The first of the frame's own, the shared and the outermost value that can be read.
    fn find<const N: usize>(
        &mut self,
        sequence: Attribute,
        attribute: Attribute,
        (fit, expected, instead): (impl Fn(&[f64; N]) -> bool, &'static str, &'static str),
    ) -> Option<[f64; N]> {
        let from_root = self.single || attribute != a::IMAGE_POSITION;
        for group in [self.own, self.shared].into_iter().flatten() {
            let Some(item) = group.item(sequence) else { continue };
            match numbers(&item, attribute, &fit) {
                Ok(None) => {}
                Ok(found) => return found,
                Err(bad) => self.complaints.push((bad, expected, instead)),
            }
        }
        if !from_root {
            return None;
        }
        match numbers(self.root, attribute, &fit) {
            Ok(found) => found,
            Err(bad) => {
                self.complaints.push((bad, expected, instead));
                None
            }
        }
    }

    fn position(&mut self) -> Option<[f64; 3]> {
        let fit = |p: &[f64; 3]| p.iter().all(|c| c.abs() <= FAR_MM);
        let words = "the image has no position in the patient";
        self.find(a::PLANE_POSITION, a::IMAGE_POSITION, (fit, "three numbers, in millimetres", words))
    }

    fn orientation(&mut self) -> Option<[f64; 6]> {
        let expected = "six numbers, two unit vectors at right angles";
        let words = "the image has no orientation in the patient";
        self.find(a::PLANE_ORIENTATION, a::IMAGE_ORIENTATION, (right_angled, expected, words))
    }

    fn spacing(&mut self, attribute: Attribute) -> Option<[f64; 2]> {
        let fit = |s: &[f64; 2]| s.iter().all(|mm| PIXEL_MM.contains(mm));
        let expected = "two positive numbers, in millimetres, rows first";
        self.find(a::PIXEL_MEASURES, attribute, (fit, expected, "no length can be measured"))
    }

    fn slice_spacing(&mut self) -> Option<f64> {
        let fit = |[s]: &[f64; 1]| PIXEL_MM.contains(s);
        let silent = self.complaints.len();
        let between = self.find(a::PIXEL_MEASURES, a::SPACING_BETWEEN_SLICES, (fit, "", ""));
        let found = between.or_else(|| self.find(a::PIXEL_MEASURES, a::SLICE_THICKNESS, (fit, "", "")));
        // Neither decides geometry, so neither is worth a complaint.
        self.complaints.truncate(silent);
        found.map(|[s]| s)
    }

    fn rescale(&mut self) -> Rescale {
        let before = self.complaints.len();
        let words = "stored values are shown without a unit";
        let any = |_: &[f64; 1]| true;
        let not_zero = |[s]: &[f64; 1]| *s != 0.0;
        let slope = self.find(a::PIXEL_TRANSFORMATION, a::RESCALE_SLOPE, (not_zero, "a number that is not 0", words));
        let intercept = self.find(a::PIXEL_TRANSFORMATION, a::RESCALE_INTERCEPT, (any, "a number", words));
        if self.complaints.len() > before {
            return Rescale::IDENTITY;
        }
        Rescale { slope: slope.map_or(1.0, |[s]| s), intercept: intercept.map_or(0.0, |[i]| i) }
    }

    /// What the values are in, where the file says more than "unspecified".
    fn units(&self, facts: &Facts) -> Option<String> {
        let groups = [self.own, self.shared].into_iter().flatten();
        let in_groups =
            groups.filter_map(|g| g.item(a::PIXEL_TRANSFORMATION)).find_map(|i| facts.text(&i, a::RESCALE_TYPE));
        let of_lut = || facts.text(&self.root.item(a::MODALITY_LUTS)?, a::MODALITY_LUT_TYPE);
        let root = facts.text(self.root, a::RESCALE_TYPE).or_else(|| facts.text(self.root, a::UNITS)).or_else(of_lut);
        root.or(in_groups.filter(|units| units != "US"))
    }

    fn voi(&mut self, facts: &Facts) -> Arc<SliceVoi> {
        let groups = [self.own, self.shared].into_iter().flatten();
        let item = groups.filter_map(|g| g.item(a::FRAME_VOI)).find(|i| i.has(a::WINDOW_CENTER) || i.has(a::VOI_LUTS));
        let (voi, complaints) = voi::read(item.as_ref().unwrap_or(self.root), facts);
        self.complaints.extend(complaints.into_iter().map(|bad| (bad, voi::EXPECTED, voi::INSTEAD)));
        Arc::new(voi)
    }

    fn distinctions(&self) -> Vec<Distinction> {
        let mut found = Vec::new();
        let mut collect = |set: &Dataset| {
            for (rank, &attribute) in SPLITTERS.iter().enumerate() {
                if let Some(value) = set.get(attribute) {
                    found.push(Distinction { rank: rank as u16, attribute, value: value.display().into() });
                }
            }
            let indices =
                set.get(a::DIMENSION_INDEX_VALUES).and_then(|v| v.numbers().ok().flatten()).unwrap_or_default();
            for (n, index) in indices.iter().enumerate().take(16) {
                let rank = (SPLITTERS.len() + n) as u16;
                let value = index.to_string().into();
                found.push(Distinction { rank, attribute: a::DIMENSION_INDEX_VALUES, value });
            }
        };
        collect(self.root);
        for group in [self.shared, self.own].into_iter().flatten() {
            group.sequences().filter_map(|(_, mut items)| items.next()).for_each(|item| collect(&item));
        }
        // A frame's own value comes last and counts.
        found.reverse();
        found.sort_by_key(|d| d.rank);
        found.dedup_by_key(|d| d.rank);
        found
    }
}

/// PatientOrientation (0020,0020) of the file: two values of the letters L, R, A, P, H, F.
fn sides(facts: &Facts) -> Option<[Box<str>; 2]> {
    let codes: Vec<String> = facts.set.get(a::PATIENT_ORIENTATION)?.codes().split('\\').map(str::to_owned).collect();
    let known = |c: &String| (1..=3).contains(&c.len()) && c.chars().all(|l| "LRAPHF".contains(l));
    match codes.as_slice() {
        [right, down] if known(right) && known(down) => Some([right.as_str().into(), down.as_str().into()]),
        _ => None,
    }
}

/// Whether six direction cosines are two unit vectors at right angles, to the precision that scanners write.
fn right_angled(o: &[f64; 6]) -> bool {
    const SLACK: f64 = 0.02;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (row, column) = o.split_at(3);
    (dot(row, row).sqrt() - 1.0).abs() < SLACK
        && (dot(column, column).sqrt() - 1.0).abs() < SLACK
        && dot(row, column).abs() < SLACK
}
