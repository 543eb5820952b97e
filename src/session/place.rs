//! Putting a new case file in place: whole, read back and on the disk, or not at all; never over another file.

use super::SessionError;
use crate::export::sync_folder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Takes a temporary file's name away again.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing can be done about one that cannot be removed; it is not the reader's file.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes a file that is not there yet, through a neighbour that gets its name only when everything is on the disk and
/// was read back. The file is returned open and locked.
///
/// # Errors
/// [`SessionError::Exists`], or what the system says; nothing is at `path` then.
pub fn place_new(path: &Path, bytes: &[u8]) -> Result<File, SessionError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(SessionError::Exists(path.to_owned()));
    }
    let name = format!(".{}.spondyl.part", uuid::Uuid::new_v4().simple());
    let temporary = Temporary(path.with_file_name(name));
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create_new(true)
        .open(&temporary.0)
        .map_err(SessionError::io(path, "created"))?;
    fill(&mut file, bytes).map_err(SessionError::io(path, "written"))?;
    match give_name(&temporary.0, path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return Err(SessionError::Exists(path.to_owned())),
        other => other.map_err(SessionError::io(path, "created"))?,
    }
    if let Err(e) = sync_folder(path) {
        // Its name may vanish with the power: the caller is told that there is nothing, and so it shall be.
        let _ = fs::remove_file(path);
        return Err(SessionError::io(path, "written")(e));
    }
    Ok(file)
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.try_lock().map_err(io::Error::from)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let mut back = Vec::with_capacity(bytes.len());
    file.read_to_end(&mut back)?;
    if back == bytes { Ok(()) } else { Err(io::Error::other("what was read back differs from what was written")) }
}

/// Gives the finished file its name, unless a file of that name has come up meanwhile.
fn give_name(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists && fs::symlink_metadata(to).is_err() => fs::rename(from, to),
        other => other, // disks without hard links have only the renaming above
    }
}
