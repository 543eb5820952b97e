//! Outlines as a careful hand draws them: the rim of a mask in one slice, smoothed, with a corner every millimetre or so.

/// A point in the slice, in pixels: (column, row), whole numbers at pixel centres.
pub(super) type Corner = [f64; 2];

/// The outer rims of the 4-connected parts of a picture's set pixels that have at least `least` pixels; each rim is
/// smoothed over `reach` mm to both sides and thinned to a corner every `spacing` mm. `pixel` is the pixel size in mm.
pub(super) fn outlines(
    mask: &[bool],
    columns: usize,
    pixel: f64,
    least: usize,
    reach: f64,
    spacing: f64,
) -> Vec<Vec<Corner>> {
    let parts = parts(mask, columns).into_iter().filter(|p| p.len() >= least);
    parts.map(|part| drawn(&rim(&part, columns, mask.len()), pixel, reach, spacing)).collect()
}

/// The 4-connected parts, each as flat pixel indices.
fn parts(mask: &[bool], columns: usize) -> Vec<Vec<usize>> {
    let mut left = mask.to_vec();
    let mut parts = Vec::new();
    for start in 0..mask.len() {
        if !left[start] {
            continue;
        }
        left[start] = false;
        let (mut part, mut next) = (vec![start], 0);
        while next < part.len() {
            let at = part[next];
            next += 1;
            let beside = [
                (at % columns > 0).then(|| at - 1),
                ((at + 1) % columns > 0).then_some(at + 1),
                at.checked_sub(columns),
                Some(at + columns),
            ];
            for n in beside.into_iter().flatten() {
                if left.get(n) == Some(&true) {
                    left[n] = false;
                    part.push(n);
                }
            }
        }
        parts.push(part);
    }
    parts
}

/// Walks the pixel edges around a part, the part on the right hand, from its first pixel's upper left corner.
fn rim(part: &[usize], columns: usize, length: usize) -> Vec<Corner> {
    let mut set = vec![false; length];
    part.iter().for_each(|p| set[*p] = true);
    let rows = (length / columns.max(1)) as i64;
    let inside = |x: i64, y: i64| {
        (0..columns as i64).contains(&x) && (0..rows).contains(&y) && set[(y * columns as i64 + x) as usize]
    };
    let first = part.iter().copied().min().unwrap_or(0);
    // Corner (x, y) is the upper left corner of pixel (x, y); directions: right, down, left, up.
    let start = ((first % columns) as i64, (first / columns) as i64);
    let steps = [(1, 0), (0, 1), (-1, 0), (0, -1)];
    // The pixels ahead of a corner, left and right of each direction.
    let ahead = [[(0, -1), (0, 0)], [(0, 0), (-1, 0)], [(-1, 0), (-1, -1)], [(-1, -1), (0, -1)]];
    let (mut at, mut direction) = (start, 0);
    let mut corners = Vec::new();
    loop {
        corners.push([at.0 as f64 - 0.5, at.1 as f64 - 0.5]);
        at = (at.0 + steps[direction].0, at.1 + steps[direction].1);
        let [left, right] = ahead[direction].map(|(dx, dy)| inside(at.0 + dx, at.1 + dy));
        // Keep the part on the right: turn right where there is none ahead on the right, left where both are set.
        direction = if !right {
            (direction + 1) % 4
        } else if left {
            (direction + 3) % 4
        } else {
            direction
        };
        if at == start && direction == 0 || corners.len() > 4 * length {
            return corners;
        }
    }
}

/// Mean of the rim's corners within `reach` mm along the rim, at every `spacing` mm.
fn drawn(rim: &[Corner], pixel: f64, reach: f64, spacing: f64) -> Vec<Corner> {
    let n = rim.len();
    let half = ((reach / pixel).round() as usize).min(n / 8);
    let count = ((n as f64 * pixel / spacing).round() as usize).max(6);
    let mean = |centre: usize| {
        let window = (0..=2 * half).map(|d| rim[(centre + n + d - half) % n]);
        let sum = window.fold([0.0, 0.0], |s, c| [s[0] + c[0], s[1] + c[1]]);
        sum.map(|s| s / (2 * half + 1) as f64)
    };
    (0..count).map(|k| mean(k * n / count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Area by the shoelace formula.
    fn area(corners: &[Corner]) -> f64 {
        let pairs = corners.iter().zip(corners.iter().cycle().skip(1));
        0.5 * pairs.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>()
    }

    #[test]
    fn a_rim_encloses_its_pixels() {
        let picture = ["......", ".##...", ".###..", "..#.#.", "......"];
        let mask: Vec<bool> = picture.iter().flat_map(|r| r.bytes().map(|b| b == b'#')).collect();
        let found = parts(&mask, 6);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [6, 1]);
        assert_eq!(area(&rim(&found[0], 6, mask.len())), 6.0);
        assert_eq!(outlines(&mask, 6, 0.5, 2, 0.0, 0.5).len(), 1, "single pixels are not drawn");
    }

    #[test]
    fn a_disc_is_drawn_as_a_disc() {
        let columns = 60;
        let inside = |n: usize| ((n % columns) as f64 - 30.0).hypot((n / columns) as f64 - 28.0) < 12.0;
        let mask: Vec<bool> = (0..columns * columns).map(inside).collect();
        let drawn = outlines(&mask, columns, 0.6, 4, 0.8, 1.2);
        assert!(drawn[0].len() < 50);
        assert!((area(&drawn[0]) / (std::f64::consts::PI * 144.0) - 1.0).abs() < 0.04);
    }
}
