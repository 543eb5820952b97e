//! Bytes of a file from front to back, without reading more than is needed: plain files by position, inflated data and
//! archive entries in sequence. A window over them lets the header be walked.

use super::element::Peek;
use flate2::{Decompress, FlushDecompress, Status};
use std::fs::File;
use std::io::{self, Read};

/// A source that is read from front to back.
pub trait Stream {
    /// Appends up to `n` bytes; fewer only at the end.
    fn read(&mut self, into: &mut Vec<u8>, n: usize) -> io::Result<()>;
    /// Passes over up to `n` bytes; fewer only at the end. Returns how many.
    fn skip(&mut self, n: u64) -> io::Result<u64>;
    /// Bytes of the whole source, where that is known without reading.
    fn length(&self) -> Option<u64>;
}

/// Reads as many bytes of a file as fill `buffer`, or as there are, at a position. Returns how many.
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    #[cfg(unix)]
    let once = |b: &mut [u8], at| std::os::unix::fs::FileExt::read_at(file, b, at);
    #[cfg(windows)]
    let once = |b: &mut [u8], at| std::os::windows::fs::FileExt::seek_read(file, b, at);
    let mut done = 0;
    while done < buffer.len() {
        match once(&mut buffer[done..], at + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// A plain file.
pub struct FileStream<'a> {
    file: &'a File,
    length: u64,
    at: u64,
}

impl<'a> FileStream<'a> {
    /// From its start; `length` is what the file system says.
    pub fn new(file: &'a File, length: u64) -> Self {
        Self { file, length, at: 0 }
    }
}

impl Stream for FileStream<'_> {
    fn read(&mut self, into: &mut Vec<u8>, n: usize) -> io::Result<()> {
        let n = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX).min(n);
        let start = into.len();
        into.resize(start + n, 0);
        let got = read_at(self.file, &mut into[start..], self.at)?;
        into.truncate(start + got);
        self.at += got as u64;
        Ok(())
    }

    fn skip(&mut self, n: u64) -> io::Result<u64> {
        let n = n.min(self.length.saturating_sub(self.at));
        self.at += n;
        Ok(n)
    }

    fn length(&self) -> Option<u64> {
        Some(self.length)
    }
}

/// Anything that can only be read in sequence.
pub struct Sequential<R>(pub R);

impl<R: Read> Stream for Sequential<R> {
    fn read(&mut self, into: &mut Vec<u8>, n: usize) -> io::Result<()> {
        self.0.by_ref().take(n as u64).read_to_end(into).map(drop)
    }

    fn skip(&mut self, n: u64) -> io::Result<u64> {
        io::copy(&mut self.0.by_ref().take(n), &mut io::sink())
    }

    fn length(&self) -> Option<u64> {
        None
    }
}

/// A raw deflate stream (RFC 1951, DICOM PS3.5 A.5) inside another stream.
pub struct Inflate<'a> {
    source: &'a mut dyn Stream,
    input: Vec<u8>,
    used: usize,
    state: Decompress,
    limit: u64,
    ended: bool,
}

impl<'a> Inflate<'a> {
    /// Inflates what `source` still holds, up to `limit` bytes.
    pub fn new(source: &'a mut dyn Stream, limit: u64) -> Self {
        Self { source, input: Vec::new(), used: 0, state: Decompress::new(false), limit, ended: false }
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        const PIECE: usize = 32 * 1024;
        let broken = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        while !self.ended && !out.is_empty() {
            if self.used == self.input.len() {
                self.input.clear();
                self.used = 0;
                self.source.read(&mut self.input, PIECE)?;
            }
            let (from, to) = (self.state.total_in(), self.state.total_out());
            if to >= self.limit {
                let limit = self.limit;
                return Err(broken(format!(
                    "the deflated data set grows past the limit of {limit} bytes when inflated"
                )));
            }
            let status = self.state.decompress(&self.input[self.used..], out, FlushDecompress::None).map_err(|_| {
                broken(format!("the deflated data set is damaged: it cannot be inflated past byte {to}"))
            })?;
            self.used += (self.state.total_in() - from) as usize;
            let n = (self.state.total_out() - to) as usize;
            self.ended = status == Status::StreamEnd || (self.input.is_empty() && n == 0);
            if n > 0 {
                return Ok(n);
            }
        }
        Ok(0)
    }
}

/// A window that moves forward over a stream.
pub struct Window<'a> {
    stream: &'a mut dyn Stream,
    bytes: Vec<u8>,
    /// Position of the first byte in the window.
    base: u64,
    ended: bool,
    /// Where the data ends, when that is known.
    end: Option<u64>,
    /// Bytes before this position may be dropped.
    keep: u64,
}

/// Enough for nearly every header in one read.
const READ: usize = 64 * 1024;
/// The window never grows beyond this.
const LARGEST: u64 = 80 << 20;

impl<'a> Window<'a> {
    /// A window at the start of a stream; `bytes` is memory to use again.
    pub fn new(stream: &'a mut dyn Stream, mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        let end = stream.length();
        Self { stream, bytes, base: 0, ended: false, end, keep: 0 }
    }

    /// The memory, for the next window.
    pub fn into_memory(self) -> Vec<u8> {
        self.bytes
    }

    fn fill(&mut self, at: u64, n: usize) -> io::Result<()> {
        let end = self.base + self.bytes.len() as u64;
        if at >= end && self.keep >= end {
            let gap = self.keep.min(at) - end;
            let skipped = self.stream.skip(gap)?;
            self.base = end + skipped;
            self.bytes.clear();
            self.ended = skipped < gap;
        } else if self.keep > self.base {
            let gone = (self.keep - self.base).min(self.bytes.len() as u64);
            self.bytes.drain(..gone as usize);
            self.base += gone;
        }
        let wanted = at.saturating_add(n as u64).saturating_sub(self.base);
        if wanted > LARGEST {
            let why = format!("the header goes on for more than {LARGEST} bytes without PixelData (7FE0,0010)");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        while (self.bytes.len() as u64) < wanted && !self.ended {
            let before = self.bytes.len();
            // Never more than doubles: memory follows what the source really holds, not a length it claims.
            let missing = usize::try_from(wanted).unwrap_or(usize::MAX) - before;
            let piece = missing.clamp(READ, before.max(READ));
            self.stream.read(&mut self.bytes, piece)?;
            self.ended = self.bytes.len() == before;
        }
        if self.ended {
            self.end = Some(self.base + self.bytes.len() as u64);
        }
        Ok(())
    }
}

impl Peek for Window<'_> {
    fn peek(&mut self, at: u64, n: usize) -> io::Result<&[u8]> {
        let inside = |w: &Self| at >= w.base && at + n as u64 <= w.base + w.bytes.len() as u64;
        if !inside(self) && !self.ended {
            self.fill(at, n)?;
        }
        let from = usize::try_from(at.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.bytes.len());
        Ok(&self.bytes[from..from.saturating_add(n).min(self.bytes.len())])
    }

    fn end(&self) -> Option<u64> {
        self.end
    }

    fn forget_before(&mut self, at: u64) {
        self.keep = at;
    }
}
