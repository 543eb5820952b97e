//! The geometry of seeing: how a pane looks into the patient (plane, zoom, pan), how the crosshair steps through
//! slices, what letters and scale bar a picture needs. View state is never in a document and cannot be undone.

mod letters;
mod pane;
mod ruler;
mod step;

pub use letters::orientation_letters;
pub use pane::{Frame, Pane, PanePoint};
pub use ruler::{ScaleBar, scale_bar};
pub use step::{layer_count, layer_index, layer_step_mm, moved_by_layers, moved_to_layer};
