//! [`VertebraLevel`]: one name per bone, in anatomical order, with the variants T13 and L6 and the coccyx.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The part of the spine a level belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Region {
    Cervical,
    Thoracic,
    Lumbar,
    Sacral,
    Coccygeal,
}

/// A vertebra by its level. The derived order is head to feet; T13 and L6 stand where the bone would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
#[rustfmt::skip]
pub enum VertebraLevel {
    C1, C2, C3, C4, C5, C6, C7,
    T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13,
    L1, L2, L3, L4, L5, L6,
    S1, S2, S3, S4, S5,
    Co,
}

impl VertebraLevel {
    /// Every level from head to feet, variants included.
    #[rustfmt::skip]
    pub const ALL: [VertebraLevel; 32] = {
        use VertebraLevel::*;
        [C1, C2, C3, C4, C5, C6, C7, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, L1, L2, L3, L4, L5, L6, S1, S2, S3, S4, S5, Co]
    };

    /// The level's name: `C6`, `T13`, `Co`.
    pub fn name(self) -> &'static str {
        #[rustfmt::skip]
        const NAMES: [&str; 32] = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13", "L1", "L2", "L3", "L4", "L5", "L6", "S1", "S2", "S3", "S4", "S5", "Co"];
        NAMES[self as usize]
    }

    /// The level's value in this program's own label maps: 1 for C1 and on in the order of [`VertebraLevel::ALL`]. VerSe
    /// gives all of the sacrum one value; here every level has its own.
    pub fn label_value(self) -> u16 {
        self as u16 + 1
    }

    /// The level with this [`VertebraLevel::label_value`].
    pub fn of_label_value(value: u16) -> Option<VertebraLevel> {
        Self::ALL.get(usize::from(value).checked_sub(1)?).copied()
    }

    /// The part of the spine.
    pub fn region(self) -> Region {
        match self {
            l if l <= VertebraLevel::C7 => Region::Cervical,
            l if l <= VertebraLevel::T13 => Region::Thoracic,
            l if l <= VertebraLevel::L6 => Region::Lumbar,
            l if l <= VertebraLevel::S5 => Region::Sacral,
            _ => Region::Coccygeal,
        }
    }

    /// T13 and L6: bones that most spines do not have.
    pub fn is_variant(self) -> bool {
        matches!(self, VertebraLevel::T13 | VertebraLevel::L6)
    }

    /// The level `by` steps towards the feet (negative: towards the head) in a spine without T13 and L6;
    /// `None` beyond C1 or the coccyx. A variant level moves from the place where its bone would be.
    pub fn shifted(self, by: i32) -> Option<VertebraLevel> {
        let usual: Vec<_> = Self::ALL.into_iter().filter(|l| !l.is_variant() || *l == self).collect();
        let at = usual.iter().position(|l| *l == self)? as i64 + i64::from(by);
        usize::try_from(at).ok().and_then(|at| usual.get(at).copied())
    }
}

impl fmt::Display for VertebraLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for VertebraLevel {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|l| l.name().eq_ignore_ascii_case(s))
            .ok_or_else(|| format!("\"{s}\" is not a vertebra level: C1…C7, T1…T13, L1…L6, S1…S5, Co"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order_agree() {
        for (n, l) in VertebraLevel::ALL.into_iter().enumerate() {
            assert_eq!(l as usize, n);
            assert_eq!(l.name().parse(), Ok(l));
        }
    }

    #[test]
    fn shifting_skips_variants_and_ends_at_the_ends() {
        use VertebraLevel::*;
        assert_eq!(T12.shifted(1), Some(L1));
        assert_eq!(L5.shifted(1), Some(S1));
        assert_eq!(C1.shifted(-1), None);
        for l in VertebraLevel::ALL.into_iter().filter(|l| !l.is_variant() && !matches!(l, C1 | Co)) {
            assert_eq!(l.shifted(1).and_then(|m| m.shifted(-1)), Some(l));
        }
    }
}
