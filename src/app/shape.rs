//! Steps on a whole lesion, and steps that are shown before they are kept.

use super::App;
use crate::segment::Tip;
use crate::session::{CommandId, Op, Refinement};
use crate::space::DVec3;
use crate::tool::Event as ToolEvent;

/// Pieces smaller than this are specks of noise rather than lesions, mm³.
const ISLAND_MM3: f64 = 20.0;
const SMOOTH_SIGMA_MM: f64 = 0.8;
const RESIZE_STEP_MM: f64 = 0.5;

impl App {
    /// Steps on the current lesion's shape; false for other commands.
    pub(super) fn run_shape(&mut self, id: CommandId) -> bool {
        let action = match id {
            CommandId::Interpolate => {
                self.offer_interpolation();
                return true;
            }
            CommandId::FillHoles => Refinement::FillHoles {},
            CommandId::RemoveIslands => Refinement::RemoveIslands { below_mm3: ISLAND_MM3 },
            CommandId::Smooth => Refinement::Smooth { sigma_mm: SMOOTH_SIGMA_MM },
            CommandId::Enlarge => Refinement::Resize { by_mm: RESIZE_STEP_MM },
            CommandId::Shrink => Refinement::Resize { by_mm: -RESIZE_STEP_MM },
            _ => return false,
        };
        let (Some(lesion), Some(reading)) = (self.desk.lesion.clone(), &self.reading) else { return true };
        let image = Some(reading.key.clone());
        self.perform(Op::Refine { lesion, action, image });
        true
    }

    /// Shows the layers between the drawn ones, in the plane of the pane under the pointer.
    fn offer_interpolation(&mut self) {
        let (Some(lesion), Some(reading)) = (self.desk.lesion.clone(), &self.reading) else { return };
        let pane = self.hovered.map_or(reading.viewer.active(), |h| h.pane);
        let plane = reading.viewer.sight(pane).plane();
        let op = Op::Interpolate { lesion, plane, image: Some(reading.key.clone()) };
        match crate::session::plan(&op, reading.document(), reading) {
            Ok(_) => {
                self.show_pending(Some(op.clone()));
                self.desk.offer = Some(op);
            }
            Err(why) => self.notices.say(why.to_string()),
        }
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
