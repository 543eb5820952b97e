//! Putting shaders together: WGSL has no include, so the shared walk stands before every pass.

use super::SampleFormat;
use std::borrow::Cow;

const WALK: &str = include_str!("../../shaders/walk.wgsl");
const RESLICE: &str = include_str!("../../shaders/reslice.wgsl");
const SHOW: &str = include_str!("../../shaders/show.wgsl");
const KEPT: &str = include_str!("../../shaders/kept.wgsl");

/// The reslice pass for one kind of texel.
pub(super) fn reslice(format: SampleFormat) -> String {
    let alias = format!("alias Sample = {};", format.texel());
    [WALK, &RESLICE.replace("alias Sample = i32;", &alias)].concat()
}

/// The pass to the screen.
pub(super) fn show() -> String {
    [WALK, SHOW].concat()
}

/// The kept window, whose passes cover the viewport as the others do.
pub(super) fn kept() -> String {
    [WALK, KEPT].concat()
}

pub(super) fn module(device: &wgpu::Device, label: &str, source: String) -> wgpu::ShaderModule {
    let source = wgpu::ShaderSource::Wgsl(Cow::Owned(source));
    device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(label), source })
}

/// A bind group layout of textures and one uniform, all for the fragment stage.
pub(super) fn layout(device: &wgpu::Device, label: &str, entries: &[wgpu::BindingType]) -> wgpu::BindGroupLayout {
    let entry = |(binding, ty): (usize, &wgpu::BindingType)| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: *ty,
        count: None,
    };
    let entries: Vec<_> = entries.iter().enumerate().map(entry).collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
}

pub(super) fn uniform() -> wgpu::BindingType {
    let ty = wgpu::BufferBindingType::Uniform;
    wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None }
}

pub(super) fn texture(
    sample_type: wgpu::TextureSampleType,
    view_dimension: wgpu::TextureViewDimension,
) -> wgpu::BindingType {
    wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false }
}

/// A pipeline that covers the viewport: `everywhere`, then the entry point, with the constants that specialise both.
pub(super) fn pipeline(
    device: &wgpu::Device,
    label: &str,
    module: &wgpu::ShaderModule,
    layout: Option<&wgpu::BindGroupLayout>,
    (entry_point, target): (&str, wgpu::ColorTargetState),
    constants: &[(&str, f64)],
) -> wgpu::RenderPipeline {
    let groups: Vec<_> = layout.map(Some).into_iter().collect();
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(label),
        bind_group_layouts: &groups,
        immediate_size: 0,
    });
    let targets = [Some(target)];
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(label),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("everywhere"),
            compilation_options: Default::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(entry_point),
            compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
            targets: &targets,
        }),
        multiview_mask: None,
        cache: None,
    })
}

pub(super) fn bind(
    device: &wgpu::Device,
    label: &str,
    layout: &wgpu::BindGroupLayout,
    uniform: &wgpu::Buffer,
    textures: &[&wgpu::TextureView],
) -> wgpu::BindGroup {
    let uniform = wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() };
    let textures = textures
        .iter()
        .zip(1..)
        .map(|(view, binding)| wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::TextureView(view) });
    let entries: Vec<_> = std::iter::once(uniform).chain(textures).collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries: &entries })
}

pub(super) fn buffer<T: bytemuck::Pod>(device: &wgpu::Device, label: &str) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: size_of::<T>() as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    /// Every shader as it is given to the driver.
    pub(in crate::render) fn assembled() -> Vec<(String, String)> {
        let mut all: Vec<_> = SampleFormat::ALL.iter().map(|f| (format!("reslice of {f:?}"), reslice(*f))).collect();
        all.push(("show".to_owned(), show()));
        all.push(("kept".to_owned(), kept()));
        all
    }

    #[test]
    fn every_shader_is_core_wgsl_without_optional_capabilities() {
        let mut complaints = Vec::new();
        for (name, source) in assembled() {
            let module = match naga::front::wgsl::parse_str(&source) {
                Ok(module) => module,
                Err(e) => {
                    complaints.push(e.emit_to_string_with_path(&source, &name));
                    continue;
                }
            };
            let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
            if let Err(e) = validator.validate(&module) {
                complaints.push(e.emit_to_string_with_path(&source, &name));
            }
        }
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    /// Byte offsets of a uniform's members as the shader sees them, nested names joined with dots, and its size.
    pub(in crate::render) fn offsets(source: &str, name: &str) -> (Vec<(String, u32)>, u32) {
        let module = naga::front::wgsl::parse_str(source).expect("a valid shader");
        let named = |n: &str| module.types.iter().find(|t| t.1.name.as_deref() == Some(n)).expect("such a struct").1;
        fn members(module: &naga::Module, ty: &naga::Type, prefix: &str, base: u32, out: &mut Vec<(String, u32)>) {
            let naga::TypeInner::Struct { members: list, .. } = &ty.inner else { return };
            for m in list {
                let name = format!("{prefix}{}", m.name.as_deref().unwrap_or("?"));
                out.push((name.clone(), base + m.offset));
                members(module, &module.types[m.ty], &format!("{name}."), base + m.offset, out);
            }
        }
        let ty = named(name);
        let mut out = Vec::new();
        members(&module, ty, "", 0, &mut out);
        let naga::TypeInner::Struct { span, .. } = ty.inner else { panic!("{name} is no struct") };
        (out, span)
    }
}
