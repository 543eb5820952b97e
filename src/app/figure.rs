//! Figures: a pane or the layout as a picture, drawn anew at one to four times the screen's size with the same code that
//! paints the window. No text of a figure names the patient.

use super::gpu::Look;
use super::{App, overlay, theme};
use egui::{Pos2, Rect, Vec2};
use image::RgbaImage;

/// What goes into a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Only the active pane; else all that are to be seen.
    pub one_pane: bool,
    /// Pixels for each pixel of the screen at scale 1, 1 to 4.
    pub scale: u32,
    /// Lesions, level labels, measurements.
    pub overlays: bool,
    /// The series' description in the corner; some sites write names into it.
    pub descriptions: bool,
}

impl Default for Figure {
    fn default() -> Self {
        Figure { one_pane: false, scale: 2, overlays: true, descriptions: false }
    }
}

/// Pictures of figures are kept apart from those of the screen by this.
const OF_FIGURES: u64 = 1 << 32;

impl App {
    /// Draws a figure of what is to be seen.
    ///
    /// # Errors
    /// A sentence: nothing is shown, or the adapter cannot draw one so large.
    pub fn figure(&self, figure: Figure) -> Result<RgbaImage, String> {
        let reading = self.reading.as_ref().ok_or("open images first")?;
        let screen = self.screen.as_ref().ok_or("the graphics adapter is gone; try again in a moment")?;
        let active = reading.viewer.active();
        let panes: Vec<(usize, Rect)> =
            self.pane_rects.iter().copied().filter(|(n, _)| !figure.one_pane || *n == active).collect();
        let whole = panes.iter().map(|p| p.1).reduce(|a, b| a.union(b)).ok_or("no pane is shown yet")?;
        let scale = figure.scale.clamp(1, 4) as f32;
        let look = Look { bare: !figure.overlays, id_offset: OF_FIGURES, ..Look::default() };
        let what = overlay::What { annotations: figure.overlays, guides: false, descriptions: figure.descriptions };
        screen.snapshot(whole.size(), scale, |ui, pixels_per_point| {
            for (pane, rect) in &panes {
                let rect = rect.translate(-whole.min.to_vec2());
                let painter = ui.painter_at(rect);
                painter.rect_filled(rect, 0.0, egui::Color32::BLACK);
                painter.add(screen.pane(reading, *pane, rect, pixels_per_point, look));
                overlay::paint(self, reading, *pane, rect, &painter, what);
            }
        })
    }
}

impl super::gpu::Screen {
    /// Draws a page of `size` logical points on this device, without the window.
    fn snapshot(
        &self,
        size: Vec2,
        pixels_per_point: f32,
        mut draw: impl FnMut(&mut egui::Ui, f32),
    ) -> Result<RgbaImage, String> {
        let (device, queue, format) = self.device();
        let pixels = [size.x, size.y].map(|n| (n * pixels_per_point).round().max(1.0) as u32);
        let limit = device.limits().max_texture_dimension_2d;
        if pixels.iter().any(|n| *n > limit) {
            return Err(format!(
                "a figure of {} x {} pixels is more than this adapter draws ({limit}); choose a smaller scale",
                pixels[0], pixels[1]
            ));
        }
        let ctx = egui::Context::default();
        theme::apply(&ctx);
        let rect = Rect::from_min_size(Pos2::ZERO, size);
        let input = || {
            let mut input = egui::RawInput { screen_rect: Some(rect), ..Default::default() };
            input.viewports.entry(egui::ViewportId::ROOT).or_default().native_pixels_per_point = Some(pixels_per_point);
            input
        };
        let mut renderer = egui_wgpu::Renderer::new(device, format, egui_wgpu::RendererOptions::default());
        let mut frame = |renderer: &mut egui_wgpu::Renderer| {
            let mut out = ctx.run_ui(input(), |ui| draw(ui, pixels_per_point));
            for (id, deltas) in &out.textures_delta.set {
                deltas.iter().for_each(|delta| renderer.update_texture(device, queue, *id, delta));
            }
            out.textures_delta.set.clear();
            ctx.tessellate(out.shapes, out.pixels_per_point)
        };
        frame(&mut renderer); // fonts are measured
        let jobs = frame(&mut renderer);
        let screen = egui_wgpu::ScreenDescriptor { size_in_pixels: pixels, pixels_per_point };
        let extent = wgpu::Extent3d { width: pixels[0], height: pixels[1], depth_or_array_layers: 1 };
        let target = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("figure"),
            size: extent,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = target.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("figure") });
        let more = renderer.update_buffers(device, queue, &mut encoder, &jobs, &screen);
        {
            let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("figure"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &view,
                    resolve_target: None,
                    depth_slice: None,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                        store: wgpu::StoreOp::Store,
                    },
                })],
                ..Default::default()
            });
            renderer.render(&mut pass.forget_lifetime(), &jobs, &screen);
        }
        queue.submit(more.into_iter().chain([encoder.finish()]));
        self.forget_figures(OF_FIGURES);
        read_back(device, queue, &target, format)
    }
}

/// The pixels of a texture, as RGBA.
pub(super) fn read_back(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    texture: &wgpu::Texture,
    format: wgpu::TextureFormat,
) -> Result<RgbaImage, String> {
    let extent = texture.size();
    let row = (extent.width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("figure"),
        size: u64::from(row) * u64::from(extent.height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
    let into = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
    encoder.copy_texture_to_buffer(texture.as_image_copy(), into, extent);
    queue.submit([encoder.finish()]);
    buffer.slice(..).map_async(wgpu::MapMode::Read, |_| {});
    device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| format!("the figure was not drawn: {e}"))?;
    let blue_first = matches!(format, wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb);
    let mut bytes = Vec::with_capacity((extent.width * extent.height * 4) as usize);
    let mapped = buffer.slice(..).get_mapped_range().map_err(|e| format!("the figure was not drawn: {e}"))?;
    for line in mapped.chunks(row as usize) {
        for p in line[..extent.width as usize * 4].chunks_exact(4) {
            let [a, g, b] = if blue_first { [p[2], p[1], p[0]] } else { [p[0], p[1], p[2]] };
            bytes.extend([a, g, b, 255]);
        }
    }
    drop(mapped);
    RgbaImage::from_raw(extent.width, extent.height, bytes).ok_or_else(|| "the figure was not drawn".to_owned())
}
