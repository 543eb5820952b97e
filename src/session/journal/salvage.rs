//! Reading a damaged case file: every line that carries its own right hash is what was written, wherever it stands.

use super::{Entry, FORMAT, Header, SOFTWARE, VERSION, What, chain, record};
use rayon::prelude::*;
use serde::Deserialize;
use uuid::Uuid;

/// What a damaged file still holds.
#[derive(Debug)]
pub struct Salvaged<'a> {
    /// The first line, or what the entries tell of it.
    pub header: Header,
    /// The first line as it stands in the file, when it is whole.
    pub header_line: Option<&'a [u8]>,
    /// Whole entries in the order of their numbers, each number once.
    pub entries: Vec<Sound<'a>>,
    /// What is gone: sentences.
    pub lost: Vec<String>,
    /// What is odd and costs nothing: sentences.
    pub notes: Vec<String>,
}

/// One whole entry.
#[derive(Debug)]
pub struct Sound<'a> {
    /// Line number; the header is line 1.
    pub line: usize,
    /// The line without its newline.
    pub bytes: &'a [u8],
    /// What it says.
    pub entry: Entry,
    /// Its hash.
    pub hash: &'a str,
}

/// Why nothing can be saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hopeless {
    /// It is no case file.
    #[error("it is not a spondyl case file: no line of it is one of a case")]
    NotACase,
    /// Made by a later version of the program.
    #[error(
        "line 1 says format version {found}, and this program knows versions up to {VERSION}: recover it with a newer spondyl"
    )]
    Newer {
        /// What the file says.
        found: u32,
    },
}

enum Piece<'a> {
    Entry(Box<Sound<'a>>),
    /// A line, or part of one, that is not what was written; and what it seems to have been.
    Broken(usize, String),
}

/// Looks for whole lines in bytes of which nothing else is believed.
///
/// # Errors
/// [`Hopeless`] when there are none, or when a newer program wrote them.
pub fn salvage(bytes: &[u8]) -> Result<Salvaged<'_>, Hopeless> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let first = lines.first().copied().unwrap_or_default();
    let (header_line, mut lost) = match whole_header(first)? {
        Ok(line) => (Some(line), Vec::new()),
        Err(why) => (None, vec![format!("line 1: {why}. Reader and images are taken from the entries")]),
    };
    let header: Option<Header> = header_line.and_then(|line| record(line, version_of(line)).ok());
    let of = header.as_ref().map_or(VERSION, |h| h.version);
    let skipped = usize::from(!first.starts_with(b"{\"seq\":")); // an entry may have become the first line
    let read: Vec<Vec<Piece>> =
        lines.par_iter().enumerate().skip(skipped).map(|(n, line)| pieces(line, n + 1, of)).collect();
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for piece in read.into_iter().flatten() {
        match piece {
            Piece::Entry(sound) => found.push(*sound),
            Piece::Broken(line, what) => lost.push(format!("line {line}: {what}")),
        }
    }
    let entries = in_order(found, &mut lost, &mut notes);
    if header.is_none() && entries.is_empty() {
        return Err(Hopeless::NotACase);
    }
    if header.is_none() && !entries.iter().any(|s| s.entry.what == What::Open && s.entry.reader.is_some()) {
        lost.push(format!("whose case it was is lost; it is now that of reader {:?}", crate::session::SOME_READER));
    }
    let header = header.unwrap_or_else(|| rebuilt(&entries));
    Ok(Salvaged { header, header_line, entries, lost, notes })
}

/// The version that a first line names.
fn version_of(line: &[u8]) -> u32 {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    serde_json::from_slice::<Versioned>(line).map_or(VERSION, |v| v.version)
}

/// The first line without its newline, or a sentence that says what is wrong with it.
fn whole_header(line: &[u8]) -> Result<Result<&[u8], String>, Hopeless> {
    #[derive(Deserialize)]
    struct Begins {
        format: String,
        version: u32,
    }
    let Some(line) = line.strip_suffix(b"\n").filter(|l| chain::verified(l).is_some()) else {
        return Ok(Err("its checksum does not fit its contents".to_owned()));
    };
    match serde_json::from_slice::<Begins>(line) {
        Ok(b) if b.format != FORMAT => Ok(Err("it is not the first line of a case".to_owned())),
        Ok(b) if b.version > VERSION => Err(Hopeless::Newer { found: b.version }),
        Ok(b) => Ok(record::<Header>(line, b.version).map(|_| line).map_err(|e| e.to_string())),
        Err(e) => Ok(Err(e.to_string())),
    }
}

/// What is whole in a line. A newline that is gone joins two lines, and rubbish may stand before or behind one.
fn pieces(line: &[u8], number: usize, of: u32) -> Vec<Piece<'_>> {
    const BEGINS: &[u8] = b"{\"seq\":";
    const ENDS: &[u8] = b"\"}";
    let whole = line.strip_suffix(b"\n");
    if let Some(sound) = whole.and_then(|l| sound(l, number, of)) {
        return vec![Piece::Entry(Box::new(sound))];
    }
    let cut_short = whole.is_none();
    let line = whole.unwrap_or(line);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(from) = find(line, BEGINS, at) {
        let next = find(line, BEGINS, from + 1).unwrap_or(line.len());
        let part = &line[from..next];
        let end = part.windows(ENDS.len()).rposition(|w| w == ENDS).map(|n| n + ENDS.len());
        match end.and_then(|end| sound(&part[..end], number, of)) {
            Some(sound) => out.push(Piece::Entry(Box::new(sound))),
            None => out.push(Piece::Broken(number, broken(part, cut_short && next == line.len()))),
        }
        at = next;
    }
    if out.is_empty() {
        out.push(Piece::Broken(number, broken(line, cut_short)));
    }
    out
}

fn find(line: &[u8], what: &[u8], from: usize) -> Option<usize> {
    line.get(from..)?.windows(what.len()).position(|w| w == what).map(|n| n + from)
}

fn sound(line: &[u8], number: usize, of: u32) -> Option<Sound<'_>> {
    let hash = chain::verified(line)?;
    Some(Sound { line: number, bytes: line, entry: record(line, of).ok()?, hash })
}

/// What a broken line seems to have been; nothing of it is believed.
fn broken(line: &[u8], cut_short: bool) -> String {
    #[derive(Deserialize)]
    struct Seems {
        seq: u64,
        utc: String,
        what: What,
        name: Option<String>,
    }
    let what = match (cut_short, chain::verified(line)) {
        (true, _) => "it was cut short and never confirmed as saved",
        (false, Some(_)) => "it cannot be understood",
        (false, None) => "its checksum does not fit its contents",
    };
    match serde_json::from_slice::<Seems>(line) {
        Ok(s) => {
            let word = serde_json::to_value(s.what).ok().and_then(|w| w.as_str().map(str::to_owned));
            let name = s.name.or(word).unwrap_or_default();
            format!("{what}; it seems to have been entry {}, \"{name}\", of {}", s.seq, s.utc)
        }
        Err(_) => format!("{what} ({} bytes)", line.len()),
    }
}

/// Each number once, in order; says what is missing between them.
fn in_order<'a>(mut found: Vec<Sound<'a>>, lost: &mut Vec<String>, notes: &mut Vec<String>) -> Vec<Sound<'a>> {
    if found.windows(2).any(|w| w[0].entry.seq > w[1].entry.seq) {
        notes.push("lines stand out of order; the numbers of the entries decide".to_owned());
    }
    found.sort_by_key(|s| s.entry.seq);
    let mut entries: Vec<Sound> = Vec::with_capacity(found.len());
    let mut expected = 1;
    for next in found {
        let (seq, line) = (next.entry.seq, next.line);
        match entries.last_mut() {
            Some(last) if last.entry.seq == seq && last.hash == next.hash => {
                notes.push(format!("line {line} repeats line {}", last.line));
                continue;
            }
            Some(last) if last.entry.seq == seq => {
                lost.push(format!("line {line}: a second entry {seq} beside that of line {}", last.line));
                continue;
            }
            Some(last) if seq == expected && next.entry.prev != last.hash => {
                notes.push(format!("line {line} was not written after line {}; both are kept", last.line));
            }
            _ => {}
        }
        if seq > expected {
            lost.push(missing(expected, seq - 1, line));
        }
        expected = seq.saturating_add(1);
        entries.push(next);
    }
    entries
}

fn missing(from: u64, to: u64, before: usize) -> String {
    match from == to {
        true => {
            format!("entry {from} is missing (before line {before}); an undo or redo among what is gone is unknown")
        }
        false => format!(
            "entries {from} to {to} are missing (before line {before}); an undo or redo among what is gone is unknown"
        ),
    }
}

/// A header from what the entries tell; the images are named by the entries themselves.
fn rebuilt(entries: &[Sound]) -> Header {
    let opened = entries.iter().find(|s| s.entry.what == What::Open);
    Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        software: opened.and_then(|s| s.entry.software.clone()).unwrap_or_else(|| SOFTWARE.to_owned()),
        utc: entries.first().map(|s| s.entry.utc.clone()).unwrap_or_default(),
        case_id: Uuid::new_v4(),
        reader: opened.and_then(|s| s.entry.reader.clone()).unwrap_or_else(|| crate::session::SOME_READER.to_owned()),
        images: Vec::new(),
    }
}
