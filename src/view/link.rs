//! How a place in one series is found in another: at the same coordinates where both share a frame of reference, by a
//! rigid fit of the vertebrae labelled in both where they do not, and not at all without either.

use crate::space::{DMat3, DVec3, PatientPoint};

/// A rotation and a shift that take points of one frame of reference to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    turn: DMat3,
    shift: DVec3,
    /// Root mean square distance of the fitted points, mm.
    pub residual_mm: f64,
    /// How many pairs it rests on.
    pub pairs: usize,
}

impl Fit {
    /// Where a point lies in the other frame.
    pub fn apply(&self, p: PatientPoint) -> PatientPoint {
        PatientPoint::from_vec(self.turn * p.vec() + self.shift).unwrap_or(p)
    }

    /// A direction in the other frame.
    pub fn turn(&self, d: DVec3) -> DVec3 {
        self.turn * d
    }
}

/// How two series hang together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Link {
    /// One frame of reference.
    Same,
    /// By their labelled vertebrae.
    Fitted(Fit),
    /// Not at all.
    Apart,
}

impl Link {
    /// Where a point of the first lies in the second.
    pub fn map(&self, p: PatientPoint) -> Option<PatientPoint> {
        match self {
            Link::Same => Some(p),
            Link::Fitted(fit) => Some(fit.apply(p)),
            Link::Apart => None,
        }
    }

    /// A direction of the first in the second.
    pub fn turn(&self, d: DVec3) -> DVec3 {
        if let Link::Fitted(fit) = self { fit.turn(d) } else { d }
    }
}

/// Centres of vertebrae lie almost on a line, which leaves the turn about that line open. As if each axis carried points
/// this far out that agree without a turn: mm² of weight, small beside a spine's hundreds, decisive where there is nothing.
const PRIOR_MM2: f64 = 25.0;

/// The rigid motion from the first to the second of each pair with the least squares of distance (Horn 1987, J Opt Soc Am
/// A 4:629: the unit quaternion is the eigenvector of the largest eigenvalue). What the pairs leave open is not turned:
/// one pair shifts, two also lean, a curved spine settles all. `None` without pairs.
pub fn rigid_fit(pairs: &[(PatientPoint, PatientPoint)]) -> Option<Fit> {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(PatientPoint, PatientPoint)) -> PatientPoint| {
        (!pairs.is_empty()).then(|| pairs.iter().map(|p| of(p).vec()).sum::<DVec3>() / n)
    };
    let (a, b) = (mean(|p| p.0)?, mean(|p| p.1)?);
    let mut s = [[0.0; 3]; 3];
    for (p, q) in pairs {
        let (p, q) = ((p.vec() - a).to_array(), (q.vec() - b).to_array());
        for (row, p) in s.iter_mut().zip(p) {
            row.iter_mut().zip(q).for_each(|(cell, q)| *cell += p * q);
        }
    }
    (0..3).for_each(|i| s[i][i] += PRIOR_MM2);
    let [w, x, y, z] = largest_eigenvector(horn_matrix(s));
    let turn = DMat3::from_quat(glam::DQuat::from_xyzw(x, y, z, w).normalize());
    let shift = b - turn * a;
    let square = |(p, q): &(PatientPoint, PatientPoint)| (turn * p.vec() + shift - q.vec()).length_squared();
    let residual_mm = (pairs.iter().map(square).sum::<f64>() / n).sqrt();
    (turn.is_finite() && shift.is_finite()).then_some(Fit { turn, shift, residual_mm, pairs: pairs.len() })
}

/// Horn's symmetric matrix of the sums of products `s[i][j] = Σ a_i b_j`.
fn horn_matrix(s: [[f64; 3]; 3]) -> [[f64; 4]; 4] {
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ]
}

/// Jacobi's rotations, until what is off the diagonal is gone.
fn largest_eigenvector(mut m: [[f64; 4]; 4]) -> [f64; 4] {
    let mut v = [[0.0; 4]; 4];
    (0..4).for_each(|i| v[i][i] = 1.0);
    for _ in 0..60 {
        let off: f64 = (0..4).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| m[i][j] * m[i][j]).sum();
        let on: f64 = (0..4).map(|i| m[i][i] * m[i][i]).sum();
        if off <= 1e-28 * on {
            break;
        }
        for (p, q) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            if m[p][q] == 0.0 {
                continue;
            }
            let theta = (m[q][q] - m[p][p]) / (2.0 * m[p][q]);
            let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
            let t = if theta == 0.0 { 1.0 } else { t };
            let c = 1.0 / (t * t + 1.0).sqrt();
            let s = t * c;
            for row in &mut m {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            let (rp, rq) = (m[p], m[q]);
            for k in 0..4 {
                m[p][k] = c * rp[k] - s * rq[k];
                m[q][k] = s * rp[k] + c * rq[k];
            }
            for row in &mut v {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
        }
    }
    let best = (0..4).fold(0, |b, i| if m[i][i] > m[b][b] { i } else { b });
    std::array::from_fn(|i| v[i][best])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(v: DVec3) -> PatientPoint {
        PatientPoint::from_vec(v).unwrap()
    }

    /// Centres of a lordotic and scoliotic spine.
    fn spine() -> Vec<DVec3> {
        (0..8).map(|k| k as f64).map(|k| DVec3::new(1.5 * k * (k - 7.0), 3.0 * k * (k - 7.0), -20.0 * k)).collect()
    }

    #[test]
    fn a_known_motion_is_found() {
        let turn = DMat3::from_axis_angle(DVec3::new(0.3, 1.0, -0.4).normalize(), 0.4);
        let shift = DVec3::new(12.0, -300.0, 45.0);
        let pairs: Vec<_> = spine().into_iter().map(|v| (p(v), p(turn * v + shift))).collect();
        let fit = rigid_fit(&pairs).expect("pairs");
        assert_eq!(fit.pairs, 8);
        assert!(fit.residual_mm < 0.7, "the prior costs little: {}", fit.residual_mm);
        let off = fit.apply(p(DVec3::new(0.0, 0.0, -70.0))).vec() - (turn * DVec3::new(0.0, 0.0, -70.0) + shift);
        assert!(off.length() < 1.0, "{off}");
    }

    #[test]
    fn without_a_turn_the_fit_is_exact_and_errors_are_its_residual() {
        let shift = DVec3::new(-4.0, 9.0, 100.0);
        let mut pairs: Vec<_> = spine().into_iter().map(|v| (p(v), p(v + shift))).collect();
        let fit = rigid_fit(&pairs).expect("pairs");
        assert!(fit.residual_mm < 1e-9 && (fit.apply(p(DVec3::X)).vec() - DVec3::X - shift).length() < 1e-9);
        pairs[3].1 = p(pairs[3].1.vec() + DVec3::Z * 20.0);
        assert!((2.0..20.0).contains(&rigid_fit(&pairs).expect("pairs").residual_mm));
    }

    #[test]
    fn what_the_pairs_leave_open_is_not_turned() {
        let one = rigid_fit(&[(p(DVec3::ZERO), p(DVec3::new(5.0, 6.0, 7.0)))]).expect("a pair");
        assert!((one.turn(DVec3::Y) - DVec3::Y).length() < 1e-9);
        // A straight spine that leans forward by 20°: it is leant, and not twisted.
        let lean = DMat3::from_axis_angle(DVec3::X, 20f64.to_radians());
        let straight: Vec<_> = (0..6).map(|k| DVec3::Z * 25.0 * k as f64).map(|v| (p(v), p(lean * v))).collect();
        let fit = rigid_fit(&straight).expect("pairs");
        assert!((fit.turn(DVec3::X) - DVec3::X).length() < 1e-6);
        assert!(fit.turn(DVec3::Z).angle_between(lean * DVec3::Z).to_degrees() < 0.3);
        assert_eq!(rigid_fit(&[]), None);
    }
}
