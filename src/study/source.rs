//! Where files come from: folders, links, archives. Regular files only; names of any bytes; a fixed order.

use super::info::{SkipCode, Skipped};
use super::issue::Unusable;
use super::stream::{FileStream, Sequential, Stream, read_at};
use super::text::visible;
use std::collections::HashSet;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file that may hold images.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name for people: the path as given or below a folder that was given.
    pub shown: String,
    /// How many bytes of that the user gave.
    pub given: usize,
    /// Where it really is.
    pub path: PathBuf,
    /// Its number in the archive that `path` then is.
    entry: Option<(usize, Archive)>,
}

/// The bytes of an opened source, by position.
pub enum Content {
    /// A plain file and its length.
    File(File, u64),
    /// Everything, inflated.
    Memory(Vec<u8>),
}

impl Content {
    /// Fills `buffer` from a position, as far as there is data. Returns how many bytes were there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        match self {
            Content::File(file, _) => read_at(file, buffer, at),
            Content::Memory(bytes) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let n = buffer.len().min(bytes.len() - from);
                buffer[..n].copy_from_slice(&bytes[from..from + n]);
                Ok(n)
            }
        }
    }
}

impl Source {
    /// A plain file below a path that the user gave.
    pub fn file(path: PathBuf, given: usize) -> Self {
        Self { shown: shown(&path), given, path, entry: None }
    }

    /// The folder it lies in.
    pub fn folder(&self) -> PathBuf {
        let inside = self.entry.as_ref().map(|_| Path::new(&self.shown));
        inside.unwrap_or(&self.path).parent().unwrap_or(Path::new("")).to_owned()
    }

    /// Runs `with` on its bytes from the start.
    ///
    /// # Errors
    /// When it cannot be opened, is no regular file, or `with` fails.
    pub fn stream<T>(&self, with: impl FnOnce(&mut dyn Stream) -> Result<T, Unusable>) -> Result<T, Unusable> {
        match &self.entry {
            None => {
                let (file, length) = open(&self.path)?;
                with(&mut FileStream::new(&file, length))
            }
            Some((number, archive)) => {
                let mut archive = archive.clone();
                with(&mut Sequential(archive.entry(*number)?))
            }
        }
    }

    /// Opens it for reading by position; an archive's entry is inflated, up to `limit` bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(&self, limit: u64) -> Result<Content, Unusable> {
        match &self.entry {
            None => open(&self.path).map(|(file, length)| Content::File(file, length)),
            Some((number, archive)) => {
                let mut bytes = Vec::new();
                archive.clone().entry(*number)?.take(limit).read_to_end(&mut bytes)?;
                Ok(Content::Memory(bytes))
            }
        }
    }
}

fn open(path: &Path) -> Result<(File, u64), Unusable> {
    let file = File::open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(not_a_file(meta.file_type()));
    }
    Ok((file, meta.len()))
}

/// A path for people: control characters and bytes that are not UTF-8 escaped.
pub fn shown(path: &Path) -> String {
    match path.to_str() {
        Some(text) => visible(text).into_owned(),
        None => {
            let chunks = path.as_os_str().as_encoded_bytes().utf8_chunks();
            let text = chunks.map(|c| format!("{}{}", visible(c.valid()), c.invalid().escape_ascii()));
            text.collect()
        }
    }
}

fn not_a_file(kind: FileType) -> Unusable {
    #[cfg(unix)]
    let what = {
        use std::os::unix::fs::FileTypeExt;
        match kind {
            k if k.is_fifo() => "a named pipe (FIFO)",
            k if k.is_socket() => "a socket",
            k if k.is_block_device() || k.is_char_device() => "a device",
            k if k.is_dir() => "a folder",
            _ => "something else",
        }
    };
    #[cfg(not(unix))]
    let what = if kind.is_dir() { "a folder" } else { "something else" };
    Unusable::new(SkipCode::NotAFile, format!("it is {what}, not a regular file"))
}

/// What lies under the paths given.
#[derive(Debug, Default)]
pub struct Found {
    /// Regular files, in a fixed order.
    pub files: Vec<Source>,
    /// What cannot be read, and how much of its path the user gave.
    pub skipped: Vec<(Skipped, usize)>,
    /// How much of the paths being looked at the user gave.
    given: usize,
}

impl Found {
    fn skip(&mut self, path: &Path, why: Unusable) {
        self.skipped.push((Skipped { path: shown(path), reason: why.reason, code: why.code }, self.given));
    }

    fn take(&mut self, path: PathBuf) {
        self.files.push(Source::file(path, self.given));
    }
}

/// Lists all regular files under paths: folders recursively, by name; links are followed, but no folder twice.
pub fn find(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    let mut visited = HashSet::new();
    for path in paths {
        found.given = shown(path).len();
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => folder(path, &meta, &mut visited, &mut found),
            Ok(meta) if meta.is_file() => found.take(path.clone()),
            Ok(meta) => found.skip(path, not_a_file(meta.file_type())),
            Err(e) => found.skip(path, e.into()),
        }
    }
    found
}

/// What makes a folder the same folder.
#[cfg(unix)]
fn identity(_: &Path, meta: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

fn folder(path: &Path, meta: &Metadata, visited: &mut HashSet<Identity>, found: &mut Found) {
    // Depth first, without recursion: the next thing to look at is on top.
    let mut stack = Vec::new();
    enter(path, meta, visited, &mut stack, found);
    while let Some((path, kind)) = stack.pop() {
        let is_link = kind.is_symlink();
        if kind.is_file() {
            found.take(path);
        } else if kind.is_dir() || is_link {
            match fs::metadata(&path) {
                Ok(meta) if meta.is_dir() => enter(&path, &meta, visited, &mut stack, found),
                Ok(meta) if meta.is_file() => found.take(path),
                Ok(meta) => found.skip(&path, not_a_file(meta.file_type())),
                Err(e) if is_link => {
                    let why = format!("it is a link that leads nowhere: {e}");
                    found.skip(&path, Unusable::new(SkipCode::Unreadable, why));
                }
                Err(e) => found.skip(&path, e.into()),
            }
        } else {
            found.skip(&path, not_a_file(kind));
        }
    }
}

fn enter(
    path: &Path,
    meta: &Metadata,
    visited: &mut HashSet<Identity>,
    stack: &mut Vec<(PathBuf, FileType)>,
    found: &mut Found,
) {
    if !identity(path, meta).is_none_or(|id| visited.insert(id)) {
        return;
    }
    let entries = fs::read_dir(path).and_then(|entries| {
        let typed = |e: io::Result<fs::DirEntry>| e.and_then(|e| Ok((e.path(), e.file_type()?)));
        entries.map(typed).collect::<io::Result<Vec<_>>>()
    });
    match entries {
        Ok(mut entries) => {
            entries.sort_by(|a, b| b.0.cmp(&a.0));
            stack.append(&mut entries);
        }
        Err(e) => found.skip(path, e.into()),
    }
}

/// An opened zip archive; copies share its directory.
#[derive(Clone, Debug)]
struct Archive(zip::ZipArchive<SharedFile>);

impl Archive {
    fn entry(&mut self, number: usize) -> Result<impl Read, Unusable> {
        self.0.by_index(number).map_err(|e| unreadable_archive(&e))
    }
}

fn unreadable_archive(e: &zip::result::ZipError) -> Unusable {
    Unusable::new(SkipCode::Unreadable, format!("the zip archive cannot be read: {e}"))
}

/// The files inside a zip archive, in its order.
///
/// # Errors
/// When the archive cannot be read.
pub fn archive(source: &Source) -> Result<Vec<Source>, Unusable> {
    if source.entry.is_some() {
        return Err(Unusable::new(SkipCode::NotDicom, "it is a zip archive inside a zip archive, which is not opened"));
    }
    let (file, _) = open(&source.path)?;
    let archive =
        zip::ZipArchive::new(SharedFile { file: Arc::new(file), at: 0 }).map_err(|e| unreadable_archive(&e))?;
    let names: Vec<(usize, String)> = (0..archive.len())
        .filter_map(|n| Some((n, archive.name_for_index(n)?.ok()?.into_owned())))
        .filter(|(_, name)| !name.ends_with(['/', '\\']))
        .collect();
    let entry = |(number, name): (usize, String)| Source {
        shown: format!("{}/{}", source.shown, visible(&name)),
        given: source.given,
        path: source.path.clone(),
        entry: Some((number, Archive(archive.clone()))),
    };
    Ok(names.into_iter().map(entry).collect())
}

/// A file that copies read independently of each other.
#[derive(Clone, Debug)]
struct SharedFile {
    file: Arc<File>,
    at: u64,
}

impl Read for SharedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = read_at(&self.file, buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let moved = |from: u64, by: i64| from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput);
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => moved(self.at, by)?,
            SeekFrom::End(by) => moved(self.file.metadata()?.len(), by)?,
        };
        Ok(self.at)
    }
}
