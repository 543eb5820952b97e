//! A window painted by its changes is the window painted whole, pixel by pixel, whatever a reader does.

use super::*;
use crate::app::App;
use crate::render::device_descriptor;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Vec2, pos2, vec2};
use egui_kittest::wgpu::create_render_state;
use std::time::{Duration, Instant};

struct Desk {
    ctx: egui::Context,
    app: App,
    state: egui_wgpu::RenderState,
    canvas: Canvas,
    size: Vec2,
    pixels_per_point: f32,
    seconds: f64,
}

impl Desk {
    /// The sample case's CT; the case is kept in `folder`.
    fn open(folder: &std::path::Path) -> Self {
        let mut setup = egui_wgpu::WgpuSetupCreateNew::without_display_handle();
        setup.device_descriptor = Arc::new(device_descriptor);
        let state = create_render_state(setup.into(), egui_wgpu::RendererOptions::default());
        let ctx = egui::Context::default();
        let mut app = App::new(&ctx);
        app.keep_cases_in(folder.to_path_buf());
        app.attach_gpu(&state);
        app.open_paths(vec![crate::app::sample_folder().expect("it is there").join("ct-sagittal")]);
        let canvas = Canvas::default();
        let mut desk = Desk { ctx, app, state, canvas, size: vec2(1100.0, 720.0), pixels_per_point: 1.0, seconds: 0.0 };
        let end = Instant::now() + Duration::from_secs(60);
        while desk.app.is_working() || desk.app.cursor().is_none() {
            desk.frame("opening", vec![]);
            assert!(Instant::now() < end, "the images never came");
            std::thread::sleep(Duration::from_millis(5));
        }
        desk
    }

    /// One frame, painted by what changed and held against the same painted whole. Says what share of the window changed.
    fn frame(&mut self, what: &str, events: Vec<Event>) -> f64 {
        self.seconds += 0.05;
        let rect = Rect::from_min_size(Pos2::ZERO, self.size);
        let mut input =
            egui::RawInput { screen_rect: Some(rect), time: Some(self.seconds), events, ..Default::default() };
        input.viewports.entry(egui::ViewportId::ROOT).or_default().native_pixels_per_point =
            Some(self.pixels_per_point);
        let app = &mut self.app;
        let mut out = self.ctx.run_ui(input, |ui| app.show(ui));
        let primitives = self.ctx.tessellate(out.shapes, out.pixels_per_point);
        let pixels = [self.size.x, self.size.y].map(|n| (n * self.pixels_per_point).round() as u32);
        let window = (pixels, out.pixels_per_point);
        let before = (self.canvas.kept.clone(), self.canvas.painted.clone());
        self.canvas.paint(&self.state, window, primitives.clone(), &mut out.textures_delta);
        out.textures_delta.free.clear();
        let mut whole = Canvas::default();
        whole.paint(&self.state, window, primitives.clone(), &mut TexturesDelta::default());
        let [by_changes, whole] = [&self.canvas, &whole].map(|c| self.pixels(c));
        let wrong: Vec<_> = by_changes.enumerate_pixels().filter(|(x, y, p)| whole.get_pixel(*x, *y) != *p).collect();
        if let Some((x, y, p)) = wrong.first() {
            panic!("{what}: {} pixels differ, first {x}, {y}: {p:?}, whole {:?}", wrong.len(), whole.get_pixel(*x, *y));
        }
        let known = before.0.is_some_and(|k| k.size() == pixels);
        let patches =
            if known { damage(&before.1, &primitives, &[], (window.1, pixels)) } else { vec![Patch::whole(pixels)] };
        let area = |p: &Patch| f64::from(p.max[0] - p.min[0]) * f64::from(p.max[1] - p.min[1]);
        patches.iter().map(area).sum::<f64>() / (f64::from(pixels[0]) * f64::from(pixels[1]))
    }

    fn pixels(&self, canvas: &Canvas) -> image::RgbaImage {
        let kept = canvas.kept.as_ref().expect("painted");
        crate::app::figure::read_back(&self.state.device, &self.state.queue, kept.texture(), self.state.target_format)
            .expect("read back")
    }

    /// The events, then frames until the window rests.
    fn act(&mut self, what: &str, events: Vec<Event>) {
        self.frame(what, events);
        (0..3).for_each(|_| _ = self.frame(what, vec![]));
    }

    fn key(&mut self, key: Key) {
        let press =
            |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE };
        self.act(&format!("{key:?}"), vec![press(true), press(false)]);
    }

    fn point(&mut self, at: Pos2) {
        self.act("pointer", vec![Event::PointerMoved(at)]);
    }

    fn drag(&mut self, from: Pos2, to: Pos2, button: PointerButton) {
        let press = |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
        self.frame("press", vec![Event::PointerMoved(from), press(from, true)]);
        for n in 1..=4 {
            self.frame("drag", vec![Event::PointerMoved(from.lerp(to, n as f32 / 4.0))]);
        }
        self.act("release", vec![press(to, false)]);
    }
}

#[test]
fn a_window_painted_by_its_changes_is_the_window_painted_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = Desk::open(folder.path());
    let panes = desk.app.pane_rects.clone();
    assert_eq!(panes.len(), 3);
    let [first, second] = [0, 1].map(|n: usize| panes[n].1.center());
    desk.point(first);
    [Key::ArrowDown, Key::ArrowDown, Key::PageUp, Key::I, Key::Tab].into_iter().for_each(|k| desk.key(k));
    desk.drag(first, first + vec2(40.0, 25.0), PointerButton::Secondary);
    desk.drag(second, second + vec2(20.0, 30.0), PointerButton::Middle);
    desk.key(Key::V);
    desk.drag(first, first, PointerButton::Primary);
    assert_eq!(desk.app.document().vertebrae.len(), 1);
    desk.key(Key::G);
    desk.drag(first - vec2(10.0, 10.0), first + vec2(14.0, 6.0), PointerButton::Primary);
    let end = Instant::now() + Duration::from_secs(60);
    while desk.app.document().lesions.is_empty() {
        desk.frame("growing", vec![]);
        assert!(Instant::now() < end, "no lesion");
    }
    desk.point(pos2(40.0, 12.0));
    desk.drag(pos2(40.0, 12.0), pos2(40.0, 12.0), PointerButton::Primary);
    desk.point(pos2(60.0, 60.0));
    desk.key(Key::Escape);
    for x in (300..1000).step_by(70) {
        desk.point(pos2(x as f32, 45.0)); // tooltips come and go
    }
    desk.key(Key::F1);
    desk.key(Key::Escape);
    desk.size = vec2(1024.0, 700.0);
    desk.point(first);
    desk.pixels_per_point = 1.5;
    desk.key(Key::ArrowDown);
    desk.key(Key::F4);
    desk.app.close();
    desk.point(first);
}

#[test]
fn a_window_that_rests_paints_nothing_and_a_new_slice_its_own_pane() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = Desk::open(folder.path());
    let (_, pane) = desk.app.pane_rects[0];
    desk.point(pane.center());
    (0..20).for_each(|_| _ = desk.frame("rest", vec![]));
    assert_eq!(desk.frame("rest", vec![]), 0.0);
    // Nor does it with a case that is open.
    desk.key(Key::V);
    desk.drag(pane.center(), pane.center(), PointerButton::Primary);
    let end = Instant::now() + Duration::from_secs(60);
    while desk.app.is_working() && Instant::now() < end {
        desk.frame("saving", vec![]);
    }
    assert_eq!(desk.app.document().vertebrae.len(), 1);
    desk.key(Key::N);
    (0..20).for_each(|_| _ = desk.frame("rest", vec![]));
    assert_eq!(desk.frame("rest with a case", vec![]), 0.0);
    let press = |pressed| {
        let key = Key::ArrowDown;
        Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE }
    };
    let share = desk.frame("a slice", vec![press(true), press(false)]);
    let own = f64::from(pane.area() / (desk.size.x * desk.size.y));
    assert!((own..own + 0.15).contains(&share), "{share} of the window for a picture that is {own} of it");
}
