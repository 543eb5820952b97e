//! One gzip stream (RFC 1952, a single member) out of parts that are compressed apart: by several threads, and equal blank
//! parts once. Each part ends with a flush to a byte (RFC 1951, 3.2.4), so that deflated parts can stand behind each other.

use super::deflate::{Stretch, StretchBytes, deflate};
use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};
use std::io::{self, Read, Write};

/// Magic, deflate, no flags, no time, no system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// A last block without content.
const END: [u8; 2] = [3, 0];
/// Bytes that are looked at together: they stay in a core's own cache, where a whole slice would not.
const BUFFER: usize = 1 << 16;

/// A part of the content, compressed.
pub struct Part {
    deflated: Vec<u8>,
    crc: Crc,
}

impl Part {
    /// Compresses a part.
    ///
    /// # Errors
    /// What the compressor says.
    pub fn new(content: &[u8]) -> io::Result<Part> {
        let mut crc = Crc::new();
        crc.update(content);
        let mut compress = Compress::new(Compression::new(6), false);
        let mut deflated = Vec::with_capacity(content.len() / 64 + 64);
        loop {
            let rest = &content[compress.total_in() as usize..];
            let status = compress.compress_vec(rest, &mut deflated, FlushCompress::Sync).map_err(io::Error::other)?;
            // A flush is complete when there was room to spare behind it.
            if compress.total_in() as usize == content.len() && deflated.len() < deflated.capacity() {
                return Ok(Part { deflated, crc });
            }
            if status == Status::BufError && deflated.len() < deflated.capacity() {
                return Err(io::Error::other("the compressor stands still"));
            }
            deflated.reserve(deflated.len().max(1 << 12));
        }
    }

    /// Compresses stretches of an image of so many columns.
    pub fn of_stretches(stretches: &[Stretch], columns: usize) -> Part {
        let mut crc = Crc::new();
        let (mut bytes, mut buffer) = (StretchBytes::new(stretches), vec![0; BUFFER]);
        loop {
            match bytes.fill(&mut buffer) {
                0 => return Part { deflated: deflate(stretches, columns), crc },
                count => crc.update(&buffer[..count]),
            }
        }
    }
}

/// A stream on its way out.
pub struct Gzip<W: Write> {
    out: W,
    crc: Crc,
    parts: Vec<usize>,
}

/// What a whole stream should be when it is read back.
pub struct Expected {
    /// Compressed bytes of each part.
    parts: Vec<usize>,
    sum: u32,
    amount: u32,
}

impl<W: Write> Gzip<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// As writing does.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&HEADER)?;
        Ok(Gzip { out, crc: Crc::new(), parts: Vec::new() })
    }

    /// Puts a part behind those that are there.
    ///
    /// # Errors
    /// As writing does.
    pub fn put(&mut self, part: &Part) -> io::Result<()> {
        self.crc.combine(&part.crc);
        self.parts.push(part.deflated.len());
        self.out.write_all(&part.deflated)
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// As writing does.
    pub fn finish(mut self) -> io::Result<Expected> {
        let (sum, amount) = (self.crc.sum(), self.crc.amount());
        self.out.write_all(&END)?;
        self.out.write_all(&sum.to_le_bytes())?;
        self.out.write_all(&amount.to_le_bytes())?;
        Ok(Expected { parts: self.parts, sum, amount })
    }
}

/// A stream that is read back part by part, so that several threads can look at the parts.
pub struct ReadBack<'a, R: Read> {
    from: R,
    expected: &'a Expected,
    next: usize,
}

impl<'a, R: Read> ReadBack<'a, R> {
    /// Begins.
    ///
    /// # Errors
    /// A word on what is wrong with the header.
    pub fn new(mut from: R, expected: &'a Expected) -> Result<Self, String> {
        let mut header = HEADER;
        from.read_exact(&mut header).map_err(|e| format!("gzip header: {e}"))?;
        if header != HEADER {
            return Err("gzip header".to_owned());
        }
        Ok(ReadBack { from, expected, next: 0 })
    }

    /// The next part, still compressed.
    ///
    /// # Errors
    /// A word on what is wrong.
    pub fn part(&mut self) -> Result<Vec<u8>, String> {
        let length = self.expected.parts.get(self.next).ok_or("no further part")?;
        self.next += 1;
        let mut bytes = vec![0; *length];
        self.from.read_exact(&mut bytes).map_err(|e| e.to_string())?;
        Ok(bytes)
    }

    /// The end: nothing else follows, and the check sum is that of the content.
    ///
    /// # Errors
    /// A word on what is wrong.
    pub fn finish(mut self) -> Result<(), String> {
        let mut rest = Vec::new();
        self.from.read_to_end(&mut rest).map_err(|e| e.to_string())?;
        let (sum, amount) = (self.expected.sum.to_le_bytes(), self.expected.amount.to_le_bytes());
        if rest == [&END[..], &sum, &amount].concat() { Ok(()) } else { Err("the end of the stream".to_owned()) }
    }
}

/// Whether a compressed part holds just this content.
pub fn holds(deflated: &[u8], content: &[u8]) -> bool {
    let mut rest = content;
    let same = inflate(deflated, |found| {
        let Some((next, after)) = rest.split_at_checked(found.len()) else { return false };
        rest = after;
        found == next
    });
    same && rest.is_empty()
}

/// Whether a compressed part holds just these stretches.
pub fn holds_stretches(deflated: &[u8], stretches: &[Stretch]) -> bool {
    let (mut bytes, mut expected) = (StretchBytes::new(stretches), vec![0; BUFFER]);
    let same = inflate(deflated, |found| {
        // The decoder stops within a word only where what it reads is damaged.
        let count = bytes.fill(&mut expected[..found.len() & !1]);
        found == &expected[..count]
    });
    same && bytes.fill(&mut expected) == 0
}

/// Inflates a part and shows the content piece by piece, as long as `same` says so; whether all of it was sound.
fn inflate(deflated: &[u8], mut same: impl FnMut(&[u8]) -> bool) -> bool {
    let mut decompress = Decompress::new(false);
    let mut buffer = vec![0; BUFFER];
    loop {
        let (from, before) = (decompress.total_in() as usize, decompress.total_out());
        let done = decompress.decompress(&deflated[from..], &mut buffer, FlushDecompress::None);
        let count = (decompress.total_out() - before) as usize;
        // A buffer without room says that nothing moved on; that is the end where all was read.
        match done {
            Err(_) | Ok(Status::StreamEnd) => return false,
            Ok(_) if count > 0 && !same(&buffer[..count]) => return false,
            Ok(_) if count == 0 && decompress.total_in() as usize == from => return from == deflated.len(),
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn parts_of_any_content_and_length_come_back_as_one_stream() {
        let mut seed = 1u32;
        let mut noise = |count: usize| -> Vec<u8> {
            let mut next = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 24) as u8
            };
            (0..count).map(|_| next()).collect()
        };
        let parts =
            [noise(3), vec![0; 700_000], noise(100_000), vec![], vec![7; 4096], vec![0; 700_000], noise(65_537)];
        let mut packed = Vec::new();
        let mut gzip = Gzip::new(&mut packed).expect("memory");
        parts.iter().for_each(|p| gzip.put(&Part::new(p).expect("compresses")).expect("memory"));
        let expected = gzip.finish().expect("memory");
        let mut back = ReadBack::new(&packed[..], &expected).expect("our header");
        for p in &parts {
            let deflated = back.part().expect("there");
            assert!(holds(&deflated, p));
            let mut other = p.clone();
            other.push(1);
            assert!(!holds(&deflated, &other) && (p.is_empty() || !holds(&deflated, &p[1..])));
            let half = &deflated[..deflated.len() / 2];
            assert!(p.len() < 4096 || !holds(half, p), "a part that was cut");
        }
        assert!(back.part().is_err());
        back.finish().expect("the end");
        let mut decoder = GzDecoder::new(&packed[..]);
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).expect("one sound stream");
        assert!(back == parts.concat());
        assert!(packed.len() < 180_000, "blank parts are small: {}", packed.len());
    }
    #[test]
    fn stretches_come_back_as_they_are_and_not_otherwise() {
        let stretch = |words, value| Stretch { words, value };
        let parts = [
            vec![stretch(300_001, 0)],
            vec![stretch(1, 7), stretch(70_000, 0), stretch(33, 258), stretch(5, 7)],
            vec![],
            vec![stretch(1, 0)],
        ];
        let mut packed = Vec::new();
        let mut gzip = Gzip::new(&mut packed).expect("memory");
        parts.iter().for_each(|p| gzip.put(&Part::of_stretches(p, 100)).expect("memory"));
        let expected = gzip.finish().expect("memory");
        let mut back = ReadBack::new(&packed[..], &expected).expect("our header");
        for p in &parts {
            let deflated = back.part().expect("there");
            assert!(holds_stretches(&deflated, p));
            let more = [&p[..], &[stretch(1, 9)]].concat();
            assert!(!holds_stretches(&deflated, &more));
            assert!(p.is_empty() || !holds_stretches(&deflated, &p[1..]));
            for at in 0..deflated.len() {
                let mut damaged = deflated.clone();
                damaged[at] ^= 4;
                let same = holds_stretches(&damaged, p);
                assert!(!same || inflated(&damaged) == inflated(&deflated), "byte {at}: other content is found");
            }
        }
        back.finish().expect("the end");
        let mut content = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut content).expect("one sound stream with its check sum");
        let words: usize = parts.iter().flatten().map(|s| s.words).sum();
        assert_eq!(content.len(), 2 * words);
    }

    fn inflated(part: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        inflate(part, |bytes| {
            content.extend(bytes);
            true
        });
        content
    }
}
