//! The screen's side of the GPU: the open series as textures, their labels, and the paint callback of each pane.

use super::commands;
use super::jobs::SliceArrival;
use super::painted::{Box3, Painted, WHOLE_BOX, bounds, union, with_grid};
use super::reading::Reading;
use super::shown::Shown;
use crate::anatomy::VertebraLevel;
use crate::document::{Document, Edit, ImageKey, Layer, Run};
use crate::render::{
    BODY_COLOR, BODY_LABELS, Gpu, GpuError, LabelTexture, PaneId, SampleFormat, Sampling, SliceParams, SlicePass,
    VolumeTexture,
};
use crate::session::{Op, plan};
use crate::study::FrameRef;
use crate::volume::{LabelStyle, Rescale, Rescales, Shade, SliceView, Volume};
use egui::Rect;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a frame's paint callbacks share.
struct Shared {
    gpu: Gpu,
    pass: SlicePass,
    /// By the number of the series.
    series: BTreeMap<usize, Textures>,
    failed: Option<GpuError>,
    /// How often something that pictures are made of changed.
    changes: u64,
}

/// One series on the GPU.
#[derive(Default)]
struct Textures {
    volume: Option<VolumeTexture>,
    labels: Option<LabelTexture>,
    format: Option<SampleFormat>,
    colors: Vec<[u8; 4]>,
}

/// See the module.
pub struct Screen {
    gpu: Gpu,
    target: wgpu::TextureFormat,
    shared: Arc<Mutex<Shared>>,
    /// Box of labels that a stroke under way has painted on the screen only.
    pending: Option<(usize, Box3)>,
    /// Each pane's picture as it was painted last, so that the same one can be told from another.
    pictures: RefCell<BTreeMap<PaneId, Picture>>,
    trouble: Option<String>,
}

/// What is painted, after how many changes, and the callback that does it.
struct Picture {
    drawn: Arc<Drawn>,
    changes: u64,
    callback: egui::PaintCallback,
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screen {
    /// Takes over the device that egui paints with.
    pub fn new(state: &egui_wgpu::RenderState) -> Self {
        let gpu = Gpu::of_egui(state);
        let pass = SlicePass::new(&gpu, state.target_format);
        let shared = Shared { gpu: gpu.clone(), pass, series: BTreeMap::new(), failed: None, changes: 0 };
        let shared = Arc::new(Mutex::new(shared));
        let pictures = RefCell::default();
        Screen { gpu, target: state.target_format, shared, pending: None, pictures, trouble: None }
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
        let failed = locked(&self.shared).failed.take();
        let fresh = failed.or_else(|| self.gpu.take_troubles().into_iter().next()).map(|e| e.to_string());
        self.trouble.take().or(fresh)
    }

    /// What the callbacks share, to change what pictures are made of.
    fn changing(&self) -> MutexGuard<'_, Shared> {
        let mut shared = locked(&self.shared);
        shared.changes += 1;
        shared
    }

    fn note<T>(&mut self, result: Result<T, GpuError>) -> Option<T> {
        result.map_err(|e| self.trouble = Some(e.to_string())).ok()
    }

    /// A series gets its textures; what is loaded of it is uploaded.
    pub fn show_series(&mut self, reading: &Reading, number: usize) {
        let shown = reading.shown(number);
        let labels = self.note(LabelTexture::new(&self.gpu, &shown.geometry));
        let uploaded = shown.volume.as_ref().filter(|_| !self.is_software());
        let texture = uploaded.map(|v| VolumeTexture::of_volume(&self.gpu, v));
        let volume = texture.and_then(|t| self.note(t));
        let textures = Textures { volume, labels, ..Textures::default() };
        self.changing().series.insert(number, textures);
        self.pending = self.pending.filter(|p| p.0 != number);
        let (document, size) = (reading.document_of(number), shown.geometry.size());
        self.update_labels(document, (number, &shown.key), [0; 3], size.map(|n| n.saturating_sub(1)));
        self.set_colors(number, document);
    }

    /// A series that no pane shows any more.
    pub fn forget_series(&mut self, number: usize) {
        self.changing().series.remove(&number);
        self.pictures.get_mut().retain(|_, p| p.drawn.series != number);
    }

    /// Nothing is shown any more.
    pub fn forget_all(&mut self) {
        let mut shared = self.changing();
        shared.series.clear();
        shared.pass.forget_from(0);
        drop(shared);
        self.pictures.get_mut().clear();
        self.pending = None;
    }

    /// One more slice of a series that is loading.
    pub fn upload_slice(&mut self, number: usize, shown: &Shown, slice: &SliceArrival) {
        let format = SampleFormat::of(&slice.samples);
        let known = locked(&self.shared).series.get(&number).map(|t| t.format);
        let Some(known) = known else { return };
        if known != Some(format) {
            let texture = VolumeTexture::new(&self.gpu, &shown.geometry, format, &rescales(shown, format));
            let texture = self.note(texture);
            let notice = texture.as_ref().and_then(VolumeTexture::notice);
            self.trouble = self.trouble.take().or(notice);
            if let Some(t) = locked(&self.shared).series.get_mut(&number) {
                (t.volume, t.format) = (texture, Some(format));
            }
        }
        let result = match self.changing().series.get(&number).and_then(|t| t.volume.as_ref()) {
            Some(volume) => volume.upload_slices(&self.gpu, slice.k, slice.samples.bytes()),
            None => Ok(()),
        };
        self.note(result);
    }

    /// The labels of a box, as the document has them. `min` and `max` are both inside.
    pub fn update_labels(
        &mut self,
        document: &Document,
        (number, key): (usize, &ImageKey),
        min: [usize; 3],
        max: [usize; 3],
    ) {
        let painted = Painted::of(document, key);
        let size: [usize; 3] = std::array::from_fn(|a| max[a] + 1 - min[a]);
        if size.iter().product::<usize>() <= WHOLE_BOX {
            return self.upload_labels(number, min, size, &painted.values(min, size, &[]));
        }
        if let Some(t) = self.changing().series.get_mut(&number) {
            t.labels.iter_mut().for_each(|l| l.clear(&self.gpu));
        }
        for (origin, size, values) in painted.blocks() {
            self.upload_labels(number, origin, size, &values);
        }
    }

    /// Shows what a stroke under way would do, on the screen only; `None` shows the document again.
    pub fn show_pending(&mut self, reading: &Reading, op: Option<&Op>) {
        let document = reading.document();
        let step = op.and_then(|op| plan(op, document, reading).ok());
        let edits = step.map(|s| s.edits).unwrap_or_default();
        let here = |e| match e {
            Edit::Mask { image, layer, runs } if image == reading.key => Some((layer, runs)),
            _ => None,
        };
        let changes: Vec<(Layer, Vec<Run>)> = edits.into_iter().filter_map(here).collect();
        let grid = reading.geometry.size();
        let fresh = changes.iter().fold(None, |b, (_, runs)| union(b, bounds(runs, grid)));
        let number = reading.active_number();
        let before = std::mem::replace(&mut self.pending, fresh.map(|f| (number, f)));
        let before = before.filter(|b| b.0 == number).map(|b| b.1);
        let Some((min, max)) = union(before, fresh) else { return };
        let size = std::array::from_fn(|a| max[a] + 1 - min[a]);
        let over: Vec<_> = changes.iter().flat_map(|(layer, runs)| with_grid(*layer, runs, grid)).collect();
        let labels = Painted::of(document, &reading.key).values(min, size, &over);
        self.upload_labels(number, min, size, &labels);
    }

    /// Device, queue and the format that is painted in.
    pub(super) fn device(&self) -> (&wgpu::Device, &wgpu::Queue, wgpu::TextureFormat) {
        (&self.gpu.device, &self.gpu.queue, self.target)
    }

    /// Pictures of a figure go.
    pub(super) fn forget_figures(&self, from: PaneId) {
        locked(&self.shared).pass.forget_from(from);
        self.pictures.borrow_mut().retain(|pane, _| *pane < from);
    }

    /// Makes one pipeline that will be needed soon; false when all are there.
    pub fn warm(&self) -> bool {
        let Shared { gpu, pass, .. } = &mut *locked(&self.shared);
        pass.warm(gpu)
    }

    /// Gives the device up.
    pub fn give_up(&mut self) {
        self.gpu.give_up();
    }

    /// The callbacks that draw a pane's picture.
    pub fn pane(&self, reading: &Reading, pane: usize, rect: Rect, pixels_per_point: f32, look: Look) -> egui::Shape {
        let sight = reading.viewer.sight(pane);
        let pixels = |p: f32| (p * pixels_per_point).round();
        let size = [pixels(rect.width()).max(1.0) as usize, pixels(rect.height()).max(1.0) as usize];
        let scale = f64::from(pixels_per_point);
        let shown = reading.shown(sight.shown);
        let labels = if look.bare {
            LabelStyle::HIDDEN
        } else {
            LabelStyle { outline_px: 1.5 * pixels_per_point, ..LabelStyle::default() }
        };
        let shade = Shade { voi: shown.voi.clone(), inverted: shown.inverted != shown.is_inverted() };
        let origin_px = [pixels(rect.left()) as i32, pixels(rect.top()) as i32];
        let halvings = u32::from(look.hurried && self.is_software());
        let view = sight.view(scale, size);
        let params = SliceParams { labels, origin_px, halvings, ..SliceParams::new(view, shade) };
        let id = pane as PaneId + look.id_offset;
        let second = self.second(reading, pane, &params, (id, sight.shown));
        let rows = sight.curved_rows(scale, size);
        let (curved, memory) = (sight.is_curved(), shown.volume.clone());
        let drawn = Drawn { series: sight.shown, labels_of: sight.shown, pane: id, params, curved, rows, memory };
        let shape = |drawn| egui::Shape::from(self.picture(rect, drawn));
        match second {
            Some(second) => egui::Shape::Vec(vec![shape(drawn), shape(second)]),
            None => shape(drawn),
        }
    }

    /// What draws a picture; on a software adapter the same as in the last frame while the picture is the same.
    fn picture(&self, rect: Rect, drawn: Drawn) -> egui::PaintCallback {
        let (mut pictures, changes) = (self.pictures.borrow_mut(), locked(&self.shared).changes);
        if let Some(last) = pictures.get(&drawn.pane)
            && last.changes == changes
            && last.callback.rect == rect
            && last.drawn.is(&drawn)
        {
            return last.callback.clone();
        }
        let drawn = Arc::new(drawn);
        let paint = Paint { shared: self.shared.clone(), drawn: drawn.clone() };
        let callback = egui_wgpu::Callback::new_paint_callback(rect, paint);
        if self.is_software() {
            pictures.insert(drawn.pane, Picture { drawn, changes, callback: callback.clone() });
        }
        callback
    }

    /// The series laid over a pane's. The labels are drawn on both, so that they show as on one.
    fn second(
        &self,
        reading: &Reading,
        pane: usize,
        first: &SliceParams,
        (id, labels_of): (PaneId, usize),
    ) -> Option<Drawn> {
        let (series, blend, view) = reading.overlay_view(pane, &first.view)?;
        let shown = reading.shown(series);
        let shade = Shade { voi: shown.voi.clone(), inverted: shown.inverted != shown.is_inverted() };
        let labels = if view.plane == first.view.plane { first.labels } else { LabelStyle::HIDDEN };
        let params = SliceParams { view, shade, labels, blend: Some(blend), ..first.clone() };
        let memory = shown.volume.clone();
        Some(Drawn { series, labels_of, pane: id | LAID_OVER, params, curved: false, rows: None, memory })
    }

    fn upload_labels(&mut self, number: usize, origin: [usize; 3], size: [usize; 3], values: &[u16]) {
        let result = {
            let mut shared = self.changing();
            let labels = shared.series.get_mut(&number).and_then(|t| t.labels.as_mut());
            labels.map_or(Ok(()), |l| l.update_region(&self.gpu, origin, size, values))
        };
        self.note(result);
    }

    /// The colours of all lesions on a series, where they changed.
    pub fn set_colors(&mut self, number: usize, document: &Document) {
        let mut shared = locked(&self.shared);
        let Some(textures) = shared.series.get_mut(&number) else { return };
        let labels = commands::label_colors(document);
        let bodies = if document.bodies.is_empty() { 0 } else { usize::from(BODY_LABELS) + VertebraLevel::ALL.len() };
        let last =
            labels.iter().map(|(v, _)| usize::from(*v)).max().unwrap_or(0).max(textures.colors.len()).max(bodies);
        let mut colors = vec![[0u8; 4]; last];
        for (value, [r, g, b]) in labels {
            if let Some(c) = colors.get_mut(usize::from(value).wrapping_sub(1)) {
                *c = [r, g, b, 255];
            }
        }
        colors.iter_mut().skip(usize::from(BODY_LABELS)).for_each(|c| *c = BODY_COLOR);
        if colors != textures.colors {
            textures.labels.iter_mut().for_each(|l| l.set_colors(&self.gpu, &colors));
            textures.colors = colors;
            shared.changes += 1;
        }
    }
}

/// How a pane is painted besides what it is aimed at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Without labels.
    pub bare: bool,
    /// A hand is moving it: the processor may draw coarser.
    pub hurried: bool,
    /// Kept apart from other pictures of the same pane.
    pub id_offset: PaneId,
}

/// Marks the picture that is laid over a pane's own.
const LAID_OVER: PaneId = 1 << 16;

/// From stored samples to units, before the whole series is there.
fn rescales(shown: &Shown, format: SampleFormat) -> Rescales {
    let each: Vec<Rescale> = shown.series.frames.iter().map(FrameRef::rescale).collect();
    match each.first() {
        Some(first) if format != SampleFormat::F32 => {
            if each.iter().all(|r| r == first) {
                Rescales::Uniform(*first)
            } else {
                Rescales::PerSlice(each)
            }
        }
        _ => Rescales::Uniform(Rescale::IDENTITY),
    }
}

/// Paints one picture.
struct Paint {
    shared: Arc<Mutex<Shared>>,
    drawn: Arc<Drawn>,
}

/// What it is of.
struct Drawn {
    series: usize,
    labels_of: usize,
    pane: PaneId,
    params: SliceParams,
    curved: bool,
    /// The planes of a straightened picture, row by row.
    rows: Option<Vec<SliceView>>,
    /// The whole series, once it is there.
    memory: Option<Arc<Volume>>,
}

impl Drawn {
    fn is(&self, other: &Drawn) -> bool {
        let place = |d: &Drawn| d.memory.as_ref().map(Arc::as_ptr);
        (self.series, self.labels_of, self.pane, self.curved)
            == (other.series, other.labels_of, other.pane, other.curved)
            && self.params == other.params
            && self.rows == other.rows
            && place(self) == place(other)
    }

    /// Where the values come from; `None` while they are not there. A software adapter would sample several times slower
    /// than the processor does by itself, and would want a copy of the volume.
    fn sampling<'a>(&'a self, software: bool, texture: Option<&'a VolumeTexture>) -> Option<Sampling<'a>> {
        match (self.curved, &self.rows, &self.memory) {
            (true, Some(rows), Some(volume)) => Some(Sampling::Rows(volume, rows)),
            (true, ..) => None,
            (false, _, Some(volume)) if software => Some(Sampling::Memory(volume)),
            _ => texture.map(Sampling::Texture),
        }
    }
}

impl egui_wgpu::CallbackTrait for Paint {
    fn prepare(
        &self,
        _: &wgpu::Device,
        _: &wgpu::Queue,
        _: &egui_wgpu::ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        _: &mut egui_wgpu::CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Shared { gpu, pass, series, failed, changes } = &mut *locked(&self.shared);
        let drawn = &self.drawn;
        let textures = series.get(&drawn.series);
        let texture = textures.and_then(|t| t.volume.as_ref());
        let done = match drawn.sampling(gpu.facts().software, texture).filter(|_| textures.is_some()) {
            Some(sampling) => {
                let labels = series.get(&drawn.labels_of).and_then(|t| t.labels.as_ref());
                pass.prepare(gpu, encoder, drawn.pane, &drawn.params, sampling, labels)
            }
            None => {
                pass.forget(drawn.pane);
                Ok(())
            }
        };
        if gpu.facts().software && drawn.memory.is_some() {
            // What was uploaded slice by slice while it loaded is not needed any more.
            series.entry(drawn.series).and_modify(|t| t.volume = None);
        }
        if let Err(why) = done {
            *failed = Some(why);
            *changes += 1; // the next frame tries again
        }
        vec![]
    }

    fn paint(
        &self,
        _: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _: &egui_wgpu::CallbackResources,
    ) {
        locked(&self.shared).pass.paint(self.drawn.pane, pass);
    }
}
