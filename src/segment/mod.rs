//! Pure algorithms that turn a reader's gestures into voxels: brush, contour, grow, interpolation, and shape operations.
//!
//! Everything here works on a [`crate::space::Geometry`] and answers with [`Span`]s (runs of flat voxel indices); nothing
//! here knows history, windows or files. The cost of each follows the gesture's own box, never the volume's size. The
//! voxel rules stand at the top of each file, so that anyone can check them.

mod blur;
mod body;
mod brush;
mod contour;
mod distance;
mod grow;
mod interpolate;
mod morphology;
mod region;
mod sheet;
mod span;
#[cfg(test)]
mod test_grids;

pub use body::{BodyShape, body_spans};
pub use brush::{Stroke, Tip};
pub use contour::contour_spans;
pub use distance::depth_mm;
pub use grow::{BONE_SHARE, REACH_MAX_MM, bone_levels, grow};
#[doc(hidden)]
pub use grow::{EVIDENCE, grow_evidence};
pub use interpolate::{Ends, interpolate};
pub use morphology::{fill_holes, remove_islands, resize, smooth};
pub use region::Region;
pub use sheet::{DrawPlane, Sheet};
pub use span::{Span, merged, own_runs, paint_runs};
