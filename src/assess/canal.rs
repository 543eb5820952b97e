//! Canal and cord at a level from drawn diameters: maximum canal compromise and maximum spinal cord compression (Fehlings
//! 1999, Spine 24:605), and the cord's own ratio. Each is held against the nearest normal levels above and below.

use crate::anatomy::VertebraLevel;
use crate::document::{Document, MeasureRole, Presence};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Diameters and ratios of a level; null where a diameter was not drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canal {
    /// Front-to-back diameter of the canal, mm.
    pub canal_ap_mm: Option<f64>,
    /// Front-to-back diameter of the cord, mm.
    pub cord_ap_mm: Option<f64>,
    /// Side-to-side diameter of the cord, mm.
    pub cord_transverse_mm: Option<f64>,
    /// `100 · (1 − D / mean of the normal levels)` of the canal; not below 0.
    pub canal_compromise_percent: Option<f64>,
    /// The same of the cord; drawn on MR.
    pub cord_compression_percent: Option<f64>,
    /// Front-to-back over side-to-side diameter of the cord; falls when it is flattened.
    pub cord_ratio: Option<f64>,
    /// The normal levels that the canal was held against: one above, one below, or one of them.
    pub canal_reference_levels: Vec<VertebraLevel>,
    /// The normal levels that the cord was held against.
    pub cord_reference_levels: Vec<VertebraLevel>,
}

/// The smallest diameter of a kind that was drawn at a level, mm.
fn diameter(doc: &Document, level: VertebraLevel, role: MeasureRole) -> Option<f64> {
    let drawn = doc.measurements.values().filter(|m| m.role == role && m.level == Some(level));
    drawn.filter_map(|m| super::measure(&m.shape)).filter(|mm| *mm > 0.0).min_by(f64::total_cmp)
}

/// Whether canal and cord of a level can stand for what is normal.
fn is_normal(doc: &Document, level: VertebraLevel) -> bool {
    doc.vertebrae.get(&level).is_none_or(|v| {
        let narrow = [v.cord_compression, v.sac_deformed, v.epidural_tumour, v.fracture, v.pathological_fracture];
        narrow.iter().all(|p| *p != Presence::Present)
    })
}

/// Loss against the mean of the nearest normal levels with this diameter, percent, and those levels.
fn loss(doc: &Document, level: VertebraLevel, role: MeasureRole) -> (Option<f64>, Vec<VertebraLevel>) {
    let known = |l: &VertebraLevel| Some((*l, diameter(doc, *l, role)?)).filter(|_| is_normal(doc, *l));
    let above = VertebraLevel::ALL[..level as usize].iter().rev().find_map(known);
    let below = VertebraLevel::ALL[level as usize + 1..].iter().find_map(known);
    let found: Vec<_> = above.into_iter().chain(below).collect();
    let levels: Vec<_> = found.iter().map(|f| f.0).collect();
    let own = diameter(doc, level, role);
    if levels.is_empty() || own.is_none() {
        return (None, Vec::new());
    }
    let mean = found.iter().map(|f| f.1).sum::<f64>() / found.len() as f64;
    (own.map(|d| (100.0 * (1.0 - d / mean)).max(0.0)), levels)
}

/// Canal and cord of a level.
pub fn canal(doc: &Document, level: VertebraLevel) -> Canal {
    let of = |role| diameter(doc, level, role);
    let (canal_compromise_percent, canal_reference_levels) = loss(doc, level, MeasureRole::CanalAp);
    let (cord_compression_percent, cord_reference_levels) = loss(doc, level, MeasureRole::CordAp);
    let (ap, transverse) = (of(MeasureRole::CordAp), of(MeasureRole::CordTransverse));
    Canal {
        canal_ap_mm: of(MeasureRole::CanalAp),
        cord_ap_mm: ap,
        cord_transverse_mm: transverse,
        canal_compromise_percent,
        cord_compression_percent,
        cord_ratio: ap.zip(transverse).map(|(ap, t)| ap / t),
        canal_reference_levels,
        cord_reference_levels,
    }
}

#[cfg(test)]
mod tests {
    use super::VertebraLevel::*;
    use super::*;
    use crate::document::{ImageKey, Measurement, MeasurementShape, Vertebra};
    use crate::space::PatientPoint;
    use uuid::Uuid;

    fn case(diameters: &[(VertebraLevel, MeasureRole, f64)]) -> Document {
        let mut doc = Document::default();
        for (n, (level, role, mm)) in diameters.iter().enumerate() {
            let end = PatientPoint::new(0.0, *mm, 0.0).expect("finite");
            let measurement = Measurement {
                label: format!("m{n}"),
                shape: MeasurementShape::Length { points_mm: [PatientPoint::ORIGIN, end] },
                image: ImageKey("1.2".to_owned()),
                level: Some(*level),
                role: *role,
            };
            doc.measurements.insert(Uuid::from_u128(n as u128), measurement);
        }
        doc
    }

    #[test]
    fn the_worked_example_is_narrowed_by_55_6_percent() {
        use MeasureRole::{CanalAp, CordAp, CordTransverse};
        let mut doc = case(&[
            (C5, CanalAp, 13.0),
            (C6, CanalAp, 6.0),
            (C7, CanalAp, 14.0),
            (C6, CordAp, 4.07),
            (C6, CordTransverse, 11.0),
            (C3, CordAp, 7.4),
        ]);
        let c = canal(&doc, C6);
        assert!((c.canal_compromise_percent.expect("both neighbours") - 55.555_555).abs() < 1e-5);
        assert_eq!(c.canal_reference_levels, [C5, C7]);
        assert!((c.cord_ratio.expect("drawn") - 0.37).abs() < 1e-12);
        assert!((c.cord_compression_percent.expect("one level") - 45.0).abs() < 1e-9);
        assert_eq!(c.cord_reference_levels, [C3]);
        // A level with a compressed cord lends nothing.
        doc.vertebrae.insert(C5, Vertebra { cord_compression: Presence::Present, ..Vertebra::default() });
        assert_eq!(canal(&doc, C6).canal_reference_levels, [C7]);
        assert_eq!(canal(&doc, C4), Canal::default());
        assert_eq!(
            canal(&case(&[(C6, CanalAp, 6.0)]), C6).canal_compromise_percent,
            None,
            "nothing to hold it against"
        );
    }

    #[test]
    fn a_wider_canal_is_not_compromised() {
        let doc = case(&[(T5, MeasureRole::CanalAp, 17.0), (T6, MeasureRole::CanalAp, 15.0)]);
        assert_eq!(canal(&doc, T5).canal_compromise_percent, Some(0.0));
    }
}
