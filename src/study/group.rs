//! Which frames belong together: one patient, one frame of reference, one orientation, one size, one scale; and one image
//! for each position.

use super::attribute::{self as a, Attribute};
use super::frame::Distinction;
use super::judge;
use super::series::FrameRef;
use crate::volume::{Finding, FindingCode, Severity};
use std::collections::{BTreeMap, HashMap};

/// Frames that make up one entry of the scan's list, sorted.
pub struct Part {
    /// In slice order.
    pub frames: Vec<FrameRef>,
    /// Their positions along the normal; none for pictures.
    pub positions: Vec<f64>,
    /// What sets this part apart from its siblings at the same positions, for the description.
    pub distinction: Option<String>,
    /// Why it was taken apart.
    pub findings: Vec<Finding>,
}

/// Directions and spacings that differ by no more than this belong together.
const SAME_DIRECTION: f64 = 1e-3;
const SAME_SPACING_MM: f64 = 1e-4;
/// With how many other groups of a series one is compared; a series that falls into more is no volume anyway.
const MOST_COMPARED: usize = 256;
/// How many files a finding about other groups lists.
const MOST_FILES: usize = 50;

/// Divides the frames of one series.
pub fn divide(frames: Vec<FrameRef>) -> Vec<Part> {
    let mut groups: Vec<Vec<FrameRef>> = Vec::new();
    let mut last = 0;
    for frame in frames {
        let fits = |group: &Vec<FrameRef>| group.first().is_some_and(|first| Trait::between(first, &frame).is_empty());
        let looked_at = groups.iter().rev().take(MOST_COMPARED);
        let place = if groups.get(last).is_some_and(fits) {
            Some(last)
        } else {
            looked_at.enumerate().find(|(_, group)| fits(group)).map(|(n, _)| groups.len() - 1 - n)
        };
        last = place.unwrap_or(groups.len());
        match groups.get_mut(last) {
            Some(group) => group.push(frame),
            None => groups.push(vec![frame]),
        }
    }
    // The largest first, localizers last.
    groups.sort_by_key(|g| (is_localizer(&g[0]), std::cmp::Reverse(g.len())));
    let complaints: Vec<Vec<Finding>> = (0..groups.len()).map(|own| Trait::complaints(&groups, own)).collect();
    let parts = groups.into_iter().zip(complaints).flat_map(|(frames, findings)| {
        let mut parts = by_repeat(frames);
        parts.iter_mut().for_each(|p| p.findings.splice(0..0, findings.iter().cloned()).for_each(drop));
        parts
    });
    parts.collect()
}

fn is_localizer(frame: &FrameRef) -> bool {
    frame.instance.localizer && frame.facts().orientation.is_some()
}

/// In what two frames of a series can differ so that they cannot be one grid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Trait {
    Localizer,
    Orientation,
    Size,
    Position,
    Spacing,
    FrameOfReference,
}

impl Trait {
    fn between(x: &FrameRef, y: &FrameRef) -> Vec<Trait> {
        let (fx, fy) = (x.facts(), y.facts());
        let (lx, ly) = (&x.instance.layout.frame, &y.instance.layout.frame);
        let size = |l: &super::codec::FrameLayout| (l.rows, l.columns, l.samples_per_pixel);
        let near = |x: Option<&[f64]>, y: Option<&[f64]>, slack: f64| match (x, y) {
            (Some(x), Some(y)) => x.iter().zip(y).all(|(a, b)| (a - b).abs() <= slack),
            (x, y) => x.is_some() == y.is_some(),
        };
        let of = |x: &Option<[f64; 6]>, y: &Option<[f64; 6]>| {
            near(x.as_ref().map(|a| a.as_slice()), y.as_ref().map(|a| a.as_slice()), SAME_DIRECTION)
        };
        let differs = [
            (Trait::Localizer, is_localizer(x) != is_localizer(y)),
            (Trait::Orientation, !of(&fx.orientation, &fy.orientation)),
            (Trait::Size, size(lx) != size(ly)),
            (Trait::Position, fx.position_mm.is_some() != fy.position_mm.is_some()),
            (
                Trait::Spacing,
                !near(
                    fx.spacing_mm.as_ref().map(|a| a.as_slice()),
                    fy.spacing_mm.as_ref().map(|a| a.as_slice()),
                    SAME_SPACING_MM,
                ),
            ),
            (Trait::FrameOfReference, x.instance.frame_of_reference != y.instance.frame_of_reference),
        ];
        differs.into_iter().filter(|(_, d)| *d).map(|(t, _)| t).collect()
    }

    /// Findings of one group about what sets it apart from the others of its series.
    fn complaints(groups: &[Vec<FrameRef>], own: usize) -> Vec<Finding> {
        let mut files: BTreeMap<Trait, Vec<String>> = BTreeMap::new();
        for (_, other) in groups.iter().enumerate().filter(|(n, _)| *n != own).take(MOST_COMPARED) {
            for difference in Trait::between(&groups[own][0], &other[0]) {
                // A scout differs in everything; that it is one says enough.
                let of = if is_localizer(&other[0]) { Trait::Localizer } else { difference };
                files.entry(of).or_default().extend(other.iter().map(|f| f.file().to_owned()));
            }
        }
        let finding = |(kind, mut files): (Trait, Vec<String>)| {
            files.sort();
            files.dedup();
            kind.finding(groups[own].len(), files)
        };
        files.into_iter().map(finding).collect()
    }

    fn finding(self, here: usize, mut files: Vec<String>) -> Finding {
        let others = files.len();
        files.truncate(MOST_FILES);
        let apart = format!("the {here} images here and those of {others} other files are listed apart");
        let (code, severity, message) = match self {
            Trait::Localizer => (
                FindingCode::LocalizerExcluded,
                Severity::Note,
                format!("{} sets LOCALIZER images of the series apart: {apart}", a::IMAGE_TYPE),
            ),
            Trait::Orientation => (
                FindingCode::MixedOrientation,
                Severity::Warning,
                format!("{} differs inside the series: {apart}", a::IMAGE_ORIENTATION),
            ),
            Trait::Size => (
                FindingCode::MixedSize,
                Severity::Warning,
                format!("{}, {} or {} differ inside the series: {apart}", a::ROWS, a::COLUMNS, a::SAMPLES_PER_PIXEL),
            ),
            Trait::Position => (
                FindingCode::NoPosition,
                Severity::Warning,
                format!("{} is missing or unusable in a part of the series: {apart}", a::IMAGE_POSITION),
            ),
            Trait::Spacing => (
                FindingCode::MixedSpacing,
                Severity::Warning,
                format!("{} differs inside the series: {apart}", a::PIXEL_SPACING),
            ),
            Trait::FrameOfReference => (
                FindingCode::MixedFrameOfReference,
                Severity::Warning,
                format!(
                    "{} differs inside the series, so positions cannot be compared: {apart}",
                    a::FRAME_OF_REFERENCE
                ),
            ),
        };
        Finding { code, severity, message, files, value_mm: None }
    }
}

/// Divides frames that repeat positions into parts that do not: by the first attribute that divides them cleanly, else,
/// where every position repeats equally often, by InstanceNumber order within each position.
fn by_repeat(mut frames: Vec<FrameRef>) -> Vec<Part> {
    let positions = judge::sort(&mut frames);
    let whole = |frames, positions| vec![Part { frames, positions, distinction: None, findings: Vec::new() }];
    if judge::repeats(&positions) == 0 {
        return whole(frames, positions);
    }
    let planes: Vec<i64> = positions.iter().map(|d| (d / judge::SAME_MM).round() as i64).collect();
    let distinct = planes.windows(2).filter(|w| w[0] != w[1]).count() + 1;
    let ranks: std::collections::BTreeSet<u16> =
        frames.iter().flat_map(|f| &f.facts().distinctions).map(|d| d.rank).collect();
    for rank in ranks {
        if let Some(parts) = by_attribute(&frames, &planes, distinct, rank) {
            return parts;
        }
    }
    by_instance_number(&frames, &planes, distinct).unwrap_or_else(|| whole(frames, positions))
}

fn distinction(frame: &FrameRef, rank: u16) -> Option<&Distinction> {
    frame.facts().distinctions.iter().find(|d| d.rank == rank)
}

fn by_attribute(frames: &[FrameRef], planes: &[i64], distinct: usize, rank: u16) -> Option<Vec<Part>> {
    let mut parts: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
    let mut places: HashMap<Option<&str>, usize> = HashMap::new();
    for (n, frame) in frames.iter().enumerate() {
        let value = distinction(frame, rank).map(|d| &*d.value);
        let place = *places.entry(value).or_insert(parts.len());
        if place == parts.len() {
            parts.push((value, Vec::new()));
        }
        parts[place].1.push(n);
    }
    let clean =
        |members: &Vec<usize>| members.len() == distinct && members.windows(2).all(|w| planes[w[0]] != planes[w[1]]);
    if parts.len() < 2 || !parts.iter().all(|(_, members)| clean(members)) {
        return None;
    }
    let attribute = frames.iter().find_map(|f| distinction(f, rank))?.attribute;
    parts.sort_by(|x, y| numeric_order(x.0, y.0));
    let named = |(value, members): (Option<&str>, Vec<usize>)| {
        part(members.iter().map(|&n| frames[n].clone()).collect(), describe(attribute, value), None)
    };
    Some(parts.into_iter().map(named).collect())
}

fn describe(attribute: Attribute, value: Option<&str>) -> String {
    format!("{} {}", attribute.keyword, value.unwrap_or("without"))
}

/// Numbers by size, other text by letters.
fn numeric_order(x: Option<&str>, y: Option<&str>) -> std::cmp::Ordering {
    let number = |t: Option<&str>| t.and_then(|t| t.parse::<f64>().ok()).unwrap_or(f64::INFINITY);
    number(x).total_cmp(&number(y)).then_with(|| x.cmp(&y))
}

fn by_instance_number(frames: &[FrameRef], planes: &[i64], distinct: usize) -> Option<Vec<Part>> {
    let times = frames.len() / distinct;
    let equally_often = frames.len() == times * distinct && planes.chunks(times).all(|c| c.iter().all(|p| *p == c[0]));
    let mut numbers: Vec<i64> = frames.iter().map(|f| f.instance.instance_number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if !equally_often || numbers.len() != frames.len() {
        return None;
    }
    let mut parts = vec![Vec::new(); times];
    for at_one_position in frames.chunks(times) {
        let mut images = at_one_position.to_vec();
        images.sort_by_key(|f| (f.instance.instance_number, f.frame));
        images.into_iter().zip(&mut parts).for_each(|(image, part)| part.push(image));
    }
    let files = |part: &[FrameRef]| part.iter().map(|f| f.file().to_owned()).collect();
    let named = |(n, images): (usize, Vec<FrameRef>)| {
        let finding = Finding {
            code: FindingCode::DuplicatePosition,
            severity: Severity::Note,
            message: format!(
                "every {} stands {times} times in the series and no attribute sets the images apart; they were divided by {}",
                a::IMAGE_POSITION,
                a::INSTANCE_NUMBER
            ),
            files: files(&images),
            value_mm: None,
        };
        part(images, format!("{} of {times} by {}", n + 1, a::INSTANCE_NUMBER.keyword), Some(finding))
    };
    Some(parts.into_iter().enumerate().map(named).collect())
}

fn part(mut frames: Vec<FrameRef>, distinction: String, finding: Option<Finding>) -> Part {
    let positions = judge::sort(&mut frames);
    Part { frames, positions, distinction: Some(distinction), findings: finding.into_iter().collect() }
}
