//! Agreement on numbers: intraclass correlations and limits of agreement.

use serde::Serialize;

/// Intraclass correlations by the names of McGraw and Wong (1996, Psychol Methods 1:30); absent where undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Icc {
    /// One-way, single reader.
    #[serde(rename = "ICC(1,1)")]
    pub one_1: Option<f64>,
    /// Two-way, absolute agreement, single reader.
    #[serde(rename = "ICC(A,1)")]
    pub a_1: Option<f64>,
    /// Two-way, consistency, single reader.
    #[serde(rename = "ICC(C,1)")]
    pub c_1: Option<f64>,
    /// One-way, mean of all readers.
    #[serde(rename = "ICC(1,k)")]
    pub one_k: Option<f64>,
    /// Two-way, absolute agreement, mean of all readers.
    #[serde(rename = "ICC(A,k)")]
    pub a_k: Option<f64>,
    /// Two-way, consistency, mean of all readers.
    #[serde(rename = "ICC(C,k)")]
    pub c_k: Option<f64>,
}

/// The six forms over items (rows) that every reader (column) measured; all absent below two of either.
pub fn icc(items: &[Vec<f64>]) -> Icc {
    let (n, k) = (items.len() as f64, items.first().map_or(0, Vec::len) as f64);
    if n < 2.0 || k < 2.0 || items.iter().any(|i| i.len() as f64 != k) {
        return Icc::default();
    }
    let grand = items.iter().flatten().sum::<f64>() / (n * k);
    let row_mean = |i: &Vec<f64>| i.iter().sum::<f64>() / k;
    let column_mean = |c: usize| items.iter().map(|i| i[c]).sum::<f64>() / n;
    let rows: f64 = items.iter().map(|i| k * (row_mean(i) - grand).powi(2)).sum();
    let columns: f64 = (0..k as usize).map(|c| n * (column_mean(c) - grand).powi(2)).sum();
    let within: f64 = items.iter().map(|i| i.iter().map(|x| (x - row_mean(i)).powi(2)).sum::<f64>()).sum();
    let (msr, msc, msw) = (rows / (n - 1.0), columns / (k - 1.0), within / (n * (k - 1.0)));
    let mse = (within - columns).max(0.0) / ((n - 1.0) * (k - 1.0));
    let share = |part: f64, whole: f64| (whole != 0.0).then(|| part / whole).filter(|v| v.is_finite());
    Icc {
        one_1: share(msr - msw, msr + (k - 1.0) * msw),
        a_1: share(msr - mse, msr + (k - 1.0) * mse + k * (msc - mse) / n),
        c_1: share(msr - mse, msr + (k - 1.0) * mse),
        one_k: share(msr - msw, msr),
        a_k: share(msr - mse, msr + (msc - mse) / n),
        c_k: share(msr - mse, msr),
    }
}

/// Bland and Altman (1986): bias of a − b and the limits bias ± 1.96 sd, sd with n − 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BlandAltman {
    /// Number of pairs.
    pub n: usize,
    /// Mean of a − b.
    pub bias: f64,
    /// Standard deviation of a − b; absent for a single pair.
    pub sd: Option<f64>,
    /// Lower and upper limit of agreement.
    pub limits: Option<[f64; 2]>,
}

/// Limits of agreement of pairs (a, b); `None` without pairs.
pub fn bland_altman(pairs: &[(f64, f64)]) -> Option<BlandAltman> {
    let n = pairs.len();
    let bias = pairs.iter().map(|(a, b)| a - b).sum::<f64>() / n as f64;
    let squares = pairs.iter().map(|(a, b)| (a - b - bias).powi(2)).sum::<f64>();
    let sd = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
    (n > 0).then(|| BlandAltman { n, bias, sd, limits: sd.map(|sd| [bias - 1.96 * sd, bias + 1.96 * sd]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|g| (g - want).abs() < 1e-6), "{got:?} is not {want}");
    }

    /// The data of Shrout and Fleiss (1979), golden values of pingouin 0.6.1.
    #[test]
    fn correlations_are_those_of_shrout_and_fleiss() {
        let data = [
            [9.0, 2.0, 5.0, 8.0],
            [6.0, 1.0, 3.0, 2.0],
            [8.0, 4.0, 6.0, 8.0],
            [7.0, 1.0, 2.0, 6.0],
            [10.0, 5.0, 6.0, 9.0],
            [6.0, 2.0, 4.0, 7.0],
        ];
        let i = icc(&data.map(|d| d.to_vec()));
        near(i.one_1, 0.165_741_768_405_475_5);
        near(i.a_1, 0.289_763_779_527_559_16);
        near(i.c_1, 0.714_840_714_840_714_5);
        near(i.one_k, 0.442_797_133_679_268_76);
        near(i.a_k, 0.620_050_547_598_989_3);
        near(i.c_k, 0.909_315_542_377_067_3);
    }

    #[test]
    fn limits_are_those_of_the_formula() {
        let pairs = [(10.0, 11.0), (12.0, 11.5), (9.0, 9.5), (15.0, 14.0), (11.0, 12.0)];
        let b = bland_altman(&pairs).expect("pairs");
        near(Some(b.bias), -0.2);
        near(b.sd, 0.908_295_106_229_247_6);
        near(b.limits.map(|l| l[0]), -1.980_258_408_209_325);
        near(b.limits.map(|l| l[1]), 1.580_258_408_209_325_2);
    }

    #[test]
    fn too_little_is_undefined() {
        assert_eq!(icc(&[vec![1.0, 2.0]]), Icc::default());
        assert_eq!(icc(&[vec![3.0, 3.0], vec![3.0, 3.0]]).a_1, None);
        assert_eq!(bland_altman(&[]), None);
        assert_eq!(bland_altman(&[(1.0, 2.0)]).map(|b| (b.bias, b.limits)), Some((-1.0, None)));
    }
}
