//! Several panes on one picture: drawn as the window draws them.

use super::draw::{Renderer, save_rgba};
use super::{RenderArgs, shade};
use crate::app::{Page, draw_page};
use crate::cli::series;
use crate::cli::{Failure, Outcome};
use crate::space::PatientPoint;
use crate::study::Scan;
use crate::view::Layout;
use crate::volume::{Preset, Window};

/// The words of `--layout`.
pub fn words() -> Vec<&'static str> {
    Layout::ALL.iter().map(|l| l.word()).collect()
}

/// Draws and writes.
///
/// # Errors
/// What is not there, cannot be read, drawn or written: a sentence.
pub fn run(args: &RenderArgs, scan: &Scan) -> Outcome {
    let layout = args.layout.as_deref().and_then(Layout::of_word).ok_or_else(|| super::usage("--layout is unknown"))?;
    let series = match &args.series {
        Some(name) => Some(series::choose(scan, Some(name))?),
        None => None,
    };
    let window = match (args.window, args.preset.as_deref()) {
        (Some(pair), _) => Some(Window::linear(pair.0[0], pair.0[1])),
        (None, Some(key)) => {
            let preset = Preset::of_key(key).ok_or_else(|| {
                super::usage(format!("--preset {key} needs one picture; with --layout give one of {}", presets()))
            })?;
            Some(preset.window())
        }
        (None, None) => None,
    };
    let adapter = match args.renderer {
        Renderer::Auto => None,
        Renderer::Gpu => Some("gpu".to_owned()),
        Renderer::Cpu => Some("cpu".to_owned()),
    };
    let page = Page {
        paths: args.paths.clone(),
        series,
        layout,
        size: args.size.0,
        scale: args.scale,
        at: args.at_mm.map(|p| PatientPoint::try_from(p.0)).transpose().map_err(super::usage)?,
        window,
        case: args.case.clone(),
        overlays: !args.no_overlays,
        adapter,
    };
    let picture = draw_page(page).map_err(Failure::Failed)?;
    save_rgba(&picture, &args.out)
}

fn presets() -> String {
    shade::presets().into_iter().filter(|p| Preset::of_key(p).is_some()).collect::<Vec<_>>().join(", ")
}
