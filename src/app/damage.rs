//! What of the window changed from one frame to the next, in pixels.
//!
//! egui paints everything in every frame. Where the processor draws the pixels, that is most of a frame's time: twenty
//! times what a picture costs. Two frames' primitives tell what has to be painted again.

use egui::epaint::{ClippedPrimitive, Mesh, Primitive, Vertex};
use egui::{Rect, TextureId, pos2};
use std::sync::Arc;

/// Pixels: left, top inside; right, bottom outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Left, top.
    pub min: [u32; 2],
    /// Right, bottom.
    pub max: [u32; 2],
}

impl Patch {
    /// A whole window.
    pub fn whole(size: [u32; 2]) -> Self {
        Patch { min: [0; 2], max: size }
    }

    fn of(rect: Rect, pixels_per_point: f32, size: [u32; 2]) -> Option<Self> {
        // A pixel more at each side: egui's soft edges, and rounding.
        let low = |p: f32| (p * pixels_per_point).floor() - 1.0;
        let high = |p: f32| (p * pixels_per_point).ceil() + 1.0;
        let clamped = |p: f32, end: u32| p.clamp(0.0, end as f32) as u32;
        let min = [clamped(low(rect.left()), size[0]), clamped(low(rect.top()), size[1])];
        let max = [clamped(high(rect.right()), size[0]), clamped(high(rect.bottom()), size[1])];
        (!rect.is_negative() && min[0] < max[0] && min[1] < max[1]).then_some(Patch { min, max })
    }

    /// The same place in logical points, at whose edges egui's clipping finds the same pixels.
    pub fn rect(self, pixels_per_point: f32) -> Rect {
        let point = |p: [u32; 2]| pos2(p[0] as f32, p[1] as f32) / pixels_per_point;
        Rect::from_min_max(point(self.min), point(self.max))
    }
}

/// Where `now` may differ from `before` on a window of `size` pixels: patches that do not overlap. `repainted` are
/// textures whose content is another one.
pub fn damage(
    before: &[ClippedPrimitive],
    now: &[ClippedPrimitive],
    repainted: &[TextureId],
    (pixels_per_point, size): (f32, [u32; 2]),
) -> Vec<Patch> {
    let mut rects = Vec::new();
    let (mut old, mut new) = (before, now);
    while let (Some(a), Some(b)) = (old.first(), new.first()) {
        match until_alike(old, new) {
            Some([0, 0]) => {
                rects.extend(between(a, b));
                (old, new) = (&old[1..], &new[1..]);
            }
            skipped => {
                let [m, n] = skipped.unwrap_or([1, 1]);
                rects.extend(old[..m].iter().chain(&new[..n]).map(bounds));
                (old, new) = (&old[m..], &new[n..]);
            }
        }
    }
    rects.extend(old.iter().chain(new).map(bounds));
    let shows = |p: &&ClippedPrimitive| matches!(&p.primitive, Primitive::Mesh(m) if repainted.contains(&m.texture_id));
    rects.extend(now.iter().filter(shows).map(bounds));
    apart(rects.into_iter().filter_map(|r| Patch::of(r, pixels_per_point, size)), size)
}

/// How many primitives of either list come or went before the next two that are of one kind in one place.
fn until_alike(old: &[ClippedPrimitive], new: &[ClippedPrimitive]) -> Option<[usize; 2]> {
    /// A tooltip, a menu or a row of a panel is no more than this.
    const FAR: usize = 12;
    let alike = |[m, n]: &[usize; 2]| old.get(*m).zip(new.get(*n)).is_some_and(|(a, b)| are_alike(a, b));
    (0..=FAR).flat_map(|far| (0..=far).map(move |m| [m, far - m])).find(alike)
}

fn are_alike(a: &ClippedPrimitive, b: &ClippedPrimitive) -> bool {
    a.clip_rect == b.clip_rect
        && match (&a.primitive, &b.primitive) {
            (Primitive::Mesh(a), Primitive::Mesh(b)) => a.texture_id == b.texture_id,
            (Primitive::Callback(a), Primitive::Callback(b)) => a.rect == b.rect,
            _ => false,
        }
}

/// Where two primitives of one kind in one place differ.
fn between(a: &ClippedPrimitive, b: &ClippedPrimitive) -> Vec<Rect> {
    match (&a.primitive, &b.primitive) {
        (Primitive::Mesh(old), Primitive::Mesh(new)) if old == new => vec![],
        (Primitive::Mesh(old), Primitive::Mesh(new)) => {
            meshes_between(old, new).into_iter().map(|r| r.intersect(a.clip_rect)).collect()
        }
        (Primitive::Callback(old), Primitive::Callback(new)) if Arc::ptr_eq(&old.callback, &new.callback) => vec![],
        _ => vec![bounds(a), bounds(b)],
    }
}

/// Bounds of each triangle that is not in both, those at the beginning and at the end in the same order.
fn meshes_between(old: &Mesh, new: &Mesh) -> Vec<Rect> {
    let triangles = |m: &Mesh| m.indices.chunks_exact(3).map(|t| corners(m, t)).collect::<Vec<_>>();
    let (a, b) = (triangles(old), triangles(new));
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let bounds = |t: &[Vertex; 3]| Rect::from_points(&t.map(|v| v.pos));
    match a.len() == b.len() {
        true => a.iter().zip(b).filter(|(a, b)| a != b).flat_map(|(a, b)| [bounds(a), bounds(b)]).collect(),
        false => a.iter().chain(b).map(bounds).collect(),
    }
}

fn corners(mesh: &Mesh, triangle: &[u32]) -> [Vertex; 3] {
    std::array::from_fn(|n| mesh.vertices.get(triangle[n] as usize).copied().unwrap_or_default())
}

/// What a primitive paints within, logical points.
fn bounds(p: &ClippedPrimitive) -> Rect {
    let drawn = match &p.primitive {
        Primitive::Mesh(mesh) => mesh.calc_bounds(),
        Primitive::Callback(callback) => callback.rect,
    };
    drawn.intersect(p.clip_rect)
}

/// Side of the squares in which damage is kept, pixels: a line costs little, and many letters are one patch.
const TILE: u32 = 16;

/// The squares that patches touch, as rectangles that do not overlap.
fn apart(patches: impl Iterator<Item = Patch>, size: [u32; 2]) -> Vec<Patch> {
    let [columns, rows] = size.map(|n| n.div_ceil(TILE) as usize);
    let mut touched = vec![false; columns * rows];
    for p in patches {
        for row in p.min[1] / TILE..p.max[1].div_ceil(TILE) {
            let first = row as usize * columns;
            touched[first + (p.min[0] / TILE) as usize..first + p.max[0].div_ceil(TILE) as usize].fill(true);
        }
    }
    let mut apart: Vec<[usize; 4]> = vec![];
    for (row, tiles) in touched.chunks(columns.max(1)).enumerate() {
        let mut from = 0;
        while let Some(start) = tiles[from..].iter().position(|t| *t).map(|n| from + n) {
            let end = tiles[start..].iter().position(|t| !t).map_or(columns, |n| start + n);
            // The same columns as in the row above: one rectangle, higher by a row.
            match apart.iter_mut().find(|r| (r[0], r[2], r[3]) == (start, end, row)) {
                Some(above) => above[3] = row + 1,
                None => apart.push([start, row, end, row + 1]),
            }
            from = end;
        }
    }
    let pixels = |tiles: [usize; 2]| [0, 1].map(|a| (tiles[a] as u32 * TILE).min(size[a]));
    apart.into_iter().map(|[x0, y0, x1, y1]| Patch { min: pixels([x0, y0]), max: pixels([x1, y1]) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Color32, vec2};

    const SIZE: [u32; 2] = [400, 300];

    fn boxes(clip: Rect, rects: &[Rect]) -> ClippedPrimitive {
        let mut mesh = Mesh::default();
        rects.iter().for_each(|r| mesh.add_colored_rect(*r, Color32::RED));
        ClippedPrimitive { clip_rect: clip, primitive: Primitive::Mesh(mesh) }
    }

    fn at(x: f32, y: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(10.0, 10.0))
    }

    fn window() -> Rect {
        Patch::whole(SIZE).rect(1.0)
    }

    fn covers(patches: &[Patch], rect: Rect) -> bool {
        patches.iter().any(|p| p.rect(1.0).contains_rect(rect))
    }

    #[test]
    fn nothing_changed_costs_nothing() {
        let frame = [boxes(window(), &[at(5.0, 5.0)]), boxes(window(), &[at(90.0, 5.0), at(200.0, 200.0)])];
        assert_eq!(damage(&frame, &frame, &[], (1.0, SIZE)), []);
    }

    #[test]
    fn a_box_that_moves_damages_where_it_was_and_where_it_is() {
        let before = [boxes(window(), &[at(5.0, 5.0), at(90.0, 5.0), at(300.0, 200.0)])];
        let now = [boxes(window(), &[at(5.0, 5.0), at(150.0, 105.0), at(300.0, 200.0)])];
        let found = damage(&before, &now, &[], (1.0, SIZE));
        assert!(covers(&found, at(90.0, 5.0)) && covers(&found, at(150.0, 105.0)), "{found:?}");
        let area = |p: &Patch| (p.max[0] - p.min[0]) * (p.max[1] - p.min[1]);
        assert!(found.iter().map(area).sum::<u32>() <= 2 * 32 * 32, "no more than the squares there: {found:?}");
    }

    #[test]
    fn what_appears_or_goes_between_others_damages_its_own_place_only() {
        let own = |x: f32| boxes(at(x, 5.0).expand(20.0), &[at(x, 5.0)]);
        let (a, b, c) = (own(5.0), own(90.0), own(300.0));
        let (two, three) = ([a.clone(), c.clone()], [a, b, c]);
        for (before, now) in [(&two[..], &three[..]), (&three[..], &two[..])] {
            let found = damage(before, now, &[], (1.0, SIZE));
            assert_eq!(found, [Patch { min: [80, 0], max: [112, 16] }]);
        }
    }

    #[test]
    fn what_is_clipped_away_is_no_damage() {
        let clip = Rect::from_min_max(pos2(0.0, 0.0), pos2(50.0, 50.0));
        let (before, now) = ([boxes(clip, &[at(90.0, 5.0)])], [boxes(clip, &[at(120.0, 5.0)])]);
        assert_eq!(damage(&before, &now, &[], (1.0, SIZE)), []);
    }

    #[test]
    fn a_texture_with_another_content_damages_what_shows_it() {
        let mut picture = boxes(window(), &[at(40.0, 40.0)]);
        if let Primitive::Mesh(mesh) = &mut picture.primitive {
            mesh.texture_id = TextureId::Managed(7);
        }
        let frame = [boxes(window(), &[at(5.0, 5.0)]), picture];
        assert!(covers(&damage(&frame, &frame, &[TextureId::Managed(7)], (1.0, SIZE)), at(40.0, 40.0)));
        assert_eq!(damage(&frame, &frame, &[TextureId::Managed(8)], (1.0, SIZE)), []);
    }

    #[test]
    fn two_lines_that_cross_damage_no_more_than_their_squares() {
        let cross = |x: f32, y: f32| {
            let down = Rect::from_min_size(pos2(x, 0.0), vec2(1.0, 300.0));
            boxes(window(), &[down, Rect::from_min_size(pos2(0.0, y), vec2(400.0, 1.0))])
        };
        let found = damage(&[cross(100.0, 100.0)], &[cross(104.0, 100.0)], &[], (1.0, SIZE));
        assert_eq!(found, [Patch { min: [96, 0], max: [112, 300] }], "the line that stays is no damage");
    }

    #[test]
    fn patches_never_overlap_and_cover_every_part() {
        let mut seed = 7u32;
        let mut next = |end: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % end
        };
        for _ in 0..200 {
            let patches: Vec<Patch> = (0..next(12))
                .map(|_| {
                    let min = [next(390), next(290)];
                    Patch { min, max: [min[0] + 1 + next(10), min[1] + 1 + next(10)] }
                })
                .collect();
            let found = apart(patches.iter().copied(), SIZE);
            let mut times = vec![0u8; 400 * 300];
            let pixels =
                |p: Patch| (p.min[1]..p.max[1]).flat_map(move |y| (p.min[0]..p.max[0]).map(move |x| y * 400 + x));
            found.iter().flat_map(|p| pixels(*p)).for_each(|n| times[n as usize] += 1);
            assert!(times.iter().all(|n| *n <= 1), "{found:?}");
            assert!(patches.iter().flat_map(|p| pixels(*p)).all(|n| times[n as usize] == 1), "{found:?}");
        }
    }
}
