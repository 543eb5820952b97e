//! Steps on a whole lesion, and steps that are shown before they are kept.

use super::App;
use crate::segment::{BONE_SHARE, Ends, Tip, bone_levels};
use crate::session::{CommandId, Op, Over, Refinement, Target};
use crate::space::{DVec3, PatientPoint};
use crate::tool::Event as ToolEvent;

/// Pieces smaller than this are specks of noise rather than lesions, mm³.
const ISLAND_MM3: f64 = 20.0;
const SMOOTH_SIGMA_MM: f64 = 0.8;
const RESIZE_STEP_MM: f64 = 0.5;

impl App {
    /// Steps on the current lesion's or body's shape; false for other commands.
    pub(super) fn run_shape(&mut self, id: CommandId) -> bool {
        let action = match id {
            CommandId::Interpolate => return self.offer_interpolation(),
            CommandId::CopySlice => return self.copy_slice(1),
            CommandId::CopySliceBack => return self.copy_slice(-1),
            CommandId::MergeLesions => return self.merge_here(),
            CommandId::SplitLesion => return self.split_here(),
            CommandId::LockLesion => return self.lock(),
            CommandId::OutlineBody => return self.outline_body(),
            CommandId::EditBody => return self.edit_body(),
            CommandId::FillHoles => Refinement::FillHoles {},
            CommandId::RemoveIslands => Refinement::RemoveIslands { below_mm3: ISLAND_MM3 },
            CommandId::Smooth => Refinement::Smooth { sigma_mm: SMOOTH_SIGMA_MM },
            CommandId::Enlarge => Refinement::Resize { by_mm: RESIZE_STEP_MM },
            CommandId::Shrink => Refinement::Resize { by_mm: -RESIZE_STEP_MM },
            _ => return false,
        };
        let (Some((lesion, body)), Some(reading)) = (self.desk.target(), &self.reading) else { return true };
        let image = Some(reading.key.clone());
        self.perform(Op::Refine { lesion, body, action, image });
        true
    }

    /// The pane that keys mean, and the point meant in it: where the pointer is, else the crosshair.
    fn here(&self) -> Option<(usize, PatientPoint)> {
        let reading = self.reading.as_ref()?;
        Some(self.hovered.map_or((reading.viewer.active(), reading.cursor()), |h| (h.pane, h.at)))
    }

    /// Shows the layers between the drawn ones, in the plane of the pane under the pointer; asked again, with rounded ends
    /// or without.
    fn offer_interpolation(&mut self) -> bool {
        let (Some((lesion, body)), Some(reading)) = (self.desk.target(), &self.reading) else { return true };
        let pane = self.hovered.map_or(reading.viewer.active(), |h| h.pane);
        let plane = reading.viewer.sight(pane).plane();
        let image = Some(reading.key.clone());
        let offer = |ends| {
            let (lesion, image) = (lesion.clone(), image.clone());
            Op::Interpolate { lesion, body, plane, at_mm: None, ends, image }
        };
        let is_shown = self.desk.offer == Some(offer(Ends::AsDrawn));
        let op = offer(if is_shown { Ends::Rounded } else { Ends::AsDrawn });
        match crate::session::plan(&op, reading.document(), reading) {
            Ok(_) => {
                self.show_pending(Some(op.clone()));
                self.desk.offer = Some(op);
            }
            Err(why) => self.notices.say(why.to_string()),
        }
        true
    }

    /// Of the offered layers the one that is shown is kept; the others stay on offer. Rounded ends hang on the outermost
    /// drawn layer, which would then be another one.
    pub(super) fn accept_layer(&mut self) {
        if matches!(self.desk.offer, Some(Op::Interpolate { ends: Ends::Rounded, .. })) {
            return self.notices.say("Rounded ends are kept with all layers: Enter. K leaves them away");
        }
        let (Some(Op::Interpolate { lesion, body, plane, ends, image, .. }), Some((_, at))) =
            (self.desk.offer.clone(), self.here())
        else {
            return self.accept();
        };
        self.show_pending(None);
        self.perform(Op::Interpolate { lesion, body, plane, at_mm: Some(at), ends, image });
        self.show_pending(self.desk.offer.clone());
    }

    /// What this slice holds of the lesion, in the next one too, which is then shown.
    fn copy_slice(&mut self, by: i32) -> bool {
        let (Some((lesion, body)), Some((pane, at))) = (self.desk.target(), self.here()) else { return true };
        let Some(reading) = &self.reading else { return true };
        let plane = reading.viewer.sight(pane).plane();
        // Panes may count their slices against the grid's own order.
        let axis = reading.geometry.layer_axis(plane);
        let across = reading.viewer.sight(pane).directions_at(at)[2];
        let along = if reading.geometry.layer_normals()[axis].dot(across) < 0.0 { -by } else { by };
        let op = Op::CopySlice { lesion, body, plane, at_mm: at, by: along, image: Some(reading.key.clone()) };
        if self.perform(op) {
            self.scroll(pane, i64::from(by));
        }
        true
    }

    /// The lesion under the pointer becomes part of the current one.
    fn merge_here(&mut self) -> bool {
        let (Some(into), Some((_, at)), Some(reading)) = (self.desk.lesion.clone(), self.here(), &self.reading) else {
            return true;
        };
        let document = reading.document();
        let voxel = reading.geometry.voxel_from_patient(at).nearest(reading.geometry.size());
        let value = voxel.and_then(|v| document.masks.get(&reading.key).map(|m| m.get(v))).unwrap_or(0);
        let lesion = document.lesions.values().find(|l| l.label_value == value).map(|l| l.label.clone());
        match lesion {
            Some(lesion) if lesion != into => drop(self.perform(Op::MergeLesions { lesion, into })),
            _ => self.notices.say(format!("Put the pointer on the lesion that shall become part of {into}")),
        }
        true
    }

    /// The current lesion's piece under the pointer becomes a lesion of its own, which is then current.
    fn split_here(&mut self) -> bool {
        let (Some(lesion), Some((_, at_mm)), Some(reading)) = (self.desk.lesion.clone(), self.here(), &self.reading)
        else {
            return true;
        };
        let document = reading.document();
        let level = document.nearest_vertebra(at_mm).map_or_else(|| "lesion".to_owned(), |(l, _)| l.to_string());
        let free = |label: &String| document.lesion_by_label(label).is_none();
        let new = (1..).map(|n| format!("{level}-{n}")).find(free).unwrap_or_default();
        let image = Some(reading.key.clone());
        if self.perform(Op::SplitLesion { lesion, at_mm, new: new.clone(), image }) {
            self.desk.lesion = Some(new);
        }
        true
    }

    /// Locks or unlocks the current lesion.
    fn lock(&mut self) -> bool {
        let current = self.reading.as_ref().and_then(|r| self.desk.current(r.document()));
        let Some((label, locked)) = current.map(|(_, l)| (l.label.clone(), l.locked)) else { return true };
        let target = Target::Lesion(label);
        self.perform(Op::Set { target, field: "locked".to_owned(), value: (!locked).into() });
        true
    }

    /// Outlines the body at the crosshair.
    fn outline_body(&mut self) -> bool {
        let (Some(level), Some(reading)) = (self.current_level(), &self.reading) else { return true };
        let image = Some(reading.key.clone());
        if self.perform(Op::OutlineBody { level, sides_mm: None, image }) {
            self.notices.say(format!("The body of {level} is outlined; Shift+B lets brush and contour change it"));
        }
        true
    }

    /// Brush and contour draw the outline of the body at the crosshair, or the lesion again.
    fn edit_body(&mut self) -> bool {
        let level = self.current_level();
        self.desk.body = if self.desk.body == level { None } else { level };
        self.notices.say(match self.desk.body {
            Some(level) => format!("Brush and contour now change the body of {level}; Shift+B goes back to the lesion"),
            None => "Brush and contour draw the lesion".to_owned(),
        });
        true
    }

    /// The next choice of what painting may take.
    pub(super) fn cycle_over(&mut self) {
        let over = &mut self.desk.settings.over;
        *over = match over {
            Over::Free => Over::All,
            Over::All => Over::InsideBody,
            Over::InsideBody => Over::OutsideBody,
            Over::OutsideBody | Over::From(_) => Over::Free,
        };
        let words = over_words(over);
        self.notices.say(format!("Painting {words}"));
    }

    /// The value range from the bone about the pointer: what is darker than bone there, down to fat.
    pub(super) fn bone_range(&mut self) {
        const FAT_HU: f64 = -120.0;
        let Some((_, at)) = self.here() else { return };
        let Some(reading) = &self.reading else { return };
        let Some(volume) = &reading.volume else { return };
        if reading.units() != "HU" {
            return self
                .notices
                .say("Bone has a level of its own on CT only; S takes the range from under the pointer");
        }
        let Some([lesion, bone]) = bone_levels(volume, at) else {
            return self.notices.say("There is no bone around the pointer");
        };
        self.desk.range = [FAT_HU, (lesion + BONE_SHARE * (bone - lesion)).round()];
        self.desk.settings.range = Some(self.desk.range);
        let [low, high] = self.desk.range;
        self.notices.say(format!("Painting values from {low:.0} to {high:.0} HU: bone here has about {bone:.0}"));
    }

    /// Enter: what is offered is kept, else the tool finishes what it does.
    pub(super) fn accept(&mut self) {
        if let Some(op) = self.desk.offer.take() {
            self.show_pending(None);
            self.perform(op);
            return;
        }
        let next = self.desk.next_level;
        self.tool_event(ToolEvent::Accept);
        // A suggestion was taken: the reader sees at once where it came to lie.
        if let Some(level) = next.filter(|_| self.desk.next_level != next)
            && let Some(at) = self.document().vertebrae.get(&level).and_then(|v| v.at_mm)
        {
            self.go_to(at);
        }
    }

    /// What was offered and not kept goes.
    pub(super) fn withdraw_offer(&mut self) {
        if self.desk.offer.take().is_some() {
            self.show_pending(None);
        }
    }

    /// The value range from what lies under the brush's tip: mean ± 2 standard deviations, in the image's units.
    pub(super) fn sample_range(&mut self) {
        let Some(reading) = &self.reading else { return };
        let Some(volume) = &reading.volume else { return };
        let (pane, at) = self.hovered.map_or((reading.viewer.active(), reading.cursor()), |h| (h.pane, h.at));
        let [right, down, across] = reading.viewer.sight(pane).directions_at(at);
        let r = self.desk.settings.radius_mm;
        const N: i32 = 12;
        let steps = || (-N..=N).map(|n| f64::from(n) / f64::from(N));
        let depths: Vec<f64> = if self.desk.settings.tip == Tip::Sphere { steps().collect() } else { vec![0.0] };
        let mut values = Vec::new();
        for d in depths {
            for (u, v) in
                steps().flat_map(|u| steps().map(move |v| (u, v))).filter(|(u, v)| u * u + v * v + d * d <= 1.0)
            {
                let offset: DVec3 = (right * u + down * v + across * d) * r;
                let voxel = reading.geometry.voxel_from_patient(at.moved(offset)).nearest(volume.size());
                values.extend(voxel.map(|i| volume.value(i)));
            }
        }
        let Some((mean, sd)) = mean_and_sd(&values) else {
            return self.notices.say("There is no image under the brush");
        };
        let half = (2.0 * sd).max(1.0);
        self.desk.range = [(mean - half).round(), (mean + half).round()];
        self.desk.settings.range = Some(self.desk.range);
        let [low, high] = self.desk.range;
        self.notices.say(format!("Painting values from {low:.0} to {high:.0} {}", reading.units()));
    }
}

/// What painting may take, after the word "painting".
pub fn over_words(over: &Over) -> String {
    match over {
        Over::Free => "not over other lesions".to_owned(),
        Over::All => "over other lesions too".to_owned(),
        Over::From(other) => format!("only inside {other}, whose voxels change hands"),
        Over::InsideBody => "only inside outlined bodies".to_owned(),
        Over::OutsideBody => "only outside outlined bodies".to_owned(),
    }
}

/// Mean and standard deviation (of the sample, n − 1); `None` for fewer than two values.
fn mean_and_sd(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    (n >= 2.0).then(|| {
        let mean = values.iter().sum::<f64>() / n;
        let sum = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        (mean, (sum / (n - 1.0)).sqrt())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_of_a_sample() {
        assert_eq!(mean_and_sd(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).map(|(m, _)| m), Some(5.0));
        let sd = mean_and_sd(&[1.0, 3.0]).map(|(_, s)| s);
        assert!(sd.is_some_and(|s| (s - 2f64.sqrt()).abs() < 1e-12));
        assert_eq!(mean_and_sd(&[1.0]), None);
    }
}
