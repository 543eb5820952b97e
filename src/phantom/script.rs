//! The script that annotates the sample as a reader would: levels, outlines slice by slice or a brush with a band of
//! values, height points, and what the lesions and vertebrae look like.

use super::math::gaussian;
use super::outline::{Corner, outlines};
use super::truth::{LesionTruth, Truth};
use crate::anatomy::VertebraLevel;
use crate::document::{HeightPoints, LesionKind};
use crate::segment::{DrawPlane, Tip};
use crate::session::Op;
use crate::session::op::{BrushMode, ContourMode, LevelChoice, Target};
use crate::space::{DVec3, PatientPoint, Plane, VoxelPoint};
use serde_json::{Map, Value, json};

/// Values that belong to lytic tissue in the dense upper neck, HU: below the spongy bone around it, above fat.
const BAND_HU: [f64; 2] = [-60.0, 190.0];

/// How far a hand strays from the line that it means to draw.
const TREMOR_MM: f64 = 0.3;

/// The script, one step a line.
///
/// # Errors
/// Never in practice: steps are plain data.
pub(super) fn of(truth: &Truth) -> serde_json::Result<String> {
    let lines: Vec<String> = steps(truth).iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(lines.join("\n") + "\n")
}

fn steps(truth: &Truth) -> Vec<Op> {
    let mut steps = vec![Op::SetSpine {
        variant: Map::from_iter([("counted_from".to_owned(), json!("C2")), ("anchor".to_owned(), json!("C2"))]),
    }];
    let label = |l: &super::truth::LevelTruth| Op::LabelVertebra { level: l.level, at_mm: tenths(l.centre_mm) };
    steps.extend(truth.levels.iter().map(label));
    for lesion in &truth.lesions {
        steps.extend(lesion_steps(truth, lesion));
    }
    for l in &truth.levels {
        let p = l.height_points_mm;
        let points_mm = HeightPoints {
            sup_ant: tenths(p.sup_ant),
            sup_mid: tenths(p.sup_mid),
            sup_post: tenths(p.sup_post),
            inf_ant: tenths(p.inf_ant),
            inf_mid: tenths(p.inf_mid),
            inf_post: tenths(p.inf_post),
        };
        steps.push(Op::Heights { level: l.level, points_mm });
    }
    steps.extend(truth.levels.iter().flat_map(|l| vertebra_words(l.level)));
    steps.extend(case_words());
    steps
}

/// A point as a script writes it: to a tenth of a millimetre.
fn tenths(p: PatientPoint) -> PatientPoint {
    PatientPoint::ORIGIN.moved(DVec3::from_array(p.vec().to_array().map(|v| (v * 10.0).round() / 10.0)))
}

fn lesion_steps(truth: &Truth, lesion: &LesionTruth) -> Vec<Op> {
    let handle = lesion.label.to_owned();
    let mut steps = vec![Op::AddLesion {
        lesion: handle,
        vertebra: LevelChoice::Level(lesion.level),
        kind: LesionKind::Lytic,
        at_mm: None,
    }];
    steps.extend(match lesion.level {
        VertebraLevel::C2 => vec![ball(lesion)],
        VertebraLevel::C3 => dabs(truth, lesion),
        _ => contours(truth, lesion),
    });
    steps.extend(lesion_words(lesion));
    steps
}

/// One dab with a ball, a little larger than the lesion, that takes only values in the band.
fn ball(lesion: &LesionTruth) -> Op {
    Op::Brush {
        lesion: lesion.label.to_owned(),
        plane: DrawPlane::Named(Plane::Sagittal),
        path_mm: vec![tenths(lesion.centroid_mm)],
        radius_mm: 4.5,
        tip: Tip::Sphere,
        mode: BrushMode::Paint,
        range: Some(BAND_HU),
        image: None,
    }
}

/// A dab with a disc in each slice that the lesion reaches.
fn dabs(truth: &Truth, lesion: &LesionTruth) -> Vec<Op> {
    let slices = sheets(truth, lesion).into_iter();
    let dab = |(slice, mask): (usize, Vec<bool>)| {
        let columns = truth.geometry.size()[0];
        let set: Vec<usize> = (0..mask.len()).filter(|n| mask[*n]).collect();
        let mean = |part: fn(usize, usize) -> usize| {
            set.iter().map(|n| part(*n, columns) as f64).sum::<f64>() / set.len().max(1) as f64
        };
        let centre = VoxelPoint(DVec3::new(mean(|n, c| n % c), mean(|n, c| n / c), slice as f64));
        let area = set.len() as f64 * truth.geometry.spacing_mm()[0] * truth.geometry.spacing_mm()[1];
        let radius = (area / std::f64::consts::PI).sqrt() + 0.7;
        Op::Brush {
            lesion: lesion.label.to_owned(),
            plane: DrawPlane::Named(Plane::Sagittal),
            path_mm: vec![tenths(truth.geometry.patient_from_voxel(centre))],
            radius_mm: (radius * 10.0).round() / 10.0,
            tip: Tip::Disc,
            mode: BrushMode::Paint,
            range: Some(BAND_HU),
            image: None,
        }
    };
    slices.map(dab).collect()
}

/// The lesion's pixels in each slice that it reaches.
fn sheets(truth: &Truth, lesion: &LesionTruth) -> Vec<(usize, Vec<bool>)> {
    let [columns, rows, _] = truth.geometry.size();
    let mut sheets: Vec<(usize, Vec<bool>)> = Vec::new();
    for v in lesion.mask.voxels() {
        let [i, j, k] = v.0;
        if sheets.last().is_none_or(|s| s.0 != k) {
            sheets.push((k, vec![false; columns * rows]));
        }
        if let Some((_, mask)) = sheets.last_mut() {
            mask[j * columns + i] = true;
        }
    }
    sheets
}

/// An outline for each part of the lesion in each slice.
fn contours(truth: &Truth, lesion: &LesionTruth) -> Vec<Op> {
    let columns = truth.geometry.size()[0];
    let pixel = truth.geometry.spacing_mm()[0];
    let large = lesion.level == VertebraLevel::C6;
    let (reach, spacing) = if large { (1.4, 2.6) } else { (0.7, 1.5) };
    let mut steps = Vec::new();
    for (slice, mask) in sheets(truth, lesion) {
        for corners in outlines(&mask, columns, pixel, 4, reach, spacing) {
            let place = |(n, c): (usize, &Corner)| {
                let tremble = |axis: i64| TREMOR_MM / pixel * gaussian(0x7E, n as i64, slice as i64, axis);
                let at = DVec3::new(c[0] + tremble(0), c[1] + tremble(1), slice as f64);
                tenths(truth.geometry.patient_from_voxel(VoxelPoint(at)))
            };
            steps.push(Op::Contour {
                lesion: lesion.label.to_owned(),
                plane: DrawPlane::Named(Plane::Sagittal),
                points_mm: corners.iter().enumerate().map(place).collect(),
                mode: ContourMode::Add,
                image: None,
            });
        }
    }
    steps
}

fn set(target: Target, fields: &[(&str, Value)]) -> Vec<Op> {
    let one = |(field, value): &(&str, Value)| Op::Set {
        target: target.clone(),
        field: (*field).to_owned(),
        value: value.clone(),
    };
    fields.iter().map(one).collect()
}

/// What the reader says of a lesion.
fn lesion_words(lesion: &LesionTruth) -> Vec<Op> {
    let destroyed = lesion.level == VertebraLevel::C6;
    let breach = matches!(lesion.level, VertebraLevel::C4 | VertebraLevel::C5 | VertebraLevel::C6);
    let presence = |yes: bool| json!(if yes { "present" } else { "absent" });
    let mut fields = vec![
        ("extent", json!(if destroyed { "total_body_destruction" } else { "small_focal" })),
        ("sites", if destroyed { json!(["body", "pedicle_left"]) } else { json!(["body"]) }),
        ("margin", json!(if destroyed { "permeative_3" } else { "geographic_ill_defined_1C" })),
        ("cortical_breach", presence(breach)),
        ("soft_tissue_component", presence(destroyed)),
        ("mr.t1_vs_normal_marrow", json!("hypointense")),
        ("mr.t2", json!("hyperintense")),
        ("mr.reference", json!("normal marrow")),
        ("nature", json!("metastasis")),
        ("recist_role", json!(if destroyed { "target" } else { "non_target" })),
    ];
    if destroyed {
        fields.push(("histology.confirmed", json!(true)));
        fields.push(("histology.method", json!("surgical specimen")));
        fields.push(("histology.diagnosis", json!("metastatic leiomyosarcoma")));
    }
    set(Target::Lesion(lesion.label.to_owned()), &fields)
}

/// What the reader says of a vertebra.
fn vertebra_words(level: VertebraLevel) -> Vec<Op> {
    let mut fields = vec![("level_confidence", json!("certain"))];
    if level == VertebraLevel::C6 {
        fields.extend([
            ("status", json!("destroyed")),
            ("fracture", json!("present")),
            ("pathological_fracture", json!("present")),
            ("cord_compression", json!("present")),
            ("csf_visible", json!("present")),
            ("sins_posterolateral", json!(1)),
        ]);
    } else {
        fields.extend([("status", json!("involved")), ("fracture", json!("absent"))]);
    }
    set(Target::Vertebra(level), &fields)
}

fn case_words() -> Vec<Op> {
    let fields = [
        ("sex", json!("F")),
        ("age_years", json!(45)),
        ("primary_histology", json!("leiomyosarcoma")),
        ("tomita_surgical_type", json!(7)),
    ];
    set(Target::Case(true), &fields)
}
