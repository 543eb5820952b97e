//! The spine's own vocabulary: vertebra levels C1…S5 with their variants, their order, names and codes.

mod level;

pub use level::{Region, VertebraLevel};
