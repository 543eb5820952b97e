//! The spine's own vocabulary: vertebra levels C1…S5 with their variants, their order, names and codes, and what can be
//! told from the chain of their centres alone.

mod chain;
mod codes;
mod level;

pub use chain::{ChainCode, ChainFinding, chain_checks, suggest_next, usual_spacing_mm};
pub use codes::LevelCodes;
pub use level::{Region, VertebraLevel};
