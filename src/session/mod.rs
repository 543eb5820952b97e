//! A reader's work on one case: a [`Session`] is a document, its history and its journal, and the only thing that
//! changes a document.
//!
//! Window, command line and script share one mechanism: an [`Op`] says what the reader means, [`plan`] works out the
//! effect, the session writes both to the journal and applies the effect at once. What is on the disk is known entry by
//! entry ([`Session::is_durable`]); the command line waits for it, the window shows "saving…" and never blocks.

mod audit;
mod command;
mod error;
mod history;
mod images;
pub mod journal;
pub mod op;
mod open;
mod over;
mod place;
mod places;
mod plan;
mod recover;
mod scanned;
mod state;
mod summary;
mod time;
mod words;

pub use audit::{Audit, AuditRow, Change};
pub use command::{COMMANDS, Command, CommandId, Group, PointerKey, markdown_table};
pub use error::SessionError;
pub use history::{Gesture, History};
pub use images::{Images, NoImages};
pub use journal::{Header, HeaderImage, What};
pub use op::{BrushMode, ContourMode, LevelChoice, Op, Refinement, Target};
pub use open::{Access, Opened, SOME_READER};
pub use over::Over;
pub use places::Places;
pub use plan::{Refusal, Step, plan};
pub use recover::{Recovery, recover};
pub use scanned::ScannedImages;
pub use state::VoxelBox;
pub use summary::{CaseSummary, Ending, is_open};
pub use time::utc;
pub use words::line_of_script;

use crate::document::{Document, Edit, ImageIdentity, ImageKey};
use journal::{Entry, Failure, FileDisk, Writer, seal};
use state::State;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// The number of an entry in the journal; it grows with every step, undo and redo.
pub type EditNumber = u64;

/// The text of the case file, as it is or will be on the disk.
#[derive(Debug)]
struct Journal {
    text: Vec<u8>,
    last_hash: String,
    last_seq: u64,
    /// `None` while the case is open for reading only.
    writer: Option<Writer>,
}

/// One open case.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
    header: Header,
    state: State,
    journal: Journal,
    active: time::ActiveTime,
    recorded_active: Duration,
    /// Which file it is, wherever its name may point later.
    stamp: place::Stamp,
}

impl Session {
    fn assemble(path: &Path, header: Header, state: State, journal: Journal) -> Session {
        let (active, recorded_active) = (time::ActiveTime::default(), Duration::ZERO);
        let stamp = place::stamp(path);
        Session { path: path.to_owned(), header, state, journal, active, recorded_active, stamp }
    }

    /// What the reader said so far.
    pub fn document(&self) -> &Document {
        &self.state.document
    }

    /// The first line of the case file: who, on which images, since when.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The case file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Undo and redo stacks, with names, times and readers.
    pub fn history(&self) -> &History {
        &self.state.history
    }

    /// Name of the step that undo would take back.
    pub fn undo_name(&self) -> Option<&str> {
        self.state.history.to_undo().map(|g| g.name.as_str())
    }

    /// Name of the step that redo would bring back.
    pub fn redo_name(&self) -> Option<&str> {
        self.state.history.to_redo().map(|g| g.name.as_str())
    }

    /// Grows whenever the document changes.
    pub fn generation(&self) -> u64 {
        self.state.generation
    }

    /// The boxes of voxels whose labels have changed since the last call, image by image.
    pub fn take_dirty(&mut self) -> Vec<(ImageKey, VoxelBox)> {
        std::mem::take(&mut self.state.dirty).into_iter().collect()
    }

    /// Plans a step, hands it to the journal and applies it. It is on the screen at once and on the disk soon:
    /// [`Session::wait_durable`].
    ///
    /// # Errors
    /// [`SessionError::Refused`] or [`SessionError::ReadOnly`]; nothing has changed then.
    pub fn perform(&mut self, op: &Op, images: &dyn Images) -> Result<EditNumber, SessionError> {
        match op {
            Op::Undo {} => return self.undo(),
            Op::Redo {} => return self.redo(),
            _ => self.writable()?,
        }
        self.bring_image(op, images)?;
        let step = plan(op, &self.state.document, images)?;
        let op = serde_json::to_value(&step.op).map_err(|e| Refusal::Nonsense(e.to_string()))?;
        let back = self.state.apply(step.edits.clone()).map_err(|e| Refusal::Nonsense(e.to_string()))?;
        let entry =
            Entry { name: Some(step.name.clone()), op: Some(op.clone()), edits: step.edits, ..self.entry(What::Step) };
        let (seq, utc, reader) = (entry.seq, entry.utc.clone(), self.state.reader.clone());
        self.append(&entry);
        self.state.history.push(Gesture { seq, utc, reader, name: step.name, op, edits: back });
        Ok(seq)
    }

    /// Takes the last step back; undoing is an entry of its own.
    ///
    /// # Errors
    /// [`Refusal::NothingToUndo`], or [`SessionError::ReadOnly`].
    pub fn undo(&mut self) -> Result<EditNumber, SessionError> {
        self.writable()?;
        let turned = self.state.undo().ok_or(Refusal::NothingToUndo)?;
        self.turned(What::Undo, turned)
    }

    /// Brings back the step that was undone last.
    ///
    /// # Errors
    /// [`Refusal::NothingToRedo`], or [`SessionError::ReadOnly`].
    pub fn redo(&mut self) -> Result<EditNumber, SessionError> {
        self.writable()?;
        let turned = self.state.redo().ok_or(Refusal::NothingToRedo)?;
        self.turned(What::Redo, turned)
    }

    fn turned(&mut self, what: What, of: Result<u64, crate::document::EditError>) -> Result<EditNumber, SessionError> {
        let of = of.map_err(|e| Refusal::Nonsense(e.to_string()))?;
        let entry = Entry { of: Some(of), ..self.entry(what) };
        self.append(&entry);
        Ok(entry.seq)
    }

    /// Brings a series into the case, so that steps can be drawn on it. Undo does not take it away. Does nothing when
    /// it is there already.
    ///
    /// # Errors
    /// [`SessionError::OtherImages`] when a series of the same name with other slices is there.
    pub fn add_image(&mut self, key: &ImageKey, identity: ImageIdentity) -> Result<(), SessionError> {
        if let Some(known) = self.state.document.images.get(key) {
            let same = known.fingerprint == identity.fingerprint;
            let series = identity.series_instance_uid;
            return if same { Ok(()) } else { Err(SessionError::OtherImages { path: self.path.clone(), series }) };
        }
        self.writable()?;
        let edits = vec![Edit::Image { key: key.clone(), value: Some(Box::new(identity)) }];
        self.state.apply(edits.clone()).map_err(|e| Refusal::Nonsense(e.to_string()))?;
        let entry = Entry { edits, ..self.entry(What::Image) };
        self.append(&entry);
        Ok(())
    }

    /// The series of a drawing step comes into the case with the first step drawn on it.
    fn bring_image(&mut self, op: &Op, images: &dyn Images) -> Result<(), SessionError> {
        if let Op::TakeOver { steps, .. } = op {
            return steps.iter().try_for_each(|step| self.bring_image(step, images));
        }
        let Some(named) = op.image() else { return Ok(()) };
        let Some(key) = named.cloned().or_else(|| images.primary()) else { return Ok(()) };
        if self.state.document.images.contains_key(&key) {
            return Ok(());
        }
        match images.identity(&key) {
            Some(identity) => self.add_image(&key, identity),
            None => Ok(()), // planning says which series is missing
        }
    }

    fn writable(&self) -> Result<(), SessionError> {
        match self.journal.writer {
            Some(_) => Ok(()),
            None => Err(SessionError::ReadOnly(self.path.clone())),
        }
    }

    /// The next entry, still without its contents.
    fn entry(&mut self, what: What) -> Entry {
        self.recorded_active = self.active.total();
        let active_ms = Some(self.recorded_active.as_millis() as u64).filter(|ms| *ms > 0);
        self.state.active_ms.1 = active_ms.unwrap_or(0);
        Entry {
            seq: self.journal.last_seq + 1,
            utc: time::utc(SystemTime::now()),
            what,
            reader: None,
            software: None,
            name: None,
            op: None,
            edits: Vec::new(),
            of: None,
            active_ms,
            note: None,
            prev: self.journal.last_hash.clone(),
        }
    }

    /// Seals an entry and hands it to the writer.
    fn append(&mut self, entry: &Entry) {
        // Serialising plain data into memory cannot fail; were it to, the chain would simply not grow.
        let Ok((line, hash)) = seal(entry) else { return };
        let from = self.journal.text.len() as u64;
        self.journal.text.extend_from_slice(&line);
        self.journal.last_hash = hash;
        self.journal.last_seq = entry.seq;
        if let Some(writer) = &self.journal.writer {
            writer.append(from, line, entry.seq);
        }
    }

    /// Notes who has the case open now.
    fn record_opening(&mut self) {
        self.state.active_ms = (self.state.active_ms.0 + self.state.active_ms.1, 0);
        self.state.reader = self.header.reader.clone();
        let (reader, software) = (Some(self.header.reader.clone()), Some(journal::SOFTWARE.to_owned()));
        let entry = Entry { reader, software, ..self.entry(What::Open) };
        self.append(&entry);
    }

    /// Whether the case was opened for reading only.
    pub fn is_read_only(&self) -> bool {
        self.journal.writer.is_none()
    }

    /// What happened to the file behind the session's back, if anything: a sentence.
    pub fn changed_on_disk(&self) -> Option<String> {
        if !self.is_read_only() && !self.is_saved() {
            return None; // the writer looks before it writes
        }
        let name = self.path.display();
        match place::changed(&self.path, self.stamp, self.journal.text.len() as u64) {
            Ok(None) => None,
            Ok(Some(what)) => Some(format!("{name} {what}")),
            Err(e) => Some(format!("{name} cannot be reached: {}", journal::why(&e))),
        }
    }

    /// Whether an entry is on the disk.
    pub fn is_durable(&self, n: EditNumber) -> bool {
        self.journal.writer.as_ref().is_none_or(|w| w.durable_seq() >= n)
    }

    /// Waits until an entry is on the disk.
    ///
    /// # Errors
    /// [`SessionError::Unsaved`] with the reason.
    pub fn wait_durable(&self, n: EditNumber) -> Result<(), SessionError> {
        let unsaved = |f: Failure| SessionError::Unsaved { path: self.path.clone(), reason: f.reason };
        self.journal.writer.as_ref().map_or(Ok(()), |w| w.wait(n)).map_err(unsaved)
    }

    /// Whether everything done so far is on the disk.
    pub fn is_saved(&self) -> bool {
        self.is_durable(self.journal.last_seq)
    }

    /// Why what is on the screen is not saved, when saving has failed.
    pub fn unsaved(&self) -> Option<String> {
        self.journal.writer.as_ref().and_then(Writer::failure).map(|f| f.reason)
    }

    /// Tries again to save what could not be saved; whether there was any sense in trying. After the disk failed to
    /// confirm a write there is none: [`Session::save_as`].
    pub fn retry_saving(&mut self) -> bool {
        let Some(writer) = self.journal.writer.as_ref().filter(|w| w.clear_failure()) else { return false };
        let from = writer.durable_bytes();
        let rest = self.journal.text.get(from as usize..).unwrap_or_default().to_vec();
        writer.append(from, rest, self.journal.last_seq);
        true
    }

    /// Saves the whole case, unsaved steps included, to a new file and goes on there. The old file stays as it is.
    ///
    /// # Errors
    /// [`SessionError::Exists`], or what the system says; the session then goes on as before.
    pub fn save_as(&mut self, path: &Path) -> Result<(), SessionError> {
        let file = place::place_new(path, &self.journal.text)?;
        let length = self.journal.text.len() as u64;
        let disk = Box::new(FileDisk::new(file, path));
        self.journal.writer = Some(Writer::start(disk, length, self.journal.last_seq));
        self.path = path.to_owned();
        self.stamp = place::stamp(path);
        Ok(())
    }

    /// The reader is at it: pointer, wheel or key. Pauses of more than a minute do not count as reading.
    pub fn sign_of_life(&mut self, now: Instant) {
        self.active.sign_of_life(now);
    }

    /// Active reading time over all sittings.
    pub fn active_time(&self) -> Duration {
        Duration::from_millis(self.state.active_ms.0)
            + self.active.total().max(Duration::from_millis(self.state.active_ms.1))
    }

    /// When the last step that stands was done; of a case without steps, when it began.
    pub fn changed_utc(&self) -> &str {
        self.state.history.done().last().map_or(&self.header.utc, |g| &g.utc)
    }

    /// The steps that stand, as JSON Lines: replayed on the same images they lead to the same document.
    pub fn script(&self) -> String {
        self.state.history.done().iter().map(|g| format!("{}\n", g.op)).collect()
    }
}

impl Drop for Session {
    /// A sitting at the window ends with the reading time since the last entry, and says that it ended as it should; the
    /// writer then finishes what it was given.
    fn drop(&mut self) {
        let sat = self.active.total() > Duration::ZERO && !std::thread::panicking();
        if self.journal.writer.is_some() && sat {
            let entry = Entry { note: Some(journal::CLOSED.to_owned()), ..self.entry(What::Time) };
            self.append(&entry);
        }
    }
}

#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod drawing_tests;
#[cfg(test)]
mod tests;
