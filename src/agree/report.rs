//! The whole comparison: every pair of readers (or every reader with the reference) on every case, and what follows from
//! all of them together. A pure function of the readings: the same files give the same bytes.

use super::bootstrap::Resampling;
use super::case::{CasePair, Who, compare};
use super::categories::{self, CategoryAgreement, GRADES, PRESENCE, grade_items, presence_items};
use super::pooled::{PooledPair, pool};
use super::reading::CaseReadings;
use super::values::{self, NumberAgreement, measured};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a comparison is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Options {
    /// Tolerances of the surface Dice, mm.
    pub tau_mm: Vec<f64>,
    /// Bootstrap intervals.
    pub bootstrap: Resampling,
    /// Whether the first reader is the truth that the others are held against; else every two are compared.
    pub reference_first: bool,
    /// Whether a level that a reader did not mark is not rated, instead of absent.
    pub unmarked_missing: bool,
}

impl Default for Options {
    fn default() -> Self {
        let bootstrap = Resampling { samples: 1000, seed: 1 };
        Options { tau_mm: vec![1.0, 2.0], bootstrap, reference_first: false, unmarked_missing: false }
    }
}

/// The comparison, as `compare --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// `spondyl-agreement/1`.
    pub schema: &'static str,
    /// The readers, in the order given.
    pub readers: Vec<String>,
    /// How it was made.
    pub options: Options,
    /// What each name means.
    pub definitions: BTreeMap<&'static str, &'static str>,
    /// Two readers over all cases.
    pub pairs: Vec<PooledPair>,
    /// Presence of a lesion at each level.
    pub presence: CategoryAgreement,
    /// Grades, where readers gave them.
    pub grades: Vec<CategoryAgreement>,
    /// Numbers, where readers measured them.
    pub numbers: Vec<NumberAgreement>,
    /// Two readers on one case.
    pub cases: Vec<CasePair>,
    /// What could not be compared.
    pub notes: Vec<String>,
    /// Names of the cases, for tables and plots.
    #[serde(skip)]
    pub case_names: Vec<String>,
}

/// Compares readers.
pub fn agreement(readers: &[String], cases: &[CaseReadings], options: &Options) -> Agreement {
    let which: Vec<(usize, usize)> = (0..readers.len())
        .flat_map(|a| (a + 1..readers.len()).map(move |b| (a, b)))
        .filter(|(a, _)| !options.reference_first || *a == 0)
        .collect();
    let of_case = |c: &CaseReadings| {
        let mut notes = Vec::new();
        let both = |(a, b): &(usize, usize)| {
            let (x, y) = (c.readings[*a].as_ref()?, c.readings[*b].as_ref()?);
            let who = Who { case: &c.name, a: &readers[*a], b: &readers[*b] };
            Some(compare(&who, x, y, &options.tau_mm, &mut notes))
        };
        let pairs: Vec<CasePair> = which.iter().filter_map(both).collect();
        (pairs, notes)
    };
    let (mut pairs, mut notes): (Vec<CasePair>, Vec<String>) = (Vec::new(), Vec::new());
    for (p, n) in cases.par_iter().map(of_case).collect::<Vec<_>>() {
        pairs.extend(p);
        notes.extend(n);
    }
    notes.dedup();
    let how = options.bootstrap;
    let presence = presence_items(cases, options.unmarked_missing);
    let graded = |q: &categories::Question| {
        let items = grade_items(cases, q);
        let several = items.iter().any(|i| i.ratings.iter().flatten().count() > 1);
        several.then(|| categories::agree_on(q, items, readers, &which, how))
    };
    let numbers = measured(cases, &pairs, readers);
    Agreement {
        schema: "spondyl-agreement/1",
        readers: readers.to_vec(),
        options: options.clone(),
        definitions: definitions(),
        pairs: which.iter().map(|(a, b)| pool(&readers[*a], &readers[*b], &pairs, how)).collect(),
        presence: categories::agree_on(&PRESENCE, presence, readers, &which, how),
        grades: GRADES.iter().filter_map(graded).collect(),
        numbers: numbers.iter().filter_map(|(n, items)| values::agree_on(n, items, readers, &which, how)).collect(),
        cases: pairs,
        notes,
        case_names: cases.iter().map(|c| c.name.clone()).collect(),
    }
}

/// What the names in a comparison mean. Packages use one name for several definitions; these are ours.
pub fn definitions() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("dice", "2 |A∩B| / (|A| + |B|); null when both are empty, 0 when one is"),
        ("iou", "|A∩B| / |A∪B|"),
        ("volume_difference_ml", "volume of B minus volume of A"),
        ("volume_difference_percent", "100 (V_B - V_A) / ((V_A + V_B) / 2)"),
        (
            "hd_mm",
            "largest distance from a border voxel's centre of one mask to the nearest of the other, both ways; border: a \
             face neighbour lies outside (as MedPy hd)",
        ),
        (
            "hd95_mm",
            "95th percentile (linear interpolation) of the distances of both masks' border voxels, pooled (as MedPy hd95)",
        ),
        ("assd_mm", "mean of the distances of both masks' border voxels, pooled (as MedPy assd)"),
        (
            "hd95_surface_mm",
            "larger of the two one-way 95th percentiles over surface elements, weighted by area (as surface-distance \
             compute_robust_hausdorff)",
        ),
        (
            "mean_a_to_b_surface_mm",
            "mean distance of A's surface elements to B's, weighted by area (as surface-distance \
             compute_average_surface_distance)",
        ),
        ("mean_b_to_a_surface_mm", "the same from B to A"),
        (
            "surface_dice",
            "share of both surfaces' area within tau of the other surface (Nikolov 2018, as surface-distance \
             compute_surface_dice_at_tolerance)",
        ),
        (
            "matches",
            "lesions one to one: the assignment with the largest sum of IoU among pairs that meet the criterion; A is the \
             reference of TP, FP and FN",
        ),
        (
            "lesion_present",
            "over every level that a reader of the case spoke of: present with a lesion in it or marked involved; absent \
             when marked otherwise or not marked (option unmarked); missing when it cannot be judged",
        ),
        ("cohen_kappa", "1 - sum(w o) / sum(w e), Cohen 1960, 1968; ci95 asymptotic (Fleiss, Cohen and Everitt 1969)"),
        ("fleiss_kappa", "Fleiss 1971, over items that all readers rated"),
        ("gwet_ac1", "Gwet 2008; ci95 by his variance and t with n - 1 degrees of freedom"),
        ("krippendorff_alpha", "1 - Do / De, Krippendorff 2004, nominal, or ordinal where categories are ordered"),
        ("icc", "forms by the names of McGraw and Wong 1996, over items that all readers measured"),
        ("bland_altman", "a - b: bias, sd with n - 1, limits bias ± 1.96 sd (1986)"),
        ("bootstrap", "percentile interval, 2.5 to 97.5 %; whole cases are drawn where there are several, else items"),
    ])
}
