//! Labels on the GPU: bricks of 32³ voxels in an atlas, found through a page table, so that memory follows what is
//! painted and a brush stroke uploads its own box only.

use super::walk::SliceTable;
use super::{Gpu, GpuError};
use crate::space::Geometry;
use crate::volume::{Rescale, Rescales};
use std::sync::atomic::{AtomicU64, Ordering};

/// Voxels along a side of a brick.
const BRICK: usize = 32;
/// Entries of a row of the color table.
const COLOR_ROW: usize = 256;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A label's color on the screen: red, green, blue, and opacity; 0 hides it.
pub type LabelColor = [u8; 4];

/// The label values of a grid, and their colors.
pub struct LabelTexture {
    geometry: Geometry,
    pages: wgpu::Texture,
    /// The host's copy of the page table: 0, or a slot of the atlas counted from 1.
    slots: Vec<u16>,
    page_size: [usize; 3],
    used: usize,
    bricks: wgpu::Texture,
    colors: wgpu::Texture,
    pub(super) table: SliceTable,
    /// Changes with the textures themselves, after which bind groups are out of date; no two are alike.
    generation: u64,
}

impl LabelTexture {
    /// No labels on `geometry`, all colors hidden. Costs next to nothing until something is painted.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, geometry: &Geometry) -> Result<Self, GpuError> {
        let page_size = geometry.size().map(|n| n.div_ceil(BRICK).max(1));
        let colors = texture(gpu, "label colors", [COLOR_ROW; 2], 1, wgpu::TextureFormat::Rgba8Uint)?;
        let [x, y, z] = page_size;
        Ok(Self {
            pages: texture(gpu, "label pages", [x, y], z, wgpu::TextureFormat::R16Uint)?,
            slots: vec![0; x * y * z],
            page_size,
            used: 0,
            bricks: texture(gpu, "label bricks", [BRICK; 2], BRICK, wgpu::TextureFormat::R16Uint)?,
            colors,
            table: SliceTable::new(gpu, geometry, &Rescales::Uniform(Rescale::IDENTITY)),
            geometry: geometry.clone(),
            generation: NEXT.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// The color of each label value, from value 1 on; values beyond the list stay as they were (hidden at first).
    pub fn set_colors(&mut self, gpu: &Gpu, from_one: &[LabelColor]) {
        let mut rows = vec![[0u8; 4]];
        rows.extend_from_slice(&from_one[..from_one.len().min(COLOR_ROW * COLOR_ROW - 1)]);
        let height = rows.len().div_ceil(COLOR_ROW);
        rows.resize(height * COLOR_ROW, [0; 4]);
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(COLOR_ROW as u32 * 4),
            rows_per_image: Some(height as u32),
        };
        let size = wgpu::Extent3d { width: COLOR_ROW as u32, height: height as u32, depth_or_array_layers: 1 };
        gpu.queue.write_texture(self.colors.as_image_copy(), bytemuck::cast_slice(&rows), layout, size);
    }

    /// Replaces the values of a box, columns fastest. Parts outside the grid are left out; a box of zeros where nothing
    /// was painted costs nothing.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`], or what the driver reports; what could not be taken in is then not shown.
    pub fn update_region(
        &mut self,
        gpu: &Gpu,
        origin: [usize; 3],
        size: [usize; 3],
        values: &[u16],
    ) -> Result<(), GpuError> {
        if values.len() < size.iter().product() || size.contains(&0) {
            return Ok(());
        }
        let grid = self.geometry.size();
        let end: [usize; 3] = std::array::from_fn(|a| (origin[a] + size[a]).min(grid[a]));
        if (0..3).any(|a| origin[a] >= end[a]) {
            return Ok(());
        }
        let first = origin.map(|o| o / BRICK);
        let last: [usize; 3] = std::array::from_fn(|a| (end[a] - 1) / BRICK);
        for z in first[2]..=last[2] {
            for y in first[1]..=last[1] {
                for x in first[0]..=last[0] {
                    let part = Part::of([x, y, z], origin, end, size);
                    self.update_brick(gpu, &part, values)?;
                }
            }
        }
        gpu.check()
    }

    /// Forgets all labels; the memory stays for the next ones.
    pub fn clear(&mut self, gpu: &Gpu) {
        self.slots.fill(0);
        self.used = 0;
        let [x, y, z] = self.page_size.map(|n| n as u32);
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(x * 2), rows_per_image: Some(y) };
        let size = wgpu::Extent3d { width: x, height: y, depth_or_array_layers: z };
        gpu.queue.write_texture(self.pages.as_image_copy(), bytemuck::cast_slice(&self.slots), layout, size);
    }

    fn update_brick(&mut self, gpu: &Gpu, part: &Part, values: &[u16]) -> Result<(), GpuError> {
        let [px, py, _] = self.page_size;
        let page = part.brick[0] + px * (part.brick[1] + py * part.brick[2]);
        if self.slots[page] == 0 {
            if part.is_empty(values) {
                return Ok(());
            }
            let slot = self.take_slot(gpu)?;
            self.slots[page] = slot as u16 + 1;
            self.write_page(gpu, part.brick, slot as u16 + 1);
            // A slot may hold what was there before the last `clear`.
            let blank = vec![0u16; BRICK * BRICK * BRICK];
            self.write_brick(gpu, slot, [0; 3], [BRICK; 3], &blank, [BRICK, BRICK]);
        }
        let slot = usize::from(self.slots[page]) - 1;
        self.write_brick(gpu, slot, part.inside, part.size, &values[part.skip..], [part.row, part.rows]);
        Ok(())
    }

    /// A free slot of the atlas, which grows when it is full.
    fn take_slot(&mut self, gpu: &Gpu) -> Result<usize, GpuError> {
        let side = self.side();
        if self.used == side * side * self.layers() {
            self.grow(gpu)?;
        }
        self.used += 1;
        Ok(self.used - 1)
    }

    /// Slots double: first 1, then 8 × 8 × 1, 8 × 8 × 2, …. What is painted so far is copied over on the GPU.
    fn grow(&mut self, gpu: &Gpu) -> Result<(), GpuError> {
        let (old, layers) = (self.side(), self.layers());
        let longest = gpu.device.limits().max_texture_dimension_3d as usize / BRICK;
        let (side, layers) = match (old, layers) {
            (1, _) => (8, 1),
            (_, n) if n * 2 <= longest => (old, n * 2),
            _ => return Err(GpuError::OutOfMemory { what: "this many labelled regions".to_owned() }),
        };
        let side_px = [side * BRICK; 2];
        let grown = texture(gpu, "label bricks", side_px, layers * BRICK, wgpu::TextureFormat::R16Uint)?;
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_texture_to_texture(self.bricks.as_image_copy(), grown.as_image_copy(), self.bricks.size());
        gpu.queue.submit([encoder.finish()]);
        self.bricks = grown;
        self.generation = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn write_page(&self, gpu: &Gpu, brick: [usize; 3], slot: u16) {
        let [x, y, z] = brick.map(|n| n as u32);
        let target = wgpu::TexelCopyTextureInfo { origin: wgpu::Origin3d { x, y, z }, ..self.pages.as_image_copy() };
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(2), rows_per_image: Some(1) };
        gpu.queue.write_texture(target, &slot.to_ne_bytes(), layout, wgpu::Extent3d::default());
    }

    fn write_brick(
        &self,
        gpu: &Gpu,
        slot: usize,
        inside: [usize; 3],
        size: [usize; 3],
        values: &[u16],
        [row, rows]: [usize; 2],
    ) {
        let side = self.side();
        let corner = [slot % side, slot / side % side, slot / (side * side)];
        let [x, y, z] = std::array::from_fn(|a| (corner[a] * BRICK + inside[a]) as u32);
        let target = wgpu::TexelCopyTextureInfo { origin: wgpu::Origin3d { x, y, z }, ..self.bricks.as_image_copy() };
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(row as u32 * 2),
            rows_per_image: Some(rows as u32),
        };
        let [width, height, depth_or_array_layers] = size.map(|n| n as u32);
        let size = wgpu::Extent3d { width, height, depth_or_array_layers };
        gpu.queue.write_texture(target, bytemuck::cast_slice(values), layout, size);
    }

    /// Whether nothing is painted.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Bytes of GPU memory that the labels take.
    pub fn memory_bytes(&self) -> usize {
        let side = self.side() * BRICK;
        2 * (side * side * self.layers() * BRICK + self.slots.len()) + 4 * COLOR_ROW * COLOR_ROW
    }

    pub(super) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Page table, atlas and colors, in the order of the shader's bindings.
    pub(super) fn views(&self) -> [wgpu::TextureView; 3] {
        [&self.pages, &self.bricks, &self.colors].map(|t| t.create_view(&wgpu::TextureViewDescriptor::default()))
    }

    /// Bricks along a side of the atlas.
    pub(super) fn side(&self) -> usize {
        self.bricks.width() as usize / BRICK
    }

    fn layers(&self) -> usize {
        self.bricks.depth_or_array_layers() as usize / BRICK
    }
}

/// The part of a box that lies in one brick.
struct Part {
    brick: [usize; 3],
    /// Where it begins in the brick, and its size.
    inside: [usize; 3],
    size: [usize; 3],
    /// Values of the box before its first, values in a row of the box, rows in a layer of the box.
    skip: usize,
    row: usize,
    rows: usize,
}

impl Part {
    fn of(brick: [usize; 3], origin: [usize; 3], end: [usize; 3], size: [usize; 3]) -> Self {
        let from: [usize; 3] = std::array::from_fn(|a| (brick[a] * BRICK).max(origin[a]));
        let to: [usize; 3] = std::array::from_fn(|a| ((brick[a] + 1) * BRICK).min(end[a]));
        let [x, y, z] = std::array::from_fn(|a| from[a] - origin[a]);
        Self {
            brick,
            inside: std::array::from_fn(|a| from[a] - brick[a] * BRICK),
            size: std::array::from_fn(|a| to[a] - from[a]),
            skip: x + size[0] * (y + size[1] * z),
            row: size[0],
            rows: size[1],
        }
    }

    fn is_empty(&self, values: &[u16]) -> bool {
        let [width, height, depth] = self.size;
        let row = |j: usize, k: usize| &values[self.skip + self.row * (j + self.rows * k)..][..width];
        (0..depth).all(|k| (0..height).all(|j| row(j, k).iter().all(|v| *v == 0)))
    }
}

fn texture(
    gpu: &Gpu,
    label: &str,
    [width, height]: [usize; 2],
    depth: usize,
    format: wgpu::TextureFormat,
) -> Result<wgpu::Texture, GpuError> {
    use wgpu::TextureUsages as Use;
    let flat = format == wgpu::TextureFormat::Rgba8Uint;
    gpu.attempt("the labels", |device| {
        device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size: wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: depth as u32 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: if flat { wgpu::TextureDimension::D2 } else { wgpu::TextureDimension::D3 },
            format,
            usage: Use::TEXTURE_BINDING | Use::COPY_DST | Use::COPY_SRC,
            view_formats: &[],
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_cut_at_brick_borders_without_losing_a_voxel() {
        let (origin, size) = ([30, 5, 60], [40, 3, 10]);
        let end = [70, 8, 70];
        let value = |at: [usize; 3]| at[0] + 100 * at[1] + 10_000 * at[2];
        let mut seen = 0;
        for brick in [[0, 0, 1], [1, 0, 1], [2, 0, 1], [0, 0, 2], [1, 0, 2], [2, 0, 2]] {
            let p = Part::of(brick, origin, end, size);
            let corner: [usize; 3] = std::array::from_fn(|a| brick[a] * BRICK + p.inside[a] - origin[a]);
            assert_eq!(p.skip, corner[0] + size[0] * (corner[1] + size[1] * corner[2]), "at {}", value(corner));
            seen += p.size.iter().product::<usize>();
        }
        assert_eq!(seen, 40 * 3 * 10);
    }

    #[test]
    fn emptiness_looks_at_its_own_part_only() {
        let mut values = vec![0u16; 64 * 2 * 2];
        values[40] = 3;
        let end = [64, 2, 2];
        assert!(Part::of([0, 0, 0], [0; 3], end, [64, 2, 2]).is_empty(&values));
        assert!(!Part::of([1, 0, 0], [0; 3], end, [64, 2, 2]).is_empty(&values));
    }
}
