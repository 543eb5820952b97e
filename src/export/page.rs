//! A case as one HTML page that opens without a network: figures, lesions, vertebrae with their scores, measurements.

use super::case::{CaseFile, VertebraRecord};
use super::figure::Figure;
use super::made::mark_of;
use super::{Case, LesionRecord};
use crate::agree::escaped;
use std::fmt::Write;

const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#1a2530;\
background:#fff}h1{font-size:1.5em;margin-bottom:.1em}h2{font-size:1.15em;margin-top:1.8em;border-bottom:1px solid #cdd6df}\
table{border-collapse:collapse;margin:.6em 0}th,td{padding:.25em .8em .25em 0;text-align:left;border-bottom:1px solid #e3e9ef;\
vertical-align:top}td.r,th.r{text-align:right;font-variant-numeric:tabular-nums}.q{color:#5a6b7b}\
.figures{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0}figcaption{color:#45566a;font-size:.93em;max-width:460px;\
padding:.25em 0}svg rect{fill:#06090c}svg .o{fill:none;stroke-width:1.6;vector-effect:non-scaling-stroke}\
svg .c{fill:#7fd4ff}svg .b{stroke:#fff;stroke-width:3;vector-effect:non-scaling-stroke}\
svg text{fill:#fff;font-family:system-ui,sans-serif;paint-order:stroke;stroke:#000;stroke-width:.18em}\
svg{border-radius:3px}@media print{body{margin:0}figure,tr{break-inside:avoid}}";

/// The page.
pub fn page(case: &Case, file: &CaseFile) -> Vec<u8> {
    let mut out = String::new();
    let day = case.utc.get(..10).unwrap_or_default();
    // Writing into a String does not fail, here and below.
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <link rel=\"icon\" href=\"data:,\"><title>Spine lesions, {reader}</title><style>{STYLE}</style></head><body>\
         <h1>Lesions of the spine</h1><p class=\"q\">Read by {reader}, last changed {day}. Case {mark}. spondyl {version}. \
         Research use only, not for diagnosis.</p>",
        reader = escaped(case.reader),
        mark = escaped(&mark_of(case)),
        version = env!("CARGO_PKG_VERSION"),
    );
    figures(&mut out, case, file);
    lesions(&mut out, file);
    vertebrae(&mut out, file);
    measurements(&mut out, file);
    images(&mut out, file);
    out.push_str("</body></html>\n");
    out.into_bytes()
}

fn all(file: &CaseFile) -> impl Iterator<Item = (&VertebraRecord, &LesionRecord)> {
    let mut seen = std::collections::BTreeSet::new();
    let lesions =
        file.annotation_sets.iter().flat_map(|s| &s.vertebrae).flat_map(|v| v.lesions.iter().map(move |l| (v, l)));
    lesions.filter(move |(_, l)| seen.insert((l.id, l.geometry.image.clone())))
}

fn figures(out: &mut String, case: &Case, file: &CaseFile) {
    out.push_str("<div class=\"figures\">");
    let shown = file.images.iter().filter(|i| case.volumes.contains_key(&i.id));
    for image in shown {
        if let Some(figure) = Figure::overview(case, file, image) {
            out.push_str(&figure.html(&format!("{}, sagittal, with the levels as labelled", image.modality)));
        }
    }
    for (v, l) in all(file) {
        if let Some(figure) = Figure::of_lesion(case, file, l) {
            let caption = format!(
                "{} in {}: {}, {} mm³",
                l.label,
                v.level,
                words(l.kind.word()),
                short(l.measurements.volume_mm3)
            );
            out.push_str(&figure.html(&caption));
        }
    }
    out.push_str("</div>");
}

fn words(word: &str) -> String {
    word.replace('_', " ")
}

fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn some(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), short)
}

/// A table; columns whose name begins with a space hold numbers.
fn table(out: &mut String, columns: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        out.push_str("<p class=\"q\">None.</p>");
        return;
    }
    let class = |column: &str| if column.starts_with(' ') { " class=\"r\"" } else { "" };
    out.push_str("<table><tr>");
    for c in columns {
        let _ = write!(out, "<th{}>{}</th>", class(c), c.trim());
    }
    out.push_str("</tr>");
    for row in rows {
        out.push_str("<tr>");
        for (cell, c) in row.iter().zip(columns) {
            let _ = write!(out, "<td{}>{}</td>", class(c), escaped(cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}

fn lesions(out: &mut String, file: &CaseFile) {
    out.push_str("<h2>Lesions</h2>");
    let row = |(v, l): (&VertebraRecord, &LesionRecord)| {
        let m = &l.measurements;
        let levels: Vec<String> =
            std::iter::once(v.level).chain(l.also_in.iter().copied()).map(|v| v.to_string()).collect();
        let sites: Vec<String> = l.sites.iter().map(|s| words(s.word())).collect();
        let axes = format!("{} × {}", some(m.long_axis_mm), some(m.short_axis_mm));
        let remark = l.remark.clone().unwrap_or_default();
        let (kind, margin) = (words(l.kind.word()), words(l.margin.word()));
        vec![
            l.label.clone(),
            levels.join(", "),
            kind,
            margin,
            sites.join(", "),
            short(m.volume_mm3),
            axes,
            some(m.mean),
            remark,
        ]
    };
    let columns = ["Lesion", "Level", "Type", "Margin", "Parts", " Volume, mm³", " Axes, mm", " Mean value", "Remark"];
    table(out, &columns, &all(file).map(row).collect::<Vec<_>>());
}

fn vertebrae(out: &mut String, file: &CaseFile) {
    for set in &file.annotation_sets {
        let when = set.timepoint.as_ref().map_or_else(String::new, |t| format!(", {}", escaped(&t.0)));
        let _ = write!(out, "<h2>Vertebrae{when}</h2>");
        let row = |v: &VertebraRecord| {
            let sins = v.sins.as_ref().map_or_else(
                || "–".to_owned(),
                |s| match s.total {
                    Some(total) => total.to_string(),
                    None => format!("{} to {}, parts open", s.total_min, s.total_max),
                },
            );
            let collapse = v.fracture.collapse_percent.map_or_else(|| "–".to_owned(), |c| format!("{} %", short(c)));
            let escc = v.epidural.escc_grade.map_or("–", |g| g.word());
            let surrogate =
                if v.epidural.escc_grade.is_some() && v.epidural.surrogate_without_mr { " (without MR)" } else { "" };
            vec![
                v.level.to_string(),
                words(v.status.word()),
                v.lesions.len().to_string(),
                collapse,
                some(v.morphometry.segmental_kyphosis_deg),
                sins,
                format!("{escc}{surrogate}"),
                v.remark.clone().unwrap_or_default(),
            ]
        };
        let columns = ["Level", "State", " Lesions", " Loss of height", " Kyphosis, °", "SINS", "ESCC", "Remark"];
        table(out, &columns, &set.vertebrae.iter().map(row).collect::<Vec<_>>());
    }
}

fn measurements(out: &mut String, file: &CaseFile) {
    let rows: Vec<Vec<String>> = file
        .annotation_sets
        .iter()
        .flat_map(|s| &s.measurements)
        .map(|m| {
            let level = m.level.map_or_else(String::new, |l| l.to_string());
            vec![m.label.clone(), level, some(m.value), m.unit.clone()]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str("<h2>Measurements</h2>");
        table(out, &["Measurement", "Level", " Value", "Unit"], &rows);
    }
}

fn images(out: &mut String, file: &CaseFile) {
    out.push_str("<h2>Images</h2>");
    let row = |i: &super::ImageRecord| {
        let ([w, h, d], [x, y, z]) = (i.grid.size, i.grid.spacing_mm);
        let grid = format!("{w} × {h} × {d}, {x:.3} × {y:.3} × {z:.3} mm");
        let found: Vec<String> = i.findings.iter().map(|f| f.message.clone()).collect();
        vec![i.modality.clone(), grid, i.series_instance_uid.clone(), found.join("; ")]
    };
    table(out, &["Modality", "Grid", "Series", "Found"], &file.images.iter().map(row).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::sample;

    #[test]
    fn the_page_holds_everything_and_asks_nobody() {
        let s = sample();
        let text = String::from_utf8(page(&s.case(), &s.file)).expect("UTF-8");
        assert_eq!(text.matches("<figure>").count(), 1 + 2, "the overview and each lesion");
        assert!(
            text.contains("data:image/png;base64,")
                && text.contains(">C6</text>")
                && text.contains("50 mm") | text.contains("10 mm")
        );
        for away in ["http:", "https:", "<script", "url(", "src="] {
            assert!(!text.contains(away), "{away}");
        }
    }

    #[test]
    fn a_readers_words_are_words_and_never_markup() {
        let mut s = sample();
        s.file.annotation_sets[0].vertebrae.iter_mut().flat_map(|v| &mut v.lesions).for_each(|l| {
            l.remark = Some("<script>alert(1)</script>".to_owned());
        });
        let text = String::from_utf8(page(&s.case(), &s.file)).expect("UTF-8");
        assert!(!text.contains("<script>") && text.contains("&lt;script&gt;"));
    }
}
