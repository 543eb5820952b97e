//! From a document to its case file: pure, and the same bytes for the same document.

use super::body::body;
use super::lesion::{Contour, LesionGeometry, LesionMeasurements, LesionOnImage, LesionRecord};
use super::timepoints::{change_records, spoken_of, timepoint_records};
use super::vertebra::{CentreOnGrid, Code, EpiduralRecord, FractureRecord, Morphometry, Structure, VertebraRecord};
use super::*;
use crate::assess;
use crate::document::{
    Document, ImageIdentity, Lesion, LesionId, LesionKind, Nature, Presence, TimepointKey, Vertebra,
};
use crate::export::{Case, MaskRuns, Ring, Words, rings};
use crate::space::{Geometry, PatientPoint};
use std::collections::BTreeSet;

/// Decimals of computed figures: far below any measuring error, and no noise of the last bits in a diff.
const FIGURE_DECIMALS: i32 = 6;
/// Decimals of contour points, mm.
const POINT_DECIMALS: i32 = 4;

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    let r = (value * scale).round() / scale;
    if r == 0.0 { 0.0 } else { r } // no negative zero
}

pub fn figure(value: f64) -> f64 {
    rounded(value, FIGURE_DECIMALS)
}

fn point(p: PatientPoint) -> [f64; 3] {
    p.vec().to_array().map(|c| rounded(c, POINT_DECIMALS))
}

/// The case as a file.
pub fn case_file(case: &Case) -> CaseFile {
    let doc = case.doc;
    let frames: BTreeSet<_> = doc.images.values().map(|i| i.frame_of_reference_uid.clone()).collect();
    CaseFile {
        schema: SchemaName::V1,
        case_id: case.id,
        software: Software { name: "spondyl".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        intended_use: IntendedUse::Research,
        deidentification: Deidentification {
            identifiers_written: false,
            method: match case.deidentified {
                None => {
                    "names, IDs, dates, institutions and physicians are never read into the case; \
                          remarks and labels are the reader's own words"
                }
                Some(Words::LeftOut) => {
                    "names, IDs, dates, institutions and physicians are never read into the case; UIDs are replaced \
                         by others, free text left out; labels, primary site, histology and diagnosis are the reader's own words"
                }
                Some(Words::Kept) => {
                    "names, IDs, dates, institutions and physicians are never read into the case; UIDs are replaced \
                         by others; remarks and labels are the reader's own words"
                }
            }
            .to_owned(),
        },
        coordinate_system: CoordinateSystem {
            frame: "DICOM patient LPS (+x left, +y posterior, +z superior)".to_owned(),
            length_unit: "mm".to_owned(),
            angle_unit: "deg".to_owned(),
            volume_unit: "mm3".to_owned(),
            frame_of_reference_uid: if frames.len() == 1 { frames.into_iter().next().flatten() } else { None },
        },
        subject: Subject {
            sex: doc.case.sex.clone(),
            age_years: doc.case.age_years,
            age_conflicts: doc.case.age_conflicts.clone(),
        },
        primary_tumour: primary(doc),
        clinical: Clinical {
            tomita_surgical_type: doc.case.tomita_surgical_type,
            pain: doc.case.pain.clone(),
            neurology: doc.case.neurology.clone(),
            remark: doc.case.remark.clone(),
        },
        spine_numbering: numbering(doc),
        images: doc.images.iter().map(|(key, identity)| image(doc, key, identity)).collect(),
        timepoints: timepoint_records(doc),
        readers: vec![Reader { id: case.reader.to_owned() }],
        annotation_sets: annotation_sets(case),
        changes: change_records(doc),
        treatment: doc.case.treatment.clone(),
        reading: study_reading(doc),
    }
}

/// What was recorded for a reading study; nothing for a case of none.
fn study_reading(doc: &Document) -> Option<StudyReading> {
    let (finished, answers) = (doc.case.finished, &doc.case.answers);
    (finished || !answers.is_empty()).then(|| StudyReading { finished, answers: answers.clone() })
}

/// One set for each timepoint that something is said or seen of.
fn annotation_sets(case: &Case) -> Vec<AnnotationSet> {
    // Export values 1…n in the order of the values in the document, which may have holes where lesions were deleted.
    let mut by_value: Vec<(&LesionId, &Lesion)> = case.doc.lesions.iter().collect();
    by_value.sort_by_key(|(_, l)| l.label_value);
    let values: BTreeMap<LesionId, u16> = by_value.into_iter().map(|(id, _)| *id).zip(1..).collect();
    let set = |timepoint: Option<TimepointKey>| {
        let doc = case.doc.as_of(timepoint.as_ref());
        let now = Case { doc: &doc, ..*case };
        AnnotationSet {
            reader: case.reader.to_owned(),
            timepoint,
            active_seconds: rounded(case.active_seconds, 3),
            status: SetStatus::Draft,
            images: doc.images.keys().cloned().collect(),
            vertebrae: vertebrae(&now, &values),
            measurements: measurements(&now),
        }
    };
    spoken_of(case.doc).into_iter().map(set).collect()
}

fn primary(doc: &Document) -> PrimaryTumour {
    let facts = &doc.case;
    PrimaryTumour {
        site: facts.primary_site.clone(),
        histology: facts.primary_histology.clone(),
        code: primary_code(doc),
        status: facts.primary_status.clone(),
        other_metastases: facts.other_metastases.clone(),
        radiosensitivity: facts.radiosensitivity.clone(),
    }
}

/// The primary tumour's histology as the reader coded it.
fn primary_code(doc: &Document) -> Option<Code> {
    let value = doc.case.primary_sct.clone()?;
    let meaning = doc.case.primary_histology.clone().unwrap_or_else(|| "histology of the primary tumour".to_owned());
    Some(Code { scheme: "SCT".to_owned(), value, meaning })
}

fn numbering(doc: &Document) -> Numbering {
    Numbering {
        scheme: "C1–C7, T1–T12 (T13), L1–L5 (L6), S1–S5, Co".to_owned(),
        counted_from: doc.spine.counted_from,
        anchor: doc.spine.anchor.clone(),
        n_thoracic: doc.spine.n_thoracic,
        n_lumbar: doc.spine.n_lumbar,
        transition: doc.spine.transition,
        lstv_castellvi: doc.spine.castellvi,
        ambiguous: doc.spine.ambiguous,
        findings: assess::chain_findings(doc),
    }
}

fn image(doc: &Document, key: &ImageKey, identity: &ImageIdentity) -> ImageRecord {
    let g = &identity.geometry;
    let first = || doc.timepoints.iter().find(|(_, t)| t.first).map(|(key, _)| key);
    ImageRecord {
        timepoint: doc.later_timepoint_of(identity).or_else(first).cloned(),
        id: key.clone(),
        study_instance_uid: identity.study_instance_uid.clone(),
        series_instance_uid: identity.series_instance_uid.clone(),
        frame_of_reference_uid: identity.frame_of_reference_uid.clone(),
        sop_class_uid: identity.sop_class_uid.clone(),
        modality: identity.modality.clone(),
        kind: identity.kind,
        units: identity.units.clone(),
        spacing_origin: identity.spacing_origin,
        calibration: identity.calibration,
        grid: Grid {
            size: g.size().map(|n| n as u64),
            spacing_mm: g.spacing_mm(),
            origin_mm: g.origin().into(),
            direction: g.directions().map(|d| d.to_array()),
            slice_origins_mm: g.slice_origins().map(|o| o.iter().map(|p| (*p).into()).collect()),
        },
        fingerprint: identity.fingerprint.clone(),
        findings: identity.findings.clone(),
        instances: identity.slices.clone(),
    }
}

/// The voxels of each lesion (by label) on each series.
type Painted = BTreeMap<ImageKey, BTreeMap<u16, Vec<u64>>>;

fn vertebrae(case: &Case, values: &BTreeMap<LesionId, u16>) -> Vec<VertebraRecord> {
    let doc = case.doc;
    let painted: Painted = doc.masks.iter().map(|(key, map)| (key.clone(), assess::voxels_by_label(map))).collect();
    let mut by_value: Vec<(u16, LesionId, &Lesion)> =
        doc.lesions.iter().filter_map(|(id, l)| Some((*values.get(id)?, *id, l))).collect();
    by_value.sort_by_key(|(value, _, _)| *value);
    let mut under: BTreeMap<VertebraLevel, Vec<LesionRecord>> = BTreeMap::new();
    let mut within: BTreeMap<VertebraLevel, Vec<&Lesion>> = BTreeMap::new();
    for (value, id, l) in by_value {
        let record = lesion(case, &painted, id, l, value);
        for level in record.also_in.iter().chain([&record.vertebra]) {
            within.entry(*level).or_default().push(l);
        }
        under.entry(l.vertebra).or_default().push(record);
    }
    let outlined = VertebraLevel::ALL.into_iter().filter(|l| doc.body_of(*l).is_some());
    let levels: BTreeSet<_> = doc.vertebrae.keys().chain(under.keys()).copied().chain(outlined).collect();
    levels
        .into_iter()
        .map(|level| {
            let lesions = under.remove(&level).unwrap_or_default();
            vertebra(doc, level, lesions, within.get(&level).map_or(&[], Vec::as_slice))
        })
        .collect()
}

fn sct(value: u64, meaning: impl Into<String>) -> Code {
    Code { scheme: "SCT".to_owned(), value: value.to_string(), meaning: meaning.into() }
}

fn vertebra(doc: &Document, level: VertebraLevel, lesions: Vec<LesionRecord>, within: &[&Lesion]) -> VertebraRecord {
    let v = doc.vertebrae.get(&level).cloned().unwrap_or_default();
    let codes = level.codes();
    let (code, meaning) = (codes.sct.zip(level.code_meaning()), level.code_meaning());
    let older = |scheme: &str, value: String, meaning: String| Code { scheme: scheme.to_owned(), value, meaning };
    let scored = assess::sins_with(doc, level, within);
    let on_grid = |(key, image): (&ImageKey, &ImageIdentity)| {
        if !assess::is_in_frame(doc, image) {
            return None;
        }
        let ijk = image.geometry.voxel_from_patient(v.at_mm?).0.to_array().map(|c| rounded(c, POINT_DECIMALS));
        Some(CentreOnGrid { image: key.clone(), ijk })
    };
    VertebraRecord {
        level,
        code: code.map(|(value, meaning)| sct(value, meaning)),
        code_srt: codes.srt.zip(meaning).map(|(value, meaning)| older("SRT", value.to_owned(), meaning)),
        body_code: codes.sct_body.map(|value| sct(value, format!("{level} vertebral body"))),
        fma: codes.fma.map(|value| older("FMA", value.to_string(), level.name().to_owned())),
        verse_id: codes.verse_id,
        totalsegmentator: codes
            .totalsegmentator_id
            .zip(level.totalsegmentator_name())
            .map(|(id, name)| Structure { id, name }),
        status: v.status,
        level_confidence: v.level_confidence,
        centroid_mm: v.at_mm.map(Into::into),
        centroid_voxel: doc.images.iter().filter_map(on_grid).collect(),
        lesions,
        fracture: fracture(doc, level, &v),
        morphometry: morphometry(doc, level, &v),
        body: body(doc, level),
        epidural: epidural(doc, level, &v),
        sins_not_scored: scored.as_ref().err().copied(),
        sins: scored.ok(),
        canal: figures_of_canal(doc, level),
        evidence: v.evidence,
        postoperative: v.postoperative,
        pathological_fracture: v.pathological_fracture,
        cord_compression: v.cord_compression,
        csf_visible: v.csf_visible,
        escc_grade: v.escc_grade,
        pain: v.pain,
        sins_pain: v.sins_pain,
        sins_alignment: v.sins_alignment,
        sins_posterolateral: v.sins_posterolateral,
        sins_collapse: v.sins_collapse,
        remark: v.remark,
    }
}

fn figures_of_canal(doc: &Document, level: VertebraLevel) -> assess::Canal {
    let c = assess::canal(doc, level);
    assess::Canal {
        canal_ap_mm: c.canal_ap_mm.map(figure),
        cord_ap_mm: c.cord_ap_mm.map(figure),
        cord_transverse_mm: c.cord_transverse_mm.map(figure),
        canal_compromise_percent: c.canal_compromise_percent.map(figure),
        cord_compression_percent: c.cord_compression_percent.map(figure),
        cord_ratio: c.cord_ratio.map(figure),
        ..c
    }
}

fn fracture(doc: &Document, level: VertebraLevel, v: &Vertebra) -> FractureRecord {
    let collapse = assess::collapse(doc, level);
    let genant = collapse.as_ref().map(|c| assess::genant(level, c));
    FractureRecord {
        present: v.fracture,
        pathological: v.pathological_fracture,
        collapse_percent: collapse.map(|c| figure(c.percent)),
        genant_grade: genant.map(|g| g.grade),
        genant_shape: genant.and_then(|g| g.shape),
        genant_extrapolated: genant.map(|g| g.extrapolated),
    }
}

fn morphometry(doc: &Document, level: VertebraLevel, v: &Vertebra) -> Morphometry {
    let heights = v.heights.as_ref().map(assess::heights);
    let collapse = assess::collapse(doc, level);
    Morphometry {
        ha_mm: heights.map(|h| figure(h.ha_mm)),
        hm_mm: heights.map(|h| figure(h.hm_mm)),
        hp_mm: heights.map(|h| figure(h.hp_mm)),
        wedge_ratio: heights.and_then(|h| h.wedge_ratio()).map(figure),
        biconcave_ratio: heights.and_then(|h| h.biconcave_ratio()).map(figure),
        reference: collapse.as_ref().map(|c| c.reference),
        reference_levels: collapse.as_ref().map_or_else(Vec::new, |c| c.reference_levels.clone()),
        reference_mm: collapse.map(|c| c.reference_mm.map(figure)),
        segmental_kyphosis_deg: assess::segmental_kyphosis_deg(doc, level).map(figure),
        translation_mm: assess::translation_mm(doc, level).map(figure),
        landmarks_lps_mm: v.heights,
    }
}

fn epidural(doc: &Document, level: VertebraLevel, v: &Vertebra) -> EpiduralRecord {
    let escc = assess::escc(doc, level);
    let compressed = v.cord_compression == Presence::Present;
    EpiduralRecord {
        escc_grade: escc.grade,
        escc_possible: escc.possible,
        basis: escc.basis,
        surrogate_without_mr: escc.surrogate_without_mr,
        cauda_equina: escc.cauda_equina,
        epidural_tumour: v.epidural_tumour,
        sac_deformed: v.sac_deformed,
        cord_touched: v.cord_touched,
        cord_compression: v.cord_compression,
        csf_visible: v.csf_visible,
        read_on: v.escc_image,
        code: compressed.then(|| sct(71286001, "Spinal cord compression")),
    }
}

fn lesion(case: &Case, painted: &Painted, id: LesionId, l: &Lesion, label_value: u16) -> LesionRecord {
    let doc = case.doc;
    // The series with most voxels comes first; of equals the first by key.
    let mut on: Vec<(&ImageKey, &Vec<u64>)> =
        painted.iter().filter_map(|(key, labels)| Some((key, labels.get(&l.label_value)?))).collect();
    on.sort_by_key(|(_, flat)| std::cmp::Reverse(flat.len()));
    let also_in = on.first().and_then(|(key, flat)| Some((doc.images.get(key)?, flat)));
    let also_in = also_in.map(|(image, flat)| assess::span_of_voxels(doc, l, image, flat).also_in);
    let mut places = on.iter().filter_map(|(key, flat)| on_image(case, key, flat));
    let main = places.next().unwrap_or_else(nowhere);
    let recist = assess::measurable(l);
    let reference = main.geometry.image.as_ref().and_then(|key| {
        let found = assess::bone_reference(doc, key, case.volumes.get(key)?, l.vertebra)?;
        Some(assess::BoneReference { mean: figure(found.mean), ..found })
    });
    let contrast = reference.as_ref().zip(main.measurements.mean).map(|(r, mean)| figure(mean - r.mean));
    let (type_value, type_meaning) = match l.kind {
        LesionKind::Lytic => ("LYTIC", "Osteolytic lesion"),
        LesionKind::Blastic => ("BLASTIC", "Osteoblastic lesion"),
        LesionKind::Mixed => ("MIXED", "Mixed osteolytic and osteoblastic lesion"),
        LesionKind::Indeterminate => ("INDETERMINATE", "Bone lesion of indeterminate type"),
    };
    LesionRecord {
        id,
        tracking_uid: format!("2.25.{}", id.as_u128()),
        label: l.label.clone(),
        label_value,
        vertebra: l.vertebra,
        also_in: also_in.unwrap_or_default(),
        kind: l.kind,
        type_code: Code {
            scheme: "99SPONDYL".to_owned(),
            value: type_value.to_owned(),
            meaning: type_meaning.to_owned(),
        },
        extent: l.extent,
        sites: l.sites.clone(),
        margin: l.margin,
        cortical_breach: l.cortical_breach,
        soft_tissue_component: l.soft_tissue_component,
        soft_tissue_long_axis_mm: l.soft_tissue_long_axis_mm,
        mr: l.mr.clone(),
        nature: l.nature,
        nature_code: match l.nature {
            Nature::Metastasis => Some(sct(14799000, "Neoplasm, Secondary")),
            Nature::PrimaryMalignant | Nature::PrimaryBenign => Some(sct(372087000, "Neoplasm, Primary")),
            _ => None,
        },
        cortical_breach_at: l.cortical_breach_at.clone(),
        soft_tissue_at: l.soft_tissue_at.clone(),
        wbb_zones: l.wbb_zones.clone(),
        wbb_layers: l.wbb_layers.clone(),
        evidence: l.evidence.clone(),
        histology: l.histology.clone(),
        histology_code: primary_code(doc).filter(|c| confirms(l, &c.meaning)),
        recist_role: l.recist_role,
        recist_measurable: recist.0,
        recist_reason: Some(recist.1.to_owned()),
        bone_reference: reference,
        contrast_to_bone: contrast,
        color: l.color,
        remark: l.remark.clone(),
        taken_from: l.taken_from.clone(),
        measurements: main.measurements,
        geometry: main.geometry,
        on_other_images: places.collect(),
    }
}

/// Tissue of the lesion was examined and is that of the primary tumour.
fn confirms(l: &Lesion, histology: &str) -> bool {
    let holds = |d: &String| d.to_lowercase().contains(&histology.to_lowercase());
    l.histology.confirmed == Some(true) && l.histology.diagnosis.as_ref().is_some_and(holds)
}

fn nowhere() -> LesionOnImage {
    let grid_free = assess::LesionStats::default();
    LesionOnImage {
        measurements: figures(&grid_free),
        geometry: LesionGeometry { image: None, contours: Vec::new(), mask: None },
    }
}

fn figures(stats: &assess::LesionStats) -> LesionMeasurements {
    let value = |of: fn(&assess::ValueStats) -> f64| stats.values.as_ref().map(of).map(figure);
    LesionMeasurements {
        volume_mm3: figure(stats.volume_mm3),
        voxels: stats.voxels,
        mean: value(|v| v.mean),
        sd: stats.values.and_then(|v| v.sd).map(figure),
        min: value(|v| v.min),
        max: value(|v| v.max),
        p5: value(|v| v.p5),
        p50: value(|v| v.p50),
        p95: value(|v| v.p95),
        long_axis_mm: stats.long_axis_mm.map(figure),
        short_axis_mm: stats.short_axis_mm.map(figure),
    }
}

/// Outlines of voxels in each slice, along their edges.
pub fn contours(identity: &ImageIdentity, flat: &[u64]) -> Vec<Contour> {
    let contour = |ring: Ring| {
        let source = identity.slices.get(ring.slice);
        Contour {
            sop_instance_uid: source.map(|s| s.sop_instance_uid.clone()).unwrap_or_default(),
            frame: source.and_then(|s| s.frame),
            slice: ring.slice as u64,
            hole: ring.hole,
            points_lps_mm: ring.points.into_iter().map(point).collect(),
        }
    };
    rings(flat, &identity.geometry).into_iter().map(contour).collect()
}

fn on_image(case: &Case, key: &ImageKey, flat: &[u64]) -> Option<LesionOnImage> {
    let identity = case.doc.images.get(key)?;
    let g: &Geometry = &identity.geometry;
    let stats = assess::stats_of_voxels(flat, g, case.volumes.get(key).map(AsRef::as_ref));
    Some(LesionOnImage {
        measurements: figures(&stats),
        geometry: LesionGeometry {
            image: Some(key.clone()),
            contours: contours(identity, flat),
            mask: MaskRuns::of_voxels(flat, g.size()),
        },
    })
}

fn measurements(case: &Case) -> Vec<DrawnMeasurement> {
    use crate::document::MeasurementShape as Shape;
    let one = |(id, m): (&uuid::Uuid, &crate::document::Measurement)| {
        let volume = case.volumes.get(&m.image).map(AsRef::as_ref);
        let figures = assess::measured(m, case.doc.images.get(&m.image), volume);
        let region = figures.values.map(|s| RegionValues {
            voxels: s.count as u64,
            mean: figure(s.mean),
            sd: (s.count > 1).then(|| figure(s.sd)),
            min: figure(s.min),
            max: figure(s.max),
        });
        DrawnMeasurement {
            id: *id,
            label: m.label.clone(),
            kind: match m.shape {
                Shape::Length { .. } => MeasurementKind::Length,
                Shape::Angle { .. } => MeasurementKind::Angle,
                Shape::Cobb { .. } => MeasurementKind::Cobb,
                Shape::Point { .. } => MeasurementKind::Point,
                Shape::Rectangle { .. } => MeasurementKind::Rectangle,
                Shape::Ellipse { .. } => MeasurementKind::Ellipse,
                Shape::Freehand { .. } => MeasurementKind::Freehand,
            },
            level: m.level,
            role: m.role,
            value: figures.value.map(figure),
            unit: figures.unit,
            projected: figures.projected,
            region,
            image: m.image.clone(),
            points_lps_mm: m.shape.points().into_iter().map(Into::into).collect(),
        }
    };
    case.doc.measurements.iter().map(one).collect()
}
