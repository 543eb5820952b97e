//! The window: panes, panels, keys, theme. [`App`] is a plain struct that shows itself in any egui context, so that
//! tests drive exactly what the reader drives; [`run`] puts it on a real window.

mod adapter;
mod agreement;
mod blend;
mod browser;
mod by_keys;
mod canvas;
mod case;
mod case_file;
mod changes;
mod chooser;
mod cine;
mod commands;
mod damage;
mod desk;
mod dialogs;
mod drawings;
mod explain;
mod export_dialog;
mod figure;
mod figure_dialog;
mod figures;
mod forms;
mod gpu;
mod growing;
mod hanging;
mod history_panel;
mod import_dialog;
mod in_order;
mod jobs;
mod keys;
mod known_length;
mod labels;
mod ladder;
mod lesions;
mod look;
mod measured;
mod notices;
mod numbering;
mod overlay;
mod page;
mod painted;
mod pane_input;
mod pane_strip;
mod pane_view;
mod reading;
mod recent;
mod remembered;
pub mod report;
mod sample;
mod save_elsewhere;
mod scout;
mod series_panel;
mod settings;
mod shape;
mod shell;
mod shown;
mod slider;
mod start;
mod status;
pub mod stop;
mod textures;
mod theme;
mod timepoints;
mod toolbar;
mod viewer;
mod wheel_buttons;
mod widgets;
mod worklist;

pub use figure::Figure;
pub use page::{Page, draw as draw_page};
pub use sample::sample_folder;
pub use settings::{Keymap, Mouse, Settings};
pub use shell::{Options, ShellError, run};

use crate::document::Document;
use crate::session::CommandId;
use crate::space::PatientPoint;
use crate::view::Layout;
use chooser::{Choice, Chooser};
use cine::Cine;
use desk::Desk;
use dialogs::Dialog;
use gpu::Screen;
use jobs::{Arrival, Inbox};
use notices::Notices;
use pane_input::Capture;
use reading::Reading;
use recent::Recent;
use remembered::Remembered;
use series_panel::Library;
use std::path::PathBuf;
use worklist::Worklist;

/// The whole program behind the window.
pub struct App {
    inbox: Inbox,
    screen: Option<Screen>,
    library: Library,
    reading: Option<Reading>,
    desk: Desk,
    dialog: Dialog,
    notices: Notices,
    capture: Option<Capture>,
    hand: Option<by_keys::Hand>,
    /// Whether a control had the keyboard when the last frame ended.
    control_has_keys: bool,
    hide_overlays: bool,
    hide_panels: bool,
    hovered: Option<pane_input::Hover>,
    title: Option<String>,
    quit: bool,
    /// Where case files go; a test gives its own folder.
    cases_in: Option<PathBuf>,
    /// Nothing is looked for in the user's folders, and nothing is left there.
    keeps_nothing: bool,
    /// The reader's pseudonym.
    reader: String,
    /// What the panels say of the case.
    standing: figures::Standing,
    /// How panes are laid out; the next series is shown so too.
    layout: Layout,
    /// Earlier sittings, once the start page has asked for them.
    recent: Option<Recent>,
    settings: Settings,
    remembered: Remembered,
    cine: Option<Cine>,
    /// The reading study that is open.
    worklist: Option<Worklist>,
    growing: growing::Growing,
    /// Other readers' files that the open case is compared with.
    agreement: Option<agreement::Agreement>,
    /// Where the pictures of the panes lie in the window.
    pane_rects: Vec<(usize, egui::Rect)>,
}

impl App {
    /// An empty program; images come by [`App::open_paths`].
    pub fn new(ctx: &egui::Context) -> Self {
        theme::apply(ctx);
        App {
            inbox: Inbox::new(ctx.clone()),
            screen: None,
            library: Library::default(),
            reading: None,
            desk: Desk::default(),
            dialog: Dialog::None,
            notices: Notices::default(),
            capture: None,
            hand: None,
            control_has_keys: false,
            hide_overlays: false,
            hide_panels: false,
            hovered: None,
            title: None,
            quit: false,
            cases_in: None,
            keeps_nothing: false,
            reader: reader_pseudonym(),
            standing: figures::Standing::default(),
            layout: Layout::OneAndTwo,
            recent: None,
            settings: Settings::default(),
            remembered: Remembered::default(),
            cine: None,
            worklist: None,
            growing: growing::Growing::default(),
            agreement: None,
            pane_rects: vec![],
        }
    }

    /// Wakes this context when background work reports, and dresses it.
    pub fn adopt_context(&mut self, ctx: &egui::Context) {
        theme::apply(ctx);
        self.inbox = Inbox::new(ctx.clone());
        self.recent = None; // what the inbox before was asked for is asked again
    }

    /// What the reader said so far.
    pub fn document(&self) -> &Document {
        self.reading.as_ref().map_or_else(|| reading::nothing(), Reading::document)
    }

    /// The crosshair, while images are open.
    pub fn cursor(&self) -> Option<PatientPoint> {
        self.reading.as_ref().map(Reading::cursor)
    }

    /// Whether background work is under way.
    pub fn is_working(&self) -> bool {
        self.inbox.is_busy() || self.reading.as_ref().is_some_and(|r| !r.is_saved())
    }

    /// Keeps case files below `folder` instead of the user's data directory, and what the window remembers too.
    pub fn keep_cases_in(&mut self, folder: PathBuf) {
        self.cases_in = Some(folder);
        self.recall();
    }

    /// Settles mouse, keys and hanging rules; what is wrong in them is said.
    pub fn use_settings(&mut self, settings: Settings) {
        settings.problems.iter().for_each(|p| self.notices.fail(p.clone()));
        self.settings = settings;
    }

    /// Gives the program a GPU; volumes that are open are uploaded again.
    pub fn attach_gpu(&mut self, state: &egui_wgpu::RenderState) {
        self.screen = Some(Screen::new(state));
        if let (Some(screen), Some(reading)) = (&mut self.screen, &self.reading) {
            reading.in_panes().into_iter().for_each(|n| screen.show_series(reading, n));
        }
    }

    /// Whether the GPU device is gone and has to be attached anew.
    pub fn gpu_is_lost(&self) -> bool {
        self.screen.as_ref().is_some_and(Screen::is_lost)
    }

    /// Gives the device up, as a driver's fault would.
    pub fn lose_gpu(&mut self) {
        self.screen.iter_mut().for_each(Screen::give_up);
    }

    /// Forgets everything on the GPU; the device is gone.
    pub fn detach_gpu(&mut self) {
        self.screen = None;
    }

    /// Scans files and folders in the background and shows what they hold; a folder with a `study.toml` is a reading study.
    pub fn open_paths(&mut self, paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        if let Some(why) = self.why_not(CommandId::OpenFolder) {
            return self.notices.say(why);
        }
        if let [one] = paths.as_slice()
            && let Some(folder) = worklist::study_folder(one)
        {
            return self.open_study(&folder, None);
        }
        self.leave_case();
        self.remember_window(paths.first().map(PathBuf::as_path));
        self.library.begin(&paths);
        self.inbox.scan(paths);
    }

    /// A new window title, when it changed.
    pub fn take_title(&mut self) -> Option<String> {
        self.title.take()
    }

    /// Whether the reader asked to leave.
    pub fn wants_to_quit(&self) -> bool {
        self.quit
    }

    /// Called once when the window closes: background work ends; everything drawn is on disk.
    pub fn close(&mut self) {
        self.leave_case();
    }

    /// One frame.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        self.drain_inbox();
        self.take_dropped_files(ui);
        self.run_keys(ui);
        self.note_activity(ui);
        self.run_cine(ui);
        status::show(self, ui);
        let shows_images = self.reading.is_some() || self.library.is_busy() || !self.library.series().is_empty();
        if shows_images {
            toolbar::show(self, ui);
            if !self.hide_panels {
                series_panel::show(self, ui);
                ladder::show(self, ui);
            }
            agreement::show(self, ui);
            egui::CentralPanel::default().frame(egui::Frame::NONE).show(ui, |ui| {
                widgets::region(ui, "Images");
                pane_view::show(self, ui);
            });
        } else {
            egui::CentralPanel::default().frame(egui::Frame::NONE.fill(theme::BACKGROUND)).show(ui, |ui| {
                if self.worklist.is_some() { worklist::landing(self, ui) } else { start::show(self, ui) }
            });
        }
        dialogs::show(self, ui);
        let panes = self.pane_rects.iter().filter(|_| self.reading.is_some());
        let below_images = panes.map(|(_, rect)| rect.bottom()).reduce(f32::max);
        self.notices.show(ui, below_images.unwrap_or(ui.max_rect().bottom() - 32.0));
        // While the reader rests, the pipelines of what comes next are made, one a frame.
        let rests = self.reading.is_some() && self.capture.is_none() && !self.is_working();
        if rests && self.screen.as_ref().is_some_and(Screen::warm) {
            ui.ctx().request_repaint();
        }
        by_keys::ring(ui.ctx());
        self.control_has_keys = ui.memory(|m| m.focused().is_some());
    }

    fn drain_inbox(&mut self) {
        while let Some(arrival) = self.inbox.next() {
            match arrival {
                Arrival::Scanned(scan) => self.scanned(*scan),
                Arrival::Thumbnail { index, picture } => self.library.add_thumbnail(index, picture),
                Arrival::Slice(slice) => {
                    let at = self.reading.as_ref().and_then(|r| r.number_of(slice.index));
                    let shown = self.reading.as_mut().zip(at).and_then(|(r, n)| r.shown_mut(n).map(|s| (n, s)));
                    if let (Some(screen), Some((number, shown))) = (&mut self.screen, shown) {
                        shown.slice_arrived(&slice);
                        screen.upload_slice(number, shown, &slice);
                    }
                }
                Arrival::Loaded(index, loaded) => self.loaded(index, *loaded),
                Arrival::LevelsRead(found) => {
                    if let Dialog::Import(dialog) = &mut self.dialog {
                        dialog.arrived(found);
                    }
                }
                Arrival::Worklist(items) => self.worklist_read(items),
                Arrival::Grown(grown) => self.grown(grown),
                Arrival::Compared(Ok(one)) => {
                    self.dialog = Dialog::None;
                    self.compare_with(*one);
                }
                Arrival::Compared(Err(why)) => match &mut self.dialog {
                    Dialog::Compare(dialog) => dialog.failed(why),
                    _ => self.notices.fail(why),
                },
                Arrival::Recent(recent) => self.recent = Some(*recent),
                Arrival::ExportAsks(dialog) => self.dialog = Dialog::Export(*dialog),
                Arrival::Exported(result) => match result {
                    Ok(done) => self.notices.say(format!("Exported to {done}")),
                    Err(why) => self.notices.fail(why),
                },
            }
        }
        self.follow_grow();
        if let Some(trouble) = self.screen.as_mut().and_then(Screen::take_trouble) {
            self.notices.fail(trouble);
        }
        if let Some(reading) = &mut self.reading {
            reading.keep_up(self.screen.as_mut(), &mut self.notices);
        }
        self.follow_disk();
    }

    fn take_dropped_files(&mut self, ui: &egui::Ui) {
        let dropped: Vec<PathBuf> = ui.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect());
        match dropped.as_slice() {
            [one] if self.reading.is_some() && import_dialog::is_to_take_over(one) => {
                match self.why_not(CommandId::Import) {
                    None => {
                        let dialog = import_dialog::ImportDialog::new(self, Some(one.clone()));
                        self.dialog = Dialog::Import(Box::new(dialog));
                    }
                    Some(why) => self.notices.say(why),
                }
            }
            [one] if self.reading.is_some() && one.extension().is_some_and(|e| e == "spondyl") => {
                match self.why_not(CommandId::CompareReaders) {
                    None => self.dialog = Dialog::Compare(agreement::CompareDialog::new(self, Some(one.clone()))),
                    Some(why) => self.notices.say(why),
                }
            }
            _ => self.open_paths(dropped),
        }
    }

    /// Why a series of the library cannot join the open case; nothing where it can, or is of its studies already.
    fn why_not_join(&self, index: usize) -> Option<&'static str> {
        let (Some(reading), Some((series, _))) = (&self.reading, self.library.get(index)) else {
            return Some("No case is open");
        };
        if reading.case.session.is_none() {
            return Some("The open images have no case yet: label a level or draw a lesion first");
        }
        (!series.has_patient_of(&reading.series))
            .then_some("The files do not say that this is the same patient (PatientID (0010,0020))")
    }

    /// Opens one series of the library in the panes of the active one; with `join`, within the open case also when it is
    /// of another study.
    fn open_series(&mut self, index: usize, join: bool) {
        self.show_series_in(index, None, join);
    }

    /// Reading time counts while the reader does something.
    fn note_activity(&mut self, ui: &egui::Ui) {
        let busy = ui.input(|i| !i.raw.events.is_empty());
        if let Some(session) = self.reading.as_mut().and_then(|r| r.case.session.as_mut()).filter(|_| busy) {
            session.sign_of_life(std::time::Instant::now());
        }
    }

    fn leave_case(&mut self) {
        self.finish_grow();
        self.drop_hand();
        self.growing = growing::Growing::default();
        self.inbox.cancel_all();
        self.reading = None;
        self.screen.iter_mut().for_each(Screen::forget_all);
        self.cine = None;
        self.agreement = None;
        self.desk = Desk::default();
    }

    fn choose_folder(&mut self) {
        self.dialog = Dialog::Open(Chooser::new(self.folder_at_hand()));
    }

    /// Where the images at hand come from.
    fn folder_at_hand(&self) -> Option<&std::path::Path> {
        self.library.opened().first().map(PathBuf::as_path)
    }

    fn chosen(&mut self, choice: Choice) {
        self.dialog = Dialog::None;
        if let Choice::Open(path) = choice {
            self.open_paths(vec![path]);
        }
    }
}

/// The reader's pseudonym: `SPONDYL_READER`, else `reader`. Never the login name: files must not tell who sat there.
fn reader_pseudonym() -> String {
    std::env::var("SPONDYL_READER").ok().filter(|r| !r.trim().is_empty()).unwrap_or_else(|| "reader".to_owned())
}
