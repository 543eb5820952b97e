//! The GPU: device, volume and label textures, one file a pass with its twin in `shaders/`, offscreen pictures.
//!
//! A picture is two passes. `reslice` samples a volume on a plane or slab and keeps the rescaled values; `show` turns them
//! into grey through the window and lays the labels over. Both must agree with the reference in `volume`.
//!
//! For the window: [`Gpu::of_egui`], one [`SlicePass`] in egui's callback resources, a [`VolumeTexture`] a series, a
//! [`LabelTexture`] a mask. Without a window: [`Gpu::headless`] and [`Offscreen`].

mod colors;
mod gpu;
mod kept;
mod label_texture;
mod offscreen;
mod reslice;
mod shader;
mod show;
mod slice;
mod volume_texture;
mod walk;

pub use colors::{BODY_COLOR, BODY_LABELS, LESION_COLORS, lesion_color};
pub use gpu::{AdapterFacts, Gpu, GpuError, device_descriptor};
pub use kept::Kept;
pub use label_texture::{LabelColor, LabelTexture};
pub use offscreen::Offscreen;
pub use slice::{PaneId, Sampling, SliceParams, SlicePass};
pub use volume_texture::{SampleFormat, VolumeTexture};
