//! The geometry of seeing: how a pane looks into the patient (plane, curve, zoom, pan), how the crosshair steps through
//! slices and finds its place in another series, how panes share the window, what letters and scale bar a picture needs.
//! View state is never in a document and cannot be undone.

mod curve;
mod layout;
mod letters;
mod link;
mod pane;
mod ruler;
mod sight;
mod step;

pub use curve::{Curve, Straight};
pub use layout::{Layout, Share};
pub use letters::{orientation_letters, stored_letters};
pub use link::{Fit, Link, rigid_fit};
pub use pane::{Frame, Pane, PanePoint};
pub use ruler::{ScaleBar, scale_bar};
pub use sight::{Aim, SLAB_MAX_MM, Sight};
pub use step::Stack;
