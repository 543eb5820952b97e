//! What was measured, as a list: a click goes there, the current one can be renamed, given a level and removed.

use super::form;
use crate::anatomy::VertebraLevel;
use crate::app::measured::{lines, summary};
use crate::app::{App, theme, widgets};
use crate::document::{MeasureRole, Measurement, MeasurementShape};
use crate::session::{Op, Target};
use crate::space::{DVec3, PatientPoint};
use egui::{Align, CollapsingHeader, Layout, RichText, ScrollArea, Ui};
use serde_json::json;

/// So many are listed without being asked for.
const FEW: usize = 5;
/// Height of the list: five rows, the others by the wheel.
const LIST_SHOWN: f32 = 96.0;

/// The list, and the form of the current measurement.
pub fn measurements(app: &mut App, ui: &mut Ui) {
    let Some(reading) = &app.reading else { return };
    let document = reading.document();
    if document.measurements.is_empty() {
        return;
    }
    let mut rows: Vec<_> = document.measurements.iter().collect();
    rows.sort_by(|a, b| a.1.label.cmp(&b.1.label));
    let current = |m: &Measurement| app.desk.measurement.as_deref() == Some(m.label.as_str());
    let listed: Vec<Row> = rows
        .into_iter()
        .map(|(id, m)| {
            let figures = reading.figures_of(*id, m);
            let units = document.images.get(&m.image).map_or("", |i| i.units.as_str());
            Row { m, summary: summary(m, &figures, units), lines: lines(m, &figures, units), current: current(m) }
        })
        .collect();
    let mut chosen = None;
    ui.add_space(4.0);
    let name = RichText::new(format!("MEASUREMENTS ({})", listed.len())).color(theme::MUTED).small().strong();
    // The forms below stay in sight: a long list waits behind its heading, and never shows more than a few rows at once.
    let header = CollapsingHeader::new(name).id_salt("measurement list").default_open(listed.len() <= FEW);
    header.show_unindented(ui, |ui| {
        let list = ScrollArea::vertical().id_salt("measurement rows").max_height(LIST_SHOWN);
        list.auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.spacing_mut().interact_size.y = 18.0;
            ui.spacing_mut().button_padding.y = 0.0;
            listed.iter().for_each(|row| show_row(ui, row, &mut chosen));
        });
    });
    let current = listed.into_iter().find(|r| r.current).map(|r| (r.m.clone(), r.lines));
    let levels: Vec<VertebraLevel> = crate::app::ladder::placed(document).into_iter().map(|(l, _)| l).collect();
    if let Some((m, lines)) = current {
        one(app, ui, &m, &lines, &levels);
    }
    if let Some(label) = chosen {
        app.choose_measurement(&label);
    }
}

/// A measurement in the list.
struct Row<'a> {
    m: &'a Measurement,
    summary: String,
    lines: Vec<String>,
    current: bool,
}

fn show_row(ui: &mut Ui, row: &Row<'_>, chosen: &mut Option<String>) {
    ui.horizontal(|ui| {
        let response = ui.selectable_label(row.current, RichText::new(&row.m.label).strong());
        let said = format!("Measurement {}: {}", row.m.label, row.summary);
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, row.current, &said));
        if response.on_hover_text("Go there").clicked() {
            *chosen = Some(row.m.label.clone());
        }
        let level = row.m.level.map_or(String::new(), |l| format!("{l}  "));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(format!("{level}{}", row.summary)).color(theme::MUTED));
        });
    });
}

fn one(app: &mut App, ui: &mut Ui, m: &Measurement, lines: &[String], levels: &[VertebraLevel]) {
    for line in lines {
        widgets::muted(ui, line);
    }
    let near = app.current_level();
    let mut set = form(ui, "measurement form", |f| {
        f.text("Name", "label", Some(&m.label));
        let options: Vec<Option<VertebraLevel>> =
            std::iter::once(None).chain(levels.iter().copied().map(Some)).collect();
        f.choice("Level", "level", m.level, &options, |l| l.map_or("none", VertebraLevel::name));
        if matches!(m.shape, MeasurementShape::Length { .. }) {
            f.choice("Is", "role", m.role, MeasureRole::ALL, role_word);
        }
    });
    // A diameter belongs to the level at the crosshair unless it has one.
    if let (None, Some(level), Some(at)) = (m.level, near, set.iter().position(|s| s.0 == "role")) {
        set.insert(at, ("level".to_owned(), json!(level)));
    }
    for (field, value) in &set {
        // The name is how the desk knows it.
        if let ("label", Some(label)) = (field.as_str(), value.as_str()) {
            app.desk.measurement = Some(label.to_owned());
        }
    }
    app.set_fields(&Target::Measurement(m.label.clone()), set);
    if ui.button("Delete measurement").on_hover_text("Undo brings it back").clicked() {
        app.delete_measurement();
    }
}

fn role_word(role: MeasureRole) -> &'static str {
    match role {
        MeasureRole::Free => "a distance",
        MeasureRole::CanalAp => "canal, front to back",
        MeasureRole::CordAp => "cord, front to back",
        MeasureRole::CordTransverse => "cord, side to side",
    }
}

impl App {
    /// Takes the current measurement away.
    pub(in crate::app) fn delete_measurement(&mut self) {
        if let Some(measurement) = self.desk.measurement.take() {
            self.perform(Op::Unmeasure { measurement });
        }
    }

    /// Goes to the measurement after the current one.
    pub(in crate::app) fn next_measurement(&mut self) {
        let mut labels: Vec<String> = self.document().measurements.values().map(|m| m.label.clone()).collect();
        labels.sort();
        let at = labels.iter().position(|l| Some(l) == self.desk.measurement.as_ref());
        let next = labels.get(at.map_or(0, |n| (n + 1) % labels.len())).cloned();
        next.into_iter().for_each(|l| self.choose_measurement(&l));
    }

    /// Makes a measurement current and shows it: its series comes into a pane, and where no pane shows its plane the
    /// active one is turned into it.
    pub(in crate::app) fn choose_measurement(&mut self, label: &str) {
        let Some(m) = self.document().measurements.values().find(|m| m.label == label).cloned() else { return };
        self.desk.measurement = Some(m.label.clone());
        let Some(middle) = m.shape.middle() else { return };
        let Some(reading) = &self.reading else { return };
        let pane = (0..reading.viewer.sights().len()).find(|n| reading.shown_in(*n).key == m.image);
        let active_shows = reading.key == m.image;
        match pane {
            Some(pane) if !active_shows => self.activate(pane),
            None => {
                let index =
                    (0..self.library.series().len()).find(|n| self.library.get(*n).is_some_and(|g| g.1 == m.image));
                match index {
                    Some(index) => self.show_series_in(index, Some(self.active_pane()), false),
                    None => return self.notices.say(format!("{label} was drawn on a series that is not open here")),
                }
            }
            _ => {}
        }
        self.go_to(middle);
        self.turn_towards(&m.shape);
    }

    fn turn_towards(&mut self, shape: &MeasurementShape) {
        const SAME: f64 = 0.999;
        let Some((reading, normal)) = self.reading.as_mut().zip(normal_of(&shape.points())) else { return };
        let number = reading.active_number();
        let seen = |n: usize| {
            let sight = reading.viewer.sight(n);
            sight.shown == number && (sight.is_curved() || sight.pane.frame.normal().dot(normal).abs() > SAME)
        };
        if reading.viewer.visible().into_iter().any(|(n, _)| seen(n)) || !reading.is_located() {
            return;
        }
        let active = reading.viewer.active();
        let sight = reading.viewer.sight_mut(active);
        let frame = sight.pane.frame;
        let towards = if normal.dot(frame.normal()) < 0.0 { -normal } else { normal };
        sight.turn(frame.facing(towards));
    }
}

/// The normal of the plane that three or more points span.
fn normal_of(points: &[PatientPoint]) -> Option<DVec3> {
    let from = |n: usize| points[n].vec() - points[0].vec();
    let pairs = (1..points.len().saturating_sub(1)).map(|n| from(n).cross(from(n + 1)));
    pairs.sum::<DVec3>().try_normalize()
}
