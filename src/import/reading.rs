//! From what a file says to what can be compared.

use super::{CentreName, Found, FoundMask, Place};
use crate::agree::{LesionReading, LevelReading, Reading};
use crate::assess::Category;
use crate::document::{EsccGrade, LesionKind, LevelStatus, Presence};
use crate::export::{AnnotationSet, VertebraRecord};
use std::collections::BTreeMap;
use std::path::Path;

/// The name of a reader for a file: the one in it, else the file's own without its ending.
pub fn reader_name(found: &Found, path: &Path) -> String {
    let own = || {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    found.reader.clone().unwrap_or_else(own)
}

/// What a file says, as far as it can be compared.
pub fn reading_of(found: &Found) -> Reading {
    let lesion = |m: &FoundMask| LesionReading {
        label: match (m.name.as_str(), m.value) {
            ("", Some(value)) => format!("label {value}"),
            (name, _) => name.to_owned(),
        },
        level: m.level,
        kind: m.kind,
        masks: m.masks.clone(),
    };
    let mut reading =
        Reading { grids: found.grids.clone(), lesions: found.masks.iter().map(lesion).collect(), ..Reading::default() };
    if let Some(set) = found.case.as_ref().and_then(|c| c.annotation_sets.first()) {
        reading.levels = levels(set);
        let value = |m: &crate::export::DrawnMeasurement| Some(((m.label.clone(), m.unit.clone()), m.value?));
        reading.measurements = set.measurements.iter().filter_map(value).collect();
    }
    for (name, place) in &found.centres {
        if let (CentreName::Level(level), Place::Patient(p)) = (name, place) {
            reading.levels.entry(*level).or_default().centre = Some(*p);
        }
    }
    reading
}

fn levels(set: &AnnotationSet) -> BTreeMap<crate::anatomy::VertebraLevel, LevelReading> {
    let reached = set.vertebrae.iter().flat_map(|v| v.lesions.iter().flat_map(|l| l.also_in.iter().copied()));
    let mut levels: BTreeMap<_, LevelReading> = BTreeMap::new();
    for v in &set.vertebrae {
        levels.insert(v.level, level(v));
    }
    for l in reached {
        levels.entry(l).or_default().present = Some(true);
    }
    levels
}

/// Present with a lesion in it or where the reader marked it involved; where that cannot be judged, not rated; else absent.
fn present(v: &VertebraRecord) -> Option<bool> {
    match v.status {
        _ if !v.lesions.is_empty() => Some(true),
        LevelStatus::Involved => Some(true),
        LevelStatus::Uninvolved | LevelStatus::NotAssessed => Some(false),
        _ => None,
    }
}

fn level(v: &VertebraRecord) -> LevelReading {
    let mut grades: BTreeMap<&'static str, usize> = BTreeMap::new();
    let escc = v.epidural.escc_grade.map(|g| match g {
        EsccGrade::G0 => 0,
        EsccGrade::G1a => 1,
        EsccGrade::G1b => 2,
        EsccGrade::G1c => 3,
        EsccGrade::G2 => 4,
        EsccGrade::G3 => 5,
    });
    let sins = v.sins.as_ref();
    let category = sins.and_then(|s| s.category).map(|c| match c {
        Category::Stable => 0,
        Category::PotentiallyUnstable => 1,
        Category::Unstable => 2,
    });
    // The largest lesion speaks for the level.
    let kind = v.lesions.iter().max_by_key(|l| l.measurements.voxels).map(|l| match l.kind {
        LesionKind::Lytic => 0,
        LesionKind::Blastic => 1,
        LesionKind::Mixed => 2,
        LesionKind::Indeterminate => 3,
    });
    let said = |p: Presence| match p {
        Presence::Present => Some(1),
        Presence::Absent => Some(0),
        _ => None,
    };
    for (name, grade) in [
        ("escc_grade", escc),
        ("genant_grade", v.fracture.genant_grade.map(usize::from)),
        ("sins_category", category),
        ("lesion_type", kind),
        ("fracture", said(v.fracture.present)),
        ("pathological_fracture", said(v.pathological_fracture)),
        ("cord_compression", said(v.cord_compression)),
    ] {
        grades.extend(grade.map(|g| (name, g)));
    }
    let m = &v.morphometry;
    let figures = [
        ("ha_mm", m.ha_mm),
        ("hm_mm", m.hm_mm),
        ("hp_mm", m.hp_mm),
        ("collapse_percent", v.fracture.collapse_percent),
        ("segmental_kyphosis_deg", m.segmental_kyphosis_deg),
        ("translation_mm", m.translation_mm),
        ("sins_total", sins.and_then(|s| s.total).map(f64::from)),
    ];
    let figures = figures.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    LevelReading { present: present(v), centre: None, grades, figures }
}
