//! Pure algorithms that turn a reader's gestures into voxels: brush, contour.
//!
//! Everything here works on a [`crate::space::Geometry`] and answers with [`Span`]s (runs of flat voxel indices); nothing
//! here knows history, windows or files. The cost of each follows the gesture's own box, never the volume's size. The
//! voxel rules stand at the top of each file, so that anyone can check them.

mod brush;
mod contour;
mod sheet;
mod span;
#[cfg(test)]
mod test_grids;

pub use brush::{Stroke, Tip};
pub use contour::contour_spans;
pub use sheet::{DrawPlane, Sheet};
pub use span::{Span, merged, own_runs, paint_runs};
