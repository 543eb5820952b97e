//! Figures of a level as the window says them: each with its formula, its source and what it was made of; and the ladder's
//! own lines. Everything is kept until the document changes, and a figure that changed says what it was.

use super::{App, theme, widgets};
use crate::anatomy::{ChainFinding, VertebraLevel};
use crate::assess;
use crate::document::{Document, LevelStatus, Measurement, Presence};
use egui::Color32;
use std::collections::BTreeMap;

/// Less loss of height than this is how bodies differ, not a finding for a rung.
const SLIGHT_PERCENT: f64 = 5.0;

/// One figure of a level.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Its value, in words.
    pub text: String,
    /// What it was made of.
    pub inputs: String,
    /// How it comes about.
    pub formula: &'static str,
    /// Who says so.
    pub source: &'static str,
}

const GENANT_1993: &str = "Genant 1993, J Bone Miner Res 8:1137";
const FISHER_2010: &str = "Fisher 2010, Spine 35:E1221; cuts of Fourney 2011, J Clin Oncol 29:3072";
const FEHLINGS_1999: &str = "Fehlings 1999, Spine 24:605";

fn names(levels: &[VertebraLevel]) -> String {
    levels.iter().map(|l| l.name()).collect::<Vec<_>>().join(", ")
}

/// Every figure of a level that can be known.
pub fn of_level(document: &Document, level: VertebraLevel) -> Vec<Figure> {
    let mut out = Vec::new();
    heights(document, level, &mut out);
    destroyed(document, level, &mut out);
    alignment(document, level, &mut out);
    canal(document, level, &mut out);
    epidural(document, level, &mut out);
    sins(document, level, &mut out);
    out
}

fn heights(document: &Document, level: VertebraLevel, out: &mut Vec<Figure>) {
    let Some(points) = document.vertebrae.get(&level).and_then(|v| v.heights) else { return };
    let h = assess::heights(&points);
    let ratio = |r: Option<f64>| r.map_or("–".to_owned(), |r| format!("{r:.2}"));
    out.push(Figure {
        name: "Heights",
        text: format!("{:.1} / {:.1} / {:.1} mm", h.ha_mm, h.hm_mm, h.hp_mm),
        inputs: format!(
            "front, middle, back of {level}; wedge {}, biconcave {}",
            ratio(h.wedge_ratio()),
            ratio(h.biconcave_ratio())
        ),
        formula: "Distances in space between the end-plate points; wedge = front / back, biconcave = middle / back.",
        source: GENANT_1993,
    });
    let Some(c) = assess::collapse(document, level) else { return };
    let against = match c.reference_levels.as_slice() {
        [] => "its own back height".to_owned(),
        levels => names(levels),
    };
    let [a, m, p] = c.losses_percent;
    out.push(Figure {
        name: "Loss of height",
        text: format!("{:.0} % against {against}", c.percent),
        inputs: format!("front {a:.0} %, middle {m:.0} %, back {p:.0} %; reference {:.1} / {:.1} / {:.1} mm", c.reference_mm[0], c.reference_mm[1], c.reference_mm[2]),
        formula: "100 · (1 − height / reference), the largest of front, middle and back, not below 0. The reference is the \
                  mean of the nearest sound levels above and below, one of them, or the body's own back height.",
        source: "Definitions differ between papers (Hsu 2019, PMC6530246); this one is printed with every figure",
    });
    let g = assess::genant(level, &c);
    let beyond = if g.extrapolated { ", extrapolated beyond T4–L4" } else { "" };
    out.push(Figure {
        name: "Genant",
        text: format!("grade {}{beyond}", g.grade),
        inputs: format!("loss of {:.1} %", c.percent),
        formula: "Grade 1 from 20 %, 2 from 25 %, 3 from 40 % of the most reduced height. Made for T4 to L4 on lateral \
                  radiographs; elsewhere it is an extrapolation.",
        source: GENANT_1993,
    });
}

fn destroyed(document: &Document, level: VertebraLevel, out: &mut Vec<Figure>) {
    let Some(d) = assess::destroyed(document, level) else { return };
    let lesion = d.lesion_mm3 / 1000.0;
    out.push(Figure {
        name: "Destroyed",
        text: format!("{:.0} % {}", 100.0 * d.fraction, d.against()),
        inputs: format!("{lesion:.2} ml of lesions inside the body's outline, reference {:.2} ml", d.reference_mm3 / 1000.0),
        formula: "100 · lesion inside the outline of the body / the body's volume as it was, not above 100. The reference is \
                  the body's own outline while the body is sound; of one that is collapsed, destroyed or operated on it is \
                  the mean volume of the nearest sound outlined bodies above and below, or one of them.",
        source: "Definition of this program, printed with every figure",
    });
}

fn alignment(document: &Document, level: VertebraLevel, out: &mut Vec<Figure>) {
    if let Some(deg) = assess::segmental_kyphosis_deg(document, level) {
        out.push(Figure {
            name: "Segmental kyphosis",
            text: format!("{deg:+.0}°"),
            inputs: format!("end plates of the levels above and below {level}"),
            formula: "Angle between the upper end plate of the level above and the lower end plate of the level below, seen \
                      from the side; positive is kyphosis.",
            source: "Cobb's construction over three levels",
        });
    }
    if let Some(mm) = assess::translation_mm(document, level) {
        out.push(Figure {
            name: "Translation",
            text: format!("{mm:+.1} mm"),
            inputs: format!("back walls of {level} and of the level above"),
            formula: "Offset of the back wall of the level above along this level's upper end plate; positive when the upper \
                      body lies in front. 3.5 mm counts as translation in the neck.",
            source: "White and Panjabi 1990",
        });
    }
}

fn canal(document: &Document, level: VertebraLevel, out: &mut Vec<Figure>) {
    let c = assess::canal(document, level);
    let compromise =
        "100 · (1 − diameter / mean of the nearest normal levels above and below), front to back in the midline.";
    for (name, percent, own, levels) in [
        ("Canal compromise", c.canal_compromise_percent, c.canal_ap_mm, &c.canal_reference_levels),
        ("Cord compression", c.cord_compression_percent, c.cord_ap_mm, &c.cord_reference_levels),
    ] {
        let Some((percent, own)) = percent.zip(own) else { continue };
        let inputs = format!("{own:.1} mm here; normal: {}", names(levels));
        out.push(Figure { name, text: format!("{percent:.0} %"), inputs, formula: compromise, source: FEHLINGS_1999 });
    }
    if let Some(ratio) = c.cord_ratio {
        out.push(Figure {
            name: "Cord ratio",
            text: format!("{ratio:.2}"),
            inputs: "both diameters of the cord as drawn".to_owned(),
            formula: "Front-to-back over side-to-side diameter of the cord.",
            source: "compression ratio, drawn on MR",
        });
    }
}

fn epidural(document: &Document, level: VertebraLevel, out: &mut Vec<Figure>) {
    let escc = assess::escc(document, level);
    let Some(possible) = escc.possible else { return };
    let words: Vec<_> = possible.iter().map(|g| g.word()).collect();
    let grade = match (escc.grade, words.is_empty()) {
        (Some(g), _) => g.word().to_owned(),
        (None, true) => "open".to_owned(),
        (None, false) => words.join(" or "),
    };
    let surrogate = if escc.surrogate_without_mr { ", a surrogate without axial T2" } else { "" };
    let below = if escc.cauda_equina { ", cauda equina" } else { "" };
    out.push(Figure {
        name: "ESCC",
        text: format!("{grade}{surrogate}{below}"),
        inputs: escc.basis,
        formula: "0 bone only; 1a epidural, sac not deformed; 1b sac deformed; 1c cord touched; 2 cord compressed, CSF seen; 3 \
                  no CSF. Five questions lead to the grade. Defined on axial T2 for levels with cord.",
        source: "Bilsky 2010, J Neurosurg Spine 13:324",
    });
}

fn sins(document: &Document, level: VertebraLevel, out: &mut Vec<Figure>) {
    let Ok(s) = assess::sins(document, level) else { return };
    let range = |least: u8, most: u8| if least == most { least.to_string() } else { format!("{least}–{most}") };
    let category = s.categories_possible.iter().map(|c| match c {
        assess::Category::Stable => "stable",
        assess::Category::PotentiallyUnstable => "potentially unstable",
        assess::Category::Unstable => "unstable",
    });
    let advice = if s.surgical_consult_advised == Some(true) { "; ask a surgeon" } else { "" };
    out.push(Figure {
        name: "SINS",
        text: format!("{} of 18: {}{advice}", range(s.total_min, s.total_max), category.collect::<Vec<_>>().join(" or ")),
        inputs: "the six parts below".to_owned(),
        formula: "Sum of six parts; 0–6 stable, 7–12 potentially unstable, 13–18 unstable; from 7 a surgeon should be asked. A \
                  part that is open keeps its possible points: the score is then a range.",
        source: FISHER_2010,
    });
    for (name, c) in s.components.each() {
        let possible: Vec<_> = c.possible.iter().map(u8::to_string).collect();
        let cut = if c.at_cut { ", at the cut" } else { "" };
        let mut inputs = c.basis.clone();
        if !c.from_lesions.is_empty() {
            inputs += &format!("; lesions {}", c.from_lesions.join(", "));
        }
        if !c.from_heights.is_empty() {
            inputs += &format!("; end plates of {}", names(&c.from_heights));
        }
        out.push(Figure {
            name: part_name(name),
            text: format!("{}{cut}", possible.join(" or ")),
            inputs,
            formula: part_table(name),
            source: FISHER_2010,
        });
    }
}

fn part_name(part: &str) -> &'static str {
    match part {
        "location" => "· location",
        "pain" => "· pain",
        "bone_lesion" => "· bone lesion",
        "alignment" => "· alignment",
        "collapse" => "· collapse",
        _ => "· posterolateral",
    }
}

fn part_table(part: &str) -> &'static str {
    match part {
        "location" => {
            "Junctional (O–C2, C7–T2, T11–L1, L5–S1) 3; mobile (C3–C6, L2–L4) 2; semirigid (T3–T10) 1; rigid (S2–S5) 0."
        }
        "pain" => "Mechanical 3; occasional, not mechanical 1; pain-free 0.",
        "bone_lesion" => "Lytic 2; mixed 1; blastic 0.",
        "alignment" => "Subluxation or translation 4; new deformity 2; normal 0.",
        "collapse" => "More than half 3; less 2; none but more than half of the body involved 1; none of these 0.",
        _ => "Facet, pedicle or costovertebral joint: both sides 3; one side 1; none 0.",
    }
}

/// What a rung shows of its level.
#[derive(Clone, Debug)]
pub struct Rung {
    /// The level.
    pub level: VertebraLevel,
    /// It has a centre.
    pub placed: bool,
    /// Its state.
    pub status: LevelStatus,
    /// Something was done to it.
    pub operated: bool,
    /// A check of the chain names it.
    pub doubtful: bool,
    /// Colours of its lesions.
    pub lesions: Vec<Color32>,
    /// The figure that matters most.
    pub note: String,
    /// What is still to be said.
    pub missing: Vec<&'static str>,
}

fn rung(document: &Document, level: VertebraLevel, findings: &[ChainFinding]) -> Rung {
    let vertebra = document.vertebrae.get(&level);
    let collapse = assess::collapse(document, level).filter(|c| c.percent >= SLIGHT_PERCENT);
    let collapse = collapse.map(|c| format!("−{:.0} %", c.percent));
    let sins = assess::sins(document, level).ok().map(|s| match s.total {
        Some(t) => format!("SINS {t}"),
        None => format!("SINS {}–{}", s.total_min, s.total_max),
    });
    let status = vertebra.map_or(LevelStatus::NotAssessed, |v| v.status);
    let spoken = matches!(
        status,
        LevelStatus::Destroyed
            | LevelStatus::Absent
            | LevelStatus::Fused
            | LevelStatus::OutOfField
            | LevelStatus::PostOperative
    );
    let state = spoken.then(|| match status {
        LevelStatus::OutOfField => "not in view".to_owned(),
        LevelStatus::PostOperative => "operated".to_owned(),
        s => widgets::plain(s.word()),
    });
    Rung {
        level,
        placed: vertebra.is_some_and(|v| v.at_mm.is_some()),
        status,
        operated: vertebra.is_some_and(|v| {
            v.postoperative.corpectomy == Presence::Present || v.postoperative.cement == Presence::Present
        }),
        doubtful: findings.iter().any(|f| f.levels.contains(&level)),
        lesions: document.lesions.values().filter(|l| l.vertebra == level).map(theme::lesion_color).collect(),
        note: [state, collapse, sins].into_iter().flatten().collect::<Vec<_>>().join("  "),
        missing: assess::missing(document, level),
    }
}

/// What the panels say, kept until the document changes.
#[derive(Default)]
pub struct Standing {
    of: Option<(u64, String)>,
    /// The ladder.
    pub rungs: Vec<Rung>,
    /// What looks wrong in the chain.
    pub findings: Vec<ChainFinding>,
    /// Distances and angles that were drawn, by name.
    pub measurements: Vec<Measurement>,
    level: Option<VertebraLevel>,
    /// Figures of the current level.
    pub figures: Vec<Figure>,
    /// Figures that changed: what they were, and when that was, s.
    pub changed: BTreeMap<&'static str, (String, f64)>,
}

impl App {
    /// Brings the panels' lines up to date; `now` is the time of this frame, s.
    pub(super) fn update_standing(&mut self, now: f64) {
        let Some(reading) = &self.reading else { return self.standing = Standing::default() };
        let generation = reading.case.session.as_ref().map_or(0, |s| s.generation());
        let of = (generation, reading.series.study_instance_uid.clone());
        let level = self.current_level();
        let (same, mut standing) = (self.standing.of.as_ref() == Some(&of), std::mem::take(&mut self.standing));
        if same && standing.level == level {
            standing.of = Some(of);
            return self.standing = standing;
        }
        // Lesions and measurements of another timepoint say nothing of this one.
        let document = &self.whole_document().as_of(self.timepoint().as_ref());
        if !same {
            standing.measurements = document.measurements.values().cloned().collect();
            standing.measurements.sort_by(|a, b| a.label.cmp(&b.label));
            standing.findings = assess::chain_findings(document);
            let shown = VertebraLevel::ALL.into_iter().filter(|l| {
                let spoken = document.vertebrae.contains_key(l) || document.lesions.values().any(|x| x.vertebra == *l);
                spoken || (document.spine.has(*l) && *l < VertebraLevel::S2)
            });
            standing.rungs = shown.map(|l| rung(document, l, &standing.findings)).collect();
        }
        let fresh = level.map_or_else(Vec::new, |l| of_level(document, l));
        if standing.level == level {
            for f in &fresh {
                let before = standing.figures.iter().find(|b| b.name == f.name && b.text != f.text);
                standing.changed.extend(before.map(|b| (f.name, (b.text.clone(), now))));
            }
        } else {
            standing.changed.clear();
        }
        (standing.figures, standing.level) = (fresh, level);
        standing.of = Some(of);
        self.standing = standing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{HeightPoints, Lesion, LesionKind, Vertebra};
    use crate::space::PatientPoint;
    use VertebraLevel::*;

    fn body(z: f64, h: f64) -> Option<HeightPoints> {
        let at = |y: f64, z: f64| PatientPoint::new(0.0, y, z).expect("finite");
        let up = [-7.0, 0.0, 7.0].map(|y| at(y, z + h / 2.0));
        let down = [-7.0, 0.0, 7.0].map(|y| at(y, z - h / 2.0));
        let ([sup_ant, sup_mid, sup_post], [inf_ant, inf_mid, inf_post]) = (up, down);
        Some(HeightPoints { sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post })
    }

    #[test]
    fn every_figure_says_its_formula_source_and_inputs() {
        let mut d = Document::default();
        for (level, z, h) in [(C5, 40.0, 13.0), (C6, 22.0, 6.0), (C7, 4.0, 13.0)] {
            d.vertebrae.insert(level, Vertebra { heights: body(z, h), ..Vertebra::default() });
        }
        let c6 = d.vertebrae.get_mut(&C6).expect("there");
        (c6.cord_compression, c6.fracture) = (Presence::Present, Presence::Present);
        d.lesions.insert(uuid::Uuid::from_u128(1), Lesion::new("c6".to_owned(), 1, C6, LesionKind::Lytic));
        let figures = of_level(&d, C6);
        let text = |name: &str| figures.iter().find(|f| f.name == name).map(|f| f.text.clone()).unwrap_or_default();
        assert_eq!(text("Heights"), "6.0 / 6.0 / 6.0 mm");
        assert_eq!(text("Loss of height"), "54 % against C5, C7");
        assert_eq!(text("Genant"), "grade 3, extrapolated beyond T4–L4");
        assert_eq!(text("ESCC"), "2 or 3");
        assert_eq!(text("· collapse"), "3");
        assert!(
            text("SINS").starts_with("7–17 of 18: potentially unstable or unstable; ask a surgeon"),
            "{}",
            text("SINS")
        );
        for f in &figures {
            assert!(!f.formula.is_empty() && !f.source.is_empty() && !f.inputs.is_empty(), "{}", f.name);
        }
        assert_eq!(of_level(&d, T9), []);
    }

    #[test]
    fn the_destroyed_share_names_what_it_is_measured_against() {
        use crate::document::{Edit, Layer, Run};
        let (mut d, image) = crate::document::test_documents::with_grid([100, 10, 10]);
        let run = |start, length, label| Run { start, length, label };
        for level in [L2, L3, L4] {
            d.vertebrae.insert(level, Vertebra::default());
        }
        let bodies = [(0, L2), (2000, L3), (4000, L4)].map(|(at, level)| run(at, 1000, level.label_value()));
        d.apply(Edit::Mask { image: image.clone(), layer: Layer::Bodies, runs: bodies.to_vec() }).expect("known");
        d.lesions.insert(uuid::Uuid::from_u128(1), Lesion::new("a".to_owned(), 1, L3, LesionKind::Lytic));
        let lesion = vec![run(2000, 600, 1)];
        d.apply(Edit::Mask { image, layer: Layer::Lesions, runs: lesion }).expect("known");
        let text = |d: &Document| of_level(d, L3).into_iter().find(|f| f.name == "Destroyed").map(|f| f.text);
        assert_eq!(text(&d).as_deref(), Some("60 % of its own outline"));
        d.vertebrae.get_mut(&L3).expect("there").status = LevelStatus::Destroyed;
        assert_eq!(text(&d).as_deref(), Some("60 % against the mean volume of L2 and L4"));
    }
}
