//! Spondyl: annotation of osteolytic lesions of the spine on CT and MRI, vertebra by vertebra.
//!
//! The rooms below stand in the order in which they may use each other: each uses only those above it.
//! `ARCHITECTURE.md` shows the data flow and the invariants.

#![forbid(unsafe_op_in_unsafe_fn)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod agree;
pub mod anatomy;
#[cfg(feature = "window")]
pub mod app;
pub mod assess;
#[cfg(feature = "window")]
pub mod cli;
pub mod document;
pub mod export;
pub mod import;
pub mod phantom;
#[cfg(feature = "window")]
pub mod render;
pub mod segment;
pub mod session;
pub mod space;
pub mod study;
pub mod tool;
pub mod trial;
pub mod view;
pub mod volume;
