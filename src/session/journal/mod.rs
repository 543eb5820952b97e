//! The case file on disk: an append-only journal of JSON Lines.
//!
//! Line 1 is the [`Header`]; each further line is an [`Entry`]. Every line carries the SHA-256 of its own bytes and the
//! hash of the line before, so that one changed byte anywhere, a missing, doubled or moved line is found. Lines are
//! written and fsynced by a thread of their own ([`Writer`]); what it has confirmed survives anything short of a dead
//! disk. A step's entry holds its intent (`op`) and its effect (`edits`): replay applies effects and recomputes nothing,
//! so a file means the same under every later version of the algorithms.

mod chain;
mod disk;
mod migrate;
mod read;
mod salvage;
mod writer;

pub use disk::{Disk, FileDisk, why};
pub use read::{Contents, Damage, read};
pub use salvage::Hopeless;
pub use writer::{Failure, Writer};

pub(super) use chain::seal;
pub(super) use migrate::record;
pub(super) use salvage::{Sound, salvage};

use crate::document::{Edit, ImageIdentity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The first field of every case file; what does not begin so is something else.
pub const FORMAT: &str = "spondyl-journal";
/// Version of the format that this program writes; it refuses newer ones.
pub const VERSION: u32 = 1;
/// The note with which a sitting at the window ends as it should.
pub const CLOSED: &str = "closed";
/// `spondyl 0.1.0`.
pub const SOFTWARE: &str = concat!("spondyl ", env!("CARGO_PKG_VERSION"));

/// The first line of a case file. It holds no patient, no path and no account name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`] of the program that made the file.
    pub version: u32,
    /// Which program made the file.
    pub software: String,
    /// When.
    pub utc: String,
    /// Tells this case's lines from every other's.
    pub case_id: Uuid,
    /// The reader's pseudonym.
    pub reader: String,
    /// The images the case was begun on.
    pub images: Vec<HeaderImage>,
}

/// A series as the header names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeaderImage {
    /// StudyInstanceUID (0020,000D).
    pub study_instance_uid: String,
    /// SeriesInstanceUID (0020,000E).
    pub series_instance_uid: String,
    /// Digest of identities and geometry.
    pub fingerprint: String,
}

impl From<&ImageIdentity> for HeaderImage {
    fn from(i: &ImageIdentity) -> Self {
        HeaderImage {
            study_instance_uid: i.study_instance_uid.clone(),
            series_instance_uid: i.series_instance_uid.clone(),
            fingerprint: i.fingerprint.clone(),
        }
    }
}

impl Header {
    /// A header for a new case, stamped with the present time.
    pub fn new<'a>(reader: &str, images: impl IntoIterator<Item = &'a ImageIdentity>) -> Header {
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            software: SOFTWARE.to_owned(),
            utc: super::time::utc(std::time::SystemTime::now()),
            case_id: Uuid::new_v4(),
            reader: reader.to_owned(),
            images: images.into_iter().map(HeaderImage::from).collect(),
        }
    }
}

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A reader opened the case for writing.
    Open,
    /// A series came into the case; undo leaves it there.
    Image,
    /// A gesture.
    Step,
    /// The gesture `of` was taken back.
    Undo,
    /// The gesture `of` was done again.
    Redo,
    /// Nothing but the reading time so far.
    Time,
}

/// One line after the header. Fields that do not concern its kind are absent; unknown ones stay in the file untouched.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3, …: the order of entries, whatever the clock says.
    pub seq: u64,
    /// When, by the computer's clock.
    pub utc: String,
    /// What.
    pub what: What,
    /// Who opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// With which program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// The gesture's name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The intent, as a line of script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Value>,
    /// The effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// The `seq` of the gesture that is undone or redone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// Active reading time since the last `open`, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_ms: Option<u64>,
    /// What the history should tell besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Hash of the line before.
    pub prev: String,
}
