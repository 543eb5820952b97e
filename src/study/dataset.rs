//! A data set in memory: elements by tag, their values as numbers and text, the items of their sequences.
//!
//! Public attributes whose value representation the file does not give (implicit), or gives as `UN`, are read as the
//! standard defines them.

use super::attribute::{Attribute, TagNumber};
use super::element::{self, Encoding, Header, ITEM, ITEM_END, SEQUENCE_END, header_at};
use super::privacy::may_be_quoted;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug)]
struct Element {
    tag: TagNumber,
    vr: Option<[u8; 2]>,
    /// How the items of a sequence are written.
    nested: Encoding,
    start: usize,
    end: usize,
}

/// Elements with their values.
#[derive(Clone, Debug)]
pub struct Dataset<'a> {
    bytes: Cow<'a, [u8]>,
    elements: Vec<Element>,
    big_endian: bool,
}

impl<'a> Dataset<'a> {
    /// An empty data set that will own its values.
    pub fn new(encoding: Encoding) -> Dataset<'static> {
        Dataset { bytes: Cow::Owned(Vec::new()), elements: Vec::new(), big_endian: encoding.big_endian }
    }

    /// Adds an element with a copy of its value. Of elements that stand twice the last counts.
    pub fn push(&mut self, header: &Header, encoding: Encoding, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.to_mut().extend_from_slice(value);
        self.elements.push(Element {
            tag: header.tag,
            vr: header.vr,
            nested: header.nested(encoding),
            start,
            end: start + value.len(),
        });
    }

    /// Reads the elements of an item. What comes after a broken element is left out.
    pub(super) fn parse(bytes: &'a [u8], encoding: Encoding) -> Dataset<'a> {
        let mut elements = Vec::new();
        let (mut data, mut at) = (bytes, 0u64);
        while let Ok(Some(header)) = header_at(&mut data, at, encoding, ITEM) {
            if matches!(header.tag, ITEM_END | SEQUENCE_END) {
                break;
            }
            let start = at + header.size as u64;
            let end = match header.length {
                Some(length) => start + u64::from(length),
                None => match element::end_of_sequence(&mut data, &header, start, encoding) {
                    Ok(end) => end,
                    Err(_) => break,
                },
            };
            if end > bytes.len() as u64 {
                break;
            }
            let (start, end_index) = (start as usize, end as usize);
            elements.push(Element {
                tag: header.tag,
                vr: header.vr,
                nested: header.nested(encoding),
                start,
                end: end_index,
            });
            at = end;
        }
        Dataset { bytes: Cow::Borrowed(bytes), elements, big_endian: encoding.big_endian }
    }

    /// The value of an attribute that is there and not empty.
    pub fn get(&self, attribute: Attribute) -> Option<Value<'_>> {
        let element = self.elements.iter().rev().find(|e| e.tag == attribute.tag)?;
        let value = self.value(attribute, element);
        (!value.bytes.is_empty()).then_some(value)
    }

    /// Whether an attribute is there, perhaps empty.
    pub fn has(&self, attribute: Attribute) -> bool {
        self.elements.iter().any(|e| e.tag == attribute.tag)
    }

    fn value(&self, attribute: Attribute, element: &Element) -> Value<'_> {
        let vr = element.vr.filter(|vr| vr != b"UN").unwrap_or(attribute.vr);
        let bytes = self.bytes.get(element.start..element.end).unwrap_or_default();
        Value { attribute, vr, bytes, big_endian: self.big_endian }
    }

    /// The items of a sequence, in order; none when it is missing.
    pub fn items(&self, sequence: Attribute) -> Items<'_> {
        let element = self.elements.iter().rev().find(|e| e.tag == sequence.tag);
        let bytes = element.and_then(|e| self.bytes.get(e.start..e.end)).unwrap_or_default();
        let encoding = element.map_or(Encoding::IMPLICIT, |e| item_encoding(bytes, e.vr, e.nested));
        Items { bytes, encoding, at: 0 }
    }

    /// The first item of a sequence.
    pub fn item(&self, sequence: Attribute) -> Option<Dataset<'_>> {
        self.items(sequence).next()
    }

    /// All sequences in this item, by tag: the functional groups of a frame.
    pub fn sequences(&self) -> impl Iterator<Item = (TagNumber, Items<'_>)> {
        self.elements.iter().filter_map(|e| {
            let bytes = self.bytes.get(e.start..e.end)?;
            let starts_with_item = Header::read(bytes, e.nested).is_some_and(|h| h.tag == ITEM);
            starts_with_item.then(|| (e.tag, Items { bytes, encoding: item_encoding(bytes, e.vr, e.nested), at: 0 }))
        })
    }
}

/// A sequence stored as `UN` with a length was implicit when a program that did not know it passed it on, but not every
/// program does so: the first element of its first item tells.
fn item_encoding(bytes: &[u8], vr: Option<[u8; 2]>, nested: Encoding) -> Encoding {
    if vr != Some(*b"UN") {
        return nested;
    }
    match bytes.get(12..14) {
        Some(&[a, b]) if element::is_vr([a, b]) => Encoding::EXPLICIT,
        _ => Encoding::IMPLICIT,
    }
}

/// The items of a sequence.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
    at: u64,
}

impl<'a> Iterator for Items<'a> {
    type Item = Dataset<'a>;

    fn next(&mut self) -> Option<Dataset<'a>> {
        let mut data = self.bytes;
        loop {
            let header = header_at(&mut data, self.at, self.encoding, ITEM).ok()??;
            let start = self.at + header.size as u64;
            match (header.tag, header.length) {
                (ITEM, length) => {
                    let end = match length {
                        Some(length) => start + u64::from(length),
                        None => element::end_of_item(&mut data, ITEM, start, self.encoding).ok()?,
                    };
                    self.at = end;
                    let item = self.bytes.get(start as usize..end as usize)?;
                    return Some(Dataset::parse(item, self.encoding));
                }
                (ITEM_END, _) => self.at = start,
                _ => return None,
            }
        }
    }
}

/// A value that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue {
    /// The attribute.
    pub attribute: Attribute,
    /// What stands there, for a message: shortened, control characters escaped.
    pub found: String,
}

/// The value of one attribute.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    attribute: Attribute,
    vr: [u8; 2],
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Value<'a> {
    /// The bytes as they are.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its numbers; `None` when it is blank.
    ///
    /// # Errors
    /// [`BadValue`] when one of them is not a finite number.
    pub fn numbers(&self) -> Result<Option<Vec<f64>>, BadValue> {
        macro_rules! binary {
            ($number:ty) => {{
                const SIZE: usize = size_of::<$number>();
                if self.bytes.len() % SIZE != 0 {
                    return Err(self.bad());
                }
                let one = |b: &[u8]| {
                    let b: [u8; SIZE] = b.try_into().unwrap_or_default();
                    (if self.big_endian { <$number>::from_be_bytes(b) } else { <$number>::from_le_bytes(b) }) as f64
                };
                self.bytes.chunks_exact(SIZE).map(one).collect::<Vec<f64>>()
            }};
        }
        let numbers = match &self.vr {
            b"US" | b"OW" => binary!(u16),
            b"SS" => binary!(i16),
            b"UL" | b"OL" => binary!(u32),
            b"SL" => binary!(i32),
            b"UV" | b"OV" => binary!(u64),
            b"SV" => binary!(i64),
            b"FL" | b"OF" => binary!(f32),
            b"FD" | b"OD" => binary!(f64),
            _ => return self.decimal_numbers(),
        };
        if numbers.iter().all(|n| n.is_finite()) { Ok(Some(numbers)) } else { Err(self.bad()) }
    }

    /// Decimal and integer strings (PS3.5 6.2), separated by backslashes.
    fn decimal_numbers(&self) -> Result<Option<Vec<f64>>, BadValue> {
        let text = trim(self.bytes);
        if text.is_empty() {
            return Ok(None);
        }
        let numbers = text.split(|&b| b == b'\\').map(|part| decimal(trim(part))).collect::<Option<Vec<f64>>>();
        numbers.map(Some).ok_or_else(|| self.bad())
    }

    /// Its text without padding, one entry for each value, undecoded.
    pub fn texts(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.split(|&b| b == b'\\').map(trim)
    }

    /// The first value as a code or UID: bytes that are not printable ASCII are shown as `\xNN`.
    pub fn code(&self) -> String {
        self.texts().next().unwrap_or_default().escape_ascii().to_string()
    }

    /// All values as codes, joined as they stand in the file.
    pub fn codes(&self) -> String {
        trim(self.bytes).escape_ascii().to_string().replace("\\\\", "\\")
    }

    /// Its bytes as 16-bit words.
    pub fn words(&self) -> Vec<u16> {
        let word = |b: &[u8]| {
            let b: [u8; 2] = b.try_into().unwrap_or_default();
            if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
        };
        self.bytes.chunks_exact(2).map(word).collect()
    }

    fn is_binary(&self) -> bool {
        matches!(&self.vr, b"US" | b"SS" | b"UL" | b"SL" | b"UV" | b"SV" | b"FL" | b"FD" | b"OW" | b"OB" | b"OV")
    }

    /// Its value as text that tells it from others.
    pub fn display(&self) -> String {
        match self.is_binary().then(|| self.numbers()) {
            Some(Ok(Some(numbers))) => numbers.iter().map(f64::to_string).collect::<Vec<_>>().join("\\"),
            _ => self.codes(),
        }
    }

    /// The complaint about this value.
    pub fn bad(&self) -> BadValue {
        const SHOWN: usize = 40;
        let found = if self.is_binary() {
            match self.bytes.len() {
                1 => "1 byte long".to_owned(),
                n => format!("{n} bytes long"),
            }
        } else {
            let text = trim(self.bytes);
            let more = if text.len() > SHOWN { format!("… ({} characters)", text.len()) } else { String::new() };
            match text[..text.len().min(SHOWN)].escape_ascii().to_string().replace("\\\\", "\\") {
                number if may_be_quoted(&number) => format!("\"{number}{more}\""),
                // It may be a name in the wrong place.
                _ => format!("text of {} characters", text.len()),
            }
        };
        BadValue { attribute: self.attribute, found }
    }
}

/// Without the padding (spaces, NULs) at both ends.
pub fn trim(text: &[u8]) -> &[u8] {
    let padding = |b: &u8| *b == 0 || b.is_ascii_whitespace();
    let start = text.iter().position(|b| !padding(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !padding(b)).map_or(start, |at| at + 1);
    &text[start..end]
}

/// A finite decimal number, as strictly as the standard writes it but of any sensible length.
fn decimal(text: &[u8]) -> Option<f64> {
    const LONGEST: usize = 64;
    let plain = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
    if text.len() > LONGEST || !text.iter().all(plain) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok().filter(|n: &f64| n.is_finite())
}
