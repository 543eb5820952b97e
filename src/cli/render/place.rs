//! Which part of the volume the arguments mean.

use super::{PlaneArg, RenderArgs, usage};
use crate::cli::{Failure, Outcome};
use crate::space::{DVec3, Geometry, PatientPoint, VoxelPoint};
use crate::volume::{Kind, SlicePlane, SliceView, Volume};

/// What is drawn.
pub struct Place {
    /// The sampled plane.
    pub view: SliceView,
    /// The acquired slice whose own window counts.
    pub slice: usize,
}

/// Says what makes no sense before anything is read.
pub fn check(args: &RenderArgs) -> Outcome {
    const LARGEST: usize = 16384;
    if args.size.0.iter().any(|n| n * args.scale as usize > LARGEST) {
        return Err(usage(format!("--size times --scale is more than {LARGEST} pixels along a side; choose less")));
    }
    match args.plane {
        Some(PlaneArg::Native) | None => Ok(()),
        Some(_) if args.native_size => {
            Err(usage("--native-size writes stored pixels, which only --plane native shows; choose one of the two"))
        }
        Some(_) => Ok(()),
    }
}

/// The view that the arguments ask for.
///
/// # Errors
/// A layer or point that is not there, a plane through images that lie nowhere.
pub fn of(args: &RenderArgs, volume: &Volume) -> Result<Place, Failure> {
    let geometry = &volume.geometry;
    let located = volume.kind != Kind::Projection;
    let native = args.native_size || !located;
    let plane = args.plane.unwrap_or(if native { PlaneArg::Native } else { PlaneArg::Sagittal });
    if plane != PlaneArg::Native && !located {
        return Err(Failure::Failed(
            "the images have no ImagePositionPatient (0020,0032), so no plane can be laid through them; use --plane native"
                .to_owned(),
        ));
    }
    let axis = plane.anatomical().map_or(2, |p| geometry.layer_axis(p));
    let middle = through(args, geometry, axis)?;
    let slice = nearest_slice(geometry, middle);
    if args.native_size {
        return Ok(Place { view: SliceView::frame(geometry, slice), slice });
    }
    let (right, down) = plane.anatomical().map_or_else(|| native_directions(geometry), |p| p.right_down());
    let size = args.size.0.map(|n| n * args.scale as usize);
    let fitted = match args.fov_mm {
        Some(fov_mm) => SlicePlane::new(middle, right, down, fov_mm / size[0] as f64, size),
        None => SlicePlane::fitted(geometry, middle, right, down, size),
    };
    let view = SliceView { plane: fitted, interpolation: args.interpolation(), slab: args.slab() };
    Ok(Place { view, slice })
}

/// A point on the plane: the middle of the picture where it was given, else of the layer.
fn through(args: &RenderArgs, geometry: &Geometry, axis: usize) -> Result<PatientPoint, Failure> {
    let layers = geometry.size()[axis];
    let middle = geometry.size().map(|n| n.saturating_sub(1) as f64 / 2.0);
    let layer = |n: f64| {
        let at: [f64; 3] = std::array::from_fn(|a| if a == axis { n } else { middle[a] });
        geometry.patient_from_voxel(VoxelPoint(DVec3::from_array(at)))
    };
    if let Some(n) = args.index {
        let last = layers.saturating_sub(1);
        return if n < layers {
            Ok(layer(n as f64))
        } else {
            Err(Failure::Failed(format!("--index {n} is not there: layers of this plane count from 0 to {last}")))
        };
    }
    let Some(point) = args.center_mm.or(args.at_mm) else {
        // A whole layer, not one between two.
        return Ok(layer((layers / 2) as f64));
    };
    let point = PatientPoint::try_from(point.0).map_err(usage)?;
    if args.native_size && geometry.voxel_from_patient(point).nearest(geometry.size()).is_none() {
        return Err(Failure::Failed(
            "the point of --at-mm lies outside the series; `spondyl info` shows where it is".to_owned(),
        ));
    }
    Ok(point)
}

fn nearest_slice(geometry: &Geometry, point: PatientPoint) -> usize {
    let k = geometry.voxel_from_patient(point).0.z.round().max(0.0) as usize;
    k.min(geometry.size()[2].saturating_sub(1))
}

/// Unit vectors along stored rows and down stored columns; at right angles also where the stored ones are not quite.
fn native_directions(geometry: &Geometry) -> (DVec3, DVec3) {
    let [right, _, _] = geometry.directions();
    (right, geometry.normal().cross(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::render::tests_support::args;
    use crate::volume::test_volumes::{i16s, sheared, volume};
    use crate::volume::{Rescale, Rescales};

    fn lively() -> Volume {
        volume(sheared(), Rescales::Uniform(Rescale::IDENTITY), i16s)
    }

    #[test]
    fn an_index_counts_layers_of_the_nearest_axis() {
        let v = lively();
        let place = of(&args(&["--plane", "coronal", "--index", "5"]), &v).expect("is there");
        let center = v.geometry.voxel_from_patient(place.view.plane.center).0;
        assert!((center.y - 5.0).abs() < 1e-9, "{center}");
        let refused = of(&args(&["--plane", "coronal", "--index", "33"]), &v);
        assert!(matches!(refused, Err(Failure::Failed(why)) if why.contains("0 to 32")));
    }

    #[test]
    fn native_pictures_are_frames_and_other_planes_need_positions() {
        let v = lively();
        let place = of(&args(&["--plane", "native", "--native-size", "--index", "7"]), &v).expect("is there");
        assert_eq!((place.slice, place.view), (7, SliceView::frame(&v.geometry, 7)));
        let nowhere = Volume { kind: Kind::Projection, ..lively() };
        assert!(of(&args(&["--plane", "axial"]), &nowhere).is_err());
        assert!(of(&args(&[]), &nowhere).is_ok());
    }

    #[test]
    fn the_contract_s_pixels() {
        let v = lively();
        let asked = args(&["--plane", "sagittal", "--center-mm=-3,4,5", "--fov-mm", "100", "--size", "200x50"]);
        let plane = of(&asked, &v).expect("is there").view.plane;
        assert_eq!(plane.point_mm(0.5, 0.5), DVec3::new(-3.0, 4.0 - 49.75, 5.0 + 12.25));
        let at = of(&args(&["--plane", "axial", "--at-mm", "1,2,9.5"]), &v).expect("is there");
        assert_eq!(at.view.plane.center.vec().z, 9.5);
    }

    #[test]
    fn stored_pixels_of_an_anatomical_plane_make_no_sense() {
        assert!(matches!(check(&args(&["--plane", "axial", "--native-size"])), Err(Failure::Usage(_))));
    }
}
