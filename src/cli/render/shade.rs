//! Which window the arguments mean.

use super::{RenderArgs, usage};
use crate::cli::{Failure, Outcome};
use crate::volume::{CT_PRESETS, Distribution, Preset, Shade, Voi, Volume, Window, auto_window, full_window};

/// The names of `--preset`.
pub fn presets() -> Vec<&'static str> {
    CT_PRESETS.iter().map(|p| p.key).chain(["auto", "full"]).collect()
}

/// Says what makes no sense before anything is read.
pub fn check(args: &RenderArgs) -> Outcome {
    match args.window {
        Some(pair) if pair.0[0] < 1.0 => {
            Err(usage(format!("--window asks for a width of {}; a linear window is at least 1 wide", pair.0[0])))
        }
        _ => Ok(()),
    }
}

/// The window of the arguments; without one that of the file, else the automatic one.
///
/// # Errors
/// When the file is to say, and says nothing.
pub fn of(args: &RenderArgs, volume: &Volume, slice: usize) -> Result<Shade, Failure> {
    let from_file = || volume.slice_voi(slice).and_then(Voi::of_slice);
    let everything = || Distribution::of_slices(volume, 0..volume.size()[2]);
    // A volume without a single number has no window; whatever it gets shows nothing.
    let or_any = |w: Option<Window>| Voi::Window(w.unwrap_or_else(|| Window::linear(1.0, 0.0)));
    let voi = match (args.window, args.preset.as_deref()) {
        (Some(pair), _) => Voi::Window(Window::linear(pair.0[0], pair.0[1])),
        (None, Some("auto")) => or_any(auto_window(&everything())),
        (None, Some("full")) => or_any(full_window(&everything())),
        (None, Some(key)) => or_any(Preset::of_key(key).map(Preset::window)),
        (None, None) if args.window_from_file => from_file().ok_or_else(|| {
            Failure::Failed(
                "the file names neither WindowCenter (0028,1050) with WindowWidth (0028,1051) nor a VOILUTSequence \
                 (0028,3010); give --window or --preset"
                    .to_owned(),
            )
        })?,
        (None, None) => from_file().unwrap_or_else(|| or_any(auto_window(&everything()))),
    };
    Ok(Shade { voi, inverted: volume.inverted })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::render::tests_support::args;
    use crate::volume::test_volumes::{i16s, regular, volume};
    use crate::volume::{Rescale, Rescales, SliceVoi};

    #[test]
    fn explicit_then_file_then_automatic() {
        let mut v = volume(regular(), Rescales::Uniform(Rescale::IDENTITY), i16s);
        let window = |v: &Volume, a: &[&str]| match of(&args(a), v, 3) {
            Ok(Shade { voi: Voi::Window(w), .. }) => Some((w.width, w.center)),
            _ => None,
        };
        assert_eq!(window(&v, &["--window", "300,-40"]), Some((300.0, -40.0)));
        assert_eq!(window(&v, &["--preset", "spine-bone"]), Some((1800.0, 400.0)));
        assert_eq!(window(&v, &["--window-from-file"]), None, "there is none");
        let automatic = window(&v, &[]);
        v.voi = vec![SliceVoi { windows: vec![Window::linear(77.0, 5.0)], luts: vec![] }];
        assert!(automatic.is_some() && automatic != Some((77.0, 5.0)));
        assert_eq!(window(&v, &["--window-from-file"]), Some((77.0, 5.0)));
        assert_eq!(window(&v, &[]), Some((77.0, 5.0)));
        assert_ne!(window(&v, &["--preset", "full"]), Some((77.0, 5.0)));
    }

    #[test]
    fn a_window_narrower_than_one_is_refused() {
        assert!(matches!(check(&args(&["--window", "0.5,3"])), Err(Failure::Usage(_))));
        assert!(check(&args(&["--window", "1,3"])).is_ok());
    }
}
