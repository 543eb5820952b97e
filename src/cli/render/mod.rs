//! `spondyl render`: a picture of a series as PNG, by either renderer.

mod draw;
mod layout;
mod place;
mod shade;

use super::output::{Failure, Outcome, say};
use super::series;
use super::values::{Pair, Triple};
use crate::space::Plane;
use crate::study;
use crate::volume::{Interpolation, Projection, Slab};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

/// Write a picture of a series as PNG.
///
/// Example: spondyl render ct-folder -o sagittal.png --plane sagittal --preset spine-bone
#[derive(Args)]
#[command(next_line_help = true)]
pub struct RenderArgs {
    /// Files, folders (searched recursively), DICOMDIRs or zip archives.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The picture to write.
    #[arg(short, long, value_name = "OUT.png")]
    out: PathBuf,
    /// The series: its UID, a unique end of it, or its number in the list of `info`.
    #[arg(long, value_name = "UID|N")]
    series: Option<String>,
    /// The plane; without it sagittal, or native where images lie nowhere in the patient.
    #[arg(long, value_enum)]
    plane: Option<PlaneArg>,
    /// The layer of the volume along the axis nearest to the plane's normal, from 0.
    #[arg(long, value_name = "N", conflicts_with_all = ["at_mm", "center_mm"])]
    index: Option<usize>,
    /// A point that the plane passes through, patient millimetres.
    #[arg(long, value_name = "X,Y,Z", allow_hyphen_values = true, conflicts_with = "center_mm")]
    at_mm: Option<Triple>,
    /// The middle of the picture, patient millimetres.
    #[arg(long, value_name = "X,Y,Z", allow_hyphen_values = true, requires = "fov_mm")]
    center_mm: Option<Triple>,
    /// The width of the picture, millimetres.
    #[arg(long, value_name = "WIDTH", requires = "center_mm", value_parser = positive)]
    fov_mm: Option<f64>,
    /// Columns and rows of the picture.
    #[arg(long, value_name = "WxH", default_value = "1024x1024")]
    size: Size,
    /// One pixel for each stored pixel of the native plane.
    #[arg(long, conflicts_with_all = ["size", "center_mm", "slab_mm"])]
    native_size: bool,
    /// A window: width (at least 1) and center, in the values' unit.
    #[arg(long, value_name = "WIDTH,CENTER", allow_hyphen_values = true)]
    window: Option<Pair>,
    /// The VOI LUT or the first window that the file names.
    #[arg(long, conflicts_with_all = ["window", "preset"])]
    window_from_file: bool,
    /// A window by name.
    #[arg(long, value_name = "NAME", conflicts_with = "window", value_parser = PossibleValuesParser::new(shade::presets()))]
    preset: Option<String>,
    /// Project a slab of this thickness, centred on the plane.
    #[arg(long, value_name = "T", value_parser = not_negative)]
    slab_mm: Option<f64>,
    /// Several panes on one picture, as the window shows them, with scale bars, windows and letters.
    #[arg(long, value_name = "1|1+2|2x2|2-series|3-series|4-series", value_parser = PossibleValuesParser::new(layout::words()),
          conflicts_with_all = ["plane", "index", "center_mm", "native_size", "slab_mm"])]
    layout: Option<String>,
    /// Pixels for each pixel of --size, 1 to 4.
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "native_size", value_parser = clap::value_parser!(u32).range(1..=4))]
    scale: u32,
    /// What is shown of the slab.
    #[arg(long, value_enum, default_value = "max", requires = "slab_mm")]
    project: ProjectArg,
    /// How values between voxels come about.
    #[arg(long, value_enum, default_value = "linear")]
    interpolate: InterpolateArg,
    /// A case whose masks are laid over.
    #[arg(long, value_name = "FILE.spondyl")]
    case: Option<PathBuf>,
    /// What draws; `auto` takes the GPU where there is one, and says so.
    #[arg(long, value_enum, default_value = "auto")]
    renderer: draw::Renderer,
    /// Lay the overlay planes of the files (60xx) over acquired slices; they may show names.
    #[arg(long, conflicts_with = "slab_mm")]
    overlay_planes: bool,
    /// Leave the masks of the case out.
    #[arg(long)]
    no_overlays: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum PlaneArg {
    /// Anterior left, superior up.
    Sagittal,
    /// The patient's right on the left, anterior up.
    Axial,
    /// The patient's right on the left, superior up.
    Coronal,
    /// As the images are stored.
    Native,
}

impl PlaneArg {
    fn anatomical(self) -> Option<Plane> {
        match self {
            PlaneArg::Sagittal => Some(Plane::Sagittal),
            PlaneArg::Axial => Some(Plane::Axial),
            PlaneArg::Coronal => Some(Plane::Coronal),
            PlaneArg::Native => None,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum ProjectArg {
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
    /// The mean of the values.
    Mean,
}

#[derive(Clone, Copy, ValueEnum)]
enum InterpolateArg {
    /// Trilinear.
    Linear,
    /// The nearest voxel.
    Nearest,
}

/// `WxH`, each from 1 to 16384.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Size([usize; 2]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const LARGEST: usize = 16384;
        let side = |t: &str| t.trim().parse().ok().filter(|n| (1..=LARGEST).contains(n));
        let sides = text.split_once(['x', 'X']).and_then(|(w, h)| Some([side(w)?, side(h)?]));
        sides.map(Size).ok_or_else(|| format!("expected WxH such as 800x600, each from 1 to {LARGEST}"))
    }
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0).ok_or_else(|| "expected a number above 0".to_owned())
}

fn not_negative(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x: &f64| x.is_finite() && *x >= 0.0).ok_or_else(|| "expected a number from 0".to_owned())
}

impl RenderArgs {
    fn slab(&self) -> Option<Slab> {
        let projection = match self.project {
            ProjectArg::Max => Projection::Max,
            ProjectArg::Min => Projection::Min,
            ProjectArg::Mean => Projection::Mean,
        };
        self.slab_mm.map(|thickness_mm| Slab { thickness_mm, projection })
    }

    fn interpolation(&self) -> Interpolation {
        match self.interpolate {
            InterpolateArg::Linear => Interpolation::Linear,
            InterpolateArg::Nearest => Interpolation::Nearest,
        }
    }
}

/// Writes the picture.
///
/// # Errors
/// What makes no sense, what is not there, what cannot be read, drawn or written: a sentence.
pub fn run(args: RenderArgs) -> Outcome {
    shade::check(&args)?;
    place::check(&args)?;
    let scan = study::scan(&args.paths, &());
    if args.layout.is_some() {
        return layout::run(&args, &scan);
    }
    let chosen = &scan.series[series::choose(&scan, args.series.as_deref())?];
    let assembled = study::assemble(chosen, &())?;
    assembled.findings.iter().for_each(|f| say(&format!("spondyl: {}", f.message)));
    let volume = assembled.volume;
    let place = place::of(&args, &volume)?;
    let shade = shade::of(&args, &volume, place.slice)?;
    let masks = match args.case.as_deref().filter(|_| !args.no_overlays) {
        Some(case) => draw::Masks::of_case(case, &scan.key_of(chosen), &volume)?,
        None => None,
    };
    let mut picture = draw::draw(&volume, place.view, shade, masks.as_ref(), args.renderer)?;
    if args.overlay_planes {
        if args.plane.unwrap_or(PlaneArg::Native) != PlaneArg::Native {
            return Err(usage(
                "--overlay-planes lie over acquired slices, which --plane native shows; choose that plane",
            ));
        }
        let slice = chosen.frames.get(place.slice).map(study::FrameRef::overlays).unwrap_or_default();
        picture.lay_over(&volume.geometry, place.view.plane, &slice);
    }
    picture.save(&args.out)
}

/// Options that do not go together, in one sentence: exit code 2.
fn usage(text: impl Into<String>) -> Failure {
    Failure::Usage(text.into())
}

#[cfg(test)]
mod tests_support {
    use super::RenderArgs;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RenderArgs,
    }

    /// The arguments of a command line that names an input and an output beside `more`.
    pub fn args(more: &[&str]) -> RenderArgs {
        Line::parse_from(["render", "in", "-o", "out.png"].iter().chain(more)).args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_two_sides_within_reason() {
        assert_eq!("800x600".parse(), Ok(Size([800, 600])));
        for bad in ["800", "0x5", "5x0", "-1x4", "99999x1", "axb", "1x2x3"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}
