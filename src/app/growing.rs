//! Grow while its reach is dragged: each answer is worked out beside the window, only the newest question after the one
//! under way, and what is released is kept once its own answer is there.

use super::App;
use super::reading::Reading;
use crate::document::ImageKey;
use crate::segment::{Span, grow};
use crate::session::{Images, Op};
use crate::space::PatientPoint;
use crate::volume::Volume;
use std::sync::Arc;

/// What grow is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    image: ImageKey,
    seed: PatientPoint,
    reach_mm: f64,
}

impl Question {
    fn of(op: &Op) -> Option<Question> {
        let Op::Grow { image: Some(image), seed_mm, reach_mm, .. } = op else { return None };
        Some(Question { image: image.clone(), seed: *seed_mm, reach_mm: *reach_mm })
    }

    /// Whether another drag of the same gesture asked it.
    fn is_of_gesture(&self, other: &Question) -> bool {
        self.image == other.image && self.seed == other.seed
    }
}

/// A question and its answer; none where the seed lies outside the images.
pub struct Grown {
    question: Question,
    spans: Option<Vec<Span>>,
}

impl Grown {
    /// Works the answer out.
    pub fn work_out(question: Question, volume: &Volume) -> Grown {
        let spans = grow(volume, question.seed, question.reach_mm);
        Grown { question, spans }
    }

    /// The answer to this question.
    pub fn answers(&self, image: &ImageKey, seed: PatientPoint, reach_mm: f64) -> Option<Vec<Span>> {
        let q = &self.question;
        (q.image == *image && q.seed == seed && q.reach_mm == reach_mm).then(|| self.spans.clone())?
    }
}

/// What is asked and not yet answered.
#[derive(Default)]
pub struct Growing {
    /// The newest question, while an older one is under way.
    next: Option<Question>,
    /// A gesture that is complete but for its answer.
    keep: Option<Op>,
}

impl App {
    /// Whether a step can be planned without waiting for grow's answer.
    fn is_answered(&self, op: &Op) -> bool {
        let (Some(q), Some(reading)) = (Question::of(op), &self.reading) else { return true };
        reading.grown(&q.image, q.seed, q.reach_mm).is_some() || reading.volume(&q.image).is_none()
    }

    /// Shows what a step under way would paint; grow's as soon as it is worked out.
    pub(super) fn show_pending(&mut self, op: Option<Op>) {
        match op {
            Some(op) if !self.is_answered(&op) => {
                self.growing.next = Question::of(&op);
                self.follow_grow();
            }
            op => {
                self.growing.next = None;
                self.draw_pending(op.as_ref());
            }
        }
    }

    fn draw_pending(&mut self, op: Option<&Op>) {
        let (Some(screen), Some(reading)) = (&mut self.screen, &self.reading) else { return };
        screen.show_pending(reading, op);
    }

    /// Keeps a step that a tool completed; one of grow once its answer is there, at the latest before anything else is
    /// done.
    pub(super) fn keep_step(&mut self, op: Op) {
        if self.is_answered(&op) {
            self.show_pending(None);
            return self.commit(op);
        }
        self.growing.next = Question::of(&op);
        self.growing.keep = Some(op);
        self.follow_grow();
    }

    /// An answer came: it is shown while its gesture goes on.
    pub(super) fn grown(&mut self, grown: Grown) {
        let question = grown.question.clone();
        let Some(reading) = &mut self.reading else { return };
        reading.grown = Some(grown);
        let asked = self.growing.keep.clone().or_else(|| self.pending_step());
        let mut shown = asked.filter(|op| Question::of(op).is_some_and(|q| q.is_of_gesture(&question)));
        if let Some(Op::Grow { reach_mm, .. }) = &mut shown {
            *reach_mm = question.reach_mm;
            self.draw_pending(shown.as_ref());
        }
    }

    /// The step that the tool in the hand is at.
    fn pending_step(&self) -> Option<Op> {
        let (tool, reading) = (self.desk.tool.as_ref()?, self.reading.as_ref()?);
        tool.pending(&self.desk.scene(reading))
    }

    /// Asks the newest question when none is under way, and keeps the step whose answer came.
    pub(super) fn follow_grow(&mut self) {
        if self.inbox.is_growing() {
            return;
        }
        match self.growing.next.take() {
            Some(question) => {
                let volume = self.reading.as_ref().and_then(|r| r.volume(&question.image));
                volume.into_iter().for_each(|v| self.inbox.grow(question.clone(), v));
            }
            None => self.finish_grow(),
        }
    }

    /// A step of grow that waits for its answer is kept now, whoever works it out.
    pub(super) fn finish_grow(&mut self) {
        if let Some(op) = self.growing.keep.take() {
            self.growing.next = None;
            self.draw_pending(None);
            self.commit(op);
        }
    }
}

impl Reading {
    /// The last answer of grow, if it is one to this question.
    pub(super) fn last_grown(&self, image: &ImageKey, seed: PatientPoint, reach_mm: f64) -> Option<Vec<Span>> {
        self.grown.as_ref()?.answers(image, seed, reach_mm)
    }
}

impl super::jobs::Inbox {
    /// Asks grow.
    pub fn grow(&mut self, question: Question, volume: Arc<Volume>) {
        self.work_out_grow(move || Grown::work_out(question, &volume));
    }
}
