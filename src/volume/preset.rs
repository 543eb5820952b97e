//! Windows with names: the CT presets, the full range, and the automatic window.

use super::{Distribution, Volume, Window};

/// A named window, in HU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// The word on the command line.
    pub key: &'static str,
    /// The words on the screen.
    pub name: &'static str,
    /// Window width, HU.
    pub width: f64,
    /// Window center, HU.
    pub center: f64,
}

impl Preset {
    /// The preset as a LINEAR window.
    pub fn window(&self) -> Window {
        Window { explanation: Some(self.name.to_owned()), ..Window::linear(self.width, self.center) }
    }

    /// The preset of that key.
    pub fn of_key(key: &str) -> Option<&'static Preset> {
        CT_PRESETS.iter().find(|p| p.key == key)
    }
}

/// The CT presets, in the order of the number keys.
pub const CT_PRESETS: [Preset; 6] = [
    Preset { key: "spine-bone", name: "Spine bone", width: 1800.0, center: 400.0 },
    Preset { key: "hard-bone", name: "Hard bone", width: 1200.0, center: 400.0 },
    Preset { key: "bone", name: "Bone", width: 2500.0, center: 480.0 },
    Preset { key: "soft-tissue", name: "Soft tissue", width: 400.0, center: 40.0 },
    Preset { key: "lung", name: "Lung", width: 1500.0, center: -600.0 },
    Preset { key: "brain", name: "Brain", width: 80.0, center: 40.0 },
];

/// The window from the 0.5th to the 99.5th percentile of the values; all of them where those agree.
pub fn auto_window(values: &Distribution) -> Option<Window> {
    let (low, high) = (values.percentile(0.5)?, values.percentile(99.5)?);
    if low < high { Some(named(Window::spanning(low, high), "Auto")) } else { full_window(values) }
}

/// The window from the smallest to the largest value.
pub fn full_window(values: &Distribution) -> Option<Window> {
    let (low, high) = values.range()?;
    Some(named(Window::spanning(low, high), "Full range"))
}

/// [`auto_window`] of a whole volume.
pub fn auto_window_of(volume: &Volume) -> Option<Window> {
    auto_window(&Distribution::of_slices(volume, 0..volume.size()[2]))
}

fn named(window: Window, name: &str) -> Window {
    Window { explanation: Some(name.to_owned()), ..window }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{DVec3, Geometry, PatientPoint};
    use crate::volume::{Kind, Rescale, Rescales, Samples};

    fn of(samples: Vec<i16>) -> Distribution {
        let size = [samples.len(), 1, 1];
        let geometry =
            Geometry::regular(PatientPoint::ORIGIN, [DVec3::X, DVec3::Y, DVec3::Z], size).expect("spans space");
        let v = Volume {
            geometry,
            kind: Kind::Volume,
            samples: Samples::I16(samples),
            rescales: Rescales::Uniform(Rescale::IDENTITY),
            units: "HU".to_owned(),
            inverted: false,
            voi: vec![],
            padding: None,
        };
        Distribution::of_slices(&v, 0..1)
    }

    #[test]
    fn the_automatic_window_leaves_half_a_percent_at_each_end() {
        let w = auto_window(&of((0..=1000).collect())).expect("values");
        assert_eq!(w.grey(5.0), 0.0);
        assert!(w.grey(6.0) > 0.0 && w.grey(994.0) < 255.0);
        assert!((w.grey(995.0) - 255.0).abs() < 1e-9);
    }

    #[test]
    fn flat_and_nearly_flat_images_still_get_a_window() {
        let mut nearly = vec![7; 1000];
        nearly.push(900);
        assert_eq!(auto_window(&of(nearly)).map(|w| w.grey(900.0)), Some(255.0));
        assert!(auto_window(&of(vec![7; 10])).is_some_and(|w| w.width > 0.0));
        assert_eq!(auto_window(&of(vec![])), None);
    }

    #[test]
    fn presets_are_found_by_key_and_are_linear() {
        let bone = Preset::of_key("spine-bone").expect("listed").window();
        assert_eq!((bone.width, bone.center, bone.function), (1800.0, 400.0, Default::default()));
        assert_eq!(Preset::of_key("nonsense"), None);
    }
}
