//! Text to JSON, strictly: UTF-8 without byte order mark, every key once, finite numbers, bounded size and depth.

use super::shape::shown;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Files above this are refused by size; the case of a whole spine with many lesions has a few MiB.
const LARGEST: u64 = 256 << 20;

/// Reads a file; the inner error is a sentence about its text.
pub fn read(path: &Path) -> io::Result<Result<Value, String>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let too_large = |size: u64| {
        Ok(Err(format!("the file is too large to be a case JSON: {} MiB, at most {} MiB", size >> 20, LARGEST >> 20)))
    };
    if size > LARGEST {
        return too_large(size);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return too_large(bytes.len() as u64);
    }
    Ok(parse(&bytes))
}

/// Parses a text.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    match bytes {
        [] => return Err("the file is empty; a case JSON was expected".to_owned()),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            return Err("not JSON: the text is UTF-16; JSON files are UTF-8 (RFC 8259)".to_owned());
        }
        [0xEF, 0xBB, 0xBF, ..] => {
            return Err("not JSON: byte 0 begins a byte order mark, which JSON files do not have (RFC 8259)".to_owned());
        }
        _ => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
        format!("not JSON: byte {at} (line {line}) is not UTF-8")
    })?;
    let strict: Strict = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    Ok(strict.0)
}

/// A value in which no object has a key twice: the last would win in silence.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_string<E: Error>(self, v: String) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element::<Strict>()? {
            list.push(item.0);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key \"{}\"", shown(&key))));
            }
            object.insert(key, map.next_value::<Strict>()?.0);
        }
        Ok(Value::Object(object))
    }
}
