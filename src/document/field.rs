//! Setting one named field of a record: the same serde names that files use, checked by the types themselves.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Why a field cannot be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FieldError {
    /// There is no such field.
    #[error("there is no field \"{field}\"; the fields are {known}")]
    Unknown {
        /// What was asked for.
        field: String,
        /// What there is.
        known: String,
    },
    /// The field cannot hold this value.
    #[error("\"{field}\" cannot be {value}: {why}")]
    Refused {
        /// The field.
        field: String,
        /// The value, as JSON.
        value: String,
        /// What the type says.
        why: String,
    },
}

/// A copy of `record` in which `field` holds `value`; `fixed` fields may not be set this way. A dotted name reaches
/// into a nested record (`mr.t1_vs_normal_marrow`).
///
/// # Errors
/// [`FieldError`] when the field does not exist, is fixed, or its type refuses the value.
pub fn with_field<T>(record: &T, field: &str, value: &Value, fixed: &[&str]) -> Result<T, FieldError>
where
    T: Serialize + DeserializeOwned,
{
    let refused = |why: String| FieldError::Refused { field: field.to_owned(), value: value.to_string(), why };
    let mut whole = serde_json::to_value(record).map_err(|e| refused(e.to_string()))?;
    let mut at = &mut whole;
    for part in field.split('.') {
        let known = match at.as_object() {
            Some(map) => map.keys().filter(|k| !fixed.contains(&k.as_str())).cloned().collect::<Vec<_>>().join(", "),
            None => String::new(),
        };
        let unknown = || FieldError::Unknown { field: field.to_owned(), known };
        if fixed.contains(&part) {
            return Err(unknown());
        }
        match at.as_object_mut().and_then(|m| m.get_mut(part)) {
            Some(inner) => at = inner,
            None => return Err(unknown()),
        }
    }
    *at = value.clone();
    serde_json::from_value(whole).map_err(|e| refused(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{CaseFacts, MrSignal, MrSignals};
    use serde_json::json;

    #[test]
    fn sets_known_fields_and_refuses_the_rest() {
        let facts = with_field(&CaseFacts::default(), "age_years", &json!(45), &[]).expect("known");
        assert_eq!(facts.age_years, Some(45.0));
        assert!(matches!(with_field(&facts, "shoe_size", &json!(1), &[]), Err(FieldError::Unknown { .. })));
        assert!(matches!(with_field(&facts, "age_years", &json!("old"), &[]), Err(FieldError::Refused { .. })));
        assert!(matches!(with_field(&facts, "sex", &json!("M"), &["sex"]), Err(FieldError::Unknown { .. })));
    }

    #[test]
    fn reaches_nested_fields() {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct Outer {
            mr: MrSignals,
        }
        let o = Outer { mr: MrSignals::default() };
        let o = with_field(&o, "mr.t2", &json!("hyperintense"), &[]).expect("nested");
        assert_eq!(o.mr.t2, MrSignal::Hyperintense);
    }
}
