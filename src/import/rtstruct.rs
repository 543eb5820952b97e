//! RT Structure Sets (PS3.3 A.19): closed planar contours of each region, in patient space. What voxels they hold is
//! known once the series is.

use super::dicom::{SERIES, at};
use super::{Found, FoundMask, level_named};
use crate::agree::Grid;
use crate::document::{ImageKey, LesionKind};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelPoint};
use crate::study::{Attribute, Dataset};
use std::collections::BTreeMap;
use uuid::Uuid;

/// SOPClassUID of RT Structure Set Storage.
pub const CLASS: &str = "1.2.840.10008.5.1.4.1.1.481.3";

const REGIONS: Attribute = at(0x3006_0020, "StructureSetROISequence", b"SQ");
const NUMBER: Attribute = at(0x3006_0022, "ROINumber", b"IS");
const FRAME: Attribute = at(0x3006_0024, "ReferencedFrameOfReferenceUID", b"UI");
const NAME: Attribute = at(0x3006_0026, "ROIName", b"LO");
const DESCRIPTION: Attribute = at(0x3006_0028, "ROIDescription", b"ST");
const CONTOURS: Attribute = at(0x3006_0039, "ROIContourSequence", b"SQ");
const CONTOUR: Attribute = at(0x3006_0040, "ContourSequence", b"SQ");
const KIND: Attribute = at(0x3006_0042, "ContourGeometricType", b"CS");
const DATA: Attribute = at(0x3006_0050, "ContourData", b"DS");
const REFERENCED: Attribute = at(0x3006_0084, "ReferencedROINumber", b"IS");
const FRAMES: Attribute = at(0x3006_0010, "ReferencedFrameOfReferenceSequence", b"SQ");
const STUDIES: Attribute = at(0x3006_0012, "RTReferencedStudySequence", b"SQ");
const SERIES_LIST: Attribute = at(0x3006_0014, "RTReferencedSeriesSequence", b"SQ");

/// Outlines of one region.
#[derive(Clone, Debug, Default)]
pub struct Outlines {
    /// Closed polygons; where several lie in one slice, what an odd number of them holds is inside.
    pub polygons: Vec<Vec<PatientPoint>>,
    /// The series they were drawn on, where the file names it.
    pub image: Option<ImageKey>,
    /// FrameOfReferenceUID (0020,0052), where the file names it.
    pub frame: Option<String>,
}

/// What a structure set says.
pub fn found(set: &Dataset) -> Result<Found, String> {
    let number = |d: &Dataset, a: Attribute| d.get(a).and_then(|v| v.code().parse::<i64>().ok());
    let series = set.item(FRAMES).and_then(|f| {
        f.item(STUDIES).and_then(|s| s.item(SERIES_LIST).and_then(|l| l.get(SERIES).map(|v| ImageKey(v.code()))))
    });
    let mut out = Found { what: "RT structure set", ..Found::default() };
    let mut contours: BTreeMap<i64, (Vec<Vec<PatientPoint>>, usize)> = BTreeMap::new();
    for item in set.items(CONTOURS) {
        let Some(n) = number(&item, REFERENCED) else { continue };
        let (polygons, others) = contours.entry(n).or_default();
        for contour in item.items(CONTOUR) {
            let kind = contour.get(KIND).map(|v| v.code()).unwrap_or_default();
            match kind.starts_with("CLOSED") {
                true => polygons.push(points(&contour)?),
                false => *others += 1,
            }
        }
    }
    for item in set.items(REGIONS) {
        let Some(n) = number(&item, NUMBER) else { continue };
        let words = |a: Attribute| {
            let value = item.get(a);
            value
                .map(|v| String::from_utf8_lossy(v.texts().next().unwrap_or_default()).into_owned())
                .unwrap_or_default()
        };
        let (name, description) = (words(NAME), words(DESCRIPTION));
        let (polygons, others) = contours.remove(&n).unwrap_or_default();
        if others > 0 {
            out.notes.push(format!("region {name:?}: {others} contours are points or open lines; left out"));
        }
        if polygons.is_empty() {
            out.notes.push(format!("region {name:?} has no closed contours; left out"));
            continue;
        }
        // Our own files describe a region as `id; level; kind`.
        let mut own = description.split("; ");
        let id = own.next().and_then(|w| w.parse::<Uuid>().ok());
        let level = own.next().and_then(|w| w.parse().ok()).filter(|_| id.is_some()).or_else(|| level_named(&name));
        let kind = own.next().and_then(|w| LesionKind::ALL.iter().copied().find(|k| k.word() == w));
        let frame = item.get(FRAME).map(|v| v.code());
        let outlines = Outlines { polygons, image: series.clone(), frame };
        let value = u32::try_from(n).ok();
        out.masks.push(FoundMask { name, value, level, kind, id, outlines: Some(outlines), ..FoundMask::default() });
    }
    if out.masks.is_empty() {
        return Err(format!("{CONTOURS} holds no closed contours"));
    }
    Ok(out)
}

fn points(contour: &Dataset) -> Result<Vec<PatientPoint>, String> {
    let bad = |found: String| format!("{DATA} is {found}; expected three numbers a point");
    let value = contour.get(DATA).ok_or_else(|| bad("missing".to_owned()))?;
    let numbers = value.numbers().map_err(|e| bad(e.found))?.unwrap_or_default();
    let (points, rest) = numbers.as_chunks::<3>();
    if !rest.is_empty() || points.is_empty() {
        return Err(bad(format!("{} numbers", numbers.len())));
    }
    points.iter().map(|p| PatientPoint::try_from(*p).map_err(|e| bad(e.to_string()))).collect()
}

impl Outlines {
    /// The voxels of a grid whose centres lie inside, ascending, and the number of outlines that lie in none of its layers.
    pub fn voxels(&self, grid: &Grid) -> (Vec<u64>, usize) {
        let mut beside = 0;
        let mut layers: BTreeMap<usize, Vec<Vec<DVec3>>> = BTreeMap::new();
        for polygon in &self.polygons {
            let points: Vec<DVec3> = polygon.iter().map(|p| grid.geometry.voxel_from_patient(*p).0).collect();
            match layer(&points, grid.geometry.size()[2]) {
                Some(k) => layers.entry(k).or_default().push(points),
                None => beside += 1,
            }
        }
        let mut flat = Vec::new();
        for (k, polygons) in &layers {
            fill(polygons, *k, &grid.geometry, &mut flat);
        }
        flat.sort_unstable();
        (flat, beside)
    }

    /// Where the outlines are, for a message.
    pub fn first_point(&self) -> Option<PatientPoint> {
        self.polygons.first().and_then(|p| p.first()).copied()
    }
}

/// The slice that all points lie in.
fn layer(points: &[DVec3], slices: usize) -> Option<usize> {
    // Contours lie on slices; a tenth of a slice beside them is rounding, more is another image.
    const TOGETHER: f64 = 0.1;
    let k = points.first()?.z.round();
    let within = points.iter().all(|p| (p.z - k).abs() <= TOGETHER);
    (within && k >= 0.0 && k < slices as f64).then_some(k as usize)
}

/// Adds the voxels of a slice that an odd number of crossings separates from the left: the even-odd rule over all polygons.
fn fill(polygons: &[Vec<DVec3>], k: usize, geometry: &Geometry, flat: &mut Vec<u64>) {
    let [columns, rows, _] = geometry.size();
    let ys = polygons.iter().flatten().map(|p| p.y);
    let (low, high) = ys.fold((f64::MAX, f64::MIN), |(l, h), y| (l.min(y), h.max(y)));
    let (first, last) = (low.ceil().max(0.0), high.floor().min(rows as f64 - 1.0));
    if first > last {
        return;
    }
    for j in first as usize..=last as usize {
        let y = j as f64;
        let mut crossings: Vec<f64> = Vec::new();
        for p in polygons {
            let edges = (0..p.len()).map(|n| (p[n], p[(n + 1) % p.len()]));
            let crossing = edges.filter(|(a, b)| (a.y > y) != (b.y > y));
            crossings.extend(crossing.map(|(a, b)| a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)));
        }
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            let from = pair[0].ceil().max(0.0) as usize;
            let to = pair[1].min(columns as f64 - 0.5);
            flat.extend(
                (from..columns).take_while(|i| (*i as f64) < to).map(|i| (i + columns * (j + rows * k)) as u64),
            );
        }
    }
}

/// Whether a grid holds a point, half a voxel beyond its outer centres included.
pub fn holds(geometry: &Geometry, p: PatientPoint) -> bool {
    let VoxelPoint(v) = geometry.voxel_from_patient(p);
    let size = geometry.size();
    (0..3).all(|a| (-0.5..=size[a] as f64 - 0.5).contains(&v[a]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::rings;

    #[test]
    fn outlines_along_voxel_edges_hold_the_voxels_that_they_were_made_of() {
        let steps = [DVec3::new(0.5, 0.0, 0.1), DVec3::new(0.0, 0.8, 0.0), DVec3::new(0.3, 0.2, 3.0)];
        let origin = PatientPoint::new(-20.0, 7.0, 300.0).expect("finite");
        let geometry = Geometry::regular(origin, steps, [24, 20, 4]).expect("spans space");
        let mut seed = 5u64;
        for density in [15, 50, 85] {
            let mask: Vec<u64> = (0..24 * 20 * 4)
                .filter(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (seed >> 33) % 100 < density
                })
                .collect();
            let polygons = rings(&mask, &geometry).into_iter().map(|r| r.points).collect();
            let outlines = Outlines { polygons, image: None, frame: None };
            let grid = Grid { image: None, frame: None, geometry: geometry.clone() };
            assert_eq!(outlines.voxels(&grid), (mask, 0));
        }
    }

    #[test]
    fn outlines_between_slices_are_left_out_and_counted() {
        let geometry = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 3.0], [9, 9, 4]);
        let p = |x, y, z| PatientPoint::new(x, y, z).expect("finite");
        let square = |z| vec![p(0.6, 0.6, z), p(4.4, 0.6, z), p(4.4, 3.4, z), p(0.6, 3.4, z)];
        let outlines = Outlines { polygons: vec![square(3.0), square(4.4), square(99.0)], image: None, frame: None };
        let grid = Grid { image: None, frame: None, geometry: geometry.expect("spans space") };
        let (flat, beside) = outlines.voxels(&grid);
        assert_eq!((flat.len(), beside), (4 * 3, 2));
        assert!(holds(&grid.geometry, p(8.4, 8.4, 9.0)) && !holds(&grid.geometry, p(8.6, 0.0, 0.0)));
    }
}
