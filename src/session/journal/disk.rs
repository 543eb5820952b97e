//! The few things a journal asks of a disk, so that tests can stand in for one that fails.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that grows at its end.
pub trait Disk: Send {
    /// Writes all bytes at the end.
    ///
    /// # Errors
    /// What the system says; part of the bytes may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything appended is on the disk itself.
    ///
    /// # Errors
    /// What the system says; what is on the disk is then unknown, and asking again may lie (the kernel forgets the
    /// pages it could not write), so nobody does.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to `length` bytes.
    ///
    /// # Errors
    /// What the system says.
    fn cut_back(&mut self, length: u64) -> io::Result<()>;

    /// Whether the file still is the one that was opened, `length` bytes long.
    ///
    /// # Errors
    /// What the system says.
    fn is_untouched(&self, length: u64) -> io::Result<bool>;
}

/// A real file, locked for as long as this lives.
#[derive(Debug)]
pub struct FileDisk {
    file: File,
    path: PathBuf,
}

impl FileDisk {
    /// Takes an open, locked file.
    pub fn new(file: File, path: &Path) -> Self {
        FileDisk { file, path: path.to_owned() }
    }
}

impl Disk for FileDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn cut_back(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn is_untouched(&self, length: u64) -> io::Result<bool> {
        let mine = self.file.metadata()?;
        let there = std::fs::metadata(&self.path)?;
        Ok(mine.len() == length && same_file(&mine, &there))
    }
}

#[cfg(unix)]
fn same_file(a: &std::fs::Metadata, b: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(a: &std::fs::Metadata, b: &std::fs::Metadata) -> bool {
    a.len() == b.len()
}

/// A system's error as a reader understands it.
pub fn why(e: &io::Error) -> String {
    match e.kind() {
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::QuotaExceeded => "your quota on this disk is used up".to_owned(),
        ErrorKind::FileTooLarge => "the file may not grow further (a size limit of this system)".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        ErrorKind::PermissionDenied => "you may not write there".to_owned(),
        ErrorKind::NotFound => "the folder does not exist".to_owned(),
        ErrorKind::NotADirectory => "part of the path is a file, not a folder".to_owned(),
        ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        _ => format!("the system said: {e}"),
    }
}
