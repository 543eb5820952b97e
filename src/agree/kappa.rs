//! Chance-corrected agreement on categories. A coefficient is absent where it is undefined: nothing to compare, or chance
//! alone would agree always (every rating the same).

use super::bootstrap::{Estimate, t975};

/// How far two of `k` ordered categories are apart, 0…1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Any difference counts fully.
    Nominal,
    /// |i − j| / (k − 1).
    Linear,
    /// ((i − j) / (k − 1))².
    Quadratic,
}

impl Weights {
    fn apart(self, i: usize, j: usize, k: usize) -> f64 {
        let d = i.abs_diff(j) as f64 / (k.max(2) - 1) as f64;
        match self {
            Weights::Nominal => f64::from(u8::from(i != j)),
            Weights::Linear => d,
            Weights::Quadratic => d * d,
        }
    }
}

/// Ratings of one item, one for each reader; `None` is missing. Categories are 0…k − 1.
pub type Ratings = Vec<Option<usize>>;

/// Share of pairs of two readers that agree, `po`, and Cohen's κ = 1 − Σ w·o / Σ w·e (Cohen 1960, 1968). Items that one of
/// them did not rate are left out.
pub fn cohen(items: &[[Option<usize>; 2]], k: usize, weights: Weights) -> Option<f64> {
    let table = Table::of(items, k)?;
    let sum = |share: &dyn Fn(usize, usize) -> f64| -> f64 {
        let cells = (0..k).flat_map(|i| (0..k).map(move |j| (i, j)));
        cells.map(|(i, j)| weights.apart(i, j, k) * share(i, j)).sum()
    };
    let (observed, expected) = (sum(&|i, j| table.p[i][j]), sum(&|i, j| table.rows[i] * table.columns[j]));
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

/// Unweighted κ with its asymptotic 95 % interval (Fleiss, Cohen and Everitt 1969).
pub fn cohen_with_interval(items: &[[Option<usize>; 2]], k: usize) -> Estimate {
    let n = items.iter().filter(|i| i.iter().all(Option::is_some)).count();
    let Some((table, kappa)) = Table::of(items, k).zip(cohen(items, k, Weights::Nominal)) else {
        return Estimate { value: None, ci95: None, n };
    };
    let expected: f64 = (0..k).map(|i| table.rows[i] * table.columns[i]).sum();
    let (mut a, mut b) = (0.0, 0.0);
    for i in 0..k {
        a += table.p[i][i] * (1.0 - (table.rows[i] + table.columns[i]) * (1.0 - kappa)).powi(2);
        b +=
            (0..k).filter(|j| *j != i).map(|j| table.p[i][j] * (table.columns[i] + table.rows[j]).powi(2)).sum::<f64>();
    }
    let c = (kappa - expected * (1.0 - kappa)).powi(2);
    let variance = (a + (1.0 - kappa).powi(2) * b - c) / ((1.0 - expected).powi(2) * n as f64);
    const Z: f64 = 1.959_963_984_540_054;
    let half = Z * variance.max(0.0).sqrt();
    Estimate { value: Some(kappa), ci95: Some([kappa - half, kappa + half]), n }
}

/// Shares of a k × k table.
struct Table {
    p: Vec<Vec<f64>>,
    rows: Vec<f64>,
    columns: Vec<f64>,
}

impl Table {
    fn of(items: &[[Option<usize>; 2]], k: usize) -> Option<Table> {
        let both: Vec<(usize, usize)> = items.iter().filter_map(|[a, b]| (*a).zip(*b)).collect();
        if both.is_empty() || both.iter().any(|(a, b)| *a >= k || *b >= k) {
            return None;
        }
        let mut p = vec![vec![0.0; k]; k];
        both.iter().for_each(|(a, b)| p[*a][*b] += 1.0 / both.len() as f64);
        let rows = p.iter().map(|r| r.iter().sum()).collect();
        let columns = (0..k).map(|j| p.iter().map(|r| r[j]).sum()).collect();
        Some(Table { p, rows, columns })
    }
}

/// How many readers chose each category, item by item.
fn counts(items: &[Ratings], k: usize) -> Option<Vec<Vec<f64>>> {
    let row = |ratings: &Ratings| {
        let mut n = vec![0.0; k];
        for r in ratings.iter().flatten() {
            *n.get_mut(*r)? += 1.0;
        }
        Some(n)
    };
    items.iter().map(row).collect()
}

/// Fleiss' κ (1971) over the items that every reader rated.
pub fn fleiss(items: &[Ratings], k: usize) -> Option<f64> {
    let whole: Vec<Ratings> = items.iter().filter(|i| i.iter().all(Option::is_some)).cloned().collect();
    let (n, readers) = (whole.len() as f64, whole.first()?.len() as f64);
    if readers < 2.0 {
        return None;
    }
    let counts = counts(&whole, k)?;
    let agree = |row: &Vec<f64>| row.iter().map(|c| c * (c - 1.0)).sum::<f64>() / (readers * (readers - 1.0));
    let po = counts.iter().map(agree).sum::<f64>() / n;
    let share = |c: usize| counts.iter().map(|row| row[c]).sum::<f64>() / (n * readers);
    let pe: f64 = (0..k).map(|c| share(c).powi(2)).sum();
    (pe < 1.0).then(|| (po - pe) / (1.0 - pe))
}

/// Gwet's AC1 (2008), with [`Weights`] other than nominal AC2, with his 95 % interval (t with n − 1 degrees of freedom).
/// Missing ratings are allowed.
pub fn gwet(items: &[Ratings], k: usize, weights: Weights) -> Estimate {
    let undefined = Estimate { value: None, ci95: None, n: items.len() };
    let rated: Vec<Ratings> = items.iter().filter(|i| i.iter().flatten().count() > 0).cloned().collect();
    let Some(counts) = counts(&rated, k).filter(|_| k > 1) else { return undefined };
    let n = counts.len() as f64;
    let readers = |row: &Vec<f64>| row.iter().sum::<f64>();
    let several = counts.iter().filter(|row| readers(row) >= 2.0).count() as f64;
    if several == 0.0 {
        return undefined;
    }
    let alike = |i: usize, j: usize| 1.0 - weights.apart(i, j, k);
    let agreement = |row: &Vec<f64>| -> f64 {
        let near = |i: usize| (0..k).map(|j| alike(i, j) * row[j]).sum::<f64>();
        let r = readers(row);
        if r < 2.0 { 0.0 } else { (0..k).map(|i| row[i] * (near(i) - 1.0)).sum::<f64>() / (r * (r - 1.0)) }
    };
    let po = counts.iter().map(agreement).sum::<f64>() / several;
    let share: Vec<f64> = (0..k).map(|c| counts.iter().map(|row| row[c] / readers(row)).sum::<f64>() / n).collect();
    let scale = (0..k).flat_map(|i| (0..k).map(move |j| (i, j))).map(|(i, j)| alike(i, j)).sum::<f64>();
    let scale = scale / (k * (k - 1)) as f64;
    let pe = scale * share.iter().map(|p| p * (1.0 - p)).sum::<f64>();
    if pe >= 1.0 {
        return undefined;
    }
    let ac = (po - pe) / (1.0 - pe);
    let term = |row: &Vec<f64>| {
        let both = if readers(row) >= 2.0 { pe } else { 0.0 };
        let own = scale * (0..k).map(|c| row[c] * (1.0 - share[c])).sum::<f64>() / readers(row);
        (n / several) * (agreement(row) - both) / (1.0 - pe) - 2.0 * (1.0 - ac) * (own - pe) / (1.0 - pe)
    };
    let ci95 = (n > 1.0).then(|| {
        let variance = counts.iter().map(|row| (term(row) - ac).powi(2)).sum::<f64>() / (n * (n - 1.0));
        let half = t975(n - 1.0) * variance.sqrt();
        [ac - half, (ac + half).min(1.0)]
    });
    Estimate { value: Some(ac), ci95, n: counts.len() }
}

/// The scale of Krippendorff's difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Categories without order.
    Nominal,
    /// Ordered categories.
    Ordinal,
    /// Equally spaced numbers.
    Interval,
}

/// Krippendorff's α = 1 − Do / De (2004). Missing ratings are allowed; items with one rating say nothing.
pub fn krippendorff(items: &[Ratings], k: usize, scale: Scale) -> Option<f64> {
    let counts = counts(items, k)?;
    let mut coincidences = vec![vec![0.0; k]; k];
    for row in counts.iter().filter(|r| r.iter().sum::<f64>() >= 2.0) {
        let m = row.iter().sum::<f64>();
        for i in 0..k {
            for j in 0..k {
                coincidences[i][j] += row[i] * (row[j] - f64::from(u8::from(i == j))) / (m - 1.0);
            }
        }
    }
    let n_of: Vec<f64> = coincidences.iter().map(|r| r.iter().sum()).collect();
    let n: f64 = n_of.iter().sum();
    let difference = |i: usize, j: usize| match scale {
        Scale::Nominal => f64::from(u8::from(i != j)),
        Scale::Interval => (i as f64 - j as f64).powi(2),
        Scale::Ordinal => {
            let between: f64 = n_of[i.min(j)..=i.max(j)].iter().sum();
            (between - 0.5 * (n_of[i] + n_of[j])).powi(2)
        }
    };
    let (mut observed, mut expected) = (0.0, 0.0);
    for i in 0..k {
        for j in 0..k {
            observed += coincidences[i][j] * difference(i, j);
            expected += n_of[i] * n_of[j] * difference(i, j);
        }
    }
    (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
}

/// Positive and negative agreement of two readers on presence (Cicchetti and Feinstein 1990): 2a / (2a + b + c) and
/// 2d / (2d + b + c), which say what κ hides where nearly everything is absent.
pub fn specific_agreement(items: &[[Option<usize>; 2]]) -> [Option<f64>; 2] {
    let count = |x: usize, y: usize| items.iter().filter(|i| **i == [Some(x), Some(y)]).count() as f64;
    let differ = count(0, 1) + count(1, 0);
    [count(1, 1), count(0, 0)].map(|same| (same + differ > 0.0).then(|| 2.0 * same / (2.0 * same + differ)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const READERS: [[usize; 20]; 3] = [
        [0, 0, 1, 1, 2, 2, 0, 1, 2, 2, 1, 0, 2, 2, 0, 1, 1, 2, 0, 2],
        [0, 1, 1, 1, 2, 2, 0, 1, 1, 2, 1, 0, 2, 2, 0, 0, 1, 2, 1, 2],
        [0, 0, 1, 2, 2, 2, 0, 1, 2, 2, 2, 0, 2, 1, 0, 1, 1, 2, 0, 2],
    ];

    fn two() -> Vec<[Option<usize>; 2]> {
        (0..20).map(|n| [Some(READERS[0][n]), Some(READERS[1][n])]).collect()
    }

    fn three() -> Vec<Ratings> {
        (0..20).map(|n| READERS.iter().map(|r| Some(r[n])).collect()).collect()
    }

    fn near(got: Option<f64>, want: f64, within: f64) {
        assert!(got.is_some_and(|g| (g - want).abs() < within), "{got:?} is not {want}");
    }

    /// Golden values of scikit-learn 1.9.1 and statsmodels 0.15.0.
    #[test]
    fn cohen_is_that_of_the_reference_packages() {
        near(cohen(&two(), 3, Weights::Nominal), 0.699_248_120_300_751_9, 1e-6);
        near(cohen(&two(), 3, Weights::Linear), 0.770_114_942_528_735_6, 1e-6);
        near(cohen(&two(), 3, Weights::Quadratic), 0.84375, 1e-6);
        let e = cohen_with_interval(&two(), 3);
        near(e.ci95.map(|c| c[0]), 0.440_872_440_511_266, 1e-6);
        near(e.ci95.map(|c| c[1]), 0.957_623_800_090_238, 1e-6);
    }

    /// Golden values of statsmodels 0.15.0, krippendorff 0.9.0 and irrCAC 0.4.4 (which rounds to five places).
    #[test]
    fn several_readers_agree_as_the_reference_packages_say() {
        near(fleiss(&three(), 3), 0.646_166_807_076_663_9, 1e-6);
        near(krippendorff(&three(), 3, Scale::Nominal), 0.652_064_026_958_719_5, 1e-6);
        near(krippendorff(&three(), 3, Scale::Ordinal), 0.825_172_790_487_594_7, 1e-6);
        near(krippendorff(&three(), 3, Scale::Interval), 0.828_701_783_492_326_8, 1e-6);
        let ac1 = gwet(&three(), 3, Weights::Nominal);
        near(ac1.value, 0.65189, 5.1e-6);
        near(ac1.ci95.map(|c| c[0]), 0.42233, 5.1e-6);
        near(ac1.ci95.map(|c| c[1]), 0.88144, 5.1e-6);
        near(gwet(&three(), 3, Weights::Quadratic).value, 0.82871, 5.1e-6);
    }

    #[test]
    fn missing_ratings_and_constants_do_not_make_numbers_up() {
        let constant: Vec<[Option<usize>; 2]> = vec![[Some(0), Some(0)]; 5];
        assert_eq!(cohen(&constant, 2, Weights::Nominal), None);
        assert_eq!(cohen(&[[Some(0), None]], 2, Weights::Nominal), None);
        assert_eq!(cohen(&[[Some(7), Some(0)]], 2, Weights::Nominal), None);
        let all_same: Vec<Ratings> = vec![vec![Some(0), Some(0), None]; 6];
        assert_eq!((fleiss(&all_same, 2), krippendorff(&all_same, 2, Scale::Nominal)), (None, None));
        // The paradox: nearly everything absent, κ small or negative, AC1 high.
        assert_eq!(gwet(&all_same, 2, Weights::Nominal).value, Some(1.0));
        assert_eq!(gwet(&[vec![Some(1), None]], 2, Weights::Nominal).value, None);
        assert_eq!(specific_agreement(&[[Some(1), Some(1)], [Some(1), Some(0)]]), [Some(2.0 / 3.0), Some(0.0)]);
        assert_eq!(specific_agreement(&constant), [None, Some(1.0)]);
        let single: Vec<Ratings> = vec![vec![Some(1), None], vec![None, Some(0)]];
        assert_eq!(krippendorff(&single, 2, Scale::Nominal), None);
    }
}
