//! Decodes the frames of a series into one volume: the middle slice first, then outwards; one frame a thread; straight into
//! the volume's memory. What cannot be decoded is filled and said; it costs its own frame alone.

use super::attribute as a;
use super::decode::{self, Failure, OpenFiles, Scratch};
use super::layout::Photometric;
use super::series::{FrameRef, Series};
use super::unpack::{Slot, Target};
use crate::volume::{Finding, FindingCode, Rescale, Rescales, Severity, SliceSamples, SliceVoi, Volume};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Who watches slices arrive; called from the decoding threads. All do nothing unless overridden.
pub trait LoadObserver: Sync {
    /// Slice `k` is decoded. `stored` are its samples as the volume will hold them, `rescale` gives them units.
    fn slice_ready(&self, _k: usize, _stored: SliceSamples<'_>, _rescale: Rescale) {}
    /// So many of so many slices are decoded.
    fn progress(&self, _done: usize, _total: usize) {}
    /// The slice that is looked at, and whether the way goes on to higher ones: those on the way are decoded next.
    fn wanted(&self) -> Option<(usize, bool)> {
        None
    }
    /// Whether to stop.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
impl LoadObserver for () {}

/// Why a series gives no volume.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// Someone asked to stop.
    #[error("loading was cancelled")]
    Cancelled,
    /// More memory than there is.
    #[error(
        "the series {series} needs {needed_mib} MiB of memory for {columns} x {rows} x {slices} voxels \
         (Columns (0028,0011), Rows (0028,0010), frames), more than is free; close other programs or load fewer files"
    )]
    Memory {
        /// Its description.
        series: String,
        /// How much it needs.
        needed_mib: u64,
        /// Columns.
        columns: usize,
        /// Rows.
        rows: usize,
        /// Frames.
        slices: usize,
    },
}

/// A series in memory.
#[derive(Debug)]
pub struct Assembled {
    /// The image.
    pub volume: Volume,
    /// What decoding found odd.
    pub findings: Vec<Finding>,
}

/// Decodes a series into a volume.
///
/// # Errors
/// [`StudyError`] when there is not enough memory or the observer cancels. Frames that cannot be decoded are no error.
pub fn assemble(series: &Series, observer: &dyn LoadObserver) -> Result<Assembled, StudyError> {
    let target = Target::of(&series.frames);
    let [columns, rows, slices] = series.size();
    let voxels = columns * rows * slices;
    let needed = voxels as u64 * target.bytes() as u64;
    let too_large =
        || StudyError::Memory { series: series.description.clone(), needed_mib: needed >> 20, columns, rows, slices };
    if free_memory().is_some_and(|free| needed > free) {
        return Err(too_large());
    }
    let mut samples = target.memory(voxels).ok_or_else(too_large)?;
    let slots = Slot::all(&mut samples, columns * rows);
    let failures = decode_all(series, target, slots, observer);
    if observer.cancelled() {
        return Err(StudyError::Cancelled);
    }
    let first = &series.frames[0].instance;
    let volume = Volume {
        geometry: series.geometry.clone(),
        kind: series.kind,
        samples,
        rescales: rescales(series, target),
        units: series.units.clone(),
        inverted: first.layout.photometric == Photometric::Monochrome1,
        voi: voi(series),
        padding: first.padding.filter(|_| target != Target::F32 && series.frames[0].facts().modality_lut.is_none()),
    };
    Ok(Assembled { volume, findings: findings(series, failures) })
}

/// Bytes of memory that are free, where the system tells.
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}

fn rescales(series: &Series, target: Target) -> Rescales {
    if target == Target::F32 {
        return Rescales::Uniform(Rescale::IDENTITY);
    }
    let first = series.frames[0].rescale();
    if series.frames.iter().all(|f| f.rescale() == first) {
        return Rescales::Uniform(first);
    }
    Rescales::PerSlice(series.frames.iter().map(FrameRef::rescale).collect())
}

fn voi(series: &Series) -> Vec<SliceVoi> {
    let first = series.frames[0].voi();
    if series.frames.iter().all(|f| f.voi() == first) {
        return vec![SliceVoi::clone(first)];
    }
    series.frames.iter().map(|f| SliceVoi::clone(f.voi())).collect()
}

/// The middle slice, then its neighbours, outwards.
fn middle_out(slices: usize) -> impl Iterator<Item = usize> {
    let middle = slices / 2;
    (0..2 * slices).filter_map(move |n| {
        let away = n.div_ceil(2);
        if n % 2 == 1 { middle.checked_sub(away) } else { Some(middle + away).filter(|k| *k < slices) }
    })
}

/// Slices that wait to be decoded.
struct Queue<T> {
    waiting: Vec<Option<T>>,
    /// What is left of the order in which they come where nobody looks anywhere else.
    order: std::vec::IntoIter<usize>,
}

impl<T> Queue<T> {
    fn new(slots: Vec<T>) -> Self {
        let order: Vec<usize> = middle_out(slots.len()).collect();
        Queue { waiting: slots.into_iter().map(Some).collect(), order: order.into_iter() }
    }

    /// The next slice: the nearest on the way from where someone looks, else the nearest behind, else in order.
    fn next(&mut self, wanted: Option<(usize, bool)>) -> Option<(usize, T)> {
        let waits = |k: &usize| self.waiting[*k].is_some();
        let near = wanted.filter(|w| w.0 < self.waiting.len()).and_then(|(k, up)| {
            let above = || (k..self.waiting.len()).find(waits);
            let below = || (0..=k).rev().find(waits);
            if up { above().or_else(below) } else { below().or_else(above) }
        });
        let k = near.or_else(|| self.order.by_ref().find(|k| self.waiting[*k].is_some()))?;
        Some((k, self.waiting[k].take()?))
    }
}

/// What went wrong, by slice.
type Failures = BTreeMap<usize, Failure>;

fn decode_all(series: &Series, target: Target, slots: Vec<Slot>, observer: &dyn LoadObserver) -> Failures {
    let total = slots.len();
    let queue = Mutex::new(Queue::new(slots));
    let failures = Mutex::new(Failures::new());
    let done = AtomicUsize::new(0);
    let files = OpenFiles::of(series);
    let work = || {
        let mut scratch = Scratch::default();
        while !observer.cancelled() {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next(observer.wanted());
            let Some((k, mut slot)) = next else { break };
            let frame = &series.frames[k];
            if let Err(failure) = decode::slice(frame, &files, &mut slot, &mut scratch) {
                failures.lock().unwrap_or_else(PoisonError::into_inner).insert(k, failure);
            }
            let rescale = if target == Target::F32 { Rescale::IDENTITY } else { frame.rescale() };
            observer.slice_ready(k, slot.samples(), rescale);
            observer.progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(total);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    failures.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One finding for each thing that went wrong, with all its files.
fn findings(series: &Series, failures: Failures) -> Vec<Finding> {
    let mut files: BTreeMap<(Severity, FindingCode, String), Vec<String>> = BTreeMap::new();
    for (k, failure) in failures {
        let frame = &series.frames[k];
        if frame.instance.issues.iter().any(|i| i.code == failure.code) {
            continue; // the header told it already
        }
        let which = frame.frame_number().map(|n| format!(" of frame {n}")).unwrap_or_default();
        let (severity, so) = if failure.missing {
            (Severity::Error, "what is missing is shown as padding")
        } else {
            (Severity::Warning, "its values are doubtful")
        };
        let message = format!("{}{which}: {}; {so}", a::PIXEL_DATA, failure.why);
        let named = files.entry((severity, failure.code, message)).or_default();
        named.push(frame.file().to_owned());
        named.dedup();
    }
    let finding = |((severity, code, message), files)| Finding { code, severity, message, files, value_mm: None };
    files.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_on_the_way_come_first_and_each_comes_once() {
        let mut queue = Queue::new((0..9).collect::<Vec<usize>>());
        let mut taken = vec![];
        for wanted in [None, Some((6, true)), Some((6, true)), Some((6, true)), Some((6, true)), Some((2, false)), None]
        {
            taken.extend(queue.next(wanted).map(|t| t.0));
        }
        assert_eq!(taken, [4, 6, 7, 8, 5, 2, 3], "onwards, then back, then from the middle again");
        std::iter::from_fn(|| queue.next(Some((99, true)))).for_each(|t| taken.push(t.0));
        taken.sort_unstable();
        assert_eq!(taken, (0..9).collect::<Vec<_>>());
    }

    #[test]
    fn slices_come_from_the_middle_outwards_each_once() {
        assert_eq!(middle_out(5).collect::<Vec<_>>(), [2, 1, 3, 0, 4]);
        assert_eq!(middle_out(4).collect::<Vec<_>>(), [2, 1, 3, 0]);
        assert_eq!(middle_out(1).collect::<Vec<_>>(), [0]);
        assert_eq!(middle_out(0).count(), 0);
    }
}
