//! The questions of a reading study, as a form. Each answer is one step: undone, journaled and replayed like a stroke.

use crate::app::forms::{number_field, text_field};
use crate::app::{App, theme, widgets};
use crate::document::{Answer, CaseFacts};
use crate::session::{Op, Target};
use crate::trial::{AnswerKind, Question};
use egui::{RichText, Ui};
use serde_json::{Value, json};

/// `Questions 2/4`: how many of those that need an answer have one; nothing without questions.
pub fn counted(app: &App) -> Option<String> {
    let w = app.worklist.as_ref()?;
    let needed = w.trial.questions.iter().filter(|q| q.required);
    let open = needed.clone().filter(|q| q.is_open(&app.document().case)).count();
    let all = needed.count();
    (!w.trial.questions.is_empty())
        .then(|| if all == 0 { "Questions".to_owned() } else { format!("Questions {}/{all}", all - open) })
}

/// The form.
pub fn questions(app: &mut App, ui: &mut Ui) {
    let (Some(w), Some(facts)) = (&app.worklist, app.item_facts()) else { return };
    let item = w.current.and_then(|n| w.items.get(n)).map(|p| p.item.id.clone()).unwrap_or_default();
    let (asked, facts) = (w.trial.questions.clone(), facts.clone());
    let mut set = Vec::new();
    for q in &asked {
        ui.push_id((&item, &q.id), |ui| {
            ui.add_space(4.0);
            let color = if q.is_open(&facts) { theme::TEXT } else { theme::MUTED };
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(&q.ask).color(color));
                if q.is_open(&facts) {
                    ui.label(RichText::new("needs an answer").color(theme::WARNING).small());
                } else if !q.required {
                    widgets::muted(ui, "if you like");
                }
            });
            set.extend(answer(ui, q, &facts).map(|value| (q.field(), value)));
        });
    }
    if asked.is_empty() {
        widgets::muted(ui, "This study asks nothing besides what is drawn and marked.");
    }
    for (field, value) in set {
        app.perform(Op::Set { target: Target::Case(true), field, value });
    }
}

/// The control of a question; what the reader answered just now.
fn answer(ui: &mut Ui, q: &Question, facts: &CaseFacts) -> Option<Value> {
    let now = q.answer(facts);
    match &q.kind {
        AnswerKind::Choice { choices, .. } => {
            let chosen = |c: &String| now == Some(Answer::Words(c.clone()));
            one_of(ui, q, choices.iter().map(|c| (c.clone(), json!(c), chosen(c))).collect())
        }
        AnswerKind::YesNo => {
            let both = [("yes", true), ("no", false)];
            one_of(ui, q, both.map(|(w, b)| (w.to_owned(), json!(b), now == Some(Answer::Yes(b)))).to_vec())
        }
        AnswerKind::Number { least, most, whole, unit } => {
            let value = if let Some(Answer::Number(n)) = now { Some(n) } else { None };
            let suffix = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            number_field(ui, &q.ask, value, &suffix, [*least, *most], *whole)
        }
        AnswerKind::Text => {
            let before = if let Some(Answer::Words(words)) = &now { words.as_str() } else { "" };
            let typed = text_field(ui, &q.ask, before, 270.0)?;
            Some(if typed.is_empty() { Value::Null } else { json!(typed) })
        }
    }
}

/// Answers side by side; the chosen one once more takes it back.
fn one_of(ui: &mut Ui, q: &Question, all: Vec<(String, Value, bool)>) -> Option<Value> {
    let mut clicked = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 3.0);
        for (word, value, chosen) in all {
            let response = widgets::toggle(ui, chosen, &word, if chosen { "Again to take it back" } else { &q.ask });
            let label = format!("{}: {word}", q.ask);
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, &label));
            if response.clicked() {
                clicked = Some(if chosen { Value::Null } else { value });
            }
        }
    });
    clicked
}
