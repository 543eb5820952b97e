//! The marker segments between the scans of a JPEG stream (T.81 annex B).

use super::bits::next_marker;
use super::huffman::Huffman;
use crate::study::codec::error::StreamShape;
use crate::study::codec::{CodecError, FrameLayout};

/// How samples are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Process {
    Sequential,
    Progressive,
    Lossless,
}

/// A frame header (SOFn), already found to be the picture of the layout.
#[derive(Clone, Debug)]
pub(super) struct FrameHeader {
    pub process: Process,
    /// Bits of a sample.
    pub precision: u32,
    pub components: Vec<Component>,
}

/// One component of a frame header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    pub id: u8,
    /// Horizontal and vertical sampling factors, 1 to 4.
    pub sampling: (usize, usize),
    /// Which quantisation table.
    pub quantisation: usize,
}

/// A scan header (SOS).
#[derive(Clone, Debug)]
pub(super) struct ScanHeader {
    /// For each component of the scan: its index in the frame, its DC and AC tables.
    pub components: Vec<(usize, usize, usize)>,
    /// Start of spectral selection; the predictor of the lossless process.
    pub start: usize,
    /// End of spectral selection.
    pub end: usize,
    /// Successive approximation, high.
    pub high: u32,
    /// Successive approximation, low; the point transform of the lossless process.
    pub low: u32,
    /// Where the entropy-coded bytes begin.
    pub data_at: usize,
}

/// Everything that the segments read so far have said.
pub(super) struct Headers<'a> {
    pub data: &'a [u8],
    pos: usize,
    frame: Option<FrameHeader>,
    pub quantisation: [Option<[u16; 64]>; 4],
    pub dc: [Option<Huffman>; 4],
    pub ac: [Option<Huffman>; 4],
    /// MCUs between restart markers; 0 when there are none.
    pub restart_interval: usize,
    /// The end marker was read.
    pub ended: bool,
    /// The colour transform of an Adobe marker: 0 none, 1 YCbCr.
    pub adobe_transform: Option<u8>,
}

/// Index in rows and columns of the k-th coefficient of the zig-zag sequence (T.81 figure A.6).
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

fn short() -> CodecError {
    CodecError::damaged("a marker segment is too short")
}

impl<'a> Headers<'a> {
    pub fn new(data: &'a [u8]) -> Result<Self, CodecError> {
        if !data.starts_with(&[0xFF, 0xD8]) {
            return Err(CodecError::damaged("it does not begin as JPEG (FF D8)"));
        }
        Ok(Headers {
            data,
            pos: 2,
            frame: None,
            quantisation: [None; 4],
            dc: Default::default(),
            ac: Default::default(),
            restart_interval: 0,
            ended: false,
            adobe_transform: None,
        })
    }

    /// The frame header; there is one once a scan was found.
    pub fn frame(&self) -> Result<&FrameHeader, CodecError> {
        self.frame.as_ref().ok_or_else(|| CodecError::damaged("a scan comes before the frame header"))
    }

    /// Goes on behind the entropy-coded bytes of a scan, which end at or before the next marker from `at` on.
    pub fn resume(&mut self, at: usize) {
        self.pos = at;
    }

    /// Reads on to the next scan; nothing when the stream ends first.
    pub fn next_scan(&mut self, layout: &FrameLayout) -> Result<Option<ScanHeader>, CodecError> {
        while let Some((at, marker)) = next_marker(self.data, self.pos) {
            self.pos = at + 2;
            if matches!(marker, 0x01 | 0xD0..=0xD8) {
                continue;
            }
            if marker == 0xD9 {
                self.ended = true;
                return Ok(None);
            }
            let body = self.segment()?;
            match marker {
                0xC0 | 0xC1 => self.start_frame(Process::Sequential, body, layout)?,
                0xC2 => self.start_frame(Process::Progressive, body, layout)?,
                0xC3 => self.start_frame(Process::Lossless, body, layout)?,
                0xC4 => self.define_huffman(body)?,
                0xC5..=0xC7 | 0xDE => return Err(CodecError::unsupported("hierarchical JPEG")),
                0xC9..=0xCB | 0xCD..=0xCF => return Err(CodecError::unsupported("arithmetic-coded JPEG")),
                0xF7 => return Err(CodecError::unsupported("JPEG-LS in a file that is labelled as JPEG")),
                0xDB => self.define_quantisation(body)?,
                0xDD => self.restart_interval = be16(body, 0).ok_or_else(short)?,
                0xEE if body.starts_with(b"Adobe") => self.adobe_transform = body.get(11).copied(),
                0xDA => return self.scan(body).map(Some),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The body of the segment at the current position, which moves behind it.
    fn segment(&mut self) -> Result<&'a [u8], CodecError> {
        let length = be16(self.data, self.pos).ok_or_else(short)?;
        let body = self.data.get(self.pos + 2..self.pos + length).ok_or_else(short)?;
        self.pos += length;
        Ok(body)
    }

    fn start_frame(&mut self, process: Process, body: &[u8], layout: &FrameLayout) -> Result<(), CodecError> {
        if self.frame.is_some() {
            return Err(CodecError::unsupported("a JPEG stream of several frames"));
        }
        let [precision, _, _, _, _, count, components @ ..] = body else { return Err(short()) };
        let (Some(rows), Some(columns)) = (be16(body, 1), be16(body, 3)) else { return Err(short()) };
        let components: Vec<Component> = components
            .chunks_exact(3)
            .take(usize::from(*count))
            .map(|c| Component {
                id: c[0],
                sampling: (usize::from(c[1] >> 4), usize::from(c[1] & 15)),
                quantisation: usize::from(c[2] & 3),
            })
            .collect();
        if components.len() != usize::from(*count) {
            return Err(short());
        }
        // Rows may be 0 here and follow in a DNL segment behind the first scan (B.2.5); the header knows them anyway.
        let rows = if rows == 0 { layout.rows } else { rows };
        let precision = u32::from(*precision);
        StreamShape { columns, rows, components: components.len(), precision }.check(layout)?;
        let fits = match process {
            Process::Lossless => (2..=16).contains(&precision),
            _ => precision == 8 || precision == 12,
        };
        if !fits {
            return Err(CodecError::damaged(format!("JPEG samples of {precision} bits do not exist in this process")));
        }
        if !components.iter().all(|c| (1..=4).contains(&c.sampling.0) && (1..=4).contains(&c.sampling.1)) {
            return Err(CodecError::damaged("a sampling factor is not 1 to 4"));
        }
        self.frame = Some(FrameHeader { process, precision, components });
        Ok(())
    }

    fn define_huffman(&mut self, mut body: &[u8]) -> Result<(), CodecError> {
        while let Some((kind, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
            let n: usize = counts.iter().map(|c| usize::from(*c)).sum();
            let symbols = rest.get(..n).ok_or_else(short)?;
            let table = Huffman::new(counts, symbols)?;
            let slot = usize::from(kind & 3);
            if kind >> 4 == 0 {
                self.dc[slot] = Some(table)
            } else {
                self.ac[slot] = Some(table)
            }
            body = &rest[n..];
        }
        Ok(())
    }

    fn define_quantisation(&mut self, mut body: &[u8]) -> Result<(), CodecError> {
        while let Some((kind, rest)) = body.split_first() {
            let bytes = if kind >> 4 == 0 { 1 } else { 2 };
            let values = rest.get(..64 * bytes).ok_or_else(short)?;
            let mut table = [0; 64];
            for (value, position) in values.chunks_exact(bytes).zip(ZIGZAG) {
                table[usize::from(position)] = value.iter().fold(0, |v, byte| v << 8 | u16::from(*byte));
            }
            self.quantisation[usize::from(kind & 3)] = Some(table);
            body = &rest[64 * bytes..];
        }
        Ok(())
    }

    fn scan(&self, body: &[u8]) -> Result<ScanHeader, CodecError> {
        let frame = self.frame()?;
        let (count, rest) = body.split_first().ok_or_else(short)?;
        let (selectors, rest) = rest.split_at_checked(2 * usize::from(*count)).ok_or_else(short)?;
        let [start, end, approximation, ..] = rest else { return Err(short()) };
        let mut components = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let index = frame.components.iter().position(|c| c.id == selector[0]);
            let index = index.filter(|index| components.iter().all(|(seen, _, _)| seen != index));
            let index =
                index.ok_or_else(|| CodecError::damaged("a scan names a component that is not in the frame"))?;
            components.push((index, usize::from(selector[1] >> 4 & 3), usize::from(selector[1] & 3)));
        }
        if components.is_empty() {
            return Err(CodecError::damaged("a scan has no components"));
        }
        Ok(ScanHeader {
            components,
            start: usize::from(*start),
            end: usize::from(*end),
            high: u32::from(approximation >> 4),
            low: u32::from(approximation & 15),
            data_at: self.pos,
        })
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..at + 2).map(|b| usize::from(b[0]) << 8 | usize::from(b[1]))
}
