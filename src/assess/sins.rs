//! Spinal Instability Neoplastic Score (Fisher 2010, Spine 35:E1221; cuts of Fourney 2011, J Clin Oncol 29:3072).
//!
//! Six parts add up to 0–18: 0–6 stable, 7–12 potentially unstable, 13–18 unstable; from 7 a surgeon should be asked. A
//! part that was not answered keeps its possible points, and the score is then a range, never a sum with zeros. What
//! the literature leaves open is left to the reader: a collapse of exactly 50 %, the location of T13, L6 and the coccyx.

use super::destroyed::destroyed;
use super::heights::{CollapseReference, collapse, reaches, segmental_kyphosis_deg, translation_mm};
use super::levels::lesions_at;
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Extent, Lesion, LesionKind, LevelStatus, Presence, Site, Vertebra};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where points come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// From annotations on images (heights, sites).
    Image,
    /// A reader's answer.
    Reader,
    /// From the level itself.
    Computed,
    /// Nobody answered.
    Missing,
}

/// One part of the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// Points; null while more than one value is possible.
    pub points: Option<u8>,
    /// Where they come from.
    pub source: Source,
    /// Every number of points that the recorded facts leave open, ascending.
    pub possible: Vec<u8>,
    /// The measured value lies at a cut of the table: the reader decides.
    pub at_cut: bool,
    /// The evidence, in words.
    pub basis: String,
    /// Labels of the lesions that it rests on.
    #[serde(default)]
    pub from_lesions: Vec<String>,
    /// Levels whose end-plate points it rests on.
    #[serde(default)]
    pub from_heights: Vec<VertebraLevel>,
}

impl Component {
    fn known(points: u8, source: Source, basis: impl Into<String>) -> Self {
        Component { points: Some(points), source, possible: vec![points], ..Component::open(&[], basis) }
    }

    fn open(possible: &[u8], basis: impl Into<String>) -> Self {
        let possible = possible.to_vec();
        Component {
            points: None,
            source: Source::Missing,
            possible,
            at_cut: false,
            basis: basis.into(),
            from_lesions: Vec::new(),
            from_heights: Vec::new(),
        }
    }

    /// The same, resting on these lesions.
    fn seen_in<'l>(mut self, lesions: impl IntoIterator<Item = &'l Lesion>) -> Self {
        self.from_lesions = lesions.into_iter().map(|l| l.label.clone()).collect();
        self
    }

    /// The reader's answer where it is one that the table has; else what `otherwise` finds.
    fn answered(answer: Option<u8>, table: &[(u8, &str)], otherwise: impl FnOnce() -> Component) -> Self {
        match answer.and_then(|points| table.iter().find(|(p, _)| *p == points)) {
            Some((points, words)) => Component::known(*points, Source::Reader, *words),
            None => otherwise(),
        }
    }
}

/// The six parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Components {
    pub location: Component,
    pub pain: Component,
    pub bone_lesion: Component,
    pub alignment: Component,
    pub collapse: Component,
    pub posterolateral: Component,
}

impl Components {
    /// The parts in the order of the published table, with their names.
    pub fn each(&self) -> [(&'static str, &Component); 6] {
        [
            ("location", &self.location),
            ("pain", &self.pain),
            ("bone_lesion", &self.bone_lesion),
            ("alignment", &self.alignment),
            ("collapse", &self.collapse),
            ("posterolateral", &self.posterolateral),
        ]
    }
}

/// What a total means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 0–6.
    Stable,
    /// 7–12.
    PotentiallyUnstable,
    /// 13–18.
    Unstable,
}

impl Category {
    /// The category of a total.
    pub fn of(total: u8) -> Category {
        match total {
            0..=6 => Category::Stable,
            7..=12 => Category::PotentiallyUnstable,
            _ => Category::Unstable,
        }
    }
}

/// The score of one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sins {
    /// The parts.
    pub components: Components,
    /// The total; null while a part is open.
    pub total: Option<u8>,
    /// The least that it can become.
    pub total_min: u8,
    /// The most that it can become.
    pub total_max: u8,
    /// The category, where every possible total has the same.
    pub category: Option<Category>,
    /// Every category that is still possible.
    pub categories_possible: Vec<Category>,
    /// Whether a surgeon should be asked (from 7 points); null while that is open.
    pub surgical_consult_advised: Option<bool>,
}

impl Sins {
    /// The score that parts add up to.
    pub fn of(components: Components) -> Sins {
        let parts = components.each().map(|(_, c)| c);
        let sums: Vec<u8> = parts.iter().fold(vec![0], |sums, c| {
            let mut next: Vec<u8> = sums.iter().flat_map(|s| c.possible.iter().map(move |p| s + p)).collect();
            next.sort_unstable();
            next.dedup();
            next
        });
        let (total_min, total_max) = (sums.first().copied().unwrap_or(0), sums.last().copied().unwrap_or(0));
        let total = parts.iter().map(|c| c.points).sum::<Option<u8>>();
        let mut categories_possible: Vec<Category> = sums.iter().map(|s| Category::of(*s)).collect();
        categories_possible.dedup();
        let category = (categories_possible.len() == 1).then(|| categories_possible[0]);
        let surgical_consult_advised = match () {
            () if total_min >= 7 => Some(true),
            () if total_max < 7 => Some(false),
            () => None,
        };
        Sins { components, total, total_min, total_max, category, categories_possible, surgical_consult_advised }
    }
}

/// Why a level has no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotScored {
    /// There is no lesion at this level.
    NoLesion,
    /// The body was removed: what the score asks about is gone.
    BodyRemoved,
}

/// The score of a level from what the document says of it and of the lesions that lie in it.
///
/// # Errors
/// [`NotScored`] where the score makes no sense.
pub fn sins(doc: &Document, level: VertebraLevel) -> Result<Sins, NotScored> {
    sins_with(doc, level, &lesions_at(doc, level))
}

/// As [`sins`], for the `lesions` that are known to lie in the level.
///
/// # Errors
/// [`NotScored`] where the score makes no sense.
pub fn sins_with(doc: &Document, level: VertebraLevel, lesions: &[&Lesion]) -> Result<Sins, NotScored> {
    let vertebra = doc.vertebrae.get(&level).cloned().unwrap_or_default();
    if vertebra.postoperative.corpectomy == Presence::Present || vertebra.status == LevelStatus::Absent {
        return Err(NotScored::BodyRemoved);
    }
    if lesions.is_empty() {
        return Err(NotScored::NoLesion);
    }
    Ok(Sins::of(Components {
        location: location(level),
        pain: pain(&vertebra),
        bone_lesion: bone_lesion(lesions).seen_in(lesions.iter().copied()),
        alignment: Component::answered(vertebra.sins_alignment, &ALIGNMENT, || {
            Component::open(&[0, 2, 4], alignment_hint(doc, level))
        }),
        collapse: Component::answered(vertebra.sins_collapse, &COLLAPSE, || {
            let part = body_collapse(doc, level, &vertebra, lesions);
            let measured = collapse(doc, level).map_or_else(Vec::new, |c| c.reference_levels);
            let own = vertebra.heights.map(|_| level);
            Component {
                from_heights: own.into_iter().chain(measured).collect(),
                ..part.seen_in(lesions.iter().copied())
            }
        }),
        posterolateral: Component::answered(vertebra.sins_posterolateral, &POSTEROLATERAL, || posterolateral(lesions)),
    }))
}

/// Offset of the back walls from which a cervical level counts as translated, mm (White and Panjabi 1990).
const TRANSLATED_MM: f64 = 3.5;

/// What the end-plate points say of alignment: a hint, since only the reader knows whether a deformity is new.
fn alignment_hint(doc: &Document, level: VertebraLevel) -> String {
    let shift = translation_mm(doc, level).filter(|mm| mm.abs() >= TRANSLATED_MM);
    let bend = segmental_kyphosis_deg(doc, level);
    match (shift, bend) {
        (Some(mm), _) => format!("alignment not answered; the points show a translation of {mm:+.1} mm"),
        (None, Some(deg)) => format!("alignment not answered; the points show a segmental kyphosis of {deg:.0}°"),
        (None, None) => "alignment not answered".to_owned(),
    }
}

const PAIN: [(u8, &str); 3] = [(3, "mechanical pain"), (1, "occasional pain, not mechanical"), (0, "pain-free")];
const ALIGNMENT: [(u8, &str); 3] =
    [(4, "subluxation or translation"), (2, "de novo deformity (kyphosis or scoliosis)"), (0, "normal alignment")];
const COLLAPSE: [(u8, &str); 4] = [
    (3, "collapse of more than 50 %"),
    (2, "collapse of less than 50 %"),
    (1, "no collapse, more than 50 % of the body involved"),
    (0, "neither collapse nor more than 50 % of the body involved"),
];
const POSTEROLATERAL: [(u8, &str); 3] = [
    (3, "facet, pedicle or costovertebral joint, both sides"),
    (1, "facet, pedicle or costovertebral joint, one side"),
    (0, "posterolateral elements free"),
];

fn location(level: VertebraLevel) -> Component {
    use VertebraLevel::*;
    let (points, region) = match level {
        T13 | L6 | Co => {
            return Component::open(&[0, 1, 2, 3], format!("the score was made without {level}: the reader decides"));
        }
        C1 | C2 => (3, "junctional, occiput–C2"),
        C7 | T1 | T2 => (3, "junctional, C7–T2"),
        T11 | T12 | L1 => (3, "junctional, T11–L1"),
        L5 | S1 => (3, "junctional, L5–S1"),
        C3 | C4 | C5 | C6 | L2 | L3 | L4 => (2, "mobile"),
        T3 | T4 | T5 | T6 | T7 | T8 | T9 | T10 => (1, "semirigid, T3–T10"),
        S2 | S3 | S4 | S5 => (0, "rigid, S2–S5"),
    };
    Component::known(points, Source::Computed, format!("{level}: {region}"))
}

fn pain(vertebra: &Vertebra) -> Component {
    Component::answered(vertebra.sins_pain, &PAIN, || match vertebra.pain {
        Presence::Present => Component::open(&[1, 3], "pain; whether it is mechanical is not answered"),
        Presence::Absent => Component::known(0, Source::Reader, "pain-free"),
        _ => Component::open(&[0, 1, 3], "pain not answered"),
    })
}

/// Quality of the lesion; of several the one with the most points, so that none is talked down by its neighbour.
fn bone_lesion(lesions: &[&Lesion]) -> Component {
    let points = |l: &&Lesion| match l.kind {
        LesionKind::Lytic => Some(2),
        LesionKind::Mixed => Some(1),
        LesionKind::Blastic => Some(0),
        LesionKind::Indeterminate => None,
    };
    let least: u8 = lesions.iter().filter_map(points).max().unwrap_or(0);
    if least < 2 && lesions.iter().any(|l| l.kind == LesionKind::Indeterminate) {
        return Component::open(&[0, 1, 2][least as usize..], "a lesion whose type is indeterminate");
    }
    let word = [LesionKind::Blastic, LesionKind::Mixed, LesionKind::Lytic][least as usize].word();
    let basis =
        if lesions.len() > 1 { format!("{word}, the most of {} lesions", lesions.len()) } else { word.to_owned() };
    Component::known(least, Source::Reader, basis)
}

/// Points for a body without collapse: more than half involved or not, or both while that is open.
fn involved(doc: &Document, level: VertebraLevel, lesions: &[&Lesion]) -> (&'static [u8], String) {
    let (said, words) = stated(lesions);
    let Some(found) = destroyed(doc, level).filter(|d| d.lesion_mm3 > 0.0) else { return (said, words.to_owned()) };
    // To the tenth of a percent: neither more nor less than half.
    let measured: &[u8] = match 100.0 * found.fraction - 50.0 {
        p if p.abs() < 0.05 => &[0, 1],
        p if p > 0.0 => &[1],
        _ => &[0],
    };
    match (said, measured) {
        ([a], [b]) if a != b => (&[0, 1], format!("{}, though recorded as {words}: the reader decides", found.words())),
        _ => (measured, found.words()),
    }
}

/// The same from the recorded extents alone.
fn stated(lesions: &[&Lesion]) -> (&'static [u8], &'static str) {
    let half =
        |l: &&Lesion| matches!(l.extent, Extent::SubtotalGe50 | Extent::TotalBodyDestruction | Extent::WholeVertebra);
    if lesions.iter().any(half) {
        return (&[1], "more than 50 % of the body involved");
    }
    let small = lesions.iter().all(|l| l.extent == Extent::SmallFocal);
    let one_below = lesions.len() == 1 && lesions[0].extent == Extent::SubtotalLt50;
    if small || one_below { (&[0], "less than 50 % of the body involved") } else { (&[0, 1], "extent not stated") }
}

/// Loss of height below which a body counts as not collapsed: the error of six points placed by hand.
const WITHIN_ERROR_PERCENT: f64 = 5.0;
/// Loss from which a deformity counts as a fracture (Genant 1993).
const DEFORMED_PERCENT: f64 = 20.0;

fn body_collapse(doc: &Document, level: VertebraLevel, vertebra: &Vertebra, lesions: &[&Lesion]) -> Component {
    let (without, extent) = involved(doc, level, lesions);
    let fractured = vertebra.fracture == Presence::Present || vertebra.pathological_fracture == Presence::Present;
    let measured = collapse(doc, level).map(|c| {
        let against = match c.reference {
            CollapseReference::OwnPosteriorHeight => "its own posterior height".to_owned(),
            _ => c.reference_levels.iter().map(|l| l.name()).collect::<Vec<_>>().join(" and "),
        };
        (c.percent, format!("{:.1} % loss of height against {against}", c.percent))
    });
    match measured {
        // To the tenth of a percent that readers see: neither more nor less than half.
        Some((p, basis)) if (p - 50.0).abs() < 0.05 => Component {
            source: Source::Image,
            at_cut: true,
            ..Component::open(&[2, 3], format!("{basis}: at the cut of 50 %, the reader decides"))
        },
        Some((p, basis)) if reaches(p, DEFORMED_PERCENT) && vertebra.fracture == Presence::Absent => {
            let possible: Vec<u8> = without.iter().copied().chain([if p > 50.0 { 3 } else { 2 }]).collect();
            Component::open(&possible, format!("{basis}, though recorded as not fractured: the reader decides"))
        }
        Some((p, basis)) if p > 50.0 => Component::known(3, Source::Image, basis),
        Some((p, basis)) if reaches(p, DEFORMED_PERCENT) || fractured => Component::known(2, Source::Image, basis),
        Some((p, basis)) if reaches(p, WITHIN_ERROR_PERCENT) && vertebra.fracture != Presence::Absent => {
            let possible: Vec<u8> = without.iter().copied().chain([2]).collect();
            Component::open(&possible, format!("{basis}: a collapse or not, the reader decides"))
        }
        Some((_, basis)) => settled(without, Source::Image, format!("{basis}, {extent}")),
        None if fractured => Component::open(&[2, 3], "fractured, heights not measured"),
        None if vertebra.fracture == Presence::Absent => {
            settled(without, Source::Reader, format!("no fracture, {extent}"))
        }
        None => {
            let possible: Vec<u8> = without.iter().copied().chain([2, 3]).collect();
            Component::open(&possible, format!("collapse not stated, {extent}"))
        }
    }
}

fn settled(possible: &[u8], source: Source, basis: String) -> Component {
    match possible {
        [one] => Component::known(*one, source, basis),
        several => Component::open(several, basis),
    }
}

/// Involvement of facets, pedicles and costovertebral joints by the recorded sites. Sites can only add: that a site is
/// not listed does not say that it was looked at, so freedom of these parts is the reader's to state.
fn posterolateral(lesions: &[&Lesion]) -> Component {
    use Site::*;
    const LEFT: [Site; 5] = [PedicleLeft, FacetSuperiorLeft, FacetInferiorLeft, CostovertebralLeft, LateralMassLeft];
    const RIGHT: [Site; 5] =
        [PedicleRight, FacetSuperiorRight, FacetInferiorRight, CostovertebralRight, LateralMassRight];
    let any = |sites: &[Site]| lesions.iter().any(|l| l.sites.iter().any(|s| sites.contains(s)));
    let part = match (any(&LEFT), any(&RIGHT)) {
        (true, true) => Component::known(3, Source::Image, "sites on both sides"),
        (true, false) => Component::known(1, Source::Image, "sites on the left"),
        (false, true) => Component::known(1, Source::Image, "sites on the right"),
        (false, false) => return Component::open(&[0, 1, 3], "posterolateral elements not answered"),
    };
    let there = |l: &&&Lesion| l.sites.iter().any(|s| LEFT.contains(s) || RIGHT.contains(s));
    part.seen_in(lesions.iter().filter(there).copied())
}

#[cfg(test)]
#[path = "sins_tests.rs"]
mod tests;
