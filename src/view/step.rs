//! Stepping through layers: the slices of a pane are the grid's layers nearest to its plane, also on tilted, oblique
//! and uneven grids. The crosshair moves along the pane's normal until it meets the next layer.

use super::Frame;
use crate::space::{DVec3, Geometry, PatientPoint, Plane};

/// The layers that a pane goes through, and the direction in which it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stack {
    /// The grid's axis across which the layers lie.
    pub axis: usize,
    /// Unit direction of a positive step: to the patient's left, back or head.
    pub normal: DVec3,
}

impl Stack {
    /// The layers of an anatomical plane.
    pub fn of(geometry: &Geometry, plane: Plane) -> Self {
        Stack { axis: geometry.layer_axis(plane), normal: plane.normal() }
    }

    /// The acquired slices, along their own normal; a positive step goes the way of `plane`'s.
    pub fn native(geometry: &Geometry, plane: Plane) -> Self {
        let n = geometry.normal();
        Stack { axis: 2, normal: if n.dot(plane.normal()) < 0.0 { -n } else { n } }
    }

    /// The layers of a turned frame: those that lie closest together along its normal.
    pub fn across(geometry: &Geometry, frame: Frame, plane: Plane) -> Self {
        let n = frame.normal();
        let normal = if n.dot(plane.normal()) < 0.0 { -n } else { n };
        let middle = geometry.center();
        let density = |axis: usize| layers_per_mm(geometry, axis, middle, normal).abs();
        let axis = (0..3).fold(0, |best, a| if density(a) > density(best) { a } else { best });
        Stack { axis, normal }
    }

    /// Number of layers.
    pub fn count(self, geometry: &Geometry) -> usize {
        geometry.size()[self.axis]
    }

    /// The layer nearest to a point; may lie outside `0..count`.
    pub fn index(self, geometry: &Geometry, p: PatientPoint) -> i64 {
        (geometry.voxel_from_patient(p).0[self.axis] + 0.5).floor() as i64
    }

    /// Distance between layers along the normal near `p`, mm.
    pub fn step_mm(self, geometry: &Geometry, p: PatientPoint) -> f64 {
        let slope = layers_per_mm(geometry, self.axis, p, self.normal);
        if slope.abs() > 1e-9 { 1.0 / slope.abs() } else { 1.0 }
    }

    /// 1 where layer numbers rise along the normal, else -1.
    fn towards(self, geometry: &Geometry, p: PatientPoint) -> i64 {
        layers_per_mm(geometry, self.axis, p, self.normal).signum() as i64
    }

    /// `p` moved along the normal to the middle of layer `index`, which is kept inside the grid.
    pub fn moved_to(self, geometry: &Geometry, p: PatientPoint, index: i64) -> PatientPoint {
        let target = index.clamp(0, geometry.size()[self.axis] as i64 - 1) as f64;
        let mut at = p;
        for _ in 0..8 {
            let off = target - geometry.voxel_from_patient(at).0[self.axis];
            let slope = layers_per_mm(geometry, self.axis, at, self.normal);
            if off.abs() < 1e-9 || slope.abs() < 1e-9 {
                break;
            }
            at = at.moved(self.normal * (off / slope));
        }
        at
    }

    /// `p` moved by whole layers; positive is along the normal.
    pub fn moved_by(self, geometry: &Geometry, p: PatientPoint, by: i64) -> PatientPoint {
        self.moved_to(geometry, p, self.index(geometry, p) + by * self.towards(geometry, p))
    }

    /// How far along the normal a point's layer lies: 0 is the first layer that stepping reaches, `count - 1` the last.
    pub fn ordinal(self, geometry: &Geometry, p: PatientPoint) -> i64 {
        let k = self.index(geometry, p);
        if self.towards(geometry, p) < 0 { self.count(geometry) as i64 - 1 - k } else { k }
    }
}

/// How many layers of `axis` one millimetre along `n` crosses at `p`.
fn layers_per_mm(geometry: &Geometry, axis: usize, p: PatientPoint, n: DVec3) -> f64 {
    const H_MM: f64 = 1e-3;
    let ahead = geometry.voxel_from_patient(p.moved(n * H_MM)).0[axis];
    let behind = geometry.voxel_from_patient(p.moved(n * -H_MM)).0[axis];
    (ahead - behind) / (2.0 * H_MM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grids() -> Vec<Geometry> {
        let o = PatientPoint::new(-20.0, -30.0, 50.0).unwrap();
        let uneven = [0.0, 1.0, 4.0, 4.5, 9.0].map(|z| PatientPoint::new(0.0, 0.0, z).unwrap()).to_vec();
        vec![
            Geometry::regular(o, [DVec3::X, DVec3::Y, DVec3::Z * 3.0], [40, 50, 20]).unwrap(),
            Geometry::regular(o, [DVec3::X, DVec3::Y, DVec3::new(0.0, 0.8, 2.5)], [40, 50, 20]).unwrap(),
            Geometry::regular(o, [DVec3::NEG_X, DVec3::Y, DVec3::NEG_Z], [40, 50, 20]).unwrap(),
            Geometry::uneven(uneven, [DVec3::X, DVec3::Y, DVec3::Z * 2.25], [30, 30]).unwrap(),
        ]
    }

    fn stacks(g: &Geometry) -> Vec<Stack> {
        let turned = Frame::of(Plane::Axial).turned(DVec3::X, 0.3);
        let more = [Stack::native(g, Plane::Axial), Stack::across(g, turned, Plane::Axial)];
        Plane::ALL.map(|p| Stack::of(g, p)).into_iter().chain(more).collect()
    }

    #[test]
    fn stepping_meets_every_layer_once_and_in_order() {
        for g in grids() {
            for stack in stacks(&g) {
                let mut p = stack.moved_to(&g, g.center(), 0);
                for k in 1..stack.count(&g) as i64 {
                    p = stack.moved_to(&g, p, k);
                    assert_eq!(stack.index(&g, p), k);
                    assert!((g.voxel_from_patient(p).0[stack.axis] - k as f64).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn a_positive_step_goes_along_the_normal_and_raises_the_ordinal() {
        for g in grids() {
            for stack in stacks(&g) {
                let p = stack.moved_to(&g, g.center(), 2);
                let q = stack.moved_by(&g, p, 1);
                assert!((q.vec() - p.vec()).dot(stack.normal) > 0.0);
                assert_eq!(stack.ordinal(&g, q), stack.ordinal(&g, p) + 1);
            }
        }
    }

    #[test]
    fn steps_stop_at_the_ends() {
        let g = &grids()[0];
        let p = Stack::of(g, Plane::Axial).moved_by(g, g.center(), 1000);
        assert_eq!(Stack::of(g, Plane::Axial).index(g, p), 19);
    }

    #[test]
    fn a_turned_pane_goes_in_the_finest_steps() {
        let g = &grids()[0];
        let frame = Frame::of(Plane::Axial).turned(DVec3::X, 30f64.to_radians());
        let stack = Stack::across(g, frame, Plane::Axial);
        assert!(stack.normal.z > 0.0 && stack.step_mm(g, g.center()) <= 2.0 + 1e-9);
    }
}
