//! The order in which a reader reads: random by the study's seed, another one for each reader, the same on every computer.
//! `docs/studies.md` gives the same in Python.
//!
//! A stream of numbers is SplitMix64 (Steele, Lea and Flood 2014) from the first eight bytes, big-endian, of the SHA-256 of
//! a text; a number below `n` is `(next · n) >> 64`; a list is shuffled by Fisher and Yates from its end. The cases are
//! shuffled by the text `spondyl-order/1\n<seed>\n<reader>\n`. Which cases come twice is the same for all readers: the first
//! of the cases shuffled by `spondyl-repeats/1\n<seed>\n`, in that order; each goes to a place drawn from the reader's stream
//! among all those that leave the gap to its other reading. What is inserted later only widens a gap.

use super::definition::{Trial, TrialCase};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// One entry of a reader's worklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What the reader sees, and the name of the file: says nothing of the case, nor whether it comes twice.
    pub id: String,
    /// Index of the case.
    pub case: usize,
    /// 0 for the first reading of the case, 1 for the second.
    pub repeat: u32,
}

/// SplitMix64.
struct Stream(u64);

impl Stream {
    fn of(text: &str) -> Stream {
        let digest = Sha256::digest(text.as_bytes());
        Stream(digest.iter().take(8).fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    fn shuffled(&mut self, n: usize) -> Vec<usize> {
        let mut list: Vec<usize> = (0..n).collect();
        (1..n).rev().for_each(|i| list.swap(i, self.below(i + 1)));
        list
    }
}

/// What a reader reads, in order. Empty for one who is not a reader of the study.
pub fn worklist(trial: &Trial, reader: &str) -> Vec<Item> {
    if !trial.readers.iter().any(|r| r == reader) {
        return Vec::new();
    }
    let (seed, count) = (trial.seed, trial.cases.len());
    let mut stream = Stream::of(&format!("spondyl-order/1\n{seed}\n{reader}\n"));
    let mut order = stream.shuffled(count);
    let twice = Stream::of(&format!("spondyl-repeats/1\n{seed}\n")).shuffled(count);
    for case in twice.into_iter().take(trial.repeats) {
        let Some(at) = order.iter().position(|c| *c == case) else { continue };
        let between = |place: usize| if place <= at { at - place } else { place - at - 1 };
        let places: Vec<usize> = (0..=order.len()).filter(|p| between(*p) >= trial.repeat_gap).collect();
        if let Some(place) = places.get(stream.below(places.len())) {
            order.insert(*place, case);
        }
    }
    let mut read = BTreeSet::new();
    let listed = order.into_iter().map(|case| (case, u32::from(!read.insert(case))));
    with_ids(trial, reader, &listed.collect::<Vec<_>>())
}

/// The ids: the first digits of the SHA-256 of `spondyl-item/1\n<seed>\n<reader>\n<case>\n<repeat>\n`, six of them or as
/// many more as it takes to tell the reader's items apart.
fn with_ids(trial: &Trial, reader: &str, listed: &[(usize, u32)]) -> Vec<Item> {
    let digest = |(case, repeat): &(usize, u32)| {
        let text = format!("spondyl-item/1\n{}\n{reader}\n{}\n{repeat}\n", trial.seed, trial.cases[*case].id);
        Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    let digests: Vec<String> = listed.iter().map(digest).collect();
    let apart = |n: &usize| digests.iter().map(|d| &d[..*n]).collect::<BTreeSet<_>>().len() == digests.len();
    let digits = (6..=64).step_by(2).find(apart).unwrap_or(64);
    let item = |(d, (case, repeat)): (&String, &(usize, u32))| Item {
        id: d[..digits].to_owned(),
        case: *case,
        repeat: *repeat,
    };
    digests.iter().zip(listed).map(item).collect()
}

/// The timepoints of a case in the order in which they are shown, with their handles: 0 is the case's own images, 1 the first
/// of its other timepoints. Where readers are not told, the order is shuffled by `spondyl-timepoints/1\n<seed>\n<case>\n`
/// and the handles are letters; it is the same for all readers, so that their files can be compared.
pub fn shown_timepoints(trial: &Trial, case: &TrialCase) -> Vec<(usize, String)> {
    let count = case.timepoints.len() + 1;
    if !trial.blind.timepoint {
        let name = |n: usize| if n == 0 { case.timepoint.clone() } else { case.timepoints[n - 1].id.clone() };
        return (0..count).map(|n| (n, name(n))).collect();
    }
    let order = Stream::of(&format!("spondyl-timepoints/1\n{}\n{}\n", trial.seed, case.id)).shuffled(count);
    let letter = |n: usize| match n {
        0..26 => format!("study-{}", char::from(b'a' + n as u8)),
        _ => format!("study-{}", n + 1),
    };
    order.into_iter().enumerate().map(|(n, t)| (t, letter(n))).collect()
}
