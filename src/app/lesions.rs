//! The lesion at the reader's hand: begun with a stroke, chosen, gone through, taken away.

use super::App;
use super::desk::Page;
use crate::document::{Lesion, LesionKind};
use crate::session::{CommandId, LevelChoice, Op, Target};
use crate::space::PatientPoint;
use egui::{Pos2, Rect};

/// What is said until it is so.
const NEXT_STROKE: &str = "The next stroke begins a lesion";

impl App {
    /// Before a drawing gesture: there must be a current lesion; one is begun under the nearest level.
    pub(super) fn ready_to_draw(&mut self, pane: usize, rect: Rect, pos: Pos2) -> bool {
        let at = self.patient_at(pane, rect, pos);
        let Some(reading) = &self.reading else { return false };
        let body = self.desk.body.is_some() && self.desk.tool_id != CommandId::Grow;
        if body || self.desk.current(reading.document()).is_some() {
            return true;
        }
        self.new_lesion(Some(at));
        self.reading.as_ref().is_some_and(|r| self.desk.current(r.document()).is_some())
    }

    /// The current lesion gets the next word of a vocabulary, and the reader sees which.
    pub(super) fn turn_over<T: Copy + PartialEq + serde::Serialize>(
        &mut self,
        field: &str,
        all: &[T],
        of: impl Fn(&Lesion) -> T,
        word: impl Fn(T) -> &'static str,
    ) {
        let Some((_, lesion)) = self.desk.current(self.document()) else { return };
        let (label, now) = (lesion.label.clone(), of(lesion));
        let at = all.iter().position(|w| *w == now).map_or(0, |n| (n + 1) % all.len());
        let op = Op::Set {
            target: Target::Lesion(label.clone()),
            field: field.to_owned(),
            value: serde_json::json!(all[at]),
        };
        if self.perform(op) {
            self.notices.say(format!("{label}: {}", super::widgets::plain(word(all[at]))));
        }
    }

    /// The next stroke begins a lesion, under the level that is nearest to it.
    pub(super) fn begin_with_next_stroke(&mut self) {
        self.desk.lesion = None;
        if !self.desk.draws() {
            self.take_up(CommandId::Grow);
        }
        self.notices.say(format!("{NEXT_STROKE}, under the level nearest to it"));
    }

    /// Begins a lesion under the level nearest to `at` (else to the crosshair) and makes it current.
    pub(super) fn new_lesion(&mut self, at: Option<PatientPoint>) {
        let Some(reading) = &self.reading else { return };
        let document = reading.document();
        let Some((level, _)) = document.nearest_vertebra(at.unwrap_or(reading.cursor())) else {
            self.notices.say("Label a vertebra first (V): every lesion belongs to a level");
            return;
        };
        let free = |n: &usize| document.lesion_by_label(&format!("{level}-{n}")).is_none();
        let label = (1..).find(free).map(|n| format!("{level}-{n}")).unwrap_or_default();
        let vertebra = LevelChoice::Level(level);
        let op = Op::AddLesion { lesion: label.clone(), vertebra, kind: LesionKind::Lytic, at_mm: at, id: None };
        if self.perform(op) {
            self.notices.forget(NEXT_STROKE);
            (self.desk.lesion, self.desk.body) = (Some(label), None);
            self.desk.page = Page::Lesion;
        }
    }

    pub(super) fn delete_lesion(&mut self) {
        if let Some(label) = self.desk.lesion.take() {
            self.perform(Op::DeleteLesion { lesion: label });
        }
    }

    pub(super) fn next_lesion(&mut self) {
        let Some(reading) = &self.reading else { return };
        let mut labels: Vec<_> = reading.document().lesions.values().collect();
        labels.sort_by_key(|l| (l.vertebra, l.label_value));
        let at = labels.iter().position(|l| Some(l.label.as_str()) == self.desk.lesion.as_deref());
        let next = labels.get(at.map_or(0, |n| (n + 1) % labels.len())).map(|l| l.label.clone());
        next.into_iter().for_each(|l| self.choose_lesion(&l));
    }

    /// Makes a lesion current and shows its middle.
    pub(super) fn choose_lesion(&mut self, label: &str) {
        (self.desk.lesion, self.desk.body) = (Some(label.to_owned()), None);
        self.desk.page = Page::Lesion;
        let Some(reading) = &mut self.reading else { return };
        let document = reading.document();
        let Some(value) = document.lesion_by_label(label).map(|(_, l)| l.label_value) else { return };
        let flat = document.masks.get(&reading.key).map_or_else(Vec::new, |m| m.voxels_of(value));
        let Some(middle) = flat.get(flat.len() / 2) else { return };
        let at = crate::space::VoxelIndex::from_flat(*middle as usize, reading.geometry.size());
        let p = reading.geometry.patient_from_voxel(at.center());
        reading.go_to(p);
    }
}
