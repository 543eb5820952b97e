//! The published JSON Schema of the case file, made from the types that write it.

use super::CaseFile;
use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

/// The schema, JSON Schema draft 2020-12. Every field is written (a missing value is `null`) and required, but for those
/// that came after the first files of this version and have a default; unknown fields are refused.
pub fn case_schema() -> Schema {
    let closed = RecursiveTransform(|schema: &mut Schema| {
        if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
            schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let came_later = |key: &Value| key.as_str().and_then(|k| properties.get(k)?.get("default")).is_some();
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|key| !came_later(key));
        }
    });
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(closed);
    let mut schema = settings.into_generator().into_root_schema_for::<CaseFile>();
    schema.insert("$id".to_owned(), json!(super::SCHEMA_NAME));
    schema.insert("title".to_owned(), json!("Spondyl case"));
    schema
}
