//! Where planning gets pictures from: the window's loaded series, the command line's scan, a test's grid.

use crate::document::{ImageIdentity, ImageKey};
use crate::segment::Span;
use crate::space::PatientPoint;
use crate::volume::Volume;
use std::sync::Arc;

/// The images at hand.
pub trait Images {
    /// The pixels of a series; `None` when they are not (yet) there.
    fn volume(&self, key: &ImageKey) -> Option<Arc<Volume>>;

    /// The identity of a series, so that a step drawn on it can bring it into the case.
    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity>;

    /// The series that steps mean when they name none.
    fn primary(&self) -> Option<ImageKey>;

    /// What grow answers, where that was worked out before: the same as working it out again.
    fn grown(&self, _image: &ImageKey, _seed: PatientPoint, _reach_mm: f64) -> Option<Vec<Span>> {
        None
    }
}

/// No images at all: steps that draw are then refused.
pub struct NoImages;

impl Images for NoImages {
    fn volume(&self, _: &ImageKey) -> Option<Arc<Volume>> {
        None
    }

    fn identity(&self, _: &ImageKey) -> Option<ImageIdentity> {
        None
    }

    fn primary(&self) -> Option<ImageKey> {
        None
    }
}
