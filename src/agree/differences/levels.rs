//! What two readers say differently of a vertebra.

use super::{CENTRES_APART_MM, Difference, Severity, Subject, differing, told};
use crate::anatomy::VertebraLevel;
use crate::document::{LevelStatus, TimepointKey, Vertebra};
use std::collections::{BTreeMap, BTreeSet};

/// End-plate points farther apart count as different, mm.
const PLATES_APART_MM: f64 = 3.0;

/// What two readers say differently of the vertebrae of one timepoint.
pub(super) fn levels(
    timepoint: Option<&TimepointKey>,
    a: &BTreeMap<VertebraLevel, Vertebra>,
    b: &BTreeMap<VertebraLevel, Vertebra>,
) -> Vec<Difference> {
    let nothing = Vertebra::default();
    let all: BTreeSet<VertebraLevel> = a.keys().chain(b.keys()).copied().collect();
    let of = |level: VertebraLevel| {
        let (x, y) = (a.get(&level).unwrap_or(&nothing), b.get(&level).unwrap_or(&nothing));
        let (severity, reasons) = level_reasons(x, y);
        let at = x.at_mm.or(y.at_mm).map(|p| (None, p));
        let when = timepoint.map_or(String::new(), |t| format!(" at {}", t.0));
        (!reasons.is_empty()).then(|| Difference {
            subject: Subject::Level { timepoint: timepoint.cloned(), level },
            name: format!("{level}{when}"),
            level,
            at,
            dice: None,
            severity,
            weight: reasons.len() as f64,
            reasons,
        })
    };
    all.into_iter().filter_map(of).collect()
}

/// Scores and findings that treatment is decided by.
const GRADES: &[&str] = &[
    "fracture",
    "pathological_fracture",
    "epidural_tumour",
    "sac_deformed",
    "cord_touched",
    "cord_compression",
    "escc_grade",
    "sins_pain",
    "sins_alignment",
    "sins_posterolateral",
    "sins_collapse",
];

fn level_reasons(a: &Vertebra, b: &Vertebra) -> (Severity, Vec<String>) {
    let (mut severity, mut reasons) = (Severity::Detail, Vec::new());
    let mut say = |s: Severity, what: String| {
        severity = severity.min(s);
        reasons.push(what);
    };
    match (a.at_mm, b.at_mm) {
        (Some(p), Some(q)) if p.distance_mm(q) > CENTRES_APART_MM => {
            say(Severity::Numbering, format!("centres {:.0} mm apart", p.distance_mm(q)));
        }
        (Some(_), None) => say(Severity::Detail, "centre: placed | not placed".to_owned()),
        (None, Some(_)) => say(Severity::Detail, "centre: not placed | placed".to_owned()),
        _ => {}
    }
    match (&a.heights, &b.heights) {
        (Some(p), Some(q)) => {
            let pairs = [
                (p.sup_ant, q.sup_ant),
                (p.sup_mid, q.sup_mid),
                (p.sup_post, q.sup_post),
                (p.inf_ant, q.inf_ant),
                (p.inf_mid, q.inf_mid),
                (p.inf_post, q.inf_post),
            ];
            let most = pairs.iter().map(|(x, y)| x.distance_mm(*y)).fold(0.0, f64::max);
            if most > PLATES_APART_MM {
                say(Severity::Detail, format!("end plates up to {most:.0} mm apart"));
            }
        }
        (Some(_), None) => say(Severity::Detail, "end plates: marked | not marked".to_owned()),
        (None, Some(_)) => say(Severity::Detail, "end plates: not marked | marked".to_owned()),
        (None, None) => {}
    }
    let involved = |v: &Vertebra| v.status == LevelStatus::Involved;
    for (field, x, y) in differing(a, b, &["at_mm", "heights", "remark", "evidence"]) {
        let grave = match field.as_str() {
            "status" if involved(a) != involved(b) => Severity::Level,
            f if GRADES.contains(&f) => Severity::Grade,
            _ => Severity::Detail,
        };
        say(grave, told(&field, &x, &y));
    }
    (severity, reasons)
}
