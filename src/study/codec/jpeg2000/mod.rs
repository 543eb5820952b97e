//! JPEG 2000 (ITU-T T.800) and High-Throughput JPEG 2000 (T.814) by the crate `jpeg2k`, behind a look at the codestream
//! that refuses what would cost more memory or time than a frame of this size can need.

mod guard;

use jpeg2k::{DecodeParameters, Image};

use super::{CodecError, Colour, Decoded, FrameLayout, Sample};
use guard::Survey;

/// Decodes a frame.
pub(super) fn decode<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) -> Result<Decoded, CodecError> {
    let codestream = guard::codestream(data)?;
    let survey = Survey::new(codestream, layout)?;
    let lenient = DecodeParameters::default().strict(false);
    let image = Image::from_bytes_with(codestream, lenient)
        .map_err(|error| CodecError::damaged(format!("the JPEG 2000 stream is invalid ({error})")))?;
    let components = image.components();
    let fits = |c: &jpeg2k::ImageComponent| (c.width() as usize, c.height() as usize) == (layout.columns, layout.rows);
    if components.len() != layout.samples_per_pixel || !components.iter().all(fits) {
        return Err(CodecError::damaged("the JPEG 2000 decoder gave another picture than the stream's header says"));
    }
    for (index, component) in components.iter().enumerate() {
        // Negative samples of a signed component keep their lowest bits: two's complement, sign-extended to the word.
        let samples = out[index..].iter_mut().step_by(layout.samples_per_pixel);
        for (sample, value) in samples.zip(component.data()) {
            *sample = S::from_low(*value as u64);
        }
    }
    Ok(Decoded {
        pixels: layout.pixels(),
        damage: survey
            .truncated
            .then(|| "the JPEG 2000 stream breaks off; the picture is coarser than it should be".to_owned()),
        colour: if survey.colour_transform && layout.samples_per_pixel == 3 { Colour::Rgb } else { Colour::AsHeader },
    })
}
