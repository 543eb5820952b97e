//! Tidy tables of a case: lesions, vertebrae, measurements. One row one thing, units in the column
//! names, the same figures as the case JSON, empty cells where there is no value.

use super::case::{
    AnnotationSet, CaseFile, ChangeRecord, DrawnMeasurement, IntendedUse, LesionMeasurements, LesionRecord,
    VertebraRecord,
};
use crate::assess::{Component, LevelChange, LevelSummary};
use crate::document::{ImageKey, TimepointKey};
use crate::volume::finding_codes;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A column: its name, and its cell of a row.
type Column<R> = (&'static str, fn(&R) -> Value);

/// A value of the case as it stands in the JSON.
fn v<T: Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// The last column of every table: rows are joined and cut apart, and what they are not for goes along.
const INTENDED_USE: &str = "intended_use";

/// A table, its cells as they stand in the JSON.
pub struct Table {
    /// Its name, without an ending.
    pub name: &'static str,
    /// Names of columns.
    pub columns: Vec<&'static str>,
    /// A cell for each column.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    fn of<R>(name: &'static str, columns: &[Column<R>], rows: &[R]) -> Table {
        let row = |r: &R| columns.iter().map(|(_, of)| of(r)).chain([v(IntendedUse::default())]).collect();
        let names = columns.iter().map(|(name, _)| *name).chain([INTENDED_USE]);
        Table { name, columns: names.collect(), rows: rows.iter().map(row).collect() }
    }

    /// The table as CSV.
    ///
    /// # Errors
    /// When the text cannot be encoded; a table in memory always can.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(&self.columns)?;
        for row in &self.rows {
            out.write_record(row.iter().map(cell))?;
        }
        out.into_inner().map_err(|e| e.into_error().into())
    }
}

/// A value as text; lists are joined by `;`.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

/// A value as text. Text that a spreadsheet would run as a formula gets an apostrophe before it; lists are joined by `;`.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

/// The tables of a case.
pub fn tables(case: &CaseFile) -> Vec<Table> {
    let series: BTreeMap<_, _> = case.images.iter().map(|i| (&i.id, i)).collect();
    let series_uid = |key: Option<&ImageKey>| Some(series.get(key?)?.series_instance_uid.as_str());
    let units = |key: Option<&ImageKey>| key.and_then(|k| series.get(k)).map_or("", |i| i.units.as_str());
    let (mut lesions, mut vertebrae, mut figures) = (Vec::new(), Vec::new(), Vec::new());
    for set in &case.annotation_sets {
        for vertebra in &set.vertebrae {
            vertebrae.push(VertebraRow { case, set, v: vertebra });
            figures.extend(vertebra_figures(set, vertebra));
            for lesion in &vertebra.lesions {
                let image = lesion.geometry.image.as_ref();
                lesions.push(LesionRow { case, set, level: vertebra, l: lesion, series: series_uid(image) });
                let places = lesion.on_other_images.iter().map(|o| (&o.measurements, o.geometry.image.as_ref()));
                for (m, image) in std::iter::once((&lesion.measurements, image)).chain(places) {
                    figures.extend(lesion_figures(set, vertebra, lesion, m, series_uid(image), units(image)));
                }
            }
        }
        for m in &set.measurements {
            figures.extend(drawn_figures(set, m, series_uid(Some(&m.image)), units(Some(&m.image))));
        }
    }
    let figures: Vec<(Figure, Value)> = figures
        .into_iter()
        .map(|f| {
            let found = image_findings(case, f.series);
            (f, found)
        })
        .collect();
    let mut tables = vec![
        Table::of("lesions", &lesion_columns(), &lesions),
        Table::of("vertebrae", &vertebra_columns(), &vertebrae),
        Table::of("measurements", &figure_columns(), &figures),
    ];
    if !case.changes.is_empty() {
        tables.push(Table::of("changes", &change_columns(), &changes(case)));
    }
    tables
}

struct LesionRow<'a> {
    case: &'a CaseFile,
    set: &'a AnnotationSet,
    level: &'a VertebraRecord,
    l: &'a LesionRecord,
    series: Option<&'a str>,
}

#[rustfmt::skip]
fn lesion_columns<'a>() -> Vec<Column<LesionRow<'a>>> {
    vec![
        ("id", |r| v(r.l.id)),
        ("label", |r| v(&r.l.label)),
        ("level", |r| v(r.level.level)),
        ("also_in", |r| v(&r.l.also_in)),
        ("type", |r| v(r.l.kind)),
        ("label_value", |r| v(r.l.label_value)),
        ("volume_mm3", |r| v(r.l.measurements.volume_mm3)),
        ("voxels", |r| v(r.l.measurements.voxels)),
        ("mean", |r| v(r.l.measurements.mean)),
        ("sd", |r| v(r.l.measurements.sd)),
        ("min", |r| v(r.l.measurements.min)),
        ("max", |r| v(r.l.measurements.max)),
        ("p5", |r| v(r.l.measurements.p5)),
        ("p50", |r| v(r.l.measurements.p50)),
        ("p95", |r| v(r.l.measurements.p95)),
        ("long_axis_mm", |r| v(r.l.measurements.long_axis_mm)),
        ("short_axis_mm", |r| v(r.l.measurements.short_axis_mm)),
        ("series_instance_uid", |r| v(r.series)),
        ("reader", |r| v(&r.set.reader)),
        ("extent", |r| v(r.l.extent)),
        ("sites", |r| v(&r.l.sites)),
        ("margin", |r| v(r.l.margin)),
        ("cortical_breach", |r| v(r.l.cortical_breach)),
        ("soft_tissue_component", |r| v(r.l.soft_tissue_component)),
        ("soft_tissue_long_axis_mm", |r| v(r.l.soft_tissue_long_axis_mm)),
        ("mr_t1_vs_normal_marrow", |r| v(r.l.mr.t1_vs_normal_marrow)),
        ("mr_t2", |r| v(r.l.mr.t2)),
        ("mr_stir", |r| v(r.l.mr.stir)),
        ("mr_enhancement", |r| v(r.l.mr.enhancement)),
        ("mr_reference", |r| v(&r.l.mr.reference)),
        ("nature", |r| v(r.l.nature)),
        ("histology_confirmed", |r| v(r.l.histology.confirmed)),
        ("histology_diagnosis", |r| v(&r.l.histology.diagnosis)),
        ("recist_role", |r| v(r.l.recist_role)),
        ("remark", |r| v(&r.l.remark)),
        ("case_id", |r| v(r.case.case_id)),
        ("timepoint", |r| v(&r.set.timepoint)),
        ("cortical_breach_at", |r| v(&r.l.cortical_breach_at)),
        ("soft_tissue_at", |r| v(&r.l.soft_tissue_at)),
        ("wbb_zones", |r| v(&r.l.wbb_zones)),
        ("recist_measurable", |r| v(r.l.recist_measurable)),
        ("bone_reference_mean", |r| v(r.l.bone_reference.as_ref().map(|b| b.mean))),
        ("contrast_to_bone", |r| v(r.l.contrast_to_bone)),
        ("image_findings", |r| image_findings(r.case, r.series)),
    ]
}

/// What is odd about a series, as codes.
fn image_findings(case: &CaseFile, series: Option<&str>) -> Value {
    let image = case.images.iter().find(|i| Some(i.series_instance_uid.as_str()) == series);
    v(image.map_or_else(Vec::new, |i| finding_codes(&i.findings)))
}

struct VertebraRow<'a> {
    case: &'a CaseFile,
    set: &'a AnnotationSet,
    v: &'a VertebraRecord,
}

impl VertebraRow<'_> {
    /// What is odd about the series that the level was read on.
    fn image_findings(&self) -> Vec<String> {
        let read = self.case.images.iter().filter(|i| self.set.images.contains(&i.id));
        finding_codes(&read.flat_map(|i| i.findings.iter().cloned()).collect::<Vec<_>>())
    }

    /// Points of one part of the score; empty while they are open.
    fn sins(&self, part: fn(&crate::assess::Components) -> &Component) -> Value {
        v(self.v.sins.as_ref().and_then(|s| part(&s.components).points))
    }
}

#[rustfmt::skip]
fn vertebra_columns<'a>() -> Vec<Column<VertebraRow<'a>>> {
    vec![
        ("level", |r| v(r.v.level)),
        ("sct", |r| v(r.v.code.as_ref().map(|c| &c.value))),
        ("verse_id", |r| v(r.v.verse_id)),
        ("totalsegmentator_id", |r| v(r.v.totalsegmentator.as_ref().map(|s| s.id))),
        ("status", |r| v(r.v.status)),
        ("level_confidence", |r| v(r.v.level_confidence)),
        ("centroid_x_mm", |r| v(r.v.centroid_mm.map(|c| c[0]))),
        ("centroid_y_mm", |r| v(r.v.centroid_mm.map(|c| c[1]))),
        ("centroid_z_mm", |r| v(r.v.centroid_mm.map(|c| c[2]))),
        ("lesions", |r| v(r.v.lesions.len())),
        ("lesion_volume_mm3", |r| v(r.v.lesions.iter().map(|l| l.measurements.volume_mm3).sum::<f64>())),
        ("fracture", |r| v(r.v.fracture.present)),
        ("pathological_fracture", |r| v(r.v.pathological_fracture)),
        ("ha_mm", |r| v(r.v.morphometry.ha_mm)),
        ("hm_mm", |r| v(r.v.morphometry.hm_mm)),
        ("hp_mm", |r| v(r.v.morphometry.hp_mm)),
        ("wedge_ratio", |r| v(r.v.morphometry.wedge_ratio)),
        ("biconcave_ratio", |r| v(r.v.morphometry.biconcave_ratio)),
        ("reference_levels", |r| v(&r.v.morphometry.reference_levels)),
        ("collapse_percent", |r| v(r.v.fracture.collapse_percent)),
        ("genant_grade", |r| v(r.v.fracture.genant_grade)),
        ("genant_extrapolated", |r| v(r.v.fracture.genant_extrapolated)),
        ("segmental_kyphosis_deg", |r| v(r.v.morphometry.segmental_kyphosis_deg)),
        ("translation_mm", |r| v(r.v.morphometry.translation_mm)),
        ("cord_compression", |r| v(r.v.cord_compression)),
        ("csf_visible", |r| v(r.v.csf_visible)),
        ("escc_grade", |r| v(r.v.escc_grade)),
        ("escc_possible", |r| v(&r.v.epidural.escc_possible)),
        ("pain", |r| v(r.v.pain)),
        ("sins_location", |r| r.sins(|c| &c.location)),
        ("sins_pain", |r| r.sins(|c| &c.pain)),
        ("sins_bone_lesion", |r| r.sins(|c| &c.bone_lesion)),
        ("sins_alignment", |r| r.sins(|c| &c.alignment)),
        ("sins_collapse", |r| r.sins(|c| &c.collapse)),
        ("sins_posterolateral", |r| r.sins(|c| &c.posterolateral)),
        ("sins_total", |r| v(r.v.sins.as_ref().and_then(|s| s.total))),
        ("sins_total_min", |r| v(r.v.sins.as_ref().map(|s| s.total_min))),
        ("sins_total_max", |r| v(r.v.sins.as_ref().map(|s| s.total_max))),
        ("sins_category", |r| v(r.v.sins.as_ref().and_then(|s| s.category))),
        ("corpectomy", |r| v(r.v.postoperative.corpectomy)),
        ("cage", |r| v(r.v.postoperative.cage)),
        ("cement", |r| v(r.v.postoperative.cement)),
        ("screws", |r| v(r.v.postoperative.screws)),
        ("fixation_failure", |r| v(r.v.postoperative.fixation_failure)),
        ("cement_leakage", |r| v(r.v.postoperative.cement_leakage)),
        ("subsidence_mm", |r| v(r.v.postoperative.subsidence_mm)),
        ("remark", |r| v(&r.v.remark)),
        ("reader", |r| v(&r.set.reader)),
        ("case_id", |r| v(r.case.case_id)),
        ("timepoint", |r| v(&r.set.timepoint)),
        ("canal_compromise_percent", |r| v(r.v.canal.canal_compromise_percent)),
        ("cord_compression_percent", |r| v(r.v.canal.cord_compression_percent)),
        ("cord_ratio", |r| v(r.v.canal.cord_ratio)),
        ("leakage_at", |r| v(&r.v.postoperative.leakage_at)),
        ("plate_or_rods", |r| v(r.v.postoperative.plate_or_rods)),
        ("recurrence", |r| v(r.v.postoperative.recurrence)),
        ("image_findings", |r| v(r.image_findings())),
    ]
}

/// A level from one timepoint to the next.
struct ChangeRow<'a> {
    between: &'a ChangeRecord,
    c: &'a LevelChange,
}

fn changes(case: &CaseFile) -> Vec<ChangeRow<'_>> {
    case.changes.iter().flat_map(|between| between.levels.iter().map(move |c| ChangeRow { between, c })).collect()
}

#[rustfmt::skip]
fn change_columns<'a>() -> Vec<Column<ChangeRow<'a>>> {
    fn sins(s: &LevelSummary) -> Value {
        v(s.sins_range.map(|[least, most]| if least == most { least.to_string() } else { format!("{least} to {most}") }))
    }
    vec![
        ("level", |r| v(r.c.level)),
        ("from", |r| v(&r.between.from)),
        ("to", |r| v(&r.between.to)),
        ("status_before", |r| v(r.c.before.status)),
        ("status_after", |r| v(r.c.after.status)),
        ("lesions_before", |r| v(r.c.before.lesions)),
        ("lesions_after", |r| v(r.c.after.lesions)),
        ("lesions_in_words_before", |r| v(&r.c.before.lesions_in_words)),
        ("lesions_in_words_after", |r| v(&r.c.after.lesions_in_words)),
        ("types_before", |r| v(&r.c.before.types)),
        ("types_after", |r| v(&r.c.after.types)),
        ("volume_before_mm3", |r| v(r.c.before.volume_mm3)),
        ("volume_after_mm3", |r| v(r.c.after.volume_mm3)),
        ("volume_change_mm3", |r| v(r.c.volume_change_mm3)),
        ("volume_change_percent", |r| v(r.c.volume_change_percent)),
        ("collapse_before_percent", |r| v(r.c.before.collapse_percent)),
        ("collapse_after_percent", |r| v(r.c.after.collapse_percent)),
        ("collapse_change_points", |r| v(r.c.collapse_change_points)),
        ("sins_before", |r| sins(&r.c.before)),
        ("sins_after", |r| sins(&r.c.after)),
        ("escc_before", |r| v(&r.c.before.escc_possible)),
        ("escc_after", |r| v(&r.c.after.escc_possible)),
        ("after_surgery_before", |r| v(&r.c.before.after_surgery)),
        ("after_surgery_after", |r| v(&r.c.after.after_surgery)),
    ]
}

/// One measured value; figures of a lesion carry its id, those of a vertebra its level's name.
struct Figure<'a> {
    id: String,
    label: String,
    kind: String,
    level: Option<&'static str>,
    value: Option<f64>,
    unit: String,
    projected: bool,
    series: Option<&'a str>,
    reader: &'a str,
    timepoint: Option<&'a TimepointKey>,
}

fn figure_columns<'a>() -> Vec<Column<(Figure<'a>, Value)>> {
    vec![
        ("id", |f| v(&f.0.id)),
        ("label", |f| v(&f.0.label)),
        ("kind", |f| v(&f.0.kind)),
        ("level", |f| v(f.0.level)),
        ("value", |f| v(f.0.value)),
        ("unit", |f| v(&f.0.unit)),
        ("series_instance_uid", |f| v(f.0.series)),
        ("reader", |f| v(f.0.reader)),
        ("timepoint", |f| v(f.0.timepoint)),
        ("projected", |f| v(f.0.projected)),
        ("image_findings", |f| f.1.clone()),
    ]
}

/// A measurement's own value, and those under a region.
fn drawn_figures<'a>(
    set: &'a AnnotationSet,
    m: &'a DrawnMeasurement,
    series: Option<&'a str>,
    units: &str,
) -> Vec<Figure<'a>> {
    let kind = cell(&v(m.kind));
    let own = match m.region {
        Some(_) => (format!("{kind}_area"), m.value, m.unit.clone()),
        None => (kind.clone(), m.value, m.unit.clone()),
    };
    let under = m.region.iter().flat_map(|r| {
        let values = [("mean", Some(r.mean)), ("sd", r.sd), ("min", Some(r.min)), ("max", Some(r.max))];
        let rows = values.map(|(name, value)| (format!("{kind}_{name}"), value, units.to_owned()));
        rows.into_iter().chain([(format!("{kind}_voxels"), Some(r.voxels as f64), "1".to_owned())])
    });
    std::iter::once(own)
        .chain(under)
        .map(|(kind, value, unit)| Figure {
            id: m.id.to_string(),
            label: m.label.clone(),
            kind,
            level: m.level.map(|l| l.name()),
            value,
            unit,
            projected: m.projected,
            timepoint: set.timepoint.as_ref(),
            series,
            reader: &set.reader,
        })
        .collect()
}

fn lesion_figures<'a>(
    set: &'a AnnotationSet,
    vertebra: &'a VertebraRecord,
    lesion: &'a LesionRecord,
    m: &LesionMeasurements,
    series: Option<&'a str>,
    units: &str,
) -> Vec<Figure<'a>> {
    let figures = [
        ("volume", Some(m.volume_mm3), "mm3"),
        ("mean", m.mean, units),
        ("sd", m.sd, units),
        ("long_axis", m.long_axis_mm, "mm"),
        ("short_axis", m.short_axis_mm, "mm"),
    ];
    let present = figures.into_iter().filter(|(_, value, _)| value.is_some());
    present
        .map(|(kind, value, unit)| Figure {
            id: lesion.id.to_string(),
            label: lesion.label.clone(),
            kind: kind.to_owned(),
            level: Some(vertebra.level.name()),
            value,
            unit: unit.to_owned(),
            projected: false,
            series,
            reader: &set.reader,
            timepoint: set.timepoint.as_ref(),
        })
        .collect()
}

fn vertebra_figures<'a>(set: &'a AnnotationSet, vertebra: &'a VertebraRecord) -> Vec<Figure<'a>> {
    let (m, name) = (&vertebra.morphometry, vertebra.level.name());
    let figures = [
        ("height_anterior", m.ha_mm, "mm"),
        ("height_middle", m.hm_mm, "mm"),
        ("height_posterior", m.hp_mm, "mm"),
        ("collapse", vertebra.fracture.collapse_percent, "%"),
        ("segmental_kyphosis", m.segmental_kyphosis_deg, "deg"),
        ("translation", m.translation_mm, "mm"),
        ("canal_compromise", vertebra.canal.canal_compromise_percent, "%"),
        ("cord_compression", vertebra.canal.cord_compression_percent, "%"),
    ];
    let present = figures.into_iter().filter(|(_, value, _)| value.is_some());
    present
        .map(|(kind, value, unit)| Figure {
            id: name.to_owned(),
            label: name.to_owned(),
            kind: kind.to_owned(),
            level: Some(name),
            value,
            unit: unit.to_owned(),
            projected: false,
            series: None,
            reader: &set.reader,
            timepoint: set.timepoint.as_ref(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::{Sample, sample};

    fn read(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
        let mut csv = csv::Reader::from_reader(bytes);
        csv.deserialize().map(|row| row.expect("a row of the table's width")).collect()
    }

    #[test]
    fn rows_carry_the_figures_of_the_json() {
        let Sample { file, .. } = sample();
        let all: Vec<Vec<u8>> = tables(&file).iter().map(|t| t.csv().expect("encoded")).collect();
        let [lesions, vertebrae, figures] = &all[..] else { panic!("three tables without a later timepoint") };
        let lesions = read(lesions);
        assert_eq!(lesions.len(), 2);
        let record = &file.annotation_sets[0].vertebrae[1].lesions[0];
        let row = lesions.iter().find(|r| r["id"] == record.id.to_string()).expect("its row");
        assert_eq!((row["label"].as_str(), row["level"].as_str()), ("a", "C6"));
        assert_eq!(row["volume_mm3"].parse::<f64>().ok(), Some(record.measurements.volume_mm3));
        assert_eq!(row["mean"].parse::<f64>().ok(), record.measurements.mean);
        assert_eq!(read(vertebrae).iter().map(|r| r["level"].clone()).collect::<Vec<_>>(), ["C5", "C6", "C7"]);
        let volumes = read(figures).iter().filter(|r| r["kind"] == "volume").count();
        let heights = read(figures).iter().filter(|r| r["kind"].starts_with("height_")).count();
        assert_eq!((volumes, heights), (2, 9));
    }

    #[test]
    fn formulas_line_breaks_and_separators_stay_text() {
        let mut file = sample().file;
        let lesion = &mut file.annotation_sets[0].vertebrae[1].lesions[0];
        lesion.label = "=cmd|'/C calc'!A0".to_owned();
        lesion.remark = Some("first, \"second\"\nthird".to_owned());
        let row =
            read(&tables(&file)[0].csv().expect("encoded")).into_iter().find(|r| r["level"] == "C6").expect("its row");
        assert_eq!(row["label"], "'=cmd|'/C calc'!A0");
        assert_eq!(row["remark"], "first, \"second\"\nthird");
        assert_eq!(cell(&Value::from(-1.5)), "-1.5", "numbers are numbers");
    }

    #[test]
    fn a_case_without_lesions_has_its_columns() {
        let mut file = sample().file;
        file.annotation_sets[0].vertebrae.clear();
        for table in tables(&file) {
            let (name, bytes) = (table.name, table.csv().expect("encoded"));
            assert!(bytes.starts_with(b"id,") || bytes.starts_with(b"level,"), "{name}");
            assert_eq!(read(&bytes).len(), usize::from(name == "measurements"), "{name}");
        }
    }
}
