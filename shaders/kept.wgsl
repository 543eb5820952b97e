// The kept window: blank where it is to be painted anew, and as a whole to the screen. Twin: src/render/kept.rs.

@group(0) @binding(0) var kept: texture_2d<f32>;

@fragment
fn blank() -> @location(0) vec4<f32> {
    return vec4<f32>(0.0, 0.0, 0.0, 1.0);
}

@fragment
fn whole(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return textureLoad(kept, vec2<i32>(position.xy), 0);
}
