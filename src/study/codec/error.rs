//! What can be wrong with a frame's codestream, as sentences. The caller adds which file and frame.

use super::FrameLayout;

/// Why a frame could not be decoded at all. A frame of which a part could be decoded is no error: see
/// [`Decoded::damage`](super::Decoded::damage).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The codestream is valid as far as it was read, but uses something that no decoder here knows.
    #[error("{what} is not supported; convert the images to another transfer syntax")]
    Unsupported {
        /// The thing, as the start of a sentence.
        what: String,
    },
    /// The codestream is broken before its first sample.
    #[error("the compressed pixel data is damaged: {what}")]
    Damaged {
        /// Where and how, as the end of a sentence.
        what: String,
    },
    /// The codestream is not the frame that the header describes.
    #[error("the compressed pixel data holds {found}, but the header says {expected}")]
    Disagrees {
        /// What the codestream says.
        found: String,
        /// What Rows, Columns, SamplesPerPixel or BitsAllocated say.
        expected: String,
    },
}

impl CodecError {
    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        CodecError::Unsupported { what: what.into() }
    }

    pub(super) fn damaged(what: impl Into<String>) -> Self {
        CodecError::Damaged { what: what.into() }
    }
}

/// What a codestream's own header says of its picture, to be held against the [`FrameLayout`] before any work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamShape {
    pub columns: usize,
    pub rows: usize,
    pub components: usize,
    /// Bits of a sample.
    pub precision: u32,
}

impl StreamShape {
    /// Refuses a stream whose picture is not exactly the frame of the header, or whose samples would not fit.
    pub fn check(&self, layout: &FrameLayout) -> Result<(), CodecError> {
        if (self.rows, self.columns) != (layout.rows, layout.columns) {
            return Err(CodecError::Disagrees {
                found: format!("{} rows of {} columns", self.rows, self.columns),
                expected: format!("Rows (0028,0010) {} and Columns (0028,0011) {}", layout.rows, layout.columns),
            });
        }
        if self.components != layout.samples_per_pixel {
            return Err(CodecError::Disagrees {
                found: format!("{} samples a pixel", self.components),
                expected: format!("SamplesPerPixel (0028,0002) {}", layout.samples_per_pixel),
            });
        }
        if self.precision > u32::from(layout.bits_allocated) {
            return Err(CodecError::Disagrees {
                found: format!("samples of {} bits", self.precision),
                expected: format!("BitsAllocated (0028,0100) {}", layout.bits_allocated),
            });
        }
        Ok(())
    }
}
