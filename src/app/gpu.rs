//! The screen's side of the GPU: the open series as textures, its labels, and the paint callback of each pane.

use super::jobs::SliceArrival;
use super::reading::Reading;
use super::{commands, theme};
use crate::document::{Document, ImageKey, LabelMap, Run};
use crate::render::{Gpu, GpuError, LabelTexture, SampleFormat, SlicePass, SliceParams, VolumeTexture};
use crate::session::{BrushMode, Op, live_runs};
use crate::space::{Plane, VoxelIndex};
use crate::volume::{Interpolation, LabelStyle, Rescales, Shade, SlicePlane, SliceView, Voi};
use egui::Rect;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Opacity of a lesion's fill, of 255.
const FILL: u8 = 70;

/// What a frame's paint callbacks share.
struct Shared {
    gpu: Gpu,
    pass: SlicePass,
    volume: Option<VolumeTexture>,
    labels: Option<LabelTexture>,
}

/// See the module.
pub struct Screen {
    gpu: Gpu,
    shared: Arc<Mutex<Shared>>,
    format: Option<SampleFormat>,
    colors: Vec<[u8; 4]>,
    /// Box of labels that a stroke under way has painted on the screen only.
    pending: Option<([usize; 3], [usize; 3])>,
    trouble: Option<String>,
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screen {
    /// Takes over the device that egui paints with.
    pub fn new(state: &egui_wgpu::RenderState) -> Self {
        let gpu = Gpu::of_egui(state);
        let pass = SlicePass::new(&gpu, state.target_format);
        let shared = Shared { gpu: gpu.clone(), pass, volume: None, labels: None };
        Screen {
            gpu,
            shared: Arc::new(Mutex::new(shared)),
            format: None,
            colors: vec![],
            pending: None,
            trouble: None,
        }
    }

    /// Whether the processor draws.
    pub fn is_software(&self) -> bool {
        self.gpu.facts().software
    }

    /// The adapter's name.
    pub fn adapter_name(&self) -> String {
        let f = self.gpu.facts();
        format!("{} ({})", f.name, f.backend)
    }

    /// Whether everything on the GPU must be made anew.
    pub fn is_lost(&self) -> bool {
        self.gpu.is_lost()
    }

    /// Something to tell the reader, once.
    pub fn take_trouble(&mut self) -> Option<String> {
        let fresh = self.gpu.take_troubles().into_iter().next().map(|e| e.to_string());
        self.trouble.take().or(fresh)
    }

    fn note<T>(&mut self, result: Result<T, GpuError>) -> Option<T> {
        result.map_err(|e| self.trouble = Some(e.to_string())).ok()
    }

    /// A series becomes the one on screen; what is loaded of it is uploaded.
    pub fn show_series(&mut self, reading: &Reading) {
        {
            let mut shared = locked(&self.shared);
            shared.volume = None;
            shared.labels = None;
        }
        self.format = None;
        self.colors.clear();
        self.pending = None;
        let labels = self.note(LabelTexture::new(&self.gpu, &reading.geometry));
        locked(&self.shared).labels = labels;
        if let Some(volume) = &reading.volume {
            let texture = self.note(VolumeTexture::of_volume(&self.gpu, volume));
            locked(&self.shared).volume = texture;
        }
        let size = reading.geometry.size();
        self.update_labels(reading.document(), &reading.key, [0; 3], size.map(|n| n.saturating_sub(1)));
        self.set_colors(reading.document());
    }

    /// One more slice of the series that is loading.
    pub fn upload_slice(&mut self, reading: &Reading, slice: &SliceArrival) {
        let format = SampleFormat::of(&slice.samples);
        if self.format != Some(format) {
            let rescales = reading.series.rescales();
            let texture = VolumeTexture::new(&self.gpu, &reading.geometry, format, &rescales);
            let texture = self.note(texture);
            let notice = texture.as_ref().and_then(VolumeTexture::notice);
            self.trouble = self.trouble.take().or(notice);
            locked(&self.shared).volume = texture;
            self.format = Some(format);
        }
        let result = match &locked(&self.shared).volume {
            Some(volume) => volume.upload_slices(&self.gpu, slice.k, slice.samples.bytes()),
            None => Ok(()),
        };
        self.note(result);
    }

    /// The labels of a box, as the document has them. `min` and `max` are both inside.
    pub fn update_labels(&mut self, document: &Document, key: &ImageKey, min: [usize; 3], max: [usize; 3]) {
        let Some(map) = document.masks.get(key) else {
            if document.masks.is_empty() || !document.masks.contains_key(key) {
                let mut shared = locked(&self.shared);
                let gpu = shared.gpu.clone();
                shared.labels.iter_mut().for_each(|l| l.clear(&gpu));
            }
            return;
        };
        for (origin, size) in map.bricks_in(min, max) {
            let values = values_of(map, origin, size);
            self.upload_labels(origin, size, &values);
        }
    }

    fn upload_labels(&mut self, origin: [usize; 3], size: [usize; 3], values: &[u16]) {
        let result = {
            let mut shared = locked(&self.shared);
            let gpu = shared.gpu.clone();
            shared.labels.as_mut().map_or(Ok(()), |l| l.update_region(&gpu, origin, size, values))
        };
        self.note(result);
    }

    /// The colours of all lesions, where they changed.
    pub fn set_colors(&mut self, document: &Document) {
        let labels = commands::label_colors(document);
        let last = labels.iter().map(|(v, _)| usize::from(*v)).max().unwrap_or(0).max(self.colors.len());
        let mut colors = vec![[0u8; 4]; last];
        for (value, [r, g, b]) in labels {
            if let Some(c) = colors.get_mut(usize::from(value).wrapping_sub(1)) {
                *c = [r, g, b, 255];
            }
        }
        if colors != self.colors {
            let mut shared = locked(&self.shared);
            let gpu = shared.gpu.clone();
            shared.labels.iter_mut().for_each(|l| l.set_colors(&gpu, &colors));
            drop(shared);
            self.colors = colors;
        }
    }
}
