//! Putting a new case file in place: whole, read back and on the disk, or not at all; never over another file.

use super::SessionError;
use crate::export::{Temporary, sync_folder};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

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
    let temporary = Temporary::new(path.with_file_name(name));
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create_new(true)
        .open(temporary.path())
        .map_err(SessionError::io(path, "created"))?;
    fill(&mut file, bytes).map_err(SessionError::io(path, "written"))?;
    match give_name(temporary.path(), path) {
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

/// Which file a name stands for; `None` where the system does not tell.
pub type Stamp = Option<(u64, u64)>;

/// The file that has this name now.
pub fn stamp(path: &Path) -> Stamp {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).ok().map(|m| (m.dev(), m.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// What became of a file of `length` bytes; a part of a sentence, nothing where it is as it was.
///
/// # Errors
/// What the system says.
pub fn changed(path: &Path, was: Stamp, length: u64) -> io::Result<Option<&'static str>> {
    let there = match fs::metadata(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Some("is not there any more")),
        other => other?,
    };
    Ok(match there.len().cmp(&length) {
        _ if stamp(path) != was => Some("was replaced by another file"),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some("was written to by another program"),
        std::cmp::Ordering::Less => Some("was cut short by another program"),
    })
}
