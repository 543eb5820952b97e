//! How panes share the window: one, one large with two beside it, two by two, or up to four side by side.

/// Part of an area, each side from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Left edge.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// An arrangement of panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One pane.
    One,
    /// One large, two beside it.
    OneAndTwo,
    /// Two by two.
    Four,
    /// Two, three or four series side by side.
    Beside(u8),
}

impl Layout {
    /// All of them, in the order of menus.
    pub const ALL: [Layout; 6] =
        [Layout::One, Layout::OneAndTwo, Layout::Four, Layout::Beside(2), Layout::Beside(3), Layout::Beside(4)];

    /// The word that files and the command line use.
    pub fn word(self) -> &'static str {
        match self {
            Layout::One => "1",
            Layout::OneAndTwo => "1+2",
            Layout::Four => "2x2",
            Layout::Beside(3) => "3-series",
            Layout::Beside(4) => "4-series",
            Layout::Beside(_) => "2-series",
        }
    }

    /// The layout of a word.
    pub fn of_word(word: &str) -> Option<Layout> {
        Layout::ALL.into_iter().find(|l| l.word() == word)
    }

    /// How many panes it has.
    pub fn panes(self) -> usize {
        self.shares().len()
    }

    /// Whether its panes are for different series rather than for planes of one.
    pub fn compares(self) -> bool {
        matches!(self, Layout::Beside(_))
    }

    /// Where the panes lie, the main one first.
    pub fn shares(self) -> Vec<Share> {
        let share = |left, top, width, height| Share { left, top, width, height };
        match self {
            Layout::One => vec![share(0.0, 0.0, 1.0, 1.0)],
            Layout::OneAndTwo => {
                vec![share(0.0, 0.0, 0.6, 1.0), share(0.6, 0.0, 0.4, 0.5), share(0.6, 0.5, 0.4, 0.5)]
            }
            Layout::Four => (0..4).map(|n| share((n % 2) as f32 * 0.5, (n / 2) as f32 * 0.5, 0.5, 0.5)).collect(),
            Layout::Beside(n) => {
                let n = n.clamp(2, 4);
                let width = 1.0 / f32::from(n);
                (0..n).map(|k| share(f32::from(k) * width, 0.0, width, 1.0)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_tile_the_area_without_overlap() {
        for layout in Layout::ALL {
            let shares = layout.shares();
            let area: f32 = shares.iter().map(|s| s.width * s.height).sum();
            assert!((area - 1.0).abs() < 1e-5, "{layout:?}");
            for (n, a) in shares.iter().enumerate() {
                for b in &shares[n + 1..] {
                    let apart = a.left + a.width <= b.left + 1e-5
                        || b.left + b.width <= a.left + 1e-5
                        || a.top + a.height <= b.top + 1e-5
                        || b.top + b.height <= a.top + 1e-5;
                    assert!(apart, "{layout:?}");
                }
            }
        }
    }

    #[test]
    fn words_name_layouts() {
        for layout in Layout::ALL {
            assert_eq!(Layout::of_word(layout.word()), Some(layout));
        }
        assert_eq!(Layout::of_word("7x7"), None);
    }
}
