//! Stepping through layers: the slices of a pane are the grid's layers nearest to its plane, also on tilted, oblique
//! and uneven grids. The crosshair moves along the pane's normal until it meets the next layer.

use crate::space::{DVec3, Geometry, PatientPoint, Plane};

/// Number of layers that a pane of this plane can show.
pub fn layer_count(geometry: &Geometry, plane: Plane) -> usize {
    geometry.size()[geometry.layer_axis(plane)]
}

/// The layer nearest to a point; may lie outside `0..layer_count`.
pub fn layer_index(geometry: &Geometry, plane: Plane, p: PatientPoint) -> i64 {
    (geometry.voxel_from_patient(p).0[geometry.layer_axis(plane)] + 0.5).floor() as i64
}

/// Distance between layers along the plane's normal near `p`, mm.
pub fn layer_step_mm(geometry: &Geometry, plane: Plane, p: PatientPoint) -> f64 {
    let slope = layers_per_mm(geometry, geometry.layer_axis(plane), p, plane.normal());
    if slope.abs() > 1e-9 { 1.0 / slope.abs() } else { 1.0 }
}

/// How many layers of `axis` one millimetre along `n` crosses at `p`.
fn layers_per_mm(geometry: &Geometry, axis: usize, p: PatientPoint, n: DVec3) -> f64 {
    const H_MM: f64 = 1e-3;
    let ahead = geometry.voxel_from_patient(p.moved(n * H_MM)).0[axis];
    let behind = geometry.voxel_from_patient(p.moved(n * -H_MM)).0[axis];
    (ahead - behind) / (2.0 * H_MM)
}

/// `p` moved along the plane's normal to the middle of layer `index`, which is kept inside the grid.
pub fn moved_to_layer(geometry: &Geometry, plane: Plane, p: PatientPoint, index: i64) -> PatientPoint {
    let axis = geometry.layer_axis(plane);
    let target = index.clamp(0, geometry.size()[axis] as i64 - 1) as f64;
    let n = plane.normal();
    let mut at = p;
    for _ in 0..8 {
        let off = target - geometry.voxel_from_patient(at).0[axis];
        let slope = layers_per_mm(geometry, axis, at, n);
        if off.abs() < 1e-9 || slope.abs() < 1e-9 {
            break;
        }
        at = at.moved(n * (off / slope));
    }
    at
}

/// `p` moved by whole layers; positive is towards the patient's left, back or head.
pub fn moved_by_layers(geometry: &Geometry, plane: Plane, p: PatientPoint, by: i64) -> PatientPoint {
    let axis = geometry.layer_axis(plane);
    let towards = layers_per_mm(geometry, axis, p, plane.normal()).signum() as i64;
    moved_to_layer(geometry, plane, p, layer_index(geometry, plane, p) + by * towards)
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

    #[test]
    fn stepping_meets_every_layer_once_and_in_order() {
        for g in grids() {
            for plane in Plane::ALL {
                let axis = g.layer_axis(plane);
                let mut p = moved_to_layer(&g, plane, g.center(), 0);
                for k in 1..layer_count(&g, plane) as i64 {
                    p = moved_to_layer(&g, plane, p, k);
                    assert_eq!(layer_index(&g, plane, p), k);
                    assert!((g.voxel_from_patient(p).0[axis] - k as f64).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn a_positive_step_goes_towards_left_back_head() {
        for g in grids() {
            for plane in Plane::ALL {
                let p = moved_to_layer(&g, plane, g.center(), 2);
                let q = moved_by_layers(&g, plane, p, 1);
                assert!((q.vec() - p.vec()).dot(plane.normal()) > 0.0);
            }
        }
    }

    #[test]
    fn steps_stop_at_the_ends() {
        let g = &grids()[0];
        let p = moved_by_layers(g, Plane::Axial, g.center(), 1000);
        assert_eq!(layer_index(g, Plane::Axial, p), 19);
    }
}
