//! JPEG XL (ISO 18181) by the crate `jxl-oxide`, with samples kept at the precision of the codestream.

use std::fmt::Display;

use jxl_oxide::image::BitDepth;
use jxl_oxide::{AllocTracker, InitializeResult, JxlImage, JxlThreadPool};

use super::error::StreamShape;
use super::{CodecError, Colour, Decoded, FrameLayout, Sample};

/// Decodes a frame. Memory is limited to what a frame of this size may need at most.
pub(super) fn decode<S: Sample>(data: &[u8], layout: &FrameLayout, out: &mut [S]) -> Result<Decoded, CodecError> {
    let mut image = open(data, layout)?;
    let precision = check(&image, layout)?;
    let complete = image.num_loaded_keyframes() > 0;
    let render = if complete { image.render_frame(0) } else { image.render_loading_frame() }.map_err(broken)?;
    let mut stream = render.stream_no_alpha();
    let channels = layout.samples_per_pixel;
    if (stream.width() as usize, stream.height() as usize) != (layout.columns, layout.rows)
        || stream.channels() as usize != channels
    {
        return Err(CodecError::unsupported("a JPEG XL picture that is a part of its canvas"));
    }
    // Values come as fractions of the largest one; 24 bits of mantissa give samples of up to 16 bits back exactly.
    let largest = ((1u32 << precision) - 1) as f32;
    let mut row = vec![0f32; layout.columns * channels];
    for samples in out.chunks_exact_mut(row.len()) {
        stream.write_to_buffer(&mut row);
        for (sample, value) in samples.iter_mut().zip(&row) {
            *sample = S::from_low((value * largest + 0.5).clamp(0.0, largest) as u64);
        }
    }
    let mut decoded = Decoded::whole(layout);
    if channels == 3 {
        decoded.colour = Colour::Rgb;
    }
    if !complete {
        decoded.damage = Some("the JPEG XL stream breaks off; the picture is coarser than it should be".into());
    }
    Ok(decoded)
}

fn open(data: &[u8], layout: &FrameLayout) -> Result<JxlImage, CodecError> {
    let memory = layout.samples().saturating_mul(64).saturating_add(64 << 20);
    let mut waiting =
        JxlImage::builder().pool(JxlThreadPool::none()).alloc_tracker(AllocTracker::with_limit(memory)).build_uninit();
    let fed = waiting.feed_bytes(data).map_err(broken)?;
    match waiting.try_init().map_err(broken)? {
        InitializeResult::NeedMoreData(_) => Err(CodecError::damaged("it ends within its header")),
        InitializeResult::Initialized(mut image) => {
            image.feed_bytes(&data[fed.min(data.len())..]).map_err(broken)?;
            Ok(image)
        }
    }
}

/// Holds the image header against the layout, and gives the bits of a sample.
fn check(image: &JxlImage, layout: &FrameLayout) -> Result<u32, CodecError> {
    let metadata = &image.image_header().metadata;
    let BitDepth::IntegerSample { bits_per_sample: precision @ 1..=16 } = metadata.bit_depth else {
        return Err(CodecError::unsupported("JPEG XL with samples that are not integers of up to 16 bits"));
    };
    StreamShape {
        columns: image.width() as usize,
        rows: image.height() as usize,
        components: image.pixel_format().channels() - usize::from(image.pixel_format().has_alpha()),
        precision,
    }
    .check(layout)?;
    Ok(precision)
}

fn broken(error: impl Display) -> CodecError {
    CodecError::damaged(format!("the JPEG XL stream is invalid ({error})"))
}
