//! Writing a file whole or not at all: into a temporary neighbour, flushed to disk, read back and compared, then renamed
//! into place. Whatever fails, the file that was there before stays as it was.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Why a file was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The operating system said no.
    #[error("{path}: {doing} failed: {source}")]
    Io {
        /// The file that was to be written.
        path: String,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// What was read back is not what was written.
    #[error("{path}: what was read back differs from what was written ({why}); nothing was left there")]
    ReadBack {
        /// The file that was to be written.
        path: String,
        /// Where they differ.
        why: String,
    },
    /// The file there belongs to something else.
    #[error(
        "{path} exists and is not an export of this case by this reader ({what}); choose another place, or --force"
    )]
    Foreign {
        /// The file.
        path: String,
        /// What it is instead.
        what: String,
    },
    /// The case cannot be put into this format.
    #[error("{0}")]
    Unfit(String),
}

impl ExportError {
    pub(super) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> ExportError {
        let path = path.display().to_string();
        move |source| ExportError::Io { path, doing, source }
    }
}

/// Temporary files that are there now.
static TEMPORARIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Takes a temporary file away unless it was renamed.
pub struct Temporary(PathBuf);

impl Temporary {
    /// Names a file that is still to be made.
    pub fn new(path: PathBuf) -> Temporary {
        TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        Temporary(path)
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is gone after the rename, and nothing can be done about one that cannot be removed.
        let _ = fs::remove_file(&self.0);
        TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner).retain(|p| *p != self.0);
    }
}

/// Takes all temporary files away; for a program that was told to end.
pub fn remove_temporaries() {
    for path in TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = fs::remove_file(path); // as above
    }
}

/// Writes `path` with `write`, has `verify` read it back (a sentence where it differs), and puts it in place.
///
/// # Errors
/// [`ExportError`]; the file that was at `path` before is then untouched.
pub fn write_verified(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    verify: impl FnOnce(&mut dyn Read) -> Result<(), String>,
) -> Result<(), ExportError> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = Temporary::new(folder.join(format!(".{name}.{}.part", std::process::id())));
    let err = |doing| ExportError::io(path, doing);

    let file = File::create(temporary.path()).map_err(err("creating a file beside it"))?;
    let mut out = BufWriter::new(file);
    write(&mut out).and_then(|()| out.flush()).map_err(err("writing"))?;
    out.get_ref().sync_all().map_err(err("flushing to disk"))?;
    drop(out);

    let mut back = BufReader::new(File::open(temporary.path()).map_err(err("reading back"))?);
    verify(&mut back).map_err(|why| ExportError::ReadBack { path: path.display().to_string(), why })?;
    drop(back);

    fs::rename(temporary.path(), path).map_err(err("putting the new file in place"))?;
    sync_folder(path).map_err(err("making the new file's name durable"))
}

/// Makes the name of a new or renamed file durable: its folder is flushed too.
///
/// # Errors
/// What the system says. Systems that cannot flush folders are content without.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match File::open(folder)?.sync_all() {
            Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {}
            other => other?,
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Writes bytes to `path`, whole or not at all, and reads them back.
///
/// # Errors
/// As [`write_verified`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    write_verified(path, |out| out.write_all(bytes), |back| same_bytes(back, bytes))
}

/// Compares a stream with the bytes that it should hold.
pub fn same_bytes(back: &mut dyn Read, expected: &[u8]) -> Result<(), String> {
    let mut found = Vec::with_capacity(expected.len());
    back.take(expected.len() as u64 + 1).read_to_end(&mut found).map_err(|e| e.to_string())?;
    match found.iter().zip(expected).position(|(a, b)| a != b) {
        Some(at) => Err(format!("byte {at}")),
        None if found.len() != expected.len() => Err(format!("{} bytes of {}", found.len(), expected.len())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("a.json");
        for text in [b"one".as_slice(), b"another"] {
            write_verified(&path, |out| out.write_all(text), |back| same_bytes(back, text)).expect("written");
            assert_eq!(fs::read(&path).expect("there"), text);
        }
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1);
    }

    #[test]
    fn whatever_fails_the_old_file_stays() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("a.json");
        fs::write(&path, "old").expect("written");
        let half = |out: &mut dyn Write| out.write_all(b"half").and_then(|()| Err(io::Error::other("disk full")));
        let e = write_verified(&path, half, |_| Ok(())).expect_err("writing fails").to_string();
        assert!(e.contains("a.json") && e.contains("disk full"), "{e}");
        let e =
            write_verified(&path, |out| out.write_all(b"new"), |back| same_bytes(back, b"now")).expect_err("differs");
        assert!(e.to_string().contains("byte 1"), "{e}");
        assert_eq!(fs::read(&path).expect("there"), b"old");
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1);
        let nowhere = dir.path().join("none").join("a.json");
        assert!(write_verified(&nowhere, |_| Ok(()), |_| Ok(())).is_err());
    }
}
