//! First pass of a picture: rescaled values on a plane or slab, `f32` bits in an `R32Uint` target the size of the pane.
//!
//! Twin of `shaders/reslice.wgsl`. (`R32Float` is not drawable on GL; whole numbers are, everywhere.)

use super::walk::WalkUniform;
use super::{Gpu, SampleFormat, VolumeTexture, shader};
use crate::volume::{Interpolation, Projection, Rescale, SliceView, Walk};
use std::collections::HashMap;
use wgpu::TextureViewDimension as Dimension;

#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct ResliceUniform {
    pub walk: WalkUniform,
    pub rescale: [f32; 4],
}

impl ResliceUniform {
    pub fn new(volume: &VolumeTexture, view: &SliceView) -> Self {
        let walk = Walk::new(volume.geometry(), view);
        let r = volume.rescale().unwrap_or(Rescale::IDENTITY);
        let rescale = [r.slope as f32, r.intercept as f32, 0.0, 0.0];
        Self { walk: WalkUniform::new(&walk, volume.geometry().size()), rescale }
    }
}

/// What a pipeline is specialised for: software drivers run both sides of every branch that is left in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub format: SampleFormat,
    pub uneven: bool,
    pub per_slice: bool,
    pub interpolation: Interpolation,
    pub projection: Option<Projection>,
}

impl Kind {
    pub fn of(volume: &VolumeTexture, view: &SliceView) -> Self {
        Self {
            format: volume.format(),
            uneven: !volume.geometry().is_regular(),
            per_slice: volume.rescale().is_none() || !volume.table().all_loaded(),
            interpolation: view.interpolation,
            projection: view.slab.map(|s| s.projection),
        }
    }
}

/// Format of the values.
pub(super) const TARGET: wgpu::TextureFormat = wgpu::TextureFormat::R32Uint;

/// The pass' pipelines, made when first needed.
#[derive(Default)]
pub(super) struct Reslicer {
    of_format: HashMap<SampleFormat, (wgpu::ShaderModule, wgpu::BindGroupLayout)>,
    pipelines: HashMap<Kind, wgpu::RenderPipeline>,
}

impl Reslicer {
    /// Records the pass: `values` gets the picture of `view`.
    pub fn record(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        volume: &VolumeTexture,
        view: &SliceView,
        (uniform, values): (&wgpu::Buffer, &wgpu::TextureView),
    ) {
        let kind = Kind::of(volume, view);
        gpu.queue.write_buffer(uniform, 0, bytemuck::bytes_of(&ResliceUniform::new(volume, view)));
        self.ensure(gpu, kind);
        let (Some((_, layout)), Some(pipeline)) = (self.of_format.get(&kind.format), self.pipelines.get(&kind)) else {
            return;
        };
        let group = shader::bind(&gpu.device, "reslice", layout, uniform, &[&volume.view, &volume.table().view]);
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("reslice"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: values,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.draw(0..3, 0..1);
    }

    /// Makes the pipeline of a slab or of plain voxels that some kind already drawn would want next; false when all are
    /// there.
    pub fn warm(&mut self, gpu: &Gpu) -> bool {
        let wanted = |kind: &Kind| {
            [Some(Projection::Max), Some(Projection::Mean), None].map(|projection| Kind { projection, ..*kind })
        };
        let missing = self
            .pipelines
            .keys()
            .filter(|k| !k.per_slice)
            .flat_map(wanted)
            .find(|kind| !self.pipelines.contains_key(kind));
        missing.into_iter().for_each(|kind| self.ensure(gpu, kind));
        missing.is_some()
    }

    /// Makes the pipeline of a kind unless it is there.
    pub fn ensure(&mut self, gpu: &Gpu, kind: Kind) {
        let device = &gpu.device;
        let (module, layout) = self.of_format.entry(kind.format).or_insert_with(|| {
            let table = shader::texture(wgpu::TextureSampleType::Uint, Dimension::D2);
            let volume = shader::texture(kind.format.sample_type(), Dimension::D3);
            let layout = shader::layout(device, "reslice", &[shader::uniform(), volume, table]);
            (shader::module(device, "reslice", shader::reslice(kind.format)), layout)
        });
        self.pipelines.entry(kind).or_insert_with(|| {
            let project = match kind.projection {
                None => 0.0,
                Some(Projection::Max) => 1.0,
                Some(Projection::Min) => 2.0,
                Some(Projection::Mean) => 3.0,
            };
            let constants = [
                ("LINEAR", f64::from(u8::from(kind.interpolation == Interpolation::Linear))),
                ("PROJECT", project),
                ("PER_SLICE", f64::from(u8::from(kind.per_slice))),
                ("UNEVEN", f64::from(u8::from(kind.uneven))),
            ];
            shader::pipeline(device, "reslice", module, Some(layout), ("values", TARGET.into()), &constants)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn the_uniform_lies_as_the_shader_reads_it() {
        let (theirs, span) = shader::tests::offsets(&shader::reslice(SampleFormat::I16), "Reslice");
        let theirs: Vec<_> = theirs.into_iter().filter(|(name, _)| !name.contains('.')).collect();
        let ours = [("walk", offset_of!(ResliceUniform, walk)), ("rescale", offset_of!(ResliceUniform, rescale))];
        assert_eq!(theirs, ours.map(|(name, at)| (name.to_owned(), at as u32)));
        assert_eq!(span as usize, size_of::<ResliceUniform>());
    }
}
