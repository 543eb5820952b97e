//! Text of headers: character sets (DICOM PS3.3 C.12.1.1.2, PS3.5 6.1), and text made safe to show.

use dicom::encoding::text::{SpecificCharacterSet, TextCodec};
use std::borrow::Cow;

/// The character sets of a data set.
#[derive(Clone, Debug, Default)]
pub struct CharacterSets {
    initial: Option<SpecificCharacterSet>,
    /// Codes that are not known here.
    pub unknown: Vec<String>,
}

impl CharacterSets {
    /// From the values of SpecificCharacterSet (0008,0005).
    pub fn new<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut sets = Self::default();
        for (n, value) in values.enumerate() {
            let code = value.escape_ascii().to_string();
            match SpecificCharacterSet::from_code(&code) {
                Some(set) if n == 0 => sets.initial = Some(set),
                Some(_) => {}
                // Extensions that are chosen by escape sequences alone; an empty first value is the default set.
                None if code.is_empty() || code == "ISO 2022 IR 159" => {}
                None => sets.unknown.push(code),
            }
        }
        sets
    }

    /// Text as characters. What cannot be decoded becomes U+FFFD.
    pub fn decode(&self, text: &[u8]) -> String {
        if text.is_ascii() && !text.contains(&ESCAPE) {
            return String::from_utf8_lossy(text).into_owned();
        }
        let mut out = String::new();
        let mut upper = self.initial.clone();
        let mut rest = text;
        while !rest.is_empty() {
            let run = rest.iter().position(|&b| b == ESCAPE).unwrap_or(rest.len());
            out += &decoded(&rest[..run], upper.as_ref());
            rest = &rest[run..];
            let Some((sequence, then)) = designation(rest) else {
                out.extend((!rest.is_empty()).then_some('\u{FFFD}'));
                rest = rest.get(1..).unwrap_or_default();
                continue;
            };
            match then {
                Then::Upper(code) => {
                    upper = SpecificCharacterSet::from_code(code);
                    rest = &rest[sequence..];
                }
                Then::Ascii => rest = &rest[sequence..],
                Then::Japanese => {
                    let end = rest[sequence..].iter().position(|&b| b == ESCAPE).map_or(rest.len(), |at| at + sequence);
                    out += &decoded(&rest[..end], SpecificCharacterSet::from_code("ISO_IR 87").as_ref());
                    rest = &rest[end..];
                }
            }
        }
        out
    }
}

const ESCAPE: u8 = 0x1B;

enum Then {
    /// Bytes from 0x80 on belong to this set.
    Upper(&'static str),
    /// Bytes below 0x80 are ASCII (or its Japanese variant) again.
    Ascii,
    /// Bytes below 0x80 are pairs of JIS X 0208 or 0212.
    Japanese,
}

/// The ISO 2022 escape sequences of PS3.3 tables C.12-3 and C.12-4, and their lengths.
fn designation(text: &[u8]) -> Option<(usize, Then)> {
    let (sequence, then) = match text.get(1..)? {
        [b'(', b'B' | b'J', ..] => (3, Then::Ascii),
        [b'$', b'B', ..] => (3, Then::Japanese),
        [b'$', b'(', b'D', ..] => (4, Then::Japanese),
        [b'$', b')', b'C', ..] => (4, Then::Upper("ISO_IR 149")),
        [b'$', b')', b'A', ..] => (4, Then::Upper("GB2312")),
        [b')', b'I', ..] => (3, Then::Upper("ISO_IR 13")),
        [b'-', set, ..] => {
            let code = match set {
                b'A' => "ISO_IR 100",
                b'B' => "ISO_IR 101",
                b'C' => "ISO_IR 109",
                b'D' => "ISO_IR 110",
                b'F' => "ISO_IR 126",
                b'G' => "ISO_IR 127",
                b'H' => "ISO_IR 138",
                b'L' => "ISO_IR 144",
                b'T' => "ISO_IR 166",
                _ => return None,
            };
            (3, Then::Upper(code))
        }
        _ => return None,
    };
    Some((sequence, then))
}

fn decoded(text: &[u8], set: Option<&SpecificCharacterSet>) -> String {
    let known = set.and_then(|set| set.decode(text).ok());
    known.unwrap_or_else(|| String::from_utf8_lossy(text).into_owned())
}

/// The text with control characters (which file names and headers may hold) made visible, so that they cannot steer a
/// terminal: `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(sets: &str, text: &[u8]) -> String {
        CharacterSets::new(sets.as_bytes().split(|&b| b == b'\\')).decode(text)
    }

    /// The examples of DICOM PS3.5 annexes H, I and K.
    #[test]
    fn the_standards_examples_decode() {
        let japanese = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        assert_eq!(decode("\\ISO 2022 IR 87", japanese), "Yamada^Tarou=山田^太郎=やまだ^たろう");
        let katakana = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J";
        assert_eq!(decode("ISO 2022 IR 13\\ISO 2022 IR 87", katakana), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎");
        let korean = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        assert_eq!(decode("\\ISO 2022 IR 149", korean), "Hong^Gildong=洪^吉洞=홍^길동");
        let chinese = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=";
        assert_eq!(decode("\\ISO 2022 IR 58", chinese), "Zhang^XiaoDong=张^小东=");
        assert_eq!(decode("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="), "Wang^XiaoDong=王^小东=");
        assert_eq!(decode("ISO_IR 192", "Wang=王^小东".as_bytes()), "Wang=王^小东");
        assert_eq!(decode("ISO_IR 100", b"Buc^J\xe9r\xf4me"), "Buc^Jérôme");
        assert_eq!(decode("ISO_IR 144", b"\xbb\xee\xda\x63\x65\xdc\xd1\x79\x70\xd3"), "Люкceмбypг");
    }

    #[test]
    fn broken_text_and_unknown_sets_lose_no_more_than_they_must() {
        assert!(decode("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3E").starts_with("Yamada^Tarou=山"));
        assert_eq!(decode("", b"a\x1b[31mb"), "a\u{FFFD}[31mb");
        let sets = CharacterSets::new([b"ISO_IR 999".as_slice()].into_iter());
        assert_eq!((sets.unknown.len(), sets.decode(b"M\xfcller").as_str()), (1, "M\u{FFFD}ller"));
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(visible("a\x1b[31mb\nc\u{9b}"), "a\\u{1b}[31mb\\nc\\u{9b}");
        assert_eq!(visible("Wirbelsäule"), "Wirbelsäule");
    }
}
