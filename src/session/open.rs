//! Creating, opening and replaying case files.

use super::journal::{self, Contents, Damage, FileDisk, Header, Writer, seal};
use super::state::State;
use super::{Journal, Session, SessionError};
use crate::document::ImageIdentity;
use crate::export::sync_folder;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The pseudonym of a reader who gave none.
pub const SOME_READER: &str = "reader";

/// Read and write, or only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Locks the file; one program at a time.
    Write,
    /// Locks nothing.
    Read,
}

/// An opened case, and what the reader should be told about it.
#[derive(Debug)]
pub struct Opened {
    /// The case.
    pub session: Session,
    /// Sentences.
    pub notices: Vec<String>,
}

impl Session {
    /// Makes a new case file. Its name and first line are on the disk when this returns.
    ///
    /// # Errors
    /// [`SessionError::Exists`], or what the system says.
    pub fn create(path: &Path, header: Header) -> Result<Opened, SessionError> {
        let file = match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => return Err(SessionError::Exists(path.to_owned())),
            other => other.map_err(SessionError::io(path, "created"))?,
        };
        lock(&file, path)?;
        begin(file, path, header)
    }

    /// Opens a case file and replays it.
    ///
    /// # Errors
    /// [`SessionError`]: damage, a newer format, another writer, or what the system says. The file is then as it was.
    pub fn open(path: &Path, access: Access) -> Result<Opened, SessionError> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(access == Access::Write).open(path).map_err(not_opened(path))?;
        if access == Access::Write {
            lock(&file, path)?;
        }
        let bytes = read_all(&mut file, path)?;
        let contents = journal::read(&bytes).map_err(damaged(path))?;
        resume(file, path, (bytes, contents), access)
    }

    /// Opens a case for writing; makes it anew when there is none, or when it was torn while being made. A `reader` that
    /// is not named is the case's own, in a new case [`SOME_READER`].
    ///
    /// # Errors
    /// As [`Session::create`] and [`Session::open`]; [`SessionError::AnotherReader`] when the case is not `reader`'s.
    pub fn open_or_create(path: &Path, reader: Option<&str>, images: &[ImageIdentity]) -> Result<Opened, SessionError> {
        let header = Header::new(reader.unwrap_or(SOME_READER), images);
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Session::create(path, header),
            other => other.map_err(not_opened(path))?,
        };
        lock(&file, path)?;
        let bytes = read_all(&mut file, path)?;
        match (journal::read(&bytes), reader) {
            (Err(Damage::Unborn), _) => begin(file, path, header),
            (Err(damage), _) => Err(damaged(path)(damage)),
            (Ok(c), Some(ours)) if c.header.reader != ours => Err(SessionError::AnotherReader {
                path: path.to_owned(),
                theirs: c.header.reader,
                ours: ours.to_owned(),
            }),
            (Ok(contents), _) => resume(file, path, (bytes, contents), Access::Write),
        }
    }
}

fn damaged(path: &Path) -> impl Fn(Damage) -> SessionError {
    move |damage| SessionError::Damaged { path: path.to_owned(), damage }
}

/// Opening says of a missing file that the file is missing.
pub(super) fn not_opened(path: &Path) -> impl FnOnce(std::io::Error) -> SessionError {
    let path = path.to_owned();
    move |e| {
        let source = match e.kind() {
            ErrorKind::NotFound => std::io::Error::other("there is no such file"),
            _ => e,
        };
        SessionError::Io { path, doing: "opened", source }
    }
}

fn lock(file: &File, path: &Path) -> Result<(), SessionError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(SessionError::Locked { path: path.to_owned(), who: holder(path) }),
        Err(TryLockError::Error(e)) => Err(SessionError::io(path, "locked")(e)),
    }
}

/// Who opened the file last, as its journal tells.
fn holder(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let Ok(contents) = journal::read(&bytes) else { return " by another program".to_owned() };
    let opened = contents.entries.iter().rev().find(|e| e.what == journal::What::Open);
    let by = opened.and_then(|e| Some((e.reader.clone()?, e.utc.clone())));
    let (reader, utc) = by.unwrap_or((contents.header.reader, contents.header.utc));
    format!(" by another program: reader {reader} has had it open since {utc}")
}

fn read_all(file: &mut File, path: &Path) -> Result<Vec<u8>, SessionError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(SessionError::io(path, "read"))?;
    Ok(bytes)
}

/// Writes the first line of a new (or stillborn) file.
fn begin(mut file: File, path: &Path, header: Header) -> Result<Opened, SessionError> {
    if !is_pseudonym(&header.reader) {
        return Err(SessionError::BadReader);
    }
    let (line, hash) = seal(&header).map_err(|e| SessionError::io(path, "created")(e.into()))?;
    let written = file
        .set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| file.write_all(&line))
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_folder(path));
    written.map_err(SessionError::io(path, "created"))?;
    let writer = Writer::start(Box::new(FileDisk::new(file, path)), line.len() as u64, 0);
    let state = State { reader: header.reader.clone(), ..State::default() };
    let journal = Journal { text: line, last_hash: hash, last_seq: 0, writer: Some(writer) };
    let mut session = Session::assemble(path, header, state, journal);
    session.record_opening();
    Ok(Opened { session, notices: Vec::new() })
}

fn is_pseudonym(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control)
}

/// Replays a file and, for writing, takes a torn last line off its end.
fn resume(
    file: File,
    path: &Path,
    (mut bytes, contents): (Vec<u8>, Contents),
    access: Access,
) -> Result<Opened, SessionError> {
    let Contents { header, entries, last_hash, whole_bytes, torn_line } = contents;
    let mut state = State { reader: header.reader.clone(), ..State::default() };
    let last_seq = entries.len() as u64;
    for (n, entry) in entries.into_iter().enumerate() {
        state.replay(entry).map_err(|what| damaged(path)(Damage::Line { line: n + 2, what, intact: n }))?;
    }
    state.dirty.clear();
    let mut notices = Vec::new();
    if let Some(line) = torn_line {
        notices.push(format!(
            "the last line of {} (line {line}) was cut short and has been dropped; it was never confirmed as saved",
            path.display()
        ));
        bytes.truncate(whole_bytes);
    }
    let writer = (access == Access::Write)
        .then(|| {
            if torn_line.is_some() {
                file.set_len(whole_bytes as u64).and_then(|()| file.sync_all())?;
            }
            Ok(Writer::start(Box::new(FileDisk::new(file, path)), whole_bytes as u64, last_seq))
        })
        .transpose()
        .map_err(SessionError::io(path, "repaired"))?;
    let journal = Journal { text: bytes, last_hash, last_seq, writer };
    let mut session = Session::assemble(path, header, state, journal);
    if access == Access::Write {
        session.record_opening();
    }
    Ok(Opened { session, notices })
}
