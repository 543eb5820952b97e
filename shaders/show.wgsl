// From resliced values to the screen: VOI, MONOCHROME1's inversion, then the labels' fill and outline.
// Twin: src/render/show.rs; reference: volume::Shade and volume::overlay.

struct Show {
    // The picture's walk through the labels' grid.
    walk: Walk,
    // The outline's width as steps of that walk.
    aside_hi: vec4<i32>,
    aside_lo: vec4<u32>,
    below_hi: vec4<i32>,
    below_lo: vec4<u32>,
    // Left, top of the viewport in the target; columns and rows of the values.
    origin: vec2<i32>,
    values: vec2<i32>,
    // How often a value's side doubles in screen pixels. No division: a software adapter takes one pixel at a time then.
    halvings: u32,
    inverted: u32,
    // Linear: black ends here, levels (of 255) one unit adds. Sigmoid: center, -4 / width.
    ramp: vec2<f32>,
    // Of the look-up table: the first value, and the last entry.
    lut: vec2<f32>,
    // Opacities of the labels' fill and outline.
    fill: f32,
    outline: f32,
    // Bricks along a side of the atlas; whether it is laid over in colours, and its opacity as bits; unused.
    atlas: vec4<u32>,
    // Those colours at equal steps from the darkest to the brightest.
    tints: array<vec4<f32>, 33>,
}

@group(0) @binding(0) var<uniform> show: Show;
@group(0) @binding(1) var resliced: texture_2d<u32>;
@group(0) @binding(2) var levels: texture_2d<u32>;
@group(0) @binding(3) var pages: texture_3d<u32>;
@group(0) @binding(4) var bricks: texture_3d<u32>;
@group(0) @binding(5) var colors: texture_2d<u32>;
@group(0) @binding(6) var table: texture_2d<u32>;

// 0 a linear window, 1 a sigmoid, 2 a look-up table.
override VOI: u32 = 0u;
// 0 no labels, 1 filled, 2 filled and outlined.
override LABELS: u32 = 0u;
// The target turns linear light into sRGB by itself; levels must come out as they are.
override TO_SRGB: bool = false;

fn level_of(value: f32) -> f32 {
    if VOI == 2u {
        let at = u32(clamp(floor(value + 0.5) - show.lut.x, 0.0, show.lut.y));
        return f32(textureLoad(levels, vec2<u32>(at & 0xffu, at >> 8u), 0).r);
    }
    if VOI == 1u {
        return floor(255.0 / (1.0 + exp(clamp((value - show.ramp.x) * show.ramp.y, -80.0, 80.0))) + 0.5);
    }
    return floor(clamp((value - show.ramp.x) * show.ramp.y, 0.0, 255.0) + 0.5);
}

// What is laid over can be told from the grey beneath. Reference: volume::ColorMap.
fn tint(level: f32) -> vec3<f32> {
    let at = level * 32.0;
    let n = min(u32(at), 31u);
    return mix(show.tints[n].rgb, show.tints[n + 1u].rgb, at - f32(n));
}

// Nothing where the pixel lies outside the volume, or is not loaded yet.
fn opacity_at(pixel: vec2<u32>) -> f32 {
    let at = min(vec2<i32>(pixel >> vec2<u32>(show.halvings)), show.values - vec2<i32>(1));
    let bits = textureLoad(resliced, at, 0).r;
    return select(bitcast<f32>(show.atlas.z), 0.0, (bits & 0x7fffffffu) > 0x7f800000u);
}

fn grey_at(pixel: vec2<u32>) -> f32 {
    let at = min(vec2<i32>(pixel >> vec2<u32>(show.halvings)), show.values - vec2<i32>(1));
    let bits = textureLoad(resliced, at, 0).r;
    let level = level_of(bitcast<f32>(bits));
    let turned = select(level, 255.0 - level, show.inverted != 0u);
    // Not a number: outside the volume, or not loaded yet.
    return select(turned, 0.0, (bits & 0x7fffffffu) > 0x7f800000u) / 255.0;
}

fn label_at(p: Fixed) -> u32 {
    let place = place_of(p, show.walk.size.xyz, table);
    let at = clamp(place.nearest, vec3<i32>(0), show.walk.size.xyz - vec3<i32>(1));
    let slot = textureLoad(pages, at >> vec3<u32>(5u), 0).r;
    let brick = max(slot, 1u) - 1u;
    let side = show.atlas.x;
    let corner = vec3<u32>(brick % side, (brick / side) % side, brick / (side * side)) * 32u;
    let value = textureLoad(bricks, vec3<i32>(corner) + (at & vec3<i32>(31)), 0).r;
    return select(0u, value, place.inside && slot != 0u);
}

fn color_of(label: u32) -> vec4<f32> {
    return vec4<f32>(textureLoad(colors, vec2<u32>(label & 0xffu, label >> 8u), 0)) / 255.0;
}

// A hidden label (its color is transparent) is no label.
fn shown_label(p: Fixed) -> u32 {
    let label = label_at(p);
    return select(0u, label, color_of(label).a > 0.0);
}

// Whether a neighbour at the outline's width is anything else.
fn on_outline(p: Fixed, label: u32) -> bool {
    let zero = Fixed(vec3<i32>(0), vec3<u32>(0u));
    let aside = Fixed(show.aside_hi.xyz, show.aside_lo.xyz);
    let below = Fixed(show.below_hi.xyz, show.below_lo.xyz);
    var edge = false;
    for (var n = 0; n < 4; n++) {
        // Right, down, and the two diagonals, each with its opposite.
        let steps = add(select_fixed(zero, aside, n != 1), select_below(zero, below, n).hi, select_below(zero, below, n).lo);
        let forth = add(p, steps.hi, steps.lo);
        let turned = negate(steps);
        let back = add(p, turned.hi, turned.lo);
        edge = edge || shown_label(forth) != label || shown_label(back) != label;
    }
    return edge;
}

fn select_fixed(no: Fixed, yes: Fixed, which: bool) -> Fixed {
    return Fixed(select(no.hi, yes.hi, which), select(no.lo, yes.lo, which));
}

fn select_below(zero: Fixed, below: Fixed, n: i32) -> Fixed {
    return select_fixed(select_fixed(zero, below, n != 0), negate(below), n == 3);
}

fn negate(a: Fixed) -> Fixed {
    return add(Fixed(~a.hi, ~a.lo), vec3<i32>(0), vec3<u32>(1u));
}

fn light(level: vec3<f32>) -> vec3<f32> {
    let low = level / 12.92;
    let high = pow((level + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, level <= vec3<f32>(0.04045));
}

@fragment
fn picture(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = vec2<u32>(vec2<i32>(position.xy) - show.origin);
    var color = vec3<f32>(grey_at(pixel));
    var alpha = 1.0;
    if show.atlas.y != 0u {
        color = tint(color.r);
        alpha = opacity_at(pixel);
    }
    if LABELS != 0u {
        let p = at_pixel(show.walk, pixel);
        let label = shown_label(p);
        let paint = color_of(label);
        var opacity = show.fill * paint.a;
        if LABELS == 2u && label != 0u {
            opacity = select(opacity, show.outline, on_outline(p, label));
        }
        color = select(color, mix(color, paint.rgb, opacity), label != 0u);
    }
    if TO_SRGB {
        color = light(color);
    }
    return vec4<f32>(color, alpha);
}
