//! Second pass of a picture: values to grey through the window, then the labels. Dragging the window or painting a label
//! repeats only this pass.
//!
//! Twin of `shaders/show.wgsl`.

use super::walk::{WalkUniform, halves};
use super::{Gpu, LabelTexture, shader};
use crate::volume::{Blend, LabelStyle, NODES, Shade, SlicePlane, Voi, VoiFunction, VoiLut, Walk};
use std::collections::HashMap;
use wgpu::TextureViewDimension as Dimension;

#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct ShowUniform {
    pub walk: WalkUniform,
    pub aside_hi: [i32; 4],
    pub aside_lo: [u32; 4],
    pub below_hi: [i32; 4],
    pub below_lo: [u32; 4],
    pub origin: [i32; 2],
    pub values: [i32; 2],
    pub halvings: u32,
    pub inverted: u32,
    pub ramp: [f32; 2],
    pub lut: [f32; 2],
    pub fill: f32,
    pub outline: f32,
    pub atlas: [u32; 4],
    pub tints: [[f32; 4]; NODES],
}

/// Where and how values become pixels.
pub(super) struct Showing<'a> {
    pub shade: &'a Shade,
    pub plane: SlicePlane,
    pub labels: Option<&'a LabelTexture>,
    pub style: LabelStyle,
    /// Left and top of the viewport in the target, pixels.
    pub origin: [i32; 2],
    /// Columns and rows of the values, and how often their sides double in screen pixels.
    pub values: [u32; 2],
    pub halvings: u32,
    /// Laid over what is there.
    pub blend: Option<Blend>,
}

impl Showing<'_> {
    pub fn uniform(&self) -> ShowUniform {
        let (walk, aside, below, side) = match self.labels {
            None => (bytemuck::Zeroable::zeroed(), [0; 3], [0; 3], 1),
            Some(labels) => {
                let walk = Walk::of_plane(labels.geometry(), self.plane);
                let (aside, below) = self.style.outline_steps(&walk);
                (WalkUniform::new(&walk, labels.geometry().size()), aside, below, labels.side() as u32)
            }
        };
        let ((aside_hi, aside_lo), (below_hi, below_lo)) = (halves(aside), halves(below));
        let (ramp, lut) = numbers(&self.shade.voi);
        let share = self.blend.map_or(1.0, |b| b.share.clamp(0.0, 1.0));
        let tints = self.blend.map_or([[0.0; 4]; NODES], |b| b.map.nodes().map(|[r, g, b]| [r, g, b, 1.0]));
        ShowUniform {
            walk,
            aside_hi,
            aside_lo,
            below_hi,
            below_lo,
            origin: self.origin,
            values: self.values.map(|n| n as i32),
            halvings: self.halvings,
            inverted: u32::from(self.shade.inverted),
            ramp,
            lut,
            fill: self.style.fill_opacity,
            outline: self.style.outline_opacity,
            atlas: [side, u32::from(self.blend.is_some()), share.to_bits(), 0],
            tints,
        }
    }

    pub fn kind(&self, target: wgpu::TextureFormat) -> Kind {
        let voi = match &self.shade.voi {
            Voi::Lut(_) => 2,
            Voi::Window(w) if w.function == VoiFunction::Sigmoid => 1,
            Voi::Window(_) => 0,
        };
        let labels = match self.labels {
            Some(l) if !l.is_empty() && self.style.has_outline() => 2,
            Some(l) if !l.is_empty() && self.style.fill_opacity > 0.0 => 1,
            _ => 0,
        };
        let uneven = labels > 0 && self.labels.is_some_and(|l| !l.geometry().is_regular());
        Kind { voi, labels, uneven, target, blend: self.blend.is_some() }
    }
}

/// The window's numbers as the shader takes them, and those of a look-up table.
fn numbers(voi: &Voi) -> ([f32; 2], [f32; 2]) {
    match voi {
        Voi::Lut(l) => ([0.0; 2], [l.first_mapped as f32, l.entries.len().clamp(1, 1 << 16) as f32 - 1.0]),
        Voi::Window(w) if w.function == VoiFunction::Sigmoid => {
            ([w.center as f32, (-4.0 / w.width.max(1e-30)) as f32], [0.0; 2])
        }
        Voi::Window(w) => {
            let (low, per_unit) = w.ramp();
            ([low as f32, (per_unit * 255.0) as f32], [0.0; 2])
        }
    }
}

/// What a pipeline is specialised for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub voi: u32,
    pub labels: u32,
    pub uneven: bool,
    pub target: wgpu::TextureFormat,
    pub blend: bool,
}

/// The pass' pipelines, made when first needed, and the textures that stand in where there is nothing to bind.
pub(super) struct Shower {
    module: wgpu::ShaderModule,
    pub layout: wgpu::BindGroupLayout,
    pipelines: HashMap<Kind, wgpu::RenderPipeline>,
    pub no_lut: wgpu::TextureView,
    pub no_labels: [wgpu::TextureView; 4],
}

impl Shower {
    pub fn new(gpu: &Gpu) -> Self {
        let device = &gpu.device;
        let flat = shader::texture(wgpu::TextureSampleType::Uint, Dimension::D2);
        let deep = shader::texture(wgpu::TextureSampleType::Uint, Dimension::D3);
        let layout = shader::layout(device, "show", &[shader::uniform(), flat, flat, deep, deep, flat, flat]);
        let stand_in = |dimension, format| {
            let texture = device.create_texture(&wgpu::TextureDescriptor {
                label: Some("nothing"),
                size: wgpu::Extent3d::default(),
                mip_level_count: 1,
                sample_count: 1,
                dimension,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            });
            texture.create_view(&wgpu::TextureViewDescriptor::default())
        };
        let (d2, d3) = (wgpu::TextureDimension::D2, wgpu::TextureDimension::D3);
        Self {
            module: shader::module(device, "show", shader::show()),
            layout,
            pipelines: HashMap::new(),
            no_lut: stand_in(d2, wgpu::TextureFormat::R8Uint),
            no_labels: [
                stand_in(d3, wgpu::TextureFormat::R16Uint),
                stand_in(d3, wgpu::TextureFormat::R16Uint),
                stand_in(d2, wgpu::TextureFormat::Rgba8Uint),
                stand_in(d2, wgpu::TextureFormat::Rgba32Uint),
            ],
        }
    }

    /// Makes the pipeline of a kind unless it is there.
    pub fn ensure(&mut self, gpu: &Gpu, kind: Kind) {
        self.pipelines.entry(kind).or_insert_with(|| {
            let constants = [
                ("VOI", f64::from(kind.voi)),
                ("LABELS", f64::from(kind.labels)),
                ("UNEVEN", f64::from(u8::from(kind.uneven))),
                ("TO_SRGB", f64::from(u8::from(kind.target.is_srgb()))),
            ];
            let blend = kind.blend.then_some(wgpu::BlendState::ALPHA_BLENDING);
            let target = ("picture", wgpu::ColorTargetState { blend, ..kind.target.into() });
            shader::pipeline(&gpu.device, "show", &self.module, Some(&self.layout), target, &constants)
        });
    }

    /// Makes one of the pipelines that the first label, sigmoid or second series would wait for; false when all are there.
    pub fn warm(&mut self, gpu: &Gpu, target: wgpu::TextureFormat) -> bool {
        let plain = Kind { voi: 0, labels: 0, uneven: false, target, blend: false };
        let soon = [
            plain,
            Kind { labels: 2, ..plain },
            Kind { labels: 1, ..plain },
            Kind { voi: 1, ..plain },
            Kind { blend: true, ..plain },
        ];
        let missing = soon.into_iter().find(|kind| !self.pipelines.contains_key(kind));
        missing.into_iter().for_each(|kind| self.ensure(gpu, kind));
        missing.is_some()
    }

    pub fn pipeline(&self, kind: Kind) -> Option<&wgpu::RenderPipeline> {
        self.pipelines.get(&kind)
    }
}

/// Output levels of a look-up table as a texture of 256 × 256.
pub(super) fn lut_texture(gpu: &Gpu, lut: &VoiLut) -> wgpu::TextureView {
    let first = f64::from(lut.first_mapped);
    let mut levels = vec![0u8; 1 << 16];
    for (n, level) in levels.iter_mut().enumerate().take(lut.entries.len()) {
        *level = (lut.grey(first + n as f64) + 0.5) as u8;
    }
    let size = wgpu::Extent3d { width: 256, height: 256, depth_or_array_layers: 1 };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("VOI LUT"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::R8Uint,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(256), rows_per_image: Some(256) };
    gpu.queue.write_texture(texture.as_image_copy(), &levels, layout, size);
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn the_uniform_lies_as_the_shader_reads_it() {
        let (theirs, span) = shader::tests::offsets(&shader::show(), "Show");
        let theirs: Vec<_> = theirs.into_iter().filter(|(name, _)| !name.contains('.')).collect();
        macro_rules! ours {
            ($($field:ident),*) => { vec![$((stringify!($field).to_owned(), offset_of!(ShowUniform, $field) as u32)),*] };
        }
        let ours = ours![
            walk, aside_hi, aside_lo, below_hi, below_lo, origin, values, halvings, inverted, ramp, lut, fill, outline,
            atlas, tints
        ];
        assert_eq!(theirs, ours);
        assert_eq!(span as usize, size_of::<ShowUniform>());
    }
}
