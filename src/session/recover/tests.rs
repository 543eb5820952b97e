//! Damage of every kind against what the session said before: nothing intact is dropped, nothing is made up.

use super::*;
use crate::session::tests::{Dice, OneSeries, start};
use crate::session::{Access, Op, Session};
use std::path::PathBuf;

struct Bench {
    folder: tempfile::TempDir,
    /// The document after each entry, by its number.
    after: BTreeMap<u64, Document>,
    /// The lines of the case, header first, each with its newline.
    lines: Vec<Vec<u8>>,
}

impl Bench {
    /// A case of the given steps.
    fn of(steps: &[&str]) -> Bench {
        Bench::new(|session, after| {
            for step in steps {
                let seq = session.perform(&Op::from_line(step.as_bytes()).unwrap(), &OneSeries::new()).unwrap();
                after.insert(seq, session.document().clone());
            }
        })
    }

    /// A case of 30 random steps, undone and redone now and then.
    fn random(seed: u64) -> Bench {
        Bench::new(|session, after| {
            let mut dice = Dice(seed);
            for _ in 0..30 {
                let done = match dice.below(10) {
                    0 => session.undo(),
                    1 => session.redo(),
                    _ => session.perform(&dice.op(), &OneSeries::new()),
                };
                done.into_iter().for_each(|seq| drop(after.insert(seq, session.document().clone())));
            }
        })
    }

    fn new(work: impl FnOnce(&mut Session, &mut BTreeMap<u64, Document>)) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, mut after) = (start(folder.path()), BTreeMap::new());
        work(&mut session, &mut after);
        let path = session.path().to_owned();
        drop(session);
        let lines = std::fs::read(&path).unwrap().split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        Bench { folder, after, lines }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The line (from 0) of an entry.
    fn line_of(&self, seq: u64) -> usize {
        seq as usize
    }

    /// Recovers a file of these lines; the new case reads back as what was promised.
    fn recover(&self, lines: &[Vec<u8>], images: bool) -> Result<Recovery, SessionError> {
        let (from, to) = (self.path("damaged.spondyl"), self.path("new.spondyl"));
        std::fs::write(&from, lines.concat()).unwrap();
        let _ = std::fs::remove_file(&to);
        let known = |_: &ImageKey| images.then(OneSeries::identity);
        let done = recover(&from, &to, &known)?;
        assert_eq!(std::fs::read(&from).unwrap(), lines.concat(), "the damaged file was only read");
        let mut again = Session::open(&to, Access::Write).unwrap().session;
        assert!(*again.document() == done.document);
        let unknown = done.lost.iter().any(|l| l.starts_with("whose case it was"));
        assert_eq!(again.header().reader, if unknown { "reader" } else { "reader-1" });
        let names = std::fs::read_dir(self.folder.path()).unwrap().count();
        assert_eq!(names, 3, "no temporary file stays");
        while again.undo().is_ok() {}
        assert!(again.document().lesions.is_empty() && again.document().masks.is_empty(), "all can be undone");
        Ok(done)
    }

    /// With one byte of a line changed.
    fn broken(&self, line: usize) -> Vec<Vec<u8>> {
        let mut lines = self.lines.clone();
        let middle = lines[line].len() / 2;
        lines[line][middle] ^= 4;
        lines
    }
}

const LABEL: &str = r#"{"op":"label_vertebra","level":"C6","at_mm":[0,0,42]}"#;
const LESION: &str = r#"{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}"#;
const UNDO: &str = r#"{"op":"undo"}"#;

fn dab(x: f64, mode: &str) -> String {
    format!(
        r#"{{"op":"brush","lesion":"a","plane":"axial","path_mm":[[{x},0,44]],"radius_mm":2,"tip":"disc","mode":"{mode}","range":null}}"#
    )
}

/// Numbers: 1 open, 2 image, 3 label, 4 lesion, 5 … dabs at x = -8, -3, 2, 7.
fn dabs() -> Bench {
    let dabs = [-8.0, -3.0, 2.0, 7.0].map(|x| dab(x, "paint"));
    Bench::of(&[LABEL, LESION, &dabs[0], &dabs[1], &dabs[2], &dabs[3]])
}

fn painted(d: &Document) -> usize {
    d.masks.values().map(|m| m.painted().count()).sum()
}

#[test]
fn a_sound_file_is_copied_byte_for_byte() {
    let bench = Bench::random(3);
    let done = bench.recover(&bench.lines, false).unwrap();
    assert!(done.lost.is_empty() && done.notes.is_empty(), "{done:?}");
    let to = bench.path("new.spondyl");
    let whole = bench.lines.concat();
    assert!(std::fs::read(&to).unwrap().starts_with(&whole)); // opening it has added an entry
    assert!(matches!(recover(&to, &to, &|_| None), Err(SessionError::Exists(_))));
}

#[test]
fn one_lost_stroke_costs_that_stroke_and_nothing_else() {
    let bench = dabs();
    let all = &bench.after[&8];
    let alone = painted(&bench.after[&6]) - painted(&bench.after[&5]);
    let done = bench.recover(&bench.broken(bench.line_of(6)), false).unwrap();
    assert_eq!(painted(&done.document), painted(all) - alone);
    assert!(done.document.lesions == all.lesions && done.document.vertebrae == all.vertebrae);
    assert_eq!(done.steps, 5);
    assert!(done.lost[0].starts_with("line 7: its checksum does not fit"), "{:?}", done.lost);
    assert!(done.lost[1].starts_with("entry 6 is missing"), "{:?}", done.lost);
}

#[test]
fn lines_that_are_moved_doubled_or_run_together_cost_nothing() {
    let bench = dabs();
    let all = &bench.after[&8];
    let mut swapped = bench.lines.clone();
    swapped.swap(5, 7);
    let mut doubled = bench.lines.clone();
    doubled.insert(6, bench.lines[6].clone());
    let mut rubbish = bench.lines.clone();
    rubbish.insert(6, [vec![0; 64], vec![b'\n']].concat());
    let mut joined = bench.lines.clone();
    joined[6].pop();
    joined[6].push(b'!');
    let mut unended = bench.lines.clone();
    unended[8].pop();
    for (name, lines, lost) in [
        ("swapped", swapped, 0),
        ("doubled", doubled, 0),
        ("rubbish", rubbish, 1),
        ("joined", joined, 0),
        ("unended", unended, 0),
    ] {
        let done = bench.recover(&lines, false).unwrap();
        assert!(done.document == *all, "{name}");
        assert_eq!((done.lost.len(), done.steps), (lost, 6), "{name}: {:?}", done.lost);
    }
}

#[test]
fn a_lost_series_comes_back_from_the_images() {
    let bench = dabs();
    let lines = bench.broken(bench.line_of(2));
    let without = bench.recover(&lines, false).unwrap();
    assert_eq!(painted(&without.document), 0);
    assert!(without.lost.iter().any(|l| l.contains("--images")), "{:?}", without.lost);
    let with = bench.recover(&lines, true).unwrap();
    assert!(with.document == bench.after[&8]);
}

#[test]
fn a_damaged_first_line_is_rebuilt_from_the_entries() {
    let bench = dabs();
    for lines in [bench.broken(0), bench.lines[1..].to_vec()] {
        let done = bench.recover(&lines, false).unwrap();
        assert!(done.document == bench.after[&8]);
        assert!(done.lost[0].starts_with("line 1:"), "{:?}", done.lost);
    }
}

#[test]
fn a_lost_undo_is_inferred_where_later_ones_tell() {
    let bench = Bench::of(&[LABEL, LESION, &dab(-8.0, "paint"), &dab(2.0, "paint"), UNDO, UNDO]);
    // Entries 5 and 6 paint, 7 and 8 take both back; without 7, entry 8 tells that 6 was taken back too.
    let done = bench.recover(&bench.broken(bench.line_of(7)), false).unwrap();
    assert!(done.document == bench.after[&8]);
    assert!(done.notes.iter().any(|n| n.contains("entry 6")), "{:?}", done.notes);
}

#[test]
fn behind_an_unbroken_chain_everything_means_what_opening_makes_of_it() {
    let bench = Bench::of(&[LABEL, LESION, &dab(-8.0, "paint")]);
    // A sound chain in which the lesion of the paint was never made.
    let (mut text, mut last) = (bench.lines[0].clone(), read_hash(bench.lines[0].trim_ascii_end()).unwrap());
    for line in &bench.lines[1..] {
        let mut fields: Map<String, Value> = serde_json::from_slice(line).unwrap();
        fields.remove("hash");
        fields.insert("prev".to_owned(), last.into());
        if let Some(Value::Array(edits)) = fields.get_mut("edits") {
            edits.retain(|e| e.get("lesion").is_none());
        }
        let (line, hash) = seal(&InOrder(&fields)).unwrap();
        text.extend_from_slice(&line);
        last = hash;
    }
    let path = bench.path("sound.spondyl");
    std::fs::write(&path, &text).unwrap();
    let opened = Session::open(&path, Access::Read).unwrap();
    assert!(opened.notices.is_empty() && painted(opened.session.document()) > 0);
    let done = recover(&path, &bench.path("again.spondyl"), &|_| None).unwrap();
    assert!(done.lost.is_empty() && done.document == *opened.session.document(), "{:?}", done.lost);
}

#[test]
fn what_hangs_on_a_lost_entry_is_lost_with_it_and_said() {
    let bench = dabs();
    let done = bench.recover(&bench.broken(bench.line_of(4)), false).unwrap();
    assert!(done.document.lesions.is_empty() && painted(&done.document) == 0);
    let paints = done.lost.iter().filter(|l| l.contains("paints a lesion that is lost")).count();
    assert_eq!(paints, 4, "{:?}", done.lost);

    // Deleting takes away also what a lost eraser left over.
    let steps = [dab(-8.0, "paint"), dab(-8.0, "erase")];
    let delete = r#"{"op":"delete_lesion","lesion":"a"}"#;
    let bench = Bench::of(&[LABEL, LESION, &steps[0], &steps[1], delete]);
    let done = bench.recover(&bench.broken(bench.line_of(6)), false).unwrap();
    assert!(done.document == bench.after[&7]);
}

#[test]
fn files_that_hold_nothing_are_refused_and_nothing_is_written() {
    let bench = dabs();
    for text in ["", "hello\n", "{\"seq\":1}\n", "{\"seq\":\n{\"seq\":"] {
        let e = bench.recover(&[text.as_bytes().to_vec()], false).unwrap_err();
        assert!(matches!(e, SessionError::Hopeless { .. }), "{text}: {e}");
        assert!(!bench.path("new.spondyl").exists());
    }
    let newer = serde_json::json!({"format": super::super::journal::FORMAT, "version": 99});
    let (line, _) = seal(&newer).unwrap();
    let e = bench.recover(&[line], false).unwrap_err().to_string();
    assert!(e.contains("version 99") && e.contains("newer spondyl"), "{e}");
}

#[test]
fn any_damage_leaves_a_sound_case_with_everything_before_it() {
    for seed in 0..120 {
        let bench = Bench::random(seed);
        let mut dice = Dice(seed + 1000);
        let mut lines = bench.lines.clone();
        let mut first = lines.len();
        for _ in 0..=dice.below(3) {
            let n = dice.below(lines.len() as u64) as usize;
            first = first.min(n);
            match dice.below(5) {
                0 => drop(lines.remove(n)),
                1 => {
                    let half = lines[n].len() / 2;
                    lines[n].truncate(half);
                }
                2 => lines.insert(n, lines[n].clone()),
                3 => lines[n] = vec![b'x'; 40],
                _ => {
                    let at = dice.below(lines[n].len() as u64) as usize;
                    lines[n][at] ^= 1 << dice.below(8);
                }
            }
            if lines.is_empty() {
                break;
            }
        }
        let done = match bench.recover(&lines, false) {
            Ok(done) => done,
            Err(e) => panic!("seed {seed}: {e}"),
        };
        let values: BTreeSet<u16> = done.document.lesions.values().map(|l| l.label_value).collect();
        let labels: BTreeSet<u16> = done.document.masks.values().flat_map(|m| m.painted().map(|p| p.1)).collect();
        assert!(labels.is_subset(&values), "seed {seed}: voxels without a lesion");
        let damaged = journal_differs(&bench.lines, &lines);
        assert!(!damaged || first + 1 >= bench.lines.len() || !(done.lost.is_empty() && done.notes.is_empty()));
    }
}

/// Whether some line of the first is not in the second.
fn journal_differs(a: &[Vec<u8>], b: &[Vec<u8>]) -> bool {
    let b = b.concat();
    let b: BTreeSet<&[u8]> = b.split_inclusive(|c| *c == b'\n').collect();
    a.iter().any(|l| !b.contains(l.as_slice()))
}
