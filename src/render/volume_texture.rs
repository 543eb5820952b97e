//! A volume on the GPU: stored samples in a 3-D texture, filled slice by slice while the files are still being read.
//!
//! Samples stay as they are stored (`R16Sint`, …) and are interpolated by the shader, which is exact; filtering hardware
//! is not. A volume beyond the adapter's reach is held coarser, and [`VolumeTexture::notice`] says so.

use super::walk::SliceTable;
use super::{Gpu, GpuError};
use crate::space::{Geometry, PatientPoint};
use crate::volume::{Rescale, Rescales, Samples, Volume};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SampleFormat {
    U8,
    I16,
    U16,
    F32,
}

impl SampleFormat {
    /// All of them.
    pub const ALL: [SampleFormat; 4] = [Self::U8, Self::I16, Self::U16, Self::F32];

    /// Of samples in memory.
    pub fn of(samples: &Samples) -> Self {
        match samples {
            Samples::U8(_) => Self::U8,
            Samples::I16(_) => Self::I16,
            Samples::U16(_) => Self::U16,
            Samples::F32(_) => Self::F32,
        }
    }

    /// Bytes of one sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::F32 => 4,
        }
    }

    pub(super) fn texel(self) -> &'static str {
        match self {
            Self::I16 => "i32",
            Self::U8 | Self::U16 => "u32",
            Self::F32 => "f32",
        }
    }

    fn texture_format(self) -> wgpu::TextureFormat {
        match self {
            Self::U8 => wgpu::TextureFormat::R8Uint,
            Self::I16 => wgpu::TextureFormat::R16Sint,
            Self::U16 => wgpu::TextureFormat::R16Uint,
            Self::F32 => wgpu::TextureFormat::R32Float,
        }
    }

    pub(super) fn sample_type(self) -> wgpu::TextureSampleType {
        match self {
            Self::I16 => wgpu::TextureSampleType::Sint,
            Self::U8 | Self::U16 => wgpu::TextureSampleType::Uint,
            Self::F32 => wgpu::TextureSampleType::Float { filterable: false },
        }
    }
}

/// Slices written at once: larger writes double the memory while they last, smaller ones cost time.
const SLAB: usize = 16;
/// How often a volume is made coarser before giving up.
const ATTEMPTS: usize = 8;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A volume on the GPU. Shareable; loading goes on behind a shared reference.
pub struct VolumeTexture {
    /// The grid of the texture: the volume's own, or a coarser one.
    geometry: Geometry,
    source_size: [usize; 3],
    /// Voxels of the source to one texel. Columns and rows are averaged; of `factor[2]` slices the first is kept.
    factor: [usize; 3],
    format: SampleFormat,
    rescale: Option<Rescale>,
    texture: wgpu::Texture,
    pub(super) view: wgpu::TextureView,
    table: Mutex<SliceTable>,
    id: u64,
    revision: AtomicU64,
}

impl VolumeTexture {
    /// An empty (black) texture for a volume on `geometry`. Where the adapter cannot hold it in full it becomes coarser.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`] when not even a much coarser one fits.
    pub fn new(gpu: &Gpu, geometry: &Geometry, format: SampleFormat, rescales: &Rescales) -> Result<Self, GpuError> {
        let longest = gpu.device.limits().max_texture_dimension_3d as usize;
        let mut factor = geometry.size().map(|n| n.div_ceil(longest).max(1));
        for _ in 0..ATTEMPTS {
            match Self::of_factor(gpu, geometry, format, rescales, factor) {
                Err(GpuError::OutOfMemory { .. }) => coarsen(geometry, &mut factor),
                done => return done,
            }
        }
        Err(GpuError::OutOfMemory { what: format!("a volume of {}", product(geometry.size())) })
    }

    /// A volume that is in memory, uploaded whole.
    ///
    /// # Errors
    /// As [`VolumeTexture::new`], or what the driver reports while uploading.
    pub fn of_volume(gpu: &Gpu, volume: &Volume) -> Result<Self, GpuError> {
        let format = SampleFormat::of(&volume.samples);
        let texture = Self::new(gpu, &volume.geometry, format, &volume.rescales)?;
        texture.upload(gpu, volume, 0..volume.size()[2])?;
        Ok(texture)
    }

    fn of_factor(
        gpu: &Gpu,
        source: &Geometry,
        format: SampleFormat,
        rescales: &Rescales,
        factor: [usize; 3],
    ) -> Result<Self, GpuError> {
        let geometry = coarser(source, factor);
        let rescales = match rescales {
            Rescales::PerSlice(each) => Rescales::PerSlice(each.iter().copied().step_by(factor[2]).collect()),
            Rescales::Uniform(r) => Rescales::Uniform(*r),
        };
        let [width, height, depth_or_array_layers] = geometry.size().map(|n| n.max(1) as u32);
        let texture = gpu.attempt(&format!("a volume of {}", product(source.size())), |device| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some("volume"),
                size: wgpu::Extent3d { width, height, depth_or_array_layers },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D3,
                format: format.texture_format(),
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            })
        })?;
        let rescale = match &rescales {
            Rescales::Uniform(r) => Some(*r),
            Rescales::PerSlice(_) => None,
        };
        Ok(Self {
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            table: Mutex::new(SliceTable::new(gpu, &geometry, &rescales)),
            source_size: source.size(),
            geometry,
            factor,
            format,
            rescale,
            texture,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            revision: AtomicU64::new(0),
        })
    }

    /// Takes slices `first_slice ..` in: whole slices of stored samples in this machine's byte order, columns fastest.
    /// Bytes beyond the volume's end are left out. They are visible from the next picture on.
    ///
    /// # Errors
    /// What the driver reports.
    pub fn upload_slices(&self, gpu: &Gpu, first_slice: usize, bytes: &[u8]) -> Result<(), GpuError> {
        let per_slice = self.source_size[0] * self.source_size[1] * self.format.bytes();
        if per_slice == 0 {
            return Ok(());
        }
        let count = (bytes.len() / per_slice).min(self.source_size[2].saturating_sub(first_slice));
        let bytes = &bytes[..count * per_slice];
        let kept = first_slice.div_ceil(self.factor[2])..(first_slice + count).div_ceil(self.factor[2]);
        if self.factor == [1; 3] {
            for (n, slab) in bytes.chunks(per_slice * SLAB).enumerate() {
                self.write(gpu, first_slice + n * SLAB, slab);
            }
        } else {
            for k in kept.clone() {
                let from = (k * self.factor[2] - first_slice) * per_slice;
                let slice = self.averaged(&bytes[from..from + per_slice]);
                self.write(gpu, k, &slice);
            }
        }
        self.table().set_loaded(gpu, kept);
        self.revision.fetch_add(1, Ordering::Relaxed);
        gpu.check()
    }

    /// [`VolumeTexture::upload_slices`] from a volume in memory.
    ///
    /// # Errors
    /// What the driver reports.
    pub fn upload(&self, gpu: &Gpu, volume: &Volume, slices: Range<usize>) -> Result<(), GpuError> {
        let [nx, ny, nz] = volume.size();
        let bytes: &[u8] = match &volume.samples {
            Samples::U8(v) => v,
            Samples::I16(v) => bytemuck::cast_slice(v),
            Samples::U16(v) => bytemuck::cast_slice(v),
            Samples::F32(v) => bytemuck::cast_slice(v),
        };
        let per_slice = nx * ny * self.format.bytes();
        let range = slices.start.min(nz) * per_slice..slices.end.min(nz) * per_slice;
        self.upload_slices(gpu, slices.start, bytes.get(range).unwrap_or_default())
    }

    /// What the reader should know about how this volume is held, if it is not held in full.
    pub fn notice(&self) -> Option<String> {
        (self.factor != [1; 3]).then(|| {
            format!(
                "The graphics adapter cannot hold {} voxels; the pictures are drawn from {}. Values, masks and \
                 measurements still use every voxel.",
                product(self.source_size),
                product(self.geometry.size())
            )
        })
    }

    /// The grid that pictures are drawn from.
    pub(super) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    pub(super) fn format(&self) -> SampleFormat {
        self.format
    }

    /// The one rescale of all slices, else `None`.
    pub(super) fn rescale(&self) -> Option<Rescale> {
        self.rescale
    }

    pub(super) fn table(&self) -> MutexGuard<'_, SliceTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which volume, and how often something was loaded: a picture made under another pair is out of date.
    pub(super) fn stamp(&self) -> (u64, u64) {
        (self.id, self.revision.load(Ordering::Relaxed))
    }

    fn write(&self, gpu: &Gpu, first: usize, bytes: &[u8]) {
        let [width, height, _] = self.geometry.size().map(|n| n as u32);
        let row = width * self.format.bytes() as u32;
        let slices = bytes.len() / (row as usize * height as usize).max(1);
        let origin = wgpu::Origin3d { x: 0, y: 0, z: first as u32 };
        let target = wgpu::TexelCopyTextureInfo { origin, ..self.texture.as_image_copy() };
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: Some(height) };
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: slices as u32 };
        gpu.queue.write_texture(target, bytes, layout, size);
        // An empty submission starts the copy now; the staging memory is free again when it is done.
        gpu.queue.submit([]);
        let _ = gpu.device.poll(wgpu::PollType::Poll);
    }

    /// A slice with its columns and rows averaged in blocks of `factor`.
    fn averaged(&self, slice: &[u8]) -> Vec<u8> {
        let [nx, ny, _] = self.source_size;
        let blocks = Blocks { from: [nx, ny], factor: [self.factor[0], self.factor[1]] };
        match self.format {
            SampleFormat::U8 => blocks.of(slice, |sum: f64| (sum + 0.5) as u8),
            SampleFormat::I16 => bytes_of(&blocks.of(&samples::<i16>(slice), |sum| (sum + 0.5).floor() as i16)),
            SampleFormat::U16 => bytes_of(&blocks.of(&samples::<u16>(slice), |sum| (sum + 0.5) as u16)),
            SampleFormat::F32 => bytes_of(&blocks.of(&samples::<f32>(slice), |sum| sum as f32)),
        }
    }
}

struct Blocks {
    from: [usize; 2],
    factor: [usize; 2],
}

impl Blocks {
    fn of<S: Copy + Into<f64>>(&self, slice: &[S], rounded: impl Fn(f64) -> S) -> Vec<S> {
        let ([nx, ny], [fx, fy]) = (self.from, self.factor);
        let block = |bx: usize, by: usize| {
            let rows = by * fy..(by * fy + fy).min(ny);
            let columns = bx * fx..(bx * fx + fx).min(nx);
            let count = (rows.len() * columns.len()) as f64;
            let sum: f64 = rows.flat_map(|j| &slice[j * nx..][columns.clone()]).map(|s| (*s).into()).sum();
            rounded(sum / count)
        };
        (0..ny.div_ceil(fy))
            .flat_map(|by| (0..nx.div_ceil(fx)).map(move |bx| (bx, by)))
            .map(|(x, y)| block(x, y))
            .collect()
    }
}

/// Samples of bytes that may not be aligned.
fn samples<S: bytemuck::Pod>(bytes: &[u8]) -> Vec<S> {
    bytes.chunks_exact(size_of::<S>()).map(bytemuck::pod_read_unaligned).collect()
}

fn bytes_of<S: bytemuck::Pod>(samples: &[S]) -> Vec<u8> {
    bytemuck::cast_slice(samples).to_vec()
}

/// Halves the resolution along the axis that is finest.
fn coarsen(geometry: &Geometry, factor: &mut [usize; 3]) {
    let spacing = geometry.spacing_mm();
    let coarse = |a: usize| spacing[a] * factor[a] as f64;
    let finest = (0..3).fold(0, |best, a| if coarse(a) < coarse(best) { a } else { best });
    factor[finest] *= 2;
}

/// The grid of every `factor`-th slice with columns and rows averaged.
fn coarser(g: &Geometry, factor: [usize; 3]) -> Geometry {
    if factor == [1; 3] {
        return g.clone();
    }
    let [fx, fy, fz] = factor;
    let [a, b, c] = g.steps();
    let size: [usize; 3] = std::array::from_fn(|axis| g.size()[axis].div_ceil(factor[axis]));
    let shift = a * ((fx as f64 - 1.0) / 2.0) + b * ((fy as f64 - 1.0) / 2.0);
    let steps = [a * fx as f64, b * fy as f64, c * fz as f64];
    let made = match g.slice_origins() {
        None => Geometry::regular(g.origin().moved(shift), steps, size),
        Some(origins) => {
            let kept: Vec<PatientPoint> = origins.iter().step_by(fz).map(|o| o.moved(shift)).collect();
            Geometry::uneven(kept, steps, [size[0], size[1]])
        }
    };
    // A grid that spans space still does with longer steps.
    made.unwrap_or_else(|_| g.clone())
}

fn product(size: [usize; 3]) -> String {
    let [x, y, z] = size;
    format!("{x} × {y} × {z}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{DVec3, VoxelIndex};

    #[test]
    fn a_coarser_grid_has_its_texels_in_the_middle_of_their_voxels() {
        let steps = [DVec3::X * 0.5, DVec3::Y * 0.5, DVec3::new(0.0, 0.3, 2.0)];
        let g = Geometry::regular(PatientPoint::ORIGIN, steps, [100, 61, 30]).expect("spans space");
        let c = coarser(&g, [4, 2, 3]);
        assert_eq!(c.size(), [25, 31, 10]);
        let texel = c.patient_from_voxel(VoxelIndex([3, 5, 2]).center());
        let block: DVec3 = (12..16)
            .flat_map(|i| (10..12).map(move |j| VoxelIndex([i, j, 6])))
            .map(|v| g.patient_from_voxel(v.center()).vec() / 8.0)
            .sum();
        assert!((texel.vec() - block).length() < 1e-9);
    }

    #[test]
    fn the_finest_axis_is_given_up_first() {
        let steps = [DVec3::X * 0.5, DVec3::Y * 0.6, DVec3::Z * 0.9];
        let g = Geometry::regular(PatientPoint::ORIGIN, steps, [9, 9, 9]).expect("spans space");
        let mut factor = [1; 3];
        coarsen(&g, &mut factor);
        coarsen(&g, &mut factor);
        coarsen(&g, &mut factor);
        assert_eq!(factor, [2, 2, 2]);
    }

    #[test]
    fn blocks_are_averaged_and_the_last_may_be_smaller() {
        let blocks = Blocks { from: [3, 2], factor: [2, 2] };
        assert_eq!(blocks.of(&[1i16, 2, 9, 3, 4, -4], |x| (x + 0.5).floor() as i16), [3, 3]);
    }
}
