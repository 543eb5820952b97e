//! How the open series is looked at: three linked panes, the crosshair, the window, what covers the image.

use crate::space::{DVec2, Geometry, PatientPoint, Plane};
use crate::view::{Pane, layer_count, layer_index, moved_by_layers, moved_to_layer};
use crate::volume::Window;

/// Which panes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One large, the others beside it.
    OneAndTwo(Plane),
    /// One alone.
    Single(Plane),
}

impl Layout {
    /// The panes in reading order.
    pub fn planes(self) -> Vec<Plane> {
        match self {
            Layout::Single(p) => vec![p],
            Layout::OneAndTwo(p) => {
                let rest = [Plane::Sagittal, Plane::Axial, Plane::Coronal].into_iter().filter(|q| *q != p);
                std::iter::once(p).chain(rest).collect()
            }
        }
    }
}

/// See the module.
pub struct Viewer {
    /// Panes by `Plane as usize`.
    panes: [Pane; 3],
    /// Sizes at the last frame, logical points.
    sizes: [DVec2; 3],
    /// Panes that still have to be fitted to their first size.
    unfitted: [bool; 3],
    /// The crosshair, shared by all panes.
    pub cursor: PatientPoint,
    /// What is shown.
    pub layout: Layout,
    /// The layout before maximising.
    restore: Option<Layout>,
    /// The pane that keys go to.
    pub active: Plane,
    /// Grey window.
    pub window: Window,
    /// White on black, black on white.
    pub inverted: bool,
    /// Nearest voxel instead of linear.
    pub nearest: bool,
}

impl Viewer {
    /// A fresh look at a grid.
    pub fn new(geometry: &Geometry, main: Plane, window: Window) -> Self {
        let size = DVec2::splat(400.0);
        let cursor = Plane::ALL
            .into_iter()
            .fold(geometry.center(), |c, p| moved_to_layer(geometry, p, c, layer_index(geometry, p, c)));
        Viewer {
            panes: Plane::ALL.map(|p| Pane::fitted(p, geometry, size)),
            sizes: [size; 3],
            unfitted: [true; 3],
            cursor,
            layout: Layout::OneAndTwo(main),
            restore: None,
            active: main,
            window,
            inverted: false,
            nearest: false,
        }
    }

    /// A pane.
    pub fn pane(&self, plane: Plane) -> &Pane {
        &self.panes[plane as usize]
    }

    /// A pane, to zoom and pan.
    pub fn pane_mut(&mut self, plane: Plane) -> &mut Pane {
        &mut self.panes[plane as usize]
    }

    /// A pane's size at the last frame.
    pub fn size(&self, plane: Plane) -> DVec2 {
        self.sizes[plane as usize]
    }

    /// Tells how large a pane is now; the first time it is fitted to that.
    pub fn resized(&mut self, plane: Plane, size: DVec2, geometry: &Geometry) {
        let n = plane as usize;
        self.sizes[n] = size;
        if std::mem::take(&mut self.unfitted[n]) {
            self.panes[n].fit(geometry, size);
        }
    }

    /// Fits every pane again.
    pub fn fit_all(&mut self) {
        self.unfitted = [true; 3];
    }

    /// Moves the crosshair by layers of a pane; positive is what the wheel does when turned towards the reader:
    /// onwards to the patient's left, back and feet.
    pub fn scroll(&mut self, geometry: &Geometry, plane: Plane, by: i64) {
        let sign = if plane == Plane::Axial { -1 } else { 1 };
        self.cursor = moved_by_layers(geometry, plane, self.cursor, sign * by);
    }

    /// First or last layer of the active pane.
    pub fn go_to_end(&mut self, geometry: &Geometry, last: bool) {
        let far = layer_count(geometry, self.active) as i64;
        self.scroll(geometry, self.active, if last { far } else { -far });
    }

    /// (layer from 1, number of layers), counted in the direction of scrolling.
    pub fn position(&self, geometry: &Geometry, plane: Plane) -> (i64, usize) {
        let n = layer_count(geometry, plane);
        let first = {
            let mut v = geometry.center();
            let sign = if plane == Plane::Axial { -1 } else { 1 };
            v = moved_by_layers(geometry, plane, v, -sign * n as i64);
            layer_index(geometry, plane, v)
        };
        ((layer_index(geometry, plane, self.cursor) - first).abs() + 1, n)
    }

    /// Moves the crosshair to a point; each pane that would show it outside of its middle part is panned.
    pub fn go_to(&mut self, p: PatientPoint) {
        self.cursor = p;
        for plane in Plane::ALL {
            let size = self.size(plane);
            let at = self.pane(plane).pane_from_patient(p, size).0 / size;
            if at.min_element() < 0.1 || at.max_element() > 0.9 {
                self.pane_mut(plane).focus = p;
            }
        }
    }

    /// One pane alone, or back.
    pub fn maximise(&mut self, plane: Plane) {
        self.layout = match self.restore.take() {
            Some(before) => before,
            None => {
                self.restore = Some(self.layout);
                Layout::Single(plane)
            }
        };
        self.active = if self.layout.planes().contains(&self.active) { self.active } else { plane };
    }

    /// The next pane gets the keys.
    pub fn next_pane(&mut self) {
        let planes = self.layout.planes();
        let at = planes.iter().position(|p| *p == self.active).unwrap_or(0);
        self.active = planes[(at + 1) % planes.len()];
    }

    /// Right drag: to the right widens, down raises the centre, scaled to the window's own size.
    pub fn drag_window(&mut self, points: DVec2) {
        let scale = (self.window.width / 400.0).max(1e-6);
        self.window.width = (self.window.width + points.x * scale * 1.5).max(scale.min(1.0));
        self.window.center += points.y * scale * 1.5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::DVec3;

    fn viewer() -> (Geometry, Viewer) {
        let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 3.0], [64, 64, 21]).unwrap();
        let w = Window { width: 1800.0, center: 400.0, function: Default::default(), explanation: None };
        let v = Viewer::new(&g, Plane::Sagittal, w);
        (g, v)
    }

    #[test]
    fn scrolling_an_axial_pane_goes_towards_the_feet() {
        let (g, mut v) = viewer();
        let before = v.cursor;
        v.scroll(&g, Plane::Axial, 1);
        assert!((v.cursor.vec() - before.vec() - DVec3::Z * -3.0).length() < 1e-9);
        assert_eq!(v.position(&g, Plane::Axial), (12, 21));
        v.active = Plane::Axial;
        v.go_to_end(&g, false);
        assert_eq!(v.position(&g, Plane::Axial).0, 1);
    }

    #[test]
    fn maximise_and_back_is_the_layout_before() {
        let (_, mut v) = viewer();
        v.maximise(Plane::Axial);
        assert_eq!(v.layout, Layout::Single(Plane::Axial));
        assert_eq!(v.active, Plane::Axial);
        v.maximise(Plane::Axial);
        assert_eq!(v.layout, Layout::OneAndTwo(Plane::Sagittal));
    }
}
