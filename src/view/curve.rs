//! The curved sagittal: a surface through the labelled level centres, straightened so that the whole spine lies in one
//! picture. Down the picture runs the spine's length, across it the distance from the curve towards the patient's back.
//!
//! The curve is a centripetal Catmull–Rom spline through the centres (Yuksel 2011, Comput Aided Des 43:747), which
//! passes through each of them without loops, sampled at equal lengths and prolonged straight at both ends.

use crate::space::{DVec2, DVec3, Geometry, PatientPoint};
use crate::volume::SlicePlane;

/// Between samples of the curve, mm.
const STEP_MM: f64 = 0.5;
/// How far the curve goes on beyond the first and last centre, mm.
const BEYOND_MM: f64 = 40.0;
/// Half the width that a fitted picture shows, mm.
const HALF_WIDTH_MM: f64 = 70.0;

/// One place on the curve.
#[derive(Clone, Copy, Debug)]
struct Station {
    at: DVec3,
    /// Towards the feet.
    along: DVec3,
    /// Across the picture: towards the patient's back.
    across: DVec3,
}

impl Station {
    /// Out of the picture, as right × down.
    fn normal(self) -> DVec3 {
        self.across.cross(self.along)
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Curve {
    stations: Vec<Station>,
    /// Length along the curve of each centre, mm, in the order given.
    marks_mm: Vec<f64>,
}

/// A place as the straightened picture has it, mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Straight {
    /// From the curve towards the patient's back.
    pub across_mm: f64,
    /// Along the curve, from its upper end.
    pub along_mm: f64,
    /// Out of the surface, away from the viewer.
    pub depth_mm: f64,
}

impl Curve {
    /// The curve through centres in the order head to feet; `None` for fewer than two, or when two coincide.
    pub fn through(centres: &[PatientPoint]) -> Option<Self> {
        let given: Vec<DVec3> = centres.iter().map(|c| c.vec()).collect();
        if given.len() < 2 || given.windows(2).any(|w| w[0].distance(w[1]) < 1e-3) {
            return None;
        }
        let (first, last) = (given[0], given[given.len() - 1]);
        let ahead = first + (first - given[1]).normalize() * BEYOND_MM;
        let behind = last + (last - given[given.len() - 2]).normalize() * BEYOND_MM;
        let knots: Vec<DVec3> = std::iter::once(ahead).chain(given).chain([behind]).collect();
        let (fine, at_knot) = fine_points(&knots);
        let lengths = running_lengths(&fine);
        let total = *lengths.last()?;
        let count = (total / STEP_MM).floor() as usize + 1;
        let points: Vec<DVec3> = (0..count).map(|n| at_length(&fine, &lengths, n as f64 * STEP_MM)).collect();
        let stations = stations(&points);
        let marks_mm = at_knot[1..at_knot.len() - 1].iter().map(|n| lengths[*n]).collect();
        (stations.len() > 2).then_some(Curve { stations, marks_mm })
    }

    /// Length of the curve, mm.
    pub fn length_mm(&self) -> f64 {
        (self.stations.len() - 1) as f64 * STEP_MM
    }

    /// Where the centres lie along the curve, mm.
    pub fn marks_mm(&self) -> &[f64] {
        &self.marks_mm
    }

    fn station(&self, along_mm: f64) -> Station {
        let last = self.stations.len() - 1;
        let x = along_mm / STEP_MM;
        let n = (x.floor().max(0.0) as usize).min(last - 1);
        let (a, b, t) = (self.stations[n], self.stations[n + 1], (x - n as f64).clamp(0.0, 1.0));
        let along = a.along.lerp(b.along, t).normalize_or(a.along);
        let across = a.across.lerp(b.across, t);
        let across = (across - along * across.dot(along)).normalize_or(a.across);
        // Beyond the ends the curve goes on straight.
        let over = (x - x.clamp(0.0, last as f64)) * STEP_MM;
        Station { at: a.at.lerp(b.at, t) + along * over, along, across }
    }

    /// The point of the patient that a place of the straightened picture shows.
    pub fn patient_from_straight(&self, p: Straight) -> PatientPoint {
        let s = self.station(p.along_mm);
        let at = s.at + s.across * p.across_mm + s.normal() * p.depth_mm;
        PatientPoint::from_vec(at).unwrap_or(PatientPoint::ORIGIN)
    }

    /// Where the straightened picture shows a point: on the cut across the curve, nearest to the curve, that holds it.
    pub fn straight_from_patient(&self, p: PatientPoint) -> Straight {
        let p = p.vec();
        let nearest = self.stations.iter().enumerate().min_by(|a, b| {
            let d = |s: &Station| s.at.distance_squared(p);
            d(a.1).total_cmp(&d(b.1))
        });
        let mut along_mm = nearest.map_or(0.0, |(n, _)| n as f64 * STEP_MM);
        // Where the cut at right angles to the curve passes through the point: the offset along the curve becomes 0.
        for _ in 0..24 {
            let s = self.station(along_mm);
            let off = (p - s.at).dot(s.along);
            along_mm += off * 0.7;
            if off.abs() < 1e-7 {
                break;
            }
        }
        let s = self.station(along_mm);
        Straight { across_mm: (p - s.at).dot(s.across), along_mm, depth_mm: (p - s.at).dot(s.normal()) }
    }

    /// Directions of the picture at a place: right, down, away from the viewer.
    pub fn directions(&self, along_mm: f64) -> [DVec3; 3] {
        let s = self.station(along_mm);
        [s.across, s.along, s.normal()]
    }

    /// The rows of a picture, each a plane one pixel high: a straight line across the curve. `middle` is what the picture's
    /// middle shows.
    pub fn rows(&self, middle: Straight, mm_per_pixel: f64, size: [usize; 2]) -> Vec<SlicePlane> {
        let row = |v: usize| {
            let along_mm = middle.along_mm + (v as f64 + 0.5 - size[1] as f64 / 2.0) * mm_per_pixel;
            let [right, down, _] = self.directions(along_mm);
            let center = self.patient_from_straight(Straight { along_mm, ..middle });
            SlicePlane::new(center, right, down, mm_per_pixel, [size[0], 1])
        };
        (0..size[1]).map(row).collect()
    }

    /// The straightened picture as a grid of its own, 1 mm a voxel, whose coordinates are (depth, across, −along): what a
    /// pane is fitted to.
    pub fn extent(&self) -> Option<Geometry> {
        let length = self.length_mm().ceil().max(2.0);
        let origin = PatientPoint::new(0.0, -HALF_WIDTH_MM, -length)?;
        let size = [2, (2.0 * HALF_WIDTH_MM) as usize + 1, length as usize + 1];
        Geometry::regular(origin, [DVec3::X, DVec3::Y, DVec3::Z], size).ok()
    }
}

impl Straight {
    /// As a point of [`Curve::extent`]'s space: a sagittal pane then shows it as the straightened picture lies.
    pub fn point(self) -> PatientPoint {
        PatientPoint::new(-self.depth_mm, self.across_mm, -self.along_mm).unwrap_or(PatientPoint::ORIGIN)
    }

    /// The inverse of [`Straight::point`].
    pub fn of_point(p: PatientPoint) -> Self {
        let v = p.vec();
        Straight { depth_mm: -v.x, across_mm: v.y, along_mm: -v.z }
    }

    /// (across, along).
    pub fn flat(self) -> DVec2 {
        DVec2::new(self.across_mm, self.along_mm)
    }
}

/// Points of the spline close together, and which of them are its knots.
fn fine_points(knots: &[DVec3]) -> (Vec<DVec3>, Vec<usize>) {
    let last = knots.len() - 1;
    let knot = |n: isize| match n {
        n if n < 0 => knots[0] * 2.0 - knots[1],
        n if n as usize > last => knots[last] * 2.0 - knots[last - 1],
        n => knots[n as usize],
    };
    let (mut fine, mut at_knot) = (vec![knots[0]], vec![0]);
    for n in 0..last as isize {
        let p = [knot(n - 1), knot(n), knot(n + 1), knot(n + 2)];
        let pieces = ((p[2] - p[1]).length() / 0.1).ceil().clamp(8.0, 20_000.0) as usize;
        fine.extend((1..=pieces).map(|k| catmull_rom(p, k as f64 / pieces as f64)));
        at_knot.push(fine.len() - 1);
    }
    (fine, at_knot)
}

/// Barry and Goldman's pyramid with centripetal knots; `t` from 0 at `p[1]` to 1 at `p[2]`.
fn catmull_rom(p: [DVec3; 4], t: f64) -> DVec3 {
    let mut k = [0.0; 4];
    (1..4).for_each(|i| k[i] = k[i - 1] + (p[i] - p[i - 1]).length().sqrt().max(1e-9));
    let x = k[1] + (k[2] - k[1]) * t;
    let mix = |a: DVec3, b: DVec3, from: f64, to: f64| a * ((to - x) / (to - from)) + b * ((x - from) / (to - from));
    let a: [DVec3; 3] = std::array::from_fn(|i| mix(p[i], p[i + 1], k[i], k[i + 1]));
    let b: [DVec3; 2] = std::array::from_fn(|i| mix(a[i], a[i + 1], k[i], k[i + 2]));
    mix(b[0], b[1], k[1], k[2])
}

fn running_lengths(points: &[DVec3]) -> Vec<f64> {
    let mut sum = 0.0;
    std::iter::once(0.0)
        .chain(points.windows(2).map(|w| {
            sum += w[0].distance(w[1]);
            sum
        }))
        .collect()
}

fn at_length(points: &[DVec3], lengths: &[f64], want: f64) -> DVec3 {
    let next = lengths.partition_point(|l| *l <= want).clamp(1, points.len() - 1);
    let (from, to) = (lengths[next - 1], lengths[next]);
    points[next - 1].lerp(points[next], ((want - from) / (to - from).max(1e-12)).clamp(0.0, 1.0))
}

fn stations(points: &[DVec3]) -> Vec<Station> {
    let last = points.len() - 1;
    let mut across = DVec3::Y;
    (0..points.len())
        .map(|n| {
            let along = (points[(n + 1).min(last)] - points[n.saturating_sub(1)]).normalize_or(DVec3::NEG_Z);
            // Towards the back; where the curve itself runs that way, as at the place before.
            let back = DVec3::Y - along * along.y;
            let wanted = if back.length() > 0.2 { back } else { across - along * across.dot(along) };
            across = wanted.normalize_or(across);
            Station { at: points[n], along, across }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: f64, y: f64, z: f64) -> PatientPoint {
        PatientPoint::new(x, y, z).unwrap()
    }

    fn spine() -> Vec<PatientPoint> {
        (0..7).map(f64::from).map(|k| p(4.0 * (k * 0.8).sin(), 14.0 * (k * 0.5).cos(), 200.0 - 24.0 * k)).collect()
    }

    #[test]
    fn the_curve_passes_through_every_centre_at_its_mark() {
        let centres = spine();
        let curve = Curve::through(&centres).expect("a spine");
        for (c, mark) in centres.iter().zip(curve.marks_mm()) {
            let s = curve.straight_from_patient(*c);
            assert!(s.across_mm.abs() < 0.02 && s.depth_mm.abs() < 0.02, "{s:?}");
            assert!((s.along_mm - mark).abs() < 0.05, "{s:?} at {mark}");
        }
        let straight = centres[0].distance_mm(centres[6]);
        let along = curve.marks_mm()[6] - curve.marks_mm()[0];
        assert!(along > straight && along < 1.2 * straight, "{along} along, {straight} straight");
    }

    #[test]
    fn there_and_back_is_the_same_place() {
        let curve = Curve::through(&spine()).expect("a spine");
        for along_mm in [-10.0, 3.3, 60.0, 101.7, 190.0] {
            for (across_mm, depth_mm) in [(0.0, 0.0), (-25.0, 4.0), (30.0, -12.5)] {
                let s = Straight { across_mm, along_mm, depth_mm };
                let back = curve.straight_from_patient(curve.patient_from_straight(s));
                let off = (back.flat() - s.flat()).length() + (back.depth_mm - depth_mm).abs();
                assert!(off < 0.05, "{s:?} came back as {back:?}");
            }
        }
    }

    #[test]
    fn a_straight_spine_gives_the_plain_sagittal_directions() {
        let curve = Curve::through(&[p(5.0, 1.0, 90.0), p(5.0, 1.0, 60.0), p(5.0, 1.0, 30.0)]).expect("a spine");
        let [right, down, away] = curve.directions(33.0);
        assert!((right - DVec3::Y).length() < 1e-9 && (down - DVec3::NEG_Z).length() < 1e-9);
        assert!((away - DVec3::NEG_X).length() < 1e-9);
        assert!(Curve::through(&[p(0.0, 0.0, 0.0)]).is_none());
        assert!(Curve::through(&[p(0.0, 0.0, 0.0), p(0.0, 0.0, 0.0)]).is_none());
    }

    /// A phantom whose values are known in closed form: on an arc of a circle, `of` says the value of a point from its length
    /// along the arc and its distance from it towards the back.
    fn arc(of: impl Fn(f64, f64) -> f64) -> (std::sync::Arc<crate::volume::Volume>, Vec<PatientPoint>) {
        use crate::volume::{Kind, Rescale, Rescales, Samples, Volume};
        const RADIUS: f64 = 110.0;
        let size = [5, 60, 116];
        let geometry = Geometry::regular(p(-2.0, -20.0, 0.0), [DVec3::X, DVec3::Y, DVec3::Z], size).unwrap();
        // The circle's middle lies in front of the spine; its lordosis faces backwards.
        let middle = DVec3::new(0.0, -RADIUS, 57.0);
        let value = |n: usize| {
            let q = geometry.patient_from_voxel(crate::space::VoxelIndex::from_flat(n, size).center()).vec() - middle;
            let along = RADIUS * -(q.z.atan2(q.y));
            (of(along, DVec2::new(q.y, q.z).length() - RADIUS) * 100.0).round() as i16
        };
        let samples = Samples::I16((0..size.iter().product()).map(value).collect());
        let rescale = Rescale { slope: 0.01, intercept: 0.0 };
        let volume = Volume {
            geometry: geometry.clone(),
            kind: Kind::Volume,
            samples,
            rescales: Rescales::Uniform(rescale),
            units: "US".to_owned(),
            inverted: false,
            voi: Vec::new(),
            padding: None,
        };
        let centre = |n: i32| {
            let angle = f64::from(n) * 18.0 / RADIUS;
            PatientPoint::from_vec(middle + DVec3::new(0.0, angle.cos(), -angle.sin()) * RADIUS).unwrap()
        };
        (std::sync::Arc::new(volume), (-2..=2).map(centre).collect())
    }

    #[test]
    fn points_of_a_known_curve_appear_at_their_length_along_it() {
        use crate::volume::{Interpolation, SliceView, reslice_rows};
        const MM: f64 = 0.5;
        let (size, half) = ([61usize, 140usize], MM / 2.0);
        for across in [false, true] {
            let (volume, centres) = arc(|along, off| if across { off } else { along });
            let curve = Curve::through(&centres).expect("a spine");
            let middle = curve.straight_from_patient(centres[2]);
            let view = |plane| SliceView { plane, interpolation: Interpolation::Linear, slab: None };
            let rows: Vec<SliceView> = curve.rows(middle, MM, size).into_iter().map(view).collect();
            let picture = reslice_rows(&volume, &rows);
            for v in 0..size[1] {
                for u in 0..size[0] {
                    let along = (v as f64 + 0.5 - size[1] as f64 / 2.0) * MM;
                    let off = (u as f64 + 0.5 - size[0] as f64 / 2.0) * MM;
                    // Beyond the second and the last but one centre the spline's ends are free: there the curve itself is
                    // at its length, and the cuts lean.
                    if along.abs() > 18.0 && (across || off != 0.0) {
                        continue;
                    }
                    let got = f64::from(picture[v * size[0] + u]);
                    // Along the curve itself at its length; beside it on the cut at right angles, which the circle's
                    // radius is.
                    let want = if across { off } else { along };
                    assert!((got - want).abs() <= half, "pixel {u}, {v} shows {got:.2}, the phantom has {want:.2}");
                }
            }
        }
    }
}
