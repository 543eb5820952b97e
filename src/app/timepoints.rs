//! Timepoints in the window: a study that joins a case gets one, steps about levels go to the one of the active series, and
//! a form says what each is.

use super::App;
use super::forms::{Form, form};
use super::widgets;
use crate::document::{Document, TimepointKey};
use crate::session::{Op, Target};
use egui::{CollapsingHeader, RichText, Ui};
use serde_json::json;

impl App {
    /// A study that joins the open case is a later timepoint of it, unless the case knows it already.
    pub(super) fn begin_timepoint(&mut self, study: String) {
        let document = self.whole_document();
        if document.timepoints.values().any(|t| t.studies.contains(&study)) {
            return;
        }
        let free = |n: &usize| !document.timepoints.contains_key(&TimepointKey(format!("later-{n}")));
        let Some(key) = (1..).find(free).map(|n| TimepointKey(format!("later-{n}"))) else { return };
        let target = Target::Timepoint(key);
        self.perform(Op::Set { target, field: "studies".to_owned(), value: json!([study]) });
    }

    /// The whole document, with every timepoint in its own place.
    pub(super) fn whole_document(&self) -> &Document {
        let session = self.reading.as_ref().and_then(|r| r.case.session.as_ref());
        session.map_or_else(|| super::reading::nothing(), crate::session::Session::document)
    }

    /// The later timepoint that the active series belongs to.
    pub(super) fn timepoint(&self) -> Option<TimepointKey> {
        let study = &self.reading.as_ref()?.series.study_instance_uid;
        self.whole_document().later_timepoint_of_study(study).cloned()
    }

    /// The same step, at the timepoint of the active series where it is one about levels.
    pub(super) fn at_timepoint(&self, op: Op) -> Op {
        let about_levels = match &op {
            Op::LabelVertebra { .. } | Op::LabelVertebrae { .. } | Op::UnlabelVertebra { .. } | Op::Heights { .. } => {
                true
            }
            Op::Set { target, .. } => matches!(target, Target::Vertebra(_)),
            _ => false,
        };
        match self.timepoint().filter(|_| about_levels) {
            Some(timepoint) => {
                let image = self.reading.as_ref().map(|r| r.key.clone());
                Op::At { timepoint, image, step: Box::new(op) }
            }
            None => op,
        }
    }
}

impl App {
    /// Days from the first study to that of a later timepoint, by the dates of the open series; the dates themselves are
    /// kept nowhere.
    ///
    /// # Errors
    /// A sentence where a date is missing, or the later study is not later.
    fn days_by_dates(&self, key: &TimepointKey) -> Result<i64, &'static str> {
        let document = self.whole_document();
        let later = |study: &str| document.later_timepoint_of_study(study);
        let case = self.reading.as_ref().map(|r| &r.case).ok_or("No case is open")?;
        let mine = || self.library.series().iter().filter(|s| case.knows_study(&s.study_instance_uid));
        let first = mine().filter(|s| later(&s.study_instance_uid).is_none()).filter_map(|s| s.study_day()).min();
        let then = mine().filter(|s| later(&s.study_instance_uid) == Some(key)).filter_map(|s| s.study_day()).min();
        match (first, then) {
            (None, _) => Err("The files of the first study have no StudyDate (0008,0020), or are not open"),
            (_, None) => Err("The files of this study have no StudyDate (0008,0020), or are not open"),
            (Some(a), Some(b)) if b <= a => Err("By their StudyDate (0008,0020) this study is not the later one"),
            (Some(a), Some(b)) => Ok(b - a),
        }
    }
}

/// A timepoint as lists show it.
pub fn name_of(document: &Document, key: Option<&TimepointKey>) -> String {
    let first = || document.timepoints.iter().find(|(_, t)| t.first).map(|(key, _)| key);
    let Some(key) = key.or_else(first) else { return "first study".to_owned() };
    let t = document.timepoints.get(key);
    if let Some(label) = t.and_then(|t| t.label.clone()) {
        return label;
    }
    let after = t.and_then(|t| match (t.relative_days, t.relative_months) {
        (Some(days), _) => Some(format!(" ({days} days)")),
        (None, Some(months)) => Some(format!(" ({months} months)")),
        _ => None,
    });
    key.0.clone() + &after.unwrap_or_default()
}

/// What each timepoint is, and which one the active series belongs to.
pub fn show(app: &mut App, ui: &mut Ui) {
    let document = app.whole_document();
    if document.timepoints.is_empty() && document.images.is_empty() {
        return;
    }
    let now = app.timepoint();
    let known = document.timepoints.clone();
    let days: Vec<_> = known.keys().map(|key| app.days_by_dates(key)).collect();
    let mut ops = Vec::new();
    let mut open = false;
    let header = CollapsingHeader::new(RichText::new("Timepoints").color(super::theme::MUTED));
    header.id_salt("timepoints").show(ui, |ui| {
        for ((key, t), days) in known.iter().zip(&days) {
            let set = form(ui, &format!("timepoint {}", key.0), |f: &mut Form<'_>| {
                f.row(&key.0, |ui| widgets::muted(ui, if t.first { "the first" } else { "later" }));
                f.text("Called", "label", t.label.as_deref());
                if !t.first {
                    f.number("Days after", "relative_days", t.relative_days.map(f64::from), " d", 20_000.0, true);
                    f.number("Months after", "relative_months", t.relative_months, " months", 600.0, false);
                }
                f.text("Outcome", "outcome", t.outcome.as_deref());
            });
            let target = Target::Timepoint(key.clone());
            if !t.first {
                ops.extend(from_dates(ui, &target, t.relative_days, *days));
            }
            ops.extend(set.into_iter().map(|(field, value)| Op::Set { target: target.clone(), field, value }));
        }
        if !known.values().any(|t| t.first) && ui.button("Describe the first study").clicked() {
            let target = Target::Timepoint(TimepointKey("first".to_owned()));
            ops.push(Op::Set { target, field: "first".to_owned(), value: json!(true) });
        }
        ui.horizontal(|ui| {
            open = ui.button("Changes…").on_hover_text("Level by level from one timepoint to the next").clicked();
            if let Some(key) = &now {
                let tip = "The images stay; levels of this timepoint are taken away (undo brings them back)";
                if ui.button("Remove timepoint").on_hover_text(tip).clicked() {
                    ops.push(Op::RemoveTimepoint { timepoint: key.clone() });
                }
            }
        });
    });
    for op in ops {
        app.perform(op);
    }
    if open {
        app.run(crate::session::CommandId::Changes);
    }
}

/// One click takes the days from the two studies' own dates.
fn from_dates(ui: &mut Ui, target: &Target, now: Option<i32>, days: Result<i64, &'static str>) -> Option<Op> {
    if days.is_ok_and(|d| now.map(i64::from) == Some(d)) {
        return None;
    }
    let text = days.map_or("Days from the studies' dates".to_owned(), |d| format!("{d} days, from the studies' dates"));
    let button = ui.add_enabled(days.is_ok(), egui::Button::new(RichText::new(text).small()));
    let button = button.on_hover_text("The distance of the two dates is kept, the dates themselves are not");
    let clicked = button.on_disabled_hover_text(days.err().unwrap_or_default()).clicked();
    let value = json!(days.ok().filter(|_| clicked)?);
    Some(Op::Set { target: target.clone(), field: "relative_days".to_owned(), value })
}
