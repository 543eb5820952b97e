//! Reading studies: several readers, each with a worklist in an order of their own, questions to answer, and what is hidden
//! from them. Plain data and pure functions of a `study.toml` and the case files beside it; `docs/studies.md` is for people.
//! (A study of DICOM images is another thing: the room `study`.)

mod answers;
mod dataset;
mod definition;
mod order;
mod progress;
mod question;
mod resolve;
mod written;

pub use answers::{AnswerAgreement, AnswerPair, AnswerRow, AnsweredCase, QuestionAgreement, answer_agreement};
pub use dataset::{Codebook, Dataset, codebook};
pub use definition::{Blind, FILE, Trial, TrialCase, TrialTimepoint};
pub use order::{Item, shown_timepoints, worklist};
pub use progress::{ItemState, Progress, READINGS, make_reader_folder, progress, reading_path, state_of, strays};
pub use question::{AnswerKind, Question};
pub use resolve::{Lineup, ReaderProgress, between_readers, within_reader};
pub use written::TrialError;

#[cfg(test)]
mod tests;
