//! An [`Edit`] replaces the value at a key; applying it returns the edit that puts the old value back, so that no
//! inverse is ever written by hand and undo is replaying.

use super::{
    BodyOrigin, CaseFacts, Document, ImageIdentity, ImageKey, LabelMap, Lesion, LesionId, Measurement, Run,
    SpineNumbering, Timepoint, TimepointKey, Vertebra,
};
use crate::anatomy::VertebraLevel;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Why an edit does not fit a document. A journal's own edits always fit; this guards files from outside.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    /// Voxels of a series that the document does not know.
    #[error("the mask refers to series {0}, which the case does not know")]
    UnknownImage(String),
}

/// Which label maps of a series are meant: what was drawn as disease, or the outlines of the bones themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// [`Document::masks`]: labels are lesions.
    #[default]
    Lesions,
    /// [`Document::bodies`]: labels are levels ([`VertebraLevel::label_value`]).
    Bodies,
}

impl Layer {
    /// Whether it is the usual one, which files leave out.
    pub fn is_lesions(&self) -> bool {
        *self == Layer::Lesions
    }
}

/// Replaces the value at a key. `None` takes the key away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Edit {
    Image {
        key: ImageKey,
        value: Option<Box<ImageIdentity>>,
    },
    Spine {
        value: SpineNumbering,
    },
    Vertebra {
        level: VertebraLevel,
        value: Option<Box<Vertebra>>,
    },
    Lesion {
        id: LesionId,
        value: Option<Box<Lesion>>,
    },
    Mask {
        image: ImageKey,
        #[serde(default, skip_serializing_if = "Layer::is_lesions")]
        layer: Layer,
        runs: Vec<Run>,
    },
    Measurement {
        id: Uuid,
        value: Option<Box<Measurement>>,
    },
    /// Where the outline of a level's body on a series comes from.
    BodyOrigin {
        image: ImageKey,
        level: VertebraLevel,
        value: Option<BodyOrigin>,
    },
    Case {
        value: Box<CaseFacts>,
    },
    Timepoint {
        key: TimepointKey,
        value: Option<Box<Timepoint>>,
    },
    Followup {
        timepoint: TimepointKey,
        level: VertebraLevel,
        value: Option<Box<Vertebra>>,
    },
}

fn swap<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, key: &K, value: Option<Box<V>>) -> Option<Box<V>> {
    match value {
        Some(v) => map.insert(key.clone(), *v),
        None => map.remove(key),
    }
    .map(Box::new)
}

impl Document {
    /// Applies an edit and returns its inverse.
    ///
    /// # Errors
    /// [`EditError::UnknownImage`] for voxels of a series that was never added; the document is then unchanged.
    pub fn apply(&mut self, edit: Edit) -> Result<Edit, EditError> {
        Ok(match edit {
            Edit::Image { key, value } => Edit::Image { value: swap(&mut self.images, &key, value), key },
            Edit::Spine { value } => Edit::Spine { value: std::mem::replace(&mut self.spine, value) },
            Edit::Vertebra { level, value } => {
                Edit::Vertebra { level, value: swap(&mut self.vertebrae, &level, value) }
            }
            Edit::Lesion { id, value } => Edit::Lesion { id, value: swap(&mut self.lesions, &id, value) },
            Edit::Measurement { id, value } => {
                Edit::Measurement { id, value: swap(&mut self.measurements, &id, value) }
            }
            Edit::BodyOrigin { image, level, value } => {
                let (key, value) = ((image, level), value.map(Box::new));
                let back = swap(&mut self.body_origins, &key, value).map(|o| *o);
                Edit::BodyOrigin { image: key.0, level: key.1, value: back }
            }
            Edit::Case { value } => Edit::Case { value: Box::new(std::mem::replace(&mut self.case, *value)) },
            Edit::Timepoint { key, value } => Edit::Timepoint { value: swap(&mut self.timepoints, &key, value), key },
            Edit::Followup { timepoint, level, value } => {
                let levels = self.followups.entry(timepoint.clone()).or_default();
                let back = swap(levels, &level, value);
                if levels.is_empty() {
                    self.followups.remove(&timepoint);
                }
                Edit::Followup { timepoint, level, value: back }
            }
            Edit::Mask { image, layer, runs } => {
                let known = self.images.get(&image).ok_or_else(|| EditError::UnknownImage(image.0.clone()))?;
                let size = known.geometry.size();
                let maps = match layer {
                    Layer::Lesions => &mut self.masks,
                    Layer::Bodies => &mut self.bodies,
                };
                let map = maps.entry(image.clone()).or_insert_with(|| LabelMap::new(size));
                let back = map.paint(&runs);
                if map.is_empty() {
                    maps.remove(&image);
                }
                Edit::Mask { image, layer, runs: back }
            }
        })
    }
}
