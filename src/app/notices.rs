//! Short messages that come and go by themselves; failures stay until they are read.

use super::theme;
use egui::{Align2, Color32, Frame, Margin, RichText, Stroke, Ui, vec2};
use std::time::{Duration, Instant};

const SHOWN_FOR: Duration = Duration::from_secs(6);

struct Notice {
    text: String,
    color: Color32,
    until: Option<Instant>,
}

/// See the module.
#[derive(Default)]
pub struct Notices(Vec<Notice>);

impl Notices {
    /// Says something that went well.
    pub fn say(&mut self, text: impl Into<String>) {
        self.0.push(Notice { text: text.into(), color: theme::TEXT, until: Some(Instant::now() + SHOWN_FOR) });
    }

    /// Says what went wrong and what to do; stays until it is clicked away.
    pub fn fail(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.0.iter().any(|n| n.text == text) {
            self.0.push(Notice { text, color: theme::ERROR, until: None });
        }
    }

    /// Takes away what begins so: it is true no longer.
    pub fn forget(&mut self, begin: &str) {
        self.0.retain(|n| !n.text.starts_with(begin));
    }

    /// Shows them above `bottom`, the lower edge of the images: what stands below these stays readable.
    pub fn show(&mut self, ui: &Ui, bottom: f32) {
        let above = bottom - ui.ctx().content_rect().bottom() - 8.0;
        let now = Instant::now();
        self.0.retain(|n| n.until.is_none_or(|u| u > now));
        let mut closed = None;
        for (n, notice) in self.0.iter().rev().take(4).enumerate() {
            // What goes by itself is in nobody's way: the pointer reaches the image behind it.
            let stays = notice.until.is_none();
            egui::Area::new(egui::Id::unique(("notice", n)))
                .interactable(stays)
                .anchor(Align2::CENTER_BOTTOM, vec2(0.0, above - 44.0 * n as f32))
                .show(ui.ctx(), |ui| {
                    let frame = Frame::NONE
                        .fill(theme::RAISED)
                        .stroke(Stroke::new(1.0, notice.color.gamma_multiply(0.6)))
                        .corner_radius(5)
                        .inner_margin(Margin::symmetric(12, 7));
                    frame.show(ui, |ui| {
                        ui.set_max_width(760.0);
                        ui.horizontal(|ui| {
                            let text = RichText::new(&notice.text).color(notice.color);
                            ui.add(egui::Label::new(text).selectable(stays));
                            if stays && ui.button("Dismiss").clicked() {
                                closed = Some(notice.text.clone());
                            }
                        });
                    });
                });
            if let Some(until) = notice.until {
                ui.ctx().request_repaint_after(until.saturating_duration_since(now));
            }
        }
        if let Some(text) = closed {
            self.0.retain(|n| n.text != text);
        }
    }
}
