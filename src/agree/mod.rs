//! How far readers agree: pure figures over what they said, each by a definition with a name. Nothing here reads files;
//! what cannot be compared is said in a note, and a figure that is undefined is absent, never 0 or 1.

mod bootstrap;
mod case;
mod categories;
mod differences;
mod kappa;
mod matching;
mod nearest;
mod numbers;
mod overlap;
mod page;
mod plot;
mod pooled;
mod reading;
mod report;
mod surface;
mod surfel_table;
mod tables;
mod values;

pub use bootstrap::{Estimate, Resampling};
pub use case::{CasePair, Match};
pub use differences::{DICE_LOW, Difference, Severity, Subject, differences};
pub use kappa::{Ratings, Scale, Weights, cohen, cohen_with_interval, fleiss, gwet, krippendorff, specific_agreement};
pub use matching::{Criterion, Detection};
pub use numbers::{BlandAltman, Icc, bland_altman, icc};
pub use overlap::{Hausdorff, Overlap, SurfaceDice, hausdorff, overlap, shared};
pub use page::page;
pub use plot::escaped;

pub use reading::{CaseReadings, Grid, LesionReading, LevelReading, Reading};
pub use report::{Agreement, Options, agreement, definitions};
pub use tables::agreement_tables;
