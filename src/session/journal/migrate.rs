//! Case files of older versions: a function for each step from one version of the format to the next. A file is read
//! through them and never rewritten.

use super::VERSION;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Changes a record (a header or an entry) of one version into one of the next.
type Step = fn(Value) -> Value;

/// The step at place n leads from version n + 1 to version n + 2. Version 1 is the first.
const STEPS: [Step; VERSION as usize - 1] = [];

/// Reads a verified line of a file of version `of`.
///
/// # Errors
/// When the line is not what its version says.
pub fn record<T: DeserializeOwned>(line: &[u8], of: u32) -> serde_json::Result<T> {
    match of {
        VERSION => serde_json::from_slice(line),
        older => serde_json::from_value(migrated(&STEPS, serde_json::from_slice(line)?, older)),
    }
}

fn migrated(steps: &[Step], record: Value, of: u32) -> Value {
    steps.iter().skip((of as usize).saturating_sub(1)).fold(record, |r, step| step(r))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_goes_through_every_step_from_its_own_version_on() {
        let rename: Step = |mut r| {
            let old = r["radius"].take();
            r["radius_mm"] = old;
            r
        };
        let double: Step = |mut r| {
            r["radius_mm"] = json!(r["radius_mm"].as_f64().map(|mm| 2.0 * mm));
            r
        };
        let steps = [rename, double];
        assert_eq!(migrated(&steps, json!({"radius": 1.5}), 1)["radius_mm"], 3.0);
        assert_eq!(migrated(&steps, json!({"radius_mm": 1.5}), 2)["radius_mm"], 3.0);
        assert_eq!(migrated(&steps, json!({"radius_mm": 1.5}), 3)["radius_mm"], 1.5);
        let read: Value = record(b"{\"unknown\":[1]}", VERSION).unwrap();
        assert_eq!(read, json!({"unknown": [1]}));
    }
}
