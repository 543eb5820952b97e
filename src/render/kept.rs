//! The window's picture, kept from frame to frame: painted anew only where it changed, then copied to the screen.
//!
//! Twin of `shaders/kept.wgsl`.

use super::shader;
use std::sync::Arc;
use wgpu::TextureViewDimension as Dimension;

/// The picture of a window of one size.
pub struct Kept {
    passes: Arc<Passes>,
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    group: wgpu::BindGroup,
}

/// What is the same for every size.
struct Passes {
    format: wgpu::TextureFormat,
    layout: wgpu::BindGroupLayout,
    blank: wgpu::RenderPipeline,
    whole: wgpu::RenderPipeline,
}

impl Kept {
    /// Nothing painted yet, in a window of `size` pixels.
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat, size: [u32; 2]) -> Self {
        let sampled = shader::texture(wgpu::TextureSampleType::Float { filterable: false }, Dimension::D2);
        let layout = shader::layout(device, "kept", &[sampled]);
        let module = shader::module(device, "kept", shader::kept());
        let pipeline = |layout, entry| shader::pipeline(device, "kept", &module, layout, (entry, format.into()), &[]);
        let (blank, whole) = (pipeline(None, "blank"), pipeline(Some(&layout), "whole"));
        Self::of(Arc::new(Passes { format, layout, blank, whole }), device, size)
    }

    /// The same for a window of another size.
    pub fn resized(&self, device: &wgpu::Device, size: [u32; 2]) -> Self {
        Self::of(self.passes.clone(), device, size)
    }

    fn of(passes: Arc<Passes>, device: &wgpu::Device, [width, height]: [u32; 2]) -> Self {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("kept"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: passes.format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                | wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("kept"),
            layout: &passes.layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) }],
        });
        Kept { passes, texture, view, group }
    }

    /// Pixels across and down.
    pub fn size(&self) -> [u32; 2] {
        [self.texture.width(), self.texture.height()]
    }

    /// What is kept, for reading it back.
    #[cfg(test)]
    pub fn texture(&self) -> &wgpu::Texture {
        &self.texture
    }

    /// A pass that paints over it, in which each `(min, max)` (pixels, the last ones outside) is blank already.
    pub fn repaint(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        patches: impl Iterator<Item = ([u32; 2], [u32; 2])>,
    ) -> wgpu::RenderPass<'static> {
        let ops = wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store };
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("kept"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.view,
                depth_slice: None,
                resolve_target: None,
                ops,
            })],
            ..Default::default()
        });
        let mut pass = pass.forget_lifetime();
        pass.set_pipeline(&self.passes.blank);
        for (min, max) in patches {
            pass.set_scissor_rect(min[0], min[1], max[0] - min[0], max[1] - min[1]);
            pass.draw(0..3, 0..1);
        }
        pass
    }

    /// Copies it into a pass over a target of the same size and format.
    pub fn copy(&self, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_pipeline(&self.passes.whole);
        pass.set_bind_group(0, &self.group, &[]);
        pass.draw(0..3, 0..1);
    }
}
