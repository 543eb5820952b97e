//! The left panel: what the folder holds. Series with a small picture, their findings, and what was skipped and why.

use super::{App, theme, widgets};
use crate::document::ImageKey;
use crate::study::{Orientation, Scan, Series, Skipped};
use crate::volume::{Kind, Severity};
use egui::{Color32, ColorImage, Panel, RichText, ScrollArea, Sense, TextureHandle, TextureOptions, Ui, vec2};
use std::path::PathBuf;
use std::sync::Arc;

/// Edge of a thumbnail, logical points.
pub const THUMBNAIL: usize = 56;

/// What was opened.
#[derive(Default)]
pub struct Library {
    opened: Vec<PathBuf>,
    busy: bool,
    series: Vec<Arc<Series>>,
    keys: Vec<ImageKey>,
    skipped: Vec<Skipped>,
    pictures: Vec<Option<Picture>>,
}

enum Picture {
    Grey(Vec<u8>, [usize; 2]),
    Texture(TextureHandle),
}

impl Library {
    /// A scan of these paths has begun.
    pub fn begin(&mut self, paths: &[PathBuf]) {
        *self = Library { opened: paths.to_vec(), busy: true, ..Library::default() };
    }

    /// The scan is done.
    pub fn fill(&mut self, scan: Scan) {
        self.busy = false;
        self.pictures = scan.series.iter().map(|_| None).collect();
        self.keys = scan.series.iter().map(|s| scan.key_of(s)).collect();
        self.series = scan.series.into_iter().map(Arc::new).collect();
        self.skipped = scan.skipped;
    }

    /// The scan was stopped or failed.
    pub fn stopped(&mut self) {
        self.busy = false;
    }

    /// Whether a scan is under way.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// The paths last opened.
    pub fn opened(&self) -> &[PathBuf] {
        &self.opened
    }

    /// The series found.
    pub fn series(&self) -> &[Arc<Series>] {
        &self.series
    }

    /// What was passed over.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// One series, and its name in documents.
    pub fn get(&self, index: usize) -> Option<(Arc<Series>, ImageKey)> {
        self.series.get(index).cloned().zip(self.keys.get(index).cloned())
    }

    /// A small picture has arrived: grey levels, [width, height].
    pub fn add_thumbnail(&mut self, index: usize, (grey, size): (Vec<u8>, [usize; 2])) {
        if let Some(p) = self.pictures.get_mut(index) {
            *p = Some(Picture::Grey(grey, size));
        }
    }

    /// The series that a reader most likely wants first: a regular volume over anything else, then CT, then sagittal
    /// MR, then the one with the most slices.
    pub fn best(&self) -> Option<usize> {
        (0..self.series.len()).max_by_key(|n| (rank(&self.series[*n]), usize::MAX - n))
    }

    /// Series to put beside one: itself, then those of its own plane, then the others, the most useful first.
    pub fn comparable(&self, index: usize) -> Vec<usize> {
        let Some(first) = self.series.get(index) else { return vec![] };
        let mut rest: Vec<usize> = (0..self.series.len()).filter(|n| *n != index).collect();
        let other = |n: usize| self.series[n].orientation() != first.orientation();
        rest.sort_by_key(|n| (other(*n), std::cmp::Reverse(rank(&self.series[*n])), *n));
        std::iter::once(index).chain(rest).collect()
    }
}

/// How likely a reader wants a series first.
fn rank(s: &Series) -> (u8, u8, bool, usize) {
    let kind = match s.kind {
        Kind::Volume => 2,
        Kind::Stack => 1,
        Kind::Projection => 0,
    };
    let modality = match s.modality.as_str() {
        "CT" => 2,
        "MR" => 1,
        _ => 0,
    };
    (kind, modality, s.orientation() == Some(Orientation::Sagittal), s.frames.len())
}

/// The panel.
pub fn show(app: &mut App, ui: &mut Ui) {
    // A narrow window's room is the images'.
    let wide = if ui.ctx().content_rect().width() < 1200.0 { 190.0 } else { 232.0 };
    Panel::left("series").default_size(wide).size_range(150.0..=380.0).show(ui, |ui| {
        widgets::region(ui, "Series");
        super::worklist::show(app, ui);
        widgets::heading(ui, "Series");
        let mut open = None;
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            for index in 0..app.library.series.len() {
                let current = app.reading.as_ref().is_some_and(|r| r.index == index);
                let response = entry(&mut app.library, ui, index, current);
                if response.clicked() {
                    open = Some((index, false));
                }
                response.context_menu(|ui| {
                    let why_not = if current { Some("These images are open") } else { app.why_not_join(index) };
                    let join = ui.add_enabled(why_not.is_none(), egui::Button::new("Open within this case"));
                    let join =
                        join.on_hover_text("Levels and lesions of both studies stand in one case, each with its date");
                    if join.on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
                        open = Some((index, true));
                        ui.close();
                    }
                });
            }
            if let Some(reading) = &app.reading {
                findings(ui, reading.findings());
            }
            skipped(ui, app.library.skipped());
        });
        if let Some((index, join)) = open {
            app.open_series(index, join);
        }
    });
}

fn entry(library: &mut Library, ui: &mut Ui, index: usize, current: bool) -> egui::Response {
    let series = library.series[index].clone();
    let height = THUMBNAIL as f32 + 8.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click_and_drag());
    response.dnd_set_drag_payload(index);
    let name = name_of(&series);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, current, format!("Series {name}")));
    let p = ui.painter_at(rect);
    let ground = match (current, response.hovered()) {
        (true, _) => theme::SELECTED,
        (false, true) => theme::RAISED,
        _ => theme::PANEL,
    };
    p.rect_filled(rect, 4.0, ground);
    let picture = egui::Rect::from_min_size(rect.min + vec2(4.0, 4.0), vec2(THUMBNAIL as f32, THUMBNAIL as f32));
    p.rect_filled(picture, 2.0, Color32::BLACK);
    if let Some(texture) = library.texture(ui, index) {
        let [w, h] = texture.size();
        let scale = THUMBNAIL as f32 / w.max(h).max(1) as f32;
        let fitted = egui::Rect::from_center_size(picture.center(), vec2(w as f32, h as f32) * scale);
        let uv = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
        p.image(texture.id(), fitted, uv, Color32::WHITE);
    }
    let text = rect.with_min_x(picture.right() + 8.0).shrink2(vec2(0.0, 6.0));
    let line = |n: f32, s: &str, color: Color32, size: f32| {
        let font = egui::FontId::proportional(size);
        let mut job = egui::text::LayoutJob::simple_singleline(s.to_owned(), font, color);
        job.wrap = egui::text::TextWrapping::truncate_at_width(text.width() - 4.0);
        let galley = p.layout_job(job);
        p.with_clip_rect(text).galley(text.min + vec2(0.0, n), galley, color);
    };
    line(0.0, &name, theme::TEXT, 13.0);
    line(18.0, &what_it_is(&series), theme::MUTED, 11.0);
    let worst = series.findings.iter().map(|f| f.severity).max();
    let note = match worst {
        Some(Severity::Warning | Severity::Error) => ("⚠ see findings below", theme::WARNING),
        _ => ("", theme::MUTED),
    };
    line(33.0, note.0, note.1, 11.0);
    response.on_hover_text(name)
}

impl Library {
    fn texture(&mut self, ui: &Ui, index: usize) -> Option<TextureHandle> {
        let slot = self.pictures.get_mut(index)?;
        if let Some(Picture::Grey(grey, size)) = slot {
            let image = ColorImage::from_gray(*size, grey);
            let name = format!("thumbnail {index}");
            *slot = Some(Picture::Texture(ui.ctx().load_texture(name, image, TextureOptions::LINEAR)));
        }
        match slot {
            Some(Picture::Texture(t)) => Some(t.clone()),
            _ => None,
        }
    }
}

/// What a series is called on the screen.
pub fn name_of(series: &Series) -> String {
    let d = series.description.trim();
    if d.is_empty() { format!("{} series {}", series.modality, series.index + 1) } else { d.to_owned() }
}

/// Modality, slices, plane, distance.
fn what_it_is(series: &Series) -> String {
    let [columns, rows, slices] = series.size();
    let plane = match series.orientation() {
        Some(Orientation::Axial) => "axial",
        Some(Orientation::Sagittal) => "sagittal",
        Some(Orientation::Coronal) => "coronal",
        Some(Orientation::Oblique) => "oblique",
        None => "picture",
    };
    match series.spacing_mm[2].filter(|_| slices > 1) {
        Some(mm) => format!("{}  {plane}  {slices} × {mm:.1} mm", series.modality),
        None => format!("{}  {plane}  {columns} × {rows}", series.modality),
    }
}

fn findings(ui: &mut Ui, findings: &[crate::volume::Finding]) {
    if findings.is_empty() {
        return;
    }
    ui.separator();
    widgets::heading(ui, "Findings of this series");
    for f in findings {
        let color = if f.severity == Severity::Note { theme::MUTED } else { theme::WARNING };
        ui.label(RichText::new(&f.message).color(color).small());
    }
}

fn skipped(ui: &mut Ui, skipped: &[Skipped]) {
    if skipped.is_empty() {
        return;
    }
    ui.separator();
    let files = if skipped.len() == 1 { "file" } else { "files" };
    egui::CollapsingHeader::new(format!("{} {files} passed over", skipped.len())).show(ui, |ui| {
        for s in skipped.iter().take(200) {
            ui.label(RichText::new(format!("{}: {}", s.path, s.reason)).color(theme::MUTED).small());
        }
    });
}
