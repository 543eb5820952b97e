//! What changed at each level between two timepoints: volume and type of lesions, loss of height, scores, and what surgery
//! left. Levels are compared by their names; figures of one timepoint come from its own images only.

use super::{Category, collapse, escc, main_image, segmental_kyphosis_deg, sins, stats_of_voxels};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, EsccGrade, LesionKind, LevelStatus, PostoperativeState, Presence, TimepointKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A level at one timepoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelSummary {
    /// State of the level.
    pub status: LevelStatus,
    /// Lesions assigned to it that are drawn then. 0 says that none is drawn, not that somebody saw none.
    pub lesions: usize,
    /// The same in words, with their types: `none drawn`, `2 lytic, mixed`.
    #[serde(default)]
    pub lesions_in_words: String,
    /// Their types.
    pub types: Vec<LesionKind>,
    /// Their volume, mm³; null when none of them has voxels.
    pub volume_mm3: Option<f64>,
    /// Loss of height, percent.
    pub collapse_percent: Option<f64>,
    /// Segmental kyphosis, degrees.
    pub segmental_kyphosis_deg: Option<f64>,
    /// Least and most of the SINS.
    pub sins_range: Option<[u8; 2]>,
    /// Its category, where it is settled.
    pub sins_category: Option<Category>,
    /// Grades of epidural compression that are left.
    pub escc_possible: Option<Vec<EsccGrade>>,
    /// What surgery left: `corpectomy`, `cage`, `cement`, ….
    pub after_surgery: Vec<String>,
}

/// A level at both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelChange {
    /// The level.
    pub level: VertebraLevel,
    /// At the earlier timepoint.
    pub before: LevelSummary,
    /// At the later one.
    pub after: LevelSummary,
    /// Change of volume, mm³; null unless both are known.
    pub volume_change_mm3: Option<f64>,
    /// Change of volume in percent of the earlier one.
    pub volume_change_percent: Option<f64>,
    /// Change of the loss of height, percentage points.
    pub collapse_change_points: Option<f64>,
}

/// What surgery left at a level, in words that a table can hold.
pub fn after_surgery(p: &PostoperativeState) -> Vec<String> {
    let words = [
        ("corpectomy", p.corpectomy),
        ("cage", p.cage),
        ("cement", p.cement),
        ("screws", p.screws),
        ("plate or rods", p.plate_or_rods),
        ("fixation failure", p.fixation_failure),
        ("cement leakage", p.cement_leakage),
        ("recurrence", p.recurrence),
    ];
    let mut out: Vec<String> =
        words.iter().filter(|(_, there)| *there == Presence::Present).map(|(word, _)| (*word).to_owned()).collect();
    let denied =
        [("fixation failure", p.fixation_failure), ("cement leakage", p.cement_leakage), ("recurrence", p.recurrence)];
    out.extend(denied.iter().filter(|(_, p)| *p == Presence::Absent).map(|(word, _)| format!("no {word}")));
    out.extend(p.subsidence_mm.map(|mm| format!("subsidence {mm:.1} mm")));
    out
}

/// A level of a document that speaks of one timepoint.
pub fn summary(doc: &Document, level: VertebraLevel) -> LevelSummary {
    let v = doc.vertebrae.get(&level).cloned().unwrap_or_default();
    let lesions: Vec<_> = doc.lesions.values().filter(|l| l.vertebra == level).collect();
    let volume = |label: u16| {
        let key = main_image(doc, label)?;
        let flat = doc.masks.get(key)?.voxels_of(label);
        Some(stats_of_voxels(&flat, &doc.images.get(key)?.geometry, None).volume_mm3)
    };
    let volumes: Vec<f64> = lesions.iter().filter_map(|l| volume(l.label_value)).collect();
    let types: BTreeSet<LesionKind> = lesions.iter().map(|l| l.kind).collect();
    let score = sins(doc, level).ok();
    LevelSummary {
        status: v.status,
        lesions: lesions.len(),
        lesions_in_words: in_words(lesions.len(), &types),
        types: types.into_iter().collect(),
        volume_mm3: (!volumes.is_empty()).then(|| volumes.iter().sum()),
        collapse_percent: collapse(doc, level).map(|c| c.percent),
        segmental_kyphosis_deg: segmental_kyphosis_deg(doc, level),
        sins_range: score.as_ref().map(|s| [s.total_min, s.total_max]),
        sins_category: score.and_then(|s| s.category),
        escc_possible: escc(doc, level).possible,
        after_surgery: after_surgery(&v.postoperative),
    }
}

fn in_words(count: usize, types: &BTreeSet<LesionKind>) -> String {
    match count {
        0 => "none drawn".to_owned(),
        n => format!("{n} {}", types.iter().map(|t| t.word()).collect::<Vec<_>>().join(", ")),
    }
}

/// Every level that either timepoint speaks of, head to feet; `None` is the first timepoint.
pub fn changes(doc: &Document, from: Option<&TimepointKey>, to: Option<&TimepointKey>) -> Vec<LevelChange> {
    let (before, after) = (doc.as_of(from), doc.as_of(to));
    let of =
        |d: &Document| d.vertebrae.keys().copied().chain(d.lesions.values().map(|l| l.vertebra)).collect::<Vec<_>>();
    let levels: BTreeSet<VertebraLevel> = of(&before).into_iter().chain(of(&after)).collect();
    let change = |level| {
        let (b, a) = (summary(&before, level), summary(&after, level));
        let volumes = b.volume_mm3.zip(a.volume_mm3);
        LevelChange {
            level,
            volume_change_mm3: volumes.map(|(b, a)| a - b),
            volume_change_percent: volumes.filter(|(b, _)| *b > 0.0).map(|(b, a)| 100.0 * (a - b) / b),
            collapse_change_points: b.collapse_percent.zip(a.collapse_percent).map(|(b, a)| a - b),
            before: b,
            after: a,
        }
    };
    levels.into_iter().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::VertebraLevel::*;
    use super::*;
    use crate::assess::tests::{body, doc_with_grid};
    use crate::document::{Edit, ImageKey, Lesion, Run, Timepoint, Vertebra};
    use uuid::Uuid;

    #[test]
    fn volumes_heights_and_surgery_are_compared_level_by_level() {
        let (mut doc, ct) = doc_with_grid([10, 10, 10]);
        let later = ImageKey("9.1".to_owned());
        let mut second = doc.images[&ct].clone();
        second.study_instance_uid = "9".to_owned();
        doc.images.insert(later.clone(), second);
        let key = TimepointKey("after".to_owned());
        let fu = Timepoint { studies: vec!["9".to_owned()], relative_days: Some(90), ..Timepoint::default() };
        doc.timepoints.insert(key.clone(), fu);
        doc.lesions.insert(Uuid::from_u128(1), Lesion::new("a".to_owned(), 1, C6, LesionKind::Lytic));
        for (image, length) in [(ct, 40), (later, 10)] {
            let runs = vec![Run { start: 100, length, label: 1 }];
            doc.apply(Edit::Mask { image, layer: crate::document::Layer::Lesions, runs }).expect("known");
        }
        let heights = |h: f64, z: f64| Some(body([h; 3], z, 0.0, 0.0));
        for (level, h, z) in [(C5, 20.0, 0.0), (C6, 15.0, -30.0), (C7, 20.0, -60.0)] {
            doc.vertebrae.insert(level, Vertebra { heights: heights(h, z), ..Vertebra::default() });
        }
        let mut followup = doc.vertebrae.clone();
        let c6 = followup.get_mut(&C6).expect("there");
        c6.heights = heights(10.0, -30.0);
        c6.postoperative.cement = Presence::Present;
        c6.postoperative.cement_leakage = Presence::Absent;
        doc.followups.insert(key.clone(), followup);

        let found = changes(&doc, None, Some(&key));
        assert_eq!(found.iter().map(|c| c.level).collect::<Vec<_>>(), [C5, C6, C7]);
        let c6 = &found[1];
        assert_eq!((c6.volume_change_mm3, c6.volume_change_percent), (Some(-30.0), Some(-75.0)));
        assert!((c6.collapse_change_points.expect("measured") - 25.0).abs() < 1e-9);
        assert_eq!(
            (c6.before.after_surgery.len(), &c6.after.after_surgery[..]),
            (0, &["cement".to_owned(), "no cement leakage".to_owned()][..])
        );
        assert_eq!((found[0].before.lesions, found[0].volume_change_mm3), (0, None));
        assert_eq!([&found[0].before, &c6.after].map(|s| s.lesions_in_words.as_str()), ["none drawn", "1 lytic"]);
    }
}
