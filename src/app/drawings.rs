//! The overlay planes of the files: drawings that a scanner or another program laid over its slices, where a pane shows
//! such a slice.

use super::pane_input::local_to;
use super::shown::Shown;
use super::theme;
use crate::space::{DVec3, Geometry, VoxelPoint};
use crate::study::Overlay;
use crate::view::Sight;
use egui::{Color32, ColorImage, Context, Id, Mesh, Painter, Rect, Shape, TextureHandle, TextureOptions, pos2};

/// The pictures of the drawings over the slice that a pane shows.
#[derive(Clone)]
struct Drawn {
    series: String,
    slice: usize,
    pictures: Vec<Drawing>,
}

#[derive(Clone)]
struct Drawing {
    size: [usize; 2],
    origin: [i64; 2],
    texture: TextureHandle,
}

/// Paints the drawings over the acquired slice that a pane shows, if it shows one.
pub fn paint(sight: &Sight, shown: &Shown, pane: usize, rect: Rect, painter: &Painter) {
    let Some(slice) = slice_shown(sight, &shown.geometry) else { return };
    let Some(frame) = shown.series.frames.get(slice).filter(|f| f.has_overlays()) else { return };
    let (ctx, id) = (painter.ctx(), Id::unique(("drawings of the files", pane)));
    let kept = ctx.data(|d| d.get_temp::<Drawn>(id));
    let series = format!("{} {}", shown.series.series_instance_uid, shown.index);
    let drawn = kept.filter(|d| d.slice == slice && d.series == series).unwrap_or_else(|| {
        let drawing = |o: Overlay| Drawing { size: o.size, origin: o.origin, texture: picture(ctx, &o) };
        let pictures = frame.overlays().into_iter().map(drawing).collect();
        let drawn = Drawn { series, slice, pictures };
        ctx.data_mut(|d| d.insert_temp(id, drawn.clone()));
        drawn
    });
    for drawing in &drawn.pictures {
        let corner = |u: usize, v: usize| {
            let edge = |axis: usize, far: usize| drawing.origin[axis] as f64 - 0.5 + (far * drawing.size[axis]) as f64;
            let (x, y) = (edge(0, u), edge(1, v));
            let at = shown.geometry.patient_from_voxel(VoxelPoint(DVec3::new(x, y, slice as f64)));
            local_to(sight.pane_from_patient(at), rect)
        };
        let mut mesh = Mesh::with_texture(drawing.texture.id());
        for (u, v) in [(0, 0), (1, 0), (1, 1), (0, 1)] {
            let uv = pos2(u as f32, v as f32);
            mesh.vertices.push(egui::epaint::Vertex { pos: corner(u, v), uv, color: Color32::WHITE });
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(0, 2, 3);
        painter.add(Shape::mesh(mesh));
    }
}

/// The acquired slice that fills a pane; `None` where its plane cuts through slices, or projects several.
fn slice_shown(sight: &Sight, geometry: &Geometry) -> Option<usize> {
    const SAME_DIRECTION: f64 = 0.999_9;
    let along = sight.pane.frame.normal().dot(geometry.normal()).abs() > SAME_DIRECTION;
    if sight.is_curved() || sight.slab().is_some() || !along {
        return None;
    }
    let k = geometry.voxel_from_patient(sight.cursor).0.z.round();
    (0.0..geometry.size()[2] as f64).contains(&k).then_some(k as usize)
}

/// A drawing as a picture; one too large for the adapter is drawn coarser, without losing lines.
fn picture(ctx: &Context, overlay: &Overlay) -> TextureHandle {
    let most = ctx.input(|i| i.max_texture_side).max(1);
    let step = overlay.size.into_iter().max().unwrap_or(1).div_ceil(most).max(1);
    let size = overlay.size.map(|n| n.div_ceil(step));
    let marked = |x: usize, y: usize| {
        let [left, top] = [x, y].map(|n| (n * step) as i64);
        let near = 0..step as i64;
        near.clone()
            .any(|j| near.clone().any(|i| overlay.marks(overlay.origin[0] + left + i, overlay.origin[1] + top + j)))
    };
    let pixels = (0..size[0] * size[1])
        .map(|n| if marked(n % size[0], n / size[0]) { theme::DRAWING } else { Color32::TRANSPARENT })
        .collect();
    let options = TextureOptions { magnification: egui::TextureFilter::Nearest, ..TextureOptions::LINEAR };
    ctx.load_texture("overlay plane", ColorImage::new(size, pixels), options)
}
