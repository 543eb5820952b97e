//! Which series a command means: `--series` as a UID, a unique end of one, or a number of `info`'s list.

use super::Failure;
use crate::study::{Scan, Series};

/// Index of the series that `wanted` names; without it the only series that lies in the patient, or the only one at all.
///
/// # Errors
/// A sentence that lists what there is, when none or several fit.
pub fn choose(scan: &Scan, wanted: Option<&str>) -> Result<usize, Failure> {
    let fitting: Vec<&Series> = match wanted {
        None => {
            let located: Vec<&Series> = scan.series.iter().filter(|s| s.is_located()).collect();
            if located.is_empty() { scan.series.iter().collect() } else { located }
        }
        Some(wanted) => {
            let exact: Vec<&Series> =
                scan.series.iter().filter(|s| s.series_instance_uid == wanted || scan.key_of(s).0 == wanted).collect();
            let number = wanted.parse().ok().and_then(|n: usize| scan.series.get(n));
            match (exact.is_empty(), number) {
                (false, _) => exact,
                (true, Some(series)) => vec![series],
                (true, None) => scan.series.iter().filter(|s| s.series_instance_uid.ends_with(wanted)).collect(),
            }
        }
    };
    match fitting.as_slice() {
        [only] => Ok(only.index),
        [] if scan.series.is_empty() => Err(Failure::Failed(nothing(scan))),
        [] => Err(Failure::Failed(format!(
            "no series fits --series {}; there are: {}",
            wanted.unwrap_or_default(),
            list(scan.series.iter())
        ))),
        several => Err(Failure::Failed(format!(
            "{} series fit; name one with --series: {}",
            several.len(),
            list(several.iter().copied())
        ))),
    }
}

/// `0 (CT, 512 x 512 x 90, 1.2.3), 1 (…)`.
fn list<'a>(series: impl Iterator<Item = &'a Series>) -> String {
    const SHOWN: usize = 12;
    let mut words: Vec<String> = series
        .map(|s| {
            let [columns, rows, slices] = s.size();
            format!("{} ({}, {columns} x {rows} x {slices}, {})", s.index, s.modality, s.series_instance_uid)
        })
        .collect();
    if words.len() > SHOWN {
        let more = words.len() - SHOWN;
        words.truncate(SHOWN);
        words.push(format!("and {more} more (see `spondyl info`)"));
    }
    words.join(", ")
}

/// Why there is no image, in one sentence.
pub fn nothing(scan: &Scan) -> String {
    match scan.skipped.as_slice() {
        [] => "no DICOM images were found: the folder is empty; give a folder that holds DICOM files".to_owned(),
        [only] => format!("no image was found: {}: {}", only.path, only.reason),
        [first, ..] => {
            let count = scan.skipped.len();
            format!(
                "no image was found in {count} files, for example {}: {}; give a folder that holds DICOM images",
                first.path, first.reason
            )
        }
    }
}
