//! The chain of vertebra centres: what looks wrong in it, and where the next centre should lie.
//!
//! Everything here is geometry of LPS points in millimetres; it warns and suggests, and never renames.

use super::{Region, VertebraLevel};
use crate::space::{DVec3, PatientPoint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What looks wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainCode {
    /// A level between two labelled ones has no label.
    Gap,
    /// A lower level lies above a higher one.
    Order,
    /// Two levels lie on one bone.
    Duplicate,
    /// Two neighbours are nearer or farther than vertebrae are.
    Distance,
    /// The chain bends more than a spine does.
    Angle,
    /// The count started from none of C2, the first rib or L5–S1.
    NoAnchor,
}

/// One finding about the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChainFinding {
    /// Its kind.
    pub code: ChainCode,
    /// The levels concerned, head to feet.
    pub levels: Vec<VertebraLevel>,
    /// A sentence for the reader.
    pub message: String,
}

/// Usual distance in mm between the centres of `level` and of the next one below: body plus disc height of adults, to be
/// used as a shape of the spine and not as a norm.
pub fn usual_spacing_mm(level: VertebraLevel) -> f64 {
    match (level.region(), level) {
        (_, VertebraLevel::C7) => 20.0,
        (Region::Cervical, _) => 18.0,
        (Region::Thoracic, l) => 20.0 + 0.9 * f64::from(l as u8 - VertebraLevel::T1 as u8),
        (Region::Lumbar, _) => 36.0,
        (Region::Sacral | Region::Coccygeal, _) => 24.0,
    }
}

/// What looks wrong in a chain of labelled centres, which must be given head to feet (the order of [`VertebraLevel`]).
///
/// `without_centre` are levels that are known to have none (absent, fused with a neighbour, out of the field): they
/// leave no gap. `anchored` says whether the count started from C2, the first rib or L5–S1.
pub fn chain_checks(
    placed: &[(VertebraLevel, PatientPoint)],
    without_centre: &[VertebraLevel],
    anchored: bool,
) -> Vec<ChainFinding> {
    let mut found: Vec<ChainFinding> = placed.windows(2).flat_map(|w| pair(w[0], w[1], without_centre)).collect();
    found.extend(placed.windows(3).filter_map(|w| bend([w[0], w[1], w[2]])));
    if !placed.is_empty() && !anchored {
        found.push(ChainFinding {
            code: ChainCode::NoAnchor,
            levels: Vec::new(),
            message: "the numbering is anchored on none of C2, the first rib or L5–S1: every level may be off by one; \
                      say what it was counted from"
                .to_owned(),
        });
    }
    found
}

/// The levels that a usual spine has between two.
fn between(a: VertebraLevel, b: VertebraLevel) -> Vec<VertebraLevel> {
    VertebraLevel::ALL.into_iter().filter(|l| *l > a && *l < b && !l.is_variant()).collect()
}

fn pair(
    (a, p): (VertebraLevel, PatientPoint),
    (b, q): (VertebraLevel, PatientPoint),
    without_centre: &[VertebraLevel],
) -> Vec<ChainFinding> {
    let mut found = Vec::new();
    let mut say = |code, levels, message| found.push(ChainFinding { code, levels, message });
    let missing: Vec<_> = between(a, b).into_iter().filter(|l| !without_centre.contains(l)).collect();
    if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
        let which = if first == last { format!("{first} has") } else { format!("{first} to {last} have") };
        say(ChainCode::Gap, missing.clone(), format!("{which} no label, though {a} and {b} have one"));
    }
    let climb_mm = q.vec().z - p.vec().z;
    // The sacrum and the coccyx run nearly level backwards in a lying patient; elsewhere a lower level lies lower.
    if climb_mm > if b.region() >= Region::Sacral { 12.0 } else { 2.0 } {
        let message = format!("{b} lies {climb_mm:.0} mm above {a}; a lower level lies nearer to the feet");
        say(ChainCode::Order, vec![a, b], message);
    }
    let distance_mm = p.distance_mm(q);
    let usual_mm = usual_between_mm(a, b);
    if distance_mm < 0.3 * usual_mm {
        let message = format!("{a} and {b} lie {distance_mm:.0} mm apart, on one bone; which of them is it?");
        say(ChainCode::Duplicate, vec![a, b], message);
        return found;
    }
    // From half (children, collapsed levels) to 1.7 times (tall adults) of the usual distance.
    if distance_mm < 0.5 * usual_mm || distance_mm > 1.7 * usual_mm {
        let (how, hint) = if distance_mm < usual_mm {
            ("only ", "is one bone labelled twice?")
        } else {
            ("", "was a level passed over?")
        };
        let message =
            format!("{a} and {b} are {how}{distance_mm:.0} mm apart, usual is about {usual_mm:.0} mm; {hint}");
        say(ChainCode::Distance, vec![a, b], message);
    }
    found
}

/// Usual distance between two levels along the chain. Between T12 and L1 a T13 adds nothing unless it is an end itself.
fn usual_between_mm(a: VertebraLevel, b: VertebraLevel) -> f64 {
    std::iter::once(a).chain(between(a, b)).map(usual_spacing_mm).sum()
}

/// A bend of more than 50° between neighbouring steps (75° where the sacrum turns backwards).
fn bend(three: [(VertebraLevel, PatientPoint); 3]) -> Option<ChainFinding> {
    let [(a, p), (b, q), (c, r)] = three;
    let (s, t) = (q.vec() - p.vec(), r.vec() - q.vec());
    let angle = s.angle_between(t).to_degrees();
    let limit = if c.region() >= Region::Sacral { 75.0 } else { 50.0 };
    (angle > limit).then(|| ChainFinding {
        code: ChainCode::Angle,
        levels: vec![a, b, c],
        message: format!("the chain bends by {angle:.0}° at {b}; is one of {a}, {b}, {c} misplaced?"),
    })
}

/// Where the centre of `level` should lie, from the spacing and direction of the labelled chain (head to feet); `None`
/// for an empty chain or a level that is labelled already.
///
/// Between two labelled levels it divides the way by the usual spacings. Beyond an end it goes on from the last step:
/// its length scaled by the usual growth of the levels, its direction turned by half of the last bend, since curves of
/// the spine do not go on for ever. From one level alone it goes along the patient's axis.
pub fn suggest_next(placed: &[(VertebraLevel, PatientPoint)], level: VertebraLevel) -> Option<PatientPoint> {
    let above: Vec<_> = placed.iter().filter(|(l, _)| *l < level).rev().copied().collect();
    let below: Vec<_> = placed.iter().filter(|(l, _)| *l > level).copied().collect();
    if placed.iter().any(|(l, _)| *l == level) {
        return None;
    }
    match (above.first(), below.first()) {
        (Some(&(a, p)), Some(&(b, q))) => {
            let (to, whole) = (usual_between_mm(a, level), usual_between_mm(a, level) + usual_between_mm(level, b));
            PatientPoint::from_vec(p.vec().lerp(q.vec(), to / whole))
        }
        (Some(_), None) => Some(beyond(&above, level, DVec3::NEG_Z)),
        (None, Some(_)) => Some(beyond(&below, level, DVec3::Z)),
        (None, None) => None,
    }
}

/// Goes on from the end of a chain, whose nearest levels come first; `axis` is the way where there is no direction yet.
fn beyond(chain: &[(VertebraLevel, PatientPoint)], level: VertebraLevel, axis: DVec3) -> PatientPoint {
    let usual = |a: VertebraLevel, b: VertebraLevel| usual_between_mm(a.min(b), a.max(b));
    // Steps towards the wanted level, as a share of what is usual there.
    let steps: Vec<DVec3> =
        chain.windows(2).take(2).map(|w| (w[0].1.vec() - w[1].1.vec()) / usual(w[0].0, w[1].0)).collect();
    let step = match steps[..] {
        [] => axis,
        [last] => last,
        [last, before, ..] => {
            let turned = last.normalize_or_zero() + 0.5 * (last.normalize_or_zero() - before.normalize_or_zero());
            turned.normalize_or_zero() * 0.5 * (last.length() + before.length())
        }
    };
    chain[0].1.moved(step * usual(chain[0].0, level))
}

#[cfg(test)]
mod tests {
    use super::VertebraLevel::*;
    use super::*;

    /// A smooth spine: cervical lordosis, thoracic kyphosis, lumbar lordosis, usual spacings.
    fn spine() -> Vec<(VertebraLevel, PatientPoint)> {
        let (mut y, mut z) = (0.0, 700.0);
        VertebraLevel::ALL
            .into_iter()
            .filter(|l| !l.is_variant() && *l < S1)
            .map(|l| {
                let here = (l, PatientPoint::new(1.0, y, z).expect("finite"));
                let lean = 0.35 * ((l as u8 as f64) / 26.0 * std::f64::consts::TAU * 1.2).sin();
                y += usual_spacing_mm(l) * lean.sin();
                z -= usual_spacing_mm(l) * lean.cos();
                here
            })
            .collect()
    }

    fn codes(found: &[ChainFinding]) -> Vec<ChainCode> {
        found.iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_smooth_spine_raises_nothing() {
        assert_eq!(chain_checks(&spine(), &[], true), []);
        assert_eq!(codes(&chain_checks(&spine(), &[], false)), [ChainCode::NoAnchor]);
        assert_eq!(chain_checks(&[], &[], false), []);
    }

    #[test]
    fn a_missing_level_is_a_gap_unless_it_is_known_to_have_no_centre() {
        let chain: Vec<_> = spine().into_iter().filter(|(l, _)| !matches!(l, C6 | T12)).collect();
        let found = chain_checks(&chain, &[], true);
        assert_eq!(codes(&found), [ChainCode::Gap, ChainCode::Gap]);
        assert_eq!((&found[0].levels[..], &found[1].levels[..]), (&[C6][..], &[T12][..]));
        assert_eq!(chain_checks(&chain, &[C6, T12], true), []);
    }

    #[test]
    fn swapped_doubled_and_skipped_levels_are_said() {
        let mut swapped = spine();
        let (a, b) = (swapped[4].1, swapped[5].1);
        (swapped[4].1, swapped[5].1) = (b, a);
        assert!(codes(&chain_checks(&swapped, &[], true)).contains(&ChainCode::Order));

        let mut doubled = spine();
        doubled[9].1 = doubled[8].1.moved(DVec3::new(0.0, 0.0, -3.0));
        let found = chain_checks(&doubled, &[], true);
        assert!(found.iter().any(|f| f.code == ChainCode::Duplicate && f.levels == [T2, T3]));

        // One bone passed over: every level below is off by one.
        let skipped: Vec<_> = spine().into_iter().enumerate().filter(|(n, _)| *n != 20).map(|(_, x)| x.1).collect();
        let skipped: Vec<_> = spine().into_iter().map(|x| x.0).zip(skipped).collect();
        let found = chain_checks(&skipped, &[], true);
        assert_eq!(codes(&found), [ChainCode::Distance], "{found:?}");
        assert!(found[0].message.contains("passed over"));
    }

    #[test]
    fn a_misplaced_level_bends_the_chain() {
        let mut chain = spine();
        chain[12].1 = chain[12].1.moved(DVec3::new(25.0, 0.0, 0.0));
        assert!(chain_checks(&chain, &[], true).iter().any(|f| f.code == ChainCode::Angle && f.levels.contains(&T6)));
    }

    #[test]
    fn suggestions_follow_the_spine_up_and_down() {
        let spine = spine();
        for n in 3..spine.len() {
            let p = suggest_next(&spine[..n], spine[n].0).expect("there is a chain");
            assert!(p.distance_mm(spine[n].1) < 6.0, "{}: {:.1} mm off", spine[n].0, p.distance_mm(spine[n].1));
            let up = spine.len() - 1 - n;
            let p = suggest_next(&spine[up + 1..], spine[up].0).expect("there is a chain");
            assert!(p.distance_mm(spine[up].1) < 6.0, "{}: {:.1} mm off", spine[up].0, p.distance_mm(spine[up].1));
        }
    }

    #[test]
    fn a_suggestion_between_two_levels_divides_the_way() {
        let spine = spine();
        let ends = [spine[10], spine[12]];
        let p = suggest_next(&ends, spine[11].0).expect("between");
        assert!(p.distance_mm(spine[11].1) < 2.0);
        assert_eq!(suggest_next(&ends, spine[10].0), None, "labelled already");
        assert_eq!(suggest_next(&[], C2), None);
        let below = suggest_next(&[(C2, PatientPoint::ORIGIN)], C3).expect("one is enough");
        assert!(below.vec().z < -10.0);
    }
}
