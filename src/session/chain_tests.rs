//! Chains of levels under shifts, as properties over random cases: a shift and its opposite leave everything as it was,
//! whatever is said of a bone goes with it, and no two bones share a level.

use super::tests::Dice;
use super::*;
use crate::anatomy::VertebraLevel;
use crate::document::Vertebra;
use crate::space::PatientPoint;
use std::collections::{BTreeMap, BTreeSet};

fn step(doc: &Document, op: &Op) -> Result<Document, Refusal> {
    let mut after = doc.clone();
    for edit in plan(op, doc, &NoImages)?.edits {
        after.apply(edit).expect("a plan's edits fit");
    }
    Ok(after)
}

fn script(doc: &Document, line: &str) -> Document {
    step(doc, &Op::from_line(line.as_bytes()).expect(line)).unwrap_or_else(|e| panic!("{line}: {e}"))
}

/// A case with random levels (variants among them), lesions, findings, a later timepoint, and a start of the count.
fn case(dice: &mut Dice) -> Document {
    let mut doc =
        script(&Document::default(), r#"{"op":"set","target":{"timepoint":"t"},"field":"label","value":"later"}"#);
    for (n, level) in VertebraLevel::ALL.into_iter().enumerate().skip(2).take(26) {
        let chance = if level.is_variant() { 5 } else { 2 };
        if dice.below(chance) != 0 {
            continue;
        }
        // Each bone has a place of its own, by which it is known again whatever it is called.
        doc = script(&doc, &format!(r#"{{"op":"label_vertebra","level":"{level}","at_mm":[0,0,-{n}]}}"#));
        let there = format!(r#"{{"op":"label_vertebra","level":"{level}","at_mm":[9,0,-{n}]}}"#);
        if dice.below(2) == 0 {
            doc = script(&doc, &format!(r#"{{"op":"at","timepoint":"t","step":{there}}}"#));
        }
        if dice.below(3) == 0 {
            doc = script(
                &doc,
                &format!(r#"{{"op":"add_lesion","lesion":"of {n}","vertebra":"{level}","kind":"lytic"}}"#),
            );
        }
        if dice.below(3) == 0 {
            let set = format!(r#"{{"op":"set","target":{{"vertebra":"{level}"}},"field":"remark","value":"of {n}"}}"#);
            doc = script(&doc, &set);
        }
        if dice.below(4) == 0 {
            doc = script(&doc, &format!(r#"{{"op":"set_spine","variant":{{"counted_from":"{level}"}}}}"#));
        }
    }
    doc
}

/// What is called what: bones by their place, at both timepoints, and lesions by their label.
fn names(doc: &Document) -> (BTreeMap<String, VertebraLevel>, BTreeMap<String, VertebraLevel>) {
    let later = doc.followups.values().flatten();
    let place = |v: &Vertebra| format!("{:?}", v.at_mm.map(PatientPoint::vec));
    let bones = doc.vertebrae.iter().chain(later).map(|(l, v)| (place(v), *l)).collect();
    (bones, doc.lesions.values().map(|l| (l.label.clone(), l.vertebra)).collect())
}

#[test]
fn a_shift_and_its_opposite_leave_everything_as_it_was() {
    let (mut done, mut refused) = (0, 0);
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let doc = case(&mut dice);
        let by = dice.below(5) as i32 - 2;
        let used: Vec<VertebraLevel> = doc.vertebrae.keys().copied().collect();
        let Some(edge) = used.get(dice.below(used.len().max(1) as u64) as usize).copied() else { continue };
        let (from, to) = match dice.below(3) {
            0 => (None, None),
            1 => (Some(edge), None),
            _ => (None, Some(edge)),
        };
        let Ok(there) = step(&doc, &Op::ShiftLevels { by, from, to }) else {
            refused += 1;
            continue;
        };
        // The same bones moved back, by the names that they have now.
        let chain: Vec<VertebraLevel> = doc.spine.levels();
        let moved = |l: VertebraLevel| {
            let at = chain.iter().position(|c| *c == l).expect("of this spine") as i32 + by;
            chain[at as usize]
        };
        let back = Op::ShiftLevels { by: -by, from: from.map(moved), to: to.map(moved) };
        assert_eq!(step(&there, &back).expect("nothing is in the way"), doc, "seed {seed}: {by} {from:?} {to:?}");
        done += 1;
    }
    assert!(done > 150 && refused > 20, "{done} done, {refused} refused");
}

#[test]
fn what_is_said_of_a_bone_goes_with_it_and_no_two_share_a_level() {
    for seed in 0..300 {
        let mut dice = Dice(seed + 10_000);
        let doc = case(&mut dice);
        let by = if dice.below(2) == 0 { 1 } else { -1 };
        let Ok(after) = step(&doc, &Op::ShiftLevels { by, from: None, to: None }) else { continue };
        let ((bones, lesions), (bones_after, lesions_after)) = (names(&doc), names(&after));
        // Places stand once: a bone that lost its level to another would be missing.
        assert_eq!(bones.keys().collect::<BTreeSet<_>>(), bones_after.keys().collect::<BTreeSet<_>>(), "seed {seed}");
        let chain = doc.spine.levels();
        let next =
            |l: VertebraLevel| chain[(chain.iter().position(|c| *c == l).expect("of the spine") as i32 + by) as usize];
        for (place, level) in &bones {
            assert_eq!(bones_after[place], next(*level), "seed {seed}");
        }
        for (label, level) in &lesions {
            assert_eq!(lesions_after[label], next(*level), "seed {seed}: the lesion stays in its bone");
        }
        let remarks = |d: &Document| -> BTreeMap<String, VertebraLevel> {
            d.vertebrae.iter().filter_map(|(l, v)| Some((v.remark.clone()?, *l))).collect()
        };
        for (remark, level) in remarks(&doc) {
            assert_eq!(remarks(&after)[&remark], next(level), "seed {seed}");
        }
        assert_eq!(after.spine.counted_from, doc.spine.counted_from.map(next));
    }
}

#[test]
fn naming_a_variant_counts_it_and_a_shift_passes_it() {
    let mut doc = Document::default();
    for (level, z) in [("T12", 0), ("T13", -25), ("L1", -50)] {
        doc = script(&doc, &format!(r#"{{"op":"label_vertebra","level":"{level}","at_mm":[0,0,{z}]}}"#));
    }
    assert_eq!(doc.spine.n_thoracic, Some(13));
    let up = script(&doc, r#"{"op":"shift_levels","by":-1}"#);
    assert_eq!(up.vertebrae.keys().map(|l| l.name()).collect::<Vec<_>>(), ["T11", "T12", "T13"]);
    assert_eq!(script(&up, r#"{"op":"shift_levels","by":1}"#), doc);
    let several = script(
        &Document::default(),
        r#"{"op":"label_vertebrae","centres_mm":{"L5":[0,0,0],"L6":[0,0,-30],"S1":[0,9,-60]}}"#,
    );
    assert_eq!((several.spine.n_lumbar, several.vertebrae.len()), (Some(6), 3));
}

#[test]
fn steps_at_a_later_timepoint_leave_the_first_alone() {
    let doc = script(&Document::default(), r#"{"op":"label_vertebra","level":"C6","at_mm":[0,0,0]}"#);
    let at = r#"{"op":"at","timepoint":"fu","step":{"op":"label_vertebra","level":"C6","at_mm":[5,5,5]}}"#;
    let refused = step(&doc, &Op::from_line(at.as_bytes()).expect("a step"));
    assert_eq!(refused, Err(Refusal::NoSuchTimepoint("fu".to_owned())));
    let doc = script(&doc, r#"{"op":"set","target":{"timepoint":"fu"},"field":"studies","value":["2.2"]}"#);
    let after = script(&doc, at);
    assert_eq!(after.vertebrae, doc.vertebrae);
    assert_eq!(after.followups.values().flatten().map(|(l, _)| l.name()).collect::<Vec<_>>(), ["C6"]);
    assert_eq!(script(&after, r#"{"op":"remove_timepoint","timepoint":"fu"}"#).followups, BTreeMap::new());
    for bad in [
        r#"{"op":"set","target":{"timepoint":"other"},"field":"studies","value":["2.2"]}"#,
        r#"{"op":"set","target":{"timepoint":"fu"},"field":"first","value":true}"#,
        r#"{"op":"at","timepoint":"fu","step":{"op":"delete_lesion","lesion":"a"}}"#,
        r#"{"op":"set","target":{"case":true},"field":"primary_sct","value":"leiomyosarcoma"}"#,
        r#"{"op":"set","target":{"case":true},"field":"pain.score_nrs","value":11}"#,
    ] {
        assert!(step(&after, &Op::from_line(bad.as_bytes()).expect(bad)).is_err(), "{bad}");
    }
    // At the first timepoint the plain step is meant.
    let first = script(&doc, r#"{"op":"set","target":{"timepoint":"pre"},"field":"first","value":true}"#);
    let same = script(
        &first,
        r#"{"op":"at","timepoint":"pre","step":{"op":"set","target":{"vertebra":"C6"},"field":"status","value":"destroyed"}}"#,
    );
    assert_eq!(same.vertebrae[&VertebraLevel::C6].status.word(), "destroyed");
}
