//! Colours for a series that is laid over another: from black or dark to bright, brighter all the way, so that what is
//! brighter in the series is brighter on the screen whatever the colours.
//!
//! Viridis and magma (S. van der Walt and N. Smith, 2015) and cividis (J. Nuñez, C. Anderton and R. Renslow, PLOS ONE 2018)
//! are perceptually uniform, viridis and cividis also for readers who tell red from green badly;
//! their tables are those that matplotlib publishes (CC0), at every eighth of 256 steps, straight between (within 6 levels of 255).

use serde::Deserialize;

/// Colours of a map that are stored; between them it is straight.
pub const NODES: usize = 33;

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorMap {
    /// Black through orange to white.
    #[default]
    Warm,
    /// Violet through green to yellow.
    Viridis,
    /// Black through violet and red to pale yellow.
    Magma,
    /// Blue through grey to yellow.
    Cividis,
}

/// A series laid over another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blend {
    /// How much of it is seen, 0 to 1.
    pub share: f32,
    /// In which colours.
    pub map: ColorMap,
}

impl ColorMap {
    /// All of them.
    pub const ALL: [ColorMap; 4] = [ColorMap::Warm, ColorMap::Viridis, ColorMap::Magma, ColorMap::Cividis];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ColorMap::Warm => "warm",
            ColorMap::Viridis => "viridis",
            ColorMap::Magma => "magma",
            ColorMap::Cividis => "cividis",
        }
    }

    /// Red, green, blue, 0 to 1, at equal steps from the darkest to the brightest.
    pub fn nodes(self) -> [[f32; 3]; NODES] {
        let table = match self {
            ColorMap::Warm => return std::array::from_fn(|n| warm(n as f32 / (NODES - 1) as f32)),
            ColorMap::Viridis => &VIRIDIS,
            ColorMap::Magma => &MAGMA,
            ColorMap::Cividis => &CIVIDIS,
        };
        table.map(|rgb| [16, 8, 0].map(|by| ((rgb >> by) & 0xff) as f32 / 255.0))
    }

    /// The colour of a level, 0 to 1.
    pub fn color(self, level: f32) -> [f32; 3] {
        let at = level.clamp(0.0, 1.0) * (NODES - 1) as f32;
        let n = (at as usize).min(NODES - 2);
        let (nodes, part) = (self.nodes(), at - n as f32);
        [0, 1, 2].map(|c| nodes[n][c] + part * (nodes[n + 1][c] - nodes[n][c]))
    }
}

fn warm(level: f32) -> [f32; 3] {
    [level * 1.6, level, level * 2.0 - 1.0].map(|v| v.clamp(0.0, 1.0))
}

/// Viridis.
#[rustfmt::skip]
const VIRIDIS: [u32; NODES] = [
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b,
    0x375a8d, 0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b,
    0x1f9f88, 0x21a685, 0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c,
    0x96d83f, 0xabdc32, 0xc0df24, 0xd5e21a, 0xeae51a, 0xfde725,
];

/// Magma.
#[rustfmt::skip]
const MAGMA: [u32; NODES] = [
    0x000004, 0x030311, 0x0a0822, 0x130d33, 0x1d1146, 0x28115a, 0x36106a, 0x430f76, 0x50127c,
    0x5d177f, 0x691c81, 0x762181, 0x822681, 0x8f2a81, 0x9c2e7f, 0xa9327d, 0xb63779, 0xc33b75,
    0xcf4170, 0xdb486a, 0xe65163, 0xee5c5e, 0xf5695c, 0xf9785d, 0xfb8761, 0xfd9668, 0xfea571,
    0xfeb47b, 0xfec387, 0xfed194, 0xfde0a2, 0xfceeb0, 0xfcfdbf,
];

/// Cividis.
#[rustfmt::skip]
const CIVIDIS: [u32; NODES] = [
    0x00224e, 0x00285b, 0x002e6a, 0x043371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c,
    0x4b546c, 0x52596d, 0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x757676, 0x7c7b78, 0x848179,
    0x8b8778, 0x938d78, 0x9b9376, 0xa39a75, 0xaba072, 0xb3a670, 0xbbad6c, 0xc3b469, 0xccba64,
    0xd4c15f, 0xddc958, 0xe6d051, 0xefd748, 0xf8df3c, 0xfee838,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness L* of CIE 1976 of an sRGB colour.
    fn lightness(rgb: [f32; 3]) -> f64 {
        let linear = rgb.map(f64::from).map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
        let y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
    }

    #[test]
    fn every_map_grows_brighter_all_the_way_and_the_uniform_ones_evenly() {
        for map in ColorMap::ALL {
            let l: Vec<f64> = (0..=64).map(|n| lightness(map.color(n as f32 / 64.0))).collect();
            assert!(l.windows(2).all(|w| w[1] > w[0] - 0.05), "{map:?}: {l:?}");
            if map != ColorMap::Warm {
                let even = (l[64] - l[0]) / 64.0;
                let far = (0..=64).map(|n| (l[n] - l[0] - even * n as f64).abs()).fold(0.0, f64::max);
                assert!(far < 7.0, "{map:?} is {far} off a straight line");
            }
        }
    }

    #[test]
    fn maps_are_the_published_ones() {
        // Entries 64, 128 and 200 of matplotlib's tables of 256.
        for (map, published) in [
            (ColorMap::Viridis, [[0.2297, 0.3224, 0.5457], [0.1276, 0.5669, 0.5506], [0.4401, 0.8111, 0.3410]]),
            (ColorMap::Magma, [[0.3167, 0.0717, 0.4854], [0.7164, 0.2150, 0.4753], [0.9928, 0.5949, 0.4103]]),
            (ColorMap::Cividis, [[0.2637, 0.3078, 0.4228], [0.4887, 0.4853, 0.4710], [0.7694, 0.7070, 0.4085]]),
        ] {
            for (n, want) in [64.0f32, 128.0, 200.0].into_iter().zip(published) {
                let got = map.color(n / 255.0);
                let far = (0..3).map(|c| (got[c] - want[c]).abs()).fold(0.0, f32::max);
                assert!(far < 0.02, "{map:?} at {n}: {got:?} for {want:?}");
            }
        }
        assert_eq!(ColorMap::Warm.color(0.5), [0.8, 0.5, 0.0]);
    }
}
