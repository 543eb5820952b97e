//! What is said of one vertebra, as content items: state, heights, collapse, angles, SINS, epidural grade, surgery.

use super::content::{Item, coded, dcm, number, own, sct, ucum, words};
use super::sr::{answer, evaluation, word};
use crate::export::{DrawnMeasurement, VertebraRecord};

/// Every statement and figure of a vertebra; none where nothing was said.
pub fn findings(drawn_at: &[DrawnMeasurement], v: &VertebraRecord) -> Vec<Item> {
    let mut items = evaluations(v);
    items.extend(morphometry(v));
    items.extend(sins(v));
    items.extend(drawn(drawn_at, v));
    items.extend(v.remark.iter().map(|r| words("CONTAINS", &dcm("121106", "Comment"), r)));
    items
}

fn evaluations(v: &VertebraRecord) -> Vec<Item> {
    let p = &v.postoperative;
    let said = [
        ("LEVEL_STATUS", "State of the level", v.status.word()),
        ("LEVEL_CONFID", "Confidence in the level's number", v.level_confidence.word()),
        ("FRACTURE", "Fracture", word(&v.fracture.present)),
        ("PATHOL_FRACTURE", "Pathological fracture", word(&v.fracture.pathological)),
        ("CORD_COMPRESSION", "Spinal cord compression", word(&v.epidural.cord_compression)),
        ("CSF_VISIBLE", "CSF seen around the cord", word(&v.epidural.csf_visible)),
        ("PAIN", "Pain at the level", word(&v.pain)),
        ("CORPECTOMY", "Corpectomy", word(&p.corpectomy)),
        ("CAGE", "Cage", word(&p.cage)),
        ("CEMENT", "Bone cement", word(&p.cement)),
        ("SCREWS", "Screws, plates or rods", word(&p.screws)),
        ("FIXATION_FAILURE", "Failure of fixation", word(&p.fixation_failure)),
        ("CEMENT_LEAKAGE", "Leakage of cement", word(&p.cement_leakage)),
    ];
    let mut items: Vec<Item> =
        said.into_iter().filter_map(|(value, meaning, w)| evaluation(value, meaning, w)).collect();
    let escc = v.epidural.escc_grade.map(|g| {
        let name = if v.epidural.surrogate_without_mr { "ESCC_SURROGATE" } else { "ESCC_GRADE" };
        let meaning = match v.epidural.surrogate_without_mr {
            true => "Bilsky epidural grade, surrogate without MR",
            false => "Bilsky epidural spinal cord compression grade",
        };
        coded("CONTAINS", &own(name, meaning), &own(&format!("ESCC_{}", g.word()), &format!("ESCC {}", g.word())))
    });
    items.extend(escc);
    let shape = v.fracture.genant_shape.map(|s| format!("genant_{s:?}").to_lowercase());
    items.extend(shape.map(|s| coded("CONTAINS", &own("GENANT_SHAPE", "Shape after Genant 1993"), &answer(&s))));
    items
}

fn morphometry(v: &VertebraRecord) -> Vec<Item> {
    let (m, p) = (&v.morphometry, &v.postoperative);
    let (mm, one) = (ucum("mm", "millimeter"), ucum("1", "no units"));
    let height = |value: Option<f64>, name: &str, meaning: &str| {
        let where_ = coded("HAS CONCEPT MOD", &own("HEIGHT_AT", "Part of the vertebral body"), &own(name, meaning));
        Some(number(&dcm("121207", "Height"), value?, &mm, vec![where_]))
    };
    let heights = [
        height(m.ha_mm, "ANTERIOR", "Anterior"),
        height(m.hm_mm, "MIDDLE", "Middle"),
        height(m.hp_mm, "POSTERIOR", "Posterior"),
    ];
    let (percent, deg) = (ucum("%", "percent"), ucum("deg", "degree"));
    let plain = [
        ("WEDGE_RATIO", "Anterior to posterior height", m.wedge_ratio, &one),
        ("BICONCAVE_RATIO", "Middle to posterior height", m.biconcave_ratio, &one),
        ("COLLAPSE", "Loss of vertebral height against reference", v.fracture.collapse_percent, &percent),
        ("GENANT_GRADE", "Grade after Genant 1993", v.fracture.genant_grade.map(f64::from), &one),
        ("SEGM_KYPHOSIS", "Segmental kyphosis", m.segmental_kyphosis_deg, &deg),
        ("TRANSLATION", "Translation of the level above, forwards", m.translation_mm, &mm),
        ("SUBSIDENCE", "Subsidence of the cage", p.subsidence_mm, &mm),
    ];
    let plain = plain
        .into_iter()
        .filter_map(|(name, meaning, value, unit)| Some(number(&own(name, meaning), value?, unit, Vec::new())));
    heights.into_iter().flatten().chain(plain).collect()
}

/// The parts that were answered, and the total: where a part is open, the least and the most that it can become.
fn sins(v: &VertebraRecord) -> Vec<Item> {
    let Some(sins) = &v.sins else { return Vec::new() };
    let score = ucum("{score}", "score");
    let points = |name: &str, meaning: &str, value: u8| number(&own(name, meaning), value.into(), &score, Vec::new());
    const PARTS: [(&str, &str); 6] = [
        ("SINS_LOCATION", "SINS location"),
        ("SINS_PAIN", "SINS pain"),
        ("SINS_BONE", "SINS bone lesion"),
        ("SINS_ALIGNMENT", "SINS alignment"),
        ("SINS_COLLAPSE", "SINS vertebral body collapse"),
        ("SINS_POSTEROLAT", "SINS posterolateral involvement"),
    ];
    let parts = PARTS.into_iter().zip(sins.components.each());
    let mut items: Vec<Item> =
        parts.filter_map(|((name, meaning), (_, part))| Some(points(name, meaning, part.points?))).collect();
    match sins.total {
        Some(total) => items.push(points("SINS_TOTAL", "Spinal Instability Neoplastic Score", total)),
        None => {
            items.push(points("SINS_TOTAL_MIN", "SINS total, least possible", sins.total_min));
            items.push(points("SINS_TOTAL_MAX", "SINS total, most possible", sins.total_max));
        }
    }
    let category = sins.category.map(|c| match c {
        crate::assess::Category::Stable => answer("stable"),
        crate::assess::Category::PotentiallyUnstable => own("POTENT_UNSTABLE", "potentially unstable"),
        crate::assess::Category::Unstable => answer("unstable"),
    });
    items.extend(category.map(|c| coded("CONTAINS", &own("SINS_CATEGORY", "SINS category"), &c)));
    items
}

/// Lengths and angles that the reader drew at this level.
fn drawn(all: &[DrawnMeasurement], v: &VertebraRecord) -> Vec<Item> {
    use crate::export::MeasurementKind as Kind;
    let one = all.iter().filter(|m| m.level == Some(v.level)).filter_map(|m| {
        let (name, unit) = match m.kind {
            Kind::Length if m.unit == "mm" => (sct("410668003", "Length"), ucum("mm", "millimeter")),
            Kind::Angle => (sct("1483009", "Angle"), ucum("deg", "degree")),
            Kind::Cobb => (own("COBB", "Cobb angle"), ucum("deg", "degree")),
            Kind::Rectangle | Kind::Ellipse | Kind::Freehand if m.unit == "mm2" => {
                (sct("42798000", "Area"), ucum("mm2", "square millimeter"))
            }
            // Pixels are no unit of size; a single value is in the case's JSON and tables.
            _ => return None,
        };
        let label = words("HAS OBS CONTEXT", &dcm("112039", "Tracking Identifier"), &m.label);
        let id = super::content::uid(
            "HAS OBS CONTEXT",
            &dcm("112040", "Tracking Unique Identifier"),
            &format!("2.25.{}", m.id.as_u128()),
        );
        Some(number(&name, m.value?, &unit, vec![label, id]))
    });
    one.collect()
}
