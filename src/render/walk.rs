//! Twin of `shaders/walk.wgsl`: a [`Walk`] and the slices of a stack in the layout that the shaders read.

use super::Gpu;
use crate::space::Geometry;
use crate::volume::{Layers, ONE, Rescales, Walk};

/// A walk and the size of its grid.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct WalkUniform {
    pub start_hi: [i32; 4],
    pub start_lo: [u32; 4],
    pub right_hi: [i32; 4],
    pub right_lo: [u32; 4],
    pub down_hi: [i32; 4],
    pub down_lo: [u32; 4],
    pub post_hi: [i32; 4],
    pub post_lo: [u32; 4],
    /// Columns, rows, slices; posts along the slab.
    pub size: [i32; 4],
}

impl WalkUniform {
    pub fn new(walk: &Walk, size: [usize; 3]) -> Self {
        let [(start_hi, start_lo), (right_hi, right_lo), (down_hi, down_lo), (post_hi, post_lo)] =
            [walk.start, walk.right, walk.down, walk.post].map(halves);
        let [x, y, z] = size.map(|n| n as i32);
        let size = [x, y, z, walk.posts as i32];
        Self { start_hi, start_lo, right_hi, right_lo, down_hi, down_lo, post_hi, post_lo, size }
    }
}

/// Signed whole and unsigned fraction of Q32.32 voxels.
pub(super) fn halves(p: [i64; 3]) -> ([i32; 4], [u32; 4]) {
    let [x, y, z] = p.map(|p| (p >> 32) as i32);
    let [fx, fy, fz] = p.map(|p| (p & (ONE - 1)) as u32);
    ([x, y, z, 0], [fx, fy, fz, 0])
}

/// What the shaders may ask of each slice: where it lies in an uneven stack, its rescale, whether it is loaded.
pub(super) struct SliceTable {
    texture: wgpu::Texture,
    pub view: wgpu::TextureView,
    rows: [Vec<[u32; 4]>; 2],
}

impl SliceTable {
    pub fn new(gpu: &Gpu, geometry: &Geometry, rescales: &Rescales) -> Self {
        let slices = geometry.size()[2].max(1);
        let layers = Layers::of(geometry);
        let place = |k: usize| {
            let layer = layers.as_ref().and_then(|l| l.0.get(k));
            layer.map_or([0; 3], |l| [(l.position >> 32) as u32, l.position as u32, l.inverse_gap.to_bits()])
        };
        let drift = |k: usize| layers.as_ref().and_then(|l| l.0.get(k)).map_or([0; 2], |l| l.drift.map(f32::to_bits));
        let scale = |k: usize| rescales.of_slice(k);
        let bits = |x: f64| (x as f32).to_bits();
        let rows = [
            (0..slices).map(|k| [place(k)[0], place(k)[1], place(k)[2], 0]).collect(),
            (0..slices)
                .map(|k| [bits(scale(k).slope), bits(scale(k).intercept), drift(k)[0], drift(k)[1]])
                .collect::<Vec<_>>(),
        ];
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("slice table"),
            size: wgpu::Extent3d { width: slices as u32, height: 2, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba32Uint,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let table = Self { texture, view, rows };
        table.write(gpu);
        table
    }

    /// Marks slices as loaded.
    pub fn set_loaded(&mut self, gpu: &Gpu, slices: std::ops::Range<usize>) {
        self.rows[0].get_mut(slices).unwrap_or_default().iter_mut().for_each(|row| row[3] = 1);
        self.write(gpu);
    }

    pub fn all_loaded(&self) -> bool {
        self.rows[0].iter().all(|row| row[3] == 1)
    }

    fn write(&self, gpu: &Gpu) {
        let bytes: Vec<u8> = self.rows.iter().flat_map(|row| bytemuck::cast_slice::<_, u8>(row)).copied().collect();
        let width = self.rows[0].len() as u32;
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 16), rows_per_image: Some(2) };
        gpu.queue.write_texture(self.texture.as_image_copy(), &bytes, layout, self.texture.size());
    }
}

#[cfg(test)]
mod tests {
    use super::super::shader;
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn the_uniform_lies_as_the_shader_reads_it() {
        let (theirs, span) = shader::tests::offsets(&shader::show(), "Walk");
        let ours = [
            ("start_hi", offset_of!(WalkUniform, start_hi)),
            ("start_lo", offset_of!(WalkUniform, start_lo)),
            ("right_hi", offset_of!(WalkUniform, right_hi)),
            ("right_lo", offset_of!(WalkUniform, right_lo)),
            ("down_hi", offset_of!(WalkUniform, down_hi)),
            ("down_lo", offset_of!(WalkUniform, down_lo)),
            ("post_hi", offset_of!(WalkUniform, post_hi)),
            ("post_lo", offset_of!(WalkUniform, post_lo)),
            ("size", offset_of!(WalkUniform, size)),
        ];
        assert_eq!(theirs, ours.map(|(name, at)| (name.to_owned(), at as u32)));
        assert_eq!(span as usize, size_of::<WalkUniform>());
    }

    #[test]
    fn halves_put_together_are_the_position() {
        for p in [0, 1, -1, ONE, -ONE, 5 * ONE + 77, -5 * ONE - 77, i64::from(i32::MAX) << 32] {
            let (hi, lo) = halves([p, 0, p]);
            assert_eq!((i64::from(hi[0]) << 32) + i64::from(lo[0]), p);
        }
    }
}
