//! The event loop: one winit window, egui's input and painter, and nothing of the program itself. Repaints only when
//! something changed; a lost GPU device is rebuilt from what the CPU holds.

use super::canvas::Canvas;
use super::in_order::in_order;
use super::textures::Textures;
use super::wheel_buttons::WheelButtons;
use super::{App, Settings, adapter};
use crate::render::device_descriptor;
use egui_winit::accesskit_winit;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use winit::application::ApplicationHandler;
use winit::event::{DeviceEvent, DeviceId, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy};
use winit::window::{Window, WindowId};

/// Why the window could not be opened; each sentence says what to do instead.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// There is no display server.
    #[error(
        "there is no display to open a window on ({0}). Without one, `spondyl demo` runs the sample case and `spondyl render` makes pictures"
    )]
    NoDisplay(String),
    /// The window system refused.
    #[error("the window could not be made: {0}")]
    Window(String),
    /// No GPU adapter, not even a software one.
    #[error(
        "no GPU adapter can draw into the window ({0}). Install the software renderer (`mesa-vulkan-drivers` on Debian and Ubuntu); `spondyl render --renderer cpu` needs none"
    )]
    NoAdapter(String),
}

/// What wakes the loop besides the window system.
enum Wake {
    /// Paint again after a delay.
    Repaint(Duration),
    /// The system asks the program to end.
    Close,
    /// Something for assistive technology.
    AccessKit(accesskit_winit::Event),
}

impl From<accesskit_winit::Event> for Wake {
    fn from(e: accesskit_winit::Event) -> Self {
        Wake::AccessKit(e)
    }
}

/// How the window starts.
#[derive(Debug, Default)]
pub struct Options {
    /// What is opened.
    pub paths: Vec<PathBuf>,
    /// A reading study, and who reads; asked for in the window where that is not said.
    pub study: Option<(PathBuf, Option<String>)>,
    /// The settings; those of the user where absent.
    pub settings: Option<PathBuf>,
    /// The adapter, before what the settings say.
    pub adapter: Option<String>,
    /// The device is given up this long after the start, as a driver's fault would: for tests.
    pub lose_device_after: Option<Duration>,
}

/// What the window system says, without the place in the program's sources that winit puts before it.
fn reason(text: &str) -> String {
    let said = text.strip_prefix("os error at ").and_then(|placed| placed.split_once(": "));
    said.map_or(text, |(_, said)| said).trim_end_matches('.').to_owned()
}

/// Opens the window and runs until it is closed.
///
/// # Errors
/// [`ShellError`] when there is no display, window or adapter.
pub fn run(options: Options) -> Result<(), ShellError> {
    let path = options.settings.or_else(Settings::path_of_user);
    let mut settings = path.as_deref().map_or_else(Settings::default, Settings::read);
    settings.adapter = options.adapter.or(settings.adapter);
    let lose_device_at = options.lose_device_after.map(|after| Instant::now() + after);
    let (paths, study) = (options.paths, options.study);
    let event_loop =
        EventLoop::<Wake>::with_user_event().build().map_err(|e| ShellError::NoDisplay(reason(&e.to_string())))?;
    let ctx = egui::Context::default();
    let proxy = event_loop.create_proxy();
    let repaint = proxy.clone();
    ctx.set_request_repaint_callback(move |info| {
        let _ = repaint.send_event(Wake::Repaint(info.delay)); // the loop may be gone already
    });
    let closing = Mutex::new(event_loop.create_proxy());
    super::stop::close_with(move || {
        let _ = closing.lock().unwrap_or_else(PoisonError::into_inner).send_event(Wake::Close); // as above
    });
    let mut shell = Shell {
        ctx,
        proxy,
        paths,
        study,
        settings,
        lose_device_at,
        running: None,
        textures: Textures::default(),
        textures_due: false,
        wake_at: lose_device_at,
        wheel: WheelButtons::default(),
        title: "Spondyl".to_owned(),
        failure: None,
    };
    event_loop.run_app(&mut shell).map_err(|e| ShellError::Window(reason(&e.to_string())))?;
    shell.failure.map_or(Ok(()), Err)
}

struct Shell {
    ctx: egui::Context,
    proxy: EventLoopProxy<Wake>,
    paths: Vec<PathBuf>,
    study: Option<(PathBuf, Option<String>)>,
    settings: Settings,
    lose_device_at: Option<Instant>,
    running: Option<Running>,
    textures: Textures,
    /// The painter is a new one and has no textures yet.
    textures_due: bool,
    wake_at: Option<Instant>,
    wheel: WheelButtons,
    title: String,
    failure: Option<ShellError>,
}

struct Running {
    window: Arc<Window>,
    painter: egui_wgpu::winit::Painter,
    /// Where the processor draws the pixels.
    canvas: Option<Canvas>,
    input: egui_winit::State,
    app: App,
}

/// Gives the program the painter's device; the canvas where the processor draws.
fn attach(painter: &egui_wgpu::winit::Painter, app: &mut App) -> Option<Canvas> {
    let state = painter.render_state()?;
    app.attach_gpu(&state);
    Canvas::for_software(&state)
}

impl Shell {
    fn start(&mut self, event_loop: &ActiveEventLoop) -> Result<Running, ShellError> {
        let attributes = Window::default_attributes()
            .with_title(&self.title)
            .with_inner_size(winit::dpi::LogicalSize::new(1440.0, 900.0))
            .with_min_inner_size(winit::dpi::LogicalSize::new(1024.0, 700.0))
            .with_visible(false); // AccessKit must be set up before the window shows
        let window = event_loop.create_window(attributes).map_err(|e| ShellError::Window(reason(&e.to_string())))?;
        let window = Arc::new(window);
        let painter = self.painter(event_loop, &window)?;
        let scale = Some(window.scale_factor() as f32);
        let mut input = egui_winit::State::new(
            self.ctx.clone(),
            egui::ViewportId::ROOT,
            event_loop,
            scale,
            window.theme(),
            painter.max_texture_side(),
        );
        input.init_accesskit(event_loop, &window, self.proxy.clone());
        let mut app = App::new(&self.ctx);
        app.use_settings(self.settings.clone());
        app.recall();
        let canvas = attach(&painter, &mut app);
        app.open_paths(std::mem::take(&mut self.paths));
        if let Some((folder, reader)) = self.study.take() {
            app.open_study(&folder, reader.as_deref());
        }
        window.set_visible(true);
        Ok(Running { window, painter, canvas, input, app })
    }

    fn painter(
        &self,
        event_loop: &ActiveEventLoop,
        window: &Arc<Window>,
    ) -> Result<egui_wgpu::winit::Painter, ShellError> {
        let mut setup = egui_wgpu::WgpuSetupCreateNew::from_display_handle(event_loop.owned_display_handle());
        setup.device_descriptor = Arc::new(device_descriptor);
        adapter::choose(&mut setup, self.settings.adapter.as_deref());
        let configuration = egui_wgpu::WgpuConfiguration { wgpu_setup: setup.into(), ..Default::default() };
        let options = egui_wgpu::RendererOptions { dithering: false, ..Default::default() };
        let new = egui_wgpu::winit::Painter::new(self.ctx.clone(), configuration, false, options);
        let mut painter = pollster::block_on(new);
        pollster::block_on(painter.set_window(egui::ViewportId::ROOT, Some(window.clone())))
            .map_err(|e| ShellError::NoAdapter(e.to_string()))?;
        Ok(painter)
    }

    /// Everything on the GPU again, from what the program holds.
    fn rebuild_gpu(&mut self, event_loop: &ActiveEventLoop) {
        let Some(mut running) = self.running.take() else { return };
        running.app.detach_gpu();
        running.canvas = None;
        match self.painter(event_loop, &running.window) {
            Ok(painter) => {
                running.painter = painter;
                self.textures_due = true;
                running.canvas = attach(&running.painter, &mut running.app);
                running.window.request_redraw();
                self.running = Some(running);
            }
            Err(e) => {
                self.failure = Some(e);
                event_loop.exit();
            }
        }
    }

    fn paint(&mut self, event_loop: &ActiveEventLoop) {
        if let Some(r) = self.running.as_mut().filter(|_| self.lose_device_at.is_some_and(|at| at <= Instant::now())) {
            self.lose_device_at = None;
            r.app.lose_gpu();
        }
        if self.running.as_ref().is_some_and(|r| r.app.gpu_is_lost()) {
            self.rebuild_gpu(event_loop);
        }
        let Some(r) = &mut self.running else { return };
        let mut input = r.input.take_egui_input(&r.window);
        let mut out = egui::FullOutput::default();
        for events in in_order(std::mem::take(&mut input.events)) {
            out.append(self.ctx.run_ui(egui::RawInput { events, ..input.clone() }, |ui| {
                ui.ctx().accesskit_node_builder(egui::accesskit_root_id(), |node| node.set_label(self.title.as_str()));
                r.app.show(ui);
            }));
            input.dropped_files.clear();
        }
        r.input.handle_platform_output(&r.window, out.platform_output);
        self.textures.follow(&out.textures_delta);
        if std::mem::take(&mut self.textures_due) {
            out.textures_delta.set = std::mem::take(&mut self.textures.all().set);
        }
        let mut primitives = self.ctx.tessellate(out.shapes, out.pixels_per_point);
        if let (Some(canvas), Some(state)) = (&mut r.canvas, r.painter.render_state()) {
            let window = (r.window.inner_size().into(), out.pixels_per_point);
            primitives = vec![canvas.paint(&state, window, primitives, &mut out.textures_delta)];
        }
        r.painter.paint_and_update_textures(
            egui::ViewportId::ROOT,
            out.pixels_per_point,
            [0.0, 0.0, 0.0, 1.0],
            &primitives,
            &mut out.textures_delta,
            vec![],
            &r.window,
        );
        if let Some(title) = r.app.take_title() {
            r.window.set_title(&title);
            self.title = title;
        }
        if r.app.wants_to_quit() {
            event_loop.exit();
        }
    }

    fn wake_within(&mut self, delay: Duration) {
        let Some(at) = Instant::now().checked_add(delay) else { return };
        self.wake_at = Some(self.wake_at.map_or(at, |w| w.min(at)));
    }
}

impl ApplicationHandler<Wake> for Shell {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        if self.running.is_some() {
            return;
        }
        match self.start(event_loop) {
            Ok(running) => {
                running.window.request_redraw();
                self.running = Some(running);
            }
            Err(e) => {
                self.failure = Some(e);
                event_loop.exit();
            }
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        if self.wheel.is_echo(&event) {
            return;
        }
        let Some(r) = &mut self.running else { return };
        let response = r.input.on_window_event(&r.window, &event);
        match event {
            WindowEvent::RedrawRequested => self.paint(event_loop),
            WindowEvent::CloseRequested => event_loop.exit(),
            WindowEvent::Resized(size) => {
                if let (Some(w), Some(h)) = (NonZeroU32::new(size.width), NonZeroU32::new(size.height)) {
                    r.painter.on_window_resized(egui::ViewportId::ROOT, w, h);
                }
                r.window.request_redraw();
            }
            _ if response.repaint => r.window.request_redraw(),
            _ => {}
        }
    }

    fn device_event(&mut self, _: &ActiveEventLoop, _: DeviceId, event: DeviceEvent) {
        self.wheel.device(&event);
    }

    fn user_event(&mut self, event_loop: &ActiveEventLoop, event: Wake) {
        match event {
            Wake::Close => event_loop.exit(),
            Wake::Repaint(delay) => self.wake_within(delay),
            Wake::AccessKit(e) => {
                let Some(r) = &mut self.running else { return };
                match e.window_event {
                    accesskit_winit::WindowEvent::InitialTreeRequested => self.ctx.enable_accesskit(),
                    accesskit_winit::WindowEvent::ActionRequested(request) => {
                        r.input.on_accesskit_action_request(request);
                    }
                    accesskit_winit::WindowEvent::AccessibilityDeactivated => self.ctx.disable_accesskit(),
                }
                r.window.request_redraw();
            }
        }
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        if self.wake_at.is_some_and(|at| at <= Instant::now()) {
            self.wake_at = None;
            if let Some(r) = &self.running {
                r.window.request_redraw();
            }
        }
        event_loop.set_control_flow(self.wake_at.map_or(ControlFlow::Wait, ControlFlow::WaitUntil));
    }

    fn exiting(&mut self, _: &ActiveEventLoop) {
        if let Some(r) = &mut self.running {
            r.app.close();
        }
    }
}
