//! Which voxels a painting step may take: the free ones, those of other lesions, or only those of one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What painting may lie over. Voxels of a locked lesion are never taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Voxels of no lesion: others are painted around.
    #[default]
    Free,
    /// Any voxel: those of other lesions change hands.
    All,
    /// Only voxels of the lesion with this label, which change hands.
    From(String),
    /// Voxels of no lesion inside an outlined vertebral body.
    InsideBody,
    /// Voxels of no lesion outside every outlined vertebral body.
    OutsideBody,
}

impl Over {
    /// Whether it is the usual one, which files leave out.
    pub fn is_usual(&self) -> bool {
        *self == Over::Free
    }
}
