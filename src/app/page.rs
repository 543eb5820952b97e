//! A layout drawn without a window: the same panes, overlays and captions as on the screen, for the command line.

use super::case_file::Case;
use super::figure::Figure;
use super::{App, Settings, adapter, pane_view};
use crate::render::device_descriptor;
use crate::session::{Access, Session};
use crate::space::{DVec2, PatientPoint};
use crate::view::Layout;
use crate::volume::Window;
use egui::{Rect, pos2, vec2};
use image::RgbaImage;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is drawn.
pub struct Page {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Place of the series in the scan's list; the most useful one where absent.
    pub series: Option<usize>,
    /// The layout.
    pub layout: Layout,
    /// Columns and rows at scale 1.
    pub size: [usize; 2],
    /// 1 to 4.
    pub scale: u32,
    /// A point that all panes show.
    pub at: Option<PatientPoint>,
    /// The window; that of the series where absent.
    pub window: Option<Window>,
    /// A case whose lesions, levels and measurements are laid over.
    pub case: Option<PathBuf>,
    /// Whether they are.
    pub overlays: bool,
    /// The adapter, as in the settings.
    pub adapter: Option<String>,
}

/// Draws a page.
///
/// # Errors
/// A sentence: no adapter, nothing to show, a case that cannot be read, a picture too large.
pub fn draw(page: Page) -> Result<RgbaImage, String> {
    let mut setup = egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(device_descriptor);
    adapter::choose(&mut setup, page.adapter.as_deref());
    let wgpu_setup = egui_wgpu::WgpuSetup::from(setup);
    let instance = pollster::block_on(wgpu_setup.new_instance());
    let configuration = egui_wgpu::WgpuConfiguration { wgpu_setup, ..Default::default() };
    let options = egui_wgpu::RendererOptions { dithering: false, ..Default::default() };
    let state = pollster::block_on(egui_wgpu::RenderState::create(&configuration, &instance, None, options))
        .map_err(|e| format!("a layout is drawn by a graphics adapter, also a software one: {e}"))?;
    let mut app = App::new(&egui::Context::default());
    app.keeps_nothing = true;
    app.settings = Settings::default();
    app.layout = page.layout;
    app.attach_gpu(&state);
    app.open_paths(page.paths.clone());
    app.wait();
    if let Some(index) = page.series {
        app.open_series(index, false);
        app.arrange(page.layout);
        app.wait();
    }
    app.open_page(&page)?;
    app.figure(Figure { one_pane: false, scale: page.scale, overlays: page.overlays, descriptions: true })
}

impl App {
    /// Takes up what background work reports until none is left.
    fn wait(&mut self) {
        loop {
            self.drain_inbox();
            if !self.inbox.is_busy() {
                return self.drain_inbox();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Everything of a page but the drawing.
    fn open_page(&mut self, page: &Page) -> Result<(), String> {
        let Some(reading) = &mut self.reading else {
            return Err("no images were found there; `spondyl info` says what was passed over".to_owned());
        };
        if let Some(number) = reading.in_panes().into_iter().find(|n| reading.shown(*n).volume.is_none()) {
            return Err(format!("series {} could not be read", reading.shown(number).key.0));
        }
        if let Some(path) = &page.case {
            let opened = Session::open(path, Access::Read).map_err(|e| e.to_string())?;
            let mut case = Case::default();
            (case.session, case.path) = (Some(opened.session), Some(path.clone()));
            reading.case = case;
            if let Some(screen) = &mut self.screen {
                reading.in_panes().into_iter().for_each(|n| screen.show_series(reading, n));
            }
        }
        if let Some(window) = &page.window {
            for number in reading.in_panes() {
                reading.shown_mut(number).into_iter().for_each(|s| s.set_window(window.clone()));
            }
        }
        let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(page.size[0] as f32, page.size[1] as f32));
        self.pane_rects =
            reading.viewer.visible().into_iter().map(|(n, share)| (n, pane_view::part(area, share))).collect();
        for (pane, rect) in &self.pane_rects {
            let geometry = reading.shown_in(*pane).geometry.clone();
            let size = DVec2::new(f64::from(rect.width()), f64::from(rect.height()));
            reading.viewer.sight_mut(*pane).resized(size, &geometry);
        }
        if let Some(at) = page.at {
            reading.go_to(at);
        }
        Ok(())
    }
}
