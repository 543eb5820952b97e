//! `spondyl cohort`: many cases as a data set for learners, images included.

use super::{Failure, Outcome, say, write_out};
use crate::export::{Cohort, CohortLabels, CohortStyle, cohort_image};
use crate::import::files_below;
use crate::session::{Access, Session};
use crate::study::{self, visible};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Write many cases as a data set for nnU-Net or MONAI: images, label maps, dataset.json.
///
/// CASES is a folder of case files; the images of CASES/a/b.spondyl are IMAGES/a/b. In the data set that case is called
/// a_b. Of each case goes the series with most painted voxels; a case without any is a negative one. Values are rescaled
/// (HU), nothing is resampled. What does not fit is said and costs only its case.
///
/// Example: spondyl cohort readings/anna --images images --style nnunet --out Dataset501_Lytic
#[derive(Args)]
pub struct CohortArgs {
    /// The folder of case files.
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// The folder of their images: a folder or file for each case, of the case's name.
    #[arg(long, value_name = "FOLDER")]
    images: PathBuf,
    /// Whose layout.
    #[arg(long, value_enum)]
    style: Style,
    /// What the labels stand for.
    #[arg(long, value_enum, default_value = "lesion")]
    labels: Labels,
    /// Where the data set goes; a folder that is empty or not there yet.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Style {
    /// nnU-Net v2.
    Nnunet,
    /// Medical Segmentation Decathlon, as MONAI reads it.
    Decathlon,
}

#[derive(Clone, Copy, ValueEnum)]
enum Labels {
    /// 1: lesion.
    Lesion,
    /// 1: lytic, 2: blastic, 3: mixed, 4: indeterminate.
    Type,
}

/// Writes the data set.
///
/// # Errors
/// When there are no cases, none can be taken, or the folder cannot be written.
pub fn run(args: CohortArgs) -> Outcome {
    let style = match args.style {
        Style::Nnunet => CohortStyle::NnUnet,
        Style::Decathlon => CohortStyle::Decathlon,
    };
    let labels = match args.labels {
        Labels::Lesion => CohortLabels::Lesion,
        Labels::Type => CohortLabels::Type,
    };
    if std::fs::read_dir(&args.out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::Failed(format!("{} is not empty; name a new folder with --out", args.out.display())));
    }
    let listed = files_below(&args.cases)?;
    let cases: Vec<_> = listed.iter().filter(|(_, p)| p.extension().is_some_and(|e| e == "spondyl")).collect();
    let mut cohort = Cohort::new(&args.out, style, labels)?;
    for (name, path) in &cases {
        if let Err(why) = add(&mut cohort, name, path, &args.images.join(name)) {
            say(&format!("spondyl: note: {name}: {why}; the case is left out"));
        }
    }
    if cohort.is_empty() {
        return Err(Failure::Failed(format!(
            "none of {} case files below {} could be taken",
            cases.len(),
            args.cases.display()
        )));
    }
    let name = args.out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    cohort.finish(&name)?;
    write_out(&format!("{}: {} of {} cases\n", visible(&args.out.display().to_string()), cohort.len(), cases.len()))
}

fn add(cohort: &mut Cohort<'_>, name: &str, path: &Path, images: &Path) -> Result<(), String> {
    let session = Session::open(path, Access::Read).map_err(|e| e.to_string())?.session;
    let doc = session.document();
    let scan = study::scan(&[images.to_owned()], &());
    let key = match cohort_image(doc) {
        Some(key) => key.clone(),
        None => return Err("it knows no series in space".to_owned()),
    };
    let series = scan.series.iter().find(|s| scan.key_of(s) == key);
    let series = series.ok_or_else(|| format!("series {} is not among {}", key.0, images.display()))?;
    if doc.images.get(&key).is_none_or(|known| known.fingerprint != series.fingerprint()) {
        return Err(format!("series {} is not as it was when the case was made", key.0));
    }
    let assembled = study::assemble(series, &()).map_err(|e| e.to_string())?;
    let file = name.replace(['/', '\\'], "_");
    cohort.add(&file, doc, &key, &assembled.volume).map_err(|e| e.to_string())
}
