//! Reading a case file: every line is verified before anything in it is believed.

use super::{Entry, FORMAT, Header, VERSION, chain, record};
use rayon::prelude::*;

/// What a case file holds.
#[derive(Debug)]
pub struct Contents {
    /// Line 1.
    pub header: Header,
    /// The lines after it.
    pub entries: Vec<Entry>,
    /// Hash of the last whole line.
    pub last_hash: String,
    /// Length of all whole lines, bytes.
    pub whole_bytes: usize,
    /// Number of the line that was cut short at the end, if one was.
    pub torn_line: Option<usize>,
}

/// Why a file cannot be read as a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Not even the beginning fits.
    #[error("it is not a spondyl case file (line 1 does not begin as one)")]
    NotACase,
    /// The header was cut short when the file was made; nothing was ever saved in it.
    #[error("its first line was cut short when it was made, so it holds nothing yet")]
    Unborn,
    /// Made by a later version of the program.
    #[error(
        "line 1 says format version {found}, and this program knows versions up to {VERSION}: open it with a newer spondyl (the file was left as it is)"
    )]
    Newer {
        /// What the file says.
        found: u32,
    },
    /// A line that is not what was written.
    #[error("line {line} is damaged: {what}. {rescue}. The file was left as it is", rescue = rescue(*.intact))]
    Line {
        /// Line number; the header is line 1.
        line: usize,
        /// What is wrong with it.
        what: String,
        /// How many entries before it are whole.
        intact: usize,
    },
}

fn rescue(intact: usize) -> String {
    match intact {
        0 => "No edit before it is intact".to_owned(),
        1 => "The 1 entry before it is intact and can be recovered".to_owned(),
        n => format!("The {n} entries before it are intact and can be recovered"),
    }
}

/// What every case file begins with.
fn magic() -> String {
    format!("{{\"format\":\"{FORMAT}\",\"version\":")
}

/// Reads and verifies a whole file.
///
/// # Errors
/// [`Damage`]; a last line without its newline is no damage, it was never confirmed as saved.
pub fn read(bytes: &[u8]) -> Result<Contents, Damage> {
    let magic = magic();
    let shared = bytes.len().min(magic.len());
    if bytes[..shared] != magic.as_bytes()[..shared] {
        return Err(Damage::NotACase);
    }
    let whole_bytes = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let mut lines = bytes[..whole_bytes].split_inclusive(|b| *b == b'\n').map(|l| &l[..l.len() - 1]);
    let first = lines.next().ok_or(Damage::Unborn)?;
    let header = read_header(first)?;
    let lines: Vec<&[u8]> = lines.collect();
    let of = header.version;
    let read: Vec<Result<(Entry, &str), String>> = lines.par_iter().map(|l| read_entry(l, of)).collect();
    let mut last_hash = chain::verified(first).unwrap_or_default();
    let mut entries: Vec<Entry> = Vec::with_capacity(read.len());
    for (n, entry) in read.into_iter().enumerate() {
        let damaged = |what| Damage::Line { line: n + 2, what, intact: n };
        let (entry, hash) = entry.map_err(damaged)?;
        if entry.prev != last_hash {
            return Err(damaged(
                "it does not follow the line before it; lines are missing, doubled or out of order".into(),
            ));
        }
        if entry.seq != n as u64 + 1 {
            return Err(damaged(format!("it is entry {}, expected {}", entry.seq, n + 1)));
        }
        last_hash = hash;
        entries.push(entry);
    }
    let torn_line = (whole_bytes < bytes.len()).then_some(entries.len() + 2);
    Ok(Contents { header, entries, last_hash: last_hash.to_owned(), whole_bytes, torn_line })
}

fn read_header(line: &[u8]) -> Result<Header, Damage> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u32,
    }
    let version = serde_json::from_slice::<Versioned>(line).map(|v| v.version);
    let damaged = |what: String| Damage::Line { line: 1, what, intact: 0 };
    match (chain::verified(line), version) {
        (_, Ok(found)) if found > VERSION => Err(Damage::Newer { found }),
        (None, _) => Err(damaged("its checksum does not fit its contents".to_owned())),
        (Some(_), of) => record(line, of.unwrap_or(VERSION)).map_err(|e| damaged(e.to_string())),
    }
}

fn read_entry(line: &[u8], of: u32) -> Result<(Entry, &str), String> {
    let hash = chain::verified(line).ok_or("its checksum does not fit its contents")?;
    let entry = record(line, of).map_err(|e| format!("it cannot be understood ({e})"))?;
    Ok((entry, hash))
}
