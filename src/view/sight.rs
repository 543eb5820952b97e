//! A [`Sight`]: how one pane looks into one series. Plane, curve or acquired slices, the crosshair, slab, interpolation,
//! and what it follows of the other panes.

use super::{Curve, Frame, Pane, PanePoint, Stack, Straight};
use crate::space::{DVec2, DVec3, Geometry, PatientPoint, Plane};
use crate::volume::{Blend, Interpolation, Projection, Slab, SlicePlane, SliceView};
use std::sync::Arc;

/// The thickest slab, mm.
pub const SLAB_MAX_MM: f64 = 50.0;

/// What a pane is aimed at.
#[derive(Clone, Debug)]
pub enum Aim {
    /// An anatomical plane.
    Plane,
    /// The slices as acquired.
    Native,
    /// A plane that was turned.
    Turned,
    /// The surface along the spine.
    Curved(Arc<Curve>),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Which series: the caller's number.
    pub shown: usize,
    /// What it is aimed at.
    pub aim: Aim,
    /// Directions, zoom and middle; of a curved surface, in its straightened space.
    pub pane: Pane,
    /// The crosshair, in the frame of reference of the series.
    pub cursor: PatientPoint,
    /// Thickness of the slab, mm; 0 is the plane alone.
    pub slab_mm: f64,
    /// What is shown of the slab.
    pub projection: Projection,
    /// Between voxels.
    pub interpolation: Interpolation,
    /// It follows the crosshair of the other panes, and leads them.
    pub linked: bool,
    /// So too zoom and pan.
    pub zoom_linked: bool,
    /// A second series laid over, and how.
    pub overlay: Option<(usize, Blend)>,
    /// Its size at the last frame, logical points.
    pub size: DVec2,
    /// It is still to be fitted to its first size.
    pub unfitted: bool,
    /// Middle and zoom as they were fitted last: a pane that still shows all goes on doing so in another size.
    pub fitted: Option<(PatientPoint, f64)>,
}

impl Sight {
    /// A look at a series in an anatomical plane, its middle at the crosshair.
    pub fn new(shown: usize, plane: Plane, geometry: &Geometry, cursor: PatientPoint) -> Self {
        let size = DVec2::splat(400.0);
        Sight {
            shown,
            aim: Aim::Plane,
            pane: Pane::fitted(plane, geometry, size),
            cursor,
            slab_mm: 0.0,
            projection: Projection::Max,
            interpolation: Interpolation::Linear,
            linked: true,
            zoom_linked: false,
            overlay: None,
            size,
            unfitted: true,
            fitted: None,
        }
    }

    /// The anatomical plane that is shown, or is nearest.
    pub fn plane(&self) -> Plane {
        self.pane.plane
    }

    /// Aims at an anatomical plane.
    pub fn aim_at(&mut self, plane: Plane) {
        self.set_frame(Aim::Plane, plane, Frame::of(plane));
    }

    /// Aims at the slices as acquired; pictures that lie nowhere, as they are stored.
    pub fn aim_native(&mut self, geometry: &Geometry, located: bool) {
        let (plane, frame) = match located {
            true => Frame::native(geometry),
            false => (Plane::nearest(geometry.normal()).0, Frame::stored(geometry)),
        };
        self.set_frame(Aim::Native, plane, frame);
    }

    /// Aims along the spine.
    pub fn aim_along(&mut self, curve: Arc<Curve>) {
        self.aim = Aim::Curved(curve);
        self.pane.plane = Plane::Sagittal;
        self.pane.frame = Frame::of(Plane::Sagittal);
        self.unfitted = true;
    }

    /// Turns the plane; an aim that is no plane is left alone.
    pub fn turn(&mut self, frame: Frame) {
        if !self.is_curved() {
            self.aim = Aim::Turned;
            self.pane.frame = frame;
            self.pane.focus = self.cursor;
        }
    }

    /// Turns the picture on the screen by quarter turns clockwise, or mirrors it; what it shows stays the same.
    pub fn turn_picture(&mut self, quarters: i32, mirror: bool) {
        if !self.is_curved() {
            let frame = self.pane.frame.quarter_turned(quarters);
            self.pane.frame = if mirror { frame.mirrored() } else { frame };
            self.unfitted |= quarters % 2 != 0;
        }
    }

    fn set_frame(&mut self, aim: Aim, plane: Plane, frame: Frame) {
        self.unfitted |= self.is_curved() || plane != self.pane.plane;
        self.aim = aim;
        self.pane.plane = plane;
        self.pane.frame = frame;
    }

    /// Whether the picture is the straightened one.
    pub fn is_curved(&self) -> bool {
        matches!(self.aim, Aim::Curved(_))
    }

    /// Whether the plane was turned by hand.
    pub fn is_turned(&self) -> bool {
        matches!(self.aim, Aim::Turned)
    }

    /// What the picture is called: `Sagittal`, `Sagittal, turned`, `Along the spine`, ….
    pub fn name(&self) -> String {
        let mut letters = self.plane().name().chars();
        let word: String = letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default();
        match self.aim {
            Aim::Plane => word,
            Aim::Native => format!("{word}, acquired"),
            Aim::Turned => format!("{word}, turned"),
            Aim::Curved(_) => "Along the spine".to_owned(),
        }
    }

    /// Tells how large the pane is now; where it is new, or showed all of the picture so far, it is fitted to that.
    pub fn resized(&mut self, size: DVec2, geometry: &Geometry) {
        let shows_all = self.fitted == Some((self.pane.focus, self.pane.mm_per_point));
        let other_size = std::mem::replace(&mut self.size, size) != size;
        if std::mem::take(&mut self.unfitted) || (other_size && shows_all) {
            match &self.aim {
                Aim::Curved(curve) => curve.extent().iter().for_each(|g| self.pane.fit(g, size)),
                _ => self.pane.fit(geometry, size),
            }
            self.fitted = Some((self.pane.focus, self.pane.mm_per_point));
        }
    }

    /// The crosshair in the pane's own space.
    fn own_cursor(&self) -> PatientPoint {
        self.own(self.cursor)
    }

    fn own(&self, p: PatientPoint) -> PatientPoint {
        match &self.aim {
            Aim::Curved(curve) => curve.straight_from_patient(p).point(),
            _ => p,
        }
    }

    /// Where a screen position lies in the patient.
    pub fn patient_from_pane(&self, p: PanePoint) -> PatientPoint {
        let at = self.pane.patient_from_pane(p, self.size, self.own_cursor());
        match &self.aim {
            Aim::Curved(curve) => curve.patient_from_straight(Straight::of_point(at)),
            _ => at,
        }
    }

    /// Where a point appears.
    pub fn pane_from_patient(&self, p: PatientPoint) -> PanePoint {
        self.pane.pane_from_patient(self.own(p), self.size)
    }

    /// Distance of a point from what is shown, mm.
    pub fn depth_mm(&self, p: PatientPoint) -> f64 {
        self.pane.depth_mm(self.own(p), self.own_cursor()).abs()
    }

    /// Directions at a point of the picture: right, down, away from the viewer.
    pub fn directions_at(&self, p: PatientPoint) -> [DVec3; 3] {
        match &self.aim {
            Aim::Curved(curve) => curve.directions(curve.straight_from_patient(p).along_mm),
            _ => [self.pane.frame.right, self.pane.frame.down, self.pane.frame.normal()],
        }
    }

    /// The layers that the wheel goes through; of a curved surface, those of its plane's.
    pub fn stack(&self, geometry: &Geometry) -> Stack {
        match self.aim {
            Aim::Plane | Aim::Curved(_) => Stack::of(geometry, self.plane()),
            Aim::Native => Stack::native(geometry, self.plane()),
            Aim::Turned => Stack::across(geometry, self.pane.frame, self.plane()),
        }
    }

    /// The crosshair after layers were stepped; positive is what the wheel does when turned towards the reader: onwards
    /// to the patient's left, back and feet.
    pub fn scrolled(&self, geometry: &Geometry, by: i64) -> PatientPoint {
        let sign = if self.plane() == Plane::Axial { -1 } else { 1 };
        let stack = self.stack(geometry);
        if self.is_curved() {
            let step = stack.step_mm(geometry, self.cursor);
            let [_, _, away] = self.directions_at(self.cursor);
            return self.cursor.moved(away * (-by as f64 * step));
        }
        stack.moved_by(geometry, self.cursor, sign * by)
    }

    /// (layer from 1, number of layers), counted in the direction of scrolling.
    pub fn position(&self, geometry: &Geometry) -> (i64, usize) {
        self.position_of(geometry, self.cursor)
    }

    /// The layer of any point, as [`Sight::position`] counts.
    pub fn position_of(&self, geometry: &Geometry, p: PatientPoint) -> (i64, usize) {
        let stack = self.stack(geometry);
        let (count, ordinal) = (stack.count(geometry), stack.ordinal(geometry, p));
        (if self.plane() == Plane::Axial { count as i64 - ordinal } else { ordinal + 1 }, count)
    }

    /// The slab, where there is one.
    pub fn slab(&self) -> Option<Slab> {
        let thickness_mm = self.slab_mm.clamp(0.0, SLAB_MAX_MM);
        (thickness_mm > 0.0).then_some(Slab { thickness_mm, projection: self.projection })
    }

    /// What is sampled for a picture of `size` pixels, `scale` of them a point; of a curved surface see
    /// [`Sight::curved_rows`].
    pub fn view(&self, scale: f64, size: [usize; 2]) -> SliceView {
        let frame = self.pane.frame;
        let middle = self.pane.center(self.own_cursor());
        let plane = SlicePlane::new(middle, frame.right, frame.down, self.pane.mm_per_point / scale, size);
        SliceView { plane, interpolation: self.interpolation, slab: self.slab() }
    }

    /// The rows of a straightened picture; `None` for a plane.
    pub fn curved_rows(&self, scale: f64, size: [usize; 2]) -> Option<Vec<SliceView>> {
        let Aim::Curved(curve) = &self.aim else { return None };
        let middle = Straight::of_point(self.pane.center(self.own_cursor()));
        let rows = curve.rows(middle, self.pane.mm_per_point / scale, size);
        let view = |plane| SliceView { plane, interpolation: self.interpolation, slab: self.slab() };
        Some(rows.into_iter().map(view).collect())
    }

    /// Moves the middle of the picture to a point unless that is well inside of it.
    pub fn bring_into_view(&mut self, p: PatientPoint) {
        let at = self.pane_from_patient(p).0 / self.size;
        if at.min_element() < 0.1 || at.max_element() > 0.9 {
            self.pane.focus = self.own(p);
        }
    }

    /// Zoom and middle of another pane, whose middle lies at `focus` here.
    pub fn follow_zoom(&mut self, mm_per_point: f64, focus: PatientPoint) {
        self.pane.mm_per_point = mm_per_point;
        if !self.is_curved() {
            self.pane.focus = focus;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Geometry {
        let steps = [DVec3::X, DVec3::Y, DVec3::new(0.0, 0.4, 3.0)];
        Geometry::regular(PatientPoint::ORIGIN, steps, [64, 64, 21]).unwrap()
    }

    fn curve() -> Arc<Curve> {
        let at = |k: f64| PatientPoint::new(30.0 + k, 30.0 + 0.05 * k * k, 60.0 - 10.0 * k).unwrap();
        Arc::new(Curve::through(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(at)).unwrap())
    }

    #[test]
    fn screen_and_patient_are_inverse_for_every_aim() {
        let g = grid();
        let mut sight = Sight::new(0, Plane::Axial, &g, g.center());
        let mut turned = sight.clone();
        turned.turn(Frame::of(Plane::Axial).turned(DVec3::X, 0.4));
        let mut native = sight.clone();
        native.aim_native(&g, true);
        sight.aim_along(curve());
        for mut s in [sight, turned, native] {
            s.resized(DVec2::new(300.0, 500.0), &g);
            for p in [DVec2::new(140.0, 200.0), DVec2::new(161.0, 333.0)] {
                let q = s.patient_from_pane(PanePoint(p));
                assert!((s.pane_from_patient(q).0 - p).length() < 0.2, "{}", s.name());
                assert!(s.depth_mm(q) < 0.05, "{}", s.name());
            }
        }
    }

    #[test]
    fn scrolling_an_axial_pane_goes_towards_the_feet() {
        let g = grid();
        let cursor = Stack::of(&g, Plane::Axial).moved_to(&g, g.center(), 10);
        let s = Sight::new(0, Plane::Axial, &g, cursor);
        assert!(s.scrolled(&g, 1).vec().z < cursor.vec().z);
        assert_eq!(s.position(&g), (11, 21));
        let end = Sight { cursor: s.scrolled(&g, -100), ..s };
        assert_eq!(end.position(&g).0, 1);
    }

    #[test]
    fn a_pane_that_shows_all_goes_on_so_in_another_size_and_one_that_was_zoomed_does_not() {
        let g = grid();
        let (large, small) = (DVec2::new(800.0, 600.0), DVec2::new(300.0, 500.0));
        let mut s = Sight::new(0, Plane::Sagittal, &g, g.center());
        s.resized(large, &g);
        s.resized(small, &g);
        assert_eq!(s.pane, Pane::fitted(Plane::Sagittal, &g, small));
        s.pane.zoom_at(PanePoint(DVec2::new(10.0, 20.0)), small, 1.5);
        let zoomed = s.pane.clone();
        s.resized(large, &g);
        assert_eq!(s.pane, zoomed);
    }

    #[test]
    fn a_slab_has_a_thickness_within_bounds() {
        let g = grid();
        let mut s = Sight::new(0, Plane::Coronal, &g, g.center());
        assert_eq!(s.slab(), None);
        s.slab_mm = 900.0;
        assert_eq!(s.slab().map(|s| s.thickness_mm), Some(SLAB_MAX_MM));
    }

    #[test]
    fn a_curved_picture_has_a_row_for_each_line_and_shows_its_middle_in_the_middle() {
        let g = grid();
        let mut s = Sight::new(0, Plane::Sagittal, &g, g.center());
        assert!(s.curved_rows(1.0, [10, 10]).is_none());
        s.aim_along(curve());
        s.resized(DVec2::new(80.0, 90.0), &g);
        let rows = s.curved_rows(1.0, [80, 90]).expect("rows");
        assert_eq!(rows.len(), 90);
        let want = s.patient_from_pane(PanePoint(DVec2::new(40.0, 45.5)));
        assert!(rows[45].plane.center.distance_mm(want) < 0.02);
    }
}
