//! Drawing panes: each pane keeps its resliced values until its view changes, so that a window drag, a label or a repaint
//! costs the second pass only.
//!
//! In egui's paint callback: [`SlicePass::prepare`] from `CallbackTrait::prepare`, [`SlicePass::paint`] from `paint`.

use super::reslice::{ResliceUniform, Reslicer, TARGET};
use super::show::{Kind, ShowUniform, Shower, Showing, lut_texture};
use super::{Gpu, GpuError, LabelTexture, VolumeTexture, shader};
use crate::volume::{Blend, LabelStyle, Shade, SlicePlane, SliceView, Voi, VoiLut, Volume, reslice, reslice_rows};
use std::collections::HashMap;
use std::sync::Arc;

/// Which pane; the caller's own number.
pub type PaneId = u64;

/// A pane's picture.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceParams {
    /// Plane, interpolation, slab. `view.plane.size` is the viewport's size in pixels.
    pub view: SliceView,
    /// How values become grey.
    pub shade: Shade,
    /// How labels are laid over.
    pub labels: LabelStyle,
    /// Left and top of the viewport in the target, pixels.
    pub origin_px: [i32; 2],
    /// How often a value's side doubles in screen pixels: 0, or 1 while dragging on a software adapter.
    pub halvings: u32,
    /// Laid over what is there: how much of it, and in which colours.
    pub blend: Option<Blend>,
}

impl SliceParams {
    /// A picture at the target's upper left corner.
    pub fn new(view: SliceView, shade: Shade) -> Self {
        Self { view, shade, labels: LabelStyle::default(), origin_px: [0; 2], halvings: 0, blend: None }
    }

    /// The view whose values are kept: coarser than the screen's where `halvings` says so.
    fn values_view(&self) -> SliceView {
        let plane = self.view.plane;
        let n = 1 << self.halvings;
        let size = plane.size.map(|s| s.div_ceil(n));
        if n == 1 {
            return self.view;
        }
        // The coarse picture may stick out at the right and bottom: its middle moves with it.
        let by = |a: usize| ((size[a] * n) as f64 - plane.size[a] as f64) / 2.0;
        let center = plane.center.moved(plane.right_mm * by(0) + plane.down_mm * by(1));
        let (right_mm, down_mm) = (plane.right_mm * n as f64, plane.down_mm * n as f64);
        SliceView { plane: SlicePlane { center, right_mm, down_mm, size }, ..self.view }
    }
}

/// Where a picture's values come from.
#[derive(Clone, Copy)]
pub enum Sampling<'a> {
    /// Sampled on the adapter.
    Texture(&'a VolumeTexture),
    /// Sampled by the processor: what a software adapter would only do slower.
    Memory(&'a Arc<Volume>),
    /// Each row on a plane of its own, sampled by the processor; the view gives size and place only.
    Rows(&'a Arc<Volume>, &'a [SliceView]),
}

impl<'a> From<&'a VolumeTexture> for Sampling<'a> {
    fn from(texture: &'a VolumeTexture) -> Self {
        Sampling::Texture(texture)
    }
}

impl<'a> From<&'a Arc<Volume>> for Sampling<'a> {
    fn from(volume: &'a Arc<Volume>) -> Self {
        Sampling::Memory(volume)
    }
}

struct Pane {
    reslice: wgpu::Buffer,
    show: wgpu::Buffer,
    values: Values,
    shown: Option<Shown>,
}

/// The kept values, and what they are of.
struct Values {
    texture: wgpu::TextureView,
    size: [u32; 2],
    of: Option<Of>,
}

/// What values are of. A volume in memory is known by its place, and held, so that no other one comes to lie there.
enum Of {
    Texture(SliceView, (u64, u64)),
    Memory(SliceView, Arc<Volume>),
    Rows(Vec<SliceView>, Arc<Volume>),
}

impl Of {
    fn is(&self, view: &SliceView, sampling: Sampling) -> bool {
        match (self, sampling) {
            (Of::Texture(v, stamp), Sampling::Texture(t)) => v == view && *stamp == t.stamp(),
            (Of::Memory(v, kept), Sampling::Memory(volume)) => v == view && Arc::ptr_eq(kept, volume),
            (Of::Rows(r, kept), Sampling::Rows(volume, rows)) => r == rows && Arc::ptr_eq(kept, volume),
            _ => false,
        }
    }
}

/// The last prepared picture: its pipeline, and a bind group with what it holds on to.
struct Shown {
    kind: Kind,
    labels: Option<u64>,
    lut: Option<Arc<VoiLut>>,
    group: wgpu::BindGroup,
}

/// Both passes, and what the panes keep.
pub struct SlicePass {
    target: wgpu::TextureFormat,
    reslicer: Reslicer,
    shower: Shower,
    panes: HashMap<PaneId, Pane>,
    reslices: u64,
}

impl SlicePass {
    /// For targets of one format. Levels come out as they are, also in an sRGB target.
    pub fn new(gpu: &Gpu, target: wgpu::TextureFormat) -> Self {
        Self { target, reslicer: Reslicer::default(), shower: Shower::new(gpu), panes: HashMap::new(), reslices: 0 }
    }

    /// Gets a pane ready: records the reslice where the view or the volume changed, and uploads the rest.
    ///
    /// # Errors
    /// A viewport beyond the adapter's limit, or too little memory for it. The pane then keeps its last picture.
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        pane: PaneId,
        params: &SliceParams,
        sampling: Sampling,
        labels: Option<&LabelTexture>,
    ) -> Result<(), GpuError> {
        // A label lies in the plane of a pane, and rows have planes of their own.
        let (view, halvings, labels, style) = match sampling {
            Sampling::Rows(..) => (params.view, 0, None, LabelStyle::HIDDEN),
            _ => (params.values_view(), params.halvings, labels, params.labels),
        };
        let size = view.plane.size.map(|n| n as u32);
        let limit = gpu.device.limits().max_texture_dimension_2d;
        let found = params.view.plane.size[0].max(params.view.plane.size[1]);
        if found > limit as usize {
            return Err(GpuError::TooLarge { what: "the picture", found, limit });
        }
        if size.contains(&0) {
            self.panes.remove(&pane);
            return Ok(());
        }
        let kept = match self.panes.remove(&pane) {
            Some(kept) if kept.values.size == size => kept,
            _ => Pane::new(gpu, size)?,
        };
        let kept = self.panes.entry(pane).or_insert(kept);
        if !kept.values.of.as_ref().is_some_and(|of| of.is(&view, sampling)) {
            kept.values.of = Some(match sampling {
                Sampling::Texture(volume) => {
                    self.reslicer.record(gpu, encoder, volume, &view, (&kept.reslice, &kept.values.texture));
                    Of::Texture(view, volume.stamp())
                }
                Sampling::Memory(volume) => {
                    kept.values.upload(gpu, &reslice(volume, &view));
                    Of::Memory(view, volume.clone())
                }
                Sampling::Rows(volume, rows) => {
                    kept.values.upload(gpu, &reslice_rows(volume, rows));
                    Of::Rows(rows.to_vec(), volume.clone())
                }
            });
            self.reslices += 1;
        }
        let showing = Showing {
            shade: &params.shade,
            plane: params.view.plane,
            labels,
            style,
            origin: params.origin_px,
            values: size,
            halvings,
            blend: params.blend,
        };
        gpu.queue.write_buffer(&kept.show, 0, bytemuck::bytes_of(&showing.uniform()));
        kept.bind(gpu, &mut self.shower, &showing, self.target);
        Ok(())
    }

    /// Draws a prepared pane into the current viewport; nothing where it is not prepared.
    pub fn paint(&self, pane: PaneId, pass: &mut wgpu::RenderPass<'_>) {
        let Some(shown) = self.panes.get(&pane).and_then(|p| p.shown.as_ref()) else { return };
        let Some(pipeline) = self.shower.pipeline(shown.kind) else { return };
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &shown.group, &[]);
        pass.draw(0..3, 0..1);
    }

    /// Forgets a pane that is closed.
    pub fn forget(&mut self, pane: PaneId) {
        self.panes.remove(&pane);
    }

    /// Makes one pipeline that will be needed soon, so that no first stroke or slab waits for it; false when all are there.
    pub fn warm(&mut self, gpu: &Gpu) -> bool {
        self.shower.warm(gpu, self.target) || self.reslicer.warm(gpu)
    }

    /// Forgets every pane from a number on.
    pub fn forget_from(&mut self, from: PaneId) {
        self.panes.retain(|id, _| *id < from);
    }

    /// How often values were resliced so far; dragging a window adds none.
    pub fn reslice_count(&self) -> u64 {
        self.reslices
    }
}

impl Values {
    /// Values that the processor sampled, row by row, as many as the texture has.
    fn upload(&self, gpu: &Gpu, values: &[f32]) {
        let [width, height] = self.size;
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: Some(height) };
        let extent = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let into = self.texture.texture().as_image_copy();
        gpu.queue.write_texture(into, bytemuck::cast_slice(values), layout, extent);
    }
}

impl Pane {
    fn new(gpu: &Gpu, size: [u32; 2]) -> Result<Self, GpuError> {
        let [width, height] = size;
        let texture = gpu.attempt("a pane's picture", |device| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some("values"),
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: TARGET,
                usage: wgpu::TextureUsages::TEXTURE_BINDING
                    | wgpu::TextureUsages::RENDER_ATTACHMENT
                    | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            })
        })?;
        let texture = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Ok(Self {
            reslice: shader::buffer::<ResliceUniform>(&gpu.device, "reslice"),
            show: shader::buffer::<ShowUniform>(&gpu.device, "show"),
            values: Values { texture, size, of: None },
            shown: None,
        })
    }

    /// Keeps pipeline and bind group at what is to be shown.
    fn bind(&mut self, gpu: &Gpu, shower: &mut Shower, showing: &Showing, target: wgpu::TextureFormat) {
        let kind = showing.kind(target);
        shower.ensure(gpu, kind);
        let labels = showing.labels.map(LabelTexture::generation);
        let lut = match &showing.shade.voi {
            Voi::Lut(lut) => Some(lut),
            Voi::Window(_) => None,
        };
        let same = |a: Option<&Arc<VoiLut>>| a.map(Arc::as_ptr) == lut.map(Arc::as_ptr);
        if let Some(shown) = self.shown.as_mut().filter(|s| s.labels == labels && same(s.lut.as_ref())) {
            shown.kind = kind;
            return;
        }
        let levels = lut.map_or_else(|| shower.no_lut.clone(), |lut| lut_texture(gpu, lut));
        let [pages, bricks, colors, table] = match showing.labels {
            None => shower.no_labels.clone(),
            Some(l) => {
                let [pages, bricks, colors] = l.views();
                [pages, bricks, colors, l.table.view.clone()]
            }
        };
        let views = [&self.values.texture, &levels, &pages, &bricks, &colors, &table];
        let group = shader::bind(&gpu.device, "show", &shower.layout, &self.show, &views);
        self.shown = Some(Shown { kind, labels, lut: lut.cloned(), group });
    }
}
