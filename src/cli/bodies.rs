//! `spondyl bodies`: outlines of vertebral bodies out of a segmentation, into a case.

use super::onto::{Numbering, Onto};
use super::{Failure, Outcome, write_out};
use crate::import::{self, AskScheme, Found, offered_bodies, on_grid};
use crate::session::ScannedImages;
use crate::space::Geometry;
use crate::study;
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Take the outlines of vertebral bodies over from a label map (NIfTI, NRRD, SEG) into a case, as one step.
///
/// A structure is the level that its name in the file says. Files without names need --names. A mask of whole vertebrae
/// counts the arch too; --within cuts it down to the bodies, such as TotalSegmentator's task vertebrae_body marks them.
///
/// Example: spondyl bodies total.nii.gz --images scans/ct --case reader-1.spondyl --names totalsegmentator --within body.nii.gz
#[derive(Args)]
pub struct BodiesArgs {
    /// The label map.
    #[arg(value_name = "FILE.nii.gz")]
    mask: PathBuf,
    #[command(flatten)]
    onto: Onto,
    /// Whose numbers the labels are.
    #[arg(long, value_enum)]
    names: Option<Numbering>,
    /// A label map of bodies without levels: what lies outside it is left out.
    #[arg(long, value_name = "FILE.nii.gz")]
    within: Option<PathBuf>,
    /// The labels of that map that are bodies.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    within_labels: Vec<u32>,
}

/// Takes the outlines over.
///
/// # Errors
/// A sentence when the files cannot be read, a label's level is not clear, or nothing of them lies on the series.
pub fn run(args: BodiesArgs) -> Outcome {
    let failed = |e: String| Failure::Failed(format!("{}: {e}", args.mask.display()));
    let found = import::read(&args.mask)?;
    let scan = study::scan(&args.onto.images, &());
    let chosen = super::series::choose(&scan, args.onto.series.as_deref())?;
    let images = ScannedImages::new(scan, chosen);
    let first = images.primary_identity().ok_or_else(|| Failure::Failed("the series is gone".to_owned()))?;
    let within = args.within.as_deref().map(|p| cut(p, &args.within_labels, &first.1.geometry)).transpose()?;
    let names = args.onto.names(args.names);
    let offer = offered_bodies(&found, names, (&first.0, &first.1.geometry), within.as_ref()).map_err(|ask| {
        let how = match ask {
            AskScheme::Numbers(_) => ": --names verse or --names totalsegmentator",
            AskScheme::Label25 => ": --label-25 L6 or --label-25 S1",
            _ => "",
        };
        failed(format!("{ask}{how}"))
    })?;
    let op =
        offer.op.ok_or_else(|| failed("none of its structures is a vertebra that lies on the series".to_owned()))?;
    let mut session = args.onto.open(&first)?;
    let edit = session.perform(&op, &images)?;
    session.wait_durable(edit)?;
    offer.lines.iter().try_for_each(|line| write_out(&format!("{line}\n")))
}

/// The voxels of a grid that a map of bodies marks.
fn cut(path: &Path, labels: &[u32], grid: &Geometry) -> Result<BTreeSet<u64>, Failure> {
    let found: Found = import::read(path)?;
    let marked = found.masks.iter().filter(|m| m.value.is_some_and(|v| labels.contains(&v)));
    let parts = marked.flat_map(|m| &m.masks);
    let voxels = parts.filter_map(|(g, flat)| Some(on_grid(&found.grids.get(*g)?.geometry, flat, grid)));
    let all: BTreeSet<u64> = voxels.flatten().collect();
    if all.is_empty() {
        return Err(Failure::Failed(format!("{}: no body lies on the series", path.display())));
    }
    Ok(all)
}
