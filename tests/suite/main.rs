//! The integration tests, one binary: each module goes through the library or the executable as a user would.

mod architecture;
mod export;
mod journal;
mod readme;
mod window;
