//! A [`Pane`]: a plane through the patient, how large it is shown and around which point. The only converter between
//! the screen and the patient.

use crate::space::{DMat3, DVec2, DVec3, Geometry, PatientPoint, Plane};

/// A position in a pane in logical screen points from its upper left corner; x to the right, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanePoint(pub DVec2);

/// Directions of a pane in the patient: unit vectors at right angles, LPS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// To the right on the screen.
    pub right: DVec3,
    /// Down on the screen.
    pub down: DVec3,
}

impl Frame {
    /// The radiological view of an anatomical plane.
    pub fn of(plane: Plane) -> Self {
        let (right, down) = plane.right_down();
        Frame { right, down }
    }

    /// The acquired slices as they lie, turned into the radiological view of the anatomical plane nearest to them.
    pub fn native(geometry: &Geometry) -> (Plane, Self) {
        let (plane, _) = Plane::nearest(geometry.normal());
        let (right, down) = plane.right_down();
        let [a, b, _] = geometry.directions();
        let towards = |d: DVec3, to: DVec3| if d.dot(to) < 0.0 { -d } else { d };
        let (across, along) = if a.dot(right).abs() >= b.dot(right).abs() { (a, b) } else { (b, a) };
        let (across, along) = (towards(across, right), towards(along, down));
        let along = (along - across * along.dot(across)).normalize_or(down);
        (plane, Frame { right: across, down: along })
    }

    /// The pictures' own rows and columns, for images that lie nowhere in the patient.
    pub fn stored(geometry: &Geometry) -> Self {
        let [right, down, _] = geometry.directions();
        Frame { right, down: (down - right * down.dot(right)).normalize_or(down) }
    }

    /// Away from the viewer: right × down.
    pub fn normal(self) -> DVec3 {
        self.right.cross(self.down)
    }

    /// Turned about an axis (a unit vector in the patient) by the right-hand rule.
    #[must_use]
    pub fn turned(self, axis: DVec3, radians: f64) -> Self {
        let turn = DMat3::from_axis_angle(axis.normalize_or(self.normal()), radians);
        let right = (turn * self.right).normalize_or(self.right);
        let down = turn * self.down;
        Frame { right, down: (down - right * down.dot(right)).normalize_or(self.down) }
    }

    /// The frame whose normal is `normal`, reached by the smallest turn.
    #[must_use]
    pub fn facing(self, normal: DVec3) -> Self {
        let (from, to) = (self.normal(), normal.normalize_or(self.normal()));
        let axis = from.cross(to);
        if axis.length() < 1e-12 {
            return self;
        }
        self.turned(axis.normalize(), from.angle_between(to))
    }

    /// Mirrored left and right on the screen; the letters follow.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Frame { right: -self.right, ..self }
    }

    /// Turned on the screen by quarter turns clockwise.
    #[must_use]
    pub fn quarter_turned(self, turns: i32) -> Self {
        (0..turns.rem_euclid(4)).fold(self, |f, _| Frame { right: -f.down, down: f.right })
    }
}

/// How a plane through the patient is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Pane {
    /// The anatomical plane it shows, or was turned from.
    pub plane: Plane,
    /// Screen directions.
    pub frame: Frame,
    /// The point shown in the middle, up to a shift along the normal (that is the crosshair's).
    pub focus: PatientPoint,
    /// Zoom: millimetres for each logical point of the screen; above 0.
    pub mm_per_point: f64,
}

impl Pane {
    /// Smallest and largest zoom, millimetres a point.
    const ZOOM_LIMITS: (f64, f64) = (0.005, 20.0);

    /// A pane that shows all of `geometry` in `size` points, with a little air around.
    pub fn fitted(plane: Plane, geometry: &Geometry, size: DVec2) -> Self {
        Self::framed(plane, Frame::of(plane), geometry, size)
    }

    /// The same in any directions; `plane` is the anatomical plane nearest to them.
    pub fn framed(plane: Plane, frame: Frame, geometry: &Geometry, size: DVec2) -> Self {
        let focus = geometry.center();
        let mut pane = Pane { plane, frame, focus, mm_per_point: 1.0 };
        pane.fit(geometry, size);
        pane
    }

    /// Zooms and pans so that all of `geometry` is in view.
    pub fn fit(&mut self, geometry: &Geometry, size: DVec2) {
        self.focus = geometry.center();
        let spread = geometry.corners().map(|c| {
            let d = c.vec() - self.focus.vec();
            DVec2::new(d.dot(self.frame.right).abs(), d.dot(self.frame.down).abs())
        });
        let half = spread.into_iter().fold(DVec2::ZERO, DVec2::max);
        let wanted = (2.0 * half * 1.04 / size.max(DVec2::ONE)).max_element();
        self.mm_per_point = wanted.clamp(Self::ZOOM_LIMITS.0, Self::ZOOM_LIMITS.1);
    }

    /// The patient point in the pane's middle, on the plane through `cursor`.
    pub fn center(&self, cursor: PatientPoint) -> PatientPoint {
        let n = self.frame.normal();
        self.focus.moved(n * (cursor.vec() - self.focus.vec()).dot(n))
    }

    /// Where a screen position lies in the patient, on the plane through `cursor`.
    pub fn patient_from_pane(&self, p: PanePoint, size: DVec2, cursor: PatientPoint) -> PatientPoint {
        let d = (p.0 - size * 0.5) * self.mm_per_point;
        self.center(cursor).moved(self.frame.right * d.x + self.frame.down * d.y)
    }

    /// Where a patient point appears, projected along the normal.
    pub fn pane_from_patient(&self, p: PatientPoint, size: DVec2) -> PanePoint {
        let d = p.vec() - self.focus.vec();
        PanePoint(DVec2::new(d.dot(self.frame.right), d.dot(self.frame.down)) / self.mm_per_point + size * 0.5)
    }

    /// Distance of a point from the plane through `cursor`, mm, signed along the normal.
    pub fn depth_mm(&self, p: PatientPoint, cursor: PatientPoint) -> f64 {
        (p.vec() - cursor.vec()).dot(self.frame.normal())
    }

    /// Zooms by `factor` (above 1 is closer) and keeps what is under `at` where it is.
    pub fn zoom_at(&mut self, at: PanePoint, size: DVec2, factor: f64) {
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        let before = self.mm_per_point;
        self.mm_per_point = (before / factor).clamp(Self::ZOOM_LIMITS.0, Self::ZOOM_LIMITS.1);
        let d = (at.0 - size * 0.5) * (before - self.mm_per_point);
        self.focus = self.focus.moved(self.frame.right * d.x + self.frame.down * d.y);
    }

    /// Drags the picture by `delta` screen points.
    pub fn pan_by(&mut self, delta: DVec2) {
        let d = -delta * self.mm_per_point;
        self.focus = self.focus.moved(self.frame.right * d.x + self.frame.down * d.y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: DVec2 = DVec2::new(400.0, 300.0);

    fn pane(plane: Plane) -> Pane {
        let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z * 2.0], [100, 80, 60]).unwrap();
        Pane::fitted(plane, &g, SIZE)
    }

    #[test]
    fn screen_and_patient_are_inverse() {
        let cursor = PatientPoint::new(12.0, 30.0, 50.0).unwrap();
        for plane in Plane::ALL {
            let mut pane = pane(plane);
            pane.pan_by(DVec2::new(17.0, -5.0));
            pane.zoom_at(PanePoint(DVec2::new(33.0, 210.0)), SIZE, 2.5);
            let p = PanePoint(DVec2::new(61.0, 140.5));
            let q = pane.patient_from_pane(p, SIZE, cursor);
            assert!((pane.pane_from_patient(q, SIZE).0 - p.0).length() < 1e-9);
            assert!(pane.depth_mm(q, cursor).abs() < 1e-9, "a clicked point lies on the shown plane");
        }
    }

    #[test]
    fn frames_turn_mirror_and_face_without_losing_their_right_angles() {
        let f = Frame::of(Plane::Sagittal).turned(DVec3::new(1.0, 2.0, -0.5).normalize(), 0.7);
        for g in [f, f.mirrored(), f.quarter_turned(3), f.facing(DVec3::new(0.1, 0.9, 0.2))] {
            assert!(g.right.dot(g.down).abs() < 1e-12 && (g.normal().length() - 1.0).abs() < 1e-12);
        }
        assert_eq!(f.quarter_turned(4), f.quarter_turned(0));
        let axial = Frame::of(Plane::Axial).quarter_turned(1);
        assert_eq!((axial.right, axial.down), (DVec3::NEG_Y, DVec3::X), "what was on the left is above");
        let n = DVec3::new(0.0, 0.3, 0.9).normalize();
        assert!((Frame::of(Plane::Axial).facing(n).normal() - n).length() < 1e-12);
    }

    #[test]
    fn acquired_slices_are_shown_the_radiological_way_round() {
        let o = PatientPoint::ORIGIN;
        // Sagittal slices stored with rows towards the head and columns towards the front, tilted by 10°.
        let (s, c) = 10f64.to_radians().sin_cos();
        let steps = [DVec3::new(s, -c, 0.0), DVec3::Z, DVec3::new(c, s, 0.0) * 4.0];
        let (plane, frame) = Frame::native(&Geometry::regular(o, steps, [9, 9, 5]).unwrap());
        assert_eq!(plane, Plane::Sagittal);
        assert!(frame.right.y > 0.9 && frame.down.z < -0.9);
        assert!(frame.normal().dot(steps[2]).abs() > 3.999);
    }

    #[test]
    fn zoom_keeps_the_point_under_the_pointer() {
        let mut pane = pane(Plane::Sagittal);
        let at = PanePoint(DVec2::new(350.0, 20.0));
        let before = pane.patient_from_pane(at, SIZE, PatientPoint::ORIGIN);
        pane.zoom_at(at, SIZE, 3.0);
        assert!(pane.patient_from_pane(at, SIZE, PatientPoint::ORIGIN).distance_mm(before) < 1e-9);
    }

    #[test]
    fn sagittal_shows_anterior_left_and_superior_up() {
        let pane = pane(Plane::Sagittal);
        let here = pane.pane_from_patient(PatientPoint::ORIGIN, SIZE).0;
        assert!(pane.pane_from_patient(PatientPoint::new(0.0, -10.0, 0.0).unwrap(), SIZE).0.x < here.x);
        assert!(pane.pane_from_patient(PatientPoint::new(0.0, 0.0, 10.0).unwrap(), SIZE).0.y < here.y);
    }
}
