//! What lies over the image: crosshair, level labels, end-plate points, measurements, the tool's preview, and the
//! pane's own furniture (letters, scale bar, corner texts).

use super::labels::Places;
use super::pane_input::local_to;
use super::reading::Reading;
use super::shown::Shown;
use super::{App, agreement, by_keys, drawings, measured, scout, theme};
use crate::document::{Document, HeightPoints, ImageKey, Measurement};
use crate::session::CommandId;
use crate::space::{PatientPoint, Plane};
use crate::tool::Preview;
use crate::view::{Aim, Sight, orientation_letters, scale_bar, stored_letters};
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, pos2, vec2};

const SMALL: f32 = 11.0;
/// In narrower pictures scale bar, letter and window do not stand in one line.
const NARROW: f32 = 260.0;
const FURNITURE: Color32 = Color32::from_rgb(196, 204, 214);
/// Half of a level's usual height: labels farther from the plane belong to another slice, mm.
const LABEL_DEPTH_MM: f64 = 14.0;

/// A pane's converter to the screen.
pub(super) struct Sheet<'a> {
    pub(super) reading: &'a Reading,
    pub(super) sight: &'a Sight,
    pub(super) shown: &'a Shown,
    rect: Rect,
    pub(super) painter: &'a Painter,
}

impl Sheet<'_> {
    pub(super) fn screen(&self, p: PatientPoint) -> Pos2 {
        local_to(self.sight.pane_from_patient(p), self.rect)
    }

    pub(super) fn depth_mm(&self, p: PatientPoint) -> f64 {
        self.sight.depth_mm(p)
    }

    fn points(&self, mm: f64) -> f32 {
        (mm / self.sight.pane.mm_per_point) as f32
    }

    /// Unit of the values of an image.
    pub(super) fn units_of(&self, key: &ImageKey) -> &str {
        self.document().images.get(key).map_or("", |i| i.units.as_str())
    }

    /// What is said of the series of this pane.
    fn document(&self) -> &Document {
        self.reading.document_of(self.sight.shown)
    }

    /// Text that can be read on bright and on dark.
    pub(super) fn text(&self, at: Pos2, anchor: Align2, text: &str, size: f32, color: Color32) {
        let font = FontId::proportional(size);
        for d in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
            self.painter.text(at + d, anchor, text, font.clone(), Color32::from_black_alpha(170));
        }
        self.painter.text(at, anchor, text, font, color);
    }

    /// How large a text is.
    pub(super) fn size_of(&self, text: &str, size: f32) -> Vec2 {
        self.painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), FURNITURE).rect.size()
    }

    pub(super) fn line(&self, a: Pos2, b: Pos2, color: Color32) {
        self.painter.line_segment([a, b], Stroke::new(2.6, Color32::from_black_alpha(110)));
        self.painter.line_segment([a, b], Stroke::new(1.3, color));
    }
}

/// What of it is painted.
#[derive(Clone, Copy, Debug)]
pub struct What {
    /// Levels, end plates, measurements.
    pub annotations: bool,
    /// Crosshair, lines of other planes, the tool's preview.
    pub guides: bool,
    /// The series' description in the corner.
    pub descriptions: bool,
}

/// Everything over one pane.
pub fn paint(app: &App, reading: &Reading, pane: usize, rect: Rect, painter: &Painter, what: What) {
    let sight = reading.viewer.sight(pane);
    let sheet = Sheet { reading, sight, shown: reading.shown(sight.shown), rect, painter };
    if what.guides {
        guides(app, &sheet, pane);
    }
    if what.annotations {
        if let Some(agreement) = &app.agreement {
            agreement::paint(agreement, reading, &sheet, pane, rect);
        }
        document(app, &sheet);
    }
    furniture(&sheet, what.descriptions);
}

/// What helps to find the way and is in no figure.
fn guides(app: &App, sheet: &Sheet<'_>, pane: usize) {
    let (reading, sight, rect, painter) = (sheet.reading, sheet.sight, sheet.rect, sheet.painter);
    let on_this_pane = app.hovered.is_some_and(|h| h.pane == pane);
    drawings::paint(sight, sheet.shown, pane, rect, painter);
    crosshair(sheet);
    app.hand.iter().filter(|h| h.pane == pane).for_each(|h| by_keys::paint(h, painter));
    scout::paint(reading, pane, rect, painter, on_this_pane && app.desk.tool_id == CommandId::Navigate);
    if app.desk.tool_id == CommandId::WindowBox
        && let Some((a, b)) = app.capture.and_then(|c| c.box_on(pane))
    {
        painter.rect_stroke(Rect::from_two_pos(a, b), 0.0, Stroke::new(1.2, theme::ACCENT), StrokeKind::Middle);
    }
    let anywhere = app.desk.tool_id == CommandId::Heights;
    let drawn_on = sight.shown == reading.active_number();
    if let Some(tool) = app.desk.tool.as_ref().filter(|_| drawn_on) {
        let scene = app.desk.scene(reading);
        let shown = |p: &&Preview| on_this_pane || anywhere || matches!(p, Preview::Offer { .. });
        tool.preview(&scene).iter().filter(shown).for_each(|p| preview(app, sheet, p));
    }
}

/// A small cross where the crosshair is; the lines of the other panes meet there.
fn crosshair(sheet: &Sheet<'_>) {
    let c = sheet.screen(sheet.sight.cursor);
    let stroke = Stroke::new(1.2, theme::ACCENT.gamma_multiply(0.8));
    for d in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
        sheet.painter.line_segment([c + d * 5.0, c + d * 12.0], stroke);
    }
}

fn document(app: &App, sheet: &Sheet<'_>) {
    let document = sheet.document();
    let active = sheet.sight.shown == sheet.reading.active_number();
    let mut places = Places::within(sheet.rect);
    furniture_places(sheet).into_iter().for_each(|r| places.take(r));
    for (level, v) in document.vertebrae.iter().filter(|_| sheet.reading.levels_lie_in(sheet.sight.shown)) {
        let depth = if sheet.sight.is_curved() { 0.0 } else { v.at_mm.map_or(0.0, |at| sheet.depth_mm(at)) };
        if let Some(at) = v.at_mm.filter(|_| depth < LABEL_DEPTH_MM) {
            let strength = (1.0 - depth / LABEL_DEPTH_MM * 0.7) as f32;
            let current = active && app.current_level() == Some(*level);
            let color = if current { theme::ACCENT } else { Color32::from_rgb(250, 236, 180) }.gamma_multiply(strength);
            let p = sheet.screen(at);
            if sheet.sight.is_curved() {
                let y = p.y;
                sheet.line(pos2(sheet.rect.left(), y), pos2(sheet.rect.left() + 12.0, y), color);
            }
            sheet.painter.circle(p, 3.0, Color32::from_black_alpha(120), Stroke::new(1.4, color));
            let at = p + vec2(8.0, 0.0);
            places.take(Align2::LEFT_CENTER.anchor_size(at, sheet.size_of(level.name(), 13.0)));
            sheet.text(at, Align2::LEFT_CENTER, level.name(), 13.0, color);
        }
        let side = sheet.sight.plane() == Plane::Sagittal || !sheet.shown.is_located();
        let seen = |h: &&HeightPoints| side && sheet.depth_mm(h.sup_mid) < LABEL_DEPTH_MM;
        if let Some(h) = v.heights.as_ref().filter(seen) {
            heights(sheet, h);
        }
    }
    let is_current = |m: &Measurement| active && app.desk.measurement.as_deref() == Some(m.label.as_str());
    let here = document.measurements.iter().filter(|(_, m)| lies_in(sheet, &m.image));
    let mut words: Vec<_> =
        here.filter_map(|(id, m)| Some((!is_current(m), measured::paint(sheet, *id, m, is_current(m))?))).collect();
    // The current one has the first choice of place, the others from above, so that their lines do not cross.
    words.sort_by(|a, b| (a.0, a.1.top()).partial_cmp(&(b.0, b.1.top())).unwrap_or(std::cmp::Ordering::Equal));
    // While something is drawn the words of what was measured are not in the way of its own.
    let drawing = app.capture.is_some() && app.desk.draws();
    words.iter().filter(|_| !drawing).for_each(|(_, w)| w.write(sheet, &mut places));
}

/// Where the picture's own texts stand: no measurement's words lie on them.
fn furniture_places(sheet: &Sheet<'_>) -> [Rect; 4] {
    let r = sheet.rect;
    let corner = |align: Align2, size: Vec2| align.align_size_within_rect(size, r);
    [
        corner(Align2::LEFT_TOP, vec2(90.0, 36.0)),
        corner(Align2::RIGHT_TOP, vec2(r.width() / 2.0 - 20.0, 20.0)),
        corner(Align2::LEFT_BOTTOM, vec2(120.0, 28.0)),
        corner(Align2::RIGHT_BOTTOM, vec2(120.0, 20.0)),
    ]
}

/// Whether what was drawn on an image is at the same coordinates in this pane's series.
fn lies_in(sheet: &Sheet<'_>, image: &ImageKey) -> bool {
    let of = sheet.document().images.get(image).and_then(|i| i.frame_of_reference_uid.as_ref());
    *image == sheet.shown.key || of.is_some_and(|f| *f == sheet.shown.series.frame_of_reference_uid)
}

fn heights(sheet: &Sheet<'_>, h: &HeightPoints) {
    let color = Color32::from_rgb(160, 220, 90);
    for plate in [[h.sup_ant, h.sup_mid, h.sup_post], [h.inf_ant, h.inf_mid, h.inf_post]] {
        let p = plate.map(|p| sheet.screen(p));
        sheet.line(p[0], p[1], color);
        sheet.line(p[1], p[2], color);
        for q in p {
            sheet.painter.circle_filled(q, 2.2, color);
        }
    }
}

fn preview(app: &App, sheet: &Sheet<'_>, shape: &Preview) {
    let drawing = app.reading.as_ref().and_then(|r| app.desk.current(r.document()));
    let color = drawing.map_or(theme::ACCENT, |(_, l)| theme::lesion_color(l));
    match shape {
        Preview::Tip { at, radius_mm, erase } => {
            let color = if *erase { theme::ERROR } else { color };
            let (c, r) = (sheet.screen(*at), sheet.points(*radius_mm).max(1.5));
            sheet.painter.circle_stroke(c, r, Stroke::new(2.4, Color32::from_black_alpha(120)));
            sheet.painter.circle_stroke(c, r, Stroke::new(1.2, color));
        }
        Preview::Line { points, closed } => {
            let p: Vec<Pos2> = points.iter().map(|p| sheet.screen(*p)).collect();
            p.windows(2).for_each(|w| sheet.line(w[0], w[1], color));
            if let (true, [first, .., last]) = (*closed, p.as_slice()) {
                sheet.painter.line_segment([*last, *first], Stroke::new(1.0, color.gamma_multiply(0.5)));
            }
            for q in p.iter().take(60) {
                sheet.painter.circle_filled(*q, 1.8, color);
            }
        }
        Preview::Offer { at, text } => {
            let near = sheet.depth_mm(*at) < LABEL_DEPTH_MM;
            if near && sheet.rect.contains(sheet.screen(*at)) {
                let (p, color) = (sheet.screen(*at), theme::ACCENT.gamma_multiply(0.8));
                sheet.painter.circle_stroke(p, 6.0, Stroke::new(1.4, color));
                sheet.text(p + vec2(10.0, 0.0), Align2::LEFT_CENTER, text, 12.0, color);
            }
        }
        Preview::Handle { at } => {
            let p = sheet.screen(*at);
            sheet.painter.circle_filled(p, 3.5, theme::ACCENT);
            sheet.painter.circle_stroke(p, 3.5, Stroke::new(1.0, egui::Color32::BLACK));
        }
        Preview::Mark { at, text } => {
            let p = sheet.screen(*at);
            sheet.painter.circle_filled(p, 2.5, theme::ACCENT);
            sheet.text(p + vec2(9.0, -9.0), Align2::LEFT_BOTTOM, text, 13.0, theme::ACCENT);
        }
    }
}

/// Letters, scale bar, corner texts: what makes a picture readable without asking.
fn furniture(sheet: &Sheet<'_>, descriptions: bool) {
    let (r, sight) = (sheet.rect, sheet.sight);
    let frame = sight.pane.frame;
    let letters = |direction| match sheet.shown.is_located() {
        true => Some(orientation_letters(direction)),
        false => {
            let [right, down, _] = sheet.shown.geometry.directions();
            stored_letters(sheet.shown.series.stored_sides()?, [right, down], direction)
        }
    };
    for (at, anchor, direction) in [
        (pos2(r.left() + 6.0, r.center().y), Align2::LEFT_CENTER, -frame.right),
        (pos2(r.right() - 6.0, r.center().y), Align2::RIGHT_CENTER, frame.right),
        (pos2(r.center().x, r.top() + 5.0), Align2::CENTER_TOP, -frame.down),
        (pos2(r.center().x, r.bottom() - 5.0), Align2::CENTER_BOTTOM, frame.down),
    ]
    .into_iter()
    .filter_map(|(at, anchor, direction)| Some((at, anchor, letters(direction)?)))
    {
        // The lines of other planes end before a letter rather than run through it.
        let back = anchor.anchor_size(at, sheet.size_of(&direction, 14.0)).expand2(vec2(2.0, 0.0));
        sheet.painter.rect_filled(back, 2.0, Color32::from_black_alpha(190));
        sheet.text(at, anchor, &direction, 14.0, FURNITURE);
    }
    sheet.text(r.left_top() + vec2(7.0, 5.0), Align2::LEFT_TOP, &place_text(sheet), SMALL, FURNITURE);
    // The letter in the middle stays clear.
    let room = r.width() / 2.0 - 20.0;
    let series = if descriptions { sheet.shown.corner_text() } else { sheet.shown.series.modality.clone() };
    let series = fitted(sheet, &series, room);
    sheet.text(pos2(r.right() - 7.0, r.top() + 5.0), Align2::RIGHT_TOP, &series, SMALL, FURNITURE);
    let w = sheet.shown.window();
    let how = match &sheet.shown.voi {
        crate::volume::Voi::Lut(_) => "  table of the file",
        crate::volume::Voi::Window(w) if w.function == crate::volume::VoiFunction::Sigmoid => "  sigmoid",
        crate::volume::Voi::Window(_) => "",
    };
    let inverted = if sheet.shown.inverted { "  inverted" } else { "" };
    let window = format!("W {:.0}  L {:.0}{how}{inverted}", w.width, w.center);
    let raised = if r.width() < NARROW { 17.0 } else { 0.0 };
    sheet.text(pos2(r.right() - 7.0, r.bottom() - 5.0 - raised), Align2::RIGHT_BOTTOM, &window, SMALL, FURNITURE);
    ruler(sheet);
}

/// Where the picture lies: layer, position along the normal, slab.
fn place_text(sheet: &Sheet<'_>) -> String {
    let sight = sheet.sight;
    if !sheet.shown.is_located() {
        let (at, n) = sight.position(&sheet.shown.geometry);
        return format!("Projection  {at}/{n}");
    }
    let slab = match sight.slab_mm > 0.0 {
        true => format!("\n{} {:.1} mm", super::pane_strip::projection_word(sight.projection), sight.slab_mm),
        false => String::new(),
    };
    if sight.is_curved() {
        return format!("straightened along the levels{slab}");
    }
    let (at, n) = sight.position(&sheet.shown.geometry);
    let along = match sight.aim {
        Aim::Plane => {
            let name = ["x", "y", "z"][sight.plane() as usize];
            // The addition makes a negative zero one that is read without a sign.
            format!("{name} {:.1} mm", (sight.cursor.vec()[sight.plane() as usize] * 10.0).round() / 10.0 + 0.0)
        }
        _ => format!("{:+.1} mm", sight.cursor.vec().dot(sight.stack(&sheet.shown.geometry).normal)),
    };
    match (1..=n as i64).contains(&at) {
        true => format!("{at}/{n}\n{along}{slab}"),
        false => format!("outside the images\n{along}{slab}"),
    }
}

/// Text cut to a width, with a sign that it was.
fn fitted(sheet: &Sheet<'_>, text: &str, width: f32) -> String {
    let font = FontId::proportional(SMALL);
    let wide = |t: &str| sheet.painter.layout_no_wrap(t.to_owned(), font.clone(), FURNITURE).rect.width();
    if wide(text) <= width {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.len() > 1 && wide(&format!("{}…", letters.iter().collect::<String>())) > width {
        letters.pop();
    }
    format!("{}…", letters.into_iter().collect::<String>())
}

fn ruler(sheet: &Sheet<'_>) {
    let r = sheet.rect;
    let (scale, unit) = sheet.reading.length_scale(sheet.sight.shown);
    if unit != "mm" {
        let text = "pixels, no spacing known";
        return sheet.text(r.left_bottom() + vec2(9.0, -8.0), Align2::LEFT_BOTTOM, text, SMALL, theme::WARNING);
    }
    let bar = scale_bar(sheet.sight.pane.mm_per_point * scale, f64::from(r.width()));
    let (left, y) = (r.left() + 9.0, r.bottom() - 9.0);
    let right = left + bar.points as f32;
    sheet.line(pos2(left, y), pos2(right, y), FURNITURE);
    for x in [left, right] {
        sheet.line(pos2(x, y - 4.0), pos2(x, y), FURNITURE);
    }
    let text = if bar.length_mm >= 1.0 { format!("{:.0} mm", bar.length_mm) } else { format!("{} mm", bar.length_mm) };
    let text = format!("{text}{}", origin_text(sheet));
    sheet.text(pos2(left, y - 5.0), Align2::LEFT_BOTTOM, &text, SMALL, FURNITURE);
}

/// Of a projection: whose millimetres these are.
fn origin_text(sheet: &Sheet<'_>) -> String {
    if sheet.shown.is_located() {
        return String::new();
    }
    let drawn = sheet.document().images.get(&sheet.shown.key).and_then(|i| i.calibration);
    match drawn {
        Some(c) => format!(" by a length of {} mm drawn here", c.length_mm),
        None => format!(" {}", sheet.shown.series.spacing_origin.words()),
    }
}
