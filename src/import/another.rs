//! Another reader's file as a document, to be held against the open one: read, never written.

use super::onto::{How, Target, steps};
use super::{ImportError, read, reader_name, tried};
use crate::document::{Document, Edit};
use crate::session::{Access, Session};
use std::path::Path;

/// What another reader says of the same images.
#[derive(Clone, Debug)]
pub struct Another {
    /// The reader's pseudonym; of a file that names none, the file's own name.
    pub reader: String,
    /// All they say.
    pub document: Document,
    /// What could not be taken over, in sentences.
    pub notes: Vec<String>,
}

/// Reads another reader's case file, case JSON, or drawings in any format that is read.
///
/// # Errors
/// [`ImportError`] when it cannot be read, or speaks of none of the series at hand.
pub fn another(path: &Path, at_hand: &[Target]) -> Result<Another, ImportError> {
    let of_others = || {
        ImportError::new(path, "it was drawn on other images than those that are open: none of its series is at hand")
    };
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("spondyl")) {
        let failed = |e: crate::session::SessionError| ImportError::new(path, e.to_string());
        let opened = Session::open(path, Access::Read).map_err(failed)?;
        let (document, header) = (opened.session.document().clone(), opened.session.header());
        let fits = |fingerprint: &str| at_hand.iter().any(|t| t.identity.fingerprint == fingerprint);
        let knows = document.images.values().any(|i| fits(&i.fingerprint))
            || header.images.iter().any(|i| fits(&i.fingerprint))
            || document.images.values().any(|i| at_hand.iter().any(|t| t.identity.geometry == i.geometry));
        return match knows {
            true => Ok(Another { reader: header.reader.clone(), document, notes: opened.notices }),
            false => Err(of_others()),
        };
    }
    let found = read(path)?;
    let reader = reader_name(&found, path);
    let at_hand = at_hand.to_vec();
    let mut empty = Document::default();
    for t in &at_hand {
        // A key that is free takes any image.
        let _ = empty.apply(Edit::Image { key: t.key.clone(), value: Some(Box::new(t.identity.clone())) });
    }
    let taken = steps(&found, &at_hand, &empty, How::default());
    let done = tried(taken.ops, &empty, &at_hand);
    let mut notes = taken.notes;
    notes.extend(done.refused);
    match done.document.lesions.is_empty() && done.document.vertebrae.is_empty() {
        true => Err(ImportError::new(path, notes.first().cloned().unwrap_or_else(|| of_others().what))),
        false => Ok(Another { reader, document: done.document, notes }),
    }
}
