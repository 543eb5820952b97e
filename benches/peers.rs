//! The kernels of annotation, export and agreement on one synthetic CT of 512 × 512 × 400, for tables that hold other
//! programs' times for the same work.
//!
//! `cargo bench --bench peers -- FOLDER`: `FOLDER/truth` holds `hu.npy` (int16), `labels.npy`, `lesion.npy`, `mask_a.npy`,
//! `mask_b.npy` (uint8; slices, rows, columns; 0.7 × 0.7 × 1.0 mm) and `FOLDER/axial400/raw` the same as DICOM. Each line
//! is JSON: the title of the table that it belongs to, the name, wall milliseconds of each run, processor milliseconds.
//! With `PEERS_TITLE` in the environment only the rows of that table are taken. What must be right besides quick (voxel
//! counts, Dice) goes to standard error.

mod timing;

use spondyl::agree::{hausdorff, overlap, shared};
use spondyl::anatomy::VertebraLevel;
use spondyl::assess::{stats_of_voxels, voxels_by_label};
use spondyl::document::{Document, Edit, ImageKey, LabelMap, Layer, Lesion, LesionKind, Run, runs_from_sorted};
use spondyl::export::{Case, Format, MaskRuns, export, surface};
use spondyl::segment::{Ends, Region, Sheet, Span, Stroke, contour_spans, depth_mm, grow, interpolate, paint_runs};
use spondyl::space::{DVec3, Geometry, PatientPoint, VoxelIndex, VoxelPoint};
use spondyl::volume::{Kind, Rescale, Rescales, Samples, Volume};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use timing::row;

type Outcome = Result<(), Box<dyn Error>>;

/// The start of a table's title, and what fills our rows of it.
type Job = (&'static str, fn(&Truth, &str) -> Outcome);

const JOBS: [Job; 13] = [
    ("brush: 1000 spherical stamps", brush),
    ("region growing from a seed", region_growing),
    ("grow from seeds", grow_lesions),
    ("slice interpolation", interpolation),
    ("signed distance", signed_distance),
    ("isosurface", isosurface),
    ("rasterise 100 closed contours", rasterise),
    ("per-level lesion statistics", statistics),
    ("export the label map", export_labels),
    ("RTSTRUCT of 5 vertebrae", export_structures),
    ("Dice, whole volume", dice_alone),
    ("HD95 in mm", distances),
    ("surface Dice at 1 mm", distances),
];

fn main() -> Outcome {
    let folder = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let Some(folder) = folder else {
        println!("usage: cargo bench --bench peers -- FOLDER");
        return Ok(());
    };
    let truth = Truth { folder: PathBuf::from(folder) };
    let wanted = std::env::var("PEERS_TITLE").ok();
    for (title, job) in JOBS.iter().filter(|(title, _)| wanted.as_ref().is_none_or(|w| w.starts_with(title))) {
        job(&truth, title)?;
    }
    Ok(())
}

/// Where the arrays lie.
struct Truth {
    folder: PathBuf,
}

impl Truth {
    /// The bytes of an array, and its (columns, rows, slices).
    fn array(&self, name: &str) -> Result<([usize; 3], Vec<u8>), Box<dyn Error>> {
        let bytes = std::fs::read(self.folder.join("truth").join(name))?;
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
        let shape = header.split_once("'shape': (").and_then(|(_, s)| s.split_once(')')).ok_or("no shape")?.0;
        let n: Vec<usize> = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
        Ok(([n[2], n[1], n[0]], bytes[start..].to_vec()))
    }

    /// Ascending flat indices of all voxels of a mask that are set.
    fn mask(&self, name: &str) -> Result<(Geometry, Vec<u64>), Box<dyn Error>> {
        let (size, bytes) = self.array(name)?;
        let set = bytes.iter().enumerate().filter(|(_, b)| **b > 0).map(|(n, _)| n as u64).collect();
        Ok((geometry(size)?, set))
    }

    fn volume(&self) -> Result<Volume, Box<dyn Error>> {
        let (size, bytes) = self.array("hu.npy")?;
        let values = bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        Ok(Volume {
            geometry: geometry(size)?,
            kind: Kind::Volume,
            samples: Samples::I16(values),
            rescales: Rescales::Uniform(Rescale { slope: 1.0, intercept: 0.0 }),
            units: "HU".to_owned(),
            inverted: false,
            voi: Vec::new(),
            padding: None,
        })
    }
}

fn geometry(size: [usize; 3]) -> Result<Geometry, Box<dyn Error>> {
    Ok(Geometry::regular(PatientPoint::ORIGIN, [DVec3::X * 0.7, DVec3::Y * 0.7, DVec3::Z], size)?)
}

fn place(g: &Geometry, at: [usize; 3]) -> PatientPoint {
    g.patient_from_voxel(VoxelIndex(at).center())
}

fn brush(t: &Truth, title: &str) -> Outcome {
    let (size, _) = t.array("labels.npy")?;
    let g = geometry(size)?;
    let sphere = Stroke::sphere(&g, 10.0);
    let stamp = |n: usize| place(&g, [200 + n * 5 % 100, 250 + n * 3 % 100, 12 + n * 7 % (size[2] - 24)]);
    let painted = row(title, "each stamp into the lesion map", 5, |_| {
        let mut map = LabelMap::new(size);
        for n in 0..1000 {
            let spans = sphere.piece(stamp(n), stamp(n));
            let runs = paint_runs(&spans, Some(&map), size, 1, |_, _| true);
            map.paint(&runs);
        }
        map
    });
    eprintln!("{} voxels painted", painted.painted().count());
    Ok(())
}

fn region_growing(t: &Truth, title: &str) -> Outcome {
    let v = t.volume()?;
    let size = v.size();
    let seed = [(256.0 - 72.0 / 0.7) as usize, (256.0 - 15.0 / 0.7) as usize, size[2] * 3 / 4];
    let Samples::I16(values) = &v.samples else { return Err("int16 expected".into()) };
    let count = row(title, "the piece at a point", 5, |_| {
        let mut region = Region::empty(&v.geometry, [0; 3], size.map(|n| n - 1));
        region.inside.iter_mut().zip(values).for_each(|(inside, v)| *inside = (-960..=-700).contains(v));
        region.piece_at(region.flat(seed)).count()
    });
    eprintln!("{count} voxels");
    Ok(())
}

fn grow_lesions(t: &Truth, title: &str) -> Outcome {
    let v = t.volume()?;
    let (_, levels) = t.array("labels.npy")?;
    let (_, lesion) = t.array("lesion.npy")?;
    let wanted: Vec<u64> = (0..levels.len() as u64)
        .filter(|n| lesion[*n as usize] > 0 && (2..=6).contains(&levels[*n as usize]))
        .collect();
    let seeds = seeds(&v, &wanted);
    let drawn = row(title, &format!("grow, {} clicks", seeds.len()), 5, |_| {
        let spans: Vec<Span> = seeds.iter().filter_map(|(at, reach)| grow(&v, *at, *reach)).flatten().collect();
        spondyl::segment::merged(spans)
    });
    let drawn: Vec<u64> = drawn.iter().flat_map(|s| s.start..s.end).collect();
    let both = shared(&drawn, &wanted);
    eprintln!("Dice {:.4}", 2.0 * both as f64 / (drawn.len() + wanted.len()) as f64);
    Ok(())
}

/// For each piece of a mask the deepest point, and the reach from there to its farthest voxel and a tenth more.
fn seeds(v: &Volume, flat: &[u64]) -> Vec<(PatientPoint, f64)> {
    let mut map = LabelMap::new(v.size());
    map.paint(&runs_from_sorted(flat, 1));
    let Some(region) = Region::of_label(&map, 1, &v.geometry, [1; 3]) else { return Vec::new() };
    let (piece, counts) = region.pieces();
    let depth = depth_mm(&region);
    let center = |n: usize| place(&v.geometry, std::array::from_fn(|a| region.at(n)[a] + region.low[a]));
    let seed = |number: u32| {
        let own: Vec<usize> = (0..piece.len()).filter(|n| piece[*n] == number).collect();
        let deepest = own.iter().copied().max_by(|a, b| depth[*a].total_cmp(&depth[*b])).unwrap_or(0);
        let at = center(deepest);
        let far = own.iter().map(|n| center(*n).distance_mm(at)).fold(0.0, f64::max);
        (at, 1.1 * far)
    };
    (1..=counts.len() as u32).filter(|n| counts[*n as usize - 1] > 10).map(seed).collect()
}

fn interpolation(t: &Truth, title: &str) -> Outcome {
    let (size, labels) = t.array("labels.npy")?;
    let g = geometry(size)?;
    let plane = size[0] * size[1];
    let level = if labels.contains(&5) { 5 } else { 1 };
    let full: Vec<u64> = (0..labels.len() as u64).filter(|n| labels[*n as usize] == level).collect();
    let first = full.first().map_or(0, |n| *n as usize / plane);
    // The table's box begins three slices above; every fifth slice of it is given.
    let given = |n: &u64| (*n as usize / plane + 3 - first).is_multiple_of(5);
    let some: Vec<u64> = full.iter().copied().filter(given).collect();
    let mut map = LabelMap::new(size);
    map.paint(&runs_from_sorted(&some, 1));
    for (name, ends) in [("between drawn slices", Ends::AsDrawn), ("the same with rounded ends", Ends::Rounded)] {
        let filled = row(title, name, 5, |_| interpolate(&map, 1, &g, 2, ends));
        let mut all: Vec<u64> = filled.iter().flat_map(|s| s.start..s.end).chain(some.iter().copied()).collect();
        all.sort_unstable();
        eprintln!("Dice {:.4}", 2.0 * shared(&all, &full) as f64 / (all.len() + full.len()) as f64);
    }
    Ok(())
}

fn signed_distance(t: &Truth, title: &str) -> Outcome {
    let (g, flat) = t.mask("mask_a.npy")?;
    let mut map = LabelMap::new(g.size());
    map.paint(&runs_from_sorted(&flat, 1));
    let region = Region::of_label(&map, 1, &g, [5; 3]).ok_or("an empty mask")?;
    let depth = row(title, "depth below the surface", 5, |_| depth_mm(&region));
    eprintln!("deepest {:.4} mm", depth.into_iter().fold(0.0, f32::max));
    Ok(())
}

fn rasterise(t: &Truth, title: &str) -> Outcome {
    let (size, _) = t.array("labels.npy")?;
    let g = geometry(size)?;
    let outline = |n: usize| -> Vec<PatientPoint> {
        let point = |m: usize| {
            let angle = std::f64::consts::TAU * m as f64 / 200.0;
            let radius = 60.0 + 8.0 * (5.0 * angle + n as f64).sin();
            let at = DVec3::new(256.0 + radius * angle.cos() * 1.4, 256.0 + radius * angle.sin(), n as f64);
            g.patient_from_voxel(VoxelPoint(at))
        };
        (0..200).map(point).collect()
    };
    let outlines: Vec<Vec<PatientPoint>> = (0..100).map(outline).collect();
    let count = row(title, "contours to voxels", 5, |_| {
        let filled = |(n, o): (usize, &Vec<PatientPoint>)| contour_spans(&g, &Sheet::layer(&g, 2, n as i64), o);
        outlines.iter().enumerate().flat_map(filled).map(|s| s.end - s.start).sum::<u64>()
    });
    eprintln!("{count} voxels");
    Ok(())
}

fn statistics(t: &Truth, title: &str) -> Outcome {
    let v = t.volume()?;
    let (_, lesion) = t.array("lesion.npy")?;
    let (_, levels) = t.array("labels.npy")?;
    let mut map = LabelMap::new(v.size());
    map.paint(&runs(&levels.iter().zip(&lesion).map(|(l, m)| if *m > 0 { *l } else { 0 }).collect::<Vec<u8>>()));
    let found = row(title, "all figures, axes and quantiles", 5, |_| {
        let each = voxels_by_label(&map);
        each.values().map(|flat| stats_of_voxels(flat, &v.geometry, Some(&v))).collect::<Vec<_>>()
    });
    let first = found.first().and_then(|f| f.values);
    eprintln!("{} levels, mean of the first {:?}", found.len(), first.map(|v| v.mean));
    Ok(())
}

/// Runs of equal labels above 0.
fn runs(labels: &[u8]) -> Vec<Run> {
    let mut out = Vec::new();
    let mut start = 0u64;
    for chunk in labels.chunk_by(|a, b| a == b) {
        if chunk[0] > 0 {
            out.push(Run { start, length: chunk.len() as u32, label: u16::from(chunk[0]) });
        }
        start += chunk.len() as u64;
    }
    out
}

/// A case whose lesions are the labels of an array, on the DICOM series or on the bare grid.
fn document(t: &Truth, runs: Vec<Run>) -> Result<Document, Box<dyn Error>> {
    let scan = spondyl::study::scan(&[t.folder.join("axial400").join("raw")], &());
    let series = scan.series.first().ok_or("no series")?;
    let identity = series.identity();
    let mut doc = Document::default();
    let key = ImageKey(identity.series_instance_uid.clone());
    doc.images.insert(key.clone(), identity);
    let labels: std::collections::BTreeSet<u16> = runs.iter().map(|r| r.label).collect();
    for label in labels {
        let level = VertebraLevel::ALL[usize::from(label) % VertebraLevel::ALL.len()];
        let lesion = Lesion::new(format!("V{label}"), label, level, LesionKind::Lytic);
        doc.lesions.insert(uuid::Uuid::from_u128(u128::from(label)), lesion);
    }
    doc.apply(Edit::Mask { image: key, layer: Layer::Lesions, runs })?;
    Ok(doc)
}

fn exported(doc: &Document, title: &str, name: &str, format: Format) -> Outcome {
    let volumes = BTreeMap::new();
    let case = Case {
        id: uuid::Uuid::from_u128(1),
        doc,
        reader: "bench",
        active_seconds: 0.0,
        volumes: &volumes,
        script: "",
        deidentified: None,
        utc: "2026-01-01T00:00:00.000Z",
    };
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = parent.join(format!("spondyl-bench-{}", std::process::id()));
    let written = row(title, name, 3, |_| export(&case, &[format], &folder, true));
    let size = |p: &PathBuf| std::fs::metadata(p).map_or(0, |m| m.len() >> 10);
    let problems = |w: &spondyl::export::Written| w.problems.iter().map(|p| p.to_string()).collect::<Vec<_>>();
    let outcome = written.map(|w| (w.files.iter().map(size).sum::<u64>(), problems(&w)));
    std::fs::remove_dir_all(&folder)?;
    eprintln!("KiB and problems: {:?}", outcome?);
    Ok(())
}

fn export_labels(t: &Truth, title: &str) -> Outcome {
    let doc = document(t, runs(&t.array("labels.npy")?.1))?;
    exported(&doc, title, "NIfTI gzip, read back", Format::Nifti)?;
    exported(&doc, title, "SEG BINARY, read back", Format::Seg)?;
    exported(&doc, title, "case JSON, read back", Format::Json)
}

fn export_structures(t: &Truth, title: &str) -> Outcome {
    let mut labels = t.array("labels.npy")?.1;
    labels.iter_mut().filter(|l| !(3..8).contains(*l)).for_each(|l| *l = 0);
    exported(&document(t, runs(&labels))?, title, "RTSTRUCT, read back", Format::Rtstruct)
}

fn isosurface(t: &Truth, title: &str) -> Outcome {
    let (g, flat) = t.mask("mask_a.npy")?;
    let mask = MaskRuns::of_voxels(&flat, g.size()).ok_or("an empty mask")?;
    let facets = row(title, "mask to a closed surface", 5, |_| surface(&mask, &g))?;
    eprintln!("{} triangles", facets.len());
    let doc = document(t, runs(&t.array("mask_a.npy")?.1))?;
    exported(&doc, title, "mask to an STL file, read back", Format::Stl)
}

fn dice_alone(t: &Truth, title: &str) -> Outcome {
    let ((_, a), (_, b)) = (t.mask("mask_a.npy")?, t.mask("mask_b.npy")?);
    let both = row(title, "shared voxels", 5, |_| shared(&a, &b));
    eprintln!("Dice {:.6}", 2.0 * both as f64 / (a.len() + b.len()) as f64);
    Ok(())
}

fn distances(t: &Truth, title: &str) -> Outcome {
    let ((g, a), (_, b)) = (t.mask("mask_a.npy")?, t.mask("mask_b.npy")?);
    row(title, "distances of the borders", 5, |_| hausdorff(&a, &b, &g));
    let o = row(title, "all figures at once, surfaces too", 5, |_| overlap(&a, &b, &g, &[1.0]));
    eprintln!("HD95 {:?} (border), {:?} (surface); surface Dice {:?}", o.hd95_mm, o.hd95_surface_mm, o.surface_dice);
    Ok(())
}
