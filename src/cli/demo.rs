//! `spondyl demo`: the bundled sample case, in the window where there is a display, else headless from images to exports.

use super::{Failure, Outcome, run_words, write_out};
use crate::app;
use crate::study;
use clap::Args;
use std::path::{Path, PathBuf};

/// Run the main job on the bundled sample case.
///
/// With a display: opens the window on it. Without one (or with --headless): renders pictures, replays the case's script,
/// exports JSON, NIfTI and tables, and prints where everything lies.
///
/// Example: spondyl demo --headless --out demo/
#[derive(Args)]
pub struct DemoArgs {
    /// Where the headless run puts its files; a folder that is not there yet.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Do not open a window even where there is a display.
    #[arg(long)]
    headless: bool,
}

/// Runs the demo.
///
/// # Errors
/// When the sample is not found, the folder is in use, or a step fails.
pub fn run(args: DemoArgs) -> Outcome {
    let sample = app::sample_folder().ok_or_else(|| {
        Failure::Failed("the sample data are not beside the program; set SPONDYL_SAMPLE to their folder".to_owned())
    })?;
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| std::env::var_os(v).is_some_and(|d| !d.is_empty()));
    if display && !args.headless && args.out.is_none() {
        return app::run(app::Options { paths: vec![sample], ..Default::default() }).map_err(Failure::from);
    }
    headless(&sample, &args.out.unwrap_or_else(free_folder))
}

/// `spondyl-demo`, `spondyl-demo-2`, …: the first that is not there. Nothing is ever overwritten.
fn free_folder() -> PathBuf {
    let name = |n: u32| PathBuf::from(if n == 1 { "spondyl-demo".to_owned() } else { format!("spondyl-demo-{n}") });
    (1..).map(name).find(|p| !p.exists()).unwrap_or_default()
}

fn headless(sample: &Path, out: &Path) -> Outcome {
    if out.exists() {
        return Err(Failure::Failed(format!("{} is there already; name a new folder with --out", out.display())));
    }
    std::fs::create_dir_all(out)?;
    let at = |name: &str| out.join(name).display().to_string();
    let from = |name: &str| sample.join(name).display().to_string();
    let (ct, case, exports) = (from("ct-sagittal"), at("case.spondyl"), at("export"));
    run_words(&["info", &sample.display().to_string()])?;
    let script = from("case.script.jsonl");
    let all = sample.display().to_string();
    // The script speaks of every series, and draws on the CT.
    let drawn_on = study::scan(&[sample.join("ct-sagittal")], &());
    let uid = drawn_on.series.first().map(|s| s.series_instance_uid.clone()).unwrap_or_default();
    run_words(&[
        "annotate", &all, "--series", &uid, "--case", &case, "--reader", "demo", "--script", &script, "--quiet",
    ])?;
    for (images, plane, preset, name) in [
        (&ct, "sagittal", Some("spine-bone"), "ct-sagittal.png"),
        (&ct, "axial", Some("spine-bone"), "ct-axial.png"),
        (&ct, "coronal", Some("spine-bone"), "ct-coronal.png"),
        (&from("mr-t1"), "sagittal", None, "mr-t1.png"),
        (&from("mr-t2"), "sagittal", None, "mr-t2.png"),
        (&from("radiograph-12-months"), "native", None, "radiograph.png"),
    ] {
        let picture = at(name);
        let mut words = vec!["render", images, "-o", &picture, "--plane", plane];
        if plane != "native" {
            words.extend(["--size", "900x900"]);
        }
        match preset {
            Some(p) => words.extend(["--preset", p, "--case", &case]),
            None => words.push("--window-from-file"),
        }
        run_words(&words)?;
    }
    run_words(&["export", &case, "--images", &all, "--format", "json,nifti,csv,script", "-o", &exports])?;
    run_words(&["check", &format!("{exports}/case.json")])?;
    write_out(&format!(
        "\nThe sample case lies in {}:\n  case.spondyl   the reader's journal\n  *.png          pictures of CT, MR and radiograph\n  \
         export/        case.json, lesions.nii.gz, tables, script\n",
        out.display()
    ))
}
