//! Chance with a seed, and percentile intervals by resampling (Efron 1979): the same seed gives the same interval on every
//! machine.

use serde::Serialize;

/// SplitMix64 (Steele 2014): small, and good enough to draw indices.
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number from 0 to below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

/// A figure with its 95 % interval. JSON: `null` where it is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure; absent where it is undefined (nothing to compare, or no variation at all).
    pub value: Option<f64>,
    /// Lower and upper end of the 95 % interval.
    pub ci95: Option<[f64; 2]>,
    /// Number of things it was computed over.
    pub n: usize,
}

/// How intervals are resampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resampling {
    /// Number of resamples; 0 leaves intervals out.
    pub samples: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// A statistic over items with its percentile interval. Items of one case (`case_of`) are drawn together where there are
/// several cases, since they are not independent; otherwise single items are drawn. A statistic that is undefined in more
/// than half of the resamples has no interval.
pub fn estimate<T: Clone>(
    items: &[T],
    case_of: impl Fn(&T) -> usize,
    how: Resampling,
    statistic: impl Fn(&[T]) -> Option<f64>,
) -> Estimate {
    let value = statistic(items).filter(|v| v.is_finite());
    let n = items.len();
    if value.is_none() || n < 2 || how.samples == 0 {
        return Estimate { value, ci95: None, n };
    }
    let clusters = clusters(items, case_of);
    let mut dice = Dice::new(how.seed);
    let mut drawn: Vec<T> = Vec::with_capacity(n);
    let mut figures = Vec::with_capacity(how.samples);
    for _ in 0..how.samples {
        drawn.clear();
        for _ in 0..clusters.len() {
            drawn.extend(clusters[dice.below(clusters.len())].iter().map(|i| items[*i].clone()));
        }
        figures.extend(statistic(&drawn).filter(|v| v.is_finite()));
    }
    let enough = 2 * figures.len() > how.samples;
    figures.sort_unstable_by(f64::total_cmp);
    let ends = || [quantile(&figures, 0.025), quantile(&figures, 0.975)];
    Estimate { value, ci95: enough.then(ends), n }
}

fn clusters<T>(items: &[T], case_of: impl Fn(&T) -> usize) -> Vec<Vec<usize>> {
    let mut by_case = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    items.iter().enumerate().for_each(|(n, item)| by_case.entry(case_of(item)).or_default().push(n));
    if by_case.len() > 1 { by_case.into_values().collect() } else { (0..items.len()).map(|n| vec![n]).collect() }
}

/// The quantile of ascending `values` at `share` by linear interpolation (type 7 of Hyndman and Fan 1996, as numpy); 0 of
/// nothing.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let rank = share.clamp(0.0, 1.0) * last as f64;
    let low = values[rank.floor() as usize];
    let next = values[(rank.floor() as usize + 1).min(last)];
    low + rank.fract() * (next - low)
}

/// The two-sided 95 % quantile of Student's t with `degrees` of freedom, by bisection of its distribution function.
pub fn t975(degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e3);
    for _ in 0..80 {
        let t = 0.5 * (low + high);
        let tail = 0.5 * incomplete_beta(degrees / (degrees + t * t), 0.5 * degrees, 0.5);
        if tail > 0.025 { low = t } else { high = t }
    }
    0.5 * (low + high)
}

/// The regularised incomplete beta function I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8; Lentz).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = (a * x.ln() + b * (1.0 - x).ln() - ln_beta(a, b)).exp() / a;
    const TINY: f64 = 1e-300;
    let step = |m: f64, even: bool| match even {
        true => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
        false => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
    };
    let (mut c, mut d, mut f) = (1.0f64, 0.0f64, 1.0f64);
    for n in 0..400 {
        let m = f64::from(n / 2);
        let numerator =
            if n == 0 { 1.0 } else { step(if n % 2 == 0 { m } else { f64::from((n - 1) / 2) }, n % 2 == 0) };
        d = 1.0 + numerator * d;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = 1.0 + numerator / c;
        c = if c.abs() < TINY { TINY } else { c };
        let turn = c * d;
        f *= turn;
        if (turn - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * (f - 1.0)
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// Lanczos (1964) with g = 7.
fn ln_gamma(x: f64) -> f64 {
    const C: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let sum = C.iter().enumerate().skip(1).fold(C[0], |s, (n, c)| s + c / (x + n as f64));
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        for (degrees, t) in [(1.0, 12.706205), (5.0, 2.570582), (19.0, 2.093024), (100.0, 1.983972)] {
            assert!((t975(degrees) - t).abs() < 1e-5, "{degrees}: {}", t975(degrees));
        }
    }

    #[test]
    fn the_interval_follows_the_seed_and_holds_the_mean() {
        let items: Vec<f64> = (0..50).map(|n| f64::from(n % 7)).collect();
        let mean = |v: &[f64]| (!v.is_empty()).then(|| v.iter().sum::<f64>() / v.len() as f64);
        let with = |seed| estimate(&items, |_| 0, Resampling { samples: 500, seed }, mean);
        let [low, high] = with(1).ci95.expect("defined");
        assert!(low < mean(&items).expect("some") && mean(&items).expect("some") < high && high - low < 2.0);
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn items_of_one_case_are_drawn_together() {
        // Two cases, each of equal items: every resample's mean is 0, 5 or 10.
        let items: Vec<(usize, f64)> = (0..20).map(|n| (n / 10, if n < 10 { 0.0 } else { 10.0 })).collect();
        let e = estimate(
            &items,
            |i| i.0,
            Resampling { samples: 200, seed: 3 },
            |v| Some(v.iter().map(|i| i.1).sum::<f64>() / v.len() as f64),
        );
        assert_eq!(e.ci95, Some([0.0, 10.0]));
    }

    #[test]
    fn undefined_statistics_have_no_interval() {
        let how = Resampling { samples: 10, seed: 1 };
        assert_eq!(estimate(&[1, 2, 3], |_| 0, how, |_| None), Estimate { value: None, ci95: None, n: 3 });
        assert_eq!(estimate::<u8>(&[], |_| 0, how, |_| Some(1.0)).ci95, None);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
