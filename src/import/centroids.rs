//! Centres of vertebrae as VerSe keeps them (anjany/verse): a JSON list whose first entry names the directions in which the
//! image's axes run, and whose others hold a label and a position in voxels of that image.

use super::{CentreName, Found, ImportError, Place, VerseVoxel, level_named};
use serde_json::Value;
use std::path::Path;

/// A file larger than this is no list of centres.
const BYTES_MAX: u64 = 4 << 20;

/// Whether a JSON text is a list, as VerSe's centroids are and our cases are not.
pub fn is_list(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    text.trim_ascii_start().first() == Some(&b'[')
}

/// Reads centroids.
pub fn read(path: &Path) -> Result<Found, ImportError> {
    let fail = |what: String| ImportError::new(path, what);
    let size = std::fs::metadata(path).map_err(|e| fail(format!("cannot be read: {e}")))?.len();
    if size > BYTES_MAX {
        return Err(fail(format!("{size} bytes; a list of centres has at most {BYTES_MAX}")));
    }
    let bytes = std::fs::read(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| fail(format!("is not JSON: {e}")))?;
    of_list(&value).map_err(fail)
}

fn of_list(value: &Value) -> Result<Found, String> {
    let list = value.as_array().ok_or("is not a list; VerSe centroids are one")?;
    let mut axes = None;
    let mut found = Found { what: "VerSe centroids", ..Found::default() };
    for (n, entry) in list.iter().enumerate() {
        if let Some(direction) = entry.get("direction") {
            axes = Some(directions(direction)?);
            continue;
        }
        let Some(label) = entry.get("label") else { continue };
        let axes = axes.ok_or_else(|| format!("entry {n} comes before \"direction\", which says how the axes run"))?;
        let number = |key: &str| {
            let v = entry.get(key).and_then(Value::as_f64).filter(|v| v.is_finite());
            v.ok_or_else(|| format!("entry {n} has no number \"{key}\"; expected label, X, Y, Z"))
        };
        let at = [number("X")?, number("Y")?, number("Z")?];
        let named = label.as_str().and_then(level_named).map(CentreName::Level);
        let counted = label.as_u64().and_then(|l| u32::try_from(l).ok()).map(CentreName::Number);
        let name = named.or(counted).ok_or_else(|| format!("entry {n}: label {label} is no level and no number"))?;
        found.centres.push((name, Place::Voxel(VerseVoxel { axes, at })));
    }
    if found.centres.is_empty() {
        return Err("holds no centre: expected entries with label, X, Y, Z after one with \"direction\"".to_owned());
    }
    Ok(found)
}

/// Three letters, one for each axis of the patient.
fn directions(value: &Value) -> Result<[char; 3], String> {
    let letters: Vec<char> =
        value.as_array().into_iter().flatten().filter_map(|l| l.as_str()?.chars().next()).collect();
    let wrong = || format!("\"direction\" is {value}; expected three of L, R, P, A, S, I, one for each axis");
    let three = <[char; 3]>::try_from(letters).map_err(|_| wrong())?.map(|c| c.to_ascii_uppercase());
    let axis = |c: char| "LRPASI".find(c).map(|n| n / 2);
    let mut seen: Vec<usize> = three.iter().filter_map(|c| axis(*c)).collect();
    seen.sort_unstable();
    if seen == [0, 1, 2] { Ok(three) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::VertebraLevel;
    use serde_json::json;

    #[test]
    fn centroids_keep_their_axes_and_numbers() {
        let list = json!([{"direction": ["P", "I", "R"]}, {"label": 6, "X": 1.5, "Y": 2, "Z": 3}, {"label": "T13", "X": 0, "Y": 0, "Z": 0}]);
        let found = of_list(&list).expect("a list");
        assert_eq!(found.centres[0].0, CentreName::Number(6));
        assert_eq!(found.centres[0].1, Place::Voxel(VerseVoxel { axes: ['P', 'I', 'R'], at: [1.5, 2.0, 3.0] }));
        assert_eq!(found.centres[1].0, CentreName::Level(VertebraLevel::T13));
    }

    #[test]
    fn what_is_no_list_of_centres_is_told_why() {
        for (list, why) in [
            (json!({}), "not a list"),
            (json!([]), "no centre"),
            (json!([{"label": 1, "X": 0, "Y": 0, "Z": 0}]), "comes before"),
            (json!([{"direction": ["P", "I", "P"]}]), "expected three of"),
            (json!([{"direction": ["P", "I", "R"]}, {"label": 6, "X": 1.5, "Y": 2}]), "no number \"Z\""),
            (json!([{"direction": ["P", "I", "R"]}, {"label": true, "X": 1, "Y": 2, "Z": 3}]), "no level"),
        ] {
            let said = of_list(&list).expect_err("refused");
            assert!(said.contains(why), "{said}");
        }
    }
}
