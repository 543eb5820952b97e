// Where a picture's pixels lie in a grid: the fixed point of `volume::Walk`, bit for bit, and the slices of an uneven stack.
// Put before every pass that walks a grid. Twin: src/render/walk.rs.

// Q32.32 voxels as (signed whole, unsigned fraction) of column, row, layer; the fourth lane is unused.
struct Walk {
    start_hi: vec4<i32>,
    start_lo: vec4<u32>,
    right_hi: vec4<i32>,
    right_lo: vec4<u32>,
    down_hi: vec4<i32>,
    down_lo: vec4<u32>,
    post_hi: vec4<i32>,
    post_lo: vec4<u32>,
    // Columns, rows, slices of the grid; posts along the slab.
    size: vec4<i32>,
}

struct Fixed {
    hi: vec3<i32>,
    lo: vec3<u32>,
}

// A place in the grid: neighbours of the linear interpolation with their weights, and the nearest voxel.
struct Place {
    low: vec3<i32>,
    high: vec3<i32>,
    part: vec3<f32>,
    nearest: vec3<i32>,
    inside: bool,
}

// The grid's slices lie unevenly: a third coordinate must be looked up.
override UNEVEN: bool = false;

const PER_FRACTION: f32 = 1.0 / 16777216.0;

fn add(a: Fixed, hi: vec3<i32>, lo: vec3<u32>) -> Fixed {
    let sum = a.lo + lo;
    let carry = select(vec3<i32>(0), vec3<i32>(1), sum < lo);
    return Fixed(a.hi + hi + carry, sum);
}

// a + n × step, n below 65,536: the 48-bit product of a fraction in two halves.
fn advance(a: Fixed, step_hi: vec4<i32>, step_lo: vec4<u32>, n: u32) -> Fixed {
    let low = (step_lo.xyz & vec3<u32>(0xffffu)) * n;
    let mid = (step_lo.xyz >> vec3<u32>(16u)) * n;
    let lo = low + (mid << vec3<u32>(16u));
    let carry = select(vec3<u32>(0u), vec3<u32>(1u), lo < low);
    let hi = bitcast<vec3<u32>>(step_hi.xyz) * n + (mid >> vec3<u32>(16u)) + carry;
    return add(a, bitcast<vec3<i32>>(hi), lo);
}

fn at_pixel(walk: Walk, pixel: vec2<u32>) -> Fixed {
    let first = Fixed(walk.start_hi.xyz, walk.start_lo.xyz);
    return advance(advance(first, walk.right_hi, walk.right_lo, pixel.x), walk.down_hi, walk.down_lo, pixel.y);
}

// Not before: a >= b.
fn reached(a_hi: i32, a_lo: u32, b_hi: i32, b_lo: u32) -> bool {
    return a_hi > b_hi || (a_hi == b_hi && a_lo >= b_lo);
}

fn half_of(hi: i32, lo: u32) -> vec2<u32> {
    return vec2<u32>(bitcast<u32>(hi >> 1u), (lo >> 1u) | (bitcast<u32>(hi) << 31u));
}

fn difference(a: vec4<u32>, b: vec4<u32>) -> vec2<u32> {
    let lo = a.y - b.y;
    return vec2<u32>(a.x - b.x - select(0u, 1u, a.y < b.y), lo);
}

// One row of table is a slice: (whole, fraction, inverse gap, loaded); the other (slope, intercept, drift x, drift y).
fn slice_row(table: texture_2d<u32>, k: i32, row: i32) -> vec4<u32> {
    return textureLoad(table, vec2<i32>(k, row), 0);
}

fn drift_fixed(off: f32) -> vec2<u32> {
    let whole = floor(off);
    return vec2<u32>(bitcast<u32>(i32(whole)), u32((off - whole) * 16777216.0) * 256u);
}

// `volume::Layers::find`: the third coordinate becomes slices, the drift of the slices is taken off the first two.
fn place_uneven(p: Fixed, size: vec3<i32>, table: texture_2d<u32>) -> Place {
    var below = 0;
    var above = size.z;
    // The last slice that is not beyond the coordinate.
    loop {
        if above - below <= 1 { break; }
        let middle = (below + above) / 2;
        let row = slice_row(table, middle, 0);
        if reached(p.hi.z, p.lo.z, bitcast<i32>(row.x), row.y) { below = middle; } else { above = middle; }
    }
    below = clamp(below, 0, max(size.z - 2, 0));
    let next = min(below + 1, size.z - 1);
    let a = slice_row(table, below, 0);
    let b = slice_row(table, next, 0);
    let ahead = difference(vec4<u32>(bitcast<u32>(p.hi.z), p.lo.z, 0u, 0u), a);
    let part = (f32(bitcast<i32>(ahead.x)) + f32(ahead.y >> 8u) * PER_FRACTION) * bitcast<f32>(a.z);
    let gap = difference(b, a);
    // A stack that ends with slices at one position reaches half a mean gap beyond them.
    let touching = bitcast<i32>(gap.x) < 0 || (gap.x == 0u && gap.y <= 4096u);
    let half = select(half_of(bitcast<i32>(gap.x), gap.y), vec2<u32>(0u, 0x80000000u), touching);
    let past_middle = reached(bitcast<i32>(ahead.x), ahead.y, bitcast<i32>(half.x), half.y);
    // Inside: within half the outer gap of the first and of the last slice.
    let before_first = difference(vec4<u32>(bitcast<u32>(p.hi.z), p.lo.z, 0u, 0u), slice_row(table, 0, 0));
    let after_last = difference(vec4<u32>(bitcast<u32>(p.hi.z), p.lo.z, 0u, 0u), slice_row(table, size.z - 1, 0));
    let minus_half = difference(vec4<u32>(0u), vec4<u32>(half.x, half.y, 0u, 0u));
    let in_stack = reached(bitcast<i32>(before_first.x), before_first.y, bitcast<i32>(minus_half.x), minus_half.y)
        && !reached(bitcast<i32>(after_last.x), after_last.y, bitcast<i32>(half.x), half.y);
    let drift_a = bitcast<vec2<f32>>(slice_row(table, below, 1).zw);
    let drift_b = bitcast<vec2<f32>>(slice_row(table, next, 1).zw);
    let off = drift_a + (drift_b - drift_a) * part;
    let x = difference(vec4<u32>(bitcast<u32>(p.hi.x), p.lo.x, 0u, 0u), vec4<u32>(drift_fixed(off.x), 0u, 0u));
    let y = difference(vec4<u32>(bitcast<u32>(p.hi.y), p.lo.y, 0u, 0u), vec4<u32>(drift_fixed(off.y), 0u, 0u));
    let moved = Fixed(vec3<i32>(bitcast<i32>(x.x), bitcast<i32>(y.x), below), vec3<u32>(x.y, y.y, 0u));
    var place = place_even(moved, size);
    place.low.z = below;
    place.high.z = next;
    place.part.z = clamp(part, 0.0, 1.0);
    place.nearest.z = select(below, next, past_middle);
    place.inside = in_stack && all(place.nearest.xy >= vec2<i32>(0)) && all(place.nearest.xy < size.xy);
    return place;
}

fn place_even(p: Fixed, size: vec3<i32>) -> Place {
    let nearest = p.hi + vec3<i32>(p.lo >> vec3<u32>(31u));
    let last = size - vec3<i32>(1);
    let low = clamp(p.hi, vec3<i32>(0), last);
    let high = clamp(p.hi + vec3<i32>(1), vec3<i32>(0), last);
    let part = vec3<f32>(p.lo >> vec3<u32>(8u)) * PER_FRACTION;
    let inside = all(nearest >= vec3<i32>(0)) && all(nearest < size);
    return Place(low, high, part, nearest, inside);
}

fn place_of(p: Fixed, size: vec3<i32>, table: texture_2d<u32>) -> Place {
    if UNEVEN {
        return place_uneven(p, size, table);
    }
    return place_even(p, size);
}

// One triangle that covers the viewport.
@vertex
fn everywhere(@builtin(vertex_index) n: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(n & 1u) * 4.0 - 1.0, f32(n >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}
