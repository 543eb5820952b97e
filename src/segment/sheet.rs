//! The plane a flat tool draws in, and the voxels that belong to it.

use crate::space::{DVec3, Geometry, PatientPoint, Plane};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

/// The plane of a stroke or contour: an anatomical one (then the volume's own layer nearest to it), or any plane through
/// the patient, as an oblique pane shows it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum DrawPlane {
    /// `"sagittal"`, `"coronal"` or `"axial"`.
    Named(Plane),
    /// A plane through `origin_mm`, spanned by two directions (LPS; need not be of unit length, nor at right angles).
    Oblique {
        /// A point of the plane, LPS mm.
        origin_mm: PatientPoint,
        /// Direction of the screen's right.
        right: [f64; 3],
        /// Direction of the screen's down.
        down: [f64; 3],
    },
}

impl<'de> Deserialize<'de> for DrawPlane {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Oblique {
            origin_mm: PatientPoint,
            right: [f64; 3],
            down: [f64; 3],
        }
        match serde_json::Value::deserialize(from)? {
            text @ serde_json::Value::String(_) => Plane::deserialize(text).map(DrawPlane::Named),
            other => Oblique::deserialize(other).map(|o| DrawPlane::Oblique {
                origin_mm: o.origin_mm,
                right: o.right,
                down: o.down,
            }),
        }
        .map_err(de::Error::custom)
    }
}

/// The voxels that a flat tool works on, settled for one gesture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sheet {
    /// One layer of the grid: voxels whose index along `axis` is `index`. A layer outside the grid holds no voxel.
    Layer {
        /// 0 columns, 1 rows, 2 slices.
        axis: usize,
        /// Index of the layer.
        index: i64,
        /// Unit normal of the layer.
        normal: DVec3,
        /// A point in the layer's plane, LPS mm.
        origin: DVec3,
    },
    /// Voxels through which a plane passes: their centres lie less than half their own extent across the plane away
    /// from it, on the far side at most exactly so.
    Slab {
        /// Unit normal.
        normal: DVec3,
        /// A point of the plane, LPS mm.
        origin: DVec3,
        /// Half of a voxel's extent along the normal, mm: ½ Σ |normal · step|.
        half_mm: f64,
    },
}

impl Sheet {
    /// The sheet of a gesture. A named plane means the layer (of the grid axis whose layer normal is nearest to the
    /// plane's) that is nearest to the mean of the points. `None` without points, or when an oblique plane's directions
    /// do not span a plane.
    pub fn of(geometry: &Geometry, plane: DrawPlane, points: &[PatientPoint]) -> Option<Sheet> {
        match plane {
            DrawPlane::Named(plane) => {
                let axis = geometry.layer_axis(plane);
                let n = points.len() as f64;
                let mean = points.iter().map(|p| geometry.voxel_from_patient(*p).0[axis]).sum::<f64>() / n;
                let index = (mean + 0.5).floor();
                (!points.is_empty() && index.is_finite()).then(|| Sheet::layer(geometry, axis, index as i64))
            }
            DrawPlane::Oblique { origin_mm, right, down } => {
                let normal = DVec3::from_array(right).cross(DVec3::from_array(down)).try_normalize()?;
                let half_mm = 0.5 * geometry.steps().iter().map(|s| normal.dot(*s).abs()).sum::<f64>();
                Some(Sheet::Slab { normal, origin: origin_mm.vec(), half_mm })
            }
        }
    }

    /// The layer `index` along `axis`.
    pub fn layer(geometry: &Geometry, axis: usize, index: i64) -> Sheet {
        let mut at = DVec3::ZERO;
        at[axis] = index as f64;
        let origin = geometry.patient_from_voxel(crate::space::VoxelPoint(at)).vec();
        Sheet::Layer { axis, index, normal: geometry.layer_normals()[axis], origin }
    }

    /// Unit normal and a point of the plane.
    pub(super) fn plane(&self) -> (DVec3, DVec3) {
        match self {
            Sheet::Layer { normal, origin, .. } | Sheet::Slab { normal, origin, .. } => (*normal, *origin),
        }
    }

    /// The point moved at right angles onto the plane.
    pub fn project(&self, p: PatientPoint) -> PatientPoint {
        let (n, o) = self.plane();
        p.moved(-n * (p.vec() - o).dot(n))
    }

    /// First and last index along each axis that a voxel of this sheet can have; `None` when there is none.
    pub(super) fn limits(&self, size: [usize; 3]) -> Option<[(i64, i64); 3]> {
        let mut limits = size.map(|n| (0, n as i64 - 1));
        if let Sheet::Layer { axis, index, .. } = self {
            limits[*axis] = (*index.max(&0), *index.min(&limits[*axis].1));
        }
        limits.iter().all(|(lo, hi)| lo <= hi).then_some(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_read_as_words_or_objects() {
        let named: DrawPlane = serde_json::from_str("\"axial\"").expect("a word");
        assert_eq!(named, DrawPlane::Named(Plane::Axial));
        let text = r#"{"origin_mm":[1.0,2.0,3.0],"right":[1.0,0.0,0.0],"down":[0.0,1.0,1.0]}"#;
        let oblique: DrawPlane = serde_json::from_str(text).expect("an object");
        assert_eq!(serde_json::to_string(&oblique).expect("plain"), text);
        assert!(serde_json::from_str::<DrawPlane>("\"diagonal\"").is_err());
        assert!(serde_json::from_str::<DrawPlane>(r#"{"origin_mm":[1,2,3]}"#).is_err());
    }

    #[test]
    fn a_layer_outside_the_grid_holds_nothing() {
        let steps = [DVec3::X, DVec3::Y, DVec3::Z];
        let g = Geometry::regular(PatientPoint::ORIGIN, steps, [5, 5, 5]).expect("a cube");
        let far = [PatientPoint::new(0.0, 0.0, 40.0).expect("finite")];
        let sheet = Sheet::of(&g, DrawPlane::Named(Plane::Axial), &far).expect("a layer");
        assert!(matches!(sheet, Sheet::Layer { axis: 2, index: 40, .. }));
        assert_eq!(sheet.limits(g.size()), None);
    }
}
