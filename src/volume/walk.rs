//! The walk of a picture's pixels through a voxel grid, in fixed point.
//!
//! Positions are Q32.32: 2⁻³² of a voxel. `start + u right + v down + post × post step` is then exact integer arithmetic,
//! which the GPU repeats bit for bit, so both renderers agree on what lies inside and on every tie between two voxels.
//! The steps are rounded once, which moves the last pixel of a 16,384 wide picture by less than 2 × 10⁻⁶ of a voxel.
//!
//! An uneven stack is walked in (column, row, layer) coordinates whose layer unit is the mean gap; [`Layers`] then says
//! between which slices a layer coordinate lies.

use super::plane::{SlicePlane, SliceView};
use crate::space::{DMat3, DVec3, Geometry, VoxelIndex};

/// One voxel in Q32.32.
pub const ONE: i64 = 1 << 32;
/// Half a voxel in Q32.32.
pub const HALF: i64 = ONE / 2;
/// Pictures whose corners lie farther away than this many voxels show nothing: the arithmetic stays far from overflow.
const FAR: f64 = (1u64 << 29) as f64;

/// Where a picture's samples lie in a grid; all positions Q32.32 voxels (column, row, layer).
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// The centre of pixel (0, 0) at the first post.
    pub start: [i64; 3],
    /// One pixel to the right.
    pub right: [i64; 3],
    /// One pixel down.
    pub down: [i64; 3],
    /// One post along the slab.
    pub post: [i64; 3],
    /// Samples along the slab; 1 without one, 0 where the picture lies beyond all reach.
    pub posts: u32,
}

impl Walk {
    /// The walk of `view` through the grid.
    pub fn new(geometry: &Geometry, view: &SliceView) -> Self {
        let (origin, matrix) = frame_of(geometry);
        let plane = &view.plane;
        let (posts, post_mm) = posts(geometry, view);
        let post = matrix * (plane.normal() * post_mm);
        let (right, down) = (matrix * plane.right_mm, matrix * plane.down_mm);
        let first = matrix * (plane.point_mm(0.5, 0.5) - origin) - post * (f64::from(posts.max(1) - 1) / 2.0);
        let reach =
            right.abs() * plane.size[0] as f64 + down.abs() * plane.size[1] as f64 + post.abs() * f64::from(posts);
        let posts = if (first.abs() + reach).max_element() < FAR { posts } else { 0 };
        Self { start: fixed(first), right: fixed(right), down: fixed(down), post: fixed(post), posts }
    }

    /// The position of pixel (u, v) at a post.
    pub fn at(&self, u: usize, v: usize, post: u32) -> [i64; 3] {
        std::array::from_fn(|a| {
            self.start[a] + self.right[a] * u as i64 + self.down[a] * v as i64 + self.post[a] * i64::from(post)
        })
    }

    /// The same plane without its slab: the middle of the posts.
    pub fn of_plane(geometry: &Geometry, plane: SlicePlane) -> Self {
        Self::new(geometry, &SliceView::thin(plane))
    }
}

/// Samples along the slab and the distance between them, mm: `floor(T / s) + 1` posts, s the volume's finest spacing. As
/// many are left away at both ends as cannot reach the volume.
fn posts(geometry: &Geometry, view: &SliceView) -> (u32, f64) {
    let Some(slab) = view.slab else { return (1, 0.0) };
    let finest_mm = geometry.spacing_mm().into_iter().fold(f64::MAX, f64::min);
    let wanted = (slab.thickness_mm.max(0.0) / finest_mm + 1e-9).floor() + 1.0;
    let middle = geometry.center().vec();
    let radius_mm = geometry.corners().iter().map(|c| c.vec().distance(middle)).fold(0.0, f64::max);
    let margin_mm = geometry.spacing_mm().into_iter().sum::<f64>();
    let away_mm = (view.plane.center.vec() - middle).length();
    let enough = 2.0 * ((away_mm + radius_mm + margin_mm) / finest_mm).ceil() + 1.0;
    let left_away = (((wanted - enough) / 2.0).ceil() * 2.0).max(0.0);
    ((wanted - left_away).min(f64::from(u16::MAX)) as u32, finest_mm)
}

/// Origin (mm) and matrix that take a point to (column, row, layer) coordinates.
fn frame_of(geometry: &Geometry) -> (DVec3, DMat3) {
    match geometry.slice_origins() {
        None => (geometry.origin().vec(), geometry.voxel_from_patient_matrix()),
        Some(origins) => {
            let [a, b, _] = geometry.steps();
            let first = origins.first().map_or(DVec3::ZERO, |o| o.vec());
            (first, DMat3::from_cols(a, b, geometry.normal() * mean_gap_mm(geometry)).inverse())
        }
    }
}

/// Slices nearer than this share their position.
const TOUCHING_MM: f64 = 1e-6;
/// So do slices nearer than this share of the mean gap, Q32.32.
const TOUCHING: i64 = ONE >> 20;

fn mean_gap_mm(geometry: &Geometry) -> f64 {
    let ends = geometry.slice_origins().and_then(|o| Some((o.first()?.vec(), o.last()?.vec(), o.len())));
    let mean = ends.map_or(1.0, |(first, last, n)| (last - first).dot(geometry.normal()) / (n - 1) as f64);
    // Where all slices share one position, the step that stands in for their distance.
    if mean > TOUCHING_MM { mean } else { geometry.steps()[2].dot(geometry.normal()).abs().max(TOUCHING_MM) }
}

fn fixed(v: DVec3) -> [i64; 3] {
    v.to_array().map(|x| (x * ONE as f64).round() as i64)
}

/// One slice of an uneven stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// Where it lies along the normal, Q32.32 mean gaps from the first.
    pub position: i64,
    /// One over the distance to the next slice, in mean gaps; of the last slice, over the one before. 0 where they share
    /// their position: nothing lies between them.
    pub inverse_gap: f32,
    /// How far its first voxel lies from the first slice's, in columns and rows.
    pub drift: [f32; 2],
}

/// The slices of an uneven stack, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers(pub Vec<Layer>);

/// Between which slices a layer coordinate lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    /// The slice below (the first or last but one beyond the ends).
    pub below: usize,
    /// How far towards the next, 0…1 between them.
    pub part: f32,
    /// The slice that is nearest.
    pub nearest: usize,
    /// Column and row to take off the walk's, Q32.32.
    pub drift: [i64; 2],
    /// Whether the coordinate is within half a gap of the stack.
    pub inside: bool,
}

impl Layers {
    /// Of a geometry with uneven slices; `None` of a regular one.
    pub fn of(geometry: &Geometry) -> Option<Self> {
        let origins = geometry.slice_origins()?;
        let (first, matrix) = frame_of(geometry);
        let at: Vec<DVec3> = origins.iter().map(|o| matrix * (o.vec() - first)).collect();
        let gap = |k: usize| {
            let k = k.min(at.len().saturating_sub(2));
            at.get(k + 1).map_or(1.0, |next| next.z - at[k].z)
        };
        let inverse = |gap: f64| if gap * ONE as f64 > TOUCHING as f64 { (1.0 / gap) as f32 } else { 0.0 };
        let layer = |(k, p): (usize, &DVec3)| Layer {
            position: fixed(*p)[2],
            inverse_gap: inverse(gap(k)),
            drift: [p.x as f32, p.y as f32],
        };
        Some(Self(at.iter().enumerate().map(layer).collect()))
    }

    /// Finds a layer coordinate. The shader holds the same steps.
    pub fn find(&self, w: i64) -> Between {
        let last = self.0.len().saturating_sub(2);
        let below = self.0.partition_point(|l| l.position <= w).saturating_sub(1).min(last);
        let (a, b) = (&self.0[below], &self.0[(below + 1).min(self.0.len() - 1)]);
        let ahead = w - a.position;
        let part = (ahead >> 32) as f32 + ((ahead & (ONE - 1)) >> 8) as f32 * 2f32.powi(-24);
        let part = part * a.inverse_gap;
        // A stack that ends with slices at one position reaches half a mean gap beyond them.
        let gap = b.position - a.position;
        let half_gap = if gap > TOUCHING { gap / 2 } else { HALF };
        let middle = a.position + half_gap;
        let drift = |axis: usize| {
            let off = a.drift[axis] + (b.drift[axis] - a.drift[axis]) * part;
            let whole = off.floor();
            ((whole as i64) << 32) + (((off - whole) * 16_777_216.0) as i64) * 256
        };
        let ends = &self.0[self.0.len() - 1];
        Between {
            below,
            part,
            nearest: if w >= middle { (below + 1).min(self.0.len() - 1) } else { below },
            drift: [drift(0), drift(1)],
            inside: w >= self.0[0].position - half_gap && w < ends.position + half_gap,
        }
    }
}

/// The voxel whose cell holds a position; `None` outside the grid.
pub(super) fn nearest_voxel(p: [i64; 3], size: [usize; 3], layers: Option<&Layers>) -> Option<VoxelIndex> {
    let cell = |p: i64, n: usize| usize::try_from((p + HALF) >> 32).ok().filter(|i| *i < n);
    match layers {
        None => Some(VoxelIndex([cell(p[0], size[0])?, cell(p[1], size[1])?, cell(p[2], size[2])?])),
        Some(layers) => {
            let found = layers.find(p[2]);
            let [x, y] = [p[0] - found.drift[0], p[1] - found.drift[1]];
            found.inside.then_some(VoxelIndex([cell(x, size[0])?, cell(y, size[1])?, found.nearest]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::PatientPoint;
    use crate::volume::plane::{Projection, Slab};

    fn float(p: [i64; 3]) -> DVec3 {
        DVec3::from_array(p.map(|x| x as f64 / ONE as f64))
    }

    fn oblique(center: PatientPoint) -> SlicePlane {
        let right = DVec3::new(0.9, 0.3, -0.1).normalize();
        let down = right.cross(DVec3::new(0.2, -0.4, 1.0)).normalize();
        SlicePlane::new(center, right, down, 0.31, [1500, 900])
    }

    #[test]
    fn the_walk_is_the_grid_s_own_conversion() {
        let steps = [DVec3::X * 0.7, DVec3::new(0.0, 0.69, 0.1), DVec3::new(0.1, 0.7, 2.5)];
        let g = Geometry::regular(PatientPoint::new(-170.0, 31.0, 900.0).expect("finite"), steps, [512, 400, 300])
            .expect("spans space");
        let plane = oblique(g.center());
        let walk = Walk::of_plane(&g, plane);
        for (u, v) in [(0, 0), (1499, 0), (733, 899), (1499, 899)] {
            let p = PatientPoint::from_vec(plane.point_mm(u as f64 + 0.5, v as f64 + 0.5)).expect("finite");
            let want = g.voxel_from_patient(p).0;
            assert!((float(walk.at(u, v, 0)) - want).length() < 1e-6, "{u}, {v}");
        }
    }

    #[test]
    fn uneven_stacks_are_found_where_the_grid_says() {
        let origins = [0.0, 1.0, 3.5, 4.0, 9.0].map(|z| PatientPoint::new(0.3 * z, -0.1 * z, z).expect("finite"));
        let g = Geometry::uneven(origins.to_vec(), [DVec3::X * 0.5, DVec3::Y * 0.8, DVec3::Z * 2.25], [60, 50])
            .expect("ascending");
        let layers = Layers::of(&g).expect("uneven");
        let plane = SlicePlane::new(g.center(), DVec3::X, DVec3::NEG_Z, 0.07, [100, 200]);
        let walk = Walk::of_plane(&g, plane);
        for v in 0..200 {
            let p = walk.at(30, v, 0);
            let b = layers.find(p[2]);
            let point = PatientPoint::from_vec(plane.point_mm(30.5, v as f64 + 0.5)).expect("finite");
            let want = g.voxel_from_patient(point).0;
            let got = DVec3::new(
                (p[0] - b.drift[0]) as f64 / ONE as f64,
                (p[1] - b.drift[1]) as f64 / ONE as f64,
                b.below as f64 + f64::from(b.part),
            );
            assert!((got - want).length() < 1e-5, "row {v}: {got}, the grid says {want}");
            let cell = (want.z + 0.5).floor();
            let sure = (want.z + 0.5 - cell - 0.5).abs() < 0.49;
            assert!(!sure || !b.inside || b.nearest as f64 == cell.clamp(0.0, 4.0), "row {v}");
            assert!(!sure || b.inside == (0.0..5.0).contains(&(want.z + 0.5)), "row {v}: {want}");
        }
    }

    #[test]
    fn slices_that_share_a_position_are_found_at_either_end() {
        let steps = [DVec3::X, DVec3::Y, DVec3::Z * 2.0];
        // Twins at the end, at the start, in the middle; nothing but twins; such as rounding put out of order.
        for at in [
            vec![0.0, 2.0, 4.0, 4.0],
            vec![0.0, 0.0, 2.0],
            vec![0.0, 2.0, 2.0, 5.0],
            vec![1.0; 3],
            vec![0.0, 2.0, 2.0 - 9e-4],
        ] {
            let origins = at.iter().map(|z| PatientPoint::new(0.0, 0.0, *z).expect("finite")).collect();
            let g = Geometry::uneven(origins, steps, [5, 5]).expect("ascending");
            let layers = Layers::of(&g).expect("uneven");
            for (k, z) in at.iter().enumerate() {
                let plane = SlicePlane::frame(&g, k);
                let p = Walk::of_plane(&g, plane).at(2, 2, 0);
                let b = layers.find(p[2]);
                assert!(b.inside && b.part.is_finite(), "{at:?} slice {k}: {b:?}");
                assert!((at[b.nearest] - z).abs() < 1e-3, "{at:?} slice {k}: {b:?}");
                let shown = b.below as f32 + b.part.clamp(0.0, 1.0);
                assert!((at[shown.round() as usize] - z).abs() < 1e-3, "{at:?} slice {k}: {b:?}");
            }
        }
    }

    #[test]
    fn posts_are_fence_posts_centred_on_the_plane_and_no_more_than_can_hit() {
        let g = Geometry::regular(PatientPoint::ORIGIN, [DVec3::X * 0.5, DVec3::Y * 0.5, DVec3::Z * 2.0], [20, 20, 20])
            .expect("spans space");
        let walk = |mm: f64| {
            let plane = SlicePlane::anatomical(&g, crate::space::Plane::Axial, [8, 8]);
            let slab = Some(Slab { thickness_mm: mm, projection: Projection::Max });
            Walk::new(&g, &SliceView { slab, ..SliceView::thin(plane) })
        };
        assert_eq!([0.0, 0.4, 0.5, 1.49, 3.0].map(|mm| walk(mm).posts), [1, 1, 2, 3, 7]);
        let w = walk(3.0);
        let middle = float(w.at(0, 0, 3)).z;
        assert!((middle - 9.5).abs() < 1e-9, "the middle post lies on the plane: {middle}");
        let (vast, odd) = (walk(1e12), walk(1e12 + 0.5));
        assert!(vast.posts < 400 && vast.posts % 2 != odd.posts % 2, "cut, and the posts stay where they were");
    }

    #[test]
    fn pictures_out_of_reach_have_no_samples() {
        let g =
            Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], [4, 4, 4]).expect("spans space");
        let plane = SlicePlane::new(PatientPoint::ORIGIN, DVec3::X, DVec3::Y, 1e12, [100, 100]);
        assert_eq!(Walk::of_plane(&g, plane).posts, 0);
    }
}
