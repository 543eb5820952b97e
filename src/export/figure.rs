//! Figures of a report: a slice as a PNG inside an SVG, with outlines, level labels, a scale bar and the window over it.
//! Nothing is fetched from anywhere.

use super::case::CaseFile;
use super::{Case, ImageRecord, LesionRecord};
use crate::agree::escaped;
use crate::document::ImageKey;
use crate::space::{DVec3, PatientPoint, Plane};
use crate::volume::{CT_PRESETS, Shade, SlicePlane, SliceView, Voi, Volume, Window, auto_window_of, picture};
use std::fmt::Write;

/// Width of figures on the page, in its own units.
const WIDTH: f64 = 460.0;
/// Their greatest height.
const HEIGHT: f64 = 620.0;
/// Vertebrae whose centres lie within this of a figure's plane are named on it.
const NEAR_MM: f64 = 12.0;

/// A figure on its way: the plane, what lies on it, and the picture under it where the images are at hand.
pub struct Figure {
    plane: SlicePlane,
    window: Option<Window>,
    png: Option<Vec<u8>>,
    marks: String,
}

impl Figure {
    /// The acquired slice that holds most of a lesion, with every outline of that slice.
    pub fn of_lesion(case: &Case, file: &CaseFile, l: &LesionRecord) -> Option<Figure> {
        let key = l.geometry.image.as_ref()?;
        let identity = case.doc.images.get(key)?;
        let slice = largest_slice(l, file.images.iter().find(|i| i.id == *key)?)?;
        let mut figure = Figure::on(SlicePlane::frame(&identity.geometry, slice), case, key);
        for other in file.annotation_sets.iter().flat_map(|s| &s.vertebrae).flat_map(|v| &v.lesions) {
            let here = other.on_image(key).map(|on| on.contours.iter().filter(|c| c.slice == slice as u64));
            let rings: Vec<&[[f64; 3]]> = here.into_iter().flatten().map(|c| c.points_lps_mm.as_slice()).collect();
            figure.outline(&rings, other.id == l.id, other.color);
        }
        figure.levels(file, key);
        Some(figure)
    }

    /// The whole spine in the sagittal plane through the middle of its labelled centres.
    pub fn overview(case: &Case, file: &CaseFile, image: &ImageRecord) -> Option<Figure> {
        let identity = case.doc.images.get(&image.id)?;
        let of =
            |v: &super::VertebraRecord| v.centroid_voxel.iter().any(|c| c.image == image.id).then_some(v.centroid_mm?);
        let centres: Vec<DVec3> =
            file.annotation_sets.iter().flat_map(|s| &s.vertebrae).filter_map(of).map(DVec3::from_array).collect();
        let middle = centres.iter().sum::<DVec3>() / centres.len().max(1) as f64;
        let through = PatientPoint::from_vec(middle).filter(|_| !centres.is_empty())?;
        let (right, down) = Plane::Sagittal.right_down();
        let plane = SlicePlane::fitted(&identity.geometry, through, right, down, [460, 560]);
        let mut figure = Figure::on(plane, case, &image.id);
        figure.levels(file, &image.id);
        Some(figure)
    }

    fn on(plane: SlicePlane, case: &Case, key: &ImageKey) -> Figure {
        let volume = case.volumes.get(key).map(AsRef::as_ref);
        let window = volume.and_then(window_of);
        let png = volume.zip(window.clone()).and_then(|(v, w)| grey_png(v, &plane, w));
        Figure { plane, window, png, marks: String::new() }
    }

    /// Width and height in the patient, mm: the units of everything in the figure.
    fn size_mm(&self) -> (f64, f64) {
        let [w, h] = self.plane.size.map(|n| n as f64);
        (w * self.plane.right_mm.length(), h * self.plane.down_mm.length())
    }

    /// Width on the page.
    fn shown(&self) -> f64 {
        let (wide, tall) = self.size_mm();
        WIDTH.min(HEIGHT * wide / tall)
    }

    /// Where a point lies in the figure, mm from its upper left corner.
    fn at(&self, p: DVec3) -> (f64, f64) {
        let (from, (wide, tall)) = (p - self.plane.center.vec(), self.size_mm());
        let along = |step: DVec3| from.dot(step.normalize_or_zero());
        (along(self.plane.right_mm) + wide / 2.0, along(self.plane.down_mm) + tall / 2.0)
    }

    fn outline(&mut self, rings: &[&[[f64; 3]]], own: bool, color: Option<[u8; 3]>) {
        if rings.is_empty() {
            return;
        }
        let mut path = String::new();
        for ring in rings {
            for (n, p) in ring.iter().enumerate() {
                let (x, y) = self.at(DVec3::from_array(*p));
                let _ = write!(path, "{}{x:.2} {y:.2}", if n == 0 { 'M' } else { 'L' });
            }
            path.push('Z');
        }
        let [r, g, b] = color.unwrap_or(if own { [255, 92, 70] } else { [255, 205, 90] });
        let _ = write!(self.marks, "<path class=\"o\" stroke=\"rgb({r},{g},{b})\" d=\"{path}\"/>");
    }

    /// Names of vertebrae whose centres lie near the plane.
    fn levels(&mut self, file: &CaseFile, key: &ImageKey) {
        let scale = self.size_mm().0 / self.shown();
        for v in file.annotation_sets.iter().flat_map(|s| &s.vertebrae) {
            let there = v.centroid_voxel.iter().any(|c| c.image == *key);
            let Some(at) = v.centroid_mm.filter(|_| there).map(DVec3::from_array) else { continue };
            if (at - self.plane.center.vec()).dot(self.plane.normal()).abs() > NEAR_MM {
                continue;
            }
            let (x, y) = self.at(at);
            let _ = write!(self.marks, "<circle class=\"c\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.2}\"/>", 2.2 * scale);
            let (tx, size) = (x + 6.0 * scale, 13.0 * scale);
            let ty = y + 4.5 * scale;
            let _ = write!(self.marks, "<text x=\"{tx:.1}\" y=\"{ty:.1}\" font-size=\"{size:.1}\">{}</text>", v.level);
        }
    }

    /// The figure as HTML with its caption.
    pub fn html(&self, caption: &str) -> String {
        let ((w, h), shown) = (self.size_mm(), self.shown());
        let scale = w / shown;
        let mut out = String::new();
        // Writing into a String does not fail, here and below.
        let _ = write!(
            out,
            "<figure><svg viewBox=\"0 0 {w:.3} {h:.3}\" width=\"{shown:.0}\" height=\"{:.0}\" role=\"img\" \
             aria-label=\"{}\"><rect width=\"{w:.3}\" height=\"{h:.3}\"/>",
            h / scale,
            escaped(caption)
        );
        if let Some(png) = &self.png {
            // Pixels need not be square: the picture is stretched to what it is in the patient.
            let _ = write!(
                out,
                "<image width=\"{w:.3}\" height=\"{h:.3}\" preserveAspectRatio=\"none\" \
                 href=\"data:image/png;base64,{}\"/>",
                base64(png)
            );
        }
        out.push_str(&self.marks);
        // A bar of 50 mm where there is room for it, else of 10 mm.
        let long = if w > 120.0 { 50.0 } else { 10.0 };
        let (x, y) = (0.04 * w, h - 12.0 * scale);
        let size = 13.0 * scale;
        let _ = write!(
            out,
            "<path class=\"b\" d=\"M{x:.1} {y:.1}h{long:.1}\"/><text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"{size:.1}\">{long} mm</text>",
            y - 5.0 * scale
        );
        if let Some(window) = &self.window {
            let (tx, words) = (0.98 * w, format!("W {:.0} L {:.0}", window.width, window.center));
            let _ = write!(
                out,
                "<text x=\"{tx:.1}\" y=\"{y:.1}\" font-size=\"{size:.1}\" text-anchor=\"end\">{words}</text>"
            );
        }
        let _ = write!(out, "</svg><figcaption>{}</figcaption></figure>", escaped(caption));
        out
    }
}

/// The slice with most of a lesion's voxels.
fn largest_slice(l: &LesionRecord, image: &ImageRecord) -> Option<usize> {
    let [w, h, _] = image.grid.size;
    let flat = l.geometry.mask.as_ref()?.voxels(image.grid.size).ok()?;
    let layers = flat.chunk_by(|a, b| a / (w * h) == b / (w * h));
    layers.max_by_key(|layer| layer.len()).map(|layer| (layer[0] / (w * h)) as usize)
}

/// The bone window on CT, else from the values.
fn window_of(volume: &Volume) -> Option<Window> {
    match volume.units == "HU" {
        true => CT_PRESETS.first().map(|p| p.window()),
        false => auto_window_of(volume),
    }
}

fn grey_png(volume: &Volume, plane: &SlicePlane, window: Window) -> Option<Vec<u8>> {
    let view = SliceView::thin(*plane);
    let shade = Shade { voi: Voi::Window(window), inverted: volume.inverted };
    let grey = picture(volume, &view, &shade);
    let mut png = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut png);
    let [w, h] = plane.size.map(|n| n as u32);
    let written = image::ImageEncoder::write_image(encoder, &grey, w, h, image::ExtendedColorType::L8);
    written.ok().map(|()| png)
}

/// Bytes as base64 (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let letter = char::from(LETTERS[(word >> (18 - 6 * n) & 63) as usize]);
            out.push(if n <= chunk.len() { letter } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        for (text, code) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }
}
