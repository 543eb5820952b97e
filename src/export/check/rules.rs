//! What no schema can say of a case: identities that must agree, figures that must fit each other.

use super::Checked;
use super::shape::shown;
use crate::anatomy::VertebraLevel;
use crate::assess::{Category, Sins};
use crate::export::case::{
    AnnotationSet, CaseFile, Contour, ImageRecord, LesionGeometry, LesionMeasurements, LesionRecord, VertebraRecord,
};
use std::collections::{BTreeMap, BTreeSet};

/// Checks the rules.
pub fn check(case: &CaseFile, out: &mut Checked) {
    let mut images = BTreeMap::new();
    for (n, image) in case.images.iter().enumerate() {
        let at = format!("/images/{n}");
        if images.insert(image.id.0.as_str(), image).is_some() {
            out.add(format!("{at}/id"), "stands twice");
        }
        check_image(image, &at, out);
    }
    let readers: BTreeSet<_> = case.readers.iter().map(|r| r.id.as_str()).collect();
    if case.annotation_sets.is_empty() {
        out.add("/annotation_sets", "is empty; a case has one set for each reader");
    }
    let mut values: BTreeMap<&str, (String, BTreeSet<u16>)> = BTreeMap::new();
    for (n, set) in case.annotation_sets.iter().enumerate() {
        let at = format!("/annotation_sets/{n}");
        if !readers.contains(set.reader.as_str()) {
            out.add(format!("{at}/reader"), format!("\"{}\" is not among /readers", shown(&set.reader)));
        }
        for (i, id) in set.images.iter().enumerate().filter(|(_, id)| !images.contains_key(id.0.as_str())) {
            out.add(format!("{at}/images/{i}"), format!("\"{}\" is not among /images", shown(&id.0)));
        }
        let before = values.entry(set.reader.as_str()).or_insert_with(|| (at.clone(), BTreeSet::new()));
        let mut rules =
            SetRules { images: &images, ids: BTreeSet::new(), labels: BTreeSet::new(), values: BTreeSet::new(), out };
        rules.check(set, &at);
        before.1.append(&mut rules.values);
    }
    // A reader's timepoints share one count: a lesion keeps its value.
    for (at, values) in values.into_values() {
        let n = values.len() as u16;
        if values.iter().copied().ne(1..=n) {
            let values: Vec<String> = values.iter().take(20).map(u16::to_string).collect();
            out.add(at, format!("label values are {}; expected 1 to {n} without holes", values.join(", ")));
        }
    }
}

/// PS3.5 9.1: digits and dots, at most 64 characters. Leading zeros are not allowed there but occur, and harm nobody.
fn is_uid(text: &str) -> bool {
    text.len() <= 64 && text.split('.').all(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()))
}

fn check_uid(text: &str, pointer: String, out: &mut Checked) {
    if !is_uid(text) {
        out.add(pointer, format!("\"{}\" is not a DICOM UID (digits and dots, at most 64)", shown(text)));
    }
}

fn check_image(image: &ImageRecord, at: &str, out: &mut Checked) {
    check_uid(&image.study_instance_uid, format!("{at}/study_instance_uid"), out);
    check_uid(&image.series_instance_uid, format!("{at}/series_instance_uid"), out);
    check_uid(&image.sop_class_uid, format!("{at}/sop_class_uid"), out);
    if let Some(uid) = &image.frame_of_reference_uid {
        check_uid(uid, format!("{at}/frame_of_reference_uid"), out);
    }
    let named_after = |uid: &str| image.id.0 == uid || image.id.0.starts_with(&format!("{uid}#"));
    if !named_after(&image.series_instance_uid) {
        out.add(format!("{at}/id"), "does not begin with its series_instance_uid");
    }
    for (n, slice) in image.instances.iter().enumerate() {
        check_uid(&slice.sop_instance_uid, format!("{at}/instances/{n}/sop_instance_uid"), out);
    }
    if image.instances.len() as u64 != image.grid.size[2] {
        let (instances, slices) = (image.instances.len(), image.grid.size[2]);
        out.add(format!("{at}/instances"), format!("{instances} instances for {slices} slices"));
    }
    let grid = &image.grid;
    for (n, d) in grid.direction.iter().enumerate() {
        let length = d.iter().map(|c| c * c).sum::<f64>().sqrt();
        if (length - 1.0).abs() > 1e-4 {
            out.add(format!("{at}/grid/direction/{n}"), format!("has length {length}; expected a unit vector"));
        }
    }
    for (n, s) in grid.spacing_mm.iter().enumerate().filter(|(_, s)| **s <= 0.0) {
        out.add(format!("{at}/grid/spacing_mm/{n}"), format!("is {s}; a spacing is above 0"));
    }
    if grid.slice_origins_mm.as_ref().is_some_and(|o| o.len() as u64 != grid.size[2]) {
        out.add(format!("{at}/grid/slice_origins_mm"), format!("is not one point for each of {} slices", grid.size[2]));
    }
}

/// The rules within one annotation set.
struct SetRules<'a> {
    images: &'a BTreeMap<&'a str, &'a ImageRecord>,
    ids: BTreeSet<String>,
    labels: BTreeSet<String>,
    values: BTreeSet<u16>,
    out: &'a mut Checked,
}

impl SetRules<'_> {
    fn check(&mut self, set: &AnnotationSet, at: &str) {
        let mut last: Option<VertebraLevel> = None;
        for (n, v) in set.vertebrae.iter().enumerate() {
            let at = format!("{at}/vertebrae/{n}");
            match last {
                Some(l) if l == v.level => self.out.add(format!("{at}/level"), format!("{} stands twice", v.level)),
                Some(l) if l > v.level => {
                    self.out.add(format!("{at}/level"), format!("{} after {l}; levels run from head to feet", v.level));
                }
                _ => {}
            }
            last = Some(v.level);
            self.vertebra(v, &at);
            for (n, l) in v.lesions.iter().enumerate() {
                self.lesion(v.level, l, &format!("{at}/lesions/{n}"));
            }
        }
        for (n, m) in set.measurements.iter().enumerate() {
            if !self.images.contains_key(m.image.0.as_str()) {
                let message = format!("\"{}\" is not among /images", shown(&m.image.0));
                self.out.add(format!("{at}/measurements/{n}/image"), message);
            }
            if !self.ids.insert(m.id.to_string()) {
                self.out.add(format!("{at}/measurements/{n}/id"), "stands twice");
            }
        }
    }

    fn vertebra(&mut self, v: &VertebraRecord, at: &str) {
        let codes = v.level.codes();
        if v.code.as_ref().map(|c| c.value.clone()) != codes.sct.map(|c| c.to_string()) {
            self.out.add(format!("{at}/code"), format!("is not the SNOMED CT code of {}", v.level));
        }
        if v.verse_id != codes.verse_id {
            self.out.add(format!("{at}/verse_id"), format!("is not the VerSe id of {}", v.level));
        }
        if let Some(m) = &v.morphometry.landmarks_lps_mm {
            let h = crate::assess::heights(m);
            for (name, told, is) in [
                ("ha_mm", v.morphometry.ha_mm, h.ha_mm),
                ("hm_mm", v.morphometry.hm_mm, h.hm_mm),
                ("hp_mm", v.morphometry.hp_mm, h.hp_mm),
            ] {
                if told.is_none_or(|told| (told - is).abs() > 1e-3) {
                    self.out
                        .add(format!("{at}/morphometry/{name}"), format!("is not the {is:.3} mm between its points"));
                }
            }
        }
        for (name, answer, table) in [
            ("sins_pain", v.sins_pain, [0, 1, 3].as_slice()),
            ("sins_alignment", v.sins_alignment, &[0, 2, 4]),
            ("sins_posterolateral", v.sins_posterolateral, &[0, 1, 3]),
            ("sins_collapse", v.sins_collapse, &[0, 1, 2, 3]),
        ] {
            if let Some(points) = answer.filter(|p| !table.contains(p)) {
                self.out.add(format!("{at}/{name}"), format!("is {points}; expected one of {table:?}"));
            }
        }
        if let Some(sins) = &v.sins {
            self.sins(sins, &format!("{at}/sins"));
        }
    }

    fn sins(&mut self, sins: &Sins, at: &str) {
        for (name, c) in sins.components.each() {
            let settled = c.points.is_none() || c.possible == [c.points.unwrap_or_default()];
            if c.possible.is_empty() || c.possible.iter().any(|p| *p > 4) || !settled {
                self.out.add(format!("{at}/components/{name}"), "its points and possible points do not agree");
                return;
            }
        }
        let again = Sins::of(sins.components.clone());
        if again != *sins {
            let category = again.category.map(|c| match c {
                Category::Stable => "stable",
                Category::PotentiallyUnstable => "potentially unstable",
                Category::Unstable => "unstable",
            });
            let (min, max) = (again.total_min, again.total_max);
            let message = format!("its parts add up to {min} to {max} ({})", category.unwrap_or("category open"));
            self.out.add(at, message);
        }
    }

    fn lesion(&mut self, level: VertebraLevel, l: &LesionRecord, at: &str) {
        if !self.ids.insert(l.id.to_string()) {
            self.out.add(format!("{at}/id"), format!("{} stands twice", l.id));
        }
        if !self.labels.insert(l.label.clone()) {
            self.out.add(format!("{at}/label"), format!("\"{}\" stands twice", shown(&l.label)));
        }
        if !self.values.insert(l.label_value) {
            self.out.add(format!("{at}/label_value"), format!("{} stands twice", l.label_value));
        }
        if l.tracking_uid != format!("2.25.{}", l.id.as_u128()) {
            self.out.add(format!("{at}/tracking_uid"), "is not the lesion's id as a UID");
        }
        if l.vertebra != level {
            self.out.add(format!("{at}/vertebra"), format!("is {}, but the lesion stands under {level}", l.vertebra));
        }
        if l.also_in.contains(&level) {
            self.out.add(format!("{at}/also_in"), format!("names {level}, under which the lesion stands"));
        }
        self.place(&l.measurements, &l.geometry, at);
        for (n, other) in l.on_other_images.iter().enumerate() {
            self.place(&other.measurements, &other.geometry, &format!("{at}/on_other_images/{n}"));
        }
    }

    fn place(&mut self, m: &LesionMeasurements, g: &LesionGeometry, at: &str) {
        let image = match &g.image {
            None => {
                if g.mask.is_some() || !g.contours.is_empty() || m.voxels != 0 {
                    self.out.add(format!("{at}/geometry/image"), "is null, though the lesion has voxels");
                }
                return;
            }
            Some(id) => match self.images.get(id.0.as_str()) {
                Some(image) => *image,
                None => {
                    let message = format!("\"{}\" is not among /images", shown(&id.0));
                    return self.out.add(format!("{at}/geometry/image"), message);
                }
            },
        };
        match g.mask.as_ref().map(|mask| mask.count_in(image.grid.size)) {
            Some(Err(why)) => self.out.add(format!("{at}/geometry/mask"), why),
            Some(Ok(n)) if n != m.voxels => {
                self.out.add(format!("{at}/measurements/voxels"), format!("is {}; the mask has {n}", m.voxels));
            }
            None if m.voxels != 0 => {
                self.out.add(format!("{at}/geometry/mask"), format!("is null, though there are {} voxels", m.voxels));
            }
            _ => {}
        }
        for (n, contour) in g.contours.iter().enumerate() {
            self.contour(contour, image, &format!("{at}/geometry/contours/{n}"));
        }
        self.figures(m, image, &format!("{at}/measurements"));
    }

    fn contour(&mut self, contour: &Contour, image: &ImageRecord, at: &str) {
        let slice = usize::try_from(contour.slice).ok().and_then(|k| image.instances.get(k));
        let fits = slice.is_some_and(|s| s.sop_instance_uid == contour.sop_instance_uid && s.frame == contour.frame);
        if !fits {
            self.out.add(format!("{at}/sop_instance_uid"), format!("is not slice {} of its series", contour.slice));
        }
        if contour.points_lps_mm.len() < 3 {
            self.out.add(format!("{at}/points_lps_mm"), "has fewer than three points");
        }
    }

    fn figures(&mut self, m: &LesionMeasurements, image: &ImageRecord, at: &str) {
        if image.grid.slice_origins_mm.is_none() {
            let steps: [[f64; 3]; 3] =
                std::array::from_fn(|a| image.grid.direction[a].map(|c| c * image.grid.spacing_mm[a]));
            let [a, b, c] = steps;
            let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
            let voxel = (cross[0] * c[0] + cross[1] * c[1] + cross[2] * c[2]).abs();
            let volume = voxel * m.voxels as f64;
            if (volume - m.volume_mm3).abs() > 1e-6 * volume.max(1.0) {
                let message = format!("is {}; {} voxels have {volume:.6} mm³", m.volume_mm3, m.voxels);
                self.out.add(format!("{at}/volume_mm3"), message);
            }
        }
        let ascending = [m.min, m.p5, m.p50, m.p95, m.max];
        let known: Vec<f64> = ascending.into_iter().flatten().collect();
        if known.windows(2).any(|w| w[0] > w[1]) {
            self.out.add(at, "min, p5, p50, p95, max do not ascend");
        }
        if let (Some(min), Some(mean), Some(max)) = (m.min, m.mean, m.max) {
            let slack = 1e-5 * (1.0 + max.abs().max(min.abs()));
            if mean < min - slack || mean > max + slack {
                self.out.add(format!("{at}/mean"), format!("is {mean}, outside of {min} to {max}"));
            }
        }
        if m.sd.is_some_and(|sd| sd < 0.0) {
            self.out.add(format!("{at}/sd"), "is negative");
        }
        if m.long_axis_mm.zip(m.short_axis_mm).is_some_and(|(long, short)| short < 0.0 || short > long + 1e-5) {
            self.out.add(format!("{at}/short_axis_mm"), "is negative or longer than the long axis");
        }
    }
}
