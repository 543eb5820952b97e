//! Agreement on numbers over every item that readers measured: volumes of lesions, heights, angles, drawn distances.

use super::bootstrap::{Estimate, Resampling, estimate};
use super::case::CasePair;
use super::numbers::{BlandAltman, Icc, bland_altman, icc};
use super::reading::CaseReadings;
use crate::anatomy::VertebraLevel;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that readers measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Index of the case.
    pub case: usize,
    /// What it is: a lesion's label, a level, a measurement's name.
    pub name: String,
    /// One value for each reader.
    pub values: Vec<Option<f64>>,
}

/// Two readers on a number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberPair {
    /// The first reader.
    pub a: String,
    /// The second reader.
    pub b: String,
    /// Bias and limits of a − b.
    #[serde(flatten)]
    pub bland_altman: BlandAltman,
    /// The pairs (a, b), for plots.
    #[serde(skip)]
    pub points: Vec<(f64, f64)>,
}

/// Agreement of all readers on one number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberAgreement {
    /// What was measured, with its unit.
    pub name: String,
    /// Items that every reader measured.
    pub items: usize,
    /// Intraclass correlations over them.
    pub icc: Icc,
    /// ICC(A,1) with its bootstrap interval.
    pub icc_a1: Estimate,
    /// Every two readers, over the items that both measured.
    pub pairs: Vec<NumberPair>,
}

/// Everything that was measured: name to items.
pub fn measured(cases: &[CaseReadings], pairs: &[CasePair], readers: &[String]) -> BTreeMap<String, Vec<Measured>> {
    let mut all: BTreeMap<String, Vec<Measured>> = BTreeMap::new();
    for (case, c) in cases.iter().enumerate() {
        let of_case: Vec<&CasePair> = pairs.iter().filter(|p| p.case == c.name).collect();
        for (name, values) in lesion_volumes(&of_case, readers) {
            all.entry("lesion_volume_mm3".to_owned()).or_default().push(Measured { case, name, values });
        }
        let total = total_volumes(&of_case, readers);
        if total.iter().flatten().count() > 1 {
            let item = Measured { case, name: c.name.clone(), values: total };
            all.entry("total_lesion_volume_mm3".to_owned()).or_default().push(item);
        }
        let read = || c.readings.iter().flatten();
        let figures: BTreeSet<(VertebraLevel, &'static str)> =
            read().flat_map(|r| r.levels.iter().flat_map(|(l, v)| v.figures.keys().map(|f| (*l, *f)))).collect();
        for (level, figure) in figures {
            let value = |r: &super::Reading| r.levels.get(&level)?.figures.get(figure).copied();
            let values = c.readings.iter().map(|r| value(r.as_ref()?)).collect();
            all.entry(figure.to_owned()).or_default().push(Measured { case, name: level.to_string(), values });
        }
        let drawn: BTreeSet<(String, String)> = read().flat_map(|r| r.measurements.keys().cloned()).collect();
        for key in drawn {
            let values = c.readings.iter().map(|r| r.as_ref()?.measurements.get(&key).copied()).collect();
            let (name, unit) = key;
            all.entry(format!("measured_{unit}")).or_default().push(Measured { case, name, values });
        }
    }
    all
}

/// Volumes of the first reader's lesions, and of the lesions that the others' are matched with them (any overlap).
fn lesion_volumes(pairs: &[&CasePair], readers: &[String]) -> Vec<(String, Vec<Option<f64>>)> {
    let Some(first) = readers.first() else { return Vec::new() };
    let mut by_lesion: BTreeMap<usize, (String, Vec<Option<f64>>)> = BTreeMap::new();
    for p in pairs.iter().filter(|p| p.a == *first) {
        let Some(b) = readers.iter().position(|r| *r == p.b) else { continue };
        for m in &p.matches {
            let entry = by_lesion.entry(m.index[0]).or_insert_with(|| (m.a.label.clone(), vec![None; readers.len()]));
            entry.1[0] = Some(m.overlap.volume_a_mm3);
            entry.1[b] = Some(m.overlap.volume_b_mm3);
        }
    }
    by_lesion.into_values().collect()
}

fn total_volumes(pairs: &[&CasePair], readers: &[String]) -> Vec<Option<f64>> {
    let of = |reader: &String| {
        pairs.iter().find_map(|p| {
            let whole = p.whole.as_ref()?;
            if p.a == *reader {
                return Some(whole.volume_a_mm3);
            }
            (p.b == *reader).then_some(whole.volume_b_mm3)
        })
    };
    readers.iter().map(of).collect()
}

/// Every figure of one number; `None` where no two readers measured the same thing.
pub fn agree_on(
    name: &str,
    items: &[Measured],
    readers: &[String],
    pairs: &[(usize, usize)],
    how: Resampling,
) -> Option<NumberAgreement> {
    let whole: Vec<(usize, Vec<f64>)> =
        items.iter().filter_map(|i| Some((i.case, i.values.iter().copied().collect::<Option<Vec<f64>>>()?))).collect();
    let bare = |items: &[(usize, Vec<f64>)]| items.iter().map(|i| i.1.clone()).collect::<Vec<_>>();
    let pairs: Vec<NumberPair> = pairs
        .iter()
        .filter_map(|(a, b)| {
            let points: Vec<(f64, f64)> = items.iter().filter_map(|i| i.values[*a].zip(i.values[*b])).collect();
            let bland_altman = bland_altman(&points)?;
            Some(NumberPair { a: readers[*a].clone(), b: readers[*b].clone(), bland_altman, points })
        })
        .collect();
    (!pairs.is_empty()).then(|| NumberAgreement {
        name: name.to_owned(),
        items: whole.len(),
        icc: icc(&bare(&whole)),
        icc_a1: estimate(&whole, |i| i.0, how, |i| icc(&bare(i)).a_1),
        pairs,
    })
}
