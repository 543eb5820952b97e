//! Which readings stand for which cases: the first readings of all readers side by side, and each reader's two readings of
//! the cases that came twice.

use super::definition::Trial;
use super::progress::{ItemState, Progress};

/// Finished readings that are held against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineup {
    /// The case's id.
    pub case: String,
    /// The item of each column; `None` where it is not finished.
    pub items: Vec<Option<String>>,
}

/// A reader and how far each item is.
pub type ReaderProgress = (String, Vec<Progress>);

fn finished(of: &[Progress], case: usize, repeat: u32) -> Option<&Progress> {
    let at = |p: &&Progress| p.item.case == case && p.item.repeat == repeat && p.state == ItemState::Finished;
    of.iter().find(at)
}

/// Between readers: a column for each reader, a row for each case; second readings are left out.
pub fn between_readers(trial: &Trial, all: &[ReaderProgress]) -> Vec<Lineup> {
    let of = |(_, items): &ReaderProgress, case| finished(items, case, 0).map(|p| p.item.id.clone());
    let row = |(n, case): (usize, &super::TrialCase)| Lineup {
        case: case.id.clone(),
        items: all.iter().map(|reader| of(reader, n)).collect(),
    };
    trial.cases.iter().enumerate().map(row).collect()
}

/// Within a reader: first and second reading of each case that came twice.
pub fn within_reader(trial: &Trial, of: &[Progress]) -> Vec<Lineup> {
    let twice = of.iter().filter(|p| p.item.repeat == 1).map(|p| p.item.case);
    let mut cases: Vec<usize> = twice.collect();
    cases.sort_unstable();
    let row = |case: usize| Lineup {
        case: trial.cases[case].id.clone(),
        items: [0, 1].iter().map(|r| finished(of, case, *r).map(|p| p.item.id.clone())).collect(),
    };
    cases.into_iter().map(row).collect()
}
