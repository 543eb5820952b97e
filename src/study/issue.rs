//! What is odd about one file, before it is told of a whole series; and why a file is not shown at all.

use super::attribute::Attribute;
use super::dataset::BadValue;
use super::element::Broken;
use super::info::SkipCode;
use crate::volume::{FindingCode, Severity};
use std::io;

/// Something odd in one file. The same issue in many files becomes one finding that lists them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// Its kind.
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// A sentence without file names.
    pub message: String,
}

impl Issue {
    /// An issue with a header value.
    pub fn bad(severity: Severity, message: impl Into<String>) -> Self {
        Self { code: FindingCode::BadValue, severity, message: message.into() }
    }

    /// Something unusual that does no harm.
    pub fn odd(message: &str) -> Self {
        Self::bad(Severity::Note, message)
    }

    /// A value that is not what it must be: found, expected, and what is done instead.
    pub fn value(bad: &BadValue, expected: &str, instead: &str) -> Self {
        Self::bad(Severity::Warning, format!("{} is {}; expected {expected}; {instead}", bad.attribute, bad.found))
    }
}

/// Why a file is not shown as an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The kind of reason.
    pub code: SkipCode,
    /// A sentence.
    pub reason: String,
}

impl Unusable {
    /// With a code and a sentence.
    pub fn new(code: SkipCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// Not DICOM at all.
    pub fn not_dicom(reason: &str) -> Self {
        Self::new(SkipCode::NotDicom, reason)
    }

    /// Ends too early.
    pub fn truncated(reason: impl Into<String>) -> Self {
        Self::new(SkipCode::Truncated, reason)
    }

    /// A needed attribute is missing.
    pub fn missing(attribute: Attribute, expected: &str) -> Self {
        Self::new(SkipCode::BadValue, format!("{attribute} is missing; expected {expected}"))
    }

    /// A needed attribute makes no sense.
    pub fn value(bad: &BadValue, expected: &str) -> Self {
        Self::new(SkipCode::BadValue, format!("{} is {}; expected {expected}", bad.attribute, bad.found))
    }
}

impl From<Broken> for Unusable {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Io(e) => e.into(),
            Broken::CutOff { .. } | Broken::TooLong { .. } => {
                Self::truncated(format!("{broken}; the file is truncated or damaged there"))
            }
            _ => Self::new(SkipCode::BadValue, broken.to_string()),
        }
    }
}

impl From<io::Error> for Unusable {
    fn from(e: io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::truncated(e.to_string()),
            io::ErrorKind::PermissionDenied => Self::new(SkipCode::Unreadable, "cannot be read: permission denied"),
            _ => Self::new(SkipCode::Unreadable, format!("cannot be read: {e}")),
        }
    }
}
