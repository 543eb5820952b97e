//! Geometry from ImagePositionPatient and ImageOrientationPatient alone: order, spacing, regularity, tilt; and the
//! sentences about what is odd. Positions are compared along the slice normal cross(row, column) (DICOM PS3.3 C.7.6.2.1.1).

use super::attribute::IMAGE_POSITION;
use super::series::FrameRef;
use crate::space::{DVec3, Geometry, GeometryError, PatientPoint};
use crate::volume::{Finding, FindingCode, Kind, Severity};

/// Positions nearer than this are the same.
pub const SAME_MM: f64 = 1e-3;
/// Slices further than this from the straight line through the stack do not lie on it.
const STRAIGHT_MM: f64 = 0.05;
/// A tilt is said from this angle on.
const TILT_DEG: f64 = 0.1;

/// What the positions of a stack say.
pub struct Judged {
    /// What they allow.
    pub kind: Kind,
    /// The grid.
    pub geometry: Geometry,
    /// Lengths of the steps, where they are known.
    pub spacing_mm: [Option<f64>; 3],
    /// What is odd.
    pub findings: Vec<Finding>,
}

/// Column and row directions of a frame as unit vectors, and their normal.
fn directions(frame: &FrameRef) -> Option<[DVec3; 3]> {
    let o = frame.facts().orientation?;
    let row = DVec3::new(o[0], o[1], o[2]).normalize();
    let column = DVec3::new(o[3], o[4], o[5]).normalize();
    Some([row, column, row.cross(column).normalize()])
}

/// Position of a frame along a normal, and its whole position.
fn position(frame: &FrameRef, normal: DVec3) -> Option<(f64, DVec3)> {
    let at = DVec3::from_array(frame.facts().position_mm?);
    Some((at.dot(normal), at))
}

/// Whether a frame lies in the patient and has a scale.
pub fn is_located(frame: &FrameRef) -> bool {
    let facts = frame.facts();
    facts.orientation.is_some() && facts.position_mm.is_some() && facts.spacing_mm.is_some()
}

/// Sorts frames of one orientation by position along the normal, then time, InstanceNumber, frame, SOPInstanceUID; frames
/// that are not located by InstanceNumber. Returns the positions, none when not located.
pub fn sort(frames: &mut [FrameRef]) -> Vec<f64> {
    let normal = frames.first().filter(|f| is_located(f)).and_then(directions).map(|[_, _, normal]| normal);
    let along = |f: &FrameRef| normal.and_then(|n| position(f, n)).map_or(0.0, |(d, _)| d);
    frames.sort_by(|x, y| {
        let (step_x, step_y) = ((along(x) / SAME_MM).round(), (along(y) / SAME_MM).round());
        let (ix, iy) = (&x.instance, &y.instance);
        let times =
            if normal.is_some() { ix.acquisition_time.cmp(&iy.acquisition_time) } else { std::cmp::Ordering::Equal };
        (step_x.total_cmp(&step_y).then(times))
            .then_with(|| ix.instance_number.cmp(&iy.instance_number))
            .then_with(|| x.frame.cmp(&y.frame))
            .then_with(|| ix.sop_instance.cmp(&iy.sop_instance))
            .then_with(|| x.file().cmp(y.file()))
    });
    if normal.is_some() { frames.iter().map(along).collect() } else { Vec::new() }
}

/// How many slices have the position of the one before them.
pub fn repeats(positions: &[f64]) -> usize {
    positions.windows(2).filter(|w| (w[1] - w[0]).abs() < SAME_MM).count()
}

/// Judges sorted frames. `positions` are theirs along the normal; none: a set of pictures.
///
/// # Errors
/// When no grid can be made of the directions.
pub fn judge(frames: &[FrameRef], positions: &[f64]) -> Result<Judged, GeometryError> {
    let first = frames.first().ok_or(GeometryError::Positions)?;
    let columns_rows = [first.instance.layout.frame.columns, first.instance.layout.frame.rows];
    let spacing = first.facts().spacing_mm;
    let Some([row, column, normal]) = directions(first).filter(|_| positions.len() == frames.len()) else {
        return pictures(frames, columns_rows, spacing);
    };
    let [between_rows, between_columns] = spacing.ok_or(GeometryError::Degenerate)?;
    let origins: Vec<DVec3> = frames.iter().filter_map(|f| position(f, normal)).map(|(_, at)| at).collect();
    let in_plane = [row * between_columns, column * between_rows];
    let line = Line::through(&origins, normal, first.facts().slice_spacing_mm);
    let gaps: Vec<f64> = positions.windows(2).map(|w| w[1] - w[0]).collect();
    let even = is_even(&gaps);
    let regular = even && line.strays_mm < STRAIGHT_MM;
    let steps = [in_plane[0], in_plane[1], line.step];
    let point = |v: &DVec3| PatientPoint::from_vec(*v).ok_or(GeometryError::Positions);
    let size = [columns_rows[0], columns_rows[1], frames.len()];
    let geometry = if regular {
        Geometry::regular(point(&origins[0])?, steps, size)?
    } else {
        Geometry::uneven(origins.iter().map(point).collect::<Result<_, _>>()?, steps, columns_rows)?
    };
    let known_step = if frames.len() > 1 { Some(line.step.length()) } else { first.facts().slice_spacing_mm };
    let mut findings = Vec::new();
    if frames.len() > 1 {
        findings.extend(duplicates(frames, positions));
        findings.extend(if even { None } else { irregular(frames, positions, &gaps) });
        findings.extend(line.complaint(frames, normal, even));
    } else {
        findings.push(single(first));
    }
    Ok(Judged {
        kind: if regular { Kind::Volume } else { Kind::Stack },
        geometry,
        spacing_mm: [Some(between_columns), Some(between_rows), known_step],
        findings,
    })
}

/// Pictures without a place in the patient: a grid of their own.
fn pictures(frames: &[FrameRef], columns_rows: [usize; 2], spacing: Option<[f64; 2]>) -> Result<Judged, GeometryError> {
    let [rows_mm, columns_mm] = spacing.unwrap_or([1.0, 1.0]);
    let steps = [DVec3::X * columns_mm, DVec3::Y * rows_mm, DVec3::Z];
    let geometry = Geometry::regular(PatientPoint::ORIGIN, steps, [columns_rows[0], columns_rows[1], frames.len()])?;
    let spacing_mm = [spacing.map(|s| s[1]), spacing.map(|s| s[0]), None];
    Ok(Judged { kind: Kind::Projection, geometry, spacing_mm, findings: Vec::new() })
}

/// Every gap within 0.01 mm or 1 % of the median, whichever is more.
fn is_even(gaps: &[f64]) -> bool {
    let mut sorted = gaps.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(middle) = sorted.get(sorted.len() / 2) else { return true };
    let median = if sorted.len().is_multiple_of(2) { 0.5 * (sorted[sorted.len() / 2 - 1] + middle) } else { *middle };
    gaps.iter().all(|g| *g >= SAME_MM && (g - median).abs() <= f64::max(0.01, 0.01 * median))
}

/// The straight line from the first to the last slice.
struct Line {
    step: DVec3,
    /// The largest distance of a slice from it.
    strays_mm: f64,
}

impl Line {
    fn through(origins: &[DVec3], normal: DVec3, single_step_mm: Option<f64>) -> Line {
        let across = origins[origins.len() - 1] - origins[0];
        let fallback = Line { step: normal * single_step_mm.unwrap_or(1.0), strays_mm: 0.0 };
        if origins.len() < 2 || across.dot(normal) < SAME_MM {
            return fallback;
        }
        let along = across.normalize();
        let stray = |o: &DVec3| {
            let away = *o - origins[0];
            (away - along * away.dot(along)).length()
        };
        let strays_mm = origins.iter().map(stray).fold(0.0, f64::max);
        Line { step: across / (origins.len() - 1) as f64, strays_mm }
    }

    /// Tilt, or slices beside the line.
    fn complaint(&self, frames: &[FrameRef], normal: DVec3, even: bool) -> Option<Finding> {
        let sideways = self.step - normal * self.step.dot(normal);
        let tilt_deg = sideways.length().atan2(self.step.dot(normal).abs()).to_degrees();
        let files = ends(frames);
        if tilt_deg >= TILT_DEG {
            let mm = sideways.length();
            return Some(Finding {
                code: FindingCode::GantryTilt,
                severity: Severity::Warning,
                message: format!(
                    "the gantry was tilted by {tilt_deg:.2} degrees: {IMAGE_POSITION} moves {mm:.3} mm sideways from slice \
                     to slice; the grid is sheared, and is shown and measured in its true position"
                ),
                files,
                value_mm: Some(mm),
            });
        }
        (even && self.strays_mm >= STRAIGHT_MM).then(|| Finding {
            code: FindingCode::SidewaysShift,
            severity: Severity::Warning,
            message: format!(
                "slices lie up to {:.3} mm beside the straight line through the stack ({IMAGE_POSITION}; expected less than \
                 {STRAIGHT_MM} mm); each is shown at its true position",
                self.strays_mm
            ),
            files,
            value_mm: Some(self.strays_mm),
        })
    }
}

fn ends(frames: &[FrameRef]) -> Vec<String> {
    let mut files: Vec<String> =
        [frames.first(), frames.last()].into_iter().flatten().map(|f| f.file().to_owned()).collect();
    files.dedup();
    files
}

/// Frames that share a position, both named.
fn duplicates(frames: &[FrameRef], positions: &[f64]) -> Option<Finding> {
    let same = |k: &usize| (positions[k + 1] - positions[*k]).abs() < SAME_MM;
    let pairs: Vec<usize> = (0..frames.len() - 1).filter(same).collect();
    let &first = pairs.first()?;
    let mut files: Vec<String> = pairs.iter().flat_map(|&k| [k, k + 1]).map(|k| frames[k].file().to_owned()).collect();
    files.dedup();
    Some(Finding {
        code: FindingCode::DuplicatePosition,
        severity: Severity::Warning,
        message: format!(
            "{} of {} images have the {IMAGE_POSITION} of another, first at {:.3} mm along the normal, and no attribute sets \
             them apart; all are shown",
            pairs.len(),
            frames.len(),
            positions[first]
        ),
        files,
        value_mm: None,
    })
}

/// Missing slices where all gaps are multiples of the smallest, else uneven spacing.
fn irregular(frames: &[FrameRef], positions: &[f64], gaps: &[f64]) -> Option<Finding> {
    const MOST_MISSING: f64 = 5.5;
    let real = || gaps.iter().copied().filter(|g| g.abs() >= SAME_MM);
    let (smallest, largest) = (real().fold(f64::INFINITY, f64::min), real().fold(0.0, f64::max));
    if largest / smallest <= 1.01 || !smallest.is_finite() {
        return None;
    }
    let ratio = |g: f64| g / smallest;
    let whole = real().all(|g| (ratio(g) - ratio(g).round()).abs() < 0.05) && ratio(largest) < MOST_MISSING;
    if !whole {
        return Some(uneven(frames, positions, gaps, smallest, largest));
    }
    let holes: Vec<usize> = (0..gaps.len()).filter(|&k| ratio(gaps[k]).round() >= 2.0).collect();
    let missing: f64 = holes.iter().map(|&k| ratio(gaps[k]).round() - 1.0).sum();
    let places = holes.iter().take(4).map(|&k| format!("{:.3} and {:.3} mm", positions[k], positions[k + 1]));
    let places = places.collect::<Vec<_>>().join(", between ");
    let more = if holes.len() > 4 { " and elsewhere" } else { "" };
    let (is, s) = if missing == 1.0 { ("is", "") } else { ("are", "s") };
    Some(Finding {
        code: FindingCode::MissingSlices,
        severity: Severity::Warning,
        message: format!(
            "{missing} slice{s} {is} missing between {places}{more} along the normal: {IMAGE_POSITION} leaves gaps of up to \
             {largest:.3} mm where {smallest:.3} mm was expected; the gap is kept"
        ),
        files: neighbours(frames, &holes),
        value_mm: Some(largest),
    })
}

fn uneven(frames: &[FrameRef], positions: &[f64], gaps: &[f64], smallest: f64, largest: f64) -> Finding {
    let widest = (0..gaps.len()).fold(0, |best, k| if gaps[k] > gaps[best] { k } else { best });
    Finding {
        code: FindingCode::UnevenSpacing,
        severity: Severity::Warning,
        message: format!(
            "the spacing between slices is not uniform: {IMAGE_POSITION} leaves gaps from {smallest:.3} to {largest:.3} mm, the \
             widest between {:.3} and {:.3} mm along the normal; slices are shown at their true positions",
            positions[widest],
            positions[widest + 1]
        ),
        files: neighbours(frames, &[widest]),
        value_mm: Some(largest - smallest),
    }
}

fn neighbours(frames: &[FrameRef], gaps: &[usize]) -> Vec<String> {
    let mut files: Vec<String> = gaps.iter().flat_map(|&k| [k, k + 1]).map(|k| frames[k].file().to_owned()).collect();
    files.dedup();
    files
}

fn single(frame: &FrameRef) -> Finding {
    let thickness = match frame.facts().slice_spacing_mm {
        Some(mm) => format!("SpacingBetweenSlices (0018,0088) or SliceThickness (0018,0050) say {mm} mm"),
        None => "SliceThickness (0018,0050) is missing, so no volume can be measured".to_owned(),
    };
    Finding {
        code: FindingCode::SingleSlice,
        severity: Severity::Note,
        message: format!("one slice only: its spacing to others is not known; {thickness}"),
        files: vec![frame.file().to_owned()],
        value_mm: None,
    }
}
