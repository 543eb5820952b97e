//! The brush: a disc or sphere of a given radius, swept along a polyline through the patient.
//!
//! Rule. Disc: voxels of the stroke's [`Sheet`] whose centres, seen at right angles onto it, lie within the radius of
//! the path seen the same way. Sphere: all voxels whose centres lie within the radius of the path. The border counts.

use super::{Sheet, Span};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelPoint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shape of the brush.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tip {
    /// Flat, in the stroke's plane.
    Disc,
    /// A ball.
    Sphere,
}

/// A brush laid onto a grid: gives the voxels of each piece of the path, so that a stroke can be shown while it is drawn
/// and costs at its end what it cost on the way.
#[derive(Clone, Debug)]
pub struct Stroke<'a> {
    geometry: &'a Geometry,
    radius_mm: f64,
    /// `None` for a sphere.
    sheet: Option<Sheet>,
    limits: Option<[(i64, i64); 3]>,
}

impl<'a> Stroke<'a> {
    /// A disc in `sheet`.
    pub fn disc(geometry: &'a Geometry, sheet: Sheet, radius_mm: f64) -> Self {
        Stroke { geometry, radius_mm, sheet: Some(sheet), limits: sheet.limits(geometry.size()) }
    }

    /// A sphere.
    pub fn sphere(geometry: &'a Geometry, radius_mm: f64) -> Self {
        let all = geometry.size().map(|n| (0, n as i64 - 1));
        let some = all.iter().all(|(lo, hi)| lo <= hi);
        Stroke { geometry, radius_mm, sheet: None, limits: some.then_some(all) }
    }

    /// Voxels of the whole path, merged; a single point is a dab.
    pub fn path(&self, path: &[PatientPoint]) -> Vec<Span> {
        let spans = match path {
            [] => Vec::new(),
            [p] => self.piece(*p, *p),
            more => more.windows(2).flat_map(|w| self.piece(w[0], w[1])).collect(),
        };
        super::merged(spans)
    }

    /// Voxels of one straight piece of the path, ascending.
    pub fn piece(&self, a: PatientPoint, b: PatientPoint) -> Vec<Span> {
        let Some(limits) = self.limits else { return Vec::new() };
        let on = |p: PatientPoint| self.sheet.map_or(p, |s| s.project(p)).vec();
        let slab = match self.sheet {
            Some(Sheet::Slab { normal, origin, half_mm }) => Some(Slab { normal, origin, half_mm }),
            _ => None,
        };
        let tip = Capsule { a: on(a), b: on(b), radius: self.radius_mm, slab };
        tip.spans(self.geometry, limits)
    }
}

/// The part of space within `half_mm` of a plane.
#[derive(Clone, Copy)]
struct Slab {
    normal: DVec3,
    origin: DVec3,
    half_mm: f64,
}

/// Added to the radius where a row is only searched, so that rounding never loses a voxel that is touched exactly.
const HAIR_MM: f64 = 1e-6;

/// All points within `radius` of the segment a–b; with a slab, all its points whose projections are.
struct Capsule {
    a: DVec3,
    b: DVec3,
    radius: f64,
    slab: Option<Slab>,
}

impl Capsule {
    fn contains(&self, p: DVec3) -> bool {
        let p = match self.slab {
            None => p,
            Some(s) => {
                let off = (p - s.origin).dot(s.normal);
                if off <= -s.half_mm || off > s.half_mm {
                    return false;
                }
                p - s.normal * off
            }
        };
        let d = self.b - self.a;
        let t = ((p - self.a).dot(d) / d.length_squared().max(1e-30)).clamp(0.0, 1.0);
        p.distance_squared(self.a + d * t) <= self.radius * self.radius
    }

    /// Parameters t between which `q + t u` is inside, a little generous; `None` when it never is.
    fn chord(&self, q: DVec3, u: DVec3) -> Option<(f64, f64)> {
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let (mut q, mut u) = (q, u);
        if let Some(s) = self.slab {
            let (off, speed) = ((q - s.origin).dot(s.normal), u.dot(s.normal));
            (low, high) = between(off, speed, -s.half_mm, s.half_mm)?;
            (q, u) = (q - s.normal * off, u - s.normal * speed);
        }
        let d = self.b - self.a;
        let (w, length2) = (q - self.a, d.length_squared());
        let radius = self.radius + HAIR_MM;
        let mut hull = join(within(w, u, radius), within(q - self.b, u, radius));
        if length2 > 0.0 {
            let across = |v: DVec3| v - d * (v.dot(d) / length2);
            let side = within(across(w), across(u), radius);
            let along = between(w.dot(d), u.dot(d), 0.0, length2);
            if let (Some(s), Some(l)) = (side, along) {
                let both = (s.0.max(l.0), s.1.min(l.1));
                hull = join(hull, (both.0 <= both.1).then_some(both));
            }
        }
        let (first, last) = hull?;
        Some((first.max(low), last.min(high)))
    }

    fn spans(&self, geometry: &Geometry, limits: [(i64, i64); 3]) -> Vec<Span> {
        let [nx, ny, _] = geometry.size().map(|n| n as u64);
        let reach = self.radius + self.slab.map_or(0.0, |s| s.half_mm);
        let mut out = Vec::new();
        for k in slices_near(geometry, [self.a, self.b], reach, limits[2]) {
            let slice = Slice::of(geometry, k);
            let rows = slice.rows_near([self.a, self.b], reach, limits[1]);
            for j in rows.0..=rows.1 {
                let start = slice.corner + slice.b * j as f64;
                let Some((first, last)) = self.row(start, slice.a, limits[0]) else { continue };
                let row = (k as u64 * ny + j as u64) * nx;
                out.push(Span { start: row + first as u64, end: row + last as u64 + 1 });
            }
        }
        out
    }

    /// First and last column inside; the chord is settled by the exact test at its ends.
    fn row(&self, start: DVec3, step: DVec3, columns: (i64, i64)) -> Option<(i64, i64)> {
        let inside = |i: i64| self.contains(start + step * i as f64);
        if columns.0 == columns.1 {
            return inside(columns.0).then_some(columns);
        }
        let (from, to) = self.chord(start, step)?;
        let bound = |t: f64| t.clamp(columns.0 as f64 - 2.0, columns.1 as f64 + 2.0) as i64;
        let (mut first, mut last) = (bound(from.floor()).max(columns.0), bound(to.ceil()).min(columns.1));
        while first <= last && !inside(first) {
            first += 1;
        }
        while last > first && !inside(last) {
            last -= 1;
        }
        (first <= last).then_some((first, last))
    }
}

/// t with `|w + t u| <= r`.
fn within(w: DVec3, u: DVec3, r: f64) -> Option<(f64, f64)> {
    let (uu, wu, c) = (u.length_squared(), w.dot(u), w.length_squared() - r * r);
    if uu < 1e-24 {
        return (c <= 0.0).then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    let root = wu * wu - uu * c;
    (root >= 0.0).then(|| ((-wu - root.sqrt()) / uu, (-wu + root.sqrt()) / uu))
}

/// t with `low <= at + t speed <= high`.
fn between(at: f64, speed: f64, low: f64, high: f64) -> Option<(f64, f64)> {
    if speed.abs() < 1e-12 {
        return (low - 1e-9 <= at && at <= high + 1e-9).then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    let (p, q) = ((low - at) / speed, (high - at) / speed);
    Some((p.min(q), p.max(q)))
}

fn join(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (some, None) | (None, some) => some,
    }
}

/// One slice of a grid: voxel (i, j) has its centre at `corner + i a + j b`.
pub(super) struct Slice {
    pub corner: DVec3,
    pub a: DVec3,
    pub b: DVec3,
}

impl Slice {
    pub fn of(geometry: &Geometry, k: i64) -> Slice {
        let corner = geometry.patient_from_voxel(VoxelPoint(DVec3::new(0.0, 0.0, k as f64))).vec();
        let [a, b, _] = geometry.steps();
        Slice { corner, a, b }
    }

    /// First and last row that can hold a point within `reach` of the segment.
    pub fn rows_near(&self, ends: [DVec3; 2], reach: f64, limits: (i64, i64)) -> (i64, i64) {
        // The vector in the slice's plane that is at right angles to a and counts rows.
        let across = self.b - self.a * (self.b.dot(self.a) / self.a.length_squared());
        let dual = across / across.length_squared();
        let at = ends.map(|e| dual.dot(e - self.corner));
        clip(at, reach * dual.length(), limits)
    }
}

/// Slices whose planes pass within `reach` of the segment.
pub(super) fn slices_near(
    geometry: &Geometry,
    ends: [DVec3; 2],
    reach: f64,
    limits: (i64, i64),
) -> std::ops::RangeInclusive<i64> {
    let n = geometry.normal();
    let at = ends.map(|e| e.dot(n));
    let (low, high) = match geometry.slice_origins() {
        None => {
            let (first, step) = (geometry.origin().vec().dot(n), geometry.steps()[2].dot(n));
            clip(at.map(|d| (d - first) / step), reach / step.abs(), limits)
        }
        Some(o) => {
            let (from, to) = (at[0].min(at[1]) - reach - 1e-9, at[0].max(at[1]) + reach + 1e-9);
            let first = o.partition_point(|s| s.vec().dot(n) < from) as i64;
            let last = o.partition_point(|s| s.vec().dot(n) <= to) as i64 - 1;
            (first.max(limits.0), last.min(limits.1))
        }
    };
    low..=high
}

/// Whole numbers between two positions, `reach` more on each side, within limits.
fn clip(at: [f64; 2], reach: f64, limits: (i64, i64)) -> (i64, i64) {
    let inside = |v: f64| v.clamp(limits.0 as f64 - 1.0, limits.1 as f64 + 1.0) as i64;
    let low = (at[0].min(at[1]) - reach - 1e-9).ceil();
    let high = (at[0].max(at[1]) + reach + 1e-9).floor();
    (inside(low).max(limits.0), inside(high).min(limits.1))
}

#[cfg(test)]
mod tests;
