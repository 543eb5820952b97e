//! Figures of what the reader measured, kept until it changes, in words for lists and over the picture.

use super::labels::Places;
use super::overlay::Sheet;
use super::reading::Reading;
use super::theme;
use crate::assess::{Measured, measured};
use crate::document::{MeasureRole, Measurement, MeasurementShape};
use crate::space::PatientPoint;
use egui::{Align2, Color32, Pos2, Vec2, vec2};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

const COLOR: Color32 = Color32::from_rgb(240, 228, 66);

/// What figures were computed of: the measurement, the scale of its series, and its volume.
type Of = (Measurement, f64, usize);

/// Figures that need not be computed for every frame.
#[derive(Default)]
pub struct Kept(RefCell<HashMap<Uuid, (Of, Measured)>>);

impl Kept {
    /// The figures of a measurement, computed again where it, its series' scale or its volume changed.
    pub fn of(&self, reading: &Reading, id: Uuid, m: &Measurement) -> Measured {
        let shown = reading.with_key(&m.image);
        let document = shown.map_or(reading.document(), |(n, _)| reading.document_of(n));
        let identity = document.images.get(&m.image).or(shown.map(|(_, s)| s.identity()));
        let volume = shown.and_then(|(_, s)| s.volume.as_ref());
        let scale = identity.map_or(1.0, |i| i.length_scale().0);
        let of = (m.clone(), scale, volume.map_or(0, |v| Arc::as_ptr(v) as usize));
        let mut kept = self.0.borrow_mut();
        if let Some((_, figures)) = kept.get(&id).filter(|k| k.0 == of) {
            return figures.clone();
        }
        let figures = measured(m, identity, volume.map(AsRef::as_ref));
        kept.insert(id, (of, figures.clone()));
        figures
    }
}

impl Reading {
    /// By what lengths on a series are multiplied, and their unit.
    pub fn length_scale(&self, number: usize) -> (f64, &'static str) {
        let shown = self.shown(number);
        self.document_of(number).images.get(&shown.key).unwrap_or(shown.identity()).length_scale()
    }
}

/// `mm2` as people write it; values without a unit have none.
fn unit(word: &str) -> String {
    match word {
        "deg" => "°".to_owned(),
        "US" | "" => String::new(),
        other => format!(" {}", other.replace('2', "²")),
    }
}

/// The main figure in a few words: `12.3 mm`, `−40 HU`, `mean 106 ± 12`.
pub fn summary(m: &Measurement, figures: &Measured, units: &str) -> String {
    match (&figures.values, figures.value) {
        (Some(s), _) => format!("mean {:.0} ± {:.0}{}", s.mean, s.sd, unit(units)),
        (None, Some(v)) if m.shape.is_region() => format!("{v:.0}{}", unit(&figures.unit)),
        (None, Some(v)) if matches!(m.shape, MeasurementShape::Point { .. }) => {
            format!("{}{}", digits(v), unit(&figures.unit))
        }
        (None, Some(v)) => format!("{v:.1}{}", unit(&figures.unit)),
        (None, None) => "–".to_owned(),
    }
}

fn digits(v: f64) -> String {
    if v.fract() == 0.0 { format!("{v:.0}") } else { format!("{v:.1}") }
}

/// Everything that is known of it, a line each.
pub fn lines(m: &Measurement, figures: &Measured, units: &str) -> Vec<String> {
    let mut out = vec![];
    let length = matches!(m.shape, MeasurementShape::Length { .. }) || m.shape.is_region();
    let projected = if figures.projected && length { ", projected" } else { "" };
    match figures.value {
        Some(v) if m.shape.is_region() => out.push(format!("area {v:.1}{}{projected}", unit(&figures.unit))),
        Some(v) if figures.unit == "deg" || length => out.push(format!("{v:.1}{}{projected}", unit(&figures.unit))),
        Some(v) => out.push(format!("{}{}", digits(v), unit(&figures.unit))),
        None => {}
    }
    if let Some(s) = &figures.values {
        out.push(format!("mean {:.1} ± {:.1}{}", s.mean, s.sd, unit(units)));
        out.push(format!("{} to {}, n {}", digits(s.min), digits(s.max), s.count));
    }
    out
}

/// The words of a measurement, and where they would like to stand.
pub(super) struct Words {
    text: String,
    color: Color32,
    /// Beside the figure's right end, where they hide nothing of it, and beside its left one.
    ends: [Pos2; 2],
}

/// A measurement's lines over a picture that shows it; its words are placed when all of them are known.
pub(super) fn paint(sheet: &Sheet<'_>, id: Uuid, m: &Measurement, current: bool) -> Option<Words> {
    let points = m.shape.points();
    let reach_mm = sheet.sight.stack(&sheet.shown.geometry).step_mm(&sheet.shown.geometry, sheet.sight.cursor);
    let reach_mm = reach_mm.max(sheet.sight.slab_mm / 2.0);
    let near = |p: &PatientPoint| sheet.depth_mm(*p) <= reach_mm;
    if !points.iter().step_by(1 + points.len() / 64).all(near) {
        return None;
    }
    let color = if current { theme::ACCENT } else { COLOR };
    let on: Vec<Pos2> = m.shape.outline().iter().map(|p| sheet.screen(*p)).collect();
    match (&m.shape, on.as_slice()) {
        (MeasurementShape::Point { .. }, [p]) => {
            sheet.painter.circle_stroke(*p, 4.0, egui::Stroke::new(1.4, color));
            sheet.line(*p - vec2(7.0, 0.0), *p + vec2(7.0, 0.0), color);
            sheet.line(*p - vec2(0.0, 7.0), *p + vec2(0.0, 7.0), color);
        }
        (MeasurementShape::Angle { .. } | MeasurementShape::Cobb { .. }, [a, b, c, d]) => {
            sheet.line(*a, *b, color);
            sheet.line(*c, *d, color);
        }
        _ => {
            on.windows(2).for_each(|w| sheet.line(w[0], w[1], color));
            if let (true, [first, .., last]) = (m.shape.is_region(), on.as_slice()) {
                sheet.line(*last, *first, color);
            }
        }
    }
    // Values are those of the series it was drawn on: over another one its name has to do.
    let what = role_prefix(m.role);
    let text = match m.image == sheet.shown.key || !m.shape.reads_values() {
        true => format!("{what}{}", lines(m, &sheet.reading.figures_of(id, m), sheet.units_of(&m.image)).join("\n")),
        false => m.label.clone(),
    };
    let end =
        |right: bool| on.iter().copied().reduce(|a, b| if (b.x > a.x) == right { b } else { a }).unwrap_or_default();
    Some(Words { text, color, ends: [end(true), end(false)] })
}

/// Which of two diameters at the same place it is.
fn role_prefix(role: MeasureRole) -> &'static str {
    match role {
        MeasureRole::Free => "",
        MeasureRole::CanalAp => "canal ",
        MeasureRole::CordAp | MeasureRole::CordTransverse => "cord ",
    }
}

impl Words {
    /// How far down what they belong to lies.
    pub fn top(&self) -> f32 {
        self.ends[0].y
    }

    /// Writes them at a free place.
    pub fn write(&self, sheet: &Sheet<'_>, places: &mut Places) {
        const BESIDE: Vec2 = vec2(9.0, 0.0);
        const SIZE: f32 = 12.0;
        let [right, left] = self.ends;
        let wished = [(right + BESIDE, Align2::LEFT_CENTER), (left - BESIDE, Align2::RIGHT_CENTER)];
        let place = places.find(sheet.size_of(&self.text, SIZE), &wished);
        if place.led {
            // From the nearer end to the nearer side of the words.
            let (from, to) = match place.rect.center().x >= (right.x + left.x) / 2.0 {
                true => (right, place.rect.left_center() - vec2(2.0, 0.0)),
                false => (left, place.rect.right_center() + vec2(2.0, 0.0)),
            };
            sheet.painter.line_segment([from, to], egui::Stroke::new(0.8, self.color.gamma_multiply(0.7)));
        }
        sheet.text(place.rect.left_top(), Align2::LEFT_TOP, &self.text, SIZE, self.color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ImageKey;
    use crate::volume::Statistics;

    #[test]
    fn figures_are_said_with_their_unit_and_projections_as_such() {
        let p = |x: f64| PatientPoint::new(x, 0.0, 0.0).expect("finite");
        let shape = MeasurementShape::Length { points_mm: [p(0.0), p(12.34)] };
        let m = Measurement {
            label: "m".into(),
            shape,
            image: ImageKey("1".into()),
            level: None,
            role: Default::default(),
        };
        let mut f = Measured { value: Some(12.34), unit: "mm".into(), values: None, projected: true };
        assert_eq!(lines(&m, &f, "HU"), ["12.3 mm, projected"]);
        assert_eq!(summary(&m, &f, "HU"), "12.3 mm");
        let region = MeasurementShape::Rectangle { corners_mm: [p(0.0), p(1.0), p(1.0), p(0.0)] };
        let m = Measurement { shape: region, ..m };
        f = Measured {
            value: Some(78.5),
            unit: "mm2".into(),
            values: Statistics::of(&mut [1.0, 3.0]),
            projected: false,
        };
        assert_eq!(lines(&m, &f, "US"), ["area 78.5 mm²", "mean 2.0 ± 1.4", "1 to 3, n 2"]);
    }
}
