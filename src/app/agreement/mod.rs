//! Other readers' files of the open images held against each other: both outlines over the image, the list of what they
//! differ about, and a third case in which each difference is settled. The others' files are read and never touched.

mod dialog;
mod outlines;
mod panel;
mod settle;

pub use dialog::CompareDialog;
pub use outlines::paint;
pub use panel::show;

use super::App;
use super::reading::Reading;
use crate::agree::{Difference, differences};
use crate::document::Document;
use crate::import::Another;
use crate::session::CommandId;
use egui::Color32;
use std::cell::RefCell;
use std::path::PathBuf;

/// Colours of the two outlines: told apart by colour-blind readers (amber and blue), and by solid and dashed besides.
pub const COLORS: [Color32; 2] = [Color32::from_rgb(255, 176, 0), Color32::from_rgb(100, 160, 255)];

/// One side of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The open case.
    Own,
    /// Another reader's file, by its place in the list.
    Other(usize),
}

/// Another reader's file.
pub struct Comparison {
    /// Where it was read from.
    pub path: PathBuf,
    /// What it says.
    pub said: Another,
}

/// The list of differences, for the documents that it was made of.
struct Listed {
    of: (u64, [Side; 2]),
    differences: Vec<Difference>,
}

/// See the module.
pub struct Agreement {
    others: Vec<Comparison>,
    sides: [Side; 2],
    listed: Option<Listed>,
    /// The difference that the reader is at.
    at: Option<usize>,
    /// Whether each side's outlines are shown.
    shown: [bool; 2],
    /// Whether what the open case holds is shown as well.
    own_shown: bool,
    /// The open case settles differences; the reader's own was put aside.
    settles: bool,
    outlines: RefCell<outlines::Kept>,
}

impl Agreement {
    fn new(first: Comparison) -> Self {
        Agreement {
            others: vec![first],
            sides: [Side::Own, Side::Other(0)],
            listed: None,
            at: None,
            shown: [true; 2],
            own_shown: false,
            settles: false,
            outlines: RefCell::default(),
        }
    }

    /// Puts one more reader beside those there; the open case steps back when two others are there.
    fn add(&mut self, one: Comparison, nothing_own: bool) {
        if let Some(known) = self.others.iter_mut().find(|c| c.path == one.path) {
            *known = one;
        } else {
            self.others.push(one);
            if self.others.len() == 2 && nothing_own {
                self.look_at([Side::Other(0), Side::Other(1)]);
            }
        }
        self.listed = None;
    }

    fn look_at(&mut self, sides: [Side; 2]) {
        (self.sides, self.at, self.listed) = (sides, None, None);
    }

    /// What a side says.
    fn document<'a>(&'a self, side: Side, reading: &'a Reading) -> &'a Document {
        match side {
            Side::Other(n) if n < self.others.len() => &self.others[n].said.document,
            _ => reading.case.session.as_ref().map_or_else(|| super::reading::nothing(), |s| s.document()),
        }
    }

    /// Whose a side is.
    fn reader<'a>(&'a self, side: Side, reading: &'a Reading) -> &'a str {
        match side {
            Side::Other(n) if n < self.others.len() => &self.others[n].said.reader,
            _ => reading.case.session.as_ref().map_or("this case", |s| &s.header().reader),
        }
    }

    /// Grows when a side changes.
    fn generation(&self, reading: &Reading) -> u64 {
        reading.case.session.as_ref().map_or(0, |s| s.generation())
    }

    /// The differences, made anew when a document changed.
    fn list(&mut self, reading: &Reading) -> &[Difference] {
        // The others' files stand still; only a comparison with the open case follows its steps.
        let own = self.sides.contains(&Side::Own);
        let of = (if own { self.generation(reading) } else { 0 }, self.sides);
        if self.listed.as_ref().is_none_or(|l| l.of != of) {
            let [a, b] = self.sides.map(|s| self.document(s, reading));
            let before = self.at.and_then(|n| self.listed.as_ref()?.differences.get(n).map(|d| d.name.clone()));
            let differences = differences(a, b);
            // What was settled leaves the list; the place in it stays.
            let last = differences.len().checked_sub(1);
            self.at = before
                .and_then(|name| differences.iter().position(|d| d.name == name))
                .or(self.at.and_then(|n| last.map(|l| n.min(l))));
            self.listed = Some(Listed { of, differences });
        }
        self.listed.as_ref().map_or(&[], |l| &l.differences)
    }

    /// Whether the drawings of the open case are hidden under the outlines.
    pub fn hides_own(&self) -> bool {
        !self.own_shown
    }
}

impl App {
    /// Why a command of the comparison cannot run now.
    pub(super) fn why_not_compare(&self, id: CommandId) -> Option<String> {
        if self.reading.is_none() {
            return Some("open images first".to_owned());
        }
        let Some(agreement) = &self.agreement else {
            let asks = id == CommandId::CompareReaders;
            return (!asks).then(|| "compare with another reader first (Ctrl+R)".to_owned());
        };
        match id {
            CommandId::TakeFirst | CommandId::TakeSecond | CommandId::LeaveDifference if agreement.at.is_none() => {
                Some("go to a difference first (.)".to_owned())
            }
            CommandId::Adjudicate if agreement.settles => {
                Some("the open case settles the differences already".to_owned())
            }
            _ => None,
        }
    }

    /// Runs a command of the comparison; false for others.
    pub(super) fn run_compare(&mut self, id: CommandId) -> bool {
        match id {
            CommandId::CompareReaders => {
                self.dialog = super::dialogs::Dialog::Compare(CompareDialog::new(self, None));
            }
            CommandId::NextDifference => self.step_difference(1),
            CommandId::PreviousDifference => self.step_difference(-1),
            CommandId::TakeFirst => self.take_side(0),
            CommandId::TakeSecond => self.take_side(1),
            CommandId::LeaveDifference => self.leave_difference(),
            CommandId::Adjudicate => self.adjudicate(),
            CommandId::EndComparison => self.end_comparison(),
            _ => return false,
        }
        true
    }

    /// Another reader's file was read.
    pub(super) fn compare_with(&mut self, one: Comparison) {
        for note in &one.said.notes {
            self.notices.say(format!("{}: {note}", one.said.reader));
        }
        let nothing_own = self.document().lesions.is_empty();
        match &mut self.agreement {
            Some(agreement) => agreement.add(one, nothing_own),
            None => self.agreement = Some(Agreement::new(one)),
        }
        self.refresh_differences();
    }

    /// Brings the list up to date.
    fn refresh_differences(&mut self) {
        if let (Some(agreement), Some(reading)) = (&mut self.agreement, &self.reading) {
            agreement.list(reading);
        }
    }

    /// Goes on in the list, round its ends.
    fn step_difference(&mut self, by: i64) {
        self.refresh_differences();
        let Some(agreement) = &self.agreement else { return };
        let count = agreement.listed.as_ref().map_or(0, |l| l.differences.len()) as i64;
        if count == 0 {
            return self.notices.say("The two readers do not differ in anything that is compared");
        }
        let at = match agreement.at {
            Some(n) => (n as i64 + by).rem_euclid(count),
            None if by > 0 => 0,
            None => count - 1,
        };
        self.go_to_difference(at as usize);
    }

    /// Makes a difference current and moves the crosshair into it.
    fn go_to_difference(&mut self, n: usize) {
        let Some(agreement) = &mut self.agreement else { return };
        agreement.at = Some(n);
        let found = agreement.listed.as_ref().and_then(|l| l.differences.get(n)).and_then(|d| d.at.clone());
        let (Some((image, at)), Some(reading)) = (found, &mut self.reading) else { return };
        let number = image.as_ref().and_then(|key| reading.with_key(key)).map(|(n, _)| n);
        let pane = number.and_then(|n| reading.viewer.sights().iter().position(|s| s.shown == n));
        if let Some(pane) = pane.filter(|p| reading.viewer.sight(*p).shown != reading.active_number()) {
            self.activate(pane);
        }
        self.reading.iter_mut().for_each(|r| r.go_to(at));
    }
}
