//! Which vertebra a structure of another program is: by its name first, by its number only in a scheme that was named.

use crate::anatomy::VertebraLevel;

/// What the numbers of a label map mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelNames {
    /// Lesions: each number is one.
    Lesions,
    /// VerSe: 1–7 C1–C7, 8–19 T1–T12, 20–24 L1–L5, 27 coccyx, 28 T13. 25 is L6 there and S1 in other public code, so it has
    /// to be said.
    Verse {
        /// What 25 is.
        id_25: Option<VertebraLevel>,
    },
    /// TotalSegmentator v2, task `total`: 26 S1, 27 L5 … 50 C1.
    TotalSegmentator,
}

impl LabelNames {
    /// The level of a number; `None` where the scheme has no vertebra of that number.
    ///
    /// # Errors
    /// A sentence where the number is ambiguous.
    pub fn level(self, number: u32) -> Result<Option<VertebraLevel>, String> {
        let of = |id: fn(VertebraLevel) -> Option<u8>| {
            VertebraLevel::ALL.into_iter().find(|l| id(*l).map(u32::from) == Some(number))
        };
        match self {
            LabelNames::Lesions => Ok(None),
            LabelNames::Verse { id_25: None } if number == 25 => {
                Err("label 25 is L6 in VerSe and CTSpine1K and S1 in other public code; say which".to_owned())
            }
            LabelNames::Verse { id_25 } if number == 25 => Ok(id_25),
            LabelNames::Verse { .. } => Ok(of(|l| l.codes().verse_id)),
            LabelNames::TotalSegmentator => Ok(of(|l| l.codes().totalsegmentator_id)),
        }
    }
}

/// The level that a structure's name means: `vertebrae_C6`, `C6 vertebra`, `vertebra C6`, `C6`, `vert_C6`.
pub fn level_named(name: &str) -> Option<VertebraLevel> {
    let mut levels = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .filter_map(|word| word.parse::<VertebraLevel>().ok());
    let mut others = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    const ABOUT: [&str; 4] = ["vertebra", "vertebrae", "vert", "level"];
    let plain = others.all(|w| w.parse::<VertebraLevel>().is_ok() || ABOUT.iter().any(|a| w.eq_ignore_ascii_case(a)));
    let first = levels.next()?;
    (plain && levels.next().is_none()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use VertebraLevel::*;

    #[test]
    fn names_are_read_and_other_structures_are_not_taken_for_vertebrae() {
        for (name, level) in [
            ("vertebrae_C6", Some(C6)),
            ("T13", Some(T13)),
            ("C6 vertebra", Some(C6)),
            ("vert-L5", Some(L5)),
            ("disc_L5_S1", None),
            ("rib_left_1", None),
            ("L5 body", None),
            ("sacrum", None),
            ("", None),
        ] {
            assert_eq!(level_named(name), level, "{name}");
        }
    }

    #[test]
    fn numbers_mean_what_their_scheme_says_and_25_has_to_be_said() {
        let verse = LabelNames::Verse { id_25: None };
        assert_eq!((verse.level(6), verse.level(28), verse.level(99)), (Ok(Some(C6)), Ok(Some(T13)), Ok(None)));
        assert!(verse.level(25).is_err_and(|e| e.contains("L6") && e.contains("S1")));
        assert_eq!(LabelNames::Verse { id_25: Some(S1) }.level(25), Ok(Some(S1)));
        let total = LabelNames::TotalSegmentator;
        assert_eq!((total.level(50), total.level(26), total.level(25)), (Ok(Some(C1)), Ok(Some(S1)), Ok(None)));
    }
}
