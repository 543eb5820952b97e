//! The chain of vertebrae: how large each is, and where it stands in a lordosis that goes over into a kyphosis.
//!
//! Sizes are of an adult woman's cervico-thoracic spine, rounded from the anatomical literature; they make a believable
//! picture, not an atlas.

use super::math::sin_cos_degrees;
use crate::anatomy::VertebraLevel;
use crate::space::DVec3;

/// When the phantom is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// C6 destroyed and collapsed, seven small foci.
    Presenting,
    /// Twelve months after C6 corpectomy with mesh cage, plate and cement.
    Operated,
}

/// Sizes of one vertebra in millimetres, angles in degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dimensions {
    /// Body: full width, full depth, heights along the front and back wall.
    pub(super) width: f64,
    pub(super) depth: f64,
    pub(super) height_front: f64,
    pub(super) height_back: f64,
    /// Disc below, between the end plates' middles.
    pub(super) disc_below: f64,
    /// Forward lean of the body's axis.
    pub(super) tilt: f64,
    /// Canal behind the body: front to back, and half its width.
    pub(super) canal_depth: f64,
    pub(super) canal_half_width: f64,
    /// Spinous process behind the lamina: length, and how far it points down.
    pub(super) spinous_length: f64,
    pub(super) spinous_slope: f64,
    /// How steeply the facets stand: 40 in the neck, 60 and more in the chest.
    pub(super) facet_slope: f64,
    /// Mean value of the spongy bone, HU.
    pub(super) spongy_hu: f64,
}

/// Levels in the chain, head to feet; C1 rides on C2's dens, T4 lies below the pictures.
pub(super) const CHAIN: [VertebraLevel; 10] = {
    use VertebraLevel::{C2, C3, C4, C5, C6, C7, T1, T2, T3, T4};
    [C2, C3, C4, C5, C6, C7, T1, T2, T3, T4]
};

/// A row of the table: width, depth, front, back, disc, tilt | canal depth, half width | spinous length, slope | facet | HU.
#[rustfmt::skip]
const TABLE: [[f64; 12]; 10] = [
    [17.5, 15.0, 19.5, 18.5, 5.2,  1.0,   17.0, 12.0,   16.0, 22.0,   40.0, 330.0],
    [18.5, 15.2, 13.2, 13.6, 5.2,  3.0,   14.5, 11.8,   12.0, 24.0,   40.0, 325.0],
    [19.0, 15.5, 12.8, 13.2, 5.2,  6.5,   14.0, 12.0,   12.5, 24.0,   40.0, 320.0],
    [19.5, 15.8, 12.7, 13.0, 4.8, 11.0,   14.0, 12.3,   14.5, 22.0,   41.0, 310.0],
    [21.0, 16.2, 12.8, 13.0, 4.8, 14.0,   14.0, 12.4,   19.0, 20.0,   43.0, 300.0],
    [23.5, 16.8, 14.4, 14.8, 4.8, 14.5,   14.2, 12.2,   27.0, 18.0,   48.0, 270.0],
    [26.5, 17.0, 15.8, 16.8, 4.4, 18.5,   15.0, 10.8,   27.0, 24.0,   58.0, 245.0],
    [26.0, 18.0, 17.0, 18.0, 4.2, 21.5,   15.0,  9.2,   26.0, 36.0,   64.0, 235.0],
    [25.5, 19.0, 17.5, 18.6, 4.2, 23.5,   15.0,  8.8,   26.0, 44.0,   66.0, 230.0],
    [25.5, 20.0, 18.0, 19.2, 4.2, 23.0,   15.0,  8.8,   26.0, 48.0,   68.0, 225.0],
];

/// The collapsed C6: what is left of the body's height in front and behind.
const COLLAPSED_FRONT_BACK: (f64, f64) = (4.0, 6.4);

impl Dimensions {
    /// Sizes of a level before it fell ill.
    pub(super) fn healthy(level: VertebraLevel) -> Option<Self> {
        let at = CHAIN.iter().position(|l| *l == level)?;
        let [
            width,
            depth,
            height_front,
            height_back,
            disc_below,
            tilt,
            canal_depth,
            canal_half_width,
            spinous_length,
            spinous_slope,
            facet_slope,
            spongy_hu,
        ] = TABLE[at];
        Some(Self {
            width,
            depth,
            height_front,
            height_back,
            disc_below,
            tilt,
            canal_depth,
            canal_half_width,
            spinous_length,
            spinous_slope,
            facet_slope,
            spongy_hu,
        })
    }

    fn of(level: VertebraLevel, state: State) -> Option<Self> {
        let mut d = Self::healthy(level)?;
        match (state, level) {
            (State::Presenting, VertebraLevel::C6) => {
                (d.height_front, d.height_back) = COLLAPSED_FRONT_BACK;
                d.width += 1.5;
                d.depth += 1.0;
            }
            (State::Operated, VertebraLevel::C6) => d.tilt = 13.0,
            (State::Operated, VertebraLevel::C5) => d.tilt = 10.0,
            (State::Operated, VertebraLevel::C7) => d.tilt = 16.0,
            _ => {}
        }
        Some(d)
    }

    /// Height at the body's middle.
    pub(super) fn height(&self) -> f64 {
        0.5 * (self.height_front + self.height_back)
    }
}

/// Where a vertebra stands: the body's centre and its lean in the sagittal plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) origin: DVec3,
    sin: f64,
    cos: f64,
}

impl Frame {
    pub(super) fn new(origin: DVec3, tilt_degrees: f64) -> Self {
        let (sin, cos) = sin_cos_degrees(tilt_degrees);
        Self { origin, sin, cos }
    }

    /// Patient to vertebra: x left, y backward at right angles to the body's axis, z up along it.
    pub(super) fn local_from_patient(&self, p: DVec3) -> DVec3 {
        let q = p - self.origin;
        DVec3::new(q.x, q.y * self.cos + q.z * self.sin, q.z * self.cos - q.y * self.sin)
    }

    /// Vertebra to patient.
    pub(super) fn patient_from_local(&self, q: DVec3) -> DVec3 {
        self.origin + DVec3::new(q.x, q.y * self.cos - q.z * self.sin, q.y * self.sin + q.z * self.cos)
    }
}

/// One member of the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) level: VertebraLevel,
    pub(super) size: Dimensions,
    pub(super) frame: Frame,
}

/// Builds the chain upward from T4, so that the chest stays where it is whatever happens to C6.
pub(super) fn chain(state: State) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::with_capacity(CHAIN.len());
    for level in CHAIN.into_iter().rev() {
        let Some(size) = Dimensions::of(level, state) else { continue };
        let origin = match links.last() {
            None => DVec3::new(0.0, 38.0, -92.0),
            Some(below) => {
                let top = below.frame.patient_from_local(DVec3::Z * (0.5 * below.size.height()));
                let (sin, cos) = sin_cos_degrees(0.5 * (size.tilt + below.size.tilt));
                let across_disc = DVec3::new(0.0, -sin, cos) * size.disc_below;
                let up = Frame::new(DVec3::ZERO, size.tilt).patient_from_local(DVec3::Z);
                top + across_disc + up * (0.5 * size.height())
            }
        };
        links.push(Link { level, size, frame: Frame::new(origin, size.tilt) });
    }
    links.reverse();
    links
}

/// Where C1 stands: around the upper half of the dens.
pub(super) fn atlas_frame(axis: &Link) -> Frame {
    Frame::new(axis.frame.patient_from_local(DVec3::new(0.0, 0.3, 21.5)), axis.size.tilt - 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_there_and_back() {
        let frame = Frame::new(DVec3::new(1.0, -2.0, 30.0), 25.0);
        let p = DVec3::new(-4.0, 8.5, 17.0);
        assert!((frame.patient_from_local(frame.local_from_patient(p)) - p).length() < 1e-12);
        assert!(frame.patient_from_local(DVec3::Z).y < frame.origin.y, "a positive tilt leans forward");
    }

    #[test]
    fn the_neck_is_lordotic_and_the_chest_kyphotic() {
        let links = chain(State::Presenting);
        let tilt = |level| links.iter().find(|l| l.level == level).unwrap().size.tilt;
        assert!(tilt(VertebraLevel::C7) - tilt(VertebraLevel::C2) > 10.0);
        assert!(links.windows(2).all(|w| w[0].frame.origin.z > w[1].frame.origin.z));
    }

    #[test]
    fn the_operation_restores_the_height_of_c6() {
        let span = |state| {
            let links = chain(state);
            let at = |l| links.iter().find(|k| k.level == l).unwrap().frame.origin;
            at(VertebraLevel::C5).distance(at(VertebraLevel::C7))
        };
        assert!(span(State::Operated) - span(State::Presenting) > 6.0);
    }
}
