//! What the report of the sample's patient says, as steps of the script: a man of 45 with metastases of a leiomyosarcoma in
//! eight vertebrae, C6 destroyed and pressing on the cord; C6 was taken out, and a year later everything holds.

use super::headers;
use super::mr::Weighting;
use super::radiograph::Radiograph;
use super::script::{set, tenths};
use super::truth::{LesionTruth, ProjectedLevel};
use crate::anatomy::VertebraLevel;
use crate::document::{HeightPoints, ImageKey, TimepointKey};
use crate::session::Op;
use crate::session::op::Target;
use crate::space::{DVec3, PatientPoint};
use serde_json::{Value, json};

const RADIOGRAPH_FINDING: &str = "lateral radiograph 12 months after surgery: no fixation failure, no cement leakage";

fn followup() -> TimepointKey {
    TimepointKey("fu12m".to_owned())
}

fn radiograph_key() -> ImageKey {
    ImageKey(headers::radiograph().uid())
}

/// What the report says of a lesion.
pub(super) fn lesion(lesion: &LesionTruth) -> Vec<Op> {
    let destroyed = lesion.level == VertebraLevel::C6;
    let on_ct = "complete lytic destruction of the body of C6; small foci in C2, C3, C4, C5, C7, T1 and T2";
    let on_mr = "lesions low on T1 and high on T2; the cord is compressed at C6";
    let t2 = headers::mr(Weighting::T2).uid();
    let mut fields = vec![
        ("extent", json!(if destroyed { "total_body_destruction" } else { "small_focal" })),
        ("mr.t1_vs_normal_marrow", json!("hypointense")),
        ("mr.t2", json!("hyperintense")),
        ("mr.reference", json!("normal marrow; the lesions as a group")),
        ("nature", json!("metastasis")),
        ("recist_role", json!("non_target")),
        ("evidence", json!([{"image": headers::ct().uid(), "finding": on_ct}, {"image": t2, "finding": on_mr}])),
    ];
    if destroyed {
        fields.extend([
            ("sites", json!(["body"])),
            ("histology.confirmed", json!(true)),
            ("histology.method", json!("surgical specimen of C6")),
            ("histology.diagnosis", json!("metastasis of a leiomyosarcoma")),
            (
                "histology.ihc",
                json!({"desmin": "positive", "SMA": "positive", "S-100": "negative", "CD34": "negative", "CD56": "negative"}),
            ),
        ]);
    }
    set(&Target::Lesion(lesion.label.to_owned()), &fields)
}

/// What the report says of a vertebra.
pub(super) fn vertebra(level: VertebraLevel) -> Vec<Op> {
    let mut fields = vec![("level_confidence", json!("certain")), ("status", json!("involved"))];
    if level == VertebraLevel::C6 {
        fields.extend([
            ("fracture", json!("present")),
            ("pathological_fracture", json!("present")),
            ("cord_compression", json!("present")),
            ("pain", json!("present")),
            ("evidence", json!([{"image": null, "finding": "radiographs: compression fracture of C6; CT: total destruction, the body has collapsed"}])),
        ]);
    }
    set(&Target::Vertebra(level), &fields)
}

/// The patient, the primary tumour, complaints, treatment.
pub(super) fn case() -> Vec<Op> {
    let fields = [
        ("sex", json!("M")),
        ("age_years", json!(45)),
        (
            "age_conflicts",
            json!([{"value": 42, "where": "abstract"}, {"value": 45, "where": "introduction and case report"}]),
        ),
        ("primary_site", json!("left thigh")),
        ("primary_histology", json!("Leiomyosarcoma")),
        ("primary_sct", json!("1163022006")),
        ("primary_status", json!("resected 8 months before admission")),
        ("other_metastases", json!(["lung"])),
        ("radiosensitivity", json!("radioresistant (sarcoma)")),
        ("tomita_surgical_type", json!(7)),
        ("pain.site", json!("neck, radiating to left arm")),
        ("pain.duration_months", json!(5)),
        ("pain.unresponsive_to_analgesics", json!(true)),
        ("pain.palpation", json!("severe at C6 spinous process")),
        ("neurology.deficit", json!("mild hypoesthesia, ulnar side of left upper extremity")),
        (
            "treatment.surgery",
            json!(
                "anterior C6 corpectomy; titanium mesh cage filled with PMMA; open PMMA to C5 and C7 through screw tract; screws"
            ),
        ),
        ("treatment.chemotherapy", json!("adriamycin 25 mg/m2 days 1-3, six courses every 28 days")),
        ("treatment.radiotherapy.total_dose_gy", json!(50)),
        ("treatment.radiotherapy.fractions", json!(25)),
        ("treatment.radiotherapy.weeks", json!(5)),
    ];
    set(&Target::Case(true), &fields)
}

/// Before surgery, the radiograph after a year, the visit a month later.
pub(super) fn timepoints() -> Vec<Op> {
    let of = |key: TimepointKey, fields: &[(&str, Value)]| set(&Target::Timepoint(key), fields);
    let mut steps = of(TimepointKey("preop".to_owned()), &[("first", json!(true)), ("label", json!("before surgery"))]);
    steps.extend(of(
        followup(),
        &[
            ("studies", json!([headers::follow_up_study().uid()])),
            ("label", json!("12 months after surgery (radiograph)")),
            ("relative_months", json!(12)),
        ],
    ));
    steps.extend(of(
        TimepointKey("fu13m".to_owned()),
        &[
            ("label", json!("13 months after surgery (visit)")),
            ("relative_months", json!(13)),
            ("outcome", json!("mild numbness of the left hand")),
        ],
    ));
    steps
}

/// A level on the radiograph: where it lies, how high it is, what surgery left.
pub(super) fn after_surgery(seen: &ProjectedLevel) -> Vec<Op> {
    use VertebraLevel::{C5, C6, C7};
    let level = seen.level;
    let at = |[column, row]: [f64; 2]| {
        let pitch = Radiograph::SAMPLE.pitch_mm;
        tenths(PatientPoint::ORIGIN.moved(DVec3::new(column * pitch, row * pitch, 0.0)))
    };
    let mut steps = vec![Op::LabelVertebra { level, at_mm: at(seen.centre_px) }];
    if let Some(p) = seen.height_points_px {
        let [sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post] = p.map(at);
        let points_mm = HeightPoints { sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post };
        steps.push(Op::Heights { level, points_mm });
    }
    let p = |field: &'static str, value: Value| (field, value);
    let holds = [
        p("status", json!("post_operative")),
        p("postoperative.screws", json!("present")),
        p("postoperative.plate_or_rods", json!("present")),
        p("postoperative.cement", json!("present")),
        p("postoperative.fixation_failure", json!("absent")),
        p("postoperative.cement_leakage", json!("absent")),
        p("evidence", json!([{"image": radiograph_key(), "finding": RADIOGRAPH_FINDING}])),
    ];
    let own = match level {
        C6 => vec![
            p("postoperative.corpectomy", json!("present")),
            p("postoperative.cage", json!("present")),
            p("postoperative.cage_material", json!("titanium mesh")),
            p("postoperative.screws", json!("absent")),
            p("postoperative.procedure", json!("anterior corpectomy; titanium mesh cage filled with PMMA")),
        ],
        C5 | C7 => vec![
            p("postoperative.corpectomy", json!("absent")),
            p("postoperative.procedure", json!("open vertebroplasty, PMMA through the screw tract; anterior screw")),
        ],
        _ => vec![],
    };
    if matches!(level, C5 | C6 | C7) {
        steps.extend(set(&Target::Vertebra(level), &holds));
    }
    steps.extend(set(&Target::Vertebra(level), &own));
    let there = |step| Op::At { timepoint: followup(), image: Some(radiograph_key()), step: Box::new(step) };
    steps.into_iter().map(there).collect()
}
