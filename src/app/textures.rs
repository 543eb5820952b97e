//! What egui's textures hold. egui tells each of them once, letter by letter; a graphics device that is made anew needs
//! them all again.

use egui::epaint::{ColorImage, ImageData, ImageDelta};
use egui::{TextureId, TextureOptions, TexturesDelta};
use std::collections::HashMap;
use std::sync::Arc;

/// Every texture as it is now.
#[derive(Default)]
pub struct Textures(HashMap<TextureId, (Arc<ColorImage>, TextureOptions)>);

impl Textures {
    /// Follows what a frame changes.
    pub fn follow(&mut self, delta: &TexturesDelta) {
        for (id, changes) in &delta.set {
            for ImageDelta { image: ImageData::Color(image), options, pos } in changes {
                match (pos, self.0.get_mut(id)) {
                    (Some(at), Some((whole, _))) => put(Arc::make_mut(whole), image, *at),
                    _ => drop(self.0.insert(*id, (image.clone(), *options))),
                }
            }
        }
        delta.free.iter().for_each(|id| drop(self.0.remove(id)));
    }

    /// All of them, for a painter that has none.
    pub fn all(&self) -> TexturesDelta {
        let mut all = TexturesDelta::default();
        for (id, (image, options)) in &self.0 {
            all.push(*id, ImageDelta::full(ImageData::Color(image.clone()), *options));
        }
        all
    }
}

/// Lays `part` over a picture; what sticks out is left out.
fn put(whole: &mut ColorImage, part: &ColorImage, [x, y]: [usize; 2]) {
    let [width, height] = whole.size;
    let columns = part.size[0].min(width.saturating_sub(x));
    for row in 0..part.size[1].min(height.saturating_sub(y)) {
        let (to, from) = (x + width * (y + row), part.size[0] * row);
        whole.pixels[to..to + columns].copy_from_slice(&part.pixels[from..from + columns]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::Color32;

    /// A painter's own textures, as the deltas make them.
    fn painted(deltas: &[&TexturesDelta]) -> HashMap<TextureId, ColorImage> {
        let mut own: HashMap<TextureId, ColorImage> = HashMap::new();
        for (id, change) in deltas.iter().flat_map(|d| d.set.iter().flat_map(|(id, c)| c.iter().map(move |c| (id, c))))
        {
            let ImageData::Color(image) = &change.image;
            match change.pos {
                None => drop(own.insert(*id, (**image).clone())),
                Some([x, y]) => {
                    let to = own.get_mut(id).expect("whole before part");
                    for (n, color) in image.pixels.iter().enumerate() {
                        to[(x + n % image.size[0], y + n / image.size[0])] = *color;
                    }
                }
            }
        }
        own
    }

    #[test]
    fn a_painter_made_anew_gets_every_letter_that_was_painted_before() {
        let ctx = egui::Context::default();
        let (mut textures, mut told) = (Textures::default(), vec![]);
        let mut picture = None;
        for text in ["first", "then other letters: ÄÖÜ 0123", "✔ ⚠ 📁"] {
            let mut out = ctx.run_ui(egui::RawInput::default(), |ui| {
                let color = ColorImage::filled([3, 2], Color32::RED);
                picture.get_or_insert_with(|| ui.ctx().load_texture("picture", color, TextureOptions::LINEAR));
                ui.heading(text);
            });
            textures.follow(&out.textures_delta);
            told.push(std::mem::take(&mut out.textures_delta));
        }
        assert!(told[1..].iter().any(|d| d.set.values().flatten().any(|c| !c.is_whole())), "letters came one by one");
        let want = painted(&told.iter().collect::<Vec<_>>());
        let mut all = textures.all();
        assert!(want.len() == 2 && painted(&[&all]) == want);
        all.set.clear();
        told.iter_mut().for_each(|d| d.set.clear());
        drop(picture);
        let mut out = ctx.run_ui(egui::RawInput::default(), |_| {});
        textures.follow(&out.textures_delta);
        let mut rest = textures.all();
        assert_eq!(rest.set.len(), 1, "what is freed is forgotten");
        rest.set.clear();
        out.textures_delta.set.clear();
        out.textures_delta.free.clear();
    }
}
