//! A value against a JSON Schema: the keywords that our published schemas use, every violation with its pointer. A test
//! holds the published schemas to these keywords, so that what is published is what is checked.

use super::Checked;
use serde_json::{Map, Value};

/// Keywords that say nothing about a value's shape; the types behind `format` are checked when the file is read.
#[cfg(test)]
pub const SILENT: [&str; 7] = ["$schema", "$id", "$defs", "title", "description", "default", "format"];

/// Checks a value against a schema with local `$defs`.
pub fn check(schema: &Value, value: &Value, out: &mut Checked) {
    Checker { root: schema, out }.value(schema, value, &mut String::new(), 0);
}

/// `key` as one step of a JSON pointer (RFC 6901).
pub fn step(key: &str) -> String {
    format!("/{}", shown(key).replace('~', "~0").replace('/', "~1"))
}

/// Text from a file, short and without characters that could steer a terminal or turn a line around.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect::<String>().escape_debug().to_string().replace("\\\"", "\"");
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

fn shown_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shown(text)),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}

struct Checker<'a> {
    root: &'a Value,
    out: &'a mut Checked,
}

impl Checker<'_> {
    fn value(&mut self, schema: &Value, value: &Value, at: &mut String, depth: usize) {
        // Schemas of plain data do not loop; the bound keeps a wrong one from doing so.
        let (Some(schema), true) = (schema.as_object(), depth < 200) else { return };
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        if let Some(target) = target.and_then(|pointer| self.root.pointer(pointer)) {
            self.value(target, value, at, depth + 1);
        }
        self.words(schema, value, at);
        self.alternatives(schema, value, at, depth);
        if !self.has_type(schema, value, at) {
            return;
        }
        match value {
            Value::Object(object) => self.object(schema, object, at, depth),
            Value::Array(list) => self.list(schema, list, at, depth),
            Value::Number(_) => self.number(schema, value, at),
            _ => {}
        }
    }

    fn has_type(&mut self, schema: &Map<String, Value>, value: &Value, at: &str) -> bool {
        let is = |name: &str| match name {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "integer" => value.is_u64() || value.is_i64() || value.as_f64().is_some_and(|f| f.fract() == 0.0),
            "number" => value.is_number(),
            _ => false,
        };
        let names: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let fits = names.iter().any(|n| is(n));
        if !fits {
            self.out.add(at, format!("is {}; expected {}", shown_value(value), names.join(" or ")));
        }
        fits
    }

    fn words(&mut self, schema: &Map<String, Value>, value: &Value, at: &str) {
        let allowed = match (schema.get("enum"), schema.get("const")) {
            (Some(Value::Array(words)), _) => words.clone(),
            (_, Some(word)) => vec![word.clone()],
            _ => return,
        };
        if !allowed.contains(value) {
            let words: Vec<String> = allowed.iter().map(shown_value).collect();
            self.out.add(at, format!("is {}; expected {}", shown_value(value), words.join(", ")));
        }
    }

    /// `anyOf` and `oneOf`: of alternatives that all fail, the nearest one's problems are told.
    fn alternatives(&mut self, schema: &Map<String, Value>, value: &Value, at: &mut String, depth: usize) {
        for branches in ["anyOf", "oneOf"].iter().filter_map(|k| schema.get(*k)?.as_array()) {
            let word = |b: &Value| b.get("const").cloned();
            if let Some(words) = branches.iter().map(word).collect::<Option<Vec<Value>>>() {
                self.words(&Map::from_iter([("enum".to_owned(), Value::Array(words))]), value, at);
                continue;
            }
            let mut best: Option<Checked> = None;
            for branch in branches {
                let mut tried = Checked::default();
                Checker { root: self.root, out: &mut tried }.value(branch, value, at, depth + 1);
                let is_null = branch.get("type").is_some_and(|t| t == "null");
                let nearer = |b: &Checked| tried.is_sound() || (!is_null && tried.problems.len() < b.problems.len());
                if best.as_ref().is_none_or(nearer) {
                    best = Some(tried);
                }
            }
            let best = best.unwrap_or_default();
            self.out.more += best.more;
            best.problems.into_iter().for_each(|p| self.out.add(p.pointer, p.message));
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, object: &Map<String, Value>, at: &mut String, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                self.out.add(&**at, format!("has no \"{key}\""));
            }
        }
        for (key, inner) in object {
            let length = at.len();
            at.push_str(&step(key));
            match (properties.and_then(|p| p.get(key)), schema.get("additionalProperties")) {
                (Some(schema), _) => self.value(schema, inner, at, depth + 1),
                (None, Some(Value::Bool(false))) => self.out.add(&**at, "is not a field of this format"),
                (None, Some(schema)) => self.value(schema, inner, at, depth + 1),
                (None, None) => {}
            }
            at.truncate(length);
        }
    }

    fn list(&mut self, schema: &Map<String, Value>, list: &[Value], at: &mut String, depth: usize) {
        let bound = |key| schema.get(key).and_then(Value::as_u64);
        if bound("minItems").is_some_and(|n| (list.len() as u64) < n)
            || bound("maxItems").is_some_and(|n| list.len() as u64 > n)
        {
            let expected = [bound("minItems"), bound("maxItems")].into_iter().flatten().map(|n| n.to_string());
            let expected: Vec<String> = expected.collect();
            self.out.add(&**at, format!("is a list of {}; expected {}", list.len(), expected.join(" to ")));
        }
        let Some(items) = schema.get("items") else { return };
        for (n, item) in list.iter().enumerate() {
            let length = at.len();
            at.push_str(&format!("/{n}"));
            self.value(items, item, at, depth + 1);
            at.truncate(length);
        }
    }

    fn number(&mut self, schema: &Map<String, Value>, value: &Value, at: &str) {
        let bound = |key| schema.get(key).and_then(Value::as_f64);
        let Some(number) = value.as_f64() else { return };
        if bound("minimum").is_some_and(|least| number < least) {
            self.out.add(at, format!("is {value}; expected at least {}", schema["minimum"]));
        }
        if bound("maximum").is_some_and(|most| number > most) {
            self.out.add(at, format!("is {value}; expected at most {}", schema["maximum"]));
        }
    }
}
