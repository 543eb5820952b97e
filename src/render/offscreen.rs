//! Pictures without a window, for the command line, exports and tests: the same passes into a texture that is read back.

use super::{Gpu, GpuError, LabelTexture, Sampling, SliceParams, SlicePass};

/// The format of the pictures.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Draws pictures and reads them back.
pub struct Offscreen {
    pass: SlicePass,
}

impl Offscreen {
    /// For pictures on `gpu`.
    pub fn new(gpu: &Gpu) -> Self {
        Self { pass: SlicePass::new(gpu, FORMAT) }
    }

    /// The picture of `params.view.plane.size`, row by row, as red, green, blue, opacity.
    ///
    /// # Errors
    /// [`GpuError`] when the picture is too large, or the driver fails.
    pub fn render<'a>(
        &mut self,
        gpu: &Gpu,
        volume: impl Into<Sampling<'a>>,
        labels: Option<&LabelTexture>,
        params: &SliceParams,
    ) -> Result<Vec<[u8; 4]>, GpuError> {
        let [width, height] = params.view.plane.size.map(|n| n as u32);
        if width == 0 || height == 0 {
            return Ok(Vec::new());
        }
        let params = SliceParams { origin_px: [0; 2], ..params.clone() };
        let mut encoder =
            gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("offscreen") });
        self.pass.prepare(gpu, &mut encoder, 0, &params, volume.into(), labels)?;
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let target = gpu.attempt("the picture", |device| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some("offscreen"),
                size,
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: FORMAT,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            })
        })?;
        self.draw(&mut encoder, &target);
        let row_bytes = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = gpu.attempt("the picture", |device| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("read back"),
                size: u64::from(row_bytes) * u64::from(height),
                usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
                mapped_at_creation: false,
            })
        })?;
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row_bytes), rows_per_image: Some(height) };
        encoder.copy_texture_to_buffer(
            target.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
            size,
        );
        gpu.queue.submit([encoder.finish()]);
        read_back(gpu, &buffer, row_bytes as usize, width as usize)
    }

    /// How often values were resliced so far.
    pub fn reslice_count(&self) -> u64 {
        self.pass.reslice_count()
    }

    fn draw(&self, encoder: &mut wgpu::CommandEncoder, target: &wgpu::Texture) {
        let view = target.create_view(&wgpu::TextureViewDescriptor::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("show"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        self.pass.paint(0, &mut pass);
    }
}

fn read_back(gpu: &Gpu, buffer: &wgpu::Buffer, row_bytes: usize, width: usize) -> Result<Vec<[u8; 4]>, GpuError> {
    let slice = buffer.slice(..);
    let (said, answer) = std::sync::mpsc::channel();
    slice.map_async(wgpu::MapMode::Read, move |result| {
        // The receiver waits below; when it is gone nobody wants the answer.
        let _ = said.send(result);
    });
    gpu.wait()?;
    let no_answer = |e: String| GpuError::Driver(format!("the picture cannot be read back: {e}"));
    answer.try_recv().map_err(|e| no_answer(e.to_string()))?.map_err(|e| no_answer(e.to_string()))?;
    let bytes = slice.get_mapped_range().map_err(|e| no_answer(e.to_string()))?;
    let rows = bytes.chunks_exact(row_bytes);
    Ok(rows.flat_map(|row| row[..width * 4].chunks_exact(4)).map(|p| [p[0], p[1], p[2], p[3]]).collect())
}

#[cfg(test)]
mod tests;
