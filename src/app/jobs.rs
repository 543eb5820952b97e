//! Background work and its one inbox: scanning, loading, small pictures, exporting. Everything arrives as an
//! [`Arrival`] at the start of a frame; what comes from a cancelled job is dropped.

use super::agreement::Comparison;
use super::export_dialog::ExportDialog;
use super::growing::Grown;
use super::recent::Recent;
use crate::import::Found;
use crate::session::Places;
use crate::space::Geometry;
use crate::study::{self, Assembled, LoadObserver, Scan, ScanObserver, Series};
use crate::trial::Progress;
use crate::volume::{Rescale, Samples, SliceSamples};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// One decoded slice on its way to the screen.
pub struct SliceArrival {
    /// The series' place in the library.
    pub index: usize,
    /// Its place in the grid.
    pub k: usize,
    /// Stored samples.
    pub samples: Samples,
    /// Their rescale.
    pub rescale: Rescale,
}

/// What background work delivers.
pub enum Arrival {
    /// A scan is done.
    Scanned(Box<Scan>),
    /// A small picture of a series: grey levels and [width, height].
    Thumbnail {
        /// The series.
        index: usize,
        /// Grey levels, rows from the top.
        picture: (Vec<u8>, [usize; 2]),
    },
    /// A slice can be shown.
    Slice(SliceArrival),
    /// A series of the library is in memory.
    Loaded(usize, Box<Result<Assembled, String>>),
    /// A file of levels was read, or why not.
    LevelsRead(Result<Box<Found>, String>),
    /// What grow answers.
    Grown(Grown),
    /// Another reader's file was read, or why not.
    Compared(Result<Box<Comparison>, String>),
    /// What the start page shows of earlier sittings.
    Recent(Box<Recent>),
    /// How far the items of a worklist are.
    Worklist(Vec<Progress>),
    /// An export met files of another case or reader: the dialog that asks.
    ExportAsks(Box<ExportDialog>),
    /// An export is done: where, or why not.
    Exported(Result<String, String>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Scan,
    Load(usize),
    Thumbnails,
    Levels,
    Compare,
    Recent,
    Worklist,
    Export,
    Grow,
}

/// One job under way.
struct Job {
    id: u64,
    kind: Kind,
    cancelled: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    total: Arc<AtomicUsize>,
    /// The slice looked at plus one; negative where the way goes to lower ones; 0 where nobody said.
    wanted: Arc<AtomicI64>,
}

/// Work to show in the status line.
pub struct Work {
    /// What is done.
    pub text: String,
    /// How much of it, where that is known.
    pub share: Option<f32>,
}

/// A job's end of the inbox.
#[derive(Clone)]
struct Outbox {
    id: u64,
    tx: Sender<(u64, Option<Arrival>)>,
    ctx: egui::Context,
    cancelled: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    total: Arc<AtomicUsize>,
    wanted: Arc<AtomicI64>,
}

impl Outbox {
    fn send(&self, arrival: Option<Arrival>) {
        let _ = self.tx.send((self.id, arrival)); // the window may be gone
        self.ctx.request_repaint();
    }
}

/// See the module.
pub struct Inbox {
    ctx: egui::Context,
    tx: Sender<(u64, Option<Arrival>)>,
    rx: Receiver<(u64, Option<Arrival>)>,
    jobs: Vec<Job>,
    next_id: u64,
}

impl Inbox {
    /// An inbox that wakes `ctx`.
    pub fn new(ctx: egui::Context) -> Self {
        let (tx, rx) = channel();
        Inbox { ctx, tx, rx, jobs: vec![], next_id: 0 }
    }

    /// The next arrival of a job that still runs.
    pub fn next(&mut self) -> Option<Arrival> {
        loop {
            let (id, arrival) = self.rx.try_recv().ok()?;
            let Some(at) = self.jobs.iter().position(|j| j.id == id) else { continue };
            match arrival {
                Some(a) => return Some(a),
                None => drop(self.jobs.remove(at)),
            }
        }
    }

    /// Stops everything; what is still on its way is dropped.
    pub fn cancel_all(&mut self) {
        self.jobs.drain(..).for_each(|j| j.cancelled.store(true, Ordering::Relaxed));
    }

    fn cancel(&mut self, kind: Kind) {
        self.jobs.extract_if(.., |j| j.kind == kind).for_each(|j| j.cancelled.store(true, Ordering::Relaxed));
    }

    /// The most telling job under way.
    pub fn work(&self) -> Option<Work> {
        let job = self.jobs.iter().find(|j| !matches!(j.kind, Kind::Thumbnails | Kind::Recent | Kind::Grow))?;
        let (done, total) = (job.done.load(Ordering::Relaxed), job.total.load(Ordering::Relaxed));
        let name = match job.kind {
            Kind::Scan => "Looking through files",
            Kind::Load(_) => "Loading slices",
            Kind::Thumbnails => "Pictures",
            Kind::Levels => "Reading the file",
            Kind::Compare => "Reading the other reader's file",
            Kind::Recent => "Recent cases",
            Kind::Worklist => "Reading the worklist",
            Kind::Export => "Exporting",
            Kind::Grow => "Growing",
        };
        let share = (total > 0).then(|| done as f32 / total as f32);
        let text = if total > 0 { format!("{name} {done}/{total}") } else { name.to_owned() };
        Some(Work { text, share })
    }

    /// Whether anything runs.
    pub fn is_busy(&self) -> bool {
        !self.jobs.is_empty()
    }

    fn start(&mut self, kind: Kind, work: impl FnOnce(&Outbox) + Send + 'static) {
        self.cancel(kind);
        self.next_id += 1;
        let outbox = Outbox {
            id: self.next_id,
            tx: self.tx.clone(),
            ctx: self.ctx.clone(),
            cancelled: Arc::default(),
            done: Arc::default(),
            total: Arc::default(),
            wanted: Arc::default(),
        };
        self.jobs.push(Job {
            id: outbox.id,
            kind,
            cancelled: outbox.cancelled.clone(),
            done: outbox.done.clone(),
            total: outbox.total.clone(),
            wanted: outbox.wanted.clone(),
        });
        std::thread::spawn(move || {
            // A panic in background work ends that work, with its reason on the screen, and nothing else.
            let run = std::panic::AssertUnwindSafe(|| work(&outbox));
            if std::panic::catch_unwind(run).is_err() {
                let why = "Background work broke off: this is a fault of the program; nothing drawn is lost".to_owned();
                outbox.send(Some(Arrival::Exported(Err(why))));
            }
            outbox.send(None);
        });
    }

    /// Scans paths.
    pub fn scan(&mut self, paths: Vec<PathBuf>) {
        self.start(Kind::Scan, move |out| {
            let scan = study::scan(&paths, &Watch(out));
            if !out.cancelled.load(Ordering::Relaxed) {
                out.send(Some(Arrival::Scanned(Box::new(scan))));
            }
        });
    }

    /// Loads a series of the library; slices arrive as they are decoded, the middle one first.
    pub fn load(&mut self, index: usize, series: Arc<Series>) {
        self.start(Kind::Load(index), move |out| {
            let loaded = study::assemble(&series, &Loading { watch: Watch(out), index }).map_err(|e| e.to_string());
            if !out.cancelled.load(Ordering::Relaxed) {
                out.send(Some(Arrival::Loaded(index, Box::new(loaded))));
            }
        });
    }

    /// Whether a series of the library is being loaded.
    pub fn is_loading(&self, index: usize) -> bool {
        self.jobs.iter().any(|j| j.kind == Kind::Load(index))
    }

    /// Says which slice of a series is looked at while it loads, and which way the reader goes: those come next.
    pub fn prefer(&self, index: usize, slice: usize, up: bool) {
        let towards = (slice as i64 + 1) * if up { 1 } else { -1 };
        let loads = self.jobs.iter().filter(|j| j.kind == Kind::Load(index));
        loads.for_each(|j| j.wanted.store(towards, Ordering::Relaxed));
    }

    /// Stops loading a series that is not to be seen any more.
    pub fn stop_loading(&mut self, index: usize) {
        self.cancel(Kind::Load(index));
    }

    /// Small pictures of all series, from their middle slices.
    pub fn thumbnails(&mut self, series: Vec<Arc<Series>>, edge: usize) {
        self.start(Kind::Thumbnails, move |out| {
            for (index, s) in series.iter().enumerate() {
                if out.cancelled.load(Ordering::Relaxed) {
                    return;
                }
                let Some(middle) = s.slice(s.frames.len() / 2) else { continue };
                if let Ok(loaded) = study::assemble(&middle, &()) {
                    out.send(Some(Arrival::Thumbnail { index, picture: thumbnail(&loaded.volume, edge) }));
                }
            }
        });
    }

    /// Reads a file of levels.
    pub fn read_levels(&mut self, read: impl FnOnce() -> Result<Box<Found>, String> + Send + 'static) {
        self.start(Kind::Levels, move |out| out.send(Some(Arrival::LevelsRead(read()))));
    }

    /// Reads another reader's file.
    pub fn compare(&mut self, read: impl FnOnce() -> Result<Box<Comparison>, String> + Send + 'static) {
        self.start(Kind::Compare, move |out| out.send(Some(Arrival::Compared(read()))));
    }

    /// Runs an export.
    pub fn export(&mut self, write: impl FnOnce() -> Arrival + Send + 'static) {
        self.start(Kind::Export, move |out| out.send(Some(write())));
    }

    /// Looks at the files of a worklist.
    pub fn worklist(&mut self, look: impl FnOnce() -> Vec<Progress> + Send + 'static) {
        self.start(Kind::Worklist, move |out| out.send(Some(Arrival::Worklist(look()))));
    }

    /// Works out an answer of grow.
    pub fn work_out_grow(&mut self, work: impl FnOnce() -> Grown + Send + 'static) {
        self.start(Kind::Grow, move |out| out.send(Some(Arrival::Grown(work()))));
    }

    /// Whether an answer of grow is being worked out.
    pub fn is_growing(&self) -> bool {
        self.jobs.iter().any(|j| j.kind == Kind::Grow)
    }

    /// Looks for recent cases.
    pub fn recent(&mut self, places: Places) {
        self.start(Kind::Recent, move |out| out.send(Some(Arrival::Recent(Box::new(Recent::look(&places))))));
    }
}

/// Tells the window how far the work is.
struct Watch<'a>(&'a Outbox);

impl ScanObserver for Watch<'_> {
    fn progress(&self, done: usize, total: usize) {
        self.0.done.store(done, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }
}

/// The same for a series, whose slices it passes on.
struct Loading<'a> {
    watch: Watch<'a>,
    index: usize,
}

impl LoadObserver for Loading<'_> {
    fn slice_ready(&self, k: usize, samples: SliceSamples<'_>, rescale: Rescale) {
        if !LoadObserver::cancelled(self) {
            let slice = SliceArrival { index: self.index, k, samples: samples.to_samples(), rescale };
            self.watch.0.send(Some(Arrival::Slice(slice)));
        }
    }

    fn progress(&self, done: usize, total: usize) {
        self.watch.progress(done, total);
    }

    fn wanted(&self) -> Option<(usize, bool)> {
        let towards = self.watch.0.wanted.load(Ordering::Relaxed);
        (towards != 0).then(|| (towards.unsigned_abs() as usize - 1, towards > 0))
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }
}

/// A single slice as a small grey picture with true proportions, at most `edge` × 2 pixels a side.
fn thumbnail(volume: &crate::volume::Volume, edge: usize) -> (Vec<u8>, [usize; 2]) {
    use crate::volume::{Shade, SlicePlane, SliceView, Voi, auto_window_of, picture};
    let g: &Geometry = &volume.geometry;
    let [right, down, _] = g.directions();
    let extent = [0, 1].map(|a| g.spacing_mm()[a] * g.size()[a] as f64);
    let scale = (2 * edge) as f64 / extent[0].max(extent[1]).max(1e-9);
    let size = extent.map(|e| ((e * scale).round() as usize).clamp(1, 2 * edge));
    let plane = SlicePlane::fitted(g, g.origin(), right, down, size);
    let window = volume.slice_voi(0).and_then(|v| v.windows.first().cloned()).or_else(|| auto_window_of(volume));
    let Some(window) = window else { return (vec![0], [1, 1]) };
    let shade = Shade { voi: Voi::Window(window), inverted: volume.inverted };
    (picture(volume, &SliceView::thin(plane), &shade), size)
}
