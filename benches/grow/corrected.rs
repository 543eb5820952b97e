//! One corrective gesture after grow, by a simulated reader who sees where the answer is wrong.
//!
//! The reader looks at the largest piece that is missing and at the largest that is too much, and has the window's own tools:
//! a stroke of the ball-shaped brush along that piece or along the lesion's longest direction (painting, painting dark values
//! only, or erasing; 1 to 14 mm in the brush's own steps), an outline of the lesion on the slice that is worst (added, or what
//! lies outside it cut away), a second grow from the middle of what is missing, and grow once more instead of the first, its
//! reach chosen by sight as the preview follows the drag. Of these the one that helps most is made, with a hand that puts
//! every point up to 0.5 mm beside where it was meant.

use super::{Random, Voxels, dice};
use spondyl::segment::{BONE_SHARE, DrawPlane, Sheet, Span, Stroke, bone_levels, contour_spans, grow};
use spondyl::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use spondyl::volume::Volume;
use std::collections::BTreeMap;

const HAND_MM: f64 = 0.5;
/// Steps of the brush's radius, and of a reach that is chosen by sight.
const STEP_MM: f64 = 0.5;
const RADII_MM: [f64; 2] = [1.0, 14.0];
const FAT_HU: f64 = -120.0;

/// The gesture that was made, and what the lesion is after it.
pub fn best(volume: &Volume, drawn: &Voxels, truth: &Voxels, random: &mut Random) -> (&'static str, Voxels) {
    let eye = Eye { volume, g: &volume.geometry, drawn, truth };
    let missing = eye.largest(&truth.difference(drawn).copied().collect());
    let extra = eye.largest(&drawn.difference(truth).copied().collect());
    let mut best = ("none", drawn.clone(), dice(drawn, truth));
    let mut offer = |name: &'static str, after: Voxels| {
        let score = dice(&after, truth);
        if score > best.2 {
            best = (name, after, score);
        }
    };
    let dark = bone_levels(volume, eye.middle(truth)).map(|[soft, bone]| soft + BONE_SHARE * (bone - soft));
    for (piece, paints) in [(&missing, true), (truth, true), (&extra, false)] {
        for path in eye.paths(piece, random) {
            for radius in steps(RADII_MM) {
                let stroke = voxels(&Stroke::sphere(eye.g, radius).path(&path));
                if !paints {
                    offer("erase", drawn.difference(&stroke).copied().collect());
                    continue;
                }
                offer("brush", drawn.union(&stroke).copied().collect());
                if let Some(most) = dark {
                    let value = |v: &u64| volume.value(VoxelIndex::from_flat(*v as usize, volume.size()));
                    let takes = |v: &&u64| (FAT_HU..=most).contains(&value(v));
                    offer("brush, dark values", drawn.iter().chain(stroke.iter().filter(takes)).copied().collect());
                }
            }
        }
    }
    for (slice, outline) in eye.outlines(random) {
        offer("outline", drawn.union(&outline).copied().collect());
        let in_slice = |v: &u64| VoxelIndex::from_flat(*v as usize, volume.size()).0[2] == slice;
        offer("cut", drawn.iter().filter(|v| !in_slice(v) || outline.contains(v)).copied().collect());
    }
    if !missing.is_empty() {
        let seed = shaken(eye.middle(&missing), random);
        let far = missing.iter().map(|v| eye.at(*v).distance_mm(seed)).fold(0.0, f64::max);
        let more = grow(volume, seed, (far * (0.95 + 0.4 * random.unit())).max(1.5)).unwrap_or_default();
        offer("second grow", drawn.union(&voxels(&more)).copied().collect());
    }
    let far = truth.iter().map(|v| eye.at(*v).distance_mm(eye.middle(truth))).fold(0.0, f64::max);
    let seed = shaken(eye.middle(truth), random);
    for reach in steps([(0.7 * far).max(1.5), 1.6 * far]) {
        offer("grow again", voxels(&grow(volume, seed, reach).unwrap_or_default()));
    }
    (best.0, best.1)
}

fn steps([from, to]: [f64; 2]) -> impl Iterator<Item = f64> {
    (0..).map(move |n| from + STEP_MM * f64::from(n)).take_while(move |r| *r <= to)
}

struct Eye<'a> {
    volume: &'a Volume,
    g: &'a Geometry,
    drawn: &'a Voxels,
    truth: &'a Voxels,
}

impl Eye<'_> {
    fn at(&self, voxel: u64) -> PatientPoint {
        self.g.patient_from_voxel(VoxelIndex::from_flat(voxel as usize, self.volume.size()).center())
    }

    fn middle(&self, of: &Voxels) -> PatientPoint {
        let sum: DVec3 = of.iter().map(|v| self.at(*v).vec()).sum();
        PatientPoint::from_vec(sum / of.len().max(1) as f64).unwrap_or(PatientPoint::ORIGIN)
    }

    /// The largest piece that hangs together by faces.
    fn largest(&self, of: &Voxels) -> Voxels {
        let size = self.volume.size().map(|n| n as u64);
        let mut left = of.clone();
        let mut best = Voxels::new();
        while let Some(first) = left.pop_first() {
            let (mut piece, mut open) = (Voxels::from([first]), vec![first]);
            while let Some(v) = open.pop() {
                for step in [1, size[0], size[0] * size[1]] {
                    for next in [v.wrapping_sub(step), v + step] {
                        if left.remove(&next) {
                            piece.insert(next);
                            open.push(next);
                        }
                    }
                }
            }
            if piece.len() > best.len() {
                best = piece;
            }
        }
        best
    }

    /// Dabs, straight strokes along a piece's longest direction, and one that follows its bends.
    fn paths(&self, piece: &Voxels, random: &mut Random) -> Vec<Vec<PatientPoint>> {
        if piece.is_empty() {
            return vec![];
        }
        let middle = self.middle(piece);
        let axis = self.longest(piece, middle);
        let along = |v: &u64| (self.at(*v).vec() - middle.vec()).dot(axis);
        let (low, high) = piece.iter().map(along).fold((0.0f64, 0.0f64), |(a, b), t| (a.min(t), b.max(t)));
        let straight = |share: f64| [low * share, high * share].map(|t| middle.moved(axis * t)).to_vec();
        let bin = |v: &u64| (((along(v) - low) / (high - low).max(1e-6) * 4.0) as usize).min(3);
        let bent = (0..4).map(|n| piece.iter().filter(|v| bin(v) == n).copied().collect::<Voxels>());
        let bent = bent.filter(|part| !part.is_empty()).map(|part| self.middle(&part)).collect();
        let mut paths = vec![vec![middle], straight(0.4), straight(0.8), bent];
        paths.iter_mut().flatten().for_each(|p| *p = shaken(*p, random));
        paths
    }

    /// The direction in which the piece varies most (power iteration).
    fn longest(&self, piece: &Voxels, middle: PatientPoint) -> DVec3 {
        let offsets: Vec<DVec3> = piece.iter().map(|v| self.at(*v).vec() - middle.vec()).collect();
        let mut axis = DVec3::new(0.6, 0.64, 0.48);
        for _ in 0..30 {
            let next: DVec3 = offsets.iter().map(|o| *o * o.dot(axis)).sum();
            axis = next.try_normalize().unwrap_or(axis);
        }
        axis
    }

    /// The truth's outline on its worst slice, seen from its middle in 24 directions.
    fn outlines(&self, random: &mut Random) -> Vec<(usize, Voxels)> {
        let slice = |v: &u64| VoxelIndex::from_flat(*v as usize, self.volume.size()).0[2];
        let mut wrong: BTreeMap<usize, usize> = BTreeMap::new();
        self.truth.symmetric_difference(self.drawn).for_each(|v| *wrong.entry(slice(v)).or_default() += 1);
        let worst = wrong.iter().max_by_key(|(_, n)| **n).map(|(k, _)| *k);
        let Some(worst) = worst else { return vec![] };
        let here: Voxels = self.truth.iter().filter(|v| slice(v) == worst).copied().collect();
        if here.is_empty() {
            return vec![(worst, here)];
        }
        let middle = self.middle(&here);
        let [right, down, _] = self.g.directions();
        let half = self.g.spacing_mm()[0] / 2.0;
        let point = |n: usize| {
            let angle = n as f64 / 24.0 * std::f64::consts::TAU;
            let way = right * angle.cos() + down * angle.sin();
            let beside = |v: &&u64| {
                let off = self.at(**v).vec() - middle.vec();
                (off - way * off.dot(way)).length() <= 1.2 * half * 2.0 && off.dot(way) >= 0.0
            };
            let far = here.iter().filter(beside).map(|v| (self.at(*v).vec() - middle.vec()).dot(way));
            shaken(middle.moved(way * (far.fold(0.0, f64::max) + half)), random)
        };
        let points: Vec<PatientPoint> = (0..24).map(point).collect();
        let plane = DrawPlane::Oblique { origin_mm: middle, right: right.to_array(), down: down.to_array() };
        let sheet = Sheet::of(self.g, plane, &[middle]);
        sheet.map(|s| (worst, voxels(&contour_spans(self.g, &s, &points)))).into_iter().collect()
    }
}

fn shaken(p: PatientPoint, random: &mut Random) -> PatientPoint {
    p.moved(random.in_ball() * HAND_MM)
}

fn voxels(spans: &[Span]) -> Voxels {
    spans.iter().flat_map(|s| s.start..s.end).collect()
}
