//! A folder in memory for the files of one execution, and what must hold for whatever was read from it.

use spondyl::study::{Scan, assemble};
use spondyl::volume::{Kind, Samples, SliceView, Volume, reslice};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A folder of this process alone, in memory where the system has such a place.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = base.join(format!("spondyl-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder of our own");
        folder
    })
}

/// Volumes beyond this are not decoded: the engine bounds memory, and small ones take the same way.
#[allow(dead_code)]
const VOXELS: usize = 1 << 24;

/// Every slice can be seen where it lies; of slices at one position along the normal, which are said, one can.
fn look_at(volume: &Volume) {
    let [columns, rows, slices] = volume.size();
    if columns.max(rows) > 64 || matches!(volume.samples, Samples::F32(_)) {
        return;
    }
    const SAME_MM: f64 = 0.01;
    let g = &volume.geometry;
    let along: Vec<f64> = g.slice_origins().unwrap_or_default().iter().map(|p| p.vec().dot(g.normal())).collect();
    let shared = |k: usize| (0..along.len()).any(|n| n != k && (along[n] - along[k]).abs() < SAME_MM);
    for k in (0..slices.min(16)).filter(|k| !shared(*k)) {
        let seen = reslice(volume, &SliceView::frame(&volume.geometry, k));
        let middle = seen[rows / 2 * columns + columns / 2];
        assert!(!middle.is_nan(), "slice {k} of {:?}", volume.geometry);
    }
}

/// What was found is consistent, and loads.
#[allow(dead_code)]
pub fn examine(scan: &Scan) {
    for (index, series) in scan.series.iter().enumerate() {
        assert_eq!(series.index, index);
        let [columns, rows, slices] = series.size();
        assert!(columns > 0 && rows > 0 && slices > 0 && series.frames.len() == slices);
        assert!(series.spacing_mm.iter().flatten().all(|mm| mm.is_finite() && *mm > 0.0), "{:?}", series.spacing_mm);
        assert_eq!(series.fingerprint(), series.fingerprint());
        if series.is_located() {
            let normal = series.geometry.normal();
            assert!((normal.length() - 1.0).abs() < 1e-6, "{normal:?}");
        }
        if let (Kind::Stack, Some(at)) = (series.kind, series.slice_positions_mm()) {
            // Positions nearer than a micrometre are one, and then time and number give the order.
            assert!(at.windows(2).all(|w| w[1] - w[0] > -1e-3), "{at:?}");
        }
        for finding in &series.findings {
            assert!(!finding.message.is_empty() && !finding.message.contains('\n'), "{}", finding.message);
        }
        if columns.saturating_mul(rows).saturating_mul(slices) <= VOXELS {
            let loaded = assemble(series, &()).expect("small enough");
            assert_eq!(loaded.volume.geometry.size(), series.size());
            look_at(&loaded.volume);
        }
    }
    for skipped in &scan.skipped {
        assert!(!skipped.reason.is_empty() && !skipped.reason.contains('\n'), "{}", skipped.reason);
    }
}
