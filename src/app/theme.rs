//! Colours and sizes of the window, in one place: dark, calm, the image brightest. Text on panels reaches WCAG AA
//! (4.5:1), checked by test; lesion colours are Okabe and Ito's, distinguishable by colour-blind readers.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Visuals, vec2};

/// Behind everything.
pub const BACKGROUND: Color32 = Color32::from_rgb(14, 16, 19);
/// Panels.
pub const PANEL: Color32 = Color32::from_rgb(24, 27, 32);
/// Fields and rows that lie on a panel.
pub const RAISED: Color32 = Color32::from_rgb(35, 39, 46);
/// Lines between things.
pub const LINE: Color32 = Color32::from_rgb(52, 58, 68);
/// Ordinary text.
pub const TEXT: Color32 = Color32::from_rgb(214, 219, 226);
/// Text that may step back.
pub const MUTED: Color32 = Color32::from_rgb(152, 161, 174);
/// The active thing; nothing else has this colour.
pub const ACCENT: Color32 = Color32::from_rgb(86, 180, 233);
/// The ground of what is chosen in a list.
pub const SELECTED: Color32 = Color32::from_rgb(28, 74, 104);
/// Text on the accent.
pub const ON_ACCENT: Color32 = Color32::from_rgb(8, 20, 30);
/// What the files themselves draw over their images.
pub const DRAWING: Color32 = Color32::from_rgb(240, 228, 66);
/// Something to look at.
pub const WARNING: Color32 = Color32::from_rgb(240, 190, 70);
/// Something that failed.
pub const ERROR: Color32 = Color32::from_rgb(255, 128, 112);

pub use crate::render::LESION_COLORS;

/// The colour of a lesion, as in rendered pictures.
pub fn lesion_color(lesion: &crate::document::Lesion) -> Color32 {
    let [r, g, b] = crate::render::lesion_color(lesion);
    Color32::from_rgb(r, g, b)
}

/// Puts the theme on.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.style_mut_of(egui::Theme::Dark, |style| {
        let v = &mut style.visuals;
        *v = Visuals::dark();
        v.panel_fill = PANEL;
        v.window_fill = PANEL;
        v.extreme_bg_color = BACKGROUND;
        v.faint_bg_color = RAISED;
        v.override_text_color = None;
        v.selection.bg_fill = Color32::from_rgb(28, 74, 104);
        v.selection.stroke = Stroke::new(1.0, Color32::from_rgb(225, 240, 250));
        v.hyperlink_color = ACCENT;
        v.window_corner_radius = CornerRadius::same(6);
        v.window_stroke = Stroke::new(1.0, LINE);
        for (w, fill, text) in [
            (&mut v.widgets.noninteractive, PANEL, TEXT),
            (&mut v.widgets.inactive, RAISED, TEXT),
            (&mut v.widgets.hovered, Color32::from_rgb(48, 54, 64), Color32::WHITE),
            (&mut v.widgets.active, Color32::from_rgb(60, 68, 80), Color32::WHITE),
            (&mut v.widgets.open, RAISED, TEXT),
        ] {
            w.bg_fill = fill;
            w.weak_bg_fill = fill;
            w.fg_stroke = Stroke::new(1.0, text);
            w.bg_stroke = Stroke::new(1.0, LINE);
            w.corner_radius = CornerRadius::same(4);
            w.expansion = 0.0;
        }
        style.spacing.item_spacing = vec2(6.0, 5.0);
        style.spacing.button_padding = vec2(8.0, 4.0);
        style.spacing.window_margin = Margin::same(12);
        style.spacing.interact_size.y = 24.0;
        style.interaction.tooltip_delay = 0.35;
        for (kind, size) in
            [(TextStyle::Body, 13.0), (TextStyle::Button, 13.0), (TextStyle::Small, 11.0), (TextStyle::Heading, 15.0)]
        {
            style.text_styles.insert(kind, FontId::new(size, FontFamily::Proportional));
        }
        style.text_styles.insert(TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2 contrast ratio.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let luminance = |c: Color32| {
            let channel = |v: u8| {
                let s = f64::from(v) / 255.0;
                if s <= 0.04045 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(c.r()) + 0.7152 * channel(c.g()) + 0.0722 * channel(c.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_on_the_accent_reaches_aa() {
        assert!(contrast(ON_ACCENT, ACCENT) >= 4.5);
        let marked = Color32::from_rgb(28, 74, 104);
        for text in [TEXT, Color32::from_rgb(225, 240, 250)] {
            assert!(contrast(text, marked) >= 4.5, "{text:?} on a chosen row");
        }
    }

    #[test]
    fn text_reaches_aa_on_every_ground() {
        for text in [TEXT, MUTED, ACCENT, WARNING, ERROR] {
            for ground in [BACKGROUND, PANEL, RAISED] {
                assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}: {:.2}", contrast(text, ground));
            }
        }
    }
}
