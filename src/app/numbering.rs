//! Levels at the reader's hand: which one a click labels next, which one is current, and going from one to the next.

use super::App;
use super::desk::{Direction, Page};
use crate::anatomy::{VertebraLevel, suggest_next};
use crate::document::{Document, LevelStatus};
use crate::session::CommandId;
use crate::space::PatientPoint;

/// The next level of this spine in a direction that still waits for a centre: labelled ones, and those that are known to
/// have none, are passed over.
pub fn next_open(document: &Document, from: VertebraLevel, direction: Direction) -> Option<VertebraLevel> {
    let by = if direction == Direction::Down { 1 } else { -1 };
    let closed = |l: VertebraLevel| {
        document
            .vertebrae
            .get(&l)
            .is_some_and(|v| v.at_mm.is_some() || matches!(v.status, LevelStatus::Absent | LevelStatus::OutOfField))
    };
    let mut at = from;
    loop {
        at = document.spine.step(at, by)?;
        if !closed(at) {
            return Some(at);
        }
    }
}

impl App {
    /// After a level was labelled, the next one in the chosen direction is at hand.
    pub(super) fn advance_from(&mut self, level: VertebraLevel) {
        self.desk.next_level = next_open(self.document(), level, self.desk.direction);
    }

    /// Numbering goes on at the end of the chain in its direction; where nothing is labelled it begins with C2.
    pub(super) fn number_on(&mut self) {
        let chain = super::ladder::placed(self.document());
        let end = if self.desk.direction == Direction::Down { chain.last() } else { chain.first() };
        match end.map(|(l, _)| *l) {
            Some(level) => self.advance_from(level),
            None => self.desk.next_level = Some(VertebraLevel::C2),
        }
    }

    /// One level is passed over.
    pub(super) fn skip_level(&mut self) {
        match self.desk.next_level {
            Some(level) => self.advance_from(level),
            None => self.number_on(),
        }
    }

    /// Numbering goes the other way, from the other end of the chain.
    pub(super) fn turn_round(&mut self) {
        let d = &mut self.desk.direction;
        *d = if *d == Direction::Down { Direction::Up } else { Direction::Down };
        self.number_on();
    }

    /// A rung of the ladder was clicked.
    pub(super) fn choose_level(&mut self, level: VertebraLevel) {
        let Some(reading) = &mut self.reading else { return };
        let chain = super::ladder::placed(reading.document());
        if let Some((_, at)) = chain.iter().find(|(l, _)| *l == level) {
            reading.go_to(*at);
        } else if let Some(at) = suggest_next(&chain, level) {
            reading.go_to(at);
        }
        self.desk.page = Page::Level;
        self.desk.spoken = None;
        if !chain.iter().any(|(l, _)| *l == level) {
            self.take_up(CommandId::Vertebra);
            self.desk.next_level = Some(level);
            self.desk.spoken = Some(level);
        }
    }

    /// The level that the form speaks of: one without a centre that was chosen in the ladder, else the labelled one that
    /// the crosshair is at.
    pub(super) fn current_level(&self) -> Option<VertebraLevel> {
        const NEAR_MM: f64 = 30.0;
        let reading = self.reading.as_ref()?;
        let placed = |l: &VertebraLevel| reading.document().vertebrae.get(l).is_some_and(|v| v.at_mm.is_some());
        if let Some(level) = self.desk.spoken.filter(|l| !placed(l)) {
            return Some(level);
        }
        let nearest = reading.document().nearest_vertebra(reading.cursor());
        nearest.filter(|(_, mm)| *mm < NEAR_MM).map(|(l, _)| l)
    }

    pub(super) fn neighbour(&self, direction: Direction) -> Option<PatientPoint> {
        let chain = super::ladder::placed(self.reading.as_ref()?.document());
        let at = chain.iter().position(|(l, _)| Some(*l) == self.current_level())?;
        let next = if direction == Direction::Down { at + 1 } else { at.checked_sub(1)? };
        chain.get(next).map(|(_, p)| *p)
    }
}

#[cfg(test)]
mod tests {
    use super::VertebraLevel::*;
    use super::*;
    use crate::document::Vertebra;

    #[test]
    fn a_whole_spine_takes_one_click_a_level_from_either_end() {
        use crate::document::ImageKey;
        use crate::segment::DrawPlane;
        use crate::session::Op;
        use crate::tool::{Event, Outcome, Phase, Scene, Settings, Tool, VertebraTool};
        let spine: Vec<_> = VertebraLevel::ALL.into_iter().filter(|l| !l.is_variant() && *l <= S5).collect();
        for (direction, order) in [(Direction::Down, spine.clone()), (Direction::Up, spine.into_iter().rev().collect())]
        {
            let (mut d, mut tool) = (Document::default(), VertebraTool::default());
            let (image, settings) = (ImageKey("1.2".to_owned()), Settings::default());
            let (mut next, mut clicks) = (Some(order[0]), 0);
            for level in &order {
                let at = PatientPoint::new(0.0, 0.0, -20.0 * f64::from(*level as u8)).expect("finite");
                for phase in [Phase::Press, Phase::Release] {
                    let plane = DrawPlane::Named(crate::space::Plane::Sagittal);
                    let (document, image, settings) = (&d, &image, &settings);
                    let scene =
                        Scene { document, image, identity: None, lesion: None, body: None, next_level: next, settings };
                    let axes = [crate::space::DVec3::Y, -crate::space::DVec3::Z];
                    let outcome = tool.event(Event::Pointer { phase, at, plane, axes, alt: false }, &scene);
                    if let Outcome::Commit(Op::LabelVertebra { level, at_mm }) = outcome {
                        d.vertebrae.insert(level, Vertebra { at_mm: Some(at_mm), ..Vertebra::default() });
                        next = next_open(&d, level, direction);
                    }
                }
                clicks += 1;
            }
            assert_eq!((d.vertebrae.len(), clicks), (order.len(), 29), "{direction:?}");
            assert!(d.vertebrae.iter().all(|(l, v)| v.at_mm.is_some_and(|p| p.vec().z == -20.0 * f64::from(*l as u8))));
        }
    }

    #[test]
    fn numbering_goes_on_past_what_is_labelled_or_has_no_centre() {
        let mut d = Document::default();
        let at_mm = Some(PatientPoint::ORIGIN);
        d.vertebrae.insert(C5, Vertebra { at_mm, ..Vertebra::default() });
        d.vertebrae.insert(C6, Vertebra { status: LevelStatus::Absent, ..Vertebra::default() });
        d.vertebrae.insert(C3, Vertebra { status: LevelStatus::Destroyed, ..Vertebra::default() });
        for (from, direction, next) in [
            (C4, Direction::Down, Some(C7)),
            (C5, Direction::Up, Some(C4)),
            (C4, Direction::Up, Some(C3)),
            (C1, Direction::Up, None),
            (T12, Direction::Down, Some(L1)),
        ] {
            assert_eq!(next_open(&d, from, direction), next, "{from} {direction:?}");
        }
        d.spine.n_thoracic = Some(13);
        assert_eq!(next_open(&d, T12, Direction::Down), Some(T13));
    }
}
