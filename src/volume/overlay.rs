//! Labels over a grey picture: fill, and an outline of constant width on the screen. The reference for the GPU's overlay.

use super::plane::SlicePlane;
use super::walk::{Layers, Walk};
use crate::space::{Geometry, VoxelIndex};
use rayon::prelude::*;

/// How labels are laid over a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelStyle {
    /// Opacity of the inside, 0…1.
    pub fill_opacity: f32,
    /// Opacity of the outline, 0…1.
    pub outline_opacity: f32,
    /// Width of the outline in pixels of the screen, inside the label; 0 leaves it out.
    pub outline_px: f32,
}

impl Default for LabelStyle {
    fn default() -> Self {
        Self { fill_opacity: 0.25, outline_opacity: 1.0, outline_px: 1.5 }
    }
}

impl LabelStyle {
    /// Nothing is drawn.
    pub const HIDDEN: LabelStyle = LabelStyle { fill_opacity: 0.0, outline_opacity: 0.0, outline_px: 0.0 };

    /// Whether the outline is to be seen.
    pub fn has_outline(&self) -> bool {
        self.outline_opacity > 0.0 && self.outline_px > 0.0
    }

    /// The outline's width along a walk's right and down.
    pub fn outline_steps(&self, walk: &Walk) -> ([i64; 3], [i64; 3]) {
        let scaled = |step: [i64; 3]| step.map(|s| (s as f64 * f64::from(self.outline_px)) as i64);
        (scaled(walk.right), scaled(walk.down))
    }
}

/// Where labels come from.
pub struct Labels<'a> {
    /// Their grid.
    pub geometry: &'a Geometry,
    /// The label of a voxel; 0 is none.
    pub label_at: &'a (dyn Fn(VoxelIndex) -> u16 + Sync),
    /// Red, green, blue, opacity of a label; opacity 0 hides it.
    pub color_of: &'a (dyn Fn(u16) -> [u8; 4] + Sync),
}

/// The grey picture of `plane` with its labels, as red, green, blue, opacity (always 255).
pub fn overlay(grey: &[u8], plane: SlicePlane, labels: &Labels, style: &LabelStyle) -> Vec<[u8; 4]> {
    let walk = Walk::of_plane(labels.geometry, plane);
    let layers = Layers::of(labels.geometry);
    let size = labels.geometry.size();
    let shown = |p: [i64; 3]| {
        let voxel = super::walk::nearest_voxel(p, size, layers.as_ref());
        let label = voxel.map_or(0, labels.label_at);
        if label != 0 && (labels.color_of)(label)[3] > 0 { label } else { 0 }
    };
    let (aside, below) = style.outline_steps(&walk);
    let add = |a: [i64; 3], b: [i64; 3], sign: i64| std::array::from_fn(|n| a[n] + b[n] * sign);
    let around = [aside, below, add(aside, below, 1), add(aside, below, -1)];
    let width = plane.size[0].max(1);
    let pixel = |n: usize, grey: u8| {
        let p = walk.at(n % width, n / width, 0);
        let label = if walk.posts > 0 { shown(p) } else { 0 };
        if label == 0 {
            return [grey, grey, grey, 255];
        }
        let on_edge = || around.iter().any(|d| shown(add(p, *d, 1)) != label || shown(add(p, *d, -1)) != label);
        let color = (labels.color_of)(label);
        let fill = style.fill_opacity * f32::from(color[3]) / 255.0;
        let opacity = if style.has_outline() && on_edge() { style.outline_opacity } else { fill };
        let mixed = |c: u8| (f32::from(grey) + (f32::from(c) - f32::from(grey)) * opacity + 0.5) as u8;
        [mixed(color[0]), mixed(color[1]), mixed(color[2]), 255]
    };
    grey.par_iter().enumerate().with_min_len(4096).map(|(n, g)| pixel(n, *g)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{DVec3, PatientPoint};

    /// A cube of label 1 beside a cube of label 2, drawn at 8 pixels a voxel.
    fn drawn(style: LabelStyle, hidden: u16) -> (Vec<[u8; 4]>, usize) {
        let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], [10, 10, 3]).expect("spans");
        let center = PatientPoint::new(4.5, 4.5, 1.0).expect("finite");
        let plane = SlicePlane::new(center, DVec3::X, DVec3::Y, 0.125, [80, 80]);
        let label_at = |VoxelIndex([i, j, _]): VoxelIndex| match (i, j) {
            (2..5, 3..6) => 1,
            (5..8, 3..6) => 2,
            _ => 0,
        };
        let color_of = |l: u16| if l == hidden { [0; 4] } else { [255, 100 * l as u8, 0, 255] };
        let labels = Labels { geometry: &g, label_at: &label_at, color_of: &color_of };
        (overlay(&vec![40; 6400], plane, &labels, &style), 80)
    }

    #[test]
    fn the_outline_is_as_wide_as_asked_and_inside() {
        for (px, wide) in [(1.0, 1), (2.0, 2)] {
            let (picture, w) = drawn(LabelStyle { fill_opacity: 0.0, outline_opacity: 1.0, outline_px: px }, 9);
            // Row 32 crosses both cubes in the middle: 16…40 and 40…64.
            let row: Vec<usize> = (0..w).filter(|u| picture[32 * w + u][0] == 255).collect();
            let edges: Vec<usize> =
                [16..16 + wide, 40 - wide..40 + wide, 64 - wide..64].into_iter().flatten().collect();
            assert_eq!(row, edges, "{px} px");
        }
    }

    #[test]
    fn fill_mixes_with_the_grey_below_and_hidden_labels_are_not_there() {
        let style = LabelStyle { fill_opacity: 0.5, outline_opacity: 0.0, outline_px: 0.0 };
        let (picture, w) = drawn(style, 2);
        assert_eq!(picture[32 * w + 30], [148, 70, 20, 255]);
        assert_eq!(picture[32 * w + 50], [40, 40, 40, 255]);
        assert_eq!(picture[0], [40, 40, 40, 255]);
    }
}
