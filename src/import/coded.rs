//! Codes in DICOM objects of others: which vertebra, which kind of lesion. Older schemes are read as well as new ones.

use crate::anatomy::VertebraLevel;
use crate::document::LesionKind;
use crate::study::{Attribute, Dataset};

const VALUE: Attribute = Attribute { tag: 0x0008_0100, keyword: "CodeValue", vr: *b"SH" };
const SCHEME: Attribute = Attribute { tag: 0x0008_0102, keyword: "CodingSchemeDesignator", vr: *b"SH" };

/// Scheme and value of a code sequence's item.
pub fn concept(item: &Dataset) -> Option<(String, String)> {
    Some((item.get(SCHEME)?.code(), item.get(VALUE)?.code()))
}

/// The vertebra, or its body, that a code means.
pub fn level_of((scheme, value): &(String, String)) -> Option<VertebraLevel> {
    let number: Option<u64> = value.parse().ok();
    VertebraLevel::ALL.into_iter().find(|l| {
        let codes = l.codes();
        match scheme.as_str() {
            "SCT" | "SCT2" | "99SDM" => number.is_some() && (codes.sct == number || codes.sct_body == number),
            "SRT" | "SNM3" => codes.srt == Some(value),
            "FMA" => codes.fma.map(u64::from) == number && number.is_some(),
            _ => false,
        }
    })
}

/// The kind of lesion that the program's own code means.
pub fn kind_of(item: &Dataset) -> Option<LesionKind> {
    match concept(item)? {
        (scheme, value) if scheme == "99SPONDYL" => {
            LesionKind::ALL.iter().copied().find(|k| k.word().eq_ignore_ascii_case(&value))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_codes_mean_the_same_vertebra() {
        let code = |scheme: &str, value: &str| level_of(&(scheme.to_owned(), value.to_owned()));
        let c6 = Some(VertebraLevel::C6);
        assert_eq!((code("SCT", "36054005"), code("SRT", "T-11660"), code("FMA", "12524")), (c6, c6, c6));
        assert_eq!(code("SCT", "88298007"), c6, "the body lies in the vertebra");
        assert_eq!((code("SCT", "x"), code("SCT", "1"), code("LN", "36054005")), (None, None, None));
    }
}
