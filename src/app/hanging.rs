//! Hanging rules: which series of what was opened stand in which panes. The first rule that finds a series for each of
//! its panes is taken; without one, the most useful series opens in the layout used last.

use super::App;
use crate::space::Plane;
use crate::study::{Orientation, Series};
use crate::view::Layout;
use crate::volume::{CT_PRESETS, Preset, Window};
use serde::Deserialize;
use std::sync::Arc;

/// One rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hanging {
    /// A layout's word: `1`, `1+2`, `2x2`, `2-series`, `3-series`, `4-series`.
    layout: String,
    /// What is looked for, a pane each; of a layout of one series, the first.
    pane: Vec<PaneRule>,
}

/// What one pane is for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaneRule {
    /// Modality (0008,0060).
    modality: Option<String>,
    /// Of the acquired slices: `axial`, `sagittal`, `coronal`, `oblique`.
    orientation: Option<Orientation>,
    /// A pattern for SeriesDescription (0008,103E); `*` stands for anything.
    description: Option<String>,
    /// Of an earlier study than the newest, by StudyDate (0008,0020); `false`: of the newest.
    prior: Option<bool>,
    /// How it is looked at: `axial`, `sagittal`, `coronal`, `acquired`.
    plane: Option<PlaneWord>,
    /// A preset's name or `[width, center]`.
    window: Option<WindowRule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PlaneWord {
    Axial,
    Sagittal,
    Coronal,
    Acquired,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum WindowRule {
    Preset(String),
    Numbers([f64; 2]),
}

impl WindowRule {
    fn window(&self) -> Option<Window> {
        match self {
            WindowRule::Preset(key) => Preset::of_key(key).map(Preset::window),
            WindowRule::Numbers([width, center]) => (*width >= 1.0).then(|| Window::linear(*width, *center)),
        }
    }
}

impl Hanging {
    /// Says what makes no sense in it.
    pub fn checked(self) -> Result<Hanging, String> {
        let layout = self.layout().ok_or_else(|| {
            let words: Vec<&str> = Layout::ALL.iter().map(|l| l.word()).collect();
            format!("layout \"{}\" is not one of {}", self.layout, words.join(", "))
        })?;
        let wanted = if layout.compares() { layout.panes() } else { 1 };
        if self.pane.len() != wanted {
            return Err(format!("layout {} shows {wanted} series; the rule has {}", layout.word(), self.pane.len()));
        }
        match self.pane.iter().find_map(|p| p.window.as_ref().filter(|w| w.window().is_none())) {
            Some(w) => {
                let names: Vec<&str> = CT_PRESETS.iter().map(|p| p.key).collect();
                Err(format!("window {w:?} is neither [width, center] nor one of {}", names.join(", ")))
            }
            None => Ok(self),
        }
    }

    fn layout(&self) -> Option<Layout> {
        Layout::of_word(&self.layout)
    }

    /// A series for each pane, each another one; `None` where one is missing.
    fn series(&self, all: &[Arc<Series>]) -> Option<Vec<usize>> {
        let newest = all.iter().map(|s| s.study_date.as_str()).max().unwrap_or_default();
        let mut taken: Vec<usize> = vec![];
        for rule in &self.pane {
            let fits = |n: &usize| !taken.contains(n) && rule.fits(&all[*n], newest);
            let best = (0..all.len()).filter(fits).max_by_key(|n| (all[*n].frames.len(), usize::MAX - n))?;
            taken.push(best);
        }
        Some(taken)
    }
}

impl PaneRule {
    fn fits(&self, s: &Series, newest: &str) -> bool {
        let earlier = !s.study_date.is_empty() && s.study_date.as_str() < newest;
        self.modality.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(&s.modality))
            && self.orientation.is_none_or(|o| s.orientation() == Some(o))
            && self.description.as_ref().is_none_or(|p| matches(p, &s.description))
            && self.prior.is_none_or(|prior| prior == earlier)
    }
}

/// Whether a text is what a pattern says, upper and lower case alike; `*` stands for anything.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last) && (!middle.is_empty() || parts.len() > 1)
}

impl App {
    /// Hangs up what was scanned by the first rule that fits; false where none does.
    pub(super) fn hang(&mut self) -> bool {
        let all = self.library.series().to_vec();
        let found = self.settings.hanging.iter().find_map(|rule| Some((rule.clone(), rule.series(&all)?)));
        let Some((rule, series)) = found else { return false };
        let (Some(layout), Some(first)) = (rule.layout(), series.first()) else { return false };
        let remembered = self.layout;
        self.open_series(*first, false);
        self.show_layout(layout, &series);
        self.layout = remembered;
        for (index, pane_rule) in series.iter().zip(&rule.pane) {
            let Some(reading) = &mut self.reading else { return true };
            let Some(number) = reading.number_of(*index) else { continue };
            let window = pane_rule.window.as_ref().and_then(WindowRule::window);
            if let (Some(shown), Some(window)) = (reading.shown_mut(number), window) {
                shown.set_window(window);
            }
            let pane = (0..reading.viewer.sights().len()).find(|n| reading.viewer.sight(*n).shown == number);
            match (pane, pane_rule.plane) {
                (Some(pane), Some(PlaneWord::Axial)) => self.aim_pane(pane, Plane::Axial),
                (Some(pane), Some(PlaneWord::Sagittal)) => self.aim_pane(pane, Plane::Sagittal),
                (Some(pane), Some(PlaneWord::Coronal)) => self.aim_pane(pane, Plane::Coronal),
                (Some(pane), Some(PlaneWord::Acquired)) => self.aim_native(pane),
                _ => {}
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_people_write_them() {
        for (pattern, text, fits) in [
            ("t2*", "T2 TSE sag", true),
            ("*stir*", "sag STIR 3mm", true),
            ("*sag", "t1 sag", true),
            ("*sag", "sag t1", false),
            ("t2 tse", "T2 TSE", true),
            ("t2 tse", "T2 TSE sag", false),
            ("*", "", true),
            ("t*t*sag", "t sag", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} on {text}");
        }
    }
}
