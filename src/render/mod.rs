//! The GPU: device, volume and label textures, one file a pass with its twin in shaders/, offscreen pictures.
