//! `spondyl bodies`: outlines of vertebral bodies out of a segmentation, into a case.

use super::{Failure, Outcome, say, write_out};
use crate::anatomy::VertebraLevel;
use crate::export::MaskRuns;
use crate::import::{self, LabelNames, levels_in, on_grid};
use crate::session::{Op, ScannedImages, Session};
use crate::study;
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Take the outlines of vertebral bodies over from a label map (NIfTI) into a case.
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
    /// Images: files, folders, a DICOMDIR, or a zip of such.
    #[arg(long, required = true, value_name = "PATH")]
    images: Vec<PathBuf>,
    /// The case file; made when it is not there yet, else continued.
    #[arg(long, value_name = "FILE.spondyl")]
    case: PathBuf,
    /// The series whose grid the outlines go onto, where there are several: its UID, a unique end of it, or its number.
    #[arg(long, value_name = "UID|N")]
    series: Option<String>,
    /// Pseudonym of the reader (no name); of an existing case it must be the case's own.
    #[arg(long, value_name = "ID")]
    reader: Option<String>,
    /// Whose numbers the labels are.
    #[arg(long, value_enum)]
    names: Option<Names>,
    /// What label 25 is in VerSe's numbers: L6 or S1.
    #[arg(long, value_name = "LEVEL")]
    label_25: Option<VertebraLevel>,
    /// A label map of bodies without levels: what lies outside it is left out.
    #[arg(long, value_name = "FILE.nii.gz")]
    within: Option<PathBuf>,
    /// The labels of that map that are bodies.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    within_labels: Vec<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Names {
    /// 1–7 C1–C7, 8–19 T1–T12, 20–24 L1–L5, 28 T13.
    Verse,
    /// 26 S1, 27 L5 … 50 C1.
    #[value(alias = "totalseg")]
    Totalsegmentator,
}

/// Takes the outlines over.
///
/// # Errors
/// A sentence when the files cannot be read, a label's level is not clear, or nothing of them lies on the series.
pub fn run(args: BodiesArgs) -> Outcome {
    let failed = |e: String| Failure::Failed(format!("{}: {e}", args.mask.display()));
    let found = import::read(&args.mask).map_err(|e| Failure::Failed(e.to_string()))?;
    let names = args.names.map(|n| match n {
        Names::Verse => LabelNames::Verse { id_25: args.label_25 },
        Names::Totalsegmentator => LabelNames::TotalSegmentator,
    });
    let levels = levels_in(&found, names).map_err(failed)?;
    let scan = study::scan(&args.images, &());
    let chosen = super::series::choose(&scan, args.series.as_deref())?;
    let images = ScannedImages::new(scan, chosen);
    let (key, identity) = images.primary_identity().ok_or_else(|| Failure::Failed("the series is gone".to_owned()))?;
    let grid = identity.geometry.clone();
    let within = args.within.as_deref().map(|p| cut(p, &args.within_labels, &grid)).transpose()?;
    let mut outlines = Vec::new();
    for (level, n) in levels {
        for (g, flat) in &found.masks[n].masks {
            let Some(from) = found.grids.get(*g) else { continue };
            let mut voxels = on_grid(&from.geometry, flat, &grid);
            voxels.retain(|v| within.as_ref().is_none_or(|w| w.contains(v)));
            outlines.extend(MaskRuns::of_voxels(&voxels, grid.size()).map(|mask| (level, voxels.len(), mask)));
        }
    }
    if outlines.is_empty() {
        return Err(failed("none of its structures is a vertebra that lies on the series".to_owned()));
    }
    let opened = Session::open_or_create(&args.case, args.reader.as_deref(), std::slice::from_ref(&identity))?;
    opened.notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    let mut session = opened.session;
    session.add_image(&key, identity)?;
    for (level, count, mask) in outlines {
        let op = Op::Mask { lesion: String::new(), body: Some(level), mask, image: Some(key.clone()) };
        let edit = session.perform(&op, &images)?;
        session.wait_durable(edit)?;
        write_out(&format!("{level}: {count} voxels\n"))?;
    }
    Ok(())
}

/// The voxels of a grid that a map of bodies marks.
fn cut(path: &Path, labels: &[u32], grid: &crate::space::Geometry) -> Result<BTreeSet<u64>, Failure> {
    let found = import::read(path).map_err(|e| Failure::Failed(e.to_string()))?;
    let marked = found.masks.iter().filter(|m| m.value.is_some_and(|v| labels.contains(&v)));
    let parts = marked.flat_map(|m| &m.masks);
    let voxels = parts.filter_map(|(g, flat)| Some(on_grid(&found.grids.get(*g)?.geometry, flat, grid)));
    let all: BTreeSet<u64> = voxels.flatten().collect();
    if all.is_empty() {
        return Err(Failure::Failed(format!("{}: no body lies on the series", path.display())));
    }
    Ok(all)
}
