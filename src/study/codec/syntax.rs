//! The transfer syntaxes by UID (DICOM PS3.5 section 10 and annex A, PS3.6 annex A), and which decoder reads each.

/// A transfer syntax: how the data set and the pixel data of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// TransferSyntaxUID (0002,0010).
    pub uid: &'static str,
    /// Its name, for people.
    pub name: &'static str,
    /// Whether pixel data comes as fragments (PS3.5 A.4); otherwise the frames lie one after the other.
    pub encapsulated: bool,
    /// Whether the compression may change values. Some files in such a syntax are lossless all the same.
    pub lossy: bool,
    pub(super) codec: Codec,
}

impl Syntax {
    /// Whether uncompressed samples are stored most significant byte first.
    pub fn big_endian(&self) -> bool {
        self.codec == Codec::Uncompressed { big_endian: true }
    }

    /// Whether [`decode_into`](super::decode_into) knows how to read its frames.
    pub fn decodable(&self) -> bool {
        self.codec != Codec::None
    }
}

/// The decoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// Samples as they are.
    Uncompressed {
        big_endian: bool,
    },
    /// Samples as they are, each frame deflated.
    Deflated,
    Rle,
    /// Huffman-coded JPEG of every process: baseline, extended, progressive, lossless. The codestream says which.
    Jpeg,
    JpegLs,
    /// JPEG 2000 and HTJ2K.
    Jpeg2000,
    JpegXl,
    /// Known by name only.
    None,
}

/// The syntax of a UID (without padding), or nothing when the UID is unknown.
pub fn syntax(uid: &str) -> Option<&'static Syntax> {
    SYNTAXES.iter().find(|s| s.uid == uid)
}

const fn native(uid: &'static str, name: &'static str, big_endian: bool) -> Syntax {
    Syntax { uid, name, encapsulated: false, lossy: false, codec: Codec::Uncompressed { big_endian } }
}

const fn lossless(uid: &'static str, name: &'static str, codec: Codec) -> Syntax {
    Syntax { uid, name, encapsulated: true, lossy: false, codec }
}

const fn lossy(uid: &'static str, name: &'static str, codec: Codec) -> Syntax {
    Syntax { uid, name, encapsulated: true, lossy: true, codec }
}

#[rustfmt::skip]
static SYNTAXES: &[Syntax] = &[
    native("1.2.840.10008.1.2", "Implicit VR Little Endian", false),
    native("1.2.840.10008.1.2.1", "Explicit VR Little Endian", false),
    native("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", false),
    native("1.2.840.10008.1.2.2", "Explicit VR Big Endian", true),
    native("1.2.840.113619.5.2", "GE Private Implicit VR Big Endian", true),
    lossless("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", Codec::Uncompressed { big_endian: false }),
    lossless("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", Codec::Deflated),
    lossless("1.2.840.10008.1.2.5", "RLE Lossless", Codec::Rle),
    lossy("1.2.840.10008.1.2.4.50", "JPEG Baseline", Codec::Jpeg),
    lossy("1.2.840.10008.1.2.4.51", "JPEG Extended", Codec::Jpeg),
    lossy("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection, Non-Hierarchical", Codec::Jpeg),
    lossy("1.2.840.10008.1.2.4.55", "JPEG Full Progression, Non-Hierarchical", Codec::Jpeg),
    lossless("1.2.840.10008.1.2.4.57", "JPEG Lossless", Codec::Jpeg),
    lossless("1.2.840.10008.1.2.4.70", "JPEG Lossless, First-Order Prediction", Codec::Jpeg),
    lossless("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", Codec::JpegLs),
    lossy("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", Codec::JpegLs),
    lossless("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Codec::Jpeg2000),
    lossy("1.2.840.10008.1.2.4.91", "JPEG 2000", Codec::Jpeg2000),
    lossless("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component Lossless", Codec::Jpeg2000),
    lossy("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component", Codec::Jpeg2000),
    lossless("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless", Codec::Jpeg2000),
    lossless("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL Options Lossless", Codec::Jpeg2000),
    lossy("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", Codec::Jpeg2000),
    lossless("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", Codec::JpegXl),
    lossy("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", Codec::JpegXl),
    lossy("1.2.840.10008.1.2.4.112", "JPEG XL", Codec::JpegXl),
    lossy("1.2.840.10008.1.2.4.52", "JPEG Extended, Arithmetic Coding", Codec::None),
    lossy("1.2.840.10008.1.2.4.54", "JPEG Spectral Selection, Arithmetic Coding", Codec::None),
    lossy("1.2.840.10008.1.2.4.56", "JPEG Full Progression, Arithmetic Coding", Codec::None),
    lossless("1.2.840.10008.1.2.4.58", "JPEG Lossless, Arithmetic Coding", Codec::None),
    lossless("1.2.840.10008.1.2.4.94", "JPIP Referenced", Codec::None),
    lossless("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", Codec::None),
    lossy("1.2.840.10008.1.2.4.100", "MPEG-2 Main Profile, Main Level video", Codec::None),
    lossy("1.2.840.10008.1.2.4.101", "MPEG-2 Main Profile, High Level video", Codec::None),
    lossy("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile video", Codec::None),
    lossy("1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible video", Codec::None),
    lossy("1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile 2D video", Codec::None),
    lossy("1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile 3D video", Codec::None),
    lossy("1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile video", Codec::None),
    lossy("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile video", Codec::None),
    lossy("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile video", Codec::None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_unique_and_well_formed() {
        for (i, s) in SYNTAXES.iter().enumerate() {
            assert!(s.uid.bytes().all(|b| b == b'.' || b.is_ascii_digit()), "{}", s.uid);
            assert!(SYNTAXES[..i].iter().all(|t| t.uid != s.uid), "{} stands twice", s.uid);
        }
        assert!(syntax("1.2.840.10008.1.2.4.70").unwrap().decodable());
        assert!(!syntax("1.2.840.10008.1.2.4.102").unwrap().decodable());
        assert!(syntax("1.2.3").is_none());
    }
}
