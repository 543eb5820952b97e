//! Recent cases on the start page: whose, when, how far; and after a crash, what happened and that nothing is lost.

use super::dialogs::Dialog;
use super::history_panel::HistoryPanel;
use super::{App, report, theme, widgets};
use crate::session::{Access, CaseSummary, CommandId, Ending, Places, Session};
use egui::{Frame, Margin, RichText, Stroke, Ui};
use std::path::PathBuf;

/// How many are listed.
const SHOWN: usize = 5;

/// What the start page knows of earlier sittings; read in the background.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// Cases, the one opened last first.
    pub cases: Vec<CaseSummary>,
    /// Name of the newest report of a fault.
    pub fault: Option<String>,
}

impl Recent {
    /// Looks at the files.
    pub fn look(places: &Places) -> Recent {
        let fault = report::newest(places.root()).and_then(|p| Some(p.file_name()?.to_string_lossy().into_owned()));
        Recent { cases: places.recent_cases(SHOWN), fault }
    }
}

/// The list; nothing where there is none.
pub fn show(app: &mut App, ui: &mut Ui) {
    let Some(recent) = app.recent.clone() else {
        app.recent = Some(Recent::default());
        return app.find_recent();
    };
    if recent.cases.is_empty() {
        return;
    }
    ui.add_space(16.0);
    if let Some(cut) = recent.cases.iter().find(|c| c.ending == Ending::CutOff) {
        crashed(app, ui, cut, recent.fault.as_deref());
        ui.add_space(10.0);
    }
    widgets::muted(ui, "Recent cases: open their images, and they go on by themselves");
    for case in &recent.cases {
        let state = match case.ending {
            Ending::Open => "open now",
            Ending::CutOff => "cut off",
            Ending::Closed => "",
        };
        let parts = [
            day(&case.last_utc),
            format!("reader {}", case.reader),
            case.modalities.join(", "),
            steps(case.gestures),
            state.to_owned(),
        ];
        let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("   ");
        let tip = format!("{}\nClick for what was done", case.path.display());
        if ui.link(RichText::new(text).monospace().color(theme::TEXT)).on_hover_text(tip).clicked() {
            app.look_at_case(case.path.clone());
        }
    }
}

fn crashed(app: &mut App, ui: &mut Ui, case: &CaseSummary, fault: Option<&str>) {
    let frame = Frame::NONE
        .fill(theme::RAISED)
        .stroke(Stroke::new(1.0, theme::WARNING))
        .corner_radius(5)
        .inner_margin(Margin::symmetric(16, 10));
    frame.show(ui, |ui| {
        ui.set_max_width(620.0);
        let when = day(&case.last_utc);
        ui.label(RichText::new(format!("The last sitting was cut off ({when} UTC)")).color(theme::WARNING).strong());
        let torn = if case.torn {
            " A step that was being written then is not there; it was never shown as saved."
        } else {
            ""
        };
        ui.label(format!(
            "The program ended without closing the case of reader {}. All {} that were saved are there.{torn}",
            case.reader,
            steps(case.gestures)
        ));
        if let Some(fault) = fault {
            widgets::muted(ui, &format!("The newest report of a fault, without private data: reports/{fault}"));
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            if widgets::primary(ui, "Open its images…").clicked() {
                app.run(CommandId::OpenFolder);
            }
            if ui.button("What was done").clicked() {
                app.look_at_case(case.path.clone());
            }
        });
    });
}

fn day(utc: &str) -> String {
    utc.get(..16).unwrap_or(utc).replace('T', " ")
}

fn steps(n: usize) -> String {
    if n == 1 { "1 step".to_owned() } else { format!("{n} steps") }
}

impl App {
    /// Looks for recent cases in the background.
    pub(super) fn find_recent(&mut self) {
        if let Some(places) = self.places() {
            self.inbox.recent(places);
        }
    }

    /// Shows the history of a case that is not open.
    fn look_at_case(&mut self, path: PathBuf) {
        match Session::open(&path, Access::Read) {
            Ok(opened) => self.dialog = Dialog::History(Box::new(HistoryPanel::of_case(opened.session))),
            Err(e) => self.notices.fail(e.to_string()),
        }
    }
}
