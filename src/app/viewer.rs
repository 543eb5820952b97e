//! The panes of the window: how they are laid out, which one the keys go to, and what each is aimed at.

use crate::space::PatientPoint;
use crate::view::{Layout, Share, Sight};

/// See the module.
pub struct Viewer {
    sights: Vec<Sight>,
    layout: Layout,
    alone: bool,
    active: usize,
}

impl Viewer {
    /// Panes in a layout; there must be at least one.
    pub fn new(sights: Vec<Sight>, layout: Layout) -> Self {
        Viewer { sights, layout, alone: false, active: 0 }
    }

    /// Other panes in another layout; the active one goes on where it still is.
    pub fn arrange(&mut self, sights: Vec<Sight>, layout: Layout) {
        self.active = self.active.min(sights.len().saturating_sub(1));
        (self.sights, self.layout, self.alone) = (sights, layout, false);
    }

    /// All panes, also those that a maximised one covers.
    pub fn sights(&self) -> &[Sight] {
        &self.sights
    }

    /// All panes, to change them.
    pub fn sights_mut(&mut self) -> &mut [Sight] {
        &mut self.sights
    }

    /// A pane.
    pub fn sight(&self, pane: usize) -> &Sight {
        &self.sights[pane.min(self.sights.len() - 1)]
    }

    /// A pane, to change it.
    pub fn sight_mut(&mut self, pane: usize) -> &mut Sight {
        let last = self.sights.len() - 1;
        &mut self.sights[pane.min(last)]
    }

    /// The pane that keys go to.
    pub fn active(&self) -> usize {
        self.active.min(self.sights.len() - 1)
    }

    /// The pane that keys go to.
    pub fn active_sight(&self) -> &Sight {
        self.sight(self.active())
    }

    /// Gives the keys to a pane.
    pub fn activate(&mut self, pane: usize) {
        self.active = pane.min(self.sights.len() - 1);
    }

    /// The layout.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The panes to be seen, and their parts of the area.
    pub fn visible(&self) -> Vec<(usize, Share)> {
        if self.alone {
            return vec![(self.active(), Share { left: 0.0, top: 0.0, width: 1.0, height: 1.0 })];
        }
        self.layout.shares().into_iter().enumerate().take(self.sights.len()).collect()
    }

    /// One pane alone, or back.
    pub fn maximise(&mut self, pane: usize) {
        self.activate(pane);
        self.alone = !self.alone && self.sights.len() > 1;
        self.sights.iter_mut().for_each(|s| s.unfitted = true);
    }

    /// The next pane gets the keys.
    pub fn next_pane(&mut self) {
        self.active = (self.active() + 1) % self.sights.len();
    }

    /// Fits every pane again.
    pub fn fit_all(&mut self) {
        self.sights.iter_mut().for_each(|s| s.unfitted = true);
    }

    /// Panes that follow the zoom of `pane` get it; `map` takes a point of one pane to another.
    pub fn spread_zoom(&mut self, pane: usize, map: impl Fn(&Sight, &Sight, PatientPoint) -> Option<PatientPoint>) {
        let from = self.sight(pane).clone();
        if !from.zoom_linked || from.is_curved() {
            return;
        }
        for (n, to) in self.sights.iter_mut().enumerate() {
            if n != pane
                && to.zoom_linked
                && let Some(focus) = map(&from, to, from.pane.focus)
            {
                to.follow_zoom(from.pane.mm_per_point, focus);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{DVec3, Geometry, Plane};

    fn viewer() -> Viewer {
        let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 3.0], [64, 64, 21]).unwrap();
        let sights = [Plane::Sagittal, Plane::Axial, Plane::Coronal].map(|p| Sight::new(0, p, &g, g.center()));
        Viewer::new(sights.to_vec(), Layout::OneAndTwo)
    }

    #[test]
    fn maximise_and_back_is_the_layout_before() {
        let mut v = viewer();
        v.maximise(1);
        assert_eq!(v.visible().iter().map(|t| t.0).collect::<Vec<_>>(), [1]);
        assert_eq!(v.active(), 1);
        v.maximise(1);
        assert_eq!(v.visible().len(), 3);
    }

    #[test]
    fn zoom_goes_only_to_panes_that_follow() {
        let mut v = viewer();
        v.sight_mut(0).zoom_linked = true;
        v.sight_mut(2).zoom_linked = true;
        v.sight_mut(0).pane.mm_per_point = 0.123;
        v.spread_zoom(0, |_, _, p| Some(p));
        assert_eq!(v.sight(2).pane.mm_per_point, 0.123);
        assert!(v.sight(1).pane.mm_per_point != 0.123);
    }
}
