//! Filling a closed outline: voxels of its [`Sheet`] whose centres are inside by the even-odd rule, both seen at right
//! angles onto the sheet. The outline closes itself.

use super::brush::{Slice, slices_near};
use super::{Sheet, Span, merged};
use crate::space::{DVec2, DVec3, Geometry, PatientPoint, VoxelPoint};

/// Voxels that a closed outline encloses, merged. Fewer than three points enclose nothing.
pub fn contour_spans(geometry: &Geometry, sheet: &Sheet, points: &[PatientPoint]) -> Vec<Span> {
    let Some(limits) = sheet.limits(geometry.size()) else { return Vec::new() };
    if points.len() < 3 {
        return Vec::new();
    }
    match sheet {
        Sheet::Layer { axis, index, .. } => fill_layer(geometry, sheet, (*axis, *index as u64), points, limits),
        Sheet::Slab { normal, origin, half_mm } => fill_slab(geometry, (*normal, *origin, *half_mm), points, limits),
    }
}

/// In a layer of the grid the outline is filled along lines of voxels: `u` runs along a line, `v` from line to line.
/// Crossings are found in millimetres, so that a stack with uneven slices comes out right as well.
fn fill_layer(
    geometry: &Geometry,
    sheet: &Sheet,
    (axis, index): (usize, u64),
    points: &[PatientPoint],
    limits: [(i64, i64); 3],
) -> Vec<Span> {
    let (u, v) = [(1, 2), (0, 2), (0, 1)][axis];
    let (normal, origin) = sheet.plane();
    let step = geometry.steps()[u].length();
    let along = geometry.steps()[u] / step;
    let across = normal.cross(along);
    let flat_of = |p: DVec3| DVec2::new((p - origin).dot(along), (p - origin).dot(across));
    let polygon = Outline::new(points.iter().map(|p| flat_of(p.vec())).collect());
    let [nx, ny, _] = geometry.size().map(|n| n as u64);
    let flat = |a: u64, b: u64| match axis {
        0 => index + nx * (a + ny * b),
        1 => a + nx * (index + ny * b),
        _ => a + nx * (b + ny * index),
    };
    let mut out = Vec::new();
    for line in limits[v].0..=limits[v].1 {
        let mut at = DVec3::ZERO;
        (at[axis], at[v]) = (index as f64, line as f64);
        let start = flat_of(geometry.patient_from_voxel(VoxelPoint(at)).vec());
        for pair in polygon.crossings(start.y).chunks_exact(2) {
            // Inside from the first crossing on, up to but not at the second.
            let whole =
                |x: f64| ((x - start.x) / step).ceil().clamp(limits[u].0 as f64, limits[u].1 as f64 + 1.0) as u64;
            let (first, end) = (whole(pair[0]), whole(pair[1]));
            if axis == 0 {
                out.extend((first..end).map(|a| one(flat(a, line as u64))));
            } else if first < end {
                out.push(Span { start: flat(first, line as u64), end: flat(end - 1, line as u64) + 1 });
            }
        }
    }
    merged(out)
}

fn one(flat: u64) -> Span {
    Span { start: flat, end: flat + 1 }
}

/// On an oblique plane each voxel near it is asked; the outline's edges are sorted into bands so that long freehand
/// outlines stay cheap.
fn fill_slab(
    geometry: &Geometry,
    (normal, origin, half_mm): (DVec3, DVec3, f64),
    points: &[PatientPoint],
    limits: [(i64, i64); 3],
) -> Vec<Span> {
    let right = normal.any_orthonormal_vector();
    let down = normal.cross(right);
    let flat_of = |p: DVec3| DVec2::new((p - origin).dot(right), (p - origin).dot(down));
    let polygon = Outline::new(points.iter().map(|p| flat_of(p.vec())).collect());
    let ball = points.iter().map(|p| flat_of(p.vec()));
    let (low, high) = ball.fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(l, h), p| (l.min(p), h.max(p)));
    let middle = (low + high) / 2.0;
    let center = origin + right * middle.x + down * middle.y;
    let reach = (high - low).length() / 2.0 + half_mm;
    let [nx, ny, _] = geometry.size().map(|n| n as u64);
    let mut out = Vec::new();
    for k in slices_near(geometry, [center; 2], reach, limits[2]) {
        let slice = Slice::of(geometry, k);
        let rows = slice.rows_near([center; 2], reach, limits[1]);
        for j in rows.0..=rows.1 {
            let start = slice.corner + slice.b * j as f64;
            let (off, speed) = ((start - origin).dot(normal), slice.a.dot(normal));
            let (first, last) = if speed.abs() < 1e-12 {
                if off <= -half_mm || off > half_mm { continue } else { limits[0] }
            } else {
                let (p, q) = ((-half_mm - off) / speed, (half_mm - off) / speed);
                let (from, to) = (p.min(q).floor(), p.max(q).ceil());
                ((from as i64).max(limits[0].0), (to as i64).min(limits[0].1))
            };
            for i in first..=last {
                let p = start + slice.a * i as f64;
                let off = (p - origin).dot(normal);
                if off > -half_mm && off <= half_mm && polygon.encloses(flat_of(p)) {
                    out.push(one((k as u64 * ny + j as u64) * nx + i as u64));
                }
            }
        }
    }
    merged(out)
}

/// A closed polygon, ready for even-odd questions. Its edges stand in bands by y.
struct Outline {
    points: Vec<DVec2>,
    low: f64,
    high: f64,
    bands: Vec<Vec<u32>>,
}

impl Outline {
    fn new(points: Vec<DVec2>) -> Self {
        let low = points.iter().map(|p| p.y).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(|p| p.y).fold(f64::NEG_INFINITY, f64::max);
        let count = points.len().clamp(1, 4096);
        let mut outline = Outline { points, low, high, bands: vec![Vec::new(); count] };
        for n in 0..outline.points.len() {
            let (a, b) = outline.edge(n as u32);
            let (from, to) = (outline.band(a.y.min(b.y)), outline.band(a.y.max(b.y)));
            for band in &mut outline.bands[from..=to] {
                band.push(n as u32);
            }
        }
        outline
    }

    fn edge(&self, n: u32) -> (DVec2, DVec2) {
        let n = n as usize;
        (self.points[n], self.points[(n + 1) % self.points.len()])
    }

    fn band(&self, y: f64) -> usize {
        let share = (y - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        ((share * self.bands.len() as f64) as usize).min(self.bands.len() - 1)
    }

    /// x of every edge that crosses the line at y, ascending; an even number.
    fn crossings(&self, y: f64) -> Vec<f64> {
        if !(self.low..=self.high).contains(&y) {
            return Vec::new();
        }
        let edges = self.bands[self.band(y)].iter().map(|n| self.edge(*n));
        let crossing = edges.filter(|(a, b)| (a.y > y) != (b.y > y));
        let mut at: Vec<f64> = crossing.map(|(a, b)| (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x).collect();
        at.sort_unstable_by(f64::total_cmp);
        at
    }

    fn encloses(&self, p: DVec2) -> bool {
        self.crossings(p.y).iter().filter(|x| p.x < **x).count() % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::DrawPlane;
    use crate::segment::test_grids::{Dice, centers, flat, grids};
    use crate::space::Plane;

    /// The rule in the plainest words; and which centres lie on an edge, where rounding may decide.
    fn by_rule(g: &Geometry, sheet: &Sheet, points: &[PatientPoint]) -> (Vec<u64>, Vec<u64>) {
        let (n, o) = sheet.plane();
        let (r, d) = (n.any_orthonormal_vector(), n.cross(n.any_orthonormal_vector()));
        let on = |p: DVec3| DVec2::new((p - o).dot(r), (p - o).dot(d));
        let poly: Vec<DVec2> = points.iter().map(|p| on(p.vec())).collect();
        let (mut inside, mut unsure) = (Vec::new(), Vec::new());
        for (at, center) in centers(g) {
            let off = (center - o).dot(n);
            let member = match sheet {
                Sheet::Layer { axis, index, .. } => at.0[*axis] as i64 == *index,
                Sheet::Slab { half_mm, .. } => off > -half_mm && off <= *half_mm,
            };
            let p = on(center);
            let mut odd = false;
            for m in 0..poly.len() {
                let (a, b) = (poly[m], poly[(m + 1) % poly.len()]);
                odd ^= (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x;
                let t = ((p - a).dot(b - a) / (b - a).length_squared().max(1e-30)).clamp(0.0, 1.0);
                if (p - a.lerp(b, t)).length() < 1e-6 {
                    unsure.push(at.flat(g.size()) as u64);
                }
            }
            if member && odd {
                inside.push(at.flat(g.size()) as u64);
            }
            if matches!(sheet, Sheet::Slab { half_mm, .. } if (off.abs() - half_mm).abs() < 1e-6) {
                unsure.push(at.flat(g.size()) as u64);
            }
        }
        (inside, unsure)
    }

    #[test]
    fn outlines_enclose_exactly_the_voxels_of_the_rule() {
        let mut dice = Dice(11);
        let mut covered = 0;
        for g in grids() {
            for n in 0..40 {
                let points: Vec<PatientPoint> = (0..3 + n % 9).map(|_| dice.point_in(&g)).collect();
                let plane = match n % 4 {
                    3 => DrawPlane::Oblique {
                        origin_mm: points[0],
                        right: dice.direction().to_array(),
                        down: dice.direction().to_array(),
                    },
                    p => DrawPlane::Named(Plane::ALL[p]),
                };
                let sheet = Sheet::of(&g, plane, &points).unwrap();
                let (want, unsure) = by_rule(&g, &sheet, &points);
                let got = flat(&contour_spans(&g, &sheet, &points));
                let differ = got.iter().filter(|v| !want.contains(v)).chain(want.iter().filter(|v| !got.contains(v)));
                let wrong: Vec<_> = differ.filter(|v| !unsure.contains(v)).collect();
                assert!(wrong.is_empty(), "{plane:?} with {} points: {wrong:?}", points.len());
                covered += want.len();
            }
        }
        assert!(covered > 5_000, "the test filled only {covered} voxels");
    }

    #[test]
    fn fewer_than_three_points_enclose_nothing() {
        let g = &grids()[0];
        let sheet = Sheet::layer(g, 2, 3);
        assert!(contour_spans(g, &sheet, &[g.center(), g.origin()]).is_empty());
    }
}
