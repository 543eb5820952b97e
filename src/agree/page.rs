//! A comparison as one HTML page that opens without a network: tables, and plots as inline SVG.

use super::plot::{bland_altman, escaped, short, strips};
use super::{Agreement, Estimate};
use std::fmt::Write;

const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#1a2530;\
background:#fff}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #cdd6df}\
table{border-collapse:collapse;margin:.6em 0}th,td{padding:.2em .7em;text-align:left;border-bottom:1px solid #e3e9ef;\
vertical-align:top}td.r,th.r{text-align:right;font-variant-numeric:tabular-nums}small,.q{color:#5a6b7b}\
.plots{display:flex;flex-wrap:wrap;gap:1em}svg{width:360px;height:220px;background:#f7f9fb;border-radius:4px}\
svg text{font:11px system-ui,sans-serif;fill:#45566a}svg .h{font-weight:600;fill:#1a2530}svg .e{text-anchor:end}\
svg .m{text-anchor:middle}svg .g{stroke:#e3e9ef}svg .d{fill:#1668b8;fill-opacity:.65}\
svg .b{stroke:#b3261e;stroke-width:1.5}svg .l{stroke:#b3261e;stroke-dasharray:4 3}\
td.p{background:#c8372d;color:#fff;text-align:center}td.n{background:#e9eef3;text-align:center}\
td.u{text-align:center;color:#9aa8b5}.wide{overflow-x:auto}dt{font-family:ui-monospace,monospace;margin-top:.5em}\
@media print{body{margin:0}}";

/// The page.
pub fn page(a: &Agreement) -> String {
    let mut out = String::new();
    let readers = a.readers.iter().map(|r| escaped(r)).collect::<Vec<_>>().join(", ");
    let reference = match (a.options.reference_first, a.readers.first()) {
        (true, Some(first)) => format!(" The reference is {}.", escaped(first)),
        _ => String::new(),
    };
    let cases = a.case_names.len();
    // Writing into a String does not fail, here and below.
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Agreement of {readers}</title><style>{STYLE}</style></head><body>\
         <h1>Agreement of {readers}</h1><p>{cases} case{}.{reference} Intervals are 95 %; bootstrap: {} resamples, seed {}.</p>",
        if cases == 1 { "" } else { "s" },
        a.options.bootstrap.samples,
        a.options.bootstrap.seed
    );
    notes(&mut out, a);
    overlap(&mut out, a);
    presence(&mut out, a);
    grades(&mut out, a);
    numbers(&mut out, a);
    disagreements(&mut out, a);
    out.push_str("<h2>What the names mean</h2><dl>");
    for (name, text) in &a.definitions {
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(text));
    }
    out.push_str("</dl><p>Research use only, not for diagnosis.</p></body></html>\n");
    out
}

fn with_interval(e: &Estimate) -> String {
    match (e.value, e.ci95) {
        (None, _) => "<span class=\"q\">undefined</span>".to_owned(),
        (Some(v), None) => short(v),
        (Some(v), Some([low, high])) => format!("{} <small>{} … {}</small>", short(v), short(low), short(high)),
    }
}

fn optional(v: Option<f64>) -> String {
    v.map_or_else(|| "–".to_owned(), short)
}

fn notes(out: &mut String, a: &Agreement) {
    if !a.notes.is_empty() {
        out.push_str("<h2>Not compared</h2><ul>");
        a.notes.iter().for_each(|n| {
            let _ = write!(out, "<li>{}</li>", escaped(n));
        });
        out.push_str("</ul>");
    }
}

fn overlap(out: &mut String, a: &Agreement) {
    out.push_str("<h2>Lesions drawn by both</h2><table><tr><th>Readers</th><th class=\"r\">Lesions</th>");
    let names: Vec<&String> = a.pairs.first().map_or_else(Vec::new, |p| p.lesions.keys().collect());
    let shown = |n: &&&String| {
        n.starts_with("surface_dice")
            || ["dice", "iou", "hd95_mm", "assd_mm", "volume_difference_ml"].contains(&n.as_str())
    };
    let names: Vec<&String> = names.iter().filter(shown).copied().collect();
    names.iter().for_each(|n| {
        let _ = write!(out, "<th class=\"r\">{}</th>", escaped(&n.replace('_', " ")));
    });
    out.push_str("</tr>");
    for p in &a.pairs {
        let n = p.lesions.get("dice").map_or(0, |e| e.n);
        let _ = write!(out, "<tr><td>{} – {}</td><td class=\"r\">{n}</td>", escaped(&p.a), escaped(&p.b));
        names.iter().filter_map(|n| p.lesions.get(*n)).for_each(|e| {
            let _ = write!(out, "<td class=\"r\">{}</td>", with_interval(e));
        });
        out.push_str("</tr>");
    }
    out.push_str("</table><div class=\"plots\">");
    let dice: Vec<(String, Vec<f64>)> = a
        .pairs
        .iter()
        .map(|p| {
            let ours = a.cases.iter().filter(|c| c.a == p.a && c.b == p.b);
            (format!("{} – {}", p.a, p.b), ours.flat_map(|c| c.matches.iter().filter_map(|m| m.overlap.dice)).collect())
        })
        .collect();
    out.push_str(&strips("Dice of each lesion drawn by both", &dice));
    out.push_str("</div><h2>Lesions found</h2><table><tr><th>Readers</th><th>Same from</th><th class=\"r\">TP</th>\
                  <th class=\"r\">FP</th><th class=\"r\">FN</th><th class=\"r\">Sensitivity</th><th class=\"r\">Precision</th>\
                  <th class=\"r\">F1</th><th class=\"r\">FP per case</th></tr>");
    for p in &a.pairs {
        for d in &p.detection {
            let name = d.criterion.name();
            let _ = write!(
                out,
                "<tr><td>{} – {}</td><td>{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td>\
                 <td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td></tr>",
                escaped(&p.a),
                escaped(&p.b),
                name.replace('_', " "),
                d.tp,
                d.fp,
                d.fn_,
                optional(d.sensitivity),
                optional(d.precision),
                optional(d.f1),
                optional(p.fp_per_case.get(&name).copied())
            );
        }
    }
    out.push_str("</table>");
}

fn coefficients(out: &mut String, c: &super::categories::CategoryAgreement) {
    let _ = write!(
        out,
        "<table><tr><th>All readers</th><th class=\"r\">Fleiss κ</th><th class=\"r\">Gwet AC1</th>\
         <th class=\"r\">Krippendorff α</th></tr><tr><td>{} levels</td><td class=\"r\">{}</td><td class=\"r\">{}</td>\
         <td class=\"r\">{}</td></tr></table><table><tr><th>Readers</th><th class=\"r\">Levels</th>\
         <th class=\"r\">Agreement</th><th class=\"r\">Cohen κ</th><th class=\"r\">weighted κ (quadratic)</th>\
         <th class=\"r\">Positive agreement</th><th class=\"r\">Negative agreement</th></tr>",
        c.items,
        with_interval(&c.fleiss_kappa),
        with_interval(&c.gwet_ac1),
        with_interval(&c.krippendorff_alpha)
    );
    for p in &c.pairs {
        let _ = write!(
            out,
            "<tr><td>{} – {}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td>\
             <td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td></tr>",
            escaped(&p.a),
            escaped(&p.b),
            p.n,
            optional(p.agreement),
            with_interval(&p.cohen_kappa),
            p.cohen_kappa_quadratic.as_ref().map_or_else(|| "–".to_owned(), with_interval),
            optional(p.positive_agreement),
            optional(p.negative_agreement)
        );
    }
    out.push_str("</table>");
}

fn presence(out: &mut String, a: &Agreement) {
    out.push_str("<h2>Lesion present at a level</h2>");
    coefficients(out, &a.presence);
    out.push_str("<div class=\"wide\"><table><tr><th>Case</th><th>Reader</th>");
    let mut levels: Vec<_> = a.presence.rated.iter().map(|i| i.level).collect();
    levels.sort_unstable();
    levels.dedup();
    levels.iter().for_each(|l| {
        let _ = write!(out, "<th>{l}</th>");
    });
    out.push_str("</tr>");
    for (case, name) in a.case_names.iter().enumerate() {
        for (r, reader) in a.readers.iter().enumerate() {
            let _ = write!(out, "<tr><td>{}</td><td>{}</td>", escaped(name), escaped(reader));
            for level in &levels {
                let item = a.presence.rated.iter().find(|i| i.case == case && i.level == *level);
                out.push_str(match item.and_then(|i| i.ratings[r]) {
                    Some(1) => "<td class=\"p\">+</td>",
                    Some(_) => "<td class=\"n\">–</td>",
                    None => "<td class=\"u\">·</td>",
                });
            }
            out.push_str("</tr>");
        }
    }
    out.push_str("</table></div><p class=\"q\">+ present, – absent, · not rated</p>");
}

fn grades(out: &mut String, a: &Agreement) {
    for g in &a.grades {
        let _ = write!(out, "<h2>{}</h2>", escaped(&g.name.replace('_', " ")));
        coefficients(out, g);
    }
}

fn numbers(out: &mut String, a: &Agreement) {
    if a.numbers.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Measured numbers</h2><table><tr><th>Number</th><th class=\"r\">Items</th><th class=\"r\">ICC(A,1)</th>\
                  <th class=\"r\">ICC(C,1)</th><th class=\"r\">ICC(1,1)</th><th class=\"r\">ICC(A,k)</th></tr>",
    );
    for n in &a.numbers {
        let _ = write!(
            out,
            "<tr><td>{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td>\
             <td class=\"r\">{}</td></tr>",
            escaped(&n.name),
            n.items,
            with_interval(&n.icc_a1),
            optional(n.icc.c_1),
            optional(n.icc.one_1),
            optional(n.icc.a_k)
        );
    }
    out.push_str("</table><div class=\"plots\">");
    for n in &a.numbers {
        for p in n.pairs.iter().filter(|p| p.points.len() > 1) {
            let title = format!("{}: {} – {}", n.name, p.a, p.b);
            out.push_str(&bland_altman(&title, &p.points, p.bland_altman.bias, p.bland_altman.limits));
        }
    }
    out.push_str("</div>");
}

fn disagreements(out: &mut String, a: &Agreement) {
    out.push_str(
        "<h2>Where they differ</h2><table><tr><th>Case</th><th>Readers</th><th>Lesion</th><th class=\"r\">Dice</th>\
                  <th class=\"r\">HD95 mm</th><th class=\"r\">Volumes ml</th></tr>",
    );
    let mut rows: Vec<(f64, String)> = Vec::new();
    for c in &a.cases {
        let start = format!("<tr><td>{}</td><td>{} – {}</td>", escaped(&c.case), escaped(&c.a), escaped(&c.b));
        let name = |l: &super::case::LesionName| match l.level {
            Some(level) => format!("{} ({level})", escaped(&l.label)),
            None => escaped(&l.label),
        };
        for (who, lesions) in [(&c.a, &c.only_a), (&c.b, &c.only_b)] {
            for l in lesions {
                let text =
                    format!("{start}<td>{}: only {}</td><td></td><td></td><td></td></tr>", name(l), escaped(who));
                rows.push((-1.0, text));
            }
        }
        for m in &c.matches {
            let o = &m.overlap;
            let volumes = format!("{} / {}", short(o.volume_a_mm3 / 1000.0), short(o.volume_b_mm3 / 1000.0));
            let text = format!(
                "{start}<td>{} = {}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{volumes}</td></tr>",
                name(&m.a),
                name(&m.b),
                optional(o.dice),
                optional(o.hd95_mm)
            );
            rows.push((o.dice.unwrap_or(0.0), text));
        }
    }
    rows.sort_by(|x, y| x.0.total_cmp(&y.0));
    rows.iter().for_each(|(_, text)| out.push_str(text));
    out.push_str("</table>");
}
