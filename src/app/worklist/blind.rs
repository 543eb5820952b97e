//! What an item's images do not tell: names of series and files, dates, and which study is the earlier one.

use crate::study::{Scan, Series};
use crate::trial::{Blind, TrialCase};
use crate::volume::Finding;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The series in the order of their timepoints as they are shown, and the studies of each timepoint.
pub fn in_order(
    mut scan: Scan,
    folder: &Path,
    case: &TrialCase,
    shown: &[(usize, String)],
) -> (Scan, Vec<BTreeSet<String>>) {
    let images = |t: usize| if t == 0 { &case.images } else { &case.timepoints[t - 1].images };
    let whole = |p: PathBuf| p.canonicalize().unwrap_or(p);
    let roots: Vec<PathBuf> = shown.iter().map(|(t, _)| whole(folder.join(images(*t)))).collect();
    // A folder may lie within another one: the longest that holds the file is meant.
    let place = |s: &Series| {
        let file = s.frames.first().map(|f| whole(f.instance.source.path.clone())).unwrap_or_default();
        let holds = roots.iter().enumerate().filter(|(_, root)| file.starts_with(root));
        holds.max_by_key(|(_, root)| root.components().count()).map_or(0, |(n, _)| n)
    };
    let mut studies = vec![BTreeSet::new(); shown.len()];
    scan.series.sort_by_key(place);
    for (index, series) in scan.series.iter_mut().enumerate() {
        series.index = index;
        studies[place(series)].insert(series.study_instance_uid.clone());
    }
    (scan, studies)
}

/// The series that the study names for the case; `None` where it names none, or not one alone.
pub fn chosen(scan: &Scan, case: &TrialCase) -> Option<usize> {
    let uid = |s: &&Series| case.series.as_ref().is_none_or(|uid| s.series_instance_uid.ends_with(uid.as_str()));
    let fits = |p: &String, s: &Series| super::super::hanging::matches(p, &s.description);
    let described = |s: &&Series| case.description.as_ref().is_none_or(|p| fits(p, s));
    if case.series.is_none() && case.description.is_none() {
        return None;
    }
    let found: Vec<&Series> = scan.series.iter().filter(uid).filter(described).collect();
    match (found.as_slice(), &case.series) {
        ([one], _) => Some(one.index),
        ([], _) => None,
        // A pattern may fit several: the one with the most slices, as hanging rules take it.
        (several, None) => several.iter().max_by_key(|s| (s.frames.len(), usize::MAX - s.index)).map(|s| s.index),
        (several, Some(uid)) => several.iter().find(|s| s.series_instance_uid == *uid).map(|s| s.index),
    }
}

/// The scan without what is hidden. What documents keep of a series (UIDs, grid, fingerprint) stays as it is.
pub fn blinded(mut scan: Scan, blind: Blind, studies: &[BTreeSet<String>]) -> Scan {
    let several = studies.len() > 1;
    for series in &mut scan.series {
        if blind.patient || blind.timepoint {
            series.study_date.clear();
        }
        if blind.descriptions || (several && blind.timepoint) {
            let study = studies.iter().position(|s| s.contains(&series.study_instance_uid)).filter(|_| several);
            let letter = study.map(|n| char::from(b'A' + (n % 26) as u8));
            series.description = letter.map_or(String::new(), |l| format!("Study {l}, series {}", series.index + 1));
        }
        if blind.patient {
            let no_files = |f: &mut Finding| f.files.clear();
            series.findings.iter_mut().for_each(no_files);
        }
    }
    if blind.patient {
        scan.skipped.iter_mut().for_each(|s| s.path = "a file".to_owned());
    }
    scan
}
