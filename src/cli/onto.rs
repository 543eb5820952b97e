//! What `import` and `bodies` ask alike: which images, which case, and whose numbers a label map has.

use super::{Failure, say};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, ImageIdentity, ImageKey};
use crate::import::LabelNames;
use crate::session::Session;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The case that a file is taken into.
#[derive(Args)]
pub struct Onto {
    /// The images that they belong to: files, folders, a DICOMDIR, or a zip of such; may be given several times.
    #[arg(long, required = true, value_name = "PATH")]
    pub images: Vec<PathBuf>,
    /// The case file; made when it is not there yet, else continued.
    #[arg(long, value_name = "FILE.spondyl")]
    pub case: PathBuf,
    /// The series whose grid the drawings go onto: its UID, a unique end of it, or its number in the list of `info`.
    #[arg(long, value_name = "UID|N")]
    pub series: Option<String>,
    /// Pseudonym of the reader (no name); of an existing case it must be the case's own.
    #[arg(long, value_name = "ID")]
    pub reader: Option<String>,
    /// What VerSe's label 25 is here: L6 or S1.
    #[arg(long, value_name = "LEVEL")]
    pub label_25: Option<VertebraLevel>,
}

/// Whose numbers a label map has.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Numbering {
    /// 1 to 7 C1 to C7, 8 to 19 T1 to T12, 20 to 24 L1 to L5, 28 T13.
    Verse,
    /// TotalSegmentator v2, task total: 26 S1, 27 L5 … 50 C1.
    #[value(alias = "totalseg")]
    Totalsegmentator,
}

impl Onto {
    /// What the numbers mean; saying what label 25 is says that they are VerSe's.
    pub fn names(&self, numbers: Option<Numbering>) -> Option<LabelNames> {
        let verse = LabelNames::Verse { id_25: self.label_25 };
        match numbers {
            Some(Numbering::Totalsegmentator) => Some(LabelNames::TotalSegmentator),
            Some(Numbering::Verse) => Some(verse),
            None => self.label_25.map(|_| verse),
        }
    }

    /// The case as it is on the disk, and the document that steps are planned on. A case that is not there yet is not
    /// made: nothing may fit.
    ///
    /// # Errors
    /// When there is one and it cannot be continued.
    pub fn look(&self, first: &(ImageKey, ImageIdentity)) -> Result<(Option<Session>, Document), Failure> {
        if self.case.exists() {
            let session = self.open(first)?;
            let document = session.document().clone();
            return Ok((Some(session), document));
        }
        let mut document = Document::default();
        let value = Some(Box::new(first.1.clone()));
        // A key that is free takes any image.
        let _ = document.apply(Edit::Image { key: first.0.clone(), value });
        Ok((None, document))
    }

    /// Opens the case, or makes it.
    ///
    /// # Errors
    /// As [`Session::open_or_create`].
    pub fn open(&self, (key, identity): &(ImageKey, ImageIdentity)) -> Result<Session, Failure> {
        let opened = Session::open_or_create(&self.case, self.reader.as_deref(), std::slice::from_ref(identity))?;
        opened.notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
        let mut session = opened.session;
        session.add_image(key, identity.clone())?;
        Ok(session)
    }
}
