//! House widgets: the few looks that panels and dialogs share, so that nothing styles itself.

use super::theme;
use egui::{Button, Color32, Response, RichText, Ui, vec2};

/// The one button that a dialog is about.
pub fn primary(ui: &mut Ui, text: &str) -> Response {
    let text = RichText::new(text).color(theme::ON_ACCENT).strong();
    ui.add(Button::new(text).fill(theme::ACCENT))
}

/// Text that steps back.
pub fn muted(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).color(theme::MUTED).small());
}

/// Something to look at.
pub fn warning(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(format!("⚠ {text}")).color(theme::WARNING).small());
}

/// Something that failed.
pub fn problem(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).color(theme::ERROR));
}

/// A panel's heading.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(2.0);
    ui.label(RichText::new(text.to_uppercase()).color(theme::MUTED).small().strong());
}

/// What assistive technology calls the part of the window that `ui` is.
pub fn region(ui: &Ui, name: &str) {
    ui.ctx().accesskit_node_builder(ui.unique_id(), |node| node.set_label(name));
}

/// A small square of colour.
pub fn swatch(ui: &mut Ui, color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(12.0, 12.0), egui::Sense::hover());
    ui.painter().rect_filled(rect, 3.0, color);
    response
}

/// A button that is on or off, with its key in the tooltip.
pub fn toggle(ui: &mut Ui, on: bool, text: &str, tip: &str) -> Response {
    let fill = if on { theme::ACCENT } else { theme::RAISED };
    let color = if on { theme::ON_ACCENT } else { theme::TEXT };
    let button = Button::new(RichText::new(text).color(color)).fill(fill).selected(on);
    ui.add(button).on_hover_text(tip)
}

/// A choice among words in a compact menu; true when it changed.
pub fn choose<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    all: &[T],
    word: impl Fn(T) -> &'static str,
) -> bool {
    let before = *value;
    let response = egui::ComboBox::from_id_salt(name)
        .selected_text(plain(word(*value)))
        .width(150.0)
        .show_ui(ui, |ui| {
            for v in all {
                ui.selectable_value(value, *v, plain(word(*v)));
            }
        })
        .response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name));
    *value != before
}

/// A word of a file as people read it: `small_focal` is "small focal".
pub fn plain(word: &str) -> String {
    word.replace('_', " ")
}
