//! Small pictures as inline SVG: no script, no fonts, no request to anywhere.

use std::fmt::Write;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 220.0;
/// Room for numbers at the left and below.
const LEFT: f64 = 52.0;
const BELOW: f64 = 34.0;
const TOP: f64 = 18.0;

/// Text as HTML or SVG shows it.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A figure as people read it: three significant digits.
pub fn short(v: f64) -> String {
    let digits = match v.abs() {
        a if a == 0.0 || a >= 100.0 => 0,
        a if a >= 10.0 => 1,
        a if a >= 1.0 => 2,
        _ => 3,
    };
    format!("{v:.digits$}")
}

/// A range of values along one side of a picture.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// Around values, with a little air.
    fn around(values: impl Iterator<Item = f64>) -> Axis {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if !low.is_finite() || !high.is_finite() {
            return Axis { low: 0.0, high: 1.0 };
        }
        let air = if high > low { 0.06 * (high - low) } else { 0.5 * high.abs().max(1.0) };
        Axis { low: low - air, high: high + air }
    }

    fn share(&self, v: f64) -> f64 {
        (v - self.low) / (self.high - self.low)
    }

    /// About five round numbers inside.
    fn ticks(&self) -> Vec<f64> {
        let raw = (self.high - self.low) / 5.0;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= raw).unwrap_or(raw);
        let first = (self.low / step).ceil() as i64;
        (first..first + 12).map(|n| n as f64 * step).take_while(|t| *t <= self.high).collect()
    }
}

/// A picture being drawn.
struct Picture {
    x: Axis,
    y: Axis,
    svg: String,
}

impl Picture {
    fn new(title: &str, x: Axis, y: Axis, names: [&str; 2]) -> Picture {
        let mut p = Picture { x, y, svg: String::new() };
        let title = escaped(title);
        // Writing into a String does not fail, here and below.
        let _ = write!(
            p.svg,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>\
             <text x=\"{LEFT}\" y=\"12\" class=\"h\">{title}</text>"
        );
        // An axis without a name counts nothing.
        for t in p.y.ticks().into_iter().filter(|_| !names[1].is_empty()) {
            let y = p.at(p.x.low, t).1;
            let (right, number) = (WIDTH - 6.0, tick(t));
            let _ = write!(
                p.svg,
                "<path class=\"g\" d=\"M{LEFT} {y:.1}H{right}\"/><text x=\"{:.1}\" y=\"{:.1}\" class=\"n e\">{number}</text>",
                LEFT - 4.0,
                y + 3.5
            );
        }
        for t in p.x.ticks() {
            let x = p.at(t, p.y.low).0;
            let (y, number) = (HEIGHT - BELOW + 13.0, tick(t));
            let _ = write!(p.svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"n m\">{number}</text>");
        }
        let middle = 0.5 * (LEFT + WIDTH);
        let _ = write!(
            p.svg,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" class=\"n m\">{}</text>\
             <text transform=\"translate(10 {:.1}) rotate(-90)\" class=\"n m\">{}</text>",
            HEIGHT - 6.0,
            escaped(names[0]),
            0.5 * (HEIGHT - BELOW + TOP),
            escaped(names[1])
        );
        p
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (w, h) = (WIDTH - LEFT - 6.0, HEIGHT - BELOW - TOP);
        (LEFT + w * self.x.share(x), TOP + h * (1.0 - self.y.share(y)))
    }

    fn dot(&mut self, x: f64, y: f64) {
        let (x, y) = self.at(x, y);
        let _ = write!(self.svg, "<circle class=\"d\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
    }

    fn level(&mut self, y: f64, class: &str, name: &str) {
        let (x, at) = self.at(self.x.low, y);
        let _ = write!(
            self.svg,
            "<path class=\"{class}\" d=\"M{x:.1} {at:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" class=\"n e\">{} {}</text>",
            WIDTH - 6.0,
            WIDTH - 8.0,
            at - 3.0,
            escaped(name),
            short(y)
        );
    }

    fn done(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

fn tick(v: f64) -> String {
    let text = format!("{v:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Differences over means, with bias and limits.
pub fn bland_altman(title: &str, points: &[(f64, f64)], bias: f64, limits: Option<[f64; 2]>) -> String {
    let means = points.iter().map(|(a, b)| 0.5 * (a + b));
    let differences = points.iter().map(|(a, b)| a - b).chain([bias]).chain(limits.into_iter().flatten());
    let mut p = Picture::new(title, Axis::around(means), Axis::around(differences), ["mean of both", "difference"]);
    points.iter().for_each(|(a, b)| p.dot(0.5 * (a + b), a - b));
    p.level(bias, "b", "bias");
    limits.into_iter().flatten().for_each(|l| p.level(l, "l", "1.96 sd"));
    p.done()
}

/// One row of dots for each group, each from 0 to 1, with the group's mean.
pub fn strips(title: &str, groups: &[(String, Vec<f64>)]) -> String {
    let rows = groups.len().max(1) as f64;
    let (x, y) = (Axis { low: -0.02, high: 1.02 }, Axis { low: 0.0, high: rows });
    let mut p = Picture::new(title, x, y, ["", ""]);
    for (n, (name, values)) in groups.iter().enumerate() {
        let middle = rows - n as f64 - 0.5;
        for (m, v) in values.iter().enumerate() {
            // Equal values side by side: a fixed pattern, so that the same comparison is the same picture.
            p.dot(*v, middle + 0.12 * ((m % 5) as f64 - 2.0) / 2.0);
        }
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let ((x, low), (_, high)) = (p.at(mean, middle - 0.3), p.at(mean, middle + 0.3));
        let (_, base) = p.at(0.0, middle + 0.32);
        let mean_mark = if values.is_empty() {
            String::new()
        } else {
            format!("<path class=\"b\" d=\"M{x:.1} {low:.1}V{high:.1}\"/>")
        };
        let _ = write!(
            p.svg,
            "{mean_mark}<text x=\"{:.1}\" y=\"{base:.1}\" class=\"n\">{} (n = {})</text>",
            LEFT + 2.0,
            escaped(name),
            values.len()
        );
    }
    p.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out_and_numbers_are_short() {
        assert_eq!(escaped("<a href='x'>&\u{7}"), "&lt;a href=&#39;x&#39;&gt;&amp;\u{fffd}");
        assert_eq!([0.0, 0.8052, 12.34, 1234.5, -1.98].map(short), ["0", "0.805", "12.3", "1234", "-1.98"]);
        assert_eq!([tick(-0.0), tick(2.5)], ["0", "2.5"]);
    }

    #[test]
    fn pictures_of_nothing_and_of_one_point_are_whole() {
        for svg in [
            bland_altman("t", &[], 0.0, None),
            bland_altman("t", &[(1.0, 1.0)], 0.0, None),
            bland_altman("t", &[(1.0, 2.0), (5.0, 4.0)], 0.0, Some([-2.0, 2.0])),
            strips("t", &[]),
            strips("t", &[("a".to_owned(), vec![0.1, 0.9])]),
        ] {
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>") && !svg.contains("NaN"), "{svg}");
        }
        let rows = strips("t", &[("a".to_owned(), vec![0.1]), ("b".to_owned(), vec![0.2])]);
        assert!(!rows.contains("class=\"n e\""), "rows are no numbers: {rows}");
    }
}
