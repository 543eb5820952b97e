//! A TOML text with the line of each of its values, so that what is wrong in it can be said: where, which key, what was
//! found, what was expected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest piece of the text that a message repeats, characters.
const SHOWN_MAX: usize = 60;

/// What is wrong in a `study.toml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// The file cannot be read.
    #[error("{}: {why}", .path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// What the system said, or what to do.
        why: String,
    },
    /// It is no TOML.
    #[error("{}, line {line}: this is not TOML: {why}", .path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the parser said.
        why: String,
    },
    /// A value does not hold.
    #[error("{}, line {line}: {key}: found {found}; expected {expected}", .path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Which key, with the list and the place in it: `cases[2].images`.
        key: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Written {
    pub line: usize,
    /// The text as it stands there, shortened.
    pub text: String,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Text(String),
    Whole(i64),
    Number(f64),
    Flag(bool),
    List(Vec<Written>),
    Table(BTreeMap<String, Written>),
    Other,
}

/// A table whose keys are taken one after the other; what is left over at the end is no key of it.
pub struct Keys<'a> {
    path: &'a Path,
    name: String,
    line: usize,
    known: Vec<&'static str>,
    left: BTreeMap<String, Written>,
}

/// Reads a text.
pub fn read<'a>(path: &'a Path, text: &str) -> Result<Keys<'a>, TrialError> {
    let line_of = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
    let table = DeTable::parse(text).map_err(|e| TrialError::NotToml {
        path: path.to_owned(),
        line: line_of(e.span().map_or(0, |s| s.start)),
        why: e.message().to_owned(),
    })?;
    let left = entries(table.get_ref(), text, &line_of);
    Ok(Keys { path, name: String::new(), line: 1, known: Vec::new(), left })
}

fn entries(table: &DeTable<'_>, text: &str, line_of: &dyn Fn(usize) -> usize) -> BTreeMap<String, Written> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        (key.clone().into_owned(), written(value, text, line_of))
    };
    table.iter().map(entry).collect()
}

fn written(value: &Spanned<DeValue<'_>>, text: &str, line_of: &dyn Fn(usize) -> usize) -> Written {
    let span = value.span();
    let whole = text.get(span.clone()).unwrap_or_default();
    let first = whole.lines().next().unwrap_or_default();
    let mut shown: String = first.chars().take(SHOWN_MAX).collect();
    if shown.len() < whole.trim_end().len() {
        shown.push('…');
    }
    let kind = match value.get_ref() {
        DeValue::String(s) => Kind::Text(s.clone().into_owned()),
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).map_or(Kind::Other, Kind::Whole),
        DeValue::Float(f) => f.as_str().parse().ok().filter(|f: &f64| f.is_finite()).map_or(Kind::Other, Kind::Number),
        DeValue::Boolean(b) => Kind::Flag(*b),
        DeValue::Datetime(_) => Kind::Other,
        DeValue::Array(items) => Kind::List(items.iter().map(|v| written(v, text, line_of)).collect()),
        DeValue::Table(table) => Kind::Table(entries(table, text, line_of)),
    };
    Written { line: line_of(span.start), text: shown, kind }
}

impl<'a> Keys<'a> {
    fn key(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}.{name}", self.name) }
    }

    /// Says that the value of a key does not hold.
    pub fn wrong(&self, name: &str, value: &Written, expected: impl Into<String>) -> TrialError {
        self.say(value.line, self.key(name), value.text.clone(), expected.into())
    }

    /// Says what is wrong in the table as a whole.
    pub fn wrong_here(&self, name: &str, found: impl Into<String>, expected: impl Into<String>) -> TrialError {
        self.say(self.line, self.key(name), found.into(), expected.into())
    }

    fn say(&self, line: usize, key: String, found: String, expected: String) -> TrialError {
        TrialError::Value { path: self.path.to_owned(), line, key, found, expected }
    }

    /// The value of a key, if it is there.
    pub fn take(&mut self, name: &'static str) -> Option<Written> {
        self.known.push(name);
        self.left.remove(name)
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        of: impl Fn(&Kind) -> Option<T>,
    ) -> Result<Option<T>, TrialError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        of(&value.kind).map(Some).ok_or_else(|| self.wrong(name, &value, expected))
    }

    /// A text that says something.
    pub fn text(&mut self, name: &'static str, expected: &str) -> Result<Option<String>, TrialError> {
        self.typed(name, expected, |k| match k {
            Kind::Text(t) if !t.trim().is_empty() => Some(t.trim().to_owned()),
            _ => None,
        })
    }

    /// The same, and it must be there.
    pub fn needed(&mut self, name: &'static str, expected: &str) -> Result<String, TrialError> {
        self.text(name, expected)?.ok_or_else(|| self.wrong_here(name, "nothing", expected))
    }

    /// `true` or `false`; what stands for it where nothing is said.
    pub fn flag(&mut self, name: &'static str, unsaid: bool) -> Result<bool, TrialError> {
        let flag = self.typed(name, "true or false", |k| if let Kind::Flag(b) = k { Some(*b) } else { None })?;
        Ok(flag.unwrap_or(unsaid))
    }

    /// A whole number within a range.
    pub fn whole(&mut self, name: &'static str, range: [i64; 2], expected: &str) -> Result<Option<i64>, TrialError> {
        self.typed(name, expected, |k| match k {
            Kind::Whole(n) if (range[0]..=range[1]).contains(n) => Some(*n),
            _ => None,
        })
    }

    /// Two numbers, the smaller first.
    pub fn interval(&mut self, name: &'static str) -> Result<Option<[f64; 2]>, TrialError> {
        let number = |w: &Written| match w.kind {
            Kind::Whole(n) => Some(n as f64),
            Kind::Number(n) => Some(n),
            _ => None,
        };
        self.typed(name, "the least and the largest number, such as [0, 10]", |k| match k {
            Kind::List(items) => match items.as_slice() {
                [a, b] => Some([number(a)?, number(b)?]).filter(|[a, b]| a < b),
                _ => None,
            },
            _ => None,
        })
    }

    /// A list of texts, each another one; with the line of each.
    pub fn texts(&mut self, name: &'static str, expected: &str) -> Result<Option<Vec<(usize, String)>>, TrialError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let Kind::List(items) = &value.kind else { return Err(self.wrong(name, &value, expected)) };
        let mut out: Vec<(usize, String)> = Vec::new();
        for item in items {
            match &item.kind {
                Kind::Text(t) if t.trim().is_empty() => return Err(self.wrong(name, item, expected)),
                Kind::Text(t) if out.iter().any(|(_, known)| known == t.trim()) => {
                    return Err(self.wrong(name, item, "each of them once"));
                }
                Kind::Text(t) => out.push((item.line, t.trim().to_owned())),
                _ => return Err(self.wrong(name, item, expected)),
            }
        }
        Ok(Some(out))
    }

    /// The tables of a list, or of a single table.
    pub fn tables(&mut self, name: &'static str, expected: &str) -> Result<Vec<Keys<'a>>, TrialError> {
        let Some(value) = self.take(name) else { return Ok(Vec::new()) };
        let Kind::List(items) = &value.kind else { return Err(self.wrong(name, &value, expected)) };
        let mut out = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let Kind::Table(left) = &item.kind else { return Err(self.wrong(name, item, expected)) };
            let name = format!("{}[{}]", self.key(name), n + 1);
            out.push(Keys { path: self.path, name, line: item.line, known: Vec::new(), left: left.clone() });
        }
        Ok(out)
    }

    /// One table; an empty one where nothing is said.
    pub fn table(&mut self, name: &'static str) -> Result<Keys<'a>, TrialError> {
        let empty = Written { line: self.line, text: String::new(), kind: Kind::Table(BTreeMap::new()) };
        let value = self.take(name).unwrap_or(empty);
        let Kind::Table(left) = &value.kind else { return Err(self.wrong(name, &value, format!("a table [{name}]"))) };
        Ok(Keys { path: self.path, name: self.key(name), line: value.line, known: Vec::new(), left: left.clone() })
    }

    /// Nothing may be left over.
    pub fn done(self) -> Result<(), TrialError> {
        match self.left.iter().min_by_key(|(_, v)| v.line) {
            None => Ok(()),
            Some((name, value)) => {
                let expected = format!("one of {}", self.known.join(", "));
                Err(self.say(value.line, self.key(name), "a key that is not known here".to_owned(), expected))
            }
        }
    }
}
