//! Points, lines and angles as markups of 3D Slicer (`*.mrk.json`, markups-schema v1.0.3), LPS millimetres.
//!
//! One list of the vertebra centres, one line for each length, one angle for each angle. An angle of Slicer has one
//! vertex; ours lies between two lines, so the second is moved to the start of the first, which keeps the angle, and both
//! lines are written as they were drawn beside it.

use super::case::{CaseFile, DrawnMeasurement, MeasurementKind};
use super::made::mark_of;
use super::{Case, json_text};
use crate::document::MeasurementShape;
use crate::space::PatientPoint;
use serde_json::{Value, json};

const SCHEMA: &str = "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json#";

/// The file.
///
/// # Errors
/// What the encoder says.
pub fn markups(case: &Case, file: &CaseFile) -> Result<Vec<u8>, String> {
    let mark = mark_of(case);
    let mut all = Vec::new();
    for set in &file.annotation_sets {
        let centres = set.vertebrae.iter().filter_map(|v| Some((v.level.name().to_owned(), v.centroid_mm?)));
        let name = set.timepoint.as_ref().map_or_else(|| "Vertebrae".to_owned(), |t| format!("Vertebrae {}", t.0));
        all.push(markup("Fiducial", &name, &mark, &centres.collect::<Vec<_>>(), None));
        all.extend(set.measurements.iter().flat_map(|m| drawn(m, &mark)));
    }
    json_text(&json!({ "@schema": SCHEMA, "markups": all })).map_err(|e| e.to_string())
}

fn markup(kind: &str, name: &str, mark: &str, points: &[(String, [f64; 3])], figure: Option<Value>) -> Value {
    let points = points.iter().zip(1..).map(|((label, at), n)| {
        json!({
            "id": n.to_string(), "label": label, "description": "", "associatedNodeID": "", "position": at,
            "orientation": [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0],
            "selected": true, "locked": false, "visibility": true, "positionStatus": "defined",
        })
    });
    let points: Vec<Value> = points.collect();
    let last = points.len();
    json!({
        "type": kind, "name": name, "description": format!("spondyl {mark}"), "coordinateSystem": "LPS",
        "coordinateUnits": "mm", "locked": false, "fixedNumberOfControlPoints": false, "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": last, "controlPoints": points,
        "measurements": figure.into_iter().collect::<Vec<_>>(),
    })
}

fn drawn(m: &DrawnMeasurement, mark: &str) -> Vec<Value> {
    let named = |points: &[[f64; 3]]| -> Vec<(String, [f64; 3])> {
        points.iter().zip(1..).map(|(p, n)| (format!("{}-{n}", m.label), *p)).collect()
    };
    let figure = |name: &str, units: &str| {
        m.value
            .map(|v| json!({ "name": name, "enabled": true, "value": v, "units": units, "printFormat": "%-#4.4g%s" }))
    };
    match (m.kind, m.points_lps_mm.as_slice()) {
        (MeasurementKind::Length, points) => {
            vec![markup("Line", &m.label, mark, &named(points), figure("length", "mm"))]
        }
        (MeasurementKind::Cobb, [a0, a1, b0, b1]) if obtuse([a0, a1], [b0, b1]) => {
            // The smaller angle: the second line the other way round.
            let points_lps_mm = vec![*a0, *a1, *b1, *b0];
            drawn(&DrawnMeasurement { points_lps_mm, ..m.clone() }, mark)
        }
        (MeasurementKind::Angle | MeasurementKind::Cobb, [a0, a1, b0, b1]) => {
            let moved: [f64; 3] = std::array::from_fn(|n| a0[n] + b1[n] - b0[n]);
            let line = |which: &str, ends: &[[f64; 3]]| {
                markup("Line", &format!("{} {which}", m.label), mark, &named(ends), None)
            };
            vec![
                markup("Angle", &m.label, mark, &named(&[*a1, *a0, moved]), figure("angle", "deg")),
                line("first line", &[*a0, *a1]),
                line("second line", &[*b0, *b1]),
            ]
        }
        (MeasurementKind::Angle | MeasurementKind::Cobb, _) => Vec::new(), // an angle has four points
        (MeasurementKind::Point, points) => vec![markup("Fiducial", &m.label, mark, &named(points), None)],
        (MeasurementKind::Rectangle | MeasurementKind::Ellipse | MeasurementKind::Freehand, points) => {
            let around = around(m.kind, points);
            vec![markup("ClosedCurve", &m.label, mark, &named(&around), figure("area", "mm2"))]
        }
    }
}

/// Whether two lines, as drawn, make more than a right angle.
fn obtuse([a0, a1]: [&[f64; 3]; 2], [b0, b1]: [&[f64; 3]; 2]) -> bool {
    (0..3).map(|n| (a1[n] - a0[n]) * (b1[n] - b0[n])).sum::<f64>() < 0.0
}

/// Points around a region, so close that a curve through them keeps its shape.
fn around(kind: MeasurementKind, corners: &[[f64; 3]]) -> Vec<[f64; 3]> {
    const ON_A_SIDE: usize = 8;
    let points: Option<Vec<PatientPoint>> = corners.iter().map(|c| PatientPoint::try_from(*c).ok()).collect();
    match (kind, points.and_then(|p| <[PatientPoint; 4]>::try_from(p).ok())) {
        (MeasurementKind::Ellipse, Some(corners_mm)) => {
            MeasurementShape::Ellipse { corners_mm }.outline().into_iter().map(Into::into).collect()
        }
        (MeasurementKind::Rectangle, Some(c)) => (0..4 * ON_A_SIDE)
            .map(|n| {
                let (a, b) = (c[n / ON_A_SIDE].vec(), c[(n / ON_A_SIDE + 1) % 4].vec());
                a.lerp(b, (n % ON_A_SIDE) as f64 / ON_A_SIDE as f64).to_array()
            })
            .collect(),
        _ => corners.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::sample;

    #[test]
    fn centres_and_lengths_are_where_the_case_has_them() {
        let s = sample();
        let text = markups(&s.case(), &s.file).expect("encoded");
        let file: Value = serde_json::from_slice(&text).expect("JSON");
        let of = |n: usize| &file["markups"][n];
        assert_eq!((of(0)["type"].as_str(), of(0)["coordinateSystem"].as_str()), (Some("Fiducial"), Some("LPS")));
        assert_eq!(of(0)["controlPoints"].as_array().map(Vec::len), Some(3));
        assert_eq!(of(0)["controlPoints"][1]["position"], json!([10.0, 8.0, 118.0]));
        assert_eq!((of(1)["type"].as_str(), &of(1)["measurements"][0]["value"]), (Some("Line"), &json!(5.0)));
    }

    #[test]
    fn an_angle_keeps_its_value_about_one_vertex() {
        let m = DrawnMeasurement {
            id: uuid::Uuid::nil(),
            label: "Cobb".to_owned(),
            kind: MeasurementKind::Angle,
            level: None,
            role: crate::document::MeasureRole::Free,
            value: Some(90.0),
            unit: "deg".to_owned(),
            projected: false,
            region: None,
            image: crate::document::ImageKey("1".to_owned()),
            points_lps_mm: vec![[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [9.0, 9.0, 9.0], [9.0, 12.0, 9.0]],
        };
        let all = drawn(&m, "x");
        let points = &all[0]["controlPoints"];
        assert_eq!((all.len(), &points[0]["position"]), (3, &json!([2.0, 0.0, 0.0])));
        assert_eq!(
            (&points[1]["position"], &points[2]["position"]),
            (&json!([0.0, 0.0, 0.0]), &json!([0.0, 3.0, 0.0]))
        );
    }
}
