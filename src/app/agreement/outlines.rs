//! Two readers' outlines over a picture: where their masks end in the plane shown, found by marching squares on points of
//! the screen, so that any plane shows them. The first is solid, the second dashed.

use super::super::overlay::Sheet;
use super::super::reading::Reading;
use super::{Agreement, COLORS, Side};
use crate::document::{Document, ImageKey, LabelMap};
use crate::space::{DVec2, DVec3, Geometry, VoxelIndex, VoxelPoint};
use crate::view::{Aim, PanePoint, Sight};
use egui::{Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};
use std::collections::HashMap;

/// No more points than this are looked at for one lesion, so that a whole spine stays quick.
const POINTS_MAX: f64 = 40_000.0;
/// Dashes and the gaps between them, logical points.
const DASH: [f32; 2] = [7.0, 5.0];

/// Closed lines in points from the picture's corner.
type Lines = Vec<Vec<Pos2>>;

/// What a picture's lines depend on.
#[derive(Clone, PartialEq)]
struct Of {
    side: Side,
    generation: u64,
    image: ImageKey,
    pane: crate::view::Pane,
    cursor: DVec3,
    size: DVec2,
    curved: bool,
}

/// Lines of each pane and side, kept while the picture stays the same; and the boxes of lesions.
#[derive(Default)]
pub struct Kept {
    lines: HashMap<(usize, usize), (Of, Lines)>,
    boxes: HashMap<(Side, ImageKey), (u64, Vec<LesionBox>)>,
}

/// First and last voxel of a lesion on a series.
#[derive(Clone, Copy)]
struct LesionBox {
    value: u16,
    low: [usize; 3],
    high: [usize; 3],
}

/// Paints both sides over a pane, and the legend.
pub fn paint(agreement: &Agreement, reading: &Reading, sheet: &Sheet<'_>, pane: usize, rect: Rect) {
    let sight = sheet.sight;
    let key = &sheet.shown.key;
    for (n, side) in agreement.sides.into_iter().enumerate().filter(|(n, _)| agreement.shown[*n]) {
        let document = agreement.document(side, reading);
        let Some(map) = document.masks.get(key).filter(|m| m.size() == sheet.shown.geometry.size()) else { continue };
        let generation = if side == Side::Own { agreement.generation(reading) } else { 0 };
        let of = Of {
            side,
            generation,
            image: key.clone(),
            pane: sight.pane.clone(),
            cursor: sight.cursor.vec(),
            size: sight.size,
            curved: matches!(sight.aim, Aim::Curved(_)),
        };
        let mut kept = agreement.outlines.borrow_mut();
        if kept.lines.get(&(pane, n)).is_none_or(|k| k.0 != of) {
            let boxes = kept.boxes.entry((side, key.clone())).or_insert_with(|| (u64::MAX, Vec::new()));
            if boxes.0 != generation {
                *boxes = (generation, boxes_of(map, document));
            }
            let lines = boxes.1.iter().flat_map(|b| lines_of(b, map, &sheet.shown.geometry, sight)).collect();
            kept.lines.insert((pane, n), (of, lines));
        }
        let lines = kept.lines.get(&(pane, n)).map_or(&[][..], |k| &k.1);
        for line in lines {
            let points: Vec<Pos2> = line.iter().map(|p| *p + rect.min.to_vec2()).collect();
            sheet.painter.extend(stroke(n, &points));
        }
    }
}

/// A line as its side is drawn.
fn stroke(side: usize, points: &[Pos2]) -> Vec<Shape> {
    let [under, over] = [Stroke::new(3.6, Color32::from_black_alpha(150)), Stroke::new(1.7, COLORS[side])];
    if side == 0 {
        return [under, over].map(|s| Shape::line(points.to_vec(), s)).into();
    }
    [under, over].into_iter().flat_map(|s| Shape::dashed_line(points, s, DASH[0], DASH[1])).collect()
}

/// A short piece of a side's line, for legends.
pub fn sample(painter: &egui::Painter, side: usize, rect: Rect) {
    let points = [pos2(rect.left(), rect.center().y), pos2(rect.right(), rect.center().y)];
    painter.extend(stroke(side, &points));
}

fn boxes_of(map: &LabelMap, document: &Document) -> Vec<LesionBox> {
    let mut boxes: HashMap<u16, LesionBox> = HashMap::new();
    for (VoxelIndex(at), value) in map.painted() {
        let b = boxes.entry(value).or_insert(LesionBox { value, low: at, high: at });
        b.low = std::array::from_fn(|a| b.low[a].min(at[a]));
        b.high = std::array::from_fn(|a| b.high[a].max(at[a]));
    }
    boxes.into_values().filter(|b| document.lesions.values().any(|l| l.label_value == b.value)).collect()
}

/// A lesion's lines in a picture; none where the plane passes it by.
fn lines_of(b: &LesionBox, map: &LabelMap, geometry: &Geometry, sight: &Sight) -> Lines {
    let corner = |n: usize| {
        let along = |a: usize| if n >> a & 1 == 0 { b.low[a] as f64 - 0.5 } else { b.high[a] as f64 + 0.5 };
        geometry.patient_from_voxel(VoxelPoint(DVec3::new(along(0), along(1), along(2))))
    };
    let corners: Vec<_> = (0..8).map(corner).collect();
    let normal = sight.pane.frame.normal();
    let depths = corners.iter().map(|p| (p.vec() - sight.cursor.vec()).dot(normal));
    let (near, far) = depths.fold((f64::MAX, f64::MIN), |(l, h), d| (l.min(d), h.max(d)));
    if !sight.is_curved() && (near > 0.0 || far < 0.0) {
        return Vec::new();
    }
    let places = corners.iter().map(|p| sight.pane_from_patient(*p).0);
    let (low, high) = places.fold((DVec2::MAX, DVec2::MIN), |(l, h), p| (l.min(p), h.max(p)));
    const AIR: f64 = 4.0;
    let (low, high) = (low.max(DVec2::splat(-AIR)) - 2.0, high.min(sight.size + AIR) + 2.0);
    let span = high - low;
    if span.x <= 0.0 || span.y <= 0.0 {
        return Vec::new();
    }
    let step = (span.x * span.y / POINTS_MAX).sqrt().max(1.0);
    let [columns, rows] = [span.x, span.y].map(|s| (s / step).ceil() as usize + 1);
    let mut labels = map.reader();
    let mut inside = vec![false; columns * rows];
    // The outermost points stay outside, so that every line closes.
    for j in 1..rows.saturating_sub(1) {
        for i in 1..columns.saturating_sub(1) {
            let p = sight.patient_from_pane(PanePoint(low + DVec2::new(i as f64, j as f64) * step));
            let at = geometry.voxel_from_patient(p).nearest(map.size());
            inside[i + columns * j] = at.is_some_and(|at| labels.get(at) == b.value);
        }
    }
    let screen = |x: f32, y: f32| pos2(low.x as f32, low.y as f32) + vec2(x, y) * step as f32;
    marching(&inside, columns).into_iter().map(|ring| ring.into_iter().map(|[x, y]| screen(x, y)).collect()).collect()
}

/// Closed rings between points inside and outside, through the middles between them; positions in steps of the raster.
fn marching(inside: &[bool], columns: usize) -> Vec<Vec<[f32; 2]>> {
    let rows = inside.len() / columns.max(1);
    // An edge of the raster: its first point, and whether it runs down.
    type Edge = (usize, usize, bool);
    let mut next: HashMap<Edge, Vec<Edge>> = HashMap::new();
    for j in 0..rows.saturating_sub(1) {
        for i in 0..columns - 1 {
            let at = |x: usize, y: usize| inside[i + x + columns * (j + y)];
            let corners = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
            let edges: [Edge; 4] = [(i, j, false), (i + 1, j, true), (i, j + 1, false), (i, j, true)];
            let cut: Vec<Edge> = (0..4).filter(|n| corners[*n] != corners[(n + 1) % 4]).map(|n| edges[n]).collect();
            // Where two corners opposite each other are inside, they stay apart.
            let pairs: &[(usize, usize)] = match (cut.len(), corners[0]) {
                (2, _) => &[(0, 1)],
                (4, true) => &[(3, 0), (1, 2)],
                (4, false) => &[(0, 1), (2, 3)],
                _ => &[],
            };
            for (p, q) in pairs {
                next.entry(cut[*p]).or_default().push(cut[*q]);
                next.entry(cut[*q]).or_default().push(cut[*p]);
            }
        }
    }
    let mut rings = Vec::new();
    let mut starts: Vec<Edge> = next.keys().copied().collect();
    starts.sort_unstable();
    for start in starts {
        let (mut ring, mut at) = (Vec::new(), start);
        while let Some(onward) = next.get_mut(&at).and_then(Vec::pop) {
            next.get_mut(&onward).into_iter().for_each(|back| back.retain(|e| *e != at));
            let (x, y, down) = at;
            ring.push(if down { [x as f32, y as f32 + 0.5] } else { [x as f32 + 0.5, y as f32] });
            at = onward;
        }
        if ring.len() > 2 {
            ring.push(ring[0]);
            rings.push(ring);
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_close_and_hold_the_area_of_what_is_inside() {
        let columns = 9;
        let picture = ["         ", "  ###    ", "  # #  # ", "  ###    ", "      ## ", "     ##  ", "         "];
        let inside: Vec<bool> = picture.iter().flat_map(|r| r.chars().map(|c| c == '#')).collect();
        let rings = marching(&inside, columns);
        assert!(rings.iter().all(|r| r.first() == r.last()));
        let area =
            |r: &Vec<[f32; 2]>| r.windows(2).map(|w| w[0][0] * w[1][1] - w[1][0] * w[0][1]).sum::<f32>().abs() / 2.0;
        let mut areas: Vec<f32> = rings.iter().map(area).collect();
        areas.sort_by(f32::total_cmp);
        // A lone point is a diamond of half a square, the hole too; corners cost an eighth each.
        assert_eq!(areas.len(), 4, "{areas:?}");
        assert_eq!(areas[..2], [0.5, 0.5]);
        assert_eq!(areas[3], 8.5);
    }
}
