//! Two readers over all their cases: means over lesions and cases with intervals, and lesions found in all.

use super::bootstrap::{Estimate, Resampling, estimate};
use super::case::CasePair;
use super::matching::{Criterion, Detection};
use super::overlap::Overlap;
use serde::Serialize;
use std::collections::BTreeMap;

/// Means of the figures of masks.
pub type Means = BTreeMap<String, Estimate>;

/// Two readers over all cases that both read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PooledPair {
    /// The first reader.
    pub a: String,
    /// The second reader.
    pub b: String,
    /// Cases that both read on one grid.
    pub cases: usize,
    /// Means over matched lesions.
    pub lesions: Means,
    /// Means over whole cases.
    pub whole_cases: Means,
    /// Sums over cases.
    pub detection: Vec<Detection>,
    /// Lesions of the second reader alone per case, by criterion.
    pub fp_per_case: BTreeMap<String, f64>,
}

/// Pools the pairs of two readers.
pub fn pool(a: &str, b: &str, pairs: &[CasePair], how: Resampling) -> PooledPair {
    let ours: Vec<(usize, &CasePair)> =
        pairs.iter().enumerate().filter(|(_, p)| p.a == a && p.b == b && p.whole.is_some()).collect();
    let lesions: Vec<(usize, &Overlap)> =
        ours.iter().flat_map(|(n, p)| p.matches.iter().map(move |m| (*n, &m.overlap))).collect();
    let wholes: Vec<(usize, &Overlap)> = ours.iter().filter_map(|(n, p)| Some((*n, p.whole.as_ref()?))).collect();
    let detection: Vec<Detection> = Criterion::ALL
        .into_iter()
        .enumerate()
        .map(|(c, criterion)| {
            let sum = |of: fn(&Detection) -> usize| ours.iter().filter_map(|(_, p)| p.detection.get(c)).map(of).sum();
            Detection::new(criterion, sum(|d| d.tp), sum(|d| d.fp), sum(|d| d.fn_))
        })
        .collect();
    let per_case = |d: &Detection| (d.criterion.name(), d.fp as f64 / ours.len().max(1) as f64);
    PooledPair {
        a: a.to_owned(),
        b: b.to_owned(),
        cases: ours.len(),
        lesions: means(&lesions, how),
        whole_cases: means(&wholes, how),
        fp_per_case: detection.iter().map(per_case).collect(),
        detection,
    }
}

/// The figures of an overlap that have a mean, by name.
pub fn figures(o: &Overlap) -> Vec<(String, Option<f64>)> {
    let mut all: Vec<(String, Option<f64>)> = [
        ("dice", o.dice),
        ("iou", o.iou),
        ("volume_difference_ml", Some(o.volume_difference_ml)),
        ("volume_difference_percent", o.volume_difference_percent),
        ("hd_mm", o.hd_mm),
        ("hd95_mm", o.hd95_mm),
        ("assd_mm", o.assd_mm),
        ("hd95_surface_mm", o.hd95_surface_mm),
        ("mean_a_to_b_surface_mm", o.mean_a_to_b_surface_mm),
        ("mean_b_to_a_surface_mm", o.mean_b_to_a_surface_mm),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    all.extend(o.surface_dice.iter().map(|s| (format!("surface_dice_{}mm", s.tau_mm), s.value)));
    all
}

fn means(items: &[(usize, &Overlap)], how: Resampling) -> Means {
    let mut by_name: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
    for (case, o) in items {
        for (name, value) in figures(o) {
            let list = by_name.entry(name).or_default();
            list.extend(value.map(|v| (*case, v)));
        }
    }
    let mean = |v: &[(usize, f64)]| (!v.is_empty()).then(|| v.iter().map(|i| i.1).sum::<f64>() / v.len() as f64);
    by_name.into_iter().map(|(name, values)| (name, estimate(&values, |v| v.0, how, mean))).collect()
}
