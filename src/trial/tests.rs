//! Orders, questions, files that hold, and those that do not.

use super::*;
use crate::document::{Answer, CaseFacts};
use std::collections::BTreeSet;
use std::path::Path;

const EXAMPLE: &str = include_str!("../../docs/study-example.toml");

fn of(text: &str) -> Result<Trial, String> {
    Trial::of_text(Path::new("study.toml"), text).map_err(|e| e.to_string())
}

fn with(cases: usize, repeats: usize, gap: usize, seed: u64) -> Trial {
    let mut text =
        format!("title = \"t\"\nseed = {seed}\nreaders = [\"a\", \"b\"]\nrepeats = {repeats}\nrepeat_gap = {gap}\n");
    (0..cases).for_each(|n| text += &format!("[[cases]]\nid = \"case-{n}\"\nimages = \"images/{n}\"\n"));
    of(&text).unwrap()
}

#[test]
fn the_documented_example_holds() {
    let trial = of(EXAMPLE).unwrap();
    assert!(include_str!("../../docs/studies.md").contains(EXAMPLE), "docs/studies.md shows the whole example");
    assert!(trial.cases.len() >= 3 && trial.questions.len() >= 4 && trial.repeats > 0);
    assert!(trial.questions.iter().any(|q| q.field.is_some()));
}

#[test]
fn an_order_holds_every_case_once_and_repeats_lie_apart() {
    for seed in 0..300 {
        let (cases, gap) = (2 + seed as usize % 9, 1 + seed as usize % 3);
        let cases = cases.max(2 * gap);
        let trial = with(cases, seed as usize % (cases + 1), gap, seed);
        for reader in ["a", "b"] {
            let list = worklist(&trial, reader);
            assert_eq!(list.len(), cases + trial.repeats);
            let firsts: BTreeSet<usize> = list.iter().filter(|i| i.repeat == 0).map(|i| i.case).collect();
            assert_eq!(firsts.len(), cases, "each case once");
            for (n, item) in list.iter().enumerate().filter(|(_, i)| i.repeat == 1) {
                let first = list.iter().position(|i| i.case == item.case).unwrap();
                assert!(list[first].repeat == 0 && n - first > gap, "{first} and {n} with a gap of {gap}");
            }
            let ids: BTreeSet<&str> = list.iter().map(|i| i.id.as_str()).collect();
            assert_eq!(ids.len(), list.len(), "ids of their own");
            assert_eq!(list, worklist(&trial, reader), "the same again");
        }
        let twice =
            |r| worklist(&trial, r).into_iter().filter(|i| i.repeat == 1).map(|i| i.case).collect::<BTreeSet<_>>();
        assert_eq!(twice("a"), twice("b"), "all readers read the same cases twice");
    }
}

#[test]
fn every_order_is_about_as_likely_as_any_other() {
    // 24 orders of 4 cases, 2400 seeds: chi-squared with 23 degrees of freedom is below 49.7 in 99.9 % of all draws.
    let mut counts = std::collections::BTreeMap::new();
    for seed in 0..2400 {
        let order: Vec<usize> = worklist(&with(4, 0, 1, seed), "a").iter().map(|i| i.case).collect();
        *counts.entry(order).or_insert(0usize) += 1;
    }
    let chi: f64 = counts.values().map(|n| (*n as f64 - 100.0).powi(2) / 100.0).sum();
    assert!(counts.len() == 24 && chi < 49.7, "{chi} {counts:?}");
}

/// Worked out by the Python of docs/studies.md, which shares no code with this.
#[test]
fn the_order_is_the_documented_one() {
    let order = |reader| worklist(&with(8, 2, 2, 20_260_301), reader).iter().map(|i| i.case).collect::<Vec<_>>();
    assert_eq!(order("a"), PYTHON_A);
    assert_eq!(order("b"), PYTHON_B);
    assert_eq!(worklist(&with(8, 2, 2, 20_260_301), "a")[0].id, PYTHON_FIRST_ID);
}

const PYTHON_A: [usize; 10] = [7, 5, 3, 6, 0, 2, 1, 6, 0, 4];
const PYTHON_B: [usize; 10] = [5, 0, 4, 3, 2, 6, 1, 0, 6, 7];
const PYTHON_FIRST_ID: &str = "eb55f7";

#[test]
fn what_is_wrong_is_said_with_line_key_found_and_expected() {
    let good = "title = \"t\"\nseed = 1\nreaders = [\"a\"]\n[[cases]]\nid = \"c\"\nimages = \"i\"\n";
    assert!(of(good).is_ok());
    let question = |rest: &str| format!("{good}[[questions]]\nid = \"q\"\nask = \"?\"\n{rest}\n");
    for (text, parts) in [
        ("title = ".to_owned(), vec!["line 1", "not TOML"]),
        (good.replace("seed = 1", "seed = \"x\""), vec!["line 2: seed: found \"x\"", "a whole number"]),
        (good.replace("seed = 1\n", ""), vec!["seed: found nothing"]),
        (good.replace("[\"a\"]", "[\"a b\"]"), vec!["line 3: readers: found \"a b\"", "letters, digits"]),
        (good.replace("[\"a\"]", "[\"a\", \"A\"]"), vec!["readers", "capital letters"]),
        (good.replace("[\"a\"]", "[\"a\", \"a\"]"), vec!["readers", "each of them once"]),
        (
            good.replace("images = \"i\"", "images = \"../i\""),
            vec!["line 4: cases[1].images", "../i", "below the study's"],
        ),
        (good.replace("images = \"i\"", "images = \"/etc\""), vec!["cases[1].images", "relative"]),
        (good.replace("id = \"c\"", "id = \"c\"\ncolour = 3"), vec!["line 6: cases[1].colour", "not known", "images"]),
        (good.replace("seed", "sede = 2\nseed"), vec!["line 2: sede", "not known", "title"]),
        (format!("{good}[[cases]]\nid = \"c\"\nimages = \"j\"\n"), vec!["cases[2].id", "second time"]),
        (good.replace("seed = 1", "seed = 1\nrepeats = 1"), vec!["repeats: found 1 with 1 cases", "at least 2"]),
        (good.replace("seed = 1", "seed = 1\nrepeats = 2"), vec!["line 3: repeats: found 2", "from 0 to"]),
        (question(""), vec!["questions[1].id", "without one kind"]),
        (question("choices = [\"x\"]"), vec!["questions[1].id", "two or more"]),
        (question("yes_no = true\ntext = true"), vec!["questions[1].id", "one kind"]),
        (question("number = [3, 1]"), vec!["line 10: questions[1].number: found [3, 1]", "[0, 10]"]),
        (question("yes_no = true\nfield = \"shoe_size\""), vec!["questions[1].field", "shoe_size", "age_years"]),
        (
            question("text = true\nfield = \"other_metastases\""),
            vec!["questions[1].field", "other_metastases", "words"],
        ),
        (
            question("number = [1, 900]\nwhole = true\nfield = \"tomita_surgical_type\""),
            vec!["a field that can hold 900"],
        ),
        (format!("{good}[blind]\npatient = \"yes\"\n"), vec!["line 8: blind.patient: found \"yes\"", "true or false"]),
    ] {
        let said = of(&text).unwrap_err();
        assert!(parts.iter().all(|p| said.contains(p)), "{said} lacks one of {parts:?}");
    }
}

#[test]
fn answers_are_taken_from_their_own_place_or_from_a_field() {
    let trial = of(EXAMPLE).unwrap();
    let mut facts = CaseFacts::default();
    let open = |facts: &CaseFacts| state_of(&trial, facts).1;
    assert_eq!(open(&facts).len(), trial.questions.iter().filter(|q| q.required).count());
    for q in &trial.questions {
        let answer = match &q.kind {
            AnswerKind::Choice { choices, .. } => Answer::Words(choices[0].clone()),
            AnswerKind::Number { least, .. } => Answer::Number(*least),
            AnswerKind::YesNo => Answer::Yes(false),
            AnswerKind::Text => Answer::Words("words".to_owned()),
        };
        assert!(q.allows(&answer) && !q.allows(&Answer::Words(String::new())), "{}", q.id);
        match &q.field {
            None => drop(facts.answers.insert(q.id.clone(), answer)),
            Some(field) => {
                facts = crate::document::with_field(&facts, field, &serde_json::json!(answer), &[])
                    .or_else(|_| {
                        let Answer::Number(n) = answer else { panic!("{field}") };
                        crate::document::with_field(&facts, field, &serde_json::json!(n as i64), &[])
                    })
                    .unwrap();
            }
        }
    }
    assert_eq!(open(&facts), Vec::<String>::new());
    assert_eq!(state_of(&trial, &facts).0, ItemState::InProgress, "until the reader says so");
    facts.finished = true;
    assert_eq!(state_of(&trial, &facts).0, ItemState::Finished);
    facts.answers.clear();
    assert_eq!(state_of(&trial, &facts).0, ItemState::InProgress, "not without its answers");
}

#[test]
fn blinded_timepoints_have_letters_in_an_order_of_the_case() {
    let text = |blind: bool, seed: u64| {
        format!(
            "title = \"t\"\nseed = {seed}\nreaders = [\"a\"]\n[[cases]]\nid = \"c\"\nimages = \"i\"\ntimepoint = \"preop\"\n\
             timepoints = [{{ id = \"fu\", images = \"j\", days = 365 }}]\n[blind]\ntimepoint = {blind}\n"
        )
    };
    let shown = |blind, seed| {
        let trial = of(&text(blind, seed)).unwrap();
        shown_timepoints(&trial, &trial.cases[0])
    };
    assert_eq!(shown(false, 1), [(0, "preop".to_owned()), (1, "fu".to_owned())]);
    let firsts: BTreeSet<usize> = (0..20).map(|seed| shown(true, seed)[0].0).collect();
    assert_eq!(firsts.len(), 2, "either may come first");
    assert_eq!(shown(true, 3)[1].1, "study-b");
}

/// Figures by hand: of five cases answered yes or no by two, they agree on four (3 yes, 1 no); Cohen's kappa from po = 0.8 and
/// pe = (4 * 3 + 1 * 2) / 25.
#[test]
fn answers_agree_as_counting_says() {
    let trial = of(EXAMPLE).unwrap();
    let facts = |operate: bool, lesions: f64, sure: &str| {
        let mut f = CaseFacts::default();
        f.answers.insert("operate".to_owned(), Answer::Yes(operate));
        f.answers.insert("lesions".to_owned(), Answer::Number(lesions));
        f.answers.insert("confidence".to_owned(), Answer::Words(sure.to_owned()));
        Some(f)
    };
    let (a, b) = ([true, true, true, true, false], [true, true, true, false, false]);
    let cases: Vec<AnsweredCase> = (0..5)
        .map(|n| (format!("c{n}"), vec![facts(a[n], n as f64, "sure"), facts(b[n], n as f64 + 1.0, "=sure")]))
        .chain([("alone".to_owned(), vec![facts(true, 1.0, "sure"), None])])
        .collect();
    let agreed = answer_agreement(&trial, &["a".to_owned(), "b".to_owned()], &cases);
    let on = |id: &str| agreed.questions.iter().find(|q| q.question == id).unwrap();
    let p = &on("operate").pairs[0];
    assert_eq!((p.n, p.agreement), (5, Some(0.8)));
    let kappa = (0.8 - 14.0 / 25.0) / (1.0 - 14.0 / 25.0);
    assert!((p.cohen_kappa.as_ref().unwrap().value.unwrap() - kappa).abs() < 1e-12);
    let p = &on("lesions").pairs[0];
    assert_eq!((p.agreement, p.bland_altman.unwrap().bias), (Some(0.0), -1.0));
    assert_eq!(on("lesions").icc.unwrap().c_1, Some(1.0));
    assert_eq!(on("confidence").pairs[0].n, 0, "an answer that is not among the choices is none");
    let (csv, page) = (String::from_utf8(agreed.csv().unwrap()).unwrap(), agreed.page());
    assert!(csv.contains("c4,operate,b,no") && page.contains("Would you stabilise?") && !page.contains("http"));
}
