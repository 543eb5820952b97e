//! One image file: its identity, how its pixels are stored, and its frames. Or why it is none.

use super::attribute::{self as a, Attribute};
use super::dataset::Dataset;
use super::facts::Facts;
use super::fragment::Fragments;
use super::frame::{self, FrameFacts};
use super::header::FileHeader;
use super::info::SkipCode;
use super::issue::{Issue, Unusable};
use super::layout::{self, Photometric, PixelLayout};
use super::overlay::OverlayPlane;
use super::privacy::{is_uid, kept_uid};
use super::sop_class;
use super::source::Source;
use super::voi::{self, Luts};
use crate::volume::{FindingCode, Severity};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// One image file.
#[derive(Debug)]
pub struct Instance {
    /// The file.
    pub source: Source,
    /// SOPInstanceUID (0008,0018), or what the file meta information says.
    pub sop_instance: Box<str>,
    /// SOPClassUID (0008,0016).
    pub sop_class: Box<str>,
    /// StudyInstanceUID (0020,000D).
    pub study: Box<str>,
    /// SeriesInstanceUID (0020,000E).
    pub series: Box<str>,
    /// FrameOfReferenceUID (0020,0052).
    pub frame_of_reference: Box<str>,
    /// A number that differs between patients, and says nothing else; nothing where the file names no patient.
    pub patient: Option<u64>,
    /// Modality (0008,0060).
    pub modality: Box<str>,
    /// SeriesDescription (0008,103E).
    pub description: Option<String>,
    /// SeriesNumber (0020,0011).
    pub series_number: Option<i64>,
    /// StudyDate (0008,0020), to tell earlier studies from later ones; it is never written anywhere.
    pub study_date: Box<str>,
    /// AcquisitionTime (0008,0032) as it stands.
    pub acquisition_time: Box<str>,
    /// InstanceNumber (0020,0013), 0 when there is none that makes sense.
    pub instance_number: i64,
    /// ImageType (0008,0008) says LOCALIZER.
    pub localizer: bool,
    /// The stored values that stand for "no data".
    pub padding: Option<(i32, i32)>,
    /// The transfer syntax of the file.
    pub syntax_uid: Box<str>,
    /// Where the deflated data set begins, of a file that is one.
    pub deflated_at: Option<u64>,
    /// How the pixels are stored.
    pub layout: PixelLayout,
    /// The fragments of several compressed frames, and which belong to each; one frame has them all.
    pub fragments: Option<(Fragments, Vec<Range<usize>>)>,
    /// The overlay planes.
    pub overlays: Vec<OverlayPlane>,
    /// The frames.
    pub frames: Vec<FrameFacts>,
    /// What is odd.
    pub issues: Vec<Issue>,
}

impl Instance {
    /// Whether another file with the same SOPInstanceUID holds the same image (perhaps compressed otherwise).
    pub fn is_same_image(&self, other: &Instance) -> bool {
        let place =
            |i: &Instance| i.frames.iter().map(|f| (f.position_mm, f.orientation, f.spacing_mm)).collect::<Vec<_>>();
        let size = |i: &Instance| (i.layout.frame.rows, i.layout.frame.columns, i.layout.frames);
        let identity = |i: &Instance| (i.study.clone(), i.series.clone(), i.patient, i.instance_number);
        size(self) == size(other) && identity(self) == identity(other) && place(self) == place(other)
    }
}

/// Reads an image from its header.
///
/// # Errors
/// [`Unusable`]: it is no image, or one that cannot be shown.
pub fn read(source: &Source, mut header: FileHeader, luts: &Luts) -> Result<Instance, Unusable> {
    let set = std::mem::replace(&mut header.dataset, Dataset::new(super::element::Encoding::EXPLICIT));
    let mut facts = Facts::new(&set, luts);
    let sop_class = uid(&facts, &header.meta, a::SOP_CLASS, a::MEDIA_SOP_CLASS);
    refuse_other_objects(&facts, &header, &sop_class)?;
    let mut layout = layout::read(&mut facts, &header)?;
    facts.modality_lut = match layout.photometric {
        Photometric::Palette => voi::palette_brightness(&set).map(|lut| luts.share(lut)),
        _ => modality_lut(&mut facts),
    };
    let fragments = frames_of_fragments(&mut facts, &mut header, &mut layout);
    let frames = frame::read(&mut facts, layout.frames);
    let sop_instance = uid(&facts, &header.meta, a::SOP_INSTANCE, a::MEDIA_SOP_INSTANCE);
    let identity = [a::STUDY_INSTANCE, a::SERIES_INSTANCE].map(|uid| facts.code(uid));
    check_identity(&mut facts, &sop_instance, &identity);
    note_quality(&mut facts, &layout);
    let overlays = std::mem::take(&mut header.overlays).planes(&layout, &mut facts.issues);
    let [study, series] = identity.map(|uid| kept_uid(uid).into_boxed_str());
    let integer =
        |attribute| set.get(attribute).and_then(|v| v.numbers().ok().flatten()).and_then(|n| n.first().copied());
    Ok(Instance {
        source: source.clone(),
        sop_instance: kept_uid(sop_instance).into(),
        sop_class: kept_uid(sop_class).into(),
        study,
        series,
        frame_of_reference: kept_uid(facts.code(a::FRAME_OF_REFERENCE)).into(),
        patient: patient(&set),
        modality: facts.code(a::MODALITY).into(),
        description: facts.text(&set, a::SERIES_DESCRIPTION),
        series_number: integer(a::SERIES_NUMBER).map(|n| n as i64),
        study_date: facts.code(a::STUDY_DATE).into(),
        acquisition_time: facts.code(a::ACQUISITION_TIME).into(),
        instance_number: integer(a::INSTANCE_NUMBER).filter(|n| n.fract() == 0.0).map_or(0, |n| n as i64),
        localizer: set.get(a::IMAGE_TYPE).is_some_and(|v| v.codes().to_uppercase().contains("LOCALIZER")),
        padding: padding(&mut facts, &layout),
        syntax_uid: header.syntax_uid.into(),
        deflated_at: header.deflated_at,
        layout,
        fragments,
        overlays,
        frames,
        issues: header.issues.into_iter().chain(facts.issues).collect(),
    })
}

fn uid(facts: &Facts, meta: &Dataset, attribute: Attribute, in_meta: Attribute) -> String {
    let own = facts.code(attribute);
    if own.is_empty() { meta.get(in_meta).map(|v| v.code()).unwrap_or_default() } else { own }
}

/// Names what is not an image.
fn refuse_other_objects(facts: &Facts, header: &FileHeader, class: &str) -> Result<(), Unusable> {
    if class == sop_class::DIRECTORY || facts.set.has(a::DIRECTORY_RECORDS) {
        let what = format!("{} makes it a DICOMDIR, a list of files, not an image", a::DIRECTORY_RECORDS);
        return Err(Unusable::new(SkipCode::NotAnImage, what));
    }
    let named = sop_class::not_an_image(class);
    if header.pixels.is_some() && named != Some("segmentation") && named != Some("label map segmentation") {
        return Ok(());
    }
    if sop_class::is_image(class) || (named.is_none() && facts.set.has(a::ROWS)) || class.is_empty() {
        let reason = format!("{} is missing: the file is truncated or has no pixels", a::PIXEL_DATA);
        return Err(Unusable::truncated(reason));
    }
    let reason = format!("{} is {class} ({}), not an image", a::SOP_CLASS, named.unwrap_or("an unknown kind"));
    Err(Unusable::new(SkipCode::NotAnImage, reason))
}

fn modality_lut(facts: &mut Facts) -> Option<Arc<crate::volume::VoiLut>> {
    let item = facts.set.item(a::MODALITY_LUTS)?;
    match voi::lut(&item, facts) {
        Some(lut) => Some(facts.luts.share(lut)),
        None => {
            let message = format!("{} makes no sense; stored values are shown without a unit", a::MODALITY_LUTS);
            facts.issues.push(Issue::bad(Severity::Warning, message));
            None
        }
    }
}

/// Divides the fragments of a file of several frames, and counts only frames that have any.
fn frames_of_fragments(
    facts: &mut Facts,
    header: &mut FileHeader,
    layout: &mut PixelLayout,
) -> Option<(Fragments, Vec<Range<usize>>)> {
    let fragments = header.fragments.take()?;
    if layout.frames == 1 || !layout.syntax.encapsulated {
        return None;
    }
    let offsets = facts
        .set
        .get(a::OFFSET_TABLE)
        .map(|v| v.bytes().as_chunks().0.iter().map(|b| u64::from_le_bytes(*b)).collect());
    let extended: Vec<u64> = offsets.unwrap_or_default();
    let (ranges, issue) = fragments.frames(layout.frames, &extended);
    facts.issues.extend(issue);
    if ranges.len() < layout.frames {
        let message = format!(
            "{} is {}, but {} has {} fragments that make up {} frames",
            a::NUMBER_OF_FRAMES,
            layout.frames,
            a::PIXEL_DATA,
            fragments.list.len(),
            ranges.len()
        );
        facts.issues.push(Issue { code: FindingCode::TruncatedPixelData, severity: Severity::Error, message });
    }
    layout.frames = ranges.len().max(1);
    Some((fragments, ranges))
}

fn check_identity(facts: &mut Facts, sop_instance: &str, [study, series]: &[String; 2]) {
    let uids = [(a::SOP_INSTANCE, sop_instance), (a::STUDY_INSTANCE, study), (a::SERIES_INSTANCE, series)];
    for (attribute, uid) in uids {
        let message = match uid {
            "" if attribute == a::SERIES_INSTANCE => {
                format!("{attribute} is missing; the files of a folder were taken for one series")
            }
            "" => format!("{attribute} is missing; annotations cannot name the image by it"),
            uid if !is_uid(uid) => format!("{attribute} is not a UID; expected at most 64 digits and dots"),
            _ => continue,
        };
        facts.issues.push(Issue::bad(Severity::Warning, message));
    }
}

fn note_quality(facts: &mut Facts, layout: &PixelLayout) {
    let code = facts.code(a::LOSSY_COMPRESSION);
    if layout.syntax.lossy || code == "01" {
        let message = if layout.syntax.lossy {
            format!(
                "{} is {} ({}): values may differ from those measured",
                a::TRANSFER_SYNTAX,
                layout.syntax.uid,
                layout.syntax.name
            )
        } else {
            format!("{} is 01: the image was compressed with loss at some time", a::LOSSY_COMPRESSION)
        };
        facts.issues.push(Issue { code: FindingCode::LossyCompressed, severity: Severity::Note, message });
    }
    if !matches!(layout.photometric, Photometric::Monochrome1 | Photometric::Monochrome2) {
        let message =
            format!("{} is {}: colours are shown as their brightness", a::PHOTOMETRIC, facts.code(a::PHOTOMETRIC));
        facts.issues.push(Issue { code: FindingCode::ColourAsGrey, severity: Severity::Note, message });
    }
    if facts.code(a::BURNED_IN) == "YES" {
        let message = format!("{} is YES: the pixels may show the patient's identity", a::BURNED_IN);
        facts.issues.push(Issue { code: FindingCode::BurnedInAnnotation, severity: Severity::Warning, message });
    }
}

/// PixelPaddingValue, and PixelPaddingRangeLimit where there is one (C.7.5.1.1.2).
fn padding(facts: &mut Facts, layout: &PixelLayout) -> Option<(i32, i32)> {
    let value = |attribute| {
        let word = *facts.set.get(attribute)?.words().first()?;
        Some(if layout.signed { i32::from(word as i16) } else { i32::from(word) })
    };
    let one = value(a::PADDING_VALUE)?;
    let other = value(a::PADDING_LIMIT).unwrap_or(one);
    let message = format!("{} is {one}: voxels with that stored value hold no data", a::PADDING_VALUE);
    facts.issues.push(Issue { code: FindingCode::PixelPadding, severity: Severity::Note, message });
    Some((one.min(other), one.max(other)))
}

/// Told apart by PatientID, or by name where there is none.
fn patient(set: &Dataset) -> Option<u64> {
    let of = |attribute| set.get(attribute).map(|v| super::dataset::trim(v.bytes())).filter(|v| !v.is_empty());
    let named = of(a::PATIENT_ID).or_else(|| of(a::PATIENT_NAME))?;
    let mut hasher = DefaultHasher::new();
    named.hash(&mut hasher);
    Some(hasher.finish())
}
