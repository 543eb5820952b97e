// Rescaled values on a plane or slab through a volume, one `f32` a pixel as its bits; the window comes in a later pass.
// Twin: src/render/reslice.rs; reference: volume::reslice.

alias Sample = i32;

struct Reslice {
    walk: Walk,
    // Slope and intercept where all slices share them; the other lanes are unused.
    rescale: vec4<f32>,
}

@group(0) @binding(0) var<uniform> reslice: Reslice;
@group(0) @binding(1) var volume: texture_3d<Sample>;
@group(0) @binding(2) var table: texture_2d<u32>;

// Trilinear, or the nearest voxel.
override LINEAR: bool = true;
// What is shown of a slab: 0 no slab, 1 the largest, 2 the smallest, 3 the mean.
override PROJECT: u32 = 0u;
// Slices differ in rescale, or some are not loaded yet.
override PER_SLICE: bool = false;

// The bits of a pixel outside the volume: a value that is not a number.
const OUTSIDE: u32 = 0xffffffffu;

fn stored(at: vec3<i32>) -> f32 {
    return f32(textureLoad(volume, at, 0).r);
}

fn rescaled(value: f32, k: i32) -> f32 {
    if PER_SLICE {
        let scale = bitcast<vec2<f32>>(slice_row(table, k, 1).xy);
        return value * scale.x + scale.y;
    }
    return value * reslice.rescale.x + reslice.rescale.y;
}

fn line_x(low: i32, high: i32, y: i32, z: i32, t: f32) -> f32 {
    let a = stored(vec3<i32>(low, y, z));
    return a + (stored(vec3<i32>(high, y, z)) - a) * t;
}

fn layer(place: Place, z: i32) -> f32 {
    let a = line_x(place.low.x, place.high.x, place.low.y, z, place.part.x);
    let b = line_x(place.low.x, place.high.x, place.high.y, z, place.part.x);
    return a + (b - a) * place.part.y;
}

// The value at a place; meaningful where `visible`.
fn value_at(place: Place) -> f32 {
    let last = reslice.walk.size.xyz - vec3<i32>(1);
    if LINEAR {
        let a = layer(place, place.low.z);
        let b = layer(place, place.high.z);
        if PER_SLICE {
            let low = rescaled(a, place.low.z);
            return low + (rescaled(b, place.high.z) - low) * place.part.z;
        }
        return rescaled(a + (b - a) * place.part.z, 0);
    }
    let nearest = clamp(place.nearest, vec3<i32>(0), last);
    return rescaled(stored(nearest), nearest.z);
}

fn visible(place: Place) -> bool {
    if PER_SLICE {
        let last = reslice.walk.size.z - 1;
        if LINEAR {
            return place.inside && slice_row(table, place.low.z, 0).w != 0u && slice_row(table, place.high.z, 0).w != 0u;
        }
        return place.inside && slice_row(table, clamp(place.nearest.z, 0, last), 0).w != 0u;
    }
    return place.inside;
}

fn slab(first: Fixed) -> u32 {
    var p = first;
    var folded = select(select(3.0e38, -3.0e38, PROJECT == 1u), 0.0, PROJECT == 3u);
    var inside = 0.0;
    for (var post = 0; post < reslice.walk.size.w; post++) {
        let place = place_of(p, reslice.walk.size.xyz, table);
        let value = value_at(place);
        let seen = visible(place);
        inside += select(0.0, 1.0, seen);
        if PROJECT == 1u {
            folded = select(folded, max(folded, value), seen);
        } else if PROJECT == 2u {
            folded = select(folded, min(folded, value), seen);
        } else {
            folded += select(0.0, value, seen);
        }
        p = add(p, reslice.walk.post_hi.xyz, reslice.walk.post_lo.xyz);
    }
    if PROJECT == 3u {
        folded = folded / max(inside, 1.0);
    }
    return select(OUTSIDE, bitcast<u32>(folded), inside > 0.0);
}

@fragment
fn values(@builtin(position) position: vec4<f32>) -> @location(0) u32 {
    let first = at_pixel(reslice.walk, vec2<u32>(position.xy));
    if PROJECT != 0u {
        return slab(first);
    }
    let place = place_of(first, reslice.walk.size.xyz, table);
    let shown = visible(place) && reslice.walk.size.w > 0;
    return select(OUTSIDE, bitcast<u32>(value_at(place)), shown);
}
