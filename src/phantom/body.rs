//! The vertebral body: a waisted kidney shape between two end plates that are height fields, so that the six height
//! points, the discs and the bone all come from the same functions.

use super::math::{bell, lerp, smooth_max, smoothstep};
use super::spine::Dimensions;
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// How the end plates are shaped.
#[derive(Clone, Copy, Debug)]
struct Plates {
    /// Depth of the hollow of the upper and lower plate.
    hollow_up: f64,
    hollow_down: f64,
    /// How far the uncinate processes rise at the sides of the upper plate.
    uncinate: f64,
    /// How far the lower front edge hangs down.
    lip: f64,
}

/// A body in its own frame: x left, y backward, z up, origin at the centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    half_width: f64,
    half_depth: f64,
    front: f64,
    back: f64,
    plates: Plates,
    waist: f64,
}

impl Body {
    pub(super) fn new(level: VertebraLevel, size: &Dimensions, collapsed: bool) -> Self {
        let plates = match level {
            VertebraLevel::C2 => Plates { hollow_up: 0.0, hollow_down: 1.8, uncinate: 0.0, lip: 1.8 },
            l if collapsed && l == VertebraLevel::C6 => {
                Plates { hollow_up: 0.5, hollow_down: 0.4, uncinate: 3.0, lip: 0.8 }
            }
            l if l <= VertebraLevel::C7 => Plates { hollow_up: 0.7, hollow_down: 1.4, uncinate: 4.2, lip: 1.5 },
            VertebraLevel::T1 => Plates { hollow_up: 0.9, hollow_down: 1.2, uncinate: 1.8, lip: 0.6 },
            _ => Plates { hollow_up: 1.2, hollow_down: 1.3, uncinate: 0.0, lip: 0.2 },
        };
        Self {
            half_width: 0.5 * size.width,
            half_depth: 0.5 * size.depth,
            front: size.height_front,
            back: size.height_back,
            plates,
            waist: if collapsed { -0.05 } else { 0.07 },
        }
    }

    /// y of the back wall's middle.
    pub(super) fn back_wall(&self) -> f64 {
        self.half_depth
    }

    /// x of the side wall's middle.
    pub(super) fn side_wall(&self) -> f64 {
        self.half_width
    }

    /// Height between front and back wall at depth `y`, without the plates' own shape.
    fn height(&self, y: f64) -> f64 {
        lerp(self.front, self.back, (0.5 + 0.5 * y / self.half_depth).clamp(-0.1, 1.1))
    }

    fn relative(&self, x: f64, y: f64) -> (f64, f64) {
        ((x / self.half_width).clamp(-1.2, 1.2), (y / self.half_depth).clamp(-1.2, 1.2))
    }

    /// z of the upper end plate's surface.
    pub(super) fn upper_plate(&self, x: f64, y: f64) -> f64 {
        let (xi, eta) = self.relative(x, y);
        let hollow = self.plates.hollow_up * (1.0 - 0.8 * eta * eta) * (1.0 - xi * xi).max(0.0);
        let horn = self.plates.uncinate * smoothstep(0.60, 1.0, xi.abs()) * smoothstep(-0.75, 0.1, eta);
        let bevel = 0.7 * smoothstep(0.55, 1.05, -eta);
        0.5 * self.height(y) - hollow + horn - bevel
    }

    /// z of the lower end plate's surface.
    pub(super) fn lower_plate(&self, x: f64, y: f64) -> f64 {
        let (xi, eta) = self.relative(x, y);
        let hollow = self.plates.hollow_down * (1.0 - eta * eta).max(0.0) * (1.0 - 0.6 * xi * xi);
        let seat = 0.55 * self.plates.uncinate * smoothstep(0.62, 1.05, xi.abs()) * smoothstep(-0.7, 0.2, eta);
        let lip = self.plates.lip * smoothstep(0.45, 1.05, -eta) * (1.0 - 0.7 * xi * xi);
        -0.5 * self.height(y) + hollow + seat - lip
    }

    /// Approximate distance to the side wall in the plane z: below 0 inside. A superellipse, waisted at mid height, with a
    /// flat, slightly hollow back.
    pub(super) fn wall(&self, q: DVec3) -> f64 {
        let zeta = q.z / (0.5 * self.height(q.y)).max(1.0);
        let slim = 1.0 - self.waist * bell(0.8 * zeta);
        let (a, b) = (self.half_width * slim, self.half_depth * lerp(1.0, slim, 0.8));
        let xi = (q.x / a).abs();
        let eta = q.y / b * if q.y > 0.0 { 1.0 + 0.06 * (1.0 - xi * xi).max(0.0) } else { 1.0 };
        let square = eta * eta;
        let (term, slope) =
            if eta > 0.0 { (square * square, 4.0 * square * eta) } else { (-square * eta, 3.0 * square) };
        let (gx, gy) = (3.0 * xi * xi / a, slope / b);
        (xi * xi * xi + term - 1.0) / (gx * gx + gy * gy).sqrt().max(1.0 / b)
    }

    /// Approximate distance to the body's surface, below 0 inside.
    pub(super) fn distance(&self, q: DVec3) -> f64 {
        let above = 0.9 * (q.z - self.upper_plate(q.x, q.y));
        let below = 0.9 * (self.lower_plate(q.x, q.y) - q.z);
        smooth_max(self.wall(q), above.max(below), 1.6)
    }

    /// The six height points on the mid-sagittal plane: `[sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post]`.
    pub(super) fn height_points(&self) -> [DVec3; 6] {
        let depths = [-0.9 * self.half_depth, 0.0, 0.9 * self.half_depth];
        let upper = depths.map(|y| DVec3::new(0.0, y, self.upper_plate(0.0, y)));
        let lower = depths.map(|y| DVec3::new(0.0, y, self.lower_plate(0.0, y)));
        [upper[0], upper[1], upper[2], lower[0], lower[1], lower[2]]
    }
}
