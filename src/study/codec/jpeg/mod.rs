//! JPEG (ITU-T T.81 = ISO 10918-1), every Huffman-coded process that DICOM has used: baseline and extended sequential,
//! progressive, lossless; 2 to 16 bits. The codestream, not the transfer syntax, says which process it is.

mod bits;
mod dct;
mod huffman;
mod idct;
mod lossless;
mod planes;
mod scan;
mod segments;

pub(super) use bits::{has_ff, next_marker};

use super::{CodecError, Decoded, FrameLayout, Sample};
use segments::{Headers, Process};

/// Decodes a frame.
pub(super) fn decode<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) -> Result<Decoded, CodecError> {
    let mut headers = Headers::new(data)?;
    let Some(first) = headers.next_scan(layout)? else {
        return Err(CodecError::damaged("it ends before its first scan"));
    };
    out.fill(S::default());
    match headers.frame()?.process {
        Process::Lossless => lossless::decode(headers, first, layout, out),
        Process::Sequential | Process::Progressive => dct::decode(headers, first, layout, out),
    }
}
