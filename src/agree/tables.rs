//! A comparison as tidy tables: one row one thing, units in the names, nothing missing but empty cells.

use super::case::CasePair;
use super::overlap::Overlap;
use super::pooled::figures;
use super::{Agreement, Estimate};

/// File names and contents: statistics, lesions and levels.
///
/// # Errors
/// When a row cannot be put together; rows come from one list of columns, so it does not happen.
pub fn agreement_tables(a: &Agreement) -> Result<Vec<(&'static str, Vec<u8>)>, csv::Error> {
    Ok(vec![
        ("agreement_statistics.csv", statistics(a)?),
        ("agreement_lesions.csv", lesions(a)?),
        ("agreement_levels.csv", levels(a)?),
    ])
}

fn cell(v: Option<f64>) -> String {
    v.map(|v| v.to_string()).unwrap_or_default()
}

/// A spreadsheet must not run what a reader typed.
fn words(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

fn finished(table: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    table.into_inner().map_err(|e| e.into_error().into())
}

fn statistics(a: &Agreement) -> Result<Vec<u8>, csv::Error> {
    let mut t = csv::Writer::from_writer(Vec::new());
    t.write_record(["subject", "statistic", "reader_a", "reader_b", "value", "ci95_low", "ci95_high", "n"])?;
    let mut row = |subject: &str, statistic: &str, who: [&str; 2], e: Estimate| {
        let [low, high] = [0, 1].map(|n| cell(e.ci95.map(|c| c[n])));
        let [x, y] = who.map(words);
        t.write_record([&words(subject), statistic, &x, &y, &cell(e.value), &low, &high, &e.n.to_string()])
    };
    let plain = |value: Option<f64>, n: usize| Estimate { value, ci95: None, n };
    for p in &a.pairs {
        let who = [p.a.as_str(), &p.b];
        for (subject, means) in [("matched_lesions", &p.lesions), ("whole_cases", &p.whole_cases)] {
            means.iter().try_for_each(|(name, e)| row(subject, &format!("mean_{name}"), who, *e))?;
        }
        for d in &p.detection {
            let subject = format!("detection_{}", d.criterion.name());
            for (name, count) in [("tp", d.tp), ("fp", d.fp), ("fn", d.fn_)] {
                row(&subject, name, who, plain(Some(count as f64), p.cases))?;
            }
            for (name, share) in [("sensitivity", d.sensitivity), ("precision", d.precision), ("f1", d.f1)] {
                row(&subject, name, who, plain(share, d.tp + d.fp + d.fn_))?;
            }
        }
    }
    for c in std::iter::once(&a.presence).chain(&a.grades) {
        let all = ["", ""];
        row(&c.name, "fleiss_kappa", all, c.fleiss_kappa)?;
        row(&c.name, "gwet_ac1", all, c.gwet_ac1)?;
        c.gwet_ac2_quadratic.iter().try_for_each(|e| row(&c.name, "gwet_ac2_quadratic", all, *e))?;
        row(&c.name, "krippendorff_alpha", all, c.krippendorff_alpha)?;
        for p in &c.pairs {
            let who = [p.a.as_str(), &p.b];
            row(&c.name, "agreement", who, plain(p.agreement, p.n))?;
            row(&c.name, "cohen_kappa", who, p.cohen_kappa)?;
            for (name, e) in [
                ("cohen_kappa_linear", p.cohen_kappa_linear),
                ("cohen_kappa_quadratic", p.cohen_kappa_quadratic),
                ("positive_agreement", p.positive_agreement.map(|v| plain(Some(v), p.n))),
                ("negative_agreement", p.negative_agreement.map(|v| plain(Some(v), p.n))),
            ] {
                e.iter().try_for_each(|e| row(&c.name, name, who, *e))?;
            }
        }
    }
    for n in &a.numbers {
        let i = &n.icc;
        let forms = [("ICC(1,1)", i.one_1), ("ICC(C,1)", i.c_1), ("ICC(1,k)", i.one_k), ("ICC(A,k)", i.a_k)];
        row(&n.name, "ICC(A,1)", ["", ""], n.icc_a1)?;
        forms
            .into_iter()
            .chain([("ICC(C,k)", i.c_k)])
            .try_for_each(|(f, v)| row(&n.name, f, ["", ""], plain(v, n.items)))?;
        for p in &n.pairs {
            let (who, b) = ([p.a.as_str(), &p.b], p.bland_altman);
            row(&n.name, "bland_altman_bias", who, Estimate { value: Some(b.bias), ci95: None, n: b.n })?;
            row(&n.name, "bland_altman_sd", who, plain(b.sd, b.n))?;
            row(&n.name, "bland_altman_low", who, plain(b.limits.map(|l| l[0]), b.n))?;
            row(&n.name, "bland_altman_high", who, plain(b.limits.map(|l| l[1]), b.n))?;
        }
    }
    finished(t)
}

fn lesions(a: &Agreement) -> Result<Vec<u8>, csv::Error> {
    let mut t = csv::Writer::from_writer(Vec::new());
    let nothing = super::overlap::overlap(&[], &[], &unit_grid(), &a.options.tau_mm);
    let named = figures(&nothing).into_iter().map(|(name, _)| name);
    let head = ["case", "reader_a", "reader_b", "found_by", "label_a", "level_a", "label_b", "level_b"];
    let counts = ["voxels_a", "voxels_b", "volume_a_mm3", "volume_b_mm3"];
    t.write_record(head.map(str::to_owned).into_iter().chain(counts.map(str::to_owned)).chain(named))?;
    let columns = head.len() + counts.len() + figures(&nothing).len();
    for p in &a.cases {
        for row in lesion_rows(p) {
            let empty = columns - row.len();
            t.write_record(row.into_iter().chain(std::iter::repeat_n(String::new(), empty)))?;
        }
    }
    finished(t)
}

fn lesion_rows(p: &CasePair) -> Vec<Vec<String>> {
    let name = |l: &super::case::LesionName| [words(&l.label), l.level.map(|l| l.to_string()).unwrap_or_default()];
    let start = |found_by: &str| [words(&p.case), words(&p.a), words(&p.b), found_by.to_owned()].to_vec();
    let none = || [String::new(), String::new()];
    let numbers = |o: &Overlap| {
        let counts =
            [o.voxels_a.to_string(), o.voxels_b.to_string(), o.volume_a_mm3.to_string(), o.volume_b_mm3.to_string()];
        counts.into_iter().chain(figures(o).into_iter().map(|(_, v)| cell(v))).collect::<Vec<_>>()
    };
    let both = p
        .matches
        .iter()
        .map(|m| [start("both"), name(&m.a).to_vec(), name(&m.b).to_vec(), numbers(&m.overlap)].concat());
    let a = p.only_a.iter().map(|l| [start("a"), name(l).to_vec()].concat());
    let b = p.only_b.iter().map(|l| [start("b"), none().to_vec(), name(l).to_vec()].concat());
    both.chain(a).chain(b).collect()
}

/// A grid to ask for the columns of a comparison of nothing.
fn unit_grid() -> crate::space::Geometry {
    use crate::space::{DVec3, Geometry, PatientPoint};
    let axes = [DVec3::X, DVec3::Y, DVec3::Z];
    match Geometry::regular(PatientPoint::ORIGIN, axes, [1, 1, 1]) {
        Ok(g) => g,
        Err(e) => unreachable!("the unit axes span space: {e}"),
    }
}

fn levels(a: &Agreement) -> Result<Vec<u8>, csv::Error> {
    let mut t = csv::Writer::from_writer(Vec::new());
    t.write_record(["case", "level", "question", "reader", "rating"])?;
    for c in std::iter::once(&a.presence).chain(&a.grades) {
        for item in &c.rated {
            for (reader, rating) in a.readers.iter().zip(&item.ratings) {
                let Some(word) = rating.and_then(|r| c.categories.get(r)) else { continue };
                let case = a.case_names.get(item.case).map(|n| words(n)).unwrap_or_default();
                t.write_record([case, item.level.to_string(), c.name.clone(), words(reader), word.clone()])?;
            }
        }
    }
    finished(t)
}
