//! Timepoints of a case: which studies belong to one, how far it lies from the first, and what is said of the levels then.
//!
//! What a reader says without naming a timepoint is of the first one. A later timepoint has vertebrae of its own: their
//! centres lie in the frame of its own images, and a body that was destroyed then is replaced now. Bones keep their names.

use super::{Document, ImageIdentity, Vertebra};
use crate::anatomy::VertebraLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A timepoint's handle in scripts and files: `preop`, `fu12m`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TimepointKey(pub String);

/// One timepoint. No dates: distances from the first one, which do not identify the patient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Timepoint {
    /// What it is, in words: `before surgery`.
    pub label: Option<String>,
    /// It is the one that statements without a timepoint are of.
    pub first: bool,
    /// Days after the first timepoint; negative before it.
    pub relative_days: Option<i32>,
    /// Months after the first timepoint, where days are not known.
    pub relative_months: Option<f64>,
    /// StudyInstanceUID (0020,000D) of the studies that belong to it.
    pub studies: Vec<String>,
    /// How the patient was then, in words.
    pub outcome: Option<String>,
}

/// What is said of the levels at a later timepoint.
pub type Followup = BTreeMap<VertebraLevel, Vertebra>;

impl Document {
    /// The later timepoint that an image belongs to; `None` for the first one.
    pub fn later_timepoint_of(&self, image: &ImageIdentity) -> Option<&TimepointKey> {
        self.later_timepoint_of_study(&image.study_instance_uid)
    }

    /// The later timepoint that a study belongs to; `None` for the first one.
    pub fn later_timepoint_of_study(&self, study: &str) -> Option<&TimepointKey> {
        let holds = |t: &&Timepoint| !t.first && t.studies.iter().any(|s| s == study);
        self.timepoints.iter().find(|(_, t)| holds(t)).map(|(key, _)| key)
    }

    /// Timepoints in their order: the first, then by days, months and handle; `None` is the first where it has no record.
    pub fn timepoints_in_order(&self) -> Vec<Option<TimepointKey>> {
        let first = self.timepoints.iter().find(|(_, t)| t.first).map(|(key, _)| key.clone());
        let days = |t: &Timepoint| {
            let months = t.relative_months.map(|m| m * 30.437); // mean month of the Gregorian calendar, days
            t.relative_days.map(f64::from).or(months).unwrap_or(f64::MAX)
        };
        let mut later: Vec<_> = self.timepoints.iter().filter(|(_, t)| !t.first).collect();
        later.sort_by(|a, b| days(a.1).total_cmp(&days(b.1)).then_with(|| a.0.cmp(b.0)));
        std::iter::once(first).chain(later.into_iter().map(|(key, _)| Some(key.clone()))).collect()
    }

    /// Whether a handle names a later timepoint: one that has levels of its own.
    pub fn is_later(&self, timepoint: &TimepointKey) -> bool {
        self.timepoints.get(timepoint).is_some_and(|t| !t.first)
    }

    /// Everything that is said, with the levels of one timepoint in the place of the first one's.
    #[must_use]
    pub fn with_levels_of(&self, timepoint: &TimepointKey) -> Document {
        let mut view = self.clone();
        if self.is_later(timepoint) {
            view.vertebrae = self.followups.get(timepoint).cloned().unwrap_or_default();
        }
        view
    }

    /// The case as it stands at one timepoint: its levels, its images, and the lesions that are seen on them. Lesions
    /// without voxels are of the first timepoint. Where the case has no later timepoint this is the document itself.
    pub fn as_of(&self, timepoint: Option<&TimepointKey>) -> Document {
        let later = timepoint.filter(|t| self.is_later(t));
        if self.timepoints.values().all(|t| t.first) {
            return self.clone();
        }
        let mut view = self.clone();
        if let Some(key) = later {
            view.vertebrae = self.followups.get(key).cloned().unwrap_or_default();
        }
        view.images.retain(|_, image| self.later_timepoint_of(image) == later);
        view.masks.retain(|key, _| view.images.contains_key(key));
        view.bodies.retain(|key, _| view.images.contains_key(key));
        view.measurements.retain(|_, m| view.images.contains_key(&m.image));
        let seen = |value: u16, masks: &BTreeMap<_, super::LabelMap>| {
            masks.values().any(|m: &super::LabelMap| m.painted().any(|(_, l)| l == value))
        };
        view.lesions.retain(|_, l| {
            let here = seen(l.label_value, &view.masks);
            here || (later.is_none() && !seen(l.label_value, &self.masks))
        });
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ImageKey, Lesion, LesionKind, Run};
    use uuid::Uuid;

    fn key(text: &str) -> TimepointKey {
        TimepointKey(text.to_owned())
    }

    /// CT of study 1, radiograph-like series of study 2 twelve months later, a lesion on each and one without voxels.
    fn case() -> Document {
        let (mut doc, ct) = crate::document::test_documents::with_grid([4, 4, 4]);
        let mut second = doc.images[&ct].clone();
        second.study_instance_uid = "2.2".to_owned();
        let later = ImageKey("2.2.1".to_owned());
        doc.images.insert(later.clone(), second);
        for (n, (name, label)) in [("before", 1), ("after", 2), ("nowhere", 3)].into_iter().enumerate() {
            let lesion = Lesion::new(name.to_owned(), label, VertebraLevel::C6, LesionKind::Lytic);
            doc.lesions.insert(Uuid::from_u128(n as u128), lesion);
        }
        for (image, label) in [(ct, 1), (later, 2)] {
            let runs = vec![Run { start: 3, length: 2, label }];
            doc.apply(crate::document::Edit::Mask { image, layer: crate::document::Layer::Lesions, runs })
                .expect("known");
        }
        doc.timepoints.insert(key("preop"), Timepoint { first: true, ..Timepoint::default() });
        let fu = Timepoint { relative_months: Some(12.0), studies: vec!["2.2".to_owned()], ..Timepoint::default() };
        doc.timepoints.insert(key("fu12m"), fu);
        let sooner = Timepoint { relative_days: Some(30), ..Timepoint::default() };
        doc.timepoints.insert(key("later"), sooner);
        doc.vertebrae.insert(VertebraLevel::C6, Vertebra::default());
        doc
    }

    #[test]
    fn each_timepoint_has_its_levels_images_and_lesions() {
        let doc = case();
        let order: Vec<_> = doc.timepoints_in_order().into_iter().flatten().map(|t| t.0).collect();
        assert_eq!(order, ["preop", "later", "fu12m"]);
        let names = |view: &Document| view.lesions.values().map(|l| l.label.clone()).collect::<Vec<_>>();
        for first in [None, Some(key("preop"))] {
            let view = doc.as_of(first.as_ref());
            assert_eq!(
                (names(&view), view.vertebrae.len(), view.images.len()),
                (vec!["before".into(), "nowhere".into()], 1, 1)
            );
        }
        let view = doc.as_of(Some(&key("fu12m")));
        assert_eq!((names(&view), view.vertebrae.len(), view.images.len()), (vec!["after".into()], 0, 1));
        assert_eq!(Document::default().as_of(None), Document::default());
    }
}
