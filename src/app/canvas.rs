//! Painting a frame's primitives where the processor draws the pixels: only what changed since the frame before.
//!
//! The whole window stays in a texture. A frame repaints the patches that [`damage`] finds, and copies the rest.

use super::damage::{Patch, damage};
use crate::render::Kept;
use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{Rect, TextureId, TexturesDelta};
use egui_wgpu::ScreenDescriptor;
use std::sync::Arc;

/// The window as it was painted last.
#[derive(Default)]
pub struct Canvas {
    kept: Option<Arc<Kept>>,
    painted: Vec<ClippedPrimitive>,
    pixels_per_point: f32,
}

impl Canvas {
    /// For adapters that are the processor; for others a whole frame costs less than finding what changed.
    pub fn for_software(state: &egui_wgpu::RenderState) -> Option<Self> {
        (state.adapter.get_info().device_type == wgpu::DeviceType::Cpu).then(Self::default)
    }

    /// Brings a window of `size` pixels up to `primitives`. What is returned shows it, in their place.
    pub fn paint(
        &mut self,
        state: &egui_wgpu::RenderState,
        (size, pixels_per_point): ([u32; 2], f32),
        mut primitives: Vec<ClippedPrimitive>,
        textures: &mut TexturesDelta,
    ) -> ClippedPrimitive {
        let size = size.map(|n| n.max(1));
        let (repainted, fonts_moved) = take_textures(state, textures);
        let same_window = self.pixels_per_point == pixels_per_point && !fonts_moved;
        let patches = match &self.kept {
            Some(kept) if kept.size() == size && same_window => {
                damage(&self.painted, &primitives, &repainted, (pixels_per_point, size))
            }
            _ => vec![Patch::whole(size)],
        };
        let kept = match self.kept.take() {
            Some(kept) if kept.size() == size => kept,
            Some(kept) => Arc::new(kept.resized(&state.device, size)),
            None => Arc::new(Kept::new(&state.device, state.target_format, size)),
        };
        if !patches.is_empty() {
            let screen = ScreenDescriptor { size_in_pixels: size, pixels_per_point };
            repaint(state, &kept, &screen, &patches, &mut primitives);
        }
        self.kept = Some(kept.clone());
        (self.painted, self.pixels_per_point) = (primitives, pixels_per_point);
        let rect = Patch::whole(size).rect(pixels_per_point);
        let callback = egui_wgpu::Callback::new_paint_callback(rect, OnScreen(kept));
        ClippedPrimitive { clip_rect: rect, primitive: Primitive::Callback(callback) }
    }
}

/// Hands the painter egui's new textures. Which pictures are other ones now, and whether all text may lie elsewhere.
fn take_textures(state: &egui_wgpu::RenderState, textures: &mut TexturesDelta) -> (Vec<TextureId>, bool) {
    let (mut repainted, mut fonts_moved) = (vec![], false);
    let mut renderer = state.renderer.write();
    for (id, deltas) in textures.set.drain() {
        for delta in deltas {
            renderer.update_texture(&state.device, &state.queue, id, &delta);
            match id == TextureId::default() {
                // A part of it is a letter that nothing has shown yet.
                true => fonts_moved |= delta.is_whole(),
                false => repainted.push(id),
            }
        }
    }
    (repainted, fonts_moved)
}

/// Paints what of the primitives lies in the patches.
fn repaint(
    state: &egui_wgpu::RenderState,
    kept: &Kept,
    screen: &ScreenDescriptor,
    patches: &[Patch],
    primitives: &mut [ClippedPrimitive],
) {
    let mut encoder = state.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("canvas") });
    let mut renderer = state.renderer.write();
    let mut commands = renderer.update_buffers(&state.device, &state.queue, &mut encoder, primitives, screen);
    let mut pass = kept.repaint(&mut encoder, patches.iter().map(|p| (p.min, p.max)));
    let clips: Vec<Rect> = primitives.iter().map(|p| p.clip_rect).collect();
    for patch in patches {
        let patch = patch.rect(screen.pixels_per_point);
        primitives.iter_mut().zip(&clips).for_each(|(p, clip)| p.clip_rect = clip.intersect(patch));
        renderer.render(&mut pass, primitives, screen);
    }
    primitives.iter_mut().zip(clips).for_each(|(p, clip)| p.clip_rect = clip);
    drop(pass);
    commands.push(encoder.finish());
    state.queue.submit(commands);
}

/// The kept window on the screen.
struct OnScreen(Arc<Kept>);

impl egui_wgpu::CallbackTrait for OnScreen {
    fn paint(
        &self,
        _: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _: &egui_wgpu::CallbackResources,
    ) {
        self.0.copy(pass);
    }
}

#[cfg(test)]
mod tests;
