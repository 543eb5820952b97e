//! What other vocabularies call a vertebra. An unknown code is `None` and never invented.
//!
//! Sources: SCT and SRT of C1–L5 and of the coccyx from DICOM PS3.16 CID 7603 (2024c); SCT of S1–S5 and of the bodies
//! from the HL7 codex-radiation-therapy value sets; VerSe from its data descriptor (Sekuboyina 2021), where T13 is 28 and
//! so out of anatomical order; TotalSegmentator v2 task `total`, which counts from the feet; FMA from BodyParts3D.

use super::VertebraLevel;

/// Codes of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelCodes {
    /// Value in VerSe label maps.
    pub verse_id: Option<u8>,
    /// Value in label maps of TotalSegmentator v2, task `total`.
    pub totalsegmentator_id: Option<u8>,
    /// SNOMED CT concept of the whole vertebra.
    pub sct: Option<u64>,
    /// SNOMED-RT style code of older DICOM objects.
    pub srt: Option<&'static str>,
    /// SNOMED CT concept of the vertebral body alone; not the same as [`LevelCodes::sct`].
    pub sct_body: Option<u64>,
    /// Foundational Model of Anatomy.
    pub fma: Option<u32>,
}

impl VertebraLevel {
    /// The level in other vocabularies.
    pub fn codes(self) -> LevelCodes {
        let (verse, totalsegmentator, sct, srt, sct_body, fma) = TABLE[self as usize];
        LevelCodes {
            verse_id: (verse != 0).then_some(verse),
            totalsegmentator_id: (totalsegmentator != 0).then_some(totalsegmentator),
            sct: (sct != 0).then_some(sct),
            srt: (!srt.is_empty()).then_some(srt),
            sct_body: (sct_body != 0).then_some(sct_body),
            fma: (fma != 0).then_some(fma),
        }
    }

    /// The name of the level's structure in TotalSegmentator v2, where it has one.
    pub fn totalsegmentator_name(self) -> Option<String> {
        self.codes().totalsegmentator_id.map(|_| format!("vertebrae_{}", self.name()))
    }

    /// Code meaning that goes with [`LevelCodes::sct`]: `C6 vertebra`, `Coccyx`.
    pub fn code_meaning(self) -> Option<String> {
        let meaning = if self == VertebraLevel::Co { "Coccyx".to_owned() } else { format!("{self} vertebra") };
        self.codes().sct.map(|_| meaning)
    }
}

/// VerSe, TotalSegmentator, SCT, SRT, SCT of the body, FMA, in the order of [`VertebraLevel::ALL`]; 0 and "" are unknown.
#[rustfmt::skip]
const TABLE: [(u8, u8, u64, &str, u64, u32); 32] = [
    ( 1, 50,  14806007, "T-11610",          0, 12519), // C1
    ( 2, 49,  39976000, "T-11620",          0, 12520), // C2
    ( 3, 48, 113205007, "T-11630",   91116008, 12521), // C3
    ( 4, 47,   5329002, "T-11640",   14705001, 12522), // C4
    ( 5, 46,  36978003, "T-11650",   67479001, 12523), // C5
    ( 6, 45,  36054005, "T-11660",   88298007, 12524), // C6
    ( 7, 44,  87391001, "T-11670",   16126006, 12525), // C7
    ( 8, 43,  64864005, "T-11710",   56094003,  9165), // T1
    ( 9, 42,  53733008, "T-11720",   50060007,  9187), // T2
    (10, 41,   1626008, "T-11730",   73138009,  9209), // T3
    (11, 40,  73071006, "T-11740",   86197001,  9248), // T4
    (12, 39,  56401006, "T-11750",    6105006,  9922), // T5
    (13, 38,  45296009, "T-11760",   32430008,  9945), // T6
    (14, 37,  62487009, "T-11770",   71737002,  9968), // T7
    (15, 36,  11068009, "T-11780",   77435000,  9991), // T8
    (16, 35,  82687006, "T-11790",   33766003, 10014), // T9
    (17, 34,   7610001, "T-117A0",   48405002, 10037), // T10
    (18, 33,  12989004, "T-117B0",   52120002, 10059), // T11
    (19, 32,  23215003, "T-117C0",  280849005, 10081), // T12
    (28,  0,         0, ""       , 1186895000,     0), // T13
    (20, 31,  66794005, "T-11910",   61032001, 13072), // L1
    (21, 30,  14293000, "T-11920",   53983007, 13073), // L2
    (22, 29,  36470004, "T-11930",   55492004, 13074), // L3
    (23, 28,  11994002, "T-11940",   71996003, 13075), // L4
    (24, 27,  49668003, "T-11950",   21799000, 13076), // L5
    (25,  0,         0, ""       ,          0,     0), // L6
    ( 0, 26,  65985001, ""       ,          0,     0), // S1
    ( 0,  0,  11808007, ""       ,          0,     0), // S2
    ( 0,  0,  49967005, ""       ,          0,     0), // S3
    ( 0,  0,  69950008, ""       ,          0,     0), // S4
    ( 0,  0,  21452006, ""       ,          0,     0), // S5
    (27,  0,  64688005, "T-11BF0",          0, 20229), // Co
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The check digit of SNOMED CT identifiers (Verhoeff 1969, dihedral group of order 10).
    fn verhoeff_ok(id: u64) -> bool {
        let times = |a: u8, b: u8| match (a < 5, b < 5) {
            (true, true) => (a + b) % 5,
            (true, false) => (a + b - 5) % 5 + 5,
            (false, true) => (a - 5 + 5 - b) % 5 + 5,
            (false, false) => (a + 5 - b) % 5,
        };
        const STEP: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        let digits = id.to_string().into_bytes();
        let turned = |d: u8, times: usize| (0..times).fold(d, |d, _| STEP[d as usize]);
        digits.iter().rev().enumerate().fold(0, |c, (n, d)| times(c, turned(d - b'0', n % 8))) == 0
    }

    #[test]
    fn every_concept_passes_its_check_digit() {
        assert!(verhoeff_ok(36054005) && !verhoeff_ok(36054006) && !verhoeff_ok(36050445));
        for l in VertebraLevel::ALL {
            let c = l.codes();
            for id in [c.sct, c.sct_body].into_iter().flatten() {
                assert!(verhoeff_ok(id), "{l}: {id}");
            }
        }
    }

    #[test]
    fn codes_are_those_of_the_standards() {
        use VertebraLevel::*;
        assert_eq!(C6.codes().sct, Some(36054005));
        assert_eq!(C6.codes().sct_body, Some(88298007), "the body is another concept");
        assert_eq!((C1.codes().verse_id, T12.codes().verse_id, L5.codes().verse_id), (Some(1), Some(19), Some(24)));
        assert_eq!((T13.codes().verse_id, L6.codes().verse_id, T13.codes().sct), (Some(28), Some(25), None));
        assert_eq!((C1.codes().totalsegmentator_id, S1.codes().totalsegmentator_id), (Some(50), Some(26)));
        assert_eq!(T1.totalsegmentator_name().as_deref(), Some("vertebrae_T1"));
        assert_eq!((Co.code_meaning().as_deref(), L6.code_meaning()), (Some("Coccyx"), None));
    }

    #[test]
    fn no_code_is_used_twice() {
        let mut seen = BTreeSet::new();
        for l in VertebraLevel::ALL {
            for id in [l.codes().sct, l.codes().sct_body].into_iter().flatten() {
                assert!(seen.insert(id), "{l}: {id}");
            }
        }
    }
}
