//! The script that annotates the sample as a reader would: levels, outlines slice by slice or a brush with a band of
//! values, height points, and what the lesions and vertebrae look like.

use super::math::gaussian;
use super::mr::Weighting;
use super::outline::{Corner, outlines};
use super::truth::{LesionTruth, Truth};
use super::{headers, report};
use crate::anatomy::VertebraLevel;
use crate::document::{HeightPoints, ImageKey, LesionKind, MeasureRole, MeasurementShape};
use crate::segment::{DrawPlane, Tip};
use crate::session::op::{BrushMode, ContourMode, LevelChoice, Target};
use crate::session::{Op, Over};
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

/// First what the report of the case says (levels, lesions, findings, treatment, the radiograph a year later), then what is
/// measured on the images: the first `measure` parts the two.
fn steps(truth: &Truth) -> Vec<Op> {
    let mut steps = vec![Op::SetSpine {
        variant: Map::from_iter([("counted_from".to_owned(), json!("C2")), ("anchor".to_owned(), json!("C2 seen"))]),
    }];
    let label = |l: &super::truth::LevelTruth| Op::LabelVertebra { level: l.level, at_mm: tenths(l.centre_mm) };
    steps.extend(truth.levels.iter().map(label));
    for lesion in &truth.lesions {
        steps.extend(lesion_steps(truth, lesion));
    }
    steps.extend(truth.levels.iter().flat_map(|l| report::vertebra(l.level)));
    steps.extend(report::case());
    steps.extend(report::timepoints());
    steps.extend(truth.radiograph.iter().flat_map(report::after_surgery));
    steps.extend(measured(truth));
    steps
}

/// What the images give: diameters of canal and cord on T2, heights, and how the lesions look.
fn measured(truth: &Truth) -> Vec<Op> {
    let mut steps: Vec<Op> = truth.levels.iter().filter(|l| diameters_are_drawn(l.level)).flat_map(diameters).collect();
    for l in &truth.levels {
        steps.push(Op::Heights { level: l.level, points_mm: heights(&l.height_points_mm) });
    }
    steps.extend(truth.lesions.iter().flat_map(lesion_looks));
    steps.extend(truth.levels.iter().flat_map(|l| vertebra_looks(l.level)));
    steps
}

/// The compressed level and the ones that it is held against.
fn diameters_are_drawn(level: VertebraLevel) -> bool {
    matches!(level, VertebraLevel::C5 | VertebraLevel::C6 | VertebraLevel::C7)
}

fn diameters(l: &super::truth::LevelTruth) -> Vec<Op> {
    let t2 = Some(ImageKey(headers::mr(Weighting::T2).uid()));
    let line = |name: &str, role, ends: [PatientPoint; 2]| Op::Measure {
        measurement: format!("{name} {}", l.level),
        shape: MeasurementShape::Length { points_mm: ends.map(tenths) },
        level: Some(l.level),
        role,
        image: t2.clone(),
    };
    vec![line("canal", MeasureRole::CanalAp, l.canal_ap_mm), line("cord", MeasureRole::CordAp, l.cord_ap_mm)]
}

fn heights(p: &HeightPoints) -> HeightPoints {
    HeightPoints {
        sup_ant: tenths(p.sup_ant),
        sup_mid: tenths(p.sup_mid),
        sup_post: tenths(p.sup_post),
        inf_ant: tenths(p.inf_ant),
        inf_mid: tenths(p.inf_mid),
        inf_post: tenths(p.inf_post),
    }
}

/// A point as a script writes it: to a tenth of a millimetre.
pub(super) fn tenths(p: PatientPoint) -> PatientPoint {
    PatientPoint::ORIGIN.moved(DVec3::from_array(p.vec().to_array().map(|v| (v * 10.0).round() / 10.0)))
}

fn lesion_steps(truth: &Truth, lesion: &LesionTruth) -> Vec<Op> {
    let handle = lesion.label.to_owned();
    let mut steps = vec![Op::AddLesion {
        lesion: handle,
        vertebra: LevelChoice::Level(lesion.level),
        kind: LesionKind::Lytic,
        at_mm: None,
        id: None,
    }];
    steps.extend(match lesion.level {
        VertebraLevel::C2 => vec![ball(lesion)],
        VertebraLevel::C3 => dabs(truth, lesion),
        _ => contours(truth, lesion),
    });
    steps.extend(report::lesion(lesion));
    steps
}

/// One dab with a ball, a little larger than the lesion, that takes only values in the band.
fn ball(lesion: &LesionTruth) -> Op {
    Op::Brush {
        body: None,
        over: Over::Free,
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
            body: None,
            over: Over::Free,
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
                body: None,
                over: Over::Free,
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

pub(super) fn set(target: &Target, fields: &[(&str, Value)]) -> Vec<Op> {
    let one = |(field, value): &(&str, Value)| Op::Set {
        target: target.clone(),
        field: (*field).to_owned(),
        value: value.clone(),
    };
    fields.iter().map(one).collect()
}

/// How a lesion looks on the images.
fn lesion_looks(lesion: &LesionTruth) -> Vec<Op> {
    use VertebraLevel::{C4, C5, C6, C7, T2};
    let destroyed = lesion.level == C6;
    let broken = match lesion.level {
        C4 => json!(["posterior_wall"]),
        C5 => json!(["inferior_endplate"]),
        C7 | T2 => json!(["superior_endplate"]),
        C6 => json!(["anterior_wall", "posterior_wall", "superior_endplate", "inferior_endplate", "pedicle_left"]),
        _ => json!([]),
    };
    let presence = |yes: bool| json!(if yes { "present" } else { "absent" });
    let mut fields = vec![
        ("sites", if destroyed { json!(["body", "pedicle_left"]) } else { json!(["body"]) }),
        ("margin", json!(if destroyed { "permeative_3" } else { "geographic_ill_defined_1C" })),
        ("cortical_breach", presence(matches!(lesion.level, C4 | C5 | C6 | C7 | T2))),
        ("cortical_breach_at", broken),
        ("soft_tissue_component", presence(destroyed)),
    ];
    if destroyed {
        fields.push(("soft_tissue_at", json!(["prevertebral", "epidural", "foraminal_left"])));
        fields.push(("soft_tissue_long_axis_mm", json!(21.0)));
        fields.push(("wbb_zones", json!([4, 5, 6, 7, 8, 9])));
        fields.push((
            "wbb_layers",
            json!([
                "A_extraosseous_soft_tissue",
                "B_intraosseous_superficial",
                "C_intraosseous_deep",
                "D_extraosseous_extradural"
            ]),
        ));
        fields.push(("recist_role", json!("target")));
    }
    set(&Target::Lesion(lesion.label.to_owned()), &fields)
}

/// What is seen of a vertebra on the images. Pain cannot be seen: its part of the score stays open.
fn vertebra_looks(level: VertebraLevel) -> Vec<Op> {
    let fields = if level == VertebraLevel::C6 {
        vec![
            ("status", json!("destroyed")),
            ("epidural_tumour", json!("present")),
            ("sac_deformed", json!("present")),
            ("cord_touched", json!("present")),
            ("csf_visible", json!("present")),
            ("escc_image", json!("other_mr")),
            ("sins_alignment", json!(2)),
        ]
    } else {
        vec![("fracture", json!("absent")), ("sins_posterolateral", json!(0)), ("sins_alignment", json!(0))]
    };
    set(&Target::Vertebra(level), &fields)
}
