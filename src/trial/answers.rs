//! How far answers to a study's questions agree: kappas of choices and of yes and no, intraclass correlations of numbers.
//! The definitions are those of the room `agree`.

use super::definition::Trial;
use super::question::{AnswerKind, Question};
use crate::agree::{
    BlandAltman, Estimate, Icc, Ratings, Scale, Weights, bland_altman, cohen, cohen_with_interval, escaped, fleiss,
    gwet, icc, krippendorff,
};
use crate::document::{Answer, CaseFacts};
use serde::Serialize;
use std::fmt::Write;

/// A case, and what each column's reading says; `None` where there is none.
pub type AnsweredCase = (String, Vec<Option<CaseFacts>>);

/// Agreement on all questions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerAgreement {
    /// `spondyl-answers/1`.
    pub schema: &'static str,
    /// The columns: readers, or a reader's two readings.
    pub readers: Vec<String>,
    /// One entry a question.
    pub questions: Vec<QuestionAgreement>,
}

/// Agreement on one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuestionAgreement {
    /// Its id.
    pub question: String,
    /// The question as it was asked.
    pub ask: String,
    /// Choices in their order, or `no`, `yes`; absent for numbers and words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Fleiss 1971, over cases that every column answered.
    pub fleiss_kappa: Option<f64>,
    /// Gwet 2008.
    pub gwet_ac1: Option<Estimate>,
    /// Krippendorff 2004, ordinal where the choices are ordered.
    pub krippendorff_alpha: Option<f64>,
    /// McGraw and Wong 1996, over cases that every column answered.
    pub icc: Option<Icc>,
    /// Every two columns.
    pub pairs: Vec<AnswerPair>,
    /// The answers, one row a case.
    pub answers: Vec<AnswerRow>,
}

/// The answers of a case, in the order of the columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerRow {
    /// The case.
    pub case: String,
    /// Null where there is no answer.
    pub answers: Vec<Option<Answer>>,
}

/// Two columns on one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerPair {
    /// The first.
    pub a: String,
    /// The second.
    pub b: String,
    /// Cases that both answered.
    pub n: usize,
    /// Share of them with the same answer.
    pub agreement: Option<f64>,
    /// Cohen 1960, with the interval of Fleiss, Cohen and Everitt 1969.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cohen_kappa: Option<Estimate>,
    /// Cohen 1968, quadratic weights; ordered choices only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cohen_kappa_quadratic: Option<f64>,
    /// Bland and Altman 1986, a − b; numbers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bland_altman: Option<BlandAltman>,
}

/// Agreement of columns over cases.
pub fn answer_agreement(trial: &Trial, columns: &[String], cases: &[AnsweredCase]) -> AnswerAgreement {
    let questions = trial.questions.iter().map(|q| on_question(q, columns, cases)).collect();
    AnswerAgreement { schema: "spondyl-answers/1", readers: columns.to_vec(), questions }
}

fn on_question(q: &Question, columns: &[String], cases: &[AnsweredCase]) -> QuestionAgreement {
    let answer = |facts: &Option<CaseFacts>| facts.as_ref().and_then(|f| q.answer(f)).filter(|a| q.allows(a));
    let row = |(case, all): &AnsweredCase| AnswerRow { case: case.clone(), answers: all.iter().map(answer).collect() };
    let answers: Vec<AnswerRow> = cases.iter().map(row).collect();
    let categories = match &q.kind {
        AnswerKind::Choice { choices, .. } => choices.clone(),
        AnswerKind::YesNo => vec!["no".to_owned(), "yes".to_owned()],
        AnswerKind::Number { .. } | AnswerKind::Text => Vec::new(),
    };
    let ordered = matches!(&q.kind, AnswerKind::Choice { ordered: true, .. });
    let place = |a: &Option<Answer>| match a {
        Some(Answer::Yes(yes)) => Some(usize::from(*yes)),
        Some(Answer::Words(w)) => categories.iter().position(|c| c == w),
        _ => None,
    };
    let ratings: Vec<Ratings> = answers.iter().map(|r| r.answers.iter().map(place).collect()).collect();
    let k = categories.len();
    let several = k > 0 && ratings.iter().any(|r| r.iter().flatten().count() > 1);
    let number = |a: &Option<Answer>| if let Some(Answer::Number(n)) = a { Some(*n) } else { None };
    let numbers: Vec<Vec<Option<f64>>> = answers.iter().map(|r| r.answers.iter().map(number).collect()).collect();
    let whole: Vec<Vec<f64>> = numbers.iter().filter_map(|r| r.iter().copied().collect()).collect();
    let pair = |a: usize, b: usize| {
        let both = answers.iter().filter_map(|r| r.answers[a].as_ref().zip(r.answers[b].as_ref()));
        let same: Vec<bool> = both.map(|(x, y)| x == y).collect();
        let rated: Vec<[Option<usize>; 2]> = ratings.iter().map(|r| [r[a], r[b]]).collect();
        let points: Vec<(f64, f64)> = numbers.iter().filter_map(|r| r[a].zip(r[b])).collect();
        AnswerPair {
            a: columns[a].clone(),
            b: columns[b].clone(),
            n: same.len(),
            agreement: (!same.is_empty()).then(|| same.iter().filter(|s| **s).count() as f64 / same.len() as f64),
            cohen_kappa: (k > 0).then(|| cohen_with_interval(&rated, k)),
            cohen_kappa_quadratic: if ordered { cohen(&rated, k, Weights::Quadratic) } else { None },
            bland_altman: bland_altman(&points),
        }
    };
    let scale = if ordered { Scale::Ordinal } else { Scale::Nominal };
    let last = columns.len();
    QuestionAgreement {
        question: q.id.clone(),
        ask: q.ask.clone(),
        fleiss_kappa: if several { fleiss(&ratings, k) } else { None },
        gwet_ac1: several.then(|| gwet(&ratings, k, Weights::Nominal)),
        krippendorff_alpha: if several { krippendorff(&ratings, k, scale) } else { None },
        icc: matches!(q.kind, AnswerKind::Number { .. }).then(|| icc(&whole)),
        pairs: (0..last).flat_map(|a| (a + 1..last).map(move |b| (a, b))).map(|(a, b)| pair(a, b)).collect(),
        categories,
        answers,
    }
}

impl AnswerAgreement {
    /// The answers as a table: one row a case, a question and a column.
    ///
    /// # Errors
    /// When a row cannot be put together; rows come from one list of columns, so it does not happen.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(["case", "question", "reader", "answer"])?;
        for q in &self.questions {
            for (row, n) in q.answers.iter().flat_map(|r| (0..self.readers.len()).map(move |n| (r, n))) {
                if let Some(answer) = &row.answers[n] {
                    table.write_record([&row.case, &q.question, &self.readers[n], &cell(&words(answer))])?;
                }
            }
        }
        table.into_inner().map_err(|e| e.into_error().into())
    }

    /// The agreement as a page that opens without a network.
    pub fn page(&self) -> String {
        let readers = self.readers.iter().map(|r| escaped(r)).collect::<Vec<_>>().join(", ");
        let mut out = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Answers of {readers}</title><style>\
             body{{font:14px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#1a2530}}\
             h1{{font-size:1.5em}}h2{{font-size:1.15em;margin-top:2em;border-bottom:1px solid #cdd6df}}\
             table{{border-collapse:collapse;margin:.6em 0}}th,td{{padding:.2em .8em;text-align:left;\
             border-bottom:1px solid #e3e9ef}}td.r,th.r{{text-align:right}}.x{{background:#fbeae8}}</style></head><body>\
             <h1>Answers of {readers}</h1><p>Rows in colour: answers that differ; · no answer.</p>"
        );
        self.questions.iter().for_each(|q| self.on_page(&mut out, q));
        out.push_str("</body></html>\n");
        out
    }

    fn on_page(&self, out: &mut String, q: &QuestionAgreement) {
        // Writing into a String does not fail.
        let _ = write!(out, "<h2>{}</h2><p>", escaped(&q.ask));
        if !q.categories.is_empty() {
            let ac1 = q.gwet_ac1.as_ref().and_then(|e| e.value);
            let _ = write!(
                out,
                "Fleiss κ {}, Gwet AC1 {}, Krippendorff α {}",
                short(q.fleiss_kappa),
                short(ac1),
                short(q.krippendorff_alpha)
            );
        }
        if let Some(icc) = &q.icc {
            let _ = write!(out, "ICC(A,1) {}, ICC(C,1) {}", short(icc.a_1), short(icc.c_1));
        }
        out.push_str("</p>");
        pairs(out, q);
        let columns: String = self.readers.iter().map(|r| format!("<th>{}</th>", escaped(r))).collect();
        let _ = write!(out, "<table><tr><th>Case</th>{columns}</tr>");
        for row in &q.answers {
            let given: Vec<&Answer> = row.answers.iter().flatten().collect();
            let class = if given.windows(2).any(|w| w[0] != w[1]) { " class=\"x\"" } else { "" };
            let cells: String = row
                .answers
                .iter()
                .map(|a| format!("<td>{}</td>", a.as_ref().map_or_else(|| "·".to_owned(), |a| escaped(&words(a)))))
                .collect();
            let _ = write!(out, "<tr{class}><td>{}</td>{cells}</tr>", escaped(&row.case));
        }
        out.push_str("</table>");
    }
}

/// Every two columns, with the figures that fit the kind of answer; nothing for words.
fn pairs(out: &mut String, q: &QuestionAgreement) {
    let rated = !q.categories.is_empty();
    let ordered = q.pairs.iter().any(|p| p.cohen_kappa_quadratic.is_some());
    if !rated && q.icc.is_none() {
        return;
    }
    let mut heads = vec!["Cases", "Same"];
    if rated {
        heads.push("Cohen κ");
        heads.extend(ordered.then_some("weighted κ (quadratic)"));
    } else {
        heads.extend(["Bias", "Limits of agreement"]);
    }
    let heads: String = heads.iter().map(|h| format!("<th class=\"r\">{h}</th>")).collect();
    // Writing into a String does not fail.
    let _ = write!(out, "<table><tr><th>Readers</th>{heads}</tr>");
    for p in &q.pairs {
        let mut cells = vec![p.n.to_string(), short(p.agreement)];
        if rated {
            cells.push(p.cohen_kappa.as_ref().map_or_else(|| short(None), with_interval));
            cells.extend(ordered.then(|| short(p.cohen_kappa_quadratic)));
        } else {
            let limits = p.bland_altman.and_then(|b| b.limits);
            cells.push(short(p.bland_altman.map(|b| b.bias)));
            cells.push(limits.map_or_else(|| short(None), |[low, high]| format!("{low:.3} … {high:.3}")));
        }
        let cells: String = cells.iter().map(|c| format!("<td class=\"r\">{c}</td>")).collect();
        let _ = write!(out, "<tr><td>{} – {}</td>{cells}</tr>", escaped(&p.a), escaped(&p.b));
    }
    out.push_str("</table>");
}

fn short(v: Option<f64>) -> String {
    v.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"))
}

fn with_interval(e: &Estimate) -> String {
    match (e.value, e.ci95) {
        (Some(v), Some([low, high])) => format!("{v:.3} <small>{low:.3} … {high:.3}</small>"),
        (v, _) => short(v),
    }
}

/// An answer as people read it.
pub(super) fn words(answer: &Answer) -> String {
    match answer {
        Answer::Yes(true) => "yes".to_owned(),
        Answer::Yes(false) => "no".to_owned(),
        Answer::Number(n) => n.to_string(),
        Answer::Words(words) => words.clone(),
    }
}

/// A spreadsheet must not run what a reader typed.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
