//! The body of a vertebra: a shape from few points, fitted to the bone's edge on CT.
//!
//! The shape is star-shaped about its centre: a rounded box whose plates run through given points, or have the usual size
//! of that level, scaled by how far apart this spine's centres lie (Panjabi 1991, Spine 16:888 and 16:861; 1992, Spine
//! 17:299: widths, depths and heights of C3–L5, rounded here). On CT it is then fitted: along each of [`DIRECTIONS`] rays the surface
//! goes where the brightness falls off outwards, while neighbouring rays keep to like shares of the shape's own radius, so
//! that the surface passes straight over pedicles, breaches and lesions, where there is no edge. The shares are found
//! together by min-sum belief propagation (Felzenszwalb & Huttenlocher 2006, Int J Comput Vision 70:41).

use super::{Region, Span, blur};
use crate::anatomy::VertebraLevel;
use crate::document::HeightPoints;
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use crate::volume::Volume;

/// Rays on which the surface is sought.
const DIRECTIONS: usize = 600;
/// Nothing of a body is further from its centre, mm.
const FARTHEST_MM: f64 = 48.0;

/// Usual (width, depth, height) of a body, mm. C1 has no body; C2 is taken without the dens.
#[rustfmt::skip]
const USUAL_MM: [[f64; 3]; 32] = [
    [16.0, 15.0, 11.0], [16.0, 15.0, 14.0], [15.8, 15.0, 11.6], [17.2, 15.3, 11.4], [17.5, 15.2, 11.4], [18.5, 16.4, 10.9], [21.8, 18.1, 12.8],
    [24.5, 18.5, 14.1], [24.9, 19.6, 15.6], [24.6, 22.7, 15.7], [24.5, 23.3, 16.2], [24.9, 24.3, 16.2], [26.2, 26.0, 17.4],
    [27.8, 27.4, 18.2], [29.5, 27.9, 18.7], [30.6, 29.3, 19.3], [31.9, 30.5, 20.2], [34.9, 31.9, 21.3], [39.0, 32.8, 22.7], [40.0, 33.5, 23.3],
    [41.2, 34.1, 23.8], [42.6, 34.6, 24.3], [44.1, 35.2, 23.8], [46.6, 35.5, 24.1], [47.3, 34.7, 22.9], [47.3, 34.7, 22.9],
    [48.0, 32.0, 28.0], [34.0, 20.0, 22.0], [28.0, 15.0, 18.0], [24.0, 12.0, 16.0], [22.0, 10.0, 14.0], [18.0, 9.0, 12.0],
];

/// Usual distance from one centre to the next, mm: a body's height and the disc's.
fn usual_spacing_mm(level: VertebraLevel) -> f64 {
    let height = USUAL_MM[level as usize][2];
    height
        * if level < VertebraLevel::T1 {
            1.45
        } else if level < VertebraLevel::T11 {
            1.25
        } else {
            1.45
        }
}

/// How far the fit may move the surface, as shares of the shape's radius, and how strongly it holds on to it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Freedom {
    low: f64,
    high: f64,
    hold: f64,
}

/// A body's shape before anything is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyShape {
    center: DVec3,
    /// Towards a side, the back and the head; unit length, at right angles.
    axes: [DVec3; 3],
    half_width_mm: f64,
    half_depth_mm: f64,
    /// Height of the upper and lower plate above the centre at the front, in the middle and at the back, mm.
    plates_mm: [[f64; 3]; 2],
    freedom: Freedom,
}

impl BodyShape {
    /// The usual shape of a level about its labelled centre; the neighbours' centres tell its size and which way is up.
    pub fn usual(
        level: VertebraLevel,
        center: PatientPoint,
        above: Option<(VertebraLevel, PatientPoint)>,
        below: Option<(VertebraLevel, PatientPoint)>,
    ) -> BodyShape {
        let point = |n: Option<(VertebraLevel, PatientPoint)>| n.map_or(center, |(_, p)| p).vec();
        let up = (point(above) - point(below)).try_normalize().unwrap_or(DVec3::Z);
        let scales: Vec<f64> = [above, below]
            .into_iter()
            .flatten()
            .map(|(l, p)| p.distance_mm(center) / (0.5 * (usual_spacing_mm(l) + usual_spacing_mm(level))))
            .collect();
        let scale = scales.iter().sum::<f64>() / scales.len().max(1) as f64;
        let scale = if scales.is_empty() { 1.0 } else { scale.clamp(0.75, 1.3) };
        let [width, depth, height] = USUAL_MM[level as usize].map(|mm| 0.5 * scale * mm);
        BodyShape {
            center: center.vec(),
            axes: axes(up, DVec3::Y),
            half_width_mm: width,
            half_depth_mm: depth,
            plates_mm: [[1.04 * height; 3], [-1.04 * height; 3]],
            freedom: Freedom { low: 0.6, high: 1.45, hold: 0.15 },
        }
    }

    /// The shape through six end-plate points and, where they are marked, the two sides; `None` when the points do not span
    /// a body.
    pub fn of_plates(level: VertebraLevel, p: &HeightPoints, sides: Option<[PatientPoint; 2]>) -> Option<BodyShape> {
        let top = [p.sup_ant, p.sup_mid, p.sup_post].map(PatientPoint::vec);
        let bottom = [p.inf_ant, p.inf_mid, p.inf_post].map(PatientPoint::vec);
        let up = (top.iter().sum::<DVec3>() - bottom.iter().sum::<DVec3>()).try_normalize()?;
        let backwards = top[2] + bottom[2] - top[0] - bottom[0];
        let axes = axes(up, backwards);
        let half_depth_mm = 0.25 * backwards.dot(axes[1]);
        let [width, depth, _] = USUAL_MM[level as usize];
        let half_width_mm = match sides {
            Some([a, b]) => 0.5 * (a.vec() - b.vec()).dot(axes[0]).abs(),
            None => half_depth_mm * width / depth,
        };
        let ends = 0.25 * (top[0] + top[2] + bottom[0] + bottom[2]);
        let aside = sides.map_or(0.0, |[a, b]| (0.5 * (a.vec() + b.vec()) - ends).dot(axes[0]));
        let center = ends + axes[0] * aside;
        let plates_mm = [top, bottom].map(|plate| plate.map(|q| (q - center).dot(axes[2])));
        let spans = half_depth_mm > 1.0 && half_width_mm > 1.0 && (0..3).all(|n| plates_mm[0][n] > plates_mm[1][n]);
        let freedom = match sides {
            Some(_) => Freedom { low: 0.9, high: 1.12, hold: 1.0 },
            None => Freedom { low: 0.8, high: 1.3, hold: 0.4 },
        };
        spans.then_some(BodyShape { center, axes, half_width_mm, half_depth_mm, plates_mm, freedom })
    }

    /// How far out a point lies: 1 on the surface, less inside. The middle point of a plate may lie above or below the line
    /// between its ends.
    fn reach(&self, local: DVec3) -> f64 {
        let (s, b) = (local.x / self.half_width_mm, local.y / self.half_depth_mm);
        let t = b.clamp(-1.0, 1.0);
        let [top, bottom] = self.plates_mm.map(|[front, middle, back]| {
            0.5 * t * (t - 1.0) * front + (1.0 - t * t) * middle + 0.5 * t * (t + 1.0) * back
        });
        let (middle, half) = (0.5 * (top + bottom), (0.5 * (top - bottom)).max(0.5));
        let across = (s.abs().powf(2.6) + b.abs().powf(2.6)).powf(1.0 / 2.6);
        (across.powi(8) + ((local.z - middle) / half).abs().powi(8)).powf(0.125)
    }

    /// Distance of the shape's surface from its centre along a direction, mm.
    fn radius_mm(&self, direction: DVec3) -> f64 {
        let (mut low, mut high) = (0.0, FARTHEST_MM);
        for _ in 0..24 {
            let middle = 0.5 * (low + high);
            if self.reach(direction * middle) < 1.0 { low = middle } else { high = middle }
        }
        low
    }

    fn world(&self, local: DVec3) -> DVec3 {
        self.axes[0] * local.x + self.axes[1] * local.y + self.axes[2] * local.z
    }
}

/// Towards a side, the back, and up.
fn axes(up: DVec3, backwards: DVec3) -> [DVec3; 3] {
    let back = (backwards - up * backwards.dot(up)).try_normalize().unwrap_or(up.any_orthonormal_vector());
    [back.cross(up), back, up]
}

/// The voxels of a body: the shape as it is, or fitted to the edges of a CT.
pub fn body_spans(geometry: &Geometry, shape: &BodyShape, ct: Option<&Volume>) -> Vec<Span> {
    let directions = directions();
    let radii: Vec<f64> = directions.iter().map(|d| shape.radius_mm(*d)).collect();
    let shares = match ct.and_then(|volume| Picture::cut_out(volume, shape.center)) {
        Some(picture) => fitted(&picture, shape, &directions, &radii),
        None => vec![1.0; DIRECTIONS],
    };
    let table = Table::of(&directions, &shares);
    let (low, high) = box_about(geometry, shape.center, FARTHEST_MM);
    let mut region = Region::empty(geometry, low, high);
    for n in 0..region.inside.len() {
        let place = region.at(n);
        let voxel = VoxelIndex(std::array::from_fn(|a| place[a] + low[a]));
        let d = geometry.patient_from_voxel(voxel.center()).vec() - shape.center;
        let local = DVec3::new(d.dot(shape.axes[0]), d.dot(shape.axes[1]), d.dot(shape.axes[2]));
        let Some(direction) = local.try_normalize() else {
            region.inside[n] = true;
            continue;
        };
        let share = table.share(direction);
        region.inside[n] = local.length() <= FARTHEST_MM && shape.reach(local / share) <= 1.0;
    }
    region.spans(geometry.size())
}

/// First and last voxel of a box that holds every centre within `reach` of a point, inside the grid.
fn box_about(g: &Geometry, center: DVec3, reach: f64) -> ([usize; 3], [usize; 3]) {
    let size = g.size();
    let corner = |n: usize| DVec3::from_array(std::array::from_fn(|a| if n >> a & 1 == 0 { -reach } else { reach }));
    let corners = (0..8).filter_map(|n| PatientPoint::from_vec(center + corner(n))).map(|p| g.voxel_from_patient(p).0);
    let (low, high) = corners.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let within = |v: f64, a: usize| v.clamp(0.0, (size[a] - 1) as f64) as usize;
    (std::array::from_fn(|a| within(low[a].floor(), a)), std::array::from_fn(|a| within(high[a].ceil(), a)))
}

/// Directions spread evenly over the sphere (a Fibonacci lattice, Swinbank & Purser 2006).
fn directions() -> Vec<DVec3> {
    let golden = std::f64::consts::PI * (1.0 + 5f64.sqrt());
    let at = |n: usize| {
        let share = n as f64 + 0.5;
        let (sin, cos) = (1.0 - 2.0 * share / DIRECTIONS as f64).acos().sin_cos();
        let (s, c) = (golden * share).sin_cos();
        DVec3::new(c * sin, s * sin, cos)
    };
    (0..DIRECTIONS).map(at).collect()
}

/// Values about the centre, a little smoothed.
struct Picture<'a> {
    geometry: &'a Geometry,
    region: Region,
    values: Vec<f32>,
}

impl<'a> Picture<'a> {
    fn cut_out(volume: &'a Volume, center: DVec3) -> Option<Picture<'a>> {
        const SMOOTH_MM: f64 = 0.8;
        let geometry = &volume.geometry;
        geometry.voxel_from_patient(PatientPoint::from_vec(center)?).nearest(geometry.size())?;
        let (low, high) = box_about(geometry, center, FARTHEST_MM + 8.0);
        let region = Region::empty(geometry, low, high);
        let value = |n: usize| {
            let place = region.at(n);
            volume.value(VoxelIndex(std::array::from_fn(|a| place[a] + low[a]))) as f32
        };
        let mut values: Vec<f32> = (0..region.inside.len()).map(value).collect();
        blur::gaussian(&mut values, &region, SMOOTH_MM);
        Some(Picture { geometry, region, values })
    }

    /// Trilinear; beyond the box the nearest value in it.
    fn value(&self, at: DVec3) -> f64 {
        let Some(p) = PatientPoint::from_vec(at) else { return 0.0 };
        let v = self.geometry.voxel_from_patient(p).0;
        let size = self.region.size;
        let place: [f64; 3] =
            std::array::from_fn(|a| (v[a] - self.region.low[a] as f64).clamp(0.0, (size[a] - 1) as f64));
        let low = place.map(|x| x as usize);
        let mut sum = 0.0;
        for n in 0..8 {
            let corner: [usize; 3] = std::array::from_fn(|a| (low[a] + (n >> a & 1)).min(size[a] - 1));
            let weight = |a: usize| {
                let part = place[a] - low[a] as f64;
                if n >> a & 1 == 0 { 1.0 - part } else { part }
            };
            sum += weight(0) * weight(1) * weight(2) * f64::from(self.values[self.region.flat(corner)]);
        }
        sum
    }
}

/// Steps between the shares that are tried.
const STEP: f64 = 0.025;

/// For each direction the share of the shape's radius at which the bone's surface lies.
fn fitted(picture: &Picture<'_>, shape: &BodyShape, directions: &[DVec3], radii: &[f64]) -> Vec<f64> {
    let Freedom { low, high, .. } = shape.freedom;
    let shares: Vec<f64> = (0..).map(|n| low + STEP * f64::from(n)).take_while(|s| *s <= high + 1e-9).collect();
    let value = |ray: usize, mm: f64| picture.value(shape.center + shape.world(directions[ray]) * mm);
    let mut inner: Vec<f64> = (0..DIRECTIONS)
        .flat_map(|n| (0..13).map(move |k| (n, 0.15 + 0.05 * f64::from(k))))
        .map(|(n, s)| value(n, s * radii[n]))
        .collect();
    inner.sort_unstable_by(f64::total_cmp);
    let bone = inner[inner.len() / 2];
    let cost: Vec<Vec<f64>> =
        (0..DIRECTIONS).map(|n| edge_cost(&|mm| value(n, mm), radii[n], &shares, bone, shape.freedom.hold)).collect();
    let chosen = propagate(&cost, &neighbours(directions));
    chosen.into_iter().map(|n| shares[n]).collect()
}

/// What it costs to have the surface at each share of a ray's radius: little where brightness falls off outwards, and
/// where what lies within is bone.
fn edge_cost(value: &dyn Fn(f64) -> f64, radius: f64, shares: &[f64], bone: f64, hold: f64) -> Vec<f64> {
    const SOFT_HU: f64 = 40.0;
    const BESIDE_MM: f64 = 1.5;
    let gap = (bone - SOFT_HU).max(60.0);
    let mut within = 0.0;
    let cost = |share: &f64| {
        let r = radius * share;
        let outside = value(r + BESIDE_MM).min(value(r + 2.2 * BESIDE_MM));
        let fall = ((value(r - BESIDE_MM) - outside) / gap).clamp(-0.5, 1.5);
        within += STEP * ((value(r) - SOFT_HU) / gap - 0.45).clamp(-0.6, 0.5);
        -fall - 1.5 * within + hold * ((share - 1.0) / 0.15).powi(2)
    };
    shares.iter().map(cost).collect()
}

/// The six nearest directions of each, both ways.
fn neighbours(directions: &[DVec3]) -> Vec<(usize, usize)> {
    let mut pairs = std::collections::BTreeSet::new();
    for (n, d) in directions.iter().enumerate() {
        let mut near: Vec<usize> = (0..directions.len()).filter(|m| *m != n).collect();
        near.sort_unstable_by(|a, b| directions[*b].dot(*d).total_cmp(&directions[*a].dot(*d)));
        for m in near.into_iter().take(6) {
            pairs.insert((n, m));
            pairs.insert((m, n));
        }
    }
    pairs.into_iter().collect()
}

/// The cheapest choice for all rays together, where neighbours pay for differing: min-sum belief propagation, damped.
fn propagate(cost: &[Vec<f64>], pairs: &[(usize, usize)]) -> Vec<usize> {
    const ROUNDS: usize = 20;
    let labels = cost.first().map_or(0, Vec::len);
    let differ = |a: usize, b: usize| {
        let steps = a.abs_diff(b) as f64 * STEP / 0.05;
        0.15 * (steps * steps).min(9.0)
    };
    let table: Vec<f64> = (0..labels * labels).map(|n| differ(n / labels, n % labels)).collect();
    let back: Vec<usize> = pairs.iter().map(|(a, b)| pairs.binary_search(&(*b, *a)).unwrap_or_default()).collect();
    let mut message = vec![vec![0.0; labels]; pairs.len()];
    let beliefs = |message: &[Vec<f64>]| {
        let mut out = cost.to_vec();
        for ((_, to), m) in pairs.iter().zip(message) {
            out[*to].iter_mut().zip(m).for_each(|(o, v)| *o += v);
        }
        out
    };
    for _ in 0..ROUNDS {
        let belief = beliefs(&message);
        let next = pairs.iter().zip(&back).enumerate().map(|(n, ((from, _), back))| {
            let known: Vec<f64> = belief[*from].iter().zip(&message[*back]).map(|(b, m)| b - m).collect();
            let best = |to: usize| {
                let row = &table[to * labels..(to + 1) * labels];
                known.iter().zip(row).map(|(k, d)| k + d).fold(f64::INFINITY, f64::min)
            };
            let fresh: Vec<f64> = (0..labels).map(best).collect();
            let least = fresh.iter().copied().fold(f64::INFINITY, f64::min);
            fresh.iter().zip(&message[n]).map(|(f, m)| 0.5 * (m + f - least)).collect()
        });
        message = next.collect();
    }
    let cheapest = |b: &Vec<f64>| b.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(n, _)| n);
    beliefs(&message).iter().map(cheapest).collect()
}

/// Shares on a grid over the sphere, each from the four nearest rays, read between them.
struct Table {
    shares: Vec<f64>,
}

impl Table {
    const TURNS: usize = 96;
    const TILTS: usize = 49;

    fn of(directions: &[DVec3], shares: &[f64]) -> Table {
        let at = |n: usize| {
            let turn = (n % Self::TURNS) as f64 / Self::TURNS as f64 * std::f64::consts::TAU;
            let tilt = (n / Self::TURNS) as f64 / (Self::TILTS - 1) as f64 * std::f64::consts::PI;
            let d = DVec3::new(turn.cos() * tilt.sin(), turn.sin() * tilt.sin(), tilt.cos());
            let mut near: Vec<(f64, usize)> = directions.iter().map(|e| d.distance(*e)).zip(0..).collect();
            near.select_nth_unstable_by(3, |a, b| a.0.total_cmp(&b.0));
            let weights = near[..4].iter().map(|(far, n)| (1.0 / (far + 1e-3).powi(2), shares[*n]));
            let (top, bottom) = weights.fold((0.0, 0.0), |(t, b), (w, s)| (t + w * s, b + w));
            top / bottom
        };
        Table { shares: (0..Self::TURNS * Self::TILTS).map(at).collect() }
    }

    fn share(&self, d: DVec3) -> f64 {
        let turn = d.y.atan2(d.x).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU * Self::TURNS as f64;
        let tilt = d.z.clamp(-1.0, 1.0).acos() / std::f64::consts::PI * (Self::TILTS - 1) as f64;
        let (i, j) = (turn as usize, (tilt as usize).min(Self::TILTS - 2));
        let (u, v) = (turn - i as f64, tilt - j as f64);
        let get = |i: usize, j: usize| self.shares[j * Self::TURNS + i % Self::TURNS];
        let row = |j: usize| get(i, j) * (1.0 - u) + get(i + 1, j) * u;
        row(j) * (1.0 - v) + row(j + 1) * v
    }
}

#[cfg(test)]
mod tests;
