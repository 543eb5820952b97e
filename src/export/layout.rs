//! How JSON files are laid out: objects over lines, lists of numbers on one, so that a person can read the file, a diff
//! stays small, and a mask of ten thousand runs is not ten thousand lines.

use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Lays out objects over lines and lists without objects on one.
#[derive(Default)]
struct Layout {
    /// Open containers; for a list whether it held an object.
    open: Vec<Open>,
}

enum Open {
    Object,
    List { objects: bool },
}

impl Layout {
    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        let deep = self.open.len();
        (0..deep).try_for_each(|_| out.write_all(b" "))
    }
}

impl Formatter for Layout {
    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if let Some(Open::List { objects }) = self.open.last_mut() {
            *objects = true;
            self.line(out)?;
        }
        self.open.push(Open::Object);
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open.pop();
        self.line(out)?;
        out.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.line(out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open.push(Open::List { objects: false });
        out.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if let Some(Open::List { objects: true }) = self.open.pop() {
            self.line(out)?;
        }
        out.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b"," })
    }
}

/// The value as JSON text, laid out for people, with a newline at the end.
///
/// # Errors
/// When a map's key is not a string; no type of this program has such.
pub fn json_text<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Layout::default()))?;
    text.push(b'\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn lists_of_numbers_stay_on_one_line_and_objects_get_their_own() {
        let value = json!({"a": [[1, 2.5], [3]], "b": [{"c": {}}, {"d": []}], "e": [], "f": null});
        let text = json_text(&value).expect("string keys");
        let expected = "{\n \"a\": [[1,2.5],[3]],\n \"b\": [\n  {\n   \"c\": {\n   }\n  },\n  {\n   \"d\": []\n  }\n ],\n \"e\": [],\n \"f\": null\n}\n";
        assert_eq!(String::from_utf8_lossy(&text), expected);
        assert_eq!(serde_json::from_slice::<Value>(&text).expect("valid"), value);
    }
}
