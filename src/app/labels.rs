//! Where the words over a picture go: each takes the first of its wished places that is free, or the
//! nearest free one above or below it with a line to what it belongs to, so that no two lie on each other.

use egui::{Align2, Pos2, Rect, Vec2, pos2, vec2};

/// Between two texts, logical points.
const AIR: Vec2 = vec2(3.0, 1.0);
/// How many lines up and down a place is looked for.
const TRIES: u32 = 10;

/// The places that are taken in a picture.
pub struct Places {
    picture: Rect,
    taken: Vec<Rect>,
}

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The text's box.
    pub rect: Rect,
    /// It lies apart from what it belongs to: a line joins the two.
    pub led: bool,
}

impl Places {
    /// An empty picture.
    pub fn within(picture: Rect) -> Self {
        Places { picture, taken: vec![] }
    }

    /// Something lies here.
    pub fn take(&mut self, rect: Rect) {
        self.taken.push(rect);
    }

    fn is_free(&self, rect: Rect) -> bool {
        self.picture.contains_rect(rect) && self.taken.iter().all(|t| !t.expand2(AIR).intersects(rect))
    }

    /// The place for a text of a size: the first that is free of those wished and of those above and below each;
    /// where all is full, the first one that was wished.
    pub fn find(&mut self, size: Vec2, wished: &[(Pos2, Align2)]) -> Place {
        let at = |(p, align): &(Pos2, Align2), down: f32| align.anchor_size(pos2(p.x, p.y + down), size);
        let line = size.y + AIR.y;
        let shifts = || (1..=TRIES).flat_map(|n| [1.0, -1.0].map(|way| way * n as f32 * line / 2.0));
        // One side is tried up and down before the other, so that words of neighbours stay in one column.
        let mut places = wished.iter().flat_map(|w| {
            let near = Place { rect: at(w, 0.0), led: false };
            std::iter::once(near).chain(shifts().map(move |d| Place { rect: at(w, d), led: true }))
        });
        let first = wished.first().map_or(Rect::from_min_size(self.picture.min, size), |w| at(w, 0.0));
        let found = places.find(|p| self.is_free(p.rect)).unwrap_or(Place { rect: first, led: false });
        self.take(found.rect);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_texts_lie_on_each_other_and_none_outside_while_there_is_room() {
        let picture = Rect::from_min_size(pos2(10.0, 20.0), vec2(300.0, 260.0));
        let mut places = Places::within(picture);
        let obstacle = Rect::from_min_size(pos2(180.0, 140.0), vec2(40.0, 16.0));
        places.take(obstacle);
        let size = vec2(70.0, 14.0);
        let mut found: Vec<Rect> = vec![];
        for n in 0..12 {
            // All at nearly the same place, as the diameters of canal and cord are.
            let p = pos2(150.0 + n as f32, 150.0 + 0.5 * n as f32);
            let wished = [(p + vec2(9.0, 0.0), Align2::LEFT_CENTER), (p - vec2(9.0, 0.0), Align2::RIGHT_CENTER)];
            let place = places.find(size, &wished);
            assert!(picture.contains_rect(place.rect), "{place:?}");
            assert!(found.iter().chain([&obstacle]).all(|f| !f.intersects(place.rect)), "{place:?} over another");
            found.push(place.rect);
        }
        let alone = Places::within(picture).find(size, &[(pos2(100.0, 100.0), Align2::LEFT_CENTER)]);
        assert_eq!((alone.rect.left_center(), alone.led), (pos2(100.0, 100.0), false));
        let edge = Places::within(picture)
            .find(size, &[(pos2(300.0, 100.0), Align2::LEFT_CENTER), (pos2(280.0, 100.0), Align2::RIGHT_CENTER)]);
        assert_eq!(edge.rect.right_center(), pos2(280.0, 100.0), "the other side where the picture ends");
    }
}
