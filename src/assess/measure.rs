//! Values of what a reader drew: distances, angles and areas in space, and the values of the images under it, which come
//! from the volume and never from a picture of it.

use crate::document::{ImageIdentity, Measurement, MeasurementShape};
use crate::segment::{Sheet, contour_spans};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelIndex};
use crate::volume::{Statistics, Volume};

/// The figures of a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Length, angle, area, or the value at the point; `None` where it cannot be known.
    pub value: Option<f64>,
    /// `mm`, `deg`, `mm2`, the unit of the images' values; `px`, `px2` on pictures without spacing.
    pub unit: String,
    /// Values under a region; `None` without voxels or without the volume.
    pub values: Option<Statistics>,
    /// It was drawn on a projection.
    pub projected: bool,
}

/// Length (mm), angle (degrees) or area (mm²) of a shape in space; `None` of a point, and where a line has no length.
pub fn measure(shape: &MeasurementShape) -> Option<f64> {
    let angle = |a: &[PatientPoint; 2], b: &[PatientPoint; 2]| {
        let line = |p: &[PatientPoint; 2]| p[1].vec() - p[0].vec();
        let angle = line(a).angle_between(line(b)).to_degrees();
        angle.is_finite().then_some(angle)
    };
    match shape {
        MeasurementShape::Length { points_mm } => Some(points_mm[0].distance_mm(points_mm[1])),
        MeasurementShape::Angle { a_mm, b_mm } => angle(a_mm, b_mm),
        MeasurementShape::Cobb { a_mm, b_mm } => angle(a_mm, b_mm).map(|deg| deg.min(180.0 - deg)),
        MeasurementShape::Point { .. } => None,
        MeasurementShape::Rectangle { corners_mm } => Some(area_vector(corners_mm).length()),
        MeasurementShape::Ellipse { corners_mm } => {
            Some(area_vector(corners_mm).length() * std::f64::consts::FRAC_PI_4)
        }
        MeasurementShape::Freehand { points_mm } => Some(area_vector(points_mm).length()),
    }
}

/// Half the sum of the cross products of neighbouring corners: its length is the area of a flat outline, its direction
/// the normal (Newell's method).
fn area_vector(corners: &[PatientPoint]) -> DVec3 {
    let Some(first) = corners.first() else { return DVec3::ZERO };
    let from = |n: usize| corners[n % corners.len()].vec() - first.vec();
    (0..corners.len()).map(|n| from(n).cross(from(n + 1))).sum::<DVec3>() / 2.0
}

/// The figures of a measurement on its series; `volume` where its pixels are at hand.
pub fn measured(m: &Measurement, image: Option<&ImageIdentity>, volume: Option<&Volume>) -> Measured {
    let (scale, length) = image.map_or((1.0, "mm"), ImageIdentity::length_scale);
    let raw = measure(&m.shape);
    let volume = volume.filter(|v| image.is_none_or(|i| i.geometry.size() == v.size()));
    let (value, unit) = match &m.shape {
        MeasurementShape::Length { .. } => (raw.map(|mm| mm * scale), length.to_owned()),
        MeasurementShape::Angle { .. } | MeasurementShape::Cobb { .. } => (raw, "deg".to_owned()),
        MeasurementShape::Point { at_mm } => {
            let value = volume.and_then(|v| Some(v.value(v.geometry.voxel_from_patient(*at_mm).nearest(v.size())?)));
            (value.filter(|v| v.is_finite()), image.map(|i| i.units.clone()).unwrap_or_default())
        }
        _ => (raw.map(|mm2| mm2 * scale * scale), format!("{length}2")),
    };
    let values = volume.filter(|_| m.shape.is_region()).and_then(|v| {
        let at = |flat: &u64| v.value(VoxelIndex::from_flat(*flat as usize, v.size()));
        let mut values: Vec<f64> =
            region_voxels(&m.shape, &v.geometry).iter().map(at).filter(|v| v.is_finite()).collect();
        Statistics::of(&mut values)
    });
    Measured { value, unit, values, projected: image.is_some_and(ImageIdentity::is_projected) }
}

/// The voxels of a region, as flat indices: those of the layer that its plane lies in (of an oblique plane, those within
/// half a voxel of it) whose centres, seen at right angles onto the plane, lie inside; of an ellipse also those on it.
pub fn region_voxels(shape: &MeasurementShape, geometry: &Geometry) -> Vec<u64> {
    let corners = match shape {
        MeasurementShape::Ellipse { corners_mm } => enlarged(corners_mm),
        _ => shape.points(),
    };
    let Some(sheet) = sheet(geometry, &corners) else { return Vec::new() };
    let spans = contour_spans(geometry, &sheet, &corners);
    let inside = |flat: &u64| match shape {
        MeasurementShape::Ellipse { corners_mm: [a, b, _, d] } => {
            let p = geometry.patient_from_voxel(VoxelIndex::from_flat(*flat as usize, geometry.size()).center()).vec();
            let (u, v) = ((b.vec() - a.vec()) / 2.0, (d.vec() - a.vec()) / 2.0);
            let off = p - (a.vec() + u + v);
            let (s, t) = (off.dot(u) / u.length_squared(), off.dot(v) / v.length_squared());
            s * s + t * t <= 1.0
        }
        _ => true,
    };
    spans.iter().flat_map(|s| s.start..s.end).filter(inside).collect()
}

/// Corners moved a hair away from their middle: what an ellipse touches must not be lost at the edge of its rectangle.
fn enlarged(corners: &[PatientPoint; 4]) -> Vec<PatientPoint> {
    const HAIR: f64 = 1e-6;
    let middle: DVec3 = corners.iter().map(|p| p.vec()).sum::<DVec3>() / 4.0;
    corners.iter().map(|p| p.moved((p.vec() - middle) * HAIR)).collect()
}

/// The layer of the grid that a flat outline lies in, else the voxels about its plane.
fn sheet(geometry: &Geometry, corners: &[PatientPoint]) -> Option<Sheet> {
    const PARALLEL: f64 = 1.0 - 1e-9;
    let normal = area_vector(corners).try_normalize()?;
    let middle: DVec3 = corners.iter().map(|p| p.vec()).sum::<DVec3>() / corners.len() as f64;
    let middle = PatientPoint::from_vec(middle)?;
    let axis = geometry.layer_normals().iter().position(|n| n.dot(normal).abs() > PARALLEL);
    if let Some(axis) = axis {
        let index = (geometry.voxel_from_patient(middle).0[axis] + 0.5).floor();
        return index.is_finite().then(|| Sheet::layer(geometry, axis, index as i64));
    }
    let half_mm = 0.5 * geometry.steps().iter().map(|s| normal.dot(*s).abs()).sum::<f64>();
    Some(Sheet::Slab { normal, origin: middle.vec(), half_mm })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ImageKey;
    use crate::volume::{Kind, Rescale, Rescales, Samples};

    fn p(x: f64, y: f64, z: f64) -> PatientPoint {
        PatientPoint::new(x, y, z).expect("finite")
    }

    /// Values are x + 100 z of the voxel, on a grid of 0.5 × 0.5 × 2 mm.
    fn volume() -> Volume {
        let steps = [DVec3::X * 0.5, DVec3::Y * 0.5, DVec3::Z * 2.0];
        let size = [40, 40, 5];
        let geometry = Geometry::regular(PatientPoint::ORIGIN, steps, size).expect("spans space");
        let value = |n: usize| (n % 40 + 100 * (n / 1600)) as i16;
        Volume {
            geometry,
            kind: Kind::Volume,
            samples: Samples::I16((0..40 * 40 * 5).map(value).collect()),
            rescales: Rescales::Uniform(Rescale::IDENTITY),
            units: "HU".to_owned(),
            inverted: false,
            voi: vec![],
            padding: None,
        }
    }

    fn drawn(shape: MeasurementShape) -> Measured {
        let m = Measurement {
            label: "m".to_owned(),
            shape,
            image: ImageKey("1".to_owned()),
            level: None,
            role: Default::default(),
        };
        measured(&m, None, Some(&volume()))
    }

    fn square(z: f64, from: f64, to: f64) -> [PatientPoint; 4] {
        [p(from, from, z), p(to, from, z), p(to, to, z), p(from, to, z)]
    }

    #[test]
    fn lengths_and_angles_are_taken_in_space() {
        let length = MeasurementShape::Length { points_mm: [p(1.0, 2.0, 3.0), p(4.0, 6.0, 15.0)] };
        assert_eq!(measure(&length), Some(13.0));
        let a_mm = [PatientPoint::ORIGIN, p(0.0, 3.0, 0.0)];
        let angle = |b_mm| measure(&MeasurementShape::Angle { a_mm, b_mm });
        let value = angle([p(9.0, 9.0, 9.0), p(9.0, 8.0, 10.0)]);
        assert!((value.expect("lines have length") - 135.0).abs() < 1e-9);
        assert_eq!(angle([p(1.0, 1.0, 1.0); 2]), None, "a line without length has no direction");
        let b_mm = [p(9.0, 9.0, 9.0), p(9.0, 8.0, 10.0)];
        let cobb = measure(&MeasurementShape::Cobb { a_mm, b_mm });
        assert!((cobb.expect("lines have length") - 45.0).abs() < 1e-9, "whichever way the lines were drawn");
    }

    #[test]
    fn a_rectangle_has_the_values_of_its_layer() {
        // Centres from 2 to 4.5 mm: columns 4 to 9, rows too; the plane lies nearest to slice 1.
        let m = drawn(MeasurementShape::Rectangle { corners_mm: square(2.6, 1.9, 4.6) });
        assert!((m.value.expect("an area") - 2.7 * 2.7).abs() < 1e-9);
        assert_eq!(m.unit, "mm2");
        let s = m.values.expect("voxels");
        assert_eq!((s.count, s.min, s.max, s.mean), (36, 104.0, 109.0, 106.5));
        // n − 1 over six of each of six values.
        let squares: f64 = (4..10).map(|v| 6.0 * (f64::from(v) - 6.5f64).powi(2)).sum();
        assert!((s.sd - (squares / 35.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn an_ellipse_holds_the_centres_within_it() {
        let m = drawn(MeasurementShape::Ellipse { corners_mm: square(4.0, 5.0, 15.0) });
        assert!((m.value.expect("an area") - std::f64::consts::PI * 25.0).abs() < 1e-9);
        let inside = |n: i32| (n % 40 - 20).pow(2) + (n / 40 - 20).pow(2) <= 100;
        assert_eq!(m.values.expect("voxels").count, (0..1600).filter(|n| inside(*n)).count());
    }

    #[test]
    fn freehand_outlines_and_oblique_planes() {
        let triangle = vec![p(1.9, 1.9, 6.0), p(9.9, 1.9, 6.0), p(1.9, 9.9, 6.0)];
        let m = drawn(MeasurementShape::Freehand { points_mm: triangle });
        assert!((m.value.expect("an area") - 32.0).abs() < 1e-9);
        let inside = |n: i32| {
            let (x, y) = (f64::from(n % 40) / 2.0, f64::from(n / 40) / 2.0);
            x > 1.9 && y > 1.9 && x + y < 11.8
        };
        assert_eq!(m.values.expect("voxels").count, (0..1600).filter(|n| inside(*n)).count());
        // A plane at 45° through the grid: every voxel taken lies within half a voxel's extent of it.
        let corners_mm = [p(2.0, 2.0, 2.0), p(10.0, 2.0, 2.0), p(10.0, 6.0, 6.0), p(2.0, 6.0, 6.0)];
        let shape = MeasurementShape::Rectangle { corners_mm };
        let v = volume();
        let (normal, half) = (DVec3::new(0.0, -1.0, 1.0).normalize(), (0.5 + 2.0) / 2.0 / 2f64.sqrt());
        let voxels = region_voxels(&shape, &v.geometry);
        assert!(!voxels.is_empty());
        for flat in voxels {
            let at = v.geometry.patient_from_voxel(VoxelIndex::from_flat(flat as usize, v.size()).center());
            assert!((at.vec() - DVec3::new(6.0, 4.0, 4.0)).dot(normal).abs() <= half + 1e-9);
        }
    }

    #[test]
    fn a_point_has_the_value_of_its_voxel_and_none_outside() {
        let at = |x: f64| drawn(MeasurementShape::Point { at_mm: p(x, 1.0, 4.1) });
        assert_eq!((at(3.6).value, at(3.6).unit), (Some(207.0), String::new()));
        assert_eq!(at(-5.0).value, None);
    }
}
