//! Drawing by either renderer, the masks of a case over it, and the PNG.

use crate::cli::{Failure, Outcome, say};
use crate::document::{Document, ImageKey, LabelMap};
use crate::render::{Gpu, LabelColor, LabelTexture, Offscreen, SliceParams, VolumeTexture, lesion_color};
use crate::session::{Access, Session};
use crate::space::{Geometry, PatientPoint, VoxelIndex};
use crate::study::Overlay;
use crate::volume::{LabelStyle, Labels, Shade, SlicePlane, SliceView, Volume, overlay, picture};
use clap::ValueEnum;
use image::ExtendedColorType;
use std::io::Cursor;
use std::path::Path;

/// What draws.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Renderer {
    /// The graphics adapter.
    Gpu,
    /// The processor.
    Cpu,
    /// The graphics adapter where there is one.
    Auto,
}

/// A picture in memory.
pub struct Picture {
    size: [usize; 2],
    bytes: Vec<u8>,
    color: ExtendedColorType,
}

impl Picture {
    fn grey(size: [usize; 2], bytes: Vec<u8>) -> Self {
        Self { size, bytes, color: ExtendedColorType::L8 }
    }

    /// Grey where every pixel is, as asked for; else with its colors.
    fn of_pixels(size: [usize; 2], pixels: &[[u8; 4]], colored: bool) -> Self {
        if !colored {
            return Self::grey(size, pixels.iter().map(|p| p[0]).collect());
        }
        let bytes = pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        Self { size, bytes, color: ExtendedColorType::Rgb8 }
    }

    /// Draws overlay planes in white over an acquired slice.
    pub fn lay_over(&mut self, geometry: &Geometry, plane: SlicePlane, overlays: &[Overlay]) {
        let samples = if self.color == ExtendedColorType::L8 { 1 } else { 3 };
        let width = self.size[0].max(1);
        for (n, pixel) in self.bytes.chunks_exact_mut(samples).enumerate() {
            let at = plane.point_mm((n % width) as f64 + 0.5, (n / width) as f64 + 0.5);
            let Some(at) = PatientPoint::from_vec(at).map(|p| geometry.voxel_from_patient(p).0.round()) else {
                continue;
            };
            if overlays.iter().any(|o| o.marks(at.x as i64, at.y as i64)) {
                pixel.fill(255);
            }
        }
    }

    /// Writes it as PNG.
    ///
    /// # Errors
    /// What the system says.
    pub fn save(&self, path: &Path) -> Outcome {
        let mut png = Cursor::new(Vec::new());
        let [width, height] = self.size.map(|n| n as u32);
        let format = image::ImageFormat::Png;
        image::write_buffer_with_format(&mut png, &self.bytes, width, height, self.color, format)?;
        std::fs::write(path, png.into_inner())
            .map_err(|e| Failure::Failed(format!("{} could not be written: {e}", path.display())))
    }
}

/// Writes a picture with its colours as PNG.
///
/// # Errors
/// What the system says.
pub fn save_rgba(picture: &image::RgbaImage, path: &Path) -> Outcome {
    let size = [picture.width() as usize, picture.height() as usize];
    let pixels: Vec<[u8; 4]> = picture.pixels().map(|p| p.0).collect();
    Picture::of_pixels(size, &pixels, true).save(path)
}

/// The masks of a case on the grid of the picture's series.
pub struct Masks {
    map: LabelMap,
    /// From label value 1 on.
    colors: Vec<LabelColor>,
}

impl Masks {
    /// Those that a case has on a series; `None` when it has none there.
    ///
    /// # Errors
    /// When the case cannot be read, or its masks lie on another grid.
    pub fn of_case(path: &Path, key: &ImageKey, volume: &Volume) -> Result<Option<Self>, Failure> {
        let opened = Session::open(path, Access::Read)?;
        opened.notices.iter().for_each(|n| say(&format!("spondyl: {n}")));
        let document = opened.session.document();
        let Some(map) = document.masks.get(key) else {
            say(&format!("spondyl: the case has no masks on series {}; the picture shows none", key.0));
            return Ok(None);
        };
        if map.size() != volume.size() {
            let ([a, b, c], [x, y, z]) = (map.size(), volume.size());
            return Err(Failure::Failed(format!(
                "the masks of {} lie on a grid of {a} x {b} x {c} voxels, but series {} has {x} x {y} x {z}; give the \
                 images that the case was made on",
                path.display(),
                key.0
            )));
        }
        Ok(Some(Self { map: map.clone(), colors: colors(document) }))
    }

    fn color_of(&self, label: u16) -> LabelColor {
        self.colors.get(usize::from(label).wrapping_sub(1)).copied().unwrap_or_default()
    }

    /// Uploads what is painted, a run at a time.
    fn texture(&self, gpu: &Gpu, geometry: &Geometry) -> Result<LabelTexture, Failure> {
        let mut texture = LabelTexture::new(gpu, geometry)?;
        texture.set_colors(gpu, &self.colors);
        let mut labels: Vec<u16> = self.map.painted().map(|p| p.1).collect();
        labels.sort_unstable();
        labels.dedup();
        let columns = geometry.size()[0];
        for label in labels {
            for run in self.map.runs_of(label) {
                let (mut start, end) = (run.start as usize, run.start as usize + run.length as usize);
                while start < end {
                    let row_end = (start / columns + 1) * columns;
                    let length = end.min(row_end) - start;
                    let VoxelIndex(origin) = VoxelIndex::from_flat(start, geometry.size());
                    texture.update_region(gpu, origin, [length, 1, 1], &vec![label; length])?;
                    start += length;
                }
            }
        }
        Ok(texture)
    }
}

fn colors(document: &Document) -> Vec<LabelColor> {
    let last = document.lesions.values().map(|l| usize::from(l.label_value)).max().unwrap_or(0);
    let mut colors = vec![LabelColor::default(); last];
    for lesion in document.lesions.values() {
        if let Some(color) = usize::from(lesion.label_value).checked_sub(1).and_then(|n| colors.get_mut(n)) {
            let [r, g, b] = lesion_color(lesion);
            *color = [r, g, b, 255];
        }
    }
    colors
}

/// Draws.
///
/// # Errors
/// When the GPU was asked for and is not there, or fails.
pub fn draw(
    volume: &Volume,
    view: SliceView,
    shade: Shade,
    masks: Option<&Masks>,
    renderer: Renderer,
) -> Result<Picture, Failure> {
    let gpu = match renderer {
        Renderer::Cpu => None,
        Renderer::Gpu => Some(Gpu::headless()?),
        Renderer::Auto => Gpu::headless().inspect_err(|e| say(&format!("spondyl: drawn by the processor: {e}"))).ok(),
    };
    match gpu {
        None => Ok(by_processor(volume, view, &shade, masks)),
        Some(gpu) => {
            if renderer == Renderer::Auto {
                say(&format!("spondyl: drawn by {} ({})", gpu.facts().name, gpu.facts().backend));
            }
            by_gpu(&gpu, volume, view, shade, masks)
        }
    }
}

fn by_processor(volume: &Volume, view: SliceView, shade: &Shade, masks: Option<&Masks>) -> Picture {
    let grey = picture(volume, &view, shade);
    let Some(masks) = masks else { return Picture::grey(view.plane.size, grey) };
    let label_at = |at: VoxelIndex| masks.map.get(at);
    let color_of = |label: u16| masks.color_of(label);
    let labels = Labels { geometry: &volume.geometry, label_at: &label_at, color_of: &color_of };
    let pixels = overlay(&grey, view.plane, &labels, &LabelStyle::default());
    Picture::of_pixels(view.plane.size, &pixels, true)
}

fn by_gpu(
    gpu: &Gpu,
    volume: &Volume,
    view: SliceView,
    shade: Shade,
    masks: Option<&Masks>,
) -> Result<Picture, Failure> {
    let texture = VolumeTexture::of_volume(gpu, volume)?;
    texture.notice().iter().for_each(|n| say(&format!("spondyl: {n}")));
    let labels = masks.map(|m| m.texture(gpu, &volume.geometry)).transpose()?;
    let pixels = Offscreen::new(gpu).render(gpu, &texture, labels.as_ref(), &SliceParams::new(view, shade))?;
    Ok(Picture::of_pixels(view.plane.size, &pixels, masks.is_some()))
}
