//! Agreement on presence at each level and on grades, over every level of every case.

use super::bootstrap::{Estimate, Resampling, estimate};
use super::kappa::{
    Ratings, Scale, Weights, cohen, cohen_with_interval, fleiss, gwet, krippendorff, specific_agreement,
};
use super::reading::CaseReadings;
use crate::anatomy::VertebraLevel;
use serde::Serialize;
use std::collections::BTreeSet;

/// One thing that every reader may have rated.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Index of the case.
    pub case: usize,
    /// The level.
    pub level: VertebraLevel,
    /// One rating for each reader.
    pub ratings: Ratings,
}

/// Two readers on categories.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategoryPair {
    /// The first reader.
    pub a: String,
    /// The second reader.
    pub b: String,
    /// Items that both rated.
    pub n: usize,
    /// Share on which they agree.
    pub agreement: Option<f64>,
    /// Cohen's κ with its asymptotic interval.
    pub cohen_kappa: Estimate,
    /// The same κ with the bootstrap interval.
    pub cohen_kappa_bootstrap: Estimate,
    /// Weights |i − j| / (k − 1); ordered categories only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cohen_kappa_linear: Option<Estimate>,
    /// Weights ((i − j) / (k − 1))²; ordered categories only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cohen_kappa_quadratic: Option<Estimate>,
    /// 2a / (2a + b + c); presence only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_agreement: Option<f64>,
    /// 2d / (2d + b + c); presence only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_agreement: Option<f64>,
}

/// Agreement of all readers on one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategoryAgreement {
    /// The question.
    pub name: String,
    /// Its answers, in order.
    pub categories: Vec<String>,
    /// Whether the order means something.
    pub ordered: bool,
    /// Levels that at least one reader rated.
    pub items: usize,
    /// Every two readers.
    pub pairs: Vec<CategoryPair>,
    /// Over the items that all rated.
    pub fleiss_kappa: Estimate,
    /// Gwet's AC1, with his own interval.
    pub gwet_ac1: Estimate,
    /// Gwet's AC2 with quadratic weights; ordered categories only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gwet_ac2_quadratic: Option<Estimate>,
    /// α of the scale: nominal, or ordinal where categories are ordered.
    pub krippendorff_alpha: Estimate,
    /// The ratings, for plots.
    #[serde(skip)]
    pub rated: Vec<Item>,
}

/// A question with categories.
pub struct Question {
    pub name: &'static str,
    pub categories: &'static [&'static str],
    pub ordered: bool,
}

/// Presence of a lesion.
pub const PRESENCE: Question = Question { name: "lesion_present", categories: &["absent", "present"], ordered: false };

/// Judgements beside presence; the names are those of [`super::LevelReading::grades`].
pub const GRADES: [Question; 7] = [
    Question { name: "escc_grade", categories: &["0", "1a", "1b", "1c", "2", "3"], ordered: true },
    Question { name: "genant_grade", categories: &["0", "1", "2", "3"], ordered: true },
    Question { name: "sins_category", categories: &["stable", "potentially_unstable", "unstable"], ordered: true },
    Question { name: "lesion_type", categories: &["lytic", "blastic", "mixed", "indeterminate"], ordered: false },
    Question { name: "fracture", categories: &["absent", "present"], ordered: false },
    Question { name: "pathological_fracture", categories: &["absent", "present"], ordered: false },
    Question { name: "cord_compression", categories: &["absent", "present"], ordered: false },
];

/// Presence at every level that any reader of a case spoke of. A level that a reader did not mark is absent for that
/// reader, or with `unmarked_missing` not rated.
pub fn presence_items(cases: &[CaseReadings], unmarked_missing: bool) -> Vec<Item> {
    items(cases, |reading, level| match reading.levels.get(&level) {
        Some(l) => l.present.map(usize::from),
        // Label maps know no levels: their readers rated none.
        None if unmarked_missing || reading.levels.is_empty() => None,
        None => Some(0),
    })
}

/// A judgement at every level where a reader made it.
pub fn grade_items(cases: &[CaseReadings], question: &Question) -> Vec<Item> {
    items(cases, |reading, level| reading.levels.get(&level)?.grades.get(question.name).copied())
}

fn items(cases: &[CaseReadings], rating: impl Fn(&super::Reading, VertebraLevel) -> Option<usize>) -> Vec<Item> {
    let mut out = Vec::new();
    for (case, readings) in cases.iter().enumerate() {
        let read = || readings.readings.iter().flatten();
        let levels: BTreeSet<VertebraLevel> = read().flat_map(|r| r.levels.keys().copied()).collect();
        for level in levels {
            let ratings: Ratings = readings.readings.iter().map(|r| rating(r.as_ref()?, level)).collect();
            if ratings.iter().any(Option::is_some) {
                out.push(Item { case, level, ratings });
            }
        }
    }
    out
}

/// Every coefficient of one question.
pub fn agree_on(
    question: &Question,
    items: Vec<Item>,
    readers: &[String],
    pairs: &[(usize, usize)],
    how: Resampling,
) -> CategoryAgreement {
    let k = question.categories.len();
    let of = |i: &Item| i.case;
    let ratings = |items: &[Item]| items.iter().map(|i| i.ratings.clone()).collect::<Vec<_>>();
    let scale = if question.ordered { Scale::Ordinal } else { Scale::Nominal };
    let whole: Vec<Item> = items.iter().filter(|i| i.ratings.iter().all(Option::is_some)).cloned().collect();
    CategoryAgreement {
        name: question.name.to_owned(),
        categories: question.categories.iter().map(|c| (*c).to_owned()).collect(),
        ordered: question.ordered,
        items: items.len(),
        pairs: pairs.iter().map(|p| pair(question, &items, readers, *p, how)).collect(),
        fleiss_kappa: estimate(&whole, of, how, |i| fleiss(&ratings(i), k)),
        gwet_ac1: gwet(&ratings(&items), k, Weights::Nominal),
        gwet_ac2_quadratic: question.ordered.then(|| gwet(&ratings(&items), k, Weights::Quadratic)),
        krippendorff_alpha: estimate(&items, of, how, |i| krippendorff(&ratings(i), k, scale)),
        rated: items,
    }
}

fn pair(q: &Question, items: &[Item], readers: &[String], (a, b): (usize, usize), how: Resampling) -> CategoryPair {
    type Both = (usize, [Option<usize>; 2]);
    let both: Vec<Both> = items
        .iter()
        .map(|i| (i.case, [i.ratings[a], i.ratings[b]]))
        .filter(|(_, r)| r.iter().all(Option::is_some))
        .collect();
    let bare = |items: &[Both]| items.iter().map(|i| i.1).collect::<Vec<_>>();
    let all = bare(&both);
    let k = q.categories.len();
    let weighted = |w: Weights| estimate(&both, |i| i.0, how, |i| cohen(&bare(i), k, w));
    let same = all.iter().filter(|[x, y]| x == y).count();
    let [positive, negative] = if q.name == PRESENCE.name { specific_agreement(&all) } else { [None, None] };
    CategoryPair {
        a: readers[a].clone(),
        b: readers[b].clone(),
        n: all.len(),
        agreement: (!all.is_empty()).then(|| same as f64 / all.len() as f64),
        cohen_kappa: cohen_with_interval(&all, k),
        cohen_kappa_bootstrap: weighted(Weights::Nominal),
        cohen_kappa_linear: q.ordered.then(|| weighted(Weights::Linear)),
        cohen_kappa_quadratic: q.ordered.then(|| weighted(Weights::Quadratic)),
        positive_agreement: positive,
        negative_agreement: negative,
    }
}
