//! How the whole window looks: its picture beside the one kept in `tests/snapshots`, with a tolerance for how adapters
//! round colours. Of a failure the new picture and the difference are kept there too (`*.new.png`, `*.diff.png`);
//! `UPDATE_SNAPSHOTS=1` takes the new one over, after somebody looked at it.

use super::window::{click, drag, harness, key, on_screen, settle, spine};
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use egui_kittest::wgpu::{WgpuTestRenderer, create_render_state};
use egui_kittest::{Harness, SnapshotOptions};
use spondyl::app::App;
use spondyl::phantom::dicom_write::write_ct_series;
use spondyl::render::device_descriptor;
use spondyl::space::DVec3;
use std::sync::Arc;

/// A colour may be off by what another adapter's rounding makes, and a thousand pixels by more: of edges that fall between
/// two, and of the words that name a software adapter. A moved or missing control is thousands.
fn seen(h: &mut Harness<'_, App>, name: &str) {
    let options = SnapshotOptions::new().threshold(1.5).max_failed_pixels(1_000);
    h.hover_at(egui::pos2(2.0, 2.0));
    h.run_steps(4);
    if let Err(why) = h.try_snapshot_options(name, &options) {
        panic!("{why}");
    }
}

#[test]
fn the_start_page_looks_as_it_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut setup = egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(device_descriptor);
    let state = create_render_state(setup.into(), egui_wgpu::RendererOptions::PREDICTABLE);
    let mut app = App::new(&egui::Context::default());
    app.keep_cases_in(folder.path().to_path_buf());
    let mut h = Harness::builder()
        .with_size(vec2(1024.0, 700.0))
        .with_os(egui::os::OperatingSystem::Nix)
        .renderer(WgpuTestRenderer::from_render_state(state))
        .build_ui_state(|ui, app: &mut App| app.show(ui), app);
    let ctx = h.ctx.clone();
    h.state_mut().adopt_context(&ctx);
    h.run_steps(2);
    seen(&mut h, "start");
}

#[test]
fn a_reading_and_its_pages_look_as_they_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let (g, hu, centers) = spine();
    write_ct_series(&folder.path().join("ct"), &g, &hu, "looks").expect("files");
    let mut h = harness(&folder.path().join("ct"), &folder.path().join("cases"));
    h.set_size(vec2(1024.0, 700.0));
    h.run_steps(3);
    key(&mut h, Key::V);
    h.get_by_label("C5").click();
    h.run_steps(2);
    for c in &centers {
        let at = on_screen(&h, &g, *c);
        click(&mut h, at);
    }
    key(&mut h, Key::B);
    let at = on_screen(&h, &g, centers[1]);
    drag(&mut h, at, at + vec2(6.0, 0.0));
    key(&mut h, Key::M);
    let [a, b] = [-9.0, 9.0].map(|y| on_screen(&h, &g, centers[1].moved(DVec3::Y * y)));
    drag(&mut h, a, b);
    key(&mut h, Key::N);
    settle(&mut h);
    h.run_steps(60); // notices go
    seen(&mut h, "reading");
    key(&mut h, Key::F1);
    seen(&mut h, "keys");
    key(&mut h, Key::Escape);
    h.key_press_modifiers(Modifiers::COMMAND, Key::K);
    h.run_steps(2);
    seen(&mut h, "palette");
}
